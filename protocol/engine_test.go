package protocol_test

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
)

// TestLinks wraps one datagram in every link layer and tunnel that is peeled.
func TestLinks(t *testing.T) {
	b, _ := ip(alice, bob, 17, datagram(alice, bob, "HELLO\n"))
	six, _ := ip(host{ip: "2001:db8::a"}, host{ip: "2001:db8::b"}, 17, datagram(alice, bob, "HELLO\n"))
	wrap := func(head string, tail []byte) []byte { return append([]byte(head), tail...) }
	carried := func(proto byte, payload []byte) []byte {
		outer, kind := ip(host{ip: "192.0.2.1"}, host{ip: "192.0.2.2"}, proto, payload)
		gateway := host{mac: "\x00\x00\x0c\x00\x00\x01"}
		return ether(gateway, bob, kind, outer)
	}
	plain := ether(alice, bob, 0x0800, b)
	over := func(port uint16, head string, tail []byte) []byte {
		return carried(17, datagram(host{port: 40001}, host{port: port}, head+string(tail)))
	}
	llc := "\xaa\xaa\x03\x00\x00\x00\x08\x00"
	ap := "\x00\x0b\x86\x00\x00\x01"
	toDS := "\x08\x01\x00\x00" + ap + alice.mac + bob.mac + "\x00\x00"
	subframe := wrap(bob.mac+alice.mac+string([]byte{0, byte(8 + len(b))})+llc, b)
	erspan := "\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	for _, c := range []struct {
		name string
		link uint32
		data []byte
		want string
	}{
		{"ethernet", 1, plain, aliceMAC},
		{"ethernet with padding", 1, append(slices.Clone(plain), make([]byte, 18)...), aliceMAC},
		{"vlan", 1, ether(alice, bob, 0x8100, wrap("\x00\x05\x08\x00", b)), aliceMAC},
		{"qinq", 1, ether(alice, bob, 0x88a8, wrap("\x00\x05\x81\x00\x00\x06\x08\x00", b)), aliceMAC},
		{"snap", 1, ether(alice, bob, uint16(8+len(b)), wrap("\xaa\xaa\x03\x00\x00\x00\x08\x00", b)), aliceMAC},
		{"pppoe", 1, ether(alice, bob, 0x8864, wrap("\x11\x00\x00\x01\x00\x20\x00\x21", b)), aliceMAC},
		{"mpls", 1, ether(alice, bob, 0x8847, wrap("\x00\x01\x00\x40\x00\x01\x01\x40", b)), "|10.0.0.10"},
		{"null, little-endian", 0, wrap("\x02\x00\x00\x00", b), "|10.0.0.10"},
		{"loop", 108, wrap("\x00\x00\x00\x02", b), "|10.0.0.10"},
		{"raw", 101, b, "|10.0.0.10"},
		{"raw IPv4", 228, b, "|10.0.0.10"},
		{"raw IPv6", 229, six, "|2001:db8::a"},
		{"cooked", 113, wrap("\x00\x00\x00\x01\x00\x06"+alice.mac+"\x00\x00\x08\x00", b), aliceMAC},
		{"cooked 2", 276, wrap("\x08\x00\x00\x00\x00\x00\x00\x02\x00\x01\x00\x06"+alice.mac+"\x00\x00", b), aliceMAC},
		{"IP in IP", 1, carried(4, b), "|10.0.0.10"},
		{"6in4", 1, carried(41, six), "|2001:db8::a"},
		{"GRE", 1, carried(47, wrap("\x00\x00\x08\x00", b)), "|10.0.0.10"},
		{"GRE with key and Ethernet", 1, carried(47, wrap("\x20\x00\x65\x58\x00\x00\x00\x07", plain)), aliceMAC},
		{"ERSPAN II", 1, carried(47, wrap("\x10\x00\x88\xbe\x00\x00\x00\x01\x10\x00\x00\x00\x00\x00\x00\x00", plain)), aliceMAC},
		{"QinQ of old", 1, ether(alice, bob, 0x9100, wrap("\x00\x05\x81\x00\x00\x06\x08\x00", b)), aliceMAC},
		{"MPLS pseudowire", 1, ether(alice, bob, 0x8847, wrap("\x00\x01\x01\x40\x00\x00\x00\x00", plain)), aliceMAC},
		{"PPP", 9, wrap("\xff\x03\x00\x21", b), "|10.0.0.10"},
		{"PPP, short", 9, wrap("\x21", b), "|10.0.0.10"},
		{"PPPoE alone", 51, wrap("\x11\x00\x00\x01\x00\x20\x00\x21", b), "|10.0.0.10"},
		{"Cisco HDLC", 104, wrap("\x0f\x00\x08\x00", b), "|10.0.0.10"},
		{"frame relay", 107, wrap("\x04\x01\x03\xcc", b), "|10.0.0.10"},
		{"frame relay, Cisco's", 107, wrap("\x04\x01\x08\x00", b), "|10.0.0.10"},
		{"FDDI", 10, wrap("\x50"+bob.mac+alice.mac+llc, b), aliceMAC},
		{"token ring with a route", 6, wrap("\x10\x40"+bob.mac+string([]byte{alice.mac[0] | 0x80})+alice.mac[1:]+"\x04\x00\x00\x10"+llc, b), aliceMAC},
		{"NFLOG", 239, wrap("\x02\x00\x00\x00\x08\x00\x01\x00abcd"+string([]byte{byte(4 + len(b)), 0})+"\x09\x00", b), "|10.0.0.10"},
		{"pflog", 117, wrap("\x05\x02\x00\x00\x00\x00\x00\x00", b), "|10.0.0.10"},
		{"802.11 to the access point", 105, wrap(toDS+llc, b), aliceMAC},
		{"802.11 from the access point, QoS", 105, wrap("\x88\x02\x00\x00"+bob.mac+ap+alice.mac+"\x00\x00\x00\x00"+llc, b), aliceMAC},
		{"802.11 between access points", 105, wrap("\x08\x03\x00\x00"+ap+ap+bob.mac+"\x00\x00"+alice.mac+llc, b), aliceMAC},
		{"802.11 A-MSDU", 105, wrap("\x88\x01\x00\x00"+ap+alice.mac+bob.mac+"\x00\x00\x80\x00", subframe), aliceMAC},
		{"radiotap", 127, wrap("\x00\x00\x08\x00\x00\x00\x00\x00"+toDS+llc, b), aliceMAC},
		{"radiotap, padded", 127, wrap("\x00\x00\x09\x00\x02\x00\x00\x00\x20"+"\x88\x01"+toDS[2:]+"\x00\x00\x00\x00"+llc, b), aliceMAC},
		{"PPI", 192, wrap("\x00\x00\x08\x00\x69\x00\x00\x00"+toDS+llc, b), aliceMAC},
		{"AVS", 163, wrap("\x80\x21\x10\x01\x00\x00\x00\x08"+toDS+llc, b), aliceMAC},
		{"Prism", 119, wrap("\x44\x00\x00\x00\x08\x00\x00\x00"+toDS+llc, b), aliceMAC},
		{"GRE with a route", 1, carried(47, wrap("\x40\x00\x08\x00\x00\x00\x00\x00"+"\x00\x02\x00\x04abcd"+"\x00\x00\x00\x00", b)), "|10.0.0.10"},
		{"PPTP", 1, carried(47, wrap("\x30\x81\x88\x0b\x00\x20\x00\x07\x00\x00\x00\x01\x00\x00\x00\x02\xff\x03\x00\x21", b)), "|10.0.0.10"},
		{"ERSPAN I", 1, carried(47, wrap("\x00\x00\x88\xbe", plain)), aliceMAC},
		{"ERSPAN III", 1, carried(47, wrap("\x10\x00\x22\xeb\x00\x00\x00\x01"+erspan, plain)), aliceMAC},
		{"ERSPAN III with its platform's word", 1, carried(47, wrap("\x10\x00\x22\xeb\x00\x00\x00\x01"+erspan[:11]+"\x01"+"\x00\x00\x00\x00\x00\x00\x00\x00", plain)), aliceMAC},
		{"EtherIP", 1, carried(97, wrap("\x30\x00", plain)), aliceMAC},
		{"VXLAN", 1, over(4789, "\x08\x00\x00\x00\x00\x00\x07\x00", plain), aliceMAC},
		{"VXLAN of Linux", 1, over(8472, "\x08\x00\x00\x00\x00\x00\x07\x00", plain), aliceMAC},
		{"VXLAN-GPE", 1, over(4790, "\x0c\x00\x00\x01\x00\x00\x07\x00", b), "|10.0.0.10"},
		{"Geneve with an option", 1, over(6081, "\x01\x00\x65\x58\x00\x00\x07\x00abcd", plain), aliceMAC},
		{"GTP-U", 1, over(2152, "\x30\xff\x00\x20\x00\x00\x00\x01", b), "|10.0.0.10"},
		{"GTP-U with an extension", 1, over(2152, "\x34\xff\x00\x20\x00\x00\x00\x01\x00\x00\x00\x85\x01\x00\x09\x00", b), "|10.0.0.10"},
		{"Teredo", 1, over(3544, "\x00\x00\x12\x34\x0a\x00\x00\x01", six), "|2001:db8::a"},
		{"L2TP", 1, over(1701, "\x40\x02\x00\x20\x00\x01\x00\x01\xff\x03\x00\x21", b), "|10.0.0.10"},
		{"CAPWAP, 802.3", 1, over(5247, "\x00\x10\x02\x00\x00\x00\x00\x00", plain), aliceMAC},
		{"CAPWAP, 802.11", 1, over(5247, "\x00\x10\x03\x00\x00\x00\x00\x00", wrap(toDS+llc, b)), aliceMAC},
		{"AYIYA", 1, over(5072, "\x00\x00\x00\x29\x00\x00\x00\x00\x07", six), "|2001:db8::a"},
		{"TZSP", 1, over(37008, "\x01\x00\x00\x01\x0a\x01\xb0\x01", plain), aliceMAC},
		{"VXLAN in GRE", 1, carried(47, wrap("\x00\x00\x65\x58", over(4789, "\x08\x00\x00\x00\x00\x00\x07\x00", plain))), aliceMAC},
	} {
		w := newWire(protocol.Options{})
		w.frame(c.link, c.data)
		if got := strings.Join(w.said(), "\n"); got != c.want+" HELLO" {
			t.Errorf("%s: %q, want %q; %+v", c.name, got, c.want+" HELLO", w.e.Counters())
		}
		for cut := range c.data { // no frame is too short to be met
			w.frame(c.link, c.data[:cut])
		}
	}
	w := newWire(protocol.Options{})
	w.frame(4711, plain)
	if c := w.e.Counters(); c.Undecodable != 1 || c.Frames != 1 {
		t.Errorf("an unknown link type: %+v", c)
	}
}

