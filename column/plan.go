package column

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"pons/query"
)

// set is the rows of one chunk as bits.
type set [chunkWords]uint64

func (s *set) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func (s *set) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// node is an expression made ready to be run over chunks: dictionaries have been asked, times resolved.
type node struct {
	op    query.Op // All, And, Or, Not, or Term for a test of one field
	args  []*node
	cost  int // what a chunk costs, roughly, in microseconds; And and Or run cheap things first
	field int
	store store
	has   bool // any value will do

	one     uint32   // codes: the only code that will do, or
	codes   []uint64 // the codes that will, as bits
	mask    uint64
	spans   []span
	needles []needle
	words   map[string]bool // texts: values that will do, instead of many needles
	ranges  []addrRange
}

type span struct{ lo, hi float64 }

type addrRange struct{ from, to addr }

// never is the node that holds for no row.
func never() *node { return &node{op: query.Or} }

// compile makes an expression ready for the table as it is now.
func (t *Table) compile(e query.Expr, now time.Time) *node {
	switch e.Op {
	case query.All:
		return &node{op: query.And}
	case query.And, query.Or, query.Not:
		n := &node{op: e.Op}
		for _, a := range e.Args {
			n.add(t.compile(a, now))
		}
		n.arrange()
		return n
	case query.Has:
		return &node{op: query.Term, field: e.Field, store: t.stores[e.Field], has: true, cost: 8}
	case query.Term:
		return t.test(e.Field, e.Preds(e.Field, now))
	}
	n := &node{op: query.Or}
	for f := range t.fields {
		if t.fields[f].Kind.Searched() {
			n.add(t.test(f, e.Preds(f, now)))
		}
	}
	n.arrange()
	return n
}

func (n *node) add(arg *node) {
	if n.op == query.Or && arg.op == query.Or {
		n.args = append(n.args, arg.args...) // among them never, which has none
		return
	}
	n.args = append(n.args, arg)
}

func (n *node) arrange() {
	slices.SortStableFunc(n.args, func(a, b *node) int { return a.cost - b.cost })
	for _, a := range n.args {
		n.cost += a.cost
	}
}

// test compiles the predicates of one field, any of which may hold.
func (t *Table) test(field int, preds []query.Pred) *node {
	n := &node{op: query.Term, field: field, store: t.stores[field], cost: 10}
	for _, p := range preds {
		switch n.store {
		case codes:
		case nums:
			n.spans = append(n.spans, span{p.Lo, p.Hi})
		case masks:
			for i, name := range t.fields[field].Values {
				if p.Holds(query.Value{Text: name}) {
					n.mask |= 1 << i
				}
			}
		default:
			if p.Mode == query.Subnet {
				n.ranges = append(n.ranges, addrRange{addrOf(p.From), addrOf(p.To)})
			} else if nd, ok := needleOf(p, n.store); ok {
				n.needles = append(n.needles, nd)
				n.cost += 60
			}
		}
	}
	n.gather()
	n.spans = disjoint(n.spans)
	switch {
	case n.store == codes:
		return t.testCodes(n, preds)
	case n.mask == 0 && len(n.spans)+len(n.needles)+len(n.words)+len(n.ranges) == 0:
		return never()
	}
	return n
}

// manyWords is how many whole values are looked for one by one before they are put into a map instead: a search
// of all rows for one value takes 2 ms of a core, looking up all values 30 ms (measured at a million rows).
const manyWords = 12

// gather puts a long list of whole values, such as pasted tags, into a map.
func (n *node) gather() {
	whole := 0
	for i := range n.needles {
		whole += int(bit(n.needles[i].mode == query.Equal))
	}
	if whole < manyWords {
		return
	}
	n.words = make(map[string]bool, whole)
	n.needles = slices.DeleteFunc(n.needles, func(nd needle) bool {
		if nd.mode == query.Equal {
			n.words[nd.text] = true
		}
		return nd.mode == query.Equal
	})
	n.cost = 10 + 60*len(n.needles) + 400
}

