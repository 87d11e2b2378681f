// Package load makes an import of a file: it decides whether a file is a capture or a table, and with which mapping a
// table is read (the one given, the one its source used last, or a recognised one). The command line and the pages
// both go through it. How tables and captures are read is left to intake and the packages beside it, what becomes of
// the records to inventory.
package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"pons/fact"
	"pons/fault"
	"pons/flow"
	"pons/intake"
	"pons/intake/all"
	"pons/intake/pcap"
	"pons/inventory"
	"pons/sqldb"
)

// WireSource is the source of captures that nobody gave another name.
const WireSource = "wire"

// File is an opened file that somebody wants to bring in.
type File struct {
	Name    string // base name, for messages and records
	Size    int64  // bytes
	Capture bool

	data  *os.File
	table atomic.Pointer[intake.Table] // the one being imported
	read  atomic.Int64                 // bytes of a capture
}

// Open opens the file at path. name is what people call it, where that is not the name on disk; empty is the base of
// the path.
func Open(path, name string) (*File, error) {
	if name == "" {
		name = filepath.Base(path)
	}
	st, err := os.Stat(path)
	switch {
	case err != nil: // said by Open
	case st.IsDir():
		return nil, fmt.Errorf("%s is a folder; name the files in it: %w", path, fault.Invalid)
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file that can be read twice; save it to a file first: %w", path, fault.Invalid)
	}
	data, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%s: no such file: %w", path, fault.NotFound)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%s: may not be read by this user: %w", path, fault.Denied)
	case err != nil:
		return nil, err
	}
	f := &File{Name: name, data: data}
	if st, err = data.Stat(); err != nil {
		data.Close()
		return nil, err
	}
	f.Size = st.Size()
	head := make([]byte, 4096)
	n, _ := data.ReadAt(head, 0) // a short or unreadable file is met again by its reader
	f.Capture = pcap.Sniff(head[:n])
	return f, nil
}

// Close releases the file. Tables of it can no longer be read.
func (f *File) Close() error { return f.data.Close() }

// Table opens the table in the file.
func (f *File) Table(c intake.Choice) (*intake.Table, error) {
	return intake.Open(all.Formats(), intake.File{Name: f.Name, Data: f.data, Size: f.Size}, c)
}

// Fits says whether a table has the columns that a mapping reads.
func Fits(m intake.Mapping, t *intake.Table) bool {
	for _, col := range m.Columns {
		if col.Attr != "" && col.Attr != intake.Ignore && !slices.Contains(t.Headers, col.Header) {
			return false
		}
	}
	return true
}

// Last is the mapping that a source used last; ok is false when it has none that can still be read.
func Last(ctx context.Context, inv *inventory.Inventory, source string) (m intake.Mapping, ok bool, err error) {
	if source == "" {
		return m, false, nil
	}
	var sources []inventory.SourceStatus
	err = inv.DB().View(ctx, func(tx *sqldb.Tx) (err error) {
		sources, err = inv.Sources(tx)
		return err
	})
	if err != nil {
		return m, false, err
	}
	for _, s := range sources {
		if s.Name == source && s.Mapping != "" {
			m, err := intake.LoadMapping(strings.NewReader(s.Mapping))
			return m, err == nil, nil // one written by an older Pons may be no longer right: then it is recognised anew
		}
	}
	return m, false, nil
}

// Known opens the table with a mapping that is known already. fits is false when the file has not its columns; the
// mapping is then a recognised one.
func (f *File) Known(m intake.Mapping, c intake.Choice) (t *intake.Table, used intake.Mapping, fits bool, err error) {
	if c.Sheet == "" {
		c.Sheet = m.Sheet
	}
	if c.Delimiter == "" {
		c.Delimiter = m.Delimiter
	}
	if t, err = f.Table(c); err != nil {
		return nil, m, false, err
	}
	if Fits(m, t) {
		return t, m, true, nil
	}
	return t, intake.Guess(t), false, nil
}

// ImportTable completes an import of a table: its source, its kind, the mapping that is kept with the run, and the
// records.
func (f *File) ImportTable(im inventory.Import, t *intake.Table, m intake.Mapping) (inventory.Import, error) {
	if err := m.Check(); err != nil {
		return im, fmt.Errorf("%s: %w", f.Name, err)
	}
	var text bytes.Buffer
	if err := m.Save(&text); err != nil {
		return im, err
	}
	f.table.Store(t)
	im.File, im.Source, im.Kind, im.Mapping = f.Name, string(m.Source), string(m.Kind), text.String()
	im.Records = t.Records(m, im.At)
	return im, nil
}

// ImportCapture reads the capture and completes an import of it. A damaged one brings what could be read: damage then
// says where it broke, and wraps fault.Invalid. A capture never is the full list of what is on a network.
func (f *File) ImportCapture(ctx context.Context, im inventory.Import) (out inventory.Import, damage, err error) {
	if _, err := f.data.Seek(0, io.SeekStart); err != nil {
		return im, nil, err
	}
	f.read.Store(0)
	got, err := pcap.Read(ctx, f.data, f.Name, f.read.Store)
	if err != nil {
		if !errors.Is(err, fault.Invalid) || len(got.Records) == 0 {
			return im, nil, err
		}
		damage = err
	}
	f.read.Store(f.Size)
	if im.Source == "" {
		im.Source = WireSource
	}
	im.File, im.Kind, im.Whole, im.Mapping = f.Name, WireSource, false, ""
	im.Also = func(tx *sqldb.Tx, run inventory.Run) error { return flow.Apply(tx, trafficOf(run), got.Traffic) }
	im.Records = func(yield func(fact.Record, error) bool) {
		for _, r := range got.Records {
			if !yield(r, nil) {
				return
			}
		}
	}
	return im, damage, nil
}

// trafficOf names the traffic of a capture: what its source heard at one point, in this import.
func trafficOf(run inventory.Run) string {
	return flow.Source(run.Source, strconv.FormatInt(run.ID, 10))
}

// Undo takes an import back, with the traffic that it brought.
func Undo(ctx context.Context, inv *inventory.Inventory, id int64, actor string) (inventory.Run, error) {
	return inv.Undo(ctx, id, actor, func(tx *sqldb.Tx, run inventory.Run) error { return flow.Forget(tx, trafficOf(run)) })
}

// Progress is how far the reading of the file has come. It may be asked for from another goroutine.
func (f *File) Progress() intake.Progress {
	if t := f.table.Load(); t != nil {
		return t.Progress()
	}
	return intake.Progress{Read: f.read.Load(), Total: f.Size}
}
