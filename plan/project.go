package plan

import (
	"fmt"
	"math"
)

// Projection is what a plan comes to, year by year. Its JSON is the contract of the command line.
type Projection struct {
	Years       []Year       `json:"years"`
	Percentiles *Percentiles `json:"percentiles,omitempty"`
	Tornado     []Swing      `json:"tornado,omitempty"`
	Warnings    []string     `json:"warnings"`
}

// Year is one year of a projection.
type Year struct {
	Year      int         `json:"year"`
	Classes   []ClassYear `json:"classes"`
	Roles     []RoleYear  `json:"roles"`
	TotalFTE  float64     `json:"total_fte"`
	TotalCost float64     `json:"total_cost"` // wages and benefits of the required FTE
	Contracts float64     `json:"contract_cost"`
	Parts     float64     `json:"parts_cost"`
	OnCall    float64     `json:"on_call_cost"`
	Others    float64     `json:"other_cost"` // tools, training, overhead
	Spend     float64     `json:"total_spend"`
	Hours     []HoursOf   `json:"hours"` // by kind of work
	OtherBy   []AmountOf  `json:"other_costs,omitempty"`
}

// ClassYear is the count of one class in one year.
type ClassYear struct {
	Name     string `json:"name"`
	Count    int    `json:"count"`
	Added    int    `json:"added"`    // came in this year, replacements not among them
	Retired  int    `json:"retired"`  // went without a follower
	Replaced int    `json:"replaced"` // went, and a new one came
}

// RoleYear is one role in one year.
type RoleYear struct {
	Name          string    `json:"name"`
	Team          Team      `json:"team,omitempty"`
	Driver        float64   `json:"driver"`    // what the ratio divides: devices, FTE, beds, money
	DriverOf      string    `json:"driver_of"` // in words
	RatioFTE      float64   `json:"ratio_fte"` // unrounded
	WorkloadHours float64   `json:"workload_hours"`
	WorkloadFTE   float64   `json:"workload_fte"`
	CoverageFTE   float64   `json:"coverage_fte"`
	Binding       Method    `json:"binding"` // ratio, workload or coverage
	RawFTE        float64   `json:"raw_fte"` // of the method that binds
	RequiredFTE   float64   `json:"required_fte"`
	CurrentFTE    float64   `json:"current_fte"`
	AvailableFTE  float64   `json:"available_fte"` // current, less leavers, plus hires as they ramp up
	GapFTE        float64   `json:"gap_fte"`       // required − current
	Cost          float64   `json:"cost"`
	BacklogHours  float64   `json:"backlog_hours"` // listed work that the available people did not do, added up
	Hours         []HoursOf `json:"hours,omitempty"`
}

// HoursOf is hours of one kind of work.
type HoursOf struct {
	Work  Work    `json:"work"`
	Hours float64 `json:"hours"`
}

// AmountOf is money of one kind.
type AmountOf struct {
	Name   string  `json:"name"`
	Amount float64 `json:"amount"`
}

// ByCoverage is the third value that Binding takes.
const ByCoverage Method = "coverage"

// Project computes the plan without uncertainty: ranges count with their mode. It wraps fault.Invalid with every
// mistake of the plan (Mistakes) when there is one.
func (p *Plan) Project() (*Projection, error) {
	warnings, err := p.Check()
	if err != nil {
		return nil, err
	}
	c := p.compile()
	out := &Projection{Warnings: warnings}
	var backlog = make([]float64, len(p.Roles))
	before := make([]int, len(p.Classes))
	for y := range c.years {
		year := Year{Year: p.BaseYear + y, Classes: c.classYears(y, before), Roles: make([]RoleYear, len(p.Roles))}
		for i, cy := range year.Classes {
			before[i] = cy.Count
		}
		for _, i := range c.order {
			year.Roles[i] = c.roleYear(i, y, &year)
		}
		total := map[Work]float64{}
		for i := range year.Roles {
			r := &year.Roles[i]
			backlog[i] = max(0, backlog[i]+r.WorkloadHours-r.AvailableFTE*c.roles[i].productive)
			r.BacklogHours = backlog[i]
			year.TotalFTE += r.RequiredFTE
			year.TotalCost += r.Cost
			for _, h := range r.Hours {
				total[h.Work] += h.Hours
			}
		}
		year.Hours = byWork(total)
		c.money(y, &year)
		out.Years = append(out.Years, year)
	}
	out.Warnings = append(out.Warnings, p.outgrown(out)...)
	return out, nil
}

func byWork(hours map[Work]float64) []HoursOf {
	out := []HoursOf{} // a list in JSON, also when it is empty
	for _, w := range Works() {
		if h, ok := hours[w]; ok {
			out = append(out, HoursOf{w, h})
		}
	}
	return out
}

