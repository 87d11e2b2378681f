package inventory

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/audit"
	"pons/fact"
	"pons/fault"
	"pons/sqldb"
)

// twoSources brings a pump of which a CMMS and a CMDB say different things, and a device of one source.
func twoSources(t *testing.T, inv *Inventory) {
	t.Helper()
	bring(t, inv, "tms", "cmms", row("tms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "B. Braun", "serial", "0471125", "owner", "Biomed East", "department", "ICU"),
		row("tms", "CE-2", 2, "control_number", "CE-2", "manufacturer", "Draeger", "serial", "ASLM-0001", "owner", "Biomed East"))
	bring(t, inv, "snow", "cmdb", row("snow", "A-1", 1, "asset_tag", "A-1", "manufacturer", "B. Braun", "serial", "0471125", "owner", "IT Clinical", "department", "ICU"))
}

func theOne(t *testing.T, inv *Inventory, question string) *Device {
	t.Helper()
	var out []*Device
	err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
		for d, err := range inv.Matching(tx, question, noon) {
			if err != nil {
				return err
			}
			out = append(out, d)
		}
		return nil
	})
	if err != nil || len(out) != 1 {
		t.Fatalf("%s finds %d devices: %v", question, len(out), err)
	}
	return out[0]
}

func TestSetPrecedence(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		twoSources(t, inv)
		before := dump(t, inv)
		if got := theOne(t, inv, "serial=0471125").Get(fact.Owner); got != "Biomed East" {
			t.Fatalf("owner is %q before", got)
		}
		order := []string{"person", "cmdb", "cmms"}
		var p Preview
		if err := inv.db.View(ctx, func(tx *sqldb.Tx) (err error) {
			p, err = inv.PreviewPrecedence(tx, fact.Owner, order)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if p.Devices != 1 || p.Looked != 1 || p.Changed != 1 || len(p.Examples) != 1 || p.Examples[0].Before != "Biomed East" || p.Examples[0].After != "IT Clinical" {
			t.Errorf("preview is %+v", p)
		}
		if dump(t, inv) != before {
			t.Error("a preview changed something")
		}
		rev := theOne(t, inv, "control_number=CE-2").Rev
		told := 0
		n, err := inv.SetPrecedence(ctx, fact.Owner, order, "person:ada", func(done int) { told = done })
		if err != nil || n != 1 || told != 1 {
			t.Fatalf("%d devices written, %d told: %v", n, told, err)
		}
		d := theOne(t, inv, "serial=0471125")
		if d.Get(fact.Owner) != "IT Clinical" || d.Get(fact.Department) != "ICU" || !slices.Contains(d.Conflicts, fact.Owner) {
			t.Errorf("owner is %q, conflicts %v: another order changes who wins, not that they disagree", d.Get(fact.Owner), d.Conflicts)
		}
		if theOne(t, inv, "control_number=CE-2").Rev != rev {
			t.Error("a device of one source was written")
		}
		var history []Change
		var log []audit.Record
		if err := inv.db.View(ctx, func(tx *sqldb.Tx) (err error) {
			if history, err = inv.History(tx, d.ID, 1); err != nil {
				return err
			}
			log, _, err = audit.List(tx, audit.Filter{}, 0, 1)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(history) != 1 || history[0].What != "precedence" || history[0].Diff["owner"] != [2]string{"Biomed East", "IT Clinical"} {
			t.Errorf("history is %+v", history)
		}
		if len(log) != 1 || log[0].Verb != "precedence.set" || log[0].Actor != "person:ada" || log[0].After["order"] != "person cmdb cmms" || !strings.HasPrefix(log[0].Before["order"], "person cmms") {
			t.Errorf("the audit log says %+v", log)
		}
		// A later import follows the new order, and the default order brings everything back.
		bring(t, inv, "tms", "cmms", row("tms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "B. Braun", "serial", "0471125", "owner", "Biomed West", "department", "ICU"),
			row("tms", "CE-2", 2, "control_number", "CE-2", "manufacturer", "Draeger", "serial", "ASLM-0001", "owner", "Biomed East"))
		if got := theOne(t, inv, "serial=0471125").Get(fact.Owner); got != "IT Clinical" {
			t.Errorf("owner is %q after an import", got)
		}
		if _, err := inv.SetPrecedence(ctx, fact.Owner, nil, "person:ada", nil); err != nil {
			t.Fatal(err)
		}
		if got := theOne(t, inv, "serial=0471125").Get(fact.Owner); got != "Biomed West" {
			t.Errorf("owner is %q with the default order", got)
		}
		for _, wrong := range [][]string{{"cmms", "person"}, {"person", "cmms", "cmms"}, {"person", "oracle"}} {
			if _, err := inv.SetPrecedence(ctx, fact.Owner, wrong, "person:ada", nil); !errors.Is(err, fault.Invalid) {
				t.Errorf("order %v: %v", wrong, err)
			}
		}
		if _, err := inv.SetPrecedence(ctx, "shoe_size", nil, "person:ada", nil); !errors.Is(err, fault.Invalid) {
			t.Errorf("an attribute that is none: %v", err)
		}
	})
}

// TestDisputed holds that a conflict keeps the time at which it began until it is decided.
func TestDisputed(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		twoSources(t, inv)
		id := theOne(t, inv, "serial=0471125").ID
		since := func() time.Time {
			var r []*Row
			if err := inv.db.View(ctx, func(tx *sqldb.Tx) (err error) { r, err = inv.Rows(tx, []string{id}); return err }); err != nil {
				t.Fatal(err)
			}
			return r[0].Disputed
		}
		first := since()
		if first.IsZero() {
			t.Fatal("a conflict without a beginning")
		}
		if err := inv.State(ctx, Edit{Device: id, Actor: "person:ann", Values: map[fact.Attr]string{fact.Room: "7"}}); err != nil {
			t.Fatal(err)
		}
		if got := since(); !got.Equal(first) {
			t.Errorf("it began at %v, now at %v", first, got)
		}
		theOne(t, inv, "conflict_since<="+first.Format(time.RFC3339Nano))
		edit, err := inv.StateEach(ctx, map[string]map[fact.Attr]string{id: {fact.Owner: "IT Clinical"}}, Edit{Actor: "person:ann"})
		if err != nil {
			t.Fatal(err)
		}
		if got := since(); !got.IsZero() {
			t.Errorf("decided, and in conflict since %v", got)
		}
		if _, err := inv.UndoEdit(ctx, edit, "person:ann"); err != nil {
			t.Fatal(err)
		}
		if got := since(); !got.After(first) {
			t.Errorf("taken back: in conflict since %v, before since %v", got, first)
		}
	})
}

func TestStateEach(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		twoSources(t, inv)
		before := dump(t, inv)
		a, b := theOne(t, inv, "serial=0471125").ID, theOne(t, inv, "control_number=CE-2").ID
		said := map[string]map[fact.Attr]string{a: {fact.Owner: "IT Clinical"}, b: {fact.Owner: "Anaesthesia", fact.Status: "in-service"}}
		edit, err := inv.StateEach(ctx, said, Edit{Actor: "person:ann", Why: "walked the floor"})
		if err != nil {
			t.Fatal(err)
		}
		if x, y := theOne(t, inv, "serial=0471125"), theOne(t, inv, "control_number=CE-2"); x.Get(fact.Owner) != "IT Clinical" || y.Get(fact.Owner) != "Anaesthesia" || y.Get(fact.Status) != "in-service" {
			t.Errorf("owners are %q and %q", x.Get(fact.Owner), y.Get(fact.Owner))
		}
		if n, err := inv.UndoEdit(ctx, edit, "person:ann"); err != nil || n != 2 {
			t.Fatalf("taken back on %d: %v", n, err)
		}
		after := strings.ReplaceAll(dump(t, inv), " person/tms/CE-1", "")
		after = strings.ReplaceAll(after, "person/tms/CE-1 ", "")
		after = strings.ReplaceAll(strings.ReplaceAll(after, " person/tms/CE-2", ""), "person/tms/CE-2 ", "")
		if after != before {
			t.Errorf("taken back it is\n%s\nit was\n%s", after, before)
		}
		for _, wrong := range []map[string]map[fact.Attr]string{nil, {a: {fact.Status: "on holiday"}}, {a: {fact.MAC: "00:12:21:00:00:01"}}} {
			if _, err := inv.StateEach(ctx, wrong, Edit{Actor: "person:ann"}); !errors.Is(err, fault.Invalid) {
				t.Errorf("%v: %v", wrong, err)
			}
		}
		if _, err := inv.StateEach(ctx, map[string]map[fact.Attr]string{a: {fact.Room: "1"}, "nothing": {fact.Room: "2"}}, Edit{Actor: "person:ann"}); !errors.Is(err, fault.NotFound) {
			t.Errorf("one of two is not there: %v", err)
		}
		if got := theOne(t, inv, "serial=0471125").Get(fact.Room); got != "" {
			t.Errorf("half of it was done: room %q", got)
		}
	})
}

