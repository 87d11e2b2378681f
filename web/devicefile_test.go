package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/cascadia"

	"pons/account"
	"pons/fact"
	"pons/inventory"
)

func TestDeviceExportCSV(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Viewer)
	read := func(path string) [][]string {
		t.Helper()
		a := v.get(path)
		if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment;") {
			t.Fatalf("%s answers %d %q", path, a.status, a.header.Get("Content-Disposition"))
		}
		lines, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return lines
	}
	lines := read("/devices.csv?cols=manufacturer,model&sort=manufacturer")
	if !slices.Equal(lines[0], []string{"id", "name", "manufacturer", "model"}) || len(lines) != 6 {
		t.Fatalf("%d lines, head %q", len(lines), lines[0])
	}
	found := false
	for _, line := range lines[1:] {
		for _, cell := range line {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("a live cell: %q", cell)
			}
			found = found || cell == "'=1+1"
		}
	}
	if !found {
		t.Errorf("the formula is gone: %q", lines)
	}
	if lines := read("/devices.csv?q=class%3Ainfusion-pump&every=1"); len(lines) != 4 || len(lines[0]) < 35 {
		t.Errorf("every column of the pumps: %d lines of %d", len(lines), len(lines[0]))
	}
	if a := v.get("/devices.csv?q=clas%3A1"); a.status != http.StatusBadRequest || a.header.Get("Content-Disposition") != "" {
		t.Errorf("a wrong question is exported with %d %q", a.status, a.header.Get("Content-Disposition"))
	}
	if a := s.as(account.Clinical).get("/devices.csv"); a.status != http.StatusForbidden {
		t.Errorf("who may not export gets %d", a.status)
	}
}

// TestDeviceExportXLSX opens the workbook with LibreOffice: every device is there, and no cell is a formula.
func TestDeviceExportXLSX(t *testing.T) {
	s := deviceSite(t)
	a := s.as(account.Viewer).get("/devices.xlsx?cols=manufacturer,model,cost&sort=manufacturer")
	if a.status != http.StatusOK {
		t.Fatalf("answers %d", a.status)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "devices.xlsx"), []byte(a.body), 0o600); err != nil {
		t.Fatal(err)
	}
	office := ""
	for _, name := range []string{"soffice", "libreoffice"} {
		if path, err := exec.LookPath(name); err == nil {
			office = path
			break
		}
	}
	if office == "" {
		t.Fatal("LibreOffice is not installed: apt-get install libreoffice-calc-nogui (make check does it where it may)")
	}
	cmd := exec.CommandContext(t.Context(), office, "-env:UserInstallation=file://"+dir+"/profile", "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76", "--outdir", dir, filepath.Join(dir, "devices.xlsx"))
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("LibreOffice: %v\n%s", err, out)
	}
	body, err := os.ReadFile(filepath.Join(dir, "devices.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil || len(lines) != 6 {
		t.Fatalf("%d lines: %v\n%s", len(lines), err, body)
	}
	if !slices.Equal(lines[0], []string{"Name", "Manufacturer", "Model", "Acquisition cost", "Pons id"}) {
		t.Errorf("head %q", lines[0])
	}
	text := string(body)
	for _, want := range []string{"=1+1", "@SUM(1)", "2794.5", "<script>alert(1)</script>"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the workbook:\n%s", want, text)
		}
	}
}

// TestDeviceExportInMany holds that more devices than one reading takes all come, once each.
func TestDeviceExportInMany(t *testing.T) {
	s := newSite(t)
	s.manyDevices(2345)
	lines, err := csv.NewReader(strings.NewReader(s.as(account.Viewer).get("/devices.csv?cols=control_number").body)).ReadAll()
	if err != nil || len(lines) != 2346 {
		t.Fatalf("%d lines: %v", len(lines), err)
	}
	seen := map[string]bool{}
	for _, line := range lines {
		seen[line[2]] = true
	}
	if len(seen) != 2346 {
		t.Errorf("%d different numbers", len(seen))
	}
}

