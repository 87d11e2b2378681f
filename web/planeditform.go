package web

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"pons/fault"
	"pons/plan"
	"pons/sqldb"
	"pons/staff"
)

// planForm is one step of a plan as one person sees it: what is saved, and what was typed and is not.
type planForm struct {
	E      scenarioEntry
	P      *plan.Plan // as it is saved
	Step   string
	Posted url.Values // what was typed and could not be saved
	Wrong  fault.Mistakes
	Status Status // of Text
	Text   string // why it could not be saved
	Lost   []string
	May    bool
	Scoped bool // the person does not see the whole hospital
	Day    string
	Out    *plan.Projection // what the saved plan comes to
	Panel  planPanel
	Drifts []plan.Drift
	Staff  map[string]float64 // FTE by title, folded
	Sites  []string
}

// planStepPage answers with one step of the plan.
func (s *Server) planStepPage(step string) func(*Visit) error {
	return func(v *Visit) error {
		e, err := s.scenario(v)
		if err != nil {
			return err
		}
		return s.drawStep(v, &planForm{E: e, Step: step}, 0)
	}
}

// drawStep fills in what a step shows beside the plan itself, and draws it.
func (s *Server) drawStep(v *Visit, f *planForm, status int) error {
	f.P, f.May, f.Day = &f.E.Body.Plan, mayPlan(v.componentContext()) && !f.E.Locked, v.Now.UTC().Format(time.DateOnly)
	f.Scoped = !v.Actor.Scope.All()
	out, err := s.outcome(v.Context(), f.E)
	if err != nil {
		return err
	}
	f.Out, f.Panel = out, panelOf(f.P, out, nil, nil)
	switch f.Step {
	case "baseline":
		if err := s.baselineFacts(v, f); err != nil {
			return err
		}
	case "roles":
		if f.Staff, err = s.staffFTE(v); err != nil {
			return err
		}
	}
	page := planPage(f.E, planStepNamed(f.Step).About)
	page.Islands, page.Status, page.Wide = []string{"plan"}, status, true
	return v.Render(page, f.View())
}

// savePlanStep keeps what a step's form says.
func (s *Server) savePlanStep(step string) func(*Visit) error {
	return func(v *Visit) error {
		e, err := s.scenario(v)
		if err != nil {
			return err
		}
		f := &planForm{E: e, Step: step, Posted: v.R.PostForm}
		said, err := s.savePlan(v, f)
		if wrong, ok := planMistakes(err); ok {
			f.Wrong, f.Status = wrong, Bad
			f.Text = fmt.Sprintf("%d %s to mend. Nothing was saved; what you typed still stands here.", len(wrong), plural(len(wrong), "field is", "fields are"))
			return s.drawStep(v, f, http.StatusUnprocessableEntity)
		}
		if errors.Is(err, fault.Conflict) {
			return s.conflictPage(v, f, err)
		}
		if err != nil {
			return err
		}
		flash := &Flash{Status: Good, Text: said}
		if f.E.Version > e.Version {
			flash.Undo = fmt.Sprintf("%s?version=%d", planHref(e.ID, "restore"), e.Version)
		}
		to := planHref(e.ID, step)
		if next := v.Form("go"); next != "" && slices.ContainsFunc(planSteps(), func(s planStep) bool { return s.Key == next }) {
			to = planHref(e.ID, next)
		}
		return v.Redirect(to, flash)
	}
}

