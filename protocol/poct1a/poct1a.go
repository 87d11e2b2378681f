// Package poct1a reads what point-of-care analysers say of themselves in the hello message of POCT1-A (CLSI POCT01): XML
// documents over TCP, one after another. It decides where a message begins and which elements are looked into, those of
// the device in HEL.R01; results, patients, operators and reagents are passed over as they come.
package poct1a

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"

	"pons/fact"
	"pons/protocol"
)

// The attributes of this protocol, by the elements they are read from.
const (
	attrDevice   fact.Attr = "poct1a.device_id"
	attrVendor   fact.Attr = "poct1a.vendor"
	attrMaker    fact.Attr = "poct1a.manufacturer"
	attrModel    fact.Attr = "poct1a.model"
	attrName     fact.Attr = "poct1a.device_name"
	attrSerial   fact.Attr = "poct1a.serial"
	attrVersion  fact.Attr = "poct1a.version"
	attrHardware fact.Attr = "poct1a.hardware"
)

// trust by domain/05 §5.7: clinical protocols weigh 0.9.
const trust = 0.9

const (
	// maxTag is longer than any start tag with its attributes; maxText than any name in one.
	maxTag  = 1024
	maxText = 256
)

// Parser reads POCT1-A over TCP on any port.
func Parser() protocol.Parser {
	return protocol.Parser{
		Name:   "poct1a",
		Doc:    "POCT1-A: point-of-care analysers by vendor, model, serial number and software version of the hello message.",
		Attrs:  []fact.Attr{attrDevice, attrVendor, attrMaker, attrModel, attrName, attrSerial, attrVersion, attrHardware},
		Over:   []protocol.Transport{protocol.TCP},
		Claims: claims,
		New:    newConversation,
	}
}

// claims accepts a document whose root is a message of the standard, three capitals and a release: <HEL.R01>.
func claims(o protocol.Opening) bool {
	b := o.First
	if o.Transport != protocol.TCP || len(b) < len("<HEL.R01>") {
		return false
	}
	if bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
		b = b[3:]
	}
	for range 4 { // prolog, comments, a document type
		for len(b) > 0 && (b[0] == ' ' || b[0] == '\r' || b[0] == '\n' || b[0] == '\t' || b[0] < 0x20) {
			b = b[1:]
		}
		if len(b) < 2 || b[0] != '<' || b[1] != '?' && b[1] != '!' {
			break
		}
		end := bytes.IndexByte(b, '>')
		if end < 0 {
			return false
		}
		b = b[end+1:]
	}
	return len(b) > 8 && b[0] == '<' && rootLike(b[1:8]) && (b[8] == '>' || b[8] == ' ' || b[8] == '\r' || b[8] == '\n' || b[8] == '\t')
}

