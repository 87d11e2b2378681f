package web

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"pons/account"
	"pons/fault"
	"pons/inventory"
	"pons/sqldb"
)

// fillImports makes what the walks look at: a file of the administrator's that waits.
func (s *site) fillImports() {
	s.t.Helper()
	up, err := s.web.uploads.keep(s.t.Context(), walkUpload, s.actor(account.Administrator).ID, "cmms.csv", strings.NewReader(cmmsFile))
	if err == nil {
		_, err = s.web.recognise(s.t.Context(), up)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// walkUpload is the id of the file that the walks look at.
const walkUpload = "WALKWALKWALKWALKWALKWALK22"

const cmmsFile = "Control #,Mfgr,Model,Serial #,Dept,Last PM,Remark\n" +
	"CE-1,B. Braun,Infusomat Space,471125,ICU,03/06/2025,fine\n" +
	"CE-2,Philips,IntelliVue MX800,DE551100,ICU,12/31/2025,=1+1\n" +
	"CE-3,Philips,IntelliVue MX800,DE551101,,summer,<script>alert(1)</script>\n" +
	",,,,,,\n" +
	",Philips,,,,,nobody knows\n"

// upload sends a file as a form does.
func (v *visitor) sendFile(path, name string, content []byte) answer {
	v.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err = errors.Join(err, form.Close()); err != nil {
		v.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(v.t.Context(), "POST", v.base+path, &body)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("Location"), res.Header, string(text)}
}

// formOf is what a browser would send of a form: what is filled in, chosen and ticked.
func formOf(t *testing.T, a answer, selector string) url.Values {
	t.Helper()
	form := cascadia.Query(a.doc(t), cascadia.MustCompile(selector))
	if form == nil {
		t.Fatalf("no %s on the page:\n%s", selector, text(a.doc(t)))
	}
	out := url.Values{}
	for n := range form.Descendants() {
		name := ""
		if n.Type == html.ElementNode {
			name = attributeOf(n, "name")
		}
		switch {
		case name == "" || n.Data == "button":
		case n.Data == "select":
			value := ""
			for i, o := range cascadia.QueryAll(n, cascadia.MustCompile("option")) {
				if i == 0 || has(o, "selected") {
					value = attributeOf(o, "value")
				}
			}
			out.Set(name, value)
		case attributeOf(n, "type") == "checkbox":
			if has(n, "checked") {
				out.Add(name, attributeOf(n, "value"))
			}
		case n.Data == "input" && attributeOf(n, "type") != "file":
			out.Set(name, attributeOf(n, "value"))
		}
	}
	return out
}

func has(n *html.Node, name string) bool {
	for _, at := range n.Attr {
		if at.Key == name {
			return true
		}
	}
	return false
}

// settle follows redirects and looks again while something runs, as a browser without script does.
func (v *visitor) settle(a answer) answer {
	v.t.Helper()
	for range 200 {
		switch {
		case a.status == http.StatusSeeOther:
			a = v.get(a.location)
		case strings.Contains(a.body, `http-equiv="refresh"`):
			time.Sleep(50 * time.Millisecond)
			page := cascadia.Query(a.doc(v.t), cascadia.MustCompile("#job"))
			a = v.get(attributeOf(page, "hx-get"))
		default:
			return a
		}
	}
	v.t.Fatalf("it does not end:\n%s", text(a.doc(v.t)))
	return a
}

// tabCounts are the counts of the tabs of a report.
func tabCounts(t *testing.T, a answer) string {
	t.Helper()
	return strings.Join(all(t, a, ".tabs a"), ", ")
}

// rowOf finds the row of the form that speaks of a column.
func columnSelect(t *testing.T, a answer, header string) (name, value string) {
	t.Helper()
	for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile("tr")) {
		th := cascadia.Query(n, cascadia.MustCompile("th"))
		sel := cascadia.Query(n, cascadia.MustCompile("select"))
		if th != nil && sel != nil && text(th) == header {
			name = attributeOf(sel, "name")
			return name, formOf(t, a, "#columns-form").Get(name)
		}
	}
	t.Fatalf("no column %q on the page", header)
	return "", ""
}

// book is a workbook of one sheet, all cells text.
func book(t *testing.T, rows string) []byte {
	t.Helper()
	var sheet strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(rows), "\n") {
		sheet.WriteString("<row>")
		for _, cell := range strings.Split(line, ",") {
			sheet.WriteString(`<c t="str"><v>` + html.EscapeString(cell) + `</v></c>`)
		}
		sheet.WriteString("</row>")
	}
	return workbook(t, sheet.String())
}

