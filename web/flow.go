package web

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"pons/account"
	"pons/column"
	"pons/fault"
	"pons/flow"
	"pons/inventory"
	"pons/query"
	"pons/sqldb"
)

// flowAsk is everything that the address of a page about traffic says.
type flowAsk struct {
	Time     string // day, week, month, all
	Q        string // a question to the device list: one end
	Peer     string // the same: the other end
	Protocol string
	External bool
	Upkeep   bool
	By       flow.By
	Open     []string // groups that are opened
	A, B     string   // two groups: what they talk, on the list
	Page     int
	Since    string // a day, on the page of what is new
	Look     string // map or matrix; model or class
	Device   string // id: conversations of this one only
}

// flowTimes are the windows that can be chosen, with their days; 0 is everything.
func flowTimes() []Option {
	return []Option{{"day", "1 day"}, {"week", "7 days"}, {"month", "30 days"}, {"all", "all that is kept"}}
}

func flowDays(name string) int {
	switch name {
	case "day":
		return 1
	case "week":
		return 7
	case "month":
		return 30
	case "quarter":
		return 90
	case "four":
		return 28
	}
	return 0
}

func readFlowAsk(v *Visit, times ...string) (flowAsk, error) {
	a := flowAsk{Time: v.Form("t"), Q: v.Form("q"), Peer: v.Form("peer"), Protocol: v.Form("protocol"), External: v.Form("external") != "", Upkeep: v.Form("upkeep") != "",
		By: flow.By(v.Form("by")), Open: v.FormAll("open"), A: v.Form("a"), B: v.Form("b"), Since: v.Form("since"), Look: v.Form("view"), Device: v.Form("device")}
	if len(times) == 0 {
		times = []string{"week", "day", "month", "all"}
	}
	if !slices.Contains(times, a.Time) {
		a.Time = times[0]
	}
	if !slices.Contains(flow.Groupings(), a.By) {
		a.By = "class"
	}
	if text := v.Form("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1_000_000 {
			return a, fmt.Errorf("page %q: a number is expected: %w", text, fault.Invalid)
		}
		a.Page = n - 1
	}
	return a, nil
}

func (a flowAsk) values() url.Values {
	v := url.Values{}
	for _, p := range [][2]string{{"t", a.Time}, {"q", a.Q}, {"peer", a.Peer}, {"protocol", a.Protocol}, {"a", a.A}, {"b", a.B}, {"since", a.Since}, {"view", a.Look}, {"device", a.Device}, {"by", string(a.By)}} {
		if p[1] != "" {
			v.Set(p[0], p[1])
		}
	}
	if a.External {
		v.Set("external", "1")
	}
	if a.Upkeep {
		v.Set("upkeep", "1")
	}
	for _, o := range a.Open {
		v.Add("open", o)
	}
	if a.Page > 0 {
		v.Set("page", strconv.Itoa(a.Page+1))
	}
	return v
}

func (a flowAsk) href(path string) string { return path + "?" + a.values().Encode() }

func (a flowAsk) with(change func(*flowAsk)) flowAsk {
	a.Open, a.Page = slices.Clone(a.Open), 0
	change(&a)
	return a
}

// flowScene is what every page about traffic has: what was asked, who may see what, and since when somebody listens.
type flowScene struct {
	flowAsk
	Path      string
	Wrong     *query.Error
	WrongPeer *query.Error
	Observed  []flow.Observed
	Window    flow.Window
	Settings  flow.Settings
	Version   int64
	ask       flow.Ask
	Import    bool
	Sensors   bool
	Devices   int // that the question finds; -1: it was not asked
}

// Heard says whether any traffic is known at all.
func (p *flowScene) Heard() bool { return len(p.Observed) > 0 }

