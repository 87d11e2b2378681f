package web

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"pons/fault"
	"pons/plan"
)

// whyPage is how one figure of a result came about, step by step.
type whyPage struct {
	*resultView
	Title, About string
	Steps        []whyStep
}

// whyStep is one rule that was applied. Field leads to where it can be changed, More to how its value came about, Rows
// to the devices that were counted.
type whyStep struct {
	Text, Value, Unit string
	Source            *plan.Assumption
	Field, More       string
	Rows, RowsSaid    string // the devices that the plan counted
}

// planWhy is the walk from a figure of the results to the rules, values and sources that it is made of: of a role, of a
// class, or of all roles in one year.
func (s *Server) planWhy(v *Visit) error {
	r, err := s.result(v)
	if err != nil {
		return err
	}
	p := whyPage{resultView: r}
	year := r.year().Year
	switch class := v.Form("class"); {
	case class != "":
		err = p.class(class)
	case r.Role != "":
		p.Title, p.About = fmt.Sprintf("%s in %d", r.Role, year), "How the FTE, the cost and the gap of this role came about."
		err = p.role(r.Role, year)
	default:
		p.Title, p.About = fmt.Sprintf("All roles in %d", year), "What the sums of the year are made of."
		p.sum(r.year())
	}
	if err != nil {
		return err
	}
	if v.Part() {
		return v.Fragment(p.Side(v.R.URL.RequestURI()))
	}
	return v.Render(Page{Title: p.Title, About: p.About, Fresh: r.Entry.At, Crumbs: []Link{{"Scenarios", "/plan"}, {r.Entry.Body.Name, r.at("results")}}}, p.View())
}

func (p *whyPage) role(role string, year int) error {
	steps, err := p.Plan.Explain(p.Out, year, role)
	if err != nil {
		return err
	}
	for _, s := range steps {
		p.Steps = append(p.Steps, p.step(s))
	}
	if low, high, ok := p.bandOf(role, p.Y); ok {
		w := whyStep{Text: fmt.Sprintf("%s of %s draws lie between %s and %s FTE.", p.spanShare(), p.drawCount(), amount(round2(low)), amount(round2(high))), Value: p.bandText(role, p.Y), Unit: "FTE"}
		p.Steps = append(p.Steps, w)
	}
	if e := p.enough(role, p.Y); !math.IsNaN(e) {
		p.Steps = append(p.Steps, whyStep{Text: "Share of the draws in which the people at work are enough.", Value: shareText(e), Unit: "of draws"})
	}
	return nil
}

// spanShare is how many of the draws lie between the lowest and the highest percentile: "80 %".
func (r *resultView) spanShare() string {
	low, high, _ := r.span()
	return amount(r.Out.Percentiles.Percentiles[high]-r.Out.Percentiles.Percentiles[low]) + " %"
}

func (p *whyPage) step(s plan.Step) whyStep {
	w := whyStep{Text: s.Text, Value: amount(round2(s.Value)), Unit: s.Unit, Source: s.Source}
	if s.Unit == p.Plan.Currency {
		w.Value = coins(s.Value)
	}
	if s.Unit == "hours" && math.Abs(s.Value) >= 100 {
		w.Value = amount(round0(s.Value)) // a sum of hours
	}
	for i := range p.Plan.Classes {
		if c := &p.Plan.Classes[i]; s.Unit == "devices" && s.Path == fmt.Sprintf("classes[%d]", i) && c.Inventory != "" {
			w.Rows, w.RowsSaid = countedHref(p.Plan, c.Inventory), fmt.Sprintf("the devices: %s in %d", Count(c.Count), p.Plan.BaseYear)
		}
	}
	if p.Version == 0 {
		w.Field = fieldHref(p.Entry.ID, s.Path)
	}
	return w
}

