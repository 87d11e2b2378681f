package hartip

import (
	"encoding/binary"
	"strings"
)

// Header (HCF_SPEC-085 §8.1): version, message type, message id, status, sequence number, length with the header.
const (
	header = 8

	// maxMessage bounds a message of a stream: a frame has at most 255 bytes of data, and audit logs a few KiB (own choice).
	maxMessage = 8 << 10
)

// Message types and ids.
const (
	typeRequest  = 0
	typeResponse = 1
	typePublish  = 2
	typeRefusal  = 15

	idInitiate    = 0
	idKeepAlive   = 2
	idPassThrough = 3
	idDirect      = 4
	idLast        = 5 // read audit log
)

const initiateBody = 5 // kind of host, inactivity timer

// measure returns a message's length; 0 while too little is there to tell.
func measure(b []byte) (total int, ok bool) {
	if len(b) > 0 && b[0] != 1 && b[0] != 2 || len(b) > 1 && b[1] > typePublish && b[1] != typeRefusal || len(b) > 2 && b[2] > idLast {
		return 0, false
	}
	if len(b) < header {
		return 0, true
	}
	total = int(binary.BigEndian.Uint16(b[6:]))
	return total, total >= header && total <= maxMessage
}

// unique names a device in long frames: 14 bits of its type, and its id. The upper two bits of the first byte are of the
// frame.
type unique [5]byte

// pdu is a frame of a field device (HCF_SPEC-081 §5).
type pdu struct {
	kind    byte // 1: burst, 2: request, 6: answer
	long    bool
	polling byte   // of a short frame
	device  unique // of a long one
	command int
	data    []byte
}

const (
	kindBurst   = 1
	kindRequest = 2
	kindAnswer  = 6
)

// parse reads a frame; bare ones, inside commands, have neither preambles nor a checksum.
func parse(b []byte, bare bool) (p pdu, ok bool) {
	for !bare && len(b) > 0 && b[0] == 0xff {
		b = b[1:]
	}
	if len(b) < 2 {
		return p, false
	}
	start := b
	p.kind, p.long = b[0]&7, b[0]&0x80 != 0
	expansion := int(b[0] >> 5 & 3)
	if p.kind != kindBurst && p.kind != kindRequest && p.kind != kindAnswer {
		return p, false
	}
	if b = b[1:]; !p.long {
		p.polling, b = b[0]&0x3f, b[1:]
	} else if len(b) >= len(p.device) {
		p.device, b = unique(b), b[len(p.device):]
		p.device[0] &= 0x3f
	} else {
		return p, false
	}
	if len(b) < expansion+2 {
		return p, false
	}
	b = b[expansion:]
	p.command = int(b[0])
	n := int(b[1])
	if b = b[2:]; len(b) < n {
		return p, false
	}
	p.data = b[:n]
	return p, bare || len(b) == n+1 && sum(start) == 0
}

// sum is zero over a frame with its checksum.
func sum(b []byte) (s byte) {
	for _, v := range b {
		s ^= v
	}
	return s
}

// packed is text of six bits a character (HCF_SPEC-183 §5.1).
func packed(b []byte) string {
	var out strings.Builder
	for ; len(b) >= 3; b = b[3:] {
		bits := uint(b[0])<<16 | uint(b[1])<<8 | uint(b[2])
		for shift := 18; shift >= 0; shift -= 6 {
			c := byte(bits>>shift) & 0x3f
			if c < 0x20 {
				c |= 0x40
			}
			out.WriteByte(c)
		}
	}
	return given(out.String())
}

// latin is text of ISO 8859-1 that zeros fill.
func latin(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		if c == 0 {
			break
		}
		out.WriteRune(rune(c))
	}
	return given(out.String())
}

// given leaves out what devices are delivered with: one mark over and over.
func given(s string) string {
	if strings.Trim(s, "? ") == "" || strings.Trim(s, "@ ") == "" {
		return ""
	}
	return strings.TrimSpace(s)
}
