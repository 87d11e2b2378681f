// Package rfb reads the opening of VNC conversations (RFC 6143): the version of the protocol that both sides speak,
// which some makers number in their own way. Screens, names of desktops and passwords are not looked at.
package rfb

import (
	"fmt"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/protocol"
)

// Version is that of the sender: "3.8", "3.889" (Apple), "5.0" (RealVNC).
const Version fact.Attr = "rfb.version"

// Trust by domain/05 §5.7: what a device says of itself over HTTP, 0.6.
const trust = 0.6

const greeting = len("RFB 003.008\n")

var errGreeting = fmt.Errorf("rfb: no version: %w", fault.Invalid)

// Parser reads RFB over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "rfb", Doc: "VNC: the version of the protocol on both sides",
		Attrs:  []fact.Attr{Version},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "R",
		Claims: func(o protocol.Opening) bool { return o.Transport == protocol.TCP && version(o.First) != "" },
		New:    newConversation,
	}
}

// version reads a greeting, "" for anything else.
func version(b []byte) string {
	if len(b) < greeting || string(b[:4]) != "RFB " || b[7] != '.' || b[11] != '\n' {
		return ""
	}
	for i := 4; i < 11; i++ {
		if i != 7 && (b[i] < '0' || b[i] > '9') {
			return ""
		}
	}
	return number(b[4:7]) + "." + number(b[8:11])
}

// number leaves out leading zeros.
func number(b []byte) string {
	for len(b) > 1 && b[0] == '0' {
		b = b[1:]
	}
	return string(b)
}

type conversation struct {
	keys [2]fact.Key
	said [2]bool
}

func newConversation(o protocol.Opening) protocol.Conversation {
	return &conversation{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
}

// Next reads the first line of each side.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	if c.said[d] {
		return len(data), nil
	}
	if len(data) < greeting {
		return 0, nil
	}
	v := version(data)
	if v == "" {
		return 0, errGreeting
	}
	c.said[d] = true
	emit(fact.Fact{Subject: c.keys[d], Attr: Version, Value: v, Trust: trust, Because: "ProtocolVersion"})
	if c.said[1-d] {
		return greeting, protocol.Done
	}
	return greeting, nil
}