// savePlan applies a form to the plan and keeps it. Mistakes come back at the names of the form's fields.
func (s *Server) savePlan(v *Visit, f *planForm) (said string, err error) {
	body := f.E.Body
	version := planVersion(v)
	if version != 0 && version != f.E.Version {
		return "", fmt.Errorf("version %d was looked at, and there is version %d: %w", version, f.E.Version, fault.Conflict)
	}
	next, err := s.formPlan(v, &body.Plan, f.Posted)
	if err != nil {
		return "", err
	}
	said = "Saved."
	if do := v.Form("do"); do != "" && do != "save" {
		if next, said, err = s.doPlan(v, next, do); err != nil {
			return "", err
		}
		if _, err := next.Check(); err != nil {
			return "", err
		}
	}
	body.Plan = *next
	if name, ok := f.Posted["scenario.name"]; ok {
		body.Name, body.About = strings.Join(name, " "), v.Form("scenario.about")
	}
	entry, err := s.plans.Save(v.Context(), v.Actor.String(), "", f.E.ID, f.E.Version, body)
	if m, ok := planMistakes(err); ok {
		for i := range m {
			if m[i].Path == "name" {
				m[i].Path = "scenario.name"
			}
		}
		return "", m
	}
	if err != nil {
		return "", err
	}
	if entry.Version == f.E.Version {
		said = "Nothing was changed."
	}
	f.E = entry
	return said, nil
}

// formPlan gives the plan with what a form says of it.
func (s *Server) formPlan(v *Visit, p *plan.Plan, form url.Values) (*plan.Plan, error) {
	changes := planDiff(p, form)
	with, more, at := addRows(p, form)
	for path, text := range more {
		changes[path] = text
	}
	for path, text := range ratioKinds(p, form) {
		changes[path] = text
		if text == "" { // a block that is cleared takes its fields with it
			maps.DeleteFunc(changes, func(other, _ string) bool { return strings.HasPrefix(other, path+".") })
		}
	}
	next, err := changePlan(with, changes, v.Actor.Name, v.Now.UTC().Format(time.DateOnly))
	if err == nil {
		err = s.checkQuestions(p, next)
	}
	if m, ok := planMistakes(err); ok {
		for i := range m {
			if name, ok := at[m[i].Path]; ok {
				m[i].Path = name
			}
		}
		return nil, m
	}
	return next, err
}

// doPlan does what a button of the form asks for.
func (s *Server) doPlan(v *Visit, p *plan.Plan, do string) (*plan.Plan, string, error) {
	if do == "staff" {
		fte, err := s.staffFTE(v)
		if err != nil {
			return nil, "", err
		}
		next, n := withStaff(p, fte, v.Now.UTC().Format(time.DateOnly))
		return next, fmt.Sprintf("Took who is here from the staff list for %d %s.", n, plural(n, "role", "roles")), nil
	}
	return doRow(p, do)
}

// conflictPage shows a form again over what somebody else has saved meanwhile: only what this person changed stands
// over it, and what it cannot stand over is told.
func (s *Server) conflictPage(v *Visit, f *planForm, cause error) error {
	f.Status, f.Text = Warn, sentence(cause)
	newest, err := s.scenario(v)
	if err != nil {
		return err
	}
	f.E = newest
	if f.E.Locked {
		f.Text = fmt.Sprintf("%s was locked by %s meanwhile. Nothing of yours was saved: copy the scenario, or unlock it first.", f.E.Body.Name, actorName(f.E.Actor))
		f.Posted = nil
		return s.drawStep(v, f, http.StatusConflict)
	}
	var base scenarioEntry
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		base, err = s.plans.Version(tx, f.E.ID, planVersion(v))
		return err
	})
	if err != nil {
		return err
	}
	typed := f.Posted
	f.Posted = url.Values{}
	for path := range planDiff(&base.Body.Plan, typed) {
		name := planNames(&base.Body.Plan, path)
		if planNames(&newest.Body.Plan, path) == name {
			if values, ok := typed[path]; ok {
				f.Posted[path] = values
			}
			continue
		}
		f.Lost = append(f.Lost, name+" = "+strings.Join(typed[path], "; "))
	}
	slices.Sort(f.Lost)
	f.Text = fmt.Sprintf("%s saved version %d while you were typing. Below is what is saved now, with your %s over it. Look at both and save again.", actorName(newest.Actor), newest.Version, plural(len(f.Posted), "change", "changes"))
	return s.drawStep(v, f, http.StatusConflict)
}