// TestEncrypted holds that an encrypted 802.11 frame is counted, and its sender met.
func TestEncrypted(t *testing.T) {
	w := newWire(protocol.Options{})
	w.frame(105, []byte("\x08\x41\x00\x00"+"\x00\x0b\x86\x00\x00\x01"+alice.mac+bob.mac+"\x00\x00"+strings.Repeat("?", 40)))
	if c := w.e.Counters(); c.Encrypted != 1 || c.Undecodable != 0 {
		t.Errorf("%+v", c)
	}
	equal(t, devices(w.e.Finish()), "00:12:21:00:00:0a|: 00:12:21:00:00:0a")
}

// TestNoTunnel holds that a port alone makes no tunnel: what does not look like one is read as itself.
func TestNoTunnel(t *testing.T) {
	for _, port := range []uint16{1701, 2152, 3544, 4789, 4790, 5072, 5247, 6081, 8472, 37008} {
		w := newWire(protocol.Options{})
		b := bob
		b.port = port
		w.udp(alice, b, "HELLO\n")
		equal(t, w.said(), aliceMAC+" HELLO")
	}
}

// TestExtensionHeaders reads a datagram behind hop-by-hop options and an atomic fragment header.
func TestExtensionHeaders(t *testing.T) {
	a, b := host{alice.mac, "2001:db8::a", 4000}, host{bob.mac, "2001:db8::b", 5000}
	payload := append([]byte("\x2c\x00\x01\x04\x00\x00\x00\x00"+"\x11\x00\x00\x00\x00\x00\x00\x09"), datagram(a, b, "HELLO\n")...)
	p, kind := ip(a, b, 0, payload)
	w := newWire(protocol.Options{})
	w.frame(1, ether(a, b, kind, p))
	equal(t, w.said(), aliceMAC+" HELLO")
}

