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
	"pons/sqldb"
)

// catalogSite is a site whose lists speak of makers and models that nobody knows, one of a hostile name.
func catalogSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.bring("cmms", "cmms",
		deviceFile("cmms", "Q1", 1, "control_number", "Q1", "manufacturer", "Quokka Medizintechnik", "model", "QX-77 b", "serial", "QQ1000", "description", "Ventilator", "site", "East", "department", "ICU"),
		deviceFile("cmms", "Q2", 2, "control_number", "Q2", "manufacturer", "Quokka Medizintechnik", "model", "QX-77 b", "serial", "QQ2000", "description", "Ventilator", "site", "West", "department", "ICU"),
		deviceFile("cmms", "P1", 3, "control_number", "P1", "manufacturer", "Philips", "model", "Zebulon 9000", "site", "West"),
		deviceFile("cmms", "E1", 4, "control_number", "E1", "manufacturer", evil, "model", "Infusomat Space", "site", "West"),
		deviceFile("cmms", "P2", 5, "control_number", "P2", "manufacturer", "Philips", "model", "IntelliVue MX800", "site", "West"))
	return s
}

// say sends a catalog form of the page that names an unknown.
func (v *visitor) nameIt(do, name string, pairs ...string) answer {
	v.t.Helper()
	form := url.Values{"do": {do}, "name": {name}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return v.post("/admin/catalog/name", form)
}

// TestCatalogNames explains unknown names until none is left, and takes the last one back.
func TestCatalogNames(t *testing.T) {
	s := catalogSite(t)
	v := s.as(account.Biomed)
	page := v.get("/admin/catalog")
	said := strings.Join(all(t, page, ".unknown-about"), "\n")
	for _, want := range []string{"Quokka Medizintechnik 2 devices said by cmms described as “Ventilator” such as Q1", "QX-77 b of Quokka Medizintechnik 2 devices", "Zebulon 9000 of Philips 1 device"} {
		if !strings.Contains(said, want) {
			t.Errorf("not said: %s in\n%s", want, said)
		}
	}
	if strings.Contains(page.body, "<script>alert(1)") {
		t.Error("a maker's name is script")
	}
	if href := attribute(t, page, "#manufacturer-0 a", "href"); len(all(t, v.get(href), "tbody th")) != 2 {
		t.Errorf("the number does not lead to its devices: %s", href)
	}
	for _, c := range []struct {
		do, want string
		pairs    []string
	}{
		{"alias-maker", "Choose the maker", nil},
		{"alias-maker", `knows no maker "Nobody"`, []string{"maker", "Nobody"}},
		{"new-model", `knows no class "teapot"`, []string{"maker", "Philips", "class", "teapot"}},
		{"alias-model", `knows no model "teapot" of Philips`, []string{"maker", "Philips", "model", "teapot"}},
		{"dance", "nothing that can be done", []string{"maker", "Philips"}},
	} {
		if a := v.nameIt(c.do, "Quokka", c.pairs...); a.status != http.StatusUnprocessableEntity || !strings.Contains(text(a.doc(t)), c.want) {
			t.Errorf("%s %v: %d, want 422 and %s", c.do, c.pairs, a.status, c.want)
		}
	}
	flash := func(a answer, want string) answer {
		t.Helper()
		a = v.settle(a)
		if got := strings.Join(all(t, a, ".note"), "\n"); !strings.Contains(got, want) {
			t.Fatalf("%d: told %q, want %s", a.status, got, want)
		}
		return a
	}
	flash(v.nameIt("new-maker", "Quokka Medizintechnik"), "is a maker of its own. 2 records are named otherwise.")
	flash(v.nameIt("new-model", "QX-77 b", "maker", "Quokka Medizintechnik", "class", "ventilator"), "is a model of Quokka Medizintechnik: Ventilator.")
	flash(v.nameIt("alias-model", "Zebulon 9000", "maker", "Philips", "model", "MX800"), `"Zebulon 9000" is IntelliVue MX800 of Philips. 1 record is named otherwise.`)
	done := flash(v.nameIt("alias-maker", evil, "maker", "B. Braun"), "is B. Braun. 1 record is named otherwise.")
	if strings.Contains(done.body, "<script>alert(1)") {
		t.Error("a maker's name is script in the message")
	}
	if got := text(v.get("/admin/catalog").doc(t)); !strings.Contains(got, "Every name is known") {
		t.Errorf("all are explained, and still: %s", got)
	}
	if got := all(t, v.get("/devices?q="+url.QueryEscape(`class:ventilator and model:"QX-77 b"`)), "tbody th"); len(got) != 2 {
		t.Errorf("the devices are found as %v", got)
	}
	flash(v.post(attribute(t, done, ".note form", "action"), nil), "The earlier lines stand again. 1 record is named otherwise.")
	history := v.get("/admin/catalog/history")
	if got := all(t, history, ".catalog-steps > li"); len(got) != 5 || !strings.Contains(got[0], "in force") {
		t.Errorf("history %q", got)
	}
	if got := text(s.as(account.Security).get("/admin/audit?object=catalog").doc(t)); strings.Count(got, "catalog.change") < 5 {
		t.Errorf("the audit log tells: %s", got)
	}
}

// TestCatalogLines writes lines: mistakes are told beside their line and change nothing, a preview changes nothing, saving
// does, and nobody's lines are lost to somebody else's.
func TestCatalogLines(t *testing.T) {
	s := catalogSite(t)
	v := s.as(account.Administrator)
	send := func(do, text string) answer {
		form := formOf(t, v.get("/admin/catalog/lines"), "main form[action]")
		form.Set("do", do)
		form.Set("text", strings.ReplaceAll(text, "\n", "\r\n"))
		return v.post("/admin/catalog/lines", form)
	}
	for _, do := range []string{"preview", "save"} {
		a := send(do, "@makers\nQuokka | | Quokka Medizintechnik | x | y\n> Quokka\n\n@models Nobody\nX | ct\n")
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s of a mistake: %d", do, a.status)
		}
		got := strings.Join(all(t, a, ".line-mistakes li"), "\n")
		if !strings.Contains(got, "line 2 Quokka | | Quokka Medizintechnik | x | y a maker has 2 or 3 fields") || !strings.Contains(got, "line 5 @models Nobody @models of unknown maker") {
			t.Errorf("told %s", got)
		}
		if got := all(t, a, "textarea"); len(got) != 1 || !strings.HasPrefix(got[0], "@makers Quokka") {
			t.Errorf("the text is lost: %q", got)
		}
	}
	own := "@makers\nQuokka | | Quokka Medizintechnik\n> QUOKKA MEDIZINTECHNIK GMBH\n"
	a := send("preview", own)
	if got := text(a.doc(t)); !strings.Contains(got, "2 records are named otherwise, of 5 records.") || !strings.Contains(got, "QUOKKA MEDIZINTECHNIK GMBHmakerunknownQuokka") {
		t.Errorf("preview: %d %s", a.status, got)
	}
	if got := all(t, v.get("/admin/catalog/lines"), "textarea"); len(got) != 1 || got[0] != "" {
		t.Errorf("the preview kept %q", got)
	}
	stale := formOf(t, v.get("/admin/catalog/lines"), "main form[action]")
	a = v.settle(send("save", own))
	if got := text(a.doc(t)); !strings.Contains(got, "The lines are kept. 2 records are named otherwise.") || !strings.Contains(got, "QUOKKA MEDIZINTECHNIK GMBHmakerQuokkaholds") {
		t.Errorf("saved: %s", got)
	}
	stale.Set("do", "save")
	stale.Set("text", "@makers\nWombat | |\n")
	if a := v.post("/admin/catalog/lines", stale); a.status != http.StatusConflict || !strings.Contains(text(a.doc(t)), "Somebody else saved other lines") || !strings.Contains(a.body, "Wombat") {
		t.Errorf("over somebody else's lines: %d", a.status)
	}
	if got := all(t, v.get("/admin/catalog/lines"), "textarea"); len(got) != 1 || strings.Contains(got[0], "Wombat") {
		t.Errorf("somebody else's lines are lost: %q", got)
	}
}

