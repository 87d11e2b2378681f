package web

import (
	"errors"
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
)

const kpisPath = "/program/kpis"

func kpiHref(id string) string { return kpisPath + "/" + url.PathEscape(id) }

// kpiEntry is a KPI with its state in the books.
type kpiEntry = ledger.Entry[program.KPI]

// kpiLine is one KPI with what it came to.
type kpiLine struct {
	kpiEntry
	Reading  program.Reading // now where Pons can count it, else the latest
	Live     bool            // counted for this page
	Whole    bool            // the readings of the past are shown: they are of the whole hospital
	Readings []program.Reading
	Rows     string // the devices behind the number
	Missing  string // the devices that are missing from it
	Stand    program.AgainstTarget
}

// board is every KPI in use with what it came to.
type board struct {
	Lines []kpiLine
	Scope bool // the person sees a part of the hospital
	Ready bool
}

// trendSince is how far back trends are drawn.
const trendSince = 400

func (b board) named(id string) (kpiLine, bool) {
	i := slices.IndexFunc(b.Lines, func(k kpiLine) bool { return k.ID == id })
	if i < 0 {
		return kpiLine{}, false
	}
	return b.Lines[i], true
}

// kpiBoard reads the KPIs in use: what Pons can count is counted now, within the person's scope; what it kept of
// earlier days is of the whole hospital and shown only to those who see all of it.
func (s *Server) kpiBoard(v *Visit) (board, error) {
	kpis, err := s.program.KPIs(v.Context())
	if err != nil {
		return board{}, err
	}
	return s.boardOf(v, kpis)
}

func (s *Server) boardOf(v *Visit, kpis []kpiEntry) (board, error) {
	b := board{Scope: !v.Scope().All()}
	readings, err := s.program.Readings(v.Context(), program.DayOf(v.Now).Add(-trendSince))
	if err != nil {
		return b, err
	}
	var f figures
	if b.Ready, _ = s.Index.Ready(); b.Ready {
		ask, err := s.asker(v)
		if err != nil {
			return b, err
		}
		if f, err = s.gather(v.Context(), ask); err != nil {
			return b, err
		}
	}
	today := program.DayOf(v.Now)
	for _, e := range kpis {
		k := kpiLine{kpiEntry: e, Whole: !b.Scope || e.Body.Measure == ""}
		if k.Whole {
			k.Readings = readings[e.ID]
			k.Reading = program.Latest(k.Readings)
		}
		k.Rows, k.Missing = f.rows(e.Body.Measure)
		if r, ok := e.Body.Read(f.Figures, today); ok && !(k.Reading.Hand && k.Reading.Day == today) {
			k.Reading, k.Live = r, true
			r.At = v.Now
			if n := len(k.Readings); n > 0 && k.Readings[n-1].Day == today {
				k.Readings = k.Readings[:n-1]
			}
			if k.Whole {
				k.Readings = append(slices.Clip(k.Readings), r)
			}
		}
		k.Stand = e.Body.Stands(k.Reading)
		b.Lines = append(b.Lines, k)
	}
	return b, nil
}

// kpisPage is all KPIs, by group.
type kpisPage struct {
	board
	Groups []string
	Show   string // off, unknown, away; empty is all
	Tabs   []Tab
	Count  map[program.AgainstTarget]int
	May    bool
}

func (s *Server) kpis(v *Visit) error {
	p := kpisPage{Show: v.Form("show"), May: v.May(account.ProgramWrite), Count: map[program.AgainstTarget]int{}}
	all, err := s.kpiBoard(v)
	if err != nil {
		return err
	}
	away, err := s.program.KPIsAway(v.Context())
	if err != nil {
		return err
	}
	page := Page{Title: "KPIs", About: "What is measured, how, against which target. What Pons holds it counts itself; the rest is entered, with its source."}
	for _, k := range all.Lines {
		p.Count[k.Stand]++
		if k.Reading.At.After(page.Fresh) {
			page.Fresh = k.Reading.At
		}
		if k.Live {
			page.Fresh = v.Now
		}
	}
	p.board = all
	switch p.Show {
	case "off":
		p.Lines = slices.DeleteFunc(slices.Clone(all.Lines), func(k kpiLine) bool { return k.Stand != program.OffTarget && k.Stand != program.Near })
	case "unknown":
		p.Lines = slices.DeleteFunc(slices.Clone(all.Lines), func(k kpiLine) bool { return k.Stand != program.NoReading })
	case "away":
		if p.board, err = s.boardOf(v, away); err != nil {
			return err
		}
	}
	tab := func(show, label string, n int) {
		href := kpisPath
		if show != "" {
			href += "?show=" + show
		}
		p.Tabs = append(p.Tabs, Tab{Label: label, Href: href, Count: n, On: p.Show == show})
	}
	tab("", "In use", len(all.Lines))
	tab("off", "Off or near target", p.Count[program.OffTarget]+p.Count[program.Near])
	tab("unknown", "Not measured", p.Count[program.NoReading])
	tab("away", "Put away", len(away))
	entries := make([]kpiEntry, len(p.Lines))
	for i, k := range p.Lines {
		entries[i] = k.kpiEntry
	}
	p.Groups = program.Groups(entries)
	page.Actions = p.Actions()
	return v.Render(page, p.View())
}

