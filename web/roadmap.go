package web

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
)

// roadmapPage is the road to what the program wants, as one person sees it.
type roadmapPage struct {
	program.Roadmap
	May      bool
	Today    program.Day
	Gantt    gantt
	Scale    string
	Groups   []roadmapGroup
	Late     int
	Done     int
	Alive    int // tasks that were not dropped
	Open     int // milestones not reached
	Cost     int64
	Spending *Chart
	Benefits []ledger.Entry[program.Benefit]
	Flash    *Flash
	Wrong    map[string]string // of the form that makes a roadmap
	Entered  program.RoadmapSettings
	Template bool
}

// roadmapGroup is a phase with its tasks and what they come to.
type roadmapGroup struct {
	program.Phase
	Tasks []ledger.Entry[program.Task]
	Cost  int64
	Hours float64
}

func (s *Server) readRoadmap(v *Visit) (p roadmapPage, err error) {
	p.May, p.Today, p.Scale = v.May(account.ProgramWrite), program.DayOf(v.Now), v.Form("scale")
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if p.Roadmap, err = s.program.Roadmap(tx); err != nil {
			return err
		}
		p.Benefits, err = s.program.Benefits().Book.List(tx)
		return err
	})
	if err != nil {
		return p, err
	}
	slices.SortStableFunc(p.Benefits, func(a, b ledger.Entry[program.Benefit]) int {
		return strings.Compare(string(b.Body.Date), string(a.Body.Date))
	})
	p.Gantt = newGantt(p.Roadmap, p.Today, p.Scale, p.May)
	for _, phase := range p.Settings.Body.Phases {
		g := roadmapGroup{Phase: phase}
		for _, e := range p.Tasks {
			if e.Body.Phase == phase.ID {
				g.Tasks = append(g.Tasks, e)
				if e.Body.Status != program.Dropped {
					g.Cost += e.Body.Cost
					g.Hours += e.Body.EffortHours
				}
			}
		}
		p.Cost += g.Cost
		p.Groups = append(p.Groups, g)
	}
	for _, e := range p.Tasks {
		if e.Body.Status == program.Dropped {
			continue
		}
		p.Alive++
		switch {
		case e.Body.Status == program.Done:
			p.Done++
		case e.Body.Milestone():
			p.Open++
		}
		if e.Body.Late(p.Schedule.Slots[e.ID], p.Today) {
			p.Late++
		}
	}
	p.Spending = p.spending()
	return p, nil
}

// spending is what each phase costs in each month, as a picture.
func (p *roadmapPage) spending() *Chart {
	spend := program.Spending(p.Bodies(), p.Schedule)
	if len(spend) == 0 {
		return nil
	}
	c := &Chart{ID: "roadmap-cost", Title: "Cost by phase and month", Kind: StackedChart, Unit: p.Settings.Body.Currency, Along: "month"}
	for at := program.Day(spend[0].Month + "-01").Time(); ; at = at.AddDate(0, 1, 0) {
		month := at.Format("2006-01")
		c.X = append(c.X, month)
		if month >= spend[len(spend)-1].Month {
			break
		}
	}
	for _, phase := range p.Settings.Body.Phases {
		series := Series{Name: phase.Name, Values: make([]float64, len(c.X)), Hrefs: make([]string, len(c.X))}
		for i := range c.X {
			series.Hrefs[i] = "#phase-" + phase.ID
		}
		for _, x := range spend {
			if x.Phase == phase.ID {
				series.Values[slices.Index(c.X, x.Month)] += float64(x.Cost)
			}
		}
		c.Series = append(c.Series, series)
	}
	return c
}

const roadmapAbout = "What is done by whom until when, what waits for what, and what it costs."

func (s *Server) roadmap(v *Visit) error {
	p, err := s.readRoadmap(v)
	if err != nil {
		return err
	}
	if !p.Made {
		p.Entered = program.RoadmapSettings{Title: "Device management program", Start: p.Today, Currency: "USD"}
		p.Template = true
	}
	return s.showRoadmap(v, p)
}

func (s *Server) showRoadmap(v *Visit, p roadmapPage) error {
	page := Page{Title: "Roadmap", About: roadmapAbout, Islands: []string{"chart", "gantt"}, Wide: p.Made, Status: mistakeStatus(p.Wrong)}
	if p.Made {
		page.Fresh = p.Settings.At
		for _, e := range p.Tasks {
			if e.At.After(page.Fresh) {
				page.Fresh = e.At
			}
		}
		if p.May {
			page.Actions = roadmapActions()
		}
	}
	return v.Render(page, p.View())
}

