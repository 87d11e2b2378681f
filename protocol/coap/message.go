package coap

import "encoding/binary"

// Codes (RFC 7252 §12.1, RFC 8132, RFC 8323 §5): a class in three bits and a detail in five.
const (
	codeEmpty  = 0x00
	codePOST   = 0x02
	codeIPatch = 0x07
	codeCSM    = 0xe1 // capabilities, the first message of each side over TCP
)

// Options that are read (RFC 7252 §12.2, RFC 7959); the others are passed over.
const (
	optURIHost       = 3
	optURIPath       = 11
	optContentFormat = 12
	optURIQuery      = 15
	optBlock2        = 23 // of a response's body
	optBlock1        = 27 // of a request's
	optProxyURI      = 35
	optProxyScheme   = 39
)

const linkFormat = 40 // application/link-format (RFC 6690)

func request(code byte) bool { return code > codeEmpty && code <= codeIPatch }

// response tells the codes that are assigned: 2.xx, 4.xx and 5.xx.
func response(code byte) bool {
	switch class, detail := code>>5, code&0x1f; class {
	case 2:
		return detail >= 1 && detail <= 5 || detail == 31
	case 4:
		return detail <= 15 || detail == 22 || detail == 29
	case 5:
		return detail <= 8
	}
	return false
}

// datagram splits a message over UDP: four bytes with version 1, type and token length, the token, options and body.
func datagram(b []byte) (code byte, rest []byte, ok bool) {
	if len(b) < 4 || b[0]>>6 != 1 || b[0]&0x0f > 8 || len(b) < 4+int(b[0]&0x0f) {
		return 0, nil, false
	}
	code, rest = b[1], b[4+int(b[0]&0x0f):]
	if code == codeEmpty {
		return code, nil, len(b) == 4
	}
	reply := b[0]&0x20 != 0 // acknowledgement or reset: never a request, and a reset is empty (RFC 7252 §4.3, table 1)
	if request(code) && !reply || response(code) && b[0]&0x30 != 0x30 {
		return code, rest, true
	}
	return 0, nil, false
}

// frame measures a message over TCP (RFC 8323 §3.2): header is where the options begin, total where the message ends;
// total is 0 while too little is there to tell.
func frame(b []byte) (code byte, header, total int, ok bool) {
	if len(b) == 0 {
		return 0, 0, 0, true
	}
	token, length, at := int(b[0]&0x0f), int(b[0]>>4), 1
	if token > 8 {
		return 0, 0, 0, false
	}
	if length >= 13 { // one, two or four more bytes
		more := 1 << (length - 13)
		if len(b) < 1+more {
			return 0, 0, 0, true
		}
		var wide [4]byte
		copy(wide[4-more:], b[1:1+more])
		length = int(binary.BigEndian.Uint32(wide[:])) + [...]int{13, 269, 65805}[length-13]
		at += more
	}
	if len(b) <= at {
		return 0, 0, 0, true
	}
	header = at + 1 + token
	return b[at], header, header + length, true
}

// options walks a message's options; rest is the body once next has returned false.
type options struct {
	rest   []byte
	number int
	bad    bool
}

// next returns an option's number and value. Numbers are given as differences; 13 and 14 announce one and two more bytes.
func (o *options) next() (number int, value []byte, ok bool) {
	if len(o.rest) == 0 {
		return 0, nil, false
	}
	head := o.rest[0]
	o.rest = o.rest[1:]
	if head == 0xff { // the body follows, and may not be empty
		o.bad = len(o.rest) == 0
		return 0, nil, false
	}
	delta, ok1 := o.extended(int(head >> 4))
	length, ok2 := o.extended(int(head & 0x0f))
	if o.number += delta; !ok1 || !ok2 || length > len(o.rest) || o.number > 0xffff {
		o.bad, o.rest = true, nil
		return 0, nil, false
	}
	value, o.rest = o.rest[:length], o.rest[length:]
	return o.number, value, true
}

func (o *options) extended(n int) (int, bool) {
	switch {
	case n < 13:
		return n, true
	case n == 13 && len(o.rest) >= 1:
		n, o.rest = int(o.rest[0])+13, o.rest[1:]
		return n, true
	case n == 14 && len(o.rest) >= 2:
		n, o.rest = int(binary.BigEndian.Uint16(o.rest))+269, o.rest[2:]
		return n, true
	}
	return 0, false
}

// number is an option's unsigned integer, of up to three bytes for those that are read.
func number(value []byte) (n int) {
	if len(value) > 3 {
		return -1
	}
	for _, v := range value {
		n = n<<8 | int(v)
	}
	return n
}
