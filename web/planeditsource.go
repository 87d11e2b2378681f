package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pons/column"
	"pons/fact"
	"pons/fault"
	"pons/plan"
	"pons/query"
	"pons/sqldb"
)

// What a plan takes from the hospital's own records: counts and costs of devices, and who works here.

// inventoryCounter asks the whole inventory on a day and a site: what was recorded until then and is still there.
type inventoryCounter struct {
	ask    asker
	suffix string
}

// wholeInventory gives a inventoryCounter. A person who sees a part of the hospital would count only that part, and a plan is of
// the whole: it wraps fault.Denied then.
func (s *Server) wholeInventory(v *Visit, asOf, site string) (inventoryCounter, error) {
	c := inventoryCounter{}
	if !v.Actor.Scope.All() {
		return c, fmt.Errorf("a plan counts the devices of the whole hospital, and you see only %s; ask somebody who sees all of it to recount: %w", v.scopeText(), fault.Denied)
	}
	if ready, _ := s.Index.Ready(); !ready {
		return c, fmt.Errorf("the inventory is being read; try again in a few seconds: %w", fault.Busy)
	}
	c.ask.now = v.Now
	c.ask.list, c.ask.table = s.Index.View()
	if asOf != "" && asOf < v.Now.UTC().Format(time.DateOnly) {
		c.suffix += " and created<=" + asOf
	}
	if site != "" {
		c.suffix += " and " + c.ask.is("site", site)
	}
	return c, nil
}

// question is one of the plan's with the inventoryCounter's bounds.
func (c inventoryCounter) question(q string) string {
	if c.suffix == "" {
		return q
	}
	return "(" + q + ")" + c.suffix
}

func (c inventoryCounter) count(q string) (int, error) { return c.ask.count(c.question(q)) }

// costRows bounds the devices whose acquisition cost is read for a recount: more than the medical devices of the
// largest hospital groups. Beyond it, costs are left for people to state.
const costRows = 50_000

// costBatch is how many rows are read at once.
const costBatch = 10_000

// costsLeftOut says that there are more recorded costs than a recount reads; empty when all are read.
func (c inventoryCounter) costsLeftOut() (string, error) {
	ids, err := c.ids("has:cost")
	if err != nil {
		return "", err
	}
	return tooManyCosts(len(ids)), nil
}

// tooManyCosts is what is said of n devices with a recorded cost, empty when that is not too many.
func tooManyCosts(n int) string {
	if n <= costRows {
		return ""
	}
	return fmt.Sprintf("Acquisition costs were left out: %s devices have one, and a recount reads at most %s. The cost of one device of each class stays as it is; write it on the step Baseline.", Count(n), Count(costRows))
}

// costs are the recorded acquisition costs of the devices, by id, in one currency; what states another is left out.
func (s *Server) costs(ctx context.Context, c inventoryCounter, currency string) (map[string]float64, error) {
	ids, err := c.ids("has:cost")
	if err != nil || len(ids) > costRows {
		return nil, err
	}
	out := make(map[string]float64, len(ids))
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		for batch := range slices.Chunk(ids, costBatch) {
			rows, err := s.Inventory.Rows(tx, batch)
			if err != nil {
				return err
			}
			for _, r := range rows {
				amount, unit, _ := strings.Cut(r.Get(fact.AcquiredCost), " ")
				if v, ok := numberOf(amount); ok && v > 0 && (unit == "" || strings.EqualFold(unit, currency)) {
					out[r.ID] = v
				}
			}
		}
		return nil
	})
	return out, err
}

// ids are the devices that a question finds.
func (c inventoryCounter) ids(q string) ([]string, error) {
	expr, err := query.Parse(c.ask.list.Schema(), c.question(q))
	if err != nil {
		return nil, err
	}
	found, err := c.ask.table.Select(column.Request{Expr: expr, Now: c.ask.now})
	if err != nil {
		return nil, err
	}
	return slices.Collect(found), nil
}

// meanCost is the mean cost of the devices that a question finds, and of how many of them it is known.
func (c inventoryCounter) meanCost(q string, costs map[string]float64) (mean float64, known, of int, err error) {
	if len(costs) == 0 {
		return 0, 0, 0, nil
	}
	ids, err := c.ids(q)
	for _, id := range ids {
		if v, ok := costs[id]; ok {
			mean, known = mean+v, known+1
		}
	}
	return mean / float64(max(1, known)), known, len(ids), err
}

