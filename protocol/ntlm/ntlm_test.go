package ntlm

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pons/fact"
)

// le writes numbers of the given sizes in the order of Intel.
func le(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch v := p.(type) {
		case uint16:
			b = binary.LittleEndian.AppendUint16(b, v)
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, v)
		case string:
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		}
	}
	return b
}

func utf(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// message lays out a message: a head with the places of the fields, then their contents.
func message(head func(place func(value []byte) []byte) []byte, size int) []byte {
	var payload []byte
	place := func(v []byte) []byte {
		out := le(uint16(len(v)), uint16(len(v)), uint32(size+len(payload)))
		payload = append(payload, v...)
		return out
	}
	return append(head(place), payload...)
}

const win10 = "\x0a\x00\x61\x4a\x00\x00\x00\x0f" // 10.0 build 19041, revision 15

func challengeOf(flags uint32, target string, pairs ...any) []byte {
	return message(func(place func([]byte) []byte) []byte {
		return le("NTLMSSP\x00", uint32(2), place(utf(target)), flags, "12345678", "\x00\x00\x00\x00\x00\x00\x00\x00", place(le(pairs...)), win10)
	}, 56)
}

func av(id uint16, s string) []byte { return le(id, uint16(2*len(s)), utf(s)) }

func authenticateOf(flags uint32, domain, user, workstation []byte) []byte {
	return message(func(place func([]byte) []byte) []byte {
		return le("NTLMSSP\x00", uint32(3), place(make([]byte, 24)), place(make([]byte, 24)), place(domain), place(user), place(workstation), place(nil), flags, win10, make([]byte, 16))
	}, 88)
}

func negotiateOf(flags uint32, domain, workstation string) []byte {
	return message(func(place func([]byte) []byte) []byte {
		return le("NTLMSSP\x00", uint32(1), flags, place([]byte(domain)), place([]byte(workstation)), win10)
	}, 40)
}

func cut(b []byte, n int) []byte { return b[:len(b)-n] }

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want Message
	}{
		{"negotiate with names, in a token", le("\x60\x48\x06\x06\x2b\x06\x01\x05\x05\x02", negotiateOf(flagDomain|flagWorkstation|flagVersion, "WARD", "PUMPGW")),
			Message{Type: 1, Domain: "WARD", Computer: "PUMPGW", OSVersion: "10.0.19041"}},
		{"negotiate that supplies nothing, whatever the fields hold", negotiateOf(0, "x", "y"), Message{Type: 1}},
		{"negotiate of sixteen bytes", negotiateOf(0, "", "")[:16], Message{Type: 1}},
		{"challenge", challengeOf(flagUnicode|flagTargetInfo|flagTargetDomain|flagVersion, "WARD", av(2, "WARD"), av(1, "PACS1"), av(4, "ward.example"), av(3, "pacs1.ward.example"), av(0, "")),
			Message{Type: 2, Domain: "WARD", Computer: "PACS1", DNSDomain: "ward.example", DNSComputer: "pacs1.ward.example", OSVersion: "10.0.19041"}},
		{"challenge of a machine without target information", challengeOf(flagUnicode|flagTargetMachine, "PACS1"), Message{Type: 2, Computer: "PACS1"}},
		{"challenge whose pairs have no end", challengeOf(flagUnicode|flagTargetInfo, "", av(1, "PACS1"), "\x03\x00\xff"), Message{Type: 2, Computer: "PACS1"}},
		{"challenge whose closing pair is counted and not sent", cut(challengeOf(flagUnicode|flagTargetInfo, "", av(2, "WARD"), av(1, "PACS1"), av(0, "")), 4),
			Message{Type: 2, Domain: "WARD", Computer: "PACS1"}},
		{"authenticate: the user is not read", authenticateOf(flagUnicode|flagVersion, utf("WARD"), utf("invented.nurse"), utf("CART-7")),
			Message{Type: 3, Domain: "WARD", Computer: "CART-7", OSVersion: "10.0.19041"}},
		{"authenticate in a code page", authenticateOf(0, []byte("WARD"), []byte("invented.nurse"), []byte("CART-7")), Message{Type: 3, Domain: "WARD", Computer: "CART-7"}},
		{"an account of somebody at Microsoft is no domain", authenticateOf(flagUnicode, utf("MicrosoftAccount"), utf("nurse@mail.example"), utf("CART-7")), Message{Type: 3, Computer: "CART-7"}},
		{"a signature that begins nothing, then a message", le("NTLMSSP\x00\x09\x00\x00\x00\x00\x00\x00\x00", negotiateOf(0, "", "")), Message{Type: 1}},
		{"negotiate whose contents begin before its version", message(func(place func([]byte) []byte) []byte {
			return le("NTLMSSP\x00", uint32(1), uint32(flagVersion|flagDomain), place([]byte("WARDWARDW")), place(nil))
		}, 32), Message{Type: 1, Domain: "WARDWARDW"}},
	} {
		m, ok := Find(c.b)
		if !ok || m != c.want {
			t.Errorf("%s: %+v, %v", c.name, m, ok)
		}
	}
	for _, b := range []string{"", "NTLMSSP", "NTLMSSP\x00\x02\x00\x00\x00", "an NTLMSSP text without a zero", "NTLMSSP\x00\x07\x00\x00\x00\x00\x00\x00\x00"} {
		if m, ok := Find([]byte(b)); ok {
			t.Errorf("%q: %+v", b, m)
		}
	}
}

