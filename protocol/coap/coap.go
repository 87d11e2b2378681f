// Package coap reads CoAP over UDP and TCP (RFC 7252, RFC 8323): sensors and small devices. It decides what a device says it
// is: the resource types and interfaces of its list of links (RFC 6690), and the name under which it registers with a
// directory or an LwM2M server (RFC 9176, OMA LwM2M §6.2). Bodies other than lists of links are passed over; paths, queries
// and titles can name people and are never values. Over DTLS it is tls's.
package coap

import (
	"bytes"
	"errors"
	"net/netip"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a device. Host is what a client calls the server, the others are the device's own word.
const (
	ResourceType fact.Attr = "coap.resource_type" // one rt of a link: "temperature-c", "oic.d.light"
	Interface    fact.Attr = "coap.interface"     // one if of a link: "sensor", "core.s"
	Endpoint     fact.Attr = "coap.endpoint"      // "urn:imei:490154203237518"
	EndpointType fact.Attr = "coap.endpoint_type" // "oic.d.sensor"
	LwM2M        fact.Attr = "coap.lwm2m_version" // "1.1"
	Host         fact.Attr = "coap.host"          // "sensor7.ward.example"
)

const (
	port = 5683

	// maxHeld is the longest message over TCP that is waited for, and maxTail the longest piece of a link kept from block to
	// block (own choice: blocks have at most 1,024 bytes, lists rarely more than a few KiB).
	maxHeld = 32 << 10
	maxTail = 4 << 10
)

var errMalformed = errors.New("coap: malformed")

var wellKnown = []byte(".well-known\x04core") // the path's two options, whatever stands before them

// Parser claims messages of port 5683, and of any port the question for the list of links and its answer.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "coap", Doc: "CoAP: sensors by resource type and interface, and the names they register with (LwM2M, resource directories)",
		Attrs:  []fact.Attr{ResourceType, Interface, Endpoint, EndpointType, LwM2M, Host},
		Over:   []protocol.Transport{protocol.UDP, protocol.TCP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

func claims(o protocol.Opening) bool {
	usual := o.Server.Port == port || o.Client.Port == port
	if o.Transport == protocol.TCP { // each side begins with its capabilities
		code, header, total, ok := frame(o.First)
		return usual && ok && code == codeCSM && total > 0 && total-header < 64
	}
	code, rest, ok := datagram(o.First)
	if o.Transport != protocol.UDP || !ok {
		return false
	}
	if code == codeEmpty { // a ping, or an acknowledgement: no direction
		return o.Server.Port == port
	}
	if request(code) != (o.FirstDir == protocol.ToServer) {
		return false
	}
	if !usual && request(code) && !bytes.Contains(rest, wellKnown) {
		return false
	}
	m, ok := read(code, rest)
	return ok && (usual || request(code) || m.format == linkFormat && len(m.body) > 1 && m.body[0] == '<')
}

// message is what is read of one.
type message struct {
	code       byte
	path       []byte // the first segment
	host       []byte
	rest, body []byte
	format     int // of the body, -1 when not said
	block      int // -1 when the body is whole
	proxy      bool
}

func read(code byte, rest []byte) (m message, ok bool) {
	m = message{code: code, rest: rest, format: -1, block: -1}
	o := options{rest: rest}
	for {
		n, value, more := o.next()
		if !more {
			break
		}
		switch n {
		case optURIHost:
			m.host = value
		case optURIPath:
			if m.path == nil {
				m.path = value
			}
		case optContentFormat:
			m.format = number(value)
		case optBlock2, optBlock1:
			if (n == optBlock1) == request(code) {
				m.block = number(value)
			}
		case optProxyURI, optProxyScheme:
			m.proxy = true
		}
	}
	m.body = o.rest
	return m, !o.bad
}

type conversation struct {
	o    protocol.Opening
	skip [2]int // bytes of a message over TCP that is too long to wait for
	tail [2]tail
}

// tail is the piece of a link that a block ended in, and where the next block must begin.
type tail struct {
	bytes []byte
	next  int
}

// Next reads a datagram, or messages of a stream.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if c.o.Transport == protocol.UDP {
		code, rest, ok := datagram(b)
		if !ok {
			return 0, errMalformed
		}
		return len(b), c.message(d, code, rest, emit)
	}
	used := min(c.skip[d], len(b))
	c.skip[d] -= used
	for used < len(b) {
		code, header, total, ok := frame(b[used:])
		switch {
		case !ok:
			return used, errMalformed
		case total == 0:
			return used, nil
		case total > maxHeld:
			n := min(total, len(b)-used)
			c.skip[d] = total - n
			return used + n, nil
		case len(b)-used < total:
			return used, nil
		}
		if err := c.message(d, code, b[used+header:used+total], emit); err != nil {
			return used, err
		}
		used += total
	}
	return used, nil
}

