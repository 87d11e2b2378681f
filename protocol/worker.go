package protocol

import (
	"slices"
	"strings"

	"pons/fact"
)

// packet is what is known of the frame in hand.
type packet struct {
	nano     int64
	clock    int64 // what has gone silent is judged by it
	frame    uint64
	src, dst mac
	from, to addr
	depth    int    // tunnels entered
	packets  uint32 // frames that carried it: more than one where it came in fragments
	size     uint64 // their bytes, headers and what the capture cut off included
}

// worker reads the conversations of its share of the host pairs. Frames reach one worker where their pair is plain,
// and all workers where it is not (fragments, tunnels): then each follows what is its own, and the first one counts.
type worker struct {
	opt     Options
	index   int
	parsers []Parser
	sources []fact.Source // by parser
	count   Counters
	counts  bool // the frame in hand

	p        packet
	flows    flowTable
	idle     [2]flowList // short- and long-lived conversations, least recent first
	free     *flow
	buffered int // bytes held by all conversations
	spare    buffers
	summed   int64

	fragments fragmentTable
	hosts     *hostTable
	traffic   trafficTable

	asked    [TCP + 1][256][]int16 // the parsers to ask, by transport and first byte
	yes      bool                  // one of them claimed
	speaking int                   // index of the parser whose Next runs
	talking  *flow                 // its conversation
	emit     func(fact.Fact)
}

func newWorker(parsers []Parser, opt Options, index int) *worker {
	n := opt.Workers
	opt.MaxFlows, opt.MaxMemory, opt.MaxTraffic = max(opt.MaxFlows/n, 1), max(opt.MaxMemory/n, 1), max(opt.MaxTraffic/n, min(opt.MaxTraffic, 1))
	w := &worker{opt: opt, index: index, parsers: parsers, hosts: newHostTable(opt.MaxHosts, opt.MaxFacts)}
	w.count.Parsers = make([]ParserCount, len(parsers))
	for i := range parsers {
		w.sources = append(w.sources, fact.Source("wire:"+parsers[i].Name))
	}
	for t := range w.asked {
		for first := range w.asked[t] {
			w.asked[t][first] = toAsk(parsers, Transport(t), byte(first))
		}
	}
	w.traffic = trafficTable{max: opt.MaxTraffic, rows: map[trafficKey]*trafficRow{}}
	w.fragments.sets = map[fragmentKey]*fragmentSet{}
	w.emit = w.take
	return w
}

// toAsk is the parsers that may claim what begins so.
func toAsk(parsers []Parser, t Transport, first byte) (list []int16) {
	for i := range parsers {
		p := &parsers[i]
		if (len(p.Over) == 0 || slices.Contains(p.Over, t)) && (p.First == "" || strings.IndexByte(p.First, first) >= 0) {
			list = append(list, int16(i))
		}
	}
	return list
}

// read reads a frame that every worker gets, or the only one.
func (w *worker) read(nano, clock int64, link uint32, number uint64, data []byte) {
	w.p = packet{nano: nano, clock: clock, frame: number, packets: 1, size: uint64(len(data))}
	w.counts = w.index == 0
	w.link(link, data)
}

// mine tells whether this worker follows what two addresses say to each other.
func (w *worker) mine(a, b addr) bool {
	return w.opt.Workers == 1 || share(a, b, w.opt.Workers) == w.index
}

// share is the worker of a pair of addresses, either way round.
func share(a, b addr, workers int) int {
	h := (a.hi ^ b.hi) * 0x9e3779b97f4a7c15
	h ^= (a.lo + b.lo) * 0xbf58476d1ce4e5b9
	h ^= h >> 32
	return int(h * 0x94d049bb133111eb >> 32 % uint64(workers))
}

func (w *worker) undecodable() {
	if w.counts {
		w.count.Undecodable++
	}
}

func (w *worker) unfollowed() {
	if w.counts {
		w.count.Unfollowed++
	}
}

// end ends every conversation.
func (w *worker) end() {
	for i := range w.idle {
		for f := w.idle[i].oldest; f != nil; f = w.idle[i].oldest {
			w.endFlow(f)
		}
	}
}

// take receives a fact from the parser that is speaking.
func (w *worker) take(f fact.Fact) {
	switch f.Attr {
	case Association:
		w.talking.tally.associations++
		return
	case Message:
		w.talking.tally.messages++
		return
	case Study:
		w.talking.tally.studies++
		return
	}
	// A parser says what its list names and nothing else: this holds also where no test thought of it.
	if attrs := w.parsers[w.speaking].Attrs; attrs != nil && f.Attr != fact.Service && !slices.Contains(attrs, f.Attr) {
		w.count.Parsers[w.speaking].Errors++
		return
	}
	w.count.Parsers[w.speaking].Facts++
	if f.Source == "" {
		f.Source = w.sources[w.speaking]
	}
	nano := w.p.nano
	if !f.At.IsZero() {
		nano = f.At.UnixNano()
	}
	h, isNew := w.hosts.add(&f, nano, w.p.frame)
	if !isNew || f.Attr != fact.MAC {
		return
	}
	// A parser that states a MAC for a host key of both says that the MAC is the host's own (ARP, DHCP).
	if h.mac != 0 && h.mac == parseMAC(f.Value) {
		w.hosts.bind(w.hosts.see(h.pair, nano, w.p.frame))
	}
}
