package bacnet

import (
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// TestSteady holds that the values of points go by without a byte allocated.
func TestSteady(t *testing.T) {
	ack := []byte("\x81\x0a\x00\x17\x01\x00\x30\x05\x0c\x0c\x00\x00\x00\x05\x19\x55\x3e\x44\x42\x90\x00\x00\x3f")
	o := protocol.Opening{Transport: protocol.UDP, First: ack}
	if !Parser().Claims(o) {
		t.Fatal("not claimed")
	}
	conv := Parser().New(o)
	emit := func(f fact.Fact) { t.Errorf("%s = %s", f.Attr, f.Value) }
	if n := testing.AllocsPerRun(100, func() {
		if used, err := conv.Next(time.Time{}, protocol.ToServer, ack, emit); used != len(ack) || err != nil {
			t.Fatal(used, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
