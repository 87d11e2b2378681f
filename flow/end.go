package flow

import (
	"net/netip"
	"strconv"
	"strings"

	"pons/fact"
	"pons/protocol"
)

// Kind is what an end of a conversation is.
type Kind uint8

// The kinds of end.
const (
	Device   Kind = iota // a device of the inventory
	Unknown              // a host of the hospital's own networks that no device is known for
	Internet             // an address of the public internet
	Group                // everybody: broadcasts and groups, as one
	Outside              // devices that the asker may not see, as one
)

// everybody is the subject under which all groups and broadcasts are kept: which of them was addressed says little of
// a device, and a network has thousands.
const everybody = "group"

// dynamicPort is where the ports begin that nobody registers (RFC 6335 §6): a server there that no parser knows took
// the port for the moment, so all of them are one service.
const dynamicPort = 49152

// subjectOf is the subject under which an end is kept.
func subjectOf(k fact.Key) string {
	if kindOf(k.Value) == Group {
		return everybody
	}
	return k.Value
}

// kindOf tells an end from its subject alone; a host may yet turn out to be a device.
func kindOf(subject string) Kind {
	if subject == everybody || subject == "" || subject == "|" {
		return Group
	}
	mac, ip, _ := strings.Cut(subject, "|")
	if len(mac) == 17 && ip == "" {
		if low := strings.IndexByte("0123456789abcdef", mac[1]); low&1 == 1 {
			return Group
		}
		return Unknown
	}
	ip, _, _ = strings.Cut(ip, "|") // what a host speaks for follows its address
	a, err := netip.ParseAddr(ip)
	switch {
	case err != nil:
		return Unknown
	case a.IsMulticast(), a.IsUnspecified(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return Group
	case a.IsGlobalUnicast() && !a.IsPrivate() && !carrierGrade.Contains(a):
		return Internet
	}
	return Unknown
}

// carrierGrade is RFC 6598's shared address space, which is not of the internet.
var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")

// Service is what two ends talk by. Port is the server's; 0 is any port that was taken for the moment. Of Link it is
// the EtherType. Protocol is empty where no parser knew it.
type Service struct {
	Protocol  string
	Transport protocol.Transport
	Port      uint16
}

func serviceOf(t *protocol.Traffic) Service {
	s := Service{Protocol: t.Protocol, Transport: t.Transport, Port: t.Port}
	if s.Protocol == "" && s.Transport != protocol.Link && s.Port >= dynamicPort {
		s.Port = 0
	}
	return s
}

// Upkeep says that a service keeps a network going and tells nothing of whether a device is used: addresses, names,
// time, neighbours, announcements, management. Everything that is not IP belongs to it. The list is the house's
// judgement (confidence: expert).
func (s Service) Upkeep() bool {
	if s.Transport == protocol.Link {
		return true
	}
	switch s.Protocol {
	case "arp", "dhcp", "dhcpv6", "dns", "mdns", "llmnr", "nbns", "ssdp", "wsd", "ws-discovery", "ntp", "ptp", "lldp", "cdp", "eapol", "igmp", "icmp", "icmpv6", "snmp", "syslog", "radius", "ge-time", "netbios", "stp":
		return true
	case "":
		switch s.Port { // of protocols that are known by their port alone (IANA)
		case 53, 67, 68, 123, 137, 138, 161, 162, 514, 546, 547, 1900, 3702, 5353, 5355:
			return s.Transport == protocol.UDP
		}
	}
	return false
}

// Name is the service as people call it: the protocol, or transport and port.
func (s Service) Name() string {
	if s.Protocol != "" {
		return s.Protocol
	}
	return s.Place()
}

// Place is the transport and the port: "TCP 104".
func (s Service) Place() string {
	switch {
	case s.Transport == protocol.Link:
		return "EtherType " + hex4(s.Port)
	case s.Port == 0:
		return transportName(s.Transport) + " dynamic port"
	}
	return transportName(s.Transport) + " " + strconv.Itoa(int(s.Port))
}

func transportName(t protocol.Transport) string {
	switch t {
	case protocol.UDP:
		return "UDP"
	case protocol.TCP:
		return "TCP"
	}
	return "link"
}

func hex4(n uint16) string {
	const digits = "0123456789abcdef"
	return "0x" + string([]byte{digits[n>>12], digits[n>>8&15], digits[n>>4&15], digits[n&15]})
}
