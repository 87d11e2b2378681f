// Package sip reads the heads of SIP messages (RFC 3261) for the software and the device that sent them. It decides
// whose words they are: behind proxies they are not those of the host that the packet comes from. Users, numbers and
// what is agreed on are passed over.
package sip

import (
	"bytes"
	"net/netip"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/line"
)

// Attributes of the user agent that a message comes from. CONTRACTS.md names user_agent; a Server field, in which
// those who answer name themselves, is the same under another name.
const (
	UserAgent fact.Attr = "sip.user_agent"
	Instance  fact.Attr = "sip.instance" // +sip.instance of Contact (RFC 5626 §4.1): "urn:uuid:…", often with the MAC
	Device    fact.Attr = "sip.device"   // +u.sip!devicename.ccm.cisco.com of Contact: "SEP001122334455"
)

// Trust by domain/05 §5.7: what a device says of itself over HTTP 0.6; less where it is passed on.
const (
	trustSaid   = 0.6
	trustPassed = 0.4
)

// Parser reads SIP over UDP and TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "sip", Doc: "SIP: software and devices of phones and servers",
		Attrs:  []fact.Attr{UserAgent, Instance, Device},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		First:  "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{o: o, keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
		},
	}
}

// claims accepts a request of the client or an answer of the server. Phones and servers ask each other: who asks
// first is the client.
func claims(o protocol.Opening) bool {
	if o.Transport == protocol.Link || len(o.First) < 12 {
		return false
	}
	if answer(o.First) {
		return o.FirstDir == protocol.ToClient
	}
	return o.FirstDir == protocol.ToServer && request(line.First(o.First), bytes.IndexByte(o.First, '\n') >= 0)
}

func answer(b []byte) bool { return len(b) > 8 && b[0] == 'S' && string(b[:8]) == "SIP/2.0 " }

// request tells a request line: a method in capitals, an address of a scheme that phones have, the version.
func request(b []byte, whole bool) bool {
	space := bytes.IndexByte(b[:min(len(b), 14)], ' ')
	if space < 3 {
		return false
	}
	for _, c := range b[:space] {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	rest := b[space+1:]
	if !line.Begins(rest, "sip:") && !line.Begins(rest, "sips:") && !line.Begins(rest, "tel:") && !line.Begins(rest, "urn:") {
		return false
	}
	return !whole || bytes.HasSuffix(rest, []byte(" SIP/2.0"))
}

type conversation struct {
	o        protocol.Opening
	keys     [2]fact.Key
	messages [2]line.Message
	heads    [2]head
	said     [2]string // the software last said, by direction
}

// head is what is gathered of a head.
type head struct {
	answer   bool
	vias     int
	routed   bool // a proxy stays in the way
	first    netip.Addr
	agent    []byte
	instance []byte
	device   []byte
	scratch  [3][256]byte
}

// clear forgets what was gathered of the sender.
func (h *head) clear() { h.agent, h.instance, h.device = nil, nil, nil }

// Next reads a datagram, or of a stream what there is.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	m, h := &c.messages[d], &c.heads[d]
	if c.o.Transport == protocol.UDP {
		*m = line.Message{}
	}
	used := 0
	for used < len(data) {
		part, text, n := m.Step(data[used:])
		switch {
		case n == 0 && c.o.Transport == protocol.UDP:
			n = len(data) - used
		case n == 0:
			return used, nil
		case part == line.Start:
			h.clear()
			h.answer, h.vias, h.routed, h.first = answer(text), 0, false, netip.Addr{}
			if !h.answer && !request(text, true) {
				*m = line.Message{} // junk, and keep-alives; the next line may begin a message
			}
		case part == line.Named:
			c.field(m, h, text)
		case part == line.Blank:
			c.end(d, h, emit)
		}
		used += n
	}
	if c.o.Transport == protocol.UDP { // a datagram that the capture cut off
		c.end(d, h, emit)
	}
	return used, nil
}

