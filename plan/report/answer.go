package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"pons/plan"
)

// answer is the first page: three numbers and what the board is asked to decide.
func (s *sheet) answer() {
	b := s.b
	s.font(true, 20)
	s.inkOf(ink)
	s.y = s.write(b.Scenario, margin, s.y+1, s.wide(), 2)
	s.font(false, 10.5)
	s.inkOf(soft)
	first, last := b.first(), b.last()
	span := fmt.Sprint(first.Year)
	if last.Year != first.Year {
		span = fmt.Sprintf("%d to %d", first.Year, last.Year)
	}
	s.y = s.write(fmt.Sprintf("Resource plan of %s for %s: the people and the money that its devices need.", cmp.Or(b.Hospital, "the hospital"), span), margin, s.y+0.8, s.wide(), 2)
	if b.About != "" {
		s.font(false, body)
		s.y = s.write(b.About, margin, s.y+0.8, s.wide(), 3)
	}
	s.y += 3.5
	if b.Demo {
		s.box(colour{253, 241, 220}, margin, s.y, s.wide(), 8.2)
		s.font(true, body)
		s.inkOf(rust)
		s.say("Invented data. The hospital, its people and its pay do not exist; nothing here is a finding about anybody.", margin+3, s.y+5.2, s.wide()-6, fromLeft)
		s.y += 12
	}
	s.inkOf(ink)
	s.font(true, 14)
	s.y = s.write(b.conclusion(), margin, s.y, s.wide(), 3) + 4
	s.three()
	s.decisions()
	s.contents()
}

// conclusion is the whole report in one sentence.
func (b *Board) conclusion() string {
	first, last := b.first(), b.last()
	now, then, missing := current(first), last.TotalFTE, short(last)
	text := fmt.Sprintf("By %d the devices need %s FTE; %s are there", last.Year, fte(then), fte(now))
	if last.Year == first.Year {
		text = fmt.Sprintf("The devices need %s FTE; %s are there", fte(then), fte(now))
	}
	if !b.counted() {
		return fmt.Sprintf("No device is counted yet, so the people that they need are not known. What must be covered at all hours, and who leads, asks for %s FTE alone.", fte(then))
	}
	if !b.staffed() {
		need, _, _ := strings.Cut(text, ";")
		return need + "; who is there today is not stated."
	}
	names := b.gaps(last)
	if missing < 0.005 || len(names) == 0 {
		return text + ", enough in every role."
	}
	most := fmt.Sprintf("first of all %s %s", fte(names[0].GapFTE), names[0].Name)
	if over := surplus(last); over > 0.004 {
		return fmt.Sprintf("%s. %s are missing (%s), while other roles have %s more than they need.", text, fte(missing), most, fte(over))
	}
	return fmt.Sprintf("%s, and %s are missing: %s.", text, fte(missing), most)
}

// gaps are the roles that people are missing in, the widest first.
func (b *Board) gaps(y *plan.Year) []plan.RoleYear {
	var out []plan.RoleYear
	for _, r := range y.Roles {
		if r.GapFTE > 0.004 {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b plan.RoleYear) int { return cmp.Compare(b.GapFTE, a.GapFTE) })
	return out
}

