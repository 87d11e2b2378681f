package workbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"pons/fault"
	"pons/plan"
)

// Bounds of what is read: a plan with the most roles, classes and lines of work that there may be takes 6 MB packed.
const (
	maxFile     = 32 << 20
	maxUnpacked = 256 << 20
	maxRows     = 20_000
)

// Read reads a workbook that Write made and people edited, and gives the plan that its yellow cells say, checked and
// with defaults for what is empty, as plan.Read does. notes say what was filled in, what is doubtful, and what of the
// workbook was not read. Mistakes (fault.Mistakes, wrapping fault.Invalid) name sheet and cell in File: "Roles!C7".
func Read(r io.Reader) (p *plan.Plan, notes []string, err error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("workbook: %w", err)
	}
	if len(raw) > maxFile {
		return nil, nil, fault.Mistakes{{Text: fmt.Sprintf("the workbook is larger than %d MB; a plan is not", maxFile>>20)}}
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return nil, nil, fault.Mistakes{{Text: "this cannot be read as a workbook (.xlsx): " + firstLine(err)}}
	}
	defer f.Close()
	d := &reader{f: f, doc: map[string]any{}, places: map[string]string{}}
	have := f.GetSheetList()
	for _, name := range []string{sheetPlan, sheetBaseline, sheetRoles} {
		if !slices.Contains(have, name) {
			return nil, nil, fault.Mistakes{{Text: fmt.Sprintf("the sheet %s is missing: this is no workbook that Pons made from a plan; it has %s", name, strings.Join(have[:min(len(have), 12)], ", "))}}
		}
	}
	d.settings()
	for _, s := range sheets() {
		if slices.Contains(have, s.name) {
			d.sheet(s)
		} else {
			d.note("the sheet %s is missing: what it held is taken as empty", s.name)
		}
	}
	d.others(have)
	return d.plan()
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// reader gathers the document of a plan file from cells, and keeps which cell each value stood in.
type reader struct {
	f        *excelize.File
	doc      map[string]any
	places   map[string]string // path in the plan → Sheet!C7
	notes    []string
	mistakes fault.Mistakes
}

