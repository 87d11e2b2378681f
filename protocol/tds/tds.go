// Package tds reads the opening of conversations with Microsoft SQL Server and Sybase (MS-TDS, TDS 5.0) and the answers
// of the SQL Server Browser (MC-SQLR). It decides what both ends say of machine, program and version, and whether a
// login crossed the wire readable. Users, passwords, databases, statements and results are passed over.
package tds

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf16"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/ntlm"
)

// Attributes.
const (
	ClientName    fact.Attr = "tds.client_name"
	AppName       fact.Attr = "tds.app_name"       // the program that connects: "RIS Viewer"
	Library       fact.Attr = "tds.library"        // what it connects with: "ODBC", "jTDS"
	ClientMAC     fact.Attr = "tds.client_mac"     // what the library says it is; some make it up
	ServerName    fact.Attr = "tds.server_name"    // "PACSDB", "PACSDB\\SQLEXPRESS"
	ServerVersion fact.Attr = "tds.server_version" // "15.0.2000"
	ServerProgram fact.Attr = "tds.server_program" // "Microsoft SQL Server"
)

// Kinds of packets (MS-TDS §2.2.3.1.1; TDS 5.0).
const (
	batch     = 0x01
	loginOld  = 0x02
	remote    = 0x03
	result    = 0x04
	attention = 0x06
	bulk      = 0x07
	normal    = 0x0f
	login7    = 0x10
	sspi      = 0x11
	prelogin  = 0x12
)

const (
	headerSize = 8
	endOfTurn  = 1 // in the status
	// maxKept bounds a login or an answer that is read: tokens of Kerberos reach tens of KiB, in packets of 4 KiB.
	maxKept = 32 << 10
	// maxPackets is after how many packets no login is expected any more.
	maxPackets = 40
)

var errFraming = errors.New("tds: no TDS packet")

// Parser claims TDS over TCP by the first packets of either side, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "tds", Doc: "SQL Server and Sybase: names and programs of clients, names and versions of servers, readable logins",
		Attrs:  append([]fact.Attr{ClientName, AppName, Library, ClientMAC, ServerName, ServerVersion, ServerProgram, fact.Practice}, ntlm.Attrs()...),
		Over:   []protocol.Transport{protocol.TCP},
		First:  "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12",
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < headerSize+8 || b[0] == 0 || b[0] > prelogin || b[1] > 1 || b[7] != 0 {
		return false
	}
	n, body := int(binary.BigEndian.Uint16(b[2:])), b[headerSize:]
	if n < headerSize+8 {
		return false
	}
	toServer := o.FirstDir == protocol.ToServer
	switch b[0] {
	case prelogin:
		return toServer && options(body, n-headerSize)
	case login7:
		return toServer && int(binary.LittleEndian.Uint32(body)) >= 86 && body[7]&0xf0 == 0x70 && binary.LittleEndian.Uint32(body) < maxKept
	case loginOld:
		if !toServer || len(body) < 124 || n > 1024 {
			return false
		}
		for at := 30; at < 124; at += 31 {
			if body[at] > 30 {
				return false
			}
		}
		return body[0] > ' ' || body[30] == 0
	case result:
		if toServer {
			return false
		}
		if body[0] == 0 {
			return options(body, n-headerSize)
		}
		return tokenSized(body[0]) && headerSize+3+int(binary.LittleEndian.Uint16(body[1:])) <= n
	}
	return false
}

// options tells the table that begins a prelogin message: the version, six bytes, stands first (MS-TDS §2.2.6.5).
func options(b []byte, n int) bool {
	at := int(b[1])<<8 | int(b[2])
	return b[0] == 0 && at >= 6 && at+6 <= n && at%5 == 1 && b[3] == 0 && b[4] == 6
}

// tokenSized tells tokens that begin the answer to a login, and carry their length in two bytes.
func tokenSized(token byte) bool {
	switch token {
	case 0xaa, 0xab, 0xad, 0xe2, 0xe3, 0xe5, 0xed:
		return true
	}
	return false
}

type conversation struct {
	o       protocol.Opening
	packets int
	skip    [2]int
	turn    [2][]byte // what has come of a message in more than one packet
	logged  bool      // a login was seen: its answer is to be read
}

