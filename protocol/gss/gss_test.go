package gss

import (
	"slices"
	"strings"
	"testing"

	"pons/fact"
)

// element lays out a BER element.
func element(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	if len(body) < 0x80 {
		return string([]byte{tag, byte(len(body))}) + body
	}
	return string([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
}

// token is a SPNEGO token with a ticket for a principal.
func token(realm string, parts ...string) []byte {
	names := ""
	for _, p := range parts {
		names += element(0x1b, p)
	}
	sname := element(0x30, element(0xa0, "\x02\x01\x02"), element(0xa1, element(0x30, names)))
	ticket := element(0x61, element(0x30, element(0xa0, "\x02\x01\x05"), element(0xa1, element(0x1b, realm)), element(0xa2, sname), element(0xa3, strings.Repeat("x", 200))))
	request := element(0x6e, element(0x30, element(0xa0, "\x02\x01\x05"), element(0xa1, "\x02\x01\x0e"), element(0xa2, "\x03\x05\x00\x20\x00\x00\x00"), element(0xa3, ticket), element(0xa4, "y")))
	return []byte("\x60\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00" + request)
}

func TestService(t *testing.T) {
	for _, c := range []struct {
		parts []string
		want  string
	}{
		{[]string{"cifs", "pacs1.ward.example"}, "cifs/pacs1.ward.example"},
		{[]string{"ldap", "dc1.ward.example", "ward.example"}, "ldap/dc1.ward.example"},
		{[]string{"PACS1$"}, "PACS1$"},
		{[]string{"invented.nurse"}, ""},
		{[]string{"krbtgt", "WARD.EXAMPLE"}, ""},
		{[]string{"cifs", "two words"}, ""},
	} {
		realm, principal, ok := Service(token("WARD.EXAMPLE", c.parts...))
		if !ok || realm != "WARD.EXAMPLE" || principal != c.want {
			t.Errorf("%q: %q %q %v", c.parts, realm, principal, ok)
		}
	}
	if _, _, ok := Service([]byte("NTLMSSP\x00")); ok {
		t.Error("a ticket where there is none")
	}
}

func TestSay(t *testing.T) {
	whole, server := token("WARD.EXAMPLE", "cifs", "pacs1.ward.example"), fact.Host("", "192.0.2.2")
	for n := range len(whole) + 1 {
		var said []string
		Say(whole[:n], server, func(f fact.Fact) {
			if f.Subject != server || !slices.Contains(Attrs(), f.Attr) {
				t.Errorf("%+v", f)
			}
			said = append(said, f.Value)
		})
		if n == len(whole) && !slices.Equal(said, []string{"cifs/pacs1.ward.example", "WARD.EXAMPLE"}) {
			t.Errorf("%q", said)
		}
	}
}

func FuzzService(f *testing.F) {
	f.Add(token("WARD.EXAMPLE", "cifs", "pacs1.ward.example"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if realm, principal, _ := Service(b); len(realm) > 255 || len(principal) > 511 {
			t.Errorf("%q %q", realm, principal)
		}
	})
}
