package web

import (
	"fmt"
	"time"

	"pons/fault"
	"pons/plan"
)

// cosrFields are the columns of the cost of service ratio: path, label, style.
func cosrFields() [][3]string {
	return [][3]string{{"name", "Group", ""}, {"labor", "Labor", "num"}, {"contracts", "Contracts", "num"}, {"parts", "Parts", "num"}, {"time_and_material", "Time and material", "num"}, {"overhead", "Overhead", "num"},
		{"acquisition_value", "Acquisition value", "num"}, {"devices", "Devices", "num"}, {"devices_with_cost", "Devices with a cost", "num"}}
}

func (f *planForm) baselineSite() string {
	if f.P.Baseline == nil {
		return ""
	}
	return f.P.Baseline.Site
}

func (f *planForm) posted(name, saved string) string {
	if v, ok := f.Posted[name]; ok {
		return v[len(v)-1]
	}
	return saved
}

func (f *planForm) listed(path, label, list string) planField {
	d := f.field(path, label)
	d.List, d.Source, d.Default = list, nil, nil
	return d
}

func (f *planForm) freshFrom(list, field, label, names string) planField {
	d := f.fresh(list, field, label)
	d.List = names
	return d
}

// recountPlan previews a recount, and keeps it when it is posted.
func (s *Server) recountPlan(v *Visit) error {
	e, err := s.scenario(v)
	if err != nil {
		return err
	}
	asOf, site := v.Form("as_of"), v.Form("where")
	if _, err := time.Parse(time.DateOnly, asOf); asOf != "" && err != nil {
		return fmt.Errorf("%q is no day; write 2026-11-20: %w", asOf, fault.Invalid)
	}
	next, err := s.recounted(v, &e.Body.Plan, asOf, site)
	if wrong, ok := planMistakes(err); ok {
		f := &planForm{E: e, Step: "baseline", Wrong: wrong, Status: Bad, Text: "The inventory does not understand a question. Nothing was counted."}
		return s.drawStep(v, f, 422)
	}
	if err != nil {
		return err
	}
	if v.R.Method == "POST" {
		return s.keepRecount(v, e, next)
	}
	c, err := s.wholeInventory(v, asOf, site)
	if err != nil {
		return err
	}
	p := recountPage{E: e, AsOf: next.Baseline.AsOf, Site: site, Next: next}
	if p.NoCosts, err = c.costsLeftOut(); err != nil {
		return err
	}
	for i := range next.Classes {
		was, is := &e.Body.Plan.Classes[i], &next.Classes[i]
		if is.Inventory == "" {
			continue
		}
		p.Rows = append(p.Rows, recountRow{Name: is.Name, Question: c.question(is.Inventory), Href: askHref(c.question(is.Inventory)), Then: max(0, was.Count), Now: is.Count, ThenCost: was.UnitCost, NowCost: is.UnitCost})
		if was.Count != is.Count {
			p.Moved++
		}
	}
	return v.Render(planPage(e, "What the plan's counts would become. Nothing is changed until you take them."), p.View())
}

func (s *Server) keepRecount(v *Visit, e scenarioEntry, next *plan.Plan) error {
	version := planVersion(v)
	if version == 0 {
		version = e.Version
	}
	body := e.Body
	body.Plan = *next
	why := "recounted as of " + next.Baseline.AsOf
	if next.Baseline.Site != "" {
		why += " at " + next.Baseline.Site
	}
	after, err := s.plans.Save(v.Context(), v.Actor.String(), why, e.ID, version, body)
	if wrong, ok := planMistakes(err); ok {
		f := &planForm{E: e, Step: "baseline", Wrong: wrong, Status: Bad, Text: "The counts of the inventory do not fit the plan. Nothing was changed."}
		return s.drawStep(v, f, 422)
	}
	if err != nil {
		return err
	}
	flash := &Flash{Status: Good, Text: fmt.Sprintf("Recounted: %s devices as of %s.", Count(next.Baseline.Devices), next.Baseline.AsOf)}
	if c, err := s.wholeInventory(v, next.Baseline.AsOf, next.Baseline.Site); err == nil {
		if left, err := c.costsLeftOut(); err == nil && left != "" {
			flash.Text += " " + left
		}
	}
	if after.Version > e.Version {
		flash.Undo = fmt.Sprintf("%s?version=%d", planHref(e.ID, "restore"), e.Version)
	}
	return v.Redirect(planHref(e.ID, "baseline"), flash)
}

// riskSaid is the weight of a class in one line.
func riskSaid(c plan.Class) string {
	if c.Risk == 0 {
		return "Risk weight 1, when nobody says another"
	}
	return "Risk weight " + numberText(c.Risk, "")
}
