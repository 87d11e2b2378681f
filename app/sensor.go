package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"pons/capture"
	"pons/fault"
	"pons/protocol"
	"pons/sensor"
	"pons/sqldb"
)

// SensorCommand is about sensors: being one, and at the hub saying who may be.
type SensorCommand struct {
	Run    SensorRun    `cmd:"" default:"withargs" help:"Listen to interfaces for a hub: store, forward, come back after anything. The default."`
	Enrol  SensorEnrol  `cmd:"" help:"At the hub: make a sensor and the code that a machine becomes it by."`
	List   SensorList   `cmd:"" help:"At the hub: the sensors and how they do."`
	Retire SensorRetire `cmd:"" help:"At the hub: take a sensor's right to speak away, at once."`
}

// SensorRun listens. Its memory: the ring of each interface, which the kernel holds, and --memory for the rest.
type SensorRun struct {
	Interface []string `placeholder:"IF" env:"PONS_INTERFACE" help:"Interface of a mirror port; several are given with commas or by repeating the flag."`
	Hub       string   `placeholder:"URL" env:"PONS_HUB" help:"Where the hub listens for sensors (HOST:PORT), or a NATS cluster's addresses (nats://… or tls://…, several with commas between)."`
	Code      string   `placeholder:"CODE" env:"PONS_CODE" help:"Enrolment code of the hub, the first time; --code=- reads it from standard input, so that it stands in no list of processes."`
	Creds     string   `placeholder:"FILE" env:"PONS_NATS_CREDS" help:"Credentials for a NATS cluster of your own."`
	User      string   `default:"nobody" placeholder:"NAME" env:"PONS_SENSOR_USER" help:"Who root becomes once the interfaces are open (${default})."`
	Spool     int      `default:"2048" placeholder:"MIB" env:"PONS_SPOOL" help:"Disk for what the hub has not got yet, in MiB (${default}); when it is full the oldest goes, and is counted."`
	Ring      int      `default:"64" placeholder:"MIB" env:"PONS_RING" help:"Kernel buffer of each interface, in MiB (${default})."`
	Memory    int      `default:"1024" placeholder:"MIB" env:"PONS_MEMORY" help:"Memory that the sensor keeps itself to besides the rings, in MiB (${default})."`
	Workers   int      `default:"1" placeholder:"N" env:"PONS_WORKERS" help:"Goroutines that read conversations (${default}); more for a port that one core cannot follow."`
}

// Run listens until it is interrupted.
func (c SensorRun) Run(s *session) error {
	if len(c.Interface) == 0 {
		return usageError("--interface names what is listened to (`ip link` lists interfaces)")
	}
	dir := filepath.Join(s.Data, "sensor")
	member, err := c.member(s, dir)
	if err != nil {
		return err
	}
	taps, err := capture.Live(c.Interface, capture.LiveOptions{RingBytes: c.Ring << 20})
	if err != nil {
		return err
	}
	defer func() {
		for _, t := range taps {
			t.Close()
		}
	}()
	who := c.User
	if os.Geteuid() != 0 {
		who = "" // an ordinary user with the capability stays who it is
	} else if err := giveTo(s.Data, dir, who); err != nil {
		return err
	}
	if err := capture.DropPrivileges(who); err != nil {
		return fmt.Errorf("give privileges back: %w", err)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(c.Memory) << 20)
	}
	spool, err := sensor.OpenSpool(filepath.Join(dir, "spool"), int64(c.Spool)<<20)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w; every folder above it must be open to the user that the sensor becomes: choose another with --data, or another user with --user", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "\n  Pons %s listens as sensor %s for %s\n\n", Version, member.Name, member.Hub)
	return errors.Join(c.listen(s, member, taps, spool), spool.Close())
}

// lastWords is how long a sensor that ends waits for the hub to take what it said last; what is left waits on the disk.
const lastWords = 5 * time.Second

func (c SensorRun) listen(s *session, member sensor.Membership, taps []*capture.Interface, spool *sensor.Spool) error {
	log, clock := s.log(), &sensor.Clock{}
	forwarding, stop := context.WithCancel(context.WithoutCancel(s.ctx))
	defer stop()
	group, ctx := errgroup.WithContext(s.ctx)
	group.Go(func() error {
		return sensor.Forward(forwarding, sensor.ForwardOptions{Member: member, Creds: c.Creds, Spool: spool, Clock: clock, Log: log})
	})
	group.Go(func() error {
		defer stop()
		err := sensor.Listen(ctx, sensor.ListenOptions{Taps: sensor.Taps(taps), Spool: spool, Clock: clock, Version: Version, Log: log, Engine: protocol.Options{Workers: c.Workers}})
		for end := time.Now().Add(lastWords); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if n, _, _ := spool.Depth(); n == 0 {
				break
			}
		}
		return err
	})
	return group.Wait()
}

// codeLine bounds what is read of standard input: a code is 55 letters.
const codeLine = 1 << 10

