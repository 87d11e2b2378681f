// Package rtsp reads the heads of RTSP messages (RFC 2326, RFC 7826) for the software of cameras, recorders and
// viewers, and for the realm in which many cameras name their model. Streams, their names and credentials are passed
// over.
package rtsp

import (
	"bytes"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/line"
)

// Attributes: Server and Realm are of the side that answers, UserAgent of the side that asks.
const (
	Server    fact.Attr = "rtsp.server"
	UserAgent fact.Attr = "rtsp.user_agent"
	Realm     fact.Attr = "rtsp.realm"
)

// trust is that of what a device says of itself over HTTP, domain/05 §5.7.
const trust = 0.6

// maxFrames is how many frames of a stream may pass between messages before the rest is taken for more of it: both
// sides have said who they are long before.
const maxFrames = 64

var version = []byte("RTSP/")

// Parser reads RTSP over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "rtsp", Doc: "RTSP: software of cameras and viewers, realms, logins in the clear",
		Attrs:  []fact.Attr{Server, UserAgent, Realm, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{talk: line.Between(o.Client.Key(), o.Server.Key())}
		},
	}
}

// claims accepts an answer of the server or a request of the client, whose line must be whole.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < 16 || b[0] < 'A' || b[0] > 'Z' {
		return false
	}
	if bytes.HasPrefix(b, version) {
		return o.FirstDir == protocol.ToClient
	}
	return o.FirstDir == protocol.ToServer && bytes.IndexByte(b, '\n') >= 0 && request(line.First(b))
}

// request tells a request line by its end: "OPTIONS * RTSP/1.0".
func request(b []byte) bool {
	n := len(b) - len(" RTSP/1.0")
	return n > 3 && bytes.HasPrefix(b[n+1:], version) && b[n] == ' ' && bytes.IndexByte(b[:min(n+1, 16)], ' ') > 2
}

type conversation struct {
	talk     line.Talk
	messages [2]line.Message
	answers  [2]bool
	said     [2]string
	frames   int
}

// Next reads what there is: messages, and between them frames of the stream (RFC 2326 §10.12).
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	m := &c.messages[d]
	used := 0
	for used < len(data) {
		b := data[used:]
		if m.Framed() && b[0] == '$' {
			if len(b) < 4 {
				return used, nil
			}
			if c.frames++; c.frames > maxFrames {
				return len(data), protocol.Done
			}
			m.Skip(int(b[2])<<8 | int(b[3]))
			used += 4
			continue
		}
		part, text, n := m.Step(b)
		switch {
		case n == 0:
			return used, nil
		case part == line.Start:
			c.answers[d] = bytes.HasPrefix(text, version)
			if !c.answers[d] && !request(text) {
				*m = line.Message{}
			}
		case part == line.Named:
			c.field(m, d, text, emit)
		}
		used += n
	}
	return used, nil
}

// field reads one field of a head.
func (c *conversation) field(m *line.Message, d protocol.Dir, text []byte, emit func(fact.Fact)) {
	name, value := line.Field(text)
	switch {
	case line.Is(name, "content-length"):
		if n, ok := line.Number(value); ok {
			m.Length(n)
		}
	case line.Is(name, "server") && c.answers[d]:
		c.once(d, Server, value, "Server header", emit)
	case line.Is(name, "user-agent"):
		c.once(d, UserAgent, value, "User-Agent header", emit)
	case line.Is(name, "www-authenticate") && c.answers[d]:
		if at := bytes.Index(value, []byte(`realm="`)); at >= 0 {
			realm := value[at+len(`realm="`):]
			if end := bytes.IndexByte(realm, '"'); end > 0 && bytes.IndexByte(realm[:end], '@') < 0 {
				c.talk.Say(emit, uint8(d), Realm, realm[:end], trust, "WWW-Authenticate header, realm")
			}
		}
	case line.Is(name, "authorization") && line.Begins(value, "basic "):
		c.talk.Practice(emit, fact.CleartextCredentials, "Authorization header")
	}
}

// once says a value unless it was the last one said: heads repeat themselves.
func (c *conversation) once(d protocol.Dir, attr fact.Attr, value []byte, because string, emit func(fact.Fact)) {
	if string(value) != c.said[d] {
		c.said[d] = string(value)
		c.talk.Say(emit, uint8(d), attr, value, trust, because)
	}
}
