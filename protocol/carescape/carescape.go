// Package carescape reads the time message of GE CARESCAPE (Unity network) monitors and central stations, which says
// where its sender stands: unit and room. It decides which datagrams are that message; the other messages of the network
// (discovery, alarms, waveforms), whose layout is not public, are left unread.
package carescape

import (
	"encoding/binary"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// The attributes of this protocol.
const (
	attrUnit fact.Attr = "carescape.unit"
	attrRoom fact.Attr = "carescape.room"
)

// trust is less than the 0.95 of a vendor's own protocol (domain/05 §5.7): the layout is known from the manual of one
// integrator and no recording.
const trust = 0.7

// The time message (Vocera's manual of its CARESCAPE adapter, domain/05 §5.4): 64 bytes to UDP port 2000; bytes 7–10
// the device's address, 25–37 "unit|room" padded with zeros, 61–64 seconds since 1900.
const (
	port       = 2000
	size       = 64
	atAddress  = 6
	atLocation = 24
	atTime     = 60

	// earliest is the year 2000 in those seconds: clocks that were never set show less.
	earliest = 3155673600
)

// Parser reads the CARESCAPE time message at its port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name:  "carescape",
		Doc:   "GE CARESCAPE (Unity) time message: monitors and central stations by unit and room.",
		Attrs: []fact.Attr{attrUnit, attrRoom},
		Over:  []protocol.Transport{protocol.UDP},
		Claims: func(o protocol.Opening) bool {
			return o.Transport == protocol.UDP && o.Server.Port == port && timeLike(o.First)
		},
		New: func(o protocol.Opening) protocol.Conversation { return &conversation{client: o.Client} },
	}
}

// timeLike tells a time message by its length, its clock and its location.
func timeLike(b []byte) bool {
	if len(b) != size || binary.BigEndian.Uint32(b[atTime:]) < earliest {
		return false
	}
	_, _, ok := location(b)
	return ok
}

// location returns unit and room: up to seven and six characters (domain/05 §5.4) around a bar.
func location(b []byte) (unit, room string, ok bool) {
	text := string(b[atLocation : atLocation+13])
	if end := strings.IndexByte(text, 0); end >= 0 {
		if strings.Trim(text[end:], "\x00") != "" {
			return "", "", false
		}
		text = text[:end]
	}
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' || strings.IndexByte("^,;@", c) >= 0 {
			return "", "", false
		}
	}
	unit, room, ok = strings.Cut(text, "|")
	return strings.TrimSpace(unit), strings.TrimSpace(room), ok && len(unit) > 0 && len(unit) <= 7 && len(room) <= 6
}

type conversation struct {
	client protocol.Endpoint
	last   string
}

// Next reads one datagram. The address in it must be the sender's: a central station may repeat another's message.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	if d != protocol.ToServer || !timeLike(data) || !c.client.IP.Is4() || c.client.IP.As4() != [4]byte(data[atAddress:]) {
		return len(data), nil
	}
	if where := data[atLocation : atLocation+13]; string(where) == c.last {
		return len(data), nil
	} else {
		c.last = string(where)
	}
	unit, room, _ := location(data)
	emit(fact.Fact{Subject: c.client.Key(), Attr: attrUnit, Value: unit, Trust: trust, Because: "time message"})
	if room != "" {
		emit(fact.Fact{Subject: c.client.Key(), Attr: attrRoom, Value: room, Trust: trust, Because: "time message"})
	}
	return len(data), nil
}
