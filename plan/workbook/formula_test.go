package workbook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"pons/plan"
	"pons/plan/workbook"
)

func read(t testing.TB, name, text string) *plan.Plan {
	t.Helper()
	p, _, err := plan.Read(name, strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func example(t testing.TB, name string) *plan.Plan {
	t.Helper()
	text, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, name, string(text))
}

func project(t testing.TB, p *plan.Plan) *plan.Projection {
	t.Helper()
	out, err := p.Project()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func save(t testing.TB, path string, p *plan.Plan) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := workbook.Write(f, p, project(t, p)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// recalculated lets LibreOffice compute the workbooks of a folder anew, and gives the folder of the results.
func recalculated(t *testing.T, dir string) string {
	t.Helper()
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		soffice, err = exec.LookPath("libreoffice")
	}
	if err != nil {
		t.Fatal("LibreOffice is needed: make test-tools")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	args := append([]string{"-env:UserInstallation=file://" + t.TempDir(), "--headless", "--norestore", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", out}, files...)
	if said, err := exec.CommandContext(ctx, soffice, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return out
}

// sheetOf is a computed sheet: its cells by the names of the columns.
type sheetOf struct {
	t    testing.TB
	name string
	head map[string]int
	rows [][]string
}

func open(t testing.TB, path string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func sheetNamed(t testing.TB, f *excelize.File, name string) sheetOf {
	t.Helper()
	rows, err := f.GetRows(name)
	if err != nil {
		t.Fatal(err)
	}
	s := sheetOf{t, name, map[string]int{}, rows[4:]}
	for i, title := range rows[3] {
		if _, twice := s.head[title]; twice { // years stand in several blocks: by the unit above
			title = rows[2][i] + " " + title
		}
		s.head[title] = i
		if _, err := strconv.Atoi(title); err == nil {
			s.head[rows[2][i]+" "+title] = i
		}
	}
	return s
}

func (s sheetOf) text(row int, title string) string {
	col, ok := s.head[title]
	if !ok {
		s.t.Fatalf("%s has no column %q", s.name, title)
	}
	if row >= len(s.rows) || col >= len(s.rows[row]) {
		return ""
	}
	return s.rows[row][col]
}

func (s sheetOf) number(row int, title string) float64 {
	v, err := strconv.ParseFloat(s.text(row, title), 64)
	if err != nil {
		s.t.Errorf("%s, row %d, %s: %q", s.name, row+5, title, s.text(row, title))
		return math.NaN()
	}
	return v
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(a)/1e6) }

// compare holds every figure of the projection against the cells.
func compare(t *testing.T, f *excelize.File, p *plan.Plan, want *plan.Projection) {
	t.Helper()
	rows, totals, growth := sheetNamed(t, f, "Projection"), sheetNamed(t, f, "Totals"), sheetNamed(t, f, "Growth")
	check := func(what string, got, want float64) {
		t.Helper()
		if !near(want, got) {
			t.Errorf("%s: %.9f, want %.9f", what, got, want)
		}
	}
	for y, year := range want.Years {
		for i, c := range year.Classes {
			for title, want := range map[string]int{"Devices, devices": c.Count, "Added, came, without replacements": c.Added, "Retired, went, without a follower": c.Retired, "Replaced, went, and a new one came": c.Replaced} {
				check(fmt.Sprintf("%d %s %s", year.Year, c.Name, title), growth.number(i, title+" "+strconv.Itoa(year.Year)), float64(want))
			}
		}
		for i, r := range year.Roles {
			n := y*len(year.Roles) + i
			at := fmt.Sprintf("%d %s", year.Year, r.Name)
			if got := rows.text(n, "Role"); got != r.Name {
				t.Errorf("%s is called %q", at, got)
			}
			if got := rows.text(n, "Binding"); got != string(r.Binding) {
				t.Errorf("%s is bound by %s, want %s (%+v)", at, got, r.Binding, r)
			}
			for title, want := range map[string]float64{"Year": float64(year.Year), "Driver": r.Driver, "Ratio FTE": r.RatioFTE, "Workload hours": r.WorkloadHours, "Workload FTE": r.WorkloadFTE, "Coverage FTE": r.CoverageFTE,
				"Raw FTE": r.RawFTE, "Required FTE": r.RequiredFTE, "Current FTE": r.CurrentFTE, "Available FTE": r.AvailableFTE, "Gap FTE": r.GapFTE, "Cost": r.Cost, "Backlog": r.BacklogHours} {
				check(at+" "+title, rows.number(n, title), want)
			}
		}
		at := strconv.Itoa(year.Year)
		for title, want := range map[string]float64{"Required FTE": year.TotalFTE, "Wages and benefits": year.TotalCost, "Contracts": year.Contracts, "Parts": year.Parts, "On call": year.OnCall, "Other costs": year.Others, "Spend": year.Spend} {
			check(at+" "+title, totals.number(y, title), want)
		}
		hours := map[plan.Work]float64{}
		for _, h := range year.Hours {
			hours[h.Work] = h.Hours
		}
		for _, w := range plan.Works() {
			check(at+" hours of "+string(w), totals.number(y, string(w)), hours[w])
		}
	}
}

// invented makes a plan with every feature, from a seed.
func invented(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 7))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	f := func(low, high float64) string { return strconv.FormatFloat(low+(high-low)*r.Float64(), 'g', 4, 64) }
	var b strings.Builder
	fmt.Fprintf(&b, "name: Invented %d\nnote: '=1+1 is no formula'\ncurrency: EUR\nbase_year: 2026\nhorizon_years: %d\nwage_escalation: %s\nbenefits: %s\nrounding: %s\nmethod: %s\nbeds: %d\nbed_growth: %s\n",
		seed, 1+r.IntN(5), f(0, 0.06), f(0.1, 0.4), pick("none", "quarter-up", "half-up", "integer-up"), pick("ratio", "workload", "greater"), 100+r.IntN(900), f(-0.02, 0.05))
	classes := []string{"all devices", "=biomed", "pump*", "pump?", "+ventilator", "@IoT ~x", "-PC", "Imaging  systems"}
	b.WriteString("classes:\n")
	for i, c := range classes {
		count := []int{20000, 5000, 900, 700, 80, 1200, 900, 60}[i] + r.IntN(90)
		fmt.Fprintf(&b, "  - {name: %q, count: %d, unit_cost: %s, expected_life: %d, connected: %v", c, count, f(500, 40000), 4+r.IntN(12), r.IntN(2) == 0)
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, ", growth: %s", f(-0.05, 0.2))
		} else {
			fmt.Fprintf(&b, ", growth: {low: %s, mode: %s, high: %s}", f(-0.05, 0), f(0.01, 0.1), f(0.11, 0.3))
		}
		switch i {
		case 1:
			b.WriteString(", subset_of: ALL  devices")
		case 2, 3:
			b.WriteString(`, subset_of: ["=biomed"]`)
		case 4:
			b.WriteString(`, subset_of: ["pump*x", "all devices"]`)
		}
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, ", pipeline: [{year: 2027, name: tower, add: %d, retire: %d, replace: %d}, {year: 2027, retire: %d}]", r.IntN(200), r.IntN(90), r.IntN(50), r.IntN(40))
		}
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, ", contract: {in_force: %v, price_per_device: %s, share_of_cost: %s, covers: %s, parts: %v, parts_per_device: %s, escalation: %s, vendor: '@OEM'}", r.IntN(2) == 0, f(10, 300), f(0, 0.1), f(0.2, 1), r.IntN(2) == 0, f(5, 50), f(0, 0.06))
		}
		b.WriteString("}\n")
	}
	text := strings.Replace(b.String(), `"pump*x"`, `"pump*"`, 1)
	b.Reset()
	b.WriteString(text)
	drivers := []string{`[all devices, "=biomed", "pump*"]`, `["pump*", "pump?"]`, `["Pump* ", "=BIOMED"]`, `["@IoT ~x", "-pc"]`, `["+ventilator"]`, `["Imaging systems", "pump?"]`}
	roles := []string{"Lead of leads", "=Lead", "BMET*", "BMET?", "+Imaging", "Desk", "Beds", "Nobody"}
	b.WriteString("roles:\n")
	for i, name := range roles {
		fmt.Fprintf(&b, "  - {name: %q, team: %s, salary: %s, current_fte: %s, open_fte: 0.5, min_fte: %s, attrition: %s, months_to_fill: %d, ramp_up_months: %d, skills: [pumps, 'CT'], note: '-x'", name,
			pick("biomed", "it", "security"), f(30000, 150000), f(0, 12), f(0, 2), f(0, 0.3), r.IntN(7), r.IntN(9))
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, ", benefits: %s", pick("0", f(0.1, 0.5)))
		}
		switch r.IntN(3) {
		case 0:
			fmt.Fprintf(&b, ", productive_hours: %d", 1200+r.IntN(400))
		case 1:
			fmt.Fprintf(&b, ", productive_hours: {paid: 2000, vacation: %d, holidays: 80, sick: 40, training: 20, admin_leave: 8, wrench_time: %s}", 80+r.IntN(100), f(0.7, 0.9))
		}
		if r.IntN(2) == 0 {
			fmt.Fprintf(&b, ", hires: [{start: 2026-07, fte: %s}, {start: '2027-02-15', fte: 1, note: =x}, {start: '2025-3', fte: 0.5}]", f(0.5, 3))
		}
		switch i {
		case 0:
			fmt.Fprintf(&b, `, ratio: {fte_per_fte: %s, roles: ["=lead", Desk]}`, f(3, 9))
		case 1:
			fmt.Fprintf(&b, `, ratio: {fte_per_fte: %s, roles: ["BMET*", "bmet?", "+imaging"]}`, f(3, 9))
		case 2, 3, 4:
			fmt.Fprintf(&b, ", ratio: {devices_per_fte: %s, classes: %s}", f(200, 2000), drivers[r.IntN(len(drivers))])
		case 5:
			fmt.Fprintf(&b, ", ratio: {value_per_fte: %s, classes: %s}", f(5e5, 9e6), drivers[r.IntN(len(drivers))])
		case 6:
			fmt.Fprintf(&b, ", ratio: {beds_per_fte: %s}", f(20, 90))
		}
		b.WriteString("}\n")
	}
	fmt.Fprintf(&b, "workload:\n  productive_hours: {paid: 2080, vacation: 120, holidays: 80, sick: 56, training: 40, admin_leave: 0, wrench_time: %s}\n  items:\n", f(0.65, 0.8))
	for i := range 24 {
		role, class := roles[2+r.IntN(6)], classes[r.IntN(len(classes))]
		switch i % 6 {
		case 0:
			fmt.Fprintf(&b, "    - {role: %q, class: %q, name: PM, per_device_year: %s, hours: %s}\n", role, class, f(0.2, 2), f(0.2, 2))
		case 1:
			fmt.Fprintf(&b, "    - {role: %q, class: %q, name: repair, per_device_year: {low: 0.1, mode: 0.3, high: 0.9}, hours: {low: 1, mode: 1.5, high: 4}}\n", role, class)
		case 2:
			fmt.Fprintf(&b, "    - {role: %q, class: %q, name: incoming, per_added_device: 1, hours: %s, skill: pumps}\n", role, class, f(0.2, 2))
		case 3:
			fmt.Fprintf(&b, "    - {role: %q, class: %q, name: wiping, work: retiring, per_retired_device: %s, hours: 1}\n", role, class, f(0.2, 2))
		case 4:
			fmt.Fprintf(&b, "    - {role: %q, name: '=alerts', work: recall, events_per_year: %d, growth: %s, hours: 0.5}\n", role, r.IntN(900), f(-0.1, 0.2))
		default:
			fmt.Fprintf(&b, "    - {role: %q, class: %q, name: corrective projects, hours_per_year: %d, growth: %s, note: '+1'}\n", role, class, 100+r.IntN(900), f(-0.1, 0.2))
		}
	}
	b.WriteString("coverage:\n")
	fmt.Fprintf(&b, "  - {role: desk, name: '=triage', calls_per_hour: %s, handle_minutes: %s, service_level: {seconds: %d, share: %s}, max_occupancy: %s, shrinkage: %s, shifts: %d}\n", f(2, 40), f(2, 12), 10+r.IntN(60), f(0.7, 0.95), pick("0", "0.85"), pick("0", "0.25"), 1+r.IntN(3))
	fmt.Fprintf(&b, "  - {role: Desk, seats: 1, hours_per_week: %d, available_hours: %s}\n", 40+r.IntN(128), pick("1784", "1600"))
	fmt.Fprintf(&b, "  - {role: Nobody, seats: %s, hours_per_week: 84}\n", f(0.2, 3))
	fmt.Fprintf(&b, "  - {role: Nobody, calls_per_hour: 30, handle_minutes: 8, service_level: {seconds: 60, share: 0.9}}\n")
	fmt.Fprintf(&b, "  - {role: 'BMET*', on_call: {max_share: %s, standby_rate: 4, call_outs: 110, min_call_hours: %s, call_hours: 2.2, overtime: 1.5, hourly: 38}}\n", f(0.1, 0.4), f(1, 3))
	fmt.Fprintf(&b, "  - {role: 'Beds', on_call: {max_share: 0.25, standby_rate: 3, core_hours: 1900, call_outs: 10, call_hours: 2, hourly: 30}}\n")
	b.WriteString("costs:\n")
	fmt.Fprintf(&b, "  - {name: '=tools', kind: tools, per_year: 12000, escalation: %s}\n  - {name: courses, per_fte: 1500, roles: ['bmet*', Desk], from: 2027}\n  - {name: phones, per_year: 10, per_fte: 300, until: 2027}\n", f(0, 0.1))
	b.WriteString("cosr: {threshold: 0.7, lines: [{name: CT, labor: 10000, contracts: 200, parts: 7, time_and_material: 3, overhead: 1, acquisition_value: 220000, devices: 40, devices_with_cost: 39}]}\n")
	b.WriteString("simulation: {draws: 500, seed: 3, percentiles: [10, 50, 90]}\n")
	b.WriteString("assumptions:\n  - {path: 'roles/BMET*/ratio/devices_per_fte', value: '=1000', unit: devices, source: '@domain note', date: 2026-01, confidence: expert, note: x}\n")
	b.WriteString("baseline: {as_of: 2026-01-05, taken: '2026-01-05T10:00:00Z', revision: 77, site: Main, devices: 4000, counts: [{class: '-PC', question: 'class:pc', count: 12}]}\n")
	return b.String()
}

