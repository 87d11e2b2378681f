// Package iec104 reads IEC 60870-5-104, by which substations, generators and their control centres talk. It decides which
// stations answer at an address; process values are not read, that commands are carried out for whoever asks is an insecure
// practice.
package iec104

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Address is the common address of a station.
const Address fact.Attr = "iec104.common_address"

// trustOwn is of a station's own word; without authentication anybody on its address may say it.
const trustOwn = 0.8

// A frame: 68 hexadecimal, length, four bytes of control; in those that carry data (bit 0 is 0) type, number, cause of two
// bytes, common address of two bytes (clause 5 and 60870-5-101 §7).
const (
	start     = 0x68
	minLength = 4
	maxLength = 253
	dataHead  = 12

	causeDone = 7 // activation confirmed
	negative  = 0x40
	group     = 0xffff // all stations
)

var errMalformed = errors.New("iec104: malformed")

// Parser claims frames on TCP port 2404.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "iec104", Doc: "IEC 60870-5-104: stations by common address, and who is commanded",
		Attrs:  []fact.Attr{Address, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "h",
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{server: o.Server.Key()} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || o.Server.Port != 2404 || len(b) < 6 || b[0] != start || b[1] < minLength || b[1] > maxLength {
		return false
	}
	if b[2]&1 == 0 {
		return b[1] >= dataHead-2
	}
	return b[1] == minLength
}

type conversation struct {
	server fact.Key
	told   int // the address that was told last, plus one
	wrote  bool
}

// Next reads whole frames.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	used := 0
	for len(b)-used >= 2 {
		m := b[used:]
		if m[0] != start || m[1] < minLength || m[1] > maxLength {
			return used, errMalformed
		}
		n := 2 + int(m[1])
		if len(m) < n {
			break
		}
		if d == protocol.ToClient && m[2]&1 == 0 && n >= dataHead {
			c.data(m[6:n], emit)
		}
		used += n
	}
	return used, nil
}

// data reads what a station sends.
func (c *conversation) data(b []byte, emit func(fact.Fact)) {
	kind, cause, address := b[0], b[2], int(binary.LittleEndian.Uint16(b[4:]))
	if address != 0 && address != group && c.told != address+1 {
		c.told = address + 1
		emit(fact.Fact{Subject: c.server, Attr: Address, Value: strconv.Itoa(address), Trust: trustOwn, Because: "data unit"})
	}
	// Commands are types 45 to 51 and 58 to 64, files and parameters 110 to 113.
	command := kind >= 45 && kind <= 51 || kind >= 58 && kind <= 64 || kind >= 110 && kind <= 113
	if command && cause&0x3f == causeDone && cause&negative == 0 && !c.wrote {
		c.wrote = true
		emit(fact.Fact{Subject: c.server, Attr: fact.Practice, Value: fact.UnauthenticatedControl, Trust: trustOwn, Because: "confirms type " + strconv.Itoa(int(kind))})
	}
}
