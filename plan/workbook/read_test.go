package workbook_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"pons/fault"
	"pons/plan"
	"pons/plan/workbook"
)

// written is a plan as a workbook that can be typed into.
func written(t testing.TB, p *plan.Plan) *excelize.File {
	t.Helper()
	var b bytes.Buffer
	if err := workbook.Write(&b, p, project(t, p)); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func reread(t testing.TB, f *excelize.File) (*plan.Plan, []string, error) {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return workbook.Read(&b)
}

func yaml(t testing.TB, p *plan.Plan) string {
	t.Helper()
	b, err := p.Text()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRoundTrip holds that a workbook that nobody edited is the plan it was made from.
func TestRoundTrip(t *testing.T) {
	plans := []*plan.Plan{example(t, "example_a.yaml"), example(t, "example_b.yaml"), plan.Template("USD", 2026)}
	for i := range uint64(5) {
		plans = append(plans, read(t, "invented", invented(i)))
	}
	for _, p := range plans {
		want := yaml(t, p)
		got, notes, err := reread(t, written(t, p))
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		if text := yaml(t, got); text != want {
			t.Errorf("%s came back as\n%s\nwant\n%s", p.Name, text, want)
		}
		for _, n := range notes {
			if strings.Contains(n, "!") || strings.Contains(n, "sheet") {
				t.Errorf("%s: %s", p.Name, n)
			}
		}
	}
}

// at is the cell of a sheet by the name of its column.
func at(t testing.TB, f *excelize.File, sheet, title string, row int) string {
	t.Helper()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(rows[3], title)
	if i < 0 {
		t.Fatalf("%s has no column %q: %v", sheet, title, rows[3])
	}
	name, err := excelize.CoordinatesToCellName(i+1, row)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func setting(t testing.TB, f *excelize.File, title string) string {
	t.Helper()
	rows, err := f.GetRows("Plan")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if len(row) > 0 && row[0] == title {
			name, _ := excelize.CoordinatesToCellName(2, i+1)
			return name
		}
	}
	t.Fatalf("no setting %q", title)
	return ""
}

// typed types values into cells by sheet, column and row.
func typed(t testing.TB, f *excelize.File, edits []edit) {
	t.Helper()
	for _, e := range edits {
		cell := ""
		if e.sheet == "Plan" {
			cell = setting(t, f, e.column)
		} else {
			cell = at(t, f, e.sheet, e.column, e.row)
		}
		if err := f.SetCellValue(e.sheet, cell, e.value); err != nil {
			t.Fatal(err)
		}
	}
}

type edit struct {
	sheet, column string
	row           int
	value         any
}

// TestReadEdited reads what people do to a workbook: new rows, other figures, text with percent and currency, formulas.
func TestReadEdited(t *testing.T) {
	f := written(t, example(t, "example_a.yaml"))
	typed(t, f, []edit{
		{"Roles", "Salary", 6, 70000}, {"Roles", "Salary", 7, "USD 83,500"}, {"Growth", "Growth", 5, "4%"}, {"Growth", "Growth, low", 6, 0.01}, {"Growth", "Growth, high", 6, 0.05},
		{"Baseline", "Class", 10, "new class"}, {"Baseline", "Devices", 10, 120}, {"Baseline", "Connected", 10, true}, {"Growth", "Class", 10, "New  class"}, {"Growth", "Growth", 10, 0.5},
		{"Roles", "Role", 13, "=new role"}, {"Roles", "Salary", 13, 50000}, {"Ratios", "Role", 13, "=new role"}, {"Ratios", "One FTE per", 13, 60}, {"Ratios", "Of", 13, "devices"}, {"Ratios", "Driven by classes", 13, "new class;imaging"},
		{"Hires", "Role", 5, "network"}, {"Hires", "Start", 5, 46447}, {"Hires", "FTE", 5, 1.5}, {"Hires", "Role", 6, "Network"}, {"Hires", "Start", 6, "2027-02-10"}, {"Hires", "FTE", 6, 1},
		{"Plan", "Rise of wages", 0, 0.04}, {"Plan", "Rounding", 0, "half-up"},
	})
	typed(t, f, []edit{{"Ratios", "One FTE per", 6, nil}})
	if err := f.SetCellFormula("Ratios", at(t, f, "Ratios", "One FTE per", 6), "500*2.5"); err != nil {
		t.Fatal(err)
	}
	if err := f.SetCellValue("Baseline", "K4", "Bonus"); err != nil {
		t.Fatal(err)
	}
	if err := f.SetCellValue("Roles", at(t, f, "Roles", "Coverage FTE", 6), 9); err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewSheet("My own"); err != nil {
		t.Fatal(err)
	}
	got, notes, err := reread(t, f)
	if err != nil {
		t.Fatal(err)
	}
	want := example(t, "example_a.yaml")
	want.Roles[1].Salary, want.Roles[2].Salary = 70000, 83500
	want.Classes[0].Growth, want.Classes[1].Growth = plan.Exactly(0.04), plan.Range{Low: 0.01, Mode: 0.02, High: 0.05}
	want.Classes = append(want.Classes, plan.Class{Name: "new class", Count: 120, Connected: true, Growth: plan.Exactly(0.5)})
	want.Roles = append(want.Roles, plan.Role{Name: "=new role", Salary: 50000, Ratio: &plan.Ratio{DevicesPerFTE: 60, Classes: []string{"new class", "imaging"}}})
	want.Roles[7].Hires = []plan.Hire{{Start: "2027-03", FTE: 1.5}, {Start: "2027-02-10", FTE: 1}}
	want.Roles[1].Ratio.DevicesPerFTE = 1250
	want.WageEscalation, want.Rounding = 0.04, plan.HalfUp
	if a, b := yaml(t, got), yaml(t, want); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
	for _, say := range []string{`Baseline!K4: no column of this sheet is called "Bonus"; it is not read`, "Ratios!B6 is a formula; the value that it has now, 1250, is taken", "coverage fte itself and does not take it", "the sheet My own is not one of Pons's"} {
		if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, say) }) {
			t.Errorf("the notes do not say %q: %q", say, notes)
		}
	}
}

