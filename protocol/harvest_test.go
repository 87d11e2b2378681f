package protocol_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pons/fact"
	"pons/protocol"
)

func subjects(records []fact.Record) (out []string) {
	for _, r := range records {
		out = append(out, r.Subject.Value)
	}
	return out
}

func withdrawn(keys []fact.Key) (out []string) {
	for _, k := range keys {
		out = append(out, k.Value)
	}
	return out
}

// TestHarvest holds that a host is told when something new is known of it, that a mere sight is told now and then, and
// that what was told wrongly is withdrawn.
func TestHarvest(t *testing.T) {
	router := "\x00\x00\x0c\x00\x00\x01"
	w := newWire(protocol.Options{})
	w.udp(alice, bob, "HELLO\n")
	changed, gone, traffic := w.e.Harvest()
	equal(t, subjects(changed), aliceMAC)
	equal(t, withdrawn(gone), "")
	equal(t, rows(traffic), `03h 00:12:21:00:00:0a| > |10.0.0.11 1/7000 "lines" up 1/48 down 0/0 begun 1 units 0 0 0 minutes 10 05.001-05.001`)

	w.udp(alice, bob, "HELLO\n") // nothing new
	changed, gone, traffic = w.e.Harvest()
	equal(t, append(subjects(changed), withdrawn(gone)...), "")
	if len(traffic) != 1 || traffic[0].Conversations != 0 || traffic[0].Up.Packets != 1 {
		t.Errorf("%v", rows(traffic))
	}

	w.udp(alice, bob, "HELLO new\n")
	changed, _, _ = w.e.Harvest()
	equal(t, subjects(changed), aliceMAC)

	w.number += 6 * 60_000
	w.udp(alice, bob, "HELLO\n")
	changed, _, _ = w.e.Harvest()
	equal(t, subjects(changed), aliceMAC)
	if got := changed[0].Get(fact.LastSeen); got != "2026-01-02T03:10:05Z" {
		t.Errorf("last seen %s", got)
	}

	// One address behind a router's MAC looks like the router's own, until there is another.
	w.udp(host{router, "10.9.0.1", 1}, bob, "x")
	changed, gone, _ = w.e.Harvest()
	equal(t, devices(changed), "00:00:0c:00:00:01|: 00:00:0c:00:00:01 10.9.0.1")
	equal(t, withdrawn(gone), "")
	w.udp(host{router, "10.9.0.2", 1}, bob, "x")
	changed, gone, _ = w.e.Harvest()
	equal(t, devices(changed), "00:00:0c:00:00:01|: 00:00:0c:00:00:01\n|10.9.0.1: 10.9.0.1\n|10.9.0.2: 10.9.0.2")
	equal(t, withdrawn(gone), "")

	// An address that was only spoken of turns out to be a MAC's.
	w = newWire(protocol.Options{}, func() protocol.Parser {
		p := lines()
		p.New = func(protocol.Opening) protocol.Conversation { return gossip{} }
		return p
	}())
	w.udp(bob, host{bob.mac, "10.0.0.12", 1}, "HELLO\n")
	changed, _, _ = w.e.Harvest()
	equal(t, subjects(changed), bobMAC+"\n|10.0.0.10\n|10.0.0.99")
	w.udp(alice, bob, "x")
	changed, gone, _ = w.e.Harvest()
	equal(t, devices(changed), "00:12:21:00:00:0a|: 00:12:21:00:00:0a 10.0.0.10")
	equal(t, withdrawn(gone), "|10.0.0.10")
}

// TestHarvestAddsUp holds that harvests at any moments, put one over the other, come to what Finish says at the end.
func TestHarvestAddsUp(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		one, many := newWire(protocol.Options{}, lines(), owner()), newWire(protocol.Options{}, lines(), owner())
		held := map[fact.Key]fact.Record{}
		collect := func() {
			changed, gone, _ := many.e.Harvest()
			for _, k := range gone {
				delete(held, k)
			}
			for _, c := range changed {
				held[c.Subject] = c
			}
		}
		for range 300 {
			a := host{"\x00\x12\x21\x00\x00" + string(rune(r.IntN(6)+1)), fmt.Sprintf("10.0.%d.%d", r.IntN(2), r.IntN(12)+1), uint16(1000 + r.IntN(3))}
			if r.IntN(8) == 0 {
				a.ip = fmt.Sprintf("8.8.8.%d", r.IntN(4)+1)
			}
			text := []string{"HELLO a\n", "HELLO b\n", "nothing", "MINE"}[r.IntN(4)]
			step := uint64(r.IntN(5000))
			for _, w := range []*wire{one, many} {
				w.number += step
				w.udp(a, bob, text)
			}
			if r.IntN(10) == 0 {
				collect()
			}
		}
		want := one.e.Finish()
		collect()
		// What was merely seen again since it was last told, and services as conversations end, are told by Finish alone.
		var got []fact.Record
		for _, c := range held {
			got = append(got, c)
		}
		slices.SortFunc(got, func(a, b fact.Record) int { return a.Subject.Compare(b.Subject) })
		if !slices.Equal(subjects(got), subjects(want)) {
			t.Fatalf("seed %d: subjects\n%s\nwant\n%s", seed, strings.Join(subjects(got), " "), strings.Join(subjects(want), " "))
		}
		for i := range want {
			if !slices.Equal(values(&got[i]), values(&want[i])) {
				t.Fatalf("seed %d: %v\nwant %v", seed, values(&got[i]), values(&want[i]))
			}
		}
	}
}

