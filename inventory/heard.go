package inventory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pons/fact"
	"pons/sqldb"
)

// expectingKinds are the sources whose word lets a device be expected on the network: records of what the hospital owns,
// and the lists of those who gave it an address or a port. A capture expects nothing, nor does a tag on a bed.
var expectingKinds = append(slices.Clone(systemKinds), "nac", "dhcp", "switch")

// awayStates are lifecycle states in which nobody would look for a device on the network (CONTRACTS, status).
var awayStates = []string{"spare", "storage", "in-repair", "missing", "retired", "loaned", "pending", "ordered", "disposed"}

// expected says whether a device ought to be heard: a source that still lists it says so, it is in service or nobody says
// otherwise, and it is made to be connected or has a place in the network.
func expected(d *Device, connected bool) bool {
	if !connected && d.Value(fact.VLAN) == nil && d.Value(fact.Switch) == nil {
		return false
	}
	if slices.Contains(awayStates, d.Get(fact.Status)) {
		return false
	}
	return slices.ContainsFunc(d.Records, func(r *Record) bool { return r.Absent.IsZero() && slices.Contains(expectingKinds, r.Kind) })
}

// heard is when a record of the wire saw its host last.
func heard(rec *Record) (at time.Time) {
	for i := range rec.Said {
		s := &rec.Said[i]
		at = later(at, s.At)
		if s.Attr == fact.LastSeen {
			if t, err := time.Parse(time.RFC3339Nano, s.Value); err == nil {
				at = later(at, t.UTC())
			}
		}
	}
	if at.IsZero() {
		return rec.At
	}
	return at
}

// expectedWord is the flag as the list asks for it.
func expectedWord(r *Row) string {
	if r.Flags&FlagExpected != 0 {
		return "yes"
	}
	return "no"
}

// judgeHeard resolves the devices of an inventory that an earlier version wrote, which did not know where they hang and
// when they were heard.
func (inv *Inventory) judgeHeard(ctx context.Context) error {
	const unjudged = "SELECT id FROM inventory_device WHERE heard_at < 0 AND id > $1 ORDER BY id LIMIT $2"
	var first []string
	err := inv.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		first, err = strings1(tx, unjudged, "", int64(1))
		return err
	})
	if err != nil || len(first) == 0 {
		return err
	}
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		w, err := inv.writer(tx, "pons", "upgrade")
		if err != nil {
			return err
		}
		for last := ""; ; {
			ids, err := strings1(tx, unjudged, last, int64(chunk))
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				break
			}
			last = ids[len(ids)-1]
			if _, err := w.resolveAgain(ids); err != nil {
				return err
			}
		}
		_, err = tx.Exec("UPDATE inventory_device SET heard_at = 0 WHERE heard_at < 0")
		return err
	})
	if err != nil {
		return fmt.Errorf("when devices were heard: %w", err)
	}
	return nil
}
