package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"pons/account"
)

// TestDeviceByHand finds a pump by typing, opens it beside the list, opens its page, corrects its department, and
// reads that in the history.
func TestDeviceByHand(t *testing.T) {
	s := deviceSite(t)
	tab := s.open(account.Biomed, 1440, 900)
	tab.visit("/devices", "light")
	tab.run(
		press("/", "Slash", "/"),
		until(`document.activeElement.id === "device-query"`),
		chromedp.KeyEvent("class:inf"),
		until(`document.querySelector("#query-suggestions .hit .mono")?.textContent === "infusion-pump"`),
	)
	tab.shot("devices-suggestions")
	tab.accessible("suggestions")
	tab.run(
		chromedp.KeyEvent(kb.ArrowDown),
		press("Enter", "Enter", "\r"),
		until(`document.querySelector("#device-query").value === "class:infusion-pump"`),
		chromedp.KeyEvent(" site:East"),
		chromedp.KeyEvent(kb.Escape),
		press("Enter", "Enter", "\r"),
		until(`document.querySelectorAll(".chip").length === 2`),
	)
	if got := eval[string](tab, `[...document.querySelectorAll("tbody th")].map(e => e.textContent.trim()).join()`); got != "CE-1" {
		t.Fatalf("typing finds %s", got)
	}
	tab.run(
		chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`),
		press("j", "KeyJ", "j"),
		press("Enter", "Enter", "\r"),
		until(`document.querySelector("#side:popover-open h2")?.textContent === "CE-1"`),
	)
	tab.shot("devices-panel")
	tab.accessible("panel")
	if path := eval[string](tab, "location.pathname"); path != "/devices" {
		t.Errorf("the panel leads away to %s", path)
	}
	tab.run(
		press("Enter", "Enter", "\r"),
		until(`document.title.startsWith("CE-1")`),
		chromedp.Click(css("#a-department .edit-link")),
		until(`document.activeElement?.name === "value"`),
	)
	tab.shot("device-edit")
	tab.accessible("edit")
	tab.run(
		chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`),
		chromedp.KeyEvent("Dialysis"),
		press("Enter", "Enter", "\r"),
		until(`document.querySelector("#a-department td")?.textContent.includes("Dialysis")`),
		chromedp.Click(css(`.tabs a[href$="tab=history"]`)),
		until(`document.querySelector(".timeline")?.textContent.includes("Dialysis")`),
	)
	got := strings.Join(strings.Fields(eval[string](tab, `document.querySelector(".timeline li").textContent`)), " ")
	if !strings.Contains(got, "Corrected by biomed Department ICU Dialysis") {
		t.Errorf("the history says %q", got)
	}
	tab.shot("device-history")
	tab.quiet("device by hand")
}

// TestDevicePagesInBrowser looks at the pages, wide in light and narrow in dark.
func TestDevicePagesInBrowser(t *testing.T) {
	s, doubt, empty := deviceSite(t), doubtSite(t), newSite(t)
	id, twin := s.idOf("MX800-ICU3"), doubt.idOf("A5")
	for width, theme := range map[int64]string{1440: "light", 390: "dark"} {
		size := map[int64]string{1440: "-wide", 390: "-narrow"}[width]
		full, pair, none := s.open(account.Biomed, width, 900), doubt.open(account.Biomed, width, 900), empty.open(account.Biomed, width, 900)
		look := func(tab *tab, name, path string, allowed ...string) {
			name = "devices-" + name + "-" + theme + size
			tab.visit(path, theme)
			tab.shot(name)
			tab.accessible(name)
			tab.quiet(name, allowed...)
		}
		look(none, "empty", "/devices")
		look(full, "list", "/devices")
		look(full, "wrong", ask("clas:x"), "400")
		look(full, "nothing", ask("class:infusion-pump and site:Nowhere"))
		look(full, "identity", "/devices/"+id)
		look(full, "form", "/devices/"+id+"?edit=status")
		look(full, "own", "/devices/"+id+"?custom=new")
		look(full, "network", "/devices/"+id+"?tab=network")
		look(full, "history", "/devices/"+id+"?tab=history")
		look(full, "documents", "/devices/"+id+"?tab=documents")
		look(pair, "duplicate", "/devices/"+twin)
		for _, open := range []string{"columns", "save-view", "query-help", "export"} {
			full.visit("/devices", theme)
			full.run(chromedp.Evaluate[chromedp.Void](`document.getElementById("` + open + `").showPopover()`))
			full.shot("devices-" + open + size)
			full.accessible(open)
		}
	}
}

// TestDeviceBulkByHand selects rows, chooses a value, and undoes it.
func TestDeviceBulkByHand(t *testing.T) {
	s := deviceSite(t)
	tab := s.open(account.Biomed, 1440, 900)
	tab.visit(ask("class:infusion-pump"), "dark")
	tab.run(
		chromedp.Click(css("input[data-check-all]")),
		until(`document.querySelector(".bulk-bar").checkVisibility()`),
		chromedp.Evaluate[chromedp.Void](`document.querySelector("#bulk-attr").value = "clinical_owner"`),
	)
	tab.shot("devices-bulk-bar")
	tab.accessible("bulk bar")
	tab.run(
		chromedp.Click(css(".bulk-bar .btn")),
		until(`document.title.startsWith("Set clinical owner of 3 devices")`),
		chromedp.SendKeys(css("#f-value"), "Ward 3"),
		chromedp.Click(css("button[name=preview]")),
		until(`!!document.querySelector("button[name=apply]")`),
	)
	tab.shot("devices-bulk-preview")
	tab.accessible("bulk preview")
	tab.run(
		chromedp.Click(css("button[name=apply]")),
		until(`document.querySelector(".note")?.textContent.includes("Clinical owner of 3 devices is now Ward 3")`),
		chromedp.Click(css(".note form button")),
		until(`document.querySelector(".note")?.textContent.includes("taken back")`),
	)
	tab.quiet("bulk")
}
