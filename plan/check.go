package plan

import (
	"fmt"

	"math"
	"regexp"
	"slices"
	"strings"

	"pons/fault"
)

// Bounds of what a plan may say. They tell a slip of the keyboard (growth of 900 %, hours of a year in a week) from a
// bold assumption; sources: domain note 1, §1.3 for hours, otherwise an expert's choice.
const (
	maxGrowth       = 1.0 // a class that more than doubles each year is a project: list it in the pipeline
	maxHorizon      = 30  // years
	maxCount        = 50_000_000
	leastProductive = 600  // hours: fewer is a part of a job
	mostProductive  = 2080 // hours: nobody's hands are on devices in every paid hour
	saneLow         = 1200
	saneHigh        = 1600
	hoursInYear     = 8760
	maxClasses      = 500
	maxRoles        = 200
	maxItems        = 5000
	leastSalary     = 1000 // less is hardly a year's pay in any currency
	leastRatio      = 0.01 // devices, people or beds: a hundred people for each is no ratio but a slip
)

// checker gathers mistakes and doubts.
type checker struct {
	p        *Plan
	mistakes fault.Mistakes
	doubts   []string
}

func (c *checker) wrong(path, format string, args ...any) {
	if !slices.ContainsFunc(c.mistakes, func(m fault.Mistake) bool { return m.Path == path }) {
		c.mistakes = append(c.mistakes, fault.Mistake{Path: path, Text: fmt.Sprintf(format, args...)})
	}
}

func (c *checker) doubt(format string, args ...any) {
	c.doubts = append(c.doubts, fmt.Sprintf(format, args...))
}

// NotAsked is what is doubtful about a class whose question nobody has asked; Recount settles it.
const NotAsked = "the inventory has not been asked yet"

// Check says what is wrong with the plan (Mistakes, each with its path) and what is doubtful. A plan without mistakes
// can be computed.
func (p *Plan) Check() (doubts []string, err error) {
	c := &checker{p: p}
	c.head()
	c.classes()
	c.roles()
	c.workload()
	c.coverage()
	c.rest()
	if len(c.mistakes) > 0 {
		return c.doubts, c.mistakes
	}
	return c.doubts, nil
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

func (c *checker) head() {
	p := c.p
	if !currencyForm.MatchString(p.Currency) {
		c.wrong("currency", "%q: write the three letters of a currency, such as USD", p.Currency)
	}
	switch {
	case p.BaseYear == unset || p.BaseYear == 0:
		c.wrong("base_year", "the year of the counts is missing, such as 2026")
	case p.BaseYear < 1990 || p.BaseYear > 2100:
		c.wrong("base_year", "%d: write a year between 1990 and 2100", p.BaseYear)
	}
	if p.Horizon < 0 || p.Horizon > maxHorizon {
		c.wrong("horizon_years", "%d: write 0 to %d years", p.Horizon, maxHorizon)
	}
	c.rate("wage_escalation", p.WageEscalation, -0.5, 0.5)
	c.rate("benefits", p.Benefits, 0, 2)
	if !slices.Contains([]Rounding{NoRounding, QuarterUp, HalfUp, IntegerUp}, p.Rounding) {
		c.wrong("rounding", "%q: write none, quarter-up, half-up or integer-up", p.Rounding)
	}
	if !slices.Contains([]Method{ByRatio, ByWorkload, ByGreater}, p.Method) {
		c.wrong("method", "%q: write ratio, workload or greater", p.Method)
	}
	c.least("beds", p.Beds, 0, 1e6)
	c.rate("bed_growth", p.BedGrowth, -0.9, maxGrowth)
}

// rate checks a share, and guesses when it was written as a percentage.
func (c *checker) rate(path string, v, low, high float64) {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		c.wrong(path, "a rate is missing, such as 0.03 or 3%%")
	case v > high && v <= 100 && v >= 2 && high <= 2:
		c.wrong(path, "%s is %s; rates are shares: write %s or %s%% if that is meant", number(v), percent(v), number(v/100), number(v))
	case v < low || v > high:
		c.wrong(path, "%s (%s) is outside of %s to %s", number(v), percent(v), percent(low), percent(high))
	}
}

func (c *checker) least(path string, v, low, high float64) {
	switch {
	case v == 0 && low > 0:
		c.wrong(path, "is missing, or 0: write a number from %s to %s", number(low), number(high))
	case math.IsNaN(v) || v < low || v > high:
		c.wrong(path, "%s: write a number from %s to %s", number(v), number(low), number(high))
	}
}

