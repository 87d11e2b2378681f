package web

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pons/account"
	"pons/column"
	"pons/inventory"
	"pons/query"
	"pons/raci"
	"pons/sqldb"
)

// deviceRows is how many devices a page shows: two screens of 32 px rows.
const deviceRows = 50

// deviceFacetValues is how many values a facet shows; the rest is found by typing.
const deviceFacetValues = 8

const columnsCookie = "pons_columns"

// deviceFacets are the fields that narrow the list from the left, in their order.
func deviceFacets() []string {
	return []string{"queue", "category", "class", "manufacturer", "site", "department", "status", "criticality", "owner", "os_support", "practice", "source"}
}

// deviceColumns are the columns of those who have not chosen any.
func deviceColumns() []string {
	return []string{"name", "class", "manufacturer", "model", "department", "status", "last_seen", "queue", "site", "owner"}
}

// deviceQuery is everything that the address of a device list says.
type deviceQuery struct {
	Text  string // as typed
	Sort  column.Order
	Cols  []string // chosen in the address; nil: the person's, or those of everybody
	After column.Cursor
	Tab   string // the saved view it began with
	Dense bool
}

// readDeviceQuery reads the address. What is not a field of the list is left out: an address may be old.
func readDeviceQuery(form url.Values, schema *query.Schema) deviceQuery {
	q := deviceQuery{Text: strings.TrimSpace(form.Get("q")), After: column.Cursor(form.Get("after")), Tab: form.Get("view"), Dense: form.Get("dense") == "1"}
	name, desc := strings.CutPrefix(form.Get("sort"), "-")
	if i, ok := schema.Find(name); ok && sortable(schema.Field(i)) {
		q.Sort = column.Order{Field: schema.Field(i).Name, Desc: desc}
	}
	q.Cols = columnNames(strings.Join(form["cols"], ","), schema)
	return q
}

// sortable says whether a list can be in the order of a field: a set of flags has none.
func sortable(f query.Field) bool { return f.Kind != query.Flags }

