package kerberos

import (
	"encoding/binary"
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

// name is a principal.
func name(parts ...string) string {
	list := ""
	for _, p := range parts {
		list += element(0x1b, p)
	}
	return element(0x30, element(0xa0, "\x02\x01\x01"), element(0xa1, element(0x30, list)))
}

func framed(m string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(m)))) + m }

func asked(tag byte, client string) string {
	address := element(0x30, element(0x30, element(0xa0, "\x02\x01\x14"), element(0xa1, element(0x04, "CART7           "))))
	body := element(0x30, element(0xa0, "\x03\x05\x00\x40\x00\x00\x00"), element(0xa1, client), element(0xa2, element(0x1b, "WARD.EXAMPLE")), element(0xa3, name("host", "other.ward.example")), element(0xa9, address))
	return framed(element(tag, element(0x30, element(0xa1, "\x02\x01\x05"), element(0xa2, "\x02\x01\x0a"), element(0xa4, body))))
}

func answered(client string) string {
	return framed(element(asReply, element(0x30, element(0xa0, "\x02\x01\x05"), element(0xa1, "\x02\x01\x0b"), element(0xa3, element(0x1b, "WARD.EXAMPLE")), element(0xa4, client))))
}

func TestDialogues(t *testing.T) {
	asks := []string{"client kerberos.realm = WARD.EXAMPLE (request)", "client kerberos.client_name = CART7 (address of a request)"}
	for _, c := range []struct {
		name, text string
		dir        protocol.Dir
		want       []string
	}{
		{"a machine's account", asked(asRequest, name("CART7$")), protocol.ToServer, append([]string{"client kerberos.principal_host = CART7$ (client of a request)"}, asks...)},
		{"with its realm", asked(asRequest, name("CART7$@WARD.EXAMPLE")), protocol.ToServer, append([]string{"client kerberos.principal_host = CART7$ (client of a request)"}, asks...)},
		{"a host's principal", asked(asRequest, name("host", "pump7.ward.example")), protocol.ToServer, append([]string{"client kerberos.principal_host = host/pump7.ward.example (client of a request)"}, asks...)},
		{"a person", asked(asRequest, name("invented.nurse")), protocol.ToServer, asks},
		{"a person's other self", asked(tgsRequest, name("invented.nurse", "admin")), protocol.ToServer, asks},
		{"an answer", answered(name("CART7$")), protocol.ToClient, []string{"client kerberos.principal_host = CART7$ (client of a reply)", "client kerberos.realm = WARD.EXAMPLE (reply)", "server kerberos.realm = WARD.EXAMPLE (reply)"}},
		{"no length that a message has", "\x7f\xff\xff\xff" + strings.Repeat("x", 40), protocol.ToServer, []string{"error: kerberos: no message of version 5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			turn := protocoltest.Turn{Dir: c.dir, Data: c.text}
			if got := protocoltest.Dialogue(t, Parser(), turn); !slices.Equal(got, c.want) {
				t.Errorf("said %q\nnot  %q", got, c.want)
			}
			protocoltest.Splits(t, Parser(), turn)
			for _, dir := range []protocol.Dir{protocol.ToServer, protocol.ToClient} {
				want := dir == c.dir && !strings.HasPrefix(c.want[0], "error")
				if claims(protocol.Opening{Transport: protocol.TCP, FirstDir: dir, First: []byte(c.text)}) != want {
					t.Errorf("claims in direction %d: not %v", dir, want)
				}
			}
		})
	}
}
