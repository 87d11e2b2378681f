package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"pons/account"
	"pons/fact"
	"pons/inventory"
	"pons/query"
	"pons/sqldb"
)

// evil is what a hostile source may call a device.
const evil = `<script>alert(1)</script>"onmouseover="x`

// deviceFile makes a record of one row of a file: pairs of attribute and value.
func deviceFile(source, key string, n int, pairs ...string) fact.Record {
	r := fact.Record{Source: fact.Source(source), Subject: fact.Key{Kind: "row", Value: key}, File: source + ".csv", Row: n}
	for i := 0; i < len(pairs); i += 2 {
		r.Facts = append(r.Facts, fact.Fact{Attr: fact.Attr(pairs[i]), Value: pairs[i+1], Because: "column " + pairs[i]})
	}
	return r
}

// bring imports records of one source.
func (s *site) bring(source, kind string, records ...fact.Record) {
	s.t.Helper()
	_, err := s.web.Inventory.Import(context.Background(), inventory.Import{Source: source, Kind: kind, File: source + ".csv", Actor: "person:biomed", Whole: true,
		Records: iter.Seq2[fact.Record, error](func(yield func(fact.Record, error) bool) {
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
		})})
	if err != nil {
		s.t.Fatal(err)
	}
	s.web.Changed()
}

// deviceSite is a site with some devices: pumps East and West, a monitor on which sources disagree, two that may be
// one, and one with a hostile name.
func deviceSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.bring("cmms", "cmms",
		deviceFile("cmms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "B. Braun", "model", "Infusomat Space", "class", "infusion-pump", "serial", "471125", "site", "East", "department", "ICU", "room", "ICU-3", "clinical_owner", "Biomed East", "status", "in-service", "criticality", "high", "acquired_cost", "2794.50"),
		deviceFile("cmms", "CE-2", 2, "control_number", "CE-2", "manufacturer", "B. Braun", "model", "Infusomat Space", "class", "infusion-pump", "serial", "471126", "site", "West", "department", "ICU"),
		deviceFile("cmms", "CE-3", 3, "control_number", "CE-3", "manufacturer", "Philips", "model", "IntelliVue MX800", "class", "patient-monitor", "serial", "DE551100", "site", "East", "department", "Radiology", "status", "in-repair"),
		deviceFile("cmms", "CE-4", 4, "control_number", evil, "manufacturer", "=1+1", "model", "@SUM(1)", "site", "West"),
		deviceFile("cmms", "CE-5", 5, "control_number", "CE-5", "class", "infusion-pump"))
	s.bring("cmdb", "cmdb",
		deviceFile("cmdb", "A1", 1, "asset_tag", "A1", "serial", "DE551100", "manufacturer", "Philips", "site", "East", "department", "ICU", "hostname", "MX800-ICU3"))
	s.bring("dhcp", "dhcp",
		deviceFile("dhcp", "00:12:21:aa:bb:cc", 1, "mac", "00:12:21:aa:bb:cc", "ip", "10.31.0.9", "hostname", "MX800-ICU3", "last_seen", "2026-11-20T09:00:00Z"))
	return s
}

// doubtSite is a site with two workstations of one name that may be one.
func doubtSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.bring("cmdb", "cmdb", deviceFile("cmdb", "A5", 1, "asset_tag", "A5", "manufacturer", "Dell", "hostname", "wks-9", "mac", "00:14:22:00:00:01", "ip", "10.0.0.8"))
	s.bring("dhcp", "dhcp", deviceFile("dhcp", "n2", 1, "mac", "00:14:22:00:00:02", "hostname", "wks-9", "ip", "10.0.0.9"))
	return s
}

// idOf is the id of the one device that an identifier names.
func (s *site) idOf(text string) string {
	s.t.Helper()
	var ids []string
	err := s.db.View(s.t.Context(), func(tx *sqldb.Tx) (err error) {
		ids, err = s.web.Inventory.Lookup(tx, text)
		return err
	})
	if err != nil || len(ids) != 1 {
		s.t.Fatalf("%s names %v: %v", text, ids, err)
	}
	return ids[0]
}

// all is the texts of what a selector finds.
func all(t *testing.T, a answer, selector string) []string {
	t.Helper()
	var out []string
	for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile(selector)) {
		out = append(out, text(n))
	}
	return out
}

// attribute is an attribute of the first node that a selector finds.
func attribute(t *testing.T, a answer, selector, name string) string {
	t.Helper()
	n := cascadia.Query(a.doc(t), cascadia.MustCompile(selector))
	if n == nil {
		t.Fatalf("no %s on the page", selector)
	}
	return attributeOf(n, name)
}

func attributeOf(n *html.Node, name string) string {
	for _, at := range n.Attr {
		if at.Key == name {
			return at.Val
		}
	}
	return ""
}

