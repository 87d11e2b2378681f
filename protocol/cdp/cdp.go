// Package cdp reads the Cisco Discovery Protocol, which phones, access points and cameras speak too. Every fact is
// the sending station's. Layout after Wireshark's packet-cdp.c and Cisco's "Frame Formats" document.
package cdp

import (
	"encoding/binary"
	"errors"
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
)

// snap is LLC with SNAP, Cisco's OUI and CDP's protocol id.
var snap = [8]byte{0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00}

var errMalformed = errors.New("cdp: malformed")

// Parser claims LLC frames with CDP's SNAP header.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "cdp", Doc: "Cisco Discovery Protocol: device id, platform and software of network gear and phones",
		Attrs:  []fact.Attr{DeviceID, Platform, Version, PortID},
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
		}
		if attr != "" {
			emit(fact.Fact{Subject: c.sender, Attr: attr, Value: string(b[4:n]), Because: "TLV " + strconv.Itoa(int(kind))})
		}
		b = b[n:]
	}
	return all, nil
}
