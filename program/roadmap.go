package program

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Status says how far a task is (domain/09 §9.4).
type Status string

// The statuses of a task.
const (
	NotStarted Status = "NOT_STARTED"
	InProgress Status = "IN_PROGRESS"
	Blocked    Status = "BLOCKED"
	Done       Status = "DONE"
	Dropped    Status = "DROPPED"
)

// Statuses lists all statuses in the order of menus.
func Statuses() []Status { return []Status{NotStarted, InProgress, Blocked, Done, Dropped} }

// Title is the status in words.
func (s Status) Title() string {
	return map[Status]string{NotStarted: "not started", InProgress: "in progress", Blocked: "blocked", Done: "done", Dropped: "dropped"}[s]
}

// Task is a piece of work on the roadmap, or a milestone when it takes no days.
type Task struct {
	ID    string `json:"-"` // "T-7"
	Title string `json:"title"`
	Phase string `json:"phase"`           // a phase's id
	Owner string `json:"owner,omitempty"` // a person or a role
	// Start is the day on which it shall begin, or began; empty is as soon as what it needs is done. Days is how long it
	// takes: working days where the roadmap counts those.
	Start Day `json:"start,omitempty"`
	Days  int `json:"days"`
	// Needs are the tasks that must have ended before it begins.
	Needs []string `json:"needs,omitempty"`
	// KPI is the measure that it moves.
	KPI         string  `json:"kpi,omitempty"`
	EffortHours float64 `json:"effort_hours,omitempty"`
	Cost        int64   `json:"cost,omitempty"` // whole units of the roadmap's currency
	Status      Status  `json:"status"`
	Percent     int     `json:"percent,omitempty"` // done, 0 to 100
	Note        string  `json:"note,omitempty"`
}

// Milestone says that the task marks a day and takes none.
func (t Task) Milestone() bool { return t.Days == 0 }

// begun tasks began when they say, whatever else has slipped.
func (t Task) begun() bool { return t.Start != "" && (t.Status == InProgress || t.Status == Done) }

// name is how messages name a task.
func (t Task) name() string { return t.ID + " “" + t.Title + "”" }

// Late says that the task should have ended before today, or should have begun and has not.
func (t Task) Late(slot Slot, today Day) bool {
	switch t.Status {
	case Done, Dropped:
		return false
	case InProgress:
		return slot.End < today
	}
	return slot.Start < today
}

// compareIDs orders ids as people count: T-2 before T-10.
func compareIDs(a, b string) int {
	number := func(s string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(s, taskPrefix))
		if err != nil {
			return 1 << 30
		}
		return n
	}
	return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(a, b))
}

// Phase is a part of the roadmap.
type Phase struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Goal string `json:"goal,omitempty"`
}

// RoadmapSettings are what holds for the whole roadmap.
type RoadmapSettings struct {
	Title       string  `json:"title"`
	Start       Day     `json:"start"` // where tasks without a date and without needs begin
	WorkingDays bool    `json:"working_days"`
	Currency    string  `json:"currency"`
	Phases      []Phase `json:"phases"`
}

// Benefit is what a task has brought, as somebody has seen and confirmed it.
type Benefit struct {
	Date      Day    `json:"date"`
	Task      string `json:"task,omitempty"`
	KPI       string `json:"kpi,omitempty"`
	What      string `json:"what"`
	Before    string `json:"before,omitempty"` // with its unit
	After     string `json:"after,omitempty"`
	Value     int64  `json:"value,omitempty"` // a year, whole units of the roadmap's currency
	Confirmed string `json:"confirmed,omitempty"`
}

// Limits of a roadmap: more is a slip of the keyboard, or another tool's work.
const (
	maxTasks  = 500
	maxPhases = 12
	maxDays   = 1500
	maxCost   = 1_000_000_000
	maxEffort = 100_000
)

const (
	taskPrefix = "T-"
	onlyEntry  = "only" // the id of what there is one of
)

func settingsBook() ledger.Book[RoadmapSettings] {
	return ledger.NewBook("program.roadmap", checkSettings)
}
func taskBook() ledger.Book[Task] { return ledger.NewBook("program.task", checkTask) }

// Benefits is the log of what the roadmap has brought.
func (p *Program) Benefits() Shelf[Benefit] {
	return Shelf[Benefit]{Book: ledger.NewBook("program.benefit", checkBenefit), p: p}
}