func workbook(t *testing.T, rows string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"xl/worksheets/sheet1.xml", `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="x"><sheetData>` + rows + `</sheetData></worksheet>`},
		{"xl/workbook.xml", `<?xml version="1.0"?><workbook><workbookPr/><sheets><sheet name="Equipment" sheetId="1" r:id="r1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="r1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
	} {
		w, err := z.Create(part[0])
		if err == nil {
			_, err = io.WriteString(w, part[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// devicesKnown counts the devices of the inventory.
func (s *site) devicesKnown() int {
	s.t.Helper()
	var day inventory.Day
	if err := s.db.View(s.t.Context(), func(tx *sqldb.Tx) (err error) {
		day, err = s.web.Inventory.Today(tx)
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return day.Devices
}

// TestImport goes through the wizard without script, with a CSV file and the same rows as a workbook.
func TestImport(t *testing.T) {
	for name, content := range map[string][]byte{"cmms.csv": []byte(cmmsFile), "cmms.xlsx": book(t, cmmsFile)} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			v := s.as(account.Biomed)
			before := s.devicesKnown()
			a := v.sendFile("/sources/import", name, content)
			if a.status != http.StatusSeeOther || !strings.HasSuffix(a.location, "/columns") {
				t.Fatalf("upload: %d to %q\n%s", a.status, a.location, a.body)
			}
			up := strings.TrimSuffix(a.location, "/columns")
			a = v.get(a.location)
			checkMarkup(t, "columns", a)
			if _, got := columnSelect(t, a, "Control #"); got != "control_number" {
				t.Errorf("Control # is read as %q", got)
			}
			preview := strings.Join(all(t, a, ".preview tbody tr"), "|")
			for _, want := range []string{"471125", "2025-03-06", "summer", "no date", "<script>alert(1)</script>", "rejected"} {
				if !strings.Contains(preview, want) {
					t.Errorf("the preview lacks %q: %s", want, preview)
				}
			}

			// a wrong choice is told at its column, and stops the dry run
			form := formOf(t, a, "#columns-form")
			if form.Get("whole") != "yes" || form.Get("source") != "cmms" || form.Get("kind") != "cmms" {
				t.Errorf("the form begins with %v", form)
			}
			serial, _ := columnSelect(t, a, "Serial #")
			model, _ := columnSelect(t, a, "Model")
			form.Set(serial, form.Get(model))
			form.Set("do", "dry-run")
			a = v.post(up+"/columns", form)
			if errs := strings.Join(all(t, a, "tbody .error"), "|"); a.status != http.StatusUnprocessableEntity || !strings.Contains(errs, "already read from column") {
				t.Fatalf("two columns of one attribute: %d %q", a.status, errs)
			}
			checkMarkup(t, "columns with an error", a)

			// mended; a column of our own; the part of it that htmx asks for has the same rows
			form.Set(serial, "serial")
			remark, _ := columnSelect(t, a, "Remark")
			form.Set(remark, "custom.remark")
			form.Set("do", "preview")
			part := v.do("POST", up+"/columns", form, "HX-Request", "true")
			if part.status != 200 || !strings.HasPrefix(strings.TrimSpace(part.body), `<div id="columns"`) || !strings.Contains(part.body, "custom.remark") {
				t.Errorf("the part is %d %.80s", part.status, part.body)
			}
			yaml := v.get(up + "/mapping.yaml")
			if yaml.status != 200 || !strings.Contains(yaml.body, "attr: custom.remark") || !strings.Contains(yaml.header.Get("Content-Disposition"), "cmms-mapping.yaml") {
				t.Errorf("mapping.yaml: %d %s", yaml.status, yaml.body)
			}
			form.Set("do", "guess")
			if a = v.settle(v.post(up+"/columns", form)); strings.Contains(v.get(up+"/mapping.yaml").body, "chosen by you") {
				t.Error("recognised anew, the choices are still there")
			}
			if a = v.settle(v.sendFile(up+"/mapping", "mine.yaml", []byte(yaml.body))); !strings.Contains(text(a.doc(t)), "mapping: from mine.yaml") {
				t.Errorf("the saved mapping is not used:\n%s", text(a.doc(t)))
			}
			if _, got := columnSelect(t, a, "Remark"); got != "custom.remark" {
				t.Errorf("loaded, Remark is read as %q", got)
			}
			if a = v.settle(v.sendFile(up+"/mapping", "bad.yaml", []byte("kind: spaceship"))); !strings.Contains(text(a.doc(t)), "spaceship") {
				t.Errorf("a bad mapping is not told:\n%s", text(a.doc(t)))
			}

			// dry run
			form = formOf(t, v.get(up+"/columns"), "#columns-form")
			form.Set("do", "dry-run")
			a = v.settle(v.post(up+"/columns", form))
			checkMarkup(t, "dry run", a)
			if got := tabCounts(t, a); got != "Created 3, Updated 0, Unchanged 0, Conflict 0, Rejected 1" {
				t.Fatalf("dry run: %s\n%s", got, text(a.doc(t)))
			}
			if s.devicesKnown() != before {
				t.Error("the dry run wrote devices")
			}
			rejected := v.get(up + "/dry-run?tab=rejected")
			if rows := all(t, rejected, "tbody tr"); len(rows) != 1 || !strings.Contains(rows[0], "names no device") {
				t.Errorf("rejected rows: %q", rows)
			}
			csv := v.get(up + "/rows.csv?outcome=created")
			if lines := strings.Count(csv.body, "\r\n"); csv.status != 200 || lines != 4 || strings.Contains(csv.body, "\r\n=") {
				t.Errorf("created.csv: %d with %d lines:\n%s", csv.status, lines, csv.body)
			}

			// apply
			a = v.settle(v.post(up+"/apply", nil))
			checkMarkup(t, "result", a)
			if got := tabCounts(t, a); got != "Created 3, Updated 0, Unchanged 0, Conflict 0, Rejected 1" {
				t.Fatalf("result: %s\n%s", got, text(a.doc(t)))
			}
			if n := s.devicesKnown(); n != before+3 {
				t.Errorf("%d devices, want %d", n, before+3)
			}
			if rows := all(t, a, "tbody tr"); len(rows) != 3 || !strings.Contains(rows[0], "CE-1") {
				t.Errorf("created rows: %q", rows)
			}
			run := runHref(s.lastRun().ID)
			if got := v.get(run + "/mapping.yaml"); got.body != yaml.body && !strings.Contains(got.body, "custom.remark") {
				t.Errorf("the run's mapping is %s", got.body)
			}
			if got := v.get(run + "/rejected.csv"); strings.Count(got.body, "\r\n") != 2 {
				t.Errorf("rejected.csv is %s", got.body)
			}
			if again := v.post(up+"/apply", nil); again.status != http.StatusSeeOther || !strings.HasPrefix(again.location, run) || s.devicesKnown() != before+3 {
				t.Errorf("applied twice: %d to %s", again.status, again.location)
			}
			sources := v.get("/sources")
			if got := strings.Join(all(t, sources, "tbody tr"), "|"); !strings.Contains(got, "cmmsfreshCMMS330") || !strings.Contains(got, name+"biomed") {
				t.Errorf("sources: %s", got)
			}
			checkMarkup(t, "sources", sources)

			// the same file again changes nothing and is read in the same way
			a = v.settle(v.sendFile("/sources/import", name, content))
			if !strings.Contains(text(a.doc(t)), "mapping: the one that cmms used last") {
				t.Errorf("the last mapping is not used again:\n%s", text(a.doc(t)))
			}
			form = formOf(t, a, "#columns-form")
			form.Set("do", "dry-run")
			a = v.settle(v.post(attribute(t, a, "#columns-form", "action"), form))
			if got := tabCounts(t, a); got != "Created 0, Updated 0, Unchanged 3, Conflict 0, Rejected 1" {
				t.Errorf("again: %s", got)
			}

			// undo
			a = v.settle(v.post(run+"/undo", nil))
			if !strings.Contains(text(a.doc(t)), "Undone by biomed") || s.devicesKnown() != before {
				t.Errorf("after the undo %d devices:\n%s", s.devicesKnown(), text(a.doc(t)))
			}
			checkMarkup(t, "undone", a)
			if twice := v.post(run+"/undo", nil); twice.status != http.StatusConflict {
				t.Errorf("undone twice: %d", twice.status)
			}
			if strings.Contains(s.log.String(), "failed") {
				t.Errorf("the log:\n%s", s.log)
			}
		})
	}
}

func (s *site) lastRun() inventory.Run {
	s.t.Helper()
	var runs []inventory.Run
	if err := s.db.View(s.t.Context(), func(tx *sqldb.Tx) (err error) {
		runs, err = s.web.Inventory.Runs(tx, 1)
		return err
	}); err != nil || len(runs) == 0 {
		s.t.Fatalf("runs: %v %v", runs, err)
	}
	return runs[0]
}

// dryRunOf uploads a file and runs it dry as it is recognised.
func (v *visitor) dryRunOf(name string, content []byte) (up string, a answer) {
	v.t.Helper()
	a = v.sendFile("/sources/import", name, content)
	if a.status != http.StatusSeeOther {
		return "", a
	}
	up = strings.TrimSuffix(a.location, "/columns")
	page := v.get(a.location)
	selector := "#columns-form"
	if cascadia.Query(page.doc(v.t), cascadia.MustCompile(selector)) == nil {
		selector = "main form"
	}
	form := formOf(v.t, page, selector)
	form.Set("do", "dry-run")
	return up, v.post(up+"/columns", form)
}

// wideText is a text as UTF-16LE, as Microsoft's compound files have it.
func wideText(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// TestImportBadInput sends what people and enemies send: each ends in a message that names the mend, and nothing is
// written or kept.
func TestImportBadInput(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	secret := make([]byte, 2048)
	copy(secret, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	secret[30], secret[48] = 9, 1
	copy(secret[1024:], wideText("Root Entry"))
	copy(secret[1024+128:], wideText("EncryptedPackage"))
	before := s.devicesKnown()
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"secret.xlsx":  {secret, "password"},
		"bomb.xlsx":    {workbook(t, `<row><c t="str"><v>Control #</v></c><c t="str"><v>Model</v></c></row><row><c t="str"><v>CE-1</v></c><c t="str"><v>MX800</v></c></row>`+strings.Repeat("<row/>", 14<<20)), "zip bomb"},
		"endless.csv":  {bytes.Repeat([]byte("abcdefgh"), 1<<20), "no end within 4 MiB"},
		"empty.csv":    {nil, "empty"},
		"page.csv":     {[]byte("<html><body>no</body></html>"), "web page"},
		"letter.pdf":   {[]byte("%PDF-1.7\n"), "PDF"},
		"broken.xlsx":  {[]byte("PK\x03\x04 and no more"), "broken.xlsx"},
		"broken.pcap":  {[]byte("\xd4\xc3\xb2\xa1"), "ends inside the file header"},
		"unknown.bin":  {bytes.Repeat([]byte{0, 1, 2, 250}, 4000), "unknown.bin"},
		"nothing.json": {[]byte("{"), "nothing.json"},
	} {
		_, a := v.dryRunOf(name, c.content)
		a = v.settle(a)
		said := text(a.doc(t))
		if !strings.Contains(said, c.want) || a.status >= 500 {
			t.Errorf("%s: %d without %q:\n%s", name, a.status, c.want, said)
		}
		checkMarkup(t, name, a)
	}
	if a := v.post("/sources/import", nil); a.status != http.StatusUnprocessableEntity || !strings.Contains(text(a.doc(t)), "choose one") {
		t.Errorf("no file: %d", a.status)
	}

	// a header and no rows
	a := v.settle(v.sendFile("/sources/import", "header.csv", []byte("Control #,Model,Serial #\n")))
	if said := text(a.doc(t)); a.status != http.StatusUnprocessableEntity || !strings.Contains(said, "header.csv: there is a header") || !strings.Contains(said, "no row of data below it") {
		t.Errorf("header only: %d\n%s", a.status, said)
	}
	if s.devicesKnown() != before || strings.Contains(s.log.String(), "failed") {
		t.Errorf("%d devices, want %d; the log:\n%s", s.devicesKnown(), before, s.log)
	}
	for range 12 {
		a = v.sendFile("/sources/import", "many.csv", []byte(cmmsFile))
	}
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(text(a.doc(t)), "finish or discard") {
		t.Errorf("thirteen waiting files: %d", a.status)
	}
}