// TestReadMistakes holds that every mistake names its sheet and cell, and that nothing comes of a workbook with one.
func TestReadMistakes(t *testing.T) {
	var raw bytes.Buffer
	p := example(t, "example_a.yaml")
	p.Horizon = 1
	if err := workbook.Write(&raw, p, project(t, p)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		edits []edit
		want  string
	}{
		{[]edit{{"Ratios", "One FTE per", 6, 0}}, "Ratios!B6: roles[1].ratio.devices_per_fte: 0 devices per FTE: a ratio is above zero; write how many devices one FTE looks after"},
		{[]edit{{"Ratios", "One FTE per", 6, -5}}, "Ratios!B6: roles[1].ratio.devices_per_fte: −5 devices per FTE: a ratio is above zero"},
		{[]edit{{"Ratios", "One FTE per", 6, nil}}, "Ratios!B6: roles[1].ratio.devices_per_fte: 0 devices per FTE"},
		{[]edit{{"Ratios", "Driven by classes", 6, "biomd"}}, `Ratios!D6: roles[1].ratio.classes[0]: no class is called "biomd"; "biomed" was probably meant`},
		{[]edit{{"Ratios", "Of", 6, "dozens"}}, `Ratios!C6: roles[1].ratio: "dozens": write devices, value, FTE or beds`},
		{[]edit{{"Growth", "Growth", 7, 9}}, "Growth!B7: classes[2].growth: 9 is growth of 900 % a year"},
		{[]edit{{"Growth", "Growth, high", 7, 0.2}}, "Growth!C7: classes[2].growth.low: a range needs low, mode and high; low is missing"},
		{[]edit{{"Growth", "Growth", 7, "a lot"}}, `Growth!B7: classes[2].growth: "a lot" is no number`},
		{[]edit{{"Roles", "Salary", 6, nil}}, "Roles!C6: roles[1].salary: BMET I/II has no salary"},
		{[]edit{{"Roles", "Salary", 6, "EUR 60,000"}}, "Roles!C6: roles[1].salary: EUR 60,000 is in EUR, the plan in USD"},
		{[]edit{{"Roles", "Role", 6, "bmet III"}}, "Roles!A7: roles[2].name: BMET III is there already"},
		{[]edit{{"Roles", "Paid hours", 6, 9000}, {"Roles", "Hands-on share", 6, 0.7}}, "Roles!N6: roles[1].productive_hours.paid: 9,000 hours: a year has 8,760"},
		{[]edit{{"Roles", "Paid hours", 6, 2000}, {"Roles", "Productive hours, stated", 6, 1300}}, "Roles!M6: roles[1].productive_hours: the hours are stated and their parts are given: empty one of the two"},
		{[]edit{{"Baseline", "Devices", 5, nil}}, "Baseline!B5: classes[0].count: biomed has no count"},
		{[]edit{{"Baseline", "Devices", 5, 6000.5}}, "Baseline!B5: classes[0].count: 6000.5: write a whole number"},
		{[]edit{{"Pipeline", "Class", 5, "X-ray"}, {"Pipeline", "Year", 5, 2027}}, `Pipeline!A5: classes: no class is called "X-ray" on the sheet Baseline`},
		{[]edit{{"Pipeline", "Class", 5, "imaging"}, {"Pipeline", "Year", 5, 2026}}, "Pipeline!B5: classes[1].pipeline[0].year: 2026: the base year's count"},
		{[]edit{{"Workload", "Role", 5, "BMET I/II"}, {"Workload", "Work", 5, "PM"}, {"Workload", "Hours each", 5, nil}}, "Workload!E5: workload.items[0].per_device_year: PM does not say how often"},
		{[]edit{{"Coverage", "Role", 5, "IT support"}, {"Coverage", "Seats", 5, 1}, {"Coverage", "Hours a week", 5, 169}}, "Coverage!D5: coverage[0].hours_per_week: 169: write a number from 0.01 to 168"},
		{[]edit{{"Plan", "Method", 0, "guess"}}, "method: \"guess\": write ratio, workload or greater"},
		{[]edit{{"Plan", "Base year", 0, "soon"}}, `base_year: "soon" is no number`},
	} {
		f, err := excelize.OpenReader(bytes.NewReader(raw.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		typed(t, f, c.edits)
		p, _, err := reread(t, f)
		f.Close()
		if err == nil || p != nil || !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.edits, err, c.want)
		}
		var found fault.Mistakes
		if errors.As(err, &found) {
			for _, m := range found {
				if !strings.Contains(m.File, "!") {
					t.Errorf("%v: %v names no cell", c.edits, m)
				}
			}
		}
	}
}

