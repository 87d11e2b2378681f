package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pons/fault"
	"pons/plan"
	"pons/sqldb"
)

// planDefaultsPage is every figure that Pons ships, with where it comes from and where it is used.
type planDefaultsPage struct {
	Rows      []defaultRow
	Cares     []plan.Care
	Filter    plan.Confidence
	Counts    []confidenceCount
	Total     int
	Scenarios int
}

// confidenceCount is how many values have a confidence; the empty one says nothing of it.
type confidenceCount struct {
	Confidence plan.Confidence
	Count      int
}

// defaultRow is a default with the fields of the template that take it, and the scenarios that have these fields.
type defaultRow struct {
	plan.Default
	Paths   []string
	Same    []Link // scenarios in which it is as it was shipped
	Changed []Link // in which it is another; Text says which
}

// planDefaults lists the shipped defaults.
func (s *Server) planDefaults(v *Visit) error {
	p := &planDefaultsPage{Filter: plan.Confidence(v.Form("confidence")), Cares: plan.Cares()}
	var list []scenarioEntry
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = s.plans.List(tx)
		return err
	})
	if err != nil {
		return err
	}
	p.Scenarios = len(list)
	of := make([]map[string]string, len(list))
	for i := range list {
		of[i] = planValues(&list[i].Body.Plan)
	}
	all := plan.Defaults()
	p.Total = len(all)
	paths := defaultPaths(all)
	var found []plan.Confidence
	for i, d := range all {
		found = append(found, d.Confidence)
		if p.Filter != "" && d.Confidence != p.Filter {
			continue
		}
		row := defaultRow{Default: d, Paths: paths[i]}
		for j := range list {
			row.use(&list[j], of[j])
		}
		p.Rows = append(p.Rows, row)
	}
	p.Counts = countConfidences(found)
	return v.Render(Page{Title: "Defaults of the plan", About: "Every figure that Pons ships for a resource plan: its range, where it comes from, how far it is to be believed, and which scenarios use it.", Crumbs: []Link{{"Scenarios", "/plan"}}}, p.View())
}

// use notes whether a scenario has the default's field, and with which value.
func (r *defaultRow) use(e *scenarioEntry, values map[string]string) {
	for _, path := range r.Paths {
		now, ok := valueAt(values, path)
		if !ok {
			continue
		}
		href := fieldHref(e.ID, placeOf(&e.Body.Plan, path))
		if v, err := parseNumber(now); err == nil && v == r.Value {
			r.Same = append(r.Same, Link{e.Body.Name, href})
		} else {
			r.Changed = append(r.Changed, Link{e.Body.Name + ": " + now, href})
		}
		return // one field stands for those that share the default
	}
}

func countConfidences(found []plan.Confidence) []confidenceCount {
	var out []confidenceCount
	for _, c := range append(confidences(), "") {
		n := 0
		for _, f := range found {
			if f == c {
				n++
			}
		}
		if n > 0 {
			out = append(out, confidenceCount{c, n})
		}
	}
	return out
}

// defaultPaths gives for each default the fields of the template that take it: the template says so itself, in its
// assumptions.
func defaultPaths(all []plan.Default) [][]string {
	out := make([][]string, len(all))
	for _, a := range plan.Template("USD", 2026).Assumptions {
		v, err := parseNumber(a.Value)
		if err != nil {
			continue // a line of maintenance, not one figure
		}
		for i, d := range all {
			if d.Value == v && d.Unit == a.Unit && d.Source == a.Source && d.Date == a.Date && d.Confidence == a.Confidence && strings.HasSuffix(a.Note, d.Note) {
				out[i] = append(out[i], a.Path)
				break
			}
		}
	}
	return out
}

// planValues are all values of a plan by the paths of their names.
func planValues(p *plan.Plan) map[string]string {
	edits := plan.Changes(&plan.Plan{}, p)
	out := make(map[string]string, len(edits))
	for _, e := range edits {
		out[e.Path] = e.After
	}
	return out
}

// valueAt is the value at a path; of a range, the most likely one.
func valueAt(values map[string]string, path string) (string, bool) {
	if v, ok := values[path]; ok && v != "" {
		return v, true
	}
	v, ok := values[path+"/mode"]
	return v, ok
}

