package plan_test

import (
	"errors"
	"strings"
	"testing"

	"pons/fault"
	"pons/plan"
)

// contract is the plan file that CONTRACTS.md shows: it must be accepted as it stands, though its coverage is of a
// role that it does not list.
const contract = `
currency: USD
base_year: 2026
horizon_years: 3
wage_escalation: 0.035        # compounding from year 1
benefits: 0.28
rounding: quarter-up          # none | quarter-up | half-up | integer-up: up to the next 0.25, 0.5, 1
method: greater               # ratio | workload | greater (of the two); coverage is always a floor
classes:
  - {name: biomed, count: 6000, growth: 0.03}
  - {name: connected-medical, count: 2400, growth: {low: 0.08, mode: 0.12, high: 0.18}, connected: true, subset_of: biomed}
roles:
  - {name: BMET I/II, team: biomed, salary: 65000, current_fte: 5,
     ratio: {devices_per_fte: 1000, classes: [biomed]}}
  - {name: HTM manager, team: biomed, salary: 118000, current_fte: 1,
     ratio: {fte_per_fte: 12, roles: [BMET I/II]}}
workload:
  productive_hours: 1338       # or the parts it is computed from
  items:
    - {role: BMET I/II, class: biomed, name: PM, per_device_year: 1, hours: 0.5}
    - {role: BMET I/II, name: incoming inspection, events_per_year: 450, hours: 0.75}
coverage:
  - {role: IT support, seats: 1, hours_per_week: 168, available_hours: 1784}
  - {role: IT support, calls_per_hour: 18, handle_minutes: 6, service_level: {seconds: 60, share: 0.9}, shrinkage: 0.30}
simulation: {draws: 10000, seed: 1, percentiles: [10, 50, 80, 90]}
`

func TestContractExample(t *testing.T) {
	p, notes, err := plan.Read("contract.yaml", strings.NewReader(contract))
	if err != nil {
		t.Fatal(err)
	}
	out := project(t, p)
	if r := out.Years[0].Roles; len(r) != 2 || r[0].RequiredFTE != 6 || r[0].WorkloadHours != 3337.5 || r[1].RequiredFTE != 0.5 {
		t.Errorf("%+v", r)
	}
	if got := strings.Join(notes, "\n"); strings.Count(got, `no role called "IT support"; its coverage is not counted`) != 2 {
		t.Errorf("notes: %s", got)
	}
	// With the role, a seat and a desk add up: 8,760 / 1,784 and 4 / 0.7.
	p, _, err = plan.Read("", strings.NewReader(strings.Replace(contract, "workload:\n", "  - {name: IT support, team: IT, salary: 60000}\nworkload:\n", 1)))
	if err != nil {
		t.Fatal(err)
	}
	r := project(t, p).Years[0].Roles[2]
	if want := 8760.0/1784 + 4/0.7; r.CoverageFTE != want || r.Binding != plan.ByCoverage || r.RequiredFTE != 10.75 || r.Team != plan.IT {
		t.Errorf("%+v, want %g by coverage", r, want)
	}
}

const head = "currency: USD\nbase_year: 2026\nhorizon_years: 1\nbenefits: 0\nwage_escalation: 0\n"

// TestSpellings holds what is accepted though it is written in another way, and what that comes to.
func TestSpellings(t *testing.T) {
	for text, want := range map[string]float64{
		`classes: [{name: a, count: "6,000"}]
roles: [{name: r, team: INFOSEC, salary: "USD 65,000", ratio: {devices_per_fte: 1000, classes: A}}]`: 6,
		`base: &base {salary: 60000, team: Clinical Informatics}
classes: [{name: a, count: 2000}]
roles: [{<<: *base, name: r, ratio: {devices_per_fte: 1000, classes: [a, a]}}]`: 2,
		`classes: [{name: a, count: 2000}]
roles: [{name: q, salary: 1000, ratio: {devices_per_fte: 1000, classes: [a]}}, {name: r, salary: 1000, ratio: {fte_per_fte: 1, roles: [q, Q]}}]`: 4,
		`method: Workload
classes: [{name: a, count: 1000}]
roles: [{name: r, salary: 60000}]
workload: {productive_hours: {paid_hours: 2080, wrench: 75%}, items: [{role: r, class: a, name: PM, per_device_year: 0, hours: 0}, {role: r, name: x, events_per_year: 1, hours: 1338}]}`: 1,
	} {
		text = head + strings.Replace(text, "base: &base", "x-base: &base", 1)
		p, _, err := plan.Read("", strings.NewReader(text))
		if err != nil {
			t.Errorf("%s\n%v", text, err)
			continue
		}
		if got := project(t, p).Years[0].TotalFTE; got != want {
			t.Errorf("%s\n%g FTE, want %g", text, got, want)
		}
	}
}

// TestSlips holds that slips are refused, with one line that names the place and the mend.
func TestSlips(t *testing.T) {
	const class, role = "classes: [{name: a, count: 1000}]\n", "roles: [{name: r, salary: 60000}]\n"
	for text, want := range map[string]string{
		class + role + "workload: {items: [{role: r, class: a, name: PM, hours: 0.5}]}":             "8:20: workload.items[0].per_device_year: PM does not say how often",
		class + role + "workload: {items: [{role: r, class: a, name: PM, per_device_year: 1}]}":     "8:20: workload.items[0].hours: PM has no hours",
		class + role + "workload: {productive_hours: 0}":                                            "8:30: workload.productive_hours: 0 productive hours a year: one FTE has 600 to 2,080",
		class + role + "simulation: {draws: 0}":                                                     "8:21: simulation.draws: 0 draws",
		class + "roles: [{name: r, salary: 65,000}]":                                                `roles[0].000: nothing here has this name: between { and } a comma parts entries`,
		"classes: [{name: a, count: 6.000}]\n" + role:                                               "classes[0].count: 6.000: a point parts decimals here; write 6000",
		class + "roles: [{name: r, salary: 60000, ratio: {devices_per_fte: 1e-300, classes: [a]}}]": "roles[0].ratio.devices_per_fte: 1e-300 devices per FTE",
		class + "roles: [{name: r, salary: -1}]":                                                    "roles[0].salary: −1 a year for r",
		class + role + "coverage: [{role: R1, seats: 1, hours_per_week: 168}]":                      `coverage[0].role: no role is called "R1"; "r" was probably meant`,
		class + role + "coverage: [{role: r, seats: 1}]":                                            "coverage[0].hours_per_week: is missing, or 0",
		class + role + "---\na: b":                                                                  "the plan ends before this",
		class + "roles:\n\t- name: r":                                                               "8:1: a tab, % or @ stands where a value begins",
		class + "roles: [{name: r, salary: 1":                                                       "a { or [ is not closed",
		"classes: [{name: a, count: 10, growth: {low: 1%, high: 2%}}]\n" + role:                     "classes[0].growth.mode: a range needs low, mode and high; mode is missing",
		"classes:\n  - {name: a, count: 10}\n  - {name: b, count: -1, subset_of: a}\n" + role:       "classes[1].count: -1 devices",
		class + role + "benefits_rate: 0.3":                                                         `benefits_rate: nothing here has this name; "benefits" was probably meant`,
	} {
		_, _, err := plan.Read("p.yaml", strings.NewReader(head+text))
		var found fault.Mistakes
		if !errors.As(err, &found) || !errors.Is(err, fault.Invalid) {
			t.Errorf("%s\naccepted, or %v", text, err)
			continue
		}
		if len(found) != 1 || !strings.Contains(found[0].Error(), want) {
			t.Errorf("%s\n%v\nwant one line with: %s", text, err, want)
		}
	}
}
