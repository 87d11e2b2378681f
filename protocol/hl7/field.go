package hl7

import (
	"bytes"

	"pons/fact"
	"pons/protocol"
)

// wish is a field that is read. There are no others: this list is what keeps patients out of the inventory.
type wish struct {
	field int
	slot  int
}

// The wanted fields, by where they stand.
const (
	msh3 = iota
	msh4
	msh5
	msh6
	msh9
	msh12
	obx3
	obx5 // of an observation that OBX-3 says is an attribute of a device, and of no other
	obx18
	equ1
	prt10
	prt16
	prt20
	prt22
	wishes
)

// wishesOf returns the fields wanted of a segment in ascending order: HL7 v2.9 chapters 2 (MSH), 7 (OBX, PRT)
// and 13 (EQU).
func wishesOf(segment [3]byte) []wish {
	switch string(segment[:]) {
	case "MSH":
		return mshWishes[:]
	case "OBX":
		return obxWishes[:]
	case "EQU":
		return equWishes[:]
	case "PRT":
		return prtWishes[:]
	}
	return nil
}

var (
	mshWishes = [...]wish{{3, msh3}, {4, msh4}, {5, msh5}, {6, msh6}, {9, msh9}, {12, msh12}}
	obxWishes = [...]wish{{3, obx3}, {5, obx5}, {18, obx18}}
	equWishes = [...]wish{{1, equ1}}
	prtWishes = [...]wish{{10, prt10}, {16, prt16}, {20, prt20}, {22, prt22}}
)

// because is where a wish was read, by its slot.
func because(slot int) string {
	return [wishes]string{"MSH-3", "MSH-4", "MSH-5", "MSH-6", "MSH-9", "MSH-12", "OBX-3", "OBX-5", "OBX-18", "EQU-1", "PRT-10", "PRT-16",
		"PRT-20", "PRT-22"}[slot]
}

// recent is how many different values of a field of the header are remembered: a feed carries a few kinds of message,
// and saying them again costs memory.
const recent = 4

// known tells whether a header field said this lately, and remembers that it did.
func (s *side) known(slot int, raw []byte) bool {
	said := &s.last[slot]
	for i := range said {
		if string(raw) == said[i] {
			return true
		}
	}
	copy(said[1:], said[:recent-1])
	said[0] = string(raw)
	return false
}

// read takes in a wanted field.
func (c *conversation) read(s *side, d protocol.Dir, slot int, raw []byte, emit func(fact.Fact)) {
	if len(raw) == 0 {
		return
	}
	switch slot {
	case obx3:
		s.observed(raw)
		return
	case obx5:
		s.pending.keep(s.spec, s.marks.text(raw))
		return
	case obx18, equ1, prt10:
		for more := true; more; {
			var one []byte
			one, raw, more = cut(raw, s.marks.repetition)
			c.device(s, d, slot, one, emit)
		}
		return
	case prt16, prt20, prt22:
		if slot != prt22 {
			raw, _, _ = cut(raw, s.marks.component)
		}
		s.pending.keep(specOf(slot), s.marks.text(raw))
		return
	case msh9:
		if !bytes.HasPrefix(raw, []byte("ACK")) { // the answers are not counted
			emit(fact.Fact{Subject: c.keys[d], Attr: protocol.Message})
		}
	case msh3, msh4:
		if string(raw) != s.sender[slot-msh3] {
			s.sender[slot-msh3] = string(raw)
			clear(s.devices) // another sender's names may mean other devices
		}
	}
	if s.known(slot, raw) {
		return
	}
	f := fact.Fact{Subject: c.keys[d], Trust: trustSelf, Because: because(slot)}
	switch slot {
	case msh3:
		f.Attr = attrSendingApplication
	case msh4:
		f.Attr = attrSendingFacility
	case msh5:
		f.Attr, f.Subject, f.Trust = attrReceivingApplication, c.keys[1-d], trustPeer
	case msh6:
		f.Attr, f.Subject, f.Trust = attrReceivingFacility, c.keys[1-d], trustPeer
	case msh9:
		f.Attr = attrMessageType
	case msh12:
		f.Attr = attrVersion
		raw, _, _ = cut(raw, s.marks.component)
	}
	if f.Value = s.marks.text(raw); f.Value == "" {
		return
	}
	emit(f)
	if slot == msh3 {
		if e := eui64Of(f.Value); e != "" {
			f.Attr, f.Value = fact.EUI64, e
			emit(f)
		}
	}
}
