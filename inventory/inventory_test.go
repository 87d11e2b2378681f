package inventory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pons/audit"
	"pons/fact"
	"pons/fault"
	"pons/product"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var catalog = product.Default()

// clock is a test's time: it moves a minute at each look.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { c.t = c.t.Add(time.Minute); return c.t }

func onBoth(t *testing.T, body func(t *testing.T, inv *Inventory)) {
	t.Helper()
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), Schema()}, func(t *testing.T, db *sqldb.DB) {
		c := &clock{noon}
		body(t, New(db, catalog, c.now))
	})
}

// row makes a record of one row: pairs of attribute and value.
func row(source, key string, n int, pairs ...string) fact.Record {
	r := fact.Record{Source: fact.Source(source), Subject: fact.Key{Kind: "row", Value: key}, File: source + ".csv", Row: n}
	for i := 0; i < len(pairs); i += 2 {
		r.Facts = append(r.Facts, fact.Fact{Attr: fact.Attr(pairs[i]), Value: pairs[i+1], Because: "column " + pairs[i]})
	}
	return r
}

func each(records ...fact.Record) iter.Seq2[fact.Record, error] {
	return func(yield func(fact.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func bring(t *testing.T, inv *Inventory, source, kind string, records ...fact.Record) Run {
	t.Helper()
	run, err := inv.Import(context.Background(), Import{Source: source, Kind: kind, File: source + ".csv", Actor: "ann", Whole: true, Records: each(records...)})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// dump writes the inventory as text without ids and revisions: one line a device, its records and winners.
func dump(t *testing.T, inv *Inventory) string {
	t.Helper()
	var lines []string
	err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
		for d, err := range inv.All(tx) {
			if err != nil {
				return err
			}
			lines = append(lines, line(d))
			row, err := inv.Rows(tx, []string{d.ID})
			if err != nil {
				return err
			}
			fresh := rowOf(d)
			if row[0].text != fresh.text || row[0].Sources != fresh.Sources || row[0].Conflicts != fresh.Conflicts {
				return fmt.Errorf("stored row of %s is not what its records say:\n%v\n%v", d.ID, row[0].text, fresh.text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func line(d *Device) string {
	var b strings.Builder
	for i, r := range d.Records {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(r.Name())
		if !r.Absent.IsZero() {
			b.WriteString("(absent)")
		}
	}
	b.WriteString(":")
	for i := range d.Values {
		v := &d.Values[i]
		if v.All != nil {
			all := slices.Clone(v.All)
			slices.Sort(all)
			fmt.Fprintf(&b, " %s=%s", v.Attr, strings.Join(all, ","))
		} else {
			fmt.Fprintf(&b, " %s=%s", v.Attr, v.Value)
		}
		if v.Conflict {
			b.WriteByte('!')
		}
	}
	return b.String()
}

var (
	pumpCMMS = row("cmms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "BBRAUN", "model", "Infusomat Space", "serial", "O0471125", "department", "ICU 3", "mac", "00:12:21:aa:bb:cc")
	pumpCMDB = row("cmdb", "A1", 1, "asset_tag", "A1", "manufacturer", "B. Braun", "model", "8713050U", "serial", "471125", "hostname", "PUMP-1", "technical_owner", "Network")
	pumpDHCP = row("dhcp", "00:12:21:aa:bb:cc", 1, "mac", "00:12:21:aa:bb:cc", "ip", "10.31.0.9", "hostname", "PUMP-1", "last_seen", "2026-03-01T09:00:00Z")
	scanCMMS = row("cmms", "CE-2", 2, "control_number", "CE-2", "manufacturer", "GE Medical Systems", "model", "LOGIQ E9", "serial", "US123456", "department", "Radiology")
)

func TestThreeSourcesOneDevice(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		run := bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		if run.Created != 2 || run.Rows != 2 {
			t.Errorf("first import: %+v", run)
		}
		if run := bring(t, inv, "cmdb", "cmdb", pumpCMDB); run.Updated != 1 || run.Created != 0 {
			t.Errorf("second import: %+v", run)
		}
		bring(t, inv, "dhcp", "dhcp", pumpDHCP)
		got := dump(t, inv)
		if n := strings.Count(got, "\n") + 1; n != 2 {
			t.Fatalf("%d devices:\n%s", n, got)
		}
		for _, want := range []string{"cmdb/A1 cmms/CE-1 dhcp/00:12:21:aa:bb:cc:", "manufacturer=B. Braun ", "model=Infusomat Space ", "class=infusion-pump ", "category=medical", "technical_owner=Network"} {
			if !strings.Contains(got, want) {
				t.Errorf("missing %q in\n%s", want, got)
			}
		}
	})
}

func TestRepeatChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		before := dump(t, inv)
		run := bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		if run.Unchanged != 2 || run.Created+run.Updated+run.Conflict != 0 {
			t.Errorf("repeated import: %+v", run)
		}
		if after := dump(t, inv); after != before {
			t.Errorf("repeating changed\n%s\n--\n%s", before, after)
		}
	})
}

func TestDryRunWritesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		bring(t, inv, "cmms", "cmms", pumpCMMS)
		before := dump(t, inv)
		var seen []RowResult
		run, err := inv.Import(context.Background(), Import{Source: "cmdb", Kind: "cmdb", File: "cmdb.csv", Actor: "ann", DryRun: true, Records: each(pumpCMDB, scanCMMS),
			Each: func(r RowResult) { seen = append(seen, r) }})
		if err != nil {
			t.Fatal(err)
		}
		if run.Updated != 1 || run.Created != 1 || len(seen) != 2 {
			t.Errorf("dry run: %+v %+v", run, seen)
		}
		if after := dump(t, inv); after != before {
			t.Errorf("dry run changed\n%s\n--\n%s", before, after)
		}
	})
}

func TestAbsenceMarksAndNeverDeletes(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		run := bring(t, inv, "cmms", "cmms", pumpCMMS)
		if run.Absent != 1 {
			t.Errorf("absent %d, want 1", run.Absent)
		}
		if got := dump(t, inv); !strings.Contains(got, "cmms/CE-2(absent)") {
			t.Errorf("not marked:\n%s", got)
		}
		if _, err := inv.Undo(context.Background(), run.ID, "ann"); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, inv); strings.Contains(got, "(absent)") {
			t.Errorf("undo left it marked:\n%s", got)
		}
		bring(t, inv, "cmms", "cmms", pumpCMMS)
		back := bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		if got := dump(t, inv); strings.Contains(got, "(absent)") {
			t.Errorf("coming back left it marked:\n%s", got)
		}
		if _, err := inv.Undo(context.Background(), back.ID, "ann"); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, inv); !strings.Contains(got, "cmms/CE-2(absent)") {
			t.Errorf("undo of the import that brought it back must miss it again:\n%s", got)
		}
	})
}

