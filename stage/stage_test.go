package stage

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pons/bus"
	"pons/fault"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

var (
	ctx     = context.Background()
	noon    = func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	schemas = []sqldb.Schema{Schema()}
)

// kitchen is a schema of two tables for two folds: orders become meals, meals become bills.
var kitchen = sqldb.Schema{Name: "kitchen", FS: fstest.MapFS{"001_all.sql": {Data: []byte(`
CREATE TABLE kitchen_order (id BIGINT PRIMARY KEY, rev BIGINT NOT NULL);
CREATE TABLE kitchen_meal (id BIGINT PRIMARY KEY, rev BIGINT NOT NULL);
CREATE TABLE kitchen_bill (id BIGINT PRIMARY KEY, rev BIGINT NOT NULL);`)}}}

func fold(from, to string, calls *[]sqldb.Rev) func(tx *sqldb.Tx, after sqldb.Rev) error {
	return func(tx *sqldb.Tx, after sqldb.Rev) error {
		*calls = append(*calls, after)
		_, err := tx.Exec("INSERT INTO kitchen_"+to+" (id, rev) SELECT id, CAST($1 AS BIGINT) FROM kitchen_"+from+" WHERE rev > $2 ON CONFLICT (id) DO UPDATE SET rev = excluded.rev",
			tx.Rev(), after)
		return err
	}
}

func order(t *testing.T, db *sqldb.DB, id int) {
	t.Helper()
	if _, err := db.Update(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec("INSERT INTO kitchen_order (id, rev) VALUES ($1, $2)", id, tx.Rev())
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func bills(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	if err := db.View(ctx, func(tx *sqldb.Tx) error { return tx.QueryRow("SELECT count(*) FROM kitchen_bill").Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDrainFoldsInOrderAndOnce(t *testing.T) {
	sqldbtest.Run(t, append(schemas, kitchen), func(t *testing.T, db *sqldb.DB) {
		var meals, checks []sqldb.Rev
		r, err := New(db, bus.New(), noon, Stage{"meal", fold("order", "meal", &meals)}, Stage{"bill", fold("meal", "bill", &checks)})
		if err != nil {
			t.Fatal(err)
		}
		order(t, db, 1)
		for range 3 { // the second and third find nothing new
			if err := r.Drain(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if n := bills(t, db); n != 1 || len(meals) != 1 || len(checks) != 1 {
			t.Errorf("%d bills after calls %v %v", n, meals, checks)
		}
		order(t, db, 2)
		if err := r.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		// Order 1 was revision 1, the folds 2 and 3, order 2 was 4.
		if want := []sqldb.Rev{0, 2}; bills(t, db) != 2 || !reflect.DeepEqual(meals, want) {
			t.Errorf("cursors %v, want %v", meals, want)
		}
		// A new runner goes on from the cursors.
		again, err := New(db, bus.New(), noon, Stage{"meal", fold("order", "meal", &meals)})
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Drain(ctx); err != nil || meals[len(meals)-1] != 5 {
			t.Errorf("went on from %v, %v", meals, err)
		}
	})
}

func TestFailureStaysWithItsStage(t *testing.T) {
	sqldbtest.Run(t, append(schemas, kitchen), func(t *testing.T, db *sqldb.DB) {
		var calls []sqldb.Rev
		mode := "fail"
		broken := Stage{"broken", func(tx *sqldb.Tx, after sqldb.Rev) error {
			if _, err := tx.Exec("INSERT INTO kitchen_bill (id, rev) VALUES (99, 1)"); err != nil {
				return err
			}
			switch mode {
			case "fail":
				return errors.New("no \x00\xff oven")
			case "panic":
				panic("fire")
			}
			return nil
		}}
		r, err := New(db, bus.New(), noon, broken, Stage{"meal", fold("order", "meal", &calls)})
		if err != nil {
			t.Fatal(err)
		}
		order(t, db, 1)
		for i, m := range []string{"fail", "panic", "fail"} {
			mode = m
			if err := r.Drain(ctx); err == nil || !strings.Contains(err.Error(), "stage broken") {
				t.Errorf("try %d: %v", i, err)
			}
			status(t, db, r, func(s Status) {
				if s.Rev != 0 || s.Failures != i+1 || s.Problem == "" || !s.At.Equal(noon()) {
					t.Errorf("try %d: %+v", i, s)
				}
			})
		}
		if len(calls) == 0 {
			t.Error("the stage after the broken one did not run")
		}
		mode = "well"
		if err := r.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		status(t, db, r, func(s Status) {
			if s.Rev == 0 || s.Failures != 0 || s.Problem != "" {
				t.Errorf("recovered: %+v", s)
			}
		})
	})
}

func status(t *testing.T, db *sqldb.DB, r *Runner, first func(Status)) {
	t.Helper()
	if err := db.View(ctx, func(tx *sqldb.Tx) error {
		all, err := r.Status(tx)
		if err != nil {
			return err
		}
		first(all[0])
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestRunAnswersRingsAndOtherProcesses(t *testing.T) {
	sqldbtest.RunOptions(t, append(schemas, kitchen), func(t *testing.T, o sqldb.Options) {
		db, err := sqldb.Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		other, err := sqldb.Open(ctx, o) // stands for another process: it cannot ring our bell
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		var meals, checks []sqldb.Rev
		b := bus.New()
		r, err := New(db, b, noon, Stage{"meal", fold("order", "meal", &meals)}, Stage{"bill", fold("meal", "bill", &checks)})
		if err != nil {
			t.Fatal(err)
		}
		r.poll = 10 * time.Millisecond
		c, cancel := context.WithCancel(ctx)
		folded := b.Listen(ctx, bus.Folded)
		done := make(chan error, 1)
		go func() { done <- r.Run(c) }()
		order(t, db, 1)
		b.Ring(bus.Changed)
		for bills(t, db) < 1 {
			<-folded
		}
		order(t, other, 2)
		for bills(t, db) < 2 {
			<-folded
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestNewRefusesTwins(t *testing.T) {
	f := func(*sqldb.Tx, sqldb.Rev) error { return nil }
	if _, err := New(nil, nil, noon, Stage{"a", f}, Stage{"a", f}); !errors.Is(err, fault.Invalid) {
		t.Error(err)
	}
}
