package inventory

import (
	"context"
	"testing"
	"time"

	"pons/sqldb"
)

// TestOwnLinesThatANewerPonsCannotReadAreLeftOut holds that imports go on with the catalogue that Pons brings.
func TestOwnLinesThatANewerPonsCannotReadAreLeftOut(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		_, err := inv.db.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec("INSERT INTO inventory_catalog (id, body, actor, at) VALUES (1, $1, 'ann', 0)", "@models A Maker That Is No More\nX | ventilator | | \n")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		later := New(inv.db, catalog, time.Now) // as after an upgrade
		if run := bring(t, later, "cmms", "cmms", pumpCMMS); run.Created != 1 {
			t.Errorf("import: %+v", run)
		}
		if later.CatalogProblem() == nil {
			t.Error("nobody is told that the own lines are left out")
		}
	})
}
