package protocol

import (
	"encoding/binary"
	"errors"
	"slices"
)

// TCP flags.
const (
	finFlag = 1
	synFlag = 2
	rstFlag = 4
	ackFlag = 16
)

// When a hole in a stream is given up: the receiver has acknowledged what is missing, so that it will not come
// again, and either so many later segments wait or so much time has passed that it is not mere reordering.
const (
	lostSegments = 3
	lostAfter    = 1e9
	maxPending   = 512 // segments that wait in one direction
)

// stream is the TCP part of a flow.
type stream struct {
	half    [2]half
	held    int  // bytes held here, of Engine.buffered
	firstly int8 // side whose bytes came first, -1 before
}

// half is one direction of a stream.
type half struct {
	next    uint32 // sequence number that is due
	open    bool   // next is known
	whole   bool   // the bytes in hand follow the direction's first byte without a hole
	ended   bool   // its FIN has been passed
	finSet  bool
	fin     uint32
	buf     []byte    // in order, not used yet
	pending []segment // out of order, by sequence number
	size    int       // bytes in pending
	since   int64     // when the oldest hole was met
}

type segment struct {
	seq  uint32
	data []byte
	lost int // bytes behind data that the capture cut off
}

func (w *worker) tcp(b []byte, missing int) {
	if len(b) < 20 || int(b[12]>>4)*4 < 20 || int(b[12]>>4)*4 > len(b)+missing {
		w.undecodable()
		return
	}
	fromPort, toPort := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	seq, ack, flags := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:]), b[13]
	payload := b[min(int(b[12]>>4)*4, len(b)):]

	f, side := w.flowFor(TCP, fromPort, toPort)
	if f == nil {
		return
	}
	if flags&(synFlag|ackFlag) == synFlag && f.stream != nil {
		if h := &f.stream.half[side]; f.state == dead || h.open && seq+1 != h.next && (!h.whole || len(h.pending) == 0) {
			f = w.renew(f, side) // the ports are used again
		}
	}
	if f.stream == nil {
		w.openStream(f, side, flags, fromPort, toPort)
	}
	if len(payload) > 0 && !f.spoke[side] {
		w.spoken(f, side)
	}
	if f.state == dead {
		return
	}
	h := &f.stream.half[side]
	if flags&synFlag != 0 {
		seq++
		if !h.open {
			h.next, h.open, h.whole = seq, true, true
		}
	}
	if !h.open && (len(payload) > 0 || flags&ackFlag != 0) {
		h.next, h.open = seq, true
	}
	if flags&ackFlag != 0 {
		w.acknowledged(f, 1-side, ack)
	}
	if (len(payload) > 0 || missing > 0) && f.state != dead {
		w.receive(f, side, segment{seq, payload, missing})
	}
	if f.state == dead {
		return
	}
	if flags&rstFlag != 0 {
		w.flushStream(f)
		w.kill(f)
		return
	}
	if flags&finFlag != 0 {
		h.finSet, h.fin = true, seq+uint32(len(payload)+missing)
	}
	if h.finSet && h.next == h.fin {
		h.ended = true
	}
	if f.stream.half[0].ended && f.stream.half[1].ended {
		w.kill(f)
	}
}

// openStream begins a stream and settles who is the client: the sender of a SYN, else the side whose port is
// not a service's (below 1024, or outside the ephemeral range that the other's is in: from 32768, Linux and IANA).
func (w *worker) openStream(f *flow, side uint8, flags byte, fromPort, toPort uint16) {
	if f.stream, f.spare = f.spare, nil; f.stream == nil {
		f.stream = &stream{}
	}
	f.stream.firstly = -1
	w.idle[f.idle].remove(f)
	f.idle = 1
	w.idle[1].push(f)
	const ephemeral = 32768
	switch {
	case flags&(synFlag|ackFlag) == synFlag:
		f.client, f.certain = side, true
	case flags&synFlag != 0:
		f.client, f.certain = 1-side, true
	case fromPort < 1024 && toPort >= 1024, fromPort < ephemeral && toPort >= ephemeral:
		f.client = 1 - side
	default:
		f.client = side
	}
}

// renew ends a flow and begins another of the same key, for a SYN on ports that were in use before.
func (w *worker) renew(f *flow, side uint8) *flow {
	k, hash := f.key, f.hash
	w.endFlow(f)
	f = w.newFlow(&k, hash)
	f.client, f.last, f.frame = side, w.p.nano, w.p.frame
	w.idle[0].push(f)
	w.sight(f, side)
	return f
}

