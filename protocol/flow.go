package protocol

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"time"

	"pons/fact"
)

// How long a silent conversation is kept: datagrams rarely pause longer than a minute, HL7 and DICOM
// connections may rest for hours (interface engines send keep-alives far apart).
const (
	shortIdle = 60 * 1e9
	longIdle  = 4 * 3600 * 1e9
)

// maxAsks bounds how often parsers are asked about a conversation that began before the capture or lost
// bytes; maxDatagramAsks about one whose first datagrams nobody knew.
const (
	maxAsks         = 64
	maxDatagramAsks = 4
)

// flowKey names a conversation: its two sides in a fixed order. A bare link conversation has the sender's
// MAC and the EtherType; a datagram without a source address is told apart by its sender's MAC.
type flowKey struct {
	a, b         addr
	aPort, bPort uint16
	transport    Transport
}

// noSource marks such a side: 0100::/64 is the discard prefix (RFC 6666) and sends nothing. The MAC is behind it.
const noSource = 1 << 56

type flowState uint8

const (
	asking flowState = iota // no parser has claimed it yet
	claimed
	dead // nobody wants it, or it ended
)

// flow is one conversation. Sides are 0 (key.a) and 1 (key.b); which of them is the client may be a guess.
type flow struct {
	key          flowKey
	older, newer *flow
	idle         uint8 // which list it is in
	last         int64
	frame        uint64

	mac       [2]mac
	sighted   [2]*sighting
	sent      [2]bool
	client    uint8
	certain   bool // SYN or ports told who the client is
	served    [2]bool
	everAsked bool

	state  flowState
	parser int
	asks   int
	conv   Conversation
	stream *stream // TCP only
}

// flowList is an intrusive list of flows by their last packet.
type flowList struct{ oldest, newest *flow }

func (l *flowList) remove(f *flow) {
	if f.older != nil {
		f.older.newer = f.newer
	} else {
		l.oldest = f.newer
	}
	if f.newer != nil {
		f.newer.older = f.older
	} else {
		l.newest = f.older
	}
	f.older, f.newer = nil, nil
}

func (l *flowList) push(f *flow) {
	f.older, f.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = f
	} else {
		l.oldest = f
	}
	l.newest = f
}

// flowFor finds or begins the conversation of the packet in hand and returns the sender's side.
func (e *Engine) flowFor(t Transport, fromPort, toPort uint16) (f *flow, side uint8) {
	from, to := e.p.from, e.p.to
	if !from.host() && t == UDP {
		from = addr{noSource, uint64(e.p.src)}
	}
	k := flowKey{from, to, fromPort, toPort, t}
	if to.less(from) || to == from && toPort < fromPort {
		k, side = flowKey{to, from, toPort, fromPort, t}, 1
	}
	f = e.flows[k]
	if f == nil || e.p.nano-f.last > shortIdle && f.idle == 0 {
		if f != nil {
			e.endFlow(f)
		}
		f = e.newFlow(k)
		f.client, f.certain = side, false
		if t == UDP {
			f.idle = 0
			if fromPort < 1024 && toPort >= 1024 { // a service answers from its port; the question was not seen
				f.client = 1 - side
			}
		}
		e.idle[f.idle].push(f)
	} else if l := &e.idle[f.idle]; l.newest != f {
		l.remove(f)
		l.push(f)
	}
	f.last, f.frame = e.p.nano, e.p.frame
	e.sight(f, side)
	return f, side
}

// sight notes the sender of the packet in hand, by a shortcut where it is the same as last time.
func (e *Engine) sight(f *flow, side uint8) {
	f.sent[side] = true
	if s := f.sighted[side]; s != nil && f.mac[side] == e.p.src {
		s.touch(e.p.nano)
	} else {
		f.sighted[side] = e.hosts.see(pair{e.p.src, e.p.from}, e.p.nano, e.p.frame)
	}
	f.mac[side] = e.p.src
	if other := 1 - side; !f.sent[other] {
		f.mac[other] = e.p.dst
	}
}

