package dicom

import (
	"bytes"
	"strings"

	"pons/fact"
	"pons/protocol"
)

// The attributes of the General Equipment and General Series modules (PS3.3 §C.7.5.1, §C.7.3.1) that are read.
const (
	slotModality = iota
	slotManufacturer
	slotStation
	slotModel
	slotSerial
	slotUDI
	slotSoftware
	slots
)

// equipment is what one data set says of the machine that made it, as written.
type equipment [slots][]byte

// clear empties the slots and keeps their room.
func (e *equipment) clear() {
	for i := range e {
		e[i] = e[i][:0]
	}
}

// attribute keeps one wanted element until the data set is past the last of them, or counts a study.
func (c *conversation) attribute(m *message, tag uint32, value []byte, emit func(fact.Fact)) {
	slot := -1
	switch tag {
	case tagModality:
		slot = slotModality
	case tagManufacturer:
		slot = slotManufacturer
	case tagStation:
		slot = slotStation
	case tagPerformedName:
		if m.kind == commandCreate {
			slot = slotStation
		}
	case tagModel:
		slot = slotModel
	case tagSerial:
		slot = slotSerial
	case tagUDISequence:
		slot, value = slotUDI, udiOf(m.data.encoding, value)
	case tagSoftware:
		slot = slotSoftware
	case tagStudy:
		if h := hash(value); m.kind == commandStore && h != c.study {
			c.study = h
			emit(fact.Fact{Subject: c.keys[protocol.ToServer], Attr: protocol.Study})
		}
	}
	if slot >= 0 {
		m.made[slot] = append(m.made[slot][:0], value...)
	}
}

// hash is FNV-1a (draft-eastlake-fnv), never zero.
func hash(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h | 1
}

// state says what the data set told of its maker, once, of the sender, unless that passes on what others made: it
// moves images for a third party, its title is an archive's or another modality's, or its images come from different
// machines.
func (c *conversation) state(m *message, d protocol.Dir, emit func(fact.Fact)) {
	if m.stated {
		return
	}
	m.stated = true
	because := ""
	switch {
	case c.forwards || m.moved || m.kind != commandStore:
	case c.said.differs(&m.made):
		because = "C-STORE of several machines"
	case contradicts(c.titled, plain(m.made[slotModality])):
		because = "C-STORE of another modality than the calling AE title's"
	}
	if because != "" {
		c.forwards = true
		emit(fact.Fact{Subject: c.keys[d], Attr: attrService, Value: "image forwarding", Trust: trustProposal, Because: because})
	}
	if c.forwards || m.moved {
		return
	}
	for slot, raw := range m.made {
		if len(raw) == 0 || bytes.Equal(raw, c.said[slot]) {
			continue
		}
		c.said[slot] = bytes.Clone(raw)
		attr, where := equipmentAttr(slot)
		in := "C-STORE "
		if m.kind == commandCreate {
			in = "N-CREATE "
			if slot == slotStation {
				where = "(0040,0242)"
			}
		}
		for _, text := range strings.Split(plain(raw), `\`) { // values of one element (PS3.5 §6.4)
			if text = strings.TrimSpace(text); text != "" {
				emit(fact.Fact{Subject: c.keys[d], Attr: attr, Value: text, Trust: trustEquipment, Because: in + where})
			}
		}
	}
}

func equipmentAttr(slot int) (attr fact.Attr, where string) {
	switch slot {
	case slotModality:
		return attrModality, "(0008,0060)"
	case slotManufacturer:
		return attrManufacturer, "(0008,0070)"
	case slotStation:
		return attrStation, "(0008,1010)"
	case slotModel:
		return attrModel, "(0008,1090)"
	case slotSerial:
		return attrSerial, "(0018,1000)"
	case slotUDI:
		return attrUDI, "(0018,100A)"
	}
	return attrSoftware, "(0018,1020)"
}

// differs tells whether two data sets of one association were made by different machines: by serial number where both
// tell it, else by maker. Reports and captures that a machine adds to its images leave things out.
func (e *equipment) differs(o *equipment) bool {
	different := func(slot int) bool {
		return len(e[slot]) > 0 && len(o[slot]) > 0 && !bytes.EqualFold(trimmed(e[slot]), trimmed(o[slot]))
	}
	if len(e[slotSerial]) > 0 && len(o[slotSerial]) > 0 {
		return different(slotSerial)
	}
	return different(slotManufacturer)
}

func trimmed(b []byte) []byte { return bytes.Trim(b, " \x00") }
