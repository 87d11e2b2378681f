package tls

import (
	"testing"

	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser(), ParserDTLS()) }

func FuzzDTLS(f *testing.F) { protocoltest.Fuzz(f, ParserDTLS()) }

func FuzzTLS(f *testing.F) { protocoltest.Fuzz(f, Parser()) }
