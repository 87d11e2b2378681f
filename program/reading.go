package program

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Reading is what a KPI came to on a day. There is one a KPI and day at most: what a person entered goes before what
// Pons computed.
type Reading struct {
	Day   Day      `json:"day"`
	Value *float64 `json:"value,omitempty"` // nil where it was suppressed
	// Part and Of are numerator and denominator, where the value is a rate.
	Part       *float64  `json:"part,omitempty"`
	Of         *float64  `json:"of,omitempty"`
	Suppressed bool      `json:"suppressed,omitempty"` // a denominator below SmallestBase
	Source     string    `json:"source"`               // "Pons" where it was computed
	Note       string    `json:"note,omitempty"`
	Hand       bool      `json:"-"` // entered by a person
	Actor      string    `json:"-"`
	At         time.Time `json:"-"`
	Version    int64     `json:"-"`
}

// Computed is the source of what Pons computed itself.
const Computed = "Pons"

// count is what Pons computed on one day: one entry a day for all KPIs, so that the log of changes keeps its sense.
type count struct {
	Values map[string]Reading `json:"values"` // by KPI
}

func (p *Program) days() Shelf[count] {
	return Shelf[count]{ledger.NewBook[count]("program.day", nil), p}
}

// entered is what a person entered: its id is KPI and day.
type entered struct {
	KPI string `json:"kpi"`
	Reading
}

func (p *Program) entries() Shelf[entered] {
	return Shelf[entered]{ledger.NewBook("program.reading", checkEntered), p}
}

func entryID(kpi string, day Day) string { return kpi + "." + string(day) }

// RecordDay keeps what every KPI in use that has a measure comes to on the day of at (UTC). Called again it replaces
// the day's values; with the same figures it changes nothing. What is not known is left out, never zero. It gives how
// many KPIs have a value, those that are suppressed among them.
func (p *Program) RecordDay(ctx context.Context, at time.Time, f Figures, actor string) (measured int, err error) {
	kpis, err := p.KPIs(ctx)
	if err != nil {
		return 0, err
	}
	day := DayOf(at)
	c := count{Values: map[string]Reading{}}
	for _, k := range kpis {
		if r, ok := k.Body.Read(f, day); ok {
			c.Values[k.ID] = r
		}
	}
	if len(c.Values) == 0 {
		return 0, nil
	}
	_, err = p.db.Update(ctx, func(tx *sqldb.Tx) error {
		_, err := p.days().Book.Put(tx, string(day), 0, c, ledger.By{Actor: actor, At: p.now()})
		return err
	})
	return len(c.Values), err
}

// Read computes the KPI from figures; not ok where it has no measure or a figure is not known.
func (k KPI) Read(f Figures, day Day) (Reading, bool) {
	m, ok := MeasureNamed(k.Measure)
	if !ok {
		return Reading{}, false
	}
	v := m.Take(f)
	if !v.Known {
		return Reading{}, false
	}
	r := Reading{Day: day, Source: Computed, Suppressed: v.Suppressed}
	if m.Of != "" || m.SampleOf != "" {
		r.Of = &v.Of
	}
	if !v.Suppressed {
		r.Value = &v.Number
		if m.Of != "" {
			r.Part = &v.Part
		}
	}
	return r, true
}

// Enter keeps a reading that a person took. version is the one they looked at, 0 for whichever.
func (p *Program) Enter(ctx context.Context, kpi string, version int64, r Reading, actor, why string) (Reading, error) {
	k, err := p.KPI(ctx, kpi)
	if err != nil {
		return r, err
	}
	if r.Day > DayOf(p.now()) {
		return r, fault.Wrong("day", "the day %s lies ahead; a reading is of today or before", r.Day)
	}
	if err := checkDay("the day", r.Day, true); err != nil {
		return r, wrongIn("day", err)
	}
	if err := k.Body.settle(&r); err != nil {
		return r, err
	}
	e, err := p.entries().Put(ctx, entryID(kpi, r.Day), version, entered{kpi, r}, actor, why)
	return reading(e), err
}

