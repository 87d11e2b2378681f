package workbook

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// formats are the number formats of the kinds. Names and text keep the format of text, so that a name that begins with
// = + - or @ stays a name when somebody edits its cell.
var formats = map[kind]string{
	text: "@", names: "@", yes: "@", month: "@", year: "0",
	number: "#,##0.####", whole: "#,##0", rate: "0.0##%", money: "#,##0.00", fte: "#,##0.00##",
}

// style makes the look of a cell once: inputs are blue on yellow and unlocked, formulas black and locked.
func (b *book) style(k kind, input, bold bool) int {
	key := fmt.Sprint(k, input, bold)
	if id, ok := b.styles[key]; ok {
		return id
	}
	format := formats[k]
	if !input && k == text {
		format = "General"
	}
	s := &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11, Bold: bold}, CustomNumFmt: &format, Protection: &excelize.Protection{Locked: !input}}
	if input {
		s.Font.Color = "1F3A93"
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFF9E0"}}
		s.Border = []excelize.Border{{Type: "bottom", Style: 4, Color: "D9CFA0"}, {Type: "right", Style: 4, Color: "D9CFA0"}}
	}
	if k == names || k == text {
		s.Alignment = &excelize.Alignment{Vertical: "top", WrapText: k == names, Indent: 1}
	}
	return b.keep(key, s)
}

func (b *book) keep(key string, s *excelize.Style) int {
	if id, ok := b.styles[key]; ok {
		return id
	}
	id, err := b.f.NewStyle(s)
	b.do(err)
	b.styles[key] = id
	return id
}

func (b *book) heading(input bool) int {
	color := "44546A"
	if input {
		color = "1F3A93"
	}
	return b.keep("heading"+color, &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11, Bold: true, Color: "FFFFFF"},
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}, Protection: &excelize.Protection{Locked: true}})
}

// unitStyle keeps the names of the columns as they are while their headers are years.
func (b *book) unitStyle() int {
	return b.keep("unit", &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 9, Italic: true, Color: "595959"}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "bottom"}, Protection: &excelize.Protection{Locked: true}})
}

func cellAt(column string, row int) string { return fmt.Sprint(column, row) }

// put writes a value and its look. Text is written as text, whatever it begins with.
func (b *book) put(sheet, cell string, v any, style int) {
	switch t := v.(type) {
	case nil:
	case string:
		b.do(b.f.SetCellStr(sheet, cell, t))
	case json.Number:
		f, err := t.Float64()
		b.do(err)
		b.do(b.f.SetCellFloat(sheet, cell, f, -1, 64))
	case float64:
		b.do(b.f.SetCellFloat(sheet, cell, t, -1, 64))
	case int:
		b.do(b.f.SetCellInt(sheet, cell, int64(t)))
	default:
		b.do(fmt.Errorf("%s!%s: no cell holds a %T", sheet, cell, v))
	}
	b.do(b.f.SetCellStyle(sheet, cell, cell, style))
}

func (b *book) formula(sheet, cell, formula string, style int) {
	b.do(b.f.SetCellFormula(sheet, cell, formula))
	b.do(b.f.SetCellStyle(sheet, cell, cell, style))
}

// head writes title and sentence of a sheet, freezes the names of its columns and sets up its print.
func (b *book) head(sheet, about string, frozen int) {
	b.put(sheet, "A1", sheet, b.keep("title", &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 16, Bold: true, Color: "1F3A93"}}))
	b.put(sheet, "A2", about, b.keep("about", &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 10, Color: "595959"}}))
	panes := &excelize.Panes{Freeze: true, XSplit: frozen, YSplit: headerRow, TopLeftCell: cellAt(letter(frozen+1), firstRow), ActivePane: "bottomRight"}
	if frozen == 0 {
		panes.ActivePane = "bottomLeft"
	}
	b.do(b.f.SetPanes(sheet, panes))
}

// paper prints a sheet across one page, a wide one across more, with the names of the columns on every page.
func (b *book) paper(sheet string) {
	rows, err := b.f.GetSheetDimension(sheet)
	b.do(err)
	_, corner, _ := strings.Cut(rows, ":")
	wide, _, _ := excelize.CellNameToCoordinates(corner) // 0 for a sheet of one cell
	b.do(b.f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: ptr("landscape"), Size: ptr(9), FitToWidth: ptr(1 + wide/24), FitToHeight: ptr(0)}))
	b.do(b.f.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{OddFooter: "&L&F&C&A&R&P / &N"}))
	if sheet != sheetReadMe && sheet != sheetPlan && sheet != sheetCharts {
		b.do(b.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("%s!$%d:$%d", sheet, headerRow, headerRow), Scope: sheet}))
	}
}

// list writes a sheet of inputs and the formulas beside them.
func (b *book) list(s *sheet) {
	rows := b.rows[s.name]
	for _, f := range s.fields {
		times := 1
		if f.years {
			times = b.years()
		}
		for y := range times {
			b.column(s, f, y, rows)
		}
	}
	b.head(s.name, s.about, 1)
	b.do(b.f.SetRowHeight(s.name, unitRow, 26))
	b.do(b.f.SetRowHeight(s.name, headerRow, 32))
}

