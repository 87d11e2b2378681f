// Package http reads the heads of HTTP/1 requests and responses for the three fields in which software
// names itself and its host. It decides where heads and bodies begin and end; bodies are counted and never
// looked at, and of a request's target, cookies and credentials nothing is kept. HTTP/2 hides its fields in
// HPACK and is left to others, as is SSDP, which borrows this syntax over UDP.
package http

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/fhir"
	"pons/protocol/ippmsg"
	"pons/protocol/ntlm"
)

// The attributes of this protocol. User-Agent and Server speak of their sender, Host of the side addressed.
const (
	attrUserAgent fact.Attr = "http.user_agent"
	attrServer    fact.Attr = "http.server"
	attrHost      fact.Attr = "http.host"
	attrTitle     fact.Attr = "http.title" // of the page that anybody is shown first
)

// Trust by domain/05 §5.7, which weighs what a device says over HTTP 0.6 and a host name 0.4. A Server
// header that came through a proxy names some other machine more often than not.
const (
	trustHeader  = 0.6
	trustName    = 0.4
	trustProxied = 0.2
)

const versionPrefix = "HTTP/1."

const (
	// maxLine is what servers accept of one field (8 KiB in Apache httpd and nginx), twice.
	maxLine = 16 << 10
	// maxValue is longer than any User-Agent that identifies something; the rest is abuse.
	maxValue = 1024
	// maxPending is how many requests may wait for their response; more are answered without being known.
	maxPending = 64
)

// Parser reads HTTP/1.0 and 1.1 over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name:   "http",
		Doc:    "HTTP/1: User-Agent, Server, Host, NTLM, titles of first pages, UPnP descriptions, printers of IPP, and the devices in FHIR resources.",
		Attrs:  slices.Concat([]fact.Attr{attrUserAgent, attrServer, attrHost, attrTitle, fact.Practice}, upnpAttrs(), ntlm.Attrs(), fhir.Attrs(), ippmsg.Attrs()),
		Over:   []protocol.Transport{protocol.TCP},
		First:  "BCDGHLMNOPRSTU",
		Claims: claims,
		New:    newConversation,
	}
}

// claims accepts the head of a request from the client or of a response from the server.
func claims(o protocol.Opening) bool {
	response := bytes.HasPrefix(o.First, []byte(versionPrefix))
	return o.Transport == protocol.TCP && headLike(o.First) && response == (o.FirstDir == protocol.ToClient)
}

// headLike tells whether b begins a request or a status line of HTTP/1. Requests of SIP and RTSP share the
// methods: a line that is complete must end in the version, one that is not must not say otherwise.
func headLike(b []byte) bool {
	if bytes.HasPrefix(b, []byte(versionPrefix)) {
		return true
	}
	space := bytes.IndexByte(b[:min(len(b), 20)], ' ')
	if space < 0 || !method(b[:space]) {
		return false
	}
	line := b[space+1:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = bytes.TrimRight(line[:end], "\r ")
		version := line[bytes.LastIndexByte(line, ' ')+1:]
		return len(version) == len("HTTP/1.1") && bytes.HasPrefix(version, []byte(versionPrefix))
	}
	for _, scheme := range []string{"sip:", "sips:", "rtsp:", "rtspu:", "tel:"} {
		if len(line) >= len(scheme) && strings.EqualFold(string(line[:len(scheme)]), scheme) {
			return false
		}
	}
	return true
}

// method tells the methods that are seen: RFC 9110 §9, RFC 5789, WebDAV (RFC 4918, 3253, 5323), UPnP
// eventing, and Microsoft's RPC over HTTP.
func method(b []byte) bool {
	switch string(b) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH",
		"SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY", "POLL", "BPROPPATCH", "RPC_IN_DATA", "RPC_OUT_DATA", "CCM_POST":
		return true
	}
	return false
}

// mode says what the next bytes of a direction are.
type mode uint8

const (
	startLine mode = iota
	fieldLine
	longLine  // the rest of a line too long to be kept
	stray     // the rest of a line that belongs to nothing; after a hole the next head is found again
	body      // left bytes
	chunkSize // the line before a chunk
	chunkData // left bytes, then its line end
	chunkEnd
	trailer
	tunnel // no longer HTTP, or a body up to the end of the conversation
)

