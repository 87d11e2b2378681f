package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"pons/account"
	"pons/inventory"
	"pons/sqldb"
)

type queuesOutput struct {
	Body struct {
		Queues []Queue `json:"queues"`
	}
}

// Queue is a list of devices that need a person.
type Queue struct {
	Name    string `json:"name"`
	Devices int    `json:"devices"`
	Where   string `json:"where" doc:"The query that lists them"`
}

func (s *server) listQueues(ctx context.Context, _ *struct{}) (*queuesOutput, error) {
	who, err := s.may(ctx, account.InventoryRead)
	if err != nil {
		return nil, err
	}
	if err := s.ready(); err != nil {
		return nil, err
	}
	table, r, err := s.scoped(who, "")
	if err != nil {
		return nil, s.answer(err)
	}
	r.Limit, r.Facets, r.FacetLimit = 1, []string{"queue"}, 64
	page, err := table.Find(r)
	if err != nil {
		return nil, s.answer(err)
	}
	counts := map[string]int{}
	for _, v := range page.Facets["queue"].Values {
		counts[v.Value] = v.Rows
	}
	out := &queuesOutput{}
	for _, name := range inventory.QueueNames() {
		out.Body.Queues = append(out.Body.Queues, Queue{Name: name, Devices: counts[name], Where: "queue:" + name})
	}
	return out, nil
}

// Pair is two devices that may be one.
type Pair struct {
	A       string   `json:"a"`
	B       string   `json:"b"`
	Score   float64  `json:"score" doc:"Sum of the evidence; 8 would have joined them"`
	Because []string `json:"because"`
}

type pairsOutput struct {
	Body struct {
		Pairs []Pair `json:"pairs"`
	}
}

func (s *server) listDuplicates(ctx context.Context, _ *struct{}) (*pairsOutput, error) {
	who, err := s.may(ctx, account.InventoryRead)
	if err != nil {
		return nil, err
	}
	out := &pairsOutput{}
	out.Body.Pairs = []Pair{}
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		list, err := s.Inventory.Duplicates(tx, 1000)
		for _, d := range list {
			if d.A == nil || d.B == nil || !who.Scope.Holds(d.A.Place()) || !who.Scope.Holds(d.B.Place()) {
				continue
			}
			out.Body.Pairs = append(out.Body.Pairs, Pair{A: d.A.ID, B: d.B.ID, Score: d.Score, Because: d.Because})
		}
		return err
	})
	return out, s.answer(err)
}

// Source is who speaks, and how fresh it is.
type Source struct {
	Name     string     `json:"name"`
	Kind     string     `json:"kind"`
	Records  int        `json:"records"`
	Absent   int        `json:"absent" doc:"Records that its last full export no longer lists"`
	LastFile string     `json:"last_file,omitempty"`
	LastAt   *time.Time `json:"last_import,omitempty"`
}

type sourcesOutput struct {
	Body struct {
		Sources []Source `json:"sources"`
	}
}

func (s *server) listSources(ctx context.Context, _ *struct{}) (*sourcesOutput, error) {
	if _, err := s.may(ctx, account.InventoryRead); err != nil {
		return nil, err
	}
	out := &sourcesOutput{}
	out.Body.Sources = []Source{}
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		list, err := s.Inventory.Sources(tx)
		for _, x := range list {
			src := Source{Name: x.Name, Kind: x.Kind, Records: x.Records, Absent: x.Absent, LastFile: x.Last.File}
			if !x.Last.Finished.IsZero() {
				src.LastAt = &x.Last.Finished
			}
			out.Body.Sources = append(out.Body.Sources, src)
		}
		slices.SortFunc(out.Body.Sources, func(a, b Source) int { return cmp.Compare(a.Name, b.Name) })
		return err
	})
	return out, s.answer(err)
}