// columnNames are the fields of a list of columns; the name is always there and always first.
func columnNames(text string, schema *query.Schema) []string {
	var out []string
	for _, name := range strings.Split(text, ",") {
		if i, ok := schema.Find(strings.TrimSpace(name)); ok && !slices.Contains(out, schema.Field(i).Name) {
			out = append(out, schema.Field(i).Name)
		} else if strings.TrimSpace(name) == answersColumn && !slices.Contains(out, answersColumn) {
			out = append(out, answersColumn)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return append([]string{"name"}, slices.DeleteFunc(out, func(n string) bool { return n == "name" })...)
}

// values is the address as a form, for hidden fields and links.
func (q deviceQuery) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("q", q.Text)
	set("view", q.Tab)
	set("after", string(q.After))
	set("cols", strings.Join(q.Cols, ","))
	if q.Sort.Field != "" {
		name := q.Sort.Field
		if q.Sort.Desc {
			name = "-" + name
		}
		v.Set("sort", name)
	}
	if q.Dense {
		v.Set("dense", "1")
	}
	return v
}

func (q deviceQuery) href(path string) string {
	if v := q.values(); len(v) > 0 {
		return path + "?" + v.Encode()
	}
	return path
}

// asking is the first page of another question, all else the same.
func (q deviceQuery) asking(text string) deviceQuery {
	q.Text, q.After = text, ""
	return q
}

func (q deviceQuery) sorted(by column.Order) deviceQuery {
	q.Sort, q.After = by, ""
	return q
}

func (q deviceQuery) at(c column.Cursor) deviceQuery { q.After = c; return q }

func (q deviceQuery) dense(on bool) deviceQuery { q.Dense = on; return q }

// order is how the list is sorted: as chosen, else by class, so that what nothing is known of comes last; by name
// among equals.
func (q deviceQuery) order() []column.Order {
	by := q.Sort
	if by.Field == "" {
		by.Field = "class"
	}
	if by.Field == "name" {
		return []column.Order{by}
	}
	return []column.Order{by, {Field: "name"}}
}

// deviceChip is one condition of the question, and the list without it.
type deviceChip struct {
	Text, Href string
	Without    int // devices without it; counted only where nothing was found
}

// deviceListPage is the device list as one person sees it.
type deviceListPage struct {
	deviceQuery
	list    *inventory.List
	Columns []listColumn
	Rows    []*inventory.Row
	Total   int
	Pager   Pager
	Facets  []Facet
	Chips   []deviceChip
	Views   []Tab
	Chosen  *account.View // the view it began with
	Wrong   *query.Error
	MayEdit bool
	MaySave bool
	Own     bool // the view is the person's
	Manage  bool // may remove what others share
	Export  bool
	Import  bool
	Ready   bool
	Read    int // devices read so far, while not ready
	Empty   bool
	All     []listColumn // every field, for the column chooser
	Answers map[string]raci.Answer
}

// listColumn is a column of the list: a field and where it stands in the schema.
type listColumn struct {
	Column
	Field int
	On    bool
}

func (s *Server) devices(v *Visit) error {
	list, table := s.Index.View()
	p := deviceListPage{deviceQuery: readDeviceQuery(v.R.Form, list.Schema()), list: list,
		MayEdit: v.May(account.InventoryWrite), MaySave: v.Actor.Kind == account.ByPerson, Manage: v.May(account.AccountManage), Export: v.May(account.InventoryExport), Import: v.May(account.ImportRun)}
	if p.Cols != nil && v.Form("keep") != "" {
		v.cookie(columnsCookie, strings.Join(p.Cols, ","), themeAge)
		p.Cols = nil
		return v.Redirect(p.href("/devices"), nil)
	}
	if v.Form("keep") == "reset" {
		v.cookie(columnsCookie, "", 0)
		p.Cols = nil
		return v.Redirect(p.href("/devices"), nil)
	}
	p.setColumns(v, list.Schema())
	p.Ready, p.Read = s.Index.Ready()
	var ids []string
	if p.Ready {
		page, err := p.find(v, table)
		if err != nil {
			return err
		}
		ids = page.IDs
	}
	scope := v.Scope()
	var views []account.View
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if views, err = account.Views(tx, v.Actor.ID, "devices"); err != nil {
			return err
		}
		if p.Ready {
			p.Rows, err = s.Inventory.Rows(tx, ids)
			return err
		}
		p.Rows, err = s.Inventory.First(tx, scope.Sites, scope.Departments, deviceRows)
		return err
	})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.Columns, func(c listColumn) bool { return c.Key == answersColumn }) {
		if p.Answers, err = s.rowAnswers(v, p.Rows); err != nil {
			return err
		}
	}
	p.setViews(v, views)
	if v.Part() {
		return v.Fragment(p.Results())
	}
	status := 0
	if p.Wrong != nil {
		status = 400
	}
	return v.Render(Page{Title: "Devices", About: "One record for every connected device, reconciled from every source that speaks of it.", Wide: true, Status: status,
		Islands: []string{"devices"}, Actions: deviceListActions(p)}, p.View())
}

// find asks the index for the page and its facets.
func (p *deviceListPage) find(v *Visit, table *column.Table) (column.Page, error) {
	schema := p.list.Schema()
	bounds := v.Scope()
	scope, err := p.list.Within(bounds.Sites, bounds.Departments)
	if err != nil {
		return column.Page{}, err
	}
	expr, err := query.Parse(schema, p.Text)
	if err != nil && !errors.As(err, &p.Wrong) {
		return column.Page{}, err
	}
	ask := column.Request{Expr: expr, Scope: scope, Now: v.Now, Sort: p.order(), After: p.After, Limit: deviceRows,
		Facets: deviceFacets(), FacetLimit: deviceFacetValues, Widen: true}
	page, err := table.Find(ask)
	if err != nil {
		if p.After == "" {
			return page, err
		}
		return page, fmt.Errorf("the place in the list: %w", err)
	}
	if p.Wrong != nil { // the facets of everything help to ask again; the rows would be an answer to another question
		p.setFacets(schema, query.Expr{}, page)
		return column.Page{}, nil
	}
	p.Total = page.Total
	p.Empty = page.Total == 0 && expr.Op == query.All
	p.setFacets(schema, expr, page)
	p.Pager = Pager{From: page.Offset + 1, To: page.Offset + len(page.IDs), Total: page.Total, Noun: "devices"}
	if len(page.IDs) == 0 {
		p.Pager.From, p.Pager.To = 0, 0
	}
	if page.Prev != "" {
		p.Pager.Prev = p.at(page.Prev).href("/devices")
	}
	if page.Next != "" {
		p.Pager.Next = p.at(page.Next).href("/devices")
	}
	return page, p.setChips(expr, ask, table)
}

