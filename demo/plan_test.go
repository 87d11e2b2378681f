package demo

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pons/audit"
	"pons/inventory"
	"pons/ledger"
	"pons/plan"
	"pons/product"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// TestPlans holds that the demo's scenarios stand, that the plan file is the first of them, and that what is there is
// left alone.
func TestPlans(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), ledger.Schema(), inventory.Schema()}, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		at := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
		by := ledger.By{Actor: "command:test", At: at}
		inv := inventory.New(db, product.Default(), func() time.Time { return at })
		if _, err := People(ctx, db, by); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "plan.yaml")
		for range 2 {
			if n, err := Plans(ctx, db, inv, file, by); err != nil || n != 3 {
				t.Fatalf("%d scenarios, %v", n, err)
			}
		}
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		p, _, err := plan.Read("plan.yaml", f)
		if err != nil {
			t.Fatal(err)
		}
		if p.Roles[0].CurrentFTE != 7.3 {
			t.Errorf("%v BMET I/II are here, the list of people has 7.3", p.Roles[0].CurrentFTE)
		}
		var list []ledger.Entry[plan.Scenario]
		if err := db.View(ctx, func(tx *sqldb.Tx) (err error) {
			list, err = plan.NewScenarios(db, time.Now).List(tx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(list) != 3 || !list[0].Locked || list[1].Locked || list[1].Body.From == nil || list[1].Body.From.ID != list[0].ID {
			t.Fatalf("scenarios %+v", list)
		}
		for i := range list {
			out, err := list[i].Body.Plan.Project()
			if err != nil {
				t.Fatalf("%s: %v", list[i].Body.Name, err)
			}
			if r := out.Years[0].Roles[0]; r.RequiredFTE <= 0 {
				t.Errorf("%s needs no BMET", list[i].Body.Name)
			}
		}
	})
}
