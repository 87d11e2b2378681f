package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"

	"pons/account"
	"pons/ledger"
	"pons/plan"
	"pons/sqldb"
)

// plans are the scenarios as they are kept.
func (s *site) planList() []ledger.Entry[plan.Scenario] {
	s.t.Helper()
	var list []ledger.Entry[plan.Scenario]
	if err := s.db.View(s.t.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = s.web.plans.List(tx)
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return list
}

func (s *site) planNow(id string) ledger.Entry[plan.Scenario] {
	s.t.Helper()
	for _, e := range s.planList() {
		if e.ID == id {
			return e
		}
	}
	s.t.Fatalf("no scenario %s", id)
	return ledger.Entry[plan.Scenario]{}
}

// typed is a form as a browser would send it: every field of the page, with some of them changed.
func typed(t *testing.T, a answer, changes url.Values) url.Values {
	t.Helper()
	form := url.Values{}
	doc := a.doc(t)
	for _, n := range cascadia.QueryAll(doc, cascadia.MustCompile("form.plan-form input, form.plan-form select")) {
		at := map[string]string{}
		for _, x := range n.Attr {
			at[x.Key] = x.Val
		}
		_, checked := at["checked"]
		switch {
		case at["name"] == "" || at["type"] == "checkbox" && !checked:
		case n.Data == "select":
			for _, o := range cascadia.QueryAll(n, cascadia.MustCompile("option[selected]")) {
				for _, x := range o.Attr {
					if x.Key == "value" {
						form.Add(at["name"], x.Val)
					}
				}
			}
		default:
			form.Add(at["name"], at["value"])
		}
	}
	for k, v := range changes {
		form[k] = v
	}
	return form
}

func errorAt(t *testing.T, a answer, path string) string {
	t.Helper()
	n := cascadia.Query(a.doc(t), cascadia.MustCompile(fmt.Sprintf(`[id=%q]`, "f-"+path+"-error")))
	if n == nil {
		return ""
	}
	return text(n)
}

// TestPlanStepsSave holds that a step sent as it was drawn changes nothing, and that each kind of field is kept, with
// who said it as its source.
func TestPlanStepsSave(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	for _, step := range []string{"baseline", "roles", "ratios", "growth", "coverage"} {
		path := planHref(walkPlan, step)
		if a := v.post(path, typed(t, v.get(path), nil)); a.status != http.StatusSeeOther {
			t.Fatalf("%s as it was drawn: %d %s", step, a.status, a.body)
		}
		if e := s.planNow(walkPlan); e.Version != 1 {
			t.Fatalf("%s as it was drawn made version %d: %v", step, e.Version, plan.Changes(testPlan(t), &e.Body.Plan))
		}
	}
	save := func(step string, changes url.Values) plan.Plan {
		t.Helper()
		path := planHref(walkPlan, step)
		if a := v.post(path, typed(t, v.get(path), changes)); a.status != http.StatusSeeOther {
			t.Fatalf("%s %v: %d %v", step, changes, a.status, cascadia.QueryAll(a.doc(t), cascadia.MustCompile(".error")))
		}
		return s.planNow(walkPlan).Body.Plan
	}
	p := save("roles", url.Values{"roles[0].salary": {"71,500"}, "roles[0].attrition": {"9 %"}, "roles[0].skills": {"Networking; Electrical safety"}, "new:roles[1].hires:start": {"2027-03"}, "new:roles[1].hires:fte": {"1.5"}})
	if r := p.Roles[0]; r.Salary != 71500 || r.Attrition != 0.09 || strings.Join(r.Skills, "|") != "Networking|Electrical safety" || len(p.Roles[1].Hires) != 1 || p.Roles[1].Hires[0].FTE != 1.5 {
		t.Errorf("roles: %+v, %+v", r, p.Roles[1].Hires)
	}
	if a := p.Source("roles/BMET I/II/salary"); a == nil || a.Source != "Person of biomed" || a.Date != "2026-11-20" || a.Confidence != plan.Stated || a.Value != "71,500" {
		t.Errorf("the salary's source is %+v", a)
	}
	p = save("growth", url.Values{"classes[1].growth.mode": {"18 %"}, "new:classes[0].pipeline:year": {"2027"}, "new:classes[0].pipeline:add": {"240"}, "new:classes[0].pipeline:name": {"New wing"}})
	if g := p.Classes[1].Growth; g != (plan.Range{Low: 0.08, Mode: 0.18, High: 0.18}) {
		t.Errorf("the likeliest growth past its end made %+v", g)
	}
	if len(p.Classes[0].Pipeline) != 1 || p.Classes[0].Pipeline[0] != (plan.Change{Year: 2027, Name: "New wing", Add: 240}) {
		t.Errorf("the pipeline is %+v", p.Classes[0].Pipeline)
	}
	p = save("baseline", url.Values{"classes[0].name": {"medical"}, "new:classes:name": {"robots"}, "new:classes:count": {"12"}, "new:classes:subset_of": {"medical"}, "scenario.about": {"As of today"}})
	if p.Classes[1].SubsetOf[0] != "medical" || p.Roles[0].Ratio.Classes[0] != "medical" || p.Source("classes/medical/growth") == nil || p.Source("classes/medical/growth").Confidence != plan.Expert {
		t.Errorf("a class that got another name left references behind: %v %v %v", p.Classes[1].SubsetOf, p.Roles[0].Ratio.Classes, p.Source("classes/medical/growth"))
	}
	if last := p.Classes[len(p.Classes)-1]; last.Name != "robots" || last.Count != 12 || last.SubsetOf[0] != "medical" {
		t.Errorf("the new class is %+v", last)
	}
	p = save("ratios", url.Values{"kind:roles[4].ratio": {"fte_per_fte"}, "roles[4].ratio.devices_per_fte": {"9"}, "roles[4].ratio.roles": {"", "BMET III"}, "roles[0].ratio.classes": {"", "medical", "robots"}, "method": {"ratio"}})
	if r := p.Roles[4].Ratio; r.FTEPerFTE != 9 || r.DevicesPerFTE != 0 || r.Roles[0] != "BMET III" || len(p.Roles[0].Ratio.Classes) != 2 || p.Method != plan.ByRatio {
		t.Errorf("the ratio is %+v", r)
	}
	p = save("coverage", url.Values{"new:coverage:name": {"help desk"}, "new:coverage:role": {"IT support"}, "new:coverage:calls_per_hour": {"18"}, "new:coverage:handle_minutes": {"6"}, "new:coverage:service_level.share": {"90 %"}, "new:coverage:service_level.seconds": {"60"}, "new:costs:name": {"tools"}, "new:costs:per_year": {"40,000"}})
	if c := p.Coverage[len(p.Coverage)-1]; c.ServiceLevel == nil || c.ServiceLevel.Share != 0.9 || len(p.Costs) != 1 || p.Costs[0].PerYear != 40000 {
		t.Errorf("coverage %+v, costs %+v", c, p.Costs)
	}
	if body := v.get(planHref(walkPlan, "coverage")).body; !strings.Contains(body, "P(wait)") || !strings.Contains(body, "least that is enough") {
		t.Error("a desk shows no agents")
	}
	before := s.planNow(walkPlan).Version
	n := len(p.Classes) - 1
	p = save("baseline", url.Values{"do": {fmt.Sprintf("remove:classes[%d]", n)}})
	if len(p.Classes) != n || len(p.Roles[0].Ratio.Classes) != 1 {
		t.Errorf("what referred to the class that was removed: %d classes, %v", len(p.Classes), p.Roles[0].Ratio.Classes)
	}
	if a := v.post(planHref(walkPlan, "restore")+fmt.Sprintf("?version=%d", before), nil); a.status != http.StatusSeeOther || len(s.planNow(walkPlan).Body.Plan.Classes) != n+1 {
		t.Errorf("undo: %d", a.status)
	}
	page := planHref(walkPlan, "baseline")
	if a := v.post(page, typed(t, v.get(page), url.Values{"do": {"remove:classes[0]"}})); a.status != http.StatusUnprocessableEntity || !strings.Contains(text(a.doc(t)), "driven by no class") {
		t.Errorf("taking away the only class that drives a role: %d", a.status)
	}
	p = save("baseline", url.Values{"do": {"copy:classes[0]"}})
	if p.Classes[1].Name != "medical (copy)" {
		t.Errorf("a copied class is %q", p.Classes[1].Name)
	}
}

// TestPlanMistakes holds that what is wrong is said at its field with 422, and that nothing is half-saved.
func TestPlanMistakes(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	for _, c := range []struct {
		step    string
		changes url.Values
		at, say string
	}{
		{"ratios", url.Values{"roles[0].ratio.devices_per_fte": {"0"}}, "roles[0].ratio.devices_per_fte", "above zero"},
		{"ratios", url.Values{"roles[0].ratio.devices_per_fte": {"-4"}}, "roles[0].ratio.devices_per_fte", "above zero"},
		{"growth", url.Values{"classes[0].growth.mode": {"900 %"}}, "classes[0].growth.mode", "900"},
		{"roles", url.Values{"roles[1].salary": {""}}, "roles[1].salary", "no salary"},
		{"roles", url.Values{"roles[1].salary": {"EUR 70,000"}}, "roles[1].salary", "one currency"},
		{"roles", url.Values{"roles[1].salary": {"much"}}, "roles[1].salary", "no number"},
		{"roles", url.Values{"workload.productive_hours.paid": {"9,000"}}, "workload.productive_hours.paid", "8,760"},
		{"baseline", url.Values{"classes[3].subset_of": {"biomedd"}}, "classes[3].subset_of", `"biomed" was probably meant`},
		{"baseline", url.Values{"classes[3].inventory": {"clas:x"}}, "classes[3].inventory", "clas"},
		{"baseline", url.Values{"classes[1].name": {"biomed"}}, "classes[1].name", "names are unique"},
		{"baseline", url.Values{"new:classes:name": {"robots"}, "new:classes:count": {"many"}}, "new:classes:count", "no number"},
		{"baseline", url.Values{"scenario.name": {""}}, "scenario.name", "needs a name"},
		{"baseline", url.Values{"classes[2].count": {"7,000"}}, "classes[2].count", "larger than biomed"},
		{"ratios", url.Values{"kind:roles[0].ratio": {"fte_per_fte"}, "roles[0].ratio.devices_per_fte": {"3"}, "roles[0].ratio.roles": {"", "HTM manager"}}, "", "circle"},
		{"coverage", url.Values{"coverage[0].on_call.max_share": {"300 %"}}, "coverage[0].on_call.max_share", "300"},
	} {
		path := planHref(walkPlan, c.step)
		a := v.post(path, typed(t, v.get(path), c.changes))
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d, want 422", c.changes, a.status)
			continue
		}
		if c.at != "" && !strings.Contains(errorAt(t, a, c.at), c.say) {
			t.Errorf("%v: at the field stands %q, want %q", c.changes, errorAt(t, a, c.at), c.say)
		}
		if !strings.Contains(text(a.doc(t)), c.say) {
			t.Errorf("%v: the page does not say %q", c.changes, c.say)
		}
		for name, values := range c.changes { // what was typed stands there still
			n := cascadia.Query(a.doc(t), cascadia.MustCompile(fmt.Sprintf(`input[type=text][name=%q]`, name)))
			if n == nil {
				continue
			}
			for _, x := range n.Attr {
				if x.Key == "value" && x.Val != values[len(values)-1] {
					t.Errorf("%s shows %q, typed was %q", name, x.Val, values)
				}
			}
		}
	}
	if e := s.planNow(walkPlan); e.Version != 1 {
		t.Errorf("mistakes made version %d", e.Version)
	}
}