// member is who this sensor is: by the code where one is given, else as it was enrolled before.
func (c SensorRun) member(s *session, dir string) (sensor.Membership, error) {
	if c.Code != "" {
		if c.Hub == "" {
			return sensor.Membership{}, usageError("--hub says where the code is presented")
		}
		code := c.Code
		if code == "-" {
			line, err := bufio.NewReader(io.LimitReader(s.In, codeLine)).ReadString('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				return sensor.Membership{}, fmt.Errorf("read the code: %w", err)
			}
			code = line
		}
		return sensor.Enrol(s.ctx, dir, c.Hub, code, c.Creds)
	}
	m, err := sensor.LoadMembership(dir)
	if errors.Is(err, fault.NotFound) || err == nil && m.Name == "" {
		return m, fmt.Errorf("%s: not enrolled here; `pons sensor enrol NAME` at the hub gives the code for --code: %w", dir, fault.NotFound)
	}
	if err == nil && c.Hub != "" {
		m.Hub = c.Hub
	}
	return m, err
}

// giveTo makes a sensor's folder that of the user it will run as.
func giveTo(data, dir, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("there is no user %s here; name another with --user: %w", name, fault.NotFound)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	info, err := os.Stat(data)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o001 == 0 { // the folder above is passed through, not read
		if err := os.Chmod(data, mode|0o011); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(dir) // it was the other's folder before: no link in it may lead root out of it
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := e.Info(); err == nil && e.IsDir() && info.Mode().Perm()&0o077 != 0 { // made by hand, with another's umask
			if err := root.Chmod(path, 0o700); err != nil {
				return err
			}
		}
		return root.Lchown(path, uid, gid)
	})
}

// SensorEnrol makes a code.
type SensorEnrol struct {
	Name  string        `arg:"" help:"Name of the sensor: small letters, digits and dashes (icu-3). One that is there already gets another machine."`
	Valid time.Duration `default:"24h" help:"How long the code is good for (${default})."`
}

// Run prints the command that is run on the sensor's machine.
func (c SensorEnrol) Run(s *session) error {
	if c.Valid <= 0 || c.Valid > 30*24*time.Hour {
		return usageError("--valid is between a moment and thirty days")
	}
	return s.withDB(func(db *sqldb.DB) error {
		var code, address string
		_, err := db.Update(s.ctx, func(tx *sqldb.Tx) (err error) {
			if code, err = sensor.Invite(tx, by(), c.Name, c.Valid, s.now().UTC()); err != nil {
				return err
			}
			address, _, err = sensor.HubAt(tx)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Err, "Run this on the sensor's machine, as root, within %s; the code works once and is shown only here:\n", c.Valid)
		_, err = fmt.Fprintf(s.Out, "pons sensor --interface IF --hub %s --code %s\n", address, code)
		return err
	})
}

// SensorList lists sensors.
type SensorList struct {
	Format string `enum:"table,jsonl" default:"table" help:"How sensors are printed: ${enum} (${default})."`
}

// Run prints a line a sensor.
func (c SensorList) Run(s *session) error {
	return s.withDB(func(db *sqldb.DB) error {
		var units []sensor.Unit
		if err := db.View(s.ctx, func(tx *sqldb.Tx) (err error) {
			units, err = sensor.List(tx)
			return err
		}); err != nil {
			return err
		}
		if c.Format == "jsonl" {
			return sensorLines(s, units)
		}
		out := tabwriter.NewWriter(s.Out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(out, "NAME\tSTATE\tLAST HEARD\tBATCHES\tWAITING\tLOST\tREFUSED\tVERSION")
		for _, u := range units {
			heard, waiting, version := "-", "-", "-"
			if !u.Heard.IsZero() {
				heard = u.Heard.Format(time.RFC3339)
			}
			if u.Health != nil {
				waiting, version = strconv.FormatInt(u.Health.Spooled, 10), u.Health.Version
			}
			fmt.Fprintf(out, "%s\t%s\t%s\t%d\t%s\t%d\t%d\t%s\n", u.Name, u.State(s.now()), heard, u.Batches, waiting, u.Missed, u.Refused, brief(version))
		}
		return out.Flush()
	})
}

func sensorLines(s *session, units []sensor.Unit) error {
	e := json.NewEncoder(s.Out)
	for _, u := range units {
		line := struct {
			Name    string         `json:"name"`
			State   sensor.State   `json:"state"`
			Heard   *time.Time     `json:"heard,omitempty"`
			Batches int64          `json:"batches"`
			Missed  int64          `json:"missed"`
			Refused int64          `json:"refused"`
			Health  *sensor.Health `json:"health,omitempty"`
		}{u.Name, u.State(s.now()), nil, u.Batches, u.Missed, u.Refused, u.Health}
		if !u.Heard.IsZero() {
			line.Heard = &u.Heard
		}
		if err := e.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// SensorRetire retires a sensor.
type SensorRetire struct {
	Name string `arg:"" help:"Name of the sensor."`
}

// Run takes the right away; what the sensor said stays.
func (c SensorRetire) Run(s *session) error {
	return s.withDB(func(db *sqldb.DB) error {
		_, err := db.Update(s.ctx, func(tx *sqldb.Tx) error { return sensor.Retire(tx, by(), c.Name, s.now().UTC()) })
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Err, "sensor %s is retired; what it said stays\n", c.Name)
		return err
	})
}
