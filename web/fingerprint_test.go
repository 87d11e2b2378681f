package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"pons/account"
	"pons/fact"
	"pons/fingerprint"
	"pons/sqldb"
)

// unknownSite is a site whose wire shows twelve devices that nobody knows, one of a hostile name, and one that is known.
func unknownSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	var hosts []fact.Record
	host := func(mac string, pairs ...string) {
		r := fact.Record{Source: "wire", Subject: fact.Host(mac, ""), Facts: []fact.Fact{{Attr: fact.MAC, Value: mac, Source: "wire:arp", Because: "frame 1"}}}
		for i := 0; i < len(pairs); i += 2 {
			r.Facts = append(r.Facts, fact.Fact{Attr: fact.Attr(pairs[i]), Value: pairs[i+1], Source: "wire:dhcp", Because: "frame 2"})
		}
		hosts = append(hosts, r)
	}
	for i := range 11 {
		host(fmt.Sprintf("02:00:5e:00:53:%02x", i), "dhcp.vendor_class", "QUOKKA/2", "dhcp.hostname", fmt.Sprintf("QK-%03d", i))
	}
	host("02:00:5e:00:53:ff", "dhcp.vendor_class", "QUOKKA/2", "dhcp.hostname", evil)
	host("02:00:5e:00:54:01", "dhcp.vendor_class", "AXIS,Network Camera,M3046-V,8.40.1", "dhcp.hostname", "axis-accc8e0a1b2c")
	s.bring("wire", "wire", hosts...)
	return s
}

// TestUnknownDevicesToRule goes from the largest group of unknown devices to the rule that names them all.
func TestUnknownDevicesToRule(t *testing.T) {
	s := unknownSite(t)
	v := s.as(account.Administrator)
	page := v.get("/devices/unknown")
	titles := all(t, page, ".unknown-groups h2")
	if len(titles) == 0 || !strings.Contains(titles[0], "12 devices: DHCP vendor class QUOKKA/2") {
		t.Fatalf("groups %q", titles)
	}
	if strings.Contains(page.body, "<script>alert(1)") {
		t.Error("a device's name is script")
	}
	begun := v.get(attribute(t, page, ".unknown-groups .btn-primary", "href"))
	text := strings.Join(all(t, begun, "textarea"), "")
	if !strings.Contains(text, "when dhcp.vendor_class is QUOKKA/2") || !strings.Contains(text, "says class = CLASS") {
		t.Fatalf("the rule is begun so:\n%s", text)
	}
	rule := "rule own/quokka\nabout our pumps\nwhen dhcp.vendor_class is QUOKKA/2\nsays class = infusion-pump\ntrust 0.9\nsource what we know\nlike dhcp.vendor_class: QUOKKA/2\n"
	post := func(do, text string) answer {
		form := formOf(t, v.get("/fingerprints/own"), "main form[action]")
		form.Set("text", text)
		form.Set("do", do)
		return v.post("/fingerprints/own", form)
	}
	if a := post("test", strings.Replace(rule, "like dhcp.vendor_class: QUOKKA/2", "like dhcp.vendor_class: KOALA", 1)); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "does not fit its example") {
		t.Errorf("an example that does not hold: %d", a.status)
	}
	tried := post("test", rule)
	if got := strings.Join(all(t, tried, "#trial .card-header"), " "); !strings.Contains(got, "12 fit") || !strings.Contains(got, "0 contradicted") {
		t.Errorf("trial says %q", got)
	}
	if got := all(t, v.get("/devices?q="+url.QueryEscape("class:infusion-pump and source:wire")), "tbody th"); len(got) != 0 {
		t.Errorf("a trial names %v", got)
	}
	if a := post("save", rule); a.status != http.StatusSeeOther {
		t.Fatalf("saving: %d", a.status)
	}
	if got := all(t, v.get("/devices?q="+url.QueryEscape("class:infusion-pump and source:wire")), "tbody th"); len(got) != 12 {
		t.Errorf("%d devices are named", len(got))
	}
	if got := text2(all(t, v.get("/fingerprints?pack=local"), "tbody tr")); !strings.Contains(got, "local:own/quokka") || !strings.HasSuffix(got, "12") {
		t.Errorf("the list says %q", got)
	}
	if a := v.get("/fingerprints/rule?name=local:own/quokka"); a.status != http.StatusOK || !strings.Contains(a.body, "QUOKKA/2") {
		t.Errorf("the rule's page: %d", a.status)
	}
	if got := strings.Join(all(t, v.get("/devices/unknown"), "main"), ""); strings.Contains(got, "QUOKKA") {
		t.Error("named devices are still unknown")
	}
}

func text2(parts []string) string { return strings.TrimSpace(strings.Join(parts, " ")) }

