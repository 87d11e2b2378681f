package smb

import (
	"testing"
	"time"

	"pons/protocol/protocoltest"
)

var noTime time.Time

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser(), Browser()) }

func FuzzNext(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

func FuzzBrowser(f *testing.F) { protocoltest.Fuzz(f, Browser()) }