// acknowledged gives a hole up when its receiver has what the capture has not.
func (w *worker) acknowledged(f *flow, side uint8, ack uint32) {
	h := &f.stream.half[side]
	if len(h.pending) == 0 || int32(ack-h.next) <= 0 {
		return
	}
	if len(h.pending) >= lostSegments || w.p.nano-h.since > lostAfter {
		w.skipHole(f, side)
	}
}

// receive puts a segment where it belongs. Of bytes that come twice, the first stand.
func (w *worker) receive(f *flow, side uint8, s segment) {
	h := &f.stream.half[side]
	if ahead := int32(s.seq - h.next); ahead > 0 {
		w.postpone(f, side, s)
		return
	}
	w.advance(f, side, s)
	w.drain(f, side)
}

// advance hands on what is new in a segment that begins at or before the byte that is due.
func (w *worker) advance(f *flow, side uint8, s segment) {
	h := &f.stream.half[side]
	old := int(h.next - s.seq)
	if old >= len(s.data)+s.lost {
		return
	}
	if old < len(s.data) {
		data := s.data[old:]
		h.next += uint32(len(data))
		w.deliver(f, side, data)
		old = len(s.data)
	}
	if cut := len(s.data) + s.lost - old; cut > 0 {
		h.next += uint32(cut)
		w.lose(f, side)
	}
}

// drain hands on the waiting segments that have become due.
func (w *worker) drain(f *flow, side uint8) {
	h := &f.stream.half[side]
	for len(h.pending) > 0 && f.state != dead && int32(h.pending[0].seq-h.next) <= 0 {
		s := h.pending[0]
		h.pending[0] = segment{}
		h.pending = h.pending[1:]
		w.hold(f.stream, -len(s.data))
		h.size -= len(s.data)
		w.advance(f, side, s)
		w.spare.give(s.data)
	}
	if len(h.pending) == 0 {
		h.pending = nil
	} else {
		h.since = w.p.nano
	}
}

// postpone keeps a segment that came too early, in order, and gives the hole up when too much waits.
func (w *worker) postpone(f *flow, side uint8, s segment) {
	h := &f.stream.half[side]
	if int32(s.seq-h.next) > 1<<30 || len(s.data) > w.opt.MaxBuffer {
		return // not of this stream
	}
	i, found := slices.BinarySearchFunc(h.pending, s.seq, func(p segment, seq uint32) int { return int(int32(p.seq - seq)) })
	if found && len(h.pending[i].data) >= len(s.data) {
		return
	}
	if len(h.pending) == 0 {
		h.since = w.p.nano
	}
	s.data = append(w.spare.take(len(s.data)), s.data...)
	h.pending = slices.Insert(h.pending, i, s)
	h.size += len(s.data)
	w.hold(f.stream, len(s.data))
	for len(h.pending) > maxPending || h.size > w.opt.MaxBuffer {
		w.skipHole(f, side)
	}
	w.makeRoom(f)
}

// skipHole passes the hole before the first waiting segment.
func (w *worker) skipHole(f *flow, side uint8) {
	h := &f.stream.half[side]
	if len(h.pending) == 0 {
		return
	}
	h.next = h.pending[0].seq
	w.lose(f, side)
	w.drain(f, side)
}

// lose notes that bytes of a direction are missing. The parser has lost its place: what comes after is offered
// anew, so that a protocol whose messages can be told by content is picked up at the next one.
func (w *worker) lose(f *flow, side uint8) {
	w.count.Losses++
	s := f.stream
	h := &s.half[side]
	w.setBuf(s, h, nil)
	h.whole = false
	if f.state == claimed {
		f.state, f.conv, f.asks = asking, nil, 0
	}
}

// flushStream hands out everything that waits, holes or not.
func (w *worker) flushStream(f *flow) {
	for side := range uint8(2) {
		for f.state != dead && len(f.stream.half[side].pending) > 0 {
			w.skipHole(f, side)
		}
	}
}

// deliver passes bytes that are in order.
func (w *worker) deliver(f *flow, side uint8, data []byte) {
	if f.stream.firstly < 0 {
		f.stream.firstly = int8(side)
	}
	if f.state == claimed {
		w.feed(f, side, data)
		return
	}
	if f.state == dead {
		return
	}
	s := f.stream
	h := &s.half[side]
	first := data
	if len(h.buf) > 0 {
		w.fill(s, h, data)
		first = h.buf
	}
	ok := w.ask(f, w.opening(f, side, first, 0))
	if !ok && f.state == asking && len(first) > len(data) {
		// The segment may begin a message by itself, behind a hole or the talk of another protocol (SOCKS).
		f.asks-- // one segment, one question
		if ok = w.ask(f, w.opening(f, side, data, 0)); ok || !h.whole {
			w.setBuf(s, h, nil)
			first = data
		}
		if ok {
			w.setBuf(s, &s.half[1-side], nil)
		}
	}
	if ok {
		w.resume(f, side, first)
		return
	}
	switch {
	case f.state == dead:
	case f.asks > maxAsks, h.whole && len(first) > w.opt.ClaimBytes && s.half[1-side].whole:
		w.kill(f)
	case h.whole && len(first) <= w.opt.ClaimBytes:
		if len(h.buf) == 0 {
			w.fill(s, h, first)
		}
	default: // nothing tells where a message begins; keep the last piece in case it is a message's head
		h.whole, h.buf = false, h.buf[:0]
		w.fill(s, h, data[:min(len(data), w.opt.ClaimBytes)])
	}
	w.makeRoom(f)
}

