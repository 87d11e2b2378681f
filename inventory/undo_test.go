package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/sqldb"
)

func undo(t *testing.T, inv *Inventory, run Run) {
	t.Helper()
	if _, err := inv.Undo(context.Background(), run.ID, "ann"); err != nil {
		t.Fatal(err)
	}
}

// deviceOf is the id of the device that a record is on.
func deviceOf(t *testing.T, inv *Inventory, name string) string {
	t.Helper()
	var of map[string]string
	err := inv.db.View(context.Background(), func(tx *sqldb.Tx) (err error) {
		of, err = devicesNamed(tx, []string{name})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return of[name]
}

// host makes a record of a capture: what the wire showed of one MAC at an hour.
func host(mac string, hour int, pairs ...string) fact.Record {
	r := row("wire", "", 0, pairs...)
	r.Subject, r.File, r.At = fact.Host(mac, ""), "a.pcap", noon.Add(time.Duration(hour)*time.Hour)
	r.Facts = append(r.Facts, fact.Fact{Attr: fact.MAC, Value: mac})
	for i := range r.Facts {
		r.Facts[i].At = r.At
	}
	return r
}

func capture(t *testing.T, inv *Inventory, records ...fact.Record) Run {
	t.Helper()
	run, err := inv.Import(context.Background(), Import{Source: "wire", Kind: "wire", File: "a.pcap", Actor: "ann", Records: each(records...)})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestUndoOfAMergeLeavesThePersonsWord: an import joined two devices on which people had spoken; undone, both words are
// where they were and the ids are back.
func TestUndoOfAMergeLeavesThePersonsWord(t *testing.T) {
	bridge := row("itam", "T1", 1, "serial", "US123456", "manufacturer", "GE Healthcare", "mac", "00:12:21:aa:bb:cc")
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", row("cmms", "CE-1", 1, "control_number", "CE-1", "serial", "US123456", "manufacturer", "GE Healthcare"))
		bring(t, inv, "dhcp", "dhcp", row("dhcp", "m", 1, "mac", "00:12:21:aa:bb:cc"))
		ids := []string{deviceOf(t, inv, "cmms/CE-1"), deviceOf(t, inv, "dhcp/m")}
		for i, room := range []string{"A1", "B2"} {
			if err := inv.State(ctx, Edit{Device: ids[i], Actor: "ann", Values: map[fact.Attr]string{fact.Room: room}}); err != nil {
				t.Fatal(err)
			}
		}
		before := dump(t, inv)
		joined := bring(t, inv, "itam", "itam", bridge)
		one := onlyDevice(t, inv)
		if err := inv.State(ctx, Edit{Device: one, Actor: "bob", Values: map[fact.Attr]string{fact.Department: "Lab"}}); err != nil {
			t.Fatal(err)
		}
		undo(t, inv, joined)
		if got := []string{deviceOf(t, inv, "cmms/CE-1"), deviceOf(t, inv, "dhcp/m")}; !slices.Equal(got, ids) {
			t.Errorf("ids %v, before the merge %v", got, ids)
		}
		if got := strings.Replace(dump(t, inv), " department=Lab", "", 1); got != before {
			t.Errorf("after the undo\n%s\nbefore the import\n%s", got, before)
		}
	})
}

// TestAWordOutlivesItsRecord: a word goes to a record that is left when the one it hangs on is taken back; without any
// it sleeps, and comes back with the record and the device's id.
func TestAWordOutlivesItsRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		cmms := bring(t, inv, "cmms", "cmms", pumpCMMS)
		cmdb := bring(t, inv, "cmdb", "cmdb", pumpCMDB)
		id := onlyDevice(t, inv)
		if err := inv.State(ctx, Edit{Device: id, Actor: "ann", Values: map[fact.Attr]string{fact.Room: "A1", fact.Serial: "471125"}}); err != nil {
			t.Fatal(err)
		}
		undo(t, inv, cmms)
		if got := dump(t, inv); !strings.Contains(got, "cmdb/A1 person/cmdb/A1:") || !strings.Contains(got, "room=A1") {
			t.Errorf("the word is not with what is left:\n%s", got)
		}
		undo(t, inv, cmdb)
		if got := dump(t, inv); got != "" {
			t.Errorf("a device of words alone:\n%s", got)
		}
		bring(t, inv, "cmms", "cmms", row("cmms", "CE-9", 1, "serial", "471125", "manufacturer", "B. Braun"))
		if got := dump(t, inv); strings.Contains(got, "room=A1") {
			t.Errorf("a word that sleeps spoke of another device:\n%s", got)
		}
		bring(t, inv, "cmdb", "cmdb", pumpCMDB)
		if got := dump(t, inv); !strings.Contains(got, "person/cmdb/A1") || !strings.Contains(got, "room=A1") {
			t.Errorf("the word did not wake:\n%s", got)
		}
	})
}

