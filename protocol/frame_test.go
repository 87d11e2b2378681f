package protocol_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
)

// lines is a protocol for these tests: a conversation whose text begins with "HELLO" (the client's) or "WELCOME"
// (the server's), in lines, each of which is a fact of its sender. "PANIC" is what it looks like.
func lines() protocol.Parser {
	return protocol.Parser{
		Name: "lines", Doc: "lines of text", Attrs: []fact.Attr{"lines.said"},
		Claims: func(o protocol.Opening) bool {
			return bytes.HasPrefix(o.First, []byte("HELLO")) && o.FirstDir == protocol.ToServer ||
				bytes.HasPrefix(o.First, []byte("WELCOME")) && o.FirstDir == protocol.ToClient
		},
		New: func(o protocol.Opening) protocol.Conversation { return talk{o} },
	}
}

type talk struct{ o protocol.Opening }

func (c talk) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		return 0, nil
	}
	speaker := c.o.Client
	if d == protocol.ToClient {
		speaker = c.o.Server
	}
	switch line := string(data[:i]); line {
	case "PANIC":
		panic("hostile")
	case "BYE":
		return 0, protocol.Done
	case "OVER":
		return i + 1, protocol.Renew
	case "OVER AND OVER":
		return 0, protocol.Renew
	case "BAD":
		return 0, errors.New("bad")
	default:
		emit(fact.Fact{Subject: speaker.Key(), Attr: "lines.said", Value: line, Because: "line"})
	}
	return i + 1, nil
}

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// wire sends frames to an engine, a millisecond apart.
type wire struct {
	e      *protocol.Engine
	number uint64
}

func newWire(opt protocol.Options, parsers ...protocol.Parser) *wire {
	if parsers == nil {
		parsers = []protocol.Parser{lines()}
	}
	return &wire{e: protocol.NewEngine(parsers, opt)}
}

func (w *wire) frame(link uint32, b []byte) {
	w.number++
	w.e.Frame(begin.Add(time.Duration(w.number)*time.Millisecond), link, w.number, b)
}

// said returns "host line" for every line, sorted.
func (w *wire) said() (out []string) {
	for _, r := range w.e.Finish() {
		for _, f := range r.Facts {
			if f.Attr == "lines.said" {
				out = append(out, r.Subject.Value+" "+f.Value)
			}
		}
	}
	slices.Sort(out)
	return out
}

// host is a side of a test conversation.
type host struct {
	mac  string // six bytes
	ip   string
	port uint16
}

var (
	alice = host{"\x00\x12\x21\x00\x00\x0a", "10.0.0.10", 40000}
	bob   = host{"\x00\x09\xfb\x00\x00\x0b", "10.0.0.11", 7000}
)

func ether(from, to host, etherType uint16, payload []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte(to.mac+from.mac), etherType), payload...)
}

// ip wraps a payload in IPv4 or IPv6 by the sender's address, and tells the EtherType.
func ip(from, to host, proto byte, payload []byte) ([]byte, uint16) {
	a, b := netip.MustParseAddr(from.ip), netip.MustParseAddr(to.ip)
	if a.Is6() {
		h := append(binary.BigEndian.AppendUint16([]byte{0x60, 0, 0, 0}, uint16(len(payload))), proto, 64)
		return append(append(append(h, a.AsSlice()...), b.AsSlice()...), payload...), 0x86dd
	}
	h := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(20+len(payload)))
	h = append(h, 0, 1, 0, 0, 64, proto, 0, 0)
	return append(append(append(h, a.AsSlice()...), b.AsSlice()...), payload...), 0x0800
}

func datagram(from, to host, data string) []byte {
	b := binary.BigEndian.AppendUint16(nil, from.port)
	b = binary.BigEndian.AppendUint16(b, to.port)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(data)))
	return append(append(b, 0, 0), data...)
}

func (w *wire) udp(from, to host, data string) {
	b, kind := ip(from, to, 17, datagram(from, to, data))
	w.frame(1, ether(from, to, kind, b))
}

// TCP flags.
const (
	fin = 1
	syn = 2
	rst = 4
	ack = 16
)

func segment(from, to host, flags byte, seq, acked uint32, data string) []byte {
	b := binary.BigEndian.AppendUint16(nil, from.port)
	b = binary.BigEndian.AppendUint16(b, to.port)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, acked)
	b = append(b, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0)
	return append(b, data...)
}

func (w *wire) tcp(from, to host, flags byte, seq, acked uint32, data string) {
	b, kind := ip(from, to, 6, segment(from, to, flags, seq, acked, data))
	w.frame(1, ether(from, to, kind, b))
}

// greet opens a connection with sequence numbers 100 and 500.
func (w *wire) greet(a, b host) {
	w.tcp(a, b, syn, 100, 0, "")
	w.tcp(b, a, syn|ack, 500, 101, "")
	w.tcp(a, b, ack, 101, 501, "")
}

func equal(t *testing.T, got []string, want string) {
	t.Helper()
	if g := strings.Join(got, "\n"); g != want {
		t.Errorf("got\n%s\nwant\n%s", g, want)
	}
}