func ask(q string) string { return "/devices?q=" + url.QueryEscape(q) }

// facet is the count that a facet shows for a value; "" when it shows none.
func facet(t *testing.T, a answer, title, label string) string {
	t.Helper()
	for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile(".facet")) {
		if attributeOf(n, "aria-label") != title {
			continue
		}
		for _, link := range cascadia.QueryAll(n, cascadia.MustCompile("a")) {
			if text(cascadia.Query(link, cascadia.MustCompile(".label"))) == label {
				return text(cascadia.Query(link, cascadia.MustCompile(".n")))
			}
		}
	}
	return ""
}

func TestDeviceList(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Biomed)
	a := v.get("/devices")
	checkMarkup(t, "/devices", a)
	if got := all(t, a, "tbody th"); len(got) != 5 {
		t.Fatalf("the list shows %q", got)
	}
	for want, got := range map[string]string{"2": facet(t, a, "Site", "East"), "3": facet(t, a, "Class", "infusion-pump")} {
		if got != want {
			t.Errorf("a facet counts %q, want %s", got, want)
		}
	}
	for q, want := range map[string]int{"class:infusion-pump": 3, "class:infusion-pump and site:East": 1, "not has:site": 1, "471125": 1, "ip:10.31.0.0/16": 1, "cost>1k": 1, "is:conflict": 1} {
		a := v.get(ask(q))
		checkMarkup(t, q, a)
		if got := all(t, a, "tbody th"); len(got) != want || !strings.HasPrefix(strings.Join(all(t, a, ".results .card-title"), ""), fmt.Sprint(want)) {
			t.Errorf("%q shows %q, want %d", q, got, want)
		}
	}
	a = v.get(ask("class:infusion-pump and site:East"))
	if got := all(t, a, ".chip"); !slices.Equal(got, []string{"class:infusion-pump", "site:East"}) {
		t.Errorf("chips are %q", got)
	}
	if href := attribute(t, a, ".chip", "href"); href != "/devices?q=site%3AEast" {
		t.Errorf("the first chip leads to %s", href)
	}
	if got := facet(t, a, "Site", "West"); got != "1" {
		t.Errorf("another site shows %q, want how many it would add", got)
	}
	a = v.get(ask("class:infusion-pump and site:Nowhere"))
	if got := all(t, a, ".state .btn"); len(got) != 2 || got[0] != "without site:Nowhere 3 devices" {
		t.Errorf("where nothing is found, it is proposed: %q", got)
	}
}

func TestDeviceListSortsPagesAndColumns(t *testing.T) {
	s := newSite(t)
	var records []fact.Record
	for i := range 123 {
		records = append(records, deviceFile("cmms", fmt.Sprintf("N%03d", i), i+1, "control_number", fmt.Sprintf("N%03d", i), "class", "infusion-pump", "acquired_cost", fmt.Sprint(1000+(i*37)%123)))
	}
	s.bring("cmms", "cmms", records...)
	v := s.as(account.Viewer)
	var seen []string
	href := "/devices?sort=-cost&cols=cost"
	for page := 0; href != ""; page++ {
		a := v.get(href)
		if page == 0 {
			if got := all(t, a, "thead th"); !slices.Equal(got, []string{"Name", "Acquisition cost"}) {
				t.Fatalf("columns are %q", got)
			}
			if got := attribute(t, a, "thead th[aria-sort]", "aria-sort"); got != "descending" {
				t.Errorf("sorted %s", got)
			}
		}
		seen = append(seen, all(t, a, "tbody td.num")...)
		href = ""
		for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile(".pager a")) {
			if text(n) == "Next" {
				href = attributeOf(n, "href")
			}
		}
		if page == 1 && !strings.Contains(strings.Join(all(t, a, ".pager"), ""), "51–100 of 123 devices") {
			t.Errorf("the pager says %q", all(t, a, ".pager"))
		}
		if page > 3 {
			t.Fatal("pages without end")
		}
	}
	if len(seen) != 123 || !slices.IsSortedFunc(seen, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("%d rows by pages, sorted: %v", len(seen), seen)
	}
	// a choice of columns is kept for the person
	a := v.get("/devices?cols=ip&cols=mac&keep=1&q=N001")
	if a.status != http.StatusSeeOther || a.location != "/devices?q=N001" {
		t.Fatalf("keeping columns answers %d to %s", a.status, a.location)
	}
	if got := all(t, v.get("/devices"), "thead th"); !slices.Equal(got, []string{"Name", "MAC", "IP"}) && !slices.Equal(got, []string{"Name", "IP", "MAC"}) {
		t.Errorf("columns kept are %q", got)
	}
	v.get("/devices?keep=reset")
	if got := all(t, v.get("/devices"), "thead th"); len(got) != len(deviceColumns()) {
		t.Errorf("columns after a reset are %q", got)
	}
}

