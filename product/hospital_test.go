package product_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"pons/product"
)

// row is one line of a hospital's inventory and what truth.csv says it is.
type row struct {
	file                      string
	maker, model, description string
	want                      device
}

type device struct{ maker, model, class, category string }

// hospital reads the CMMS and CMDB exports of a folder with truth.csv and devices.csv beside them.
func hospital(t *testing.T, dir string) []row {
	t.Helper()
	devices := map[string]device{}
	for _, f := range table(t, filepath.Join(dir, "devices.csv"), ',', "device") {
		devices[f["device"]] = device{f["manufacturer"], f["model"], f["class"], f["category"]}
	}
	truth := map[string]string{}
	for _, f := range table(t, filepath.Join(dir, "truth.csv"), ',', "file") {
		truth[f["file"]+":"+f["row"]] = f["device"]
	}
	var rows []row
	for i, f := range table(t, filepath.Join(dir, "cmms.csv"), ',', "Mfgr") {
		if id, ok := truth[fmt.Sprint("cmms.csv:", i+1)]; ok {
			rows = append(rows, row{"cmms", f["Mfgr"], f["Model"], f["Description"], devices[id]})
		}
	}
	for i, f := range table(t, filepath.Join(dir, "cmdb.csv"), ';', "manufacturer") {
		if id, ok := truth[fmt.Sprint("cmdb.csv:", i+1)]; ok {
			rows = append(rows, row{"cmdb", f["manufacturer"], f["model_id"], "", devices[id]})
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s: no rows with a truth", dir)
	}
	return rows
}

// table reads a CSV file whose header line holds the named column; what stands above it is passed over.
func table(t *testing.T, path string, comma rune, column string) []map[string]string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(strings.NewReader(string(raw)))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = comma, -1, true
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(path, err)
	}
	var header []string
	var out []map[string]string
	for _, l := range lines {
		if header == nil {
			for _, h := range l {
				if strings.TrimPrefix(h, "\ufeff") == column {
					header = l
				}
			}
			continue
		}
		m := map[string]string{}
		for i, v := range l {
			if i < len(header) {
				m[strings.TrimPrefix(header[i], "\ufeff")] = v
			}
		}
		out = append(out, m)
	}
	return out
}

// score is what share of rows came out right, and the wrong ones by kind.
type score struct {
	rows, maker, model, class, category int
	wrong                               map[string]int
}

func rate(n, of int) float64 { return float64(n) / float64(max(of, 1)) }

func measure(c *product.Catalog, rows []row) score {
	s := score{wrong: map[string]int{}}
	for _, r := range rows {
		id := c.Identify(r.maker, r.model, r.description)
		s.rows++
		note := func(what, got, want string, n *int) {
			if got == want {
				*n++
				return
			}
			s.wrong[fmt.Sprintf("%s %s: %q %q %q is %q, not %q", r.file, what, r.maker, r.model, r.description, got, want)]++
		}
		note("maker", id.Maker, r.want.maker, &s.maker)
		note("model", id.Model, r.want.model, &s.model)
		note("class", id.Class, r.want.class, &s.class)
		note("category", id.Category, r.want.category, &s.category)
	}
	return s
}

func (s score) hold(t *testing.T, dir string, maker, model, class float64) {
	t.Helper()
	t.Logf("%s: %d rows, maker %.4f, model %.4f, class %.4f, category %.4f", dir, s.rows,
		rate(s.maker, s.rows), rate(s.model, s.rows), rate(s.class, s.rows), rate(s.category, s.rows))
	var wrong []string
	for w, n := range s.wrong {
		wrong = append(wrong, fmt.Sprintf("%4d × %s", n, w))
	}
	sort.Sort(sort.Reverse(sort.StringSlice(wrong)))
	for i, w := range wrong {
		if i < 40 {
			t.Log(w)
		}
	}
	if rate(s.maker, s.rows) < maker || rate(s.model, s.rows) < model || rate(s.class, s.rows) < class {
		t.Errorf("%s: below the floors maker %.3f, model %.3f, class %.3f", dir, maker, model, class)
	}
}

// The synthetic hospital's lists hold 33 models of 24 makers under some 200 spellings.
func TestHospitalIsNamed(t *testing.T) {
	dir := "../../shared/data/hospital_synthetic"
	measure(product.Default(), hospital(t, dir)).hold(t, dir, 0.99, 0.98, 0.98)
}

// The demo hospital's lists hold 67 models under all spellings that its damage makes.
func TestDemoHospitalIsNamed(t *testing.T) {
	path := "testdata/demo_spellings.csv"
	var rows []row
	for _, f := range table(t, path, ',', "true_maker") {
		rows = append(rows, row{"demo", f["maker"], f["model"], f["description"], device{f["true_maker"], f["true_model"], f["class"], f["category"]}})
	}
	measure(product.Default(), rows).hold(t, path, 0.99, 0.98, 0.98)
}