// measureKPIs keeps today's readings now.
func (s *Server) measureKPIs(v *Visit) error {
	if ready, _ := s.Index.Ready(); !ready {
		return fmt.Errorf("the inventory is still being read; try again in some seconds: %w", fault.Busy)
	}
	ask, err := s.wholeHospital(v.Now)
	if err != nil {
		return err
	}
	n, err := s.measure(v.Context(), ask, v.Actor.String())
	if err != nil {
		return err
	}
	return v.Redirect(kpisPath, &Flash{Status: Good, Text: fmt.Sprintf("Today's readings of %s %s are kept, of the whole hospital.", Count(n), plural(n, "KPI", "KPIs"))})
}

// kpiPage is one KPI.
type kpiPage struct {
	kpiLine
	Chart   *Chart
	Scope   bool
	Edit    bool
	New     bool
	Away    bool
	Wrong   map[string]string
	Problem string
	Enter   enterForm
	May     bool
	Used    []Link // objectives that look at it
}

// enterForm is a reading that is being entered.
type enterForm struct {
	Day, Value, Part, Of, Source, Note string
	Wrong                              map[string]string
	Problem                            string
}

func (s *Server) kpi(v *Visit) error {
	e, err := s.program.KPI(v.Context(), v.R.PathValue("kpi"))
	if err != nil {
		return err
	}
	return s.showKPI(v, kpiPage{kpiLine: kpiLine{kpiEntry: e}, Edit: v.Form("edit") != "" && v.May(account.ProgramWrite), Enter: enterForm{Day: string(program.DayOf(v.Now))}}, 0)
}

func (s *Server) newKPI(v *Visit) error {
	blank := program.KPI{Group: "Ours", Period: "month", Better: program.Lower, Provenance: program.Provenance{Source: program.House, Date: string(program.DayOf(v.Now))}}
	return s.showKPI(v, kpiPage{New: true, Edit: true, kpiLine: kpiLine{kpiEntry: kpiEntry{Body: blank}}}, 0)
}

func (s *Server) showKPI(v *Visit, p kpiPage, status int) error {
	p.May = v.May(account.ProgramWrite)
	page := Page{Title: p.Body.Name, About: p.Body.Formula, Status: status, Crumbs: []Link{{"KPIs", kpisPath}}, Islands: []string{"chart"}}
	if p.New {
		page.Title, page.About = "A KPI of your own", "Say how it is counted, so that two people get the same number."
		return v.Render(page, p.form())
	}
	b, err := s.boardOf(v, []kpiEntry{p.kpiEntry})
	if err != nil {
		return err
	}
	body := p.Body // what is being edited, not what is kept
	p.kpiLine, p.Scope = b.Lines[0], b.Scope
	p.Body = body
	if p.Edit {
		return v.Render(page, p.form())
	}
	away, err := s.program.KPIsAway(v.Context())
	if err != nil {
		return err
	}
	p.Away = slices.ContainsFunc(away, func(e kpiEntry) bool { return e.ID == p.ID })
	objectives, err := s.program.Objectives().List(v.Context())
	if err != nil {
		return err
	}
	for _, o := range objectives {
		if slices.Contains(o.Body.KPIs, p.ID) {
			p.Used = append(p.Used, Link{o.Body.Title, objectiveHref(o.ID)})
		}
	}
	page.Fresh = p.Reading.At
	if p.Live {
		page.Fresh = v.Now
	}
	p.Chart = p.trend()
	page.Actions = p.Actions()
	return v.Render(page, p.View())
}

