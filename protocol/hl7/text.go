package hl7

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// delimiters are the characters of MSH-1 and MSH-2; zero for what a sender does not use.
type delimiters struct {
	field, component, repetition, escape, subcomponent byte
	size                                               int // of MSH-1 and MSH-2
}

// maxMarks is the field separator, the five encoding characters of v2.7 and the separator again.
const maxMarks = 7

// delimitersOf reads the delimiters at b; more asks for more bytes.
func delimitersOf(b []byte) (m delimiters, ok, more bool) {
	for i := range min(len(b), maxMarks) {
		switch {
		case b[i] <= ' ' || b[i] >= 0x7f || alphanumeric(b[i]):
			return m, false, false
		case i == 0:
			m.field = b[0]
		case b[i] == m.field:
			m.size = i
			return m, i > 1, false
		case i == 1:
			m.component = b[i]
		case i == 2:
			m.repetition = b[i]
		case i == 3:
			m.escape = b[i]
		case i == 4:
			m.subcomponent = b[i]
		}
	}
	return m, false, len(b) < maxMarks
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// text writes a field with the delimiters of the standard, its escapes resolved (HL7 v2.9 §2.7), the empty
// components at its end left out. HL7's explicit nothing ("") is nothing here.
func (m delimiters) text(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == m.escape && m.escape != 0:
			sequence, _, found := cut(b[i+1:min(len(b), i+66)], m.escape)
			if !found {
				out = append(out, c)
				continue
			}
			out = m.unescape(out, sequence)
			i += len(sequence) + 1
		case c == m.component:
			out = append(out, '^')
		case c == m.subcomponent && c != 0:
			out = append(out, '&')
		default:
			out = append(out, c)
		}
	}
	if !utf8.Valid(out) { // MSH-18 is absent as often as right; what is not UTF-8 is taken for Latin-1
		var runes []byte
		for _, c := range out {
			runes = utf8.AppendRune(runes, rune(c))
		}
		out = runes
	}
	text := strings.TrimSpace(strings.TrimRight(string(out), "^& "))
	if text == `""` {
		return ""
	}
	return text
}

// unescape writes what an escape sequence stands for; formatting and unknown ones stand for nothing.
func (m delimiters) unescape(out, sequence []byte) []byte {
	switch string(sequence) {
	case "F":
		return append(out, '|')
	case "S":
		return append(out, '^')
	case "T":
		return append(out, '&')
	case "R":
		return append(out, '~')
	case "E":
		return append(out, '\\')
	}
	if len(sequence) > 1 && sequence[0] == 'X' {
		if b, err := hex.DecodeString(string(sequence[1:])); err == nil {
			return append(out, b...)
		}
	}
	return out
}

func cut(b []byte, mark byte) (before, after []byte, found bool) {
	if mark != 0 {
		for i, c := range b {
			if c == mark {
				return b[:i], b[i+1:], true
			}
		}
	}
	return b, nil, false
}
