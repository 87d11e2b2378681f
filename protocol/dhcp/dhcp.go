// Package dhcp reads DHCP for IPv4 (RFC 2131, 2132) and IPv6 (RFC 8415). It decides what a client says of itself
// and which address a server gave it; every fact is the client's, by the hardware address in the message, because
// all clients share one flow and relays hide who sent what.
package dhcp

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of a DHCP client.
const (
	Hostname    fact.Attr = "dhcp.hostname"
	VendorClass fact.Attr = "dhcp.vendor_class"
	ParamList   fact.Attr = "dhcp.param_list" // option codes in their order: "1,3,6,15"
	FQDN        fact.Attr = "dhcp.fqdn"
	AssignedIP  fact.Attr = "dhcp.assigned_ip"
	Domain      fact.Attr = "dhcp.domain" // that the server gives it
	UserClass   fact.Attr = "dhcp.user_class"
	ClientID    fact.Attr = "dhcp.client_id"         // where it is not the hardware address: text, or hexadecimal
	ClientUUID  fact.Attr = "dhcp.client_uuid"       // of a machine that starts from the network
	ClientArch  fact.Attr = "dhcp.client_arch"       // "x64-uefi": likewise
	VendorID    fact.Attr = "dhcp.vendor_enterprise" // the maker's enterprise number
	VendorOUI   fact.Attr = "dhcp.vendor_oui"        // of equipment by the Broadband Forum's rules
	VendorModel fact.Attr = "dhcp.vendor_product_class"
	Serial      fact.Attr = "dhcp.vendor_serial"
	Relay       fact.Attr = "dhcp.relay"            // address of the relay that it stands behind
	CircuitID   fact.Attr = "dhcp.relay_circuit_id" // the switch port, as the switch words it; hexadecimal where that is no text
	RemoteID    fact.Attr = "dhcp.relay_remote_id"  // the switch
)

// Options (RFC 2132; 77: RFC 3004; 81: RFC 4702; 82: RFC 3046; 93, 97: RFC 4578; 124, 125: RFC 3925).
const (
	optPad         = 0
	optHostname    = 12
	optOverload    = 52
	optMessageType = 53
	optParamList   = 55
	optVendorClass = 60
	optDomain      = 15
	optClientID    = 61
	optUserClass   = 77
	optFQDN        = 81
	optRelay       = 82
	optArch        = 93
	optUUID        = 97
	optEnterprise  = 124
	optVendorInfo  = 125
	optEnd         = 255
)

// Message types (RFC 2132 §9.6) whose facts differ.
const (
	msgRelease = 7
	msgAck     = 5
	msgDecline = 4
)

var (
	errMalformed = errors.New("dhcp: malformed")
	cookie       = [4]byte{0x63, 0x82, 0x53, 0x63}
)

// Parser claims DHCPv4 by the magic cookie, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "dhcp", Doc: "DHCP for IPv4: names, vendor class and option order of clients, addresses given",
		Attrs: []fact.Attr{fact.MAC, fact.IP, Hostname, VendorClass, ParamList, FQDN, AssignedIP, Domain, UserClass, ClientID, ClientUUID,
			ClientArch, VendorID, VendorOUI, VendorModel, Serial, Relay, CircuitID, RemoteID},
		Over:   []protocol.Transport{protocol.UDP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return conversation{o.Client.Key()} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.UDP || len(b) < 241 || [4]byte(b[236:240]) != cookie {
		return false
	}
	return b[0] == 1 && o.FirstDir == protocol.ToServer || b[0] == 2 && o.FirstDir == protocol.ToClient
}

// conversation is the subject of clients whose hardware address is not an Ethernet one.
type conversation struct{ sender fact.Key }

