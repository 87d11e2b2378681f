package protocol

import (
	"net/netip"
	"strconv"
	"time"

	"pons/fact"
)

// refresh is how often a host that says nothing new is reported again for its last sight, in capture time: an
// inventory shows minutes, and a report a packet would be one a millisecond.
const refresh = 5 * 60 * 1e9

type pair struct {
	mac mac
	ip  addr
}

// identity is a pair of addresses, or the id of a device that has none because a host speaks for it.
type identity struct {
	pair
	child string
}

// host is one pair of addresses: of a frame's sender, or as a parser names a host; or such a child. Which device it is,
// the census says.
type host struct {
	identity
	key         string // value of its fact.Key, made when first wanted
	first, last int64
	frame       uint64 // of the first
	seen        bool   // sent something; otherwise it was only spoken of
	bound       bool   // ARP, DHCP or neighbour discovery says that the MAC is the address's own
	facts       []*statement
	next        int                         // which of them was said behind the one that was said last
	index       map[statementKey]*statement // once there are many
	services    []service
	perAttr     map[fact.Attr]int // once there are many
	internet    *statement        // its practices, where the engine saw them
	remote      *statement

	changed  bool  // it waits in hostTable.changed
	reported int64 // the last sight that was reported
	counted  bool  // as a sender, by the census
	home     *device
	at       *address
}

// pairTable finds hosts by their addresses: open addressing with linear probing, half the price of a map. The zero value
// is empty.
type pairTable struct {
	slots []*host // a power of two, at most half of them in use
	used  int
}

func (p *pair) hash() uint64 {
	h := (uint64(p.mac) ^ p.ip.lo<<1) * 0x9e3779b97f4a7c15
	h ^= (p.ip.hi ^ h>>29 ^ p.ip.lo) * 0xbf58476d1ce4e5b9
	return h ^ h>>32
}

// find returns the host of a pair, or nil.
func (t *pairTable) find(p pair) *host {
	if len(t.slots) == 0 {
		return nil
	}
	mask := uint64(len(t.slots) - 1)
	for i := p.hash() & mask; ; i = (i + 1) & mask {
		if h := t.slots[i]; h == nil || h.ip.lo == p.ip.lo && h.mac == p.mac && h.ip.hi == p.ip.hi {
			return h
		}
	}
}

// put adds a host that is not there yet.
func (t *pairTable) put(h *host) {
	if 2*(t.used+1) > len(t.slots) {
		old := t.slots
		t.slots = make([]*host, max(256, 2*len(old)))
		for _, o := range old {
			if o != nil {
				t.place(o)
			}
		}
	}
	t.place(h)
	t.used++
}

func (t *pairTable) place(h *host) {
	mask := uint64(len(t.slots) - 1)
	i := h.pair.hash() & mask
	for t.slots[i] != nil {
		i = (i + 1) & mask
	}
	t.slots[i] = h
}

// hostTable holds the hosts and what was said of them. Each worker has one; the census is taken of one that has
// absorbed the others.
type hostTable struct {
	maxHosts, maxFacts int
	pairs              pairTable
	children           map[string]*host
	names              map[string]*host // by the value of their keys, as parsers write them
	said               int              // statements held
	spare              []statement      // they are made many at a time
	ends               *[2]*host        // of the conversation whose parser speaks: mostly they are meant
	lately             [2]struct {
		key  string
		host *host
	} // the names that were asked for last: a conversation's ends
	routers      map[mac]bool // that said so themselves
	changed      []*host
	hostsDropped uint64
	factsDropped uint64
}

func newHostTable(maxHosts, maxFacts int) *hostTable {
	return &hostTable{
		maxHosts: maxHosts, maxFacts: maxFacts, children: map[string]*host{}, names: map[string]*host{},
		routers: map[mac]bool{},
	}
}

// entry finds or begins a host; nil where there is no room.
func (t *hostTable) entry(p pair) *host {
	h := t.pairs.find(p)
	if h == nil {
		if t.pairs.used >= t.maxHosts {
			t.hostsDropped++
			return nil
		}
		h = &host{identity: identity{pair: p}}
		t.pairs.put(h)
		t.mark(h)
	}
	return h
}