func TestTheIDComesBackWithASleepingWord(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		run := bring(t, inv, "cmms", "cmms", pumpCMMS)
		id := onlyDevice(t, inv)
		if err := inv.State(context.Background(), Edit{Device: id, Actor: "ann", Values: map[fact.Attr]string{fact.Room: "A1"}}); err != nil {
			t.Fatal(err)
		}
		undo(t, inv, run)
		bring(t, inv, "cmms", "cmms", pumpCMMS)
		if got := onlyDevice(t, inv); got != id {
			t.Errorf("id %s, before %s", got, id)
		}
	})
}

// TestUndoOfOverlappingCaptures: each capture's part stands until that capture is undone, also the part of one that
// showed nothing new.
func TestUndoOfOverlappingCaptures(t *testing.T) {
	const mac = "00:12:21:aa:bb:cc"
	hours := map[string][]fact.Record{
		"names":  {host(mac, 3, "dhcp.hostname", "pump-1", string(fact.IP), "10.0.0.1")},
		"repeat": {host(mac, 1, string(fact.IP), "10.0.0.1")},
		"other":  {host(mac, 2, string(fact.IP), "10.0.0.2", "dicom.manufacturer", "PHILIPS")},
	}
	names := slices.Sorted(maps.Keys(hours))
	onBoth(t, func(t *testing.T, inv *Inventory) {
		for first := range names {
			for second := range names {
				if first == second {
					continue
				}
				clearTables(t, inv.db)
				var runs []Run
				for _, name := range []string{"names", "repeat", "other"} {
					runs = append(runs, capture(t, inv, hours[name]...))
				}
				order := []string{"names", "repeat", "other"}
				undo(t, inv, runs[first])
				undo(t, inv, runs[second])
				got := dump(t, inv)
				clearTables(t, inv.db)
				capture(t, inv, hours[order[3-first-second]]...)
				if want := dump(t, inv); got != want {
					t.Errorf("undone %s and %s:\n%s\nwant\n%s", order[first], order[second], got, want)
				}
			}
		}
	})
}

// TestAKeyTwiceInALongFile: rows of one key far apart in one file are as if they stood side by side.
func TestAKeyTwiceInALongFile(t *testing.T) {
	inv := inventories(t, 1)()
	long := func(source string, first, last fact.Record) []fact.Record {
		out := []fact.Record{first}
		for i := range batch {
			out = append(out, row(source, fmt.Sprintf("k%d", i), i+2, "notes", fmt.Sprint(i)))
		}
		return append(out, last)
	}
	a, b := row("cmms", "CE-1", 1, "department", "ICU"), row("cmms", "CE-1", batch+2, "department", "Lab")
	said := func() string {
		var d *Device
		id := deviceOf(t, inv, "cmms/CE-1")
		err := inv.db.View(context.Background(), func(tx *sqldb.Tx) (err error) { d, err = inv.Get(tx, id); return err })
		if err != nil {
			t.Fatal(err)
		}
		return line(d)
	}
	bring(t, inv, "cmms", "cmms", a, b)
	want := said()
	for _, rows := range [][]fact.Record{long("cmms", a, b), long("cmms", b, a), long("cmms", b, a)} {
		bring(t, inv, "cmms", "cmms", rows...)
		if got := said(); got != want {
			t.Errorf("in a long file %s, side by side %s", got, want)
		}
	}

	const mac = "00:12:21:aa:bb:cc"
	rest := long("wire", host(mac, 1, "dhcp.hostname", "pump-1"), host(mac, 2, string(fact.IP), "10.0.0.1"))
	capture(t, inv, rest...)
	undo(t, inv, capture(t, inv, host(mac, 3, string(fact.IP), "10.0.0.9")))
	var got *Device
	id := deviceOf(t, inv, "wire/"+fact.Host(mac, "").Value)
	if err := inv.db.View(context.Background(), func(tx *sqldb.Tx) (err error) { got, err = inv.Get(tx, id); return err }); err != nil {
		t.Fatal(err)
	}
	if s := line(got); !strings.Contains(s, "hostname=pump-1") || !strings.Contains(s, "ip=10.0.0.1 ") && !strings.HasSuffix(s, "ip=10.0.0.1") {
		t.Errorf("of a host twice in one capture is left: %s", s)
	}
}