// TestRulePacksOnThePage takes packs in, refuses what nobody signed, switches off and exports.
func TestRulePacksOnThePage(t *testing.T) {
	s := unknownSite(t)
	v := s.as(account.Administrator)
	send := func(data []byte, unsigned bool) answer {
		path := "/fingerprints/packs"
		if unsigned {
			path += "?unsigned=1"
		}
		return v.upload(path, "elsewhere.pack", data)
	}
	pack := fingerprint.Pack{Name: "elsewhere", Text: "rule x/quokka\nabout pumps\nwhen dhcp.vendor_class is QUOKKA/2\nsays class = ventilator\ntrust 0.9\nsource theirs\nlike dhcp.vendor_class: QUOKKA/2\n"}
	if a := send(pack.Seal(nil), false); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "is not signed") {
		t.Fatalf("an unsigned pack: %d", a.status)
	}
	if a := send(pack.Seal(nil), true); a.status != http.StatusSeeOther {
		t.Fatalf("taken unsigned: %d %s", a.status, a.body)
	}
	named := func() int {
		return len(all(t, v.get("/devices?q="+url.QueryEscape("class:ventilator and source:wire")), "tbody th"))
	}
	if n := named(); n != 12 {
		t.Errorf("%d devices are named", n)
	}
	file := v.get("/fingerprints/packs/elsewhere/file")
	if p, err := fingerprint.Open([]byte(file.body)); err != nil || p.Text != pack.Text {
		t.Errorf("export: %v", err)
	}
	if a := v.post("/fingerprints/packs/elsewhere", url.Values{"do": {"off"}}); a.status != http.StatusSeeOther || named() != 0 {
		t.Errorf("switched off: %d, %d named", a.status, named())
	}
	if a := v.post("/fingerprints/packs/elsewhere", url.Values{"do": {"remove"}}); a.status != http.StatusSeeOther {
		t.Errorf("removed: %d", a.status)
	}
	for _, path := range []string{"/fingerprints/packs", "/fingerprints/own", "/fingerprints", "/devices/unknown"} {
		if a := s.as(account.Viewer).get(path); a.status != http.StatusOK || strings.Contains(a.body, `method="post" action="/fingerprints`) && path == "/fingerprints/packs" {
			t.Errorf("%s for a viewer: %d", path, a.status)
		}
	}
	if a := s.as(account.Viewer).post("/fingerprints/packs/elsewhere", url.Values{"do": {"off"}}); a.status != http.StatusForbidden {
		t.Errorf("a viewer may switch packs: %d", a.status)
	}
}

// TestFingerprintPagesAskLittle counts the questions to the database.
func TestFingerprintPagesAskLittle(t *testing.T) {
	s := unknownSite(t)
	cookie := s.cookie(account.Administrator)
	for _, path := range []string{"/fingerprints", "/fingerprints/rule?name=dhcp/msft-5", "/fingerprints/own", "/fingerprints/packs", "/devices/unknown"} {
		ctx, counter := sqldb.CountStatements(t.Context())
		r := httptest.NewRequestWithContext(ctx, "GET", "http://pons.test"+path, nil)
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		s.web.ServeHTTP(w, r)
		if n := counter.Count(); w.Code != http.StatusOK || n == 0 || n > 20 {
			t.Errorf("%s: %d with %d statements", path, w.Code, n)
		}
	}
}

// TestFingerprintsInBrowser writes a rule for the largest group of unknown devices with mouse and keyboard, and looks at the pages.
func TestFingerprintsInBrowser(t *testing.T) {
	s := unknownSite(t)
	for _, look := range []struct {
		theme string
		width int64
	}{{"light", 1440}, {"dark", 390}} {
		tab := s.open(account.Administrator, look.width, 900)
		for _, path := range []string{"/devices/unknown", "/fingerprints", "/fingerprints/rule?name=dhcp/msft-5", "/fingerprints/own", "/fingerprints/packs"} {
			tab.visit(path, look.theme)
			name := fmt.Sprintf("%s-%s-%d", strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(strings.TrimPrefix(path, "/")), look.theme, look.width)
			tab.shot(name)
			tab.accessible(name)
			tab.quiet(name)
		}
	}
	tab := s.open(account.Administrator, 1280, 900)
	tab.visit("/devices/unknown", "light")
	tab.run(
		chromedp.Click(css(".unknown-groups .btn-primary")),
		until(`document.querySelector("textarea")?.value.includes("when dhcp.vendor_class is QUOKKA/2") === true`),
	)
	eval[string](tab, `document.querySelector("textarea").value = document.querySelector("textarea").value.replace("CLASS", "infusion-pump")`)
	tab.run(
		chromedp.Click(css(`button[value="test"]`)),
		until(`!!document.querySelector("#trial")`),
	)
	tab.shot("fingerprints-trial")
	tab.accessible("trial")
	tab.run(
		chromedp.Click(css(`button[value="save"]`)),
		until(`!!document.querySelector(".note.good")`),
	)
	tab.quiet("trial")
}

// TestRuleExample holds the help to what it teaches.
func TestRuleExample(t *testing.T) {
	if _, err := fingerprint.Check("local", ruleExample); err != nil {
		t.Error(err)
	}
}
