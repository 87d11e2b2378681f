package inventory

import (
	"context"
	"errors"
	"testing"

	"pons/fact"
	"pons/fault"
	"pons/sqldb"
)

func TestASplitIsSeenBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", pumpCMMS)
		bring(t, inv, "cmdb", "cmdb", pumpCMDB)
		bring(t, inv, "dhcp", "dhcp", pumpDHCP)
		d := see(t, inv, "CE-1")
		var lease int64
		for _, r := range d.Records {
			if r.Source == "dhcp" {
				lease = r.ID
			}
		}
		view := func(f func(tx *sqldb.Tx) error) {
			t.Helper()
			if err := inv.db.View(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		before := dump(t, inv)
		view(func(tx *sqldb.Tx) error {
			stay, out, err := inv.SplitPreview(tx, d.ID, []int64{lease})
			if err != nil {
				return err
			}
			if stay.Get(fact.ControlNumber) != "CE-1" || len(stay.Records) != 2 || stay.Get(fact.IP) != "" || out.Get(fact.IP) != "10.31.0.9" || out.Get(fact.ControlNumber) != "" {
				t.Errorf("would stay: %s, would go: %s", line(stay), line(out))
			}
			for _, wrong := range [][]int64{nil, {-1}, {d.Records[0].ID, d.Records[1].ID, d.Records[2].ID}} {
				if _, _, err := inv.SplitPreview(tx, d.ID, wrong); !errors.Is(err, fault.Invalid) {
					t.Errorf("a split of %v: %v", wrong, err)
				}
			}
			return nil
		})
		if dump(t, inv) != before {
			t.Error("looking changed something")
		}
		if err := inv.Split(ctx, d.ID, []int64{lease}, "person:ann", "a dock"); err != nil {
			t.Fatal(err)
		}
		view(func(tx *sqldb.Tx) error {
			made, err := inv.DevicesOf(tx, []int64{lease})
			if err != nil || len(made) != 1 || made[0] == d.ID {
				t.Fatalf("the record went to %v: %v", made, err)
			}
			now, err := inv.Get(tx, d.ID)
			if err != nil {
				return err
			}
			answers, err := inv.Answers(tx, now)
			if err != nil || len(answers) != 1 || answers[0].Other != made[0] || answers[0].Same || answers[0].Why != "a dock" || answers[0].Actor != "person:ann" {
				t.Errorf("answers are %+v: %v", answers, err)
			}
			return nil
		})
	})
}

func TestDuplicatesOfOneDevice(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		bring(t, inv, "cmms", "cmms", pumpCMMS)
		bring(t, inv, "cmdb", "cmdb", row("cmdb", "A5", 1, "asset_tag", "A5", "manufacturer", "Dell", "hostname", "wks-9", "mac", "00:14:22:00:00:01", "ip", "10.0.0.8"))
		bring(t, inv, "dhcp", "dhcp", row("dhcp", "n2", 1, "mac", "00:14:22:00:00:02", "hostname", "wks-9", "ip", "10.0.0.9"))
		err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
			all, err := inv.Duplicates(tx, 100)
			if err != nil {
				return err
			}
			of := map[string]int{}
			for _, d := range all {
				of[d.A.ID+d.B.ID]++
				for _, one := range []*Row{d.A, d.B} {
					mine, err := inv.DuplicatesOf(tx, one.ID)
					if err != nil {
						return err
					}
					found := false
					for _, m := range mine {
						if m.A.ID != one.ID {
							t.Errorf("A of %s is %s", one.ID, m.A.ID)
						}
						found = found || m.B.ID == d.A.ID || m.B.ID == d.B.ID
					}
					if !found {
						t.Errorf("%s does not know of its proposal %v", one.Name, d.Because)
					}
				}
			}
			if len(all) == 0 {
				t.Error("nothing is proposed: the test tests nothing")
			}
			none, err := inv.DuplicatesOf(tx, see(t, inv, "CE-1").ID)
			if len(none) != 0 {
				t.Errorf("the pump has %d", len(none))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestFirstStaysInItsScope(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		bring(t, inv, "cmms", "cmms", row("cmms", "1", 1, "control_number", "1", "site", "North", "department", "ICU"),
			row("cmms", "2", 2, "control_number", "2", "site", "South", "department", "ICU"), row("cmms", "3", 3, "control_number", "3", "department", "ICU"))
		for _, c := range []struct {
			sites, departments []string
			limit, want        int
		}{{nil, nil, 10, 3}, {nil, nil, 2, 2}, {[]string{" north"}, nil, 10, 1}, {[]string{"North", "South"}, []string{"icu"}, 10, 2}, {nil, []string{"Lab"}, 10, 0}} {
			err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
				rows, err := inv.First(tx, c.sites, c.departments, c.limit)
				if len(rows) != c.want {
					t.Errorf("%v %v: %d rows, want %d", c.sites, c.departments, len(rows), c.want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
