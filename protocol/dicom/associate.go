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
	case itemContextRQ, itemContextAC:
		s.skip = min(4, size-itemHeader) // context id, result, reserved
		return itemHeader
	case itemUserInfo:
		return itemHeader
	case itemAbstractSyntax, itemImplementation, itemVersionName, itemRole:
		if size > maxItem || size > s.left {
			break
		}
		if len(b) < size {
			return 0
		}
		c.item(s.kind, d, b[0], b[itemHeader:size], emit)
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
	if ae := title(b[20:36]); ae != "" {
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
func (c *conversation) item(pdu byte, d protocol.Dir, kind byte, value []byte, emit func(fact.Fact)) {
	in := "A-ASSOCIATE-RQ"
	if pdu == pduAssociateAC {
		in = "A-ASSOCIATE-AC"
	}
	switch kind {
	case itemAbstractSyntax:
		if pdu == pduAssociateRQ {
			c.proposal.add(uid(value))
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

// proposal gathers what a request offers to store.
type proposal struct {
	modality string
	several  bool // storage of more than one kind: an archive, a router, a workstation
	receives bool // wants images sent back on the association (C-GET): not their maker
}

func (p *proposal) add(syntax string) {
	m := modalityOf(syntax)
	if m == "" || m == p.modality {
		return
	}
	p.several = p.several || p.modality != ""
	p.modality = m
}

// propose says the modality of a requestor that offers to store the images of one kind only.
func (c *conversation) propose(d protocol.Dir, emit func(fact.Fact)) {
	if p := c.proposal; p.modality != "" && !p.several && !p.receives {
		emit(fact.Fact{Subject: c.keys[d], Attr: attrModality, Value: p.modality, Trust: trustProposal,
			Because: "A-ASSOCIATE-RQ, abstract syntax of storage"})
	}
}
