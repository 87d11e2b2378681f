// Package main measures discovery: it builds a mixed capture from the shared ones and times pons discover beside the
// tools that hospitals run, in alternating rounds of one run. It decides what is compared; what was measured is in
// docs/performance.md.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
)

func main() {
	folder := flag.String("captures", "../shared/data/pcap", "the shared captures")
	out := flag.String("mix", "", "the mixed capture; built where it is missing (default /tmp/pons-hospital.pcap or /tmp/pons-harsh.pcap)")
	size := flag.Int64("size", 0, "its size in bytes (default 352 MB, harsh 292 MB: 850,000 packets)")
	harsh := flag.Bool("harsh", false, "a mix whose hosts are other ones in each repetition: 24,000 devices that hardly speak")
	do := flag.String("do", "race", "race: build the mix where it is missing and time everybody; mix, limit, engine: only that; stream: memory of a long generated stream")
	pons := flag.String("pons", "bin/pons", "the program")
	rounds := flag.Int("rounds", 5, "how often each is timed")
	packets := flag.Int("packets", 50_000_000, "packets of the stream")
	flows := flag.Int("flows", 200_000, "its conversations")
	workers := flag.Int("workers", 1, "workers of the engine")
	profile := flag.String("cpuprofile", "", "where the engine's profile is written")
	flag.Parse()
	path, bytes := "/tmp/pons-hospital.pcap", int64(352_000_000)
	if *harsh {
		path, bytes = "/tmp/pons-harsh.pcap", 292_000_000
	}
	*out, *size = cmp.Or(*out, path), cmp.Or(*size, bytes)
	var err error
	switch *do {
	case "mix":
		err = build(*folder, *out, *size, *harsh)
	case "limit":
		err = limit(*out)
	case "engine":
		err = engine(*out, *workers, *profile)
	case "stream":
		err = stream(*packets, *flows)
	default:
		if _, missing := os.Stat(*out); missing != nil {
			err = build(*folder, *out, *size, *harsh)
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

func build(folder, out string, size int64, harsh bool) error {
	m, err := load(folder, harsh)
	if err != nil {
		return err
	}
	rounds, err := m.write(out, size)
	fmt.Printf("%v; %d rounds, the last one in part\n", m, rounds)
	return err
}
