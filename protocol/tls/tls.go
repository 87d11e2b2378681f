// Package tls reads the open part of TLS, SSL 3.0 and DTLS handshakes: what a client asks for and looks like, what
// a server chose and the certificate it showed. It decides where records and handshake messages begin and
// end; what a message says is package hello's, which QUIC uses too. It decrypts nothing, and leaves what a
// fingerprint or a distinguished name makes of a device to the fingerprint rules.
package tls

import (
	"bytes"
	"fmt"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
	"pons/protocol/hello"
)

// Record types, RFC 8446 §B.1.
const (
	recordChangeCipherSpec = 20
	recordHandshake        = 22
	recordApplicationData  = 23
	recordHeartbeat        = 24
)

const (
	recordHeader = 5
	// maxRecord is 2^14 bytes and the most that any version lets protection add (RFC 5246 §6.2.3).
	maxRecord = 1<<14 + 2048
	// maxBefore bounds the talk before the first hello of a direction: greetings and capabilities.
	maxBefore = 16 << 10
)

var errRecord = fmt.Errorf("tls: no record begins here: %w", fault.Invalid)

// Parser reads TLS over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name:   "tls",
		Doc:    "TLS 1.0–1.3, SSL 2.0 and 3.0 handshakes: requested name, JA3, JA4, version, certificate, what is old, expired or self-signed.",
		Attrs:  hello.Attrs(),
		Over:   []protocol.Transport{protocol.TCP},
		Claims: claims,
		New:    newConversation,
	}
}

// claims accepts a hello at the beginning, or behind the talk of another protocol that agreed on TLS
// (STARTTLS of SMTP, LDAP and others, SOCKS, RDP), or a ClientHello in the clothes of SSL 2.0 as devices of
// the Windows XP time send it (RFC 5246 §E.2).
func claims(o protocol.Opening) bool {
	if o.Transport != protocol.TCP {
		return false
	}
	if o.FirstDir == protocol.ToServer && (oldHello(o.First) > 0 || ssl2Client(o.First)) || o.FirstDir == protocol.ToClient && ssl2Server(o.First) {
		return true
	}
	at, ok := findHello(o.First)
	if !ok {
		return false
	}
	return (o.First[at+recordHeader] == hello.ClientHello) == (o.FirstDir == protocol.ToServer)
}

// findHello returns where the first record begins that holds the beginning of a hello of either side. Where
// there is none, it returns how many bytes can hold no part of one. Six bytes must fit, which chance does once
// in 2^40.
func findHello(b []byte) (at int, ok bool) {
	for {
		i := bytes.IndexByte(b[at:], recordHandshake)
		if i < 0 {
			return len(b), false
		}
		at += i
		h := b[at:]
		switch {
		case len(h) > 1 && h[1] != 3, len(h) > 2 && h[2] > 4,
			len(h) > 5 && h[5] != hello.ClientHello && h[5] != hello.ServerHello,
			len(h) > 4 && !plausible(int(h[3])<<8|int(h[4])),
			len(h) > 6 && h[6] != 0,
			len(h) > 9 && h[9] != 3 && (h[9] != 0x7f || h[5] != hello.ServerHello),
			len(h) > 10 && h[9] == 3 && h[10] > 4:
			at++
		default:
			return at, len(h) > 10
		}
	}
}

func plausible(record int) bool { return record >= 4 && record <= maxRecord }

// oldHello returns the length of an SSL 2.0 record that offers version 3, or 0.
func oldHello(b []byte) int {
	if len(b) < 11 || b[0]&0x80 == 0 || b[2] != hello.ClientHello || b[3] != 3 || b[4] > 4 {
		return 0
	}
	n := int(b[0]&0x7f)<<8 | int(b[1])
	ciphers, session, challenge := int(b[5])<<8|int(b[6]), int(b[7])<<8|int(b[8]), int(b[9])<<8|int(b[10])
	if ciphers == 0 || ciphers%3 != 0 || n != 9+ciphers+session+challenge {
		return 0
	}
	return 2 + n
}

type conversation struct {
	keys  [2]fact.Key // of the sender, by direction of the data
	sides [2]side
}

func newConversation(o protocol.Opening) protocol.Conversation {
	keys := [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()}
	if ssl2Client(o.First) || ssl2Server(o.First) {
		return &ssl2{keys: keys}
	}
	return &conversation{keys: keys}
}