// three are the three numbers: people, money, risk.
func (s *sheet) three() {
	b, first, last := s.b, s.b.first(), s.b.last()
	w := (s.wide() - 2*6) / 3
	const h = 74.0
	at := func(i int) rect { return rect{margin + float64(i)*(w+6), s.y, w, h} }

	low, high := b.totalBand()
	about := fmt.Sprintf("%s FTE are there today; %s are missing in the roles that are short.", fte(current(first)), fte(short(last)))
	if over := surplus(last); over > 0.004 {
		about = fmt.Sprintf("%s FTE are there today; %s are missing in some roles, %s too many in others.", fte(current(first)), fte(short(last)), fte(over))
	}
	if !b.staffed() {
		about = "Who is there today is not stated, so that what is missing is not known."
	}
	if low != nil {
		about += fmt.Sprintf(" With what is uncertain, %s to %s FTE (%s).", fte(low[len(low)-1]), fte(high[len(high)-1]), b.bandName())
	} else {
		about += " The uncertainty was not simulated."
	}
	r := s.card(at(0), "People", fmt.Sprintf("needed in %d", last.Year), fte(last.TotalFTE)+" FTE", about)
	s.peopleSmall(r)

	about = fmt.Sprintf("%s in %d. The people who are missing cost %s a year of it.", b.cash(first.Spend), first.Year, b.cash(b.gapCost(len(b.Projection.Years)-1)))
	if !b.staffed() {
		about = fmt.Sprintf("%s in %d, for everybody who is needed.", b.cash(first.Spend), first.Year)
	}
	if b.bandName() != "" {
		if low, high := b.band(b.Percentiles.TotalSpend); low != nil {
			about += fmt.Sprintf(" With what is uncertain, %s to %s in %d.", amount(low[len(low)-1]), amount(high[len(high)-1]), last.Year)
		}
	}
	r = s.card(at(1), "Money", fmt.Sprintf("to spend in %d", last.Year), b.cash(last.Spend), about)
	s.stems(r, b.each(func(y *plan.Year) float64 { return y.Spend }), green, amount)

	hours, listed := b.backlog(last)
	value, note := figure(hours, 0)+" h", fmt.Sprintf("of listed work not done by the end of %d with the people and hires planned today.", last.Year)
	if !listed {
		value, note = unknown, "The plan lists no work by the hour, so what stays undone is not known."
		if !b.staffed() {
			note = "Who is there today is not stated, so what stays undone is not known."
		}
	}
	p := b.enough(last.Year)
	if known(p) {
		note += fmt.Sprintf(" Chance that every role has enough people then: %s.", chance(p))
	} else if b.staffed() {
		note += " The chance that every role has enough people is unknown: it was not simulated."
	}
	r = s.card(at(2), "Risk", "backlog that builds up", value, note)
	if listed {
		s.stems(r, b.each(func(y *plan.Year) float64 { h, _ := b.backlog(y); return h }), rust, func(v float64) string { return figure(v, 0) + " h" })
	} else {
		s.font(false, small)
		s.inkOf(soft)
		s.say("no picture of an unknown", r.x+r.w/2, r.y+r.h/2, r.w, centred)
	}
	s.y += h + 9
}

// card draws the frame of one number and gives the room for its picture.
func (s *sheet) card(r rect, title, about, value, note string) rect {
	s.SetDrawColor(faint[0], faint[1], faint[2])
	s.SetLineWidth(0.3)
	s.Rect(r.x, r.y, r.w, r.h, "D")
	in := r.w - 6
	s.font(true, body)
	s.inkOf(soft)
	w := s.say(title, r.x+3, r.y+5.6, in, fromLeft)
	s.font(false, small)
	s.say(about, r.x+3+w+2, r.y+5.6, in-w-2, fromLeft)
	size := 21.0
	for s.font(true, size); size > 11 && s.GetStringWidth(value) > in; s.font(true, size) {
		size--
	}
	s.inkOf(ink)
	s.say(value, r.x+3, r.y+15, in, fromLeft)
	s.font(false, 8)
	y := s.write(note, r.x+3, r.y+17.5, in, 5)
	years := s.b.years()
	p := rect{r.x + 3, y + 5, in, r.y + r.h - y - 12}
	s.font(false, small)
	s.inkOf(soft)
	if len(years) > 1 {
		s.say(fmt.Sprint(years[0]), p.x, r.y+r.h-2.4, 0, fromLeft)
		s.say(fmt.Sprint(years[len(years)-1]), p.x+p.w, r.y+r.h-2.4, 0, toRight)
	} else {
		s.say(fmt.Sprint(years[0]), p.x+p.w/2, r.y+r.h-2.4, 0, centred)
	}
	s.inkOf(ink)
	return p
}

