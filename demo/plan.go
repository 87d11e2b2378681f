package demo

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"pons/column"
	"pons/inventory"
	"pons/ledger"
	"pons/plan"
	"pons/query"
	"pons/sqldb"
	"pons/staff"
)

// saidBy is the source of every figure of the plans that is not Pons's own or counted.
const saidBy = "invented for the demo"

// Plans writes the demo's scenarios of the resource plan, made from its inventory and its people as of a day, and the
// first of them as a plan file. It says how many there are, and leaves a list that is not empty alone.
func Plans(ctx context.Context, db *sqldb.DB, inv *inventory.Inventory, file string, by ledger.By) (int, error) {
	scenarios := plan.NewScenarios(db, func() time.Time { return by.At })
	var there []ledger.Entry[plan.Scenario]
	var people []staff.Person
	err := db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if there, err = scenarios.List(tx); err != nil {
			return err
		}
		people, err = staff.New().People(tx)
		return err
	})
	if err != nil || len(there) > 0 {
		return len(there), err
	}
	now, err := countedPlan(ctx, inv, by.At)
	if err != nil {
		return 0, err
	}
	asWeAre(now, people, by.At.UTC().Format(time.DateOnly))
	text, err := now.Text()
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return 0, err
	}
	first, err := scenarios.Add(ctx, by.Actor, "from the inventory", plan.Scenario{Name: "As we are", About: "The devices and the people of today; nobody comes, nothing is bought beside the usual.", Plan: *now})
	if err != nil {
		return 0, fmt.Errorf("demo: plan: %w", err)
	}
	origin := &plan.Origin{ID: first.ID, Version: first.Version, Name: first.Body.Name}
	for _, s := range []plan.Scenario{
		{Name: "Grow with the connected devices", About: "Connected devices grow faster than the rest, smart pumps come to Saltfen, and the people for them are hired.", Plan: *growing(now.Copy()), From: origin},
		{Name: "Contract imaging out", About: "CT, MR, X-ray rooms and mammography go to the makers; one engineer looks after the contracts.", Plan: *contracted(now.Copy()), From: origin},
	} {
		if _, err := scenarios.Add(ctx, by.Actor, "from "+first.Body.Name, s); err != nil {
			return 0, fmt.Errorf("demo: plan %s: %w", s.Name, err)
		}
	}
	_, err = scenarios.Lock(ctx, by.Actor, first.ID, true)
	return 3, err
}

// countedPlan is the template with the counts of the demo's inventory.
func countedPlan(ctx context.Context, inv *inventory.Inventory, at time.Time) (*plan.Plan, error) {
	index, err := inventory.NewIndex(inv)
	if err != nil {
		return nil, err
	}
	if err := index.Refresh(ctx); err != nil {
		return nil, err
	}
	list, table := index.View()
	count := func(question string) (int, error) {
		expr, err := query.Parse(list.Schema(), question)
		if err != nil {
			return 0, err
		}
		page, err := table.Find(column.Request{Expr: expr, Now: at, Limit: 1})
		return page.Total, err
	}
	all, err := count("")
	if err != nil {
		return nil, err
	}
	p, err := plan.Template("USD", at.UTC().Year()).Recount(plan.Baseline{AsOf: at.UTC().Format(time.DateOnly), Taken: at.UTC().Format(time.RFC3339), Revision: int64(index.Rev()), Devices: all}, count)
	if err != nil {
		return nil, fmt.Errorf("demo: plan: %w", err)
	}
	p.Name = "Quillmere Health"
	p.Note = "Counts are those of the made-up inventory; people, contracts and projects are invented."
	return p, nil
}

