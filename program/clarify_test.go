package program_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"pons/audit"
	"pons/fault"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

var clarifyNow = time.Date(2026, 11, 20, 9, 14, 0, 0, time.UTC)

// clarify runs a body with an empty program on both databases.
func clarify(t *testing.T, body func(t *testing.T, p *program.Program, db *sqldb.DB)) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), ledger.Schema()}, func(t *testing.T, db *sqldb.DB) {
		body(t, program.New(db, func() time.Time { return clarifyNow }), db)
	})
}

func interviews(bodies ...program.Interview) []ledger.Entry[program.Interview] {
	out := make([]ledger.Entry[program.Interview], len(bodies))
	for i, b := range bodies {
		out[i] = ledger.Entry[program.Interview]{ID: fmt.Sprintf("i%02d", i), Version: 1, Body: b}
	}
	return out
}

func TestThemesSumUpWhatWasSaid(t *testing.T) {
	themes, loose := program.Themes(interviews(
		program.Interview{Role: "clinical", Consent: program.Agreed, Answers: []program.Answer{
			{Text: "Pumps are searched for", Tag: program.Pain, Severity: 4, Frequency: program.Daily, Theme: "Searching"},
			{Text: "“We hide them in the cupboard.”", Tag: program.Quoted, Theme: "searching "},
		}},
		program.Interview{Role: "htm", Consent: program.Refused, Answers: []program.Answer{
			{Text: "Nobody knows where they are", Tag: program.Pain, Severity: 3, Theme: "Searching"},
			{Text: "“Half of my day.”", Tag: program.Quoted, Theme: "Searching"},
			{Text: "Contract of the ventilators", Tag: program.Risk, Severity: 5, Frequency: program.Rarely, Theme: "Contracts"},
			{Text: "of no theme", Tag: program.Opportunity, Severity: 1},
			{Text: "not rated", Tag: program.Risk, Theme: "Contracts"},
		}}))
	if len(themes) != 2 || len(loose) != 1 || loose[0].Text != "of no theme" {
		t.Fatalf("%d themes, loose %+v", len(themes), loose)
	}
	s := themes[0]
	if s.Key != "searching" || s.Name != "Searching" || s.Weight != 4*4+3*1 || s.Interviews != 2 || s.Worst != 4 || s.Unrated != 0 || s.Withheld != 1 || len(s.Voices) != 4 {
		t.Errorf("searching: %+v", s)
	}
	if got := fmt.Sprint(s.Roles); got != "[htm clinical]" {
		t.Errorf("roles %s, want them in the order of the guides", got)
	}
	quotable := 0
	for _, v := range s.Voices {
		if v.Quotable() {
			quotable++
		}
	}
	if quotable != 1 {
		t.Errorf("%d quotes may be shown, want the one of who agreed", quotable)
	}
	if themes[1].Key != "contracts" || themes[1].Weight != 5 || themes[1].Unrated != 1 {
		t.Errorf("contracts: %+v", themes[1])
	}
}

// TestThemesDoNotDependOnOrder shuffles interviews.
func TestThemesDoNotDependOnOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	names := []string{"Searching", "searching", "SEARCHING", "Vendor access", "vendor  access", "", "Backlog"}
	for round := range 200 {
		var bodies []program.Interview
		for range 1 + r.IntN(8) {
			i := program.Interview{Role: program.DefaultGuides()[r.IntN(10)].Role, On: program.Day(fmt.Sprintf("2026-10-%02d", 1+r.IntN(28)))}
			for range r.IntN(6) {
				i.Answers = append(i.Answers, program.Answer{Text: "x", Tag: program.Tags()[r.IntN(5)], Severity: r.IntN(6),
					Frequency: append(program.Frequencies(), "")[r.IntN(5)], Theme: names[r.IntN(len(names))]})
			}
			bodies = append(bodies, i)
		}
		all := interviews(bodies...)
		themes, loose := program.Themes(all)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		again, looseAgain := program.Themes(all)
		if !reflect.DeepEqual(themes, again) || !reflect.DeepEqual(loose, looseAgain) {
			t.Fatalf("round %d: another order, other themes:\n%+v\n%+v", round, themes, again)
		}
		answers, weight, sum, said := 0, 0, len(loose), 0
		for _, th := range themes {
			sum += len(th.Voices)
			weight += th.Weight
		}
		for _, b := range bodies {
			said += len(b.Answers)
			for _, a := range b.Answers {
				if a.Theme != "" {
					answers += a.Weight()
				}
			}
		}
		if sum != said || weight != answers {
			t.Fatalf("round %d: %d of %d answers, weight %d of %d", round, sum, said, weight, answers)
		}
	}
}

