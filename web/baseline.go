package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"pons/account"
	"pons/column"
	"pons/fault"
	"pons/inventory"
	"pons/ledger"
	"pons/program"
)

const baselinePath = "/program/baseline"

func baselineHref(id string) string { return baselinePath + "/" + url.PathEscape(id) }

// baselineFields are what a baseline counts by.
func baselineFields() []string { return []string{"category", "class", "site"} }

// baselinePage is the checklist before a baseline and what was signed.
type baselinePage struct {
	Census  inventory.Census
	Sites   []siteChecks
	Further int // sites that are not drawn
	Signed  []ledger.Entry[program.Baseline]
	Moved   int // counts that changed since the newest
	Scope   bool
	Hidden  bool // what was signed is not this person's to see
	May     bool
	Open    int // lines that are neither empty, done nor accepted
	Lines   int
}

// siteChecks are the queues of one site.
type siteChecks struct {
	Site    string
	Devices int
	Href    string
	Lines   []checkLine
	Empty   []string // queues without a device that nobody has touched
}

// checkLine is one queue of one site.
type checkLine struct {
	queue
	program.Validation
	Version int64
	Count   int
	Href    string
	Late    bool
}

// checklistSites is how many sites a checklist draws: the largest.
const checklistSites = 40

func (s *Server) census(v *Visit) (inventory.Census, asker, error) {
	ask, err := s.asker(v)
	if err != nil {
		return inventory.Census{}, ask, err
	}
	c, err := s.Index.Census(ask.scope, ask.now, baselineFields()...)
	return c, ask, err
}

func tallies(c inventory.Census) []program.Tally {
	var out []program.Tally
	for _, field := range baselineFields() {
		for _, t := range c.By[field] {
			out = append(out, program.Tally{Field: field, Name: t.Name, Devices: t.Devices})
		}
	}
	return out
}

func (s *Server) baseline(v *Visit) error {
	if ready, read := s.Index.Ready(); !ready {
		return s.loading(v, "Baseline", read)
	}
	census, ask, err := s.census(v)
	if err != nil {
		return err
	}
	p := baselinePage{Census: census, Scope: !v.Scope().All(), Hidden: !v.Actor.Scope.All(), May: v.May(account.ProgramWrite)}
	if v.Actor.Scope.All() { // what was signed counts the whole hospital
		if p.Signed, err = s.program.Baselines(v.Context()); err != nil {
			return err
		}
	}
	touched, err := s.program.Validations(v.Context())
	if err != nil {
		return err
	}
	if err := p.sites(ask, touched, program.DayOf(v.Now)); err != nil {
		return err
	}
	if len(p.Signed) > 0 && !p.Scope {
		moved, _ := p.Signed[0].Body.Since(tallies(census))
		p.Moved = len(moved)
	}
	return v.Render(Page{Title: "Baseline", About: "The inventory's queues as a checklist for each site, and a person's signature that this is the inventory that plans stand on.", Fresh: v.Now, Actions: p.Actions()}, p.View())
}

// sites makes the checklist of the largest sites.
func (p *baselinePage) sites(ask asker, touched map[string]ledger.Entry[program.Validation], today program.Day) error {
	list := p.Census.By["site"]
	if len(list) > checklistSites {
		p.Further = len(list) - checklistSites
		list = list[:checklistSites]
	}
	for _, site := range list {
		question := ask.is("site", site.Name)
		found, err := ask.find(question, column.Request{Limit: 1, Facets: []string{"queue"}, FacetLimit: 64})
		if err != nil {
			return err
		}
		c := siteChecks{Site: site.Name, Devices: site.Devices, Href: askHref(question)}
		for _, q := range queues() {
			line := checkLine{queue: q, Count: facetCount(found.Facets["queue"], q.Name), Validation: program.Validation{Site: site.Name, Queue: q.Name, State: program.ValidationOpen},
				Href: queueHref(q.Name) + "?q=" + url.QueryEscape(question)}
			e, known := touched[line.Validation.ID()]
			if known {
				line.Validation, line.Version = e.Body, e.Version
			}
			if !known && line.Count == 0 {
				c.Empty = append(c.Empty, q.Tab)
				continue
			}
			line.Late = line.State == program.ValidationOpen && line.Due != "" && line.Due < today && line.Count > 0
			p.Lines++
			if line.Count > 0 && (line.State == program.ValidationOpen || line.Again(line.Count)) {
				p.Open++
			}
			c.Lines = append(c.Lines, line)
		}
		p.Sites = append(p.Sites, c)
	}
	return nil
}

func (p baselinePage) share() float64 {
	if p.Census.Devices == 0 {
		return 0
	}
	return float64(p.Census.Reconciled) / float64(p.Census.Devices)
}

// linePage is one line of the checklist.
type linePage struct {
	checkLine
	Wrong   map[string]string
	Problem string
}

