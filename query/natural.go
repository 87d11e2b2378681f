package query

import "cmp"

// Natural orders folded text as people do: runs of digits count as numbers, so that bed 9 comes before bed 10;
// everything else goes by its bytes. Texts that differ only in leading zeros are told apart by their bytes, so
// that the order is total. It works on text and on the bytes that column keeps.
func Natural[T string | []byte](a, b T) int {
	same, n := 0, min(len(a), len(b))
	for same < n && a[same] == b[same] {
		same++
	}
	i := same
	for i > 0 && digit(a[i-1]) { // the difference may be inside a number
		i--
	}
	j := i
	for i < len(a) && j < len(b) {
		if !digit(a[i]) || !digit(b[j]) {
			if a[i] != b[j] {
				return cmp.Compare(a[i], b[j])
			}
			i++
			j++
			continue
		}
		si, ei := run(a, i)
		sj, ej := run(b, j)
		if c := cmp.Compare(ei-si, ej-sj); c != 0 {
			return c
		}
		for k := range ei - si {
			if a[si+k] != b[sj+k] {
				return cmp.Compare(a[si+k], b[sj+k])
			}
		}
		i, j = ei, ej
	}
	if c := cmp.Compare(len(a)-i, len(b)-j); c != 0 {
		return c
	}
	if same < n {
		return cmp.Compare(a[same], b[same])
	}
	return cmp.Compare(len(a), len(b))
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// run returns the significant part of the digits that start at i.
func run[T string | []byte](s T, i int) (start, end int) {
	for i < len(s) && s[i] == '0' {
		i++
	}
	start = i
	for i < len(s) && digit(s[i]) {
		i++
	}
	return start, i
}

// NaturalKey packs the beginning of folded text into a number such that NaturalKey(a) < NaturalKey(b) implies
// Natural(a, b) < 0. Equal keys say nothing: ask Natural. It is 0 for the empty text only, given no NUL in it.
//
// A run of digits becomes a byte that sorts among the digits and says how many there are, then the digits.
func NaturalKey[T string | []byte](s T) uint64 {
	var key uint64
	room := 64
	put := func(b byte) {
		if room > 0 {
			room -= 8
			key |= uint64(b) << room
		}
	}
	for i := 0; i < len(s) && room > 0; {
		if !digit(s[i]) {
			put(s[i])
			i++
			continue
		}
		start, end := run(s, i)
		n := end - start
		put('0' + byte(min(n, 9)))
		if n >= 9 {
			put(byte(min(n, 255)))
			if n >= 255 {
				break // longer runs differ in length only; Natural tells
			}
		}
		for ; start < end && room > 0; start++ {
			put(s[start])
		}
		i = end
	}
	return key
}
