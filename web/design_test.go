package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"

	"pons/account"
	"pons/column"
	"pons/program"
	"pons/sqldb"
)

// fillDesign gives the pages of the program's second and third phase something to show, under ids that addresses can
// name. All people are invented.
func (s *site) fillDesign() {
	s.t.Helper()
	ctx, p, by := s.t.Context(), s.web.program, "person:test"
	must := func(what string, err error) {
		if err != nil {
			s.t.Fatalf("%s: %v", what, err)
		}
	}
	today := program.DayOf(testNow)
	must("roadmap", p.StartRoadmap(ctx, program.RoadmapSettings{Title: "Road", Start: today.Add(-30), Currency: "USD", Phases: program.DefaultPhases()}, true, by))
	_, err := p.Assessments().Put(ctx, "a0", 0, program.Assessment{Date: today.Add(-180), Assessor: "Ann Example", Ratings: []program.Rating{{Domain: "inventory", Level: 1}, {Domain: "risk", Level: 1}}}, by, "")
	must("assessment", err)
	_, err = p.Assessments().Put(ctx, "a1", 0, program.Assessment{Date: today, Assessor: "Ann <script>alert(1)</script>", Ratings: []program.Rating{
		{Domain: "inventory", Level: 3, Evidence: []program.Evidence{{Text: "all devices", Href: "/devices"}}}, {Domain: "risk", Level: 1}}}, by, "")
	must("assessment", err)
	_, err = p.Gaps().Put(ctx, "g1", 0, program.Gap{Area: program.SupportWorkflow, Topic: "Escalation after hours", Is: "<script>alert(1)</script>", Should: "somebody answers", Severity: 5, Action: "Hire for the night", Found: today, By: "Ann Example"}, by, "")
	must("gap", err)
	_, err = p.Committees().Put(ctx, "c1", 0, program.Committee{Name: "Device committee", Cadence: program.EachMonth, Chair: "CIO", Quorum: 2, Members: []program.Member{{Role: "CIO", Person: "Bo Example", Votes: true}, {Role: "CISO", Votes: true}}}, by, "")
	must("committee", err)
	_, err = p.DecisionRights().Put(ctx, "r1", 0, program.DecisionRight{Decision: "Buy a device", Amount: 50_000, Currency: "USD", Decides: "CIO"}, by, "")
	must("right", err)
	_, err = p.Decisions().Put(ctx, "d1", 0, program.Decision{Date: today, Committee: "c1", Title: "Segment the ICU", Outcome: "approved", For: 1, Task: "T-12"}, by, "")
	must("decision", err)
	_, err = p.Messages().Put(ctx, "m1", 0, program.Message{Audience: "Wards", Message: "What changes", Channel: "e-mail", Sender: "Ann Example", Cadence: program.EachMonth, First: today.Add(-3), Status: program.Planned}, by, "")
	must("message", err)
	_, err = p.Messages().Put(ctx, "m2", 0, program.Message{Audience: "Board", Message: "The plan", Channel: "paper", Sender: "Bo Example", Cadence: program.OnMilestone, Task: "T-15", Offset: 7, Status: program.Draft}, by, "")
	must("message", err)
	_, err = p.Benefits().Put(ctx, "b1", 0, program.Benefit{Date: today, Task: "T-4", KPI: "Inventory coverage", What: "One list", Before: "61 %", After: "86 %", Value: 9600, Confirmed: "Bo Example"}, by, "")
	must("benefit", err)
}