// TestPlanMistakesTogether holds that a figure that cannot be read and one that cannot be meant are told in one save.
func TestPlanMistakesTogether(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	path := planHref(walkPlan, "growth")
	a := v.post(path, typed(t, v.get(path), url.Values{"classes[0].growth.mode": {"900"}, "classes[1].growth.mode": {"abc"}}))
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(errorAt(t, a, "classes[0].growth.mode"), "90,000 %") || !strings.Contains(errorAt(t, a, "classes[1].growth.mode"), "abc") {
		t.Errorf("%d: %q and %q", a.status, errorAt(t, a, "classes[0].growth.mode"), errorAt(t, a, "classes[1].growth.mode"))
	}
	if slide := found(t, a, `[data-slide="classes[0].growth.mode"]`); len(slide) == 0 || strings.Count(slide[0], "%") != 2 {
		t.Errorf("the ends of the slider say %q", slide)
	}
}

// TestPlanRest holds that the fields which only files had stand on the pages: risk, the draws, time and material.
func TestPlanRest(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	for _, c := range []struct {
		step    string
		changes url.Values
	}{
		{"baseline", url.Values{"classes[0].risk": {"2.5"}}},
		{"growth", url.Values{"simulation.draws": {"2,000"}, "simulation.seed": {"7"}, "simulation.percentiles": {"5; 50; 95"}}},
	} {
		path := planHref(walkPlan, c.step)
		if a := v.post(path, typed(t, v.get(path), c.changes)); a.status != http.StatusSeeOther {
			t.Fatalf("%v: %d", c.changes, a.status)
		}
		was := s.planNow(walkPlan).Version
		v.post(path, typed(t, v.get(path), url.Values{}))
		if is := s.planNow(walkPlan).Version; is != was {
			t.Errorf("saving %s again made version %d of %d", c.step, is, was)
		}
	}
	p := s.planNow(walkPlan).Body.Plan
	if p.Classes[0].Risk != 2.5 || p.Simulation.Draws != 2000 || p.Simulation.Seed != 7 || !slices.Equal(p.Simulation.Percentiles, []float64{5, 50, 95}) {
		t.Errorf("kept: risk %v, %+v", p.Classes[0].Risk, p.Simulation)
	}
	path := planHref(walkPlan, "growth")
	if a := v.post(path, typed(t, v.get(path), url.Values{"simulation.percentiles": {"5; many"}})); a.status != http.StatusUnprocessableEntity || errorAt(t, a, "simulation.percentiles") == "" {
		t.Errorf("percentiles that are none: %d", a.status)
	}
	if tooManyCosts(costRows) != "" || !strings.Contains(tooManyCosts(costRows+1), "50,001") {
		t.Error("more costs than are read are left out without a word")
	}
}

