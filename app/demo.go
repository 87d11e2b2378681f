package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"pons/account"
	"pons/demo"
	"pons/fault"
	"pons/inventory"
	"pons/sqldb"
)

// DemoCommand makes a synthetic hospital, brings its files in like real ones, and serves it.
type DemoCommand struct {
	Listen  string `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Address and port on this computer (${default}); the next free port is taken if it is in use."`
	Devices int    `default:"3000" help:"How many devices the hospital has (${default})."`
	Seed    uint64 `default:"1" help:"Another seed is another hospital (${default})."`
	Fresh   bool   `help:"Throw the demo away and make it anew."`
	NoServe bool   `name:"no-serve" help:"Make the hospital and its inventory, and do not serve it."`
}

// The one way into the demo. It is printed and shown: the data is invented and the server listens on this
// computer only.
const (
	demoLogin    = "demo"
	demoPassword = "across the old bridge"
)

// Run makes what is missing and serves.
func (c DemoCommand) Run(s *session) error {
	if s.Data == "pons-data" {
		s.Data = "demo-data"
	}
	if s.Postgres != "" {
		return usageError("the demo keeps its own SQLite file: it does not write into a PostgreSQL database")
	}
	if !loopback(c.Listen) {
		return usageError(c.Listen + ": the demo has a password that everyone knows; it serves this computer only")
	}
	if c.Fresh {
		if err := discard(s.Data); err != nil {
			return err
		}
	}
	return s.withDB(func(db *sqldb.DB) error {
		h, err := c.fill(s, db)
		if err != nil || c.NoServe {
			return err
		}
		serve := ServeCommand{Listen: c.Listen, Name: h, demo: fmt.Sprintf("Sign in as %s with the password %s. Everything here is invented.", demoLogin, demoPassword), anyPort: true}
		return serve.serve(s, db)
	})
}

// discard removes an earlier demo, and refuses what is none.
func discard(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, demoMark)); err != nil {
		return fmt.Errorf("%s holds no demo; it is left alone: %w", dir, fault.Conflict)
	}
	return os.RemoveAll(dir)
}

// demoMark is a file that says that a folder holds a demo and may be thrown away.
const demoMark = "THIS-IS-A-DEMO"

// fill brings the hospital into an empty database; one that was filled is left as it is.
func (c DemoCommand) fill(s *session, db *sqldb.DB) (name string, err error) {
	mark := filepath.Join(s.Data, demoMark)
	if text, err := os.ReadFile(mark); err == nil {
		return string(text), nil
	}
	inv := inventory.New(db, catalogue(), s.now)
	var runs []inventory.Run
	if err := db.View(s.ctx, func(tx *sqldb.Tx) error {
		runs, err = inv.Runs(tx, 1)
		return err
	}); err != nil {
		return "", err
	}
	if len(runs) > 0 {
		return "", fmt.Errorf("%s holds an inventory that is no demo; give another folder with --data: %w", s.Data, fault.Conflict)
	}
	files := filepath.Join(s.Data, "hospital")
	fmt.Fprintf(s.Err, "Making a synthetic hospital in %s …\n", files)
	h, err := demo.Write(files, demo.Options{Seed: c.Seed, Devices: c.Devices, At: s.now().UTC().Truncate(24 * time.Hour)})
	if err != nil {
		return "", err
	}
	if err := c.bring(s, inv, files); err != nil {
		return "", err
	}
	if err := c.people(s, db); err != nil {
		return "", err
	}
	return h.Name, os.WriteFile(mark, []byte(h.Name), 0o600)
}

// bring imports the hospital's files in the way of pons import.
func (c DemoCommand) bring(s *session, inv *inventory.Inventory, files string) error {
	captures, err := filepath.Glob(filepath.Join(files, "captures", "*.pcap"))
	if err != nil {
		return err
	}
	todo := []struct{ source, file string }{{"cmms", "cmms.xlsx"}, {"cmdb", "cmdb.csv"}, {"dhcp", "dhcp.csv"}, {"nac", "nac.csv"}}
	one := ImportFiles{Format: "table"}
	for _, f := range todo {
		one.Source = f.source
		run, err := one.file(s, inv, filepath.Join(files, f.file), time.Time{})
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Err, "  %-10s %6d rows: %d new devices, %d joined, %d in conflict\n", f.file, run.Rows, run.Created, run.Updated, run.Conflict)
	}
	one.Source = "wire"
	for _, path := range captures {
		run, err := one.file(s, inv, path, time.Time{})
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Err, "  %-10s %6d hosts: %d new devices, %d joined\n", filepath.Base(path), run.Rows, run.Created, run.Updated+run.Conflict)
	}
	return inv.RecordDay(s.ctx)
}

// people makes the demo's administrator.
func (c DemoCommand) people(s *session, db *sqldb.DB) error {
	accounts := account.New(db, account.DefaultPolicy())
	needed, err := accounts.NeedsSetup(s.ctx)
	if err != nil || !needed {
		return err
	}
	_, err = accounts.Add(s.ctx, by(), account.Person{Login: demoLogin, Name: "Demo Visitor", Roles: []account.Role{account.Administrator}}, demoPassword, s.now())
	return err
}
