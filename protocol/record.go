package protocol

import (
	"cmp"
	"slices"
	"time"

	"pons/fact"
)

// sight is an address of a device: where it was first met, and how long.
type sight struct {
	attr        fact.Attr
	value       string
	first, last int64
	frame       uint64
}

// told is a fact with the frame that its reason ends with, for the order of equals.
type told struct {
	fact.Fact
	frame uint64
}

// clerk writes records; what it needs for one it uses for the next.
type clerk struct {
	sights []sight
	facts  []told
}

// record writes a device down: addresses, services and observations without repeats, in a stable order. A MAC
// names the device where it is known, because addresses change hands.
func (k *clerk) record(c *census, d *device) fact.Record {
	k.sights, k.facts = k.sights[:0], k.facts[:0]
	first, last := k.gather(c, d)
	r := fact.Record{Source: "wire", At: moment(last), Subject: d.key()}
	for _, s := range k.sights {
		if !slices.ContainsFunc(k.facts, func(f told) bool { return f.Attr == s.attr && f.Value == s.value }) {
			k.facts = append(k.facts, told{fact.Fact{Attr: s.attr, Value: s.value, At: moment(s.last),
				Because: "sender, " + frameText(s.frame)}, s.frame})
		}
	}
	slices.SortFunc(k.facts, func(a, b told) int {
		return cmp.Or(cmp.Compare(a.Attr, b.Attr), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Source, b.Source),
			cmp.Compare(a.frame, b.frame), cmp.Compare(a.Because, b.Because))
	})
	r.Facts = make([]fact.Fact, 0, len(k.facts)+2)
	for i := range k.facts {
		f := &k.facts[i].Fact
		if n := len(r.Facts); n > 0 && r.Facts[n-1].Attr == f.Attr && r.Facts[n-1].Value == f.Value && r.Facts[n-1].Source == f.Source {
			if f.At.After(r.Facts[n-1].At) {
				r.Facts[n-1].At = f.At
			}
			continue
		}
		r.Facts = append(r.Facts, *f)
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
	text := d.mac.String()
	if l := c.links[d.mac]; d.mac != 0 && l != nil { // also a router that only passed on what others sent
		first, last = l.first, l.last
		k.address(sight{fact.MAC, text, l.first, l.last, l.frame})
	}
	for _, h := range d.hosts {
		if h.seen {
			first, last = min(first, h.first), max(last, h.last)
			if d.mac != 0 {
				k.address(sight{fact.MAC, text, h.first, h.last, h.frame})
			}
			if h.ip != (addr{}) {
				k.address(sight{fact.IP, h.ip.String(), h.first, h.last, h.frame})
			}
		}
		for _, s := range h.facts {
			first, last = min(first, s.first), max(last, s.last)
			if s.attr == fact.MAC && h.mac != 0 && d.mac == 0 { // said by a proxy for another
				continue
			}
			if d.mac != 0 && !h.seen { // also of a host that never sent a frame here, such as a relayed DHCP client
				k.address(sight{fact.MAC, text, s.first, s.last, s.frame})
			}
			k.facts = append(k.facts, told{fact.Fact{Attr: s.attr, Value: s.value, Source: s.source, Trust: s.trust,
				At: moment(s.last), Because: s.reason()}, s.frame})
		}
	}
	return first, last
}

// address remembers the earliest sight of an address of the device.
func (k *clerk) address(s sight) {
	for i := range k.sights {
		if old := &k.sights[i]; old.attr == s.attr && old.value == s.value {
			if s.first < old.first || s.first == old.first && s.frame < old.frame {
				old.first, old.frame = s.first, s.frame
			}
			old.last = max(old.last, s.last)
			return
		}
	}
	k.sights = append(k.sights, s)
}
