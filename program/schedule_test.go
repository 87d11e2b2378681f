package program

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pons/fault"
)

const someday Day = "2026-11-20" // a Friday

func TestWorkingDaysAreAPlainLine(t *testing.T) {
	a := axis{working: true}
	for _, c := range []struct {
		from Day
		days int
		want Day
	}{{"2026-11-20", 1, "2026-11-23"}, {"2026-11-20", 5, "2026-11-27"}, {"2026-11-21", 0, "2026-11-23"}, {"2026-11-22", 1, "2026-11-24"}, {"2026-11-23", -1, "2026-11-20"}, {"1969-12-28", 0, "1969-12-29"}, {"1969-12-26", -5, "1969-12-19"}} {
		if got := a.day(a.place(c.from) + c.days); got != c.want {
			t.Errorf("%s and %d working days is %s, want %s", c.from, c.days, got, c.want)
		}
	}
	for n := range 4000 { // every working day is its own place, and places follow each other
		d := Day("1999-01-01").Add(n)
		back := a.day(a.place(d))
		if wd := d.Time().Weekday(); wd != 0 && wd != 6 && back != d {
			t.Fatalf("%s became %s", d, back)
		} else if back < d || d.Until(back) > 2 {
			t.Fatalf("%s became %s", d, back)
		}
	}
}

// network of the textbook: A 3, B 2 after A, C 4 after A, D 1 after B and C. The path is A C D, 8 days; B has 2 days.
func TestCriticalPathByHand(t *testing.T) {
	tasks := []Task{{ID: "T-1", Days: 3}, {ID: "T-2", Days: 2, Needs: []string{"T-1"}}, {ID: "T-3", Days: 4, Needs: []string{"T-1"}}, {ID: "T-4", Days: 1, Needs: []string{"T-2", "T-3"}}, {ID: "T-5", Needs: []string{"T-4"}}}
	s, err := Compute(tasks, someday, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Path, " "); got != "T-1 T-3 T-4 T-5" || s.Days != 8 || s.Lead != 0 || s.Start != someday || s.End != "2026-11-27" || s.Slots["T-5"].End != "2026-11-27" {
		t.Errorf("path %s, %d days after %d, %s to %s", got, s.Days, s.Lead, s.Start, s.End)
	}
	b := s.Slots["T-2"]
	if b.Start != "2026-11-23" || b.End != "2026-11-24" || b.LatestStart != "2026-11-25" || b.LatestEnd != "2026-11-26" || b.Float != 2 || b.Critical {
		t.Errorf("B is %+v", b)
	}
	s, err = Compute(tasks, someday, true)
	if err != nil || s.Slots["T-1"].End != "2026-11-24" || s.Slots["T-3"].Start != "2026-11-25" || s.Slots["T-3"].End != "2026-11-30" || s.Slots["T-2"].Float != 2 || s.Days != 8 {
		t.Errorf("by working days %+v, %v", s, err)
	}
}