func TestDeviceQueryErrors(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Viewer)
	a := v.get(ask("class:infusion-pump and clas:x"))
	if a.status != http.StatusBadRequest {
		t.Errorf("a wrong question answers %d", a.status)
	}
	checkMarkup(t, "query error", a)
	wrong := strings.Join(all(t, a, "#query-error p"), "")
	if !strings.HasPrefix(wrong, "Column 25:") || !strings.Contains(wrong, "class") {
		t.Errorf("the error says %q", wrong)
	}
	if got := attribute(t, a, "#device-query", "value"); got != "class:infusion-pump and clas:x" {
		t.Errorf("the box holds %q", got)
	}
	if pre := cascadia.Query(a.doc(t), cascadia.MustCompile("#query-error pre")); !strings.Contains(pre.FirstChild.Data, "\n"+strings.Repeat(" ", 24)+"^^^^") {
		t.Errorf("the pointer stands wrong:\n%s", pre.FirstChild.Data)
	}
	for _, q := range []string{"(", "ip:300.1.1.1/40", "last_seen<", `"`, strings.Repeat("a ", 500), strings.Repeat("(", 60), "class:" + evil} {
		if a := v.get(ask(q)); a.status != http.StatusBadRequest && a.status != http.StatusOK {
			t.Errorf("%q answers %d", q, a.status)
		}
	}
	if a := v.get("/devices?after=nonsense"); a.status >= 500 || a.status == 200 {
		t.Errorf("a broken place in the list answers %d", a.status)
	}
}

func TestDeviceSuggestions(t *testing.T) {
	s := deviceSite(t)
	part := []string{"HX-Request", "true"}
	a := s.as(account.Viewer).do("GET", "/devices/suggest?q="+url.QueryEscape("class:inf")+"&caret=9", nil, part...)
	if got := all(t, a, ".hit .mono"); !slices.Equal(got, []string{"infusion-pump"}) {
		t.Errorf("suggested: %q", got)
	}
	if whole := attribute(t, a, ".hit", "data-whole"); whole != "class:infusion-pump" {
		t.Errorf("the whole question would be %q", whole)
	}
	a = s.as(account.Clinical).do("GET", "/devices/suggest?q="+url.QueryEscape("site:W")+"&caret=6", nil, part...)
	if got := all(t, a, ".hit .mono"); len(got) != 0 {
		t.Errorf("a person of East is told of %q", got)
	}
}

// TestDeviceScope holds that somebody of East's ICU learns nothing of other devices, on no way.
func TestDeviceScope(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Clinical) // East, ICU
	a := v.get("/devices")
	if got := all(t, a, "tbody th"); !slices.Equal(got, []string{"CE-1"}) {
		t.Errorf("rows: %q", got)
	}
	for _, word := range []string{"West", "Radiology", "CE-2", "CE-5", "patient-monitor"} {
		if strings.Contains(a.body, word) {
			at := strings.Index(a.body, word)
			t.Errorf("the list tells of %s: …%s…", word, a.body[max(0, at-200):at+50])
		}
	}
	if got := all(t, v.get(ask("CE-2")), "tbody th"); len(got) != 0 {
		t.Errorf("asking finds %q", got)
	}
	for _, other := range []string{"CE-2", "CE-3", "CE-5"} {
		id := s.idOf(other)
		for _, path := range []string{"/devices/" + id, "/devices/" + other, "/devices/" + id + "/brief", "/devices/" + id + "?tab=history"} {
			if a := v.get(path); a.status != http.StatusNotFound {
				t.Errorf("%s answers %d", path, a.status)
			}
		}
		if a := v.post("/devices/"+id+"/edit", url.Values{"attr": {"department"}, "value": {"ICU"}}); a.status != http.StatusNotFound {
			t.Errorf("editing %s answers %d", other, a.status)
		}
		if a := v.post("/devices/bulk", url.Values{"which": {"ticked"}, "id": {id}, "attr": {"clinical_owner"}, "value": {"me"}, "apply": {"yes"}}); a.status != http.StatusNotFound {
			t.Errorf("changing %s among others answers %d", other, a.status)
		}
	}
	east := account.Person{Login: "east", Name: "Reader of East", Roles: []account.Role{account.Viewer}, Scope: account.Scope{Sites: []string{"East"}, Departments: []string{"ICU"}}}
	if _, err := s.web.accounts.Add(t.Context(), s.actor(account.Administrator), east, testPassword, testNow); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(s.as("east").get("/devices.csv").body)).ReadAll()
	if err != nil || len(lines) != 2 || lines[1][1] != "CE-1" {
		t.Errorf("the export has %d lines: %v", len(lines), err)
	}
	if a := v.get("/search?q=CE-2"); strings.Contains(a.body, "/devices/"+s.idOf("CE-2")) {
		t.Error("the search finds another site's device")
	}
	// what would take a device out of their own scope is refused
	mine := s.idOf("CE-1")
	if a := v.post("/devices/"+mine+"/edit", url.Values{"attr": {"site"}, "value": {"West"}}); a.status != http.StatusBadRequest {
		t.Errorf("moving a device out of the scope answers %d", a.status)
	}
	if a := v.post("/devices/bulk", url.Values{"which": {"found"}, "attr": {"clinical_owner"}, "value": {"Ward 3"}, "apply": {"yes"}}); a.status != http.StatusSeeOther {
		t.Errorf("changing all found answers %d", a.status)
	}
	if got := all(t, s.as(account.Viewer).get(ask(`clinical_owner:"Ward 3"`)), "tbody th"); !slices.Equal(got, []string{"CE-1"}) {
		t.Errorf("changed were %q", got)
	}
}