// nearestWhole rounds a count, halves away from zero. What a computer's fractions leave out of a half is given back, so
// that 70 devices growing 15 % are 81, as by hand (80.5), and not the 80 of 80.49999999999999.
func nearestWhole(n float64) float64 { return math.Round(n * countSlack) }

const countSlack = 1 + 1e-12

// countAt is round(n0·(1+g)^y), halves away from zero, and the pipeline's net up to that year.
func (cl *Class) countAt(base, y int, growth float64) int {
	n := nearestWhole(float64(cl.Count) * math.Pow(1+growth, float64(y)))
	for _, ch := range cl.Pipeline {
		if ch.Year <= base+y {
			n += float64(ch.Add - ch.Retire)
		}
	}
	return int(max(0, n))
}

func (c *compiled) classYears(y int, before []int) []ClassYear {
	out := make([]ClassYear, len(c.p.Classes))
	for i := range c.p.Classes {
		cl := &c.p.Classes[i]
		n := cl.countAt(c.p.BaseYear, y, cl.Growth.Mode)
		was := before[i]
		if y == 0 {
			was = cl.Count
		}
		cy := ClassYear{Name: cl.Name, Count: n}
		for _, ch := range cl.Pipeline {
			if ch.Year == c.p.BaseYear+y {
				cy.Replaced += ch.Replace
				cy.Retired += ch.Retire
			}
		}
		cy.Added = max(0, n-was+cy.Retired)
		cy.Retired = max(cy.Retired, was+cy.Added-n)
		if cl.ExpectedLife > 0 {
			cy.Replaced += int(math.Round(float64(was) / cl.ExpectedLife))
		}
		out[i] = cy
	}
	return out
}

func (c *compiled) roleYear(i, y int, year *Year) RoleYear {
	p, r, k := c.p, &c.p.Roles[i], &c.roles[i]
	out := RoleYear{Name: r.Name, Team: r.Team, CoverageFTE: k.coverage, CurrentFTE: r.CurrentFTE}
	out.Driver, out.RatioFTE, out.DriverOf = c.ratio(i, y, year)
	hours := map[Work]float64{}
	for _, j := range k.items {
		it := &p.Workload.Items[j]
		h := c.itemHours(it, y, year)
		out.WorkloadHours += h
		hours[it.workOf()] += h
	}
	out.Hours = byWork(hours)
	out.WorkloadFTE = out.WorkloadHours / k.productive
	out.Binding, out.RawFTE = p.Method.bind(out.RatioFTE, out.WorkloadFTE, out.CoverageFTE)
	out.RequiredFTE = p.Rounding.Up(out.RawFTE)
	out.AvailableFTE = r.availableIn(p.BaseYear, p.BaseYear+y)
	out.GapFTE = out.RequiredFTE - out.CurrentFTE
	out.Cost = out.RequiredFTE * r.Salary * (1 + k.benefits) * math.Pow(1+p.WageEscalation, float64(y))
	return out
}

// bind says which method decides, and with how many FTE. Coverage decides only where it asks for more.
func (m Method) bind(ratio, workload, coverage float64) (Method, float64) {
	binding, fte := ByRatio, ratio
	if m == ByWorkload || (m == ByGreater && workload > ratio) {
		binding, fte = ByWorkload, workload
	}
	if coverage > fte {
		return ByCoverage, coverage
	}
	return binding, fte
}

func (c *compiled) ratio(i, y int, year *Year) (driver, fte float64, of string) {
	r := c.p.Roles[i].Ratio
	if r == nil {
		return 0, 0, ""
	}
	switch {
	case r.FTEPerFTE > 0:
		for _, j := range c.roles[i].leads {
			driver += year.Roles[j].RequiredFTE
		}
		return driver, driver / r.FTEPerFTE, "FTE"
	case r.BedsPerFTE > 0:
		driver = c.p.Beds * math.Pow(1+c.p.BedGrowth, float64(y))
		return driver, driver / r.BedsPerFTE, "beds"
	case r.ValuePerFTE > 0:
		for _, j := range c.roles[i].drivers {
			driver += float64(year.Classes[j].Count) * c.p.Classes[j].UnitCost
		}
		return driver, driver / r.ValuePerFTE, c.p.Currency
	default:
		for _, j := range c.roles[i].drivers {
			driver += float64(year.Classes[j].Count)
		}
		return driver, driver / r.DevicesPerFTE, "devices"
	}
}

