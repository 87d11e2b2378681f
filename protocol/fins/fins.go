// Package fins reads Omron FINS over UDP and TCP (manuals W227, W342). It decides what a controller answers when its data is
// read: model and version. Memory is never read, that it is written or that the controller is stopped by whoever asks is an
// insecure practice.
package fins

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a controller.
const (
	Model   fact.Attr = "fins.model"
	Version fact.Attr = "fins.version"
)

// trustOwn is of a controller's own word.
const trustOwn = 0.85

const (
	header  = 12 // control, reserved, gateways, six bytes of addresses, service id, command of two
	tcpHead = 16 // "FINS", length, command, error

	controllerRead = 0x0501
	textSize       = 20

	// maxFrame bounds a frame over TCP: 2,012 bytes of data and the headers (W342 §3).
	maxFrame = 4096
)

var (
	magic        = []byte("FINS")
	errMalformed = errors.New("fins: malformed")
)

// Parser claims the header of TCP on any port, and frames on UDP port 9600.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "fins", Doc: "Omron FINS: controllers by model and version, and who is programmed or stopped",
		Attrs:  []fact.Attr{Model, Version, fact.Practice},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	switch o.Transport {
	case protocol.TCP:
		if len(b) < tcpHead || !bytes.Equal(b[:4], magic) {
			return false
		}
		switch binary.BigEndian.Uint32(b[8:]) {
		case 0: // a client asks for its node
			return o.FirstDir == protocol.ToServer
		case 1:
			return o.FirstDir == protocol.ToClient
		case 2:
			return len(b) > tcpHead && (b[tcpHead]&0x40 == 0) == (o.FirstDir == protocol.ToServer)
		}
		return false
	case protocol.UDP:
		return o.Server.Port == 9600 && frame(b) && (b[0]&0x40 == 0) == (o.FirstDir == protocol.ToServer)
	}
	return false
}

// frame tells whether bytes can be a frame: reserved bits are zero, at most seven gateways, a known family of commands.
func frame(b []byte) bool {
	return len(b) >= header && b[0]&0x3e == 0 && b[0]&0x80 != 0 && b[1] == 0 && b[2] <= 7 && b[10] >= 1 && b[10] <= 0x26
}

type conversation struct {
	o     protocol.Opening
	wrote bool
}

// Next reads a datagram, or frames of a stream.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if c.o.Transport == protocol.UDP {
		if !frame(b) {
			return 0, errMalformed
		}
		c.frame(d, b, emit)
		return len(b), nil
	}
	used := 0
	for len(b)-used >= tcpHead {
		m := b[used:]
		n := int(binary.BigEndian.Uint32(m[4:]))
		if !bytes.Equal(m[:4], magic) || n < 8 || n > maxFrame {
			return used, errMalformed
		}
		if n += 8; len(m) < n {
			break
		}
		if binary.BigEndian.Uint32(m[8:]) == 2 && frame(m[tcpHead:n]) {
			c.frame(d, m[tcpHead:n], emit)
		}
		used += n
	}
	return used, nil
}

// frame reads an answer: after the command two bytes tell how it went.
func (c *conversation) frame(d protocol.Dir, b []byte, emit func(fact.Fact)) {
	if d != protocol.ToClient || b[0]&0x40 == 0 || len(b) < header+2 || b[header]&0x7f != 0 {
		return
	}
	command, rest := binary.BigEndian.Uint16(b[10:]), b[header+2:]
	say := func(attr fact.Attr, value, because string) {
		emit(fact.Fact{Subject: c.o.Server.Key(), Attr: attr, Value: value, Trust: trustOwn, Because: because})
	}
	switch {
	case command == controllerRead && len(rest) >= 2*textSize:
		say(Model, text(rest[:textSize]), "controller data")
		say(Version, text(rest[textSize:2*textSize]), "controller data")
	case changes(command) && !c.wrote && b[header+1]&0x3f == 0:
		c.wrote = true
		say(fact.Practice, fact.UnauthenticatedControl, fmt.Sprintf("acknowledges command %04x", command))
	}
}

// changes tells commands that write memory, parameters or programs, run or stop, reset, or write files (W342 §5).
func changes(command uint16) bool {
	switch command {
	case 0x0102, 0x0103, 0x0105, 0x0202, 0x0203, 0x0304, 0x0305, 0x0307, 0x0308, 0x0401, 0x0402, 0x0403, 0x2203, 0x2204, 0x2205, 0x2301, 0x2302:
		return true
	}
	return false
}

// text is the first printable words of a field that zeros and spaces fill.
func text(b []byte) string {
	for _, piece := range bytes.Split(b, []byte{0}) {
		if s := strings.TrimSpace(string(piece)); s != "" {
			return s
		}
	}
	return ""
}
