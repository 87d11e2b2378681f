package protocol

import (
	"cmp"
	"slices"
)

// maxProxied is how many IPv4 addresses one MAC may answer ARP for before it counts as a proxy that answers for
// others (RFC 1027); a server with secondary addresses has a handful.
const maxProxied = 16

// maxOwn6 is how many IPv6 addresses of one /64 a host may use that never announced them: temporary addresses
// (RFC 8981) change daily and a few live at once.
const maxOwn6 = 8

// census says whose each address is, and so which hosts are one device. A MAC in a frame is the sender's own where
// ARP, DHCP or neighbour discovery said so, where the address is link-local or derived from the MAC, or where the
// MAC sends for one local address alone. A router's MAC carries many addresses, or public ones while the others on
// the link are private; what came through it is known by IP alone. It is taken again where hosts changed, and only
// there.
type census struct {
	links     map[mac]*link
	addresses map[addr]*address
	devices   map[identity]*device
	privates  int // MACs that send for a private IPv4 address
	stirred   []*device
	moved     []*host
}

// link is a MAC that sent frames: with which addresses, and which of them are its own.
type link struct {
	hosts       []*host
	own         []addr
	first, last int64
	frame       uint64
	private     bool
	dirty       bool
	device      *device
}

// address is an IP address: the hosts that have it, and the MACs that own it.
type address struct {
	hosts  []*host
	owners []mac
	sent   bool
}

// device is what becomes a record: a MAC with its addresses, or an address alone.
type device struct {
	identity
	hosts []*host
	dirty bool
	told  bool // its record has been handed out
}

func newCensus() *census {
	return &census{links: map[mac]*link{}, addresses: map[addr]*address{}, devices: map[identity]*device{}}
}

// take brings the census up to date with the changed hosts, and returns the devices that are to be told anew.
func (c *census) take(t *hostTable) []*device {
	before := c.privates
	var dirty []mac
	for _, h := range t.changed {
		h.changed, h.reported = false, h.last
		if len(h.facts) > 0 && !h.seen {
			h.reported = h.facts[len(h.facts)-1].last
		}
		c.note(h)
		if l := c.links[h.mac]; l != nil && !l.dirty {
			l.dirty = true
			dirty = append(dirty, h.mac)
		}
		c.moved = append(c.moved, h)
	}
	t.changed = t.changed[:0]
	if min(before, 2) != min(c.privates, 2) { // what is public among privates is judged anew
		dirty = dirty[:0]
		for m, l := range c.links {
			l.dirty = true
			dirty = append(dirty, m)
		}
	}
	for _, m := range dirty {
		c.settle(m, t.routers[m])
	}
	for _, h := range c.moved {
		c.house(h)
	}
	clear(c.moved)
	c.moved = c.moved[:0]
	out := c.stirred
	c.stirred = nil
	return out
}

// note counts a host as what it has become.
func (c *census) note(h *host) {
	if h.child != "" {
		return
	}
	if h.at == nil {
		if h.at = c.addresses[h.ip]; h.at == nil {
			h.at = &address{}
			c.addresses[h.ip] = h.at
		}
		h.at.hosts = append(h.at.hosts, h)
	}
	a := h.at
	if !h.seen {
		return
	}
	l := c.links[h.mac]
	if l == nil && h.mac != 0 {
		l = &link{first: h.first, last: h.last, frame: h.frame}
		c.links[h.mac] = l
	}
	if l != nil {
		l.first, l.last, l.frame = min(l.first, h.first), max(l.last, h.last), min(l.frame, h.frame)
		if l.device == nil {
			l.device = c.device(identity{pair: pair{mac: h.mac}})
		}
		c.stir(l.device)
	}
	if h.counted {
		return
	}
	h.counted = true
	if !a.sent {
		a.sent = true
		c.moved = append(c.moved, a.hosts...)
	}
	if l == nil || h.ip == (addr{}) {
		return
	}
	l.hosts = append(l.hosts, h)
	if !l.private && h.ip.is4() && h.ip.private() {
		l.private = true
		c.privates++
	}
}

