package app

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pons/demo"
	"pons/sqldb"
)

// killRows and killRounds: how much is imported, and how often it is killed on each database.
const (
	killRows   = 20_000
	killRounds = 20
)

// TestKilledImport kills imports of a large file with SIGKILL at random moments. Whenever it is, the import is absent or
// complete afterwards and the database is sound; repeating it then succeeds, and repeating that changes nothing.
func TestKilledImport(t *testing.T) {
	t.Parallel() // in memory: the kernel keeps what a killed process has written, on disk or not
	var text bytes.Buffer
	if err := demo.WriteCSV(&text, killRows, 11); err != nil {
		t.Fatal(err)
	}
	eachDatabase(t, func(t *testing.T, s *site) {
		s.write("big.csv", text.String())
		s.write("good.csv", goodCSV)
		s.must("import", "good.csv", "--source", "small", "--kind", "cmms", "--at", "2026-03-01")
		before := s.state()
		args := []string{"import", "big.csv", "--source", "big", "--kind", "cmms", "--at", "2026-03-02"}

		begun := time.Now()
		s.must(args...)
		whole := time.Since(begun)
		after := s.state()
		first := s.inventory()
		s.must("import", "undo", "2")
		if got := s.state(); got.records != before.records || got.devices != before.devices {
			t.Fatalf("undo left %+v, want %+v", got, before)
		}

		r := rand.New(rand.NewPCG(3, uint64(len(s.dsn)&1)))
		killed := 0
		for round := range killRounds {
			before := s.state()
			cmd := s.command(args...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(float64(whole) * (0.05 + 1.02*r.Float64())))
			_ = cmd.Process.Kill() // it may have ended
			_ = cmd.Wait()
			now := s.state()
			switch {
			case now == before:
				killed++
			case now.records == after.records && now.devices == after.devices && now.keys == after.keys && now.runs == before.runs+1:
				run := s.must("import", "runs", "--limit", "1", "--format", "jsonl")
				s.must("import", "undo", strings.TrimSuffix(strings.TrimPrefix(strings.SplitN(run, ",", 2)[0], `{"run":`), ","))
			default:
				t.Fatalf("round %d: neither absent nor complete: %+v\nbefore %+v\nwhole  %+v", round, now, before, after)
			}
			if round%5 == 4 {
				s.must("db", "check")
			}
		}
		t.Logf("%d of %d imports were killed before their end; a whole one takes %s", killed, killRounds, whole)
		if killed < killRounds/4 {
			t.Errorf("the moments are badly chosen")
		}
		s.must(args...)
		if diff := difference(first, s.inventory()); diff != "" {
			t.Errorf("the import that came through made another inventory:\n%s", diff)
		}
		if again := s.must(args...); !strings.Contains(again, ": 20000 rows: 0 created, 0 updated, 20000 unchanged, 0 in conflict, 0 rejected, 0 no longer") {
			t.Errorf("repeated: %s", again)
		}
		s.must("db", "check")
	})
}

// state is how much a database holds.
type state struct{ runs, records, keys, statements, devices, changes int64 }

// state opens the site's database beside whatever else does, and counts.
func (s *site) state() (n state) {
	s.t.Helper()
	db, err := sqldb.Open(context.Background(), sqldb.Options{Path: filepath.Join(s.dir, "pons-data", "pons.db"), DSN: s.dsn, Schemas: schemas()})
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	err = db.View(context.Background(), func(tx *sqldb.Tx) error {
		return tx.QueryRow(`SELECT (SELECT COUNT(*) FROM inventory_run), (SELECT COUNT(*) FROM inventory_record), (SELECT COUNT(*) FROM inventory_key),
			(SELECT COUNT(*) FROM inventory_statement), (SELECT COUNT(*) FROM inventory_device), (SELECT COUNT(*) FROM inventory_change)`).
			Scan(&n.runs, &n.records, &n.keys, &n.statements, &n.devices, &n.changes)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// TestInterruptedImport holds that Ctrl-C ends an import in one line and leaves nothing of it.
func TestInterruptedImport(t *testing.T) {
	t.Parallel()
	s := memorySite(t)
	f, err := os.Create(filepath.Join(s.dir, "big.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := demo.WriteCSV(f, 200_000, 11); err != nil {
		t.Fatal(err)
	}
	s.must("db", "migrate")
	cmd := s.command("import", "big.csv", "--source", "big", "--kind", "cmms")
	r := s.disturb(cmd, func(p *os.Process) {
		time.Sleep(500 * time.Millisecond)
		_ = p.Signal(os.Interrupt)
	})
	if r.status != exitFailed || r.err != "pons: import of big.csv: interrupted; nothing was written\n" || r.out != "" {
		t.Errorf("status %d\n%s%s", r.status, r.err, r.out)
	}
	if n := s.state(); n.records != 0 || n.runs != 0 {
		t.Errorf("left behind: %+v", n)
	}
}