// setChips takes the question apart into its conditions. Where nothing was found, each says how many there are
// without it.
func (p *deviceListPage) setChips(expr query.Expr, ask column.Request, table *column.Table) error {
	args := []query.Expr{expr}
	switch expr.Op {
	case query.All:
		return nil
	case query.And:
		args = expr.Args
	}
	for i, arg := range args {
		rest := query.Expr{}
		for j, other := range args {
			if j != i {
				rest = query.Both(rest, other)
			}
		}
		chip := deviceChip{Text: arg.String(), Href: p.asking(rest.String()).href("/devices")}
		if p.Total == 0 && i < 8 {
			found, err := table.Find(column.Request{Expr: rest, Scope: ask.Scope, Now: ask.Now, Limit: 1})
			if err != nil {
				return err
			}
			chip.Without = found.Total
		}
		p.Chips = append(p.Chips, chip)
	}
	return nil
}

// setFacets turns counts into links that choose a value, or take it away.
func (p *deviceListPage) setFacets(schema *query.Schema, expr query.Expr, page column.Page) {
	for _, name := range deviceFacets() {
		field, ok := schema.Find(name)
		if !ok {
			continue
		}
		counts := page.Facets[name]
		chosen := expr.Chosen(field)
		facet := Facet{Title: schema.Field(field).Title}
		for _, c := range counts.Values {
			on := slices.ContainsFunc(chosen, func(x string) bool { return query.Fold(x) == query.Fold(c.Value) })
			if c.Rows == 0 && !on {
				continue
			}
			next := expr.With(schema, field, c.Value)
			if on {
				next = expr.Without(field, c.Value)
			}
			label := c.Value
			if name == "queue" {
				label = queueTitle(c.Value)
			}
			facet.Values = append(facet.Values, FacetValue{Label: label, Count: c.Rows, On: on, Href: p.asking(next.String()).href("/devices")})
		}
		if counts.Missing > 0 && name != "queue" {
			if missing, err := query.Parse(schema, "missing:"+name); err == nil {
				facet.Values = append(facet.Values, FacetValue{Label: "unknown", Count: counts.Missing, Href: p.asking(query.Both(expr.Without(field, ""), missing).String()).href("/devices")})
			}
		}
		if len(facet.Values) > 0 && (len(counts.Values) > 0 || name != "os_support" && name != "practice") { // of those nothing is known in a hospital without a wire
			p.Facets = append(p.Facets, facet)
		}
	}
}

// setColumns finds the columns to show: those of the address, the person's own, or everybody's.
func (p *deviceListPage) setColumns(v *Visit, schema *query.Schema) {
	names := p.Cols
	if names == nil {
		if c, err := v.R.Cookie(columnsCookie); err == nil {
			names = columnNames(c.Value, schema)
		}
	}
	if names == nil {
		names = columnNames(strings.Join(deviceColumns(), ","), schema)
	}
	by := p.order()[0]
	for i := range schema.Len() {
		f := schema.Field(i)
		c := listColumn{Column: Column{Key: f.Name, Title: f.Title, Numeric: f.Kind == query.Number}, Field: i, On: slices.Contains(names, f.Name)}
		next := column.Order{Field: f.Name}
		if by.Field == f.Name {
			c.Sorted, next.Desc = "ascending", true
			if by.Desc {
				c.Sorted, next.Desc = "descending", false
			}
		}
		if sortable(f) {
			c.Sort = p.sorted(next).href("/devices")
		}
		p.All = append(p.All, c)
	}
	p.All = append(p.All, listColumn{Column: Column{Key: answersColumn, Title: "Answers now"}, Field: -1, On: slices.Contains(names, answersColumn)})
	for _, name := range names {
		if i := slices.IndexFunc(p.All, func(c listColumn) bool { return c.Key == name }); i >= 0 {
			p.Columns = append(p.Columns, p.All[i])
		}
	}
}