// asWeAre adds what no template can know: who is here, the work that no list of devices tells of, and who must be there
// at which hour.
func asWeAre(p *plan.Plan, people []staff.Person, day string) {
	say := func(path, value, unit string) {
		p.Assumptions = append(p.Assumptions, plan.Assumption{Path: path, Value: value, Unit: unit, Source: saidBy, Date: day, Confidence: plan.Stated})
	}
	fte := map[string]float64{}
	for _, one := range people {
		if (one.Start == "" || string(one.Start) <= day) && (one.End == "" || string(one.End) >= day) {
			title := strings.ReplaceAll(one.Title, "-", " ")
			if title == "BMET I" || title == "BMET II" {
				title = "BMET I/II"
			}
			fte[strings.ToLower(title)] += one.FTE
		}
	}
	for i := range p.Roles {
		r := &p.Roles[i]
		r.RampMonths, r.FillMonths, r.Attrition = 6, 4, 0.08
		if v := fte[strings.ToLower(r.Name)]; v > 0 {
			r.CurrentFTE = v
			p.Assumptions = append(p.Assumptions, plan.Assumption{Path: "roles/" + r.Name + "/current_fte", Value: fmt.Sprint(v), Unit: "FTE", Source: "the staff list: people with this title", Date: day, Confidence: plan.Counted})
		}
		for _, of := range []struct{ field, value, unit string }{{"ramp_up_months", "6", "months"}, {"months_to_fill", "4", "months"}, {"attrition", "8 %", "a year"}} {
			say("roles/"+r.Name+"/"+of.field, of.value, of.unit)
		}
	}
	for _, it := range []plan.Item{
		{Role: "BMET I/II", Name: "calls from the wards", Work: plan.Other, EventsPerYear: 4800, Growth: 0.02, Hours: plan.Range{Low: 0.4, Mode: 0.6, High: 1}},
		{Role: "BMET I/II", Name: "moves and installations", Work: plan.Project, EventsPerYear: 700, Hours: plan.Range{Low: 1, Mode: 1.5, High: 2.5}},
		{Role: "Clinical systems engineer", Class: "connected medical", Name: "interfaces and integration", Work: plan.Project, PerDeviceYear: plan.Range{Low: 0.3, Mode: 0.5, High: 0.8}, Hours: plan.Range{Low: 3, Mode: 4, High: 6}},
		{Role: "IT support", Class: "IT endpoints", Name: "tickets", Work: plan.CM, PerDeviceYear: plan.Range{Low: 1.5, Mode: 2, High: 2.6}, Hours: plan.Range{Low: 0.4, Mode: 0.6, High: 0.8}},
	} {
		p.Workload.Items = append(p.Workload.Items, it)
		parts := slices.DeleteFunc([]string{it.Role, it.Class, it.Name}, func(s string) bool { return s == "" })
		say("workload/items/"+strings.Join(parts, " · "), "", "")
	}
	p.Coverage = append(p.Coverage,
		plan.Coverage{Role: "BMET I/II", Name: "biomed shop, 06:00 to 22:00", Seats: 1, HoursPerWeek: 112},
		plan.Coverage{Role: "IT support", Name: "service desk, office hours", CallsPerHour: 12, HandleMinutes: 7, ServiceLevel: &plan.ServiceLevel{Seconds: 60, Share: 0.8}})
	p.Costs = append(p.Costs,
		plan.Cost{Name: "test equipment and calibration", Kind: "tools", PerYear: 85_000, Escalation: 0.03},
		plan.Cost{Name: "courses and certificates", Kind: "training", PerFTE: 1_800},
		plan.Cost{Name: "parts in-house", Kind: "parts", PerYear: 310_000, Escalation: 0.04})
	for i := range p.Costs {
		say("costs/"+p.Costs[i].Name, "", "")
	}
}

func planClass(p *plan.Plan, name string) *plan.Class {
	i := slices.IndexFunc(p.Classes, func(c plan.Class) bool { return c.Name == name })
	return &p.Classes[i]
}

func planRole(p *plan.Plan, name string) *plan.Role {
	i := slices.IndexFunc(p.Roles, func(r plan.Role) bool { return r.Name == name })
	return &p.Roles[i]
}

// growing is the plan in which connected devices come faster, and people for them.
func growing(p *plan.Plan) *plan.Plan {
	planClass(p, "connected medical").Growth = plan.Range{Low: 0.12, Mode: 0.16, High: 0.22}
	y := p.BaseYear
	for _, name := range []string{"biomed", "connected medical", "infusion pumps"} {
		c := planClass(p, name)
		c.Pipeline = append(c.Pipeline, plan.Change{Year: y + 1, Name: "Smart pumps at Saltfen", Add: 180}, plan.Change{Year: y + 3, Name: "Pumps of 2015, end of support", Replace: 120})
	}
	planRole(p, "Medical device security analyst").Hires = []plan.Hire{{Start: fmt.Sprintf("%d-02", y+1), FTE: 1, Note: "first analyst for medical devices"}}
	planRole(p, "Clinical systems engineer").Hires = []plan.Hire{{Start: fmt.Sprintf("%d-04", y+1), FTE: 1}, {Start: fmt.Sprintf("%d-01", y+3), FTE: 1}}
	planRole(p, "BMET III").Hires = []plan.Hire{{Start: fmt.Sprintf("%d-09", y+1), FTE: 1, Note: "for the on-call rotation"}}
	return p
}

// contracted is the plan in which the makers keep the imaging systems.
func contracted(p *plan.Plan) *plan.Plan {
	for name, price := range map[string]float64{"CT": 78_000, "MR": 96_000, "X-ray rooms": 21_000, "mammography": 24_000} {
		planClass(p, name).Contract = &plan.Contract{InForce: true, PricePerDevice: price, Covers: 0.85, Parts: true, PartsPerDevice: price / 3, Escalation: 0.035, Vendor: "the maker"}
	}
	planRole(p, "Imaging engineer").Ratio.DevicesPerFTE = 150
	for i := range p.Assumptions {
		if p.Assumptions[i].Path == "roles/Imaging engineer/ratio/devices_per_fte" {
			a := &p.Assumptions[i]
			a.Value, a.Source, a.Confidence, a.Note = "150", saidBy, plan.Stated, "Looks after contracts and first calls instead of repairs."
		}
	}
	return p
}
