package sqldb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"pons/fault"
)

// oldestPostgres is 13, the oldest release that was still maintained when this was written.
const oldestPostgres = 130000

// migrationLock is the advisory lock that keeps two processes from migrating at once; the number is ours.
const migrationLock = 0x506f6e73

func pgConfig(dsn string, wait time.Duration) (*pgx.ConnConfig, error) {
	conf, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The text of err may repeat the password.
		return nil, fmt.Errorf("the PostgreSQL address cannot be read; it looks like postgres://user@host/database: %w", fault.Invalid)
	}
	if conf.RuntimeParams["application_name"] == "" {
		conf.RuntimeParams["application_name"] = "pons"
	}
	conf.RuntimeParams["lock_timeout"] = strconv.FormatInt(wait.Milliseconds(), 10)
	conf.RuntimeParams["timezone"] = "UTC"
	conf.RuntimeParams["standard_conforming_strings"] = "on"
	conf.RuntimeParams["client_min_messages"] = "warning"
	conf.StatementCacheCapacity = statementCache
	return conf, nil
}

// pg is a connection to PostgreSQL.
type pg struct {
	conn   *pgx.Conn
	ctx    context.Context
	broken bool
	temp   int
}

func openPG(ctx context.Context, conf *pgx.ConnConfig) (session, error) {
	conn, err := pgx.ConnectConfig(ctx, conf.Copy())
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connect to PostgreSQL: %w: %w", context.Cause(ctx), fault.Busy)
		}
		return nil, pgConnectFail(conf, err)
	}
	s := &pg{conn: conn, ctx: ctx}
	var version int
	var collate, encoding string
	err = conn.QueryRow(ctx, "SELECT CAST(current_setting('server_version_num') AS BIGINT), datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()").
		Scan(&version, &collate, &encoding)
	switch {
	case err != nil:
		err = pgFail(ctx, err, "connect")
	case version < oldestPostgres:
		err = fmt.Errorf("PostgreSQL %d is too old, 13 is the least: %w", version/10000, fault.Invalid)
	case encoding != "UTF8" || (collate != "C" && collate != "C.UTF-8" && collate != "C.utf8" && collate != "POSIX"):
		err = fmt.Errorf("the database has encoding %s and text order %s; Pons needs UTF8 and C: CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C': %w",
			encoding, collate, fault.Invalid)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// begin takes one round trip: the transaction, and the revision row, which a writer locks before anything else.
func (s *pg) begin(ctx context.Context, m mode, _ time.Duration) (Rev, error) {
	s.ctx = ctx
	q := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
	if m&writing != 0 {
		q = "BEGIN ISOLATION LEVEL READ COMMITTED; "
	}
	switch m {
	case reading:
		q += readRevision
	case writing:
		q += takeRevision
	case writing | bare:
		q += "SELECT 0 FROM (SELECT pg_advisory_xact_lock(" + strconv.Itoa(migrationLock) + ", hashtext(current_schema()))) AS turn"
	default:
		q += "SELECT 0"
	}
	results, err := s.conn.PgConn().Exec(ctx, q).ReadAll()
	if err != nil {
		err = pgFail(ctx, err, "begin")
		s.rollback()
		return 0, err
	}
	last := results[len(results)-1]
	if len(last.Rows) != 1 {
		s.rollback()
		return 0, errRevision(true)
	}
	rev, err := strconv.ParseInt(string(last.Rows[0][0]), 10, 64)
	return Rev(rev), err
}

// finish ends the transaction even when the context has ended: the answer to a commit must be known.
func (s *pg) finish(q string) error {
	if s.conn.IsClosed() {
		return fmt.Errorf("the connection to PostgreSQL was lost: %w", fault.Busy)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), time.Minute)
	defer cancel()
	tag, err := s.conn.PgConn().Exec(ctx, q).ReadAll()
	if err != nil {
		s.broken = true
		return pgFail(ctx, err, q)
	}
	if q == "COMMIT" && tag[0].CommandTag.String() != "COMMIT" {
		return fmt.Errorf("the transaction had failed and was rolled back: %w", fault.Invalid)
	}
	return nil
}