// side is one direction of a conversation.
type side struct {
	begun   bool // the first hello has been found
	old     bool // it was one of SSL 2.0 that offers less than TLS 1.2
	before  int  // bytes passed over before it
	changed bool // a ChangeCipherSpec has passed: what follows is encrypted, or a hello after a retry
	sealed  bool // nothing readable will follow
	left    int  // bytes left of the current record
	keep    bool // the current record holds readable handshake bytes

	message []byte // a handshake message that is not complete yet
	skip    int    // bytes left of a handshake message that is passed over
}

// Next consumes records as far as they go; only a record's header is ever asked for in one piece.
func (c *conversation) Next(at time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	s := &c.sides[d&1]
	used := 0
	for used < len(data) {
		b := data[used:]
		n, err := 0, error(nil)
		switch {
		case s.sealed:
			n = len(b)
		case !s.begun:
			n, err = s.begin(b)
			if s.old {
				s.old = false
				emit(fact.Fact{Subject: c.keys[d&1], Attr: fact.Practice, Value: fact.OldTLS, Trust: 0.95, Because: "SSL 2.0 ClientHello offers no better"})
			}
		case s.left > 0:
			n = min(s.left, len(b))
			if s.keep {
				c.handshake(at, s, d, b[:n], emit)
			}
			s.left -= n
		default:
			n, err = s.record(b)
		}
		used += n
		if c.sides[0].sealed && c.sides[1].sealed {
			return used, protocol.Done
		}
		if n == 0 || err != nil {
			return used, err
		}
	}
	return used, nil
}

// begin passes over what precedes the first hello of a direction.
func (s *side) begin(b []byte) (int, error) {
	if s.before == 0 && b[0]&0x80 != 0 {
		if len(b) < 11 {
			return 0, nil
		}
		if n := oldHello(b); n > 0 {
			s.begun, s.left, s.old = true, n-1, b[4] < 3
			return 1, nil
		}
	}
	n, ok := findHello(b)
	s.begun = ok && n == 0
	if s.begun {
		return s.record(b)
	}
	if s.before += n; s.before > maxBefore {
		return n, errRecord
	}
	return n, nil
}

// record reads a record's header and returns its size, or zero when more bytes are needed.
func (s *side) record(b []byte) (int, error) {
	if len(b) < recordHeader {
		return 0, nil
	}
	size := int(b[3])<<8 | int(b[4])
	if b[0] < recordChangeCipherSpec || b[0] > recordHeartbeat || b[1] != 3 || b[2] > 4 || size > maxRecord {
		return 0, errRecord
	}
	keep := false
	switch b[0] {
	case recordChangeCipherSpec:
		s.changed = true
	case recordApplicationData:
		s.sealed = true
	case recordHandshake:
		keep = true
		if s.changed {
			// After a HelloRetryRequest another hello may follow a ChangeCipherSpec (RFC 8446 §D.4);
			// anything else that follows one is encrypted.
			if len(b) < recordHeader+4 {
				return 0, nil
			}
			again := b[5] == hello.ClientHello || b[5] == hello.ServerHello
			s.sealed = !again || messageSize(b[recordHeader:]) != size
			s.message, s.skip = s.message[:0], 0
		}
	}
	s.left, s.keep = size, keep
	return recordHeader, nil
}

// handshake takes bytes of the handshake stream, which messages cross records in, and reads each message
// that is complete.
func (c *conversation) handshake(at time.Time, s *side, d protocol.Dir, b []byte, emit func(fact.Fact)) {
	for len(b) > 0 {
		if s.skip > 0 {
			n := min(s.skip, len(b))
			s.skip -= n
			b = b[n:]
			continue
		}
		if n := len(s.message); n < 4 {
			if n == 0 && len(b) >= 4 {
				if size := messageSize(b); hello.Wanted(b[0], size) && len(b) >= size {
					hello.Say(hello.TLS, at, c.keys[d&1], d == protocol.ToServer, b[0], b[4:size], emit)
					b = b[size:]
					continue
				}
			}
			take := min(4-n, len(b))
			s.message = append(s.message, b[:take]...)
			b = b[take:]
			if len(s.message) < 4 {
				return
			}
			if size := messageSize(s.message); !hello.Wanted(s.message[0], size) {
				s.message, s.skip = s.message[:0], size-4
				continue
			}
		}
		size := messageSize(s.message)
		take := min(size-len(s.message), len(b))
		s.message = append(s.message, b[:take]...)
		b = b[take:]
		if len(s.message) == size {
			hello.Say(hello.TLS, at, c.keys[d&1], d == protocol.ToServer, s.message[0], s.message[4:], emit)
			s.message = s.message[:0]
		}
	}
}

func messageSize(b []byte) int { return 4 + (int(b[1])<<16 | int(b[2])<<8 | int(b[3])) }
