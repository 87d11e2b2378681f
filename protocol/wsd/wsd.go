// Package wsd reads WS-Discovery over UDP (2005/04, and 1.1 of 2009/01), by which Windows, printers, cameras and the
// medical devices of IEEE 11073 SDC find each other. It decides what a device says of itself in hellos and matches: its
// types, scopes and addresses, and the place that an SDC device stands in. What it tells over HTTP is others'.
package wsd

import (
	"bytes"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of the device that a message speaks of; Seeks is of who probes.
const (
	Types    fact.Attr = "wsd.types"    // one type: "dpws:Device", "mdpws:MedicalDevice"
	Scopes   fact.Attr = "wsd.scopes"   // one scope: "sdc.mds.pkp:1.2.840.10004.20701.1.1"
	XAddrs   fact.Attr = "wsd.xaddrs"   // one address of its services
	Endpoint fact.Attr = "wsd.endpoint" // "urn:uuid:…"
	Seeks    fact.Attr = "wsd.seeks"    // one type that is probed for

	Facility   fact.Attr = "wsd.location_facility"
	Building   fact.Attr = "wsd.location_building"
	Floor      fact.Attr = "wsd.location_floor"
	Department fact.Attr = "wsd.location_poc" // point of care: the ward
	Room       fact.Attr = "wsd.location_room"
	Bed        fact.Attr = "wsd.location_bed"
)

// maxList bounds types, scopes and addresses of one device; SDC devices have a handful of each.
const maxList = 64

var (
	errMalformed = errors.New("wsd: malformed")
	spaces       = [...]string{"schemas.xmlsoap.org/ws/2005/04/discovery", "docs.oasis-open.org/ws-dd/ns/discovery/2009/01"}
)

// Parser claims WS-Discovery by its name space, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "wsd", Doc: "WS-Discovery and SDC: types, scopes and addresses of devices, the bed that a medical device stands at",
		Attrs:  []fact.Attr{Types, Scopes, XAddrs, Endpoint, Seeks, Facility, Building, Floor, Department, Room, Bed},
		Over:   []protocol.Transport{protocol.UDP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return conversation{o} },
	}
}

func claims(o protocol.Opening) bool {
	if o.Transport != protocol.UDP || len(o.First) < 200 || !begins(o.First) {
		return false
	}
	matches := bytes.Contains(o.First, []byte("ProbeMatches")) || bytes.Contains(o.First, []byte("ResolveMatches"))
	return matches == (o.FirstDir == protocol.ToClient)
}

// begins tells an XML text of one of the two name spaces, perhaps behind a byte order mark.
func begins(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \r\n\t")
	return len(b) > 0 && b[0] == '<' && (bytes.Contains(b, []byte(spaces[0])) || bytes.Contains(b, []byte(spaces[1])))
}

type conversation struct{ o protocol.Opening }

// device is what one hello or match says.
type device struct {
	endpoint              string
	types, scopes, xaddrs []string
}

// Next reads one message.
func (c conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if !begins(b) {
		return 0, errMalformed
	}
	sender := c.o.Client
	if d == protocol.ToClient {
		sender = c.o.Server
	}
	s := scanner{b: bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))}
	var now device
	whole := s.run(func(path [][]byte, text []byte) {
		if len(path) >= 4 && string(path[1]) == "Body" {
			now.read(path[2:], text)
		}
	}, func(path [][]byte) {
		if len(path) < 3 || string(path[1]) != "Body" {
			return
		}
		switch name := string(path[len(path)-1]); name {
		case "Hello", "Bye", "ProbeMatch", "ResolveMatch":
			now.state(sender, name, emit)
			now = device{}
		case "Probe":
			for _, t := range now.types {
				emit(fact.Fact{Subject: sender.Key(), Attr: Seeks, Value: t, Because: "Probe"})
			}
			now = device{}
		}
	})
	if !whole {
		return 0, errMalformed
	}
	return len(b), nil
}

