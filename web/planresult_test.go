package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"pons/account"
	"pons/plan"
	"pons/sqldb"
)

// staffedPlan is the template's hospital with people, hires, a contract and a price of tools.
func staffedPlan(t *testing.T) *plan.Plan {
	t.Helper()
	p := testPlan(t)
	for i, fte := range []float64{5, 4, 1, 1, 1, 0.5, 0.5, 12, 2, 1} {
		p.Roles[i].CurrentFTE = fte
	}
	p.Roles[0].Hires = []plan.Hire{{Start: "2027-03", FTE: 1}}
	p.Roles[0].RampMonths, p.Roles[0].Attrition, p.Roles[0].FillMonths = 6, 0.1, 4
	p.Classes[13].UnitCost = 900_000
	p.Classes[13].Contract = &plan.Contract{InForce: true, PricePerDevice: 60_000, Covers: 0.5, Escalation: 0.05}
	p.Costs = []plan.Cost{{Name: "tools and test equipment", PerYear: 80_000, Escalation: 0.03}, {Name: "courses", PerFTE: 1500}}
	return p
}

const (
	staffed = "01930000-0000-7000-8000-0000000000a1"
	grown   = "01930000-0000-7000-8000-0000000000a2"
	wide    = "01930000-0000-7000-8000-0000000000a3"
)

// planSite is a site with a staffed plan and another that grows faster.
func planSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	p := staffedPlan(t)
	s.keepPlan(staffed, "Staffed", p)
	q, err := p.With(map[string]string{"classes[1].growth": "{low: 12%, mode: 20%, high: 25%}", "roles[0].salary": "70,000"})
	if err != nil {
		t.Fatal(err)
	}
	s.keepPlan(grown, "Faster <script>alert(1)</script> growth", q)
	return s
}

// found is what a selector finds, as texts.
func found(t *testing.T, a answer, selector string) []string {
	t.Helper()
	var out []string
	for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile(selector)) {
		out = append(out, text(n))
	}
	return out
}

func hrefs(t *testing.T, a answer, selector string) []string {
	t.Helper()
	var out []string
	for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile(selector)) {
		for _, at := range n.Attr {
			if at.Key == "href" {
				out = append(out, at.Val)
			}
		}
	}
	return out
}

// TestPlanResults holds that the page says what the projection says, the answer first, and that every figure leads to
// its walk.
func TestPlanResults(t *testing.T) {
	s := planSite(t)
	s.drawn(staffed)
	p := staffedPlan(t)
	out, err := p.Project()
	if err != nil {
		t.Fatal(err)
	}
	a := s.as(account.Executive).get("/plan/" + staffed + "/results")
	if a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	head := strings.Join(found(t, a, ".headline"), "")
	first, last := &out.Years[0], &out.Years[len(out.Years)-1]
	short, roles, _, _ := shortOf(p, first)
	for _, want := range []string{fmt.Sprintf("The devices of 2026 need %s FTE; 28 are there.", trimFloat(first.TotalFTE)), fmt.Sprintf("%s FTE are missing in %d roles", trimFloat(short), roles), fmt.Sprintf("In 2031 it will be %s FTE", trimFloat(last.TotalFTE))} {
		if !strings.Contains(head, want) {
			t.Errorf("the answer is %q, want %q in it", head, want)
		}
	}
	if n := len(found(t, a, "#roles tbody tr")); n != len(p.Roles) {
		t.Errorf("%d rows of roles, want %d", n, len(p.Roles))
	}
	cells := found(t, a, "#roles tbody tr:first-child td.num")
	if got, want := cells[1], trimFloat(first.Roles[0].RequiredFTE); !strings.HasPrefix(got, want) {
		t.Errorf("BMET I/II in 2026 is %q, want %s", got, want)
	}
	if got := found(t, a, "#methods .binds-here .tag"); len(got) != len(p.Roles) {
		t.Errorf("%d roles say what binds, want %d", len(got), len(p.Roles))
	}
	for _, id := range []string{"plan-fte", "plan-money", "plan-gap", "plan-hours", "plan-tornado"} {
		if len(found(t, a, "#"+id)) != 1 {
			t.Errorf("no picture %s", id)
		}
	}
	links := hrefs(t, a, "#roles .figure-link")
	if len(links) < len(p.Roles)*len(out.Years) {
		t.Fatalf("%d figures lead to a walk", len(links))
	}
	for _, href := range []string{links[0], links[len(links)-1], hrefs(t, a, "#classes .figure-link")[0]} {
		if w := s.as(account.Executive).get(href); w.status != http.StatusOK || len(found(t, w, "tbody tr")) == 0 {
			t.Errorf("%s: status %d", href, w.status)
		}
	}
	if b := s.as(account.Executive).get("/plan/" + staffed + "/results?role=BMET+III&year=2029"); !strings.Contains(b.body, "People needed: BMET III") || !strings.Contains(b.body, "side by side, 2029") {
		t.Error("a role and a year are not shown when they are chosen")
	}
	for path, want := range map[string]int{"?year=1999": 404, "?role=Nobody": 404, "?version=x": 400, "?version=7": 404} {
		if got := s.as(account.Executive).get("/plan/" + staffed + "/results" + path).status; got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
	}
}