// TestFragments holds that datagrams in pieces come together in any order, and that pieces without end are bounded.
func TestFragments(t *testing.T) {
	whole := datagram(alice, bob, "HELLO "+strings.Repeat("x", 100)+"\n")
	fragment := func(off int, more bool, id uint16) []byte {
		end := min(len(whole), off+40)
		b, kind := ip(alice, bob, 17, whole[off:end])
		binary.BigEndian.PutUint16(b[4:], id)
		bits := uint16(off / 8)
		if more {
			bits |= 0x2000
		}
		binary.BigEndian.PutUint16(b[6:], bits)
		return ether(alice, bob, kind, b)
	}
	for _, order := range [][]int{{0, 40, 80}, {80, 40, 0}, {40, 0, 40, 80}} {
		w := newWire(protocol.Options{})
		for _, off := range order {
			w.frame(1, fragment(off, off < 80, 9))
		}
		equal(t, w.said(), aliceMAC+" HELLO "+strings.Repeat("x", 100))
	}
	w := newWire(protocol.Options{})
	for id := range 5000 {
		w.frame(1, fragment(40, true, uint16(id)))
	}
	if c := w.e.Counters(); c.Fragments != 5000 || c.FragmentsLost < 3900 {
		t.Errorf("fragments without end: %+v", c)
	}
}

