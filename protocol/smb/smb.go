// Package smb reads the opening of SMB 1, 2 and 3 conversations (MS-CIFS, MS-SMB, MS-SMB2), over TCP directly and in
// NetBIOS sessions (RFC 1002 §4.3), and the announcements of the browser service in NetBIOS datagrams (MS-BRWS). It
// decides what both ends say of their system, and which dialect they agree on; NTLM inside is package ntlm's. Names of
// users, shares and files, and what files hold, are passed over.
package smb

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/gss"
	"pons/protocol/ntlm"
)

// Attributes of either end; the native ones are SMB 1's.
const (
	NativeOS     fact.Attr = "smb.native_os"     // "Windows 7 Professional 7601 Service Pack 1"
	NativeLanMan fact.Attr = "smb.native_lanman" // "Samba 3.0.23c"
	Dialect      fact.Attr = "smb.dialect"       // agreed: "NT LM 0.12", "2.1", "3.1.1"
	ServerName   fact.Attr = "smb.server_name"   // of servers that know no extended security
	Domain       fact.Attr = "smb.domain"        // the server's workgroup or domain
	ServerGUID   fact.Attr = "smb.server_guid"   // survives restarts and new addresses
	Signing      fact.Attr = "smb.signing"       // of a server: required, optional
	NetBIOSName  fact.Attr = "nbns.name"         // the end's name in a NetBIOS session or datagram
)

const (
	// maxKept is how much of one message is asked for in one piece: logins with Kerberos tickets reach tens of KiB.
	maxKept = 64 << 10
	// maxMessages is after how many messages nothing new is expected: names and versions come with the first few.
	maxMessages = 500
)

// Message types of a NetBIOS session (RFC 1002 §4.3.1).
const (
	sessionMessage   = 0x00
	sessionRequest   = 0x81
	sessionPositive  = 0x82
	sessionNegative  = 0x83
	sessionRetarget  = 0x84
	sessionKeepAlive = 0x85
)

// The first byte of the four-byte signature tells the generations apart; "SMB" follows.
const (
	smb1        = 0xff
	smb2        = 0xfe
	encrypted   = 0xfd
	compressed  = 0xfc
	header1Size = 32
	header2Size = 64
)

var errFraming = errors.New("smb: no SMB message")

// Parser claims SMB over TCP by its signature, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "smb", Doc: "SMB 1 to 3: systems and names of both ends, the dialect they agree on, NTLM inside",
		Attrs: append([]fact.Attr{NativeOS, NativeLanMan, Dialect, ServerName, Domain, ServerGUID, Signing, NetBIOSName, fact.Practice,
			protocol.Association}, slices.Concat(ntlm.Attrs(), gss.Attrs())...),
		Over:   []protocol.Transport{protocol.TCP},
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < 4 {
		return false
	}
	switch b[0] {
	case sessionMessage:
		if len(b) < 4+header1Size || b[5] != 'S' || b[6] != 'M' || b[7] != 'B' || b[4] < compressed {
			return false
		}
		response := o.FirstDir == protocol.ToClient
		switch b[4] {
		case smb1:
			return b[4+9]&0x80 != 0 == response
		case smb2:
			return b[4+16]&1 != 0 == response
		}
		return true
	case sessionRequest:
		return o.FirstDir == protocol.ToServer && len(b) >= 72 && b[1] == 0 && b[2] == 0 && b[3] == 68 && b[4] == 32 && b[38] == 32
	case sessionPositive:
		return o.FirstDir == protocol.ToClient && o.Server.Port == 139 && b[1] == 0 && b[2] == 0 && b[3] == 0
	}
	return false
}

type conversation struct {
	o        protocol.Opening
	skip     [2]int // bytes of the message in hand that are passed over
	messages int

	called   string   // the name that the client called the server by
	offered  []string // dialects of SMB 1 that the client offers
	readable bool     // the server takes passwords as they are
	agreed   bool     // SMB 1 was stated
}

func (c *conversation) sender(d protocol.Dir) fact.Key {
	if d == protocol.ToClient {
		return c.o.Server.Key()
	}
	return c.o.Client.Key()
}

