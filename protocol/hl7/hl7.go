// Package hl7 reads HL7 version 2 messages over MLLP: who sends what to whom, and which devices are named as
// the source of a result. It decides which bytes are a message, a segment and a field, and reads the fields
// of one short list; every other field, the patient's and the results above all, is counted off as it comes
// and never kept. A gateway names devices that are not itself: where the name holds a device's MAC the fact
// is that host's, where it is the sender's own the sender's, and else it is of a child that the sender speaks for.
package hl7

import (
	"bytes"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// The attributes of this protocol.
const (
	attrSendingApplication   fact.Attr = "hl7.sending_application"
	attrSendingFacility      fact.Attr = "hl7.sending_facility"
	attrReceivingApplication fact.Attr = "hl7.receiving_application"
	attrReceivingFacility    fact.Attr = "hl7.receiving_facility"
	attrMessageType          fact.Attr = "hl7.message_type"
	attrVersion              fact.Attr = "hl7.version"
	attrEquipment            fact.Attr = "hl7.equipment_id"
	attrDevice               fact.Attr = "hl7.device_id"
	attrUDI                  fact.Attr = "hl7.udi"
	attrDeviceType           fact.Attr = "hl7.device_type"
	attrManufacturer         fact.Attr = "hl7.manufacturer"
	attrModel                fact.Attr = "hl7.model"
	attrSerial               fact.Attr = "hl7.serial"
	attrHardware             fact.Attr = "hl7.hardware"
	attrSoftware             fact.Attr = "hl7.software"
	attrFirmware             fact.Attr = "hl7.firmware"
)

// Trust by domain/05 §5.7: clinical protocols weigh 0.9. What a sender calls its peer is configuration, worth
// an AE title (0.5), and so is a device it names without saying where that is.
const (
	trustSelf = 0.9
	trustPeer = 0.5
)

// MLLP, HL7 2.x appendix C (minimal lower layer protocol): <VT> message <FS> <CR>.
const (
	startBlock = 0x0b
	endBlock   = 0x1c
)

const (
	// maxField bounds the fields that are read. HD and EI have four components of at most 199 characters.
	maxField = 1024
)

// Parser reads HL7 v2 over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "hl7",
		Doc:  "HL7 v2 over MLLP: sender and receiver, message type, version, and the devices behind a gateway by OBX-18, EQU-1, PRT and the device tree of IHE PCD.",
		Attrs: []fact.Attr{attrSendingApplication, attrSendingFacility, attrReceivingApplication, attrReceivingFacility,
			attrMessageType, attrVersion, attrEquipment, attrDevice, attrUDI, attrDeviceType, attrManufacturer, attrModel, attrSerial,
			attrHardware, attrSoftware, attrFirmware, fact.EUI64, fact.Class, fact.Parent, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		Claims: claims,
		New:    newConversation,
	}
}

// claims accepts a message header, with its frame or, as some senders leave that out, at the very beginning.
func claims(o protocol.Opening) bool {
	if o.Transport != protocol.TCP {
		return false
	}
	b := o.First
	if headerLike(b) {
		return true
	}
	for {
		i := bytes.IndexByte(b, startBlock)
		if i < 0 {
			return false
		}
		b = b[i+1:]
		if headerLike(b) {
			return true
		}
	}
}

// headerLike tells a header of a message or a batch by its name and its delimiters, which no other text has.
func headerLike(b []byte) bool {
	if len(b) < 3 || string(b[:3]) != "MSH" && string(b[:3]) != "BHS" && string(b[:3]) != "FHS" {
		return false
	}
	_, ok, _ := delimitersOf(b[3:])
	return ok
}

type conversation struct {
	ends  [2]protocol.Endpoint // senders, by direction of the data
	keys  [2]fact.Key
	sides [2]side

	met bool // a message has been seen
}

func newConversation(o protocol.Opening) protocol.Conversation {
	return &conversation{
		ends: [2]protocol.Endpoint{protocol.ToServer: o.Client, protocol.ToClient: o.Server},
		keys: [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()},
	}
}

// mode says what the next bytes of a direction are.
type mode uint8

const (
	outside mode = iota // between messages
	segment             // the name of a segment
	header              // the delimiters behind the name of a message header
	field               // a field; the name of the segment is its field 0
	rest                // the rest of a segment that holds nothing wanted
)

// side is one direction of a conversation.
type side struct {
	mode   mode
	begun  bool // the first bytes have been looked at
	marks  delimiters
	ending byte // what ends a segment here: CR by the standard, LF in some hands; 0 before that is known
	list   []wish
	number int  // of the field
	skip   bool // the field is not wanted, or too long

	last   [obx3][recent]string // what fields of the header said lately
	sender [2]string            // MSH-3 and MSH-4 as written

	devices     map[string]*device // by the field that named them
	device      *device            // that the observations are of, once one is named
	participant bool               // the segment is a PRT: the device is its own
	spec        spec               // the attribute of a device that OBX-5 holds
	pending     pending            // what was said of a device whose name is still to come in the segment or the group
}