// values writes a record's facts without services and the time of the last sight.
func values(r *fact.Record) (out []string) {
	for _, f := range r.Facts {
		if f.Attr != fact.LastSeen && f.Attr != fact.Service {
			out = append(out, string(f.Attr)+"="+f.Value+" "+f.Because)
		}
	}
	return out
}

// TestWorkers holds that the result does not depend on how many workers read.
func TestWorkers(t *testing.T) {
	play := func(workers int) ([]fact.Record, []protocol.Traffic, protocol.Counters) {
		r := rand.New(rand.NewPCG(7, 7))
		w := newWire(protocol.Options{Workers: workers}, lines(), owner())
		for i := range 5000 {
			a := host{fmt.Sprintf("\x00\x12\x21\x00\x00%c", byte(r.IntN(20))+1), fmt.Sprintf("10.0.0.%d", r.IntN(25)+1), uint16(1000 + r.IntN(5))}
			b := host{fmt.Sprintf("\x00\x12\x21\x00\x00%c", byte(r.IntN(20))+1), fmt.Sprintf("10.0.0.%d", r.IntN(25)+1), uint16(1000 + r.IntN(5))}
			switch r.IntN(5) {
			case 0:
				w.udp(a, b, fmt.Sprintf("HELLO %d\n", r.IntN(3000)))
			case 1:
				w.udp(a, b, "MINE")
			case 2:
				w.tcp(a, b, ack, uint32(i), 1, fmt.Sprintf("HELLO %d\nmore\n", r.IntN(50)))
			case 3:
				w.frame(1, ether(a, b, 0x88cc, []byte("HELLO frame\n")))
			default:
				w.tcp(a, b, rst, uint32(i), 1, "")
			}
		}
		records := w.e.Finish()
		return records, w.e.Traffic(), w.e.Counters()
	}
	records, traffic, count := play(1)
	for _, n := range []int{2, 3, 7} {
		r, tr, c := play(n)
		if !reflect.DeepEqual(records, r) {
			t.Errorf("%d workers: other records", n)
		}
		if !reflect.DeepEqual(traffic, tr) {
			t.Errorf("%d workers: other traffic", n)
		}
		if !reflect.DeepEqual(count, c) {
			t.Errorf("%d workers: %+v, want %+v", n, c, count)
		}
	}
}

// TestPractices holds who is said to talk with the Internet, and on whom somebody there works.
func TestPractices(t *testing.T) {
	out := host{"\x00\x00\x0c\x00\x00\x01", "8.8.8.8", 443}
	talk := func(w *wire, a, b host) {
		w.greet(a, b)
		w.tcp(a, b, ack, 101, 501, "HELLO\n")
		w.tcp(b, a, ack, 501, 107, "yes\n")
	}
	at := func(h host, port uint16) host { h.port = port; return h }
	for _, c := range []struct {
		name string
		play func(w *wire)
		want string
	}{
		{"both ways", func(w *wire) { talk(w, alice, out) }, aliceMAC + " internet: tcp/443 lines with 8.8.8.8, frame 5"},
		{"nothing came back", func(w *wire) { w.udp(alice, at(out, 53), "x"); w.greet(alice, out) }, ""},
		{"UDP answered", func(w *wire) { w.udp(alice, at(out, 53), "x"); w.udp(at(out, 53), alice, "y") }, aliceMAC + " internet: udp/53 with 8.8.8.8, frame 2"},
		{"inside", func(w *wire) { talk(w, alice, bob) }, ""},
		{"somebody outside works on it", func(w *wire) { talk(w, at(out, 50000), at(bob, 3389)) }, bobMAC + " internet: tcp/3389 lines with 8.8.8.8, frame 5"},
		{"by port where nobody knows the talk", func(w *wire) {
			w.greet(at(out, 50000), at(bob, 22))
			w.tcp(at(bob, 22), at(out, 50000), ack, 501, 101, "?")
			w.tcp(at(out, 50000), at(bob, 22), ack, 101, 502, "?")
		}, bobMAC + " internet: tcp/22 with 8.8.8.8, frame 5\n" + bobMAC + " remote-session: tcp/22 ssh from 8.8.8.8, frame 5"},
		{"a host that works outside", func(w *wire) {
			w.greet(alice, at(out, 22))
			w.tcp(at(out, 22), alice, ack, 501, 101, "?")
			w.tcp(alice, at(out, 22), ack, 101, 502, "?")
		}, aliceMAC + " internet: tcp/22 with 8.8.8.8, frame 5"},
	} {
		w := newWire(protocol.Options{})
		c.play(w)
		var got []string
		for _, r := range w.e.Finish() {
			for _, f := range r.Facts {
				if f.Attr == fact.Practice {
					got = append(got, r.Subject.Value+" "+f.Value+": "+f.Because)
				}
			}
		}
		if g := strings.Join(got, "\n"); g != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, g, c.want)
		}
	}
}
