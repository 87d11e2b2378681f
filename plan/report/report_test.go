package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/sync/errgroup"

	"pons/fault"
	"pons/plan"
)

var day = time.Date(2026, 11, 20, 9, 14, 0, 0, time.UTC)

// typical is a hospital of the template's roles and classes with invented counts and people.
func typical(t testing.TB) Board {
	t.Helper()
	p := plan.Template("USD", 2026)
	p, err := p.Recount(plan.Baseline{AsOf: "2026-11-18", Devices: 9100}, func(q string) (int, error) {
		switch {
		case strings.HasPrefix(q, "category:medical and not status"):
			return 6000, nil
		case strings.HasPrefix(q, "category:medical and (has:mac"):
			return 2400, nil
		case strings.HasPrefix(q, "category:it"):
			return 2600, nil
		case strings.HasPrefix(q, "category:(iot"):
			return 400, nil
		}
		return 30 + len(q)%90, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Roles {
		p.Roles[i].CurrentFTE = []float64{5, 2, 1, 1, 1, 1, 1, 4, 1, 1}[i%10]
	}
	for i := range p.Classes {
		if p.Classes[i].Name == "imaging systems" {
			p.Classes[i].Count, p.Classes[i].UnitCost = 48, 600_000
			p.Classes[i].Contract = &plan.Contract{InForce: true, ShareOfCost: 0.01, Covers: 0.5, Escalation: 0.05, Vendor: "the maker"}
		}
	}
	p.Costs = []plan.Cost{{Name: "test equipment", Kind: "tools", PerFTE: 2_500, Escalation: 0.03}, {Name: "courses", Kind: "training", PerFTE: 1_800}}
	p.Cosr = &plan.Cosr{Lines: []plan.CosrLine{{Name: "all", Labor: 1_900_000, Contracts: 288_000, Value: 41_000_000, Devices: 6000, WithCost: 3900}}}
	b := Board{
		Hospital: "St. Example Hospital", Scenario: "Grow with the new cardiology wing", About: "The counts of November with the rates of the template, and nobody hired yet.",
		Version: 3, Saved: day.AddDate(0, 0, -2), SavedBy: "ann", At: day, By: "Ada Administrator", Demo: true, Plan: p, Drifted: true,
		Drifts:     []plan.Drift{{Class: "biomed", Then: 6000, Now: 6018}},
		Milestones: []Milestone{{"2027-01-15", "Inventory baseline signed", "Clarify", "Biomed director", "done", false}, {"2026-10-30", "Interviews finished", "Clarify", "CIO", "in progress", true}, {"2027-06-01", "Support model agreed", "Design", "", "not started", false}},
		Maturity:   []Maturity{{"Inventory", 2, 4}, {"Risk", 3, 3}, {"Vulnerability", 1, 3}, {"Network", 0, 3}, {"Maintenance", 3, 4}},
		KPIs: []KPI{{"Devices matched in both records", "Biomed director", "%", "near target", 86, 95, false, []float64{61, 70, 82, 86}}, {"Life support PM on time", "Biomed director", "%", "", 100, 100, true, []float64{97, 99, 100}},
			{"Devices that nobody answers for", "", "devices", "", math.NaN(), 0, false, nil}},
	}
	b.project(t)
	b.Percentiles = invented(b.Projection)
	b.Tornado = []plan.Swing{{Name: "growth of connected medical", Low: 35.5, High: 46.25, Base: b.last().TotalFTE, Unit: "FTE in 2031"}, {Name: "hands-on share of the day", Low: 42, High: 37.5, Base: b.last().TotalFTE, Unit: "FTE in 2031"},
		{Name: "growth of IT endpoints", Low: 39, High: 41, Base: b.last().TotalFTE, Unit: "FTE in 2031"}}
	less := p.Copy()
	for i := range less.Classes {
		less.Classes[i].Growth = plan.Exactly(0)
	}
	other, err := less.Project()
	if err != nil {
		t.Fatal(err)
	}
	b.Compared = []Alternative{{"No growth at all", "USD", other}}
	return b
}

func (b *Board) project(t testing.TB) {
	t.Helper()
	out, err := b.Plan.Project()
	if err != nil {
		t.Fatal(err)
	}
	b.Projection = out
}

// invented are percentiles of the shape that the simulation gives, around a projection.
func invented(p *plan.Projection) *plan.Percentiles {
	q := &plan.Percentiles{Draws: 10_000, Seed: 1, Percentiles: []float64{10, 50, 80, 90}}
	around := func(year int, v float64, i int, enough float64) plan.YearPercentiles {
		w := 0.04 + 0.03*float64(i)
		return plan.YearPercentiles{Year: year, Mean: v, Values: []float64{v * (1 - w), v, v * (1 + 0.6*w), v * (1 + w)}, Enough: &enough}
	}
	for i, y := range p.Years {
		q.TotalFTE = append(q.TotalFTE, around(y.Year, y.TotalFTE, i, 0.04))
		q.TotalSpend = append(q.TotalSpend, around(y.Year, y.Spend, i, 0.04))
	}
	for r := range p.Years[0].Roles {
		role := plan.RolePercentiles{Name: p.Years[0].Roles[r].Name}
		for i, y := range p.Years {
			role.Years = append(role.Years, around(y.Year, y.Roles[r].RequiredFTE, i, 0.3))
		}
		q.Roles = append(q.Roles, role)
	}
	return q
}

// tiny is the least plan there is.
func tiny(t testing.TB) Board {
	t.Helper()
	p, _, err := plan.Read("tiny.yaml", strings.NewReader("{currency: EUR, base_year: 2026, horizon_years: 0, classes: [{name: pumps, count: 40}], roles: [{name: BMET, salary: 50000, ratio: {devices_per_fte: 1000, classes: [pumps]}}]}"))
	if err != nil {
		t.Fatal(err)
	}
	b := Board{Scenario: "Least", At: day, Plan: p}
	b.project(t)
	return b
}

// huge is thirty roles, ten years and forty classes with names that fit nowhere.
func huge(t testing.TB) Board {
	t.Helper()
	long := strings.Repeat("very long name of a thing that nobody shortened ", 3)
	p := &plan.Plan{Currency: "USD", BaseYear: 2026, Horizon: 10, WageEscalation: 0.035, Benefits: 0.28, Rounding: plan.QuarterUp, Method: plan.ByGreater}
	p.Workload.Hours = plan.DefaultHours()
	for i := range 40 {
		p.Classes = append(p.Classes, plan.Class{Name: fmt.Sprintf("class %02d %s", i, long), Count: 1000 + 10*i, Growth: plan.Exactly(0.08)})
	}
	for i := range 30 {
		r := plan.Role{Name: fmt.Sprintf("role %02d %s", i, long), Team: plan.Teams()[i%6], Salary: 80_000, CurrentFTE: float64(i % 5),
			Ratio: &plan.Ratio{DevicesPerFTE: 700, Classes: []string{p.Classes[i].Name, p.Classes[i+5].Name}}}
		p.Roles = append(p.Roles, r)
		for _, w := range plan.Works() {
			p.Workload.Items = append(p.Workload.Items, plan.Item{Role: r.Name, Class: p.Classes[i].Name, Name: string(w), Work: w, PerDeviceYear: plan.Exactly(0.5), Hours: plan.Exactly(1.5)})
		}
	}
	for i := range 200 {
		p.Assumptions = append(p.Assumptions, plan.Assumption{Path: fmt.Sprintf("roles/%s/ratio/%d", long, i), Value: "123,456,789.25", Unit: "devices for each FTE and year", Source: long, Date: "2026-11-01",
			Confidence: []plan.Confidence{plan.Guess, plan.Verified, plan.Expert}[i%3]})
	}
	b := Board{Hospital: long, Scenario: long, About: long + long + long, Version: 99, Locked: true, Saved: day, SavedBy: long, At: day, By: long, Demo: true, Paper: Letter, Plan: p}
	b.project(t)
	b.Projection.Warnings = slices.Repeat([]string{long}, 30)
	b.Percentiles = invented(b.Projection)
	for i := range 40 {
		b.Tornado = append(b.Tornado, plan.Swing{Name: fmt.Sprint(i, " ", long), Low: 500 - float64(i), High: 900 + float64(i), Base: b.last().TotalFTE, Unit: "FTE in 2031"})
		b.Milestones = append(b.Milestones, Milestone{"2027-01-01", long, long, long, long, i%2 == 0})
		b.KPIs = append(b.KPIs, KPI{long, long, long, long, 1e9, 2e9, false, []float64{1, math.NaN(), 3, 4}})
		b.Maturity = append(b.Maturity, Maturity{long, i % 6, 5})
	}
	for range 20 {
		b.Compared = append(b.Compared, Alternative{long, "USD", b.Projection})
	}
	return b
}

// boards are all that tests print.
func boards(t testing.TB) map[string]Board {
	t.Helper()
	fresh := Board{Hospital: "St. Example Hospital", Scenario: "Not counted yet", At: day, Plan: plan.Template("EUR", 2026)}
	fresh.project(t)
	long := typical(t)
	long.Plan.Horizon, long.Plan.Rounding, long.Plan.Method = 30, plan.NoRounding, plan.ByWorkload
	for i := range long.Plan.Classes {
		long.Plan.Classes[i].Growth = plan.Exactly(-0.04)
	}
	long.Plan.Baseline, long.Compared, long.Tornado = nil, nil, nil
	long.project(t)
	long.Percentiles = invented(long.Projection)
	return map[string]Board{"tiny": tiny(t), "typical": typical(t), "huge": huge(t), "fresh": fresh, "long": long}
}

// texts is what stands on the pages, page by page, in the order in which it was drawn.
func texts(t testing.TB, b Board) [][]string {
	t.Helper()
	s, err := draw(b, false)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := s.Output(&out); err != nil {
		t.Fatal(err)
	}
	var pages [][]string
	shown := regexp.MustCompile(`(?s)\((.*?[^\\]|)\) ?Tj`)
	for _, stream := range regexp.MustCompile(`(?s)\nstream\n(.*?)\nendstream`).FindAllStringSubmatch(out.String(), -1) {
		if !strings.Contains(stream[1], " Tj") {
			continue
		}
		var page []string
		for _, m := range shown.FindAllStringSubmatch(stream[1], -1) {
			page = append(page, decoded(m[1]))
		}
		if len(page) > 0 {
			pages = append(pages, page)
		}
	}
	if len(pages) != s.PageCount() {
		t.Fatalf("%d pages read of %d", len(pages), s.PageCount())
	}
	return pages
}

// decoded undoes the escapes of a PDF string and reads its UTF-16.
func decoded(text string) string {
	var raw []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
			switch text[i] {
			case 'r':
				raw = append(raw, '\r')
				continue
			case 'n':
				raw = append(raw, '\n')
				continue
			}
		}
		raw = append(raw, text[i])
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return string(utf16.Decode(units))
}

func flatText(pages [][]string) string {
	var b strings.Builder
	for i, p := range pages {
		fmt.Fprintf(&b, "— page %d —\n%s\n", i+1, strings.Join(p, "\n"))
	}
	return b.String()
}

// TestGolden holds every word of a typical report against testdata/typical.txt; PONS_UPDATE=1 writes it anew.
func TestGolden(t *testing.T) {
	got := flatText(texts(t, typical(t)))
	file := filepath.Join("testdata", "typical.txt")
	if os.Getenv("PONS_UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("line %d: got %q, want %q", i+1, a[i], b[i])
			}
		}
		t.Fatalf("%d lines, want %d", len(a), len(b))
	}
}

