// Package ber reads the Basic Encoding Rules of ASN.1 (X.690), which SNMP, LDAP, Kerberos and GSS-API share. It decides
// where an element begins and ends; what it means is each protocol's to say. It is no parser of the engine and stands
// a floor below them, because parsers do not import each other. Nothing here allocates.
package ber

// Tags of universal types.
const (
	Boolean     = 0x01
	Integer     = 0x02
	BitString   = 0x03
	Octets      = 0x04
	OID         = 0x06
	Enumerated  = 0x0a
	Sequence    = 0x30
	Set         = 0x31
	General     = 0x1b // GeneralString
	Application = 0x60 // application class, constructed: Application|n
	Context     = 0xa0 // context class, constructed: Context|n
	Primitive   = 0x80 // context class, primitive: Primitive|n
)

// Header reads tag and length at the start of b: size is how long the header itself is, n how long what follows. ok is
// false where the header is cut (size is then 0) or is none that protocols use: tags above 30, lengths of more than
// four bytes, and the indefinite length (size is then -1).
func Header(b []byte) (tag byte, size, n int, ok bool) {
	if len(b) < 2 {
		return 0, 0, 0, false
	}
	tag, n, size = b[0], int(b[1]), 2
	if tag&0x1f == 0x1f {
		return tag, -1, 0, false
	}
	if n < 0x80 {
		return tag, size, n, true
	}
	more := n & 0x7f
	if more == 0 || more > 4 {
		return tag, -1, 0, false
	}
	if len(b) < 2+more {
		return tag, 0, 0, false
	}
	n = 0
	for _, c := range b[2 : 2+more] {
		n = n<<8 | int(c)
	}
	if n < 0 || n > 1<<31-1 {
		return tag, -1, 0, false
	}
	return tag, size + more, n, true
}

// Element takes one element off b: its tag, its contents and what follows. ok is false where b holds no whole one.
func Element(b []byte) (tag byte, body, rest []byte, ok bool) {
	tag, size, n, ok := Header(b)
	if !ok || n > len(b)-size {
		return 0, nil, nil, false
	}
	return tag, b[size : size+n], b[size+n:], true
}

// Expect is Element with a tag that must match.
func Expect(b []byte, want byte) (body, rest []byte, ok bool) {
	tag, body, rest, ok := Element(b)
	return body, rest, ok && tag == want
}

// Small reads a short non-negative integer; anything else is -1.
func Small(body []byte) int {
	if len(body) == 0 || len(body) > 3 || body[0]&0x80 != 0 {
		return -1
	}
	n := 0
	for _, c := range body {
		n = n<<8 | int(c)
	}
	return n
}
