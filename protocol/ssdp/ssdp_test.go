package ssdp

import (
	"testing"
	"time"

	"pons/protocol/protocoltest"
)

var noTime time.Time

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }
