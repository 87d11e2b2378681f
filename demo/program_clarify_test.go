package demo_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"pons/audit"
	"pons/demo"
	"pons/fact"
	"pons/inventory"
	"pons/ledger"
	"pons/product"
	"pons/program"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// TestClarify holds the demo's first phase to itself: every answer stands under a question of its guide, every
// objective meets a theme that is there and looks at KPIs with target and owner, and readings are of days that the
// inventory counted.
func TestClarify(t *testing.T) {
	ctx := context.Background()
	db := sqldbtest.Open(t, []sqldb.Schema{audit.Schema(), ledger.Schema(), inventory.Schema()})
	today := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	clock := today.AddDate(0, 0, -2)
	inv := inventory.New(db, product.Default(), func() time.Time { return clock })
	rows := func(yield func(fact.Record, error) bool) {
		for i, key := range []string{"CE-1", "CE-2", "CE-3"} {
			r := fact.Record{Source: "cmms", Subject: fact.Key{Kind: "row", Value: key}, File: "cmms.csv", Row: i + 1, Facts: []fact.Fact{{Attr: fact.ControlNumber, Value: key, Because: "column CE"}}}
			if !yield(r, nil) {
				return
			}
		}
	}
	if _, err := inv.Import(ctx, inventory.Import{Source: "cmms", Kind: "cmms", File: "cmms.csv", Actor: "test", Whole: true, Records: rows}); err != nil {
		t.Fatal(err)
	}
	for ; !clock.After(today); clock = clock.AddDate(0, 0, 1) {
		if err := inv.RecordDay(ctx); err != nil {
			t.Fatal(err)
		}
	}
	p := program.New(db, func() time.Time { return today })
	if err := demo.Clarify(ctx, db, p, inv, today); err != nil {
		t.Fatal(err)
	}
	talks, err := p.Interviews().List(ctx)
	if err != nil || len(talks) != 8 {
		t.Fatalf("%d interviews, %v", len(talks), err)
	}
	answers := 0
	for _, e := range talks {
		guide, err := p.Guide(ctx, e.Body.Role)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range e.Body.Answers {
			answers++
			if a.Question != "" && !slices.ContainsFunc(guide.Body.Questions, func(q program.Question) bool { return q.Text == a.Question }) {
				t.Errorf("%s: %q is no question of the guide", e.Body.Who, a.Question)
			}
		}
	}
	if answers != 40 {
		t.Errorf("%d answers, want 40", answers)
	}
	themes, loose := program.Themes(talks)
	if len(loose) != 0 || len(themes) != 9 {
		t.Errorf("%d themes, %d answers without one", len(themes), len(loose))
	}
	objectives, err := p.Objectives().List(ctx)
	if err != nil || len(objectives) != 6 {
		t.Errorf("%d objectives, %v", len(objectives), err)
	}
	for _, o := range objectives {
		for _, key := range o.Body.Themes {
			if !slices.ContainsFunc(themes, func(th program.Theme) bool { return th.Key == key }) {
				t.Errorf("%s meets %q, of which nobody speaks", o.Body.Title, key)
			}
		}
		for _, id := range o.Body.KPIs {
			if k, err := p.KPI(ctx, id); err != nil || k.Body.Target == nil && id != "coverage-medical" || k.Body.Owner == "" {
				t.Errorf("%s looks at %s, which has no target or owner: %v", o.Body.Title, id, err)
			}
		}
	}
	readings, err := p.Readings(ctx, "")
	if err != nil || len(readings["devices"]) != 3 || len(readings["mttr"]) != 0 || !readings["reconciled"][0].Suppressed {
		t.Errorf("readings: %+v, %v", readings, err)
	}
	signed, err := p.Baselines(ctx)
	if err != nil || len(signed) != 1 || !signed[0].Body.Holds() || !signed[0].Locked || signed[0].Body.Devices != 3 {
		t.Errorf("baseline: %+v, %v", signed, err)
	}
}
