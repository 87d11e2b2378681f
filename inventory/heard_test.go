package inventory

import (
	"context"
	"slices"
	"testing"
	"time"

	"pons/query"
	"pons/sqldb"
)

// TestHeardAndExpected holds who is expected on the network and when it was heard, on both databases; and that an inventory
// of an earlier version learns it with the day's count.
func TestHeardAndExpected(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		day := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		bring(t, inv, "cmms", "cmms",
			row("cmms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "B. Braun", "model", "Infusomat Space", "mac", "00:12:21:00:00:01"),
			row("cmms", "CE-2", 2, "control_number", "CE-2", "mac", "00:12:21:00:00:02", "status", "retired"),
			row("cmms", "CE-3", 3, "control_number", "CE-3", "description", "WALKER"))
		bring(t, inv, "switch", "switch", row("switch", "p1", 1, "mac", "00:12:21:00:00:04", "switch", "sw-1", "vlan", "20"))
		bring(t, inv, "wire", "wire", seen("00:12:21:00:00:01", "10.0.0.1", day), seen("00:12:21:00:00:09", "10.0.0.9", day))
		x, err := NewIndex(inv)
		if err != nil {
			t.Fatal(err)
		}
		check := func() {
			t.Helper()
			for question, want := range map[string]int{
				"expected:yes": 2, "expected:no": 3, "heard>2000-01-01": 2, "expected:yes missing:heard": 1, "switch:sw-1 vlan:20": 1,
				"expected:yes heard:2026-03-04": 1, "control_number:CE-1 has:heard": 1, "missing:switch": 4,
			} {
				var got []string
				err := inv.db.View(context.Background(), func(tx *sqldb.Tx) (err error) {
					got, err = inv.matchingIDs(tx, question, noon)
					return err
				})
				if err != nil || len(got) != want {
					t.Errorf("%s: %d devices, %v; want %d", question, len(got), err, want)
				}
			}
			if err := x.Refresh(context.Background()); err != nil {
				t.Fatal(err)
			}
			c, err := x.Census(query.Expr{}, noon, "switch", "expected")
			if err != nil || !slices.Contains(c.By["switch"], Tally{"sw-1", 1}) || !slices.Contains(c.By["expected"], Tally{"yes", 2}) {
				t.Errorf("census %v, %v", c.By, err)
			}
		}
		check()
		if _, err := inv.db.Update(context.Background(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec("UPDATE inventory_device SET heard_at = -1, at_switch = '', flags = flags - $1 WHERE flags >= $1", int64(FlagExpected))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := inv.RecordDay(context.Background()); err != nil {
			t.Fatal(err)
		}
		check()
	})
}
