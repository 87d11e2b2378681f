package product

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// lost stands for a letter that a broken export replaced by U+FFFD: it is a letter, but equals none.
const lost = 0x7f

// longestCell is far beyond the widest column of any inventory seen (the longest description of the stand-in hospitals has
// 31 letters).
const longestCell = 200

// fold writes s in lower-case ASCII: accents fall ("Dräger" is "drager"), two-letter characters are spelled out,
// and text that was UTF-8 read as Windows-1252 ("DrÃ¤ger") is mended first. Bytes that are no UTF-8 are read as
// Latin-1, for that is what old exports hold.
//
// A cell longer than any name is read in its beginning only, so that hostile text costs no more than a long name.
func fold(s string) string {
	s = s[:min(len(s), longestCell)]
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(s)
	}
	s = unmangle(s)
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			r = rune(s[i])
		}
		i += n
		switch {
		case r == utf8.RuneError:
			b.WriteByte(lost)
		case r < utf8.RuneSelf:
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			b.WriteByte(byte(r))
		case r >= 0x300 && r <= 0x36f: // combining accents
		case r >= 0xc0 && r <= 0x17f:
			b.WriteString(latin[r-0xc0])
		case r == '²':
			b.WriteByte('2')
		case r == '³':
			b.WriteByte('3')
		case r == '®' || r == '™' || r == '©' || r == '’' || r == '´':
		case r >= 0x2010 && r <= 0x2015:
			b.WriteByte('-')
		case r > 0x17f && r < 0x2000 || r > 0x2e80:
			b.WriteRune(r) // other scripts stay what they are
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// latin is what each character of U+00C0–U+017F is in plain letters.
var latin = strings.Split("a a a a a a ae c e e e e i i i i d n o o o o o  o u u u u y th ss "+
	"a a a a a a ae c e e e e i i i i d n o o o o o  o u u u u y th y "+
	"a a a a a a c c c c c c c c d d d d e e e e e e e e e e g g g g g g g g h h h h i i i i i i i i i i ij ij j j k k k "+
	"l l l l l l l l l l n n n n n n n n n o o o o o o oe oe r r r r r r s s s s s s s s t t t t t t "+
	"u u u u u u u u u u u u w w y y y z z z z z z s", " ")

// unmangle undoes one reading of UTF-8 as Windows-1252. Text that is not such a reading comes back as it was.
func unmangle(s string) string {
	if !strings.ContainsAny(s, "ÃÂÅâ") {
		return s
	}
	raw := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r < 0x100:
			raw = append(raw, byte(r))
		default:
			i := strings.IndexRune(cp1252, r)
			if i < 0 {
				return s
			}
			raw = append(raw, byte(0x80+utf8.RuneCountInString(cp1252[:i])))
		}
	}
	if !utf8.Valid(raw) {
		return s
	}
	return string(raw)
}

// cp1252 holds the characters of 0x80–0x9F in Windows-1252 in order; the five unused places hold a space.
const cp1252 = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ"

// tokens splits folded text into its words of letters and digits. Initials stand together: "s.p.a." is one word.
func tokens(folded string) []string { return appendTokens(make([]string, 0, 8), folded) }

func appendTokens(words []string, folded string) []string {
	start := -1
	for i := 0; i <= len(folded); i++ {
		if i < len(folded) && wordByte(folded[i]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start < 0 {
			continue
		}
		if i+1 < len(folded) && folded[i] == '\'' && wordByte(folded[i+1]) {
			words = append(words, folded[start:i]+restOfWord(folded[i+1:]))
			i += len(restOfWord(folded[i+1:]))
			start = -1
			continue
		}
		if n := initials(folded[start:]); n > 1 && i == start+1 {
			words = append(words, strings.ReplaceAll(folded[start:start+n], ".", ""))
			i = start + n - 1
		} else {
			words = append(words, folded[start:i])
		}
		start = -1
	}
	return words
}

func restOfWord(s string) string {
	i := 0
	for i < len(s) && wordByte(s[i]) {
		i++
	}
	return s[:i]
}

// initials is the length of a leading run such as "g.e" or "s.p.a.", 1 where there is none.
func initials(s string) int {
	n := 1
	for n+1 < len(s) && s[n] == '.' && letter(s[n+1]) && (n+2 == len(s) || !wordByte(s[n+2])) {
		n += 2
	}
	return n
}

func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c >= lost
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }

// squash is folded text without anything but letters and digits: how two spellings are compared.
func squash(folded string) string {
	for i := 0; i < len(folded); i++ {
		if !wordByte(folded[i]) {
			return strings.Join(tokens(folded), "")
		}
	}
	return folded
}

// clean is what is shown of a name nobody knows: trimmed, runs of blanks made one.
func clean(s string) string { return strings.Join(strings.Fields(unmangle(s)), " ") }

