package program

import (
	"context"
	"fmt"
	"slices"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Area is what a gap is about.
type Area string

// The areas of the assessment beside maturity.
const (
	LifecycleProcess Area = "lifecycle"
	SupportWorkflow  Area = "workflow"
	VendorGap        Area = "vendor"
	TechnologyGap    Area = "technology"
)

// Areas lists all areas in the order of the page.
func Areas() []Area { return []Area{LifecycleProcess, SupportWorkflow, VendorGap, TechnologyGap} }

// Title is the area in words.
func (a Area) Title() string {
	return map[Area]string{LifecycleProcess: "Lifecycle processes", SupportWorkflow: "Support workflows", VendorGap: "Vendors", TechnologyGap: "Technology"}[a]
}

// Topics are what an assessment of the area looks at: the stages of a device's life (domain/08 §8.1), the path of a
// request for help, and what domain/04, 05, 06 and 07 ask of vendors and technology. The choice is Pons's own
// (assumption); others can be added by naming them in a gap.
func (a Area) Topics() []string {
	return map[Area][]string{
		LifecycleProcess: {"Procurement review", "Incoming inspection", "Network onboarding", "Preventive maintenance", "Patching", "Recall handling", "Relocation and loan", "Replacement planning", "Decommissioning and sanitization"},
		SupportWorkflow:  {"Reporting a fault", "Triage between IT and biomed", "Escalation after hours", "Vendor dispatch", "Spare and loaner devices", "Closing with cause and time", "Security incident on a device"},
		VendorGap:        {"MDS2 and SBOM at purchase", "Patch commitments in contracts", "Remote access by ticket", "End-of-support dates", "Response times in contracts"},
		TechnologyGap:    {"Passive discovery", "CMMS and CMDB in step", "Segmentation", "Network access control", "Monitoring of device traffic", "Location of mobile devices"},
	}[a]
}

// Gap is what somebody found: how it is, how it should be, and what to do about the difference.
type Gap struct {
	Area     Area   `json:"area"`
	Topic    string `json:"topic"`
	Is       string `json:"is"`
	Should   string `json:"should,omitempty"`
	Gap      string `json:"gap,omitempty"`
	Severity int    `json:"severity"` // 0 no gap, 1 slight to 5 a patient can be harmed
	Action   string `json:"action,omitempty"`
	Task     string `json:"task,omitempty"` // the task of the roadmap that closes it
	Found    Day    `json:"found"`
	By       string `json:"by"`
	Closed   Day    `json:"closed,omitempty"`
	Href     string `json:"href,omitempty"` // a page of Pons that shows it
}

// SeverityName is a severity in words (Pons's own scale, assumption).
func SeverityName(n int) string {
	if n < 0 || n > 5 {
		return ""
	}
	return []string{"no gap", "slight", "inconvenient", "costs time or money", "puts service at risk", "can harm a patient"}[n]
}

// Open says that something is still to be done.
func (g Gap) Open() bool { return g.Severity > 0 && g.Closed == "" }

// Gaps is the book of gaps.
func (p *Program) Gaps() Shelf[Gap] {
	return Shelf[Gap]{Book: ledger.NewBook("program.gap", checkGap), p: p}
}

func checkGap(g *Gap) error {
	var wrong fault.Mistakes
	if !slices.Contains(Areas(), g.Area) {
		wrong.Add("area", fmt.Errorf("the area is %q; choose one of %v: %w", g.Area, Areas(), fault.Invalid))
	}
	wrong.Add("severity", within("the severity", g.Severity, 0, 5))
	wrong.Add("topic", tidyName("what it is about", &g.Topic, true))
	wrong.Add("is", tidyText("how it is", &g.Is, true))
	wrong.Add("should", tidyText("how it should be", &g.Should, g.Severity > 0))
	wrong.Add("gap", tidyText("the gap", &g.Gap, false))
	wrong.Add("action", tidyText("the action", &g.Action, false))
	wrong.Add("task", tidyName("the task", &g.Task, false))
	wrong.Add("by", tidyName("who found it", &g.By, true))
	wrong.Add("found", checkDay("the day", g.Found, true))
	wrong.Add("closed", checkDay("the day of closing", g.Closed, false))
	wrong.Add("href", checkPage(&g.Href))
	if wrong == nil && g.Closed != "" && g.Closed < g.Found {
		wrong.Add("closed", fmt.Errorf("closed on %s, before it was found on %s: %w", g.Closed, g.Found, fault.Invalid))
	}
	return wrong.All()
}

// gapTaskDays is how long a task made of a gap is before somebody says otherwise: a month (assumption).
const gapTaskDays = 30

// TaskForGap puts the action of a gap on the roadmap, in a phase, and links the two.
func (p *Program) TaskForGap(ctx context.Context, id, phase, actor string) (task ledger.Entry[Task], err error) {
	_, err = p.db.Update(ctx, func(tx *sqldb.Tx) error {
		book := p.Gaps().Book
		e, err := book.Get(tx, id)
		switch {
		case err != nil:
			return err
		case e.Removed:
			return fmt.Errorf("gap %s was removed: %w", id, fault.NotFound)
		case e.Body.Task != "":
			return fmt.Errorf("the gap has its task already: %s: %w", e.Body.Task, fault.Conflict)
		case e.Body.Action == "":
			return fault.Wrong("action", "say first what is to be done")
		}
		why := "closes the gap in " + e.Body.Topic
		title := []rune(e.Body.Action)
		t := Task{Title: string(title[:min(len(title), longestName)]), Phase: phase, Days: gapTaskDays, Note: why + ": " + e.Body.Is}
		if task, _, err = p.putTask(tx, 0, t, p.by(actor, why)); err != nil {
			return err
		}
		e.Body.Task = task.ID
		_, err = book.Put(tx, id, e.Version, e.Body, p.by(actor, "task "+task.ID))
		return err
	})
	return task, err
}