// rootLike tells the name of a message: HEL.R01.
func rootLike(b []byte) bool {
	if len(b) != 7 || b[3] != '.' || b[4] != 'R' || b[5] != '0' || b[6] < '1' || b[6] > '9' {
		return false
	}
	for _, c := range b[:3] {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

type conversation struct {
	keys  [2]fact.Key
	sides [2]side
}

// side is one direction.
type side struct {
	hello bool      // inside a hello message
	skip  bool      // inside a tag too long to be one
	attr  fact.Attr // whose text follows the tag, because the tag held no value
	where string
	last  map[fact.Attr]string
}

func newConversation(o protocol.Opening) protocol.Conversation {
	return &conversation{keys: [2]fact.Key{protocol.ToServer: o.Client.Key(), protocol.ToClient: o.Server.Key()}}
}

// Next consumes text and tags as far as they go; at most one tag is asked for in one piece.
func (c *conversation) Next(_ time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	d &= 1
	s := &c.sides[d]
	used := 0
	for used < len(data) {
		n := c.step(s, d, data[used:], emit)
		if n == 0 {
			break
		}
		used += n
	}
	return used, nil
}

// step consumes a stretch of text or one tag; zero asks for more.
func (c *conversation) step(s *side, d protocol.Dir, b []byte, emit func(fact.Fact)) int {
	if s.skip {
		end := bytes.IndexByte(b, '>')
		if end < 0 {
			return len(b)
		}
		s.skip = false
		return end + 1
	}
	if b[0] != '<' {
		end := bytes.IndexByte(b, '<')
		if s.attr == "" {
			if end < 0 {
				return len(b)
			}
			return end
		}
		switch {
		case end > maxText || end < 0 && len(b) > maxText:
			s.attr = ""
			return maxText
		case end < 0:
			return 0
		}
		c.say(s, d, s.attr, s.where, b[:end], emit)
		s.attr = ""
		return end
	}
	end := bytes.IndexByte(b, '>')
	if end < 0 {
		if len(b) > maxTag {
			s.skip, s.attr = true, ""
			return len(b)
		}
		return 0
	}
	if end > maxTag {
		s.attr = ""
		return end + 1
	}
	c.tag(s, d, b[1:end], emit)
	return end + 1
}

// tag reads one tag without its brackets.
func (c *conversation) tag(s *side, d protocol.Dir, b []byte, emit func(fact.Fact)) {
	s.attr = ""
	if len(b) == 0 || b[0] == '?' || b[0] == '!' {
		return
	}
	if b[0] == '/' {
		if rootLike(bytes.TrimSpace(b[1:])) {
			s.hello = false
		}
		return
	}
	name, rest := b, []byte(nil)
	if i := bytes.IndexAny(b, " \t\r\n/"); i >= 0 {
		name, rest = b[:i], b[i:]
	}
	if rootLike(name) {
		s.hello = string(name) == "HEL.R01"
		emit(fact.Fact{Subject: c.keys[d], Attr: protocol.Message})
		return
	}
	if !s.hello || !bytes.HasPrefix(name, []byte("DEV.")) {
		return
	}
	attr, where := element(name)
	if attr == "" {
		return
	}
	if v := value(rest); len(v) > 0 {
		c.say(s, d, attr, where, v, emit)
	} else if !bytes.HasSuffix(rest, []byte("/")) {
		s.attr, s.where = attr, where
	}
}

// element returns what an element of the device says (POCT1-A2 §B.4.3, the DEV object), and "" for any other.
func element(name []byte) (fact.Attr, string) {
	switch string(name) {
	case "DEV.device_id":
		return attrDevice, "DEV.device_id"
	case "DEV.vendor_id":
		return attrVendor, "DEV.vendor_id"
	case "DEV.model_id":
		return attrModel, "DEV.model_id"
	case "DEV.serial_id":
		return attrSerial, "DEV.serial_id"
	case "DEV.manufacturer_name":
		return attrMaker, "DEV.manufacturer_name"
	case "DEV.hw_version":
		return attrHardware, "DEV.hw_version"
	case "DEV.sw_version":
		return attrVersion, "DEV.sw_version"
	case "DEV.device_name":
		return attrName, "DEV.device_name"
	}
	return "", ""
}

// value returns the value of the attribute V, in which POCT1-A puts all values.
func value(b []byte) []byte {
	for i := 0; i+1 < len(b); i++ {
		if b[i] != 'V' || i > 0 && b[i-1] > ' ' {
			continue
		}
		rest := bytes.TrimLeft(b[i+1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '=' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n")
		if len(rest) < 2 || rest[0] != '"' && rest[0] != '\'' {
			return nil
		}
		if end := bytes.IndexByte(rest[1:], rest[0]); end >= 0 && end <= maxText {
			return rest[1 : 1+end]
		}
		return nil
	}
	return nil
}

// entities are the five that XML knows without a document type.
var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&")

// say emits a value unless it was the last one said.
func (c *conversation) say(s *side, d protocol.Dir, attr fact.Attr, where string, raw []byte, emit func(fact.Fact)) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == s.last[attr] || !utf8.Valid(raw) {
		return
	}
	if s.last == nil {
		s.last = map[fact.Attr]string{}
	}
	s.last[attr] = string(raw)
	emit(fact.Fact{Subject: c.keys[d], Attr: attr, Value: entities.Replace(string(raw)), Trust: trust, Because: "HEL.R01 " + where})
}
