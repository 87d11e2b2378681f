// Package mqtt reads the first packet of MQTT conversations (3.1, 3.1.1 and 5.0): what a client calls itself, and that
// it logged in readably. Topics, messages, user names and passwords are passed over unseen.
package mqtt

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
)

// Attributes of a client.
const (
	ClientID fact.Attr = "mqtt.client_id" // as the client says it, or as a 5.0 server gives it
	Version  fact.Attr = "mqtt.version"   // "3.1", "3.1.1", "5.0"
)

// Trust by domain/05 §5.7: a client id is configured like a host name, 0.4; a version is no guess.
const (
	trustName    = 0.4
	trustVersion = 0.95
)

// Packet types and flags (OASIS MQTT 5.0 §2.1.2, §3.1.2.3).
const (
	connect     = 0x10
	connAck     = 0x20
	hasPassword = 0x40
)

const (
	// maxConnect bounds a CONNECT that is waited for; its will may hold a message of any size.
	maxConnect = 16 << 10
	// maxClientID is longer than any name of a device; the standard allows 64 KiB.
	maxClientID = 128
)

var errPacket = fmt.Errorf("mqtt: no CONNECT: %w", fault.Invalid)

// Parser reads MQTT over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "mqtt", Doc: "MQTT 3.1–5.0: client ids and versions, logins in the clear",
		Attrs:  []fact.Attr{ClientID, Version, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "\x10",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
		},
	}
}

// claims accepts a CONNECT by its name and level.
func claims(o protocol.Opening) bool {
	if o.Transport != protocol.TCP || o.FirstDir != protocol.ToServer || len(o.First) < 12 || o.First[0] != connect {
		return false
	}
	_, used, ok := length(o.First[1:])
	return ok && versionOf(o.First[1+used:]) != ""
}

// length reads a remaining length; ok is false when it has not come or is none.
func length(b []byte) (n, used int, ok bool) {
	for i := 0; i < len(b) && i < 4; i++ {
		n |= int(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return n, i + 1, true
		}
	}
	return 0, 0, false
}

// versionOf tells the version by the protocol's name and level, "" without.
func versionOf(b []byte) string {
	switch {
	case len(b) >= 7 && string(b[:6]) == "\x00\x04MQTT" && b[6]&0x7f == 4: // the high bit marks a bridge
		return "3.1.1"
	case len(b) >= 7 && string(b[:6]) == "\x00\x04MQTT" && b[6] == 5:
		return "5.0"
	case len(b) >= 9 && string(b[:8]) == "\x00\x06MQIsdp" && b[8]&0x7f == 3:
		return "3.1"
	}
	return ""
}

type conversation struct {
	keys    [2]fact.Key
	version string
}

// Next reads one packet. Behind the server's answer to CONNECT nothing is of interest.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	if len(data) < 2 {
		return 0, nil
	}
	n, used, ok := length(data[1:])
	if !ok {
		if len(data) < 5 {
			return 0, nil
		}
		return 0, errPacket
	}
	kind := data[0] & 0xf0
	size := 1 + used + n
	switch {
	case d == protocol.ToServer && kind != connect, d == protocol.ToClient && kind != connAck, size > maxConnect:
		return len(data), protocol.Done
	case len(data) < size:
		return 0, nil
	case d == protocol.ToServer:
		if !c.connect(data[1+used:size], emit) {
			return 0, errPacket
		}
		return size, nil
	}
	c.accepted(data[1+used:size], emit)
	return size, protocol.Done
}

// connect reads a CONNECT (5.0 §3.1).
func (c *conversation) connect(b []byte, emit func(fact.Fact)) bool {
	c.version = versionOf(b)
	if c.version == "" {
		return false
	}
	b = b[2+int(b[1])+1:]
	if len(b) < 3 {
		return false
	}
	flags := b[0]
	b = b[3:]
	if c.version == "5.0" {
		n, used, ok := length(b)
		if !ok || n > len(b)-used {
			return false
		}
		b = b[used+n:]
	}
	id, _, ok := text(b)
	if !ok {
		return false
	}
	emit(fact.Fact{Subject: c.keys[0], Attr: Version, Value: c.version, Trust: trustVersion, Because: "CONNECT"})
	c.name(id, "CONNECT", emit)
	if flags&hasPassword != 0 {
		for _, key := range c.keys {
			emit(fact.Fact{Subject: key, Attr: fact.Practice, Value: fact.CleartextCredentials, Trust: trustVersion, Because: "CONNECT with a password"})
		}
	}
	return true
}

// accepted reads the id that a server of 5.0 gives to a client without one (§3.2.2.3.7).
func (c *conversation) accepted(b []byte, emit func(fact.Fact)) {
	if c.version != "5.0" || len(b) < 3 {
		return
	}
	n, used, ok := length(b[2:])
	if !ok || n > len(b)-2-used {
		return
	}
	for b = b[2+used : 2+used+n]; len(b) > 0; {
		kind, size := b[0], 0
		b = b[1:]
		switch kind {
		case 0x24, 0x25, 0x28, 0x29, 0x2a: // one byte each
			size = 1
		case 0x13, 0x21, 0x22:
			size = 2
		case 0x11, 0x27:
			size = 4
		case 0x12, 0x1a, 0x1c, 0x1f, 0x15, 0x16:
			value, rest, ok := text(b)
			if !ok {
				return
			}
			if kind == 0x12 {
				c.name(value, "CONNACK", emit)
			}
			b = rest
		default:
			return
		}
		if size > len(b) {
			return
		}
		b = b[size:]
	}
}

// name says a client's id, unless it is an address of mail.
func (c *conversation) name(id []byte, because string, emit func(fact.Fact)) {
	if len(id) == 0 || len(id) > maxClientID || !utf8.Valid(id) {
		return
	}
	for _, b := range id {
		if b == '@' {
			return
		}
	}
	emit(fact.Fact{Subject: c.keys[0], Attr: ClientID, Value: string(id), Trust: trustName, Because: because})
}

// text reads a string behind its length.
func text(b []byte) (value, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > len(b)-2 {
		return nil, nil, false
	}
	return b[2 : 2+n], b[2+n:], true
}
