package web

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"pons/fault"
	"pons/plan"
)

// planPanel is the result so far: what stands at the side of every step and moves as sliders move.
type planPanel struct {
	Currency   string
	First      plan.Year
	Last       plan.Year
	Years      []plan.Year
	FTE, Money band
	Here       float64 // FTE there now
	Missing    float64 // FTE in the first year, over the roles that have too few
	HereKnown  bool
	Roles      []panelRole
	Warnings   []string
	Enough     string // of the draws in the last year
	Tried      bool   // not saved
	MoreFTE    float64
	MoreCost   float64
	Wrong      fault.Mistakes
}

type panelRole struct {
	Name                       string
	First, Last, Current, Was  float64
	Binding                    plan.Method
	Ratio, Workload, Coverage  float64
	HereUnknown, MovedByTrying bool
}

// panelOf gathers the panel of a saved plan, or of one that is only tried.
func panelOf(saved *plan.Plan, out *plan.Projection, trial *plan.Plan, tried *plan.Projection) planPanel {
	p, shown := saved, out
	if tried != nil {
		p, shown = trial, tried
	}
	n := len(shown.Years) - 1
	d := planPanel{Currency: p.Currency, First: shown.Years[0], Last: shown.Years[n], Years: shown.Years, Warnings: shown.Warnings, Tried: tried != nil}
	for i := range p.Roles {
		d.Here += p.Roles[i].CurrentFTE
		d.Missing += max(0, d.First.Roles[i].GapFTE)
		first, last := d.First.Roles[i], d.Last.Roles[i]
		r := panelRole{Name: first.Name, First: first.RequiredFTE, Last: last.RequiredFTE, Current: first.CurrentFTE, Binding: first.Binding,
			Ratio: first.RatioFTE, Workload: first.WorkloadFTE, Coverage: first.CoverageFTE}
		r.Was = r.Last
		if tried != nil {
			was := slices.IndexFunc(out.Years[len(out.Years)-1].Roles, func(x plan.RoleYear) bool { return x.Name == r.Name })
			if was >= 0 {
				r.Was = out.Years[len(out.Years)-1].Roles[was].RequiredFTE
			}
			r.MovedByTrying = r.Was != r.Last
		}
		d.Roles = append(d.Roles, r)
	}
	d.HereKnown = peopleKnown(p)
	if tried != nil {
		d.MoreFTE = d.Last.TotalFTE - out.Years[len(out.Years)-1].TotalFTE
		d.MoreCost = d.Last.Spend - out.Years[len(out.Years)-1].Spend
	}
	d.bands(shown)
	return d
}

func (d *planPanel) bands(out *plan.Projection) {
	d.FTE = band{Name: "People needed", Unit: "FTE"}
	d.Money = band{Name: "Cost a year", Unit: d.Currency}
	for _, y := range out.Years {
		d.FTE.X, d.Money.X = append(d.FTE.X, fmt.Sprint(y.Year)), append(d.Money.X, fmt.Sprint(y.Year))
		d.FTE.Values, d.Money.Values = append(d.FTE.Values, y.TotalFTE), append(d.Money.Values, y.Spend)
		if d.HereKnown {
			here := 0.0
			for i := range y.Roles {
				here += y.Roles[i].AvailableFTE
			}
			d.FTE.Against = append(d.FTE.Against, here)
		}
	}
	s := out.Percentiles
	if s == nil || len(s.Percentiles) < 2 {
		return
	}
	lo, hi := 0, len(s.Percentiles)-1
	d.FTE.Span = fmt.Sprintf("P%g to P%g", s.Percentiles[lo], s.Percentiles[hi])
	d.Money.Span = d.FTE.Span
	for _, y := range s.TotalFTE {
		d.FTE.Low, d.FTE.High = append(d.FTE.Low, y.Values[lo]), append(d.FTE.High, y.Values[hi])
	}
	for _, y := range s.TotalSpend {
		d.Money.Low, d.Money.High = append(d.Money.Low, y.Values[lo]), append(d.Money.High, y.Values[hi])
	}
	if last := s.TotalFTE[len(s.TotalFTE)-1]; d.HereKnown && last.Enough != nil {
		d.Enough = fmt.Sprintf("In %s of %s draws the people there are enough in every role in %d.", Percent(*last.Enough), Count(s.Draws), last.Year)
	}
}

