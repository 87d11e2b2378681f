package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"pons/account"
)

// TestInterviewByHand conducts an interview as a person would: from the guide, over two answers, to the theme and the
// objective that meets it.
func TestInterviewByHand(t *testing.T) {
	s := newSite(t)
	tab := s.open(account.Biomed, 1280, 900)
	tab.visit("/program/guides/network", "light")
	tab.accessible("guide")
	tab.run(chromedp.Click(css(`a[href="/program/interviews/new?role=network"]`)), chromedp.WaitVisible(css("#f-who")))
	if role := eval[string](tab, `document.querySelector("#f-role").value`); role != "network" {
		t.Errorf("the guide's role is not chosen: %q", role)
	}
	tab.run(chromedp.SendKeys(css("#f-who"), "Network lead"), chromedp.Click(css(".form-foot .btn-primary")), chromedp.WaitVisible(css("#question-1 #f-text")))
	if at := eval[string](tab, `document.activeElement.id`); at != "f-text" {
		t.Errorf("the keyboard is at %q, want what was said", at)
	}
	answer := func(text, tag, severity, frequency, theme string) {
		tab.run(
			chromedp.SendKeys(css("#f-text"), text),
			chromedp.SetValue(css("#f-tag"), tag), chromedp.SetValue(css("#f-severity"), severity), chromedp.SetValue(css("#f-frequency"), frequency),
			chromedp.SendKeys(css("#f-theme"), theme),
		)
	}
	answer("Devices wait two weeks for a port", "pain", "3", "weekly", "Waiting for a port")
	tab.accessible("answer")
	tab.shot("interview-answer")
	tab.run(chromedp.Click(css(".answer-form .btn-primary")), chromedp.WaitVisible(css("#question-2 #f-text")))
	answer("Nobody enforces at two sites", "risk", "4", "daily", "Open ports")
	tab.run(chromedp.Click(css(".answer-form .btn-primary")), chromedp.WaitVisible(css("#question-3 #f-text")))
	offered := eval[[]string](tab, `[...document.querySelectorAll("#f-theme-list option")].map(o => o.value)`)
	if got := strings.Join(offered, "|"); !strings.Contains(got, "Open ports") || !strings.Contains(got, "Waiting for a port") {
		t.Errorf("themes to choose: %s", got)
	}
	tab.visit("/program/themes", "light")
	if got := strings.Join(eval[[]string](tab, `[...document.querySelectorAll(".theme .card-title")].map(e => e.textContent.trim())`), "|"); !strings.HasPrefix(got, "Open ports|") && !strings.Contains(got, "|Open ports|Waiting for a port") {
		t.Errorf("themes: %s", got)
	}
	tab.run(chromedp.Click(css(`a[href="/program/objectives/new?theme=Open+ports"], a[href="/program/objectives/new?theme=open+ports"]`)), chromedp.WaitVisible(css("#f-title")))
	if on := eval[bool](tab, `document.querySelector('input[name="theme"][value="open ports"]').checked`); !on {
		t.Error("the theme is not ticked in the new objective")
	}
	tab.run(chromedp.SendKeys(css("#f-title"), "Every port knows its device"), chromedp.Click(css("#objective .btn-primary")), chromedp.WaitVisible(css(".objective")))
	tab.visit("/program/themes", "light")
	if got := eval[string](tab, `document.querySelector('[aria-label="Open ports"] .card-foot').textContent`); !strings.Contains(got, "Every port knows its device") {
		t.Errorf("the theme is met by %q", got)
	}
	tab.accessible("themes")
	tab.quiet("interview")
}

// TestClarifyByEye looks at the pages of the first phase with devices in them, wide in light and narrow in dark.
func TestClarifyByEye(t *testing.T) {
	s := clarifySite(t)
	for width, mode := range map[int64]string{1280: "light", 390: "dark"} {
		tab := s.open(account.Biomed, width, 900)
		for _, path := range []string{"/program", "/program/baseline", "/program/baseline/latest", "/program/baseline/sign", "/program/baseline/line?queue=no-owner&site=East", "/program/kpis/reconciled", "/program/kpis/reconciled?edit=yes", "/program/interviews/walk?q=2", "/program/guides/cio?edit=yes"} {
			tab.visit(path, mode)
			tab.accessible(path + " " + mode)
		}
		tab.quiet("first phase")
	}
}
