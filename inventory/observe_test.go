package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pons/audit"
	"pons/fact"
	"pons/fault"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// seen is what a session says of a host: mac or ip names it.
func seen(mac, ip string, at time.Time, pairs ...string) fact.Record {
	r := fact.Record{Subject: fact.Host(mac, ip), At: at}
	if mac != "" {
		pairs = append(pairs, "mac", mac)
	}
	if ip != "" {
		pairs = append(pairs, "ip", ip)
	}
	for i := 0; i < len(pairs); i += 2 {
		r.Facts = append(r.Facts, fact.Fact{Attr: fact.Attr(pairs[i]), Value: pairs[i+1], Source: "wire:test", At: at, Because: "frame 1"})
	}
	r.Facts = append(r.Facts, fact.Fact{Attr: fact.LastSeen, Value: at.Format(time.RFC3339), At: at})
	return r
}

// observe brings pieces of a session in, each in an Update of its own.
func observe(t interface{ Fatal(...any) }, inv *Inventory, source string, run int64, pieces ...Observation) int64 {
	for _, o := range pieces {
		o.Source, o.Session, o.Run, o.Actor = source, "session", run, "sensor test"
		if o.At.IsZero() {
			o.At = noon
		}
		_, err := inv.db.Update(context.Background(), func(tx *sqldb.Tx) (err error) {
			run, err = inv.Observe(tx, o)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return run
}

// asImports brings the last word of sessions in as one import each.
func asImports(t interface{ Fatal(...any) }, inv *Inventory, source string, sessions ...map[string]fact.Record) {
	for _, said := range sessions {
		var records []fact.Record
		for _, r := range said {
			records = append(records, r)
		}
		if len(records) == 0 {
			continue
		}
		if _, err := inv.Import(context.Background(), Import{Source: source, Kind: "wire", File: "x", Actor: "ann", At: noon, Records: each(records...)}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestObserveIsOneImport: however sessions are cut into pieces, repeated and interleaved, the inventory is the one that
// an import of each session's last words makes.
func TestObserveIsOneImport(t *testing.T) {
	macs := []string{"00:12:21:00:00:01", "00:12:21:00:00:02", "00:09:fb:00:00:03", ""}
	schemas := []sqldb.Schema{audit.Schema(), Schema()}
	sqldbtest.Run(t, schemas, func(t *testing.T, db *sqldb.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			sessions := make([]map[string]fact.Record, rapid.IntRange(1, 4).Draw(rt, "sessions"))
			runs := make([]int64, len(sessions))
			for i := range sessions {
				sessions[i] = map[string]fact.Record{}
			}
			clearTables(t, db)
			c := &clock{noon}
			inv := New(db, catalog, c.now)
			bringRapid := func() {
				if _, err := inv.Import(context.Background(), Import{Source: "cmms", Kind: "cmms", File: "c", Actor: "ann", At: noon, Records: each(
					row("cmms", "CE-1", 1, "control_number", "CE-1", "mac", macs[0], "serial", "S1"), row("cmms", "CE-2", 2, "control_number", "CE-2", "ip", "10.0.0.2"))}); err != nil {
					rt.Fatal(err)
				}
			}
			bringRapid()
			for n := range rapid.IntRange(1, 8).Draw(rt, "pieces") {
				at := noon.Add(time.Duration(n) * time.Minute)
				i := rapid.IntRange(0, len(sessions)-1).Draw(rt, "session")
				var o Observation
				for range rapid.IntRange(0, 3).Draw(rt, "records") {
					mac, ip := rapid.SampledFrom(macs).Draw(rt, "mac"), fmt.Sprintf("10.0.0.%d", rapid.IntRange(1, 3).Draw(rt, "ip"))
					r := seen(mac, ip, at, "dhcp.hostname", rapid.SampledFrom([]string{"a", "b", "pump-3"}).Draw(rt, "name"))
					if mac != "" {
						r.Subject = fact.Host(mac, "")
					}
					o.Records = append(o.Records, r)
					sessions[i][r.Subject.Value] = r
				}
				if rapid.Bool().Draw(rt, "gone") {
					key := fact.Host("", fmt.Sprintf("10.0.0.%d", rapid.IntRange(1, 3).Draw(rt, "goes")))
					stated := false
					for _, r := range o.Records {
						stated = stated || r.Subject == key
					}
					if !stated {
						o.Gone = append(o.Gone, key)
						delete(sessions[i], key.Value)
					}
				}
				runs[i] = observe(rt, inv, "wire:a", runs[i], o)
				if rapid.Bool().Draw(rt, "again") {
					runs[i] = observe(rt, inv, "wire:a", runs[i], o)
				}
			}
			got := dump(t, inv)
			clearTables(t, db)
			inv = New(db, catalog, c.now)
			bringRapid()
			asImports(rt, inv, "wire:a", sessions...)
			if want := dump(t, inv); got != want {
				rt.Fatalf("observed\n%s\nimported\n%s", got, want)
			}
		})
	})
}

// partsOf counts the parts that are kept of all records.
func partsOf(t *testing.T, inv *Inventory) (n int) {
	t.Helper()
	err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
		return tx.QueryRow("SELECT COUNT(*) FROM inventory_statement").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSessionsFold: months of sessions do not grow, say the same as if all were kept, and the latest can be undone
// one by one, the earlier ones as one.
func TestSessionsFold(t *testing.T) {
	const days = 3 * partsKept
	said := make([]map[string]fact.Record, days)
	for d := range said {
		r := seen("00:12:21:00:00:01", "", noon.AddDate(0, 0, d), "ip", fmt.Sprintf("10.0.0.%d", 1+d), "dhcp.hostname", fmt.Sprintf("pump-%d", d))
		said[d] = map[string]fact.Record{r.Subject.Value: r}
	}
	onBoth(t, func(t *testing.T, inv *Inventory) {
		var runs []int64
		for d := range said {
			var o Observation
			for _, r := range said[d] {
				o.Records, o.At = append(o.Records, r), r.At
			}
			runs = append(runs, observe(t, inv, "wire:a", 0, o))
			if n := partsOf(t, inv); n > partsKept+1 {
				t.Fatalf("after %d days %d parts", d+1, n)
			}
		}
		compare := func(when string, want ...map[string]fact.Record) {
			t.Helper()
			got := dump(t, inv)
			sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), Schema()}, func(t *testing.T, db *sqldb.DB) {
				other := New(db, catalog, (&clock{noon}).now)
				asImports(t, other, "wire:a", want...)
				if want := dump(t, other); got != want {
					t.Errorf("%s:\n%s\nwant\n%s", when, got, want)
				}
			})
		}
		compare("folded", said...)
		undo(t, inv, Run{ID: runs[days-1]})
		compare("the last undone", said[:days-1]...)
		_, err := inv.Undo(context.Background(), runs[2], "ann")
		if !errors.Is(err, fault.Conflict) || !strings.Contains(fmt.Sprint(err), "folded into the earlier sessions of wire:a") {
			t.Errorf("undo of a folded session: %v", err)
		}
		var fold int64
		if err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
			return tx.QueryRow("SELECT fold_run FROM inventory_source WHERE name = 'wire:a'").Scan(&fold)
		}); err != nil {
			t.Fatal(err)
		}
		undo(t, inv, Run{ID: fold})
		compare("the earlier ones undone", said[days-partsKept:days-1]...)
		next := seen("00:12:21:00:00:01", "", noon.AddDate(0, 0, days), "ip", "10.0.1.1")
		for range 2 * partsKept { // folding goes on, into another run
			observe(t, inv, "wire:a", 0, Observation{Records: []fact.Record{next}})
		}
		compare("folded anew", append(said[days-partsKept:days-1:days-1], map[string]fact.Record{next.Subject.Value: next})...)
	})
}