func TestFactsStayWhereTheyAre(t *testing.T) {
	tasks := []Task{
		{ID: "T-1", Days: 10, Status: InProgress, Start: "2026-11-10"},
		{ID: "T-2", Days: 5, Needs: []string{"T-1"}, Status: Done, Start: "2026-11-12"},    // ended before what it needs: it did
		{ID: "T-3", Days: 5, Needs: []string{"T-1"}, Status: Dropped, Start: "2027-06-01"}, // takes no time
		{ID: "T-4", Days: 2, Needs: []string{"T-3"}, Start: "2026-11-01"},                  // waits for what the dropped one waited for
	}
	s, err := Compute(tasks, someday, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Slots["T-2"]; got.Start != "2026-11-12" || got.Critical {
		t.Errorf("a done task is %+v", got)
	}
	if got := s.Slots["T-4"]; got.Start != "2026-11-20" || got.End != "2026-11-21" || !got.Critical {
		t.Errorf("after a dropped one: %+v", got)
	}
	if got := strings.Join(s.Path, " "); got != "T-1 T-4" || s.End != "2026-11-21" {
		t.Errorf("path %s to %s", got, s.End)
	}
	if got := s.Slots["T-1"]; got.Float != 0 || !got.Critical {
		t.Errorf("what is under way and holds the end: %+v", got)
	}
}

func TestRingsAndStrangersAreNamed(t *testing.T) {
	named := func(id, title string, needs ...string) Task { return Task{ID: id, Title: title, Days: 1, Needs: needs} }
	tasks := []Task{named("T-1", "Charter"), named("T-2", "Budget", "T-10"), named("T-3", "Hires", "T-2", "T-1"), named("T-10", "Drills", "T-3")}
	for range 20 {
		rand.Shuffle(len(tasks), func(i, j int) { tasks[i], tasks[j] = tasks[j], tasks[i] })
		_, err := Compute(tasks, someday, false)
		want := "T-2 “Budget” needs T-10 “Drills” needs T-3 “Hires” needs T-2 “Budget”"
		if !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Fatalf("a ring: %v, want %s", err, want)
		}
	}
	_, err := Compute([]Task{named("T-1", "Charter", "T-9")}, someday, false)
	if !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "T-1 “Charter” needs T-9, which is no task") {
		t.Errorf("an unknown need: %v", err)
	}
	if _, err = Compute([]Task{named("T-1", "Charter", "T-1")}, someday, false); err == nil || !strings.Contains(err.Error(), "T-1 “Charter” needs T-1 “Charter”") {
		t.Errorf("a task that needs itself: %v", err)
	}
	if s, err := Compute(nil, "", false); err != nil || len(s.Path) != 0 || s.Days != 0 {
		t.Errorf("no tasks: %+v, %v", s, err)
	}
}

// someTasks draws a roadmap without rings: a task needs only earlier ones.
func someTasks(r *rand.Rand, dates, facts bool) []Task {
	tasks := make([]Task, 1+r.IntN(30))
	for i := range tasks {
		t := &tasks[i]
		t.ID, t.Days, t.Status = fmt.Sprintf("T-%d", i+1), r.IntN(12), NotStarted
		for j := range i {
			if r.IntN(i+1) < 2 {
				t.Needs = append(t.Needs, tasks[j].ID)
			}
		}
		if dates && r.IntN(3) == 0 {
			t.Start = someday.Add(r.IntN(60) - 20)
		}
		if facts && r.IntN(4) == 0 {
			t.Status = Statuses()[r.IntN(len(Statuses()))]
		}
		t.Cost, t.Phase = int64(r.IntN(1000)), fmt.Sprint(r.IntN(3))
	}
	return tasks
}

func TestSchedulesOfRandomRoadmaps(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 7))
		dates, facts, working := r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0
		tasks := someTasks(r, dates, facts)
		from := someday
		s, err := Compute(tasks, from, working)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		holdsTogether(t, seed, tasks, s, working)
		if !dates && !facts && s.Lead != 0 {
			t.Fatalf("seed %d: without dates the critical path is the whole project, and %d days pass before it", seed, s.Lead)
		}
		shuffled := slices.Clone(tasks)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again, err := Compute(shuffled, from, working)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(s) {
			t.Fatalf("seed %d: another order of tasks is another schedule: %v\n%v\n%v", seed, err, s, again)
		}
		moved := slices.Clone(tasks)
		i := r.IntN(len(moved))
		moved[i].Start, moved[i].Days = someday.Add(r.IntN(80)-20), moved[i].Days+r.IntN(5)
		after, err := Compute(moved, from, working)
		if err != nil {
			t.Fatal(err)
		}
		before := ancestors(tasks, tasks[i].ID)
		for _, m := range Moves(s, after) {
			if before[m.ID] {
				t.Fatalf("seed %d: moving %s moved %s, which it needs", seed, tasks[i].ID, m.ID)
			}
		}
		var sum, want int64
		for _, x := range Spending(tasks, s) {
			sum += x.Cost
		}
		for _, x := range tasks {
			if x.Status != Dropped {
				want += x.Cost
			}
		}
		if sum != want {
			t.Fatalf("seed %d: months cost %d, tasks %d", seed, sum, want)
		}
	}
}

