package web

import (
	"strconv"
	"strings"

	"pons/account"
	"pons/flow"
	"pons/sqldb"
)

// deviceTalk is whom a device talks with, and when it is used.
type deviceTalk struct {
	Heard  bool
	Peers  flowTable
	Total  int
	All    string
	Use    *flow.Use
	Hours  flowCell
	Online flowCell
	Week   Chart
}

// peersShown is how many peers the page of a device names; the list of conversations has all.
const peersShown = 15

// talkOf reads what a device says; nil where the person may not know.
func (s *Server) talkOf(v *Visit, device string) (*deviceTalk, error) {
	if !v.May(account.FlowRead) {
		return nil, nil
	}
	p := &flowScene{flowAsk: flowAsk{Time: "four", By: "class"}}
	if scope := v.Actor.Scope; !scope.All() {
		p.ask.Holds = scope.Holds
	}
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.Settings, _, err = s.flows.Settings(tx); err != nil {
			return err
		}
		p.Observed, err = s.flows.Observed(tx)
		return err
	})
	t := &deviceTalk{Heard: p.Heard()}
	if err != nil || !t.Heard {
		return t, err
	}
	g, err := s.flows.Graph(v.Context(), flow.Window{}, v.Now)
	if err != nil {
		return nil, err
	}
	p.ask.Where = map[string]bool{device: true}
	g = g.Select(p.ask)
	if me, ok := g.Find(device); ok {
		t.setPeers(g, me)
		t.All = flowAsk{Time: "all", Device: device}.href("/flows/list")
	}
	usage, err := s.flows.Usage(v.Context(), p.window(v.Now), v.Now)
	if err != nil {
		return nil, err
	}
	if u := usage.Find(device); u != nil {
		hours, ok := u.HoursADay(p.Settings.MinDays)
		t.Use, t.Online = u, onlineCell(u.SeenHours, u.ObservedHours)
		t.Hours = flowHours(hours, "")
		if !ok {
			t.Hours = flowCell{Unknown: "observed on " + strconv.Itoa(u.ObservedDays) + " of " + strconv.Itoa(p.Settings.MinDays) + " days"}
		}
		t.Week = weekChart("flow-week", "Use by hour of the week ("+p.Settings.Zone+")", []*flow.Use{u})
	}
	return t, nil
}

func (t *deviceTalk) setPeers(g *flow.Graph, me int32) {
	peers := g.Peers(me)
	t.Total = len(peers)
	t.Peers = flowTable{Caption: "Peers", Columns: []Column{{Title: "Peer"}, {Title: "Role"}, {Title: "Protocol"}, {Title: "Service", HideNarrow: true}, {Title: "Bytes", Numeric: true}, {Title: "Conversations", Numeric: true, HideNarrow: true}, {Title: "First seen", HideNarrow: true}, {Title: "Last seen"}}}
	for i := range peers {
		x := &peers[i]
		if i == peersShown {
			break
		}
		role := "asks it"
		if !x.Out {
			role = "is asked by it"
		}
		row := endRow(&g.Nodes[x.Node], &g.Nodes[x.Node], x.Service, &x.Sum)
		t.Peers.Rows = append(t.Peers.Rows, []flowCell{row[0], {Text: role}, row[2], row[3], row[4], row[5], row[9], row[10]})
	}
}

// pointNames lists the points of listening.
func pointNames(list []flow.Observed) string {
	names := make([]string, len(list))
	for i, o := range list {
		names[i] = o.Point
	}
	return strings.Join(names, ", ")
}
