package inventory

import (
	"fmt"
	"slices"
	"testing"

	"pons/fact"
	"pons/sqldb"
)

// TestUnknownGroupAlike holds that a group says which devices of known classes a rule begun for it would take too: what
// cameras and printers share is no mark of a pump.
func TestUnknownGroupAlike(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		var hosts []fact.Record
		for i, class := range []string{"", "", "", "camera", "camera", "printer"} {
			r := onWire(fmt.Sprintf("02:00:5e:00:55:%02x", i), "dhcp.vendor_class", "udhcp 1.20.2")
			if class != "" {
				r.Facts = append(r.Facts, fact.Fact{Attr: fact.Class, Value: class})
			}
			hosts = append(hosts, *r)
		}
		bring(t, inv, "wire", "wire", hosts...)
		err := inv.db.View(t.Context(), func(tx *sqldb.Tx) error {
			g, err := inv.UnknownGroups(tx, nil, 10)
			if err != nil || g.Devices != 3 || len(g.Groups) != 1 || g.Groups[0].Of != 3 {
				t.Errorf("groups %+v, %v", g, err)
				return err
			}
			if first := &g.Groups[0]; first.Named != 3 || !slices.Equal(first.As, []string{"camera", "printer"}) {
				t.Errorf("also shown by %d devices of %v", first.Named, first.As)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