// Next reads one message. Fixed part: op, htype, hlen, hops, xid 4, secs 2, flags 2, ciaddr, yiaddr, siaddr,
// giaddr, chaddr 16, sname 64, file 128, cookie 4, options.
func (c conversation) Next(_ time.Time, _ protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) < 241 || [4]byte(b[236:240]) != cookie || b[0] != 1 && b[0] != 2 {
		return 0, errMalformed
	}
	opts, err := options(b)
	mac := ""
	if b[1] == 1 && b[2] == 6 && [6]byte(b[28:34]) != [6]byte{} && b[28]&1 == 0 {
		mac = protocol.MACText(b[28:34])
	}
	kind := 0
	if t := opts[optMessageType]; len(t) == 1 {
		kind = int(t[0])
	}
	client, given := netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	subject := fact.Host(mac, "")
	if mac == "" {
		subject = c.sender
	}
	say := func(a fact.Attr, v, because string) {
		if v != "" {
			emit(fact.Fact{Subject: subject, Attr: a, Value: v, Because: because})
		}
	}
	behind(b, opts, say)
	if b[0] == 2 {
		if kind == msgAck {
			if given.IsUnspecified() { // the answer to an INFORM
				given = client
			}
			bind(mac, given, "ACK", emit)
			if !given.IsUnspecified() && mac != "" {
				say(AssignedIP, given.String(), "ACK")
				say(Hostname, text(opts[optHostname]), "option 12 of the ACK")
				say(Domain, text(opts[optDomain]), "option 15 of the ACK")
			}
		}
		return len(b), err
	}
	if kind != msgRelease && kind != msgDecline {
		bind(mac, client, "client address", emit)
	}
	say(Hostname, text(opts[optHostname]), "option 12")
	say(VendorClass, text(opts[optVendorClass]), "option 60")
	say(ParamList, codes(opts[optParamList]), "option 55")
	say(FQDN, fqdn(opts[optFQDN]), "option 81")
	identity(b, opts, say)
	return len(b), err
}

// bind states that an address is the client's.
func bind(mac string, ip netip.Addr, because string, emit func(fact.Fact)) {
	if mac == "" || ip.IsUnspecified() {
		return
	}
	subject := fact.Host(mac, ip.String())
	emit(fact.Fact{Subject: subject, Attr: fact.MAC, Value: mac, Because: because})
	emit(fact.Fact{Subject: subject, Attr: fact.IP, Value: ip.String(), Because: because})
}

// options collects the options of the message, those in the file and sname fields included (RFC 2132 §9.3); an
// option that comes in pieces is joined (RFC 3396).
func options(b []byte) (map[byte][]byte, error) {
	opts := map[byte][]byte{}
	err := collect(opts, b[240:])
	if o := opts[optOverload]; len(o) == 1 {
		if o[0]&1 != 0 {
			err = errors.Join(err, collect(opts, b[108:236]))
		}
		if o[0]&2 != 0 {
			err = errors.Join(err, collect(opts, b[44:108]))
		}
	}
	return opts, err
}

func collect(opts map[byte][]byte, b []byte) error {
	for len(b) > 0 {
		switch b[0] {
		case optPad:
			b = b[1:]
			continue
		case optEnd:
			return nil
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return errMalformed
		}
		opts[b[0]] = append(opts[b[0]], b[2:2+int(b[1])]...)
		b = b[2+int(b[1]):]
	}
	return nil
}

// text is a string option without the zeros that some clients end it with.
func text(b []byte) string { return strings.TrimRight(string(b), "\x00") }

func codes(b []byte) string {
	var out []byte
	for i, c := range b {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendUint(out, uint64(c), 10)
	}
	return string(out)
}

// fqdn reads option 81: flags, two result codes, and the name as text or, with flag E, as labels.
func fqdn(b []byte) string {
	if len(b) < 4 {
		return ""
	}
	if b[0]&4 == 0 {
		return text(b[3:])
	}
	return labels(b[3:])
}

// labels reads a name in the DNS's form, without compression (RFC 1035 §3.1); the last label may lack its end.
func labels(b []byte) string {
	var parts []string
	for len(b) > 0 && b[0] != 0 && 1+int(b[0]) <= len(b) && b[0] < 64 {
		parts = append(parts, string(b[1:1+int(b[0])]))
		b = b[1+int(b[0]):]
	}
	return strings.Join(parts, ".")
}

func be16(b []byte) int { return int(binary.BigEndian.Uint16(b)) }
