package openvpn

import (
	"testing"

	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }
