package astm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

const secret = "DOE^JANE"

func ask(s string) protocoltest.Turn    { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
func answer(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }

// frame is a frame of E1381 with its checksum.
func frame(n int, body string, end byte) string {
	sum := 0
	text := fmt.Sprintf("%d%s%c", n, body, end)
	for i := range len(text) {
		sum += int(text[i])
	}
	return fmt.Sprintf("\x02%s%02X\r\n", text, sum&0xff)
}

const head = `H|\^&|||ARCHITECT^8.10^F3453010030^H1P1O1R1C1Q1L1M1|||||LIS||P|LIS2-A2|20260102030405`

// result is what follows a header, with an invented patient.
var result = []string{"P|1|MRN77||" + secret + "||19700101|F", "O|1|SID1||^^^GLU", "R|1|^^^GLU|" + secret + "|mg/dL", "C|1|I|" + secret, "L|1|N"}

func framed() []protocoltest.Turn {
	turns := []protocoltest.Turn{ask("\x05"), answer("\x06"), ask(frame(1, head+"\r", etx)), answer("\x06")}
	for i, r := range result {
		turns = append(turns, ask(frame((i+2)%8, r+"\r", etx)), answer("\x06"))
	}
	return append(turns, ask("\x04"), answer("\x05"), ask("\x06"), answer(frame(1, `H|\^&|||LIS|||||ARCHITECT||P|1`+"\r", etx)))
}

var want = []string{"client counts flow.message",
	"client astm.sender = ARCHITECT^8.10^F3453010030^H1P1O1R1C1Q1L1M1 (H-5)", "client astm.model = ARCHITECT (H-5)",
	"client astm.software = 8.10 (H-5)", "client astm.serial = F3453010030 (H-5)", "server astm.receiver = LIS (H-10)", "client astm.version = LIS2-A2 (H-13)"}

func TestSynthetic(t *testing.T) {
	s := protocoltest.Synthetic{Transport: protocol.TCP, ClientMAC: [6]byte{0, 0x13, 0xdd, 1, 2, 3}, ServerMAC: [6]byte{0, 0x50, 0x56, 1, 2, 4},
		ClientIP: [4]byte{192, 0, 2, 31}, ServerIP: [4]byte{192, 0, 2, 40}, ClientPort: 49200, ServerPort: 5100}
	s.Turns = framed()
	s.Written(t, "framed.pcap")
	s.Turns = []protocoltest.Turn{ask(strings.Join(append([]string{`H|\^&|||OCD^VISION^5.13.1|||||||P|LIS2-A|20260330142633`}, result...), "\r") + "\r")}
	s.Written(t, "bare.pcap")
	s.Turns = []protocoltest.Turn{ask("HELO analyser\r\n"), answer("\x05\x0250H|||||\r\x03\r\n"), ask("\x05\x021P|1|MRN77||" + secret + "\r\x0300\r\n")}
	s.Written(t, "neg-other.pcap")
}

func TestDialogues(t *testing.T) {
	for _, c := range []struct {
		name  string
		turns []protocoltest.Turn
		want  []string
	}{
		{"framed", framed(), append(slices.Clone(want), "server counts flow.message", "server astm.sender = LIS (H-5)",
			"client astm.receiver = ARCHITECT (H-10)", "server astm.version = 1 (H-13)")},
		{"cut by frames", []protocoltest.Turn{ask("\x05" + frame(1, head[:30], etb) + frame(2, head[30:]+"\r"+result[0], etb) + frame(3, "more\r"+result[4]+"\r", etx))}, want},
		{"bare, with line feeds", []protocoltest.Turn{ask(head + "\r\n" + strings.Join(result, "\r\n") + "\r\n")}, want},
		{"all in one frame", []protocoltest.Turn{ask(frame(1, head+"\r"+strings.Join(result, "\r")+"\r", etx))}, want},
		{"a password", []protocoltest.Turn{ask(frame(1, `H|\^&||hunter2|AU680`+"\r", etx))}, []string{"client counts flow.message",
			"client practice = cleartext-credentials (H-4)", "server practice = cleartext-credentials (H-4)", "client astm.sender = AU680 (H-5)"}},
		{"a maker, delimiters of its own", []protocoltest.Turn{ask(frame(1, `H!~*%!!!OCD*VISION*5.13.1`+"\r", etx))}, []string{"client counts flow.message",
			"client astm.sender = OCD^VISION^5.13.1 (H-5)", "client astm.manufacturer = OCD (H-5)", "client astm.model = VISION (H-5)", "client astm.software = 5.13.1 (H-5)"}},
		{"no delimiters", []protocoltest.Turn{ask(frame(1, "H|||||AU680\r", etx))}, nil},
		{"a header too long", []protocoltest.Turn{ask(frame(1, `H|\^&|||`+strings.Repeat("x", 2*maxHeader)+"\r", etx))}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := protocoltest.Dialogue(t, Parser(), c.turns...)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if s := strings.Join(got, ""); strings.Contains(s, "DOE") || strings.Contains(s, "hunter2") || strings.Contains(s, "MRN") {
				t.Error("a patient or a password is in the facts")
			}
			protocoltest.Splits(t, Parser(), c.turns...)
		})
	}
}

func TestClaims(t *testing.T) {
	for first, want := range map[string]bool{
		"\x05" + frame(1, head+"\r", etx): true, head: true, "\x06\x06\r\n" + head: true, "\x05": false, "HTTP/1.1 200": false,
		"HELO x": false, `H|\^&`: false, `H|||||`: false, "H|\\^&\r": true, "\x021P|1|": false,
	} {
		if got := Parser().Claims(protocol.Opening{Transport: protocol.TCP, First: []byte(first)}); got != want {
			t.Errorf("%q: %v", first, got)
		}
	}
}