// TestImportCapture imports what can be read of a capture that was cut, and says where it breaks off.
func TestImportCapture(t *testing.T) {
	s := newSite(t)
	v := s.as(account.IT)
	whole, err := os.ReadFile("../protocol/dhcp/testdata/discover.pcap")
	if err != nil {
		t.Fatal(err)
	}
	arp, err := os.ReadFile("../protocol/arp/testdata/requests.pcap")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		content []byte
		damaged bool
	}{{"whole.pcap", whole, false}, {"cut.pcap", arp[:len(arp)-5], true}} {
		up, a := v.dryRunOf(c.name, c.content)
		a = v.settle(a)
		said := text(a.doc(t))
		if strings.Contains(said, "capture is damaged") != c.damaged || strings.Contains(tabCounts(t, a), "Created 0") {
			t.Fatalf("%s: %s\n%s", c.name, tabCounts(t, a), said)
		}
		before := s.devicesKnown()
		if a = v.settle(v.post(up+"/apply", nil)); s.devicesKnown() <= before || !strings.Contains(text(a.doc(t)), "none: a capture") {
			t.Errorf("%s: %d devices, %d before\n%s", c.name, s.devicesKnown(), before, text(a.doc(t)))
		}
	}
}

// TestImportPermissions keeps the wizard from those who may not import, and files from everybody but their owner.
func TestImportPermissions(t *testing.T) {
	s := newSite(t)
	biomed := s.as(account.Biomed)
	up, a := biomed.dryRunOf("cmms.csv", []byte(cmmsFile))
	biomed.settle(a)
	for _, role := range []account.Role{account.Viewer, account.Security, account.Clinical} {
		v := s.as(role)
		if a := v.sendFile("/sources/import", "cmms.csv", []byte(cmmsFile)); a.status != http.StatusForbidden {
			t.Errorf("%s may upload: %d", role, a.status)
		}
		if a := v.post(up+"/apply", nil); a.status != http.StatusForbidden {
			t.Errorf("%s may apply: %d", role, a.status)
		}
	}
	for _, role := range []account.Role{account.IT, account.Administrator} {
		v := s.as(role)
		for _, path := range []string{"", "/columns", "/dry-run", "/mapping.yaml", "/rows.csv?outcome=created"} {
			if a := v.get(up + path); a.status != http.StatusNotFound {
				t.Errorf("%s sees another's %s: %d", role, path, a.status)
			}
		}
		for _, path := range []string{"/columns", "/apply", "/cancel", "/discard", "/dry-run"} {
			if a := v.post(up+path, nil); a.status != http.StatusNotFound {
				t.Errorf("%s acts on another's %s: %d", role, path, a.status)
			}
		}
	}
	for _, id := range []string{"..x", "%2e%2e", "../../pons.db", strings.Repeat("A", 26), strings.Repeat("a", 26)} {
		if a := biomed.get("/sources/import/" + url.PathEscape(id) + "/columns"); a.status != http.StatusNotFound {
			t.Errorf("upload %q: %d", id, a.status)
		}
	}
	biomed.settle(biomed.post(up+"/apply", nil))
	run := runHref(s.lastRun().ID)

	// a scope bounds: no counts and rows of the whole hospital, no import, no undo
	admin := s.actor(account.Administrator)
	east := account.Person{Login: "east", Name: "Eve East", Roles: []account.Role{account.Biomed}, Scope: account.Scope{Sites: []string{"East"}}}
	if _, err := s.web.accounts.Add(t.Context(), admin, east, testPassword, testNow); err != nil {
		t.Fatal(err)
	}
	bounded := s.as("east")
	page := bounded.get(run)
	if said := text(page.doc(t)); page.status != 200 || strings.Contains(said, "CE-1") || strings.Contains(said, "Created") || !strings.Contains(said, "cmms.csv") {
		t.Errorf("in a scope the run shows: %d %s", page.status, said)
	}
	checkMarkup(t, "a run in a scope", page)
	if a := bounded.get(run + "/rejected.csv"); a.status != http.StatusNotFound {
		t.Errorf("in a scope rejected.csv: %d", a.status)
	}
	if got := strings.Join(all(t, bounded.get("/sources"), "tbody tr"), "|"); !strings.Contains(got, "cmmsfreshCMMS0just now") {
		t.Errorf("in a scope sources: %s", got)
	}
	if a := s.as(account.Viewer).post(run+"/undo", nil); a.status != http.StatusForbidden {
		t.Errorf("a viewer may undo: %d", a.status)
	}
	for _, a := range []answer{bounded.sendFile("/sources/import", "cmms.csv", []byte(cmmsFile)), bounded.get("/sources/import"), bounded.post(run+"/undo", nil)} {
		if a.status != http.StatusForbidden || !strings.Contains(text(a.doc(t)), "bounded to East") {
			t.Errorf("bounded to East: %d", a.status)
		}
	}
}

