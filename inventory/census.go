package inventory

import (
	"time"

	"pons/column"
	"pons/query"
	"pons/sqldb"
)

// Census is how many devices of a scope there are of what, at one moment.
type Census struct {
	Rev        sqldb.Rev
	Devices    int
	Reconciled int
	// By holds for each field asked for how many devices have which value. The empty name is for those whose value is
	// not known. Values come in the order of their counts.
	By map[string][]Tally
	// Queues is how many devices wait in which queue; a device may wait in several.
	Queues map[string]int
}

// Tally is one value and its devices.
type Tally struct {
	Name    string
	Devices int
}

// maxTallies is more values than any field of a hospital has that is worth counting by.
const maxTallies = 10_000

// reconciledAs is the question for devices that no queue keeps from being reconciled (openFlags).
const reconciledAs = "not is:conflict and not is:duplicate and not is:unseen and not is:unrecorded"

// Census counts the devices of a scope by fields of the list ("category", "class", "site"). The index must be ready.
func (x *Index) Census(scope query.Expr, now time.Time, fields ...string) (Census, error) {
	list, table := x.View()
	c := Census{Rev: x.Rev(), By: map[string][]Tally{}, Queues: map[string]int{}}
	facets := append([]string{"queue"}, fields...)
	all, err := table.Find(column.Request{Scope: scope, Now: now, Limit: 1, Facets: facets, FacetLimit: maxTallies})
	if err != nil {
		return c, err
	}
	c.Devices = all.Total
	for _, v := range all.Facets["queue"].Values {
		c.Queues[v.Value] = v.Rows
	}
	for _, field := range fields {
		f := all.Facets[field]
		for _, v := range f.Values {
			if v.Rows > 0 {
				c.By[field] = append(c.By[field], Tally{v.Value, v.Rows})
			}
		}
		if f.Missing > 0 {
			c.By[field] = append(c.By[field], Tally{"", f.Missing})
		}
	}
	expr, err := query.Parse(list.Schema(), reconciledAs)
	if err != nil {
		return c, err
	}
	good, err := table.Find(column.Request{Expr: expr, Scope: scope, Now: now, Limit: 1})
	c.Reconciled = good.Total
	return c, err
}