func (d *reader) note(format string, args ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

func (d *reader) wrong(at, path, format string, args ...any) {
	d.mistakes = append(d.mistakes, fault.Mistake{File: at, Path: path, Text: fmt.Sprintf(format, args...)})
}

// rows gives the cells of a sheet as they are stored: 0.03 and not 3 %.
func (d *reader) rows(sheet string) [][]string {
	rows, err := d.f.GetRows(sheet)
	if err != nil {
		d.wrong(sheet, "", "the sheet cannot be read: %s", firstLine(err))
	}
	if len(rows) > maxRows {
		d.wrong(fmt.Sprintf("%s!A%d", sheet, maxRows), "", "more than %d rows; a plan has fewer", maxRows)
		return rows[:maxRows]
	}
	return rows
}

var simpleLink = regexp.MustCompile(`^'?([A-Za-z ]+)'?!\$?([A-Z]{1,3})\$?([0-9]{1,7})$`)

// cell is what stands in a cell: what was typed, or what the formula in it last came to.
func (d *reader) cell(sheet string, row []string, column, n int) string {
	var shown string
	if column <= len(row) {
		shown = strings.TrimSpace(row[column-1])
	}
	at := cellAt(letter(column), n)
	formula, err := d.f.GetCellFormula(sheet, at)
	if err != nil || formula == "" {
		return shown
	}
	// A name that follows another sheet's is looked up there: that cell may have been edited since.
	if m := simpleLink.FindStringSubmatch(strings.TrimPrefix(formula, "=")); m != nil {
		if v, err := d.f.GetCellValue(m[1], m[2]+m[3], excelize.Options{RawCellValue: true}); err == nil {
			return strings.TrimSpace(v)
		}
	}
	if shown == "" {
		if v, err := d.f.CalcCellValue(sheet, at, excelize.Options{RawCellValue: true}); err == nil {
			shown = strings.TrimSpace(v)
		} else {
			d.wrong(sheet+"!"+at, "", "the formula %s has no value: open the workbook in a spreadsheet program and save it, or write the value", formula)
			return ""
		}
	}
	if shown != "" {
		d.note("%s!%s is a formula; the value that it has now, %s, is taken", sheet, at, shown)
	}
	return shown
}

// settings reads the sheet Plan.
func (d *reader) settings() {
	known := map[string]field{}
	for _, s := range settings() {
		if s.key != "" {
			known[fold(s.title)] = s.field
		}
	}
	for i, row := range d.rows(sheetPlan) {
		if i+1 <= headerRow || len(row) == 0 || strings.TrimSpace(row[0]) == "" {
			continue
		}
		f, ok := known[fold(row[0])]
		switch {
		case !ok && len(row) > 1 && strings.TrimSpace(row[1]) != "":
			d.note("%s!A%d: no setting is called %q; it is not read", sheetPlan, i+1, strings.TrimSpace(row[0]))
		case ok && f.calc == nil:
			if v := d.cell(sheetPlan, row, 2, i+1); v != "" {
				d.set(d.doc, "", f, v, fmt.Sprintf("%s!B%d", sheetPlan, i+1))
			}
		}
	}
}

// column is a column of a sheet as it was found.
type column struct {
	field
	at int
}

// header finds the names of the columns, wherever in the first rows they stand.
func (d *reader) header(s *sheet, rows [][]string) (cols []column, at int) {
	titles := map[string]field{}
	for _, f := range s.fields {
		if !f.years {
			titles[fold(f.title)] = f
		}
	}
	for i, row := range rows[:min(len(rows), 12)] {
		if !slices.ContainsFunc(row, func(c string) bool { return fold(c) == fold(s.fields[0].title) }) {
			continue
		}
		if len(s.fields) > 1 && !slices.ContainsFunc(row, func(c string) bool { return fold(c) == fold(s.fields[1].title) }) {
			continue
		}
		for j, title := range row {
			f, ok := titles[fold(title)]
			switch {
			case ok && !slices.ContainsFunc(cols, func(c column) bool { return c.key == f.key }):
				cols = append(cols, column{f, j + 1})
			case ok:
				d.note("%s!%s%d: a second column is called %s; the first is read", s.name, letter(j+1), i+1, title)
			case strings.TrimSpace(title) != "" && !aYear(title):
				d.note("%s!%s%d: no column of this sheet is called %q; it is not read", s.name, letter(j+1), i+1, strings.TrimSpace(title))
			}
		}
		return cols, i
	}
	return nil, -1
}

func aYear(text string) bool {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	return err == nil && n > 1900 && n < 2200
}

// sheet reads a list.
func (d *reader) sheet(s *sheet) {
	rows := d.rows(s.name)
	cols, head := d.header(s, rows)
	if head < 0 {
		d.wrong(s.name+"!A"+strconv.Itoa(headerRow), "", "the row with the names of the columns (%s, %s, …) is missing", s.fields[0].title, s.fields[1].title)
		return
	}
	for _, f := range s.fields {
		if f.input() && !slices.ContainsFunc(cols, func(c column) bool { return c.key == f.key }) {
			d.note("%s: the column %s is missing; it is taken as empty", s.name, f.title)
		}
	}
	for i := head + 1; i < len(rows); i++ {
		values := make([]string, len(cols))
		filled := false
		for j, c := range cols {
			if c.calc != nil {
				d.typedOver(s, c, rows[i], i+1)
				continue
			}
			values[j] = d.cell(s.name, rows[i], c.at, i+1)
			filled = filled || values[j] != "" && (c.link == "" || s.linked())
		}
		if filled {
			d.entry(s, cols, values, i+1)
		}
	}
}

// linked says that the sheet holds more about the entries of another.
func (s *sheet) linked() bool { return s.fields[0].link != "" }

// typedOver says that somebody wrote over a formula.
func (d *reader) typedOver(s *sheet, c column, row []string, n int) {
	if c.at > len(row) || strings.TrimSpace(row[c.at-1]) == "" {
		return
	}
	at := cellAt(letter(c.at), n)
	if formula, err := d.f.GetCellFormula(s.name, at); err == nil && formula == "" {
		d.note("%s!%s: %s was written over a formula; Pons computes %s itself and does not take it", s.name, at, strings.TrimSpace(row[c.at-1]), strings.ToLower(c.title))
	}
}

// entry takes one row.
func (d *reader) entry(s *sheet, cols []column, values []string, n int) {
	first := slices.IndexFunc(cols, func(c column) bool { return c.key == s.fields[0].key })
	name, at := values[first], fmt.Sprintf("%s!%s%d", s.name, letter(cols[first].at), n)
	var entry map[string]any
	var path string
	switch {
	case s.linked():
		more := slices.IndexFunc(values, func(v string) bool { return v != "" && v != name })
		i := d.named(s.list, name)
		if i < 0 {
			if more >= 0 {
				d.wrong(at, s.list, "%s", d.unknown(s.list, name))
			}
			return
		}
		entry, path = objectsOf(d.doc, s.list)[i], fmt.Sprintf("%s[%d]", s.list, i)
	case s.within != "":
		i := d.named(s.within, name)
		if i < 0 {
			d.wrong(at, s.within, "%s", d.unknown(s.within, name))
			return
		}
		holder := objectsOf(d.doc, s.within)[i]
		list, _ := holder[s.list].([]any)
		entry, path = map[string]any{}, fmt.Sprintf("%s[%d].%s[%d]", s.within, i, s.list, len(list))
		holder[s.list] = append(list, entry)
	default:
		entry = map[string]any{}
		path = fmt.Sprintf("%s[%d]", s.list, len(objectsOf(d.doc, s.list)))
		add(d.doc, s.list, entry)
	}
	if _, ok := d.places[path]; !ok {
		d.places[path] = at
	}
	for j, c := range cols {
		if !c.input() || values[j] == "" || s.within != "" && j == first {
			if c.input() { // an empty cell can be missed, too
				d.stand(path, c.key, fmt.Sprintf("%s!%s%d", s.name, letter(c.at), n))
			}
			continue
		}
		d.set(entry, path, c.field, values[j], fmt.Sprintf("%s!%s%d", s.name, letter(c.at), n))
	}
}

// named is the place of an entry, -1 when there is none.
func (d *reader) named(list, name string) int {
	return slices.IndexFunc(objectsOf(d.doc, list), func(e map[string]any) bool { return fold(fmt.Sprint(e["name"])) == fold(name) })
}

func (d *reader) unknown(list, name string) string {
	sheet, noun := sheetBaseline, "class"
	if list == "roles" {
		sheet, noun = sheetRoles, "role"
	}
	if name == "" {
		return fmt.Sprintf("this line names no %s", noun)
	}
	return fmt.Sprintf("no %s is called %q on the sheet %s", noun, name, sheet)
}

func objectsOf(doc map[string]any, path string) []map[string]any { return objects(lookup(doc, path)) }

// add appends to the list at a path of names.
func add(doc map[string]any, path string, entry map[string]any) {
	under, name := doc, path
	for {
		first, rest, deeper := strings.Cut(name, ".")
		if !deeper {
			list, _ := under[first].([]any)
			under[first] = append(list, entry)
			return
		}
		under, name = inside(under, first), rest
	}
}

// inside is the object of a name, made when it is not there.
func inside(doc map[string]any, name string) map[string]any {
	next, ok := doc[name].(map[string]any)
	if !ok {
		next = map[string]any{}
		doc[name] = next
	}
	return next
}

// stand keeps where a value stands; what is a part of a value, or another name of it, stands there too.
func (d *reader) stand(path, key, at string) {
	full := strings.TrimPrefix(path+"."+key, ".")
	d.places[full] = at
	for _, part := range []string{".mode", ".stated", ".per"} {
		if whole, ok := strings.CutSuffix(full, part); ok {
			d.places[whole] = at
		}
	}
}

// set takes a value into an entry.
func (d *reader) set(entry map[string]any, path string, f field, text, at string) {
	d.stand(path, f.key, at)
	parts := strings.Split(f.key, ".")
	for _, name := range parts[:len(parts)-1] {
		entry = inside(entry, name)
	}
	entry[parts[len(parts)-1]] = taken(text, f.kind)
}

var serial = regexp.MustCompile(`^[3-7][0-9]{4}(\.[0-9]+)?$`)

// taken is what a plan file would say for the text of a cell.
func taken(text string, k kind) any {
	switch k {
	case names:
		var out []any
		for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '\n' }) {
			if name = strings.TrimSpace(name); name != "" {
				out = append(out, name)
			}
		}
		return out
	case yes:
		switch strings.ToLower(text) {
		case "1", "x", "y":
			return "yes"
		case "0", "n", "-":
			return "no"
		}
	case month: // spreadsheets turn 2027-03 into a day count where the cell's format lets them
		if serial.MatchString(text) {
			days, _ := strconv.ParseFloat(text, 64)
			if day, err := excelize.ExcelDateToTime(days, false); err == nil {
				if day.Day() == 1 {
					return day.Format("2006-01")
				}
				return day.Format("2006-01-02")
			}
		}
	}
	return text
}

