package inventory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pons/fact"
	"pons/fault"
	"pons/sqldb"
)

// see reads a device by what names it.
func see(t *testing.T, inv *Inventory, text string) *Device {
	t.Helper()
	var d *Device
	err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
		ids, err := inv.Lookup(tx, text)
		if err != nil || len(ids) != 1 {
			return fmt.Errorf("%s names %v: %w", text, ids, err)
		}
		d, err = inv.Get(tx, ids[0])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEditOfManyIsTakenBackAsOne(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		var records []fact.Record
		for i := range 30 {
			records = append(records, row("cmms", fmt.Sprint("CE-", i), i+1, "control_number", fmt.Sprint("CE-", i), "clinical_owner", "Biomed"))
		}
		bring(t, inv, "cmms", "cmms", records...)
		owner := func(n int) string { return see(t, inv, fmt.Sprint("CE-", n)).Get(fact.ClinicalOwner) }
		if err := inv.State(ctx, Edit{Device: see(t, inv, "CE-7").ID, Actor: "person:ann", Values: map[fact.Attr]string{fact.ClinicalOwner: "Ward 7"}}); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for i := range 20 {
			ids = append(ids, see(t, inv, fmt.Sprint("CE-", i)).ID)
		}
		ids = append(ids, ids[3]) // twice is once
		before := dump(t, inv)
		edit, err := inv.StateAll(ctx, ids, Edit{Actor: "person:ann", Why: "new round", Values: map[fact.Attr]string{fact.ClinicalOwner: "Biomed East"}})
		if err != nil {
			t.Fatal(err)
		}
		if owner(0) != "Biomed East" || owner(7) != "Biomed East" || owner(25) != "Biomed" {
			t.Errorf("owners are %q, %q and %q", owner(0), owner(7), owner(25))
		}
		if v := see(t, inv, "CE-0").Value(fact.ClinicalOwner); v.Won[0].Because != "stated by ann: new round" {
			t.Errorf("because %q", v.Won[0].Because)
		}
		// what was stated anew since stays
		if err := inv.State(ctx, Edit{Device: ids[1], Actor: "person:bob", Values: map[fact.Attr]string{fact.ClinicalOwner: "Bob's ward"}}); err != nil {
			t.Fatal(err)
		}
		n, err := inv.UndoEdit(ctx, edit, "person:ann")
		if err != nil || n != 19 {
			t.Fatalf("undo changed %d devices, want 19: %v", n, err)
		}
		if owner(0) != "Biomed" || owner(7) != "Ward 7" || owner(1) != "Bob's ward" {
			t.Errorf("after undo owners are %q, %q and %q", owner(0), owner(7), owner(1))
		}
		if err := inv.State(ctx, Edit{Device: ids[1], Actor: "person:bob", Values: map[fact.Attr]string{fact.ClinicalOwner: ""}}); err != nil {
			t.Fatal(err)
		}
		if after := dump(t, inv); after != strings.ReplaceAll(after, "Biomed East", "") || len(after) < len(before) {
			t.Errorf("something of the edit is left:\n%s", after)
		}
		if _, err := inv.UndoEdit(ctx, edit, "person:ann"); !errors.Is(err, fault.Conflict) {
			t.Errorf("a second undo: %v", err)
		}
		if _, err := inv.UndoEdit(ctx, "nothing", "person:ann"); !errors.Is(err, fault.NotFound) {
			t.Errorf("undo of nothing: %v", err)
		}
		if _, err := inv.StateAll(ctx, ids, Edit{Actor: "person:ann", Values: map[fact.Attr]string{fact.Status: "broken"}}); !errors.Is(err, fault.Invalid) {
			t.Errorf("a wrong value: %v", err)
		}
		if _, err := inv.StateAll(ctx, append(ids, "no such device"), Edit{Actor: "person:ann", Values: map[fact.Attr]string{fact.ClinicalOwner: "X"}}); !errors.Is(err, fault.NotFound) || owner(0) == "X" {
			t.Errorf("one device that is not there: %v, and the first is %q", err, owner(0))
		}
		if _, err := inv.StateAll(ctx, make([]string, MaxEdit+1), Edit{}); !errors.Is(err, fault.Invalid) {
			t.Errorf("too many: %v", err)
		}
	})
}

// TestAWordIsTakenBackAfterAMerge holds that clearing a person's word clears it on a device that two people's
// records came to.
func TestAWordIsTakenBackAfterAMerge(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		a, b := see(t, inv, "CE-1").ID, see(t, inv, "CE-2").ID
		for id, room := range map[string]string{a: "1", b: "2"} {
			if err := inv.State(ctx, Edit{Device: id, Actor: "person:ann", Values: map[fact.Attr]string{fact.Room: room}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := inv.Decide(ctx, Answer{A: a, B: b, Same: true, Actor: "person:ann"}); err != nil {
			t.Fatal(err)
		}
		if room := see(t, inv, "CE-1").Get(fact.Room); room == "" {
			t.Fatal("no room after the merge")
		}
		if err := inv.State(ctx, Edit{Device: a, Actor: "person:ann", Values: map[fact.Attr]string{fact.Room: ""}}); err != nil {
			t.Fatal(err)
		}
		if room := see(t, inv, "CE-1").Get(fact.Room); room != "" {
			t.Errorf("the room is still %q", room)
		}
	})
}
