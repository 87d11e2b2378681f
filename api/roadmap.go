package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
)

func (s *server) registerRoadmap(routes huma.API) {
	op := designOp
	huma.Register(routes, op("get-roadmap", http.MethodGet, "/roadmap", "The roadmap: its tasks where they lie in time, the critical path, and what it costs by phase and month"), s.getRoadmap)
	huma.Register(routes, op("put-roadmap", http.MethodPut, "/roadmap", "Make the roadmap, or change what holds for all of it"), s.putRoadmap)
	huma.Register(routes, op("add-task", http.MethodPost, "/roadmap/tasks", "Add a task; the answer says where it lies and what moved with it"), s.addTask)
	huma.Register(routes, op("put-task", http.MethodPut, "/roadmap/tasks/{id}", "Change a task, from the version that was read; the answer says where it lies and what moved with it"), s.putTask)
	huma.Register(routes, op("preview-task", http.MethodPost, "/roadmap/tasks/{id}/preview", "What would move if the task were as given; nothing is kept"), s.previewTask)
	huma.Register(routes, op("remove-task", http.MethodDelete, "/roadmap/tasks/{id}", "Remove a task that no other needs; its versions stay"), s.removeTask)
}

// Task is a piece of work on the roadmap.
type Task struct {
	ID          string   `json:"id" readOnly:"true" required:"false"`
	Version     int64    `json:"version,omitempty"`
	Title       string   `json:"title"`
	Phase       string   `json:"phase" doc:"A phase's id"`
	Owner       string   `json:"owner,omitempty"`
	Start       string   `json:"start,omitempty" format:"date" doc:"Empty: as soon as what it needs is done"`
	Days        int      `json:"days" minimum:"0" doc:"0 is a milestone"`
	Needs       []string `json:"needs,omitempty"`
	KPI         string   `json:"kpi,omitempty"`
	EffortHours float64  `json:"effort_hours,omitempty"`
	Cost        int64    `json:"cost,omitempty" doc:"Whole units of the roadmap's currency"`
	Status      string   `json:"status,omitempty" enum:"NOT_STARTED,IN_PROGRESS,BLOCKED,DONE,DROPPED,"`
	Percent     int      `json:"percent,omitempty" minimum:"0" maximum:"100"`
	Note        string   `json:"note,omitempty"`
	Slot        *Slot    `json:"slot,omitempty" readOnly:"true" doc:"Where it lies in time"`
}

// Slot is where a task lies by the critical path method.
type Slot struct {
	Start       string `json:"start" format:"date"`
	End         string `json:"end" format:"date"`
	LatestStart string `json:"latest_start" format:"date"`
	LatestEnd   string `json:"latest_end" format:"date"`
	Float       int    `json:"float_days"`
	Critical    bool   `json:"critical"`
	Held        string `json:"held_by,omitempty" doc:"The task whose end decides the start; absent: its own date does"`
	Late        bool   `json:"late"`
}

// Phase is a part of the roadmap.
type Phase struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Goal string `json:"goal,omitempty"`
}

// Spend is what a phase costs in a month.
type Spend struct {
	Phase string `json:"phase"`
	Month string `json:"month"`
	Cost  int64  `json:"cost"`
}

// Roadmap is the whole roadmap.
type Roadmap struct {
	Version      int64    `json:"version,omitempty" doc:"Of what holds for the whole roadmap"`
	Title        string   `json:"title"`
	Start        string   `json:"start" format:"date"`
	WorkingDays  bool     `json:"working_days,omitempty"`
	Currency     string   `json:"currency"`
	Phases       []Phase  `json:"phases"`
	Tasks        []Task   `json:"tasks,omitempty" readOnly:"true"`
	CriticalPath []string `json:"critical_path,omitempty" readOnly:"true"`
	End          string   `json:"end,omitempty" readOnly:"true"`
	Days         int      `json:"days,omitempty" readOnly:"true"`
	Spending     []Spend  `json:"spending,omitempty" readOnly:"true"`
}

func slotOf(t program.Task, slot program.Slot, today program.Day) *Slot {
	return &Slot{string(slot.Start), string(slot.End), string(slot.LatestStart), string(slot.LatestEnd), slot.Float, slot.Critical, slot.Held, t.Late(slot, today)}
}

func taskOf(e ledger.Entry[program.Task]) Task {
	t := e.Body
	return Task{ID: e.ID, Version: e.Version, Title: t.Title, Phase: t.Phase, Owner: t.Owner, Start: string(t.Start), Days: t.Days, Needs: t.Needs, KPI: t.KPI, EffortHours: t.EffortHours, Cost: t.Cost, Status: string(t.Status), Percent: t.Percent, Note: t.Note}
}

func (t Task) body(id string) program.Task {
	return program.Task{ID: id, Title: t.Title, Phase: t.Phase, Owner: t.Owner, Start: program.Day(t.Start), Days: t.Days, Needs: t.Needs, KPI: t.KPI, EffortHours: t.EffortHours, Cost: t.Cost, Status: program.Status(t.Status), Percent: t.Percent, Note: t.Note}
}

