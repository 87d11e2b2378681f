package protocol_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
)

// owner is a parser that says the MAC in a datagram's text is the sender's own, as ARP and DHCP do.
func owner() protocol.Parser {
	return protocol.Parser{
		Name: "owner", Attrs: []fact.Attr{fact.MAC},
		Claims: func(o protocol.Opening) bool { return strings.HasPrefix(string(o.First), "MINE") },
		New:    func(o protocol.Opening) protocol.Conversation { return mine{o} },
	}
}

type mine struct{ o protocol.Opening }

func (c mine) Next(_ time.Time, _ protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	emit(fact.Fact{Subject: c.o.Client.Key(), Attr: fact.MAC, Value: protocol.MACText(c.o.Client.MAC[:]), Because: "said so"})
	return len(data), nil
}

// devices writes each record as "subject: addresses".
func devices(records []fact.Record) (out []string) {
	for _, r := range records {
		addresses := slices.Concat(r.All(fact.MAC), r.All(fact.IP))
		out = append(out, r.Subject.Value+": "+strings.Join(addresses, " "))
	}
	return out
}

func TestHosts(t *testing.T) {
	const router = "\x00\x00\x0c\x00\x00\x01"
	via := func(ip string) host { return host{router, ip, 1234} }
	at := func(mac byte, ip string) host { return host{"\x00\x12\x21\x00\x00" + string(rune(mac)), ip, 1234} }
	for _, c := range []struct {
		name    string
		senders []host
		owners  []host
		want    string
	}{
		{"one address each", []host{alice, bob}, nil,
			"00:09:fb:00:00:0b|: 00:09:fb:00:00:0b 10.0.0.11\n00:12:21:00:00:0a|: 00:12:21:00:00:0a 10.0.0.10"},
		{"a router's MAC does not glue what came through it", []host{alice, via("10.9.0.1"), via("10.9.0.2")}, nil,
			"00:00:0c:00:00:01|: 00:00:0c:00:00:01\n00:12:21:00:00:0a|: 00:12:21:00:00:0a 10.0.0.10\n|10.9.0.1: 10.9.0.1\n|10.9.0.2: 10.9.0.2"},
		{"one public address behind a router of a private link", []host{alice, via("8.8.8.8")}, nil,
			"00:00:0c:00:00:01|: 00:00:0c:00:00:01\n00:12:21:00:00:0a|: 00:12:21:00:00:0a 10.0.0.10\n|8.8.8.8: 8.8.8.8"},
		{"all public is a link of public addresses", []host{at(1, "8.8.8.8"), at(2, "8.8.4.4")}, nil,
			"00:12:21:00:00:01|: 00:12:21:00:00:01 8.8.8.8\n00:12:21:00:00:02|: 00:12:21:00:00:02 8.8.4.4"},
		{"a router with an address of its own", []host{via("10.9.0.1")}, []host{via("10.0.0.1")},
			"00:00:0c:00:00:01|: 00:00:0c:00:00:01 10.0.0.1\n|10.9.0.1: 10.9.0.1"},
		{"several addresses that are the host's own", nil, []host{at(1, "10.0.0.1"), at(1, "10.0.0.2")},
			"00:12:21:00:00:01|: 00:12:21:00:00:01 10.0.0.1 10.0.0.2"},
		{"IPv4 and IPv6 of one host", []host{alice, {alice.mac, "fe80::1", 1}, {alice.mac, "2001:db8::10", 1}, {alice.mac, "2001:db8::ffff:1", 1}}, nil,
			"00:12:21:00:00:0a|: 00:12:21:00:00:0a 10.0.0.10 2001:db8::10 2001:db8::ffff:1 fe80::1"},
		{"IPv6 from elsewhere through a router", []host{{router, "2001:db8:1::10", 1}, {router, "2001:db8:2::10", 1}, {router, "fe80::1", 1}}, nil,
			"00:00:0c:00:00:01|: 00:00:0c:00:00:01 fe80::1\n|2001:db8:1::10: 2001:db8:1::10\n|2001:db8:2::10: 2001:db8:2::10"},
		{"an address derived from the MAC", []host{{router, "2001:db8:1::200:cff:fe00:1", 1}, {router, "2001:db8:2::10", 1}}, nil,
			"00:00:0c:00:00:01|: 00:00:0c:00:00:01 2001:db8:1:0:200:cff:fe00:1\n|2001:db8:2::10: 2001:db8:2::10"},
		{"no host: multicast, broadcast and nobody", []host{{"\x01\x00\x5e\x00\x00\x01", "224.0.0.1", 1}, {"\xff\xff\xff\xff\xff\xff", "255.255.255.255", 1},
			{"\x00\x00\x00\x00\x00\x00", "0.0.0.0", 1}, {"\x33\x33\x00\x00\x00\x01", "ff02::1", 1}}, nil, ""},
	} {
		w := newWire(protocol.Options{}, owner())
		for i, h := range c.senders {
			w.udp(h, host{"\xff\xff\xff\xff\xff\xff", sameFamily(h.ip), uint16(i)}, "who")
		}
		for i, h := range c.owners {
			w.udp(h, host{"\xff\xff\xff\xff\xff\xff", sameFamily(h.ip), uint16(i)}, "MINE")
		}
		if got := strings.Join(devices(w.e.Finish()), "\n"); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func sameFamily(ip string) string {
	if strings.Contains(ip, ":") {
		return "ff02::1"
	}
	return "255.255.255.255"
}

// TestProxyARP holds that a MAC that answers for a whole subnet owns none of it.
func TestProxyARP(t *testing.T) {
	w := newWire(protocol.Options{}, owner())
	for i := range 40 {
		w.udp(host{alice.mac, fmt.Sprintf("10.0.1.%d", i+1), 1999}, bob, "MINE")
	}
	got := devices(w.e.Finish())
	if len(got) != 41 || got[0] != "00:12:21:00:00:0a|: 00:12:21:00:00:0a" || got[1] != "|10.0.1.1: 10.0.1.1" {
		t.Errorf("%d devices, want 40 by IP and the proxy: %q", len(got), got)
	}
}

// TestNeighbours holds that neighbour discovery binds an IPv6 address to a MAC that forwards as well.
func TestNeighbours(t *testing.T) {
	a := host{alice.mac, "2001:db8:1::5", 0}
	advert := "\x88\x00\x00\x00\x60\x00\x00\x00" + "\x20\x01\x0d\xb8\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05" + "\x02\x01" + alice.mac
	w := newWire(protocol.Options{})
	b, kind := ip(a, host{ip: "ff02::1"}, 58, []byte(advert))
	w.frame(1, ether(a, bob, kind, b))
	w.udp(host{alice.mac, "2001:db8:2::5", 1}, bob6, "x")
	equal(t, devices(w.e.Finish()), "00:12:21:00:00:0a|: 00:12:21:00:00:0a 2001:db8:1::5\n|2001:db8:2::5: 2001:db8:2::5")
}

var bob6 = host{bob.mac, "2001:db8:1::b", 7000}

// TestFactsFindTheirHost holds that a fact about an address goes to the MAC that owns it, also where the frame that
// told it came from elsewhere, and that destinations which never sent are hosts only where a fact is about them.
func TestFactsFindTheirHost(t *testing.T) {
	p := lines()
	p.New = func(o protocol.Opening) protocol.Conversation { return gossip{} }
	w := newWire(protocol.Options{}, p)
	w.udp(alice, bob, "HELLO\n")
	var got []string
	for _, r := range w.e.Finish() {
		for _, v := range r.All("lines.said") {
			got = append(got, r.Subject.Value+" "+v)
		}
	}
	equal(t, got, aliceMAC+" of alice\n|10.0.0.99 of another")
}

type gossip struct{}

func (gossip) Next(_ time.Time, _ protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	emit(fact.Fact{Subject: fact.Host("", "10.0.0.10"), Attr: "lines.said", Value: "of alice"})
	emit(fact.Fact{Subject: fact.Host("", "10.0.0.99"), Attr: "lines.said", Value: "of another"})
	emit(fact.Fact{Subject: fact.Host("ff:ff:ff:ff:ff:ff", "10.0.0.255"), Attr: "lines.said", Value: "of everyone"})
	return len(data), nil
}

// TestChildren holds that a device that a host speaks for has a record of its own, and that its facts are not the host's.
func TestChildren(t *testing.T) {
	gateway := protocol.Parser{Name: "gateway", Claims: func(o protocol.Opening) bool { return true },
		New: func(o protocol.Opening) protocol.Conversation { return speaksFor{o} }}
	w := newWire(protocol.Options{}, gateway)
	w.udp(alice, bob, "serial/1")
	w.udp(alice, bob, "serial/2")
	w.udp(alice, bob, "serial/1")
	var got []string
	for _, r := range w.e.Finish() {
		got = append(got, r.Subject.Kind+" "+r.Subject.Value+": "+strings.Join(r.All("gateway.says"), " "))
	}
	equal(t, got, "child serial/1: here\nchild serial/2: here\nhost 00:12:21:00:00:0a|: ")
}

type speaksFor struct{ o protocol.Opening }

func (c speaksFor) Next(_ time.Time, _ protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	emit(fact.Fact{Subject: fact.Child(string(data)), Attr: "gateway.says", Value: "here"})
	return len(data), nil
}

// TestUndeclared holds that what a parser's list does not name does not leave the engine.
func TestUndeclared(t *testing.T) {
	p := protocol.Parser{Name: "chatty", Attrs: []fact.Attr{"chatty.model"}, Claims: func(protocol.Opening) bool { return true },
		New: func(o protocol.Opening) protocol.Conversation { return chatty{o} }}
	w := newWire(protocol.Options{}, p)
	w.udp(alice, bob, "x")
	var got []string
	for _, r := range w.e.Finish() {
		got = append(got, r.All("chatty.model")...)
		got = append(got, r.All("chatty.patient")...)
	}
	equal(t, got, "PCU 8015")
	if c := w.e.Counters().Parsers[0]; c.Errors != 1 || c.Facts != 1 {
		t.Errorf("%+v", c)
	}
}

type chatty struct{ o protocol.Opening }

func (c chatty) Next(_ time.Time, _ protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	emit(fact.Fact{Subject: c.o.Client.Key(), Attr: "chatty.patient", Value: "DOE"})
	emit(fact.Fact{Subject: c.o.Client.Key(), Attr: "chatty.model", Value: "PCU 8015"})
	return len(data), nil
}
