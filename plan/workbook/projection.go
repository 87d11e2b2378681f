package workbook

import (
	"fmt"
	"math"

	"github.com/xuri/excelize/v2"

	"pons/plan"
)

// setting is a single value of the plan on the sheet Plan.
type setting struct {
	field
	name string // defined name, for formulas
	help string
}

// settings lists them in the order of the sheet; one without a key is a heading.
func settings() []setting {
	out := []setting{
		{field: field{title: "The plan"}},
		{field{key: "name", title: "Name", kind: text}, "", ""},
		{field{key: "note", title: "Note", kind: text}, "", ""},
		{field{key: "currency", title: "Currency", kind: text}, "", "Every amount; three letters"},
		{field{key: "base_year", title: "Base year", kind: year, low: 1990, high: 2100}, "base_year", "The year of the counts"},
		{field{key: "horizon_years", title: "Years after it", kind: whole, low: 0, high: 30}, "horizon_years", "The sheets show as many as when they were written; import and export again for more"},
		{field{key: "method", title: "Method", kind: text, words: []string{"ratio", "workload", "greater"}}, "method", "Which counts: ratio, workload, or the greater of the two; coverage is a floor under each"},
		{field{key: "rounding", title: "Rounding", kind: text, words: []string{"none", "quarter-up", "half-up", "integer-up"}}, "rounding", "FTE are rounded up to this step"},
		{field{key: "wage_escalation", title: "Rise of wages", kind: rate, unit: "a year", low: -0.5, high: 0.5}, "wage_escalation", "Compounding from the first year after the base year"},
		{field{key: "benefits", title: "Benefits", kind: rate, unit: "of salary", low: 0, high: 2}, "benefits", "On top of salary; a role may have its own"},
		{field{key: "beds", title: "Staffed beds", kind: number, low: 0, high: 1e6}, "beds", "For ratios by beds"},
		{field{key: "bed_growth", title: "Growth of beds", kind: rate, unit: "a year", low: -0.9, high: 1}, "bed_growth", ""},
		{field: field{title: "Hours of one FTE"}},
	}
	for _, f := range hourFields("workload.productive_hours") {
		out = append(out, setting{f, "", map[string]string{"Productive hours, stated": "Instead of the parts below"}[f.title]})
	}
	part := func(h place) func(string) string {
		return func(name string) string { return h.b.names["workload.productive_hours."+name] }
	}
	standard := plan.DefaultHours()
	out = append(out,
		setting{field{key: "available_hours", title: "Available hours", kind: number, unit: "h a year", calc: func(h place) string {
			return hoursFormula(part(h), false, fmt.Sprint(standard.Available()))
		}}, "available_hours", "Paid hours less vacation, holidays, sick leave, training and other leave"},
		setting{field{key: "productive_hours", title: "Productive hours", kind: number, unit: "h a year", calc: func(h place) string {
			return hoursFormula(part(h), true, fmt.Sprint(standard.Productive()))
		}}, "productive_hours", "Available hours × hands-on share"},
		setting{field{key: "rounding_step", title: "Step of rounding", kind: number, unit: "FTE", calc: func(h place) string {
			return `IF(rounding="quarter-up",0.25,IF(rounding="half-up",0.5,IF(rounding="integer-up",1,0)))`
		}}, "rounding_step", "0: none"},
		setting{field: field{title: "Simulation, run by Pons"}},
		setting{field{key: "simulation.draws", title: "Draws", kind: whole, low: 0, high: 1e6}, "", ""},
		setting{field{key: "simulation.seed", title: "Seed", kind: whole, low: 0, high: 1e9}, "", "The same seed draws the same numbers"},
		setting{field{key: "simulation.percentiles", title: "Percentiles", kind: names}, "", "10; 50; 80; 90"},
		setting{field{key: "cosr.threshold", title: "COSR threshold", kind: rate, low: 0, high: 1}, "", "Least share of devices with a known cost; empty: 80 %"},
		setting{field: field{title: "Counted from the inventory"}},
		setting{field{key: "baseline.as_of", title: "As of", kind: month}, "", ""},
		setting{field{key: "baseline.taken", title: "Taken", kind: text}, "", ""},
		setting{field{key: "baseline.revision", title: "Revision of the database", kind: whole}, "", ""},
		setting{field{key: "baseline.site", title: "Site", kind: text}, "", "Empty: all"},
		setting{field{key: "baseline.devices", title: "Devices in the inventory then", kind: whole}, "", ""})
	return out
}

