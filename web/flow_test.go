package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"pons/account"
	"pons/fact"
	"pons/flow"
	"pons/inventory"
	"pons/protocol"
	"pons/sqldb"
)

// flowSite is a site at which a CT stores into an archive, a pump of another site talks to the internet, and a device whose
// name is script talks to both.
func flowSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.heard([][5]string{{"00:09:fb:00:00:01", "CT1", "ct", "East", "ICU"}, {"00:09:fb:00:00:02", "PACS", "pacs-server", "East", "IT"}, {"00:09:fb:00:00:03", "PUMP1", "infusion-pump", "West", "Ward 1"}, {"00:09:fb:00:00:04", "<script>alert(1)</script>", "=2+2", "East", "ICU"}})
	host := func(n int) fact.Key { return fact.Host(fmt.Sprintf("00:09:fb:00:00:%02d", n), "") }
	var talk []protocol.Traffic
	for day := range 20 {
		at := testNow.Truncate(24*time.Hour).AddDate(0, 0, day-19)
		for hour := range 24 {
			at := at.Add(time.Duration(hour) * time.Hour)
			if at.After(testNow) {
				break
			}
			talk = append(talk, talked(at, host(1), host(2), "dicom", 11112), talked(at, host(3), fact.Host("", "203.0.113.9"), "tls", 443))
		}
	}
	talk = append(talk, talked(testNow.Truncate(time.Hour), host(4), host(2), "smb", 445), talked(testNow.Truncate(time.Hour), host(4), host(3), "", 9000))
	s.talk("east port", talk)
	return s
}

func talked(at time.Time, client, server fact.Key, name string, port uint16) protocol.Traffic {
	return protocol.Traffic{Hour: at, Client: client, Server: server, Transport: protocol.TCP, Port: port, Protocol: name, Up: protocol.Volume{Packets: 9, Bytes: 9000}, Down: protocol.Volume{Packets: 4, Bytes: 400},
		Conversations: 1, Studies: 1, Minutes: 7, First: at, Last: at.Add(2 * time.Minute)}
}

// heard imports hosts: MAC, name, class, site, department.
func (s *site) heard(lines [][5]string) {
	s.t.Helper()
	records := func(yield func(fact.Record, error) bool) {
		for _, l := range lines {
			if !yield(fact.Record{Subject: fact.Host(l[0], ""), Facts: []fact.Fact{{Attr: fact.MAC, Value: l[0]}, {Attr: fact.Hostname, Value: l[1]}, {Attr: fact.Class, Value: l[2]}, {Attr: fact.Site, Value: l[3]}, {Attr: fact.Department, Value: l[4]}}}, nil) {
				return
			}
		}
	}
	if _, err := s.web.Inventory.Import(s.t.Context(), inventory.Import{Source: "wire", Kind: "wire", File: "east.pcap", At: testNow, Records: records}); err != nil {
		s.t.Fatal(err)
	}
	s.web.Changed()
}

func (s *site) talk(point string, talk []protocol.Traffic) {
	s.t.Helper()
	if _, err := s.db.Update(s.t.Context(), func(tx *sqldb.Tx) error { return flow.Apply(tx, flow.Source(point, "1"), talk) }); err != nil {
		s.t.Fatal(err)
	}
	s.web.Changed()
}

