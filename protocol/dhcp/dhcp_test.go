package dhcp

import (
	"testing"

	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser(), ParserV6()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

func FuzzNextV6(f *testing.F) { protocoltest.Fuzz(f, ParserV6()) }
