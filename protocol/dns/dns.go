// Package dns reads the Domain Name System (RFC 1035) over UDP and TCP, updates (RFC 2136) included. It decides which
// names hosts of private networks have, by what name servers answer and what hosts register, and what a name server
// says of its own program. Names of public addresses are no devices here, and what hosts ask for is not read at all.
package dns

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/dnsmsg"
)

// Attributes. Name and Service are those of the host with the address that an answer names.
const (
	Name    fact.Attr = "dns.name"
	Service fact.Attr = "dns.service" // "_ldap._tcp.dc._msdcs.ward.example" that a record points to this host for
	Version fact.Attr = "dns.version" // of a name server, by version.bind
	ID      fact.Attr = "dns.server_id"
)

// Trust in names by answer is that of host names (domain/05 §5.7): old records outlive their hosts. What a host
// registers itself is fresh.
const (
	trustAnswer = 0.4
	trustUpdate = 0.6
)

const (
	port       = 53
	opQuery    = 0
	opUpdate   = 5
	classIN    = 1
	classChaos = 3
	headerSize = 12
)

var errMalformed = errors.New("dns: malformed")

// Parser claims messages of the DNS's form on port 53: multicast DNS and others share the form.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "dns", Doc: "DNS: names of hosts with private addresses, programs of name servers",
		Attrs:  []fact.Attr{Name, Service, Version, ID},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return conversation{o.Server, o.Transport == protocol.TCP}
		},
	}
}

func claims(o protocol.Opening) bool {
	if o.Server.Port != port || len(o.First) < headerSize {
		return false
	}
	b := o.First
	switch o.Transport {
	case protocol.TCP:
		if len(b) < 2+headerSize || binary.BigEndian.Uint16(b) < headerSize {
			return false
		}
		b = b[2:]
		if b[3]&0x40 != 0 || int(binary.BigEndian.Uint16(b[4:])) > 1 || b[2]>>3&15 > 6 { // a reserved bit, questions, opcode
			return false
		}
	case protocol.UDP:
		if !dnsmsg.Plausible(b) || b[2]>>3&15 > 6 {
			return false
		}
	default:
		return false
	}
	return b[2]&0x80 != 0 == (o.FirstDir == protocol.ToClient)
}

// conversation is small: over UDP nearly every question is one.
type conversation struct {
	server protocol.Endpoint
	framed bool
}

// Next reads one message; over TCP its length stands before it.
func (c conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if !c.framed {
		return len(b), c.message(b, d, emit)
	}
	if len(b) < 2 {
		return 0, nil
	}
	n := int(binary.BigEndian.Uint16(b))
	if n < headerSize {
		return 0, errMalformed
	}
	if len(b) < 2+n {
		return 0, nil
	}
	return 2 + n, c.message(b[2:2+n], d, emit)
}

func (c conversation) message(b []byte, d protocol.Dir, emit func(fact.Fact)) error {
	if len(b) < headerSize {
		return errMalformed
	}
	response, opcode, failed := b[2]&0x80 != 0, b[2]>>3&15, b[3]&15 != 0
	because, trust := "answer", trustAnswer
	switch {
	case opcode == opQuery && response && !failed:
	case opcode == opUpdate && !response:
		because, trust = "update", trustUpdate
	default:
		return nil
	}
	w, ok := dnsmsg.Walk(b)
	if !ok {
		return errMalformed
	}
	located := false
	for e, ok := w.Next(); ok; e, ok = w.Next() {
		if opcode == opUpdate && e.Section != dnsmsg.Authority { // the others hold conditions
			continue
		}
		switch {
		case e.Class == classChaos && e.Type == dnsmsg.TypeTXT && d == protocol.ToClient:
			c.chaos(b, e, emit)
		case e.Class != classIN:
		case e.Type == dnsmsg.TypeSRV:
			located = true
		case e.Type == dnsmsg.TypeA && len(e.Data) == 4:
			named(netip.AddrFrom4([4]byte(e.Data)), b, e.NameAt, because, trust, emit)
		case e.Type == dnsmsg.TypeAAAA && len(e.Data) == 16:
			named(netip.AddrFrom16([16]byte(e.Data)), b, e.NameAt, because, trust, emit)
		case e.Type == dnsmsg.TypePTR && e.Section != dnsmsg.Additional:
			if ip, ok := reverse(b, e.NameAt); ok {
				named(ip, b, e.At, "PTR "+because, trust, emit)
			}
		}
	}
	if located {
		services(b, emit)
	}
	return nil
}

