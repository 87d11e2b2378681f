package app

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"pons/fault"
	"pons/flow"
	"pons/inventory"
	"pons/query"
	"pons/sqldb"
)

// FlowsCommand is about who talks with whom.
type FlowsCommand struct {
	List   FlowsList   `cmd:"" default:"withargs" help:"Who talked with whom, by service."`
	New    FlowsNew    `cmd:"" help:"Conversations that were never seen before a day."`
	Groups FlowsGroups `cmd:"" help:"Traffic between groups of devices."`
	Use    FlowsUse    `cmd:"" help:"How much devices are used, beside their likes."`
}

// flowFlags narrow traffic.
type flowFlags struct {
	Where    string `placeholder:"QUERY" help:"Devices at one end, such as class:infusion-pump."`
	Peer     string `placeholder:"QUERY" help:"Devices at the other end."`
	Protocol string `placeholder:"NAME" help:"A protocol (dicom), or a transport and port (\"TCP 104\")."`
	External bool   `help:"Only what goes to or comes from the internet."`
	Upkeep   bool   `help:"Also what keeps a network going: addresses, names, time, broadcasts."`
	Days     int    `default:"0" help:"Only the newest days that were listened to; 0 is everything that is kept (${default})."`
	Format   string `enum:"table,csv,jsonl" default:"table" help:"How it is printed: ${enum} (${default})."`
}

// ask makes the question; the window ends with the newest day that was listened to.
func (c flowFlags) ask(s *session, inv *inventory.Inventory, f *flow.Flows) (a flow.Ask, w flow.Window, err error) {
	a = flow.Ask{Protocol: c.Protocol, External: c.External, Upkeep: c.Upkeep}
	if c.Days < 0 || c.Days > 4000 {
		return a, w, usageError(fmt.Sprintf("--days %d: 0 to 4000 are expected", c.Days))
	}
	err = inv.DB().View(s.ctx, func(tx *sqldb.Tx) error {
		var err error
		if a.Where, err = matching(tx, inv, c.Where, s.now()); err != nil {
			return err
		}
		if a.Peer, err = matching(tx, inv, c.Peer, s.now()); err != nil {
			return err
		}
		if c.Days == 0 {
			return nil
		}
		points, err := f.Observed(tx)
		for _, p := range points {
			if end := p.Last.AddDate(0, 0, 1); end.After(w.To) {
				w = flow.Window{From: end.AddDate(0, 0, -c.Days), To: end}
			}
		}
		return err
	})
	return a, w, err
}

// matching is the devices that a query finds; nil where none was asked.
func matching(tx *sqldb.Tx, inv *inventory.Inventory, where string, now time.Time) (map[string]bool, error) {
	if where == "" {
		return nil, nil
	}
	list, err := inventory.NewList(nil)
	if err != nil {
		return nil, err
	}
	if _, err := query.Parse(list.Schema(), where); err != nil {
		return nil, fmt.Errorf("%w: %w", err, fault.Invalid)
	}
	out := map[string]bool{}
	for d, err := range inv.Matching(tx, where, now) {
		if err != nil {
			return nil, err
		}
		out[d.ID] = true
	}
	return out, nil
}

// withFlows runs f with the traffic of the database.
func (s *session) withFlows(do func(*inventory.Inventory, *flow.Flows) error) error {
	return s.withInventory(func(inv *inventory.Inventory) error { return do(inv, flow.New(inv.DB(), inv)) })
}

// flowLines are rows under a head, printed in one of the formats.
type flowLines struct {
	head []string
	rows [][]any
}

