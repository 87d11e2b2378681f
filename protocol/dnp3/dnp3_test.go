package dnp3

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// frames cuts a fragment into link frames of outstation 10 for master 1.
func frames(fragment string) (out string) {
	const most = 249
	for first := true; len(fragment) > 0; first = false {
		n := min(most, len(fragment))
		transport := byte(0)
		if first {
			transport |= 0x40
		}
		if n == len(fragment) {
			transport |= 0x80
		}
		body := append([]byte{transport}, fragment[:n]...)
		fragment = fragment[n:]
		b := binary.LittleEndian.AppendUint16([]byte{5, 0x64, byte(5 + len(body)), 0x44, 1, 0, 10, 0}, 0)
		binary.LittleEndian.PutUint16(b[8:], crc(b[:8]))
		for piece := range slices.Chunk(body, block) {
			b = append(b, piece...)
			b = binary.LittleEndian.AppendUint16(b, crc(piece))
		}
		out += string(b)
	}
	return out
}

// TestAttributes reads the device attributes of an outstation, in several link frames.
func TestAttributes(t *testing.T) {
	text := func(variation byte, s string) string {
		return "\x00" + string([]byte{variation}) + "\x00\x00\x00\x01" + string([]byte{byte(len(s))}) + s
	}
	answer := "\xc0\x81\x00\x00" + text(252, "Acme Relays") + text(250, "FD-9 "+strings.Repeat("x", 240)) + text(248, "SN00017") + text(242, "3.1")
	turns := []protocoltest.Turn{{Dir: protocol.ToClient, Data: frames(answer)}}
	got := protocoltest.Dialogue(t, Parser(), turns...)
	want := []string{
		"server dnp3.address = 10 (link header)",
		"server dnp3.role = outstation (link header)",
		"server dnp3.vendor = Acme Relays (device attribute 252)",
		"server dnp3.product = FD-9 " + strings.Repeat("x", 240) + " (device attribute 250)",
		"server dnp3.serial = SN00017 (device attribute 248)",
		"server dnp3.software = 3.1 (device attribute 242)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	protocoltest.Splits(t, Parser(), turns...)
}
