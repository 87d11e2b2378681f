package web

import (
	"strconv"
	"strings"

	"pons/account"
	"pons/flow"
	"pons/inventory"
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

// talkDays are the days in which the use of a device is counted: four weeks, so that each weekday counts alike.
const talkDays = 28

// talkOf reads what a device says; nil where the person may not know.
func (s *Server) talkOf(v *Visit, tx *sqldb.Tx, d *inventory.Device) (*deviceTalk, error) {
	if !v.May(account.FlowRead) {
		return nil, nil
	}
	var hosts []string
	for _, r := range d.Records {
		if r.Kind == "wire" {
			hosts = append(hosts, r.Key)
		}
	}
	talk, err := s.flows.Talk(tx, d.ID, hosts, talkDays, v.Now)
	if err != nil {
		return nil, err
	}
	t := &deviceTalk{Heard: talk.Heard}
	var ask flow.Ask
	if scope := v.Actor.Scope; !scope.All() {
		ask.Holds = scope.Holds
	}
	if g := talk.Graph.Select(ask); len(g.Links) > 0 {
		if me, ok := g.Find(d.ID); ok {
			t.setPeers(g, me)
			t.All = flowAsk{Time: "all", Device: d.ID}.href("/flows/list")
		}
	}
	if u := talk.Use; u != nil {
		hours, ok := u.HoursADay(talk.Settings.MinDays)
		t.Use, t.Online = u, onlineCell(u.SeenHours, u.ObservedHours)
		t.Hours = flowHours(hours, "")
		if !ok {
			t.Hours = flowCell{Unknown: "observed on " + strconv.Itoa(u.ObservedDays) + " of " + strconv.Itoa(talk.Settings.MinDays) + " days"}
		}
		t.Week = weekChart("flow-week", "Use by hour of the week ("+talk.Settings.Zone+")", []*flow.Use{u})
	}
	return t, nil
}

func (t *deviceTalk) setPeers(g *flow.Graph, me int32) {
	peers := g.Peers(me)
	t.Total = len(peers)
	t.Peers = flowTable{Caption: "Peers", Columns: []Column{{Title: "Peer"}, {Title: "Opened by"}, {Title: "Protocol"}, {Title: "Service", HideNarrow: true}, {Title: "Bytes", Numeric: true}, {Title: "Conversations", Numeric: true, HideNarrow: true}, {Title: "First seen", HideNarrow: true}, {Title: "Last seen"}}}
	for i := range peers {
		x := &peers[i]
		if i == peersShown {
			break
		}
		opener := "this device" // who must be let through: the rule of a firewall goes from the opener to the service
		if !x.Out {
			opener = "the peer"
		}
		row := endRow(&g.Nodes[x.Node], &g.Nodes[x.Node], x.Service, &x.Sum)
		t.Peers.Rows = append(t.Peers.Rows, []flowCell{row[0], {Text: opener}, row[2], row[3], row[4], row[5], row[9], row[10]})
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
