package inventory

import (
	"fmt"

	"pons/fault"
	"pons/sqldb"
)

// RunRow is a record that an import brought, as it stands now: later imports, answers and undo may have changed since
// what the report of the import counted.
type RunRow struct {
	Record int64 // id
	Key    string
	File   string
	Row    int
	Device string // id
	Name   string // of the device
}

// Missing asks RunRows for what an import found missing from its source.
const Missing Outcome = "missing"

// runRowsWhere is the condition of an outcome. r.run is the import that said something last, r.seen_run the last that
// repeated it; a device bears the id that was made for the record that it began with. Conflict is the first flag.
func runRowsWhere(of Outcome) (string, bool) {
	switch of {
	case Created:
		return `r.run = $1 AND d.flags % 2 = 0 AND r.born = r.device
			AND NOT EXISTS (SELECT 1 FROM inventory_statement s WHERE s.record = r.id AND s.run < $1)`, true
	case Updated:
		return `r.run = $1 AND d.flags % 2 = 0 AND (r.born <> r.device
			OR EXISTS (SELECT 1 FROM inventory_statement s WHERE s.record = r.id AND s.run < $1))`, true
	case InConflict:
		return `r.run = $1 AND d.flags % 2 = 1`, true
	case Unchanged:
		return `r.seen_run = $1 AND r.run < $1`, true
	case Missing:
		return `r.absent_run = $1 AND r.absent_run > r.seen_run`, true
	}
	return "", false
}

// RunRows lists the records behind a count of an import's report, in the order in which they came, after a record id
// and at most limit. Rejected rows are not stored: Run has them.
func (inv *Inventory) RunRows(tx *sqldb.Tx, run int64, of Outcome, after int64, limit int) ([]RunRow, error) {
	where, ok := runRowsWhere(of)
	if !ok {
		return nil, fmt.Errorf("rows %q of an import: %w", of, fault.Invalid)
	}
	rows, err := tx.Query(`SELECT r.id, r.record_key, r.file, r.row_number, r.device, d.name
		FROM inventory_record r JOIN inventory_device d ON d.id = r.device
		WHERE `+where+` AND r.id > $2 ORDER BY r.id LIMIT $3`, run, after, int64(limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []RunRow
	for rows.Next() {
		var r RunRow
		var row int64
		if err := rows.Scan(&r.Record, &r.Key, &r.File, &row, &r.Device, &r.Name); err != nil {
			return nil, err
		}
		r.Row = int(row)
		out = append(out, r)
	}
	return out, rows.Err()
}
