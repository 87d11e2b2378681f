package protocoltest

import (
	"net/netip"
	"time"

	"pons/fact"
	"pons/protocol"
)

// frameTime is the moment of every fuzzed frame.
var frameTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func addrOf(n byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, n}) }

// spyOn wraps a parser so that each first piece of a direction of a conversation is shown.
func spyOn(p protocol.Parser, show func(protocol.Opening, []byte, protocol.Dir)) protocol.Parser {
	inner := p.New
	p.New = func(o protocol.Opening) protocol.Conversation {
		return &spy{conv: inner(o), opening: o, show: show}
	}
	return p
}

type spy struct {
	conv    protocol.Conversation
	opening protocol.Opening
	show    func(protocol.Opening, []byte, protocol.Dir)
	shown   int
}

// Next shows the first few pieces and passes them on.
func (s *spy) Next(at time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	if s.shown++; s.shown <= 4 && len(data) <= 8<<10 {
		s.show(s.opening, append([]byte(nil), data...), d)
	}
	return s.conv.Next(at, d, data, emit)
}
