package inventory

import (
	"context"
	"strings"
	"testing"

	"pons/fact"
	"pons/sqldb"
)

// partly imports a list of one source that is not full, as of a day.
func partly(t *testing.T, inv *Inventory, day int, records ...fact.Record) Run {
	t.Helper()
	run, err := inv.Import(context.Background(), Import{Source: "cmms", Kind: "cmms", File: "cmms.csv", Actor: "ann", At: noon.AddDate(0, 0, day), Records: each(records...)})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestUndoKnowsWhoRepeated: what an import repeated stands until that import too is undone, in whatever order those
// around it are; and an import that did not say a thing does not keep it.
func TestUndoKnowsWhoRepeated(t *testing.T) {
	one := row("cmms", "CE-1", 1, "control_number", "CE-1", "department", "ICU")
	moved := row("cmms", "CE-1", 1, "control_number", "CE-1", "department", "OR")
	two := row("cmms", "CE-2", 2, "control_number", "CE-2")
	lists := map[string][]fact.Record{"one": {one}, "two": {two}, "both": {one, two}, "moved": {moved}}
	for name, c := range map[string]struct {
		lists string
		undo  []int
		want  []string // devices after each undo
	}{
		"the latest, then the first":  {"one one one", []int{2, 0, 1}, []string{"CE-1 ICU", "CE-1 ICU", ""}},
		"the first, then the latest":  {"one one one", []int{0, 2, 1}, []string{"CE-1 ICU", "CE-1 ICU", ""}},
		"one between said nothing":    {"one two one", []int{2, 0}, []string{"CE-1 ICU, CE-2", "CE-2"}},
		"between said nothing, other": {"one two one", []int{0, 2}, []string{"CE-1 ICU, CE-2", "CE-2"}},
		"two gaps":                    {"one two one two one", []int{0, 4, 2}, []string{"CE-1 ICU, CE-2", "CE-1 ICU, CE-2", "CE-2"}},
		"both":                        {"both one both", []int{2, 0}, []string{"CE-1 ICU, CE-2", "CE-1 ICU"}},
		"replaced since":              {"one one one moved", []int{2, 0, 3}, []string{"CE-1 OR", "CE-1 OR", "CE-1 ICU"}},
		"replaced since, with a gap":  {"one two one moved", []int{0, 3, 2}, []string{"CE-1 OR, CE-2", "CE-1 ICU, CE-2", "CE-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, inv *Inventory) {
				var runs []Run
				for _, l := range strings.Fields(c.lists) {
					runs = append(runs, partly(t, inv, 0, lists[l]...))
				}
				for i, at := range c.undo {
					undo(t, inv, runs[at])
					if got := short(dump(t, inv)); got != c.want[i] {
						t.Errorf("after undo %d: %q, want %q", i+1, got, c.want[i])
					}
				}
			})
		})
	}
}

// short is a dump's devices by control number and department.
func short(dump string) string {
	var out []string
	for _, line := range strings.Split(dump, "\n") {
		name := ""
		for _, f := range strings.Fields(line) {
			if v, ok := strings.CutPrefix(f, "control_number="); ok {
				name = v
			}
			if v, ok := strings.CutPrefix(f, "department="); ok {
				name += " " + v
			}
		}
		if name != "" {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

// TestALateListStandsWhenItsRulerIsUndone: a list of an earlier day that a later one overruled stands when that is undone:
// what it said, and what it lacks.
func TestALateListStandsWhenItsRulerIsUndone(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		icu := row("cmms", "CE-1", 1, "control_number", "CE-1", "department", "ICU")
		or := row("cmms", "CE-1", 1, "control_number", "CE-1", "department", "OR")
		two := row("cmms", "CE-2", 2, "control_number", "CE-2")
		partly(t, inv, 0, icu, two)
		ruler := partly(t, inv, 5, icu, two)
		if _, err := inv.Import(context.Background(), Import{Source: "cmms", Kind: "cmms", File: "cmms.csv", Actor: "ann", Whole: true, At: noon.AddDate(0, 0, 3), Records: each(or)}); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, inv); strings.Contains(got, "absent") || !strings.Contains(got, "department=ICU") {
			t.Fatalf("a late list overrules:\n%s", got)
		}
		undo(t, inv, ruler)
		if got := dump(t, inv); !strings.Contains(got, "cmms/CE-2(absent)") || !strings.Contains(got, "department=OR") {
			t.Errorf("the late list does not stand:\n%s", got)
		}
	})
}

// TestAWordThatWokeSleepsAgain: a word on a host that is heard again wakes; when that hearing is undone it sleeps, and is not
// put on what the host was joined with meanwhile. Once it is said again it is of the device as it is.
func TestAWordThatWokeSleepsAgain(t *testing.T) {
	mac := "00:12:21:00:00:01"
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		undone := capture(t, inv, host(mac, 0))
		say := func(room string) {
			if err := inv.State(ctx, Edit{Device: onlyDevice(t, inv), Actor: "ann", Values: map[fact.Attr]string{fact.Room: room}}); err != nil {
				t.Fatal(err)
			}
		}
		say("A1")
		undo(t, inv, undone)
		bring(t, inv, "dhcp", "dhcp", row("dhcp", "m", 1, "mac", mac))
		before := dump(t, inv)
		again := capture(t, inv, host(mac, 1))
		if got := dump(t, inv); !strings.Contains(got, "room=A1") {
			t.Fatalf("the word did not wake:\n%s", got)
		}
		undo(t, inv, again)
		if got := dump(t, inv); got != before {
			t.Errorf("undone at once\n%s\nbefore\n%s", got, before)
		}
		again = capture(t, inv, host(mac, 2))
		say("B2")
		undo(t, inv, again)
		if got := dump(t, inv); !strings.Contains(got, "dhcp/m person/dhcp/m:") || !strings.Contains(got, "room=B2") {
			t.Errorf("what was said of both is lost with one:\n%s", got)
		}
	})
}

// TestUndoOfAHostUnchanged: a capture that shows of a host nothing new does not become the one that last changed it.
func TestUndoOfAHostUnchanged(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		first := capture(t, inv, host("00:12:21:00:00:01", 0))
		capture(t, inv, host("00:12:21:00:00:01", 0))
		third := capture(t, inv, host("00:12:21:00:00:01", 1))
		undo(t, inv, third)
		id := onlyDevice(t, inv)
		if err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
			d, err := inv.Get(tx, id)
			if err == nil && d.Records[0].Run != first.ID {
				t.Errorf("changed last by import %d, want %d", d.Records[0].Run, first.ID)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
