package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"pons/fault"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// thing is a schema that uses every type and a few rules.
var thing = sqldb.Schema{Name: "thing", FS: fstest.MapFS{
	"001_first.sql": {Data: []byte(`
-- A comment; with a semicolon, and 'a quote.
CREATE TABLE thing_row (
	id TEXT PRIMARY KEY,
	n BIGINT NOT NULL,
	ok BOOLEAN NOT NULL DEFAULT FALSE,
	x DOUBLE PRECISION,
	raw BYTEA,
	note TEXT NOT NULL DEFAULT 'a;''b' CHECK (note <> 'BIGINT'),
	rev BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX thing_row_n ON thing_row (n) WHERE n > 0;
/* another */
-- clustered
CREATE TABLE thing_part (
	row_id TEXT NOT NULL REFERENCES thing_row (id),
	k TEXT NOT NULL,
	v TEXT,
	PRIMARY KEY (row_id, k)
);
`)},
	"002_more.sql": {Data: []byte(`ALTER TABLE thing_row ADD COLUMN extra BIGINT;`)},
}}

var ctx = context.Background()

func run(t testing.TB, db *sqldb.DB, q string, args ...any) sqldb.Rev {
	t.Helper()
	rev, err := db.Update(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(q, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func count(t testing.TB, db *sqldb.DB, table string) (n int) {
	t.Helper()
	err := db.View(ctx, func(tx *sqldb.Tx) error { return tx.QueryRow("SELECT count(*) FROM " + table).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestValuesCrossAlike(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{thing}, func(t *testing.T, db *sqldb.DB) {
		type word string
		x := 2.5
		run(t, db, "INSERT INTO thing_row (ok, id, n, x, raw, note) VALUES ($3, $1, $2, $4, $5, $6)", word("a"), 7, true, &x, []byte{0, 255}, "Zürich")
		run(t, db, "INSERT INTO thing_row (id, n, x, raw) VALUES ($1, $2, $3, $4)", "b", uint16(8), nil, []byte(nil))
		err := db.View(ctx, func(tx *sqldb.Tx) error {
			var id word
			var n int32
			var ok bool
			var x *float64
			var raw []byte
			var note string
			if err := tx.QueryRow("SELECT id, n, ok, x, raw, note FROM thing_row WHERE id = $1", "a").Scan(&id, &n, &ok, &x, &raw, &note); err != nil {
				return err
			}
			if id != "a" || n != 7 || !ok || x == nil || *x != 2.5 || string(raw) != "\x00\xff" || note != "Zürich" {
				t.Errorf("got %v %v %v %v %v %v", id, n, ok, x, raw, note)
			}
			var text sqldb.Raw
			var extra *int64
			if err := tx.QueryRow("SELECT id, n, ok, x, raw, note, extra FROM thing_row WHERE n = $1", 8).Scan(&id, &n, &ok, &x, &raw, &text, &extra); err != nil {
				return err
			}
			if id != "b" || ok || x != nil || raw != nil || string(text) != "a;'b" || extra != nil {
				t.Errorf("got %v %v %v %v %q %v", id, ok, x, raw, text, extra)
			}
			var plain float64
			if err := tx.QueryRow("SELECT x FROM thing_row WHERE id = 'b'").Scan(&plain); !errors.Is(err, fault.Invalid) {
				t.Errorf("NULL into a float: %v", err)
			}
			if err := tx.QueryRow("SELECT note FROM thing_row WHERE id = 'b'").Scan(&n); !errors.Is(err, fault.Invalid) {
				t.Errorf("a text into a number: %v", err)
			}
			if err := tx.QueryRow("SELECT n FROM thing_row WHERE id = 'none'").Scan(&n); !errors.Is(err, fault.NotFound) {
				t.Errorf("no row: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestErrorsAreTheSameKinds(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{thing}, func(t *testing.T, db *sqldb.DB) {
		run(t, db, "INSERT INTO thing_row (id, n) VALUES ($1, $2)", "a", 1)
		for _, c := range []struct {
			name string
			kind error
			f    func(tx *sqldb.Tx) error
		}{
			{"primary key", fault.Conflict, func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ('a', 2)")
				return err
			}},
			{"unique index", fault.Conflict, func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ('b', 1)")
				return err
			}},
			{"foreign key", fault.Conflict, func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO thing_part (row_id, k) VALUES ('zz', 'k')")
				return err
			}},
			{"not null", fault.Invalid, func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ('b', $1)", nil)
				return err
			}},
			{"check", fault.Invalid, func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO thing_row (id, n, note) VALUES ('b', 3, 'BIGINT')")
				return err
			}},
			{"syntax", fault.Invalid, func(tx *sqldb.Tx) error { _, err := tx.Exec("INSRT INTO x"); return err }},
			{"double quotes are names", fault.Invalid, func(tx *sqldb.Tx) error { _, err := tx.Exec(`SELECT "nobody"`); return err }},
			{"NUL", fault.Invalid, func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ($1, 3)", "a\x00")
				return err
			}},
			{"UTF-8", fault.Invalid, func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ($1, 3)", "ok\xff")
				return err
			}},
			{"too few", fault.Invalid, func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ($1, $2)", "q")
				return err
			}},
			{"time", fault.Invalid, func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ('t', $1)", time.Unix(0, 0))
				return err
			}},
			{"two at once", fault.Invalid, func(tx *sqldb.Tx) error {
				if _, err := tx.Query("SELECT id FROM thing_row"); err != nil {
					t.Error(err)
				}
				_, err := tx.Exec("DELETE FROM thing_row")
				return err
			}},
		} {
			_, err := db.Update(ctx, func(tx *sqldb.Tx) error {
				err := c.f(tx)
				if !errors.Is(err, c.kind) {
					t.Errorf("%s: %v is not %v", c.name, err, c.kind)
				}
				if _, again := tx.Exec("DELETE FROM thing_row"); again == nil {
					t.Errorf("%s: a statement after the failure went through", c.name)
				}
				return nil // swallowed: the transaction must fail all the same
			})
			if !errors.Is(err, c.kind) {
				t.Errorf("%s: update ended with %v", c.name, err)
			}
		}
		if n := count(t, db, "thing_row"); n != 1 {
			t.Errorf("%d rows", n)
		}
		err := db.View(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec("DELETE FROM thing_row"); return err })
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("a view wrote: %v", err)
		}
	})
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{thing}, func(t *testing.T, db *sqldb.DB) {
		insert := func(tx *sqldb.Tx) {
			if _, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ('a', 1)"); err != nil {
				t.Error(err)
			}
		}
		bad := errors.New("no")
		if _, err := db.Update(ctx, func(tx *sqldb.Tx) error { insert(tx); return bad }); !errors.Is(err, bad) {
			t.Error(err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_, _ = db.Update(ctx, func(tx *sqldb.Tx) error { insert(tx); panic("x") })
		}()
		c, cancel := context.WithCancel(ctx)
		if _, err := db.Update(c, func(tx *sqldb.Tx) error { insert(tx); cancel(); return nil }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if n := count(t, db, "thing_row"); n != 0 {
			t.Errorf("%d rows", n)
		}
		var kept *sqldb.Tx
		rev, err := db.Update(ctx, func(tx *sqldb.Tx) error {
			kept = tx
			_, inner := db.Update(tx.Context(), func(*sqldb.Tx) error { return nil })
			if !errors.Is(inner, fault.Invalid) {
				t.Errorf("update inside update: %v", inner)
			}
			return nil
		})
		if err != nil || rev != 1 || kept.Rev() != 1 {
			t.Errorf("revision %d, %v: failed updates must not count", rev, err)
		}
		if _, err := kept.Exec("DELETE FROM thing_row"); !errors.Is(err, fault.Invalid) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestBulk(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{thing}, func(t *testing.T, db *sqldb.DB) {
		rows := func(from, to int, note string) func(func([]any) bool) {
			return func(yield func([]any) bool) {
				row := make([]any, 4)
				for i := from; i < to; i++ {
					row[0], row[1], row[2], row[3] = fmt.Sprint(i), i+1, note, i%2 == 0
					if !yield(row) {
						return
					}
				}
			}
		}
		cols := []string{"id", "n", "note", "ok"}
		_, err := db.Update(ctx, func(tx *sqldb.Tx) error {
			n, err := tx.Insert("thing_row", cols, rows(0, 5000, "old"))
			if n != 5000 {
				t.Errorf("inserted %d", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.Update(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Merge("thing_row", []string{"id"}, cols, rows(4000, 6000, "new")); err != nil {
				return err
			}
			// The last of the rows with one key counts; a second merge in one transaction works.
			_, err := tx.Merge("thing_part", []string{"row_id", "k"}, []string{"row_id", "k", "v"}, func(yield func([]any) bool) {
				_ = yield([]any{"1", "k", "first"}) && yield([]any{"1", "k", "last"}) && yield([]any{"2", "k", nil})
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.View(ctx, func(tx *sqldb.Tx) error {
			var all, fresh int
			var v string
			if err := tx.QueryRow("SELECT count(*), count(*) FILTER (WHERE note = 'new') FROM thing_row").Scan(&all, &fresh); err != nil {
				return err
			}
			if all != 6000 || fresh != 2000 {
				t.Errorf("%d rows, %d new", all, fresh)
			}
			if err := tx.QueryRow("SELECT v FROM thing_part WHERE row_id = '1'").Scan(&v); err != nil {
				return err
			}
			if v != "last" {
				t.Errorf("kept %q", v)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		_, err = db.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Insert("thing_row", cols, rows(5999, 6100, "again"))
			return err
		})
		if !errors.Is(err, fault.Conflict) {
			t.Errorf("a taken key: %v", err)
		}
		_, err = db.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Merge("thing_row", []string{"id"}, cols, func(yield func([]any) bool) {
				_ = yield([]any{"new", 1, "", true}) // n is taken by another row
			})
			return err
		})
		if !errors.Is(err, fault.Conflict) {
			t.Errorf("a merge of one row that clashes: %v", err)
		}
		_, err = db.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Merge("thing_row", []string{"id"}, cols, func(yield func([]any) bool) { yield([]any{"x"}) })
			return err
		})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("a merge of a short row: %v", err)
		}
		_, err = db.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Insert("thing_row", cols, func(yield func([]any) bool) { yield([]any{"x"}) })
			return err
		})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("a short row: %v", err)
		}
		func() {
			defer func() {
				if p := recover(); p != "rows" {
					t.Errorf("recovered %v", p)
				}
			}()
			_, _ = db.Update(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Insert("thing_row", cols, func(yield func([]any) bool) { panic("rows") })
				return err
			})
		}()
		if n := count(t, db, "thing_row"); n != 6000 {
			t.Errorf("%d rows at the end", n)
		}
	})
}

