package rfb

import (
	"slices"
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestDialogue(t *testing.T) {
	turns := []protocoltest.Turn{{Dir: protocol.ToClient, Data: "RFB 004.001\n"}, {Dir: protocol.ToServer, Data: "RFB 003.008\n"}, {Dir: protocol.ToClient, Data: "\x01\x02"}}
	want := []string{"server rfb.version = 4.1 (ProtocolVersion)", "client rfb.version = 3.8 (ProtocolVersion)"}
	if got := protocoltest.Dialogue(t, Parser(), turns...); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	protocoltest.Splits(t, Parser(), turns...)
	for _, first := range []string{"", "RFB 003.008", "RFB 003,008\n", "RFB a03.008\n", "rfb 003.008\n"} {
		if Parser().Claims(protocol.Opening{Transport: protocol.TCP, First: []byte(first)}) {
			t.Errorf("%q claimed", first)
		}
	}
}
