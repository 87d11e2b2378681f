package dicom

import (
	"testing"

	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzDICOM(f *testing.F) { protocoltest.Fuzz(f, Parser()) }
