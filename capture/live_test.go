//go:build linux

package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pons/fault"
)

// wire makes a pair of interfaces "near" and "far" in a network namespace of the test's own thread, which ends with the
// test: nothing of it is seen outside. It wants root (CAP_SYS_ADMIN) and ip of iproute2.
func wire(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("tests of listening make a network namespace of their own, which only root may: run `sudo go test ./capture`, as CI does")
	}
	runtime.LockOSThread() // never unlocked: Go ends the thread with the test, and the namespace with it
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("a network namespace: %v", err)
	}
	for _, args := range []string{
		"link add near type veth peer name far", "link set near up", "link set far up",
		"link set near arp off", "link set far arp off",
	} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s(iproute2 must be installed)", args, err, out)
		}
	}
}

// sender is a raw socket at the far end.
func sender(t testing.TB, name string) func(frame []byte) {
	t.Helper()
	dev, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	to := &unix.SockaddrLinklayer{Ifindex: dev.Index}
	return func(frame []byte) {
		for {
			err := unix.Sendto(fd, frame, 0, to)
			if errors.Is(err, unix.ENOBUFS) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			return
		}
	}
}

// marked is a frame of a made-up EtherType between made-up hosts that carries a number.
func marked(n, size int) []byte {
	f := make([]byte, size)
	copy(f, []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}) // IEEE 802 local experimental EtherType 1
	binary.BigEndian.PutUint32(f[14:], uint32(n))
	return f
}

// tagged puts a VLAN tag into a frame.
func tagged(f []byte, tpid, tci uint16) []byte {
	tag := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, tpid), tci)
	return append(append(append([]byte{}, f[:12]...), tag...), f[12:]...)
}

// listen runs an interface and collects copies of the frames of the experimental EtherType.
func listen(t *testing.T, i *Interface) (frames func(want int) []Frame, stop func() uint64) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan Frame, 1<<16)
	type end struct {
		dropped uint64
		err     error
	}
	done := make(chan end, 1)
	go func() {
		dropped, err := i.Run(ctx, func(f Frame) {
			if bytes.Contains(f.Data, []byte{0x88, 0xb5}) {
				f.Data = bytes.Clone(f.Data)
				got <- f
			}
		})
		done <- end{dropped, err}
	}()
	frames = func(want int) (out []Frame) {
		late := time.After(20 * time.Second)
		for len(out) < want {
			select {
			case f := <-got:
				out = append(out, f)
			case <-late:
				t.Fatalf("%d of %d frames came", len(out), want)
			}
		}
		return out
	}
	stop = func() uint64 {
		cancel()
		e := <-done
		if e.err != nil {
			t.Fatal(e.err)
		}
		if err := i.Close(); err != nil {
			t.Fatal(err)
		}
		return e.dropped
	}
	return frames, stop
}

