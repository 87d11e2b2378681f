package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"pons/account"
)

// examples are addresses for routes whose pattern has a variable. A route without one fails the walk, so that no
// page is left out.
var examples = map[string]string{
	"/program/maturity/{assessment}":             "/program/maturity/a1",
	"/program/gaps/{gap}":                        "/program/gaps/g1",
	"/program/gaps/{gap}/task":                   "/program/gaps/g1/task",
	"/program/governance/committees/{committee}": "/program/governance/committees/c1",
	"/program/governance/rights/{right}":         "/program/governance/rights/r1",
	"/program/governance/decisions/{decision}":   "/program/governance/decisions/d1",
	"/program/roadmap/tasks/{task}":              "/program/roadmap/tasks/T-1",
	"/program/roadmap/tasks/{task}/move":         "/program/roadmap/tasks/T-1/move",
	"/program/roadmap/benefits/{benefit}":        "/program/roadmap/benefits/b1",
	"/program/messages/{message}":                "/program/messages/m1",
	"/program/messages/{message}/sent":           "/program/messages/m1/sent",
	"/program/undo/{noun}/{id}/{version}":        "/program/undo/gap/none/1",
	"/program/remove/{noun}/{id}":                "/program/remove/gap/none",
	"/flows/export/{file}":                       "/flows/export/list.csv",
	"/sensors/{name}":                            "/sensors/icu-3",
	"/sensors/{name}/title":                      "/sensors/icu-3/title",
	"/sensors/{name}/retire":                     "/sensors/icu-3/retire",
	"/blindspots/export/{file}":                  "/blindspots/export/groups.csv",
	"/reconcile/{queue}":                         "/reconcile/conflict",
	"/reconcile/match/{id}":                      "/reconcile/match/CE-1",
	"/plan/{id}":                                 "/plan/" + walkPlan,
	"/plan/{id}/baseline":                        "/plan/" + walkPlan + "/baseline",
	"/plan/{id}/recount":                         "/plan/" + walkPlan + "/recount",
	"/plan/{id}/roles":                           "/plan/" + walkPlan + "/roles",
	"/plan/{id}/ratios":                          "/plan/" + walkPlan + "/ratios",
	"/plan/{id}/growth":                          "/plan/" + walkPlan + "/growth",
	"/plan/{id}/coverage":                        "/plan/" + walkPlan + "/coverage",
	"/plan/{id}/try":                             "/plan/" + walkPlan + "/try",
	"/plan/{id}/report.pdf":                      "/plan/" + walkPlan + "/report.pdf",
	"/plan/{id}/workbook.xlsx":                   "/plan/" + walkPlan + "/workbook.xlsx",
	"/plan/{id}/plan.yaml":                       "/plan/" + walkPlan + "/plan.yaml",
	"/plan/{id}/copy":                            "/plan/" + walkPlan + "/copy",
	"/plan/{id}/lock":                            "/plan/" + walkPlan + "/lock",
	"/plan/{id}/remove":                          "/plan/" + sparePlan + "/remove",
	"/plan/{id}/restore":                         "/plan/" + walkPlan + "/restore",
	"/plan/{id}/results":                         "/plan/" + walkPlan + "/results",
	"/plan/{id}/results/{sheet}":                 "/plan/" + walkPlan + "/results/roles.csv",
	"/plan/{id}/why":                             "/plan/" + walkPlan + "/why?role=BMET+III&year=2027",
	"/plan/{id}/advice":                          "/plan/" + walkPlan + "/advice?budget=200000&keep=yes",
	"/plan/{id}/history":                         "/plan/" + walkPlan + "/history",
	"/plan/{id}/assumptions":                     "/plan/" + walkPlan + "/assumptions",
	"/sources/runs/{run}":                        "/sources/runs/1",
	"/sources/runs/{run}/mapping.yaml":           "/sources/runs/1/mapping.yaml",
	"/sources/runs/{run}/rejected.csv":           "/sources/runs/1/rejected.csv",
	"/sources/runs/{run}/undo":                   "/sources/runs/1/undo",
	"/sources/import/{upload}":                   "/sources/import/" + walkUpload,
	"/sources/import/{upload}/columns":           "/sources/import/" + walkUpload + "/columns",
	"/sources/import/{upload}/mapping.yaml":      "/sources/import/" + walkUpload + "/mapping.yaml",
	"/sources/import/{upload}/mapping":           "/sources/import/" + walkUpload + "/mapping",
	"/sources/import/{upload}/dry-run":           "/sources/import/" + walkUpload + "/dry-run",
	"/sources/import/{upload}/rows.csv":          "/sources/import/" + walkUpload + "/rows.csv",
	"/sources/import/{upload}/apply":             "/sources/import/" + walkUpload + "/apply",
	"/sources/import/{upload}/cancel":            "/sources/import/" + walkUpload + "/cancel",
	"/sources/import/{upload}/discard":           "/sources/import/" + walkUpload + "/discard",
	"/people/{id}":                               "/people/none",
	"/people/{id}/edit":                          "/people/none/edit",
	"/people/{id}/remove":                        "/people/none/remove",
	"/people/{id}/{part}":                        "/people/none/skills",
	"/people/undo/{noun}/{id}/{version}":         "/people/undo/person/none/1",
	"/oncall/{id}":                               "/oncall/new",
	"/oncall/{id}/remove":                        "/oncall/none/remove",
	"/training/{id}":                             "/training/new",
	"/training/{id}/remove":                      "/training/none/remove",
	"/duties/rules/{id}":                         "/duties/rules/none",
	"/duties/rules/{id}/remove":                  "/duties/rules/none/remove",
	"/duties/activities/{key}":                   "/duties/activities/none",
	"/duties/undo/{noun}/{id}/{version}":         "/duties/undo/rule/none/1",
	"/admin/people/person/{login}":               "/admin/people/person/viewer",
	"/admin/people/person/{login}/password":      "/admin/people/person/viewer/password",
	"/admin/people/person/{login}/able":          "/admin/people/person/viewer/able",
	"/account/tokens/{id}/revoke":                "/account/tokens/none/revoke",
	"/devices/views/{id}/remove":                 "/devices/views/none/remove",
	"/devices/edits/{id}/undo":                   "/devices/edits/none/undo",
	"/program/interviews/{id}":                   "/program/interviews/walk",
	"/program/interviews/{id}/edit":              "/program/interviews/walk/edit",
	"/program/interviews/{id}/answers":           "/program/interviews/walk/answers",
	"/program/interviews/{id}/answers/remove":    "/program/interviews/walk/answers/remove",
	"/program/interviews/{id}/remove":            "/program/interviews/none/remove",
	"/program/interviews/{id}/restore":           "/program/interviews/walk/restore",
	"/program/guides/{role}":                     "/program/guides/htm",
	"/program/guides/{role}/restore":             "/program/guides/htm/restore",
	"/program/objectives/{id}":                   "/program/objectives/walk",
	"/program/objectives/{id}/remove":            "/program/objectives/none/remove",
	"/program/objectives/{id}/restore":           "/program/objectives/walk/restore",
	"/program/kpis/{kpi}":                        "/program/kpis/reconciled",
	"/program/kpis/{kpi}/restore":                "/program/kpis/reconciled/restore",
	"/program/kpis/{kpi}/away":                   "/program/kpis/none/away",
	"/program/kpis/{kpi}/readings":               "/program/kpis/reconciled/readings",
	"/program/kpis/{kpi}/readings/remove":        "/program/kpis/reconciled/readings/remove",
	"/program/kpis/{kpi}/readings/restore":       "/program/kpis/reconciled/readings/restore",
	"/program/baseline/{id}":                     "/program/baseline/latest",
	"/program/baseline/{id}/content.txt":         "/program/baseline/latest/content.txt",
	"/fingerprints/packs/{name}":                 "/fingerprints/packs/none",
	"/fingerprints/packs/{name}/file":            "/fingerprints/packs/none/file",
	"/devices/{id}":                              "/devices/CE-1",
	"/devices/{id}/brief":                        "/devices/CE-1/brief",
	"/devices/{id}/edit":                         "/devices/CE-1/edit",
	"/devices/{id}/decide":                       "/devices/CE-1/decide",
	"/devices/{id}/undecide":                     "/devices/CE-1/undecide",
	"/devices/{id}/split":                        "/devices/CE-1/split",
	"/devices/{id}/system":                       "/devices/CE-1/system",
	"/devices/{id}/documents":                    "/devices/CE-1/documents",
	"/devices/{id}/documents/{document}":         "/devices/CE-1/documents/none",
	"/devices/{id}/documents/{document}/remove":  "/devices/CE-1/documents/none/remove",
	"/devices/{id}/documents/{document}/restore": "/devices/CE-1/documents/none/restore",
}

