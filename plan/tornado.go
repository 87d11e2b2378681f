package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// How far an assumption is swung that states no range of its own.
const (
	swingHours     = 0.10 // of productive hours and wrench time, both ways (the plan's brief; an assumption)
	swingAttrition = 0.50 // of attrition, both ways (assumption: years differ that much in small departments)
	// Ratios that are no default's: the middle of the ranges of domain note 1, §1.2 (expert).
	swingRatioLow, swingRatioHigh = 0.65, 1.65
)

// Swing is one bar of the tornado: what the last year becomes when one assumption takes its low or its high value and
// all others stay at their mode. FTE are raw, so that no bar hides behind a rounding step.
type Swing struct {
	Path string `json:"path"` // "roles[2].ratio.devices_per_fte", as With changes it
	Name string `json:"name"` // in words
	// The assumption's own values.
	From float64 `json:"from"`
	At   float64 `json:"at"`
	To   float64 `json:"to"`
	// Required raw FTE of all roles: with the assumption at its low, at its mode, at its high.
	Low  float64 `json:"low"`
	Base float64 `json:"base"`
	High float64 `json:"high"`
	Unit string  `json:"unit"` // of Low, Base and High: "FTE in 2029"
	// What the year costs: wages of the raw FTE, contracts, parts and the rest.
	CostLow  float64 `json:"cost_low"`
	CostBase float64 `json:"cost_base"`
	CostHigh float64 `json:"cost_high"`
	// Raw FTE that nobody is there for, role by role: what attrition moves.
	GapLow  float64 `json:"gap_low"`
	GapBase float64 `json:"gap_base"`
	GapHigh float64 `json:"gap_high"`
}

// Width is how much of the FTE hangs on the assumption.
func (s *Swing) Width() float64 { return math.Abs(s.High - s.Low) }

// Tornado swings every uncertain assumption alone, and gives the widest first: by required FTE, then by what is
// missing, then by cost. Assumptions that move nothing in the last year are left out. It wraps fault.Invalid with the
// plan's mistakes.
func (p *Plan) Tornado() ([]Swing, error) {
	if _, err := p.Check(); err != nil {
		return nil, err
	}
	exact := *p
	exact.Rounding = NoRounding
	t := exact.trial()
	swings, set := t.swings()
	b := t.batch(1 + 2*len(swings))
	for i := range swings {
		set[i](b, 1+2*i, swings[i].From)
		set[i](b, 2+2*i, swings[i].To)
	}
	for y := range t.years {
		t.advance(b, y)
	}
	last := t.years - 1
	t.staff(b, 0, 0, last)
	t.total(b, last)
	gap := make([]float64, len(b.cost))
	for i := range t.roles {
		for d, need := range b.raw[i] {
			gap[d] += max(0, need-b.available[i][d])
		}
	}
	out := swings[:0]
	for i, s := range swings {
		s.Unit = fmt.Sprintf("FTE in %d", p.BaseYear+last)
		s.Low, s.Base, s.High = b.totalRaw[1+2*i], b.totalRaw[0], b.totalRaw[2+2*i]
		s.CostLow, s.CostBase, s.CostHigh = b.spend[1+2*i], b.spend[0], b.spend[2+2*i]
		s.GapLow, s.GapBase, s.GapHigh = gap[1+2*i], gap[0], gap[2+2*i]
		if s.Low != s.Base || s.High != s.Base || s.CostLow != s.CostBase || s.CostHigh != s.CostBase || s.GapLow != s.GapBase || s.GapHigh != s.GapBase {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Swing) int {
		return cmp.Or(cmp.Compare(b.Width(), a.Width()), cmp.Compare(math.Abs(b.GapHigh-b.GapLow), math.Abs(a.GapHigh-a.GapLow)), cmp.Compare(math.Abs(b.CostHigh-b.CostLow), math.Abs(a.CostHigh-a.CostLow)), cmp.Compare(a.Path, b.Path))
	})
	return slices.Clip(out), nil
}

// setter puts the value of an assumption into one draw.
type setter func(b *batch, draw int, v float64)