// parseNumber reads a figure as the plan writes it.
func parseNumber(text string) (float64, error) {
	return strconv.ParseFloat(strings.ReplaceAll(strings.ReplaceAll(text, ",", ""), "−", "-"), 64)
}

// placeOf turns a path by names ("roles/BMET I/II/salary") into the field's place ("roles[2].salary"); empty where the
// plan has no such entry.
func placeOf(p *plan.Plan, path string) string {
	find := func(list string, n int, name func(int) string) (string, bool) {
		rest, ok := strings.CutPrefix(path, list+"/")
		if !ok {
			return "", false
		}
		best, field := -1, ""
		for i := range n {
			if f, ok := strings.CutPrefix(rest, name(i)); ok && (f == "" || f[0] == '/') && (best < 0 || len(name(i)) > len(name(best))) {
				best, field = i, f
			}
		}
		if best < 0 {
			return "", true
		}
		return fmt.Sprintf("%s[%d]%s", strings.ReplaceAll(list, "/", "."), best, strings.ReplaceAll(field, "/", ".")), true
	}
	join := func(parts ...string) string {
		return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
	}
	for _, l := range []struct {
		list string
		n    int
		name func(int) string
	}{
		{"roles", len(p.Roles), func(i int) string { return p.Roles[i].Name }},
		{"classes", len(p.Classes), func(i int) string { return p.Classes[i].Name }},
		{"workload/items", len(p.Workload.Items), func(i int) string {
			it := &p.Workload.Items[i]
			return join(it.Role, it.Class, it.Name)
		}},
		{"coverage", len(p.Coverage), func(i int) string { return join(p.Coverage[i].Role, p.Coverage[i].Name) }},
		{"costs", len(p.Costs), func(i int) string { return p.Costs[i].Name }},
	} {
		if place, is := find(l.list, l.n, l.name); is {
			return place
		}
	}
	return strings.ReplaceAll(path, "/", ".")
}

// figure writes a default's value: shares as percent, the rest as numbers.
func (r defaultRow) figure(v float64) string {
	if r.share() {
		return amount(round2(100*v)) + " %"
	}
	return amount(v)
}

// share says that the default is a share of something.
func (r defaultRow) share() bool {
	return strings.HasPrefix(r.Key, "growth/") || r.Key == "benefits" || r.Key == "wage_escalation" || strings.HasPrefix(r.Unit, "of ")
}

// spread is the sensible range, empty where none is known.
func (r defaultRow) spread() string {
	if r.Low == 0 && r.High == 0 {
		return ""
	}
	return strings.TrimSuffix(r.figure(r.Low), " %") + "–" + r.figure(r.High)
}

func (p *planDefaultsPage) tabs() []Tab {
	return confidenceTabs("/plan/defaults", p.Filter, p.Total, p.Counts)
}

func confidenceTabs(path string, on plan.Confidence, total int, counts []confidenceCount) []Tab {
	out := []Tab{{Label: "All", Href: path, Count: total, On: on == ""}}
	for _, c := range counts {
		if c.Confidence != "" {
			out = append(out, Tab{Label: upperFirst(confidenceTitle(c.Confidence)), Href: path + "?confidence=" + string(c.Confidence), Count: c.Count, On: on == c.Confidence})
		}
	}
	return out
}

// assumptionsPage is what one scenario assumes, with who changed it.
type assumptionsPage struct {
	Entry    scenarioEntry
	Rows     []assumptionRow
	Total    int
	Filter   plan.Confidence
	Counts   []confidenceCount
	Unproven int
	Bare     []assumptionRow // values of which nobody said where they come from
	Edit     *assumptionForm
}

// assumptionRow is one assumption beside the value that the plan has now.
type assumptionRow struct {
	plan.Assumption
	Now   string // empty: the plan has no such value any more
	Other bool   // it is not what it was when the source was written down
	Field string
	By    *scenarioEntry // the version that last changed the value or its source
}

// assumptionForm is the form of one assumption.
type assumptionForm struct {
	plan.Assumption
	Version  int64
	Mistakes map[string]string
}

// oldestVersions bounds how far back it is looked for who changed a value.
const oldestVersions = 200

