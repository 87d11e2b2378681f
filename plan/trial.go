package plan

import (
	"math"
)

// trial is a plan prepared for thousands of computations at once: Project's arithmetic, in Project's order of
// operations, over blocks of draws instead of one. What is certain is computed once, by Project's own functions, so
// that a plan without uncertainty comes out to the last bit.
type trial struct {
	*compiled
	classes []trialClass
	items   []trialItem
	roles   []trialRole
	fixed   []float64 // by year: money that hangs on nothing that is drawn
}

type trialClass struct {
	key      uint64
	growth   pert      // of 1 + rate
	counts   []int     // by year, when growth is certain
	net      []int     // by year: the pipeline's additions less retirements until then
	retire   []int     // by year
	replace  []int     // by year
	price    []float64 // by year: contract and parts, a device
	movement bool      // whether some work counts what comes and goes
}

type trialItem struct {
	key         uint64
	class       int  // -1: none
	chance      bool // events fall as they like (Poisson)
	rate, hours pert
	keep        float64   // share that no contract takes over
	events      []float64 // by year, whatever the count
	sum         []float64 // by year: hours of a line that states a sum; nil otherwise
}

type trialRole struct {
	key       uint64
	driver    []float64   // by year, when it is beds
	ratio     float64     // 0: none
	full      []float64   // by year: available if nobody left
	leavers   [][]float64 // by year: P(at most l leave); nil where leaving takes nothing
	lost      float64     // of a year, when somebody leaves
	wage, fte []float64   // by year, an FTE: wages and benefits; all that hangs on it
}

// planned says that a kind of work is due by calendar: so many devices, so many visits. The rest comes as it comes.
func (w Work) planned() bool { return w == PM || w == Audit || w == Training }

func (p *Plan) trial() *trial {
	c := p.compile()
	t := &trial{compiled: c, classes: make([]trialClass, len(p.Classes)), items: make([]trialItem, len(p.Workload.Items)), roles: make([]trialRole, len(p.Roles)), fixed: make([]float64, c.years)}
	known := newShapes()
	for i := range p.Classes {
		t.classes[i] = p.trialClass(i, c.years, known)
	}
	keys := p.itemKeys()
	for j := range p.Workload.Items {
		it := &p.Workload.Items[j]
		to := trialItem{key: keys[j], class: -1, keep: 1, rate: known.pert(it.PerDeviceYear), hours: known.pert(it.Hours), events: make([]float64, c.years)}
		if k, ok := c.classOf[fold(it.Class)]; ok && it.Class != "" {
			to.class, to.keep = k, 1-p.Classes[k].taken(it.workOf())
			to.chance = !it.PerDeviceYear.IsZero() && !it.workOf().planned()
			t.classes[k].movement = t.classes[k].movement || it.PerAdded != 0 || it.PerRetired != 0
		}
		if it.HoursPerYear > 0 {
			to.sum, to.chance = make([]float64, c.years), false
		}
		for y := range c.years {
			grown := math.Pow(1+it.Growth, float64(y))
			to.events[y] = it.EventsPerYear * grown
			if to.sum != nil {
				to.sum[y] = it.HoursPerYear * grown
			}
		}
		t.items[j] = to
	}
	for i := range p.Roles {
		t.roles[i] = p.trialRole(i, c)
	}
	t.money()
	return t
}

func (p *Plan) trialClass(i, years int, known *shapes) trialClass {
	cl := &p.Classes[i]
	to := trialClass{key: streamKey("class", fold(cl.Name)), net: make([]int, years), retire: make([]int, years), replace: make([]int, years), price: make([]float64, years)}
	to.growth = known.pert(Range{1 + cl.Growth.Low, 1 + cl.Growth.Mode, 1 + cl.Growth.High})
	if cl.Growth.Certain() {
		to.growth = pert{mode: 1 + cl.Growth.Mode}
		to.counts = make([]int, years)
	}
	for y := range years {
		for _, ch := range cl.Pipeline {
			if ch.Year <= p.BaseYear+y {
				to.net[y] += ch.Add - ch.Retire
			}
			if ch.Year == p.BaseYear+y {
				to.retire[y] += ch.Retire
				to.replace[y] += ch.Replace
			}
		}
		if to.counts != nil {
			to.counts[y] = cl.countAt(p.BaseYear, y, cl.Growth.Mode)
		}
		if k := cl.Contract; k != nil {
			rise := math.Pow(1+k.Escalation, float64(y))
			if k.InForce {
				to.price[y] += k.price(cl.UnitCost, 1) * rise
			}
			if !k.InForce || !k.Parts {
				to.price[y] += k.PartsPerDevice * rise
			}
		}
	}
	return to
}

