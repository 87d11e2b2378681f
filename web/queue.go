package web

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"pons/account"
	"pons/column"
	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/query"
	"pons/sqldb"
)

// queue is one list of devices that wait for a person's decision.
type queue struct {
	Name   string // as queries name it
	Title  string // of its page and cards
	Tab    string
	Ask    string // what is asked of the person, one sentence
	Done   string // when it is empty
	Status Status
}

// queues are all of them, the most telling first.
func queues() []queue {
	return []queue{
		{"conflict", "Conflicts", "Conflicts", "Sources say different things of a device. Which one is right?", "No two sources contradict each other.", Warn},
		{"duplicate", "Possible duplicates", "Duplicates", "Two records may be one device. Evidence alone is not enough to join them.", "No two records look like one device.", Warn},
		{"unseen", "Never on the network", "Never seen", "A system records the device and it is made to be connected, but no network source has ever seen it.", "Everything that is recorded and connected has been seen.", Warn},
		{"unrecorded", "In no system", "In no system", "The network sees it, and no CMMS or CMDB knows of it.", "Everything that the network sees is recorded.", Bad},
		{"no-owner", "No owner", "No owner", "Nobody answers for it.", "Every device has somebody who answers for it.", Bad},
		{"no-location", "No location", "No location", "No source says where it is.", "Of every device it is known where it is.", Neutral},
		{"unclassified", "Unclassified", "Unclassified", "What it is, no source says plainly enough.", "Every device has a class.", Neutral},
		{"absent", "Gone from a source", "Gone", "A source that used to list it no longer does.", "Every source still lists what it used to list.", Info},
	}
}

func queueNamed(name string) (queue, bool) {
	all := queues()
	i := slices.IndexFunc(all, func(q queue) bool { return q.Name == name })
	if i < 0 {
		return queue{}, false
	}
	return all[i], true
}

func queueHref(name string) string { return "/reconcile/" + name }

// reconciled is the question for devices that no source contradicts, doubles or misses (inventory.Today).
const reconciled = "not is:conflict and not is:duplicate and not is:unseen and not is:unrecorded"

// queueRows is how many devices a queue shows at once: what a person decides in a sitting.
const queueRows = 25

// queuePage is one queue as one person sees it.
type queuePage struct {
	queue
	Tabs    []Tab
	Text    string // the question that narrows it
	Attr    fact.Attr
	After   column.Cursor
	Wrong   *query.Error
	Facets  []Facet
	Chips   []Link
	Total   int
	Pager   Pager
	Items   []queueItem
	Pairs   []pairItem
	Settle  []Option // sources that may settle all of a conflict at once
	Set     []Choice // what may be set on those ticked
	Values  []string // suggestions for it
	Back    string
	May     bool
	Ready   bool
	Read    int
	Narrow  bool // by a question or a facet
	Classes []inventory.ClassName
}

// queueItem is one device in a queue: what is known of it, and the answers that are one click away.
type queueItem struct {
	Row      *inventory.Row
	Device   *inventory.Device
	About    string
	Since    time.Time
	Evidence []evidence
	Choices  []queueChoice
}

// evidence is one line of what speaks for or against something.
type evidence struct{ Name, Text, Note string }

// queueChoice is an answer: what it states ("owner=Biomed East"), and who says so.
type queueChoice struct {
	Say, Verb, Value string
	Note             string
	Wins             bool
	Votes            []queueVote
}

// queueVote is one source that says so.
type queueVote struct {
	Source, Because string
	At              time.Time
	Trust           string
	Href            string
}

