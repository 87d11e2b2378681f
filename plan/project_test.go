package plan_test

import (
	"math"
	"os"
	"strconv"
	"testing"

	"pons/plan"
)

func read(t testing.TB, file string) *plan.Plan {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, _, err := plan.Read(file, f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func project(t testing.TB, p *plan.Plan) *plan.Projection {
	t.Helper()
	out, err := p.Project()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestExampleA is §1.8 of the domain note, every figure of it: money to the cent.
func TestExampleA(t *testing.T) {
	got := project(t, read(t, "example_a.yaml"))
	counts := map[string][4]int{
		"biomed": {6000, 6180, 6365, 6556}, "imaging": {180, 184, 187, 191}, "connected medical": {2400, 2688, 3011, 3372},
		"IT endpoints": {7500, 7800, 8112, 8436}, "IoT/OT": {1200, 1380, 1587, 1825},
	}
	type want struct {
		raw, fte float64
		cost     string
	}
	roles := map[string][4]want{
		"BMET I/II":     {{6, 6, "499200.00"}, {6.18, 6.25, "538200.00"}, {6.365, 6.5, "579318.48"}, {6.556, 6.75, "622655.96"}},
		"BMET III":      {{3, 3, "314880.00"}, {3.09, 3.25, "353059.20"}, {3.1825, 3.25, "365416.27"}, {3.278, 3.5, "407298.60"}},
		"Imaging eng.":  {{4, 4, "537600.00"}, {4.0889, 4.25, "591192.00"}, {4.1556, 4.25, "611883.72"}, {4.2444, 4.25, "633299.65"}},
		"Clin. systems": {{2, 2, "256000.00"}, {2.24, 2.25, "298080.00"}, {2.5092, 2.75, "377071.20"}, {2.81, 3, "425747.66"}},
		"MD security":   {{1.2, 1.25, "179200.00"}, {1.356, 1.5, "222566.40"}, {1.5327, 1.75, "268748.93"}, {1.7323, 1.75, "278155.14"}},
		"IT support":    {{15, 15, "1152000.00"}, {15.6, 15.75, "1251936.00"}, {16.224, 16.25, "1336888.80"}, {16.872, 17, "1447542.06"}},
		"Network":       {{2.775, 3, "376320.00"}, {2.967, 3, "389491.20"}, {3.1775, 3.25, "436717.01"}, {3.4082, 3.5, "486771.50"}},
		"HTM manager":   {{1.25, 1.25, "188800.00"}, {1.3333, 1.5, "234489.60"}, {1.3958, 1.5, "242696.74"}, {1.4583, 1.5, "251191.12"}},
	}
	totals := [4]want{{0, 35.5, "3504000.00"}, {0, 37.75, "3879014.40"}, {0, 39.5, "4218741.14"}, {0, 41.25, "4552661.69"}}
	if len(got.Years) != 4 {
		t.Fatalf("%d years, want 4", len(got.Years))
	}
	for y, year := range got.Years {
		if year.Year != 2026+y {
			t.Errorf("year %d is %d", y, year.Year)
		}
		for _, c := range year.Classes {
			if c.Count != counts[c.Name][y] {
				t.Errorf("%d: %d of %s, want %d", year.Year, c.Count, c.Name, counts[c.Name][y])
			}
		}
		for _, r := range year.Roles {
			w := roles[r.Name][y]
			if math.Abs(r.RatioFTE-w.raw) > 5.0001e-5 || r.RequiredFTE != w.fte || cents(r.Cost) != w.cost || r.Binding != plan.ByRatio {
				t.Errorf("%d %s: %.4f → %.2f, %s by %s, want %.4f → %.2f, %s", year.Year, r.Name, r.RatioFTE, r.RequiredFTE, cents(r.Cost), r.Binding, w.raw, w.fte, w.cost)
			}
		}
		if year.TotalFTE != totals[y].fte || cents(year.TotalCost) != totals[y].cost {
			t.Errorf("%d: %.2f FTE, %s, want %.2f, %s", year.Year, year.TotalFTE, cents(year.TotalCost), totals[y].fte, totals[y].cost)
		}
	}
}

func cents(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

// TestExampleB is §1.9: hours from lines of work, and the ratio beside them that sees something else.
func TestExampleB(t *testing.T) {
	r := project(t, read(t, "example_b.yaml")).Years[0].Roles[0]
	if math.Abs(r.WorkloadHours-3649.2) > 1e-9 || math.Abs(r.WorkloadFTE-3649.2/1338) > 1e-12 || r.RequiredFTE != 2.75 || r.Binding != plan.ByWorkload {
		t.Errorf("%.2f h, %.4f FTE → %.2f by %s, want 3649.20 h, 2.7274 → 2.75 by workload", r.WorkloadHours, r.WorkloadFTE, r.RequiredFTE, r.Binding)
	}
	if math.Abs(r.RatioFTE-9) > 1e-9 {
		t.Errorf("ratio %.4f, want 9: subsets beside their superset are not added again", r.RatioFTE)
	}
	hours := map[plan.Work]float64{}
	for _, h := range r.Hours {
		hours[h.Work] = h.Hours
	}
	for work, want := range map[plan.Work]float64{plan.PM: 1510.2, plan.CM: 1281.5, plan.Incoming: 337.5, plan.Recall: 120, plan.Project: 400} {
		if math.Abs(hours[work]-want) > 1e-9 {
			t.Errorf("%s: %.2f h, want %.2f", work, hours[work], want)
		}
	}
}

// TestErlangTable is the table of §1.5, to six digits of the probability and the digits it gives of the rest.
func TestErlangTable(t *testing.T) {
	for _, w := range []struct {
		calls, minutes                      float64
		agents                              int
		load                                float64
		wait, answer, level20, level60, occ string
	}{
		{18, 6, 2, 1.8, "0.852632", "1534.737", "0.1568", "0.1753", "0.900"},
		{18, 6, 3, 1.8, "0.354745", "106.423", "0.6681", "0.7096", "0.600"},
		{18, 6, 4, 1.8, "0.128534", "21.033", "0.8863", "0.9109", "0.450"},
		{18, 6, 5, 1.8, "0.040497", "4.556", "0.9661", "0.9762", "0.360"},
		{60, 4, 5, 4.0, "0.554113", "132.987", "0.4902", "0.5685", "0.800"},
		{60, 4, 6, 4.0, "0.284761", "34.171", "0.7590", "0.8273", "0.667"},
	} {
		e := plan.ErlangC(w.calls, w.minutes, w.agents)
		got := [...]string{digits(e.Wait, 6), digits(e.AnswerSeconds, 3), digits(e.Level(20), 4), digits(e.Level(60), 4), digits(e.Occupancy, 3)}
		if want := [...]string{w.wait, w.answer, w.level20, w.level60, w.occ}; got != want || e.Load != w.load {
			t.Errorf("%g calls of %g min, %d agents: %v, want %v", w.calls, w.minutes, w.agents, got, want)
		}
	}
	if n, err := plan.AgentsFor(18, 6, plan.ServiceLevel{Seconds: 60, Share: 0.9}, 0); n != 4 || err != nil {
		t.Errorf("least agents for 90 %% in 60 s: %d, %v, want 4", n, err)
	}
	if e := plan.ErlangC(60, 4, 4); e.Wait != 1 || e.Level(1e6) != 0 || !math.IsInf(e.AnswerSeconds, 1) {
		t.Errorf("a desk with as much load as agents: %+v, want a queue without end", e)
	}
}

// TestHalves holds that halves go away from zero as by hand, also where a computer's fractions fall short of the half.
func TestHalves(t *testing.T) {
	for _, w := range []struct {
		count  int
		growth float64
		want   [3]int
	}{{70, 0.15, [3]int{70, 81, 93}}, {200, 0.15, [3]int{200, 230, 265}}, {10, 0.05, [3]int{10, 11, 11}}, {50, 0.01, [3]int{50, 51, 51}}, {150, -0.03, [3]int{150, 146, 141}}} {
		p := read(t, "example_a.yaml")
		p.Classes[0].Count, p.Classes[0].Growth, p.Classes[2].SubsetOf = w.count, plan.Exactly(w.growth), nil
		out := project(t, p)
		for y, want := range w.want {
			if got := out.Years[y].Classes[0].Count; got != want {
				t.Errorf("%d growing %g: %d in year %d, want %d", w.count, w.growth, got, y, want)
			}
		}
	}
}

func digits(v float64, n int) string { return strconv.FormatFloat(v, 'f', n, 64) }
