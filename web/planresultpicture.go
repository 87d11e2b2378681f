package web

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"pons/plan"
)

// fteChart is the FTE of a role, or of all: the middle of the draws with their band, the plan computed once with
// everything most likely, and those who are there.
func (r *resultView) fteChart(role string) Chart {
	title := "People needed, all roles"
	if role != "" {
		title = "People needed: " + role
	}
	drawn, likely := Series{Name: "needed", Hrefs: r.whys(role)}, Series{Name: "needed", Hrefs: r.whys(role)}
	now, work := Series{Name: "there now", Status: Neutral}, Series{Name: "at work, with hires", Status: Good}
	hires, apart := false, false
	for y := range r.Out.Years {
		n, c, a := r.sumOf(role, y)
		likely.Values, now.Values, work.Values = append(likely.Values, n), append(now.Values, c), append(work.Values, round2(a))
		hires = hires || math.Abs(a-c) > 0.02*max(n, c)
		low, high, ok := r.bandOf(role, y)
		if half, is := r.halfOf(role, y); ok && is {
			drawn.Values, drawn.Low, drawn.High = append(drawn.Values, half), append(drawn.Low, low), append(drawn.High, high)
			apart = apart || math.Abs(half-n) > 0.03*max(n, half)
		}
	}
	c := Chart{ID: "plan-fte", Title: title, Kind: BandChart, Unit: "FTE", Along: "year", X: r.years(), Series: []Series{likely}}
	if len(drawn.Values) == len(likely.Values) {
		c.Series = []Series{drawn}
		if apart {
			c.Series[0].Name, likely.Name = "needed, P50", "needed, most likely"
			c.Series = append(c.Series, likely)
		}
	}
	if peopleKnown(r.Plan) {
		c.Series = append(c.Series, now)
		if hires {
			c.Series = append(c.Series, work)
		}
	}
	return c
}

// halfOf is the percentile of a year that lies nearest to the middle, if it is between 40 and 60.
func (r *resultView) halfOf(role string, y int) (float64, bool) {
	d, best := r.drawn(role), -1
	for i, q := range r.percents() {
		if best < 0 || math.Abs(q-50) < math.Abs(r.percents()[best]-50) {
			best = i
		}
	}
	if best < 0 || math.Abs(r.percents()[best]-50) > 10 || y >= len(d) || best >= len(d[y].Values) {
		return 0, false
	}
	return d[y].Values[best], true
}

func (r *resultView) percents() []float64 {
	if r.Out.Percentiles == nil {
		return nil
	}
	return r.Out.Percentiles.Percentiles
}

// sumOf is what is needed, there today and at work in a year, of one role or all.
func (r *resultView) sumOf(role string, y int) (needed, current, available float64) {
	for i := range r.Out.Years[y].Roles {
		x := &r.Out.Years[y].Roles[i]
		if role == "" || x.Name == role {
			needed, current, available = needed+x.RequiredFTE, current+x.CurrentFTE, available+x.AvailableFTE
		}
	}
	return needed, current, available
}

// moneyChart is the spend of each year by what it is made of.
func (r *resultView) moneyChart() Chart {
	return moneyChart(r.Plan, r.Out, r.whys(""))
}

func moneyChart(p *plan.Plan, out *plan.Projection, hrefs []string) Chart {
	c := Chart{ID: "plan-money", Title: "Spend by year", Kind: StackedChart, Unit: p.Currency, Along: "year"}
	parts := []Series{{Name: "wages and benefits"}, {Name: "contracts"}, {Name: "parts"}, {Name: "on call"}}
	others := map[string]int{}
	for y := range out.Years {
		x := &out.Years[y]
		c.X = append(c.X, strconv.Itoa(x.Year))
		for i, v := range []float64{x.TotalCost, x.Contracts, x.Parts, x.OnCall} {
			parts[i].Values = append(parts[i].Values, math.Round(v))
		}
		for _, o := range x.OtherBy {
			if _, known := others[o.Name]; !known {
				others[o.Name] = len(parts)
				parts = append(parts, Series{Name: o.Name, Values: make([]float64, y, len(out.Years))})
			}
			s := &parts[others[o.Name]]
			if len(s.Values) == y {
				s.Values = append(s.Values, 0)
			}
			s.Values[y] += math.Round(o.Amount)
		}
		for i := range parts {
			if len(parts[i].Values) == y {
				parts[i].Values = append(parts[i].Values, 0)
			}
		}
	}
	for i := range parts {
		if i == 0 || slices.ContainsFunc(parts[i].Values, func(v float64) bool { return v != 0 }) {
			parts[i].Hrefs = hrefs
			c.Series = append(c.Series, parts[i])
		}
	}
	c.Series = fewer(c.Series, "other")
	return c
}

