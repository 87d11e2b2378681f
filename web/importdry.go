package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"pons/fault"
	"pons/inventory"
)

// importDry is the third and the fourth step: what runs, or what would happen.
type importDry struct {
	Upload  upload
	Job     jobView
	Running bool
	Apply   bool // the page of the import itself
	Outcome inventory.Outcome
	Tabs    []Tab
	Rows    []inventory.RowResult
	Pager   Pager
}

// dryRun shows what an import would do.
func (s *Server) dryRun(v *Visit) error { return s.showDry(v, false) }

// applying shows how far an import is.
func (s *Server) applying(v *Visit) error { return s.showDry(v, true) }

func (s *Server) showDry(v *Visit, apply bool) error {
	up, run, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	p := importDry{Upload: up, Job: run, Apply: apply, Running: up.Under != "" && !run.Done}
	if !p.Running && (up.Run != 0 || apply && up.Failed == "" || up.Dry == nil && up.Failed == "") {
		return s.onward(v, up.href(""))
	}
	if v.Part() && !p.Running {
		return s.onward(v, v.R.URL.Path)
	}
	if v.Part() {
		return v.Fragment(p.Progress())
	}
	page := Page{Title: "Dry run of " + up.Name, About: "What an import would do. Nothing has been written.", Crumbs: importCrumbs()}
	switch {
	case p.Running:
		page.Refresh, page.Title, page.About = 2, "Dry run of "+up.Name, "It goes on when you leave this page; come back by Sources, Import a file."
		if apply {
			page.Title = "Import of " + up.Name
		}
	case up.Failed != "":
		page.About = "It did not come to an end."
	default:
		if err := s.dryRows(v, &p); err != nil {
			return err
		}
		page.Actions = p.Actions(*up.Dry)
	}
	return v.Render(page, p.View())
}

func importCrumbs() []Link {
	return []Link{{"Sources", "/sources"}, {"Import a file", "/sources/import"}}
}

// onward leads to another page, also from a part of one.
func (s *Server) onward(v *Visit, to string) error {
	if v.Part() {
		v.W.Header().Set("HX-Redirect", to)
		v.W.WriteHeader(http.StatusNoContent)
		return nil
	}
	if to == v.R.URL.Path {
		return fmt.Errorf("this step comes later: %w", fault.NotFound)
	}
	return v.Redirect(to, nil)
}

// dryRows reads the rows of the chosen tab.
func (s *Server) dryRows(v *Visit, p *importDry) error {
	run := *p.Upload.Dry
	p.Outcome = chosenOutcome(v, run)
	for _, o := range outcomes() {
		p.Tabs = append(p.Tabs, Tab{Label: outcomeTitle(o), Count: outcomeCount(run, o), On: o == p.Outcome, Href: p.Upload.href("dry-run") + "?tab=" + string(o)})
	}
	page, err := strconv.Atoi(v.Form("page"))
	if err != nil || page < 1 {
		page = 1
	}
	dir, err := s.uploads.folder(p.Upload.ID)
	if err != nil {
		return err
	}
	if p.Rows, err = readRowPage(dir, p.Outcome, page-1); err != nil {
		return err
	}
	total := outcomeCount(run, p.Outcome)
	at := func(n int) string {
		return p.Upload.href("dry-run") + "?" + url.Values{"tab": {string(p.Outcome)}, "page": {strconv.Itoa(n)}}.Encode()
	}
	p.Pager = Pager{Total: total, Noun: "rows"}
	if len(p.Rows) > 0 {
		p.Pager.From, p.Pager.To = (page-1)*rowPage+1, (page-1)*rowPage+len(p.Rows)
	}
	if page > 1 {
		p.Pager.Prev = at(page - 1)
	}
	if page*rowPage < total {
		p.Pager.Next = at(page + 1)
	}
	return nil
}

// chosenOutcome is the tab of the address, else the first that asks for attention, else the first with rows.
func chosenOutcome(v *Visit, run inventory.Run) inventory.Outcome {
	if o := inventory.Outcome(v.Form("tab")); slices.Contains(append(outcomes(), inventory.Missing), o) {
		return o
	}
	for _, o := range outcomes() {
		if outcomeCount(run, o) > 0 {
			return o
		}
	}
	return inventory.Created
}

// dryRowsCSV hands out all rows of a tab.
func (s *Server) dryRowsCSV(v *Visit) error {
	up, _, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	o := inventory.Outcome(v.Form("outcome"))
	if up.Dry == nil || !slices.Contains(outcomes(), o) {
		return fmt.Errorf("there is no such report: %w", fault.NotFound)
	}
	dir, err := s.uploads.folder(up.ID)
	if err != nil {
		return err
	}
	v.download("text/csv; charset=utf-8", stem(up.Name)+"-"+string(o)+".csv")
	return v.sent(writeRowCSV(v.W, dir, o))
}
