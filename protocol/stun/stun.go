// Package stun reads STUN (RFC 8489) for the software that phones, browsers and servers name in it, and the DTLS
// handshakes that share its ports in voice and video (RFC 7983). It decides which datagram is of which; what a
// handshake says is package hello's. User names and addresses behind translators are passed over.
package stun

import (
	"encoding/binary"
	"fmt"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
	"pons/protocol/hello"
)

// Software is the sender's: "Coturn-4.5.2 'dan Eider'".
const Software fact.Attr = "stun.software"

// trust is that of what a device says of itself over HTTP, domain/05 §5.7.
const trust = 0.6

const (
	header   = 20
	cookie   = 0x2112a442
	software = 0x8022
	// maxPackets bounds what is looked at where nobody names anything; media follow.
	maxPackets = 64
)

var errMessage = fmt.Errorf("stun: no message: %w", fault.Invalid)

// Parser reads STUN over UDP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "stun", Doc: "STUN: software of both sides, and DTLS of voice and video",
		Attrs:  append(hello.Attrs(), Software),
		Over:   []protocol.Transport{protocol.UDP},
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
		},
	}
}

// claims accepts a request or an indication of the client and an answer of the server, by the magic cookie.
func claims(o protocol.Opening) bool {
	if o.Transport != protocol.UDP || !message(o.First) {
		return false
	}
	answer := o.First[0]&1 != 0 // the class bits are 4 and 8 of the type (RFC 8489 §5)
	return answer == (o.FirstDir == protocol.ToClient)
}

func message(b []byte) bool {
	return len(b) >= header && b[0]&0xc0 == 0 && binary.BigEndian.Uint32(b[4:]) == cookie &&
		b[3]&3 == 0 && int(binary.BigEndian.Uint16(b[2:]))+header <= len(b)
}

type conversation struct {
	keys   [2]fact.Key
	said   [2]bool
	seen   int
	dtls   hello.Datagrams
	begun  bool
	client protocol.Dir // in which the client of DTLS sends: who began with STUN need not begin with DTLS
}

// Next reads one datagram: a STUN message, a record of DTLS, or what is neither.
func (c *conversation) Next(at time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	if c.seen++; c.seen > maxPackets {
		return len(b), protocol.Done
	}
	if message(b) {
		c.attributes(d, b[header:header+int(binary.BigEndian.Uint16(b[2:]))], emit)
		return len(b), nil
	}
	if b[0] < 20 || b[0] > 63 { // not of DTLS: media
		return len(b), errMessage
	}
	if !c.begun {
		fromClient, ok := hello.BeginsDatagram(b)
		if !ok {
			return len(b), errMessage
		}
		c.begun, c.client = true, d
		if !fromClient {
			c.client = 1 - d
		}
		c.dtls.Client, c.dtls.Server = c.keys[c.client], c.keys[1-c.client]
	}
	sealed, ok := c.dtls.Read(at, d == c.client, b, emit)
	switch {
	case !ok:
		return len(b), errMessage
	case sealed:
		return len(b), protocol.Done
	}
	return len(b), nil
}

// attributes finds SOFTWARE among the attributes (RFC 8489 §14).
func (c *conversation) attributes(d protocol.Dir, b []byte, emit func(fact.Fact)) {
	for len(b) >= 4 && !c.said[d] {
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		b = b[4:]
		if n > len(b) {
			return
		}
		if kind == software && n > 0 && n <= 256 {
			c.said[d] = true
			emit(fact.Fact{Subject: c.keys[d], Attr: Software, Value: string(b[:n]), Trust: trust, Because: "SOFTWARE"})
		}
		b = b[min(len(b), (n+3)&^3):]
	}
}
