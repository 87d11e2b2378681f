package api

import (
	"net/http"
	"strings"
	"testing"

	"pons/account"
	"pons/program"
)

func TestRoadmapByAPI(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.programToken(account.Biomed, "dee", account.Scope{})
		reader := s.programToken(account.Executive, "coo", account.Scope{})
		if got := s.call(reader, "GET", "/program/roadmap", "", nil); got != http.StatusNotFound {
			t.Errorf("no roadmap: %d", got)
		}
		var r Roadmap
		settings := `{"title":"Road","start":"2026-03-02","currency":"USD","phases":[{"id":"1","name":"Only"}]}`
		if got := s.call(reader, "PUT", "/program/roadmap", settings, nil); got != http.StatusForbidden {
			t.Errorf("an executive writes: %d", got)
		}
		if got := s.call(token, "PUT", "/program/roadmap", settings, &r); got != 200 || r.Version != 1 {
			t.Fatalf("made: %d %+v", got, r)
		}
		type told struct {
			Task     Task       `json:"task"`
			Moved    []TaskMove `json:"moved"`
			Critical []string   `json:"critical_path"`
			End      string     `json:"end"`
		}
		var first, second told
		if got := s.call(token, "POST", "/program/roadmap/tasks", `{"title":"First","phase":"1","days":10,"cost":100}`, &first); got != 200 || first.Task.ID != "T-1" || first.Task.Slot.End != "2026-03-11" {
			t.Fatalf("first: %d %+v", got, first)
		}
		if got := s.call(token, "POST", "/program/roadmap/tasks", `{"title":"Second","phase":"1","days":5,"needs":["T-1"]}`, &second); got != 200 || second.Task.Slot.Start != "2026-03-12" || strings.Join(second.Critical, " ") != "T-1 T-2" || second.End != "2026-03-16" {
			t.Fatalf("second: %d %+v %+v", got, second, second.Task.Slot)
		}
		longer := `{"title":"First","phase":"1","days":14,"cost":100,"version":1}`
		var would told
		if got := s.call(reader, "POST", "/program/roadmap/tasks/T-1/preview", longer, &would); got != 200 || len(would.Moved) != 2 || would.Moved[1].Start != "2026-03-16" || would.Moved[1].From != "2026-03-12" || would.End != "2026-03-20" {
			t.Errorf("preview: %d %+v", got, would)
		}
		if got := s.call(token, "PUT", "/program/roadmap/tasks/T-1", longer, &first); got != 200 || len(first.Moved) != 2 || first.Task.Version != 2 {
			t.Errorf("longer: %d %+v", got, first)
		}
		if got := s.call(token, "PUT", "/program/roadmap/tasks/T-1", longer, nil); got != http.StatusConflict {
			t.Errorf("a stale writer: %d", got)
		}
		var wrong struct {
			Errors []struct{ Message, Location string }
		}
		if got := s.call(token, "PUT", "/program/roadmap/tasks/T-1", `{"title":"First","phase":"1","days":14,"needs":["T-2"]}`, &wrong); got != 422 || len(wrong.Errors) != 1 || wrong.Errors[0].Location != "body.needs" || !strings.Contains(wrong.Errors[0].Message, "in a ring") {
			t.Errorf("a ring: %d %+v", got, wrong)
		}
		if got := s.call(token, "DELETE", "/program/roadmap/tasks/T-1", "", nil); got != http.StatusConflict {
			t.Errorf("removing what another needs: %d", got)
		}
		r = Roadmap{}
		if got := s.call(reader, "GET", "/program/roadmap", "", &r); got != 200 || len(r.Tasks) != 2 || r.End != "2026-03-20" || r.Days != 19 || len(r.Spending) != 1 || r.Spending[0].Cost != 100 || r.Tasks[0].Slot == nil || !r.Tasks[0].Slot.Critical {
			t.Errorf("roadmap: %d %+v", got, r)
		}
	})
}

