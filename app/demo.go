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
	"pons/flow"
	"pons/inventory"
	"pons/ledger"
	"pons/program"
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
	if c.Fresh || unfinished(s.Data) {
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

// unfinished says that a demo was begun in the folder and not finished: it is begun anew.
func unfinished(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, demoMark))
	return err == nil && len(text) == 0
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

// demoMark is a file that says that a folder holds a demo and may be thrown away. It holds the hospital's name once
// the demo is whole.
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
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return "", err
	}
	past := &history{DemoCommand: c, session: s, files: filepath.Join(s.Data, "hospital"), today: s.now().UTC().Truncate(24 * time.Hour)}
	past.inv = inventory.New(db, catalogue(), func() time.Time { return past.clock })
	fmt.Fprintf(s.Err, "Making a synthetic hospital in %s …\n", past.files)
	h, err := demo.Write(past.files, past.options())
	if err != nil {
		return "", err
	}
	if err := past.live(); err != nil {
		return "", err
	}
	if err := demo.Clarify(s.ctx, db, program.New(db, s.now), past.inv, s.now().UTC()); err != nil {
		return "", err
	}
	if err := demo.Design(s.ctx, program.New(db, s.now), past.today); err != nil {
		return "", err
	}
	if _, err := demo.People(s.ctx, db, ledger.By{Actor: by().String(), At: s.now()}); err != nil {
		return "", err
	}
	if _, err := demo.Plans(s.ctx, db, past.inv, filepath.Join(past.files, "plan.yaml"), ledger.By{Actor: by().String(), At: s.now()}); err != nil {
		return "", err
	}
	if err := c.people(s, db); err != nil {
		return "", err
	}
	return h.Name, os.WriteFile(mark, []byte(h.Name), 0o600)
}

// history lets the hospital's exports arrive on the days on which they would have been made, each in the way of pons
// import --at, so that the trend and the freshness of sources are what those imports left behind and nothing else.
type history struct {
	DemoCommand
	*session
	inv   *inventory.Inventory
	files string
	today time.Time
	clock time.Time // the inventory's, while the past goes by
}

func (h *history) options() demo.Options {
	return demo.Options{Seed: h.Seed, Devices: h.Devices, At: h.today}
}

// arrival is what was handed over so many days ago.
type arrival struct {
	days    int
	sources []string
}

// arrivals are two months of a hospital that begins with Pons: biomed's and IT's lists each month, what the network
// people have as they get to it. The last export of network access control is old enough to be asked for.
func arrivals() []arrival {
	return []arrival{{61, []string{"cmms", "cmdb"}}, {54, []string{"dhcp"}}, {33, []string{"cmms", "cmdb", "nac"}}, {26, []string{"dhcp"}},
		{12, []string{"nac", "dhcp"}}, {0, []string{"cmms", "cmdb", "dhcp"}}}
}

// live goes through the days; each day's count is recorded, as a server does that runs.
func (h *history) live() error {
	todo := arrivals()
	for days := todo[0].days; days >= 0; days-- {
		h.clock = h.now().UTC()
		if days > 0 {
			h.clock = h.today.AddDate(0, 0, -days).Add(6 * time.Hour)
		}
		if todo[0].days == days {
			if err := h.arrive(todo[0]); err != nil {
				return err
			}
			todo = todo[1:]
		}
		if err := h.inv.RecordDay(h.ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(h.Err, "Today's %s is left for you to import.\n", filepath.Join(h.files, "nac.csv"))
	return nil
}

// arrive imports what was handed over on a day.
func (h *history) arrive(a arrival) error {
	dir := h.files
	if a.days > 0 {
		dir = filepath.Join(h.files, "earlier", h.clock.Format(time.DateOnly))
		if _, err := demo.WriteEarlier(dir, h.options(), a.days); err != nil {
			return err
		}
	}
	for _, source := range a.sources {
		if err := h.bring(source, dir); err != nil {
			return err
		}
	}
	if a.days > 0 {
		return nil
	}
	return h.captures()
}

// bring imports one source's export as of the day it is.
func (h *history) bring(source, dir string) error {
	file := filepath.Join(dir, map[string]string{"cmms": "cmms.xlsx", "cmdb": "cmdb.csv", "dhcp": "dhcp.csv", "nac": "nac.csv"}[source])
	run, err := ImportFiles{Format: "table", Source: source}.file(h.session, h.inv, file, h.clock)
	if err != nil {
		return err
	}
	fmt.Fprintf(h.Err, "  %s  %-9s %6d rows: %d new devices, %d joined, %d in conflict\n", h.clock.Format(time.DateOnly), filepath.Base(file), run.Rows, run.Created, run.Updated, run.Conflict)
	return nil
}

// captures imports what was recorded at the span ports.
func (h *history) captures() error {
	paths, err := filepath.Glob(filepath.Join(h.files, "captures", "*.pcap"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		run, err := ImportFiles{Format: "table", Source: "wire"}.file(h.session, h.inv, path, time.Time{})
		if err != nil {
			return err
		}
		fmt.Fprintf(h.Err, "  %s  %-16s %6d hosts: %d new devices, %d joined\n", h.clock.Format(time.DateOnly), filepath.Base(path), run.Rows, run.Created, run.Updated+run.Conflict)
	}
	return h.talk()
}

// talk adds the traffic that sensors at the same ports would have summed in the weeks before.
func (h *history) talk() error {
	points, err := demo.Talk(h.options())
	if err != nil {
		return err
	}
	_, err = h.inv.DB().Update(h.ctx, func(tx *sqldb.Tx) error {
		for _, p := range points {
			if err := flow.Apply(tx, flow.Source(p.Point, "demo"), p.Traffic); err != nil {
				return err
			}
			fmt.Fprintf(h.Err, "  %s  %s: %d hours of conversations in %d days\n", h.clock.Format(time.DateOnly), p.Point, len(p.Traffic), demo.WeekDays)
		}
		at := h.now().UTC()
		return inventSensors(tx, at.AddDate(0, 0, -demoDays), at, Version)
	})
	return err
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