// startRoadmap makes the roadmap, empty or from the template.
func (s *Server) startRoadmap(v *Visit) error {
	e := v.entered()
	settings := program.RoadmapSettings{Title: v.Form("title"), Start: e.day("start"), Currency: v.Form("currency"), WorkingDays: v.Form("working_days") != "", Phases: program.DefaultPhases()}
	template := v.Form("template") != ""
	err := s.program.StartRoadmap(v.Context(), settings, template, v.Actor.String())
	if err == nil {
		return v.Redirect("/program/roadmap", &Flash{Status: Good, Text: "The roadmap is made. Move what lies elsewhere, and say who does it."})
	}
	wrong, ok := e.mistakes(err)
	if !ok {
		return err
	}
	p, err := s.readRoadmap(v)
	if err != nil {
		return err
	}
	p.Wrong, p.Entered, p.Template = wrong, settings, template
	return s.showRoadmap(v, p)
}

// taskPage is the form of a task.
type taskPage struct {
	R       program.Roadmap
	Task    program.Task
	Version int64
	May     bool
	Wrong   map[string]string
	History []ledger.Entry[program.Task]
	Waiting []ledger.Entry[program.Task] // tasks that need it
	KPIs    []string
}

func (s *Server) readTask(v *Visit) (p taskPage, err error) {
	id := v.R.PathValue("task")
	p.May = v.May(account.ProgramWrite)
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if p.R, err = s.program.Roadmap(tx); err != nil || id == "" {
			return err
		}
		e, ok := p.R.Task(id)
		if !ok {
			return fmt.Errorf("task %s: %w", id, fault.NotFound)
		}
		p.Task, p.Version = e.Body, e.Version
		p.History, err = s.program.TaskHistory(tx, id)
		return err
	})
	for _, e := range p.R.Tasks {
		if id != "" && slices.Contains(e.Body.Needs, id) {
			p.Waiting = append(p.Waiting, e)
		}
		if e.Body.KPI != "" && !slices.Contains(p.KPIs, e.Body.KPI) {
			p.KPIs = append(p.KPIs, e.Body.KPI)
		}
	}
	slices.Sort(p.KPIs)
	return p, err
}

func (s *Server) roadmapTask(v *Visit) error {
	p, err := s.readTask(v)
	if err != nil {
		return err
	}
	if p.Task.ID == "" {
		if !p.R.Made {
			return v.Redirect("/program/roadmap", nil)
		}
		p.Task = program.Task{Title: v.Form("title"), Phase: v.Form("phase"), Days: 10, Status: program.NotStarted, Start: program.DayOf(v.Now)}
	}
	return p.show(v)
}

func (p taskPage) show(v *Visit) error {
	title := "Add a task"
	if p.Task.ID != "" {
		title = p.Task.ID + " " + p.Task.Title
	}
	return v.Render(Page{Title: title, About: "A task of the roadmap: when, by whom, what it waits for and what it moves.", Crumbs: []Link{{"Roadmap", "/program/roadmap"}}, Status: mistakeStatus(p.Wrong)}, p.View())
}

func (s *Server) saveTask(v *Visit) error {
	p, err := s.readTask(v)
	if err != nil {
		return err
	}
	e := v.entered()
	before := p.Version
	p.Task = program.Task{ID: p.Task.ID, Title: v.Form("title"), Phase: v.Form("phase"), Owner: v.Form("owner"), Start: e.day("start"), Days: e.number("days"), Needs: v.FormAll("needs"), KPI: v.Form("kpi"),
		EffortHours: e.decimal("effort_hours"), Cost: e.amount("cost"), Status: program.Status(v.Form("status")), Percent: e.number("percent"), Note: v.Form("note")}
	if !e.bad() {
		kept, moves, err := s.program.PutTask(v.Context(), v.versioned(), p.Task, v.Actor.String(), v.Form("why"))
		if err == nil {
			return v.Redirect("/program/roadmap", &Flash{Status: Good, Text: movedText("Saved "+kept.ID+" "+kept.Body.Title+".", kept.ID, moves), Undo: undoPath("task", kept.ID, before)})
		}
		if _, ok := e.mistakes(err); !ok {
			return err
		}
	}
	p.Wrong, p.Version = e.wrong, v.versioned()
	return p.show(v)
}

// movedText says which other tasks lie elsewhere now.
func movedText(text, id string, moves []program.Move) string {
	var others []string
	for _, m := range moves {
		if m.ID != id {
			others = append(others, m.ID)
		}
	}
	switch {
	case len(others) == 0:
		return text
	case len(others) > 8:
		return fmt.Sprintf("%s %d tasks that wait for it moved with it: %s and more.", text, len(others), strings.Join(others[:8], ", "))
	}
	return fmt.Sprintf("%s %s moved with it: %s.", text, plural(len(others), "1 task that waits for it", strconv.Itoa(len(others))+" tasks that wait for it"), strings.Join(others, ", "))
}

