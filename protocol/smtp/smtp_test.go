package smtp

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

const clearBoth = " practice = cleartext-credentials (AUTH command)"

var dialogues = []struct {
	name  string
	turns []protocoltest.Turn
	want  []string
}{
	{"mail and a login", []protocoltest.Turn{
		down("220 gate.example ESMTP Postfix\r\n"), up("EHLO pump-7.icu.example\r\n"), down("250-gate.example Hello\r\n250 AUTH PLAIN\r\n"),
		up("AUTH LOGIN\r\n"), down("334 VXNlcm5hbWU6\r\n"), up("EHLO\r\n"), down("334 UGFzc3dvcmQ6\r\n"), up(secret + "\r\n"), down("235 ok\r\n"),
		up("MAIL FROM:<" + secret + "@example.org>\r\nRCPT TO:<" + secret + "@example.org>\r\nDATA\r\n"), down("250 ok\r\n550 no such\r\n354 go on\r\n"),
		up("Subject: " + secret + "\r\nEHLO " + secret + "\r\n..\r\nx.\r\n.\r\n"), down("250 queued as " + secret + "\r\n"), up("HELO bench-3\r\n"),
	}, []string{"server smtp.banner = gate.example ESMTP Postfix (greeting)", "client smtp.client_name = pump-7.icu.example (EHLO)", "client" + clearBoth, "server" + clearBoth, "client smtp.client_name = bench-3 (EHLO)"}},
	{"mail that is refused is none", []protocoltest.Turn{up("DATA\r\n"), down("503 first MAIL\r\n"), up("EHLO pump-7\r\n")}, []string{"client smtp.client_name = pump-7 (EHLO)"}},
	{"chunks", []protocoltest.Turn{up("BDAT 16 LAST\r\nEHLO " + secret[:9] + "\r\nEHLO pump-7\r\n")}, []string{"client smtp.client_name = pump-7 (EHLO)"}},
	{"TLS", []protocoltest.Turn{down("220 a ESMTP\r\n"), up("STARTTLS\r\n"), down("220 go\r\n"), up("EHLO " + secret + "\r\n")}, []string{"server smtp.banner = a ESMTP (greeting)"}},
	{"TLS of which only the client was captured", []protocoltest.Turn{up("EHLO pump-7\r\n"), up("STARTTLS\r\n"), up("\x16\x03\x01"), up("EHLO " + secret + "\r\n")}, []string{"client smtp.client_name = pump-7 (EHLO)"}},
	{"TLS refused, an address for a name, a secret that stays one", []protocoltest.Turn{up("STARTTLS\r\n"), down("454 no\r\n"), up("EHLO [192.0.2.1]\r\nAUTH CRAM-MD5\r\n"), down("334 x\r\n"), up(secret + "\r\n")}, nil},
}
