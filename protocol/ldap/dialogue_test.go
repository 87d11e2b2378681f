package ldap

import (
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

// element lays out a BER element.
func element(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	if len(body) < 0x80 {
		return string([]byte{tag, byte(len(body))}) + body
	}
	return string([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
}

func messageOf(op byte, parts ...string) string {
	return element(0x30, element(0x02, "\x05"), element(op, parts...))
}

func equal(name, value string) string {
	return element(0xa3, element(0x04, name), element(0x04, value))
}

// search is a request for attributes of an entry.
func search(base, filter string) string {
	return messageOf(searchRequest, element(0x04, base), "\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00", filter, element(0x30, element(0x04, "netlogon")))
}

func attribute(name, value string) string {
	return element(0x30, element(0x04, name), element(0x31, element(0x04, value)))
}

// labels spells a name in the DNS's form.
func labels(name string) string {
	out := ""
	for l := range strings.SplitSeq(name, ".") {
		out += string(byte(len(l))) + l
	}
	return out + "\x00"
}

func TestDialogues(t *testing.T) {
	// The names begin at 24, to which the next two point.
	answer := "\x17\x00\x00\x00\xfd\xf3\x03\x00" + strings.Repeat("\x11", 16) + labels("ward.example") + "\xc0\x18" + "\x03dc1\xc0\x18" + labels("WARD") + labels("DC1") +
		labels("invented.nurse") + labels("Default-First-Site-Name") + labels("Building7")
	toServer := func(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
	toClient := func(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }
	readable := []string{"client practice = cleartext-credentials (bind with a readable password)", "server practice = cleartext-credentials (bind with a readable password)"}
	bind := func(name string, auth ...string) protocoltest.Turn {
		return toServer(messageOf(bindRequest, element(0x02, "\x03"), element(0x04, name), strings.Join(auth, "")))
	}
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"a host looks for its domain controller", []protocoltest.Turn{
			toServer(search("", element(0xa0, equal("DnsDomain", "ward.example"), equal("Host", "CART7"), equal("User", "invented.nurse"), equal("NtVer", "\x16\x00\x00\x00")))),
			toClient(messageOf(searchEntry, element(0x04), element(0x30, attribute("netlogon", answer))))},
			[]string{"client ldap.client_name = CART7 (search for a domain controller)", "server ldap.domain = ward.example (answer to a search for a domain controller)",
				"server ldap.server_name = dc1.ward.example (answer to a search for a domain controller)", "server ldap.domain = WARD (answer to a search for a domain controller)",
				"server ldap.server_name = DC1 (answer to a search for a domain controller)", "client ldap.site = Building7 (answer to a search for a domain controller)"}},
		{"an entry of the directory is a person's", []protocoltest.Turn{
			toClient(messageOf(searchEntry, element(0x04, "CN=Invented Nurse,DC=ward,DC=example"), element(0x30, attribute("dnsHostName", "phantom"))))}, nil},
		{"the root entry", []protocoltest.Turn{toClient(messageOf(searchEntry, element(0x04), element(0x30, attribute("vendorVersion", "OpenLDAP 2.5"),
			attribute("serverName", "CN=DC1,CN=Servers,DC=ward,DC=example"), attribute("defaultNamingContext", "DC=ward,DC=example"), attribute("subschemaSubentry", "cn=x"))))},
			[]string{"server ldap.vendor_version = OpenLDAP 2.5 (attribute of the root entry)", "server ldap.server_name = DC1 (attribute of the root entry)", "server ldap.domain = ward.example (attribute of the root entry)"}},
		{"the base of a search without its entry", []protocoltest.Turn{toServer(search("CN=Invented Nurse,OU=Ward 7,DC=ward,DC=example", element(0x87, "objectClass")))},
			[]string{"server ldap.domain = ward.example (base of a search)"}},
		{"a password", []protocoltest.Turn{bind("cn=invented nurse", element(0x80, "phantom"))}, readable},
		{"nobody's", []protocoltest.Turn{bind("", element(0x80, ""))}, nil},
		{"a password by a mechanism that hides none", []protocoltest.Turn{bind("", element(0xa3, element(0x04, "PLAIN"), element(0x04, "\x00nurse\x00phantom")))}, readable},
		{"another mechanism", []protocoltest.Turn{bind("", element(0xa3, element(0x04, "DIGEST-MD5"), element(0x04, "username=nurse")))}, nil},
		{"encrypted from here on", []protocoltest.Turn{toServer(messageOf(extendedRequest, element(0x80, startTLS))),
			toClient(messageOf(extendedResponse, "\x0a\x01\x00\x04\x00\x04\x00")), toClient("\x16\x03\x01")}, nil},
		{"wrapped after a login", []protocoltest.Turn{toClient(messageOf(bindResponse, "\x0a\x01\x00\x04\x00\x04\x00")), toServer("\x00\x00\x00\x10wrapped")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Dialogue(t, Parser(), c.turns...)
			if !slices.Equal(got, c.want) {
				t.Errorf("said %q\nnot  %q", got, c.want)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
			o := protocol.Opening{Transport: protocol.TCP, FirstDir: c.turns[0].Dir, First: []byte(c.turns[0].Data)}
			if !claims(o) {
				t.Error("is not claimed")
			}
			if o.FirstDir = 1 - o.FirstDir; claims(o) {
				t.Error("is claimed the wrong way round")
			}
		})
	}
}

func TestDomainOf(t *testing.T) {
	for dn, want := range map[string]string{"DC=ward,DC=example": "ward.example", "ou=x, dc=ward, dc=example": "ward.example", "dc=ward": "ward", "cn=x,dc=ward": "",
		"dc=ward,cn=x": "", "cn=schema": "", "": "", "dc=two words,dc=example": ""} {
		if got := domainOf(dn); got != want {
			t.Errorf("%q: %q, not %q", dn, got, want)
		}
	}
}
