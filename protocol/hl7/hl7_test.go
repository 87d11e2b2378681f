package hl7

import (
	"testing"

	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzHL7(f *testing.F) { protocoltest.Fuzz(f, Parser()) }
