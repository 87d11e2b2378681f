package sensor

import (
	"context"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"pons/capture"
)

// frameOf puts a packet behind Ethernet and tags.
func frameOf(kind uint16, payload []byte, vlans ...uint16) []byte {
	f := make([]byte, 12)
	for _, v := range vlans {
		f = append(f, 0x81, 0, byte(v>>8), byte(v))
	}
	return append(append(f, byte(kind>>8), byte(kind)), payload...)
}

func ipv4(a, b, c, d byte) []byte {
	p := make([]byte, 20)
	copy(p[12:], []byte{a, b, c, d})
	return p
}

func ipv6(next, hops byte, src ...byte) []byte {
	p := make([]byte, 40)
	p[6], p[7] = next, hops
	copy(p[8:], src)
	return p
}

// TestPlaces: hosts of the hospital's own are counted by VLAN and prefix; what comes from the Internet, and what is cut, is not.
func TestPlaces(t *testing.T) {
	var p places
	for _, f := range [][]byte{
		frameOf(0x0800, ipv4(10, 1, 2, 3)), frameOf(0x0800, ipv4(10, 1, 2, 3)), frameOf(0x0800, ipv4(10, 1, 2, 4)),
		frameOf(0x0800, ipv4(10, 1, 2, 3), 0x2000|12), frameOf(0x0800, ipv4(192, 168, 9, 1), 12, 700), frameOf(0x0800, ipv4(100, 64, 0, 1)),
		frameOf(0x0800, ipv4(8, 8, 8, 8)), frameOf(0x0800, ipv4(0, 0, 0, 0)), frameOf(0x0800, ipv4(172, 16, 0, 1)[:19]),
		arp, frameOf(0x0806, []byte{0, 1, 8, 0, 6, 4, 0, 1, 0, 0, 0, 0, 0, 0, 130, 5, 1, 9}), // a public address that is on this link
		frameOf(0x86dd, ipv6(6, 64, 0xfd, 1)), frameOf(0x86dd, ipv6(6, 64, 0x20, 1)), frameOf(0x86dd, ipv6(58, 255, 0x20, 1, 0xd, 0xb8)), frameOf(0x86dd, ipv6(58, 255, 0xfe, 0x80)),
		{1, 2, 3}, frameOf(0x8100, nil), {},
	} {
		p.note(f)
	}
	want := []Network{{0, "10.1.2.0/24", 2}, {0, "10.0.0.0/24", 1}, {0, "100.64.0.0/24", 1}, {0, "130.5.1.0/24", 1}, {0, "2001:db8::/64", 1}, {0, "fd01::/64", 1}, {12, "10.1.2.0/24", 1}, {12, "192.168.9.0/24", 1}}
	if got := p.networks(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for n := range maxPlaces + 10 {
		p.add(place{1, netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})})
	}
	if len(p.seen) != maxPlaces || len(p.networks()) > maxNetworks {
		t.Errorf("%d places, %d networks", len(p.seen), len(p.networks()))
	}
}

// TestSessionsRotate: a session ends after its time and the next begins with its first batch.
func TestSessionsRotate(t *testing.T) {
	spool := openSpool(t, t.TempDir(), 0)
	defer spool.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	log, _ := logger(t)
	tap := Tap{Name: "one", Count: func() capture.Counts { return capture.Counts{} }, Source: source1(func(deliver func(capture.Frame)) {
		deliver(capture.Frame{At: time.Now(), Link: capture.LinkEthernet, Number: 1, Data: arp})
	})}
	done := make(chan error, 1)
	go func() {
		done <- Listen(ctx, ListenOptions{Taps: []Tap{tap}, Spool: spool, Clock: &Clock{}, Log: log, Harvest: 5 * time.Millisecond, Session: 40 * time.Millisecond})
	}()
	until(t, "three sessions are on the disk", func() bool { return len(spool.Sessions(9)) >= 3 })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	last := map[string]uint64{}
	for at := uint64(0); ; {
		e, ok, err := spool.Next(at)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if e.Seq != last[e.Session]+1 || e.Base != 1 {
			t.Fatalf("batch %d of %s after %d, from %d on", e.Seq, e.Session, last[e.Session], e.Base)
		}
		last[e.Session], at = e.Seq, e.Position+1
	}
	if len(last) < 3 {
		t.Errorf("%d sessions", len(last))
	}
}
