package web

import (
	"slices"
	"strings"

	"pons/account"
	"pons/column"
	"pons/fact"
	"pons/inventory"
	"pons/query"
	"pons/sqldb"
)

// findDevices finds devices for the command box: first what the text names exactly (a tag, a serial, a MAC in any
// notation, an address), then what has it somewhere.
func (s *Server) findDevices(v *Visit, q string, limit int) ([]Hit, error) {
	if !v.May(account.InventoryRead) {
		return nil, nil
	}
	like, err := s.devicesLike(v, q, limit)
	if err != nil {
		return nil, err
	}
	var named []string
	var rows []*inventory.Row
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if named, err = s.Inventory.Lookup(tx, q); err != nil {
			return err
		}
		if len(named) > limit {
			named = named[:limit]
		}
		ids := slices.Clone(named)
		for _, id := range like {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		rows, err = s.Inventory.Rows(tx, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	scope := v.Actor.Scope
	var hits []Hit
	for _, r := range rows {
		if scope.Holds(r.Place()) && len(hits) < limit {
			hits = append(hits, Hit{Icon: categoryIcon(r.Get(fact.Category)), Text: r.Name, Detail: deviceDetail(r), Href: deviceHref(r.ID, ""), Exact: slices.Contains(named, r.ID)})
		}
	}
	return hits, nil
}

// devicesLike asks the index for devices that have the text in any field.
func (s *Server) devicesLike(v *Visit, q string, limit int) ([]string, error) {
	if ready, _ := s.Index.Ready(); !ready {
		return nil, nil
	}
	list, table := s.Index.View()
	bounds := v.Actor.Scope // a scanned tag is found whatever site is looked at
	scope, err := list.Within(bounds.Sites, bounds.Departments)
	if err != nil {
		return nil, err
	}
	expr, err := query.Parse(list.Schema(), `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(q)+`"`)
	if err != nil {
		return nil, nil //nolint:nilerror // what cannot be asked is in no device
	}
	page, err := table.Find(column.Request{Expr: expr, Scope: scope, Now: v.Now, Sort: []column.Order{{Field: "name"}}, Limit: limit})
	return page.IDs, err
}

// deviceDetail tells devices of like names apart.
func deviceDetail(r *inventory.Row) string {
	return strings.Join(nonEmpty(r.Get(fact.Class), r.Get(fact.Model), devicePlace(r.Get)), " · ")
}

func categoryIcon(category string) Icon {
	switch category {
	case "medical":
		return IconMedical
	case "iot":
		return IconIoT
	case "ot":
		return IconOT
	case "it":
		return IconIT
	case "network":
		return IconNetwork
	}
	return IconDevices
}
