package all

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/xuri/excelize/v2"

	"pons/intake"
)

// inventoryRow is one row of a CMMS export of twenty columns, as the benchmarks use it.
func inventoryRow(r *rand.Rand, i int) []any {
	makers := [...]string{"Philips", "B. Braun", "GE HealthCare", "Draeger", "Baxter"}
	models := [...]string{"IntelliVue MX800", "Infusomat Space", "CARESCAPE B650", "Evita V500", "Sigma Spectrum"}
	k := r.IntN(5)
	return []any{fmt.Sprintf("CE-%06d", i), makers[k], models[k], fmt.Sprintf("SN%08X", r.Uint32()), "PATIENT MONITOR", "ICU 1", "Mercy Main", fmt.Sprint(r.IntN(400)), "In Service",
		12, 45000 + r.IntN(900), 42000 + r.IntN(3000), 10000 + r.IntN(70000), fmt.Sprintf("00:09:FB:%02X:%02X:%02X", r.IntN(256), r.IntN(256), r.IntN(256)),
		fmt.Sprintf("10.%d.%d.%d", r.IntN(256), r.IntN(256), 1+r.IntN(250)), fmt.Sprintf("MX800-ICU1-%05d", i), "L.20.1", "7100", "N/A", "checked at annual inspection"}
}

var inventoryHeader = []any{"Control #", "Mfgr", "Model", "Serial #", "Description", "Dept", "Facility", "Room", "Status", "PM Freq (mo)", "Last PM", "Acq Date", "Acq Cost", "MAC Address",
	"IP Address", "Hostname", "Software Version", "Cost Center", "Asset Tag", "Notes"}

// workbook writes rows rows with excelize. streamed uses its stream writer (inline strings), otherwise shared strings.
func workbook(tb testing.TB, rows int, streamed bool) []byte {
	tb.Helper()
	f := excelize.NewFile()
	defer f.Close()
	r := rand.New(rand.NewPCG(1, 1))
	if streamed {
		w, err := f.NewStreamWriter("Sheet1")
		if err != nil {
			tb.Fatal(err)
		}
		w.SetRow("A1", inventoryHeader)
		for i := range rows {
			if err := w.SetRow(fmt.Sprintf("A%d", i+2), inventoryRow(r, i)); err != nil {
				tb.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			tb.Fatal(err)
		}
	} else {
		f.SetSheetRow("Sheet1", "A1", &inventoryHeader)
		for i := range rows {
			row := inventoryRow(r, i)
			f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+2), &row)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func file(name string, data []byte) intake.File {
	return intake.File{Name: name, Data: bytes.NewReader(data), Size: int64(len(data))}
}

// readAll opens, guesses and reads everything, and returns how many records and facts came out.
func readAll(tb testing.TB, f intake.File) (records, facts int) {
	tb.Helper()
	t, err := intake.Open(Formats(), f, intake.Choice{})
	if err != nil {
		tb.Fatal(err)
	}
	for rec, err := range t.Records(intake.Guess(t), readAt) {
		if err != nil {
			tb.Fatal(err)
		}
		records++
		facts += len(rec.Facts)
	}
	return records, facts
}

// BenchmarkXLSX reads and maps 100,000 rows of twenty columns, on one core with -cpu 1.
func BenchmarkXLSX(b *testing.B) {
	for name, streamed := range map[string]bool{"shared": false, "inline": true} {
		data := workbook(b, 100_000, streamed)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if n, facts := readAll(b, file("a.xlsx", data)); n != 100_000 || facts < 1_800_000 {
					b.Fatal(n, facts)
				}
			}
		})
	}
}

// BenchmarkExcelize is what reading the same rows costs with the library, without mapping.
func BenchmarkExcelize(b *testing.B) {
	data := workbook(b, 100_000, false)
	for b.Loop() {
		f, err := excelize.OpenReader(bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		rows, err := f.Rows("Sheet1")
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for rows.Next() {
			if _, err := rows.Columns(); err != nil {
				b.Fatal(err)
			}
			n++
		}
		f.Close()
		if n != 100_001 {
			b.Fatal(n)
		}
	}
}

// endless gives CSV rows by their place, so that a file of any size costs no memory to test with.
type endless struct {
	head, row []byte
	rows      int
}

func (e endless) size() int64 { return int64(len(e.head)) + int64(e.rows)*int64(len(e.row)) }

func (e endless) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		if off >= e.size() {
			return n, io.EOF
		}
		if off < int64(len(e.head)) {
			k := copy(p[n:], e.head[off:])
			n, off = n+k, off+int64(k)
			continue
		}
		body := off - int64(len(e.head))
		i, at := body/int64(len(e.row)), int(body%int64(len(e.row)))
		line := append([]byte(nil), e.row...)
		for k, v := 10, i; k > 3; k, v = k-1, v/10 { // CE-0000000
			line[k-1] = byte('0' + v%10)
		}
		k := copy(p[n:], line[at:])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

func millionRows(rows int) endless {
	e := endless{rows: rows}
	r := rand.New(rand.NewPCG(1, 1))
	var b bytes.Buffer
	for i, h := range inventoryHeader {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, h)
	}
	e.head = append(bytes.Clone(b.Bytes()), '\n')
	b.Reset()
	for i, v := range inventoryRow(r, 0) {
		if i == 0 {
			v = "CE-0000000"
		} else {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, v)
	}
	e.row = append(b.Bytes(), '\n')
	return e
}

// TestBounded holds that the memory of a reading does not grow with the file, apart from a hash a row.
func TestBounded(t *testing.T) {
	e := millionRows(200_000)
	table, err := intake.Open(Formats(), intake.File{Name: "a.csv", Data: e, Size: e.size()}, intake.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for _, err := range table.Records(intake.Guess(table), readAt) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%50_000 == 0 {
			runtime.GC()
			if runtime.ReadMemStats(&now); now.HeapInuse > before.HeapInuse+64<<20 {
				t.Fatalf("row %d holds %d MiB", n, (now.HeapInuse-before.HeapInuse)>>20)
			}
		}
	}
	if n != 200_000 {
		t.Error(n)
	}
}

// BenchmarkCSV streams 1,000,000 rows of twenty columns and reports the most memory held.
func BenchmarkCSV(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		e := millionRows(1_000_000)
		t, err := intake.Open(Formats(), intake.File{Name: "a.csv", Data: e, Size: e.size()}, intake.Choice{})
		if err != nil {
			b.Fatal(err)
		}
		n, most := 0, uint64(0)
		var m runtime.MemStats
		runtime.GC()
		for _, err := range t.Records(intake.Guess(t), readAt) {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n%100_000 == 0 {
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse+m.StackInuse)
			}
		}
		if n != 1_000_000 {
			b.Fatal(n)
		}
		b.ReportMetric(float64(most>>20), "MiB-held")
	}
}
