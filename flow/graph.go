package flow

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"pons/fact"
	"pons/inventory"
	"pons/sqldb"
)

// Window is the time that is looked at, both ends in whole hours. The zero From is the beginning of what is kept, the
// zero To its end.
type Window struct{ From, To time.Time }

// Node is an end as people know it.
type Node struct {
	Kind    Kind
	ID      string   // of the device; empty for any other kind
	Hosts   []string // subjects of the wire that it was seen under
	Name    string   // of the device, the address, or what stands for many
	Known   Known
	hostIDs []int64
}

// Known is what the inventory says of a device, as far as traffic is sorted by it.
type Known struct {
	Category, Class, Manufacturer, Model, Site, Department, VLAN, Subnet, Status string
}

// Link is what went over one service between two nodes of a graph.
type Link struct {
	Client, Server int32 // places in Graph.Nodes
	Service        Service
	Sum
}

// Graph is who talked with whom in a window, each device one node. It is not changed once it is made.
type Graph struct {
	Window
	Nodes []Node
	Links []Link // in the order of client, server and service
	Began time.Time
	Ended time.Time // of the newest frame
	Made  time.Time
	byID  map[string]int32
}

// cache keeps a few graphs: a page, its table and its export ask for the same one.
type cache struct {
	mu     sync.Mutex
	graphs []cached
	uses   []cachedUses
}

type cached struct {
	Window
	rev   sqldb.Rev
	took  time.Duration
	graph *Graph
}

// kept is how many graphs are kept: a handful of windows is looked at by turns.
const kept = 6

// worth is how many times as long as it took to make a graph may be shown without asking whether it is still true: at
// most a fiftieth of a core goes into making graphs of a busy network, and those of a small one are always fresh.
const worth = 50

// freshAfter is how fast a graph must be made to be made anew whenever anything was written.
const freshAfter = 20 * time.Millisecond

// Graph returns who talked with whom in a window. What it returns may be some seconds old where much was said: Made
// tells. now is the time of the asking.
func (f *Flows) Graph(ctx context.Context, w Window, now time.Time) (*Graph, error) {
	f.cache.mu.Lock()
	defer f.cache.mu.Unlock()
	var g *Graph
	err := f.db.View(ctx, func(tx *sqldb.Tx) error {
		for _, c := range f.cache.graphs {
			if c.Window == w && (c.rev == tx.Rev() || c.took > freshAfter && now.Sub(c.graph.Made) < worth*c.took && !now.Before(c.graph.Made)) {
				g = c.graph
				return nil
			}
		}
		begun := time.Now()
		var err error
		if g, err = f.read(tx, w); err != nil {
			return err
		}
		g.Made = now
		f.cache.graphs = slices.DeleteFunc(f.cache.graphs, func(c cached) bool { return c.Window == w })
		f.cache.graphs = append(f.cache.graphs, cached{w, tx.Rev(), time.Since(begun), g})
		if len(f.cache.graphs) > kept {
			f.cache.graphs = slices.Delete(f.cache.graphs, 0, 1)
		}
		return nil
	})
	return g, err
}

// piece is a part of a window that sums of one grain cover.
type piece struct {
	grain    grain
	from, to int64 // both included
}