// TestReadOther holds that what is no workbook of a plan is refused in one line.
func TestReadOther(t *testing.T) {
	other := excelize.NewFile()
	defer other.Close()
	var b bytes.Buffer
	if err := other.Write(&b); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	for name, raw := range map[string][]byte{"empty": nil, "text": []byte("a,b\n"), "broken": whole[:len(whole)/2], "another workbook": whole} {
		_, _, err := workbook.Read(bytes.NewReader(raw))
		if !errors.Is(err, fault.Invalid) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNamesAreNoFormulas holds that whatever a name begins with, its cell is text.
func TestNamesAreNoFormulas(t *testing.T) {
	f := written(t, read(t, "invented", invented(3)))
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j, v := range row {
				if v == "" || !strings.ContainsAny(v[:1], "=+-@") {
					continue
				}
				name, _ := excelize.CoordinatesToCellName(j+1, i+1)
				formula, err := f.GetCellFormula(sheet, name)
				kind, err2 := f.GetCellType(sheet, name)
				if err != nil || err2 != nil || formula != "" || kind != excelize.CellTypeSharedString && kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
					t.Errorf("%s!%s: %q is a formula %q or of type %v", sheet, name, v, formula, kind)
				}
			}
		}
	}
	p := example(t, "example_a.yaml")
	p.Roles[0].Name = "A; B"
	if err := workbook.Write(&bytes.Buffer{}, p, nil); !errors.Is(err, fault.Invalid) {
		t.Errorf("a name with a semicolon: %v", err)
	}
}

