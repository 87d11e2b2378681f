// Package llmnr reads Link-Local Multicast Name Resolution (RFC 4795). It decides which names a host answers to;
// the names that hosts ask for are those of others.
package llmnr

import (
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/dnsmsg"
)

// Name is a name that the host answered to.
const Name fact.Attr = "llmnr.name"

const port = 5355

// Parser claims DNS messages on port 5355.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "llmnr", Doc: "Link-local name resolution: names that hosts answer to",
		Attrs: []fact.Attr{Name},
		Over:  []protocol.Transport{protocol.UDP},
		Claims: func(o protocol.Opening) bool {
			if o.Transport != protocol.UDP || o.Server.Port != port || !dnsmsg.Plausible(o.First) {
				return false
			}
			return o.First[2]&0x80 != 0 == (o.FirstDir == protocol.ToClient)
		},
		New: func(o protocol.Opening) protocol.Conversation { return conversation{o} },
	}
}

type conversation struct{ o protocol.Opening }

// Next reads one message.
func (c conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) > 2 && b[2]&0x80 == 0 {
		return len(b), nil // a question
	}
	m, err := dnsmsg.Parse(b)
	if !m.Response() || m.Rcode() != 0 || d != protocol.ToClient {
		return len(b), err
	}
	for _, r := range m.Answers {
		name := r.Name
		switch r.Type {
		case dnsmsg.TypeA, dnsmsg.TypeAAAA:
		case dnsmsg.TypePTR:
			target, _, err := m.NameAt(r.At)
			if err != nil {
				return len(b), err
			}
			name = target
		default:
			continue
		}
		emit(fact.Fact{Subject: c.o.Server.Key(), Attr: Name, Value: dnsmsg.Text(name), Because: "answer"})
	}
	return len(b), err
}
