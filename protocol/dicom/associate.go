package dicom

import (
	"encoding/binary"
	"strings"

	"pons/fact"
	"pons/protocol"
)

// Items of the handshake, PS3.8 §9.3.2–9.3.3 and PS3.7 annex D.3.3. Items within items are read as if they
// stood in a row: the outer length adds nothing, and wrong ones are common.
const (
	itemContextRQ      = 0x20
	itemContextAC      = 0x21
	itemAbstractSyntax = 0x30
	itemUserInfo       = 0x50
	itemImplementation = 0x52
	itemRole           = 0x54
	itemVersionName    = 0x55
	itemUserIdentity   = 0x58

	itemHeader = 4
	maxItem    = 256 // of those that are read; a UID has 64 characters
)

// associate reads the fixed part, then one item, of A-ASSOCIATE-RQ or -AC. b does not reach beyond the PDU.
func (c *conversation) associate(s *side, d protocol.Dir, b []byte, emit func(fact.Fact)) int {
	if !s.fixed {
		if len(b) < associateFixed {
			return 0
		}
		s.fixed = true
		c.titles(s.kind, d, b, emit)
		return associateFixed
	}
	if len(b) < itemHeader {
		if s.left < itemHeader {
			return len(b)
		}
		return 0
	}
	size := itemHeader + int(binary.BigEndian.Uint16(b[2:]))
	switch b[0] {
	case itemContextRQ, itemContextAC: // context id, reserved, result, reserved
		if size < itemHeader+4 || s.left < itemHeader+4 {
			break
		}
		if len(b) < itemHeader+4 {
			return 0
		}
		s.context = b[4]
		if b[0] == itemContextAC && b[6] == 0 {
			c.proposal.accept(b[4])
		}
		return itemHeader + 4
	case itemUserIdentity: // of the identity itself, which follows, not a byte is looked at
		if size > itemHeader && s.left > itemHeader {
			if len(b) < itemHeader+1 {
				return 0
			}
			if s.kind == pduAssociateRQ && credential(b[4]) {
				c.practice(fact.CleartextCredentials, "A-ASSOCIATE-RQ, item 58", emit)
			}
		}
	case itemUserInfo:
		return itemHeader
	case itemAbstractSyntax, itemImplementation, itemVersionName, itemRole:
		if size > maxItem || size > s.left {
			break
		}
		if len(b) < size {
			return 0
		}
		c.item(s, d, b[0], b[itemHeader:size], emit)
		return size
	}
	s.skip = min(size, s.left) - itemHeader
	return itemHeader
}

// titles says the AE titles. An acceptor repeats those of the request, untested (PS3.8 §9.3.3): they are
// taken from it only where the request was not captured.
func (c *conversation) titles(kind byte, d protocol.Dir, b []byte, emit func(fact.Fact)) {
	client, server, in := c.keys[d], c.keys[1-d], "A-ASSOCIATE-RQ"
	if kind == pduAssociateAC {
		if c.asked {
			return
		}
		client, server, in = server, client, "A-ASSOCIATE-AC"
	}
	ae := title(b[20:36])
	c.forwards, c.titled = archiveTitle(ae), modalityOfTitle(ae)
	if ae != "" {
		emit(fact.Fact{Subject: client, Attr: attrCallingAE, Value: ae, Trust: trustCallingAE, Because: in + ", calling AE title"})
	}
	if ae := title(b[4:20]); ae != "" {
		emit(fact.Fact{Subject: server, Attr: attrCalledAE, Value: ae, Trust: trustCalledAE, Because: in + ", called AE title"})
	}
}

// title is an AE title (PS3.5 §6.2: 16 printable characters, blanks at either end mean nothing), or "".
func title(b []byte) string {
	text := strings.Trim(string(b), " \x00")
	for i := range len(text) {
		if text[i] < ' ' || text[i] == '\\' || text[i] > '~' {
			return ""
		}
	}
	return text
}

