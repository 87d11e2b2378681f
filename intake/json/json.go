// Package json reads records of JSON as a table: an array of objects, JSON Lines, the answers of REST interfaces that
// wrap the array ({"result": […]}, {"results": […]}), and the dump of a NetBox database. Nested objects become columns
// with dots in their names. It decides what the rows and columns are; what they mean is intake's.
package json

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"pons/fault"
	"pons/intake"
)

// maxDepth is how deep objects are flattened; what lies deeper is kept as JSON text.
const maxDepth = 6

// Format is JSON.
func Format() intake.Format {
	return intake.Format{
		Name:  "json",
		Doc:   "array of objects, JSON Lines, {\"result\": […]} and {\"results\": […]} of REST answers, NetBox database dump",
		Sniff: sniff,
		Open:  open,
	}
}

func sniff(_ string, head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(head) < 2 {
		return false
	}
	rest := bytes.TrimLeft(head[1:], " \t\r\n")
	switch head[0] {
	case '{':
		return len(rest) > 0 && (rest[0] == '"' || rest[0] == '}')
	case '[':
		return len(rest) > 0 && (rest[0] == '{' || rest[0] == ']' || rest[0] == '[')
	}
	return false
}

// book is a JSON file whose columns are known. All objects are looked at once for their fields, so that a field that
// only a late object has is not lost.
type book struct {
	file    intake.File
	columns []string
	dump    *dump // of a NetBox database, which is small enough to hold
}

func open(f intake.File, _ intake.Choice) (intake.Book, error) {
	b := &book{file: f}
	s := newStream(f)
	seen := map[string]bool{}
	for n := 0; ; n++ {
		o, err := s.next()
		if err == io.EOF {
			if n == 0 {
				return nil, fmt.Errorf("there is no object in it; export it again with its records: %w", fault.Invalid)
			}
			break
		}
		if err != nil {
			return nil, err
		}
		if n == 0 && isDump(o) {
			d, err := readDump(f)
			if err != nil {
				return nil, err
			}
			b.dump = d
			return b, nil
		}
		o.fields("", 0, func(name, _ string) {
			if !seen[name] {
				seen[name] = true
				b.columns = append(b.columns, strings.Clone(name))
			}
		})
		if len(b.columns) > intake.MaxColumns {
			return nil, fmt.Errorf("object %d: the objects have more than %d different fields; export fewer: %w", n+1, intake.MaxColumns, fault.Invalid)
		}
	}
	return b, nil
}

func (b *book) Sheets() []string {
	if b.dump != nil {
		return b.dump.sheets()
	}
	return []string{""}
}

func (b *book) Rows(sheet string) (intake.Rows, error) {
	if b.dump != nil {
		return b.dump.rows(sheet)
	}
	r := &rows{columns: b.columns, stream: newStream(b.file), place: map[string]int{}}
	for i, c := range b.columns {
		r.place[c] = i
	}
	return r, nil
}

// rows gives the names of the fields first and then an object a row.
type rows struct {
	columns []string
	place   map[string]int
	stream  *stream
	line    int
	started bool
	cells   []string
}

func (r *rows) Line() int                { return r.line }
func (r *rows) Progress() (int64, int64) { return r.stream.budget.total, r.stream.size }
func (r *rows) Close() error             { return nil }

func (r *rows) Next() ([]string, error) {
	r.cells = r.cells[:0]
	if !r.started {
		r.started = true
		r.cells = append(r.cells, r.columns...)
		return r.cells, nil
	}
	o, err := r.stream.next()
	if err != nil {
		return nil, err
	}
	r.line++
	for range r.columns {
		r.cells = append(r.cells, "")
	}
	o.fields("", 0, func(name, value string) {
		i, ok := r.place[name]
		switch {
		case !ok || value == "":
		case r.cells[i] == "":
			r.cells[i] = value
		default: // interfaces[].mac_address
			r.cells[i] += "; " + value
		}
	})
	return r.cells, nil
}

// object is a JSON object with its fields in order.
type object []field

type field struct {
	name  string
	value any // string, object, []any, or nil
}