// TestPercentiles holds that what was drawn stands in the workbook as it is, with seed and draws, and that a workbook
// with it is still the plan.
func TestPercentiles(t *testing.T) {
	p := read(t, "invented", invented(5))
	out := project(t, p)
	var err error
	if out.Percentiles, err = p.Simulate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := workbook.Write(&b, p, out); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if about, err := f.GetCellValue("Percentiles", "A2"); err != nil || !strings.Contains(about, "500 draws with the seed 3") {
		t.Errorf("%q, %v", about, err)
	}
	s := sheetNamed(t, f, "Percentiles")
	years := len(out.Years)
	if got, want := s.number(1, "P90"), out.Percentiles.TotalFTE[1].Values[2]; got != want {
		t.Errorf("P90 of all roles in the second year is %v, want %v", got, want)
	}
	if got, want := s.number(2*years, "Mean"), out.Percentiles.Roles[0].Years[0].Mean; got != want || s.text(2*years, "What") != p.Roles[0].Name {
		t.Errorf("the mean of %s is %v, want %v", s.text(2*years, "What"), got, want)
	}
	if back, notes, err := workbook.Read(&b); err != nil || yaml(t, back) != yaml(t, p) {
		t.Errorf("%v %q", err, notes)
	}
}

// TestReadAnything holds that whatever people type where, a plan comes of it or mistakes do, and each mistake in a list
// names a cell.
func TestReadAnything(t *testing.T) {
	var b bytes.Buffer
	p := read(t, "invented", invented(4))
	if err := workbook.Write(&b, p, project(t, p)); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	sheets := []string{"Plan", "Baseline", "Growth", "Pipeline", "Roles", "Hires", "Ratios", "Workload", "Coverage", "Contracts", "Costs", "Assumptions", "COSR", "Counted"}
	values := []any{nil, "", " ", 0, -1, 1e300, 0.5, 2027, 46447, true, "yes", "no", "3%", "1,000", "=1+1", "#REF!", "BMET*", "pump*; =biomed", ";;", "\u00e9\u0000", "devices", "FTE", strings.Repeat("x", 300)}
	r := rand.New(rand.NewPCG(1, 2))
	for range 25 {
		f, err := excelize.OpenReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var edits []string
		for range 1 + r.IntN(5) {
			sheet, value := sheets[r.IntN(len(sheets))], values[r.IntN(len(values))]
			cell, _ := excelize.CoordinatesToCellName(1+r.IntN(14), 4+r.IntN(36))
			edits = append(edits, fmt.Sprintf("%s!%s = %v", sheet, cell, value))
			if err := f.SetCellValue(sheet, cell, value); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		got, _, err := workbook.Read(&b)
		switch {
		case err == nil:
			if _, err := got.Project(); err != nil {
				t.Errorf("%q: a plan that was read cannot be computed: %v", edits, err)
			}
		case !errors.Is(err, fault.Invalid):
			t.Errorf("%q: %v", edits, err)
		default:
			var found fault.Mistakes
			if errors.As(err, &found) {
				for _, m := range found {
					if m.File == "" && strings.Contains(m.Path, "[") {
						t.Errorf("%q: %v names no cell", edits, m)
					}
				}
			}
		}
	}
}
