package plan

import (
	"fmt"
	"math"
	"slices"

	"pons/fault"
)

// Budget is what may be decided: money a year beside what the plan spends already, and what it may be spent on.
type Budget struct {
	Amount        float64            `json:"amount"`          // a year, in the plan's currency
	Year          int                `json:"year,omitempty"`  // 0: the year after the base year
	Hires         map[string]float64 `json:"hires,omitempty"` // the most FTE to hire, by role; missing: as many as the work takes
	KeepContracts bool               `json:"keep_contracts,omitempty"`
	Courses       []Course           `json:"courses,omitempty"`
	Step          float64            `json:"step,omitempty"` // of the frontier; 0: 10,000, or more where that were more than 24 steps
}

// Course lets people of one role do work of another.
type Course struct {
	From  string  `json:"from"`            // role whose people are trained
	To    string  `json:"to"`              // role whose work they can do then
	Skill string  `json:"skill,omitempty"` // only lines of work that ask for it
	Cost  float64 `json:"cost"`            // a year
	Hours float64 `json:"hours"`           // of the people who are trained, a year
	Most  float64 `json:"most,omitempty"`  // hours of the other role's work that they do at most, a year; 0: any
}

const (
	hireStep      = 0.25   // FTE
	mostHires     = 1000   // FTE of one role
	mostRelaxed   = 10_000 // about a second at 30 roles and 40 classes; a hospital's plan is proven within a few hundred
	pointRelaxed  = 1000   // for each point of the frontier
	frontierSteps = 24
	kilo          = 1000    // hours are counted in thousands
	hundredKilo   = 100_000 // and money in hundred thousands: rows come out near 1
)

// segment is work of one role that is alike: same risk, same contract, same courses.
type segment struct {
	role, class int // class: whose contract could take it over; −1: none's
	skill       string
	risk        float64
	hours       float64 // in-house
	covers      float64
	of          []string
}

// optimiser is the plan in one year as a program.
type optimiser struct {
	program
	p         *Plan
	b         Budget
	y         int
	segments  []segment
	has       []float64 // hours that each role's people have
	each      []float64 // hours of a step of hiring
	price     []float64 // money of a step of hiring
	hire      []int     // unknowns, by role
	contract  []int     // by class; −1: nothing to decide
	held      []float64 // contracts now, 0 or 1
	fee       []float64 // a year, less the parts that it holds; NaN: not priced
	course    []int     // by course; −1: impossible
	work      []int     // unknown by segment: done by the role itself
	lent      []lending
	full      float64 // weighted, if nobody did anything
	budgetRow int
	notes     []string
}

type lending struct{ course, segment, at int }

// Optimise chooses hires in steps of a quarter FTE, contract or in-house for each class whose contract has a price, and
// courses, so that the weighted hours that nobody is there for are least within the budget. Work is what Project says:
// the lines of work, and beside them the hours by which ratio or coverage ask for more, at the mean risk of the role's
// classes. People do the riskiest work first. The answer is the optimum of a mixed-integer program (see program);
// where the search ends early, Gap says by how much it could be bettered. It wraps fault.Invalid (Mistakes).
func Optimise(p *Plan, b Budget) (Advice, error) {
	if _, err := p.Check(); err != nil {
		return Advice{}, err
	}
	if b.Year == 0 {
		b.Year = p.BaseYear + min(1, p.Horizon)
	}
	if err := b.check(p); err != nil {
		return Advice{}, err
	}
	o, err := p.optimiser(b)
	if err != nil {
		return Advice{}, err
	}
	today := o.today()
	s := o.solve(o.effort(mostRelaxed), today)
	out := Advice{Year: b.Year, Amount: b.Amount, Spent: o.spent(s.x), Gap: s.gap * kilo, Searched: s.nodes, Notes: o.notes}
	before, _, _ := o.relax(o.fixed(today))
	out.Before, out.After = o.uncovered(before), o.uncovered(s.x)
	out.Moves = o.moves(today, s.x)
	out.Rejected = o.rejected(s.x, b.Amount-out.Spent)
	out.Left = o.left(s.x, b.Amount-out.Spent)
	out.Frontier = o.frontier(today, s)
	return out, nil
}

