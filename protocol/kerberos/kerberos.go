// Package kerberos reads Kerberos 5 (RFC 4120) between clients and key distribution centres, over UDP and TCP. It
// decides which machine asks: principals of hosts and machine accounts are names of machines, all others are people's
// and are passed over. Services that tickets are for are other hosts', whose address nothing here tells.
package kerberos

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/ber"
)

// Attributes of the client; Realm is also its server's, once that answers.
const (
	PrincipalHost fact.Attr = "kerberos.principal_host" // "host/pump7.ward.example", "PUMP7$"
	Realm         fact.Attr = "kerberos.realm"
	ClientName    fact.Attr = "kerberos.client_name" // the NetBIOS name that Windows adds to its addresses
)

// Messages (RFC 4120 §5.10), as tags of the application class.
const (
	asRequest  = ber.Application | 10
	asReply    = ber.Application | 11
	tgsRequest = ber.Application | 12
	tgsReply   = ber.Application | 13
	krbError   = ber.Application | 30
)

const (
	addressNetBIOS = 20 // RFC 4120 §7.5.3
	// maxKept is how long a message may be: tickets with group lists reach some tens of KiB (MS-KILE's bound is 64).
	maxKept = 96 << 10
)

var errFraming = errors.New("kerberos: no message of version 5")

// Parser claims Kerberos by its tags and version, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "kerberos", Doc: "Kerberos 5: principals of hosts and machine accounts, realms",
		Attrs:  []fact.Attr{PrincipalHost, Realm, ClientName},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return conversation{o} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	switch o.Transport {
	case protocol.TCP:
		if len(b) < 20 || b[0] != 0 || b[4] < asRequest || b[4] > krbError {
			return false
		}
		b = b[4:]
	case protocol.UDP:
		if len(b) < 20 || b[0] < asRequest || b[0] > krbError {
			return false
		}
	default:
		return false
	}
	if !versionFive(b) {
		return false
	}
	request := b[0] == asRequest || b[0] == tgsRequest
	return request == (o.FirstDir == protocol.ToServer)
}

// versionFive looks for the sequence and its first field, which is 5: number 1 in requests, 0 in the others.
func versionFive(b []byte) bool {
	field := byte(ber.Context)
	switch b[0] {
	case asRequest, tgsRequest:
		field++
	case asReply, tgsReply, krbError:
	default:
		return false
	}
	_, size, _, ok := ber.Header(b)
	if !ok {
		return false
	}
	tag, inner, _, ok := ber.Header(b[size:])
	if !ok || tag != ber.Sequence {
		return false
	}
	v := b[size+inner:]
	return len(v) >= 5 && v[0] == field && v[1] == 3 && v[2] == ber.Integer && v[3] == 1 && v[4] == 5
}

type conversation struct{ o protocol.Opening }

// Next reads one message; over TCP its length stands before it.
func (c conversation) Next(_ time.Time, _ protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if c.o.Transport != protocol.TCP {
		if len(b) < 2 || !versionFive(b) {
			return 0, errFraming
		}
		c.message(b, emit)
		return len(b), nil
	}
	if len(b) < 4 {
		return 0, nil
	}
	n := int(binary.BigEndian.Uint32(b))
	if n < 16 || n > maxKept {
		return 0, errFraming
	}
	if len(b) < 4+n {
		return 0, nil
	}
	if !versionFive(b[4 : 4+n]) {
		return 0, errFraming
	}
	c.message(b[4:4+n], emit)
	return 4 + n, nil
}

func (c conversation) message(b []byte, emit func(fact.Fact)) {
	tag, body, _, ok := ber.Element(b)
	if !ok {
		return
	}
	fields, _, ok := ber.Expect(body, ber.Sequence)
	if !ok {
		return
	}
	client, server := c.o.Client.Key(), c.o.Server.Key()
	switch tag {
	case asRequest, tgsRequest:
		if b := field(fields, 4); b != nil {
			if inner, _, ok := ber.Expect(b, ber.Sequence); ok {
				principal(field(inner, 1), client, "client of a request", emit)
				realm(field(inner, 2), client, "request", emit)
				netbios(field(inner, 9), client, emit)
			}
		}
	case asReply, tgsReply:
		principal(field(fields, 4), client, "client of a reply", emit)
		realm(field(fields, 3), client, "reply", emit)
		realm(field(fields, 3), server, "reply", emit)
	case krbError:
		principal(field(fields, 8), client, "client of an error", emit)
	}
}

