package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/cascadia"

	"pons/account"
	"pons/fact"
	"pons/inventory"
	"pons/sqldb"
)

// TestOverviewNumbersLead follows every number of the overview: the list behind it has as many rows.
func TestOverviewNumbersLead(t *testing.T) {
	s := queueSite(t)
	v := s.as(account.Administrator)
	a := v.get("/")
	checkMarkup(t, "/", a)
	followed := 0
	for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile(`main a[href^="/devices?"], main a[href^="/reconcile/"]`)) {
		number := cascadia.Query(n, cascadia.MustCompile(".n, .sight-n"))
		href := attributeOf(n, "href")
		if number == nil || href == queueHref("duplicate") {
			continue
		}
		page := v.get(href)
		total := all(t, page, ".pager > span:first-child")
		want := text(number)
		if page.status != http.StatusOK || want != "0" && (len(total) == 0 || !strings.Contains(total[0], "of "+want+" ")) {
			if href == queueHref("conflict") || strings.Contains(href, "/reconcile/") && page.status == http.StatusOK && len(total) > 0 && strings.HasSuffix(total[0], want+" devices") {
				continue
			}
			t.Errorf("%s says %s, and leads to %d with %q", href, want, page.status, total)
		}
		followed++
	}
	if followed < 15 {
		t.Errorf("only %d numbers were followed", followed)
	}
	if !strings.Contains(text(cascadia.Query(a.doc(t), cascadia.MustCompile(".bars"))), "unknown") {
		t.Error("devices of unknown class are not shown as unknown")
	}
	for _, title := range []string{"Devices", "Need a decision", "Devices by site and category", "Fleet by year of acquisition", "Freshness of sources", "Oldest open conflicts"} {
		if !slices.ContainsFunc(all(t, a, "main h2"), func(h string) bool { return strings.HasPrefix(h, title) }) {
			t.Errorf("no %q", title)
		}
	}
	if viewer := s.as(account.Viewer).get("/"); strings.Contains(viewer.body, "Freshness of sources") || strings.Contains(viewer.body, importPath) {
		t.Error("a viewer is led to pages that they may not open")
	}
	if biomed := s.as(account.Biomed).get("/"); !strings.Contains(biomed.body, "For biomed") {
		t.Error("biomed has no sights of its own")
	}
}

func TestOverviewEmpty(t *testing.T) {
	s := newSite(t)
	if a := s.as(account.Administrator).get("/"); len(all(t, a, ".welcome-steps li")) != 3 || attribute(t, a, ".state .btn-primary", "href") != importPath {
		t.Error("an empty server does not say how to begin")
	}
	if a := s.as(account.Viewer).get("/"); len(all(t, a, ".welcome-steps li")) != 3 || len(all(t, a, ".state .btn-primary")) != 0 {
		t.Error("a viewer of an empty server")
	}
	s.bring("cmms", "cmms", deviceFile("cmms", "CE-1", 1, "control_number", "CE-1", "site", "West"))
	if a := s.as(account.Clinical).get("/"); !strings.Contains(a.body, "No devices in this scope") {
		t.Error("an empty scope looks like an empty server")
	}
}

// TestSinceLastVisit holds that the strip counts from the visit before, and not from this one.
func TestSinceLastVisit(t *testing.T) {
	s := queueSite(t)
	now := testNow
	s.web.Now = func() time.Time { return now }
	v := s.as(account.Biomed)
	if a := v.get("/"); !strings.Contains(text(a.doc(t)), "In the last 7 days:") {
		t.Error("a first visit is no visit after another")
	}
	now = now.Add(5 * time.Minute)
	if a := v.get("/"); !strings.Contains(text(a.doc(t)), "In the last 7 days:") {
		t.Error("a second look is no other visit")
	}
	now = now.Add(2 * time.Hour)
	again, _, err := s.web.accounts.SignIn(t.Context(), string(account.Biomed), testPassword, "127.0.0.1", "test", now) // the session has ended
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	v.client.Jar.SetCookies(base, []*http.Cookie{{Name: s.web.sessionName(), Value: again, Path: "/"}})
	for range 2 {
		a := v.get("/")
		if got := text(cascadia.Query(a.doc(t), cascadia.MustCompile(".strip"))); !strings.Contains(got, "Since you were last here") || !strings.Contains(got, "0 devices first recorded") {
			t.Errorf("the next visit says %q", got)
		}
	}
	now = testNow
	other := s.as(account.IT) // another person in another browser
	if a := other.get("/"); !strings.Contains(text(a.doc(t)), "In the last 7 days:") {
		t.Error("visits of one person are another's")
	}
}

