package fingerprint

import (
	"fmt"
	"strings"
)

// parseTable reads a table of data/*.txt: a row per line, cells between bars, "#" and blank lines passed over.
// Every row has the given number of cells; the last two are always how sure it is ("V" for read in the cited
// source, "E" for known in the field, not read) and the source. A damaged table is a damaged program, so it
// panics; the tests read every table.
func parseTable(name, text string, cells int) [][]string {
	return parseTableOf(name, text, cells, "VE")
}

// parseTableOf is parseTable where other letters may say how sure a row is.
func parseTableOf(name, text string, cells int, sure string) [][]string {
	var rows [][]string
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		row := strings.Split(line, "|")
		for j := range row {
			row[j] = strings.TrimSpace(row[j])
		}
		if len(row) != cells || row[0] == "" || row[1] == "" || row[cells-1] == "" || len(row[cells-2]) != 1 || !strings.Contains(sure, row[cells-2]) {
			panic(fmt.Sprintf("fingerprint: data/%s line %d: %q is not %d cells that end in V or E and a source", name, i+1, line, cells))
		}
		rows = append(rows, row)
	}
	return rows
}
