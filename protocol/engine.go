package protocol

import (
	"slices"
	"sync"
	"time"

	"pons/fact"
)

// Options bound what an engine may hold. Zero means the default.
type Options struct {
	Workers    int // goroutines that read conversations; default 1, which reads in Frame itself. The result is the same
	MaxFlows   int // conversations followed at once; default 200,000, the least recent goes first
	MaxBuffer  int // bytes held per direction, for a parser that asks for more and again for what came too early; default 256 KiB
	MaxMemory  int // bytes held for all conversations together; default 64 MiB
	MaxHosts   int // pairs of MAC and IP remembered; default 1,000,000
	MaxFacts   int // different statements remembered; default 2,000,000
	MaxTraffic int // rows of traffic held until they are taken; default 500,000; negative sums none
	ClaimBytes int // bytes of a direction after which an unclaimed conversation is dropped; default 4096
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *int
		value int
	}{{&o.Workers, 1}, {&o.MaxFlows, 200_000}, {&o.MaxBuffer, 256 << 10}, {&o.MaxMemory, 64 << 20}, {&o.MaxHosts, 1_000_000},
		{&o.MaxFacts, 2_000_000}, {&o.MaxTraffic, 500_000}, {&o.ClaimBytes, 4096}} {
		if *d.field == 0 || *d.field < 0 && d.field != &o.MaxTraffic {
			*d.field = d.value
		}
	}
	return o
}

// Counters say what an engine met. Hostile and damaged bytes show up here and nowhere else.
type Counters struct {
	Frames, Bytes  uint64
	Undecodable    uint64 // frames whose link, network or transport header could not be read
	Unfollowed     uint64 // frames of transports that nobody here reads (ICMP, SCTP, …)
	Encrypted      uint64 // of those, 802.11 frames whose content is encrypted
	Fragments      uint64 // IP fragments met
	FragmentsLost  uint64 // fragments dropped for lack of their rest or of room
	Conversations  uint64 // begun
	Unclaimed      uint64 // conversations that no parser wanted
	Evicted        uint64 // conversations dropped for lack of room
	Losses         uint64 // holes in TCP streams
	HostsDropped   uint64 // sightings dropped for lack of room
	FactsDropped   uint64 // statements dropped for lack of room
	TrafficDropped uint64 // packets left out of the traffic for lack of room
	Parsers        []ParserCount
}

// ParserCount is one parser's share.
type ParserCount struct {
	Name          string
	Conversations uint64 // claimed
	Facts         uint64 // emitted, repeats included
	Errors        uint64 // conversations or datagrams that ended in an error
	Panics        uint64 // of those, faults of the parser itself; the engine goes on
}

// Engine turns frames into facts. It is not safe for concurrent use: one engine serves one source.
type Engine struct {
	parsers []Parser
	frames  uint64
	bytes   uint64
	nano    int64 // of the last frame

	workers []*worker
	crew    *crew      // nil with one worker
	book    *hostTable // what the workers know together; with one worker, that worker's own
	census  *census
}

// NewEngine makes an engine with parsers in the order in which they are asked. With several workers, parsers are
// asked by all of them at once; what one conversation knows stays its own.
func NewEngine(parsers []Parser, opt Options) *Engine {
	opt = opt.withDefaults()
	e := &Engine{parsers: parsers, census: newCensus()}
	for i := range opt.Workers {
		e.workers = append(e.workers, newWorker(parsers, opt, i))
	}
	if e.book = e.workers[0].hosts; opt.Workers > 1 {
		e.book = newHostTable(opt.MaxHosts, opt.MaxFacts)
		e.crew = newCrew(e.workers)
	}
	return e
}

// Frame reads one frame of a link type (https://www.tcpdump.org/linktypes.html). number is its place in the
// capture, from 1, and ends up in the facts' Because. data may be shorter than the frame was on the wire, and is
// the caller's again when Frame returns.
func (e *Engine) Frame(at time.Time, link uint32, number uint64, data []byte) {
	e.frames++
	e.bytes += uint64(len(data))
	nano := at.UnixNano()
	// What has gone silent is judged by the earlier of the last two frames' times, not by one stray time.
	clock := min(nano, e.nano)
	e.nano = nano
	if e.crew != nil {
		e.crew.frame(nano, clock, link, number, data)
		return
	}
	e.workers[0].read(nano, clock, link, number, data)
}

