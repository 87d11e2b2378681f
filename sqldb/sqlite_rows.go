package sqldb

import (
	"fmt"
	"slices"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"

	"pons/fault"
)

// liteCursor reads the rows of a running statement.
type liteCursor struct {
	s  *lite
	st *liteStmt
	q  string
}

func (s *lite) query(q string, args []any) (cursor, error) {
	st, err := s.start(q, args)
	if err != nil {
		return nil, err
	}
	return &liteCursor{s: s, st: st, q: q}, nil
}

func (c *liteCursor) next() (bool, error) {
	switch rc := sqlite3.Xsqlite3_step(c.s.tls, c.st.p); rc {
	case sqlite3.SQLITE_ROW:
		return true, nil
	case sqlite3.SQLITE_DONE:
		return false, nil
	default:
		return false, c.s.fail(rc, c.q)
	}
}

func (c *liteCursor) close() { sqlite3.Xsqlite3_reset(c.s.tls, c.st.p) }

func (c *liteCursor) scan(dest []any) error {
	if len(dest) != c.st.columns {
		return fmt.Errorf("%s: %d columns do not go into %d destinations: %w", brief(c.q), c.st.columns, len(dest), fault.Invalid)
	}
	for i, d := range dest {
		if err := c.column(int32(i), d); err != nil {
			return fmt.Errorf("%s: column %d: %w: %w", brief(c.q), i+1, err, fault.Invalid)
		}
	}
	return nil
}

func (c *liteCursor) column(i int32, dest any) error {
	tls, p := c.s.tls, c.st.p
	kind := sqlite3.Xsqlite3_column_type(tls, p, i)
	switch d := dest.(type) {
	case *string:
		if kind == sqlite3.SQLITE_TEXT {
			*d = string(c.text(i))
			return nil
		}
	case *int64:
		if kind == sqlite3.SQLITE_INTEGER {
			*d = sqlite3.Xsqlite3_column_int64(tls, p, i)
			return nil
		}
	case *int:
		if kind == sqlite3.SQLITE_INTEGER {
			*d = int(sqlite3.Xsqlite3_column_int64(tls, p, i))
			return nil
		}
	case *bool:
		if kind == sqlite3.SQLITE_INTEGER {
			*d = sqlite3.Xsqlite3_column_int64(tls, p, i) != 0
			return nil
		}
	case *float64:
		if kind == sqlite3.SQLITE_FLOAT || kind == sqlite3.SQLITE_INTEGER {
			*d = sqlite3.Xsqlite3_column_double(tls, p, i)
			return nil
		}
	case *Raw:
		switch kind {
		case sqlite3.SQLITE_TEXT:
			*d = c.text(i)
			return nil
		case sqlite3.SQLITE_BLOB:
			*d = c.blob(i)
			return nil
		case sqlite3.SQLITE_NULL:
			*d = nil
			return nil
		}
	case *[]byte:
		switch kind {
		case sqlite3.SQLITE_BLOB:
			*d = append([]byte{}, c.blob(i)...)
			return nil
		case sqlite3.SQLITE_NULL:
			*d = nil
			return nil
		}
	}
	switch kind {
	case sqlite3.SQLITE_INTEGER:
		return assign(dest, sqlite3.Xsqlite3_column_int64(tls, p, i))
	case sqlite3.SQLITE_FLOAT:
		return assign(dest, sqlite3.Xsqlite3_column_double(tls, p, i))
	case sqlite3.SQLITE_TEXT:
		return assign(dest, string(c.text(i)))
	case sqlite3.SQLITE_BLOB:
		return assign(dest, append([]byte{}, c.blob(i)...))
	default:
		return assign(dest, nil)
	}
}

// text is the column in SQLite's memory. The length must be asked after the text.
func (c *liteCursor) text(i int32) []byte {
	p := sqlite3.Xsqlite3_column_text(c.s.tls, c.st.p, i)
	return c.s.memory(p, sqlite3.Xsqlite3_column_bytes(c.s.tls, c.st.p, i))
}

func (c *liteCursor) blob(i int32) []byte {
	p := sqlite3.Xsqlite3_column_blob(c.s.tls, c.st.p, i)
	if p == 0 {
		return []byte{}
	}
	return c.s.memory(p, sqlite3.Xsqlite3_column_bytes(c.s.tls, c.st.p, i))
}

func (s *lite) insert(table string, cols []string, rows rowSeq) (int64, error) {
	if err := names(table, cols); err != nil {
		return 0, err
	}
	return s.many("INSERT INTO "+table+" ("+strings.Join(cols, ", ")+") VALUES "+In(len(cols), 1), len(cols), rows)
}

func (s *lite) merge(table string, key, cols []string, rows rowSeq) (int64, error) {
	if err := names(table, cols, key); err != nil {
		return 0, err
	}
	return s.many("INSERT INTO "+table+" ("+strings.Join(cols, ", ")+") VALUES "+In(len(cols), 1)+onConflict(key, cols), len(cols), rows)
}

// many runs the statement once for every row.
func (s *lite) many(q string, width int, rows rowSeq) (n int64, err error) {
	st, err := s.prepare(q)
	if err != nil {
		return 0, err
	}
	defer sqlite3.Xsqlite3_reset(s.tls, st.p)
	var at int64
	for row := range rows {
		at++
		if err = s.measure(st, row); err == nil {
			_, err = s.bind(st, row, 0)
		}
		if err != nil {
			return n, fmt.Errorf("row %d: %w", at, err)
		}
		if rc := sqlite3.Xsqlite3_step(s.tls, st.p); rc != sqlite3.SQLITE_DONE {
			return n, fmt.Errorf("row %d: %w", at, s.fail(rc, q))
		}
		n += sqlite3.Xsqlite3_changes64(s.tls, s.db)
		sqlite3.Xsqlite3_reset(s.tls, st.p)
		if at%1024 == 0 && s.ctx.Err() != nil {
			return n, s.ctx.Err()
		}
	}
	return n, nil
}

// onConflict is the tail of an upsert.
func onConflict(key, cols []string) string {
	var set []string
	for _, c := range cols {
		if !slices.Contains(key, c) {
			set = append(set, c+" = excluded."+c)
		}
	}
	if len(set) == 0 {
		return " ON CONFLICT (" + strings.Join(key, ", ") + ") DO NOTHING"
	}
	return " ON CONFLICT (" + strings.Join(key, ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
}