// within says when a number lies outside of its bounds.
func within[N int | int64 | float64](what string, n, least, most N) error {
	if n >= least && n <= most { // not a number is neither
		return nil
	}
	return fmt.Errorf("%s is %v, want %v to %v: %w", what, n, least, most, fault.Invalid)
}

func checkCurrency(code *string) error {
	*code = strings.ToUpper(strings.TrimSpace(*code))
	if len(*code) != 3 || strings.Trim(*code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return fmt.Errorf("the currency is %q; write its code of three letters, like USD: %w", *code, fault.Invalid)
	}
	return nil
}

func checkSettings(s *RoadmapSettings) error {
	var wrong fault.Mistakes
	wrong.Add("currency", checkCurrency(&s.Currency))
	wrong.Add("title", tidyName("the title", &s.Title, true))
	wrong.Add("start", checkDay("the start", s.Start, true))
	if len(s.Phases) == 0 || len(s.Phases) > maxPhases {
		wrong.Add("phases", fmt.Errorf("a roadmap has 1 to %d phases, not %d: %w", maxPhases, len(s.Phases), fault.Invalid))
	}
	seen := map[string]bool{}
	for i := range s.Phases {
		ph := &s.Phases[i]
		wrong.Add(fmt.Sprintf("phases.%d.name", i+1), tidyName("the phase's name", &ph.Name, true))
		wrong.Add(fmt.Sprintf("phases.%d.goal", i+1), tidyText("the goal of "+ph.Name, &ph.Goal, false))
		if ph.ID = strings.TrimSpace(ph.ID); ph.ID == "" || seen[ph.ID] {
			wrong.Add(fmt.Sprintf("phases.%d.name", i+1), fmt.Errorf("the phase %s needs an id of its own: %w", ph.Name, fault.Invalid))
		}
		seen[ph.ID] = true
	}
	return wrong.All()
}

func checkTask(t *Task) error {
	var wrong fault.Mistakes
	if t.Status == "" {
		t.Status = NotStarted
	}
	if !slices.Contains(Statuses(), t.Status) {
		wrong.Add("status", fmt.Errorf("the status is %q; choose one of %v: %w", t.Status, Statuses(), fault.Invalid))
	}
	if t.Status == Done {
		t.Percent = 100
	}
	t.Needs = tidyList(t.Needs)
	slices.SortFunc(t.Needs, compareIDs)
	wrong.Add("title", tidyName("the title", &t.Title, true))
	wrong.Add("phase", tidyName("the phase", &t.Phase, true))
	wrong.Add("owner", tidyName("the owner", &t.Owner, false))
	wrong.Add("kpi", tidyName("the KPI", &t.KPI, false))
	wrong.Add("note", tidyText("the note", &t.Note, false))
	wrong.Add("start", checkDay("the start", t.Start, false))
	if t.Start == "" && (t.Status == InProgress || t.Status == Done) {
		wrong.Add("start", fmt.Errorf("a task that has begun needs the day on which it did: %w", fault.Invalid))
	}
	wrong.Add("days", within("days", t.Days, 0, maxDays))
	wrong.Add("percent", within("percent", t.Percent, 0, 100))
	wrong.Add("effort_hours", within("the effort", t.EffortHours, 0, maxEffort))
	wrong.Add("cost", within("the cost", t.Cost, 0, maxCost))
	return wrong.All()
}

func checkBenefit(b *Benefit) error {
	var wrong fault.Mistakes
	wrong.Add("what", tidyText("what was brought", &b.What, true))
	wrong.Add("kpi", tidyName("the KPI", &b.KPI, false))
	wrong.Add("before", tidyName("before", &b.Before, false))
	wrong.Add("after", tidyName("after", &b.After, false))
	wrong.Add("task", tidyName("the task", &b.Task, false))
	wrong.Add("confirmed", tidyName("who confirmed it", &b.Confirmed, false))
	wrong.Add("date", checkDay("the date", b.Date, true))
	wrong.Add("value", within("the value", b.Value, -maxCost, maxCost))
	return wrong.All()
}

// Roadmap is the whole roadmap as it is now.
type Roadmap struct {
	Made     bool // there are settings; a roadmap that was not made yet has nothing
	Settings ledger.Entry[RoadmapSettings]
	Tasks    []ledger.Entry[Task] // by phase, start and id
	Schedule Schedule
}

// Task finds a task.
func (r Roadmap) Task(id string) (ledger.Entry[Task], bool) {
	i := slices.IndexFunc(r.Tasks, func(e ledger.Entry[Task]) bool { return e.ID == id })
	if i < 0 {
		return ledger.Entry[Task]{}, false
	}
	return r.Tasks[i], true
}

