package web

import (
	"encoding/csv"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/audit"
	"pons/fault"
	"pons/sqldb"
)

// auditPage is a page of the audit log, newest first.
type auditPage struct {
	Filter audit.Filter
	Until  string // as entered
	From   string
	Rows   []audit.Record
	Pager  Pager
	Export string
}

const auditRows = 50

// auditFilter reads the filter out of the URL. Dates are days, in UTC as the log is.
func auditFilter(v *Visit) (f audit.Filter, err error) {
	f = audit.Filter{Actor: v.Form("actor"), Verb: v.Form("verb"), Object: v.Form("object")}
	for _, end := range []struct {
		name string
		at   *time.Time
		plus int
	}{{"from", &f.From, 0}, {"until", &f.Until, 1}} {
		if text := v.Form(end.name); text != "" {
			day, err := time.Parse(time.DateOnly, text)
			if err != nil {
				return f, fmt.Errorf("%s: %q is not a day like 2026-11-20: %w", end.name, text, fault.Invalid)
			}
			*end.at = day.AddDate(0, 0, end.plus)
		}
	}
	return f, nil
}

func (s *Server) auditLog(v *Visit) error {
	f, err := auditFilter(v)
	if err != nil {
		return err
	}
	before, _ := strconv.ParseInt(v.Form("before"), 10, 64) // anything else is the newest page
	var next int64
	p := auditPage{Filter: f, From: v.Form("from"), Until: v.Form("until")}
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		p.Rows, next, err = audit.List(tx, f, before, auditRows)
		return err
	})
	if err != nil {
		return err
	}
	keep := url.Values{}
	for _, name := range []string{"actor", "verb", "object", "from", "until"} {
		if value := v.Form(name); value != "" {
			keep.Set(name, value)
		}
	}
	p.Export = "/admin/audit.csv?" + keep.Encode()
	p.Pager = Pager{Total: -1, Noun: "entries"}
	if n := len(p.Rows); n > 0 {
		p.Pager.From, p.Pager.To = int(p.Rows[n-1].Seq), int(p.Rows[0].Seq)
	}
	if before > 0 {
		p.Pager.Prev = "/admin/audit?" + keep.Encode()
	}
	if next > 0 {
		keep.Set("before", strconv.FormatInt(next, 10))
		p.Pager.Next = "/admin/audit?" + keep.Encode()
	}
	page := Page{Title: "Audit log", About: "Who changed what, and what it was before. Entries are chained by hashes: a changed or missing one shows.", Actions: auditActions(p)}
	if len(p.Rows) > 0 {
		page.Fresh = p.Rows[0].At
	}
	return v.Render(page, p.View())
}

// auditCheck walks the whole chain.
func (s *Server) auditCheck(v *Visit) error {
	var sound int64
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		sound, err = audit.Verify(tx)
		return err
	})
	switch status := formStatus(err); {
	case status == 409:
		return v.Redirect("/admin/audit", &Flash{Status: Bad, Text: sentence(err) + " The entries before it are sound: " + Count(int(sound)) + "."})
	case err != nil:
		return err
	}
	return v.Redirect("/admin/audit", &Flash{Status: Good, Text: "The chain is unbroken: " + Count(int(sound)) + " entries."})
}

// auditExport writes the chosen entries as CSV, oldest first.
func (s *Server) auditExport(v *Visit) error {
	f, err := auditFilter(v)
	if err != nil {
		return err
	}
	v.W.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.W.Header().Set("Content-Disposition", `attachment; filename="audit-`+v.Now.UTC().Format(time.DateOnly)+`.csv"`)
	v.W.Header().Set("Cache-Control", "no-store")
	out := csv.NewWriter(v.W)
	if err := out.Write([]string{"entry", "time", "who", "did", "what", "before", "after", "why", "hash"}); err != nil {
		return nil //nolint:nilerror // the browser went away
	}
	return s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		for r, err := range audit.All(tx, f) {
			if err != nil {
				return err
			}
			row := []string{strconv.FormatInt(r.Seq, 10), r.At.Format(time.RFC3339Nano), r.Actor, r.Verb, r.Object, fieldText(r.Before), fieldText(r.After), r.Why, r.Hash}
			for i := range row {
				row[i] = inert(row[i])
			}
			if err := out.Write(row); err != nil {
				return nil //nolint:nilerror // the browser went away
			}
		}
		out.Flush()
		return nil
	})
}

// inert keeps a spreadsheet from taking a text for a formula.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func fieldText(f audit.Fields) string {
	parts := make([]string, 0, len(f))
	for _, name := range slices.Sorted(maps.Keys(f)) {
		parts = append(parts, name+": "+f[name])
	}
	return strings.Join(parts, "; ")
}

// change is one field of an entry that became something else.
type change struct{ Name, Before, After string }

// changes are the fields that differ; of an addition or a removal, all that are not empty.
func changes(r audit.Record) []change {
	names := map[string]bool{}
	for name := range r.Before {
		names[name] = true
	}
	for name := range r.After {
		names[name] = true
	}
	var out []change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if c := (change{name, r.Before[name], r.After[name]}); c.Before != c.After {
			out = append(out, c)
		}
	}
	return out
}
