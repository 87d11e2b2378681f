// Package hartip reads HART-IP over UDP and TCP (HCF_SPEC-085): field devices and the gateways before them. It decides
// which of them a frame is about, and what that one says it is: maker, type, number, revisions and tags. What is measured,
// messages and descriptors are passed over; that a device is set up by whoever asks is an insecure practice.
package hartip

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a field device or a gateway.
const (
	Manufacturer fact.Attr = "hartip.manufacturer_id"    // the FieldComm Group's number: "38"
	DeviceType   fact.Attr = "hartip.device_type"        // expanded: "0x264e"
	DeviceID     fact.Attr = "hartip.device_id"          // the device's number among those of its type: "0000d2"
	Universal    fact.Attr = "hartip.universal_revision" // "7"
	Revision     fact.Attr = "hartip.device_revision"    // "4"
	Software     fact.Attr = "hartip.software_revision"  // "1"
	Tag          fact.Attr = "hartip.tag"                // eight characters: "TT-101"
	LongTag      fact.Attr = "hartip.long_tag"           // thirty-two
)

const (
	portServer  = 5094
	trustOwn    = 0.85 // a device's own word
	trustOthers = 0.75 // a gateway's of a device behind it
)

var errMalformed = errors.New("hartip: malformed")

// Parser claims what begins a session and whole frames with their checksum on any port, and the rest on port 5094. Servers
// answer on other ports than they are called at.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "hartip", Doc: "HART-IP: field devices and their gateways by maker, type, number and tag",
		Attrs:  []fact.Attr{Manufacturer, DeviceType, DeviceID, Universal, Revision, Software, Tag, LongTag, fact.Practice},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	total, ok := measure(b)
	if !ok || total == 0 || total > len(b) || o.Transport == protocol.UDP && total != len(b) {
		return false
	}
	if (b[1] == typeRequest) != (o.FirstDir == protocol.ToServer) { // answers, publications and refusals are the server's
		return false
	}
	body := b[header:total]
	switch b[2] {
	case idInitiate:
		return len(body) == initiateBody && body[0] <= 1 || len(body) == 0 && b[3] != 0 && usual(o)
	case idPassThrough:
		p, ok := parse(body, false)
		return ok && (p.kind == kindRequest) == (b[1] == typeRequest)
	}
	return usual(o) && (b[2] != idKeepAlive || len(body) == 0)
}

func usual(o protocol.Opening) bool {
	return o.Server.Port == portServer || o.Client.Port == portServer
}

type conversation struct {
	o       protocol.Opening
	own     unique // of the server
	known   bool
	changed bool
}

// Next reads a datagram, or messages of a stream.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	used := 0
	for used < len(b) {
		total, ok := measure(b[used:])
		if !ok {
			return used, errMalformed
		}
		if total == 0 || len(b)-used < total {
			break
		}
		if m := b[used : used+total]; d == protocol.ToClient && (m[1] == typeResponse || m[1] == typePublish) {
			switch m[2] {
			case idPassThrough:
				if p, ok := parse(m[header:], false); ok && p.kind != kindRequest {
					c.framed(&p, emit)
				}
			case idDirect:
				c.direct(m[header:], emit)
			}
		}
		used += total
	}
	return used, nil
}

// direct reads what the server answers for itself (HCF_SPEC-085): two bytes of status, then of each command its number, a
// length, a code and data.
func (c *conversation) direct(b []byte, emit func(fact.Fact)) {
	if len(b) < 2 {
		return
	}
	for b = b[2:]; len(b) >= 3; {
		command, n := int(binary.BigEndian.Uint16(b)), int(b[2])
		if b = b[3:]; n > len(b) {
			return
		}
		if n > 0 {
			c.answer(&pdu{kind: kindAnswer, command: command}, b[0], b[1:n], emit)
		}
		b = b[n:]
	}
}

// framed reads a field device's frame: a code, its status, and data unless the code says that no frame arrived whole.
func (c *conversation) framed(p *pdu, emit func(fact.Fact)) {
	if len(p.data) >= 2 && p.data[0]&0x80 == 0 {
		c.answer(p, p.data[0], p.data[2:], emit)
	}
}

