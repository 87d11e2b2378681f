// Package opcua reads OPC UA over its own TCP (IEC 62541-6, UA binary). It decides what clients and servers say of
// themselves before and outside of encryption: application and product URIs, names, endpoints, security policies, and the
// build a server states of itself. Values of nodes are not read, nor who logs in; that a password crossed the wire readable,
// or that anybody may write, is an insecure practice.
package opcua

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"pons/fact"
	"pons/protocol"
)

// Attributes of applications; the endpoint ones and the build are a server's.
const (
	ApplicationURI  fact.Attr = "opcua.application_uri"
	ProductURI      fact.Attr = "opcua.product_uri"
	ApplicationName fact.Attr = "opcua.application_name"
	EndpointURL     fact.Attr = "opcua.endpoint_url"
	SecurityPolicy  fact.Attr = "opcua.security_policy" // in use: None, Basic256Sha256, …
	SecurityMode    fact.Attr = "opcua.security_mode"   // offered: none, sign, sign-and-encrypt
	Manufacturer    fact.Attr = "opcua.manufacturer"
	ProductName     fact.Attr = "opcua.product_name"
	Version         fact.Attr = "opcua.version"
)

// Trust of an application's own word, and of an address by which a client calls a server.
const (
	trustOwn    = 0.9
	trustCalled = 0.5
)

const (
	header = 8 // type, chunk, size
	// messageHead is what precedes the type of a service: header, channel, token, sequence, request, and a node id of
	// four bytes.
	messageHead = header + 16 + 4
	// maxMessage bounds what is read of one message; larger ones are passed over. Lists of endpoints with certificates
	// take tens of kilobytes.
	maxMessage = 128 << 10
	// maxSize is beyond the largest chunk that implementations allow (64 MiB, part 6 leaves it to them).
	maxSize = 64 << 20
)

var errMalformed = errors.New("opcua: malformed")

// Parser claims the message header, on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name: "opcua", Doc: "OPC UA: applications by URI, product and build, endpoints and their security",
		Attrs: []fact.Attr{ApplicationURI, ProductURI, ApplicationName, EndpointURL, SecurityPolicy, SecurityMode, Manufacturer, ProductName,
			Version, fact.Practice},
		Over:   []protocol.Transport{protocol.TCP},
		First:  "AHMOR",
		Claims: claims,
		New: func(o protocol.Opening) protocol.Conversation {
			return &conversation{keys: [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()}}
		},
	}
}

// claims wants a whole header with a known type, a chunk kind and a sensible size. A hello and an open request settle who is
// the client.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < header || b[3] != 'F' && b[3] != 'C' && b[3] != 'A' {
		return false
	}
	size := binary.LittleEndian.Uint32(b[4:])
	switch string(b[:3]) {
	case "HEL":
		return o.FirstDir == protocol.ToServer && size >= 32 && size <= 32+4096 && b[3] == 'F'
	case "ACK":
		return o.FirstDir == protocol.ToClient && size == 28 && b[3] == 'F'
	case "RHE":
		return o.FirstDir == protocol.ToClient && size <= 16+2*4096 && b[3] == 'F'
	case "OPN":
		return size >= 32 && size <= maxMessage && len(b) >= 16 && binary.LittleEndian.Uint32(b[12:]) < 256
	case "MSG":
		if size < messageHead || size > maxSize || len(b) < messageHead || b[24] != 1 || b[25] != 0 {
			return false
		}
		// Requests and responses have numbers of their own; both ways round are asked.
		return isResponse(binary.LittleEndian.Uint16(b[26:])) == (o.FirstDir == protocol.ToClient)
	}
	return false
}

// Numbers of the services' binary encodings (part 6, NodeIds.csv). A request is followed by its response, three on.
const (
	findServersRequest    = 422
	findServersResponse   = 425
	endpointsResponse     = 431
	createSessionRequest  = 461
	createSessionResponse = 464
	activateRequest       = 467
	readResponse          = 634
	writeResponse         = 676
	callResponse          = 715
	serviceFault          = 397

	anonymousToken = 321
	userNameToken  = 324
	buildInfo      = 340
)

