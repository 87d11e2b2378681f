package program

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pons/fault"
)

// Slot is where a task lies in time by the critical path method.
type Slot struct {
	ID string
	// Start and End are its first and its last day as early as can be. A milestone's are the same day: the one that it
	// names, or the last day of what it needs.
	Start, End Day
	// LatestStart and LatestEnd are as late as it can lie without moving the end of the roadmap.
	LatestStart, LatestEnd Day
	// Float is how many days it may slip: calendar days, or working days where the roadmap counts those.
	Float int
	// Critical tasks are not done and have no float: a day lost there is a day lost at the end.
	Critical bool
	// Held is the task whose end decides the start; empty where the task's own date does.
	Held string

	from, to, latest int // on the axis; to is the place after the last day
}

// Schedule is a roadmap in time.
type Schedule struct {
	Slots map[string]Slot
	// Path is the critical path, first to last: the chain of tasks that ends last, each held by the one before it.
	Path []string
	// Start and End are the first day of the first and the last day of the last task; Days lie between, both
	// counted. Lead is how many of these days pass before the critical path begins, because its first task has a date
	// of its own: Lead and the days of the tasks on the path make Days.
	Start, End Day
	Days, Lead int
}

// Compute lays tasks out in time. A task begins on the day that it names, or on from when it names none, and never
// before everything that it needs has ended. What is under way or done began when it says: that is a fact and not a
// plan. A dropped task takes no time, and what needs it still waits for what the dropped one needed. The order of the
// tasks does not matter. It wraps fault.Invalid when a task needs one that does not exist, or itself by a ring of
// others, and names them.
func Compute(tasks []Task, from Day, workingDays bool) (Schedule, error) {
	n := &network{axis: axis{workingDays}, tasks: map[string]Task{}, slots: map[string]Slot{}}
	for _, t := range tasks {
		n.tasks[t.ID] = t
	}
	if err := n.sort(); err != nil {
		return Schedule{}, err
	}
	if len(n.order) == 0 {
		return Schedule{Slots: n.slots}, nil
	}
	n.from = n.axis.place(from)
	n.forward()
	n.backward()
	return n.schedule(), nil
}

type network struct {
	axis  axis
	from  int
	tasks map[string]Task
	order []string // every task after those that it needs
	slots map[string]Slot
}

// sort puts every task after those that it needs. Ids are visited in their own order, so that the same ring is named
// whatever order the tasks came in.
func (n *network) sort() error {
	const visiting, done = 1, 2
	state := map[string]int{}
	var trail []string
	var visit func(id string) error
	visit = func(id string) error {
		switch state[id] {
		case done:
			return nil
		case visiting:
			return n.ring(trail[slices.Index(trail, id):])
		}
		state[id] = visiting
		trail = append(trail, id)
		needs := slices.Clone(n.tasks[id].Needs)
		slices.SortFunc(needs, compareIDs)
		for _, need := range needs {
			if _, ok := n.tasks[need]; !ok {
				return fmt.Errorf("%s needs %s, which is no task of the roadmap; take it out of what it needs: %w", n.tasks[id].name(), need, fault.Invalid)
			}
			if err := visit(need); err != nil {
				return err
			}
		}
		trail = trail[:len(trail)-1]
		state[id] = done
		n.order = append(n.order, id)
		return nil
	}
	for _, id := range slices.SortedFunc(maps.Keys(n.tasks), compareIDs) {
		if err := visit(id); err != nil {
			return err
		}
	}
	return nil
}

// ring names a ring from its least task on.
func (n *network) ring(ids []string) error {
	at := 0
	for i, id := range ids {
		if compareIDs(id, ids[at]) < 0 {
			at = i
		}
	}
	var names []string
	for i := range len(ids) + 1 {
		names = append(names, n.tasks[ids[(at+i)%len(ids)]].name())
	}
	return fmt.Errorf("tasks need each other in a ring: %s; take one of these needs away: %w", strings.Join(names, " needs "), fault.Invalid)
}

func (n *network) length(t Task) int {
	if t.Status == Dropped {
		return 0
	}
	return t.Days
}

// forward gives every task its earliest place.
func (n *network) forward() {
	for _, id := range n.order {
		t := n.tasks[id]
		at, held := n.from, ""
		if t.Start != "" && t.Status != Dropped {
			at = n.axis.place(t.Start)
		}
		if !t.begun() {
			for _, need := range t.Needs {
				end := n.slots[need].to
				if end > at || end == at && (held == "" || compareIDs(need, held) < 0) {
					at, held = end, need
				}
			}
		}
		n.slots[id] = Slot{ID: id, Held: held, from: at, to: at + n.length(t)}
	}
}