// testCodes asks the predicates of every value of the dictionary, once.
func (t *Table) testCodes(n *node, preds []query.Pred) *node {
	d := t.dicts[n.field]
	_, folded := d.view()
	n.codes = make([]uint64, (len(folded)+63)/64)
	hits := 0
	enter := func(code uint32) {
		if n.codes[code>>6]>>(code&63)&1 == 0 {
			n.codes[code>>6] |= 1 << (code & 63)
			n.one = code
			hits++
		}
	}
	for _, p := range preds {
		if p.Mode == query.Equal {
			if code := d.find(p.Text); code != 0 && int(code) < len(folded) {
				enter(code)
			}
			continue
		}
		nd, ok := needleOf(p, codes)
		if !ok {
			continue
		}
		for code := 1; code < len(folded); code++ {
			if nd.fits(folded[code]) {
				enter(uint32(code))
			}
		}
	}
	switch hits {
	case 0:
		return never()
	case 1:
	default:
		n.one = 0
	}
	return n
}

// run finds the rows of the chunk among cand for which the node holds. It writes every word of out.
func (n *node) run(c *chunk, cand, out *set, s *scratch) {
	switch n.op {
	case query.And:
		*out = *cand
		if len(n.args) == 0 {
			return
		}
		tmp := s.get()
		for _, a := range n.args {
			if out.empty() {
				break
			}
			a.run(c, out, tmp, s)
			*out, *tmp = *tmp, *out
		}
		s.put(tmp)
	case query.Or:
		*out = set{}
		if len(n.args) == 0 {
			return
		}
		rest, tmp := s.get(), s.get()
		*rest = *cand
		tried := s.order(n)
		for i := range tried {
			if rest.empty() {
				break
			}
			tried[i].run(c, rest, tmp, s)
			for i, w := range tmp {
				out[i] |= w
				rest[i] &^= w
			}
		}
		s.put(rest)
		s.put(tmp)
	case query.Not:
		n.args[0].run(c, cand, out, s)
		for i, w := range out {
			out[i] = cand[i] &^ w
		}
	default:
		*out = set{}
		n.find(c, cand, out)
		for i, w := range cand {
			out[i] &= w
		}
	}
}

// find sets the bits of rows that satisfy the test; rows outside cand may be set or not.
func (n *node) find(c *chunk, cand, out *set) {
	d := &c.cols[n.field]
	switch {
	case n.has:
		n.findAny(d, out)
	case n.store == codes:
		n.findCodes(d, cand, out)
	case n.store == nums:
		n.findNums(d, out)
	case n.store == masks:
		for r, m := range d.masks {
			out[r>>6] |= bit(m&n.mask != 0) << (r & 63)
		}
	default:
		for _, a := range n.ranges {
			d.findAddrs(a, out)
		}
		if n.words != nil {
			cand.each(func(r int) {
				d.eachText(r, func(v []byte) { out[r>>6] |= bit(n.words[string(v)]) << (r & 63) })
			})
		}
		for i := range n.needles {
			n.needles[i].find(d, cand, out)
		}
	}
}

// bit is 1 for true; the compiler makes it a SETcc, so that the loops do not branch.
func bit(b bool) uint64 {
	var n uint64
	if b {
		n = 1
	}
	return n
}

func (n *node) findAny(d *data, out *set) {
	switch n.store {
	case codes:
		for r, code := range d.codes {
			out[r>>6] |= bit(code != 0) << (r & 63)
		}
	case nums:
		for r, num := range d.nums {
			out[r>>6] |= bit(num == num) << (r & 63)
		}
	case masks:
		for r, m := range d.masks {
			out[r>>6] |= bit(m != 0) << (r & 63)
		}
	default:
		for r, key := range d.keys {
			out[r>>6] |= bit(key != 0) << (r & 63)
		}
	}
}

func (n *node) findCodes(d *data, cand, out *set) {
	all := d.codes
	for w := 0; w*64 < len(all); w++ {
		if cand[w] == 0 {
			continue
		}
		var word uint64
		part := all[w*64 : min(w*64+64, len(all))]
		switch {
		case bits.OnesCount64(cand[w]) < 16:
			for rest := cand[w]; rest != 0; rest &= rest - 1 {
				i := bits.TrailingZeros64(rest)
				word |= n.holdsCode(part[i]) << i
			}
		case n.one != 0:
			for i, code := range part {
				word |= bit(code == n.one) << (i & 63)
			}
		default:
			for i, code := range part {
				word |= n.holdsCode(code) << (i & 63)
			}
		}
		out[w] |= word
	}
	for _, e := range d.more {
		out[e.row>>6] |= n.holdsCode(e.code) << (e.row & 63)
	}
}