// TestStateEndsQueues holds that a person's word on the lifecycle state answers the queues that ask what became of
// a device, and that a later disappearance asks again.
func TestStateEndsQueues(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "dhcp", "dhcp", row("dhcp", "l-1", 1, "mac", "00:12:21:aa:bb:01", "ip", "10.0.0.1", "hostname", "stray"))
		twoRows := []fact.Record{
			row("tms", "CE-1", 1, "control_number", "CE-1", "mac", "00:12:21:aa:bb:02"),
			row("tms", "CE-2", 2, "control_number", "CE-2", "serial", "ASLM-0001")}
		bring(t, inv, "tms", "cmms", twoRows...)
		bring(t, inv, "tms", "cmms", twoRows[0])
		for question, queue := range map[string]Flags{"hostname=stray": FlagUnrecorded, "control_number=CE-1": FlagUnseen, "control_number=CE-2": FlagAbsent} {
			d := theOne(t, inv, question)
			if d.Flags&queue == 0 {
				t.Fatalf("%s is not in its queue: %v", question, d.Flags.Names())
			}
			if err := inv.State(ctx, Edit{Device: d.ID, Actor: "person:ann", Values: map[fact.Attr]string{fact.Owner: "Biomed"}}); err != nil {
				t.Fatal(err)
			}
			if theOne(t, inv, question).Flags&queue == 0 {
				t.Errorf("%s: an owner alone does not say what became of it", question)
			}
			if err := inv.State(ctx, Edit{Device: d.ID, Actor: "person:ann", Values: map[fact.Attr]string{fact.Status: "in-service"}}); err != nil {
				t.Fatal(err)
			}
			if d := theOne(t, inv, question); d.Flags&queue != 0 {
				t.Errorf("%s is in its queue still: %v", question, d.Flags.Names())
			}
		}
		bring(t, inv, "tms", "cmms", twoRows...)
		bring(t, inv, "tms", "cmms", twoRows[0])
		if d := theOne(t, inv, "control_number=CE-2"); d.Flags&FlagAbsent == 0 {
			t.Errorf("it came back and went again, and nobody is asked: %v", d.Flags.Names())
		}
	})
}

