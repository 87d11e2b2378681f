package web

import (
	"testing"

	"pons/ledger"
	"pons/plan"
	"pons/sqldb"
)

// The scenarios of tests: walkPlan is looked at and changed, sparePlan is taken away.
const (
	walkPlan  = "01930000-0000-7000-8000-000000000001"
	sparePlan = "01930000-0000-7000-8000-000000000002"
)

// fillPlans keeps the template with counts and people under a known address.
func (s *site) fillPlans() {
	s.t.Helper()
	for id, name := range map[string]string{walkPlan: "As we are", sparePlan: "Spare"} {
		s.keepPlan(id, name, testPlan(s.t))
	}
}

func (s *site) keepPlan(id, name string, p *plan.Plan) {
	s.t.Helper()
	book := ledger.NewBook[plan.Scenario]("plan.scenario", nil)
	_, err := s.db.Update(s.t.Context(), func(tx *sqldb.Tx) error {
		_, err := book.Put(tx, id, 0, plan.Scenario{Name: name, Plan: *p}, ledger.By{Actor: "person:administrator", At: testNow})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// testPlan is the template of a hospital with some thousand devices.
func testPlan(t *testing.T) *plan.Plan {
	t.Helper()
	n := 0
	p, err := plan.Template("USD", 2026).Recount(plan.Baseline{AsOf: "2026-11-20", Devices: 9000}, func(string) (int, error) {
		n++
		switch n {
		case 1:
			return 6000, nil // biomed holds all that follow
		case 2:
			return 2400, nil
		}
		return 40, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Roles[0].CurrentFTE = 5
	return p
}
