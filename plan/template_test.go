package plan_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pons/fault"
	"pons/plan"
)

// TestTemplate holds that the template is sound, says where each of its figures comes from, and survives its file.
func TestTemplate(t *testing.T) {
	p := plan.Template("USD", 2026)
	asked := 0
	p, err := p.Recount(plan.Baseline{AsOf: "2026-01-05", Devices: 10_000}, func(question string) (int, error) {
		asked++
		if question == "category:medical and "+plan.InUse {
			return 10_000, nil
		}
		return 300, nil
	})
	if err != nil || asked != len(p.Classes) {
		t.Fatalf("recount asked %d questions of %d classes: %v", asked, len(p.Classes), err)
	}
	if _, err := p.Check(); err != nil {
		t.Fatal(err)
	}
	for i, r := range p.Roles {
		for _, path := range []string{"roles/" + r.Name + "/salary"} {
			if a := p.Source(path); a == nil || a.Source == "" || a.Confidence == "" || a.Unit == "" || a.Date == "" {
				t.Errorf("roles[%d]: %s does not say where it comes from: %+v", i, path, a)
			}
		}
	}
	for _, it := range p.Workload.Items {
		if a := p.Source("workload/items/" + it.Role + " · " + it.Class + " · " + it.Name + "/hours"); a == nil {
			t.Errorf("%s of %s for %s does not say where it comes from", it.Name, it.Role, it.Class)
		}
	}
	text, err := p.Text()
	if err != nil {
		t.Fatal(err)
	}
	back, _, err := plan.Read("template.yaml", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, back) {
		t.Errorf("the plan's file reads back as another plan: %v", plan.Changes(p, back))
	}
	seen := map[string]bool{}
	for _, d := range plan.Defaults() {
		if seen[d.Key] || d.Source == "" || d.Confidence == "" || d.Unit == "" || d.Date == "" || (d.High != 0 && (d.Value < d.Low || d.Value > d.High)) {
			t.Errorf("default %s is there twice or lacks something: %+v", d.Key, d)
		}
		seen[d.Key] = true
	}
}

// TestWith changes fields by path, and names the path of what it refuses.
func TestWith(t *testing.T) {
	p := read(t, "example_a.yaml")
	next, err := p.With(map[string]string{"roles[1].salary": "USD 70,000", "classes[0].growth": "4%", "roles[1].ratio.devices_per_fte": "900", "classes[1].growth": "{low: 1%, mode: 2%, high: 3%}", "rounding": "half-up", "roles[1].skills": "[a, b]", "roles[2].min_fte": "2"})
	if err != nil {
		t.Fatal(err)
	}
	if p.Roles[1].Salary != 65000 || p.Rounding != plan.QuarterUp {
		t.Error("the plan itself was changed")
	}
	var got []string
	for _, e := range plan.Changes(p, next) {
		got = append(got, fmt.Sprintf("%s: %s → %s", e.Path, e.Before, e.After))
	}
	want := `classes/biomed/growth: 0.03 → 0.04
classes/imaging/growth: 0.02 → 
classes/imaging/growth/high:  → 0.03
classes/imaging/growth/low:  → 0.01
classes/imaging/growth/mode:  → 0.02
roles/BMET I/II/ratio/devices_per_fte: 1,000 → 900
roles/BMET I/II/salary: 65,000 → 70,000
roles/BMET I/II/skills/1:  → a
roles/BMET I/II/skills/2:  → b
roles/BMET III/min_fte:  → 2
rounding: quarter-up → half-up`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("changes:\n%s\nwant:\n%s", s, want)
	}
	for path, text := range map[string]string{"roles[1].salary": "", "roles[9].salary": "1", "roles[1].ratio.devices_per_fte": "-4", "classes[0].growth": "900%", "classes[0].grow": "1", "roles[1].salary.x": "1", "roles[2].salary": "EUR 5"} {
		_, err := p.With(map[string]string{path: text})
		wrong, ok := err.(fault.Mistakes)
		if !ok || wrong.At(path) == "" {
			t.Errorf("%s = %q: %v, want a mistake there", path, text, err)
		}
	}
}

// TestExplain holds that the steps end at the projection's own figures and lead to a source.
func TestExplain(t *testing.T) {
	p := plan.Template("USD", 2026)
	for i := range p.Classes {
		p.Classes[i].Count = 200
	}
	p.Classes[0].Count = 6000
	out := project(t, p)
	for _, role := range p.Roles {
		steps, err := p.Explain(out, 2028, role.Name)
		if err != nil {
			t.Fatal(err)
		}
		var r plan.RoleYear
		for _, x := range out.Years[2].Roles {
			if x.Name == role.Name {
				r = x
			}
		}
		var hours float64
		found := map[string]bool{}
		for _, s := range steps {
			if s.Unit == "hours" && strings.HasPrefix(s.Path, "workload.items[") {
				hours += s.Value
			}
			for what, v := range map[string]float64{"ratio": r.RatioFTE, "workload": r.WorkloadFTE, "required": r.RequiredFTE, "cost": r.Cost, "gap": r.GapFTE} {
				if s.Value == v {
					found[what] = true
				}
			}
		}
		if d := hours - r.WorkloadHours; d > 1e-6 || d < -1e-6 {
			t.Errorf("%s: the steps have %.2f h, the projection %.2f", role.Name, hours, r.WorkloadHours)
		}
		for _, what := range []string{"required", "cost", "gap", "ratio"} {
			if !found[what] {
				t.Errorf("%s: no step comes to the %s of the projection", role.Name, what)
			}
		}
	}
}
