package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"pons/demo"
	"pons/sqldb/sqldbtest"
)

// update rewrites the golden parts of the scripts and the generated pages of docs.
var update = flag.Bool("update", false, "write the generated pages of docs and the golden parts of testdata/script")

// TestMain lets the scripts run this test binary as pons, and as pons on a computer whose disk is full.
func TestMain(m *testing.M) {
	run := func(args []string) int {
		return Run(context.Background(), args, IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	}
	testscript.Main(cleanly{m}, map[string]func(){
		"pons": func() { os.Exit(run(os.Args[1:])) },
		// fullpons BYTES …: no file may grow beyond that size, which is how a disk without room looks to a program
		// that needs no rights to arrange it (setrlimit(2): EFBIG, where a full disk gives ENOSPC).
		"fullpons": func() {
			n, err := strconv.ParseUint(os.Args[1], 10, 64)
			if err != nil {
				panic(err)
			}
			signal.Ignore(syscall.SIGXFSZ)
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
				panic(err)
			}
			os.Exit(run(os.Args[2:]))
		},
	})
}

// cleanly removes what the tests built.
type cleanly struct{ *testing.M }

func (c cleanly) Run() int {
	defer os.RemoveAll(workshop)
	return c.M.Run()
}

// hospital writes a small demo hospital, the same each time.
func hospital(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := demo.Write(dir, demo.Options{Seed: 7, Devices: 120, At: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestScripts runs testdata/script: the command line as its users type it. $HOSPITAL holds a small demo hospital's
// files, $SHARED the project's shared data.
func TestScripts(t *testing.T) {
	testscript.Run(t, scripts(t, "testdata/script", func(*testscript.Env) {}))
}

// TestDatabaseScripts runs the scripts that are about the inventory on both databases: nothing that people see may
// tell which one it is.
func TestDatabaseScripts(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		testscript.Run(t, scripts(t, "testdata/script/database", func(*testscript.Env) {}))
	})
	t.Run("postgres", func(t *testing.T) {
		testscript.Run(t, scripts(t, "testdata/script/database", func(e *testscript.Env) {
			e.Setenv("PONS_POSTGRES", sqldbtest.Postgres(t, schemas()).DSN)
		}))
	})
}

func scripts(t *testing.T, dir string, setup func(*testscript.Env)) testscript.Params {
	files := hospital(t)
	shared, err := filepath.Abs("../../shared/data")
	if err != nil {
		t.Fatal(err)
	}
	return testscript.Params{Dir: dir, RequireUniqueNames: true, UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOSPITAL", files)
			e.Setenv("SHARED", shared)
			setup(e)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "jsonl": jsonl, "masked": masked, "sameinventory": sameInventory},
	}
}

// exits STATUS command…: runs a command that must end with that status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS command…")
	}
	status := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		status = exit.ExitCode()
	}
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("exit status %d, want %s\n%s", status, args[0], ts.ReadFile("stderr"))
	}
}

// jsonl FILE [LINES]: every line of the file is one JSON object, and nothing else.
func jsonl(ts *testscript.TestScript, neg bool, args []string) {
	lines := bytes.Split([]byte(ts.ReadFile(args[0])), []byte{'\n'})
	if len(lines[len(lines)-1]) != 0 {
		ts.Fatalf("%s: the last line has no end", args[0])
	}
	lines = lines[:len(lines)-1]
	for i, line := range lines {
		var object map[string]any
		if err := json.Unmarshal(line, &object); err != nil {
			ts.Fatalf("%s, line %d: %v: %s", args[0], i+1, err, line)
		}
	}
	if len(args) == 2 && strconv.Itoa(len(lines)) != args[1] {
		ts.Fatalf("%s: %d lines, want %s", args[0], len(lines), args[1])
	}
}

var (
	anID    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	aMoment = regexp.MustCompile(`("(?:finished|undone|not_in_source_since)":) ?"[^"]+"`)
)

// mask gives ids numbers in the order in which they appear, and takes the time of day out of what was done now.
func mask(text string) string {
	seen := map[string]string{}
	text = anID.ReplaceAllStringFunc(text, func(id string) string {
		if seen[id] == "" {
			seen[id] = "id-" + strconv.Itoa(len(seen)+1)
		}
		return seen[id]
	})
	return aMoment.ReplaceAllString(text, `$1"now"`)
}

// masked FILE OUT: writes JSON Lines with ids and times masked, indented so that people can read what differs.
func masked(ts *testscript.TestScript, neg bool, args []string) {
	var out bytes.Buffer
	for line := range bytes.Lines([]byte(mask(ts.ReadFile(args[0])))) {
		if err := json.Indent(&out, bytes.TrimSpace(line), "", " "); err != nil {
			ts.Fatalf("%s: %v", args[0], err)
		}
		out.WriteByte('\n')
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out.Bytes(), 0o600))
}

// sameinventory A B: two outputs of pons devices --format jsonl say the same, ids and the order of devices aside.
func sameInventory(ts *testscript.TestScript, neg bool, args []string) {
	a, b := inventoryOf([]byte(ts.ReadFile(args[0]))), inventoryOf([]byte(ts.ReadFile(args[1])))
	if diff := difference(a, b); (diff != "") != neg {
		ts.Fatalf("%s and %s: %s", args[0], args[1], diff)
	}
}
