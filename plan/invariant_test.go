package plan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pons/plan"
)

// sound says what is not a number in something that was computed.
func sound(t *testing.T, what string, v any) {
	t.Helper()
	if _, err := json.Marshal(v); err != nil { // JSON has no word for NaN and infinity
		t.Fatalf("%s: %v", what, err)
	}
}

// TestProjectHoldsItsRules: whatever the plan, nothing is NaN or negative, rounding never takes people away nor gives
// more than a step, the greater of two methods is the greater, and coverage is a floor.
func TestProjectHoldsItsRules(t *testing.T) {
	g := rand.New(rand.NewPCG(41, 42))
	for n := range 400 {
		p := invented(g, true)
		out := project(t, p)
		sound(t, fmt.Sprint("plan ", n), out)
		backlog := make([]float64, len(p.Roles))
		for _, y := range out.Years {
			sum := 0.0
			for i, r := range y.Roles {
				if r.RequiredFTE < r.RawFTE-1e-9 || p.Rounding.Step() > 0 && r.RequiredFTE >= r.RawFTE+p.Rounding.Step() {
					t.Fatalf("plan %d, %d %s: %g is rounded to %g", n, y.Year, r.Name, r.RawFTE, r.RequiredFTE)
				}
				if r.RawFTE < 0 || r.Cost < 0 || r.BacklogHours < 0 || r.AvailableFTE < 0 || r.WorkloadHours < 0 {
					t.Fatalf("plan %d, %d %s: %+v", n, y.Year, r.Name, r)
				}
				if r.RawFTE < r.CoverageFTE || p.Method == plan.ByGreater && r.RawFTE < max(r.RatioFTE, r.WorkloadFTE) {
					t.Fatalf("plan %d, %d %s: %g of ratio %g, workload %g, coverage %g", n, y.Year, r.Name, r.RawFTE, r.RatioFTE, r.WorkloadFTE, r.CoverageFTE)
				}
				if r.WorkloadHours > 0 && r.AvailableFTE == 0 && r.BacklogHours < backlog[i]+r.WorkloadHours-1e-6 {
					t.Fatalf("plan %d, %d %s: nobody is there, and the backlog does not grow", n, y.Year, r.Name)
				}
				backlog[i] = r.BacklogHours
				sum += r.RequiredFTE
			}
			if math.Abs(sum-y.TotalFTE) > 1e-9 {
				t.Fatalf("plan %d, %d: roles come to %g, the total to %g", n, y.Year, sum, y.TotalFTE)
			}
		}
	}
}

// TestOrderDoesNotMatter: classes, roles and lines of work in another order give the same numbers.
func TestOrderDoesNotMatter(t *testing.T) {
	g := rand.New(rand.NewPCG(51, 52))
	for n := range 200 {
		p := invented(g, true)
		before := project(t, p)
		q := p.Copy()
		g.Shuffle(len(q.Classes), func(i, j int) { q.Classes[i], q.Classes[j] = q.Classes[j], q.Classes[i] })
		g.Shuffle(len(q.Roles), func(i, j int) { q.Roles[i], q.Roles[j] = q.Roles[j], q.Roles[i] })
		g.Shuffle(len(q.Workload.Items), func(i, j int) {
			q.Workload.Items[i], q.Workload.Items[j] = q.Workload.Items[j], q.Workload.Items[i]
		})
		after := project(t, q)
		for y := range before.Years {
			a, b := before.Years[y], after.Years[y]
			for _, r := range a.Roles {
				s := b.Roles[slices.IndexFunc(b.Roles, func(s plan.RoleYear) bool { return s.Name == r.Name })]
				if math.Abs(r.RawFTE-s.RawFTE) > 1e-9 || r.Binding != s.Binding || math.Abs(r.BacklogHours-s.BacklogHours) > 1e-6 || math.Abs(r.RequiredFTE-s.RequiredFTE) > 1e-9 || math.Abs(r.Cost-s.Cost) > 1e-6 {
					t.Fatalf("plan %d, %d: %+v, in another order %+v", n, a.Year, r, s)
				}
			}
			for _, c := range a.Classes {
				if !slices.Contains(b.Classes, c) {
					t.Fatalf("plan %d, %d: %+v is not among %+v", n, a.Year, c, b.Classes)
				}
			}
			if math.Abs(a.TotalFTE-b.TotalFTE) > 1e-9 || math.Abs(a.Spend-b.Spend) > 1e-6*(1+a.Spend) {
				t.Fatalf("plan %d, %d: %g FTE for %g, in another order %g for %g", n, a.Year, a.TotalFTE, a.Spend, b.TotalFTE, b.Spend)
			}
		}
	}
}