func (s *pg) commit() error { return s.finish("COMMIT") }

func (s *pg) rollback() {
	if s.conn.IsClosed() || s.conn.PgConn().TxStatus() == 'I' {
		return
	}
	if err := s.finish("ROLLBACK"); err != nil {
		s.broken = true
	}
}

func (s *pg) healthy() bool {
	return !s.broken && !s.conn.IsClosed() && s.conn.PgConn().TxStatus() == 'I'
}

func (s *pg) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx) // the connection is gone either way
}

func (s *pg) args(args []any) ([]any, error) {
	out := make([]any, len(args))
	for i, a := range args {
		v, err := value(a)
		if err != nil {
			return nil, fmt.Errorf("value %d: %w", i+1, err)
		}
		out[i] = v
	}
	return out, nil
}

func (s *pg) exec(q string, args []any) (int64, error) {
	args, err := s.args(args)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", brief(q), err)
	}
	tag, err := s.conn.Exec(s.ctx, q, args...)
	if err != nil {
		return 0, pgFail(s.ctx, err, q)
	}
	if tag.Select() {
		return 0, nil
	}
	return tag.RowsAffected(), nil
}

func (s *pg) query(q string, args []any) (cursor, error) {
	args, err := s.args(args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", brief(q), err)
	}
	rows, err := s.conn.Query(s.ctx, q, args...)
	if err != nil {
		return nil, pgFail(s.ctx, err, q)
	}
	return &pgCursor{ctx: s.ctx, rows: rows, q: q}, nil
}

func (s *pg) hasTable(name string) (bool, error) {
	var ok bool
	err := s.conn.QueryRow(s.ctx, "SELECT to_regclass($1) IS NOT NULL", name).Scan(&ok)
	if err != nil {
		return false, pgFail(s.ctx, err, "look for table "+name)
	}
	return ok, nil
}

type pgCursor struct {
	ctx  context.Context
	rows pgx.Rows
	q    string
	dest []any
}

func (c *pgCursor) next() (bool, error) {
	if c.rows.Next() {
		return true, nil
	}
	if err := c.rows.Err(); err != nil {
		return false, pgFail(c.ctx, err, c.q)
	}
	return false, nil
}

func (c *pgCursor) close() { c.rows.Close() }

// scan lets pgx fill the destinations, except Raw, which it knows by another name.
func (c *pgCursor) scan(dest []any) error {
	if n := len(c.rows.FieldDescriptions()); len(dest) != n {
		return fmt.Errorf("%s: %d columns do not go into %d destinations: %w", brief(c.q), n, len(dest), fault.Invalid)
	}
	c.dest = c.dest[:0]
	for _, d := range dest {
		if r, ok := d.(*Raw); ok {
			d = (*pgtype.DriverBytes)(r)
		}
		c.dest = append(c.dest, d)
	}
	if err := c.rows.Scan(c.dest...); err != nil {
		return fmt.Errorf("%s: %w: %w", brief(c.q), err, fault.Invalid)
	}
	return nil
}

func (s *pg) insert(table string, cols []string, rows rowSeq) (int64, error) {
	if err := names(table, cols); err != nil {
		return 0, err
	}
	return s.copy(table, cols, 0, rows)
}

// few is the number of rows from which a merge takes the way of a temporary table. Below it goes as single statements
// in one round trip: 10 rows of 25 columns in 0.4 ms; at 300 rows 8 ms against 11 (BenchmarkInsert).
const few = 300

