package hello

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	whole := make([]byte, 2000)
	for i := range whole {
		whole[i] = byte(rng.Uint32())
	}
	for range 200 {
		var p Pieces
		var cuts [][2]int
		for at := 0; at < len(whole); {
			n := min(1+rng.IntN(300), len(whole)-at)
			cuts = append(cuts, [2]int{at, at + n}, [2]int{max(0, at-rng.IntN(20)), at + n}) // again, and overlapping
			at += n
		}
		rng.Shuffle(len(cuts), func(i, j int) { cuts[i], cuts[j] = cuts[j], cuts[i] })
		for _, c := range cuts {
			if !p.Put(c[0], whole[c[0]:c[1]]) {
				t.Fatal("no room")
			}
		}
		if !bytes.Equal(p.Whole(), whole) {
			t.Fatal("not put together")
		}
	}
	var p Pieces
	if p.Put(MaxPieces, []byte{1}) || p.Put(-1, []byte{1}) || !p.Put(1, []byte{1}) || p.Whole() != nil {
		t.Error("bounds")
	}
	for i := range 2 * maxSpans {
		p.Put(2*i, []byte{1})
	}
	if len(p.spans) > maxSpans {
		t.Error("too many spans")
	}
}
