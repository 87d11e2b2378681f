package program

import (
	"fmt"
	"slices"

	"pons/fault"
	"pons/ledger"
)

// Objective is what is to be reached, why (themes) and how it is seen (KPIs).
type Objective struct {
	Title  string         `json:"title"`
	Text   string         `json:"text,omitempty"`
	Owner  string         `json:"owner,omitempty"` // by function
	Due    Day            `json:"due,omitempty"`
	State  ObjectiveState `json:"state"`
	Themes []string       `json:"themes,omitempty"` // keys of themes
	KPIs   []string       `json:"kpis,omitempty"`   // ids
}

// ObjectiveState is how far an objective is.
type ObjectiveState string

// The states.
const (
	ObjectiveProposed ObjectiveState = "proposed"
	ObjectiveAgreed   ObjectiveState = "agreed"
	ObjectiveReached  ObjectiveState = "reached"
	ObjectiveDropped  ObjectiveState = "dropped"
)

// ObjectiveStates lists them in order.
func ObjectiveStates() []ObjectiveState {
	return []ObjectiveState{ObjectiveProposed, ObjectiveAgreed, ObjectiveReached, ObjectiveDropped}
}

// Objectives is the book of objectives.
func (p *Program) Objectives() Shelf[Objective] {
	return Shelf[Objective]{ledger.NewBook("program.objective", checkObjective), p}
}

func checkObjective(o *Objective) error {
	var wrong fault.Mistakes
	wrong.Add("title", tidyName("the title", &o.Title, true))
	wrong.Add("text", tidyText("the text", &o.Text, false))
	wrong.Add("owner", tidyName("the owner", &o.Owner, false))
	wrong.Add("due", checkDay("the due day", o.Due, false))
	if o.State == "" {
		o.State = ObjectiveProposed
	}
	if !slices.Contains(ObjectiveStates(), o.State) {
		wrong.Add("state", fmt.Errorf("the state is %q; choose proposed, agreed, reached or dropped: %w", o.State, fault.Invalid))
	}
	if o.State == ObjectiveAgreed && o.Owner == "" {
		wrong.Add("owner", fmt.Errorf("an objective that is agreed needs an owner: %w", fault.Invalid))
	}
	for i, t := range o.Themes {
		o.Themes[i] = ThemeKey(t)
	}
	o.Themes, o.KPIs = tidyList(o.Themes), tidyList(o.KPIs)
	return wrong.All()
}
