package workbook

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"pons/plan"
)

// totalColumns are those of the sheet Totals; the hours by kind of work follow them.
var totalColumns = []struct{ key, title, unit string }{
	{"year", "Year", ""}, {"fte", "Required FTE", "all roles"}, {"current", "Current FTE", ""}, {"gap", "Gap FTE", "required − current"},
	{"cost", "Wages and benefits", "of the required FTE"}, {"contracts", "Contracts", "in force"}, {"parts", "Parts", ""}, {"on_call", "On call", ""}, {"other", "Other costs", ""}, {"spend", "Spend", "all of it"}, {"backlog", "Backlog", "h not done, added up"},
}

// totals writes a row a year: people, money, hours by kind of work.
func (b *book) totals() {
	s := sheetTotals
	b.head(s, "Year by year: people, money, hours by kind of work.", 1)
	works := plan.Works()
	for i, c := range totalColumns {
		b.put(s, cellAt(letter(i+1), unitRow), c.unit, b.unitStyle())
		b.put(s, cellAt(letter(i+1), headerRow), c.title, b.heading(false))
	}
	for i, w := range works {
		l := letter(len(totalColumns) + 1 + i)
		b.put(s, cellAt(l, unitRow), "h a year", b.unitStyle())
		b.put(s, cellAt(l, headerRow), string(w), b.heading(false))
	}
	b.do(b.f.SetColWidth(s, "A", letter(len(totalColumns)+len(works)), 14))
	for y := range b.years() {
		row := firstRow + y
		h := place{b: b, sheet: s, row: row, year: y}
		sum := func(area string) string { return "SUM(" + area + ")" }
		formulas := []struct {
			kind kind
			text string
		}{
			{year, fmt.Sprintf("base_year+%d", y)},
			{fte, sum(b.block("required_fte", y))}, {fte, sum(b.block("current_fte", y))}, {fte, fmt.Sprintf("B%d-C%d", row, row)},
			{money, sum(b.block("cost", y))}, {money, sum(h.col(sheetContracts, "price"))}, {money, sum(h.col(sheetContracts, "parts"))},
			{money, fmt.Sprintf("SUM(%s)*%s", h.col(sheetCoverage, "cost"), power("wage_escalation", fmt.Sprintf("$A%d", row)))},
			{money, sum(h.col(sheetCosts, "amount"))}, {money, fmt.Sprintf("SUM(E%d:I%d)", row, row)}, {number, sum(b.block("backlog_hours", y))},
		}
		for i, f := range formulas {
			b.formula(s, cellAt(letter(i+1), row), f.text, b.style(f.kind, false, i == 1 || i == 9))
		}
		for i, w := range works {
			b.formula(s, cellAt(letter(len(totalColumns)+1+i), row), fmt.Sprintf("SUMPRODUCT((%s=%q)*%s)", h.col(sheetWorkload, "kind"), string(w), h.col(sheetWorkload, "total")), b.style(number, false, false))
		}
	}
}