// upload sends a multipart form of one file.
func (v *visitor) upload(path, name string, body []byte) answer {
	v.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := part.Write(body); err != nil {
		v.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		v.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(v.t.Context(), "POST", v.base+path, &b)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	res, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	var out bytes.Buffer
	_, _ = out.ReadFrom(res.Body)
	return answer{res.StatusCode, res.Header.Get("Location"), res.Header, out.String()}
}

func TestDeviceDocuments(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Biomed)
	id := s.idOf("CE-1")
	page := func() []string { return all(t, v.get("/devices/"+id+"?tab=documents"), "tbody th") }
	pdf := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte{0, 1, 2, 255}, 1000)...)
	for name, c := range map[string]struct {
		body []byte
		want int
	}{
		"../../manual\r\nX: y.pdf": {pdf, 303}, "plate.png": {[]byte("\x89PNG\r\n\x1a\nrest"), 303}, "note.txt": {[]byte("calibrated\n"), 303},
		"page.html": {[]byte("<script>alert(1)</script>"), 303}, // kept as text, sent as text
		"tool.exe":  {[]byte("MZ\x90\x00\x03"), 400}, "empty.pdf": {nil, 400}, "zip.pdf": {[]byte("PK\x03\x04\x00\x00"), 400},
		"large.pdf": {append([]byte("%PDF-1.7\n"), make([]byte, inventory.MaxAttachment)...), 400},
	} {
		if a := v.upload("/devices/"+id+"/documents", name, c.body); a.status != c.want {
			t.Errorf("%s is answered with %d, want %d", name, a.status, c.want)
		}
	}
	if got := page(); len(got) != 4 {
		t.Fatalf("documents are %q", got)
	}
	checkMarkup(t, "documents", v.get("/devices/"+id+"?tab=documents"))
	hrefs := map[string]string{}
	for _, n := range cascadia.QueryAll(v.get("/devices/"+id+"?tab=documents").doc(t), cascadia.MustCompile("tbody th a")) {
		hrefs[text(n)] = attributeOf(n, "href")
	}
	a := v.get(hrefs["page.html"])
	if a.header.Get("Content-Type") != "text/plain; charset=utf-8" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Content-Disposition") != "attachment; filename=page.html" {
		t.Errorf("a page comes back as %q %q %q", a.header.Get("Content-Type"), a.header.Get("X-Content-Type-Options"), a.header.Get("Content-Disposition"))
	}
	for name, href := range hrefs {
		if strings.Contains(name, "/") || strings.Contains(name, "\r") {
			t.Errorf("a document is called %q", name)
		}
		if !strings.HasSuffix(name, ".pdf") {
			continue
		}
		if a := v.get(href); a.body != string(pdf) || a.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment;") {
			t.Errorf("%s comes back as %d bytes of %q, %q", name, len(a.body), a.header.Get("Content-Type"), a.header.Get("Content-Disposition"))
		}
		if a := v.get(strings.Replace(href, id, s.idOf("CE-2"), 1)); a.status != http.StatusNotFound {
			t.Errorf("another device gives the document out: %d", a.status)
		}
	}
	// removed, and back
	a = v.post(hrefs["note.txt"]+"/remove", nil)
	undo := attribute(t, v.get(a.location), ".note form", "action")
	if got := page(); len(got) != 3 || v.get(hrefs["note.txt"]).status != http.StatusNotFound {
		t.Errorf("after removing there are %q", got)
	}
	v.post(undo, nil)
	if got := page(); len(got) != 4 || v.get(hrefs["note.txt"]).body != "calibrated\n" {
		t.Errorf("after undo there are %q", got)
	}
	viewer := s.as(account.Viewer)
	if a := viewer.upload("/devices/"+id+"/documents", "x.txt", []byte("x")); a.status != http.StatusForbidden {
		t.Errorf("a viewer adds a document: %d", a.status)
	}
	if a := viewer.post(hrefs["note.txt"]+"/remove", nil); a.status != http.StatusForbidden {
		t.Errorf("a viewer removes a document: %d", a.status)
	}
	// documents follow their device into another
	v.post("/devices/"+id+"/decide", map[string][]string{"other": {s.idOf("CE-3")}, "same": {"yes"}})
	if got := all(t, v.get("/devices/"+s.idOf("CE-3")+"?tab=documents"), "tbody th"); len(got) != 4 {
		t.Errorf("after a merge there are %q", got)
	}
}

// TestDeviceListOfMany draws the list of ten thousand devices in well under a second.
func TestDeviceListOfMany(t *testing.T) {
	s := newSite(t)
	s.manyDevices(10000)
	v := s.as(account.Viewer)
	start := time.Now()
	a := v.get("/devices?q=class%3Ainfusion-pump")
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the list took %v", took)
	}
	if got := all(t, a, ".results .card-title"); !slices.Equal(got, []string{"10,000 devices"}) || len(all(t, a, "tbody tr")) != deviceRows {
		t.Errorf("the list shows %q in %d rows", got, len(all(t, a, "tbody tr")))
	}
	if n := len(a.body); n > 200<<10 {
		t.Errorf("the page has %d bytes", n)
	}
}

// manyDevices brings n pumps.
func (s *site) manyDevices(n int) {
	s.t.Helper()
	records := make([]fact.Record, n)
	for i := range records {
		records[i] = deviceFile("cmms", fmt.Sprintf("N%05d", i), i+1, "control_number", fmt.Sprintf("N%05d", i), "class", "infusion-pump", "department", fmt.Sprintf("Ward %d", i%40))
	}
	s.bring("cmms", "cmms", records...)
}
