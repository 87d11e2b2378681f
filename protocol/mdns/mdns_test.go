package mdns

import (
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// TestQuestions holds that questions, which are most of what goes by, cost nothing.
func TestQuestions(t *testing.T) {
	question := []byte("\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05_dcm1\x04_tcp\x05local\x00\x00\x0c\x00\x01")
	conv, ignore := Parser().New(protocol.Opening{Transport: protocol.UDP}), func(fact.Fact) {}
	if n := testing.AllocsPerRun(100, func() { conv.Next(time.Time{}, protocol.ToServer, question, ignore) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
