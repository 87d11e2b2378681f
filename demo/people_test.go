package demo

import (
	"context"
	"strings"
	"testing"
	"time"

	"pons/audit"
	"pons/ledger"
	"pons/raci"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
	"pons/staff"
)

// TestPeople holds what the demo promises to show: a hole on call, a single point of failure, a certificate that has
// run out, a role that nobody fills; on any day on which it is made.
func TestPeople(t *testing.T) {
	for _, day := range []string{"2026-11-20T14:00:00Z", "2027-02-28T03:00:00Z"} {
		at, err := time.Parse(time.RFC3339, day)
		if err != nil {
			t.Fatal(err)
		}
		db := sqldbtest.Open(t, []sqldb.Schema{audit.Schema(), ledger.Schema()})
		by := ledger.By{Actor: "command:test", At: at}
		n, err := People(context.Background(), db, by)
		if err != nil || n < 28 {
			t.Fatalf("%d people, %v", n, err)
		}
		if again, err := People(context.Background(), db, by); again != 0 || err != nil {
			t.Errorf("the list was there, and %d came in, %v", again, err)
		}
		s := staff.New()
		m, err := raci.New(s).Current(context.Background(), db)
		if err != nil {
			t.Fatal(err)
		}
		r := m.Roster
		if found := raci.Mistakes(m.Check(staff.DateOf(at.In(r.Zone)))); found != 0 {
			t.Errorf("the demo's matrix has %d mistakes", found)
		}
		night := r.WeekOf(at).AddDate(0, 0, 2).Add(4 * time.Hour)
		pump := raci.Device{Class: "infusion-pump", Category: "medical", Site: "Quillmere General"}
		if a := m.Answerable(raci.Maintenance, pump, night); a.Nobody != raci.Absent || !strings.Contains(strings.Join(a.Why, "; "), left) {
			t.Errorf("no hole on call: %q by %q", a.Nobody, a.Why)
		}
		if a := m.Answerable(raci.Maintenance, raci.Device{Class: "dialysis", Site: "Quillmere General"}, at); a.Nobody != raci.NoPeople {
			t.Errorf("dialysis: %q", a.Nobody)
		}
		if x := staff.ExpiringWithin(r.People, staff.DateOf(at), 0); len(x) == 0 || x[0].Days >= 0 {
			t.Errorf("no certificate has run out: %+v", x)
		}
		for _, c := range r.Coverage(at, staff.SkillNeeds(staff.DefaultExpectations(), "")...) {
			if c.SinglePoint() != (c.Need.Skill == "Risk/14971/80001") {
				t.Errorf("%s rests on %d people", c.Need.Skill, len(c.Holders))
			}
		}
	}
}
