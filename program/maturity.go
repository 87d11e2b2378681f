package program

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Levels of maturity.
const (
	leastLevel = 1
	mostLevel  = 5
)

// LevelNames are the five levels, the lowest first (domain/09 §9.3).
func LevelNames() []string {
	return []string{"Initial", "Repeatable", "Defined", "Managed", "Optimising"}
}

// Domain is one field of work whose maturity is assessed, and what each level looks like there, the lowest first.
type Domain struct {
	ID, Name string
	Levels   [mostLevel]string
}

// MaturityOrigin is where domains and levels come from (domain/09 §9.3, a proposal).
func MaturityOrigin() Provenance {
	return Provenance{Source: OwnProposal + "; the five levels are those of generic programme models", Date: "2026-11", Confidence: "assumption"}
}

// Domains are the ten domains of domain/09 §9.3, with its texts.
func Domains() []Domain {
	return []Domain{
		{"inventory", "Inventory", [5]string{"spreadsheets", "CMMS + manual reconcile", "automated discovery, one record", "≥ 95 % matched, SLA", "continuous, bi-directional"}},
		{"risk", "Risk", [5]string{"ad hoc", "per device list", "scored with patient safety", "tracked, accepted with expiry", "predictive"}},
		{"vulnerability", "Vulnerability", [5]string{"vendor mail", "periodic review", "SBOM/KEV match", "SLA measured", "automated workflow"}},
		{"network", "Network", [5]string{"flat", "some VLANs", "zone policy", "enforced + monitored", "dynamic"}},
		{"maintenance", "Maintenance", [5]string{"calendar", "PM tracked", "AEM files", "yield-based", "predictive"}},
		{"governance", "Governance", [5]string{"unclear", "named owners", "RACI + committee", "KPI review", "integrated planning"}},
		{"resourcing", "Resourcing", [5]string{"headcount guess", "ratios", "workload model", "scenario + uncertainty", "rolling"}},
		{"response", "Response", [5]string{"none", "call tree", "playbook + drill", "exercises/yr", "joint MDM drills"}},
		{"lifecycle", "Lifecycle", [5]string{"forgotten", "EOL list", "sanitization records", "capital plan linked", "contract-driven"}},
		{"training", "Training", [5]string{"none", "ad hoc", "matrix", "gaps measured", "certified paths"}},
	}
}

// Aim is where a domain shall be, and how much a level there counts against one elsewhere.
type Aim struct {
	Domain string  `json:"domain"`
	Target int     `json:"target"` // a level
	Weight float64 `json:"weight"` // 0 to 10; 1 is as much as the others
}

// Aims are the targets and weights of all domains: one entry.
type Aims struct {
	Aims   []Aim      `json:"aims"`
	Origin Provenance `json:"origin"`
}

// DefaultAims are what holds before the hospital says otherwise: level 3, Defined, everywhere and equal weights.
func DefaultAims() Aims {
	a := Aims{Origin: Provenance{Source: OwnProposal + ": Defined everywhere, all domains alike", Date: "2026-11", Confidence: "assumption"}}
	for _, d := range Domains() {
		a.Aims = append(a.Aims, Aim{d.ID, 3, 1})
	}
	return a
}

// Of is the aim of a domain.
func (a Aims) Of(domain string) Aim {
	for _, x := range append(slices.Clone(a.Aims), DefaultAims().Aims...) {
		if x.Domain == domain {
			return x
		}
	}
	return Aim{Domain: domain}
}

// Evidence is why a level was given: in words, and where it can be looked at (a page of Pons, "/devices?…").
type Evidence struct {
	Text string `json:"text"`
	Href string `json:"href,omitempty"`
}

