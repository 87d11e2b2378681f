package protocol_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pons/fact"
	"pons/protocol"
)

const (
	aliceMAC = "00:12:21:00:00:0a|"
	bobMAC   = "00:09:fb:00:00:0b|"
)

func TestStream(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(w *wire)
		want string
	}{
		{"in order, both ways", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\n")
			w.tcp(bob, alice, ack, 501, 109, "yes\n")
			w.tcp(alice, bob, ack, 109, 505, "more\n")
		}, bobMAC + " yes\n" + aliceMAC + " HELLO a\n" + aliceMAC + " more"},
		{"a line in pieces of one byte", func(w *wire) {
			w.greet(alice, bob)
			for i, c := range "HELLO slow\n" {
				w.tcp(alice, bob, ack, 101+uint32(i), 501, string(c))
			}
		}, aliceMAC + " HELLO slow"},
		{"out of order", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 111, 501, "c\n")
			w.tcp(alice, bob, ack, 109, 501, "b\n")
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\n")
		}, aliceMAC + " HELLO a\n" + aliceMAC + " b\n" + aliceMAC + " c"},
		{"retransmitted and overlapping: the first bytes stand", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\nb")
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\nb")
			w.tcp(alice, bob, ack, 107, 501, "X\nXc\n")
		}, aliceMAC + " HELLO a\n" + aliceMAC + " bc"},
		{"keep-alive of one old byte", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\n")
			w.tcp(alice, bob, ack, 108, 501, "\x00")
			w.tcp(alice, bob, ack, 109, 501, "b\n")
		}, aliceMAC + " HELLO a\n" + aliceMAC + " b"},
		{"sequence numbers wrap", func(w *wire) {
			w.tcp(alice, bob, syn, 0xfffffffc, 0, "")
			w.tcp(alice, bob, ack, 0xfffffffd, 0, "HELLO a\n")
			w.tcp(alice, bob, ack, 5, 0, "b\n")
		}, aliceMAC + " HELLO a\n" + aliceMAC + " b"},
		{"lost for good: picked up at the next greeting", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\nlos")
			w.tcp(alice, bob, ack, 200, 501, "t\n")
			w.tcp(alice, bob, ack, 202, 501, "HELLO b\n")
			w.tcp(alice, bob, ack, 210, 501, "c\n")
			w.tcp(bob, alice, ack, 501, 212, "")
			w.tcp(alice, bob, ack, 212, 501, "d\n")
		}, aliceMAC + " HELLO a\n" + aliceMAC + " HELLO b\n" + aliceMAC + " c\n" + aliceMAC + " d"},
		{"the rest comes out when the connection ends", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 150, 501, "HELLO late\n")
			w.tcp(bob, alice, rst, 501, 0, "")
		}, aliceMAC + " HELLO late"},
		{"begun before the capture", func(w *wire) {
			w.tcp(alice, bob, ack, 9000, 1, "half a sentence\n")
			w.tcp(alice, bob, ack, 9016, 1, "HELLO a\n")
			w.tcp(bob, alice, ack, 1, 9024, "yes\n")
		}, bobMAC + " yes\n" + aliceMAC + " HELLO a"},
		{"one side only", func(w *wire) {
			w.tcp(bob, alice, ack, 77, 1, "WELCOME\n")
			w.tcp(bob, alice, ack, 85, 1, "to the ward\n")
		}, bobMAC + " WELCOME\n" + bobMAC + " to the ward"},
		{"the server speaks first", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(bob, alice, ack, 501, 101, "WELCOME\n")
			w.tcp(alice, bob, ack, 101, 509, "thanks\n")
		}, bobMAC + " WELCOME\n" + aliceMAC + " thanks"},
		{"unknown words first from the other side are kept in order", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(bob, alice, ack, 501, 101, "220 banner\n")
			w.tcp(alice, bob, ack, 101, 512, "HELLO a\n")
		}, bobMAC + " 220 banner\n" + aliceMAC + " HELLO a"},
		{"the same ports again", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\n")
			w.tcp(alice, bob, fin|ack, 109, 501, "")
			w.tcp(bob, alice, fin|ack, 501, 110, "")
			w.tcp(alice, bob, syn, 7777, 0, "")
			w.tcp(alice, bob, ack, 7778, 0, "HELLO again\n")
		}, aliceMAC + " HELLO a\n" + aliceMAC + " HELLO again"},
		{"Done ends it without an error", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\nBYE\nunread\n")
		}, aliceMAC + " HELLO a"},
		{"Renew hands on what follows, in the same segment and in later ones", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\nOVER\nHELLO b\nOVER\n")
			w.tcp(alice, bob, ack, 127, 501, "nobody's\n")
			w.tcp(alice, bob, ack, 136, 501, "HELLO c\n")
		}, aliceMAC + " HELLO a\n" + aliceMAC + " HELLO b\n" + aliceMAC + " HELLO c"},
		{"Renew without progress ends it", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\nOVER AND OVER\nHELLO b\n")
		}, aliceMAC + " HELLO a"},
		{"behind the talk of another protocol", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 101, 501, "\x05\x01\x00")
			w.tcp(bob, alice, ack, 501, 104, "\x05\x00")
			w.tcp(alice, bob, ack, 104, 503, "HELLO a\n")
			w.tcp(bob, alice, ack, 503, 112, "yes\n")
		}, bobMAC + " yes\n" + aliceMAC + " HELLO a"},
		{"an error ends it", func(w *wire) {
			w.greet(alice, bob)
			w.tcp(alice, bob, ack, 101, 501, "HELLO a\nBAD\nunread\n")
			w.tcp(alice, bob, ack, 120, 501, "HELLO b\n")
		}, aliceMAC + " HELLO a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWire(protocol.Options{})
			c.play(w)
			equal(t, w.said(), c.want)
			wantErrors := uint64(0)
			if c.name == "an error ends it" {
				wantErrors = 1
			}
			if p := w.e.Counters().Parsers[0]; p.Errors != wantErrors || p.Panics != 0 {
				t.Errorf("%+v", p)
			}
		})
	}
}