func (l flowLines) print(s *session, format string) error {
	switch format {
	case "jsonl":
		e := json.NewEncoder(s.Out)
		e.SetEscapeHTML(false)
		for _, r := range l.rows {
			line := make(map[string]any, len(r))
			for i, v := range r {
				line[l.head[i]] = v
			}
			if err := e.Encode(line); err != nil {
				return err
			}
		}
		return nil
	case "csv":
		w := csv.NewWriter(s.Out)
		if err := w.Write(l.head); err != nil {
			return err
		}
		for _, r := range l.rows {
			line := make([]string, len(r))
			for i, v := range r {
				line[i] = inventory.Inert(lineText(v))
			}
			if err := w.Write(line); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	w := tabwriter.NewWriter(s.Out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(l.head, "\t")))
	for _, r := range l.rows {
		for i, v := range r {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, lineText(v))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// lineText is a value for people; nil is not known.
func lineText(v any) string {
	switch v := v.(type) {
	case nil:
		return "unknown"
	case time.Time:
		return v.UTC().Format(time.DateTime)
	case float64:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return fmt.Sprint(v)
}

func flowHead() []string {
	return []string{"client", "server", "protocol", "service", "bytes", "conversations", "associations", "messages", "studies", "first", "last"}
}

func flowRow(g *flow.Graph, l *flow.Link) []any {
	var protocol any
	if l.Service.Protocol != "" {
		protocol = l.Service.Protocol
	}
	return []any{g.Nodes[l.Client].Name, g.Nodes[l.Server].Name, protocol, l.Service.Place(), l.Bytes(), l.Conversations, l.Associations, l.Messages, l.Studies, l.First, l.Last}
}

// FlowsList is pons flows.
type FlowsList struct{ flowFlags }

// Run prints conversations.
func (c FlowsList) Run(s *session) error {
	return s.withFlows(func(inv *inventory.Inventory, f *flow.Flows) error {
		ask, window, err := c.ask(s, inv, f)
		if err != nil {
			return err
		}
		g, err := f.Graph(s.ctx, window, s.now())
		if err != nil {
			return err
		}
		g = g.Select(ask)
		lines := flowLines{head: flowHead()}
		for i := range g.Links {
			lines.rows = append(lines.rows, flowRow(g, &g.Links[i]))
		}
		return lines.print(s, c.Format)
	})
}

// FlowsNew is pons flows new.
type FlowsNew struct {
	flowFlags
	Since string `required:"" placeholder:"DATE" help:"The day (2026-03-01)."`
}

// Run prints what is new since a day.
func (c FlowsNew) Run(s *session) error {
	since, err := time.Parse(time.DateOnly, c.Since)
	if err != nil {
		return usageError(fmt.Sprintf("--since %q: a date such as 2026-03-01 is expected", c.Since))
	}
	return s.withFlows(func(inv *inventory.Inventory, f *flow.Flows) error {
		ask, _, err := c.ask(s, inv, f)
		if err != nil {
			return err
		}
		g, err := f.Graph(s.ctx, flow.Window{}, s.now())
		if err != nil {
			return err
		}
		if since.Sub(g.Began) < 7*24*time.Hour {
			fmt.Fprintf(s.Err, "traffic is known since %s only: what was not seen in that time need not be new\n", g.Began.Format(time.DateOnly))
		}
		part, list := g.Fresh(since, ask)
		lines := flowLines{head: append(flowHead(), "new_client", "new_server")}
		for i := range list {
			lines.rows = append(lines.rows, append(flowRow(part, &list[i].Link), list[i].NewClient, list[i].NewServer))
		}
		return lines.print(s, c.Format)
	})
}

// FlowsGroups is pons flows groups.
type FlowsGroups struct {
	flowFlags
	By string `enum:"class,category,manufacturer,model,site,department,vlan,subnet" default:"class" help:"What devices are grouped by: ${enum} (${default})."`
}

// Run prints the lines between groups.
func (c FlowsGroups) Run(s *session) error {
	return s.withFlows(func(inv *inventory.Inventory, f *flow.Flows) error {
		ask, window, err := c.ask(s, inv, f)
		if err != nil {
			return err
		}
		g, err := f.Graph(s.ctx, window, s.now())
		if err != nil {
			return err
		}
		m := g.Select(ask).Map(flow.By(c.By), nil)
		lines := flowLines{head: []string{"a", "b", "pairs", "protocols", "bytes", "conversations", "first", "last"}}
		for i := range m.Arcs {
			x := &m.Arcs[i]
			lines.rows = append(lines.rows, []any{m.Spots[x.From].Name, m.Spots[x.To].Name, x.Pairs, strings.Join(x.Protocols, ", "), x.Bytes(), x.Conversations, x.First, x.Last})
		}
		return lines.print(s, c.Format)
	})
}

// FlowsUse is pons flows use.
type FlowsUse struct {
	Where  string `placeholder:"QUERY" help:"Which devices."`
	By     string `enum:"model,class" default:"model" help:"What a device is compared with: others of its ${enum} (${default})."`
	Days   int    `default:"28" help:"The newest days that were listened to (${default})."`
	Format string `enum:"table,csv,jsonl" default:"table" help:"How it is printed: ${enum} (${default})."`
}

// Run prints the use of devices.
func (c FlowsUse) Run(s *session) error {
	if c.Days < 1 || c.Days > 800 {
		return usageError(fmt.Sprintf("--days %d: 1 to 800 are expected", c.Days))
	}
	return s.withFlows(func(inv *inventory.Inventory, f *flow.Flows) error {
		ask, window, err := flowFlags{Where: c.Where, Days: c.Days}.ask(s, inv, f)
		if err != nil {
			return err
		}
		u, err := f.Usage(s.ctx, window, s.now())
		if err != nil {
			return err
		}
		_, ranked := flow.Compare(u.Within(nil, ask.Where), flow.By(c.By), u.Settings)
		lines := flowLines{head: []string{"device", "model", "state", "observed_days", "active_hours_a_day", "online", "associations", "messages", "studies", "verdict", "because"}}
		for i := range ranked {
			r := &ranked[i]
			var hours, online, state any
			if !math.IsNaN(r.Hours) {
				hours = r.Hours
			}
			if share, ok := r.Online(); ok {
				online = share
			}
			if r.Known.Status != "" {
				state = r.Known.Status
			}
			lines.rows = append(lines.rows, []any{r.Name, r.Known.Model, state, r.ObservedDays, hours, online, r.Associations, r.Messages, r.Studies, string(r.Verdict), r.Because})
		}
		return lines.print(s, c.Format)
	})
}
