// Package xlsx reads workbooks of Excel 2007 and later by a streaming scan of their own XML, several times faster than
// a general library and in bounded memory. It decides what text a cell shows, dates and padded numbers included; what
// the text means is intake's. UTF-16 parts and encrypted workbooks are refused with the mend.
package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"
	"unicode/utf16"

	"pons/fault"
	"pons/intake"
)

// Limits against archives made to exhaust a server. Workbooks of a million rows by twenty columns stay below them: they
// unpack at 10 to 40 to 1.
const (
	maxEntries = 10_000
	maxRatio   = 250       // unpacked to packed, looked at beyond freeBytes; deflate itself ends at 1,032
	freeBytes  = 64 << 20  // unpacked bytes of a part that are read whatever the ratio
	maxPart    = 16 << 30  // unpacked bytes of a sheet
	maxStrings = 512 << 20 // text of all shared strings
	maxSmall   = 32 << 20  // unpacked bytes of styles, relations and the workbook part
)

// Format is an Excel workbook.
func Format() intake.Format {
	return intake.Format{
		Name:  "xlsx",
		Doc:   "Excel workbook (.xlsx, .xlsm), the sheet that looks most like an inventory unless one is named",
		Sniff: sniff,
		Open:  open,
	}
}

var ole = []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1} // [MS-CFB] §2.2

func sniff(_ string, head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) || bytes.HasPrefix(head, ole)
}

type book struct {
	parts    map[string]*zip.File
	sheets   []sheet
	date1904 bool
	formats  []format // by cell style

	once    sync.Once
	strings *sharedStrings
	err     error
}

type sheet struct{ name, part string }