// holdsCode is 1 for a code that will do. A code younger than the question is none of its own snapshot.
func (n *node) holdsCode(code uint32) uint64 {
	if n.one != 0 {
		return bit(code == n.one)
	}
	if int(code>>6) >= len(n.codes) {
		return 0
	}
	return n.codes[code>>6] >> (code & 63) & 1
}

func (n *node) findNums(d *data, out *set) {
	if len(n.spans) > manySpans {
		for r, num := range d.nums {
			out[r>>6] |= n.inSpans(num) << (r & 63)
		}
		for _, e := range d.moreN {
			out[e.row>>6] |= n.inSpans(e.num) << (e.row & 63)
		}
		return
	}
	for _, s := range n.spans {
		for r, num := range d.nums {
			out[r>>6] |= bit(num >= s.lo) & bit(num <= s.hi) << (r & 63)
		}
		for _, e := range d.moreN {
			out[e.row>>6] |= bit(e.num >= s.lo) & bit(e.num <= s.hi) << (e.row & 63)
		}
	}
}

// manySpans is how many spans are tried on each number before they are put in order and searched by halves.
const manySpans = 8

// disjoint puts spans in order and joins those that overlap.
func disjoint(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.lo <= out[n-1].hi {
			out[n-1].hi = max(out[n-1].hi, s.hi)
		} else if s.lo <= s.hi {
			out = append(out, s)
		}
	}
	return out
}

// inSpans is 1 for a number in one of many disjoint spans; NaN is in none. The search is written so that its only
// branch is the loop's: which half a number falls into cannot be foretold.
func (n *node) inSpans(num float64) uint64 {
	at, left := 0, len(n.spans)
	for left > 1 {
		half := left / 2
		next := at + half
		if n.spans[next-1].hi >= num {
			next = at
		}
		at = next
		left -= half
	}
	s := n.spans[at]
	return bit(s.lo <= num) & bit(num <= s.hi)
}

// findAddrs finds addresses of the range's own family. IPv4 addresses lie in the middle of the IPv6 ones.
func (d *data) findAddrs(r addrRange, out *set) {
	is4 := r.from.is4()
	if is4 { // one comparison: lo runs over 32 bits
		lo, width := r.from.lo, r.to.lo-r.from.lo
		for i, a := range d.addrs {
			out[i>>6] |= bit(a.lo-lo <= width) & bit(a.hi == 0) << (i & 63)
		}
	} else {
		for i, a := range d.addrs {
			if !a.less(r.from) && !r.to.less(a) && !a.is4() && d.keys[i] != 0 {
				out[i>>6] |= 1 << (i & 63)
			}
		}
	}
	for _, e := range d.moreA {
		if !e.addr.less(r.from) && !r.to.less(e.addr) && e.addr.is4() == is4 {
			out[e.row>>6] |= 1 << (e.row & 63)
		}
	}
}

// scratch belongs to one worker: it lends sets, and learns in which order alternatives are best tried.
type scratch struct {
	spare []*set
	tries map[*node][]try
}

// try is an alternative of an Or and how it has done so far. Once an alternative has found a row, the ones after
// it need not look at it; so those that find much for little time go first. A word that all addresses contain is
// looked for in the addresses first, from the second chunk on.
type try struct {
	node  *node
	found int
	spent time.Duration
}

func (t *try) run(c *chunk, cand, out *set, s *scratch) {
	start := time.Now()
	t.node.run(c, cand, out, s)
	t.spent += time.Since(start)
	t.found += out.count()
}

// order returns the alternatives of the Or, the most promising first; cheap ones go before unknown ones.
func (s *scratch) order(n *node) []try {
	tries, known := s.tries[n]
	if !known {
		for _, a := range n.args {
			tries = append(tries, try{node: a})
		}
		if s.tries == nil {
			s.tries = map[*node][]try{}
		}
		s.tries[n] = tries
		return tries
	}
	slices.SortStableFunc(tries, func(a, b try) int {
		return cmp.Compare(float64(b.found)*float64(a.spent+1), float64(a.found)*float64(b.spent+1))
	})
	return tries
}

func (s *scratch) get() *set {
	if n := len(s.spare); n > 0 {
		b := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return b
	}
	return new(set)
}

func (s *scratch) put(b *set) { s.spare = append(s.spare, b) }