func (p *Plan) trialRole(i int, c *compiled) trialRole {
	r := &p.Roles[i]
	to := trialRole{key: streamKey("role", fold(r.Name)), ratio: r.Ratio.per(), lost: (r.FillMonths + r.RampMonths/2) / 12}
	stay := *r
	stay.Attrition = 0
	for y := range c.years {
		if r.Ratio != nil && r.Ratio.BedsPerFTE > 0 {
			to.driver = append(to.driver, p.Beds*math.Pow(1+p.BedGrowth, float64(y)))
		}
		to.full = append(to.full, stay.availableIn(p.BaseYear, p.BaseYear+y))
		to.wage = append(to.wage, r.Salary*(1+c.roles[i].benefits)*math.Pow(1+p.WageEscalation, float64(y)))
		var leavers []float64
		if people := int(math.Ceil(to.full[y] - slack)); people > 0 && people < 10_000 && r.Attrition > 0 && to.lost > 0 {
			leavers = binomial(people, r.Attrition)
		}
		to.leavers = append(to.leavers, leavers)
	}
	to.fte = append([]float64(nil), to.wage...)
	return to
}

// per is what the ratio divides by; 0 for none.
func (r *Ratio) per() float64 {
	if r == nil {
		return 0
	}
	for _, v := range []float64{r.FTEPerFTE, r.BedsPerFTE, r.ValuePerFTE} {
		if v > 0 {
			return v
		}
	}
	return r.DevicesPerFTE
}

// money turns what is paid beside wages into so much a year and so much an FTE.
func (t *trial) money() {
	p := t.p
	for y := range t.years {
		for i := range p.Coverage {
			if o := p.Coverage[i].OnCall; o != nil && p.roleNamed(p.Coverage[i].Role) >= 0 {
				standby, calls := o.Cost()
				t.fixed[y] += (standby + calls) * math.Pow(1+p.WageEscalation, float64(y))
			}
		}
		for _, k := range p.Costs {
			year := p.BaseYear + y
			if k.From != 0 && year < k.From || k.Until != 0 && year > k.Until {
				continue
			}
			rise := math.Pow(1+k.Escalation, float64(y))
			t.fixed[y] += k.PerYear * rise
			if k.PerFTE == 0 {
				continue
			}
			if len(k.Roles) == 0 {
				for i := range t.roles {
					t.roles[i].fte[y] += k.PerFTE * rise
				}
			}
			for _, name := range k.Roles {
				t.roles[t.roleOf[fold(name)]].fte[y] += k.PerFTE * rise
			}
		}
	}
}

// batch is some draws of a plan in one year, computed side by side: lists by class, line of work or role, and in each
// a value by draw.
type batch struct {
	chance bool // Poisson and binomial are drawn; otherwise their means are taken
	u      []float64
	work   []float64

	growth, factor, count, was, come, gone [][]float64 // by class
	rate, hours                            [][]float64 // by line of work
	ratio, productive, stay                [][]float64 // by role; stay: 1 − what leavers take, where nothing is drawn
	raw, required, available               [][]float64 // by role

	totalRaw, totalFTE, cost, spend []float64
}

