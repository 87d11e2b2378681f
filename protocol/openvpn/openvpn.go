// Package openvpn reads the control channel of OpenVPN, over UDP and TCP, for the TLS handshake in it: the certificates
// and the look of both ends of a tunnel. It decides which packets are control and in which order; what a handshake says
// is package hello's, and what the tunnel carries is encrypted. With tls-crypt the control channel is as well, and only
// the tunnel itself is told.
package openvpn

import (
	"encoding/binary"
	"fmt"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
	"pons/protocol/hello"
)

// Packet types: the high five bits of the first byte (OpenVPN's ssl_pkt.h and its security overview).
const (
	control     = 4
	clientReset = 7
	serverReset = 8
)

const (
	session = 8
	// plainReset is the size of a client's reset: type, session, no acknowledgements, packet 0. What is more is the
	// HMAC of tls-auth with its own packet number and time.
	plainReset = 1 + session + 1 + 4
	maxPacket  = 2 << 10
	// maxPackets bounds what is looked at: a handshake with long chains takes a few hundred, acknowledged one by one.
	maxPackets = 1024
	tcpLength  = 2
)

var errPacket = fmt.Errorf("openvpn: no packet: %w", fault.Invalid)

// Parser reads OpenVPN over UDP and TCP on any port, from the client's first packet on.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "openvpn", Doc: "OpenVPN: tunnels, JA3 and certificates of both ends",
		Attrs:  hello.Attrs(),
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}, stream: o.Transport == protocol.TCP}
		},
	}
}

// claims accepts a client's reset: one of the sizes that hashes make, and five zeros at the end.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.FirstDir != protocol.ToServer || o.Transport == protocol.Link || len(b) < plainReset {
		return false
	}
	if o.Transport == protocol.TCP {
		if int(binary.BigEndian.Uint16(b)) != len(b)-tcpLength {
			return false
		}
		b = b[tcpLength:]
	}
	return reset(b)
}

// reset tells a client's first packet; the sizes are without tls-auth, and with MD5, SHA-1, SHA-256 and SHA-512.
func reset(b []byte) bool {
	if len(b) < plainReset || b[0] != clientReset<<3 || binary.BigEndian.Uint32(b[len(b)-4:]) != 0 || b[len(b)-5] != 0 {
		return false
	}
	switch len(b) - plainReset {
	case 0:
		return binary.BigEndian.Uint64(b[1:]) != 0
	case 16 + 8, 20 + 8, 32 + 8, 64 + 8:
		return true
	}
	return false
}

type conversation struct {
	keys    [2]fact.Key
	stream  bool
	auth    int // bytes that tls-auth adds
	begun   bool
	session [session]byte // the client's
	packets int
	due     [2]uint32 // number of the control packet that comes next
	tls     [2]hello.Stream
}

// Next reads one packet.
func (c *conversation) Next(at time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	b, used := data, len(data)
	if c.stream {
		if len(data) < tcpLength {
			return 0, nil
		}
		n := int(binary.BigEndian.Uint16(data))
		if n == 0 || n > maxPacket {
			return 0, errPacket
		}
		if used = tcpLength + n; len(data) < used {
			return 0, nil
		}
		b = data[tcpLength:used]
	}
	if c.packets++; c.packets > maxPackets || c.tls[0].Over() && c.tls[1].Over() {
		return used, protocol.Done
	}
	c.packet(at, d, b, emit)
	return used, nil
}

// packet reads one packet of the control channel; others are passed over.
func (c *conversation) packet(at time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) {
	kind := b[0] >> 3
	if kind == clientReset && d == protocol.ToServer && reset(b) && [session]byte(b[1:]) != c.session {
		*c = conversation{keys: c.keys, stream: c.stream, packets: c.packets, begun: true, session: [session]byte(b[1:]), auth: len(b) - plainReset}
		if c.stream {
			c.tls[0].Envelope, c.tls[1].Envelope = hello.TLS, hello.TLS
		}
	}
	if !c.begun || kind != clientReset && kind != serverReset && kind != control {
		return
	}
	head := 1 + session + c.auth
	if len(b) < head+1 {
		return
	}
	acks := int(b[head])
	if head += 1 + 4*acks; acks > 0 {
		head += session
	}
	if acks > 8 || len(b) < head+4 {
		return
	}
	if number := binary.BigEndian.Uint32(b[head:]); number != c.due[d] {
		return // sent again, or too early: then it is sent again
	}
	c.due[d]++
	if kind == control {
		c.tls[d].Write(at, c.keys[d], d == protocol.ToServer, b[head+4:], emit)
	}
}
