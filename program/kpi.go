package program

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"

	"pons/fault"
	"pons/ledger"
)

// KPI is what is measured, how, and what it shall come to.
type KPI struct {
	Name    string `json:"name"`
	Group   string `json:"group"` // Inventory, Security, Maintenance, …
	Formula string `json:"formula"`
	Unit    string `json:"unit"`              // "%", "devices", "h", "FTE", …
	Period  string `json:"period"`            // day, week, month, quarter, year
	Measure string `json:"measure,omitempty"` // by which Pons computes it; empty is by hand
	Better  Better `json:"better"`
	// Target is what it shall come to, Due by when and Owner who answers for it; nil is not set.
	Target *float64 `json:"target,omitempty"`
	Due    Day      `json:"due,omitempty"`
	Owner  string   `json:"owner,omitempty"`
	Note   string   `json:"note,omitempty"`
	Provenance
}

// Better says which direction is good.
type Better string

// The directions.
const (
	Higher Better = "higher"
	Lower  Better = "lower"
)

// Periods are how often a KPI is looked at.
func Periods() []string { return []string{"day", "week", "month", "quarter", "year"} }

// kpiID is the form of a KPI's id: it stands in addresses and in the ids of readings.
var kpiID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

func (p *Program) kpis() Shelf[KPI] {
	return Shelf[KPI]{ledger.NewBook("program.kpi", checkKPI), p}
}

// KPIs gives the KPIs in use: those of the catalogue, in the hospital's own words where it wrote some (Version above
// 0), then the hospital's own. Those that were put away are not among them.
func (p *Program) KPIs(ctx context.Context) ([]ledger.Entry[KPI], error) {
	return p.listKPIs(ctx, false)
}

// KPIsAway gives the KPIs of the catalogue that the hospital put away.
func (p *Program) KPIsAway(ctx context.Context) ([]ledger.Entry[KPI], error) {
	return p.listKPIs(ctx, true)
}

func (p *Program) listKPIs(ctx context.Context, away bool) ([]ledger.Entry[KPI], error) {
	own, err := p.kpis().List(ctx)
	if err != nil {
		return nil, err
	}
	gone, err := p.away().List(ctx)
	if err != nil {
		return nil, err
	}
	hidden := map[string]bool{}
	for _, e := range gone {
		hidden[e.ID] = true
	}
	by := map[string]ledger.Entry[KPI]{}
	for _, e := range own {
		by[e.ID] = e
	}
	var out []ledger.Entry[KPI]
	for _, d := range DefaultKPIs() {
		e, ok := by[d.ID]
		if !ok {
			e = d
		}
		delete(by, d.ID)
		if hidden[d.ID] == away {
			out = append(out, e)
		}
	}
	for _, e := range own {
		if _, ok := by[e.ID]; ok && hidden[e.ID] == away {
			out = append(out, e)
		}
	}
	return out, nil
}

// KPI gives one KPI, whether it is in use or not. It wraps fault.NotFound.
func (p *Program) KPI(ctx context.Context, id string) (ledger.Entry[KPI], error) {
	e, err := p.kpis().Get(ctx, id)
	if err == nil && !e.Removed {
		return e, nil
	}
	if err != nil && !errors.Is(err, fault.NotFound) {
		return e, err
	}
	if d, ok := defaultKPI(id); ok {
		return d, nil
	}
	return e, fmt.Errorf("no KPI is called %q: %w", id, fault.NotFound)
}

// SetKPI writes a KPI of the catalogue in the hospital's own words, or one of its own.
func (p *Program) SetKPI(ctx context.Context, id string, version int64, k KPI, actor, why string) (ledger.Entry[KPI], error) {
	if !kpiID.MatchString(id) {
		return ledger.Entry[KPI]{}, fault.Wrong("id", "the id is %q; write small letters, digits and -, beginning with a letter, at most 64", id)
	}
	return p.kpis().Put(ctx, id, version, k, actor, why)
}

// RestoreKPI makes an earlier state the newest; version 0 is the definition that Pons brings.
func (p *Program) RestoreKPI(ctx context.Context, id string, version int64, actor string) (ledger.Entry[KPI], error) {
	if version == 0 {
		return p.kpis().Remove(ctx, id, actor, "back to the definition that Pons brings")
	}
	return p.kpis().Restore(ctx, id, version, actor, "undone")
}

