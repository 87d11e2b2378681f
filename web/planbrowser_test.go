package web

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"pons/account"
	"pons/plan"
)

// TestPlanInBrowser goes the way of somebody who plans for the first time: from the inventory to a first projection,
// then a slider moves the result, and what it says is saved and stays.
func TestPlanInBrowser(t *testing.T) {
	s := deviceSite(t)
	tab := s.open(account.Biomed, 1440, 900)
	tab.visit("/plan", "light")
	tab.run(chromedp.Click(`button[value="inventory"]`), until(`location.pathname.endsWith("/results") && !!document.querySelector(".plan-steps")`))
	if said := eval[string](tab, `document.querySelector("main").innerText`); !strings.Contains(said, "Say who is here now") || !strings.Contains(said, "FTE") {
		t.Fatalf("the first result says %q", said)
	}
	tab.visit(planHref(walkPlan, "growth"), "light")
	const slider = `document.querySelector('[data-slide="classes[1].growth.mode"] input')`
	if eval[bool](tab, slider+`.closest("[data-slide]").hidden`) {
		t.Fatal("the slider is not shown")
	}
	before := eval[string](tab, `document.querySelector("#plan-panel .plan-heads").innerText`)
	eval[bool](tab, slider+`.value = 25, `+slider+`.dispatchEvent(new Event("input", {bubbles: true}))`)
	tab.run(until(`document.querySelector("#plan-panel").classList.contains("tried")`))
	if field := eval[string](tab, `document.getElementById("f-classes[1].growth.mode").value`); field != "25 %" {
		t.Errorf("the field beside the slider says %q", field)
	}
	after := eval[string](tab, `document.querySelector("#plan-panel .plan-heads").innerText`)
	if after == before || !strings.Contains(after, "to what is saved") {
		t.Errorf("the panel said %q and says %q", before, after)
	}
	tab.shot("plan-tried")
	tab.accessible("a plan that is tried")
	if e := s.planNow(walkPlan); e.Version != 1 {
		t.Fatalf("moving a slider made version %d", e.Version)
	}
	tab.run(chromedp.Click(`.plan-save button[value="save"]`), until(`!!document.querySelector(".note.good") && !document.querySelector("#plan-panel.tried")`))
	if e := s.planNow(walkPlan); e.Version != 2 || e.Body.Plan.Classes[1].Growth.Mode != 0.25 {
		t.Errorf("saved is version %d with %v", e.Version, e.Body.Plan.Classes[1].Growth)
	}
	if field := eval[string](tab, `document.getElementById("f-classes[1].growth.mode").value`); field != "25 %" {
		t.Errorf("after saving the field says %q", field)
	}
}

// TestPlanStepsInBrowser holds that every step is accessible and fits, wide and narrow, in both themes.
func TestPlanStepsInBrowser(t *testing.T) {
	s := newSite(t)
	for width, theme := range map[int64]string{1440: "light", 390: "dark"} {
		tab := s.open(account.Biomed, width, 900)
		for _, path := range []string{"/plan", planHref(walkPlan, "baseline"), planHref(walkPlan, "recount"), planHref(walkPlan, "roles"), planHref(walkPlan, "ratios"), planHref(walkPlan, "growth"), planHref(walkPlan, "coverage")} {
			tab.visit(path, theme)
			tab.shot(fmt.Sprintf("step-%s-%d", strings.ReplaceAll(strings.Trim(path, "/"), "/", "-"), width))
			tab.accessible(fmt.Sprintf("%s at %d", path, width))
		}
	}
}

// largePlan has forty classes, thirty roles and a hundred and twenty lines of work.
func largePlan(t testing.TB) *plan.Plan {
	t.Helper()
	p := plan.Template("USD", 2026)
	p.Horizon = 10
	for len(p.Classes) < 40 {
		p.Classes = append(p.Classes, plan.Class{Name: fmt.Sprintf("class %d of a very large hospital", len(p.Classes)), Growth: plan.Range{Low: 0.01, Mode: 0.03, High: 0.06}})
	}
	for i := range p.Classes {
		p.Classes[i].Count = 200 + 13*i
	}
	p.Classes[0].Count = 60_000
	for len(p.Roles) < 30 {
		n := len(p.Roles)
		p.Roles = append(p.Roles, plan.Role{Name: fmt.Sprintf("role %d", n), Salary: 80_000, CurrentFTE: 2, Ratio: &plan.Ratio{DevicesPerFTE: 500, Classes: []string{p.Classes[n].Name}}})
	}
	for len(p.Workload.Items) < 120 {
		n := len(p.Workload.Items)
		p.Workload.Items = append(p.Workload.Items, plan.Item{Role: p.Roles[n%30].Name, Class: p.Classes[30+n%10].Name, Name: fmt.Sprintf("work %d", n), PerDeviceYear: plan.Range{Low: 0.5, Mode: 1, High: 2}, Hours: plan.Exactly(1)})
	}
	if _, err := p.Check(); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestLargePlan holds that forty classes, thirty roles and a hundred and twenty lines of work stay inside of a narrow
// window, and that a step of them is sent and kept whole.
func TestLargePlan(t *testing.T) {
	s := newSite(t)
	const id = "01930000-0000-7000-8000-0000000000e1"
	s.keepPlan(id, "Large", largePlan(t))
	tab := s.open(account.Biomed, 390, 844)
	for _, step := range []string{"baseline", "roles", "ratios", "growth", "coverage"} {
		tab.visit(planHref(id, step), "light")
		if over := eval[float64](tab, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
			t.Errorf("%s is %v px wider than a phone", step, over)
		}
		tab.shot("plan-large-" + step)
	}
	v := s.as(account.Biomed)
	path := planHref(id, "ratios")
	if a := v.post(path, typed(t, v.get(path), url.Values{"workload.items[119].hours.mode": {"2"}})); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if e := s.planNow(id); e.Body.Plan.Workload.Items[119].Hours != plan.Exactly(2) || len(plan.Changes(largePlan(t), &e.Body.Plan)) > 6 {
		t.Errorf("kept is %v", plan.Changes(largePlan(t), &e.Body.Plan))
	}
}

// BenchmarkPlanTry measures what a moving slider waits for on the server: the request of the page, the changed plan,
// its projection with its draws, and the panel. ns/op is the mean, p95-ms the time of the slowest in twenty.
func BenchmarkPlanTry(b *testing.B) {
	for name, p := range map[string]*plan.Plan{"template": plan.Template("USD", 2026), "large": largePlan(b)} {
		b.Run(name, func(b *testing.B) {
			for i := range p.Classes {
				p.Classes[i].Count = max(p.Classes[i].Count, 40)
			}
			p.Classes[0].Count = 60_000
			if name == "template" {
				p.Classes[0].Count, p.Classes[1].Count = 2000, 630
			}
			v := &Visit{R: (&http.Request{}).WithContext(b.Context())}
			var times []float64
			for b.Loop() {
				began := time.Now()
				next, err := changePlan(p, planDiff(p, url.Values{"classes[1].growth.mode": {fmt.Sprintf("%d %%", 9+len(times)%5)}}), "b", "2026-11-20")
				if err != nil {
					b.Fatal(err)
				}
				out, err := triedOut(v, next)
				if err != nil {
					b.Fatal(err)
				}
				f := &planForm{P: next, Out: out, Step: "growth", Panel: panelOf(p, out, next, out)}
				if err := f.Tried().Render(b.Context(), &strings.Builder{}); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(began).Seconds()*1000)
			}
			slices.Sort(times)
			b.ReportMetric(times[int(math.Ceil(0.95*float64(len(times))))-1], "p95-ms")
		})
	}
}
