package app

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// workshop is where this test process builds the real program; TestMain removes it.
var workshop = filepath.Join(os.TempDir(), fmt.Sprintf("pons-app-test-%d", os.Getpid()))

// build builds cmd/pons once: tests that are about time, memory and sudden death want the real program, also when
// they themselves run under the race detector.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workshop, "pons")
	out, err := exec.Command("go", "build", "-o", path, "pons/cmd/pons").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go build pons/cmd/pons: %w: %s", err, out)
	}
	return path, err
})

// site is a place where pons is run: a folder and, perhaps, a PostgreSQL database.
type site struct {
	t   *testing.T
	bin string
	dir string // working directory; the data folder is pons-data in it
	dsn string
}

func newSite(t *testing.T) *site {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return &site{t: t, bin: bin, dir: t.TempDir()}
}

// memorySite is a site that lies in memory where there is room: what the tests with hundreds of imports are about does
// not depend on the disk, and waiting for it takes minutes.
func memorySite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err != nil || int64(fs.Bavail)*fs.Bsize < 1<<30 {
		return s
	}
	dir, err := os.MkdirTemp("/dev/shm", "pons-app-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s.dir = dir
	return s
}

// result is how a run of pons ended.
type result struct {
	out, err string
	status   int   // -1: killed
	peak     int64 // bytes of memory at most
}

// command prepares a run of pons.
func (s *site) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.bin, args...)
	cmd.Dir = s.dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PONS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	if s.dsn != "" {
		cmd.Env = append(cmd.Env, "PONS_POSTGRES="+s.dsn)
	}
	return cmd
}

// run runs pons to its end.
func (s *site) run(args ...string) result {
	s.t.Helper()
	return s.finish(s.command(args...))
}

func (s *site) finish(cmd *exec.Cmd) result {
	s.t.Helper()
	return s.disturb(cmd, func(*os.Process) {})
}

// disturb runs a command to its end, and does something to it once it has begun.
func (s *site) disturb(cmd *exec.Cmd, begun func(*os.Process)) result {
	s.t.Helper()
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if failed := cmd.Start(); failed != nil {
		s.t.Error(failed)
		return result{status: -1}
	}
	begun(cmd.Process)
	late := time.AfterFunc(3*time.Minute, func() { _ = cmd.Process.Kill() }) // a command that hangs fails the test
	_ = cmd.Wait()                                                           // how it ended is in the result
	late.Stop()
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return result{out.String(), err.String(), cmd.ProcessState.ExitCode(), usage.Maxrss * 1024}
}

// must runs pons, which must succeed, and returns what it printed.
func (s *site) must(args ...string) string {
	s.t.Helper()
	r := s.run(args...)
	if r.status != 0 {
		s.t.Fatalf("pons %s: status %d: %s", strings.Join(args, " "), r.status, r.err)
	}
	return r.out
}

// inventory is what the site's database says now, ids aside.
func (s *site) inventory() map[string]string {
	s.t.Helper()
	return inventoryOf([]byte(s.must("devices", "--format", "jsonl")))
}

// inventoryOf reads pons devices --format jsonl: what is said of each device, by the rows that it is made of. Ids are
// left out, for they are made anew by each database, and so is the time at which an import found a row missing. It works on
// the text, because the tests read some hundred thousand devices.
func inventoryOf(text []byte) map[string]string {
	devices := map[string]string{}
	for line := range strings.Lines(string(text)) {
		_, said, ok := strings.Cut(line, `","name":`) // after the id
		_, rest, has := strings.Cut(said, `"records":[`)
		records, _, ends := strings.Cut(rest, `],"facts":`)
		if !ok || !has || !ends {
			return map[string]string{"": "no device: " + line}
		}
		const missing = `"not_in_source_since":"`
		for _, part := range strings.Split(records, missing)[1:] {
			said = strings.Replace(said, missing+part[:strings.IndexByte(part, '"')], missing+"then", 1)
		}
		var keys []string
		for _, r := range strings.Split(records, "},{") {
			_, source, _ := strings.Cut(r, `"source":"`)
			source, _, _ = strings.Cut(source, `"`)
			_, key, _ := strings.Cut(r, `"key":"`)
			key, _, _ = strings.Cut(key, `"`)
			keys = append(keys, source+"/"+key)
		}
		slices.Sort(keys)
		devices[strings.Join(keys, " + ")] = said
	}
	return devices
}

// difference says in a few lines where two inventories differ; "" when they do not.
func difference(a, b map[string]string) string {
	var lines []string
	for k, v := range a {
		switch w, ok := b[k]; {
		case !ok:
			lines = append(lines, "only the first has "+k)
		case v != w:
			lines = append(lines, k+" differs: "+apart(v, w))
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			lines = append(lines, "only the second has "+k)
		}
	}
	slices.Sort(lines)
	if len(lines) > 8 {
		lines = append(lines[:8], fmt.Sprintf("… %d more", len(lines)-8))
	}
	return strings.Join(lines, "\n")
}

// apart shows where two texts part.
func apart(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	cut := func(s string) string { return s[max(0, i-60):min(len(s), i+120)] }
	return cut(a) + "\n    and " + cut(b)
}