// merge of many rows copies them into a temporary table and merges that: 1.5 times faster than many-row VALUES. The
// row number picks the last of the rows that share a key.
func (s *pg) merge(table string, key, cols []string, rows rowSeq) (int64, error) {
	if err := names(table, cols, key); err != nil {
		return 0, err
	}
	list, keys := strings.Join(cols, ", "), strings.Join(key, ", ")
	pull, stop := iter.Pull(rows)
	defer stop()
	var head [][]any
	for len(head) < few {
		row, ok := pull()
		if !ok {
			return s.mergeFew("INSERT INTO "+table+" ("+list+") VALUES "+In(len(cols), 1)+onConflict(key, cols), len(cols), head)
		}
		head = append(head, slices.Clone(row))
	}
	all := func(yield func([]any) bool) {
		for _, row := range head {
			if !yield(row) {
				return
			}
		}
		for row, ok := pull(); ok && yield(row); row, ok = pull() {
		}
	}
	s.temp++
	temp := "sqldb_merge_" + strconv.Itoa(s.temp)
	if _, err := s.exec("CREATE TEMPORARY TABLE "+temp+" ON COMMIT DROP AS SELECT "+list+", CAST(0 AS BIGINT) AS sqldb_row FROM "+table+" WITH NO DATA", nil); err != nil {
		return 0, err
	}
	if _, err := s.copy(temp, append(cols[:len(cols):len(cols)], "sqldb_row"), 1, all); err != nil {
		return 0, err
	}
	n, err := s.exec("INSERT INTO "+table+" ("+list+") SELECT DISTINCT ON ("+keys+") "+list+" FROM "+temp+" ORDER BY "+keys+", sqldb_row DESC"+onConflict(key, cols), nil)
	if err != nil {
		return 0, err
	}
	_, err = s.exec("DROP TABLE "+temp, nil)
	return n, err
}

func (s *pg) mergeFew(q string, width int, rows [][]any) (n int64, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	batch := &pgx.Batch{}
	for i, row := range rows {
		if len(row) != width {
			return 0, fmt.Errorf("row %d: the statement has %d parameters and got %d arguments: %w", i+1, width, len(row), fault.Invalid)
		}
		args, err := s.args(row)
		if err != nil {
			return 0, fmt.Errorf("row %d: %w", i+1, err)
		}
		batch.Queue(q, args...)
	}
	answers := s.conn.SendBatch(s.ctx, batch)
	for i := range rows {
		tag, err := answers.Exec()
		if err != nil {
			answers.Close()
			return n, fmt.Errorf("row %d: %w", i+1, pgFail(s.ctx, err, q))
		}
		n += tag.RowsAffected()
	}
	if err := answers.Close(); err != nil {
		return n, pgFail(s.ctx, err, q)
	}
	return n, nil
}

// copy sends the rows by COPY; numbered adds that many columns at the end with the number of the row. pgx pulls
// rows in a goroutine of its own, so a panic of the sequence is carried over to the caller's.
func (s *pg) copy(table string, cols []string, numbered int, rows rowSeq) (n int64, err error) {
	pull, stop := iter.Pull(rows)
	defer stop()
	width := len(cols) - numbered
	buf := make([]any, len(cols))
	var at int64
	var panicked any
	var bad error
	n, err = s.conn.CopyFrom(s.ctx, pgx.Identifier{table}, cols, pgx.CopyFromFunc(func() (row []any, err error) {
		defer func() {
			if p := recover(); p != nil {
				panicked, row, err = p, nil, errors.New("the rows panicked")
			}
		}()
		in, ok := pull()
		if !ok {
			return nil, nil
		}
		at++
		if len(in) != width {
			bad = fmt.Errorf("row %d: the statement has %d parameters and got %d arguments: %w", at, width, len(in), fault.Invalid)
			return nil, bad
		}
		for i, a := range in {
			if buf[i], bad = value(a); bad != nil {
				bad = fmt.Errorf("row %d: value %d: %w", at, i+1, bad)
				return nil, bad
			}
		}
		if numbered > 0 {
			buf[width] = at
		}
		return buf, nil
	}))
	switch {
	case panicked != nil:
		panic(panicked)
	case bad != nil:
		return 0, bad
	case err != nil:
		return 0, pgFail(s.ctx, err, "COPY "+table)
	}
	return n, nil
}
