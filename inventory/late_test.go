package inventory

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pons/audit"
	"pons/fact"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// export is one whole list of a source: the day it speaks of, and what it says of each of a few devices.
type export struct {
	day  int
	said map[string]string // control number → department
	rows []string          // control numbers in the order of the file
}

// bringExport imports an export as if it were taken on its day.
func bringExport(t fataler, inv *Inventory, e export) Run {
	var records []fact.Record
	for i, key := range e.rows {
		records = append(records, row("cmms", key, i+1, "control_number", key, "serial", "SN"+key, "manufacturer", "Philips", "department", e.said[key]))
	}
	run, err := inv.Import(context.Background(), Import{Source: "cmms", Kind: "cmms", File: "cmms.csv", Actor: "ann", Whole: true,
		At: noon.AddDate(0, 0, e.day), Records: each(records...)})
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	return run
}

// fataler is what testing and rapid have in common.
type fataler interface{ Fatalf(string, ...any) }

// told is what a source says as the inventory keeps it, a line a record: with its row and the time it has said so
// since where places is true, which an undo must restore too.
func told(t fataler, inv *Inventory, places bool) string {
	var lines []string
	err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
		for d, err := range inv.All(tx) {
			if err != nil {
				return err
			}
			flag := d.Flags&FlagAbsent != 0
			fresh := NewResolver(catalog, nil).Resolve(d.Records)
			if flag != (fresh.Flags&FlagAbsent != 0) {
				return fmt.Errorf("%s: stored as absent: %v", d.Name(), flag)
			}
			text := line(d)
			for _, r := range d.Records {
				if places {
					text += fmt.Sprintf(" @%d %s", r.Row, r.At.Format(time.DateOnly))
				}
			}
			lines = append(lines, text)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func drawExports(t *rapid.T) []export {
	exports := make([]export, rapid.IntRange(2, 5).Draw(t, "exports"))
	for i := range exports {
		e := export{day: i, said: map[string]string{}}
		for _, key := range []string{"CE-1", "CE-2", "CE-3"} {
			if dept := rapid.SampledFrom([]string{"", "ICU", "OR"}).Draw(t, key); dept != "" {
				e.said[key], e.rows = dept, append(e.rows, key)
			}
		}
		if len(e.rows) == 0 { // an empty list says nothing
			e.said["CE-4"], e.rows = "ICU", []string{"CE-4"}
		}
		if rapid.Bool().Draw(t, "reversed") {
			slices.Reverse(e.rows)
		}
		exports[i] = e
	}
	return exports
}

// inventories returns a function that gives an empty inventory at each call, of n that take turns.
func inventories(t *testing.T, n int) func() *Inventory {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // thousands of small imports: this is not about the disk
	}
	all := make([]*Inventory, n)
	for i := range all {
		all[i] = New(sqldbtest.Open(t, []sqldb.Schema{audit.Schema(), Schema()}), catalog, (&clock{noon}).now)
	}
	next := 0
	return func() *Inventory {
		inv := all[next%n]
		next++
		clearTables(t, inv.db)
		return inv
	}
}

// TestOrderOfExports holds that a source's exports say the same in whatever order they come in: what speaks of a later
// day stands, and what the later list lacks is missing.
func TestOrderOfExports(t *testing.T) {
	empty := inventories(t, 2)
	rapid.Check(t, func(r *rapid.T) {
		exports := drawExports(r)
		want := empty()
		for _, e := range exports {
			bringExport(r, want, e)
		}
		got := empty()
		for _, e := range rapid.Permutation(exports).Draw(r, "order") {
			bringExport(r, got, e)
		}
		if a, b := told(r, want, false), told(r, got, false); a != b {
			r.Fatalf("in the order of time\n%s\nin another\n%s", a, b)
		}
	})
}

// TestUndoIsExact holds that an undo of the last import, late ones included, restores what was said, row and time; and
// that after an undo below later imports nothing says otherwise than if the import had never been.
func TestUndoIsExact(t *testing.T) {
	empty := inventories(t, 3)
	rapid.Check(t, func(r *rapid.T) {
		exports := drawExports(r)
		inv := empty()
		var before []string
		var runs []Run
		for _, e := range rapid.Permutation(exports).Draw(r, "order") {
			before = append(before, told(r, inv, true))
			runs = append(runs, bringExport(r, inv, e))
		}
		for i := len(runs) - 1; i >= 0; i-- {
			if _, err := inv.Undo(context.Background(), runs[i].ID, "ann"); err != nil {
				r.Fatalf("%v", err)
			}
			if got := told(r, inv, true); got != before[i] {
				r.Fatalf("undo of import %d left\n%s\nwant\n%s", i, got, before[i])
			}
		}

		with, without := empty(), empty()
		out := rapid.IntRange(0, len(exports)-1).Draw(r, "undone")
		var id int64
		for i, e := range exports {
			run := bringExport(r, with, e)
			if i == out {
				id = run.ID
				continue
			}
			bringExport(r, without, e)
		}
		if _, err := with.Undo(context.Background(), id, "ann"); err != nil {
			r.Fatalf("%v", err)
		}
		if a, b := told(r, with, false), told(r, without, false); a != b {
			r.Fatalf("after an undo\n%s\nwithout the import\n%s", a, b)
		}
	})
}

// TestLate holds what the report of a late export says, on both databases, and that the newer statement is told apart
// by day.
func TestLate(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		now := export{day: 10, said: map[string]string{"CE-1": "ICU"}, rows: []string{"CE-1"}}
		then := export{day: 3, said: map[string]string{"CE-1": "OR", "CE-2": "OR"}, rows: []string{"CE-2", "CE-1"}}
		bringExport(t, inv, now)
		run := bringExport(t, inv, then)
		if !run.Late || run.Created != 1 || run.Unchanged != 1 || run.Absent != 0 {
			t.Errorf("late import: %+v", run)
		}
		got := told(t, inv, false)
		if !strings.Contains(got, "cmms/CE-2(absent)") || !strings.Contains(got, "cmms/CE-1: ") || strings.Count(got, "department=ICU") != 1 {
			t.Errorf("after a late import:\n%s", got)
		}
		if run := bringExport(t, inv, export{day: 10, said: map[string]string{"CE-1": "PACU"}, rows: []string{"CE-1"}}); run.Late || run.Updated != 1 {
			t.Errorf("second export of a day: %+v", run)
		}
		if run := bringExport(t, inv, export{day: 11, said: map[string]string{"CE-2": "OR"}, rows: []string{"CE-2"}}); run.Late || run.Absent != 1 || run.Updated != 1 {
			t.Errorf("next day: %+v", run)
		}
	})
}
