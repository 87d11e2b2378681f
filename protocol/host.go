package protocol

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/fact"
)

// maxProxied is how many IPv4 addresses one MAC may answer ARP for before it counts as a proxy that answers for
// others (RFC 1027); a server with secondary addresses has a handful.
const maxProxied = 16

// maxOwn6 is how many IPv6 addresses of one /64 a host may use that never announced them: temporary addresses
// (RFC 8981) change daily and a few live at once.
const maxOwn6 = 8

type pair struct {
	mac mac
	ip  addr
}

// sighting is that an address sent something, with the MAC of the frame it came in.
type sighting struct {
	pair
	first, last int64
	frame       uint64 // of the first
	bound       bool   // ARP, DHCP or neighbour discovery says that the MAC is the address's own
}

func (s *sighting) touch(nano int64) {
	s.first, s.last = min(s.first, nano), max(s.last, nano)
}

type hostTable struct {
	max     int
	pairs   map[pair]*sighting
	routers map[mac]bool // that said so themselves
	dropped uint64
}

// see notes a sighting; nil where it can be no host or there is no room.
func (t *hostTable) see(p pair, nano int64, frame uint64) *sighting {
	if p.mac.group() {
		p.mac = 0
	}
	if !p.ip.host() {
		p.ip = addr{}
	}
	if p == (pair{}) {
		return nil
	}
	s := t.pairs[p]
	if s == nil {
		if len(t.pairs) >= t.max {
			t.dropped++
			return nil
		}
		s = &sighting{pair: p, first: nano, last: nano, frame: frame}
		t.pairs[p] = s
	}
	s.touch(nano)
	return s
}

func (t *hostTable) router(m mac) {
	if t.routers == nil {
		t.routers = map[mac]bool{}
	}
	t.routers[m] = true
}

func parseAddr(s string) addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return addr{}
	}
	return addrOf(a.WithZone(""))
}

// census is the sum of all sightings: whose each address is, and which addresses sent anything.
type census struct {
	owners map[addr][]mac
	sent   map[addr]bool
}

// census says whose each address is. A MAC in a frame is the sender's own where ARP, DHCP or neighbour discovery
// said so, where the address is link-local or derived from the MAC, or where the MAC sends for one local address
// alone. A router's MAC carries many addresses, or public ones while the others on the link are private; what
// came through it is known by IP alone.
func (t *hostTable) census() census {
	c := census{owners: map[addr][]mac{}, sent: map[addr]bool{}}
	byMAC := map[mac][]*sighting{}
	privates := map[mac]bool{} // MACs that send for a private IPv4 address
	for p, s := range t.pairs {
		c.sent[p.ip] = true
		if p.mac == 0 || p.ip == (addr{}) {
			continue
		}
		byMAC[p.mac] = append(byMAC[p.mac], s)
		if p.ip.is4() && p.ip.private() {
			privates[p.mac] = true
		}
	}
	for m, seen := range byMAC {
		slices.SortFunc(seen, func(a, b *sighting) int {
			return cmp.Or(cmp.Compare(a.ip.hi, b.ip.hi), cmp.Compare(a.ip.lo, b.ip.lo))
		})
		othersPrivate := len(privates) > 1 || len(privates) == 1 && !privates[m]
		for _, s := range own(m, seen, othersPrivate, t.routers[m]) {
			c.owners[s.ip] = append(c.owners[s.ip], m)
		}
	}
	for _, ms := range c.owners {
		slices.Sort(ms)
	}
	return c
}

// own picks the addresses that are a MAC's own among those it sent for.
func own(m mac, seen []*sighting, othersPrivate, router bool) []*sighting {
	var mine, rest4, rest6 []*sighting
	bound4 := 0
	for _, s := range seen {
		if s.bound && s.ip.is4() {
			bound4++
		}
	}
	has4 := false
	for _, s := range seen {
		switch {
		case s.ip.linkLocal(), !s.ip.is4() && (s.bound || s.ip.lo == m.eui64()):
			mine = append(mine, s)
		case s.ip.is4() && s.bound && bound4 <= maxProxied:
			mine, has4 = append(mine, s), true
		case s.ip.is4():
			rest4 = append(rest4, s)
		default:
			rest6 = append(rest6, s)
		}
	}
	if len(rest4) == 1 && !has4 && !router && (rest4[0].ip.private() || !othersPrivate) {
		mine, rest4 = append(mine, rest4[0]), nil
	}
	router = router || len(rest4) > 0
	nets := map[uint64]bool{} // the /64 that the host is in
	for _, s := range mine {
		if !s.ip.is4() && !s.ip.linkLocal() {
			nets[s.ip.hi] = true
		}
	}
	if len(nets) == 0 && !router && len(rest6) > 0 && len(rest6) <= maxOwn6 && rest6[0].ip.hi == rest6[len(rest6)-1].ip.hi {
		nets[rest6[0].ip.hi] = true
	}
	for _, s := range rest6 {
		if nets[s.ip.hi] {
			mine = append(mine, s)
		}
	}
	return mine
}

// home is the device a host key belongs to: its own MAC, else its IP.
func (c census) home(p pair) pair {
	if p.mac.group() {
		p.mac = 0
		if !c.sent[p.ip] {
			return pair{} // the destination of a broadcast
		}
	}
	if !p.ip.host() {
		return pair{mac: p.mac}
	}
	ms := c.owners[p.ip]
	switch {
	case slices.Contains(ms, p.mac):
		return pair{mac: p.mac}
	case len(ms) == 1:
		return pair{mac: ms[0]}
	default:
		return pair{ip: p.ip}
	}
}

