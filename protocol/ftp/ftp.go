// Package ftp reads the control connections of FTP (RFC 959, RFC 4217): how a server greets and which system it
// names, and that somebody logged in readably. It decides which lines are the server's of itself; names of users,
// passwords and files are passed over, and data connections are not followed.
package ftp

import (
	"bytes"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/line"
)

// Attributes of a server. A greeting of several lines gives one value a line.
const (
	Banner fact.Attr = "ftp.banner"
	System fact.Attr = "ftp.system" // the answer to SYST: "UNIX Type: L8"
)

// trust is that of what a device says of itself over HTTP, domain/05 §5.7.
const trust = 0.6

// maxGreeting bounds the lines of a greeting that are kept: the software names itself at the beginning.
const maxGreeting = 4

// Parser reads FTP whose server greets or asks as only FTP does, on any port, and what else looks like it on port 21.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "ftp", Doc: "FTP: greeting and system of servers, logins in the clear",
		Attrs:  []fact.Attr{Banner, System, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		Claims: func(o protocol.Opening) bool { return claims(o) || claimsByPort(o) },
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{talk: line.Between(o.Client.Key(), o.Server.Key())}
		},
	}
}

// claims accepts a greeting that names FTP, a greeting that the question for a password follows, and the wish for TLS
// in FTP's words.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < 4 {
		return false
	}
	if o.FirstDir == protocol.ToServer {
		return (b[0]|0x20) == 'a' && (line.Is(line.First(b), "auth tls") || line.Is(line.First(b), "auth ssl")) && bytes.IndexByte(b, '\n') > 0
	}
	if b[0] != '2' || b[1] != '2' || b[2] != '0' || b[3] != ' ' && b[3] != '-' {
		return false
	}
	b = b[:min(len(b), 1024)]
	return line.Contains(b, "ftp") && !line.Contains(line.First(b), "smtp") || bytes.Contains(b, []byte("\n331 "))
}

// claimsByPort accepts a reply of the server or a command of the client.
func claimsByPort(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || o.Server.Port != 21 || len(b) < 4 {
		return false
	}
	if o.FirstDir == protocol.ToClient {
		_, _, _, ok := line.Reply(line.First(b[:min(len(b), 256)]))
		return ok
	}
	if bytes.IndexByte(b, '\n') < 0 {
		return false
	}
	word, _ := line.Word(line.First(b))
	for _, verb := range []string{"user", "pass", "auth", "feat", "syst", "opts", "type", "pasv", "epsv", "port", "eprt", "cwd", "pwd", "list", "nlst", "retr", "stor", "quit", "noop", "host", "clnt"} {
		if line.Is(word, verb) {
			return true
		}
	}
	return false
}

type conversation struct {
	talk      line.Talk
	greeting  int  // lines of the greeting that have been said
	greeted   bool // the greeting is over
	more      bool // another line of a long reply follows
	system    bool // SYST has been asked
	tls       bool // TLS has been asked for
	anonymous bool
}

// Next reads one line.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	text, n := c.talk.Line(uint8(d), data)
	if n == 0 {
		return 0, nil
	}
	if d == protocol.ToClient {
		if c.reply(text, emit) {
			return n, protocol.Renew
		}
		return n, nil
	}
	if c.tls && len(data) > n && data[n] == 0x16 {
		return n, protocol.Renew // the server's word was not captured
	}
	return c.command(text, n, len(data), emit), nil
}

// reply reads a line of the server and tells whether TLS begins behind it.
func (c *conversation) reply(text []byte, emit func(fact.Fact)) (tls bool) {
	code, more, rest, ok := line.Reply(text)
	if !ok {
		if c.more && !c.greeted && text != nil {
			c.greet(text, emit)
		}
		return false
	}
	c.more = more
	if code == 220 && !c.greeted {
		c.greet(rest, emit)
		c.greeted = !more
		return false
	}
	c.greeted = true
	if more {
		return false
	}
	switch {
	case code == 234 && c.tls:
		return true
	case code == 215 && c.system:
		c.talk.Say(emit, 1, System, rest, trust, "answer to SYST")
	case code == 331 || code == 230:
		c.talk.Practice(emit, fact.FTPInUse, "login")
	}
	return false
}

func (c *conversation) greet(text []byte, emit func(fact.Fact)) {
	if c.greeting++; c.greeting <= maxGreeting {
		c.talk.Say(emit, 1, Banner, text, trust, "greeting")
	}
}

// command reads a line of the client and returns the bytes used: the wish for TLS waits until it is known what
// follows.
func (c *conversation) command(text []byte, n, have int, emit func(fact.Fact)) int {
	word, rest := line.Word(text)
	switch {
	case line.Is(word, "user"):
		c.anonymous = line.Is(rest, "anonymous") || line.Is(rest, "ftp")
		c.talk.Practice(emit, fact.FTPInUse, "login")
	case line.Is(word, "pass") && !c.anonymous:
		c.talk.Practice(emit, fact.CleartextCredentials, "PASS command")
	case line.Is(word, "syst"):
		c.system = true
	case line.Is(word, "auth") && (line.Begins(rest, "tls") || line.Begins(rest, "ssl")):
		c.tls = true
		if have == n {
			return 0
		}
	}
	return n
}
