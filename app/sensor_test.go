//go:build linux

package app

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// arpOf is an announcement of 10.9.0.5 by a pump's MAC, as it stands on the wire.
var arpOf = []byte{255, 255, 255, 255, 255, 255, 0x00, 0x12, 0x21, 0, 0, 5, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 0x00, 0x12, 0x21, 0, 0, 5, 10, 9, 0, 5, 0, 0, 0, 0, 0, 0, 10, 9, 0, 5,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

// background is a command that runs until stop, which interrupts it and gives what it printed.
func background(t *testing.T, cmd *exec.Cmd) (says *output, stop func()) {
	t.Helper()
	says = &output{}
	cmd.Stdout, cmd.Stderr = says, says
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			_ = cmd.Process.Signal(os.Interrupt)
			late := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait()
			late.Stop()
		}
	}
	t.Cleanup(stop)
	return says, stop
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for late := time.Now().Add(40 * time.Second); !f(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// TestSensor runs the real program at both ends, in a network namespace of the test's own: the server listens for sensors, a
// sensor enrols, opens an interface, becomes nobody, and a device that speaks is in the inventory; retired, it is refused.
func TestSensor(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("listening to an interface wants root: run `sudo go test ./app`, as CI does")
	}
	bin := filepath.Join(t.TempDir(), "pons")
	build := exec.Command("go", "build", "-o", bin, "pons/cmd/pons")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build does: only so can privileges be dropped
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	runtime.LockOSThread() // never unlocked: the namespace ends with the thread
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"link set lo up", "link add near type veth peer name far", "link set near up", "link set far up"} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s(iproute2 must be installed)", args, err, out)
		}
	}
	hub := &site{t: t, bin: bin, dir: t.TempDir()}
	if r := hub.run("sensor", "enrol", "icu-3"); r.status != exitFailed || !strings.Contains(r.err, "pons serve --sensors") {
		t.Errorf("enrolment before a server listens: %d %s", r.status, r.err)
	}
	says, _ := background(t, hub.command("serve", "--listen", "127.0.0.1:0", "--sensors", "127.0.0.1:0"))
	eventually(t, "the server listens", func() bool { return strings.Contains(says.String(), "serves at") })

	place := &site{t: t, bin: bin, dir: t.TempDir()}
	if err := os.Chmod(filepath.Dir(place.dir), 0o711); err != nil { // who the sensor becomes passes through
		t.Fatal(err)
	}
	if r := place.run("sensor", "--interface", "near"); r.status != exitFailed || !strings.Contains(r.err, "not enrolled here") {
		t.Errorf("without a code: %d %s", r.status, r.err)
	}
	if r := place.run("sensor"); r.status != exitUsage || !strings.Contains(r.err, "--interface") {
		t.Errorf("without an interface: %d %s", r.status, r.err)
	}
	line := strings.Fields(strings.Replace(hub.must("sensor", "enrol", "icu-3"), "IF", "near", 1))
	code := line[len(line)-1]
	line = append(line[:len(line)-2], "--code=-") // read from standard input
	if err := os.MkdirAll(filepath.Join(place.dir, "pons-data", "sensor", "spool"), 0o777); err != nil {
		t.Fatal(err)
	}
	aside := filepath.Join(t.TempDir(), "root's") // what a sensor that was taken over would like to be given
	if err := errors.Join(os.WriteFile(aside, nil, 0o600), os.Symlink(aside, filepath.Join(place.dir, "pons-data", "sensor", "spool", "link"))); err != nil {
		t.Fatal(err)
	}
	cmd := place.command(line[1:]...)
	cmd.Stdin = strings.NewReader(code + "\n")
	heard, stop := background(t, cmd)
	eventually(t, "the sensor listens", func() bool { return strings.Contains(heard.String(), "listens as sensor icu-3") })
	proc := "/proc/" + strconv.Itoa(cmd.Process.Pid)
	tasks, err := os.ReadDir(proc + "/task")
	if err != nil || len(tasks) < 2 {
		t.Fatalf("%d threads: %v", len(tasks), err)
	}
	for _, task := range tasks {
		status, err := os.ReadFile(proc + "/task/" + task.Name() + "/status")
		if errors.Is(err, os.ErrNotExist) {
			continue // it ended
		}
		for _, want := range []string{`Uid:\s+[1-9]\d*\s+[1-9]\d*\s+[1-9]\d*\s+[1-9]`, `Gid:\s+[1-9]\d*\s+[1-9]`, `CapEff:\s+0+$`, `CapPrm:\s+0+$`, `CapInh:\s+0+$`, `CapAmb:\s+0+$`, `NoNewPrivs:\s+1$`} {
			if err != nil || !regexp.MustCompile("(?m)^"+want).Match(status) {
				t.Errorf("a thread of the sensor kept privileges: %s: %v\n%s", want, err, status)
			}
		}
	}
	if limits, err := os.ReadFile(proc + "/limits"); err != nil || !regexp.MustCompile(`Max core file size\s+0\s+0`).Match(limits) {
		t.Errorf("a core of the sensor could be left behind: %v\n%s", err, limits)
	}
	if args, err := os.ReadFile(proc + "/cmdline"); err != nil || bytes.Contains(args, []byte(code)) {
		t.Errorf("the code stands in the list of processes: %q %v", args, err)
	}
	if strings.Contains(heard.String()+says.String(), code) {
		t.Error("the code is logged")
	}
	if err := filepath.WalkDir(filepath.Join(place.dir, "pons-data", "sensor"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err == nil && info.Mode()&os.ModeSymlink == 0 && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", path, info.Mode())
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(aside); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("a file outside the sensor's folder was given away: %v", err)
	}
	dev, err := net.InterfaceByName("far")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, arpOf, 0, &unix.SockaddrLinklayer{Ifindex: dev.Index}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the device is in the inventory", func() bool { return strings.Contains(hub.must("devices", "--format", "jsonl"), "00:12:21:00:00:05") })
	if list := hub.must("sensor", "list"); !regexp.MustCompile(`icu-3 +up `).MatchString(list) {
		t.Errorf("list:\n%s", list)
	}
	if list := hub.must("sensor", "list", "--format", "jsonl"); !strings.Contains(list, `"name":"icu-3","state":"up"`) || !strings.Contains(list, `"name":"near"`) {
		t.Errorf("list:\n%s", list)
	}
	if r := hub.run("sensor", "retire", "icu-3"); r.status != exitDone {
		t.Errorf("retire: %s", r.err)
	}
	eventually(t, "the sensor knows that it is refused", func() bool {
		return strings.Contains(heard.String(), "retired") || strings.Contains(heard.String(), "refuses")
	})
	stop()
	if !strings.Contains(hub.must("sensor", "list"), "retired") {
		t.Error("it is not listed as retired")
	}
}
