// Package cip reads EtherNet/IP, the form of the Common Industrial Protocol on IP (CIP volumes 1 and 2). It decides what
// a device says of itself in a ListIdentity answer and in its Identity object: product, vendor, serial and revision. Data
// of connections is not read; that a device is programmed or reset by whoever asks is an insecure practice.
package cip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a device.
const (
	ProductName fact.Attr = "cip.product_name"
	VendorID    fact.Attr = "cip.vendor_id"
	VendorName  fact.Attr = "cip.vendor_name"
	DeviceType  fact.Attr = "cip.device_type"
	ProductCode fact.Attr = "cip.product_code"
	Serial      fact.Attr = "cip.serial" // eight hexadecimal digits, as on labels
	Revision    fact.Attr = "cip.revision"
)

// trustOwn is of a device's own word.
const trustOwn = 0.9

// Commands of the encapsulation (volume 2, 2-3).
const (
	listServices    = 0x04
	listIdentity    = 0x63
	listInterfaces  = 0x64
	registerSession = 0x65
	unregister      = 0x66
	sendRRData      = 0x6f
	sendUnitData    = 0x70

	header = 24
	// maxBody bounds a message: the length is 16 bits, and no more than 65,511 bytes may follow (2-3.1).
	maxBody = 65511
)

var errMalformed = errors.New("cip: malformed")

// Parser claims the encapsulation header, on any port where it is an answer or a registration, else on 44818 and 2222.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "cip", Doc: "EtherNet/IP (CIP): controllers and drives by product, vendor, serial and revision",
		Attrs:  []fact.Attr{ProductName, VendorID, VendorName, DeviceType, ProductCode, Serial, Revision, fact.Practice},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

// claims wants a known command, a length that fits, no status in a request, and options of zero.
func claims(o protocol.Opening) bool {
	b := o.First
	if len(b) < header || b[1] != 0 || binary.LittleEndian.Uint32(b[20:]) != 0 || o.Transport == protocol.Link {
		return false
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if o.Transport == protocol.UDP && len(b) != header+n || binary.LittleEndian.Uint32(b[8:]) > 0x69 {
		return false
	}
	usual := o.Server.Port == 44818 || o.Server.Port == 2222
	switch b[0] {
	case listIdentity:
		if n == 0 {
			return o.FirstDir == protocol.ToServer && (usual || o.Transport == protocol.UDP)
		}
		return o.FirstDir == protocol.ToClient && len(b) >= header+6 && b[header+2] == itemIdentity && b[header+3] == 0
	case registerSession:
		return n == 4 && len(b) >= header+4 && b[header] == 1 && b[header+1] == 0 && b[header+2] == 0 && b[header+3] == 0 &&
			(binary.LittleEndian.Uint32(b[4:]) == 0) == (o.FirstDir == protocol.ToServer)
	case sendRRData, sendUnitData, listServices, listInterfaces, unregister:
		return usual
	}
	return false
}

type conversation struct {
	o     protocol.Opening
	asked [8]question // open requests for the identity object, by what the answer repeats
	at    int
	wrote bool
}

// question is a request in flight. An answer does not say which object it is about; the sender's context does.
type question struct {
	context uint64
	service byte
	object  uint32 // class
	item    byte   // attribute
	used    bool
}

// Next reads whole messages; one that is too long for a buffer does not occur (maxBody).
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	used := 0
	for len(b)-used >= header {
		m := b[used:]
		n := int(binary.LittleEndian.Uint16(m[2:]))
		if m[1] != 0 || n > maxBody || binary.LittleEndian.Uint32(m[20:]) != 0 {
			return used, errMalformed
		}
		if len(m) < header+n {
			break
		}
		body := m[header : header+n]
		switch m[0] {
		case listIdentity:
			if d == protocol.ToClient {
				c.list(body, emit)
			}
		case sendRRData, sendUnitData:
			c.data(d, binary.LittleEndian.Uint64(m[12:]), body, emit)
		case listServices, listInterfaces, registerSession, unregister, 0:
		default:
			if m[0] > 0x72 && m[0] < 0xc8 { // reserved for later and for users above
				return used, errMalformed
			}
		}
		used += header + n
	}
	return used, nil
}

// Items of the common packet format (volume 2, 2-6).
const (
	itemIdentity    = 0x0c
	itemUnconnected = 0xb2
	itemConnected   = 0xb1
)

// items calls f for each item of a common packet.
func items(b []byte, f func(kind uint16, body []byte)) {
	if len(b) < 2 {
		return
	}
	count := int(binary.LittleEndian.Uint16(b))
	b = b[2:]
	for ; count > 0 && len(b) >= 4; count-- {
		kind, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if len(b) < 4+n {
			return
		}
		f(kind, b[4:4+n])
		b = b[4+n:]
	}
}

// list reads a ListIdentity answer: protocol version, a socket address in network order, then the identity object.
func (c *conversation) list(b []byte, emit func(fact.Fact)) {
	items(b, func(kind uint16, b []byte) {
		if kind != itemIdentity || len(b) < 18 {
			return
		}
		// The address inside is not looked at: it is IPv4's, of the first port or from inside address translation, and
		// whoever answers here is the device that is met here.
		identify(c.o.Server.Key(), b[18:], "ListIdentity", emit)
	})
}

// identify reads the seven first attributes of the identity object in a row (volume 1, 5-2.2): vendor, device type,
// product code, revision, status, serial number, name.
func identify(who fact.Key, b []byte, because string, emit func(fact.Fact)) {
	if len(b) < 15 || len(b) < 15+int(b[14]) {
		return
	}
	say := func(attr fact.Attr, value string) {
		emit(fact.Fact{Subject: who, Attr: attr, Value: value, Trust: trustOwn, Because: because})
	}
	vendor(binary.LittleEndian.Uint16(b), say)
	kind(binary.LittleEndian.Uint16(b[2:]), say)
	say(ProductCode, strconv.Itoa(int(binary.LittleEndian.Uint16(b[4:]))))
	say(Revision, revision(b[6:]))
	serial(binary.LittleEndian.Uint32(b[10:]), say)
	say(ProductName, string(b[15:15+int(b[14])]))
}

func vendor(id uint16, say func(fact.Attr, string)) {
	say(VendorID, strconv.Itoa(int(id)))
	if name := vendorName(id); name != "" {
		say(VendorName, name)
	}
}

func kind(id uint16, say func(fact.Attr, string)) {
	if name := typeName(id); name != "" {
		say(DeviceType, name)
		return
	}
	say(DeviceType, strconv.Itoa(int(id)))
}

func revision(b []byte) string { return strconv.Itoa(int(b[0])) + "." + strconv.Itoa(int(b[1])) }

func serial(n uint32, say func(fact.Attr, string)) {
	if n != 0 && n != 0xffffffff { // not set by the maker
		say(Serial, fmt.Sprintf("%08x", n))
	}
}