// TestPairFlags holds that both halves of a pair are in the queue, and that both leave it by one answer.
func TestPairFlags(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "tms", "cmms", row("tms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "Dell", "mac", "02:00:5e:00:00:01"))
		bring(t, inv, "snow", "cmdb", row("snow", "A-1", 1, "asset_tag", "A-1", "manufacturer", "Dell", "mac", "02:00:5e:00:00:01"))
		both := func(want bool) {
			t.Helper()
			for _, q := range []string{"control_number=CE-1", "asset_tag=A-1"} {
				if d := theOne(t, inv, q); (d.Flags&FlagDuplicate != 0) != want {
					t.Errorf("%s: in the queue is %v", q, !want)
				}
			}
		}
		both(true)
		a, b := theOne(t, inv, "control_number=CE-1").ID, theOne(t, inv, "asset_tag=A-1").ID
		if err := inv.Decide(ctx, Answer{A: a, B: b, Actor: "ann"}); err != nil {
			t.Fatal(err)
		}
		both(false)
		if err := inv.Undecide(ctx, a, b, "ann"); err != nil {
			t.Fatal(err)
		}
		both(true)
		run := bring(t, inv, "snow2", "cmdb", row("snow2", "A-9", 1, "asset_tag", "A-9", "manufacturer", "Dell", "hostname", "w-1"))
		if _, err := inv.Undo(ctx, run.ID, "ann"); err != nil {
			t.Fatal(err)
		}
		both(true)
	})
}

func TestPairs(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		bring(t, inv, "tms", "cmms",
			row("tms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "Draeger", "model", "Evita V500", "serial", "ASLM-0012", "mac", "02:00:5e:00:00:01", "department", "ICU", "site", "East"),
			row("tms", "CE-9", 2, "control_number", "CE-9", "manufacturer", "Draeger", "model", "Evita V500", "serial", "ASLM-0099", "mac", "02:00:5e:00:00:09", "department", "OR", "site", "West"))
		bring(t, inv, "snow", "cmdb",
			row("snow", "A-1", 1, "asset_tag", "A-1", "manufacturer", "Draeger", "model", "Evita V500", "mac", "02:00:5e:00:00:01", "department", "ICU", "site", "East"),
			row("snow", "A-9", 2, "asset_tag", "A-9", "manufacturer", "Draeger", "model", "Evita V500", "mac", "02:00:5e:00:00:09", "department", "ICU", "site", "East"))
		err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
			all, n, err := inv.Pairs(tx, PairQuery{Limit: 10})
			if err != nil {
				return err
			}
			old, err := inv.Duplicates(tx, 10)
			if err != nil {
				return err
			}
			if n == 0 || len(all) != n || n > len(old) {
				t.Errorf("%d of %d pairs; %d proposals", len(all), n, len(old))
			}
			for _, d := range all {
				if d.A.Flags&FlagDuplicate == 0 || d.B.Flags&FlagDuplicate == 0 {
					t.Errorf("of %s and %s one is not in the queue", d.A.Name, d.B.Name)
				}
				if d.A.ID == d.B.ID || len(d.Because) == 0 {
					t.Errorf("a pair is %+v", d)
				}
			}
			mine, m, err := inv.Pairs(tx, PairQuery{Sites: []string{"east"}, Departments: []string{"ICU"}, Limit: 10})
			if err != nil {
				return err
			}
			if m >= n || len(mine) != m {
				t.Errorf("%d pairs inside of the scope, %d in all", m, n)
			}
			for _, d := range mine {
				for _, r := range []*Row{d.A, d.B} {
					if site, department := r.Place(); site != "East" || department != "ICU" {
						t.Errorf("%s of %s, %s is outside of the scope", r.Name, site, department)
					}
				}
			}
			rest, _, err := inv.Pairs(tx, PairQuery{Limit: 10, Skip: 1})
			if err != nil {
				return err
			}
			if len(rest) != n-1 {
				t.Errorf("%d pairs after the first of %d", len(rest), n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