func (t *trial) batch(n int) *batch {
	lists := func(k int) [][]float64 {
		out, all := make([][]float64, k), make([]float64, k*n)
		for i := range out {
			out[i] = all[i*n : (i+1)*n : (i+1)*n]
		}
		return out
	}
	classes, items, roles := len(t.classes), len(t.items), len(t.roles)
	b := &batch{u: make([]float64, n), work: make([]float64, n),
		growth: lists(classes), factor: lists(classes), count: lists(classes), was: lists(classes), come: lists(classes), gone: lists(classes),
		rate: lists(items), hours: lists(items), ratio: lists(roles), productive: lists(roles), stay: lists(roles),
		raw: lists(roles), required: lists(roles), available: lists(roles)}
	totals := lists(4)
	b.totalRaw, b.totalFTE, b.cost, b.spend = totals[0], totals[1], totals[2], totals[3]
	for i := range t.classes {
		fill(b.growth[i], t.classes[i].growth.mode)
	}
	for j := range t.items {
		fill(b.rate[j], t.items[j].rate.mode)
		fill(b.hours[j], t.items[j].hours.mode)
	}
	for i := range t.roles {
		fill(b.ratio[i], t.roles[i].ratio)
		fill(b.productive[i], t.compiled.roles[i].productive)
		fill(b.stay[i], 1-min(1, t.p.Roles[i].Attrition*t.roles[i].lost))
	}
	return b
}

func fill(to []float64, v float64) {
	for i := range to {
		to[i] = v
	}
}

// assume draws what holds for all years of a draw: how fast a class grows, how often and how long work is. They are
// beliefs about one number, not weather: in a draw where pumps fail often they do so every year.
func (t *trial) assume(b *batch, seed uint64, at int) {
	for i := range t.classes {
		cl := &t.classes[i]
		if cl.growth.shape != nil {
			uniform(seed, cl.key, at, b.u)
			cl.growth.draw(b.u, b.growth[i])
		}
	}
	for j := range t.items {
		it := &t.items[j]
		if it.rate.shape != nil {
			uniform(seed, scramble(it.key^1), at, b.u)
			it.rate.draw(b.u, b.rate[j])
		}
		if it.hours.shape != nil {
			uniform(seed, scramble(it.key^2), at, b.u)
			it.hours.draw(b.u, b.hours[j])
		}
	}
}

// advance computes the counts of a year; the years come one after the other.
func (t *trial) advance(b *batch, y int) {
	for i := range t.classes {
		cl, count, was := &t.classes[i], b.count[i], b.was[i]
		base := float64(t.p.Classes[i].Count)
		copy(was, count)
		switch {
		case cl.counts != nil && b.chance:
			fill(count, float64(cl.counts[y]))
		case b.chance:
			factor, growth, net := b.factor[i], b.growth[i], float64(cl.net[y])
			for d := range count {
				if y == 0 {
					factor[d] = 1
				} else {
					factor[d] *= growth[d]
				}
				count[d] = max(0, math.Floor(base*factor[d]+0.5)+net)
			}
		default:
			for d, g := range b.growth[i] {
				count[d] = max(0, nearestWhole(base*math.Pow(g, float64(y)))+float64(cl.net[y]))
			}
		}
		if y == 0 {
			fill(was, base)
		}
		if cl.movement {
			t.move(b, i, y)
		}
	}
}

// move is what comes and goes in a class: Project's classYears.
func (t *trial) move(b *batch, i, y int) {
	cl, life := &t.classes[i], t.p.Classes[i].ExpectedLife
	retire, replace := float64(cl.retire[y]), float64(cl.replace[y])
	for d, n := range b.count[i] {
		was := b.was[i][d]
		added := max(0, n-was+retire)
		retired := max(retire, was+added-n)
		replaced := replace
		if life > 0 {
			replaced += math.Round(was / life)
		}
		b.come[i][d], b.gone[i][d] = added+replaced, retired+replaced
	}
}

