package snmp

import "strconv"

// BER tags that SNMP uses (RFC 3416 §3, RFC 1157 §4.1).
const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagOID      = 0x06
	tagSequence = 0x30
	tagAddress  = 0x40
)

// element takes one element off b: its tag, its contents and what follows. ok is false where b holds no whole one.
func element(b []byte) (tag byte, body, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	tag, n, head := b[0], int(b[1]), 2
	if n >= 0x80 {
		more := n & 0x7f
		if more == 0 || more > 4 || len(b) < 2+more {
			return 0, nil, nil, false
		}
		n = 0
		for _, c := range b[2 : 2+more] {
			n = n<<8 | int(c)
		}
		head += more
	}
	if n < 0 || n > len(b)-head {
		return 0, nil, nil, false
	}
	return tag, b[head : head+n], b[head+n:], true
}

// expect is element with a tag that must match.
func expect(b []byte, want byte) (body, rest []byte, ok bool) {
	tag, body, rest, ok := element(b)
	return body, rest, ok && tag == want
}

// small reads a short non-negative integer; anything else is -1.
func small(body []byte) int {
	if len(body) == 0 || len(body) > 3 || body[0]&0x80 != 0 {
		return -1
	}
	n := 0
	for _, c := range body {
		n = n<<8 | int(c)
	}
	return n
}

// maxArcs bounds an object identifier (RFC 3416 §4.1: at most 128 sub-identifiers).
const maxArcs = 128

// oid writes an object identifier with dots; "" where it is damaged.
func oid(body []byte) string {
	if len(body) == 0 || body[len(body)-1]&0x80 != 0 {
		return ""
	}
	out := make([]byte, 0, 64)
	arc, arcs := uint64(0), 0
	for _, c := range body {
		if arc > 1<<32 || arcs > maxArcs {
			return ""
		}
		arc = arc<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if arcs++; arcs == 1 {
			first := min(arc/40, 2)
			out = strconv.AppendUint(out, first, 10)
			arc -= first * 40
		}
		out = append(out, '.')
		out = strconv.AppendUint(out, arc, 10)
		arc = 0
	}
	return string(out)
}
