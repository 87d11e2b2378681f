package sics

import (
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

// TestWritten makes the captures from the manual: nothing was recorded. It stands first, so that -update finds them.
func TestWritten(t *testing.T) {
	s := protocoltest.Synthetic{Transport: protocol.TCP, ClientMAC: [6]byte{0, 0x50, 0x56, 1, 2, 3}, ServerMAC: [6]byte{0, 0xe0, 0x7c, 1, 2, 4},
		ClientIP: [4]byte{10, 79, 0, 1}, ServerIP: [4]byte{10, 79, 0, 2}, ClientPort: 40001, ServerPort: 4305}
	s.Turns = []protocoltest.Turn{
		up("I4\r\n"), down("I4 A \"B021002593\"\r\n"), up("I2\r\nI3\r\n"), down("I2 A \"MS3002S 3200.90 g\"\r\nI3 A \"2.10 10.28.0.493.142\"\r\n"),
		up("I10\r\nI11\r\nS\r\n"), down("I10 A \"PHARMACY-2\"\r\nI11 A \"MS3002S\"\r\nS S     100.00 g\r\n")}
	s.Written(t, "balance.pcap")
	s.Turns = []protocoltest.Turn{up("I am here\r\n"), down("I4 is \"B021002593\"\r\nI4 A B021002593\r\nI4 L\r\n")}
	s.Written(t, "neg-talk.pcap")
}

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// TestCut plays what no capture holds, whole and cut at every byte.
func TestCut(t *testing.T) {
	turns := []protocoltest.Turn{up("SI\r\n"), down("S D      99.98 g\r\nI4 A \"B02\"\r\n"), up("I4 A \"of the client\"\r\n")}
	got := protocoltest.Dialogue(t, Parser(), turns...)
	if len(got) != 1 || got[0] != "server sics.serial = B02 (answer to I4)" {
		t.Errorf("%q", got)
	}
	protocoltest.Splits(t, Parser(), turns...)
}

func up(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToServer, Data: s} }

func down(s string) protocoltest.Turn { return protocoltest.Turn{Dir: protocol.ToClient, Data: s} }
