package ftp

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

const (
	ftpBoth   = " practice = ftp (login)"
	clearBoth = " practice = cleartext-credentials (PASS command)"
)

var dialogues = []struct {
	name  string
	turns []protocoltest.Turn
	want  []string
}{
	{"a login, files and a system", []protocoltest.Turn{
		down("220-Welcome\r\n to the pump\r\n220 vxFTPd 1.2\r\n"), up("USER " + secret + "\r\n"), down("331 Password required for " + secret + "\r\n"),
		up("PASS " + secret + "\r\n"), down("230 " + secret + " logged in\r\n"), up("SYST\r\n"), down("215 VxWorks 6.9\r\n"), up("RETR " + secret + ".pdf\r\n"), down("150 " + secret + ".pdf\r\n"),
	}, []string{"server ftp.banner = Welcome (greeting)", "server ftp.banner = to the pump (greeting)", "server ftp.banner = vxFTPd 1.2 (greeting)",
		"client" + ftpBoth, "server" + ftpBoth, "client" + clearBoth, "server" + clearBoth, "server ftp.system = VxWorks 6.9 (answer to SYST)"}},
	{"TLS agreed on is no readable login", []protocoltest.Turn{down("220 ready\r\n"), up("AUTH TLS\r\n"), down("234 go on\r\n"), up("USER " + secret + "\r\n")},
		[]string{"server ftp.banner = ready (greeting)"}},
	{"TLS refused", []protocoltest.Turn{up("AUTH TLS\r\n"), down("500 no\r\n"), up("USER a\r\n"), down("331 password\r\n")}, []string{"client" + ftpBoth, "server" + ftpBoth}},
	{"no password is a secret of everybody", []protocoltest.Turn{up("USER anonymous\r\n"), up("PASS " + secret + "@example.org\r\n")}, []string{"client" + ftpBoth, "server" + ftpBoth}},
	{"a banner only at the beginning", []protocoltest.Turn{down("230 in\r\n220 " + secret + "\r\n")}, []string{"client" + ftpBoth, "server" + ftpBoth}},
}

func TestClaims(t *testing.T) {
	for first, want := range map[string]bool{"220 ProFTPD 1.3\r\n": true, "220 mail ESMTP ftpish\r\n": false, "220 hi\r\n331 Password\r\n": true, "220 hi\r\n": false, "331 Password\r\n": false, "22": false} {
		if got := Parser().Claims(protocol.Opening{Transport: protocol.TCP, FirstDir: protocol.ToClient, First: []byte(first)}); got != want {
			t.Errorf("%q: %v", first, got)
		}
	}
}
