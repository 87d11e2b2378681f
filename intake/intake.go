// Package intake turns the tables that people already have, spreadsheets and exports, into records of facts. It
// decides which format a file has, where its header is, which rows are data, what each column means and how a cell is
// read; a person may overrule each of these in a Mapping. Reading the bytes of one format is left to the packages
// below it, what a maker's or a model's name means to product, and which device a row is about to inventory.
package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"pons/fault"
)

// Limits that every format keeps, so that a hostile or broken file costs a message and not the memory of the server.
const (
	MaxRowBytes = 4 << 20 // one row; the longest honest ones carry a few pasted notes of 32,767 characters, Excel's limit for a cell
	MaxColumns  = 4096    // a ServiceNow table exported with every field has about 400; Excel ends at 16,384
)

// The sample is what headers, columns and date orders are recognised from.
const (
	sampleRows  = 2000
	sampleBytes = 8 << 20
)

// File is a named run of bytes that can be read more than once. The name is for messages and for the records; only its
// base is kept.
type File struct {
	Name string
	Data io.ReaderAt
	Size int64
}

// Choice is what a person may fix before a file is opened; the zero value lets the content decide.
type Choice struct {
	Sheet     string // of a workbook, or the object type of a JSON file
	Delimiter string // of a text file: one character
	Header    int    // line of the header, or of its lower row where it has two
}

// Format is one way in which tables are written to files.
type Format struct {
	Name, Doc string
	// Delimited says that cells are told apart by separators only, so that one cell too many shifts those after it.
	Delimited bool
	// Sniff says from the name and the first bytes (up to 64 KiB) whether a file has this format.
	Sniff func(name string, head []byte) bool
	// Open reads what is needed to list the sheets. Errors wrap fault.Invalid and name the mend, but not the file.
	Open func(File, Choice) (Book, error)
}

// Book is an opened file: one or more tables.
type Book interface {
	// Sheets lists the visible tables with rows, at least one; a format without sheets has one with an empty name.
	Sheets() []string
	// Rows starts reading a sheet from its top. It may be called again, also while another reading runs.
	Rows(sheet string) (Rows, error)
}

// Rows streams the cells of a sheet.
type Rows interface {
	// Next returns the next row, io.EOF at the end. The slice is valid until the next call, the strings may be kept.
	// Empty rows are returned where the format has them. Errors wrap fault.Invalid and name the place.
	Next() ([]string, error)
	// Line is where the last row began: the line of a text, the row of a sheet, the object of a JSON file, from 1.
	Line() int
	// Progress is how many bytes of how many have been read.
	Progress() (read, total int64)
	Close() error
}

// Progress is how far a reading has come. It may be asked for from another goroutine.
type Progress struct {
	Read, Total int64 // bytes
	Rows        int   // data rows
}

// Table is one sheet of one file, with its header found.
type Table struct {
	File    string // base name
	Format  string
	Sheet   string
	Sheets  []string   // to choose from
	Headers []string   // one a column; a header of two rows is joined ("PM Last"), a column without one is "Column C"
	Sample  [][]string // the first data rows, as written
	Whole   bool       // whether the sample is all there is

	book      Book
	delimited bool
	header    int // chosen line
	layout    layout
	closer    io.Closer
	read      atomic.Int64
	total     atomic.Int64
	rows      atomic.Int64
}

// OpenPath opens the file at path. Close the table when done.
func OpenPath(formats []Format, path string, c Choice) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w: no such file", path, fault.NotFound)
		}
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && st.IsDir() {
		err = fmt.Errorf("%s is a folder; name the files in it: %w", path, fault.Invalid)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	t, err := Open(formats, File{Name: path, Data: f, Size: st.Size()}, c)
	if err != nil {
		f.Close()
		return nil, err
	}
	t.closer = f
	return t, nil
}

// Open picks the format by content, the sheet by how many of its columns are recognised, and finds the header.
func Open(formats []Format, f File, c Choice) (*Table, error) {
	base := filepath.Base(f.Name)
	t, err := open(formats, f, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", base, err)
	}
	t.File = base
	return t, nil
}