// settings writes the sheet Plan and gives its cells names.
func (b *book) settings() {
	b.head(sheetPlan, "What holds for the whole plan. Yellow cells may be changed; everything follows.", 0)
	for i, title := range []string{"Setting", "Value", "Unit", "What it is"} {
		b.put(sheetPlan, cellAt(letter(i+1), headerRow), title, b.heading(false))
	}
	for i, width := range []float64{32, 30, 18, 90} {
		b.do(b.f.SetColWidth(sheetPlan, letter(i+1), letter(i+1), width))
	}
	for i, s := range settings() {
		if s.key != "" {
			b.names[s.key] = fmt.Sprintf("%s!$B$%d", sheetPlan, firstRow+i)
		}
	}
	for i, s := range settings() {
		row := firstRow + i
		if s.key == "" {
			b.put(sheetPlan, cellAt("A", row), s.title, b.keep("section", &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 12, Bold: true, Color: "1F3A93"}}))
			continue
		}
		b.put(sheetPlan, cellAt("A", row), s.title, b.style(text, false, false))
		b.put(sheetPlan, cellAt("C", row), s.unit, b.style(text, false, false))
		b.put(sheetPlan, cellAt("D", row), s.help, b.unitStyle())
		at := cellAt("B", row)
		if s.calc != nil {
			b.formula(sheetPlan, at, s.calc(place{b, sheetPlan, row, 0}), b.style(s.kind, false, true))
		} else {
			v, err := shown(lookup(b.tree, s.key), s.kind)
			b.do(err)
			b.put(sheetPlan, at, v, b.style(s.kind, true, false))
			b.validate(sheetPlan, at, s.field)
		}
		if s.name != "" {
			b.do(b.f.SetDefinedName(&excelize.DefinedName{Name: s.name, RefersTo: fmt.Sprintf("%s!$B$%d", sheetPlan, row)}))
		}
	}
}

// enough is the column of the table of agents that says 1 where a desk has enough.
func (b *book) enough(desk int) string {
	l := letter(1 + desk*4 + 4)
	return fmt.Sprintf("%s!$%s$%d:$%s$%d", sheetErlang, l, firstRow, l, firstRow+b.agents-1)
}

// erlang writes the table of agents: for each desk Erlang B by its recursion, the probability to wait, the service
// level, and whether that is enough (plan.ErlangC, AgentsFor).
func (b *book) erlang() {
	if len(b.desks) == 0 {
		return
	}
	_, err := b.f.NewSheet(sheetErlang)
	b.do(err)
	b.head(sheetErlang, "How many agents each desk of the sheet Coverage needs (Erlang C). The first line that says 1 is taken.", 1)
	b.put(sheetErlang, cellAt("A", headerRow), "Agents", b.heading(false))
	for i := range b.agents {
		b.put(sheetErlang, cellAt("A", firstRow+i), i+1, b.style(whole, false, false))
	}
	for row, desk := range b.desks {
		h := place{b, sheetCoverage, row, 0}
		cell := func(key string) string {
			return fmt.Sprintf("%s!$%s$%d", sheetCoverage, h.letter(sheetCoverage, key), row)
		}
		load := fmt.Sprintf("(%s*%s/60)", cell("calls_per_hour"), cell("handle_minutes"))
		col := func(i int) string { return letter(1 + desk*4 + i) }
		for i, title := range []string{"Erlang B", "Waits", "Service level", "Enough"} {
			b.put(sheetErlang, cellAt(col(i+1), headerRow), title, b.heading(false))
		}
		b.formula(sheetErlang, cellAt(col(1), unitRow), cell("role"), b.unitStyle())
		for i := range b.agents {
			n := firstRow + i
			c, before := fmt.Sprintf("$A%d", n), "1"
			if i > 0 {
				before = cellAt(col(1), n-1)
			}
			b.formula(sheetErlang, cellAt(col(1), n), fmt.Sprintf("%[1]s*%[2]s/(%[3]s+%[1]s*%[2]s)", load, before, c), b.style(number, false, false))
			b.formula(sheetErlang, cellAt(col(2), n), fmt.Sprintf("IF(%[1]s>%[2]s,%[3]s/(1-(%[2]s/%[1]s)*(1-%[3]s)),1)", c, load, cellAt(col(1), n)), b.style(number, false, false))
			b.formula(sheetErlang, cellAt(col(3), n), fmt.Sprintf("IF(%[1]s>%[2]s,1-%[3]s*EXP(-(%[1]s-%[2]s)*%[4]s/(%[5]s*60)),0)", c, load, cellAt(col(2), n), cell("service_level.seconds"), cell("handle_minutes")), b.style(number, false, false))
			b.formula(sheetErlang, cellAt(col(4), n), fmt.Sprintf("IF(AND(%[1]s>%[2]s,%[3]s>=%[4]s,OR(%[5]s=0,%[2]s/%[1]s<=%[5]s)),1,0)", c, load, cellAt(col(3), n), cell("service_level.share"), cell("max_occupancy")), b.style(whole, false, false))
		}
	}
}