// asked is the task as a move wants it: begun on another day (start), ended on another (end), of another length
// (days), or so many days later or longer than now.
func asked(v *Visit, r program.Roadmap, id string) (program.Task, error) {
	e := v.entered()
	start, end := e.day("start"), e.day("end")
	later, longer, days := e.number("later"), e.number("longer"), e.number("days")
	slot := r.Schedule.Slots[id]
	t, err := r.Shifted(id, 0, 0)
	switch {
	case err != nil:
		return t, err
	case e.bad():
		return t, fmt.Errorf("%s: %w", strings.TrimSuffix(firstMistake(e.wrong), "."), fault.Invalid)
	case later != 0 || longer != 0:
		if max(later, longer) > 4000 || min(later, longer) < -4000 {
			return t, fmt.Errorf("a move by more than ten years: %w", fault.Invalid)
		}
		return r.Shifted(id, later, longer)
	case end != "":
		if start == "" {
			start = slot.Start
		}
		return r.Between(id, start, end)
	case start != "":
		moved, err := r.Between(id, start, start)
		if moved.Days = t.Days; v.Form("days") != "" {
			moved.Days = days
		}
		return moved, err
	case v.Form("days") != "":
		t.Days = days
		return t, nil
	}
	return t, fmt.Errorf("a move needs a start, an end, or a number of days: %w", fault.Invalid)
}

// ganttMove is one bar that would lie elsewhere, for the island to draw.
type ganttMove struct {
	ID    string      `json:"id"`
	Start program.Day `json:"start"`
	End   program.Day `json:"end"`
}

// previewMove says which tasks would lie elsewhere.
func (s *Server) previewMove(v *Visit) error {
	p, err := s.readTask(v)
	if err != nil {
		return err
	}
	moves := []ganttMove{}
	if v.R.URL.RawQuery != "" {
		t, err := asked(v, p.R, p.Task.ID)
		if err != nil {
			return err
		}
		_, list, err := p.R.Preview(t)
		if err != nil {
			return err
		}
		for _, m := range list {
			moves = append(moves, ganttMove{m.ID, m.To.Start, m.To.End})
		}
	}
	v.W.Header().Set("Content-Type", "application/json")
	v.W.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(v.W).Encode(moves)
}

// moveTask moves a task and answers with where everything lies now: the picture anew for the island, or the page.
func (s *Server) moveTask(v *Visit) error {
	was, err := s.readTask(v)
	if err != nil {
		return err
	}
	t, err := asked(v, was.R, was.Task.ID)
	if err != nil {
		return err
	}
	kept, moves, err := s.program.PutTask(v.Context(), v.versioned(), t, v.Actor.String(), "")
	if err != nil {
		return err
	}
	flash := &Flash{Status: Good, Text: movedText(s.movedWhere(v, kept, was), kept.ID, moves), Undo: undoPath("task", kept.ID, was.Version)}
	if kept.Version == was.Version {
		flash = &Flash{Status: Info, Text: kept.ID + " stays where it is."}
	}
	if !v.Part() {
		return v.Redirect("/program/roadmap?scale="+url.QueryEscape(v.Form("scale")), flash)
	}
	p, err := s.readRoadmap(v)
	if err != nil {
		return err
	}
	p.Flash = flash
	return v.Fragment(p.View())
}

// movedWhere says where the task lies now, and what holds it when that is later than asked.
func (s *Server) movedWhere(v *Visit, kept ledger.Entry[program.Task], was taskPage) string {
	after, _, err := was.R.Preview(kept.Body)
	if err != nil {
		return "Moved " + kept.ID + "."
	}
	slot := after.Slots[kept.ID]
	text := fmt.Sprintf("%s %s now lies from %s to %s.", kept.ID, kept.Body.Title, dayText(slot.Start), dayText(slot.End))
	if kept.Body.Milestone() {
		text = fmt.Sprintf("%s %s is now on %s.", kept.ID, kept.Body.Title, dayText(slot.Start))
	}
	if slot.Held != "" && slot.Start > kept.Body.Start {
		text += fmt.Sprintf(" It cannot begin on %s: it waits for %s.", dayText(kept.Body.Start), slot.Held)
	}
	return text
}

// settingsPage is the form of what holds for the whole roadmap.
type roadmapSettingsPage struct {
	S       program.RoadmapSettings
	Version int64
	Wrong   map[string]string
}

