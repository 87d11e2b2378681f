// Package query holds the one language in which every list of Pons is asked: devices, findings, work orders;
// in the URL, in --where and in saved views. It decides how a question is written, what it means for one row,
// what is wrong with it and where, and what may be typed next. How a million rows are searched is column's to
// decide, and which fields a list has is its owner's.
//
// # The language
//
//	class:infusion-pump and manufacturer:"B. Braun" and not has:owner and last_seen<30d
//
// Terms stand side by side (implicit and), or are joined by and, or, not and parentheses; -term is not term. Not
// binds tighter than and, and tighter than or. Names of fields and values are compared without regard to case.
//
//	pump "bed 7"                 a bare word or phrase: a substring of any Keyword, Set, Text, IP or MAC value
//	class:x  class=x  class!=x   Keyword, Set, Flags, Bool: equal; a row without a value is not equal to x
//	notes:x  notes=x             Text: contains; equals
//	hostname:PUMP-*  model:?00   * is any run of characters, ? is one; the pattern is for the whole value (PUMP-*
//	                             alone looks into all fields, and wants two plain characters side by side)
//	class in (a, b)              any of them; class:(a, b) is the same; Text is equal here, not contained
//	ip:10.20.0.0/16              also one address, 10.0.0.1..10.0.0.9, 10.20.*
//	mac:00:12:21                 prefix, or the whole address, in any notation; mac=… wants the whole
//	cost>=1.5k  cost:1000..      numbers; k and M multiply, % divides; ranges include both ends
//	acquired_on:2015..2020       dates and times: a year, month, day or instant; all of the last is included
//	has:x  missing:x  is:x       some value, no value, a flag (or a Bool field that says yes)
//
// Times are UTC. A span without a sign is an age, so < means younger and > means older:
//
//	last_seen<30d                less than 30 days ago (and anything later)
//	last_seen>30d                more than 30 days ago
//	last_seen:7d..30d            between 7 and 30 days ago; last_seen:30d is last_seen<=30d
//
// A span with a sign is a moment, so < means before and > means after, as for any date:
//
//	warranty_end<+90d            before the moment 90 days from now; warranty_end:today..+90d
//	last_seen>-30d               after the moment 30 days ago, which is last_seen<30d
//
// Units are min, h, d, w, mo, y; also now, today, yesterday and tomorrow.
package query

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind says what the values of a field are, and so which relations it knows and what a colon means.
type Kind uint8

const (
	Keyword Kind = iota // a value from a vocabulary: ":" is equality
	Set                 // like Keyword; several values are the rule
	Text                // free or mostly unique text: ":" is contains
	IP                  // addresses, kept as netip text
	MAC                 // EUI-48 or EUI-64, kept as 00:12:21:aa:bb:cc
	Time                // instants: Value.Num is microseconds since 1970 UTC (exact until 2255)
	Date                // calendar days: Value.Num is days since 1970-01-01
	Number              // Value.Num in the unit the field's owner states in its title
	Bool                // "yes" or "no"
	Flags               // a set of names listed in Field.Values, at most 64
)

var kindNames = [...]string{"keyword", "set", "text", "IP address", "MAC address", "time", "date", "number", "yes/no", "flags"}

// String is the kind in words, as error messages use it.
func (k Kind) String() string { return kindNames[k] }

// numeric says that values live in Value.Num.
func (k Kind) numeric() bool { return k == Time || k == Date || k == Number }

// Searched says whether a bare word looks into fields of this kind.
func (k Kind) Searched() bool { return k <= MAC }

// Field is one thing a list may be asked about.
type Field struct {
	Name    string // lower case, as written in a query: last_seen, custom.mri_zone
	Title   string // for people: "Last seen"
	Kind    Kind
	Aliases []string // other names that are understood; the canonical text uses Name
	Values  []string // Flags: every name there is. Other kinds: values worth suggesting
}

// Schema is the list of fields of one list. It is immutable.
type Schema struct {
	fields []Field
	byName map[string]int
	flags  map[string]flag // what is:x may say, by folded name
}

type flag struct {
	field int
	value string
}

const maxFlags = 64

// NewSchema checks that names are usable and differ, and that Flags fields name their flags.
func NewSchema(fields ...Field) (*Schema, error) {
	s := &Schema{fields: append([]Field(nil), fields...), byName: map[string]int{}, flags: map[string]flag{}}
	for i, f := range fields {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if err := s.enter(i, name); err != nil {
				return nil, err
			}
		}
		switch f.Kind {
		case Bool:
			s.flags[nameKey(f.Name)] = flag{i, "yes"}
		case Flags:
			if len(f.Values) == 0 || len(f.Values) > maxFlags {
				return nil, fmt.Errorf("field %q names %d flags, want 1 to %d", f.Name, len(f.Values), maxFlags)
			}
			for _, v := range f.Values {
				if _, dup := s.flags[nameKey(v)]; dup {
					return nil, fmt.Errorf("flag %q is named twice", v)
				}
				s.flags[nameKey(v)] = flag{i, v}
			}
		}
	}
	return s, nil
}

func (s *Schema) enter(i int, name string) error {
	key := nameKey(name)
	switch key {
	case "", "has", "missing", "is", "and", "or", "not", "in":
		return fmt.Errorf("field name %q is taken by the language", name)
	}
	for _, r := range name {
		if !isNameRune(r) {
			return fmt.Errorf("field name %q: letters, digits, _ - and . only", name)
		}
	}
	if _, dup := s.byName[key]; dup {
		return fmt.Errorf("field name %q is used twice", name)
	}
	s.byName[key] = i
	return nil
}