// TestAListOfNothing: a file without a readable row says of nothing that it is missing.
func TestAListOfNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		bring(t, inv, "cmms", "cmms", pumpCMMS)
		want := dump(t, inv)
		rejected := func(yield func(fact.Record, error) bool) { yield(fact.Record{}, rejection{}) }
		for _, at := range []time.Time{{}, noon.AddDate(0, 1, 0)} {
			run, err := inv.Import(context.Background(), Import{Source: "cmms", Kind: "cmms", File: "x", Whole: true, At: at, Records: rejected})
			if err != nil || run.Rejected != 1 || run.Absent != 0 {
				t.Errorf("%+v %v", run, err)
			}
		}
		bring(t, inv, "cmms", "cmms", pumpCMMS) // of an earlier day than the empty list
		if got := dump(t, inv); got != want {
			t.Errorf("\n%s\nwant\n%s", got, want)
		}
	})
}

type rejection struct{}

func (rejection) Error() string { return "row 1: no key" }
func (rejection) Place() (file string, row int, column, reason string) {
	return "x", 1, "", "no key"
}

// TestCrowdBothWays: a key that crosses the line of Crowded holders, up and down, import by import, gives what all at
// once gives.
func TestCrowdBothWays(t *testing.T) {
	list := func(source string, from, to int, name string) (out []fact.Record) {
		for i := from; i < to; i++ {
			r := row(source, fmt.Sprint(i), i, "hostname", name, "ip", fmt.Sprintf("10.0.0.%d", i))
			r.At = noon
			out = append(out, r)
		}
		return out
	}
	onBoth(t, func(t *testing.T, inv *Inventory) {
		check := func(what string, records ...fact.Record) {
			t.Helper()
			devices, _ := Reconcile(catalog, nil, fact.Source.Kind, records, nil)
			var lines []string
			for _, d := range devices {
				lines = append(lines, line(d))
			}
			slices.Sort(lines)
			if got, want := dump(t, inv), strings.Join(lines, "\n"); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
			}
		}
		part := func(source string, rows []fact.Record) Run {
			run, err := inv.Import(context.Background(), Import{Source: source, Kind: source, File: "f", At: noon, Records: each(rows...)})
			if err != nil {
				t.Fatal(err)
			}
			return run
		}
		a, b, c := list("cmms", 1, 31, "ward-pc"), list("cmdb", 1, 31, "ward-pc"), list("dhcp", 1, 4, "ward-pc")
		part("cmms", a)
		part("cmdb", b)
		check("60 holders", slices.Concat(a, b)...)
		crowd := part("dhcp", c)
		check("63 holders", slices.Concat(a, b, c)...)
		undo(t, inv, crowd)
		check("60 holders again", slices.Concat(a, b)...)
		part("dhcp", c[:1])
		check("61 holders", slices.Concat(a, b, c[:1])...)
		renamed := list("dhcp", 1, 2, "ward-printer")
		part("dhcp", renamed)
		check("one was renamed", slices.Concat(a, b, renamed)...)
	})
}

// TestImportsAreInTheAuditLog holds that who imported and who undid is in the hash-chained log, and that a dry run is not.
func TestImportsAreInTheAuditLog(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		run := bring(t, inv, "cmms", "cmms", pumpCMMS)
		if _, err := inv.Import(ctx, Import{Source: "cmdb", Kind: "cmdb", File: "x", Actor: "ann", DryRun: true, Records: each(pumpCMDB)}); err != nil {
			t.Fatal(err)
		}
		if _, err := inv.Undo(ctx, run.ID, "bob"); err != nil {
			t.Fatal(err)
		}
		var got []string
		err := inv.db.View(ctx, func(tx *sqldb.Tx) error {
			rows, err := tx.Query("SELECT actor, verb FROM audit_entry ORDER BY seq")
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var actor, verb string
				if err := rows.Scan(&actor, &verb); err != nil {
					return err
				}
				got = append(got, actor+" "+verb)
			}
			return rows.Err()
		})
		if want := []string{"ann import.run", "bob import.undo"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("log %v, want %v (%v)", got, want, err)
		}
	})
}