func (b *Budget) check(p *Plan) error {
	var found fault.Mistakes
	wrong := func(path, format string, args ...any) {
		found = append(found, fault.Mistake{Path: path, Text: fmt.Sprintf(format, args...)})
	}
	if !(b.Amount >= 0) || b.Amount > 1e12 {
		wrong("amount", "%s: write what may be spent a year, 0 or more", number(b.Amount))
	}
	if b.Year < p.BaseYear || b.Year > p.BaseYear+p.Horizon {
		wrong("year", "%d is not a year of the plan; write %d to %d", b.Year, p.BaseYear, p.BaseYear+p.Horizon)
	}
	if !(b.Step >= 0) {
		wrong("step", "%s: write a step of the budget, such as 10,000", number(b.Step))
	}
	for name, most := range sorted(b.Hires) {
		if p.roleNamed(name) < 0 {
			wrong("hires."+name, "no role is called %q", name)
		} else if !(most >= 0 && most <= mostHires) {
			wrong("hires."+name, "%s FTE: write 0 to %d", number(most), mostHires)
		}
	}
	for i, k := range b.Courses {
		at := fmt.Sprintf("courses[%d]", i)
		from, to := p.roleNamed(k.From), p.roleNamed(k.To)
		switch {
		case from < 0:
			wrong(at+".from", "no role is called %q", k.From)
		case to < 0:
			wrong(at+".to", "no role is called %q", k.To)
		case from == to:
			wrong(at+".to", "%s can do the work of %s already", k.From, k.To)
		}
		if !(k.Cost >= 0 && k.Cost <= 1e9) || !(k.Hours >= 0 && k.Hours <= 1e6) || !(k.Most >= 0 && k.Most <= 1e7) {
			wrong(at+".cost", "cost and hours are not negative")
		}
	}
	if found != nil {
		return found
	}
	return nil
}

func (p *Plan) optimiser(b Budget) (*optimiser, error) {
	projected, err := p.Project()
	if err != nil {
		return nil, err
	}
	o := &optimiser{p: p, b: b, y: b.Year - p.BaseYear}
	year := projected.Years[o.y]
	o.held, o.fee = make([]float64, len(p.Classes)), make([]float64, len(p.Classes))
	inHouse := *p
	inHouse.Classes = slices.Clone(p.Classes)
	for i := range inHouse.Classes {
		o.fee[i] = math.NaN()
		k := inHouse.Classes[i].Contract
		if k == nil {
			continue
		}
		if k.InForce {
			o.held[i] = 1
		}
		one, none := *k, *k
		one.InForce, none.InForce = true, false
		if !b.KeepContracts && k.price(p.Classes[i].UnitCost, 1) > 0 {
			rise := math.Pow(1+k.Escalation, float64(o.y))
			o.fee[i] = k.price(p.Classes[i].UnitCost, year.Classes[i].Count) * rise
			if k.Parts {
				o.fee[i] -= k.PartsPerDevice * float64(year.Classes[i].Count) * rise
			}
			inHouse.Classes[i].Contract = &none
		}
	}
	o.measure(inHouse.trial(), &year)
	o.build()
	return o, nil
}

// measure finds the work and the people of the year.
func (o *optimiser) measure(t *trial, year *Year) {
	p := o.p
	batch := t.batch(1)
	for y := range o.y + 1 {
		t.advance(batch, y)
	}
	trained := func(role int, skill string) string {
		for _, k := range o.b.Courses {
			if p.roleNamed(k.To) == role && k.Skill != "" && fold(k.Skill) == fold(skill) {
				return fold(skill)
			}
		}
		return ""
	}
	for i := range p.Roles {
		k, r := &t.compiled.roles[i], &year.Roles[i]
		o.has, o.each = append(o.has, r.AvailableFTE*k.productive), append(o.each, hireStep*k.productive)
		o.price = append(o.price, hireStep*t.roles[i].fte[o.y])
		for _, j := range k.items {
			it, of := &p.Workload.Items[j], segment{role: i, class: -1, risk: 1}
			clear(batch.work)
			t.toil(batch, j, 0, 0, o.y)
			of.hours, of.skill = batch.work[0], trained(i, it.Skill)
			what := it.Name
			if c := t.items[j].class; c >= 0 {
				of.risk = p.Classes[c].weight()
				what += " of " + p.Classes[c].Name
				if w := it.workOf(); !math.IsNaN(o.fee[c]) && (w == PM || w == CM) && p.Classes[c].Contract.Covers > 0 {
					of.class, of.covers = c, p.Classes[c].Contract.Covers
				}
			}
			o.add(of, what)
		}
		if beyond := r.RawFTE*k.productive - r.WorkloadHours; beyond > slack*k.productive {
			o.add(segment{role: i, class: -1, risk: o.meanRisk(i, t, year), hours: beyond}, "what "+string(r.Binding)+" asks for beyond the listed work")
		}
	}
}

