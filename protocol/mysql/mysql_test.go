package mysql

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

func up(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }

func down(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }

func TestDialogues(t *testing.T) {
	for _, c := range dialogues {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Dialogue(t, Parser(), c.turns...)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if strings.Contains(strings.Join(got, "\n"), secret) {
				t.Errorf("%q holds what is private", got)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

func packet(number byte, body string) string {
	return string([]byte{byte(len(body)), byte(len(body) >> 8), 0, number}) + body
}

// hello is a greeting of MySQL 8; the challenge is invented.
var hello = packet(0, "\x0a8.0.36\x00\x01\x02\x03\x04abcdefgh\x00\xff\xff\x21\x02\x00\xff\xdf\x15"+strings.Repeat("\x00", 10)+"ijklmnopqrst\x00caching_sha2_password\x00")

var dialogues = []struct {
	name  string
	turns []protocoltest.Turn
	want  []string
}{
	{"a login", []protocoltest.Turn{down(hello), up(packet(1, "\x85\xa6\xff\x01"+secret)), down(packet(2, "\x00\x00\x00\x02\x00\x00\x00")), up(packet(0, "\x03select '"+secret+"'"))},
		[]string{"server mysql.version = 8.0.36 (greeting)"}},
	{"a password in the clear", []protocoltest.Turn{down(hello), up(packet(1, "\x85\xa6\xff\x01"+secret)), down(packet(2, "\xfemysql_clear_password\x00")), up(packet(3, secret))},
		[]string{"server mysql.version = 8.0.36 (greeting)", "client practice = cleartext-credentials (plug-in for passwords in the clear)", "server practice = cleartext-credentials (plug-in for passwords in the clear)"}},
	{"TLS", []protocoltest.Turn{down(hello), up(packet(1, "\x85\xae\xff\x01"+strings.Repeat("\x00", 28))), up(secret)}, []string{"server mysql.version = 8.0.36 (greeting)"}},
}