// trend draws the readings day by day; days without one are gaps, so that nothing is made up between them.
func (p kpiPage) trend() *Chart {
	known := slices.DeleteFunc(slices.Clone(p.Readings), func(r program.Reading) bool { return r.Value == nil })
	if len(known) < 2 {
		return nil
	}
	c := &Chart{ID: "kpi-trend", Title: "Trend of " + p.Body.Name, Kind: LineChart, Unit: p.Body.Unit, Along: "day", Series: []Series{{Name: p.Body.Name}}}
	if p.Body.Target != nil {
		c.Series = append(c.Series, Series{Name: "target"})
	}
	by := map[program.Day]float64{}
	for _, r := range known {
		by[r.Day] = *r.Value
	}
	step := func(day program.Day) {
		value, ok := by[day]
		if !ok {
			value = math.NaN()
		}
		c.X = append(c.X, string(day))
		c.Series[0].Values = append(c.Series[0].Values, math.Round(value*10)/10)
		if p.Body.Target != nil {
			c.Series[1].Values = append(c.Series[1].Values, *p.Body.Target)
		}
	}
	first, last := known[0].Day, known[len(known)-1].Day
	if sparse := first.Until(last) > 8*len(known); sparse { // readings of a month or a quarter: every reading is a step
		for _, r := range known {
			step(r.Day)
		}
		return c
	}
	for day := first; day <= last; day = day.Add(1) {
		step(day)
	}
	return c
}

// setKPI changes the definition of a KPI, or adds one.
func (s *Server) setKPI(v *Visit) error {
	id := v.R.PathValue("kpi")
	before := kpiEntry{}
	var err error
	if id == "" {
		if id, err = s.freeKPI(v, v.Form("name")); err != nil {
			return err
		}
	} else if before, err = s.program.KPI(v.Context(), id); err != nil {
		return err
	}
	k := program.KPI{Name: v.Form("name"), Group: v.Form("group"), Formula: v.Form("formula"), Unit: v.Form("unit"), Period: v.Form("period"), Measure: before.Body.Measure,
		Better: program.Better(v.Form("better")), Due: program.Day(v.Form("due")), Owner: v.Form("owner"), Note: v.Form("note"),
		Provenance: program.Provenance{Source: v.Form("source"), Date: v.Form("date"), Confidence: v.Form("confidence")}}
	var wrong error
	if k.Target, wrong = optional("target", "the target", v.Form("target")); wrong == nil {
		version, _ := strconv.ParseInt(v.Form("version"), 10, 64)
		_, err = s.program.SetKPI(v.Context(), id, version, k, v.Actor.String(), "")
	} else {
		err = wrong
	}
	if status := formStatus(err); status != 0 {
		p := kpiPage{New: before.ID == "", Edit: true, Wrong: fault.Fields(err), Problem: sentence(err), kpiLine: kpiLine{kpiEntry: kpiEntry{ID: before.ID, Version: before.Version, Body: k}}}
		return s.showKPI(v, p, status)
	}
	if err != nil {
		return err
	}
	return v.Redirect(kpiHref(id), &Flash{Status: Good, Text: "“" + k.Name + "” is kept.", Undo: kpiHref(id) + "/restore?version=" + strconv.FormatInt(before.Version, 10)})
}

// optional reads a number that may be left out, with a comma or a point.
func optional(field, what, text string) (*float64, error) {
	text = strings.ReplaceAll(strings.TrimSpace(text), " ", "")
	if text == "" {
		return nil, nil
	}
	if !strings.Contains(text, ".") && strings.Count(text, ",") == 1 {
		text = strings.Replace(text, ",", ".", 1)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, fault.Wrong(field, "%s is %q, which is no number", what, text)
	}
	return &n, nil
}

// freeKPI makes an id of a name that no KPI has yet.
func (s *Server) freeKPI(v *Visit, name string) (string, error) {
	slug := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name)), "-")
	for strings.Contains(slug, "--") {
		slug = strings.ReplaceAll(slug, "--", "-")
	}
	if slug == "" || slug[0] < 'a' {
		slug = "kpi-" + slug
	}
	slug = strings.Trim(slug[:min(len(slug), 50)], "-")
	for n := 1; ; n++ {
		id := slug
		if n > 1 {
			id += "-" + strconv.Itoa(n)
		}
		if _, err := s.program.KPI(v.Context(), id); errors.Is(err, fault.NotFound) {
			return id, nil
		} else if err != nil {
			return "", err
		}
	}
}

