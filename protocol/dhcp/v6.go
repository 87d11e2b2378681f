package dhcp

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a DHCPv6 client.
const (
	FQDN6        fact.Attr = "dhcpv6.fqdn"
	VendorClass6 fact.Attr = "dhcpv6.vendor_class"
	AssignedIP6  fact.Attr = "dhcpv6.assigned_ip"
	ParamList6   fact.Attr = "dhcpv6.param_list" // option codes in their order: "24,23,17,39"
	DUID         fact.Attr = "dhcpv6.duid"       // hexadecimal; stays when the network card is changed
	VendorID6    fact.Attr = "dhcpv6.vendor_enterprise"
)

// Message types (RFC 8415 §7.3).
const (
	v6Solicit      = 1
	v6Advertise    = 2
	v6Reply        = 7
	v6Reconfigure  = 10
	v6RelayForward = 12
	v6RelayReply   = 13
)

// Options (RFC 8415 §21; 39: RFC 4704; 79: RFC 6939).
const (
	v6ClientID     = 1
	v6Address      = 5
	v6Request      = 6
	v6IANA         = 3
	v6RelayMessage = 9
	v6VendorClass  = 16
	v6FQDN         = 39
	v6ClientLink   = 79
)

// maxRelays is the hop limit of RFC 8415 §7.6, and rounded down: real chains have one or two.
const maxRelays = 8

// ParserV6 claims DHCPv6 on its ports: its header is too short to be told by content alone.
func ParserV6() protocol.Parser {
	return protocol.Parser{
		Name: "dhcpv6", Doc: "DHCP for IPv6: names and vendor class of clients, addresses given",
		Attrs: []fact.Attr{fact.MAC, FQDN6, VendorClass6, AssignedIP6, ParamList6, DUID, VendorID6},
		Over:  []protocol.Transport{protocol.UDP},
		Claims: func(o protocol.Opening) bool {
			b := o.First
			if o.Transport != protocol.UDP || len(b) < 4 || !v6Port(o.Client.Port) || !v6Port(o.Server.Port) {
				return false
			}
			fromServer := b[0] == v6Advertise || b[0] == v6Reply || b[0] == v6Reconfigure || b[0] == v6RelayReply
			return b[0] >= v6Solicit && b[0] <= v6RelayReply && fromServer == (o.FirstDir == protocol.ToClient)
		},
		New: func(o protocol.Opening) protocol.Conversation { return conversation6{o} },
	}
}

func v6Port(p uint16) bool { return p == 546 || p == 547 }

type conversation6 struct{ o protocol.Opening }

func (c conversation6) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	return len(b), message6(b, c.o.Client.Key(), 0, emit)
}

// message6 reads a message about a client; a relay's message holds the client's own.
func message6(b []byte, client fact.Key, depth int, emit func(fact.Fact)) error {
	if len(b) < 4 || depth > maxRelays {
		return errMalformed
	}
	if b[0] == v6RelayForward || b[0] == v6RelayReply {
		return relayed(b, depth, emit)
	}
	fromServer := b[0] == v6Advertise || b[0] == v6Reply || b[0] == v6Reconfigure
	return options6(b[4:], func(code int, v []byte) error {
		switch {
		case code == v6IANA && b[0] == v6Reply && len(v) >= 12: // IAID, T1, T2, options
			return options6(v[12:], func(code int, v []byte) error {
				if code == v6Address && len(v) >= 24 {
					ip := netip.AddrFrom16([16]byte(v[:16])).String()
					emit(fact.Fact{Subject: client, Attr: AssignedIP6, Value: ip, Because: "option 5 of the reply"})
				}
				return nil
			})
		case code == v6ClientID && len(v) > 4 && len(v) <= 130: // RFC 8415 §11.1
			emit(fact.Fact{Subject: client, Attr: DUID, Value: hex.EncodeToString(v), Because: "option 1"})
		case code == v6Request && !fromServer:
			emit(fact.Fact{Subject: client, Attr: ParamList6, Value: codes6(v), Because: "option 6"})
		case code == v6FQDN && !fromServer && len(v) > 1:
			emit(fact.Fact{Subject: client, Attr: FQDN6, Value: labels(v[1:]), Because: "option 39"})
		case code == v6VendorClass && !fromServer && len(v) > 4:
			emit(fact.Fact{Subject: client, Attr: VendorID6, Value: strconv.FormatUint(uint64(binary.BigEndian.Uint32(v)), 10), Because: "option 16"})
			for v = v[4:]; len(v) >= 2; v = v[2+be16(v):] {
				if 2+be16(v) > len(v) {
					return errMalformed
				}
				emit(fact.Fact{Subject: client, Attr: VendorClass6, Value: text(v[2 : 2+be16(v)]), Because: "option 16"})
			}
		}
		return nil
	})
}

// relayed reads a relay's message: type, hops, link address 16, peer address 16 (the client's), options.
func relayed(b []byte, depth int, emit func(fact.Fact)) error {
	if len(b) < 34 {
		return errMalformed
	}
	peer, mac := netip.AddrFrom16([16]byte(b[18:34])).String(), ""
	var inner []byte
	err := options6(b[34:], func(code int, v []byte) error {
		switch {
		case code == v6RelayMessage:
			inner = v
		case code == v6ClientLink && len(v) == 8 && be16(v) == 1 && v[2]&1 == 0:
			mac = protocol.MACText(v[2:])
		}
		return nil
	})
	client := fact.Host(mac, peer)
	if mac != "" {
		emit(fact.Fact{Subject: client, Attr: fact.MAC, Value: mac, Because: "option 79 of the relay"})
	}
	if inner == nil || err != nil {
		return errMalformed
	}
	return message6(inner, client, depth+1, emit)
}

func options6(b []byte, each func(code int, value []byte) error) error {
	for len(b) >= 4 {
		n := be16(b[2:])
		if 4+n > len(b) {
			return errMalformed
		}
		if err := each(be16(b), b[4:4+n]); err != nil {
			return err
		}
		b = b[4+n:]
	}
	if len(b) > 0 {
		return errMalformed
	}
	return nil
}

// codes6 writes option codes of two bytes in their order.
func codes6(b []byte) string {
	var out []byte
	for ; len(b) >= 2; b = b[2:] {
		if len(out) > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, int64(be16(b)), 10)
	}
	return string(out)
}
