// Package dcerpc reads DCE/RPC over TCP (C706 §12.6, MS-RPCE). It decides what binds and their authentication say of
// both ends: the interfaces that a server offers, and the names in NTLM and in Netlogon's secure channel. What is
// called and with what is passed over.
package dcerpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/gss"
	"pons/protocol/ntlm"
)

// Attributes. Computer and Domain are the client's, by its secure channel to a domain controller.
const (
	Interface fact.Attr = "dcerpc.interface" // of the server: "netlogon", "epmapper"
	Computer  fact.Attr = "dcerpc.computer"
	Domain    fact.Attr = "dcerpc.domain"
)

// Kinds of messages (C706 §12.6.1).
const (
	request       = 0
	response      = 2
	fault         = 3
	bind          = 11
	bindAck       = 12
	bindNak       = 13
	alter         = 14
	alterResponse = 15
	auth3         = 16
	shutdown      = 17
	cancel        = 18
	orphaned      = 19
)

const (
	headerSize  = 16
	authNetName = 68 // Netlogon's own (MS-RPCE §2.2.1.1.7)
	maxContexts = 16 // offered in one bind; Windows offers three
	// maxMessages is after how many messages no bind is expected any more.
	maxMessages = 200
)

var errFraming = errors.New("dcerpc: no message of version 5")

// known names interfaces that say what a server is for (their identifiers stand in the Microsoft documents MS-RPCE §1.9
// points to), as little-endian clients send them: all Windows does.
var known = [...]struct{ id, name string }{
	{"\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\x00\x2b\x14\xa0\xfa", "epmapper"},
	{"\x78\x56\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\xcf\xfb", "netlogon"},
	{"\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xac", "samr"},
	{"\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xab", "lsarpc"},
	{"\x35\x42\x51\xe3\x06\x4b\xd1\x11\xab\x04\x00\xc0\x4f\xc2\xdc\xd2", "drsuapi"},
	{"\x78\x56\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xab", "spoolss"},
	{"\xc8\x4f\x32\x4b\x70\x16\xd3\x01\x12\x78\x5a\x47\xbf\x6e\xe1\x88", "srvsvc"},
	{"\x98\xd0\xff\x6b\x12\xa1\x10\x36\x98\x33\x46\xc3\xf8\x7e\x34\x5a", "wkssvc"},
	{"\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03", "svcctl"},
	{"\x01\xd0\x8c\x33\x44\x22\xf1\x31\xaa\xaa\x90\x00\x38\x00\x10\x03", "winreg"},
	{"\x49\x59\xd3\x86\xc9\x83\x44\x40\xb4\x24\xdb\x36\x32\x31\xfd\x0c", "task-scheduler"},
	{"\xa0\x01\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", "system-activator"},
	{"\xc4\xfe\xfc\x99\x60\x52\x1b\x10\xbb\xcb\x00\xaa\x00\x21\x34\x7a", "oxid-resolver"},
	{"\x00\xdb\xf1\xa4\x47\xca\x67\x10\xb3\x1f\x00\xdd\x01\x06\x62\xda", "exchange-mapi"},
	{"\x18\x5a\xcc\xf5\x64\x42\x1a\x10\x8c\x59\x08\x00\x2b\x2f\x84\x26", "exchange-nspi"},
	{"\xa4\xc2\xab\x50\x4d\x57\xb3\x40\x9d\x66\xee\x4f\xd5\xfb\xa0\x76", "dns-server"},
	{"\xf7\xaf\xbe\xf6\x19\x1e\xbb\x4f\x9f\x8f\xb8\x9e\x20\x18\x33\x7c", "event-log"},
	{"\x6a\x28\x19\x39\x0c\xb1\xd0\x11\x9b\xa8\x00\xc0\x4f\xd9\x2e\xf5", "dssetup"},
}

// Parser claims DCE/RPC over TCP by its header, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "dcerpc", Doc: "DCE/RPC: interfaces of servers, names of clients in their authentication",
		Attrs:  append([]fact.Attr{Interface, Computer, Domain}, slices.Concat(ntlm.Attrs(), gss.Attrs())...),
		Over:   []protocol.Transport{protocol.TCP},
		First:  "\x05",
		Claims: claims,
		New:    func(o protocol.Opening) protocol.Conversation { return &conversation{o: o} },
	}
}

// header: version 5, minor, kind, flags, data representation 4, length 2, length of authentication 2, call 4.
func header(b []byte) bool {
	return b[0] == 5 && b[1] <= 1 && b[2] <= orphaned && b[4]&0xef == 0 && b[5] <= 3 && b[6] == 0 && b[7] == 0
}

