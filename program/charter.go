package program

import (
	"context"
	"errors"
	"fmt"

	"pons/fault"
	"pons/ledger"
)

// Charter is what the program is for and who wants it: one entry.
type Charter struct {
	Title    string   `json:"title"`
	Sponsor  string   `json:"sponsor"` // by function; who answers for money and priorities
	Lead     string   `json:"lead,omitempty"`
	Why      string   `json:"why,omitempty"`
	Scope    string   `json:"scope"`
	OutScope string   `json:"out_of_scope,omitempty"`
	Goals    []string `json:"goals,omitempty"`
	Clarify  Span     `json:"clarify"`
	Assess   Span     `json:"assess"`
	Design   Span     `json:"design"`
}

// Span is from a day to a day, both in it; empty is not said.
type Span struct {
	Start Day `json:"start,omitempty"`
	End   Day `json:"end,omitempty"`
}

// charterID is the one charter's.
const charterID = "charter"

// charters is the book of the charter.
func (p *Program) charters() Shelf[Charter] {
	return Shelf[Charter]{ledger.NewBook("program.charter", checkCharter), p}
}

// Charter gives the charter; Version 0 says that none was written yet.
func (p *Program) Charter(ctx context.Context) (ledger.Entry[Charter], error) {
	e, err := p.charters().Get(ctx, charterID)
	if errors.Is(err, fault.NotFound) || e.Removed {
		return ledger.Entry[Charter]{ID: charterID}, nil
	}
	return e, err
}

// SetCharter writes the charter. version is the one that the writer looked at, 0 for whichever.
func (p *Program) SetCharter(ctx context.Context, version int64, c Charter, actor, why string) (ledger.Entry[Charter], error) {
	return p.charters().Put(ctx, charterID, version, c, actor, why)
}

// RestoreCharter makes an earlier charter the newest; version 0 takes the charter away.
func (p *Program) RestoreCharter(ctx context.Context, version int64, actor string) (ledger.Entry[Charter], error) {
	if version == 0 {
		return p.charters().Remove(ctx, charterID, actor, "undone")
	}
	return p.charters().Restore(ctx, charterID, version, actor, "undone")
}

func checkCharter(c *Charter) error {
	var wrong fault.Mistakes
	wrong.Add("title", tidyName("the title", &c.Title, true))
	wrong.Add("sponsor", tidyName("the sponsor", &c.Sponsor, true))
	wrong.Add("lead", tidyName("the lead", &c.Lead, false))
	wrong.Add("scope", tidyText("the scope", &c.Scope, true))
	wrong.Add("why", tidyText("the reason", &c.Why, false))
	wrong.Add("out_of_scope", tidyText("what is out of scope", &c.OutScope, false))
	c.Goals = tidyList(c.Goals)
	before := Day("")
	for _, f := range []struct {
		field, name string
		s           Span
	}{{"clarify", "Clarify", c.Clarify}, {"assess", "Assess", c.Assess}, {"design", "Design", c.Design}} {
		wrong.Add(f.field+".start", checkDay("the start of "+f.name, f.s.Start, false))
		wrong.Add(f.field+".end", checkDay("the end of "+f.name, f.s.End, false))
		if f.s.Start != "" && f.s.End != "" && f.s.End < f.s.Start {
			wrong.Add(f.field+".end", fmt.Errorf("%s ends on %s, before it starts on %s: %w", f.name, f.s.End, f.s.Start, fault.Invalid))
		}
		if f.s.Start != "" && f.s.Start < before {
			wrong.Add(f.field+".start", fmt.Errorf("%s starts on %s, before the phase ahead of it does (%s): %w", f.name, f.s.Start, before, fault.Invalid))
		}
		before = max(before, f.s.Start)
	}
	return wrong.All()
}