func TestUndo(t *testing.T) {
	moved := row("cmms", "CE-1", 1, "control_number", "CE-1", "manufacturer", "BBRAUN", "model", "Infusomat Space", "serial", "O0471125", "department", "ICU 4", "mac", "00:12:21:aa:bb:cc")
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		undo := func(id int64) {
			t.Helper()
			if _, err := inv.Undo(ctx, id, "ann"); err != nil {
				t.Fatal(err)
			}
		}
		bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		first := dump(t, inv)
		second := bring(t, inv, "cmms", "cmms", moved, scanCMMS)
		third := bring(t, inv, "cmdb", "cmdb", pumpCMDB)
		undo(second.ID)
		if got := dump(t, inv); !strings.Contains(got, "department=ICU 3") || !strings.Contains(got, "cmdb/A1 cmms/CE-1") {
			t.Errorf("undo below a later import:\n%s", got)
		}
		undo(third.ID)
		if got := dump(t, inv); got != first {
			t.Errorf("undo of all later imports:\n%s\nwant\n%s", got, first)
		}
		if _, err := inv.Undo(ctx, third.ID, "ann"); !errors.Is(err, fault.Conflict) {
			t.Errorf("second undo: %v", err)
		}
		if _, err := inv.Undo(ctx, 99, "ann"); !errors.Is(err, fault.NotFound) {
			t.Errorf("undo of nothing: %v", err)
		}
	})
}

