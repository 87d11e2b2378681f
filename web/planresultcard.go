package web

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"pons/account"
	"pons/fault"
	"pons/sqldb"
)

// peopleCard is the overview's "People: needed vs there", from the newest locked scenario, else from the newest.
type peopleCard struct {
	*resultView
	Roles []peopleBar // those that lack most, first
	More  int         // roles that lack people and are not drawn
}

// peopleBar is a role that lacks people.
type peopleBar struct {
	Name, Href   string
	Needed, Have float64
}

// peopleBars is how many roles the card names.
const peopleBars = 5

// peopleNeeded makes the card for those who may read plans; nil for others. A card without a result says that it is not
// known.
func (s *Server) peopleNeeded(v *Visit) (*peopleCard, error) {
	if !v.May(account.PlanRead) {
		return nil, nil
	}
	var chosen scenarioEntry
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		chosen, err = s.plans.InForce(tx)
		return err
	})
	if errors.Is(err, fault.NotFound) {
		return &peopleCard{}, nil
	}
	if err != nil {
		return nil, err
	}
	out := s.projections.get(outcomeKey{chosen.ID, chosen.Version})
	if out == nil {
		if out, err = chosen.Body.Plan.Project(); err != nil { // the first page does not wait for draws
			return nil, fmt.Errorf("%s: %w", chosen.Body.Name, err)
		}
	}
	c := &peopleCard{resultView: &resultView{Entry: chosen, Plan: &chosen.Body.Plan, Out: out}}
	c.bars()
	return c, nil
}

// bars are the roles that lack most people.
func (c *peopleCard) bars() {
	if !peopleKnown(c.Plan) {
		return
	}
	for i := range c.first().Roles {
		if x := &c.first().Roles[i]; x.GapFTE > 1e-9 {
			c.Roles = append(c.Roles, peopleBar{x.Name, c.why(x.Name, 0), x.RequiredFTE, x.CurrentFTE})
		}
	}
	slices.SortStableFunc(c.Roles, func(a, b peopleBar) int { return cmp.Compare(b.Needed-b.Have, a.Needed-a.Have) })
	if len(c.Roles) > peopleBars {
		c.Roles, c.More = c.Roles[:peopleBars], len(c.Roles)-peopleBars
	}
}

// trend says where it goes.
func (c *peopleCard) trend() string {
	if c.first().Year == c.last().Year {
		return ""
	}
	return fmt.Sprintf("%s FTE in %d", amount(c.last().TotalFTE), c.last().Year)
}