func TestDeviceNamesAreInert(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Administrator)
	id := ""
	a := v.get("/devices")
	for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile("tbody th a")) {
		if text(n) == evil {
			id = strings.TrimPrefix(attributeOf(n, "href"), "/devices/")
		}
	}
	if id == "" {
		t.Fatalf("the hostile name is not shown as it is: %q", all(t, a, "tbody th"))
	}
	for _, path := range []string{"/devices", ask(evil), "/devices/" + id, "/devices/" + id + "?tab=history", "/devices/" + id + "?tab=documents", "/search?q=" + url.QueryEscape(evil), "/devices/" + id + "?edit=control_number"} {
		a := v.get(path)
		if strings.Contains(a.body, "<script>alert") {
			t.Errorf("%s carries the script", path)
		}
		if a.status == http.StatusOK {
			checkMarkup(t, path, a)
		}
	}
	a = v.do("GET", "/devices/"+id+"/brief", nil, "HX-Request", "true")
	if strings.Contains(a.body, "<script>alert") || !strings.Contains(a.body, "&lt;script&gt;") {
		t.Error("the panel does not escape the name")
	}
}

// TestDevicePages walks the device's own pages, of one with everything and of one with nothing.
func TestDevicePages(t *testing.T) {
	s := deviceSite(t)
	for _, role := range []account.Role{account.Biomed, account.Viewer} {
		for _, which := range []string{"MX800-ICU3", "CE-5"} {
			id := s.idOf(which)
			for _, tab := range []string{"", "?tab=network", "?tab=history", "?tab=documents", "?edit=department", "?custom=new"} {
				a := s.as(role).get("/devices/" + id + tab)
				if a.status != http.StatusOK {
					t.Errorf("%s%s answers %d", which, tab, a.status)
				}
				checkMarkup(t, which+tab, a)
			}
		}
	}
	a := s.as(account.Viewer).get("/devices/" + s.idOf("MX800-ICU3"))
	if got := all(t, a, "#a-department .status"); !slices.Equal(got, []string{"conflict"}) {
		t.Errorf("the conflict of departments is marked %q", got)
	}
	if got := strings.Join(all(t, a, "#a-serial .walk"), " "); !strings.Contains(got, "cmms.csv, row 3") || !strings.Contains(got, "column serial") {
		t.Errorf("the evidence of the serial is %q", got)
	}
	if len(all(t, a, "form[action*='/edit']")) != 0 {
		t.Error("a viewer is offered to edit")
	}
	if a := s.as(account.Viewer).get("/devices/MX800-ICU3"); a.status != http.StatusSeeOther || a.location != "/devices/"+s.idOf("MX800-ICU3") {
		t.Errorf("a name leads to %d %s", a.status, a.location)
	}
	if a := s.as(account.Viewer).get("/devices/nothing"); a.status != http.StatusNotFound {
		t.Errorf("no device answers %d", a.status)
	}
}

