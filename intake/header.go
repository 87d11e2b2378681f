package intake

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"pons/fact"
	"pons/fault"
)

// headerSearch is how many rows from the top the header is looked for: title blocks of reports are shorter.
const headerSearch = 40

// layout is where in a sheet the data are.
type layout struct {
	first  int             // rows before the data, blank ones counted
	line   int             // line of the header, 0 when there is none
	header []string        // the header's cells, trimmed, to recognise it when a report repeats it
	titles map[string]bool // what stood alone above the header, for the same reason
	dense  []bool          // columns that nearly every sampled row fills, with text or as the first: a row of sums leaves them empty
	width  int
	rigid  bool // nearly every sampled row has as many cells as the header
}

// lead is one row from the top of a sheet.
type lead struct {
	cells []string
	line  int
}

// sample reads the top of the sheet: the layout, and up to limit data rows.
func (t *Table) sample(limit int) error {
	rows, err := t.book.Rows(t.Sheet)
	if err != nil {
		return err
	}
	defer rows.Close()
	var top []lead
	size, ended := 0, false
	for filled := 0; filled < headerSearch && size < sampleBytes; {
		cells, err := rows.Next()
		if err == io.EOF {
			ended = true
			break
		}
		if err != nil {
			return err
		}
		top = append(top, lead{copyRow(cells), rows.Line()})
		if n := filledCells(cells); n > 0 {
			filled++
		}
		size += rowBytes(cells)
		if len(top) > 10_000 {
			break
		}
	}
	if t.header > 0 && !hasLine(top, t.header) {
		return fmt.Errorf("line %d is no header: it is empty or not among the first %d rows; choose another: %w", t.header, headerSearch, fault.Invalid)
	}
	if t.layout, t.Headers = findLayout(top, t.delimited, t.header); len(t.Headers) == 0 {
		return fmt.Errorf("there are no cells with text in it; export it again: %w", fault.Invalid)
	}
	t.Sample, t.Whole = nil, false
	keep := func(cells []string) {
		if t.layout.isData(cells) {
			t.Sample = append(t.Sample, cells)
		}
	}
	for i, l := range top {
		if i >= t.layout.first && len(t.Sample) < limit {
			keep(l.cells)
		}
	}
	for !ended && len(t.Sample) < limit && size < sampleBytes {
		cells, err := rows.Next()
		if errors.Is(err, io.EOF) {
			ended = true
			break
		}
		if err != nil {
			break // what is readable is sampled; reading the records will say where it broke
		}
		size += rowBytes(cells)
		keep(copyRow(cells))
	}
	t.Whole = ended
	t.layout.density(t.Sample)
	for i := 0; i < len(t.Sample); { // sums cannot be told before the density is known
		if t.layout.isData(t.Sample[i]) {
			i++
		} else {
			t.Sample = append(t.Sample[:i], t.Sample[i+1:]...)
		}
	}
	exact := 0
	for _, r := range t.Sample {
		if len(r) == t.layout.width {
			exact++
		}
	}
	t.layout.rigid = len(t.Sample) >= 20 && exact*10 >= len(t.Sample)*9
	if len(t.Sample) == 0 && ended {
		return fmt.Errorf("there is a header (line %d: %s …) but no row of data below it; export it again with its rows: %w", t.layout.line, clip(t.Headers[0], 40), fault.Invalid)
	}
	return nil
}

