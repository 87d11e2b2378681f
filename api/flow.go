package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"pons/account"
	"pons/column"
	"pons/flow"
)

func (s *server) registerFlows(routes huma.API) {
	op := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: Prefix + path, Summary: summary, Tags: []string{"Traffic"},
			Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity}}
	}
	huma.Register(routes, op("list-flows", "/flows", "Who talked with whom, by service, a page at a time"), s.listFlows)
	huma.Register(routes, op("list-new-flows", "/flows/new", "Conversations that were never seen before a day"), s.listNewFlows)
	huma.Register(routes, op("list-flow-groups", "/flows/groups", "Traffic between groups of devices: classes, sites, departments, VLANs, subnets, makers"), s.listFlowGroups)
	huma.Register(routes, op("list-use", "/flows/use", "How much devices are used, and how they compare with their likes"), s.listUse)
}

// FlowFilter narrows traffic; it is exported because the reader of requests passes over embedded types that are not.
type FlowFilter struct {
	Where    string    `query:"where" maxLength:"4000" doc:"Query for devices at one end"`
	Peer     string    `query:"peer" maxLength:"4000" doc:"Query for devices at the other end"`
	Protocol string    `query:"protocol" maxLength:"60" doc:"A protocol (dicom), or a transport and port (TCP 104)"`
	External bool      `query:"external" doc:"One end is on the public internet"`
	Upkeep   bool      `query:"upkeep" doc:"Also what keeps a network going: addresses, names, time, broadcasts"`
	From     time.Time `query:"from" doc:"Whole hours; absent: from the beginning of what is kept"`
	To       time.Time `query:"to" doc:"Absent: to its end"`
}

// FlowPage is a part of a long answer.
type FlowPage struct {
	Offset int `query:"offset" minimum:"0" default:"0"`
	Limit  int `query:"limit" minimum:"1" maximum:"5000" default:"500"`
}

// FlowEnd is one end of a conversation.
type FlowEnd struct {
	Kind   string `json:"kind" enum:"device,unknown,internet,group,outside" doc:"unknown: a host that no device is known for; outside: devices that the token may not see, as one"`
	Device string `json:"device,omitempty" doc:"Id of the device"`
	Name   string `json:"name"`
	Class  string `json:"class,omitempty"`
}

// Flow is what went over one service between two ends.
type Flow struct {
	Client        FlowEnd   `json:"client"`
	Server        FlowEnd   `json:"server"`
	Protocol      string    `json:"protocol" doc:"Empty where no parser knew it"`
	Transport     string    `json:"transport" enum:"tcp,udp,link"`
	Port          int       `json:"port" doc:"0: one that was taken for the moment"`
	BytesUp       int64     `json:"bytes_up" doc:"From the client, headers included"`
	BytesDown     int64     `json:"bytes_down"`
	PacketsUp     int64     `json:"packets_up"`
	PacketsDown   int64     `json:"packets_down"`
	Conversations int64     `json:"conversations"`
	Associations  int64     `json:"associations"`
	Messages      int64     `json:"messages"`
	Studies       int64     `json:"studies"`
	First         time.Time `json:"first"`
	Last          time.Time `json:"last"`
}

type flowsOutput struct {
	Body struct {
		Flows []Flow    `json:"flows"`
		Total int       `json:"total"`
		Made  time.Time `json:"made" doc:"When the sums were read; some seconds ago on a busy network"`
	}
}

// flowKinds are the kinds of end by their number.
func flowKinds() []string { return []string{"device", "unknown", "internet", "group", "outside"} }

func endOf(n *flow.Node) FlowEnd {
	return FlowEnd{Kind: flowKinds()[n.Kind], Device: n.ID, Name: n.Name, Class: n.Known.Class}
}

func flowOf(g *flow.Graph, l *flow.Link) Flow {
	transport := [...]string{"link", "udp", "tcp"}[l.Service.Transport]
	return Flow{endOf(&g.Nodes[l.Client]), endOf(&g.Nodes[l.Server]), l.Service.Protocol, transport, int(l.Service.Port), l.UpBytes, l.DownBytes, l.UpPackets, l.DownPackets,
		l.Conversations, l.Associations, l.Messages, l.Studies, l.First, l.Last}
}