// Next reads one message, or passes over a part of one.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if n := c.skip[d]; n > 0 {
		n = min(n, len(b))
		c.skip[d] -= n
		return n, nil
	}
	if len(b) < 4 {
		return 0, nil
	}
	n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	switch b[0] {
	case sessionMessage:
		if n == 0 {
			return 4, nil
		}
	case sessionRequest:
		if n != 68 {
			return 0, errFraming
		}
		if len(b) < 4+n {
			return 0, nil
		}
		c.names(b[4:4+n], emit)
		return 4 + n, nil
	case sessionPositive:
		if c.called != "" {
			emit(fact.Fact{Subject: c.o.Server.Key(), Attr: NetBIOSName, Value: c.called, Because: "called name of a NetBIOS session"})
		}
		return 4, nil
	case sessionNegative, sessionRetarget, sessionKeepAlive:
		return min(4+n, len(b)), nil
	default:
		return 0, errFraming
	}
	return c.message(d, b, n, emit)
}

// message reads an SMB message of n bytes behind its four bytes of framing, if it is one to read.
func (c *conversation) message(d protocol.Dir, b []byte, n int, emit func(fact.Fact)) (int, error) {
	if len(b) < 4+min(n, header1Size) {
		return 0, nil
	}
	m := b[4:]
	if n < header1Size || m[1] != 'S' || m[2] != 'M' || m[3] != 'B' || m[0] < compressed {
		return 0, errFraming
	}
	if c.messages++; c.messages > maxMessages || m[0] == encrypted {
		return 0, protocol.Done
	}
	wanted := false
	switch m[0] {
	case smb1:
		wanted = m[4] == cmdNegotiate1 || m[4] == cmdSetup1
		if !wanted && m[9]&0x80 != 0 {
			c.agree(emit, "reply to a command of SMB 1")
		}
	case smb2:
		command := binary.LittleEndian.Uint16(m[12:])
		wanted = n >= header2Size && (command == cmdNegotiate2 || command == cmdSetup2)
	}
	if wanted && n <= maxKept {
		if len(m) < n {
			c.messages--
			return 0, nil
		}
		if m = m[:n]; m[0] == smb1 {
			c.message1(d, m, emit)
		} else {
			c.message2(d, m, emit)
		}
		return 4 + n, nil
	}
	used := min(4+n, len(b))
	c.skip[d] = 4 + n - used
	return used, nil
}

// token reads what a client proves itself with: NTLM speaks of the client, a ticket of the server.
func (c *conversation) token(b []byte, client fact.Key, emit func(fact.Fact)) {
	if !ntlm.Say(b, client, emit) {
		gss.Say(b, c.o.Server.Key(), emit)
	}
}

// names reads a session request: the names of who is called and who calls.
func (c *conversation) names(b []byte, emit func(fact.Fact)) {
	if name, suffix, ok := netbiosName(b[:34]); ok && (suffix == 0x20 || suffix == 0) && name[0] != '*' && strings.Trim(name, "0123456789.") != "" {
		c.called = name // and no address, which clients call servers by that they know no name of
	}
	if name, suffix, ok := netbiosName(b[34:]); ok && (suffix == 0x20 || suffix == 0) {
		emit(fact.Fact{Subject: c.o.Client.Key(), Attr: NetBIOSName, Value: name, Because: "calling name of a NetBIOS session"})
	}
}

// agree states once that both ends speak SMB 1.
func (c *conversation) agree(emit func(fact.Fact), because string) {
	if c.agreed {
		return
	}
	c.agreed = true
	for _, k := range []fact.Key{c.o.Client.Key(), c.o.Server.Key()} {
		emit(fact.Fact{Subject: k, Attr: fact.Practice, Value: fact.SMB1, Because: because})
	}
}

// dialect states what both ends agreed on.
func (c *conversation) dialect(v string, emit func(fact.Fact)) {
	for _, k := range []fact.Key{c.o.Client.Key(), c.o.Server.Key()} {
		emit(fact.Fact{Subject: k, Attr: Dialect, Value: v, Because: "negotiate response"})
	}
}
