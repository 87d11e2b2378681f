// Package arp reads the Address Resolution Protocol (RFC 826, RFC 5227). It decides which IPv4 address a host
// claims for its MAC; whether one MAC answers for too many is protocol's to judge.
package arp

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"pons/fact"
	"pons/protocol"
)

var errMalformed = errors.New("arp: malformed")

// Parser claims Ethernet ARP for IPv4.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "arp", Doc: "ARP: which IPv4 address belongs to which MAC",
		Attrs:  []fact.Attr{fact.MAC, fact.IP},
		Over:   []protocol.Transport{protocol.Link},
		Claims: func(o protocol.Opening) bool { return o.Transport == protocol.Link && o.EtherType == 0x0806 },
		New:    func(protocol.Opening) protocol.Conversation { return &conversation{} },
	}
}

// conversation remembers what it said last, because hosts repeat themselves.
type conversation struct {
	last [10]byte
	mac  fact.Fact
	ip   fact.Fact
}

// Next reads one packet: hardware 1, protocol 0x0800, lengths 6 and 4, operation, sender MAC and IP, target.
func (c *conversation) Next(_ time.Time, _ protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) < 28 || binary.BigEndian.Uint16(b) != 1 || binary.BigEndian.Uint16(b[2:]) != 0x0800 || b[4] != 6 || b[5] != 4 {
		return 0, errMalformed
	}
	sender := [10]byte(b[8:18])
	ip := netip.AddrFrom4([4]byte(b[14:18]))
	if sender[0]&1 == 1 || [6]byte(sender[:6]) == [6]byte{} || ip.IsUnspecified() { // a probe claims nothing yet
		return len(b), nil
	}
	if sender != c.last {
		mac := protocol.MACText(b[8:14])
		subject := fact.Host(mac, ip.String())
		c.last = sender
		c.mac = fact.Fact{Subject: subject, Attr: fact.MAC, Value: mac, Because: "ARP sender"}
		c.ip = fact.Fact{Subject: subject, Attr: fact.IP, Value: ip.String(), Because: "ARP sender"}
	}
	emit(c.mac)
	emit(c.ip)
	return len(b), nil
}
