package cip

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// message wraps a body in the encapsulation.
func message(command byte, context uint64, body string) string {
	b := make([]byte, header)
	b[0], b[4] = command, 1
	binary.LittleEndian.PutUint16(b[2:], uint16(len(body)))
	binary.LittleEndian.PutUint64(b[12:], context)
	return string(b) + body
}

// unconnected wraps a CIP message in a SendRRData body.
func unconnected(cip string) string {
	return "\x00\x00\x00\x00\x0a\x00\x02\x00\x00\x00\x00\x00\xb2\x00" + string([]byte{byte(len(cip)), 0}) + cip
}

// TestIdentityObject reads the identity object attribute by attribute and a reset; an answer that nobody asked for and
// a message for another slot say nothing.
func TestIdentityObject(t *testing.T) {
	get := func(attribute string) string { return "\x0e\x03\x20\x01\x24\x01\x30" + attribute }
	turns := []protocoltest.Turn{
		{Dir: protocol.ToServer, Data: message(registerSession, 0, "\x01\x00\x00\x00")},
		{Dir: protocol.ToClient, Data: message(registerSession, 0, "\x01\x00\x00\x00")},
		{Dir: protocol.ToClient, Data: message(sendRRData, 9, unconnected("\x8e\x00\x00\x00\x04none"))},
		{Dir: protocol.ToServer, Data: message(sendRRData, 1, unconnected(get("\x07")))},
		{Dir: protocol.ToServer, Data: message(sendRRData, 2, unconnected(get("\x06")))},
		{Dir: protocol.ToClient, Data: message(sendRRData, 2, unconnected("\x8e\x00\x00\x00\x78\x56\x34\x12"))},
		{Dir: protocol.ToClient, Data: message(sendRRData, 1, unconnected("\x8e\x00\x00\x00\x0b1756-L61/B "))},
		{Dir: protocol.ToServer, Data: message(sendRRData, 3, unconnected("\x52\x02\x20\x06\x24\x01\x0a\x05\x08\x00"+get("\x01")+"\x01\x00\x01\x02"))},
		{Dir: protocol.ToClient, Data: message(sendRRData, 3, unconnected("\x8e\x00\x00\x00\x01\x00"))},
		{Dir: protocol.ToServer, Data: message(sendRRData, 4, unconnected("\x05\x02\x20\x01\x24\x01"))},
		{Dir: protocol.ToClient, Data: message(sendRRData, 4, unconnected("\x85\x00\x00\x00"))},
	}
	got := protocoltest.Dialogue(t, Parser(), turns...)
	want := []string{
		"server cip.serial = 12345678 (identity object)",
		"server cip.product_name = 1756-L61/B  (identity object)",
		"server practice = plant-control-open (acknowledges service 5 of class 1)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	protocoltest.Splits(t, Parser(), turns...)
}