// TestBounds holds that what an engine holds is bounded, and that what it drops is counted.
func TestBounds(t *testing.T) {
	w := newWire(protocol.Options{MaxFlows: 10, MaxHosts: 5, MaxFacts: 4})
	for i := range 100 {
		a := host{fmt.Sprintf("\x00\x12\x21\x00\x00%c", byte(i&15)+1), fmt.Sprintf("10.0.0.%d", i&15+1), uint16(1000 + i)}
		w.udp(a, bob, fmt.Sprintf("HELLO %d\n", i))
	}
	said := w.said()
	c := w.e.Counters()
	if c.Evicted != 90 || c.HostsDropped == 0 || c.FactsDropped == 0 || len(said) > 4 {
		t.Errorf("%d lines, %+v", len(said), c)
	}
	// A parser that asks for more for ever, and holes that are never filled.
	w = newWire(protocol.Options{MaxBuffer: 1000, MaxMemory: 5000})
	w.greet(alice, bob)
	w.tcp(alice, bob, ack, 101, 501, "HELLO")
	for i := range 30 {
		w.tcp(alice, bob, ack, 106+uint32(i*100), 501, strings.Repeat("x", 100))
	}
	if p := w.e.Counters().Parsers[0]; p.Errors != 1 {
		t.Errorf("a line without end: %+v", p)
	}
	for i := range 50 {
		a := alice
		a.port = uint16(2000 + i)
		w.tcp(a, bob, syn, 1, 0, "")
		w.tcp(a, bob, ack, 2, 0, "HELLO\n")
		for j := range 20 {
			w.tcp(a, bob, ack, 100+uint32(j*70), 0, strings.Repeat("y", 60))
		}
	}
	if c := w.e.Counters(); c.Evicted == 0 || c.Losses == 0 {
		t.Errorf("holes: %+v", c)
	}
}