func TestTour(t *testing.T) {
	s := queueSite(t)
	s.web.Demo = "Sign in as demo."
	v := s.as(account.Administrator)
	a := v.get("/")
	stops := cascadia.QueryAll(a.doc(t), cascadia.MustCompile(".tour-stops a"))
	if len(stops) != 6 {
		t.Fatalf("%d stops, want 6", len(stops))
	}
	for _, n := range stops {
		if page := v.get(attributeOf(n, "href")); page.status != http.StatusOK {
			t.Errorf("the tour leads to %s: %d", attributeOf(n, "href"), page.status)
		}
	}
	done := v.post("/tour", nil)
	next := v.get(done.location)
	if len(all(t, next, ".tour-stops a")) != 0 {
		t.Error("the tour cannot be put away")
	}
	v.post(attribute(t, next, ".note form", "action"), nil)
	if len(all(t, v.get("/"), ".tour-stops a")) != 6 {
		t.Error("the tour does not come back")
	}
}

func TestTrend(t *testing.T) {
	day := func(ago, good, all int) inventory.Day {
		return inventory.Day{Day: testNow.AddDate(0, 0, -ago).Format(time.DateOnly), Devices: all, Reconciled: good}
	}
	got := trendOf([]inventory.Day{day(10, 50, 100), day(2, 60, 100)}, 70, 100, testNow, "x")
	if got.Icon != IconTrendUp || got.Text != "20 points more than 10 days ago" || len(got.Chart.X) != 11 || got.Chart.Series[0].cell(0) != "50" || got.Chart.Series[0].cell(1) != "" || got.Chart.Series[0].cell(10) != "70" {
		t.Errorf("trend is %+v", got)
	}
	if got := trendOf([]inventory.Day{day(0, 1, 100)}, 70, 100, testNow, "x"); got.Chart != nil {
		t.Error("one day is no trend")
	}
}

// TestPrecedencePage changes an order by its links, sees what it would do, keeps it and takes it back.
func TestPrecedencePage(t *testing.T) {
	s := queueSite(t)
	v := s.as(account.Administrator)
	a := v.get("/admin/precedence")
	checkMarkup(t, "precedence", a)
	a = v.get("/admin/precedence?attr=owner")
	checkMarkup(t, "precedence of owner", a)
	up := ""
	for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile("a.icon-button")) {
		if attributeOf(n, "aria-label") == "Move CMDB up" {
			up = attributeOf(n, "href")
		}
	}
	if up == "" {
		t.Fatal("the CMDB cannot be moved up")
	}
	a = v.get(up)
	checkMarkup(t, "draft", a)
	if got := text(a.doc(t)); !strings.Contains(got, "2 devices get another owner") || strings.Contains(a.body, "<script>alert") {
		t.Errorf("the preview says %q", got)
	}
	before := s.value(s.idOf("CE-20"), fact.Owner)
	u, err := url.Parse(up)
	if err != nil {
		t.Fatal(err)
	}
	done := v.post("/admin/precedence", u.Query())
	if done.status != http.StatusSeeOther || before != "Biomed East" || s.value(s.idOf("CE-20"), fact.Owner) != "IT Clinical" {
		t.Fatalf("%d: owner was %q, is %q", done.status, before, s.value(s.idOf("CE-20"), fact.Owner))
	}
	if a := v.get("/admin/precedence"); !strings.Contains(a.body, "changed here") {
		t.Error("the list does not tell the order that was changed")
	}
	if a := v.post("/admin/precedence", url.Values{"attr": {"owner"}, "reset": {"yes"}}); a.status != http.StatusSeeOther || s.value(s.idOf("CE-20"), fact.Owner) != "Biomed East" {
		t.Errorf("reset: %d, owner %q", a.status, s.value(s.idOf("CE-20"), fact.Owner))
	}
	for _, order := range [][]string{{"cmms", "person"}, {"person", "nonsense"}, {"person", "cmms", "cmms"}, nil} {
		if a := v.post("/admin/precedence", url.Values{"attr": {"owner"}, "order": order}); a.status != http.StatusBadRequest {
			t.Errorf("order %v: %d", order, a.status)
		}
	}
	if a := v.get("/admin/precedence?attr=nonsense"); a.status != http.StatusNotFound {
		t.Errorf("no such attribute: %d", a.status)
	}
	security := s.as(account.Security)
	if a := security.get("/admin/precedence?attr=owner"); a.status != http.StatusOK || len(all(t, a, "main form")) != 0 {
		t.Errorf("security, who may read: %d, %d forms", a.status, len(all(t, a, "main form")))
	}
	if a := security.post("/admin/precedence", u.Query()); a.status != http.StatusForbidden {
		t.Errorf("security changes the order: %d", a.status)
	}
	part := account.Person{Login: "part", Name: "Part", Roles: []account.Role{account.Biomed}, Scope: account.Scope{Sites: []string{"East"}}}
	if _, err := s.web.accounts.Add(t.Context(), s.actor(account.Administrator), part, testPassword, testNow); err != nil {
		t.Fatal(err)
	}
	if a := s.as("part").post("/admin/precedence", u.Query()); a.status != http.StatusForbidden {
		t.Errorf("who sees a part changes the order of all: %d", a.status)
	}
	if a := s.as("part").get(up); strings.Contains(a.body, "CE-21") {
		t.Error("examples show what is outside of the scope")
	}
}