// charts writes the pictures and the tables that they show.
func (b *book) charts() {
	s := sheetCharts
	b.head(s, "FTE by role and year, cost, and the gap to the people of today. The tables below the pictures are formulas.", 0)
	roles, years := b.rows[sheetRoles], b.years()
	const top = 66 // the tables stand below the pictures
	table := func(from int, title, key string) {
		b.put(s, cellAt("A", from), title, b.heading(false))
		for y := range years {
			b.formula(s, cellAt(letter(2+y), from), fmt.Sprintf("base_year+%d", y), b.heading(false))
		}
		for r := range roles {
			b.formula(s, cellAt("A", from+1+r), fmt.Sprintf("%s!$A$%d&\"\"", sheetRoles, firstRow+r), b.style(text, false, false))
			for y := range years {
				b.formula(s, cellAt(letter(2+y), from+1+r), fmt.Sprintf("%s!$%s$%d", sheetProjection, projected(key), firstRow+y*roles+r), b.style(fte, false, false))
			}
		}
	}
	gap := top + roles + 2
	table(top, "Required FTE", "required_fte")
	table(gap, "Gap FTE", "gap_fte")
	b.do(b.f.SetColWidth(s, "A", "A", 28))
	last := letter(1 + years)
	row := func(r int) (name, values string) {
		return fmt.Sprintf("%s!$A$%d", s, r), fmt.Sprintf("%s!$B$%d:$%s$%d", s, r, last, r)
	}
	_, categories := row(top)
	var stacked, gaps []excelize.ChartSeries
	for r := range roles {
		name, values := row(top + 1 + r)
		stacked = append(stacked, excelize.ChartSeries{Name: name, Categories: categories, Values: values})
		name, values = row(gap + 1 + r)
		gaps = append(gaps, excelize.ChartSeries{Name: name, Categories: categories, Values: values})
	}
	total := func(column string) excelize.ChartSeries {
		return excelize.ChartSeries{Name: fmt.Sprintf("%s!$%s$%d", sheetTotals, column, headerRow), Categories: categories, Values: fmt.Sprintf("%s!$%s$%d:$%s$%d", sheetTotals, column, firstRow, column, firstRow+years-1)}
	}
	zero := 0.0
	ink := excelize.Font{Family: "Calibri", Size: 10, Color: "404040"}
	draw := func(at string, kind excelize.ChartType, title, unit string, least *float64, series []excelize.ChartSeries) {
		b.do(b.f.AddChart(s, at, &excelize.Chart{Type: kind, Series: series, Title: excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: title}}},
			Legend: excelize.ChartLegend{Position: "right"}, Dimension: excelize.ChartDimension{Width: 940, Height: 370},
			YAxis: excelize.ChartAxis{MajorGridLines: true, Minimum: least, Font: ink, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0.##"}, Title: excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: unit}}}},
			XAxis: excelize.ChartAxis{Font: ink, TickLabelPosition: excelize.ChartTickLabelLow, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0"}}}))
	}
	draw("A4", excelize.ColStacked, "Required FTE by role", "FTE", &zero, stacked)
	draw("A24", excelize.ColStacked, "Cost by year", b.p.Currency, &zero, []excelize.ChartSeries{total("E"), total("F"), total("G"), total("H"), total("I")})
	draw("A44", excelize.Col, "Gap to the people of today", "FTE", nil, gaps)
}

// percentiles writes what the simulation came to: values, with the seed and the draws that give them again.
func (b *book) percentiles() {
	if b.out == nil || b.out.Percentiles == nil {
		return
	}
	s, q := sheetPercentiles, b.out.Percentiles
	_, err := b.f.NewSheet(s)
	b.do(err)
	b.do(b.f.MoveSheet(s, sheetAssumptions))
	b.head(s, fmt.Sprintf("What %d draws with the seed %d came to. Values, not formulas: Pons draws them, and a change in this workbook does not change them.", q.Draws, q.Seed), 2)
	titles := []string{"Year", "What", "Unit", "Mean"}
	for _, v := range q.Percentiles {
		titles = append(titles, fmt.Sprintf("P%g", v))
	}
	titles = append(titles, "People are enough")
	for i, t := range titles {
		b.put(s, cellAt(letter(i+1), headerRow), t, b.heading(false))
	}
	b.do(b.f.SetColWidth(s, "B", "B", 28))
	b.do(b.f.SetColWidth(s, "D", letter(len(titles)), 16))
	row := firstRow
	line := func(what, unit string, k kind, v plan.YearPercentiles) {
		b.put(s, cellAt("A", row), v.Year, b.style(year, false, false))
		b.put(s, cellAt("B", row), what, b.style(text, false, false))
		b.put(s, cellAt("C", row), unit, b.style(text, false, false))
		b.put(s, cellAt("D", row), v.Mean, b.style(k, false, false))
		for i, x := range v.Values {
			b.put(s, cellAt(letter(5+i), row), x, b.style(k, false, false))
		}
		if v.Enough != nil {
			b.put(s, cellAt(letter(len(titles)), row), *v.Enough, b.style(rate, false, false))
		}
		row++
	}
	for _, v := range q.TotalFTE {
		line("All roles", "FTE", fte, v)
	}
	for _, v := range q.TotalCost {
		line("Wages and benefits", b.p.Currency, money, v)
	}
	for _, r := range q.Roles {
		for _, v := range r.Years {
			line(r.Name, "FTE", fte, v)
		}
	}
}

// defaults writes the figures that Pons ships, for reference.
func (b *book) defaults() {
	s := sheetDefaults
	_, err := b.f.NewSheet(s)
	b.do(err)
	b.head(s, "What Pons takes where nobody knows better, with the range that is usual. For reference: change the plan's own values on the other sheets.", 1)
	for i, c := range []struct {
		title string
		width float64
	}{{"What", 44}, {"Value", 12}, {"Low", 12}, {"High", 12}, {"Unit", 22}, {"Source", 60}, {"Date", 12}, {"Confidence", 13}, {"Note", 60}} {
		b.put(s, cellAt(letter(i+1), headerRow), c.title, b.heading(false))
		b.do(b.f.SetColWidth(s, letter(i+1), letter(i+1), c.width))
	}
	for i, d := range plan.Defaults() {
		var low, high any
		if d.Low != 0 || d.High != 0 {
			low, high = d.Low, d.High
		}
		for j, v := range []any{d.Title, d.Value, low, high, d.Unit, d.Source, d.Date, string(d.Confidence), d.Note} {
			k := text
			if j >= 1 && j <= 3 {
				k = number
			}
			b.put(s, cellAt(letter(j+1), firstRow+i), v, b.style(k, false, false))
		}
	}
}

// readme says how the workbook is used.
func (b *book) readme() {
	s := sheetReadMe
	title := b.p.Name
	if title == "" {
		title = "Resource plan"
	}
	b.put(s, "A1", title, b.keep("title", &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 16, Bold: true, Color: "1F3A93"}}))
	about := b.keep("prose", &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	lines := []string{
		"This workbook computes. Change a yellow cell with blue figures, and the projection, the totals and the pictures follow.",
		"Yellow, blue figures: an input. White, black figures: a formula. Formulas are protected without a password, against slips (Review, Unprotect sheet).",
		"Start on Plan (method, rounding, rise of wages, benefits), Baseline (devices), Growth, Roles and Ratios. Workload, Coverage, Pipeline, Hires and Costs have empty lines at their end that count as soon as they are filled.",
		"Totals says what it comes to by year; Projection says it for every role, each row the arithmetic from left to right; Charts shows it.",
		"A new role or class: add a line below the last on Roles or Baseline, fill Ratios and Growth with the same name, and import the workbook into Pons (pons plan this.xlsx --format xlsx --out new.xlsx). The same holds for more years, for the roles that a manager leads, and for a new desk that answers calls.",
		"Names in one cell are parted by semicolons: biomed; imaging. A rate is typed as 3%.",
		"Percentiles, where they are shown, are values that Pons drew: the seed beside them draws them again.",
		"Assumptions says where values come from and how far they are to be believed; Defaults lists what Pons takes where nobody knows better.",
		"Back into Pons: every sheet with a yellow tab is read, and nothing else. A mistake is named with its sheet and cell.",
	}
	if b.p.Note != "" {
		lines = append([]string{b.p.Note}, lines...)
	}
	b.do(b.f.SetColWidth(s, "A", "A", 110))
	for i, l := range lines {
		b.put(s, cellAt("A", 3+i), l, about)
		b.do(b.f.SetRowHeight(s, 3+i, float64(16*(1+len(l)/115))))
	}
	if b.out != nil && len(b.out.Warnings) > 0 {
		b.put(s, cellAt("A", 4+len(lines)), "Doubts", b.keep("section", &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 12, Bold: true, Color: "1F3A93"}}))
		for i, l := range b.out.Warnings {
			b.put(s, cellAt("A", 5+len(lines)+i), l, about)
		}
	}
}

// fold is how names are compared, as in package plan: without case and doubled spaces.
func fold(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }
