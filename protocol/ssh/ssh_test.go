package ssh

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
	{"lines before the banner, one of them long", []protocoltest.Turn{down("ward gateway\r\n" + strings.Repeat("x", 700) + "\r\nSSH-2.0-dropbear_2019.78\r\n"), up("SSH-2.0-PuTTY_Release_0.78\r\n")},
		[]string{"server ssh.banner = SSH-2.0-dropbear_2019.78 (identification line)", "client ssh.banner = SSH-2.0-PuTTY_Release_0.78 (identification line)"}},
	{"version 1 offers nothing", []protocoltest.Turn{down("SSH-1.5-Cisco-1.25\n"), up("SSH-1.5-OpenSSH_3.4\n"), down("\x00\x00\x00\x10" + secret)},
		[]string{"server ssh.banner = SSH-1.5-Cisco-1.25 (identification line)", "client ssh.banner = SSH-1.5-OpenSSH_3.4 (identification line)"}},
	{"lists that are longer than their packet", []protocoltest.Turn{down("SSH-2.0-a\r\n\x00\x00\x00\x20\x04\x14" + strings.Repeat("c", 16) + "\xff\xff\xff\xffabcdefghij")},
		[]string{"server ssh.banner = SSH-2.0-a (identification line)"}},
}