// findLayout finds the header among the first rows, unless a line is chosen for it.
func findLayout(top []lead, delimited bool, chosen int) (layout, []string) {
	best, bestScore := -1, 0.0
	width := 0
	for i, l := range top {
		width = max(width, lastFilled(l.cells))
		if score := headerScore(l.cells); score > bestScore {
			best, bestScore = i, score
		}
	}
	for i, l := range top {
		if chosen > 0 && l.line == chosen && filledCells(l.cells) > 0 {
			best = i
		}
	}
	lay := layout{width: width, titles: map[string]bool{}}
	if best >= 0 && chosen == 0 && filledCells(top[best].cells) == 1 && width > 2 && recognisedCells(top[best].cells) == 0 {
		best = -1 // a title above a table without header
	}
	if best < 0 {
		for lay.first < len(top) && filledCells(top[lay.first].cells) < min(2, width) {
			lay.first++
		}
		return lay, nameColumns(nil, width)
	}
	last := best
	headers := trimRow(top[best].cells)
	if best > 0 && adjacent(top[best-1], top[best], delimited) && groupsAbove(top[best-1].cells, top[best].cells) {
		headers = joinHeaders(top[best-1].cells, top[best].cells)
	} else if best+1 < len(top) && adjacent(top[best], top[best+1], delimited) && detailsBelow(top[best].cells, top[best+1].cells) {
		last = best + 1
		headers = joinHeaders(top[best].cells, top[last].cells)
	}
	lay.first, lay.line = last+1, top[last].line
	lay.header = trimRow(top[last].cells)
	for _, l := range top[:best] {
		if filledCells(l.cells) == 1 {
			lay.titles[strings.TrimSpace(l.cells[lastFilled(l.cells)-1])] = true
		}
	}
	if !delimited {
		lay.width = max(len(headers), width)
	} else {
		lay.width = len(headers)
	}
	return lay, nameColumns(headers, max(len(headers), width))
}

func hasLine(top []lead, line int) bool {
	for _, l := range top {
		if l.line == line && filledCells(l.cells) > 0 {
			return true
		}
	}
	return false
}

// headerScore is how much a row looks like a header: recognised words count most, distinct labels a little, and a
// cell that is a value (an address, a number, a date) speaks against it.
func headerScore(cells []string) float64 {
	seen := map[string]bool{}
	labels, known, values := 0, 0.0, 0
	for _, c := range cells {
		c = strings.TrimSpace(c)
		if c == "" {
			continue
		}
		if !isLabel(c) {
			values++
			continue
		}
		if seen[c] {
			continue
		}
		seen[c] = true
		labels++
		if m := recognise(c, ""); len(m) > 0 && m[0].confidence > surePart {
			known++
		}
	}
	if labels == 0 || values*4 > labels {
		return 0
	}
	return 3*known + float64(labels) - 2*float64(values)
}

// isLabel says whether a cell could be a header: short, and not a value of its own.
func isLabel(c string) bool {
	if len(c) > 80 || c == "" {
		return false
	}
	if _, ok := fact.Number(c); ok {
		return false
	}
	if _, ok := fact.Date(c, fact.MDY); ok {
		return false
	}
	if _, ok := fact.ParseMAC(c); ok {
		return false
	}
	if _, ok := fact.ParseIP(c); ok {
		return false
	}
	digits := 0
	for i := 0; i < len(c); i++ {
		if c[i] >= '0' && c[i] <= '9' {
			digits++
		}
	}
	return digits*2 < len(c)
}

func recognisedCells(cells []string) int {
	n := 0
	for _, c := range cells {
		if m := recognise(strings.TrimSpace(c), ""); len(m) > 0 {
			n++
		}
	}
	return n
}

func adjacent(a, b lead, delimited bool) bool { return delimited || b.line-a.line == 1 }

// groupsAbove says whether the row above a header names groups of its columns, as merged cells do ("Location" over
// Building, Floor and Room), and is not a title.
func groupsAbove(above, header []string) bool {
	labels, vertical, spans := 0, 0, 0
	for i, c := range above {
		c = strings.TrimSpace(c)
		if c == "" {
			continue
		}
		if !isLabel(c) || strings.ContainsAny(c, "0123456789") || strings.Count(c, " ") > 3 {
			return false
		}
		labels++
		if cell(header, i) == "" {
			vertical++
		} else if cell(header, i+1) != "" && cell(above, i+1) == "" {
			spans++
		}
	}
	return labels >= 2 && (vertical > 0 || spans >= 2 || spans == 1 && repeated(header))
}

// detailsBelow says whether the row below a header divides some of its columns ("PM" into Last and Next).
func detailsBelow(header, below []string) bool {
	labels, divided := 0, 0
	for i := range below {
		c := cell(below, i)
		if c == "" {
			continue
		}
		if !isLabel(c) || strings.ContainsAny(c, "0123456789") {
			return false
		}
		labels++
		if cell(header, i) == "" {
			divided++
		} else if cell(header, i+1) != "" { // a label under a column that is not divided is a value
			return false
		}
	}
	return divided > 0 && labels >= 2 && labels < filledCells(header)
}

