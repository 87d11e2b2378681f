// Package dnp3 reads DNP3 (IEEE 1815) over TCP and UDP. It decides which link addresses speak at which host and what an
// outstation says of itself in its device attributes; points are never read, that it is operated by whoever asks is an
// insecure practice.
package dnp3

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of an outstation; Address is also a master's.
const (
	Address  fact.Attr = "dnp3.address" // of the link layer
	Role     fact.Attr = "dnp3.role"    // master, outstation
	Vendor   fact.Attr = "dnp3.vendor"
	Product  fact.Attr = "dnp3.product"
	Serial   fact.Attr = "dnp3.serial"
	Software fact.Attr = "dnp3.software"
	Hardware fact.Attr = "dnp3.hardware"
	Name     fact.Attr = "dnp3.name"
	Location fact.Attr = "dnp3.location"
)

// attribute maps the variations of group 0 that identify a device (IEEE 1815 A.1).
func attribute(variation byte) fact.Attr {
	switch variation {
	case 242:
		return Software
	case 243:
		return Hardware
	case 245:
		return Location
	case 247:
		return Name
	case 248:
		return Serial
	case 250:
		return Product
	case 252:
		return Vendor
	}
	return ""
}

// trustOwn is of a device's own word.
const trustOwn = 0.85

// Link layer (clause 9): two start bytes, length, control, destination, source, CRC; then blocks of 16 bytes with a CRC each.
const (
	linkHead   = 10
	block      = 16
	fromMaster = 0x80 // DIR

	// maxFragment is the largest application fragment that IEEE 1815 §4.2 lets anybody count on.
	maxFragment = 2048
)

var errMalformed = errors.New("dnp3: malformed")

// Parser claims link frames whose header CRC is right, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "dnp3", Doc: "DNP3: outstations by link address, maker, product, serial and versions",
		Attrs:  []fact.Attr{Address, Role, Vendor, Product, Serial, Software, Hardware, Name, Location, fact.Practice},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		First:  "\x05",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()}}
		},
	}
}

// claims wants a header with a right CRC. The outstation is the server: by its port, else by the direction bit.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport == protocol.Link || len(b) < linkHead || b[0] != 0x05 || b[1] != 0x64 || b[2] < 5 || crc(b[:8]) != binary.LittleEndian.Uint16(b[8:]) {
		return false
	}
	if o.Server.Port == 20000 || o.Client.Port == 20000 {
		return o.Server.Port == 20000
	}
	return (b[3]&fromMaster != 0) == (o.FirstDir == protocol.ToServer)
}

type conversation struct {
	keys     [2]fact.Key
	fragment [2][]byte
	operated bool // a request that changes the outstation is open
	wrote    bool
	told     [2]int // the address that was told last, plus one
}

// Next reads whole link frames.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	used := 0
	for len(b)-used >= linkHead {
		m := b[used:]
		if m[0] != 0x05 || m[1] != 0x64 || m[2] < 5 || crc(m[:8]) != binary.LittleEndian.Uint16(m[8:]) {
			return used, errMalformed
		}
		data := int(m[2]) - 5
		n := linkHead + data + 2*((data+block-1)/block)
		if len(m) < n {
			break
		}
		c.address(d, m, emit)
		if data > 1 {
			c.segment(d, m[linkHead:n], data, emit)
		}
		used += n
	}
	return used, nil
}

func (c *conversation) address(d protocol.Dir, m []byte, emit func(fact.Fact)) {
	source := int(binary.LittleEndian.Uint16(m[6:]))
	if c.told[d] == source+1 || source >= 0xfff0 { // reserved and broadcast
		return
	}
	c.told[d] = source + 1
	role := "outstation"
	if m[3]&fromMaster != 0 {
		role = "master"
	}
	emit(fact.Fact{Subject: c.keys[d], Attr: Address, Value: strconv.Itoa(source), Trust: trustOwn, Because: "link header"})
	emit(fact.Fact{Subject: c.keys[d], Attr: Role, Value: role, Trust: trustOwn, Because: "link header"})
}

// segment takes the CRCs out and gathers a fragment by the transport header: FIN 80, FIR 40 (clause 8).
func (c *conversation) segment(d protocol.Dir, b []byte, data int, emit func(fact.Fact)) {
	f := c.fragment[d]
	transport := b[0]
	if transport&0x40 != 0 {
		f = f[:0]
	} else if len(f) == 0 {
		return // its beginning was not seen
	}
	for at := 0; data > 0; at += block + 2 {
		n := min(data, block)
		piece := b[at : at+n]
		if at == 0 {
			piece = piece[1:]
		}
		if len(f)+len(piece) <= maxFragment {
			f = append(f, piece...)
		}
		data -= n
	}
	if transport&0x80 != 0 {
		c.application(d, f, emit)
		f = f[:0]
	}
	c.fragment[d] = f
}

// application reads a fragment: control, function, and in a response two bytes of indications.
func (c *conversation) application(d protocol.Dir, b []byte, emit func(fact.Fact)) {
	if len(b) < 2 {
		return
	}
	switch function := b[1]; function {
	case 4, 5, 13, 14, 16, 17, 18, 25, 26, 27, 31: // operate, restart, applications, files, configuration
		c.operated = true
	case 129:
		if len(b) < 4 {
			return
		}
		if c.operated && !c.wrote && b[3]&0x07 == 0 { // no function, object or parameter error
			c.wrote = true
			emit(fact.Fact{Subject: c.keys[d], Attr: fact.Practice, Value: fact.UnauthenticatedControl, Trust: trustOwn, Because: "answers a control or restart request"})
		}
		c.operated = false
		c.attributes(d, b[4:], emit)
	}
}

// attributes reads objects of group 0: group, variation, qualifier with start and stop, then type, length, text.
func (c *conversation) attributes(d protocol.Dir, b []byte, emit func(fact.Fact)) {
	for len(b) >= 7 && b[0] == 0 {
		variation, qualifier := b[1], b[2]
		switch qualifier {
		case 0x00:
			b = b[5:]
		case 0x01:
			b = b[7:]
		case 0x17:
			b = b[5:] // count and one index
		default:
			return
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return
		}
		kind, value := b[0], b[2:2+int(b[1])]
		if attr := attribute(variation); attr != "" && kind == 1 { // visible string
			emit(fact.Fact{Subject: c.keys[d], Attr: attr, Value: strings.TrimRight(string(value), "\x00"), Trust: trustOwn,
				Because: "device attribute " + strconv.Itoa(int(variation))})
		}
		b = b[2+len(value):]
	}
}

// crc is CRC-16/DNP: polynomial 3D65, reflected, inverted (annex E).
func crc(b []byte) uint16 {
	var r uint16
	for _, c := range b {
		r ^= uint16(c)
		for range 8 {
			if r&1 != 0 {
				r = r>>1 ^ 0xa6bc
			} else {
				r >>= 1
			}
		}
	}
	return ^r
}
