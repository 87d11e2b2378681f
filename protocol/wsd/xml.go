package wsd

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// maxDepth is deeper than any message of discovery: envelope, body, matches, match, reference, address.
const maxDepth = 24

// scanner goes through the elements of an XML text. It knows no document types, hence no entities but the five that are
// always there, and never looks at attributes.
type scanner struct {
	b     []byte
	path  [maxDepth][]byte // local names of the elements that are open
	depth int
}

// run calls each with the text of every element that holds nothing but text, and leave at the end of every element; the
// path ends with the element's own name. It is false where the text is no XML, or ends early.
func (s *scanner) run(each func(path [][]byte, text []byte), leave func(path [][]byte)) bool {
	var text []byte
	leaf := false
	for len(s.b) > 0 {
		open := bytes.IndexByte(s.b, '<')
		if open < 0 {
			return s.depth == 0
		}
		if leaf && len(text) == 0 {
			text = s.b[:open]
		}
		s.b = s.b[open+1:]
		switch {
		case bytes.HasPrefix(s.b, []byte("!--")):
			if !s.past("-->") {
				return false
			}
			continue
		case bytes.HasPrefix(s.b, []byte("![CDATA[")):
			end := bytes.Index(s.b, []byte("]]>"))
			if end < 0 {
				return false
			}
			if leaf {
				text = s.b[len("![CDATA["):end]
			}
			s.b = s.b[end+3:]
			continue
		case bytes.HasPrefix(s.b, []byte("!")): // a document type
			return false
		case bytes.HasPrefix(s.b, []byte("?")):
			if !s.past("?>") {
				return false
			}
			continue
		}
		end := tagEnd(s.b)
		if end < 0 {
			return false
		}
		tag := s.b[:end]
		s.b = s.b[end+1:]
		if bytes.HasPrefix(tag, []byte("/")) {
			if s.depth == 0 || !bytes.Equal(local(tag[1:]), s.path[s.depth-1]) {
				return false
			}
			if leaf {
				each(s.path[:s.depth], bytes.TrimSpace(text))
			}
			leave(s.path[:s.depth])
			s.depth--
			leaf, text = false, nil
			continue
		}
		if s.depth == maxDepth {
			return false
		}
		s.path[s.depth] = local(tag)
		s.depth++
		leaf, text = true, nil
		if bytes.HasSuffix(tag, []byte("/")) {
			leave(s.path[:s.depth])
			s.depth--
			leaf = false
		}
	}
	return s.depth == 0
}

func (s *scanner) past(mark string) bool {
	end := bytes.Index(s.b, []byte(mark))
	if end < 0 {
		return false
	}
	s.b = s.b[end+len(mark):]
	return true
}

// tagEnd finds the end of a tag; attributes may hold one in quotes.
func tagEnd(b []byte) int {
	quote := byte(0)
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		case c == '<':
			return -1
		}
	}
	return -1
}

// local is the name of an element without prefix and attributes.
func local(tag []byte) []byte {
	end := bytes.IndexAny(tag, " \t\r\n/")
	if end >= 0 {
		tag = tag[:end]
	}
	if colon := bytes.LastIndexByte(tag, ':'); colon >= 0 {
		tag = tag[colon+1:]
	}
	return tag
}

// unescape replaces the five entities and numbers of characters; others stay as they are.
func unescape(b []byte) string {
	if bytes.IndexByte(b, '&') < 0 {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		end := bytes.IndexByte(b[:min(len(b), 10)], ';')
		if b[0] != '&' || end < 0 {
			out = append(out, b[0])
			b = b[1:]
			continue
		}
		switch name := string(b[1:end]); name {
		case "amp":
			out = append(out, '&')
		case "lt":
			out = append(out, '<')
		case "gt":
			out = append(out, '>')
		case "quot":
			out = append(out, '"')
		case "apos":
			out = append(out, '\'')
		default:
			n, err := uint64(0), error(nil)
			switch {
			case len(name) > 2 && name[0] == '#' && name[1]|0x20 == 'x':
				n, err = strconv.ParseUint(name[2:], 16, 32)
			case len(name) > 1 && name[0] == '#':
				n, err = strconv.ParseUint(name[1:], 10, 32)
			}
			if err != nil || n == 0 || n > utf8.MaxRune {
				out = append(out, b[0])
				b = b[1:]
				continue
			}
			out = utf8.AppendRune(out, rune(n))
		}
		b = b[end+1:]
	}
	return string(out)
}