// peopleSmall draws needed people over the years against those who are there.
func (s *sheet) peopleSmall(r rect) {
	b := s.b
	need, now := b.each(func(y *plan.Year) float64 { return y.TotalFTE }), current(b.first())
	low, high := b.totalBand()
	a := axisFor(need, high, []float64{now})
	s.stroke(faint, 0.25, r.x, r.y+r.h, r.x+r.w, r.y+r.h)
	s.band(low, high, a, r)
	if b.staffed() {
		s.dashed(now, a, r, ink)
	}
	s.path(need, a, r, blue, 0.9)
	n := len(need)
	s.dot(place(n-1, n, r), a.at(need[n-1], r), 1.1, blue)
	s.font(true, small)
	s.inkOf(blue)
	above := need[n-1]
	if high != nil {
		above = high[n-1]
	}
	s.say("needed "+fte(need[n-1]), r.x+r.w, a.at(above, r)-1.2, 0, toRight)
	s.inkOf(ink)
	if !b.staffed() {
		return
	}
	y := a.at(now, r) + 3.4
	if math.Abs(a.at(need[0], r)-y) < 4 || y > r.y+r.h-0.5 {
		y = a.at(now, r) - 1.2
	}
	s.say("there "+fte(now), r.x, y, 0, fromLeft)
}

// gapCost is what the missing people of a year cost in it.
func (b *Board) gapCost(i int) (sum float64) {
	y := &b.Projection.Years[i]
	if !b.staffed() {
		return math.NaN()
	}
	for _, r := range y.Roles {
		if r.GapFTE > 0 && r.RequiredFTE > 0 {
			sum += r.Cost * min(1, r.GapFTE/r.RequiredFTE)
		}
	}
	return sum
}

// decisions are what the board is asked, three of them.
func (s *sheet) decisions() {
	list := s.b.Decisions
	if len(list) == 0 {
		list = s.b.asks()
	}
	list = list[:min(len(list), 3)]
	s.font(true, 12.5)
	s.inkOf(ink)
	s.y = s.write("What you are asked to decide", margin, s.y, s.wide(), 1) + 1.5
	for i, d := range list {
		const number = 9.0
		s.box(tint, margin, s.y, 6.4, 6.4)
		s.font(true, 11)
		s.inkOf(blue)
		s.say(fmt.Sprint(i+1), margin+3.2, s.y+4.6, 0, centred)
		s.inkOf(ink)
		y := s.write(d.What, margin+number, s.y, s.wide()-number, 2)
		s.font(false, 9.5)
		s.inkOf(soft)
		s.y = max(s.write(d.Why, margin+number, y+0.5, s.wide()-number, 3), s.y+6.4) + 4.5
	}
	s.inkOf(ink)
}

// asks reads three decisions off the numbers: people, money, and what is not done or not sure.
func (b *Board) asks() []Decision {
	return []Decision{b.askPeople(), b.askMoney(), b.askRisk()}
}

func (b *Board) askPeople() Decision {
	last := b.last()
	gaps := b.gaps(last)
	if !b.staffed() {
		return Decision{"Have it stated who is there today, role by role.", fmt.Sprintf("The devices need %s FTE by %d. Without the people of today nobody can say how many posts are missing.", fte(last.TotalFTE), last.Year)}
	}
	if len(gaps) == 0 {
		return Decision{"Keep the present number of people.",
			fmt.Sprintf("In every role as many are there as are needed up to %d; decide again when the inventory or the growth changes.", last.Year)}
	}
	var names []string
	for _, g := range gaps[:min(len(gaps), 3)] {
		names = append(names, fte(g.GapFTE)+" "+g.Name)
	}
	list := strings.Join(names, ", ")
	if more := len(gaps) - 3; more > 0 {
		list += fmt.Sprintf(" and %s more", plural(more, "role", "roles"))
	}
	why := fmt.Sprintf("%s missing in all by %d.", fte(short(last))+" FTE are", last.Year)
	if open := b.open(); open > 0 {
		why += fmt.Sprintf(" %s of them %s approved and not yet filled.", fte(open)+" FTE", "are")
	}
	now := b.gaps(b.first())
	if len(now) > 0 {
		why += fmt.Sprintf(" %s FTE are missing today already, %s of them %s.", fte(short(b.first())), fte(now[0].GapFTE), now[0].Name)
	}
	if over := surplus(last); over > 0.004 {
		why += fmt.Sprintf(" Other roles have %s FTE more than they need: retraining may close a part.", fte(over))
	}
	return Decision{fmt.Sprintf("Approve the posts that are missing by %d: %s.", last.Year, list), why}
}