// recounted gives a plan with the counts of the inventory, and with the mean acquisition cost of each class whose cost
// nobody has stated. day is today.
func (s *Server) recounted(v *Visit, p *plan.Plan, asOf, site string) (*plan.Plan, error) {
	c, err := s.wholeInventory(v, asOf, site)
	if err != nil {
		return nil, err
	}
	day := v.Now.UTC().Format(time.DateOnly)
	if asOf == "" || asOf > day {
		asOf = day
	}
	all, err := c.ask.count(strings.TrimPrefix(c.suffix, " and "))
	if err != nil {
		return nil, err
	}
	next, err := p.Copy().Recount(plan.Baseline{AsOf: asOf, Taken: v.Now.UTC().Format(time.RFC3339), Revision: int64(s.Index.Rev()), Site: site, Devices: all}, c.count)
	if err != nil {
		return nil, countMistake(err, p)
	}
	costs, err := s.costs(v.Context(), c, p.Currency)
	if err != nil {
		return nil, err
	}
	for i := range next.Classes {
		cl := &next.Classes[i]
		at := "classes/" + cl.Name
		if cl.Inventory == "" {
			continue
		}
		where := "the inventory: " + cl.Inventory
		if site != "" {
			where += ", at " + site
		}
		assume(next, plan.Assumption{Path: at + "/count", Value: Count(cl.Count), Unit: "devices", Source: where, Date: asOf, Confidence: plan.Counted})
		if src := next.Source(at + "/unit_cost"); cl.UnitCost != 0 && (src == nil || src.Confidence != plan.Counted) {
			continue
		}
		mean, known, of, err := c.meanCost(cl.Inventory, costs)
		if err != nil {
			return nil, err
		}
		if known > 0 {
			cl.UnitCost = float64(int(mean + 0.5))
			assume(next, plan.Assumption{Path: at + "/unit_cost", Value: numberText(cl.UnitCost, "money"), Unit: p.Currency + " a device",
				Source: fmt.Sprintf("the inventory: mean acquisition cost of the %s of %s devices whose cost is recorded", Count(known), Count(of)), Date: asOf, Confidence: plan.Counted})
		}
	}
	return next, nil
}

// countMistake puts a question that the inventory does not understand at its field.
func countMistake(err error, p *plan.Plan) error {
	for i := range p.Classes {
		if at := fmt.Sprintf("classes[%d]", i); strings.HasPrefix(err.Error(), at+" ") {
			_, text, _ := strings.Cut(err.Error(), ".inventory: ")
			return fault.Mistakes{{Path: at + ".inventory", Text: text}}
		}
	}
	return err
}

// assume puts a source in the place of the one that the path had.
func assume(p *plan.Plan, a plan.Assumption) {
	if i := slices.IndexFunc(p.Assumptions, func(b plan.Assumption) bool { return sameName(a.Path, b.Path) }); i >= 0 {
		p.Assumptions[i] = a
		return
	}
	p.Assumptions = append(p.Assumptions, a)
}

// staffFTE is who is here today: FTE by title, in small letters.
func (s *Server) staffFTE(v *Visit) (map[string]float64, error) {
	out := map[string]float64{}
	day := v.Now.UTC().Format(time.DateOnly)
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		people, err := s.staff.People(tx)
		for _, p := range people {
			if (p.Start == "" || string(p.Start) <= day) && (p.End == "" || string(p.End) >= day) {
				out[titleKey(p.Title)] += p.FTE
			}
		}
		return err
	})
	return out, err
}

// titleKey is how titles are compared: "Medical-device security analyst" is "medical device security analyst".
func titleKey(title string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(title, "-", " ")), " "))
}

// withStaff gives the plan with the staff list's FTE for each role that a title of it names. "BMET I" and "BMET II"
// both are people of the role "BMET I/II".
func withStaff(p *plan.Plan, fte map[string]float64, day string) (*plan.Plan, int) {
	next, n := p.Copy(), 0
	for i := range next.Roles {
		r := &next.Roles[i]
		sum, known := staffOf(r.Name, fte)
		if !known {
			continue
		}
		n++
		r.CurrentFTE = sum
		assume(next, plan.Assumption{Path: "roles/" + r.Name + "/current_fte", Value: fteText(sum), Unit: "FTE", Source: "the staff list: people with this title", Date: day, Confidence: plan.Counted})
	}
	return next, n
}

// staffOf is the FTE of the titles that a role stands for.
func staffOf(role string, fte map[string]float64) (sum float64, known bool) {
	titles := []string{titleKey(role)}
	if words := strings.Fields(titleKey(role)); len(words) > 0 && strings.Contains(words[len(words)-1], "/") {
		for level := range strings.SplitSeq(words[len(words)-1], "/") {
			titles = append(titles, strings.Join(append(slices.Clone(words[:len(words)-1]), level), " "))
		}
	}
	for _, t := range titles {
		if f, ok := fte[t]; ok {
			sum, known = sum+f, true
		}
	}
	return sum, known
}

// baselineFacts are what the baseline step shows of the inventory as it is now.
func (s *Server) baselineFacts(v *Visit, f *planForm) error {
	f.Sites = v.places("site")
	if f.Scoped || f.P.Baseline == nil {
		return nil
	}
	c, err := s.wholeInventory(v, "", f.P.Baseline.Site)
	if errors.Is(err, fault.Busy) {
		return nil // what has changed since is shown when the inventory has been read
	}
	if err != nil {
		return err
	}
	var wrong *query.Error
	if f.Drifts, err = f.P.Drifts(c.count); errors.As(err, &wrong) {
		return nil // a question of another version; the recount tells of it at its field
	}
	return err
}

// checkQuestions finds questions that the inventory does not understand, among those that were changed.
func (s *Server) checkQuestions(p, next *plan.Plan) error {
	var bad fault.Mistakes
	for i := range next.Classes {
		q := next.Classes[i].Inventory
		if q == "" || i < len(p.Classes) && p.Classes[i].Inventory == q {
			continue
		}
		if _, err := query.Parse(s.Index.List().Schema(), q); err != nil {
			bad = append(bad, fault.Mistake{Path: fmt.Sprintf("classes[%d].inventory", i), Text: err.Error()})
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return nil
}