// tryPlan computes a plan with changes that nobody has saved, and answers with the panel of results.
func (s *Server) tryPlan(v *Visit) error {
	began := time.Now()
	e, err := s.scenario(v)
	if err != nil {
		return err
	}
	f := &planForm{E: e, P: &e.Body.Plan, Step: v.Form("step")}
	if f.Out, err = s.outcome(v.Context(), e); err != nil {
		return err
	}
	next, err := s.formPlan(v, f.P, v.R.PostForm)
	status := http.StatusOK
	var tried *plan.Projection
	if err == nil {
		tried, err = triedOut(v, next)
	}
	if wrong, ok := planMistakes(err); ok {
		f.Wrong, status, next = wrong, http.StatusUnprocessableEntity, f.P
	} else if err != nil {
		return err
	}
	f.Panel = panelOf(f.P, f.Out, next, tried)
	f.Panel.Wrong = f.Wrong
	if tried != nil {
		f.P, f.Out = next, tried
	}
	v.W.Header().Set("Server-Timing", fmt.Sprintf("plan;dur=%.1f", float64(time.Since(began).Microseconds())/1000))
	return v.send(status, f.Tried())
}

// tryDraws is how many draws a result takes while a slider moves: the band moves by less than a quarter FTE against
// ten thousand, and answers in a fifth of the time.
const tryDraws = 2000

func triedOut(v *Visit, p *plan.Plan) (*plan.Projection, error) {
	quick := *p
	if quick.Simulation.Draws == 0 || quick.Simulation.Draws > tryDraws {
		quick.Simulation.Draws = tryDraws
	}
	out, err := quick.Project()
	if err == nil {
		out.Percentiles, err = quick.Simulate(v.Context())
	}
	return out, err
}

// The fields of a step.

// planField is one field as it is drawn.
type planField struct {
	Path, Label, Text, Hint, Error string
	Names                          string // the path by names, for its source
	Source                         *plan.Assumption
	Default                        *plan.Default
	List                           string // id of a list of suggestions
	Slide                          *planSlide
	Live                           bool // a change of it changes the result
	Rate                           bool // a share: percent
}

// planSlide is the slider of a field, in the unit of its text.
type planSlide struct {
	Min, Max, Step, Value float64
	Unit                  string
}

// end is the text at an end of a slider, with its unit.
func (s *planSlide) end(v float64) string {
	return strings.TrimSpace(numberText(math.Round(v*1e4)/1e4, "") + " " + s.Unit)
}

// beforeColon is the part of a label that is the same in every row.
func beforeColon(label string) string {
	before, _, _ := strings.Cut(label, ": ")
	return before
}

func (f *planForm) field(path, label string) planField {
	d := planField{Path: path, Label: label, Text: f.text(path), Error: f.problem(path), Names: planNames(f.P, path), Live: true}
	if leaf, ok := planAt(f.P, path); ok && leaf.as == "rate" {
		d.Rate = true
	}
	d.Source = f.P.Source(d.Names)
	if def, ok := planDefault(d.Names); ok {
		d.Default = &def
	}
	return d
}

// fresh is a field of a row that is not there yet.
func (f *planForm) fresh(list, field, label string) planField {
	path := "new:" + list + ":" + field
	d := planField{Path: path, Label: label, Error: f.problem(path)}
	if v := f.Posted[path]; len(v) > 0 {
		d.Text = v[len(v)-1]
	}
	return d
}

func (f *planForm) text(path string) string {
	if v, ok := f.Posted[path]; ok {
		if len(v) == 1 {
			return v[0]
		}
		return strings.Join(namesOf(v), "; ")
	}
	return planText(f.P, path)
}

// problem is the mistake at a field; one of its block stands at the field where it can be mended.
func (f *planForm) problem(path string) string {
	for _, m := range f.Wrong {
		if m.Path == path {
			return m.Text
		}
	}
	if leaf, ok := planAt(f.P, path); ok && leaf.v.Kind().String() == "slice" || strings.HasSuffix(path, "productive_hours") {
		return f.Wrong.At(path)
	}
	if of, ok := strings.CutSuffix(path, ".mode"); ok {
		for _, m := range f.Wrong {
			if m.Path == of {
				return m.Text
			}
		}
	}
	return ""
}

