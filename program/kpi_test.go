package program_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pons/fault"
	"pons/program"
	"pons/sqldb"
)

func number(n float64) *float64 { return &n }

// TestCatalogue holds the catalogue to what it asks of others.
func TestCatalogue(t *testing.T) {
	clarify(t, func(t *testing.T, p *program.Program, db *sqldb.DB) {
		ctx := context.Background()
		seen := map[string]bool{}
		for _, d := range program.DefaultKPIs() {
			if seen[d.ID] {
				t.Errorf("%s stands there twice", d.ID)
			}
			seen[d.ID] = true
			if d.Body.Source == "" || d.Body.Confidence == "" || d.Body.Date == "" {
				t.Errorf("%s has no source: %+v", d.ID, d.Body.Provenance)
			}
			k := d.Body
			k.Owner = "somebody"
			if _, err := p.SetKPI(ctx, d.ID, 0, k, "person:ann", ""); err != nil {
				t.Errorf("%s: %v", d.ID, err)
			}
		}
		for _, m := range program.Measures() {
			if !seen[m.Name] {
				t.Errorf("the measure %s moves no KPI", m.Name)
			}
		}
	})
}

func TestMeasures(t *testing.T) {
	m, _ := program.MeasureNamed("coverage")
	for _, c := range []struct {
		f          program.Figures
		known, few bool
		n          float64
	}{
		{program.Figures{}, false, false, 0},
		{program.Figures{program.Seen: 100}, false, false, 0},
		{program.Figures{program.Seen: 0, program.SeenCMMS: 0}, true, true, 0},
		{program.Figures{program.Seen: 9, program.SeenCMMS: 9}, true, true, 0},
		{program.Figures{program.Seen: 10, program.SeenCMMS: 9}, true, false, 90},
		{program.Figures{program.Seen: math.NaN(), program.SeenCMMS: 9}, false, false, 0},
		{program.Figures{program.Seen: math.Inf(1), program.SeenCMMS: 9}, false, false, 0},
	} {
		if v := m.Take(c.f); v.Known != c.known || v.Suppressed != c.few || v.Number != c.n {
			t.Errorf("%v: %+v", c.f, v)
		}
	}
	life, _ := program.MeasureNamed("pm-current-life")
	if v := life.Take(program.Figures{program.PMKnownLife: 40, program.PMLateLife: 1}); v.Number != 97.5 || v.Part != 39 {
		t.Errorf("the rest: %+v", v)
	}
	gap, _ := program.MeasureNamed("staffing-gap")
	if v := gap.Take(program.Figures{program.MissingFTE: 3.5, program.Heads: 9}); v.Number != 3.5 || v.Of != 0 {
		t.Errorf("the gap: %+v", v)
	}
	fresh, _ := program.MeasureNamed("freshness")
	if v := fresh.Take(program.Figures{program.SeenAgeP90: 5, program.Seen: 9}); !v.Suppressed {
		t.Errorf("a percentile of nine: %+v", v)
	}
}

// TestRatesAreSuppressedBelowTen draws figures: a rate of fewer than ten is never a number, others are always one.
func TestRatesAreSuppressedBelowTen(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		m := program.Measures()[r.IntN(len(program.Measures()))]
		of := float64(r.IntN(30))
		f := program.Figures{}
		f[m.Part] = float64(r.IntN(int(of) + 1))
		base := false
		for _, name := range []program.Figure{m.Of, m.SampleOf} {
			if name != "" {
				f[name], base = of, true
			}
		}
		v := m.Take(f)
		if !v.Known || v.Suppressed != (base && of < program.SmallestBase) || v.Suppressed && (v.Number != 0 || v.Part != 0) || math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
			t.Fatalf("%s of %v: %+v", m.Name, f, v)
		}
	}
}

func TestAgainstTarget(t *testing.T) {
	k := program.KPI{Better: program.Higher, Target: number(80)}
	low := program.KPI{Better: program.Lower, Target: number(10)}
	none := program.KPI{Better: program.Lower, Target: number(0)}
	for _, c := range []struct {
		k    program.KPI
		v    *float64
		want program.AgainstTarget
	}{{k, number(80), program.OnTarget}, {k, number(72), program.Near}, {k, number(71.9), program.OffTarget}, {k, nil, program.NoReading},
		{low, number(10), program.OnTarget}, {low, number(11), program.Near}, {low, number(11.1), program.OffTarget},
		{none, number(0), program.OnTarget}, {none, number(1), program.OffTarget}, {program.KPI{Better: program.Higher}, number(5), program.NoTarget}} {
		if got := c.k.Stands(program.Reading{Value: c.v}); got != c.want {
			t.Errorf("%v against %v: %s, want %s", c.v, c.k.Target, got, c.want)
		}
	}
	if got := k.Stands(program.Reading{Suppressed: true}); got != program.TooFew {
		t.Errorf("suppressed: %s", got)
	}
}

