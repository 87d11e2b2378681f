package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"pons/account"
	"pons/audit"
	"pons/flow"
	"pons/inventory"
	"pons/ledger"
	"pons/product"
	"pons/sensor"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// testPassword is everyone's in a test.
const testPassword = "a long way over the bridge"

// testNow is when tests happen: the audit log and the sessions do not depend on the clock.
var testNow = time.Date(2026, 11, 20, 9, 14, 0, 0, time.UTC)

// site is a server on loopback with an empty database and a person of every role, who signs in by its name.
type site struct {
	t      *testing.T
	web    *Server
	server *httptest.Server
	db     *sqldb.DB
	log    *logLines
}

// newSite starts one. Page authors: add what your pages need to look at in fill.
func newSite(t *testing.T) *site {
	t.Helper()
	s := emptySite(t)
	s.fill()
	return s
}

// emptySite is one at its first start: nobody can sign in.
func emptySite(t *testing.T) *site {
	t.Helper()
	db := sqldbtest.Open(t, []sqldb.Schema{audit.Schema(), account.Schema(), ledger.Schema(), inventory.Schema(), flow.Schema(), sensor.Schema()})
	log := &logLines{}
	devices := inventory.New(db, product.Default(), func() time.Time { return testNow })
	index, err := inventory.NewIndex(devices)
	if err != nil {
		t.Fatal(err)
	}
	refresh := func() {
		if err := index.Refresh(context.Background()); err != nil {
			t.Error(err)
		}
	}
	refresh()
	w, err := New(Deps{
		DB: db, Inventory: devices, Index: index, Changed: refresh, Uploads: t.TempDir(), Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Version: "test", Now: func() time.Time { return testNow }, Styleguide: true, Name: "St. Example",
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, web: w, db: db, log: log}
	s.server = httptest.NewServer(w)
	t.Cleanup(s.server.Close)
	return s
}

func (s *site) fill() {
	s.t.Helper()
	code, err := s.web.SetupCode(s.t.Context())
	if err != nil || code == "" {
		s.t.Fatalf("setup code %q: %v", code, err)
	}
	_, err = s.web.accounts.Setup(s.t.Context(), code, account.Person{Login: string(account.Administrator), Name: "Ada Administrator"}, testPassword, "127.0.0.1", testNow)
	if err != nil {
		s.t.Fatal(err)
	}
	admin := s.actor(account.Administrator)
	for _, role := range account.Roles()[1:] {
		p := account.Person{Login: string(role), Name: "Person of " + string(role), Roles: []account.Role{role}}
		if role == account.Clinical {
			p.Scope = account.Scope{Sites: []string{"East"}, Departments: []string{"ICU"}}
		}
		if _, err := s.web.accounts.Add(s.t.Context(), admin, p, testPassword, testNow); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, _, err := s.web.accounts.AddToken(s.t.Context(), admin, "backup script", []account.Verb{account.InventoryRead}, testNow.AddDate(0, 0, 10), testNow); err != nil {
		s.t.Fatal(err)
	}
	s.fillImports()
	s.fillDesign()
	s.fillClarify()
	s.fillPlans()
	s.fillSensors()
}

// actor signs a role's person in behind the scenes.
func (s *site) actor(role account.Role) account.Actor {
	s.t.Helper()
	_, who, err := s.web.accounts.SignIn(s.t.Context(), string(role), testPassword, "127.0.0.1", "test", testNow)
	if err != nil {
		s.t.Fatal(err)
	}
	return who
}

// cookie is a session of a role's person.
func (s *site) cookie(role account.Role) *http.Cookie {
	s.t.Helper()
	text, _, err := s.web.accounts.SignIn(s.t.Context(), string(role), testPassword, "127.0.0.1", "test", testNow)
	if err != nil {
		s.t.Fatal(err)
	}
	return &http.Cookie{Name: s.web.sessionName(), Value: text, Path: "/"}
}

// visitor is a browser without script: it keeps cookies and does not follow redirects.
type visitor struct {
	t      *testing.T
	client *http.Client
	base   string
}

// as is a visitor signed in as a role; the empty role is not signed in.
func (s *site) as(role account.Role) *visitor {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if role != "" {
		u, _ := url.Parse(s.server.URL)
		jar.SetCookies(u, []*http.Cookie{s.cookie(role)})
	}
	return &visitor{t: s.t, base: s.server.URL, client: &http.Client{Jar: jar, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back.
type answer struct {
	status   int
	location string
	header   http.Header
	body     string
}

func (v *visitor) do(method, path string, form url.Values, header ...string) answer {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("Location"), res.Header, string(body)}
}

func (v *visitor) get(path string) answer { v.t.Helper(); return v.do("GET", path, nil) }

func (v *visitor) post(path string, form url.Values) answer {
	v.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return v.do("POST", path, form)
}

// doc is the page as a tree, for selectors.
func (a answer) doc(t *testing.T) *html.Node {
	t.Helper()
	n, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// text is what a reader sees beneath a node.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "script" {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// logLines keeps what was logged.
type logLines struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}