// device is a record in the making.
type device struct {
	pair
	child       string // of a device that has no address here
	first, last int64
	addresses   map[fact.Attr]map[string]*sighting
	facts       []fact.Fact
}

// records groups what was said and seen by device.
func (e *Engine) records() []fact.Record {
	census := e.hosts.census()
	devices := map[pair]*device{}
	of := func(p pair, first, last int64) *device {
		h := census.home(p)
		if h == (pair{}) {
			return nil
		}
		d := devices[h]
		if d == nil {
			d = &device{pair: h, first: first, last: last, addresses: map[fact.Attr]map[string]*sighting{}}
			devices[h] = d
		}
		d.first, d.last = min(d.first, first), max(d.last, last)
		return d
	}
	for p, s := range e.hosts.pairs {
		d := of(p, s.first, s.last)
		if d == nil {
			continue
		}
		if d.mac != 0 {
			d.address(fact.MAC, d.mac.String(), s)
		} else if p.mac != 0 { // the router that passed it on is a device too
			of(pair{mac: p.mac}, s.first, s.last).address(fact.MAC, p.mac.String(), s)
		}
		if p.ip != (addr{}) {
			d.address(fact.IP, p.ip.netip().String(), s)
		}
	}
	children := map[string]*device{}
	for k, s := range e.facts.said {
		if id, ok := strings.CutPrefix(k.subject, childMark); ok {
			d := children[id]
			if d == nil {
				d = &device{child: id, first: s.first, last: s.last}
				children[id] = d
			}
			d.first, d.last = min(d.first, s.first), max(d.last, s.last)
			d.facts = append(d.facts, s.fact(k))
			continue
		}
		m, ip := fact.Key{Kind: "host", Value: k.subject}.SplitHost()
		d := of(pair{parseMAC(m), parseAddr(ip)}, s.first, s.last)
		if d == nil || k.attr == fact.MAC && m != "" && d.mac == 0 { // said by a proxy for another
			continue
		}
		if d.mac != 0 { // also of a host that never sent a frame here, such as a relayed DHCP client
			d.address(fact.MAC, d.mac.String(), &sighting{first: s.first, last: s.last, frame: s.frame})
		}
		d.facts = append(d.facts, s.fact(k))
	}
	out := make([]fact.Record, 0, len(devices)+len(children))
	for _, d := range devices {
		out = append(out, d.record())
	}
	for _, d := range children {
		out = append(out, d.record())
	}
	slices.SortFunc(out, func(a, b fact.Record) int { return a.Subject.Compare(b.Subject) })
	return out
}

// address remembers the earliest sighting of an address of the device.
func (d *device) address(attr fact.Attr, value string, s *sighting) {
	if d.addresses[attr] == nil {
		d.addresses[attr] = map[string]*sighting{}
	}
	old := d.addresses[attr][value]
	if old == nil {
		copied := *s
		d.addresses[attr][value] = &copied
		return
	}
	if s.first < old.first || s.first == old.first && s.frame < old.frame {
		old.first, old.frame = s.first, s.frame
	}
	old.last = max(old.last, s.last)
}

// record writes a device down: addresses, services and observations without repeats, in a stable order. A MAC
// names the device where it is known, because addresses change hands.
func (d *device) record() fact.Record {
	r := fact.Record{Source: "wire", At: time.Unix(0, d.last).UTC()}
	switch {
	case d.child != "":
		r.Subject = fact.Child(d.child)
	case d.mac != 0:
		r.Subject = fact.Host(d.mac.String(), "")
	default:
		r.Subject = fact.Host("", d.ip.netip().String())
	}
	said := map[[2]string]bool{}
	for _, f := range d.facts {
		said[[2]string{string(f.Attr), f.Value}] = true
	}
	for attr, values := range d.addresses {
		for v, s := range values {
			if !said[[2]string{string(attr), v}] {
				d.facts = append(d.facts, fact.Fact{Attr: attr, Value: v, At: time.Unix(0, s.last).UTC(),
					Because: "sender, frame " + strconv.FormatUint(s.frame, 10)})
			}
		}
	}
	slices.SortFunc(d.facts, func(a, b fact.Fact) int {
		return cmp.Or(cmp.Compare(a.Attr, b.Attr), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Source, b.Source),
			cmp.Compare(frameOf(a.Because), frameOf(b.Because)), cmp.Compare(a.Because, b.Because))
	})
	for _, f := range d.facts {
		if n := len(r.Facts); n > 0 && r.Facts[n-1].Attr == f.Attr && r.Facts[n-1].Value == f.Value && r.Facts[n-1].Source == f.Source {
			if f.At.After(r.Facts[n-1].At) {
				r.Facts[n-1].At = f.At
			}
			continue
		}
		r.Facts = append(r.Facts, f)
	}
	for _, t := range []struct {
		attr fact.Attr
		nano int64
	}{{fact.FirstSeen, d.first}, {fact.LastSeen, d.last}} {
		at := time.Unix(0, t.nano).UTC()
		r.Facts = append(r.Facts, fact.Fact{Attr: t.attr, Value: at.Format(time.RFC3339), At: at})
	}
	return r
}

// fact is the statement with its key, as a record holds it.
func (s *statement) fact(k statementKey) fact.Fact {
	return fact.Fact{Attr: k.attr, Value: k.value, Source: k.source, Trust: s.trust, At: time.Unix(0, s.last).UTC(), Because: s.reason()}
}

// frameOf reads the frame number that ends a reason.
func frameOf(because string) uint64 {
	i := len(because)
	for i > 0 && because[i-1] >= '0' && because[i-1] <= '9' {
		i--
	}
	n, _ := strconv.ParseUint(because[i:], 10, 64)
	return n
}
