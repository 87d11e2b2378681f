package protocol

import (
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

// statementKey is what makes a statement of a host its own.
type statementKey struct {
	attr   fact.Attr
	value  string
	source fact.Source
}

// indexFrom is from how many statements on a host's are found by a map: most hosts have a handful.
const indexFrom = 24

// service names a service of a host without any text: it is stated at least twice a conversation.
type service struct {
	port      uint16
	parser    int16
	transport Transport
	server    bool
	said      *statement
}

// maxServices bounds the services that are found without making their text.
const maxServices = 32

// statement is one thing said, however often: where first, and when first and last.
type statement struct {
	statementKey
	first, last int64
	frame       uint64 // of the first
	because     string // without the frame
	trust       float64
	place       int32 // in its host's list
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
	k := statementKey{f.Attr, value, f.Source}
	if s := h.find(&k); s != nil {
		s.again(nano, nano, frame, f.Because, f.Trust)
		if nano-h.reported > refresh {
			t.mark(h)
		}
		return h, false
	}
	s := t.insert(h, statement{statementKey: k, first: nano, last: nano, frame: frame, because: f.Because, trust: f.Trust})
	return h, s != nil
}

// find returns the statement that says the same of a host, or nil. Hosts repeat themselves in the same order, so that
// what comes next was mostly said next the last time too.
func (h *host) find(k *statementKey) *statement {
	if h.next < len(h.facts) && h.facts[h.next].is(k) {
		h.next++
		return h.facts[h.next-1]
	}
	if h.index != nil {
		s := h.index[*k]
		if s != nil {
			h.next = int(s.place) + 1
		}
		return s
	}
	for i, s := range h.facts {
		if s.is(k) {
			h.next = i + 1
			return s
		}
	}
	return nil
}

func (k *statementKey) is(o *statementKey) bool {
	return k.value == o.value && k.attr == o.attr && k.source == o.source
}

// insert adds a new statement of a host; nil where there is no room.
func (t *hostTable) insert(h *host, s statement) *statement {
	if t.said >= t.maxFacts || !h.room(s.attr) {
		t.factsDropped++
		return nil
	}
	if len(t.spare) == 0 {
		t.spare = make([]statement, 64)
	}
	kept := &t.spare[0]
	t.spare = t.spare[1:]
	*kept = s
	kept.place = int32(len(h.facts))
	t.said++
	h.facts = append(h.facts, kept)
	switch {
	case h.index != nil:
		h.index[s.statementKey] = kept
	case len(h.facts) >= indexFrom:
		h.index = map[statementKey]*statement{}
		for _, o := range h.facts {
			h.index[o.statementKey] = o
		}
	}
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
	if old := h.find(&s.statementKey); old != nil {
		old.again(s.first, s.last, s.frame, s.because, s.trust)
		return
	}
	if t.insert(h, *s) != nil || t.said >= t.maxFacts {
		return
	}
	var latest *statement
	for _, o := range h.facts {
		if o.attr == s.attr && (latest == nil || o.frame >= latest.frame) {
			latest = o
		}
	}
	if latest == nil || latest.frame <= s.frame {
		return
	}
	delete(h.index, latest.statementKey)
	place := latest.place
	*latest = *s
	latest.place = place
	h.index[s.statementKey] = latest
}

// serve states a service of a host; nil where there is no room.
func (t *hostTable) serve(h *host, k service, name string, source fact.Source, nano int64, frame uint64) *statement {
	for i := range h.services {
		o := &h.services[i]
		if s := o.said; o.port == k.port && o.parser == k.parser && o.transport == k.transport && o.server == k.server {
			s.again(nano, nano, frame, s.because, s.trust)
			return s
		}
	}
	transport, role := "tcp/", "/client"
	if k.transport == UDP {
		transport = "udp/"
	}
	if k.server {
		role = "/server"
	}
	said := statementKey{fact.Service, transport + strconv.Itoa(int(k.port)) + "/" + name + role, source}
	if k.said = h.find(&said); k.said != nil {
		k.said.again(nano, nano, frame, k.said.because, k.said.trust)
	} else {
		k.said = t.insert(h, statement{statementKey: said, first: nano, last: nano, frame: frame, because: "conversation"})
	}
	if k.said != nil && len(h.services) < maxServices {
		h.services = append(h.services, k)
	}
	return k.said
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