func (s *Server) checklistLine(v *Visit) (checkLine, error) {
	q, ok := queueNamed(v.Form("queue"))
	if !ok {
		return checkLine{}, fmt.Errorf("no queue is called %q: %w", v.Form("queue"), fault.NotFound)
	}
	if ready, _ := s.Index.Ready(); !ready {
		return checkLine{}, fmt.Errorf("the inventory is still being read; try again in some seconds: %w", fault.Busy)
	}
	ask, err := s.asker(v)
	if err != nil {
		return checkLine{}, err
	}
	site := v.Form("site")
	question := ask.is("site", site)
	line := checkLine{queue: q, Validation: program.Validation{Site: site, Queue: q.Name, State: program.ValidationOpen}, Href: queueHref(q.Name) + "?q=" + url.QueryEscape(question)}
	if line.Count, err = ask.count(question + " and is:" + q.Name); err != nil {
		return line, err
	}
	touched, err := s.program.Validations(v.Context())
	if e, known := touched[line.Validation.ID()]; known {
		line.Validation, line.Version = e.Body, e.Version
	}
	return line, err
}

func (s *Server) showLine(v *Visit) error {
	line, err := s.checklistLine(v)
	if err != nil {
		return err
	}
	return s.renderLine(v, linePage{checkLine: line}, 0)
}

func (s *Server) renderLine(v *Visit, p linePage, status int) error {
	return v.Render(Page{Title: p.Title + ", " + orUnknown(p.Site), About: p.Ask, Status: status, Crumbs: []Link{{"Baseline", baselinePath}}}, p.View())
}

func (s *Server) setLine(v *Visit) error {
	line, err := s.checklistLine(v)
	if err != nil {
		return err
	}
	before := line.Version
	line.Owner, line.Due, line.State, line.Reason = v.Form("owner"), program.Day(v.Form("due")), program.ValidationState(v.Form("state")), v.Form("reason")
	line.Left = 0
	if line.State != program.ValidationOpen {
		line.Left = line.Count
	}
	version, _ := strconv.ParseInt(v.Form("version"), 10, 64)
	_, err = s.program.Validate(v.Context(), version, line.Validation, v.Actor.String(), "")
	if status := formStatus(err); status != 0 {
		return s.renderLine(v, linePage{checkLine: line, Wrong: fault.Fields(err), Problem: sentence(err)}, status)
	}
	if err != nil {
		return err
	}
	undo := url.Values{"id": {line.Validation.ID()}, "version": {strconv.FormatInt(before, 10)}}
	return v.Redirect(baselinePath, &Flash{Status: Good, Text: line.Title + " at " + orUnknown(line.Site) + ": " + string(line.State) + ".", Undo: baselinePath + "/line/restore?" + undo.Encode()})
}

func (s *Server) restoreLine(v *Visit) error {
	version, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil || version < 0 {
		return fmt.Errorf("which state to bring back is not said: %w", fault.Invalid)
	}
	if err := s.program.RestoreValidation(v.Context(), v.Form("id"), version, v.Actor.String()); err != nil {
		return err
	}
	return v.Redirect(baselinePath, &Flash{Status: Good, Text: "The line is as it was."})
}

// signPage is a baseline before it is signed.
type signPage struct {
	Census  inventory.Census
	Body    program.Baseline
	Seen    string // what the signer is shown, in short
	Open    int
	Wrong   map[string]string
	Problem string
}

// statement is what a signer says unless they say it otherwise.
const statement = "I have looked through the queues of this inventory with those who answer for them. This is the inventory as of the moment of my signature; plans may stand on it."

func (s *Server) signForm(v *Visit) error {
	return s.showSign(v, program.Baseline{Statement: statement, SignedBy: v.Actor.Name}, nil, 0)
}

func (s *Server) showSign(v *Visit, b program.Baseline, problem error, status int) error {
	if ready, read := s.Index.Ready(); !ready {
		return s.loading(v, "Sign a baseline", read)
	}
	if !v.Scope().All() {
		return fmt.Errorf("a baseline is of the whole hospital, and you see a part of it: take the scope at the top away, or let somebody sign who sees all of it: %w", fault.Denied)
	}
	census, _, err := s.census(v)
	if err != nil {
		return err
	}
	b.Goal = program.BaselineGoal
	p := signPage{Census: census, Body: s.fillBaseline(v, b, census)}
	p.Seen = seenOf(p.Body)
	if problem != nil {
		p.Wrong, p.Problem = fault.Fields(problem), sentence(problem)
	}
	return v.Render(Page{Title: "Sign a baseline", About: "What you sign is kept as it is, locked, with a sum over its content that shows any later change.", Status: status, Fresh: v.Now, Crumbs: []Link{{"Baseline", baselinePath}}}, p.View())
}