// resume feeds a conversation that was just claimed: first what is in hand of both directions, in the order in
// which it came.
func (w *worker) resume(f *flow, side uint8, first []byte) {
	mine, other := &f.stream.half[side], &f.stream.half[1-side]
	if !other.whole { // an unclaimed piece of who knows what
		w.setBuf(f.stream, other, nil)
	}
	if len(mine.buf) == 0 && len(other.buf) == 0 {
		w.feed(f, side, first)
		return
	}
	if len(mine.buf) == 0 {
		w.fill(f.stream, mine, first)
	}
	order := [2]uint8{side, 1 - side}
	if f.stream.firstly == int8(1-side) {
		order = [2]uint8{1 - side, side}
	}
	for _, sd := range order {
		if f.state == claimed && len(f.stream.half[sd].buf) > 0 {
			w.feed(f, sd, nil)
		}
	}
}

// feed gives a direction's bytes to the parser and keeps what it does not use yet.
func (w *worker) feed(f *flow, side uint8, data []byte) {
	s := f.stream
	h := &s.half[side]
	if !f.served[side] {
		w.serve(f)
	}
	in, kept := data, len(h.buf) > 0
	if kept {
		w.fill(s, h, data)
		in = h.buf
	}
	for len(in) > 0 {
		n, err := w.next(f, f.dir(side), in)
		if err != nil && errors.Is(err, Renew) && n > 0 && n <= len(in) {
			w.renewed(f, side, in[n:])
			return
		}
		if err != nil {
			w.kill(f)
			return
		}
		if n == 0 {
			break
		}
		in = in[n:]
	}
	if len(in) > w.opt.MaxBuffer {
		w.count.Parsers[f.parser-1].Errors++
		w.kill(f)
		return
	}
	switch {
	case len(in) == 0 && kept:
		w.setBuf(s, h, nil)
	case kept && len(in) < len(h.buf):
		n := copy(h.buf, in)
		h.buf = h.buf[:n]
	case !kept && len(in) > 0:
		w.fill(s, h, in)
	}
	w.makeRoom(f)
}

// renewed offers a conversation anew whose protocol gave way to another.
func (w *worker) renewed(f *flow, side uint8, rest []byte) {
	f.state, f.conv, f.asks = asking, nil, 0
	f.stream.firstly = -1
	rest = append(w.spare.take(len(rest)), rest...)
	w.setBuf(f.stream, &f.stream.half[side], nil)
	if len(rest) > 0 {
		w.deliver(f, side, rest)
	}
	w.spare.give(rest)
}

// fill adds bytes to what is held of a direction.
func (w *worker) fill(s *stream, h *half, data []byte) {
	if size := len(h.buf) + len(data); size > cap(h.buf) {
		w.setBuf(s, h, append(w.spare.take(size), h.buf...))
	}
	h.buf = append(h.buf, data...)
}

// setBuf replaces a direction's buffer and keeps the accounts.
func (w *worker) setBuf(s *stream, h *half, b []byte) {
	w.hold(s, cap(b)-cap(h.buf))
	w.spare.give(h.buf)
	h.buf = b
}

func (w *worker) hold(s *stream, n int) {
	s.held += n
	w.buffered += n
}

func (w *worker) dropBuffers(s *stream) {
	for i := range s.half {
		h := &s.half[i]
		w.spare.give(h.buf)
		for _, p := range h.pending {
			w.spare.give(p.data)
		}
		h.buf, h.pending, h.size = nil, nil, 0
	}
	w.buffered -= s.held
	s.held = 0
}

// makeRoom ends the least recent conversations that hold bytes while all together hold too many. The one in
// hand is spared: its caller still uses it.
func (w *worker) makeRoom(mine *flow) {
	if w.buffered <= w.opt.MaxMemory {
		return
	}
	for f, next := w.idle[1].oldest, (*flow)(nil); f != nil && w.buffered > w.opt.MaxMemory; f = next {
		next = f.newer
		if f != mine && f.stream.held > 0 {
			w.kill(f)
			w.count.Evicted++
		}
	}
}