// sum adds up the roles and the money of a year.
func (p *whyPage) sum(y *plan.Year) {
	add := func(w whyStep) { p.Steps = append(p.Steps, w) }
	cur := p.Plan.Currency
	for i := range y.Roles {
		x := &y.Roles[i]
		text := fmt.Sprintf("%s: %s FTE, %s binds; %s %s", x.Name, amount(x.RequiredFTE), x.Binding, coins(x.Cost), cur)
		if peopleKnown(p.Plan) {
			text += fmt.Sprintf("; there now: %s", amount(x.CurrentFTE))
		}
		add(whyStep{Text: text, Value: amount(x.RequiredFTE), Unit: "FTE", More: p.why(x.Name, p.Y)})
	}
	add(whyStep{Text: "Needed: the sum of the roles, each rounded before it is added", Value: amount(y.TotalFTE), Unit: "FTE"})
	if short, roles, over, overRoles := shortOf(p.Plan, y); !math.IsNaN(short) {
		add(whyStep{Text: fmt.Sprintf("Missing: the gaps of %d %s that have too few people. The %s FTE that %d %s more than needed fill no other role's gap", roles, plural(roles, "role", "roles"), amount(over), overRoles, plural(overRoles, "role has", "roles have")), Value: amount(short), Unit: "FTE"})
	}
	add(whyStep{Text: "Wages and benefits of the needed FTE", Value: coins(y.TotalCost), Unit: cur, Field: p.field("wage_escalation"), Source: p.Plan.Source("wage_escalation")})
	for _, part := range []struct {
		name, path string
		amount     float64
	}{{"Contracts in force, by class", "classes[0]", y.Contracts}, {"Parts of devices that are kept in-house", "classes[0]", y.Parts}, {"Standing by and being called out", "coverage", y.OnCall}} {
		if part.amount != 0 {
			add(whyStep{Text: part.name, Value: coins(part.amount), Unit: cur, Field: p.field(part.path)})
		}
	}
	for _, o := range y.OtherBy {
		add(whyStep{Text: o.Name, Value: coins(o.Amount), Unit: cur, Field: p.field("costs")})
	}
	add(whyStep{Text: "All spend of the year", Value: coins(y.Spend), Unit: cur})
}

func (p *whyPage) field(path string) string {
	if p.Version > 0 {
		return ""
	}
	return fieldHref(p.Entry.ID, path)
}

// class walks through the count of a class.
func (p *whyPage) class(name string) error {
	i := slices.IndexFunc(p.Plan.Classes, func(c plan.Class) bool { return c.Name == name })
	if i < 0 {
		return fmt.Errorf("the plan has no class %s: %w", name, fault.NotFound)
	}
	c, y, got := &p.Plan.Classes[i], p.year(), p.year().Classes[i]
	path := fmt.Sprintf("classes[%d]", i)
	p.Title, p.About = fmt.Sprintf("%s in %d", c.Name, y.Year), "How the count of this class came about."
	add := func(w whyStep) { p.Steps = append(p.Steps, w) }
	base := whyStep{Text: fmt.Sprintf("Typed in for %d", p.Plan.BaseYear), Value: Count(c.Count), Unit: "devices", Field: p.field(path + ".count"), Source: p.Plan.Source("classes/" + c.Name + "/count")}
	if c.Inventory != "" {
		base.Text, base.Rows = "Answer of the inventory to: "+c.Inventory, countedHref(p.Plan, c.Inventory)
		base.RowsSaid = "the devices"
		if b := p.Plan.Baseline; b != nil {
			base.Text += fmt.Sprintf(" (as of %s)", b.AsOf)
		}
	}
	add(base)
	add(whyStep{Text: fmt.Sprintf("Growth, compounding, most likely; drawn between %s and %s %%", amount(round2(100*c.Growth.Low)), amount(round2(100*c.Growth.High))), Value: amount(round2(100 * c.Growth.Mode)), Unit: "% a year", Field: p.field(path + ".growth"), Source: p.Plan.Source("classes/" + c.Name + "/growth")})
	for _, ch := range c.Pipeline {
		if ch.Year <= y.Year {
			add(whyStep{Text: fmt.Sprintf("%d: %s adds %s, retires %s, replaces %s", ch.Year, orUnknown(ch.Name), Count(ch.Add), Count(ch.Retire), Count(ch.Replace)), Value: signed(float64(ch.Add - ch.Retire)), Unit: "devices", Field: p.field(path + ".pipeline")})
		}
	}
	add(whyStep{Text: fmt.Sprintf("Count in %d: the base × (1 + growth)^%d, rounded, and the projects until then", y.Year, y.Year-p.Plan.BaseYear), Value: Count(got.Count), Unit: "devices"})
	if got.Added+got.Retired+got.Replaced > 0 {
		add(whyStep{Text: fmt.Sprintf("In the year %s come, %s go and %s are replaced: work of incoming inspection and decommission", Count(got.Added), Count(got.Retired), Count(got.Replaced)), Value: Count(got.Added + got.Replaced), Unit: "devices come", Field: p.field(path + ".expected_life"), Source: p.Plan.Source("classes/" + c.Name + "/expected_life")})
	}
	for _, of := range c.SubsetOf {
		add(whyStep{Text: "Its devices are part of " + of + ": a role that is driven by both counts them once", Value: "", Unit: "", Field: p.field(path + ".subset_of")})
	}
	return nil
}

// about is a step's source in one line.
func (w whyStep) about() string {
	a := w.Source
	if a == nil {
		return ""
	}
	text := a.Source
	if a.Date != "" {
		text += ", " + a.Date
	}
	return text
}

func (w whyStep) number(i int) string { return strconv.Itoa(i + 1) }

// changeWord is what a link to a field says: who may not change a plan looks at it.
func changeWord(ctx context.Context) string {
	if mayPlan(ctx) {
		return "change"
	}
	return "look at the field"
}
