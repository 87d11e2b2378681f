// Package ssdp reads the discovery of UPnP over UDP (UPnP Device Architecture 2.0 §1). It decides what a device says of
// itself in announcements and answers, and with what a control point searches. The description behind the location is
// package http's.
package ssdp

import (
	"bytes"
	"errors"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of the sender.
const (
	Server    fact.Attr = "ssdp.server"     // "Linux/3.14 UPnP/1.0 IpBridge/1.41.0"
	USN       fact.Attr = "ssdp.usn"        // "uuid:…::urn:schemas-upnp-org:device:InternetGatewayDevice:1"
	Location  fact.Attr = "ssdp.location"   // where its description is
	UserAgent fact.Attr = "http.user_agent" // of who searches: the field is HTTP's, and its speaker the sender
)

// maxLine is longer than any field that identifies something.
const maxLine = 1024

var errMalformed = errors.New("ssdp: malformed")

// Parser claims SSDP by its first line, on any port: nothing else speaks HTTP in datagrams.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "ssdp", Doc: "UPnP discovery: program, unique names and location of devices, programs that search",
		Attrs:  []fact.Attr{Server, USN, Location, UserAgent},
		Over:   []protocol.Transport{protocol.UDP},
		First:  "HMN",
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

// kind is what a message is by its first line.
type kind uint8

const (
	other kind = iota
	notify
	search
	answer
)

func kindOf(b []byte) kind {
	switch {
	case bytes.HasPrefix(b, []byte("NOTIFY * HTTP/1.")):
		return notify
	case bytes.HasPrefix(b, []byte("M-SEARCH * HTTP/1.")):
		return search
	case bytes.HasPrefix(b, []byte("HTTP/1.")) && len(b) > 12 && bytes.HasPrefix(b[8:], []byte(" 200")):
		return answer
	}
	return other
}

func claims(o protocol.Opening) bool {
	if o.Transport != protocol.UDP || len(o.First) < 16 {
		return false
	}
	switch kindOf(o.First) {
	case notify, search:
		return o.FirstDir == protocol.ToServer
	case answer:
		return o.FirstDir == protocol.ToClient
	}
	return false
}

// conversation remembers what was last said of each attribute: announcements repeat themselves all day.
type conversation struct {
	o    protocol.Opening
	last [2][4]string
}

// Next reads one message: a first line, fields, an empty line.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	k, size := kindOf(b), len(b)
	if k == other {
		return 0, errMalformed
	}
	for {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			return size, nil
		}
		b = b[end+1:]
		line := b
		if end = bytes.IndexByte(b, '\n'); end >= 0 {
			line = b[:end]
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return size, nil
		}
		c.field(k, d, line, emit)
	}
}

func (c *conversation) field(k kind, d protocol.Dir, line []byte, emit func(fact.Fact)) {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 || len(line) > maxLine {
		return
	}
	name, value := bytes.TrimSpace(line[:colon]), bytes.TrimSpace(line[colon+1:])
	if len(value) == 0 {
		return
	}
	var attr fact.Attr
	slot := 0
	switch {
	case k != search && bytes.EqualFold(name, []byte("server")):
		attr, slot = Server, 0
	case k != search && bytes.EqualFold(name, []byte("usn")):
		attr, slot = USN, 1
	case k != search && bytes.EqualFold(name, []byte("location")):
		attr, slot = Location, 2
		if cut := bytes.IndexAny(value, "?#"); cut >= 0 {
			value = value[:cut]
		}
	case k == search && bytes.EqualFold(name, []byte("user-agent")):
		attr, slot = UserAgent, 3
	default:
		return
	}
	if string(value) == c.last[d&1][slot] {
		return
	}
	v := string(value)
	c.last[d&1][slot] = v
	sender, because := c.o.Client.Key(), "announcement"
	if d == protocol.ToClient {
		sender = c.o.Server.Key()
	}
	switch k {
	case answer:
		because = "answer to a search"
	case search:
		because = "search"
	}
	emit(fact.Fact{Subject: sender, Attr: attr, Value: v, Because: because})
}
