package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"pons/fault"
)

// What a simulation takes that a plan says nothing of (domain note 1, §1.10: at least 10,000 draws; P10, P50, P80, P90).
const (
	DefaultDraws = 10_000
	DefaultSeed  = 1
)

// DefaultPercentiles are those of domain note 1, §1.10.
func DefaultPercentiles() []float64 { return []float64{10, 50, 80, 90} }

// cellBudget is how many results are kept at once: 2²³ numbers, 64 MiB. More draws than fit are made in several
// passes over the years, with the same numbers. One year must fit into four times that: 256 MiB at the most.
const cellBudget = 1 << 23

// Percentiles are what the draws of a plan came to. A percentile is a value that was drawn (nearest rank): that of the
// required FTE is the rounded percentile of the raw FTE, and its cost that of these heads.
type Percentiles struct {
	Draws       int
	Seed        uint64
	Percentiles []float64 // 0 to 100
	Roles       []RolePercentiles
	TotalFTE    []YearPercentiles // required; Enough: all roles at once have enough people
	TotalRaw    []YearPercentiles // unrounded
	TotalCost   []YearPercentiles // wages and benefits
	TotalSpend  []YearPercentiles // with contracts, parts, on-call and other costs
}

// RolePercentiles are those of one role, year by year.
type RolePercentiles struct {
	Name  string
	Years []YearPercentiles // required FTE; Enough: available FTE are not under them
	Raw   []YearPercentiles // unrounded, for bands
	Cost  []YearPercentiles
}

// YearPercentiles are the values at the percentiles that were asked for, in their order, and the probability (0 to 1)
// that the people who are there in that year are enough, where that is said.
type YearPercentiles struct {
	Year   int
	Mean   float64
	Values []float64
	Enough *float64
}

// MarshalJSON writes what programs read: roles by name, percentiles as p10, p50….
func (s *Percentiles) MarshalJSON() ([]byte, error) {
	line := func(to map[string]any, prefix string, y *YearPercentiles) {
		to["year"], to[prefix+"mean"] = y.Year, y.Mean
		for i, q := range s.Percentiles {
			to[prefix+"p"+strconv.FormatFloat(q, 'g', -1, 64)] = y.Values[i]
		}
		if y.Enough != nil {
			to["enough"] = *y.Enough
		}
	}
	list := func(years []YearPercentiles) []map[string]any {
		out := make([]map[string]any, len(years))
		for i := range years {
			out[i] = map[string]any{}
			line(out[i], "", &years[i])
		}
		return out
	}
	roles := map[string][]map[string]any{}
	for _, r := range s.Roles {
		out := list(r.Years)
		for i := range out {
			line(out[i], "raw_", &r.Raw[i])
			line(out[i], "cost_", &r.Cost[i])
		}
		roles[r.Name] = out
	}
	return json.Marshal(map[string]any{
		"draws": s.Draws, "seed": s.Seed, "percentiles": s.Percentiles, "roles": roles,
		"total_fte": list(s.TotalFTE), "total_raw_fte": list(s.TotalRaw), "total_cost": list(s.TotalCost), "total_spend": list(s.TotalSpend),
	})
}

// Simulate draws the plan many times. Growth, rates and hours are PERT distributions over their ranges, drawn once for
// all years of a draw; events by device that come as they come are Poisson in each year, those by calendar (PM, audits,
// training) are counted; leavers are binomial in each year. Everything else is as Project computes it, and where
// nothing is uncertain every percentile is Project's number. The seed fixes the numbers, whatever the machine.
// It wraps fault.Invalid with the plan's mistakes (Mistakes); it ends with the context.
func (p *Plan) Simulate(ctx context.Context) (*Percentiles, error) {
	if _, err := p.Check(); err != nil {
		return nil, err
	}
	s := p.simulation()
	t := p.trial()
	out := &Percentiles{Draws: s.Draws, Seed: s.Seed, Percentiles: s.Percentiles}
	for i := range p.Roles {
		out.Roles = append(out.Roles, RolePercentiles{Name: p.Roles[i].Name})
	}
	perYear := s.Draws * (len(p.Roles) + totals)
	if perYear > 4*cellBudget {
		return nil, fault.Mistakes{{Path: "simulation.draws", Text: fmt.Sprintf("%s draws of %d roles take too much memory: write at most %s", whole(s.Draws), len(p.Roles), whole(4*cellBudget/(len(p.Roles)+totals)))}}
	}
	at := max(1, cellBudget/perYear)
	var cells []float64
	for from := 0; from < t.years; from += at {
		until := min(from+at, t.years)
		run := &pass{trial: t, s: s, from: from, until: until, cells: grow(cells, perYear*(until-from))}
		run.enough = make([]atomic.Int64, (until-from)*(len(p.Roles)+1))
		if err := run.draw(ctx); err != nil {
			return nil, err
		}
		if err := run.summarise(ctx, out); err != nil {
			return nil, err
		}
		cells = run.cells
	}
	return out, nil
}

func grow(cells []float64, n int) []float64 {
	if cap(cells) >= n {
		return cells[:n]
	}
	return make([]float64, n)
}

func (p *Plan) simulation() Simulation {
	s := p.Simulation
	if s.Draws == 0 {
		s.Draws = DefaultDraws
	}
	if s.Seed == 0 {
		s.Seed = DefaultSeed
	}
	if len(s.Percentiles) == 0 {
		s.Percentiles = DefaultPercentiles()
	}
	s.Percentiles = slices.Compact(slices.Sorted(slices.Values(s.Percentiles)))
	return s
}

