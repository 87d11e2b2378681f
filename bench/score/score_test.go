package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pons/demo"
)

// hospital is a truth by hand: "file row device: serial maker host mac,mac" a line.
func hospital(text string) truth {
	t := truth{device: map[row]string{}, things: map[string]thing{}, cells: map[row]cells{}}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		head, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
		var r row
		var id string
		fmt.Sscan(head, &r.file, &r.n, &id)
		f := strings.Split(rest, "|")
		c := cells{serial: f[0], maker: f[1], host: f[2]}
		if f[3] != "" {
			c.macs = strings.Split(f[3], ",")
		}
		t.device[r], t.cells[r] = id, c
		if id[0] != 'X' {
			t.things[id] = thing{id: id, maker: "B. Braun", class: "infusion-pump"}
		}
	}
	return t
}

// put is an answer by hand: records by comma of rows "file row".
func put(records ...string) answer {
	a := answer{record: map[row]string{}, things: map[string]thing{}}
	for i, rec := range records {
		id := itoa(i + 1)
		a.things[id] = thing{id: id}
		for _, part := range strings.Split(rec, ",") {
			var r row
			fmt.Sscan(part, &r.file, &r.n)
			a.record[r] = id
		}
	}
	return a
}

func TestPairs(t *testing.T) {
	h := hospital(`
		a 1 D1: S1|m||
		b 1 D1: S1|m||
		c 1 D1: S1|m||
		a 2 D2: S2|m||
		b 2 D2: S2|m||
		c 2 X1: |||`)
	for _, c := range []struct {
		name              string
		got               answer
		precise, recalled pairs
	}{
		{"perfect", put("a 1,b 1,c 1", "a 2,b 2", "c 2"), pairs{4, 4}, pairs{4, 4}},
		{"all apart", put("a 1", "b 1", "c 1", "a 2", "b 2", "c 2"), pairs{0, 0}, pairs{0, 4}},
		{"all one", put("a 1,b 1,c 1,a 2,b 2,c 2"), pairs{4, 15}, pairs{4, 4}},
		{"one row astray", put("a 1,b 1", "c 1,a 2,b 2", "c 2"), pairs{2, 4}, pairs{2, 4}},
		{"row on no record", put("a 1,b 1", "a 2,b 2"), pairs{2, 2}, pairs{2, 4}},
		{"rows without truth do not count", put("a 1,b 1,c 1,wire 0", "a 2,b 2", "c 2"), pairs{4, 4}, pairs{4, 4}},
	} {
		if p := precision(h, c.got); p != c.precise {
			t.Errorf("%s: precision %v, want %v", c.name, p, c.precise)
		}
		if p := recall(h, c.got, everything(h)); p != c.recalled {
			t.Errorf("%s: recall %v, want %v", c.name, p, c.recalled)
		}
	}
}

// TestLinkings: which pairs each definition wants, of two rows of one device and their surroundings.
func TestLinkings(t *testing.T) {
	for _, c := range []struct {
		name, rows string
		want       string // pairs wanted by exact, keys, honest, wide
	}{
		{"same serial", "a 1 D1: S100|m||\nb 1 D1: S100|BRAUN||", "1 1 1 1"},
		{"nothing shared", "a 1 D1: S100|m||\nb 1 D1: |m||aa", "0 0 0 0"},
		{"case and hyphen", "a 1 D1: sn-100|m||\nb 1 D1: SN100|m||", "0 1 1 1"},
		{"O for 0", "a 1 D1: SNO7|m||\nb 1 D1: SN07|m||", "0 0 0 1"},
		{"zeros lost", "a 1 D1: 00712|m||\nb 1 D1: 712|m||", "0 0 0 1"},
		{"no maker on one row", "a 1 D1: S100|N/A||\nb 1 D1: S100|m||", "0 0 0 1"},
		{"placeholder", "a 1 D1: SEE LABEL|m||\nb 1 D1: SEE LABEL|m||", "0 0 0 0"},
		{"zeros only", "a 1 D1: 0000000|m||\nb 1 D1: 0000000|m||", "0 0 0 0"},
		{"same MAC", "a 1 D1: |||aa\nb 1 D1: |||bb,aa", "1 1 1 1"},
		{"a dock's MAC", "a 1 D1: |||dd\nb 1 D1: |||dd\na 2 D2: |||dd", "0 0 0 0"},
		{"same hostname", "a 1 D1: ||PUMP-1|\nb 1 D1: ||pump-1 |", "0 1 1 1"},
		{"a reused hostname", "a 1 D1: ||PUMP-1|\nb 1 D1: ||PUMP-1|\na 2 D2: ||PUMP-1|", "0 0 0 0"},
		{"a chain", "a 1 D1: S1|m||\nb 1 D1: S1|m||aa\nc 1 D1: |||aa", "3 3 3 3"},
		{"a chain by hostname", "a 1 D1: S12|m||\nb 1 D1: S12|m|H|\nc 1 D1: ||H|", "1 3 3 3"},
		{"a module with its pump's serial", "a 1 D1: S77|m||\nb 1 D1: S77|m||\na 2 D2: S77|m||", "1 1 0 1"},
		{"never across devices", "a 1 D1: S9|m||\na 2 D2: S9|m||", "0 0 0 0"},
	} {
		h := hospital(c.rows)
		var got []string
		for _, l := range linkings() {
			got = append(got, itoa(recall(h, put(), l.wanted(h)).of))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s pairs wanted, want %s", c.name, s, c.want)
		}
	}
}

