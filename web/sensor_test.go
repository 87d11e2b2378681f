package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"pons/account"
	"pons/audit"
	"pons/column"
	"pons/fact"
	"pons/query"
	"pons/sensor"
	"pons/sqldb"
)

// fillSensors gives the walks an invented sensor to look at.
func (s *site) fillSensors() {
	s.t.Helper()
	var samples []sensor.Sample
	for i := range 24 * 12 {
		if i > 100 && i < 130 {
			continue // it was off
		}
		samples = append(samples, sensor.Sample{At: testNow.Add(-24*time.Hour + time.Duration(i)*5*time.Minute).Truncate(5 * time.Minute), Seconds: 300, Frames: int64(900_000 + 4000*(i%40)), Bytes: 500_000_000, Dropped: int64(i % 3 * 4000), Memory: 210 << 20, Spooled: int64(i % 4), Errors: 3})
	}
	v := sensor.Invented{Name: "icu-3", Title: "ICU, <b>third</b> floor", Since: testNow.AddDate(0, 0, -20), Heard: testNow.Add(-20 * time.Second), Samples: samples,
		Networks: []sensor.Network{{VLAN: 20, Prefix: "10.20.3.0/24", Hosts: 41}, {VLAN: 0, Prefix: "10.20.9.0/24", Hosts: 3}},
		Health: &sensor.Health{Version: "test", Began: testNow.AddDate(0, 0, -3).UnixMicro(), At: testNow.UnixMicro(), Seconds: 10, Memory: 210 << 20,
			Interfaces: []sensor.InterfaceLoad{{Name: "eth1", Frames: 31_000, Bytes: 17_000_000, Dropped: 12}}}}
	late := sensor.Invented{Name: "lab-1", Since: testNow.AddDate(0, 0, -20), Heard: testNow.Add(-3 * time.Hour)}
	if _, err := s.db.Update(s.t.Context(), func(tx *sqldb.Tx) error {
		if err := sensor.Invent(tx, v); err != nil {
			return err
		}
		return sensor.Invent(tx, late)
	}); err != nil {
		s.t.Fatal(err)
	}
}

// hub says that a server listens for sensors.
func (s *site) hub() {
	s.t.Helper()
	if _, err := s.db.Update(s.t.Context(), func(tx *sqldb.Tx) error { return sensor.SetHub(tx, "pons.example:4222", sensor.Pin{1}) }); err != nil {
		s.t.Fatal(err)
	}
}

// blindSite has pumps at two switches, of which some were heard.
func blindSite(t *testing.T) *site {
	s := newSite(t)
	var rows, ports, heard []fact.Record
	for i := range 12 {
		mac := fmt.Sprintf("00:12:21:00:00:%02x", i)
		site, sw, vlan := "East", "sw-1", "20"
		if i >= 5 {
			site, sw, vlan = "West", "sw-<script>", "31"
		}
		rows = append(rows, fact.Record{Source: "cmms", Subject: fact.Key{Kind: "row", Value: fmt.Sprint("B-", i)}, File: "cmms.csv", Row: i, At: testNow,
			Facts: []fact.Fact{{Attr: fact.ControlNumber, Value: fmt.Sprint("B-", i)}, {Attr: fact.MAC, Value: mac}, {Attr: fact.Site, Value: site}, {Attr: fact.Department, Value: "ICU"}, {Attr: fact.Class, Value: "infusion-pump"}}})
		if i < 10 {
			ports = append(ports, fact.Record{Source: "switch", Subject: fact.Key{Kind: "row", Value: mac}, File: "switch.csv", Row: i, At: testNow,
				Facts: []fact.Fact{{Attr: fact.MAC, Value: mac}, {Attr: fact.Switch, Value: sw}, {Attr: fact.VLAN, Value: vlan}, {Attr: fact.IP, Value: fmt.Sprintf("10.%d.0.%d", i/5, i+1)}}})
		}
		if at := testNow.AddDate(0, 0, -2); i < 4 {
			if i == 3 {
				at = testNow.AddDate(0, 0, -45)
			}
			heard = append(heard, fact.Record{Source: "wire", Subject: fact.Host(mac, ""), File: "east.pcap", At: at, Facts: []fact.Fact{{Attr: fact.MAC, Value: mac, At: at, Because: "frame 1"}}})
		}
	}
	s.bring("cmms", "cmms", rows...)
	s.bring("switch", "switch", ports...)
	s.bring("wire", "wire", heard...)
	s.web.Changed()
	return s
}

