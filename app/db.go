package app

import (
	"fmt"
	"path/filepath"

	"pons/audit"
	"pons/fault"
	"pons/sqldb"
)

// DBCommand is about the database.
type DBCommand struct {
	Migrate DBMigrate `cmd:"" help:"Bring the database up to date; also makes a new one. Every command does this when it opens it."`
	Check   DBCheck   `cmd:"" help:"Check the database and the chain of the audit log."`
	Backup  DBBackup  `cmd:"" help:"Copy a SQLite database into a file, while the server runs."`
	Restore DBRestore `cmd:"" help:"Put a backup in the place of a SQLite database; the server must not run."`
}

// DBMigrate opens the database, which migrates it.
type DBMigrate struct{}

// Run says that it is done.
func (DBMigrate) Run(s *session) error {
	return s.withDB(func(db *sqldb.DB) error {
		_, err := fmt.Fprintf(s.Err, "the %s database is up to date\n", db.Dialect())
		return err
	})
}

// DBCheck checks what can be checked.
type DBCheck struct{}

// Run prints a line a finding and fails when there is one.
func (DBCheck) Run(s *session) error {
	return s.withDB(func(db *sqldb.DB) error {
		problems, err := db.Check(s.ctx)
		if err != nil {
			return err
		}
		var sound int64
		err = db.View(s.ctx, func(tx *sqldb.Tx) (err error) {
			sound, err = audit.Verify(tx)
			return err
		})
		if err != nil {
			problems = append(problems, err.Error())
		}
		for _, p := range problems {
			fmt.Fprintln(s.Out, p)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%d problems found: %w", len(problems), fault.Conflict)
		}
		_, err = fmt.Fprintf(s.Err, "the database is sound; %d entries of the audit log are chained without a break\n", sound)
		return err
	})
}

// DBBackup copies the database.
type DBBackup struct {
	File string `arg:"" help:"Where to; must not exist."`
}

// Run copies it.
func (c DBBackup) Run(s *session) error {
	return s.withDB(func(db *sqldb.DB) error {
		if err := db.Backup(s.ctx, c.File); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.Err, "backed up to %s\n", c.File)
		return err
	})
}

// DBRestore puts a backup back.
type DBRestore struct {
	File string `arg:"" help:"The backup."`
}

// Run puts it in place.
func (c DBRestore) Run(s *session) error {
	if s.Postgres != "" {
		return usageError("a PostgreSQL database is restored with pg_restore")
	}
	if err := sqldb.Restore(s.ctx, c.File, filepath.Join(s.Data, "pons.db")); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.Err, "restored from %s\n", c.File)
	return err
}