// Bodies are the tasks without their states.
func (r Roadmap) Bodies() []Task {
	out := make([]Task, len(r.Tasks))
	for i, e := range r.Tasks {
		out[i] = e.Body
	}
	return out
}

// with is the tasks with one of them as it would be, or one more.
func (r Roadmap) with(t Task) []Task {
	out := slices.DeleteFunc(r.Bodies(), func(x Task) bool { return x.ID == t.ID })
	return append(out, t)
}

// compute is the schedule of tasks by this roadmap's settings.
func (r Roadmap) compute(tasks []Task) (Schedule, error) {
	return Compute(tasks, r.Settings.Body.Start, r.Settings.Body.WorkingDays)
}

// Preview says which tasks would lie elsewhere if the task were as given.
func (r Roadmap) Preview(t Task) (Schedule, []Move, error) {
	after, err := r.compute(r.with(t))
	if err != nil {
		return after, nil, err
	}
	return after, Moves(r.Schedule, after), nil
}

// Shifted is the task begun so many days later (earlier, when negative) than it lies now, and so many days longer, as
// the roadmap counts days.
func (r Roadmap) Shifted(id string, later, longer int) (Task, error) {
	e, ok := r.Task(id)
	if !ok {
		return Task{}, fmt.Errorf("task %s: %w", id, fault.NotFound)
	}
	t, a := e.Body, axis{r.Settings.Body.WorkingDays}
	if later != 0 {
		t.Start = a.day(a.place(r.Schedule.Slots[id].Start) + later)
	}
	t.Days = max(t.Days+longer, min(t.Days, 1))
	return t, nil
}

// Between is the task that begins on one day and ends on another; an end before the start makes it one day long.
func (r Roadmap) Between(id string, start, end Day) (Task, error) {
	e, ok := r.Task(id)
	if !ok {
		return Task{}, fmt.Errorf("task %s: %w", id, fault.NotFound)
	}
	var wrong fault.Mistakes
	wrong.Add("start", checkDay("the start", start, true))
	wrong.Add("end", checkDay("the end", end, true))
	if err := wrong.All(); err != nil {
		return Task{}, err
	}
	t, a := e.Body, axis{r.Settings.Body.WorkingDays}
	t.Start = start
	if !t.Milestone() {
		t.Days = max(a.place(end.Add(1))-a.place(start), 1)
	}
	return t, nil
}

// Roadmap reads the roadmap. One that cannot be laid out in time wraps fault.Invalid; Pons itself never keeps one.
func (p *Program) Roadmap(tx *sqldb.Tx) (Roadmap, error) {
	var r Roadmap
	e, err := settingsBook().Get(tx, onlyEntry)
	switch {
	case err == nil && !e.Removed:
		r.Settings, r.Made = e, true
	case err != nil && !errors.Is(err, fault.NotFound):
		return r, err
	}
	if r.Tasks, err = taskBook().List(tx); err != nil {
		return r, err
	}
	for i := range r.Tasks {
		r.Tasks[i].Body.ID = r.Tasks[i].ID
	}
	if r.Schedule, err = r.compute(r.Bodies()); err != nil {
		return r, err
	}
	place := func(phase string) int {
		return slices.IndexFunc(r.Settings.Body.Phases, func(ph Phase) bool { return ph.ID == phase })
	}
	slices.SortFunc(r.Tasks, func(a, b ledger.Entry[Task]) int {
		return cmp.Or(cmp.Compare(place(a.Body.Phase), place(b.Body.Phase)), cmp.Compare(r.Schedule.Slots[a.ID].Start, r.Schedule.Slots[b.ID].Start), compareIDs(a.ID, b.ID))
	})
	return r, nil
}

// SetRoadmap writes the settings. Phases that tasks stand in cannot be taken away.
func (p *Program) SetRoadmap(ctx context.Context, version int64, s RoadmapSettings, actor, why string) (e ledger.Entry[RoadmapSettings], err error) {
	_, err = p.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, err := p.Roadmap(tx)
		if err != nil {
			return err
		}
		if e, err = settingsBook().Put(tx, onlyEntry, version, s, p.by(actor, why)); err != nil {
			return err
		}
		for _, t := range r.Tasks {
			if !slices.ContainsFunc(e.Body.Phases, func(ph Phase) bool { return ph.ID == t.Body.Phase }) {
				return fmt.Errorf("phases: %s stands in a phase that would be gone; move it first: %w", t.Body.name(), fault.Conflict)
			}
		}
		return nil
	})
	return e, err
}

