package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pons/fault"
	"pons/sqldb"
)

// TestRunRows lists the records behind each count of an import, and what stands of it after later ones.
func TestRunRows(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		rows := func(run int64, of Outcome) string {
			t.Helper()
			var keys []string
			err := inv.db.View(t.Context(), func(tx *sqldb.Tx) error {
				for after := int64(0); ; { // pages of one
					page, err := inv.RunRows(tx, run, of, after, 1)
					if err != nil || len(page) == 0 {
						return err
					}
					if page[0].Device == "" || page[0].Name == "" || page[0].Record <= after {
						return fmt.Errorf("row %+v after %d", page[0], after)
					}
					after = page[0].Record
					keys = append(keys, fmt.Sprintf("%s@%d", page[0].Key, page[0].Row))
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(keys)
			return strings.Join(keys, " ")
		}
		a := row("cmms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "B. Braun", "serial", "471125")
		b := row("cmms", "CE-2", 2, "control_number", "CE-2", "manufacturer", "Philips", "serial", "DE551100")
		c := row("cmms", "CE-3", 3, "control_number", "CE-3", "manufacturer", "Philips", "serial", "DE551101")
		first := bring(t, inv, "cmms", "cmms", a, b, c)
		if got := rows(first.ID, Created); got != "CE-1@1 CE-2@2 CE-3@3" {
			t.Errorf("created: %s", got)
		}
		// one changed, one as before, one gone, one joined from another source that disagrees on the department
		b2 := row("cmms", "CE-2", 2, "control_number", "CE-2", "manufacturer", "Philips", "serial", "DE551100", "department", "ICU")
		second := bring(t, inv, "cmms", "cmms", a, b2)
		third := bring(t, inv, "cmdb", "cmdb", row("cmdb", "A1", 1, "asset_tag", "A1", "manufacturer", "Philips", "serial", "DE551100", "department", "Radiology"),
			row("cmdb", "A2", 2, "asset_tag", "A2", "manufacturer", "B. Braun", "serial", "471125"))
		for _, want := range []struct {
			run  int64
			of   Outcome
			keys string
		}{
			{first.ID, Created, "CE-1@1 CE-3@3"}, {second.ID, Updated, ""}, {second.ID, InConflict, "CE-2@2"}, {second.ID, Unchanged, "CE-1@1"}, {second.ID, Missing, "CE-3@3"},
			{third.ID, InConflict, "A1@1"}, {third.ID, Updated, "A2@2"}, {third.ID, Created, ""},
		} {
			if got := rows(want.run, want.of); got != want.keys {
				t.Errorf("run %d, %s: %q, want %q", want.run, want.of, got, want.keys)
			}
		}
		err := inv.db.View(t.Context(), func(tx *sqldb.Tx) error {
			_, err := inv.RunRows(tx, first.ID, Rejected, 0, 1)
			return err
		})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("rejected rows are not stored: %v", err)
		}
	})
}