// settle makes the value of a rate of its parts and suppresses it where its denominator is too small.
func (k KPI) settle(r *Reading) error {
	var wrong fault.Mistakes
	if (r.Part == nil) != (r.Of == nil) {
		wrong.Add("of", fmt.Errorf("numerator and denominator belong together: %w", fault.Invalid))
		return wrong.All()
	}
	if r.Of != nil {
		wrong.Add("part", checkNumber("the numerator", *r.Part, ""))
		wrong.Add("of", checkNumber("the denominator", *r.Of, ""))
		if *r.Of < 0 || *r.Part < 0 || k.Unit == "%" && *r.Part > *r.Of {
			wrong.Add("part", fmt.Errorf("%v of %v is no share: %w", *r.Part, *r.Of, fault.Invalid))
		}
		if len(wrong) > 0 {
			return wrong.All()
		}
		if r.Suppressed = *r.Of < SmallestBase; r.Suppressed {
			r.Part, r.Value = nil, nil
			return nil
		}
		n := *r.Part / *r.Of
		if k.Unit == "%" {
			n *= 100
		}
		r.Value = &n
		return nil
	}
	if r.Value == nil {
		wrong.Add("value", fmt.Errorf("the value is missing: %w", fault.Invalid))
		return wrong.All()
	}
	wrong.Add("value", checkNumber("the value", *r.Value, k.Unit))
	return wrong.All()
}

func checkEntered(e *entered) error {
	var wrong fault.Mistakes
	wrong.Add("source", tidyName("the source", &e.Source, true))
	wrong.Add("note", tidyText("the note", &e.Note, false))
	wrong.Add("day", checkDay("the day", e.Day, true))
	return wrong.All()
}

// RemoveReading takes back what a person entered; where Pons computed the day, that shows again.
func (p *Program) RemoveReading(ctx context.Context, kpi string, day Day, actor, why string) (Reading, error) {
	e, err := p.entries().Remove(ctx, entryID(kpi, day), actor, why)
	return reading(e), err
}

// RestoreReading makes an earlier state of an entered reading the newest; version 0 takes it away.
func (p *Program) RestoreReading(ctx context.Context, kpi string, day Day, version int64, actor string) error {
	if version == 0 {
		_, err := p.entries().Remove(ctx, entryID(kpi, day), actor, "undone")
		return err
	}
	_, err := p.entries().Restore(ctx, entryID(kpi, day), version, actor, "undone")
	return err
}

func reading(e ledger.Entry[entered]) Reading {
	r := e.Body.Reading
	r.Hand, r.Actor, r.At, r.Version = true, e.Actor, e.At, e.Version
	return r
}

// Readings gives every KPI's readings since a day, by KPI, the oldest first.
func (p *Program) Readings(ctx context.Context, since Day) (map[string][]Reading, error) {
	type place struct {
		kpi string
		day Day
	}
	all := map[place]Reading{}
	err := p.db.View(ctx, func(tx *sqldb.Tx) error {
		computed, err := p.days().Book.List(tx)
		if err != nil {
			return err
		}
		for _, e := range computed {
			for kpi, r := range e.Body.Values {
				r.Actor, r.At, r.Version = e.Actor, e.At, 0
				all[place{kpi, r.Day}] = r
			}
		}
		byHand, err := p.entries().Book.List(tx)
		for _, e := range byHand {
			all[place{e.Body.KPI, e.Body.Day}] = reading(e)
		}
		return err
	})
	out := map[string][]Reading{}
	for at, r := range all {
		if at.day >= since {
			out[at.kpi] = append(out[at.kpi], r)
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b Reading) int { return strings.Compare(string(a.Day), string(b.Day)) })
	}
	return out, err
}

// Latest is the newest reading of a list as Readings gives it; the zero Reading where there is none.
func Latest(list []Reading) Reading {
	if len(list) == 0 {
		return Reading{}
	}
	return list[len(list)-1]
}

// Entered gives what a person entered for a KPI and a day, removed or not. It wraps fault.NotFound.
func (p *Program) Entered(ctx context.Context, kpi string, day Day) (Reading, error) {
	e, err := p.entries().Get(ctx, entryID(kpi, day))
	if err == nil && e.Removed {
		err = fmt.Errorf("no reading of %s was entered for %s: %w", kpi, day, fault.NotFound)
	}
	if errors.Is(err, fault.NotFound) {
		return Reading{}, err
	}
	return reading(e), err
}
