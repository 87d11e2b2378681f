package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/account"
	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/product"
	"pons/sqldb"
)

// catalogJob is the one change of the catalog that is being worked into the records.
const catalogJob = "catalog"

// unknownShown are the unknown names of each sort on one page: the most frequent; who names them meets the rest.
const unknownShown = 25

// catalogPage is what the pages of the catalog share.
type catalogPage struct {
	Tab  string
	May  bool // change the hospital's own lines
	Busy bool // a change is being worked in
}

const catalogHref = "/admin/catalog"

func (s *Server) catalogPage(v *Visit, tab string) catalogPage {
	return catalogPage{Tab: tab, May: v.May(account.SettingWrite) && v.Actor.Scope.All(), Busy: s.jobs.busy(catalogJob)}
}

func (p catalogPage) tabs() []Tab {
	tab := func(label, name string) Tab {
		return Tab{Label: label, Href: strings.TrimSuffix(catalogHref+"/"+name, "/"), Count: -1, On: p.Tab == name}
	}
	return []Tab{tab("Unknown names", ""), tab("Own lines", "lines"), tab("Classes", "classes"), tab("Makers", "makers"), tab("Models", "models"), tab("History", "history")}
}

func catalogCrumbs() []Link { return []Link{{"Catalog", catalogHref}} }

// unknownPage lists what records call makers and models and the catalog does not know.
type unknownPage struct {
	catalogPage
	inventory.Unknown
	Makers, Models []unknownLine
	Known          []string // makers
	Classes        []product.Class
	Of             map[string][]string // models of the makers that lines speak of
	Problem        string
	At             string // id of the line that the problem is of
}

// unknownLine is one unknown name, its devices, and what it probably is.
type unknownLine struct {
	inventory.UnknownName
	ID      string
	Count   int    // devices that bear the name
	Href    string // to them; empty, where other sources are believed instead
	Example Link   // a device of which a record says so
	Guess   string // the maker, as other sources name it
}

func (s *Server) catalogUnknown(v *Visit) error { return s.showUnknown(v, "", "", 0) }

func (s *Server) showUnknown(v *Visit, problem, at string, status int) error {
	p := unknownPage{catalogPage: s.catalogPage(v, ""), Problem: problem, At: at, Of: map[string][]string{}}
	ask, err := s.asker(v)
	if err != nil {
		return err
	}
	var rows []*inventory.Row
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if p.Unknown, err = s.Inventory.UnknownNames(tx, v.Scope().Holds, unknownShown); err != nil {
			return err
		}
		var ids []string
		for _, n := range slices.Concat(p.Unknown.Makers, p.Unknown.Models) {
			ids = append(ids, n.Devices...)
		}
		slices.Sort(ids)
		rows, err = s.Inventory.Rows(tx, slices.Compact(ids))
		return err
	})
	if err != nil {
		return err
	}
	c := s.Inventory.Catalog()
	p.Known, p.Classes = c.Makers(), c.Classes()
	of := map[string]*inventory.Row{}
	for _, r := range rows {
		of[r.ID] = r
	}
	ready, _ := s.Index.Ready()
	line := func(i int, n inventory.UnknownName) (unknownLine, error) {
		l := unknownLine{UnknownName: n, ID: string(n.Attr) + "-" + strconv.Itoa(i), Count: n.Of}
		for _, id := range n.Devices {
			r := of[id]
			if r == nil {
				continue
			}
			if l.Example.Href == "" {
				l.Example = Link{r.Name, deviceHref(id, "")}
			}
			if name, known := c.Maker(r.Get(fact.Manufacturer)); known && l.Guess == "" {
				l.Guess = name
			}
		}
		if !ready {
			return l, nil
		}
		question := ask.is(string(n.Attr), n.Name)
		count, err := ask.count(question)
		if count > 0 {
			l.Count, l.Href = count, askHref(question)
		}
		return l, err
	}
	for i, n := range p.Unknown.Makers {
		l, err := line(i, n)
		if err != nil {
			return err
		}
		p.Makers = append(p.Makers, l)
	}
	for i, n := range p.Unknown.Models {
		l, err := line(i, n)
		if err != nil {
			return err
		}
		if n.Known {
			l.Guess = n.Maker
		}
		p.Models = append(p.Models, l)
		if l.Guess != "" {
			p.Of[l.Guess] = nil
		}
	}
	_, models := c.Contents()
	for _, m := range models {
		if _, ok := p.Of[m.Maker]; ok {
			p.Of[m.Maker] = append(p.Of[m.Maker], m.Name)
		}
	}
	return v.Render(Page{Title: "Catalog", Status: status,
		About: "The names of makers, models and classes: what records call them and the catalog does not know yet, what it knows, and your own lines."}, p.View())
}

