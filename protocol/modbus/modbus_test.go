package modbus

import (
	"slices"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// TestIdentification reads the device identification and the server id of a gateway with two units behind it; the
// second unit's is not the address's.
func TestIdentification(t *testing.T) {
	turns := []protocoltest.Turn{
		{Dir: protocol.ToServer, Data: "\x00\x01\x00\x00\x00\x05\x01\x2b\x0e\x01\x00"},
		{Dir: protocol.ToClient, Data: "\x00\x01\x00\x00\x00\x20\x01\x2b\x0e\x01\x01\x00\x00\x03\x00\x08Acme AHU\x01\x06VAV-12\x02\x04V2.1"},
		{Dir: protocol.ToClient, Data: "\x00\x02\x00\x00\x00\x14\x02\x2b\x0e\x01\x01\x00\x00\x01\x00\x0aOther Make"},
		{Dir: protocol.ToClient, Data: "\x00\x03\x00\x00\x00\x0b\x01\x11\x08\x01\xffABC-12"},
		{Dir: protocol.ToClient, Data: "\x00\x04\x00\x00\x00\x03\x09\x83\x0b"},
		{Dir: protocol.ToClient, Data: "\x00\x05\x00\x00\x00\x06\x01\x06\x00\x01\x00\x03"},
	}
	got := protocoltest.Dialogue(t, Parser(), turns...)
	want := []string{
		"server modbus.unit_id = 1 (answers)",
		"server modbus.vendor = Acme AHU (device identification, object 0)",
		"server modbus.product = VAV-12 (device identification, object 1)",
		"server modbus.revision = V2.1 (device identification, object 2)",
		"server modbus.unit_id = 2 (answers)",
		"server modbus.server_id = ABC-12 (function 17)",
		"server practice = plant-control-open (acknowledges function 6)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	protocoltest.Splits(t, Parser(), turns...)
}

// TestSteady holds that registers go by without a byte allocated.
func TestSteady(t *testing.T) {
	answer := []byte("\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x07")
	conv := Parser().New(protocol.Opening{Transport: protocol.TCP, FirstDir: protocol.ToClient, First: answer})
	next := func() {
		if used, err := conv.Next(time.Time{}, protocol.ToClient, answer, func(fact.Fact) {}); used != len(answer) || err != nil {
			t.Fatal(used, err)
		}
	}
	if next(); testing.AllocsPerRun(100, next) != 0 {
		t.Error("registers cost allocations")
	}
}
