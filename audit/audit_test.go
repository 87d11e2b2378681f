package audit

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pons/fault"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

var ctx = context.Background()

func at(i int) time.Time { return time.Date(2026, 3, 1, 12, i, 0, 1000, time.UTC) }

func update(t *testing.T, db *sqldb.DB, f func(tx *sqldb.Tx) error) {
	t.Helper()
	if _, err := db.Update(ctx, f); err != nil {
		t.Fatal(err)
	}
}

func fill(t *testing.T, db *sqldb.DB, n int) {
	t.Helper()
	update(t, db, func(tx *sqldb.Tx) error {
		for i := range n {
			if err := Append(tx, Entry{At: at(i), Actor: fmt.Sprintf("person:%d", i%2), Verb: "device.set", Object: fmt.Sprintf("device:%d", i%3),
				Before: Fields{"owner": "Ann", "room": ""}, After: Fields{"owner": "Zoë"}, Why: "moved"}); err != nil {
				return err
			}
		}
		return nil
	})
}

func verify(t *testing.T, db *sqldb.DB) (n int64, err error) {
	t.Helper()
	if e := db.View(ctx, func(tx *sqldb.Tx) error { n, err = Verify(tx); return nil }); e != nil {
		t.Fatal(e)
	}
	return n, err
}

func TestChainShowsTampering(t *testing.T) {
	for name, c := range map[string]struct{ sql, says string }{
		"changed":       {"UPDATE audit_entry SET actor = 'person:x' WHERE seq = 4", "entry 4 "},
		"moved in time": {"UPDATE audit_entry SET at = at + 1 WHERE seq = 2", "entry 2 "},
		"removed":       {"DELETE FROM audit_entry WHERE seq = 3", "entry 3 is missing"},
		"cut off":       {"DELETE FROM audit_entry WHERE seq >= 5", "ends at entry 4"},
		"emptied":       {"DELETE FROM audit_entry", "ends at entry 0"},
		"text shifted":  {"UPDATE audit_entry SET verb = 'device.setd', object = 'evice:0' WHERE seq = 1", "entry 1 "},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			sqldbtest.Run(t, []sqldb.Schema{Schema()}, func(t *testing.T, db *sqldb.DB) {
				if n, err := verify(t, db); n != 0 || err != nil {
					t.Fatal(n, err)
				}
				fill(t, db, 6)
				if n, err := verify(t, db); n != 6 || err != nil {
					t.Fatal(n, err)
				}
				update(t, db, func(tx *sqldb.Tx) error { _, err := tx.Exec(c.sql); return err })
				if _, err := verify(t, db); !errors.Is(err, fault.Conflict) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("verify says %v, want %q", err, c.says)
				}
			})
		})
	}
}

func TestListPagesAndFilters(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{Schema()}, func(t *testing.T, db *sqldb.DB) {
		fill(t, db, 12)
		err := db.View(ctx, func(tx *sqldb.Tx) error {
			var seen []int64
			for next, pages := int64(0), 0; pages == 0 || next > 0; pages++ {
				page, after, err := List(tx, Filter{Actor: "person:1"}, next, 4)
				if err != nil {
					return err
				}
				for _, r := range page {
					seen = append(seen, r.Seq)
				}
				if next = after; pages > 5 {
					t.Fatal("paging does not end")
				}
			}
			if want := []int64{12, 10, 8, 6, 4, 2}; !reflect.DeepEqual(seen, want) {
				t.Errorf("saw %v, want %v", seen, want)
			}
			page, next, err := List(tx, Filter{Object: "device:0", Verb: "device.set", From: at(3), Until: at(9)}, 0, 10)
			if err != nil || next != 0 || len(page) != 2 || page[0].Seq != 7 || page[1].Seq != 4 {
				t.Errorf("filtered %+v, %d, %v", page, next, err)
			}
			n := 0
			for r, err := range All(tx, Filter{}) {
				if n++; err != nil || r.Seq != int64(n) || r.After["owner"] != "Zoë" || !r.At.Equal(at(n-1)) || len(r.Hash) != 64 {
					t.Errorf("%+v, %v", r, err)
				}
			}
			if n != 12 {
				t.Errorf("%d exported", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestSecretsAreRefused(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "newPassword": true, "snmp_community": true, "API-Key": true, "api_key": true, "token": true, "patientName": true,
		"patient": true, "mrn": true, "clientSecret": true, "PIN": true, "password_hash": true, "privateKey": true,
		"owner": false, "serial": false, "key": false, "pinned": false, "department": false, "shipping": false, "model": false, "locationRoom": false,
	} {
		if Secret(name) != want {
			t.Errorf("Secret(%q) = %v", name, !want)
		}
	}
	db := sqldbtest.Open(t, []sqldb.Schema{Schema()})
	_, err := db.Update(ctx, func(tx *sqldb.Tx) error {
		return Append(tx, Entry{At: at(0), Actor: "a", Verb: "v", Object: "o", After: Fields{"password": "x"}})
	})
	if !errors.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if _, err = db.Update(ctx, func(tx *sqldb.Tx) error { return Append(tx, Entry{Actor: "a", Verb: "v", Object: "o"}) }); !errors.Is(err, fault.Invalid) {
		t.Error("an entry without a time:", err)
	}
}