// reconcile shows all queues with the rate at which they shrink.
func (s *Server) reconcile(v *Visit) error {
	p := reconcilePage{}
	if p.Ready, p.Read = s.Index.Ready(); !p.Ready {
		return s.loading(v, "Reconcile", p.Read)
	}
	ask, err := s.asker(v)
	if err != nil {
		return err
	}
	all, err := ask.find("", column.Request{Limit: 1, Facets: []string{"queue"}})
	if err != nil {
		return err
	}
	good, err := ask.count(reconciled)
	if err != nil {
		return err
	}
	p.Total, p.Reconciled = all.Total, good
	for _, q := range queues() {
		p.Queues = append(p.Queues, queueCount{q, facetCount(all.Facets["queue"], q.Name)})
	}
	if p.Nobody, err = s.nobodyNow(v, ask); err != nil {
		return err
	}
	if p.Trend, err = s.trend(v, good, all.Total, "reconcile-trend"); err != nil {
		return err
	}
	return v.Render(Page{Title: "Reconcile", About: "What sources leave open, a person decides here. Every answer outlives later imports and can be taken back.",
		Islands: []string{"chart"}, Actions: reconcileActions(v.May(account.SettingRead))}, p.View())
}

// reconcilePage is all queues.
type reconcilePage struct {
	Ready             bool
	Read              int
	Total, Reconciled int
	Queues            []queueCount
	Nobody            nobodyCount
	Trend             trend
}

type queueCount struct {
	queue
	Count int
}

func (p reconcilePage) share() float64 {
	if p.Total == 0 {
		return 0
	}
	return float64(p.Reconciled) / float64(p.Total)
}

func facetCount(f column.Facet, value string) int {
	for _, c := range f.Values {
		if c.Value == value {
			return c.Rows
		}
	}
	return 0
}

// trend is the share of reconciled devices over the last 90 days. It is kept for the whole hospital only.
type trend struct {
	Chart *Chart
	Text  string
	Icon  Icon
}

const trendDays = 90

func (s *Server) trend(v *Visit, good, total int, id string) (trend, error) {
	if !v.Scope().All() {
		return trend{Text: "the trend is kept for the whole hospital, not for a scope"}, nil
	}
	var days []inventory.Day
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		days, err = s.Inventory.Days(tx, v.Now.AddDate(0, 0, -trendDays))
		return err
	})
	if err != nil {
		return trend{}, err
	}
	return trendOf(days, good, total, v.Now, id), nil
}

// trendOf draws the days; today is as the index counts it now.
func trendOf(days []inventory.Day, good, total int, now time.Time, id string) trend {
	today := now.UTC().Format(time.DateOnly)
	days = slices.DeleteFunc(slices.Clone(days), func(d inventory.Day) bool { return d.Day >= today || d.Devices == 0 })
	if total > 0 {
		days = append(days, inventory.Day{Day: today, Devices: total, Reconciled: good})
	}
	if len(days) < 2 {
		return trend{Text: "the trend begins with the second day"}
	}
	c := &Chart{ID: id, Title: "Reconciled devices", Kind: LineChart, Unit: "%", Along: "day", Series: []Series{{Name: "reconciled, %"}}}
	first, err := time.Parse(time.DateOnly, days[0].Day)
	if err != nil {
		return trend{}
	}
	by := map[string]inventory.Day{}
	for _, d := range days {
		by[d.Day] = d
	}
	for at := first; at.Format(time.DateOnly) <= today; at = at.AddDate(0, 0, 1) { // a day without a count is a gap
		d, ok := by[at.Format(time.DateOnly)]
		value := math.NaN()
		if ok {
			value = math.Round(d.Rate()*1000) / 10
		}
		c.X = append(c.X, at.Format(time.DateOnly))
		c.Series[0].Values = append(c.Series[0].Values, value)
	}
	oldest, newest := days[0], days[len(days)-1]
	ago := int(math.Round(now.Sub(first).Hours() / 24))
	points := int(math.Round(newest.Rate()*100)) - int(math.Round(oldest.Rate()*100))
	t := trend{Chart: c, Icon: IconTrendFlat, Text: fmt.Sprintf("as many as %d %s ago", ago, plural(ago, "day", "days"))}
	switch {
	case points > 0:
		t.Icon, t.Text = IconTrendUp, fmt.Sprintf("%d %s more than %d %s ago", points, plural(points, "point", "points"), ago, plural(ago, "day", "days"))
	case points < 0:
		t.Icon, t.Text = IconTrendDown, fmt.Sprintf("%d %s less than %d %s ago", -points, plural(-points, "point", "points"), ago, plural(ago, "day", "days"))
	}
	return t
}

