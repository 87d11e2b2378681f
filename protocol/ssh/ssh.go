// Package ssh reads the open beginning of SSH conversations: the line in which each side names its software, and the
// algorithms each side offers. It decides where the two stand; what a banner says of a device is left to the
// fingerprint rules, and nothing behind the key exchange is looked at.
package ssh

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of either side. HASSH is the fingerprint of a side's offer (https://github.com/salesforce/hassh, BSD-3):
// the client's by what it would send, the server's by what it would send.
const (
	Banner      fact.Attr = "ssh.banner"
	HASSH       fact.Attr = "ssh.hassh"
	HASSHServer fact.Attr = "ssh.hassh_server"
)

// Trust by domain/05 §5.7: what a device says of itself over HTTP weighs 0.6, and a banner is the same; a look that
// many products share is worth a host name, 0.4.
const (
	trustBanner = 0.6
	trustLook   = 0.4
)

const (
	// maxBanner is RFC 4253 §4.2's bound of 255, doubled for those who do not keep it.
	maxBanner = 512
	// maxBefore bounds the lines a server may say before its banner.
	maxBefore = 8 << 10
	// maxPacket is more than the 35,000 bytes that RFC 4253 §6.1 asks implementations to bear.
	maxPacket = 64 << 10
)

var prefix = []byte("SSH-")

// Parser reads SSH over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "ssh", Doc: "SSH: the software of both sides, and the fingerprint of what each offers",
		Attrs:  []fact.Attr{Banner, HASSH, HASSHServer},
		Over:   []protocol.Transport{protocol.TCP},
		Claims: claims,
		New:    newConversation,
	}
}

// claims accepts a banner, or a server's lines before one.
func claims(o protocol.Opening) bool {
	if o.Transport != protocol.TCP || len(o.First) < len("SSH-2.0-") {
		return false
	}
	if versioned(o.First) {
		// A server whose port is a service's and that spoke first must not be taken for the client.
		return o.FirstDir == protocol.ToClient || o.Client.Port != 22
	}
	if c := o.First[0]; o.FirstDir != protocol.ToClient || c < ' ' && c != '\r' && c != '\n' || c >= 0x7f {
		return false
	}
	if o.Server.Port != 22 {
		return false
	}
	at := bytes.Index(o.First, []byte("\nSSH-"))
	return at >= 0 && versioned(o.First[at+1:])
}

// versioned tells whether b begins with "SSH-1." or "SSH-2.".
func versioned(b []byte) bool {
	return len(b) > 6 && b[0] == 'S' && bytes.HasPrefix(b, prefix) && (b[4] == '1' || b[4] == '2') && b[5] == '.'
}

// stage is how far a side has come.
type stage uint8

const (
	greeting stage = iota
	offering
	over
)

type conversation struct {
	keys   [2]fact.Key
	stages [2]stage
	before int
}

func newConversation(o protocol.Opening) protocol.Conversation {
	return &conversation{keys: [2]fact.Key{o.Client.Key(), o.Server.Key()}}
}

// Next reads the banner and the first packet of each side.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	n := 0
	switch c.stages[d] {
	case greeting:
		n = c.greet(d, data, emit)
	case offering:
		n = c.offer(d, data, emit)
	default:
		n = len(data)
	}
	if c.stages[0] == over && c.stages[1] == over {
		return n, protocol.Done
	}
	return n, nil
}

// greet reads one line: the banner, or one before it.
func (c *conversation) greet(d protocol.Dir, data []byte, emit func(fact.Fact)) int {
	end := bytes.IndexByte(data, '\n')
	mine := bytes.HasPrefix(data, prefix[:min(len(prefix), len(data))])
	switch {
	case end < 0 && len(data) < maxBanner:
		return 0
	case end < 0 && mine:
		c.stages[d] = over
		return len(data)
	case end < 0:
		end = len(data) - len(prefix) // a long line; the banner begins another
	}
	used := end + 1
	if !mine {
		if c.before += used; c.before > maxBefore {
			c.stages[d] = over
		}
		return used
	}
	if end > maxBanner || !versioned(data[:end]) {
		c.stages[d] = over
		return used
	}
	line := bytes.TrimSpace(data[:end])
	emit(fact.Fact{Subject: c.keys[d], Attr: Banner, Value: string(line), Trust: trustBanner, Because: "identification line"})
	c.stages[d] = offering
	if line[4] == '1' && !bytes.HasPrefix(line, []byte("SSH-1.99")) {
		c.stages[d] = over // version 1 offers nothing by name
	}
	return used
}

// offer reads KEXINIT, RFC 4253 §7.1.
func (c *conversation) offer(d protocol.Dir, data []byte, emit func(fact.Fact)) int {
	const header, kexInit = 6, 20
	if len(data) < header {
		return 0
	}
	size := int(binary.BigEndian.Uint32(data))
	if size < 16 || size > maxPacket || data[5] != kexInit {
		c.stages[d] = over
		return len(data)
	}
	if len(data) < 4+size {
		return 0
	}
	c.stages[d] = over
	var lists [8][]byte
	rest := data[header : 4+size]
	if len(rest) < 16 {
		return 4 + size
	}
	rest = rest[16:] // the cookie
	for i := range lists {
		if len(rest) < 4 {
			return 4 + size
		}
		n := int(binary.BigEndian.Uint32(rest))
		if n < 0 || n > len(rest)-4 {
			return 4 + size
		}
		lists[i], rest = rest[4:4+n], rest[4+n:]
	}
	// Key exchange, then cipher, MAC and compression of the direction in which the side sends.
	attr, pick := HASSH, []int{0, 2, 4, 6}
	if d == protocol.ToClient {
		attr, pick = HASSHServer, []int{0, 3, 5, 7}
	}
	sum := md5.New()
	for i, list := range pick {
		if i > 0 {
			sum.Write([]byte{';'})
		}
		sum.Write(lists[list])
	}
	emit(fact.Fact{Subject: c.keys[d], Attr: attr, Value: hex.EncodeToString(sum.Sum(nil)), Trust: trustLook, Because: "KEXINIT"})
	return 4 + size
}
