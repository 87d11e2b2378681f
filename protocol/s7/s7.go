// Package s7 reads Siemens S7 communication over ISO on TCP (RFC 1006, ISO 8073 class 0) and tells of its successor
// S7comm-plus. It decides what a controller says of itself in the system state lists on its modules; data blocks and
// programs are never read, that they are written or that the controller is stopped by whoever asks is an insecure
// practice.
package s7

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a controller.
const (
	Module     fact.Attr = "s7.module" // order number: 6ES7 315-2EH14-0AB0
	ModuleType fact.Attr = "s7.module_type"
	ModuleName fact.Attr = "s7.module_name"
	SystemName fact.Attr = "s7.system_name"
	PlantID    fact.Attr = "s7.plant_id"
	Location   fact.Attr = "s7.location"
	Serial     fact.Attr = "s7.serial"
	Hardware   fact.Attr = "s7.hardware_version"
	Version    fact.Attr = "s7.version"
	Dialect    fact.Attr = "s7.dialect" // S7comm or S7comm-plus
)

// trustOwn is of a controller's own word.
const trustOwn = 0.9

// Bytes of the layers: TPKT version, COTP types, S7 protocol ids.
const (
	tpktVersion = 3
	cotpRequest = 0xe0
	cotpConfirm = 0xd0
	cotpData    = 0xf0
	classic     = 0x32
	plus        = 0x72

	// A TPKT's length is 16 bits; S7 agrees on PDUs of at most 960 bytes and plus on a few kilobytes.
	minTPKT = 7
)

var errMalformed = errors.New("s7: malformed")

// Parser claims S7 PDUs on any port, and connections to S7's access points on port 102.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "s7", Doc: "Siemens S7: controllers by module, serial and version, and who is programmed or stopped",
		Attrs:  []fact.Attr{Module, ModuleType, ModuleName, SystemName, PlantID, Location, Serial, Hardware, Version, Dialect, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "\x03",
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{server: o.Server.Key()} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < minTPKT || b[0] != tpktVersion || b[1] != 0 || b[2] > 0x20 {
		return false
	}
	if b[4] == 2 && b[5] == cotpData && len(b) >= 10 {
		switch b[7] {
		case classic:
			return b[8] >= 1 && b[8] <= 7 && direction(b[7:]) == o.FirstDir
		case plus:
			return b[8] <= 4 && o.Server.Port == 102
		}
		return false
	}
	if o.Server.Port != 102 || b[4] < 6 || int(b[4])+5 > len(b) {
		return false
	}
	return (b[5] == cotpRequest && o.FirstDir == protocol.ToServer || b[5] == cotpConfirm && o.FirstDir == protocol.ToClient) && accessPoint(b[11:5+int(b[4])])
}

// direction tells who speaks: jobs and requests go to the server.
func direction(s []byte) protocol.Dir {
	switch s[1] {
	case 1:
		return protocol.ToServer
	case 7:
		if len(s) >= 15 && s[14] == 0x11 { // parameter head of three bytes, its length, then the method
			return protocol.ToServer
		}
	}
	return protocol.ToClient
}

// accessPoint tells whether the parameters of a connection name an S7 access point: two bytes that begin with the kind of
// connection (programming device 1, panel 2, other 3, or 10 and 11 hexadecimal on S7-200), or the name of plus.
func accessPoint(b []byte) bool {
	for len(b) >= 2 && len(b) >= 2+int(b[1]) {
		v := b[2 : 2+int(b[1])]
		if b[0] == 0xc2 {
			return len(v) == 2 && (v[0] >= 1 && v[0] <= 3 || v[0] == 0x10 || v[0] == 0x11) || bytes.HasPrefix(v, []byte("SIMATIC-"))
		}
		b = b[2+int(b[1]):]
	}
	return false
}

type conversation struct {
	server fact.Key
	list   []byte // a system state list that comes in pieces
	told   byte   // the dialect that was told
	hello  int    // plus: bytes of the server's looked at
	wrote  bool
}

// maxHello bounds how much of a server's S7comm-plus is searched for its order number; it stands in the first answer.
const maxHello = 4096

// Next reads whole TPKTs.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	used := 0
	for len(b)-used >= minTPKT {
		m := b[used:]
		n := int(binary.BigEndian.Uint16(m[2:]))
		if m[0] != tpktVersion || m[1] != 0 || n < minTPKT {
			return used, errMalformed
		}
		if len(m) < n {
			break
		}
		m = m[4:n]
		if m[0] == 2 && m[1] == cotpData {
			if err := c.data(d, m[3:], emit); err != nil {
				return used, err
			}
		}
		used += n
	}
	return used, nil
}