// flowScene reads what every page needs: seven statements at most.
func (s *Server) flowScene(v *Visit, path string, times ...string) (*flowScene, error) {
	a, err := readFlowAsk(v, times...)
	if err != nil {
		return nil, err
	}
	p := &flowScene{flowAsk: a, Path: path, Import: v.May(account.ImportRun), Sensors: v.May(account.SensorWrite), Devices: -1}
	if scope := v.Scope(); !scope.All() {
		p.ask.Holds = scope.Holds
	}
	p.ask.Protocol, p.ask.External, p.ask.Upkeep = a.Protocol, a.External, a.Upkeep
	if p.ask.Where, p.Wrong, err = s.deviceSet(v, a.Q); err != nil {
		return nil, err
	}
	if p.ask.Peer, p.WrongPeer, err = s.deviceSet(v, a.Peer); err != nil {
		return nil, err
	}
	if a.Device != "" {
		if p.ask.Where == nil || p.ask.Where[a.Device] {
			p.ask.Where = map[string]bool{a.Device: true}
		} else {
			p.ask.Where = map[string]bool{}
		}
	} else if p.ask.Where != nil {
		p.Devices = len(p.ask.Where)
	}
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.Settings, p.Version, err = s.flows.Settings(tx); err != nil {
			return err
		}
		p.Observed, err = s.flows.Observed(tx)
		return err
	})
	p.Window = p.window(v.Now)
	return p, err
}

// window is the time asked for. It ends with the newest day that was listened to, so that what was recorded last month
// is not "nothing in the last week".
func (p *flowScene) window(now time.Time) flow.Window {
	days := flowDays(p.Time)
	if days == 0 || len(p.Observed) == 0 {
		return flow.Window{}
	}
	var last time.Time
	for _, o := range p.Observed {
		if o.Last.After(last) {
			last = o.Last
		}
	}
	if today := now.UTC().Truncate(24 * time.Hour); last.After(today) {
		last = today
	}
	end := last.AddDate(0, 0, 1)
	return flow.Window{From: end.AddDate(0, 0, -days), To: end}
}

// When is the window in words.
func (p *flowScene) When() string {
	if p.Window.To.IsZero() {
		return "all that is kept"
	}
	last := p.Window.To.AddDate(0, 0, -1)
	if flowDays(p.Time) == 1 {
		return last.Format("2 January 2006") + " (UTC)"
	}
	return p.Window.From.Format("2 January") + " to " + last.Format("2 January 2006") + " (UTC)"
}

// deviceSet asks the device list; nil where nothing was asked. What lies outside of the person's scope is not found.
func (s *Server) deviceSet(v *Visit, text string) (map[string]bool, *query.Error, error) {
	if text == "" {
		return nil, nil, nil
	}
	list, table := s.Index.View()
	bounds := v.Scope()
	scope, err := list.Within(bounds.Sites, bounds.Departments)
	if err != nil {
		return nil, nil, err
	}
	expr, err := query.Parse(list.Schema(), text)
	var wrong *query.Error
	if errors.As(err, &wrong) {
		return map[string]bool{}, wrong, nil
	}
	if err != nil {
		return nil, nil, err
	}
	ids, err := table.Select(column.Request{Expr: expr, Scope: scope, Now: v.Now})
	if err != nil {
		return nil, nil, err
	}
	out := map[string]bool{}
	for id := range ids {
		out[id] = true
	}
	return out, nil, nil
}

// flowTable is rows for people and for spreadsheets alike.
type flowTable struct {
	Name    string // of the file
	Caption string
	Columns []Column
	Rows    [][]flowCell
}

// flowCell is one value of a table. Of several, what is set first counts: not known, a status, a time, a text with or
// without a link.
type flowCell struct {
	Unknown string // why it is not known
	Status  Status
	At      time.Time
	Text    string
	Href    string
	Soft    string // said beside it
	Num     float64
	IsNum   bool
	Share   float64 // of a bar; 0: none
}

func flowText(text string) flowCell {
	if text == "" {
		return flowCell{Unknown: "no source says"}
	}
	return flowCell{Text: text}
}

func flowCount[T int | int64](n T) flowCell {
	return flowCell{Text: Count(int(n)), Num: float64(n), IsNum: true}
}