// TestPlanConflict holds that of two who save at once nobody's words are lost.
func TestPlanConflict(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	path := planHref(walkPlan, "roles")
	mine := typed(t, v.get(path), url.Values{"roles[0].salary": {"71,000"}})
	other := s.as(account.Administrator)
	if a := other.post(path, typed(t, other.get(path), url.Values{"roles[1].salary": {"90,000"}})); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	a := v.post(path, mine)
	if a.status != http.StatusConflict || !strings.Contains(a.body, "administrator saved version 2") {
		t.Fatalf("the second to save: %d", a.status)
	}
	again := typed(t, a, nil)
	if again.Get("roles[0].salary") != "71,000" || again.Get("roles[1].salary") != "90,000" {
		t.Fatalf("the page shows %q and %q", again.Get("roles[0].salary"), again.Get("roles[1].salary"))
	}
	if a := v.post(path, again); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if p := s.planNow(walkPlan).Body.Plan; p.Roles[0].Salary != 71000 || p.Roles[1].Salary != 90000 {
		t.Errorf("kept are %v and %v", p.Roles[0].Salary, p.Roles[1].Salary)
	}
	if a := v.post(planHref(walkPlan, "lock"), url.Values{"locked": {"yes"}}); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if a := v.post(path, again); a.status != http.StatusConflict || !strings.Contains(a.body, "locked") {
		t.Errorf("saving what is locked: %d", a.status)
	}
	if page := v.get(path).body; strings.Contains(page, "Save Roles") || !strings.Contains(page, "copy it to change") {
		t.Error("a locked plan offers to be saved")
	}
}

