package inventory

import (
	"context"
	"fmt"

	"pons/fingerprint"
	"pons/sqldb"
)

// RefreshSupport judges the support of operating systems anew where a day has passed that ends one, and writes the devices
// that come out otherwise. It returns how many.
func (inv *Inventory) RefreshSupport(ctx context.Context) (changed int, err error) {
	today := inv.now().UTC()
	var stale [][3]string
	err = inv.db.View(ctx, func(tx *sqldb.Tx) error {
		rows, err := tx.Query("SELECT DISTINCT os, os_version, os_support FROM inventory_device WHERE os <> '' ORDER BY os, os_version, os_support")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s [3]string
			if err := rows.Scan(&s[0], &s[1], &s[2]); err != nil {
				return err
			}
			state := fingerprint.NotKnown
			if known, ok := fingerprint.OSSupport(s[0], s[1]); ok {
				state = known.State(today)
			}
			if state != s[2] {
				stale = append(stale, s)
			}
		}
		return rows.Err()
	})
	if err != nil || len(stale) == 0 {
		return 0, err
	}
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		w, err := inv.writer(tx, "pons", "support")
		if err != nil {
			return err
		}
		for _, s := range stale {
			for last := ""; ; {
				ids, err := strings1(tx, "SELECT id FROM inventory_device WHERE id > $1 AND os = $2 AND os_version = $3 AND os_support = $4 ORDER BY id LIMIT $5", last, s[0], s[1], s[2], int64(chunk))
				if err != nil {
					return err
				}
				if len(ids) == 0 {
					break
				}
				last = ids[len(ids)-1]
				n, err := w.resolveAgain(ids)
				if err != nil {
					return err
				}
				changed += n
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("support of operating systems: %w", err)
	}
	return changed, nil
}
