// Package workbook is the plan as a spreadsheet that computes: every input of the plan in a cell that may be changed,
// and every figure of the projection as a formula over those cells, so that somebody without Pons can turn a ratio, a
// salary or a growth rate and see what follows. Write makes it, Read brings it back after people edited it. It decides
// how a plan is laid out in sheets and how the arithmetic of package plan reads as formulas; what the arithmetic is,
// what a plan may say and what is wrong with one is decided by package plan.
//
// The formulas keep to functions that Excel 2010 and LibreOffice have had since, bar TEXTJOIN (Excel 2019). Names are
// compared as package plan does, without case and doubled spaces, and never through functions that read wildcards.
package workbook

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"pons/fault"
	"pons/plan"
)

// The rows of every sheet that holds a list: title, one sentence, units, names of the columns, entries.
const (
	unitRow   = 3
	headerRow = 4
	firstRow  = 5
)

// spareRows is how many empty lines with formulas follow a list, so that a line that is added there counts at once.
const spareRows = 15

// book is a workbook in the making.
type book struct {
	f      *excelize.File
	p      *plan.Plan
	out    *plan.Projection
	tree   map[string]any
	sheets []*sheet
	rows   map[string]int               // rows of a sheet with spare ones
	at     map[string]map[string]string // letters of the columns: sheet, then key and year
	styles map[string]int               // made so far
	given  map[string][]map[string]any  // entries of a sheet
	owner  map[string]map[int]string    // of nested lists: the name of what holds the entry
	names  map[string]string            // cells of the settings, by key
	levels int                          // columns that say what holds a class
	agents int                          // rows of the table of agents
	desks  map[int]int                  // row of Coverage → place in the table of agents
	err    error                        // the first that a small step met
}

// Write writes the plan as a workbook whose formulas compute the projection out, which is p.Project() and may carry
// percentiles; those are written as the values that they are. It wraps fault.Invalid when a name cannot stand in a
// workbook.
func Write(w io.Writer, p *plan.Plan, out *plan.Projection) error {
	if err := nameable(p); err != nil {
		return err
	}
	tree, err := treeOf(p)
	if err != nil {
		return err
	}
	b := &book{f: excelize.NewFile(), p: p, out: out, tree: tree, sheets: sheets(), rows: map[string]int{}, at: map[string]map[string]string{},
		styles: map[string]int{}, given: map[string][]map[string]any{}, owner: map[string]map[int]string{}, names: map[string]string{}, desks: map[int]int{}}
	defer b.f.Close()
	b.lay()
	b.readme()
	b.settings()
	for _, s := range b.sheets {
		b.list(s)
	}
	b.erlang()
	b.drivers()
	b.projection()
	b.totals()
	b.charts()
	b.percentiles()
	b.defaults()
	b.finish()
	if b.err != nil {
		return fmt.Errorf("workbook: %w", b.err)
	}
	// No cell says what its formula comes to: programs that open the workbook compute all of it, and none shows a figure
	// that it did not compute (LibreOffice believes what a file says its formulas came to).
	return b.f.Write(w)
}

// nameable refuses what the workbook could not tell apart: it parts the names in one cell with semicolons.
func nameable(p *plan.Plan) error {
	for i := range p.Classes {
		if strings.Contains(p.Classes[i].Name, ";") {
			return fmt.Errorf("classes[%d].name: %q holds a semicolon, with which the workbook parts names: rename it: %w", i, p.Classes[i].Name, fault.Invalid)
		}
	}
	for i := range p.Roles {
		if strings.Contains(p.Roles[i].Name, ";") {
			return fmt.Errorf("roles[%d].name: %q holds a semicolon, with which the workbook parts names: rename it: %w", i, p.Roles[i].Name, fault.Invalid)
		}
	}
	return nil
}

// treeOf is the plan as its file has it: names and values, without Go's types.
func treeOf(p *plan.Plan) (map[string]any, error) {
	doc, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("workbook: %w", err)
	}
	d := json.NewDecoder(strings.NewReader(string(doc)))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("workbook: %w", err)
	}
	return tree, nil
}

