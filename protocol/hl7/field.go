package hl7

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"pons/fact"
	"pons/protocol"
)

// wish is a field that is read. There are no others: this list is what keeps patients out of the inventory.
type wish struct {
	field int
	slot  int // of side.last
	attr  fact.Attr
}

// wishes is how many there are.
const wishes = 10

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
	mshWishes = [...]wish{
		{3, 0, attrSendingApplication}, {4, 1, attrSendingFacility},
		{5, 2, attrReceivingApplication}, {6, 3, attrReceivingFacility},
		{9, 4, attrMessageType}, {12, 5, attrVersion},
	}
	obxWishes = [...]wish{{18, 6, attrEquipment}}
	equWishes = [...]wish{{1, 7, attrEquipment}}
	prtWishes = [...]wish{{10, 8, attrDevice}, {16, 9, attrUDI}}
)

// because is where a wish was read, by its slot.
func because(slot int) string {
	return [wishes]string{"MSH-3", "MSH-4", "MSH-5", "MSH-6", "MSH-9", "MSH-12", "OBX-18", "EQU-1", "PRT-10", "PRT-16"}[slot]
}

// read says what a wanted field tells.
func (c *conversation) read(s *side, d protocol.Dir, w wish, raw []byte, emit func(fact.Fact)) {
	if len(raw) == 0 || string(raw) == s.last[w.slot] {
		return
	}
	s.last[w.slot] = string(raw)
	f := fact.Fact{Subject: c.keys[d], Attr: w.attr, Trust: trustSelf, Because: because(w.slot)}
	switch w.attr {
	case attrReceivingApplication, attrReceivingFacility:
		f.Subject, f.Trust = c.keys[1-d], trustPeer
	case attrVersion:
		raw, _, _ = cut(raw, s.marks.component)
	case attrEquipment, attrDevice, attrUDI:
		for more := true; more; {
			var one []byte
			one, raw, more = cut(raw, s.marks.repetition)
			c.device(d, f, s.marks.text(one), emit)
		}
		return
	}
	if f.Value = s.marks.text(raw); f.Value != "" {
		emit(f)
	}
}

func cut(b []byte, mark byte) (before, after []byte, found bool) {
	if mark != 0 {
		for i, c := range b {
			if c == mark {
				return b[:i], b[i+1:], true
			}
		}
	}
	return b, nil, false
}

// device says an entity identifier: id^namespace^universal id^type of that. One whose universal id is an
// EUI-64 made of a MAC belongs to the host of that MAC, whoever sends it; of others it is known only that the
// sender speaks for them.
func (c *conversation) device(d protocol.Dir, f fact.Fact, id string, emit func(fact.Fact)) {
	if id == "" {
		return
	}
	parts := strings.Split(id, "^")
	f.Trust = trustPeer
	if len(parts) >= 4 && strings.EqualFold(parts[3], "EUI-64") {
		if mac := macOf(parts[2]); mac != "" {
			f.Trust = trustSelf
			if mac != c.ends[d].MAC {
				f.Subject = fact.Host(mac, "")
			}
		}
	}
	f.Value = id
	emit(f)
	// The human readable form of a GS1 carrier may stand in place of any device id (HL7 v2.9 §7.4.4.10).
	if f.Attr == attrDevice && gs1(parts[0]) {
		f.Attr, f.Value = attrUDI, parts[0]
		emit(f)
	}
}

func gs1(s string) bool {
	digits, ok := strings.CutPrefix(s, "(01)")
	if !ok || len(digits) < 14 {
		return false
	}
	for i := range 14 {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// macOf returns the MAC in an EUI-64 that was made of one (IEEE: FF-FE in the middle), or "".
func macOf(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '-' || r == ':' || r == '.' {
			return -1
		}
		return r
	}, s)
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 8 || b[3] != 0xff || b[4] != 0xfe {
		return ""
	}
	out := make([]byte, 0, 17)
	for i, c := range [6]byte{b[0], b[1], b[2], b[5], b[6], b[7]} {
		if i > 0 {
			out = append(out, ':')
		}
		out = hex.AppendEncode(out, []byte{c})
	}
	return string(out)
}

// delimiters are the characters of MSH-1 and MSH-2; zero for what a sender does not use.
type delimiters struct {
	field, component, repetition, escape, subcomponent byte
	size                                               int // of MSH-1 and MSH-2
}

// maxMarks is the field separator, the five encoding characters of v2.7 and the separator again.
const maxMarks = 7

// delimitersOf reads the delimiters at b; more asks for more bytes.
func delimitersOf(b []byte) (m delimiters, ok, more bool) {
	for i := range min(len(b), maxMarks) {
		switch {
		case b[i] <= ' ' || b[i] >= 0x7f || alphanumeric(b[i]):
			return m, false, false
		case i == 0:
			m.field = b[0]
		case b[i] == m.field:
			m.size = i
			return m, i > 1, false
		case i == 1:
			m.component = b[i]
		case i == 2:
			m.repetition = b[i]
		case i == 3:
			m.escape = b[i]
		case i == 4:
			m.subcomponent = b[i]
		}
	}
	return m, false, len(b) < maxMarks
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// text writes a field with the delimiters of the standard, its escapes resolved (HL7 v2.9 §2.7), the empty
// components at its end left out. HL7's explicit nothing ("") is nothing here.
func (m delimiters) text(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == m.escape && m.escape != 0:
			sequence, _, found := cut(b[i+1:min(len(b), i+66)], m.escape)
			if !found {
				out = append(out, c)
				continue
			}
			out = m.unescape(out, sequence)
			i += len(sequence) + 1
		case c == m.component:
			out = append(out, '^')
		case c == m.subcomponent && c != 0:
			out = append(out, '&')
		default:
			out = append(out, c)
		}
	}
	if !utf8.Valid(out) { // MSH-18 is absent as often as right; what is not UTF-8 is taken for Latin-1
		var runes []byte
		for _, c := range out {
			runes = utf8.AppendRune(runes, rune(c))
		}
		out = runes
	}
	text := strings.TrimSpace(strings.TrimRight(string(out), "^& "))
	if text == `""` {
		return ""
	}
	return text
}

// unescape writes what an escape sequence stands for; formatting and unknown ones stand for nothing.
func (m delimiters) unescape(out, sequence []byte) []byte {
	switch string(sequence) {
	case "F":
		return append(out, '|')
	case "S":
		return append(out, '^')
	case "T":
		return append(out, '&')
	case "R":
		return append(out, '~')
	case "E":
		return append(out, '\\')
	}
	if len(sequence) > 1 && sequence[0] == 'X' {
		if b, err := hex.DecodeString(string(sequence[1:])); err == nil {
			return append(out, b...)
		}
	}
	return out
}