// isResponse tells responses that are common at any time from requests.
func isResponse(id uint16) bool {
	switch id {
	case serviceFault, findServersResponse, endpointsResponse, createSessionResponse, 470, readResponse, writeResponse, callResponse, 530, 536, 829, 790:
		return true // also ActivateSession, Browse, BrowseNext, Publish, CreateSubscription
	}
	return false
}

type conversation struct {
	keys      [2]fact.Key
	skip      [2]int
	sealed    bool // a policy other than None: messages are not readable
	anonymous bool
	wrote     bool
}

// Next reads whole messages that are of interest and passes over the others.
func (c *conversation) Next(_ time.Time, d protocol.Dir, b []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	used := 0
	for used < len(b) {
		if n := min(c.skip[d], len(b)-used); n > 0 {
			c.skip[d] -= n
			used += n
			continue
		}
		m := b[used:]
		if len(m) < header {
			break
		}
		size := int(binary.LittleEndian.Uint32(m[4:]))
		if size < header || size > maxSize || m[3] != 'F' && m[3] != 'C' && m[3] != 'A' {
			return used, errMalformed
		}
		kind := string(m[:3])
		if kind == "MSG" && !c.sealed && size >= messageHead && len(m) < messageHead {
			break
		}
		if kind == "CLO" || size > maxMessage || kind == "MSG" && (c.sealed || size < messageHead || !wanted(m)) {
			c.skip[d] = size
			continue
		}
		if len(m) < size {
			break
		}
		if err := c.message(d, kind, m[header:size], emit); err != nil {
			return used, err
		}
		used += size
	}
	return used, nil
}

// wanted tells by its type whether a message is worth waiting for.
func wanted(m []byte) bool {
	if m[24] != 1 || m[25] != 0 {
		return false
	}
	switch binary.LittleEndian.Uint16(m[26:]) {
	case endpointsResponse, createSessionRequest, createSessionResponse, activateRequest, readResponse, writeResponse, callResponse:
		return true
	}
	return false
}

func (c *conversation) say(d protocol.Dir, attr fact.Attr, value, because string, trust float64, emit func(fact.Fact)) {
	if value != "" {
		emit(fact.Fact{Subject: c.keys[d], Attr: attr, Value: value, Trust: trust, Because: because})
	}
}

// message reads one message without its header.
func (c *conversation) message(d protocol.Dir, kind string, b []byte, emit func(fact.Fact)) error {
	r := reader{b: b}
	switch kind {
	case "HEL":
		r.take(20) // version and four sizes
		c.say(protocol.ToClient, EndpointURL, r.url(), "Hello: as the client calls it", trustCalled, emit)
	case "RHE":
		c.say(d, ApplicationURI, r.text(), "ReverseHello", trustOwn, emit)
		c.say(d, EndpointURL, r.url(), "ReverseHello", trustOwn, emit)
	case "OPN":
		r.take(4)
		uri := r.text()
		if r.bad {
			return errMalformed
		}
		_, policy, _ := strings.Cut(uri, "#")
		c.sealed = policy != "" && policy != "None"
		c.say(protocol.ToClient, SecurityPolicy, policy, "OpenSecureChannel", trustOwn, emit)
	case "MSG":
		r.take(16)
		c.service(d, uint16(r.node()), &r, emit)
	case "ACK", "ERR":
	default:
		return errMalformed
	}
	return nil
}

