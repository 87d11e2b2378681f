package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"pons/plan"
)

func width(w plan.Swing) float64 {
	d := math.Abs(w.High - w.Low)
	if !known(d) {
		return -1
	}
	return d
}

func widest(list []plan.Swing) plan.Swing {
	return slices.MaxFunc(list, func(a, b plan.Swing) int { return cmp.Compare(width(a), width(b)) })
}

// swings is how many bars the tornado has.
const swings = 10

// drivers is the tornado: which assumption moves the result most.
func (s *sheet) drivers() {
	b := s.b
	list := slices.DeleteFunc(slices.Clone(b.Tornado), func(w plan.Swing) bool { return width(w) < 0.005 || !known(w.Base) })
	if len(list) == 0 {
		s.heading("What drives the result is not known", "No assumption of the plan is given as a range, or the ranges were not tried: a single number says nothing of what would change it. Give growth, rates and hours a low and a high value.", 10)
		return
	}
	slices.SortStableFunc(list, func(a, b plan.Swing) int { return cmp.Compare(width(b), width(a)) })
	list = list[:min(len(list), swings)]
	const pitch, names, numbers = 7.0, 70.0, 15.0
	h := pitch * float64(len(list))
	s.heading(fmt.Sprintf("What drives it: %s moves the result most", list[0].Name),
		fmt.Sprintf("One assumption at a time takes its low and its high value, all others stay. The result is %s, before rounding.", cmp.Or(list[0].Unit, fmt.Sprintf("FTE in %d", b.last().Year))), h+14)
	low, high := list[0].Base, list[0].Base
	for _, w := range list {
		low, high = min(low, w.Low, w.High), max(high, w.Low, w.High)
	}
	bars := rect{margin + names + numbers, s.y + 4, s.wide() - names - 2*numbers, h}
	at := func(v float64) float64 { return bars.x + bars.w*(v-low)/max(high-low, 1e-9) }
	for i, w := range list {
		mid := bars.y + pitch*(float64(i)+0.5)
		s.font(false, 8)
		s.inkOf(ink)
		s.say(w.Name, margin, mid+1, names-2, fromLeft)
		for _, end := range []struct {
			v float64
			c colour
		}{{w.Low, blue}, {w.High, rust}} {
			x1, x2 := min(at(w.Base), at(end.v)), max(at(w.Base), at(end.v))
			s.box(end.c, x1, mid-2, max(x2-x1, 0.2), 4)
		}
		s.font(false, small)
		s.inkOf(soft)
		lowName, highName := "low ", "high "
		l, r := w.Low, w.High
		if l > r {
			l, r, lowName, highName = r, l, highName, lowName
		}
		s.say(lowName+fte(l), at(min(l, w.Base))-1, mid+0.9, 0, toRight)
		s.say(highName+fte(r), at(max(r, w.Base))+1, mid+0.9, 0, fromLeft)
	}
	x := at(list[0].Base)
	s.stroke(ink, 0.5, x, bars.y-1, x, bars.y+h)
	s.font(true, small)
	s.inkOf(ink)
	s.say("as planned "+fte(list[0].Base), x, bars.y-2, 0, centred)
	s.y = bars.y + h + 3
	s.remark("Low and high name which value of the assumption the end of the bar belongs to. The scale does not begin at zero: only differences are shown.", 2)
}

// scenarioRows bounds the comparison.
const scenarioRows = 8

// scenarios compares this scenario with others.
func (s *sheet) scenarios() {
	b := s.b
	if len(b.Compared) == 0 {
		return
	}
	all := append([]Alternative{{b.Scenario, b.Plan.Currency, b.Projection}}, b.Compared...)
	all = slices.DeleteFunc(all, func(a Alternative) bool { return a.Projection == nil || len(a.Projection.Years) == 0 })
	all = all[:min(len(all), scenarioRows)]
	least := slices.MinFunc(all, func(x, y Alternative) int { return cmp.Compare(lastOf(x).TotalFTE, lastOf(y).TotalFTE) })
	most := slices.MaxFunc(all, func(x, y Alternative) int { return cmp.Compare(lastOf(x).TotalFTE, lastOf(y).TotalFTE) })
	says := fmt.Sprintf("Scenarios: from %s to %s FTE", fte(lastOf(least).TotalFTE), fte(lastOf(most).TotalFTE))
	s.heading(says, "Each in its own last year; the first is the scenario of this report. Missing counts the roles that are short.", rowHeight*float64(len(all)+2))
	columns := []column{{title: "Scenario", width: 48, strong: true}, {title: "Last year", width: 15, to: toRight}, {title: "FTE", width: 14, to: toRight}, {title: "Missing", width: 15, to: toRight},
		{title: "Spend", width: 22, to: toRight}, {title: "Spend, all years", width: 24, to: toRight}}
	used := 0.0
	values := []float64{}
	for _, c := range columns {
		used += c.width
	}
	var rows [][]string
	for _, c := range all {
		y, total := lastOf(c), 0.0
		for _, year := range c.Projection.Years {
			total += year.Spend
		}
		values = append(values, y.TotalFTE)
		rows = append(rows, []string{c.Name, fmt.Sprint(y.Year), fte(y.TotalFTE), fte(short(y)), c.Currency + " " + amount(y.Spend), c.Currency + " " + amount(total)})
	}
	a := axisFor(values)
	columns = append(columns, column{title: "FTE, from 0", width: s.wide() - used, draws: func(i int, r rect) {
		s.box([]colour{slate, blue}[boolInt(i == 0)], r.x+2, r.y+1.1, (r.w-2)*values[i]/a.top, r.h-2.2)
	}})
	s.table(margin, columns, rows, nil)
	if more := len(b.Compared) + 1 - len(all); more > 0 {
		s.remark(fmt.Sprintf("%s not shown.", plural(more, "scenario is", "scenarios are")), 1)
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func lastOf(a Alternative) *plan.Year { return &a.Projection.Years[len(a.Projection.Years)-1] }
