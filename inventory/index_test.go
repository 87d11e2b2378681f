package inventory

import (
	"context"
	"testing"
	"time"

	"pons/column"
	"pons/fact"
	"pons/query"
)

func find(t *testing.T, x *Index, text string) column.Page {
	t.Helper()
	list, table := x.View()
	e, err := query.Parse(list.Schema(), text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	page, err := table.Find(column.Request{Expr: e, Now: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestIndexFollowsTheDatabase(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		x, err := NewIndex(inv)
		if err != nil {
			t.Fatal(err)
		}
		refresh := func() {
			t.Helper()
			if err := x.Refresh(ctx); err != nil {
				t.Fatal(err)
			}
		}
		refresh()
		if ready, _ := x.Ready(); !ready || find(t, x, "").Total != 0 {
			t.Error("an empty inventory is ready and empty")
		}
		bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		cmdb := bring(t, inv, "cmdb", "cmdb", pumpCMDB)
		dhcp := bring(t, inv, "dhcp", "dhcp", pumpDHCP, row("dhcp", "x", 2, "mac", "00:80:a3:00:00:01", "ip", "10.9.9.9"))
		refresh()
		for text, want := range map[string]int{
			"": 3, `class:infusion-pump and manufacturer:"B. Braun" and has:owner and last_seen<30d`: 1, "missing:owner": 2, "is:unrecorded": 1, "queue:no-owner": 2,
			"ip:10.31.0.0/16": 1, "mac:00:12:21": 1, "471125": 1, "hostname:PUMP-*": 1, "source in (dhcp, nac)": 2, "confidence>0.5": 2, "not has:class": 1,
		} {
			if got := find(t, x, text).Total; got != want {
				t.Errorf("%q finds %d, want %d", text, got, want)
			}
		}
		for _, run := range []int64{dhcp.ID, cmdb.ID} {
			if _, err := inv.Undo(ctx, run, "ann"); err != nil {
				t.Fatal(err)
			}
		}
		refresh()
		if got := find(t, x, "").Total; got != 2 {
			t.Errorf("after undo %d devices, want 2", got)
		}
		id := find(t, x, "control_number:CE-1").IDs[0]
		if err := inv.State(ctx, Edit{Device: id, Actor: "ann", Values: map[fact.Attr]string{"custom.zone": "B"}}); err != nil {
			t.Fatal(err)
		}
		refresh()
		if got := find(t, x, "custom.zone:B").Total; got != 1 {
			t.Errorf("custom attribute finds %d", got)
		}
	})
}

func TestWithinKeepsOthersOut(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		bring(t, inv, "cmms", "cmms",
			row("cmms", "1", 1, "control_number", "1", "site", `North "A" \ B`, "department", "ICU"),
			row("cmms", "2", 2, "control_number", "2", "site", "South", "department", "ICU"),
			row("cmms", "3", 3, "control_number", "3", "department", "ICU"))
		x, err := NewIndex(inv)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
		list, table := x.View()
		for _, c := range []struct {
			sites, departments []string
			want               int
		}{{nil, nil, 3}, {[]string{`North "A" \ B`}, nil, 1}, {[]string{"south", `North "A" \ B`}, []string{"ICU"}, 2}, {nil, []string{"icu"}, 3}, {[]string{"South"}, []string{"Lab"}, 0}} {
			scope, err := list.Within(c.sites, c.departments)
			if err != nil {
				t.Fatal(err)
			}
			page, err := table.Find(column.Request{Scope: scope, Now: noon})
			if err != nil || page.Total != c.want {
				t.Errorf("%v %v: %d devices, want %d (%v)", c.sites, c.departments, page.Total, c.want, err)
			}
		}
	})
}