// TestSubsetsAddNothing: a role that is driven by a class is not changed by parts of it, nor by parts of these parts.
func TestSubsetsAddNothing(t *testing.T) {
	g := rand.New(rand.NewPCG(61, 62))
	tested := 0
	for n := range 300 {
		p := invented(g, true)
		i := slices.IndexFunc(p.Roles, func(r plan.Role) bool { return r.Ratio != nil && len(r.Ratio.Classes) > 0 })
		if i < 0 {
			continue
		}
		tested++
		before := project(t, p)
		of := &p.Classes[slices.IndexFunc(p.Classes, func(c plan.Class) bool { return c.Name == p.Roles[i].Ratio.Classes[0] })]
		count, name := of.Count, of.Name
		for k := range 1 + g.IntN(3) {
			part := plan.Class{Name: fmt.Sprint("part ", k), Count: g.IntN(count + 1), Growth: plan.Exactly(0), UnitCost: 500, SubsetOf: []string{name}}
			if k > 0 && g.IntN(2) == 0 {
				part.SubsetOf, part.Count = []string{"part 0"}, 0
			}
			p.Classes = append(p.Classes, part)
			p.Roles[i].Ratio.Classes = append(p.Roles[i].Ratio.Classes, part.Name)
		}
		after := project(t, p)
		for y := range before.Years {
			if a, b := before.Years[y].Roles[i], after.Years[y].Roles[i]; a.Driver != b.Driver || a.RawFTE != b.RawFTE {
				t.Fatalf("plan %d, %s: %g → %g with parts of %s", n, a.Name, a.Driver, b.Driver, name)
			}
		}
	}
	if tested < 150 {
		t.Errorf("only %d plans had such a role", tested)
	}
}

// FuzzRead: whatever the file, there is a plan that can be computed or a list of mistakes; no plan has a number that is
// none.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{
		"", "a", "[]", "{}", "null", "- 1", "&a [*a]", "a: &a {b: *a}", "base_year: 1e400", "classes: 3", "roles: [[]]",
		"base_year: 2026\nclasses: [{name: a, count: 1, growth: {low: .nan, mode: .inf, high: -.inf}}]\nroles: [{name: r, salary: 1}]",
		"base_year: 2026\nhorizon_years: 30\nclasses: [{name: a, count: 50000000, growth: 1, unit_cost: 1000000000}]\nroles: [{name: r, salary: 1000000000, ratio: {value_per_fte: 1e-300, classes: a}}]",
		"base_year: 2026\nclasses: [{name: a, count: 5, subset_of: b}, {name: b, count: 5, subset_of: a}]\nroles: [{name: r, salary: 1, ratio: {fte_per_fte: 1, roles: r}}]",
		"base_year: 2026\nroles: [{name: r, salary: 9, productive_hours: {wrench_time: 1e-9}}]",
		"base_year: 2026\nroles: [{name: r, salary: 9}]\ncoverage: [{role: r, calls_per_hour: 99999, handle_minutes: 600, service_level: {seconds: 0, share: 0.9999}}]",
		"base_year: 2026\nroles: [{name: r, salary: 9, current_fte: 3, hires: [{start: 2027-03, fte: .5}]}]\nworkload: {productive_hours: 1338, items: [{role: r, name: x, events_per_year: 1e8, hours: 8760, growth: 100%}]}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, _, err := plan.Read("fuzz.yaml", bytes.NewReader(text))
		if err != nil {
			if !isInvalid(err) {
				t.Fatalf("%v is no mistake of the file", err)
			}
			if strings.TrimSpace(err.Error()) == "" {
				t.Fatal("an error without words")
			}
			return
		}
		sound(t, "the plan", p)
		if p.Horizon > 3 || len(p.Roles)+len(p.Classes)+len(p.Workload.Items) > 60 {
			return // too slow for a fuzzer
		}
		out, err := p.Project()
		if err != nil {
			t.Fatalf("Read is content, Project is not: %v", err)
		}
		sound(t, "the projection", out)
		p.Simulation.Draws = 300
		draws, err := p.Simulate(t.Context())
		if err != nil {
			t.Fatalf("Read is content, Simulate is not: %v", err)
		}
		sound(t, "the simulation", draws)
		swings, err := p.Tornado()
		if err != nil {
			t.Fatalf("Read is content, Tornado is not: %v", err)
		}
		sound(t, "the tornado", swings)
		if _, err := plan.Optimise(p, plan.Budget{Amount: 50_000}); err != nil {
			t.Fatalf("Read is content, Optimise is not: %v", err)
		}
	})
}
