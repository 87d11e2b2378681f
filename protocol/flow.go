package protocol

import (
	"cmp"
	"encoding/binary"
	"errors"
	"net/netip"
)

// How long a silent conversation is kept: datagrams rarely pause longer than a minute, HL7 and DICOM
// connections may rest for hours (interface engines send keep-alives far apart).
const (
	shortIdle = 60 * 1e9
	longIdle  = 4 * 3600 * 1e9
)

// listEvery is how often a conversation that goes on is moved in the list of the least recent.
const listEvery = 1e9

var idleLimit = [2]int64{shortIdle, longIdle}

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

// flow is one conversation. Sides are 0 (key.a) and 1 (key.b); which of them is the client may be a guess. What every
// packet touches stands first.
type flow struct {
	key     flowKey
	last    int64
	frame   uint64
	listed  int64 // when it was put where it is in its list
	mac     [2]mac
	host    [2]*host // as it was last seen sending
	state   flowState
	idle    uint8 // which list it is in
	client  uint8
	certain bool // SYN or ports told who the client is
	talks   bool // both sides have spoken
	outside bool // one of them is on the Internet
	remote  bool // and works on the other
	asked   bool // a parser was, at least once
	sent    [2]bool
	spoke   [2]bool // sent something beside headers
	served  [2]bool
	service [2]*statement // of the sides that are served, and of the hosts above
	named   [2]bool       // ends holds the side, with the MAC it has now
	tally   tally
	stream  *stream // TCP only
	conv    Conversation
	parser  int // its index plus one
	asks    int

	older, newer *flow
	hash         uint64
	begun        int64
	ends         [2]Endpoint
	spare        *stream // of the conversation that this was before
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

// flowFor finds or begins the conversation of the packet in hand and returns the sender's side; nil where another
// worker follows it.
func (w *worker) flowFor(t Transport, fromPort, toPort uint16) (f *flow, side uint8) {
	from, to := w.p.from, w.p.to
	if !from.host() && t == UDP {
		from = addr{noSource, uint64(w.p.src)}
	}
	if !w.mine(from, to) {
		return nil, 0
	}
	w.counts = true
	k := flowKey{from, to, fromPort, toPort, t}
	if to.less(from) || to == from && toPort < fromPort {
		k, side = flowKey{to, from, toPort, fromPort, t}, 1
	}
	hash := k.hash()
	f = w.flows.find(&k, hash)
	if f == nil || w.p.nano-f.last > idleLimit[f.idle] {
		if f != nil {
			w.endFlow(f)
		}
		f = w.newFlow(&k, hash)
		f.client = side
		if t == UDP && fromPort < 1024 && toPort >= 1024 { // a service answers from its port; the question was not seen
			f.client = 1 - side
		}
		w.idle[0].push(f)
	} else {
		w.lively(f)
	}
	f.last, f.frame = w.p.nano, w.p.frame
	w.sight(f, side)
	return f, side
}

// sight notes the sender of the packet in hand, by a shortcut where it is the same as last time, and counts the packet.
func (w *worker) sight(f *flow, side uint8) {
	f.sent[side] = true
	if h := f.host[side]; h != nil && f.mac[side] == w.p.src {
		w.hosts.touch(h, w.p.nano)
	} else {
		f.host[side], f.service[side] = w.hosts.see(pair{w.p.src, w.p.from}, w.p.nano, w.p.frame), nil
		f.setMAC(side, w.p.src)
	}
	if other := 1 - side; !f.sent[other] {
		f.setMAC(other, w.p.dst)
	}
	w.tallyUp(f, side)
}

func (f *flow) setMAC(side uint8, m mac) {
	if f.mac[side] != m {
		f.mac[side], f.named[side] = m, false
	}
}

// lively moves a conversation to the end of its list, if it was not there lately: the order is of seconds.
func (w *worker) lively(f *flow) {
	if since := w.p.nano - f.listed; uint64(since) >= listEvery {
		f.listed = w.p.nano
		if l := &w.idle[f.idle]; l.newest != f {
			l.remove(f)
			l.push(f)
		}
	}
}

func (w *worker) newFlow(k *flowKey, hash uint64) *flow {
	for i, limit := range idleLimit { // a new one pays for up to two that have gone silent
		for range 2 {
			if f := w.idle[i].oldest; f != nil && w.p.clock-f.last > limit {
				w.endFlow(f)
			}
		}
	}
	if w.flows.used >= w.opt.MaxFlows {
		f := w.idle[0].oldest
		if f == nil || w.idle[1].oldest != nil && w.flows.used&1 == 0 {
			f = w.idle[1].oldest
		}
		w.endFlow(f)
		w.count.Evicted++
	}
	f := w.free
	if f != nil {
		w.free = f.newer
		*f = flow{spare: cmp.Or(f.stream, f.spare)}
	} else {
		f = new(flow)
	}
	f.key, f.hash, f.begun, f.listed, f.tally.begun = *k, hash, w.p.nano, w.p.nano, 1
	w.flows.put(f, hash)
	w.count.Conversations++
	return f
}

// endFlow lets a conversation go, after handing out what still waits for lost bytes.
func (w *worker) endFlow(f *flow) {
	now := w.p
	w.p = packet{nano: f.last, clock: now.clock, frame: f.frame}
	if f.stream != nil {
		w.flushStream(f)
	}
	w.kill(f)
	w.sum(f)
	w.p = now
	w.idle[f.idle].remove(f)
	w.flows.remove(f, f.hash)
	if f.stream != nil {
		*f.stream = stream{}
	}
	f.newer, w.free = w.free, f
}

// kill stops reading a conversation; the flow stays to swallow what comes after.
func (w *worker) kill(f *flow) {
	if f.state == asking && f.asked && f.parser == 0 {
		w.count.Unclaimed++
	}
	if f.state == claimed {
		for side, s := range f.service { // stated again, for when they were last seen
			if s == nil {
				f.served[side] = false
			} else {
				s.again(f.last, f.last, w.p.frame, s.because, s.trust)
			}
		}
		w.serve(f)
	}
	f.state, f.conv = dead, nil
	if f.stream != nil {
		w.dropBuffers(f.stream)
	}
	if f.idle != 0 {
		w.idle[f.idle].remove(f)
		f.idle = 0
		w.idle[0].push(f)
	}
}

// endpoint describes a side as parsers see it.
func (w *worker) endpoint(f *flow, side uint8) *Endpoint {
	ep := &f.ends[side]
	if f.named[side] {
		return ep
	}
	f.named[side] = true
	a, port := f.key.a, f.key.aPort
	if side == 1 {
		a, port = f.key.b, f.key.bPort
	}
	*ep = Endpoint{}
	p := pair{mac: f.mac[side]}
	if f.key.transport != Link {
		ep.Port, ep.IP = port, a.netip()
		if a.hi == noSource {
			ep.IP = netip.IPv6Unspecified()
			if f.key.a.is4() || f.key.b.is4() {
				ep.IP = netip.IPv4Unspecified()
			}
		}
		p.ip = addrOf(ep.IP)
	}
	h := f.host[side]
	if h == nil || h.pair != p {
		h = w.hosts.pairs.find(p)
	}
	ep.MAC, ep.host = p.mac.bytes(), h
	return ep
}

func (f *flow) dir(side uint8) Dir {
	if side == f.client {
		return ToServer
	}
	return ToClient
}

func (w *worker) opening(f *flow, side uint8, first []byte, etherType uint16) Opening {
	return Opening{
		Transport: f.key.transport, EtherType: etherType, Client: *w.endpoint(f, f.client), Server: *w.endpoint(f, 1-f.client),
		FirstDir: f.dir(side), First: first, Frame: w.p.frame,
	}
}

// ask offers first bytes to every parser, and once more with the sides exchanged where they were guessed.
func (w *worker) ask(f *flow, o Opening) bool {
	f.asked = true
	f.asks++
	i := w.claimed(&o)
	if i < 0 && !f.certain && o.Transport != Link {
		o.Client, o.Server, o.FirstDir = o.Server, o.Client, 1-o.FirstDir
		if i = w.claimed(&o); i >= 0 {
			f.client = 1 - f.client
		}
	}
	if i < 0 {
		return false
	}
	if f.parser != i+1 { // a conversation resumed after a loss is still the same one
		w.count.Parsers[i].Conversations++
		f.served, f.service = [2]bool{}, [2]*statement{}
		if f.parser > 0 {
			w.sum(f) // under the name of the one before
		}
	}
	f.parser, f.state, f.certain = i+1, claimed, true
	if f.conv = w.open(i, o); f.conv == nil {
		w.kill(f)
		return false
	}
	w.serve(f)
	return true
}

// claimed is the first parser that claims an opening, or -1; nobody claims no bytes. One that fails is passed over.
func (w *worker) claimed(o *Opening) int {
	if len(o.First) == 0 {
		return -1
	}
	list := w.asked[o.Transport][o.First[0]]
	for at := 0; at < len(list); at++ {
		if at = w.claimedFrom(o, list, at); at < len(list) && w.yes {
			return int(list[at])
		}
	}
	return -1
}

// claimedFrom asks from a place in the list on, until one claims or fails.
func (w *worker) claimedFrom(o *Opening, list []int16, from int) (at int) {
	w.yes, at = false, from
	defer w.failed(list, &at)
	for ; at < len(list); at++ {
		if w.parsers[list[at]].Claims(*o) {
			w.yes = true
			return at
		}
	}
	return at
}

func (w *worker) failed(list []int16, at *int) {
	if r := recover(); r != nil {
		w.count.Parsers[list[*at]].Panics++
		w.count.Parsers[list[*at]].Errors++
	}
}

func (w *worker) open(i int, o Opening) (c Conversation) {
	defer w.caught(i)
	return w.parsers[i].New(o)
}

// caught turns a parser's fault into a count: one hostile datagram must not stop a sensor.
func (w *worker) caught(i int) {
	if r := recover(); r != nil {
		w.count.Parsers[i].Panics++
		w.count.Parsers[i].Errors++
	}
}

var errPanic = errors.New("parser fault")

// next calls the conversation's parser, and holds it to its contract.
func (w *worker) next(f *flow, d Dir, data []byte) (advance int, err error) {
	w.speaking, w.talking, w.hosts.ends = f.parser-1, f, &f.host
	err = errPanic
	defer w.caught(w.speaking)
	advance, err = f.conv.Next(moment(w.p.nano), d, data, w.emit)
	if err == nil && (advance < 0 || advance > len(data)) {
		err = errPanic
	}
	if err != nil && err != Done && err != Renew && !errors.Is(err, Done) && !errors.Is(err, Renew) {
		w.count.Parsers[w.speaking].Errors++
	}
	return advance, err
}

// serve states the services of a claimed conversation, for each side that was seen sending.
func (w *worker) serve(f *flow) {
	if f.key.transport == Link {
		return
	}
	for side := range uint8(2) {
		if !f.sent[side] || f.served[side] {
			continue
		}
		f.served[side] = true
		h := f.host[side]
		if p := f.pair(side); h == nil || h.pair != p { // a sender without an address, or behind a group's
			if h = w.hosts.entry(p); h == nil {
				continue
			}
		}
		k := service{port: f.port(1 - f.client), parser: int16(f.parser), transport: f.key.transport, server: side != f.client}
		said := w.hosts.serve(h, k, w.parsers[f.parser-1].Name, w.sources[f.parser-1], f.last, w.p.frame)
		if h == f.host[side] {
			f.service[side] = said
		}
	}
}

// udp reads one datagram.
func (w *worker) udp(b []byte) {
	if len(b) < 8 {
		w.undecodable()
		return
	}
	payload := b[8:]
	if n := int(binary.BigEndian.Uint16(b[4:])); n >= 8 && n < len(b) {
		payload = b[8:n]
	}
	fromPort, toPort := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if tunnelPort(fromPort, toPort) && w.udpTunnel(fromPort, toPort, payload) {
		return
	}
	f, side := w.flowFor(UDP, fromPort, toPort)
	if f == nil {
		return
	}
	w.datagram(f, side, payload, 0)
	if len(payload) > 0 {
		w.spoken(f, side)
	}
}

// frame reads one bare link payload. Frames of one sender and kind are one conversation.
func (w *worker) frame(etherType, kind uint16, b []byte) {
	if w.p.src == 0 || w.p.src.group() {
		w.unfollowed()
		return
	}
	w.p.from = addr{}
	k := flowKey{a: addr{uint64(w.p.src), 0}, aPort: kind, bPort: etherType, transport: Link}
	if !w.mine(k.a, k.b) {
		return
	}
	hash := k.hash()
	f := w.flows.find(&k, hash)
	if f == nil || w.p.nano-f.last > shortIdle {
		if f != nil {
			w.endFlow(f)
		}
		f = w.newFlow(&k, hash)
		f.certain = true
		w.idle[0].push(f)
	} else {
		w.lively(f)
	}
	f.last, f.frame = w.p.nano, w.p.frame
	if f.mac[1] != w.p.dst {
		w.sum(f) // to the one before
		f.setMAC(1, w.p.dst)
	}
	w.sight(f, 0)
	w.datagram(f, 0, b, etherType)
}

// datagram offers or hands one whole payload to a parser. Its error is counted; the next is still read.
func (w *worker) datagram(f *flow, side uint8, payload []byte, etherType uint16) {
	if f.state == dead || len(payload) == 0 {
		return
	}
	if f.state == asking {
		if !w.ask(f, w.opening(f, side, payload, etherType)) {
			if f.asks >= maxDatagramAsks {
				w.kill(f)
			}
			return
		}
	} else if !f.served[side] {
		w.serve(f)
	}
	if _, err := w.next(f, f.dir(side), payload); err != nil && errors.Is(err, Done) {
		w.kill(f)
	}
}

// spoken notes that a side said something; when both have, what that tells of them is stated.
func (w *worker) spoken(f *flow, side uint8) {
	f.spoke[side] = true
	if f.spoke[1-side] && !f.talks {
		w.judge(f)
	}
}
