// Package line reads protocols in which people could talk: commands and replies, one a line (FTP, SMTP, POP3, IMAP),
// and heads of named fields (RTSP, SIP). It decides where a line ends, what to do with one that does not, and how a
// word is compared; what a line means is each protocol's own.
package line

import (
	"bytes"

	"pons/fact"
)

// Max is the longest line that is looked at. RFC 5321 §4.5.3.1 allows 512 bytes to a reply and 998 to a line of text,
// RFC 3261 and 2326 set no bound; longer ones are passed over.
const Max = 4096

// maxText is what is kept of a line that describes its sender.
const maxText = 512

// Talk is a conversation in lines. Sides are 0 for the client and 1 for the server, as protocol.Dir counts them.
type Talk struct {
	sender [2]fact.Key
	long   [2]bool // the rest of a line that is passed over
	told   [4]string
}

// Between begins a talk.
func Between(client, server fact.Key) Talk { return Talk{sender: [2]fact.Key{client, server}} }

// Line returns the next line of a side without its end, and the bytes used; zero asks for more. Of a line longer
// than Max there is none: it is used up and nil.
func (t *Talk) Line(side uint8, data []byte) (text []byte, used int) {
	end := bytes.IndexByte(data, '\n')
	switch {
	case end < 0 && (t.long[side&1] || len(data) >= Max):
		t.long[side&1] = true
		return nil, len(data)
	case end < 0:
		return nil, 0
	case t.long[side&1] || end >= Max:
		t.long[side&1] = false
		return nil, end + 1
	}
	return bytes.TrimRight(data[:end], "\r"), end + 1
}

// Say states what a side said of itself.
func (t *Talk) Say(emit func(fact.Fact), side uint8, attr fact.Attr, value []byte, trust float64, because string) {
	value = bytes.TrimSpace(value)
	if len(value) > 0 {
		emit(fact.Fact{Subject: t.sender[side&1], Attr: attr, Value: string(value[:min(len(value), maxText)]), Trust: trust, Because: because})
	}
}

// Practice states an insecure practice of both ends, once in a talk.
func (t *Talk) Practice(emit func(fact.Fact), value, because string) {
	for i := range t.told {
		if t.told[i] == value {
			return
		}
		if t.told[i] == "" {
			t.told[i] = value
			break
		}
	}
	for _, key := range t.sender {
		emit(fact.Fact{Subject: key, Attr: fact.Practice, Value: value, Trust: 0.95, Because: because})
	}
}

// Is tells whether b is the lower-case word, whatever its case.
func Is(b []byte, word string) bool { return len(b) == len(word) && Begins(b, word) }

// Begins tells whether b begins with the lower-case word, whatever its case. Only ASCII letters have a case.
func Begins(b []byte, word string) bool {
	if len(b) < len(word) {
		return false
	}
	for i := range len(word) {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// Contains tells whether the lower-case word occurs in b, whatever its case.
func Contains(b []byte, word string) bool {
	for i := 0; i+len(word) <= len(b); i++ {
		if Begins(b[i:], word) {
			return true
		}
	}
	return false
}

// Word splits a line at its first blank.
func Word(b []byte) (word, rest []byte) {
	word, rest, _ = bytes.Cut(b, []byte(" "))
	return word, bytes.TrimLeft(rest, " ")
}

// Reply reads the three digits of a reply and tells whether another line of the same reply follows; the text is
// what stands behind. Not every line of a long reply has digits (RFC 959 §4.2).
func Reply(b []byte) (code int, more bool, text []byte, ok bool) {
	if len(b) < 3 || b[0] < '1' || b[0] > '6' || !digit(b[1]) || !digit(b[2]) {
		return 0, false, nil, false
	}
	code = int(b[0]-'0')*100 + int(b[1]-'0')*10 + int(b[2]-'0')
	switch {
	case len(b) == 3:
		return code, false, nil, true
	case b[3] == ' ' || b[3] == '-':
		return code, b[3] == '-', b[4:], true
	}
	return 0, false, nil, false
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// First returns the first line of b, complete or not, without its end.
func First(b []byte) []byte {
	if end := bytes.IndexByte(b, '\n'); end >= 0 {
		b = b[:end]
	}
	return bytes.TrimRight(b, "\r")
}

// Field splits a line of a head into name and value; without a colon there is no name.
func Field(b []byte) (name, value []byte) {
	name, value, ok := bytes.Cut(b, []byte(":"))
	if !ok {
		return nil, nil
	}
	return bytes.TrimRight(name, " \t"), bytes.TrimSpace(value)
}

// Number reads digits and nothing else, at most nine.
func Number(b []byte) (n int, ok bool) {
	if len(b) == 0 || len(b) > 9 {
		return 0, false
	}
	for _, c := range b {
		if !digit(c) {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// HostName tells whether b could be the name of a host that tells it from others: letters, digits, hyphens, dots
// and underscores, a letter among them, and not the name that every host has.
func HostName(b []byte) bool {
	if len(b) < 2 || len(b) > 253 || Is(b, "localhost") || Begins(b, "localhost.") {
		return false
	}
	letter := false
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letter = true
		case digit(c), c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return letter
}

// Part is what Message.Step found.
type Part uint8

// The parts of a message of a head and a body, as SIP and RTSP send them.
const (
	Nothing Part = iota // more bytes are needed, or some were passed over
	Start               // the first line
	Named               // a field of the head
	Blank               // the end of the head
)

// Message follows the messages of one side: a first line, named fields, a blank line, a body whose length a field
// told. Bodies are passed over.
type Message struct {
	head bool
	body int
	long bool
	skip int // of a frame between messages
}

// Length sets the size of the body of the message whose head is being read.
func (m *Message) Length(n int) { m.body = n }

// Framed tells whether neither a head nor a body is being read.
func (m *Message) Framed() bool { return !m.head && m.body == 0 && m.skip == 0 && !m.long }

// Skip passes over what stands between two messages.
func (m *Message) Skip(n int) { m.skip = n }

// Step reads one line, or passes over some of a body; zero asks for more. Continued lines (RFC 3261 §7.3.1) are
// passed over.
func (m *Message) Step(data []byte) (part Part, text []byte, used int) {
	if m.skip > 0 {
		used = min(m.skip, len(data))
		m.skip -= used
		return Nothing, nil, used
	}
	if !m.head && m.body > 0 {
		used = min(m.body, len(data))
		m.body -= used
		return Nothing, nil, used
	}
	end := bytes.IndexByte(data, '\n')
	switch {
	case end < 0 && (m.long || len(data) >= Max):
		m.long = true
		return Nothing, nil, len(data)
	case end < 0:
		return Nothing, nil, 0
	case m.long || end >= Max:
		m.long = false
		return Nothing, nil, end + 1
	}
	text = bytes.TrimRight(data[:end], "\r")
	switch {
	case len(text) == 0 && m.head:
		m.head = false
		return Blank, nil, end + 1
	case len(text) == 0, m.head && (text[0] == ' ' || text[0] == '\t'):
		return Nothing, nil, end + 1
	case m.head:
		return Named, text, end + 1
	}
	m.head, m.body = true, 0
	return Start, text, end + 1
}
