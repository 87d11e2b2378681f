package hello

import "slices"

// MaxPieces bounds what is put together of messages that come in datagrams; hellos stay below 4 KiB, with keys that
// resist quantum computers and echoes of them as well, and certificate chains below 16 KiB.
const MaxPieces = 16 << 10

// Pieces puts together what comes out of order and more than once, as the datagrams of DTLS and QUIC do.
type Pieces struct {
	buf   []byte
	spans [][2]int // what is there, in order, not touching
}

// maxSpans is more than the pieces that clients cut a hello into on purpose (Chrome: about a dozen).
const maxSpans = 64

// Put adds a piece and tells whether there was room. Of bytes that come twice the last stand.
func (p *Pieces) Put(offset int, data []byte) bool {
	end := offset + len(data)
	if offset < 0 || end > MaxPieces || len(p.spans) >= maxSpans {
		return false
	}
	if len(data) == 0 {
		return true
	}
	if end > len(p.buf) {
		p.buf = append(p.buf, make([]byte, end-len(p.buf))...)
	}
	copy(p.buf[offset:], data)
	i := 0
	for i < len(p.spans) && p.spans[i][1] < offset {
		i++
	}
	span := [2]int{offset, end}
	j := i
	for j < len(p.spans) && p.spans[j][0] <= end {
		span[0], span[1] = min(span[0], p.spans[j][0]), max(span[1], p.spans[j][1])
		j++
	}
	p.spans = slices.Replace(p.spans, i, j, span)
	return true
}

// Whole returns what is there from the beginning on, valid until the next Put.
func (p *Pieces) Whole() []byte {
	if len(p.spans) == 0 || p.spans[0][0] != 0 {
		return nil
	}
	return p.buf[:p.spans[0][1]]
}

// Reset forgets everything.
func (p *Pieces) Reset() { *p = Pieces{} }
