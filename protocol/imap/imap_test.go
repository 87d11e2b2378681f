package imap

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
	{"software and a login", []protocoltest.Turn{down("* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n"),
		up("a ID (\"name\" \"iPhone Mail\" \"version\" \"15E148\" \"x-user\" \"" + secret + "\" \"os\" NIL)\r\n"), down("* ID (\"name\" \"Dovecot\")\r\na OK\r\n"),
		up("b LOGIN " + secret + " " + secret + "\r\n"), down("* OK " + secret + "\r\n")},
		[]string{"server imap.banner = [CAPABILITY IMAP4rev1] Dovecot ready. (greeting)", "client imap.id = iPhone Mail 15E148 (ID)", "server imap.id = Dovecot (ID)",
			"client practice = cleartext-credentials (LOGIN command)", "server practice = cleartext-credentials (LOGIN command)"}},
	{"TLS", []protocoltest.Turn{up("x STARTTLS\r\n"), down("* OK still here IMAP\r\nx OK go\r\n"), up("b LOGIN a " + secret + "\r\n")}, nil},
	{"TLS refused", []protocoltest.Turn{up("x STARTTLS\r\n"), down("x BAD no\r\n"), up("b AUTHENTICATE PLAIN\r\n")},
		[]string{"client practice = cleartext-credentials (AUTHENTICATE command)", "server practice = cleartext-credentials (AUTHENTICATE command)"}},
	{"a name that does not end", []protocoltest.Turn{up("a ID (\"name\" \"" + secret + "\r\n")}, nil},
}