// TestPlanUnknownPeople holds that a plan in which nobody has said who is there does not say that nobody is.
func TestPlanUnknownPeople(t *testing.T) {
	s := newSite(t)
	p := testPlan(t)
	p.Roles[0].CurrentFTE = 0
	s.keepPlan(staffed, "Nobody asked", p)
	a := s.as(account.Biomed).get("/plan/" + staffed + "/results")
	if !strings.Contains(a.body, peopleUnknown) || strings.Contains(a.body, "current_fte") || strings.Contains(a.body, "counts as missing") {
		t.Errorf("the answer is %q", found(t, a, ".headline"))
	}
	figures := found(t, a, ".answer-figures > div")
	for _, i := range []int{1, 2, 5} { // there, missing, enough
		if !strings.Contains(figures[i], "unknown") {
			t.Errorf("%q, want unknown", figures[i])
		}
	}
	if len(found(t, a, "#plan-gap")) != 0 || !strings.Contains(a.body, "The backlog is not known") {
		t.Error("a gap or a backlog is drawn of people who are not known")
	}
	rows, err := csv.NewReader(strings.NewReader(s.as(account.Biomed).get("/plan/" + staffed + "/results/roles.csv").body)).ReadAll()
	if err != nil || strings.Contains(strings.Join(rows[0], ","), "current_fte") {
		t.Errorf("the file says %v, %v", rows[0], err)
	}
}

// TestPlanSheets holds that the files have the projection's numbers, and that a name is no formula in them.
func TestPlanSheets(t *testing.T) {
	s := planSite(t)
	p := staffedPlan(t)
	p.Roles[1].Name = "=HYPERLINK(1)"
	p.Coverage[0].Role = p.Roles[1].Name
	for i := range p.Workload.Items {
		if p.Workload.Items[i].Role == "BMET III" {
			p.Workload.Items[i].Role = p.Roles[1].Name
		}
	}
	p.Roles[9].Ratio.Roles[1] = p.Roles[1].Name
	s.keepPlan(wide, "Formula", p)
	out, err := p.Project()
	if err != nil {
		t.Fatal(err)
	}
	v := s.as(account.Biomed)
	rows, err := csv.NewReader(strings.NewReader(v.get("/plan/" + wide + "/results/roles.csv").body)).ReadAll()
	if err != nil || len(rows) != 1+len(out.Years)*len(p.Roles) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if rows[2][1] != "'=HYPERLINK(1)" {
		t.Errorf("a spreadsheet would compute %q", rows[2][1])
	}
	at := map[string]int{}
	for i, h := range rows[0] {
		at[h] = i
	}
	if got, _ := strconv.ParseFloat(rows[1][at["required_fte"]], 64); got != out.Years[0].Roles[0].RequiredFTE {
		t.Errorf("required_fte is %v, want %v", got, out.Years[0].Roles[0].RequiredFTE)
	}
	for _, key := range sheetOrder() {
		a := v.get("/plan/" + staffed + "/results/" + key + ".csv")
		all, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
		if a.status != http.StatusOK || err != nil || len(all) < 2 {
			t.Errorf("%s: status %d, %d rows, %v", key, a.status, len(all), err)
		}
	}
	if got := v.get("/plan/" + staffed + "/results/pay.csv").status; got != http.StatusNotFound {
		t.Errorf("a table that there is not: %d", got)
	}
}

