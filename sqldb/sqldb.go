// Package sqldb is the one door to the database: it opens SQLite or PostgreSQL, migrates the schemas of the
// packages above it, and runs their SQL in two kinds of transaction. View reads one consistent snapshot and
// never waits; Update has the only writer's turn and a new revision. Both databases get the same SQL text and
// answer with the same kinds of error, so a test on either says what happens on both.
//
// It decides how statements reach the database and in which order writers go. Which tables exist and what they
// mean is left to the packages that own them; who rings the doorbell after an Update is theirs too.
//
// It speaks to both drivers directly (modernc.org/sqlite/lib, jackc/pgx) and not through database/sql: the
// values cross without an interface and a second copy each, which makes bulk inserts and whole-table reads two to
// three times faster (figures in bench_test.go), and the rules below hold alike on both sides.
//
// Rules that make the two databases one:
//   - a failed statement ends the transaction: what follows returns the first error, and Update rolls back;
//   - one statement at a time: close Rows before the next one (PostgreSQL has one wire);
//   - text is valid UTF-8 without NUL, numbers are finite, NULL needs a pointer or any as its destination;
//   - times are BIGINT microseconds, made by the caller; nothing here reads the clock for data.
package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync"
	"time"

	"pons/fault"
)

// Rev counts the committed Updates of a database. It only grows, and a reader who has seen revision r has seen
// every row of all revisions up to r: the revision row is locked before anything else is written.
type Rev int64

// Options say which database to open and which schemas it must hold.
type Options struct {
	Path    string        // SQLite file; made private (0600), its folder too (0700), when missing
	DSN     string        // PostgreSQL connection string or URL; wins over Path
	Schemas []Schema      // in the order of the floors, so that foreign keys find their tables
	Wait    time.Duration // how long an Update waits for its turn when the context sets no earlier end; 0 = DefaultWait
	Readers int           // read connections at most; 0 = DefaultReaders
}

// Schema is the tables of one package: Name is the package, and FS holds NNN_title.sql, applied once each in
// the order of their numbers, forward only. Numbers are the package's own and begin where it likes.
type Schema struct {
	Name string
	FS   fs.FS
}

const (
	// DefaultWait is how long a writer waits for another process: an import of a million rows takes minutes, and
	// the second import should follow it rather than fail.
	DefaultWait = 10 * time.Minute
	// DefaultReaders bounds the read connections: pages are short, and each SQLite connection has its own cache.
	DefaultReaders = 8
)

// DB is an open database. It is safe for many goroutines.
type DB struct {
	opt     Options
	dialect string
	readers *pool
	writer  *pool
	once    sync.Once
}

// session is one connection, used by one transaction at a time. There are two: SQLite's and PostgreSQL's.
type session interface {
	begin(ctx context.Context, m mode, wait time.Duration) (Rev, error)
	commit() error
	rollback() // never fails: a session that cannot roll back is not healthy
	healthy() bool
	hasTable(name string) (bool, error)
	close()

	exec(q string, args []any) (int64, error)
	query(q string, args []any) (cursor, error)
	insert(table string, cols []string, rows rowSeq) (int64, error)
	merge(table string, key, cols []string, rows rowSeq) (int64, error)
}

// cursor is the answer of one query.
type cursor interface {
	next() (bool, error)
	scan(dest []any) error
	close()
}

// Open opens the database and brings its schemas up to date. It refuses a SQLite library older than 3.51.3 (which
// can corrupt a WAL file when it is reset), a PostgreSQL database whose text order is not C, and a database
// written by a newer Pons. Wraps fault.Invalid for those, fault.Busy when the database cannot be reached.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Wait <= 0 {
		o.Wait = DefaultWait
	}
	if o.Readers <= 0 {
		o.Readers = max(DefaultReaders, runtime.NumCPU())
	}
	db := &DB{opt: o, dialect: "sqlite"}
	connect := func(_ context.Context, write bool) (session, error) {
		s, err := openLite(o.Path, write)
		if err != nil {
			return nil, err // not a nil *lite in an interface
		}
		return s, nil
	}
	if o.DSN != "" {
		db.dialect = "postgres"
		conf, err := pgConfig(o.DSN, o.Wait)
		if err != nil {
			return nil, err
		}
		connect = func(ctx context.Context, _ bool) (session, error) { return openPG(ctx, conf) }
	} else if err := prepareFile(o.Path); err != nil {
		return nil, err
	}
	db.writer = newPool(1, func(ctx context.Context) (session, error) { return connect(ctx, true) })
	db.readers = newPool(o.Readers, func(ctx context.Context) (session, error) { return connect(ctx, false) })
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return db, nil
}