// settle decides which addresses are a MAC's own; the hosts of addresses that change hands move.
func (c *census) settle(m mac, router bool) {
	l := c.links[m]
	l.dirty = false
	slices.SortFunc(l.hosts, func(a, b *host) int { return a.ip.compare(b.ip) })
	othersPrivate := c.privates > 1 || c.privates == 1 && !l.private
	var mine []addr
	for _, h := range own(m, l.hosts, othersPrivate, router) {
		mine = append(mine, h.ip)
	}
	if slices.Equal(mine, l.own) {
		return
	}
	for _, ip := range l.own {
		if !slices.Contains(mine, ip) {
			a := c.addresses[ip]
			a.owners = slices.DeleteFunc(a.owners, func(o mac) bool { return o == m })
			c.moved = append(c.moved, a.hosts...)
		}
	}
	for _, ip := range mine {
		if !slices.Contains(l.own, ip) {
			a := c.addresses[ip]
			at, _ := slices.BinarySearch(a.owners, m)
			a.owners = slices.Insert(a.owners, at, m)
			c.moved = append(c.moved, a.hosts...)
		}
	}
	l.own = mine
}

// own picks the addresses that are a MAC's own among those it sent for, which are in order.
func own(m mac, seen []*host, othersPrivate, router bool) []*host {
	if len(seen) == 1 { // as most are
		h := seen[0]
		switch {
		case h.ip.linkLocal(), h.bound, !h.ip.is4() && (h.ip.lo == m.eui64() || !router),
			h.ip.is4() && !router && (h.ip.private() || !othersPrivate):
			return seen
		}
		return nil
	}
	var mine, rest4, rest6 []*host
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

// home is the device a pair of addresses belongs to: its own MAC, else its IP.
func (c *census) home(p pair) pair { return homeOf(p, c.addresses[p.ip]) }

func homeOf(p pair, a *address) pair {
	if p.mac.group() {
		p.mac = 0
		if a == nil || !a.sent {
			return pair{} // the destination of a broadcast
		}
	}
	if !p.ip.host() {
		return pair{mac: p.mac}
	}
	switch {
	case a == nil:
		return pair{ip: p.ip}
	case slices.Contains(a.owners, p.mac):
		return pair{mac: p.mac}
	case len(a.owners) == 1:
		return pair{mac: a.owners[0]}
	}
	return pair{ip: p.ip}
}

// house moves a host to the device it belongs to now.
func (c *census) house(h *host) {
	p := identity{}
	switch {
	case h.child != "":
		p = h.identity
	case h.seen || len(h.facts) > 0 && (h.at.sent || h.spokenFor()):
		p.pair = homeOf(h.pair, h.at)
	}
	if h.home != nil && h.home.identity == p {
		c.stir(h.home)
		return
	}
	if old := h.home; old != nil {
		old.hosts = slices.DeleteFunc(old.hosts, func(o *host) bool { return o == h })
		c.stir(old)
		h.home = nil
	}
	if p == (identity{}) {
		return
	}
	d := c.device(p)
	c.stir(d)
	d.hosts = append(d.hosts, h)
	h.home = d
}

// spokenFor tells whether what others say of a host that sent nothing makes it one: a name server's answer alone does
// not, for names outlive their hosts and one zone holds thousands; nor is the speaker's own loopback address another.
func (h *host) spokenFor() bool {
	return !h.ip.loopback() && slices.ContainsFunc(h.facts, func(s *statement) bool { return s.source != "wire:dns" })
}

// device finds or begins a device.
func (c *census) device(p identity) *device {
	d := c.devices[p]
	if d == nil {
		d = &device{identity: p}
		c.devices[p] = d
	}
	return d
}

// stir marks a device for telling.
func (c *census) stir(d *device) {
	if !d.dirty {
		d.dirty = true
		c.stirred = append(c.stirred, d)
	}
}

// empty tells that nothing belongs to a device any more.
func (c *census) empty(d *device) bool {
	return len(d.hosts) == 0 && (d.mac == 0 || c.links[d.mac] == nil)
}

func (a addr) compare(b addr) int { return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo)) }
