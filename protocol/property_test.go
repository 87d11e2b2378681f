package protocol_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pons/protocol"
)

// piece is a segment of one direction.
type piece struct {
	from, to host
	seq      uint32
	data     string
}

// cutUp cuts a text into segments, some of them twice, with other borders the second time.
func cutUp(r *rand.Rand, from, to host, seq uint32, text string) (out []piece) {
	for at := 0; at < len(text); {
		end := min(len(text), at+1+r.IntN(30))
		out = append(out, piece{from, to, seq + uint32(at), text[at:end]})
		if r.IntN(5) == 0 {
			back := max(0, at-r.IntN(12))
			out = append(out, piece{from, to, seq + uint32(back), text[back:end]})
		}
		at = end
	}
	return out
}

// dialogue is what both sides of a long talk say, each line with the name of its speaker.
func dialogue(lines int) (client, server string) {
	client, server = "HELLO client\n", "WELCOME server\n"
	for i := range lines {
		client += fmt.Sprintf("client says %d\n", i)
		server += fmt.Sprintf("server says %d\n", i)
	}
	return client, server
}

// TestAnyOrder holds that segments in any order within what is held, with duplicates and other borders, from any
// sequence number on (wrapping round), say the same as in order.
func TestAnyOrder(t *testing.T) {
	client, server := dialogue(40)
	var want []string
	for _, text := range []string{client, server} {
		who := aliceMAC
		if text == server {
			who = bobMAC
		}
		for line := range strings.Lines(text) {
			want = append(want, who+" "+strings.TrimSpace(line))
		}
	}
	slices.Sort(want)
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		a, b := r.Uint32(), r.Uint32()
		if seed%3 == 0 { // the numbers wrap round in the middle
			a, b = -uint32(r.IntN(len(client))), -uint32(r.IntN(len(server)))
		}
		pieces := append(cutUp(r, alice, bob, a+1, client), cutUp(r, bob, alice, b+1, server)...)
		r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		w := newWire(protocol.Options{})
		w.tcp(alice, bob, syn, a, 0, "")
		w.tcp(bob, alice, syn|ack, b, a+1, "")
		for _, p := range pieces {
			mine, theirs := a+1, b+1
			if p.from == bob {
				mine, theirs = theirs, mine
			}
			w.tcp(p.from, p.to, ack, p.seq, theirs, p.data)
			switch r.IntN(12) {
			case 0: // a keep-alive: one byte before the first, which was never sent
				w.tcp(p.from, p.to, ack, mine-1, theirs, "\x00")
			case 1: // an empty acknowledgement of nothing new
				w.tcp(p.to, p.from, ack, theirs, mine, "")
			}
		}
		got := w.said()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d lines, want %d\n%s", seed, len(got), len(want), strings.Join(got, "\n"))
		}
	}
}

// TestLoss holds that whatever is lost, in whatever order the rest comes, nothing is said of a host that it did not
// say, and what is said is whole lines or the ends of broken ones.
func TestLoss(t *testing.T) {
	client, server := dialogue(60)
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 4))
		pieces := append(cutUp(r, alice, bob, 101, client), cutUp(r, bob, alice, 501, server)...)
		for i := range pieces { // out of order within a window
			if j := i + r.IntN(5); j < len(pieces) {
				pieces[i], pieces[j] = pieces[j], pieces[i]
			}
		}
		w := newWire(protocol.Options{})
		if seed%2 == 0 {
			w.greet(alice, bob)
		}
		acked := map[string]uint32{alice.ip: 101, bob.ip: 501}
		for _, p := range pieces {
			if end := p.seq + uint32(len(p.data)); end > acked[p.from.ip] {
				acked[p.from.ip] = end
			}
			if r.IntN(6) == 0 || seed%5 == 0 && p.from == bob {
				continue
			}
			w.tcp(p.from, p.to, ack, p.seq, acked[p.to.ip], p.data)
			if r.IntN(9) == 0 { // a reset that somebody else made up, far outside the window
				w.tcp(host{"\x00\x12\x21\x00\x00\x66", "10.0.0.66", 40000}, p.to, rst, 1, 1, "")
			}
		}
		for _, line := range w.said() {
			mine := strings.HasPrefix(line, aliceMAC)
			if !mine && !strings.HasPrefix(line, bobMAC) {
				t.Fatalf("seed %d: %q", seed, line)
			}
			_, said, _ := strings.Cut(line, " ")
			own, other := client, server
			if !mine {
				own, other = server, client
			}
			if !strings.Contains(own, said) || len(said) > 8 && strings.Contains(other, said+"\n") && !strings.Contains(own, said+"\n") {
				t.Fatalf("seed %d: %q is not what it said", seed, line)
			}
		}
	}
}

// TestZeroWindow holds that window probes, updates and a huge window change nothing.
func TestZeroWindow(t *testing.T) {
	w := newWire(protocol.Options{})
	w.greet(alice, bob)
	w.tcp(alice, bob, ack, 101, 501, "HELLO a\n")
	for range 5 {
		w.tcp(alice, bob, ack, 108, 501, "\n") // a probe of one old byte
		w.tcp(bob, alice, ack, 501, 109, "")
		w.tcp(alice, bob, ack, 109, 501, "b") // a probe of one new byte
	}
	w.tcp(alice, bob, ack, 109, 501, "b\n")
	w.tcp(alice, bob, ack, 111+1<<29, 501, "far ahead\n") // inside a scaled window
	w.tcp(alice, bob, ack, 111, 501, "c\n")
	got := w.said()
	equal(t, got[:3], aliceMAC+" HELLO a\n"+aliceMAC+" b\n"+aliceMAC+" c")
}

// TestFragmentsOfSix puts an IPv6 datagram in pieces, out of order and overlapping, with an extension header inside.
func TestFragmentsOfSix(t *testing.T) {
	a, b := host{alice.mac, "2001:db8::a", 4000}, host{bob.mac, "2001:db8::b", 5000}
	whole := append([]byte("\x11\x00\x01\x04\x00\x00\x00\x00"), datagram(a, b, "HELLO "+strings.Repeat("x", 90)+"\n")...)
	fragment := func(off, end int) []byte {
		head := []byte{60, 0, 0, 0, 0, 0, 0, 9} // destination options come next
		bits := uint16(off)
		if end < len(whole) {
			bits |= 1
		}
		binary.BigEndian.PutUint16(head[2:], bits)
		p, kind := ip(a, b, 44, append(head, whole[off:end]...))
		return ether(a, b, kind, p)
	}
	for _, order := range [][][2]int{{{0, 48}, {48, len(whole)}}, {{48, len(whole)}, {0, 48}}, {{0, 64}, {32, len(whole)}}, {{32, len(whole)}, {0, 64}, {0, 64}}} {
		w := newWire(protocol.Options{})
		for _, f := range order {
			w.frame(1, fragment(f[0], f[1]))
		}
		equal(t, w.said(), aliceMAC+" HELLO "+strings.Repeat("x", 90))
		if len(w.e.Traffic()) != 1 {
			t.Error("one conversation is wanted")
		}
	}
}
