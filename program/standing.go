package program

import (
	"cmp"
	"context"
	"math"
	"slices"

	"pons/ledger"
	"pons/sqldb"
)

// Standing is where the program stands on a day, in plain values: what a report of it prints.
type Standing struct {
	Milestones []MilestoneStanding // in the order of their days; dropped ones are left out
	Maturity   []DomainStanding    // of the newest assessment; none without one
	KPIs       []KPIStanding       // those that miss their target first, those that nobody measured last; none without a reading
}

// MilestoneStanding is a milestone as it lies now.
type MilestoneStanding struct {
	Date   string // 2027-03-01; empty is not laid out
	Title  string
	Phase  string
	Owner  string
	Status string // in words
	Late   bool
}

// DomainStanding is a domain's level against its target; level 0 was not assessed.
type DomainStanding struct {
	Domain        string
	Level, Target int
}

// KPIStanding is a KPI's newest reading against its target.
type KPIStanding struct {
	Name, Owner, Unit string
	State             string  // AgainstTarget
	Value             float64 // NaN: not measured
	Target            float64 // NaN: none
	Met               bool
	Trend             []float64 // readings of the last year, the oldest first; NaN where too few to say
}

// trendDays is how far back a trend goes.
const trendDays = 365

// Standing reads where the program stands on a day.
func (p *Program) Standing(ctx context.Context, today Day) (Standing, error) {
	var s Standing
	err := p.db.View(ctx, func(tx *sqldb.Tx) error {
		r, err := p.Roadmap(tx)
		if err != nil {
			return err
		}
		s.Milestones = r.milestones(today)
		list, err := p.AssessmentsIn(tx)
		if err != nil || len(list) == 0 {
			return err
		}
		aims, err := p.Aims(tx)
		if err != nil {
			return err
		}
		for _, d := range Domains() {
			s.Maturity = append(s.Maturity, DomainStanding{d.Name, list[len(list)-1].Body.Of(d.ID).Level, aims.Body.Of(d.ID).Target})
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	s.KPIs, err = p.kpiStandings(ctx, today)
	return s, err
}

func (r Roadmap) milestones(today Day) (out []MilestoneStanding) {
	for _, e := range r.Tasks {
		t := e.Body
		if !t.Milestone() || t.Status == Dropped {
			continue
		}
		slot := r.Schedule.Slots[e.ID]
		phase := ""
		if i := slices.IndexFunc(r.Settings.Body.Phases, func(ph Phase) bool { return ph.ID == t.Phase }); i >= 0 {
			phase = r.Settings.Body.Phases[i].Name
		}
		out = append(out, MilestoneStanding{string(slot.End), t.Title, phase, t.Owner, t.Status.Title(), t.Late(slot, today)})
	}
	slices.SortStableFunc(out, func(a, b MilestoneStanding) int { return cmp.Compare(a.Date, b.Date) })
	return out
}

func (p *Program) kpiStandings(ctx context.Context, today Day) ([]KPIStanding, error) {
	readings, err := p.Readings(ctx, today.Add(-trendDays))
	if err != nil || len(readings) == 0 {
		return nil, err
	}
	list, err := p.KPIs(ctx)
	if err != nil {
		return nil, err
	}
	rank := []AgainstTarget{OffTarget, Near, OnTarget, NoTarget, TooFew, NoReading}
	slices.SortStableFunc(list, func(a, b ledger.Entry[KPI]) int {
		state := func(e ledger.Entry[KPI]) int { return slices.Index(rank, e.Body.Stands(Latest(readings[e.ID]))) }
		return cmp.Compare(state(a), state(b))
	})
	var out []KPIStanding
	for _, e := range list {
		latest := Latest(readings[e.ID])
		state := e.Body.Stands(latest)
		k := KPIStanding{Name: e.Body.Name, Owner: e.Body.Owner, Unit: e.Body.Unit, State: string(state), Value: orNaN(latest.Value), Target: orNaN(e.Body.Target), Met: state == OnTarget}
		for _, r := range readings[e.ID] {
			k.Trend = append(k.Trend, orNaN(r.Value))
		}
		out = append(out, k)
	}
	return out, nil
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}