// Rating is the level of one domain; 0 is not assessed.
type Rating struct {
	Domain   string     `json:"domain"`
	Level    int        `json:"level"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// Assessment is one look at the maturity of the whole work on one day.
type Assessment struct {
	Date     Day      `json:"date"`
	Assessor string   `json:"assessor"`
	Note     string   `json:"note,omitempty"`
	Ratings  []Rating `json:"ratings"`
}

// Of is the rating of a domain; one that was not assessed has level 0.
func (a Assessment) Of(domain string) Rating {
	for _, r := range a.Ratings {
		if r.Domain == domain {
			return r
		}
	}
	return Rating{Domain: domain}
}

// Score is the mean of the levels of the domains that were assessed, and how many these are. Domains that were not
// are unknown and not zero: they are left out of the mean.
func (a Assessment) Score() (mean float64, assessed int) {
	sum := 0
	for _, d := range Domains() {
		if r := a.Of(d.ID); r.Level > 0 {
			sum += r.Level
			assessed++
		}
	}
	if assessed == 0 {
		return 0, 0
	}
	return float64(sum) / float64(assessed), assessed
}

// Shortfall is one domain in one assessment against its aim.
type Shortfall struct {
	Domain Domain
	Rating Rating
	Aim    Aim
	Gap    int     // levels that are missing to the target; 0 also where the level is not known
	Urgent float64 // gap × weight: what to do first
}

// Shortfalls are all domains, the most urgent first, then in their own order; those not assessed come last.
func Shortfalls(a Assessment, aims Aims) []Shortfall {
	var out []Shortfall
	for _, d := range Domains() {
		s := Shortfall{Domain: d, Rating: a.Of(d.ID), Aim: aims.Of(d.ID)}
		if s.Rating.Level > 0 {
			s.Gap = max(0, s.Aim.Target-s.Rating.Level)
			s.Urgent = float64(s.Gap) * s.Aim.Weight
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b Shortfall) int {
		known := func(s Shortfall) int { return min(s.Rating.Level, 1) }
		return cmp.Or(cmp.Compare(known(b), known(a)), cmp.Compare(b.Urgent, a.Urgent))
	})
	return out
}

// Assessments is the book of assessments.
func (p *Program) Assessments() Shelf[Assessment] {
	return Shelf[Assessment]{Book: ledger.NewBook("program.assessment", checkAssessment), p: p}
}

// AssessmentsIn gives the assessments, the earliest first.
func (p *Program) AssessmentsIn(tx *sqldb.Tx) ([]ledger.Entry[Assessment], error) {
	list, err := p.Assessments().Book.List(tx)
	slices.SortStableFunc(list, func(a, b ledger.Entry[Assessment]) int { return cmp.Compare(a.Body.Date, b.Body.Date) })
	return list, err
}

func aimsBook() ledger.Book[Aims] { return ledger.NewBook("program.aim", checkAims) }

// Aims gives targets and weights; version 0 says that they are the default.
func (p *Program) Aims(tx *sqldb.Tx) (ledger.Entry[Aims], error) {
	e, err := aimsBook().Get(tx, onlyEntry)
	if errors.Is(err, fault.NotFound) || err == nil && e.Removed {
		return ledger.Entry[Aims]{ID: onlyEntry, Body: DefaultAims()}, nil
	}
	return e, err
}

// AimShelf is targets and weights as a book of one entry, to write and to restore.
func (p *Program) AimShelf() Shelf[Aims] { return Shelf[Aims]{Book: aimsBook(), p: p} }

// SetAims writes targets and weights.
func (p *Program) SetAims(ctx context.Context, version int64, a Aims, actor, why string) (ledger.Entry[Aims], error) {
	return p.AimShelf().Put(ctx, onlyEntry, version, a, actor, why)
}

func knownDomain(id string) bool {
	return slices.ContainsFunc(Domains(), func(d Domain) bool { return d.ID == id })
}

func checkAims(a *Aims) error {
	var wrong fault.Mistakes
	wrong.Add("origin", a.Origin.check())
	seen := map[string]bool{}
	for _, x := range a.Aims {
		if !knownDomain(x.Domain) || seen[x.Domain] {
			wrong.Add("aims", fmt.Errorf("%q is no domain, or stands there twice: %w", x.Domain, fault.Invalid))
		}
		seen[x.Domain] = true
		wrong.Add(x.Domain+".target", within("the target", x.Target, leastLevel, mostLevel))
		wrong.Add(x.Domain+".weight", within("the weight", x.Weight, 0, 10))
	}
	return wrong.All()
}

// maxEvidence bounds what is said for one level.
const maxEvidence = 12

// checkAssessment holds that no level above the first stands without evidence (domain/09 §9.3).
func checkAssessment(a *Assessment) error {
	var wrong fault.Mistakes
	wrong.Add("date", checkDay("the date", a.Date, true))
	wrong.Add("assessor", tidyName("the assessor", &a.Assessor, true))
	wrong.Add("note", tidyText("the note", &a.Note, false))
	seen, assessed := map[string]bool{}, 0
	for i := range a.Ratings {
		r := &a.Ratings[i]
		if !knownDomain(r.Domain) || seen[r.Domain] {
			wrong.Add("ratings", fmt.Errorf("%q is no domain, or stands there twice: %w", r.Domain, fault.Invalid))
			continue
		}
		seen[r.Domain] = true
		wrong.Add(r.Domain+".level", within("the level", r.Level, 0, mostLevel))
		r.Evidence = slices.DeleteFunc(r.Evidence, func(e Evidence) bool {
			return strings.TrimSpace(e.Text) == "" && strings.TrimSpace(e.Href) == ""
		})
		if len(r.Evidence) > maxEvidence {
			wrong.Add(r.Domain+".evidence", fmt.Errorf("%d pieces of evidence are more than %d: %w", len(r.Evidence), maxEvidence, fault.Invalid))
		}
		for j := range r.Evidence {
			wrong.Add(r.Domain+".evidence", r.Evidence[j].check())
		}
		if r.Level > leastLevel && len(r.Evidence) == 0 {
			wrong.Add(r.Domain+".evidence", fmt.Errorf("level %d needs evidence: say what shows it, or where: %w", r.Level, fault.Invalid))
		}
		if r.Level > 0 {
			assessed++
		}
	}
	if assessed == 0 && wrong == nil {
		wrong.Add("ratings", fmt.Errorf("no domain was assessed; give at least one a level: %w", fault.Invalid))
	}
	return wrong.All()
}

// check holds that evidence leads to a page of this Pons: elsewhere nobody knows who may read it.
func (e *Evidence) check() error {
	if err := tidyText("the evidence", &e.Text, false); err != nil {
		return err
	}
	return checkPage(&e.Href)
}

// checkPage holds that a link leads to a page of this Pons.
func checkPage(href *string) error {
	*href = strings.TrimSpace(*href)
	if *href == "" {
		return nil
	}
	if len(*href) > 2000 || !strings.HasPrefix(*href, "/") || strings.HasPrefix(*href, "//") || strings.ContainsAny(*href, "\\\r\n\t ") {
		return fmt.Errorf("%q is no page of Pons; write its address without the host, like /devices?q=has:owner: %w", *href, fault.Invalid)
	}
	return nil
}
