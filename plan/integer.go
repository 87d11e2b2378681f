package plan

import (
	"container/heap"
	"math"
	"slices"
)

// program is a linear program some of whose unknowns are whole numbers: the largest c·x with rows·x ≤ most and
// low ≤ x ≤ high, low being 0 or what whole unknowns cannot go under. Nothing chosen (x = low) must be allowed, continuous unknowns must only take from a row, and the whole
// unknowns of one row must all take from it or all give to it: then a choice that breaks a row cannot be mended by
// choosing more, and no first phase is needed.
//
// The relaxation is solved by the simplex method with upper bounds kept out of the rows (Dantzig 1955), the whole
// numbers by branch and bound over it, best bound first (Land, Doig 1960). gonum's lp.Simplex has no bounds and
// factorises anew at each pivot: at 30 roles it would need 250 rows for what are 60 here. The tests hold both against
// each other.
type program struct {
	c         []float64
	low, high []float64
	whole     []bool
	rows      [][]float64
	most      []float64
}

// unknown adds one and says its place.
func (m *program) unknown(c, high float64, whole bool) int {
	m.c, m.low, m.high, m.whole = append(m.c, c), append(m.low, 0), append(m.high, high), append(m.whole, whole)
	return len(m.c) - 1
}

// term is a coefficient of a row.
type term struct {
	at int
	v  float64
}

func (m *program) row(most float64, terms ...term) {
	row := make([]float64, len(m.c))
	for _, t := range terms {
		row[t.at] += t.v
	}
	m.rows, m.most = append(m.rows, row), append(m.most, most)
}

const (
	tiny   = 1e-9 // what counts as zero in a tableau; the rows are scaled to about 1
	nearly = 1e-7 // a whole number may be off by this much
)

// relax solves the program between bounds, whole numbers or not. ok is false when the lower bounds break a row.
func (m *program) relax(low, high []float64) (x []float64, value float64, ok bool) {
	x, _, value, ok = m.priced(low, high)
	return x, value, ok
}

// priced also says what each unknown costs at least, in value, for each unit that it leaves the bound where it stands;
// 0 where it stands between bounds.
func (m *program) priced(low, high []float64) (x, cost []float64, value float64, ok bool) {
	x = slices.Clone(low)
	var free []int
	for j := range m.c {
		value += m.c[j] * low[j]
		if high[j] > low[j] {
			free = append(free, j)
		}
	}
	t := tableau{n: len(free), up: make([]float64, len(free)+len(m.rows)), at: make([]int, len(free)), basis: make([]int, len(m.rows)), turned: make([]bool, len(free)+len(m.rows))}
	t.gain = make([]float64, t.n)
	for k, j := range free {
		t.gain[k], t.up[k], t.at[k] = m.c[j], high[j]-low[j], k
	}
	t.rows, t.rest = make([][]float64, len(m.rows)), make([]float64, len(m.rows))
	all := make([]float64, len(m.rows)*t.n)
	for i, row := range m.rows {
		rest := m.most[i]
		for j, v := range row {
			rest -= v * low[j]
		}
		if rest < -nearly {
			return nil, nil, 0, false
		}
		t.rest[i], t.rows[i], all = max(rest, 0), all[:t.n:t.n], all[t.n:]
		for k, j := range free {
			t.rows[i][k] = row[j]
		}
		t.basis[i], t.up[t.n+i] = t.n+i, math.Inf(1)
	}
	t.solve()
	for k, j := range free {
		v := t.value(k)
		x[j] += v
		value += m.c[j] * v
	}
	cost = make([]float64, len(m.c))
	for k, at := range t.at {
		if at < t.n {
			cost[free[at]] = max(0, -t.gain[k])
		}
	}
	return x, cost, value, true
}

// tableau is the simplex method's, without the columns of the basis. Unknowns n… are what is left over of each row.
// One that stands at its upper bound is turned: it counts down from there.
type tableau struct {
	n      int
	rows   [][]float64
	rest   []float64 // values of the basis
	gain   []float64 // of each column
	up     []float64 // upper bound, by unknown
	at     []int     // unknown, by column
	basis  []int     // unknown, by row
	turned []bool    // by unknown
}

func (t *tableau) value(k int) float64 {
	v := 0.0
	if i := slices.Index(t.basis, k); i >= 0 {
		v = t.rest[i]
	}
	if t.turned[k] {
		v = t.up[k] - v
	}
	return v
}

// solve pivots until no column gains. After many pivots it takes the first column and row instead of the best ones
// (Bland 1977), which cannot go in circles.
func (t *tableau) solve() {
	for pivots := 0; ; pivots++ {
		bland := pivots > 20*(t.n+len(t.rows))
		if pivots > 200*(t.n+len(t.rows)) {
			return // by then only rounding is left to gain
		}
		k := -1
		for j, g := range t.gain {
			switch {
			case g <= tiny:
			case k < 0, !bland && g > t.gain[k], bland && t.at[j] < t.at[k]:
				k = j
			}
		}
		if k < 0 {
			return
		}
		step, leave, upper := t.up[t.at[k]], -1, false
		for i, row := range t.rows {
			v := row[k]
			limit, toUpper := math.Inf(1), false
			switch {
			case v > tiny:
				limit = t.rest[i] / v
			case v < -tiny && !math.IsInf(t.up[t.basis[i]], 1):
				limit, toUpper = (t.up[t.basis[i]]-t.rest[i])/-v, true
			}
			if limit < step-1e-12 || leave >= 0 && limit <= step && (bland && t.basis[i] < t.basis[leave] || !bland && math.Abs(v) > math.Abs(t.rows[leave][k])) {
				step, leave, upper = limit, i, toUpper
			}
		}
		switch {
		case leave >= 0:
			if upper {
				t.turnRow(leave)
			}
			t.pivot(leave, k)
		case math.IsInf(step, 1):
			return // nothing bounds it: no program of this package is like that
		default:
			t.turnColumn(k)
		}
	}
}

