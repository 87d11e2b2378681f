package column

import (
	"bytes"
	"math/bits"
	"strings"

	"pons/query"
)

// needle is a predicate on text as bytes to look for in an arena. Values lie between NULs, so that a NUL at
// either end of the bytes ties them to the value's.
type needle struct {
	mode    query.Mode
	text    string   // of the predicate
	bytes   []byte   // to look for
	leading int      // 1 when bytes begin with the NUL before the value
	glob    bool     // what is found must still fit the pattern
	parts   [][]byte // of a pattern without ?, between its stars; nil otherwise
}

// needleOf compiles a predicate on text. It is false for what no value can satisfy, such as letters beyond f in
// a MAC address.
func needleOf(p query.Pred, s store) (needle, bool) {
	n := needle{mode: p.Mode, text: p.Text}
	literal := p.Text
	start, end := p.Mode == query.Equal || p.Mode == query.Prefix, p.Mode == query.Equal
	if p.Mode == query.Glob {
		n.glob = true
		if !strings.Contains(p.Text, "?") {
			n.parts = bytes.Split([]byte(p.Text), []byte("*"))
		}
		literal, start, end = longestPiece(p.Text)
	} else if literal == "" {
		return n, false
	}
	alphabet := ""
	switch s {
	case macs:
		alphabet = "0123456789abcdef:"
	case addrs:
		alphabet = "0123456789abcdef:."
	}
	if alphabet != "" && strings.Trim(literal, alphabet) != "" {
		return n, false
	}
	if start {
		n.bytes = append(n.bytes, 0)
		n.leading = 1
	}
	n.bytes = append(n.bytes, literal...)
	if end {
		n.bytes = append(n.bytes, 0)
	}
	if literal == "" { // a pattern of nothing but * and ?: every value is looked at
		n.bytes, n.leading = nil, 0
	}
	return n, true
}

// longestPiece is the longest run of a pattern without * and ?, and whether it is the value's start and end. Being
// tied to an end counts as two letters more, since it rules out as much.
func longestPiece(pattern string) (piece string, start, end bool) {
	best := 0
	for at := 0; at <= len(pattern); {
		n := strings.IndexAny(pattern[at:], "*?")
		if n < 0 {
			n = len(pattern) - at
		}
		first, final := at == 0, at+n == len(pattern)
		worth := n
		if first || final {
			worth += 2
		}
		if n > 0 && worth > best {
			best, piece, start, end = worth, pattern[at:at+n], first, final
		}
		at += n + 1
	}
	return piece, start, end
}

// fits says whether one folded value satisfies the predicate.
func (n *needle) fits(folded string) bool {
	switch n.mode {
	case query.Equal:
		return folded == n.text
	case query.Prefix:
		return strings.HasPrefix(folded, n.text)
	case query.Contains:
		return strings.Contains(folded, n.text)
	}
	return query.MatchGlob(n.text, folded)
}

// sparse is the share of candidate rows, 1/sparse, below which rows are looked at one by one: a row costs some
// 20 ns alone and 4 ns as a part of its arena (measured with values of 14 bytes).
const sparse = 6

func (n *needle) find(d *data, cand, out *set) {
	if n.bytes == nil || cand.count() < len(d.ends)/sparse {
		n.findAmong(d, cand, out)
		return
	}
	r := 0
	s := newSeeker(d.arena, n.bytes)
	for pos := 0; ; {
		at := s.next(pos)
		if at < 0 {
			return
		}
		r = rowAt(d.ends, r, uint32(at+n.leading))
		if !n.glob || n.globRow(d, r) {
			out[r>>6] |= 1 << (r & 63)
		}
		pos = int(d.ends[r]) - 1 // the NUL that ends this row's last value is before the next row's first
	}
}

// rowAt is the first row from r on that ends behind pos. Hits come in order and are often near each other.
func rowAt(ends []uint32, r int, pos uint32) int {
	if ends[r] > pos {
		return r
	}
	step := 1
	for r+step < len(ends) && ends[r+step] <= pos {
		r += step
		step *= 2
	}
	lo, hi := r+1, min(r+step, len(ends)-1)
	for lo < hi {
		if mid := (lo + hi) / 2; ends[mid] > pos {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

func (n *needle) findAmong(d *data, cand, out *set) {
	for w, word := range cand {
		for ; word != 0; word &= word - 1 {
			r := w*64 + bits.TrailingZeros64(word)
			begin, end := d.begin(r), d.ends[r]
			if begin == end {
				continue
			}
			if n.bytes != nil && !bytes.Contains(d.arena[begin-1:end], n.bytes) || n.glob && !n.globRow(d, r) {
				continue
			}
			out[w] |= 1 << (r & 63)
		}
	}
}

func (n *needle) globRow(d *data, r int) bool {
	rest := d.values(r)
	for len(rest) > 0 {
		end := bytes.IndexByte(rest, 0)
		if n.fitsGlob(rest[:end]) {
			return true
		}
		rest = rest[end+1:]
	}
	return false
}

// fitsGlob is query.MatchGlob, done with fast searches where the pattern has stars only: the first part begins the
// value, the last one ends it, and the others follow each other in between, each as early as it can.
func (n *needle) fitsGlob(value []byte) bool {
	if n.parts == nil {
		return query.MatchGlob(n.text, value)
	}
	first, end := n.parts[0], n.parts[len(n.parts)-1]
	if len(n.parts) == 1 {
		return bytes.Equal(first, value)
	}
	if len(value) < len(first)+len(end) || !bytes.HasPrefix(value, first) || !bytes.HasSuffix(value, end) {
		return false
	}
	value = value[len(first) : len(value)-len(end)]
	for _, part := range n.parts[1 : len(n.parts)-1] {
		i := bytes.Index(value, part)
		if i < 0 {
			return false
		}
		value = value[i+len(part):]
	}
	return true
}