func TestDeviceEdit(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Biomed)
	id := s.idOf("MX800-ICU3")
	edit := func(pairs ...string) answer {
		form := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return v.post("/devices/"+id+"/edit", form)
	}
	value := func(attr string) string {
		return strings.Join(all(t, v.get("/devices/"+id), "#a-"+attr+" td:nth-child(2) > span:first-child"), "")
	}
	first := value("department")
	other := map[string]string{"ICU": "Radiology", "Radiology": "ICU"}[first]
	if a := edit("attr", "department", "value", other, "why", "seen there"); a.status != http.StatusSeeOther {
		t.Fatalf("choosing a value answers %d", a.status)
	}
	a := v.get("/devices/" + id)
	if value("department") != other || len(all(t, a, "#a-department .status")) != 0 {
		t.Errorf("department is %q, and still a conflict: %v", value("department"), all(t, a, "#a-department .status"))
	}
	if got := all(t, v.get(ask("department:"+other+" and class:patient-monitor")), "tbody th"); len(got) != 1 {
		t.Error("the list does not know of it at once")
	}
	h := strings.Join(all(t, v.get("/devices/"+id+"?tab=history"), ".timeline"), "")
	if !strings.Contains(h, "Corrected by biomed") || !strings.Contains(h, first) || !strings.Contains(h, other) {
		t.Errorf("the history says %q", h)
	}
	// undo by the flash
	a = edit("attr", "room", "value", "R-9")
	undo := ""
	for _, n := range cascadia.QueryAll(v.get(a.location).doc(t), cascadia.MustCompile(".note form")) {
		undo = attributeOf(n, "action")
	}
	if value("room") != "R-9" || undo == "" {
		t.Fatalf("room is %q, undo %q", value("room"), undo)
	}
	if a := v.post(undo, nil); a.status != http.StatusSeeOther || a.location != "/devices/"+id {
		t.Errorf("undo answers %d to %s", a.status, a.location)
	}
	if value("room") == "R-9" {
		t.Error("the room is still what was taken back")
	}
	if a := v.post(undo, nil); a.status != http.StatusConflict {
		t.Errorf("a second undo answers %d", a.status)
	}
	// wrong values come back with what is wrong
	for attr, wrong := range map[string]string{"acquired_on": "31.12.2020", "status": "broken", "acquired_cost": "-3", "expected_life": "ten", "mac": "00:12:21:aa:bb:cc", "nothing": "x"} {
		a := edit("attr", attr, "value", wrong)
		if a.status != http.StatusBadRequest {
			t.Errorf("%s=%s answers %d", attr, wrong, a.status)
		}
		checkMarkup(t, attr, a)
	}
	if a := edit("custom", "MRI zone", "value", "IV"); a.status != http.StatusSeeOther || value("custom\\.mri_zone") != "IV" {
		t.Errorf("an attribute of one's own: %d, %q", a.status, value("custom\\.mri_zone"))
	}
	if got := all(t, v.get(ask("custom.mri_zone:IV")), "tbody th"); len(got) != 1 {
		t.Error("the list cannot be asked for an attribute of one's own")
	}
	if a := edit("custom", "!!", "value", "IV"); a.status != http.StatusBadRequest {
		t.Errorf("a nameless attribute answers %d", a.status)
	}
}

func TestDeviceBulk(t *testing.T) {
	s := newSite(t)
	var records []fact.Record
	for i := range 150 {
		records = append(records, deviceFile("cmms", fmt.Sprintf("N%03d", i), i+1, "control_number", fmt.Sprintf("N%03d", i), "class", "infusion-pump", "department", []string{"ICU", "OR"}[i%2]))
	}
	s.bring("cmms", "cmms", records...)
	v := s.as(account.Biomed)
	form := func(pairs ...string) url.Values {
		f := url.Values{"q": {"class:infusion-pump"}, "back": {"/devices?q=class%3Ainfusion-pump"}}
		for i := 0; i < len(pairs); i += 2 {
			f.Add(pairs[i], pairs[i+1])
		}
		return f
	}
	count := func(q string) int { return len(all(t, v.get(ask(q)), "tbody th")) }
	// a few
	two := form("which", "ticked", "attr", "clinical_owner", "value", "Biomed", "id", s.idOf("N001"), "id", s.idOf("N002"))
	two.Set("preview", "yes")
	a := v.post("/devices/bulk", two)
	checkMarkup(t, "bulk", a)
	if got := all(t, a, "button[name=apply]"); !slices.Equal(got, []string{"Set clinical owner of 2 devices"}) || count("has:clinical_owner") != 0 {
		t.Errorf("the preview offers %q, and %d are changed", got, count("has:clinical_owner"))
	}
	two.Set("apply", "yes")
	if a := v.post("/devices/bulk", two); a.status != http.StatusSeeOther || a.location != "/devices?q=class%3Ainfusion-pump" {
		t.Errorf("the change answers %d to %s", a.status, a.location)
	}
	if n := count("clinical_owner:Biomed"); n != 2 {
		t.Errorf("%d devices changed, want 2", n)
	}
	// all that were found: the number must be typed
	many := form("which", "found", "attr", "clinical_owner", "value", "Nobody", "apply", "yes")
	if a := v.post("/devices/bulk", many); a.status != http.StatusBadRequest || count("clinical_owner:Nobody") != 0 {
		t.Errorf("without the number: %d, %d changed", a.status, count("clinical_owner:Nobody"))
	}
	many.Set("typed", "150")
	a = v.post("/devices/bulk", many)
	if a.status != http.StatusSeeOther {
		t.Fatalf("with the number: %d", a.status)
	}
	undo := attribute(t, v.get(a.location), ".note form", "action")
	if got := all(t, v.get(ask("clinical_owner:Nobody")), ".results .card-title"); !slices.Equal(got, []string{"150 devices"}) {
		t.Errorf("changed: %q", got)
	}
	if a := v.post(undo, nil); a.status != http.StatusSeeOther {
		t.Errorf("undo answers %d", a.status)
	}
	if n, m := count("clinical_owner:Nobody"), count("clinical_owner:Biomed"); n != 0 || m != 2 {
		t.Errorf("after undo %d say Nobody and %d Biomed, want 0 and 2", n, m)
	}
	if a := s.as(account.Viewer).post("/devices/bulk", two); a.status != http.StatusForbidden {
		t.Errorf("a viewer's change answers %d", a.status)
	}
}