// TestPlanWhy holds that the walk has every step of Explain with its source and its field, beside the page and alone.
func TestPlanWhy(t *testing.T) {
	s := planSite(t)
	p := staffedPlan(t)
	out, _ := p.Project()
	steps, err := p.Explain(out, 2027, "BMET III")
	if err != nil {
		t.Fatal(err)
	}
	path := "/plan/" + staffed + "/why?role=BMET+III&year=2027"
	v := s.as(account.Biomed)
	a := v.get(path)
	if rows := found(t, a, "tbody th"); len(rows) < len(steps) || !strings.HasPrefix(rows[0], steps[0].Text) {
		t.Errorf("%d steps begin %q, want %d beginning %q", len(rows), rows[0], len(steps), steps[0].Text)
	}
	if !strings.Contains(a.body, "default of Pons, by experience") || !strings.Contains(strings.Join(found(t, a, ".status"), "|"), "expert's default") {
		t.Error("the walk names no source or no confidence")
	}
	if links := strings.Join(hrefs(t, a, "tbody a"), " "); !strings.Contains(links, "/plan/"+staffed+"/ratios#f-roles[1].ratio.devices_per_fte") || !strings.Contains(links, "/plan/"+staffed+"/baseline#classes-0") || !strings.Contains(links, askHref(p.Classes[0].Inventory)) {
		t.Errorf("the fields are %s", links)
	}
	side := v.do("GET", path, nil, "HX-Request", "true")
	if strings.Contains(side.body, "<html") || !strings.Contains(side.body, "side-head") {
		t.Error("the panel is not a panel")
	}
	for _, q := range []string{"?year=2028", "?class=biomed&year=2030", "?class=connected+medical"} {
		if b := v.get("/plan/" + staffed + "/why" + q); b.status != http.StatusOK || len(found(t, b, "tbody tr")) < 2 {
			t.Errorf("%s: status %d", q, b.status)
		}
	}
	for _, q := range []string{"?class=none", "?role=none", "?year=3000"} {
		if got := v.get("/plan/" + staffed + "/why" + q).status; got != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", q, got)
		}
	}
}

// TestPlanCompare puts two scenarios side by side.
func TestPlanCompare(t *testing.T) {
	s := planSite(t)
	v := s.as(account.Biomed)
	if a := v.get("/plan/compare"); a.status != http.StatusOK || len(found(t, a, `input[name="ids"]`)) < 4 {
		t.Errorf("the picker: status %d", a.status)
	}
	a := v.get("/plan/compare?ids=" + staffed + "&ids=" + grown)
	if a.status != http.StatusOK || strings.Contains(a.body, "<script>alert(1)") {
		t.Fatalf("status %d", a.status)
	}
	rows := found(t, a, "#differences tbody tr")
	if !strings.Contains(strings.Join(rows, "|"), "BMET I/II: salary65,00070,000") || !strings.Contains(strings.Join(rows, "|"), "connected medical: growth a year, most likely12 %20 %") {
		t.Errorf("what differs: %q", rows)
	}
	if got := found(t, a, "#roles tbody tr"); !strings.Contains(strings.Join(got, "|"), "Clinical systems engineer") {
		t.Errorf("roles that differ: %q", got)
	}
	if got := found(t, a, "#classes tbody tr th"); strings.Join(got, "|") != "connected medical" {
		t.Errorf("classes that differ: %q", got)
	}
	if len(found(t, a, ".compare-heads form")) != 4 {
		t.Error("a scenario cannot be copied or locked from here")
	}
	five := "?ids=" + url.QueryEscape(strings.Join([]string{staffed, grown, walkPlan, sparePlan, "none"}, ","))
	if b := v.get("/plan/compare" + five); b.status != http.StatusOK || !strings.Contains(b.body, "At most 4") || len(found(t, b, ".compare-heads > li")) != 4 {
		t.Errorf("five: status %d", b.status)
	}
	if got := v.get("/plan/compare?ids=none").status; got != http.StatusNotFound {
		t.Errorf("an unknown scenario: %d", got)
	}
	if got := len(found(t, s.as(account.Executive).get("/plan/compare?ids="+staffed+","+grown), ".compare-heads form")); got != 0 {
		t.Errorf("who may not change a plan sees %d buttons that do", got)
	}
}

