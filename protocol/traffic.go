package protocol

import (
	"cmp"
	"slices"

	"pons/fact"
)

const (
	hourNanos   = 3600 * 1e9
	minuteNanos = 60 * 1e9
	settleAfter = 60 * 1e9 // how long a conversation that nobody has claimed may wait before it is summed without a name
)

// tally is what a conversation carried since it was last summed, within one hour of the clock. Sides are the flow's.
type tally struct {
	hour                            int64 // its beginning, in nanoseconds
	first, last                     int64
	minutes                         uint64
	packets                         [2]uint32
	bytes                           [2]uint64
	begun                           uint32
	associations, messages, studies uint32
}

// trafficKey is two hosts, a service and an hour.
type trafficKey struct {
	client, server pair
	hour           int64
	port           uint16
	parser         int16 // 0: none
	transport      Transport
}

// trafficRow is the sum.
type trafficRow struct {
	up, down                               Volume
	begun, associations, messages, studies uint64
	minutes                                uint64
	first, last                            int64
}

// trafficTable sums conversations that have ended, or have gone on, since it was last emptied.
type trafficTable struct {
	max     int
	rows    map[trafficKey]*trafficRow
	spare   []trafficRow // rows are made many at a time
	dropped uint64       // packets that found no row
}

func (t *trafficTable) row(k trafficKey) *trafficRow {
	r := t.rows[k]
	if r == nil {
		if len(t.rows) >= t.max {
			return nil
		}
		if len(t.spare) == 0 {
			t.spare = make([]trafficRow, 256)
		}
		r, t.spare = &t.spare[0], t.spare[1:]
		r.first, r.last = 1<<63-1, -1<<63
		t.rows[k] = r
	}
	return r
}

func (r *trafficRow) add(o *trafficRow) {
	r.up.Packets += o.up.Packets
	r.up.Bytes += o.up.Bytes
	r.down.Packets += o.down.Packets
	r.down.Bytes += o.down.Bytes
	r.begun += o.begun
	r.associations += o.associations
	r.messages += o.messages
	r.studies += o.studies
	r.minutes |= o.minutes
	r.first, r.last = min(r.first, o.first), max(r.last, o.last)
}

// tallyUp adds the packet in hand to its conversation.
func (w *worker) tallyUp(f *flow, side uint8) {
	t := &f.tally
	nano := w.p.nano
	into := nano - t.hour
	if uint64(into) >= hourNanos {
		w.sum(f)
		into = nano % hourNanos
		if into < 0 {
			into += hourNanos
		}
		t.hour = nano - into
	}
	if t.packets[0]|t.packets[1] == 0 {
		t.first, t.last = nano, nano
	}
	t.first, t.last = min(t.first, nano), max(t.last, nano)
	t.minutes |= 1 << (uint64(into) / minuteNanos)
	t.packets[side] += w.p.packets
	t.bytes[side] += w.p.size
}

// sum adds what a conversation carried to the table.
func (w *worker) sum(f *flow) {
	t := &f.tally
	if t.packets[0]|t.packets[1] == 0 {
		return
	}
	if f.talks {
		w.practised(f)
	}
	if w.traffic.max > 0 {
		w.addRow(f)
	}
	*t = tally{hour: t.hour}
}

func (w *worker) addRow(f *flow) {
	t, c, s := &f.tally, f.client, 1-f.client
	r := w.traffic.row(trafficKey{client: f.pair(c), server: f.pair(s), hour: t.hour, port: f.port(s), parser: int16(f.parser), transport: f.key.transport})
	if r == nil {
		w.traffic.dropped += uint64(t.packets[0] + t.packets[1])
	} else {
		r.add(&trafficRow{
			up: Volume{uint64(t.packets[c]), t.bytes[c]}, down: Volume{uint64(t.packets[s]), t.bytes[s]}, begun: uint64(t.begun),
			associations: uint64(t.associations), messages: uint64(t.messages), studies: uint64(t.studies),
			minutes: t.minutes, first: t.first, last: t.last,
		})
	}
}

// pair is a side's addresses as its frames had them.
func (f *flow) pair(side uint8) pair {
	ip := f.key.a
	if side == 1 {
		ip = f.key.b
	}
	if f.key.transport == Link || ip.hi == noSource {
		ip = addr{}
	}
	return pair{f.mac[side], ip}
}

// port is a side's port; of a bare link conversation its EtherType.
func (f *flow) port(side uint8) uint16 {
	if side == 0 && f.key.transport != Link {
		return f.key.aPort
	}
	return f.key.bPort
}

// sumRecent sums the conversations that have gone on since the last time. Those that parsers may still claim wait a
// little, so that they are summed under their name; the lists are in the order of the last packet.
func (w *worker) sumRecent() {
	since := w.summed - 2*settleAfter
	for i := range w.idle {
		for f := w.idle[i].newest; f != nil && f.last >= since; f = f.older {
			if f.state != asking || w.p.clock-f.begun > settleAfter {
				w.sum(f)
			}
		}
	}
	w.summed = w.p.clock
}

// rows resolves all sums by the census, in a stable order, and empties the tables.
func (e *Engine) rows() []Traffic {
	type resolved struct {
		client, server fact.Key
		hour           int64
		port           uint16
		parser         int16
		transport      Transport
	}
	texts := map[pair]fact.Key{}
	name := func(p pair) fact.Key {
		k, ok := texts[p]
		if !ok {
			k = e.census.end(p)
			texts[p] = k
		}
		return k
	}
	sums := map[resolved]*trafficRow{}
	for _, w := range e.workers {
		for k, r := range w.traffic.rows {
			to := resolved{name(k.client), name(k.server), k.hour, k.port, k.parser, k.transport}
			if have := sums[to]; have != nil {
				have.add(r)
			} else {
				sums[to] = r
			}
		}
		clear(w.traffic.rows)
		w.traffic.spare = nil
	}
	order := make([]resolved, 0, len(sums))
	for k := range sums {
		order = append(order, k)
	}
	slices.SortFunc(order, func(a, b resolved) int {
		if a.hour != b.hour {
			return cmp.Compare(a.hour, b.hour)
		}
		if c := a.client.Compare(b.client); c != 0 {
			return c
		}
		if c := a.server.Compare(b.server); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.transport, b.transport), cmp.Compare(a.port, b.port), cmp.Compare(a.parser, b.parser))
	})
	out := make([]Traffic, 0, len(sums))
	for _, k := range order {
		r := sums[k]
		t := Traffic{Hour: moment(k.hour), Client: k.client, Server: k.server, Transport: k.transport, Port: k.port, Up: r.up, Down: r.down,
			Conversations: r.begun, Associations: r.associations, Messages: r.messages, Studies: r.studies, Minutes: r.minutes,
			First: moment(r.first), Last: moment(r.last)}
		if k.parser > 0 {
			t.Protocol = e.parsers[k.parser-1].Name
		}
		out = append(out, t)
	}
	return out
}

// end is the subject of a conversation's end: the record's where there is one, else the address alone.
func (c *census) end(p pair) fact.Key {
	if p.mac.group() {
		if p.ip != (addr{}) {
			return fact.Host("", p.ip.String())
		}
		return fact.Host(p.mac.String(), "")
	}
	if p.ip != (addr{}) && !p.ip.host() {
		return fact.Host("", p.ip.String())
	}
	d := device{identity: identity{pair: c.home(p)}}
	return d.key()
}
