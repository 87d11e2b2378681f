package program

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pons/audit"
	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

const tester = "person:ann"

func onBoth(t *testing.T, body func(t *testing.T, p *Program, db *sqldb.DB)) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), ledger.Schema()}, func(t *testing.T, db *sqldb.DB) {
		body(t, New(db, func() time.Time { return time.Date(2026, 11, 20, 9, 14, 0, 0, time.UTC) }), db)
	})
}

func (p *Program) roadmapNow(t *testing.T) (r Roadmap) {
	t.Helper()
	if err := p.db.View(context.Background(), func(tx *sqldb.Tx) (err error) { r, err = p.Roadmap(tx); return err }); err != nil {
		t.Fatal(err)
	}
	return r
}

func settings() RoadmapSettings {
	return RoadmapSettings{Title: "Road", Start: someday, Currency: "usd", Phases: DefaultPhases()}
}

func TestRoadmapIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program, db *sqldb.DB) {
		ctx := t.Context()
		if _, _, err := p.PutTask(ctx, 0, Task{Title: "Charter", Phase: "1", Days: 3}, tester, ""); !errors.Is(err, fault.Invalid) {
			t.Errorf("a task without a roadmap: %v", err)
		}
		if err := p.StartRoadmap(ctx, settings(), true, tester); err != nil {
			t.Fatal(err)
		}
		if err := p.StartRoadmap(ctx, settings(), true, tester); !errors.Is(err, fault.Conflict) {
			t.Errorf("made twice: %v", err)
		}
		r := p.roadmapNow(t)
		if len(r.Tasks) != len(defaultTasks()) || r.Settings.Body.Currency != "USD" || r.Tasks[9].ID != "T-9" && r.Tasks[9].ID == "" {
			t.Fatalf("%d tasks, %+v", len(r.Tasks), r.Settings)
		}
		if start, end := r.Schedule.Slots["T-1"].Start, r.Schedule.End; start != someday || someday.Until(end) < 500 || someday.Until(end) > 600 {
			t.Errorf("the default lies from %s to %s, want some 540 days", start, end)
		}
		charter, _ := r.Task("T-2")
		longer, err := r.Shifted("T-2", 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		after, moves, err := r.Preview(longer)
		if err != nil || len(moves) < 2 || moves[0].ID != "T-2" || after.Slots["T-3"].Start != r.Schedule.Slots["T-3"].Start.Add(10) {
			t.Errorf("preview %v, %v", moves, err)
		}
		e, moved, err := p.PutTask(ctx, charter.Version, longer, tester, "")
		if err != nil || e.Version != 2 || fmt.Sprint(moved) != fmt.Sprint(moves) {
			t.Errorf("moved %v, want what the preview said: %v; %v", moved, moves, err)
		}
		if _, _, err := p.PutTask(ctx, charter.Version, longer, tester, ""); !errors.Is(err, fault.Conflict) {
			t.Errorf("a stale writer: %v", err)
		}
		ring := longer
		ring.Needs = []string{"T-3"}
		if _, _, err := p.PutTask(ctx, 0, ring, tester, ""); !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "in a ring") || fault.Fields(err)["needs"] == "" {
			t.Errorf("a ring: %v, %v", err, fault.Fields(err))
		}
		if _, err := p.RestoreTask(ctx, "T-2", 1, tester, "undone"); err != nil {
			t.Fatal(err)
		}
		if got := p.roadmapNow(t); fmt.Sprint(got.Schedule) != fmt.Sprint(r.Schedule) {
			t.Error("undone, and the schedule is another")
		}
		if _, err := p.RemoveTask(ctx, "T-2", tester, ""); !errors.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "T-3") {
			t.Errorf("removing what others need: %v", err)
		}
		if _, err := p.RemoveTask(ctx, "T-22", tester, ""); err != nil {
			t.Fatal(err)
		}
		if e, _, err := p.PutTask(ctx, 0, Task{Title: "Next", Phase: "3"}, tester, ""); err != nil || e.ID != "T-23" {
			t.Errorf("the next number is %s, %v: a number must never mean two tasks", e.ID, err)
		}
		if _, _, err := p.PutTask(ctx, 0, Task{ID: "T-99", Title: "Chosen", Phase: "3"}, tester, ""); !errors.Is(err, fault.NotFound) {
			t.Errorf("a number chosen by the writer: %v", err)
		}
		s := r.Settings.Body
		s.Phases = s.Phases[:2]
		if _, err := p.SetRoadmap(ctx, 0, s, tester, ""); !errors.Is(err, fault.Conflict) {
			t.Errorf("a phase with tasks was taken away: %v", err)
		}
		if got := p.roadmapNow(t); len(got.Settings.Body.Phases) != 3 {
			t.Error("half saved")
		}
	})
}

