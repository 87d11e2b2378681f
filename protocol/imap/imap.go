// Package imap reads the beginning of IMAP conversations (RFC 9051, RFC 2971): how a server greets, the software both
// sides name, and that somebody logged in readably. What follows a login is mail, and is not looked at.
package imap

import (
	"bytes"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/line"
)

// Attributes: the greeting is the server's, without "* OK"; an ID is its sender's, put together of the fields name,
// version, vendor, os and os-version.
const (
	Banner fact.Attr = "imap.banner"
	ID     fact.Attr = "imap.id"
)

// trust is that of what a device says of itself over HTTP, domain/05 §5.7.
const trust = 0.6

// Parser reads IMAP over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "imap", Doc: "IMAP: greeting of servers, software of both sides, logins in the clear",
		Attrs:  []fact.Attr{Banner, ID, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "*",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{talk: line.Between(o.Client.Key(), o.Server.Key())}
		},
	}
}

// claims accepts a greeting that lists capabilities or names IMAP, and any greeting on the port.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || o.FirstDir != protocol.ToClient || len(b) < 5 || b[0] != '*' || b[1] != ' ' {
		return false
	}
	if !bytes.HasPrefix(b, []byte("* OK")) && !bytes.HasPrefix(b, []byte("* PREAUTH")) {
		return false
	}
	return o.Server.Port == 143 || line.Contains(line.First(b[:min(len(b), 512)]), "imap")
}

type conversation struct {
	talk    line.Talk
	greeted bool
	tag     [16]byte // of the wish for TLS
	tagged  int      // its length, 0 without such a wish
}

// Next reads one line.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	text, n := c.talk.Line(uint8(d), data)
	switch {
	case n == 0:
		return 0, nil
	case d == protocol.ToClient:
		return c.reply(text, n, emit)
	case c.tagged > 0 && len(data) > n && data[n] == 0x16:
		return n, protocol.Renew // the server's word was not captured
	}
	tag, rest := line.Word(text)
	word, rest := line.Word(rest)
	c.greeted = true
	switch {
	case line.Is(word, "starttls"):
		c.tagged = copy(c.tag[:], tag)
		if len(data) == n {
			return 0, nil
		}
	case line.Is(word, "id"):
		c.identify(0, rest, emit)
	case line.Is(word, "login"):
		c.talk.Practice(emit, fact.CleartextCredentials, "LOGIN command")
		return n, protocol.Done
	case line.Is(word, "authenticate"):
		if method, _ := line.Word(rest); line.Is(method, "plain") || line.Is(method, "login") || line.Is(method, "xoauth2") {
			c.talk.Practice(emit, fact.CleartextCredentials, "AUTHENTICATE command")
		}
		return n, protocol.Done
	}
	return n, nil
}

func (c *conversation) reply(text []byte, n int, emit func(fact.Fact)) (int, error) {
	tag, rest := line.Word(text)
	word, rest := line.Word(rest)
	switch {
	case c.tagged > 0 && bytes.Equal(tag, c.tag[:c.tagged]):
		c.tagged = 0
		if line.Is(word, "ok") {
			return n, protocol.Renew
		}
	case len(tag) != 1 || tag[0] != '*':
	case line.Is(word, "id"):
		c.identify(1, rest, emit)
	case (line.Is(word, "ok") || line.Is(word, "preauth")) && !c.greeted:
		c.greeted = true
		c.talk.Say(emit, 1, Banner, rest, trust, "greeting")
		if line.Is(word, "preauth") {
			return n, protocol.Done
		}
	}
	return n, nil
}

// identify puts the fields of software together that a list of RFC 2971 holds: ("name" "Dovecot" "version" "2.3").
func (c *conversation) identify(side uint8, list []byte, emit func(fact.Fact)) {
	var key, value []byte
	var out []byte
	for {
		if key, list = quoted(list); key == nil {
			break
		}
		if value, list = quoted(list); value == nil {
			break
		}
		for _, wanted := range []string{"name", "version", "vendor", "os", "os-version"} {
			if line.Is(key, wanted) && len(value) > 0 {
				out = append(append(out, ' '), value...)
			}
		}
	}
	c.talk.Say(emit, side, ID, out, trust, "ID")
}

// quoted returns the next string in quotation marks and what follows it; nil without one. NIL stands for no value.
func quoted(b []byte) (text, rest []byte) {
	b = bytes.TrimLeft(b, " (")
	if line.Begins(b, "nil") {
		return []byte{}, b[3:]
	}
	if len(b) == 0 || b[0] != '"' {
		return nil, nil
	}
	end := bytes.IndexByte(b[1:], '"')
	if end < 0 {
		return nil, nil
	}
	return b[1 : 1+end], b[end+2:]
}