// TestCatalogScope holds that who sees a part of the hospital neither counts nor changes what is beyond it.
func TestCatalogScope(t *testing.T) {
	s := catalogSite(t)
	p := account.Person{Login: "east", Name: "East Biomed", Roles: []account.Role{account.Biomed}, Scope: account.Scope{Sites: []string{"East"}}}
	if _, err := s.web.accounts.Add(t.Context(), s.actor(account.Administrator), p, testPassword, testNow); err != nil {
		t.Fatal(err)
	}
	v := s.as("east")
	said := strings.Join(all(t, v.get("/admin/catalog"), ".unknown-about"), "\n")
	if !strings.Contains(said, "Quokka Medizintechnik 1 device ") || strings.Contains(said, "Zebulon") || strings.Contains(said, "Q2") {
		t.Errorf("who sees East is told\n%s", said)
	}
	if a := v.nameIt("new-maker", "Quokka Medizintechnik"); a.status != http.StatusForbidden {
		t.Errorf("and may change all: %d", a.status)
	}
	if a := v.post("/admin/catalog/lines", url.Values{"do": {"preview"}, "over": {"0"}}); a.status != http.StatusForbidden {
		t.Errorf("and preview all: %d", a.status)
	}
	if a := v.post("/admin/catalog/restore?version=0", nil); a.status != http.StatusForbidden {
		t.Errorf("and restore: %d", a.status)
	}
	if a := v.get("/admin/catalog/makers?q=Philips"); len(all(t, a, "tbody td:last-child a")) != 0 {
		t.Errorf("devices of the West are counted for the East")
	}
}