// flowAsk is what a request asks, within what the token may see.
func (s *server) flowAsk(ctx context.Context, in *FlowFilter) (a flow.Ask, w flow.Window, err error) {
	who, err := s.may(ctx, account.FlowRead)
	if err != nil {
		return a, w, err
	}
	if !who.Scope.All() {
		a.Holds = who.Scope.Holds
	}
	a.Protocol, a.External, a.Upkeep = in.Protocol, in.External, in.Upkeep
	if a.Where, err = s.deviceSet(who, in.Where); err != nil {
		return a, w, err
	}
	if a.Peer, err = s.deviceSet(who, in.Peer); err != nil {
		return a, w, err
	}
	w = flow.Window{From: in.From.UTC().Truncate(time.Hour), To: in.To.UTC().Truncate(time.Hour)}
	if in.From.IsZero() {
		w.From = time.Time{}
	}
	if in.To.IsZero() {
		w.To = time.Time{}
	}
	if !w.To.IsZero() && !w.From.Before(w.To) || w.From.Year() > 9000 {
		return a, w, huma.Error422UnprocessableEntity("from must lie before to")
	}
	return a, w, nil
}

// deviceSet is the devices that a query finds; nil where none was asked.
func (s *server) deviceSet(who account.Actor, where string) (map[string]bool, error) {
	if where == "" {
		return nil, nil
	}
	if err := s.ready(); err != nil {
		return nil, err
	}
	table, ask, err := s.scoped(who, where)
	if err != nil {
		return nil, err
	}
	ids, err := table.Select(column.Request{Expr: ask.Expr, Scope: ask.Scope, Now: ask.Now})
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for id := range ids {
		out[id] = true
	}
	return out, nil
}

func (s *server) listFlows(ctx context.Context, in *struct {
	FlowFilter
	FlowPage
}) (*flowsOutput, error) {
	ask, window, err := s.flowAsk(ctx, &in.FlowFilter)
	if err != nil {
		return nil, s.answer(err)
	}
	g, err := s.flows.Graph(ctx, window, s.Now())
	if err != nil {
		return nil, s.answer(err)
	}
	g = g.Select(ask)
	out := &flowsOutput{}
	out.Body.Total, out.Body.Made, out.Body.Flows = len(g.Links), g.Made, []Flow{}
	for i := min(in.Offset, len(g.Links)); i < min(in.Offset+in.Limit, len(g.Links)); i++ {
		out.Body.Flows = append(out.Body.Flows, flowOf(g, &g.Links[i]))
	}
	return out, nil
}

// NewFlow is a conversation that was never seen before.
type NewFlow struct {
	Flow
	NewClient bool `json:"new_client" doc:"Nothing at all had been seen of the client before"`
	NewServer bool `json:"new_server"`
}

type newFlowsOutput struct {
	Body struct {
		Flows []NewFlow `json:"flows"`
		Total int       `json:"total"`
		Began time.Time `json:"began" doc:"Since when traffic is known: what is new shortly after is no news"`
	}
}

func (s *server) listNewFlows(ctx context.Context, in *struct {
	FlowFilter
	FlowPage
	Since time.Time `query:"since" required:"true"`
}) (*newFlowsOutput, error) {
	ask, _, err := s.flowAsk(ctx, &in.FlowFilter)
	if err != nil {
		return nil, s.answer(err)
	}
	g, err := s.flows.Graph(ctx, flow.Window{}, s.Now())
	if err != nil {
		return nil, s.answer(err)
	}
	part, list := g.Fresh(in.Since, ask)
	out := &newFlowsOutput{}
	out.Body.Total, out.Body.Began, out.Body.Flows = len(list), g.Began, []NewFlow{}
	for i := min(in.Offset, len(list)); i < min(in.Offset+in.Limit, len(list)); i++ {
		out.Body.Flows = append(out.Body.Flows, NewFlow{flowOf(part, &list[i].Link), list[i].NewClient, list[i].NewServer})
	}
	return out, nil
}

// FlowGroups is the traffic between two groups, both directions together.
type FlowGroups struct {
	A             string    `json:"a"`
	B             string    `json:"b"`
	Pairs         int       `json:"pairs" doc:"Pairs of ends that talked"`
	Protocols     []string  `json:"protocols" doc:"Those of most bytes"`
	Bytes         int64     `json:"bytes"`
	Conversations int64     `json:"conversations"`
	First         time.Time `json:"first"`
	Last          time.Time `json:"last"`
}

