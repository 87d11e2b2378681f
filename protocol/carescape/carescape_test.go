package carescape

import (
	"encoding/binary"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

func message(ip [4]byte, where string, seconds uint32) string {
	b := make([]byte, size)
	copy(b[atAddress:], ip[:])
	copy(b[atLocation:atLocation+13], where)
	binary.BigEndian.PutUint32(b[atTime:], seconds)
	return string(b)
}

func turn(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }

func TestSynthetic(t *testing.T) {
	own := [4]byte{192, 0, 2, 61}
	s := protocoltest.Synthetic{Transport: protocol.UDP, ClientMAC: [6]byte{0, 0, 0xa1, 1, 2, 3}, ServerMAC: [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		ClientIP: own, ServerIP: [4]byte{192, 0, 2, 255}, ClientPort: 2000, ServerPort: 2000}
	s.Turns = []protocoltest.Turn{turn(message(own, "CCU4|BED12", 3976318845)), turn(message([4]byte{192, 0, 2, 62}, "CCU4|BED13", 3976318845))}
	s.Written(t, "time.pcap")
	s.ClientPort = 40000
	s.Turns = []protocoltest.Turn{turn(message(own, "DOE^JANE|1", 3976318845)), turn(message(own, "CCU4|BED12", 77)), turn(message(own, "CCU4|BED12", 3976318845) + "x"),
		turn(message(own, "CCU4", 3976318845)), turn(message(own, "ABCDEFGH|1", 3976318845)), turn("\x08\x00\x00\x00\x00\x00\x00\x00 a telephone's keep-alive")}
	s.Written(t, "neg-other.pcap")
}

func TestClaims(t *testing.T) {
	b := []byte(message([4]byte{192, 0, 2, 61}, "CCU4|BED12", 3976318845))
	for port, want := range map[uint16]bool{2000: true, 2001: false} {
		o := protocol.Opening{Transport: protocol.UDP, First: b}
		o.Server.Port = port
		if Parser().Claims(o) != want {
			t.Errorf("port %d: %v", port, !want)
		}
	}
	for cut := range b {
		o := protocol.Opening{Transport: protocol.UDP, First: b[:cut]}
		if o.Server.Port = 2000; Parser().Claims(o) {
			t.Errorf("claimed with %d bytes", cut)
		}
	}
}
