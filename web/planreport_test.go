package web

import (
	"strings"
	"testing"

	"pons/account"
)

// TestPlanReport: who may read plans gets the PDF of a scenario, also of an earlier version; nobody else does.
func TestPlanReport(t *testing.T) {
	s := newSite(t)
	for _, role := range append(account.Roles(), "") {
		got := s.as(role).get("/plan/" + walkPlan + "/report.pdf?paper=Letter")
		may := false
		for _, verb := range role.Verbs() {
			may = may || verb == account.PlanRead
		}
		if is := got.status == 200 && strings.HasPrefix(got.body, "%PDF-1."); is != may {
			t.Errorf("%q: %d %s", role, got.status, got.header.Get("Content-Type"))
		}
		if may && (got.header.Get("Content-Type") != "application/pdf" || got.header.Get("Content-Disposition") != `attachment; filename="As we are 2026-11-20.pdf"`) {
			t.Errorf("%q: %v", role, got.header)
		}
	}
	for path, want := range map[string]int{"/plan/nothing/report.pdf": 404, "/plan/" + walkPlan + "/report.pdf?version=1": 200, "/plan/" + walkPlan + "/report.pdf?version=77": 404, "/plan/" + walkPlan + "/report.pdf?version=x": 400} {
		if got := s.as(account.Executive).get(path); got.status != want {
			t.Errorf("%s: %d, want %d", path, got.status, want)
		}
	}
}