// TestCatalogBrowse looks things up: by synonym, code, spelling and number, with the devices of each.
func TestCatalogBrowse(t *testing.T) {
	s := catalogSite(t)
	v := s.as(account.Security)
	for path, want := range map[string]string{
		"classes?q=FRN":                     "Infusion pump",
		"classes?q=ventilator&sort=devices": "Ventilator",
		"makers?q=bbraun":                   "B. Braun",
		"models?q=8713050":                  "Infusomat Space",
		"models?maker=Philips&q=mx800":      "IntelliVue MX800",
		"models?class=ventilator":           "Ventilator",
		"makers?q=nothing+of+that+sort":     "The catalog has nothing of that",
		"classes?own=yes":                   "The catalog has nothing of that",
	} {
		if a := v.get("/admin/catalog/" + path); a.status != http.StatusOK || !strings.Contains(text(a.doc(t)), want) {
			t.Errorf("%s: %d without %s", path, a.status, want)
		}
	}
	a := v.get("/admin/catalog/makers?sort=devices")
	if got := all(t, a, "tbody tr"); !strings.HasPrefix(got[0], "Philips") || !strings.HasSuffix(got[0], "2") {
		t.Errorf("most devices first: %q", got[0])
	}
	if got := all(t, v.get(attribute(t, a, "tbody tr:first-child td:last-child a", "href")), "tbody th"); len(got) != 2 {
		t.Errorf("and the number leads to %q", got)
	}
	seen := 0
	for path := "/admin/catalog/makers"; ; {
		a := v.get(path)
		seen += len(all(t, a, "tbody tr"))
		next := all(t, a, ".pager a")
		if len(next) == 0 || next[len(next)-1] != "Next" {
			break
		}
		path = attribute(t, a, ".pager .end a:last-child", "href")
	}
	if want := len(s.web.Inventory.Catalog().Makers()); seen != want {
		t.Errorf("paging through shows %d makers of %d", seen, want)
	}
}

// TestCatalogStatements counts what the pages ask of the database.
func TestCatalogStatements(t *testing.T) {
	s := catalogSite(t)
	cookie := s.cookie(account.Administrator)
	for _, path := range []string{"", "/lines", "/classes", "/makers", "/models", "/history"} {
		ctx, counter := sqldb.CountStatements(t.Context())
		r := httptest.NewRequestWithContext(ctx, "GET", "http://pons.test/admin/catalog"+path, nil)
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		s.web.ServeHTTP(w, r)
		if n := counter.Count(); w.Code != http.StatusOK || n == 0 || n > 20 {
			t.Errorf("%s: %d with %d statements", path, w.Code, n)
		}
	}
}

// TestCatalogInBrowser names a maker with mouse and keyboard, and looks at the pages full of names.
func TestCatalogInBrowser(t *testing.T) {
	s := catalogSite(t)
	var many []fact.Record
	for i := range 60 {
		many = append(many, deviceFile("dhcp", fmt.Sprint(i), i, "asset_tag", fmt.Sprint("A", i), "manufacturer", fmt.Sprintf("Xyloquist %c%c Works", 'A'+i%26, 'A'+i/26), "model", fmt.Sprintf("Zyq %c%d", 'A'+i%26, 700+i)))
	}
	s.bring("dhcp", "cmdb", many...)
	for _, look := range []struct {
		theme string
		width int64
	}{{"light", 1440}, {"dark", 390}} {
		tab := s.open(account.Biomed, look.width, 900)
		for _, path := range []string{"", "/classes?q=pump", "/models?q=infus", "/history"} {
			tab.visit("/admin/catalog"+path, look.theme)
			name := fmt.Sprintf("catalog%s-%s-%d", strings.NewReplacer("/", "-", "?", "-").Replace(path), look.theme, look.width)
			tab.shot(name)
			tab.accessible(name)
			tab.quiet(name)
		}
	}
	tab := s.open(account.Biomed, 1280, 900)
	tab.visit("/admin/catalog", "light")
	tab.run(
		chromedp.SendKeys(css("#manufacturer-0 input[name=maker]"), "Philips"),
		press("Enter", "Enter", "\r"),
		until(`!!document.querySelector(".note.good")`),
		chromedp.Click(css(`a[href="/admin/catalog/lines"]`)),
		until(`document.querySelector("textarea")?.value.includes("Philips | | Quokka Medizintechnik") === true`),
		chromedp.SendKeys(css("textarea"), "\n@makers\nWombat | | x | y | z\n"),
		chromedp.Click(css(`button[value="preview"]`)),
		until(`!!document.querySelector(".line-mistakes")`),
	)
	tab.shot("catalog-mistake")
	tab.accessible("mistake")
	tab.quiet("mistake", "422")
}