// Counters returns what was met so far.
func (e *Engine) Counters() Counters {
	e.sync()
	c := Counters{Frames: e.frames, Bytes: e.bytes, Parsers: make([]ParserCount, len(e.parsers))}
	for i, p := range e.parsers {
		c.Parsers[i].Name = p.Name
	}
	for _, w := range e.workers {
		o := &w.count
		c.Undecodable += o.Undecodable
		c.Unfollowed += o.Unfollowed
		c.Encrypted += o.Encrypted
		c.Fragments += o.Fragments
		c.FragmentsLost += o.FragmentsLost
		c.Conversations += o.Conversations
		c.Unclaimed += o.Unclaimed
		c.Evicted += o.Evicted
		c.Losses += o.Losses
		c.HostsDropped += w.hosts.hostsDropped
		c.FactsDropped += w.hosts.factsDropped
		c.TrafficDropped += w.traffic.dropped
		for i := range o.Parsers {
			a, b := &c.Parsers[i], &o.Parsers[i]
			a.Conversations, a.Facts, a.Errors, a.Panics = a.Conversations+b.Conversations, a.Facts+b.Facts, a.Errors+b.Errors, a.Panics+b.Panics
		}
	}
	c.FragmentsLost += e.workers[0].fragments.lost
	return c
}

// Finish ends every conversation and returns one record per device on the wire, in a stable order. No frame may follow.
func (e *Engine) Finish() []fact.Record {
	e.sync()
	if e.crew != nil {
		e.crew.do(func(w *worker) { w.end() })
		e.crew.stop()
		e.crew = nil
	} else {
		e.workers[0].end()
	}
	e.gather(true)
	e.census.take(e.book)
	var all []*device
	for _, d := range e.census.devices {
		if !e.census.empty(d) {
			all = append(all, d)
		}
	}
	return e.records(all)
}

// Traffic takes what conversations carried since it was last taken. Its ends are the subjects of the records, as far
// as the hosts are known by now.
func (e *Engine) Traffic() []Traffic {
	e.sync()
	e.gather(false)
	e.sumRecent()
	e.census.take(e.book)
	return e.rows()
}

// Harvest takes what has changed since the last time, while frames go on coming: the whole records of hosts of whom
// something new is known (that they were merely seen again is told every few minutes), the subjects that a later
// insight withdrew (an address that turned out to be a MAC's), and the traffic. What it costs grows with what
// changed. A call from time to time, at least every few minutes, also keeps memory from growing with traffic rows.
func (e *Engine) Harvest() (changed []fact.Record, gone []fact.Key, traffic []Traffic) {
	e.sync()
	e.gather(false)
	e.sumRecent()
	var tell []*device
	for _, d := range e.census.take(e.book) {
		switch {
		case !e.census.empty(d):
			d.told = true
			tell = append(tell, d)
			continue
		case d.told:
			gone = append(gone, d.key())
		}
		delete(e.census.devices, d.identity)
	}
	slices.SortFunc(gone, fact.Key.Compare)
	return e.records(tell), gone, e.rows()
}

// Hosts is how many pairs of addresses were met by now, about as many as devices; with several workers, a pair counts
// once a worker that met it, and frames that still wait for them not yet.
func (e *Engine) Hosts() int {
	if e.crew == nil {
		return e.workers[0].hosts.pairs.used
	}
	return int(e.crew.hosts.Load())
}

// sync waits until the workers have read every frame.
func (e *Engine) sync() {
	if e.crew != nil {
		e.crew.sync()
	}
}

// gather brings together what the workers know.
func (e *Engine) gather(everything bool) {
	if e.book == e.workers[0].hosts {
		if everything {
			e.book.markAll()
		}
		return
	}
	for _, w := range e.workers {
		e.book.absorb(w.hosts, everything)
	}
}

func (e *Engine) sumRecent() {
	for _, w := range e.workers {
		w.sumRecent()
	}
}

// named is a device with the subject of its record.
type named struct {
	key    fact.Key
	device *device
}

// records writes devices down, in the order of their subjects.
func (e *Engine) records(devices []*device) []fact.Record {
	for _, d := range devices {
		d.dirty = false
	}
	keys := make([]named, len(devices))
	for i, d := range devices {
		keys[i] = named{d.key(), d}
	}
	slices.SortFunc(keys, func(a, b named) int { return a.key.Compare(b.key) })
	out := make([]fact.Record, len(devices))
	write := func(from, to int) {
		var k clerk
		for i, d := range keys[from:to] {
			out[from+i] = k.record(e.census, d.device, d.key)
		}
	}
	parts := min(len(e.workers), len(keys)/256+1)
	var done sync.WaitGroup
	for p := range parts - 1 {
		done.Go(func() { write(len(keys)*p/parts, len(keys)*(p+1)/parts) })
	}
	write(len(keys)*(parts-1)/parts, len(keys))
	done.Wait()
	return out
}
