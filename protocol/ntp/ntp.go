// Package ntp reads NTP (RFC 5905, RFC 9327) and SNTP: which hosts give the time and which ask for it, where a server
// has it from, and the program that a control message names. It decides the direction by the mode of a packet.
package ntp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
)

// Attributes of the sender. Version is the protocol's ("4"), and where a control message tells also the program's
// ("ntpd 4.2.8p15").
const (
	Version   fact.Attr = "ntp.version"
	Stratum   fact.Attr = "ntp.stratum"
	RefID     fact.Attr = "ntp.refid"     // the clock ("GPS") of a stratum 1, the address of the server above another
	System    fact.Attr = "ntp.system"    // operating system of a control message
	Processor fact.Attr = "ntp.processor" // processor of a control message
)

// Trust by domain/05 §5.7: what a device says of itself over HTTP 0.6; fields of the protocol are no guess.
const (
	trustSaid  = 0.6
	trustField = 0.95
)

// Modes, RFC 5905 §7.3.
const (
	symmetricActive = 1 + iota
	symmetricPassive
	client
	server
	broadcast
	control
	private
)

const (
	port   = 123
	header = 48
	// controlHeader precedes the text of a control message, RFC 9327 §2.
	controlHeader = 12
	readVariables = 2
)

var errPacket = fmt.Errorf("ntp: no packet: %w", fault.Invalid)

// Parser reads NTP on UDP port 123.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "ntp", Doc: "NTP: versions, servers, their stratum and source, programs that control messages name",
		Attrs:  []fact.Attr{Version, Stratum, RefID, System, Processor},
		Over:   []protocol.Transport{protocol.UDP},
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
		},
	}
}

// claims accepts a packet on the port from the side that sends its mode; peers of the symmetric modes may be either.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.UDP || len(b) < controlHeader || o.Server.Port != port {
		return false
	}
	version, mode := b[0]>>3&7, b[0]&7
	if version < 1 || version > 4 {
		return false
	}
	switch mode {
	case symmetricActive, symmetricPassive:
		return len(b) >= header
	case client:
		return len(b) >= header && o.FirstDir == protocol.ToServer
	case server, broadcast:
		return len(b) >= header && o.FirstDir == protocol.ToClient
	case control:
		return (b[1]&0x80 != 0) == (o.FirstDir == protocol.ToClient)
	case private:
		return version >= 2 && (b[0]&0x80 != 0) == (o.FirstDir == protocol.ToClient)
	case 0: // version 1 had no modes; the ports tell
		return version == 1 && len(b) == header
	}
	return false
}

type conversation struct {
	keys    [2]fact.Key
	said    [2]byte // the first byte of the last packet that was said, by direction
	stratum byte
	source  [4]byte
}

// Next reads one datagram. Clocks tick all day: what was said last is not said again.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	if len(b) < controlHeader {
		return 0, errPacket
	}
	say := func(attr fact.Attr, value string, trust float64, because string) {
		if value != "" {
			emit(fact.Fact{Subject: c.keys[d], Attr: attr, Value: value, Trust: trust, Because: because})
		}
	}
	version, mode := b[0]>>3&7, b[0]&7
	if version < 1 || version > 4 {
		return 0, errPacket
	}
	if fresh := b[0] & 0x3f; c.said[d] != fresh {
		c.said[d] = fresh
		say(Version, strconv.Itoa(int(version)), trustField, "packet header")
	}
	switch {
	case mode == control && b[1]&0x80 != 0 && b[1]&0x1f == readVariables:
		variables(b, say)
	case (mode == server || mode == broadcast || mode == symmetricPassive || mode == symmetricActive) && len(b) >= header && d == protocol.ToClient:
		c.clock(b, version, say)
	}
	return len(b), nil
}

// clock reads what a server says of its clock. Stratum 0 refuses, 16 is not set (RFC 5905 §7.3–7.4).
func (c *conversation) clock(b []byte, version byte, say func(fact.Attr, string, float64, string)) {
	stratum := b[1]
	if stratum == 0 || stratum > 15 || stratum == c.stratum && [4]byte(b[12:16]) == c.source {
		return
	}
	c.stratum, c.source = stratum, [4]byte(b[12:16])
	say(Stratum, strconv.Itoa(int(stratum)), trustField, "packet header")
	if stratum == 1 {
		say(RefID, string(bytes.TrimRight(printable(b[12:16]), "\x00 ")), trustField, "packet header")
		return
	}
	// A server that has the time over IPv6 writes a hash here, which looks like any address; those that no host
	// can have are left out.
	if ip := netip.AddrFrom4(c.source); ip.IsGlobalUnicast() && c.source[0] < 224 && c.source[0] != 0 {
		say(RefID, ip.String(), trustSaid, "packet header")
	}
}

func printable(b []byte) []byte {
	for _, c := range bytes.TrimRight(b, "\x00") {
		if c < ' ' || c >= 0x7f {
			return nil
		}
	}
	return b
}

// variables reads the text of a control message: version="ntpd 4.2.8p15", processor="x86_64", system="Linux/5.10".
func variables(b []byte, say func(fact.Attr, string, float64, string)) {
	n := int(binary.BigEndian.Uint16(b[10:]))
	if binary.BigEndian.Uint16(b[8:]) != 0 || n > len(b)-controlHeader { // the variables wanted stand in the first part
		return
	}
	text := b[controlHeader : controlHeader+n]
	for len(text) > 0 {
		text = bytes.TrimLeft(text, ", \r\n")
		name, rest, ok := bytes.Cut(text, []byte("="))
		if !ok {
			return
		}
		var value []byte
		if len(rest) > 0 && rest[0] == '"' {
			end := bytes.IndexByte(rest[1:], '"')
			if end < 0 {
				return
			}
			value, text = rest[1:1+end], rest[end+2:]
		} else if value, text, ok = bytes.Cut(rest, []byte(",")); !ok {
			text = nil
		}
		if len(value) > 256 {
			continue
		}
		switch string(name) {
		case "version":
			say(Version, string(value), trustSaid, "control message, version")
		case "system":
			say(System, string(value), trustSaid, "control message, system")
		case "processor":
			say(Processor, string(value), trustSaid, "control message, processor")
		}
	}
}
