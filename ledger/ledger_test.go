package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pons/audit"
	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

type note struct {
	Text string   `json:"text"`
	Tags []string `json:"tags,omitempty"`
}

func checked(n *note) error {
	if n.Text == "" {
		return fmt.Errorf("a note needs a text: %w", fault.Invalid)
	}
	return nil
}

func TestBook(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), ledger.Schema()}, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		book := ledger.NewBook("test.note", checked)
		at := time.Date(2026, 11, 20, 9, 14, 0, 0, time.UTC)
		by := ledger.By{Actor: "person:ann", At: at}
		do := func(f func(tx *sqldb.Tx) (ledger.Entry[note], error)) (e ledger.Entry[note], err error) {
			_, err = db.Update(ctx, func(tx *sqldb.Tx) (err error) { e, err = f(tx); return err })
			return e, err
		}
		first, err := do(func(tx *sqldb.Tx) (ledger.Entry[note], error) { return book.Add(tx, note{Text: "one"}, by) })
		if err != nil || first.Version != 1 {
			t.Fatalf("add: %+v, %v", first, err)
		}
		put := func(version int64, n note) (ledger.Entry[note], error) {
			return do(func(tx *sqldb.Tx) (ledger.Entry[note], error) { return book.Put(tx, first.ID, version, n, by) })
		}
		if e, err := put(1, note{Text: "two", Tags: []string{"x"}}); err != nil || e.Version != 2 {
			t.Fatalf("change: %+v, %v", e, err)
		}
		if e, err := put(2, note{Text: "two", Tags: []string{"x"}}); err != nil || e.Version != 2 {
			t.Fatalf("the same again made version %d, %v", e.Version, err)
		}
		if _, err := put(1, note{Text: "late"}); !errors.Is(err, fault.Conflict) {
			t.Errorf("a stale writer got %v, want a conflict", err)
		}
		if _, err := put(2, note{}); !errors.Is(err, fault.Invalid) {
			t.Errorf("an empty note got %v, want invalid", err)
		}
		if _, err := do(func(tx *sqldb.Tx) (ledger.Entry[note], error) { return book.Lock(tx, first.ID, true, by) }); err != nil {
			t.Fatal(err)
		}
		if _, err := put(0, note{Text: "three"}); !errors.Is(err, fault.Conflict) {
			t.Errorf("a locked entry took a change: %v", err)
		}
		if _, err := do(func(tx *sqldb.Tx) (ledger.Entry[note], error) { return book.Remove(tx, first.ID, by) }); !errors.Is(err, fault.Conflict) {
			t.Errorf("a locked entry was removed: %v", err)
		}
		for _, f := range []func(tx *sqldb.Tx) (ledger.Entry[note], error){
			func(tx *sqldb.Tx) (ledger.Entry[note], error) { return book.Lock(tx, first.ID, false, by) },
			func(tx *sqldb.Tx) (ledger.Entry[note], error) { return book.Remove(tx, first.ID, by) },
		} {
			if _, err := do(f); err != nil {
				t.Fatal(err)
			}
		}
		list := func() (out []ledger.Entry[note]) {
			if err := db.View(ctx, func(tx *sqldb.Tx) (err error) { out, err = book.List(tx); return err }); err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got := list(); len(got) != 0 {
			t.Errorf("removed, and still listed: %+v", got)
		}
		back, err := do(func(tx *sqldb.Tx) (ledger.Entry[note], error) { return book.Restore(tx, first.ID, 1, by) })
		if err != nil || back.Body.Text != "one" || back.Removed {
			t.Errorf("restore: %+v, %v", back, err)
		}
		if got := list(); len(got) != 1 || got[0].Body.Text != "one" || !got[0].At.Equal(at) || got[0].Actor != "person:ann" {
			t.Errorf("list after restore: %+v", got)
		}
		if err := db.View(ctx, func(tx *sqldb.Tx) error {
			h, err := book.History(tx, first.ID)
			if err != nil {
				return err
			}
			if len(h) != 6 || h[0].Version != 6 || h[4].Body.Text != "two" {
				t.Errorf("history: %+v", h)
			}
			log, _, err := audit.List(tx, audit.Filter{}, 0, 100)
			if err != nil {
				return err
			}
			if len(log) != 6 || log[4].Verb != "test.note.change" || log[4].Before["text"] != "one" || log[4].After["tags.1"] != "x" {
				t.Errorf("audit log: %+v", log)
			}
			if _, err := book.Get(tx, "nothing"); !errors.Is(err, fault.NotFound) {
				t.Errorf("an entry that never was: %v", err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDifferencesKeepNoSecrets(t *testing.T) {
	was, is := ledger.Differences([]byte(`{"a":{"b":1,"c":[1,2]},"password":"x","same":true}`), []byte(`{"a":{"b":2,"c":[1]},"password":"y","same":true}`))
	want := fmt.Sprint(audit.Fields{"a.b": "1", "a.c.2": "2"}, audit.Fields{"a.b": "2"})
	if got := fmt.Sprint(was, is); got != want {
		t.Errorf("differences %s, want %s", got, want)
	}
}
