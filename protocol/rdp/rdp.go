// Package rdp reads the opening of Remote Desktop connections (MS-RDPBCGR). It decides which protection the two ends
// agree on and, where that is not TLS, what the client says of its machine. The cookie, which names a user, is passed
// over; what follows TLS is package tls's.
package rdp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"pons/fact"
	"pons/protocol"
)

// Attributes. Security is the server's.
const (
	ClientName  fact.Attr = "rdp.client_name"
	ClientBuild fact.Attr = "rdp.client_build" // of the client's Windows: "2600", "19041"; other programs invent one
	Security    fact.Attr = "rdp.security"     // agreed: rdp, tls, credssp, rdstls, credssp-ex, rdsaad
)

const port = 3389

// Kinds of X.224 messages (T.123, ISO 8073), with what follows their length.
const (
	connectRequest = 0xe0
	connectConfirm = 0xd0
	data           = 0xf0
)

// maxKept bounds a message that is read: the client's settings have some hundred bytes.
const maxKept = 16 << 10

var errFraming = errors.New("rdp: no Remote Desktop message")

// Parser claims Remote Desktop over TCP by its first messages.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "rdp", Doc: "Remote Desktop: names and builds of clients, protection agreed on",
		Attrs:  []fact.Attr{ClientName, ClientBuild, Security, protocol.Association},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "\x03",
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

// claims tells Remote Desktop from others that use the same transport (S7, H.323, MMS): they carry parameters where it
// carries a cookie or a request for protection.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < 7 || b[0] != 3 || b[1] != 0 {
		return false
	}
	toServer := o.FirstDir == protocol.ToServer
	switch b[5] {
	case connectRequest:
		if !toServer || len(b) < 11 {
			return false
		}
		rest := b[11:]
		return bytes.HasPrefix(rest, []byte("Cookie: ")) || negotiation(rest, 1) || len(rest) == 0 && b[4] == 6 && o.Server.Port == port
	case connectConfirm:
		if toServer || len(b) < 11 {
			return false
		}
		rest := b[11:]
		return negotiation(rest, 2) || negotiation(rest, 3) || len(rest) == 0 && b[4] == 6 && o.Server.Port == port
	case data:
		if len(b) < 9 || b[6] != 0x80 || b[7] != 0x7f {
			return false
		}
		return b[8] == 0x65 && toServer && bytes.Contains(b, []byte("Duca")) || b[8] == 0x66 && !toServer && bytes.Contains(b, []byte("McDn"))
	}
	return false
}

// negotiation: kind, flags, length 8, protocols 4 (MS-RDPBCGR §2.2.1.1.1, §2.2.1.2.1).
func negotiation(b []byte, kind byte) bool {
	return len(b) >= 8 && b[0] == kind && b[2] == 8 && b[3] == 0
}

type conversation struct {
	o        protocol.Opening
	messages int
}

// Next reads one TPKT message: version 3, unused, length 2, then X.224.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if len(b) < 4 {
		return 0, nil
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if b[0] != 3 || n < 7 || n > maxKept {
		return 0, errFraming
	}
	if len(b) < n {
		return 0, nil
	}
	if c.messages++; c.messages > 8 { // the settings come first
		return 0, protocol.Done
	}
	m := b[:n]
	switch m[5] {
	case connectConfirm:
		return n, c.agreed(m, emit)
	case data:
		if len(m) > 9 && m[7] == 0x7f && m[8] == 0x65 && d == protocol.ToServer {
			c.settings(m, emit)
		}
	}
	return n, nil
}

// agreed reads which protection the server chose; what follows is TLS in all cases but Remote Desktop's own.
func (c *conversation) agreed(m []byte, emit func(fact.Fact)) error {
	var chosen uint32
	if len(m) >= 19 {
		if negotiation(m[11:], 3) {
			return protocol.Done // refused
		}
		if negotiation(m[11:], 2) {
			chosen = binary.LittleEndian.Uint32(m[15:])
		}
	}
	emit(fact.Fact{Subject: c.o.Server.Key(), Attr: protocol.Association})
	v := ""
	switch chosen {
	case 0:
		v = "rdp"
	case 1:
		v = "tls"
	case 2:
		v = "credssp"
	case 4:
		v = "rdstls"
	case 8:
		v = "credssp-ex"
	case 16:
		v = "rdsaad"
	}
	if v != "" {
		emit(fact.Fact{Subject: c.o.Server.Key(), Attr: Security, Value: v, Because: "connection confirm"})
	}
	if chosen != 0 {
		return protocol.Renew
	}
	return nil
}

// settings reads the client's core data (MS-RDPBCGR §2.2.1.3.2) behind the H.221 key "Duca": kind 0xc001, length,
// version 4, screen 2+2, colours 2, sequence 2, keyboard 4, build 4, name of 32 bytes in UTF-16.
func (c *conversation) settings(m []byte, emit func(fact.Fact)) {
	at := bytes.Index(m, []byte("Duca"))
	if at < 0 {
		return
	}
	b := m[at+4:]
	if len(b) < 2 {
		return
	}
	skip := 1 // a length of one or two bytes (X.691 §11.9)
	if b[0]&0x80 != 0 {
		skip = 2
	}
	for b = b[skip:]; len(b) >= 4; {
		kind, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if n < 4 || n > len(b) {
			return
		}
		if kind == 0xc001 && n >= 56 {
			client := c.o.Client.Key()
			if v := name(b[24:56]); v != "" {
				emit(fact.Fact{Subject: client, Attr: ClientName, Value: v, Because: "client core data"})
			}
			if build := binary.LittleEndian.Uint32(b[20:]); build > 0 && build < 1<<20 {
				emit(fact.Fact{Subject: client, Attr: ClientBuild, Value: strconv.Itoa(int(build)), Because: "client core data"})
			}
			return
		}
		b = b[n:]
	}
}

// name reads UTF-16 up to its zero; a text that is no name is nothing.
func name(b []byte) string {
	units := make([]uint16, 0, 16)
	for ; len(b) >= 2 && (b[0] != 0 || b[1] != 0); b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	s := string(utf16.Decode(units))
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) >= 0 {
		return ""
	}
	return s
}