func (e *Engine) newFlow(k flowKey) *flow {
	for i, limit := range [2]int64{shortIdle, longIdle} { // a new one pays for up to two that have gone silent
		for range 2 {
			if f := e.idle[i].oldest; f != nil && e.clock-f.last > limit {
				e.endFlow(f)
			}
		}
	}
	if len(e.flows) >= e.opt.MaxFlows {
		f := e.idle[0].oldest
		if f == nil || e.idle[1].oldest != nil && len(e.flows)&1 == 0 {
			f = e.idle[1].oldest
		}
		e.endFlow(f)
		e.count.Evicted++
	}
	f := e.free
	if f != nil {
		e.free = f.newer
		*f = flow{}
	} else {
		f = new(flow)
	}
	f.key = k
	e.flows[k] = f
	e.count.Conversations++
	return f
}

// endFlow lets a conversation go, after handing out what still waits for lost bytes.
func (e *Engine) endFlow(f *flow) {
	now := e.p
	e.p = packet{at: time.Unix(0, f.last).UTC(), nano: f.last, frame: f.frame}
	if f.stream != nil {
		e.flushStream(f)
	}
	e.kill(f)
	e.p = now
	e.idle[f.idle].remove(f)
	delete(e.flows, f.key)
	f.newer, e.free = e.free, f
}

// kill stops reading a conversation; the flow stays to swallow what comes after.
func (e *Engine) kill(f *flow) {
	if f.state == asking && f.everAsked && f.parser == 0 {
		e.count.Unclaimed++
	}
	if f.state == claimed {
		f.served = [2]bool{} // states the services again, for when they were last seen
		e.serve(f)
	}
	f.state, f.conv = dead, nil
	if f.stream != nil {
		e.dropBuffers(f.stream)
	}
	if f.idle != 0 {
		e.idle[f.idle].remove(f)
		f.idle = 0
		e.idle[0].push(f)
	}
}

// endpoint describes a side as parsers see it.
func (f *flow) endpoint(side uint8) Endpoint {
	a, port := f.key.a, f.key.aPort
	if side == 1 {
		a, port = f.key.b, f.key.bPort
	}
	if f.key.transport == Link {
		return Endpoint{MAC: f.mac[side].String()}
	}
	ep := Endpoint{MAC: f.mac[side].String(), IP: a.netip(), Port: port}
	if a.hi == noSource {
		ep.IP = netip.IPv6Unspecified()
		if f.key.a.is4() || f.key.b.is4() {
			ep.IP = netip.IPv4Unspecified()
		}
	}
	return ep
}

func (f *flow) dir(side uint8) Dir {
	if side == f.client {
		return ToServer
	}
	return ToClient
}

func (f *flow) opening(side uint8, first []byte, frame uint64) Opening {
	return Opening{
		Transport: f.key.transport, Client: f.endpoint(f.client), Server: f.endpoint(1 - f.client),
		FirstDir: f.dir(side), First: first, Frame: frame,
	}
}

// ask offers first bytes to every parser, and once more with the sides exchanged where they were guessed.
func (e *Engine) ask(f *flow, o Opening) bool {
	f.everAsked = true
	f.asks++
	for turn := range 2 {
		if turn == 1 {
			if f.certain || o.Transport == Link {
				break
			}
			o.Client, o.Server, o.FirstDir = o.Server, o.Client, 1-o.FirstDir
		}
		for i := range e.parsers {
			if !e.claims(i, o) {
				continue
			}
			if turn == 1 {
				f.client = 1 - f.client
			}
			if f.parser != i+1 { // a conversation resumed after a loss is still the same one
				e.count.Parsers[i].Conversations++
				f.served = [2]bool{}
			}
			f.parser, f.state, f.certain = i+1, claimed, true
			f.conv = e.open(i, o)
			if f.conv == nil {
				e.kill(f)
				return false
			}
			e.serve(f)
			return true
		}
	}
	return false
}

