package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
)

func itoa(n int) string { return strconv.Itoa(n) }

// readTruth reads truth.csv (file, row, device), devices.csv (device, manufacturer, model, class) and, from the
// folder of the former, the files that it names. Rows of the truth come out only for the named files; none: all.
func readTruth(truthPath, devicesPath string, only []string) (truth, error) {
	t := truth{device: map[row]string{}, things: map[string]thing{}, cells: map[row]cells{}}
	rows, err := readTable(truthPath)
	if err != nil {
		return t, err
	}
	var files []string
	for _, r := range rows {
		n, err := strconv.Atoi(r["row"])
		if err != nil || r["device"] == "" {
			return t, fmt.Errorf("%s: %v is not file, row, device", truthPath, r)
		}
		if len(only) > 0 && !slices.Contains(only, r["file"]) {
			continue
		}
		t.device[row{r["file"], n}] = r["device"]
		if !slices.Contains(files, r["file"]) {
			files = append(files, r["file"])
		}
	}
	if rows, err = readTable(devicesPath); err != nil {
		return t, err
	}
	for _, r := range rows {
		t.things[r["device"]] = thing{r["device"], r["manufacturer"], r["model"], r["class"]}
	}
	for _, f := range files {
		if rows, err = readTable(filepath.Join(filepath.Dir(truthPath), f)); err != nil {
			return t, err
		}
		for i, r := range rows {
			t.cells[row{f, i + 1}] = cellsOf(r)
		}
		if _, ok := t.device[row{f, len(rows) + 1}]; ok || t.device[row{f, len(rows)}] == "" {
			return t, fmt.Errorf("%s: %d data rows, the truth has another number: is it the file that the truth was made of?", f, len(rows))
		}
	}
	return t, nil
}

var macText = regexp.MustCompile(`[0-9A-Fa-f]{2}(?:[:. -]?[0-9A-Fa-f]{2}){5}`)

// cellsOf finds the columns that keys are made of by their usual names.
func cellsOf(r map[string]string) cells {
	get := func(names ...string) string {
		for k, v := range r {
			if slices.Contains(names, plain(k)) {
				return v
			}
		}
		return ""
	}
	c := cells{serial: get("serial", "serialnumber", "serialno"), maker: get("mfgr", "manufacturer"), host: get("hostname", "name")}
	for _, m := range macText.FindAllString(get("mac", "macaddress"), -1) {
		if m = plain(m); strings.Trim(m, "0") != "" && strings.Trim(m, "f") != "" {
			c.macs = append(c.macs, m)
		}
	}
	var parts []string
	for k, v := range r {
		if v != "" && !strings.HasPrefix(k, " ") {
			parts = append(parts, k+"="+strings.ReplaceAll(v, "\n", " "))
		}
	}
	slices.Sort(parts)
	c.text = strings.Join(parts, " | ")
	return c
}

// readTable reads a CSV of any common delimiter, UTF-8 or Windows-1252, or the first sheet of a workbook, by its
// own simple rule, so that it does not repeat a mistake of the intake it scores: the header is the first line of
// more than two filled cells; a line whose first cell begins with "Total" ends the rows.
func readTable(path string) ([]map[string]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lines [][]string
	if strings.HasSuffix(path, ".xlsx") {
		f, err := excelize.OpenReader(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		defer f.Close()
		if lines, err = f.GetRows(f.GetSheetList()[0], excelize.Options{RawCellValue: true}); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	} else {
		text := strings.TrimPrefix(string(raw), "\ufeff")
		if !utf8.ValidString(text) {
			if text, err = charmap.Windows1252.NewDecoder().String(text); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord, r.LazyQuotes, r.Comma = -1, true, delimiter(text)
		if lines, err = r.ReadAll(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	var head []string
	var out []map[string]string
	for _, l := range lines {
		filled := len(slices.DeleteFunc(slices.Clone(l), func(c string) bool { return c == "" }))
		switch {
		case head == nil && filled > 2:
			head = l
		case head == nil || filled == 0:
		case strings.HasPrefix(l[0], "Total"):
			return out, nil
		default:
			r := map[string]string{}
			for i, c := range l[:min(len(l), len(head))] {
				r[head[i]] = c
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// delimiter is the one that most of the first 20 lines hold.
func delimiter(text string) rune {
	head := strings.Join(strings.SplitN(text, "\n", 20), "\n")
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t', '|'} {
		if n := strings.Count(head, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// readAnswer reads the JSON Lines of `pons devices --format jsonl`.
func readAnswer(in io.Reader) (answer, error) {
	a := answer{record: map[row]string{}, things: map[string]thing{}}
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 1<<20), 256<<20)
	for line := 1; s.Scan(); line++ {
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		var d struct {
			Manufacturer, Class, Model string
			Records                    []struct {
				File string
				Row  int
			}
		}
		if err := json.Unmarshal(s.Bytes(), &d); err != nil {
			return a, fmt.Errorf("line %d: %w", line, err)
		}
		id := itoa(line)
		a.things[id] = thing{id, d.Manufacturer, d.Model, d.Class}
		for _, r := range d.Records {
			k := row{filepath.Base(r.File), r.Row}
			if was, ok := a.record[k]; ok {
				if was != id {
					a.twice = append(a.twice, k)
				}
				continue
			}
			a.record[k] = id
		}
	}
	return a, s.Err()
}
