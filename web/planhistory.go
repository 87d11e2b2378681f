package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pons/fault"
	"pons/plan"
	"pons/sqldb"
)

// planHistoryPage is the versions of a scenario, and what its counts were made from.
type planHistoryPage struct {
	Entry    scenarioEntry
	Versions []planVersionRow
	Baseline *plan.Baseline
	Drifts   []plan.Drift
	NoDrifts string // why it is not known what has changed since
}

// planVersionRow is one version: what it changed of the one before it.
type planVersionRow struct {
	scenarioEntry
	First  bool
	What   string // what was done, where it is no change of values
	Edits  []plan.Edit
	Newest bool
}

// planHistory is who changed what when, and what has changed in the inventory since.
func (s *Server) planHistory(v *Visit) error {
	e, err := s.scenario(v)
	if err != nil {
		return err
	}
	p := &planHistoryPage{Entry: e, Baseline: e.Body.Plan.Baseline}
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		list, err := s.plans.History(tx, e.ID)
		p.Versions = versionRows(list)
		return err
	})
	if err != nil {
		return err
	}
	if p.Baseline != nil {
		if p.Drifts, p.NoDrifts, err = s.drifts(v, &e.Body.Plan); err != nil {
			return err
		}
	}
	page := planPage(e, "Every version of the scenario, who made it and what it changed, and what has changed in the inventory since it was counted.")
	page.Fresh = e.At
	return v.Render(page, p.View())
}

// versionRows say what each version changed; list is newest first.
func versionRows(list []scenarioEntry) []planVersionRow {
	out := make([]planVersionRow, len(list))
	for i, e := range list {
		out[i] = planVersionRow{scenarioEntry: e, First: i == len(list)-1, Newest: i == 0}
		if out[i].First {
			out[i].What = "made"
			if e.Body.From != nil {
				out[i].What = fmt.Sprintf("copied from %s, version %d", e.Body.From.Name, e.Body.From.Version)
			}
			continue
		}
		before := list[i+1]
		switch {
		case e.Removed != before.Removed && e.Removed:
			out[i].What = "removed"
		case e.Removed != before.Removed:
			out[i].What = "brought back"
		case e.Locked != before.Locked && e.Locked:
			out[i].What = "locked"
		case e.Locked != before.Locked:
			out[i].What = "unlocked"
		case e.Body.Name != before.Body.Name:
			out[i].What = fmt.Sprintf("named anew: was %s", before.Body.Name)
		}
		out[i].Edits = plan.Changes(&before.Body.Plan, &e.Body.Plan)
	}
	return out
}

// drifts asks the inventory again. Who sees only a part of the devices would count too few and see changes that are
// none: then it is not known.
func (s *Server) drifts(v *Visit, p *plan.Plan) (list []plan.Drift, unknown string, err error) {
	whole, err := s.wholeInventory(v, "", p.Baseline.Site)
	switch {
	case errors.Is(err, fault.Busy):
		return nil, "The inventory is still being read; look again in a moment.", nil
	case errors.Is(err, fault.Denied):
		return nil, "You see a part of the devices, so what has changed in all of them is not known here.", nil
	case err != nil:
		return nil, "", err
	}
	var asked error
	list, err = p.Drifts(func(question string) (int, error) {
		n, err := whole.count(question)
		asked = errors.Join(asked, err)
		return n, err
	})
	if asked != nil {
		return nil, fmt.Sprintf("A question of the plan is not understood any more: %s.", strings.TrimSpace(err.Error())), nil
	}
	return list, "", err
}

// countedHref is the device list of a class's question, within the site that the plan was counted at.
func countedHref(p *plan.Plan, question string) string {
	if p.Baseline != nil && p.Baseline.Site != "" {
		question = "(" + question + `) and site:"` + strings.ReplaceAll(p.Baseline.Site, `"`, `\"`) + `"`
	}
	return askHref(question)
}

// asOf is when the baseline was counted, as exactly as it is known.
func (p *planHistoryPage) asOf() time.Time {
	if t, err := time.Parse(time.RFC3339, p.Baseline.Taken); err == nil {
		return t
	}
	t, err := time.Parse(time.DateOnly, p.Baseline.AsOf)
	if err != nil {
		return time.Time{}
	}
	return t
}

// fewEdits is how many changes a row shows before the rest is folded.
const fewEdits = 4

// summary says in a line what a version changed.
func (r planVersionRow) summary() string {
	var roots []string
	for _, e := range r.Edits {
		root, _, _ := strings.Cut(e.Path, "/")
		if root = strings.ReplaceAll(root, "_", " "); !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	if len(r.Edits) == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s in %s", Count(len(r.Edits)), plural(len(r.Edits), "value", "values"), strings.Join(roots, ", "))
}

// href leads to a version as it was.
func (p *planHistoryPage) href(r planVersionRow) string {
	if r.Newest {
		return planHref(p.Entry.ID, "results")
	}
	return fmt.Sprintf("%s?version=%d", planHref(p.Entry.ID, "results"), r.Version)
}

// originText says what was counted.
func (p *planHistoryPage) originText() string {
	b := p.Baseline
	where := "all sites"
	if b.Site != "" {
		where = b.Site
	}
	text := fmt.Sprintf("· %s %s of %s, %s %s counted", Count(b.Devices), plural(b.Devices, "device", "devices"), where, Count(len(b.Counts)), plural(len(b.Counts), "class", "classes"))
	if b.Revision > 0 {
		text += fmt.Sprintf(" at revision %d of the database", b.Revision)
	}
	return text + "."
}
