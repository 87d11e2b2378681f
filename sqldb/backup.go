package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"pons/fault"
)

// Backup writes a consistent copy of the database to a new file, while others read and write. Only SQLite: a
// PostgreSQL database is backed up with pg_dump, which the error says. Wraps fault.Conflict when the file exists.
func (db *DB) Backup(ctx context.Context, path string) (err error) {
	if db.dialect != "sqlite" {
		return fmt.Errorf("a PostgreSQL database is backed up with its own tool: pg_dump -Fc -f %s …: %w", path, fault.Invalid)
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists already; choose another name: %w", path, fault.Conflict)
	}
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("backup: %w: %w", err, fault.Invalid)
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w: %w", err, fault.Invalid)
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(part)
		}
	}()
	s, err := openLite(db.opt.Path, true) // its own connection: a reader's writes nothing, and the writer's is in use
	if err != nil {
		return err
	}
	s.watch(ctx)
	_, err = s.exec("VACUUM INTO $1", []any{part})
	s.unwatchOnce()
	s.close()
	if err != nil {
		return fmt.Errorf("backup to %s: %w", path, err)
	}
	return settle(f, part, path)
}

// settle makes a written file durable and gives it its name.
func settle(f *os.File, part, path string) error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w: %w", path, err, fault.Busy)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("write %s: %w: %w", path, err, fault.Invalid)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write %s: %w: %w", path, err, fault.Invalid)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("write %s: %w: %w", path, err, fault.Busy)
	}
	return nil
}

// Check looks for damage and returns what it found, nothing when the database is sound. It reads everything: minutes
// on a large one.
func (db *DB) Check(ctx context.Context) (problems []string, err error) {
	err = db.session(ctx, db.readers, reading, func(s session) error {
		if db.dialect == "sqlite" {
			problems, err = checkLite(s)
		} else {
			problems, err = column(s, `SELECT 'index ' || CAST(CAST(indexrelid AS regclass) AS text) || ' is not valid' FROM pg_index WHERE NOT indisvalid
				UNION ALL SELECT 'constraint ' || conname || ' is not validated' FROM pg_constraint WHERE NOT convalidated ORDER BY 1`)
		}
		return err
	})
	return problems, err
}

func checkLite(s session) ([]string, error) {
	found, err := column(s, "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'")
	if err != nil {
		return nil, err
	}
	loose, err := column(s, `SELECT DISTINCT 'a row of ' || "table" || ' refers to a row of ' || parent || ' that is not there' FROM pragma_foreign_key_check`)
	return append(found, loose...), err
}

// column reads a query of one TEXT column.
func column(s session, q string) (out []string, err error) {
	c, err := s.query(q, nil)
	if err != nil {
		return nil, err
	}
	defer c.close()
	for {
		ok, err := c.next()
		if err != nil || !ok {
			return out, err
		}
		var text string
		if err := c.scan([]any{&text}); err != nil {
			return out, err
		}
		out = append(out, text)
	}
}

// Restore puts a backup in the place of the SQLite database at path, which no process may have open: fault.Busy
// when one has. The backup is copied and checked first; what was at path stays beside it as path.before-restore.
func Restore(ctx context.Context, backup, path string) (err error) {
	if _, err := os.Stat(backup + "-wal"); err == nil {
		return fmt.Errorf("%s is a database in use or a bare copy of one (%s-wal lies beside it), not a backup; make one with pons db backup: %w", backup, backup, fault.Invalid)
	}
	in, err := os.Open(backup)
	if err != nil {
		return fmt.Errorf("restore: %w: %w", err, fault.Invalid)
	}
	defer in.Close()
	part := path + ".restore"
	defer func() {
		if err != nil {
			for _, tail := range []string{"", "-wal", "-shm", "-journal"} {
				os.Remove(part + tail)
			}
		}
	}()
	out, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("restore: %w: %w", err, fault.Invalid)
	}
	defer out.Close()
	if _, err := io.Copy(out, readerUntil{ctx, in}); err != nil {
		return fmt.Errorf("restore: copy %s: %w: %w", backup, err, fault.Busy)
	}
	if err := checkBackup(part, backup); err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		if err := setAside(path); err != nil {
			return err
		}
	}
	return settle(out, part, path)
}

type readerUntil struct {
	ctx context.Context
	io.Reader
}

func (r readerUntil) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}

// checkBackup refuses a file that is not a sound database of ours.
func checkBackup(file, name string) error {
	s, err := openLite(file, false)
	if err != nil {
		return fmt.Errorf("%s is not a backup of Pons: %w", name, err)
	}
	defer s.close()
	ids, err := column(s, "SELECT CAST(application_id AS TEXT) FROM pragma_application_id")
	if err != nil {
		return fmt.Errorf("%s is not a backup of Pons: %w", name, err)
	}
	if ours, err := s.hasTable("sqldb_migration"); err != nil || !ours || len(ids) != 1 || ids[0] != strconv.Itoa(applicationID) {
		return errors.Join(err, fmt.Errorf("%s is a SQLite database, but not of Pons: %w", name, fault.Invalid))
	}
	problems, err := checkLite(s)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s is damaged (%s): %w", name, problems[0], fault.Invalid)
	}
	return nil
}

// setAside renames the database at path. One that another process has open cannot leave WAL mode, which is how it
// is noticed; one that is damaged is moved as it is, with its WAL.
func setAside(path string) error {
	aside := path + ".before-restore"
	s, err := openLite(path, true)
	if err == nil {
		var modes []string
		modes, err = column(s, "PRAGMA journal_mode = DELETE")
		s.close()
		if errors.Is(err, fault.Busy) || err == nil && (len(modes) != 1 || modes[0] != "delete") {
			return fmt.Errorf("%s is in use by another pons process; stop it first: %w", path, fault.Busy)
		}
	} else if errors.Is(err, fault.Busy) {
		return fmt.Errorf("%s is in use by another pons process; stop it first: %w: %w", path, err, fault.Busy)
	}
	if err := os.Rename(path, aside); err != nil {
		return fmt.Errorf("restore: %w: %w", err, fault.Invalid)
	}
	for _, tail := range []string{"-wal", "-shm"} {
		os.Remove(aside + tail)
		if err := os.Rename(path+tail, aside+tail); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("restore: %w: %w", err, fault.Invalid)
		}
	}
	return nil
}
