package web

import (
	"fmt"
	"slices"
	"strconv"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
	"pons/staff"
)

const (
	programPath = "/program"
	charterPath = "/program/charter"
)

// programPage is the whole program on one page: three phases, each with its steps.
type programPage struct {
	Charter ledger.Entry[program.Charter]
	Phases  []programPhase
	Next    *programStep
	May     bool
}

// programPhase is one column.
type programPhase struct {
	Name, About string
	Span        program.Span
	Steps       []programStep
	Done        int
	When        string // how the days stand: "until 2026-12-31", "3 days late"
	Late        bool
}

// programStep is one piece of a phase: what there is of it, and where it is done.
type programStep struct {
	Title string
	Text  string // what there is
	Todo  string // what comes next
	Href  string // empty: nobody may open it, or the page is not in this version
	Begun bool
	Done  bool
}

// askedRoles is how many of the ten roles must have been heard before interviews count as done: half of them (an
// assumption; who decides, who mends, who guards, who cares and who pays).
const askedRoles = 5

// heavyThemes is how many of the heaviest themes an objective must meet before themes count as done (assumption).
const heavyThemes = 3

// books is what the ledger holds of the program, read at once.
type programBooks struct {
	interviews  []ledger.Entry[program.Interview]
	objectives  []ledger.Entry[program.Objective]
	assessments []ledger.Entry[program.Assessment]
	gaps        []ledger.Entry[program.Gap]
	support     ledger.Entry[program.SupportModel]
	roadmap     program.Roadmap
	committees  []ledger.Entry[program.Committee]
	messages    []ledger.Entry[program.Message]
	people      int
	rules       int
	scenarios   int
}

func (s *Server) readBooks(v *Visit) (b programBooks, err error) {
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if b.interviews, err = s.program.Interviews().Book.List(tx); err != nil {
			return err
		}
		if b.objectives, err = s.program.Objectives().Book.List(tx); err != nil {
			return err
		}
		if b.assessments, err = s.program.AssessmentsIn(tx); err != nil {
			return err
		}
		if b.gaps, err = s.program.Gaps().Book.List(tx); err != nil {
			return err
		}
		if b.support, err = s.program.Support(tx); err != nil {
			return err
		}
		if b.roadmap, err = s.program.Roadmap(tx); err != nil {
			return err
		}
		if b.committees, err = s.program.Committees().Book.List(tx); err != nil {
			return err
		}
		if b.messages, err = s.program.Messages().Book.List(tx); err != nil {
			return err
		}
		people, err := s.staff.People(tx)
		if err != nil {
			return err
		}
		people = slices.DeleteFunc(people, func(one staff.Person) bool { return one.End != "" && one.End < staff.DateOf(v.Now) })
		_, rules, err := s.duties.Rules(tx)
		if err != nil {
			return err
		}
		scenarios, err := s.plans.List(tx)
		b.people, b.rules, b.scenarios = len(people), len(rules), len(scenarios)
		return err
	})
	return b, err
}

func (s *Server) programFirst(v *Visit) error {
	p := programPage{May: v.May(account.ProgramWrite)}
	var err error
	if p.Charter, err = s.program.Charter(v.Context()); err != nil {
		return err
	}
	books, err := s.readBooks(v)
	if err != nil {
		return err
	}
	kpis, err := s.program.KPIs(v.Context())
	if err != nil {
		return err
	}
	signed, err := s.program.Baselines(v.Context())
	if err != nil {
		return err
	}
	c := p.Charter.Body
	p.Phases = []programPhase{
		{Name: "Clarify", About: "Who wants what, what is to be reached, and which devices there are.", Span: c.Clarify, Steps: s.clarifySteps(p.Charter, books, kpis, signed, v.Actor.Scope.All())},
		{Name: "Assess", About: "How the work is done today, by whom, and what is missing.", Span: c.Assess, Steps: assessSteps(books)},
		{Name: "Design", About: "Which device gets which support, by whom, and the road there.", Span: c.Design, Steps: designSteps(books)},
	}
	today := program.DayOf(v.Now)
	for i := range p.Phases {
		ph := &p.Phases[i]
		for j := range ph.Steps {
			st := &ph.Steps[j]
			if !s.opens(v, st.Href) {
				st.Href = ""
			}
			if st.Done {
				ph.Done++
			} else if p.Next == nil && st.Href != "" {
				p.Next = st
			}
		}
		ph.when(today)
	}
	return v.Render(Page{Title: "Program", About: "From the first interview to the last milestone: three phases, what is done in each, and what comes next.", Fresh: p.Charter.At, Actions: p.Actions()}, p.View())
}