func flowBytes(n int64) flowCell { return flowCell{Text: byteSize(n), Num: float64(n), IsNum: true} }

func flowHours(h float64, why string) flowCell {
	if math.IsNaN(h) {
		return flowCell{Unknown: why}
	}
	return flowCell{Text: strconv.FormatFloat(h, 'f', 1, 64), Num: math.Round(h*100) / 100, IsNum: true}
}

// plain is the cell in a file.
func (c flowCell) plain() any {
	switch {
	case c.Unknown != "":
		return "unknown"
	case c.IsNum:
		return c.Num
	case !c.At.IsZero():
		return c.At.UTC().Format(time.RFC3339)
	case c.Soft != "":
		return c.Text + " (" + c.Soft + ")"
	}
	return c.Text
}

// write sends the table as a file.
func (t flowTable) write(v *Visit, kind string) error {
	name := t.Name + "-" + v.Now.UTC().Format(time.DateOnly) + "." + kind
	if kind == "csv" {
		v.download("text/csv; charset=utf-8", name)
		return v.sent(t.csv(v.W))
	}
	if len(t.Rows) > sheetRows {
		return fmt.Errorf("a sheet has %s rows at most and there are %s; take CSV: %w", Count(sheetRows), Count(len(t.Rows)), fault.Invalid)
	}
	v.download("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", name)
	return v.sent(t.xlsx(v.W))
}

func (t flowTable) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	line := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		line[i] = c.Title
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for _, r := range t.Rows {
		for i, c := range r {
			line[i] = inventory.Inert(fmt.Sprint(c.plain()))
			if c.IsNum && c.Unknown == "" {
				line[i] = strconv.FormatFloat(c.Num, 'f', -1, 64)
			}
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (t flowTable) xlsx(w io.Writer) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	sheet := upperFirst(t.Name)
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	out, err := book.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	line := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		line[i] = excelize.Cell{StyleID: bold, Value: c.Title}
	}
	if err := errors.Join(out.SetColWidth(1, len(line), 18), out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}), out.SetRow("A1", line)); err != nil {
		return err
	}
	for n, r := range t.Rows {
		for i, c := range r {
			line[i] = c.plain()
		}
		if err := out.SetRow("A"+strconv.Itoa(n+2), line); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}

// flowRows is how many rows a page shows.
const flowRows = 50

// cut leaves the rows of one page, and leads to the others.
func (t *flowTable) cut(a flowAsk, path, noun string) Pager {
	total := len(t.Rows)
	from := min(a.Page*flowRows, total)
	to := min(from+flowRows, total)
	t.Rows = t.Rows[from:to]
	p := Pager{From: from + 1, To: to, Total: total, Noun: noun}
	if total == 0 {
		p.From, p.To = 0, 0
	}
	at := func(page int) string {
		b := a
		b.Page = page
		return b.href(path)
	}
	if a.Page > 0 {
		p.Prev = at(a.Page - 1)
	}
	if to < total {
		p.Next = at(a.Page + 1)
	}
	return p
}

// endCell names an end of a conversation and leads to its page.
func endCell(n *flow.Node) flowCell {
	c := flowCell{Text: n.Name}
	switch n.Kind {
	case flow.Device:
		c.Href, c.Soft = deviceHref(n.ID, "network"), n.Known.Class
		if c.Soft == "" {
			c.Soft = "class unknown"
		}
	case flow.Unknown:
		c.Soft = "no device"
	case flow.Internet:
		c.Soft = "Internet"
	}
	return c
}

func endColumns(first, second string) []Column {
	return []Column{{Title: first}, {Title: second}, {Title: "Protocol"}, {Title: "Service", HideNarrow: true}, {Title: "Bytes", Numeric: true}, {Title: "Conversations", Numeric: true},
		{Title: "Associations", Numeric: true, HideNarrow: true}, {Title: "Messages", Numeric: true, HideNarrow: true}, {Title: "Studies", Numeric: true, HideNarrow: true}, {Title: "First seen", HideNarrow: true}, {Title: "Last seen"}}
}