// names checks that every name is there, once.
func (c *checker) names(list, noun string, n int, name func(int) string) {
	seen := map[string]int{}
	for i := range n {
		path := fmt.Sprintf("%s[%d].name", list, i)
		k := fold(name(i))
		if k == "" {
			c.wrong(path, "a %s needs a name", noun)
			continue
		}
		if len(name(i)) > 200 {
			c.wrong(path, "a name has at most 200 letters")
		}
		if j, twice := seen[k]; twice {
			c.wrong(path, "%s is there already, as %s[%d]: names are unique", name(i), list, j)
		}
		seen[k] = i
	}
}

func (c *checker) classes() {
	p := c.p
	if len(p.Classes) > maxClasses {
		c.wrong("classes", "%d classes; at most %d", len(p.Classes), maxClasses)
	}
	c.names("classes", "class", len(p.Classes), func(i int) string { return p.Classes[i].Name })
	for i := range p.Classes {
		cl, at := &p.Classes[i], fmt.Sprintf("classes[%d]", i)
		switch {
		case cl.Count == unset && cl.Inventory != "":
			cl.Count = 0
			c.doubt("%s: %s; counted as 0", cl.Name, NotAsked)
		case cl.Count == unset:
			c.wrong(at+".count", "%s has no count: write one, or a question to the inventory (inventory: class:ventilator)", cl.Name)
		case cl.Count < 0 || cl.Count > maxCount:
			c.wrong(at+".count", "%d devices: write 0 to %s", cl.Count, whole(maxCount))
		}
		c.growth(at+".growth", cl.Name, cl.Growth)
		c.least(at+".expected_life", cl.ExpectedLife, 0, 100)
		if cl.ExpectedLife > 0 && cl.ExpectedLife < 1 {
			c.wrong(at+".expected_life", "%s years: a class that lives less than a year is a consumable", number(cl.ExpectedLife))
		}
		c.least(at+".unit_cost", cl.UnitCost, 0, 1e9)
		c.least(at+".risk", cl.Risk, 0, 1000)
		for j, ch := range cl.Pipeline {
			where := fmt.Sprintf("%s.pipeline[%d]", at, j)
			if ch.Year <= p.BaseYear || ch.Year > p.BaseYear+p.Horizon {
				c.wrong(where+".year", "%d: the base year's count holds what came until then; write a year after %d, up to %d", ch.Year, p.BaseYear, p.BaseYear+p.Horizon)
			}
			if ch.Add < 0 || ch.Retire < 0 || ch.Replace < 0 || ch.Add > maxCount {
				c.wrong(where, "additions, retirements and replacements are not negative")
			}
		}
		if k := cl.Contract; k != nil {
			c.least(at+".contract.price_per_device", k.PricePerDevice, 0, 1e9)
			c.rate(at+".contract.share_of_cost", k.ShareOfCost, 0, 1)
			c.rate(at+".contract.covers", k.Covers, 0, 1)
			c.least(at+".contract.parts_per_device", k.PartsPerDevice, 0, 1e9)
			c.rate(at+".contract.escalation", k.Escalation, -0.5, 0.5)
			if k.ShareOfCost > 0 && cl.UnitCost == 0 {
				c.wrong(at+".unit_cost", "the contract is priced as a share of the acquisition cost, which is missing")
			}
		}
		c.subset(i, at)
	}
}

func (c *checker) growth(path, name string, g Range) {
	for _, v := range []struct {
		path string
		v    float64
	}{{path, g.Mode}, {path + ".low", g.Low}, {path + ".high", g.High}} {
		switch {
		case math.IsNaN(v.v) || v.v <= -1:
			c.wrong(v.path, "%s a year: at −100 %% nothing is left; write a rate above −1", percent(v.v))
		case v.v > maxGrowth && v.v >= 2 && v.v <= 100:
			c.wrong(v.path, "%s is growth of %s a year; write %s or %s%% if %s %% is meant, or list a project in the pipeline", number(v.v), percent(v.v), number(v.v/100), number(v.v), number(v.v))
		case v.v > maxGrowth:
			c.wrong(v.path, "growth of %s a year is more than doubling; list what comes in the pipeline", percent(v.v))
		}
		if g.Certain() {
			break
		}
	}
	if g.Low > g.Mode || g.Mode > g.High {
		c.wrong(path, "low %s, mode %s and high %s are not in order", percent(g.Low), percent(g.Mode), percent(g.High))
	} else if g.High > 0.5 && g.High <= maxGrowth {
		c.doubt("%s grows by up to %s a year", name, percent(g.High))
	}
}

func (c *checker) subset(i int, at string) {
	p, cl := c.p, &c.p.Classes[i]
	for j, name := range cl.SubsetOf {
		where := at + ".subset_of"
		if len(cl.SubsetOf) > 1 {
			where = fmt.Sprintf("%s.subset_of[%d]", at, j)
		}
		k := p.classNamed(name)
		switch {
		case k < 0:
			c.wrong(where, "%s", c.unknown("class", name, c.classNames()))
		case k == i:
			c.wrong(where, "%s cannot be a part of itself", cl.Name)
		case p.within(k, i, 0):
			c.wrong(where, "%s is a part of %s, which is a part of %s: a ring", cl.Name, p.Classes[k].Name, cl.Name)
		case cl.Count > p.Classes[k].Count && p.Classes[k].Count >= 0:
			c.wrong(at+".count", "%s (%s) is larger than %s (%s), which holds all of it", cl.Name, whole(cl.Count), p.Classes[k].Name, whole(p.Classes[k].Count))
		}
	}
}

