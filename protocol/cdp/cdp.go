// Package cdp reads the Cisco Discovery Protocol, which phones, access points and cameras speak too. Every fact is
// the sending station's. Layout after Wireshark's packet-cdp.c and Cisco's "Frame Formats" document.
package cdp

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a station.
const (
	DeviceID fact.Attr = "cdp.device_id"
	Platform fact.Attr = "cdp.platform"
	Version  fact.Attr = "cdp.version"
	PortID   fact.Attr = "cdp.port_id"

	SystemName fact.Attr = "cdp.system_name"
	Address    fact.Attr = "cdp.address"     // its own IPv4 addresses, as it tells them
	Capability fact.Attr = "cdp.capability"  // "switch", "router", "host", "phone"
	NativeVLAN fact.Attr = "cdp.native_vlan" // of frames without a tag
)

// capabilities names the bits of TLV 4 from the lowest.
var capabilities = [...]string{"router", "bridge", "source-route-bridge", "switch", "host", "igmp", "repeater", "phone", "remotely-managed"}

// snap is LLC with SNAP, Cisco's OUI and CDP's protocol id.
var snap = [8]byte{0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00}

var errMalformed = errors.New("cdp: malformed")

// Parser claims LLC frames with CDP's SNAP header.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "cdp", Doc: "Cisco Discovery Protocol: device id, platform and software of network gear and phones",
		Attrs:  []fact.Attr{DeviceID, Platform, Version, PortID, SystemName, Address, Capability, NativeVLAN},
		Over:   []protocol.Transport{protocol.Link},
		Claims: func(o protocol.Opening) bool { return o.Transport == protocol.Link && isCDP(o.First) },
		New:    func(o protocol.Opening) protocol.Conversation { return conversation{o.Client.Key()} },
	}
}

func isCDP(b []byte) bool { return len(b) >= 12 && [8]byte(b[:8]) == snap && (b[8] == 1 || b[8] == 2) }

type conversation struct{ sender fact.Key }

// Next reads one frame: version, time to live, checksum 2, then TLVs of type 2, length 2 with the header.
func (c conversation) Next(_ time.Time, _ protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if !isCDP(b) {
		return 0, errMalformed
	}
	all := len(b)
	for b = b[12:]; len(b) >= 4; {
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if n < 4 || n > len(b) {
			return all, errMalformed
		}
		attr := fact.Attr("")
		switch kind {
		case 1:
			attr = DeviceID
		case 3:
			attr = PortID
		case 5:
			attr = Version
		case 6:
			attr = Platform
		case 20:
			attr = SystemName
		case 2, 22:
			c.addresses(b[4:n], strconv.Itoa(int(kind)), emit)
		case 4:
			for bit, name := range capabilities {
				if n == 8 && binary.BigEndian.Uint32(b[4:])&(1<<bit) != 0 {
					emit(fact.Fact{Subject: c.sender, Attr: Capability, Value: name, Because: "TLV 4"})
				}
			}
		case 10:
			if n == 6 && binary.BigEndian.Uint16(b[4:]) > 0 {
				emit(fact.Fact{Subject: c.sender, Attr: NativeVLAN, Value: strconv.Itoa(int(binary.BigEndian.Uint16(b[4:]))), Because: "TLV 10"})
			}
		}
		if attr != "" {
			emit(fact.Fact{Subject: c.sender, Attr: attr, Value: string(b[4:n]), Because: "TLV " + strconv.Itoa(int(kind))})
		}
		b = b[n:]
	}
	return all, nil
}

// addresses reads a count of four bytes, and of each address the kind of its protocol 1, the length of the protocol 1,
// the protocol, the length of the address 2, the address. IPv4 is protocol 0xcc of kind 1.
func (c conversation) addresses(b []byte, tlv string, emit func(fact.Fact)) {
	if len(b) < 4 {
		return
	}
	for b = b[4:]; len(b) >= 2; {
		size := 2 + int(b[1])
		if len(b) < size+2 {
			return
		}
		n := int(binary.BigEndian.Uint16(b[size:]))
		if len(b) < size+2+n {
			return
		}
		if v := b[size+2 : size+2+n]; b[0] == 1 && b[1] == 1 && b[2] == 0xcc && n == 4 && [4]byte(v) != [4]byte{} {
			emit(fact.Fact{Subject: c.sender, Attr: Address, Value: netip.AddrFrom4([4]byte(v)).String(), Because: "TLV " + tlv})
		}
		b = b[size+2+n:]
	}
}