// loading is the page while the index is being read for the first time; it looks again by itself.
func (s *Server) loading(v *Visit, title string, read int) error {
	body := indexLoading(v.R.URL.RequestURI(), read)
	if v.Part() {
		return v.Fragment(body)
	}
	return v.Render(Page{Title: title, About: "The inventory is being read into memory; this takes seconds after a start."}, body)
}

// queueFacets are the fields that narrow a queue.
func queueFacets(name string) []string {
	fields := []string{"category", "class", "site", "department", "manufacturer", "source"}
	if name == "conflict" {
		return append([]string{"conflict"}, fields...)
	}
	return fields
}

// queuePage shows one queue.
func (s *Server) queue(v *Visit) error {
	q, ok := queueNamed(v.R.PathValue("queue"))
	if !ok {
		return fmt.Errorf("no queue is called %s: %w", v.R.PathValue("queue"), fault.NotFound)
	}
	p := queuePage{queue: q, Text: v.Form("q"), Attr: fact.Attr(v.Form("attr")), After: column.Cursor(v.Form("after")), Back: v.here(), May: v.May(account.QueueResolve)}
	if p.Ready, p.Read = s.Index.Ready(); !p.Ready {
		return s.loading(v, q.Title, p.Read)
	}
	if v.Part() { // the page that waited for the index may be read now
		v.W.Header().Set("HX-Refresh", "true")
	}
	ask, err := s.asker(v)
	if err != nil {
		return err
	}
	ids, err := s.queueIDs(&p, ask)
	if err != nil {
		return err
	}
	scope := v.Scope()
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if q.Name == "duplicate" {
			return s.readPairs(v, tx, &p, ask, scope)
		}
		devices, err := s.Inventory.Devices(tx, ids)
		if err != nil {
			return err
		}
		rows, err := s.Inventory.Rows(tx, ids)
		if err != nil {
			return err
		}
		return s.fillQueue(&p, ask, devices, rows)
	})
	if err != nil {
		return err
	}
	status := 0
	if p.Wrong != nil {
		status = 400
	}
	return v.Render(Page{Title: q.Title, About: q.Ask, Crumbs: []Link{{"Reconcile", "/reconcile"}}, Status: status, Islands: []string{"queue"},
		Actions: reconcileActions(v.May(account.SettingRead) && q.Name == "conflict")}, p.View())
}

// queueIDs asks the index for the page of the queue, its tabs and its facets.
func (s *Server) queueIDs(p *queuePage, ask asker) ([]string, error) {
	schema := ask.list.Schema()
	all, err := ask.find("", column.Request{Limit: 1, Facets: []string{"queue", "conflict"}, FacetLimit: 100})
	if err != nil {
		return nil, err
	}
	for _, q := range queues() {
		p.Tabs = append(p.Tabs, Tab{Label: q.Tab, Href: queueHref(q.Name), Count: facetCount(all.Facets["queue"], q.Name), On: q.Name == p.Name})
	}
	expr, err := query.Parse(schema, p.Text)
	if err != nil && !errors.As(err, &p.Wrong) {
		return nil, err
	}
	if p.Wrong != nil {
		return nil, nil
	}
	p.Narrow = expr.Op != query.All
	by := "created"
	question := "is:" + p.Name
	if p.Name == "conflict" {
		by = "conflict_since"
		if p.Attr == "" && len(all.Facets["conflict"].Values) > 0 {
			p.Attr = fact.Attr(all.Facets["conflict"].Values[0].Value) // the same question many times over is answered fastest
		}
		if p.Attr != "" {
			question += " and " + ask.is("conflict", string(p.Attr))
		}
	}
	page, err := ask.find(question, column.Request{Expr: expr, Sort: []column.Order{{Field: by}}, After: p.After, Limit: queueRows, Facets: queueFacets(p.Name)[min(1, len(p.Attr)):], FacetLimit: 8})
	if err != nil {
		return nil, err
	}
	p.Total = page.Total
	if p.Name == "conflict" {
		f := Facet{Title: "Attribute"}
		for _, c := range all.Facets["conflict"].Values {
			f.Values = append(f.Values, FacetValue{Label: attrTitle(fact.Attr(c.Value)), Count: c.Rows, On: c.Value == string(p.Attr), Href: p.href(p.Text, fact.Attr(c.Value), "")})
		}
		p.Facets = append(p.Facets, f)
	}
	p.narrowing(schema, expr, page)
	p.Pager = Pager{From: page.Offset + 1, To: page.Offset + len(page.IDs), Total: page.Total, Noun: "devices"}
	if page.Prev != "" {
		p.Pager.Prev = p.href(p.Text, p.Attr, page.Prev)
	}
	if page.Next != "" {
		p.Pager.Next = p.href(p.Text, p.Attr, page.Next)
	}
	return page.IDs, nil
}