// on says whether a box is ticked.
func (f *planForm) on(path string) bool {
	if v, ok := f.Posted[path]; ok {
		return slices.Contains(v, "yes")
	}
	return planText(f.P, path) == "yes"
}

// has says whether a list holds a name.
func (f *planForm) has(path, name string) bool {
	return slices.ContainsFunc(namesOf([]string{f.text(path)}), func(x string) bool { return sameName(x, name) })
}

// slide gives a field a slider over the sensible range of its default, and at least over what it is now.
func (d planField) slide(low, high, step float64) planField {
	unit, scale := "", 1.0
	if d.Rate || strings.HasSuffix(d.Text, "%") {
		unit, scale = "%", 100
	}
	if d.Default != nil && d.Default.High > 0 {
		low, high = min(low, d.Default.Low*scale), max(high, d.Default.High*scale)
	}
	now, ok := numberOf(d.Text)
	if !ok {
		return d
	}
	now *= scale
	if d.Error != "" { // what is wrong does not widen the sensible range
		now = min(max(now, low), high)
	}
	d.Slide = &planSlide{Min: min(low, now), Max: max(high, now), Step: step, Value: math.Round(now/step) * step, Unit: unit}
	return d
}

// ratioSlide spans the default's range, or half to double of what it is.
func (d planField) ratioSlide() planField {
	now, ok := numberOf(d.Text)
	if !ok || now <= 0 {
		return d
	}
	low, high := now/2, now*2
	if d.Default != nil && d.Default.High > 0 {
		low, high = d.Default.Low, d.Default.High
	}
	step := math.Pow(10, math.Floor(math.Log10(high))-2)
	return d.slide(math.Floor(low/step)*step, math.Ceil(high/step)*step, step)
}

// elsewhere are the mistakes whose field stands on no part of this page, with the step where it does.
func (f *planForm) elsewhere() []Link {
	var out []Link
	for _, m := range f.Wrong {
		if step := stepOf(m.Path); step != f.Step {
			name := planNames(f.P, m.Path)
			if name == "" {
				name = m.Path
			}
			out = append(out, Link{name + ": " + m.Text, planHref(f.E.ID, step)})
		}
	}
	return out
}

// stepOf is the step on which a path is edited.
func stepOf(path string) string {
	path = strings.TrimPrefix(path, "new:")
	first, rest, _ := strings.Cut(path, ".")
	switch {
	case strings.HasPrefix(first, "classes"):
		if strings.HasPrefix(rest, "growth") || strings.HasPrefix(rest, "pipeline") {
			return "growth"
		}
		if strings.HasPrefix(rest, "contract") {
			return "ratios"
		}
		return "baseline"
	case strings.HasPrefix(path, "workload.productive_hours"), first == "wage_escalation", first == "benefits":
		return "roles"
	case strings.HasPrefix(first, "roles"):
		if strings.HasPrefix(rest, "ratio") || strings.HasPrefix(rest, "min_fte") {
			return "ratios"
		}
		return "roles"
	case first == "workload", first == "method", first == "rounding":
		return "ratios"
	case first == "bed_growth", first == "simulation":
		return "growth"
	case strings.HasPrefix(first, "coverage"), strings.HasPrefix(first, "costs"):
		return "coverage"
	}
	return "baseline"
}

// ratioWord says what a kind of ratio divides by; the kinds are the paths of their figures.
func ratioWord(kind string) string {
	switch kind {
	case "devices_per_fte":
		return "Devices per FTE"
	case "fte_per_fte":
		return "FTE led by one"
	case "beds_per_fte":
		return "Beds per FTE"
	case "value_per_fte":
		return "Acquisition value per FTE"
	}
	return "No ratio"
}

func ratioOrder() []string {
	return []string{"devices_per_fte", "fte_per_fte", "beds_per_fte", "value_per_fte"}
}

