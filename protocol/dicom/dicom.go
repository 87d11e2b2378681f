// Package dicom reads what DICOM application entities say of themselves: in the association handshake their
// titles, implementation and the kinds of image they store, and in the images that a modality sends, the
// attributes of the equipment. It decides which bytes are a PDU, an item, an element, and which of the few
// wanted ones they are; all else is counted off unread, the patient and study groups first of all. What a
// class UID or an AE title makes of a device is for the fingerprint rules to say.
package dicom

import (
	"encoding/binary"
	"fmt"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
)

// The attributes of this protocol. Implementation and equipment belong to the side that sent them, the called
// AE title to the side that was called.
const (
	attrCallingAE      fact.Attr = "dicom.calling_ae"
	attrCalledAE       fact.Attr = "dicom.called_ae"
	attrImplementation fact.Attr = "dicom.implementation_class_uid"
	attrVersionName    fact.Attr = "dicom.implementation_version"
	attrModality       fact.Attr = "dicom.modality"
	attrManufacturer   fact.Attr = "dicom.manufacturer"
	attrModel          fact.Attr = "dicom.model"
	attrSerial         fact.Attr = "dicom.serial"
	attrStation        fact.Attr = "dicom.station"
	attrSoftware       fact.Attr = "dicom.software"
	attrUDI            fact.Attr = "dicom.udi"
	attrService        fact.Attr = "dicom.service" // "storage SCP", "worklist SCU": what was agreed, and who serves whom
)

// Trust by domain/05 §5.7: an implementation UID weighs 0.9, an AE title 0.5; a called title is what the
// caller believes, and a scanner may believe anything. Equipment attributes are the word of whatever made the
// image, which is the sender unless that forwards another's images without saying so: one serial number from two
// hosts is such a case, and is seen as one only above. Hence less than the 0.9 of a clinical protocol.
const (
	trustImplementation = 0.9
	trustCallingAE      = 0.5
	trustCalledAE       = 0.4
	trustEquipment      = 0.7
	trustProposal       = 0.6
)

// PDU types, PS3.8 §9.3.
const (
	pduAssociateRQ = 1
	pduAssociateAC = 2
	pduAssociateRJ = 3
	pduData        = 4
	pduReleaseRQ   = 5
	pduReleaseRP   = 6
	pduAbort       = 7
)

const (
	pduHeader = 6
	// associateFixed is what stands before the items of A-ASSOCIATE-RQ and -AC: version, titles, reserved.
	associateFixed = 68
	// maxAssociate bounds a handshake PDU. 128 presentation contexts with all transfer syntaxes of the
	// standard take under 256 KiB.
	maxAssociate = 1 << 20
)

var errPDU = fmt.Errorf("dicom: no PDU begins here: %w", fault.Invalid)

// Parser reads the DICOM upper layer over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "dicom",
		Doc:  "DICOM associations (AE titles, implementation, proposed modality) and the equipment attributes of stored images.",
		Attrs: []fact.Attr{attrCallingAE, attrCalledAE, attrImplementation, attrVersionName, attrModality,
			attrManufacturer, attrModel, attrSerial, attrStation, attrSoftware, attrUDI, attrService, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "\x01\x02\x04",
		Claims: claims,
		New:    newConversation,
	}
}

// claims accepts the handshake PDU that fits the direction, with version 1 and printable titles.
func claims(o protocol.Opening) bool {
	b := o.First
	want := byte(pduAssociateRQ)
	if o.FirstDir == protocol.ToClient {
		want = pduAssociateAC
	}
	if o.Transport != protocol.TCP || len(b) < pduHeader+fragmentHeader+commandStart {
		return false
	}
	if b[0] == pduData {
		return claimsCommand(b, o.FirstDir)
	}
	if len(b) < pduHeader+36 || b[0] != want || b[1] != 0 {
		return false
	}
	size := binary.BigEndian.Uint32(b[2:])
	if size < associateFixed || size > maxAssociate || b[7]&1 == 0 || b[6] > 0x0f {
		return false
	}
	// Reserved bytes are not to be tested (PS3.8 §9.3.1), so the titles have to do.
	for _, c := range b[10:42] {
		if c < ' ' && c != 0 || c == 0x7f || c == '\\' {
			return false
		}
	}
	return true
}

