package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pons/account"
)

// pages are all GET pages of the table for an administrator: addresses to look at.
func (s *site) pages() []string {
	var out []string
	admin := s.as(account.Administrator)
	for _, r := range s.web.table {
		method, path := target(s.t, r)
		if method != http.MethodGet || r.Verb == Public || path == "/" {
			continue
		}
		if a := admin.get(path); a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			continue // a file, a part of a page, a way to another
		}
		out = append(out, path)
	}
	return out
}

// TestPagesInBrowser looks at every page, wide in light and narrow in dark: it is accessible, stays inside of the window,
// and the browser has nothing to complain of, the Content-Security-Policy least of all. A page's colours do not depend on
// its width, nor its layout on its colours: the other two pairs found nothing that these do not, and took as long.
func TestPagesInBrowser(t *testing.T) {
	s := newSite(t)
	for width, theme := range map[int64]string{1440: "light", 390: "dark"} {
		signedIn, door := s.open(account.Administrator, width, 900), s.open("", width, 900)
		look := func(tab *tab, path string) {
			name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(path), "-") + "-" + theme + map[int64]string{1440: "-wide", 390: "-narrow"}[width]
			tab.visit(path, theme)
			tab.shot(name)
			tab.accessible(name)
			tab.quiet(name)
		}
		for _, path := range s.pages() {
			look(signedIn, path)
		}
		look(door, "/sign-in")
		signedIn.visit("/nowhere", "light")
		signedIn.accessible("not found")
		signedIn.quiet("not found", "404")
	}
	first := emptySite(t)
	tab := first.open("", 900, 900)
	tab.visit(firstStart, "light")
	tab.shot("first-start")
	tab.accessible("first start")
	tab.quiet("first start")
}

// TestFaultsAreFound breaks a page in ways that the checks above must find.
func TestFaultsAreFound(t *testing.T) {
	s := newSite(t)
	tab := s.open(account.Administrator, 1280, 800)
	tab.visit("/account", "light")
	for script, want := range map[string]string{
		`document.body.insertAdjacentHTML("beforeend", "<p><font color=#bbbbbb>pale</font></p>")`:                 "color-contrast",
		`document.querySelector("label[for=f-old]").remove()`:                                                     "(label)",
		`document.querySelector("#content").insertAdjacentHTML("beforeend", "<p>" + "wide".repeat(400) + "</p>")`: "wider than the window",
	} {
		eval[bool](tab, script+"; true")
		if got := strings.Join(tab.faults(), "\n"); !strings.Contains(got, want) {
			t.Errorf("not found: %s in %s", want, got)
		}
	}
	eval[bool](tab, `document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>inline</p>"); true`)
	tab.mu.Lock()
	defer tab.mu.Unlock()
	if !strings.Contains(strings.Join(tab.complaints, "\n"), "Content Security Policy") {
		t.Errorf("inline style is not complained of: %v", tab.complaints)
	}
}

// TestSignInByHand signs in with the keyboard, as a person would.
func TestSignInByHand(t *testing.T) {
	s := newSite(t)
	tab := s.open("", 1280, 800)
	tab.visit("/admin/audit", "light")
	tab.run(
		chromedp.SendKeys(css("#f-login"), "administrator"+kb.Tab),
		chromedp.SendKeys(css("#f-password"), testPassword+kb.Enter),
		until(`document.title.startsWith("Audit")`),
	)
	if title := eval[string](tab, "document.title"); title != "Audit log · Pons" {
		t.Errorf("signed in at %q", title)
	}
	tab.quiet("sign in")
}

// press sends a key as one event, as a keyboard does. chromedp.KeyEvent sends the character apart, where a page
// cannot prevent it.
func press(key, code, text string) step {
	return call(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: key, Code: code, Text: text, WindowsVirtualKeyCode: int64(text[0])})
}

