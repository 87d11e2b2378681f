package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"
)

// contender is a program that reads the mix, as people run it.
type contender struct {
	name  string
	argv  []string
	env   []string
	cpu   []time.Duration // of each round: what the processor spent
	wall  []time.Duration
	rss   int64 // bytes, the largest of all rounds
	error error
}

// race runs the contenders in turn, round after round, and prints the best of each and the ratios.
func race(pons, mix string, rounds int) error {
	packets, _, err := limitLoop(mix)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	all := []*contender{
		{name: "pons discover, one core", argv: []string{pons, "discover", "--workers", "1", mix}, env: []string{"GOMAXPROCS=1"}},
		{name: "pons discover, two cores", argv: []string{pons, "discover", "--workers", "2", mix}, env: []string{"GOMAXPROCS=2"}},
		{name: "its engine alone, one core", argv: []string{self, "-do", "engine", "-mix", mix}, env: []string{"GOMAXPROCS=1"}},
		{name: "its engine alone, two cores", argv: []string{self, "-do", "engine", "-workers", "2", "-mix", mix}, env: []string{"GOMAXPROCS=2"}},
		{name: "limit", argv: []string{self, "-do", "limit", "-mix", mix}, env: []string{"GOMAXPROCS=1"}},
		{name: "ndpiReader", argv: []string{"ndpiReader", "-i", mix, "-q"}},
		{name: "p0f", argv: []string{"p0f", "-r", mix}},
		{name: "suricata", argv: []string{"suricata", "-r", mix, "-l", os.TempDir(), "--runmode", "single"}},
		{name: "tcpdump -w /dev/null", argv: []string{"tcpdump", "-r", mix, "-w", os.DevNull}},
		{name: "tshark -q -z io,phs", argv: []string{"tshark", "-q", "-z", "io,phs", "-r", mix}},
	}
	for range rounds {
		for _, c := range all {
			c.run()
		}
	}
	base := all[0].best(all[0].cpu)
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "program\tprocessor's time\tclock\tpackets/s of processor\tpeak memory\tpons discover, one core, takes")
	for _, c := range all {
		if c.error != nil {
			fmt.Fprintf(out, "%s\t%v\n", c.name, c.error)
			continue
		}
		cpu := c.best(c.cpu)
		fmt.Fprintf(out, "%s\t%.2f s\t%.2f s\t%.0f\t%.0f MB\t%.2f of it\n", c.name, cpu.Seconds(), c.best(c.wall).Seconds(),
			float64(packets)/cpu.Seconds(), float64(c.rss)/1e6, base.Seconds()/cpu.Seconds())
	}
	return out.Flush()
}

// best is the least of all rounds: what others did to the machine only ever adds.
func (c *contender) best(times []time.Duration) time.Duration { return slices.Min(times) }

func (c *contender) run() {
	if c.error != nil {
		return
	}
	path, err := exec.LookPath(c.argv[0])
	if err != nil {
		c.error = errors.New("not installed")
		return
	}
	cmd := exec.Command(path, c.argv[1:]...)
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		c.error = err
		return
	}
	c.wall = append(c.wall, time.Since(begin))
	c.cpu = append(c.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.rss = max(c.rss, cmp.Or(u.Maxrss, 0)*1024)
	}
}
