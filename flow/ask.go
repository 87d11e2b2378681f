package flow

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Ask narrows a graph. The zero Ask is everything that says something of who needs whom.
type Ask struct {
	// Holds says whether the asker may see devices of a site and department; nil is all. Devices that they may not see
	// become one node, and what neither end of which they may see is left out.
	Holds    func(site, department string) bool
	Where    map[string]bool // one end is one of these devices; nil: any
	Peer     map[string]bool // and the other one of these; nil: any
	Protocol string          // of the service, or its place ("TCP 104"); empty: any
	External bool            // one end is on the public internet
	Upkeep   bool            // also what keeps the network going, and what is for everybody
	Since    time.Time       // begun at or after; zero: whenever
}

// outsideName stands for devices that the asker may not see.
const outsideName = "outside of what you may see"

// Select is the part of a graph that an Ask leaves. Its nodes are those that its links need.
func (g *Graph) Select(a Ask) *Graph {
	out := &Graph{Window: g.Window, Began: g.Began, Ended: g.Ended, Made: g.Made, byID: map[string]int32{}}
	hidden := make([]bool, len(g.Nodes))
	if a.Holds != nil {
		for i := range g.Nodes {
			n := &g.Nodes[i]
			hidden[i] = n.Kind <= Unknown && !a.Holds(n.Known.Site, n.Known.Department)
		}
	}
	place := make([]int32, len(g.Nodes))
	for i := range place {
		place[i] = -1
	}
	outside := int32(-1)
	put := func(i int32) int32 {
		if hidden[i] {
			if outside < 0 {
				outside = int32(len(out.Nodes))
				out.Nodes = append(out.Nodes, Node{Kind: Outside, Name: outsideName})
			}
			return outside
		}
		if place[i] < 0 {
			place[i] = int32(len(out.Nodes))
			out.Nodes = append(out.Nodes, g.Nodes[i])
			if id := g.Nodes[i].ID; id != "" {
				out.byID[id] = place[i]
			}
		}
		return place[i]
	}
	for i := range g.Links {
		l := &g.Links[i]
		if !a.wants(g, l) || !seen(g, l, hidden, a.Holds != nil) {
			continue
		}
		kept := *l
		kept.Client, kept.Server = put(l.Client), put(l.Server)
		out.Links = append(out.Links, kept)
	}
	if outside >= 0 {
		out.Links = joined(out.Links)
	}
	return out
}

// seen says whether the asker may see one end at least. What is neither theirs nor anybody's is no device's talk.
func seen(g *Graph, l *Link, hidden []bool, bounded bool) bool {
	if !bounded {
		return true
	}
	mine := func(i int32) bool { return !hidden[i] && g.Nodes[i].Kind <= Unknown }
	return mine(l.Client) || mine(l.Server)
}

func (a *Ask) wants(g *Graph, l *Link) bool {
	client, server := &g.Nodes[l.Client], &g.Nodes[l.Server]
	if a.External && client.Kind != Internet && server.Kind != Internet {
		return false
	}
	if !a.Upkeep && (l.Service.Upkeep() || client.Kind == Group || server.Kind == Group) {
		return false
	}
	if a.Protocol != "" && !strings.EqualFold(l.Service.Protocol, a.Protocol) && !strings.EqualFold(l.Service.Place(), a.Protocol) {
		return false
	}
	if !a.Since.IsZero() && l.First.Before(a.Since) {
		return false
	}
	in := func(set map[string]bool, n *Node) bool { return set == nil || n.ID != "" && set[n.ID] }
	return in(a.Where, client) && in(a.Peer, server) || in(a.Where, server) && in(a.Peer, client)
}

// joined puts links of one pair and service together, after nodes became one.
func joined(links []Link) []Link {
	slices.SortStableFunc(links, compareLinks)
	out := links[:0]
	for _, l := range links {
		if n := len(out); n > 0 && compareLinks(out[n-1], l) == 0 {
			out[n-1].add(&l.Sum)
			continue
		}
		out = append(out, l)
	}
	return out
}

