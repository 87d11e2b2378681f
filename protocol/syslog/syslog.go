// Package syslog reads the heads of syslog messages (RFC 3164, RFC 5424, RFC 6587): the name of the host and of the
// program that wrote them. It decides whether the host named is the one that sent them; messages themselves are never
// looked at.
package syslog

import (
	"bytes"
	"fmt"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
	"pons/protocol/line"
)

// Attributes of the sender. A sender that brings messages of hosts of several names passes them on: from then on
// nothing more is said of it.
const (
	Hostname fact.Attr = "syslog.hostname"
	App      fact.Attr = "syslog.app"
)

// trust is that of a host name, domain/05 §5.7.
const trust = 0.4

const (
	// maxHead is how far a head reaches: time, a host name of 255 and a program's of 48 (RFC 5424 §6).
	maxHead = 512
	// maxApps bounds the programs that are remembered of a conversation.
	maxApps = 32
	// user is the facility of what people write themselves: logger(1) then puts the user's name where the program's
	// stands, and it is not taken.
	user = 1
)

var errMessage = fmt.Errorf("syslog: no message: %w", fault.Invalid)

// Parser reads syslog over UDP and TCP: on any port if a message bears the date where it must, else on its own.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "syslog", Doc: "syslog: names of hosts and of their programs",
		Attrs:  []fact.Attr{Hostname, App},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{key: o.Client.Key(), stream: o.Transport == protocol.TCP}
		},
	}
}

func claims(o protocol.Opening) bool {
	if o.Transport == protocol.Link || o.FirstDir != protocol.ToServer || len(o.First) < 4 {
		return false
	}
	b := o.First
	if b[0] != '<' {
		if o.Transport != protocol.TCP {
			return false
		}
		n, _, ok := counted(b)
		if !ok || n == 0 {
			return false
		}
		b = b[n:]
	}
	_, rest, ok := priority(b)
	if !ok {
		return false
	}
	h, ok := headOf(rest)
	return ok && h.dated || o.Server.Port == 514 || o.Server.Port == 601 && o.Transport == protocol.TCP
}

// priority reads "<134>" and returns the facility.
func priority(b []byte) (facility int, rest []byte, ok bool) {
	end := bytes.IndexByte(b[:min(len(b), 5)], '>')
	if end < 2 || b[0] != '<' {
		return 0, nil, false
	}
	n, ok := line.Number(b[1:end])
	return n >> 3, b[end+1:], ok && n <= 191
}

// counted reads the length before a message (RFC 6587 §3.4.1) and returns where the message begins; zero and true
// when more is needed.
func counted(b []byte) (begin, size int, ok bool) {
	end := bytes.IndexByte(b[:min(len(b), 8)], ' ')
	if end < 0 {
		_, ok = line.Number(b[:min(len(b), 8)])
		return 0, 0, ok && len(b) < 8
	}
	size, ok = line.Number(b[:end])
	return end + 1, size, ok && size > 2
}

// head is what a head names.
type head struct {
	host, app []byte
	dated     bool
}

// headOf reads what follows the priority, of either form.
func headOf(b []byte) (h head, ok bool) {
	b = b[:min(len(b), maxHead)]
	if len(b) > 2 && b[0] == '1' && b[1] == ' ' {
		stamp, rest := line.Word(b[2:])
		if !isoTime(stamp) && string(stamp) != "-" {
			return h, false
		}
		h.dated = len(stamp) > 1
		h.host, rest = line.Word(rest)
		h.app, _ = line.Word(rest)
		return h, true
	}
	rest, ok := oldTime(b)
	if !ok {
		if stamp, after := line.Word(b); isoTime(stamp) { // the BSD form with a modern date, as rsyslog forwards it
			rest, ok = after, true
		}
	}
	if !ok {
		return h, false
	}
	h.dated = true
	word, after := line.Word(rest)
	if tag, is := tagOf(word); is { // no host name: the program stands first
		h.app = tag
		return h, true
	}
	h.host = word
	word, _ = line.Word(after)
	h.app, _ = tagOf(word)
	return h, true
}

