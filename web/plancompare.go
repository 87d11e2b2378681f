package web

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/fault"
	"pons/plan"
	"pons/sqldb"
)

// mostCompared is how many scenarios stand side by side: more lines than that cannot be told apart.
const mostCompared = 4

// comparePage is scenarios, or states of one, side by side.
type comparePage struct {
	All     []scenarioEntry // to pick from
	Picked  []*resultView
	TooMany bool
	Years   []int
	Edits   []comparedEdit // what differs between the plans
	Notes   []comparedEdit // what differs in baselines, sources and notes
	Pending bool
}

// comparedEdit is a value that is not the same in all: one for each scenario, in their order.
type comparedEdit struct {
	Path   string
	Values []string
}

// stateID names a scenario in one of its states: its id, with the version behind @ where it is not the newest.
func stateID(id string, version int64) string {
	if version == 0 {
		return id
	}
	return id + "@" + strconv.FormatInt(version, 10)
}

func compareHref(ids ...string) string {
	return "/plan/compare?ids=" + url.QueryEscape(strings.Join(ids, ","))
}

// pickedIDs reads which scenarios are to be compared, each once.
func pickedIDs(v *Visit) (ids []string) {
	for _, part := range v.FormAll("ids") {
		for id := range strings.SplitSeq(part, ",") {
			if id = strings.TrimSpace(id); id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// planCompare puts up to four scenarios side by side.
func (s *Server) planCompare(v *Visit) error {
	ids := pickedIDs(v)
	p := &comparePage{TooMany: len(ids) > mostCompared}
	ids = ids[:min(len(ids), mostCompared)]
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.All, err = s.plans.List(tx); err != nil {
			return err
		}
		for _, id := range ids {
			e, version, err := s.state(tx, id)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(p.Picked, func(r *resultView) bool { return r.Entry.ID == e.ID && r.Entry.Version == e.Version }) {
				p.Picked = append(p.Picked, &resultView{Entry: e, Version: version})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	years := map[int]bool{}
	var fresh time.Time
	for _, r := range p.Picked {
		r.Plan = &r.Entry.Body.Plan
		if r.Out, r.Pending, err = s.outcomeSoon(v.Context(), r.Entry); err != nil {
			return fmt.Errorf("%s: %w", r.Entry.Body.Name, err)
		}
		for _, y := range r.Out.Years {
			years[y.Year] = true
		}
		if r.Entry.At.After(fresh) {
			fresh = r.Entry.At
		}
	}
	p.Years = slices.Sorted(maps.Keys(years))
	p.differ()
	return v.Render(Page{Title: "Compare scenarios", About: "Scenarios, or versions of one, side by side: people, money, gap and backlog by year, and what differs between them.", Crumbs: []Link{{"Scenarios", "/plan"}}, Fresh: fresh, Islands: []string{"chart"}}, p.View())
}

// state reads what stateID writes.
func (s *Server) state(tx *sqldb.Tx, id string) (e scenarioEntry, version int64, err error) {
	id, text, old := strings.Cut(id, "@")
	if e, err = s.plans.Get(tx, id); err != nil || !old {
		return e, 0, err
	}
	if version, err = strconv.ParseInt(text, 10, 64); err != nil || version < 1 {
		return e, 0, fmt.Errorf("%q is no version: %w", text, fault.Invalid)
	}
	if version == e.Version {
		return e, 0, nil
	}
	e, err = s.plans.Version(tx, id, version)
	return e, version, err
}

// differ finds what is not the same in all plans.
func (p *comparePage) differ() {
	if len(p.Picked) < 2 {
		return
	}
	first := p.Picked[0].Plan
	values := map[string][]string{}
	for i, r := range p.Picked[1:] {
		for _, e := range plan.Changes(first, r.Plan) {
			if values[e.Path] == nil {
				values[e.Path] = slices.Repeat([]string{e.Before}, len(p.Picked))
			}
			values[e.Path][i+1] = e.After
		}
	}
	for _, path := range slices.Sorted(maps.Keys(values)) {
		if namesProject(path) {
			continue
		}
		e := comparedEdit{path, values[path]}
		if root, _, _ := strings.Cut(path, "/"); root == "assumptions" || root == "baseline" || root == "note" || root == "name" {
			p.Notes = append(p.Notes, e)
		} else {
			p.Edits = append(p.Edits, e)
		}
	}
}

// label is what a scenario goes by beside others: two states of one bear their version.
func (p *comparePage) label(r *resultView) string {
	if slices.ContainsFunc(p.Picked, func(o *resultView) bool { return o != r && o.Entry.ID == r.Entry.ID }) || r.Version > 0 {
		return fmt.Sprintf("%s, version %d", r.Entry.Body.Name, r.Entry.Version)
	}
	return r.Entry.Body.Name
}

// sides names one for each scenario.
func (p *comparePage) sides() []string {
	out := make([]string, len(p.Picked))
	for i, r := range p.Picked {
		out[i] = p.label(r)
	}
	return out
}

// without leads to the comparison of the others.
func (p *comparePage) without(r *resultView) string {
	var ids []string
	for _, o := range p.Picked {
		if o != r {
			ids = append(ids, stateID(o.Entry.ID, o.Version))
		}
	}
	return compareHref(ids...)
}

func (p *comparePage) picked(id string) bool {
	return slices.ContainsFunc(p.Picked, func(r *resultView) bool { return r.Entry.ID == id && r.Version == 0 })
}

// older are the states that are looked at and are not the newest: the form keeps them.
func (p *comparePage) older() []*resultView {
	return slices.DeleteFunc(slices.Clone(p.Picked), func(r *resultView) bool { return r.Version == 0 })
}

// metric is one figure of every year.
type metric struct {
	ID, Title, Unit string
	Money           bool
	Of              func(*resultView, *plan.Year) float64
}

func metrics() []metric {
	return []metric{
		{"fte", "People needed", "FTE", false, func(_ *resultView, y *plan.Year) float64 { return y.TotalFTE }},
		{"gap", "Missing where they are needed", "FTE", false, func(r *resultView, y *plan.Year) float64 { v, _, _, _ := shortOf(r.Plan, y); return v }},
		{"cost", "Wages and benefits", "", true, func(_ *resultView, y *plan.Year) float64 { return y.TotalCost }},
		{"spend", "All spend", "", true, func(_ *resultView, y *plan.Year) float64 { return y.Spend }},
		{"backlog", "Backlog", "hours", false, func(r *resultView, y *plan.Year) float64 {
			if !peopleKnown(r.Plan) {
				return math.NaN()
			}
			return backlogOf(y)
		}},
		{"devices", "Devices", "devices", false, func(r *resultView, y *plan.Year) float64 { return float64(devicesOf(r.Plan, y)) }},
	}
}

// value is a metric of a year; NaN where the plan has no such year, or does not know.
func (m metric) value(r *resultView, year int) float64 {
	for i := range r.Out.Years {
		if r.Out.Years[i].Year == year {
			return m.Of(r, &r.Out.Years[i])
		}
	}
	return math.NaN()
}

func (m metric) text(v float64) string {
	if m.Money || m.Unit == "hours" {
		return coins(v)
	}
	return amount(round2(v))
}

// change is how far a scenario is from the first; empty for the first itself, and where one of both is not known.
func (p *comparePage) change(m metric, r *resultView, year int) string {
	if r == p.Picked[0] || m.Money && r.Plan.Currency != p.Picked[0].Plan.Currency {
		return ""
	}
	d := m.value(r, year) - m.value(p.Picked[0], year)
	switch {
	case math.IsNaN(d):
		return ""
	case math.Abs(d) < 0.005:
		return "same"
	case m.Money || m.Unit == "hours":
		return signed(math.Round(d))
	}
	return signed(d)
}

// currencies are those of the scenarios: amounts of two cannot be compared.
func (p *comparePage) currencies() []string {
	var out []string
	for _, r := range p.Picked {
		if !slices.Contains(out, r.Plan.Currency) {
			out = append(out, r.Plan.Currency)
		}
	}
	return out
}

// why leads to a figure of a year that the plan has.
func (r *resultView) whyYear(year int) string {
	for y := range r.Out.Years {
		if r.Out.Years[y].Year == year {
			return r.why("", y)
		}
	}
	return ""
}

// pictures are a line for each scenario, of what people decide by.
func (p *comparePage) pictures() []Chart {
	var out []Chart
	for _, m := range metrics() {
		if m.ID == "cost" || m.ID == "devices" || m.Money && len(p.currencies()) > 1 {
			continue
		}
		c := Chart{ID: "compare-" + m.ID, Title: m.Title, Kind: LineChart, Unit: cmp.Or(m.Unit, p.currencies()[0]), Along: "year"}
		for _, year := range p.Years {
			c.X = append(c.X, strconv.Itoa(year))
		}
		known := false
		for _, r := range p.Picked {
			s := Series{Name: p.label(r)}
			for _, year := range p.Years {
				v := round2(m.value(r, year))
				if m.Unit == "hours" || m.Money {
					v = math.Round(v)
				}
				known = known || !math.IsNaN(v)
				s.Values, s.Hrefs = append(s.Values, v), append(s.Hrefs, r.whyYear(year))
			}
			c.Series = append(c.Series, s)
		}
		if known {
			out = append(out, c)
		}
	}
	return out
}

// comparedRow is a role or a class: a value for each scenario.
type comparedRow struct {
	Name   string
	Values []string
	Hrefs  []string
}

// same says that all scenarios say one thing.
func (r comparedRow) same() bool {
	return !slices.ContainsFunc(r.Values, func(v string) bool { return v != r.Values[0] })
}

// rows are the roles' FTE, or the classes' counts, in the last year of each scenario; those that are the same in all
// are only counted.
func (p *comparePage) rows(classes bool) (differ []comparedRow, same int) {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, r := range p.Picked {
		for i := range r.Plan.Roles {
			if !classes {
				add(r.Plan.Roles[i].Name)
			}
		}
		for i := range r.Plan.Classes {
			if classes {
				add(r.Plan.Classes[i].Name)
			}
		}
	}
	for _, name := range names {
		row := comparedRow{Name: name, Values: make([]string, len(p.Picked)), Hrefs: make([]string, len(p.Picked))}
		for i, r := range p.Picked {
			end := len(r.Out.Years) - 1
			if j := slices.IndexFunc(r.last().Roles, func(x plan.RoleYear) bool { return x.Name == name }); !classes && j >= 0 {
				row.Values[i], row.Hrefs[i] = amount(r.last().Roles[j].RequiredFTE), r.why(name, end)
			}
			if j := slices.IndexFunc(r.last().Classes, func(x plan.ClassYear) bool { return x.Name == name }); classes && j >= 0 {
				row.Values[i], row.Hrefs[i] = Count(r.last().Classes[j].Count), r.whyClass(name, end)
			}
		}
		if row.same() {
			same++
			continue
		}
		differ = append(differ, row)
	}
	return differ, same
}

func (p *comparePage) columns() []Column {
	cols := []Column{{Title: "Name"}}
	for _, side := range p.sides() {
		cols = append(cols, Column{Title: side, Numeric: true})
	}
	return cols
}

func lockedText(locked bool) string {
	if locked {
		return ", locked"
	}
	return ""
}

// planLists are how the paths of a plan's lists begin; planWithin are the lists within an entry, with the word for one.
func planLists() []string {
	return []string{"classes/", "roles/", "workload/items/", "coverage/", "costs/", "cosr/lines/"}
}

func planWithin() [][2]string { return [][2]string{{"/pipeline/", "project"}, {"/hires/", "hire"}} }

// pathTitle writes a path by names as people read it: "classes/biomed/pipeline/Smart pumps · 2027/add" is
// "biomed · project Smart pumps, 2027: devices added". Names may hold a slash, so that a field is known by its words.
func pathTitle(path string) string {
	for _, list := range planLists() {
		rest, ok := strings.CutPrefix(path, list)
		if !ok {
			continue
		}
		of := ""
		for _, w := range planWithin() {
			if name, entry, ok := strings.Cut(rest, w[0]); ok {
				of, rest = name+" · "+w[1]+" ", entry
				break
			}
		}
		for i := range len(rest) {
			head, _, _ := strings.Cut(rest[i+1:], "/")
			if rest[i] == '/' && fieldWord(head) != "" {
				name := rest[:i]
				if of != "" {
					name = strings.ReplaceAll(name, " · ", ", ")
				}
				return of + name + ": " + fieldTitle(rest[i+1:])
			}
		}
		return of + rest
	}
	return fieldTitle(path)
}

// namesProject says that a path is what a project or a hire goes by, which stands in the paths of its figures too.
func namesProject(path string) bool {
	field := path[strings.LastIndex(path, "/")+1:]
	return strings.Contains(path, "/pipeline/") && (field == "name" || field == "year") || strings.Contains(path, "/hires/") && field == "start"
}

// fieldTitle is a field below an entry, "growth/low", in words.
func fieldTitle(path string) string {
	var out []string
	for part := range strings.SplitSeq(path, "/") {
		switch word := fieldWord(part); {
		case word != "":
			out = append(out, word)
		case part == "low":
			out = append(out, "at least")
		case part == "mode":
			out = append(out, "most likely")
		case part == "high":
			out = append(out, "at most")
		default:
			out = append(out, strings.ReplaceAll(part, "_", " "))
		}
	}
	return strings.Join(out, ", ")
}

// fieldWord is what people call a field of an entry of a plan; empty when it is none.
func fieldWord(field string) string {
	switch field {
	case "count":
		return "devices"
	case "add":
		return "devices added"
	case "retire":
		return "devices retired"
	case "replace":
		return "devices replaced"
	case "inventory":
		return "question to the inventory"
	case "subset_of":
		return "part of"
	case "connected":
		return "on the network"
	case "expected_life":
		return "life, years"
	case "unit_cost":
		return "cost of one"
	case "current_fte":
		return "FTE here now"
	case "open_fte":
		return "FTE open"
	case "min_fte":
		return "least FTE"
	case "fte":
		return "FTE"
	case "attrition":
		return "people who leave a year"
	case "ramp_up_months":
		return "months until a new person does all of the work"
	case "productive_hours":
		return "working year"
	case "growth":
		return "growth a year"
	case "per_device_year":
		return "times a device and year"
	case "per_added_device":
		return "times a device that comes"
	case "per_retired_device":
		return "times a device that goes"
	case "on_call":
		return "on call"
	case "horizon_years":
		return "years ahead"
	case "base_year":
		return "year of the counts"
	case "devices_per_fte", "fte_per_fte", "beds_per_fte", "value_per_fte":
		return strings.ToLower(ratioWord(field)[:1]) + ratioWord(field)[1:]
	case "name", "salary", "team", "benefits", "skills", "months_to_fill", "ratio", "note", "risk", "contract", "year", "start", "classes", "roles", "role", "class", "work", "skill", "hours",
		"hours_per_year", "events_per_year", "seats", "hours_per_week", "available_hours", "calls_per_hour", "handle_minutes", "service_level", "max_occupancy", "shrinkage", "shifts", "kind", "per_year",
		"per_fte", "from", "until", "escalation", "currency", "labor", "contracts", "parts", "time_and_material", "overhead", "acquisition_value", "devices", "devices_with_cost":
		return strings.ReplaceAll(field, "_", " ")
	}
	return ""
}

// editText writes a value as people read it: a rate in percent.
func editText(path, value string) string {
	parts := strings.Split(path, "/")
	field := parts[len(parts)-1]
	if (field == "low" || field == "mode" || field == "high") && len(parts) > 1 {
		field = parts[len(parts)-2]
	}
	if slices.Contains([]string{"year", "base_year", "from", "until"}, field) {
		return strings.ReplaceAll(value, ",", "")
	}
	if !slices.Contains([]string{"growth", "bed_growth", "benefits", "wage_escalation", "escalation", "attrition", "wrench_time", "covers", "share_of_cost", "max_share", "shrinkage", "max_occupancy"}, field) {
		return value
	}
	v, err := parseNumber(value)
	if err != nil {
		return value
	}
	return amount(round2(100*v)) + " %"
}