func compareLinks(a, b Link) int {
	return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Service.Protocol, b.Service.Protocol),
		cmp.Compare(a.Service.Transport, b.Service.Transport), cmp.Compare(a.Service.Port, b.Service.Port))
}

// Protocols counts the links of each service by name, most bytes first.
func (g *Graph) Protocols() []Tally {
	at := map[string]int{}
	var out []Tally
	for i := range g.Links {
		l := &g.Links[i]
		name := l.Service.Name()
		j, ok := at[name]
		if !ok {
			j = len(out)
			at[name] = j
			out = append(out, Tally{Name: name})
		}
		out[j].Pairs++
		out[j].add(&l.Sum)
	}
	slices.SortFunc(out, func(a, b Tally) int { return cmp.Or(cmp.Compare(b.Bytes(), a.Bytes()), cmp.Compare(a.Name, b.Name)) })
	return out
}

// Tally is a name with the pairs and the traffic under it.
type Tally struct {
	Name  string
	Pairs int
	Sum
}

// Peer is what a node and one other exchanged by one service. Out says that the node was the client.
type Peer struct {
	Node    int32
	Out     bool
	Service Service
	Sum
}

// Peers lists whom a node talked with, most bytes first.
func (g *Graph) Peers(node int32) []Peer {
	var out []Peer
	for i := range g.Links {
		switch l := &g.Links[i]; node {
		case l.Client:
			out = append(out, Peer{l.Server, true, l.Service, l.Sum})
		case l.Server:
			out = append(out, Peer{l.Client, false, l.Service, l.Sum})
		}
	}
	slices.SortFunc(out, func(a, b Peer) int {
		return cmp.Or(cmp.Compare(b.Bytes(), a.Bytes()), cmp.Compare(g.Nodes[a.Node].Name, g.Nodes[b.Node].Name), cmp.Compare(a.Service.Name(), b.Service.Name()))
	})
	return out
}

// Server is a node that others use by a service.
type Server struct {
	Node    int32
	Service Service
	Clients int
	Sum
}

// Servers lists who serves what, most clients first.
func (g *Graph) Servers() []Server {
	type serverKey struct {
		node    int32
		service Service
	}
	at := map[serverKey]int{}
	var out []Server
	for i := range g.Links {
		l := &g.Links[i]
		k := serverKey{l.Server, l.Service}
		j, ok := at[k]
		if !ok {
			j = len(out)
			at[k] = j
			out = append(out, Server{Node: l.Server, Service: l.Service})
		}
		out[j].Clients++
		out[j].add(&l.Sum)
	}
	slices.SortFunc(out, func(a, b Server) int {
		return cmp.Or(cmp.Compare(b.Clients, a.Clients), cmp.Compare(b.Bytes(), a.Bytes()), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Service.Name(), b.Service.Name()))
	})
	return out
}

// By is what nodes are grouped by on the map.
type By string

// Groupings lists what nodes can be grouped by, in the order of a choice.
func Groupings() []By {
	return []By{"class", "category", "manufacturer", "model", "site", "department", "vlan", "subnet"}
}

// Title is a grouping in words.
func (b By) Title() string {
	switch b {
	case "vlan":
		return "VLAN"
	case "":
		return ""
	}
	return strings.ToUpper(string(b[:1])) + string(b[1:])
}

