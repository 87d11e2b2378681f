package postgres

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

func message(kind, body string) string {
	return kind + string([]byte{0, 0, 0, byte(len(body) + 4)}) + body
}

const requestForTLS = "\x00\x00\x00\x08\x04\xd2\x16\x2f"

var startup = message("", "\x00\x03\x00\x00client_encoding\x00UTF8\x00user\x00"+secret+"\x00database\x00"+secret+"\x00application_name\x00PACS 4.1\x00\x00")

var dialogues = []struct {
	name  string
	turns []protocoltest.Turn
	want  []string
}{
	{"TLS refused, a password in the clear", []protocoltest.Turn{up(requestForTLS), down("N"), up(startup), down(message("R", "\x00\x00\x00\x03")), up(message("p", secret+"\x00")),
		down(message("R", "\x00\x00\x00\x00") + message("S", "server_version\x0014.5\x00") + message("S", "session_authorization\x00"+secret+"\x00") + message("Z", "I")), up(message("Q", "select '"+secret+"'"))},
		[]string{"client postgres.application = PACS 4.1 (start-up)", "client practice = cleartext-credentials (password in the clear)", "server practice = cleartext-credentials (password in the clear)", "server postgres.version = 14.5 (ParameterStatus)"}},
	{"TLS", []protocoltest.Turn{up(requestForTLS), down("S"), up(startup)}, nil},
	{"a challenge keeps the secret", []protocoltest.Turn{up(startup), down(message("R", "\x00\x00\x00\x05abcd")), up(message("p", secret+"\x00")), down(message("E", "SFATAL\x00M"+secret+"\x00\x00"))},
		[]string{"client postgres.application = PACS 4.1 (start-up)"}},
}

func TestClaims(t *testing.T) {
	for first, want := range map[string]bool{startup: true, requestForTLS: true, "\x00\x00\x00\x08\x00\x03\x00\x00": false, "GET / HTTP/1.1": false, startup[:12]: false} {
		if got := Parser().Claims(protocol.Opening{Transport: protocol.TCP, First: []byte(first)}); got != want {
			t.Errorf("%q: %v", first, got)
		}
	}
}
