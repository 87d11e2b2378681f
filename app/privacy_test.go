package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	planted "pons/protocol/synthetic"
	"pons/sqldb"
)

// TestNothingPrivate holds issue 4 §5 from one end to the other: captures full of an invented patient and of credentials
// go through discover in each format and through import into each database, and not a spelling of them is in what is
// printed, logged or stored, in any column of any table. What stands beside them must be there, or nothing was read.
func TestNothingPrivate(t *testing.T) {
	var conversations []planted.Conversation
	for _, p := range planted.Planted() {
		conversations = append(conversations, p.Conversation)
	}
	wire := planted.Capture(conversations...)
	if len(planted.FindCanaries(wire)) == 0 {
		t.Fatal("nothing is planted")
	}
	// The same, damaged: what cannot be read must not be quoted either.
	damaged := append([]byte(nil), wire...)
	for at := 40; at < len(damaged); at += 997 {
		damaged[at] ^= 0x41
	}
	eachDatabase(t, func(t *testing.T, s *site) {
		for name, data := range map[string][]byte{"planted.pcap": wire, "damaged.pcap": damaged, "cut.pcap": wire[:len(wire)/2+7]} {
			if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"discover", name}, {"discover", "--format", "jsonl", name}, {"discover", "--format", "csv", name}, {"import", name},
				{"import", "--dry-run", "--format", "jsonl", name}, {"devices"}, {"devices", "--format", "jsonl"}, {"devices", "--format", "csv"}} {
				r := s.run(args...)
				if r.status == 2 || r.status < 0 {
					t.Errorf("%v: status %d: %s", args, r.status, r.err)
				}
				clean(t, strings.Join(args, " "), r.out+r.err)
				if args[0] == "discover" && name == "planted.pcap" && !strings.Contains(r.out, "CT 9000") && !strings.Contains(r.out, "SN-1") {
					t.Errorf("%v: the equipment beside the patient is not said", args)
				}
			}
		}
		tables, rows := dump(t, s)
		if tables < 20 || !strings.Contains(rows, "SN-1") || !strings.Contains(rows, "PLAIN-1") {
			t.Errorf("%d tables, %d bytes: the equipment beside the patient is not stored", tables, len(rows))
		}
		clean(t, "the database", rows)
		if s.dsn == "" { // and the file itself, with what deleted rows leave behind
			files, err := filepath.Glob(filepath.Join(s.dir, "pons-data", "*"))
			if err != nil || len(files) == 0 {
				t.Fatal(err, files)
			}
			for _, f := range files {
				if data, err := os.ReadFile(f); err == nil {
					clean(t, filepath.Base(f), string(data))
				}
			}
		}
	})
}

func clean(t *testing.T, where, text string) {
	t.Helper()
	for _, found := range planted.FindCanaries([]byte(text)) {
		t.Errorf("%s: %s", where, found)
	}
}

// dump writes down every column of every table of the site's database.
func dump(t *testing.T, s *site) (tables int, rows string) {
	o := sqldb.Options{Schemas: schemas(), DSN: s.dsn}
	if s.dsn == "" {
		o.Path = filepath.Join(s.dir, "pons-data", "pons.db")
	}
	db, err := sqldb.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out strings.Builder
	err = db.View(t.Context(), func(tx *sqldb.Tx) error {
		names, err := texts(tx, tableQuery(db))
		if err != nil {
			return err
		}
		tables = len(names)
		for _, name := range names {
			cols, err := texts(tx, columnQuery(db), name)
			if err != nil {
				return err
			}
			for _, col := range cols {
				// Bytes become text as they are in SQLite and hexadecimal in PostgreSQL; both are searched for.
				values, err := texts(tx, `SELECT COALESCE(CAST("`+col+`" AS text), '') FROM "`+name+`"`)
				if err != nil {
					return fmt.Errorf("%s.%s: %w", name, col, err)
				}
				out.WriteString(strings.Join(values, "\n") + "\n")
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tables, out.String()
}

func tableQuery(db *sqldb.DB) string {
	if db.Dialect() == "sqlite" {
		return "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
	}
	return "SELECT CAST(table_name AS text) FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"
}

func columnQuery(db *sqldb.DB) string {
	if db.Dialect() == "sqlite" {
		return "SELECT name FROM pragma_table_info($1)"
	}
	return "SELECT CAST(column_name AS text) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1"
}

func texts(tx *sqldb.Tx, query string, args ...any) (out []string, err error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