// nameKey folds case and makes - and _ one, so that life-support finds life_support.
func nameKey(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

func isNameRune(r rune) bool {
	return r == '_' || r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf
}

// Find returns the index of the field of that name or alias.
func (s *Schema) Find(name string) (int, bool) {
	i, ok := s.byName[nameKey(name)]
	return i, ok
}

// Len is the number of fields.
func (s *Schema) Len() int { return len(s.fields) }

// Field returns the field at an index that Find gave.
func (s *Schema) Field(i int) Field { return s.fields[i] }

// Value is one value of one field: Num for Time, Date and Number, Text for every other kind.
type Value struct {
	Text string
	Num  float64
}

// Cell is a value and the field it belongs to.
type Cell struct {
	Field int
	Value Value
}

// Row is one thing of a list: cells in any order, several for a field that has several values, none where
// nothing is known. The first value of a field is the one it is sorted by. Rows may be reused after Reset.
type Row struct {
	schema *Schema
	cells  []Cell
}

// NewRow returns an empty row of the schema.
func (s *Schema) NewRow() *Row { return &Row{schema: s} }

// Reset empties the row and keeps its memory.
func (r *Row) Reset() { r.cells = r.cells[:0] }

// Cells returns what was added; it belongs to the row.
func (r *Row) Cells() []Cell { return r.cells }

// Schema returns the schema the row belongs to.
func (r *Row) Schema() *Schema { return r.schema }

// Add adds a value given as text in its canonical spelling (RFC 3339 or 2006-01-02 for times and dates, netip
// text, any notation of a MAC). It reports whether the text is a value of the field's kind: what is not, and the
// empty text, is not added, since unknown is an answer and a guess is none.
func (r *Row) Add(field int, text string) bool {
	f := &r.schema.fields[field]
	if text == "" {
		return false
	}
	switch f.Kind {
	case Time, Date, Number:
		num, ok := parseStored(f.Kind, text)
		if ok {
			r.AddNum(field, num)
		}
		return ok
	case IP:
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return false
		}
		text = addr.Unmap().WithZone("").String()
	case MAC:
		var ok bool
		if text, ok = canonicalMAC(text); !ok {
			return false
		}
	case Bool:
		var ok bool
		if text, ok = parseBool(text); !ok {
			return false
		}
	case Flags:
		fl, ok := r.schema.flags[nameKey(text)]
		if !ok || fl.field != field {
			return false
		}
		text = fl.value
	default:
		text = clean(text)
	}
	r.cells = append(r.cells, Cell{field, Value{Text: text}})
	return true
}

// AddNum adds a value of a Time (microseconds), Date (days) or Number field. NaN is no value.
func (r *Row) AddNum(field int, num float64) {
	if num == num && r.schema.fields[field].Kind.numeric() {
		r.cells = append(r.cells, Cell{field, Value{Num: num + 0}}) // + 0 makes -0 and 0 one value
	}
}

// AddTime adds an instant to a Time or Date field. The zero time is no value.
func (r *Row) AddTime(field int, t time.Time) {
	switch {
	case t.IsZero():
	case r.schema.fields[field].Kind == Date:
		r.AddNum(field, days(t))
	default:
		r.AddNum(field, micros(t))
	}
}

// Values returns the values of a field, in the order given.
func (r *Row) Values(field int) []Value {
	var out []Value
	for _, c := range r.cells {
		if c.Field == field {
			out = append(out, c.Value)
		}
	}
	return out
}

// clean makes text fit to be searched: valid UTF-8 and no NUL, which column uses between values.
func clean(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", " ")
	}
	return text
}

// Fold is the spelling in which text is compared: lower case.
func Fold(text string) string { return strings.ToLower(text) }

func micros(t time.Time) float64 { return float64(t.UnixMicro()) }

func days(t time.Time) float64 { return math.Floor(float64(t.Unix()) / 86400) }

func parseStored(k Kind, text string) (float64, bool) {
	switch k {
	case Number:
		n, err := strconv.ParseFloat(text, 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	case Date:
		t, err := time.Parse(time.DateOnly, text)
		return days(t), err == nil
	default:
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t, err = time.Parse(time.DateOnly, text)
		}
		return micros(t), err == nil
	}
}

func parseBool(text string) (string, bool) {
	switch strings.ToLower(text) {
	case "yes", "true", "y", "1":
		return "yes", true
	case "no", "false", "n", "0":
		return "no", true
	}
	return "", false
}

// hexDigits returns the hex digits of a MAC or a part of one in lower case; separators are : - and .
func hexDigits(text string) (digits string, separated, ok bool) {
	buf := make([]byte, 0, 16)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f':
			buf = append(buf, c)
		case c >= 'A' && c <= 'F':
			buf = append(buf, c+'a'-'A')
		case c == ':' || c == '-' || c == '.':
			separated = true
		default:
			return "", false, false
		}
		if len(buf) > 16 {
			return "", false, false
		}
	}
	return string(buf), separated, len(buf) > 0
}

// colons writes digits as 00:12:2…
func colons(digits string) string {
	buf := make([]byte, 0, 24)
	for i := range len(digits) {
		if i > 0 && i%2 == 0 {
			buf = append(buf, ':')
		}
		buf = append(buf, digits[i])
	}
	return string(buf)
}

func canonicalMAC(text string) (string, bool) {
	if len(text) == 17 && isCanonicalMAC(text) {
		return text, true
	}
	digits, _, ok := hexDigits(text)
	if !ok || len(digits) != 12 && len(digits) != 16 {
		return "", false
	}
	return colons(digits), true
}

func isCanonicalMAC(text string) bool {
	for i := range len(text) {
		c := text[i]
		if i%3 == 2 {
			if c != ':' {
				return false
			}
		} else if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}