func TestAttribute(t *testing.T) {
	h := hospital("a 1 D1: |m||\na 2 D2: |m||\na 3 D3: |m||\nb 1 D3: |||\na 4 X1: |||")
	a := put("a 1", "a 2", "a 3,b 1", "a 4")
	a.things["1"] = thing{maker: "B BRAUN"}
	a.things["2"] = thing{maker: "Baxter"}
	s, wrong := attribute(h, a, func(x thing) string { return x.maker }, nil)
	if want := (said{rows: 4, said: 2, right: 1}); s != want {
		t.Errorf("%+v, want %+v: the rogue has no truth, unsaid is not right", s, want)
	}
	if c := confusions(wrong); len(c) != 2 || c[0] != (confusion{"", "B. Braun", 2}) || c[1] != (confusion{"Baxter", "B. Braun", 1}) {
		t.Errorf("confusions %v", c)
	}
	s, _ = attribute(h, a, func(x thing) string { return x.maker }, func(r row) bool { return r.file == "b" })
	if want := (said{rows: 1}); s != want {
		t.Errorf("file b: %+v, want %+v", s, want)
	}
}

func TestErrorsAreNamed(t *testing.T) {
	h := hospital("a 1 D1: S1|m||\nb 1 D1: S1|m||\na 2 D2: S2|m||\nb 2 D2: S2|m||\na 3 D3: S3|m||")
	a := put("a 1", "b 1", "a 2,b 2,a 3")
	if m := mixedRecords(h, a); len(m) != 1 || m[0].pairs != 2 || len(m[0].rows) != 3 {
		t.Errorf("mixed %+v", m)
	}
	if m := missedPairs(h, a, everything(h)); len(m) != 1 || m[0] != (missed{"D1", row{"a", 1}, row{"b", 1}}) {
		t.Errorf("missed %+v", m)
	}
}

// answerLines writes rows grouped by part as pons devices does.
func answerLines(t *testing.T, h truth, part map[row]string) string {
	t.Helper()
	var b strings.Builder
	for _, rows := range groups(part) {
		type record struct {
			Source string `json:"source"`
			File   string `json:"file"`
			Row    int    `json:"row"`
		}
		want := h.things[h.device[rows[0]]]
		line := map[string]any{"manufacturer": want.maker, "class": want.class, "model": want.model}
		var records []record
		for _, r := range rows {
			records = append(records, record{"x", r.file, r.n})
		}
		line["records"] = records
		j, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(j, '\n'))
	}
	return b.String()
}

// TestHospitals runs the whole program on the project's synthetic hospital and on one of the demo's, in both
// forms of its biomed export: the truth itself scores 1, everything apart does not meet the measures.
func TestHospitals(t *testing.T) {
	book, plain := t.TempDir(), t.TempDir()
	for dir, csv := range map[string]bool{book: false, plain: true} {
		if _, err := demo.Write(dir, demo.Options{Seed: 5, Devices: 400, CSV: csv, Wire: -1}); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"../../../shared/data/hospital_synthetic", book, plain} {
		h, err := readTruth(filepath.Join(dir, "truth.csv"), filepath.Join(dir, "devices.csv"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name string
			part map[row]string
			met  bool
		}{{"truth", h.device, true}, {"linked by keys", linkings()[1].wanted(h), true}, {"apart", apart(h), false}} {
			var out strings.Builder
			err := run([]string{"-truth", filepath.Join(dir, "truth.csv"), "-strict"}, strings.NewReader(answerLines(t, h, c.part)), &out)
			if (err == nil) != c.met {
				t.Errorf("%s, %s: %v, want met %v\n%.2000s", dir, c.name, err, c.met, out.String())
			}
		}
	}
}

func apart(h truth) map[row]string {
	out := map[row]string{}
	for r := range h.device {
		out[r] = r.file + itoa(r.n)
	}
	return out
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	if _, err := demo.Write(dir, demo.Options{Seed: 5, Devices: 120, CSV: true, Wire: -1}); err != nil {
		t.Fatal(err)
	}
	truth := filepath.Join(dir, "truth.csv")
	if err := run([]string{"-truth", truth}, strings.NewReader("{\"records\":1}\n"), new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("bad line: %v", err)
	}
	a, err := readAnswer(strings.NewReader(`{"records":[{"file":"x/cmms.csv","row":1}]}` + "\n" + `{"records":[{"file":"cmms.csv","row":1}]}`))
	if err != nil || len(a.twice) != 1 || a.record[row{"cmms.csv", 1}] != "1" {
		t.Errorf("row on two records: %+v, %v", a, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "nac.csv"), []byte("MACAddress,Note,X\n00:11:22:33:44:55,a,b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-truth", truth}, strings.NewReader(""), new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "nac.csv") {
		t.Errorf("another file than the truth's: %v", err)
	}
}
