package s7

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// tpkt wraps an S7 PDU in COTP data and TPKT.
func tpkt(pdu string) string {
	b := []byte{3, 0, 0, 0, 2, 0xf0, 0x80}
	binary.BigEndian.PutUint16(b[2:], uint16(7+len(pdu)))
	return string(b) + pdu
}

// userdata is a PDU that carries a piece of a system state list.
func userdata(more byte, list string) string {
	p := "\x00\x01\x12\x08\x12\x84\x01\x01\x00" + string(more) + "\x00\x00"
	d := "\xff\x09" + string([]byte{byte(len(list) >> 8), byte(len(list))}) + list
	h := []byte{0x32, 7, 0, 0, 0, 1, 0, byte(len(p)), byte(len(d) >> 8), byte(len(d))}
	return tpkt(string(h) + p + d)
}

// TestLists reads module and component identification as an S7-300 answers them, the second in two pieces, and an
// order to stop. The names are invented.
func TestLists(t *testing.T) {
	module := "\x00\x11\x00\x00\x00\x1c\x00\x02" +
		"\x00\x01" + "6ES7 315-2EH14-0AB0 " + "\x00\xc0\x00\x05\x00\x01" +
		"\x00\x07" + strings.Repeat(" ", 20) + "\x00\xc0V\x03\x02\x06"
	component := "\x00\x1c\x00\x00\x00\x22\x00\x03" +
		"\x00\x01" + fmt.Sprintf("%-32s", "CSSD washer 3\x00") +
		"\x00\x05" + fmt.Sprintf("%-32s", "S C-X4U421302009\x00") +
		"\x00\x07" + fmt.Sprintf("%-32s", "CPU 315-2 PN/DP\x00")
	turns := []protocoltest.Turn{
		{Dir: protocol.ToServer, Data: "\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02"},
		{Dir: protocol.ToClient, Data: "\x03\x00\x00\x16\x11\xd0\x00\x01\x00\x01\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02"},
		{Dir: protocol.ToClient, Data: userdata(0, module)},
		{Dir: protocol.ToClient, Data: userdata(1, component[:60])},
		{Dir: protocol.ToClient, Data: userdata(0, component[60:])},
		{Dir: protocol.ToClient, Data: tpkt("\x32\x03\x00\x00\x00\x04\x00\x01\x00\x00\x00\x00\x29")},
	}
	got := protocoltest.Dialogue(t, Parser(), turns...)
	want := []string{
		"server s7.dialect = S7comm (protocol id)",
		"server s7.module = 6ES7 315-2EH14-0AB0 (module identification)",
		"server s7.version = V3.2.6 (module identification)",
		"server s7.system_name = CSSD washer 3 (component identification)",
		"server s7.serial = S C-X4U421302009 (component identification)",
		"server s7.module_type = CPU 315-2 PN/DP (component identification)",
		"server practice = plant-control-open (acknowledges function 41)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	protocoltest.Splits(t, Parser(), turns...)
}

// TestPlus reads what a newer controller says when a session begins.
func TestPlus(t *testing.T) {
	got := protocoltest.Dialogue(t, Parser(), protocoltest.Turn{Dir: protocol.ToClient,
		Data: tpkt("\x72\x01\x00\x40\x32\x00\x00\x04\xca\xa3\x15\x1b1;6ES7 214-1AG40-0XB0 ;V4.2\xa3\x00")})
	want := []string{"server s7.dialect = S7comm-plus (protocol id)", "server s7.module = 6ES7 214-1AG40-0XB0 (S7comm-plus session)",
		"server s7.version = V4.2 (S7comm-plus session)"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
