package xlsx

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"pons/fault"
	"pons/intake"
)

// sharedStrings is the text that cells refer to by number, in few large pieces so that a million of them cost little.
type sharedStrings struct {
	list []string
}

// shared reads the shared strings once for all sheets.
func (b *book) shared() (*sharedStrings, error) {
	b.once.Do(func() {
		b.strings = &sharedStrings{}
		if b.parts["\x00strings"] == nil {
			return
		}
		b.err = b.readShared()
	})
	return b.strings, b.err
}

// pieceBytes is how much text of shared strings is made into one string.
const pieceBytes = 256 << 10

func (b *book) readShared() error {
	r, err := b.open("\x00strings")
	if err != nil {
		return err
	}
	defer r.Close()
	s := newScanner(r)
	var piece []byte
	var ends []int
	total := 0
	flush := func() {
		text := string(piece)
		from := 0
		for _, end := range ends {
			b.strings.list = append(b.strings.list, text[from:end])
			from = end
		}
		piece, ends = piece[:0], ends[:0]
	}
	item, phonetic := 0, false
	for s.next() {
		switch {
		case len(s.name) == 1 && s.name[0] == 't':
			if !s.closing && !s.empty && !phonetic {
				piece = s.text(piece)
			}
		case len(s.name) == 2 && s.name[0] == 's' && s.name[1] == 'i':
			if !s.closing {
				item, phonetic = len(piece), false
			}
			if s.closing || s.empty {
				piece = unexcel(piece, item)
				ends = append(ends, len(piece))
				if total += len(piece) - item; total > maxStrings || len(b.strings.list)+len(ends) > 1<<25 {
					return fmt.Errorf("the workbook has more than %d MiB of text; split it or export CSV: %w", maxStrings>>20, fault.Invalid)
				}
				if len(piece) > pieceBytes {
					flush()
				}
			}
		case string(s.name) == "rPh": // how to pronounce it
			phonetic = !s.closing && !s.empty
		}
	}
	flush()
	return s.failed("shared strings")
}

// rows streams the cells of a sheet.
type rows struct {
	book    *book
	part    *part
	scan    *scanner
	strings []string
	line    int
	ended   bool

	cells []string
	text  []byte // of the row's own cells, made into one string
	own   []own
}

// own is a cell whose text is in rows.text.
type own struct{ column, end int }

func (b *book) Rows(name string) (intake.Rows, error) {
	shared, err := b.shared()
	if err != nil {
		return nil, err
	}
	for _, s := range b.sheets {
		if s.name != name {
			continue
		}
		p, err := b.open(s.part)
		if err != nil {
			return nil, err
		}
		return &rows{book: b, part: p, scan: newScanner(p), strings: shared.list}, nil
	}
	return nil, fmt.Errorf("there is no sheet %q: %w", name, fault.Invalid)
}

func (r *rows) Line() int { return r.line }

func (r *rows) Progress() (int64, int64) {
	return r.part.unpacked, max(r.part.unpackedTotal, r.part.unpacked)
}

func (r *rows) Close() error { return r.part.Close() }

// Next returns the next row that the sheet holds.
func (r *rows) Next() ([]string, error) {
	s := r.scan
	for !r.ended && s.next() {
		switch {
		case len(s.name) == 3 && s.name[0] == 'r' && s.name[1] == 'o' && s.name[2] == 'w' && !s.closing:
			if n := number(s.raw("r")); n > 0 {
				r.line = n
			} else {
				r.line++
			}
			if s.empty {
				return r.cells[:0], nil
			}
			return r.row()
		case s.closing && string(s.name) == "sheetData":
			r.ended = true
		}
	}
	if s.err != nil {
		return nil, fmt.Errorf("after row %d: %w", r.line, s.err)
	}
	if !r.ended && s.eof && r.line > 0 {
		return nil, fmt.Errorf("the sheet breaks off after row %d; save or download the workbook again: %w", r.line, fault.Invalid)
	}
	return nil, io.EOF
}