// TestFoldedValuesAreBounded: a host with another address in each session keeps the latest.
func TestFoldedValuesAreBounded(t *testing.T) {
	inv := New(sqldbtest.Open(t, []sqldb.Schema{audit.Schema(), Schema()}), catalog, (&clock{noon}).now)
	for d := range foldedValues + 3*partsKept {
		observe(t, inv, "wire:a", 0, Observation{Records: []fact.Record{seen("00:12:21:00:00:01", "", noon.AddDate(0, 0, d), "ip", fmt.Sprintf("10.0.%d.1", d))}})
	}
	got := dump(t, inv)
	if n := strings.Count(got, "10.0."); n < foldedValues || n > foldedValues+partsKept+1 {
		t.Errorf("%d addresses are kept", n)
	}
	if strings.Contains(got, "10.0.1.1") || !strings.Contains(got, fmt.Sprintf("10.0.%d.1", foldedValues+3*partsKept-1)) {
		t.Errorf("not the latest are kept:\n%s", got)
	}
}

// TestUndoneSessionBeginsAnew: undo takes a session back, and what it says after that is a run of its own.
func TestUndoneSessionBeginsAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		one := seen("00:12:21:00:00:01", "10.0.0.1", noon)
		one.Subject = fact.Host("00:12:21:00:00:01", "")
		run := observe(t, inv, "wire:a", 0, Observation{Records: []fact.Record{one}})
		undo(t, inv, Run{ID: run})
		if got := dump(t, inv); got != "" {
			t.Errorf("after the undo:\n%s", got)
		}
		if next := observe(t, inv, "wire:a", run, Observation{Records: []fact.Record{one}}); next == run || next == 0 {
			t.Errorf("run %d after %d was undone", next, run)
		}
		onlyDevice(t, inv)
	})
}