// answer reads the data of a device's answer. Who answers to command 0 at polling address 0, or is a bridge, is the server;
// of a device at another polling address no more is known than its place.
func (c *conversation) answer(p *pdu, code byte, b []byte, emit func(fact.Fact)) {
	w := teller{emit: emit, about: c.o.Server.Key(), trust: trustOwn, because: "command " + strconv.Itoa(p.command)}
	if code == 0 && changes(p.command) && !c.changed {
		c.changed = true
		w.say(fact.Practice, fact.UnauthenticatedControl)
	}
	id, ok := identify(p.command, b)
	if ok && p.command == 0 && !c.known && (!p.long && p.polling == 0 || id.bridge) {
		c.own, c.known = id.device, true
	}
	switch {
	case ok:
		c.turn(&w, id.device)
		id.tell(&w)
		return
	case p.long:
		c.turn(&w, p.device)
	case p.polling != 0:
		return
	}
	switch {
	case p.command == 77 && code == 0 && len(b) > 3: // card, channel, preambles, and what a device behind it answered
		if inner, ok := parse(b[3:], true); ok && inner.kind == kindAnswer && inner.long && inner.command != 77 && inner.device != c.own {
			c.framed(&inner, emit)
		}
	case p.command == 84 && code == 0:
		behind(b, w)
	default:
		tags(p.command, b, &w)
	}
}

// turn turns what is said to a device: the server itself when it is known to be that one, else one for which the server
// speaks.
func (c *conversation) turn(w *teller, device unique) {
	if c.known && device == c.own {
		return
	}
	w.about, w.trust = fact.Child("hart/"+hex.EncodeToString(device[:])), trustOthers
}

// changes tells commands that set a device up, calibrate it, fix its output or start it anew (HCF_SPEC-127, HCF_SPEC-151).
func changes(command int) bool {
	switch command {
	case 6, 18, 19, 22, 34, 35, 36, 37, 40, 41, 42, 43, 44, 45, 46, 47, 49, 51, 52, 53, 55, 56, 79:
		return true
	}
	return false
}

// identity is what a device answers to commands 0, 11, 21 and 73.
type identity struct {
	device    unique
	kind      uint16
	maker     int // 0: not said
	number    []byte
	revisions []byte // universal, device, software
	bridge    bool
}

// identify reads an identity (HCF_SPEC-127 §6.1): 254, type, preambles, revisions, hardware, flags, number; since revision 7
// the maker at byte 17. Until revision 5 the type is the maker's number and one of its types.
func identify(command int, b []byte) (id identity, ok bool) {
	switch command {
	case 0, 11, 21, 73:
	default:
		return id, false
	}
	if len(b) < 12 || b[0] != 254 {
		return id, false
	}
	id = identity{device: unique{b[1] & 0x3f, b[2], b[9], b[10], b[11]}, kind: binary.BigEndian.Uint16(b[1:]), number: b[9:12], revisions: b[4:7], bridge: b[8]&4 != 0}
	switch {
	case b[4] >= 7 && len(b) >= 19:
		id.maker = int(binary.BigEndian.Uint16(b[17:]))
	case b[4] <= 5:
		id.maker = int(b[1])
	}
	return id, true
}

func (id *identity) tell(w *teller) {
	if id.maker != 0 {
		w.say(Manufacturer, strconv.Itoa(id.maker))
	}
	w.say(DeviceType, kindText(id.kind))
	w.say(DeviceID, hex.EncodeToString(id.number))
	w.say(Universal, strconv.Itoa(int(id.revisions[0])))
	w.say(Revision, strconv.Itoa(int(id.revisions[1])))
	w.say(Software, strconv.Itoa(int(id.revisions[2])))
}

func kindText(kind uint16) string {
	return "0x" + hex.EncodeToString(binary.BigEndian.AppendUint16(nil, kind))
}

// behind reads a summary of a device behind a gateway (HCF_SPEC-151, command 84): index, card, channel, maker, type, number,
// universal revision, long tag.
func behind(b []byte, w teller) {
	if len(b) < 12 {
		return
	}
	device := unique{b[6] & 0x3f, b[7], b[8], b[9], b[10]}
	w.about, w.trust = fact.Child("hart/"+hex.EncodeToString(device[:])), trustOthers
	w.say(Manufacturer, strconv.Itoa(int(binary.BigEndian.Uint16(b[4:]))))
	w.say(DeviceType, kindText(binary.BigEndian.Uint16(b[6:])))
	w.say(DeviceID, hex.EncodeToString(b[8:11]))
	w.say(Universal, strconv.Itoa(int(b[11])))
	if len(b) >= 44 {
		w.say(LongTag, latin(b[12:44]))
	}
}

// tags reads a device's names; descriptors and messages are anybody's words.
func tags(command int, b []byte, w *teller) {
	switch {
	case (command == 13 || command == 18) && len(b) >= 6:
		w.say(Tag, packed(b[:6]))
	case (command == 20 || command == 22) && len(b) >= 32:
		w.say(LongTag, latin(b[:32]))
	}
}

// teller says what is said of one device.
type teller struct {
	emit    func(fact.Fact)
	about   fact.Key
	trust   float64
	because string
}

func (w *teller) say(attr fact.Attr, value string) {
	if value != "" {
		w.emit(fact.Fact{Subject: w.about, Attr: attr, Value: value, Trust: w.trust, Because: w.because})
	}
}