// column writes one column: unit, name, then a cell for each entry.
func (b *book) column(s *sheet, f field, y, rows int) {
	col := b.at[s.name][keyOf(f, y)]
	unit := f.unit
	if f.input() { // a line that is added below the last is an input too
		b.do(b.f.SetColStyle(s.name, col, b.keep("open"+string(f.kind), &excelize.Style{CustomNumFmt: ptr(formats[f.kind]), Protection: &excelize.Protection{Locked: false}})))
	}
	if f.years {
		unit = strings.TrimSuffix(f.title+", "+f.unit, ", ")
		b.formula(s.name, cellAt(col, headerRow), fmt.Sprintf("base_year+%d", y), b.heading(false))
	} else {
		b.put(s.name, cellAt(col, headerRow), f.title, b.heading(f.input()))
	}
	b.put(s.name, cellAt(col, unitRow), unit, b.unitStyle())
	width := f.width
	if width == 0 {
		width = 13
	}
	b.do(b.f.SetColWidth(s.name, col, col, width))
	if f.input() {
		b.validate(s.name, fmt.Sprintf("%s%d:%s%d", col, firstRow, col, firstRow+rows+200), f)
	}
	style := b.style(f.kind, f.input(), false)
	for i := range rows {
		row := firstRow + i
		at := cellAt(col, row)
		switch {
		case f.link != "":
			if i < len(b.given[s.name]) {
				b.formula(s.name, at, fmt.Sprintf("%s!$A$%d", f.link, row), style)
			}
		case f.calc != nil:
			b.formula(s.name, at, f.calc(place{b, s.name, row, y}), style)
		case i < len(b.given[s.name]):
			v, err := b.input(s, f, i)
			b.do(err)
			b.put(s.name, at, v, style)
		default:
			b.put(s.name, at, nil, style)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// input is the value of an entry as its cell shows it.
func (b *book) input(s *sheet, f field, i int) (any, error) {
	if s.within != "" && f.key == s.fields[0].key {
		return b.owner[s.name][i], nil
	}
	entry := b.given[s.name][i]
	if f.key == "ratio.per" || f.key == "ratio.of" {
		return ratioOf(entry, f.key), nil
	}
	return shown(lookup(entry, f.key), f.kind)
}

// shown turns a value of the plan file into that of a cell.
func shown(v any, k kind) (any, error) {
	switch t := v.(type) {
	case nil, string:
		return t, nil
	case bool:
		return map[bool]string{true: "yes", false: "no"}[t], nil
	case json.Number:
		return t, nil
	case []any:
		parts := make([]string, len(t))
		for i := range t {
			parts[i] = fmt.Sprint(t[i])
		}
		return strings.Join(parts, "; "), nil
	case map[string]any:
		return nil, nil
	}
	return nil, fmt.Errorf("no cell of kind %s holds a %T", k, v)
}

// validate lets a spreadsheet refuse what the plan would refuse.
func (b *book) validate(sheet, area string, f field) {
	v := excelize.NewDataValidation(true)
	v.SetSqref(area)
	switch {
	case len(f.words) > 0:
		b.do(v.SetDropList(f.words))
		v.SetError(excelize.DataValidationErrorStyleStop, f.title, "One of: "+strings.Join(f.words, ", "))
	case f.kind == yes:
		b.do(v.SetDropList([]string{"yes", "no"}))
		v.SetError(excelize.DataValidationErrorStyleStop, f.title, "yes or no")
	case f.low < f.high:
		t := excelize.DataValidationTypeDecimal
		if f.kind == whole || f.kind == year {
			t = excelize.DataValidationTypeWhole
		}
		b.do(v.SetRange(plainly(f.low), plainly(f.high), t, excelize.DataValidationOperatorBetween))
		v.SetError(excelize.DataValidationErrorStyleStop, f.title, fmt.Sprintf("A number from %g to %g", f.low, f.high))
	default:
		return
	}
	b.do(b.f.AddDataValidation(sheet, v))
}

// plainly writes a bound without an exponent, as every spreadsheet reads it.
func plainly(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// finish protects the formulas (without a password: against slips, not against people), and makes programs compute
// everything when they open the workbook.
func (b *book) finish() {
	for i, sheet := range b.f.GetSheetList() {
		b.do(b.f.ProtectSheet(sheet, &excelize.SheetProtectionOptions{SelectLockedCells: true, SelectUnlockedCells: true, FormatCells: true, FormatColumns: true, FormatRows: true, AutoFilter: true, Sort: true}))
		b.paper(sheet)
		color := "A6A6A6"
		switch sheet {
		case sheetReadMe:
			color = "44546A"
		case sheetProjection, sheetTotals, sheetCharts, sheetPercentiles:
			color = "2E8B57"
		case sheetDrivers, sheetErlang, sheetDefaults, sheetCounted, sheetCosr:
		default:
			color = "E0A800"
		}
		b.do(b.f.SetSheetProps(sheet, &excelize.SheetPropsOptions{TabColorRGB: &color, FitToPage: ptr(true)}))
		if i == 0 {
			b.f.SetActiveSheet(0)
		}
	}
	b.do(b.f.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: ptr(true)}))
	title := b.p.Name
	if title == "" {
		title = "Resource plan"
	}
	b.do(b.f.SetDocProps(&excelize.DocProperties{Title: title, Creator: "Pons", Description: "Resource plan with living formulas", Created: "2000-01-01T00:00:00Z", Modified: "2000-01-01T00:00:00Z"}))
}
