package protocol_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
)

func row(t protocol.Traffic) string {
	return fmt.Sprintf("%s %s > %s %d/%d %q up %d/%d down %d/%d begun %d units %d %d %d minutes %x %s-%s",
		t.Hour.Format("15h"), t.Client.Value, t.Server.Value, t.Transport, t.Port, t.Protocol, t.Up.Packets, t.Up.Bytes, t.Down.Packets, t.Down.Bytes,
		t.Conversations, t.Associations, t.Messages, t.Studies, t.Minutes, t.First.Format("05.000"), t.Last.Format("05.000"))
}

func rows(ts []protocol.Traffic) (out []string) {
	for _, t := range ts {
		out = append(out, row(t))
	}
	return out
}

// counting is lines, where every line is a message and nothing is kept.
func counting() protocol.Parser {
	p := lines()
	p.New = func(protocol.Opening) protocol.Conversation { return countLines{} }
	return p
}

type countLines struct{}

func (countLines) Next(_ time.Time, _ protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	i := strings.IndexByte(string(data), '\n')
	if i < 0 {
		return 0, nil
	}
	emit(fact.Fact{Attr: protocol.Message})
	if strings.HasPrefix(string(data), "HELLO") {
		emit(fact.Fact{Attr: protocol.Association})
		emit(fact.Fact{Attr: protocol.Study})
	}
	return i + 1, nil
}

// TestTraffic holds what is summed of a conversation: both ways, by hour, by minute, with the units its parser counts.
func TestTraffic(t *testing.T) {
	w := newWire(protocol.Options{}, counting())
	w.greet(alice, bob)
	w.tcp(alice, bob, ack, 101, 501, "HELLO a\nb\n")
	w.tcp(bob, alice, ack, 501, 111, "yes\n")
	w.number += 2 * 60_000 // two minutes later
	w.tcp(alice, bob, ack, 111, 505, "c\n")
	w.number += 60 * 60_000
	w.tcp(alice, bob, ack, 113, 505, "d\n")
	w.e.Finish()
	equal(t, rows(w.e.Traffic()), strings.Join([]string{
		`03h 00:12:21:00:00:0a| > 00:09:fb:00:00:0b| 2/7000 "lines" up 4/228 down 2/112 begun 1 units 1 4 1 minutes 50 05.001-05.006`,
		`04h 00:12:21:00:00:0a| > 00:09:fb:00:00:0b| 2/7000 "lines" up 1/56 down 0/0 begun 0 units 0 1 0 minutes 40 05.007-05.007`}, "\n"))
	if again := w.e.Traffic(); len(again) > 0 {
		t.Errorf("taken twice: %v", again)
	}
}

// TestTrafficOfAll holds that what nobody claims is summed as well, and to which ends: groups, hosts without an
// address, hosts behind a router, bare frames.
func TestTrafficOfAll(t *testing.T) {
	router := "\x00\x00\x0c\x00\x00\x01"
	everyone := host{"\xff\xff\xff\xff\xff\xff", "255.255.255.255", 67}
	w := newWire(protocol.Options{})
	w.udp(host{alice.mac, "0.0.0.0", 68}, everyone, "discover")
	w.udp(alice, host{"\x01\x00\x5e\x00\x00\xfb", "224.0.0.251", 5353}, "what")
	w.udp(alice, host{router, "10.9.9.9", 53}, "ask")
	w.udp(host{router, "10.9.9.9", 53}, alice, "answer")
	w.udp(host{router, "10.9.9.8", 53}, alice, "answer")
	w.frame(1, ether(alice, everyone, 0x88cc, []byte("lldp")))
	w.e.Finish()
	equal(t, rows(w.e.Traffic()), strings.Join([]string{
		`03h 00:12:21:00:00:0a| > ff:ff:ff:ff:ff:ff| 0/35020 "" up 1/18 down 0/0 begun 1 units 0 0 0 minutes 10 05.006-05.006`,
		`03h 00:12:21:00:00:0a| > |10.9.9.8 1/53 "" up 0/0 down 1/48 begun 1 units 0 0 0 minutes 10 05.005-05.005`,
		`03h 00:12:21:00:00:0a| > |10.9.9.9 1/53 "" up 1/45 down 1/48 begun 1 units 0 0 0 minutes 10 05.003-05.004`,
		`03h 00:12:21:00:00:0a| > |224.0.0.251 1/5353 "" up 1/46 down 0/0 begun 1 units 0 0 0 minutes 10 05.002-05.002`,
		`03h 00:12:21:00:00:0a| > |255.255.255.255 1/67 "" up 1/50 down 0/0 begun 1 units 0 0 0 minutes 10 05.001-05.001`}, "\n"))
}

// TestTrafficBound holds that rows are bounded and what is left out is counted.
func TestTrafficBound(t *testing.T) {
	w := newWire(protocol.Options{MaxTraffic: 10})
	for i := range 30 {
		w.udp(host{alice.mac, alice.ip, 5000}, host{bob.mac, bob.ip, uint16(6000 + i)}, "x")
	}
	w.e.Finish()
	if n, c := len(w.e.Traffic()), w.e.Counters(); n != 10 || c.TrafficDropped != 20 {
		t.Errorf("%d rows, %d dropped", n, c.TrafficDropped)
	}
}

// TestTrafficParts holds that the parts of an hour that are taken one by one add up to the whole.
func TestTrafficParts(t *testing.T) {
	play := func(take bool) (sum protocol.Volume, begun uint64) {
		w := newWire(protocol.Options{}, counting())
		add := func() {
			_, _, ts := w.e.Harvest()
			for _, r := range ts {
				sum.Packets += r.Up.Packets + r.Down.Packets
				sum.Bytes += r.Up.Bytes + r.Down.Bytes
				begun += r.Conversations
			}
		}
		for i := range 500 {
			a := alice
			a.port = uint16(1000 + i%50)
			w.udp(a, bob, "HELLO\n")
			w.udp(bob, a, "yes\n")
			w.number += 7000
			if take && i%9 == 0 {
				add()
			}
		}
		w.e.Finish()
		add()
		return sum, begun
	}
	whole, n := play(false)
	parts, m := play(true)
	if whole != parts || n != m || whole.Packets != 1000 {
		t.Errorf("%v %d in one piece, %v %d in parts", whole, n, parts, m)
	}
}