func (s *server) roadmapNow(ctx context.Context) (r program.Roadmap, err error) {
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		r, err = s.program.Roadmap(tx)
		return err
	})
	if err == nil && !r.Made {
		err = fmt.Errorf("there is no roadmap yet: %w", fault.NotFound)
	}
	return r, err
}

func (s *server) getRoadmap(ctx context.Context, _ *struct{}) (*itemOutput[Roadmap], error) {
	if _, err := s.may(ctx, account.ProgramRead); err != nil {
		return nil, err
	}
	r, err := s.roadmapNow(ctx)
	if err != nil {
		return nil, s.answer(err)
	}
	b := r.Settings.Body
	out := Roadmap{Version: r.Settings.Version, Title: b.Title, Start: string(b.Start), WorkingDays: b.WorkingDays, Currency: b.Currency, CriticalPath: r.Schedule.Path, End: string(r.Schedule.End), Days: r.Schedule.Days}
	for _, ph := range b.Phases {
		out.Phases = append(out.Phases, Phase(ph))
	}
	today := program.DayOf(s.Now())
	for _, e := range r.Tasks {
		t := taskOf(e)
		t.Slot = slotOf(e.Body, r.Schedule.Slots[e.ID], today)
		out.Tasks = append(out.Tasks, t)
	}
	for _, x := range program.Spending(r.Bodies(), r.Schedule) {
		out.Spending = append(out.Spending, Spend(x))
	}
	return &itemOutput[Roadmap]{out}, nil
}

func (s *server) putRoadmap(ctx context.Context, in *itemInput[Roadmap]) (*itemOutput[Roadmap], error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	settings := program.RoadmapSettings{Title: in.Body.Title, Start: program.Day(in.Body.Start), WorkingDays: in.Body.WorkingDays, Currency: in.Body.Currency}
	for _, ph := range in.Body.Phases {
		settings.Phases = append(settings.Phases, program.Phase(ph))
	}
	if _, err := s.program.SetRoadmap(ctx, in.Body.Version, settings, who.String(), ""); err != nil {
		return nil, s.mistaken(err)
	}
	return s.getRoadmap(ctx, nil)
}

// TaskMove is a task that lies elsewhere than before.
type TaskMove struct {
	ID    string `json:"id"`
	Start string `json:"start" format:"date"`
	End   string `json:"end" format:"date"`
	From  string `json:"was_start" format:"date"`
	To    string `json:"was_end" format:"date"`
}

type taskOutput struct {
	Body struct {
		Task         Task       `json:"task"`
		Moved        []TaskMove `json:"moved" doc:"Every task that lies elsewhere because of it"`
		CriticalPath []string   `json:"critical_path"`
		End          string     `json:"end" format:"date"`
	}
}

// told is a task with what its change does to the others.
func (s *server) told(e ledger.Entry[program.Task], after program.Schedule, moves []program.Move) *taskOutput {
	out := &taskOutput{}
	out.Body.Task, out.Body.Moved, out.Body.CriticalPath, out.Body.End = taskOf(e), []TaskMove{}, after.Path, string(after.End)
	out.Body.Task.Slot = slotOf(e.Body, after.Slots[e.ID], program.DayOf(s.Now()))
	for _, m := range moves {
		out.Body.Moved = append(out.Body.Moved, TaskMove{m.ID, string(m.To.Start), string(m.To.End), string(m.From.Start), string(m.From.End)})
	}
	return out
}

func (s *server) addTask(ctx context.Context, in *itemInput[Task]) (*taskOutput, error) {
	return s.keepTask(ctx, "", in.Body)
}

func (s *server) putTask(ctx context.Context, in *itemChange[Task]) (*taskOutput, error) {
	return s.keepTask(ctx, in.ID, in.Body)
}

func (s *server) keepTask(ctx context.Context, id string, t Task) (*taskOutput, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	e, moves, err := s.program.PutTask(ctx, t.Version, t.body(id), who.String(), "")
	if err != nil {
		return nil, s.mistaken(err)
	}
	r, err := s.roadmapNow(ctx)
	if err != nil {
		return nil, s.answer(err)
	}
	return s.told(e, r.Schedule, moves), nil
}

func (s *server) previewTask(ctx context.Context, in *itemChange[Task]) (*taskOutput, error) {
	if _, err := s.may(ctx, account.ProgramRead); err != nil {
		return nil, err
	}
	r, err := s.roadmapNow(ctx)
	if err != nil {
		return nil, s.answer(err)
	}
	e, ok := r.Task(in.ID)
	if !ok {
		return nil, s.answer(fmt.Errorf("task %s: %w", in.ID, fault.NotFound))
	}
	e.Body = in.Body.body(in.ID)
	after, moves, err := r.Preview(e.Body)
	if err != nil {
		return nil, s.mistaken(err)
	}
	return s.told(e, after, moves), nil
}

func (s *server) removeTask(ctx context.Context, in *designEntry) (*struct{}, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	_, err = s.program.RemoveTask(ctx, in.ID, who.String(), "")
	return nil, s.answer(err)
}