// opens says whether the person may open a page of the table.
func (s *Server) opens(v *Visit, href string) bool {
	return href != "" && slices.ContainsFunc(s.table, func(r Route) bool { return r.Pattern == "GET "+href && v.May(r.Verb) })
}

func (ph *programPhase) when(today program.Day) {
	whole := ph.Done == len(ph.Steps)
	switch {
	case whole:
		ph.When = "done"
	case ph.Span.End != "" && ph.Span.End < today:
		late := ph.Span.End.Until(today)
		ph.When, ph.Late = fmt.Sprintf("%s %s late", Count(late), plural(late, "day", "days")), true
	case ph.Span.Start > today:
		ph.When = "begins " + string(ph.Span.Start)
	case ph.Span.End != "":
		ph.When = "until " + string(ph.Span.End)
	case ph.Span.Start != "":
		ph.When = "since " + string(ph.Span.Start)
	default:
		ph.When = "no days set"
	}
}

func (s *Server) clarifySteps(charter ledger.Entry[program.Charter], b programBooks, kpis []kpiEntry, signed []ledger.Entry[program.Baseline], whole bool) []programStep {
	roles, held := map[string]bool{}, 0
	for _, e := range b.interviews {
		if e.Body.Held {
			held++
			roles[e.Body.Role] = true
		}
	}
	themes, _ := program.Themes(b.interviews)
	met, aimed, committed := map[string]bool{}, map[string]bool{}, 0
	for _, o := range b.objectives {
		if o.Body.State == program.ObjectiveDropped {
			continue
		}
		for _, t := range o.Body.Themes {
			met[t] = true
		}
		for _, k := range o.Body.KPIs {
			aimed[k] = true
		}
		if o.Body.State != program.ObjectiveProposed {
			committed++
		}
	}
	heavy, heavyMet := min(heavyThemes, len(themes)), 0
	for _, t := range themes[:heavy] {
		if met[t.Key] {
			heavyMet++
		}
	}
	owned, wanted := 0, 0
	for _, k := range kpis {
		if aimed[k.ID] {
			wanted++
			if k.Body.Target != nil && k.Body.Owner != "" {
				owned++
			}
		}
	}
	charterText := "not written"
	if charter.Version > 0 {
		charterText = "sponsored by " + charter.Body.Sponsor
	}
	base := programStep{Title: "Inventory baseline", Text: "not signed", Todo: "work off the queues and sign", Href: baselinePath}
	if len(signed) > 0 {
		n := signed[0].Body
		base.Begun, base.Done = true, n.Holds()
		base.Text = "signed " + n.AsOf.Format("2006-01-02")
		if whole {
			base.Text += ": " + devicesCount(n.Devices) + ", " + sharePercent(n) + " reconciled"
		}
	}
	return []programStep{
		{Title: "Charter", Text: charterText, Todo: "name sponsor, scope and days", Href: charterPath, Begun: charter.Version > 0, Done: charter.Version > 0},
		{Title: "Interviews", Text: fmt.Sprintf("%s held, %s of %s roles heard", Count(held), Count(len(roles)), Count(len(program.DefaultGuides()))), Todo: "hear at least " + strconv.Itoa(askedRoles) + " roles", Href: interviewsPath, Begun: len(b.interviews) > 0, Done: len(roles) >= askedRoles},
		{Title: "Themes", Text: fmt.Sprintf("%s; of the %d heaviest, %d met by an objective", manyOf(len(themes), "theme", "themes"), heavy, heavyMet), Todo: "make objectives of the heaviest", Href: themesPath, Begun: len(themes) > 0, Done: heavy > 0 && heavyMet == heavy},
		{Title: "Objectives", Text: fmt.Sprintf("%s, %s agreed", manyOf(len(b.objectives), "objective", "objectives"), Count(committed)), Todo: "agree on them with their owners", Href: objectivesPath, Begun: len(b.objectives) > 0, Done: len(b.objectives) > 0 && committed == len(b.objectives)},
		{Title: "KPIs", Text: fmt.Sprintf("%s of %s that objectives look at have target and owner", Count(owned), Count(wanted)), Todo: "set targets and owners", Href: kpisPath, Begun: owned > 0, Done: wanted > 0 && owned == wanted},
		base,
	}
}

func manyOf(n int, one, many string) string { return Count(n) + " " + plural(n, one, many) }