// nameUnknown adds the line that says what an unknown name is, and works it in.
func (s *Server) nameUnknown(v *Visit) error {
	if err := mayCatalog(v); err != nil {
		return err
	}
	add, said, err := lineFor(s.Inventory.Catalog(), v)
	if err != nil {
		if errors.Is(err, fault.Invalid) {
			return s.showUnknown(v, sentence(err), v.Form("line"), http.StatusUnprocessableEntity)
		}
		return err
	}
	over, text, err := s.ownLines(v)
	if err != nil {
		return err
	}
	err = s.saveCatalog(v, add(text), over, catalogHref, said)
	if errors.Is(err, fault.Invalid) {
		return s.showUnknown(v, "The line would be: "+sentence(err), v.Form("line"), http.StatusUnprocessableEntity)
	}
	return err
}

// lineFor makes of the form how the text becomes another, and what was said by it.
func lineFor(c *product.Catalog, v *Visit) (add func(string) string, said string, err error) {
	name, what := v.Form("name"), v.Form("do")
	if name == "" {
		return nil, "", fmt.Errorf("the name is missing: %w", fault.Invalid)
	}
	if what == "new-maker" {
		return func(text string) string { return product.AddMaker(text, name, "") }, name + " is a maker of its own.", nil
	}
	maker, known := c.Maker(v.Form("maker"))
	switch {
	case v.Form("maker") == "":
		return nil, "", fmt.Errorf("choose the maker that %q means: %w", name, fault.Invalid)
	case !known:
		return nil, "", fmt.Errorf("the catalog knows no maker %q; choose one of the list, or make it a maker of its own first: %w", maker, fault.Invalid)
	}
	switch what {
	case "alias-maker":
		return func(text string) string { return product.AddMaker(text, maker, name) }, fmt.Sprintf("%q is %s.", name, maker), nil
	case "alias-model":
		id := c.Identify(maker, v.Form("model"), "")
		if !id.ModelKnown || v.Form("model") == "" {
			return nil, "", fmt.Errorf("the catalog knows no model %q of %s; choose one of the list, or say of which class it is: %w", v.Form("model"), maker, fault.Invalid)
		}
		return func(text string) string { return product.AddModel(text, id.Maker, id.Model, id.Class, name) }, fmt.Sprintf("%q is %s of %s.", name, id.Model, id.Maker), nil
	case "new-model":
		k, ok := c.Class(v.Form("class"))
		if !ok && v.Form("class") != "" {
			k, ok = c.ClassBySynonym(v.Form("class"))
		}
		if !ok {
			return nil, "", fmt.Errorf("the catalog knows no class %q; choose one of the list: %w", v.Form("class"), fault.Invalid)
		}
		return func(text string) string { return product.AddModel(text, maker, name, k.Name, "") }, fmt.Sprintf("%s is a model of %s: %s.", name, maker, k.Title), nil
	}
	return nil, "", fmt.Errorf("%q is nothing that can be done with a name: %w", what, fault.Invalid)
}

// mayCatalog refuses who sees a part of the hospital only: the catalog names the devices of all of it.
func mayCatalog(v *Visit) error {
	if !v.Actor.Scope.All() {
		return fmt.Errorf("the catalog is the whole hospital's; your scope is a part of it: %w", fault.Denied)
	}
	return nil
}

// ownLines are the hospital's own lines and their version.
func (s *Server) ownLines(v *Visit) (version int64, text string, err error) {
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		list, err := s.Inventory.CatalogVersions(tx, 1)
		if len(list) > 0 {
			version, text = list[0].ID, list[0].Text
		}
		return err
	})
	return version, text, err
}

// saveCatalog works a text into the records: at once where that takes a moment, else in the background behind a
// page that tells how far it is. said goes before the number of records in the message.
func (s *Server) saveCatalog(v *Visit, text string, over int64, back, said string) error {
	if s.jobs.busy(catalogJob) {
		return fmt.Errorf("another change of the catalog is being worked in; wait for it: %w", fault.Busy)
	}
	edit := inventory.CatalogEdit{Text: text, Over: over, Actor: v.Actor.String()}
	if err := s.Inventory.CheckCatalog(text); err != nil {
		return err
	}
	j, err := s.reread(v, catalogJob, "the catalog", "naming %s records anew", func(ctx context.Context, progress func(done, total int)) (string, error) {
		edit.Progress = progress
		changed, err := s.Inventory.SetCatalog(ctx, edit)
		return said + " " + recordsCount(changed) + " " + plural(changed, "is", "are") + " named otherwise.", err
	})
	if err != nil {
		return err
	}
	if j.running() {
		return v.Redirect(catalogHref+"/saving", nil)
	}
	return s.catalogSaved(v, j.view(), back, over)
}