// request is what must be remembered of a request to read its response.
type request struct {
	head, connect, proxied bool

	first   bool // asks for what anybody is shown first: no path, or that of a login
	private bool // shows who asks: its answer may be made for one person
}

type conversation struct {
	keys    [2]fact.Key // of the sender, by direction of the data
	sides   [2]side
	pending []request // sent and not answered, oldest first
	asked   bool      // a request has been seen at all
	over    bool      // a CONNECT was granted: what follows is a conversation with someone else
	warned  bool      // credentials in the clear have been told of

	emit func(fact.Fact) // of the call of Next that is under way, for readers of bodies
}

// side is one direction of a conversation.
type side struct {
	mode   mode
	left   uint64
	unsure bool // whether a body follows at all
	head   head
	body   interface{ Write([]byte) } // what reads the body, nil for most

	// What was last said from here: heads repeat themselves all day, and saying it again costs memory.
	userAgent, server, host string
}

// head is what is gathered of the head being read.
type head struct {
	response          bool
	status            int
	request           request // the one read, or the one answered
	length            uint64
	hasLength, chunks bool
	content           content
	encoded           bool // in a coding that is not read
	packed            bool // by gzip
	relayed           bool // somebody else's, passed on by a proxy
}

func newConversation(o protocol.Opening) protocol.Conversation {
	return &conversation{keys: [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()}}
}

// Next consumes lines of heads and stretches of bodies as far as they go; at most one field is asked for in
// one piece.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	c.emit = emit
	s := &c.sides[d]
	used := 0
	for used < len(data) {
		n := c.step(s, d, data[used:], emit)
		if n == 0 {
			break
		}
		used += n
		if c.over {
			return used, protocol.Renew
		}
	}
	if c.sides[0].mode == tunnel && c.sides[1].mode == tunnel && !c.sides[0].unsure && !c.sides[1].unsure {
		return used, protocol.Done
	}
	return used, nil
}

// step consumes one line or one stretch; zero asks for more.
func (c *conversation) step(s *side, d protocol.Dir, b []byte, emit func(fact.Fact)) int {
	if s.unsure {
		// A body, or none and another head: this may answer a HEAD that was not captured.
		if len(b) < len(versionPrefix) && strings.HasPrefix(versionPrefix, string(b)) {
			return 0
		}
		s.unsure = false
		if bytes.HasPrefix(b, []byte(versionPrefix)) {
			s.mode = startLine
		}
	}
	switch s.mode {
	case tunnel:
		s.read(b)
		return len(b)
	case body, chunkData:
		n := int(min(uint64(len(b)), s.left))
		s.read(b[:n])
		return s.pass(n)
	}
	end := bytes.IndexByte(b, '\n')
	switch s.mode {
	case stray:
		n := end + 1
		if end < 0 {
			n = len(b)
		} else {
			s.mode = startLine
		}
		return n
	case longLine:
		if end < 0 {
			return len(b)
		}
		s.mode = fieldLine
		return end + 1
	}
	if end < 0 || end >= maxLine {
		return s.partial(b)
	}
	line := trimEnd(b[:end])
	if s.mode == fieldLine && len(line) > 0 {
		// A field may be folded onto lines that begin with a blank (RFC 9112 §5.2); only the byte after
		// the line tells.
		for end+1 < len(b) && (b[end+1] == ' ' || b[end+1] == '\t') {
			next := bytes.IndexByte(b[end+1:], '\n')
			if end += 1 + next; next < 0 || end >= maxLine {
				return s.partial(b)
			}
		}
		if end+1 == len(b) {
			return 0
		}
		c.field(s, d, b[:end], emit)
		return end + 1
	}
	c.line(s, d, line)
	return end + 1
}

// line reads a whole line that is not a field.
func (c *conversation) line(s *side, d protocol.Dir, line []byte) {
	switch s.mode {
	case startLine:
		// A line that starts nothing is passed over: a blank one (RFC 9112 §2.2), or what follows damage.
		if len(line) > 0 {
			c.start(s, line)
		}
	case fieldLine:
		c.endOfHead(s, d)
	case chunkSize:
		s.chunk(line)
	case chunkEnd:
		s.mode = chunkSize
		if len(line) > 0 {
			s.mode = startLine // the framing is lost; look for the next head
		}
	case trailer:
		if len(line) == 0 {
			s.mode = startLine
		}
	}
}