// TestPlanHistory changes a scenario, looks at what it was, and brings it back.
func TestPlanHistory(t *testing.T) {
	s := planSite(t)
	v := s.as(account.Biomed)
	p := staffedPlan(t)
	p.Roles[0].Salary = 71_000
	if _, err := s.web.plans.Save(t.Context(), "person:biomed", "asked HR", staffed, 1, plan.Scenario{Name: "Staffed", Plan: *p}); err != nil {
		t.Fatal(err)
	}
	a := v.get("/plan/" + staffed + "/history")
	rows := found(t, a, "#versions tbody tr")
	if len(rows) != 2 || !strings.Contains(rows[0], "1 value in roles") || !strings.Contains(rows[0], "BMET I/II: salary 65,000 71,000") || !strings.Contains(rows[0], "asked HR") || !strings.Contains(rows[0], "biomed") {
		t.Fatalf("versions: %q", rows)
	}
	old := v.get("/plan/" + staffed + "/results?version=1")
	if old.status != http.StatusOK || !strings.Contains(old.body, "This is version 1") || !strings.Contains(strings.Join(hrefs(t, old, "#roles .figure-link"), " "), "version=1") {
		t.Error("an earlier version is not shown as it was")
	}
	b := v.get("/plan/compare?ids=" + staffed + "@1," + staffed)
	if !strings.Contains(strings.Join(found(t, b, "#differences tbody tr"), "|"), "salary65,00071,000") {
		t.Error("two versions of one scenario are not compared")
	}
	if r := v.post("/plan/"+staffed+"/restore?version=1", nil); r.status != http.StatusSeeOther {
		t.Fatalf("restore: %d", r.status)
	}
	a = v.get("/plan/" + staffed + "/history")
	if rows = found(t, a, "#versions tbody tr"); len(rows) != 3 || !strings.Contains(rows[0], "salary 71,000 65,000") {
		t.Errorf("after bringing it back: %q", rows)
	}
	// The inventory of the test has few devices: every class has changed since the plan was counted.
	drifts := cascadia.QueryAll(a.doc(t), cascadia.MustCompile("#origin tbody tr"))
	if len(drifts) == 0 || !strings.Contains(text(drifts[0]), "6,000") {
		t.Errorf("%d drifts", len(drifts))
	}
	if link := cascadia.Query(drifts[0], cascadia.MustCompile("a")); link == nil || !strings.HasPrefix(attrOf(link, "href"), "/devices?q=") {
		t.Error("a count does not lead to its devices")
	}
	v.post("/plan/"+staffed+"/lock", url.Values{"locked": {"yes"}})
	if a = v.get("/plan/" + staffed + "/history"); !strings.Contains(found(t, a, "#versions tbody tr")[0], "locked") || len(found(t, a, `form[action*="restore"]`)) != 0 {
		t.Error("a locked scenario can be brought back to what it was")
	}
}

func attrOf(n *html.Node, key string) string {
	for _, at := range n.Attr {
		if at.Key == key {
			return at.Val
		}
	}
	return ""
}

// TestPlanDefaults holds that every shipped default is there with its source, and says where it is used.
func TestPlanDefaults(t *testing.T) {
	s := planSite(t)
	v := s.as(account.Executive)
	a := v.get("/plan/defaults")
	rows := found(t, a, ".card:first-of-type tbody tr")
	if len(rows) != len(plan.Defaults()) {
		t.Fatalf("%d defaults, want %d", len(rows), len(plan.Defaults()))
	}
	for i, d := range plan.Defaults() {
		if !strings.Contains(rows[i], d.Title) || !strings.Contains(rows[i], d.Source) || !strings.Contains(rows[i], confidenceTitle(d.Confidence)) {
			t.Errorf("%s says %q", d.Key, rows[i])
		}
	}
	for i, paths := range defaultPaths(plan.Defaults()) {
		if len(paths) == 0 {
			t.Errorf("%s is used nowhere in the template", plan.Defaults()[i].Key)
		}
	}
	var salary string
	for _, r := range rows {
		if strings.Contains(r, "salary/BMET I/II") {
			salary = r
		}
	}
	if !strings.Contains(salary, "Staffed") || !strings.Contains(salary, "changed in Faster") || !strings.Contains(salary, "70,000") {
		t.Errorf("where the salary is used: %q", salary)
	}
	if got := found(t, v.get("/plan/defaults?confidence=verified"), ".card:first-of-type tbody tr"); len(got) == 0 || len(got) >= len(rows) {
		t.Errorf("%d verified defaults", len(got))
	}
}