// field reads one field; compact names are those of RFC 3261 §7.3.3.
func (c *conversation) field(m *line.Message, h *head, text []byte) {
	name, value := line.Field(text)
	switch {
	case line.Is(name, "via"), line.Is(name, "v"):
		h.vias += 1 + bytes.Count(value, []byte(", SIP/"))
		if h.vias > 1 {
			h.first = sentBy(value) // the last one is of who began
		}
	case line.Is(name, "user-agent"), line.Is(name, "server"):
		h.agent = keep(&h.scratch[0], value)
	case line.Is(name, "record-route"):
		h.routed = true
	case line.Is(name, "contact"), line.Is(name, "m"):
		h.instance = keep(&h.scratch[1], parameter(value, "+sip.instance="))
		h.device = keep(&h.scratch[2], parameter(value, "+u.sip!devicename.ccm.cisco.com="))
	case line.Is(name, "content-length"), line.Is(name, "l"):
		if n, ok := line.Number(value); ok {
			m.Length(n)
		}
	}
}

// keep copies what must outlive the data in hand.
func keep(room *[256]byte, b []byte) []byte {
	if len(b) > len(room) {
		return nil
	}
	return append(room[:0], b...)
}

// sentBy returns the address of who sent a request by its Via, as the next one saw it.
func sentBy(via []byte) netip.Addr {
	if at := bytes.LastIndex(via, []byte(", SIP/")); at >= 0 {
		via = via[at+2:]
	}
	if at := bytes.Index(via, []byte("received=")); at >= 0 {
		text := via[at+len("received="):]
		if end := bytes.IndexAny(text, "; ,"); end >= 0 {
			text = text[:end]
		}
		if ip, err := netip.ParseAddr(string(bytes.Trim(text, "[]"))); err == nil {
			return ip
		}
	}
	_, host := line.Word(via)
	if end := bytes.IndexAny(host, "; "); end >= 0 {
		host = host[:end]
	}
	if port, err := netip.ParseAddrPort(string(host)); err == nil {
		return port.Addr()
	}
	ip, _ := netip.ParseAddr(string(bytes.Trim(host, "[]")))
	return ip
}

// parameter returns the quoted value of a parameter, without angle brackets.
func parameter(b []byte, name string) []byte {
	at := bytes.Index(b, []byte(name))
	if at < 0 {
		return nil
	}
	b = b[at+len(name):]
	if len(b) == 0 || b[0] != '"' {
		return nil
	}
	end := bytes.IndexByte(b[1:], '"')
	if end < 0 {
		return nil
	}
	return bytes.Trim(b[1:1+end], "<>")
}

// end says what a head told of whom it comes from. A request that came through proxies is of who wrote the last Via;
// an answer through proxies is of somebody whom nothing in it names for sure.
func (c *conversation) end(d protocol.Dir, h *head, emit func(fact.Fact)) {
	if len(h.agent) == 0 && len(h.instance) == 0 && len(h.device) == 0 {
		return
	}
	defer h.clear()
	key, trust := c.keys[d], trustSaid
	if !h.answer && h.vias > 1 {
		if !h.first.IsValid() || h.first.IsUnspecified() || h.first.IsLoopback() {
			return
		}
		key, trust = fact.Host("", h.first.Unmap().String()), trustPassed
	} else if h.answer && h.routed {
		return
	}
	if string(h.agent) == c.said[d] && trust == trustSaid && len(h.instance) == 0 && len(h.device) == 0 {
		return // phones say the same all day
	}
	say := func(attr fact.Attr, value []byte, because string) {
		if len(value) > 0 {
			emit(fact.Fact{Subject: key, Attr: attr, Value: string(value), Trust: trust, Because: because})
		}
	}
	if trust == trustSaid {
		c.said[d] = string(h.agent)
	}
	because := "User-Agent"
	if h.answer {
		because = "Server"
	} else {
		say(Instance, h.instance, "Contact, +sip.instance")
		say(Device, h.device, "Contact, device name")
	}
	say(UserAgent, h.agent, because)
}