// reread works a change into the records that it concerns, in the background, and waits as long as a page may take.
// what is changed is said where another change of it is under way; doing, with the count of records, while it runs.
// work gives what is said at the end.
func (s *Server) reread(v *Visit, id, what, doing string, work func(ctx context.Context, progress func(done, total int)) (string, error)) (*job, error) {
	j, fresh, err := s.jobs.start(id, "change", what, v.Actor.Name, func(ctx context.Context, j *job) error {
		j.say("waiting for the database")
		said, err := work(ctx, func(done, total int) {
			j.say(fmt.Sprintf(doing, Count(total)))
			j.count(done)
		})
		if err != nil {
			return err
		}
		s.written(ctx)
		if ready, _ := s.Index.Ready(); ready {
			if err := s.Index.Refresh(ctx); err != nil {
				s.Log.Error("index not refreshed", "error", err) // it follows by itself
			}
		}
		j.say(said)
		return nil
	}, s.failText)
	if err != nil {
		return nil, err
	}
	if !fresh {
		return nil, fmt.Errorf("another change of %s is being worked in; wait for it: %w", what, fault.Busy)
	}
	j.wait(v.Context())
	return j, nil
}

// catalogSaved says how a change ended.
func (s *Server) catalogSaved(v *Visit, j jobView, back string, over int64) error {
	if j.Failed != "" {
		return v.Redirect(back, &Flash{Status: Bad, Text: j.Failed})
	}
	f := &Flash{Status: Good, Text: j.Phase}
	if over >= 0 {
		f.Undo = fmt.Sprintf("%s/restore?version=%d", catalogHref, over)
	}
	return v.Redirect(back, f)
}

func recordsCount(n int) string { return Count(n) + " " + plural(n, "record", "records") }

// catalogSaving tells how far a change is.
func (s *Server) catalogSaving(v *Visit) error {
	j, ok := s.jobs.find(catalogJob)
	switch {
	case !ok || j.Done && !v.Part():
		if !ok {
			j.Phase = "No change of the catalog is under way."
		}
		return s.catalogSaved(v, j, catalogHref+"/history", -1)
	case j.Done:
		v.W.Header().Set("HX-Redirect", catalogHref+"/saving")
		return v.Fragment(Note(Good, "Done."))
	case v.Part():
		return v.Fragment(jobProgress(j, catalogHref+"/saving", ""))
	}
	return v.Render(Page{Title: "Naming records anew", About: "You may go elsewhere. It is one change: whole, or not at all.", Crumbs: catalogCrumbs(), Refresh: 2}, catalogSavingBody(j))
}

// linesPage is the hospital's own text while it is written.
type linesPage struct {
	catalogPage
	Text     string
	Over     int64
	Since    inventory.CatalogVersion // the version in force
	Wrong    []lineMistake
	Problem  string
	Preview  *inventory.CatalogChange
	Examples []inventory.Reading // of the text in force
}

// lineMistake is a mistake beside its line.
type lineMistake struct {
	Line       int
	Text, What string
}

func (p linesPage) rows() string {
	return strconv.Itoa(min(max(strings.Count(p.Text, "\n")+3, 14), 40))
}

func (s *Server) catalogLines(v *Visit) error {
	p := linesPage{catalogPage: s.catalogPage(v, "lines")}
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		list, err := s.Inventory.CatalogVersions(tx, 1)
		if err != nil || len(list) == 0 {
			return err
		}
		p.Since, p.Text, p.Over = list[0], list[0].Text, list[0].ID
		p.Examples = s.readings(p.Text)
		return nil
	})
	if err != nil {
		return err
	}
	return s.showLines(v, p, 0)
}

// readings are the examples of the text in force.
func (s *Server) readings(text string) []inventory.Reading {
	c := s.Inventory.Catalog()
	var out []inventory.Reading
	for _, e := range product.Examples(text) {
		out = append(out, inventory.Reading{Example: e, Before: c.Read(e)})
	}
	return out
}

func (s *Server) showLines(v *Visit, p linesPage, status int) error {
	return v.Render(Page{Title: "Own lines of the catalog", About: "Makers, models and classes that only your hospital knows, and spellings that only your lists have. They win over what Pons brings.",
		Crumbs: catalogCrumbs(), Fresh: p.Since.At, Status: status}, p.View())
}