// TestPlanAssumptions writes down where a value comes from.
func TestPlanAssumptions(t *testing.T) {
	s := planSite(t)
	v := s.as(account.Biomed)
	base := "/plan/" + grown + "/assumptions"
	a := v.get(base)
	if a.status != http.StatusOK || !strings.Contains(a.body, "was 65,000") || !strings.Contains(a.body, "rest on an expert") {
		t.Fatalf("status %d", a.status)
	}
	const path = "roles/BMET I/II/salary"
	edit := v.get(base + "?edit=" + url.QueryEscape(path))
	if len(found(t, edit, "#edit form")) != 1 {
		t.Fatal("no form")
	}
	wrong := v.post(base, url.Values{"path": {path}, "version": {"1"}, "confidence": {"stated"}})
	if wrong.status != http.StatusUnprocessableEntity || len(found(t, wrong, "#f-source-error")) != 1 {
		t.Errorf("without a source: status %d", wrong.status)
	}
	if got := v.post(base, url.Values{"path": {"roles/Nobody/salary"}, "version": {"1"}, "source": {"x"}, "confidence": {"stated"}}).status; got != http.StatusNotFound {
		t.Errorf("a value that there is not: %d", got)
	}
	if got := v.post(base, url.Values{"path": {path}, "version": {"1"}, "source": {"HR, union scale"}, "date": {"2026-10"}, "confidence": {"stated"}}).status; got != http.StatusSeeOther {
		t.Fatalf("saving: %d", got)
	}
	if got := v.post(base, url.Values{"path": {path}, "version": {"1"}, "source": {"another"}, "confidence": {"stated"}}).status; got != http.StatusConflict {
		t.Errorf("over somebody else's change: %d", got)
	}
	row := ""
	for _, r := range found(t, v.get(base), "tbody tr") {
		if strings.HasPrefix(r, pathTitle(path)) {
			row = r
		}
	}
	if !strings.Contains(row, "HR, union scale") || !strings.Contains(row, "stated") || !strings.Contains(row, "biomed") || strings.Contains(row, "was 65,000") {
		t.Errorf("the row says %q", row)
	}
	if got := s.as(account.Executive).post(base, url.Values{"path": {path}}).status; got != http.StatusForbidden {
		t.Errorf("who reads plans writes: %d", got)
	}
}

// widePlan has 30 roles, 40 classes and 10 years.
func widePlan(t *testing.T) *plan.Plan {
	t.Helper()
	p := staffedPlan(t)
	p.Horizon = 10
	for i := len(p.Classes); i < 40; i++ {
		p.Classes = append(p.Classes, plan.Class{Name: fmt.Sprintf("class with a long name, number %d", i), Count: 100 * i, Growth: plan.Range{Low: 0.01, Mode: 0.03, High: 0.1}})
	}
	for i := len(p.Roles); i < 30; i++ {
		p.Roles = append(p.Roles, plan.Role{Name: fmt.Sprintf("Specialist of systems, number %d", i), Team: plan.IT, Salary: 80_000, CurrentFTE: float64(i % 4), Ratio: &plan.Ratio{DevicesPerFTE: 900, Classes: []string{p.Classes[i+5].Name}}})
	}
	return p
}