func TestTaskMistakesStandAtTheirFields(t *testing.T) {
	err := checkTask(&Task{Days: -1, Percent: 120, Start: "2026-02-30", Status: "MAYBE", Cost: -5})
	got := fault.Fields(err)
	for _, field := range []string{"title", "phase", "days", "percent", "start", "status", "cost"} {
		if got[field] == "" {
			t.Errorf("%s: nothing is said: %v", field, got)
		}
	}
	if !errors.Is(err, fault.Invalid) || strings.Contains(err.Error(), "invalid") || len(got) != 7 {
		t.Errorf("%v: %v", err, got)
	}
	if err := checkTask(&Task{Title: "x", Phase: "1", Status: InProgress}); fault.Fields(err)["start"] == "" {
		t.Errorf("begun without a day: %v", err)
	}
}

func TestMaturityNeedsEvidence(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program, db *sqldb.DB) {
		ctx := t.Context()
		a := Assessment{Date: "2026-06-01", Assessor: "Ann Example", Ratings: []Rating{{Domain: "inventory", Level: 3}, {Domain: "risk", Level: 1}, {Domain: "network"}}}
		if _, err := p.Assessments().Put(ctx, "", 0, a, tester, ""); !errors.Is(err, fault.Invalid) || fault.Fields(err)["inventory.evidence"] == "" || fault.Fields(err)["risk.evidence"] != "" {
			t.Fatalf("a level without evidence: %v", err)
		}
		a.Ratings[0].Evidence = []Evidence{{Text: "the overview", Href: "https://elsewhere.example"}}
		if _, err := p.Assessments().Put(ctx, "", 0, a, tester, ""); fault.Fields(err)["inventory.evidence"] == "" {
			t.Errorf("evidence elsewhere: %v", err)
		}
		a.Ratings[0].Evidence[0].Href = "/devices"
		late := a
		late.Date = "2026-12-01"
		for _, x := range []Assessment{late, a} {
			if _, err := p.Assessments().Put(ctx, "", 0, x, tester, ""); err != nil {
				t.Fatal(err)
			}
		}
		err := p.db.View(ctx, func(tx *sqldb.Tx) error {
			list, err := p.AssessmentsIn(tx)
			if err != nil {
				return err
			}
			if len(list) != 2 || list[0].Body.Date != "2026-06-01" {
				t.Errorf("assessments %+v", list)
			}
			aims, err := p.Aims(tx)
			if err != nil || aims.Version != 0 {
				t.Errorf("aims that nobody set: %+v, %v", aims, err)
			}
			mean, n := list[0].Body.Score()
			if mean != 2 || n != 2 {
				t.Errorf("score %g of %d domains, want 2 of 2: what was not assessed is not zero", mean, n)
			}
			ranks := Shortfalls(list[0].Body, aims.Body)
			if ranks[0].Domain.ID != "risk" || ranks[0].Gap != 2 || ranks[1].Domain.ID != "inventory" || ranks[1].Gap != 0 || ranks[2].Rating.Level != 0 || ranks[2].Gap != 0 {
				t.Errorf("ranks %+v", ranks[:3])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		aims := DefaultAims()
		aims.Aims[0] = Aim{"inventory", 5, 3}
		if _, err := p.SetAims(ctx, 0, aims, tester, ""); err != nil {
			t.Fatal(err)
		}
		aims.Aims[0].Target = 6
		if _, err := p.SetAims(ctx, 0, aims, tester, ""); fault.Fields(err)["inventory.target"] == "" {
			t.Errorf("level 6: %v", err)
		}
		err = p.db.View(ctx, func(tx *sqldb.Tx) error {
			got, err := p.Aims(tx)
			if first := Shortfalls(a, got.Body)[0]; first.Domain.ID != "inventory" || first.Urgent != 6 {
				t.Errorf("weighted: %+v", first)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestDomainsAreThoseOfTheDossier(t *testing.T) {
	if len(Domains()) != 10 || len(LevelNames()) != 5 {
		t.Fatal("ten domains and five levels")
	}
	for _, d := range Domains() {
		for i, level := range d.Levels {
			if level == "" {
				t.Errorf("%s has no text for level %d", d.Name, i+1)
			}
		}
	}
}

func TestSupportForUnknownIsNotNo(t *testing.T) {
	m := DefaultSupport()
	for _, c := range []struct {
		class, category, life, crit string
		level                       string
		unsure                      int
		why                         string
	}{
		{"ventilator", "medical", "yes", "", "life", 0, "rule 1: supports life"},
		{"infusion-pump", "medical", "no", "high", "high", 0, "rule 2: criticality high"},
		{"infusion-pump", "medical", "", "high", "high", 1, "rule 2: criticality high; life support is not known, and rule 1 could hold"},
		{"infusion-pump", "medical", "no", "", "standard", 2, "criticality is not known, and rule 2 could hold"},
		{"", "", "no", "medium", "", 3, "no rule holds for it; category is not known, and rule 3 could hold"},
		{"camera", "iot", "no", "low", "run", 0, "rule 8: category iot"},
	} {
		s, why := m.SupportFor(c.class, c.category, c.life, c.crit)
		if s.Level.ID != c.level || s.Unsure != c.unsure || !strings.Contains(why, c.why) {
			t.Errorf("%+v: level %q, unsure %d, %s", c, s.Level.ID, s.Unsure, why)
		}
	}
}

func TestSupportModelIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program, db *sqldb.DB) {
		ctx := t.Context()
		if err := checkSupport(ptr(DefaultSupport())); err != nil {
			t.Fatalf("the default: %v", err)
		}
		m := DefaultSupport()
		m.Rules = append(m.Rules, SupportRule{Category: "medical", Class: "ct", Level: "high"}, SupportRule{Category: "x", LifeSupport: "maybe", Level: "gold"})
		m.Levels[0].Restore = 5
		_, err := p.SetSupport(ctx, 0, m, tester, "")
		got := fault.Fields(err)
		if len(got) != 4 || !strings.Contains(got["rules.9.level"], "rule 5 holds wherever it does") || got["rules.10.level"] == "" || got["rules.10.life_support"] == "" || got["levels.1.restore"] == "" {
			t.Errorf("mistakes %v", got)
		}
		first, err := p.SetSupport(ctx, 0, DefaultSupport(), tester, "")
		if err != nil {
			t.Fatal(err)
		}
		m = DefaultSupport()
		m.Levels[1].Response = 30
		if _, err := p.SetSupport(ctx, first.Version, m, tester, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := p.SupportShelf().Restore(ctx, first.ID, first.Version, tester, "undone"); err != nil {
			t.Fatal(err)
		}
		if err := db.View(ctx, func(tx *sqldb.Tx) error {
			e, err := p.Support(tx)
			if e.Version != 3 || e.Body.Levels[1].Response != 60 {
				t.Errorf("restored %+v", e)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func ptr[T any](v T) *T { return &v }

func TestGapBecomesATask(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program, db *sqldb.DB) {
		ctx := t.Context()
		if err := p.StartRoadmap(ctx, settings(), false, tester); err != nil {
			t.Fatal(err)
		}
		g := Gap{Area: LifecycleProcess, Topic: "Decommissioning and sanitization", Is: "no record", Should: "a record each", Severity: 4, Found: someday, By: "Ann Example"}
		if _, err := p.Gaps().Put(ctx, "", 0, Gap{Area: "else", Severity: 9}, tester, ""); len(fault.Fields(err)) != 7 {
			t.Errorf("mistakes %v", fault.Fields(err))
		}
		e, err := p.Gaps().Put(ctx, "", 0, g, tester, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.TaskForGap(ctx, e.ID, "1", tester); fault.Fields(err)["action"] == "" {
			t.Errorf("a task without an action: %v", err)
		}
		g.Action = "Write a sanitization record for each device"
		if _, err := p.Gaps().Put(ctx, e.ID, e.Version, g, tester, ""); err != nil {
			t.Fatal(err)
		}
		task, err := p.TaskForGap(ctx, e.ID, "2", tester)
		if err != nil || task.ID != "T-1" || task.Body.Title != g.Action {
			t.Fatalf("task %+v, %v", task, err)
		}
		if got, err := p.Gaps().Get(ctx, e.ID); err != nil || got.Body.Task != "T-1" || !got.Body.Open() {
			t.Errorf("the gap is %+v, %v", got, err)
		}
		if _, err := p.TaskForGap(ctx, e.ID, "2", tester); !errors.Is(err, fault.Conflict) {
			t.Errorf("a second task: %v", err)
		}
	})
}

func TestGovernanceSaysWhatIsWrong(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program, db *sqldb.DB) {
		ctx := t.Context()
		c := Committee{Name: "Steering", Cadence: EachMonth, Chair: "CIO", Quorum: 3, Members: []Member{{"CIO", "Ann Example", true}, {"CISO", "", true}, {"", "", false}}}
		if _, err := p.Committees().Put(ctx, "", 0, c, tester, ""); len(fault.Fields(err)) != 1 || fault.Fields(err)["quorum"] == "" {
			t.Errorf("a quorum of three of two: %v", err)
		}
		c.Quorum, c.Chair = 2, "CFO"
		if _, err := p.Committees().Put(ctx, "", 0, c, tester, ""); fault.Fields(err)["chair"] == "" {
			t.Errorf("a chair who is no member: %v", err)
		}
		c.Chair = "CIO"
		e, err := p.Committees().Put(ctx, "", 0, c, tester, "")
		if err != nil {
			t.Fatal(err)
		}
		if voting, vacant := e.Body.Voting(); voting != 2 || vacant != 1 {
			t.Errorf("%d vote, %d vacant", voting, vacant)
		}
		d := Decision{Date: someday, Committee: e.ID, Title: "Segment the ICU", Outcome: "approved", For: 1}
		if _, err := p.Decisions().Put(ctx, "", 0, d, tester, ""); err != nil {
			t.Fatal(err)
		}
		if enough, counted := d.Quorate(e.Body); enough || !counted {
			t.Error("one vote of a quorum of two is enough")
		}
		rights := []DecisionRight{{Decision: "Buy", Amount: 100, Decides: "CIO", Currency: "USD"}, {Decision: "buy", Amount: 100, Decides: "CFO", Currency: "USD"}, {Decision: "Buy", Amount: 200, Decides: "Board", Currency: "USD"}}
		for _, r := range rights {
			if _, err := p.DecisionRights().Put(ctx, "", 0, r, tester, ""); err != nil {
				t.Fatal(err)
			}
		}
		if got := Overlaps(rights); len(got) != 1 || got[0] != "buy: both CIO and CFO decide" {
			t.Errorf("overlaps %v", got)
		}
	})
}

func TestMessagesGoOut(t *testing.T) {
	none := func(string) Day { return "" }
	m := Message{Audience: "Wards", Message: "News", Channel: "e-mail", Sender: "Ann Example", Cadence: EachMonth, First: "2027-01-31", Status: Planned}
	days := func(m Message, to Day) (out []string) {
		for _, s := range Outgoing([]ledger.Entry[Message]{{ID: "1", Body: m}}, none, to) {
			out = append(out, string(s.Day))
		}
		return out
	}
	if got := strings.Join(days(m, "2027-05-01"), " "); got != "2027-01-31 2027-02-28 2027-03-31 2027-04-30" {
		t.Errorf("the last of each month: %s", got)
	}
	m.Covered, m.Until = "2027-02-28", "2027-04-01"
	if got := strings.Join(days(m, "2028-01-01"), " "); got != "2027-03-31" {
		t.Errorf("what is left: %s", got)
	}
	m.Status = Stopped
	if got := days(m, "2028-01-01"); got != nil {
		t.Errorf("stopped, and goes out %v", got)
	}
	onBoth(t, func(t *testing.T, p *Program, db *sqldb.DB) {
		ctx := t.Context()
		if err := p.StartRoadmap(ctx, settings(), true, tester); err != nil {
			t.Fatal(err)
		}
		end := p.roadmapNow(t).Milestone("T-8")
		e, err := p.Messages().Put(ctx, "", 0, Message{Audience: "Board", Message: "Phase 1 is done", Channel: "memo", Sender: "CIO", Cadence: OnMilestone, Task: "T-8", Offset: 7, Status: Planned}, tester, "")
		if err != nil || e.Body.Due(p.roadmapNow(t).Milestone) != end.Add(7) {
			t.Fatalf("due %s, want %s; %v", e.Body.Due(p.roadmapNow(t).Milestone), end.Add(7), err)
		}
		weekly, err := p.Messages().Put(ctx, "", 0, Message{Audience: "Team", Message: "Stand-up", Channel: "huddle", Sender: "Lead", Cadence: EachWeek, First: "2026-11-02", Status: Planned}, tester, "")
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []Day{"2026-11-02", "2026-11-09"} {
			if weekly, err = p.MarkSent(ctx, weekly.ID, "2026-11-10", tester); err != nil || weekly.Body.Covered != want || weekly.Body.Status != Planned {
				t.Errorf("sent %d: %+v, %v", i, weekly.Body, err)
			}
		}
		if e, err = p.MarkSent(ctx, e.ID, end, tester); err != nil || e.Body.Status != Sent || e.Body.SentOn != end {
			t.Errorf("once: %+v, %v", e.Body, err)
		}
		if _, err = p.MarkSent(ctx, e.ID, end, tester); !errors.Is(err, fault.Conflict) {
			t.Errorf("sent twice: %v", err)
		}
		if _, err := p.Messages().Put(ctx, "", 0, Message{Cadence: Once, Status: Planned}, tester, ""); len(fault.Fields(err)) != 5 {
			t.Errorf("mistakes %v", fault.Fields(err))
		}
	})
}
