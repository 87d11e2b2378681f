package hello

import (
	"slices"
	"testing"
	"time"

	"pons/fact"
)

// TestStream reads a hello that is cut in records and in pieces, with another message before it and one behind.
func TestStream(t *testing.T) {
	body := slices.Concat([]byte{3, 3}, make([]byte, 32), []byte{0}, []byte{0, 4, 0x13, 1, 0x13, 2}, []byte{1, 0}, []byte{0, 5, 0x4d, 0x4d, 0, 1, 7})
	message := slices.Concat([]byte{0, 0, 0, 1, 9}, []byte{ClientHello, 0, 0, byte(len(body))}, body, []byte{0, 0, 0, 0})
	record := func(b []byte) []byte { return slices.Concat([]byte{22, 3, 1, 0, byte(len(b))}, b) }
	var want []string
	Say(TLS, time.Time{}, fact.Key{}, true, ClientHello, body, func(f fact.Fact) { want = append(want, f.Value) })
	if len(want) < 2 {
		t.Fatal("the hello cannot be read")
	}
	for cut := 1; cut < len(message)-1; cut++ {
		wire := slices.Concat(record(message[:cut]), record(message[cut:]), []byte{20, 3, 3, 0, 1, 1})
		for _, piece := range []int{1, 7, 1000} {
			s := Stream{Envelope: TLS}
			var got []string
			for b := range slices.Chunk(wire, piece) {
				s.Write(time.Time{}, fact.Key{}, true, b, func(f fact.Fact) { got = append(got, f.Value) })
			}
			if !slices.Equal(got, want) || !s.Over() {
				t.Fatalf("cut at %d, pieces of %d: %q", cut, piece, got)
			}
		}
	}
	var s Stream
	s.Write(time.Time{}, fact.Key{}, true, append([]byte{22, 3, 1, 0xff, 0xff}, make([]byte, MaxMessage)...), func(fact.Fact) { t.Error("said something") })
	if !s.Over() {
		t.Error("no end")
	}
}
