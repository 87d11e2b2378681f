package fhir

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"pons/fact"
)

// maxTag bounds a tag that is looked into; longer ones are passed over, which may leave the document unread.
const maxTag = 1024

// XML reads a FHIR document in XML, in whatever pieces it comes.
type XML struct {
	w     walker
	in    bool // inside a tag
	quote byte // inside an attribute's value
	tag   []byte
}

// NewXML begins a document. found receives each thing said of a device, with an id that is the device's own.
func NewXML(found func(attr fact.Attr, value, id string)) *XML { return &XML{w: walker{found: found}} }

// Write takes the next bytes; text between tags, such as narratives, is never kept.
func (x *XML) Write(b []byte) {
	for len(b) > 0 && !x.w.over {
		if !x.in {
			at := bytes.IndexByte(b, '<')
			if at < 0 {
				return
			}
			b, x.in, x.quote, x.tag = b[at+1:], true, 0, x.tag[:0]
			continue
		}
		c := b[0]
		b = b[1:]
		switch {
		case x.quote != 0 && c == x.quote:
			x.quote = 0
		case x.quote == 0 && (c == '"' || c == '\'') && (len(x.tag) == 0 || x.tag[0] != '!'):
			x.quote = c
		case x.quote == 0 && c == '>':
			x.in = false
			if len(x.tag) <= maxTag {
				x.element(x.tag)
			} else {
				x.w.over = true
			}
			continue
		}
		if len(x.tag) <= maxTag {
			x.tag = append(x.tag, c)
		}
	}
}

// element reads a tag without its brackets. The value of a FHIR element is its attribute "value".
func (x *XML) element(tag []byte) {
	if len(tag) == 0 || tag[0] == '?' || tag[0] == '!' {
		return
	}
	if tag[0] == '/' {
		x.w.leave()
		return
	}
	empty := tag[len(tag)-1] == '/'
	if empty {
		tag = tag[:len(tag)-1]
	}
	name, rest := tag, []byte(nil)
	if i := bytes.IndexAny(tag, " \t\r\n"); i >= 0 {
		name, rest = tag[:i], tag[i:]
	}
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	k := keyOf(name)
	if x.w.wants(k) {
		if v := valueOf(rest); len(v) > 0 && len(v) <= maxValue && utf8.Valid(v) {
			x.w.take(k, entities.Replace(string(v)))
		}
	}
	above := other
	if x.w.depth > 0 {
		above = x.w.frames[x.w.depth-1].key
	}
	isResource := x.w.depth == 0 || (above == resource || above == contained) && len(name) > 0 && name[0] >= 'A' && name[0] <= 'Z'
	x.w.enter(k, isResource, string(name) == "Device")
	if empty {
		x.w.leave()
	}
}

var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&")

// valueOf returns the attribute value="…" of a tag.
func valueOf(b []byte) []byte {
	for {
		i := bytes.Index(b, []byte("value"))
		if i < 0 {
			return nil
		}
		before := i > 0 && b[i-1] <= ' '
		b = b[i+len("value"):]
		rest := bytes.TrimLeft(b, " \t\r\n")
		if !before || len(rest) == 0 || rest[0] != '=' {
			continue
		}
		if rest = bytes.TrimLeft(rest[1:], " \t\r\n"); len(rest) < 2 || rest[0] != '"' && rest[0] != '\'' {
			return nil
		}
		if end := bytes.IndexByte(rest[1:], rest[0]); end >= 0 {
			return rest[1 : 1+end]
		}
		return nil
	}
}
