// Package lldp reads the Link Layer Discovery Protocol (IEEE 802.1AB) and its endpoint inventory (ANSI/TIA-1057,
// LLDP-MED). Every fact is the sending station's.
package lldp

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a station.
const (
	SystemName        fact.Attr = "lldp.system_name"
	SystemDescription fact.Attr = "lldp.system_description"
	ChassisID         fact.Attr = "lldp.chassis_id"
	PortID            fact.Attr = "lldp.port_id"
	ManagementAddress fact.Attr = "lldp.management_address"
	PortDescription   fact.Attr = "lldp.port_description"
	Capability        fact.Attr = "lldp.capability" // one that is enabled: "bridge", "telephone", "wlan-ap"
	PortVLAN          fact.Attr = "lldp.port_vlan"  // of frames without a tag
	DeviceClass       fact.Attr = "lldp.med_device_class"
)

// capabilities names the bits of TLV 7 from the lowest (IEEE 802.1AB-2016 table 8-4).
var capabilities = [...]string{"other", "repeater", "bridge", "wlan-ap", "router", "telephone", "docsis", "station", "c-vlan", "s-vlan", "two-port-relay"}

// classes names the kinds of LLDP-MED devices from 1 (TIA-1057 §10.2.2.2).
var classes = [...]string{"endpoint-i", "endpoint-ii", "endpoint-iii", "network"}

// med names the inventory TLVs by subtype from 5 (TIA-1057 §10.2.6).
var med = [...]fact.Attr{"lldp.med_hardware", "lldp.med_firmware", "lldp.med_software", "lldp.med_serial",
	"lldp.med_manufacturer", "lldp.med_model", "lldp.med_asset_id"}

var errMalformed = errors.New("lldp: malformed")

// Parser claims EtherType 0x88cc.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "lldp", Doc: "LLDP and LLDP-MED: names, descriptions and inventory of switches, phones and devices",
		Attrs: append([]fact.Attr{SystemName, SystemDescription, ChassisID, PortID, ManagementAddress, PortDescription, Capability, PortVLAN, DeviceClass}, med[:]...),
		Over:  []protocol.Transport{protocol.Link},
		Claims: func(o protocol.Opening) bool {
			// The first TLV is the chassis id: type 1 in seven bits.
			return o.Transport == protocol.Link && o.EtherType == 0x88cc && len(o.First) > 3 && o.First[0]>>1 == 1
		},
		New: func(o protocol.Opening) protocol.Conversation { return conversation{o.Client.Key()} },
	}
}

type conversation struct{ sender fact.Key }

// Next reads one frame: TLVs of seven bits type and nine bits length.
func (c conversation) Next(_ time.Time, _ protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	all := len(b)
	say := func(a fact.Attr, v, because string) {
		if v != "" {
			emit(fact.Fact{Subject: c.sender, Attr: a, Value: v, Because: because})
		}
	}
	for len(b) >= 2 {
		kind, n := b[0]>>1, int(b[0]&1)<<8|int(b[1])
		if kind == 0 {
			return all, nil
		}
		if 2+n > len(b) {
			return all, errMalformed
		}
		v := b[2 : 2+n]
		b = b[2+n:]
		switch {
		case kind == 1 && n > 1:
			say(ChassisID, id(v, 4, 5), "TLV 1")
		case kind == 2 && n > 1:
			say(PortID, id(v, 3, 4), "TLV 2")
		case kind == 4:
			say(PortDescription, string(v), "TLV 4")
		case kind == 5:
			say(SystemName, string(v), "TLV 5")
		case kind == 6:
			say(SystemDescription, string(v), "TLV 6")
		case kind == 7 && n == 4: // what it can do, what it does
			for bit, name := range capabilities {
				if binary.BigEndian.Uint16(v[2:])&(1<<bit) != 0 {
					say(Capability, name, "TLV 7")
				}
			}
		case kind == 8 && n > 1 && 1+int(v[0]) <= n: // length, family, address
			if ip, err := netip.ParseAddr(address(v[1 : 1+int(v[0])])); err == nil && !ip.IsUnspecified() {
				say(ManagementAddress, ip.String(), "TLV 8")
			}
		case kind == 127 && n == 6 && v[0] == 0x00 && v[1] == 0x80 && v[2] == 0xc2 && v[3] == 1:
			if vlan := binary.BigEndian.Uint16(v[4:]); vlan > 0 {
				say(PortVLAN, strconv.Itoa(int(vlan)), "port VLAN id")
			}
		case kind == 127 && n == 7 && v[0] == 0x00 && v[1] == 0x12 && v[2] == 0xbb && v[3] == 1:
			if class := int(v[6]); class >= 1 && class <= len(classes) {
				say(DeviceClass, classes[class-1], "LLDP-MED capabilities")
			}
		case kind == 127 && n > 4 && v[0] == 0x00 && v[1] == 0x12 && v[2] == 0xbb && v[3] >= 5 && int(v[3]) < 5+len(med):
			say(med[v[3]-5], string(v[4:]), "LLDP-MED inventory")
		}
	}
	return all, nil
}

// id writes a chassis or port id by its subtype: a MAC, a network address, or text.
func id(v []byte, macType, netType byte) string {
	kind, v := v[0], v[1:]
	switch {
	case kind == macType && len(v) == 6:
		return protocol.MACText(v)
	case kind == netType:
		return address(v)
	}
	for _, c := range v {
		if c < ' ' && c != 0 {
			return hex.EncodeToString(v)
		}
	}
	return strings.TrimRight(string(v), "\x00")
}

// address reads an IANA address family and an address of it.
func address(v []byte) string {
	switch {
	case len(v) == 5 && v[0] == 1:
		return netip.AddrFrom4([4]byte(v[1:])).String()
	case len(v) == 17 && v[0] == 2:
		return netip.AddrFrom16([16]byte(v[1:])).String()
	case len(v) == 7 && v[0] == 6:
		return protocol.MACText(v[1:])
	}
	return ""
}