func TestUndoKeepsWhatALaterRunRepeated(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		one := bring(t, inv, "cmms", "cmms", pumpCMMS)
		two := bring(t, inv, "cmms", "cmms", pumpCMMS)
		for i, id := range []int64{one.ID, two.ID} {
			if _, err := inv.Undo(context.Background(), id, "ann"); err != nil {
				t.Fatal(err)
			}
			if got := dump(t, inv); (got != "") != (i == 0) {
				t.Errorf("after %d undone: %q", i+1, got)
			}
		}
	})
}

func TestPersonsWordWinsAndFollows(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", pumpCMMS)
		id := onlyDevice(t, inv)
		if err := inv.State(ctx, Edit{Device: id, Actor: "ann", Values: map[fact.Attr]string{fact.Department: "ICU 9", "custom.zone": "B"}, Why: "moved today"}); err != nil {
			t.Fatal(err)
		}
		bring(t, inv, "cmdb", "cmdb", pumpCMDB)
		bring(t, inv, "cmms", "cmms", pumpCMMS)
		if got := dump(t, inv); !strings.Contains(got, "department=ICU 9 ") || !strings.Contains(got, "custom.zone=B") {
			t.Errorf("a person's word is gone:\n%s", got)
		}
		if err := inv.State(ctx, Edit{Device: id, Actor: "ann", Values: map[fact.Attr]string{fact.Department: ""}}); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, inv); !strings.Contains(got, "department=ICU 3 ") {
			t.Errorf("taking it back:\n%s", got)
		}
		for attr, bad := range map[fact.Attr]string{fact.Status: "lost", fact.AcquiredOn: "12/13/2020", "nonsense": "x", fact.LifeSupport: "maybe"} {
			if err := inv.State(ctx, Edit{Device: id, Actor: "ann", Values: map[fact.Attr]string{attr: bad}}); !errors.Is(err, fault.Invalid) {
				t.Errorf("%s=%s: %v", attr, bad, err)
			}
		}
	})
}

func onlyDevice(t *testing.T, inv *Inventory) string {
	t.Helper()
	var ids []string
	err := inv.db.View(context.Background(), func(tx *sqldb.Tx) (err error) {
		ids, err = strings1(tx, "SELECT id FROM inventory_device ORDER BY id")
		return err
	})
	if err != nil || len(ids) != 1 {
		t.Fatalf("devices %v, %v", ids, err)
	}
	return ids[0]
}

