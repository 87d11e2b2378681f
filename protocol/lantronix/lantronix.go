// Package lantronix reads the discovery of Lantronix device servers (UDP 30718, 77FE hexadecimal), which put serial devices,
// bedside ones among them, on the network. It decides what a server answers about itself; its set-up records, which hold
// passwords, are passed over. The format is public only by observation (nmap's lantronix77feh and others), hence less trust.
package lantronix

import (
	"errors"
	"net"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a device server.
const (
	Type    fact.Attr = "lantronix.type" // X5, U2, …: the kind of server
	Version fact.Attr = "lantronix.version"
	MAC     fact.Attr = "lantronix.mac"
)

// trustSeen is of a device's own word in a format known by observation.
const trustSeen = 0.75

// Messages: 00 00 00 and one byte, an answer is one more than its question.
const (
	askVersion  = 0xf4
	toldVersion = 0xf5
	askInfo     = 0xf6
	toldInfo    = 0xf7

	sizeInfo = 30 // at least, type at 8 and MAC at 24
	atText   = 16 // of the version, ended by a zero
)

var errMalformed = errors.New("lantronix: malformed")

// Parser claims questions and answers on port 30718.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "lantronix", Doc: "Lantronix discovery: serial device servers by kind, firmware and MAC",
		Attrs:  []fact.Attr{Type, Version, MAC, fact.MAC},
		Over:   []protocol.Transport{protocol.UDP},
		First:  "\x00",
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return conversation{o.Server.Key()} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.UDP || o.Server.Port != 30718 || len(b) < 4 || b[0]|b[1]|b[2] != 0 || b[3] < askVersion || b[3] > 0xf9 {
		return false
	}
	return (b[3]&1 == 0) == (o.FirstDir == protocol.ToServer) && (b[3]&1 == 0) == (len(b) < 16)
}

type conversation struct{ server fact.Key }

// Next reads one datagram.
func (c conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) < 4 || b[0]|b[1]|b[2] != 0 {
		return 0, errMalformed
	}
	say := func(attr fact.Attr, value string) {
		emit(fact.Fact{Subject: c.server, Attr: attr, Value: value, Trust: trustSeen, Because: "discovery answer"})
	}
	switch {
	case d != protocol.ToClient:
	case b[3] == toldVersion && len(b) > atText:
		if v := text(b[atText:]); v != "" {
			say(Version, v)
		}
	case b[3] == toldInfo && len(b) >= sizeInfo:
		if v := text(b[8:11]); v != "" {
			say(Type, v)
		}
		if mac := net.HardwareAddr(b[24:30]); mac[0]&1 == 0 && mac[0]|mac[1]|mac[2] != 0 {
			say(MAC, mac.String())
			if frame, _ := c.server.SplitHost(); frame == mac.String() {
				say(fact.MAC, frame) // the frame's is its own and no router's
			}
		}
	}
	return len(b), nil
}

// text is what stands before a zero, "" where it is not printable.
func text(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return string(b)
}