// staff computes the roles of a year from its counts.
func (t *trial) staff(b *batch, seed uint64, at, y int) {
	step := t.p.Rounding.Step()
	for _, i := range t.order {
		k := &t.compiled.roles[i]
		clear(b.work)
		for _, j := range k.items {
			t.toil(b, j, seed, at, y)
		}
		raw, required, productive := b.raw[i], b.required[i], b.productive[i]
		t.drive(b, i, y)
		for d := range raw {
			fte, workload := raw[d], b.work[d]/productive[d]
			if t.p.Method == ByWorkload || (t.p.Method == ByGreater && workload > fte) {
				fte = workload
			}
			fte = max(fte, k.coverage)
			raw[d] = fte
			if step > 0 {
				fte = max(0, math.Ceil((fte-slack)/step)) * step
			}
			required[d] = fte
		}
		t.present(b, i, seed, at, y)
	}
}

// drive puts the FTE by ratio into raw.
func (t *trial) drive(b *batch, i, y int) {
	r, k, to := t.p.Roles[i].Ratio, &t.compiled.roles[i], b.raw[i]
	clear(to)
	switch {
	case r == nil:
		return
	case r.FTEPerFTE > 0:
		for _, j := range k.leads {
			for d, v := range b.required[j] {
				to[d] += v
			}
		}
	case r.BedsPerFTE > 0:
		fill(to, t.roles[i].driver[y])
	default:
		for _, j := range k.drivers {
			each := 1.0
			if r.ValuePerFTE > 0 {
				each = t.p.Classes[j].UnitCost
			}
			for d, v := range b.count[j] {
				to[d] += v * each
			}
		}
	}
	for d, per := range b.ratio[i] {
		to[d] /= per
	}
}

// toil adds the hours of a line of work.
func (t *trial) toil(b *batch, j int, seed uint64, at, y int) {
	it, work := &t.items[j], b.work
	if it.sum != nil {
		for d := range work {
			work[d] += it.sum[y]
		}
		return
	}
	hours, events := b.hours[j], it.events[y]
	if it.class < 0 {
		for d := range work {
			work[d] += events * hours[d]
		}
		return
	}
	of, rate, count, keep := &t.p.Workload.Items[j], b.rate[j], b.count[it.class], it.keep
	come, gone := b.come[it.class], b.gone[it.class]
	moving := of.PerAdded != 0 || of.PerRetired != 0
	switch {
	case it.chance && b.chance:
		uniform(seed, ofYear(it.key, y), at, b.u)
		for d := range work {
			n := events*keep + poisson(rate[d]*count[d]*keep, b.u[d])
			if moving {
				n += (of.PerAdded*come[d] + of.PerRetired*gone[d]) * keep
			}
			work[d] += n * hours[d]
		}
	case moving:
		for d := range work {
			work[d] += (events + (rate[d]*count[d] + of.PerAdded*come[d] + of.PerRetired*gone[d])) * keep * hours[d]
		}
	default:
		for d := range work {
			work[d] += (events + rate[d]*count[d]) * keep * hours[d]
		}
	}
}

// present is who is there: those who leave take the months with them until somebody follows and has learnt the job.
func (t *trial) present(b *batch, i int, seed uint64, at, y int) {
	r, to := &t.roles[i], b.available[i]
	below, full := r.leavers[y], r.full[y]
	if below == nil || !b.chance {
		for d := range to {
			to[d] = full * b.stay[i][d]
		}
		return
	}
	each := r.lost / float64(len(below)-1)
	uniform(seed, ofYear(r.key, y), at, b.u)
	for d := range to {
		to[d] = full * (1 - min(1, pick(below, b.u[d])*each))
	}
}

// total adds the roles and the money of a year.
func (t *trial) total(b *batch, y int) {
	clear(b.totalRaw)
	clear(b.totalFTE)
	clear(b.cost)
	fill(b.spend, t.fixed[y])
	for i := range t.roles {
		wage, fte := t.roles[i].wage[y], t.roles[i].fte[y]
		for d, n := range b.required[i] {
			b.totalFTE[d] += n
			b.cost[d] += n * wage
			b.spend[d] += n * fte
			b.totalRaw[d] += b.raw[i][d]
		}
	}
	for i := range t.classes {
		if price := t.classes[i].price[y]; price != 0 {
			for d, n := range b.count[i] {
				b.spend[d] += n * price
			}
		}
	}
}
