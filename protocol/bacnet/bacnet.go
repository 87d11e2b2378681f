// Package bacnet reads BACnet (ASHRAE 135, ISO 16484-5) over UDP, UDP on IPv6 and Ethernet. It decides what a device
// says of itself: its instance, maker, model, firmware and the names of its objects. A device on another BACnet network
// is not the router that passes its words on: it has a record of its own, named by network and address. BACnet/SC is
// TLS and is left to that parser; values of points are never read.
package bacnet

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a device; Network is a router's.
const (
	DeviceInstance fact.Attr = "bacnet.device_instance"
	VendorID       fact.Attr = "bacnet.vendor_id"
	VendorName     fact.Attr = "bacnet.vendor_name"
	Model          fact.Attr = "bacnet.model"
	Firmware       fact.Attr = "bacnet.firmware"
	Software       fact.Attr = "bacnet.software"
	Serial         fact.Attr = "bacnet.serial"
	Location       fact.Attr = "bacnet.location"
	Description    fact.Attr = "bacnet.description"
	DeviceName     fact.Attr = "bacnet.device_name" // the name of the device object
	ObjectName     fact.Attr = "bacnet.object_name" // names of objects that it holds, the device's own among them
	Network        fact.Attr = "bacnet.router_to"   // number of a network that it routes to
)

// Trust of what a device says of itself with nobody in between, and of a name looked up by a number.
const (
	trustOwn    = 0.9
	trustLooked = 0.8
)

var errMalformed = errors.New("bacnet: malformed")

// Parser claims BACnet by its link header, whose length must fit, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "bacnet", Doc: "BACnet: building controllers by instance, maker, model and firmware, also behind routers",
		Attrs: []fact.Attr{DeviceInstance, VendorID, VendorName, Model, Firmware, Software, Serial, Location, Description, DeviceName,
			ObjectName, Network, fact.Practice},
		Over:   []protocol.Transport{protocol.Link, protocol.UDP},
		First:  "\x81\x82",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{o: o, keys: [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()}}
		},
	}
}

// claims wants a link header whose length is the datagram's, and behind it a version 1 network header.
func claims(o protocol.Opening) bool {
	b := o.First
	switch o.Transport {
	case protocol.UDP:
		if len(b) < 4 || b[0] != bvllIPv4 && b[0] != bvllIPv6 || int(binary.BigEndian.Uint16(b[2:])) != len(b) {
			return false
		}
		p, ok := unwrap(b)
		return ok && (len(p.npdu) >= 2 && p.npdu[0] == 1 || p.npdu == nil && o.Server.Port == 47808)
	case protocol.Link:
		return o.EtherType == 0 && len(b) >= 5 && b[0] == 0x82 && b[1] == 0x82 && b[2] == 3 && b[3] == 1
	}
	return false
}

// Link header types (Annex J, Annex U).
const (
	bvllIPv4 = 0x81
	bvllIPv6 = 0x82
)

// packet is a datagram without its link header.
type packet struct {
	npdu   []byte         // nil where the message is about the link alone
	origin netip.AddrPort // of a message that a broadcast manager passes on
}

