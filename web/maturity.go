package web

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
)

// maturityPage is how mature the work is: the latest assessment against the targets, and the way there.
type maturityPage struct {
	May      bool
	Aims     ledger.Entry[program.Aims]
	All      []ledger.Entry[program.Assessment] // the earliest first
	At       int                                // the one that is looked at
	Ranks    []program.Shortfall
	Mean     float64
	Assessed int
	Target   float64
	Radar    *Chart
	Trend    *Chart
}

// Now is the assessment that is looked at.
func (p maturityPage) Now() ledger.Entry[program.Assessment] { return p.All[p.At] }

func (s *Server) readMaturity(v *Visit) (p maturityPage, err error) {
	p.May = v.May(account.ProgramWrite)
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if p.Aims, err = s.program.Aims(tx); err != nil {
			return err
		}
		p.All, err = s.program.AssessmentsIn(tx)
		return err
	})
	p.At = len(p.All) - 1
	return p, err
}

func (s *Server) maturity(v *Visit) error {
	p, err := s.readMaturity(v)
	if err != nil {
		return err
	}
	page := Page{Title: "Maturity", About: "How mature ten domains of work are, by evidence, and which one to raise first.", Islands: []string{"chart"}}
	if p.May {
		page.Actions = maturityActions()
	}
	if len(p.All) > 0 {
		if id := v.Form("at"); id != "" {
			if p.At = slices.IndexFunc(p.All, func(e ledger.Entry[program.Assessment]) bool { return e.ID == id }); p.At < 0 {
				return fmt.Errorf("assessment %s: %w", id, fault.NotFound)
			}
		}
		page.Fresh = p.Now().At
		p.compute()
	}
	return v.Render(page, p.View())
}

// compute makes pictures and ranks of the assessment that is looked at.
func (p *maturityPage) compute() {
	now := p.Now().Body
	p.Ranks = program.Shortfalls(now, p.Aims.Body)
	p.Mean, p.Assessed = now.Score()
	p.Radar = &Chart{ID: "maturity-radar", Title: "Levels by domain", Kind: RadarChart, Along: "domain", Tall: true, Top: 5}
	level := func(a program.Assessment, domain string) float64 {
		if r := a.Of(domain); r.Level > 0 {
			return float64(r.Level)
		}
		return math.NaN() // not assessed is unknown, not the centre
	}
	current, before, target := Series{Name: dayText(now.Date)}, Series{}, Series{Name: "target"}
	for _, d := range program.Domains() {
		p.Radar.X = append(p.Radar.X, d.Name)
		current.Values, current.Hrefs = append(current.Values, level(now, d.ID)), append(current.Hrefs, "#domain-"+d.ID)
		target.Values = append(target.Values, float64(p.Aims.Body.Of(d.ID).Target))
		p.Target += float64(p.Aims.Body.Of(d.ID).Target) / float64(len(program.Domains()))
		if p.At > 0 {
			before.Name = dayText(p.All[p.At-1].Body.Date)
			before.Values = append(before.Values, level(p.All[p.At-1].Body, d.ID))
		}
	}
	p.Radar.Series = []Series{current}
	if p.At > 0 {
		p.Radar.Series = append(p.Radar.Series, before)
	}
	p.Radar.Series = append(p.Radar.Series, target)
	if len(p.All) < 2 {
		return
	}
	p.Trend = &Chart{ID: "maturity-trend", Title: "Score over assessments", Kind: LineChart, Along: "assessment", Unit: "mean level"}
	mean := Series{Name: "mean level of the domains assessed"}
	for _, e := range p.All {
		score, n := e.Body.Score()
		if n == 0 {
			score = math.NaN()
		}
		p.Trend.X = append(p.Trend.X, string(e.Body.Date))
		mean.Values, mean.Hrefs = append(mean.Values, math.Round(score*100)/100), append(mean.Hrefs, "/program/maturity?at="+e.ID)
	}
	p.Trend.Series = []Series{mean}
}

// earlier is the level of a domain in the assessment before; 0 is unknown.
func (p maturityPage) earlier(domain string) int {
	if p.At == 0 {
		return 0
	}
	return p.All[p.At-1].Body.Of(domain).Level
}

// assessmentPage is the form of an assessment.
type assessmentPage struct {
	A       program.Assessment
	ID      string
	Version int64
	May     bool
	Wrong   map[string]string
	Before  *program.Assessment // what was said last time, to begin from
}

