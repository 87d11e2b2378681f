package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"pons/plan"
)

// teamNames are the teams as people say them.
func teamName(t plan.Team) string {
	switch t {
	case plan.Biomed:
		return "Biomed"
	case plan.IT:
		return "IT"
	case plan.Security:
		return "Security"
	case plan.Network:
		return "Network"
	case plan.Informatics:
		return "Clinical informatics"
	case plan.Vendor:
		return "Vendor"
	case "":
		return "No team"
	}
	return string(t)
}

// people shows FTE over the years, by team and by role.
func (s *sheet) people() {
	b, first, last := s.b, s.b.first(), s.b.last()
	says := fmt.Sprintf("People: %s FTE are needed in %d, %s are there", fte(last.TotalFTE), last.Year, fte(current(first)))
	if !b.staffed() {
		says = fmt.Sprintf("People: %s FTE are needed in %d; who is there is not stated", fte(last.TotalFTE), last.Year)
	}
	about := "Needed is the greater of what the devices ask for by ratio and by listed hours, and never less than what keeps somebody there at the hours that must be covered."
	switch b.Plan.Method {
	case plan.ByRatio:
		about = "Needed is what the devices ask for by ratio, and never less than what keeps somebody there at the hours that must be covered."
	case plan.ByWorkload:
		about = "Needed is what the listed hours of work ask for, and never less than what keeps somebody there at the hours that must be covered."
	}
	s.heading(says, about, 62)
	const h = 50.0
	left := s.wide()*0.52 - gutter/2
	y := s.sub("FTE needed and there, by year", margin, s.y, left)
	s.fteChart(rect{margin + 9, y + 3, left - 9 - 24, h - 8})
	x := margin + left + gutter
	s.sub(fmt.Sprintf("By team in %d: needed against there", last.Year), x, s.y, s.wide()-left-gutter)
	s.teams(rect{x, y + 1, s.wide() - left - gutter, h - 2})
	s.y = y + h + 3
	dashed := " Dashed: the people who are there today."
	if !b.staffed() {
		dashed = ""
	}
	if name := b.bandName(); name != "" {
		s.remark(fmt.Sprintf("Shaded: %s of %s draws over growth, rates of work, hours and leavers.%s", name, figure(float64(b.Percentiles.Draws), 0), dashed), 2)
	} else {
		s.remark("The uncertainty was not simulated: no band is shown, which does not mean that the line is certain."+dashed, 2)
	}
	s.y += 3
	s.roles()
	s.remark(s.bindingNote(), 3)
}

// fteChart is the total with its band and the line of those who are there.
func (s *sheet) fteChart(r rect) {
	b := s.b
	need, now := b.each(func(y *plan.Year) float64 { return y.TotalFTE }), current(b.first())
	low, high := b.totalBand()
	a := axisFor(need, high, []float64{now})
	s.band(low, high, a, r)
	s.grid(a, r, fte)
	if b.staffed() {
		s.dashed(now, a, r, ink)
	}
	s.path(need, a, r, blue, 0.9)
	n := len(need)
	for i, v := range need {
		s.dot(place(i, n, r), a.at(v, r), 0.9, blue)
	}
	end := place(n-1, n, r)
	labels := []labelled{{a.at(need[n-1], r), "needed " + fte(need[n-1]), blue, true}}
	if b.staffed() {
		labels = append(labels, labelled{a.at(now, r), "there " + fte(now), ink, true})
	}
	if low != nil {
		labels = append(labels, labelled{a.at(high[n-1], r), "high " + fte(high[n-1]), soft, false}, labelled{a.at(low[n-1], r), "low " + fte(low[n-1]), soft, false})
	}
	s.beside(labels, max(end, r.x+r.w)+2, 24, r)
	s.yearMarks(b.years(), r, func(i int) float64 { return place(i, n, r) })
}

// teamSum is what a team needs and has.
type teamSum struct {
	team      plan.Team
	need, now float64
	short     float64
}