// stackColours is how many series a stacked picture tells apart by colour.
const stackColours = 7

// fewer keeps the series with the largest sums and adds the rest up under a name, so that colours can be told apart.
func fewer(all []Series, rest string) []Series {
	if len(all) <= stackColours {
		return all
	}
	sum := func(s Series) (total float64) {
		for _, v := range s.Values {
			total += math.Abs(v)
		}
		return total
	}
	slices.SortStableFunc(all, func(a, b Series) int { return cmp.Compare(sum(b), sum(a)) })
	others := Series{Name: fmt.Sprintf("%s (%d)", rest, len(all)-stackColours+1), Values: make([]float64, len(all[0].Values)), Status: Neutral}
	for _, s := range all[stackColours-1:] {
		for i, v := range s.Values {
			others.Values[i] += v
		}
	}
	return append(slices.Clip(all[:stackColours-1]), others)
}

// gapChart is what each role lacks in the first and in the last year, around zero.
func (r *resultView) gapChart() *Chart {
	if !peopleKnown(r.Plan) {
		return nil
	}
	c := &Chart{ID: "plan-gap", Title: "Gap by role: needed less there", Kind: AcrossChart, Unit: "FTE", Along: "role"}
	ends := []int{0, len(r.Out.Years) - 1}
	if ends[1] == 0 {
		ends = ends[:1]
	}
	for _, y := range ends {
		s := Series{Name: strconv.Itoa(r.Out.Years[y].Year)}
		for i := range r.Out.Years[y].Roles {
			x := &r.Out.Years[y].Roles[i]
			s.Values, s.Hrefs = append(s.Values, x.GapFTE), append(s.Hrefs, r.why(x.Name, y))
		}
		c.Series = append(c.Series, s)
	}
	for i := range r.first().Roles {
		c.X = append(c.X, r.first().Roles[i].Name)
	}
	return c
}

// workTitle is a kind of work as people read it.
func workTitle(w plan.Work) string {
	switch w {
	case plan.PM:
		return "PM"
	case plan.CM:
		return "CM (repairs)"
	case plan.Incoming:
		return "incoming inspection"
	case plan.Recall:
		return "recalls and alerts"
	case plan.Patch:
		return "cyber patches"
	case plan.Audit:
		return "inventory audit"
	case plan.Project:
		return "projects"
	case plan.After:
		return "after hours"
	case plan.Retiring:
		return "decommission"
	}
	return string(w)
}

