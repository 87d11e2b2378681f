package column

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// seeker finds a needle in one arena. bytes.Index looks for the first byte of the needle, which is fast where that
// byte is rare and 1 ns a byte where it is not, as digits are in addresses and serial numbers. A seeker looks for
// the rarest byte of the needle instead, or, where all are common, for two of its bytes at once, eight places at a
// time, which costs the same whatever the text is.
type seeker struct {
	arena, needle []byte
	a, b          int    // offsets in the needle of its rarest byte and of another that is rare
	rare          bool   // the rarest byte alone will do
	wantA, wantB  uint64 // the two bytes, eight times
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080

	sampleBytes = 2048
	// rareShare: a byte that is one of so many or fewer is looked for alone. IndexByte costs some 5 ns a call, in
	// which time two bytes at once get 20 to 30 places on (measured).
	rareShare = 40
)

func newSeeker(arena, needle []byte) *seeker {
	s := &seeker{arena: arena, needle: needle}
	sample := arena[:min(len(arena), sampleBytes)]
	least, second := len(sample)+1, len(sample)+1
	for i := range needle {
		n := bytes.Count(sample, needle[i:i+1])
		switch {
		case n < least:
			s.b, second = s.a, least
			s.a, least = i, n
		case n < second && needle[i] != needle[s.a]:
			s.b, second = i, n
		}
		if i == 15 {
			break // enough to choose from
		}
	}
	if second > len(sample) && len(needle) > 1 && s.a == s.b { // all bytes alike
		s.b = len(needle) - 1 - s.a
	}
	s.rare = least*rareShare <= len(sample)
	s.wantA, s.wantB = uint64(needle[s.a])*ones, uint64(needle[s.b])*ones
	return s
}

// next is the first place from pos on where the needle is, or -1.
func (s *seeker) next(pos int) int {
	if s.rare {
		return s.nextRare(pos)
	}
	n := len(s.needle)
	arena, a, b := s.arena, s.a, s.b
	end := len(arena) - max(n, max(a, b)+8)
	for ; pos <= end; pos += 8 {
		x := binary.LittleEndian.Uint64(arena[pos+a:]) ^ s.wantA
		x |= binary.LittleEndian.Uint64(arena[pos+b:]) ^ s.wantB
		hit := (x - ones) &^ x & highs // the high bit of bytes that are zero, and perhaps of some above the first
		for ; hit != 0; hit &= hit - 1 {
			at := pos + bits.TrailingZeros64(hit)>>3
			if at+n > len(arena) {
				break
			}
			if string(arena[at:at+n]) == string(s.needle) {
				return at
			}
		}
	}
	if pos >= len(arena) {
		return -1
	}
	if i := bytes.Index(arena[pos:], s.needle); i >= 0 {
		return pos + i
	}
	return -1
}

func (s *seeker) nextRare(pos int) int {
	for pos+len(s.needle) <= len(s.arena) {
		i := bytes.IndexByte(s.arena[pos+s.a:], s.needle[s.a])
		if i < 0 {
			return -1
		}
		pos += i
		if pos+len(s.needle) > len(s.arena) {
			return -1
		}
		if string(s.arena[pos:pos+len(s.needle)]) == string(s.needle) {
			return pos
		}
		pos++
	}
	return -1
}