func TestDeviceSplitAndDecide(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Biomed)
	id := s.idOf("MX800-ICU3")
	a := v.get("/devices/" + id)
	boxes := cascadia.QueryAll(a.doc(t), cascadia.MustCompile("#records input[name=record]"))
	if len(boxes) != 3 {
		t.Fatalf("%d records can be split off, want 3", len(boxes))
	}
	dhcp := ""
	for _, n := range boxes {
		if strings.Contains(attributeOf(n, "aria-label"), "dhcp") {
			dhcp = attributeOf(n, "value")
		}
	}
	a = v.get("/devices/" + id + "/split?record=" + dhcp)
	checkMarkup(t, "split", a)
	if got := all(t, a, ".card-title"); len(got) != 2 || !strings.HasPrefix(got[0], "Stays: ") || got[1] != "Is taken out: MX800-ICU3" {
		t.Errorf("the preview shows %q", got)
	}
	a = v.post("/devices/"+id+"/split", url.Values{"record": {dhcp}, "why": {"another's lease"}})
	if a.status != http.StatusSeeOther {
		t.Fatalf("the split answers %d", a.status)
	}
	after := v.get(a.location)
	if n := len(cascadia.QueryAll(after.doc(t), cascadia.MustCompile("#records input[name=record]"))); n != 2 {
		t.Errorf("%d records stay, want 2", n)
	}
	undo := attribute(t, after, ".note form", "action")
	if h := strings.Join(all(t, v.get("/devices/"+id+"?tab=history"), "main"), ""); !strings.Contains(h, "not one with") || !strings.Contains(h, "another's lease") {
		t.Errorf("the history does not tell of the split: %s", h)
	}
	twin := strings.TrimPrefix(undo[strings.Index(undo, "other="):], "other=")
	if a := v.post(undo, nil); a.status != http.StatusSeeOther {
		t.Fatalf("undo answers %d", a.status)
	}
	if n := len(cascadia.QueryAll(v.get("/devices/"+id).doc(t), cascadia.MustCompile("#records input[name=record]"))); n != 3 {
		t.Errorf("after undo %d records, want 3", n)
	}
	if a := v.get("/devices/" + twin); a.status != http.StatusSeeOther || a.location != "/devices/"+id {
		t.Errorf("the id that went in answers %d to %s", a.status, a.location)
	}
	// a person says that two are one, and takes it back
	other := s.idOf("CE-5")
	if a := v.post("/devices/"+id+"/decide", url.Values{"other": {other}, "same": {"yes"}}); a.status != http.StatusSeeOther {
		t.Fatalf("the answer is taken with %d", a.status)
	}
	if a, b := v.get("/devices/"+id), v.get("/devices/"+other); (a.status == 200) == (b.status == 200) {
		t.Errorf("after a merge the two answer %d and %d, want one page and one way to it", a.status, b.status)
	}
	if a := v.post("/devices/"+id+"/undecide", nil); a.status != http.StatusSeeOther {
		t.Errorf("taking it back answers %d", a.status)
	}
	if a, b := v.get("/devices/"+id), v.get("/devices/"+other); a.status != 200 || b.status != 200 {
		t.Errorf("after taking it back the two answer %d and %d", a.status, b.status)
	}
}

func TestDeviceDuplicates(t *testing.T) {
	s := doubtSite(t)
	v := s.as(account.Biomed)
	id := s.idOf("A5")
	a := v.get("/devices/" + id)
	checkMarkup(t, "duplicate", a)
	if got := all(t, a, ".duplicate"); len(got) != 1 || !strings.Contains(got[0], "wks-9") || !strings.Contains(got[0], "score") {
		t.Fatalf("possible duplicates are %q", got)
	}
	if got := all(t, s.as(account.Viewer).get("/devices/"+id), ".duplicate button"); len(got) != 0 {
		t.Errorf("a viewer may answer: %q", got)
	}
	form := cascadia.Query(a.doc(t), cascadia.MustCompile(".duplicate form"))
	other := attributeOf(cascadia.Query(form, cascadia.MustCompile("input[name=other]")), "value")
	a = v.post(attributeOf(form, "action"), url.Values{"other": {other}, "same": {"no"}})
	if a.status != http.StatusSeeOther || len(all(t, v.get("/devices/"+id), ".duplicate")) != 0 {
		t.Errorf("after “different”: %d, and still %q", a.status, all(t, v.get("/devices/"+id), ".duplicate"))
	}
	if h := strings.Join(all(t, v.get("/devices/"+id+"?tab=history"), "main"), ""); !strings.Contains(h, "not one with") {
		t.Errorf("the history does not tell: %s", h)
	}
	v.post("/devices/"+id+"/undecide", url.Values{"other": {other}})
	if got := all(t, v.get("/devices/"+id), ".duplicate"); len(got) != 1 {
		t.Errorf("after taking it back: %q", got)
	}
	v.post(attributeOf(form, "action"), url.Values{"other": {other}, "same": {"yes"}})
	if got := all(t, v.get("/devices"), "tbody th"); len(got) != 1 {
		t.Errorf("after “same”: %q", got)
	}
}

