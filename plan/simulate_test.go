package plan_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"pons/fault"
	"pons/plan"
)

func simulate(t testing.TB, p *plan.Plan) *plan.Percentiles {
	t.Helper()
	out, err := p.Simulate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// invented makes a sound plan out of nothing but a generator. What may be uncertain is when chance is set.
func invented(g *rand.Rand, chance bool) *plan.Plan {
	pick := func(list ...float64) float64 { return list[g.IntN(len(list))] }
	wide := func(v float64) plan.Range {
		if !chance || g.IntN(3) == 0 {
			return plan.Exactly(v)
		}
		return plan.Range{Low: v * (0.3 + 0.6*g.Float64()), Mode: v, High: v * (1.1 + g.Float64())}
	}
	p := &plan.Plan{Currency: "EUR", BaseYear: 2026, Horizon: g.IntN(6), WageEscalation: 0.035, Benefits: 0.28,
		Rounding: []plan.Rounding{plan.NoRounding, plan.QuarterUp, plan.HalfUp, plan.IntegerUp}[g.IntN(4)],
		Method:   []plan.Method{plan.ByRatio, plan.ByWorkload, plan.ByGreater}[g.IntN(3)], Beds: 300, BedGrowth: 0.01}
	p.Workload.Hours = plan.DefaultHours()
	classes, roles := 1+g.IntN(6), 1+g.IntN(6)
	for i := range classes {
		cl := plan.Class{Name: fmt.Sprintf("class %d", i), Count: g.IntN(5000), Growth: wide(pick(0, 0.02, 0.08, 0.15)), UnitCost: 1000 + 500*float64(i), Risk: pick(0, 1, 3)}
		if g.IntN(3) == 0 {
			cl.ExpectedLife = 7
		}
		if p.Horizon > 0 && g.IntN(3) == 0 {
			cl.Pipeline = []plan.Change{{Year: 2026 + 1 + g.IntN(p.Horizon), Add: g.IntN(200), Retire: g.IntN(100), Replace: g.IntN(50)}}
		}
		if g.IntN(3) == 0 {
			cl.Contract = &plan.Contract{InForce: g.IntN(2) == 0, PricePerDevice: 120, Covers: 0.8, PartsPerDevice: 15, Escalation: 0.04, Parts: g.IntN(2) == 0}
		}
		p.Classes = append(p.Classes, cl)
	}
	for i := range roles {
		r := plan.Role{Name: fmt.Sprintf("role %d", i), Salary: 60_000 + 7_000*float64(i), CurrentFTE: float64(g.IntN(20)) / 4}
		switch g.IntN(5) {
		case 0:
			r.Ratio = &plan.Ratio{BedsPerFTE: 40}
		case 1:
			r.Ratio = &plan.Ratio{ValuePerFTE: 2e6, Classes: []string{"class 0"}}
		case 2:
			if i > 0 {
				r.Ratio = &plan.Ratio{FTEPerFTE: 8, Roles: []string{"role 0", fmt.Sprintf("ROLE %d", i-1)}}
			}
		default:
			r.Ratio = &plan.Ratio{DevicesPerFTE: 400 + 100*float64(i), Classes: []string{fmt.Sprintf("class %d", g.IntN(classes))}}
		}
		if g.IntN(3) == 0 {
			r.Hires = []plan.Hire{{Start: "2027-04", FTE: 1.5}}
			r.RampMonths = 6
		}
		if chance {
			r.Attrition, r.FillMonths = 0.12, 5
		}
		p.Roles = append(p.Roles, r)
	}
	for i := range g.IntN(12) {
		it := plan.Item{Role: fmt.Sprintf("role %d", g.IntN(roles)), Name: fmt.Sprintf("work %d", i), Hours: wide(pick(0.5, 1, 2.5)), Growth: pick(0, 0.03)}
		switch {
		case g.IntN(4) == 0:
			it.HoursPerYear = 200
		case g.IntN(3) == 0:
			it.EventsPerYear = 450
		case g.IntN(2) == 0:
			it.Class, it.Growth = fmt.Sprintf("class %d", g.IntN(classes)), 0
			it.PerAdded, it.PerRetired = 0.75, pick(0, 0.5)
		case chance:
			it.Class, it.Growth = fmt.Sprintf("class %d", g.IntN(classes)), 0
			it.PerDeviceYear = wide(pick(0.01, 0.3, 1, 2))
		default:
			it.EventsPerYear = 10
		}
		p.Workload.Items = append(p.Workload.Items, it)
	}
	p.Coverage = []plan.Coverage{{Role: "role 0", Seats: 1, HoursPerWeek: pick(10, 168)}, {Role: fmt.Sprintf("role %d", roles-1), OnCall: &plan.OnCall{MaxShare: 0.25, StandbyRate: 4, CallOuts: 110, CallHours: 2.5, HourlyWage: 38}}}
	p.Costs = []plan.Cost{{Name: "tools", PerYear: 10_000, PerFTE: 500, Roles: []string{"role 0"}}, {Name: "training", PerFTE: 900, From: 2027, Escalation: 0.02}}
	return p
}

// TestSimulateIsProject: where nothing is uncertain every percentile is the projection's number, to the last bit for
// people, to rounding of sums for money.
func TestSimulateIsProject(t *testing.T) {
	g := rand.New(rand.NewPCG(11, 12))
	for n := range 300 {
		p := invented(g, false)
		p.Simulation = plan.Simulation{Draws: 1 + g.IntN(700), Percentiles: []float64{1, 50, 99}}
		want, got := project(t, p), simulate(t, p)
		same := func(what string, y plan.YearPercentiles, want, slack float64) {
			for _, v := range append(y.Values, y.Mean) {
				if math.Abs(v-want) > slack*math.Abs(want) {
					t.Fatalf("plan %d, %d: %s %v mean %v, projected %v", n, y.Year, what, y.Values, y.Mean, want)
				}
			}
		}
		for y, year := range want.Years {
			everyone := 1.0
			for i, r := range year.Roles {
				of := got.Roles[i]
				same(r.Name, of.Years[y], r.RequiredFTE, 0)
				same(r.Name+" raw", of.Raw[y], r.RawFTE, 0)
				same(r.Name+" cost", of.Cost[y], r.Cost, 1e-12)
				enough := 0.0
				if r.AvailableFTE+1e-9 >= r.RequiredFTE {
					enough = 1
				}
				if *of.Years[y].Enough != enough {
					t.Fatalf("plan %d, %d %s: enough %g with %g of %g", n, year.Year, r.Name, *of.Years[y].Enough, r.AvailableFTE, r.RequiredFTE)
				}
				everyone = min(everyone, enough)
			}
			same("total", got.TotalFTE[y], year.TotalFTE, 0)
			same("cost", got.TotalCost[y], year.TotalCost, 1e-12)
			same("spend", got.TotalSpend[y], year.Spend, 1e-12)
			if *got.TotalFTE[y].Enough != everyone {
				t.Fatalf("plan %d, %d: all roles enough %g, want %g", n, year.Year, *got.TotalFTE[y].Enough, everyone)
			}
		}
	}
}

// TestSimulateIsTheSameEverywhere: the seed gives the numbers, not the processors, nor the order of the file, nor what
// else is in it.
func TestSimulateIsTheSameEverywhere(t *testing.T) {
	g := rand.New(rand.NewPCG(5, 6))
	p := invented(g, true)
	for len(p.Workload.Items) < 6 || p.Horizon < 3 || p.Method != plan.ByWorkload {
		p = invented(g, true)
	}
	p.Simulation = plan.Simulation{Draws: 3000, Seed: 42}
	was := runtime.GOMAXPROCS(1)
	one := simulate(t, p)
	runtime.GOMAXPROCS(5)
	five := simulate(t, p)
	runtime.GOMAXPROCS(was)
	if !reflect.DeepEqual(one, five) {
		t.Error("one and five processors differ")
	}
	turned := *p
	turned.Classes, turned.Workload.Items = slices.Clone(p.Classes), slices.Clone(p.Workload.Items)
	turned.Classes = append(turned.Classes, plan.Class{Name: "one more", Count: 10, Growth: plan.Range{Low: 0, Mode: 0.1, High: 0.2}})
	slices.Reverse(turned.Classes)
	slices.Reverse(turned.Workload.Items)
	after := simulate(t, &turned)
	for i := range one.Roles {
		for y := range one.Roles[i].Raw {
			for k, v := range one.Roles[i].Raw[y].Values {
				if w := after.Roles[i].Raw[y].Values[k]; math.Abs(v-w) > 1e-9*(1+v) {
					t.Errorf("%s %d: %v, in another order %v", one.Roles[i].Name, y, v, w)
				}
			}
		}
	}
	p.Simulation.Seed = 43
	if reflect.DeepEqual(one.TotalRaw, simulate(t, p).TotalRaw) {
		t.Error("another seed, the same numbers")
	}
}

// TestSlidersNeverGoBack: a growth rate that rises never lowers a percentile of FTE. Work that counts what comes and
// goes is left out: fewer retirements are less work.
func TestSlidersNeverGoBack(t *testing.T) {
	g := rand.New(rand.NewPCG(21, 22))
	for n := range 60 {
		p := invented(g, true)
		for i := range p.Workload.Items {
			p.Workload.Items[i].PerAdded, p.Workload.Items[i].PerRetired = 0, 0
			if it := &p.Workload.Items[i]; it.Class != "" && it.PerDeviceYear.IsZero() {
				it.PerDeviceYear = plan.Exactly(0.4)
			}
		}
		p.Simulation = plan.Simulation{Draws: 600, Percentiles: []float64{2, 10, 50, 90, 98}}
		before := simulate(t, p)
		for range 4 {
			cl := &p.Classes[g.IntN(len(p.Classes))]
			by := 0.03 * g.Float64()
			cl.Growth = plan.Range{Low: cl.Growth.Low + by, Mode: cl.Growth.Mode + by, High: cl.Growth.High + by}
			after := simulate(t, p)
			for i := range before.Roles {
				for y := range before.Roles[i].Years {
					for k, v := range before.Roles[i].Raw[y].Values {
						if w := after.Roles[i].Raw[y].Values[k]; w < v {
							t.Fatalf("plan %d, %s, year %d: P%g falls from %v to %v", n, before.Roles[i].Name, y, before.Percentiles[k], v, w)
						}
						if after.Roles[i].Years[y].Values[k] < before.Roles[i].Years[y].Values[k] || after.TotalFTE[y].Values[k] < before.TotalFTE[y].Values[k] || after.TotalRaw[y].Values[k] < before.TotalRaw[y].Values[k] {
							t.Fatalf("plan %d, year %d: required FTE fall", n, y)
						}
					}
				}
			}
			before = after
		}
	}
}

// TestPercentileOfTheNote is §1.10: FTE_P80 = (mean + 0.8416 sd) ÷ productive hours, for 744 Poisson events of one hour
// and for the sum of three PERT totals.
func TestPercentileOfTheNote(t *testing.T) {
	p := &plan.Plan{Currency: "USD", BaseYear: 2026, Rounding: plan.NoRounding, Method: plan.ByWorkload,
		Classes:  []plan.Class{{Name: "low risk", Count: 4960}},
		Roles:    []plan.Role{{Name: "BMET", Salary: 65_000, CurrentFTE: 744.0 / 1338}},
		Workload: plan.Workload{Items: []plan.Item{{Role: "BMET", Class: "low risk", Name: "CM", PerDeviceYear: plan.Exactly(0.15), Hours: plan.Exactly(1)}}}}
	p.Simulation = plan.Simulation{Draws: 40_000, Percentiles: []float64{15.866, 50, 80, 84.134}}
	raw := simulate(t, p).Roles[0].Raw[0]
	sd := (raw.Values[3] - raw.Values[0]) / 2 * 1338
	if math.Abs(raw.Mean*1338-744) > 0.5 || math.Abs(sd-27.28) > 0.6 {
		t.Errorf("744 expected events: mean %.2f, sd %.2f, want 744 and 27.3", raw.Mean*1338, sd)
	}
	if want := (744 + 0.8416*27.276) / 1338; math.Abs(raw.Values[2]-want) > 1.0/1338 {
		t.Errorf("P80 %.5f FTE, want %.5f", raw.Values[2], want)
	}
	if enough := *simulate(t, p).Roles[0].Years[0].Enough; math.Abs(enough-0.51) > 0.015 {
		t.Errorf("744 hours are enough with probability %.3f, want about a half", enough)
	}
	// Sums of independent items: means add, variances add.
	var mean, variance float64
	p.Workload.Items = nil
	for i, h := range []plan.Range{{Low: 1000, Mode: 1281.5, High: 1900}, {Low: 500, Mode: 900, High: 1220}, {Low: 300, Mode: 400, High: 780}} {
		p.Workload.Items = append(p.Workload.Items, plan.Item{Role: "BMET", Name: fmt.Sprint("work ", i), EventsPerYear: 1, Hours: h})
		m := (h.Low + 4*h.Mode + h.High) / 6
		mean, variance = mean+m, variance+(m-h.Low)*(h.High-m)/7
	}
	raw = simulate(t, p).Roles[0].Raw[0]
	if want := (mean + 0.8416*math.Sqrt(variance)) / 1338; math.Abs(raw.Mean*1338-mean) > 3 || math.Abs(raw.Values[2]-want) > 5.0/1338 {
		t.Errorf("three items: mean %.2f P80 %.5f, want %.2f and %.5f", raw.Mean*1338, raw.Values[2], mean, want)
	}
}

// TestAttrition: who leaves is drawn; on average as many are there as Project says.
func TestAttrition(t *testing.T) {
	p := read(t, "example_a.yaml")
	for i := range p.Roles {
		p.Roles[i].Attrition, p.Roles[i].FillMonths, p.Roles[i].RampMonths = 0.15, 4, 6
		p.Roles[i].Ratio, p.Roles[i].MinFTE = nil, 0.25
		p.Roles[i].CurrentFTE = 5
	}
	p.Roles[1].MinFTE, p.Rounding = 4.9, plan.NoRounding
	p.Simulation.Draws = 20_000
	got := simulate(t, p)
	want := math.Pow(0.85, 5) // nobody of five leaves; one who does takes 7 months of 60
	if v := *got.Roles[1].Years[2].Enough; math.Abs(v-want) > 0.01 {
		t.Errorf("4.9 of 5 FTE are there with probability %.3f, want %.3f", v, want)
	}
	if v := *got.Roles[2].Years[2].Enough; v != 1 {
		t.Errorf("a quarter of 5 FTE is there with probability %.3f", v)
	}
	if v := *got.TotalFTE[2].Enough; v != *got.Roles[1].Years[2].Enough {
		t.Errorf("all roles: %.3f, want that of the one in danger", v)
	}
}

func TestSimulateEdges(t *testing.T) {
	p := read(t, "example_a.yaml")
	p.Simulation.Draws = 1_000_001
	if _, err := p.Simulate(context.Background()); !isInvalid(err) {
		t.Errorf("a million and one draws: %v", err)
	}
	p.Simulation.Draws = 100
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Simulate(ctx); err == nil {
		t.Error("an ended context gives numbers")
	}
	p.Roles = nil
	if _, err := p.Simulate(context.Background()); !isInvalid(err) {
		t.Errorf("no roles: %v", err)
	}
	if _, err := p.Tornado(); !isInvalid(err) {
		t.Errorf("no roles: %v", err)
	}
}

// TestPasses: draws that do not fit into memory at once come out the same.
func TestPasses(t *testing.T) {
	p := read(t, "example_a.yaml")
	p.Classes[2].Growth = plan.Range{Low: 0.08, Mode: 0.12, High: 0.18}
	p.Horizon, p.Simulation.Draws = 9, 100_000 // 10 × 12 × 100,000 is more than 2²³
	all := simulate(t, p)
	p.Horizon = 4
	some := simulate(t, p)
	for y := range some.TotalRaw {
		if !reflect.DeepEqual(all.TotalRaw[y], some.TotalRaw[y]) || !reflect.DeepEqual(all.TotalFTE[y], some.TotalFTE[y]) {
			t.Errorf("%d: %+v, in passes %+v", some.TotalRaw[y].Year, some.TotalRaw[y], all.TotalRaw[y])
		}
	}
}

// TestPercentilesJSON is the shape that programs read.
func TestPercentilesJSON(t *testing.T) {
	p := read(t, "example_a.yaml")
	p.Simulation = plan.Simulation{Draws: 300, Seed: 9, Percentiles: []float64{10, 97.5}}
	text, err := json.Marshal(simulate(t, p))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Draws       int
		Seed        int
		Percentiles []float64
		Roles       map[string][]map[string]float64
		TotalFTE    []map[string]float64 `json:"total_fte"`
		TotalCost   []map[string]float64 `json:"total_cost"`
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	y := got.Roles["BMET I/II"][1]
	if got.Draws != 300 || got.Seed != 9 || len(got.Percentiles) != 2 || y["year"] != 2027 || y["p10"] != 6.25 || y["p97.5"] != 6.25 || y["raw_p10"] != 6.18 || y["enough"] != 0 || math.Abs(y["cost_p10"]-538200) > 1e-6 {
		t.Errorf("%s", text)
	}
	if got.TotalFTE[0]["p10"] != 35.5 || got.TotalCost[3]["mean"] == 0 {
		t.Errorf("%s", text)
	}
}

// TestTornado: each bar is what Project gives with that one assumption changed, the widest first.
func TestTornado(t *testing.T) {
	g := rand.New(rand.NewPCG(31, 32))
	for n := range 60 {
		p := invented(g, true)
		swings, err := p.Tornado()
		if err != nil {
			t.Fatal(err)
		}
		p.Rounding = plan.NoRounding
		for i, s := range swings {
			if i > 0 && s.Width() > swings[i-1].Width() {
				t.Fatalf("plan %d: %s is wider than what stands before it", n, s.Path)
			}
			for _, end := range []struct{ at, fte, cost, gap float64 }{{s.From, s.Low, s.CostLow, s.GapLow}, {s.At, s.Base, s.CostBase, s.GapBase}, {s.To, s.High, s.CostHigh, s.GapHigh}} {
				changed, err := p.With(map[string]string{s.Path: fmt.Sprint(end.at)})
				if err != nil {
					t.Fatal(s.Path, err)
				}
				years := project(t, changed).Years
				last := years[len(years)-1]
				gap := 0.0
				for _, r := range last.Roles {
					gap += max(0, r.RawFTE-r.AvailableFTE)
				}
				if math.Abs(last.TotalFTE-end.fte) > 1e-9*(1+end.fte) || math.Abs(last.Spend-end.cost) > 1e-9*end.cost || math.Abs(gap-end.gap) > 1e-9*(1+gap) {
					t.Fatalf("plan %d: %s at %g: %g FTE, %g, short of %g; Project has %g, %g, %g", n, s.Path, end.at, end.fte, end.cost, end.gap, last.TotalFTE, last.Spend, gap)
				}
			}
		}
	}
}

func isInvalid(err error) bool { return err != nil && errors.Is(err, fault.Invalid) }

// large is 40 classes with three lines of work each and 30 roles: the size of a hospital group.
func large(years int) *plan.Plan {
	p := &plan.Plan{Currency: "USD", BaseYear: 2026, Horizon: years - 1, WageEscalation: 0.035, Benefits: 0.28, Rounding: plan.QuarterUp, Method: plan.ByGreater}
	p.Workload.Hours = plan.DefaultHours()
	wide := func(v, by float64) plan.Range { return plan.Range{Low: v * (1 - by), Mode: v, High: v * (1 + 1.5*by)} }
	for i := range 40 {
		v := float64(i)
		name := fmt.Sprintf("class %d", i)
		p.Classes = append(p.Classes, plan.Class{Name: name, Count: 60 + 37*i*i, Growth: plan.Range{Low: 0.01, Mode: 0.03 + v/500, High: 0.12 + v/200}, ExpectedLife: 10, UnitCost: 4000})
		for k, name := range []string{"PM", "CM", "patch"} {
			p.Workload.Items = append(p.Workload.Items, plan.Item{Role: fmt.Sprintf("role %d", (i+7*k)%27), Class: p.Classes[i].Name, Name: name,
				PerDeviceYear: wide(0.2+0.3*float64(k), 0.2+v/300), Hours: wide(0.5+v/40, 0.3)})
		}
	}
	for i := range 30 {
		r := plan.Role{Name: fmt.Sprintf("role %d", i), Salary: 60_000 + 1_500*float64(i), CurrentFTE: 8, Attrition: 0.1, FillMonths: 4, RampMonths: 6}
		if i < 27 {
			r.Ratio = &plan.Ratio{DevicesPerFTE: 900 + 50*float64(i), Classes: []string{p.Classes[i].Name, p.Classes[i+10].Name, p.Classes[i+13].Name}}
		} else {
			r.Ratio = &plan.Ratio{FTEPerFTE: 12, Roles: []string{p.Roles[i-27].Name, p.Roles[i-20].Name, p.Roles[i-9].Name, p.Roles[i-8].Name}}
		}
		p.Roles = append(p.Roles, r)
	}
	return p
}

// cpu reports the processor's time beside the clock's, which other work on the machine makes longer.
func cpu(b *testing.B, do func()) {
	b.Helper()
	used := func() float64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
	}
	from := used()
	for b.Loop() {
		do()
	}
	b.ReportMetric((used()-from)/float64(b.N), "cpu-ms/op")
}

// BenchmarkSimulate is 10,000 draws × 10 years × 30 roles × 40 classes with 120 lines of work, all of it uncertain.
func BenchmarkSimulate(b *testing.B) {
	p := large(10)
	b.ReportAllocs()
	cpu(b, func() { simulate(b, p) })
}

// BenchmarkSimulateTemplate is the plan that everybody begins with, some thousand devices in each class.
func BenchmarkSimulateTemplate(b *testing.B) {
	p := template()
	cpu(b, func() { simulate(b, p) })
}

func template() *plan.Plan {
	p := plan.Template("USD", 2026)
	for i := range p.Classes {
		p.Classes[i].Count = 2000 / (1 + i%7) / (1 + len(p.Classes[i].SubsetOf))
		p.Classes[i].Risk = float64(1 + i%4)
	}
	return p
}

// BenchmarkTornado swings every assumption of the same plan.
func BenchmarkTornado(b *testing.B) {
	p := large(10)
	cpu(b, func() {
		swings, err := p.Tornado()
		if err != nil || len(swings) < 200 {
			b.Fatal(len(swings), err)
		}
	})
}
