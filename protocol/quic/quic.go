// Package quic reads the first packets of QUIC conversations (RFC 9000, 9001, 9369, the drafts from 23 on, and
// Google's versions before them): what a client asks for and looks like, and what a server chose. It decides which
// packets can be opened, with the keys that anybody on the way can derive from them, and puts the hello together
// that they carry; what the hello says is package hello's. Nothing behind the handshake is looked at.
package quic

import (
	"encoding/binary"
	"fmt"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
	"pons/protocol/hello"
)

// Attributes of a client, beside those of hellos. Google's versions before TLS name the browser themselves.
const (
	Version   fact.Attr = "quic.version" // "1", "2", "draft-29", "Q043"
	UserAgent fact.Attr = "quic.user_agent"
)

// Trust by domain/05 §5.7: what a device says over HTTP 0.6; a version is no guess.
const (
	trustAgent   = 0.6
	trustName    = 0.4
	trustVersion = 0.95
)

// maxPackets bounds the work on one conversation, in packets that are opened: a hello of 4 KiB comes in four, and is
// sent anew at most a few times.
const maxPackets = 24

var errPacket = fmt.Errorf("quic: no packet that can be read: %w", fault.Invalid)

// Parser reads QUIC over UDP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name:   "quic",
		Doc:    "QUIC handshakes, versions 1, 2, drafts and Google's: requested name, JA3, JA4, ALPN, version.",
		Attrs:  append(hello.Attrs(), Version, UserAgent),
		Over:   []protocol.Transport{protocol.UDP},
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
		},
	}
}

// claims accepts an Initial packet of a version that is known, from either side, and a client's first of Google's.
func claims(o protocol.Opening) bool {
	if o.Transport != protocol.UDP || len(o.First) < 32 {
		return false
	}
	if o.First[0]&0x80 == 0 {
		return o.FirstDir == protocol.ToServer && googleVersion(o.First) != nil
	}
	v, ok := versionOf(binary.BigEndian.Uint32(o.First[1:]))
	if !ok {
		return false
	}
	p, _, ok := packetOf(o.First, v)
	return ok && p.initial
}

type conversation struct {
	keys    [2]fact.Key
	opened  int // packets that were tried
	derived int // times that keys were
	dcid    []byte
	secrets *secrets
	pieces  [2]hello.Pieces
	done    [2]bool
	named   bool // the version has been said
}

// Next reads the packets of one datagram.
func (c *conversation) Next(at time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	used := len(data)
	if data[0]&0x80 == 0 {
		if name := googleVersion(data); name != nil && d == protocol.ToServer {
			c.google(name, data[13:], emit)
		} else if c.opened++; c.secrets != nil {
			c.opened += 2 // short headers come behind the handshake; something may still be on its way
		}
		return used, c.end()
	}
	for rest := data; len(rest) > 6 && rest[0]&0x80 != 0; {
		v, ok := versionOf(binary.BigEndian.Uint32(rest[1:]))
		if !ok {
			break
		}
		p, n, ok := packetOf(rest, v)
		if !ok {
			return used, errPacket
		}
		switch {
		case v.plain:
			c.google(rest[1:5], rest[n:], emit)
		case p.initial && !c.done[d]:
			c.initial(at, d, v, p, rest[:n], emit)
		}
		rest = rest[n:]
	}
	return used, c.end()
}

// end tells when nothing more can be learned.
func (c *conversation) end() error {
	if c.done[0] && c.done[1] || c.opened > maxPackets {
		return protocol.Done
	}
	return nil
}

// initial opens a packet and reads its frames.
func (c *conversation) initial(at time.Time, d protocol.Dir, v version, p packet, b []byte, emit func(fact.Fact)) {
	if c.opened++; c.opened > maxPackets {
		return
	}
	payload := c.open(d, v, p, b)
	if payload == nil {
		return
	}
	if d == protocol.ToServer && !c.named {
		c.named = true
		c.say(emit, Version, v.name, trustVersion, "Initial packet")
	}
	eachCrypto(payload, func(offset int, data []byte) { c.pieces[d].Put(offset, data) })
	whole := c.pieces[d].Whole()
	if len(whole) < 4 {
		return
	}
	if v.google {
		c.chlo(whole, emit)
		return
	}
	kind, size := whole[0], 4+(int(whole[1])<<16|int(whole[2])<<8|int(whole[3]))
	if !hello.Wanted(kind, size) || size > hello.MaxPieces {
		c.done[d] = true
		c.pieces[d].Reset()
		return
	}
	if len(whole) >= size {
		hello.Say(hello.QUIC, at, c.keys[d], d == protocol.ToServer, kind, whole[4:size], emit)
		c.done[d] = true
		c.pieces[d].Reset()
	}
}

// open removes the protection of an Initial packet, nil if it cannot. The keys come of the connection id that the
// client chose first; a Retry makes it choose anew.
func (c *conversation) open(d protocol.Dir, v version, p packet, b []byte) []byte {
	if c.secrets != nil {
		if payload := c.secrets[d].open(p, b); payload != nil {
			return payload
		}
	}
	const maxDerived = 4
	if d != protocol.ToServer || c.secrets != nil && string(c.dcid) == string(p.dcid) || c.derived >= maxDerived {
		return nil
	}
	c.derived++
	fresh := derive(v, p.dcid)
	payload := fresh[d].open(p, b)
	if payload != nil {
		c.secrets, c.dcid = fresh, append(c.dcid[:0], p.dcid...)
	}
	return payload
}

func (c *conversation) say(emit func(fact.Fact), attr fact.Attr, value string, trust float64, because string) {
	if value != "" {
		emit(fact.Fact{Subject: c.keys[protocol.ToServer], Attr: attr, Value: value, Trust: trust, Because: because})
	}
}