// TestRecordingADayTwiceChangesNothing holds the recording to its word on random figures.
func TestRecordingADayTwiceChangesNothing(t *testing.T) {
	clarify(t, func(t *testing.T, p *program.Program, db *sqldb.DB) {
		ctx := context.Background()
		r := rand.New(rand.NewPCG(4, 4))
		for back := 12; back >= 0; back-- {
			at := clarifyNow.AddDate(0, 0, -back)
			f := program.Figures{program.Devices: float64(r.IntN(40)), program.Reconciled: 3, program.Seen: 20, program.SeenCMMS: float64(r.IntN(20))}
			n, err := p.RecordDay(ctx, at, f, "server")
			if err != nil || n != 3 {
				t.Fatalf("%d measured, %v; want devices, reconciled, coverage", n, err)
			}
			before, err := p.Readings(ctx, "")
			if err != nil {
				t.Fatal(err)
			}
			entries := logged(t, db)
			if _, err := p.RecordDay(ctx, at, f, "server"); err != nil {
				t.Fatal(err)
			}
			after, err := p.Readings(ctx, "")
			if err != nil || len(after) != len(before) || len(after["coverage"]) != 13-back || logged(t, db) != entries {
				t.Fatalf("twice: %d, then %d readings; %v", len(before["coverage"]), len(after["coverage"]), err)
			}
		}
		all, _ := p.Readings(ctx, "2026-11-20")
		if len(all["coverage"]) != 1 || all["coverage"][0].Of == nil || *all["coverage"][0].Of != 20 {
			t.Errorf("since today: %+v", all["coverage"])
		}
		if n, err := p.RecordDay(ctx, clarifyNow, program.Figures{}, "server"); n != 0 || err != nil {
			t.Errorf("nothing known: %d, %v", n, err)
		}
		if again, _ := p.Readings(ctx, "2026-11-20"); len(again["coverage"]) != 1 {
			t.Error("a day of which nothing is known took the readings away")
		}
	})
}

