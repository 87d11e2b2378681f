package sqldb_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"pons/fault"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// child is what a re-executed test binary does instead of tests.
const child = "PONS_SQLDB_CHILD"

func TestMain(m *testing.M) {
	if arg := os.Getenv(child); arg != "" {
		os.Exit(runChild(arg))
	}
	os.Exit(m.Run())
}

// runChild opens the database, writes rows in one Update, says so, and waits to be killed.
func runChild(arg string) int {
	var o struct{ Path, DSN, Do string }
	if err := json.Unmarshal([]byte(arg), &o); err != nil {
		return 3
	}
	db, err := sqldb.Open(ctx, sqldb.Options{Path: o.Path, DSN: o.DSN, Schemas: []sqldb.Schema{thing}})
	if err != nil {
		fmt.Println("open:", err)
		return 4
	}
	if o.Do == "batches" {
		return batches(db)
	}
	put := func(from, to int) error {
		_, err := db.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Insert("thing_row", []string{"id", "n", "note"}, func(yield func([]any) bool) {
				for i := from; i < to; i++ {
					if !yield([]any{fmt.Sprint(i), i + 1, strings.Repeat("x", 500)}) {
						return
					}
				}
			})
			if from > 0 && err == nil {
				fmt.Println("middle") // the parent kills us here
				time.Sleep(time.Minute)
			}
			return err
		})
		return err
	}
	if err := put(0, 1000); err != nil {
		fmt.Println("first:", err)
		return 5
	}
	fmt.Println("committed")
	if err := put(1000, 200_000); err != nil { // more than any cache holds: it has reached the disk
		fmt.Println("second:", err)
	}
	return 6
}

// batches writes a hundred rows in each Update until it is killed.
func batches(db *sqldb.DB) int {
	var n int
	for {
		rev, err := db.Update(ctx, func(tx *sqldb.Tx) error {
			if err := tx.QueryRow("SELECT count(*) FROM thing_row").Scan(&n); err != nil {
				return err
			}
			_, err := tx.Insert("thing_row", []string{"id", "n", "note", "rev"}, func(yield func([]any) bool) {
				for i := n; i < n+100; i++ {
					if !yield([]any{fmt.Sprint(i), i + 1, strings.Repeat("x", 300), tx.Rev()}) {
						return
					}
				}
			})
			return err
		})
		if err != nil {
			fmt.Println(err)
			return 7
		}
		fmt.Println(int64(rev)) // said only after the commit
	}
}

func startChild(t *testing.T, o sqldb.Options, do string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	arg, err := json.Marshal(map[string]string{"Path": o.Path, "DSN": o.DSN, "Do": do})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), child+"="+string(arg))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

func await(t *testing.T, s *bufio.Scanner, line string) {
	t.Helper()
	if !s.Scan() || s.Text() != line {
		t.Fatalf("child says %q, want %q", s.Text(), line)
	}
}