// read takes the elements that tell something; path begins below the body.
func (v *device) read(path [][]byte, text []byte) {
	parent := string(path[len(path)-2])
	switch name := string(path[len(path)-1]); parent {
	case "Hello", "Bye", "ProbeMatch", "ResolveMatch", "Probe":
		switch name {
		case "Types":
			v.types = list(text)
		case "Scopes":
			v.scopes = list(text)
		case "XAddrs":
			v.xaddrs = list(text)
		}
	case "EndpointReference":
		if name == "Address" && len(text) < 256 {
			v.endpoint = unescape(text)
		}
	}
}

func list(text []byte) []string {
	parts := strings.Fields(unescape(text))
	return parts[:min(len(parts), maxList)]
}

// state says what a message tells of its device.
func (v *device) state(sender protocol.Endpoint, because string, emit func(fact.Fact)) {
	subject := v.whose(sender)
	say := func(a fact.Attr, value string) {
		if value != "" {
			emit(fact.Fact{Subject: subject, Attr: a, Value: value, Because: because})
		}
	}
	say(Endpoint, v.endpoint)
	for _, t := range v.types {
		say(Types, t)
	}
	for _, x := range v.xaddrs {
		if cut := strings.IndexAny(x, "?#"); cut >= 0 {
			x = x[:cut]
		}
		say(XAddrs, x)
	}
	for _, s := range v.scopes {
		if open(s) {
			say(Scopes, s)
			place(s, say)
		}
	}
}

// whose is the device's host: the sender, unless all the addresses of the sender's family are others'; then a discovery
// proxy speaks for it (WS-Discovery 1.1 §2.2.2).
func (v *device) whose(sender protocol.Endpoint) fact.Key {
	other := netip.Addr{}
	for _, x := range v.xaddrs {
		u, err := url.Parse(x)
		if err != nil {
			continue
		}
		ip, err := netip.ParseAddr(u.Hostname())
		if err != nil {
			return sender.Key() // a name: it may be the sender's
		}
		if ip = ip.WithZone("").Unmap(); ip == sender.IP.WithZone("") {
			return sender.Key()
		}
		if ip.Is4() == sender.IP.Is4() && !other.IsValid() && !ip.IsLinkLocalUnicast() && !ip.IsLoopback() {
			other = ip
		}
	}
	if !other.IsValid() || sender.IP.IsLinkLocalUnicast() || sender.IP.IsUnspecified() {
		return sender.Key()
	}
	return fact.Host("", other.String())
}

// open tells scopes that may be stated. SDC tells contexts by scopes (IEEE 11073-20701 §9.4): of those the place is the
// device's, the others (patient, operator, means, workflow, ensemble) are people's.
func open(scope string) bool {
	const context, place = "sdc.ctxt.", "sdc.ctxt.loc:"
	if len(scope) < len(context) || !strings.EqualFold(scope[:len(context)], context) {
		return true
	}
	return len(scope) >= len(place) && strings.EqualFold(scope[:len(place)], place)
}

// place reads the scope of an SDC device's place (IEEE 11073-20701 §9.4): "sdc.ctxt.loc:/root/…?fac=…&poc=…&bed=…".
func place(scope string, say func(fact.Attr, string)) {
	const scheme = "sdc.ctxt.loc:"
	if len(scope) < len(scheme) || !strings.EqualFold(scope[:len(scheme)], scheme) {
		return
	}
	_, query, _ := strings.Cut(scope, "?")
	values, _ := url.ParseQuery(query) // what can be read of it
	for _, f := range [...]struct {
		name string
		attr fact.Attr
	}{{"fac", Facility}, {"bldng", Building}, {"flr", Floor}, {"poc", Department}, {"rm", Room}, {"bed", Bed}} {
		if v := values[f.name]; len(v) > 0 {
			say(f.attr, strings.TrimSpace(v[0]))
		}
	}
}
