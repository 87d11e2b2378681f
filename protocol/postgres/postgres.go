// Package postgres reads the first messages of PostgreSQL conversations: the version that a server tells, the program
// that a client names, and that somebody logged in readably. Users, databases, passwords and statements are passed
// over unseen.
package postgres

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
)

// Attributes: the version is the server's, the application the client's.
const (
	Version     fact.Attr = "postgres.version"
	Application fact.Attr = "postgres.application"
)

// trust is that of what a device says of itself over HTTP, domain/05 §5.7.
const trust = 0.6

// First messages and others (PostgreSQL's documentation, §55.7).
const (
	protocol3   = 3 << 16
	requestTLS  = 80877103
	requestGSS  = 80877104
	maxStartup  = 10000 // the server's own bound
	maxMessage  = 4 << 10
	maxMessages = 64
)

var errMessage = fmt.Errorf("postgres: no message: %w", fault.Invalid)

// Parser reads PostgreSQL over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "postgres", Doc: "PostgreSQL: versions of servers, programs of clients, logins in the clear",
		Attrs:  []fact.Attr{Version, Application, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "\x00",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
		},
	}
}

// claims accepts a client's first message: it tells its length and one of three numbers.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || o.FirstDir != protocol.ToServer || len(b) < 8 || b[0] != 0 || b[1] != 0 {
		return false
	}
	n := binary.BigEndian.Uint32(b)
	switch binary.BigEndian.Uint32(b[4:]) {
	case requestTLS, requestGSS:
		return n == 8
	case protocol3:
		return n >= 9 && n <= maxStartup && parameter(b[8:])
	}
	return false
}

// parameter tells a name of a start-up's parameters: "user", "client_encoding".
func parameter(b []byte) bool {
	for i, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c == '_' && i > 0:
		default:
			return c == 0 && i >= 4
		}
	}
	return false
}

type conversation struct {
	keys     [2]fact.Key
	asked    bool // for encryption
	begun    bool // the client has said who it is
	password bool // is wanted as it is
	messages int  // of the server
}

// Next reads one message.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	if d == protocol.ToServer {
		return c.client(data, emit)
	}
	if c.asked && !c.begun && len(data) > 0 && (data[0] == 'S' || data[0] == 'N' || data[0] == 'G') && (len(data) == 1 || data[0] != 'S') {
		c.asked = false
		if data[0] == 'N' {
			return 1, nil
		}
		return 1, protocol.Renew
	}
	if len(data) < 5 {
		return 0, nil
	}
	size := 1 + int(binary.BigEndian.Uint32(data[1:]))
	switch {
	case size < 5 || size > maxMessage:
		return 0, errMessage
	case len(data) < size:
		return 0, nil
	}
	c.messages++
	c.server(data[0], data[5:size], emit)
	if c.messages > maxMessages || data[0] == 'Z' || data[0] == 'E' { // ready for statements, or refused
		return size, protocol.Done
	}
	return size, nil
}

// client reads the messages of a client up to its login.
func (c *conversation) client(data []byte, emit func(fact.Fact)) (int, error) {
	if c.begun {
		if data[0] == 'p' && c.password {
			c.password = false
			for _, key := range c.keys {
				emit(fact.Fact{Subject: key, Attr: fact.Practice, Value: fact.CleartextCredentials, Trust: 0.95, Because: "password in the clear"})
			}
		}
		return len(data), nil
	}
	if len(data) < 8 {
		return 0, nil
	}
	size, kind := int(binary.BigEndian.Uint32(data)), binary.BigEndian.Uint32(data[4:])
	switch {
	case size == 8 && (kind == requestTLS || kind == requestGSS):
		c.asked = true
		return 8, nil
	case kind != protocol3 || size < 9 || size > maxStartup:
		return 0, errMessage
	case len(data) < size:
		return 0, nil
	}
	c.begun = true
	rest := data[8:size]
	for {
		name, after, ok := bytes.Cut(rest, []byte{0})
		value, next, ok2 := bytes.Cut(after, []byte{0})
		if !ok || !ok2 || len(name) == 0 {
			return size, nil
		}
		if string(name) == "application_name" && len(value) <= 64 && !bytes.ContainsRune(value, '@') {
			c.say(emit, 0, Application, value, "start-up")
		}
		rest = next
	}
}

// server reads what a server says before it is ready.
func (c *conversation) server(kind byte, body []byte, emit func(fact.Fact)) {
	const cleartext = 3
	switch kind {
	case 'R':
		c.password = len(body) >= 4 && binary.BigEndian.Uint32(body) == cleartext
	case 'S':
		name, value, _ := bytes.Cut(body, []byte{0})
		if string(name) == "server_version" {
			c.say(emit, 1, Version, bytes.TrimRight(value, "\x00"), "ParameterStatus")
		}
	}
}

func (c *conversation) say(emit func(fact.Fact), side int, attr fact.Attr, value []byte, because string) {
	if len(value) > 0 {
		emit(fact.Fact{Subject: c.keys[side], Attr: attr, Value: string(value), Trust: trust, Because: because})
	}
}
