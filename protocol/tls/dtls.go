package tls

import (
	"encoding/binary"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/hello"
)

const (
	datagramHeader = 13 // of a record: type, version, epoch, sequence number, length
	fragmentHeader = 12 // of a handshake message: type, length, sequence number, fragment's offset and length
	recordCID      = 25 // RFC 9146
)

// ParserDTLS reads DTLS over UDP on any port (RFC 4347, 6347, 9147).
func ParserDTLS() protocol.Parser {
	return protocol.Parser{
		Name:   "dtls",
		Doc:    "DTLS 1.0–1.3 handshakes: requested name, JA3, JA4, version, certificate.",
		Attrs:  hello.Attrs(),
		Claims: claimsDatagram,
		New: func(o protocol.Opening) protocol.Conversation {
			return &datagrams{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
		},
	}
}

// claimsDatagram accepts a record of the first epoch that begins with a hello, or with a HelloVerifyRequest, from the
// side that sends such.
func claimsDatagram(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.UDP || len(b) < datagramHeader+fragmentHeader || b[0] != recordHandshake || !datagramVersion(b) {
		return false
	}
	if b[3] != 0 || b[4] != 0 || int(binary.BigEndian.Uint16(b[11:])) > len(b)-datagramHeader {
		return false
	}
	switch b[datagramHeader] {
	case hello.ClientHello:
		return o.FirstDir == protocol.ToServer
	case hello.ServerHello, 3:
		return o.FirstDir == protocol.ToClient
	}
	return false
}

// datagramVersion tells the versions of records: 1.0, 1.2 (which 1.3 says as well), and OpenSSL's before them.
func datagramVersion(b []byte) bool {
	return b[1] == 0xfe && (b[2] == 0xff || b[2] == 0xfd) || b[1] == 1 && b[2] == 0
}

type datagrams struct {
	keys   [2]fact.Key
	sealed [2]bool
	pieces [2]hello.Pieces
	number [2]uint16 // of the message that is being put together
}

// Next reads the records of one datagram.
func (c *datagrams) Next(at time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	used := len(b)
	for len(b) > 0 {
		if b[0]&0xe0 == 0x20 || b[0] == recordCID { // RFC 9147 §4: a sealed record with its short header
			c.sealed[d] = true
			break
		}
		if len(b) < datagramHeader || !datagramVersion(b) {
			return used, errRecord
		}
		n := datagramHeader + int(binary.BigEndian.Uint16(b[11:]))
		if n > len(b) {
			return used, errRecord
		}
		if epoch := binary.BigEndian.Uint16(b[3:]); epoch > 0 {
			c.sealed[d] = true
		} else if b[0] == recordHandshake {
			c.fragments(at, d, b[datagramHeader:n], emit)
		}
		b = b[n:]
	}
	if c.sealed[0] && c.sealed[1] {
		return used, protocol.Done
	}
	return used, nil
}

// fragments reads the handshake messages of one record; one in several fragments is put together.
func (c *datagrams) fragments(at time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) {
	for len(b) >= fragmentHeader {
		kind, size := b[0], messageSize(b)-4
		number := binary.BigEndian.Uint16(b[4:])
		offset := int(b[6])<<16 | int(b[7])<<8 | int(b[8])
		n := int(b[9])<<16 | int(b[10])<<8 | int(b[11])
		if n > len(b)-fragmentHeader || offset+n > size {
			return
		}
		body := b[fragmentHeader : fragmentHeader+n]
		b = b[fragmentHeader+n:]
		p := &c.pieces[d]
		switch {
		case !hello.Wanted(kind, size):
			continue
		case n == size:
			hello.Say(hello.DTLS, at, c.keys[d], d == protocol.ToServer, kind, body, emit)
			continue
		case number != c.number[d]:
			p.Reset()
			c.number[d] = number
		}
		if p.Put(offset, body); len(p.Whole()) == size {
			hello.Say(hello.DTLS, at, c.keys[d], d == protocol.ToServer, kind, p.Whole(), emit)
			p.Reset()
		}
	}
}