func repeated(cells []string) bool {
	seen := map[string]bool{}
	for _, c := range cells {
		if c = strings.TrimSpace(c); c != "" {
			if seen[c] {
				return true
			}
			seen[c] = true
		}
	}
	return false
}

// joinHeaders puts the two rows of a header together, letting a group's label reach over the columns to its right.
func joinHeaders(above, below []string) []string {
	out := make([]string, max(len(above), len(below)))
	group := ""
	for i := range out {
		a, b := cell(above, i), cell(below, i)
		if a != "" {
			group = a
		}
		switch {
		case b == "":
			out[i], group = a, ""
		case group == "":
			out[i] = b
		case len(recognise(b, "")) > 0 && recognise(b, "")[0].confidence >= sureGeneral && len(recognise(group+" "+b, "")) == 0:
			out[i] = b // the group adds nothing: "Identification" over Serial #
		default:
			out[i] = group + " " + b
		}
	}
	return out
}

// nameColumns gives every column a name of its own.
func nameColumns(headers []string, width int) []string {
	out := make([]string, width)
	seen := map[string]int{}
	for i := range out {
		h := tidySlow(cell(headers, i), false)
		if h == "" {
			h = "Column " + letters(i)
		}
		if len(h) > 120 {
			h = clip(h, 120)
		}
		seen[h]++
		if n := seen[h]; n > 1 {
			h = fmt.Sprintf("%s (%d)", h, n)
		}
		out[i] = h
	}
	return out
}

// letters names a column as spreadsheets do: A, B, … Z, AA.
func letters(i int) string {
	s := ""
	for i++; i > 0; i = (i - 1) / 26 {
		s = string(rune('A'+(i-1)%26)) + s
	}
	return s
}

// density notes the columns that nearly every row fills with something that is not summed up.
func (l *layout) density(sample [][]string) {
	l.dense = make([]bool, l.width)
	full := make([][]string, 0, len(sample))
	for _, r := range sample { // sums and other sparse rows do not count
		if filledCells(r)*2 > l.width {
			full = append(full, r)
		}
	}
	sample = full
	for i := range l.dense {
		filled, numbers := 0, 0
		for _, r := range sample {
			c := cell(r, i)
			if c == "" {
				continue
			}
			filled++
			if _, ok := fact.Money(c); ok {
				numbers++
			}
		}
		l.dense[i] = filled > 0 && filled*10 >= len(sample)*9 && (i == 0 || numbers*10 < filled*9) // the first column is a label or a key
	}
}

// isData says whether a row below the header is about something, rather than blank, a total, a remark or the header again.
func (l *layout) isData(cells []string) bool {
	filled := filledCells(cells)
	if filled == 0 {
		return false
	}
	if l.isHeaderAgain(cells, filled) {
		return false
	}
	if filled > 3 && filled*2 > l.width {
		return true
	}
	first := ""
	for i := range cells {
		if first = cell(cells, i); first != "" {
			break
		}
	}
	if filled == 1 && l.width > 1 && l.titles[first] {
		return false
	}
	if filled <= max(2, l.width/2) && isTotal(first, cells) {
		return false
	}
	if filled == 1 && l.width >= 5 && isRemark(first) {
		return false
	}
	return !l.isSum(cells)
}

func (l *layout) isHeaderAgain(cells []string, filled int) bool {
	if len(l.header) == 0 || filled < 2 && l.width > 1 {
		return false
	}
	same, labels := 0, 0
	for i, h := range l.header {
		if h == "" {
			continue
		}
		labels++
		if i < len(cells) && (cells[i] == h || strings.EqualFold(cell(cells, i), h)) {
			same++
		} else if labels-same > 2+labels/4 {
			return false
		}
	}
	return same*5 >= labels*4
}