const inventedPlans = 4

// TestFormulas holds that LibreOffice computes from the workbook what Pons computes from the plan: the worked examples,
// and plans with every feature; and that a workbook whose inputs were changed computes the changed plan.
func TestFormulas(t *testing.T) {
	dir := t.TempDir()
	want := map[string]*plan.Plan{"a": example(t, "example_a.yaml"), "b": example(t, "example_b.yaml")}
	for i := range uint64(inventedPlans) {
		want[fmt.Sprintf("invented-%d", i)] = read(t, "invented", invented(i))
	}
	for name, p := range want {
		save(t, filepath.Join(dir, name+".xlsx"), p)
	}
	changed := change(t, dir)
	for name, p := range changed {
		want[name] = p
	}
	out := recalculated(t, dir)
	for name, p := range want {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(out, name+".xlsx")
			compare(t, open(t, path), p, project(t, p))
			// What LibreOffice saved is the same plan.
			raw, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			back, _, err := workbook.Read(raw)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := document(t, back), document(t, p); got != want {
				t.Errorf("saved by LibreOffice the plan is\n%s\nwant\n%s", got, want)
			}
		})
	}
	f := open(t, filepath.Join(out, "a.xlsx"))
	totals := sheetNamed(t, f, "Totals")
	for y, cents := range []string{"3504000.00", "3879014.40", "4218741.14", "4552661.69"} {
		if got := strconv.FormatFloat(totals.number(y, "Wages and benefits"), 'f', 2, 64); got != cents {
			t.Errorf("worked example A, year %d: %s, want %s", y, got, cents)
		}
	}
}

