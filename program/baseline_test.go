package program_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pons/fault"
	"pons/program"
	"pons/sqldb"
)

func signable() program.Baseline {
	return program.Baseline{AsOf: clarifyNow, Revision: 7, Statement: "This is the inventory.", SignedBy: "Ann Example", SignedAs: "director of biomed", Devices: 100, Reconciled: 85,
		Counts: []program.Tally{{"site", "East", 60}, {"site", "", 40}, {"category", "medical", 100}, {"class", "infusion-pump", 30}, {"class", "", 70}},
		Open:   []program.OpenQueue{{"no-owner", 12}, {"conflict", 3}}}
}

func TestBaselineIsSignedOnce(t *testing.T) {
	clarify(t, func(t *testing.T, p *program.Program, db *sqldb.DB) {
		ctx := context.Background()
		e, err := p.Sign(ctx, signable(), "person:ann")
		if err != nil || !e.Locked || !e.Body.Holds() || len(e.Body.Hash) != 64 {
			t.Fatalf("%+v, %v", e, err)
		}
		list, err := p.Baselines(ctx)
		if err != nil || len(list) != 1 || !list[0].Body.Holds() || list[0].Body.Content() != e.Body.Content() {
			t.Fatalf("read again: %+v, %v", list, err)
		}
		forged := list[0].Body
		forged.Devices++
		if forged.Holds() {
			t.Error("a changed count keeps the hash")
		}
		below := signable()
		below.Reconciled = 79
		if _, err := p.Sign(ctx, below, "person:ann"); fault.Fields(err)["why"] == "" {
			t.Errorf("below the goal without a reason: %v", err)
		}
		below.Why = "The network of two sites comes in January."
		later, err := p.Sign(ctx, below, "person:ann")
		if err != nil || later.Body.Hash == e.Body.Hash {
			t.Errorf("with a reason: %v", err)
		}
		for field, change := range map[string]func(*program.Baseline){
			"devices": func(b *program.Baseline) { b.Devices, b.Counts = 0, nil }, "counts": func(b *program.Baseline) { b.Counts[0].Devices++ },
			"signed_by": func(b *program.Baseline) { b.SignedBy = "" }, "as_of": func(b *program.Baseline) { b.AsOf = time.Time{} },
		} {
			b := signable()
			change(&b)
			if _, err := p.Sign(ctx, b, "person:ann"); fault.Fields(err)[field] == "" {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

// TestContentDoesNotDependOnOrder shuffles the counts; and no name can pass for another line.
func TestContentDoesNotDependOnOrder(t *testing.T) {
	b := signable()
	want := b.Content()
	r := rand.New(rand.NewPCG(8, 8))
	for range 50 {
		r.Shuffle(len(b.Counts), func(i, j int) { b.Counts[i], b.Counts[j] = b.Counts[j], b.Counts[i] })
		r.Shuffle(len(b.Open), func(i, j int) { b.Open[i], b.Open[j] = b.Open[j], b.Open[i] })
		if b.Content() != want {
			t.Fatal("another order, another content")
		}
	}
	b.Counts[0].Name = "East\" 60\ncount \"site\" \"West"
	if strings.Count(b.Content(), "\n") != strings.Count(want, "\n") {
		t.Error("a name became a line")
	}
}

func TestDriftSinceABaseline(t *testing.T) {
	b := signable()
	if moved, same := b.Since(b.Counts); len(moved) != 0 || same != 5 {
		t.Errorf("nothing moved: %+v, %d", moved, same)
	}
	moved, same := b.Since([]program.Tally{{"site", "East", 50}, {"site", "West", 10}, {"category", "medical", 100}, {"class", "infusion-pump", 31}, {"class", "", 69}})
	if same != 1 || len(moved) != 5 {
		t.Fatalf("%d the same, %+v", same, moved)
	}
	site := moved[2:]
	if site[0].Name != "" || !site[0].Gone || site[0].Change() != -40 || site[1].Change() != -10 || !site[2].New || site[2].Change() != 10 {
		t.Errorf("sites: %+v", site)
	}
}

func TestValidation(t *testing.T) {
	clarify(t, func(t *testing.T, p *program.Program, db *sqldb.DB) {
		ctx := context.Background()
		v := program.Validation{Site: "East", Queue: "no-owner", Owner: "biomed East", Due: "2026-12-01"}
		e, err := p.Validate(ctx, 0, v, "person:ann", "")
		if err != nil || e.ID != "no-owner@East" || e.Body.State != program.ValidationOpen {
			t.Fatalf("%+v, %v", e, err)
		}
		v.State, v.Left = program.ValidationDone, 4
		if _, err := p.Validate(ctx, e.Version, v, "person:ann", ""); fault.Fields(err)["state"] == "" {
			t.Errorf("done with four left: %v", err)
		}
		v.State = program.ValidationAccepted
		if _, err := p.Validate(ctx, e.Version, v, "person:ann", ""); fault.Fields(err)["reason"] == "" {
			t.Errorf("accepted without a reason: %v", err)
		}
		v.Reason = "loaners of the vendor"
		e, err = p.Validate(ctx, e.Version, v, "person:ann", "")
		if err != nil || e.Body.Again(4) || !e.Body.Again(5) {
			t.Errorf("accepted: %+v, %v", e, err)
		}
		if err := p.RestoreValidation(ctx, e.ID, 0, "person:ann"); err != nil {
			t.Error(err)
		}
		if all, err := p.Validations(ctx); err != nil || len(all) != 0 {
			t.Errorf("undone: %+v, %v", all, err)
		}
	})
}