func open(f intake.File, _ intake.Choice) (intake.Book, error) {
	magic := make([]byte, 8)
	if _, err := f.Data.ReadAt(magic, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read: %w", err)
	}
	if bytes.Equal(magic, ole) {
		return nil, compound(f)
	}
	z, err := zip.NewReader(f.Data, f.Size)
	if err != nil {
		return nil, fmt.Errorf("the workbook is cut off or damaged (%v); save or download it again: %w", err, fault.Invalid)
	}
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("the archive has %d parts, no workbook has: %w", len(z.File), fault.Invalid)
	}
	b := &book{parts: map[string]*zip.File{}}
	for _, part := range z.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(part.Name, `\`, "/"), "/"))
		b.parts[name] = part
		if part.Flags&1 != 0 {
			return nil, fmt.Errorf("the archive is protected by a password; save the workbook without one: %w", fault.Invalid)
		}
	}
	if err := b.readWorkbook(); err != nil {
		return nil, err
	}
	return b, nil
}

// compound explains a file in Microsoft's compound format: an old workbook, or a new one inside encryption. The names
// of its streams stand as UTF-16 in the directory ([MS-CFB] §2.6.1, [MS-OFFCRYPTO] §2.3).
func compound(f intake.File) error {
	head := make([]byte, 512)
	var dir []byte
	if _, err := f.Data.ReadAt(head, 0); err == nil {
		shift := binary.LittleEndian.Uint16(head[30:])
		start := binary.LittleEndian.Uint32(head[48:])
		if shift == 9 || shift == 12 {
			dir = make([]byte, 16<<10)
			n, _ := f.Data.ReadAt(dir, (int64(start)+1)<<shift)
			dir = dir[:n]
		}
	}
	has := func(name string) bool {
		var wide []byte
		for _, u := range utf16.Encode([]rune(name)) {
			wide = binary.LittleEndian.AppendUint16(wide, u)
		}
		return bytes.Contains(dir, wide)
	}
	switch {
	case has("EncryptedPackage") || has("EncryptionInfo"):
		return fmt.Errorf("the workbook is protected by a password; open it in Excel, take the password off (File, Info, Protect Workbook, Encrypt with Password, leave it empty) and save it again: %w", fault.Invalid)
	case has("Workbook") || has("Book"):
		return fmt.Errorf("this is an Excel 97–2003 workbook (.xls); open it in Excel or LibreOffice and save it as .xlsx: %w", fault.Invalid)
	}
	return fmt.Errorf("this is an old Office file or one protected by a password; save it as .xlsx without a password: %w", fault.Invalid)
}

func (b *book) Sheets() []string {
	var out []string
	for _, s := range b.sheets {
		out = append(out, s.name)
	}
	return out
}

// readWorkbook reads the list of sheets, the date system and the styles.
func (b *book) readWorkbook() error {
	main := "xl/workbook.xml"
	if b.parts[main] == nil {
		if rels, err := b.relations("_rels/.rels", ""); err == nil {
			for _, r := range rels {
				if strings.HasSuffix(r.kind, "/officeDocument") {
					main = r.target
				}
			}
		}
	}
	if b.parts[main] == nil {
		switch {
		case b.parts["xl/workbook.bin"] != nil:
			return fmt.Errorf("this is a binary workbook (.xlsb); save it as .xlsx: %w", fault.Invalid)
		case b.parts["content.xml"] != nil:
			return fmt.Errorf("this is an OpenDocument file; save it as .xlsx or CSV: %w", fault.Invalid)
		case b.parts["word/document.xml"] != nil:
			return fmt.Errorf("this is a Word document; ask for the list as CSV or XLSX: %w", fault.Invalid)
		}
		return fmt.Errorf("this is an archive but no workbook; unpack it and import the files in it: %w", fault.Invalid)
	}
	dir := path.Dir(main)
	rels, err := b.relations(path.Join(dir, "_rels", path.Base(main)+".rels"), dir)
	if err != nil {
		return err
	}
	targets := map[string]string{}
	styles := ""
	for _, r := range rels {
		targets[r.id] = r.target
		switch {
		case strings.HasSuffix(r.kind, "/styles"):
			styles = r.target
		case strings.HasSuffix(r.kind, "/sharedStrings"):
			targets["\x00strings"] = r.target
		}
	}
	if p := targets["\x00strings"]; p != "" {
		b.parts["\x00strings"] = b.parts[p]
	}
	if err := b.sheetList(main, targets); err != nil {
		return err
	}
	if styles != "" && b.parts[styles] != nil {
		return b.readStyles(styles)
	}
	return nil
}

func (b *book) sheetList(main string, targets map[string]string) error {
	var hidden []sheet
	err := b.small(main, func(s *scanner) error {
		for s.next() {
			if s.closing {
				continue
			}
			switch string(s.name) {
			case "workbookPr":
				v := s.attr("date1904")
				b.date1904 = v == "1" || v == "true"
			case "sheet":
				one := sheet{s.attr("name"), targets[s.attr("id")]}
				if b.parts[one.part] == nil || !strings.Contains(one.part, "worksheet") && strings.Contains(one.part, "sheets/") { // chart and dialog sheets
					continue
				}
				if st := s.attr("state"); st == "hidden" || st == "veryHidden" {
					hidden = append(hidden, one)
				} else {
					b.sheets = append(b.sheets, one)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(b.sheets) == 0 {
		b.sheets = hidden
	}
	if len(b.sheets) == 0 {
		return fmt.Errorf("the workbook has no sheet with cells: %w", fault.Invalid)
	}
	return nil
}

type relation struct{ id, kind, target string }

func (b *book) relations(part, dir string) ([]relation, error) {
	var out []relation
	if b.parts[strings.ToLower(part)] == nil {
		return nil, nil
	}
	err := b.small(strings.ToLower(part), func(s *scanner) error {
		for s.next() {
			if s.closing || string(s.name) != "Relationship" {
				continue
			}
			t := s.attr("Target")
			if strings.HasPrefix(t, "/") {
				t = t[1:]
			} else {
				t = path.Join(dir, t)
			}
			out = append(out, relation{s.attr("Id"), s.attr("Type"), strings.ToLower(t)})
		}
		return nil
	})
	return out, err
}

// small scans one of the short parts.
func (b *book) small(part string, do func(*scanner) error) error {
	r, err := b.open(part)
	if err != nil {
		return err
	}
	defer r.Close()
	r.limit = maxSmall
	s := newScanner(r)
	if err := do(s); err != nil {
		return err
	}
	return s.failed(part)
}

// part is an unpacking stream that keeps the limits.
type part struct {
	io.ReadCloser
	name          string
	packed        int64
	unpacked      int64
	limit         int64
	unpackedTotal int64
}

func (b *book) open(name string) (*part, error) {
	f := b.parts[name]
	if f == nil {
		return nil, fmt.Errorf("the workbook lacks its part %s; save it again: %w", name, fault.Invalid)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("part %s: %v; save the workbook again: %w", f.Name, err, fault.Invalid)
	}
	return &part{ReadCloser: r, name: f.Name, packed: int64(f.CompressedSize64), limit: maxPart, unpackedTotal: int64(f.UncompressedSize64)}, nil
}

func (p *part) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	p.unpacked += int64(n)
	if p.unpacked > p.limit {
		return 0, fmt.Errorf("part %s unpacks to more than %d MiB; this is no honest workbook: %w", p.name, p.limit>>20, fault.Invalid)
	}
	if p.unpacked > freeBytes && p.unpacked/maxRatio > p.packed {
		return 0, fmt.Errorf("part %s unpacks to more than %d times its size (a zip bomb?); save it again with the empty rows deleted: %w", p.name, maxRatio, fault.Invalid)
	}
	if err != nil && err != io.EOF && !errors.Is(err, fault.Invalid) {
		err = fmt.Errorf("part %s is damaged (%v); save or download the workbook again: %w", p.name, err, fault.Invalid)
	}
	return n, err
}
