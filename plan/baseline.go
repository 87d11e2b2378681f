package plan

import "fmt"

// Baseline says which facts of the inventory the counts were made from.
type Baseline struct {
	AsOf     string          `json:"as_of"`              // the day, 2026-01-05
	Taken    string          `json:"taken,omitempty"`    // when it was counted, RFC 3339
	Revision int64           `json:"revision,omitempty"` // of the database
	Site     string          `json:"site,omitempty"`     // empty: all
	Devices  int             `json:"devices"`            // in the inventory then
	Counts   []BaselineCount `json:"counts"`
}

// BaselineCount is one class as it was counted.
type BaselineCount struct {
	Class    string `json:"class"`
	Question string `json:"question"`
	Count    int    `json:"count"`
}

// Drift is how a class has changed since the plan was made from the inventory.
type Drift struct {
	Class    string `json:"class"`
	Question string `json:"question"`
	Then     int    `json:"then"`
	Now      int    `json:"now"`
}

// Recount asks the inventory for every class that has a question, and gives the plan with the answers and the baseline
// they make. The plan itself stays as it is. count answers a question of the list's language.
func (p *Plan) Recount(b Baseline, count func(question string) (int, error)) (*Plan, error) {
	next := *p
	next.Classes = append([]Class(nil), p.Classes...)
	b.Counts = nil
	for i := range next.Classes {
		cl := &next.Classes[i]
		if cl.Inventory == "" {
			continue
		}
		n, err := count(cl.Inventory)
		if err != nil {
			return nil, fmt.Errorf("classes[%d] (%s).inventory: %w", i, cl.Name, err)
		}
		cl.Count = n
		b.Counts = append(b.Counts, BaselineCount{cl.Name, cl.Inventory, n})
	}
	next.Baseline = &b
	return &next, nil
}

// Drifts asks the inventory again and gives the classes whose count is not what the baseline says.
func (p *Plan) Drifts(count func(question string) (int, error)) ([]Drift, error) {
	if p.Baseline == nil {
		return nil, nil
	}
	var out []Drift
	for _, was := range p.Baseline.Counts {
		n, err := count(was.Question)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", was.Class, err)
		}
		if n != was.Count {
			out = append(out, Drift{was.Class, was.Question, was.Count, n})
		}
	}
	return out, nil
}
