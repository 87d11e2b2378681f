package medibus

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

func ask(s string) protocoltest.Turn    { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }
func answer(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }

func frame(s string) string {
	sum := byte(0)
	for i := range len(s) {
		sum += s[i]
	}
	return fmt.Sprintf("%s%02X\r", s, sum)
}

// talk is how a conversation begins, with text that may be a patient's in the frames that are not read.
func talk() []protocoltest.Turn {
	return []protocoltest.Turn{ask(frame("\x1bQ")), answer(frame("\x01Q")), ask(frame("\x1bR")), answer(frame("\x01R8410'Evita XL'06.00:04.03")),
		answer(frame("\x1bR")), ask(frame("\x01R0161'LOGGER'04.03      ")), ask(frame("\x1b*")), answer(frame("\x01*0A8DOE^JANE\x03")), ask(frame("\x1b$")), answer(frame("\x01$0C  45"))}
}

const child = "medibus/192.0.2.2/4242/8410/Evita XL "

var want = []string{child + "medibus.model = Evita XL (device identification)", child + "medibus.id = 8410 (device identification)",
	child + "medibus.revision = 06.00:04.03 (device identification)", child + "manufacturer = Dräger (device identification)",
	child + "parent = 192.0.2.2 (device identification)", "client medibus.model = LOGGER (device identification)",
	"client medibus.id = 0161 (device identification)", "client medibus.revision = 04.03 (device identification)"}

func TestSynthetic(t *testing.T) {
	s := protocoltest.Synthetic{Transport: protocol.TCP, ClientMAC: [6]byte{0, 0x50, 0x56, 1, 2, 4}, ServerMAC: [6]byte{0, 0x80, 0xa3, 1, 2, 3},
		ClientIP: [4]byte{192, 0, 2, 70}, ServerIP: [4]byte{192, 0, 2, 80}, ClientPort: 49200, ServerPort: 10001, Turns: talk()}
	s.Written(t, "evita.pcap")
	s.Turns = []protocoltest.Turn{ask("\x1bR00\r"), answer("\x01R8410'Evita XL'06.00:04.0300\r"), ask("\x1b[2J\x1b[H\r"), answer("\x01\x02\x03\x04\x05\r")}
	s.Written(t, "neg-sum.pcap")
}

func TestDialogues(t *testing.T) {
	turns := talk()
	got := protocoltest.Dialogue(t, Parser(), turns...)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	protocoltest.Splits(t, Parser(), turns...)
	noise := protocoltest.Dialogue(t, Parser(), ask(frame("\x1bQ")), answer("\xd0\x81"+strings.Repeat("\x01x", 400)+frame("\x01R8410'Evita XL'06.00:04.03")))
	if !slices.Equal(noise, want[:5]) {
		t.Errorf("behind noise: %q", noise)
	}
	if got := protocoltest.Dialogue(t, Parser(), answer("\x01R8410'Evita XL'06.00:04.0300\r")); got != nil {
		t.Errorf("a wrong checksum: %q", got)
	}
}

func TestClaims(t *testing.T) {
	for first, want := range map[string]bool{frame("\x1bQ"): true, frame("\x01Q"): true, frame("\x1bQ")[:3]: false, "\x1bQ00\r": false, "\x1b[2J": false, "": false} {
		if got := Parser().Claims(protocol.Opening{Transport: protocol.TCP, First: []byte(first)}); got != want {
			t.Errorf("%q: %v", first, got)
		}
	}
}
