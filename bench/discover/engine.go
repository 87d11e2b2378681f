package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"pons/capture"
	"pons/fact"
	"pons/inventory"
	"pons/product"
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
	begin := time.Now()
	src, err := capture.Open(bufio.NewReaderSize(f, 1<<18), path)
	if err != nil {
		return err
	}
	e := protocol.NewEngine(all.Parsers(), protocol.Options{Workers: workers})
	_, err = src.Run(context.Background(), func(f capture.Frame) { e.Frame(f.At, uint32(f.Link), f.Number, f.Data) })
	read := time.Since(begin)
	records := e.Finish()
	finished := time.Since(begin)
	traffic := e.Traffic()
	c := e.Counters()
	facts := 0
	for i := range records {
		facts += len(records[i].Facts)
	}
	whole := time.Since(begin)
	devices, _ := inventory.Reconcile(product.Default(), nil, fact.Source.Kind, records, nil)
	fmt.Printf("%d devices reconciled in %v\n", len(devices), time.Since(begin)-whole)
	fmt.Printf("%d frames, %d conversations, %d records, %d facts, %d rows of traffic; frames %v, with records %v, all %v; %.0f packets/s\n",
		c.Frames, c.Conversations, len(records), facts, len(traffic), read, finished, whole, float64(c.Frames)/whole.Seconds())
	return err
}