// levels is how many columns the sheet Drivers needs to find what holds a class at any depth: each doubles the reach.
func levels(p *plan.Plan) int {
	place := map[string]int{}
	for i := range p.Classes {
		place[fold(p.Classes[i].Name)] = i
	}
	depth := make([]int, len(p.Classes)) // 0: not known yet
	var climb func(i int) int
	climb = func(i int) int {
		if depth[i] == 0 {
			depth[i] = 1 // also ends a ring, which only a plan with mistakes has
			for _, name := range p.Classes[i].SubsetOf {
				if j, ok := place[fold(name)]; ok {
					depth[i] = max(depth[i], 1+climb(j))
				}
			}
		}
		return depth[i]
	}
	deepest := 1
	for i := range p.Classes {
		deepest = max(deepest, climb(i)-1)
	}
	return max(2, 1+int(math.Ceil(math.Log2(float64(deepest)))))
}

// drivers writes which class drives which role: named in the sheet Ratios, and not a part of another class that is
// named there (compiled.distinct).
func (b *book) drivers() {
	s := sheetDrivers
	b.head(s, "Which class drives which role (1). A class that is part of another one of the same role is not counted again (0 on the right). Nothing to change here.", 1)
	n, roles, levels := b.rows[sheetBaseline], b.rows[sheetRoles], b.levels
	last := firstRow + n - 1
	area := func(l string) string { return fmt.Sprintf("$%s$%d:$%s$%d", l, firstRow, l, last) }
	b.put(s, cellAt("A", headerRow), "Class, as compared", b.heading(false))
	b.do(b.f.SetColWidth(s, "A", "A", 26))
	h := place{b: b, sheet: sheetBaseline, row: firstRow}
	classes := func(row int) (string, string) {
		return fmt.Sprintf("%s!$%s$%d", sheetBaseline, h.letter(sheetBaseline, "name"), row), fmt.Sprintf("%s!$%s$%d", sheetBaseline, h.letter(sheetBaseline, "subset_of"), row)
	}
	for level := range levels {
		b.put(s, cellAt(letter(2+level), headerRow), fmt.Sprintf("Held by, within %d steps", 1<<level), b.heading(false))
	}
	for i := range n {
		row := firstRow + i
		name, parts := classes(row)
		b.formula(s, cellAt("A", row), "LOWER(TRIM("+name+"))", b.style(text, false, false))
		b.formula(s, cellAt("B", row), listed(parts), b.style(text, false, false))
		for level := 1; level < levels; level++ {
			at, before := cellAt(letter(2+level), row), letter(1+level)
			above := fmt.Sprintf("%[1]s%[2]d&_xlfn.TEXTJOIN(\"\",TRUE,IF(ISNUMBER(FIND(\";\"&%[3]s&\";\",%[1]s%[2]d)),%[4]s,\"\"))", before, row, area("A"), area(before))
			kind := excelize.STCellFormulaTypeArray
			b.do(b.f.SetCellFormula(s, at, above, excelize.FormulaOpts{Type: &kind, Ref: &at}))
			b.do(b.f.SetCellStyle(s, at, at, b.style(text, false, false)))
		}
	}
	held := letter(1 + levels)
	for r := range roles {
		role := firstRow + r
		named, counted := letter(2+levels+r), b.driver(r)
		list := fmt.Sprintf("%s!$%s$%d", sheetRatios, h.letter(sheetRatios, "classes"), role)
		title := fmt.Sprintf("%s!$A$%d", sheetRoles, role)
		b.formula(s, cellAt(named, headerRow), title, b.heading(false))
		b.formula(s, cellAt(counted, headerRow), title, b.heading(false))
		b.put(s, cellAt(named, unitRow), "named", b.unitStyle())
		b.put(s, cellAt(counted, unitRow), "counted", b.unitStyle())
		for i := range n {
			row := firstRow + i
			b.formula(s, cellAt(named, row), fmt.Sprintf("IF(AND($A%[1]d<>\"\",ISNUMBER(FIND(\";\"&$A%[1]d&\";\",%[2]s))),1,0)", row, list), b.style(whole, false, false))
			b.formula(s, cellAt(counted, row), fmt.Sprintf("IF(%[1]s%[2]d=0,0,IF(SUMPRODUCT(%[3]s*ISNUMBER(FIND(\";\"&%[4]s&\";\",$%[5]s%[2]d)))>0,0,1))", named, row, area(named), area("A"), held), b.style(whole, false, false))
		}
	}
}

