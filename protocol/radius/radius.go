// Package radius reads RADIUS (RFC 2865, 2866, 5176) over UDP. It decides what an access point, switch or gateway says
// of itself and of the host that it lets in, which is named by its hardware address. Users are passed over, but for
// machines that log in as such; passwords and keys are never looked at.
package radius

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of whoever lets in (the NAS).
const (
	NASID   fact.Attr = "radius.nas_id"
	NASIP   fact.Attr = "radius.nas_ip"         // as it says, where that is not where it sends from
	Station fact.Attr = "radius.called_station" // its own address or the radio's: "00-11-22-33-44-55:ward-devices"
)

// Attributes of the host that is let in.
const (
	SSID      fact.Attr = "radius.ssid"
	NASPort   fact.Attr = "radius.nas_port_id" // "GigabitEthernet1/0/13"
	AccessBy  fact.Attr = "radius.access_by"   // name or address of the NAS
	Principal fact.Attr = "radius.principal_host"
)

// Codes (RFC 2865 §3, RFC 2866 §3, RFC 5176 §2.3).
const (
	accessRequest      = 1
	accessAccept       = 2
	accessReject       = 3
	accountingRequest  = 4
	accountingResponse = 5
	accessChallenge    = 11
	statusServer       = 12
	disconnectRequest  = 40
	changeOfAuthNAK    = 45
)

// Attributes of the protocol.
const (
	userName   = 1
	nasAddress = 4
	framedIP   = 8
	called     = 30
	calling    = 31
	nasID      = 32
	proxyState = 33
	nasPortID  = 87
	nasIPv6    = 95
)

const headerSize = 20

var errMalformed = errors.New("radius: malformed")

// Parser claims RADIUS by its lengths, which all must fit, on its ports or with what names a NAS.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "radius", Doc: "RADIUS: access points, switches and gateways by name, and the hosts that they let in",
		Attrs:  []fact.Attr{fact.MAC, fact.IP, NASID, NASIP, Station, SSID, NASPort, AccessBy, Principal},
		Over:   []protocol.Transport{protocol.UDP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return conversation{o} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.UDP || len(b) < headerSize || b[0] == 0 || b[0] > changeOfAuthNAK || int(binary.BigEndian.Uint16(b[2:])) != len(b) {
		return false
	}
	fromNAS := false
	switch b[0] {
	case accessRequest, accountingRequest, statusServer:
		fromNAS = true
	case accessAccept, accessReject, accountingResponse, accessChallenge:
	default:
		if b[0] < disconnectRequest {
			return false
		}
		return (o.Server.Port == 3799 || o.Server.Port == 1700) && whole(b, nil) && (b[0] == 40 || b[0] == 43) == (o.FirstDir == protocol.ToServer)
	}
	if fromNAS != (o.FirstDir == protocol.ToServer) {
		return false
	}
	switch o.Server.Port {
	case 1812, 1813, 1645, 1646:
		return whole(b, nil)
	}
	return fromNAS && len(b) > 40 && whole(b, []byte{nasAddress, nasID, nasIPv6})
}

// whole tells whether the attributes fill the message, and whether one of some is there.
func whole(b, some []byte) bool {
	found := len(some) == 0
	for b = b[headerSize:]; len(b) > 0; b = b[b[1]:] {
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) || b[0] == 0 {
			return false
		}
		for _, a := range some {
			found = found || a == b[0]
		}
	}
	return found
}

type conversation struct{ o protocol.Opening }

// told is what a request says.
type told struct {
	nas, framed                 netip.Addr
	id, station, port, mac, who string
	proxied                     bool
}

