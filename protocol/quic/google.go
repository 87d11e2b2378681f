package quic

import (
	"bytes"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/hello"
)

// google reads a packet of Google's versions that is not protected. Between header and hello are a hash and the head
// of a stream frame, whose sizes differ by version; the hello's own tag is found instead.
func (c *conversation) google(version, b []byte, emit func(fact.Fact)) {
	c.opened++
	at := bytes.Index(b[:min(len(b), 128)], []byte("CHLO"))
	if at < 0 || c.done[protocol.ToServer] {
		return
	}
	if !c.named {
		c.named = true
		c.say(emit, Version, string(version), trustVersion, "public header")
	}
	c.chlo(b[at:], emit)
}

// chlo reads the hello of Google's own handshake.
func (c *conversation) chlo(b []byte, emit func(fact.Fact)) {
	if !bytes.HasPrefix(b, []byte("CHLO")) {
		return
	}
	name, agent := field(b, "SNI\x00"), field(b, "UAID")
	if hostLike(name) {
		c.say(emit, hello.SNI, string(name), trustName, "CHLO, SNI")
	}
	if len(agent) <= 256 {
		c.say(emit, UserAgent, string(agent), trustAgent, "CHLO, UAID")
	}
	if name != nil || agent != nil {
		c.done[0], c.done[1] = true, true // the server's side has nothing that is open
	}
}

func hostLike(b []byte) bool {
	if len(b) == 0 || len(b) > 253 {
		return false
	}
	for _, ch := range b {
		switch {
		case ch >= 'a' && ch <= 'z', ch >= 'A' && ch <= 'Z', digit(ch), ch == '-', ch == '.', ch == '_':
		default:
			return false
		}
	}
	return true
}