// TestAHostThatShowsItsMACStaysTheDevice: the id and a person's word follow a host from its address to its MAC, onto a new
// record and onto one that is there.
func TestAHostThatShowsItsMACStaysTheDevice(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		run := observe(t, inv, "wire:a", 0, Observation{Records: []fact.Record{seen("", "10.0.0.1", noon)}})
		id := onlyDevice(t, inv)
		if err := inv.State(ctx, Edit{Device: id, Actor: "ann", Values: map[fact.Attr]string{fact.Room: "A1"}}); err != nil {
			t.Fatal(err)
		}
		known := seen("00:12:21:00:00:01", "", noon, "ip", "10.0.0.1")
		run = observe(t, inv, "wire:a", run, Observation{Records: []fact.Record{known}, Gone: []fact.Key{fact.Host("", "10.0.0.1")}})
		if got := onlyDevice(t, inv); got != id {
			t.Errorf("device %s became %s", id, got)
		}
		if got := dump(t, inv); !strings.Contains(got, "room=A1") || strings.Contains(got, "|10.0.0.1") {
			t.Errorf("the word is lost, or the old key stays:\n%s", got)
		}
		// Another address turns out to be the same host's.
		run = observe(t, inv, "wire:a", run, Observation{Records: []fact.Record{seen("", "10.0.0.9", noon)}})
		other := deviceOf(t, inv, "wire:a/|10.0.0.9")
		known = seen("00:12:21:00:00:01", "", noon, "ip", "10.0.0.1", "ip", "10.0.0.9")
		observe(t, inv, "wire:a", run, Observation{Records: []fact.Record{known}, Gone: []fact.Key{fact.Host("", "10.0.0.9")}})
		if got := onlyDevice(t, inv); got != id {
			t.Errorf("device %s became %s", id, got)
		}
		err := inv.db.View(ctx, func(tx *sqldb.Tx) error {
			var heir string
			if err := tx.QueryRow("SELECT heir FROM inventory_gone WHERE id = $1", other).Scan(&heir); err != nil || heir != id {
				t.Errorf("the address led on to %q (%v), not to %s", heir, err, id)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestUndoOfEarlierSessions: the earlier sessions go as one, with what they alone heard, and each is named to who keeps
// more of them.
func TestUndoOfEarlierSessions(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		var runs []int64
		for d := range partsKept + 4 {
			at := noon.AddDate(0, 0, d)
			o := Observation{At: at, Records: []fact.Record{seen("00:12:21:00:00:01", "", at, "ip", fmt.Sprintf("10.0.0.%d", 1+d))}}
			if d == 1 { // a visitor
				o.Records = append(o.Records, seen("00:12:21:00:00:09", "", at))
			}
			runs = append(runs, observe(t, inv, "wire:a", 0, o))
		}
		var fold int64
		if err := inv.db.View(context.Background(), func(tx *sqldb.Tx) error {
			return tx.QueryRow("SELECT fold_run FROM inventory_source WHERE name = 'wire:a'").Scan(&fold)
		}); err != nil {
			t.Fatal(err)
		}
		var gone []int64
		if _, err := inv.Undo(context.Background(), fold, "ann", func(_ *sqldb.Tx, r Run) error { gone = append(gone, r.ID); return nil }); err != nil {
			t.Fatal(err)
		}
		if want := append(slices.Clone(runs[:4]), fold); !slices.Equal(gone, want) {
			t.Errorf("runs %v go, want %v", gone, want)
		}
		got := dump(t, inv)
		if strings.Contains(got, "00:12:21:00:00:09") || strings.Contains(got, "10.0.0.4,") || !strings.Contains(got, "10.0.0.5,") {
			t.Errorf("what is left:\n%s", got)
		}
		if _, err := inv.Undo(context.Background(), runs[1], "ann"); !errors.Is(err, fault.Conflict) {
			t.Errorf("a session undone with them, undone again: %v", err)
		}
	})
}

// TestAnAddressThatChangedHands: a host known by its address alone becomes the one that holds the address now, not one that
// held it before; also when the word that it is gone comes in a piece of its own.
func TestAnAddressThatChangedHands(t *testing.T) {
	for name, apart := range map[string]bool{"one piece": false, "pieces": true} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, inv *Inventory) {
				before := seen("00:12:21:00:00:01", "", noon, "ip", "10.0.0.1", "dhcp.hostname", "a")
				run := observe(t, inv, "wire:a", 0, Observation{Records: []fact.Record{seen("", "10.0.0.1", noon.Add(time.Hour), "dhcp.hostname", "b")}})
				id := deviceOf(t, inv, "wire:a/|10.0.0.1")
				if err := inv.State(context.Background(), Edit{Device: id, Actor: "ann", Values: map[fact.Attr]string{fact.Room: "B2"}}); err != nil {
					t.Fatal(err)
				}
				now := seen("00:12:21:00:00:02", "", noon.Add(2*time.Hour), "ip", "10.0.0.1", "dhcp.hostname", "b")
				pieces := []Observation{{Records: []fact.Record{before, now}, Gone: []fact.Key{fact.Host("", "10.0.0.1")}}}
				if apart {
					pieces = []Observation{{Records: []fact.Record{before, now}}, {Gone: []fact.Key{fact.Host("", "10.0.0.1")}}}
				}
				observe(t, inv, "wire:a", run, pieces...)
				got := dump(t, inv)
				if strings.Contains(got, "|10.0.0.1:") || !strings.Contains(got, "person/wire:a/00:12:21:00:00:02|") || !strings.Contains(got, "room=B2") {
					t.Errorf("%s:\n%s", name, got)
				}
			})
		})
	}
}