// hoursChart is the listed work of each year by kind.
func (r *resultView) hoursChart() *Chart {
	var list []Series
	for _, w := range plan.Works() {
		s := Series{Name: workTitle(w), Hrefs: r.whys("")}
		some := false
		for y := range r.Out.Years {
			hours := 0.0
			for _, h := range r.Out.Years[y].Hours {
				if h.Work == w {
					hours += h.Hours
				}
			}
			some = some || hours > 0
			s.Values = append(s.Values, math.Round(hours))
		}
		if some {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return &Chart{ID: "plan-hours", Title: "Hours of work by kind", Kind: StackedChart, Unit: "hours", Along: "year", X: r.years(), Series: fewer(list, "other work")}
}

// backlogChart is the listed work that the people at work do not come to, by role; nil when there is none.
func (r *resultView) backlogChart() *Chart {
	var list []Series
	for i := range r.first().Roles {
		s := Series{Name: r.first().Roles[i].Name, Hrefs: r.whys(r.first().Roles[i].Name)}
		some := false
		for y := range r.Out.Years {
			h := math.Round(r.Out.Years[y].Roles[i].BacklogHours)
			some = some || h > 0
			s.Values = append(s.Values, h)
		}
		if some {
			list = append(list, s)
		}
	}
	if len(list) == 0 || !peopleKnown(r.Plan) {
		return nil
	}
	return &Chart{ID: "plan-backlog", Title: "Backlog: listed work not done, added up", Kind: StackedChart, Unit: "hours", Along: "year", X: r.years(), Series: fewer(list, "other roles")}
}

// tornadoBars is how many bars of the tornado are drawn: the table of the file has all.
const tornadoBars = 12

// tornado is what one assumption at a time does to the result, the widest first; nil when nothing is uncertain or the
// draws still run.
func (r *resultView) tornado() *Chart {
	all := slices.Clone(r.Out.Tornado)
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b plan.Swing) int {
		return cmp.Compare(math.Abs(b.High-b.Low), math.Abs(a.High-a.Low))
	})
	if len(all) > tornadoBars {
		all = all[:tornadoBars]
	}
	c := &Chart{ID: "plan-tornado", Title: fmt.Sprintf("What matters most: FTE in %d", r.last().Year), Kind: TornadoChart, Unit: "FTE", Along: "assumption", Base: all[0].Base}
	low, high := Series{Name: "at its low"}, Series{Name: "at its high"}
	for _, s := range all {
		c.X = append(c.X, s.Name)
		low.Values, high.Values = append(low.Values, round2(s.Low)), append(high.Values, round2(s.High))
		href := r.swingHref(s)
		low.Hrefs, high.Hrefs = append(low.Hrefs, href), append(high.Hrefs, href)
	}
	c.Series = []Series{low, high}
	return c
}

func round2(v float64) float64 { return math.Round(v*100) / 100 }

// swingHref leads to the field of an assumption; an older state cannot be edited.
func (r *resultView) swingHref(s plan.Swing) string {
	if r.Version > 0 {
		return ""
	}
	return fieldHref(r.Entry.ID, s.Path)
}

// spark is the small picture of one role in a row of a table, drawn in the page itself.
type spark struct {
	Band, Line, There string // of SVG: the band's outline, the points of the line, the height of the people there
	About             string
}

// The frame that a small picture is drawn in; axes from zero.
const (
	sparkWidth  = 132
	sparkHeight = 34
	sparkEdge   = 3
)

func (r *resultView) spark(role string) spark {
	n := len(r.Out.Years)
	needed, lows, highs := make([]float64, n), make([]float64, 0, n), make([]float64, 0, n)
	top := 0.0
	for y := range n {
		v, c, _ := r.sumOf(role, y)
		needed[y] = v
		top = max(top, v, c)
		if low, high, ok := r.bandOf(role, y); ok {
			lows, highs = append(lows, low), append(highs, high)
			top = max(top, high)
		}
	}
	if top == 0 {
		top = 1
	}
	x := func(y int) string {
		return strconv.FormatFloat(sparkEdge+float64(y)*(sparkWidth-2*sparkEdge)/math.Max(1, float64(n-1)), 'f', 1, 64)
	}
	h := func(v float64) string {
		return strconv.FormatFloat(sparkHeight-sparkEdge-v/top*(sparkHeight-2*sparkEdge), 'f', 1, 64)
	}
	var s spark
	var line, band []string
	for y := range n {
		line = append(line, x(y)+","+h(needed[y]))
	}
	if len(lows) == n {
		for y := range n {
			band = append(band, x(y)+","+h(highs[y]))
		}
		for y := n - 1; y >= 0; y-- {
			band = append(band, x(y)+","+h(lows[y]))
		}
	}
	s.Line, s.Band = strings.Join(line, " "), strings.Join(band, " ")
	_, current, _ := r.sumOf(role, 0)
	s.About = fmt.Sprintf("needed: from %s FTE in %d to %s in %d", amount(needed[0]), r.first().Year, amount(needed[n-1]), r.last().Year)
	if peopleKnown(r.Plan) {
		s.There = h(current)
		s.About += fmt.Sprintf("; there now: %s", amount(current))
	}
	return s
}
