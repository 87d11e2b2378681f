// Package medibus reads the identification that Dräger ventilators and anaesthesia machines give in MEDIBUS, a serial
// protocol that reaches the network through terminal servers. It decides which bytes are a frame, by form and checksum,
// and reads the answer to one command; measurements, settings, alarms and text messages are passed over.
package medibus

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// The attributes of this protocol. They are of the device at the far end of the serial line; the address on the network
// is its terminal server's.
const (
	attrID       fact.Attr = "medibus.id"
	attrModel    fact.Attr = "medibus.model"
	attrRevision fact.Attr = "medibus.revision"
)

// trust is less than the 0.95 of a vendor's own protocol (domain/05 §5.7): no recording of a real device is in the tests.
const trust = 0.8

// A command is ESC, a code, arguments; a response SOH, the same code, data; both end in a checksum of two hexadecimal
// digits, the sum of all bytes before it, and CR (Dräger RS 232 MEDIBUS, domain/05 §5.4).
const (
	escape, soh, cr = 0x1b, 0x01, 0x0d

	identify = 0x52

	// maxFrame is more than the 251 bytes of a command's arguments with its frame.
	maxFrame = 300
)

// Parser reads MEDIBUS over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name:   "medibus",
		Doc:    "Dräger MEDIBUS behind terminal servers: ventilators and anaesthesia machines by name, id and protocol revision.",
		Attrs:  []fact.Attr{attrID, attrModel, attrRevision, fact.Manufacturer, fact.Parent},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "\x01\x1b",
		Claims: claims,
		New:    newConversation,
	}
}

// claims accepts a whole frame whose checksum is right: of a command by which a conversation begins, or a response.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < 5 || b[0] != escape && b[0] != soh || b[1] < 0x23 || b[1] > 0x6d {
		return false
	}
	end := bytes.IndexByte(b[:min(len(b), maxFrame)], cr)
	return end >= 4 && checked(b[:end])
}

// checked tells whether a frame without its CR ends in its checksum.
func checked(b []byte) bool {
	sum := byte(0)
	for _, c := range b[:len(b)-2] {
		sum += c
	}
	const digits = "0123456789ABCDEF"
	return b[len(b)-2] == digits[sum>>4] && b[len(b)-1] == digits[sum&15]
}

type conversation struct {
	ends [2]protocol.Endpoint
	last [2]string // the identification said last
}

func newConversation(o protocol.Opening) protocol.Conversation {
	return &conversation{ends: [2]protocol.Endpoint{protocol.ToServer: o.Client, protocol.ToClient: o.Server}}
}

// Next consumes frames; bytes of real-time data, whose highest bit is set, stand between and inside them.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	used := 0
	for used < len(data) {
		b := data[used:]
		if b[0] != soh {
			next := bytes.IndexByte(b, soh)
			if next < 0 {
				return len(data), nil
			}
			used += next
			continue
		}
		end := bytes.IndexByte(b, cr)
		switch {
		case end < 0 && len(b) < maxFrame:
			return used, nil
		case end < 0 || end >= maxFrame:
			used++
			continue
		}
		if last := bytes.LastIndexByte(b[:end], soh); last > 0 { // what was cut off before it
			used += last
			continue
		}
		if end >= 4 && b[1] == identify {
			c.identity(d, b[:end], emit)
		}
		used += end + 1
	}
	return used, nil
}

// identity reads the answer to the request for identification: four digits, a name in quotes, the revision of the
// protocol. The software that asks answers the same request with a name of its own.
func (c *conversation) identity(d protocol.Dir, b []byte, emit func(fact.Fact)) {
	if !checked(b) || string(b) == c.last[d] {
		return
	}
	c.last[d] = string(b)
	body := b[2 : len(b)-2]
	if len(body) < 6 || body[4] != '\'' {
		return
	}
	id, rest := string(body[:4]), body[5:]
	name, revision, ok := bytes.Cut(rest, []byte("'"))
	if !ok || len(name) == 0 || !printable(name) || !printable(revision) || !printable(body[:4]) {
		return
	}
	subject := c.subject(d, id, string(name))
	say := func(a fact.Attr, v string) {
		if v = strings.TrimSpace(v); v != "" {
			emit(fact.Fact{Subject: subject, Attr: a, Value: v, Trust: trust, Because: "device identification"})
		}
	}
	say(attrModel, string(name))
	say(attrID, id)
	say(attrRevision, string(revision))
	if d == protocol.ToClient { // who answers at a terminal server is the machine; what connects to it may be anybody's software
		say(fact.Manufacturer, "Dräger")
		say(fact.Parent, c.ends[d].IP.String())
	}
}

// subject is the machine on the serial line: a child of the terminal server, of which it knows port and address only.
func (c *conversation) subject(d protocol.Dir, id, name string) fact.Key {
	if d == protocol.ToServer {
		return c.ends[d].Key()
	}
	at := c.ends[d]
	return fact.Child("medibus/" + at.IP.String() + "/" + strconv.Itoa(int(at.Port)) + "/" + id + "/" + name)
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
