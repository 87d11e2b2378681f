package api

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pons/account"
	"pons/ledger"
	"pons/raci"
	"pons/sqldb"
	"pons/staff"
)

// staffToken is one of the administrator's tokens that may do these things.
func (s *site) staffToken(verbs ...account.Verb) string {
	s.t.Helper()
	accounts := account.New(s.inv.DB(), account.DefaultPolicy())
	_, who, err := accounts.SignIn(context.Background(), "ada", "a long way over the bridge", "127.0.0.1", "test", now)
	if err != nil {
		s.t.Fatal(err)
	}
	text, _, err := accounts.AddToken(context.Background(), who, fmt.Sprint(verbs), verbs, now.AddDate(0, 1, 0), now)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// TestAnswerable puts people, a rotation and a rule in, and asks who answers. 2026-03-02 is a Monday. The people are
// invented.
func TestAnswerable(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		write := s.staffToken(account.StaffRead, account.StaffWrite, account.DutyRead, account.DutyWrite, account.InventoryRead)
		read := s.staffToken(account.DutyRead, account.InventoryRead)
		var ann, bob Person
		if got := s.call(write, "POST", "/people", `{"name":"Ann Example","team":"biomed","role":"BMET II","fte":1,"phone":"555-0100","shifts":[{"hours":"mon-fri 07:00-15:30"}]}`, &ann); got != 200 || ann.ID == "" || ann.Version != 1 {
			t.Fatalf("add: %d %+v", got, ann)
		}
		if got := s.call(write, "POST", "/people", `{"name":"Bob Example","team":"biomed","role":"BMET I","fte":0.5,"sites":["East"]}`, &bob); got != 200 {
			t.Fatalf("add: %d", got)
		}
		for body, want := range map[string]int{
			`{"name":"ann example","team":"it","role":"x","fte":1}`:                                            422,
			`{"name":"C","team":"cooks","role":"x","fte":1}`:                                                   422,
			`{"name":"C","team":"it","role":"x","fte":9}`:                                                      422,
			`{"name":"C","team":"it","role":"x","fte":1,"shifts":[{"hours":"mon 25:00-26:00"}]}`:               422,
			`{"name":"C","team":"it","role":"x","fte":1,"absences":[{"from":"2026-02-02","to":"2026-02-01"}]}`: 422,
		} {
			if got := s.call(write, "POST", "/people", body, nil); got != want {
				t.Errorf("%s: %d, want %d", body, got, want)
			}
		}
		var rot Rotation
		if got := s.call(write, "POST", "/rotations", `{"name":"Nights","team":"biomed","people":["`+bob.ID+`"],"days":7,"anchor":"2026-03-02","handover":"08:00","hours":"15:30-07:00"}`, &rot); got != 200 || rot.Hours != "15:30-07:00" || rot.Handover != "08:00" {
			t.Fatalf("rotation: %d %+v", got, rot)
		}
		// No matrix yet: the activity is not there, and that is said.
		if got := s.call(read, "GET", "/answerable?activity=maintenance", "", nil); got != 404 {
			t.Errorf("without a matrix: %d", got)
		}
		if got := s.call(write, "POST", "/duties", `{"activity":"maintenance","parties":{"team:biomed":"A/R"}}`, nil); got != 422 {
			t.Errorf("a rule of no activity: %d", got)
		}
		s.startMatrix()
		var rules struct {
			Activities []Activity
			Duties     []Duty
			Findings   []DutyFinding
		}
		if got := s.call(read, "GET", "/duties", "", &rules); got != 200 || len(rules.Duties) != 24 || len(rules.Findings) == 0 {
			t.Fatalf("duties: %d, %d rules, %d findings", got, len(rules.Duties), len(rules.Findings))
		}
		var duty Duty
		if got := s.call(write, "POST", "/duties", `{"activity":"maintenance","class":"ultrasound","parties":{"team:vendor":"AR"}}`, &duty); got != 200 || duty.Parties["team:vendor"] != "A/R" {
			t.Fatalf("rule: %d %+v", got, duty)
		}
		var devices page
		s.call(read, "GET", "/devices?sort=name", "", &devices)
		pump := ""
		for _, d := range devices.Devices {
			if d.Class == "infusion-pump" {
				pump = d.ID
			}
		}
		type reply struct {
			Answers *OnDuty
			Nobody  string
			Why     []string
		}
		ask := func(token, query string, want int) (a reply) {
			t.Helper()
			if got := s.call(token, "GET", "/answerable?"+query, "", &a); got != want {
				t.Errorf("%s: %d, want %d", query, got, want)
			}
			return a
		}
		if a := ask(read, "activity=maintenance&device="+pump, 200); a.Answers == nil || a.Answers.Name != "Ann Example" || a.Answers.Phone != "555-0100" || a.Answers.OnCall {
			t.Errorf("at noon: %+v", a)
		}
		if a := ask(read, "activity=8&at=2026-03-02T22:00:00Z&device="+pump, 200); a.Answers == nil || a.Answers.Name != "Bob Example" || !a.Answers.OnCall || !strings.Contains(strings.Join(a.Why, " "), "Nights") {
			t.Errorf("at night: %+v", a)
		}
		if a := ask(read, "activity=maintenance&class=ultrasound&site=East", 200); a.Answers != nil || a.Nobody != "no-people" {
			t.Errorf("ultrasound: %+v", a)
		}
		ask(read, "activity=tea", 404)
		ask(read, "activity=maintenance&device=nothing", 404)
		ask(s.read, "activity=maintenance", 403)
		if got := s.call(read, "GET", "/people", "", nil); got != 403 {
			t.Errorf("people without staff.read: %d", got)
		}
		// A stale writer loses.
		if got := s.call(write, "PUT", "/people/"+ann.ID, `{"name":"Ann Example","team":"biomed","role":"BMET III","fte":1,"version":1}`, &ann); got != 200 || ann.Version != 2 || len(ann.Shifts) != 0 {
			t.Errorf("put: %d %+v", got, ann)
		}
		if got := s.call(write, "PUT", "/people/"+ann.ID, `{"name":"Ann Example","team":"biomed","role":"BMET I","fte":1,"version":1}`, nil); got != 409 {
			t.Errorf("stale: %d", got)
		}
		if a := ask(read, "activity=maintenance&device="+pump, 200); a.Nobody != "off-duty" {
			t.Errorf("Ann has no shift any more: %+v", a)
		}
		if got := s.call(write, "DELETE", "/people/"+ann.ID, "", nil); got != 204 {
			t.Errorf("delete: %d", got)
		}
		if got := s.call(write, "GET", "/people/"+ann.ID, "", nil); got != 404 {
			t.Errorf("gone: %d", got)
		}
		var roster struct {
			OnDuty []OnDuty `json:"on_duty"`
			Zone   string
		}
		if got := s.call(write, "GET", "/roster?at=2026-03-02T23:00:00Z&team=biomed&site=East", "", &roster); got != 200 || len(roster.OnDuty) != 1 || roster.Zone != "UTC" {
			t.Errorf("roster: %d %+v", got, roster)
		}
		for _, path := range []string{"/rotations/" + rot.ID, "/duties/" + duty.ID} {
			if got := s.call(write, "DELETE", path, "", nil); got != 204 {
				t.Errorf("delete %s: %d", path, got)
			}
		}
	})
}

// startMatrix writes the template of duties.
func (s *site) startMatrix() {
	s.t.Helper()
	if _, err := s.inv.DB().Update(context.Background(), func(tx *sqldb.Tx) error {
		_, err := raci.New(staff.New()).StartFromTemplate(tx, ledger.By{Actor: "command:test", At: now})
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
}