func TestMergeAndSplitAreReversible(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		apart := dump(t, inv)
		var ids []string
		inv.db.View(ctx, func(tx *sqldb.Tx) (err error) {
			ids, err = strings1(tx, "SELECT id FROM inventory_device ORDER BY id")
			return err
		})
		if err := inv.Decide(ctx, Answer{A: ids[0], B: ids[1], Same: true, Actor: "ann", Why: "one cart"}); err != nil {
			t.Fatal(err)
		}
		one := onlyDevice(t, inv)
		bring(t, inv, "cmms", "cmms", pumpCMMS, scanCMMS)
		onlyDevice(t, inv)
		if err := inv.Undecide(ctx, one, one, "ann"); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, inv); got != apart {
			t.Errorf("undecided:\n%s\nwant\n%s", got, apart)
		}
		var again []string
		inv.db.View(ctx, func(tx *sqldb.Tx) (err error) {
			again, err = strings1(tx, "SELECT id FROM inventory_device ORDER BY id")
			return err
		})
		if !slices.Equal(ids, again) {
			t.Errorf("ids %v, before the merge %v", again, ids)
		}
		bring(t, inv, "cmdb", "cmdb", pumpCMDB)
		err := inv.db.View(ctx, func(tx *sqldb.Tx) error {
			d, err := inv.Get(tx, ids[0])
			if err != nil {
				return err
			}
			if len(d.Records) != 2 {
				t.Fatalf("records %d", len(d.Records))
			}
			history, err := inv.History(tx, ids[0], 10)
			if err == nil && len(history) < 3 {
				t.Errorf("history %+v", history)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var cmdb int64
		inv.db.View(ctx, func(tx *sqldb.Tx) error {
			return tx.QueryRow("SELECT id FROM inventory_record WHERE source = 'cmdb'").Scan(&cmdb)
		})
		if err := inv.Split(ctx, ids[0], []int64{cmdb}, "ann", "another pump"); err != nil {
			t.Fatal(err)
		}
		bring(t, inv, "cmdb", "cmdb", pumpCMDB)
		if got := dump(t, inv); strings.Contains(got, "cmdb/A1 cmms/CE-1") {
			t.Errorf("the split did not outlive an import:\n%s", got)
		}
	})
}

func TestConflict(t *testing.T) {
	other := row("cmdb", "A1", 1, "asset_tag", "A1", "serial", "471125", "manufacturer", "B. Braun", "mac", "00:12:21:aa:bb:cc", "department", "Lab")
	onBoth(t, func(t *testing.T, inv *Inventory) {
		bring(t, inv, "cmms", "cmms", pumpCMMS)
		run := bring(t, inv, "cmdb", "cmdb", other)
		if run.Conflict != 1 {
			t.Errorf("%+v", run)
		}
		id := onlyDevice(t, inv)
		inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
			d, err := inv.Get(tx, id)
			if err != nil {
				t.Fatal(err)
			}
			v := d.Value(fact.Department)
			if v == nil || !v.Conflict || v.Value != "ICU 3" || len(v.Lost) != 1 || v.Lost[0].Value != "Lab" {
				t.Errorf("department %+v", v)
			}
			if d.Flags&FlagConflict == 0 {
				t.Error("not in the queue")
			}
			return nil
		})
	})
}

func TestAFailingImportLeavesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		broken := errors.New("the file broke at byte 7")
		_, err := inv.Import(context.Background(), Import{Source: "cmms", Kind: "cmms", File: "x", Records: func(yield func(fact.Record, error) bool) {
			if yield(pumpCMMS, nil) {
				yield(fact.Record{}, broken)
			}
		}})
		if !errors.Is(err, broken) {
			t.Fatalf("error %v", err)
		}
		if got := dump(t, inv); got != "" {
			t.Errorf("left behind:\n%s", got)
		}
	})
}

// TestOrderOfImportsDoesNotMatter holds the invariant on the stored inventory: records of three sources cut into
// imports in any order, repeated or not, make the devices that Reconcile makes of the whole set.
func TestOrderOfImportsDoesNotMatter(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), Schema()}, func(t *testing.T, db *sqldb.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			clearTables(t, db)
			c := &clock{noon}
			inv := New(db, catalog, c.now)
			records := drawRecords(rt)
			want, _ := Reconcile(catalog, nil, fact.Source.Kind, records, nil)
			var lines []string
			for _, d := range want {
				lines = append(lines, line(d))
			}
			slices.Sort(lines)
			shuffled := slices.Clone(records)
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 7))
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			shuffled = append(shuffled, shuffled[:rapid.IntRange(0, len(shuffled)).Draw(rt, "again")]...)
			for len(shuffled) > 0 {
				n := rapid.IntRange(1, len(shuffled)).Draw(rt, "cut")
				by := map[string][]fact.Record{}
				for _, rec := range shuffled[:n] {
					by[string(rec.Source)] = append(by[string(rec.Source)], rec)
				}
				for _, source := range []string{"cmms", "cmdb", "dhcp"} {
					if _, err := inv.Import(context.Background(), Import{Source: source, Kind: source, File: "f", At: noon, Records: each(by[source]...)}); err != nil {
						t.Fatal(err)
					}
				}
				shuffled = shuffled[n:]
			}
			if got := dump(t, inv); got != strings.Join(lines, "\n") {
				rt.Fatalf("stored\n%s\n\nreconciled\n%s", got, strings.Join(lines, "\n"))
			}
		})
	})
}

