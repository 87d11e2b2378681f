package sqldb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"pons/fault"
)

// errLocked is SQLite's "somebody else is writing", which a beginning transaction waits out.
var errLocked = fmt.Errorf("the database is locked by another process: %w", fault.Busy)

func errRevision(missing bool) error {
	if !missing {
		return nil
	}
	return fmt.Errorf("the revision row is missing: the database is damaged; restore a backup (pons db restore): %w", fault.Invalid)
}

// fail gives SQLite's code one of the kinds of fault. Codes: sqlite.org/rescode.html.
func (s *lite) fail(rc int32, q string) error {
	text := libc.GoString(sqlite3.Xsqlite3_errstr(s.tls, rc))
	if s.db != 0 {
		text = libc.GoString(sqlite3.Xsqlite3_errmsg(s.tls, s.db))
	}
	q = brief(q)
	switch rc & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return errLocked
	case sqlite3.SQLITE_INTERRUPT:
		if s.ctx != nil && s.ctx.Err() != nil {
			return fmt.Errorf("%s: %w", q, context.Cause(s.ctx))
		}
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk is full: nothing was written; free some space beside %s and repeat: %w", s.path, fault.Busy)
	case sqlite3.SQLITE_CONSTRAINT:
		switch rc {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID, sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
			return fmt.Errorf("%s: %s: %w", q, text, fault.Conflict)
		}
		return fmt.Errorf("%s: %s: %w", q, text, fault.Invalid)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		s.broken = true
		return fmt.Errorf("%s is not a sound database (%s); restore a backup with pons db restore: %w", s.path, text, fault.Invalid)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return fmt.Errorf("%s cannot be opened (%s); check that this user may read and write it and its folder: %w", s.path, text, fault.Invalid)
	case sqlite3.SQLITE_READONLY:
		if !s.write {
			return fmt.Errorf("%s: a View must not write: %w", q, fault.Invalid)
		}
		return fmt.Errorf("%s cannot be written (%s); check its permissions: %w", s.path, text, fault.Invalid)
	case sqlite3.SQLITE_IOERR:
		s.broken = true
		return fmt.Errorf("reading or writing %s failed (%s): nothing was written; check the disk: %w", s.path, text, fault.Busy)
	case sqlite3.SQLITE_NOMEM:
		return fmt.Errorf("%s: out of memory: %w", q, fault.Busy)
	}
	return fmt.Errorf("%s: %s: %w", q, text, fault.Invalid)
}

// pgFail gives PostgreSQL's code one of the kinds of fault. Codes: postgresql.org/docs/current/errcodes-appendix.html.
func pgFail(ctx context.Context, err error, q string) error {
	q = brief(q)
	if ctx.Err() != nil {
		var pe *pgconn.PgError
		if !errors.As(err, &pe) || pe.Code == "57014" {
			if q == "begin" {
				return fmt.Errorf("another pons process is writing to the database; try again when it has finished: %w: %w", context.Cause(ctx), fault.Busy)
			}
			return fmt.Errorf("%s: %w", q, context.Cause(ctx))
		}
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return errNoRow
	}
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		if pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "closed") || errors.As(err, new(*pgconn.ConnectError)) {
			return fmt.Errorf("%s: the connection to PostgreSQL was lost: %w: %w", q, err, fault.Busy)
		}
		return fmt.Errorf("%s: %w: %w", q, err, fault.Invalid)
	}
	switch {
	case pe.Code == "23505", pe.Code == "23503":
		return fmt.Errorf("%s: %s: %w", q, pe.Message, fault.Conflict)
	case pe.Code == "25006":
		return fmt.Errorf("%s: a View must not write: %w", q, fault.Invalid)
	case pe.Code == "55P03":
		return fmt.Errorf("another pons process is writing to the database; try again when it has finished: %w", fault.Busy)
	case pe.Code == "53100":
		return fmt.Errorf("the disk of the PostgreSQL server is full: nothing was written; free some space and repeat: %w", fault.Busy)
	case pe.Code[:2] == "40", pe.Code[:2] == "53", pe.Code[:2] == "57", pe.Code[:2] == "08":
		return fmt.Errorf("%s: PostgreSQL: %s: %w", q, pe.Message, fault.Busy)
	}
	return fmt.Errorf("%s: PostgreSQL: %s (%s): %w", q, pe.Message, pe.Code, fault.Invalid)
}

// pgConnectFail says what to mend when there is no connection, without repeating the address, which may hold a
// password.
func pgConnectFail(conf *pgx.ConnConfig, err error) error {
	where := fmt.Sprintf("%s port %d database %q user %q", conf.Host, conf.Port, conf.Database, conf.User)
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		kind := fault.Invalid
		if pe.Code[:2] == "53" || pe.Code[:2] == "57" {
			kind = fault.Busy
		}
		return fmt.Errorf("PostgreSQL at %s refuses: %s: %w", where, pe.Message, kind)
	}
	return fmt.Errorf("PostgreSQL at %s does not answer; check that it runs and is reachable: %w", where, fault.Busy)
}