// service reads one service's message; what cannot be followed is left where it is.
func (c *conversation) service(d protocol.Dir, id uint16, r *reader, emit func(fact.Fact)) {
	switch id {
	case createSessionRequest:
		r.requestHeader()
		c.application(d, r, "CreateSession", emit)
	case createSessionResponse:
		r.responseHeader()
		r.node()
		r.node()
		r.take(8) // timeout
		r.text()  // nonce
		r.text()  // certificate
		c.endpoints(d, r, emit)
	case endpointsResponse:
		r.responseHeader()
		c.endpoints(d, r, emit)
	case activateRequest:
		c.activate(d, r, emit)
	case readResponse:
		c.build(d, r.b, emit)
	case writeResponse, callResponse:
		r.take(12)
		if good := r.number() == 0; good && !r.bad && c.anonymous && !c.wrote {
			c.wrote = true
			c.say(d, fact.Practice, fact.UnauthenticatedControl, "an anonymous session writes or calls", trustOwn, emit)
		}
	}
}

// application reads an ApplicationDescription (part 4, 7.2).
func (c *conversation) application(d protocol.Dir, r *reader, because string, emit func(fact.Fact)) {
	uri, product, name := r.text(), r.text(), r.localized()
	r.take(4) // type
	r.text()  // gateway
	r.text()  // profile
	r.list(func() { r.text() })
	if r.bad {
		return
	}
	c.say(d, ApplicationURI, uri, because, trustOwn, emit)
	c.say(d, ProductURI, product, because, trustOwn, emit)
	c.say(d, ApplicationName, name, because, trustOwn, emit)
}

// modes names the security modes (part 4, 7.20).
var modes = [...]string{1: "none", 2: "sign", 3: "sign-and-encrypt"}

// endpoints reads a list of EndpointDescriptions of the server that sends it.
func (c *conversation) endpoints(d protocol.Dir, r *reader, emit func(fact.Fact)) {
	const because = "endpoint description"
	r.list(func() {
		c.say(d, EndpointURL, r.url(), because, trustOwn, emit)
		c.application(d, r, because, emit)
		r.text() // certificate
		if mode := r.number(); !r.bad && mode < uint32(len(modes)) {
			c.say(d, SecurityMode, modes[mode], because, trustOwn, emit)
		}
		r.text()        // policy
		r.list(func() { // tokens
			r.text()
			r.take(4)
			r.text()
			r.text()
			r.text()
		})
		r.text()
		r.take(1)
	})
}

// activate reads how a client says who it is, not who: anonymous, or with a password that is not encrypted.
func (c *conversation) activate(d protocol.Dir, r *reader, emit func(fact.Fact)) {
	r.requestHeader()
	r.text() // signature
	r.text()
	r.list(func() { r.text(); r.text() })
	r.list(func() { r.text() })
	id := r.node()
	if r.take(1); r.bad {
		return
	}
	switch id {
	case anonymousToken:
		c.anonymous = true
	case userNameToken:
		c.anonymous = false
		r.take(4) // length
		r.text()
		r.text()
		password, algorithm := len(r.text()), r.text()
		if !r.bad && password > 0 && algorithm == "" {
			for _, d := range []protocol.Dir{protocol.ToServer, protocol.ToClient} {
				c.say(d, fact.Practice, fact.CleartextCredentials, "ActivateSession with a password that is not encrypted", trustOwn, emit)
			}
		}
	}
}

// build looks for a BuildInfo among the values of a read: its type, then product URI, maker, name, version and build.
func (c *conversation) build(d protocol.Dir, b []byte, emit func(fact.Fact)) {
	at := bytes.Index(b, []byte{1, 0, buildInfo & 0xff, buildInfo >> 8, 1})
	if at < 0 {
		return
	}
	r := reader{b: b[at+5:]}
	r.take(4)
	product, maker, name, version := r.text(), r.text(), r.text(), r.text()
	if r.bad || len(maker) > 256 || len(name) > 256 || len(version) > 256 {
		return
	}
	c.say(d, ProductURI, product, "BuildInfo", trustOwn, emit)
	c.say(d, Manufacturer, maker, "BuildInfo", trustOwn, emit)
	c.say(d, ProductName, name, "BuildInfo", trustOwn, emit)
	c.say(d, Version, version, "BuildInfo", trustOwn, emit)
}