// narrowing makes facets of counts, and chips of what is chosen.
func (p *queuePage) narrowing(schema *query.Schema, expr query.Expr, page column.Page) {
	for _, name := range queueFacets("") {
		i, ok := schema.Find(name)
		if !ok {
			continue
		}
		chosen := expr.Chosen(i)
		f := Facet{Title: schema.Field(i).Title}
		for _, c := range page.Facets[name].Values {
			on := slices.ContainsFunc(chosen, func(x string) bool { return query.Fold(x) == query.Fold(c.Value) })
			next := expr.With(schema, i, c.Value)
			if on {
				next = expr.Without(i, c.Value)
			}
			if c.Rows > 0 || on {
				f.Values = append(f.Values, FacetValue{Label: c.Value, Count: c.Rows, On: on, Href: p.href(next.String(), p.Attr, "")})
			}
		}
		if n := page.Facets[name].Missing; n > 0 && len(f.Values) > 0 {
			if missing, err := query.Parse(schema, "missing:"+name); err == nil {
				f.Values = append(f.Values, FacetValue{Label: "unknown", Count: n, Href: p.href(query.Both(expr, missing).String(), p.Attr, "")})
			}
		}
		if len(f.Values) > 1 || len(f.Values) == 1 && f.Values[0].On {
			p.Facets = append(p.Facets, f)
		}
	}
}

// href is this queue narrowed otherwise, or another page of it.
func (p *queuePage) href(text string, attr fact.Attr, after column.Cursor) string {
	values := url.Values{}
	for name, value := range map[string]string{"q": text, "attr": string(attr), "after": string(after)} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if len(values) == 0 {
		return queueHref(p.Name)
	}
	return queueHref(p.Name) + "?" + values.Encode()
}

// fillQueue turns devices into rows with their evidence and the answers at hand.
func (s *Server) fillQueue(p *queuePage, ask asker, devices []*inventory.Device, rows []*inventory.Row) error {
	by := make(map[string]*inventory.Row, len(rows))
	for _, r := range rows {
		by[r.ID] = r
	}
	for _, d := range devices {
		r := by[d.ID]
		if r == nil {
			continue
		}
		p.Items = append(p.Items, queueItem{Row: r, Device: d, About: rowAbout(r), Since: r.Created})
	}
	switch p.Name {
	case "conflict":
		p.conflicts()
		return nil
	case "no-owner", "no-location", "unclassified":
		return s.gaps(p, ask)
	default:
		p.whereabouts()
		if p.Name == "unrecorded" {
			p.Set = []Choice{{Name: string(fact.Owner)}, {Name: string(fact.Class)}}
			p.Classes, p.Values = s.Inventory.Classes(), ask.table.Values("owner", "", ask.scope, ask.now, 200)
		}
		return nil
	}
}

// rowAbout is what a device is and where, in one line: what is not known is left out.
func rowAbout(r *inventory.Row) string {
	var parts []string
	for _, attr := range []fact.Attr{fact.Class, fact.Manufacturer, fact.Model} {
		if text := r.Get(attr); text != "" {
			parts = append(parts, text)
		}
	}
	if place := devicePlace(r.Get); place != "" {
		parts = append(parts, place)
	}
	return strings.Join(parts, " · ")
}

func attrTitle(name fact.Attr) string {
	if a, ok := inventory.AttributeNamed(name); ok {
		return a.Title
	}
	return string(name)
}