func TestSuspicions(t *testing.T) {
	for text, want := range map[string]string{
		"The ward waits 40 minutes for a pump":               "",
		"Go-live is on 03/12/2026 with 350 pumps":            "",
		"1,200,000 USD of contracts, COSR 6.5":               "",
		"The patient monitors at Bay 4 are from 2012":        "",
		"it happened to MRN 0042317":                         "a medical record number",
		"patient id: A77123 was moved":                       "a medical record number",
		"the man, born 4/7/1956, waited":                     "a date of birth",
		"DOB 2011-04-05":                                     "a date of birth",
		"an entry of 12.03.1961 in the list":                 "a day in the last century, as dates of birth are",
		"078-05-1120":                                        "a social security number",
		"look at 48219933.":                                  "a number of 7 to 10 digits, as record numbers are",
		"Mr. Miller waited":                                  "a patient's name",
		"the patient John Example waited":                    "a patient's name",
		"Patient safety comes first, says Quality Assurance": "",
	} {
		got := program.Suspicions(text)
		if (want == "") != (len(got) == 0) || want != "" && !strings.Contains(strings.Join(got, "|"), want) {
			t.Errorf("%q: %v, want %q", text, got, want)
		}
	}
}

func TestInterviewsAreKept(t *testing.T) {
	clarify(t, func(t *testing.T, p *program.Program, db *sqldb.DB) {
		ctx := context.Background()
		book := p.Interviews()
		good := program.Interview{Role: "htm", Who: " director  of biomed ", On: "2026-11-02"}
		e, err := book.Put(ctx, "", 0, good, "person:ann", "")
		if err != nil || e.Version != 1 || e.Body.Who != "director of biomed" || e.Body.Held {
			t.Fatalf("planned: %+v, %v", e, err)
		}
		next := e.Body
		next.Answers = []program.Answer{{Text: "We search", Tag: program.Pain, Severity: 3, Theme: "Searching"}}
		if e, err = book.Put(ctx, e.ID, 1, next, "person:ann", ""); err != nil || !e.Body.Held {
			t.Fatalf("held: %+v, %v", e, err)
		}
		if _, err := book.Put(ctx, e.ID, 1, next, "person:bob", ""); !errors.Is(err, fault.Conflict) {
			t.Errorf("a stale writer: %v", err)
		}
		bad := e.Body
		bad.Answers = []program.Answer{{Text: "MRN 0042317", Tag: program.Pain, Severity: 9}}
		_, err = book.Put(ctx, e.ID, e.Version, bad, "person:ann", "")
		wrong := fault.Fields(err)
		var seems *program.SuspicionError
		if !errors.Is(err, fault.Invalid) || wrong["answers.1.severity"] == "" || !strings.Contains(wrong["answers.1.text"], "medical record") || !errors.As(err, &seems) {
			t.Errorf("what seems patient data: %v: %v", err, wrong)
		}
		if strings.Contains(err.Error(), "0042317") {
			t.Errorf("the error repeats it: %v", err)
		}
		bad.Answers[0] = program.Answer{Text: "part 48219933 is late", Tag: program.Pain, Severity: 2, Cleared: true}
		if e, err = book.Put(ctx, e.ID, e.Version, bad, "person:ann", ""); err != nil || !e.Body.Answers[0].Cleared {
			t.Errorf("looked at, and none: %v", err)
		}
		for field, i := range map[string]program.Interview{
			"role": {Role: "king", Who: "x", On: "2026-11-02"}, "who": {Role: "htm", On: "2026-11-02"}, "on": {Role: "htm", Who: "x", On: "2.11."},
			"consent": {Role: "htm", Who: "x", On: "2026-11-02", Consent: "maybe"}, "note": {Role: "htm", Who: "x", On: "2026-11-02", Note: "DOB 2011-04-05"},
		} {
			if _, err := book.Put(ctx, "", 0, i, "person:ann", ""); fault.Fields(err)[field] == "" {
				t.Errorf("%s: %v", field, err)
			}
		}
		if list, err := book.List(ctx); err != nil || len(list) != 1 {
			t.Errorf("nothing of a mistake is kept: %d, %v", len(list), err)
		}
	})
}

