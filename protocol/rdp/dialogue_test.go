package rdp

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func framed(x224 string) string {
	return string(binary.BigEndian.AppendUint16([]byte{3, 0}, uint16(4+len(x224)))) + x224
}

func confirm(negotiation string) string {
	return framed(string(byte(6+len(negotiation))) + "\xd0\x00\x00\x12\x34\x00" + negotiation)
}

const ask = "\x27\xe0\x00\x00\x00\x00\x00Cookie: mstshash=invented.nurse\r\n\x01\x00\x08\x00\x03\x00\x00\x00"

func TestDialogues(t *testing.T) {
	core := "\x01\xc0\xd8\x00\x04\x00\x08\x00" + strings.Repeat("\x00", 12) + "\x61\x4a\x00\x00" + "C\x00A\x00R\x00T\x007\x00" + strings.Repeat("\x00", 22)
	core += strings.Repeat("\x00", 0xd8-len(core))
	settings := framed("\x02\xf0\x80\x7f\x65\x82\x01\x94\x04\x01\x01\x00\x05\x00\x14\x7c\x00\x01Duca\x80\xd8" + core)
	toServer := func(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
	toClient := func(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"its own protection: the client tells its name, the cookie's user stays", []protocoltest.Turn{toServer(framed(ask)), toClient(confirm("\x02\x00\x08\x00\x00\x00\x00\x00")), toServer(settings)},
			[]string{"server counts flow.association", "server rdp.security = rdp (connection confirm)", "client rdp.client_name = CART7 (client core data)", "client rdp.client_build = 19041 (client core data)"}},
		{"TLS takes over", []protocoltest.Turn{toServer(framed(ask)), toClient(confirm("\x02\x1f\x08\x00\x02\x00\x00\x00")), toServer("\x16\x03\x01")},
			[]string{"server counts flow.association", "server rdp.security = credssp (connection confirm)"}},
		{"a server of old, in the middle", []protocoltest.Turn{toServer(settings)}, []string{"client rdp.client_name = CART7 (client core data)", "client rdp.client_build = 19041 (client core data)"}},
		{"refused", []protocoltest.Turn{toServer(framed(ask)), toClient(confirm("\x03\x00\x08\x00\x05\x00\x00\x00")), toServer("x")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := protocoltest.Dialogue(t, Parser(), c.turns...); !slices.Equal(got, c.want) {
				t.Errorf("said %q\nnot  %q", got, c.want)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

// TestOthers holds that what else uses the transport is left to others: S7 sends parameters.
func TestOthers(t *testing.T) {
	o := protocol.Opening{Transport: protocol.TCP, Server: protocol.Endpoint{Port: 102}}
	for _, x224 := range []string{"\x11\xe0\x00\x00\x00\x01\x00\xc1\x02\x01\x00\xc2\x02\x01\x02\xc0\x01\x0a", "\x06\xe0\x00\x00\x00\x01\x00"} {
		if o.First = []byte(framed(x224)); claims(o) {
			t.Errorf("claims %q", x224)
		}
	}
	if o.First = []byte(framed(ask)); !claims(o) {
		t.Error("leaves its own")
	}
}