// planAssumptions lists what a scenario assumes, and takes a source.
func (s *Server) planAssumptions(v *Visit) error {
	e, err := s.scenario(v)
	if err != nil {
		return err
	}
	var history []scenarioEntry
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		history, err = s.plans.History(tx, e.ID)
		return err
	})
	if err != nil {
		return err
	}
	p := assumptionsOf(e, history[:min(len(history), oldestVersions)], plan.Confidence(v.Form("filter")))
	if path := v.Form("edit"); path != "" && v.R.Method == "GET" && mayPlan(v.componentContext()) && !e.Locked {
		p.Edit = &assumptionForm{Assumption: plan.Assumption{Path: path, Confidence: plan.Stated}, Version: e.Version}
		if a := ownSource(&e.Body.Plan, path); a != nil {
			p.Edit.Assumption = *a
		}
	}
	page := planPage(e, "What this scenario assumes: each value with its source, how far it is to be believed, and who changed it.")
	page.Fresh = e.At
	if v.R.Method == "POST" {
		form, done, err := s.saveAssumption(v, e)
		if err != nil || done {
			return err
		}
		p.Edit, page.Status = form, 422
	}
	return v.Render(page, p.View())
}

// ownSource is the assumption that is written down for exactly this path.
func ownSource(p *plan.Plan, path string) *plan.Assumption {
	for i := range p.Assumptions {
		if p.Assumptions[i].Path == path {
			return &p.Assumptions[i]
		}
	}
	return nil
}