// band is a small picture of one figure by year: the line, the band of its percentiles, and what it is held against.
// It is drawn here and not by script, so that it stands in the answer to a moving slider.
type band struct {
	Name, Unit, Span  string
	X                 []string
	Values, Low, High []float64
	Against           []float64
	AgainstName       string
}

// The picture's size in its own units; it is scaled to the panel's width.
const (
	bandWidth, bandHeight         = 320.0, 132.0
	bandLeft, bandTop, bandBottom = 44.0, 10.0, 20.0
	bandRight                     = 16.0
	bandFrame                     = bandHeight - bandBottom
)

// top is the upper end of the axis, which begins at zero.
func (b band) top() float64 {
	high := 0.0
	for _, list := range [][]float64{b.Values, b.High, b.Against} {
		for _, v := range list {
			high = math.Max(high, v)
		}
	}
	if high <= 0 {
		return 1
	}
	step := math.Pow(10, math.Floor(math.Log10(high)))
	for _, k := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10} {
		if high <= k*step {
			return k * step
		}
	}
	return 10 * step
}

func (b band) x(i int) float64 {
	if len(b.X) < 2 {
		return (bandLeft + bandWidth - bandRight) / 2
	}
	return bandLeft + float64(i)*(bandWidth-bandLeft-bandRight)/float64(len(b.X)-1)
}

func (b band) y(v float64) float64 {
	return bandFrame - v/b.top()*(bandFrame-bandTop)
}

func point(x, y float64) string { return fmt.Sprintf("%.1f,%.1f", x, y) }

func (b band) line(values []float64) string {
	points := make([]string, len(values))
	for i, v := range values {
		points[i] = point(b.x(i), b.y(v))
	}
	return strings.Join(points, " ")
}

func (b band) area() string {
	points := []string{b.line(b.High)}
	for i := len(b.Low) - 1; i >= 0; i-- {
		points = append(points, point(b.x(i), b.y(b.Low[i])))
	}
	return strings.Join(points, " ")
}

// ticks are the years that have room beneath the axis.
func (b band) ticks() []int {
	every := max(1, (len(b.X)+5)/6)
	var out []int
	for i := 0; i < len(b.X); i += every {
		out = append(out, i)
	}
	return out
}

func (b band) amount(v float64) string {
	if b.Unit == "FTE" {
		return fteText(v)
	}
	return shortMoney(v)
}

// said is the picture in words.
func (b band) said() string {
	if len(b.Values) == 0 {
		return b.Name
	}
	n := len(b.Values) - 1
	text := fmt.Sprintf("%s: %s %s in %s, %s in %s", b.Name, b.amount(b.Values[0]), b.Unit, b.X[0], b.amount(b.Values[n]), b.X[n])
	if len(b.Low) > n {
		text += fmt.Sprintf(" (%s: %s to %s)", b.Span, b.amount(b.Low[n]), b.amount(b.High[n]))
	}
	return text
}

func coordinate(v float64) string { return fmt.Sprintf("%.1f", v) }

// fteText writes FTE as people say them: 23.25, 4.
func fteText(v float64) string { return numberText(math.Round(v*100)/100, "") }

// shortMoney writes an amount as a director reads it: 3.42 M, 812 k.
func shortMoney(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e9:
		return numberText(math.Round(v/1e7)/100, "") + " bn"
	case a >= 1e6:
		return numberText(math.Round(v/1e4)/100, "") + " M"
	case a >= 1e4:
		return numberText(math.Round(v/1e3), "") + " k"
	}
	return numberText(math.Round(v), "")
}

// difference writes a difference with its sign.
func difference(v float64, text func(float64) string) string {
	switch {
	case v < 0:
		return "−" + text(-v)
	case v == 0:
		return text(0)
	}
	return "+" + text(v)
}
