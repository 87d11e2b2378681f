package sqldb_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	_ "modernc.org/sqlite"

	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// The benchmarks stand side by side with raw database/sql on the same SQLite driver, in the same run:
//
//	go test ./sqldb -run '^$' -bench . -benchtime 3x
//
// wide is a table as the inventory has: 25 columns, mostly short text.
const wideColumns = 25

func wideDDL() (ddl string, cols []string) {
	var b strings.Builder
	b.WriteString("CREATE TABLE wide_row (id TEXT PRIMARY KEY")
	cols = []string{"id"}
	for i := 1; i < wideColumns; i++ {
		kind := "TEXT"
		if i%6 == 0 {
			kind = "BIGINT"
		}
		name := fmt.Sprintf("c%d", i)
		fmt.Fprintf(&b, ", %s %s NOT NULL", name, kind)
		cols = append(cols, name)
	}
	return b.String() + ")", cols
}

func wide() (sqldb.Schema, []string) {
	ddl, cols := wideDDL()
	return sqldb.Schema{Name: "wide", FS: fstest.MapFS{"001_row.sql": {Data: []byte(ddl)}}}, cols
}

// cells is a table in memory, so that making the values is not measured.
func cells(n int) [][]any {
	out := make([][]any, n)
	for r := range out {
		row := make([]any, wideColumns)
		row[0] = fmt.Sprintf("0190%012d", r)
		for i := 1; i < wideColumns; i++ {
			if i%6 == 0 {
				row[i] = int64(r*i + 1000)
			} else {
				row[i] = fmt.Sprintf("value %d of %d", i, r%5000)
			}
		}
		out[r] = row
	}
	return out
}

func each(rows [][]any) func(func([]any) bool) {
	return func(yield func([]any) bool) {
		for _, r := range rows {
			if !yield(r) {
				return
			}
		}
	}
}

func rawDB(b *testing.B) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-65536)&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	ddl, _ := wideDDL()
	if _, err := db.Exec(strings.ReplaceAll(ddl, "BIGINT", "INTEGER") + " STRICT"); err != nil {
		b.Fatal(err)
	}
	return db
}

const bulkRows = 100_000

