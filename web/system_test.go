package web

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"pons/account"
)

// systemSite is a site with a pump, a module that bears its serial, and a gateway in the West that a pump names.
func systemSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.bring("cmms", "cmms",
		deviceFile("cmms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "BD", "class", "infusion-pump", "serial", "PX778812", "site", "East", "parent", "GW-7"),
		deviceFile("cmms", "CE-2", 2, "control_number", "CE-2", "manufacturer", "BD", "class", "infusion-pump-module", "serial", "PX778812", "site", "East"),
		deviceFile("cmms", "CE-3", 3, "control_number", "CE-3", "hostname", evil, "site", "East"),
		deviceFile("cmms", "CE-7", 7, "control_number", "GW-7", "hostname", "west-gateway", "site", "West"))
	return s
}

func TestSystemOfADevice(t *testing.T) {
	s := systemSite(t)
	v := s.as(account.Biomed)
	page := func(text string) string {
		return strings.Join(all(t, v.get(deviceHref(s.idOf(text), "")), "#system"), " ")
	}
	if got := page("CE-1"); !strings.Contains(got, "Part of west-gateway") || !strings.Contains(got, "CE-2 seems to be a part of CE-1") {
		t.Errorf("the pump: %s", got)
	}
	if got := page("GW-7"); !strings.Contains(got, "Parts: 1") || !strings.Contains(got, "CE-1") {
		t.Errorf("the gateway: %s", got)
	}
	if got := page("CE-3"); got != "" {
		t.Errorf("a device of no system: %s", got)
	}
	a := v.do("POST", deviceHref(s.idOf("CE-2"), "")+"/system", url.Values{"whole": {s.idOf("CE-1")}, "from": {s.idOf("CE-1")}})
	if a.status != 303 || !strings.HasPrefix(a.location, deviceHref(s.idOf("CE-1"), "")) {
		t.Fatalf("it is: %d to %s", a.status, a.location)
	}
	if got := page("GW-7"); !strings.Contains(got, "Parts: 2") || strings.Contains(got, "seems") {
		t.Errorf("the module joined its pump: %s", got)
	}
	if a := v.do("POST", deviceHref(s.idOf("GW-7"), "")+"/system", url.Values{"part": {"CE-3"}}); a.status != 303 {
		t.Fatalf("a part is added: %d", a.status)
	}
	if got := page("CE-3"); !strings.Contains(got, "Part of west-gateway") {
		t.Errorf("it joined: %s", got)
	}
	for text, part := range map[string]string{"CE-1": "GW-7", "GW-7": "nothing goes by this"} {
		a := v.do("POST", deviceHref(s.idOf(text), "")+"/system", url.Values{"part": {part}})
		if a.status != 400 || len(all(t, a, "#system .note, #system [role=alert], #system .alert")) == 0 {
			t.Errorf("%s as a part of %s: %d", part, text, a.status)
		}
	}
	if a := v.do("POST", deviceHref(s.idOf("CE-1"), "")+"/system", url.Values{"leave": {"yes"}}); a.status != 303 {
		t.Fatalf("leaving: %d", a.status)
	}
	if got := page("CE-1"); strings.Contains(got, "west-gateway") || !strings.Contains(got, "Parts: 1") {
		t.Errorf("it left: %s", got)
	}
	checkMarkup(t, "/devices/CE-3", v.get(deviceHref(s.idOf("CE-3"), "")))
}

// TestSystemByEye holds the card to what the walk through a browser holds every page to.
func TestSystemByEye(t *testing.T) {
	s := systemSite(t)
	for width, mode := range map[int64]string{1280: "light", 390: "dark"} {
		tab := s.open(account.Biomed, width, 900)
		tab.visit(deviceHref(s.idOf("CE-1"), ""), mode)
		tab.accessible("medical system")
		tab.shot("system-" + mode + "-" + strconv.FormatInt(width, 10))
		tab.quiet("medical system")
	}
}