// TestPlanTry holds that what is tried is computed and not kept, and that a mistake names its field.
func TestPlanTry(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	a := v.post(planHref(walkPlan, "try"), url.Values{"step": {"growth"}, "classes[0].growth.mode": {"4 %"}, "classes[1].growth.mode": {"30 %"}})
	if a.status != http.StatusOK || !strings.Contains(a.body, "not saved yet") || !strings.Contains(a.body, `id="grown-1"`) || !strings.Contains(a.header.Get("Server-Timing"), "plan;dur=") {
		t.Errorf("tried: %d %s", a.status, a.header)
	}
	a = v.post(planHref(walkPlan, "try"), url.Values{"step": {"growth"}, "classes[1].growth.mode": {"900 %"}})
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `data-path="classes[1].growth"`) {
		t.Errorf("a mistake that is tried: %d", a.status)
	}
	if e := s.planNow(walkPlan); e.Version != 1 {
		t.Errorf("trying made version %d", e.Version)
	}
}

// TestPlanBegins holds the three ways to a plan, and that files with mistakes keep nothing.
func TestPlanBegins(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	had := len(s.planList())
	a := v.post("/plan", url.Values{"from": {"inventory"}})
	if a.status != http.StatusSeeOther || !strings.HasSuffix(a.location, "/results") {
		t.Fatalf("from the inventory: %d to %s", a.status, a.location)
	}
	made := s.planNow(strings.Split(a.location, "/")[2])
	if made.Body.Name != "As we are 2" || made.Body.Plan.Baseline == nil || made.Body.Plan.Baseline.AsOf != "2026-11-20" {
		t.Errorf("made %q from %+v", made.Body.Name, made.Body.Plan.Baseline)
	}
	if page := v.get(a.location); page.status != http.StatusOK || !strings.Contains(page.body, "Say who is here now") {
		t.Errorf("the first result: %d, and no prompt for who is here", page.status)
	}
	if a := v.post("/plan", url.Values{"from": {"empty"}}); a.status != http.StatusSeeOther || !strings.HasSuffix(a.location, "/baseline") {
		t.Errorf("empty: %d to %s", a.status, a.location)
	}
	good := v.get(planHref(walkPlan, "plan.yaml")).body
	if a := v.sendFile("/plan/file", "plan.yaml", []byte(good)); a.status != http.StatusSeeOther {
		t.Errorf("a plan file that Pons wrote: %d", a.status)
	}
	if a := v.sendFile("/plan/file", "plan.xlsx", []byte(v.get(planHref(walkPlan, "workbook.xlsx")).body)); a.status != http.StatusSeeOther {
		t.Errorf("a workbook that Pons wrote: %d %s", a.status, text(a.doc(t)))
	}
	n := len(s.planList())
	if n != had+4 {
		t.Errorf("%d scenarios, want %d", n, had+4)
	}
	a = v.sendFile("/plan/file", "bad.yaml", []byte("currency: USD\nbase_year: 2026\nclasses:\n  - {name: a, count: 5, growth: 9}\nroles:\n  - {name: r, salary: 0, ratio: {devices_per_fte: 0, classes: [b]}}\n"))
	for _, want := range []string{"line 4", "classes[0].growth", "roles[0].salary", "Nothing was kept"} {
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(text(a.doc(t)), want) {
			t.Errorf("a file with mistakes: %d without %q", a.status, want)
		}
	}
	if a := v.sendFile("/plan/file", "bad.xlsx", []byte("PK\x03\x04 no zip")); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a broken workbook: %d", a.status)
	}
	if len(s.planList()) != n {
		t.Error("a file with mistakes was kept")
	}
}

