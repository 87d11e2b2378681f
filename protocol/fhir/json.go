package fhir

import (
	"unicode/utf16"
	"unicode/utf8"

	"pons/fact"
)

// maxValue bounds a value that is kept; longer ones are no names.
const maxValue = 256

// JSON reads a FHIR document in JSON, in whatever pieces it comes.
type JSON struct {
	w     walker
	keys  [maxDepth]key  // the key before the value being read, by depth of braces
	array [maxDepth]bool // whether a bracket, not a brace, is open
	depth int
	over  bool

	inString, isKey, keep bool
	escape                byte // 1 behind a backslash, 2–5 inside \u
	unit, high            rune
	text                  []byte
}

// NewJSON begins a document. found receives each thing said of a device, with an id that is the device's own.
func NewJSON(found func(attr fact.Attr, value, id string)) *JSON {
	return &JSON{w: walker{found: found}}
}

// Write takes the next bytes; it keeps none of them but wanted values.
func (j *JSON) Write(b []byte) {
	for i := 0; i < len(b) && !j.over && !j.w.over; i++ {
		c := b[i]
		if j.inString {
			j.stringByte(c)
			continue
		}
		switch c {
		case '"':
			j.inString, j.text = true, j.text[:0]
			j.isKey = j.depth > 0 && !j.array[j.depth-1] && j.keys[j.depth-1] == wantKey
			j.keep = j.isKey || j.depth > 0 && j.w.wants(j.keys[j.depth-1])
		case '{', '[':
			j.begin(c)
		case '}', ']':
			j.end(c)
		case ',':
			if j.depth > 0 && !j.array[j.depth-1] {
				j.keys[j.depth-1] = wantKey
			}
		}
	}
}

// wantKey stands where a key is still to come.
const wantKey key = 0xff

func (j *JSON) begin(c byte) {
	if j.depth == maxDepth {
		j.over = true
		return
	}
	above := other
	if j.depth > 0 {
		above = j.keys[j.depth-1]
	}
	j.array[j.depth] = c == '['
	j.keys[j.depth] = wantKey
	if c == '[' {
		j.keys[j.depth] = above // an array's elements stand for its key
	} else {
		j.w.enter(above, j.depth == 0 || above == resource || above == contained, false)
	}
	j.depth++
}

func (j *JSON) end(c byte) {
	if j.depth == 0 || j.array[j.depth-1] != (c == ']') {
		j.over = true
		return
	}
	j.depth--
	if c == '}' {
		j.w.leave()
	}
}

// stringByte reads one byte inside a string.
func (j *JSON) stringByte(c byte) {
	switch {
	case j.escape == 1:
		j.escape = 0
		switch c {
		case 'u':
			j.escape, j.unit = 2, 0
		case 'n', 'r', 't', 'b', 'f':
			j.put(" ")
		default:
			j.put(string(rune(c)))
		}
	case j.escape > 1:
		d := hex(c)
		if d < 0 {
			j.over = true
			return
		}
		j.unit = j.unit<<4 | d
		if j.escape++; j.escape == 6 {
			j.escape = 0
			j.codeUnit()
		}
	case c == '\\':
		j.escape = 1
	case c == '"':
		j.inString = false
		j.closeString()
	case j.keep && len(j.text) <= maxValue:
		j.text = append(j.text, c)
	}
}

// codeUnit takes a UTF-16 unit; two of them may make one character.
func (j *JSON) codeUnit() {
	r := j.unit
	switch {
	case utf16.IsSurrogate(r) && r < 0xdc00:
		j.high = r
		return
	case utf16.IsSurrogate(r):
		r = utf16.DecodeRune(j.high, r)
	}
	j.high = 0
	j.put(string(r))
}

func (j *JSON) put(s string) {
	if j.keep && len(j.text) <= maxValue {
		j.text = append(j.text, s...)
	}
}

func (j *JSON) closeString() {
	if j.isKey {
		j.keys[j.depth-1] = keyOf(j.text)
		return
	}
	if j.keep && len(j.text) <= maxValue && utf8.Valid(j.text) {
		j.w.take(j.keys[j.depth-1], string(j.text))
	}
}

func hex(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}