func (s *Server) restoreKPI(v *Visit) error {
	id := v.R.PathValue("kpi")
	version, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil || version < 0 {
		return fmt.Errorf("which state to bring back is not said: %w", fault.Invalid)
	}
	if _, err := s.program.RestoreKPI(v.Context(), id, version, v.Actor.String()); err != nil {
		return err
	}
	to := kpiHref(id)
	if _, err := s.program.KPI(v.Context(), id); errors.Is(err, fault.NotFound) {
		to = kpisPath
	}
	return v.Redirect(to, &Flash{Status: Good, Text: "The definition is as it was."})
}

// putAwayKPI takes a KPI out of use, or back: each is the undo of the other.
func (s *Server) putAwayKPI(v *Visit) error {
	id, away := v.R.PathValue("kpi"), v.Form("away") == "yes"
	if err := s.program.PutAway(v.Context(), id, away, v.Actor.String(), ""); err != nil {
		return err
	}
	f := &Flash{Status: Good, Text: "The KPI is in use.", Undo: kpiHref(id) + "/away?away=yes"}
	if away {
		f = &Flash{Status: Good, Text: "The KPI is put away; its readings stay.", Undo: kpiHref(id) + "/away?away=no"}
	}
	return v.Redirect(kpiHref(id), f)
}

// enterReading keeps what a person measured.
func (s *Server) enterReading(v *Visit) error {
	e, err := s.program.KPI(v.Context(), v.R.PathValue("kpi"))
	if err != nil {
		return err
	}
	f := enterForm{Day: v.Form("day"), Value: v.Form("value"), Part: v.Form("part"), Of: v.Form("of"), Source: v.Form("source"), Note: v.Form("note")}
	r := program.Reading{Day: program.Day(f.Day), Source: f.Source, Note: f.Note}
	var wrong [3]error
	r.Value, wrong[0] = optional("value", "the value", f.Value)
	r.Part, wrong[1] = optional("part", "the numerator", f.Part)
	r.Of, wrong[2] = optional("of", "the denominator", f.Of)
	before, err := s.program.Entered(v.Context(), e.ID, r.Day)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	for _, w := range wrong {
		if err = w; w != nil {
			break
		}
	}
	if err == nil {
		_, err = s.program.Enter(v.Context(), e.ID, 0, r, v.Actor.String(), "")
	}
	if status := formStatus(err); status != 0 {
		f.Wrong, f.Problem = fault.Fields(err), sentence(err)
		return s.showKPI(v, kpiPage{kpiLine: kpiLine{kpiEntry: e}, Enter: f}, status)
	}
	if err != nil {
		return err
	}
	undo := url.Values{"day": {f.Day}, "version": {strconv.FormatInt(before.Version, 10)}}
	return v.Redirect(kpiHref(e.ID), &Flash{Status: Good, Text: "The reading of " + f.Day + " is kept.", Undo: kpiHref(e.ID) + "/readings/restore?" + undo.Encode()})
}

func (s *Server) removeReading(v *Visit) error {
	id, day := v.R.PathValue("kpi"), program.Day(v.Form("day"))
	before, err := s.program.Entered(v.Context(), id, day)
	if err != nil {
		return err
	}
	if _, err := s.program.RemoveReading(v.Context(), id, day, v.Actor.String(), ""); err != nil {
		return err
	}
	undo := url.Values{"day": {string(day)}, "version": {strconv.FormatInt(before.Version, 10)}}
	return v.Redirect(kpiHref(id), &Flash{Status: Good, Text: "The reading of " + string(day) + " is taken back.", Undo: kpiHref(id) + "/readings/restore?" + undo.Encode()})
}

func (s *Server) restoreReading(v *Visit) error {
	id, day := v.R.PathValue("kpi"), program.Day(v.Form("day"))
	version, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil || version < 0 {
		return fmt.Errorf("which state to bring back is not said: %w", fault.Invalid)
	}
	if err := s.program.RestoreReading(v.Context(), id, day, version, v.Actor.String()); err != nil {
		return err
	}
	return v.Redirect(kpiHref(id), &Flash{Status: Good, Text: "The readings are as they were."})
}