func TestLive(t *testing.T) {
	wire(t)
	devices, err := Live([]string{"near"}, LiveOptions{RingBytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	frames, stop := listen(t, devices[0])
	send := sender(t, "far")
	before := time.Now().Add(-time.Second)
	var sent [][]byte
	for n := range 2000 {
		f := marked(n, 60+n%1400)
		switch n % 4 {
		case 1:
			f = tagged(f, 0x8100, 0x2000|uint16(n%4000)) // with a priority
		case 2:
			f = tagged(f, 0x88a8, 77)
		case 3:
			f = tagged(tagged(f, 0x8100, 12), 0x88a8, 900) // QinQ: the outer tag is taken out by the kernel, the inner stays
		}
		sent = append(sent, f)
		send(f)
	}
	var last uint64
	for n, f := range frames(len(sent)) {
		if !bytes.Equal(f.Data, sent[n]) || f.Length != len(sent[n]) {
			t.Fatalf("frame %d came as\n% x (length %d), was sent as\n% x", n, f.Data[:32], f.Length, sent[n][:32])
		}
		if f.Link != LinkEthernet || f.Number <= last {
			t.Fatalf("frame %d: link %d, number %d after %d", n, f.Link, f.Number, last)
		}
		last = f.Number
		if f.At.Before(before) || f.At.After(time.Now().Add(time.Second)) || f.At.Location() != time.UTC {
			t.Fatalf("frame %d at %s", n, f.At)
		}
	}
	if dropped := stop(); dropped != 0 {
		t.Errorf("%d dropped", dropped)
	}
	if c := devices[0].Count(); c.Frames < last || c.Bytes == 0 { // the kernel may speak up itself after the last
		t.Errorf("counted %+v, the last frame was %d", c, last)
	}
}

// TestLiveCountsDrops holds that what a busy receiver misses is counted and not merely missing.
func TestLiveCountsDrops(t *testing.T) {
	wire(t)
	devices, err := Live([]string{"near"}, LiveOptions{RingBytes: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	i := devices[0]
	defer i.Close()
	send := sender(t, "far")
	const sent = 6000
	for n := range sent { // nobody reads: 6,000 of 1,400 bytes do not fit 2 MiB
		send(marked(n, 1400))
	}
	time.Sleep(2 * blockTimeout) // the block in hand is handed over
	ctx, cancel := context.WithCancel(context.Background())
	came := 0
	timer := time.AfterFunc(time.Second, cancel)
	defer timer.Stop()
	dropped, err := i.Run(ctx, func(f Frame) {
		if bytes.Contains(f.Data, []byte{0x88, 0xb5}) {
			came++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if came == 0 || came == sent || came+int(dropped) < sent {
		t.Errorf("%d sent, %d came, %d counted as dropped", sent, came, dropped)
	}
	if i.Count().Dropped != dropped {
		t.Errorf("counts %+v, dropped %d", i.Count(), dropped)
	}
}

// TestLiveSeveral listens to two interfaces, one of which goes away.
func TestLiveSeveral(t *testing.T) {
	wire(t)
	devices, err := Live([]string{"near", "far"}, LiveOptions{RingBytes: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	frames, stop := listen(t, devices[0])
	sender(t, "far")(marked(1, 60))
	sender(t, "near")(marked(2, 60))
	got := frames(2) // what comes in and what goes out
	if n := binary.BigEndian.Uint32(got[0].Data[14:]) + binary.BigEndian.Uint32(got[1].Data[14:]); n != 3 {
		t.Errorf("frames %v", got)
	}
	stop()
	failed := make(chan error, 1)
	go func() {
		_, err := devices[1].Run(context.Background(), func(Frame) {})
		failed <- err
	}()
	if out, err := exec.Command("ip", "link", "del", "near").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	select {
	case err := <-failed:
		if err == nil || !strings.Contains(err.Error(), "far") {
			t.Errorf("the interface went away: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the interface went away and nobody noticed")
	}
	devices[1].Close()
}

func TestLiveRefuses(t *testing.T) {
	wire(t)
	if out, err := exec.Command("ip", "link", "set", "far", "down").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct {
		names []string
		ring  int
		kind  error
		says  string
	}{
		{nil, 0, fault.Invalid, "no interface is named"},
		{[]string{"near", "nowhere"}, 0, fault.NotFound, "interface nowhere: there is no such interface"},
		{[]string{"far"}, 0, fault.Invalid, "interface far: is down"},
		{[]string{"near"}, 1000, fault.Invalid, "a ring of 1000 bytes"},
		{[]string{"near"}, 8 << 30, fault.Invalid, "between 2 MiB and 4 GiB"},
	} {
		_, err := Live(c.names, LiveOptions{RingBytes: c.ring})
		if !errors.Is(err, c.kind) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%v: %v", c.names, err)
		}
	}
}

// droppedRole is set for the process that TestDropPrivileges starts.
const droppedRole = "PONS_CAPTURE_TEST_DROP"

// TestDropPrivileges starts itself anew without cgo, as the real program is built, drops everything there, and reads in
// /proc what every thread is left with.
func TestDropPrivileges(t *testing.T) {
	if name := os.Getenv(droppedRole); name != "" {
		dropAndTell(name)
		return
	}
	if os.Geteuid() != 0 {
		t.Fatal("only root has privileges to drop: run `sudo go test ./capture`, as CI does")
	}
	bin := t.TempDir() + "/capture.test"
	build := exec.Command("go", "test", "-c", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(bin, "-test.run=^TestDropPrivileges$", "-test.v")
	cmd.Env = append(os.Environ(), droppedRole+"=nobody")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("threads are harmless")) {
		t.Errorf("%v: %s", err, out)
	}
}

func dropAndTell(name string) {
	stop := make(chan struct{})
	for range 4 { // threads of their own
		go func() { runtime.LockOSThread(); <-stop }()
	}
	if err := DropPrivileges(name); err != nil {
		fmt.Println("drop:", err)
		os.Exit(1)
	}
	close(stop)
	threads, _ := os.ReadDir("/proc/self/task")
	for _, th := range threads {
		status, err := os.ReadFile("/proc/self/task/" + th.Name() + "/status")
		if err != nil {
			continue // it ended
		}
		for _, line := range strings.Split(string(status), "\n") {
			key, value, _ := strings.Cut(line, ":")
			value = strings.TrimSpace(value)
			switch {
			case (key == "CapEff" || key == "CapPrm" || key == "CapInh" || key == "CapAmb") && strings.Trim(value, "0") != "",
				key == "NoNewPrivs" && value != "1",
				(key == "Uid" || key == "Gid") && strings.HasPrefix(value, "0"),
				key == "Groups" && strings.HasPrefix(value, "0"):
				fmt.Println("thread", th.Name(), "still has", line)
				os.Exit(1)
			}
		}
	}
	if _, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0); !errors.Is(err, unix.EPERM) {
		fmt.Println("a raw socket after all:", err)
		os.Exit(1)
	}
	fmt.Println(len(threads), "threads are harmless")
}
