package fox

import (
	"testing"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

// TestSplits holds that a hello in pieces says what it says in one.
func TestSplits(t *testing.T) {
	protocoltest.Splits(t, Parser(),
		protocoltest.Turn{Dir: protocol.ToServer, Data: "fox a 1 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\n};;\n"},
		protocoltest.Turn{Dir: protocol.ToClient, Data: "fox a 0 -1 fox hello\n{\nfox.version=s:1.0.1\nhostName=s:bms-01\napp.name=s:Station\n};;\nfox a 1 -1 fox login\n{\n"})
}