func (b *Board) teams(y *plan.Year) []teamSum {
	var out []teamSum
	for _, r := range y.Roles {
		i := slices.IndexFunc(out, func(t teamSum) bool { return t.team == r.Team })
		if i < 0 {
			i = len(out)
			out = append(out, teamSum{team: r.Team})
		}
		out[i].need += r.RequiredFTE
		out[i].now += r.CurrentFTE
		out[i].short += max(0, r.GapFTE)
	}
	slices.SortStableFunc(out, func(a, b teamSum) int { return cmp.Compare(b.need, a.need) })
	return out
}

// teams draws a bar for each team: filled what is needed, a mark at who is there.
func (s *sheet) teams(r rect) {
	list := s.b.teams(s.b.last())
	if len(list) > 8 {
		list = list[:8]
	}
	const names, labels = 27.0, 26.0
	bars := rect{r.x + names, r.y, r.w - names - labels, r.h}
	values := []float64{}
	for _, t := range list {
		values = append(values, t.need, t.now)
	}
	a := axisFor(values)
	pitch := min(r.h/float64(max(len(list), 1)), 10)
	for i, t := range list {
		y := r.y + pitch*float64(i)
		mid := y + pitch/2
		s.font(false, 8)
		s.inkOf(ink)
		s.say(teamName(t.team), r.x, mid+1, names-2, fromLeft)
		w := bars.w * t.need / a.top
		s.box(blue, bars.x, mid-pitch*0.3, w, pitch*0.6)
		if at := bars.x + bars.w*t.now/a.top; s.b.staffed() {
			s.stroke(paper, 1.6, at, mid-pitch*0.4, at, mid+pitch*0.4)
			s.stroke(ink, 0.8, at, mid-pitch*0.42, at, mid+pitch*0.42)
		}
		s.font(true, small)
		text, c := "enough", green
		switch {
		case !s.b.staffed():
			text, c = fte(t.need)+" needed", blue
		case t.short > 0.004:
			text, c = fte(t.short)+" missing", rust
		}
		s.inkOf(c)
		s.say(text, r.x+r.w, mid+0.9, labels-1, toRight)
	}
	y := r.y + pitch*float64(len(list)) + 1
	s.stroke(faint, 0.25, bars.x, r.y, bars.x, y-1)
	s.font(false, small)
	s.inkOf(soft)
	s.say("bar: needed · black mark: there", bars.x, y+2.5, r.w-names, fromLeft)
	s.inkOf(ink)
}

// shownYears are the years that a table has columns for: at most most, the first and the last among them.
func shownYears(n, most int) []int {
	var out []int
	if n <= most {
		for i := range n {
			out = append(out, i)
		}
		return out
	}
	for i := range most {
		out = append(out, i*(n-1)/(most-1))
	}
	return out
}

// roleRows bounds the table of roles to a page; the rest is summed in one row.
const roleRows = 32

// roleLine is a row of the table of roles: one role (its place in the plan), or a sum of several.
type roleLine struct {
	title string
	kind  weight
	roles []int
}

// roleLines are the roles under the sum of their team, and the sum of all.
func (b *Board) roleLines() (lines []roleLine) {
	last := b.last()
	order := make([]int, len(last.Roles))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(teamRank(last.Roles[i].Team), teamRank(last.Roles[j].Team)), cmp.Compare(last.Roles[j].RequiredFTE, last.Roles[i].RequiredFTE))
	})
	at := -1
	for n, i := range order {
		team := last.Roles[i].Team
		if n == 0 || last.Roles[order[n-1]].Team != team {
			at = len(lines)
			lines = append(lines, roleLine{title: teamName(team), kind: group})
		}
		lines[at].roles = append(lines[at].roles, i)
		if n < roleRows || len(order) == roleRows+1 {
			lines = append(lines, roleLine{title: last.Roles[i].Name, roles: []int{i}})
		}
	}
	if len(order) > roleRows+1 {
		lines = append(lines, roleLine{title: plural(len(order)-roleRows, "role", "roles") + " not shown", roles: order[roleRows:]})
	}
	return append(lines, roleLine{title: "All roles", kind: sum, roles: order})
}

