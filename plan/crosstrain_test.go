package plan_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pons/fault"
	"pons/plan"
)

// The people here are invented.

func days(from, to int) plan.Week {
	return plan.WeekWhere(func(day, hour int) bool { return day < 5 && hour >= from && hour < to })
}

func train(t testing.TB, people []plan.Trainee, needs []plan.SkillNeed, teaching []plan.Teaching, shifts ...plan.ShiftHours) plan.CrossTraining {
	t.Helper()
	out, err := plan.CrossTrain(people, needs, teaching, shifts)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCrossTrain: one person alone can ventilators by day; the cheapest second one is found, and nights are said to be
// beyond any course.
func TestCrossTrain(t *testing.T) {
	early, late := days(7, 15), days(15, 23)
	people := []plan.Trainee{
		{Name: "Ada", Role: "BMET III", Present: early, Skills: map[string]int{"Ventilators": 3}, Idle: 100},
		{Name: "Ben", Role: "BMET I", Present: early, Skills: map[string]int{"ventilators": 1}, Idle: 120, Hourly: 40},
		{Name: "Cleo", Role: "BMET I", Present: early, Idle: 400},
		{Name: "Dan", Role: "BMET I", Present: late, OnCall: days(0, 7)},
		{Name: "Eve", Role: "IT", Present: late},
		{Name: "Fay", Role: "BMET I", Present: late},
	}
	need := plan.SkillNeed{Skill: "ventilators", Level: 2, When: days(7, 23), Overflow: 150}
	course := plan.Teaching{Skill: "ventilators", Cost: 1000, Hours: 10, Roles: []string{"BMET I"}}
	got := train(t, people, []plan.SkillNeed{need}, []plan.Teaching{course}, plan.ShiftHours{Name: "early", Hours: early}, plan.ShiftHours{Name: "late", Hours: late}, plan.ShiftHours{Name: "night", Hours: days(0, 7)})
	var names []string
	for _, p := range got.Pairings {
		names = append(names, p.Person)
	}
	if !slices.Equal(names, []string{"Ben", "Dan", "Fay"}) || got.Cost != 1400+2000+2000 || got.Hours != 50 || got.Gap != 0 {
		t.Fatalf("%v for %g: Ben is the cheapest of the early shift, Dan and Fay are the late one", got.Pairings, got.Cost)
	}
	if got.Pairings[0].Mends != 40 || got.Saves != 120 || got.Pairings[0].Saves != 120 {
		t.Errorf("%+v: Ben has 120 idle hours for 150 of overflow", got.Pairings[0])
	}
	s := got.Skills[0]
	want := []plan.ShiftCover{{Shift: "early", Needed: 40, Fewest: 1, One: 40, Below: 40}, {Shift: "late", Needed: 40, Nobody: 40, Below: 40}, {Shift: "night", Fewest: -1}}
	if !slices.Equal(s.Shifts, want) || s.Left != 0 || !s.SinglePoint || !slices.Equal(s.Holders, []string{"Ada"}) || s.Hours[3] != -1 || s.Hours[7] != 1 || s.After[7] != 2 {
		t.Errorf("%+v", s)
	}
	need.When = plan.Week{}
	got = train(t, people, []plan.SkillNeed{need}, []plan.Teaching{course})
	if s := got.Skills[0]; s.Left != 168-80 || s.Because == "" || got.Cost != 5400 {
		t.Errorf("%+v: no course mends the night", got)
	}
	need.Least, need.OnCall, need.When = 1, true, days(0, 7)
	if got = train(t, people, []plan.SkillNeed{need}, []plan.Teaching{course}); len(got.Pairings) != 1 || got.Pairings[0].Person != "Dan" || got.Skills[0].Left != 0 {
		t.Errorf("%+v: Dan is on call at night", got.Pairings)
	}
	if got = train(t, people, []plan.SkillNeed{need}, nil); len(got.Pairings) != 0 || got.Skills[0].Left != 35 {
		t.Errorf("without a course: %+v", got)
	}
	if got = train(t, nil, nil, nil); len(got.Skills) != 0 || got.Cost != 0 {
		t.Errorf("nothing asked: %+v", got)
	}
}

func TestCrossTrainRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		people   []plan.Trainee
		needs    []plan.SkillNeed
		teaching []plan.Teaching
	}{
		"a name twice":    {people: []plan.Trainee{{Name: "Ada"}, {Name: "ada "}}},
		"no name":         {people: []plan.Trainee{{}}},
		"idle":            {people: []plan.Trainee{{Name: "Ada", Idle: math.NaN()}}},
		"a skill twice":   {needs: []plan.SkillNeed{{Skill: "a"}, {Skill: "A"}}},
		"level 5":         {needs: []plan.SkillNeed{{Skill: "a", Level: 5}}},
		"a course twice":  {teaching: []plan.Teaching{{Skill: "a"}, {Skill: "A"}}},
		"a course's cost": {teaching: []plan.Teaching{{Skill: "a", Cost: -1}}},
	} {
		if _, err := plan.CrossTrain(c.people, c.needs, c.teaching, nil); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCrossTrainIsCheapest holds the answer against trying every set of courses.
func TestCrossTrainIsCheapest(t *testing.T) {
	g := rand.New(rand.NewPCG(8, 15))
	trained := 0
	for n := range 300 {
		var people []plan.Trainee
		for i := range 2 + g.IntN(9) {
			p := plan.Trainee{Name: fmt.Sprint("person ", i), Skills: map[string]int{}, Idle: float64(g.IntN(300)), Hourly: float64(g.IntN(60))}
			from, long, off := g.IntN(24), 4+g.IntN(9), g.IntN(7)
			p.Present = plan.WeekWhere(func(day, hour int) bool { return day != off && (hour-from+24)%24 < long })
			p.OnCall = plan.WeekWhere(func(day, hour int) bool { return day == off })
			for _, s := range []string{"a", "b"} {
				if g.IntN(3) == 0 {
					p.Skills[s] = g.IntN(4)
				}
			}
			people = append(people, p)
		}
		var needs []plan.SkillNeed
		var teaching []plan.Teaching
		for _, s := range []string{"a", "b"} {
			from, long := g.IntN(24), 1+g.IntN(24)
			needs = append(needs, plan.SkillNeed{Skill: s, Level: 1 + g.IntN(3), Least: 1 + g.IntN(3), OnCall: g.IntN(2) == 0, Overflow: float64(g.IntN(500)),
				When: plan.WeekWhere(func(day, hour int) bool { return (hour-from+24)%24 < long })})
			teaching = append(teaching, plan.Teaching{Skill: s, Cost: float64(g.IntN(4000)), Hours: float64(g.IntN(60))})
		}
		got := train(t, people, needs, teaching)
		want := 0.0
		for k, need := range needs {
			there := func(p *plan.Trainee, h int) bool { return p.Present[h] || need.OnCall && p.OnCall[h] }
			best := math.Inf(1)
			var most [plan.WeekHours]int // with everybody trained
			for h := range most {
				for i := range people {
					if there(&people[i], h) {
						most[h]++
					}
				}
			}
			for set := range 1 << len(people) {
				cost, ok := 0.0, true
				for i := range people {
					if set>>i&1 == 1 {
						levels := float64(max(0, need.Level-people[i].Skills[need.Skill]))
						cost += levels * (teaching[k].Cost + teaching[k].Hours*people[i].Hourly)
					}
				}
				for h := 0; h < plan.WeekHours && ok && cost < best; h++ {
					n := 0
					for i := range people {
						if there(&people[i], h) && (set>>i&1 == 1 || people[i].Skills[need.Skill] >= need.Level) {
							n++
						}
					}
					ok = !need.When[h] || most[h] < need.Least || n >= need.Least
				}
				if ok {
					best = min(best, cost)
				}
			}
			want += best
			for h, n := range got.Skills[k].After {
				if need.When[h] && most[h] >= need.Least && n < need.Least {
					t.Fatalf("instance %d: hour %d of %s stays at %d", n, h, need.Skill, n)
				}
			}
		}
		if got.Gap != 0 || math.Abs(got.Cost-want) > 1e-4*(1+want) {
			t.Fatalf("instance %d: %g, the cheapest of all sets costs %g", n, got.Cost, want)
		}
		idle, saves := map[string]float64{}, 0.0
		for _, p := range got.Pairings {
			trained++
			idle[p.Person] += p.Saves
			saves += p.Saves
		}
		for _, p := range people {
			if idle[p.Name] > p.Idle+1e-3 {
				t.Fatalf("instance %d: %s saves %g of %g idle hours", n, p.Name, idle[p.Name], p.Idle)
			}
		}
		if math.Abs(saves-got.Saves) > 1e-3 || saves > needs[0].Overflow+needs[1].Overflow+1e-3 {
			t.Fatalf("instance %d: %g saved of %g, %g", n, saves, needs[0].Overflow, needs[1].Overflow)
		}
	}
	if trained < 200 {
		t.Errorf("only %d courses in all instances", trained)
	}
}

// BenchmarkCrossTrain: 60 people on rotating shifts, 20 skills needed around the clock.
func BenchmarkCrossTrain(b *testing.B) {
	g := rand.New(rand.NewPCG(4, 2))
	var people []plan.Trainee
	var needs []plan.SkillNeed
	var teaching []plan.Teaching
	for i := range 60 {
		p := plan.Trainee{Name: fmt.Sprint("person ", i), Skills: map[string]int{}, Idle: 100, Hourly: 30 + float64(g.IntN(30))}
		from, off := 8*(i%3), g.IntN(7)
		p.Present = plan.WeekWhere(func(day, hour int) bool { return day != off && day != (off+1)%7 && (hour-from+24)%24 < 8 })
		for k := range 20 {
			if g.IntN(8) == 0 {
				p.Skills[fmt.Sprint("skill ", k)] = 1 + g.IntN(3)
			}
		}
		people = append(people, p)
	}
	for k := range 20 {
		needs = append(needs, plan.SkillNeed{Skill: fmt.Sprint("skill ", k), Level: 2, Overflow: 500})
		teaching = append(teaching, plan.Teaching{Skill: needs[k].Skill, Cost: 900 + 100*float64(k), Hours: 16})
	}
	cpu(b, func() {
		got := train(b, people, needs, teaching)
		b.ReportMetric(got.Gap, "gap")
		b.ReportMetric(float64(len(got.Pairings)), "courses")
	})
}