// pieces cover a window: whole months where there are some, days, and hours at the ragged ends.
func pieces(w Window) []piece {
	const forever = 1 << 40
	if w.From.IsZero() && w.To.IsZero() {
		return []piece{{monthly, 0, forever}}
	}
	from, to := w.From.UTC().Truncate(time.Hour), w.To.UTC().Truncate(time.Hour)
	if w.To.IsZero() {
		to = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var out []piece
	add := func(g grain, a, b int64) {
		if a > b {
			return
		}
		if n := len(out); n > 0 && out[n-1].grain == g && out[n-1].to+1 == a {
			out[n-1].to = b
			return
		}
		out = append(out, piece{g, a, b})
	}
	for at := from; at.Before(to); {
		month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
		day := at.Truncate(24 * time.Hour)
		switch {
		case at.Equal(month) && !month.AddDate(0, 1, 0).After(to):
			last := time.Date(to.Year(), to.Month(), 1, 0, 0, 0, 0, time.UTC)
			add(monthly, monthOf(at), monthOf(last)-1)
			at = last
		case at.Equal(day) && !day.AddDate(0, 0, 1).After(to):
			next := month.AddDate(0, 1, 0)
			if next.After(to) {
				next = to.Truncate(24 * time.Hour)
			}
			add(daily, dayOf(at), dayOf(next)-1)
			at = next
		default:
			next := day.AddDate(0, 0, 1)
			if next.After(to) {
				next = to
			}
			add(hourly, at.Unix()/3600, next.Unix()/3600-1)
			at = next
		}
	}
	return out
}

// pair is what a link is of, before ends are known as devices.
type pair struct{ client, server, service int64 }

// read makes the graph of a window. It takes about ten statements.
func (f *Flows) read(tx *sqldb.Tx, w Window) (*Graph, error) {
	points, err := readPoints(tx)
	if err != nil {
		return nil, err
	}
	t := &totals{points: pointNumbers(points), at: map[pair]int32{}}
	for _, p := range pieces(w) {
		if err := t.read(tx, p); err != nil {
			return nil, err
		}
	}
	services, err := readServices(tx)
	if err != nil {
		return nil, err
	}
	hosts := map[int64]bool{}
	for k := range t.at {
		hosts[k.client], hosts[k.server] = true, true
	}
	g := &Graph{Window: w}
	place, err := f.nodes(tx, g, hosts)
	if err != nil {
		return nil, err
	}
	g.link(t, place, services)
	return g, nil
}

// totals adds stored sums up, by pair and point of listening.
type totals struct {
	points map[int64]int32 // of each source
	at     map[pair]int32  // the first total of a pair
	list   []total
}

// total is what one point of listening saw of a pair. next is the place of what another point saw of it; 0: none.
type total struct {
	pair
	point, next int32
	first, last int64
	row
}

// pointNumbers gives each source the number of its point.
func pointNumbers(points map[int64]string) map[int64]int32 {
	number := map[string]int32{}
	out := make(map[int64]int32, len(points))
	for source, point := range points {
		if _, ok := number[point]; !ok {
			number[point] = int32(len(number))
		}
		out[source] = number[point]
	}
	return out
}

func (t *totals) read(tx *sqldb.Tx, p piece) error {
	var x total
	var source int64
	into := append([]any{&x.client, &x.server, &x.service, &source}, x.into(&x.first, &x.last)...)
	return eachRow(tx, "SELECT client, server, service, source, "+sumFields+" FROM flow_sum WHERE grain = $1 AND start BETWEEN $2 AND $3", []any{int64(p.grain), p.from, p.to},
		func(rows *sqldb.Rows) error {
			if err := rows.Scan(into...); err != nil {
				return err
			}
			t.add(x, source)
			return nil
		})
}

// add adds what a source says of a pair.
func (t *totals) add(x total, source int64) {
	x.point = t.points[source]
	i, ok := t.at[x.pair]
	if !ok {
		t.at[x.pair] = int32(len(t.list))
		t.list = append(t.list, x)
		return
	}
	for ; t.list[i].point != x.point; i = t.list[i].next {
		if t.list[i].next == 0 {
			t.list[i].next = int32(len(t.list))
			t.list = append(t.list, x)
			return
		}
	}
	have := &t.list[i]
	have.addCounts(&x.Sum)
	have.first, have.last = min(have.first, x.first), max(have.last, x.last)
}

func readPoints(tx *sqldb.Tx) (map[int64]string, error) {
	out := map[int64]string{}
	err := eachRow(tx, "SELECT id, point FROM flow_source", nil, func(rows *sqldb.Rows) error {
		var id int64
		var point string
		err := rows.Scan(&id, &point)
		out[id] = point
		return err
	})
	return out, err
}

// nodes makes the nodes of a graph and tells where each host went.
func (f *Flows) nodes(tx *sqldb.Tx, g *Graph, hosts map[int64]bool) (map[int64]int32, error) {
	subjects := make(map[int64]string, len(hosts))
	if err := eachRow(tx, "SELECT id, subject FROM flow_host", nil, func(rows *sqldb.Rows) error {
		var id int64
		var subject string
		if err := rows.Scan(&id, &subject); err != nil {
			return err
		}
		if hosts[id] {
			subjects[id] = subject
		}
		return nil
	}); err != nil {
		return nil, err
	}
	return f.place(tx, g, subjects)
}

// place makes the nodes of hosts by number, and tells where each went.
func (f *Flows) place(tx *sqldb.Tx, g *Graph, subjects map[int64]string) (map[int64]int32, error) {
	keys := slices.Sorted(maps.Values(subjects))
	devices, err := f.inv.HostDevices(tx, keys)
	if err != nil {
		return nil, err
	}
	known, err := f.known(tx, devices)
	if err != nil {
		return nil, err
	}
	place := make(map[int64]int32, len(subjects))
	at := map[string]int32{}
	ids := make([]int64, 0, len(subjects))
	for id := range subjects {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(subjects[a], subjects[b]) })
	g.byID = map[string]int32{}
	for _, id := range ids {
		subject := subjects[id]
		device := devices[subject]
		name := subject
		if device != "" {
			name = "device " + device
		}
		i, ok := at[name]
		if !ok {
			i = int32(len(g.Nodes))
			at[name] = i
			g.Nodes = append(g.Nodes, nodeOf(subject, device, known[device]))
			if device != "" {
				g.byID[device] = i
			}
		}
		n := &g.Nodes[i]
		n.Hosts, n.hostIDs = append(n.Hosts, subject), append(n.hostIDs, id)
		place[id] = i
	}
	return place, nil
}