// Next consumes fields as far as they go; at most one short field is asked for in one piece.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	s := &c.sides[d]
	used := 0
	for used < len(data) {
		n := c.step(s, d, data[used:], emit)
		if s.mode == segment && s.pending.any {
			c.flush(s, d, emit)
		}
		if n == 0 {
			break
		}
		used += n
	}
	return used, nil
}

// step consumes one name, field or stretch; zero asks for more.
func (c *conversation) step(s *side, d protocol.Dir, b []byte, emit func(fact.Fact)) int {
	switch s.mode {
	case outside:
		return s.seek(b)
	case segment:
		return s.name(b)
	case header:
		n := s.delimit(b)
		if s.mode == field && !c.met {
			c.met = true
			for _, k := range c.keys {
				emit(fact.Fact{Subject: k, Attr: fact.Practice, Value: fact.CleartextHL7, Because: "MSH"})
			}
		}
		return n
	case rest:
		end := s.endOfSegment(b)
		if end < 0 {
			return len(b)
		}
		return s.close(b, end)
	}
	return c.field(s, d, b, emit)
}

// seek looks for the start of a message. A direction that begins without a frame may begin with a message
// all the same.
func (s *side) seek(b []byte) int {
	if !s.begun {
		if len(b) < 3 && strings.HasPrefix("MSH", string(b)) {
			return 0
		}
		s.begun = true
		if bytes.HasPrefix(b, []byte("MSH")) {
			s.mode, s.ending = segment, 0
			return s.name(b)
		}
	}
	start := bytes.IndexByte(b, startBlock)
	if start < 0 {
		return len(b)
	}
	s.mode, s.ending, s.marks = segment, 0, delimiters{}
	return start + 1
}

// name reads the name of a segment, or what stands between segments.
func (s *side) name(b []byte) int {
	switch b[0] {
	case '\r', '\n', startBlock: // a block that was cut off and begun again
		return 1
	case endBlock:
		s.mode = outside
		return 1
	}
	if end := s.endOfSegment(b[:min(len(b), 3)]); end > 0 {
		return s.close(b, end)
	}
	if len(b) < 3 {
		return 0
	}
	s.number, s.skip, s.list = 0, true, wishesOf([3]byte(b))
	s.spec, s.participant = noSpec, string(b[:3]) == "PRT"
	if s.participant || string(b[:3]) == "OBR" || string(b[:3]) == "MSH" { // another group of observations, or another device
		s.device, s.pending = nil, pending{}
	}
	switch {
	case string(b[:3]) == "MSH":
		s.mode, s.ending, s.marks = header, 0, delimiters{}
	case len(s.list) == 0 || s.marks.field == 0:
		s.mode = rest
	default:
		s.mode = field
	}
	return 3
}

// delimit reads MSH-1 and MSH-2. A header that has none leaves its message unread.
func (s *side) delimit(b []byte) int {
	marks, ok, more := delimitersOf(b)
	if more {
		return 0
	}
	if !ok {
		s.mode = rest
		if end := s.endOfSegment(b[:1]); end == 0 {
			return s.close(b, 0)
		}
		return 1
	}
	s.marks, s.mode, s.number, s.skip = marks, field, 2, true
	return marks.size
}

// endOfSegment returns where a segment ends in b, or -1. Other control characters stay inside: free text
// holds line feeds where only carriage returns count.
func (s *side) endOfSegment(b []byte) int {
	if s.ending == 0 {
		return bytes.IndexAny(b, "\r\n\x1c\x0b")
	}
	end := bytes.IndexByte(b, s.ending)
	if end >= 0 {
		b = b[:end]
	}
	for _, mark := range [2]byte{endBlock, startBlock} {
		if i := bytes.IndexByte(b, mark); i >= 0 {
			b, end = b[:i], i
		}
	}
	return end
}

func (s *side) endsSegment(c byte) bool {
	return c == endBlock || c == startBlock || c == s.ending || s.ending == 0 && (c == '\r' || c == '\n')
}

// close ends a segment whose last byte stands before b[end], and learns from the first how segments end.
func (s *side) close(b []byte, end int) int {
	if c := b[end]; s.ending == 0 && (c == '\r' || c == '\n') {
		s.ending = c
	}
	s.mode = segment
	return end + s.name(b[end:])
}

// field reads one field, or passes over all before the next that is wanted. It stops behind a delimiter.
func (c *conversation) field(s *side, d protocol.Dir, b []byte, emit func(fact.Fact)) int {
	for i, char := range b {
		if char != s.marks.field && (char >= ' ' || !s.endsSegment(char)) {
			continue
		}
		if !s.skip && i <= maxField {
			c.read(s, d, s.list[0].slot, b[:i], emit)
		}
		if char != s.marks.field {
			return s.close(b, i)
		}
		s.number++
		for len(s.list) > 0 && s.list[0].field < s.number {
			s.list = s.list[1:]
		}
		if len(s.list) == 0 {
			s.mode = rest
			return i + 1
		}
		s.skip = s.list[0].field != s.number || s.list[0].slot == obx5 && s.spec == noSpec
		if !s.skip {
			return i + 1
		}
	}
	if !s.skip && len(b) <= maxField {
		return 0
	}
	s.skip = true
	return len(b)
}