func TestDesignByAPI(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		token := s.programToken(account.Biomed, "dee", account.Scope{})
		var wrong struct {
			Errors []struct{ Message, Location string }
		}
		assessment := `{"date":"2026-03-01","assessor":"Ann Example","ratings":[{"domain":"network","level":3EVIDENCE},{"domain":"risk","level":1}]}`
		if got := s.call(token, "POST", "/program/assessments", strings.Replace(assessment, "EVIDENCE", "", 1), &wrong); got != 422 || len(wrong.Errors) != 1 || wrong.Errors[0].Location != "body.network.evidence" {
			t.Errorf("without evidence: %d %+v", got, wrong)
		}
		var a Assessment
		if got := s.call(token, "POST", "/program/assessments", strings.Replace(assessment, "EVIDENCE", `,"evidence":[{"text":"zones","page":"/devices?q=has:vlan"}]`, 1), &a); got != 200 || a.Score != 2 || a.Assessed != 2 || a.Version != 1 {
			t.Fatalf("assessed: %d %+v", got, a)
		}
		var m struct {
			Scores  []Score
			Domains []Domain
		}
		aims := `{"aims":[{"domain":"network","target":5,"weight":3},{"domain":"risk","target":2,"weight":1}]}`
		if got := s.call(token, "PUT", "/program/maturity/aims", aims, &m); got != 200 || m.Domains[0].ID != "network" || m.Domains[0].Urgent != 6 || len(m.Domains) != 10 || m.Domains[9].Level != nil || m.Domains[9].Gap != nil {
			t.Errorf("maturity: %d %+v", got, m)
		}
		var g Gap
		if got := s.call(token, "POST", "/program/gaps", `{"area":"vendor","topic":"SBOM","is":"none","should":"all","severity":3,"found":"2026-03-01","by":"Ann Example"}`, &g); got != 200 || g.ID == "" {
			t.Fatalf("gap: %d %+v", got, g)
		}
		if got := s.call(token, "PUT", "/program/gaps/"+g.ID, `{"version":1,"area":"vendor","topic":"SBOM","is":"some","should":"all","severity":2,"found":"2026-03-01","by":"Ann Example"}`, &g); got != 200 || g.Version != 2 || g.Is != "some" {
			t.Errorf("changed: %d %+v", got, g)
		}
		if got := s.call(token, "DELETE", "/program/gaps/"+g.ID, "", nil); got != 204 {
			t.Errorf("removed: %d", got)
		}
		if got := s.call(token, "GET", "/program/gaps/"+g.ID, "", nil); got != http.StatusNotFound {
			t.Errorf("removed, and there: %d", got)
		}
		var support SupportModel
		if got := s.call(token, "GET", "/program/support", "", &support); got != 200 || support.Version != 0 || len(support.Levels) != 4 || support.Levels[0].Origin.Confidence != "assumption" {
			t.Errorf("support: %d %+v", got, support)
		}
		var level SupportAnswer
		if got := s.call(token, "GET", "/program/support/level?category=medical&criticality=high", "", &level); got != 200 || level.Level == nil || level.Level.Name != "High" || level.Unsure != 1 || !strings.Contains(level.Because, "life support is not known") {
			t.Errorf("level: %d %+v", got, level)
		}
		level = SupportAnswer{}
		if got := s.call(token, "GET", "/program/support/level?life_support=no", "", &level); got != 200 || level.Level != nil {
			t.Errorf("no rule: %d %+v", got, level)
		}
		var c Committee
		if got := s.call(token, "POST", "/program/committees", `{"name":"Committee","cadence":"monthly","chair":"CIO","quorum":1,"members":[{"role":"CIO","votes":true}]}`, &c); got != 200 || c.Quorum != 1 {
			t.Errorf("committee: %d %+v", got, c)
		}
		if got := s.call(token, "POST", "/program/decisions", `{"date":"2026-03-01","committee":"`+c.ID+`","title":"Yes","outcome":"approved","for":1}`, nil); got != 200 {
			t.Errorf("decision: %d", got)
		}
		if got := s.call(token, "POST", "/program/decision-rights", `{"decision":"Buy","amount":5000,"currency":"usd","decides":"CIO"}`, nil); got != 200 {
			t.Errorf("right: %d", got)
		}
		if got := s.call(token, "POST", "/program/messages", `{"audience":"Wards","message":"News","channel":"e-mail","sender":"Ann Example","cadence":"weekly","first":"2026-02-27","status":"PLANNED"}`, nil); got != 200 {
			t.Errorf("message: %d", got)
		}
		var out struct{ Items []Outgoing }
		if got := s.call(token, "GET", "/program/messages/outgoing?days=14", "", &out); got != 200 || len(out.Items) != 3 || !out.Items[0].Overdue || out.Items[1].Day != "2026-03-06" {
			t.Errorf("outgoing: %d %+v", got, out)
		}
		if got := s.call(token, "POST", "/program/benefits", `{"date":"2026-03-01","what":"One list","value":100}`, nil); got != 200 {
			t.Errorf("benefit: %d", got)
		}
		if program.DayOf(now) != "2026-03-02" {
			t.Error("the clock of these tests is another")
		}
	})
}
