package tls

import (
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/hello"
)

// ParserDTLS reads DTLS over UDP on any port (RFC 4347, 6347, 9147).
func ParserDTLS() protocol.Parser {
	return protocol.Parser{
		Name:   "dtls",
		Doc:    "DTLS 1.0–1.3 handshakes: requested name, JA3, JA4, version, certificate.",
		Attrs:  hello.Attrs(),
		Over:   []protocol.Transport{protocol.UDP},
		Claims: claimsDatagram,
		New: func(o protocol.Opening) protocol.Conversation {
			return &datagrams{hello.Datagrams{Client: o.Client.Key(), Server: o.Server.Key()}}
		},
	}
}

// claimsDatagram accepts a record of the first epoch that begins with a hello, or with a HelloVerifyRequest, from the
// side that sends such.
func claimsDatagram(o protocol.Opening) bool {
	if o.Transport != protocol.UDP {
		return false
	}
	fromClient, ok := hello.BeginsDatagram(o.First)
	return ok && fromClient == (o.FirstDir == protocol.ToServer)
}

type datagrams struct{ hello.Datagrams }

// Next reads the records of one datagram.
func (c *datagrams) Next(at time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	sealed, ok := c.Read(at, d == protocol.ToServer, b, emit)
	switch {
	case !ok:
		return len(b), errRecord
	case sealed:
		return len(b), protocol.Done
	}
	return len(b), nil
}
