// Package ldap reads LDAP (RFC 4511) over TCP and without connection over UDP (MS-ADTS §6.3.3). It decides what a
// directory server says of itself in its root entry and to those who look for a domain controller, what the latter
// say of themselves, and whether a login crossed the wire readable. Names and entries of the directory are people's
// and are passed over.
package ldap

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/ber"
	"pons/protocol/gss"
	"pons/protocol/ntlm"
)

// Attributes: of the server, but for ClientName and Site.
const (
	ServerName    fact.Attr = "ldap.server_name"    // "dc1.ward.example", "DC1"
	Domain        fact.Attr = "ldap.domain"         // "ward.example", "WARD"
	VendorName    fact.Attr = "ldap.vendor_name"    // RFC 3045
	VendorVersion fact.Attr = "ldap.vendor_version" // "389-Directory/1.4.3"
	ClientName    fact.Attr = "ldap.client_name"    // of a host that looks for its domain controller
	Site          fact.Attr = "ldap.site"           // of the directory's sites, the one that the client stands in
)

// Operations (RFC 4511 §4.2 and following).
const (
	bindRequest      = 0x60
	bindResponse     = 0x61
	unbindRequest    = 0x42
	searchRequest    = 0x63
	searchEntry      = 0x64
	searchDone       = 0x65
	searchReference  = 0x73
	extendedRequest  = 0x77
	extendedResponse = 0x78
	intermediate     = 0x79
)

const startTLS = "1.3.6.1.4.1.1466.20037"

const (
	// maxKept is how much of a message is asked for in one piece: root entries have a few KiB, tickets tens.
	maxKept = 64 << 10
	// maxMessages is after how many messages nothing new is expected.
	maxMessages = 5000
	// head is how much of a message tells what it is: two lengths of up to five bytes, the message's number, the operation.
	head = 24
)

var errFraming = errors.New("ldap: no LDAP message")

// Parser claims LDAP by its BER frame, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "ldap", Doc: "LDAP: names, domain and make of directory servers, hosts that look for their domain controller, readable logins",
		Attrs:  append([]fact.Attr{ServerName, Domain, VendorName, VendorVersion, ClientName, Site, fact.Practice}, slices.Concat(ntlm.Attrs(), gss.Attrs())...),
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		First:  "0",
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

func claims(o protocol.Opening) bool {
	if o.Transport == protocol.Link || len(o.First) < 7 || o.First[0] != ber.Sequence {
		return false
	}
	m, ok := open(o.First)
	if !ok {
		return false
	}
	if o.Transport == protocol.UDP && (m.op != searchRequest && m.op != searchEntry && m.op != searchDone || m.size > len(o.First)) {
		return false
	}
	switch {
	case m.op == unbindRequest, m.op == bindRequest, m.op == searchRequest, m.op == extendedRequest, m.op >= 0x66 && m.op <= 0x6e && m.op%2 == 0:
		return o.FirstDir == protocol.ToServer
	case m.op == bindResponse, m.op == searchEntry, m.op == searchDone, m.op == searchReference, m.op == extendedResponse, m.op >= 0x67 && m.op <= 0x6f:
		return o.FirstDir == protocol.ToClient
	}
	return false
}

// message is the start of a message: how long all of it is, its operation, and where the operation's contents begin.
type message struct {
	size, at int
	op       byte
}

func open(b []byte) (m message, ok bool) {
	_, outer, n, ok := ber.Header(b)
	if !ok {
		return m, false
	}
	m.size = outer + n
	tag, size, id, ok := ber.Header(b[outer:])
	if !ok || tag != ber.Integer || id < 1 || id > 4 || outer+size+id >= len(b) {
		return m, false
	}
	at := outer + size + id
	m.op, size, n, ok = ber.Header(b[at:])
	m.at = at + size
	return m, ok && at+size+n <= m.size && known(m.op)
}

func known(op byte) bool {
	switch op {
	case unbindRequest, 0x4a, 0x50, searchReference, extendedRequest, extendedResponse, intermediate:
		return true
	}
	return op >= bindRequest && op <= 0x6f
}

type conversation struct {
	o        protocol.Opening
	skip     [2]int
	messages int
	startTLS bool // asked for
	bound    bool // what follows may be wrapped
}

func (c *conversation) sender(d protocol.Dir) fact.Key {
	if d == protocol.ToClient {
		return c.o.Server.Key()
	}
	return c.o.Client.Key()
}

