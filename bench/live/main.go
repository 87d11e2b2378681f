//go:build linux

// Command live measures how fast frames may come before some are lost: it makes a pair of interfaces in a network namespace
// of its own, replays a capture into one end at rising rates, and listens at the other as a sensor does. It decides nothing:
// it prints what went in, what came out, and what the kernel dropped. It needs root and ip of iproute2.
//
//	go run ./bench/live [-file CAPTURE] [-seconds 3] [-ring 64] [-workers 1] [-only capture|engine]
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"pons/capture"
	"pons/protocol"
	"pons/protocol/all"
)

func main() {
	file := flag.String("file", "../shared/data/pcap/lab/dicom_hl7_snmp_dhcp.pcap", "capture to replay, over and over")
	seconds := flag.Float64("seconds", 3, "how long each rate is held")
	ring := flag.Int("ring", 64, "kernel buffer in MiB")
	workers := flag.Int("workers", 1, "workers of the engine")
	only := flag.String("only", "", "capture: frames are counted and no more; engine: every parser reads them; empty: both")
	flag.Parse()
	if err := run(*file, time.Duration(*seconds*float64(time.Second)), *ring, *workers, *only); err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

// rates are frames a second that are tried; 0 is as fast as the sender can.
var rates = []int{50_000, 100_000, 150_000, 200_000, 300_000, 400_000, 600_000, 800_000, 1_000_000, 0}

func run(file string, hold time.Duration, ring, workers int, only string) error {
	frames, err := load(file)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("a network namespace (only root may): %w", err)
	}
	for _, args := range []string{"link add near type veth peer name far", "link set near up mtu 9000", "link set far up mtu 9000", "link set near arp off", "link set far arp off"} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", args, err, out)
		}
	}
	out, err := newSender("far", frames)
	if err != nil {
		return err
	}
	fmt.Printf("%d frames of %s, ring %d MiB, %d processors\n", len(frames), file, ring, runtime.NumCPU())
	for _, mode := range []string{"capture", "engine"} {
		if only != "" && only != mode {
			continue
		}
		fmt.Printf("\n%-8s %10s %10s %9s %10s %8s\n", mode, "asked/s", "sent/s", "Mbit/s", "received", "dropped")
		for _, rate := range rates {
			if err := try(out, mode, rate, hold, ring, workers); err != nil {
				return err
			}
		}
	}
	return nil
}

// try holds one rate and prints a line.
func try(out *sender, mode string, rate int, hold time.Duration, ring, workers int) error {
	in, err := capture.Live([]string{"near"}, capture.LiveOptions{RingBytes: ring << 20})
	if err != nil {
		return err
	}
	defer in[0].Close()
	deliver := func(capture.Frame) {}
	if mode == "engine" {
		engine := protocol.NewEngine(all.Parsers(), protocol.Options{Workers: workers})
		var mu sync.Mutex // as the sensor has one
		deliver = func(f capture.Frame) {
			mu.Lock()
			engine.Frame(f.At, uint32(f.Link), f.Number, f.Data)
			mu.Unlock()
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { _, err := in[0].Run(ctx, deliver); done <- err }()
	sent, bytes, took, err := out.send(rate, hold)
	if err != nil {
		cancel()
		<-done
		return err
	}
	for last := uint64(0); ; { // what is in the ring is read before it is judged
		time.Sleep(300 * time.Millisecond)
		c := in[0].Count()
		if c.Frames == last {
			break
		}
		last = c.Frames
	}
	cancel()
	if err := <-done; err != nil {
		return err
	}
	asked := "most"
	if rate > 0 {
		asked = fmt.Sprint(rate)
	}
	c := in[0].Count()
	fmt.Printf("%-8s %10s %10.0f %9.0f %10d %8d\n", "", asked, float64(sent)/took.Seconds(), float64(bytes)*8/took.Seconds()/1e6, c.Frames, c.Dropped)
	return nil
}

// load reads a capture into memory.
func load(file string) ([][]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := capture.Open(f, file)
	if err != nil {
		return nil, err
	}
	var frames [][]byte
	_, err = src.Run(context.Background(), func(f capture.Frame) {
		if f.Link == capture.LinkEthernet && len(f.Data) >= 14 && len(f.Data) <= 9014 {
			frames = append(frames, append([]byte(nil), f.Data...))
		}
	})
	if len(frames) == 0 && err == nil {
		err = fmt.Errorf("%s holds no Ethernet frames", file)
	}
	return frames, err
}

// sender is a raw socket that gives the kernel 64 frames a call.
type sender struct {
	fd     int
	frames [][]byte
	next   int
	heads  []mmsghdr
	vecs   []unix.Iovec
}

type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
	_   [4]byte
}

const atOnce = 64

func newSender(name string, frames [][]byte) (*sender, error) {
	dev, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: dev.Index}); err != nil {
		return nil, err
	}
	s := &sender{fd: fd, frames: frames, heads: make([]mmsghdr, atOnce), vecs: make([]unix.Iovec, atOnce)}
	for i := range s.heads {
		s.heads[i].hdr.Iov = &s.vecs[i]
		s.heads[i].hdr.SetIovlen(1)
	}
	return s, nil
}

// send sends frames at a rate for a while.
func (s *sender) send(rate int, hold time.Duration) (sent, bytes int, took time.Duration, err error) {
	began := time.Now()
	for time.Since(began) < hold {
		if rate > 0 {
			if ahead := time.Duration(float64(sent)/float64(rate)*1e9) - time.Since(began); ahead > 0 {
				time.Sleep(min(ahead, time.Millisecond))
				continue
			}
		}
		for i := range atOnce {
			f := s.frames[(s.next+i)%len(s.frames)]
			s.vecs[i].Base = &f[0]
			s.vecs[i].SetLen(len(f))
		}
		n, _, errno := syscall.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.heads[0])), atOnce, 0, 0, 0)
		if errno == unix.ENOBUFS || errno == unix.EAGAIN {
			continue
		}
		if errno != 0 {
			return sent, bytes, 0, errno
		}
		for i := range int(n) {
			bytes += len(s.frames[(s.next+i)%len(s.frames)])
		}
		s.next = (s.next + int(n)) % len(s.frames)
		sent += int(n)
	}
	return sent, bytes, time.Since(began), nil
}
