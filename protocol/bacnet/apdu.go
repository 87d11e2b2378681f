package bacnet

import (
	"encoding/binary"
	"strconv"
	"unicode/utf16"

	"pons/fact"
	"pons/protocol"
)

// PDU types (clause 20.1).
const (
	pduUnconfirmed = 1
	pduSimpleAck   = 2
	pduComplexAck  = 3
)

// Services that are read (clause 21).
const (
	serviceIAm          = 0
	serviceIHave        = 1
	serviceWhoAmI       = 13
	serviceReadProperty = 12
	serviceReadMultiple = 14
)

// changes tells whether a confirmed service changes or programs the device that acknowledges it: write file, create,
// delete, write property and properties, communication control, reinitialize, life safety operation.
func changes(service byte) bool {
	switch service {
	case 7, 10, 11, 15, 16, 17, 20, 27:
		return true
	}
	return false
}

// Object types.
const (
	objectDevice = 8
	objectFile   = 10 // its name is a file's, which is not read
)

// unconfigured is the instance of a device that was given none, and of whoever is asked (clause 12.11.1).
const unconfigured = 1<<22 - 1

// property names the properties of the device object that identify it (clause 12.11).
func property(id uint32) fact.Attr {
	switch id {
	case 12:
		return Software
	case 28:
		return Description
	case 44:
		return Firmware
	case 58:
		return Location
	case 70:
		return Model
	case 120:
		return VendorID
	case 121:
		return VendorName
	case 372:
		return Serial
	}
	return ""
}

const propertyObjectName = 77

// apdu reads an application message of one speaker.
func (c *conversation) apdu(d protocol.Dir, who fact.Key, b []byte, emit func(fact.Fact)) error {
	if len(b) < 2 {
		return errMalformed
	}
	switch b[0] >> 4 {
	case pduUnconfirmed:
		return c.unconfirmed(who, b[1], b[2:], emit)
	case pduSimpleAck:
		if len(b) >= 3 && changes(b[2]) {
			emit(fact.Fact{Subject: who, Attr: fact.Practice, Value: fact.UnauthenticatedControl, Trust: trustOwn, Because: "acknowledges service " + strconv.Itoa(int(b[2]))})
		}
	case pduComplexAck:
		if b[0]&0x08 != 0 {
			return c.segmented(d, who, b, emit)
		}
		if len(b) < 3 {
			return errMalformed
		}
		return c.ack(who, b[2], b[3:], emit)
	}
	return nil
}

// unconfirmed reads the announcements.
func (c *conversation) unconfirmed(who fact.Key, service byte, b []byte, emit func(fact.Fact)) error {
	say := func(attr fact.Attr, value, because string) {
		emit(fact.Fact{Subject: who, Attr: attr, Value: value, Trust: trustOwn, Because: because})
	}
	switch service {
	case serviceIAm:
		kind, instance, b, ok := object(b, 0xc4)
		if !ok || kind != objectDevice {
			return errMalformed
		}
		if instance != unconfigured {
			say(DeviceInstance, strconv.Itoa(int(instance)), "I-Am")
		}
		if _, b, ok = unsigned(b, 2, false); !ok { // longest message
			return errMalformed
		}
		if _, b, ok = unsigned(b, 9, false); !ok { // segmentation
			return errMalformed
		}
		vendor, _, ok := unsigned(b, 2, false)
		if !ok {
			return errMalformed
		}
		c.vendor(who, vendor, "I-Am", emit)
	case serviceIHave:
		kind, instance, b, ok := object(b, 0xc4)
		if !ok || kind != objectDevice {
			return errMalformed
		}
		say(DeviceInstance, strconv.Itoa(int(instance)), "I-Have")
		held, heldInstance, b, ok := object(b, 0xc4)
		if !ok {
			return errMalformed
		}
		t, ok := next(b)
		if !ok || t.class || t.number != 7 {
			return errMalformed
		}
		c.name(who, held, held == objectDevice && heldInstance == instance, text(t.body), "I-Have", emit)
	case serviceWhoAmI:
		vendor, b, ok := unsigned(b, 2, false)
		if !ok {
			return errMalformed
		}
		c.vendor(who, vendor, "Who-Am-I", emit)
		for _, attr := range []fact.Attr{Model, Serial} {
			t, ok := next(b)
			if !ok || t.class || t.number != 7 {
				return nil
			}
			say(attr, text(t.body), "Who-Am-I")
			b = t.rest
		}
	}
	return nil
}