func (o object) get(name string) any {
	for _, f := range o {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// fields calls say with every leaf: its path with dots, its text. The objects of an array share their names, and so do
// the values, which a cell then holds one after the other.
func (o object) fields(prefix string, depth int, say func(name, value string)) {
	for _, f := range o {
		name := f.name
		if prefix != "" {
			name = prefix + "." + f.name
		}
		leaf(name, f.value, depth, say)
	}
}

func leaf(name string, value any, depth int, say func(name, value string)) {
	switch v := value.(type) {
	case nil:
		say(name, "")
	case string:
		say(name, v)
	case object:
		if depth < maxDepth {
			v.fields(name, depth+1, say)
		}
	case []any:
		if len(v) == 0 {
			say(name, "")
		}
		for _, e := range v {
			if depth < maxDepth {
				leaf(name, e, depth+1, say)
			}
		}
	}
}

// stream yields the objects of a file one by one.
type stream struct {
	dec    *json.Decoder
	budget *budget
	size   int64
	count  int
	inside bool // of the array
	ended  bool
}

// budget ends a reading that goes on for too long without an object being complete.
type budget struct {
	r           io.Reader
	left, total int64
}

var errTooLong = errors.New("too long")

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	b.total += int64(n)
	return n, err
}

func newStream(f intake.File) *stream {
	src := io.Reader(io.NewSectionReader(f.Data, 0, f.Size))
	mark := make([]byte, 3)
	if n, _ := f.Data.ReadAt(mark, 0); n == 3 && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		src = io.NewSectionReader(f.Data, 3, f.Size-3)
	}
	b := &budget{r: src, left: 2 * intake.MaxRowBytes}
	d := json.NewDecoder(b)
	d.UseNumber()
	return &stream{dec: d, budget: b, size: f.Size}
}

// wrappers are the fields under which REST interfaces put the records. Others are tried when their value is an array.
var wrappers = []string{"result", "results", "records", "rows", "data", "items", "value", "assets", "devices", "endpoints", "leases", "hosts"}

func (s *stream) fail(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file breaks off after object %d; export it again: %w", s.count, fault.Invalid)
	}
	if errors.Is(err, errTooLong) {
		return fmt.Errorf("after object %d: an object is longer than %d MiB; export fewer fields: %w", s.count, intake.MaxRowBytes>>20, fault.Invalid)
	}
	return fmt.Errorf("after object %d, near byte %d: %v; export it again: %w", s.count, s.dec.InputOffset(), err, fault.Invalid)
}

// next returns the next object, io.EOF after the last.
func (s *stream) next() (object, error) {
	for !s.ended {
		s.budget.left = 2 * intake.MaxRowBytes
		if s.inside && !s.dec.More() {
			if _, err := s.dec.Token(); err != nil { // the closing bracket
				return nil, s.fail(err)
			}
			s.ended = true
			break
		}
		t, err := s.dec.Token()
		if err == io.EOF && !s.inside {
			s.ended = true
			break
		}
		if err != nil {
			return nil, s.fail(err)
		}
		switch t {
		case json.Delim('['):
			if s.inside || s.count > 0 {
				return nil, fmt.Errorf("object %d is a list where an object is expected: %w", s.count+1, fault.Invalid)
			}
			s.inside = true
		case json.Delim('{'):
			o, opened, err := s.object(!s.inside && s.count == 0)
			if err != nil {
				return nil, s.fail(err)
			}
			if opened {
				s.inside = true
				continue
			}
			s.count++
			return o, nil
		default:
			return nil, fmt.Errorf("object %d is a bare value where an object is expected: %w", s.count+1, fault.Invalid)
		}
	}
	return nil, io.EOF
}

// object reads an object after its opening brace. The first object of a file may be the wrapper of an array: then the
// reading stops inside it (opened).
func (s *stream) object(maybeWrapper bool) (o object, opened bool, err error) {
	for s.dec.More() {
		t, err := s.dec.Token()
		if err != nil {
			return nil, false, err
		}
		name, _ := t.(string)
		t, err = s.dec.Token()
		if err != nil {
			return nil, false, err
		}
		if t == json.Delim('[') && maybeWrapper && slices.Contains(wrappers, strings.ToLower(name)) {
			return nil, true, nil
		}
		v, err := s.value(t, 0)
		if err != nil {
			return nil, false, err
		}
		o = append(o, field{name, v})
	}
	_, err = s.dec.Token()
	return o, false, err
}

// maxNesting bounds recursion.
const maxNesting = 100

// value reads the value that begins with token t.
func (s *stream) value(t json.Token, depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("objects are nested deeper than %d", maxNesting)
	}
	switch v := t.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		if v {
			return "true", nil
		}
		return "false", nil
	case json.Delim:
		if v == '{' {
			var o object
			for s.dec.More() {
				k, err := s.dec.Token()
				if err != nil {
					return nil, err
				}
				e, err := s.nested(depth)
				if err != nil {
					return nil, err
				}
				name, _ := k.(string)
				o = append(o, field{name, e})
			}
			_, err := s.dec.Token()
			return o, err
		}
		list := []any{}
		for s.dec.More() {
			e, err := s.nested(depth)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		_, err := s.dec.Token()
		return list, err
	}
	return nil, nil
}

func (s *stream) nested(depth int) (any, error) {
	t, err := s.dec.Token()
	if err != nil {
		return nil, err
	}
	return s.value(t, depth+1)
}
