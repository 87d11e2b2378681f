package program

import (
	"math"
	"testing"

	"pons/sqldb"
)

// TestStanding: an empty program stands nowhere; a begun one tells its milestones by day, its domains against their
// targets, and its KPIs with those off target first.
func TestStanding(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program, db *sqldb.DB) {
		ctx := t.Context()
		today := DayOf(p.now())
		s, err := p.Standing(ctx, today)
		if err != nil || len(s.Milestones)+len(s.Maturity)+len(s.KPIs) != 0 {
			t.Fatalf("an empty program: %+v, %v", s, err)
		}
		if err := p.StartRoadmap(ctx, settings(), true, tester); err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.PutTask(ctx, 0, Task{Title: "Long ago", Phase: "1", Start: "2026-01-05", Status: NotStarted}, tester, ""); err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.PutTask(ctx, 0, Task{Title: "Given up", Phase: "1", Start: "2026-02-05", Status: Dropped}, tester, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Assessments().Put(ctx, "", 0, Assessment{Date: "2026-11-01", Assessor: "Ann", Ratings: []Rating{{Domain: "inventory", Level: 2, Evidence: []Evidence{{Text: "the CMMS"}}}}}, tester, ""); err != nil {
			t.Fatal(err)
		}
		list, err := p.KPIs(ctx)
		if err != nil {
			t.Fatal(err)
		}
		value := 61.0
		var named string
		for _, e := range list {
			if e.Body.Unit == "%" && e.Body.Target != nil && e.Body.Better == Higher && *e.Body.Target > 80 {
				named = e.Body.Name
				if _, err := p.Enter(ctx, e.ID, 0, Reading{Day: today, Value: &value, Source: "a count"}, tester, ""); err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		if s, err = p.Standing(ctx, today); err != nil {
			t.Fatal(err)
		}
		if len(s.Milestones) < 2 || s.Milestones[0].Title != "Long ago" || !s.Milestones[0].Late || s.Milestones[0].Date != "2026-01-05" || s.Milestones[0].Phase == "" {
			t.Errorf("milestones %+v", s.Milestones)
		}
		for i, m := range s.Milestones {
			if m.Title == "Given up" || i > 0 && m.Date < s.Milestones[i-1].Date {
				t.Errorf("milestone %d: %+v", i, m)
			}
		}
		if len(s.Maturity) != len(Domains()) || s.Maturity[0] != (DomainStanding{"Inventory", 2, 3}) || s.Maturity[1].Level != 0 {
			t.Errorf("maturity %+v", s.Maturity)
		}
		if len(s.KPIs) != len(list) || s.KPIs[0].Name != named || s.KPIs[0].State != string(OffTarget) || s.KPIs[0].Met || s.KPIs[0].Value != 61 || len(s.KPIs[0].Trend) != 1 {
			t.Errorf("the first KPI is %+v, want %q", s.KPIs[0], named)
		}
		if last := s.KPIs[len(s.KPIs)-1]; !math.IsNaN(last.Value) || last.State != string(NoReading) {
			t.Errorf("the last KPI is %+v", last)
		}
	})
}
