package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"pons/plan"
)

// moneyParts are what the spend of a year is made of.
func (b *Board) moneyParts() []series {
	all := []series{
		{"Wages and benefits", b.each(func(y *plan.Year) float64 { return y.TotalCost }), blue},
		{"Contracts", b.each(func(y *plan.Year) float64 { return y.Contracts }), rust},
		{"Parts", b.each(func(y *plan.Year) float64 { return y.Parts }), green},
		{"On call", b.each(func(y *plan.Year) float64 { return y.OnCall }), plum},
		{"Tools and other", b.each(func(y *plan.Year) float64 { return y.Others }), earth},
	}
	return slices.DeleteFunc(all, func(p series) bool { return !slices.ContainsFunc(p.values, func(v float64) bool { return v > 0 }) })
}

// money shows what is spent and the work that it pays for.
func (s *sheet) money() {
	b, first, last := s.b, s.b.first(), s.b.last()
	parts := b.moneyParts()
	says := fmt.Sprintf("Money: %s in %d", b.cash(last.Spend), last.Year)
	if last.Year != first.Year {
		says += fmt.Sprintf(", from %s in %d", b.cash(first.Spend), first.Year)
	}
	about := fmt.Sprintf("What the needed people would cost, with contracts and all else of the plan, in %s of each year. Wages rise by %s a year; benefits are %s of the salary where a role does not say otherwise.",
		b.Plan.Currency, percent(b.Plan.WageEscalation), percent(b.Plan.Benefits))
	s.heading(says, about, 68+rowHeight*float64(len(parts)+5)+6)
	s.y = s.sub("Spend by year and what it is made of, "+b.Plan.Currency, margin, s.y, s.wide())
	s.stack(rect{margin, s.y + 3, s.wide(), 46}, b.years(), parts, amount, true)
	s.y += 46 + 10

	shown := shownYears(len(b.Projection.Years), 7)
	columns := []column{{title: b.Plan.Currency, width: 44, strong: true}}
	for _, i := range shown {
		columns = append(columns, column{title: strconv.Itoa(b.Projection.Years[i].Year), width: min((s.wide()-44)/float64(len(shown)), 24), to: toRight})
	}
	row := func(name string, f func(i int) string) []string {
		out := []string{name}
		for _, i := range shown {
			out = append(out, f(i))
		}
		return out
	}
	var rows [][]string
	for _, p := range parts {
		rows = append(rows, row(p.name, func(i int) string { return figure(p.values[i], 0) }))
	}
	rows = append(rows, row("Spend", func(i int) string { return figure(b.Projection.Years[i].Spend, 0) }))
	total := len(rows) - 1
	if b.staffed() {
		rows = append(rows, row("of it for people missing today", func(i int) string { return figure(b.gapCost(i), 0) }))
	}
	if b.bandName() != "" {
		if low, high := b.band(b.Percentiles.TotalSpend); low != nil {
			at, to, _ := strings.Cut(b.bandName(), "–")
			rows = append(rows, row("Spend, "+at, func(i int) string { return figure(low[i], 0) }), row("Spend, "+to, func(i int) string { return figure(high[i], 0) }))
		}
	}
	s.table(margin, columns, rows, func(i int) weight {
		if i == total {
			return sum
		}
		return plain
	})
	if b.Plan.Currency != "" && len(b.Plan.Costs) == 0 {
		s.remark("The plan lists no tools, training or overhead: they are not in these sums.", 1)
	}
	s.work()
}

// workName is a kind of work as people say it.
func workName(w plan.Work) string {
	names := map[plan.Work]string{plan.PM: "Planned maintenance", plan.CM: "Repairs", plan.Incoming: "Incoming inspection", plan.Recall: "Recalls", plan.Patch: "Patching", plan.Audit: "Inventory audit",
		plan.Project: "Projects", plan.Training: "Training", plan.After: "After hours", plan.Retiring: "Retiring devices", plan.Other: "Other work"}
	if n, ok := names[w]; ok {
		return n
	}
	return string(w)
}

// work shows the hours by kind of work, the five largest kinds and the rest.
func (s *sheet) work() {
	b, last := s.b, s.b.last()
	if len(b.Plan.Workload.Items) == 0 {
		s.y += 2
		s.remark("The plan lists no work by the hour; people are counted by ratio and coverage alone, and what stays undone is not known.", 2)
		return
	}
	total := 0.0
	for _, h := range last.Hours {
		total += h.Hours
	}
	hours, told := b.backlog(last)
	says := fmt.Sprintf("Work: %s hours in %d, and nothing stays undone", figure(total, 0), last.Year)
	switch {
	case !told:
		says = fmt.Sprintf("Work: %s hours in %d; what stays undone is not known", figure(total, 0), last.Year)
	case hours >= 0.5:
		says = fmt.Sprintf("Work: %s hours in %d; %s hours stay undone by then", figure(total, 0), last.Year, figure(hours, 0))
	}
	s.heading(says, fmt.Sprintf("Listed work by kind. One FTE does %s productive hours a year where its role does not say otherwise. Undone hours add up from year to year, with the people who are there and the hires of the plan.", figure(b.Plan.Workload.Hours.Productive(), 0)), 62)
	s.y = s.sub("Hours by kind of work", margin, s.y, s.wide())
	s.stack(rect{margin, s.y + 3, s.wide(), 42}, b.years(), b.workParts(), func(v float64) string { return figure(v, 0) }, true)
	s.y += 42 + 10
	shown := shownYears(len(b.Projection.Years), 7)
	columns := []column{{title: "Hours", width: 44, strong: true}}
	row := []string{"Not done, added up"}
	for _, i := range shown {
		y := &b.Projection.Years[i]
		columns = append(columns, column{title: strconv.Itoa(y.Year), width: min((s.wide()-44)/float64(len(shown)), 24), to: toRight})
		h, told := b.backlog(y)
		if !told {
			h = math.NaN()
		}
		row = append(row, figure(h, 0))
	}
	s.table(margin, columns, [][]string{row}, nil)
}

func (b *Board) workParts() []series {
	var all []series
	for _, w := range plan.Works() {
		p := series{name: workName(w), values: b.each(func(y *plan.Year) float64 {
			for _, h := range y.Hours {
				if h.Work == w {
					return h.Hours
				}
			}
			return 0
		})}
		if slices.Max(p.values) > 0 {
			all = append(all, p)
		}
	}
	sum := func(p series) float64 { return p.values[len(p.values)-1] }
	slices.SortStableFunc(all, func(a, b series) int { return int(min(max(sum(b)-sum(a), -1e6), 1e6)) })
	if len(all) > 6 {
		rest := series{name: "All else", values: make([]float64, len(b.Projection.Years))}
		for _, p := range all[5:] {
			for i, v := range p.values {
				rest.values[i] += v
			}
		}
		all = append(all[:5], rest)
	}
	for i := range all {
		all[i].c = []colour{blue, rust, green, plum, earth, slate}[i]
	}
	return all
}
