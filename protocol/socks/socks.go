// Package socks reads the handshakes of SOCKS 4, 4a and 5 (RFC 1928, RFC 1929) and hands on what they open: that is a
// conversation with somebody else. Names of users, passwords and destinations are passed over unseen.
package socks

import (
	"bytes"
	"fmt"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
)

// Version is that of the client: "4", "4a", "5".
const Version fact.Attr = "socks.version"

const (
	trust      = 0.95
	maxRequest = 600 // two names of 255 bytes and what is around them

	noMethod = 0xff
	password = 2
)

var errHandshake = fmt.Errorf("socks: no handshake: %w", fault.Invalid)

// Parser reads SOCKS over TCP on the ports of proxies: its first bytes are too few to be sure of on others. What stands
// behind a handshake on another port is found by what it is.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "socks", Doc: "SOCKS 4 and 5: proxies and their clients, logins in the clear; what they open is read as its own",
		Attrs:  []fact.Attr{Version, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "\x04\x05",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
		},
	}
}

// claims accepts a client's whole first message; 1080 is registered, 9050 and 9150 are Tor's.
func claims(o protocol.Opening) bool {
	if o.Transport != protocol.TCP || o.FirstDir != protocol.ToServer || len(o.First) < 3 {
		return false
	}
	switch o.Server.Port {
	case 1080, 9050, 9150:
	default:
		return false
	}
	b := o.First
	return b[0] == 5 && len(b) >= 2+int(b[1]) && b[1] > 0 || b[0] == 4 && (b[1] == 1 || b[1] == 2) && len(b) >= 9
}

// step says what is waited for.
type step uint8

const (
	greeting step = iota // of the client
	choice               // of the server: a method of logging in
	login                // of the client
	verdict              // of the server
	request              // of the client
	reply                // of the server
)

type conversation struct {
	keys [2]fact.Key
	step step
	four bool
}

// Next reads one message of the side whose turn it is; what the other says too early waits.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if d == protocol.ToServer != (c.step == greeting || c.step == login || c.step == request) {
		if len(b) > maxRequest {
			return 0, errHandshake
		}
		return 0, nil
	}
	switch c.step {
	case greeting:
		if b[0] == 4 {
			return c.version4(b, emit)
		}
		if b[0] != 5 {
			return 0, errHandshake
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return 0, nil
		}
		c.say(emit, "5")
		c.step = choice
		return 2 + int(b[1]), nil
	case choice:
		return c.choose(b)
	case login:
		return c.login(b, emit)
	case verdict:
		if len(b) < 2 {
			return 0, nil
		}
		c.step = request
		return 2, nil
	}
	return c.open(b)
}

// version4 reads a request of version 4: 4a has a name behind the user's, and an address that none has (0.0.0.x).
func (c *conversation) version4(b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) < 9 {
		return 0, nil
	}
	end := bytes.IndexByte(b[8:], 0)
	name, size := "4", 8+end+1
	if end >= 0 && b[4] == 0 && b[5] == 0 && b[6] == 0 && b[7] != 0 {
		host := bytes.IndexByte(b[size:], 0)
		name, end, size = "4a", host, size+host+1
	}
	switch {
	case end < 0 && len(b) > maxRequest:
		return 0, errHandshake
	case end < 0:
		return 0, nil
	}
	c.say(emit, name)
	c.step, c.four = reply, true
	return size, nil
}

// choose reads the method that a server chose.
func (c *conversation) choose(b []byte) (int, error) {
	switch {
	case b[0] != 5:
		return 0, errHandshake
	case len(b) < 2:
		return 0, nil
	case b[1] == noMethod:
		return 2, protocol.Done
	case b[1] == 0:
		c.step = request
		return 2, nil
	case b[1] == password:
		c.step = login
		return 2, nil
	}
	return 2, protocol.Done // GSSAPI and others, which may encrypt what follows
}

// login passes over a name and a password (RFC 1929 §2).
func (c *conversation) login(b []byte, emit func(fact.Fact)) (int, error) {
	if b[0] != 1 {
		return 0, errHandshake
	}
	if len(b) < 2 || len(b) < 3+int(b[1]) || len(b) < 3+int(b[1])+int(b[2+int(b[1])]) {
		return 0, nil
	}
	for _, key := range c.keys {
		emit(fact.Fact{Subject: key, Attr: fact.Practice, Value: fact.CleartextCredentials, Trust: trust, Because: "user name and password"})
	}
	c.step = verdict
	return 3 + int(b[1]) + int(b[2+int(b[1])]), nil
}

// open reads a request or the reply to it, which have the same form in version 5.
func (c *conversation) open(b []byte) (int, error) {
	if c.four {
		switch {
		case b[0] != 0:
			return 0, errHandshake
		case len(b) < 8:
			return 0, nil
		case b[1] != 90:
			return 8, protocol.Done
		}
		return 8, protocol.Renew
	}
	if b[0] != 5 {
		return 0, errHandshake
	}
	if len(b) < 5 {
		return 0, nil
	}
	size := 0
	switch b[3] {
	case 1:
		size = 4 + 4 + 2
	case 3:
		size = 4 + 1 + int(b[4]) + 2
	case 4:
		size = 4 + 16 + 2
	default:
		return 0, errHandshake
	}
	switch {
	case len(b) < size:
		return 0, nil
	case c.step == request:
		c.step = reply
		return size, nil
	case b[1] != 0:
		return size, protocol.Done
	}
	return size, protocol.Renew
}

func (c *conversation) say(emit func(fact.Fact), version string) {
	emit(fact.Fact{Subject: c.keys[0], Attr: Version, Value: version, Trust: trust, Because: "handshake"})
}
