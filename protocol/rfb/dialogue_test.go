package rfb

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"pons/fact"
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

// TestOutside tells a session that somebody outside has with a host of a private network.
func TestOutside(t *testing.T) {
	for client, want := range map[string]bool{"203.0.113.5": true, "10.1.1.5": false} {
		o := protocol.Opening{Transport: protocol.TCP, Client: protocol.Endpoint{IP: netip.MustParseAddr(client)}, Server: protocol.Endpoint{IP: netip.MustParseAddr("10.1.1.9")}}
		said := false
		if _, err := Parser().New(o).Next(time.Time{}, protocol.ToServer, []byte("RFB 003.008\n"), func(f fact.Fact) {
			said = said || f.Attr == fact.Practice && f.Value == fact.RemoteSession && f.Subject == o.Server.Key()
		}); err != nil || said != want {
			t.Errorf("%s: %v, %v", client, said, err)
		}
	}
}