// TestPanic holds that a parser's fault costs its conversation and nothing else.
func TestPanic(t *testing.T) {
	w := newWire(protocol.Options{})
	w.greet(alice, bob)
	w.tcp(alice, bob, ack, 101, 501, "HELLO a\nPANIC\n")
	w.udp(bob, alice, "HELLO b\n")
	equal(t, w.said(), bobMAC+" HELLO b\n"+aliceMAC+" HELLO a")
	if p := w.e.Counters().Parsers[0]; p.Panics != 1 || p.Errors != 1 || p.Conversations != 2 {
		t.Errorf("%+v", p)
	}
}

// TestUnclaimed holds that what nobody wants is dropped and counted, and not asked about for ever.
func TestUnclaimed(t *testing.T) {
	asked := 0
	p := lines()
	claims := p.Claims
	p.Claims = func(o protocol.Opening) bool { asked++; return claims(o) }
	w := newWire(protocol.Options{}, p)
	w.greet(alice, bob)
	for i := range 1000 {
		w.tcp(alice, bob, ack, 101+uint32(i*100), 501, strings.Repeat("z", 100))
		w.udp(alice, bob, "what")
	}
	w.e.Finish()
	if c := w.e.Counters(); c.Unclaimed != 2 || asked > 200 {
		t.Errorf("asked %d times, %+v", asked, c)
	}
}

// TestValues holds that values are one line of printable text whatever the wire says.
func TestValues(t *testing.T) {
	w := newWire(protocol.Options{})
	w.udp(alice, bob, "HELLO\x1b[31m \xff\xfe tab\there\x00\x00\r\n")
	equal(t, w.said(), aliceMAC+" HELLO [31m tab here")
}

// TestSameAgain holds that the same frames give the same records, facts in the same order.
func TestSameAgain(t *testing.T) {
	play := func() []fact.Record {
		w := newWire(protocol.Options{})
		for i := range 300 {
			a := host{fmt.Sprintf("\x00\x12\x21\x00\x00%c", byte(i%7)+1), fmt.Sprintf("10.0.0.%d", i%11+1), uint16(1000 + i)}
			w.udp(a, bob, fmt.Sprintf("HELLO %d\n", i%13))
		}
		return w.e.Finish()
	}
	first := play()
	for range 5 {
		if again := play(); !reflect.DeepEqual(first, again) {
			t.Fatal("the records differ")
		}
	}
}

// TestTimes holds that first and last sight, and the reason, are of the right frames.
func TestTimes(t *testing.T) {
	w := newWire(protocol.Options{})
	w.udp(alice, bob, "HELLO\n")
	w.number = 5000
	w.udp(alice, bob, "HELLO\n")
	for _, r := range w.e.Finish() {
		if r.Get(fact.IP) != alice.ip {
			continue
		}
		i := slices.IndexFunc(r.Facts, func(f fact.Fact) bool { return f.Attr == "lines.said" })
		f := r.Facts[i]
		if f.Because != "line, frame 1" || !f.At.Equal(begin.Add(5001*time.Millisecond)) || f.Source != "wire:lines" {
			t.Errorf("%+v", f)
		}
		if r.Get(fact.FirstSeen) != "2026-01-02T03:04:05Z" || r.Get(fact.LastSeen) != "2026-01-02T03:04:10Z" || r.Source != "wire" || !r.At.Equal(f.At) {
			t.Errorf("%+v", r)
		}
		return
	}
	t.Error("no record of the host")
}

