// Command fuzz runs every fuzz target of the module for a given time each, a few at once and at the lowest priority, and
// prints how many inputs each one tried and which failed. It decides the order and what counts as failed; what an input
// must not do is each target's own.
//
//	go run ./bench/fuzz --time 10m --at-once 2 ./protocol/... ./capture
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "fuzz:", err)
		}
		os.Exit(1)
	}
}

// target is one fuzz function of one package.
type target struct{ pkg, name string }

// result is what came of it.
type result struct {
	target
	execs  int64
	failed string // the test's own words, "" where nothing was found
}

func run(ctx context.Context, args []string, out io.Writer) error {
	fl := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	each := fl.Duration("time", 30*time.Second, "for each target")
	atOnce := fl.Int("at-once", 1, "targets that run at the same time, one processor each")
	only := fl.String("only", "", "only targets whose package and name match this expression: protocol/(dicom|hl7)")
	if err := fl.Parse(args); err != nil {
		return err
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	packages := fl.Args()
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	targets, err := list(ctx, packages, match)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d targets, %v each, %d at once: about %v\n", len(targets), *each, *atOnce,
		(*each * time.Duration(len(targets)) / time.Duration(max(1, *atOnce))).Round(time.Second))
	results := make(chan result)
	work := make(chan target)
	var group sync.WaitGroup
	for range max(1, *atOnce) {
		group.Go(func() {
			for t := range work {
				results <- fuzz(ctx, t, *each)
			}
		})
	}
	go func() {
		defer close(results)
		defer group.Wait()
		defer close(work)
		for _, t := range targets {
			select {
			case work <- t:
			case <-ctx.Done():
				return
			}
		}
	}()
	failed, total := 0, int64(0)
	for r := range results {
		total += r.execs
		state := "ok"
		if r.failed != "" {
			state = "FAILED"
			failed++
		}
		fmt.Fprintf(out, "%-7s %-36s %-20s %12d inputs\n", state, r.pkg, r.name, r.execs)
		if r.failed != "" {
			fmt.Fprintln(out, r.failed)
		}
	}
	fmt.Fprintf(out, "%d targets, %d inputs, %d failed\n", len(targets), total, failed)
	if failed > 0 {
		return fmt.Errorf("%d targets failed; their inputs are in testdata/fuzz of the packages", failed)
	}
	return ctx.Err()
}

// list finds the fuzz targets of packages.
func list(ctx context.Context, packages []string, only *regexp.Regexp) (targets []target, err error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-list", "^Fuzz", "-json"}, packages...)...)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	line := regexp.MustCompile(`"Package":"([^"]+)","Output":"(Fuzz\w+)\\n"`)
	for _, m := range line.FindAllStringSubmatch(string(text), -1) {
		if only.MatchString(m[1] + " " + m[2]) {
			targets = append(targets, target{m[1], m[2]})
		}
	}
	if err != nil {
		return nil, fmt.Errorf("go test -list: %w", err)
	}
	if len(targets) == 0 {
		return nil, errors.New("no fuzz target matches")
	}
	return targets, nil
}

var tried = regexp.MustCompile(`execs: (\d+)`)

// fuzz runs one target on one processor.
func fuzz(ctx context.Context, t target, each time.Duration) result {
	cmd := exec.CommandContext(ctx, "nice", "-n", "19", "go", "test", t.pkg, "-run", "^$", "-fuzz", "^"+t.name+"$",
		"-fuzztime", each.String(), "-parallel", "1")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	text, err := cmd.CombinedOutput()
	r := result{target: t}
	if all := tried.FindAllStringSubmatch(string(text), -1); len(all) > 0 {
		r.execs, _ = strconv.ParseInt(all[len(all)-1][1], 10, 64)
	}
	if err != nil && ctx.Err() == nil {
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		r.failed = strings.Join(lines[max(0, len(lines)-25):], "\n")
	}
	return r
}