// In is the group that a node is in. A device of which that is not known is in the group of those.
func (n *Node) In(by By) string {
	switch n.Kind {
	case Internet:
		return "Internet"
	case Group:
		return "Groups and broadcasts"
	case Outside:
		return "Outside of what you may see"
	case Unknown:
		if by != "subnet" || n.Known.Subnet == "" {
			return "Hosts without a device"
		}
	}
	value := ""
	switch k := &n.Known; by {
	case "class":
		value = k.Class
	case "category":
		value = k.Category
	case "manufacturer":
		value = k.Manufacturer
	case "model":
		value = k.Model
	case "site":
		value = k.Site
	case "department":
		value = k.Department
	case "vlan":
		value = k.VLAN
	case "subnet":
		value = k.Subnet
	}
	if value == "" {
		return "Unknown " + by.lower()
	}
	return value
}

func (b By) lower() string {
	if b == "vlan" {
		return "VLAN"
	}
	return string(b)
}

// Map is a graph of groups, small enough to draw and to read.
type Map struct {
	By    By
	Spots []Spot
	Arcs  []Arc
	// Left are nodes of expanded groups and arcs that were too many to draw: those of least traffic.
	LeftSpots, LeftArcs int
}

// Spot is a group, or a node of a group that was expanded. Devices counts the nodes in it.
type Spot struct {
	Name    string
	Group   string // what it is in, where it is a node
	Kind    Kind
	ID      string // of the device, where it is one
	Devices int
	Bytes   int64 // sent and received
}

// Arc is the traffic between two spots, both directions together. Within a group, From is To.
type Arc struct {
	From, To  int32
	Pairs     int
	Protocols []string // those of most bytes, at most three, then "…"
	Sum
}

// Limits of a map: what a person can read and a canvas draws at once. A force layout of 700 spots takes a second.
const (
	maxSpots = 700
	maxArcs  = 2500
)

// Map groups the graph. open names groups whose nodes stand for themselves.
func (g *Graph) Map(by By, open []string) *Map {
	m := &Map{By: by}
	bytes := make([]int64, len(g.Nodes))
	for i := range g.Links {
		l := &g.Links[i]
		bytes[l.Client] += l.Bytes()
		if l.Server != l.Client {
			bytes[l.Server] += l.Bytes()
		}
	}
	at := map[string]int32{}
	place := make([]int32, len(g.Nodes))
	var single []int32
	for i := range g.Nodes {
		n := &g.Nodes[i]
		name := n.In(by)
		if slices.Contains(open, name) && n.Kind <= Internet {
			single = append(single, int32(i))
			continue
		}
		j, ok := at[name]
		if !ok {
			j = int32(len(m.Spots))
			at[name] = j
			kind := n.Kind
			m.Spots = append(m.Spots, Spot{Name: name, Kind: kind})
		}
		m.Spots[j].Devices++
		m.Spots[j].Bytes += bytes[i]
		place[i] = j
	}
	slices.SortFunc(single, func(a, b int32) int { return cmp.Or(cmp.Compare(bytes[b], bytes[a]), cmp.Compare(a, b)) })
	for k, i := range single {
		if k >= maxSpots {
			place[i] = -1
			m.LeftSpots++
			continue
		}
		n := &g.Nodes[i]
		place[i] = int32(len(m.Spots))
		m.Spots = append(m.Spots, Spot{Name: n.Name, Group: n.In(by), Kind: n.Kind, ID: n.ID, Devices: 1, Bytes: bytes[i]})
	}
	m.arcs(g, place)
	return m
}

