package inventory

import (
	"context"
	"time"

	"pons/sqldb"
)

// Day is how far the inventory was reconciled on one day.
type Day struct {
	Day          string // 2006-01-02, UTC
	Devices      int
	Reconciled   int // no conflict, no possible duplicate, known both to a system and, where connected, to the network
	Conflicts    int
	NoOwner      int
	Unclassified int
}

// Rate is the share of devices that are reconciled, 0..1.
func (d Day) Rate() float64 {
	if d.Devices == 0 {
		return 0
	}
	return float64(d.Reconciled) / float64(d.Devices)
}

// open are the queues that keep a device from being reconciled.
const openFlags = FlagConflict | FlagDuplicate | FlagUnseen | FlagUnrecorded

// Today counts the inventory as it is.
func (inv *Inventory) Today(tx *sqldb.Tx) (Day, error) {
	d := Day{Day: inv.now().UTC().Format(time.DateOnly)}
	rows, err := tx.Query("SELECT flags, COUNT(*) FROM inventory_device GROUP BY flags")
	if err != nil {
		return d, err
	}
	defer rows.Close()
	for rows.Next() {
		var flags, n int64
		if err := rows.Scan(&flags, &n); err != nil {
			return d, err
		}
		f := Flags(flags)
		d.Devices += int(n)
		if f&openFlags == 0 {
			d.Reconciled += int(n)
		}
		if f&FlagConflict != 0 {
			d.Conflicts += int(n)
		}
		if f&FlagNoOwner != 0 {
			d.NoOwner += int(n)
		}
		if f&FlagUnclassified != 0 {
			d.Unclassified += int(n)
		}
	}
	return d, rows.Err()
}

// RecordDay keeps today's count for the trend; a later call on the same day replaces it.
func (inv *Inventory) RecordDay(ctx context.Context) error {
	if err := inv.judgeHeard(ctx); err != nil {
		return err
	}
	if _, err := inv.RefreshSupport(ctx); err != nil {
		return err
	}
	_, err := inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		d, err := inv.Today(tx)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO inventory_day (day, devices, reconciled, conflicts, no_owner, unclassified) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (day) DO UPDATE SET devices = excluded.devices, reconciled = excluded.reconciled, conflicts = excluded.conflicts,
			no_owner = excluded.no_owner, unclassified = excluded.unclassified`,
			d.Day, int64(d.Devices), int64(d.Reconciled), int64(d.Conflicts), int64(d.NoOwner), int64(d.Unclassified))
		return err
	})
	return err
}

// Days returns the trend, oldest first.
func (inv *Inventory) Days(tx *sqldb.Tx, since time.Time) ([]Day, error) {
	rows, err := tx.Query("SELECT day, devices, reconciled, conflicts, no_owner, unclassified FROM inventory_day WHERE day >= $1 ORDER BY day", since.UTC().Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Day
	for rows.Next() {
		var d Day
		var n [5]int64
		if err := rows.Scan(&d.Day, &n[0], &n[1], &n[2], &n[3], &n[4]); err != nil {
			return nil, err
		}
		d.Devices, d.Reconciled, d.Conflicts, d.NoOwner, d.Unclassified = int(n[0]), int(n[1]), int(n[2]), int(n[3]), int(n[4])
		out = append(out, d)
	}
	return out, rows.Err()
}