// TestImportsTakeTurns holds the database, so that one import waits for it and another for the first: both say so, go
// on without their page, and can be cancelled.
func TestImportsTakeTurns(t *testing.T) {
	s := newSite(t)
	biomed, it := s.as(account.Biomed), s.as(account.IT) // a session is written, so before the database is held
	held, release := make(chan struct{}), make(chan struct{})
	over := make(chan error, 1)
	go func() {
		_, err := s.db.Update(context.Background(), func(*sqldb.Tx) error {
			close(held)
			<-release
			return errors.New("nothing to write")
		})
		over <- err
	}()
	<-held
	first, a := biomed.dryRunOf("first.csv", []byte(cmmsFile))
	a = biomed.get(a.location)
	if said := text(a.doc(t)); !strings.Contains(said, "Waiting for the database") || !strings.Contains(a.body, `http-equiv="refresh"`) {
		t.Errorf("the first import says:\n%s", said)
	}
	checkMarkup(t, "running", a)
	if part := biomed.do("GET", first+"/dry-run", nil, "HX-Request", "true"); part.status != 200 || !strings.Contains(part.body, `id="job"`) {
		t.Errorf("the part of a running job: %d %s", part.status, part.body)
	}
	second, b := it.dryRunOf("second.csv", []byte(cmmsFile))
	b = it.get(b.location)
	if said := text(b.doc(t)); !strings.Contains(said, "Waits its turn: the dry run of first.csv by Person of biomed is under way") {
		t.Errorf("the second import says:\n%s", said)
	}
	if list := text(it.get("/sources/import").doc(t)); !strings.Contains(list, "second.csv") || !strings.Contains(list, "dry run runs") || strings.Contains(list, "first.csv") {
		t.Errorf("files that wait: %s", list)
	}
	if c := it.settle(it.post(second+"/cancel", nil)); !strings.Contains(text(c.doc(t)), "It was cancelled; nothing was written") {
		t.Errorf("cancelled:\n%s", text(c.doc(t)))
	}
	second = it.post(second+"/dry-run", nil).location
	if discard := biomed.post(first+"/discard", nil); discard.status != http.StatusConflict {
		t.Errorf("a running upload can be discarded: %d", discard.status)
	}
	close(release)
	if err := <-over; err == nil {
		t.Error("the blocker wrote")
	}
	for path, v := range map[string]*visitor{first + "/dry-run": biomed, second: it} {
		if got := tabCounts(t, v.settle(v.get(path))); got != "Created 3, Updated 0, Unchanged 0, Conflict 0, Rejected 1" {
			t.Errorf("%s: %s", path, got)
		}
	}
	if part := biomed.do("GET", first+"/dry-run", nil, "HX-Request", "true"); part.header.Get("HX-Redirect") != first+"/dry-run" {
		t.Errorf("the part of a job that ended: %d %v", part.status, part.header)
	}
}

