package web

import (
	"errors"
	"slices"
	"strings"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
)

// messagesPage is the communication plan: what goes out soon, and every line of the plan.
type messagesPage struct {
	May     bool
	Today   program.Day
	Until   program.Day
	Soon    []program.Sending // what is overdue and what goes out in the next days
	All     []ledger.Entry[program.Message]
	Roadmap program.Roadmap
}

// soonDays is how far the list of what goes out looks ahead.
const soonDays = 30

func (s *Server) readMessages(v *Visit) (p messagesPage, err error) {
	p.May, p.Today = v.May(account.ProgramWrite), program.DayOf(v.Now)
	p.Until = p.Today.Add(soonDays)
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if p.Roadmap, err = s.program.Roadmap(tx); err != nil {
			return err
		}
		p.All, err = s.program.Messages().Book.List(tx)
		return err
	})
	p.Soon = program.Outgoing(p.All, p.Roadmap.Milestone, p.Until)
	slices.SortStableFunc(p.All, func(a, b ledger.Entry[program.Message]) int {
		due := func(e ledger.Entry[program.Message]) string {
			if d := e.Body.Due(p.Roadmap.Milestone); d != "" {
				return string(d)
			}
			return "~" // nothing due stands last
		}
		return strings.Compare(due(a), due(b))
	})
	return p, err
}

// Overdue counts what should have gone out already.
func (p messagesPage) Overdue() (n int) {
	for _, x := range p.Soon {
		if x.Day < p.Today {
			n++
		}
	}
	return n
}

func (s *Server) messages(v *Visit) error {
	p, err := s.readMessages(v)
	if err != nil {
		return err
	}
	page := Page{Title: "Communication", About: "Who is told what, by whom, how and when, so that nobody learns of a change from a rumour."}
	for _, e := range p.All {
		if e.At.After(page.Fresh) {
			page.Fresh = e.At
		}
	}
	if p.May {
		page.Actions = messageActions()
	}
	return v.Render(page, p.View())
}

// messagePage is the form of a message.
type messagePage struct {
	M       program.Message
	ID      string
	Version int64
	May     bool
	Roadmap program.Roadmap
	Wrong   map[string]string
}

func (s *Server) message(v *Visit) error {
	all, err := s.readMessages(v)
	if err != nil {
		return err
	}
	p := messagePage{May: all.May, Roadmap: all.Roadmap, M: program.Message{Cadence: program.Once, Status: program.Draft, First: all.Today.Add(7), Sender: v.Actor.Name}}
	if id := v.R.PathValue("message"); id != "" {
		e, err := s.program.Messages().Get(v.Context(), id)
		if err != nil {
			return err
		}
		p.M, p.ID, p.Version = e.Body, e.ID, e.Version
	}
	if v.R.Method == "GET" {
		return p.show(v)
	}
	e, before := v.entered(), p.Version
	p.Version = v.versioned()
	p.M = program.Message{Audience: v.Form("audience"), Message: v.Form("message"), Channel: v.Form("channel"), Sender: v.Form("sender"), Cadence: program.Cadence(v.Form("cadence")), First: e.day("first"), Until: e.day("until"),
		Task: v.Form("milestone"), Offset: e.number("offset"), Status: program.MessageStatus(v.Form("status")), Covered: p.M.Covered, SentOn: p.M.SentOn}
	if !e.bad() {
		kept, err := s.program.Messages().Put(v.Context(), p.ID, p.Version, p.M, v.Actor.String(), "")
		if err == nil {
			return v.Redirect("/program/messages", &Flash{Status: Good, Text: "Saved the message to " + kept.Body.Audience + ".", Undo: undoPath("message", kept.ID, before)})
		}
		if _, ok := e.mistakes(err); !ok {
			return err
		}
	}
	p.Wrong = e.wrong
	return p.show(v)
}

func (p messagePage) show(v *Visit) error {
	title := "Add a message"
	if p.ID != "" {
		title = "Message to " + p.M.Audience
	}
	return v.Render(Page{Title: title, About: "One line of the communication plan. Pons reminds; it sends nothing itself.", Crumbs: []Link{{"Communication", "/program/messages"}}, Status: mistakeStatus(p.Wrong)}, p.View())
}

// messageSent notes that a message went out today.
func (s *Server) messageSent(v *Visit) error {
	id := v.R.PathValue("message")
	before, err := s.program.Messages().Get(v.Context(), id)
	if err != nil {
		return err
	}
	e, err := s.program.MarkSent(v.Context(), id, program.DayOf(v.Now), v.Actor.String())
	if errors.Is(err, fault.Conflict) {
		return v.Redirect("/program/messages", &Flash{Status: Warn, Text: strings.TrimSuffix(sentence(err), ".") + "."})
	}
	if err != nil {
		return err
	}
	return v.Redirect("/program/messages", &Flash{Status: Good, Text: "Noted: " + e.Body.Audience + " were told.", Undo: undoPath("message", id, before.Version)})
}
