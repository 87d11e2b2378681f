// Package knx reads KNXnet/IP (ISO 22510). It decides what an interface or router of a KNX installation says of itself
// when it is searched for; telegrams are not read but for one thing: that a client writes to the bus without KNX Secure,
// which is an insecure practice of the interface that lets it.
package knx

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net"
	"strconv"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of an interface.
const (
	Name         fact.Attr = "knx.name"
	Address      fact.Attr = "knx.individual_address" // area.line.device
	Serial       fact.Attr = "knx.serial"
	MAC          fact.Attr = "knx.mac"
	Medium       fact.Attr = "knx.medium"
	Service      fact.Attr = "knx.service"      // families: core, tunnelling, routing, secure, …
	Manufacturer fact.Attr = "knx.manufacturer" // KNX Association's number, first two bytes of the serial
)

// trustOwn is of a device's own word.
const trustOwn = 0.9

// Services (ISO 22510, 5.2.4).
const (
	searchResponse      = 0x0202
	descriptionResponse = 0x0204
	searchExtended      = 0x020c
	tunnelRequest       = 0x0420
	tunnelAck           = 0x0421

	header = 6
)

var errMalformed = errors.New("knx: malformed")

// Parser claims the header, whose length must be the datagram's, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "knx", Doc: "KNXnet/IP: interfaces and routers of KNX by name, serial number and address",
		Attrs:  []fact.Attr{Name, Address, Serial, MAC, Medium, Service, Manufacturer, fact.MAC, fact.Practice},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		First:  "\x06",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()}}
		},
	}
}

// claims wants version 1.0, a known family of services and a length that fits.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport == protocol.Link || len(b) < header || b[0] != header || b[1] != 0x10 || b[2] < 2 || b[2] > 9 {
		return false
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n < header || o.Transport == protocol.UDP && n != len(b) {
		return false
	}
	switch s := binary.BigEndian.Uint16(b[2:]); s {
	case searchResponse, descriptionResponse, searchExtended, 0x0206, 0x0208, 0x020a:
		return o.FirstDir == protocol.ToClient
	case 0x0201, 0x0203, 0x0205, 0x0207, 0x020b:
		return o.FirstDir == protocol.ToServer
	}
	return o.Server.Port == 3671
}

type conversation struct {
	keys    [2]fact.Key // of the sender, by direction
	writing bool
	wrote   bool
}

// Next reads messages: one in a datagram, any number in a stream.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	used := 0
	for len(b)-used >= header {
		m := b[used:]
		n := int(binary.BigEndian.Uint16(m[4:]))
		if m[0] != header || m[1] != 0x10 || n < header {
			return used, errMalformed
		}
		if len(m) < n {
			break
		}
		c.message(d, c.keys[d&1], binary.BigEndian.Uint16(m[2:]), m[header:n], emit)
		used += n
	}
	return used, nil
}

func (c *conversation) message(d protocol.Dir, who fact.Key, service uint16, b []byte, emit func(fact.Fact)) {
	switch service {
	case searchResponse, searchExtended:
		if len(b) >= 8 && b[0] == 8 { // where it is reached
			describe(who, b[8:], emit)
		}
	case descriptionResponse:
		describe(who, b, emit)
	case tunnelRequest:
		if d == protocol.ToServer && len(b) > 4 && writes(b[4:]) {
			c.writing = true
		}
	case tunnelAck:
		if d == protocol.ToClient && c.writing && !c.wrote && len(b) >= 4 && b[3] == 0 {
			c.wrote = true
			emit(fact.Fact{Subject: who, Attr: fact.Practice, Value: fact.UnauthenticatedControl, Trust: trustOwn, Because: "takes a group write in a tunnel without KNX Secure"})
		}
	}
}

// writes tells whether a cEMI frame asks for a group write: L_Data.req, additional information, two control bytes, source,
// destination, length, then the application's control information of ten bits.
func writes(b []byte) bool {
	if len(b) < 2 || b[0] != 0x11 || len(b) < 2+int(b[1])+9 {
		return false
	}
	b = b[2+int(b[1]):]
	return b[1]&0x80 != 0 && (uint16(b[7])<<8|uint16(b[8]))&0x03c0 == 0x0080
}

// medium names what a bus is made of.
func medium(b byte) string {
	switch b {
	case 0x02:
		return "TP1"
	case 0x04:
		return "PL110"
	case 0x10:
		return "RF"
	case 0x20:
		return "IP"
	}
	return ""
}

var families = [...]string{2: "core", 3: "device management", 4: "tunnelling", 5: "routing", 6: "remote logging", 7: "remote configuration",
	8: "object server", 9: "secure"}

// describe reads description blocks: length, type, contents (7.5.4).
func describe(who fact.Key, b []byte, emit func(fact.Fact)) {
	say := func(attr fact.Attr, value, because string) {
		emit(fact.Fact{Subject: who, Attr: attr, Value: value, Trust: trustOwn, Because: because})
	}
	for len(b) >= 2 && b[0] >= 2 && int(b[0]) <= len(b) {
		v := b[2:b[0]]
		switch b[1] {
		case 1:
			if len(v) < 52 {
				return
			}
			device(who, v, say)
		case 2:
			for ; len(v) >= 2; v = v[2:] {
				if int(v[0]) < len(families) && families[v[0]] != "" {
					say(Service, families[v[0]], "supported services")
				}
			}
		}
		b = b[b[0]:]
	}
}

// device reads the block of the device: medium, status, individual address, project, serial number of six bytes, multicast
// address, MAC, and a name of thirty characters in ISO 8859-1.
func device(who fact.Key, v []byte, say func(fact.Attr, string, string)) {
	const because = "device information"
	if medium := medium(v[0]); medium != "" {
		say(Medium, medium, because)
	}
	address := binary.BigEndian.Uint16(v[2:])
	say(Address, strconv.Itoa(int(address>>12))+"."+strconv.Itoa(int(address>>8&15))+"."+strconv.Itoa(int(address&255)), because)
	if serial := v[6:12]; binary.BigEndian.Uint16(serial) != 0 {
		say(Serial, hex.EncodeToString(serial), because)
		say(Manufacturer, strconv.Itoa(int(binary.BigEndian.Uint16(serial))), because)
	}
	if mac := net.HardwareAddr(v[16:22]); mac[0]&1 == 0 && mac[0]|mac[1]|mac[2] != 0 {
		say(MAC, mac.String(), because)
		if frame, _ := who.SplitHost(); frame == mac.String() {
			say(fact.MAC, frame, because) // the frame's is its own and no router's
		}
	}
	name := make([]rune, 0, 30)
	for _, c := range v[22:52] {
		if c == 0 {
			break
		}
		name = append(name, rune(c))
	}
	say(Name, string(name), because)
}