// sums adds one number of some roles of a year.
func sums(y *plan.Year, roles []int, f func(r *plan.RoleYear) float64) (sum float64) {
	for _, i := range roles {
		sum += f(&y.Roles[i])
	}
	return sum
}

// roles is the table of roles by year, with a picture of the last year's band in each row.
func (s *sheet) roles() {
	b, years := s.b, s.b.Projection.Years
	last := b.last()
	shown := shownYears(len(years), 6)
	columns := []column{{title: "Role", width: 44}, {title: "There", width: 10.5, to: toRight}}
	for _, i := range shown {
		columns = append(columns, column{title: strconv.Itoa(years[i].Year), width: 11, to: toRight})
	}
	columns = append(columns, column{title: "Gap", width: 12.5, to: toRight}, column{title: "Decides", width: 16.5, inset: 1.5})
	used := 0.0
	for _, c := range columns {
		used += c.width
	}
	lines := b.roleLines()
	var rows [][]string
	values := []float64{}
	for _, l := range lines {
		row := []string{l.title, fte(sums(last, l.roles, func(r *plan.RoleYear) float64 { return r.CurrentFTE }))}
		for _, y := range shown {
			row = append(row, fte(sums(&years[y], l.roles, func(r *plan.RoleYear) float64 { return r.RequiredFTE })))
		}
		if len(l.roles) == 1 && l.kind == plain {
			r := last.Roles[l.roles[0]]
			_, high := b.roleBand(r.Name)
			values = append(append(values, r.RequiredFTE, r.CurrentFTE), high...)
			row = append(row, gap(r.GapFTE), string(r.Binding))
		} else {
			row = append(row, gap(sums(last, l.roles, func(r *plan.RoleYear) float64 { return max(0, r.GapFTE) })), "")
		}
		if !b.staffed() {
			row[1], row[len(row)-2] = "?", "?"
		}
		rows = append(rows, row)
	}
	a := axisFor(values)
	columns = append(columns, column{title: fmt.Sprintf("%d, 0 to %s FTE", last.Year, fte(a.top)), width: s.wide() - used, draws: func(i int, r rect) {
		if len(lines[i].roles) == 1 {
			s.dotAndBand(last.Roles[lines[i].roles[0]], a, r)
		}
	}})
	s.y = s.sub("FTE by role and year", margin, s.y, s.wide()) + 0.5
	s.table(margin, columns, rows, func(i int) weight { return lines[i].kind })
}

func teamRank(t plan.Team) int {
	if i := slices.Index(plan.Teams(), t); i >= 0 {
		return i
	}
	return len(plan.Teams())
}

// dotAndBand draws one role's last year: the band, a dot at what is needed, a mark at who is there.
func (s *sheet) dotAndBand(y plan.RoleYear, a axis, r rect) {
	mid := r.y + r.h/2
	at := func(v float64) float64 { return r.x + r.w*min(max(v, 0), a.top)/a.top }
	s.stroke(faint, 0.2, r.x, mid, r.x+r.w, mid)
	if low, high := s.b.roleBand(y.Name); low != nil {
		x1, x2 := at(low[len(low)-1]), at(high[len(high)-1])
		s.box(pale, x1, mid-1.1, max(x2-x1, 0.3), 2.2)
	}
	if s.b.staffed() {
		s.stroke(ink, 0.6, at(y.CurrentFTE), mid-1.8, at(y.CurrentFTE), mid+1.8)
	}
	s.dot(at(y.RequiredFTE), mid, 0.95, blue)
}

// bindingNote explains the last columns of the table.
func (s *sheet) bindingNote() string {
	text := "Gap: needed less there, in the last year; sums count the roles that are short, because people too many in one role do not do the work of another. " +
		"Decides: which method asks for most (devices per FTE, hours of work, or hours that must be covered). Right: dot needed, black mark there"
	if name := s.b.bandName(); name != "" {
		text += ", shaded " + name
	}
	if !s.b.staffed() {
		text += ". ?: not known, because nobody stated who is there"
	}
	return text + "."
}