// named states the name of a host with a private address.
func named(ip netip.Addr, b []byte, nameAt int, because string, trust float64, emit func(fact.Fact)) {
	if !ip.IsPrivate() {
		return
	}
	if v := dnsmsg.NameAt(b, nameAt); hostName(v) {
		emit(fact.Fact{Subject: fact.Host("", ip.String()), Attr: Name, Value: v, Trust: trust, Because: because})
	}
}

// chaos reads what a name server says of itself (RFC 4892).
func (c conversation) chaos(b []byte, e dnsmsg.Entry, emit func(fact.Fact)) {
	attr := fact.Attr("")
	switch strings.ToLower(dnsmsg.NameAt(b, e.NameAt)) {
	case "version.bind", "version.server":
		attr = Version
	case "hostname.bind", "id.server":
		attr = ID
	default:
		return
	}
	if n := len(e.Data); n > 1 && 1+int(e.Data[0]) <= n {
		emit(fact.Fact{Subject: c.server.Key(), Attr: attr, Value: string(e.Data[1 : 1+int(e.Data[0])]), Because: "answer of class CH"})
	}
}

// services states which services the hosts of an answer are found for: an SRV record names a host, another record of
// the same message its address.
func services(b []byte, emit func(fact.Fact)) {
	m, _ := dnsmsg.Parse(b)
	hosts := map[string][]netip.Addr{}
	for _, section := range [][]dnsmsg.Record{m.Answers, m.Additional} {
		for _, r := range section {
			var ip netip.Addr
			switch {
			case r.Type == dnsmsg.TypeA && len(r.Data) == 4:
				ip = netip.AddrFrom4([4]byte(r.Data))
			case r.Type == dnsmsg.TypeAAAA && len(r.Data) == 16:
				ip = netip.AddrFrom16([16]byte(r.Data))
			}
			if ip.IsPrivate() {
				name := strings.ToLower(dnsmsg.Text(r.Name))
				hosts[name] = append(hosts[name], ip)
			}
		}
	}
	for _, r := range m.Answers {
		if r.Type != dnsmsg.TypeSRV || len(r.Data) < 7 || len(hosts) == 0 {
			continue
		}
		target, service := strings.ToLower(dnsmsg.NameAt(b, r.At+6)), dnsmsg.Text(r.Name)
		for _, ip := range hosts[target] {
			emit(fact.Fact{Subject: fact.Host("", ip.String()), Attr: Service, Value: service, Trust: trustAnswer, Because: "SRV answer"})
		}
	}
}

// reverse reads the address that a name below in-addr.arpa or ip6.arpa stands for; ok is false for all but private
// ones, as soon as that is clear.
func reverse(b []byte, at int) (ip netip.Addr, ok bool) {
	var m [34]string
	labels := m[:0]
	name := dnsmsg.NameAt(b, at)
	if n := len(name); n < 12 || !strings.EqualFold(name[n-5:], ".arpa") {
		return ip, false
	}
	for l := range strings.SplitSeq(name[:len(name)-5], ".") {
		if len(labels) == cap(labels) {
			return ip, false
		}
		labels = append(labels, l)
	}
	switch kind := labels[len(labels)-1]; {
	case strings.EqualFold(kind, "in-addr") && len(labels) == 5:
		var err error
		ip, err = netip.ParseAddr(labels[3] + "." + labels[2] + "." + labels[1] + "." + labels[0])
		return ip, err == nil && ip.IsPrivate()
	case strings.EqualFold(kind, "ip6") && len(labels) == 33:
		var raw [16]byte
		for i := range 32 {
			if len(labels[31-i]) != 1 {
				return ip, false
			}
			v := strings.IndexByte("0123456789abcdef", labels[31-i][0]|0x20)
			if v < 0 {
				v = strings.IndexByte("0123456789abcdef", labels[31-i][0])
			}
			if v < 0 {
				return ip, false
			}
			raw[i/2] |= byte(v) << (4 * (1 - i%2))
		}
		ip = netip.AddrFrom16(raw)
		return ip, ip.IsPrivate()
	}
	return ip, false
}

// hostName tells names of hosts: those of services, of places in the tree and what is no text are none.
func hostName(s string) bool {
	if s == "" || s[0] == '_' || s[0] == '*' || strings.HasSuffix(s, ".arpa") || strings.Contains(s, "._tcp.") || strings.Contains(s, "._udp.") || strings.Contains(s, "._msdcs.") ||
		strings.HasPrefix(s, "gc._msdcs") || strings.HasPrefix(s, "DomainDnsZones.") || strings.HasPrefix(s, "ForestDnsZones.") || strings.EqualFold(s, "localhost") {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}