// target is the method and an address of a route.
func target(t *testing.T, r Route) (method, path string) {
	t.Helper()
	method, path, _ = strings.Cut(r.Pattern, " ")
	path = strings.TrimSuffix(path, "{$}")
	if strings.Contains(path, "{") {
		example, ok := examples[path]
		if !ok {
			t.Fatalf("route %q has a variable: add an address to examples in walk_test.go", r.Pattern)
		}
		path = example
	}
	return method, path
}

// TestRoutesAsEveryRole walks every route as everyone: what a role may not do is refused, what it may do answers,
// and nothing fails.
func TestRoutesAsEveryRole(t *testing.T) {
	s := newSite(t)
	for _, role := range append([]account.Role{""}, account.Roles()...) {
		v := s.as(role)
		for _, r := range s.web.table {
			method, path := target(t, r)
			if path == "/sign-out" {
				continue // ends the walk's own session; TestSignIn does it
			}
			a := v.do(method, path, url.Values{})
			if role != "" && strings.HasPrefix(a.location, "/sign-in") { // a route before ended the session
				v = s.as(role)
				a = v.do(method, path, url.Values{})
			}
			may := r.Verb == Public || role != "" && (r.Verb == SignedIn || account.Actor{Roles: []account.Role{role}}.Can(r.Verb))
			switch {
			case a.status >= 500:
				t.Errorf("%s %s as %q: %d", method, path, role, a.status)
			case role == "" && r.Verb != Public:
				if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/sign-in") {
					t.Errorf("%s %s signed out: %d to %q, want the sign-in page", method, path, a.status, a.location)
				}
			case !may && a.status != http.StatusForbidden:
				t.Errorf("%s %s as %q: %d, want 403", method, path, role, a.status)
			case may && a.status == http.StatusForbidden && method == http.MethodGet:
				t.Errorf("%s %s as %q: refused, though %s is allowed", method, path, role, r.Verb)
			case may && method == http.MethodGet && a.status == http.StatusOK && strings.HasPrefix(a.header.Get("Content-Type"), "text/html"):
				checkMarkup(t, path, a)
			}
		}
	}
	if strings.Contains(s.log.String(), "page failed") || strings.Contains(s.log.String(), "panicked") {
		t.Errorf("the log tells of failures:\n%s", s.log)
	}
}

