package protocol

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"pons/fact"
)

// clerk writes records; what it needs for one it uses for the next.
type clerk struct {
	sights []statement  // the device's addresses
	facts  []*statement // what was said, and the addresses that nobody said
}

// record writes a device down: addresses, services and observations without repeats, in a stable order. A MAC
// names the device where it is known, because addresses change hands.
func (k *clerk) record(c *census, d *device, key fact.Key) fact.Record {
	k.sights, k.facts = k.sights[:0], k.facts[:0]
	first, last := k.gather(c, d)
	r := fact.Record{Source: "wire", At: moment(last), Subject: key}
	said := len(k.facts)
	for i := range k.sights {
		s := &k.sights[i]
		if !slices.ContainsFunc(k.facts[:said], func(f *statement) bool { return f.attr == s.attr && f.value == s.value }) {
			k.facts = append(k.facts, s)
		}
	}
	slices.SortFunc(k.facts, inOrder)
	r.Facts = make([]fact.Fact, 0, len(k.facts)+2)
	for i, s := range k.facts {
		at := moment(s.last)
		if i > 0 && k.facts[i-1].statementKey == s.statementKey {
			if old := &r.Facts[len(r.Facts)-1]; at.After(old.At) {
				old.At = at
			}
			continue
		}
		r.Facts = append(r.Facts, fact.Fact{Attr: s.attr, Value: s.value, Source: s.source, Trust: s.trust, At: at, Because: s.reason()})
	}
	for _, t := range []struct {
		attr fact.Attr
		nano int64
	}{{fact.FirstSeen, first}, {fact.LastSeen, last}} {
		at := moment(t.nano)
		r.Facts = append(r.Facts, fact.Fact{Attr: t.attr, Value: at.Format(time.RFC3339), At: at})
	}
	return r
}

// inOrder is the order of facts in a record: by what is said, then by the frame.
func inOrder(a, b *statement) int {
	switch {
	case a.attr != b.attr:
		return strings.Compare(string(a.attr), string(b.attr))
	case a.value != b.value:
		return strings.Compare(a.value, b.value)
	case a.source != b.source:
		return strings.Compare(string(a.source), string(b.source))
	case a.frame != b.frame:
		return cmp.Compare(a.frame, b.frame)
	}
	return strings.Compare(a.because, b.because)
}

// key is the subject of a device's record.
func (d *device) key() fact.Key {
	switch {
	case d.child != "":
		return fact.Child(d.child)
	case d.mac != 0:
		return fact.Host(d.mac.String(), "")
	}
	return fact.Host("", d.ip.String())
}

// gather collects a device's addresses and facts, and when it was first and last met.
func (k *clerk) gather(c *census, d *device) (first, last int64) {
	first, last = 1<<63-1, -1<<63
	text := ""
	if d.mac != 0 {
		text = d.mac.String()
	}
	if l := c.links[d.mac]; d.mac != 0 && l != nil { // also a router that only passed on what others sent
		first, last = l.first, l.last
		k.address(fact.MAC, text, l.first, l.last, l.frame, "sender")
	}
	for _, h := range d.hosts {
		if h.seen {
			first, last = min(first, h.first), max(last, h.last)
			if d.mac != 0 {
				k.address(fact.MAC, text, h.first, h.last, h.frame, "sender")
			}
			if h.ip != (addr{}) {
				k.address(fact.IP, h.ip.String(), h.first, h.last, h.frame, "sender")
			}
		}
		for _, s := range h.facts {
			first, last = min(first, s.first), max(last, s.last)
			if s.attr == fact.MAC && h.mac != 0 && d.mac == 0 { // said by a proxy for another
				continue
			}
			if d.mac != 0 && !h.seen { // also of a host that never sent a frame here, such as a relayed DHCP client
				k.address(fact.MAC, text, s.first, s.last, s.frame, "sender")
			}
			if d.mac == 0 && h.child == "" && !h.at.sent && h.ip.host() {
				k.address(fact.IP, h.ip.String(), s.first, s.last, s.frame, "spoken of")
			}
			k.facts = append(k.facts, s)
		}
	}
	return first, last
}

// address remembers the earliest sight of an address of the device.
func (k *clerk) address(attr fact.Attr, value string, first, last int64, frame uint64, because string) {
	for i := range k.sights {
		if old := &k.sights[i]; old.attr == attr && old.value == value {
			if first < old.first || first == old.first && frame < old.frame {
				old.first, old.frame = first, frame
			}
			old.last = max(old.last, last)
			return
		}
	}
	k.sights = append(k.sights, statement{statementKey: statementKey{attr, value, ""}, first: first, last: last, frame: frame, because: because})
}
