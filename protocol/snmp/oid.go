package snmp

import "strconv"

// tagAddress is SNMP's own type of an IPv4 address (RFC 1155 §3.2.3).
const tagAddress = 0x40

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