func (c *checker) classNames() []string {
	out := make([]string, len(c.p.Classes))
	for i := range c.p.Classes {
		out[i] = c.p.Classes[i].Name
	}
	return out
}

func (c *checker) roleNames() []string {
	out := make([]string, len(c.p.Roles))
	for i := range c.p.Roles {
		out[i] = c.p.Roles[i].Name
	}
	return out
}

func (c *checker) unknown(noun, name string, list []string) string {
	if near := nearest(name, list); near != "" {
		return fmt.Sprintf("no %s is called %q; %q was probably meant", noun, name, near)
	}
	if len(list) == 0 {
		return fmt.Sprintf("no %s is called %q; there are none", noun, name)
	}
	return fmt.Sprintf("no %s is called %q; there are %s", noun, name, strings.Join(list[:min(len(list), 12)], ", "))
}

func (c *checker) roles() {
	p := c.p
	if len(p.Roles) == 0 {
		c.wrong("roles", "a plan needs at least one role")
	}
	if len(p.Roles) > maxRoles {
		c.wrong("roles", "%d roles; at most %d", len(p.Roles), maxRoles)
	}
	c.names("roles", "role", len(p.Roles), func(i int) string { return p.Roles[i].Name })
	for i := range p.Roles {
		r, at := &p.Roles[i], fmt.Sprintf("roles[%d]", i)
		switch {
		case math.IsNaN(r.Salary) || r.Salary == 0:
			c.wrong(at+".salary", "%s has no salary: write what one FTE earns a year, without benefits", r.Name)
		case r.Salary < 0 || r.Salary > 1e9:
			c.wrong(at+".salary", "%s a year for %s: write what one FTE earns a year, without benefits", number(r.Salary), r.Name)
		case r.Salary < leastSalary:
			c.doubt("%s earns %s %s a year: are thousands meant?", r.Name, number(r.Salary), p.Currency)
		}
		if r.Currency != "" && !strings.EqualFold(r.Currency, p.Currency) {
			c.wrong(at+".currency", "%s is paid in %s, the plan is in %s: a plan has one currency; convert the salary", r.Name, r.Currency, p.Currency)
		}
		if r.Team != "" && !slices.Contains(Teams(), r.Team) {
			c.wrong(at+".team", "%s", c.unknown("team", string(r.Team), teamNames()))
		}
		c.least(at+".current_fte", r.CurrentFTE, 0, 100_000)
		c.least(at+".open_fte", r.OpenFTE, 0, 100_000)
		c.least(at+".min_fte", r.MinFTE, 0, 100_000)
		c.least(at+".ramp_up_months", r.RampMonths, 0, 60)
		c.least(at+".months_to_fill", r.FillMonths, 0, 60)
		c.rate(at+".attrition", r.Attrition, 0, 1)
		if r.Benefits != nil {
			c.rate(at+".benefits", *r.Benefits, 0, 2)
		}
		for j, h := range r.Hires {
			if _, ok := h.month(p.BaseYear); !ok {
				c.wrong(fmt.Sprintf("%s.hires[%d].start", at, j), "%q: write a month, such as 2027-03", h.Start)
			}
			if h.FTE <= 0 || h.FTE > 1000 {
				c.wrong(fmt.Sprintf("%s.hires[%d].fte", at, j), "%s FTE: write how many come", number(h.FTE))
			}
		}
		if r.Hours != nil {
			c.hours(at+".productive_hours", *r.Hours)
		}
		c.ratio(i, at+".ratio")
		c.driven(i)
	}
	if len(p.Roles) > 0 && !slices.ContainsFunc(p.Roles, func(r Role) bool { return r.CurrentFTE > 0 }) {
		c.doubt("no role has current_fte: who is there now is not known, and the gap counts nobody")
	}
	if _, ring := p.leadOrder(); ring != nil {
		i := p.roleNamed(ring[0])
		c.wrong(fmt.Sprintf("roles[%d].ratio.roles", i), "%s: these roles drive each other in a circle; one of them must be driven by something else", strings.Join(ring, " → "))
	}
}

