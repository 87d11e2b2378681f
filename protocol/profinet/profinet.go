// Package profinet reads PROFINET DCP (IEC 61158-6-10), by which controllers find, name and address their devices. It
// decides what a device says of itself; process data is not read. That names and addresses are set by whoever asks is an
// insecure practice.
package profinet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a device.
const (
	NameOfStation fact.Attr = "profinet.name_of_station"
	TypeOfStation fact.Attr = "profinet.type_of_station"
	VendorID      fact.Attr = "profinet.vendor_id" // of PROFIBUS International: 0x002a
	VendorName    fact.Attr = "profinet.vendor_name"
	DeviceID      fact.Attr = "profinet.device_id"
	Role          fact.Attr = "profinet.role" // device, controller, multidevice, supervisor
	Alias         fact.Attr = "profinet.alias"
	IP            fact.Attr = "profinet.ip"
)

// trustOwn is of a device's own word.
const trustOwn = 0.9

const etherType = 0x8892

// Frame ids, services and kinds of DCP.
const (
	hello         = 0xfefc
	getSet        = 0xfefd
	identify      = 0xfefe
	identifyReply = 0xfeff

	serviceGet   = 3
	serviceSet   = 4
	kindRequest  = 0
	kindResponse = 1

	header = 12 // frame id, service, kind, transaction, delay, length
)

var errMalformed = errors.New("profinet: malformed")

// Parser claims PROFINET's EtherType.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "profinet", Doc: "PROFINET DCP: stations by name, type, vendor and role",
		Attrs:  []fact.Attr{NameOfStation, TypeOfStation, VendorID, VendorName, DeviceID, Role, Alias, IP, fact.MAC, fact.Practice},
		Over:   []protocol.Transport{protocol.Link},
		Claims: func(o protocol.Opening) bool { return o.Transport == protocol.Link && o.EtherType == etherType },
		New:    func(o protocol.Opening) protocol.Conversation { return conversation{o} },
	}
}

type conversation struct{ o protocol.Opening }

// Next reads one frame. What a station says of itself stands in its answers and its hello; a request names others.
func (c conversation) Next(_ time.Time, _ protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) < 2 {
		return 0, errMalformed
	}
	id := binary.BigEndian.Uint16(b)
	if id < hello {
		return len(b), nil // process data, alarms, time
	}
	if len(b) < header {
		return 0, errMalformed
	}
	service, kind, n := b[2], b[3], int(binary.BigEndian.Uint16(b[10:]))
	if n > len(b)-header {
		return 0, errMalformed
	}
	blocks := b[header : header+n]
	switch {
	case id == hello && kind == kindRequest, id == identifyReply && kind == kindResponse, id == getSet && service == serviceGet && kind == kindResponse:
		return len(b), c.blocks(blocks, emit)
	case id == getSet && service == serviceSet && kind == kindResponse:
		c.accepted(blocks, emit)
	}
	return len(b), nil
}

// accepted reads the answer to a setting: option 5, suboption 4, then which option and suboption, and an error.
func (c conversation) accepted(b []byte, emit func(fact.Fact)) {
	if len(b) >= 7 && b[0] == 5 && b[1] == 4 && b[6] == 0 {
		emit(fact.Fact{Subject: c.o.Client.Key(), Attr: fact.Practice, Value: fact.UnauthenticatedControl, Trust: trustOwn, Because: "DCP Set accepted"})
	}
}

// blocks reads options: option, suboption, length, two bytes of information, value, and a byte that makes it even.
func (c conversation) blocks(b []byte, emit func(fact.Fact)) error {
	who := c.o.Client.Key()
	mac, _ := who.SplitHost()
	say := func(attr fact.Attr, value string) {
		emit(fact.Fact{Subject: who, Attr: attr, Value: value, Trust: trustOwn, Because: "DCP"})
	}
	for len(b) >= 4 {
		option, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if len(b) < 4+n {
			return errMalformed
		}
		if n >= 2 {
			v := b[6 : 4+n]
			switch {
			case option == 0x0102 && len(v) >= 4:
				if ip := netip.AddrFrom4([4]byte(v)); mac != "" && !ip.IsUnspecified() {
					say(IP, ip.String())
					emit(fact.Fact{Subject: fact.Host(mac, ip.String()), Attr: fact.MAC, Value: mac, Trust: trustOwn, Because: "DCP, IP parameters"})
				}
			case option == 0x0201:
				say(TypeOfStation, string(v))
			case option == 0x0202:
				say(NameOfStation, string(v))
			case option == 0x0203 && len(v) >= 4:
				vendor := binary.BigEndian.Uint16(v)
				say(VendorID, fmt.Sprintf("0x%04x", vendor))
				if vendor == 0x002a { // the one that is sure; the list of the others is PI's
					say(VendorName, "Siemens")
				}
				say(DeviceID, fmt.Sprintf("0x%04x", binary.BigEndian.Uint16(v[2:])))
			case option == 0x0204 && len(v) >= 1:
				for bit, name := range [...]string{"device", "controller", "multidevice", "supervisor"} {
					if v[0]&(1<<bit) != 0 {
						say(Role, name)
					}
				}
			case option == 0x0206:
				say(Alias, string(v))
			}
		}
		b = b[min(len(b), 4+n+n&1):]
	}
	return nil
}
