package smb

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/ntlm"
)

// Commands of SMB 1 (MS-CIFS §2.2.2.1).
const (
	cmdNegotiate1 = 0x72
	cmdSetup1     = 0x73
)

const (
	flagReply      = 0x80       // in the flags (MS-CIFS §2.2.3.1)
	flagUnicode    = 0x8000     // in the second flags
	capExtended    = 0x80000000 // in the capabilities: GSS-API tokens (MS-SMB §2.2.4.5.2.1)
	capUnicode     = 0x00000004
	encryptsLogins = 0x02 // in the security mode: challenge and response
	signsAlways    = 0x08 // signatures are required
	noneOffered    = 0xffff
	maxDialects    = 32 // Windows offers ten
)

// message1 reads a negotiation or a session setup. After the header stand a count of words, the words, a count of
// bytes, the bytes.
func (c *conversation) message1(d protocol.Dir, m []byte, emit func(fact.Fact)) {
	if len(m) <= header1Size {
		return
	}
	count := int(m[header1Size])
	at := header1Size + 1 + 2*count
	if len(m) < at+2 {
		return
	}
	words := m[header1Size+1 : at]
	p := payload{message: m, at: at + 2, wide: binary.LittleEndian.Uint16(m[10:])&flagUnicode != 0}
	reply, failed := m[9]&flagReply != 0, binary.LittleEndian.Uint32(m[5:]) != 0
	switch {
	case m[4] == cmdNegotiate1 && !reply:
		c.offer(m[at+2:])
	case m[4] == cmdNegotiate1:
		c.negotiated1(words, p, emit)
	case !reply:
		c.setup1(c.sender(d), words, p, emit)
	default:
		c.accepted1(c.sender(d), words, p, emit)
		if !failed {
			emit(fact.Fact{Subject: c.o.Server.Key(), Attr: protocol.Association})
		}
	}
}

// offer remembers the dialects that the client offers: each a byte 2 and a string.
func (c *conversation) offer(b []byte) {
	c.offered = nil
	for len(b) > 1 && b[0] == 2 && len(c.offered) < maxDialects {
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			return
		}
		c.offered = append(c.offered, string(b[1:end]))
		b = b[end+1:]
	}
}

// negotiated1 reads which dialect the server took, and of the newest dialect who it says it is.
func (c *conversation) negotiated1(words []byte, p payload, emit func(fact.Fact)) {
	if len(words) < 2 {
		return
	}
	index := int(binary.LittleEndian.Uint16(words))
	if index == noneOffered {
		return
	}
	c.agree(emit, "negotiate response of SMB 1")
	if index < len(c.offered) {
		c.dialect(c.offered[index], emit)
	}
	if len(words) < 34 {
		if len(words) >= 4 {
			c.readable = words[2]&encryptsLogins == 0
		}
		return
	}
	server := c.o.Server.Key()
	c.readable = words[2]&encryptsLogins == 0
	signing(words[2]&signsAlways != 0, server, emit)
	capabilities := binary.LittleEndian.Uint32(words[19:])
	if capabilities&capExtended != 0 {
		if rest := p.rest(); len(rest) >= 16 {
			guid(rest[:16], server, emit)
			ntlm.Say(rest[16:], server, emit)
		}
		return
	}
	p.at += int(words[33]) // the challenge
	p.wide, p.unaligned = capabilities&capUnicode != 0, true
	state(server, Domain, p.text(), "negotiate response", emit)
	state(server, ServerName, p.text(), "negotiate response", emit)
}

// setup1 reads a session setup request: thirteen words with passwords, twelve with a token, ten of LAN Manager. The
// account is passed over; a password is counted, not read.
func (c *conversation) setup1(client fact.Key, words []byte, p payload, emit func(fact.Fact)) {
	password := 0
	switch len(words) {
	case 26:
		password = int(binary.LittleEndian.Uint16(words[14:]))
		p.at += password + int(binary.LittleEndian.Uint16(words[16:]))
		p.skip() // account
		p.skip() // its domain
	case 24:
		n := int(binary.LittleEndian.Uint16(words[14:]))
		c.token(p.take(n), client, emit)
	case 20:
		password = int(binary.LittleEndian.Uint16(words[14:]))
		p.at += password
		p.skip()
		p.skip()
	default:
		return
	}
	if c.readable && password > 1 {
		for _, k := range []fact.Key{client, c.o.Server.Key()} {
			emit(fact.Fact{Subject: k, Attr: fact.Practice, Value: fact.CleartextCredentials, Because: "session setup with a readable password"})
		}
	}
	state(client, NativeOS, p.text(), "session setup request", emit)
	state(client, NativeLanMan, p.text(), "session setup request", emit)
}

// accepted1 reads a session setup response: three words, or four with a token.
func (c *conversation) accepted1(server fact.Key, words []byte, p payload, emit func(fact.Fact)) {
	switch len(words) {
	case 6:
	case 8:
		ntlm.Say(p.take(int(binary.LittleEndian.Uint16(words[6:]))), server, emit)
	default:
		return
	}
	c.agree(emit, "session setup response of SMB 1")
	state(server, NativeOS, p.text(), "session setup response", emit)
	state(server, NativeLanMan, p.text(), "session setup response", emit)
	state(server, Domain, p.text(), "session setup response", emit)
}

func state(k fact.Key, a fact.Attr, v, because string, emit func(fact.Fact)) {
	if v != "" {
		emit(fact.Fact{Subject: k, Attr: a, Value: v, Because: because})
	}
}

func signing(required bool, k fact.Key, emit func(fact.Fact)) {
	v := "optional"
	if required {
		v = "required"
	}
	emit(fact.Fact{Subject: k, Attr: Signing, Value: v, Because: "security mode"})
}

// payload is the bytes of a message, read from a place on. UTF-16 begins at even places of the message.
type payload struct {
	message         []byte
	at              int
	wide, unaligned bool
}

func (p *payload) rest() []byte { return p.message[min(p.at, len(p.message)):] }

func (p *payload) take(n int) []byte {
	b := p.rest()
	b = b[:min(n, len(b))]
	p.at += n
	return b
}

// text reads one string up to its zero or the end of the message; "" where there is none.
func (p *payload) text() string {
	b := p.skip()
	if !p.wide {
		if strings.IndexFunc(string(b), func(r rune) bool { return r < ' ' || r >= 0x7f }) >= 0 {
			return "" // in a code page that the message does not name
		}
		return string(b)
	}
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// skip passes over one string and returns its bytes.
func (p *payload) skip() []byte {
	if p.wide && !p.unaligned && p.at%2 == 1 {
		p.at++
	}
	b := p.rest()
	if !p.wide {
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			end = len(b)
		}
		p.at += end + 1
		return b[:end]
	}
	end := 0
	for end+1 < len(b) && (b[end] != 0 || b[end+1] != 0) {
		end += 2
	}
	p.at += end + 2
	return b[:end]
}
