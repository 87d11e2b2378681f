package protocol

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"pons/fact"
)

// maxPerAttr bounds the different values kept for one attribute of one subject: a proxy may ask for any number
// of names, and a hostile host may invent them. maxValue bounds one value in bytes.
const (
	maxPerAttr = 1024
	maxValue   = 2048
)

type statementKey struct {
	subject string // a host key's value, or a child's behind childMark
	attr    fact.Attr
	value   string
	source  fact.Source
}

type subjectAttr struct {
	subject string
	attr    fact.Attr
}

// statement is one thing said, however often: where first, and when first and last.
type statement struct {
	first, last int64
	frame       uint64 // of the first
	because     string // without the frame
	trust       float64
}

type statementTable struct {
	max     int
	said    map[statementKey]*statement
	perAttr map[subjectAttr]int
	dropped uint64
}

// childMark begins the subject of a child; a host's begins with an address or a bar.
const childMark = "child:"

// add stores a fact and tells whether it was new. Only hosts and their children are subjects on the wire.
func (t *statementTable) add(f fact.Fact, nano int64, frame uint64) bool {
	subject := f.Subject.Value
	switch f.Subject.Kind {
	case "host":
	case "child":
		subject = childMark + subject
	default:
		t.dropped++
		return false
	}
	value := clean(f.Value)
	if value == "" {
		return false
	}
	k := statementKey{subject, f.Attr, value, f.Source}
	if s := t.said[k]; s != nil {
		s.last = max(s.last, nano)
		s.first = min(s.first, nano)
		return false
	}
	sa := subjectAttr{k.subject, k.attr}
	if len(t.said) >= t.max || t.perAttr[sa] >= maxPerAttr {
		t.dropped++
		return false
	}
	t.perAttr[sa]++
	t.said[k] = &statement{first: nano, last: nano, frame: frame, because: f.Because, trust: f.Trust}
	return true
}

// reason is the fact's Because: the parser's word and the frame.
func (s *statement) reason() string {
	at := "frame " + strconv.FormatUint(s.frame, 10)
	if s.because == "" {
		return at
	}
	return s.because + ", " + at
}

// clean makes a value one line of valid text: bytes of the wire may hold anything, and what holds it later
// (a table, a spreadsheet, a terminal) must not be steered by it.
func clean(s string) string {
	if len(s) > maxValue {
		s = s[:maxValue]
	}
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			plain = false
			break
		}
	}
	if plain {
		return strings.TrimSpace(s)
	}
	if i := strings.IndexByte(s, 0); i >= 0 && strings.Trim(s[i:], "\x00") == "" {
		s = s[:i] // C strings are padded with zeros
	}
	var b strings.Builder
	space := false
	for _, r := range strings.ToValidUTF8(s, "") {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) && r != utf8.RuneError {
			space = true
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}
