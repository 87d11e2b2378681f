// Package mysql reads the first packets of MySQL and MariaDB conversations: the version that a server greets with, and
// that somebody logged in readably. Users, passwords and statements are passed over unseen.
package mysql

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
)

// Version is a server's: "8.0.36-0ubuntu0.22.04.1", "5.5.5-10.11.6-MariaDB".
const Version fact.Attr = "mysql.version"

// trust is that of what a device says of itself over HTTP, domain/05 §5.7.
const trust = 0.6

// Of the protocol, version 10 (https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html).
const (
	header        = 4 // length, number
	version10     = 10
	withTLS       = 1 << 11 // CLIENT_SSL
	requestForTLS = 32      // bytes of a packet that asks for TLS and says nothing else
	maxVersion    = 128
	maxGreeting   = 1 << 10
)

var errPacket = fmt.Errorf("mysql: no greeting: %w", fault.Invalid)

// Parser reads MySQL over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "mysql", Doc: "MySQL and MariaDB: versions of servers, logins in the clear",
		Attrs: []fact.Attr{Version, fact.Practice},
		Over:  []protocol.Transport{protocol.TCP},
		Claims: func(o protocol.Opening) bool {
			return o.Transport == protocol.TCP && o.FirstDir == protocol.ToClient && greeting(o.First) != nil
		},
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
		},
	}
}

// greeting returns the version in a server's first packet, nil if it is none: number zero, protocol 10, a version that
// begins with a digit, and a zero where the first part of the challenge ends.
func greeting(b []byte) []byte {
	if len(b) < header+20 || b[3] != 0 || b[4] != version10 || b[5] < '0' || b[5] > '9' {
		return nil
	}
	size := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	end := bytes.IndexByte(b[5:min(len(b), 5+maxVersion)], 0)
	if size > maxGreeting || end < 3 || len(b) < 5+end+14 || header+size < 5+end+14 || b[5+end+13] != 0 {
		return nil
	}
	for _, c := range b[5 : 5+end] {
		if c <= ' ' || c >= 0x7f {
			return nil
		}
	}
	return b[5 : 5+end]
}

type conversation struct {
	keys    [2]fact.Key
	greeted bool
}

// Next reads the server's greeting and the client's answer to it.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	if len(data) < header {
		return 0, nil
	}
	size := header + (int(data[0]) | int(data[1])<<8 | int(data[2])<<16)
	if d == protocol.ToClient {
		switch {
		case c.greeted: // it asks for another login, or has let the client in
			if len(data) < min(size, header+32) {
				return 0, nil
			}
			c.question(data, emit)
			return len(data), protocol.Done
		case size > header+maxGreeting:
			return 0, errPacket
		case len(data) < size:
			return 0, nil
		}
		version := greeting(data)
		if version == nil {
			return 0, errPacket
		}
		c.greeted = true
		emit(fact.Fact{Subject: c.keys[1], Attr: Version, Value: string(version), Trust: trust, Because: "greeting"})
		return size, nil
	}
	if size == header+requestForTLS && len(data) < size {
		return 0, nil
	}
	if size == header+requestForTLS && binary.LittleEndian.Uint32(data[header:])&withTLS != 0 {
		return size, protocol.Renew
	}
	return len(data), nil
}

// question reads what a server wants after the first answer; the plug-in that takes passwords as they are is told.
func (c *conversation) question(data []byte, emit func(fact.Fact)) {
	const anotherPlugin = 0xfe
	if len(data) > header && data[4] == anotherPlugin && bytes.HasPrefix(data[5:], []byte("mysql_clear_password\x00")) {
		for _, key := range c.keys {
			emit(fact.Fact{Subject: key, Attr: fact.Practice, Value: fact.CleartextCredentials, Trust: 0.95, Because: "plug-in for passwords in the clear"})
		}
	}
}
