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
	do := flag.String("do", "race", "race: build the mix where it is missing and time everybody; mix, limit, engine: only that; stream: memory of a long generated stream")
	pons := flag.String("pons", "bin/pons", "the program")
	rounds := flag.Int("rounds", 5, "how often each is timed")
	packets := flag.Int("packets", 50_000_000, "packets of the stream")
	flows := flag.Int("flows", 200_000, "its conversations")
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
	case "stream":
		err = stream(*packets, *flows)
	default:
		if _, missing := os.Stat(*out); missing != nil {
			err = build(*folder, *out, *size)
		}
		if err == nil {
			err = race(*pons, *out, *rounds)
		}
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