// TestSnapLength holds that a segment the capture cut is read as far as it goes, and what follows is found again.
func TestSnapLength(t *testing.T) {
	w := newWire(protocol.Options{})
	w.greet(alice, bob)
	b, kind := ip(alice, bob, 6, segment(alice, bob, ack, 101, 501, "HELLO a\nb\n"+strings.Repeat("x", 50)))
	f := ether(alice, bob, kind, b)
	w.frame(1, f[:len(f)-50])
	w.tcp(alice, bob, ack, 161, 501, "HELLO c\n")
	equal(t, w.said(), aliceMAC+" HELLO a\n"+aliceMAC+" HELLO c\n"+aliceMAC+" b")
	if n := w.e.Counters().Losses; n != 1 {
		t.Errorf("%d losses", n)
	}
}

// TestShuffled plays a long dialogue with segments cut, repeated and out of order within a window, as networks do.
func TestShuffled(t *testing.T) {
	var text strings.Builder
	text.WriteString("HELLO\n")
	for i := range 200 {
		fmt.Fprintf(&text, "line %03d\n", i)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		type piece struct{ at, end int }
		var pieces []piece
		for at := 0; at < text.Len(); {
			end := min(text.Len(), at+1+r.IntN(40))
			pieces = append(pieces, piece{at, end})
			if r.IntN(4) == 0 { // a retransmission with other borders
				pieces = append(pieces, piece{max(0, at-r.IntN(10)), end})
			}
			at = end
		}
		for i := range pieces { // within a window of four
			if j := i + r.IntN(4); j < len(pieces) {
				pieces[i], pieces[j] = pieces[j], pieces[i]
			}
		}
		w := newWire(protocol.Options{})
		w.greet(alice, bob)
		for _, p := range pieces {
			w.tcp(alice, bob, ack, 101+uint32(p.at), 501, text.String()[p.at:p.end])
		}
		if got := len(w.said()); got != 201 {
			t.Fatalf("round %d: %d lines, want 201; %+v", round, got, w.e.Counters())
		}
	}
}

// TestRoles holds who is called server: by SYN, by ports, by content.
func TestRoles(t *testing.T) {
	services := func(w *wire) (out []string) {
		for _, r := range w.e.Finish() {
			for _, v := range r.All(fact.Service) {
				out = append(out, r.Subject.Value+" "+v)
			}
		}
		return out
	}
	low, high := bob, alice
	low.port, high.port = 104, 50000
	w := newWire(protocol.Options{})
	w.tcp(bob, alice, syn|ack, 500, 101, "")
	w.tcp(alice, bob, ack, 101, 501, "HELLO\n")
	equal(t, services(w), bobMAC+" tcp/7000/lines/server\n"+aliceMAC+" tcp/7000/lines/client")
	w = newWire(protocol.Options{}) // by port: the server's answer is the first that is seen
	w.tcp(low, high, ack, 1, 1, "WELCOME\n")
	w.tcp(high, low, ack, 1, 9, "HELLO\n")
	equal(t, services(w), bobMAC+" tcp/104/lines/server\n"+aliceMAC+" tcp/104/lines/client")
	odd := alice
	odd.port = 6999
	w = newWire(protocol.Options{}) // by content: nothing else tells
	w.tcp(bob, odd, ack, 1, 1, "WELCOME\n")
	equal(t, services(w), bobMAC+" tcp/7000/lines/server")
	w = newWire(protocol.Options{})
	w.udp(odd, bob, "HELLO\n")
	w.udp(bob, odd, "yes\n")
	equal(t, services(w), bobMAC+" udp/7000/lines/server\n"+aliceMAC+" udp/7000/lines/client")
}
