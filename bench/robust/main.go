// Package main reads every shared capture cut at every kilobyte and with bits flipped, with all parsers: nothing may
// panic, hang or hold more memory than it may. It decides what is tried; how damage is met is capture's and
// protocol's.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"pons/capture"
	"pons/fault"
	"pons/protocol"
	"pons/protocol/all"
)

func main() {
	folder := flag.String("captures", "../shared/data/pcap", "the shared captures")
	step := flag.Int("step", 1024, "bytes between two cuts")
	flips := flag.Int("flips", 20, "copies of each capture with flipped bits")
	sparse := flag.Int("sparse", 1, "try every so manieth capture only")
	slow := flag.Duration("slow", 20*time.Second, "a single reading that takes longer has hung")
	flag.Parse()
	if err := run(*folder, *step, *flips, *sparse, *slow); err != nil {
		fmt.Fprintln(os.Stderr, "robust:", err)
		os.Exit(1)
	}
}

// tally is what came of all readings.
type tally struct {
	sync.Mutex
	readings, frames, faults int
	slowest                  time.Duration
	slowestName              string
	heap                     uint64
	panics                   map[string]int
}

func run(folder string, step, flips, sparse int, slow time.Duration) error {
	paths, err := captures(folder)
	if err != nil {
		return err
	}
	begin := time.Now()
	t := &tally{panics: map[string]int{}}
	work := make(chan string)
	var done sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		done.Go(func() {
			for path := range work {
				t.try(path, step, flips, slow)
			}
		})
	}
	tried := 0
	for i, path := range paths {
		if i%sparse == 0 {
			tried++
			work <- path
		}
	}
	close(work)
	done.Wait()
	fmt.Printf("%d captures, %d readings of %d frames in %v: %d ended in the error that names the damage; slowest %v (%s); largest heap %.0f MB\n",
		tried, t.readings, t.frames, time.Since(begin).Round(time.Second), t.faults, t.slowest.Round(time.Millisecond), t.slowestName, float64(t.heap)/1e6)
	for what, n := range t.panics {
		fmt.Printf("%d times: %s\n", n, what)
	}
	if len(t.panics) > 0 {
		return errors.New("something broke")
	}
	return nil
}

func captures(folder string) (paths []string, err error) {
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.Contains(path, ".pcap") || strings.HasSuffix(path, ".cap") || strings.HasSuffix(path, ".trace")) {
			paths = append(paths, path)
		}
		return err
	})
	return paths, err
}

// try reads one capture whole, cut everywhere, and flipped.
func (t *tally) try(path string, step, flips int, slow time.Duration) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.broke(path+": cannot be read", path)
		return
	}
	for cut := step; cut < len(data); cut += step {
		t.read(data[:cut], path, slow)
	}
	t.read(data, path, slow)
	r := rand.New(rand.NewPCG(uint64(len(data)), 1))
	flipped := make([]byte, len(data))
	for i := range flips {
		copy(flipped, data)
		every := []int{13, 97, 499, 4999}[i%4]
		for at := 24 + r.IntN(every); at < len(flipped); at += 1 + r.IntN(2*every) {
			flipped[at] ^= 1 << r.IntN(8)
		}
		t.read(flipped, path, slow)
	}
}

func (t *tally) broke(what, path string) {
	t.Lock()
	defer t.Unlock()
	t.panics[what+" in "+filepath.Base(path)]++
}

// read reads one piece of data as a capture.
func (t *tally) read(data []byte, path string, slow time.Duration) {
	hung := time.AfterFunc(slow, func() {
		fmt.Fprintf(os.Stderr, "robust: %s (%d bytes of it) hangs\n", path, len(data))
		os.Exit(1)
	})
	defer hung.Stop()
	defer func() {
		if r := recover(); r != nil {
			t.broke(fmt.Sprintf("the engine panicked: %v", r), path)
		}
	}()
	begin := time.Now()
	e := protocol.NewEngine(all.Parsers(), protocol.Options{})
	src, err := capture.Open(bytes.NewReader(data), path)
	if err == nil {
		_, err = src.Run(context.Background(), func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) })
	}
	if err != nil && !errors.Is(err, fault.Invalid) {
		t.broke(fmt.Sprintf("an error that does not name damage: %v", err), path)
	}
	e.Finish()
	e.Traffic()
	c := e.Counters()
	for _, p := range c.Parsers {
		if p.Panics > 0 {
			t.broke(p.Name+" panicked", path)
		}
	}
	took := time.Since(begin)
	t.Lock()
	defer t.Unlock()
	t.readings++
	t.frames += int(c.Frames)
	if err != nil {
		t.faults++
	}
	if took > t.slowest {
		t.slowest, t.slowestName = took, filepath.Base(path)
	}
	if t.readings%256 == 1 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		t.heap = max(t.heap, m.HeapAlloc)
	}
}