// TestKeyboard goes to the command box by Ctrl-K and /, chooses with the arrows, and opens with Enter.
func TestKeyboard(t *testing.T) {
	s := newSite(t)
	tab := s.open(account.Administrator, 1280, 800)
	for _, key := range []string{"/", "ctrl-k"} {
		tab.visit("/account", "light")
		if key == "/" {
			tab.run(press("/", "Slash", "/"))
		} else {
			tab.run(chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
		}
		focused := eval[string](tab, `document.activeElement.id`)
		if focused != "search-input" {
			t.Fatalf("%s: the keyboard is at %q", key, focused)
		}
		tab.run(
			chromedp.KeyEvent("health"),
			until(`document.querySelector("#search-results .hit")?.checkVisibility()`),
			chromedp.KeyEvent(kb.ArrowDown),
		)
		tab.accessible("command box")
		tab.shot("command-box")
		tab.run(
			press("Enter", "Enter", "\r"),
			until(`document.title.startsWith("About")`),
		)
		if title := eval[string](tab, "document.title"); title != "About and health · Pons" {
			t.Errorf("%s leads to %q", key, title)
		}
	}
	tab.quiet("keyboard")
}

// TestPopovers opens what opens: the account's menu, the scope, a why, and on a narrow screen the menu.
func TestPopovers(t *testing.T) {
	s := newSite(t)
	for _, theme := range []string{"light", "dark"} {
		tab := s.open(account.Administrator, 1280, 900)
		for _, opener := range []string{"me", "scope", "why-serial"} {
			tab.visit("/styleguide", theme)
			tab.run(chromedp.Click(css(`[popovertarget="`+opener+`"]`)), chromedp.WaitVisible(css("#"+opener)))
			tab.shot(opener + "-" + theme)
			tab.accessible(opener)
			inside := eval[bool](tab, `(() => { const r = document.getElementById("`+opener+`").getBoundingClientRect(); return r.left >= 0 && r.top >= 0 && r.right <= innerWidth && r.bottom <= innerHeight })()`)
			if !inside {
				t.Errorf("%s opens outside of the window", opener)
			}
			tab.run(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible(css("#"+opener)))
		}
		tab.visit("/styleguide", theme)
		tab.run(chromedp.Click(css(".brief")), chromedp.WaitVisible(css("#side .facts")))
		tab.shot("side-" + theme)
		tab.accessible("side panel")
		tab.run(chromedp.Click(css("#side .icon-button")), chromedp.WaitNotVisible(css("#side")))
		tab.quiet("popovers " + theme)
		phone := s.open(account.Administrator, 390, 800)
		phone.visit("/account", theme)
		phone.run(chromedp.WaitNotVisible(css("#menu")), chromedp.Click(css(`[popovertarget="menu"]`)), chromedp.WaitVisible(css("#menu")))
		phone.shot("menu-narrow-" + theme)
		phone.accessible("menu")
		phone.quiet("menu " + theme)
	}
}

// TestTheme is kept over pages, and beats what the computer says.
func TestTheme(t *testing.T) {
	s := newSite(t)
	tab := s.open(account.Viewer, 1280, 800)
	tab.visit("/account", "light")
	background := func() string {
		c := eval[string](tab, `getComputedStyle(document.body).backgroundColor`)
		return c
	}
	light := background()
	tab.run(chromedp.Click(css(`[popovertarget="me"]`)), chromedp.Click(css(`button[value="dark"]`)), chromedp.WaitReady(css(`html[data-bs-theme="dark"]`)))
	dark := background()
	tab.visit("/search", "light")
	if dark == light || background() != dark {
		t.Errorf("light %s, dark %s, on the next page %s", light, dark, background())
	}
	tab.visit("/account", "dark")
	tab.run(chromedp.Click(css(`[popovertarget="me"]`)), chromedp.Click(css(`button[value="auto"]`)), chromedp.WaitReady(css(`html:not([data-bs-theme])`)))
	if background() != dark {
		t.Errorf("auto on a dark computer is %s", background())
	}
	tab.quiet("theme")
}

// TestChartExport draws, and hands out the picture as SVG without the browser complaining.
func TestChartExport(t *testing.T) {
	s := newSite(t)
	tab := s.open(account.Administrator, 1280, 900)
	tab.visit("/styleguide", "light")
	// What is saved is caught at the link that would save it.
	eval[bool](tab, `window.saved = []; HTMLAnchorElement.prototype.click = function () { window.saved.push(this.download + " " + this.href.slice(0, 22)) }; true`)
	for _, kind := range []string{"png", "svg", "csv"} {
		tab.run(chromedp.Click(css(`#c-bar [data-save="` + kind + `"]`)))
	}
	saved := eval[[]string](tab, `window.saved`)
	got := strings.Join(saved, "|")
	for _, want := range []string{"open-findings-by-age.png data:image/png;base64,", "open-findings-by-age.svg blob:", "open-findings-by-age.csv blob:"} {
		if !strings.Contains(got, want) {
			t.Errorf("saved %s, want %s", got, want)
		}
	}
	painted := eval[bool](tab, `[...document.querySelectorAll(".chart canvas")].every(c => new Set(c.getContext("2d").getImageData(0, 0, c.width, c.height).data).size > 8)`)
	if !painted {
		t.Error("a picture is empty")
	}
	tab.quiet("charts")
}

// TestWithoutScript signs in, opens the menu, searches and chooses a theme in a browser that runs no script.
func TestWithoutScript(t *testing.T) {
	s := newSite(t)
	tab := s.open("", 390, 800)
	// The page's own script does not run; what the tester asks through the protocol still does.
	tab.run(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}), chromedp.Navigate(tab.base+"/account"))
	title := func() string {
		v, err := chromedp.Run(tab.ctx, chromedp.Title())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	tab.run(
		chromedp.SendKeys(css("#f-login"), "administrator"), chromedp.SendKeys(css("#f-password"), testPassword),
		chromedp.Click(css(".btn-primary")), chromedp.WaitVisible(css("#search-input")),
		chromedp.Click(css(`[popovertarget="menu"]`)), chromedp.WaitVisible(css("#menu")),
		chromedp.Click(css(`#menu a[href="/admin/precedence"]`)), chromedp.WaitReady(css(`#menu a[href="/admin/people"]`)), // the section opens
		chromedp.SendKeys(css("#search-input"), "health"), press("Enter", "Enter", "\r"), chromedp.WaitVisible(css(`main a[href="/admin/health"]`)),
	)
	if got := title(); got != "Search · Pons" {
		t.Errorf("the search leads to %q", got)
	}
	tab.run(
		chromedp.Click(css(`[popovertarget="me"]`)), chromedp.Click(css(`button[value="dark"]`)), chromedp.WaitReady(css(`html[data-bs-theme="dark"]`)),
		chromedp.Navigate(tab.base+"/styleguide"), chromedp.WaitVisible(css("#c-bar summary")),
		chromedp.Click(css("#c-bar summary")), chromedp.WaitVisible(css("#c-bar table")),
	)
	tab.quiet("without script")
}
