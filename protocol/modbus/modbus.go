// Package modbus reads Modbus over TCP and UDP (Modbus Messaging on TCP/IP 1.0b, Application Protocol 1.1b3). It decides
// which units answer at an address and what they answer when asked who they are; registers and coils are never read, that
// they are written is an insecure practice, because Modbus asks nobody who he is.
package modbus

import (
	"errors"
	"strconv"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of the server.
const (
	UnitID      fact.Attr = "modbus.unit_id"
	Vendor      fact.Attr = "modbus.vendor"
	Product     fact.Attr = "modbus.product" // product code
	Revision    fact.Attr = "modbus.revision"
	ProductName fact.Attr = "modbus.product_name"
	Model       fact.Attr = "modbus.model"
	Application fact.Attr = "modbus.application"
	ServerID    fact.Attr = "modbus.server_id"
)

// identity maps the objects of a device identification (1.1b3 §6.21).
var identity = [...]fact.Attr{0: Vendor, 1: Product, 2: Revision, 4: ProductName, 5: Model, 6: Application}

// trustOwn is of a device's own word; without authentication anybody on its address may say it.
const trustOwn = 0.85

const (
	header = 7 // transaction, protocol 0, length, unit
	// A PDU has at most 253 bytes (1.1b3 §4.1); length counts the unit too.
	minLength = 2
	maxLength = 254
)

// Functions that are read.
const (
	reportServerID = 17
	encapsulated   = 0x2b
	readDeviceID   = 0x0e
)

var errMalformed = errors.New("modbus: malformed")

// Parser claims device identification on any port, all else on 502.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "modbus", Doc: "Modbus: controllers and meters by unit, maker, product and revision, and who is written to",
		Attrs:  []fact.Attr{UnitID, Vendor, Product, Revision, ProductName, Model, Application, ServerID, fact.Practice},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	if len(b) < header+1 || b[2] != 0 || b[3] != 0 || b[4] != 0 || b[5] < minLength || b[5] > maxLength || o.Transport == protocol.Link {
		return false
	}
	if o.Transport == protocol.UDP && len(b) != 6+int(b[5]) {
		return false
	}
	if o.Client.Port == 502 && o.Server.Port != 502 {
		return false
	}
	if b[7] == encapsulated && len(b) >= 11 && b[8] == readDeviceID && b[9] >= 1 && b[9] <= 4 {
		return (b[5] == 5) == (o.FirstDir == protocol.ToServer)
	}
	if o.Server.Port != 502 {
		return false
	}
	return b[7] != 0 && (b[7] < 0x80 || o.FirstDir == protocol.ToClient) && (len(b) >= 6+int(b[5]) || o.Transport == protocol.TCP)
}

type conversation struct {
	o     protocol.Opening
	units [4]uint64 // that answered, a bit each
	wrote bool
	main  int16 // the unit whose word is taken for the address's, plus one
}

// Next reads whole messages.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	used := 0
	for len(b)-used >= 6 {
		m := b[used:]
		if m[2] != 0 || m[3] != 0 || m[4] != 0 || m[5] < minLength || m[5] > maxLength {
			return used, errMalformed
		}
		n := 6 + int(m[5])
		if len(m) < n {
			break
		}
		if d == protocol.ToClient {
			c.answer(m[6], m[7], m[8:n], emit)
		}
		used += n
	}
	return used, nil
}

// answer reads what a unit says. An exception of a gateway (10, 11) is not the unit's.
func (c *conversation) answer(unit, function byte, b []byte, emit func(fact.Fact)) {
	if function >= 0x80 && (len(b) < 1 || b[0] == 10 || b[0] == 11) {
		return
	}
	say := func(attr fact.Attr, value, because string) {
		emit(fact.Fact{Subject: c.o.Server.Key(), Attr: attr, Value: value, Trust: trustOwn, Because: because})
	}
	if bit := uint64(1) << (unit & 63); c.units[unit>>6]&bit == 0 {
		c.units[unit>>6] |= bit
		say(UnitID, strconv.Itoa(int(unit)), "answers")
	}
	switch function {
	case 5, 6, 15, 16, 21, 22, 23:
		if !c.wrote {
			c.wrote = true
			say(fact.Practice, fact.UnauthenticatedControl, "acknowledges function "+strconv.Itoa(int(function)))
		}
	case encapsulated:
		if c.speaks(unit) && len(b) >= 6 && b[0] == readDeviceID {
			c.identification(b[6:], int(b[5]), say)
		}
	case reportServerID:
		if c.speaks(unit) && len(b) > 1 {
			if text := printable(b[1:]); text != "" {
				say(ServerID, text, "function 17")
			}
		}
	}
}

// speaks tells whether a unit's word is that of the address: behind a gateway many units answer, and only one, or the
// gateway itself (0, 255), is taken.
func (c *conversation) speaks(unit byte) bool {
	if unit == 0 || unit == 255 {
		return true
	}
	if c.main == 0 {
		c.main = int16(unit) + 1
	}
	return c.main == int16(unit)+1
}

// identification reads a list of objects: number, length, text.
func (c *conversation) identification(b []byte, count int, say func(fact.Attr, string, string)) {
	for ; count > 0 && len(b) >= 2; count-- {
		id, n := b[0], int(b[1])
		if len(b) < 2+n {
			return
		}
		if int(id) < len(identity) && identity[id] != "" {
			say(identity[id], string(b[2:2+n]), "device identification, object "+strconv.Itoa(int(id)))
		}
		b = b[2+n:]
	}
}

// minText is the least run of printable bytes that is taken for a name; a server id is binary at will.
const minText = 4

// printable returns the longest run of printable ASCII, "" where none is long enough to be a name.
func printable(b []byte) string {
	best, start := []byte(nil), 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && b[i] >= ' ' && b[i] <= '~' {
			continue
		}
		if i-start > len(best) {
			best = b[start:i]
		}
		start = i + 1
	}
	if len(best) < minText {
		return ""
	}
	return string(best)
}