// TestFlowPages reads the pages as somebody who may see everything.
func TestFlowPages(t *testing.T) {
	s := flowSite(t)
	v := s.as(account.Biomed)
	for path, wants := range map[string][]string{
		"/flows":                         {"ct", "pacs-server", "Internet", "dicom", "infusion-pump"},
		"/flows?view=matrix":             {"Conversing pairs between groups", "pacs-server"},
		"/flows?open=ct&by=class":        {"CT1", "ct"},
		"/flows?by=site":                 {"East", "West"},
		"/flows?external=1":              {"infusion-pump", "Internet"},
		"/flows/list":                    {"CT1", "PACS", "TCP 11112", "203.0.113.9"},
		"/flows/list?a=ct&b=pacs-server": {"Between ct and pacs-server", "CT1"},
		"/flows/list?q=class%3Act":       {"CT1", "1 device"},
		"/flows/servers":                 {"PACS", "dicom"},
		"/flows/new?since=2026-11-19":    {"smb", "the client"},
		"/flows/new?since=2026-11-02":    {"Little was heard before"},
		"/flows/use":                     {"Devices heard", "CT1", "Use by hour of the week"},
		"/flows/models?view=class":       {"How it is judged", "percentile", "unknown", "Classes", "Not compared"},
	} {
		a := v.get(path)
		if a.status != 200 {
			t.Errorf("%s: %d", path, a.status)
		}
		for _, want := range wants {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s says nothing of %q", path, want)
			}
		}
		if strings.Contains(a.body, "<script>alert") {
			t.Errorf("%s: a device's name is script", path)
		}
	}
	for _, path := range []string{"/flows?q=clas%3Ax", "/flows/list?peer=%28", "/flows/new?since=soon", "/flows/list?page=x"} {
		if a := v.get(path); a.status != 400 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

// TestFlowScope holds that a person of one site and department sees neither devices nor talk of others, on no page and
// in no file.
func TestFlowScope(t *testing.T) {
	s := flowSite(t)
	admin := s.actor(account.Administrator)
	if _, err := s.web.accounts.Add(t.Context(), admin, account.Person{Login: "east", Name: "Person of East", Roles: []account.Role{account.Biomed}, Scope: account.Scope{Sites: []string{"East"}, Departments: []string{"ICU"}}}, testPassword, testNow); err != nil {
		t.Fatal(err)
	}
	v := s.as("east")
	for _, path := range []string{"/flows", "/flows?by=site", "/flows/list?t=all", "/flows/servers", "/flows/new?since=2026-11-02", "/flows/use", "/flows/models", "/flows/export/list.csv?t=all", "/flows/export/use.csv", "/flows/export/new.csv?since=2026-11-02"} {
		a := v.get(path)
		if a.status != 200 {
			t.Errorf("%s: %d", path, a.status)
		}
		for _, secret := range []string{"PUMP1", "West", "203.0.113.9", "PACS"} {
			if strings.Contains(a.body, secret) && !strings.Contains(secret, "PACS") || strings.Contains(a.body, ">PACS<") {
				t.Errorf("%s tells of %s", path, secret)
			}
		}
	}
	if a := v.get("/flows/list?t=all"); !strings.Contains(a.body, "CT1") || !strings.Contains(a.body, "outside of what you may see") {
		t.Error("their own device's talk is not there")
	}
}

// TestFlowExport holds that files say what pages say, and that nothing in them is a live formula.
func TestFlowExport(t *testing.T) {
	s := flowSite(t)
	v := s.as(account.Biomed)
	for _, name := range []string{"list", "servers", "groups", "new", "use", "models", "ranked"} {
		a := v.get("/flows/export/" + name + ".csv")
		if a.status != 200 || !strings.Contains(a.body, "\n") || strings.Contains(a.body, "\n=") || strings.Contains(a.body, ",=") {
			t.Errorf("%s.csv: %d\n%s", name, a.status, a.body)
		}
		if a := v.get("/flows/export/" + name + ".xlsx"); a.status != 200 || !strings.HasPrefix(a.body, "PK") {
			t.Errorf("%s.xlsx: %d", name, a.status)
		}
	}
	for _, path := range []string{"/flows/export/list.pdf", "/flows/export/secrets.csv"} {
		if a := v.get(path); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := v.get("/flows/export/list.csv?q=class%3Act"); strings.Contains(a.body, "PUMP1") || !strings.Contains(a.body, "CT1") {
		t.Errorf("the file is not narrowed:\n%s", a.body)
	}
}

// TestFlowSettings saves rules, and says what is wrong with others.
func TestFlowSettings(t *testing.T) {
	s := flowSite(t)
	v := s.as(account.Biomed)
	form := url.Values{"version": {"0"}, "hour_days": {"7"}, "day_days": {"100"}, "months": {"12"}, "zone": {"Europe/Berlin"}, "min_days": {"10"}, "min_peers": {"3"}, "low": {"5"}, "high": {"95"}, "low_share": {"0.4"}, "high_share": {"2"}}
	if a := v.post("/flows/settings", form); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := v.get("/flows/use"); !strings.Contains(a.body, "Hours of Europe/Berlin") {
		t.Error("the zone is not in force")
	}
	for name, wrong := range map[string]string{"zone": "Mars", "low": "80", "hour_days": "many"} {
		bad := url.Values{}
		for k, x := range form {
			bad[k] = x
		}
		bad.Set("version", "1")
		bad.Set(name, wrong)
		if a := v.post("/flows/settings", bad); a.status != 422 {
			t.Errorf("%s = %s: %d", name, wrong, a.status)
		}
	}
	if a := s.as(account.Executive).post("/flows/settings", form); a.status != 403 {
		t.Errorf("an executive changes rules: %d", a.status)
	}
}

// TestFlowStatements holds that no page about traffic takes more than 20 statements, and the page of a device neither.
func TestFlowStatements(t *testing.T) {
	s := flowSite(t)
	cookie := s.cookie(account.Biomed)
	for _, path := range []string{"/flows", "/flows?q=class%3Act&peer=class%3Apacs-server", "/flows/list", "/flows/servers", "/flows/new", "/flows/use", "/flows/models", deviceHref(s.idOf("CT1"), "network")} {
		s.web.flows = flow.New(s.db, s.web.Inventory) // nothing is kept from the page before
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
}

// TestDeviceTalk shows whom a device talks with on its page, to those who may know.
func TestDeviceTalk(t *testing.T) {
	s := flowSite(t)
	a := s.as(account.Biomed).get(deviceHref(s.idOf("CT1"), "network"))
	for _, want := range []string{"Talks with", "PACS", "Opened by", "this device", "Use by hour of the week"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page says nothing of %q", want)
		}
	}
	if a := s.as(account.Viewer).get(deviceHref(s.idOf("CT1"), "network")); strings.Contains(a.body, "Talks with") {
		t.Error("somebody reads who talks with whom who may not")
	}
}

// TestFlowByHand opens a group on the map, follows its device to its page, and finds what is new.
func TestFlowByHand(t *testing.T) {
	s := flowSite(t)
	tab := s.open(account.Biomed, 1440, 900)
	tab.visit("/flows", "light")
	tab.run(until(`!!document.querySelector(".flow-map.live")`))
	tab.run(
		chromedp.Click(css(`.flow-open a[href*="open=ct"]`)),
		until(`!!document.querySelector(".flow-map.live") && [...document.querySelectorAll("tbody th a")].some(a => a.textContent === "CT1")`),
	)
	tab.shot("flow-open")
	tab.run(
		chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("tbody th a")].find(a => a.textContent === "CT1").click()`),
		until(`document.title.startsWith("CT1") && !!document.querySelector("#talk")`),
	)
	tab.visit("/flows/new?since=2026-11-19", "light")
	if got := eval[string](tab, `[...document.querySelectorAll("tbody td")].map(e => e.textContent.trim()).join("|")`); !strings.Contains(got, "smb") {
		t.Errorf("what is new: %s", got)
	}
	tab.quiet("flows by hand")
}

// TestFlowPagesInBrowser looks at the pages, wide in light and narrow in dark, with and without traffic.
func TestFlowPagesInBrowser(t *testing.T) {
	s, empty := flowSite(t), newSite(t)
	for width, theme := range map[int64]string{1440: "light", 390: "dark"} {
		size := map[int64]string{1440: "-wide", 390: "-narrow"}[width]
		full, none := s.open(account.Biomed, width, 900), empty.open(account.Biomed, width, 900)
		for name, path := range map[string]string{"map": "/flows", "matrix": "/flows?view=matrix", "list": "/flows/list", "new": "/flows/new", "use": "/flows/use", "models": "/flows/models?view=class", "device": deviceHref(s.idOf("CT1"), "network"), "nothing": "/flows?protocol=none"} {
			full.visit(path, theme)
			full.run(until(`!document.querySelector(".flow-map:not(.live)")`))
			full.shot("flow-" + name + size)
			full.accessible(name)
			full.quiet(name)
		}
		none.visit("/flows", theme)
		none.shot("flow-empty" + size)
		none.accessible("empty")
		none.quiet("empty")
	}
}
