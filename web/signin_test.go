package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"

	"pons/account"
	"pons/audit"
	"pons/fact"
	"pons/inventory"
	"pons/sqldb"
)

// TestFirstStart creates the administrator with the code, and only with it, and only once.
func TestFirstStart(t *testing.T) {
	s := emptySite(t)
	v := s.as("")
	if a := v.get("/admin/people"); a.location != firstStart {
		t.Fatalf("before there is an administrator every page leads to the first start, not to %q", a.location)
	}
	code, err := s.web.SetupCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"code": {"0000-0000-0000-0000"}, "name": {"Ada"}, "login": {"ada"}, "password": {testPassword}}
	if a := v.post(firstStart, form); a.status != http.StatusForbidden || !strings.Contains(a.body, "setup code is wrong") {
		t.Errorf("a wrong code: %d", a.status)
	}
	form.Set("code", code)
	form.Set("password", "short")
	if a := v.post(firstStart, form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "needs at least 12") || strings.Contains(a.body, "short\"") {
		t.Errorf("a short password: %d", a.status)
	}
	form.Set("password", testPassword)
	if a := v.post(firstStart, form); a.status != http.StatusSeeOther || a.location != "/" {
		t.Fatalf("first start: %d to %q: %s", a.status, a.location, a.body)
	}
	if a := v.get("/admin/people"); a.status != http.StatusOK || !strings.Contains(a.body, "Ada") {
		t.Errorf("the administrator is not signed in: %d", a.status)
	}
	if a := s.as("").post(firstStart, form); a.status != http.StatusConflict {
		t.Errorf("a second first start: %d, want 409", a.status)
	}
}

// TestSignIn goes in by the door, where it wanted to, and out again.
func TestSignIn(t *testing.T) {
	s := newSite(t)
	v := s.as("")
	a := v.get("/admin/audit?verb=person.add")
	if a.location != "/sign-in?next=%2Fadmin%2Faudit%3Fverb%3Dperson.add" {
		t.Fatalf("sent to %q", a.location)
	}
	form := url.Values{"login": {"administrator"}, "password": {"wrong"}, "next": {"/admin/audit?verb=person.add"}}
	if a := v.post("/sign-in", form); a.status != http.StatusUnauthorized || !strings.Contains(a.body, "wrong") {
		t.Errorf("a wrong password: %d", a.status)
	}
	form.Set("password", testPassword)
	a = v.post("/sign-in", form)
	if a.status != http.StatusSeeOther || a.location != "/admin/audit?verb=person.add" {
		t.Fatalf("signed in: %d to %q", a.status, a.location)
	}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == sessionCookie && (!c.HttpOnly || c.SameSite != http.SameSiteLaxMode) {
			t.Errorf("the session's cookie is %+v", c)
		}
	}
	if a := v.get("/admin/audit"); a.status != http.StatusOK {
		t.Errorf("after sign-in: %d", a.status)
	}
	v.post("/sign-out", nil)
	if a := v.get("/admin/audit"); a.status != http.StatusSeeOther {
		t.Errorf("after sign-out: %d", a.status)
	}
	form.Set("next", "https://evil.example/")
	if a := v.post("/sign-in", form); a.location != "/" {
		t.Errorf("sign-in leads to %q, off this server", a.location)
	}
	for range 6 {
		form.Set("password", "wrong")
		a = v.post("/sign-in", form)
	}
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("after many wrong passwords: %d", a.status)
	}
}

// TestPeople adds, changes, shuts out and lets in again, and finds each of it in the audit log.
func TestPeople(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Administrator)
	form := url.Values{"login": {"bob"}, "name": {"Bob <script>"}, "role": {"biomed", "clinical"}, "password": {testPassword}, "sites": {"East\r\nWest"}}
	if a := v.post("/admin/people", form); a.location != "/admin/people" {
		t.Fatalf("add: %d %s", a.status, a.body)
	}
	a := v.get("/admin/people")
	if !strings.Contains(a.body, "Bob &lt;script&gt;") || strings.Contains(a.body, "Bob <script>") {
		t.Error("a name with markup is not shown as text")
	}
	if flash := cascadia.Query(a.doc(t), cascadia.MustCompile(".note.good")); flash == nil || !strings.Contains(text(flash), "may sign in as bob") {
		t.Error("no word of what was done")
	}
	if again := v.get("/admin/people"); strings.Contains(again.body, "may sign in as bob") {
		t.Error("the flash is shown twice")
	}
	if a := v.post("/admin/people", form); a.status != http.StatusConflict || !strings.Contains(a.body, "is taken") {
		t.Errorf("the same login again: %d", a.status)
	}
	a = v.get("/admin/people/person/bob")
	areas := cascadia.QueryAll(a.doc(t), cascadia.MustCompile("textarea"))
	if len(areas) != 2 || areas[0].FirstChild == nil || areas[0].FirstChild.Data != "East\nWest" {
		t.Errorf("sites are not one in a line")
	}
	a = v.post("/admin/people/person/bob/able", url.Values{"disabled": {"yes"}})
	a = v.get(a.location)
	undo := cascadia.Query(a.doc(t), cascadia.MustCompile(".note form"))
	if undo == nil {
		t.Fatal("shutting out cannot be undone")
	}
	if a := v.post(undo.Attr[1].Val, nil); a.status != http.StatusSeeOther {
		t.Errorf("undo: %d", a.status)
	}
	a = v.post("/admin/people/person/administrator", url.Values{"name": {"Ada"}, "role": {"viewer"}})
	if a.status != http.StatusConflict || !strings.Contains(a.body, "last administrator") {
		t.Errorf("the last administrator may go: %d", a.status)
	}
	var verbs []string
	err := s.db.View(t.Context(), func(tx *sqldb.Tx) error {
		for r, err := range audit.All(tx, audit.Filter{Object: "person:bob"}) {
			if err != nil {
				return err
			}
			verbs = append(verbs, r.Verb)
		}
		return nil
	})
	if err != nil || strings.Join(verbs, " ") != "person.add person.change person.change" {
		t.Errorf("the audit log has %v: %v", verbs, err)
	}
	a = v.get("/admin/audit?object=person:bob")
	if rows := cascadia.QueryAll(a.doc(t), cascadia.MustCompile("tbody tr")); len(rows) != 3 {
		t.Errorf("the audit page shows %d entries of bob", len(rows))
	}
	if a := v.post("/admin/audit/check", nil); a.location != "/admin/audit" {
		t.Errorf("check of the chain: %d", a.status)
	}
	if a := v.get("/admin/audit"); !strings.Contains(a.body, "The chain is unbroken") {
		t.Error("no word on the chain")
	}
	if a := v.get("/admin/audit.csv"); !strings.HasPrefix(a.body, "entry,time,who") || !strings.Contains(a.body, "person:bob") {
		t.Errorf("export: %d %.80s", a.status, a.body)
	}
}

