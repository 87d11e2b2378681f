package tls

import (
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/hello"
)

// Messages of SSL 2.0 (The SSL Protocol, Netscape 1995, §1.4–1.5), which has a record of its own.
const (
	ssl2Version     = 2
	ssl2ServerHello = 4
)

// ssl2Client tells a hello that offers no more than SSL 2.0.
func ssl2Client(b []byte) bool {
	if len(b) < 11 || b[0]&0x80 == 0 || b[2] != hello.ClientHello || b[3] != 0 || b[4] != ssl2Version {
		return false
	}
	ciphers, session, challenge := int(b[5])<<8|int(b[6]), int(b[7])<<8|int(b[8]), int(b[9])<<8|int(b[10])
	return ciphers > 0 && ciphers%3 == 0 && ssl2Size(b) == 2+9+ciphers+session+challenge
}

// ssl2Server tells the answer to one: an X.509 certificate, ciphers, the connection's id.
func ssl2Server(b []byte) bool {
	if len(b) < 13 || b[0]&0x80 == 0 || b[2] != ssl2ServerHello || b[3] > 1 || b[5] != 0 || b[6] != ssl2Version {
		return false
	}
	certificate, ciphers, id := int(b[7])<<8|int(b[8]), int(b[9])<<8|int(b[10]), int(b[11])<<8|int(b[12])
	return ciphers%3 == 0 && ssl2Size(b) == 2+11+certificate+ciphers+id
}

func ssl2Size(b []byte) int { return 2 + (int(b[0]&0x7f)<<8 | int(b[1])) }

// ssl2 reads the two hellos of SSL 2.0, which is broken since 1996 and forbidden since 2011 (RFC 6176).
type ssl2 struct{ keys [2]fact.Key }

// Next reads the first record of a side; nothing is of interest behind the server's.
func (c *ssl2) Next(at time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	if len(data) < 13 {
		return 0, nil
	}
	say := func(attr fact.Attr, value, because string) {
		emit(fact.Fact{Subject: c.keys[d&1], Attr: attr, Value: value, Trust: 0.95, Because: because})
	}
	switch {
	case d == protocol.ToServer && ssl2Client(data):
		say(fact.Practice, fact.OldTLS, "SSL 2.0 ClientHello offers no better")
		return min(len(data), ssl2Size(data)), nil
	case d == protocol.ToClient && ssl2Server(data):
		if len(data) < ssl2Size(data) {
			return 0, nil
		}
		say(hello.Version, "SSL 2.0", "SSL 2.0 ServerHello")
		say(fact.Practice, fact.OldTLS, "SSL 2.0 ServerHello agrees to it")
		if n := int(data[7])<<8 | int(data[8]); data[4] == 1 && n > 0 {
			hello.SayCertificate(at, c.keys[d&1], false, data[13:13+n], emit)
		}
	}
	return len(data), protocol.Done
}