// open are the vacancies that are approved, no more than what is missing.
func (b *Board) open() (sum float64) {
	for _, r := range b.Plan.Roles {
		sum += r.OpenFTE
	}
	return min(sum, short(b.last()))
}

func (b *Board) askMoney() Decision {
	first, last := b.first(), b.last()
	n := len(b.Projection.Years)
	if n == 1 {
		return Decision{fmt.Sprintf("Set aside %s for %d.", b.cash(first.Spend), first.Year), fmt.Sprintf("%s of it are wages and benefits.", b.cash(first.TotalCost))}
	}
	total := 0.0
	for _, y := range b.Projection.Years {
		total += y.Spend
	}
	missing := ""
	if b.staffed() {
		missing = fmt.Sprintf(" The missing people alone cost %s in %d.", b.cash(b.gapCost(n-1)), last.Year)
	}
	word := "rises"
	if last.Spend < first.Spend {
		word = "falls"
	}
	return Decision{fmt.Sprintf("Plan %s for %d to %d, %s of it in %d.", b.cash(total), first.Year, last.Year, b.cash(last.Spend), last.Year),
		fmt.Sprintf("Spending %s from %s in %d; wages and benefits are %s of it in %d, escalating by %s a year.",
			word, b.cash(first.Spend), first.Year, b.cash(last.TotalCost), last.Year, percent(b.Plan.WageEscalation)) + missing}
}

func (b *Board) askRisk() Decision {
	last := b.last()
	if !b.counted() {
		return Decision{"Have the devices counted before anything else is decided.", "Take the counts of the classes from the inventory, or type them in: every number of this report rests on them."}
	}
	hours, listed := b.backlog(last)
	if listed && hours >= 0.5 {
		worst := slices.MaxFunc(last.Roles, func(a, c plan.RoleYear) int { return cmp.Compare(a.BacklogHours, c.BacklogHours) })
		return Decision{"Decide what is not done until the posts are filled.",
			fmt.Sprintf("By the end of %d, %s hours of listed work stay undone, %s of them work of %s. Somebody has to say which devices wait, and accept the risk for them in writing.",
				last.Year, figure(hours, 0), figure(worst.BacklogHours, 0), worst.Name)}
	}
	weak := 0
	for _, a := range b.Plan.Assumptions {
		if unverified(a.Confidence) {
			weak++
		}
	}
	switch {
	case len(b.Tornado) > 0:
		w := widest(b.Tornado)
		return Decision{fmt.Sprintf("Have “%s” confirmed before the next budget.", w.Name),
			fmt.Sprintf("It moves the result most: %s to %s %s. %s of this plan are not verified.", fte(min(w.Low, w.High)), fte(max(w.Low, w.High)), w.Unit, plural(weak, "assumption", "assumptions"))}
	case len(b.Plan.Workload.Items) == 0:
		return Decision{"Have the work listed by the hour.", "This plan rests on ratios alone, so that what stays undone is not known. A list of work by class of device makes the backlog visible."}
	}
	return Decision{"Name who confirms the assumptions, and by when.", fmt.Sprintf("%s of this plan are not verified; the last page lists them.", plural(weak, "assumption", "assumptions"))}
}

// contents says what follows.
func (s *sheet) contents() {
	s.font(false, small)
	s.inkOf(soft)
	s.y += 0.5
	if s.room() > 8 {
		parts := []string{"people by role and year", "money and work", "what drives the result"}
		if len(s.b.Compared) > 0 {
			parts = append(parts, "other scenarios")
		}
		if len(s.b.Milestones)+len(s.b.Maturity)+len(s.b.KPIs) > 0 {
			parts = append(parts, "the program")
		}
		s.write("The pages that follow: "+strings.Join(append(parts, "assumptions with their sources, and how it was computed"), " · ")+".", margin, s.y, s.wide(), 2)
	}
	s.page()
}