// known reads what the inventory says of devices.
func (f *Flows) known(tx *sqldb.Tx, devices map[string]string) (map[string]*inventory.Row, error) {
	ids := make([]string, 0, len(devices))
	for _, id := range devices {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	rows, err := f.inv.Rows(tx, slices.Compact(ids))
	out := make(map[string]*inventory.Row, len(rows))
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, err
}

func nodeOf(subject, device string, r *inventory.Row) Node {
	if device == "" || r == nil {
		n := Node{Kind: kindOf(subject), Name: HostName(subject)}
		if n.Kind == Unknown {
			_, ip, _ := strings.Cut(subject, "|")
			n.Known.Subnet = subnetOf(ip)
		}
		return n
	}
	n := Node{Kind: Device, ID: device, Name: r.Name, Known: Known{Category: r.Get(fact.Category), Class: r.Get(fact.Class), Manufacturer: r.Get(fact.Manufacturer), Model: r.Get(fact.Model),
		Site: r.Get(fact.Site), Department: r.Get(fact.Department), VLAN: r.Get(fact.VLAN), Status: r.Get(fact.Status)}}
	if ips := r.All(fact.IP); len(ips) > 0 {
		n.Known.Subnet = subnetOf(ips[0])
	}
	if n.Name == "" {
		n.Name = HostName(subject)
	}
	return n
}

// subnetOf is the /24 or /64 of an address: without the routers' tables nobody knows the true one.
func subnetOf(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// HostName is the subject of a host as people read it: its address.
func HostName(subject string) string {
	switch mac, ip, _ := strings.Cut(subject, "|"); {
	case subject == everybody:
		return "groups and broadcasts"
	case ip != "":
		return ip
	default:
		return mac
	}
}

// link fills in the links. What several points saw of one pair is not added up.
func (g *Graph) link(t *totals, place map[int64]int32, services map[int64]Service) {
	type linkKey struct {
		client, server int32
		service        int64
	}
	at := make(map[linkKey]int32, len(t.at))
	g.Links = make([]Link, 0, len(t.at))
	for k, i := range t.at {
		s := t.list[i].Sum
		first, last := t.list[i].first, t.list[i].last
		for i = t.list[i].next; i != 0; i = t.list[i].next {
			s.most(&t.list[i].Sum)
			first, last = min(first, t.list[i].first), max(last, t.list[i].last)
		}
		s.First, s.Last = seconds(first), seconds(last)
		lk := linkKey{place[k.client], place[k.server], k.service}
		j, ok := at[lk]
		if !ok {
			at[lk] = int32(len(g.Links))
			g.Links = append(g.Links, Link{Client: lk.client, Server: lk.server, Service: services[k.service], Sum: s})
		} else {
			g.Links[j].add(&s)
		}
		if g.Began.IsZero() || s.First.Before(g.Began) {
			g.Began = s.First
		}
		if s.Last.After(g.Ended) {
			g.Ended = s.Last
		}
	}
	slices.SortFunc(g.Links, compareLinks)
}

// Find returns the node of a device.
func (g *Graph) Find(device string) (int32, bool) {
	i, ok := g.byID[device]
	return i, ok
}