// partial deals with a line whose end has not come, or comes too late.
func (s *side) partial(b []byte) int {
	if s.mode == startLine && len(b) >= 20 && !headLike(b) {
		s.mode = stray // pass over it now rather than hold it
	}
	switch {
	case s.mode == stray:
		return 1
	case len(b) < maxLine:
		return 0
	case s.mode == startLine || s.mode == fieldLine:
		s.head = head{request: s.head.request, response: s.head.response, status: s.head.status}
		s.mode = longLine
	case s.mode != trailer:
		s.mode = stray
	}
	return maxLine
}

func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// start reads a request line or a status line; any other line changes nothing.
func (c *conversation) start(s *side, line []byte) {
	if status, ok := bytes.CutPrefix(line, []byte(versionPrefix)); ok {
		if len(status) < 5 || status[1] != ' ' {
			return
		}
		code, ok := decimal(status[2:5])
		if !ok {
			return
		}
		s.head = head{response: true, status: int(code)}
		if len(c.pending) > 0 {
			s.head.request = c.pending[0]
		}
		s.mode = fieldLine
		return
	}
	name, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok || !method(name) || len(rest) == 0 {
		return
	}
	space := bytes.LastIndexByte(rest, ' ')
	if space < 0 || !bytes.HasPrefix(rest[space+1:], []byte(versionPrefix)) {
		return
	}
	connect := string(name) == "CONNECT"
	target := rest[:space]
	s.head = head{request: request{
		head:    string(name) == "HEAD",
		connect: connect,
		// A target that names a host is meant for a proxy (RFC 9112 §3.2.2, §3.2.3).
		proxied: connect || rest[0] != '/' && rest[0] != '*',
		first:   string(name) == "GET" && firstPage(target),
	}}
	s.mode = fieldLine
}

// endOfHead decides what follows a head (RFC 9112 §6.3).
func (c *conversation) endOfHead(s *side, d protocol.Dir) {
	h := &s.head
	s.body = c.reader(h, d)
	if !h.response {
		c.asked = true
		if len(c.pending) < maxPending {
			c.pending = append(c.pending, h.request)
		}
		s.follow()
		return
	}
	if h.status/100 == 1 && h.status != 101 {
		s.mode = startLine // the real answer is still to come
		return
	}
	if len(c.pending) > 0 {
		c.pending = append(c.pending[:0], c.pending[1:]...)
	}
	switch {
	case h.request.connect && h.status/100 == 2:
		c.over = true
	case h.status == 101:
		c.sides[0].mode, c.sides[1].mode = tunnel, tunnel
	case h.request.head || h.status == 204 || h.status == 304:
		s.mode = startLine
	default:
		s.follow()
		s.unsure = !c.asked && s.mode != startLine
	}
}

// follow sets the framing of a body; a response without any ends with the conversation.
func (s *side) follow() {
	switch h := &s.head; {
	case h.chunks:
		s.mode = chunkSize
	case h.hasLength && h.length > 0:
		s.mode, s.left = body, h.length
	case h.response && !h.hasLength:
		s.mode = tunnel
	default:
		s.mode = startLine
	}
}

// chunk reads the line before a chunk (RFC 9112 §7.1).
func (s *side) chunk(line []byte) {
	size, _, _ := bytes.Cut(line, []byte(";"))
	size = bytes.TrimSpace(size)
	var n uint64
	for _, c := range size {
		digit := hexDigit(c)
		if digit < 0 || n >= 1<<56 {
			s.mode = stray
			return
		}
		n = n<<4 | uint64(digit)
	}
	switch {
	case len(size) == 0:
		s.mode = startLine
	case n == 0:
		s.mode = trailer
		s.endBody()
	default:
		s.mode, s.left = chunkData, n
	}
}

// read gives a stretch of a body to what reads it.
func (s *side) read(b []byte) {
	if s.body != nil {
		s.body.Write(b)
	}
}

// endBody tells a reader that its body is complete.
func (s *side) endBody() {
	if p, ok := s.body.(*packed); ok {
		p.unpack()
	}
	s.body = nil
}

// pass counts off n bytes of a body or a chunk.
func (s *side) pass(n int) int {
	if uint64(n) >= s.left {
		n = int(s.left)
		if s.mode == body {
			s.mode = startLine
			s.endBody()
		} else {
			s.mode = chunkEnd
		}
	}
	s.left -= uint64(n)
	return n
}
