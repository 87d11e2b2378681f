package web

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"pons/column"
	"pons/fault"
	"pons/inventory"
	"pons/query"
	"pons/sqldb"
)

// sheetRows is how many rows a sheet of a workbook can have (ECMA-376 as Excel has it), less the head.
const sheetRows = 1<<20 - 1

// exportDevices writes every device of the question in the order of the page, in the person's scope, as it is
// read: a million lines take no more memory than a thousand.
func (s *Server) exportDevices(v *Visit) error {
	if ready, _ := s.Index.Ready(); !ready {
		return fmt.Errorf("the inventory is still being read; try again in some seconds: %w", fault.Busy)
	}
	list, table := s.Index.View()
	p := deviceListPage{deviceQuery: readDeviceQuery(v.R.Form, list.Schema()), list: list}
	p.setColumns(v, list.Schema())
	if v.Form("every") != "" {
		p.Columns = p.All
	}
	p.Columns = slices.DeleteFunc(slices.Clone(p.Columns), func(c listColumn) bool { return c.Field < 0 }) // who answers now is not of a file
	ask, err := p.whole(v)
	if err != nil {
		return err
	}
	found, err := table.Find(column.Request{Expr: ask.Expr, Scope: ask.Scope, Now: ask.Now, Limit: 1})
	if err != nil {
		return err
	}
	workbook := strings.HasSuffix(v.R.URL.Path, ".xlsx")
	if workbook && found.Total > sheetRows {
		return fmt.Errorf("a sheet has %s rows at most and %s devices were found; narrow the list or take CSV: %w", Count(sheetRows), Count(found.Total), fault.Invalid)
	}
	ids, err := table.Select(ask)
	if err != nil {
		return err
	}
	kind, write := "csv", p.writeCSV
	h := v.W.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	if workbook {
		kind, write = "xlsx", p.writeXLSX
		h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	}
	h.Set("Content-Disposition", `attachment; filename="devices-`+v.Now.UTC().Format(time.DateOnly)+"."+kind+`"`)
	h.Set("Cache-Control", "no-store")
	out := &counter{w: v.W}
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		return write(out, rowsOf(s.Inventory, tx, ids))
	})
	if err != nil && out.n > 0 {
		if v.Context().Err() == nil {
			s.Log.Error("export broken off", "route", v.route.Pattern, "error", err)
		}
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}
	if err != nil {
		h.Del("Content-Disposition")
	}
	return err
}

// whole is the request for everything that the question finds.
func (p *deviceListPage) whole(v *Visit) (column.Request, error) {
	bounds := v.Scope()
	scope, err := p.list.Within(bounds.Sites, bounds.Departments)
	if err != nil {
		return column.Request{}, err
	}
	expr, err := query.Parse(p.list.Schema(), p.Text)
	var wrong *query.Error
	if errors.As(err, &wrong) {
		return column.Request{}, fmt.Errorf("the question: %w: %w", err, fault.Invalid)
	}
	return column.Request{Expr: expr, Scope: scope, Now: v.Now, Sort: p.order()}, err
}

// rowsOf reads the rows of ids, a thousand at a time. Devices that ceased since the ids were chosen are left out.
func rowsOf(inv *inventory.Inventory, tx *sqldb.Tx, ids iter.Seq[string]) iter.Seq2[*inventory.Row, error] {
	return func(yield func(*inventory.Row, error) bool) {
		part := make([]string, 0, 1000)
		flush := func() bool {
			rows, err := inv.Rows(tx, part)
			part = part[:0]
			if err != nil {
				yield(nil, err)
				return false
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return false
				}
			}
			return true
		}
		for id := range ids {
			if part = append(part, id); len(part) == cap(part) && !flush() {
				return
			}
		}
		if len(part) > 0 {
			flush()
		}
	}
}

// counter knows whether anything was sent yet.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func (p *deviceListPage) writeCSV(w io.Writer, rows iter.Seq2[*inventory.Row, error]) error {
	out := csv.NewWriter(w)
	line := []string{"id"}
	for _, c := range p.Columns {
		line = append(line, c.Key)
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		line[0] = r.ID
		for i, c := range p.Columns {
			line[i+1] = inventory.Inert(p.text(r, c))
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeXLSX writes a workbook of one sheet. Cells hold texts, which no program takes for formulas, except numbers,
// which people add up.
func (p *deviceListPage) writeXLSX(w io.Writer, rows iter.Seq2[*inventory.Row, error]) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	const sheet = "Devices"
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	out, err := book.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	columns := slices.Clone(p.Columns)
	line := make([]any, len(columns)+1)
	line[len(columns)] = excelize.Cell{StyleID: bold, Value: "Pons id"}
	for i, c := range columns {
		line[i] = excelize.Cell{StyleID: bold, Value: c.Title}
	}
	if err := errors.Join(out.SetColWidth(1, len(line), 18), out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}), out.SetRow("A1", line)); err != nil {
		return err
	}
	n := 1
	for r, err := range rows {
		if err != nil {
			return err
		}
		n++
		for i, c := range columns {
			line[i] = cellValue(p.text(r, c), c.Numeric)
		}
		line[len(columns)] = r.ID
		if err := out.SetRow("A"+strconv.Itoa(n), line); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}

// cellValue is a number where the field holds numbers ("27948.00", "27948.00 USD" stays a text), else the text.
func cellValue(text string, numeric bool) any {
	if numeric {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	}
	return text
}