// message reads who is asked, who registers, and what either lists.
func (c *conversation) message(d protocol.Dir, code byte, rest []byte, emit func(fact.Fact)) error {
	if !request(code) && !response(code) {
		return nil // empty, or signals of TCP, whose options are others
	}
	m, ok := read(code, rest)
	if !ok {
		return errMalformed
	}
	sender, other := c.o.Client, c.o.Server
	if d == protocol.ToClient {
		sender, other = other, sender
	}
	about := sender.Key()
	if request(code) {
		if len(m.host) > 0 && !m.proxy && !other.IP.IsMulticast() && name(m.host) {
			emit(fact.Fact{Subject: other.Key(), Attr: Host, Value: string(m.host), Because: "option Uri-Host"})
		}
		if code != codePOST || string(m.path) != "rd" && string(m.path) != "bs" {
			return nil
		}
		if about, ok = registration(m.rest, about, emit); !ok {
			return nil
		}
	}
	if m.format == linkFormat {
		c.list(d, &m, about, emit)
	}
	return nil
}

// name tells a host's name from an address, which is no news.
func name(host []byte) bool {
	_, err := netip.ParseAddr(string(bytes.Trim(host, "[]")))
	return err != nil
}

// registration reads what registers: the sender, unless base names the address of another for whom it speaks. The old
// name of base is con (drafts of RFC 9176).
func registration(rest []byte, about fact.Key, emit func(fact.Fact)) (fact.Key, bool) {
	var endpoint, kind, version []byte
	o := options{rest: rest}
	for n, value, ok := o.next(); ok; n, value, ok = o.next() {
		if n != optURIQuery {
			continue
		}
		key, v, _ := bytes.Cut(value, []byte("="))
		switch string(key) {
		case "ep":
			endpoint = v
		case "et":
			kind = v
		case "lwm2m":
			version = v
		case "base", "con":
			ip, named := authority(v)
			if named && !ip.IsValid() {
				return about, false // of a host whose address is not said
			}
			if named {
				about = fact.Host("", ip.String())
			}
		}
	}
	if len(endpoint) == 0 { // an update, which names nobody
		return about, false
	}
	emit(fact.Fact{Subject: about, Attr: Endpoint, Value: string(endpoint), Because: "registration, query ep"})
	if len(kind) > 0 {
		emit(fact.Fact{Subject: about, Attr: EndpointType, Value: string(kind), Because: "registration, query et"})
	}
	if len(version) > 0 {
		emit(fact.Fact{Subject: about, Attr: LwM2M, Value: string(version), Because: "registration, query lwm2m"})
	}
	return about, true
}

// list reads links, whole or block by block (RFC 7959): a number of blocks, whether more follow, and a size of 16 doubled so
// often. Blocks out of order are left out until the list begins anew.
func (c *conversation) list(d protocol.Dir, m *message, about fact.Key, emit func(fact.Fact)) {
	b, last, t := m.body, true, &c.tail[d]
	if m.block >= 0 {
		at := m.block >> 4 << (4 + m.block&7)
		if at == 0 {
			*t = tail{}
		}
		if at != t.next {
			return
		}
		t.next, last = at+len(b), m.block&8 == 0
		if len(t.bytes) > 0 {
			b = append(t.bytes, b...)
		}
	}
	for len(b) > 0 {
		one, rest, ok := link(b, last)
		if !ok {
			break
		}
		describe(one, about, emit)
		b = rest
	}
	if m.block < 0 {
		return
	}
	if last || len(b) > maxTail {
		*t = tail{next: -1}
		return
	}
	t.bytes = bytes.Clone(b)
}

// describe states a link's types and interfaces, of the host of its target: a directory lists the links of others.
func describe(one []byte, about fact.Key, emit func(fact.Fact)) {
	target, params, ok := split(one)
	if !ok {
		return
	}
	if ip, named := authority(target); named {
		if !ip.IsValid() {
			return
		}
		about = fact.Host("", ip.String())
	} else if elsewhere(params) {
		return
	}
	for len(params) > 0 {
		var key, value []byte
		key, value, params = param(params)
		attr := fact.Attr("")
		switch string(key) {
		case "rt":
			attr = ResourceType
		case "if":
			attr = Interface
		default:
			continue
		}
		for word := range bytes.FieldsSeq(value) {
			emit(fact.Fact{Subject: about, Attr: attr, Value: string(word), Because: "list of links, " + string(key)})
		}
	}
}

// elsewhere tells that a link's anchor is on another host.
func elsewhere(params []byte) bool {
	for len(params) > 0 {
		var key, value []byte
		if key, value, params = param(params); string(key) == "anchor" {
			_, named := authority(value)
			return named
		}
	}
	return false
}