func BenchmarkInsert(b *testing.B) {
	schema, cols := wide()
	data := cells(bulkRows)
	put := func(b *testing.B, db *sqldb.DB, f func(tx *sqldb.Tx) error) {
		for b.Loop() {
			b.StopTimer()
			run(b, db, "DELETE FROM wide_row")
			b.StartTimer()
			if _, err := db.Update(ctx, f); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*bulkRows), "ns/row")
	}
	insert := func(tx *sqldb.Tx) error { _, err := tx.Insert("wide_row", cols, each(data)); return err }
	merge := func(tx *sqldb.Tx) error { _, err := tx.Merge("wide_row", cols[:1], cols, each(data)); return err }
	b.Run("sqlite", func(b *testing.B) { put(b, sqldbtest.Open(b, []sqldb.Schema{schema}), insert) })
	b.Run("sqlite-merge", func(b *testing.B) { put(b, sqldbtest.Open(b, []sqldb.Schema{schema}), merge) })
	b.Run("postgres", func(b *testing.B) { put(b, sqldbtest.OpenPostgres(b, []sqldb.Schema{schema}), insert) })
	b.Run("postgres-merge", func(b *testing.B) { put(b, sqldbtest.OpenPostgres(b, []sqldb.Schema{schema}), merge) })
	for _, n := range []int{10, 299, 300, 1000} {
		b.Run(fmt.Sprintf("postgres-merge-of-%d", n), func(b *testing.B) {
			db := sqldbtest.OpenPostgres(b, []sqldb.Schema{schema})
			for b.Loop() {
				if _, err := db.Update(ctx, func(tx *sqldb.Tx) error { _, err := tx.Merge("wide_row", cols[:1], cols, each(data[:n])); return err }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, chunk := range []int{1, 20} {
		b.Run(fmt.Sprintf("raw-sqlite-%d-row", chunk), func(b *testing.B) {
			db := rawDB(b)
			for b.Loop() {
				b.StopTimer()
				if _, err := db.Exec("DELETE FROM wide_row"); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				rawInsert(b, db, data, chunk)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*bulkRows), "ns/row")
		})
	}
}

// rawInsert is a prepared statement of chunk rows on database/sql: the yardstick.
func rawInsert(b *testing.B, db *sql.DB, data [][]any, chunk int) {
	b.Helper()
	_, cols := wideDDL()
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	row := "(" + strings.Repeat("?,", len(cols)-1) + "?)"
	st, err := tx.Prepare("INSERT INTO wide_row VALUES " + strings.Repeat(row+",", chunk-1) + row)
	if err != nil {
		b.Fatal(err)
	}
	args := make([]any, 0, chunk*len(cols))
	for i := 0; i < len(data); i += chunk {
		args = args[:0]
		for _, r := range data[i : i+chunk] {
			args = append(args, r...)
		}
		if _, err := st.Exec(args...); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkReadAll(b *testing.B) {
	schema, cols := wide()
	data := cells(bulkRows)
	q := "SELECT " + strings.Join(cols, ", ") + " FROM wide_row"
	for _, open := range []struct {
		name string
		f    func(testing.TB, []sqldb.Schema) *sqldb.DB
	}{{"sqlite", sqldbtest.Open}, {"postgres", sqldbtest.OpenPostgres}} {
		for _, kind := range []string{"raw", "string"} {
			b.Run(open.name+"-"+kind, func(b *testing.B) {
				db := open.f(b, []sqldb.Schema{schema})
				if _, err := db.Update(ctx, func(tx *sqldb.Tx) error { _, err := tx.Insert("wide_row", cols, each(data)); return err }); err != nil {
					b.Fatal(err)
				}
				raws, texts, nums := make([]sqldb.Raw, wideColumns), make([]string, wideColumns), make([]int64, wideColumns)
				dest := make([]any, wideColumns)
				for i := range dest {
					switch {
					case i > 0 && i%6 == 0:
						dest[i] = &nums[i]
					case kind == "raw":
						dest[i] = &raws[i]
					default:
						dest[i] = &texts[i]
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					n := 0
					if err := db.View(ctx, func(tx *sqldb.Tx) error {
						rows, err := tx.Query(q)
						if err != nil {
							return err
						}
						defer rows.Close()
						for rows.Next() {
							if err := rows.Scan(dest...); err != nil {
								return err
							}
							n++
						}
						return rows.Err()
					}); err != nil || n != bulkRows {
						b.Fatal(n, err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*bulkRows), "ns/row")
			})
		}
	}
	b.Run("raw-sqlite-string", func(b *testing.B) {
		db := rawDB(b)
		rawInsert(b, db, data, 1)
		texts, nums, dest := make([]string, wideColumns), make([]int64, wideColumns), make([]any, wideColumns)
		for i := range dest {
			if dest[i] = &texts[i]; i > 0 && i%6 == 0 {
				dest[i] = &nums[i]
			}
		}
		b.ReportAllocs()
		for b.Loop() {
			rows, err := db.Query(q)
			if err != nil {
				b.Fatal(err)
			}
			for rows.Next() {
				if err := rows.Scan(dest...); err != nil {
					b.Fatal(err)
				}
			}
			if err := rows.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*bulkRows), "ns/row")
	})
}

func BenchmarkPoint(b *testing.B) {
	schema, cols := wide()
	data := cells(10_000)
	q := "SELECT c1, c6, c24 FROM wide_row WHERE id = $1"
	for _, open := range []struct {
		name string
		f    func(testing.TB, []sqldb.Schema) *sqldb.DB
	}{{"sqlite", sqldbtest.Open}, {"postgres", sqldbtest.OpenPostgres}} {
		db := open.f(b, []sqldb.Schema{schema})
		if _, err := db.Update(ctx, func(tx *sqldb.Tx) error { _, err := tx.Insert("wide_row", cols, each(data)); return err }); err != nil {
			b.Fatal(err)
		}
		var c1 string
		var c6, c24 int64
		b.Run(open.name+"-in-a-view", func(b *testing.B) {
			_ = db.View(ctx, func(tx *sqldb.Tx) error {
				for i := 0; b.Loop(); i++ {
					if err := tx.QueryRow(q, data[i%len(data)][0]).Scan(&c1, &c6, &c24); err != nil {
						b.Fatal(err)
					}
				}
				return nil
			})
		})
		b.Run(open.name+"-with-its-view", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if err := db.View(ctx, func(tx *sqldb.Tx) error {
					return tx.QueryRow(q, data[i%len(data)][0]).Scan(&c1, &c6, &c24)
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(open.name+"-update", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				run(b, db, "UPDATE wide_row SET c1 = $2 WHERE id = $1", data[i%len(data)][0], "new")
			}
		})
	}
	b.Run("raw-sqlite-prepared", func(b *testing.B) {
		db := rawDB(b)
		rawInsert(b, db, data, 1)
		st, err := db.Prepare(q)
		if err != nil {
			b.Fatal(err)
		}
		var c1 string
		var c6, c24 int64
		for i := 0; b.Loop(); i++ {
			if err := st.QueryRow(data[i%len(data)][0]).Scan(&c1, &c6, &c24); err != nil {
				b.Fatal(err)
			}
		}
	})
}
