package web

import (
	"cmp"
	"errors"
	"slices"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
)

// gapsPage is what was found wanting in processes, workflows, vendors and technology.
type gapsPage struct {
	May     bool
	Areas   []gapArea
	Open    int
	Worst   int // gaps that put service or patients at risk
	NoTask  int // open gaps that no task closes
	Looked  int // topics that were looked at, of all that the areas name
	Topics  int
	Roadmap program.Roadmap
	All     []ledger.Entry[program.Gap]
}

type gapArea struct {
	Area   program.Area
	Gaps   []ledger.Entry[program.Gap] // open first, the worst first
	Unseen []string                    // topics that nobody looked at
}

// seriousGap is the severity from which a gap puts service at risk.
const seriousGap = 4

func (s *Server) readGaps(v *Visit) (p gapsPage, err error) {
	p.May = v.May(account.ProgramWrite)
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if p.Roadmap, err = s.program.Roadmap(tx); err != nil {
			return err
		}
		p.All, err = s.program.Gaps().Book.List(tx)
		return err
	})
	if err != nil {
		return p, err
	}
	for _, area := range program.Areas() {
		a := gapArea{Area: area}
		seen := map[string]bool{}
		for _, e := range p.All {
			if e.Body.Area != area {
				continue
			}
			seen[e.Body.Topic] = true
			a.Gaps = append(a.Gaps, e)
			if e.Body.Open() {
				p.Open++
				if e.Body.Severity >= seriousGap {
					p.Worst++
				}
				if e.Body.Task == "" {
					p.NoTask++
				}
			}
		}
		for _, topic := range area.Topics() {
			p.Topics++
			if seen[topic] {
				p.Looked++
			} else {
				a.Unseen = append(a.Unseen, topic)
			}
		}
		slices.SortStableFunc(a.Gaps, func(x, y ledger.Entry[program.Gap]) int {
			open := func(g program.Gap) int {
				if g.Open() {
					return g.Severity
				}
				return 0
			}
			return cmp.Compare(open(y.Body), open(x.Body))
		})
		p.Areas = append(p.Areas, a)
	}
	return p, nil
}

func (s *Server) programGaps(v *Visit) error {
	p, err := s.readGaps(v)
	if err != nil {
		return err
	}
	page := Page{Title: "Gaps", About: "Lifecycle processes, support workflows, vendors and technology: how it is, how it should be, and what is done about it."}
	for _, e := range p.All {
		if e.At.After(page.Fresh) {
			page.Fresh = e.At
		}
	}
	if p.May {
		page.Actions = gapActions()
	}
	return v.Render(page, p.View())
}

// gapPage is the form of a gap.
type gapPage struct {
	G       program.Gap
	ID      string
	Version int64
	May     bool
	Roadmap program.Roadmap
	Wrong   map[string]string
}

func (s *Server) programGap(v *Visit) error {
	all, err := s.readGaps(v)
	if err != nil {
		return err
	}
	p := gapPage{May: all.May, Roadmap: all.Roadmap, G: program.Gap{Area: program.Area(v.Form("area")), Topic: v.Form("topic"), Severity: 3, Found: program.DayOf(v.Now), By: v.Actor.Name}}
	if id := v.R.PathValue("gap"); id != "" {
		e, err := s.program.Gaps().Get(v.Context(), id)
		if err != nil {
			return err
		}
		p.G, p.ID, p.Version = e.Body, e.ID, e.Version
	}
	if v.R.Method == "GET" {
		return p.show(v)
	}
	e, before := v.entered(), p.Version
	p.Version = v.versioned()
	p.G = program.Gap{Area: program.Area(v.Form("area")), Topic: v.Form("topic"), Is: v.Form("is"), Should: v.Form("should"), Gap: v.Form("gap"), Severity: e.number("severity"), Action: v.Form("action"),
		Task: v.Form("task"), Found: e.day("found"), By: v.Form("by"), Closed: e.day("closed"), Href: v.Form("href")}
	if !e.bad() {
		kept, err := s.program.Gaps().Put(v.Context(), p.ID, p.Version, p.G, v.Actor.String(), "")
		if err == nil {
			return v.Redirect("/program/gaps#gap-"+kept.ID, &Flash{Status: Good, Text: "Saved: " + kept.Body.Topic + ".", Undo: undoPath("gap", kept.ID, before)})
		}
		if _, ok := e.mistakes(err); !ok {
			return err
		}
	}
	p.Wrong = e.wrong
	return p.show(v)
}

func (p gapPage) show(v *Visit) error {
	title := "Add a finding"
	if p.ID != "" {
		title = p.G.Topic
	}
	return v.Render(Page{Title: title, About: "How it is, how it should be, and what to do about the difference. No patient's name or number belongs here.", Crumbs: []Link{{"Gaps", "/program/gaps"}}, Status: mistakeStatus(p.Wrong)}, p.View())
}

// taskForGap puts the action of a gap on the roadmap.
func (s *Server) taskForGap(v *Visit) error {
	task, err := s.program.TaskForGap(v.Context(), v.R.PathValue("gap"), v.Form("phase"), v.Actor.String())
	if errors.Is(err, fault.Invalid) {
		return v.Redirect("/program/gaps", &Flash{Status: Warn, Text: sentence(err)})
	}
	if err != nil {
		return err
	}
	return v.Redirect("/program/roadmap/tasks/"+task.ID, &Flash{Status: Good, Text: "Made task " + task.ID + ". Say who does it, when, and what it waits for."})
}

func severityStatus(n int) Status {
	switch {
	case n >= seriousGap:
		return Bad
	case n >= 2:
		return Warn
	case n == 0:
		return Good
	}
	return Neutral
}
