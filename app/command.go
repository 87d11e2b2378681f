// Package app is the wiring: the command table, the configuration that every command shares, and the order in
// which the server's parts start and stop. It decides how the parts meet, never what they do: a command opens what
// it needs, calls the package whose noun it is about, and prints.
//
// One file per group of commands. A new group is a struct with Run methods, one line in Commands, and its tests in
// testdata/script.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"pons/fault"
)

// Version is set when the binary is built (make build).
var Version = "development"

// The exit statuses that other programs rely on.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// IO is where a command reads and writes: machine output on Out, messages and progress on Err.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
}

// Commands is the command table, in the order of the help.
type Commands struct {
	Serve       ServeCommand       `cmd:"" help:"Serve the pages and the API."`
	Demo        DemoCommand        `cmd:"" help:"A synthetic hospital: make it, bring it in, serve it on this computer."`
	Discover    DiscoverCommand    `cmd:"" help:"Devices in capture files, without a database."`
	Sensor      SensorCommand      `cmd:"" help:"Listen at a site for a hub; say who may."`
	Import      ImportCommand      `cmd:"" help:"Bring files into the inventory; undo; list."`
	Devices     DevicesCommand     `cmd:"" help:"The inventory."`
	Flows       FlowsCommand       `cmd:"" help:"Who talks with whom, what is new, how much devices are used."`
	Explain     ExplainCommand     `cmd:"" help:"Why each thing is said of a device."`
	Plan        PlanCommand        `cmd:"" help:"People and money that devices need, from a plan file or from the inventory."`
	Fingerprint FingerprintCommand `cmd:"" help:"Rules by which devices are known on the wire: list, import, export, remove, keygen, trust."`
	Catalog     CatalogCommand     `cmd:"" help:"The hospital's own makers, models and classes: show, set."`
	User        UserCommand        `cmd:"" help:"People who may sign in: list, add, change."`
	DB          DBCommand          `cmd:"" name:"db" help:"The database: bring it up to date, check it."`
	Config      ConfigCommand      `cmd:"" help:"The configuration: check the file, show what is in force and why."`
	Version     VersionCommand     `cmd:"" help:"Print the version."`

	Settings
}

// Settings are the flags that every command has.
type Settings struct {
	ConfigFile string `name:"config" placeholder:"FILE" env:"PONS_CONFIG" help:"Configuration file (YAML; the keys are the names of the flags). Default: pons.yaml in the data folder, if it is there."`
	Data       string `placeholder:"DIR" default:"pons-data" env:"PONS_DATA" help:"Folder of the data; SQLite keeps its file there (${default})."`
	Postgres   string `placeholder:"DSN" env:"PONS_POSTGRES" help:"Use this PostgreSQL database instead of SQLite."`
	LogLevel   string `enum:"debug,info,warn,error" default:"info" env:"PONS_LOG_LEVEL" help:"How much is logged: ${enum} (${default})."`
	LogFormat  string `enum:"text,json" default:"text" env:"PONS_LOG_FORMAT" help:"How it is written: ${enum} (${default})."`

	file *configFile
}

// Run runs one command line and returns its exit status.
func Run(ctx context.Context, args []string, std IO) int {
	var commands Commands
	exited := -1
	parser, err := kong.New(&commands,
		kong.Name("pons"),
		kong.Description("One record for every connected device of a hospital."),
		kong.Writers(std.Out, std.Err),
		kong.Exit(func(status int) { exited = status }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(std.Err, "pons:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(std.Err, "pons: %v\n", err)
		var wrong *kong.ParseError
		if errors.As(err, &wrong) {
			fmt.Fprintf(std.Err, "Usage: %s --help\n", strings.TrimSpace("pons "+wrong.Context.Command()))
		}
		return exitUsage
	}
	run := &session{Settings: commands.Settings, IO: std, ctx: ctx, parsed: parsed, now: time.Now}
	if err := parsed.Run(run); err != nil {
		complain(std.Err, err)
		var usage usageError
		if errors.As(err, &usage) {
			return exitUsage
		}
		return exitFailed
	}
	return exitDone
}

// complain prints one line an error. The kind of fault at its end is for programs: the text before it says it already.
func complain(w io.Writer, err error) {
	if several, ok := err.(interface{ Unwrap() []error }); ok && strings.Contains(err.Error(), "\n") {
		if parts := several.Unwrap(); errors.Join(parts...).Error() == err.Error() {
			for _, one := range parts {
				complain(w, one)
			}
			return
		}
	}
	text := err.Error()
	for _, kind := range []error{fault.NotFound, fault.Invalid, fault.Conflict, fault.Denied, fault.Busy} {
		text = strings.TrimSuffix(text, ": "+kind.Error())
	}
	fmt.Fprintf(w, "pons: %s\n", text)
}

// usageError is wrong usage that only shows when a command runs.
type usageError string

func (e usageError) Error() string { return string(e) }

// VersionCommand prints the version.
type VersionCommand struct{}

// Run prints one line.
func (VersionCommand) Run(s *session) error {
	_, err := fmt.Fprintln(s.Out, "pons", Version)
	return err
}