// TestTokens makes a token with less than one's rights, shows it once, and revokes it.
func TestTokens(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	a := v.post("/account/tokens", url.Values{"name": {"nightly"}, "verb": {"inventory.read"}, "days": {"30"}})
	secret := cascadia.Query(a.doc(t), cascadia.MustCompile("code.secret"))
	if a.status != http.StatusOK || secret == nil {
		t.Fatalf("make: %d", a.status)
	}
	if _, err := s.web.accounts.ByTokenText(t.Context(), text(secret), testNow); err != nil {
		t.Error(err)
	}
	if again := v.get("/account"); strings.Contains(again.body, text(secret)) {
		t.Error("the token is shown twice")
	}
	if a := v.post("/account/tokens", url.Values{"name": {"more"}, "verb": {"account.manage"}, "days": {"30"}}); a.status != http.StatusForbidden {
		t.Errorf("a token for more than one's rights: %d", a.status)
	}
	form := cascadia.Query(v.get("/account").doc(t), cascadia.MustCompile("form[action$=revoke]"))
	if a := v.post(form.Attr[1].Val, nil); a.status != http.StatusSeeOther {
		t.Errorf("revoke: %d", a.status)
	}
	if _, err := s.web.accounts.ByTokenText(t.Context(), text(secret), testNow); err == nil {
		t.Error("the token works after it was revoked")
	}
	if a := v.post("/account/password", url.Values{"old": {"wrong"}, "password": {testPassword + "2"}}); a.status != http.StatusForbidden {
		t.Errorf("a new password without the old one: %d", a.status)
	}
	if a := v.post("/account/password", url.Values{"old": {testPassword}, "password": {testPassword + "2"}}); a.status != http.StatusSeeOther {
		t.Errorf("a new password: %d", a.status)
	}
	if a := v.get("/account"); a.status != http.StatusOK {
		t.Error("the own session ended with the old password")
	}
}

// TestScopeChoices offers the sites that devices are at, or the person's own.
func TestScopeChoices(t *testing.T) {
	s := newSite(t)
	records := []fact.Record{}
	for i, site := range []string{"West", "East"} {
		records = append(records, fact.Record{Source: "cmms", Subject: fact.Key{Kind: "row", Value: site}, File: "cmms.csv", Row: i + 1, At: testNow,
			Facts: []fact.Fact{{Attr: fact.ControlNumber, Value: site}, {Attr: fact.Site, Value: site}, {Attr: fact.Department, Value: "ICU"}}})
	}
	_, err := s.web.Inventory.Import(t.Context(), inventory.Import{Source: "cmms", Kind: "cmms", File: "cmms.csv", Actor: "test", At: testNow,
		Records: func(yield func(fact.Record, error) bool) {
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	s.web.Changed()
	for role, want := range map[account.Role]string{account.Viewer: "All sites|East|West", account.Clinical: "All of mine|East"} {
		var got []string
		for _, o := range cascadia.QueryAll(s.as(role).get("/account").doc(t), cascadia.MustCompile("#f-site option")) {
			got = append(got, text(o))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s may choose %q, want %q", role, got, want)
		}
	}
}

// TestScope narrows what pages show, never beyond the person's own scope.
func TestScope(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		role             account.Role
		site, department string
		want             string
	}{
		{account.Viewer, "", "", "All sites"},
		{account.Viewer, "West", "", "West"},
		{account.Viewer, "West", "ICU", "West · ICU"},
		{account.Clinical, "", "", "East · ICU"},
		{account.Clinical, "West", "Radiology", "East · ICU"},
	} {
		v := s.as(c.role)
		if a := v.post("/scope", url.Values{"site": {c.site}, "department": {c.department}, "next": {"/account"}}); a.location != "/account" {
			t.Errorf("scope leads to %q", a.location)
		}
		if got := text(cascadia.Query(v.get("/account").doc(t), cascadia.MustCompile(".scope-button"))); got != c.want {
			t.Errorf("%s choosing %q, %q sees %q, want %q", c.role, c.site, c.department, got, c.want)
		}
	}
}
