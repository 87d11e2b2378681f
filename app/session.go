package app

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"

	"pons/account"
	"pons/audit"
	"pons/flow"
	"pons/inventory"
	"pons/ledger"
	"pons/sensor"
	"pons/sqldb"
)

// session is what a running command has: where it reads and writes, its settings, and the way to the database.
type session struct {
	Settings
	IO
	ctx    context.Context
	parsed *kong.Context
	now    func() time.Time
}

// schemas are the tables of all packages, in the order of the floors, so that foreign keys find what they point at.
func schemas() []sqldb.Schema {
	return []sqldb.Schema{audit.Schema(), account.Schema(), ledger.Schema(), inventory.Schema(), flow.Schema(), sensor.Schema()}
}

// open opens the database that the settings name and brings it up to date.
func (s *session) open() (*sqldb.DB, error) {
	return sqldb.Open(s.ctx, sqldb.Options{
		Path:    filepath.Join(s.Data, "pons.db"),
		DSN:     s.Postgres,
		Schemas: schemas(),
	})
}

// withDB runs f with the database open, and closes it.
func (s *session) withDB(f func(*sqldb.DB) error) error {
	db, err := s.open()
	if err != nil {
		return err
	}
	err = f(db)
	if closing := db.Close(); err == nil && closing != nil {
		return fmt.Errorf("close the database: %w", closing)
	}
	return err
}

// log writes to standard error, so that standard output stays the command's own.
func (s *session) log() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // kong has checked it against the enum
	o := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(s.Err, o))
	}
	return slog.New(slog.NewTextHandler(s.Err, o))
}
