package dnsmsg

import "encoding/binary"

// Sections of a message, in their order.
const (
	Answers = iota
	Authority
	Additional
)

// Entry is one resource record where it stands: nothing is copied and no name is written out.
type Entry struct {
	Section     int
	NameAt      int // offset of its name in the message
	Type, Class uint16
	Data        []byte
	At          int // offset of Data in the message
}

// Walker goes through the records of a message without allocating, for those who look at each of many messages and
// want little of few.
type Walker struct {
	b    []byte
	off  int
	left [3]int
}

// Walk begins behind the questions; ok is false where the message ends before.
func Walk(b []byte) (w Walker, ok bool) {
	if len(b) < 12 {
		return w, false
	}
	w = Walker{b: b, off: 12}
	for range binary.BigEndian.Uint16(b[4:]) {
		if w.off = skipName(b, w.off); w.off < 0 || w.off+4 > len(b) {
			return w, false
		}
		w.off += 4
	}
	for i := range w.left {
		w.left[i] = int(binary.BigEndian.Uint16(b[6+2*i:]))
	}
	return w, true
}

// Next reads the next record; ok is false at the end of the message, whole or not.
func (w *Walker) Next() (e Entry, ok bool) {
	for e.Section < len(w.left) && w.left[e.Section] == 0 {
		e.Section++
	}
	if e.Section == len(w.left) {
		return e, false
	}
	w.left[e.Section]--
	e.NameAt = w.off
	at := skipName(w.b, w.off)
	if at < 0 || at+10 > len(w.b) {
		return e, false
	}
	e.At = at + 10
	w.off = e.At + int(binary.BigEndian.Uint16(w.b[at+8:]))
	if w.off > len(w.b) {
		return e, false
	}
	e.Type, e.Class, e.Data = binary.BigEndian.Uint16(w.b[at:]), binary.BigEndian.Uint16(w.b[at+2:]), w.b[e.At:w.off]
	return e, true
}

// skipName returns the offset behind a name, -1 where there is none.
func skipName(b []byte, off int) int {
	for off < len(b) {
		n := int(b[off])
		switch {
		case n == 0:
			return off + 1
		case n >= 0xc0:
			return off + 2
		case n >= 0x40:
			return -1
		}
		off += 1 + n
	}
	return -1
}

// NameAt writes out the name at an offset of a message; "" where there is none, or the root's.
func NameAt(b []byte, off int) string {
	m := Message{raw: b}
	labels, _, err := m.NameAt(off)
	if err != nil {
		return ""
	}
	return Text(labels)
}