func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < headerSize || !header(b) {
		return false
	}
	if n := length(b); n < headerSize || n < int(order(b).Uint16(b[10:])) {
		return false
	}
	switch b[2] {
	case request, bind, alter, auth3, cancel, orphaned:
		return o.FirstDir == protocol.ToServer
	case response, fault, bindAck, bindNak, alterResponse, shutdown:
		return o.FirstDir == protocol.ToClient
	}
	return false
}

// order is the byte order of the sender (C706 §14.1).
func order(b []byte) binary.ByteOrder {
	if b[4]&0x10 != 0 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

func length(b []byte) int { return int(order(b).Uint16(b[8:])) }

type conversation struct {
	o        protocol.Opening
	skip     [2]int
	messages int
	offered  []string // known interfaces of the last bind
}

// Next reads one fragment, or passes over a part of one.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	if n := c.skip[d]; n > 0 {
		n = min(n, len(b))
		c.skip[d] -= n
		return n, nil
	}
	if len(b) < headerSize {
		return 0, nil
	}
	n := length(b)
	if !header(b) || n < headerSize {
		return 0, errFraming
	}
	switch b[2] {
	case bind, bindAck, alter, alterResponse, auth3:
		if len(b) < n {
			return 0, nil
		}
		sender := c.o.Client.Key()
		if d == protocol.ToClient {
			sender = c.o.Server.Key()
		}
		c.contexts(b[:n], emit)
		verifier(b[:n], sender, c.o.Server.Key(), emit)
	}
	if c.messages++; c.messages > maxMessages {
		return 0, protocol.Done
	}
	used := min(n, len(b))
	c.skip[d] = n - used
	return used, nil
}

// contexts reads the interfaces of a bind, and states them when the server takes it. A bind: sizes 2+2, group 4, count
// 1, reserved 3, then contexts of id 2, count of transfer syntaxes 1, reserved 1, interface 16, its version 4, and
// twenty bytes for each transfer syntax.
func (c *conversation) contexts(b []byte, emit func(fact.Fact)) {
	switch b[2] {
	case bindAck, alterResponse:
		for _, name := range c.offered {
			emit(fact.Fact{Subject: c.o.Server.Key(), Attr: Interface, Value: name, Because: "bind that the server takes"})
		}
		c.offered = nil
	case bind, alter:
		c.offered = nil
		if len(b) < 28 || b[4]&0x10 == 0 {
			return
		}
		rest := b[28:]
		for range min(int(b[24]), maxContexts) {
			if len(rest) < 24 {
				return
			}
			for _, k := range known {
				if string(rest[4:20]) == k.id {
					c.offered = append(c.offered, k.name)
				}
			}
			size := 24 + 20*int(rest[2])
			if size > len(rest) {
				return
			}
			rest = rest[size:]
		}
	}
}

// verifier reads the authentication at the end of a message: type, level, padding, reserved, context 4, token.
func verifier(b []byte, sender, server fact.Key, emit func(fact.Fact)) {
	n := int(order(b).Uint16(b[10:]))
	at := len(b) - n - 8
	if n == 0 || at < headerSize {
		return
	}
	token := b[at+8:]
	if b[at] == authNetName {
		secureChannel(token, sender, emit)
		return
	}
	if !ntlm.Say(token, sender, emit) && sender != server {
		gss.Say(token, server, emit)
	}
}

// secureChannel reads the first message of Netlogon's authentication (MS-NRPC §2.2.1.3.1): type 4, flags 4, and the
// texts that the flags announce: NetBIOS domain, NetBIOS computer.
func secureChannel(b []byte, client fact.Key, emit func(fact.Fact)) {
	if len(b) < 8 || binary.LittleEndian.Uint32(b) != 0 {
		return
	}
	flags, rest := b[4], b[8:]
	for bit, attr := range [...]fact.Attr{Domain, Computer} {
		if flags&(1<<bit) == 0 {
			continue
		}
		end := bytes.IndexByte(rest, 0)
		if end < 0 {
			return
		}
		if end > 0 && bytes.IndexFunc(rest[:end], func(r rune) bool { return r <= ' ' || r >= 0x7f }) < 0 {
			emit(fact.Fact{Subject: client, Attr: attr, Value: string(rest[:end]), Because: "secure channel to a domain controller"})
		}
		rest = rest[end+1:]
	}
}
