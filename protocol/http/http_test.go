package http

import (
	"testing"
	"time"

	"pons/fact"
	"pons/protocol/protocoltest"
)

func TestCaptures(t *testing.T) { protocoltest.Run(t, Parser()) }

func FuzzHTTP(f *testing.F) { protocoltest.Fuzz(f, Parser()) }

var noTime time.Time

func ignore(fact.Fact) {}
