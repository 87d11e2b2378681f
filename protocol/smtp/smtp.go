// Package smtp reads the envelope's wrapping of mail (RFC 5321): how a server greets, what a client calls itself, and
// that somebody logged in readably. It decides which lines are commands and which are mail; mail, addresses and
// credentials are passed over unseen.
package smtp

import (
	"bytes"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/line"
)

// Attributes: the greeting is the server's, one value a line; the name of EHLO is the client's own.
const (
	Banner     fact.Attr = "smtp.banner"
	ClientName fact.Attr = "smtp.client_name"
)

// Trust by domain/05 §5.7: what a device says over HTTP 0.6, a host name 0.4.
const (
	trustBanner = 0.6
	trustName   = 0.4
)

// maxGreeting bounds the lines of a greeting that are kept.
const maxGreeting = 4

// Parser reads SMTP and LMTP over TCP on any port; of greetings that do not name it, those on its ports.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "smtp", Doc: "SMTP: greeting of servers, names of clients, logins in the clear",
		Attrs:  []fact.Attr{Banner, ClientName, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		Claims: func(o protocol.Opening) bool { return claims(o) || claimsByPort(o) },
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{talk: line.Between(o.Client.Key(), o.Server.Key())}
		},
	}
}

// claims accepts a greeting that names SMTP and the hello of a client.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < 6 {
		return false
	}
	if o.FirstDir == protocol.ToServer {
		c := b[0] | 0x20
		return (c == 'e' || c == 'h' || c == 'l') && b[4] == ' ' && (line.Begins(b, "ehlo ") || line.Begins(b, "helo ") || line.Begins(b, "lhlo "))
	}
	return greets(b) && line.Contains(line.First(b[:min(len(b), 512)]), "smtp")
}

func greets(b []byte) bool {
	return b[0] == '2' && b[1] == '2' && b[2] == '0' && (b[3] == ' ' || b[3] == '-')
}

func claimsByPort(o protocol.Opening) bool {
	if o.Transport != protocol.TCP || len(o.First) < 6 {
		return false
	}
	switch o.Server.Port {
	case 25, 587, 2525:
		return o.FirstDir == protocol.ToClient && greets(o.First)
	}
	return false
}

// place says where in a line of mail the next byte is.
type place uint8

const (
	lineStart place = iota
	afterDot
	inLine
)

type conversation struct {
	talk     line.Talk
	greeting int
	greeted  bool
	tls      bool // TLS has been asked for
	login    bool // the client's lines are credentials
	mail     bool // the client's lines are mail, unless the server refuses it
	at       place
	left     int // bytes of mail that a BDAT announced

	sent, answered, data int // lines of the client that are answered, their answers, and which of them was DATA
}

// Next reads one line, or passes over mail.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	if d == protocol.ToServer {
		if c.left > 0 {
			n := min(c.left, len(data))
			c.left -= n
			return n, nil
		}
		if c.mail {
			return c.skipMail(data), nil
		}
	}
	text, n := c.talk.Line(uint8(d), data)
	switch {
	case n == 0:
		return 0, nil
	case d == protocol.ToClient:
		if c.reply(text, emit) {
			return n, protocol.Renew
		}
		return n, nil
	case c.tls && len(data) > n && data[n] == 0x16:
		return n, protocol.Renew // the server's word was not captured
	}
	return c.command(text, n, len(data), emit), nil
}

// skipMail uses up mail, to the line that is a dot.
func (c *conversation) skipMail(data []byte) int {
	for i := 0; i < len(data); {
		switch c.at {
		case lineStart:
			if c.at = inLine; data[i] == '.' {
				c.at = afterDot
				i++
			}
		case afterDot:
			switch data[i] {
			case '\r':
				i++
			case '\n':
				c.mail, c.at = false, lineStart
				return i + 1
			default:
				c.at = inLine
			}
		default:
			end := bytes.IndexByte(data[i:], '\n')
			if end < 0 {
				return len(data)
			}
			i += end + 1
			c.at = lineStart
		}
	}
	return len(data)
}

// reply reads a line of the server and tells whether TLS begins behind it.
func (c *conversation) reply(text []byte, emit func(fact.Fact)) (tls bool) {
	code, more, rest, ok := line.Reply(text)
	switch {
	case !ok:
	case code == 220 && c.tls:
		return !more
	case code == 220 && !c.greeted:
		if c.greeting++; c.greeting <= maxGreeting {
			c.talk.Say(emit, 1, Banner, rest, trustBanner, "greeting")
		}
		c.greeted = !more
	case more:
	default:
		c.greeted = true
		c.answered++
		c.login = c.login && code == 334
		if code >= 400 {
			c.tls = false
			c.mail = c.mail && c.answered != c.data
		}
	}
	return false
}

// command reads a line of the client and returns the bytes used: the wish for TLS waits until it is known what
// follows.
func (c *conversation) command(text []byte, n, have int, emit func(fact.Fact)) int {
	word, rest := line.Word(text)
	if !line.Is(word, "starttls") || have > n {
		c.sent++
	}
	switch {
	case c.login:
	case line.Is(word, "ehlo"), line.Is(word, "helo"), line.Is(word, "lhlo"):
		if name := bytes.TrimRight(rest, ". "); line.HostName(name) {
			c.talk.Say(emit, 0, ClientName, name, trustName, "EHLO")
		}
	case line.Is(word, "auth"):
		c.login = true
		method, _ := line.Word(rest)
		if readable(method) {
			c.talk.Practice(emit, fact.CleartextCredentials, "AUTH command")
		}
	case line.Is(word, "data"):
		c.mail, c.data = true, c.sent
	case line.Is(word, "bdat"):
		size, _ := line.Word(rest)
		c.left, _ = line.Number(size)
	case line.Is(word, "starttls"):
		c.tls = true
		if have == n {
			return 0
		}
	}
	return n
}

// readable tells the mechanisms that send the secret itself (RFC 4616, LOGIN, RFC 7628).
func readable(method []byte) bool {
	return line.Is(method, "plain") || line.Is(method, "login") || line.Is(method, "xoauth2") || line.Is(method, "oauthbearer")
}