// blank tells the words that fill a cell and say nothing.
func blank(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	switch s {
	case "", "unknown", "unk", "n/a", "na", "none", "null", "nil", "tbd", "tba", "not available", "not known", "not listed",
		"not specified", "unspecified", "undefined", "various", "misc", "other", "generic", "missing", "no data", "see notes",
		"unbekannt", "inconnu", "n.a.", "not applicable", "unknown manufacturer", "unknown model", "no model", "blank", "empty",
		"<none>", "(none)", "(blank)", "#n/a", "#ref!", "to be determined", "not recorded", "no manufacturer":
		return true
	}
	return strings.Trim(s, "-?.*_x0/ ") == ""
}

// letters is the set of letters of a key: two keys one edit apart differ in at most two of them.
func letters(key string) uint32 {
	var m uint32
	for i := 0; i < len(key); i++ {
		if letter(key[i]) {
			m |= 1 << (key[i] - 'a')
		} else {
			m |= 1 << (26 + key[i]%6)
		}
	}
	return m
}

// spelling finds the key nearest to a misspelt one.
type spelling struct {
	byLength [64][]spelt
	strict   bool // in words of under ten letters another letter makes another word, so only slips of the hand count
}

type spelt struct {
	key     string
	letters uint32
	owner   int32
}

func (s *spelling) add(key string, owner int32) {
	if len(key) < len(s.byLength) {
		s.byLength[len(key)] = append(s.byLength[len(key)], spelt{key, letters(key), owner})
	}
}

// nearest is the closest key within limit edits and its owner. Two owners equally close are no answer; neither is a
// key whose digits differ, for a digit is never a slip of spelling but another product. The first letter is held
// too in short keys: people seldom miss it (Pollock and Zamora 1984: under 8 in 100 misspellings).
func (s *spelling) nearest(key string, limit int) (owner int32, found string, ok bool) {
	mask := letters(key)
	best := limit + 1
	for n := max(len(key)-limit, 1); n <= len(key)+limit && n < len(s.byLength); n++ {
		for i := range s.byLength[n] {
			e := &s.byLength[n][i]
			if bits.OnesCount32(mask^e.letters) > 2*limit {
				continue
			}
			if len(key) < 9 && key[0] != e.key[0] && (len(key) < 2 || key[1] != e.key[0]) {
				continue
			}
			d := edits(key, e.key, limit)
			if d > limit || d > best || !sameDigits(key, e.key) || s.strict && len(e.key) < 10 && d > 0 && !handSlip(key, e.key) {
				continue
			}
			switch {
			case d < best:
				best, owner, found, ok = d, e.owner, e.key, true
			case e.owner != owner:
				ok = false
			}
		}
	}
	return owner, found, ok
}

// handSlip tells a slip of the hand, at one edit's distance, from what may be another name: a letter left out, two
// swapped, one doubled, or one lost in transport. "Lifespan" for "LifeScan" and "Brothers" for "Brother" are none.
func handSlip(key, meant string) bool {
	switch len(key) - len(meant) {
	case -1:
		return key[len(key)-1] == meant[len(meant)-1] // an end cut off is no slip
	case 1:
		for i := 1; i < len(key); i++ {
			if key[i] == key[i-1] && key[:i]+key[i+1:] == meant {
				return true
			}
		}
		return false
	}
	differ := 0
	for i := range key {
		if key[i] != meant[i] && key[i] != lost {
			differ++
		}
	}
	return differ != 1
}

// edits is the number of insertions, deletions, replacements and swaps of neighbours between a and b, or limit+1.
func edits(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(a) >= 64 || len(b) >= 64 {
		return limit + 1
	}
	var rows [3][65]uint8
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := 0; j <= len(b); j++ {
		last[j] = uint8(j)
	}
	for i := 1; i <= len(a); i++ {
		row[0] = uint8(i)
		least := row[0]
		for j := 1; j <= len(b); j++ {
			cost := uint8(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if int(least) > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return int(last[len(b)])
}

func sameDigits(a, b string) bool {
	i, j := 0, 0
	for {
		for i < len(a) && !digit(a[i]) {
			i++
		}
		for j < len(b) && !digit(b[j]) {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if a[i] != b[j] {
			return false
		}
		i, j = i+1, j+1
	}
}

// slips is how many edits a name of this length may be away: none in short names, for "Roche" and "Bosch" are two firms
// and "Medela" and "Medeva" too; one from seven letters; two only in names so long that no other is that near ("Juniper
// Networks" and "Jupiter Networks" are two edits and 15 letters).
func slips(n int) int {
	switch {
	case n < 6:
		return 0
	case n < 18:
		return 1
	}
	return 2
}

// plus spells a "+" behind a word out, for "HeartStart XL+" is not "HeartStart XL"; between words it stays what it is.
func plus(folded string) string {
	if !strings.Contains(folded, "+") {
		return folded
	}
	var b strings.Builder
	for i := 0; i < len(folded); i++ {
		if folded[i] == '+' && i > 0 && wordByte(folded[i-1]) && (i+1 == len(folded) || !wordByte(folded[i+1])) {
			b.WriteString(" plus")
			continue
		}
		b.WriteByte(folded[i])
	}
	return b.String()
}