func TestGuidesAreTheHospitalsToChange(t *testing.T) {
	for _, g := range program.DefaultGuides() {
		if n := len(g.Questions); n < 5 || n > 8 || g.Source == "" || g.Confidence == "" || g.Date == "" {
			t.Errorf("%s has %d questions of %+v", g.Role, n, g.Provenance)
		}
	}
	clarify(t, func(t *testing.T, p *program.Program, db *sqldb.DB) {
		ctx := context.Background()
		e, err := p.Guide(ctx, "cio")
		if err != nil || e.Version != 0 {
			t.Fatal(e.Version, err)
		}
		g := e.Body
		g.Questions = append(g.Questions[:1:1], program.Question{Text: "What else?"}, program.Question{})
		g.Provenance = program.Provenance{Source: program.House}
		if _, err := p.SetGuide(ctx, 0, g, "person:ann", ""); err != nil {
			t.Fatal(err)
		}
		all, err := p.Guides(ctx)
		if err != nil || len(all) != len(program.DefaultGuides()) || all[0].Version != 1 || len(all[0].Body.Questions) != 2 {
			t.Errorf("guides: %+v, %v", all[0], err)
		}
		if _, err := p.RestoreGuide(ctx, "cio", 0, "person:ann"); err != nil {
			t.Fatal(err)
		}
		if e, err := p.Guide(ctx, "cio"); err != nil || len(e.Body.Questions) != 7 {
			t.Errorf("back to what Pons brings: %d, %v", len(e.Body.Questions), err)
		}
		if _, err := p.Guide(ctx, "king"); !errors.Is(err, fault.NotFound) {
			t.Errorf("no such role: %v", err)
		}
		if _, err := p.SetGuide(ctx, 0, program.Guide{Role: "cio", Title: "CIO"}, "person:ann", ""); fault.Fields(err)["questions"] == "" {
			t.Errorf("a guide that asks nothing: %v", err)
		}
	})
}

func TestCharterAndObjectives(t *testing.T) {
	clarify(t, func(t *testing.T, p *program.Program, db *sqldb.DB) {
		ctx := context.Background()
		if e, err := p.Charter(ctx); err != nil || e.Version != 0 {
			t.Fatal(e, err)
		}
		c := program.Charter{Title: "Devices", Sponsor: "CIO", Scope: "all sites", Clarify: program.Span{Start: "2026-10-01", End: "2026-12-31"}, Assess: program.Span{Start: "2026-09-01", End: "2026-08-01"}}
		_, err := p.SetCharter(ctx, 0, c, "person:ann", "")
		if wrong := fault.Fields(err); wrong["assess.start"] == "" || wrong["assess.end"] == "" || len(wrong) != 2 {
			t.Errorf("phases in the wrong order: %v", wrong)
		}
		c.Assess = program.Span{Start: "2027-01-01"}
		if _, err := p.SetCharter(ctx, 0, c, "person:ann", ""); err != nil {
			t.Error(err)
		}
		if e, err := p.Charter(ctx); err != nil || e.Version != 1 || e.Body.Sponsor != "CIO" {
			t.Error(e, err)
		}
		if _, err := p.RestoreCharter(ctx, 0, "person:ann"); err != nil {
			t.Error(err)
		}
		if e, err := p.Charter(ctx); err != nil || e.Version != 0 {
			t.Errorf("undone: %+v, %v", e, err)
		}
		o, err := p.Objectives().Put(ctx, "", 0, program.Objective{Title: "Find every pump", Themes: []string{" Searching ", "searching"}, KPIs: []string{"coverage"}}, "person:ann", "")
		if err != nil || o.Body.State != program.ObjectiveProposed || len(o.Body.Themes) != 1 || o.Body.Themes[0] != "searching" {
			t.Errorf("objective: %+v, %v", o, err)
		}
		if _, err := p.Objectives().Put(ctx, "", 0, program.Objective{Title: "x", State: program.ObjectiveAgreed}, "person:ann", ""); fault.Fields(err)["owner"] == "" {
			t.Errorf("agreed without an owner: %v", err)
		}
	})
}