// aside is a KPI that is not in use; its definition and its readings stay.
type aside struct {
	KPI string `json:"kpi"`
}

func (p *Program) away() Shelf[aside] {
	return Shelf[aside]{ledger.NewBook[aside]("program.away", nil), p}
}

// PutAway takes a KPI out of use, or back into it.
func (p *Program) PutAway(ctx context.Context, id string, away bool, actor, why string) error {
	if _, err := p.KPI(ctx, id); err != nil {
		return err
	}
	if !away {
		_, err := p.away().Remove(ctx, id, actor, why)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	_, err := p.away().Put(ctx, id, 0, aside{id}, actor, why)
	return err
}

func checkKPI(k *KPI) error {
	var wrong fault.Mistakes
	wrong.Add("name", tidyName("the name", &k.Name, true))
	wrong.Add("group", tidyName("the group", &k.Group, true))
	wrong.Add("formula", tidyText("the formula", &k.Formula, true))
	wrong.Add("unit", tidyName("the unit", &k.Unit, true))
	wrong.Add("owner", tidyName("the owner", &k.Owner, false))
	wrong.Add("note", tidyText("the note", &k.Note, false))
	wrong.Add("due", checkDay("the day by which", k.Due, false))
	wrong.Add("confidence", k.Provenance.check())
	if !slices.Contains(Periods(), k.Period) {
		wrong.Add("period", fmt.Errorf("the period is %q; choose day, week, month, quarter or year: %w", k.Period, fault.Invalid))
	}
	if k.Better != Higher && k.Better != Lower {
		wrong.Add("better", fmt.Errorf("the better direction is %q; it is higher or lower: %w", k.Better, fault.Invalid))
	}
	if _, ok := MeasureNamed(k.Measure); k.Measure != "" && !ok {
		wrong.Add("measure", fmt.Errorf("no measure is called %q; leave it empty to enter readings by hand: %w", k.Measure, fault.Invalid))
	}
	if k.Target != nil {
		wrong.Add("target", checkNumber("the target", *k.Target, k.Unit))
	}
	return wrong.All()
}

// largest bounds what is typed as a number of a KPI; money of a hospital has ten digits.
const largest = 1e12

func checkNumber(what string, n float64, unit string) error {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0) || math.Abs(n) > largest:
		return fmt.Errorf("%s is no number that can be kept: %w", what, fault.Invalid)
	case unit == "%" && (n < 0 || n > 100):
		return fmt.Errorf("%s is %v %%; a share lies between 0 and 100 %%: %w", what, n, fault.Invalid)
	}
	return nil
}

// AgainstTarget is how a KPI stands against its target.
type AgainstTarget string

// How a KPI stands.
const (
	NoReading AgainstTarget = "not measured"
	TooFew    AgainstTarget = "too few to say"
	NoTarget  AgainstTarget = "no target"
	OnTarget  AgainstTarget = "on target"
	Near      AgainstTarget = "near target"
	OffTarget AgainstTarget = "off target"
)

// nearShare is how far from the target is still near: a tenth of the target (assumption). A target of 0 has no near.
const nearShare = .1

// Stands compares a reading with the target.
func (k KPI) Stands(r Reading) AgainstTarget {
	switch {
	case r.Suppressed:
		return TooFew
	case r.Value == nil:
		return NoReading
	case k.Target == nil:
		return NoTarget
	}
	short := *k.Target - *r.Value
	if k.Better == Lower {
		short = -short
	}
	margin := math.Abs(*k.Target) * nearShare
	switch {
	case short <= 0:
		return OnTarget
	case short <= margin:
		return Near
	}
	return OffTarget
}

// Groups lists the groups of KPIs in the order of the catalogue, then of the alphabet.
func Groups(kpis []ledger.Entry[KPI]) []string {
	var known, own []string
	for _, d := range DefaultKPIs() {
		if !slices.Contains(known, d.Body.Group) {
			known = append(known, d.Body.Group)
		}
	}
	used := map[string]bool{}
	for _, k := range kpis {
		if used[k.Body.Group] = true; !slices.Contains(known, k.Body.Group) && !slices.Contains(own, k.Body.Group) {
			own = append(own, k.Body.Group)
		}
	}
	slices.SortFunc(own, cmp.Compare)
	return slices.DeleteFunc(append(known, own...), func(g string) bool { return !used[g] })
}