func TestKilledInTheMiddleOfAnUpdate(t *testing.T) {
	sqldbtest.RunOptions(t, []sqldb.Schema{thing}, func(t *testing.T, o sqldb.Options) {
		cmd, out := startChild(t, o, "")
		await(t, out, "committed")
		await(t, out, "middle")

		// While the other process writes: readers see the old state, and a writer waits, then gives up saying why.
		db, err := sqldb.Open(ctx, o)
		if err != nil {
			t.Fatal("opening while another process writes:", err)
		}
		defer db.Close()
		if n := count(t, db, "thing_row"); n != 1000 {
			t.Errorf("a reader sees %d rows", n)
		}
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		_, err = db.Update(short, func(tx *sqldb.Tx) error { return nil })
		if !errors.Is(err, fault.Busy) || !strings.Contains(err.Error(), "another pons process is writing") {
			t.Errorf("a second writer: %v", err)
		}
		got := make(chan error, 1)
		go func() { // this one has time, and follows when the other is gone
			_, err := db.Update(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ('after', 5000000)")
				return err
			})
			got <- err
		}()
		if err := cmd.Process.Kill(); err != nil { // kill -9
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if err := <-got; err != nil {
			t.Errorf("the waiting writer: %v", err)
		}
		if n := count(t, db, "thing_row"); n != 1001 {
			t.Errorf("%d rows after the kill, want the 1000 of before and 1", n)
		}
		problems, err := db.Check(ctx)
		if err != nil || len(problems) > 0 {
			t.Errorf("check: %v %v", problems, err)
		}
		if err := db.View(ctx, func(tx *sqldb.Tx) error {
			if tx.Rev() != 2 {
				t.Errorf("revision %d", tx.Rev())
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
}

// Wherever the kill falls, whole Updates remain, and all that were reported.
func TestKilledAnywhere(t *testing.T) {
	o := sqldbtest.SQLite(t, []sqldb.Schema{thing})
	for round := range 10 {
		cmd, out := startChild(t, o, "batches")
		for range 1 + 3*round { // some commits later, at a moment that is never the same
			if !out.Scan() {
				t.Fatal("the child ended by itself")
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		reported, err := strconv.Atoi(out.Text())
		for err == nil && out.Scan() {
			reported, err = strconv.Atoi(out.Text())
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		db, err := sqldb.Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(ctx, func(tx *sqldb.Tx) error {
			var n, revs, torn int
			if err := tx.QueryRow("SELECT count(*), count(DISTINCT rev) FROM thing_row").Scan(&n, &revs); err != nil {
				return err
			}
			if err := tx.QueryRow("SELECT count(*) FROM (SELECT rev FROM thing_row GROUP BY rev HAVING count(*) <> 100) AS torn").Scan(&torn); err != nil {
				return err
			}
			if torn > 0 || n != 100*revs || sqldb.Rev(revs) != tx.Rev() || tx.Rev() < sqldb.Rev(reported) {
				t.Errorf("round %d: %d rows of %d revisions, %d torn, at revision %d, %d reported", round, n, revs, torn, tx.Rev(), reported)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if problems, err := db.Check(ctx); err != nil || len(problems) > 0 {
			t.Errorf("round %d: %v %v", round, problems, err)
		}
		db.Close()
	}
}

// A reader that polls by revision must see each row exactly once, whatever the writers' order.
func TestPollingReaderMissesNothing(t *testing.T) {
	sqldbtest.RunOptions(t, []sqldb.Schema{thing}, func(t *testing.T, o sqldb.Options) {
		var dbs []*sqldb.DB
		for range 2 { // two processes' worth of pools
			db, err := sqldb.Open(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			dbs = append(dbs, db)
		}
		const writers, each = 6, 40
		var wg sync.WaitGroup
		var mu sync.Mutex
		var revs []sqldb.Rev
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					rev, err := dbs[w%2].Update(ctx, func(tx *sqldb.Tx) error {
						var n int
						if err := tx.QueryRow("SELECT count(*) FROM thing_row").Scan(&n); err != nil {
							return err
						}
						// n is unique only if no other writer came between.
						_, err := tx.Exec("INSERT INTO thing_row (id, n, rev) VALUES ($1, $2, $3)", fmt.Sprintf("%d-%d", w, i), n+1, tx.Rev())
						return err
					})
					if err != nil {
						t.Errorf("writer %d: %v", w, err)
						return
					}
					mu.Lock()
					revs = append(revs, rev)
					mu.Unlock()
				}
			})
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		var after sqldb.Rev
		seen := map[string]bool{}
		for last := false; ; {
			err := dbs[1].View(ctx, func(tx *sqldb.Tx) error {
				rows, err := tx.Query("SELECT id, rev FROM thing_row WHERE rev > $1 ORDER BY rev", after)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					var id string
					var rev sqldb.Rev
					if err := rows.Scan(&id, &rev); err != nil {
						return err
					}
					if seen[id] || rev > tx.Rev() {
						t.Errorf("row %s of revision %d at revision %d: seen before: %v", id, rev, tx.Rev(), seen[id])
					}
					seen[id] = true
				}
				after = tx.Rev()
				return rows.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
			if last {
				break
			}
			select {
			case <-done:
				last = true
			default:
			}
		}
		if len(seen) != writers*each {
			t.Errorf("the reader saw %d rows of %d", len(seen), writers*each)
		}
		slices.Sort(revs)
		for i, r := range revs {
			if r != sqldb.Rev(i+1) {
				t.Fatalf("revisions are not 1, 2, 3 …: %v", revs)
			}
		}
	})
}

func TestViewDoesNotWaitForTheWriter(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{thing}, func(t *testing.T, db *sqldb.DB) {
		_, err := db.Update(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ('a', 1)"); err != nil {
				return err
			}
			if n := count(t, db, "thing_row"); n != 0 {
				t.Errorf("a view sees %d rows that are not committed", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// One snapshot: what is committed meanwhile is not seen.
		err = db.View(ctx, func(tx *sqldb.Tx) error {
			run(t, db, "INSERT INTO thing_row (id, n) VALUES ('b', 2)")
			var n int
			if err := tx.QueryRow("SELECT count(*) FROM thing_row").Scan(&n); err != nil {
				return err
			}
			if n != 1 || tx.Rev() != 1 {
				t.Errorf("the snapshot has %d rows at revision %d", n, tx.Rev())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestLongStatementsEndWithTheContext(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{thing}, func(t *testing.T, db *sqldb.DB) {
		const long = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 2000000000) SELECT count(*) FROM c"
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := db.View(short, func(tx *sqldb.Tx) error {
			var n int
			return tx.QueryRow(long).Scan(&n)
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 20*time.Second {
			t.Errorf("ended after %s with %v", time.Since(start), err)
		}
		run(t, db, "INSERT INTO thing_row (id, n) VALUES ('a', 1)") // the database works on
		if n := count(t, db, "thing_row"); n != 1 {
			t.Error(n)
		}
	})
}

func TestDiskFullWritesNothing(t *testing.T) {
	db := sqldbtest.Open(t, []sqldb.Schema{thing})
	run(t, db, "INSERT INTO thing_row (id, n) VALUES ('a', 1)")
	fill := func(tx *sqldb.Tx) error {
		_, err := tx.Insert("thing_row", []string{"id", "n", "note"}, func(yield func([]any) bool) {
			for i := range 5000 {
				if !yield([]any{fmt.Sprint(i), i + 10, strings.Repeat("x", 1000)}) {
					return
				}
			}
		})
		return err
	}
	_, err := db.Update(ctx, func(tx *sqldb.Tx) error {
		var pages int64
		if err := tx.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
			return err
		}
		// As if the disk had room for a hundred pages more.
		if err := tx.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", pages+100)).Scan(&pages); err != nil {
			return err
		}
		return fill(tx)
	})
	if !errors.Is(err, fault.Busy) || !strings.Contains(err.Error(), "nothing was written") {
		t.Errorf("a full disk says %v", err)
	}
	if n := count(t, db, "thing_row"); n != 1 {
		t.Errorf("%d rows", n)
	}
	_, err = db.Update(ctx, func(tx *sqldb.Tx) error { // and when there is room again
		var pages int64
		if err := tx.QueryRow("PRAGMA max_page_count = 1000000").Scan(&pages); err != nil {
			return err
		}
		return fill(tx)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMigrationsGoForwardOnly(t *testing.T) {
	file := func(name, sql string) sqldb.Schema {
		return sqldb.Schema{Name: "thing", FS: fstest.MapFS{"001_first.sql": {Data: []byte("CREATE TABLE thing_a (id TEXT PRIMARY KEY);")}, name: {Data: []byte(sql)}}}
	}
	sqldbtest.RunOptions(t, nil, func(t *testing.T, o sqldb.Options) {
		with := func(schemas ...sqldb.Schema) error {
			o.Schemas = schemas
			db, err := sqldb.Open(ctx, o)
			if err == nil {
				db.Close()
			}
			return err
		}
		two := file("002_b.sql", "CREATE TABLE thing_b (id TEXT PRIMARY KEY)")
		for _, s := range []sqldb.Schema{file("001_first.sql", "CREATE TABLE thing_a (id TEXT PRIMARY KEY);"), two, two} {
			if err := with(s); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			s    sqldb.Schema
			says string
		}{
			"changed": {file("002_b.sql", "CREATE TABLE thing_b (id BIGINT PRIMARY KEY)"), "changed after it was applied"},
			"older":   {sqldb.Schema{Name: "thing", FS: fstest.MapFS{"001_first.sql": {Data: []byte("CREATE TABLE thing_a (id TEXT PRIMARY KEY);")}}}, "newer pons"},
			"name":    {sqldb.Schema{Name: "thing", FS: fstest.MapFS{"first.sql": {}}}, "NNN_title.sql"},
		} {
			if err := with(c.s); !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// A failing migration leaves nothing of itself, nor of those before it in the same start.
		bad := file("002_b.sql", "CREATE TABLE thing_b (id TEXT PRIMARY KEY)")
		bad.FS.(fstest.MapFS)["003_c.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE thing_c (id TEXT PRIMARY KEY); CREATE TABLE thing_c (id TEXT PRIMARY KEY)")}
		if err := with(bad); err == nil || !strings.Contains(err.Error(), "003_c") {
			t.Error(err)
		}
		bad.FS.(fstest.MapFS)["003_c.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE thing_c (id TEXT PRIMARY KEY)")}
		if err := with(bad); err != nil {
			t.Error("after mending:", err)
		}
	})
}

func TestManyProcessesMayMigrateAtOnce(t *testing.T) {
	sqldbtest.RunOptions(t, []sqldb.Schema{thing}, func(t *testing.T, o sqldb.Options) {
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				db, err := sqldb.Open(ctx, o)
				if err != nil {
					t.Error(err)
					return
				}
				defer db.Close()
				if _, err := db.Update(ctx, func(tx *sqldb.Tx) error { return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

func TestBackupAndRestore(t *testing.T) {
	o := sqldbtest.SQLite(t, []sqldb.Schema{thing})
	db, err := sqldb.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, f := range []string{o.Path} {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, info.Mode(), err)
		}
	}
	run(t, db, "INSERT INTO thing_row (id, n) VALUES ('kept', 1)")
	copied := filepath.Join(t.TempDir(), "backup.db")
	// A backup is made while somebody writes.
	if _, err := db.Update(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec("INSERT INTO thing_row (id, n) VALUES ('later', 2)"); err != nil {
			return err
		}
		return db.Backup(ctx, copied)
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(ctx, copied); !errors.Is(err, fault.Conflict) {
		t.Errorf("over an existing file: %v", err)
	}
	if err := sqldb.Restore(ctx, copied, o.Path); !errors.Is(err, fault.Busy) {
		t.Errorf("restore under a running server: %v", err)
	}
	if n := count(t, db, "thing_row"); n != 2 {
		t.Errorf("%d rows after the refused restore", n)
	}
	db.Close()
	other := filepath.Join(t.TempDir(), "other.db")
	if err := os.WriteFile(other, []byte("this is not a database, only a text of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqldb.Restore(ctx, other, o.Path); !errors.Is(err, fault.Invalid) {
		t.Errorf("restoring a text: %v", err)
	}
	if _, err := sqldb.Open(ctx, sqldb.Options{Path: other, Schemas: o.Schemas}); !errors.Is(err, fault.Invalid) {
		t.Errorf("opening a text: %v", err)
	}
	broken, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(broken); i += 100 {
		broken[i] ^= 0xff
	}
	if err := os.WriteFile(other, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqldb.Restore(ctx, other, o.Path); !errors.Is(err, fault.Invalid) {
		t.Errorf("restoring a damaged backup: %v", err)
	}
	if err := sqldb.Restore(ctx, copied, o.Path); err != nil {
		t.Fatal(err)
	}
	again, err := sqldb.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if n := count(t, again, "thing_row"); n != 1 {
		t.Errorf("%d rows after the restore", n)
	}
	entries, err := os.ReadDir(filepath.Dir(o.Path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), ".restore") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

func TestStatementsAreCounted(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{thing}, func(t *testing.T, db *sqldb.DB) {
		c, counter := sqldb.CountStatements(ctx)
		if err := db.View(c, func(tx *sqldb.Tx) error {
			for range 3 {
				var n int
				if err := tx.QueryRow("SELECT count(*) FROM thing_row").Scan(&n); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if counter.Count() != 3 || len(counter.Texts()) != 3 {
			t.Errorf("counted %v", counter.Texts())
		}
	})
}
