package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"pons/fault"
)

// Step is one line of how a figure came about. Path is the plan's field that it reads, by places; Source says where
// that field's value comes from, nil when the plan does not say.
type Step struct {
	Text   string      `json:"text"`
	Value  float64     `json:"value"`
	Unit   string      `json:"unit"`
	Path   string      `json:"path,omitempty"`
	Source *Assumption `json:"source,omitempty"`
}

// Explain walks through how the FTE and the cost of a role in a year came about: drivers, the three methods, which one
// binds, rounding, money, gap and backlog. out is the plan's own projection. It wraps fault.NotFound when the
// projection has no such role or year.
func (p *Plan) Explain(out *Projection, year int, role string) ([]Step, error) {
	y := slices.IndexFunc(out.Years, func(v Year) bool { return v.Year == year })
	i := p.roleNamed(role)
	if y < 0 || i < 0 {
		return nil, fmt.Errorf("the projection has no %s in %d: %w", role, year, fault.NotFound)
	}
	e := explainer{p: p, c: p.compile(), y: y, i: i, year: &out.Years[y], r: &p.Roles[i], got: &out.Years[y].Roles[i]}
	e.ratio()
	e.workload()
	e.coverage()
	e.result()
	return e.steps, nil
}

type explainer struct {
	p     *Plan
	c     *compiled
	y, i  int
	year  *Year
	r     *Role
	got   *RoleYear
	steps []Step
}

func (e *explainer) say(value float64, unit, path, byName, format string, args ...any) {
	e.steps = append(e.steps, Step{Text: fmt.Sprintf(format, args...), Value: value, Unit: unit, Path: path, Source: e.p.Source(byName)})
}

// Source says where a value comes from, by the path of its names ("roles/BMET I/II/salary"); nil when nobody said.
func (p *Plan) Source(path string) *Assumption {
	if path == "" {
		return nil
	}
	for at := path; ; {
		for i := range p.Assumptions {
			if fold(p.Assumptions[i].Path) == fold(at) {
				return &p.Assumptions[i]
			}
		}
		// What stands for a whole line stands for its fields.
		cut := strings.LastIndex(at, "/")
		if cut < 0 || !strings.HasPrefix(at, "workload/items/") {
			return nil
		}
		at = at[:cut]
		if at == "workload/items" {
			return nil
		}
	}
}

func (e *explainer) ratio() {
	r, at, name := e.r.Ratio, fmt.Sprintf("roles[%d].ratio", e.i), "roles/"+e.r.Name+"/ratio"
	if r == nil {
		e.say(0, "FTE", at, "", "No ratio drives this role.")
		return
	}
	for _, j := range e.c.roles[e.i].drivers {
		cl, n := &e.p.Classes[j], e.year.Classes[j].Count
		e.say(float64(n), "devices", fmt.Sprintf("classes[%d]", j), "classes/"+cl.Name+"/growth", "%s: %s in %d, growing %s a year, are %s in %d", cl.Name, whole(cl.Count), e.p.BaseYear, percent(cl.Growth.Mode), whole(n), e.year.Year)
	}
	for _, class := range r.Classes {
		if j := e.p.classNamed(class); j >= 0 && !slices.Contains(e.c.roles[e.i].drivers, j) {
			e.say(0, "devices", fmt.Sprintf("classes[%d].subset_of", j), "", "%s is a part of another class of this role and is not added again", e.p.Classes[j].Name)
		}
	}
	for _, j := range e.c.roles[e.i].leads {
		e.say(e.year.Roles[j].RequiredFTE, "FTE", fmt.Sprintf("roles[%d]", j), "", "%s: %s FTE, rounded", e.p.Roles[j].Name, number(e.year.Roles[j].RequiredFTE))
	}
	kind, per := "devices_per_fte", r.DevicesPerFTE
	switch {
	case r.FTEPerFTE > 0:
		kind, per = "fte_per_fte", r.FTEPerFTE
	case r.BedsPerFTE > 0:
		kind, per = "beds_per_fte", r.BedsPerFTE
	case r.ValuePerFTE > 0:
		kind, per = "value_per_fte", r.ValuePerFTE
	}
	e.say(e.got.RatioFTE, "FTE", at+"."+kind, name+"/"+kind, "Ratio: %s %s ÷ %s per FTE = %s FTE", number(e.got.Driver), e.got.DriverOf, number(per), number(e.got.RatioFTE))
}