// Next reads one packet: kind, status, length 2, process 2, number, window. A login may take several.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if n := c.skip[d]; n > 0 {
		n = min(n, len(b))
		c.skip[d] -= n
		return n, nil
	}
	if len(b) < headerSize {
		return 0, nil
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if b[0] == 0 || b[0] > prelogin || n < headerSize {
		return 0, errFraming
	}
	kind := b[0]
	wanted := kind == prelogin || kind == login7 || kind == loginOld || kind == sspi || kind == result
	if !wanted || len(c.turn[d])+n > maxKept {
		if c.packets++; c.packets > maxPackets {
			return 0, protocol.Done
		}
		used := min(n, len(b))
		c.skip[d] = n - used
		return used, nil
	}
	if len(b) < n {
		return 0, nil
	}
	if c.packets++; c.packets > maxPackets {
		return 0, protocol.Done
	}
	body := b[headerSize:n]
	if b[1]&endOfTurn == 0 && kind != result && kind != loginOld { // the rest of an old login calls itself something else
		c.turn[d] = append(c.turn[d], body...)
		return n, nil
	}
	if len(c.turn[d]) > 0 {
		body = append(c.turn[d], body...)
		c.turn[d] = nil
	}
	return n, c.message(kind, d, body, emit)
}

func (c *conversation) message(kind byte, d protocol.Dir, body []byte, emit func(fact.Fact)) error {
	switch {
	case kind == sspi:
		ntlm.Say(body, c.o.Client.Key(), emit)
	case kind == login7 && d == protocol.ToServer:
		c.logged = true
		c.login(body, emit)
	case kind == loginOld && d == protocol.ToServer:
		c.logged = true
		c.loginOld(body, emit)
	case kind == result && len(body) > 5 && body[0] == 0 && options(body, len(body)):
		return c.versions(body, emit)
	case kind == result:
		c.answer(body, emit)
	}
	return nil
}

// versions reads the server's prelogin: entries of kind 1, place 2, length 2, up to 255. Where it can encrypt, what
// follows is TLS inside TDS.
func (c *conversation) versions(b []byte, emit func(fact.Fact)) error {
	for at := 0; at+5 <= len(b) && b[at] != 0xff; at += 5 {
		place, n := int(binary.BigEndian.Uint16(b[at+1:])), int(binary.BigEndian.Uint16(b[at+3:]))
		if place+n > len(b) {
			return nil
		}
		value := b[place : place+n]
		switch {
		case b[at] == 0 && n >= 6 && value[0] > 0:
			c.say(c.o.Server.Key(), ServerVersion, fmt.Sprintf("%d.%d.%d", value[0], value[1], binary.BigEndian.Uint16(value[2:])), "prelogin", emit)
		case b[at] == 1 && n == 1 && value[0] != 2:
			return protocol.Done
		}
	}
	return nil
}

// login reads a login of TDS 7 (MS-TDS §2.2.6.4): after 36 bytes pairs of place and count of characters. Of user and
// password only the counts are read.
func (c *conversation) login(b []byte, emit func(fact.Fact)) {
	if len(b) < 86 {
		return
	}
	client, because := c.o.Client.Key(), "login"
	c.say(client, ClientName, wide(part(b, 36, 2)), because, emit)
	c.say(client, AppName, wide(part(b, 48, 2)), because, emit)
	c.say(client, Library, wide(part(b, 60, 2)), because, emit)
	c.server(wide(part(b, 52, 2)), because, emit)
	if mac, ok := fact.ParseMAC(protocol.MACText(b[72:78])); ok && !fact.LocallyAdministered(mac) {
		c.say(client, ClientMAC, mac, because, emit)
	}
	token := part(b, 78, 1)
	if !ntlm.Say(token, client, emit) && len(token) == 0 && binary.LittleEndian.Uint16(b[46:]) > 0 {
		c.readable(emit)
	}
}

// loginOld reads a login of TDS 4 and 5: fields of fixed length, each followed by the length in use.
func (c *conversation) loginOld(b []byte, emit func(fact.Fact)) {
	if len(b) < 202 {
		return
	}
	client, because := c.o.Client.Key(), "login"
	c.say(client, ClientName, fixed(b, 0, 30), because, emit)
	c.say(client, AppName, fixed(b, 140, 30), because, emit)
	c.server(fixed(b, 171, 30), because, emit)
	if len(b) >= 473 {
		c.say(client, Library, fixed(b, 462, 10), because, emit)
	}
	if b[92] > 0 && b[92] <= 30 {
		c.readable(emit)
	}
}