// weight is the risk of a class.
func (cl *Class) weight() float64 {
	if cl.Risk == 0 {
		return 1
	}
	return cl.Risk
}

// meanRisk is that of the classes that drive a role, by their devices.
func (o *optimiser) meanRisk(i int, t *trial, year *Year) float64 {
	var sum, devices float64
	for _, j := range t.compiled.roles[i].drivers {
		n := float64(year.Classes[j].Count)
		sum, devices = sum+n*o.p.Classes[j].weight(), devices+n
	}
	if devices == 0 {
		return 1
	}
	return sum / devices
}

func (o *optimiser) add(of segment, what string) {
	if of.hours <= 0 {
		return
	}
	for i := range o.segments {
		s := &o.segments[i]
		if s.role == of.role && s.class == of.class && s.risk == of.risk && s.skill == of.skill {
			s.hours += of.hours
			s.of = append(s.of, what)
			return
		}
	}
	of.of = []string{what}
	o.segments = append(o.segments, of)
}

// build writes the program: unknowns first, then rows.
func (o *optimiser) build() {
	p := o.p
	need := make([]float64, len(p.Roles)) // hours, of the role and of those that it could help
	for _, s := range o.segments {
		need[s.role] += s.hours
		o.full += s.risk * s.hours / kilo
		o.work = append(o.work, o.unknown(s.risk, s.hours/kilo, false))
	}
	helped := slices.Clone(need)
	for _, k := range o.b.Courses {
		helped[p.roleNamed(k.From)] += need[p.roleNamed(k.To)] + k.Hours
	}
	for i := range p.Roles {
		steps := math.Ceil(max(0, helped[i]-o.has[i])/o.each[i] - 1e-9)
		for name, most := range o.b.Hires {
			if p.roleNamed(name) == i {
				steps = min(steps, math.Floor(most/hireStep+1e-9))
			}
		}
		o.hire = append(o.hire, o.unknown(0, min(steps, mostHires/hireStep), true))
	}
	for i := range p.Classes {
		o.contract = append(o.contract, -1)
		taken := 0.0
		for _, s := range o.segments {
			if s.class == i {
				taken += s.risk * s.hours * s.covers / kilo
			}
		}
		if math.IsNaN(o.fee[i]) {
			continue
		}
		if taken == 0 { // not a contract for nothing: one of which the plan does not know what it is for
			o.fee[i] = math.NaN()
			o.notes = append(o.notes, fmt.Sprintf("%s: the plan lists no PM or CM that the contract takes over, so it is left as it is", p.Classes[i].Name))
			continue
		}
		o.contract[i] = o.unknown(taken, 1, true)
		if o.fee[i] < 0 {
			o.low[o.contract[i]] = 1 // it saves more in parts than it costs, and takes work away: there is nothing to weigh
		}
	}
	o.courses(need)
	o.constrain()
}

// courses adds those that are possible: the hours that courses take must be there before anybody is hired.
func (o *optimiser) courses(need []float64) {
	spare := slices.Clone(o.has)
	for k, c := range o.b.Courses {
		o.course = append(o.course, -1)
		from, to := o.p.roleNamed(c.From), o.p.roleNamed(c.To)
		if spare[from] < c.Hours {
			o.notes = append(o.notes, fmt.Sprintf("%s cannot be trained for %s: the course takes %s hours, and %s are there", c.From, c.To, number(c.Hours), number(math.Round(spare[from]))))
			continue
		}
		var at []lending
		for s := range o.segments {
			if seg := &o.segments[s]; seg.role == to && (c.Skill == "" || seg.skill == fold(c.Skill)) {
				at = append(at, lending{k, s, 0})
			}
		}
		if len(at) == 0 {
			o.notes = append(o.notes, fmt.Sprintf("%s has no work that %s could do after the course", c.To, c.From))
			continue
		}
		spare[from] -= c.Hours
		o.course[k] = o.unknown(0, 1, true)
		for _, l := range at {
			seg := &o.segments[l.segment]
			l.at = o.unknown(seg.risk, seg.hours/kilo, false)
			o.lent = append(o.lent, l)
		}
	}
}

