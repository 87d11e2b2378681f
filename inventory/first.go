package inventory

import (
	"strings"

	"pons/sqldb"
)

// First returns the first devices of a scope by id, from the database alone: what a page shows while the index is
// still being read. Empty lists bound nothing; a device whose site is not known is outside of a scope that names
// sites.
func (inv *Inventory) First(tx *sqldb.Tx, sites, departments []string, limit int) ([]*Row, error) {
	var where []string
	var args []any
	for _, bound := range []struct {
		column string
		names  []string
	}{{"site", sites}, {"department", departments}} {
		if len(bound.names) == 0 {
			continue
		}
		where = append(where, "lower("+bound.column+") IN "+sqldb.In(len(bound.names), len(args)+1))
		for _, name := range bound.names {
			args = append(args, strings.ToLower(strings.TrimSpace(name)))
		}
	}
	q := "SELECT " + deviceColumns + " FROM inventory_device"
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	args = append(args, int64(limit))
	rows, err := tx.Query(q+" ORDER BY id LIMIT "+strings.Trim(sqldb.In(1, len(args)), "()"), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*Row
	scan := newRowScanner()
	for rows.Next() {
		r, err := scan.scan(rows)
		if err != nil {
			return nil, err
		}
		row := *r
		out = append(out, &row)
	}
	return out, rows.Err()
}
