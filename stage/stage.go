// Package stage runs the folds: each reads what changed since its cursor and writes its own tables, in an Update of
// its own, in the order of the list. It decides when folds run and remembers how far each has come; what a fold
// does is its owner's.
//
// A stage that fails is left where it was, with the text of the failure beside its cursor, and is tried again at the
// next ring, and from time to time without one. The stages after it run all the same: they read committed tables
// only, so they see older rows and not wrong ones, and when the failed stage recovers, what it then writes has newer
// revisions, which they find.
package stage

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"pons/bus"
	"pons/fault"
	"pons/sqldb"
)

// Stage is one fold. Fold looks at rows with a revision greater than after and up to tx.Rev(), and must be
// idempotent: it may see the same rows again. What it writes carries tx.Rev().
type Stage struct {
	Name string
	Fold func(tx *sqldb.Tx, after sqldb.Rev) error
}

//go:embed *.sql
var files embed.FS

// Schema is the table of cursors.
func Schema() sqldb.Schema { return sqldb.Schema{Name: "stage", FS: files} }

// Poll is how often Run looks at the revision without being rung: a command in another process may have written.
// A failing stage is tried again after this time, then after twice as long, up to maxRetry.
const (
	Poll     = 2 * time.Second
	maxRetry = time.Minute
)

// Runner runs stages on a database. Make it with New; Drain and Run must not overlap.
type Runner struct {
	db      *sqldb.DB
	bus     *bus.Bus
	stages  []Stage
	now     func() time.Time
	poll    time.Duration
	settled sqldb.Rev // the newest revision there is, when all stages have seen it
}

// New prepares a runner for stages whose order is that of their floors: a stage may read what those before it write.
func New(db *sqldb.DB, b *bus.Bus, now func() time.Time, stages ...Stage) (*Runner, error) {
	seen := map[string]bool{}
	for _, s := range stages {
		if s.Name == "" || s.Fold == nil || seen[s.Name] {
			return nil, fmt.Errorf("stage %q has no name or no fold, or is there twice: %w", s.Name, fault.Invalid)
		}
		seen[s.Name] = true
	}
	return &Runner{db: db, bus: b, stages: stages, now: now, poll: Poll, settled: -1}, nil
}

// Drain folds every stage once, in order, and returns the failures together. When nothing was written since the
// last Drain that went well, it does nothing. A pass in the order of the list is enough: no stage reads what a
// later one writes.
func (r *Runner) Drain(ctx context.Context) error {
	newest, err := r.newest(ctx)
	if err != nil {
		return err
	}
	if newest == r.settled {
		return nil
	}
	r.settled = -1
	// Only this pass wrote, if the revisions of its Updates follow each other without a gap.
	alone, last := true, newest
	var failures []error
	for _, s := range r.stages {
		rev, err := r.fold(ctx, s)
		if ctx.Err() != nil {
			return errors.Join(append(failures, context.Cause(ctx))...)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("stage %s: %w", s.Name, err))
			if err := r.record(ctx, s, err); err != nil {
				failures = append(failures, err)
			}
			continue
		}
		alone = alone && rev == last+1
		last = rev
	}
	if len(failures) == 0 && alone {
		r.settled = last
	}
	if r.bus != nil {
		r.bus.Ring(bus.Folded)
	}
	return errors.Join(failures...)
}

// Run drains at once, then at every ring of bus.Changed and whenever another process has written, until the context
// ends. Failures of stages are kept beside their cursors and do not end it.
func (r *Runner) Run(ctx context.Context) error {
	changed := r.bus.Listen(ctx, bus.Changed)
	pause := r.poll
	for {
		// A failure is in the table of cursors; a database that is away is tried again.
		if err := r.Drain(ctx); err != nil {
			pause = min(2*pause, maxRetry)
		} else {
			pause = r.poll
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-time.After(pause):
		}
	}
}

func (r *Runner) newest(ctx context.Context) (rev sqldb.Rev, err error) {
	err = r.db.View(ctx, func(tx *sqldb.Tx) error { rev = tx.Rev(); return nil })
	return rev, err
}

// fold runs one stage and moves its cursor in the same Update. A panic is a failure of that stage alone.
func (r *Runner) fold(ctx context.Context, s Stage) (rev sqldb.Rev, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.db.Update(ctx, func(tx *sqldb.Tx) error {
		var after sqldb.Rev
		if err := tx.QueryRow(`SELECT rev FROM stage_cursor WHERE name = $1`, s.Name).Scan(&after); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if err := s.Fold(tx, after); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO stage_cursor (name, rev, at, problem, failures) VALUES ($1, $2, $3, '', 0)
			ON CONFLICT (name) DO UPDATE SET rev = excluded.rev, at = excluded.at, problem = '', failures = 0`,
			s.Name, tx.Rev(), r.now().UnixMicro())
		return err
	})
}

func (r *Runner) record(ctx context.Context, s Stage, problem error) error {
	text := strings.ReplaceAll(strings.ToValidUTF8(problem.Error(), "?"), "\x00", "?")
	if len(text) > 2000 {
		text = strings.ToValidUTF8(text[:2000], "") + "…"
	}
	_, err := r.db.Update(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO stage_cursor (name, rev, at, problem, failures) VALUES ($1, 0, $2, $3, 1)
			ON CONFLICT (name) DO UPDATE SET at = excluded.at, problem = excluded.problem, failures = stage_cursor.failures + 1`,
			s.Name, r.now().UnixMicro(), text)
		return err
	})
	if err != nil {
		return fmt.Errorf("record the failure of stage %s: %w", s.Name, err)
	}
	return nil
}

// Status is how far a stage has come.
type Status struct {
	Name     string
	Rev      sqldb.Rev // what it has seen
	At       time.Time // of the last attempt; zero when it never ran
	Problem  string    // why the last attempt failed, empty when it went well
	Failures int       // in a row
}

// Status lists the stages of the runner in their order.
func (r *Runner) Status(tx *sqldb.Tx) ([]Status, error) {
	known := map[string]Status{}
	rows, err := tx.Query(`SELECT name, rev, at, problem, failures FROM stage_cursor`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s Status
		var at int64
		if err := rows.Scan(&s.Name, &s.Rev, &at, &s.Problem, &s.Failures); err != nil {
			return nil, err
		}
		s.At = time.UnixMicro(at).UTC()
		known[s.Name] = s
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	out := make([]Status, 0, len(r.stages))
	for _, st := range r.stages {
		s := known[st.Name]
		s.Name = st.Name
		out = append(out, s)
	}
	return out, nil
}
