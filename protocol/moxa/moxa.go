// Package moxa reads the search and set-up protocol of Moxa device servers (UDP 4800), which put serial devices, bedside ones
// among them, on the network. It decides what a server answers about itself; passwords and settings are passed over. The
// format is public only by observation of an NPort 5110A (notes published by M. Davidsaver), hence less trust.
package moxa

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a device server.
const (
	Model  fact.Attr = "moxa.model" // number of the hardware, in hexadecimal: 511a is an NPort 5110A
	Name   fact.Attr = "moxa.name"
	Serial fact.Attr = "moxa.serial"
	MAC    fact.Attr = "moxa.mac"
)

// trustSeen is of a device's own word in a format known by observation.
const trustSeen = 0.75

// A message: kind (the top bit is an answer's), status, length in network order, transaction; in all but a search the
// server's number, model and MAC in twelve bytes.
const (
	header   = 8
	identity = 12

	answer     = 0x80
	search     = 0x01
	readName   = 0x10
	readSerial = 0x16

	nameSize   = 40
	serialAt   = 8
	maxMessage = 1024 // far above those that were seen
)

var errMalformed = errors.New("moxa: malformed")

// Parser claims messages on port 4800.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "moxa", Doc: "Moxa search: serial device servers by model, name, serial number and MAC",
		Attrs:  []fact.Attr{Model, Name, Serial, MAC, fact.MAC},
		Over:   []protocol.Transport{protocol.UDP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return conversation{o.Server.Key()} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.UDP || o.Server.Port != 4800 || !whole(b) {
		return false
	}
	if b[0]&answer != 0 {
		return o.FirstDir == protocol.ToClient && len(b) >= header+identity
	}
	return o.FirstDir == protocol.ToServer && (len(b) == header) == (b[0] == search) && b[0] != 0
}

func whole(b []byte) bool {
	return len(b) >= header && len(b) <= maxMessage && int(binary.BigEndian.Uint16(b[2:])) == len(b)
}

type conversation struct{ server fact.Key }

// Next reads one datagram.
func (c conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if !whole(b) {
		return 0, errMalformed
	}
	if d != protocol.ToClient || b[0]&answer == 0 || b[1] != 0 || len(b) < header+identity {
		return len(b), nil
	}
	say := func(attr fact.Attr, value, because string) {
		emit(fact.Fact{Subject: c.server, Attr: attr, Value: value, Trust: trustSeen, Because: because})
	}
	mac := net.HardwareAddr(b[14:20])
	if mac[0]&1 != 0 || mac[0]|mac[1]|mac[2] == 0 {
		return len(b), nil
	}
	rest := b[header+identity:]
	switch b[0] &^ answer {
	case search:
		say(Model, fmt.Sprintf("%04x", binary.LittleEndian.Uint16(b[12:])), "search answer")
		say(MAC, mac.String(), "search answer")
		if frame, _ := c.server.SplitHost(); frame == mac.String() {
			say(fact.MAC, frame, "search answer") // the frame's is its own and no router's
		}
	case readName:
		if len(rest) >= nameSize {
			name, _, _ := bytes.Cut(rest[:nameSize], []byte{0})
			say(Name, string(name), "name")
		}
	case readSerial:
		if len(rest) >= serialAt+2 {
			if n := binary.LittleEndian.Uint16(rest[serialAt:]); n != 0 && n != 0xffff {
				say(Serial, strconv.Itoa(int(n)), "serial number")
			}
		}
	}
	return len(b), nil
}
