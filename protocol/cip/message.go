package cip

import (
	"encoding/binary"
	"strconv"

	"pons/fact"
	"pons/protocol"
)

// Services (volume 1, appendix A) and classes that are read.
const (
	getAll          = 0x01
	reset           = 0x05
	getSingle       = 0x0e
	setSingle       = 0x10
	unconnectedSend = 0x52
	answerBit       = 0x80

	classIdentity    = 0x01
	classConnections = 0x06
)

// data reads a message to or from the device's message router.
func (c *conversation) data(d protocol.Dir, context uint64, b []byte, emit func(fact.Fact)) {
	if len(b) < 6 { // interface handle, timeout
		return
	}
	items(b[6:], func(kind uint16, b []byte) {
		switch {
		case kind == itemConnected && len(b) > 2:
			context = context<<16 | uint64(binary.LittleEndian.Uint16(b)) // the sequence number pairs them
			b = b[2:]
		case kind != itemUnconnected:
			return
		}
		if d == protocol.ToServer {
			c.request(context, b)
			return
		}
		c.answer(context, b, emit)
	})
}

// request remembers what is asked of the identity object of the device itself, and writes to any.
func (c *conversation) request(context uint64, b []byte) {
	service, class, instance, attribute, ok := path(b)
	if !ok {
		return
	}
	if class == classConnections && service == unconnectedSend {
		return // to another module of the chassis or another network: not this address's to say
	}
	if class == classIdentity && instance > 1 {
		return
	}
	c.asked[c.at] = question{context: context, service: service, object: class, item: attribute, used: true}
	c.at = (c.at + 1) % len(c.asked)
}

// answer reads a reply: service, reserved, status, words of more status.
func (c *conversation) answer(context uint64, b []byte, emit func(fact.Fact)) {
	if len(b) < 4 || b[0]&answerBit == 0 || len(b) < 4+2*int(b[3]) {
		return
	}
	service, status := b[0]&^answerBit, b[2]
	b = b[4+2*int(b[3]):]
	for i := range c.asked {
		q := &c.asked[i]
		if !q.used || q.context != context || q.service != service {
			continue
		}
		q.used = false
		if status == 0 {
			c.told(q, b, emit)
		}
		return
	}
}

// told reads the answer to a question.
func (c *conversation) told(q *question, b []byte, emit func(fact.Fact)) {
	who := c.o.Server.Key()
	say := func(attr fact.Attr, value string) {
		emit(fact.Fact{Subject: who, Attr: attr, Value: value, Trust: trustOwn, Because: "identity object"})
	}
	switch {
	case q.service == reset || q.service == setSingle || changes(q.service, q.object):
		if !c.wrote {
			c.wrote = true
			emit(fact.Fact{Subject: who, Attr: fact.Practice, Value: fact.UnauthenticatedControl, Trust: trustOwn,
				Because: "acknowledges service " + strconv.Itoa(int(q.service)) + " of class " + strconv.Itoa(int(q.object))})
		}
	case q.object != classIdentity:
	case q.service == getAll:
		identify(who, b, "identity object", emit)
	case q.service == getSingle && q.item == 7:
		if len(b) >= 1 && len(b) >= 1+int(b[0]) {
			say(ProductName, string(b[1:1+int(b[0])]))
		}
	case q.service != getSingle || len(b) < 2:
	case q.item == 1:
		vendor(binary.LittleEndian.Uint16(b), say)
	case q.item == 2:
		kind(binary.LittleEndian.Uint16(b), say)
	case q.item == 3:
		say(ProductCode, strconv.Itoa(int(binary.LittleEndian.Uint16(b))))
	case q.item == 4:
		say(Revision, revision(b))
	case q.item == 6 && len(b) >= 4:
		serial(binary.LittleEndian.Uint32(b), say)
	}
}

// changes tells whether a service writes data or programs: set attributes all, set attribute list, create, delete, start
// and stop, and Logix's write tag (volume 1, appendix A; Rockwell 1756-PM020).
func changes(service byte, class uint32) bool {
	switch service {
	case 0x02, 0x04, 0x06, 0x07, 0x08, 0x09:
		return true
	case 0x4d, 0x53:
		return class == 0x6b || class == 0xb2 || class == 0 // symbols
	}
	return false
}

// path reads a request's service and the logical segments of its path (volume 1, C-1.4), as far as they are numbers.
func path(b []byte) (service byte, class, instance uint32, attribute byte, ok bool) {
	if len(b) < 2 || b[0]&answerBit != 0 || len(b) < 2+2*int(b[1]) {
		return 0, 0, 0, 0, false
	}
	service = b[0]
	for p := b[2 : 2+2*int(b[1])]; len(p) >= 2; {
		v, n := uint32(p[1]), 2
		if p[0]&3 == 1 && len(p) >= 4 {
			v, n = uint32(binary.LittleEndian.Uint16(p[2:])), 4
		} else if p[0]&3 != 0 {
			break
		}
		switch p[0] &^ 3 {
		case 0x20:
			class = v
		case 0x24:
			instance = v
		case 0x30:
			attribute = byte(v)
		default: // a name of a tag, or another kind: no object of ours
			return service, class, instance, attribute, true
		}
		p = p[n:]
	}
	return service, class, instance, attribute, true
}

// vendorName names makers that hospitals meet by ODVA's vendor ids (public list; written from knowledge of it, secondary).
func vendorName(id uint16) string {
	switch id {
	case 1:
		return "Rockwell Automation/Allen-Bradley"
	case 5:
		return "Rockwell Automation/Reliance Electric"
	case 40:
		return "WAGO"
	case 44:
		return "Parker Hannifin"
	case 46:
		return "ABB"
	case 47:
		return "Omron"
	case 48:
		return "Turck"
	case 90:
		return "HMS Industrial Networks"
	case 108:
		return "Beckhoff Automation"
	case 243:
		return "Schneider Electric"
	case 283:
		return "Hilscher"
	case 562:
		return "Phoenix Contact"
	case 678:
		return "Cognex"
	case 1251:
		return "Siemens"
	}
	return ""
}

// typeName names device types (volume 1, 6-1).
func typeName(id uint16) string {
	switch id {
	case 0x00:
		return "generic device"
	case 0x02:
		return "AC drive"
	case 0x03:
		return "motor overload"
	case 0x07:
		return "general purpose discrete I/O"
	case 0x0c:
		return "communications adapter"
	case 0x0e:
		return "programmable logic controller"
	case 0x10:
		return "position controller"
	case 0x18:
		return "human-machine interface"
	case 0x1b:
		return "pneumatic valve"
	case 0x22:
		return "encoder"
	case 0x2b:
		return "generic device, keyable"
	case 0x2c:
		return "managed Ethernet switch"
	}
	return ""
}
