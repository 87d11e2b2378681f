package program

import (
	"context"
	"errors"
	"fmt"

	"pons/fault"
	"pons/ledger"
)

// Guide is what to ask one kind of stakeholder. Its id is the role's.
type Guide struct {
	Role      string     `json:"role"`
	Title     string     `json:"title"`
	Aim       string     `json:"aim"` // what is to be learned
	Questions []Question `json:"questions"`
	Provenance
}

// Question is one question of a guide, and what to listen for.
type Question struct {
	Text   string `json:"text"`
	Listen string `json:"listen,omitempty"`
}

// maxQuestions bounds a guide: an interview has about an hour, and nobody answers more.
const maxQuestions = 40

func (p *Program) guides() Shelf[Guide] {
	return Shelf[Guide]{ledger.NewBook("program.guide", checkGuide), p}
}

// Guides gives a guide for each role, the hospital's own words where it wrote some (Version above 0). The order is
// that of DefaultGuides.
func (p *Program) Guides(ctx context.Context) ([]ledger.Entry[Guide], error) {
	own, err := p.guides().List(ctx)
	if err != nil {
		return nil, err
	}
	by := map[string]ledger.Entry[Guide]{}
	for _, e := range own {
		by[e.ID] = e
	}
	var out []ledger.Entry[Guide]
	for _, g := range DefaultGuides() {
		if e, ok := by[g.Role]; ok {
			out = append(out, e)
		} else {
			out = append(out, ledger.Entry[Guide]{ID: g.Role, Body: g})
		}
	}
	return out, nil
}

// Guide gives one role's guide. It wraps fault.NotFound.
func (p *Program) Guide(ctx context.Context, role string) (ledger.Entry[Guide], error) {
	g, ok := defaultGuide(role)
	if !ok {
		return ledger.Entry[Guide]{}, fmt.Errorf("no guide is for %q: %w", role, fault.NotFound)
	}
	e, err := p.guides().Get(ctx, role)
	if errors.Is(err, fault.NotFound) || err == nil && e.Removed {
		return ledger.Entry[Guide]{ID: role, Body: g}, nil
	}
	return e, err
}

// SetGuide writes the hospital's own words for a role.
func (p *Program) SetGuide(ctx context.Context, version int64, g Guide, actor, why string) (ledger.Entry[Guide], error) {
	return p.guides().Put(ctx, g.Role, version, g, actor, why)
}

// RestoreGuide makes an earlier guide the newest; version 0 is the one that Pons brings.
func (p *Program) RestoreGuide(ctx context.Context, role string, version int64, actor string) (ledger.Entry[Guide], error) {
	if version == 0 {
		return p.guides().Remove(ctx, role, actor, "back to the guide that Pons brings")
	}
	return p.guides().Restore(ctx, role, version, actor, "undone")
}

// RoleTitle is a stakeholder role as people read it.
func RoleTitle(role string) string {
	if g, ok := defaultGuide(role); ok {
		return g.Title
	}
	return role
}

func defaultGuide(role string) (Guide, bool) {
	for _, g := range DefaultGuides() {
		if g.Role == role {
			return g, true
		}
	}
	return Guide{}, false
}

func checkGuide(g *Guide) error {
	var wrong fault.Mistakes
	if _, ok := defaultGuide(g.Role); !ok {
		wrong.Add("role", fmt.Errorf("no stakeholder role is called %q: %w", g.Role, fault.Invalid))
	}
	wrong.Add("title", tidyName("the title", &g.Title, true))
	wrong.Add("aim", tidyText("the aim", &g.Aim, false))
	wrong.Add("confidence", g.Provenance.check())
	var kept []Question
	for i, q := range g.Questions {
		field := fmt.Sprintf("questions.%d", i+1)
		wrong.Add(field+".text", tidyText(fmt.Sprintf("question %d", i+1), &q.Text, false))
		wrong.Add(field+".listen", tidyText(fmt.Sprintf("what to listen for in question %d", i+1), &q.Listen, false))
		if q.Text != "" {
			kept = append(kept, q)
		}
	}
	g.Questions = kept
	switch n := len(kept); {
	case n == 0:
		wrong.Add("questions", fmt.Errorf("a guide without a question asks nothing: %w", fault.Invalid))
	case n > maxQuestions:
		wrong.Add("questions", fmt.Errorf("%d questions are more than an interview has time for; at most %d: %w", n, maxQuestions, fault.Invalid))
	}
	return wrong.All()
}
