package dicom

import "encoding/binary"

// The elements that are read. This list is what keeps patients out of the inventory: of any other element,
// the patient group (0010) above all, only the length is looked at.
const (
	tagCommandField   = 0x0000_0100
	tagMoveOriginator = 0x0000_1030
	tagModality       = 0x0008_0060
	tagManufacturer   = 0x0008_0070
	tagStation        = 0x0008_1010
	tagModel          = 0x0008_1090
	tagSerial         = 0x0018_1000
	tagUDI            = 0x0018_1009 // in tagUDISequence
	tagUDISequence    = 0x0018_100A
	tagSoftware       = 0x0018_1020
	tagStudy          = 0x0020_000D // hashed to count studies, and forgotten
	tagPerformedName  = 0x0040_0242 // of a performed procedure step: the station

	lastTag = tagPerformedName // elements come in ascending order (PS3.5 §7.1)
)

func wanted(tag uint32) bool {
	switch tag {
	case tagCommandField, tagMoveOriginator, tagModality, tagManufacturer, tagStation, tagModel, tagSerial, tagUDI, tagUDISequence,
		tagSoftware, tagStudy, tagPerformedName:
		return true
	}
	return false
}

const (
	// maxText is 64 characters of LO (PS3.5 §6.2) in up to four bytes, for a few software versions.
	maxText   = 512
	undefined = 0xFFFF_FFFF
	maxDepth  = 16

	groupItems      = 0xFFFE
	tagItem         = 0xFFFE_E000
	tagItemEnd      = 0xFFFE_E00D
	tagSequenceEnd  = 0xFFFE_E0DD
	shortHeader     = 8
	longHeader      = 12
	encodingUnknown = encoding(0)
)

// encoding is how elements are written.
type encoding uint8

const (
	implicit encoding = iota + 1
	explicit
	bigEndian // explicit, retired in 2006 and still sent
)

// elements reads a data set with or without value representations, in either byte order, in whatever pieces it
// comes. Which of them it is shows in the first element, so that the handshake need not have been seen. Deflated data
// sets are given up at once.
type elements struct {
	encoding encoding
	over     bool
	last     uint32 // tag of the top level read last; they ascend (PS3.5 §7.1), and what does not is damage
	depth    int    // open sequences and items of undefined length
	skip     uint32 // bytes to pass over
	carry    []byte // an element that is not complete: its header, and its value if that is wanted
}

// read takes the next bytes and hands out wanted elements of the top level; value is valid only during the call.
func (e *elements) read(b []byte, got func(tag uint32, value []byte)) {
	for len(b) > 0 && !e.over {
		if e.skip > 0 {
			n := min(uint64(e.skip), uint64(len(b)))
			e.skip -= uint32(n)
			b = b[n:]
			continue
		}
		view := b
		if len(e.carry) > 0 {
			view = e.carry
		}
		size, whole := e.element(view, got)
		switch {
		case e.over:
		case whole && len(e.carry) > 0:
			e.carry = e.carry[:0]
		case whole:
			b = b[size:]
		default: // take up only what the element needs
			take := min(size-len(e.carry), len(b))
			e.carry = append(e.carry, b[:take]...)
			b = b[take:]
		}
	}
	if len(b) == 0 && len(e.carry) > 0 && !e.over {
		if _, whole := e.element(e.carry, got); whole {
			e.carry = e.carry[:0]
		}
	}
}

// element reads the element at the beginning of v: its header, and its value if that is wanted. It returns
// their size and whether v holds that much.
func (e *elements) element(v []byte, got func(tag uint32, value []byte)) (size int, whole bool) {
	if len(v) < shortHeader {
		return shortHeader, false
	}
	if e.encoding == encodingUnknown {
		e.encoding = implicit
		if upper(v[4]) && upper(v[5]) {
			e.encoding = explicit
			if v[0] == 0 && v[1] == 8 { // the first group of every data set, the other way round
				e.encoding = bigEndian
			}
		}
	}
	var order binary.ByteOrder = binary.LittleEndian
	if e.encoding == bigEndian {
		order = binary.BigEndian
	}
	tag := uint32(order.Uint16(v))<<16 | uint32(order.Uint16(v[2:]))
	if tag>>16 == groupItems {
		e.item(tag, order.Uint32(v[4:]))
		return shortHeader, true
	}
	if e.depth == 0 {
		if tag > lastTag || tag < e.last {
			e.over = true
			return 0, true
		}
		e.last = tag
	}
	size, length := shortHeader, order.Uint32(v[4:])
	if e.encoding != implicit {
		if !upper(v[4]) || !upper(v[5]) {
			e.over = true
			return 0, true
		}
		length = uint32(order.Uint16(v[6:]))
		if longForm(v[4], v[5]) {
			if len(v) < longHeader {
				return longHeader, false
			}
			size, length = longHeader, order.Uint32(v[8:])
		}
	}
	switch {
	case length == undefined:
		if e.encoding != implicit && string(v[4:6]) != "SQ" {
			e.over = true // encapsulated pixels, or a sequence in a form of its own (UN, PS3.5 §6.2.2)
			return 0, true
		}
		e.enter()
	case e.depth == 0 && wanted(tag) && length <= maxText:
		size += int(length)
		if len(v) < size {
			return size, false
		}
		got(tag, v[size-int(length):size])
	default:
		e.skip = length
	}
	return size, true
}

// item reads the marks of items and the ends of sequences (PS3.5 §7.5). An item whose length is told is
// passed over whole.
func (e *elements) item(tag, length uint32) {
	switch {
	case tag == tagItem && length == undefined:
		e.enter()
	case tag == tagItem:
		e.skip = length
	case (tag == tagItemEnd || tag == tagSequenceEnd) && e.depth > 0:
		e.depth--
	default:
		e.over = true
	}
}

func (e *elements) enter() {
	if e.depth++; e.depth > maxDepth {
		e.over = true
	}
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }

// longForm tells the representations whose length takes four bytes (PS3.5 §7.1.2).
func longForm(a, b byte) bool {
	switch a {
	case 'O':
		return b == 'B' || b == 'D' || b == 'F' || b == 'L' || b == 'V' || b == 'W'
	case 'S':
		return b == 'Q' || b == 'V'
	case 'U':
		return b == 'C' || b == 'N' || b == 'R' || b == 'T' || b == 'V'
	}
	return false
}

// udiOf reads the first UDI of a UDI sequence (PS3.3 §10.29) whose length was told.
func udiOf(e encoding, sequence []byte) (udi []byte) {
	if len(sequence) < shortHeader {
		return nil
	}
	items := elements{encoding: e}
	items.read(sequence[shortHeader:], func(tag uint32, value []byte) {
		if tag == tagUDI && udi == nil {
			udi = value
		}
	})
	return udi
}
