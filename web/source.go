package web

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"pons/account"
	"pons/column"
	"pons/fault"
	"pons/intake"
	"pons/intake/load"
	"pons/inventory"
	"pons/sqldb"
)

// sourcesPage lists who speaks of devices, and how fresh that is.
type sourcesPage struct {
	Sources []sourceLine
	Whole   bool // the person sees the whole hospital, and so the sources' own counts
	Ready   bool // the index can count devices
	May     bool // import
}

// sourceLine is one source.
type sourceLine struct {
	inventory.SourceStatus
	Devices int // in the person's scope that it speaks of
	Fresh   freshness
}

// freshness is how old a source's last import is against how often it should come.
type freshness struct {
	Status Status
	Word   string
	Hint   string
}

// dueAfter is how long a source of a kind may be silent before its rows are old. Network sources: a week, after CIS
// Controls v8.1, safeguards 1.4 and 1.5 (use DHCP logs and passive discovery to update the inventory weekly or more
// often). Record systems: a month, the house's own default (expert); CIS 1.1 asks for twice a year at least.
func dueAfter(kind string) (time.Duration, string) {
	switch kind {
	case string(intake.DHCP), string(intake.NAC), string(intake.Switch), "wire", "rtls":
		return 7 * 24 * time.Hour, "weekly"
	}
	return 31 * 24 * time.Hour, "monthly"
}

// freshOf judges the last import of a source by when the source said so.
func freshOf(s inventory.SourceStatus, now time.Time) freshness {
	if s.Last.ID == 0 {
		return freshness{Status: Neutral, Word: "nothing stands", Hint: "every import of it was undone"}
	}
	due, often := dueAfter(s.Kind)
	age := now.Sub(s.Last.Said)
	switch {
	case age <= due:
		return freshness{Good, "fresh", "due " + often}
	case age <= 3*due:
		return freshness{Warn, "due", "due " + often}
	}
	return freshness{Bad, "stale", "due " + often}
}

func kindWord(kind string) string {
	switch kind {
	case "cmms", "cmdb", "nac", "dhcp", "itam", "fhir", "rtls":
		return strings.ToUpper(kind)
	case "wire":
		return "captures"
	}
	return kind
}

// sourceQuery is the device list of what a source speaks of.
func sourceQuery(name string) string {
	return "/devices?" + url.Values{"q": {"source:" + quoteQuery(name)}}.Encode()
}