func endRow(client, server *flow.Node, service flow.Service, s *flow.Sum) []flowCell {
	protocol := flowCell{Text: service.Protocol}
	if service.Protocol == "" {
		protocol = flowCell{Unknown: "no parser knew it"}
	}
	return []flowCell{endCell(client), endCell(server), protocol, {Text: service.Place()}, flowBytes(s.Bytes()), flowCount(s.Conversations),
		flowCount(s.Associations), flowCount(s.Messages), flowCount(s.Studies), {At: s.First}, {At: s.Last}}
}

// slim is a table of conversations as a page shows it, narrow enough to be read without moving it: the service stands
// beside the protocol, and what is counted inside a protocol in one place. Files have a column of each.
func (t flowTable) slim() flowTable {
	rows := t.Rows
	t.Columns = []Column{t.Columns[0], t.Columns[1], {Title: "Service"}, t.Columns[4], {Title: "Conversations", Numeric: true, HideNarrow: true}, {Title: "Carried", HideNarrow: true}, t.Columns[9], t.Columns[10]}
	t.Rows = make([][]flowCell, 0, len(rows))
	for _, r := range rows {
		service := flowCell{Text: r[3].Text, Soft: r[2].Text}
		if r[2].Unknown != "" {
			service.Soft = "protocol unknown"
		}
		t.Rows = append(t.Rows, []flowCell{r[0], r[1], service, r[4], r[5], carried(r[6], r[8], r[7]), r[9], r[10]})
	}
	return t
}

// carried says what was counted inside of a protocol: associations, studies, messages.
func carried(associations, studies, messages flowCell) flowCell {
	var parts []string
	for _, x := range []struct {
		flowCell
		one, many string
	}{{associations, "association", "associations"}, {studies, "study", "studies"}, {messages, "message", "messages"}} {
		if x.Num > 0 {
			parts = append(parts, x.Text+" "+plural(int(x.Num), x.one, x.many))
		}
	}
	if parts == nil {
		return flowCell{Text: "–"}
	}
	return flowCell{Text: strings.Join(parts, ", ")}
}

// selected is the part of the traffic that the page is about.
func (s *Server) selected(v *Visit, p *flowScene) (*flow.Graph, error) {
	g, err := s.flows.Graph(v.Context(), p.Window, v.Now)
	if err != nil {
		return nil, err
	}
	return g.Select(p.ask), nil
}

// flowList shows every conversation.
func (s *Server) flowList(v *Visit) error {
	p, err := s.flowScene(v, "/flows/list")
	if err != nil {
		return err
	}
	page := &flowListPage{flowScene: p}
	if page.Table, err = s.conversations(v, p); err != nil {
		return err
	}
	page.Pager = page.Table.cut(p.flowAsk, p.Path, "conversations")
	page.Table = page.Table.slim()
	return v.Render(Page{Title: "Conversations", About: "Each pair of ends that talked, and by which service. The client stands first.", Wide: true, Status: p.status(), Actions: p.exports("list")}, page.View())
}

func (p *flowScene) status() int {
	if p.Wrong != nil || p.WrongPeer != nil {
		return 400
	}
	return 0
}

type flowListPage struct {
	*flowScene
	Table flowTable
	Pager Pager
}

func (s *Server) conversations(v *Visit, p *flowScene) (flowTable, error) {
	t := flowTable{Name: "conversations", Caption: "Conversations", Columns: endColumns("Client", "Server")}
	g, err := s.selected(v, p)
	if err != nil {
		return t, err
	}
	links := g.Links
	if p.A != "" || p.B != "" {
		links = g.Between(p.By, p.A, p.B)
	}
	links = slices.Clone(links)
	slices.SortStableFunc(links, func(a, b flow.Link) int { return int(min(max(b.Bytes()-a.Bytes(), -1), 1)) })
	for i := range links {
		l := &links[i]
		t.Rows = append(t.Rows, endRow(&g.Nodes[l.Client], &g.Nodes[l.Server], l.Service, &l.Sum))
	}
	return t, nil
}

