package column

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestSeeker: a seeker finds what bytes.Index finds, wherever it starts.
func TestSeeker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := []byte("ab\x00\x01\x80\xff")[:rapid.IntRange(1, 6).Draw(t, "letters")]
		arena := rapid.SliceOfN(rapid.SampledFrom(letters), 0, 200).Draw(t, "arena")
		if rapid.Bool().Draw(t, "long") {
			arena = append(bytes.Repeat([]byte("ba"), sampleBytes), arena...)
		}
		needle := rapid.SliceOfN(rapid.SampledFrom(letters), 1, 20).Draw(t, "needle")
		if n := rapid.IntRange(0, 20).Draw(t, "from the arena"); n > 0 && n <= len(arena) {
			at := rapid.IntRange(0, len(arena)-n).Draw(t, "at")
			needle = bytes.Clone(arena[at : at+n])
		}
		s := newSeeker(arena, needle)
		s.rare = rapid.Bool().Draw(t, "rare")
		for _, pos := range []int{0, len(arena) / 2, max(0, len(arena)-9), len(arena)} {
			want := bytes.Index(arena[pos:], needle)
			if want >= 0 {
				want += pos
			}
			if got := s.next(pos); got != want {
				t.Fatalf("%q in %q from %d: %d, want %d", needle, arena, pos, got, want)
			}
		}
	})
}
