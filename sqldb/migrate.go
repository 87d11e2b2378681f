package sqldb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"time"

	"pons/fault"
)

// Migrations are run by the few lines below and not by goose: its Provider wants a *sql.DB, which is not here, and
// a version table for each package, and it would run each file in a transaction of its own; here all that is
// pending is one transaction, so that a start either migrates or changes nothing.

// mode says what a transaction begins with. A bare one has no revision: the tables of sqldb may not be there yet.
type mode int

const (
	reading mode = 0
	writing mode = 1
	bare    mode = 2
)

const (
	readRevision = "SELECT rev FROM sqldb_revision"
	takeRevision = "UPDATE sqldb_revision SET rev = rev + 1 RETURNING rev"
)

// foundation is the schema of sqldb itself. rev is one row; whoever updates it has the writer's turn.
const foundation = `
CREATE TABLE sqldb_revision (one BIGINT PRIMARY KEY CHECK (one = 1), rev BIGINT NOT NULL);
INSERT INTO sqldb_revision (one, rev) VALUES (1, 0);
CREATE TABLE sqldb_migration (
	owner TEXT NOT NULL, number BIGINT NOT NULL, title TEXT NOT NULL, sum TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (owner, number)
);`

type migration struct {
	owner  string
	number int
	title  string
	text   string
	sum    string
}

var migrationName = regexp.MustCompile(`^(\d{3,})_([a-z0-9_]+)\.sql$`)

// migrations reads the files of all schemas, in order.
func migrations(schemas []Schema) ([]migration, error) {
	var all []migration
	for _, sc := range schemas {
		files, err := fs.Glob(sc.FS, "*.sql")
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("schema %s has no NNN_title.sql: %w", sc.Name, fault.Invalid)
		}
		var own []migration
		for _, name := range files {
			m := migrationName.FindStringSubmatch(name)
			if m == nil {
				return nil, fmt.Errorf("schema %s: file %s is not called NNN_title.sql: %w", sc.Name, name, fault.Invalid)
			}
			data, err := fs.ReadFile(sc.FS, name)
			if err != nil {
				return nil, err
			}
			number, err := strconv.Atoi(m[1])
			if err != nil {
				return nil, err
			}
			sum := sha256.Sum256(data)
			own = append(own, migration{sc.Name, number, m[2], string(data), hex.EncodeToString(sum[:])})
		}
		slices.SortFunc(own, func(a, b migration) int { return a.number - b.number })
		for i := 1; i < len(own); i++ {
			if own[i].number == own[i-1].number {
				return nil, fmt.Errorf("schema %s has two files number %d: %w", sc.Name, own[i].number, fault.Invalid)
			}
		}
		all = append(all, own...)
	}
	return all, nil
}

// migrate looks without waiting, and takes the writer's turn only when something is pending.
func (db *DB) migrate(ctx context.Context) error {
	want, err := migrations(db.opt.Schemas)
	if err != nil {
		return err
	}
	pending := true
	err = db.session(ctx, db.readers, bare, func(s session) error {
		todo, err := todo(s, want)
		pending = todo == nil || len(todo) > 0
		return err
	})
	if err != nil || !pending {
		return err
	}
	return db.session(ctx, db.writer, writing|bare, func(s session) error {
		todo, err := todo(s, want) // again: another process may have been faster
		if err != nil {
			return err
		}
		if todo == nil {
			todo = want
			if err := db.script(s, foundation); err != nil {
				return err
			}
			if db.dialect == "sqlite" {
				if _, err := s.exec("PRAGMA application_id = "+strconv.Itoa(applicationID), nil); err != nil {
					return err
				}
			}
		}
		for _, m := range todo {
			if err := db.script(s, m.text); err != nil {
				return fmt.Errorf("migration %s %03d_%s: %w", m.owner, m.number, m.title, err)
			}
			if _, err := s.exec("INSERT INTO sqldb_migration (owner, number, title, sum, at) VALUES ($1, $2, $3, $4, $5)",
				[]any{m.owner, m.number, m.title, m.sum, time.Now().UnixMicro()}); err != nil {
				return err
			}
		}
		return nil
	})
}

// todo is what is not applied yet, nil when not even the foundation is laid.
func todo(s session, want []migration) ([]migration, error) {
	if ok, err := s.hasTable("sqldb_migration"); err != nil || !ok {
		return nil, err
	}
	type id struct {
		owner  string
		number int
	}
	applied := map[id]string{}
	last := map[string]int{}
	c, err := s.query("SELECT owner, number, sum FROM sqldb_migration", nil)
	if err != nil {
		return nil, err
	}
	defer c.close()
	for {
		ok, err := c.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		var k id
		var sum string
		if err := c.scan([]any{&k.owner, &k.number, &sum}); err != nil {
			return nil, err
		}
		applied[k] = sum
		last[k.owner] = max(last[k.owner], k.number)
	}
	left := []migration{}
	newest := map[string]int{}
	for _, m := range want {
		newest[m.owner] = m.number
		sum, ok := applied[id{m.owner, m.number}]
		switch {
		case !ok && m.number < last[m.owner]:
			return nil, fmt.Errorf("migration %s %03d_%s comes before number %d, which is already applied; give it the next number: %w",
				m.owner, m.number, m.title, last[m.owner], fault.Invalid)
		case !ok:
			left = append(left, m)
		case sum != m.sum:
			return nil, fmt.Errorf("migration %s %03d_%s was changed after it was applied; put it back and add a new one: %w",
				m.owner, m.number, m.title, fault.Invalid)
		}
	}
	for owner, n := range newest {
		if last[owner] > n {
			return nil, fmt.Errorf("the database was written by a newer pons (%s is at %d, this program knows %d); use that one: %w",
				owner, last[owner], n, fault.Invalid)
		}
	}
	return left, nil
}

// script runs the statements of a text, brought into the dialect.
func (db *DB) script(s session, text string) error {
	list, err := statements(text)
	if err != nil {
		return err
	}
	for _, q := range list {
		if db.dialect == "sqlite" {
			q = liteDDL(q)
		}
		if _, err := s.exec(q, nil); err != nil {
			return err
		}
	}
	return nil
}

// session runs f in a transaction without a Tx.
func (db *DB) session(ctx context.Context, p *pool, m mode, f func(session) error) error {
	s, err := p.get(ctx, db.opt.Wait)
	if err != nil {
		return err
	}
	defer func() { s.rollback(); p.put(s) }() // after a commit there is nothing to roll back
	if _, err := s.begin(ctx, m, db.opt.Wait); err != nil {
		return err
	}
	if err := f(s); err != nil {
		return err
	}
	return s.commit()
}
