package plan

import (
	"math"
	"math/rand/v2"
	"strings"
)

// Draws are made by inversion: each assumption has a stream of uniform numbers of its own, and a draw is the quantile
// of its distribution at such a number. The same number at a higher rate never gives fewer events, so that a slider
// moves results smoothly and never backwards (common random numbers).

// blockSize is how many draws are computed together. It is part of what a seed means: another size, other numbers.
const blockSize = 256

// streamKey names the stream of an assumption by what it is about, not by its place in the plan: a class more, or
// another order, leaves the numbers of the others as they are.
func streamKey(parts ...string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a, 64 bits
	for _, s := range parts {
		for _, b := range []byte(s) {
			h = (h ^ uint64(b)) * 1099511628211
		}
		h = (h ^ 0x1f) * 1099511628211 // a byte no name has, between the parts
	}
	return h
}

// ofYear is the stream of one year of an assumption that is drawn anew each year.
func ofYear(key uint64, y int) uint64 { return scramble(key + uint64(y+1)*0x9e3779b97f4a7c15) }

// scramble is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// uniform writes the numbers of one block of a stream, each inside of (0,1). Any block can be had without those before
// it, so that any number of goroutines gives the same draws.
func uniform(seed, key uint64, block int, u []float64) {
	var g rand.PCG
	g.Seed(scramble(seed^key), scramble(key+scramble(uint64(block)+1)))
	for i := range u {
		u[i] = (float64(g.Uint64()>>12) + 0.5) * 0x1p-52
	}
}

// shapeCells is how finely a PERT distribution is tabled. Its mean comes out to about 1e-6 of the range.
const shapeCells = 256

// shape is the distribution function of a PERT on 0…1, tabled at equal steps, with a guide that says where to look.
type shape struct {
	below [shapeCells + 1]float64
	guide [shapeCells]uint16
}

// shapes keeps the shapes of one computation: a shape depends only on where the mode lies between low and high.
type shapes struct {
	known map[float64]*shape
	logs  [2*shapeCells + 1]float64 // ln of the nodes and midpoints
}

func newShapes() *shapes {
	s := &shapes{known: map[float64]*shape{}}
	for i := range s.logs {
		s.logs[i] = math.Log(float64(i) / (2 * shapeCells))
	}
	return s
}

// of tables Beta(1+4m, 5−4m), m being the mode on 0…1: its mean is (O+4M+P)/6 (domain note 1, §1.10).
func (s *shapes) of(m float64) *shape {
	if known := s.known[m]; known != nil {
		return known
	}
	a, b, end := 4*m, 4*(1-m), len(s.logs)-1
	density := func(i int) float64 {
		var ln float64
		if a > 0 {
			ln += a * s.logs[i]
		}
		if b > 0 {
			ln += b * s.logs[end-i]
		}
		return math.Exp(ln)
	}
	f := &shape{}
	left := density(0)
	for i := range shapeCells {
		right := density(2*i + 2)
		part := left + 4*density(2*i+1) + right // Simpson; the factor goes below
		switch i {
		case 0:
			part = edge(a, b)
		case shapeCells - 1:
			part = edge(b, a)
		}
		f.below[i+1] = f.below[i] + part
		left = right
	}
	total := f.below[shapeCells]
	for i := range f.below {
		f.below[i] /= total
	}
	f.below[shapeCells] = 1
	at := 0
	for k := range f.guide {
		for at+1 < shapeCells && f.below[at+1] <= float64(k)/shapeCells {
			at++
		}
		f.guide[k] = uint16(at)
	}
	s.known[m] = f
	return f
}

// edge is the integral of x^a (1−x)^b over the cell next to 0, where the density may be as steep as it likes: x^a as it
// is, and the other factor by its series.
func edge(a, b float64) float64 {
	const h = 1.0 / shapeCells
	return 6 * math.Pow(h, a) * (1/(a+1) - b*h/(a+2) + b*(b-1)/2*h*h/(a+3))
}

func (f *shape) quantile(u float64) float64 {
	i := int(f.guide[int(u*shapeCells)])
	for f.below[i+1] < u {
		i++
	}
	return (float64(i) + (u-f.below[i])/(f.below[i+1]-f.below[i])) / shapeCells
}

// pert is a Range that can be drawn from.
type pert struct {
	low, span, mode float64
	shape           *shape // nil: certain
}

func (s *shapes) pert(r Range) pert {
	if r.Certain() {
		return pert{mode: r.Mode}
	}
	return pert{r.Low, r.High - r.Low, r.Mode, s.of((r.Mode - r.Low) / (r.High - r.Low))}
}

// draw turns uniform numbers into values of the range.
func (d *pert) draw(u, to []float64) {
	if d.shape == nil {
		for i := range to {
			to[i] = d.mode
		}
		return
	}
	for i := range to {
		to[i] = d.low + d.span*d.shape.quantile(u[i])
	}
}

// poissonExact is the mean from which the quantile comes from its expansion; under it, from adding up probabilities.
const poissonExact = 16.0

// poisson is the least n with P(N ≤ n) ≥ u, N being Poisson with this mean. From a mean of 16 it is the expansion of
// M. B. Giles (ACM TOMS 42, 2016, algorithm 955), whose error is under 0.02 events in the middle; it never falls when
// the mean rises, across the seam neither.
func poisson(mean, u float64) float64 {
	if mean < poissonExact {
		return countUp(mean, u)
	}
	root, w := math.Sqrt(mean), normalQuantile(u)
	ww := w * w
	n := math.Floor(mean + root*w + 1.0/3 + ww/6 - w*(2+ww)/(72*root) + (ww*(3*ww+7)/810-8.0/405)/mean)
	if mean < poissonExact+2 {
		n = max(n, countUp(poissonExact, u))
	}
	return max(n, 0)
}