// TestImportAfterRestart holds what a person finds who comes back after the server was restarted: an import that was
// under way is absent, the file is still there, and one that was written is known.
func TestImportAfterRestart(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	up, a := v.dryRunOf("cmms.csv", []byte(cmmsFile))
	v.settle(a)
	id := strings.TrimPrefix(up, "/sources/import/")
	restart := func(under string) {
		t.Helper()
		s.web.jobs = newJobs(s.web.Now) // a new server knows no jobs
		if _, err := s.web.uploads.change(id, func(u *upload) { u.Under, u.Since, u.Run, u.Failed = under, testNow, 0, "" }); err != nil {
			t.Fatal(err)
		}
	}
	restart(importJob)
	a = v.settle(v.get(up))
	if said := text(a.doc(t)); !strings.Contains(said, "The server was restarted while the import ran. Nothing was written") || !strings.Contains(said, "Apply again") {
		t.Fatalf("after a restart:\n%s", said)
	}
	checkMarkup(t, "after a restart", a)
	v.settle(v.post(up+"/apply", nil))
	run := s.lastRun()
	restart(importJob) // killed after the commit, before the note about it
	if a = v.get(up); !strings.HasPrefix(a.location, runHref(run.ID)) {
		t.Errorf("an import that was written before the restart leads to %d %q", a.status, a.location)
	}
	// the end of a server ends what runs, and waits for it
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.web.Run(ctx) }()
	started := make(chan struct{})
	j, _, err := s.web.jobs.start("long", undoJob, "x", "y", func(ctx context.Context, _ *job) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	}, s.web.failText)
	if err != nil {
		t.Fatal(err)
	}
	<-started
	stop()
	if err := <-ended; err != nil || j.running() || !strings.Contains(j.view().Failed, "server was stopped") {
		t.Errorf("ended with %v, running %t, %q", err, j.running(), j.view().Failed)
	}
	if _, _, err := s.web.jobs.start("late", undoJob, "x", "y", nil, nil); !errors.Is(err, fault.Busy) {
		t.Errorf("a job after the end: %v", err)
	}
}