// commandStart is the first element of a command set, its group's length (PS3.7 §6.3.1): 00000000 04000000.
const commandStart = 8

// claimsCommand accepts a P-DATA-TF that holds one command, as an association shows that was under way when the
// capture began: a request from the client or a response from the server.
func claimsCommand(b []byte, d protocol.Dir) bool {
	size, inner := binary.BigEndian.Uint32(b[2:]), binary.BigEndian.Uint32(b[6:])
	if b[1] != 0 || inner < 20 || size < inner+4 || size > maxAssociate || b[10]&1 == 0 || b[11]&^2 != 1 ||
		string(b[12:20]) != "\x00\x00\x00\x00\x04\x00\x00\x00" {
		return false
	}
	kind := uint16(0)
	var e elements
	e.read(b[12:min(len(b), 10+int(inner))], func(tag uint32, value []byte) {
		if tag == tagCommandField && len(value) == 2 {
			kind = binary.LittleEndian.Uint16(value)
		}
	})
	return kind != 0 && (kind&0x8000 != 0) == (d == protocol.ToClient)
}

// conversation is one TCP connection, which carries one association and rarely a second.
type conversation struct {
	keys  [2]fact.Key // of the sender, by direction of the data
	sides [2]side
	asked bool // the request of the association has been seen

	proposal    proposal
	established bool   // the association has been counted
	forwards    bool   // the sender passes on what others made
	titled      string // the modality that its title begins with
	study       uint64 // a hash of the study last stored; the number itself is not kept
	said        equipment
}

// side is one direction of a conversation.
type side struct {
	kind  byte // of the PDU that is being read; 0 between PDUs
	left  int  // bytes left of it
	fixed bool // the fixed part of a handshake PDU has been read
	skip  int  // bytes to pass over within it

	context byte // the presentation context whose syntaxes follow

	fragment fragment
	message  message
}

func newConversation(o protocol.Opening) protocol.Conversation {
	return &conversation{keys: [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()}}
}

// Next consumes PDUs as far as they go; at most one short item is asked for in one piece.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	s := &c.sides[d]
	used := 0
	for used < len(data) {
		n, err := c.step(s, d, data[used:], emit)
		used += n
		if n == 0 || err != nil {
			return used, err
		}
	}
	return used, nil
}

// step consumes one header, item or stretch; zero asks for more.
func (c *conversation) step(s *side, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if s.kind == 0 {
		return c.header(s, b)
	}
	b = b[:min(len(b), s.left)]
	n := 0
	switch {
	case s.skip > 0:
		n = min(s.skip, len(b))
		s.skip -= n
	case s.kind == pduAssociateRQ || s.kind == pduAssociateAC:
		n = c.associate(s, d, b, emit)
	case s.kind == pduData:
		n = c.pdata(s, d, b, emit)
	default:
		n = len(b)
	}
	if s.left -= n; s.left == 0 {
		switch s.kind {
		case pduAssociateRQ:
			c.propose(d, emit)
		case pduAssociateAC:
			c.agree(d, emit)
		}
		s.kind, s.skip = 0, 0
	}
	return n, nil
}

// header reads a PDU's type and length. A length beyond any handshake is only believed of data.
func (c *conversation) header(s *side, b []byte) (int, error) {
	if len(b) < pduHeader {
		return 0, nil
	}
	kind, size := b[0], binary.BigEndian.Uint32(b[2:])
	small := size == 4
	switch kind {
	case pduAssociateRQ, pduAssociateAC:
		small = size >= associateFixed && size <= maxAssociate
	case pduData:
		small = size < 1<<31
	case pduAssociateRJ, pduReleaseRQ, pduReleaseRP, pduAbort:
	default:
		small = false
	}
	if !small {
		return 0, errPDU
	}
	if kind == pduAssociateRQ {
		c.asked, c.proposal, c.forwards, c.established, c.study, c.said = true, proposal{}, false, false, 0, equipment{}
	}
	if kind == pduAssociateRQ || kind == pduAssociateAC {
		s.message, s.context = message{}, 0
	}
	s.fragment = fragment{} // fragments do not cross PDUs (PS3.8 §9.3.5)
	s.kind, s.left, s.fixed, s.skip = kind, int(size), false, 0
	return pduHeader, nil
}