// Next reads one message, or passes over a part of one.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if n := c.skip[d]; n > 0 {
		n = min(n, len(b))
		c.skip[d] -= n
		return n, nil
	}
	if b[0] != ber.Sequence {
		if c.bound {
			return 0, protocol.Done // signed or sealed from here on (RFC 4513 §5.2.1.5)
		}
		return 0, errFraming
	}
	m, ok := open(b)
	if !ok {
		if len(b) < head {
			return 0, nil
		}
		return 0, errFraming
	}
	if c.messages++; c.messages > maxMessages {
		return 0, protocol.Done
	}
	if !c.wanted(m, b) || m.size > maxKept {
		used := min(m.size, len(b))
		c.skip[d] = m.size - used
		return used, nil
	}
	if len(b) < m.size {
		c.messages--
		return 0, nil
	}
	_, body, _, _ := ber.Element(b[:m.size][operationAt(b):])
	return m.size, c.operation(m.op, d, body, emit)
}

// operationAt is where the operation begins in a message that open has read.
func operationAt(b []byte) int {
	_, outer, _, _ := ber.Header(b)
	_, size, id, _ := ber.Header(b[outer:])
	return outer + size + id
}

// wanted tells whether a message is one to read: of the entries only those without a name.
func (c *conversation) wanted(m message, b []byte) bool {
	switch m.op {
	case bindRequest, bindResponse, searchRequest, extendedRequest, extendedResponse:
		return true
	case searchEntry:
		return len(b) < m.at+2 || b[m.at] == ber.Octets && b[m.at+1] == 0
	}
	return false
}

func (c *conversation) operation(op byte, d protocol.Dir, body []byte, emit func(fact.Fact)) error {
	switch op {
	case bindRequest:
		c.login(d, body, emit)
	case bindResponse:
		ntlm.Say(body, c.sender(d), emit)
		c.bound = true
	case searchRequest:
		c.search(body, emit)
	case searchEntry:
		if name, attributes, ok := ber.Expect(body, ber.Octets); ok && len(name) == 0 {
			c.root(attributes, emit)
		}
	case extendedRequest:
		_, name, _, ok := ber.Element(body)
		c.startTLS = ok && string(name) == startTLS
	case extendedResponse:
		if code, _, ok := ber.Expect(body, ber.Enumerated); ok && c.startTLS && ber.Small(code) == 0 {
			return protocol.Renew
		}
	}
	return nil
}

// login reads a bind: version, name, and how: simple is a password as it is, SASL a mechanism and its token, and
// Microsoft's own three hold NTLM. Neither the name nor the password is read, only that there are some.
func (c *conversation) login(d protocol.Dir, body []byte, emit func(fact.Fact)) {
	_, body, ok := ber.Expect(body, ber.Integer)
	if !ok {
		return
	}
	name, body, ok := ber.Expect(body, ber.Octets)
	if !ok {
		return
	}
	tag, token, _, ok := ber.Element(body)
	if !ok {
		return
	}
	readable := tag == ber.Primitive && len(token) > 0 && len(name) > 0
	if tag == ber.Context|3 {
		mechanism, rest, ok := ber.Expect(token, ber.Octets)
		readable = ok && len(rest) > 2 && (string(mechanism) == "PLAIN" || string(mechanism) == "LOGIN")
	}
	if readable {
		for _, k := range []fact.Key{c.o.Client.Key(), c.o.Server.Key()} {
			emit(fact.Fact{Subject: k, Attr: fact.Practice, Value: fact.CleartextCredentials, Because: "bind with a readable password"})
		}
	}
	if !ntlm.Say(token, c.sender(d), emit) {
		gss.Say(token, c.o.Server.Key(), emit)
	}
}

// search reads a request: base, scope, aliases, limits 2, types only, filter, attributes. The base says which domain the
// directory holds; the filter of who looks for a domain controller holds the host's own name (MS-ADTS §6.3.3.2).
func (c *conversation) search(body []byte, emit func(fact.Fact)) {
	base, body, ok := ber.Expect(body, ber.Octets)
	if !ok {
		return
	}
	if v := domainOf(string(base)); v != "" && len(base) < maxKept {
		c.say(c.o.Server.Key(), Domain, v, "base of a search", emit)
	}
	if len(base) > 0 {
		return
	}
	for range 5 {
		if _, _, body, ok = ber.Element(body); !ok {
			return
		}
	}
	terms, _, ok := ber.Expect(body, ber.Context) // and
	if !ok {
		return
	}
	var host []byte
	locates := false
	for len(terms) > 0 {
		var term []byte
		var tag byte
		if tag, term, terms, ok = ber.Element(terms); !ok {
			return
		}
		if tag != ber.Context|3 { // equal
			continue
		}
		name, rest, ok := ber.Expect(term, ber.Octets)
		if !ok {
			continue
		}
		value, _, ok := ber.Expect(rest, ber.Octets)
		if !ok {
			continue
		}
		switch {
		case strings.EqualFold(string(name), "Host"):
			host = value
		case strings.EqualFold(string(name), "NtVer"):
			locates = true
		}
	}
	if locates {
		c.say(c.o.Client.Key(), ClientName, hostName(host), "search for a domain controller", emit)
	}
}

