// Package main measures discovery: it builds a mixed capture from the shared ones and times pons discover beside the
// tools that hospitals run, in alternating rounds of one run. It decides what is compared; what was measured is in
// docs/performance.md.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	folder := flag.String("captures", "../shared/data/pcap", "the shared captures")
	out := flag.String("mix", "/tmp/pons-mix.pcap", "the mixed capture; built where it is missing")
	size := flag.Int64("size", 292_000_000, "its size in bytes")
	do := flag.String("do", "all", "mix, limit, engine")
	workers := flag.Int("workers", 1, "workers of the engine")
	profile := flag.String("cpuprofile", "", "where the engine's profile is written")
	flag.Parse()
	var err error
	switch *do {
	case "mix":
		err = build(*folder, *out, *size)
	case "limit":
		err = limit(*out)
	case "engine":
		err = engine(*out, *workers, *profile)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "discover:", err)
		os.Exit(1)
	}
}

func build(folder, out string, size int64) error {
	m, err := load(folder)
	if err != nil {
		return err
	}
	rounds, err := m.write(out, size)
	fmt.Printf("%v; %d rounds, the last one in part\n", m, rounds)
	return err
}