// tagOf returns the program of "sshd[77]:" or "su:", and whether the word is such a tag at all.
func tagOf(word []byte) (tag []byte, ok bool) {
	if at := bytes.IndexByte(word, '['); at > 0 {
		return word[:at], true
	}
	if n := len(word); n > 1 && word[n-1] == ':' {
		return word[:n-1], true
	}
	return nil, false
}

// oldTime passes over "Oct 11 22:14:15 ", with or without a year behind the day as Cisco's devices write it.
func oldTime(b []byte) (rest []byte, ok bool) {
	if len(b) < 16 || b[3] != ' ' || bytes.Index([]byte("JanFebMarAprMayJunJulAugSepOctNovDec"), b[:3])%3 != 0 {
		return nil, false
	}
	b = b[4:]
	for _, length := range []int{2, 1} { // "Oct  1" and "Oct 1"
		if c := bytes.TrimLeft(b[:length], " "); len(c) > 0 && b[length] == ' ' {
			if _, number := line.Number(c); number {
				b, ok = b[length+1:], true
				break
			}
		}
	}
	if len(b) > 5 && b[4] == ' ' {
		if _, year := line.Number(b[:4]); year {
			b = b[5:]
		}
	}
	if !ok || len(b) < 9 || b[2] != ':' || b[5] != ':' {
		return nil, false
	}
	_, rest = line.Word(b)
	return rest, true
}

// isoTime tells a date of RFC 3339.
func isoTime(b []byte) bool {
	return len(b) >= 19 && b[4] == '-' && b[7] == '-' && b[10] == 'T' && b[13] == ':' && b[16] == ':'
}

type conversation struct {
	key    fact.Key
	stream bool
	long   bool
	left   int
	host   string
	relay  bool
	apps   []string
}

// Next reads one message.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	switch {
	case d == protocol.ToClient:
		return len(data), nil
	case !c.stream:
		if _, _, ok := priority(data); !ok {
			return 0, errMessage
		}
		c.message(data, emit)
		return len(data), nil
	case c.left > 0:
		n := min(c.left, len(data))
		c.left -= n
		return n, nil
	case data[0] >= '1' && data[0] <= '9' && !c.long:
		begin, size, ok := counted(data)
		if !ok {
			return 0, errMessage
		}
		if begin == 0 || len(data) < begin+min(size, maxHead) {
			return 0, nil
		}
		c.message(data[begin:begin+min(size, maxHead)], emit)
		c.left = size - min(size, maxHead)
		return begin + min(size, maxHead), nil
	}
	end := bytes.IndexAny(data, "\n\x00") // RFC 6587 §3.4.2
	switch {
	case end < 0 && c.long:
		return len(data), nil
	case end < 0 && len(data) < maxHead:
		return 0, nil
	}
	if !c.long {
		n := min(len(data), maxHead)
		if end >= 0 {
			n = min(end, n)
		}
		c.message(data[:n], emit)
	}
	c.long = end < 0
	if c.long {
		return len(data), nil
	}
	return end + 1, nil
}

// message says what one head names.
func (c *conversation) message(b []byte, emit func(fact.Fact)) {
	facility, rest, ok := priority(b)
	if !ok || c.relay {
		return
	}
	h, ok := headOf(rest)
	if !ok {
		return
	}
	if line.HostName(h.host) && string(h.host) != c.host {
		if c.host != "" {
			c.relay = true
			return
		}
		c.host = string(h.host)
		emit(fact.Fact{Subject: c.key, Attr: Hostname, Value: c.host, Trust: trust, Because: "HOSTNAME"})
	}
	if facility == user || !program(h.app) || len(c.apps) >= maxApps {
		return
	}
	for _, app := range c.apps {
		if app == string(h.app) {
			return
		}
	}
	app := string(h.app)
	c.apps = append(c.apps, app)
	emit(fact.Fact{Subject: c.key, Attr: App, Value: app, Trust: trust, Because: "APP-NAME"})
}

// program tells what can be the name of one: no addresses, no words of a message.
func program(b []byte) bool {
	if len(b) < 2 || len(b) > 48 {
		return false
	}
	letter := false
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letter = true
		case c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '/', c == '%', c == '(', c == ')':
		default:
			return false
		}
	}
	return letter
}