func assessSteps(b programBooks) []programStep {
	open := 0
	for _, g := range b.gaps {
		if g.Body.Open() {
			open++
		}
	}
	step := func(title, text, todo, href string, n int) programStep {
		return programStep{Title: title, Text: text, Todo: todo, Href: href, Begun: n > 0, Done: n > 0}
	}
	return []programStep{
		step("Maturity", manyOf(len(b.assessments), "assessment", "assessments"), "assess the domains, with evidence", "/program/maturity", len(b.assessments)),
		step("Gaps", manyOf(len(b.gaps), "gap", "gaps")+", "+Count(open)+" open", "write down what is missing", "/program/gaps", len(b.gaps)),
		step("Duties (RACI)", manyOf(b.rules, "rule", "rules"), "say who answers for what", "/duties", b.rules),
		step("Staff", manyOf(b.people, "person", "people"), "enter who works here", "/people", b.people),
		step("Skills", manyOf(b.people, "person", "people")+" in the matrix", "compare held with required", "/skills", b.people),
		step("Coverage", "hours of the week that somebody covers", "look at the week", "/coverage", b.people),
		step("Resource plan", manyOf(b.scenarios, "scenario", "scenarios"), "make a first projection", "/plan", b.scenarios),
	}
}

func designSteps(b programBooks) []programStep {
	tasks, done := len(b.roadmap.Tasks), 0
	for _, t := range b.roadmap.Tasks {
		if t.Body.Status == program.Done {
			done++
		}
	}
	road := "lay out the road"
	if tasks > 0 {
		road = "carry out what is due"
	}
	model := "as Pons proposes it"
	if b.support.Version > 0 {
		model = "in the hospital's own words"
	}
	return []programStep{
		{Title: "Support model", Text: model, Todo: "say which class gets which support", Href: "/program/support", Begun: b.support.Version > 0, Done: b.support.Version > 0},
		{Title: "Roadmap", Text: manyOf(tasks, "task", "tasks") + ", " + Count(done) + " done", Todo: road, Href: "/program/roadmap", Begun: tasks > 0, Done: tasks > 0 && done == tasks},
		{Title: "Governance", Text: manyOf(len(b.committees), "committee", "committees"), Todo: "say who decides what", Href: "/program/governance", Begun: len(b.committees) > 0, Done: len(b.committees) > 0},
		{Title: "Communication", Text: manyOf(len(b.messages), "message", "messages"), Todo: "plan who is told what, when", Href: "/program/messages", Begun: len(b.messages) > 0, Done: len(b.messages) > 0},
	}
}

// charterForm is the charter to read and to write.
type charterForm struct {
	Version int64
	Body    program.Charter
	Wrong   map[string]string
	Problem string
	May     bool
}

func (s *Server) charter(v *Visit) error {
	e, err := s.program.Charter(v.Context())
	if err != nil {
		return err
	}
	return s.showCharter(v, charterForm{Version: e.Version, Body: e.Body}, 0)
}

func (s *Server) showCharter(v *Visit, f charterForm, status int) error {
	f.May = v.May(account.ProgramWrite)
	return v.Render(Page{Title: "Charter", About: "Who wants the program, what it covers, and when.", Status: status, Crumbs: []Link{{"Program", programPath}}}, f.View())
}

func (s *Server) setCharter(v *Visit) error {
	before, err := s.program.Charter(v.Context())
	if err != nil {
		return err
	}
	span := func(name string) program.Span {
		return program.Span{Start: program.Day(v.Form(name + ".start")), End: program.Day(v.Form(name + ".end"))}
	}
	c := program.Charter{Title: v.Form("title"), Sponsor: v.Form("sponsor"), Lead: v.Form("lead"), Why: v.Form("why"), Scope: v.Form("scope"), OutScope: v.Form("out_of_scope"),
		Goals: linesOf(v.Form("goals")), Clarify: span("clarify"), Assess: span("assess"), Design: span("design")}
	version, _ := strconv.ParseInt(v.Form("version"), 10, 64)
	_, err = s.program.SetCharter(v.Context(), version, c, v.Actor.String(), "")
	if status := formStatus(err); status != 0 {
		return s.showCharter(v, charterForm{Version: before.Version, Body: c, Wrong: fault.Fields(err), Problem: sentence(err)}, status)
	}
	if err != nil {
		return err
	}
	return v.Redirect(programPath, &Flash{Status: Good, Text: "The charter is kept.", Undo: charterPath + "/restore?version=" + strconv.FormatInt(before.Version, 10)})
}

func (s *Server) restoreCharter(v *Visit) error {
	version, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil || version < 0 {
		return fmt.Errorf("which state to bring back is not said: %w", fault.Invalid)
	}
	if _, err := s.program.RestoreCharter(v.Context(), version, v.Actor.String()); err != nil {
		return err
	}
	return v.Redirect(charterPath, &Flash{Status: Good, Text: "The charter is as it was."})
}