// holdsTogether holds what is true of every schedule.
func holdsTogether(t *testing.T, seed uint64, tasks []Task, s Schedule, working bool) {
	t.Helper()
	byID := map[string]Task{}
	for _, x := range tasks {
		byID[x.ID] = x
	}
	end := -1 << 40
	for _, x := range tasks {
		slot := s.Slots[x.ID]
		if x.Status != Dropped {
			end = max(end, slot.to)
		}
		if !x.begun() {
			for _, need := range x.Needs {
				if slot.from < s.Slots[need].to {
					t.Fatalf("seed %d: %s begins %s, before %s has ended (%s)", seed, x.ID, slot.Start, need, s.Slots[need].End)
				}
			}
			if x.Start != "" && x.Status != Dropped && slot.Start < x.Start {
				t.Fatalf("seed %d: %s begins %s, before its own date %s", seed, x.ID, slot.Start, x.Start)
			}
		}
		if x.Status != Dropped && slot.to-slot.from != x.Days {
			t.Fatalf("seed %d: %s takes %d days, not %d", seed, x.ID, slot.to-slot.from, x.Days)
		}
		if wd := slot.Start.Time().Weekday(); working && (wd == 0 || wd == 6) {
			t.Fatalf("seed %d: %s begins on a %s", seed, x.ID, wd)
		}
		if x.Status != Dropped && slot.Float == 0 && slot.LatestStart != slot.Start {
			t.Fatalf("seed %d: %s has no float and lies %s, latest %s", seed, x.ID, slot.Start, slot.LatestStart)
		}
	}
	if len(s.Path) == 0 {
		return
	}
	days := s.Lead
	for i, id := range s.Path {
		days += byID[id].Days
		if i > 0 && s.Slots[id].from != s.Slots[s.Path[i-1]].to {
			t.Fatalf("seed %d: on the path %v, %s does not begin where %s ends", seed, s.Path, id, s.Path[i-1])
		}
		if slot := s.Slots[id]; byID[id].Status != Done && !slot.Critical {
			t.Fatalf("seed %d: %s on the critical path has %d days of float", seed, id, slot.Float)
		}
	}
	if days != s.Days || s.Slots[s.Path[len(s.Path)-1]].to != end {
		t.Fatalf("seed %d: lead and path take %d days, the project %d: %v", seed, days, s.Days, s.Path)
	}
}

// ancestors are all tasks that a task needs, directly or not.
func ancestors(tasks []Task, id string) map[string]bool {
	out := map[string]bool{}
	var walk func(string)
	walk = func(id string) {
		for _, x := range tasks {
			if x.ID == id {
				for _, need := range x.Needs {
					if !out[need] {
						out[need] = true
						walk(need)
					}
				}
			}
		}
	}
	walk(id)
	return out
}

func TestSpendingFallsOnTheDaysOfATask(t *testing.T) {
	tasks := []Task{{ID: "T-1", Phase: "1", Days: 20, Start: "2026-11-21", Cost: 1000}, {ID: "T-2", Phase: "2", Start: "2026-12-31", Cost: 7}, {ID: "T-3", Phase: "2", Days: 3, Cost: 9, Status: Dropped}}
	s, err := Compute(tasks, someday, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(Spending(tasks, s)); got != "[{1 2026-11 500} {1 2026-12 500} {2 2026-12 7}]" {
		t.Errorf("spending %s", got)
	}
}

func BenchmarkCompute500(b *testing.B) {
	var tasks []Task
	for i := range maxTasks {
		x := Task{ID: fmt.Sprintf("T-%d", i+1), Days: i % 9}
		for j := max(0, i-4); j < i; j += 2 {
			x.Needs = append(x.Needs, tasks[j].ID)
		}
		tasks = append(tasks, x)
	}
	for b.Loop() {
		if _, err := Compute(tasks, someday, true); err != nil {
			b.Fatal(err)
		}
	}
}