// totalWords begin the rows that close a report.
var totalWords = []string{"grand total", "sub total", "subtotal", "sub-total", "totals", "total", "sum", "count", "record count", "row count", "records", "number of", "no. of", "# of",
	"end of report", "end of file", "end of list", "report", "printed", "page", "generated", "average", "rows", "gesamt", "summe", "anzahl", "total général", "suma", "somme", "totale", "exported", "run date", "filter", "criteria"}

// isTotal says whether the row is a total or a report's last words: it begins with one of their words, and what else
// it holds is numbers.
func isTotal(first string, cells []string) bool {
	if len(first) > 80 {
		return false
	}
	low := strings.ToLower(strings.TrimLeft(first, "*-=( "))
	if n := len(low); n > 0 && low[0] >= '0' && low[0] <= '9' { // "(2088 rows affected)", "2088 records"
		_, after, ok := strings.Cut(low, " ")
		if !ok || !(strings.HasPrefix(after, "row") || strings.HasPrefix(after, "record")) {
			return false
		}
	} else if !beginsTotal(low) {
		return false
	}
	seen := false
	for i := range cells {
		c := cell(cells, i)
		if c == "" {
			continue
		}
		if !seen {
			seen = true
			continue
		}
		if _, ok := fact.Money(c); ok {
			continue
		}
		if _, ok := fact.Date(c, fact.MDY); ok {
			continue
		}
		if !beginsTotal(strings.ToLower(c)) && !strings.HasSuffix(first, ":") {
			return false
		}
	}
	return true
}

func beginsTotal(low string) bool {
	for _, w := range totalWords {
		rest, ok := strings.CutPrefix(low, w)
		if ok && (rest == "" || strings.ContainsRune(" :=.(\t,", rune(rest[0]))) {
			return true
		}
	}
	return false
}

// isRemark says whether a cell alone in its row is prose and not an identifier.
func isRemark(s string) bool {
	return strings.Count(s, " ") >= 2 || strings.HasPrefix(s, "*") || strings.HasPrefix(s, "--")
}

// isSum says whether the row holds numbers only and leaves empty what every device has.
func (l *layout) isSum(cells []string) bool {
	missing := 0
	for i := range l.dense {
		if !l.dense[i] {
			continue
		}
		if cell(cells, i) != "" {
			return false
		}
		missing++
	}
	if missing == 0 {
		return false
	}
	for i := range cells {
		if c := cell(cells, i); c != "" {
			if _, ok := fact.Money(c); !ok {
				return false
			}
		}
	}
	return true
}

// scan calls do with every data row: its number from 1, its line, its cells as written. It keeps the progress.
func (t *Table) scan(do func(row, line int, cells []string) bool) error {
	rows, err := t.book.Rows(t.Sheet)
	if err != nil {
		return err
	}
	defer rows.Close()
	t.rows.Store(0)
	row := 0
	for i := 0; ; i++ {
		cells, err := rows.Next()
		if i&255 == 0 || err != nil {
			read, total := rows.Progress()
			t.read.Store(read)
			t.total.Store(total)
			t.rows.Store(int64(row))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if i < t.layout.first || !t.layout.isData(cells) {
			continue
		}
		row++
		if !do(row, rows.Line(), cells) {
			return nil
		}
	}
}

// cell is the trimmed text of a cell that may not be there.
func cell(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	c := cells[i]
	if n := len(c); n > 0 && c[0] > ' ' && c[0] < 0x80 && c[n-1] > ' ' && c[n-1] < 0x80 {
		return c
	}
	return strings.TrimSpace(c)
}

func filledCells(cells []string) int {
	n := 0
	for i := range cells {
		if cells[i] != "" && cell(cells, i) != "" {
			n++
		}
	}
	return n
}

func lastFilled(cells []string) int {
	n := len(cells)
	for n > 0 && cell(cells, n-1) == "" {
		n--
	}
	return n
}

func copyRow(cells []string) []string { return append([]string(nil), cells...) }

func trimRow(cells []string) []string {
	out := make([]string, len(cells))
	for i := range cells {
		out[i] = cell(cells, i)
	}
	return out
}

func rowBytes(cells []string) int {
	n := 24
	for _, c := range cells {
		n += 16 + len(c)
	}
	return n
}

// clip shortens a text for a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}
