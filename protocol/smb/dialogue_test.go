package smb

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

// framed puts a message into the framing of a session.
func framed(kind byte, m string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(kind)<<24|uint32(len(m)))) + m
}

// one lays out a message of SMB 1: command, whether it is a reply, words, bytes.
func one(command byte, reply bool, words, data string) string {
	head := []byte("\xffSMB" + string(command) + strings.Repeat("\x00", 27))
	if reply {
		head[9] = flagReply
	}
	head = append(append(head, byte(len(words)/2)), words...)
	head = binary.LittleEndian.AppendUint16(head, uint16(len(data)))
	return framed(sessionMessage, string(head)+data)
}

func toServer(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
func toClient(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }

// encoded is the first-level encoding of a name with its suffix.
func encoded(name string, suffix byte) string {
	b := []byte{32}
	for _, c := range []byte(name + strings.Repeat(" ", 15-len(name)) + string(suffix)) {
		b = append(b, 'A'+c>>4, 'A'+c&15)
	}
	return string(append(b, 0))
}

func TestDialogues(t *testing.T) {
	negotiated := func(mode byte) protocoltest.Turn {
		return toClient(one(cmdNegotiate1, true, "\x01\x00"+string(mode)+strings.Repeat("\x00", 31), "WARD\x00OLDPACS\x00"))
	}
	offer := toServer(one(cmdNegotiate1, false, "", "\x02LANMAN1.0\x00\x02NT LM 0.12\x00"))
	setup := toServer(one(cmdSetup1, false, "\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "phantom\x00invented.nurse\x00WARD\x00DOS LAN\x00Client 3\x00"))
	agreed := []string{"client practice = smb1 (negotiate response of SMB 1)", "server practice = smb1 (negotiate response of SMB 1)",
		"client smb.dialect = NT LM 0.12 (negotiate response)", "server smb.dialect = NT LM 0.12 (negotiate response)",
		"server smb.signing = optional (security mode)", "server smb.domain = WARD (negotiate response)", "server smb.server_name = OLDPACS (negotiate response)"}
	systems := []string{"client smb.native_os = DOS LAN (session setup request)", "client smb.native_lanman = Client 3 (session setup request)"}
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"a password that all can read is told of, not told", []protocoltest.Turn{offer, negotiated(0), setup}, slices.Concat(agreed, []string{
			"client practice = cleartext-credentials (session setup with a readable password)", "server practice = cleartext-credentials (session setup with a readable password)"}, systems)},
		{"an answer to a challenge is no password", []protocoltest.Turn{offer, negotiated(encryptsLogins), setup}, slices.Concat(agreed, systems)},
		{"no dialect was agreed", []protocoltest.Turn{offer, toClient(one(cmdNegotiate1, true, "\xff\xff", ""))}, nil},
		{"a reply in the middle of a conversation", []protocoltest.Turn{toClient(one(0x2e, true, "", strings.Repeat("x", 500)))}, []string{
			"client practice = smb1 (reply to a command of SMB 1)", "server practice = smb1 (reply to a command of SMB 1)"}},
		{"names of a NetBIOS session", []protocoltest.Turn{toServer(framed(sessionRequest, encoded("OLDPACS", 0x20)+encoded("CART7", 0))), toClient("\x82\x00\x00\x00")},
			[]string{"client nbns.name = CART7 (calling name of a NetBIOS session)", "server nbns.name = OLDPACS (called name of a NetBIOS session)"}},
		{"a session that is refused, a server without a name", []protocoltest.Turn{toServer(framed(sessionRequest, encoded("*SMBSERVER", 0x20)+encoded("CART7", 3))), toClient("\x83\x00\x00\x01\x82")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := protocoltest.Dialogue(t, Parser(), c.turns...); !slices.Equal(got, c.want) {
				t.Errorf("said %q\nnot  %q", got, c.want)
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

// BenchmarkData is the cost of reading past the contents of files.
func BenchmarkData(b *testing.B) {
	read := []byte(framed(sessionMessage, "\xfeSMB\x40\x00\x01\x00\x00\x00\x00\x00\x08\x00\x01\x00\x01\x00\x00\x00"+strings.Repeat("\x00", 1<<16)))
	ignore := func(fact.Fact) {}
	b.SetBytes(int64(len(read)))
	b.ReportAllocs()
	c := &conversation{}
	for b.Loop() {
		c.messages = 0
		for rest := read; len(rest) > 0; {
			n, err := c.Next(noTime, protocol.ToClient, rest[:min(len(rest), 1460)], ignore)
			if err != nil {
				b.Fatal(err)
			}
			rest = rest[n:]
		}
	}
}