type flowGroupsOutput struct {
	Body struct {
		Groups []FlowGroups `json:"groups"`
		Left   int          `json:"left" doc:"Lines of least traffic that are left out"`
	}
}

func (s *server) listFlowGroups(ctx context.Context, in *struct {
	FlowFilter
	By string `query:"by" enum:"class,category,manufacturer,model,site,department,vlan,subnet" default:"class"`
}) (*flowGroupsOutput, error) {
	ask, window, err := s.flowAsk(ctx, &in.FlowFilter)
	if err != nil {
		return nil, s.answer(err)
	}
	g, err := s.flows.Graph(ctx, window, s.Now())
	if err != nil {
		return nil, s.answer(err)
	}
	m := g.Select(ask).Map(flow.By(in.By), nil)
	out := &flowGroupsOutput{}
	out.Body.Groups, out.Body.Left = []FlowGroups{}, m.LeftArcs
	for i := range m.Arcs {
		x := &m.Arcs[i]
		out.Body.Groups = append(out.Body.Groups, FlowGroups{m.Spots[x.From].Name, m.Spots[x.To].Name, x.Pairs, x.Protocols, x.Bytes(), x.Conversations, x.First, x.Last})
	}
	return out, nil
}

// Use is how much a device was used.
type Use struct {
	Device        FlowEnd  `json:"device"`
	Model         string   `json:"model"`
	State         string   `json:"lifecycle_state"`
	ObservedDays  int      `json:"observed_days"`
	ObservedHours int      `json:"observed_hours" doc:"Hours in which a point that knows the device was listening"`
	SeenHours     int      `json:"seen_hours" doc:"Of them, hours in which it was heard"`
	ActiveMinutes int      `json:"active_minutes"`
	HoursADay     *float64 `json:"active_hours_a_day,omitempty" doc:"Absent: observed too briefly to be known"`
	Associations  int64    `json:"associations"`
	Messages      int64    `json:"messages"`
	Studies       int64    `json:"studies"`
	Sent          int64    `json:"bytes_sent"`
	Received      int64    `json:"bytes_received"`
	Verdict       string   `json:"verdict" enum:"unknown,as others,under-used,over-used,not in service"`
	Because       string   `json:"because"`
}

type useOutput struct {
	Body struct {
		Uses  []Use `json:"uses"`
		Total int   `json:"total"`
	}
}

func (s *server) listUse(ctx context.Context, in *struct {
	FlowPage
	Where string    `query:"where" maxLength:"4000"`
	By    string    `query:"by" enum:"model,class" default:"model" doc:"What a device is compared with"`
	From  time.Time `query:"from" required:"true" doc:"Whole days"`
	To    time.Time `query:"to" required:"true"`
}) (*useOutput, error) {
	ask, window, err := s.flowAsk(ctx, &FlowFilter{Where: in.Where, From: in.From, To: in.To})
	if err != nil {
		return nil, s.answer(err)
	}
	if window.To.Sub(window.From) > 800*24*time.Hour {
		return nil, s.answer(huma.Error422UnprocessableEntity(fmt.Sprintf("%d days are asked for, at most 800 can be", int(window.To.Sub(window.From).Hours()/24))))
	}
	usage, err := s.flows.Usage(ctx, window, s.Now())
	if err != nil {
		return nil, s.answer(err)
	}
	_, ranked := flow.Compare(usage.Within(ask.Holds, ask.Where), flow.By(in.By), usage.Settings)
	out := &useOutput{}
	out.Body.Total, out.Body.Uses = len(ranked), []Use{}
	for i := min(in.Offset, len(ranked)); i < min(in.Offset+in.Limit, len(ranked)); i++ {
		r := &ranked[i]
		u := Use{endOf(&r.Node), r.Known.Model, r.Known.Status, r.ObservedDays, r.ObservedHours, r.SeenHours, r.ActiveMinutes, nil, r.Associations, r.Messages, r.Studies, r.Sent, r.Received, string(r.Verdict), r.Because}
		if hours, ok := r.HoursADay(usage.Settings.MinDays); ok {
			u.HoursADay = &hours
		}
		out.Body.Uses = append(out.Body.Uses, u)
	}
	return out, nil
}
