package tls

import (
	"testing"

	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzTLS(f *testing.F) { protocoltest.Fuzz(f, Parser()) }
