package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"

	"pons/account"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
)

// governancePage is who decides: committees, what each may decide, and what was decided.
type governancePage struct {
	May        bool
	Committees []ledger.Entry[program.Committee]
	Rights     []ledger.Entry[program.DecisionRight]
	Decisions  []ledger.Entry[program.Decision] // the latest first
	Overlaps   []string
	Roadmap    program.Roadmap
}

func (s *Server) readGovernance(v *Visit) (p governancePage, err error) {
	p.May = v.May(account.ProgramWrite)
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if p.Roadmap, err = s.program.Roadmap(tx); err != nil {
			return err
		}
		if p.Committees, err = s.program.Committees().Book.List(tx); err != nil {
			return err
		}
		if p.Rights, err = s.program.DecisionRights().Book.List(tx); err != nil {
			return err
		}
		p.Decisions, err = s.program.Decisions().Book.List(tx)
		return err
	})
	slices.SortStableFunc(p.Decisions, func(a, b ledger.Entry[program.Decision]) int { return cmp.Compare(b.Body.Date, a.Body.Date) })
	var rights []program.DecisionRight
	for _, e := range p.Rights {
		rights = append(rights, e.Body)
	}
	p.Overlaps = program.Overlaps(rights)
	return p, err
}

// committee finds a committee; one that was removed keeps its decisions and has no name.
func (p governancePage) committee(id string) (program.Committee, bool) {
	for _, e := range p.Committees {
		if e.ID == id {
			return e.Body, true
		}
	}
	return program.Committee{}, false
}

func (p governancePage) committeeOptions() []Option {
	var out []Option
	for _, e := range p.Committees {
		out = append(out, Option{e.ID, e.Body.Name})
	}
	return out
}

func (s *Server) governance(v *Visit) error {
	p, err := s.readGovernance(v)
	if err != nil {
		return err
	}
	page := Page{Title: "Governance", About: "Who decides what, up to where, and what was decided."}
	for _, e := range p.Decisions {
		if e.At.After(page.Fresh) {
			page.Fresh = e.At
		}
	}
	if p.May {
		page.Actions = governanceActions(len(p.Committees) > 0)
	}
	return v.Render(page, p.View())
}

// designForm is a form of one entry: what it says, its version and its mistakes.
type designForm[T any] struct {
	Body    T
	ID      string
	Version int64
	May     bool
	Wrong   map[string]string
	Around  governancePage
}

// governanceForm reads an entry and shows or saves it. noun is its name in addresses, read makes a body of the form.
func governanceForm[T any](s *Server, v *Visit, shelf program.Shelf[T], noun, id string, fresh T, read func(*entered) T, show func(designForm[T]) error) error {
	around, err := s.readGovernance(v)
	if err != nil {
		return err
	}
	p := designForm[T]{Body: fresh, May: around.May, Around: around}
	if id != "" {
		e, err := shelf.Get(v.Context(), id)
		if err != nil {
			return err
		}
		p.Body, p.ID, p.Version = e.Body, e.ID, e.Version
	}
	if v.R.Method == "GET" {
		return show(p)
	}
	e, before := v.entered(), p.Version
	p.Version, p.Body = v.versioned(), read(e)
	if !e.bad() {
		kept, err := shelf.Put(v.Context(), p.ID, p.Version, p.Body, v.Actor.String(), "")
		if err == nil {
			return v.Redirect("/program/governance", &Flash{Status: Good, Text: "Saved the " + noun + ".", Undo: undoPath(noun, kept.ID, before)})
		}
		if _, ok := e.mistakes(err); !ok {
			return err
		}
	}
	p.Wrong = e.wrong
	return show(p)
}

func governanceCrumbs() []Link { return []Link{{"Governance", "/program/governance"}} }

func (s *Server) committee(v *Visit) error {
	fresh := program.Committee{Cadence: program.EachMonth, Quorum: 3}
	read := func(e *entered) program.Committee {
		c := program.Committee{Name: v.Form("name"), Purpose: v.Form("purpose"), Cadence: program.Cadence(v.Form("cadence")), Chair: v.Form("chair"), Quorum: e.number("quorum"), Next: e.day("next")}
		for i := range 100 {
			role, person := v.Form(fmt.Sprintf("member.%d.role", i+1)), v.Form(fmt.Sprintf("member.%d.person", i+1))
			if role != "" || person != "" {
				c.Members = append(c.Members, program.Member{Role: role, Person: person, Votes: v.Form(fmt.Sprintf("member.%d.votes", i+1)) != ""})
			}
		}
		return c
	}
	return governanceForm(s, v, s.program.Committees(), "committee", v.R.PathValue("committee"), fresh, read, func(p designForm[program.Committee]) error {
		return v.Render(Page{Title: titleOr(p.ID, p.Body.Name, "Add a committee"), About: "Who sits together to decide, how often, and how many must be there.", Crumbs: governanceCrumbs(), Status: mistakeStatus(p.Wrong)}, committeeForm(p))
	})
}

func (s *Server) decisionRight(v *Visit) error {
	fresh := program.DecisionRight{Currency: "USD"}
	read := func(e *entered) program.DecisionRight {
		return program.DecisionRight{Decision: v.Form("decision"), Limit: v.Form("limit"), Amount: e.amount("amount"), Currency: v.Form("currency"), Decides: v.Form("decides"), Recommends: v.Form("recommends"), Vetoes: v.Form("vetoes"), Informed: v.Form("informed")}
	}
	return governanceForm(s, v, s.program.DecisionRights(), "right", v.R.PathValue("right"), fresh, read, func(p designForm[program.DecisionRight]) error {
		return v.Render(Page{Title: titleOr(p.ID, p.Body.Decision, "Add a decision right"), About: "Who may decide this, up to which bound, and who is heard before or told after.", Crumbs: governanceCrumbs(), Status: mistakeStatus(p.Wrong)}, rightForm(p))
	})
}

func (s *Server) decision(v *Visit) error {
	fresh := program.Decision{Date: program.DayOf(v.Now), Committee: v.Form("committee"), Outcome: "approved"}
	read := func(e *entered) program.Decision {
		return program.Decision{Date: e.day("date"), Committee: v.Form("committee"), Title: v.Form("title"), Outcome: v.Form("outcome"), For: e.number("for"), Against: e.number("against"), Abstained: e.number("abstained"), Why: v.Form("why"), Task: v.Form("task"), Minutes: v.Form("minutes")}
	}
	return governanceForm(s, v, s.program.Decisions(), "decision", v.R.PathValue("decision"), fresh, read, func(p designForm[program.Decision]) error {
		return v.Render(Page{Title: titleOr(p.ID, p.Body.Title, "Note a decision"), About: "What was decided, with which votes and why, and what follows from it.", Crumbs: governanceCrumbs(), Status: mistakeStatus(p.Wrong)}, decisionForm(p))
	})
}

func titleOr(id, title, add string) string {
	if id == "" || title == "" {
		return add
	}
	return title
}

// followUp is the form of a task that a decision asks for.
func followUp(title string) string {
	return "/program/roadmap/tasks/new?" + url.Values{"title": {title}}.Encode()
}

func outcomeStatus(outcome string) Status {
	switch outcome {
	case "approved":
		return Good
	case "refused":
		return Bad
	}
	return Neutral
}
