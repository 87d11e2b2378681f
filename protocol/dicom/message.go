package dicom

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"pons/fact"
	"pons/protocol"
)

// Commands whose data set is the requestor's own word about its equipment (PS3.7 §9.3.1, §10.3.5). Data sets
// of queries speak of other machines' images, and of patients, and are not read.
const (
	commandStore  = 0x0001
	commandCreate = 0x0140
)

// fragment is the presentation data value that is being read (PS3.8 §9.3.5.1).
type fragment struct {
	left    int
	command bool
	last    bool
}

// fragmentHeader is length, context id and control byte.
const fragmentHeader = 6

// message is the DIMSE message that is being read: a command set, then perhaps a data set.
type message struct {
	command elements
	data    elements
	kind    uint16
	moved   bool // sent on behalf of a third party: an archive answering C-MOVE
	made    equipment
	stated  bool
}

// pdata reads the header of a fragment or a stretch of one. b does not reach beyond the PDU.
func (c *conversation) pdata(s *side, d protocol.Dir, b []byte, emit func(fact.Fact)) int {
	f := &s.fragment
	if f.left == 0 {
		if s.left < fragmentHeader {
			return len(b)
		}
		if len(b) < fragmentHeader {
			return 0
		}
		size := int64(binary.BigEndian.Uint32(b))
		if size < 2 || size > int64(s.left)-4 {
			s.skip = s.left - fragmentHeader // the PDU's own length still holds
			s.message = message{}
			return fragmentHeader
		}
		*f = fragment{left: int(size) - 2, command: b[5]&1 != 0, last: b[5]&2 != 0}
		c.establish(emit)
		if f.left == 0 {
			c.pass(s, d, emit)
		}
		return fragmentHeader
	}
	n := min(f.left, len(b))
	if f.command {
		s.message.commandBytes(b[:n])
	} else if m := &s.message; m.read(d) {
		if !m.data.over {
			m.data.read(b[:n], func(tag uint32, value []byte) { c.attribute(m, tag, value, emit) })
		}
		if m.data.over {
			c.state(m, d, emit)
		}
	}
	if f.left -= n; f.left == 0 {
		c.pass(s, d, emit)
	}
	return n
}

// pass ends a fragment, and with the last one of a data set says and counts what it was.
func (c *conversation) pass(s *side, d protocol.Dir, emit func(fact.Fact)) {
	if m := &s.message; s.fragment.last && !s.fragment.command && m.read(d) {
		c.state(m, d, emit)
	}
	if s.fragment.last && !s.fragment.command && s.message.kind == commandStore {
		emit(fact.Fact{Subject: c.keys[d], Attr: protocol.Message})
	}
	s.message.pass(s.fragment)
}

// read tells whether the data set is looked into: of what a requestor stores or creates. Images sent to a C-GET come
// from the acceptor, which answers for others, and are not.
func (m *message) read(d protocol.Dir) bool {
	return d == protocol.ToServer && (m.kind == commandStore || m.kind == commandCreate)
}

func (m *message) commandBytes(b []byte) {
	m.command.read(b, func(tag uint32, value []byte) {
		switch tag {
		case tagCommandField:
			if len(value) == 2 {
				m.kind = binary.LittleEndian.Uint16(value)
			}
		case tagMoveOriginator:
			m.moved = m.moved || plain(value) != ""
		}
	})
}

// pass ends a fragment. The last of a command makes way for its data set, the last of a data set for the next
// command.
func (m *message) pass(f fragment) {
	switch {
	case f.last && f.command:
		m.command = elements{carry: m.command.carry[:0]}
		m.data = elements{carry: m.data.carry[:0]}
		m.made.clear()
		m.stated = false
		if m.kind&0x8000 != 0 { // a response
			m.kind, m.moved = 0, false
		}
	case f.last:
		*m = message{command: elements{carry: m.command.carry[:0]}, data: elements{carry: m.data.carry[:0]}, made: m.made}
		m.made.clear()
	}
}

// plain is an element's text without padding, taken for Latin-1 where it is not UTF-8.
func plain(b []byte) string {
	if utf8.Valid(b) {
		return strings.Trim(string(b), " \x00")
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return strings.Trim(string(runes), " \x00")
}