func (o *optimiser) constrain() {
	for s := range o.segments {
		seg := &o.segments[s]
		terms := []term{{o.work[s], 1}}
		for _, l := range o.lent {
			if l.segment == s {
				terms = append(terms, term{l.at, 1})
			}
		}
		if seg.class >= 0 {
			terms = append(terms, term{o.contract[seg.class], seg.hours * seg.covers / kilo})
		}
		if len(terms) > 1 {
			o.row(seg.hours/kilo, terms...)
		}
	}
	for i := range o.p.Roles {
		terms := []term{{o.hire[i], -o.each[i] / kilo}}
		for s := range o.segments {
			if o.segments[s].role == i {
				terms = append(terms, term{o.work[s], 1})
			}
		}
		for k, c := range o.b.Courses {
			if o.course[k] >= 0 && o.p.roleNamed(c.From) == i {
				terms = append(terms, term{o.course[k], c.Hours / kilo})
			}
		}
		for _, l := range o.lent {
			if o.p.roleNamed(o.b.Courses[l.course].From) == i {
				terms = append(terms, term{l.at, 1})
			}
		}
		o.row(o.has[i]/kilo, terms...)
	}
	for k, c := range o.b.Courses {
		if o.course[k] < 0 {
			continue
		}
		var terms []term
		most := 0.0
		for _, l := range o.lent {
			if l.course == k {
				terms, most = append(terms, term{l.at, 1}), most+o.segments[l.segment].hours
			}
		}
		if c.Most > 0 {
			most = min(most, c.Most)
		}
		o.row(0, append(terms, term{o.course[k], -most / kilo})...)
	}
	o.spend()
}

// spend is the budget's row: what the contracts that are held now cost may be spent anew.
func (o *optimiser) spend() {
	var terms []term
	for i, at := range o.hire {
		terms = append(terms, term{at, o.price[i] / hundredKilo})
	}
	amount := o.b.Amount
	for i, at := range o.contract {
		if at >= 0 {
			amount += o.held[i] * o.fee[i]
			terms = append(terms, term{at, o.fee[i] / hundredKilo})
		}
	}
	for k, at := range o.course {
		if at >= 0 {
			terms = append(terms, term{at, o.b.Courses[k].Cost / hundredKilo})
		}
	}
	o.budgetRow = len(o.rows)
	o.row(amount/hundredKilo, terms...)
}

// today is the state without any decision.
func (o *optimiser) today() []float64 {
	x := make([]float64, len(o.c))
	for i, at := range o.contract {
		if at >= 0 {
			x[at] = o.held[i]
		}
	}
	return x
}

// effort is how many relaxations fit into about as much time as so many of a plan of 30 roles and 40 classes take.
func (o *optimiser) effort(relaxed int) int {
	const usual = 78 * 78 * 181 // rows squared × unknowns of that plan
	size := float64(len(o.rows)) * float64(len(o.rows)) * float64(len(o.c))
	return max(20, int(float64(relaxed)*min(1, usual/size)))
}

func (o *optimiser) spent(x []float64) float64 {
	sum := 0.0
	for i, at := range o.hire {
		sum += math.Round(x[at]) * o.price[i]
	}
	for i, at := range o.contract {
		if at >= 0 {
			sum += (math.Round(x[at]) - o.held[i]) * o.fee[i]
		}
	}
	for k, at := range o.course {
		if at >= 0 {
			sum += math.Round(x[at]) * o.b.Courses[k].Cost
		}
	}
	return tidy(sum)
}

// fixed are bounds that leave only the continuous unknowns open.
func (o *optimiser) fixed(x []float64) (low, high []float64) {
	low, high = make([]float64, len(x)), slices.Clone(o.high)
	for j := range x {
		if o.whole[j] {
			low[j] = math.Round(x[j])
			high[j] = low[j]
		}
	}
	return low, high
}

// value is what a choice covers, weighted, whatever it costs.
func (o *optimiser) value(x []float64) float64 {
	was := o.most[o.budgetRow]
	o.most[o.budgetRow] = 1e9
	_, v, _ := o.relax(o.fixed(x))
	o.most[o.budgetRow] = was
	return v
}

// rest is what stays undone of each segment, in hours.
func (o *optimiser) rest(x []float64) []float64 {
	out := make([]float64, len(o.segments))
	for s := range o.segments {
		seg := &o.segments[s]
		out[s] = seg.hours - x[o.work[s]]*kilo
		if seg.class >= 0 {
			out[s] -= x[o.contract[seg.class]] * seg.hours * seg.covers
		}
	}
	for _, l := range o.lent {
		out[l.segment] -= x[l.at] * kilo
	}
	for s := range out {
		if out[s] < 1e-4 {
			out[s] = 0
		}
	}
	return out
}

func (o *optimiser) uncovered(x []float64) (u Uncovered) {
	for s, h := range o.rest(x) {
		u.Hours += h
		u.Weighted += h * o.segments[s].risk
	}
	u.Hours, u.Weighted = tidy(u.Hours), tidy(u.Weighted)
	return u
}