// setCatalogLines previews the text that was sent, or keeps it.
func (s *Server) setCatalogLines(v *Visit) error {
	if err := mayCatalog(v); err != nil {
		return err
	}
	p := linesPage{catalogPage: s.catalogPage(v, "lines"), Text: strings.ReplaceAll(v.R.FormValue("text"), "\r\n", "\n")}
	over, err := strconv.ParseInt(v.Form("over"), 10, 64)
	if err != nil {
		return fmt.Errorf("the version that was edited is missing: %w", fault.Invalid)
	}
	version, _, err := s.ownLines(v)
	if err != nil {
		return err
	}
	p.Over = version
	if version != over {
		p.Problem = "Somebody else saved other lines since you began; they are in the history. Yours are below, not saved: saving them now replaces the other ones."
		return s.showLines(v, p, http.StatusConflict)
	}
	if v.Form("do") == "save" {
		err = s.saveCatalog(v, p.Text, over, catalogHref+"/lines", "The lines are kept.")
	} else {
		err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
			change, err := s.Inventory.PreviewCatalog(tx, p.Text)
			p.Preview = &change
			return err
		})
		if err == nil {
			return s.showLines(v, p, 0)
		}
	}
	var wrong product.Mistakes
	if errors.As(err, &wrong) {
		p.Preview, p.Wrong = nil, besideLines(p.Text, wrong)
		return s.showLines(v, p, http.StatusUnprocessableEntity)
	}
	return err
}

// besideLines puts mistakes beside the lines they are of.
func besideLines(text string, wrong product.Mistakes) []lineMistake {
	lines := strings.Split(text, "\n")
	var out []lineMistake
	for _, m := range wrong {
		l := lineMistake{Line: m.Line, What: m.What}
		if m.Line > 0 && m.Line <= len(lines) {
			l.Text = strings.TrimSpace(lines[m.Line-1])
		}
		out = append(out, l)
	}
	return out
}

// historyPage lists the versions of the hospital's own lines.
type historyPage struct {
	catalogPage
	Versions []catalogStep
	Audit    bool
}

// catalogStep is a version and how it differs from the one before.
type catalogStep struct {
	inventory.CatalogVersion
	Added, Removed []string
	More           int // lines that differ and are not shown
	Newest         bool
}

const (
	versionsShown  = 50
	stepLinesShown = 6
)

func (s *Server) catalogHistory(v *Visit) error {
	p := historyPage{catalogPage: s.catalogPage(v, "history"), Audit: v.May(account.AuditRead)}
	var list []inventory.CatalogVersion
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = s.Inventory.CatalogVersions(tx, versionsShown+1)
		return err
	})
	if err != nil {
		return err
	}
	for i, version := range list[:min(len(list), versionsShown)] {
		before := ""
		if i+1 < len(list) {
			before = list[i+1].Text
		}
		step := catalogStep{CatalogVersion: version, Newest: i == 0}
		step.Removed, step.Added = linesOnlyIn(before, version.Text), linesOnlyIn(version.Text, before)
		for _, side := range []*[]string{&step.Removed, &step.Added} {
			step.More += max(0, len(*side)-stepLinesShown)
			*side = (*side)[:min(len(*side), stepLinesShown)]
		}
		p.Versions = append(p.Versions, step)
	}
	var newest time.Time
	if len(list) > 0 {
		newest = list[0].At
	}
	return v.Render(Page{Title: "History of your own lines", About: "Who changed them, when, and what. An earlier text can be put back; that is a change too.", Crumbs: catalogCrumbs(), Fresh: newest}, p.View())
}

// linesOnlyIn are the lines of a text that another has not.
func linesOnlyIn(text, other string) []string {
	have := map[string]bool{}
	for line := range strings.Lines(other) {
		have[strings.TrimSpace(line)] = true
	}
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !have[line] {
			out = append(out, line)
		}
	}
	return out
}

// restoreCatalog puts an earlier text back; version 0 is the empty one before the first.
func (s *Server) restoreCatalog(v *Visit) error {
	if err := mayCatalog(v); err != nil {
		return err
	}
	version, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil {
		return fmt.Errorf("version %q: %w", v.Form("version"), fault.NotFound)
	}
	now, _, err := s.ownLines(v)
	if err != nil {
		return err
	}
	var then inventory.CatalogVersion
	if version != 0 {
		err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
			then, err = s.Inventory.CatalogVersionOf(tx, version)
			return err
		})
	}
	if err != nil {
		return err
	}
	return s.saveCatalog(v, then.Text, now, catalogHref+"/history", "The earlier lines stand again.")
}

// sortedKeys are the makers whose models are offered, in the order of their lists.
func sortedKeys(of map[string][]string) []string { return slices.Sorted(maps.Keys(of)) }

// modelListID is the list that offers a maker's models.
func modelListID(of map[string][]string, maker string) string {
	return "models-" + strconv.Itoa(slices.Index(sortedKeys(of), maker))
}