// arcs puts the links between spots together.
func (m *Map) arcs(g *Graph, place []int32) {
	type ends struct{ a, b int32 }
	at := map[ends]int{}
	last := ends{-1, -1}
	for i := range g.Links {
		l := &g.Links[i]
		from, to := place[l.Client], place[l.Server]
		if from < 0 || to < 0 {
			continue
		}
		k := ends{min(from, to), max(from, to)}
		j, ok := at[k]
		if !ok {
			j = len(m.Arcs)
			at[k] = j
			m.Arcs = append(m.Arcs, Arc{From: from, To: to})
		}
		arc := &m.Arcs[j]
		if pair := (ends{l.Client, l.Server}); pair != last { // links of a pair stand together
			arc.Pairs++
			last = pair
		}
		s := l.Sum
		if arc.From != from {
			s.UpBytes, s.UpPackets, s.DownBytes, s.DownPackets = s.DownBytes, s.DownPackets, s.UpBytes, s.UpPackets
		}
		arc.add(&s)
	}
	slices.SortFunc(m.Arcs, func(a, b Arc) int {
		return cmp.Or(cmp.Compare(b.Bytes(), a.Bytes()), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	if len(m.Arcs) > maxArcs {
		m.LeftArcs = len(m.Arcs) - maxArcs
		m.Arcs = m.Arcs[:maxArcs]
	}
	m.name(g, place)
}

// name says which protocols each arc is of.
func (m *Map) name(g *Graph, place []int32) {
	type ends struct{ a, b int32 }
	at := make(map[ends]int, len(m.Arcs))
	for j, arc := range m.Arcs {
		at[ends{min(arc.From, arc.To), max(arc.From, arc.To)}] = j
	}
	services := make([]map[Service]int64, len(m.Arcs))
	for i := range g.Links {
		l := &g.Links[i]
		from, to := place[l.Client], place[l.Server]
		if j, ok := at[ends{min(from, to), max(from, to)}]; ok {
			if services[j] == nil {
				services[j] = map[Service]int64{}
			}
			services[j][l.Service] += l.Bytes() + 1
		}
	}
	for j := range m.Arcs {
		m.Arcs[j].Protocols = mostOf(services[j], 3)
	}
}

// mostOf are the names of the services that carried most, at most n and then "…".
func mostOf(carried map[Service]int64, n int) []string {
	counts := make(map[string]int64, len(carried))
	for s, bytes := range carried {
		counts[s.Name()] += bytes
	}
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	if len(names) > n {
		names = append(names[:n:n], "…")
	}
	return names
}

// Fresh is a conversation that was never seen before. Quiet says that the node had been watched for long enough
// before, so that new is news; where nothing was seen of either end, it is the host that is new.
type Fresh struct {
	Link
	NewClient, NewServer bool // nothing at all had been seen of that end before
}

// Fresh lists the conversations of a graph of all time that were first seen at or after since, latest first. g must
// be of the zero Window; what the Ask hides is left out, and nothing else of it is asked.
func (g *Graph) Fresh(since time.Time, a Ask) (*Graph, []Fresh) {
	first := map[string]time.Time{}
	name := func(n *Node) string {
		if n.ID != "" {
			return n.ID
		}
		return n.Name
	}
	for i := range g.Links {
		l := &g.Links[i]
		for _, end := range []int32{l.Client, l.Server} {
			k := name(&g.Nodes[end])
			if t, ok := first[k]; !ok || l.First.Before(t) {
				first[k] = l.First
			}
		}
	}
	a.Since = since
	part := g.Select(a)
	out := make([]Fresh, len(part.Links))
	for i, l := range part.Links {
		client, server := &part.Nodes[l.Client], &part.Nodes[l.Server]
		isNew := func(n *Node) bool { return n.Kind <= Internet && !first[name(n)].Before(since) }
		out[i] = Fresh{l, isNew(client), isNew(server)}
	}
	slices.SortStableFunc(out, func(a, b Fresh) int { return b.First.Compare(a.First) })
	return part, out
}

// Between lists the links between two groups, in either direction. An empty name is any group.
func (g *Graph) Between(by By, a, b string) []Link {
	in := make([]string, len(g.Nodes))
	for i := range g.Nodes {
		in[i] = g.Nodes[i].In(by)
	}
	is := func(name string, node int32) bool {
		return name == "" || in[node] == name || g.Nodes[node].Name == name
	}
	var out []Link
	for _, l := range g.Links {
		if is(a, l.Client) && is(b, l.Server) || is(b, l.Client) && is(a, l.Server) {
			out = append(out, l)
		}
	}
	return out
}