// PutTask writes a task; one without an id is new and gets the next number. version is the state that the writer
// looked at, 0 for whichever. It gives the tasks that lie elsewhere because of it, the task itself among them.
func (p *Program) PutTask(ctx context.Context, version int64, t Task, actor, why string) (e ledger.Entry[Task], moves []Move, err error) {
	_, err = p.db.Update(ctx, func(tx *sqldb.Tx) error {
		e, moves, err = p.putTask(tx, version, t, p.by(actor, why))
		return err
	})
	return e, moves, err
}

func (p *Program) putTask(tx *sqldb.Tx, version int64, t Task, by ledger.By) (ledger.Entry[Task], []Move, error) {
	var none ledger.Entry[Task]
	r, err := p.Roadmap(tx)
	if err != nil {
		return none, nil, err
	}
	if !r.Made {
		return none, nil, fmt.Errorf("the roadmap has no start and no phases yet; make it first: %w", fault.Invalid)
	}
	if err := checkTask(&t); err != nil {
		return none, nil, err
	}
	if !slices.ContainsFunc(r.Settings.Body.Phases, func(ph Phase) bool { return ph.ID == t.Phase }) {
		return none, nil, fault.Wrong("phase", "the roadmap has no phase %q", t.Phase)
	}
	if t.ID == "" {
		if len(r.Tasks) >= maxTasks {
			return none, nil, fmt.Errorf("the roadmap has %d tasks, as many as it may: %w", maxTasks, fault.Invalid)
		}
		if t.ID, err = nextTask(tx); err != nil {
			return none, nil, err
		}
	} else if _, err := taskBook().Get(tx, t.ID); err != nil { // numbers are given, not chosen
		return none, nil, err
	}
	_, moves, err := r.Preview(t)
	if err != nil {
		return none, nil, wrongIn("needs", err)
	}
	e, err := taskBook().Put(tx, t.ID, version, t, by)
	e.Body.ID = e.ID
	return e, moves, err
}

// nextTask is the number after the highest that was ever given, so that a number never means two tasks.
func nextTask(tx *sqldb.Tx) (string, error) {
	for n := 1; ; n *= 2 {
		if _, err := taskBook().Get(tx, taskPrefix+strconv.Itoa(n)); errors.Is(err, fault.NotFound) {
			low := n / 2 // was given; n was not
			for high := n; high-low > 1; {
				mid := (low + high) / 2
				if _, err := taskBook().Get(tx, taskPrefix+strconv.Itoa(mid)); errors.Is(err, fault.NotFound) {
					high = mid
				} else if err != nil {
					return "", err
				} else {
					low = mid
				}
			}
			return taskPrefix + strconv.Itoa(low+1), nil
		} else if err != nil {
			return "", err
		}
	}
}

// RemoveTask takes a task off the roadmap. One that others need stays until they do not.
func (p *Program) RemoveTask(ctx context.Context, id, actor, why string) (e ledger.Entry[Task], err error) {
	_, err = p.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, err := p.Roadmap(tx)
		if err != nil {
			return err
		}
		var waiting []string
		for _, t := range r.Tasks {
			if slices.Contains(t.Body.Needs, id) {
				waiting = append(waiting, t.Body.name())
			}
		}
		if len(waiting) > 0 {
			return fmt.Errorf("%s is needed by %s; take it out of their needs first, or drop it: %w", id, strings.Join(waiting, ", "), fault.Conflict)
		}
		e, err = taskBook().Remove(tx, id, p.by(actor, why))
		e.Body.ID = e.ID
		return err
	})
	return e, err
}

// RestoreTask makes an earlier state of a task the newest again, where the roadmap still allows it.
func (p *Program) RestoreTask(ctx context.Context, id string, version int64, actor, why string) (e ledger.Entry[Task], err error) {
	_, err = p.db.Update(ctx, func(tx *sqldb.Tx) error {
		then, err := taskBook().Version(tx, id, version)
		if err != nil {
			return err
		}
		then.Body.ID = id
		e, _, err = p.putTask(tx, 0, then.Body, p.by(actor, why))
		return err
	})
	return e, err
}

// TaskHistory gives all states of a task, the newest first.
func (p *Program) TaskHistory(tx *sqldb.Tx, id string) ([]ledger.Entry[Task], error) {
	return taskBook().History(tx, id)
}
