// Package astm reads what laboratory analysers say of themselves in ASTM E1394 (CLSI LIS02) messages over TCP, framed as
// E1381 (LIS01) has it or bare. It decides which bytes are a frame, a record and a field, and reads the header record's
// sender, receiver and version; patients, orders, results and the access password are passed over as they come.
package astm

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"

	"pons/fact"
	"pons/protocol"
)

// The attributes of this protocol. Analysers put their name, software version and serial number in the parts of the
// sender's name; hosts put a bare name there, which says no model.
const (
	attrSender   fact.Attr = "astm.sender"
	attrReceiver fact.Attr = "astm.receiver"
	attrModel    fact.Attr = "astm.model"
	attrSerial   fact.Attr = "astm.serial"
	attrSoftware fact.Attr = "astm.software"
	attrMaker    fact.Attr = "astm.manufacturer"
	attrVersion  fact.Attr = "astm.version"
)

// Trust by domain/05 §5.7: a clinical protocol weighs 0.9; the order of the parts of the sender's name is custom and
// not standard, and what a sender calls its peer is configuration.
const (
	trustSelf  = 0.9
	trustParts = 0.7
	trustPeer  = 0.5
)

// Control characters of E1381 §6.3.
const (
	stx, etx, eot, enq, ack, nak, etb = 0x02, 0x03, 0x04, 0x05, 0x06, 0x15, 0x17
)

// maxHeader is more than any header record: fourteen fields of names and numbers.
const maxHeader = 1024

// Parser reads ASTM messages over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name:   "astm",
		Doc:    "ASTM E1381/E1394 (LIS01/LIS02): laboratory analysers by name, software version and serial number of the header record.",
		Attrs:  []fact.Attr{attrSender, attrReceiver, attrModel, attrSerial, attrSoftware, attrMaker, attrVersion, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		Claims: claims,
		New:    newConversation,
	}
}

// claims accepts a header record, with its frame or without, behind the characters that open a link.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < 6 {
		return false
	}
	i := 0
	for i < len(b) && i < 16 && (b[i] == enq || b[i] == ack || b[i] == nak || b[i] == eot || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	if b = b[i:]; len(b) > 2 && b[0] == stx && b[1] >= '0' && b[1] <= '7' {
		b = b[2:]
	}
	return headerLike(b)
}

// headerLike tells a header record by its delimiters: field, repeat, component, escape, and the field's again.
func headerLike(b []byte) bool {
	if len(b) < 6 || b[0] != 'H' || b[5] != b[1] && b[5] != '\r' {
		return false
	}
	for i := 1; i < 5; i++ {
		c := b[i]
		if c <= ' ' || c >= 0x7f || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || bytes.IndexByte(b[1:i], c) >= 0 {
			return false
		}
	}
	return true
}

type conversation struct {
	keys  [2]fact.Key
	sides [2]side
}

// mode says where in a frame the next byte is.
type mode uint8

const (
	between mode = iota // frames, or the first byte of a bare record
	number              // of the frame
	text                // of a frame
	bare                // text without frames
	trailer             // checksum and line end of a frame
)

// side is one direction.
type side struct {
	mode   mode
	middle bool   // of a record that is not a header, or too long
	record []byte // the header being gathered
	last   string // the header said last
}

func newConversation(o protocol.Opening) protocol.Conversation {
	return &conversation{keys: [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()}}
}

// Next uses up everything; a header record is gathered here, because frames may cut it anywhere.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	s := &c.sides[d]
	for _, b := range data {
		switch {
		case b == stx:
			s.mode = number
			continue
		case b == enq || b == eot: // a new transfer begins, or one ends
			c.end(s, d, emit)
			s.mode = between
			continue
		}
		switch s.mode {
		case number:
			s.mode = text
		case trailer:
			if b == '\n' {
				s.mode = between
			}
		case between:
			if b != 'H' { // a bare message begins with its header
				continue
			}
			s.mode = bare
			c.take(s, d, b, emit)
		case text:
			if b == etx || b == etb {
				s.mode = trailer
				continue
			}
			c.take(s, d, b, emit)
		case bare:
			c.take(s, d, b, emit)
		}
	}
	return len(data), nil
}