// TestDeviceStatements holds the pages to few statements; a page that asks row by row would need hundreds.
func TestDeviceStatements(t *testing.T) {
	s := deviceSite(t)
	cookie := s.cookie(account.Biomed)
	id := s.idOf("MX800-ICU3")
	for _, path := range []string{"/devices", ask("class:infusion-pump"), "/devices/" + id, "/devices/" + id + "?tab=network", "/devices/" + id + "?tab=history", "/devices/" + id + "?tab=documents", "/devices/" + id + "/brief", "/search?q=CE-1"} {
		ctx, counter := sqldb.CountStatements(t.Context())
		r, err := http.NewRequestWithContext(ctx, "GET", "http://pons.test"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(cookie)
		r.Header.Set("HX-Request", map[bool]string{true: "true"}[strings.HasSuffix(path, "/brief")])
		w := &blackHole{h: http.Header{}}
		s.web.ServeHTTP(w, r)
		if n := counter.Count(); w.status != 200 || n == 0 || n > 20 {
			t.Errorf("%s: status %d, %d statements, want at most 20", path, w.status, n)
		} else {
			t.Logf("%s: %d statements", path, n)
		}
	}
}

// blackHole keeps of an answer only its status.
type blackHole struct {
	h      http.Header
	status int
}

func (b *blackHole) Header() http.Header         { return b.h }
func (b *blackHole) Write(p []byte) (int, error) { return len(p), nil }
func (b *blackHole) WriteHeader(status int)      { b.status = status }

func TestDeviceSearch(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Viewer)
	for q, want := range map[string]string{"CE-1": "CE-1", "001221AABBCC": "MX800-ICU3", "10.31.0.9": "MX800-ICU3", "471126": "CE-2", "a1": "MX800-ICU3"} {
		a := v.get("/search?q=" + q + "&go=1")
		if a.status != http.StatusSeeOther || a.location != "/devices/"+s.idOf(want) {
			t.Errorf("scanning %s leads to %d %s, want %s", q, a.status, a.location, want)
		}
	}
	if got := all(t, v.get("/search?q=infusomat"), "tbody a"); len(got) != 2 {
		t.Errorf("a part of a model finds %q", got)
	}
	for _, q := range []string{`"`, `\`, "*", "(", strings.Repeat("x", 300)} {
		if a := v.get("/search?q=" + url.QueryEscape(q)); a.status != http.StatusOK {
			t.Errorf("searching %q answers %d", q, a.status)
		}
	}
}

func TestDeviceViews(t *testing.T) {
	s := deviceSite(t)
	ann, bob := s.as(account.Biomed), s.as(account.Viewer)
	tabs := func(v *visitor) []string { return all(t, v.get("/devices"), "nav[aria-label='Saved views'] a") }
	if a := ann.post("/devices/views", url.Values{"name": {" My  pumps "}, "query": {"q=class%3Ainfusion-pump&cols=name,ip&sort=-ip&nonsense=1&after=xyz"}}); a.status != http.StatusSeeOther {
		t.Fatalf("keeping a view answers %d", a.status)
	}
	ann.post("/devices/views", url.Values{"name": {"Disputed"}, "query": {"q=is%3Aconflict"}, "shared": {"yes"}})
	if got := tabs(ann); !slices.Equal(got, []string{"All devices", "Disputed", "My pumps"}) {
		t.Errorf("ann's tabs are %q", got)
	}
	if got := tabs(bob); !slices.Equal(got, []string{"All devices", "Disputed · Person of biomed"}) {
		t.Errorf("bob's tabs are %q", got)
	}
	href := ""
	for _, n := range cascadia.QueryAll(ann.get("/devices").doc(t), cascadia.MustCompile("nav[aria-label='Saved views'] a")) {
		if text(n) == "My pumps" {
			href = attributeOf(n, "href")
		}
	}
	if strings.Contains(href, "nonsense") || strings.Contains(href, "xyz") {
		t.Errorf("the view keeps what the list does not know: %s", href)
	}
	a := ann.get(href)
	if got := all(t, a, "thead th"); !slices.Equal(got, []string{"", "Name", "IP"}) || len(all(t, a, "tbody th")) != 3 {
		t.Errorf("the view shows %q with %q", all(t, a, "tbody th"), got)
	}
	checkMarkup(t, "view", a)
	remove := attribute(t, a, "form[action$='/remove']", "action")
	if a := bob.post(remove, nil); a.status != http.StatusNotFound {
		t.Errorf("another's own view is removed with %d", a.status)
	}
	a = ann.post(remove, nil)
	undo := attribute(t, ann.get(a.location), ".note form", "action")
	if got := tabs(ann); len(got) != 2 {
		t.Errorf("after removing, the tabs are %q", got)
	}
	ann.post(undo, nil)
	if got := tabs(ann); !slices.Equal(got, []string{"All devices", "Disputed", "My pumps"}) {
		t.Errorf("after undo the tabs are %q", got)
	}
	if a := ann.post("/devices/views", url.Values{"name": {""}, "query": {"q=x"}}); a.status != http.StatusBadRequest {
		t.Errorf("a view without a name answers %d", a.status)
	}
	if got := tabs(s.as(account.Clinical)); strings.Contains(strings.Join(got, ""), "pumps") {
		t.Errorf("others see %q", got)
	}
}

func TestDeviceEmptyAndLoading(t *testing.T) {
	s := newSite(t)
	a := s.as(account.Biomed).get("/devices")
	checkMarkup(t, "empty", a)
	if got := all(t, a, ".state h2"); !slices.Equal(got, []string{"No devices yet"}) || attribute(t, a, ".state a", "href") != "/sources/import" {
		t.Errorf("an empty inventory shows %q", got)
	}
	if got := all(t, s.as(account.Viewer).get("/devices"), ".state a"); len(got) != 0 {
		t.Errorf("who may not import is offered %q", got)
	}
	s.bring("cmms", "cmms", deviceFile("cmms", "CE-1", 1, "control_number", "CE-1", "site", "East", "department", "ICU"), deviceFile("cmms", "CE-2", 2, "control_number", "CE-2", "site", "West"), deviceFile("cmms", "CE-3", 3, "control_number", "CE-3"))
	// a server that has just started: the index has read nothing yet
	cold, err := inventory.NewIndex(s.web.Inventory)
	if err != nil {
		t.Fatal(err)
	}
	warm := s.web.Index
	s.web.Index = cold
	a = s.as(account.Biomed).get("/devices")
	checkMarkup(t, "loading", a)
	if got := all(t, a, "tbody th"); len(got) != 3 || len(all(t, a, "progress")) != 1 {
		t.Errorf("while loading it shows %q", got)
	}
	if got := all(t, s.as(account.Clinical).get("/devices"), "tbody th"); !slices.Equal(got, []string{"CE-1"}) {
		t.Errorf("while loading, somebody of East sees %q", got)
	}
	if a := s.as(account.Biomed).get("/devices.csv"); a.status != http.StatusServiceUnavailable {
		t.Errorf("an export while loading answers %d", a.status)
	}
	if err := cold.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	a = s.as(account.Biomed).do("GET", "/devices", nil, "HX-Request", "true")
	if strings.Contains(a.body, "hx-trigger") && len(all(t, a, "progress")) != 0 || strings.Contains(a.body, "<html") {
		t.Error("the part for the waiting page still waits")
	}
	s.web.Index = warm
}

// TestDeviceSortsByEverything asks for every column in both directions.
func TestDeviceSortsByEverything(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Viewer)
	schema := s.web.Index.List().Schema()
	for i := range schema.Len() {
		name := schema.Field(i).Name
		if got := attribute(t, v.get("/devices?cols="+name), "thead th:last-child", "class"); !strings.Contains(got, "num") && schema.Field(i).Kind == query.Number {
			t.Errorf("numbers of %s stand at the left", name)
		}
		for _, sign := range []string{"", "-"} {
			a := v.get("/devices?cols=" + name + "&sort=" + sign + name)
			if a.status != http.StatusOK || len(all(t, a, "tbody th")) != 5 {
				t.Errorf("sorted by %s%s: %d with %q", sign, name, a.status, all(t, a, "tbody th"))
			}
		}
	}
}

// TestChosenSiteHidesNoDevice holds that the site chosen at the top narrows the list, and not what one has the
// address of.
func TestChosenSiteHidesNoDevice(t *testing.T) {
	s := deviceSite(t)
	v := s.as(account.Viewer)
	v.post("/scope", url.Values{"site": {"East"}, "next": {"/devices"}})
	if got := all(t, v.get("/devices"), "tbody th"); len(got) != 2 {
		t.Fatalf("the list of East shows %q", got)
	}
	if a := v.get("/devices/" + s.idOf("CE-2")); a.status != http.StatusOK {
		t.Errorf("the page of a device of West answers %d", a.status)
	}
}
