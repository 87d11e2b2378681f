package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	_ "modernc.org/sqlite" // its start-up code patches the library on some platforms
	sqlite3 "modernc.org/sqlite/lib"

	"pons/fault"
)

// oldestSQLite is 3.51.3: before it, a WAL file reset at the wrong moment could corrupt the database
// (sqlite.org/releaselog/3_51_3.html).
const oldestSQLite = 3051003

// applicationID marks our files in their header: "Pons" in ASCII. Restore refuses files without it.
const applicationID = 0x506f6e73

// statementCache bounds the prepared statements a connection keeps. Expanded IN lists make many texts.
const statementCache = 256

// How every connection is set up. synchronous=FULL: an import that was reported done must survive power loss, and
// NORMAL may lose the last commits of a WAL; the price is one fsync per Update, and Updates are batches.
// case_sensitive_like and the missing double-quoted strings make SQLite read SQL as PostgreSQL does. mmap stays
// off: a truncated file would end the process instead of the statement. Pages of 8192 bytes, in a new file, take a
// fifth off bulk inserts and cost single updates nothing (bench_test.go).
const (
	pragmas = `PRAGMA busy_timeout = 100; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
PRAGMA case_sensitive_like = ON; PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864; PRAGMA cell_size_check = ON`
	writerPragmas = `PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA cache_size = -65536`
	readerPragmas = `PRAGMA query_only = ON; PRAGMA cache_size = -16384`
)

// lite is a connection to a SQLite file, used by one goroutine at a time.
type lite struct {
	path    string
	tls     *libc.TLS
	db      uintptr
	ctx     context.Context
	unwatch func()
	stmts   map[string]*liteStmt
	arena   uintptr // text and blobs being bound; SQLite reads it in place during the step
	room    int
	cell    uintptr // an out parameter
	write   bool
	broken  bool
}

type liteStmt struct {
	p        uintptr
	params   []int // parameter i takes argument params[i], from 0
	args     int
	columns  int
	readonly bool
}

func prepareFile(path string) error {
	if path == "" {
		return fmt.Errorf("no database: neither a file nor a PostgreSQL address was given: %w", fault.Invalid)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of the database: %w: %w", err, fault.Invalid)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open database file: %w: %w", err, fault.Invalid)
	}
	return f.Close()
}