// Next reads one message: code, identifier, length 2, authenticator 16, attributes of kind, length, value.
func (c conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) < headerSize || int(binary.BigEndian.Uint16(b[2:])) > len(b) {
		return 0, errMalformed
	}
	b = b[:max(headerSize, int(binary.BigEndian.Uint16(b[2:])))] // what follows is padding (RFC 2865 §3)
	if d != protocol.ToServer || b[0] != accessRequest && b[0] != accountingRequest {
		return len(b), nil
	}
	var t told
	for rest := b[headerSize:]; len(rest) > 0; rest = rest[rest[1]:] {
		if len(rest) < 2 || rest[1] < 2 || int(rest[1]) > len(rest) {
			return 0, errMalformed
		}
		t.read(rest[0], rest[2:rest[1]])
	}
	c.state(t, b[0] == accountingRequest, emit)
	return len(b), nil
}

func (t *told) read(kind byte, v []byte) {
	switch kind {
	case nasAddress:
		if len(v) == 4 {
			t.nas = netip.AddrFrom4([4]byte(v))
		}
	case nasIPv6:
		if len(v) == 16 && !t.nas.IsValid() {
			t.nas = netip.AddrFrom16([16]byte(v))
		}
	case framedIP:
		if len(v) == 4 {
			t.framed = netip.AddrFrom4([4]byte(v))
		}
	case nasID:
		t.id = text(v)
	case called:
		if s := text(v); station(s) {
			t.station = s
		}
	case calling:
		if mac, ok := fact.ParseMAC(text(v)); ok {
			t.mac = mac
		}
	case nasPortID:
		t.port = text(v)
	case proxyState:
		t.proxied = true
	case userName:
		if s := text(v); len(s) > 5 && strings.EqualFold(s[:5], "host/") || len(s) > 1 && s[len(s)-1] == '$' {
			t.who = s
		}
	}
}

// state says what is known of the NAS and of who is let in. A proxy passes requests on, and says so by adding its
// state; the NAS is then the host that it names.
func (c conversation) state(t told, accounting bool, emit func(fact.Fact)) {
	nas, elsewhere := c.o.Client.Key(), t.nas.IsGlobalUnicast() && t.nas != c.o.Client.IP
	if t.proxied && !elsewhere && !t.nas.IsValid() {
		nas = fact.Key{} // somebody behind the proxy
	}
	say := func(k fact.Key, a fact.Attr, v, because string) {
		if v != "" && k != (fact.Key{}) {
			emit(fact.Fact{Subject: k, Attr: a, Value: v, Because: because})
		}
	}
	if elsewhere {
		if t.proxied {
			nas = fact.Host("", t.nas.String())
		} else {
			say(nas, NASIP, t.nas.String(), "NAS-IP-Address")
		}
	}
	say(nas, NASID, t.id, "NAS-Identifier")
	say(nas, Station, t.station, "Called-Station-Id")
	if t.mac == "" {
		return
	}
	host := fact.Host(t.mac, "")
	if at := strings.LastIndexByte(t.station, ':'); at >= 12 {
		if _, ok := fact.ParseMAC(t.station[:at]); ok {
			say(host, SSID, t.station[at+1:], "Called-Station-Id")
		}
	}
	say(host, NASPort, t.port, "NAS-Port-Id")
	by := t.id
	if by == "" && t.nas.IsValid() {
		by = t.nas.String()
	}
	say(host, AccessBy, by, "request about this host")
	say(host, Principal, t.who, "User-Name of a machine")
	if accounting && t.framed.IsGlobalUnicast() && !t.framed.IsUnspecified() {
		bound := fact.Host(t.mac, t.framed.String())
		say(bound, fact.MAC, t.mac, "Calling-Station-Id")
		say(bound, fact.IP, t.framed.String(), "Framed-IP-Address")
	}
}

// station tells hardware addresses, alone or before the name of a radio network (RFC 3580 §3.20), from telephone numbers.
func station(s string) bool {
	for n := range s {
		if s[n] == ':' {
			if _, ok := fact.ParseMAC(s[:n]); ok {
				return true
			}
		}
	}
	_, ok := fact.ParseMAC(s)
	return ok
}

// text is a string without ending zeros; a text that is none is nothing.
func text(v []byte) string {
	s := strings.TrimRight(string(v), "\x00")
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) >= 0 {
		return ""
	}
	return s
}