func (c *conversation) vendor(who fact.Key, id uint32, because string, emit func(fact.Fact)) {
	emit(fact.Fact{Subject: who, Attr: VendorID, Value: strconv.Itoa(int(id)), Trust: trustOwn, Because: because})
	if name := vendorName(id); name != "" {
		emit(fact.Fact{Subject: who, Attr: VendorName, Value: name, Trust: trustLooked, Because: because + ", by ASHRAE's list of vendor ids"})
	}
}

// name states the name of an object; the device's own twice, once as what it is.
func (c *conversation) name(who fact.Key, kind uint32, own bool, value, because string, emit func(fact.Fact)) {
	if own {
		emit(fact.Fact{Subject: who, Attr: DeviceName, Value: value, Trust: trustOwn, Because: because})
	} else if c.names++; kind == objectFile || c.names > maxNames {
		return
	}
	emit(fact.Fact{Subject: who, Attr: ObjectName, Value: value, Trust: trustOwn, Because: because})
}

// ack reads what a device answers to one who reads its properties.
func (c *conversation) ack(who fact.Key, service byte, b []byte, emit func(fact.Fact)) error {
	switch service {
	case serviceReadProperty:
		kind, instance, b, ok := object(b, 0x0c)
		if !ok {
			return errMalformed
		}
		id, b, ok := unsigned(b, 1, true)
		if !ok {
			return errMalformed
		}
		if t, ok := next(b); ok && t.class && t.number == 2 && !t.opening {
			return nil // one element of an array: none of ours is one
		}
		value, _, ok := enclosed(b, 3)
		if !ok {
			return errMalformed
		}
		c.property(who, kind, instance, id, value, "ReadProperty", emit)
	case serviceReadMultiple:
		return c.multiple(who, b, emit)
	}
	return nil
}

// multiple reads a list of objects, each with a list of properties and their values or errors.
func (c *conversation) multiple(who fact.Key, b []byte, emit func(fact.Fact)) error {
	for len(b) > 0 {
		kind, instance, rest, ok := object(b, 0x0c)
		if !ok {
			return errMalformed
		}
		list, rest, ok := enclosed(rest, 1)
		if !ok {
			return errMalformed
		}
		b = rest
		for len(list) > 0 {
			id, rest, ok := unsigned(list, 2, true)
			if !ok {
				return errMalformed
			}
			list = rest
			indexed := false
			if t, ok := next(list); ok && t.class && t.number == 3 && !t.opening {
				indexed, list = true, t.rest
			}
			value, rest, ok := enclosed(list, 4)
			if !ok {
				if _, rest, ok = enclosed(list, 5); !ok { // an error instead
					return errMalformed
				}
				value = nil
			}
			if list = rest; !indexed && value != nil {
				c.property(who, kind, instance, id, value, "ReadPropertyMultiple", emit)
			}
		}
	}
	return nil
}

// property states one property's value, where it identifies the device.
func (c *conversation) property(who fact.Key, kind, instance, id uint32, value []byte, because string, emit func(fact.Fact)) {
	attr := property(id)
	if id != propertyObjectName && (kind != objectDevice || attr == "") {
		return
	}
	t, ok := next(value)
	if !ok || t.class {
		return
	}
	if kind == objectDevice && instance != unconfigured {
		emit(fact.Fact{Subject: who, Attr: DeviceInstance, Value: strconv.Itoa(int(instance)), Trust: trustOwn, Because: because})
	}
	switch {
	case id == propertyObjectName && t.number == 7:
		c.name(who, kind, kind == objectDevice, text(t.body), because, emit)
	case attr == VendorID && t.number == 2 && len(t.body) <= 4:
		c.vendor(who, number(t.body), because, emit)
	case attr != VendorID && attr != "" && t.number == 7:
		emit(fact.Fact{Subject: who, Attr: attr, Value: text(t.body), Trust: trustOwn, Because: because})
	}
}

// segments gathers an answer that comes in pieces (clause 5.2).
type segments struct {
	invoke, next byte
	data         []byte
}

// maxSegments bounds what is gathered; what is of interest fits in less.
const maxSegments = 32 << 10

