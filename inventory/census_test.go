package inventory

import (
	"context"
	"testing"
	"time"

	"pons/sqldb"
)

// TestCensusAgreesWithToday holds the count of the index to that of the database: as many devices, as many of them
// reconciled, and every field's counts make the whole, what is not known among them.
func TestCensusAgreesWithToday(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		x, err := NewIndex(inv)
		if err != nil {
			t.Fatal(err)
		}
		bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		bring(t, inv, "cmdb", "cmdb", pumpCMDB)
		bring(t, inv, "dhcp", "dhcp", pumpDHCP, row("dhcp", "x", 2, "mac", "00:80:a3:00:00:01", "ip", "10.9.9.9"))
		if err := x.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		all, err := x.List().Within(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		fields := []string{"category", "class", "site"}
		c, err := x.Census(all, noon.Add(time.Hour), fields...)
		if err != nil {
			t.Fatal(err)
		}
		var today Day
		if err := inv.DB().View(ctx, func(tx *sqldb.Tx) (err error) {
			today, err = inv.Today(tx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if c.Devices != 3 || c.Devices != today.Devices || c.Reconciled != today.Reconciled || c.Queues["no-owner"] != today.NoOwner || c.Rev != x.Rev() {
			t.Errorf("the index counts %+v, the database %+v", c, today)
		}
		for _, field := range fields {
			sum := 0
			for _, tally := range c.By[field] {
				sum += tally.Devices
			}
			if sum != c.Devices {
				t.Errorf("by %s there are %d devices: %+v", field, sum, c.By[field])
			}
		}
		nowhere, err := x.List().Within([]string{"Nowhere"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := x.Census(nowhere, noon, fields...); err != nil || c.Devices != 0 || len(c.By["class"]) != 0 || c.Queues["no-owner"] != 0 {
			t.Errorf("of nowhere: %+v, %v", c, err)
		}
	})
}