// logged is how many entries the audit log has.
func logged(t *testing.T, db *sqldb.DB) (n int64) {
	t.Helper()
	if err := db.View(context.Background(), func(tx *sqldb.Tx) error {
		return tx.QueryRow(`SELECT COUNT(*) FROM audit_entry`).Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReadingsByHand(t *testing.T) {
	clarify(t, func(t *testing.T, p *program.Program, db *sqldb.DB) {
		ctx := context.Background()
		enter := func(kpi string, version int64, r program.Reading) (program.Reading, error) {
			r.Source = "work order system, export of the day"
			return p.Enter(ctx, kpi, version, r, "person:ann", "")
		}
		first, err := enter("pm-completion", 0, program.Reading{Day: "2026-10-31", Part: number(95), Of: number(100)})
		if err != nil || first.Value == nil || *first.Value != 95 || !first.Hand || first.Version != 1 {
			t.Fatalf("%+v, %v", first, err)
		}
		few, err := enter("pm-completion", 0, program.Reading{Day: "2026-09-30", Part: number(9), Of: number(9)})
		if err != nil || !few.Suppressed || few.Value != nil || few.Part != nil || *few.Of != 9 {
			t.Errorf("nine of nine: %+v, %v", few, err)
		}
		for field, r := range map[string]program.Reading{
			"day": {Day: "2026-11-21", Value: number(1)}, "value": {Day: "2026-11-01", Value: number(101)}, "of": {Day: "2026-11-01", Part: number(1)},
			"part": {Day: "2026-11-01", Part: number(11), Of: number(10)},
		} {
			if _, err := enter("pm-completion", 0, r); fault.Fields(err)[field] == "" {
				t.Errorf("%s: %v", field, err)
			}
		}
		for _, n := range []float64{math.NaN(), math.Inf(1), 1e15} {
			if _, err := enter("mttr", 0, program.Reading{Day: "2026-11-01", Value: &n}); fault.Fields(err)["value"] == "" {
				t.Errorf("%v: %v", n, err)
			}
		}
		if _, err := p.Enter(ctx, "mttr", 0, program.Reading{Day: "2026-11-01", Value: number(3)}, "person:ann", ""); fault.Fields(err)["source"] == "" {
			t.Errorf("without a source: %v", err)
		}
		if _, err := enter("nothing", 0, program.Reading{Day: "2026-11-01", Value: number(3)}); !errors.Is(err, fault.NotFound) {
			t.Errorf("no such KPI: %v", err)
		}
		if _, err := p.RecordDay(ctx, clarifyNow, program.Figures{program.Devices: 100, program.Reconciled: 60}, "server"); err != nil {
			t.Fatal(err)
		}
		if _, err := enter("reconciled", 0, program.Reading{Day: "2026-11-20", Value: number(61)}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.RecordDay(ctx, clarifyNow, program.Figures{program.Devices: 100, program.Reconciled: 70}, "server"); err != nil {
			t.Fatal(err)
		}
		latest := func() program.Reading {
			all, err := p.Readings(ctx, "")
			if err != nil || len(all["reconciled"]) != 1 {
				t.Fatalf("%+v, %v", all["reconciled"], err)
			}
			return program.Latest(all["reconciled"])
		}
		if r := latest(); !r.Hand || *r.Value != 61 {
			t.Errorf("a person's word goes first: %+v", r)
		}
		if _, err := p.RemoveReading(ctx, "reconciled", "2026-11-20", "person:ann", ""); err != nil {
			t.Fatal(err)
		}
		if r := latest(); r.Hand || *r.Value != 70 {
			t.Errorf("taken back: %+v", r)
		}
		if err := p.RestoreReading(ctx, "reconciled", "2026-11-20", 1, "person:ann"); err != nil {
			t.Fatal(err)
		}
		if r := latest(); !r.Hand || *r.Value != 61 {
			t.Errorf("and again: %+v", r)
		}
	})
}

func TestKPIsOfAHospital(t *testing.T) {
	clarify(t, func(t *testing.T, p *program.Program, db *sqldb.DB) {
		ctx := context.Background()
		own := program.KPI{Name: "Pumps searched for", Group: "Ours", Formula: "calls to the desk", Unit: "calls", Period: "week", Better: program.Lower, Target: number(5)}
		if _, err := p.SetKPI(ctx, "pump-search", 0, own, "person:ann", ""); err != nil {
			t.Fatal(err)
		}
		if err := p.PutAway(ctx, "coverage", true, "person:ann", "IT's computers"); err != nil {
			t.Fatal(err)
		}
		list, err := p.KPIs(ctx)
		if err != nil || len(list) != len(program.DefaultKPIs()) || list[len(list)-1].ID != "pump-search" {
			t.Fatalf("%d KPIs, %v", len(list), err)
		}
		away, err := p.KPIsAway(ctx)
		if err != nil || len(away) != 1 || away[0].ID != "coverage" {
			t.Errorf("put away: %+v, %v", away, err)
		}
		if n, err := p.RecordDay(ctx, clarifyNow, program.Figures{program.Seen: 100, program.SeenCMMS: 1}, "server"); n != 0 || err != nil {
			t.Errorf("what is put away is not measured: %d, %v", n, err)
		}
		if groups := program.Groups(list); groups[0] != "Inventory" || groups[len(groups)-1] != "Ours" {
			t.Errorf("groups %v", groups)
		}
		if err := p.PutAway(ctx, "coverage", false, "person:ann", ""); err != nil {
			t.Fatal(err)
		}
		if _, err := p.RestoreKPI(ctx, "pump-search", 0, "person:ann"); err != nil {
			t.Fatal(err)
		}
		if list, _ := p.KPIs(ctx); len(list) != len(program.DefaultKPIs()) {
			t.Errorf("%d KPIs after the undo", len(list))
		}
		if _, err := p.KPI(ctx, "pump-search"); !errors.Is(err, fault.NotFound) {
			t.Errorf("undone: %v", err)
		}
		for field, k := range map[string]program.KPI{
			"measure": {Measure: "magic"}, "period": {Period: "fortnight"}, "better": {Better: "sideways"}, "target": {Unit: "%", Target: number(120)}, "name": {},
		} {
			if _, err := p.SetKPI(ctx, "x", 0, k, "person:ann", ""); fault.Fields(err)[field] == "" {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := p.SetKPI(ctx, "A KPI", 0, own, "person:ann", ""); fault.Fields(err)["id"] == "" {
			t.Errorf("id: %v", err)
		}
	})
}

// TestSourcesCanBeOpened holds that no default names a note of ours as its source: nobody outside can open it.
func TestSourcesCanBeOpened(t *testing.T) {
	sources := []program.Provenance{program.MaturityOrigin(), program.RoadmapOrigin()}
	for _, k := range program.DefaultKPIs() {
		sources = append(sources, k.Body.Provenance)
	}
	for _, s := range sources {
		if s.Source == "" || strings.ContainsAny(s.Source, "§") || strings.Contains(s.Source, "domain") {
			t.Errorf("a source that nobody can open: %q", s.Source)
		}
	}
}