// quoteQuery writes a value as the query language takes it.
func quoteQuery(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func (s *Server) sourceFreshness(v *Visit) error {
	p := sourcesPage{Whole: v.Actor.Scope.All(), May: v.May(account.ImportRun) && v.Actor.Scope.All()}
	list, err := s.sourceList(v.Context())
	if err != nil {
		return err
	}
	var counts map[string]int
	if counts, p.Ready, err = s.sourceDevices(v); err != nil {
		return err
	}
	var newest time.Time
	for _, src := range list {
		if src.Kind == "person" {
			continue // people's own words come by the device page
		}
		p.Sources = append(p.Sources, sourceLine{SourceStatus: src, Devices: counts[src.Name], Fresh: freshOf(src, v.Now)})
		if src.Last.Said.After(newest) {
			newest = src.Last.Said
		}
	}
	return v.Render(Page{Title: "Sources", About: "Who speaks of devices, how much of it stands, and how fresh it is.", Fresh: newest, Actions: p.Actions()}, p.View())
}

// sourceDevices counts the devices of each source within the person's scope.
func (s *Server) sourceDevices(v *Visit) (map[string]int, bool, error) {
	if ready, _ := s.Index.Ready(); !ready {
		return nil, false, nil
	}
	list, table := s.Index.View()
	bounds := v.Scope()
	scope, err := list.Within(bounds.Sites, bounds.Departments)
	if err != nil {
		return nil, false, err
	}
	page, err := table.Find(column.Request{Scope: scope, Now: v.Now, Limit: 1, Facets: []string{"source"}, FacetLimit: 1000})
	if err != nil {
		return nil, false, err
	}
	counts := map[string]int{}
	for _, c := range page.Facets["source"].Values {
		counts[c.Value] = c.Rows
	}
	return counts, true, nil
}

// runsShown is how many imports the list goes back: two a day over three months.
const runsShown = 200

// runsPage lists imports.
type runsPage struct {
	Runs  []inventory.Run
	Whole bool
	May   bool
	Of    string // only this source
}

func runHref(id int64) string { return fmt.Sprintf("/sources/runs/%d", id) }

func runTab(id int64, o inventory.Outcome) string { return runHref(id) + "?tab=" + string(o) }

func (s *Server) runs(v *Visit) error {
	p := runsPage{Whole: v.Actor.Scope.All(), May: v.May(account.ImportRun) && v.Actor.Scope.All(), Of: v.Form("source")}
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		all, err := s.Inventory.Runs(tx, runsShown)
		for _, r := range all {
			if p.Of == "" || r.Source == p.Of {
				p.Runs = append(p.Runs, r)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	about := "Every file that was brought in, the latest first. Each can be taken back."
	if p.Of != "" {
		about = "Every file of " + p.Of + ", the latest first."
	}
	return v.Render(Page{Title: "Imports", About: about, Actions: p.Actions()}, p.View())
}

// importRun is the report of one import.
type importRun struct {
	inventory.Run
	Whole    bool // the person sees the whole hospital
	MayUndo  bool
	Fresh    bool // it was made just now, by the wizard
	Undoing  jobView
	Running  bool
	Outcome  inventory.Outcome
	Tabs     []Tab
	Rows     []inventory.RunRow
	Next     string
	Typed    string // what is wrong with the typed count
	Damage   string
	Rejected []inventory.RowResult
}

// undoTyped is from how many records on an undo is confirmed by typing the count: FACE.md, "touches more than 100".
const undoTyped = 100

// Touched is how many records the undo changes.
func (p importRun) Touched() int { return p.Created + p.Updated + p.Conflict + p.Absent }

func undoKey(id int64) string { return fmt.Sprintf("undo-%d", id) }

// runOf is the run of the address.
func (s *Server) runOf(v *Visit) (run inventory.Run, err error) {
	var id int64
	if _, err := fmt.Sscanf(v.R.PathValue("run"), "%d", &id); err != nil {
		return run, fmt.Errorf("import %q: %w", v.R.PathValue("run"), fault.NotFound)
	}
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		run, err = s.Inventory.Run(tx, id)
		return err
	})
	return run, err
}

func (s *Server) run(v *Visit) error { return s.showRun(v, "", 0) }

func (s *Server) showRun(v *Visit, typed string, status int) error {
	run, err := s.runOf(v)
	if err != nil {
		return err
	}
	p := importRun{Run: run, Whole: v.Actor.Scope.All(), Fresh: v.Form("new") == "1" && run.Undone.IsZero(), Typed: typed}
	p.MayUndo = p.Whole && v.May(account.ImportUndo) && run.Undone.IsZero()
	p.Undoing, p.Running = s.jobs.find(undoKey(run.ID))
	p.Running = p.Running && !p.Undoing.Done
	if v.Part() {
		if !p.Running {
			return s.onward(v, runHref(run.ID))
		}
		return v.Fragment(jobProgress(p.Undoing, runHref(run.ID), ""))
	}
	if p.Whole {
		if err := s.runRows(v, &p); err != nil {
			return err
		}
	}
	page := Page{Title: "Import " + fmt.Sprint(run.ID) + ": " + run.File, Status: status, Fresh: run.Said, Crumbs: []Link{{"Sources", "/sources"}, {"Imports", "/sources/runs"}},
		About: "What this file did to the inventory."}
	if p.Fresh {
		page.Title, page.About = "Imported "+run.File, "The inventory speaks of it now."
	}
	if p.Running {
		page.Refresh = 2
	}
	return v.Render(page, p.View())
}

// runRows reads the records behind the chosen count, as they stand.
func (s *Server) runRows(v *Visit, p *importRun) error {
	p.Outcome = chosenOutcome(v, p.Run)
	for _, o := range append(outcomes(), inventory.Missing) {
		if o == inventory.Missing && p.Absent == 0 {
			continue
		}
		href := runTab(p.ID, o)
		if p.Fresh {
			href += "&new=1"
		}
		p.Tabs = append(p.Tabs, Tab{Label: outcomeTitle(o), Count: outcomeCount(p.Run, o), On: o == p.Outcome, Href: href})
	}
	if p.Outcome == inventory.Rejected {
		p.Rejected = p.Rejects
		return nil
	}
	if !p.Undone.IsZero() {
		return nil
	}
	var after int64
	_, _ = fmt.Sscanf(v.Form("after"), "%d", &after) // anything else is the beginning
	return s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		p.Rows, err = s.Inventory.RunRows(tx, p.ID, p.Outcome, after, rowPage+1)
		if len(p.Rows) > rowPage {
			p.Rows = p.Rows[:rowPage]
			p.Next = runTab(p.ID, p.Outcome) + fmt.Sprintf("&after=%d", p.Rows[rowPage-1].Record)
		}
		return err
	})
}