func (t *tableau) turnColumn(k int) {
	u := t.up[t.at[k]]
	for i, row := range t.rows {
		t.rest[i] = max(t.rest[i]-row[k]*u, 0)
		row[k] = -row[k]
	}
	t.gain[k] = -t.gain[k]
	t.turned[t.at[k]] = !t.turned[t.at[k]]
}

func (t *tableau) turnRow(i int) {
	k := t.basis[i]
	t.rest[i] = t.up[k] - t.rest[i]
	for j := range t.rows[i] {
		t.rows[i][j] = -t.rows[i][j]
	}
	t.turned[k] = !t.turned[k]
}

func (t *tableau) pivot(r, k int) {
	row := t.rows[r]
	by := 1 / row[k]
	for j := range row {
		row[j] *= by
	}
	row[k] = by
	t.rest[r] *= by
	sweep := func(other []float64, f float64) {
		for j, v := range row {
			other[j] -= f * v
		}
		other[k] = -f * by
	}
	for i, other := range t.rows {
		if f := other[k]; i != r && f != 0 {
			sweep(other, f)
			t.rest[i] = max(t.rest[i]-f*t.rest[r], 0)
		}
	}
	if f := t.gain[k]; f != 0 {
		sweep(t.gain, f)
	}
	t.basis[r], t.at[k] = t.at[k], t.basis[r]
}

// branch is a part of what may be chosen, with a bound on what it can give.
type branch struct {
	low, high, x []float64
	bound        float64
}

type branches []branch

func (b branches) Len() int           { return len(b) }
func (b branches) Less(i, j int) bool { return b[i].bound > b[j].bound }
func (b branches) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *branches) Push(x any)        { *b = append(*b, x.(branch)) }
func (b *branches) Pop() any {
	last := (*b)[len(*b)-1]
	*b = (*b)[:len(*b)-1]
	return last
}

// solution is the best that was found, and how much better the best there is can be at most: 0 when it is proven.
type solution struct {
	x          []float64
	value, gap float64
	nodes      int
}

// solve searches until the best is proven (to a millionth of its value), or after so many relaxations.
func (m *program) solve(limit int, start []float64) solution {
	s := solution{x: make([]float64, len(m.c)), value: math.Inf(-1)}
	try := func(x []float64) {
		fixed, high := make([]float64, len(x)), slices.Clone(m.high)
		for j := range x {
			if m.whole[j] {
				fixed[j] = math.Round(x[j])
				high[j] = fixed[j]
			}
		}
		if got, v, ok := m.relax(fixed, high); ok && v > s.value {
			s.x, s.value = got, v
		}
		s.nodes++
	}
	near := func() float64 { return 1e-6 * (1 + math.Abs(s.value)) }
	if try(m.low); start != nil {
		try(start)
	}
	var open branches
	split := func(low, high []float64) {
		x, cost, v, ok := m.priced(low, high)
		s.nodes++
		if !ok || v <= s.value+near() {
			return
		}
		// A whole number that would cost more than what there is to gain over the best known stays near its bound.
		low, high = slices.Clone(low), slices.Clone(high)
		for j, c := range cost {
			if !m.whole[j] || c*(high[j]-low[j]) <= v-s.value {
				continue
			}
			most := math.Floor((v-s.value)/c + nearly)
			if x[j]-low[j] <= high[j]-x[j] {
				high[j] = min(high[j], low[j]+most)
			} else {
				low[j] = max(low[j], high[j]-most)
			}
		}
		if m.fraction(x) < 0 {
			s.x, s.value = x, v
			return
		}
		if s.nodes < 40 || s.nodes%8 == 0 {
			try(m.rounded(x))
		}
		heap.Push(&open, branch{low, high, x, v})
	}
	split(slices.Clone(m.low), slices.Clone(m.high))
	for len(open) > 0 {
		b := heap.Pop(&open).(branch)
		if b.bound <= s.value+near() {
			break
		}
		if s.nodes >= limit {
			s.gap = b.bound - s.value
			break
		}
		j := m.fraction(b.x)
		down, up := slices.Clone(b.high), slices.Clone(b.low)
		down[j], up[j] = math.Floor(b.x[j]), math.Ceil(b.x[j])
		split(b.low, down)
		split(up, b.high)
	}
	return s
}

// fraction is the whole unknown that is furthest from being whole; −1 when all are.
func (m *program) fraction(x []float64) int {
	at, most := -1, nearly
	for j, v := range x {
		if f := math.Abs(v - math.Round(v)); m.whole[j] && f > most {
			at, most = j, f
		}
	}
	return at
}

// rounded takes all whole parts, and then one more of what fits, largest fraction first.
func (m *program) rounded(x []float64) []float64 {
	out, order := make([]float64, len(x)), []int(nil)
	for j, v := range x {
		if m.whole[j] {
			out[j] = math.Floor(v + nearly)
			order = append(order, j)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if x[a]-out[a] > x[b]-out[b] {
			return -1
		}
		return 1
	})
	for _, j := range order {
		if out[j]+1 > m.high[j] || m.c[j] <= 0 && x[j] <= out[j]+nearly {
			continue
		}
		out[j]++
		for i, row := range m.rows {
			rest := m.most[i]
			for k, v := range out {
				rest -= row[k] * v
			}
			if rest < 0 {
				out[j]--
				break
			}
		}
	}
	return out
}
