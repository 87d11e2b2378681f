package web

import (
	"bufio"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"pons/fault"
	"pons/inventory"
)

// rowPage is how many rows of a report a page shows.
const rowPage = 50

// outcomes are the tabs of a report, in their order.
func outcomes() []inventory.Outcome {
	return []inventory.Outcome{inventory.Created, inventory.Updated, inventory.Unchanged, inventory.InConflict, inventory.Rejected}
}

func outcomeTitle(o inventory.Outcome) string {
	switch o {
	case inventory.Created:
		return "Created"
	case inventory.Updated:
		return "Updated"
	case inventory.Unchanged:
		return "Unchanged"
	case inventory.InConflict:
		return "Conflict"
	case inventory.Rejected:
		return "Rejected"
	case inventory.Missing:
		return "No longer in the source"
	}
	return string(o)
}

// outcomeCount is what a run's report counts under an outcome.
func outcomeCount(r inventory.Run, o inventory.Outcome) int {
	switch o {
	case inventory.Created:
		return r.Created
	case inventory.Updated:
		return r.Updated
	case inventory.Unchanged:
		return r.Unchanged
	case inventory.InConflict:
		return r.Conflict
	case inventory.Rejected:
		return r.Rejected
	case inventory.Missing:
		return r.Absent
	}
	return 0
}

// rowFiles keeps the rows of a dry run on disk, so that a million of them take no memory: for each outcome one file of
// JSON lines, and one of the places at which pages begin (eight bytes each).
type rowFiles struct {
	dir string
	of  map[inventory.Outcome]*rowFile
	err error // the first; what comes after it is lost
}

type rowFile struct {
	rows, pages *bufio.Writer
	files       [2]*os.File
	n           int
	at          uint64
}

// newRowFiles begins anew what lay in the folder.
func newRowFiles(dir string) (*rowFiles, error) {
	w := &rowFiles{dir: dir, of: map[inventory.Outcome]*rowFile{}}
	for _, o := range outcomes() {
		f := &rowFile{}
		for i, kind := range []string{"rows", "pages"} {
			file, err := os.OpenFile(rowPath(dir, o, kind), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
			if err != nil {
				return nil, errors.Join(diskFull(err), w.close())
			}
			f.files[i] = file
		}
		f.rows, f.pages = bufio.NewWriterSize(f.files[0], 1<<16), bufio.NewWriter(f.files[1])
		w.of[o] = f
	}
	return w, nil
}

func rowPath(dir string, o inventory.Outcome, kind string) string {
	return filepath.Join(dir, string(o)+"."+kind)
}

// add keeps a row; it is inventory.Import's Each.
func (w *rowFiles) add(r inventory.RowResult) {
	f := w.of[r.Outcome]
	if f == nil || w.err != nil {
		return
	}
	text, err := json.Marshal(r)
	if err == nil && f.n%rowPage == 0 {
		err = binary.Write(f.pages, binary.LittleEndian, f.at)
	}
	if err == nil {
		_, err = f.rows.Write(append(text, '\n'))
	}
	f.n++
	f.at += uint64(len(text)) + 1
	w.err = err
}

func (w *rowFiles) close() error {
	err := w.err
	for _, f := range w.of {
		err = errors.Join(err, f.rows.Flush(), f.pages.Flush(), f.files[0].Close(), f.files[1].Close())
	}
	return diskFull(err)
}

// readRowPage reads the rows of one page, the first being 0.
func readRowPage(dir string, o inventory.Outcome, page int) ([]inventory.RowResult, error) {
	pages, err := os.Open(rowPath(dir, o, "pages"))
	if err != nil {
		return nil, err
	}
	defer pages.Close()
	var at [8]byte
	if _, err := pages.ReadAt(at[:], int64(page)*8); err == io.EOF {
		if page == 0 {
			return nil, nil
		}
		return nil, fmt.Errorf("the report has no page %d: %w", page+1, fault.NotFound)
	} else if err != nil {
		return nil, err
	}
	f, err := os.Open(rowPath(dir, o, "rows"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Seek(int64(binary.LittleEndian.Uint64(at[:])), io.SeekStart); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bufio.NewReader(f))
	var out []inventory.RowResult
	for range rowPage {
		var r inventory.RowResult
		if err := d.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// writeRowCSV writes all rows of an outcome.
func writeRowCSV(w io.Writer, dir string, o inventory.Outcome) error {
	f, err := os.Open(rowPath(dir, o, "rows"))
	if err != nil {
		return err
	}
	defer f.Close()
	out := newRowCSV(w)
	d := json.NewDecoder(bufio.NewReaderSize(f, 1<<16))
	for {
		var r inventory.RowResult
		if err := d.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if err := out.add(r); err != nil {
			return err
		}
	}
	return out.end()
}

// rowCSV writes rows of a report; nothing in it is a live formula.
type rowCSV struct{ w *csv.Writer }

func newRowCSV(w io.Writer) rowCSV {
	out := rowCSV{csv.NewWriter(w)}
	out.w.UseCRLF = true
	_ = out.w.Write([]string{"outcome", "file", "row", "key", "device", "name", "because"}) // kept by the writer, told by Error
	return out
}

func (c rowCSV) add(r inventory.RowResult) error {
	row := []string{string(r.Outcome), r.File, strconv.Itoa(r.Row), r.Key, r.Device, r.Name, r.Because}
	for i := range row {
		row[i] = inventory.Inert(row[i])
	}
	return c.w.Write(row)
}

func (c rowCSV) end() error {
	c.w.Flush()
	return c.w.Error()
}