// TestOverviewAtSize looks at the overview of ten thousand devices.
func TestOverviewAtSize(t *testing.T) {
	s := newSite(t)
	records := make([]fact.Record, 10_000)
	for i := range records {
		records[i] = deviceFile("cmms", strconv.Itoa(i), i+1, "control_number", fmt.Sprint("CE-", i), "serial", fmt.Sprintf("SN%08d", i), "manufacturer", fmt.Sprint("Maker ", i%40), "site", fmt.Sprint("Site ", i%30), "acquired_on", fmt.Sprintf("%d-01-02", 2000+i%26))
	}
	s.bring("cmms", "cmms", records...)
	a := s.as(account.Administrator).get("/")
	if a.status != http.StatusOK || !strings.Contains(a.body, "10,000") || !strings.Contains(a.body, "18 more are not drawn") {
		t.Errorf("status %d", a.status)
	}
}

// TestOverviewNetwork shows who is heard and which insecure practices were seen, within a small number of statements,
// and says nothing of a network that nobody listens to.
func TestOverviewNetwork(t *testing.T) {
	s := newSite(t)
	s.bring("cmms", "cmms", deviceFile("cmms", "CE-1", 1, "control_number", "CE-1", "site", "West"))
	if a := s.as(account.Security).get("/"); strings.Contains(a.body, "heard on the network") {
		t.Error("a hospital without a wire is told who was heard")
	}
	host := func(mac string, practices ...string) fact.Record {
		r := fact.Record{Subject: fact.Host(mac, ""), Facts: []fact.Fact{{Attr: fact.MAC, Value: mac}, {Attr: fact.LastSeen, Value: testNow.Add(-2 * time.Hour).Format(time.RFC3339)}}}
		for _, p := range practices {
			r.Facts = append(r.Facts, fact.Fact{Attr: fact.Practice, Value: p})
		}
		return r
	}
	s.bring("wire", "wire", host("00:09:fb:00:00:01", fact.SMB1, fact.OldTLS), host("00:09:fb:00:00:02", fact.SMB1), host("00:09:fb:00:00:03"))
	v := s.as(account.Security)
	a := v.get("/")
	checkMarkup(t, "/", a)
	numbers := map[string]string{}
	for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile(".parts a")) {
		numbers[attributeOf(n, "href")] = text(cascadia.Query(n, cascadia.MustCompile(".n")))
	}
	for question, want := range map[string]string{"practice:smb1": "2", "practice:tls-old": "1", "heard<1d": "3", "heard<1h": "0"} {
		href := askHref(question)
		if got, ok := numbers[href]; !ok || got != want {
			t.Errorf("%s: %q, want %s; there are %v", question, got, want, numbers)
		}
		if page := v.get(href); page.status != http.StatusOK || want != "0" && !strings.Contains(page.body, want+" device") {
			t.Errorf("%s leads to %d", href, page.status)
		}
	}
	ctx, counter := sqldb.CountStatements(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", "http://pons.test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(s.cookie(account.Administrator))
	w := &blackHole{h: http.Header{}}
	s.web.ServeHTTP(w, r)
	if n := counter.Count(); w.status != http.StatusOK || n == 0 || n > 20 {
		t.Errorf("status %d, %d statements, want at most 20", w.status, n)
	}
}
