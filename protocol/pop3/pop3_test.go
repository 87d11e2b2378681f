package pop3

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

var dialogues = []struct {
	name  string
	turns []protocoltest.Turn
	want  []string
}{
	{"a login", []protocoltest.Turn{down("+OK Dovecot ready.\r\n"), up("USER " + secret + "\r\n"), down("+OK " + secret + " ready\r\n"), up("PASS " + secret + "\r\n"), down("+OK\r\nSubject: " + secret + "\r\n")},
		[]string{"server pop3.banner = Dovecot ready. (greeting)", "client practice = cleartext-credentials (PASS command)", "server practice = cleartext-credentials (PASS command)"}},
	{"APOP keeps the secret", []protocoltest.Turn{down("+OK <1.2@gate>\r\n"), up("APOP " + secret + " c4c9334bac560ecc979e58001b3e22fb\r\n")}, []string{"server pop3.banner = <1.2@gate> (greeting)"}},
	{"begun in the middle", []protocoltest.Turn{down("+OK 1432 octets\r\nhello " + secret + " ready\r\n")}, nil},
}
