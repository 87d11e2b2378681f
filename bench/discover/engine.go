package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"syscall"
	"time"

	"pons/capture"
	"pons/protocol"
	"pons/protocol/all"
)

// engine reads a capture with the engine alone, for profiles.
func engine(path string, workers int, profile string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if profile != "" {
		p, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer p.Close()
		if err := pprof.StartCPUProfile(p); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	debug.SetGCPercent(400) // as pons discover, which lets memory grow while little is held
	start := spent()
	since := func() time.Duration { return spent() - start }
	src, err := capture.Open(f, path)
	if err != nil {
		return err
	}
	e := protocol.NewEngine(all.Parsers(), protocol.Options{Workers: workers})
	_, err = src.Run(context.Background(), func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) })
	read := since()
	records := e.Finish()
	finished := since()
	traffic := e.Traffic()
	c := e.Counters()
	facts := 0
	for i := range records {
		facts += len(records[i].Facts)
	}
	whole := since()
	fmt.Printf("%d frames, %d conversations, %d records, %d facts, %d rows of traffic; frames %v, with records %v, all %v; %.0f packets/s\n",
		c.Frames, c.Conversations, len(records), facts, len(traffic), read, finished, whole, float64(c.Frames)/whole.Seconds())
	return err
}

// spent is the processor's time of this process, which a busy machine does not change as much as the clock's.
func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
