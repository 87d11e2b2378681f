// Package gss reads the Kerberos tickets that clients hand to servers in GSS-API and SPNEGO tokens (RFC 4121, 4178),
// inside SMB, LDAP, DCE/RPC, HTTP and others. It decides which name a server goes by: the ticket opens only for who
// holds the key of that name. Who the client is stays encrypted. It is no parser of the engine and stands a floor below
// them, because parsers do not import each other.
package gss

import (
	"bytes"
	"strings"

	"pons/fact"
	"pons/protocol/ber"
)

// Attributes of the server. The first is that of package kerberos, which reads the talk with the distribution centre.
const (
	PrincipalHost fact.Attr = "kerberos.principal_host" // "cifs/pacs1.ward.example", "PACS1$"
	Realm         fact.Attr = "kerberos.realm"
)

// Attrs lists them, for the Attrs of a parser that reads such tokens.
func Attrs() []fact.Attr { return []fact.Attr{PrincipalHost, Realm} }

// request is how a message that hands over a ticket begins, behind its tag: version 5, kind 14 (RFC 4120 §5.5.1).
var request = []byte("\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0e")

// ticketTag is application 1 (RFC 4120 §5.3).
const ticketTag = ber.Application | 1

// Service returns the realm and the principal of the first ticket in b; ok is false where there is none.
func Service(b []byte) (realm, principal string, ok bool) {
	at := bytes.Index(b, request)
	if at < 0 {
		return "", "", false
	}
	ticket, ok := numbered(b[at+len(request):], 3)
	if !ok {
		return "", "", false
	}
	if ticket, _, ok = ber.Expect(ticket, ticketTag); !ok {
		return "", "", false
	}
	if ticket, _, ok = ber.Expect(ticket, ber.Sequence); !ok {
		return "", "", false
	}
	if b, found := numbered(ticket, 1); found {
		if text, _, ok := ber.Expect(b, ber.General); ok {
			realm = name(text)
		}
	}
	sname, ok := numbered(ticket, 2)
	if !ok {
		return "", "", false
	}
	return realm, principalOf(sname), true
}

// Say finds a ticket in b and states the name of the server that it is for; it tells whether there was one.
func Say(b []byte, server fact.Key, emit func(fact.Fact)) bool {
	realm, principal, ok := Service(b)
	if !ok {
		return false
	}
	if principal != "" {
		emit(fact.Fact{Subject: server, Attr: PrincipalHost, Value: principal, Because: "ticket that a client hands over"})
	}
	if realm != "" {
		emit(fact.Fact{Subject: server, Attr: Realm, Value: realm, Because: "ticket that a client hands over"})
	}
	return true
}

// principalOf reads a name: service and host, of which directories add a third part; or a machine account. Accounts that
// run services may be people's, and the distribution centre's own name is no host's: both are passed over.
func principalOf(b []byte) string {
	seq, _, ok := ber.Expect(b, ber.Sequence)
	if !ok {
		return ""
	}
	parts, ok := numbered(seq, 1)
	if !ok {
		return ""
	}
	if parts, _, ok = ber.Expect(parts, ber.Sequence); !ok {
		return ""
	}
	first, rest, ok := ber.Expect(parts, ber.General)
	service := name(first)
	if !ok || service == "" || strings.EqualFold(service, "krbtgt") || strings.EqualFold(service, "kadmin") {
		return ""
	}
	if len(rest) == 0 {
		if service[len(service)-1] == '$' && len(service) > 1 {
			return service
		}
		return ""
	}
	second, _, ok := ber.Expect(rest, ber.General)
	if host := name(second); ok && host != "" {
		return service + "/" + host
	}
	return ""
}

// numbered returns the contents of a numbered field of a sequence.
func numbered(b []byte, number byte) ([]byte, bool) {
	for len(b) > 0 {
		tag, body, rest, ok := ber.Element(b)
		if !ok {
			return nil, false
		}
		if tag == ber.Context|number {
			return body, true
		}
		b = rest
	}
	return nil, false
}

// name returns what can be a name; a text that is none is nothing.
func name(b []byte) string {
	if len(b) > 255 || bytes.IndexFunc(b, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\uFFFD' }) >= 0 {
		return ""
	}
	return string(b)
}