// TestPlanScope holds that who sees a part of the hospital reads plans and cannot recount.
func TestPlanScope(t *testing.T) {
	s := newSite(t)
	admin := s.actor(account.Administrator)
	p := account.Person{Login: "part", Name: "Part of it", Roles: []account.Role{account.Biomed}, Scope: account.Scope{Sites: []string{"East"}}}
	if _, err := s.web.accounts.Add(t.Context(), admin, p, testPassword, testNow); err != nil {
		t.Fatal(err)
	}
	v := s.as("part")
	if a := v.get(planHref(walkPlan, "baseline")); a.status != http.StatusOK || !strings.Contains(a.body, "whole hospital") || strings.Contains(a.body, "Preview the recount") {
		t.Errorf("the baseline of a part: %d", a.status)
	}
	for _, a := range []answer{v.post("/plan", url.Values{"from": {"inventory"}}), v.get(planHref(walkPlan, "recount")), v.post(planHref(walkPlan, "recount"), nil)} {
		if a.status != http.StatusForbidden || !strings.Contains(a.body, "see only") {
			t.Errorf("counting a part: %d", a.status)
		}
	}
	if a := v.get("/plan"); !strings.Contains(a.body, "Ask somebody who sees all of it") {
		t.Error("the list does not say why nothing is counted")
	}
}

// TestPlanRecount holds that a recount is shown before it is taken, and can be undone.
func TestPlanRecount(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	path := planHref(walkPlan, "recount")
	a := v.get(path + "?as_of=2026-11-01")
	if a.status != http.StatusOK || !strings.Contains(text(a.doc(t)), "6,000") || !strings.Contains(a.body, "created&lt;=2026-11-01") {
		t.Fatalf("the preview: %d", a.status)
	}
	if e := s.planNow(walkPlan); e.Version != 1 {
		t.Fatal("the preview was kept")
	}
	if a := v.get(path + "?as_of=soon"); a.status != http.StatusBadRequest {
		t.Errorf("no day: %d", a.status)
	}
	if a := v.post(path, url.Values{"version": {"1"}, "as_of": {"2026-11-20"}}); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if e := s.planNow(walkPlan); e.Version != 2 || e.Body.Plan.Classes[0].Count != 0 || e.Body.Plan.Source("classes/biomed/count").Confidence != plan.Counted {
		t.Errorf("recounted: version %d, %d devices", e.Version, e.Body.Plan.Classes[0].Count)
	}
}