// itemHours is what one line of work takes in a year, without what a contract takes over.
func (c *compiled) itemHours(it *Item, y int, year *Year) float64 {
	grown := math.Pow(1+it.Growth, float64(y))
	if it.HoursPerYear > 0 {
		return it.HoursPerYear * grown
	}
	events := it.EventsPerYear * grown
	j, ok := c.classOf[fold(it.Class)]
	if ok && it.Class != "" {
		cy := &year.Classes[j]
		events += it.PerDeviceYear.Mode*float64(cy.Count) + it.PerAdded*float64(cy.Added+cy.Replaced) + it.PerRetired*float64(cy.Retired+cy.Replaced)
		events *= 1 - c.p.Classes[j].taken(it.workOf())
	}
	return events * it.Hours.Mode
}

// taken is the share of the work that a contract in force takes over.
func (cl *Class) taken(w Work) float64 {
	if k := cl.Contract; k != nil && k.InForce && (w == PM || w == CM) {
		return k.Covers
	}
	return 0
}

// price is what a contract costs a year, for n devices.
func (k *Contract) price(unitCost float64, n int) float64 {
	return float64(n) * (k.PricePerDevice + k.ShareOfCost*unitCost)
}

// money adds what is paid beside wages.
func (c *compiled) money(y int, year *Year) {
	p := c.p
	for i := range p.Classes {
		k := p.Classes[i].Contract
		if k == nil {
			continue
		}
		rise := math.Pow(1+k.Escalation, float64(y))
		n := year.Classes[i].Count
		if k.InForce {
			year.Contracts += k.price(p.Classes[i].UnitCost, n) * rise
		}
		if !k.InForce || !k.Parts {
			year.Parts += k.PartsPerDevice * float64(n) * rise
		}
	}
	for i := range p.Coverage {
		if o := p.Coverage[i].OnCall; o != nil && p.roleNamed(p.Coverage[i].Role) >= 0 {
			standby, calls := o.Cost()
			year.OnCall += (standby + calls) * math.Pow(1+p.WageEscalation, float64(y))
		}
	}
	for _, k := range p.Costs {
		if k.From != 0 && year.Year < k.From || k.Until != 0 && year.Year > k.Until {
			continue
		}
		amount := k.PerYear
		if k.PerFTE > 0 {
			fte := year.TotalFTE
			if len(k.Roles) > 0 {
				fte = 0
				for _, name := range k.Roles {
					fte += year.Roles[c.roleOf[fold(name)]].RequiredFTE
				}
			}
			amount += k.PerFTE * fte
		}
		amount *= math.Pow(1+k.Escalation, float64(y))
		year.Others += amount
		year.OtherBy = append(year.OtherBy, AmountOf{k.Name, amount})
	}
	year.Spend = year.TotalCost + year.Contracts + year.Parts + year.OnCall + year.Others
}

// availableIn is the FTE of a role that work on average over one year: who is there now, less the months that leavers'
// places stand empty or their followers learn, plus hires from their start, ramping up in a straight line.
func (r *Role) availableIn(base, year int) float64 {
	lost := r.Attrition * (r.FillMonths + r.RampMonths/2) / 12
	fte := r.CurrentFTE * (1 - min(1, lost))
	from := float64(year-base) * 12
	for _, h := range r.Hires {
		start, ok := h.month(base)
		if !ok {
			continue
		}
		fte += h.FTE * (ramped(from+12-start, r.RampMonths) - ramped(from-start, r.RampMonths)) / 12 * (1 - min(1, lost))
	}
	return fte
}

// ramped is the work, in months of a whole person, that somebody has done some months after starting.
func ramped(months, ramp float64) float64 {
	switch {
	case months <= 0:
		return 0
	case ramp > 0 && months < ramp:
		return months * months / (2 * ramp)
	}
	return months - ramp/2
}

// month is when a hire starts, in months after the begin of the base year.
func (h *Hire) month(base int) (float64, bool) {
	var y, m, d int
	if n, _ := fmt.Sscanf(h.Start, "%d-%d-%d", &y, &m, &d); n < 2 {
		return 0, false
	}
	if m < 1 || m > 12 || d < 0 || d > 31 {
		return 0, false
	}
	return float64((y-base)*12+m-1) + float64(max(d-1, 0))/31, true
}

// outgrown warns where a subset comes to be larger than what holds it: the rates do not fit together.
func (p *Plan) outgrown(out *Projection) []string {
	var warnings []string
	for i := range p.Classes {
		for _, name := range p.Classes[i].SubsetOf {
			j := p.classNamed(name)
			for _, y := range out.Years {
				if j >= 0 && y.Classes[i].Count > y.Classes[j].Count {
					warnings = append(warnings, fmt.Sprintf("%d: %s (%s) outgrows %s (%s), which holds it: the growth rates do not fit together", y.Year, p.Classes[i].Name, whole(y.Classes[i].Count), p.Classes[j].Name, whole(y.Classes[j].Count)))
					break
				}
			}
		}
	}
	return warnings
}
