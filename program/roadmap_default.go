package program

import (
	"context"
	"fmt"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// RoadmapOrigin is where the default roadmap comes from (domain/09 §9.4, a proposal).
func RoadmapOrigin() Provenance {
	return Provenance{Source: OwnProposal + "; lengths, order and roles are assumptions", Date: "2026-11", Confidence: "assumption"}
}

// DefaultPhases are the three phases of domain/09 §9.4 with the days that they span there.
func DefaultPhases() []Phase {
	return []Phase{
		{"1", "Understand", "Days 0 to 90: sponsor, interviews, a baseline of at least 80 % of the devices"},
		{"2", "Plan", "Days 90 to 180: risk, skills and coverage, staffing scenarios, budget"},
		{"3", "Execute", "Days 180 to 540: hires, enforcement, integration, drills, quarterly governance"},
	}
}

// defaultTask is a line of the template: needs are numbers of lines, from 1; after is days from the start, for lines
// that need nothing.
type defaultTask struct {
	phase, title, owner, kpi string
	after, days              int
	effort                   float64
	needs                    []int
}

// defaultTasks are the pieces of work that domain/09 §9.4 names, and a milestone at the end of each phase. The lengths
// in calendar days fill the spans of the phases (90, 90 and 360 days); they, the effort, the needs and the owners are
// assumptions to be edited. Costs are not assumed: they are the hospital's to say.
func defaultTasks() []defaultTask {
	return []defaultTask{
		{"1", "Win a sponsor", "CIO and HTM director", "", 0, 14, 16, nil},                                                       // 1
		{"1", "Charter", "Program lead", "", 0, 14, 24, []int{1}},                                                                // 2
		{"1", "Stakeholder interviews", "Program lead", "", 0, 30, 60, []int{2}},                                                 // 3
		{"1", "Inventory baseline of at least 80 % of the devices", "HTM inventory", "Inventory coverage", 0, 60, 240, []int{1}}, // 4
		{"1", "RACI draft", "Program lead", "Devices nobody answers for", 0, 21, 40, []int{3}},                                   // 5
		{"1", "Pain points named and weighed", "Program lead", "", 0, 14, 16, []int{3}},                                          // 6
		{"1", "KPI baseline", "Program lead", "", 0, 14, 24, []int{4}},                                                           // 7
		{"1", "Phase 1 reviewed", "Sponsor", "", 0, 0, 0, []int{5, 6, 7}},                                                        // 8
		{"2", "Risk scoring", "Medical-device security", "Mean residual risk", 0, 45, 120, []int{8}},                             // 9
		{"2", "Skills and coverage map", "HTM manager", "Skills with a single point of failure", 0, 30, 60, []int{8}},            // 10
		{"2", "Staffing model and scenarios", "HTM director", "Staffing gap", 0, 30, 80, []int{10}},                              // 11
		{"2", "Segmentation design", "Network", "Devices in segments", 0, 60, 160, []int{8}},                                     // 12
		{"2", "AEM and patch policy", "HTM and security", "Patch SLA", 0, 30, 60, []int{9}},                                      // 13
		{"2", "Budget", "CIO and CFO", "", 0, 30, 40, []int{11}},                                                                 // 14
		{"2", "Plan approved", "Sponsor", "", 0, 0, 0, []int{12, 13, 14}},                                                        // 15
		{"3", "Hires and training", "HTM director", "Staffing gap", 0, 240, 480, []int{15}},                                      // 16
		{"3", "NAC enforcement", "Network", "Devices in segments", 0, 180, 640, []int{15}},                                       // 17
		{"3", "CMMS, ITSM and SIEM integration", "IT integration", "Devices discovered and matched", 0, 150, 480, []int{15}},     // 18
		{"3", "Service levels in force", "HTM and service desk", "MTTR", 0, 60, 80, []int{18}},                                   // 19
		{"3", "Drills", "Security and clinical", "MTTA", 0, 60, 120, []int{17}},                                                  // 20
		{"3", "Quarterly governance", "Steering committee", "", 0, 360, 96, []int{15}},                                           // 21
		{"3", "Program handed over to the line", "Sponsor", "", 0, 0, 0, []int{16, 19, 20, 21}},                                  // 22
	}
}

// StartRoadmap makes the default roadmap, anchored at a day; every line can be edited. A hospital that has one keeps
// it: that wraps fault.Conflict.
func (p *Program) StartRoadmap(ctx context.Context, s RoadmapSettings, template bool, actor string) error {
	_, err := p.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, err := p.Roadmap(tx)
		if err != nil {
			return err
		}
		if r.Made || len(r.Tasks) > 0 {
			return fmt.Errorf("there is a roadmap already; it stays as it is: %w", fault.Conflict)
		}
		by := p.by(actor, "")
		if _, err := settingsBook().Put(tx, onlyEntry, 0, s, by); err != nil || !template {
			return err
		}
		by.Why = RoadmapOrigin().Source
		return p.addDefaults(tx, s.Start, by)
	})
	return err
}

func (p *Program) addDefaults(tx *sqldb.Tx, start Day, by ledger.By) error {
	var ids []string
	for _, d := range defaultTasks() {
		t := Task{Title: d.title, Phase: d.phase, Owner: d.owner, KPI: d.kpi, Days: d.days, EffortHours: d.effort}
		for _, n := range d.needs {
			t.Needs = append(t.Needs, ids[n-1])
		}
		if len(d.needs) == 0 {
			t.Start = start.Add(d.after)
		}
		e, _, err := p.putTask(tx, 0, t, by)
		if err != nil {
			return err
		}
		ids = append(ids, e.ID)
	}
	return nil
}