// driver is the column of the sheet Drivers that says which classes count for a role.
func (b *book) driver(role int) string { return letter(2 + b.levels + b.rows[sheetRoles] + role) }

// projectionColumns are those of the sheet Projection, which reads from left to right as the arithmetic does.
var projectionColumns = []struct {
	key, title string
	kind       kind
	unit       string
	width      float64
}{
	{"year", "Year", year, "", 8}, {"role", "Role", text, "", 26}, {"team", "Team", text, "", 18},
	{"driver", "Driver", number, "what the ratio divides", 14}, {"driver_of", "Of", text, "", 10}, {"per", "One FTE per", number, "", 12}, {"ratio_fte", "Ratio FTE", fte, "driver ÷ ratio", 11},
	{"workload_hours", "Workload hours", number, "h a year", 13}, {"productive", "Productive hours", number, "h of one FTE", 12}, {"workload_fte", "Workload FTE", fte, "hours ÷ hours", 11},
	{"coverage_fte", "Coverage FTE", fte, "a floor", 11}, {"binding", "Binding", text, "which method decides", 12}, {"raw_fte", "Raw FTE", fte, "", 11},
	{"required_fte", "Required FTE", fte, "rounded up", 11}, {"current_fte", "Current FTE", fte, "", 11}, {"available_fte", "Available FTE", fte, "with leavers and hires", 12}, {"gap_fte", "Gap FTE", fte, "required − current", 11},
	{"salary", "Salary", money, "base year", 13}, {"loaded", "Benefits", rate, "", 10}, {"cost", "Cost", money, "required × salary × (1 + benefits) × (1 + rise)^years", 17}, {"backlog_hours", "Backlog", number, "h not done, added up", 12},
}

func projected(key string) string {
	for i := range projectionColumns {
		if projectionColumns[i].key == key {
			return letter(i + 1)
		}
	}
	panic("workbook: no column " + key + " in the projection")
}

// block is a column of one year of the projection.
func (b *book) block(key string, y int) string {
	n, l := b.rows[sheetRoles], projected(key)
	return fmt.Sprintf("%s!$%s$%d:$%s$%d", sheetProjection, l, firstRow+y*n, l, firstRow+(y+1)*n-1)
}

// projection writes Project as formulas, a row for each year and role.
func (b *book) projection() {
	s := sheetProjection
	b.head(s, "What the plan comes to: every cell is a formula over the other sheets. Read a row from left to right.", 2)
	for i, c := range projectionColumns {
		l := letter(i + 1)
		b.put(s, cellAt(l, unitRow), c.unit, b.unitStyle())
		b.put(s, cellAt(l, headerRow), c.title, b.heading(false))
		b.do(b.f.SetColWidth(s, l, l, c.width))
	}
	b.do(b.f.SetRowHeight(s, unitRow, 26))
	n := b.rows[sheetRoles]
	for y := range b.years() {
		for r := range n {
			row := firstRow + y*n + r
			for i, f := range b.projectionRow(y, r, row) {
				c := projectionColumns[i]
				b.formula(s, cellAt(letter(i+1), row), f, b.style(c.kind, false, c.key == "required_fte"))
			}
		}
	}
	b.do(b.f.AutoFilter(s, fmt.Sprintf("A%d:%s%d", headerRow, letter(len(projectionColumns)), firstRow+n*b.years()-1), nil))
}

