package protocol

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"pons/fact"
)

// maxPerAttr bounds the different values kept for one attribute of one subject: a proxy may ask for any number
// of names, and a hostile host may invent them. maxValue bounds one value in bytes.
const (
	maxPerAttr = 1024
	maxValue   = 2048
)

type statementKey struct {
	host   *host
	attr   fact.Attr
	value  string
	source fact.Source
}

// serviceKey names a service without any text: it is stated at least twice a conversation.
type serviceKey struct {
	host      *host
	port      uint16
	parser    int16
	transport Transport
	server    bool
}

// statement is one thing said, however often: where first, and when first and last.
type statement struct {
	attr        fact.Attr
	value       string
	source      fact.Source
	first, last int64
	frame       uint64 // of the first
	because     string // without the frame
	trust       float64
}

// again notes that it was said once more. The earliest frame is the reason, whatever the order in which frames are read.
func (s *statement) again(first, last int64, frame uint64, because string, trust float64) {
	s.first, s.last = min(s.first, first), max(s.last, last)
	if frame < s.frame {
		s.frame, s.because, s.trust = frame, because, trust
	}
}

// add stores a fact and tells of whom it is and whether it was new. Only hosts and their children are subjects on the
// wire.
func (t *hostTable) add(f *fact.Fact, nano int64, frame uint64) (h *host, isNew bool) {
	value := clean(f.Value)
	if value == "" {
		return nil, false
	}
	switch {
	case f.Subject.Kind == "host":
		h = t.named(f.Subject.Value)
	case f.Subject.Kind == "child" && f.Subject.Value != "":
		h = t.child(f.Subject.Value)
	}
	if h == nil {
		t.factsDropped++
		return nil, false
	}
	if s := t.said[statementKey{h, f.Attr, value, f.Source}]; s != nil {
		s.again(nano, nano, frame, f.Because, f.Trust)
		if nano-h.reported > refresh {
			t.mark(h)
		}
		return h, false
	}
	s := t.insert(h, statement{attr: f.Attr, value: value, source: f.Source, first: nano, last: nano, frame: frame, because: f.Because, trust: f.Trust})
	return h, s != nil
}

// insert adds a new statement of a host; nil where there is no room.
func (t *hostTable) insert(h *host, s statement) *statement {
	if len(t.said) >= t.maxFacts || !h.room(s.attr) {
		t.factsDropped++
		return nil
	}
	kept := &s
	t.said[statementKey{h, s.attr, s.value, s.source}] = kept
	h.facts = append(h.facts, kept)
	if h.reported == 0 {
		h.reported = s.last
	}
	t.mark(h)
	return kept
}

// room tells whether a host may have another value of an attribute, and counts it.
func (h *host) room(attr fact.Attr) bool {
	if h.perAttr == nil {
		if len(h.facts) < maxPerAttr {
			return true
		}
		h.perAttr = map[fact.Attr]int{}
		for _, s := range h.facts {
			h.perAttr[s.attr]++
		}
	}
	if h.perAttr[attr] >= maxPerAttr {
		return false
	}
	h.perAttr[attr]++
	return true
}

// merge adds a statement of another table. Of too many values the earliest stay, as if one table had heard all.
func (t *hostTable) merge(h *host, s *statement) {
	k := statementKey{h, s.attr, s.value, s.source}
	if old := t.said[k]; old != nil {
		old.again(s.first, s.last, s.frame, s.because, s.trust)
		return
	}
	if t.insert(h, *s) != nil || len(t.said) >= t.maxFacts {
		return
	}
	latest := -1
	for i, o := range h.facts {
		if o.attr == s.attr && (latest < 0 || o.frame >= h.facts[latest].frame) {
			latest = i
		}
	}
	if latest < 0 || h.facts[latest].frame <= s.frame {
		return
	}
	o := h.facts[latest]
	delete(t.said, statementKey{h, o.attr, o.value, o.source})
	h.facts = slices.Delete(h.facts, latest, latest+1)
	kept := *s
	t.said[k] = &kept
	h.facts = append(h.facts, &kept)
}

// service states a service of a host.
func (t *hostTable) service(k serviceKey, name string, source fact.Source, nano int64, frame uint64) {
	if s := t.services[k]; s != nil {
		s.again(nano, nano, frame, s.because, s.trust)
		return
	}
	transport, role := "tcp/", "/client"
	if k.transport == UDP {
		transport = "udp/"
	}
	if k.server {
		role = "/server"
	}
	value := transport + strconv.Itoa(int(k.port)) + "/" + name + role
	s := t.said[statementKey{k.host, fact.Service, value, source}]
	if s == nil {
		s = t.insert(k.host, statement{attr: fact.Service, value: value, source: source, first: nano, last: nano, frame: frame, because: "conversation"})
	}
	if s != nil {
		t.services[k] = s
	}
}

// reason is the fact's Because: the parser's word and the frame.
func (s *statement) reason() string {
	if s.because == "" {
		return frameText(s.frame)
	}
	return s.because + ", " + frameText(s.frame)
}

// clean makes a value one line of valid text: bytes of the wire may hold anything, and what holds it later
// (a table, a spreadsheet, a terminal) must not be steered by it.
func clean(s string) string {
	if len(s) > maxValue {
		s = s[:maxValue]
	}
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			plain = false
			break
		}
	}
	if plain {
		return strings.TrimSpace(s)
	}
	if i := strings.IndexByte(s, 0); i >= 0 && strings.Trim(s[i:], "\x00") == "" {
		s = s[:i] // C strings are padded with zeros
	}
	var b strings.Builder
	space := false
	for _, r := range strings.ToValidUTF8(s, "") {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) && r != utf8.RuneError {
			space = true
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}