func (s *Server) fillBaseline(v *Visit, b program.Baseline, c inventory.Census) program.Baseline {
	b.AsOf, b.Revision, b.Devices, b.Reconciled, b.Counts = v.Now, int64(c.Rev), c.Devices, c.Reconciled, tallies(c)
	for _, q := range queues() {
		b.Open = append(b.Open, program.OpenQueue{Queue: q.Name, Devices: c.Queues[q.Name]})
	}
	return b
}

// seenOf is a sum over the counts alone, so that nobody signs other numbers than they were shown.
func seenOf(b program.Baseline) string {
	return program.Baseline{Devices: b.Devices, Reconciled: b.Reconciled, Counts: b.Counts, Open: b.Open}.Sum()[:16]
}

func (s *Server) sign(v *Visit) error {
	b := program.Baseline{Statement: v.Form("statement"), SignedBy: v.Form("signed_by"), SignedAs: v.Form("signed_as"), Why: v.Form("why")}
	if ready, _ := s.Index.Ready(); !ready || !v.Scope().All() {
		return s.showSign(v, b, nil, 0)
	}
	census, _, err := s.census(v)
	if err != nil {
		return err
	}
	whole := s.fillBaseline(v, b, census)
	if seen := seenOf(whole); seen != v.Form("seen") {
		err = fmt.Errorf("the inventory changed while you looked at it; these are the numbers of now: %w", fault.Conflict)
		return s.showSign(v, b, err, http.StatusConflict)
	}
	e, err := s.program.Sign(v.Context(), whole, v.Actor.String())
	if status := formStatus(err); status != 0 {
		return s.showSign(v, b, err, status)
	}
	if err != nil {
		return err
	}
	return v.Redirect(baselineHref(e.ID), &Flash{Status: Good, Text: "Signed and locked. Its sum begins with " + e.Body.Hash[:12] + "."})
}

// signedPage is one signed baseline.
type signedPage struct {
	ledger.Entry[program.Baseline]
	Moved   []program.Drift
	Same    int
	Now     *inventory.Census // nil where the person sees a part of the hospital
	Newest  bool
	Fields  []string
	Asked   func(field, name string) string
	Queues  []queueThen
	Comment string
}

// queueThen is a queue then and now.
type queueThen struct {
	queue
	Then, Now int
}

// baselineOf reads the baseline of the address; "latest" is the newest. It counts the whole hospital and is shown to
// those who may see it.
func (s *Server) baselineOf(v *Visit) (e ledger.Entry[program.Baseline], newest bool, err error) {
	if !v.Actor.Scope.All() {
		return e, false, fmt.Errorf("a baseline counts the whole hospital, and you see a part of it: %w", fault.Denied)
	}
	all, err := s.program.Baselines(v.Context())
	if err != nil {
		return e, false, err
	}
	id := v.R.PathValue("id")
	if id == "latest" && len(all) > 0 {
		return all[0], true, nil
	}
	i := slices.IndexFunc(all, func(e ledger.Entry[program.Baseline]) bool { return e.ID == id })
	if i < 0 {
		return e, false, fmt.Errorf("no such baseline was signed: %w", fault.NotFound)
	}
	return all[i], i == 0, nil
}

func (s *Server) signedBaseline(v *Visit) error {
	e, newest, err := s.baselineOf(v)
	if err != nil {
		return err
	}
	p := signedPage{Entry: e, Newest: newest, Fields: baselineFields()}
	ready, _ := s.Index.Ready()
	switch {
	case !v.Scope().All():
		p.Comment = "You see a part of the hospital: what was signed is of all of it, so that then and now cannot be compared here."
	case !ready:
		p.Comment = "The inventory is still being read; then and now are compared in some seconds."
	default:
		now, ask, err := s.census(v)
		if err != nil {
			return err
		}
		p.Now, p.Asked = &now, ask.is
		p.Moved, p.Same = e.Body.Since(tallies(now))
		for _, o := range e.Body.Open {
			if q, ok := queueNamed(o.Queue); ok {
				p.Queues = append(p.Queues, queueThen{q, o.Devices, now.Queues[o.Queue]})
			}
		}
	}
	return v.Render(Page{Title: "Baseline of " + e.Body.AsOf.Format("2006-01-02"), About: "Signed by " + e.Body.SignedBy + ", " + e.Body.SignedAs + ".", Fresh: e.Body.AsOf, Crumbs: []Link{{"Baseline", baselinePath}}, Actions: p.Actions()}, p.View())
}

// baselineContent hands out the text that was signed, so that its sum can be had with any tool.
func (s *Server) baselineContent(v *Visit) error {
	e, _, err := s.baselineOf(v)
	if err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="baseline-`+e.Body.AsOf.Format("2006-01-02")+`.txt"`)
	_, _ = v.W.Write([]byte(e.Body.Content())) // a browser that went away is no error of ours
	return nil
}

func lineQuery(queue, site string) string {
	return url.Values{"queue": {queue}, "site": {site}}.Encode()
}
