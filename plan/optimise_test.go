package plan_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pons/fault"
	"pons/plan"
)

func optimise(t testing.TB, p *plan.Plan, b plan.Budget) plan.Advice {
	t.Helper()
	out, err := plan.Optimise(p, b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// decided is a small hospital whose every choice can be tried.
func decided(g *rand.Rand) (*plan.Plan, plan.Budget) {
	p := &plan.Plan{Currency: "USD", BaseYear: 2026, Rounding: plan.NoRounding, Method: plan.ByWorkload, Benefits: 0.25}
	p.Workload.Hours = plan.Hours{Stated: 1400}
	roles := 1 + g.IntN(3)
	for i := range roles {
		p.Roles = append(p.Roles, plan.Role{Name: fmt.Sprint("role ", i), Salary: float64(40_000 + 1000*g.IntN(60)), CurrentFTE: float64(g.IntN(5)) / 4})
	}
	for i := range 1 + g.IntN(4) {
		cl := plan.Class{Name: fmt.Sprint("class ", i), Count: 20 + g.IntN(500), Risk: float64(g.IntN(5)), UnitCost: 1000}
		if g.IntN(2) == 0 {
			cl.Contract = &plan.Contract{InForce: g.IntN(2) == 0, PricePerDevice: float64(20 + g.IntN(150)), Covers: []float64{0.5, 1}[g.IntN(2)], Parts: g.IntN(2) == 0, PartsPerDevice: float64(g.IntN(60))}
		}
		p.Classes = append(p.Classes, cl)
		for k := range 1 + g.IntN(2) {
			p.Workload.Items = append(p.Workload.Items, plan.Item{Role: fmt.Sprint("role ", g.IntN(roles)), Class: cl.Name, Name: fmt.Sprint([]string{"PM", "patch"}[g.IntN(2)], " ", k),
				PerDeviceYear: plan.Exactly(1 + float64(g.IntN(3))), Hours: plan.Exactly(0.5 + float64(g.IntN(4)))})
		}
	}
	b := plan.Budget{Amount: float64(g.IntN(120_000)), Hires: map[string]float64{}, Step: 30_000, KeepContracts: g.IntN(5) == 0}
	for i := range roles {
		b.Hires[fmt.Sprint("role ", i)] = float64(g.IntN(6)) / 4
	}
	if roles > 1 && g.IntN(2) == 0 {
		b.Courses = []plan.Course{{From: "role 0", To: "role 1", Cost: float64(g.IntN(8000)), Hours: float64(g.IntN(200)), Most: float64(g.IntN(2) * 300)}}
	}
	return p, b
}

// tried is the least weighted uncovered hours of all choices, each reckoned from the plan by hand: the riskiest work
// first, and for a course the best number of hours lent.
func tried(p *plan.Plan, b plan.Budget) float64 {
	best := math.Inf(1)
	contracts := make([]bool, len(p.Classes))
	hires := make([]int, len(p.Roles))
	uncovered := func(role int, hours float64) float64 {
		type job struct{ hours, risk float64 }
		var jobs []job
		for _, it := range p.Workload.Items {
			if it.Role != p.Roles[role].Name {
				continue
			}
			c := slices.IndexFunc(p.Classes, func(c plan.Class) bool { return c.Name == it.Class })
			h := float64(p.Classes[c].Count) * it.PerDeviceYear.Mode * it.Hours.Mode
			if contracts[c] && strings.HasPrefix(it.Name, "PM") {
				h *= 1 - p.Classes[c].Contract.Covers
			}
			jobs = append(jobs, job{h, max(p.Classes[c].Risk, map[bool]float64{true: 1}[p.Classes[c].Risk == 0])})
		}
		slices.SortFunc(jobs, func(a, b job) int { return int(b.risk - a.risk) })
		sum := 0.0
		for _, j := range jobs {
			done := min(hours, j.hours)
			hours -= done
			sum += (j.hours - done) * j.risk
		}
		return sum
	}
	has := func(i int) float64 { return (p.Roles[i].CurrentFTE + float64(hires[i])/4) * 1400 }
	judge := func(cost float64) {
		if cost > b.Amount+1e-6 {
			return
		}
		sum := 0.0
		for i := range p.Roles {
			sum += uncovered(i, has(i))
		}
		best = min(best, sum)
		for _, k := range b.Courses {
			if cost+k.Cost > b.Amount+1e-6 || p.Roles[0].CurrentFTE*1400 < k.Hours {
				continue
			}
			most := has(0) - k.Hours
			if k.Most > 0 {
				most = min(most, k.Most)
			}
			rest := sum - uncovered(0, has(0)) - uncovered(1, has(1))
			with := func(lent float64) float64 {
				return rest + uncovered(0, has(0)-k.Hours-lent) + uncovered(1, has(1)+lent)
			}
			low, high := 0.0, most
			for range 200 { // convex in the hours lent
				a, b := low+(high-low)/3, high-(high-low)/3
				if with(a) <= with(b) {
					high = b
				} else {
					low = a
				}
			}
			best = min(best, with(low))
		}
	}
	var hire func(i int, cost float64)
	hire = func(i int, cost float64) {
		if i == len(p.Roles) {
			judge(cost)
			return
		}
		for n := range int(b.Hires[p.Roles[i].Name]*4) + 1 {
			hires[i] = n
			hire(i+1, cost+float64(n)/4*p.Roles[i].Salary*1.25)
		}
	}
	var sign func(i int, cost float64)
	sign = func(i int, cost float64) {
		if i == len(p.Classes) {
			hire(0, cost)
			return
		}
		k := p.Classes[i].Contract
		if k == nil {
			sign(i+1, cost)
			return
		}
		fee := k.PricePerDevice * float64(p.Classes[i].Count)
		if k.Parts {
			fee -= k.PartsPerDevice * float64(p.Classes[i].Count)
		}
		for _, held := range []bool{false, true} {
			known := slices.ContainsFunc(p.Workload.Items, func(it plan.Item) bool { return it.Class == p.Classes[i].Name && strings.HasPrefix(it.Name, "PM") })
			if (b.KeepContracts || !known) && held != k.InForce {
				continue // what a contract takes over must be known
			}
			contracts[i] = held
			change := map[[2]bool]float64{{false, true}: fee, {true, false}: -fee}[[2]bool{k.InForce, held}]
			sign(i+1, cost+change)
		}
	}
	sign(0, 0)
	return best
}

// TestOptimiseIsTheBest holds the answer against trying everything, and its parts against each other.
func TestOptimiseIsTheBest(t *testing.T) {
	g := rand.New(rand.NewPCG(77, 7))
	better := 0
	for n := range 300 {
		p, b := decided(g)
		got := optimise(t, p, b)
		want := tried(p, b)
		if got.Gap != 0 || math.Abs(got.After.Weighted-want) > 1e-4*(1+want) {
			t.Fatalf("instance %d: %g weighted hours stay (gap %g), all tried: %g\n%+v", n, got.After.Weighted, got.Gap, want, got)
		}
		if got.Spent > b.Amount+0.01 {
			t.Fatalf("instance %d: %g spent of %g", n, got.Spent, b.Amount)
		}
		cost, covered := 0.0, 0.0
		for _, m := range got.Moves {
			cost, covered = cost+m.Cost, covered+m.Weighted
		}
		if math.Abs(cost-got.Spent) > 0.01 || math.Abs(covered-(got.Before.Weighted-got.After.Weighted)) > 0.05 {
			t.Fatalf("instance %d: the moves cost %g of %g and cover %g of %g", n, cost, got.Spent, covered, got.Before.Weighted-got.After.Weighted)
		}
		left := 0.0
		for _, r := range got.Left {
			left += r.Weighted
			if r.Because == "" || r.Work == "" {
				t.Fatalf("instance %d: %+v", n, r)
			}
		}
		if math.Abs(left-got.After.Weighted) > 0.1 {
			t.Fatalf("instance %d: %g is left by role, %g in all", n, left, got.After.Weighted)
		}
		for i, f := range got.Frontier {
			if f.Amount == b.Amount && math.Abs(f.Weighted-got.After.Weighted) > 0.01 {
				t.Fatalf("instance %d: the frontier says %g, the answer %g", n, f.Weighted, got.After.Weighted)
			}
			if i > 0 && f.Weighted > got.Frontier[i-1].Weighted+0.01 {
				t.Fatalf("instance %d: more money leaves more undone: %+v", n, got.Frontier)
			}
			if i%3 == 1 {
				at := b
				at.Amount = f.Amount
				if want := tried(p, at); math.Abs(f.Weighted-want) > 1e-4*(1+want) {
					t.Fatalf("instance %d: at %g the frontier says %g, all tried: %g", n, f.Amount, f.Weighted, want)
				}
			}
		}
		if got.After.Weighted < got.Before.Weighted-1 {
			better++
		}
	}
	if better < 100 {
		t.Errorf("only %d of the instances had anything to gain", better)
	}
}

// TestOptimiseEdges: no money, all the money, nothing to do, and questions that cannot be answered.
func TestOptimiseEdges(t *testing.T) {
	p := read(t, "example_b.yaml")
	p.Roles[0].CurrentFTE = 1
	none := optimise(t, p, plan.Budget{})
	if len(none.Moves) != 0 || none.Spent != 0 || math.Abs(none.After.Hours-(3649.2-1338)) > 0.01 || none.After != none.Before {
		t.Errorf("no money: %+v", none)
	}
	if !strings.Contains(none.Left[0].Because, "20,800") {
		t.Errorf("no money: %q does not say what a quarter FTE costs", none.Left[0].Because)
	}
	all := optimise(t, p, plan.Budget{Amount: 1e9})
	if all.After.Weighted != 0 || len(all.Left) != 0 || len(all.Moves) != 1 || all.Moves[0].FTE != 1.75 || all.Spent != 7*20_800 {
		t.Errorf("all the money: %+v", all)
	}
	some := optimise(t, p, plan.Budget{Amount: 50_000})
	if some.Moves[0].FTE != 0.5 || some.Spent != 41_600 || math.Abs(some.Moves[0].PerHour-20_800/334.5) > 0.01 || len(some.Frontier) != 7 {
		t.Errorf("half an FTE: %+v", some)
	}
	p.Roles = append(p.Roles, plan.Role{Name: "idle", Salary: 50_000, CurrentFTE: 3})
	with := optimise(t, p, plan.Budget{Amount: 50_000, Courses: []plan.Course{{From: "idle", To: "BMET", Cost: 3000, Hours: 80}}})
	if len(with.Moves) != 1 || with.Moves[0].Kind != "course" || with.After.Weighted != 0 || with.Spent != 3000 {
		t.Errorf("a role without work that can be trained: %+v", with)
	}
	busy := optimise(t, p, plan.Budget{Amount: 50_000, Courses: []plan.Course{{From: "idle", To: "BMET", Cost: 3000, Hours: 80_000}, {From: "BMET", To: "idle", Cost: 1}}})
	if len(busy.Notes) != 2 {
		t.Errorf("courses that cannot be taken: %v", busy.Notes)
	}
	for _, b := range []plan.Budget{{Amount: -1}, {Amount: math.NaN()}, {Year: 2031}, {Hires: map[string]float64{"nobody": 1}}, {Hires: map[string]float64{"BMET": -1}}, {Courses: []plan.Course{{From: "BMET", To: "BMET"}}}, {Courses: []plan.Course{{From: "x", To: "BMET"}}}, {Courses: []plan.Course{{From: "idle", To: "BMET", Cost: math.Inf(1)}}}} {
		if _, err := plan.Optimise(p, b); !errors.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", b, err)
		}
	}
}

// TestOptimiseContracts: a contract is signed, ended or left, each for its price.
func TestOptimiseContracts(t *testing.T) {
	p := read(t, "example_b.yaml")
	p.Roles[0].CurrentFTE = 2
	// 380 + 288 + … hours of pumps: a contract that takes all PM and CM of pumps (410 h) for less than people cost.
	p.Classes[1].Contract = &plan.Contract{PricePerDevice: 10, Covers: 1}
	got := optimise(t, p, plan.Budget{Amount: 10_000})
	if len(got.Moves) != 1 || got.Moves[0].Kind != "contract" || got.Moves[0].Cost != 4000 || math.Abs(got.Moves[0].Weighted-410) > 0.01 {
		t.Errorf("a cheap contract: %+v", got.Moves)
	}
	p.Classes[1].Contract = &plan.Contract{InForce: true, PricePerDevice: 1000, Covers: 1}
	got = optimise(t, p, plan.Budget{})
	if got.After.Weighted != 0 || got.Spent > 0 || !slices.ContainsFunc(got.Moves, func(m plan.Move) bool { return m.Kind == "in-house" && m.Cost == -400_000 && m.Weighted < 0 }) {
		t.Errorf("a dear contract pays for the people who replace it: %+v", got)
	}
	if got = optimise(t, p, plan.Budget{KeepContracts: true}); len(got.Moves) != 0 {
		t.Errorf("contracts are kept: %+v", got.Moves)
	}
	p.Classes[1].Contract = &plan.Contract{Covers: 1} // not priced
	if got = optimise(t, p, plan.Budget{Amount: 1000}); len(got.Moves) != 0 || len(got.Rejected) != 1 {
		t.Errorf("a contract without a price is no choice: %+v", got)
	}
}

// BenchmarkOptimise: 30 roles short of people, 40 classes, 12 contracts to be had, 6 courses, a million.
func BenchmarkOptimise(b *testing.B) {
	p := large(3)
	for i := range p.Classes {
		p.Classes[i].Risk = float64(1 + i%4)
		if i%3 == 0 && i < 36 {
			p.Classes[i].Contract = &plan.Contract{InForce: i%6 == 0, PricePerDevice: 30 + float64(i), Covers: 0.9}
		}
	}
	budget := plan.Budget{Amount: 1_000_000}
	for i := range 6 {
		budget.Courses = append(budget.Courses, plan.Course{From: p.Roles[2*i].Name, To: p.Roles[2*i+9].Name, Cost: 4000, Hours: 120})
	}
	cpu(b, func() {
		got := optimise(b, p, budget)
		b.ReportMetric(float64(got.Searched), "relaxations")
		b.ReportMetric(got.Gap/(got.Before.Weighted-got.After.Weighted), "gap")
	})
}

// BenchmarkOptimiseTemplate: the plan that everybody begins with, four contracts, three courses, 300,000.
func BenchmarkOptimiseTemplate(b *testing.B) {
	p := template()
	for i := range p.Roles {
		p.Roles[i].CurrentFTE = float64(i%4) / 2
	}
	for i := 0; i < 20; i += 5 {
		p.Classes[i].Contract = &plan.Contract{InForce: i%2 == 0, PricePerDevice: 35 + float64(3*i), Covers: 0.9}
	}
	budget := plan.Budget{Amount: 300_000}
	for i := range 3 {
		budget.Courses = append(budget.Courses, plan.Course{From: p.Roles[i].Name, To: p.Roles[i+4].Name, Cost: 4000, Hours: 60})
	}
	cpu(b, func() {
		got := optimise(b, p, budget)
		b.ReportMetric(float64(got.Searched), "relaxations")
		b.ReportMetric(got.Gap/(got.Before.Weighted-got.After.Weighted), "gap")
	})
}
