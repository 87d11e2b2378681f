package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pons/fact"
	"pons/fault"
	"pons/sqldb"
)

// systemOf is the medical system of the device that a text names, as text: "name: [whole] part part".
func systemOf(t *testing.T, inv *Inventory, text string) string {
	t.Helper()
	var out string
	err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
		ids, err := inv.Lookup(tx, text)
		if err != nil || len(ids) != 1 {
			return fmt.Errorf("%s names %d devices: %v", text, len(ids), err)
		}
		s, err := inv.System(tx, ids[0])
		if err != nil {
			return err
		}
		out = systemText(&s)
		d, err := inv.Get(tx, ids[0])
		if err != nil {
			return err
		}
		if of := d.System; of == nil && out != "" || of != nil && systemText(of) != out {
			t.Errorf("%s: the device says %+v, System %s", text, of, out)
		}
		doc, err := json.Marshal(d.Document())
		if has := strings.Contains(string(doc), `"system":{"name":`); err != nil || has != (out != "") {
			t.Errorf("%s: document %s", text, doc)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func systemText(s *System) string {
	if len(s.Members()) == 0 {
		return ""
	}
	out := s.Name + ":"
	if s.Whole != nil {
		out += " [" + s.Whole.Name + "]"
	}
	for _, p := range s.Parts {
		out += " " + p.Name
	}
	return out
}

func idOf(t *testing.T, inv *Inventory, text string) (id string) {
	t.Helper()
	err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
		ids, err := inv.Lookup(tx, text)
		if err == nil && len(ids) != 1 {
			err = fmt.Errorf("%s names %d devices", text, len(ids))
		}
		if err == nil {
			id = ids[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSystem(t *testing.T) {
	cmms := []fact.Record{
		row("cmms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "BD", "class", "infusion-server"),
		row("cmms", "CE-2", 2, "control_number", "CE-2", "parent", "gw-icu.hospital.example"), // by the gateway's hostname
		row("cmms", "CE-3", 3, "control_number", "CE-3", "parent", "ce 2"),
		row("cmms", "CE-8", 8, "control_number", "CE-8"),
		row("cmms", "CE-9", 9, "control_number", "CE-9", "parent", "ICU Telemetry"),
		row("cmms", "CE-10", 10, "control_number", "CE-10", "parent", "ICU telemetry"),
		row("cmms", "CE-11", 11, "control_number", "CE-11", "parent", "CE-12"), // a circle
		row("cmms", "CE-12", 12, "control_number", "CE-12", "parent", "CE-11"),
		row("cmms", "CE-13", 13, "control_number", "CE-13", "parent", "CE-13"), // of itself
		row("cmms", "CE-14", 14, "control_number", "CE-14", "parent", "N/A"),
	}
	cmdb := []fact.Record{
		row("cmdb", "A1", 1, "asset_tag", "A1", "hostname", "gw-icu", "parent", "CE-1"),
		row("cmdb", "A2", 2, "asset_tag", "A2", "serial", "SN778812", "parent", "A0001"),
		row("cmdb", "A3", 3, "asset_tag", "A0001", "hostname", "srv-1"),
		row("cmdb", "A4", 4, "asset_tag", "A4", "parent", "SN778812"),
	}
	want := map[string]string{
		"CE-1": "CE-1: [CE-1] CE-2 CE-3 gw-icu", "CE-3": "CE-1: [CE-1] CE-2 CE-3 gw-icu", "gw-icu": "CE-1: [CE-1] CE-2 CE-3 gw-icu",
		"CE-8": "", "CE-9": "ICU Telemetry: CE-10 CE-9", "CE-10": "ICU Telemetry: CE-10 CE-9",
		"CE-13": "CE-13: CE-13", "CE-14": "", "srv-1": "srv-1: [srv-1] A2 A4", "A4": "srv-1: [srv-1] A2 A4",
	}
	for _, order := range []string{"cmms cmdb", "cmdb cmms", "cmms cmdb cmms", "cmdb cmms cmdb"} {
		onBoth(t, func(t *testing.T, inv *Inventory) {
			for _, source := range strings.Fields(order) {
				if source == "cmms" {
					bring(t, inv, "cmms", "cmms", cmms...)
				} else {
					bring(t, inv, "cmdb", "cmdb", cmdb...)
				}
			}
			for text, want := range want {
				if got := systemOf(t, inv, text); got != want {
					t.Errorf("%s: %s belongs to %q, wants %q", order, text, got, want)
				}
			}
			if a, b := systemOf(t, inv, "CE-11"), systemOf(t, inv, "CE-12"); a != b || !strings.Contains(a, "CE-11") || !strings.Contains(a, "CE-12") {
				t.Errorf("circle: %q and %q", a, b)
			}
			found := 0
			err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
				for _, err := range inv.Matching(tx, "system:CE-1 or part_of:\"ICU Telemetry\"", noon) {
					if err != nil {
						return err
					}
					found++
				}
				return nil
			})
			if err != nil || found != 3 {
				t.Errorf("the list finds %d parts, %v", found, err)
			}
		})
	}
}

// TestSystemThroughMergeAndUndo: parts follow the device that they name when it becomes one with another, and come apart
// when the import that said so is undone.
func TestSystemThroughMergeAndUndo(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", row("cmms", "CE-1", 1, "control_number", "CE-1"), row("cmms", "CE-2", 2, "control_number", "CE-2"))
		old := idOf(t, inv, "CE-2")
		run := bring(t, inv, "cmdb", "cmdb", row("cmdb", "A1", 1, "asset_tag", "A1", "parent", "CE-1"), row("cmdb", "A2", 2, "asset_tag", "A2", "parent", "ce-2"),
			row("cmdb", "A3", 3, "asset_tag", "A3", "parent", old))
		if got := systemOf(t, inv, "A3"); got != "CE-2: [CE-2] A2 A3" {
			t.Errorf("by number and by id: %q", got)
		}
		if err := inv.Decide(ctx, Answer{A: idOf(t, inv, "CE-1"), B: old, Same: true, Actor: "ann"}); err != nil {
			t.Fatal(err)
		}
		if got := systemOf(t, inv, "CE-2"); got != "CE-1: [CE-1] A1 A2 A3" {
			t.Errorf("merged: %q", got)
		}
		if err := inv.Undecide(ctx, idOf(t, inv, "CE-1"), idOf(t, inv, "CE-1"), "ann"); err != nil {
			t.Fatal(err)
		}
		if a, b := systemOf(t, inv, "A1"), systemOf(t, inv, "A3"); a != "CE-1: [CE-1] A1" || b != "CE-2: [CE-2] A2 A3" {
			t.Errorf("apart again: %q, %q", a, b)
		}
		if _, err := inv.Undo(ctx, run.ID, "ann"); err != nil {
			t.Fatal(err)
		}
		if a, b := systemOf(t, inv, "CE-1"), systemOf(t, inv, "CE-2"); a != "" || b != "" {
			t.Errorf("undone: %q, %q", a, b)
		}
		var left int64
		err := inv.db.View(ctx, func(tx *sqldb.Tx) error {
			return tx.QueryRow("SELECT COUNT(*) FROM inventory_part").Scan(&left)
		})
		if err != nil || left != 0 {
			t.Errorf("%d keys of parts are left: %v", left, err)
		}
	})
}

func TestJoinAndLeaveSystem(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		records := []fact.Record{row("cmms", "CE-1", 1, "control_number", "CE-1"), row("cmms", "CE-2", 2, "control_number", "CE-2"),
			row("cmms", "CE-3", 3, "control_number", "CE-3"), row("cmms", "CE-4", 4, "control_number", "CE-4", "parent", "CE-1")}
		bring(t, inv, "cmms", "cmms", records...)
		whole, two, three, four := idOf(t, inv, "CE-1"), idOf(t, inv, "CE-2"), idOf(t, inv, "CE-3"), idOf(t, inv, "CE-4")
		edit, err := inv.JoinSystem(ctx, whole, []string{whole, two, three}, "person:ann", "seen on the rack")
		if err != nil {
			t.Fatal(err)
		}
		if got := systemOf(t, inv, "CE-3"); got != "CE-1: [CE-1] CE-2 CE-3 CE-4" {
			t.Errorf("joined: %q", got)
		}
		err = inv.db.View(ctx, func(tx *sqldb.Tx) error {
			d, err := inv.Get(tx, two)
			if err == nil && d.Get(fact.Parent) != "CE-1" { // not an id, which nobody can read
				t.Errorf("stated is %q", d.Get(fact.Parent))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if _, err := inv.JoinSystem(ctx, "CE-2", []string{whole}, "person:ann", ""); !errors.Is(err, fault.Conflict) {
			t.Errorf("a whole joins its part: %v", err)
		}
		for name, ids := range map[string][]string{"": {two}, "none": {two}, "CE-2": {two}, "x": {}, "018f0000-0000-7000-8000-000000000000": {two}} {
			if _, err := inv.JoinSystem(ctx, name, ids, "person:ann", ""); err == nil {
				t.Errorf("%q is joined by %d", name, len(ids))
			}
		}
		left, err := inv.LeaveSystem(ctx, []string{two, four}, "person:ann", "loaned")
		if err != nil {
			t.Fatal(err)
		}
		bring(t, inv, "cmms", "cmms", records...) // the CMMS says so again; a person said otherwise
		if a, b := systemOf(t, inv, "CE-1"), systemOf(t, inv, "CE-4"); a != "CE-1: [CE-1] CE-3" || b != "" {
			t.Errorf("left: %q, %q", a, b)
		}
		if _, err := inv.UndoEdit(ctx, left, "person:ann"); err != nil {
			t.Fatal(err)
		}
		if got := systemOf(t, inv, "CE-1"); got != "CE-1: [CE-1] CE-2 CE-3 CE-4" {
			t.Errorf("leaving taken back: %q", got)
		}
		if _, err := inv.UndoEdit(ctx, edit, "person:ann"); err != nil {
			t.Fatal(err)
		}
		if got := systemOf(t, inv, "CE-1"); got != "CE-1: [CE-1] CE-4" {
			t.Errorf("joining taken back: %q", got)
		}
		if _, err := inv.JoinSystem(ctx, "Infusion ICU", []string{two, three}, "person:ann", ""); err != nil {
			t.Fatal(err)
		}
		if got := systemOf(t, inv, "CE-2"); got != "Infusion ICU: CE-2 CE-3" {
			t.Errorf("by name: %q", got)
		}
	})
}

func TestSystemSuggestions(t *testing.T) {
	pump := row("cmms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "BD", "class", "infusion-pump", "serial", "PX778812")
	module := row("cmms", "CE-2", 2, "control_number", "CE-2", "manufacturer", "CareFusion", "class", "infusion-pump-module", "serial", "PX778812")
	another := row("cmms", "CE-3", 3, "control_number", "CE-3", "manufacturer", "B. Braun", "class", "infusion-pump-module", "serial", "PX778812")
	monitor := row("cmms", "CE-4", 4, "control_number", "CE-4", "manufacturer", "BD", "class", "patient-monitor", "serial", "PX778812")
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", pump, module, another, monitor)
		suggested := func(text string) string {
			var out []string
			id := idOf(t, inv, text)
			err := inv.db.View(ctx, func(tx *sqldb.Tx) error {
				list, err := inv.SystemSuggestions(tx, id)
				for _, s := range list {
					out = append(out, s.Part.Name+" of "+s.Whole.Name)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(out, ", ")
		}
		for text, want := range map[string]string{"CE-1": "CE-2 of CE-1", "CE-2": "CE-2 of CE-1", "CE-3": "", "CE-4": ""} {
			if got := suggested(text); got != want {
				t.Errorf("%s: %q, wants %q", text, got, want)
			}
		}
		edit, err := inv.LeaveSystem(ctx, []string{idOf(t, inv, "CE-2")}, "person:ann", "of another pump")
		if err != nil || suggested("CE-1") != "" {
			t.Errorf("asked again: %q %v", suggested("CE-1"), err)
		}
		if _, err := inv.UndoEdit(ctx, edit, "person:ann"); err != nil || suggested("CE-1") == "" {
			t.Errorf("not asked again after the answer is taken back: %v", err)
		}
		if _, err := inv.JoinSystem(ctx, idOf(t, inv, "CE-1"), []string{idOf(t, inv, "CE-2")}, "person:ann", ""); err != nil || suggested("CE-1") != "" {
			t.Errorf("asked after it joined: %v", err)
		}
		if got := systemOf(t, inv, "CE-2"); got != "CE-1: [CE-1] CE-2" {
			t.Errorf("%q", got)
		}
	})
}

// TestAColumnThatSaysTheSameOfAll: a system has bounds, so that one word in ten thousand rows cannot hang a page.
func TestAColumnThatSaysTheSameOfAll(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		var records []fact.Record
		for i := range MaxParts + 200 {
			records = append(records, row("cmdb", fmt.Sprint("A", i), i+1, "asset_tag", fmt.Sprint("A", i), "parent", "Windows"))
		}
		bring(t, inv, "cmdb", "cmdb", records...)
		id := idOf(t, inv, "A7")
		err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
			s, err := inv.System(tx, id)
			if err == nil && (len(s.Parts) != MaxParts || !s.More || !slices.IsSortedFunc(s.Parts, func(a, b *Row) int { return strings.Compare(a.Name, b.Name) })) {
				t.Errorf("%d parts, more: %v", len(s.Parts), s.More)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
