package http

import (
	"testing"

	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzHTTP(f *testing.F) { protocoltest.Fuzz(f, Parser()) }