func clearTables(t *testing.T, db *sqldb.DB) {
	t.Helper()
	_, err := db.Update(context.Background(), func(tx *sqldb.Tx) error {
		for _, table := range []string{"source", "run", "record", "statement", "key", "device", "gone", "change", "decision", "proposal", "precedence", "catalog", "custom", "edit", "part", "rule_pack", "rule_key"} {
			if _, err := tx.Exec("DELETE FROM inventory_" + table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// drawRecords makes a small, densely connected set of rows: few values, so that keys collide.
func drawRecords(rt *rapid.T) []fact.Record {
	var out []fact.Record
	n := rapid.IntRange(1, 12).Draw(rt, "rows")
	for i := range n {
		source := rapid.SampledFrom([]string{"cmms", "cmdb", "dhcp"}).Draw(rt, "source")
		pairs := []string{}
		add := func(attr fact.Attr, values ...string) {
			if v := rapid.SampledFrom(append(values, "", "")).Draw(rt, string(attr)); v != "" {
				pairs = append(pairs, string(attr), v)
			}
		}
		add(fact.MAC, "00:12:21:00:00:01", "00:12:21:00:00:02", "02:12:21:00:00:03")
		add(fact.Hostname, "pump-1", "pump-2", "pump-3")
		add(fact.IP, "10.0.0.1", "10.0.0.2")
		if source != "dhcp" {
			add(fact.Serial, "SN123456", "SN654321", "0012345678")
			add(fact.Manufacturer, "B. Braun", "Philips")
			add(fact.Model, "Infusomat Space", "IntelliVue MX800")
			add(fact.Department, "ICU", "Lab")
		}
		r := row(source, fmt.Sprintf("%s-%d", source, i), i, pairs...)
		r.At = noon
		out = append(out, r)
	}
	return out
}

func TestStatementsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var said []Statement
		for range rapid.IntRange(0, 9).Draw(t, "n") {
			s := Statement{Attr: fact.Attr(rapid.SampledFrom([]string{"serial", "mac", "dhcp.hostname", "custom.x"}).Draw(t, "attr")), Value: rapid.String().Draw(t, "value"),
				Source: fact.Source(rapid.SampledFrom([]string{"", "oui", "wire:dhcp"}).Draw(t, "source")), Trust: float64(rapid.IntRange(0, 100).Draw(t, "trust")) / 100,
				Because: rapid.SampledFrom([]string{"", "column X", "option 12, frame 3", "column X: raw"}).Draw(t, "because"),
				Raw:     rapid.SampledFrom([]string{"", "raw", "RAW"}).Draw(t, "raw"), Derived: rapid.Bool().Draw(t, "derived")}
			if rapid.Bool().Draw(t, "at") {
				s.At = time.UnixMicro(rapid.Int64Range(1, 1<<52).Draw(t, "us")).UTC()
			}
			said = append(said, s)
		}
		got, err := decodeSaid(encodeSaid(said))
		if err != nil || !slices.Equal(got, said) {
			t.Fatalf("%v %v, want %v", got, err, said)
		}
	})
}

func FuzzDecodeSaid(f *testing.F) {
	f.Add(encodeSaid([]Statement{{Attr: fact.Serial, Value: "1", Because: "column x"}}))
	f.Fuzz(func(t *testing.T, body []byte) { decodeSaid(body) })
}

func TestWordsThatNameNoClassAreADescription(t *testing.T) {
	n := NewNormalizer(catalog)
	for value, want := range map[string]Statement{
		"infusion-pump":   {Attr: fact.Class, Value: "infusion-pump"},
		"PUMP, INFUSION":  {Attr: fact.Class, Value: "infusion-pump"},
		"Zebra-Device":    {Attr: fact.Description, Value: "Zebra-Device"},
		"Profiled-Unsure": {Attr: fact.Description, Value: "Profiled-Unsure"},
	} {
		r := row("nac", "x", 1, "class", value)
		got := n.Statements("nac", &r)
		if len(got) != 1 || got[0].Attr != want.Attr || got[0].Value != want.Value {
			t.Errorf("%q: %+v, want %s=%s", value, got, want.Attr, want.Value)
		}
	}
}

// TestAsWritten holds that normalised statements give back what the source said, so that another catalogue can be
// asked later: normalising what asWritten returns changes nothing.
func TestAsWritten(t *testing.T) {
	n := NewNormalizer(catalog)
	wire := fact.Record{Source: "wire", Subject: fact.Host("00:09:fb:00:00:01", ""), Facts: []fact.Fact{
		{Attr: "dhcp.hostname", Value: "MX800-1", Source: "wire:dhcp", Because: "option 12"}, {Attr: "dicom.manufacturer", Value: "PHILIPS", Source: "wire:dicom"},
		{Attr: "dicom.model", Value: "EPIQ 7C", Source: "wire:dicom"}, {Attr: fact.MAC, Value: "00:09:fb:00:00:01"}}}
	for kind, r := range map[string]fact.Record{"cmms": pumpCMMS, "cmdb": pumpCMDB, "dhcp": pumpDHCP, "wire": wire,
		"nac": row("nac", "x", 1, "class", "PUMP, INFUSION", "manufacturer", "Nobody Knows Ltd", "model", "X-1", "description", "thing")} {
		once := n.Statements(kind, &r)
		again := n.Statements(kind, &fact.Record{Source: r.Source, Facts: asWritten(once)})
		if !slices.Equal(once, again) {
			t.Errorf("%s:\n%+v\n%+v", kind, once, again)
		}
	}
}

func TestOwnCatalogNamesEverythingAnew(t *testing.T) {
	odd := row("cmms", "CE-7", 7, "control_number", "CE-7", "manufacturer", "Quokka Medizintechnik", "model", "QX-77 b", "serial", "QQ123456")
	other := row("cmdb", "A7", 7, "asset_tag", "A7", "manufacturer", "QMT", "model", "QX77", "serial", "QQ123456")
	own := "@makers\nQuokka | | Quokka Medizintechnik; QMT\n\n@models Quokka\nQX-77 | ventilator | | QX-77 b; QX77\n"
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", odd, pumpCMMS)
		bring(t, inv, "cmdb", "cmdb", other)
		before := dump(t, inv)
		if strings.Contains(before, "ventilator") {
			t.Fatalf("known before it is told:\n%s", before)
		}
		if _, err := inv.SetCatalog(ctx, CatalogEdit{Text: "@makers\nno bars here", Actor: "ann", Over: -1}); !errors.Is(err, fault.Invalid) {
			t.Errorf("a text that cannot be read: %v", err)
		}
		n, err := inv.SetCatalog(ctx, CatalogEdit{Text: own, Actor: "ann", Over: -1})
		if err != nil {
			t.Fatal(err)
		}
		after := dump(t, inv)
		if n != 2 || !strings.Contains(after, "manufacturer=Quokka ") || !strings.Contains(after, "class=ventilator") || strings.Contains(after, "class=ventilator!") {
			t.Errorf("%d records named anew:\n%s", n, after)
		}
		if run := bring(t, inv, "cmms", "cmms", odd, pumpCMMS); run.Unchanged != 2 {
			t.Errorf("the next import of the same file: %+v", run)
		}
		if _, err := inv.SetCatalog(ctx, CatalogEdit{Actor: "ann", Over: -1}); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, inv); got != before {
			t.Errorf("taking it back:\n%s\nwant\n%s", got, before)
		}
	})
}