// TestSteadyState holds that known conversations cost no allocation per frame.
func TestSteadyState(t *testing.T) {
	quiet := lines()
	quiet.New = func(protocol.Opening) protocol.Conversation { return swallow{} }
	w := newWire(protocol.Options{}, quiet)
	w.greet(alice, bob)
	w.tcp(alice, bob, ack, 101, 501, "HELLO\n")
	d, kind := ip(alice, bob, 17, datagram(alice, bob, "HELLO\n"))
	dgram := ether(alice, bob, kind, d)
	s, kind := ip(alice, bob, 6, segment(alice, bob, ack, 107, 501, strings.Repeat("x", 1000)))
	seg := ether(alice, bob, kind, s)
	w.frame(1, dgram)
	seq := uint32(107)
	if n := testing.AllocsPerRun(1000, func() {
		w.frame(1, dgram)
		binary.BigEndian.PutUint32(seg[14+20+4:], seq)
		seq += 1000
		w.frame(1, seg)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

type swallow struct{}

func (swallow) Next(_ time.Time, _ protocol.Dir, data []byte, _ func(fact.Fact)) (int, error) {
	return len(data), nil
}

// FuzzFrame holds that no frame of any link type breaks the engine.
func FuzzFrame(f *testing.F) {
	b, kind := ip(alice, bob, 17, datagram(alice, bob, "HELLO\n"))
	f.Add(uint16(1), ether(alice, bob, kind, b), []byte{})
	s, kind := ip(alice, bob, 6, segment(alice, bob, syn, 1, 2, "HELLO\n"))
	f.Add(uint16(1), ether(alice, bob, kind, s), ether(bob, alice, kind, s))
	f.Add(uint16(113), []byte("\x00\x00\x00\x01\x00\x06"+alice.mac+"\x00\x00\x08\x00"), b)
	f.Add(uint16(276), []byte("\x08\x00\x00\x00\x00\x00\x00\x02\x00\x01\x00\x06"+alice.mac+"\x00\x00"), b)
	f.Add(uint16(101), b, s)
	f.Fuzz(func(t *testing.T, link uint16, one, two []byte) {
		w := newWire(protocol.Options{MaxFlows: 4, MaxBuffer: 64, MaxMemory: 256})
		for range 3 {
			w.frame(uint32(link), one)
			w.frame(uint32(link), two)
			w.frame(1, one)
		}
		w.e.Finish()
		if c := w.e.Counters(); c.Frames != 9 {
			t.Errorf("%+v", c)
		}
	})
}

// TestStrayTime holds that one frame from the far future, as a flipped bit in a capture makes it, ends neither the
// conversations nor the fragments that go on.
func TestStrayTime(t *testing.T) {
	w := newWire(protocol.Options{})
	w.greet(alice, bob)
	w.tcp(alice, bob, ack, 101, 501, "HELLO\n")
	stray := host{alice.mac, alice.ip, 9}
	b, kind := ip(stray, bob, 17, datagram(stray, bob, "x"))
	w.e.Frame(begin.AddDate(50, 0, 0), 1, 99, ether(stray, bob, kind, b))
	for i := range 100 {
		w.udp(host{alice.mac, alice.ip, uint16(5000 + i)}, bob, "HELLO udp\n")
	}
	whole := datagram(alice, bob, "HELLO in pieces\n")
	for off := 0; off < len(whole); off += 16 {
		b, kind := ip(alice, bob, 17, whole[off:min(len(whole), off+16)])
		binary.BigEndian.PutUint16(b[6:], uint16(off/8))
		if off+16 < len(whole) {
			b[6] |= 0x20
		}
		w.frame(1, ether(alice, bob, kind, b))
	}
	w.tcp(alice, bob, ack, 107, 501, "more\n")
	equal(t, w.said(), aliceMAC+" HELLO\n"+aliceMAC+" HELLO in pieces\n"+aliceMAC+" HELLO udp\n"+aliceMAC+" more")
}
