package http

import (
	"bytes"
	"encoding/base64"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/ntlm"
)

// field reads one field line, unfolded as it comes. Only the fields named here are ever looked into.
func (c *conversation) field(s *side, d protocol.Dir, line []byte, emit func(fact.Fact)) {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return
	}
	name, value := bytes.TrimRight(line[:colon], " \t"), line[colon+1:]
	// Sorted out by length first: most fields are none of these.
	switch len(name) {
	case len("Via"):
		s.head.relayed = s.head.relayed || equalFold(name, "via")
	case len("Host"):
		if equalFold(name, "host") && !s.head.response && !s.head.request.proxied {
			say(emit, &s.host, fact.Fact{Subject: c.keys[1-d], Attr: attrHost, Trust: trustName, Because: "Host header"}, hostText(value))
		}
	case len("Server"):
		switch {
		case equalFold(name, "server"):
			f := fact.Fact{Subject: c.keys[d], Attr: attrServer, Trust: trustHeader, Because: "Server header"}
			if s.head.request.proxied || s.head.relayed {
				f.Trust, f.Because = trustProxied, "Server header, through a proxy"
			}
			say(emit, &s.server, f, fieldText(value))
		case equalFold(name, "cookie"):
			s.head.request.private = true
		}
	case len("User-Agent"):
		if equalFold(name, "user-agent") {
			f := fact.Fact{Subject: c.keys[d], Attr: attrUserAgent, Trust: trustHeader, Because: "User-Agent header"}
			if s.head.relayed {
				f.Trust, f.Because = trustProxied, "User-Agent header, passed on"
			}
			say(emit, &s.userAgent, f, fieldText(value))
		}
	case len("X-Forwarded-For"):
		s.head.relayed = s.head.relayed || equalFold(name, "x-forwarded-for")
	case len("Content-Type"):
		if equalFold(name, "content-type") {
			s.head.content = contentOf(value)
		}
	case len("Content-Length"):
		if equalFold(name, "content-length") {
			s.head.length, s.head.hasLength = decimal(bytes.TrimSpace(value))
		}
	case len("Content-Encoding"): // also of WWW-Authenticate
		switch {
		case equalFold(name, "content-encoding"):
			coding := bytes.TrimSpace(value)
			s.head.packed = equalFold(coding, "gzip") || equalFold(coding, "x-gzip")
			s.head.encoded = !s.head.packed && !equalFold(coding, "identity")
		case equalFold(name, "www-authenticate"):
			c.authenticate(s, d, value, emit)
		}
	case len("Transfer-Encoding"):
		if equalFold(name, "transfer-encoding") {
			last := value[bytes.LastIndexByte(value, ',')+1:]
			s.head.chunks = equalFold(bytes.TrimSpace(last), "chunked")
		}
	case len("Authorization"), len("Proxy-Authorization"), len("Proxy-Authenticate"):
		if equalFold(name, "authorization") || equalFold(name, "proxy-authorization") || equalFold(name, "proxy-authenticate") {
			c.authenticate(s, d, value, emit)
		}
	}
}

// maxToken is more than an NTLM message in base64 takes; Kerberos tickets are longer, and none.
const maxToken = 4096

// authenticate reads the scheme of credentials. Basic ones are told of and not looked at; of NTLM the machines' names
// are read. What a proxy passes on to the server is still its client's.
func (c *conversation) authenticate(s *side, d protocol.Dir, value []byte, emit func(fact.Fact)) {
	s.head.request.private = true
	scheme, token, _ := bytes.Cut(bytes.TrimSpace(value), []byte(" "))
	token = bytes.TrimSpace(token)
	switch {
	case equalFold(scheme, "basic"):
		if s.head.response || c.warned { // a demand for credentials holds none
			return
		}
		c.warned = true
		for _, k := range c.keys {
			emit(fact.Fact{Subject: k, Attr: fact.Practice, Value: fact.CleartextCredentials, Because: "Authorization header, Basic"})
		}
	case equalFold(scheme, "ntlm"), equalFold(scheme, "negotiate"):
		if len(token) == 0 || len(token) > maxToken || s.head.relayed {
			return
		}
		message := make([]byte, base64.StdEncoding.DecodedLen(len(token)))
		n, err := base64.StdEncoding.Decode(message, token)
		if err == nil {
			ntlm.Say(message[:n], c.keys[d], emit)
		}
	}
}

// say emits a value unless it was the last one said; the comparison does not allocate.
func say(emit func(fact.Fact), last *string, f fact.Fact, value []byte) {
	if len(value) == 0 || string(value) == *last {
		return
	}
	f.Value = text(value)
	*last = string(value)
	emit(f)
}