// TestPersonsDecisionsOutliveTheWire: what a person merged stays merged when the wire tells the two apart, what is disposed
// stays so when it is seen again, a device's room is a person's; and nothing in a piece is an error.
func TestPersonsDecisionsOutliveTheWire(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		one, two := seen("00:12:21:00:00:01", "", noon, "dicom.serial", "AAA1111"), seen("00:12:21:00:00:02", "", noon)
		run := observe(t, inv, "wire:a", 0, Observation{}, Observation{Records: []fact.Record{one, two}})
		if err := inv.Decide(ctx, Answer{A: deviceOf(t, inv, "wire:a/00:12:21:00:00:01|"), B: deviceOf(t, inv, "wire:a/00:12:21:00:00:02|"), Same: true, Actor: "ann"}); err != nil {
			t.Fatal(err)
		}
		id := onlyDevice(t, inv)
		if err := inv.State(ctx, Edit{Device: id, Actor: "ann", Values: map[fact.Attr]string{fact.Status: "disposed", fact.Class: "ventilator"}}); err != nil {
			t.Fatal(err)
		}
		two = seen("00:12:21:00:00:02", "", noon.AddDate(0, 0, -3), "dicom.serial", "BBB2222", "dicom.modality", "CT", "dicom.model", "Brilliance") // of another serial, by a clock that jumped back
		observe(t, inv, "wire:a", run, Observation{Records: []fact.Record{two}, Gone: []fact.Key{fact.Host("", "10.9.9.9"), fact.Host("00:12:21:00:00:77", "")}}, Observation{})
		if got := onlyDevice(t, inv); got != id {
			t.Errorf("device %s became %s", id, got)
		}
		if got := dump(t, inv); !strings.Contains(got, "status=disposed") || !strings.Contains(got, "class=ventilator") {
			t.Errorf("a person's word is overruled:\n%s", got)
		}
	})
}