func (s *site) roadmapNow() (r program.Roadmap) {
	s.t.Helper()
	if err := s.db.View(s.t.Context(), func(tx *sqldb.Tx) (err error) { r, err = s.web.program.Roadmap(tx); return err }); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// onFirst gives the site the pages of an empty program: everything of fillDesign is taken away again.
func TestDesignPagesBegin(t *testing.T) {
	s := emptySite(t)
	code, err := s.web.SetupCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.web.accounts.Setup(t.Context(), code, account.Person{Login: string(account.Administrator), Name: "Ada"}, testPassword, "127.0.0.1", testNow); err != nil {
		t.Fatal(err)
	}
	v := s.as(account.Administrator)
	for path, want := range map[string]string{"/program/maturity": "Not assessed yet", "/program/gaps": "Nobody has looked at this area yet", "/program/support": "nobody in this hospital has agreed", "/program/governance": "No committee yet",
		"/program/roadmap": "No roadmap yet", "/program/messages": "Nobody is told anything yet", "/program/gaps/new": "How it is", "/program/maturity/new": "not assessed"} {
		a := v.get(path)
		checkMarkup(t, path, a)
		if a.status != http.StatusOK || !strings.Contains(text(a.doc(t)), want) {
			t.Errorf("%s: %d, without %q", path, a.status, want)
		}
	}
	wrong := v.post("/program/roadmap/start", url.Values{"title": {""}, "start": {"soon"}, "currency": {"dollars"}, "template": {"yes"}})
	if wrong.status != http.StatusUnprocessableEntity || strings.Count(wrong.body, `class="error"`) != 3 {
		t.Errorf("a wrong beginning: %d", wrong.status)
	}
	if a := v.post("/program/roadmap/start", url.Values{"title": {"Road"}, "start": {"2026-12-01"}, "currency": {"eur"}, "template": {"yes"}}); a.status != http.StatusSeeOther {
		t.Fatalf("start: %d", a.status)
	}
	if r := s.roadmapNow(); len(r.Tasks) != 22 || r.Settings.Body.Currency != "EUR" {
		t.Errorf("%d tasks in %s", len(r.Tasks), r.Settings.Body.Currency)
	}
}

func TestMaturityIsAssessedByEvidence(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	form := url.Values{"date": {"2026-11-20"}, "assessor": {"Cy Example"}, "network.level": {"4"}, "risk.level": {"1"}}
	a := v.post("/program/maturity", form)
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(text(a.doc(t)), "Level 4 needs evidence") {
		t.Fatalf("without evidence: %d", a.status)
	}
	form.Set("network.evidence", "policy is enforced /devices?q=has:vlan\nseen on the firewall")
	a = v.post("/program/maturity", form)
	if a.status != http.StatusSeeOther {
		t.Fatalf("with evidence: %d %s", a.status, a.body)
	}
	page := v.get(a.location)
	doc := page.doc(t)
	if got := text(cascadia.Query(doc, cascadia.MustCompile("#domain-network"))); !strings.Contains(got, "4 Managed: enforced + monitored") || !strings.Contains(got, "policy is enforced") || !strings.Contains(got, "reached") {
		t.Errorf("network: %s", got)
	}
	if got := text(cascadia.Query(doc, cascadia.MustCompile("#domain-training"))); !strings.Contains(got, "unknown") {
		t.Errorf("what was not assessed: %s", got)
	}
	undo := attributeOf(cascadia.Query(doc, cascadia.MustCompile(".note form")), "action")
	if back := v.post(undo, nil); back.status != http.StatusSeeOther {
		t.Fatalf("undo %s: %d", undo, back.status)
	}
	if got := text(v.get("/program/maturity").doc(t)); strings.Contains(got, "Cy Example") {
		t.Error("undone, and still there")
	}
	aims := url.Values{"version": {"0"}}
	for _, d := range program.Domains() {
		aims.Set(d.ID+".target", "4")
		aims.Set(d.ID+".weight", "1")
	}
	aims.Set("risk.weight", "much")
	if a := v.post("/program/maturity/targets", aims); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "“much” is no number.") {
		t.Errorf("a weight in words: %d", a.status)
	}
	aims.Set("risk.weight", "2.5")
	if a := v.post("/program/maturity/targets", aims); a.status != http.StatusSeeOther {
		t.Errorf("targets: %d", a.status)
	}
	if got := text(cascadia.Query(v.get("/program/maturity").doc(t), cascadia.MustCompile("#domain-risk"))); !strings.Contains(got, "7.5") {
		t.Errorf("three levels at 2.5: %s", got)
	}
}