func (c *conversation) readable(emit func(fact.Fact)) {
	for _, k := range []fact.Key{c.o.Client.Key(), c.o.Server.Key()} {
		emit(fact.Fact{Subject: k, Attr: fact.Practice, Value: fact.CleartextCredentials, Because: "login that is not encrypted"})
	}
}

// server states a name of the server; clients often know but its address, or their own side of it.
func (c *conversation) server(v, because string, emit func(fact.Fact)) {
	if len(v) > 4 && strings.EqualFold(v[:4], "tcp:") {
		v = v[4:]
	}
	host, _, _ := strings.Cut(v, ",")
	if _, err := netip.ParseAddr(host); err == nil || host == "." || strings.EqualFold(host, "localhost") || strings.HasPrefix(host, "(") {
		return
	}
	c.say(c.o.Server.Key(), ServerName, host, because, emit)
}

// answer reads tokens of the answer to a login as far as they carry their length: a change of environment, a message of
// the server, and its acknowledgement with program and version.
func (c *conversation) answer(b []byte, emit func(fact.Fact)) {
	server := c.o.Server.Key()
	for len(b) >= 3 && tokenSized(b[0]) {
		n := int(binary.LittleEndian.Uint16(b[1:]))
		if 3+n > len(b) {
			return
		}
		token, v := b[0], b[3:3+n]
		b = b[3+n:]
		switch {
		case token == 0xed:
			ntlm.Say(v, server, emit)
		case token == 0xab && len(v) > 8: // number 4, state, class, text, server
			text := 2 * int(binary.LittleEndian.Uint16(v[6:]))
			if rest := v[8:]; text < len(rest) && 2*int(rest[text]) < len(rest)-text {
				c.say(server, ServerName, wide(rest[text+1:][:2*int(rest[text])]), "message of the server", emit)
			}
		case token == 0xad && len(v) >= 10: // interface, version 4, program, version of the program 4
			size, name := int(v[5]), ""
			if version := v[1] & 0xf0; version == 0x70 || v[1] == 7 {
				if size *= 2; 6+size+4 <= len(v) {
					name = wide(v[6 : 6+size])
				}
			} else if 6+size+4 <= len(v) {
				name = ascii(v[6 : 6+size])
			}
			if name == "" {
				return
			}
			c.say(server, ServerProgram, name, "answer to a login", emit)
			if p := v[6+size:]; p[0] > 0 && strings.Contains(name, "Microsoft") {
				c.say(server, ServerVersion, fmt.Sprintf("%d.%d.%d", p[0], p[1], binary.BigEndian.Uint16(p[2:])), "answer to a login", emit)
			} else if p[0] > 0 {
				c.say(server, ServerVersion, fmt.Sprintf("%d.%d.%d", p[0], p[1], p[2]), "answer to a login", emit)
			}
			return
		}
	}
}

func (c *conversation) say(k fact.Key, a fact.Attr, v, because string, emit func(fact.Fact)) {
	if v = strings.TrimSpace(v); v != "" {
		emit(fact.Fact{Subject: k, Attr: a, Value: v, Because: because})
	}
}

// part returns what a pair of place and count points to, size bytes each.
func part(b []byte, at, size int) []byte {
	place, n := int(binary.LittleEndian.Uint16(b[at:])), size*int(binary.LittleEndian.Uint16(b[at+2:]))
	if place+n > len(b) {
		return nil
	}
	return b[place : place+n]
}

func wide(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	return plain(strings.TrimRight(string(utf16.Decode(units)), "\x00"))
}

func fixed(b []byte, at, size int) string {
	n := int(b[at+size])
	if n > size {
		return ""
	}
	return ascii(b[at : at+n])
}

func ascii(b []byte) string { return plain(string(bytes.TrimRight(b, "\x00"))) }

// plain drops what is no name.
func plain(s string) string {
	if len(s) > 255 || strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) >= 0 {
		return ""
	}
	return s
}
