package protocol

import (
	"time"

	"pons/fact"
)

// Options bound what an engine may hold. Zero means the default.
type Options struct {
	MaxFlows   int // conversations followed at once; default 200,000, the least recent goes first
	MaxBuffer  int // bytes held per direction, for a parser that asks for more and again for what came too early; default 256 KiB
	MaxMemory  int // bytes held for all conversations together; default 64 MiB
	MaxHosts   int // pairs of MAC and IP remembered; default 1,000,000
	MaxFacts   int // different statements remembered; default 2,000,000
	ClaimBytes int // bytes of a direction after which an unclaimed conversation is dropped; default 4096
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *int
		value int
	}{{&o.MaxFlows, 200_000}, {&o.MaxBuffer, 256 << 10}, {&o.MaxMemory, 64 << 20}, {&o.MaxHosts, 1_000_000},
		{&o.MaxFacts, 2_000_000}, {&o.ClaimBytes, 4096}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return o
}

// Counters say what an engine met. Hostile and damaged bytes show up here and nowhere else.
type Counters struct {
	Frames, Bytes uint64
	Undecodable   uint64 // frames whose link, network or transport header could not be read
	Unfollowed    uint64 // frames of transports that nobody here reads (ICMP, SCTP, …)
	Fragments     uint64 // IP fragments met
	FragmentsLost uint64 // fragments dropped for lack of their rest or of room
	Conversations uint64 // begun
	Unclaimed     uint64 // conversations that no parser wanted
	Evicted       uint64 // conversations dropped for lack of room
	Losses        uint64 // holes in TCP streams
	HostsDropped  uint64 // sightings dropped for lack of room
	FactsDropped  uint64 // statements dropped for lack of room
	Parsers       []ParserCount
}

// ParserCount is one parser's share.
type ParserCount struct {
	Name          string
	Conversations uint64 // claimed
	Facts         uint64 // emitted, repeats included
	Errors        uint64 // conversations or datagrams that ended in an error
	Panics        uint64 // of those, faults of the parser itself; the engine goes on
}

// packet is what is known of the frame in hand.
type packet struct {
	at       time.Time
	nano     int64
	frame    uint64
	src, dst mac
	from, to addr
	depth    int // tunnels entered
}

// Engine turns frames into facts. It is not safe for concurrent use: one engine serves one source.
type Engine struct {
	opt     Options
	parsers []Parser
	count   Counters

	p        packet
	clock    int64 // the earlier of the last two frames' times: what has gone silent is judged by it, not by one stray time
	flows    map[flowKey]*flow
	idle     [2]flowList // short- and long-lived conversations, least recent first
	free     *flow
	buffered int // bytes held by all conversations

	fragments fragmentTable
	hosts     hostTable
	facts     statementTable

	speaking int             // index of the parser whose Next runs
	emit     func(fact.Fact) // one closure for all calls of Next
}

// NewEngine makes an engine with parsers in the order in which they are asked.
func NewEngine(parsers []Parser, opt Options) *Engine {
	e := &Engine{opt: opt.withDefaults(), parsers: parsers, flows: map[flowKey]*flow{}}
	e.count.Parsers = make([]ParserCount, len(parsers))
	for i, p := range parsers {
		e.count.Parsers[i].Name = p.Name
	}
	e.hosts = hostTable{max: e.opt.MaxHosts, pairs: map[pair]*sighting{}}
	e.facts = statementTable{max: e.opt.MaxFacts, said: map[statementKey]*statement{}, perAttr: map[subjectAttr]int{}}
	e.fragments.sets = map[fragmentKey]*fragmentSet{}
	e.emit = e.take
	return e
}

// Frame reads one frame of a link type (https://www.tcpdump.org/linktypes.html). number is its place in the
// capture, from 1, and ends up in the facts' Because. data may be shorter than the frame was on the wire.
func (e *Engine) Frame(at time.Time, link uint32, number uint64, data []byte) {
	e.count.Frames++
	e.count.Bytes += uint64(len(data))
	before := e.p.nano
	e.p = packet{at: at, nano: at.UnixNano(), frame: number}
	e.clock = min(e.p.nano, before)
	e.link(link, data)
}

// Counters returns what was met so far.
func (e *Engine) Counters() Counters {
	c := e.count
	c.Parsers = append([]ParserCount(nil), e.count.Parsers...)
	c.HostsDropped, c.FactsDropped = e.hosts.dropped, e.facts.dropped
	c.FragmentsLost += e.fragments.lost
	return c
}

// Finish ends every conversation and returns one record per device on the wire, in a stable order.
func (e *Engine) Finish() []fact.Record {
	for i := range e.idle {
		for f := e.idle[i].oldest; f != nil; f = e.idle[i].oldest {
			e.endFlow(f)
		}
	}
	return e.records()
}

// take receives a fact from the parser that is speaking.
func (e *Engine) take(f fact.Fact) {
	c := &e.count.Parsers[e.speaking]
	c.Facts++
	if f.Source == "" {
		f.Source = e.sourceOf(e.speaking)
	}
	e.say(f)
}

// say stores a fact, completed with time and frame.
func (e *Engine) say(f fact.Fact) {
	nano := e.p.nano
	if !f.At.IsZero() {
		nano = f.At.UnixNano()
	}
	if !e.facts.add(f, nano, e.p.frame) || f.Attr != fact.MAC {
		return
	}
	// A parser that states a MAC for a host key of both says that the MAC is the host's own (ARP, DHCP).
	if m, ip := f.Subject.SplitHost(); m == f.Value {
		if s := e.hosts.see(pair{parseMAC(m), parseAddr(ip)}, nano, e.p.frame); s != nil {
			s.bound = true
		}
	}
}

func (e *Engine) sourceOf(parser int) fact.Source {
	return fact.Source("wire:" + e.parsers[parser].Name)
}