// TestBlindSpots holds the numbers of the page against the device lists that they lead to, the advice, other days and
// weights, the scope of a person, the files, and the count of statements.
func TestBlindSpots(t *testing.T) {
	s := blindSite(t)
	v := s.as(account.Biomed)
	page := v.get("/blindspots")
	words := text(page.doc(t))
	for _, want := range []string{"network12 Heard in 30 days3 (25 %)", "Not heard9", "Mirror switch sw-<script>: +5 devices (56 % in all)", "VLAN 31", "0 of 5 0 % heard"} {
		if !strings.Contains(words, want) {
			t.Errorf("the page lacks %q: %s", want, words)
		}
	}
	if strings.Contains(page.body, "<script>:") || strings.Contains(page.body, "sw-<script") {
		t.Error("a switch's name is markup")
	}
	checked := 0
	for _, by := range []string{"switch", "vlan", "subnet", "site", "building"} {
		for _, points := range []string{"switch", "vlan", "both"} {
			a := v.get("/blindspots?by=" + by + "&points=" + points)
			if a.status != 200 {
				t.Fatalf("by %s: %d", by, a.status)
			}
			for _, m := range regexp.MustCompile(`<a(?: class="h\d")? href="(/devices\?q=[^"]*)"[^>]*>\s*([^<]*?)\s*<`).FindAllStringSubmatch(a.body, -1) {
				number := regexp.MustCompile(`^\+?(\d+)(?: of (\d+))?$`).FindStringSubmatch(strings.TrimSpace(m[2]))
				if number == nil {
					continue
				}
				want := number[1]
				if number[2] != "" {
					want = number[2]
				}
				href := strings.ReplaceAll(m[1], "&amp;", "&")
				u, err := url.Parse(href)
				if err != nil {
					t.Fatal(err)
				}
				if got := s.count(u.Query().Get("q")); fmt.Sprint(got) != want {
					t.Errorf("by %s, points %s: %s leads to %d devices, the page says %s", by, points, u.Query().Get("q"), got, want)
				}
				checked++
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d numbers lead to their rows", checked)
	}
	if a := v.get("/blindspots?days=60"); !strings.Contains(text(a.doc(t)), "Heard in 60 days4") {
		t.Error("sixty days do not hear the one of 45 days ago")
	}
	for _, bad := range []string{"days=0", "days=x", "life=-1", "high=99999"} {
		if a := v.get("/blindspots?" + bad); a.status != 400 && a.status != 422 {
			t.Errorf("%s: %d", bad, a.status)
		}
	}
	east := s.as(account.Executive)
	east.post("/scope", url.Values{"site": {"East"}})
	if a := east.get("/blindspots?by=site"); !strings.Contains(text(a.doc(t)), "Expected on the network5") || strings.Contains(text(a.doc(t)), "West–") {
		t.Errorf("a scope of East sees %s", text(a.doc(t)))
	}
	groups := v.get("/blindspots/export/groups.csv")
	if !strings.Contains(groups.body, "sw-<script>,5,0,5,0,0,") || !strings.Contains(groups.body, "unknown,2,0,2") {
		t.Errorf("groups: %s", groups.body)
	}
	if mirrors := v.get("/blindspots/export/mirrors.csv?points=both"); !strings.Contains(mirrors.body, "1,switch,sw-<script>,,5,0,5,5,0.555") {
		t.Errorf("mirrors: %s", mirrors.body)
	}
	if a := v.get("/blindspots/export/other.csv"); a.status != 404 {
		t.Errorf("a file that is none: %d", a.status)
	}
}

// count asks the index.
func (s *site) count(question string) int {
	s.t.Helper()
	list, table := s.web.Index.View()
	expr, err := query.Parse(list.Schema(), question)
	if err != nil {
		s.t.Fatalf("%s: %v", question, err)
	}
	p, err := table.Find(column.Request{Expr: expr, Now: testNow, Limit: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	return p.Total
}

// TestSensorPages holds the life of a sensor on the pages: who may, what a code looks like and that it is shown once,
// titles, retirement by its typed name, and that each leaves an entry in the audit log.
func TestSensorPages(t *testing.T) {
	s := newSite(t)
	if a := s.as(account.IT).get("/sensors"); !strings.Contains(text(a.doc(t)), "No server listens for sensors yet") {
		t.Error("nobody says that no server listens")
	}
	v := s.as(account.IT)
	if a := v.post("/sensors", url.Values{"name": {"or-2"}}); a.status != 409 {
		t.Errorf("a code without a hub: %d", a.status)
	}
	s.hub()
	for _, bad := range []string{"", "Big Name", "-x", strings.Repeat("a", 41)} {
		if a := v.post("/sensors", url.Values{"name": {bad}}); a.status != 422 {
			t.Errorf("name %q: %d", bad, a.status)
		}
	}
	made := v.post("/sensors", url.Values{"name": {"or-2"}, "title": {"Theatre two"}})
	command := regexp.MustCompile(`pons sensor --interface IF --hub pons.example:4222 --code ((?:[0-9A-Z]{6}-){7}[0-9A-Z]{6})`).FindStringSubmatch(text(made.doc(t)))
	if made.status != 200 || command == nil || made.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("enrolment: %d, %s", made.status, text(made.doc(t)))
	}
	if _, err := sensor.ParseCode(command[1]); err != nil {
		t.Error(err)
	}
	list := v.get("/sensors")
	for _, want := range []string{"Theatre two", "waiting for enrolment", "on air", "silent for 3 h", "ICU, <b>third</b> floor", "eth1", "frames/s"} {
		if !strings.Contains(text(list.doc(t)), want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	if strings.Contains(list.body, command[1]) || strings.Contains(list.body, "<b>third") {
		t.Error("the list shows a code again, or a title as markup")
	}
	one := text(v.get("/sensors/icu-3").doc(t))
	for _, want := range []string{"10.20.3.0/24", "untagged", "(some, 0.4 %)", "Frames heard", "Retire icu-3"} {
		if !strings.Contains(one, want) {
			t.Errorf("the page of a sensor lacks %q", want)
		}
	}
	for _, when := range []string{"day", "week", "month", "x"} {
		if a := v.get("/sensors/icu-3?t=" + when); a.status != 200 {
			t.Errorf("%s: %d", when, a.status)
		}
	}
	if a := v.get("/sensors/nobody"); a.status != 404 {
		t.Errorf("no sensor: %d", a.status)
	}
	if a := v.post("/sensors/icu-3/title", url.Values{"title": {strings.Repeat("x", 90)}}); a.status != 422 {
		t.Errorf("a long title: %d", a.status)
	}
	if a := v.post("/sensors/icu-3/title", url.Values{"title": {" Intensive  care "}}); a.status != 303 {
		t.Errorf("title: %d", a.status)
	}
	if a := v.post("/sensors/icu-3/retire", url.Values{"typed": {"icu"}}); a.status != 422 {
		t.Errorf("retired by half its name: %d", a.status)
	}
	if a := v.post("/sensors/icu-3/retire", url.Values{"typed": {"icu-3"}}); a.status != 303 {
		t.Errorf("retire: %d", a.status)
	}
	if a := v.post("/sensors/icu-3/retire", url.Values{"typed": {"icu-3"}}); a.status != 409 {
		t.Errorf("retired twice: %d", a.status)
	}
	if got := text(v.get("/sensors").doc(t)); !strings.Contains(got, "Intensive care icu-3retired") {
		t.Errorf("after: %s", got)
	}
	var verbs []string
	if err := s.db.View(t.Context(), func(tx *sqldb.Tx) error {
		entries, _, err := audit.List(tx, audit.Filter{}, 0, 100)
		for _, e := range entries {
			if strings.HasPrefix(e.Verb, "sensor.") {
				verbs = append(verbs, e.Verb)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(verbs, " "); got != "sensor.retire sensor.rename sensor.rename sensor.invite" {
		t.Errorf("the audit log has %s", got)
	}
	for _, role := range []account.Role{account.Executive} {
		if a := s.as(role).get("/sensors/icu-3"); a.status != 200 || strings.Contains(a.body, `action="/sensors`) {
			t.Errorf("%s: %d", role, a.status)
		}
		if a := s.as(role).post("/sensors", url.Values{"name": {"x"}}); a.status != 403 {
			t.Errorf("%s enrols: %d", role, a.status)
		}
	}
	east := s.as(account.Administrator)
	east.post("/scope", url.Values{"site": {"East"}})
	if a := east.get("/sensors/icu-3"); a.status != 200 {
		t.Errorf("with a scope: %d", a.status)
	}
}

// TestSensorStatements holds that no page asks more than twenty statements.
func TestSensorStatements(t *testing.T) {
	s := blindSite(t)
	cookie := s.cookie(account.Biomed)
	for _, path := range []string{"/sensors", "/sensors/icu-3?t=month", "/blindspots", "/blindspots?by=subnet&points=both"} {
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
		}
	}
}

// TestSensorsInBrowser enrols a sensor by hand and looks at the pages, full and empty.
func TestSensorsInBrowser(t *testing.T) {
	s, empty := blindSite(t), newSite(t)
	s.hub()
	if _, err := empty.db.Update(t.Context(), func(tx *sqldb.Tx) error {
		for _, table := range []string{"sensor_unit", "sensor_sample", "sensor_network", "sensor_title"} {
			if _, err := tx.Exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for width, theme := range map[int64]string{1440: "light", 390: "dark"} {
		size := map[int64]string{1440: "-wide", 390: "-narrow"}[width]
		full, none := s.open(account.Administrator, width, 900), empty.open(account.Administrator, width, 900)
		for name, path := range map[string]string{"sensors": "/sensors", "sensor": "/sensors/icu-3", "blindspots": "/blindspots", "blindspots-both": "/blindspots?points=both&by=subnet"} {
			full.visit(path, theme)
			full.shot(name + size)
			full.accessible(name + size)
			full.quiet(name + size)
		}
		for name, path := range map[string]string{"sensors-none": "/sensors", "blindspots-none": "/blindspots"} {
			none.visit(path, theme)
			none.shot(name + size)
			none.accessible(name + size)
			none.quiet(name + size)
		}
	}
	tab := s.open(account.Administrator, 1440, 900)
	tab.visit("/sensors", "light")
	tab.run(chromedp.SendKeys(css("#f-name"), "er-1"), chromedp.Submit(css("#f-name")), until(`document.querySelector("#sensor-command")?.textContent.includes("--code ")`))
	tab.shot("sensor-code")
	tab.accessible("sensor-code")
	tab.quiet("sensor-code")
}