// projectionRow gives the formulas of roleYear, in the order of the columns.
func (b *book) projectionRow(y, r, row int) []string {
	here := func(key string) string { return "$" + projected(key) + fmt.Sprint(row) }
	of := func(sheet, key string) string {
		return fmt.Sprintf("%s!$%s$%d", sheet, place{b: b}.letter(sheet, key), firstRow+r)
	}
	h := place{b: b, year: y}
	counted := fmt.Sprintf("%s!$%[2]s$%[3]d:$%[2]s$%[4]d", sheetDrivers, b.driver(r), firstRow, firstRow+b.rows[sheetBaseline]-1)
	leads := "0"
	if r < len(b.p.Roles) && b.p.Roles[r].Ratio != nil {
		for _, name := range b.p.Roles[r].Ratio.Roles {
			for j := range b.p.Roles {
				if j != r && fold(b.p.Roles[j].Name) == fold(name) {
					leads += fmt.Sprintf("+$%s%d", projected("required_fte"), row-r+j)
				}
			}
		}
	}
	backlog := "0"
	if y > 0 {
		backlog = cellAt(projected("backlog_hours"), row-b.rows[sheetRoles])
	}
	return []string{
		fmt.Sprintf("base_year+%d", y),
		of(sheetRoles, "name") + "&\"\"",
		of(sheetRoles, "team") + "&\"\"",
		fmt.Sprintf(`IF(%[1]s="devices",SUMPRODUCT(%[2]s,%[3]s),IF(%[1]s="value",SUMPRODUCT(%[2]s,%[3]s,%[4]s),IF(%[1]s="FTE",%[5]s,IF(%[1]s="beds",beds*%[6]s,0))))`,
			here("driver_of"), counted, h.col(sheetGrowth, "count"), h.col(sheetBaseline, "unit_cost"), leads, power("bed_growth", here("year"))),
		of(sheetRatios, "ratio.of") + "&\"\"",
		of(sheetRatios, "ratio.per"),
		fmt.Sprintf("IF(%[1]s>0,%[2]s/%[1]s,0)", here("per"), here("driver")),
		fmt.Sprintf("SUMPRODUCT(%s*%s)", same(h.col(sheetWorkload, "role"), here("role")), h.col(sheetWorkload, "total")),
		of(sheetRoles, "productive"),
		fmt.Sprintf("%s/%s", here("workload_hours"), here("productive")),
		of(sheetRoles, "coverage"),
		fmt.Sprintf(`IF(%[1]s>IF(OR(method="workload",AND(method="greater",%[2]s>%[3]s)),%[2]s,%[3]s),"coverage",IF(OR(method="workload",AND(method="greater",%[2]s>%[3]s)),"workload","ratio"))`, here("coverage_fte"), here("workload_fte"), here("ratio_fte")),
		fmt.Sprintf(`IF(%[1]s="coverage",%[2]s,IF(%[1]s="workload",%[3]s,%[4]s))`, here("binding"), here("coverage_fte"), here("workload_fte"), here("ratio_fte")),
		fmt.Sprintf("IF(rounding_step=0,%[1]s,CEILING(MAX(0,%[1]s-1E-9)/rounding_step,1)*rounding_step)", here("raw_fte")),
		of(sheetRoles, "current_fte"),
		fmt.Sprintf("(%s+SUMPRODUCT(%s*%s))*(1-%s)", here("current_fte"), same(h.col(sheetHires, "role"), here("role")), h.col(sheetHires, "works"), of(sheetRoles, "lost")),
		fmt.Sprintf("%s-%s", here("required_fte"), here("current_fte")),
		of(sheetRoles, "salary"),
		of(sheetRoles, "loaded"),
		fmt.Sprintf("%s*%s*(1+%s)*%s", here("required_fte"), here("salary"), here("loaded"), power("wage_escalation", here("year"))),
		fmt.Sprintf("MAX(0,%s+%s-%s*%s)", backlog, here("workload_hours"), here("available_fte"), here("productive")),
	}
}