func TestTextComparesAlike(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{thing}, func(t *testing.T, db *sqldb.DB) {
		for i, id := range []string{"b", "a%c", "A%C", "abc", "a\\%c", "Ä", "a_c!"} {
			run(t, db, "INSERT INTO thing_row (id, n) VALUES ($1, $2)", id, i+1)
		}
		list := func(q string, args ...any) (out []string) {
			t.Helper()
			if err := db.View(ctx, func(tx *sqldb.Tx) error {
				rows, err := tx.Query(q, args...)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					var id string
					if err := rows.Scan(&id); err != nil {
						return err
					}
					out = append(out, id)
				}
				return rows.Err()
			}); err != nil {
				t.Fatal(err)
			}
			return out
		}
		for _, c := range []struct {
			q    string
			arg  any
			want []string
		}{
			{"SELECT id FROM thing_row WHERE n > $1 ORDER BY id", 0, []string{"A%C", "a%c", "a\\%c", "a_c!", "abc", "b", "Ä"}},
			{"SELECT id FROM thing_row WHERE id LIKE $1 ESCAPE '!' ORDER BY id", "a%c", []string{"a%c", "a\\%c", "abc"}},
			{"SELECT id FROM thing_row WHERE id LIKE $1 ESCAPE '!' ORDER BY id", sqldb.Like("a%c"), []string{"a%c"}},
			{"SELECT id FROM thing_row WHERE id LIKE $1 ESCAPE '!' ORDER BY id", sqldb.Like("_c!"), nil},
			{"SELECT id FROM thing_row WHERE id LIKE $1 ESCAPE '!' ORDER BY id", "%" + sqldb.Like("_c!"), []string{"a_c!"}},
			{"SELECT id FROM thing_row WHERE lower(id) LIKE $1 ESCAPE '!' ORDER BY id", "a!%c", []string{"A%C", "a%c"}},
			{"SELECT id FROM thing_row WHERE lower(id) = $1", "ä", nil}, // lower knows ASCII only, on both
			{"SELECT id FROM thing_row WHERE n IN " + sqldb.In(3, 1) + " ORDER BY n", nil, []string{"b", "A%C", "Ä"}},
		} {
			args := []any{c.arg}
			if c.arg == nil {
				args = []any{1, 3, 6}
			}
			if got := list(c.q, args...); !slices.Equal(got, c.want) {
				t.Errorf("%s %v: %q, want %q", c.q, args, got, c.want)
			}
		}
		if got := list("SELECT id FROM thing_row WHERE n IN " + sqldb.In(0, 1)); got != nil {
			t.Errorf("in nothing: %q", got)
		}
	})
}
