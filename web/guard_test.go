package web

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pons/account"
)

// TestHeaders holds the policy of every answer, of errors too.
func TestHeaders(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/sign-in", "/nowhere", "/assets/nothing.css", bundled.url("app.css")} {
		h := s.as("").get(path).header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %s", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

// TestCrossOrigin refuses a write that another site sends with the person's cookies.
func TestCrossOrigin(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Administrator)
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if a := v.do("POST", "/admin/people/person/viewer/able", url.Values{"disabled": {"yes"}}, header[0], header[1]); a.status != http.StatusForbidden {
			t.Errorf("%s: %s: %d", header[0], header[1], a.status)
		}
	}
	if a := v.get("/admin/people"); strings.Contains(a.body, "shut out") {
		t.Error("another site shut a person out")
	}
}

// TestLimits refuses a form that is too large, in words.
func TestLimits(t *testing.T) {
	s := newSite(t)
	a := s.as(account.Administrator).post("/admin/people", url.Values{"name": {strings.Repeat("x", formLimit)}})
	if a.status != http.StatusRequestEntityTooLarge || !strings.Contains(a.body, "Too large") {
		t.Errorf("%d", a.status)
	}
}

// TestFailures shows a page for an error and a panic, tells the log, and tells the page nothing of the inside.
func TestFailures(t *testing.T) {
	s := newSite(t)
	for name, do := range map[string]func(*Visit) error{
		"an error": func(*Visit) error { return io.ErrUnexpectedEOF },
		"a panic":  func(*Visit) error { panic("the secret inside") },
	} {
		h := s.web.guard(s.web.serve(Route{Pattern: "GET /broken", Verb: Public, Do: do}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/broken?name=Doe", nil))
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "Something failed") {
			t.Errorf("%s: %d", name, w.Code)
		}
		if strings.Contains(w.Body.String(), "secret inside") || strings.Contains(w.Body.String(), "unexpected EOF") {
			t.Errorf("%s: the page tells the inside", name)
		}
	}
	log := s.log.String()
	if !strings.Contains(log, "the secret inside") || !strings.Contains(log, "unexpected EOF") {
		t.Error("the log does not tell what failed")
	}
	if strings.Contains(log, "Doe") {
		t.Error("the log holds what stood in the address")
	}
	if a := s.as(account.Viewer).get("/admin/people/person/nobody"); a.status != http.StatusForbidden {
		t.Errorf("a page one may not see: %d", a.status)
	}
	if a := s.as(account.Administrator).get("/admin/people/person/nobody"); a.status != http.StatusNotFound || !strings.Contains(a.body, "Person nobody") {
		t.Errorf("a person who is not there: %d", a.status)
	}
	if a := s.as(account.Viewer).do("GET", "/admin/people", nil, "HX-Request", "true"); a.status != http.StatusForbidden || strings.Contains(a.body, "<html") {
		t.Errorf("an error for a part of a page: %d", a.status)
	}
}

// TestAssets serves each coding, for a year when the name has a hash.
func TestAssets(t *testing.T) {
	s := emptySite(t)
	plain := ""
	for _, c := range [][2]string{{"identity", ""}, {"gzip", "gzip"}, {"br, gzip", "br"}} {
		a := s.as("").do("GET", bundled.url("app.js"), nil, "Accept-Encoding", c[0])
		if a.status != 200 || a.header.Get("Content-Encoding") != c[1] || !strings.Contains(a.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", c[0], a.status, a.header)
		}
		if c[1] == "" {
			plain = a.body
		}
	}
	if !strings.Contains(plain, "search-input") {
		t.Error("the script without coding is not the script")
	}
	if a := s.as("").get("/robots.txt"); a.status != 200 || !strings.Contains(a.body, "Disallow: /") {
		t.Errorf("robots.txt: %d", a.status)
	}
	if err := loadAssets(fstest.MapFS{"static/robots.txt": {}}).complete(); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("a binary without its bundle: %v", err)
	}
}

func TestLocal(t *testing.T) {
	for to, want := range map[string]string{"/devices?q=1": "/devices?q=1", "": "/", "//evil": "/", "https://evil": "/", "/\\evil": "/", "javascript:x": "/", "devices": "/", "/a\r\nb": "/"} {
		if got := local(to); got != want {
			t.Errorf("local(%q) = %q, want %q", to, got, want)
		}
	}
}

func TestRelative(t *testing.T) {
	for d, want := range map[time.Duration]string{
		10 * time.Second: "just now", 4 * time.Minute: "4 min ago", 80 * time.Minute: "80 min ago", 5 * time.Hour: "5 h ago",
		49 * time.Hour: "2 d ago", 200 * 24 * time.Hour: "7 months ago", 1100 * 24 * time.Hour: "3 years ago", -72 * time.Hour: "in 3 d",
	} {
		if got := relative(testNow.Add(-d), testNow); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 3041: "3,041", 1234567: "1,234,567", -1200: "−1,200"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	for share, want := range map[float64]string{0: "0 %", 0.001: "< 1 %", 0.86: "86 %", 0.999: "99 %", 1: "100 %"} {
		if got := Percent(share); got != want {
			t.Errorf("Percent(%v) = %q, want %q", share, got, want)
		}
	}
	for v, want := range map[float64]string{9: "9", 10.25: "10.25", -0.5: "−0.5", 1234.5: "1,234.5", 0.999: "1"} {
		if got := trimFloat(v); got != want {
			t.Errorf("trimFloat(%v) = %q, want %q", v, got, want)
		}
	}
}

// TestSearch finds pages and people that one may see, and opens the one that a scan means.
func TestSearch(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Administrator)
	if a := v.get("/search?q=audit"); !strings.Contains(a.body, `href="/admin/audit"`) {
		t.Error("the audit log is not found")
	}
	if a := v.get("/search?go=1&q=clinical"); a.location != "/admin/people/person/clinical" {
		t.Errorf("an exact hit leads to %q", a.location)
	}
	if a := v.do("GET", "/search?q=zzzz", nil, "HX-Request", "true"); strings.Contains(a.body, "<html") || !strings.Contains(a.body, "Nothing found") {
		t.Errorf("part: %s", a.body)
	}
	if a := s.as(account.Viewer).do("GET", "/search?q=clinical", nil, "HX-Request", "true"); strings.Contains(a.body, "person/clinical") {
		t.Error("a viewer finds people")
	}
}

// TestSecure marks cookies and asks browsers to stay on TLS.
func TestSecure(t *testing.T) {
	s := newSite(t)
	s.web.Secure = true
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(context.Background(), "POST", "/sign-in", strings.NewReader(url.Values{"login": {"viewer"}, "password": {testPassword}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.web.ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || cookies[0].Name != "__Host-pons_session" || !cookies[0].Secure {
		t.Errorf("cookies %v", cookies)
	}
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("browsers are not asked to stay on TLS")
	}
}
