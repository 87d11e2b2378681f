// Package telnet reads the beginning of Telnet conversations (RFC 854): what a server shows before anybody logs in,
// and that somebody did. It decides what is negotiation and what is text; from the first byte that a client types,
// nothing that is shown is kept.
package telnet

import (
	"bytes"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/line"
)

// Banner is a line that the server shows before the client types, the prompt included.
const Banner fact.Attr = "telnet.banner"

// trust is that of what a device says of itself over HTTP, domain/05 §5.7.
const trust = 0.6

const (
	maxLine  = 256     // bytes kept of a line
	maxLines = 24      // a screen
	maxShown = 8 << 10 // bytes of a server in which a prompt is waited for
)

// Commands, RFC 854; options up to 49 and 255 are registered with IANA, MUD servers use some up to 201.
const (
	iac, dont, do, wont, will = 255, 254, 253, 252, 251
	subBegin, subEnd          = 250, 240
	authentication            = 37 // RFC 2941
	maxOption                 = 49
)

// Parser reads Telnet that begins with negotiation, on any port, and what else is said on port 23.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "telnet", Doc: "Telnet: what servers show before the login, logins in the clear",
		Attrs:  []fact.Attr{Banner, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		Claims: func(o protocol.Opening) bool { return claims(o) || claimsByPort(o) },
		New:    newConversation,
	}
}

// claimsByPort accepts text and negotiation; what is encrypted on this port is something else.
func claimsByPort(o protocol.Opening) bool {
	if o.Transport != protocol.TCP || o.Server.Port != 23 && o.Server.Port != 2323 || len(o.First) == 0 {
		return false
	}
	for i, b := range o.First[:min(len(o.First), 16)] {
		switch {
		case b == iac && (i+1 >= len(o.First) || o.First[i+1] >= subEnd):
			return true
		case b >= ' ' && b < 0x7f, b == '\r', b == '\n', b == '\b', b == 0x1b, b == 0 && i > 0:
		default:
			return false
		}
	}
	return true
}

// claims accepts two negotiations in a row.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || !negotiates(b) || len(b) < 6 {
		return false
	}
	if b[3] == iac && b[4] == subBegin {
		return b[5] <= maxOption
	}
	return negotiates(b[3:])
}

func negotiates(b []byte) bool {
	return len(b) >= 3 && b[0] == iac && b[1] >= will && b[1] <= dont && b[2] <= maxOption
}

// mode is what the next byte of a direction is.
type mode uint8

const (
	text mode = iota
	command
	option
	parameterOption
	parameter
	parameterEnd
)

type conversation struct {
	talk       line.Talk
	modes      [2]mode
	opened     bool // the server negotiates before it shows anything: this is a conversation's beginning
	shown      int
	lines      int
	line       []byte
	typed      bool // the client has; or said who it is
	matched    int  // bytes of USER
	prompted   bool
	credential bool
}

func newConversation(o protocol.Opening) protocol.Conversation {
	return &conversation{talk: line.Between(o.Client.Key(), o.Server.Key())}
}

// Next reads all there is.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	c.talk.Practice(emit, fact.TelnetInUse, "conversation")
	for _, b := range data {
		if c.plain(d&1, b) {
			if d == protocol.ToClient {
				c.show(b, emit)
			} else {
				c.enter(b, emit)
			}
		}
	}
	if c.credential || c.shown > maxShown {
		return len(data), protocol.Done
	}
	return len(data), nil
}

// plain follows the negotiation and tells whether b is none of it.
func (c *conversation) plain(d protocol.Dir, b byte) bool {
	m := &c.modes[d]
	switch *m {
	case text:
		if b != iac {
			return true
		}
		*m = command
		if d == protocol.ToClient && c.shown == 0 {
			c.opened = true
		}
	case command:
		switch {
		case b >= will && b <= dont:
			*m = option
		case b == subBegin:
			*m = parameterOption
		default:
			*m = text
		}
	case option:
		*m = text
	case parameterOption:
		*m = parameter
		c.named(d, b, b == authentication)
	case parameter:
		if b == iac {
			*m = parameterEnd
		}
		c.named(d, b, false)
	case parameterEnd:
		*m = parameter
		if b == subEnd {
			*m = text
		}
	}
	return false
}

// named looks whether a client says who logs in by negotiation: by an authentication, or by the variable USER of its
// environment (RFC 1572). What the server shows from then on may be that user's.
func (c *conversation) named(d protocol.Dir, b byte, sure bool) {
	if d != protocol.ToServer {
		return
	}
	const variable = "USER"
	switch {
	case c.matched < len(variable) && b == variable[c.matched]:
		c.matched++
	case b == variable[0]:
		c.matched = 1
	default:
		c.matched = 0
	}
	if sure || c.matched == len(variable) {
		c.typed = true
	}
}

// show takes a byte of the server's text. Only the tail that may be a prompt is kept once the client has typed.
func (c *conversation) show(b byte, emit func(fact.Fact)) {
	c.shown++
	if b == '\n' || b == '\r' {
		c.end(emit)
		return
	}
	if len(c.line) < maxLine {
		c.line = append(c.line, b)
	}
	if b == ':' && asks(c.line) {
		c.prompted = true
		c.end(emit)
	}
}

// asks tells a prompt for a login. "Last login:" greets somebody who has done so.
func asks(b []byte) bool {
	b = b[max(0, len(b)-16):]
	for _, word := range []string{"login:", "username:", "user name:", "user:", "password:", "passwd:"} {
		if len(b) >= len(word) && line.Is(b[len(b)-len(word):], word) {
			return !line.Contains(b, "last login:")
		}
	}
	return false
}

// end closes a line, and says it if it was shown before the login.
func (c *conversation) end(emit func(fact.Fact)) {
	if shown := bytes.TrimSpace(c.line); c.opened && !c.typed && c.lines < maxLines && len(shown) > 0 {
		c.lines++
		c.talk.Say(emit, 1, Banner, shown, trust, "before login")
	}
	c.line = c.line[:0]
}

// enter takes a byte that the client typed.
func (c *conversation) enter(b byte, emit func(fact.Fact)) {
	if !c.typed {
		c.end(emit)
		c.typed = true
	}
	if c.prompted && b > ' ' {
		c.credential = true
		c.talk.Practice(emit, fact.CleartextCredentials, "answer to a login prompt")
	}
}