// unwrap takes the link header off.
func unwrap(b []byte) (p packet, ok bool) {
	if len(b) < 4 {
		return p, false
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < 4 || n > len(b) {
		return p, false
	}
	body := b[4:n]
	if b[0] == bvllIPv6 {
		switch b[1] { // U.2: a virtual address of three bytes is the source, in 1 another the destination
		case 1:
			p.npdu = after(body, 6)
		case 2, 0x0c:
			p.npdu = after(body, 3)
		case 8:
			if len(body) >= 21 {
				p.origin = netip.AddrPortFrom(netip.AddrFrom16([16]byte(body[3:19])), binary.BigEndian.Uint16(body[19:]))
				p.npdu = body[21:]
			}
		}
		return p, b[1] <= 0x0c
	}
	switch b[1] { // J.2
	case 0x04: // forwarded
		if len(body) < 6 {
			return p, false
		}
		p.origin = netip.AddrPortFrom(netip.AddrFrom4([4]byte(body)), binary.BigEndian.Uint16(body[4:]))
		p.npdu = body[6:]
	case 0x09, 0x0a, 0x0b: // distribute, unicast, broadcast
		p.npdu = body
	}
	return p, b[1] <= 0x0c
}

func after(b []byte, n int) []byte {
	if len(b) < n {
		return nil
	}
	return b[n:]
}

// maxNames bounds the names of objects read in one conversation: the first tell what a controller serves, thousands
// of points tell nothing more.
const maxNames = 512

// conversation is what two addresses say to each other.
type conversation struct {
	o       protocol.Opening
	keys    [2]fact.Key // of the sender, by direction
	names   int
	segment [2]segments
}

// Next reads one datagram or frame.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	p := packet{}
	if c.o.Transport == protocol.Link {
		p.npdu = after(b, 3)
	} else {
		var ok bool
		if len(b) < 1 || b[0] != bvllIPv4 && b[0] != bvllIPv6 {
			return 0, errMalformed
		}
		if p, ok = unwrap(b); !ok {
			return 0, errMalformed
		}
	}
	if p.npdu == nil {
		return len(b), nil
	}
	d &= 1
	from, to := c.o.Client, c.o.Server
	if d == protocol.ToClient {
		from, to = to, from
	}
	if from.IP.IsValid() && (from.IP == to.IP || from.IP.Is4() && from.IP.As4()[3] == 255 && b[1] == 0x0b) {
		return len(b), nil // a repeater that sends others' broadcasts under a broadcast address
	}
	sender := c.keys[d]
	if p.origin.IsValid() {
		sender = fact.Host("", p.origin.Addr().Unmap().String())
	}
	return len(b), c.network(d, sender, p.npdu, emit)
}

// network reads the network header (clause 6.2) and says who speaks.
func (c *conversation) network(d protocol.Dir, sender fact.Key, b []byte, emit func(fact.Fact)) error {
	if len(b) < 2 || b[0] != 1 {
		return errMalformed
	}
	control := b[1]
	b = b[2:]
	router := sender
	if control&0x20 != 0 { // destination
		if len(b) < 3 || len(b) < 3+int(b[2]) {
			return errMalformed
		}
		b = b[3+int(b[2]):]
	}
	if control&0x08 != 0 { // source: a device on another network
		if len(b) < 3 || len(b) < 3+int(b[2]) || b[2] == 0 {
			return errMalformed
		}
		n := int(b[2])
		sender = remote(binary.BigEndian.Uint16(b), b[3:3+n])
		b = b[3+n:]
	}
	if control&0x20 != 0 {
		if b = after(b, 1); b == nil { // hops left
			return errMalformed
		}
	}
	if control&0x80 == 0 {
		return c.apdu(d, sender, b, emit)
	}
	if len(b) > 0 && b[0] == 1 { // I-Am-Router-To-Network
		for i, list := 0, b[1:]; len(list) >= 2 && i < maxNames; i, list = i+1, list[2:] {
			emit(fact.Fact{Subject: router, Attr: Network, Value: strconv.Itoa(int(binary.BigEndian.Uint16(list))), Trust: trustOwn, Because: "I-Am-Router-To-Network"})
		}
	}
	return nil
}

// remote names a device on another network. On a network of IPv4 its address is its IP and port (Annex J.1.2, ports
// 47808 to 47823), on Ethernet its MAC; on MS/TP, ARCNET and the like it has none here, and is named by its place.
func remote(network uint16, b []byte) fact.Key {
	if len(b) == 6 {
		if port := binary.BigEndian.Uint16(b[4:]); port&0xfff0 == 0xbac0 {
			return fact.Host("", netip.AddrFrom4([4]byte(b)).String())
		}
		if b[0]&3 == 0 && b[0]|b[1]|b[2] != 0 { // a maker's own, not one that was set by hand
			return fact.Host(net.HardwareAddr(b).String(), "")
		}
	}
	place := "bacnet/" + strconv.Itoa(int(network)) + "/"
	if len(b) == 1 {
		return fact.Child(place + strconv.Itoa(int(b[0])))
	}
	return fact.Child(place + hex.EncodeToString(b))
}