func openLite(path string, write bool) (*lite, error) {
	s := &lite{path: path, tls: libc.NewTLS(), stmts: map[string]*liteStmt{}, write: write}
	if v := sqlite3.Xsqlite3_libversion_number(s.tls); v < oldestSQLite {
		s.tls.Close()
		return nil, fmt.Errorf("SQLite %d is older than 3.51.3, which can damage a database: build with a newer one: %w", v, fault.Invalid)
	}
	s.cell = libc.Xmalloc(s.tls, 16)
	s.reserve(4096)
	name, err := libc.CString(path)
	if err != nil || s.cell == 0 || s.arena == 0 {
		s.close()
		return nil, fmt.Errorf("out of memory: %w", fault.Busy)
	}
	defer libc.Xfree(s.tls, name)
	// No mutex: one goroutine at a time uses a connection, and only interrupt comes from another.
	rc := sqlite3.Xsqlite3_open_v2(s.tls, name, s.cell, sqlite3.SQLITE_OPEN_READWRITE|sqlite3.SQLITE_OPEN_CREATE|sqlite3.SQLITE_OPEN_NOMUTEX, 0)
	s.db = *(*uintptr)(pointer(s.cell))
	if rc == sqlite3.SQLITE_OK {
		sqlite3.Xsqlite3_extended_result_codes(s.tls, s.db, 1)
		for _, op := range []int32{sqlite3.SQLITE_DBCONFIG_DQS_DDL, sqlite3.SQLITE_DBCONFIG_DQS_DML} {
			va := libc.Xmalloc(s.tls, 16)
			sqlite3.Xsqlite3_db_config(s.tls, s.db, op, libc.VaList(va, int32(0), uintptr(0)))
			libc.Xfree(s.tls, va)
		}
		role := readerPragmas
		if write {
			role = writerPragmas
		}
		s.ctx = context.Background()
		err = s.setUp(pragmas + ";" + role)
	} else {
		err = s.fail(rc, "open")
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// setUp runs the pragmas. Another process that is just creating or recovering the file makes them wait.
func (s *lite) setUp(script string) error {
	for _, q := range strings.Split(script, ";") {
		for try := 0; ; try++ {
			_, err := s.exec(strings.TrimSpace(q), nil)
			if err == nil {
				break
			}
			if !errors.Is(err, fault.Busy) || try > 50 {
				return err
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// pointer makes a Go pointer of an address in SQLite's memory, which the garbage collector does not own.
func pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

func (s *lite) memory(p uintptr, n int32) []byte { return unsafe.Slice((*byte)(pointer(p)), int(n)) }

// reserve makes the arena at least n bytes; what was in it is lost.
func (s *lite) reserve(n int) {
	if n <= s.room {
		return
	}
	if s.arena != 0 {
		libc.Xfree(s.tls, s.arena)
	}
	s.room = n + n/2
	s.arena = libc.Xmalloc(s.tls, types.Size_t(s.room))
	if s.arena == 0 {
		s.room = 0
	}
}

func (s *lite) begin(ctx context.Context, m mode, wait time.Duration) (Rev, error) {
	s.watch(ctx)
	q := "BEGIN"
	if m&writing != 0 {
		q = "BEGIN IMMEDIATE"
	}
	rev, err := s.take(ctx, q, m, time.Now().Add(wait))
	if err != nil {
		s.rollback()
	}
	return rev, err
}

// take begins the transaction and, where another process is in the way, comes back until its turn or the end of
// the wait.
func (s *lite) take(ctx context.Context, q string, m mode, until time.Time) (Rev, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		if ctx.Err() != nil {
			return 0, s.tooLong(context.Cause(ctx))
		}
		_, err := s.exec(q, nil)
		var rev Rev
		if err == nil {
			if rev, err = s.revision(m); err == nil {
				return rev, nil
			}
			if _, undo := s.exec("ROLLBACK", nil); undo != nil {
				return 0, undo
			}
		}
		if !errors.Is(err, errLocked) {
			return 0, err
		}
		if time.Now().After(until) {
			return 0, s.tooLong(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (s *lite) tooLong(err error) error {
	return fmt.Errorf("another pons process is writing to %s; try again when it has finished: %w: %w", s.path, err, fault.Busy)
}

func (s *lite) revision(m mode) (rev Rev, err error) {
	if m&bare != 0 {
		return 0, nil
	}
	q := readRevision
	if m&writing != 0 {
		q = takeRevision
	}
	c, err := s.query(q, nil)
	if err != nil {
		return 0, err
	}
	defer c.close()
	if ok, err := c.next(); err != nil || !ok {
		return 0, errors.Join(err, errRevision(!ok))
	}
	err = c.scan([]any{&rev})
	return rev, err
}

// watch interrupts what runs when the context ends: more than once, because a statement that is about to begin
// does not notice.
func (s *lite) watch(ctx context.Context) {
	s.ctx = ctx
	if ctx.Done() == nil {
		s.unwatch = func() {}
		return
	}
	done, ended := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		tls := libc.NewTLS()
		defer tls.Close()
		for {
			sqlite3.Xsqlite3_interrupt(tls, s.db)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	s.unwatch = func() {
		if !stop() {
			close(done)
			<-ended
		}
	}
}

func (s *lite) unwatchOnce() {
	if s.unwatch != nil {
		s.unwatch()
		s.unwatch = nil
	}
	s.ctx = context.Background()
}

func (s *lite) commit() error {
	s.unwatchOnce() // a commit is not stopped half way
	_, err := s.exec("COMMIT", nil)
	return err
}

func (s *lite) rollback() {
	s.unwatchOnce()
	if s.db == 0 || sqlite3.Xsqlite3_get_autocommit(s.tls, s.db) != 0 {
		return // the failure rolled back by itself, as a full disk does
	}
	if _, err := s.exec("ROLLBACK", nil); err != nil {
		s.broken = true
	}
}

func (s *lite) healthy() bool {
	return !s.broken && s.db != 0 && sqlite3.Xsqlite3_get_autocommit(s.tls, s.db) != 0
}

func (s *lite) close() {
	s.forget()
	if s.db != 0 {
		sqlite3.Xsqlite3_close_v2(s.tls, s.db)
		s.db = 0
	}
	for _, p := range []*uintptr{&s.arena, &s.cell} {
		if *p != 0 {
			libc.Xfree(s.tls, *p)
			*p = 0
		}
	}
	s.tls.Close()
}

func (s *lite) forget() {
	for q, st := range s.stmts {
		sqlite3.Xsqlite3_finalize(s.tls, st.p)
		delete(s.stmts, q)
	}
}

// prepare finds or makes the statement of a text. SQLite numbers $N in order of appearance; params puts that right.
func (s *lite) prepare(q string) (*liteStmt, error) {
	if st := s.stmts[q]; st != nil {
		return st, nil
	}
	if len(s.stmts) >= statementCache {
		s.forget() // none is running: a transaction has one statement at a time
	}
	text, err := libc.CString(q)
	if err != nil {
		return nil, fmt.Errorf("out of memory: %w", fault.Busy)
	}
	defer libc.Xfree(s.tls, text)
	tail := s.cell + 8
	if rc := sqlite3.Xsqlite3_prepare_v3(s.tls, s.db, text, int32(len(q)+1), sqlite3.SQLITE_PREPARE_PERSISTENT, s.cell, tail); rc != sqlite3.SQLITE_OK {
		return nil, s.fail(rc, q)
	}
	st := &liteStmt{p: *(*uintptr)(pointer(s.cell))}
	if st.p == 0 {
		return nil, fmt.Errorf("no statement in %q: %w", brief(q), fault.Invalid)
	}
	rest := q[min(int(*(*uintptr)(pointer(tail))-text), len(q)):]
	if strings.Trim(rest, " \t\r\n;") != "" && !strings.HasPrefix(strings.TrimSpace(rest), "--") {
		sqlite3.Xsqlite3_finalize(s.tls, st.p)
		return nil, fmt.Errorf("more than one statement in %q: %w", brief(q), fault.Invalid)
	}
	n := int(sqlite3.Xsqlite3_bind_parameter_count(s.tls, st.p))
	st.params = make([]int, n)
	for i := range n {
		name := libc.GoString(sqlite3.Xsqlite3_bind_parameter_name(s.tls, st.p, int32(i+1)))
		k, err := strconv.Atoi(strings.TrimPrefix(name, "$"))
		if err != nil || k < 1 || name[0] != '$' {
			sqlite3.Xsqlite3_finalize(s.tls, st.p)
			return nil, fmt.Errorf("parameter %q is not $1, $2 … in %q: %w", name, brief(q), fault.Invalid)
		}
		st.params[i] = k - 1
		st.args = max(st.args, k)
	}
	st.columns = int(sqlite3.Xsqlite3_column_count(s.tls, st.p))
	st.readonly = sqlite3.Xsqlite3_stmt_readonly(s.tls, st.p) != 0
	s.stmts[q] = st
	return st, nil
}

// bind gives the arguments to the statement. Text and blobs are put into the arena, which stays as it is until
// the statement is reset.
func (s *lite) bind(st *liteStmt, args []any, base int) (int, error) {
	p := st.p
	at := base
	for i, k := range st.params {
		var rc int32
		n := int32(i + 1)
		a := args[k]
	again:
		switch v := a.(type) {
		case string:
			rc = sqlite3.Xsqlite3_bind_text(s.tls, p, n, s.arena+uintptr(at), int32(copy(unsafe.Slice((*byte)(pointer(s.arena+uintptr(at))), len(v)), v)), 0)
			at += len(v)
		case int64:
			rc = sqlite3.Xsqlite3_bind_int64(s.tls, p, n, v)
		case int:
			rc = sqlite3.Xsqlite3_bind_int64(s.tls, p, n, int64(v))
		case nil:
			rc = sqlite3.Xsqlite3_bind_null(s.tls, p, n)
		case float64:
			rc = sqlite3.Xsqlite3_bind_double(s.tls, p, n, v)
		case bool:
			var b int64
			if v {
				b = 1
			}
			rc = sqlite3.Xsqlite3_bind_int64(s.tls, p, n, b)
		case []byte:
			if v == nil {
				rc = sqlite3.Xsqlite3_bind_null(s.tls, p, n)
				break
			}
			rc = sqlite3.Xsqlite3_bind_blob(s.tls, p, n, s.arena+uintptr(at), int32(copy(unsafe.Slice((*byte)(pointer(s.arena+uintptr(at))), len(v)), v)), 0)
			at += len(v)
		default:
			var err error
			if a, err = value(a); err != nil {
				return at, err
			}
			goto again
		}
		if rc != sqlite3.SQLITE_OK {
			return at, s.fail(rc, "bind")
		}
	}
	return at, nil
}

// measure checks the arguments and makes room for their text and blobs.
func (s *lite) measure(st *liteStmt, args []any) error {
	if len(args) != st.args {
		return fmt.Errorf("the statement has %d parameters and got %d arguments: %w", st.args, len(args), fault.Invalid)
	}
	size, err := sizeOf(args)
	if err != nil {
		return err
	}
	if s.reserve(size + 1); s.arena == 0 {
		return fmt.Errorf("out of memory: %w", fault.Busy)
	}
	return nil
}

func sizeOf(args []any) (size int, err error) {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			size += len(v)
			err = checkText(v)
		case []byte:
			size += len(v)
		case float64:
			err = checkFloat(v)
		case nil, int64, int, bool:
		default:
			var w any
			if w, err = value(a); err == nil {
				switch w := w.(type) {
				case string:
					size += len(w)
				case []byte:
					size += len(w)
				}
			}
		}
		if err != nil {
			return 0, fmt.Errorf("value %d: %w", i+1, err)
		}
	}
	return size, nil
}

func (s *lite) start(q string, args []any) (*liteStmt, error) {
	st, err := s.prepare(q)
	if err == nil {
		err = s.measure(st, args)
	}
	if err == nil {
		_, err = s.bind(st, args, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", brief(q), err)
	}
	return st, nil
}

func (s *lite) exec(q string, args []any) (int64, error) {
	st, err := s.start(q, args)
	if err != nil {
		return 0, err
	}
	defer sqlite3.Xsqlite3_reset(s.tls, st.p)
	for {
		switch rc := sqlite3.Xsqlite3_step(s.tls, st.p); rc {
		case sqlite3.SQLITE_ROW:
		case sqlite3.SQLITE_DONE:
			if st.readonly {
				return 0, nil
			}
			return sqlite3.Xsqlite3_changes64(s.tls, s.db), nil
		default:
			return 0, s.fail(rc, q)
		}
	}
}

func (s *lite) hasTable(name string) (bool, error) {
	c, err := s.query("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1", []any{name})
	if err != nil {
		return false, err
	}
	defer c.close()
	if _, err := c.next(); err != nil {
		return false, err
	}
	var n int
	err = c.scan([]any{&n})
	return n > 0, err
}
