package hello

import (
	"encoding/binary"
	"time"

	"pons/fact"
)

const (
	datagramHeader = 13 // of a record: type, version, epoch, sequence number, length
	fragmentHeader = 12 // of a handshake message: type, length, sequence number, fragment's offset and length
	handshake      = 22 // record types, RFC 8446 §B.1 and RFC 9146
	withID         = 25
	verifyRequest  = 3 // handshake type, RFC 6347 §4.3.2
)

// BeginsDatagram tells whether b is a record of DTLS in its first epoch that begins with a message which only one side
// sends at the beginning, and whether that is the client.
func BeginsDatagram(b []byte) (fromClient, ok bool) {
	if len(b) < datagramHeader+fragmentHeader || b[0] != handshake || !datagramVersion(b) {
		return false, false
	}
	if b[3] != 0 || b[4] != 0 || int(binary.BigEndian.Uint16(b[11:])) > len(b)-datagramHeader {
		return false, false
	}
	switch b[datagramHeader] {
	case ClientHello:
		return true, true
	case ServerHello, verifyRequest:
		return false, true
	}
	return false, false
}

// datagramVersion tells the versions of records: 1.0, 1.2 (which 1.3 says as well), and OpenSSL's before them.
func datagramVersion(b []byte) bool {
	return b[1] == 0xfe && (b[2] == 0xff || b[2] == 0xfd) || b[1] == 1 && b[2] == 0
}

// Datagrams reads the open part of a DTLS conversation (RFC 4347, 6347, 9147), datagram by datagram.
type Datagrams struct {
	Client, Server fact.Key

	sides [2]struct {
		sealed bool
		pieces Pieces
		number uint16 // of the message that is being put together
	}
}

// Read takes one datagram. It returns whether both sides have turned to encryption, after which nothing is to be
// learned, and whether the datagram could be read.
func (c *Datagrams) Read(at time.Time, fromClient bool, b []byte, emit func(fact.Fact)) (sealed, ok bool) {
	side := &c.sides[1]
	if fromClient {
		side = &c.sides[0]
	}
	for len(b) > 0 {
		if b[0]&0xe0 == 0x20 || b[0] == withID { // RFC 9147 §4: a sealed record with its short header
			side.sealed = true
			break
		}
		if len(b) < datagramHeader || !datagramVersion(b) {
			return false, false
		}
		n := datagramHeader + int(binary.BigEndian.Uint16(b[11:]))
		if n > len(b) {
			return false, false
		}
		if epoch := binary.BigEndian.Uint16(b[3:]); epoch > 0 {
			side.sealed = true
		} else if b[0] == handshake {
			c.fragments(at, fromClient, b[datagramHeader:n], emit)
		}
		b = b[n:]
	}
	return c.sides[0].sealed && c.sides[1].sealed, true
}

// fragments reads the handshake messages of one record; one in several fragments is put together.
func (c *Datagrams) fragments(at time.Time, fromClient bool, b []byte, emit func(fact.Fact)) {
	side, sender := &c.sides[1], c.Server
	if fromClient {
		side, sender = &c.sides[0], c.Client
	}
	for len(b) >= fragmentHeader {
		kind, size := b[0], int(b[1])<<16|int(b[2])<<8|int(b[3])
		number := binary.BigEndian.Uint16(b[4:])
		offset := int(b[6])<<16 | int(b[7])<<8 | int(b[8])
		n := int(b[9])<<16 | int(b[10])<<8 | int(b[11])
		if n > len(b)-fragmentHeader || offset+n > size {
			return
		}
		body := b[fragmentHeader : fragmentHeader+n]
		b = b[fragmentHeader+n:]
		p := &side.pieces
		switch {
		case !Wanted(kind, size):
			continue
		case n == size:
			Say(DTLS, at, sender, fromClient, kind, body, emit)
			continue
		case number != side.number:
			p.Reset()
			side.number = number
		}
		if p.Put(offset, body); len(p.Whole()) == size {
			Say(DTLS, at, sender, fromClient, kind, p.Whole(), emit)
			p.Reset()
		}
	}
}
