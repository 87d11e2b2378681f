package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pons/capture"
	"pons/fault"
)

func write(t *testing.T, o Options) (string, Hospital) {
	t.Helper()
	dir := t.TempDir()
	h, err := Write(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return dir, h
}

func digest(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	sums := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		sums[name] = sha256.Sum256(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// TestSameSeedSameBytes also shows that another seed is another hospital, file by file.
func TestSameSeedSameBytes(t *testing.T) {
	one, h := write(t, Options{Seed: 7, Devices: 800})
	two, _ := write(t, Options{Seed: 7, Devices: 800})
	other, _ := write(t, Options{Seed: 8, Devices: 800})
	a, b, c := digest(t, one), digest(t, two), digest(t, other)
	if len(a) != len(h.Files) {
		t.Errorf("%d files written, %d reported", len(a), len(h.Files))
	}
	for name, sum := range a {
		if b[name] != sum {
			t.Errorf("%s: differs between two runs of one seed", name)
		}
		if c[name] == sum {
			t.Errorf("%s: the same for two seeds", name)
		}
	}
}

// TestMarkedSynthetic: whoever finds one of the files alone can see what it is.
func TestMarkedSynthetic(t *testing.T) {
	for _, o := range []Options{{Devices: 300}, {Devices: 300, CSV: true}} {
		dir, h := write(t, o)
		for _, name := range h.Files {
			path := filepath.Join(dir, name)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text := string(raw)
			if strings.HasSuffix(name, ".xlsx") {
				text = strings.Join(sheet(t, path)[0], " ")
			}
			if !strings.Contains(strings.ToLower(text), "synthetic") {
				t.Errorf("%s does not say that it is synthetic", name)
			}
		}
	}
}

func sheet(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(f.GetSheetList()[0], excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestWorkbookIsTheCSV: title, empty line, header, rows, total; and the same rows as the CSV of the same seed.
func TestWorkbookIsTheCSV(t *testing.T) {
	dirX, h := write(t, Options{Devices: 500, Wire: -1})
	dirC, _ := write(t, Options{Devices: 500, Wire: -1, CSV: true})
	rows, plain := sheet(t, filepath.Join(dirX, "cmms.xlsx")), table(t, filepath.Join(dirC, "cmms.csv"), ',')
	if n := h.Rows["cmms.xlsx"]; len(rows) != n+4 || len(plain) != n {
		t.Fatalf("%d lines in the workbook, %d rows in the CSV, want %d + 4 and %d", len(rows), len(plain), n, n)
	}
	if last := rows[len(rows)-1]; last[0] != "Total" || last[1] != fmt.Sprint(h.Rows["cmms.xlsx"]) {
		t.Errorf("total line %v", last)
	}
	for i, p := range plain {
		for j, column := range rows[2] {
			got := ""
			if j < len(rows[i+3]) {
				got = rows[i+3][j]
			}
			want := p[column]
			if day, err := time.Parse("2006-01-02", want); err == nil {
				want = excelDay(day)
			}
			if got != want {
				t.Fatalf("row %d, %s: %q in the workbook, %q in the CSV", i+1, column, got, want)
			}
		}
	}
}

// TestTruthCoversEveryRow: one line for each data row of each export, none twice, of devices that exist.
func TestTruthCoversEveryRow(t *testing.T) {
	dir, h := write(t, Options{Devices: 700, CSV: true})
	known := map[string]bool{}
	for _, d := range table(t, filepath.Join(dir, "devices.csv"), ',') {
		known[d["device"]] = true
	}
	if len(known) != h.Devices {
		t.Errorf("%d devices in devices.csv, want %d", len(known), h.Devices)
	}
	rows, rogues := map[string]bool{}, map[string]bool{}
	for _, r := range table(t, filepath.Join(dir, "truth.csv"), ',') {
		key := r["file"] + " " + r["row"]
		if rows[key] {
			t.Errorf("%s twice", key)
		}
		rows[key] = true
		if !known[r["device"]] {
			rogues[r["device"]] = true
		}
	}
	total := 0
	for _, n := range h.Rows {
		total += n
	}
	if len(rows) != total {
		t.Errorf("truth of %d rows, want %d", len(rows), total)
	}
	if len(rogues) != h.Rogues {
		t.Errorf("%d unknown devices in the truth, want %d", len(rogues), h.Rogues)
	}
}

// TestPhantomsAreInTheCaptures, and in none of the tables: else a test that searches for them could not fail.
func TestPhantomsAreInTheCaptures(t *testing.T) {
	dir, h := write(t, Options{})
	var wire, tables []byte
	for _, name := range h.Files {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".pcap") {
			wire = append(wire, b...)
		} else if !strings.HasSuffix(name, ".xlsx") {
			tables = append(tables, b...)
		}
	}
	for _, p := range Phantoms() {
		if p != phantomPassword && !bytes.Contains(wire, []byte(p)) { // the password goes in base64 only
			t.Errorf("%q is in no capture", p)
		}
		if bytes.Contains(tables, []byte(p)) {
			t.Errorf("%q is in a table", p)
		}
	}
}

// TestFramesAreValid checks lengths and every checksum of IPv4, UDP and TCP by a sum over the bytes that must
// come out as zero, and that no source address is a multicast one.
func TestFramesAreValid(t *testing.T) {
	dir, h := write(t, Options{})
	kinds := map[string]int{}
	var last time.Time
	for _, name := range h.Files {
		if !strings.HasSuffix(name, ".pcap") {
			continue
		}
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		source, err := capture.Open(f, name)
		if err != nil {
			t.Fatal(err)
		}
		last = time.Time{}
		_, err = source.Run(context.Background(), func(fr capture.Frame) {
			b := fr.Data
			if fr.At.Before(last) {
				t.Errorf("%s frame %d: out of order", name, fr.Number)
			}
			last = fr.At
			if len(b) < 60 || b[6]&1 != 0 {
				t.Errorf("%s frame %d: %d bytes from %x", name, fr.Number, len(b), b[6:12])
			}
			kind := binary.BigEndian.Uint16(b[12:])
			b = b[14:]
			if kind == 0x8100 {
				kind, b = binary.BigEndian.Uint16(b[2:]), b[4:]
			}
			kinds[fmt.Sprintf("%04x", kind)]++
			if kind != 0x0800 {
				return
			}
			total, proto := int(binary.BigEndian.Uint16(b[2:])), b[9]
			if total > len(b) || checksum(b[:20]) != 0 {
				t.Errorf("%s frame %d: IPv4 length %d of %d or checksum", name, fr.Number, total, len(b))
				return
			}
			segment := b[20:total]
			pseudo := append(append([]byte{}, b[12:20]...), 0, proto, byte(len(segment)>>8), byte(len(segment)))
			if checksum(append(pseudo, segment...)) != 0 {
				t.Errorf("%s frame %d: checksum of protocol %d", name, fr.Number, proto)
			}
			kinds[fmt.Sprintf("ip %d", proto)]++
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range []string{"0806", "88cc", "88b5", "ip 6", "ip 17"} {
		if kinds[k] == 0 {
			t.Errorf("no frame of kind %s among %v", k, kinds)
		}
	}
}

// TestHostsOfTheCaptures: a few hundred, of every networked class, rogues among them.
func TestHostsOfTheCaptures(t *testing.T) {
	dir, h := write(t, Options{})
	if h.Hosts < 300 || h.Hosts > 420 {
		t.Errorf("%d hosts talk", h.Hosts)
	}
	class := map[string]string{}
	for _, d := range table(t, filepath.Join(dir, "devices.csv"), ',') {
		class[d["device"]] = d["class"]
	}
	seen, rogues := map[string]bool{}, 0
	for _, r := range table(t, filepath.Join(dir, "hosts.csv"), ',') {
		if c := class[r["device"]]; c != "" {
			seen[c] = true
		} else {
			rogues++
		}
	}
	for _, a := range articles() {
		if a.wired > .5 && a.share >= 10 && !seen[a.class] {
			t.Errorf("no %s talks", a.class)
		}
	}
	if rogues < 10 {
		t.Errorf("%d rogues talk", rogues)
	}
}

func TestBadOptions(t *testing.T) {
	for _, o := range []Options{{Devices: 5}, {Devices: 1 << 20}, {Damage: 9}} {
		if _, err := Write(t.TempDir(), o); !errors.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v, want invalid", o, err)
		}
	}
}

// TestTables: the benchmark fixtures have the rows and columns they promise, twice the same.
func TestTables(t *testing.T) {
	var a, b, x bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := WriteCSV(w, 1000, 3); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two runs of one seed differ")
	}
	lines, err := csv.NewReader(&a).ReadAll()
	if err != nil || len(lines) != 1001 || len(lines[0]) != 20 {
		t.Fatalf("%d lines of %d columns, %v", len(lines), len(lines[0]), err)
	}
	if err := WriteXLSX(&x, 1000, 3); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&x)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Equipment")
	if err != nil || len(rows) != 1001 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, r := range rows {
		for j := range r {
			if r[j] != lines[i][j] {
				t.Fatalf("line %d: %q in the workbook, %q in the CSV", i+1, r[j], lines[i][j])
			}
		}
	}
}
