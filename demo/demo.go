// Package demo writes a synthetic hospital as files: the exports that biomed, IT and the network people of one
// hospital would hand over, captures in which some of its devices talk, and the truth behind every row. It
// decides what the hospital owns and how badly its records are kept; reading the files is left to the same
// intake and capture that read real ones. Every name of a hospital, site or person is invented, every file says
// that it is synthetic, and the same options always give the same bytes.
package demo

import (
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pons/fault"
)

// Mark is the sentence that every file of a synthetic hospital carries.
const Mark = "SYNTHETIC DATA of an invented hospital, made by pons demo"

// Options say which hospital to write. The zero value of a field takes the default named beside it.
type Options struct {
	Seed    uint64    // 1; another seed is another hospital
	Devices int       // 3000; at least 100
	Damage  float64   // 1: the damage measured in the project's synthetic hospital; 0.5 half of it, 2 twice. Negative: none
	At      time.Time // 2026-01-05 08:00 UTC: the day the exports were made
	CSV     bool      // the biomed export as cmms.csv in Windows-1252 instead of cmms.xlsx
	Wire    int       // 360: devices that talk in the captures; negative: no captures
}

// Hospital is what was written.
type Hospital struct {
	Name    string
	Sites   []string
	Devices int            // devices that exist, rogues not counted
	Rogues  int            // devices on the network that no system knows
	Rows    map[string]int // data rows by file name
	Hosts   int            // hosts that talk in the captures
	Files   []string       // relative to the folder, in the order written
}

func (o Options) withDefaults() (Options, error) {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Devices == 0 {
		o.Devices = 3000
	}
	if o.Damage == 0 {
		o.Damage = 1
	}
	if o.Damage < 0 {
		o.Damage = 0
	}
	if o.At.IsZero() {
		o.At = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	}
	o.At = o.At.UTC()
	if o.Wire == 0 {
		o.Wire = 360
	}
	if o.Devices < 100 || o.Devices > 100_000 {
		return o, fmt.Errorf("demo: %d devices, want 100 to 100,000: %w", o.Devices, fault.Invalid)
	}
	if o.Damage > 4 {
		return o, fmt.Errorf("demo: damage %g, want at most 4: %w", o.Damage, fault.Invalid)
	}
	return o, nil
}

// Write makes the hospital's files in dir, which it creates. Files of the same name are replaced.
//
//	README.md             what this is
//	cmms.xlsx | cmms.csv  biomed's equipment inventory: title above, total below
//	cmdb.csv              IT's configuration items: semicolons, Windows-1252
//	dhcp.csv              leases with switch ports: tabs
//	nac.csv               endpoints of the network access control: commas
//	captures/SITE.pcap    half an hour at a span port of each site
//	truth.csv             file, row, device: the device behind every data row
//	devices.csv           what each device really is
//	hosts.csv             capture, mac, device: who talks in the captures
func Write(dir string, o Options) (Hospital, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Hospital{}, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "captures"), 0o755); err != nil {
		return Hospital{}, fmt.Errorf("demo: %w", err)
	}
	w := build(o)
	out := Hospital{Name: w.name, Devices: len(w.devices), Rogues: len(w.rogues), Rows: map[string]int{}}
	for _, s := range w.sites {
		out.Sites = append(out.Sites, s.name)
	}
	save := func(name string, write func(io.Writer) error) error { return out.save(dir, name, write) }
	exports := []export{w.biomed(), w.configuration(), w.leases(), w.endpoints()}
	for _, e := range exports {
		out.Rows[e.file] = len(e.rows)
		if err := save(e.file, e.write); err != nil {
			return out, err
		}
	}
	hosts := [][]string{{"capture", "mac", "device", "note"}}
	if o.Wire > 0 {
		for i := range w.sites {
			name := "captures/" + w.sites[i].slug + ".pcap"
			traffic := w.record(i)
			for _, h := range traffic.hosts {
				hosts = append(hosts, []string{name, h.mac, h.id, "synthetic"})
			}
			if err := save(name, traffic.write); err != nil {
				return out, err
			}
		}
	}
	out.Hosts = len(hosts) - 1
	for _, t := range []struct {
		name string
		rows [][]string
	}{{"truth.csv", truthRows(exports)}, {"devices.csv", w.deviceRows()}, {"hosts.csv", hosts}} {
		if err := save(t.name, func(f io.Writer) error { return writeCSV(f, t.rows) }); err != nil {
			return out, err
		}
	}
	return out, save("README.md", func(f io.Writer) error {
		_, err := io.WriteString(f, w.readme(out))
		return err
	})
}

// save makes one file.
func (h *Hospital) save(dir, name string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("demo: %s: %w", name, err)
	}
	h.Files = append(h.Files, name)
	return f.Close()
}

func writeCSV(w io.Writer, rows [][]string) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	return c.WriteAll(rows)
}

func (w *world) readme(h Hospital) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n", w.name, Mark)
	b.WriteString("Hospital, sites, departments and people are invented; makers and models are real products with invented\n" +
		"prices and versions. No patient exists in these files: every name that looks like one is a phantom\n" +
		"listed by demo.Phantoms, so that tests can prove that none of it is ever kept.\n\n")
	fmt.Fprintf(&b, "Seed %d, damage %g, %d devices and %d that no system knows, exports of %s.\n\n",
		w.Seed, w.Damage, h.Devices, h.Rogues, w.At.Format("2006-01-02"))
	for _, f := range h.Files {
		if n, ok := h.Rows[f]; ok {
			fmt.Fprintf(&b, "- %s: %d data rows\n", f, n)
		} else {
			fmt.Fprintf(&b, "- %s\n", f)
		}
	}
	return b.String()
}

// dice is the source of chance of one part of the hospital. Each part has its own, named, so that a change in
// one export leaves the others as they were.
type dice struct{ *rand.Rand }

func newDice(seed uint64, part string) dice {
	h := fnv.New64a()
	io.WriteString(h, part)
	return dice{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// often is true with probability p.
func (d dice) often(p float64) bool { return d.Float64() < p }

func (d dice) oneOf(s ...string) string { return s[d.IntN(len(s))] }

// between is uniform in [lo, hi].
func (d dice) between(lo, hi int) int { return lo + d.IntN(hi-lo+1) }