// checkMarkup holds what the policy and the frame want of every page.
func checkMarkup(t *testing.T, path string, a answer) {
	t.Helper()
	doc := a.doc(t)
	ids := map[string]bool{}
	h1 := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "h1" {
			h1++
		}
		if n.Data == "style" {
			t.Errorf("%s: a style element: the policy forbids inline style", path)
		}
		source, kind := "", ""
		for _, at := range n.Attr {
			switch {
			case at.Key == "style" || strings.HasPrefix(at.Key, "on"):
				t.Errorf("%s: <%s %s=…>: the policy forbids it", path, n.Data, at.Key)
			case at.Key == "id":
				if ids[at.Val] {
					t.Errorf("%s: id %q stands there twice", path, at.Val)
				}
				ids[at.Val] = true
			case at.Key == "src":
				source = at.Val
			case at.Key == "type":
				kind = at.Val
			}
			if (at.Key == "src" || at.Key == "href" || at.Key == "action") && strings.Contains(at.Val, "://") {
				t.Errorf("%s: <%s %s=%q> leads elsewhere", path, n.Data, at.Key, at.Val)
			}
			if (at.Key == "href" || at.Key == "src") && at.Val == "" || at.Key == "href" && strings.HasPrefix(at.Val, "#") && n.Data == "use" {
				t.Errorf("%s: <%s %s=%q>: the asset is missing", path, n.Data, at.Key, at.Val)
			}
		}
		if n.Data == "script" && source == "" && kind != "application/json" {
			t.Errorf("%s: an inline script", path)
		}
	}
	if h1 != 1 {
		t.Errorf("%s: %d h1, want one", path, h1)
	}
}

// TestMenu holds that the menu shows what may be opened, in the order of the sections, and where one is.
func TestMenu(t *testing.T) {
	s := newSite(t)
	items := func(role account.Role, path string) (titles []string, current string) {
		doc := s.as(role).get(path).doc(t)
		for _, n := range cascadia.QueryAll(doc, cascadia.MustCompile("#menu a.menu-item")) {
			titles = append(titles, text(n))
			for _, at := range n.Attr {
				if at.Key == "aria-current" {
					current = text(n)
				}
			}
		}
		return titles, current
	}
	titles, current := items(account.Administrator, "/admin/audit")
	if got := strings.Join(titles, "|"); !strings.HasPrefix(got, "Overview|Devices|Reconcile|") || !strings.Contains(got, "|Program|Sources|Admin|Order of sources|") || !strings.HasSuffix(got, "|People and roles|Audit log|About and health|Parts of pages") || current != "Audit log" {
		t.Errorf("administrator's menu is %s at %s", got, current)
	}
	for _, role := range []account.Role{account.Viewer, account.Clinical} {
		titles, _ := items(role, "/account")
		for _, title := range titles {
			if title == "People and roles" || title == "Audit log" {
				t.Errorf("%s sees %s in the menu", role, title)
			}
		}
	}
}