// row reads cells up to the end of the row.
func (r *rows) row() ([]string, error) {
	s := r.scan
	r.cells, r.text, r.own = r.cells[:0], r.text[:0], r.own[:0]
	column := -1
	for s.next() {
		if len(s.name) == 1 && s.name[0] == 'c' && !s.closing {
			column++
			if n := columnOf(s.raw("r")); n >= 0 {
				column = n
			}
			if s.empty {
				continue
			}
			if err := r.cell(column); err != nil {
				return nil, err
			}
			continue
		}
		if s.closing && string(s.name) == "row" {
			text := string(r.text)
			from := 0
			for _, o := range r.own {
				r.cells[o.column] = text[from:o.end]
				from = o.end
			}
			return r.cells, nil
		}
	}
	if s.err != nil {
		return nil, fmt.Errorf("row %d: %w", r.line, s.err)
	}
	return nil, fmt.Errorf("the sheet breaks off in row %d; save or download the workbook again: %w", r.line, fault.Invalid)
}

// cell reads one cell after its opening tag. Types are those of ECMA-376 Part 1 §18.18.11.
func (r *rows) cell(column int) error {
	s := r.scan
	kind := byte('n')
	if t := s.raw("t"); len(t) > 0 {
		kind = t[0]
		if kind == 's' && len(t) > 1 { // str: the text of a formula
			kind = 'f'
		}
	}
	style := number(s.raw("s"))
	before := len(r.text)
	if !r.content(kind) || len(r.text) == before {
		r.text = r.text[:before]
		return nil
	}
	if column >= intake.MaxColumns {
		return fmt.Errorf("row %d has a value in column %d, more than the %d a table may have; delete the columns beyond the table: %w", r.line, column+1, intake.MaxColumns, fault.Invalid)
	}
	for len(r.cells) <= column {
		r.cells = append(r.cells, "")
	}
	value := r.text[before:]
	switch kind {
	case 's':
		i := number(bytes.TrimSpace(value))
		r.text = r.text[:before]
		if i >= len(r.strings) || value[0] == '-' {
			return fmt.Errorf("row %d: a cell refers to text %q that the workbook does not have; save it again: %w", r.line, strings.Clone(string(value)), fault.Invalid)
		}
		r.cells[column] = r.strings[i]
		return nil
	case 'b':
		word := "FALSE"
		if value[0] == '1' {
			word = "TRUE"
		}
		r.text = append(r.text[:before], word...)
	case 'n':
		var buf [32]byte
		num := append(buf[:0], bytes.TrimSpace(value)...)
		r.text = r.book.show(r.text[:before], num, style)
	case 'd': // ISO 8601, as it is
	default:
		r.text = unexcel(r.text, before)
	}
	if len(r.text)-before > intake.MaxRowBytes || len(r.text) > intake.MaxRowBytes {
		return fmt.Errorf("row %d holds more than %d MiB of text: %w", r.line, intake.MaxRowBytes>>20, fault.Invalid)
	}
	if n := len(r.own); n > 0 && r.own[n-1].column == column { // the same cell twice: the last counts
		r.own[n-1].end = len(r.text)
		return nil
	}
	r.own = append(r.own, own{column, len(r.text)})
	return nil
}

// content appends the text of a cell to r.text and moves past the cell. It returns false where there is none.
func (r *rows) content(kind byte) (found bool) {
	s := r.scan
	open, shut := "<v>", "</v></c>"
	if kind == 'i' {
		open, shut = "<is><t>", "</t></is></c>"
	}
	if plain, ok := s.between(open, shut); ok {
		r.text = append(r.text, plain...)
		return true
	}
	phonetic := false
	for s.next() {
		if s.closing {
			if len(s.name) == 1 && s.name[0] == 'c' {
				break
			}
			if string(s.name) == "rPh" {
				phonetic = false
			}
			continue
		}
		if s.empty {
			continue
		}
		switch {
		case len(s.name) == 1 && s.name[0] == 'v' && kind != 'i', len(s.name) == 1 && s.name[0] == 't' && kind == 'i' && !phonetic:
			r.text = s.text(r.text)
			found = true
		case string(s.name) == "rPh":
			phonetic = true
		}
	}
	return found
}

// number reads a small positive number; anything else is 0.
func number(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<30 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// columnOf reads the column of a reference such as "AB12", from 0; -1 where there is none.
func columnOf(ref []byte) int {
	n := 0
	for i, c := range ref {
		if c < 'A' || c > 'Z' {
			if i == 0 {
				return -1
			}
			return n - 1
		}
		if n = n*26 + int(c-'A'+1); n > 1<<20 {
			return n
		}
	}
	return n - 1
}