func (e *Engine) claims(i int, o Opening) (ok bool) {
	defer e.caught(i)
	return e.parsers[i].Claims(o)
}

func (e *Engine) open(i int, o Opening) (c Conversation) {
	defer e.caught(i)
	return e.parsers[i].New(o)
}

// caught turns a parser's fault into a count: one hostile datagram must not stop a sensor.
func (e *Engine) caught(i int) {
	if r := recover(); r != nil {
		e.count.Parsers[i].Panics++
		e.count.Parsers[i].Errors++
	}
}

var errPanic = errors.New("parser fault")

// next calls the conversation's parser, and holds it to its contract.
func (e *Engine) next(f *flow, d Dir, data []byte) (advance int, err error) {
	e.speaking = f.parser - 1
	err = errPanic
	defer e.caught(e.speaking)
	advance, err = f.conv.Next(e.p.at, d, data, e.emit)
	if err == nil && (advance < 0 || advance > len(data)) {
		err = errPanic
	}
	if err != nil && !errors.Is(err, Done) && !errors.Is(err, Renew) {
		e.count.Parsers[e.speaking].Errors++
	}
	return advance, err
}

// serve states the services of a claimed conversation, for each side that was seen sending.
func (e *Engine) serve(f *flow) {
	if f.key.transport == Link {
		return
	}
	transport := "tcp"
	if f.key.transport == UDP {
		transport = "udp"
	}
	port := f.endpoint(1 - f.client).Port
	for side := range uint8(2) {
		if !f.sent[side] || f.served[side] {
			continue
		}
		f.served[side] = true
		role := "client"
		if side != f.client {
			role = "server"
		}
		e.say(fact.Fact{
			Subject: f.endpoint(side).Key(), Attr: fact.Service, Source: e.sourceOf(f.parser - 1),
			Value:   transport + "/" + strconv.Itoa(int(port)) + "/" + e.parsers[f.parser-1].Name + "/" + role,
			Because: "conversation", At: time.Unix(0, f.last),
		})
	}
}

// udp reads one datagram.
func (e *Engine) udp(b []byte) {
	if len(b) < 8 {
		e.count.Undecodable++
		return
	}
	payload := b[8:]
	if n := int(binary.BigEndian.Uint16(b[4:])); n >= 8 && n < len(b) {
		payload = b[8:n]
	}
	fromPort, toPort := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	f, side := e.flowFor(UDP, fromPort, toPort)
	e.datagram(f, side, payload, Opening{})
}

// frame reads one bare link payload. Frames of one sender and kind are one conversation.
func (e *Engine) frame(etherType, kind uint16, b []byte) {
	if e.p.src == 0 || e.p.src.group() {
		e.count.Unfollowed++
		return
	}
	e.p.from = addr{}
	k := flowKey{a: addr{uint64(e.p.src), 0}, aPort: kind, bPort: etherType, transport: Link}
	f := e.flows[k]
	if f == nil {
		f = e.newFlow(k)
		f.certain = true
		e.idle[0].push(f)
	} else if l := &e.idle[0]; l.newest != f {
		l.remove(f)
		l.push(f)
	}
	f.last, f.frame = e.p.nano, e.p.frame
	e.sight(f, 0)
	f.mac[1] = e.p.dst
	e.datagram(f, 0, b, Opening{EtherType: etherType})
}

// datagram offers or hands one whole payload to a parser. Its error is counted; the next is still read.
func (e *Engine) datagram(f *flow, side uint8, payload []byte, o Opening) {
	if f.state == dead || len(payload) == 0 {
		return
	}
	if f.state == asking {
		etherType := o.EtherType
		o = f.opening(side, payload, e.p.frame)
		o.EtherType = etherType
		if !e.ask(f, o) {
			if f.asks >= maxDatagramAsks {
				e.kill(f)
			}
			return
		}
	} else if !f.served[side] {
		e.serve(f)
	}
	if _, err := e.next(f, f.dir(side), payload); errors.Is(err, Done) {
		e.kill(f)
	}
}