func open(formats []Format, f File, c Choice) (*Table, error) {
	if f.Size == 0 {
		return nil, fmt.Errorf("the file is empty; export it again: %w", fault.Invalid)
	}
	head := make([]byte, min(f.Size, 64<<10))
	if n, err := f.Data.ReadAt(head, 0); err != nil && (err != io.EOF || n == 0) {
		return nil, fmt.Errorf("read: %w", err)
	} else {
		head = head[:n]
	}
	if why := foreign(head); why != "" {
		return nil, fmt.Errorf("%s: %w", why, fault.Invalid)
	}
	for _, format := range formats {
		if !format.Sniff(f.Name, head) {
			continue
		}
		book, err := format.Open(f, c)
		if err != nil {
			return nil, err
		}
		return pick(format, book, c)
	}
	var names []string
	for _, format := range formats {
		names = append(names, format.Name)
	}
	return nil, fmt.Errorf("the content is no table that is understood (%s); export it as CSV or XLSX: %w", strings.Join(names, ", "), fault.Invalid)
}

// mostSheets is how many sheets are looked into when none is named.
const mostSheets = 40

// pick opens the named sheet, or the one that looks most like an inventory.
func pick(format Format, book Book, c Choice) (*Table, error) {
	sheets := book.Sheets()
	tryAll := sheets[:min(len(sheets), mostSheets)]
	if c.Sheet != "" {
		tryAll = nil
		for _, s := range sheets {
			if strings.EqualFold(s, c.Sheet) {
				tryAll = []string{s}
			}
		}
		if tryAll == nil {
			return nil, fmt.Errorf("there is no sheet %q; it has %s: %w", c.Sheet, strings.Join(sheets, ", "), fault.Invalid)
		}
	}
	var best *Table
	var bestScore float64
	var firstErr error
	for _, s := range tryAll {
		limit := sampleRows
		if len(tryAll) > 1 {
			limit = 100
		}
		t := &Table{Format: format.Name, Sheet: s, Sheets: sheets, book: book, delimited: format.Delimited, header: c.Header}
		if err := t.sample(limit); err != nil {
			if firstErr == nil {
				firstErr = err
			}
			continue
		}
		if score := t.likeness(); best == nil || score > bestScore {
			best, bestScore = t, score
		}
	}
	if best == nil {
		return nil, firstErr
	}
	if len(tryAll) > 1 {
		if err := best.sample(sampleRows); err != nil {
			return nil, err
		}
	}
	return best, nil
}

// likeness is how much a table looks like an inventory: recognised columns, and rows as the lesser sign.
func (t *Table) likeness() float64 {
	score := 0.0
	for _, h := range t.Headers {
		if m := recognise(h, ""); len(m) > 0 && m[0].attr != attrIgnore {
			score += m[0].confidence
		}
	}
	return score*float64(10+min(len(t.Sample), 20)) + float64(len(t.Sample))/10
}

// Close releases the file when it was opened by OpenPath.
func (t *Table) Close() error {
	if t.closer != nil {
		return t.closer.Close()
	}
	return nil
}

// Progress is how far the current or last reading of the table has come.
func (t *Table) Progress() Progress {
	return Progress{Read: t.read.Load(), Total: t.total.Load(), Rows: int(t.rows.Load())}
}

// foreign names the kinds of file that people drop here by mistake, and what to do instead.
func foreign(head []byte) string {
	trimmed := bytes.ToLower(bytes.TrimLeft(head[:min(len(head), 512)], " \t\r\n\xef\xbb\xbf"))
	for _, kind := range []struct{ magic, why string }{
		{"%pdf", "this is a PDF; ask for the list as CSV or XLSX"},
		{"\x89png", "this is a picture; ask for the list as CSV or XLSX"},
		{"\xff\xd8\xff", "this is a picture; ask for the list as CSV or XLSX"},
		{"\x1f\x8b", "this is a gzip file; unpack it first"},
		{"7z\xbc\xaf", "this is a 7-Zip archive; unpack it first"},
		{"rar!", "this is a RAR archive; unpack it first"},
		{"<html", "this is a web page saved under another name; open it in a spreadsheet program and save it as XLSX or CSV"},
		{"<!doctype html", "this is a web page saved under another name; open it in a spreadsheet program and save it as XLSX or CSV"},
		{"<table", "this is a web page saved under another name; open it in a spreadsheet program and save it as XLSX or CSV"},
		{"<?xml", "this is XML, perhaps an Excel 2003 XML workbook; open it in a spreadsheet program and save it as XLSX or CSV"},
		{"\xd4\xc3\xb2\xa1", "this is a packet capture, not a table; import it as a capture"},
		{"\xa1\xb2\xc3\xd4", "this is a packet capture, not a table; import it as a capture"},
		{"\n\r\r\n", "this is a packet capture, not a table; import it as a capture"},
		{"sqlite format 3", "this is a database; export the table as CSV"},
	} {
		if bytes.HasPrefix(trimmed, []byte(kind.magic)) || bytes.HasPrefix(head, []byte(kind.magic)) {
			return kind.why
		}
	}
	return ""
}