// TestSupportCountsWhatItSays holds the counts by question against the rule by rule answer for each device.
func TestSupportCountsWhatItSays(t *testing.T) {
	s := queueSite(t)
	s.bring("itam", "itam", deviceFile("itam", "V1", 1, "asset_tag", "V1", "class", "ventilator", "serial", "VENT-1001", "manufacturer", "Hamilton Medical", "site", "East"),
		deviceFile("itam", "V2", 2, "asset_tag", "V2", "class", "infusion-pump", "serial", "PUMP-9001", "manufacturer", "B. Braun", "site", "West", "criticality", "high"))
	model := program.DefaultSupport()
	model.Rules = append([]program.SupportRule{{Class: "infusion-pump", Criticality: "high", Level: "life"}}, model.Rules...)
	if _, err := s.web.program.SetSupport(t.Context(), 0, model, "person:test", ""); err != nil {
		t.Fatal(err)
	}
	page, err := s.web.Index.Table().Find(column.Request{Limit: 200})
	if err != nil || page.Total > 200 {
		t.Fatal(page.Total, err)
	}
	levels, rules, unsure := map[string]int{}, map[int]int{}, 0
	err = s.db.View(t.Context(), func(tx *sqldb.Tx) error {
		rows, err := s.web.Inventory.Rows(tx, page.IDs)
		for _, r := range rows {
			got, _ := model.SupportFor(r.Get("class"), r.Get("category"), r.Get("life_support"), r.Get("criticality"))
			levels[got.Level.ID]++
			rules[got.Rule]++
			if got.Unsure > 0 {
				unsure++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	v := &Visit{R: httpGet(t, "/program/support"), Now: testNow, server: s.web, Actor: s.actor(account.Administrator)}
	p, err := s.web.readSupport(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range p.Levels {
		if l.Count != levels[l.ID] {
			t.Errorf("%s: %d by question, %d by rule", l.Name, l.Count, levels[l.ID])
		}
	}
	for i, r := range p.Rules {
		if r.Count != rules[i+1] {
			t.Errorf("rule %d: %d by question, %d by rule", i+1, r.Count, rules[i+1])
		}
	}
	if p.None.Count != levels[""] || p.Unsure.Count != unsure || p.Total != len(page.IDs) || p.Total == 0 || unsure == 0 || levels["life"] == 0 {
		t.Errorf("none %d, want %d; unsure %d, want %d; total %d", p.None.Count, levels[""], p.Unsure.Count, unsure, p.Total)
	}
	all := s.as(account.Administrator)
	for _, href := range []string{p.Levels[0].Href, p.Levels[1].Href, p.None.Href, p.Unsure.Href, p.Rules[3].Href, p.Rules[1].Could.Href} {
		if a := all.get(href); a.status != http.StatusOK || strings.Contains(a.body, "aria-invalid") {
			t.Errorf("%s: %d", href, a.status)
		}
	}
	sum := 0
	for _, c := range p.Classes {
		sum += c.Total
	}
	if sum != p.Total {
		t.Errorf("classes add up to %d of %d", sum, p.Total)
	}
	west := &Visit{R: httpGet(t, "/program/support"), Now: testNow, server: s.web, Actor: s.actor(account.Administrator)}
	west.Actor.Scope = account.Scope{Sites: []string{"West"}}
	part, err := s.web.readSupport(west)
	if err != nil {
		t.Fatal(err)
	}
	inWest := 0
	for _, l := range part.Levels {
		inWest += l.Count
	}
	if inWest += part.None.Count; part.Total != 2 || inWest != 2 {
		t.Errorf("whose scope is West counts %d of %d devices, want 2", inWest, part.Total)
	}
	few := s.as(account.Security)
	if a := few.get("/program/support"); a.status != http.StatusOK || !strings.Contains(text(a.doc(t)), devicesCount(p.Total)) {
		t.Errorf("as security: %d", a.status)
	}
}

func httpGet(t *testing.T, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSupportModelIsChanged(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	form := url.Values{"version": {"0"}}
	for _, f := range cascadia.QueryAll(v.get("/program/support/edit").doc(t), cascadia.MustCompile("form.rows-form input[name], form.rows-form select[name]")) {
		name := attributeOf(f, "name")
		if f.Data == "select" {
			for _, o := range cascadia.QueryAll(f, cascadia.MustCompile("option[selected]")) {
				form.Set(name, attributeOf(o, "value"))
			}
			continue
		}
		form.Set(name, attributeOf(f, "value"))
	}
	form.Set("level.2.response", "soon")
	if a := v.post("/program/support/edit", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "“soon” is no whole number.") {
		t.Fatalf("a time in words: %d", a.status)
	}
	form.Set("level.2.response", "45")
	form.Set("rule.8.n", "0") // the last rule is asked first
	a := v.post("/program/support/edit", form)
	if a.status != http.StatusSeeOther {
		t.Fatalf("%d: %s", a.status, text(a.doc(t)))
	}
	err := s.db.View(t.Context(), func(tx *sqldb.Tx) error {
		e, err := s.web.program.Support(tx)
		m := e.Body
		if len(m.Levels) != 4 || len(m.Rules) != 8 || m.Rules[0].Category != "iot" || m.Levels[1].Response != 45 || m.Levels[1].Origin.Source != program.House || m.Levels[0].Origin.Source == program.House {
			t.Errorf("kept %+v", m)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := text(v.get(a.location).doc(t)); strings.Contains(got, "nobody in this hospital has agreed") || !strings.Contains(got, "45 min") {
		t.Error("the page still shows the proposal")
	}
}

func TestGapsAndGovernanceAndMessages(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Security)
	a := v.get("/program/gaps")
	if strings.Contains(a.body, "<script>alert") || !strings.Contains(a.body, "&lt;script&gt;alert") {
		t.Error("a hostile finding is not shown as text")
	}
	if got := v.post("/program/gaps", url.Values{"area": {"vendor"}, "severity": {"3"}, "found": {"2026-11-20"}}); got.status != 422 || strings.Count(got.body, `class="error"`) < 4 {
		t.Errorf("an empty finding: %d", got.status)
	}
	made := v.post("/program/gaps/g1/task", url.Values{"phase": {"3"}})
	if made.status != http.StatusSeeOther || made.location != "/program/roadmap/tasks/T-23" {
		t.Errorf("a task of a gap: %d to %s", made.status, made.location)
	}
	if got := text(v.get("/program/gaps").doc(t)); !strings.Contains(got, "Hire for the night T-23") {
		t.Error("the gap does not name its task")
	}
	if got := v.post("/program/governance/committees", url.Values{"name": {"Group"}, "cadence": {"weekly"}, "chair": {"Lead"}, "quorum": {"2"}, "member.1.role": {"Lead"}, "member.1.votes": {"yes"}}); got.status != 422 || !strings.Contains(text(got.doc(t)), "The quorum is 2, want 1 to 1.") {
		t.Errorf("a quorum that cannot be: %d", got.status)
	}
	if got := text(v.get("/program/governance").doc(t)); !strings.Contains(got, "1 vacant") || !strings.Contains(got, "no quorum") || !strings.Contains(got, "USD 50,000") {
		t.Errorf("governance: %s", got)
	}
	if got := v.post("/program/governance/decisions/d1", url.Values{"version": {"1"}, "date": {"2026-11-21"}, "committee": {"c1"}, "title": {"Segment the ICU now"}, "outcome": {"refused"}, "for": {"0"}, "against": {"2"}}); got.status != http.StatusSeeOther {
		t.Errorf("a decision: %d", got.status)
	}
	if got := v.post("/program/governance/decisions/d1", url.Values{"version": {"1"}, "date": {"2026-11-21"}, "committee": {"c1"}, "title": {"Late"}, "outcome": {"refused"}}); got.status != http.StatusConflict {
		t.Errorf("a stale writer: %d", got.status)
	}
	soon := text(cascadia.Query(v.get("/program/messages").doc(t), cascadia.MustCompile("#soon")))
	if !strings.Contains(soon, "1 overdue") || !strings.Contains(soon, "17 Nov 2026") || !strings.Contains(soon, "17 Dec 2026") {
		t.Errorf("what goes out: %s", soon)
	}
	sent := v.post("/program/messages/m1/sent", nil)
	after := v.get(sent.location)
	if soon = text(cascadia.Query(after.doc(t), cascadia.MustCompile("#soon"))); strings.Contains(soon, "overdue") || strings.Contains(soon, "17 Nov") {
		t.Errorf("after it was sent: %s", soon)
	}
	if back := v.post(attributeOf(cascadia.Query(after.doc(t), cascadia.MustCompile(".note form")), "action"), nil); back.status != http.StatusSeeOther {
		t.Errorf("undo: %d", back.status)
	}
	if got := s.as(account.Executive).get("/program/messages"); strings.Contains(got.body, "Mark sent") || got.status != 200 {
		t.Errorf("an executive may read and not write: %d", got.status)
	}
	for _, path := range []string{"/program/gaps/g1", "/program/roadmap/tasks/T-3/move", "/program/undo/gap/g1/0", "/program/remove/gap/g1", "/program/support/edit"} {
		if got := s.as(account.Executive).post(path, nil); got.status != http.StatusForbidden {
			t.Errorf("executive at %s: %d", path, got.status)
		}
	}
}

func TestRoadmapMovesWhatWaits(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	before := s.roadmapNow()
	page := v.get("/program/roadmap")
	checkMarkup(t, "/program/roadmap", page)
	bars := cascadia.QueryAll(page.doc(t), cascadia.MustCompile("svg.gantt a[data-task]"))
	if len(bars) != len(before.Tasks) || len(cascadia.QueryAll(page.doc(t), cascadia.MustCompile("tbody tr[id^=task-]"))) != len(before.Tasks) {
		t.Errorf("%d bars of %d tasks", len(bars), len(before.Tasks))
	}
	for _, id := range before.Schedule.Path {
		bar := cascadia.Query(page.doc(t), cascadia.MustCompile(`svg.gantt a[data-task="`+id+`"]`))
		if got := text(bar); !strings.Contains(got, "critical") || !strings.Contains(attributeOf(bar, "aria-label"), "critical") {
			t.Errorf("%s is critical and does not say so: %s", id, got)
		}
	}
	start := before.Schedule.Slots["T-2"].Start
	asked := v.get("/program/roadmap/tasks/T-2/move?later=5&longer=2")
	var moves []ganttMove
	if err := json.Unmarshal([]byte(asked.body), &moves); err != nil || len(moves) < 3 || moves[0].ID != "T-2" || moves[0].Start != start.Add(5) {
		t.Fatalf("preview %s: %v", asked.body, err)
	}
	if now := s.roadmapNow(); fmt.Sprint(now.Schedule) != fmt.Sprint(before.Schedule) {
		t.Error("the preview wrote")
	}
	done := v.post("/program/roadmap/tasks/T-2/move", url.Values{"version": {"1"}, "start": {string(start.Add(5))}, "days": {"16"}})
	if done.status != http.StatusSeeOther {
		t.Fatalf("move: %d %s", done.status, done.body)
	}
	after := s.roadmapNow()
	for _, m := range moves {
		if got := after.Schedule.Slots[m.ID]; got.Start != m.Start || got.End != m.End {
			t.Errorf("%s lies %s to %s, the preview said %s to %s", m.ID, got.Start, got.End, m.Start, m.End)
		}
	}
	shown := v.get("/program/roadmap")
	if got := text(cascadia.Query(shown.doc(t), cascadia.MustCompile(".note"))); !strings.Contains(got, "moved with it: T-3") {
		t.Errorf("told: %s", got)
	}
	back := v.post("/program/undo/task/T-2/1", nil)
	if back.status != http.StatusSeeOther || fmt.Sprint(s.roadmapNow().Schedule) != fmt.Sprint(before.Schedule) {
		t.Errorf("undo: %d", back.status)
	}
	part := v.do("POST", "/program/roadmap/tasks/T-3/move", url.Values{"version": {"1"}, "later": {"-40"}}, "HX-Request", "true")
	if part.status != http.StatusOK || !strings.Contains(part.body, `id="roadmap"`) || strings.Contains(part.body, "<html") || !strings.Contains(part.body, "it waits for T-2") {
		t.Errorf("a move before what it needs: %d %.300s", part.status, part.body)
	}
	for form, want := range map[string]int{"": 400, "start=yesterday": 400, "later=x": 400, "later=99999": 400, "days=-3": 400, "days=9999": 400, "later=1&version=7": 409} {
		values, _ := url.ParseQuery(form)
		if got := v.post("/program/roadmap/tasks/T-5/move", values); got.status != want {
			t.Errorf("move by %q: %d, want %d", form, got.status, want)
		}
	}
	if got := v.post("/program/roadmap/tasks/T-99/move", url.Values{"later": {"1"}}); got.status != 404 {
		t.Errorf("a task that is not there: %d", got.status)
	}
}

func TestTaskFormTellsOfRings(t *testing.T) {
	s := newSite(t)
	v := s.as(account.Biomed)
	form := url.Values{"version": {"1"}, "title": {"Win a sponsor"}, "phase": {"1"}, "start": {"2026-10-21"}, "days": {"14"}, "status": {"IN_PROGRESS"}, "percent": {"20"}, "needs": {"T-3"}, "effort_hours": {"16"}, "cost": {"1,200"}}
	a := v.post("/program/roadmap/tasks/T-1", form)
	if a.status != 422 || !strings.Contains(text(a.doc(t)), "in a ring: T-1 “Win a sponsor” needs T-3") {
		t.Errorf("a ring: %d", a.status)
	}
	form["needs"] = nil
	if a = v.post("/program/roadmap/tasks/T-1", form); a.status != http.StatusSeeOther {
		t.Fatalf("saved: %d", a.status)
	}
	r := s.roadmapNow()
	if e, _ := r.Task("T-1"); e.Body.Cost != 1200 || e.Body.Status != program.InProgress {
		t.Errorf("kept %+v", e.Body)
	}
	if got := text(v.get("/program/roadmap").doc(t)); !strings.Contains(got, "USD 1,200") || !strings.Contains(got, "Cost by phase and month") {
		t.Error("the cost is not shown")
	}
	add := v.post("/program/roadmap/tasks", url.Values{"title": {"Another"}, "phase": {"2"}, "days": {"0"}, "needs": {"T-9", "T-12"}, "status": {"NOT_STARTED"}})
	if add.status != http.StatusSeeOther {
		t.Errorf("added: %d", add.status)
	}
	if e, ok := s.roadmapNow().Task("T-23"); !ok || !e.Body.Milestone() || !slices.Equal(e.Body.Needs, []string{"T-9", "T-12"}) {
		t.Errorf("added %+v", e.Body)
	}
	if got := v.post("/program/remove/task/T-9", url.Values{"version": {"1"}}); got.status != http.StatusConflict {
		t.Errorf("removing what others need: %d", got.status)
	}
	if got := v.post("/program/roadmap/settings", url.Values{"version": {"1"}, "title": {"Road"}, "start": {"2026-10-01"}, "currency": {"USD"}, "working_days": {"yes"}, "phase_id": {"1", "2", "3", ""}, "phase_name": {"A", "B", "C", "D"}, "phase_goal": {"", "", "", "g"}}); got.status != http.StatusSeeOther {
		t.Errorf("settings: %d", got.status)
	}
	if got := s.roadmapNow().Settings.Body; len(got.Phases) != 4 || got.Phases[3].ID != "4" || !got.WorkingDays {
		t.Errorf("settings %+v", got)
	}
}
