// Package mdns reads multicast DNS (RFC 6762) and its service discovery (RFC 6763). It decides which records a host
// states of itself: those it answers with and those it probes for, never those it asks for or knows already.
package mdns

import (
	"net/netip"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/dnsmsg"
)

// Attributes of a host that answers.
const (
	Name    fact.Attr = "mdns.name"    // "roscorii.local"
	Service fact.Attr = "mdns.service" // "Roscorii._smb._tcp.local", or the type alone
	TXT     fact.Attr = "mdns.txt"     // one string of a TXT record: "model=MacBook4,1"
	HINFO   fact.Attr = "mdns.hinfo"   // "I386 LINUX"
)

const port = 5353

// Parser claims DNS messages on port 5353: unicast DNS has the same form. Who answers is the server, though all
// speak to the same group and port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "mdns", Doc: "Multicast DNS: host names, services and their TXT records",
		Attrs: []fact.Attr{Name, Service, TXT, HINFO},
		Over:  []protocol.Transport{protocol.UDP},
		Claims: func(o protocol.Opening) bool {
			if o.Transport != protocol.UDP || o.Client.Port != port && o.Server.Port != port || !dnsmsg.Plausible(o.First) {
				return false
			}
			return o.First[2]&0x80 != 0 == (o.FirstDir == protocol.ToClient)
		},
		New: func(o protocol.Opening) protocol.Conversation { return conversation{o} },
	}
}

type conversation struct{ o protocol.Opening }

// Next reads one message.
func (c conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) >= 12 && b[2]&0x80 == 0 && b[8]|b[9] == 0 { // a question that proposes nothing: most of what goes by
		return len(b), nil
	}
	m, err := dnsmsg.Parse(b)
	sender := c.o.Client
	if d == protocol.ToClient {
		sender = c.o.Server
	}
	if m.Opcode() != 0 {
		return len(b), err
	}
	if !m.Response() { // a probe proposes its records in the authority section; answers are what it knows of others
		for i := range m.Authority {
			record(&m, &m.Authority[i], sender, emit)
		}
		return len(b), err
	}
	for _, section := range [][]dnsmsg.Record{m.Answers, m.Additional} {
		for i := range section {
			record(&m, &section[i], sender, emit)
		}
	}
	return len(b), err
}

func record(m *dnsmsg.Message, r *dnsmsg.Record, sender protocol.Endpoint, emit func(fact.Fact)) {
	subject, name := sender.Key(), impersonal(dnsmsg.Text(r.Name))
	say := func(a fact.Attr, v, because string) {
		if v = impersonal(v); v != "" {
			emit(fact.Fact{Subject: subject, Attr: a, Value: v, Because: because})
		}
	}
	switch r.Type {
	case dnsmsg.TypeA:
		if len(r.Data) != 4 {
			return
		}
		// A proxy answers for others with their addresses; what it says is theirs.
		if ip := netip.AddrFrom4([4]byte(r.Data)); sender.IP.Is4() && ip != sender.IP && !ip.IsLinkLocalUnicast() {
			subject = fact.Host("", ip.String())
		}
		say(Name, name, "A record")
	case dnsmsg.TypeAAAA:
		say(Name, name, "AAAA record")
	case dnsmsg.TypeSRV:
		say(Service, name, "SRV record")
		if len(r.Data) > 6 {
			if target, _, err := m.NameAt(r.At + 6); err == nil {
				say(Name, dnsmsg.Text(target), "SRV of "+printable(name))
			}
		}
	case dnsmsg.TypePTR:
		target, _, err := m.NameAt(r.At)
		if err != nil {
			return
		}
		if reverse(r.Name) {
			say(Name, dnsmsg.Text(target), "reverse PTR record")
		} else if len(target) > 0 {
			say(Service, dnsmsg.Text(target), "PTR of "+printable(name))
		}
	case dnsmsg.TypeTXT:
		for _, s := range r.Strings() {
			say(TXT, s, "TXT of "+printable(name))
		}
	case dnsmsg.TypeHINFO:
		say(HINFO, strings.Join(r.Strings(), " "), "HINFO record")
	}
}

// impersonal is a name or a text, without what says whose the device is: of an instance of a service its type is left, of
// others nothing (protocol.OfPerson).
func impersonal(s string) string {
	if !protocol.OfPerson(s) {
		return s
	}
	for i := range s {
		if s[i] == '.' && i+1 < len(s) && s[i+1] == '_' && !protocol.OfPerson(s[i+1:]) {
			return s[i+1:]
		}
	}
	return ""
}

// reverse tells names of addresses from names of services.
func reverse(labels []string) bool {
	return len(labels) > 2 && strings.EqualFold(labels[len(labels)-1], "arpa")
}

// printable keeps a name fit for a reason.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