var manyDigits = regexp.MustCompile(`[0-9]+\.[0-9]{10,}`)

// document is a plan as JSON, without case, as names are compared, and with nine digits of each number: LibreOffice
// keeps fifteen.
func document(t testing.TB, p *plan.Plan) string {
	t.Helper()
	doc, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return manyDigits.ReplaceAllStringFunc(strings.ToLower(string(doc)), func(n string) string {
		v, _ := strconv.ParseFloat(n, 64)
		return strconv.FormatFloat(v, 'g', 9, 64)
	})
}

// change writes workbooks, types into their cells, and gives the plans that those cells say: that is what living
// formulas are for.
func change(t *testing.T, dir string) map[string]*plan.Plan {
	out := map[string]*plan.Plan{}
	f := written(t, example(t, "example_a.yaml"))
	typed(t, f, []edit{
		{"Ratios", "One FTE per", 6, 800}, {"Ratios", "Driven by classes", 8, "Imaging;iot/ot"}, {"Ratios", "Of", 12, "beds"}, {"Ratios", "One FTE per", 12, 77},
		{"Roles", "Salary", 7, 90000}, {"Roles", "Benefits", 7, 0.4}, {"Roles", "Current FTE", 8, 9.5}, {"Growth", "Growth", 6, 0.11}, {"Baseline", "Devices", 5, 7001}, {"Baseline", "Part of", 7, nil},
		{"Plan", "Rounding", 0, "half-up"}, {"Plan", "Method", 0, "greater"}, {"Plan", "Rise of wages", 0, 0.05}, {"Plan", "Benefits", 0, 0.31}, {"Plan", "Base year", 0, 2030}, {"Plan", "Staffed beds", 0, 410}, {"Plan", "Growth of beds", 0, 0.02},
		{"Pipeline", "Class", 5, "biomed"}, {"Pipeline", "Year", 5, 2032}, {"Pipeline", "Added", 5, 1000}, {"Pipeline", "Retired", 5, 30},
		{"Workload", "Role", 5, "bmet i/ii"}, {"Workload", "Class", 5, "imaging"}, {"Workload", "Work", 5, "visits"}, {"Workload", "Kind", 5, "pm"}, {"Workload", "Events per device", 5, 40}, {"Workload", "Hours each", 5, 2.5},
		{"Coverage", "Role", 5, "Network"}, {"Coverage", "Seats", 5, 1}, {"Coverage", "Hours a week", 5, 168},
		{"Hires", "Role", 5, "BMET III"}, {"Hires", "Start", 5, "2031-04"}, {"Hires", "FTE", 5, 2},
		{"Contracts", "In force", 6, "yes"}, {"Contracts", "Price per device", 6, 4000}, {"Contracts", "Covers", 6, 0.4},
		{"Costs", "Cost", 5, "courses"}, {"Costs", "Per FTE", 5, 1500}, {"Costs", "Of roles", 5, "Network; MD security"}, {"Costs", "From", 5, 2031},
	})
	if err := f.SaveAs(filepath.Join(dir, "changed-a.xlsx")); err != nil {
		t.Fatal(err)
	}
	p := example(t, "example_a.yaml")
	p.Rounding, p.Method, p.WageEscalation, p.Benefits, p.BaseYear, p.Beds, p.BedGrowth = plan.HalfUp, plan.ByGreater, 0.05, 0.31, 2030, 410, 0.02
	own := 0.4
	p.Roles[1].Ratio.DevicesPerFTE = 800
	p.Roles[2].Salary, p.Roles[2].Benefits, p.Roles[2].Hires = 90000, &own, []plan.Hire{{Start: "2031-04", FTE: 2}}
	p.Roles[3].CurrentFTE, p.Roles[3].Ratio.Classes = 9.5, []string{"imaging", "IoT/OT"}
	p.Roles[7].Ratio = &plan.Ratio{BedsPerFTE: 77, Classes: p.Roles[7].Ratio.Classes}
	p.Classes[0].Count, p.Classes[0].Pipeline = 7001, []plan.Change{{Year: 2032, Add: 1000, Retire: 30}}
	p.Classes[1].Growth, p.Classes[1].Contract = plan.Exactly(0.11), &plan.Contract{InForce: true, PricePerDevice: 4000, Covers: 0.4}
	p.Classes[2].SubsetOf = nil
	p.Workload.Items = []plan.Item{{Role: "BMET I/II", Class: "imaging", Name: "visits", Work: plan.PM, PerDeviceYear: plan.Exactly(40), Hours: plan.Exactly(2.5)}}
	p.Coverage = []plan.Coverage{{Role: "Network", Seats: 1, HoursPerWeek: 168}}
	p.Costs = []plan.Cost{{Name: "courses", PerFTE: 1500, Roles: []string{"Network", "MD security"}, From: 2031}}
	out["changed-a"] = p

	f = written(t, read(t, "invented", invented(2)))
	typed(t, f, []edit{
		{"Coverage", "Calls an hour", 5, 55}, {"Coverage", "Answered within", 5, 15}, {"Coverage", "Share answered", 5, 0.93}, {"Coverage", "Occupancy at most", 5, 0.8}, {"Coverage", "On call at most", 9, 0.15},
		{"Baseline", "Part of", 10, "=biomed; all devices"}, {"Baseline", "Part of", 9, "pump?"}, {"Ratios", "Of", 7, "devices"}, {"Ratios", "One FTE per", 7, 300}, {"Ratios", "Driven by classes", 7, "-PC; =Biomed; Pump?"},
		{"Plan", "Method", 0, "greater"}, {"Plan", "Rounding", 0, "none"}, {"Plan", "Hands-on share", 0, 0.66}, {"Roles", "Ramp-up months", 7, 11}, {"Roles", "Attrition", 7, 0.4},
	})
	if err := f.SaveAs(filepath.Join(dir, "changed-invented.xlsx")); err != nil {
		t.Fatal(err)
	}
	p, _, err := reread(t, f)
	if err != nil {
		t.Fatal(err)
	}
	if p.Coverage[0].CallsPerHour != 55 || p.Rounding != plan.NoRounding {
		t.Fatalf("the edits were not read: %+v", p)
	}
	out["changed-invented"] = p
	return out
}
