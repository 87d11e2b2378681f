package telnet

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
	{"a login", []protocoltest.Turn{down("\xff\xfd\x18\xff\xfb\x01\r\nVxWorks gate-2\r\n\r\nlogin: "), up("\xff\xfb\x18\xff\xfa\x18\x00" + secret + "\xff\xf0"), up(secret + "\r\n"), down("Password: "), up(secret + "\r\n"), down("Welcome " + secret + "\r\n")},
		[]string{"client practice = telnet (conversation)", "server practice = telnet (conversation)", "server telnet.banner = VxWorks gate-2 (before login)", "server telnet.banner = login: (before login)",
			"client practice = cleartext-credentials (answer to a login prompt)", "server practice = cleartext-credentials (answer to a login prompt)"}},
	{"begun in the middle", []protocoltest.Turn{down("Last login: Fri " + secret + "\r\n"), up("ls\r\n"), down(secret + "\xff\xfb\x01\r\nlogin: " + secret + "\r\n")},
		[]string{"client practice = telnet (conversation)", "server practice = telnet (conversation)"}},
	{"who logs in without typing is shown what is his", []protocoltest.Turn{down("\xff\xfd\x27\xff\xfb\x01gate-2\r\n"), up("\xff\xfa\x27\x00\x00USER\x01" + secret + "\xff\xf0"), down("Welcome " + secret + "\r\n" + secret + "@gate-2 login: ")},
		[]string{"client practice = telnet (conversation)", "server practice = telnet (conversation)", "server telnet.banner = gate-2 (before login)"}},
	{"no prompt", []protocoltest.Turn{down("\xff\xfb\x01\xff\xfb\x03Press any key"), up("\r"), down("Name: " + secret + "\r\n"), up(secret)},
		[]string{"client practice = telnet (conversation)", "server practice = telnet (conversation)", "server telnet.banner = Press any key (before login)"}},
}