// do keeps the first error.
func (b *book) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

// lay decides where everything stands, before any formula points at it.
func (b *book) lay() {
	for _, s := range b.sheets {
		b.given[s.name], b.owner[s.name] = s.entries(b.tree)
		b.rows[s.name] = len(b.given[s.name]) + s.spare
		if b.rows[s.name] == 0 {
			b.rows[s.name] = 1
		}
		letters, n := map[string]string{}, 0
		for _, f := range s.fields {
			times := 1
			if f.years {
				times = b.years()
			}
			for y := range times {
				n++
				letters[keyOf(f, y)] = letter(n)
			}
		}
		b.at[s.name] = letters
	}
	b.levels = levels(b.p)
	for i := range b.p.Coverage {
		if k := &b.p.Coverage[i]; k.CallsPerHour > 0 && k.ServiceLevel != nil {
			b.desks[firstRow+i] = len(b.desks)
			n, err := plan.AgentsFor(k.CallsPerHour, k.HandleMinutes, *k.ServiceLevel, k.MaxOccupancy)
			b.do(err)
			b.agents = max(b.agents, min(2*n+30, 4000))
		}
	}
	for i, name := range []string{sheetReadMe, sheetPlan, sheetBaseline, sheetGrowth, sheetPipeline, sheetRoles, sheetHires, sheetRatios, sheetWorkload, sheetCoverage,
		sheetContracts, sheetCosts, sheetProjection, sheetTotals, sheetCharts, sheetAssumptions, sheetCosr, sheetCounted, sheetDrivers} {
		if i == 0 {
			b.do(b.f.SetSheetName("Sheet1", name))
			continue
		}
		_, err := b.f.NewSheet(name)
		b.do(err)
	}
}

func (b *book) years() int { return b.p.Horizon + 1 }

func keyOf(f field, year int) string {
	if f.years {
		return fmt.Sprintf("%s#%d", f.key, year)
	}
	return f.key
}

func letter(column int) string {
	name, err := excelize.ColumnNumberToName(column)
	if err != nil {
		panic(err) // the widest sheet, 500 roles twice, is far from the 16,384 columns there are
	}
	return name
}

// place is where a formula stands: it speaks of cells by what they hold.
type place struct {
	b     *book
	sheet string
	row   int
	year  int // after the base year
}

// v is a cell of the same row.
func (h place) v(key string) string { return "$" + h.letter(h.sheet, key) + fmt.Sprint(h.row) }

// of is the cell of another sheet in the same row: sheets that hold more about the same entries keep their order.
func (h place) of(sheet, key string) string {
	return sheet + "!$" + h.letter(sheet, key) + fmt.Sprint(h.row)
}

// col is a whole column, spare lines too; of columns by year that of the formula's year.
func (h place) col(sheet, key string) string {
	l := h.letter(sheet, key)
	return fmt.Sprintf("%s!$%s$%d:$%s$%d", sheet, l, firstRow, l, firstRow+h.b.rows[sheet]-1)
}

// now is the year of the column, from its header.
func (h place) now(key string) string { return h.letter(h.sheet, key) + "$" + fmt.Sprint(headerRow) }

func (h place) letter(sheet, key string) string {
	letters := h.b.at[sheet]
	if l, ok := letters[key]; ok {
		return l
	}
	if l, ok := letters[fmt.Sprintf("%s#%d", key, h.year)]; ok {
		return l
	}
	panic("workbook: no column " + key + " in " + sheet)
}

// same compares two names as package plan does; a and b are cells or columns.
func same(a, b string) string { return "(LOWER(TRIM(" + a + "))=LOWER(TRIM(" + b + ")))" }

// power is (1 + rate) to the years since the base year.
func power(rate, year string) string { return "(1+" + rate + ")^(" + year + "-base_year)" }
