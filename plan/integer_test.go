package plan

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
)

// smallProgram has the form that Optimise makes: all rows can be kept by choosing nothing.
func smallProgram(g *rand.Rand) *program {
	m := &program{}
	for range 2 + g.IntN(6) {
		m.unknown(float64(g.IntN(12)-2), float64(1+g.IntN(4)), g.IntN(2) == 0)
	}
	for range 1 + g.IntN(4) {
		var terms []term
		give := g.IntN(2) == 0 // whole unknowns give to the row instead of taking from it
		for j := range m.c {
			v := float64(g.IntN(9))
			if m.whole[j] && give {
				v = -v / 2
			}
			terms = append(terms, term{j, v})
		}
		m.row(float64(g.IntN(25)), terms...)
	}
	return m
}

// gonum solves the relaxation by lp.Simplex: bounds become rows, rows get slack.
func gonum(t *testing.T, m *program, low, high []float64) (float64, bool) {
	n, rows := len(m.c), len(m.rows)+len(m.c)
	a := mat.NewDense(rows, n+rows, nil)
	b, c := make([]float64, rows), make([]float64, n+rows)
	value := 0.0
	for j := range n {
		c[j] = -m.c[j]
		value += m.c[j] * low[j]
		a.Set(len(m.rows)+j, j, 1)
		b[len(m.rows)+j] = high[j] - low[j]
	}
	for i, row := range m.rows {
		b[i] = m.most[i]
		for j, v := range row {
			a.Set(i, j, v)
			b[i] -= v * low[j]
		}
	}
	for i := range rows {
		a.Set(i, n+i, 1)
		if b[i] < 0 {
			return 0, false
		}
	}
	basis := make([]int, rows)
	for i := range basis {
		basis[i] = n + i
	}
	best, _, err := lp.Simplex(c, a, b, 1e-10, basis)
	if err != nil {
		t.Fatal(err)
	}
	return value - best, true
}

// TestRelaxIsGonum holds the simplex method here against gonum's.
func TestRelaxIsGonum(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 1))
	solved := 0
	for n := range 1500 {
		m := smallProgram(g)
		low, high := make([]float64, len(m.c)), slices.Clone(m.high)
		for j := range low {
			if g.IntN(4) == 0 {
				low[j] = float64(g.IntN(int(high[j]) + 1))
			}
			if g.IntN(4) == 0 {
				high[j] = low[j] + float64(g.IntN(int(high[j]-low[j])+1))
			}
		}
		x, got, ok := m.relax(low, high)
		want, possible := gonum(t, m, low, high)
		if ok != possible {
			t.Fatalf("program %d: possible %v, gonum %v", n, ok, possible)
		}
		if !ok {
			continue
		}
		solved++
		if math.Abs(got-want) > 1e-7*(1+math.Abs(want)) {
			t.Fatalf("program %d %+v: %g, gonum %g", n, m, got, want)
		}
		for i, row := range m.rows {
			sum := 0.0
			for j, v := range row {
				sum += v * x[j]
			}
			if sum > m.most[i]+1e-7 {
				t.Fatalf("program %d: row %d is broken", n, i)
			}
		}
		for j := range x {
			if x[j] < low[j]-1e-9 || x[j] > high[j]+1e-9 {
				t.Fatalf("program %d: unknown %d leaves its bounds", n, j)
			}
		}
	}
	if solved < 500 {
		t.Errorf("only %d programs could be solved", solved)
	}
}

// TestBranchAndBound holds the whole numbers against trying all of them.
func TestBranchAndBound(t *testing.T) {
	g := rand.New(rand.NewPCG(2, 2))
	for n := range 400 {
		m := smallProgram(g)
		best := math.Inf(-1)
		low, high := make([]float64, len(m.c)), slices.Clone(m.high)
		var all func(j int)
		all = func(j int) {
			if j == len(m.c) {
				if v, ok := gonum(t, m, low, high); ok {
					best = max(best, v)
				}
				return
			}
			if !m.whole[j] {
				all(j + 1)
				return
			}
			for v := range int(m.high[j]) + 1 {
				low[j], high[j] = float64(v), float64(v)
				all(j + 1)
			}
			low[j], high[j] = 0, m.high[j]
		}
		all(0)
		s := m.solve(100_000, nil)
		if s.gap != 0 || math.Abs(s.value-best) > 2e-6*(1+math.Abs(best)) {
			t.Fatalf("program %d %+v: %g (gap %g), all of them tried: %g", n, m, s.value, s.gap, best)
		}
		if m.fraction(s.x) >= 0 {
			t.Fatalf("program %d: %v is not whole", n, s.x)
		}
	}
}
