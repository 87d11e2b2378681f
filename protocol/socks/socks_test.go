package socks

import (
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// secret stands wherever a person or a credential does.
const secret = "DOE-JANE-19700101"

func TestDialogues(t *testing.T) {
	up := func(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
	down := func(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }
	n := string([]byte{byte(len(secret))})
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"5 with a login", []protocoltest.Turn{up("\x05\x02\x00\x02"), down("\x05\x02"), up("\x01" + n + secret + n + secret), down("\x01\x00"), up("\x05\x01\x00\x03" + n + secret + "\x01\xbb"), down("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" + secret)},
			[]string{"client socks.version = 5 (handshake)", "client practice = cleartext-credentials (user name and password)", "server practice = cleartext-credentials (user name and password)"}},
		{"4", []protocoltest.Turn{up("\x04\x01\x00\x50\xc0\x00\x02\x01" + secret + "\x00"), down("\x00\x5a\x00\x00\x00\x00\x00\x00"), up("GET")}, []string{"client socks.version = 4 (handshake)"}},
		{"4a", []protocoltest.Turn{up("\x04\x01\x00\x50\x00\x00\x00\x01" + secret + "\x00h.example\x00"), down("\x00\x5b\x00\x00\x00\x00\x00\x00")}, []string{"client socks.version = 4a (handshake)"}},
		{"something else", []protocoltest.Turn{up("\x05\x01\x00"), down("HTTP")}, []string{"client socks.version = 5 (handshake)", "error: socks: no handshake: invalid"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Dialogue(t, Parser(), c.turns...)
			if !slices.Equal(got, c.want) || strings.Contains(strings.Join(got, ""), secret) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}