// TestOldAuthenticate holds that where the contents begin before flags and version, those are contents.
func TestOldAuthenticate(t *testing.T) {
	b := message(func(place func([]byte) []byte) []byte {
		return le("NTLMSSP\x00", uint32(3), place(nil), place(nil), place(utf("WARD")), place(nil), place(utf("OLDNT")))
	}, 52)
	if m, ok := Find(b); !ok || m.Computer != "OLDNT" || m.Domain != "WARD" || m.OSVersion != "" || !m.Anonymous {
		t.Errorf("%+v, %v", m, ok)
	}
}

// TestSay holds that a phantom user, and every cut of the message, leave nothing of the user behind.
func TestSay(t *testing.T) {
	b := authenticateOf(flagUnicode|flagVersion, utf("WARD"), utf("invented.nurse"), utf("CART-7"))
	sender := fact.Host("", "192.0.2.1")
	for n := len(b); n >= 0; n-- {
		var said []string
		Say(b[:n], sender, func(f fact.Fact) {
			if f.Subject != sender || !slices.Contains(Attrs(), f.Attr) {
				t.Errorf("%+v", f)
			}
			said = append(said, f.Value)
		})
		if strings.Contains(strings.Join(said, " "), "nurse") {
			t.Fatalf("%d bytes: %q", n, said)
		}
		if n == len(b) && !slices.Equal(said, []string{"CART-7", "WARD", "10.0.19041"}) {
			t.Errorf("%q", said)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add(challengeOf(flagUnicode|flagTargetInfo|flagVersion, "WARD", av(1, "PACS1"), av(0, "")))
	f.Add(authenticateOf(flagUnicode|flagVersion, utf("WARD"), utf("invented.nurse"), utf("CART-7")))
	f.Add(negotiateOf(flagDomain|flagWorkstation|flagVersion, "WARD", "PUMPGW"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _ := Find(b)
		for _, s := range []string{m.Computer, m.DNSComputer, m.Domain, m.DNSDomain, m.OSVersion} {
			if strings.ContainsAny(s, "\x00\n\r") || len(s) > 4*maxName {
				t.Errorf("%q", s)
			}
		}
	})
}

// BenchmarkAbsent is the cost of looking where nothing is.
func BenchmarkAbsent(b *testing.B) {
	data := make([]byte, 1400)
	b.ReportAllocs()
	for b.Loop() {
		Find(data)
	}
}