// others says which sheets are not read.
func (d *reader) others(have []string) {
	mine := []string{sheetReadMe, sheetPlan, sheetProjection, sheetTotals, sheetCharts, sheetPercentiles, sheetDefaults, sheetDrivers, sheetErlang}
	for _, s := range sheets() {
		mine = append(mine, s.name)
	}
	for _, name := range have {
		if !slices.Contains(mine, name) {
			d.note("the sheet %s is not one of Pons's; it is not read", name)
		}
	}
}

// plan turns the gathered document into a plan, and the places of mistakes back into cells.
func (d *reader) plan() (*plan.Plan, []string, error) {
	for _, class := range objectsOf(d.doc, "classes") {
		plain(class, "growth")
	}
	for i, role := range objectsOf(d.doc, "roles") {
		d.ratio(role, i)
		d.hours(role, "productive_hours", fmt.Sprintf("roles[%d].productive_hours", i))
	}
	if work, ok := d.doc["workload"].(map[string]any); ok {
		d.hours(work, "productive_hours", "workload.productive_hours")
		for _, item := range objectsOf(work, "items") {
			plain(item, "per_device_year")
			plain(item, "hours")
		}
	}
	text, err := d.text()
	if err != nil {
		return nil, nil, err
	}
	p, notes, err := plan.Read("", bytes.NewReader(text))
	var found fault.Mistakes
	if err != nil && !errors.As(err, &found) {
		return nil, nil, err
	}
	for _, m := range found {
		m.Line, m.Column, m.File = 0, 0, d.placeOf(m.Path)
		d.mistakes = append(d.mistakes, m)
	}
	if len(d.mistakes) > 0 {
		return nil, nil, d.mistakes
	}
	return p, append(d.notes, notes...), nil
}

