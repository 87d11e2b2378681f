package plan

import (
	"fmt"
	"strings"

	"pons/fault"
)

// Mistake is one thing that is wrong with a plan: where, and how to mend it. Path is the field's place, "roles[2].ratio.devices_per_fte"
// (counted from 0, as in the page's forms and the API); Line and Column are those of the file, 0 when there is none.
type Mistake struct {
	File         string `json:"file,omitempty"`
	Path         string `json:"path"`
	Line, Column int
	Text         string `json:"text"`
}

// Error names the place, then the mend.
func (m Mistake) Error() string {
	var b strings.Builder
	if m.File != "" {
		b.WriteString(m.File + ":")
	}
	if m.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", m.Line, m.Column)
	}
	if b.Len() > 0 {
		b.WriteString(" ")
	}
	if m.Path != "" {
		b.WriteString(m.Path + ": ")
	}
	b.WriteString(m.Text)
	return b.String()
}

// Mistakes are all that is wrong with a plan. They wrap fault.Invalid.
type Mistakes []Mistake

// Error gives a line a mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes them fault.Invalid.
func (m Mistakes) Unwrap() error { return fault.Invalid }

// At gives the text of the first mistake at a path or below it, for the field of a form.
func (m Mistakes) At(path string) string {
	for _, x := range m {
		if x.Path == path || strings.HasPrefix(x.Path, path+".") || strings.HasPrefix(x.Path, path+"[") {
			return x.Text
		}
	}
	return ""
}

// nearest is the word of a list that was probably meant, "" when none is near.
func nearest(word string, list []string) string {
	best, at := "", 3
	for _, s := range list {
		if d := distance(fold(word), fold(s)); d < at && d < max(2, len([]rune(s))/2) {
			best, at = s, d
		}
	}
	if best == "" {
		for _, s := range list {
			if a, b := fold(word), fold(s); len(a) > 2 && (strings.Contains(b, a) || strings.Contains(a, b)) {
				return s
			}
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