// field returns the contents of the numbered field of a sequence, nil where it is not there.
func field(b []byte, number byte) []byte {
	for len(b) > 0 {
		tag, body, rest, ok := ber.Element(b)
		if !ok {
			return nil
		}
		if tag == ber.Context|number {
			return body
		}
		b = rest
	}
	return nil
}

// services are what principals of hosts begin with; "admin" and "root" behind a slash are people's.
var services = []string{"host", "cifs", "nfs", "http", "ldap", "dns", "ftp", "imap", "smtp", "pop", "postgres", "mssqlsvc", "termsrv", "rpcss", "wsman", "gc"}

// principal reads a name of one or two parts and states it if it is a machine's: an account that ends with $ (MS-SAMR
// §3.1.1.6), or service/host.
func principal(b []byte, client fact.Key, because string, emit func(fact.Fact)) {
	seq, _, ok := ber.Expect(b, ber.Sequence)
	if !ok {
		return
	}
	parts, _, ok := ber.Expect(field(seq, 1), ber.Sequence)
	if !ok {
		return
	}
	first, rest, ok := ber.Expect(parts, ber.General)
	if !ok || len(first) > 255 || bytes.IndexFunc(first, unprintable) >= 0 {
		return
	}
	if len(rest) == 0 {
		if account, _, _ := bytes.Cut(first, []byte("@")); len(account) > 1 && account[len(account)-1] == '$' {
			emit(fact.Fact{Subject: client, Attr: PrincipalHost, Value: string(account), Because: because})
		}
		return
	}
	second, rest, ok := ber.Expect(rest, ber.General)
	if !ok || len(rest) > 0 || len(second) == 0 || len(second) > 255 || bytes.IndexFunc(second, unprintable) >= 0 {
		return
	}
	for _, s := range services {
		if strings.EqualFold(string(first), s) {
			emit(fact.Fact{Subject: client, Attr: PrincipalHost, Value: string(first) + "/" + string(second), Because: because})
			return
		}
	}
}

// realm states a realm, but not that of anonymous clients (RFC 8062 §3).
func realm(b []byte, k fact.Key, because string, emit func(fact.Fact)) {
	if text, _, ok := ber.Expect(b, ber.General); ok && len(text) > 0 && len(text) <= 255 && bytes.IndexFunc(text, unprintable) < 0 && !bytes.HasPrefix(text, []byte("WELLKNOWN:")) {
		emit(fact.Fact{Subject: k, Attr: Realm, Value: string(text), Because: because})
	}
}

// netbios reads the addresses that a ticket is asked for: pairs of type and address.
func netbios(b []byte, client fact.Key, emit func(fact.Fact)) {
	list, _, ok := ber.Expect(b, ber.Sequence)
	for ok && len(list) > 0 {
		var pair []byte
		if pair, list, ok = ber.Expect(list, ber.Sequence); !ok {
			return
		}
		kind, _, ok := ber.Expect(field(pair, 0), ber.Integer)
		if !ok || ber.Small(kind) != addressNetBIOS {
			continue
		}
		if name, _, ok := ber.Expect(field(pair, 1), ber.Octets); ok && len(name) <= 16 {
			if name = bytes.TrimRight(name, " \x00"); len(name) > 0 && bytes.IndexFunc(name, unprintable) < 0 {
				emit(fact.Fact{Subject: client, Attr: ClientName, Value: string(name), Because: "address of a request"})
			}
		}
	}
}

func unprintable(r rune) bool { return r <= ' ' || r == 0x7f || r == '\uFFFD' }