// text is the document as a plan file. The currency stands first: amounts are read against it.
func (d *reader) text() ([]byte, error) {
	var b bytes.Buffer
	keys := []string{}
	for k := range d.doc {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y string) int {
		if (x == "currency") != (y == "currency") {
			return map[bool]int{true: -1, false: 1}[x == "currency"]
		}
		return strings.Compare(x, y)
	})
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		v, err := json.Marshal(d.doc[k])
		if err != nil {
			return nil, fmt.Errorf("workbook: %w", err)
		}
		fmt.Fprintf(&b, "%q:%s", k, v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// placeOf is the cell of a path, or of what holds it.
func (d *reader) placeOf(path string) string {
	for path != "" {
		if at, ok := d.places[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return ""
}

// plain turns a range with nothing but its likely value into a number.
func plain(entry map[string]any, key string) {
	if r, ok := entry[key].(map[string]any); ok && len(r) == 1 && r["mode"] != nil {
		entry[key] = r["mode"]
	}
}

// hours are stated or from parts, never both.
func (d *reader) hours(entry map[string]any, key, path string) {
	h, ok := entry[key].(map[string]any)
	if !ok || h["stated"] == nil {
		return
	}
	if len(h) > 1 {
		d.wrong(d.places[path+".stated"], path, "the hours are stated and their parts are given: empty one of the two")
	}
	entry[key] = h["stated"]
}

// ratio gives a role's ratio the keys of the plan file.
func (d *reader) ratio(role map[string]any, i int) {
	r, ok := role["ratio"].(map[string]any)
	if !ok {
		return
	}
	path := fmt.Sprintf("roles[%d].ratio", i)
	per, of := r["per"], fold(fmt.Sprint(r["of"]))
	delete(r, "per")
	delete(r, "of")
	for _, k := range ratioKinds {
		if fold(k.word) == of || of == "<nil>" && (k.word == "FTE" && r["roles"] != nil || k.word == "devices" && r["roles"] == nil) {
			if per == nil {
				per = "0"
			}
			r[k.key] = per
			d.places[path+"."+k.key] = d.places[path+".per"]
			return
		}
	}
	d.wrong(d.places[path+".of"], path, "%q: write devices, value, FTE or beds", of)
}
