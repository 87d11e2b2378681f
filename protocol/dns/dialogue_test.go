package dns

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

// record lays out one record of a name, without compression.
func record(name string, kind, class uint16, data string) string {
	b := binary.BigEndian.AppendUint16([]byte(spelled(name)), kind)
	b = binary.BigEndian.AppendUint16(b, class)
	b = append(b, 0, 0, 0, 60)
	return string(append(binary.BigEndian.AppendUint16(b, uint16(len(data))), data...))
}

func spelled(name string) string {
	var b []byte
	for l := range strings.SplitSeq(name, ".") {
		b = append(append(b, byte(len(l))), l...)
	}
	return string(append(b, 0))
}

// message lays out a message as TCP carries it: flags, one question, and records in sections.
func message(flags uint16, question string, answers, authority, additional []string) string {
	b := binary.BigEndian.AppendUint16([]byte{0x12, 0x34}, flags)
	for _, n := range []int{1, len(answers), len(authority), len(additional)} {
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	b = append(b, spelled(question)+"\x00\x01\x00\x01"...)
	for _, r := range slices.Concat(answers, authority, additional) {
		b = append(b, r...)
	}
	return string(binary.BigEndian.AppendUint16(nil, uint16(len(b)))) + string(b)
}

const (
	answerFlags = 0x8180
	updateFlags = 0x2800
)

func TestDialogues(t *testing.T) {
	for _, c := range []struct {
		name string
		turn protocoltest.Turn
		want []string
	}{
		{"addresses of private hosts, and not of public ones", protocoltest.Turn{Dir: protocol.ToClient, Data: message(answerFlags, "pacs.ward.example", []string{
			record("pacs.ward.example", 5, 1, spelled("pacs1.ward.example")), record("pacs1.ward.example", 1, 1, "\x0a\x01\x02\x03"),
			record("www.example", 1, 1, "\x08\x08\x08\x08"), record("pacs1.ward.example", 28, 1, "\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07")}, nil, nil)},
			[]string{"|10.1.2.3 dns.name = pacs1.ward.example (answer)", "|fd00::7 dns.name = pacs1.ward.example (answer)"}},
		{"names of private addresses", protocoltest.Turn{Dir: protocol.ToClient, Data: message(answerFlags, "3.2.1.10.in-addr.arpa", []string{
			record("3.2.1.10.in-addr.arpa", 12, 1, spelled("ct2.ward.example")), record("8.8.8.8.in-addr.arpa", 12, 1, spelled("dns.google.example")),
			record("7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.F.ip6.arpa", 12, 1, spelled("mr1.ward.example"))}, nil, nil)},
			[]string{"|10.1.2.3 dns.name = ct2.ward.example (PTR answer)", "|fd00::7 dns.name = mr1.ward.example (PTR answer)"}},
		{"what a host is found for", protocoltest.Turn{Dir: protocol.ToClient, Data: message(answerFlags, "_ldap._tcp.ward.example", []string{
			record("_ldap._tcp.ward.example", 33, 1, "\x00\x00\x00\x64\x01\x85"+spelled("DC1.ward.example"))}, nil, []string{record("dc1.ward.example", 1, 1, "\xac\x10\x00\x05")})},
			[]string{"|172.16.0.5 dns.name = dc1.ward.example (answer)", "|172.16.0.5 dns.service = _ldap._tcp.ward.example (SRV answer)"}},
		{"a host registers itself", protocoltest.Turn{Dir: protocol.ToServer, Data: message(updateFlags, "ward.example", []string{record("was.ward.example", 1, 1, "\x0a\x01\x02\x04")},
			[]string{record("cart7.ward.example", 1, 1, "\x0a\x01\x02\x09"), record("cart7.ward.example", 1, 255, "")}, nil)},
			[]string{"|10.1.2.9 dns.name = cart7.ward.example (update)"}},
		{"the program of a name server", protocoltest.Turn{Dir: protocol.ToClient, Data: message(answerFlags, "version.bind", []string{
			record("version.bind", 16, 3, "\x0ednsmasq-2.90xx"), record("authors.bind", 16, 3, "\x05A. N.")}, nil, nil)},
			[]string{"server dns.version = dnsmasq-2.90xx (answer of class CH)"}},
		{"failures, questions and names of places say nothing", protocoltest.Turn{Dir: protocol.ToClient, Data: message(answerFlags|3, "a", []string{record("a.example", 1, 1, "\x0a\x01\x02\x03")}, nil, nil) +
			message(answerFlags, "a", []string{record("_x.example", 1, 1, "\x0a\x01\x02\x03"), record("gc._msdcs.ward.example", 1, 1, "\x0a\x01\x02\x03")}, nil, nil) +
			message(0x0100, "a.ward.example", []string{record("a.example", 1, 1, "\x0a\x01\x02\x03")}, nil, nil)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := protocoltest.Dialogue(t, Parser(), c.turn); !slices.Equal(got, c.want) {
				t.Errorf("said %q\nnot  %q", got, c.want)
			}
			protocoltest.Splits(t, Parser(), c.turn)
		})
	}
}

// TestPublic holds that questions, and answers about the internet, cost nothing.
func TestPublic(t *testing.T) {
	conv := Parser().New(protocol.Opening{Transport: protocol.UDP})
	question := []byte(message(0x0100, "www.example", nil, nil, nil))[2:]
	answer := []byte(message(answerFlags, "www.example", []string{record("www.example", 1, 1, "\x08\x08\x08\x08"), record("www.example", 1, 1, "\x08\x08\x04\x04")}, nil, nil))[2:]
	said := 0
	count := func(fact.Fact) { said++ }
	if n := testing.AllocsPerRun(100, func() {
		conv.Next(time.Time{}, protocol.ToServer, question, count)
		conv.Next(time.Time{}, protocol.ToClient, answer, count)
	}); n > 0 || said > 0 {
		t.Errorf("%v allocations, %d facts", n, said)
	}
}

func BenchmarkAnswer(b *testing.B) {
	conv := Parser().New(protocol.Opening{Transport: protocol.UDP})
	answer := []byte(message(answerFlags, "www.example", []string{record("www.example", 1, 1, "\x08\x08\x08\x08"), record("www.example", 1, 1, "\x08\x08\x04\x04")}, nil, nil))[2:]
	ignore := func(fact.Fact) {}
	b.ReportAllocs()
	for b.Loop() {
		conv.Next(time.Time{}, protocol.ToClient, answer, ignore)
	}
}
