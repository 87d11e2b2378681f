package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"pons/account"
)

// chromium is one browser for all tests of this process; TestMain ends it.
var chromium = sync.OnceValues(func() (browser, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		dir, err := os.MkdirTemp("", "pons-chromium-")
		if err != nil {
			return browser{}, err
		}
		// Without these, Chromium looks for updates and Google's hosts at every start; as root it has no sandbox.
		opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true),
			chromedp.Flag("disable-sync", true), chromedp.Flag("force-color-profile", "srgb"), chromedp.WSURLReadTimeout(time.Minute))
		allocator, stop := chromedp.NewExecAllocator(context.Background(), opts...)
		first, cancel := chromedp.NewContext(allocator)
		err = chromedp.Do(first)
		return browser{first, func() { cancel(); stop(); os.RemoveAll(dir) }}, err
	}
	return browser{}, fmt.Errorf("no Chromium found: apt-get install chromium (make check does it where it may)")
})

type browser struct {
	context.Context
	stop func()
}

var chromiumUsed = false

func TestMain(m *testing.M) {
	status := m.Run()
	if chromiumUsed {
		if b, _ := chromium(); b.stop != nil {
			b.stop()
		}
	}
	os.Exit(status)
}

// tab is a page of the browser with cookies of its own. What the page complains of (script errors, what the
// Content-Security-Policy stopped, files not found) fails the test at its end.
type tab struct {
	t          *testing.T
	ctx        context.Context
	base       string
	mu         sync.Mutex
	complaints []string
}

// open opens a tab as a role; the empty role is not signed in.
func (s *site) open(role account.Role, width, height int64) *tab {
	s.t.Helper()
	chromiumUsed = true
	b, err := chromium()
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(b.Context, chromedp.WithNewBrowserContext())
	t := &tab{t: s.t, ctx: ctx, base: s.server.URL}
	s.t.Cleanup(cancel)
	err = chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.complain("script: " + e.ExceptionDetails.Text)
			if ex := e.ExceptionDetails.Exception; ex != nil {
				t.complain("script: " + ex.Description)
			}
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == "error" || e.Entry.Source == "security" {
				t.complain(string(e.Entry.Source) + ": " + e.Entry.Text + " " + e.Entry.URL)
			}
		case *runtime.EventConsoleAPICalled:
			if e.Type == "error" || e.Type == "warning" {
				t.complain("console: " + string(e.Args[0].Value))
			}
		}
	})
	if err != nil {
		s.t.Fatal(err)
	}
	var stop context.CancelFunc
	t.ctx, stop = context.WithTimeout(ctx, 2*time.Minute) // not before the tab is there: its first context owns it
	s.t.Cleanup(stop)
	steps := []step{call(network.Enable, network.EnableParams{}), call(cdplog.Enable, cdp.Empty{}), call(runtime.Enable, cdp.Empty{}), chromedp.EmulateViewport(width, height)}
	if role != "" {
		c := s.cookie(role)
		u, _ := url.Parse(s.server.URL)
		steps = append(steps, call(network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, Domain: u.Hostname(), Path: "/", SameSite: network.CookieSameSiteLax}))
	}
	t.run(steps...)
	return t
}

func (t *tab) complain(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.complaints = append(t.complaints, text)
}

// quiet fails the test for what the page complained of; allowed are parts of what may be said.
func (t *tab) quiet(where string, allowed ...string) {
	t.t.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
next:
	for _, c := range t.complaints {
		for _, a := range allowed {
			if strings.Contains(c, a) {
				continue next
			}
		}
		t.t.Errorf("%s: the browser complains: %s", where, c)
	}
	t.complaints = nil
}

// step is one thing that a tab does.
type step = chromedp.Action[chromedp.Void]

// call makes a step of a command of the browser's protocol.
func call[P, R any](c cdp.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// css finds the first element.
func css(selector string) chromedp.CSS { return chromedp.CSS(selector) }

// until waits until the script gives true, also over a page that goes and one that comes.
func until(script string) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		ctx, cancel := context.WithTimeoutCause(ctx, 20*time.Second, fmt.Errorf("not true in 20 s: %s", script))
		defer cancel()
		for {
			if ok, err := chromedp.Evaluate[bool](script)(ctx, t); err == nil && ok {
				return nil
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(25 * time.Millisecond):
			}
		}
	})
}

func (t *tab) run(steps ...step) {
	t.t.Helper()
	if err := chromedp.Do(t.ctx, steps...); err != nil {
		t.t.Fatalf("browser: %v", err)
	}
}

// visit opens a page in a theme and waits until its pictures are drawn.
func (t *tab) visit(path, theme string) {
	t.t.Helper()
	t.run(
		call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}),
		chromedp.Navigate(t.base+path),
		until(`document.fonts.status === "loaded" && !document.querySelector(".chart:not(.live)")`),
	)
}

// eval runs script in the page (the policy binds the page's own, not the tester's) and gives its value.
func eval[T any](t *tab, script string) T {
	t.t.Helper()
	v, err := chromedp.Run(t.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.t.Fatalf("browser: %v", err)
	}
	return v
}

// shot keeps a picture of the page in $PONS_SHOTS, for people to look at; without it, it does nothing.
func (t *tab) shot(name string) {
	t.t.Helper()
	dir := os.Getenv("PONS_SHOTS")
	if dir == "" {
		return
	}
	picture := chromedp.FullScreenshot(100)
	if eval[bool](t, `!!document.querySelector(":popover-open")`) {
		picture = chromedp.CaptureScreenshot() // a full one makes the window taller, and what is open moves
	}
	png, err := chromedp.Run(t.ctx, picture)
	if err != nil {
		t.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.t.Fatal(err)
	}
}

var axe = sync.OnceValues(func() (string, error) {
	text, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		return "", fmt.Errorf("the accessibility rules are not installed: run make generate: %w", err)
	}
	return string(text), nil
})

// accessible checks the page by axe's rules for WCAG 2.2 A and AA and good practice, and that nothing runs out of
// the page at the side.
func (t *tab) accessible(where string) {
	t.t.Helper()
	for _, fault := range t.faults() {
		t.t.Errorf("%s: %s", where, fault)
	}
}

func (t *tab) faults() (out []string) {
	t.t.Helper()
	rules, err := axe()
	if err != nil {
		t.t.Fatal(err)
	}
	found := eval[string](t, rules+`;axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"], resultTypes: ["violations"]})
		.then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 4).map(n => n.html.slice(0, 160) + " | " + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ""))}))))`)
	var violations []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		t.t.Fatal(err)
	}
	for _, v := range violations {
		out = append(out, fmt.Sprintf("%s (%s):\n  %s", v.Help, v.ID, strings.Join(v.Nodes, "\n  ")))
	}
	if over := eval[float64](t, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		widest := eval[string](t, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest(".table-scroll, [popover]")).map(e => e.tagName + "." + e.className).slice(0, 5).join(", ")`)
		out = append(out, fmt.Sprintf("the page is %.0f px wider than the window: %s", over, widest))
	}
	return out
}
