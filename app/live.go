package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"pons/capture"
	"pons/fact"
	"pons/intake/pcap"
	"pons/inventory"
	"pons/product"
	"pons/protocol"
	"pons/protocol/all"
)

// tellEvery is how often discover says what it has learnt from an interface.
const tellEvery = time.Second

// listen reads interfaces until it is interrupted. What is learnt is said on standard error as it is learnt, a line a device and
// another when more is known of it.
func (c DiscoverCommand) listen(s *session) (pcap.Result, error) {
	taps, err := capture.Live(c.Interface, capture.LiveOptions{})
	if err != nil {
		return pcap.Result{}, err
	}
	defer func() {
		for _, t := range taps {
			t.Close()
		}
	}()
	if os.Geteuid() == 0 {
		if err := capture.DropPrivileges("nobody"); err != nil {
			return pcap.Result{}, fmt.Errorf("give privileges back: %w", err)
		}
	}
	fmt.Fprintf(s.Err, "listening to %s; Ctrl-C ends it and prints the table\n", strings.Join(c.Interface, ", "))
	engine := protocol.NewEngine(all.Parsers(), protocol.Options{Workers: c.Workers})
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(s.ctx)
	for _, t := range taps {
		group.Go(func() error {
			_, err := t.Run(ctx, func(f capture.Frame) {
				mu.Lock()
				defer mu.Unlock()
				engine.Frame(f.At, uint32(f.Link), f.Number, f.Data)
			})
			return err
		})
	}
	group.Go(func() error {
		said := map[string]string{}
		for {
			wait(ctx, tellEvery)
			if ctx.Err() != nil {
				return nil
			}
			mu.Lock()
			changed, _, _ := engine.Harvest()
			mu.Unlock()
			tell(s, changed, said)
		}
	})
	err = group.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	result := pcap.Result{Records: engine.Finish(), Count: engine.Counters()}
	for _, t := range taps {
		n := t.Count()
		result.Bytes += int64(n.Bytes)
		if n.Dropped > 0 {
			fmt.Fprintf(s.Err, "%s: %d frames were dropped, %d were read\n", t.Name, n.Dropped, n.Frames)
		}
	}
	return result, err
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// tell prints what is known of devices now, where that is something else than before.
func tell(s *session, records []fact.Record, said map[string]string) {
	devices, _ := inventory.Reconcile(product.Default(), nil, fact.Source.Kind, records, nil)
	for _, d := range devices {
		doc := d.Document()
		text := fmt.Sprintf("%-28s %-18s %-22s %-20s %s", brief(doc.Name), brief(doc.Class), brief(doc.Manufacturer), brief(doc.Model), brief(strings.Join(append(doc.MACs, doc.IPs...), " ")))
		if said[d.ID] == text {
			continue
		}
		said[d.ID] = text
		fmt.Fprintf(s.Err, "%s %s\n", s.now().Format(time.TimeOnly), text)
	}
}