func (c *conversation) segmented(d protocol.Dir, who fact.Key, b []byte, emit func(fact.Fact)) error {
	if len(b) < 5 {
		return errMalformed
	}
	more, invoke, sequence, service := b[0]&0x04 != 0, b[1], b[2], b[4]
	s := &c.segment[d]
	if sequence == 0 {
		*s = segments{invoke: invoke, data: s.data[:0]}
	}
	if invoke != s.invoke || sequence != s.next || len(s.data)+len(b) > maxSegments {
		return nil // lost or repeated: the answer is asked for again
	}
	s.data = append(s.data, b[5:]...)
	if s.next++; more {
		return nil
	}
	data := s.data
	*s = segments{}
	return c.ack(who, service, data, emit)
}

// tag is one element of the encoding (clause 20.2).
type tag struct {
	number  byte
	class   bool // context, not application
	opening bool
	closing bool
	body    []byte
	rest    []byte
}

// next takes one element off b.
func next(b []byte) (t tag, ok bool) {
	if len(b) == 0 {
		return t, false
	}
	first := b[0]
	t.number, t.class, b = first>>4, first&8 != 0, b[1:]
	if t.number == 15 {
		if len(b) == 0 {
			return t, false
		}
		t.number, b = b[0], b[1:]
	}
	n := int(first & 7)
	switch {
	case t.class && n == 6:
		t.opening, t.rest = true, b
		return t, true
	case t.class && n == 7:
		t.closing, t.rest = true, b
		return t, true
	case !t.class && t.number == 1: // a boolean is its own length
		t.rest = b
		return t, true
	case n == 5:
		if len(b) == 0 {
			return t, false
		}
		n, b = int(b[0]), b[1:]
		switch {
		case n == 254 && len(b) >= 2:
			n, b = int(binary.BigEndian.Uint16(b)), b[2:]
		case n == 255 && len(b) >= 4:
			n, b = int(binary.BigEndian.Uint32(b)&0x7fffffff), b[4:]
		case n >= 254:
			return t, false
		}
	case n > 5:
		return t, false
	}
	if n > len(b) {
		return t, false
	}
	t.body, t.rest = b[:n], b[n:]
	return t, true
}

// enclosed returns what stands between the opening and the closing tag of a number.
func enclosed(b []byte, number byte) (inside, rest []byte, ok bool) {
	t, ok := next(b)
	if !ok || !t.opening || t.number != number {
		return nil, nil, false
	}
	start, depth := t.rest, 1
	for at := t.rest; ; {
		if t, ok = next(at); !ok {
			return nil, nil, false
		}
		switch {
		case t.opening:
			depth++
		case t.closing:
			depth--
		}
		if depth == 0 {
			return start[:len(start)-len(at)], t.rest, true
		}
		at = t.rest
	}
}

// object reads an object identifier behind its expected tag byte.
func object(b []byte, want byte) (kind, instance uint32, rest []byte, ok bool) {
	if len(b) < 5 || b[0] != want {
		return 0, 0, nil, false
	}
	v := binary.BigEndian.Uint32(b[1:])
	return v >> 22, v & (1<<22 - 1), b[5:], true
}

// unsigned reads a number with the expected tag.
func unsigned(b []byte, want byte, class bool) (v uint32, rest []byte, ok bool) {
	t, ok := next(b)
	if !ok || t.number != want || t.class != class || t.opening || t.closing || len(t.body) == 0 || len(t.body) > 4 {
		return 0, nil, false
	}
	return number(t.body), t.rest, true
}

func number(b []byte) (v uint32) {
	for _, c := range b {
		v = v<<8 | uint32(c)
	}
	return v
}

// text reads a character string: UTF-8 (0), UCS-4 (3), UCS-2 (4), ISO 8859-1 (5).
func text(b []byte) string {
	if len(b) < 1 {
		return ""
	}
	set, b := b[0], b[1:]
	switch set {
	case 4:
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		return string(utf16.Decode(units))
	case 3:
		runes := make([]rune, len(b)/4)
		for i := range runes {
			runes[i] = rune(binary.BigEndian.Uint32(b[4*i:]) & 0x7fffffff)
		}
		return string(runes)
	case 5:
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes)
	}
	return string(b)
}
