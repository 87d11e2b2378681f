package web

import (
	"net/http"
	"strings"
	"testing"

	"pons/account"
)

// TestNobodyAtATime asks for a time of one's choice, a week, and a time that is none.
func TestNobodyAtATime(t *testing.T) {
	s, _ := staffSite(t)
	v := s.as(account.Administrator)
	const night = "/reconcile/nobody?when=then&at=2026-11-21T03:00" // Saturday: nobody is present
	got := v.get(night)
	if body := text(got.doc(t)); strings.Contains(body, " 0 of 5 devices") || !strings.Contains(body, "nobody on duty") && !strings.Contains(body, "absent") {
		t.Errorf("in the night: %.600s", body)
	}
	if value := attributeOf(allNodes(t, got, "input[name=at]")[0], "value"); value != "2026-11-21T03:00" {
		t.Errorf("the time is shown as %q", value)
	}
	if a := v.get("/reconcile/nobody?at=midnight"); a.status != http.StatusUnprocessableEntity || !strings.Contains(text(a.doc(t)), "is no time") {
		t.Errorf("a time that is none: %d", a.status)
	}
	week := v.get("/reconcile/nobody?when=week&activity=device-incident")
	if heads := strings.Join(all(t, week, "thead th"), "|"); !strings.Contains(heads, "Hours with nobody") {
		t.Errorf("the week: %s", heads)
	}
	if fresh := all(t, week, ".fresh"); len(fresh) == 0 {
		t.Error("the page does not say how fresh it is")
	}
	if menu := strings.Join(all(t, week, "#menu a"), "|"); !strings.Contains(menu, "Nobody answers") {
		t.Errorf("the menu: %s", menu)
	}
}

// TestUnknownPlaceIsSaid holds that a site that there is not is not answered for as if it had not been named.
func TestUnknownPlaceIsSaid(t *testing.T) {
	s, _ := staffSite(t)
	v := s.as(account.Administrator)
	a := v.get("/answers?place=Eastgate")
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(text(a.doc(t)), "No site is called “Eastgate”") {
		t.Errorf("a site that there is not: %d", a.status)
	}
	if a := v.get("/answers?place=East"); a.status != http.StatusOK {
		t.Errorf("a site that there is: %d", a.status)
	}
}