// named is the host that a parser's key names.
func (t *hostTable) named(key string) *host {
	if t.ends != nil {
		for _, h := range t.ends {
			if h != nil && h.key == key {
				return h
			}
		}
	}
	for i := range t.lately {
		if l := &t.lately[i]; l.host != nil && l.key == key {
			return l.host
		}
	}
	h := t.names[key]
	if h == nil {
		m, ip := fact.Key{Kind: "host", Value: key}.SplitHost()
		if h = t.entry(pair{parseMAC(m), parseAddr(ip)}); h != nil {
			t.names[key] = h
		}
	}
	t.lately[0], t.lately[1].key, t.lately[1].host = t.lately[1], key, h
	return h
}

// child finds or begins a device that a host speaks for; nil where there is no room.
func (t *hostTable) child(id string) *host {
	h := t.children[id]
	if h == nil {
		if t.pairs.used+len(t.children) >= t.maxHosts {
			t.hostsDropped++
			return nil
		}
		h = &host{identity: identity{child: id}}
		t.children[id] = h
		t.mark(h)
	}
	return h
}

// mark notes that a host changed.
func (t *hostTable) mark(h *host) {
	if !h.changed {
		h.changed = true
		t.changed = append(t.changed, h)
	}
}

// see notes a sighting; nil where it can be no host or there is no room.
func (t *hostTable) see(p pair, nano int64, frame uint64) *host {
	if p.mac.group() {
		p.mac = 0
	}
	if !p.ip.host() {
		p.ip = addr{}
	}
	if p == (pair{}) {
		return nil
	}
	h := t.entry(p)
	if h == nil {
		return nil
	}
	if !h.seen {
		h.seen, h.first, h.last, h.frame, h.reported = true, nano, nano, frame, nano
		t.mark(h)
	}
	t.touch(h, nano)
	return h
}

// touch notes another sight of a known sender.
func (t *hostTable) touch(h *host, nano int64) {
	if nano > h.last {
		h.last = nano
		if nano-h.reported > refresh {
			t.mark(h)
		}
	} else if nano < h.first {
		h.first = nano
	}
}

// bind notes that the MAC is the host's own.
func (t *hostTable) bind(h *host) {
	if h != nil && !h.bound {
		h.bound = true
		t.mark(h)
	}
}

func (t *hostTable) router(m mac) {
	if !t.routers[m] {
		t.routers[m] = true
		t.mark(t.entryAny(m))
	}
}

// entryAny is the host of a MAC alone, where there is room or not: a router is one of few.
func (t *hostTable) entryAny(m mac) *host {
	p := pair{mac: m}
	if h := t.pairs.find(p); h != nil {
		return h
	}
	h := &host{identity: identity{pair: p}}
	t.pairs.put(h)
	return h
}

// absorb adds what changed in another table; all of it where everything is wanted.
func (t *hostTable) absorb(o *hostTable, everything bool) {
	for m := range o.routers {
		t.router(m)
	}
	if everything {
		o.markAll()
	}
	for _, from := range o.changed {
		from.changed, from.reported = false, from.last
		var h *host
		if from.child != "" {
			h = t.child(from.child)
		} else {
			h = t.entry(from.pair)
		}
		if h == nil {
			continue
		}
		t.mark(h)
		if from.seen && !h.seen {
			h.seen, h.first, h.last, h.frame = true, from.first, from.last, from.frame
		} else if from.seen {
			h.first, h.last, h.frame = min(h.first, from.first), max(h.last, from.last), min(h.frame, from.frame)
		}
		h.bound = h.bound || from.bound
		for _, s := range from.facts {
			t.merge(h, s)
		}
	}
	o.changed = o.changed[:0]
}

func (t *hostTable) markAll() {
	for _, h := range t.pairs.slots {
		if h != nil {
			t.mark(h)
		}
	}
	for _, h := range t.children {
		t.mark(h)
	}
}

// keyText is made once a host.
func (h *host) keyText() string {
	if h.key == "" {
		h.key = keyText(h.pair)
	}
	return h.key
}

// keyText is the value of a pair's fact.Key.
func keyText(p pair) string {
	return fact.Host(p.mac.String(), p.ip.String()).Value
}

func parseAddr(s string) addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return addr{}
	}
	return addrOf(a.WithZone(""))
}

func moment(nano int64) time.Time { return time.Unix(0, nano).UTC() }

func frameText(frame uint64) string { return "frame " + strconv.FormatUint(frame, 10) }