// TestUploadsEndClean holds that of a file that does not arrive nothing stays, and of one that did, nothing after a day.
func TestUploadsEndClean(t *testing.T) {
	s := newSite(t)
	folders := func() int {
		t.Helper()
		entries, err := os.ReadDir(s.web.Uploads)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := folders()
	// a browser that goes away in the middle
	cookie := s.cookie(account.Biomed)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /sources/import HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"+
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"half.csv\"\r\n\r\nControl #,Model\r\n", strings.TrimPrefix(s.server.URL, "http://"), cookie.Name, cookie.Value)
	wait := func(n int) {
		t.Helper()
		for range 200 {
			if folders() == n {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("%d folders, want %d", folders(), n)
	}
	wait(before + 1) // it is arriving
	if list := text(s.as(account.Biomed).get("/sources/import").doc(t)); strings.Contains(list, "half.csv") {
		t.Error("a file that is still arriving is offered")
	}
	conn.Close()
	wait(before)

	// a disk without room
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if _, err := io.Copy(full, strings.NewReader("x")); !errors.Is(diskFull(err), fault.Busy) || !strings.Contains(s.web.failText(err), "disk is full") {
		t.Errorf("a full disk is told as %v", diskFull(err))
	}

	// a day later
	owner := s.actor(account.Biomed).ID
	up, err := s.web.uploads.receive(t.Context(), owner, `C:\Temp\..\cmms.csv`, strings.NewReader(cmmsFile))
	if err != nil || up.Name != "cmms.csv" {
		t.Fatal(up, err)
	}
	now := testNow
	s.web.uploads.now = func() time.Time { return now }
	for _, c := range []struct {
		after time.Duration
		busy  bool
		left  int
	}{{23 * time.Hour, false, before + 1}, {25 * time.Hour, true, before + 1}, {25 * time.Hour, false, 0}} {
		now = testNow.Add(c.after)
		if err := s.web.uploads.sweep(func(string) bool { return c.busy }); err != nil || folders() != c.left {
			t.Errorf("after %s: %d folders, want %d, %v", c.after, folders(), c.left, err)
		}
	}
}

// TestImportTooLarge refuses what is larger than the limit before it is sent, and while it is.
func TestImportTooLarge(t *testing.T) {
	s := newSite(t)
	cookie := s.cookie(account.Biomed)
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://pons.test/sources/import", http.MaxBytesReader(nil, io.NopCloser(strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big.csv\"\r\n\r\n"+strings.Repeat("x", 4096))), 2048))
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(cookie)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	w := &blackHole{h: http.Header{}}
	s.web.ServeHTTP(w, r)
	if w.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a file beyond the limit: %d", w.status)
	}
	if waiting, err := s.web.uploads.list(s.actor(account.Biomed).ID); err != nil || len(waiting) != 0 {
		t.Errorf("%d files wait, %v", len(waiting), err)
	}
}

// TestUndoOfMany wants the number of records to be typed, when an undo touches more than a hundred.
func TestUndoOfMany(t *testing.T) {
	s := newSite(t)
	v := s.as(account.IT)
	var file strings.Builder
	file.WriteString("Asset Tag,Serial Number,Model\n")
	for i := range 130 {
		fmt.Fprintf(&file, "A%04d,SN%06d,EliteDesk\n", i, 88000+i*7)
	}
	before := s.devicesKnown()
	up, a := v.dryRunOf("assets.csv", []byte(file.String()))
	v.settle(a)
	if a = v.get(up + "/dry-run?tab=created"); len(all(t, a, "tbody tr")) != rowPage || !strings.Contains(text(a.doc(t)), "1–50 of 130 rows") {
		t.Fatalf("first page: %s", text(a.doc(t)))
	}
	if a = v.get(up + "/dry-run?tab=created&page=3"); len(all(t, a, "tbody tr")) != 30 || !strings.Contains(text(a.doc(t)), "A0129") {
		t.Errorf("third page: %s", text(a.doc(t)))
	}
	if a = v.get(up + "/dry-run?tab=created&page=4"); a.status != http.StatusNotFound {
		t.Errorf("fourth page: %d", a.status)
	}
	a = v.settle(v.post(up+"/apply", nil))
	next := attribute(t, a, ".pager a", "href")
	if second := v.get(next); len(all(t, second, "tbody tr")) != rowPage || strings.Contains(text(second.doc(t)), "A0049") {
		t.Errorf("second page of the run: %s", text(second.doc(t)))
	}
	run := runHref(s.lastRun().ID)
	for _, typed := range []string{"", "129"} {
		if a := v.post(run+"/undo", url.Values{"typed": {typed}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(text(a.doc(t)), "Type 130") {
			t.Errorf("typed %q: %d", typed, a.status)
		}
	}
	if v.settle(v.post(run+"/undo", url.Values{"typed": {"130"}})); s.devicesKnown() != before {
		t.Errorf("%d devices after the undo, want %d", s.devicesKnown(), before)
	}
}

// TestImportStatements holds the pages to few statements.
func TestImportStatements(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	up, a := v.dryRunOf("cmms.csv", []byte(cmmsFile))
	v.settle(a)
	cookie := s.cookie(account.Biomed)
	look := func(path string) {
		t.Helper()
		ctx, counter := sqldb.CountStatements(t.Context())
		r, err := http.NewRequestWithContext(ctx, "GET", "http://pons.test"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(cookie)
		w := &blackHole{h: http.Header{}}
		s.web.ServeHTTP(w, r)
		if n := counter.Count(); w.status != 200 || n == 0 || n > 20 {
			t.Errorf("%s: status %d, %d statements, want at most 20", path, w.status, n)
		} else {
			t.Logf("%s: %d statements", path, n)
		}
	}
	for _, path := range []string{"/sources/import", up + "/columns", up + "/dry-run"} {
		look(path)
	}
	v.settle(v.post(up+"/apply", nil))
	for _, path := range []string{"/sources", "/sources/runs", runHref(s.lastRun().ID)} {
		look(path)
	}
}