// driven doubts a role that the method leaves without people.
func (c *checker) driven(i int) {
	p, r := c.p, &c.p.Roles[i]
	ratio := r.Ratio != nil
	work := slices.ContainsFunc(p.Workload.Items, func(it Item) bool { return fold(it.Role) == fold(r.Name) })
	cover := r.MinFTE > 0 || slices.ContainsFunc(p.Coverage, func(k Coverage) bool { return fold(k.Role) == fold(r.Name) })
	switch {
	case !ratio && !work && !cover:
		c.doubt("%s has no ratio, no work and no coverage: it comes to 0 FTE", r.Name)
	case p.Method == ByRatio && !ratio && work && !cover:
		c.doubt("%s has work but no ratio, and the method is ratio: it comes to 0 FTE", r.Name)
	case p.Method == ByWorkload && !work && ratio && !cover:
		c.doubt("%s has a ratio but no work, and the method is workload: it comes to 0 FTE", r.Name)
	}
}

func teamNames() []string {
	var out []string
	for _, t := range Teams() {
		out = append(out, string(t))
	}
	return out
}

func (c *checker) ratio(i int, at string) {
	r := c.p.Roles[i].Ratio
	if r == nil {
		return
	}
	kinds := 0
	for _, k := range []struct {
		path string
		v    float64
		per  string
	}{{"devices_per_fte", r.DevicesPerFTE, "devices"}, {"fte_per_fte", r.FTEPerFTE, "FTE"}, {"beds_per_fte", r.BedsPerFTE, "beds"}, {"value_per_fte", r.ValuePerFTE, "money"}} {
		if k.v == 0 {
			continue
		}
		kinds++
		switch {
		case k.v < 0 || math.IsNaN(k.v):
			c.wrong(at+"."+k.path, "%s %s per FTE: a ratio is above zero", number(k.v), k.per)
		case k.v < leastRatio || k.v > 1e12:
			c.wrong(at+"."+k.path, "%g %s per FTE: write a number from %g to a million million", k.v, k.per, leastRatio)
		}
	}
	switch {
	case kinds == 0 && len(r.Roles) > 0:
		c.wrong(at+".fte_per_fte", "0 FTE per FTE: a ratio is above zero; write how many FTE one leads")
	case kinds == 0:
		c.wrong(at+".devices_per_fte", "0 devices per FTE: a ratio is above zero; write how many devices one FTE looks after")
	case kinds > 1:
		c.wrong(at, "a ratio is per device, per FTE, per bed or per value: one of them")
	}
	if (r.DevicesPerFTE != 0 || r.ValuePerFTE != 0) && len(r.Classes) == 0 {
		c.wrong(at+".classes", "%s is driven by no class: name at least one", c.p.Roles[i].Name)
	}
	if r.FTEPerFTE != 0 && len(r.Roles) == 0 {
		c.wrong(at+".roles", "%s is driven by no role: name at least one", c.p.Roles[i].Name)
	}
	if r.BedsPerFTE != 0 && c.p.Beds == 0 {
		c.wrong("beds", "%s is driven by beds, and the plan does not say how many there are", c.p.Roles[i].Name)
	}
	for j, name := range r.Classes {
		k := c.p.classNamed(name)
		if k < 0 {
			c.wrong(fmt.Sprintf("%s.classes[%d]", at, j), "%s", c.unknown("class", name, c.classNames()))
		} else if r.ValuePerFTE != 0 && c.p.Classes[k].UnitCost == 0 {
			c.wrong(fmt.Sprintf("classes[%d].unit_cost", k), "%s is driven by the value of %s, whose unit cost is missing", c.p.Roles[i].Name, name)
		}
	}
	for j, name := range r.Roles {
		if c.p.roleNamed(name) < 0 {
			c.wrong(fmt.Sprintf("%s.roles[%d]", at, j), "%s", c.unknown("role", name, c.roleNames()))
		}
	}
	c.overlap(i, at)
}

// overlap finds parts of one class that together are larger than it: some devices are in two of them, and a role that
// is driven by both counts those twice.
func (c *checker) overlap(i int, at string) {
	p, r := c.p, c.p.Roles[i].Ratio
	for k := range p.Classes {
		if slices.ContainsFunc(r.Classes, func(n string) bool { return p.classNamed(n) == k }) {
			continue
		}
		var parts []string
		sum := 0
		for _, name := range slices.Compact(slices.Sorted(slices.Values(r.Classes))) {
			if j := p.classNamed(name); j >= 0 && j != k && slices.ContainsFunc(p.Classes[j].SubsetOf, func(n string) bool { return p.classNamed(n) == k }) {
				parts, sum = append(parts, p.Classes[j].Name), sum+max(p.Classes[j].Count, 0)
			}
		}
		if len(parts) > 1 && sum > p.Classes[k].Count {
			c.wrong(at+".classes", "%s are parts of %s and together larger (%s of %s): they overlap, and %s would count devices twice; name %s instead", strings.Join(parts, " and "), p.Classes[k].Name, whole(sum), whole(p.Classes[k].Count), p.Roles[i].Name, p.Classes[k].Name)
		}
	}
}