func (s *Server) roadmapSettings(v *Visit) error {
	r, err := s.readRoadmap(v)
	if err != nil {
		return err
	}
	if !r.Made {
		return v.Redirect("/program/roadmap", nil)
	}
	p := roadmapSettingsPage{S: r.Settings.Body, Version: r.Settings.Version}
	if v.R.Method == "GET" {
		return p.show(v)
	}
	p.Version = v.versioned()
	e := v.entered()
	p.S = program.RoadmapSettings{Title: v.Form("title"), Start: e.day("start"), Currency: v.Form("currency"), WorkingDays: v.Form("working_days") != ""}
	used := map[string]bool{}
	ids, names, goals := v.FormAll("phase_id"), v.FormAll("phase_name"), v.FormAll("phase_goal")
	for i := range min(len(ids), len(names), len(goals)) {
		if strings.TrimSpace(names[i]) != "" {
			p.S.Phases = append(p.S.Phases, program.Phase{ID: ids[i], Name: names[i], Goal: goals[i]})
			used[ids[i]] = true
		}
	}
	for i := range p.S.Phases {
		for n := 1; p.S.Phases[i].ID == ""; n++ {
			if id := strconv.Itoa(n); !used[id] {
				p.S.Phases[i].ID, used[id] = id, true
			}
		}
	}
	if _, err = s.program.SetRoadmap(v.Context(), p.Version, p.S, v.Actor.String(), ""); err == nil {
		return v.Redirect("/program/roadmap", &Flash{Status: Good, Text: "Saved what holds for the whole roadmap."})
	}
	wrong, ok := e.mistakes(err)
	if !ok {
		return err
	}
	p.Wrong = wrong
	return p.show(v)
}

func (p roadmapSettingsPage) show(v *Visit) error {
	return v.Render(Page{Title: "Roadmap settings", About: "What holds for the whole roadmap: where it begins, how days are counted, its phases.", Crumbs: []Link{{"Roadmap", "/program/roadmap"}}, Status: mistakeStatus(p.Wrong)}, p.View())
}

// benefitPage is the form of something that the roadmap has brought.
type benefitPage struct {
	R       program.Roadmap
	B       program.Benefit
	ID      string
	Version int64
	Wrong   map[string]string
	May     bool
}

func (s *Server) benefit(v *Visit) error {
	r, err := s.readRoadmap(v)
	if err != nil {
		return err
	}
	p := benefitPage{R: r.Roadmap, B: program.Benefit{Date: r.Today, Task: v.Form("task")}, May: r.May}
	if id := v.R.PathValue("benefit"); id != "" {
		e, err := s.program.Benefits().Get(v.Context(), id)
		if err != nil {
			return err
		}
		p.B, p.ID, p.Version = e.Body, e.ID, e.Version
	}
	if v.R.Method == "GET" {
		return p.show(v)
	}
	e, before := v.entered(), p.Version
	p.Version = v.versioned()
	p.B = program.Benefit{Date: e.day("date"), Task: v.Form("task"), KPI: v.Form("kpi"), What: v.Form("what"), Before: v.Form("before"), After: v.Form("after"), Value: e.amount("value"), Confirmed: v.Form("confirmed")}
	if !e.bad() {
		kept, err := s.program.Benefits().Put(v.Context(), p.ID, p.Version, p.B, v.Actor.String(), "")
		if err == nil {
			return v.Redirect("/program/roadmap#benefits", &Flash{Status: Good, Text: "Saved the benefit.", Undo: undoPath("benefit", kept.ID, before)})
		}
		if _, ok := e.mistakes(err); !ok {
			return err
		}
	}
	p.Wrong = e.wrong
	return p.show(v)
}

func (p benefitPage) show(v *Visit) error {
	title := "Add a benefit"
	if p.ID != "" {
		title = "Benefit of " + dayText(p.B.Date)
	}
	return v.Render(Page{Title: title, About: "What a task has brought, as somebody has seen and confirmed it.", Crumbs: []Link{{"Roadmap", "/program/roadmap"}}, Status: mistakeStatus(p.Wrong)}, p.View())
}

// money writes whole units of a currency: "USD 125,000".
func money(currency string, n int64) string { return currency + " " + Count(int(n)) }

// hours writes hours without needless digits.
func hoursText(h float64) string { return trimFloat(math.Round(h*10) / 10) }

// taskStatus is how good the status of a task is.
func taskStatus(t program.Task, late bool) Status {
	switch {
	case t.Status == program.Done:
		return Good
	case t.Status == program.Blocked, late:
		return Warn
	case t.Status == program.InProgress:
		return Info
	}
	return Neutral
}