// saveAssumption writes down where a value comes from. done says that the answer is given.
func (s *Server) saveAssumption(v *Visit, e scenarioEntry) (form *assumptionForm, done bool, err error) {
	version, _ := strconv.ParseInt(v.Form("version"), 10, 64)
	form = &assumptionForm{Version: version, Mistakes: map[string]string{}, Assumption: plan.Assumption{
		Path: v.Form("path"), Unit: v.Form("unit"), Source: v.Form("source"), Date: v.Form("date"), Confidence: plan.Confidence(v.Form("confidence")), Note: v.Form("note")}}
	now, ok := valueAt(planValues(&e.Body.Plan), form.Path)
	old := ownSource(&e.Body.Plan, form.Path)
	switch {
	case !ok && old == nil:
		return nil, false, fmt.Errorf("the plan has no value at %q: %w", form.Path, fault.NotFound)
	case form.Source == "":
		form.Mistakes["source"] = "Say where the value comes from: a document, a count, a person's word."
	case !slices.Contains(confidences(), form.Confidence):
		form.Mistakes["confidence"] = "Choose how far the value is to be believed."
	}
	if len(form.Mistakes) > 0 {
		return form, false, nil
	}
	form.Value = now
	if form.Value == "" && old != nil {
		form.Value = old.Value
	}
	body := e.Body
	next := body.Plan.Copy()
	if a := ownSource(next, form.Path); a != nil {
		*a = form.Assumption
	} else {
		next.Assumptions = append(next.Assumptions, form.Assumption)
	}
	body.Plan = *next
	saved, err := s.plans.Save(v.Context(), v.Actor.String(), "source of "+form.Path, e.ID, version, body)
	if m, ok := planMistakes(err); ok {
		form.Mistakes["source"] = m.Error()
		return form, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	f := &Flash{Status: Good, Text: fmt.Sprintf("Wrote down the source of %s.", form.Path)}
	if saved.Version != e.Version {
		f.Undo = fmt.Sprintf("%s?version=%d", planHref(e.ID, "restore"), e.Version)
	}
	return nil, true, v.Redirect(planHref(e.ID, "assumptions"), f)
}

// assumptionsOf puts every assumption beside its value and the one who changed it. history is newest first.
func assumptionsOf(e scenarioEntry, history []scenarioEntry, filter plan.Confidence) *assumptionsPage {
	p := &assumptionsPage{Entry: e, Filter: filter, Total: len(e.Body.Plan.Assumptions)}
	states := make([]map[string]string, len(history))
	for i := range history {
		states[i] = planValues(&history[i].Body.Plan)
	}
	values := planValues(&e.Body.Plan)
	var found []plan.Confidence
	for _, a := range e.Body.Plan.Assumptions {
		found = append(found, a.Confidence)
		if unproven(a.Confidence) {
			p.Unproven++
		}
		if filter != "" && a.Confidence != filter {
			continue
		}
		row := assumptionRow{Assumption: a, Field: fieldHref(e.ID, placeOf(&e.Body.Plan, a.Path))}
		row.Now, _ = valueAt(values, a.Path)
		if v, err := parseNumber(a.Value); err == nil && row.Now != "" {
			now, err := parseNumber(row.Now)
			row.Other = err != nil || now != v
		}
		row.By = changedBy(history, states, a.Path)
		p.Rows = append(p.Rows, row)
	}
	p.Counts = countConfidences(found)
	p.Bare = bareValues(e, values)
	return p
}

// changedBy is the newest version whose value at a path, or whose word of its source, was another before.
func changedBy(history []scenarioEntry, states []map[string]string, path string) *scenarioEntry {
	say := func(i int) string {
		v, _ := valueAt(states[i], path)
		low, high := states[i][path+"/low"], states[i][path+"/high"]
		out := []string{v, low, high}
		for _, part := range []string{"source", "date", "confidence", "note"} {
			out = append(out, states[i]["assumptions/"+path+"/"+part])
		}
		return strings.Join(out, "\x00")
	}
	for i := range history {
		if i == len(history)-1 {
			return &history[i]
		}
		if say(i) != say(i+1) {
			return &history[i]
		}
	}
	return nil
}

// bareValues are the figures of a plan of which nobody has said where they come from.
func bareValues(e scenarioEntry, values map[string]string) []assumptionRow {
	var out []assumptionRow
	roots := []string{"roles", "classes", "workload", "coverage", "costs", "benefits", "wage_escalation", "beds", "bed_growth"}
	var paths []string
	for path := range values {
		root, _, _ := strings.Cut(path, "/")
		path = strings.TrimSuffix(path, "/mode")
		v, _ := valueAt(values, path)
		if n, err := parseNumber(v); err != nil || n == 0 || !slices.Contains(roots, root) || strings.HasSuffix(path, "/low") || strings.HasSuffix(path, "/high") || strings.HasSuffix(path, "/year") {
			continue
		}
		counted := strings.HasSuffix(path, "/count") && e.Body.Plan.Baseline != nil && values[strings.TrimSuffix(path, "count")+"inventory"] != ""
		if !counted && e.Body.Plan.Source(path) == nil {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		v, _ := valueAt(values, path)
		out = append(out, assumptionRow{Assumption: plan.Assumption{Path: path}, Now: v, Field: fieldHref(e.ID, placeOf(&e.Body.Plan, path))})
	}
	return out
}

func (p *assumptionsPage) tabs() []Tab {
	out := confidenceTabs(planHref(p.Entry.ID, "assumptions"), p.Filter, p.Total, p.Counts)
	for i := range out {
		out[i].Href = strings.Replace(out[i].Href, "?confidence=", "?filter=", 1)
	}
	return out
}

// mayEdit says whether sources can be written down here.
func (p *assumptionsPage) mayEdit(ctx context.Context) bool { return mayPlan(ctx) && !p.Entry.Locked }

func (p *assumptionsPage) editHref(path string) string {
	return planHref(p.Entry.ID, "assumptions") + "?edit=" + url.QueryEscape(path) + "#edit"
}

// unprovenText says how much of the plan rests on defaults.
func (p *assumptionsPage) unprovenText() string {
	return fmt.Sprintf("%s of the %s assumptions that are written down rest on an expert's default or on a choice made here: nobody has read, counted or confirmed them for this hospital.", Count(p.Unproven), Count(p.Total))
}

func (p *assumptionsPage) columns(ctx context.Context) []Column {
	cols := []Column{{Title: "Value of"}, {Title: "Value", Numeric: true}, {Title: "Unit"}, {Title: "Confidence"}, {Title: "Source"}, {Title: "Date", HideNarrow: true}, {Title: "Changed by", HideNarrow: true}}
	if p.mayEdit(ctx) {
		cols = append(cols, Column{})
	}
	return cols
}

func confidenceOptions() []Option {
	var out []Option
	for _, c := range confidences() {
		out = append(out, Option{string(c), upperFirst(confidenceTitle(c)) + ": " + confidenceAbout(c)})
	}
	return out
}

// more says how many fields beside the first share a default.
func more(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n-1)
}