func (e *explainer) workload() {
	items := e.c.roles[e.i].items
	for _, j := range items {
		it := &e.p.Workload.Items[j]
		h := e.c.itemHours(it, e.y, e.year)
		key := strings.Join(slices.DeleteFunc([]string{it.Role, it.Class, it.Name}, func(s string) bool { return s == "" }), " · ")
		path, name := fmt.Sprintf("workload.items[%d]", j), "workload/items/"+key+"/hours"
		var how string
		switch {
		case it.HoursPerYear > 0:
			how = fmt.Sprintf("%s h a year", number(it.HoursPerYear))
		case it.EventsPerYear > 0:
			how = fmt.Sprintf("%s events × %s h", number(it.EventsPerYear), number(it.Hours.Mode))
		default:
			cy := e.year.Classes[e.c.classOf[fold(it.Class)]]
			switch {
			case it.PerAdded > 0:
				how = fmt.Sprintf("%s added or replaced × %s × %s h", whole(cy.Added+cy.Replaced), number(it.PerAdded), number(it.Hours.Mode))
			case it.PerRetired > 0:
				how = fmt.Sprintf("%s retired or replaced × %s × %s h", whole(cy.Retired+cy.Replaced), number(it.PerRetired), number(it.Hours.Mode))
			default:
				how = fmt.Sprintf("%s devices × %s a year × %s h", whole(cy.Count), number(it.PerDeviceYear.Mode), number(it.Hours.Mode))
			}
			if taken := e.p.Classes[e.c.classOf[fold(it.Class)]].taken(it.workOf()); taken > 0 {
				how += fmt.Sprintf(", less %s that a contract takes over", percent(taken))
			}
		}
		if it.Growth != 0 {
			how += fmt.Sprintf(", growing %s a year", percent(it.Growth))
		}
		label := it.Name
		if it.Class != "" {
			label += ", " + it.Class
		}
		e.say(h, "hours", path, name, "%s: %s = %s h", label, how, number(h))
	}
	if len(items) == 0 {
		e.say(0, "hours", "workload.items", "", "No work is listed for this role.")
		return
	}
	hours := e.c.roles[e.i].productive
	e.say(e.got.WorkloadFTE, "FTE", "workload.productive_hours", "workload/productive_hours/wrench_time", "Workload: %s h ÷ %s productive hours = %s FTE. Only listed work counts; a ratio assumes cover of everything.", number(e.got.WorkloadHours), number(hours), number(e.got.WorkloadFTE))
}

func (e *explainer) coverage() {
	any := false
	for j := range e.p.Coverage {
		k := &e.p.Coverage[j]
		if fold(k.Role) != fold(e.r.Name) {
			continue
		}
		fte, how, err := k.FTE(e.c.roles[e.i].available)
		if err != nil {
			continue
		}
		any = true
		label := k.Name
		if label == "" {
			label = "Somebody answers"
		}
		e.say(fte, "FTE", fmt.Sprintf("coverage[%d]", j), "", "%s: %s = %s FTE", label, how, number(fte))
	}
	if e.r.MinFTE > 0 {
		any = true
		e.say(e.r.MinFTE, "FTE", fmt.Sprintf("roles[%d].min_fte", e.i), "roles/"+e.r.Name+"/min_fte", "At least %s FTE, whatever the count", number(e.r.MinFTE))
	}
	if any {
		e.say(e.got.CoverageFTE, "FTE", "coverage", "", "Coverage: a floor of %s FTE (seats and desks add up; a rotation is a least number of people)", number(e.got.CoverageFTE))
	}
}

func (e *explainer) result() {
	g := e.got
	e.say(g.RawFTE, "FTE", "method", "", "%s binds: %s FTE (method: %s; coverage is always a floor)", strings.ToUpper(string(g.Binding[:1]))+string(g.Binding[1:]), number(g.RawFTE), e.p.Method)
	if e.p.Rounding.Step() > 0 {
		e.say(g.RequiredFTE, "FTE", "rounding", "", "Rounded up to the next %s: %s FTE", number(e.p.Rounding.Step()), number(g.RequiredFTE))
	}
	rise := math.Pow(1+e.p.WageEscalation, float64(e.y))
	e.say(g.Cost, e.p.Currency, fmt.Sprintf("roles[%d].salary", e.i), "roles/"+e.r.Name+"/salary", "%s FTE × %s × (1 + %s benefits) × %s = %s %s", number(g.RequiredFTE), money(e.r.Salary), percent(e.c.roles[e.i].benefits), number(rise), e.p.Currency, money(g.Cost))
	e.say(g.GapFTE, "FTE", fmt.Sprintf("roles[%d].current_fte", e.i), "roles/"+e.r.Name+"/current_fte", "Required %s − there now %s = a gap of %s FTE", number(g.RequiredFTE), number(g.CurrentFTE), number(g.GapFTE))
	if g.AvailableFTE != g.CurrentFTE {
		e.say(g.AvailableFTE, "FTE", fmt.Sprintf("roles[%d].hires", e.i), "", "With hires, ramp-up and places left empty by leavers: %s FTE at work on average", number(g.AvailableFTE))
	}
	if g.WorkloadHours > 0 {
		e.say(g.BacklogHours, "hours", "", "", "Listed work not done by then, added up over the years: %s h", number(g.BacklogHours))
	}
}