// totals are the sums that are kept beside the roles' raw FTE: raw, required, cost, spend.
const totals = 4

// pass is the draws of some of the years.
type pass struct {
	*trial
	s           Simulation
	from, until int
	cells       []float64      // by year, role or total, draw
	enough      []atomic.Int64 // by year, role (all roles last): draws with enough people
}

func (r *pass) cell(y, k int) []float64 {
	n := r.s.Draws
	at := ((y-r.from)*(len(r.roles)+totals) + k) * n
	return r.cells[at : at+n : at+n]
}

// each runs jobs on all processors. The first error ends it.
func each(ctx context.Context, jobs int, work func() func(job int)) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(jobs, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			do := work()
			for job := int(next.Add(1)) - 1; job < jobs && ctx.Err() == nil; job = int(next.Add(1)) - 1 {
				do(job)
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("plan: the simulation was ended: %w", err)
	}
	return nil
}

func (r *pass) draw(ctx context.Context) error {
	blocks := (r.s.Draws + blockSize - 1) / blockSize
	return each(ctx, blocks, func() func(int) {
		b := r.batch(blockSize)
		b.chance = true
		return func(at int) {
			r.assume(b, r.s.Seed, at)
			for y := range r.until {
				r.advance(b, y)
				if y < r.from {
					continue
				}
				r.staff(b, r.s.Seed, at, y)
				r.total(b, y)
				r.keep(b, at, y)
			}
		}
	})
}

// keep puts a block's results where they are summarised.
func (r *pass) keep(b *batch, at, y int) {
	first := at * blockSize
	n := min(blockSize, r.s.Draws-first)
	roles := len(r.roles)
	var short [blockSize]bool
	for i := range roles {
		copy(r.cell(y, i)[first:], b.raw[i][:n])
		met := int64(0)
		for d, need := range b.required[i][:n] {
			if b.available[i][d]+slack >= need {
				met++
			} else {
				short[d] = true
			}
		}
		r.enough[(y-r.from)*(roles+1)+i].Add(met)
	}
	for k, v := range [totals][]float64{b.totalRaw, b.totalFTE, b.cost, b.spend} {
		copy(r.cell(y, roles+k)[first:], v[:n])
	}
	met := int64(0)
	for _, s := range short[:n] {
		if !s {
			met++
		}
	}
	r.enough[(y-r.from)*(roles+1)+roles].Add(met)
}

// summarise sorts the draws as far as the percentiles need it.
func (r *pass) summarise(ctx context.Context, out *Percentiles) error {
	years, wide := r.until-r.from, len(r.roles)+totals
	raw, required := make([]YearPercentiles, years*wide), make([]float64, years*len(r.roles))
	places := make([]int, len(r.s.Percentiles))
	for i, q := range r.s.Percentiles {
		places[i] = max(0, int(math.Ceil(q*float64(r.s.Draws)/100-1e-6))-1)
	}
	err := each(ctx, years*wide, func() func(int) {
		return func(job int) {
			y, k := r.from+job/wide, job%wide
			cell := r.cell(y, k)
			if k < len(r.roles) {
				sum := 0.0
				for _, v := range cell {
					sum += r.p.Rounding.Up(v)
				}
				required[(y-r.from)*len(r.roles)+k] = sum / float64(len(cell))
			}
			raw[job] = spread(r.p.BaseYear+y, cell, places)
		}
	})
	if err != nil {
		return err
	}
	chance := func(y, i int) *float64 {
		v := float64(r.enough[y*(len(r.roles)+1)+i].Load()) / float64(r.s.Draws)
		return &v
	}
	for y := range years {
		for i := range r.roles {
			role, of := &out.Roles[i], raw[y*wide+i]
			fte := YearPercentiles{Year: of.Year, Mean: required[y*len(r.roles)+i], Enough: chance(y, i)}
			cost := YearPercentiles{Year: of.Year, Mean: fte.Mean * r.roles[i].wage[r.from+y]}
			for _, v := range of.Values {
				fte.Values = append(fte.Values, r.p.Rounding.Up(v))
				cost.Values = append(cost.Values, r.p.Rounding.Up(v)*r.roles[i].wage[r.from+y])
			}
			if of.certain() {
				fte.Mean = fte.Values[0]
				cost.Mean = cost.Values[0]
			}
			role.Years, role.Raw, role.Cost = append(role.Years, fte), append(role.Raw, of), append(role.Cost, cost)
		}
		sums := raw[y*wide+len(r.roles):]
		sums[1].Enough = chance(y, len(r.roles))
		out.TotalRaw, out.TotalFTE = append(out.TotalRaw, sums[0]), append(out.TotalFTE, sums[1])
		out.TotalCost, out.TotalSpend = append(out.TotalCost, sums[2]), append(out.TotalSpend, sums[3])
	}
	return nil
}

// certain says that all draws were the same.
func (y *YearPercentiles) certain() bool {
	return y.Mean == y.Values[0] && y.Mean == y.Values[len(y.Values)-1]
}

func spread(year int, v []float64, places []int) YearPercentiles {
	out := YearPercentiles{Year: year, Values: make([]float64, len(places))}
	sum, low, high := 0.0, v[0], v[0]
	for _, x := range v {
		sum += x
		low, high = min(low, x), max(high, x)
	}
	if low == high {
		out.Mean = low
		fill(out.Values, low)
		return out
	}
	out.Mean = sum / float64(len(v))
	ranks(v, places)
	for i, at := range places {
		out.Values[i] = v[at]
	}
	return out
}