// item reads one whole item.
func (c *conversation) item(s *side, d protocol.Dir, kind byte, value []byte, emit func(fact.Fact)) {
	pdu, in := s.kind, "A-ASSOCIATE-RQ"
	if pdu == pduAssociateAC {
		in = "A-ASSOCIATE-AC"
	}
	switch kind {
	case itemAbstractSyntax:
		if pdu == pduAssociateRQ {
			c.proposal.add(s.context, uid(value))
		}
	case itemRole:
		// UID length, UID, SCU role, SCP role (PS3.7 §D.3.3.4).
		if len(value) > 4 {
			if n := int(binary.BigEndian.Uint16(value)); 2+n+1 < len(value) && value[2+n+1] == 1 && pdu == pduAssociateRQ {
				c.proposal.receives = true
			}
		}
	case itemImplementation:
		if u := uid(value); u != "" {
			emit(fact.Fact{Subject: c.keys[d], Attr: attrImplementation, Value: u, Trust: trustImplementation, Because: in + ", item 52"})
		}
	case itemVersionName:
		if v := title(value); v != "" {
			emit(fact.Fact{Subject: c.keys[d], Attr: attrVersionName, Value: v, Trust: trustImplementation, Because: in + ", item 55"})
		}
	}
}

// uid is a UID without its padding (PS3.5 §9.1), or "" for what is none.
func uid(b []byte) string {
	text := strings.Trim(string(b), " \x00")
	if len(text) > 64 {
		return ""
	}
	for i := range len(text) {
		if c := text[i]; c != '.' && (c < '0' || c > '9') {
			return ""
		}
	}
	return text
}

// credential tells the kinds of identity that let whoever reads them act for the user (PS3.7 §D.3.3.7): a passcode, a
// SAML assertion, a JSON web token; not a bare name, nor a Kerberos ticket.
func credential(kind byte) bool { return kind == 2 || kind == 4 || kind == 5 }

// proposal gathers what a request offers and what of it was accepted.
type proposal struct {
	modality string
	several  bool // storage of more than one kind: an archive, a router, a workstation
	receives bool // wants images sent back on the association (C-GET): not their maker

	offered  [128]service // by presentation context, whose ids are odd
	accepted [serviceCount]bool
}

func (p *proposal) add(context byte, syntax string) {
	p.offered[context>>1] = serviceOf(syntax)
	m := modalityOf(syntax)
	if m == "" || m == p.modality {
		return
	}
	p.several = p.several || p.modality != ""
	p.modality = m
}

func (p *proposal) accept(context byte) { p.accepted[p.offered[context>>1]] = true }

// propose says the modality of a requestor that offers to store the images of one kind only, unless its title says that it
// passes on what others made.
func (c *conversation) propose(d protocol.Dir, emit func(fact.Fact)) {
	if p := &c.proposal; p.modality != "" && !p.several && !p.receives && !c.forwards && !contradicts(c.titled, p.modality) {
		emit(fact.Fact{Subject: c.keys[d], Attr: attrModality, Value: p.modality, Trust: trustProposal,
			Because: "A-ASSOCIATE-RQ, abstract syntax of storage"})
	}
}

// agree says what the acceptor, who sends in d, does for the requestor. Where the request turns roles round, who serves
// whom depends on the message, and nothing is said.
func (c *conversation) agree(d protocol.Dir, emit func(fact.Fact)) {
	c.establish(emit)
	if c.proposal.receives {
		return
	}
	for s := storage; s < serviceCount; s++ {
		if !c.proposal.accepted[s] {
			continue
		}
		emit(fact.Fact{Subject: c.keys[d], Attr: attrService, Value: s.String() + " SCP", Trust: trustImplementation,
			Because: "A-ASSOCIATE-AC, accepted context"})
		emit(fact.Fact{Subject: c.keys[1-d], Attr: attrService, Value: s.String() + " SCU", Trust: trustImplementation,
			Because: "A-ASSOCIATE-AC, accepted context"})
	}
}

// establish counts an association once it is seen to work: by its acceptance, or by data.
func (c *conversation) establish(emit func(fact.Fact)) {
	if c.established {
		return
	}
	c.established = true
	emit(fact.Fact{Subject: c.keys[protocol.ToServer], Attr: protocol.Association})
	c.practice(fact.CleartextDICOM, "association", emit)
}

// practice says of both ends what takes both.
func (c *conversation) practice(value, because string, emit func(fact.Fact)) {
	for _, k := range c.keys {
		emit(fact.Fact{Subject: k, Attr: fact.Practice, Value: value, Because: because})
	}
}