// drawn waits for the draws of plans, so that no page asks for itself anew while it is looked at.
func (s *site) drawn(ids ...string) {
	s.t.Helper()
	for _, id := range ids {
		var e scenarioEntry
		err := s.db.View(s.t.Context(), func(tx *sqldb.Tx) (err error) {
			e, err = s.web.plans.Get(tx, id)
			return err
		})
		if err == nil {
			_, err = s.web.outcome(s.t.Context(), e)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestPlanResultsByHand looks at the picture, opens the walk to a figure beside it, and compares two scenarios.
func TestPlanResultsByHand(t *testing.T) {
	s := planSite(t)
	s.drawn(staffed, grown)
	tab := s.open(account.Biomed, 1440, 900)
	tab.visit("/plan/"+staffed+"/results", "light")
	tab.run(until(`!!document.querySelector("#plan-fte.live canvas")`))
	if !eval[bool](tab, `[...document.querySelectorAll(".chart.live canvas")].every(c => new Set(c.getContext("2d").getImageData(0, 0, c.width, c.height).data).size > 8)`) {
		t.Error("a picture is empty")
	}
	tab.run(
		chromedp.Click(css("#roles tbody tr:nth-child(2) .figure-link")),
		until(`!!document.querySelector("#side:popover-open .walk li")`),
	)
	tab.shot("plan-why")
	tab.accessible("why")
	if got := eval[string](tab, `document.querySelector("#side h2").textContent.trim()`); got != "BMET III in 2026" {
		t.Errorf("the walk is of %q", got)
	}
	tab.run(
		chromedp.Click(css("#side .icon-button")),
		chromedp.Navigate(tab.base+"/plan/compare"),
		chromedp.WaitVisible(css("#pick form")),
		chromedp.Click(css(`input[value="`+staffed+`"]`)),
		chromedp.Click(css(`input[value="`+grown+`"]`)),
		chromedp.Click(css("#pick .btn-primary")),
		until(`document.querySelectorAll("#compare-fte.live canvas").length === 1`),
	)
	tab.shot("plan-compare")
	tab.accessible("compare")
	tab.quiet("results by hand")
}

// TestPlanPagesInBrowser looks at a small and at a wide plan in both themes, wide and narrow.
func TestPlanPagesInBrowser(t *testing.T) {
	s := planSite(t)
	s.keepPlan(wide, "Thirty roles", widePlan(t))
	unknown := testPlan(t)
	unknown.Roles[0].CurrentFTE, unknown.Workload.Items = 0, nil
	const asked = "01930000-0000-7000-8000-0000000000a4"
	s.keepPlan(asked, "Nobody asked", unknown)
	s.drawn(staffed, grown, wide, asked)
	for width, theme := range map[int64]string{1440: "light", 390: "dark"} {
		tab := s.open(account.Biomed, width, 900)
		for _, path := range []string{"/plan/" + staffed + "/results", "/plan/" + wide + "/results", "/plan/" + asked + "/results", "/plan/compare?ids=" + staffed + "," + grown + "," + wide, "/plan/" + grown + "/assumptions?edit=benefits"} {
			name := fmt.Sprintf("plan%s-%s-%d", strings.NewReplacer("/", "-", "?", "-", "=", "-", ",", "-").Replace(path), theme, width)
			tab.visit(path, theme)
			tab.shot(name)
			tab.accessible(name)
			tab.quiet(name)
		}
	}
}

// TestPlanFields holds that what leads to a field of a step finds it there.
func TestPlanFields(t *testing.T) {
	s := planSite(t)
	v := s.as(account.Biomed)
	p := staffedPlan(t)
	swings, err := p.Tornado()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Project()
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	for _, sw := range swings {
		paths[sw.Path] = true
	}
	for i := range p.Roles {
		steps, err := p.Explain(out, 2028, p.Roles[i].Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range steps {
			if st.Path != "" && st.Path != "coverage" && st.Path != "workload.items" && !strings.HasSuffix(st.Path, ".hires") {
				paths[st.Path] = true
			}
		}
	}
	pages := map[string]map[string]bool{}
	for path := range paths {
		page, anchor, _ := strings.Cut(fieldHref(staffed, path), "#")
		if pages[page] == nil {
			pages[page] = map[string]bool{}
			a := v.get(page)
			if a.status != http.StatusOK {
				t.Fatalf("%s: status %d", page, a.status)
			}
			for _, n := range cascadia.QueryAll(a.doc(t), cascadia.MustCompile("[id]")) {
				pages[page][attrOf(n, "id")] = true
			}
		}
		if !pages[page][anchor] {
			t.Errorf("%s leads to %s#%s, where nothing is", path, page, anchor)
		}
	}
}

// TestPlanAdvice asks for the best use of a budget and makes a scenario of it.
func TestPlanAdvice(t *testing.T) {
	s := planSite(t)
	v := s.as(account.Biomed)
	base := "/plan/" + staffed + "/advice"
	if a := v.get(base); a.status != http.StatusOK || !strings.Contains(a.body, "What may be spent?") || !strings.Contains(a.body, "Who works here is not known") {
		t.Errorf("before a budget: status %d", a.status)
	}
	if a := v.get(base + "?budget=a+lot&from=BMET+III&to=BMET+III"); a.status != http.StatusUnprocessableEntity || len(found(t, a, "#f-budget-error")) != 1 || len(found(t, a, "#f-to-error")) != 1 {
		t.Errorf("a budget that is none: status %d", a.status)
	}
	ask := "?budget=200%2C000&year=2027&keep=yes"
	want, err := plan.Optimise(staffedPlan(t), plan.Budget{Amount: 200_000, Year: 2027, KeepContracts: true})
	if err != nil || len(want.Moves) == 0 {
		t.Fatalf("%d moves, %v", len(want.Moves), err)
	}
	a := v.get(base + ask)
	for a.status == http.StatusOK && strings.Contains(a.body, "Searching for the best use") {
		a = v.get(base + ask)
	}
	moves := found(t, a, "#moves tbody th")
	if len(moves) != len(want.Moves) || moves[0] != moveTitle(want.Moves[0]) {
		t.Fatalf("moves %q, want %d beginning %q", moves, len(want.Moves), moveTitle(want.Moves[0]))
	}
	if got := found(t, a, "#left tbody tr"); len(got) != len(want.Left) {
		t.Errorf("%d rows stay uncovered, want %d", len(got), len(want.Left))
	}
	if len(found(t, a, "#plan-steps")) != 1 || len(found(t, a, "#frontier tbody tr")) != len(want.Frontier) {
		t.Error("what each step buys is not shown")
	}
	if got := s.as(account.Executive).post(base+ask, nil).status; got != http.StatusForbidden {
		t.Errorf("who reads plans makes one: %d", got)
	}
	r := v.post(base+ask, nil)
	if r.status != http.StatusSeeOther || !strings.HasPrefix(r.location, "/plan/compare?ids=") {
		t.Fatalf("making a scenario: %d to %s", r.status, r.location)
	}
	c := v.get(r.location)
	differ := strings.Join(found(t, c, "#differences tbody tr"), "|")
	for _, m := range want.Moves {
		if m.Kind == "hire" && !strings.Contains(differ, m.Name+" · hire 2027-01: FTE") {
			t.Errorf("the hire of %s is not in the new scenario: %s", m.Name, differ)
		}
	}
	// A year later less stays undone than without the hires.
	next, err := adopt(staffedPlan(t), want, plan.Budget{Amount: 200_000}).Project()
	if err != nil {
		t.Fatal(err)
	}
	before, _ := staffedPlan(t).Project()
	if backlogOf(&next.Years[2]) >= backlogOf(&before.Years[2]) {
		t.Errorf("the backlog of 2028 is %g with the hires, %g without", backlogOf(&next.Years[2]), backlogOf(&before.Years[2]))
	}
}

// TestPeopleCard holds what the overview says of people: from the locked plan, else from the newest, else unknown; and
// nothing to those who may not read plans.
func TestPeopleCard(t *testing.T) {
	s := deviceSite(t)
	s.keepPlan(staffed, "Staffed", staffedPlan(t))
	s.keepPlan(grown, "Another", testPlan(t))
	v := s.as(account.Executive)
	card := func() string { return strings.Join(found(t, v.get("/"), "#people-needed"), "") }
	if _, err := s.web.plans.Lock(t.Context(), "person:biomed", staffed, true); err != nil {
		t.Fatal(err)
	}
	out, err := staffedPlan(t).Project()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{trimFloat(out.Years[0].TotalFTE) + " FTE needed", "28 there", "Staffed (locked)", "Imaging engineer1 of 3.75"} {
		if got := card(); !strings.Contains(strings.ReplaceAll(got, "  ", " "), want) {
			t.Errorf("the card says %q, want %q", got, want)
		}
	}
	for _, href := range hrefs(t, v.get("/"), "#people-needed a") {
		if got := v.get(href).status; got != http.StatusOK {
			t.Errorf("%s: status %d", href, got)
		}
	}
	if n := len(found(t, s.as(account.Viewer).get("/"), "#people-needed")); n != 0 {
		t.Error("who may not read plans sees what they say")
	}
	for _, id := range []string{staffed, grown, walkPlan, sparePlan} {
		if id == staffed {
			if _, err := s.web.plans.Lock(t.Context(), "person:biomed", id, false); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.web.plans.Remove(t.Context(), "person:biomed", id); err != nil {
			t.Fatal(err)
		}
	}
	if got := card(); !strings.Contains(got, "unknown") {
		t.Errorf("without a plan the card says %q", got)
	}
}

// TestPlanDraws holds that a page comes without the draws when they take long, says so, asks again, and is whole then.
func TestPlanDraws(t *testing.T) {
	s := planSite(t)
	s.web.drawing.of = map[outcomeKey]chan struct{}{{staffed, 1}: make(chan struct{})} // draws that never end
	v := s.as(account.Biomed)
	path := "/plan/" + staffed + "/results"
	a := v.get(path)
	if a.status != http.StatusOK || !strings.Contains(a.body, "Drawing the uncertainty") || !strings.Contains(a.body, `http-equiv="refresh"`) || !strings.Contains(a.body, "being drawn") {
		t.Fatalf("status %d", a.status)
	}
	if len(found(t, a, "#plan-fte")) != 1 || strings.Contains(a.body, "P10–P90") {
		t.Error("without draws the most likely figures are shown, and no band")
	}
	if part := v.do("GET", path, nil, "HX-Request", "true"); strings.Contains(part.body, "<html") || !strings.Contains(part.body, "Drawing the uncertainty") {
		t.Error("while they run, the part is not the progress")
	}
	s.web.drawing.mu.Lock()
	s.web.drawing.of = nil
	s.web.drawing.mu.Unlock()
	e, err := s.web.plans.Lock(t.Context(), "person:biomed", staffed, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.web.outcome(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if part := v.do("GET", path, nil, "HX-Request", "true"); part.header.Get("HX-Refresh") != "true" || strings.Contains(part.body, "<html") {
		t.Error("when they are done, the page is not asked for anew")
	}
	if a = v.get(path); !strings.Contains(a.body, "P10–P90") || strings.Contains(a.body, "being drawn") {
		t.Error("the whole page has no band")
	}
}

// TestPlanNobodyInOneRole holds that a role without anybody, in a plan that states others, has nobody on every page; and
// that a 0 that somebody wrote is told from an empty field, without a new version for saving the same again.
func TestPlanNobodyInOneRole(t *testing.T) {
	s := newSite(t)
	p := testPlan(t)
	empty := p.Roles[0]
	empty.Name, empty.CurrentFTE = "Empty role", 0
	p.Roles = append(p.Roles, empty)
	s.keepPlan(staffed, "Partly asked", p)
	v := s.as(account.Biomed)
	out, err := p.Project()
	if err != nil {
		t.Fatal(err)
	}
	last := len(p.Roles) - 1
	path := planHref(staffed, "roles")
	row := found(t, v.get(path), fmt.Sprintf("#roles-%d", last))[0]
	if gap := difference(out.Years[0].Roles[last].GapFTE, fteText); gap == "0" || !strings.Contains(row, gap) || !strings.Contains(row, "empty: 0") {
		t.Errorf("the roles step says %q, want a gap of %s", row, gap)
	}
	field := fmt.Sprintf("roles[%d].current_fte", last)
	v.post(path, typed(t, v.get(path), url.Values{field: {"0"}}))
	if row := found(t, v.get(path), fmt.Sprintf("#roles-%d", last))[0]; !strings.Contains(row, "0 stated") {
		t.Errorf("a stated 0 is shown as %q", row)
	}
	was := s.planNow(staffed).Version
	v.post(path, typed(t, v.get(path), url.Values{}))
	if is := s.planNow(staffed).Version; is != was {
		t.Errorf("saving the same made version %d of %d", is, was)
	}
	v.post(path, typed(t, v.get(path), url.Values{field: {""}}))
	if row := found(t, v.get(path), fmt.Sprintf("#roles-%d", last))[0]; !strings.Contains(row, "empty: 0") {
		t.Errorf("an emptied field is shown as %q", row)
	}
}

// TestPathTitle holds that what differs is told in words, also where a name holds a slash.
func TestPathTitle(t *testing.T) {
	for path, want := range map[string]string{
		"classes/biomed/pipeline/Smart pumps · 2027/add": "biomed · project Smart pumps, 2027: devices added",
		"classes/biomed/growth/low":                      "biomed: growth a year, at least",
		"roles/BMET I/II/salary":                         "BMET I/II: salary",
		"roles/BMET I/II/hires/2027-03/fte":              "BMET I/II · hire 2027-03: FTE",
		"roles/BMET III/ratio/devices_per_fte":           "BMET III: ratio, devices per FTE",
		"wage_escalation":                                "wage escalation",
	} {
		if got := pathTitle(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if got := editText("costs/Tools/from", "2,029"); got != "2029" {
		t.Errorf("a year reads %q", got)
	}
}
