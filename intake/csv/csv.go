// Package csv reads delimited text as people's systems write it: any delimiter, any of the encodings that Windows
// programs leave behind, quotes that do not match. It decides where a row and a cell end and which encoding a row has;
// what the cells mean is intake's.
package csv

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"pons/fault"
	"pons/intake"
)

// Format is delimited text.
func Format() intake.Format {
	return intake.Format{
		Name:      "csv",
		Doc:       "delimited text: comma, semicolon, tab, | or ^; UTF-8, UTF-16 or Windows-1252",
		Delimited: true,
		Sniff:     sniff,
		Open:      open,
	}
}

// sniff accepts what looks like text. It goes last in a list, as JSON is text too.
func sniff(_ string, head []byte) bool {
	if encodingOf(head) != utf8ish {
		return true
	}
	controls := 0
	for _, c := range head {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0 && c != 0x1a {
			controls++
		}
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.Count(head, []byte{0})*4 > len(head) {
		return false
	}
	return controls*50 <= len(head)
}

// encoding of a file; utf8ish is decided row by row.
type encoding int

const (
	utf8ish encoding = iota
	utf16le
	utf16be
)

// encodingOf tells UTF-16 by its mark or, without one, by the zero bytes of Latin text.
func encodingOf(head []byte) encoding {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return utf16le
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return utf16be
	}
	n := min(len(head), 1024) &^ 1
	even, odd := 0, 0
	for i := 0; i < n; i += 2 {
		if head[i] == 0 && head[i+1] != 0 {
			even++
		}
		if head[i+1] == 0 && head[i] != 0 {
			odd++
		}
	}
	switch {
	case n >= 4 && odd*10 > n*4 && even == 0:
		return utf16le
	case n >= 4 && even*10 > n*4 && odd == 0:
		return utf16be
	}
	return utf8ish
}

type book struct {
	file  intake.File
	enc   encoding
	delim byte
	skip  int  // lines before the table that speak to Excel ("sep=;")
	mac   bool // lines end with a carriage return alone
}

func open(f intake.File, c intake.Choice) (intake.Book, error) {
	head := make([]byte, min(f.Size, 256<<10))
	n, err := f.Data.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read: %w", err)
	}
	b := &book{file: f, enc: encodingOf(head[:n])}
	text, err := io.ReadAll(io.LimitReader(decode(bytes.NewReader(head[:n]), b.enc), 512<<10))
	if err != nil && len(text) == 0 {
		return nil, fmt.Errorf("the text cannot be decoded as UTF-16: %w", fault.Invalid)
	}
	if len(bytes.TrimSpace(bytes.Trim(text, "\x00\ufeff"))) == 0 && f.Size <= int64(len(head)) {
		return nil, fmt.Errorf("the file holds only blanks; export it again: %w", fault.Invalid)
	}
	if bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') > 0 {
		b.mac = true
		text = bytes.ReplaceAll(text, []byte{'\r'}, []byte{'\n'})
	}
	if rest, ok := bytes.CutPrefix(text, []byte("sep=")); ok && len(rest) > 1 && (rest[1] == '\r' || rest[1] == '\n') {
		b.delim, b.skip = rest[0], 1
	} else {
		b.delim = guessDelimiter(text, f.Name, n < int(f.Size))
	}
	switch {
	case c.Delimiter == `\t` || c.Delimiter == "tab":
		b.delim = '\t'
	case len(c.Delimiter) == 1 && c.Delimiter != `"` && c.Delimiter != "\n":
		b.delim = c.Delimiter[0]
	case c.Delimiter != "":
		return nil, fmt.Errorf("delimiter %q is not one plain character: %w", c.Delimiter, fault.Invalid)
	}
	return b, nil
}

func (b *book) Sheets() []string { return []string{""} }

