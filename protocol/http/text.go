package http

import "unicode/utf8"

// equalFold compares with a lower-case name, ASCII only.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i := range b {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// decimal reads digits and nothing else.
func decimal(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	return n, true
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// fieldText returns a field's value without the blanks around it, or nothing if it is too long to name
// something or holds what no text holds.
func fieldText(b []byte) []byte {
	b = trim(b)
	if len(b) > maxValue {
		return nil
	}
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == 0x7f {
			return nil
		}
	}
	return b
}

// hostText returns the value of a Host field if it could be one: a name or address and perhaps a port.
func hostText(b []byte) []byte {
	b = trim(b)
	if len(b) > 255 {
		return nil
	}
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']', c == '%':
		default:
			return nil
		}
	}
	return b
}

func trim(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// text turns a value into UTF-8, taking for Latin-1 what is not (RFC 9110 §5.5), and unfolds it.
func text(b []byte) string {
	out := make([]byte, 0, len(b))
	latin := !utf8.Valid(b)
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\r' || c == '\n':
			// A fold stands for one blank (RFC 9112 §5.2).
			for i+1 < len(b) && blank(b[i+1]) {
				i++
			}
			out = append(out, ' ')
		case latin && c >= 0x80:
			out = utf8.AppendRune(out, rune(c))
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