// ratioKind is the kind that is set, empty for none.
func ratioKind(r *plan.Ratio) string {
	switch {
	case r == nil:
		return ""
	case r.FTEPerFTE != 0:
		return "fte_per_fte"
	case r.BedsPerFTE != 0:
		return "beds_per_fte"
	case r.ValuePerFTE != 0:
		return "value_per_fte"
	}
	return "devices_per_fte"
}

// ratioKinds are the changes of a form that gives a ratio another kind: the figure moves to the new kind's field, and
// the old one is cleared.
func ratioKinds(p *plan.Plan, form url.Values) map[string]string {
	changes := map[string]string{}
	for i := range p.Roles {
		at := fmt.Sprintf("roles[%d].ratio", i)
		values, ok := form["kind:"+at]
		was := ratioKind(p.Roles[i].Ratio)
		if !ok || len(values) == 0 || values[0] == was {
			continue
		}
		kind := values[0]
		if was != "" {
			changes[at+"."+was] = ""
		}
		figure := form.Get(at + "." + was)
		if was == "" {
			figure = form.Get("figure:" + at)
		}
		if kind == "" {
			delete(changes, at+"."+was)
			changes[at] = ""
		} else if slices.Contains(ratioOrder(), kind) {
			changes[at+"."+kind] = figure
		}
	}
	return changes
}

// next is the step after this one.
func (f *planForm) next() string {
	all := planSteps()
	i := slices.IndexFunc(all, func(s planStep) bool { return s.Key == f.Step })
	if i < 0 || i+1 >= len(all) {
		return ""
	}
	return all[i+1].Key
}

// numeric says that the field is a figure: it has a source, and phones show digits for it.
func (d planField) numeric() bool {
	for _, word := range []string{".name", ".team", ".note", ".inventory", ".subset_of", ".skills", ".start", ".vendor", ".role", ".class", ".kind", ".skill", "currency", "scenario.", ".work"} {
		if strings.HasSuffix(d.Path, word) || strings.HasPrefix(d.Path, word) || strings.HasSuffix(d.Path, ":"+strings.TrimPrefix(word, ".")) {
			return false
		}
	}
	return true
}

func (d planField) whyID() string {
	return strings.NewReplacer("[", "-", "]", "", ".", "-", ":", "-").Replace(d.Path)
}

func (d planField) shipped() string {
	as := ""
	if strings.HasSuffix(d.Text, "%") {
		as = "rate"
	}
	text := numberText(d.Default.Value, as)
	if d.Default.High > 0 {
		text += " (" + numberText(d.Default.Low, as) + " to " + numberText(d.Default.High, as) + ")"
	}
	return text + " " + d.Default.Unit
}

func confidenceText(c plan.Confidence) string {
	switch c {
	case plan.Verified:
		return "verified: read in the source"
	case plan.Secondary:
		return "secondary: somebody's account of the source"
	case plan.Expert:
		return "expert: an expert's default"
	case plan.Guess:
		return "assumption: chosen by Pons"
	case plan.Counted:
		return "counted: from the hospital's own records"
	case plan.Stated:
		return "stated: said by a person of the hospital"
	}
	return string(c)
}

func (f *planForm) classNames() []string {
	out := make([]string, len(f.P.Classes))
	for i := range f.P.Classes {
		out[i] = f.P.Classes[i].Name
	}
	return out
}

func (f *planForm) roleNames() []string {
	out := make([]string, len(f.P.Roles))
	for i := range f.P.Roles {
		out[i] = f.P.Roles[i].Name
	}
	return out
}

func planOptions(empty string, names []string) []Option {
	out := []Option{}
	if empty != "" {
		out = append(out, Option{"", empty})
	}
	for _, n := range names {
		out = append(out, Option{n, n})
	}
	return out
}

// teamTitle is a team as the pages of people write it: "IT".
func teamTitle(t plan.Team) string { return staff.Team(t).Title() }

func planTeams() []Option {
	out := []Option{{"", "not said"}}
	for _, t := range plan.Teams() {
		out = append(out, Option{string(t), teamTitle(t)})
	}
	return out
}
