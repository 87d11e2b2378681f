// Package pop3 reads the beginning of POP3 conversations (RFC 1939, RFC 2595): how a server greets, and that somebody
// logged in readably. What follows a login is mail, and is not looked at.
package pop3

import (
	"bytes"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/line"
)

// Banner is the server's greeting without "+OK".
const Banner fact.Attr = "pop3.banner"

// trust is that of what a device says of itself over HTTP, domain/05 §5.7.
const trust = 0.6

// Parser reads POP3 whose server greets by name, on any port, and what else looks like it on port 110.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "pop3", Doc: "POP3: greeting of servers, logins in the clear",
		Attrs:  []fact.Attr{Banner, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{talk: line.Between(o.Client.Key(), o.Server.Key())}
		},
	}
}

// claims accepts a greeting, and on the port a command as well.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < 4 {
		return false
	}
	if o.FirstDir == protocol.ToClient {
		if b[0] != '+' || b[1] != 'O' || b[2] != 'K' {
			return false
		}
		return o.Server.Port == 110 || greeting(line.First(b)) && line.Contains(line.First(b), "pop")
	}
	if o.Server.Port != 110 || bytes.IndexByte(b, '\n') < 0 {
		return false
	}
	word, _ := line.Word(line.First(b))
	for _, verb := range []string{"user", "capa", "stls", "apop", "auth"} {
		if line.Is(word, verb) {
			return true
		}
	}
	return false
}

// greeting tells a greeting from the answers that a capture may begin with: "+OK 1432 octets".
func greeting(b []byte) bool {
	for _, word := range []string{"pop", "ready", "hello", "welcome", "server"} {
		if line.Contains(b, word) {
			return true
		}
	}
	at := bytes.IndexByte(b, '<') // the time stamp of APOP: <1896.697170952@dbc.mtview.ca.us>
	return at >= 0 && bytes.IndexByte(b[at:], '@') > 0 && bytes.IndexByte(b[at:], '>') > 0
}

type conversation struct {
	talk    line.Talk
	greeted bool
	tls     bool
}

// Next reads one line.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	text, n := c.talk.Line(uint8(d), data)
	switch {
	case n == 0:
		return 0, nil
	case d == protocol.ToClient:
		ok := bytes.HasPrefix(text, []byte("+OK"))
		if ok && c.tls {
			return n, protocol.Renew
		}
		if ok && !c.greeted && greeting(text) {
			c.talk.Say(emit, 1, Banner, text[3:], trust, "greeting")
		}
		c.greeted = true
		return n, nil
	case c.tls && len(data) > n && data[n] == 0x16:
		return n, protocol.Renew // the server's word was not captured
	}
	word, rest := line.Word(text)
	switch {
	case line.Is(word, "stls"):
		c.tls = true
		if len(data) == n {
			return 0, nil
		}
	case line.Is(word, "pass"):
		c.talk.Practice(emit, fact.CleartextCredentials, "PASS command")
		return n, protocol.Done
	case line.Is(word, "auth") && len(rest) > 0:
		if method, _ := line.Word(rest); line.Is(method, "plain") || line.Is(method, "login") {
			c.talk.Practice(emit, fact.CleartextCredentials, "AUTH command")
		}
		return n, protocol.Done
	case line.Is(word, "apop"):
		return n, protocol.Done
	}
	c.greeted = true
	return n, nil
}