func (b *book) Rows(string) (intake.Rows, error) {
	src := &counter{r: io.NewSectionReader(b.file.Data, 0, b.file.Size)}
	text := decode(src, b.enc)
	if b.mac {
		text = carriage{text}
	}
	r := newReader(text, b.delim)
	r.source, r.total = src, b.file.Size
	for range b.skip {
		if _, err := r.Next(); err != nil {
			break
		}
	}
	return r, nil
}

// decode returns the text of src without its byte order mark. Windows-1252 is decided by the reader, row by row.
func decode(src io.Reader, enc encoding) io.Reader {
	switch enc {
	case utf16le:
		return transform.NewReader(src, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case utf16be:
		return transform.NewReader(src, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder())
	}
	return &unmarked{r: src}
}

// unmarked drops the byte order mark of UTF-8.
type unmarked struct {
	r       io.Reader
	started bool
}

func (u *unmarked) Read(p []byte) (int, error) {
	if u.started || len(p) < 3 {
		return u.r.Read(p)
	}
	u.started = true
	n, err := io.ReadAtLeast(u.r, p, 3)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	if bytes.HasPrefix(p[:n], []byte("\xef\xbb\xbf")) {
		n = copy(p, p[3:n])
	}
	return n, err
}

// carriage turns the line ends of old Macintosh text into line feeds.
type carriage struct{ r io.Reader }

func (c carriage) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i := range p[:n] {
		if p[i] == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// counter counts what has been read of the file itself.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// delimiters in the order in which they are believed when several fit alike.
const delimiters = "\t;,|^"

// guessDelimiter picks the delimiter that divides most rows into one and the same number of cells, more than one.
func guessDelimiter(text []byte, name string, cut bool) byte {
	best, bestScore := byte(','), 0.0
	for i := 0; i < len(delimiters); i++ {
		d := delimiters[i]
		if bytes.IndexByte(text, d) < 0 {
			continue
		}
		r := newReader(bytes.NewReader(text), d)
		rows, counts := 0, map[int]int{}
		for rows < 200 {
			cells, err := r.Next()
			if err != nil {
				break
			}
			if len(cells) == 1 && cells[0] == "" || cut && r.atEnd() {
				continue
			}
			rows++
			counts[len(cells)]++
		}
		for n, c := range counts {
			if n < 2 {
				continue
			}
			score := float64(c) / float64(rows) * (1 + min(float64(n), 12)/12)
			if d == '\t' && strings.HasSuffix(strings.ToLower(name), ".tsv") {
				score *= 1.5
			}
			if score > bestScore+1e-9 {
				best, bestScore = d, score
			}
		}
	}
	return best
}

// reader divides text into rows.
type reader struct {
	src    io.Reader
	source *counter
	total  int64
	delim  byte

	buf        []byte
	start, end int // unread part of buf
	eof        bool
	err        error
	line, next int // line of the last row, and of the next
	text       []byte
	cells      []string
	ends       []int
	stray      int // quotes that never closed
}

func newReader(src io.Reader, delim byte) *reader {
	return &reader{src: src, delim: delim, buf: make([]byte, 128<<10), next: 1}
}

func (r *reader) Line() int { return r.line }
func (r *reader) Progress() (int64, int64) {
	if r.source == nil {
		return 0, 0
	}
	return r.source.n, r.total
}
func (r *reader) Close() error { return nil }
func (r *reader) atEnd() bool  { return r.eof && r.start == r.end }

// fill reads more of the row that begins at start. It returns false at the end of the text or beyond the bound.
func (r *reader) fill() bool {
	if r.eof || r.err != nil {
		return false
	}
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.end -= r.start
		r.start = 0
	}
	if r.end == len(r.buf) {
		if len(r.buf) >= intake.MaxRowBytes {
			return false
		}
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		if err == io.EOF {
			r.eof = true
		} else if err != nil {
			r.err = fmt.Errorf("line %d: read: %w", r.next, err)
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	r.err = io.ErrNoProgress
	return false
}

// Next returns the next row. An empty line is a row of one empty cell.
func (r *reader) Next() ([]string, error) {
	row, err := r.rowBytes()
	if err != nil {
		return nil, err
	}
	return r.divide(row)
}

// rowBytes returns the bytes of the next row without its line end, and moves past it.
func (r *reader) rowBytes() ([]byte, error) {
	r.line = r.next
	from := 0 // where to look for the line end, from start
	for {
		i := bytes.IndexByte(r.buf[r.start+from:r.end], '\n')
		if i < 0 {
			held := r.end - r.start
			if r.fill() {
				from = held
				continue
			}
			if r.err != nil {
				return nil, r.err
			}
			if !r.eof {
				return nil, fmt.Errorf("line %d has no end within %d MiB, so this is not a table in text; check the delimiter and line ends or export it as XLSX: %w", r.line, intake.MaxRowBytes>>20, fault.Invalid)
			}
			if held == 0 || held == 1 && r.buf[r.start] == 0x1a { // Control-Z, the end of a DOS text
				r.start = r.end
				return nil, io.EOF
			}
			return r.take(held, held), nil
		}
		n := from + i
		row := r.buf[r.start : r.start+n]
		if bytes.IndexByte(row, '"') < 0 || r.stray > strayQuotes || !r.openQuote(row) {
			return r.take(n, n+1), nil
		}
		if whole, skip, ok := r.quotedRow(); ok {
			return r.take(whole, skip), nil
		}
		if r.err != nil {
			return nil, r.err
		}
		r.stray++
		n = bytes.IndexByte(r.buf[r.start:r.end], '\n') // the quote never closes: it is a mark of inches
		if n < 0 {
			n = r.end - r.start
			return r.take(n, n), nil
		}
		return r.take(n, n+1), nil
	}
}

// take cuts n bytes of text off the front and moves past skip.
func (r *reader) take(n, skip int) []byte {
	row := r.buf[r.start : r.start+n]
	r.next += bytes.Count(r.buf[r.start:r.start+skip], []byte{'\n'})
	r.start += skip
	return bytes.TrimSuffix(row, []byte{'\r'})
}

// openQuote says whether a quoted cell is still open at the end of row.
func (r *reader) openQuote(row []byte) bool {
	open, atStart := false, true
	for i := 0; i < len(row); i++ {
		c := row[i]
		switch {
		case open:
			if c != '"' {
				continue
			}
			if i+1 < len(row) && row[i+1] == '"' {
				i++
			} else if i+1 == len(row) || row[i+1] == r.delim || row[i+1] == '\r' {
				open = false
			}
		case c == '"' && atStart:
			open, atStart = true, false
		default:
			atStart = c == r.delim || atStart && c == ' ' && r.delim != ' '
		}
	}
	return open
}

// quotedLines is how many lines a quoted cell may have before its quote is taken for a stray one: longer notes than
// this were not seen, and a stray quote would swallow that many rows.
const quotedLines = 500

// strayQuotes is how many such quotes show that a file does not quote at all; looking for their ends is then in vain.
const strayQuotes = 100

// quotedRow finds the end of a row whose quoted cells hold line ends. ok is false when a quote never closes.
func (r *reader) quotedRow() (n, skip int, ok bool) {
	open, atStart, lines := false, true, 0
	for i := 0; ; i++ {
		if r.start+i >= r.end {
			if !r.fill() {
				return i, i, r.eof && !open && r.err == nil
			}
		}
		c := r.buf[r.start+i]
		switch {
		case open && c == '"':
			if r.start+i+1 >= r.end && !r.fill() {
				return i + 1, i + 1, r.eof && r.err == nil
			}
			switch next := r.buf[r.start+i+1]; {
			case next == '"':
				i++
			case next == r.delim, next == '\n', next == '\r':
				open = false
			}
		case open:
			if c == '\n' {
				if lines++; lines > quotedLines {
					return 0, 0, false
				}
			}
		case c == '\n':
			return i, i + 1, true
		case c == '"' && atStart:
			open, atStart = true, false
		default:
			atStart = c == r.delim || atStart && c == ' ' && r.delim != ' '
		}
	}
}

// divide cuts a row into cells. All cells of a row share one string, so a row costs one allocation.
func (r *reader) divide(row []byte) ([]string, error) {
	text, gap := row, 1 // the delimiter between cells, which unquoted text no longer has
	r.ends = r.ends[:0]
	if bytes.IndexByte(row, '"') >= 0 || bytes.IndexByte(row, 0) >= 0 {
		text, gap = r.unquote(row), 0
	} else {
		for from := 0; ; {
			i := bytes.IndexByte(row[from:], r.delim)
			if i < 0 {
				break
			}
			r.ends = append(r.ends, from+i)
			from += i + 1
		}
		r.ends = append(r.ends, len(row))
	}
	if len(r.ends) > intake.MaxColumns {
		return nil, fmt.Errorf("line %d has %d cells, more than the %d a table may have; check the delimiter (%q was used): %w", r.line, len(r.ends), intake.MaxColumns, r.delim, fault.Invalid)
	}
	if !utf8.Valid(text) {
		return r.western(text, gap), nil
	}
	s := string(text)
	r.cells = r.cells[:0]
	from := 0
	for _, end := range r.ends {
		r.cells = append(r.cells, s[from:end])
		from = end + gap
	}
	return r.cells, nil
}

// unquote writes the cells of row without quotes, delimiters and zero bytes into r.text.
func (r *reader) unquote(row []byte) []byte {
	r.text = r.text[:0]
	for i := 0; i <= len(row); i++ {
		j := i
		for j < len(row) && row[j] == ' ' && r.delim != ' ' {
			j++
		}
		if j < len(row) && row[j] == '"' {
			if end, ok := r.quotedCell(row, j+1); ok {
				r.ends = append(r.ends, len(r.text))
				i = end
				continue
			}
		}
		for ; i < len(row) && row[i] != r.delim; i++ {
			if row[i] != 0 {
				r.text = append(r.text, row[i])
			}
		}
		r.ends = append(r.ends, len(r.text))
	}
	return r.text
}

// quotedCell writes the cell whose text begins at i, after the quote, and returns where the delimiter after it is. A
// quote inside that is neither doubled nor before a delimiter stands for itself.
func (r *reader) quotedCell(row []byte, i int) (end int, ok bool) {
	keep := len(r.text)
	for ; i < len(row); i++ {
		c := row[i]
		if c == '"' {
			switch {
			case i+1 == len(row) || row[i+1] == r.delim:
				return i + 1, true
			case row[i+1] == '"':
				i++
			}
		}
		if c != 0 && !(c == '\r' && i+1 < len(row) && row[i+1] == '\n') {
			r.text = append(r.text, c)
		}
	}
	r.text = r.text[:keep]
	return 0, false
}

// high are the runes of bytes 0x80 to 0x9f in Windows-1252.
const high = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

// western reads a row that is not UTF-8 as Windows-1252.
func (r *reader) western(text []byte, gap int) []string {
	table := [32]rune{}
	i := 0
	for _, c := range high {
		table[i] = c
		i++
	}
	var b strings.Builder
	b.Grow(len(text) + len(text)/4)
	ends := make([]int, 0, len(r.ends))
	from := 0
	for _, end := range r.ends {
		for _, c := range text[from:end] {
			switch {
			case c < 0x80:
				b.WriteByte(c)
			case c < 0xa0:
				b.WriteRune(table[c-0x80])
			default:
				b.WriteRune(rune(c))
			}
		}
		ends = append(ends, b.Len())
		from = end + gap
	}
	s := b.String()
	r.cells = r.cells[:0]
	from = 0
	for _, end := range ends {
		r.cells = append(r.cells, s[from:end])
		from = end
	}
	return r.cells
}