// setViews makes the tabs of the saved views.
func (p *deviceListPage) setViews(v *Visit, views []account.View) {
	p.Views = append(p.Views, Tab{Label: "All devices", Href: "/devices", Count: -1, On: p.Tab == ""})
	for i := range views {
		one := &views[i]
		label := one.Name
		if one.Person != v.Actor.ID {
			label += " · " + one.Owner
		}
		on := one.ID == p.Tab
		if on {
			p.Chosen, p.Own = one, one.Person == v.Actor.ID
		}
		href := "/devices?view=" + url.QueryEscape(one.ID)
		if one.Query != "" {
			href = "/devices?" + one.Query + "&view=" + url.QueryEscape(one.ID)
		}
		p.Views = append(p.Views, Tab{Label: label, Href: href, Count: -1, On: on})
	}
	if p.Chosen == nil { // removed meanwhile, or another's that is not shared
		p.Tab = ""
		p.Views[0].On = true
	}
}

// text is what a row says in a column.
func (p *deviceListPage) text(r *inventory.Row, c listColumn) string { return p.list.Text(r, c.Field) }

// queueTitle is a queue as people call it.
func queueTitle(name string) string {
	switch name {
	case "conflict":
		return "sources disagree"
	case "duplicate":
		return "possible duplicate"
	case "unseen":
		return "never on the network"
	case "unrecorded":
		return "in no system"
	case "no-owner":
		return "no owner"
	case "no-location":
		return "no location"
	case "unclassified":
		return "unclassified"
	case "absent":
		return "gone from a source"
	}
	return name
}

// stateStatus is the colour of a lifecycle state.
func stateStatus(state string) Status {
	switch state {
	case "in-service":
		return Good
	case "in-repair", "loaned", "pending":
		return Info
	case "missing":
		return Bad
	}
	return Neutral
}

// suggestDevices says what may be typed next in the query box.
func (s *Server) suggestDevices(v *Visit) error {
	text := v.R.FormValue("q")
	if !v.Part() {
		return v.Redirect(deviceQuery{Text: text}.href("/devices"), nil)
	}
	list, table := s.Index.View()
	bounds := v.Scope()
	scope, err := list.Within(bounds.Sites, bounds.Departments)
	if err != nil {
		return err
	}
	caret, err := strconv.Atoi(v.Form("caret"))
	if err != nil {
		caret = len([]rune(text))
	}
	schema := list.Schema()
	found := query.Complete(schema, text, caret, func(field int, prefix string) []string {
		return table.Values(schema.Field(field).Name, prefix, scope, v.Now, 12)
	})
	if len(found) > 10 {
		found = found[:10]
	}
	wrong := ""
	if _, err := query.Parse(schema, text); err != nil && len(found) == 0 {
		wrong = err.Error()
	}
	runes := []rune(text)
	options := make([]suggestOption, len(found))
	for i, f := range found {
		whole := string(runes[:f.From]) + f.Text + string(runes[f.To:])
		options[i] = suggestOption{Suggestion: f, Whole: whole, Caret: f.From + len([]rune(f.Text)), Href: deviceQuery{Text: whole}.href("/devices")}
	}
	return v.Fragment(suggestList(options, wrong))
}

// suggestOption is one thing that may be typed next, with the whole question that it leads to.
type suggestOption struct {
	query.Suggestion
	Whole string
	Caret int
	Href  string
}

// pointer draws what stands beneath a question where it is wrong.
func pointer(at, length int) string {
	return strings.Repeat(" ", max(at-1, 0)) + strings.Repeat("^", max(length, 1))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func queueStatus(name string) Status {
	switch name {
	case "conflict", "duplicate", "no-owner":
		return Warn
	}
	return Neutral
}

func queueTitles(names []string) string {
	titles := make([]string, len(names))
	for i, n := range names {
		titles[i] = queueTitle(n)
	}
	return strings.Join(titles, ", ")
}

// withParam adds a parameter to an address of this server.
func withParam(href, name, value string) string {
	join := "?"
	if strings.Contains(href, "?") {
		join = "&"
	}
	return href + join + url.QueryEscape(name) + "=" + url.QueryEscape(value)
}