// take reads one byte of a record.
func (c *conversation) take(s *side, d protocol.Dir, b byte, emit func(fact.Fact)) {
	switch {
	case b == '\r' || b == '\n':
		c.end(s, d, emit)
	case s.middle:
	case len(s.record) == 0 && b != 'H' || len(s.record) == maxHeader:
		s.middle, s.record = true, s.record[:0]
	default:
		s.record = append(s.record, b)
	}
}

// end ends a record.
func (c *conversation) end(s *side, d protocol.Dir, emit func(fact.Fact)) {
	record := s.record
	s.middle, s.record = false, s.record[:0]
	if len(record) == 5 { // nothing behind the delimiters
		return
	}
	if !headerLike(record) {
		return
	}
	emit(fact.Fact{Subject: c.keys[d], Attr: protocol.Message})
	if string(record) == s.last {
		return
	}
	s.last = string(record)
	c.header(d, record, emit)
}

// header says what the fields of a header record tell (E1394 §6): 5 is the sender, 10 the receiver, 13 the version; 4
// is the access password, of which it is said that there is one.
func (c *conversation) header(d protocol.Dir, record []byte, emit func(fact.Fact)) {
	field, component := record[1], record[3]
	for i, raw := range bytes.Split(record[5:], []byte{field}) {
		value := plain(raw)
		if value == "" {
			continue
		}
		switch i + 2 {
		case 4:
			for _, k := range c.keys {
				emit(fact.Fact{Subject: k, Attr: fact.Practice, Value: fact.CleartextCredentials, Because: "H-4"})
			}
		case 5:
			parts := strings.Split(value, string(rune(component)))
			emit(fact.Fact{Subject: c.keys[d], Attr: attrSender, Value: strings.TrimRight(strings.Join(parts, "^"), "^ "), Trust: trustSelf, Because: "H-5"})
			c.parts(d, parts, emit)
		case 10:
			name, _, _ := strings.Cut(value, string(rune(component)))
			emit(fact.Fact{Subject: c.keys[1-d], Attr: attrReceiver, Value: name, Trust: trustPeer, Because: "H-10"})
		case 13:
			emit(fact.Fact{Subject: c.keys[d], Attr: attrVersion, Value: value, Trust: trustSelf, Because: "H-13"})
		}
	}
}

// parts reads the parts of a sender's name in the order that is custom: name, software version, serial number; some
// makers put their own name first. A sender of one part is as often a host as an analyser.
func (c *conversation) parts(d protocol.Dir, parts []string, emit func(fact.Fact)) {
	for len(parts) > 0 && strings.TrimSpace(parts[len(parts)-1]) == "" {
		parts = parts[:len(parts)-1]
	}
	if len(parts) < 2 {
		return
	}
	say := func(a fact.Attr, v string) {
		if v = strings.TrimSpace(v); v != "" {
			emit(fact.Fact{Subject: c.keys[d], Attr: a, Value: v, Trust: trustParts, Because: "H-5"})
		}
	}
	if len(parts) > 2 && !versionLike(parts[1]) && versionLike(parts[2]) {
		say(attrMaker, parts[0])
		parts = parts[1:]
	}
	say(attrModel, parts[0])
	if !versionLike(parts[1]) {
		return
	}
	say(attrSoftware, parts[1])
	if len(parts) > 2 && serialLike(parts[2]) {
		say(attrSerial, parts[2])
	}
}

// versionLike tells a software version: it begins with a digit, perhaps behind a V, and is short.
func versionLike(s string) bool {
	s = strings.TrimLeft(strings.TrimSpace(s), "vV")
	return s != "" && len(s) <= 20 && s[0] >= '0' && s[0] <= '9'
}

// serialLike tells a serial number: at least four letters and digits, one of them a digit.
func serialLike(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) >= 4 && len(s) <= 32 && strings.ContainsAny(s, "0123456789") && !strings.ContainsAny(s, " ")
}

// plain is a field's text, taken for Latin-1 where it is not UTF-8.
func plain(b []byte) string {
	if !utf8.Valid(b) {
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return strings.TrimSpace(string(runes))
	}
	return strings.TrimSpace(string(b))
}
