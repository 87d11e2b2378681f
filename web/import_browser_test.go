package web

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"pons/account"
	"pons/sqldb"
)

// drop lets a file fall on the page, as from the desktop.
func (t *tab) drop(name, content string) {
	t.t.Helper()
	quoted, err := json.Marshal([]string{name, content})
	if err != nil {
		t.t.Fatal(err)
	}
	eval[bool](t, `(() => { const [name, text] = `+string(quoted)+`; const data = new DataTransfer(); data.items.add(new File([text], name));
		const form = document.querySelector("form[data-upload]"); form.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})); return true })()`)
}

// push presses a button that may lie anywhere on a long page: a picture of all of it leaves the window as tall as that,
// and a click by place would miss.
func push(selector string) step {
	return until("(() => { const b = document.querySelector(`" + selector + "`); b?.click(); return !!b })()")
}

// choose sets a select box as a person does.
func (t *tab) choose(selector, value string) {
	t.t.Helper()
	if !eval[bool](t, `(() => { const s = document.querySelector(`+"`"+selector+"`"+`); if (!s || ![...s.options].some(o => o.value === "`+value+`")) return false;
		s.focus(); s.value = "`+value+`"; s.dispatchEvent(new Event("change", {bubbles: true})); return true })()`) {
		t.t.Fatalf("%s cannot be set to %s", selector, value)
	}
}

// TestImportInBrowser brings in the spreadsheet of the synthetic hospital, with its titles above the header: it falls on
// the page, a column is set wrongly and mended, the dry run is looked at, applied and undone.
func TestImportInBrowser(t *testing.T) {
	content, err := os.ReadFile("../../shared/data/hospital_synthetic/cmms.csv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfterN(string(content), "\n", 402) // 400 devices are enough to look at
	s := newSite(t)
	before := s.devicesKnown()
	tab := s.open(account.Administrator, 1440, 1000)
	tab.visit("/sources/import", "light")
	tab.accessible("import")
	tab.drop("Equipment Inventory.csv", strings.Join(lines[:len(lines)-1], ""))
	tab.run(until(`location.pathname.endsWith("/columns") && document.readyState === "complete"`))
	tab.shot("import-columns")
	tab.accessible("columns")

	// what is chosen is read at once, and the keyboard stays where it is
	serial := `[aria-label="Column Serial # is read as"]`
	tab.choose(serial, "model")
	tab.run(until(`document.querySelector("#columns tbody .error")?.textContent.includes("already read from column")`))
	if focus := eval[string](tab, `document.activeElement.getAttribute("aria-label") ?? ""`); focus != "Column Serial # is read as" {
		t.Errorf("after the change the keyboard is at %q", focus)
	}
	tab.shot("import-columns-error")
	tab.accessible("columns with an error")
	tab.choose(serial, "serial")
	tab.run(until(`!document.querySelector("#columns tbody .error") && [...document.querySelectorAll(".preview th")].some(h => h.textContent.trim().startsWith("Serial"))`))
	if rows := eval[float64](tab, `document.querySelectorAll(".preview tbody tr").length`); rows != previewRows {
		t.Errorf("the preview has %.0f rows", rows)
	}
	tab.choose(serial, "ignore")
	tab.run(until(`![...document.querySelectorAll(".preview thead th")].some(h => h.textContent.trim().startsWith("Serial"))`))
	tab.choose(serial, "serial")
	tab.run(until(`[...document.querySelectorAll(".preview thead th")].some(h => h.textContent.trim().startsWith("Serial"))`))

	tab.run(push(`button[value="dry-run"]`), until(`location.pathname.endsWith("/dry-run") && !!document.querySelector(".tabs")`))
	tab.shot("import-dry-run")
	tab.accessible("dry run")
	if s.devicesKnown() != before {
		t.Error("the dry run wrote")
	}
	tab.run(push(`form[action$="/apply"] button`), until(`document.title.startsWith("Imported")`))
	tab.shot("import-result")
	tab.accessible("result")
	if n := s.devicesKnown(); n < before+300 {
		t.Errorf("%d devices", n)
	}
	run := runHref(s.lastRun().ID)
	for _, look := range []struct {
		path, theme string
		width       int64
	}{{"/sources", "light", 1440}, {"/sources/runs", "dark", 1440}, {run, "dark", 390}, {"/sources/import", "dark", 390}} {
		other := s.open(account.Administrator, look.width, 900)
		other.visit(look.path, look.theme)
		other.shot("import" + strings.ReplaceAll(look.path, "/", "-") + "-" + look.theme)
		other.accessible(look.path)
		other.quiet(look.path)
	}
	touched := eval[string](tab, `document.querySelector('label[for="f-typed"]').textContent.match(/\d+/)[0]`)
	tab.run(chromedp.SendKeys(css("#f-typed"), touched), push(`form[action$="/undo"] button`), until(`document.querySelector(".note")?.textContent.includes("Undone by")`))
	tab.shot("import-undone")
	tab.accessible("undone")
	if n := s.devicesKnown(); n != before {
		t.Errorf("%d devices after the undo, want %d", n, before)
	}
	tab.quiet("import")
}

// TestImportProgressInBrowser looks at an import that waits, and sees it go on by itself; a file that cannot be read is
// told on the page it was chosen on.
func TestImportProgressInBrowser(t *testing.T) {
	s := newSite(t)
	tab := s.open(account.Biomed, 390, 900)
	tab.visit("/sources/import", "dark")
	tab.drop("letter.pdf", "%PDF-1.7\n")
	tab.run(until(`document.querySelector("#f-file-error").textContent.includes("PDF")`))
	tab.shot("import-refused-narrow")
	tab.accessible("refused")
	tab.quiet("refused", "422")
	tab.drop("cmms.csv", cmmsFile)
	tab.run(until(`location.pathname.endsWith("/columns") && document.readyState === "complete"`))
	tab.shot("import-columns-narrow")
	tab.accessible("columns, narrow")

	held, release, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		_, _ = s.db.Update(t.Context(), func(*sqldb.Tx) error {
			close(held)
			<-release
			return errors.New("nothing to write")
		})
	}()
	<-held
	tab.run(push(`button[value="dry-run"]`), until(`!!document.querySelector("#job progress")`))
	tab.shot("import-running-narrow")
	tab.accessible("running")
	close(release)
	<-over
	tab.run(until(`document.querySelector(".tabs")?.textContent.includes("Created")`))
	tab.shot("import-dry-run-narrow")
	tab.accessible("dry run, narrow")
	tab.quiet("progress")
}