// swings lists what is uncertain, with what changes it.
func (t *trial) swings() (out []Swing, set []setter) {
	p := t.p
	add := func(path, name string, low, at, high float64, to setter) {
		if low != high {
			out, set = append(out, Swing{Path: path, Name: name, From: low, At: at, To: high}), append(set, to)
		}
	}
	for i := range p.Classes {
		g := p.Classes[i].Growth
		add(fmt.Sprintf("classes[%d].growth", i), "Growth of "+p.Classes[i].Name, g.Low, g.Mode, g.High, func(b *batch, d int, v float64) { b.growth[i][d] = 1 + v })
	}
	for j := range p.Workload.Items {
		it := &p.Workload.Items[j]
		name := it.Name
		if it.Class != "" {
			name += " of " + it.Class
		}
		name += " (" + it.Role + ")"
		add(fmt.Sprintf("workload.items[%d].per_device_year", j), "How often: "+name, it.PerDeviceYear.Low, it.PerDeviceYear.Mode, it.PerDeviceYear.High, func(b *batch, d int, v float64) { b.rate[j][d] = v })
		add(fmt.Sprintf("workload.items[%d].hours", j), "Hours each: "+name, it.Hours.Low, it.Hours.Mode, it.Hours.High, func(b *batch, d int, v float64) { b.hours[j][d] = v })
	}
	t.hourSwings(add)
	for i := range p.Roles {
		r := &p.Roles[i]
		if per := r.Ratio.per(); per > 0 {
			low, high := swingRatioLow, swingRatioHigh
			if d, ok := DefaultOf("ratio/" + r.Name); ok && d.Value > 0 && d.Low > 0 && d.High > 0 {
				low, high = d.Low/d.Value, d.High/d.Value
			}
			add(fmt.Sprintf("roles[%d].ratio.%s", i, r.Ratio.key()), "Ratio of "+r.Name, low*per, per, high*per, func(b *batch, d int, v float64) { b.ratio[i][d] = v })
		}
		if a := r.Attrition; a > 0 {
			lost := t.roles[i].lost
			add(fmt.Sprintf("roles[%d].attrition", i), "Attrition of "+r.Name, a*(1-swingAttrition), a, min(1, a*(1+swingAttrition)), func(b *batch, d int, v float64) { b.stay[i][d] = 1 - min(1, v*lost) })
		}
	}
	return out, set
}

// hourSwings are those of the working year: the plan's for all roles that have none of their own, and each of these.
func (t *trial) hourSwings(add func(path, name string, low, at, high float64, to setter)) {
	p := t.p
	one := func(path, whose string, h Hours, roles []int) {
		if len(roles) == 0 {
			return
		}
		name, at, high := "Productive hours"+whose, h.Productive(), h.Productive()*(1+swingHours)
		scale := 1.0
		if h.Stated == 0 {
			if h.IsZero() {
				h = DefaultHours()
			}
			path, name, at, scale = path+".wrench_time", "Wrench time"+whose, h.WrenchTime, h.Available()
			high = min(1, at*(1+swingHours))
		}
		add(path, name, at*(1-swingHours), at, high, func(b *batch, d int, v float64) {
			for _, i := range roles {
				b.productive[i][d] = v * scale
			}
		})
	}
	var common []int
	for i := range p.Roles {
		if h := p.Roles[i].Hours; h != nil && !h.IsZero() {
			one(fmt.Sprintf("roles[%d].productive_hours", i), " of "+p.Roles[i].Name, *h, []int{i})
		} else {
			common = append(common, i)
		}
	}
	one("workload.productive_hours", "", p.Workload.Hours, common)
}

// key is the name of the ratio that is set, in a plan file.
func (r *Ratio) key() string {
	switch {
	case r.FTEPerFTE > 0:
		return "fte_per_fte"
	case r.BedsPerFTE > 0:
		return "beds_per_fte"
	case r.ValuePerFTE > 0:
		return "value_per_fte"
	}
	return "devices_per_fte"
}
