package xlsx

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"pons/fault"
	"pons/intake"
)

// scanner walks the tags of an XML part. It knows no namespaces: prefixes are dropped, as workbooks use one vocabulary.
type scanner struct {
	src        io.Reader
	buf        []byte
	start, end int
	eof        bool
	err        error

	name    []byte // of the tag, valid until the next call
	attrs   []byte
	closing bool
	empty   bool // <c/>
}

func newScanner(src io.Reader) *scanner { return &scanner{src: src, buf: make([]byte, 64<<10)} }

func (s *scanner) failed(part string) error {
	if s.err != nil {
		return fmt.Errorf("part %s: %w", part, s.err)
	}
	return nil
}

// fill reads more, keeping what is unread from start on.
func (s *scanner) fill() bool {
	if s.eof || s.err != nil {
		return false
	}
	if s.start > 0 {
		copy(s.buf, s.buf[s.start:s.end])
		s.end -= s.start
		s.start = 0
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= intake.MaxRowBytes {
			s.err = fmt.Errorf("a piece of text or a tag is longer than %d MiB: %w", intake.MaxRowBytes>>20, fault.Invalid)
			return false
		}
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range 100 {
		n, err := s.src.Read(s.buf[s.end:])
		s.end += n
		if err == io.EOF {
			s.eof = true
		} else if err != nil {
			s.err = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// index returns where c is next, from start, or -1 at the end of the part.
func (s *scanner) index(c byte, from int) int {
	for {
		if i := bytes.IndexByte(s.buf[s.start+from:s.end], c); i >= 0 {
			return from + i
		}
		from = s.end - s.start
		if !s.fill() {
			return -1
		}
	}
}

// next moves to the next tag, passing over text, comments and declarations.
func (s *scanner) next() bool {
	for {
		i := s.index('<', 0)
		if i < 0 {
			return false
		}
		s.start += i
		if s.tag() {
			return true
		}
		if s.err != nil || s.start >= s.end && s.eof {
			return false
		}
	}
}

// tag reads the tag at start. It returns false for what is not an element.
func (s *scanner) tag() bool {
	i := s.index('>', 1)
	if i < 0 {
		s.start = s.end
		return false
	}
	body := s.buf[s.start+1 : s.start+i]
	if len(body) > 0 && (body[0] == '!' || body[0] == '?') {
		s.skipMarkup(body)
		return false
	}
	for bytes.Count(body, []byte{'"'})&1 != 0 { // a > inside an attribute
		if i = s.index('>', i+1); i < 0 {
			s.start = s.end
			return false
		}
		body = s.buf[s.start+1 : s.start+i]
	}
	s.start += i + 1
	s.closing, s.empty = false, false
	if n := len(body); n > 0 && body[0] == '/' {
		s.closing = true
		body = body[1:]
	} else if n > 0 && body[n-1] == '/' {
		s.empty = true
		body = body[:n-1]
	}
	k := 0
	for k < len(body) && body[k] > ' ' {
		k++
	}
	s.name, s.attrs = body[:k], body[k:]
	if c := bytes.IndexByte(s.name, ':'); c >= 0 {
		s.name = s.name[c+1:]
	}
	return true
}

// skipMarkup passes over a comment, a CDATA section outside text, a declaration.
func (s *scanner) skipMarkup(body []byte) {
	end := ">"
	if bytes.HasPrefix(body, []byte("!--")) {
		end = "-->"
	} else if bytes.HasPrefix(body, []byte("![CDATA[")) {
		end = "]]>"
	}
	for from := 1; ; {
		i := s.index('>', from)
		if i < 0 {
			s.start = s.end
			return
		}
		if bytes.HasSuffix(s.buf[s.start:s.start+i+1], []byte(end)) {
			s.start += i + 1
			return
		}
		from = i + 1
	}
}

// attr returns an attribute by its local name.
func (s *scanner) attr(name string) string { return string(unescape(nil, s.raw(name))) }

// raw returns an attribute's bytes, not unescaped.
func (s *scanner) raw(name string) []byte {
	a := s.attrs
	for i := 0; i < len(a); {
		for i < len(a) && a[i] <= ' ' {
			i++
		}
		from := i
		for i < len(a) && a[i] != '=' && a[i] > ' ' {
			if a[i] == ':' {
				from = i + 1
			}
			i++
		}
		key := a[from:i]
		for i < len(a) && (a[i] <= ' ' || a[i] == '=') {
			i++
		}
		if i == len(a) || a[i] != '"' && a[i] != '\'' {
			return nil
		}
		q := bytes.IndexByte(a[i+1:], a[i])
		if q < 0 {
			return nil
		}
		if string(key) == name {
			return a[i+1 : i+1+q]
		}
		i += q + 2
	}
	return nil
}

// between takes text that stands whole in the buffer between two runs of tags and has nothing to unescape, and moves
// past both runs: the way nearly every cell is written.
func (s *scanner) between(open, shut string) ([]byte, bool) {
	b := s.buf[s.start:s.end]
	if len(b) < len(open) || string(b[:len(open)]) != open {
		return nil, false
	}
	b = b[len(open):]
	n := bytes.IndexByte(b, '<')
	if n < 0 || len(b) < n+len(shut) || string(b[n:n+len(shut)]) != shut || bytes.IndexByte(b[:n], '&') >= 0 {
		return nil, false
	}
	s.start += len(open) + n + len(shut)
	return b[:n], true
}

// text appends the unescaped text up to the next tag to dst.
func (s *scanner) text(dst []byte) []byte {
	for {
		i := s.index('<', 0)
		if i < 0 {
			return dst
		}
		dst = unescape(dst, s.buf[s.start:s.start+i])
		s.start += i
		if s.end-s.start < 9 {
			s.fill()
		}
		cdata := []byte("<![CDATA[")
		if !bytes.HasPrefix(s.buf[s.start:s.end], cdata) {
			return dst
		}
		s.start += len(cdata)
		for from := 0; ; {
			j := s.index('>', from)
			if j < 0 {
				return dst
			}
			if j >= 2 && s.buf[s.start+j-1] == ']' && s.buf[s.start+j-2] == ']' {
				dst = append(dst, s.buf[s.start:s.start+j-2]...)
				s.start += j + 1
				break
			}
			from = j + 1
		}
	}
}

// unescape appends text with its entities resolved.
func unescape(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		text = text[i:]
		j := bytes.IndexByte(text[:min(len(text), 12)], ';')
		if j < 0 {
			dst = append(dst, '&')
			text = text[1:]
			continue
		}
		name := string(text[1:j])
		switch name {
		case "amp":
			dst = append(dst, '&')
		case "lt":
			dst = append(dst, '<')
		case "gt":
			dst = append(dst, '>')
		case "quot":
			dst = append(dst, '"')
		case "apos":
			dst = append(dst, '\'')
		default:
			n, ok := uint64(0), false
			if strings.HasPrefix(name, "#x") || strings.HasPrefix(name, "#X") {
				v, err := strconv.ParseUint(name[2:], 16, 32)
				n, ok = v, err == nil
			} else if strings.HasPrefix(name, "#") {
				v, err := strconv.ParseUint(name[1:], 10, 32)
				n, ok = v, err == nil
			}
			if !ok || n > utf8.MaxRune {
				dst = append(dst, text[:j+1]...)
			} else {
				dst = utf8.AppendRune(dst, rune(n))
			}
		}
		text = text[j+1:]
	}
}

// unexcel resolves _xHHHH_, in which Excel writes control characters (ECMA-376 Part 1 §22.9.2.19), in place.
func unexcel(b []byte, from int) []byte {
	i := bytes.Index(b[from:], []byte("_x"))
	if i < 0 {
		return b
	}
	out := b[:from+i]
	rest := b[from+i:]
	for k := 0; k < len(rest); {
		if rest[k] == '_' && k+7 <= len(rest) && rest[k+1] == 'x' && rest[k+6] == '_' {
			if v, err := strconv.ParseUint(string(rest[k+2:k+6]), 16, 16); err == nil && !(v >= 0xd800 && v < 0xe000) {
				out = utf8.AppendRune(out, rune(v)) // never longer than the seven bytes it replaces
				k += 7
				continue
			}
		}
		out = append(out, rest[k])
		k++
	}
	return out
}