// runMapping hands out how the file was read.
func (s *Server) runMapping(v *Visit) error {
	run, err := s.runOf(v)
	if err != nil {
		return err
	}
	if run.Mapping == "" {
		return fmt.Errorf("import %d is of a capture, which needs no mapping: %w", run.ID, fault.NotFound)
	}
	v.download("application/yaml; charset=utf-8", fmt.Sprintf("%s-mapping-%d.yaml", run.Source, run.ID))
	_, err = v.W.Write([]byte(run.Mapping))
	return v.sent(err)
}

// runRejected hands out the rejected rows that the run remembers.
func (s *Server) runRejected(v *Visit) error {
	run, err := s.runOf(v)
	if err != nil {
		return err
	}
	if !v.Actor.Scope.All() {
		return fmt.Errorf("the rows of import %d: %w", run.ID, fault.NotFound) // they are of the whole hospital
	}
	v.download("text/csv; charset=utf-8", fmt.Sprintf("import-%d-rejected.csv", run.ID))
	out := newRowCSV(v.W)
	for _, r := range run.Rejects {
		if err := out.add(r); err != nil {
			return v.sent(err)
		}
	}
	return v.sent(out.end())
}

// undoRun takes an import back.
func (s *Server) undoRun(v *Visit) error {
	if err := mayImport(v); err != nil {
		return err
	}
	run, err := s.runOf(v)
	if err != nil {
		return err
	}
	if !run.Undone.IsZero() {
		return fmt.Errorf("import %d was undone already: %w", run.ID, fault.Conflict)
	}
	if n := (importRun{Run: run}).Touched(); n > undoTyped && strings.NewReplacer(",", "", " ", "").Replace(v.Form("typed")) != fmt.Sprint(n) {
		return s.showRun(v, fmt.Sprintf("Type %d, the number of records that this changes.", n), 422)
	}
	actor := v.Actor.String()
	j, _, err := s.jobs.start(undoKey(run.ID), undoJob, run.File, v.Actor.Name, s.undoing(run.ID, actor), s.failText)
	if err != nil {
		return err
	}
	j.wait(v.Context())
	return v.Redirect(runHref(run.ID), nil)
}

// undoing is the job that takes an import back.
func (s *Server) undoing(id int64, actor string) func(context.Context, *job) error {
	return func(ctx context.Context, j *job) error {
		j.say("putting back what was said before")
		if _, err := load.Undo(ctx, s.Inventory, id, actor); err != nil {
			return err
		}
		s.written(ctx)
		return nil
	}
}