// TestOrderOfSensors: sensors that hear the same hosts, with pieces in any order, come to the same inventory.
func TestOrderOfSensors(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), Schema()}, func(t *testing.T, db *sqldb.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			sensors := []string{"wire:a", "wire:b", "wire:c"}
			pieces := map[string][]Observation{}
			var turns []string
			for n := range rapid.IntRange(2, 7).Draw(rt, "pieces") {
				source := rapid.SampledFrom(sensors).Draw(rt, "sensor")
				at := noon.Add(time.Duration(n-rapid.IntRange(0, 9).Draw(rt, "back")) * time.Minute)
				var o Observation
				for range rapid.IntRange(0, 3).Draw(rt, "records") {
					mac := rapid.SampledFrom([]string{"00:12:21:00:00:01", "00:12:21:00:00:02", "02:09:fb:00:00:03", ""}).Draw(rt, "mac")
					ip := fmt.Sprintf("10.0.0.%d", rapid.IntRange(1, 3).Draw(rt, "ip"))
					r := seen(mac, ip, at, "dhcp.hostname", rapid.SampledFrom([]string{"a", "b", "pump-3"}).Draw(rt, "name"),
						"dicom.manufacturer", rapid.SampledFrom([]string{"PHILIPS", "GE"}).Draw(rt, "maker"))
					if mac != "" {
						r.Subject = fact.Host(mac, "")
					}
					o.Records = append(o.Records, r)
				}
				pieces[source], turns = append(pieces[source], o), append(turns, source)
			}
			var got [2]string
			for i, order := range [][]string{turns, rapid.Permutation(turns).Draw(rt, "order")} {
				clearTables(t, db)
				inv := New(db, catalog, (&clock{noon}).now)
				runs, next := map[string]int64{}, map[string]int{}
				for _, source := range order {
					runs[source] = observe(rt, inv, source, runs[source], pieces[source][next[source]])
					next[source]++
				}
				got[i] = dump(t, inv)
			}
			if got[0] != got[1] {
				rt.Fatalf("in one order\n%s\nin another\n%s", got[0], got[1])
			}
		})
	})
}

// TestUndoOfASession: a session undone is as if it had never been: what others said, on which devices, and people's words.
func TestUndoOfASession(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), Schema()}, func(t *testing.T, db *sqldb.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			clearTables(t, db)
			inv := New(db, catalog, (&clock{noon}).now)
			piece := func(n int) (o Observation) {
				for range rapid.IntRange(0, 3).Draw(rt, "records") {
					mac := rapid.SampledFrom([]string{"00:12:21:00:00:01", "00:12:21:00:00:02", ""}).Draw(rt, "mac")
					ip := fmt.Sprintf("10.0.0.%d", rapid.IntRange(1, 2).Draw(rt, "ip"))
					r := seen(mac, ip, noon.Add(time.Duration(n)*time.Minute), "dhcp.hostname", rapid.SampledFrom([]string{"a", "pump-3"}).Draw(rt, "name"))
					if mac != "" {
						r.Subject = fact.Host(mac, "")
					}
					o.Records = append(o.Records, r)
				}
				if rapid.Bool().Draw(rt, "gone") {
					o.Gone = append(o.Gone, fact.Host("", fmt.Sprintf("10.0.0.%d", rapid.IntRange(1, 2).Draw(rt, "goes"))))
				}
				return o
			}
			sources := []string{"wire:a", "wire:b"}
			for n := range rapid.IntRange(0, 3).Draw(rt, "before") {
				observe(rt, inv, rapid.SampledFrom(sources).Draw(rt, "source"), 0, piece(n))
			}
			for _, name := range []string{"wire:a/|10.0.0.1", "wire:b/00:12:21:00:00:01|"} {
				if id := deviceOf(t, inv, name); id != "" && rapid.Bool().Draw(rt, "word") {
					if err := inv.State(context.Background(), Edit{Device: id, Actor: "ann", Values: map[fact.Attr]string{fact.Room: name[:6]}}); err != nil {
						rt.Fatal(err)
					}
				}
			}
			where := func() string {
				var lines []string
				if err := db.View(context.Background(), func(tx *sqldb.Tx) (err error) {
					lines, err = strings1(tx, "SELECT source || '/' || record_key || ' ' || device || ' ' || CAST(run AS TEXT) || ' ' || CAST(seen_run AS TEXT) FROM inventory_record ORDER BY source, record_key")
					return err
				}); err != nil {
					rt.Fatal(err)
				}
				return dump(t, inv) + "\n" + strings.Join(lines, "\n")
			}
			before := where()
			run := observe(rt, inv, rapid.SampledFrom(sources).Draw(rt, "source"), 0, Observation{})
			source := "wire:a"
			if err := db.View(context.Background(), func(tx *sqldb.Tx) error {
				return tx.QueryRow("SELECT source FROM inventory_run WHERE id = $1", run).Scan(&source)
			}); err != nil {
				rt.Fatal(err)
			}
			for n := range rapid.IntRange(1, 3).Draw(rt, "pieces") {
				run = observe(rt, inv, source, run, piece(10+n))
			}
			if _, err := inv.Undo(context.Background(), run, "ann"); err != nil {
				rt.Fatal(err)
			}
			if after := where(); after != before {
				rt.Fatalf("undone\n%s\nbefore\n%s", after, before)
			}
		})
	})
}