// flowServers shows who serves what.
func (s *Server) flowServers(v *Visit) error {
	p, err := s.flowScene(v, "/flows/servers")
	if err != nil {
		return err
	}
	page := &flowListPage{flowScene: p}
	if page.Table, err = s.servers(v, p); err != nil {
		return err
	}
	page.Pager = page.Table.cut(p.flowAsk, p.Path, "services")
	return v.Render(Page{Title: "Servers", About: "Who is asked by whom for DICOM, HL7 and everything else: the ends that others depend on.", Wide: true, Status: p.status(), Actions: p.exports("servers")}, page.View())
}

func (s *Server) servers(v *Visit, p *flowScene) (flowTable, error) {
	t := flowTable{Name: "servers", Caption: "Servers", Columns: []Column{{Title: "Server"}, {Title: "Protocol"}, {Title: "Service", HideNarrow: true}, {Title: "Clients", Numeric: true}, {Title: "Bytes", Numeric: true},
		{Title: "Conversations", Numeric: true, HideNarrow: true}, {Title: "Associations", Numeric: true, HideNarrow: true}, {Title: "Messages", Numeric: true, HideNarrow: true}, {Title: "Last seen"}}}
	g, err := s.selected(v, p)
	if err != nil {
		return t, err
	}
	for _, x := range g.Servers() {
		row := endRow(&g.Nodes[x.Node], &g.Nodes[x.Node], x.Service, &x.Sum)
		t.Rows = append(t.Rows, []flowCell{row[0], row[2], row[3], flowCount(x.Clients), row[4], row[5], row[6], row[7], row[10]})
	}
	return t, nil
}

// exportFlows writes a table of the pages as a file.
func (s *Server) exportFlows(v *Visit) error {
	name, kind, _ := strings.Cut(v.R.PathValue("file"), ".")
	if kind != "csv" && kind != "xlsx" {
		return fmt.Errorf("no file %s: %w", v.R.PathValue("file"), fault.NotFound)
	}
	tables := map[string]func(*Visit, *flowScene) (flowTable, error){"list": s.conversations, "servers": s.servers, "groups": s.groupTable, "new": s.newTable, "use": s.useTable, "models": s.likesTable, "ranked": s.rankedTable}
	table, ok := tables[name]
	if !ok {
		return fmt.Errorf("no file %s: %w", v.R.PathValue("file"), fault.NotFound)
	}
	times := []string{}
	if name == "use" || name == "models" || name == "ranked" {
		times = useTimes()
	}
	p, err := s.flowScene(v, "/flows", times...)
	if err != nil {
		return err
	}
	if p.Wrong != nil || p.WrongPeer != nil {
		return fmt.Errorf("the question could not be understood: %w", fault.Invalid)
	}
	t, err := table(v, p)
	if err != nil {
		return err
	}
	return t.write(v, kind)
}

// RunFlows drops traffic that is older than what is to be kept, until the context ends.
func (s *Server) RunFlows(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := s.flows.Tidy(ctx, s.Now()); err != nil && ctx.Err() == nil {
			s.Log.Error("old traffic", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// wrongText says what is wrong with a question and where.
func wrongText(wrong *query.Error) string {
	if wrong == nil {
		return ""
	}
	return upperFirst(wrong.Error()) + "."
}

func anyText(name string) string {
	if name == "" {
		return "any"
	}
	return name
}

// listening is since when somebody listens.
func (p *flowScene) listening() string {
	var first time.Time
	for _, o := range p.Observed {
		if first.IsZero() || o.First.Before(first) {
			first = o.First
		}
	}
	return first.Format("2 January 2006")
}

// groupOptions are what devices can be grouped by.
func groupOptions() []Option {
	var out []Option
	for _, by := range flow.Groupings() {
		out = append(out, Option{string(by), by.Title()})
	}
	return out
}