// backward gives every task its latest place. A task that has begun holds nobody before it: it began without them.
func (n *network) backward() {
	end := 0
	for i, id := range n.order {
		if s := n.slots[id]; i == 0 || s.to > end {
			end = s.to
		}
	}
	latest := map[string]int{} // the place by which each must have ended
	for _, id := range n.order {
		latest[id] = end
	}
	for _, id := range slices.Backward(n.order) {
		t, s := n.tasks[id], n.slots[id]
		s.latest = latest[id] - n.length(t)
		s.Float = s.latest - s.from
		s.Critical = s.Float <= 0 && t.Status != Done && t.Status != Dropped
		n.slots[id] = s
		if t.begun() {
			continue
		}
		for _, need := range t.Needs {
			latest[need] = min(latest[need], s.latest)
		}
	}
}

// schedule writes the places as days and follows the critical path back from what ends last.
func (n *network) schedule() Schedule {
	out := Schedule{Slots: n.slots}
	first, last := "", ""
	for _, id := range n.order {
		s, t := n.slots[id], n.tasks[id]
		s.Start, s.LatestStart = n.axis.day(s.from), n.axis.day(s.latest)
		switch length := n.length(t); {
		case length == 0 && s.Held != "" && t.Start != s.Start: // reached in the evening of what it needs
			s.Start, s.LatestStart = n.axis.day(s.from-1), n.axis.day(s.latest-1)
			s.End, s.LatestEnd = s.Start, s.LatestStart
		default:
			s.End, s.LatestEnd = n.axis.day(max(s.to-1, s.from)), n.axis.day(max(s.latest+length-1, s.latest))
		}
		n.slots[id] = s
		if t.Status == Dropped {
			continue
		}
		if first == "" || s.from < n.slots[first].from {
			first = id
		}
		if last == "" || s.to > n.slots[last].to || s.to == n.slots[last].to && n.later(id, last) {
			last = id
		}
	}
	if first == "" {
		return out
	}
	out.Start, out.End = n.slots[first].Start, n.slots[last].End
	out.Days = n.slots[last].to - n.slots[first].from
	for id := last; id != ""; id = n.slots[id].Held {
		if n.tasks[id].Status != Dropped {
			out.Path = append(out.Path, id)
		}
		out.Lead = n.slots[id].from - n.slots[first].from
	}
	slices.Reverse(out.Path)
	return out
}

// later decides between two tasks that end on the same day: one that is not done says more than one that is, and the
// one at the end of the longer chain more than one in the middle of it.
func (n *network) later(a, b string) bool {
	rank := func(id string) (r int) {
		if n.tasks[id].Status != Done {
			r += maxTasks
		}
		for at := n.slots[id].Held; at != ""; at = n.slots[at].Held {
			r++
		}
		return r
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), compareIDs(b, a)) > 0
}

// Move is a task that lies elsewhere than before.
type Move struct {
	ID       string
	From, To Slot
}

// Moves are the tasks that lie elsewhere after than before, by where they lie now.
func Moves(before, after Schedule) []Move {
	var out []Move
	for id, to := range after.Slots {
		if from, ok := before.Slots[id]; ok && (from.Start != to.Start || from.End != to.End) {
			out = append(out, Move{id, from, to})
		}
	}
	slices.SortFunc(out, func(a, b Move) int { return cmp.Or(cmp.Compare(a.To.Start, b.To.Start), compareIDs(a.ID, b.ID)) })
	return out
}

// Spend is what a phase costs in a month, in the roadmap's currency.
type Spend struct {
	Phase, Month string // the phase's id; "2027-03"
	Cost         int64
}

// Spending spreads the cost of each task evenly over its days and adds it up by phase and month. Nothing is lost in
// rounding: the sum is the sum of the costs. What is dropped costs nothing.
func Spending(tasks []Task, s Schedule) []Spend {
	sums := map[[2]string]int64{}
	for _, t := range tasks {
		slot, ok := s.Slots[t.ID]
		if !ok || t.Cost == 0 || t.Status == Dropped {
			continue
		}
		days := int64(slot.Start.Until(slot.End) + 1)
		var given int64
		for i := range days {
			upTo := t.Cost * (i + 1) / days
			sums[[2]string{t.Phase, string(slot.Start.Add(int(i)))[:7]}] += upTo - given
			given = upTo
		}
	}
	out := make([]Spend, 0, len(sums))
	for key, cost := range sums {
		out = append(out, Spend{key[0], key[1], cost})
	}
	slices.SortFunc(out, func(a, b Spend) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Phase, b.Phase))
	})
	return out
}