// TestSameBytes: the same board gives the same file, twenty times over.
func TestSameBytes(t *testing.T) {
	b := typical(t)
	var first bytes.Buffer
	if err := Write(&first, b); err != nil {
		t.Fatal(err)
	}
	if n := first.Len(); n < 20_000 || n > 400_000 {
		t.Errorf("%d bytes", n)
	}
	for range 20 {
		var again bytes.Buffer
		if err := Write(&again, b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), again.Bytes()) {
			t.Fatal("the same board gave another file")
		}
	}
}

// TestManyAtOnce: reports that are printed at the same time share fonts, and nothing else.
func TestManyAtOnce(t *testing.T) {
	b := typical(t)
	var want bytes.Buffer
	if err := Write(&want, b); err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	for range 6 {
		group.Go(func() error {
			var got bytes.Buffer
			if err := Write(&got, b); err != nil {
				return err
			}
			if !bytes.Equal(got.Bytes(), want.Bytes()) {
				return errors.New("another file")
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

func TestTwoToSixPages(t *testing.T) {
	for name, b := range boards(t) {
		pages := texts(t, b)
		if len(pages) < 2 || len(pages) > 6 {
			t.Errorf("%s: %d pages", name, len(pages))
		}
		for i, p := range pages {
			if want := fmt.Sprintf("Page %d of %d", i+1, len(pages)); !slices.Contains(p, want) {
				t.Errorf("%s: page %d does not say %q", name, i+1, want)
			}
			if marked := slices.Contains(p, "INVENTED DATA"); marked != b.Demo {
				t.Errorf("%s: page %d marked as invented: %v", name, i+1, marked)
			}
		}
		all := flatText(pages)
		for _, bad := range []string{"NaN", "Inf", "%!", "<nil>", "−0 ", "panic"} {
			if strings.Contains(all, bad) {
				t.Errorf("%s prints %q", name, bad)
			}
		}
	}
}

// TestInsideThePaper: nothing that is written begins or ends outside of the margins, however long its name is.
func TestInsideThePaper(t *testing.T) {
	for name, b := range boards(t) {
		s, err := draw(b, false)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := s.Output(&out); err != nil {
			t.Fatal(err)
		}
		size, bold, strong := 0.0, false, ""
		n := 0
		for _, m := range regexp.MustCompile(`/(F[0-9a-f]+) ([0-9.]+) Tf|BT ([0-9.-]+) ([0-9.-]+) Td \(((?s:.*?[^\\]|))\) ?Tj`).FindAllStringSubmatch(out.String(), -1) {
			if m[1] != "" {
				strong = cmp.Or(strong, m[1]) // the title comes first, and is bold
				bold = m[1] == strong
				fmt.Sscan(m[2], &size)
				continue
			}
			var x, y float64
			fmt.Sscan(m[3], &x)
			fmt.Sscan(m[4], &y)
			text := decoded(m[5])
			n++
			s.size = 0
			s.font(bold, size)
			end := x + s.GetStringWidth(text)*72/25.4 // points
			const edge = margin * 72 / 25.4
			if x < edge-1 || end > s.width*72/25.4-edge+1 || y < 15 || y > s.height*72/25.4-25 {
				t.Errorf("%s: %q runs from %.0f to %.0f at height %.0f of %.0f × %.0f points", name, text, x, end, y, s.width*72/25.4, s.height*72/25.4)
			}
		}
		if n < 50 {
			t.Errorf("%s: only %d texts read", name, n)
		}
	}
}

// TestUnknownIsSaid: what a plan does not know is said in words.
func TestUnknownIsSaid(t *testing.T) {
	all := strings.ReplaceAll(flatText(texts(t, tiny(t))), "\n", " ")
	for _, want := range []string{"The uncertainty was not simulated", "not known", "What drives the result is not known", "names no source", "typed in by hand", "unknown", "who is there today is not stated", "Have it stated who is there today"} {
		if !strings.Contains(all, want) {
			t.Errorf("a plan that knows nothing does not say %q", want)
		}
	}
	if strings.Contains(all, "missing in all") || strings.Contains(all, "0 are there") {
		t.Error("nobody said who is there, and the report counts them as nobody")
	}
	if got := flatText(texts(t, boards(t)["fresh"])[:1]); !strings.Contains(got, "No device is counted yet") || !strings.Contains(got, "Have the devices counted") {
		t.Errorf("a template that nobody filled in is taken for an answer:\n%s", got)
	}
	b := typical(t)
	all = strings.ReplaceAll(flatText(texts(t, b)), "\n", " ")
	for _, want := range []string{"Only 65 % of the devices have an acquisition cost", "No benchmark is printed", "biomed 6,000, now 6,018", "not assessed", "○ expert's default", "● verified", "Monte Carlo, 10,000 draws, seed 1"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// TestSurplus: people too many in one role do not make up for those who are missing in another, and the first sentence
// says both, so that its numbers add up.
func TestSurplus(t *testing.T) {
	b := typical(t)
	for i := range b.Plan.Roles {
		b.Plan.Roles[i].CurrentFTE = 0
	}
	b.Plan.Roles[1].CurrentFTE = 60
	b.project(t)
	last := b.last()
	if got, want := last.TotalFTE-current(last), short(last)-surplus(last); math.Abs(got-want) > 1e-9 || surplus(last) < 50 {
		t.Fatalf("needed less there %v, missing less too many %v", got, want)
	}
	want := fmt.Sprintf("60 are there. %s are missing (first of all", fte(short(last)))
	if got := b.conclusion(); !strings.Contains(got, want) || !strings.Contains(got, fmt.Sprintf("other roles have %s more", fte(surplus(last)))) {
		t.Errorf("%q does not say %q", got, want)
	}
	if d := b.askPeople(); !strings.Contains(d.Why, "retraining") {
		t.Errorf("%+v", d)
	}
}

func TestSubject(t *testing.T) {
	for path, want := range map[string]string{"roles/HTM manager/ratio/fte_per_fte": "HTM manager: FTE per FTE", "workload/items/BMET I/II · pumps · PM": "BMET I/II · pumps · PM", "roles/BMET I/II/salary": "BMET I/II: salary", "benefits": "benefits",
		"workload/productive_hours/wrench_time": "productive hours: wrench time"} {
		if got := subject(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestStrangeNames(t *testing.T) {
	b := typical(t)
	b.Scenario = "Zürich Αθήνα Киев 東京 😀 \u202e<script>\x00\n(a) \\ b"
	b.Projection.Years[len(b.Projection.Years)-1].Roles[0].Name = strings.Repeat("W", 200)
	all := flatText(texts(t, b))
	if !strings.Contains(all, `Zürich Αθήνα Киев 東京 □ <script> (a) \ b`) {
		t.Error("the name is not printed as it is")
	}
	if strings.Contains(all, strings.Repeat("W", 60)) || !strings.Contains(all, "W…") {
		t.Error("a name without spaces is not cut")
	}
}

func TestNothingToPrint(t *testing.T) {
	for _, b := range []Board{{}, {Plan: &plan.Plan{}}, {Plan: &plan.Plan{}, Projection: &plan.Projection{}}} {
		if err := Write(&bytes.Buffer{}, b); !errors.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	}
}

func TestFigures(t *testing.T) {
	for want, got := range map[string]string{
		"12.25": fte(12.25), "1,338": figure(1338, 0), "−1,234.5": figure(-1234.5, 2), "0": figure(-0.001, 2), "unknown": figure(math.NaN(), 2), "+3.25": gap(3.25), "3.5 %": percent(0.035),
		"1.94 M": amount(1_941_000), "845 k": amount(845_200), "9,450": amount(9450), "1 M": amount(999_900), "1.25 bn": amount(1.25e9), "under 1 %": chance(0), "over 99 %": chance(1), "4 %": chance(0.04),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for most, want := range map[float64]axis{0: {1, 1}, 7: {8, 2}, 22.75: {25, 5}, 100: {100, 20}, 1234: {1250, 250}} {
		if got := axisFor([]float64{most, math.NaN()}); math.Abs(got.top-want.top) > 1e-9 || math.Abs(got.step-want.step) > 1e-9 {
			t.Errorf("axis for %v: %v, want %v", most, got, want)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for name, board := range map[string]Board{"typical": typical(b), "huge": huge(b)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := Write(&bytes.Buffer{}, board); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestFiles writes the reports where PONS_REPORTS names a folder, for people to look at.
func TestFiles(t *testing.T) {
	dir := os.Getenv("PONS_REPORTS")
	if dir == "" {
		dir = t.TempDir()
	}
	for name, b := range boards(t) {
		var out bytes.Buffer
		if err := Write(&out, b); err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(out.Bytes(), []byte("%PDF-1.")) || !bytes.Contains(out.Bytes()[out.Len()-32:], []byte("%%EOF")) {
			t.Errorf("%s is no PDF", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".pdf"), out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSimulated: what the simulation and the tornado really give is printed.
func TestSimulated(t *testing.T) {
	b := typical(t)
	b.Plan.Simulation.Draws = 200
	var err error
	if b.Percentiles, err = b.Plan.Simulate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b.Tornado, err = b.Plan.Tornado(); err != nil {
		t.Fatal(err)
	}
	pages := texts(t, b)
	all := flatText(pages)
	if len(pages) > 6 || !strings.Contains(all, "200 draws") || !strings.Contains(all, "moves the result most") || !strings.Contains(all, "Spend, P90") || strings.Contains(all, "NaN") {
		t.Errorf("%d pages:\n%s", len(pages), all)
	}
}