// root reads attributes of the root entry: a type, and a set of values.
func (c *conversation) root(b []byte, emit func(fact.Fact)) {
	list, _, ok := ber.Expect(b, ber.Sequence)
	server := c.o.Server.Key()
	for ok && len(list) > 0 {
		var pair, name, values, value []byte
		if pair, list, ok = ber.Expect(list, ber.Sequence); !ok {
			return
		}
		if name, pair, ok = ber.Expect(pair, ber.Octets); !ok {
			return
		}
		if values, _, ok = ber.Expect(pair, ber.Set); !ok {
			return
		}
		if value, _, ok = ber.Expect(values, ber.Octets); !ok || len(value) > 4096 {
			ok = true // an attribute without values
			continue
		}
		because := "attribute of the root entry"
		switch strings.ToLower(string(name[:min(len(name), 64)])) {
		case "dnshostname":
			c.say(server, ServerName, hostName(value), because, emit)
		case "servername":
			if rdn, _, _ := strings.Cut(string(value), ","); len(rdn) > 3 && strings.EqualFold(rdn[:3], "cn=") {
				c.say(server, ServerName, hostName([]byte(rdn[3:])), because, emit)
			}
		case "defaultnamingcontext", "rootdomainnamingcontext":
			c.say(server, Domain, domainOf(string(value)), because, emit)
		case "vendorname":
			c.say(server, VendorName, string(value), because, emit)
		case "vendorversion":
			c.say(server, VendorVersion, string(value), because, emit)
		case "netlogon":
			c.netlogon(value, emit)
		}
	}
}

// netlogon reads the answer to who looks for a domain controller (MS-ADTS §6.3.1.9): kind 2, unused 2, flags 4,
// identifier 16, then names: forest, domain, host, NetBIOS domain, NetBIOS computer, user, site of the server, site of
// the client. The user is passed over.
func (c *conversation) netlogon(b []byte, emit func(fact.Fact)) {
	const extended, head = 23, 24
	if len(b) < head || b[0] != extended || b[1] != 0 {
		return
	}
	server, at := c.o.Server.Key(), head
	for _, attr := range []fact.Attr{"", Domain, ServerName, Domain, ServerName, "", "", Site} {
		name, next := compressed(b, at)
		if next == 0 {
			return
		}
		at = next
		switch attr {
		case "":
		case Site:
			c.say(c.o.Client.Key(), Site, name, "answer to a search for a domain controller", emit)
		default:
			c.say(server, attr, hostName([]byte(strings.TrimPrefix(name, `\\`))), "answer to a search for a domain controller", emit)
		}
	}
}

// compressed reads a name in the DNS's form (RFC 1035 §4.1.4) and returns where the next begins, 0 where there is none.
func compressed(b []byte, at int) (name string, next int) {
	var labels []string
	for jumps := 0; at < len(b); {
		n := int(b[at])
		switch {
		case n == 0:
			if next == 0 {
				next = at + 1
			}
			return strings.Join(labels, "."), next
		case n >= 0xc0:
			if jumps++; at+1 >= len(b) || jumps > 16 {
				return "", 0
			}
			if next == 0 {
				next = at + 2
			}
			at = n&0x3f<<8 | int(b[at+1])
		case n >= 0x40 || at+1+n > len(b) || len(labels) > 32:
			return "", 0
		default:
			labels = append(labels, string(b[at+1:at+1+n]))
			at += 1 + n
		}
	}
	return "", 0
}

func (c *conversation) say(k fact.Key, a fact.Attr, v, because string, emit func(fact.Fact)) {
	if v != "" {
		emit(fact.Fact{Subject: k, Attr: a, Value: v, Because: because})
	}
}

// domainOf returns the domain that the last parts of a name spell: "DC=ward,DC=example" is ward.example. The parts before
// name entries, and are dropped.
func domainOf(dn string) string {
	var parts []string
	for rest := dn; rest != ""; {
		var rdn string
		rdn, rest, _ = strings.Cut(rest, ",")
		rdn = strings.TrimSpace(rdn)
		if len(rdn) > 3 && strings.EqualFold(rdn[:3], "dc=") && hostName([]byte(rdn[3:])) != "" {
			parts = append(parts, rdn[3:])
		} else if len(parts) > 0 {
			return "" // an entry after all
		}
	}
	if len(parts) < 2 && !strings.EqualFold(dn, "dc="+strings.Join(parts, "")) {
		return ""
	}
	return strings.Join(parts, ".")
}

// hostName returns what can be the name of a host or a domain.
func hostName(b []byte) string {
	if len(b) > 255 || bytes.IndexFunc(b, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '.' || r == '-' || r == '_' || r > 0x7f && r != '\uFFFD')
	}) >= 0 {
		return ""
	}
	return string(b)
}