// Close ends all connections. Transactions still running keep theirs until they end; Close waits for them.
func (db *DB) Close() error {
	db.once.Do(func() {
		db.readers.close()
		db.writer.close() // last: its connection checkpoints the WAL file away
	})
	return nil
}

// Dialect is "sqlite" or "postgres". Only pages about operations may ask.
func (db *DB) Dialect() string { return db.dialect }

// View runs f on one consistent snapshot. It never waits for the writer. What f writes is refused.
func (db *DB) View(ctx context.Context, f func(*Tx) error) error {
	_, err := db.run(ctx, db.readers, reading, f)
	return err
}

// Update runs f in the writer's turn and returns the new revision, which Tx.Rev gives inside f. Everything f
// wrote is kept, or, after an error or a panic, nothing. It waits for other writers, of this process and of others,
// until the context ends or Options.Wait is over: fault.Busy then. No network and no file inside f.
func (db *DB) Update(ctx context.Context, f func(*Tx) error) (Rev, error) {
	if ctx.Value(insideUpdate{db}) != nil {
		return 0, fmt.Errorf("update inside an update would wait for itself: %w", fault.Invalid)
	}
	return db.run(ctx, db.writer, writing, f)
}

type insideUpdate struct{ db *DB }

func (db *DB) run(ctx context.Context, p *pool, m mode, f func(*Tx) error) (rev Rev, err error) {
	start := time.Now()
	s, err := p.get(ctx, db.opt.Wait)
	if err != nil {
		return 0, err
	}
	rev, err = s.begin(ctx, m, db.opt.Wait-time.Since(start))
	if err != nil && !s.healthy() && ctx.Err() == nil {
		// The connection died while it was idle, as when PostgreSQL was restarted: a fresh one, once.
		p.put(s)
		if s, err = p.get(ctx, db.opt.Wait); err != nil {
			return 0, err
		}
		rev, err = s.begin(ctx, m, db.opt.Wait)
	}
	if err != nil {
		p.put(s)
		return 0, err
	}
	tx := &Tx{ctx: ctx, s: s, rev: rev, counter: counterOf(ctx)}
	if m == writing {
		tx.ctx = context.WithValue(ctx, insideUpdate{db}, true)
	}
	committed := false
	defer func() { // also after a panic and after runtime.Goexit, which a failing test uses
		tx.end()
		if !committed {
			s.rollback()
		}
		p.put(s)
	}()
	if err = f(tx); err != nil {
		return 0, err
	}
	tx.end()
	if tx.err != nil {
		return 0, tx.err
	}
	if err = ctx.Err(); err != nil {
		return 0, fmt.Errorf("nothing was written: %w", err)
	}
	if err = s.commit(); err != nil {
		return 0, err
	}
	committed = true
	return rev, nil
}

// pool lends sessions, at most n at once, in the order in which they were asked for.
type pool struct {
	connect func(context.Context) (session, error)
	n       int
	idle    chan session
	slots   chan struct{}
	closed  chan struct{}
}

func newPool(n int, connect func(context.Context) (session, error)) *pool {
	return &pool{connect: connect, n: n, idle: make(chan session, n), slots: make(chan struct{}, n), closed: make(chan struct{})}
}

var errClosed = errors.New("the database is closed")

func (p *pool) get(ctx context.Context, wait time.Duration) (session, error) {
	select {
	case <-p.closed:
		return nil, errClosed
	default:
	}
	select {
	case s := <-p.idle:
		return s, nil
	default:
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case s := <-p.idle:
		return s, nil
	case p.slots <- struct{}{}:
		s, err := p.connect(ctx)
		if err != nil {
			<-p.slots
			return nil, err
		}
		return s, nil
	case <-p.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a turn at the database: %w: %w", context.Cause(ctx), fault.Busy)
	case <-timer.C:
		return nil, fmt.Errorf("waited %s for a turn at the database; try again when the running import has ended: %w", wait, fault.Busy)
	}
}

func (p *pool) put(s session) {
	if s.healthy() {
		p.idle <- s // never blocks: idle has room for every slot
		return
	}
	s.close()
	<-p.slots
}

// close waits for what is lent out and closes it all.
func (p *pool) close() {
	close(p.closed)
	for range p.n {
		select {
		case p.slots <- struct{}{}:
		case s := <-p.idle:
			s.close()
		}
	}
}