// data reads one S7 PDU: id, kind, reserved, reference, lengths of parameters and data, and in an answer an error.
func (c *conversation) data(d protocol.Dir, b []byte, emit func(fact.Fact)) error {
	switch {
	case len(b) == 0:
		return nil
	case b[0] == plus:
		c.plus(d, b, emit)
		return nil
	case b[0] != classic:
		return errMalformed // another protocol over the same transport, such as MMS
	case len(b) < 10:
		return errMalformed
	}
	c.dialect(classic, "S7comm", emit)
	head := 10
	if b[1] == 2 || b[1] == 3 {
		head = 12
	}
	parameters, data := int(binary.BigEndian.Uint16(b[6:])), int(binary.BigEndian.Uint16(b[8:]))
	if len(b) < head+parameters+data || parameters == 0 || d != protocol.ToClient {
		return nil
	}
	p, rest := b[head:head+parameters], b[head+parameters:head+parameters+data]
	switch b[1] {
	case 3:
		if b[10] == 0 && b[11] == 0 {
			c.done(p[0], rest, emit)
		}
	case 7:
		if len(p) >= 12 && p[4] == 0x12 && p[5] == 0x84 && p[6] == 1 && binary.BigEndian.Uint16(p[10:]) == 0 {
			c.state(p[9] != 0, rest, emit)
		}
	}
	return nil
}

func (c *conversation) dialect(id byte, name string, emit func(fact.Fact)) {
	if c.told != id {
		c.told = id
		c.say(Dialect, name, "protocol id", emit)
	}
}

func (c *conversation) say(attr fact.Attr, value, because string, emit func(fact.Fact)) {
	emit(fact.Fact{Subject: c.server, Attr: attr, Value: value, Trust: trustOwn, Because: because})
}

// done reads a job that succeeded: write (5, with a return code an item), download (26 to 28), program invocation (40) and
// stop (41).
func (c *conversation) done(function byte, data []byte, emit func(fact.Fact)) {
	switch function {
	case 5:
		if !bytes.Contains(data, []byte{0xff}) {
			return
		}
	case 26, 27, 28, 40, 41:
	default:
		return
	}
	if !c.wrote {
		c.wrote = true
		c.say(fact.Practice, fact.UnauthenticatedControl, "acknowledges function "+strconv.Itoa(int(function)), emit)
	}
}

// maxList bounds a system state list; module and component identification take less than 512 bytes.
const maxList = 4096

// state reads a piece of a system state list: return code 255, transport size 9, length, then in the first piece the
// list's id, index, length and number of entries.
func (c *conversation) state(more bool, b []byte, emit func(fact.Fact)) {
	if len(b) < 4 || b[0] != 0xff {
		c.list = c.list[:0]
		return
	}
	b = b[4:min(len(b), 4+int(binary.BigEndian.Uint16(b[2:])))]
	if len(c.list)+len(b) <= maxList {
		c.list = append(c.list, b...)
	}
	if more {
		return
	}
	b = c.list
	c.list = c.list[:0]
	if len(b) < 8 {
		return
	}
	id, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[4:]))
	for b = b[8:]; size >= 4 && len(b) >= size; b = b[size:] {
		switch id & 0xff {
		case 0x11:
			c.module(b[:size], emit)
		case 0x1c:
			c.component(b[:size], emit)
		}
	}
}

// module reads an entry of list 0x11: index, order number of 20 characters, type, and two words of version.
func (c *conversation) module(b []byte, emit func(fact.Fact)) {
	if len(b) < 28 {
		return
	}
	const because = "module identification"
	switch binary.BigEndian.Uint16(b) {
	case 1:
		c.say(Module, strings.Trim(string(b[2:22]), " \x00"), because, emit)
	case 6:
		c.say(Hardware, strconv.Itoa(int(binary.BigEndian.Uint16(b[24:]))), because, emit)
	case 7:
		if b[24] == 'V' {
			c.say(Version, "V"+strconv.Itoa(int(b[25]))+"."+strconv.Itoa(int(b[26]))+"."+strconv.Itoa(int(b[27])), because, emit)
		}
	}
}

// component reads an entry of list 0x1c: index and text.
func (c *conversation) component(b []byte, emit func(fact.Fact)) {
	attr := fact.Attr("")
	switch binary.BigEndian.Uint16(b) & 0xff {
	case 1:
		attr = SystemName
	case 2:
		attr = ModuleName
	case 3:
		attr = PlantID
	case 5:
		attr = Serial
	case 7:
		attr = ModuleType
	case 11:
		attr = Location
	}
	if attr == "" {
		return
	}
	text, _, _ := bytes.Cut(b[2:], []byte{0})
	c.say(attr, strings.TrimSpace(string(text)), "component identification", emit)
}

// plus looks for a controller's order number and version in its first answers: "1;6ES7 214-1AG40-0XB0 ;V4.2".
func (c *conversation) plus(d protocol.Dir, b []byte, emit func(fact.Fact)) {
	c.dialect(plus, "S7comm-plus", emit)
	if d != protocol.ToClient || c.hello >= maxHello {
		return
	}
	c.hello += len(b)
	at := bytes.Index(b, []byte(";6ES7 "))
	if at < 0 {
		return
	}
	order, rest, ok := bytes.Cut(b[at+1:min(len(b), at+64)], []byte{';'})
	if !ok || len(order) > 24 {
		return
	}
	c.say(Module, strings.TrimSpace(string(order)), "S7comm-plus session", emit)
	n := 0
	for n < len(rest) && n < 12 && (rest[n] == 'V' && n == 0 || rest[n] == '.' || rest[n] >= '0' && rest[n] <= '9') {
		n++
	}
	if n > 2 {
		c.say(Version, string(rest[:n]), "S7comm-plus session", emit)
	}
}