func (s *Server) assessment(v *Visit) error {
	p := assessmentPage{May: v.May(account.ProgramWrite), A: program.Assessment{Date: program.DayOf(v.Now), Assessor: v.Actor.Name}}
	all, err := s.readMaturity(v)
	if err != nil {
		return err
	}
	if id := v.R.PathValue("assessment"); id != "" {
		e, err := s.program.Assessments().Get(v.Context(), id)
		if err != nil {
			return err
		}
		p.A, p.ID, p.Version = e.Body, e.ID, e.Version
	} else if len(all.All) > 0 {
		p.Before = &all.All[len(all.All)-1].Body
	}
	if v.R.Method == "GET" {
		return p.show(v)
	}
	before := p.Version
	p.Version, p.Before = v.versioned(), nil
	e := v.entered()
	p.A = program.Assessment{Date: e.day("date"), Assessor: v.Form("assessor"), Note: v.Form("note")}
	for _, d := range program.Domains() {
		p.A.Ratings = append(p.A.Ratings, program.Rating{Domain: d.ID, Level: e.number(d.ID + ".level"), Evidence: readEvidence(v.Form(d.ID + ".evidence"))})
	}
	if !e.bad() {
		kept, err := s.program.Assessments().Put(v.Context(), p.ID, p.Version, p.A, v.Actor.String(), "")
		if err == nil {
			return v.Redirect("/program/maturity?at="+kept.ID, &Flash{Status: Good, Text: "Saved the assessment of " + dayText(kept.Body.Date) + ".", Undo: undoPath("assessment", kept.ID, before)})
		}
		if _, ok := e.mistakes(err); !ok {
			return err
		}
	}
	p.Wrong = e.wrong
	return p.show(v)
}

func (p assessmentPage) show(v *Visit) error {
	title := "Assess maturity"
	if p.ID != "" {
		title = "Assessment of " + dayText(p.A.Date)
	}
	return v.Render(Page{Title: title, About: "One level for each domain, and what shows it. No level above 1 stands without evidence; what was not looked at stays unknown.", Crumbs: []Link{{"Maturity", "/program/maturity"}}, Status: mistakeStatus(p.Wrong)}, p.View())
}

// readEvidence reads one piece of evidence a line: words, and the address of a page of Pons at the end where there is
// one.
func readEvidence(text string) (out []program.Evidence) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		e := program.Evidence{Text: line}
		if last := words[len(words)-1]; strings.HasPrefix(last, "/") || strings.Contains(last, "://") {
			e.Text, e.Href = strings.TrimSpace(strings.TrimSuffix(line, last)), last
		}
		out = append(out, e)
	}
	return out
}

// evidenceText writes evidence as the form reads it.
func evidenceText(list []program.Evidence) string {
	var lines []string
	for _, e := range list {
		lines = append(lines, strings.TrimSpace(e.Text+" "+e.Href))
	}
	return strings.Join(lines, "\n")
}

// aimsPage is the form of targets and weights.
type aimsPage struct {
	Aims    program.Aims
	Version int64
	May     bool
	Wrong   map[string]string
}

func (s *Server) aims(v *Visit) error {
	all, err := s.readMaturity(v)
	if err != nil {
		return err
	}
	p := aimsPage{Aims: all.Aims.Body, Version: all.Aims.Version, May: all.May}
	show := func() error {
		return v.Render(Page{Title: "Targets and weights", About: "Where each domain shall be, and how much a level counts there.", Crumbs: []Link{{"Maturity", "/program/maturity"}}, Status: mistakeStatus(p.Wrong)}, p.View())
	}
	if v.R.Method == "GET" {
		return show()
	}
	before := p.Version
	p.Version = v.versioned()
	e := v.entered()
	p.Aims = program.Aims{Origin: program.Provenance{Source: program.House, Date: string(program.DayOf(v.Now))}}
	for _, d := range program.Domains() {
		p.Aims.Aims = append(p.Aims.Aims, program.Aim{Domain: d.ID, Target: e.number(d.ID + ".target"), Weight: e.decimal(d.ID + ".weight")})
	}
	if !e.bad() {
		if _, err = s.program.SetAims(v.Context(), p.Version, p.Aims, v.Actor.String(), ""); err == nil {
			return v.Redirect("/program/maturity", &Flash{Status: Good, Text: "Saved targets and weights.", Undo: undoPath("aims", all.Aims.ID, before)})
		}
		if _, ok := e.mistakes(err); !ok {
			return err
		}
	}
	p.Wrong = e.wrong
	return show()
}

// levelText is a level in a domain: "3 Defined: zone policy".
func levelText(d program.Domain, level int) string {
	if level < 1 || level > len(d.Levels) {
		return ""
	}
	return strconv.Itoa(level) + " " + program.LevelNames()[level-1] + ": " + d.Levels[level-1]
}

func gapStatus(s program.Shortfall) Status {
	switch {
	case s.Gap >= 2:
		return Bad
	case s.Gap == 1:
		return Warn
	}
	return Good
}
