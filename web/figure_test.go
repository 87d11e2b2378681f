package web

import (
	"slices"
	"strings"
	"testing"

	"pons/account"
)

// TestStaffingGapIsWhatThePlanLacks holds that the KPI says what the plan says: the sum of what each role lacks. A role
// with people to spare, and people of roles that the plan does not have, fill nothing.
func TestStaffingGapIsWhatThePlanLacks(t *testing.T) {
	s := newSite(t)
	p := staffedPlan(t)
	p.Roles[7].CurrentFTE += 100 // too many in one role
	s.keepPlan(staffed, "Staffed", p)
	if _, err := s.web.plans.Lock(t.Context(), "person:biomed", staffed, true); err != nil { // the one in force
		t.Fatal(err)
	}
	out, err := p.Project()
	if err != nil {
		t.Fatal(err)
	}
	if out.Years[0].Year != testNow.Year() {
		t.Fatalf("the plan begins in %d, the test is in %d", out.Years[0].Year, testNow.Year())
	}
	want, net := 0.0, 0.0
	for _, r := range out.Years[0].Roles {
		want += max(0, r.RequiredFTE-r.CurrentFTE)
		net += r.RequiredFTE - r.CurrentFTE
	}
	if want <= 0 || net >= 0 {
		t.Fatalf("the test wants a plan that lacks people while it has too many in all: %g, %g", want, net)
	}
	page := s.as(account.Executive).get("/program/kpis/staffing-gap")
	if got := strings.Join(found(t, page, ".stat .value"), ""); got != withUnit(want, "FTE") {
		t.Errorf("the gap is %q, want %g FTE", got, want)
	}
	if !slices.Contains(hrefs(t, page, ".stat .value a"), "/plan/"+staffed+"/results") {
		t.Errorf("the gap leads to %v", hrefs(t, page, ".stat .value a"))
	}
}