func countUp(mean, u float64) float64 {
	if mean <= 0 {
		return 0
	}
	u = min(u, 1-1e-12) // beyond that the sum's own rounding decides
	n, p := 0.0, math.Exp(-mean)
	for sum := p; sum < u && n < 200; sum += p {
		n++
		p *= mean / n
	}
	return n
}

// normalQuantile is that of the standard normal distribution: M. J. Wichura, algorithm AS 241 (1988), PPND16, good to
// sixteen digits.
func normalQuantile(u float64) float64 {
	q := u - 0.5
	if math.Abs(q) <= 0.425 {
		r := 0.180625 - q*q
		return q * (((((((2509.0809287301226727*r+33430.575583588128105)*r+67265.770927008700853)*r+45921.953931549871457)*r+13731.693765509461125)*r+1971.5909503065514427)*r+133.14166789178437745)*r + 3.387132872796366608) /
			(((((((5226.495278852545925*r+28729.085735721942674)*r+39307.89580009271061)*r+21213.794301586595867)*r+5394.1960214247511077)*r+687.1870074920579083)*r+42.313330701600911252)*r + 1)
	}
	r := u
	if q > 0 {
		r = 1 - u
	}
	r = math.Sqrt(-math.Log(r))
	var w float64
	if r <= 5 {
		r -= 1.6
		w = (((((((7.7454501427834140764e-4*r+0.0227238449892691845833)*r+0.24178072517745061177)*r+1.27045825245236838258)*r+3.64784832476320460504)*r+5.7694972214606914055)*r+4.6303378461565452959)*r + 1.42343711074968357734) /
			(((((((1.05075007164441684324e-9*r+5.475938084995344946e-4)*r+0.0151986665636164571966)*r+0.14810397642748007459)*r+0.68976733498510000455)*r+1.6763848301838038494)*r+2.05319162663775882187)*r + 1)
	} else {
		r -= 5
		w = (((((((2.01033439929228813265e-7*r+2.71155556874348757815e-5)*r+0.0012426609473880784386)*r+0.026532189526576123093)*r+0.29656057182850489123)*r+1.7848265399172913358)*r+5.4637849111641143699)*r + 6.6579046435011037772) /
			(((((((2.04426310338993978564e-15*r+1.4215117583164458887e-7)*r+1.8463183175100546818e-5)*r+7.868691311456132591e-4)*r+0.0148753612908506148525)*r+0.13692988092273580531)*r+0.59983220655588793769)*r + 1)
	}
	return math.Copysign(w, q)
}

// binomial tables P(L ≤ l) of n people each of whom leaves with probability p.
func binomial(n int, p float64) []float64 {
	below := make([]float64, n+1)
	sum := 0.0
	for l := range below {
		ln := lgamma(n+1) - lgamma(l+1) - lgamma(n-l+1)
		switch {
		case p <= 0:
			ln = map[bool]float64{true: 0, false: math.Inf(-1)}[l == 0]
		case p >= 1:
			ln = map[bool]float64{true: 0, false: math.Inf(-1)}[l == n]
		default:
			ln += float64(l)*math.Log(p) + float64(n-l)*math.Log1p(-p)
		}
		sum += math.Exp(ln)
		below[l] = sum
	}
	below[n] = 1
	return below
}

func lgamma(n int) float64 {
	v, _ := math.Lgamma(float64(n))
	return v
}

// pick is the least place whose share is not under u.
func pick(below []float64, u float64) float64 {
	l := 0
	for below[l] < u {
		l++
	}
	return float64(l)
}

// ranks finds the values at some places (ascending) of a list that is being sorted only as far as they need it.
func ranks(v []float64, places []int) {
	for len(v) > 12 && len(places) > 0 {
		pivot := median(v[0], v[len(v)/2], v[len(v)-1])
		i, j := 0, len(v)-1
		for i <= j { // Hoare: equal values spread over both sides
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i, j = i+1, j-1
			}
		}
		left, right := 0, len(places)
		for left < len(places) && places[left] <= j {
			left++
		}
		for right > left && places[right-1] >= i {
			right--
		}
		if left > 0 {
			ranks(v[:j+1], places[:left])
		}
		rest := places[right:]
		if len(rest) == 0 {
			return
		}
		moved := make([]int, len(rest))
		for k, at := range rest {
			moved[k] = at - i
		}
		v, places = v[i:], moved
	}
	if len(places) > 0 {
		for i := 1; i < len(v); i++ {
			for j := i; j > 0 && v[j] < v[j-1]; j-- {
				v[j], v[j-1] = v[j-1], v[j]
			}
		}
	}
}

func median(a, b, c float64) float64 {
	return max(min(a, b), min(max(a, b), c))
}

// itemKeys names the stream of every line of work; lines that are called the same are told apart by their turn.
func (p *Plan) itemKeys() []uint64 {
	seen, keys := map[string]string{}, make([]uint64, len(p.Workload.Items))
	for i := range p.Workload.Items {
		it := &p.Workload.Items[i]
		name := strings.Join([]string{fold(it.Role), fold(it.Class), fold(it.Name)}, "\x1f")
		seen[name] += "'"
		keys[i] = streamKey("item", name, seen[name])
	}
	return keys
}
