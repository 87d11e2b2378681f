package app

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/intake/pcap"
	"pons/inventory"
	"pons/product"
)

// DiscoverCommand reads captures and prints the devices in them; it needs no database.
type DiscoverCommand struct {
	Files     []string `arg:"" optional:"" name:"file" help:"Capture files (pcap, pcapng, also compressed); - reads standard input."`
	Interface []string `placeholder:"IF" help:"Listen to this interface instead, until Ctrl-C; several with commas. Wants root, or the capability CAP_NET_RAW."`
	Format    string   `enum:"table,jsonl,csv" default:"table" help:"How devices are printed: ${enum} (${default})."`
	Workers   int      `default:"0" help:"Processor cores that read conversations; 0 takes all there are. The result is the same."`
}

// Run prints what could be read, also of a damaged capture, and then fails naming the damage. An interrupt ends the
// reading of standard input, and what was learnt until then is printed.
func (c DiscoverCommand) Run(s *session) error {
	if (len(c.Files) == 0) == (len(c.Interface) == 0) {
		return usageError("name capture files, or the interface to listen to with --interface")
	}
	if len(c.Interface) > 0 {
		c.Files = []string{onTheWire}
	}
	if c.Workers < 0 || c.Workers > 64 {
		return fmt.Errorf("--workers %d: 0 to 64 are possible: %w", c.Workers, fault.Invalid)
	}
	if c.Workers == 0 {
		c.Workers = min(runtime.GOMAXPROCS(0), 8)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	var seen sighted
	var records []fact.Record
	var damage error
	for _, path := range c.Files {
		got, err := c.read(s, path)
		if err != nil && !errors.Is(err, fault.Invalid) && !(errors.Is(err, context.Canceled) && len(got.Records) > 0) {
			return err
		}
		if c.Format == "table" { // which only counts them
			got.Records = slices.DeleteFunc(got.Records, seen.outside)
		}
		records = append(records, got.Records...)
		seen.add(got.Count)
		damage = errors.Join(damage, err)
	}
	if damage != nil && len(records) == 0 && len(seen.beyond) == 0 {
		return damage
	}
	debug.SetGCPercent(50)
	devices := inventory.Discovered(product.Default(), lastSight(records), records)
	records = nil
	var err error
	if c.Format == "table" {
		err = printDiscovery(s.Out, devices, seen)
	} else {
		err = printDevices(s.Out, c.Format, func(yield func(*inventory.Device, error) bool) {
			for d := range devices {
				if !yield(d, nil) {
					return
				}
			}
		})
	}
	return errors.Join(err, damage)
}

// lastSight is when the captures end: the day on which the support of operating systems is judged, so that a capture
// says the same whenever it is read.
func lastSight(records []fact.Record) (last time.Time) {
	for i := range records {
		if records[i].At.After(last) {
			last = records[i].At
		}
	}
	return last
}

// onTheWire stands for the interfaces among files: no file has an empty name.
const onTheWire = ""

// read reads one capture file, standard input or the interfaces.
func (c DiscoverCommand) read(s *session, path string) (pcap.Result, error) {
	if path == onTheWire {
		return c.listen(s)
	}
	in, name, size := s.In, "standard input", int64(-1)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return pcap.Result{}, fileError(path, err)
		}
		defer f.Close()
		if st, err := f.Stat(); err == nil && st.IsDir() {
			return pcap.Result{}, fmt.Errorf("%s is a folder; name the files in it: %w", path, fault.Invalid)
		}
		in, name, size = f, filepath.Base(path), sizeOf(f)
	}
	bar := s.progress("reading "+name, size)
	defer bar.done()
	begin := s.now()
	return pcap.ReadWith(s.ctx, in, name, pcap.Options{Workers: c.Workers, Frugal: true, Progress: func(at pcap.State) {
		pace()
		rate := float64(at.Frames) / max(s.now().Sub(begin).Seconds(), 1e-3)
		bar.say(fmt.Sprintf("%s: %s packets/s, %d hosts", name, short(rate), at.Hosts))
		bar.set(at.Bytes)
	}})
}

// pace lets memory grow to a fixed size before it is cleaned while little is held, so that a small capture is read with
// hardly any cleaning, and by half of what is held beyond that, so that a large one wastes little. 64 MB leave a capture
// of 300 MB room for the rest of the program.
func pace() {
	const room = 64 << 20
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	live := max(sample[0].Value.Uint64(), 4<<20)
	debug.SetGCPercent(int(min(max((room-min(live, room))*100/live, 50), 800)))
}

// short writes a number with three figures: 1.24 M.
func short(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.3g M", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.3g k", n/1e3)
	}
	return fmt.Sprintf("%.0f", n)
}

// fileError says in one line what is wrong with a path.
func fileError(path string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s: no such file: %w", path, fault.NotFound)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s: may not be read by this user: %w", path, fault.Denied)
	}
	return err
}

func sizeOf(f *os.File) int64 {
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return -1
	}
	return st.Size()
}

// deviceColumns are the columns of tables and CSV.
var deviceColumns = []struct {
	title string
	text  func(*inventory.Document) string
}{
	{"id", func(d *inventory.Document) string { return d.ID }},
	{"name", func(d *inventory.Document) string { return d.Name }},
	{"category", func(d *inventory.Document) string { return d.Category }},
	{"class", func(d *inventory.Document) string { return d.Class }},
	{"manufacturer", func(d *inventory.Document) string { return d.Manufacturer }},
	{"model", func(d *inventory.Document) string { return d.Model }},
	{"version", func(d *inventory.Document) string { return d.Version }},
	{"serial", func(d *inventory.Document) string { return d.Serial }},
	{"os", func(d *inventory.Document) string { return d.OS }},
	{"macs", func(d *inventory.Document) string { return strings.Join(d.MACs, " ") }},
	{"ips", func(d *inventory.Document) string { return strings.Join(d.IPs, " ") }},
	{"hostnames", func(d *inventory.Document) string { return strings.Join(d.Hostnames, " ") }},
	{"site", func(d *inventory.Document) string { return place(d).Site }},
	{"department", func(d *inventory.Document) string { return place(d).Department }},
	{"room", func(d *inventory.Document) string { return place(d).Room }},
	{"owner", func(d *inventory.Document) string {
		return firstOf(d.Owner, d.ClinicalOwner, d.TechnicalOwner)
	}},
	{"state", func(d *inventory.Document) string { return d.State }},
	{"confidence", func(d *inventory.Document) string { return fmt.Sprintf("%.2f", d.Confidence) }},
	{"queues", func(d *inventory.Document) string { return strings.Join(d.Queues, " ") }},
}

func place(d *inventory.Document) inventory.DocumentPlace {
	if d.Location == nil {
		return inventory.DocumentPlace{}
	}
	return *d.Location
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// tableColumns are the titles that a terminal has room for.
var tableColumns = []string{"name", "class", "manufacturer", "model", "version", "serial", "macs", "ips", "confidence"}

// printDevices prints devices as they come.
func printDevices(w io.Writer, format string, devices func(func(*inventory.Device, error) bool)) error {
	switch format {
	case "jsonl":
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for d, err := range devices {
			if err != nil {
				return err
			}
			if err := e.Encode(d.Document()); err != nil {
				return err
			}
		}
		return nil
	case "csv":
		return printCSV(w, devices)
	case "xlsx":
		return printXLSX(w, devices)
	}
	return printTable(w, devices)
}

func printCSV(w io.Writer, devices func(func(*inventory.Device, error) bool)) error {
	out := csv.NewWriter(w)
	row := make([]string, len(deviceColumns))
	for i, c := range deviceColumns {
		row[i] = c.title
	}
	if err := out.Write(row); err != nil {
		return err
	}
	for d, err := range devices {
		if err != nil {
			return err
		}
		doc := d.Document()
		for i, c := range deviceColumns {
			row[i] = inventory.Inert(c.text(doc))
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func printTable(w io.Writer, devices func(func(*inventory.Device, error) bool)) error {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, strings.ToUpper(strings.Join(tableColumns, "\t")))
	n := 0
	for d, err := range devices {
		if err != nil {
			return err
		}
		doc := d.Document()
		var cells []string
		for _, title := range tableColumns {
			for _, c := range deviceColumns {
				if c.title == title {
					cells = append(cells, brief(c.text(doc)))
				}
			}
		}
		fmt.Fprintln(out, strings.Join(cells, "\t"))
		n++
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d devices\n", n)
	return err
}

// brief makes text fit a terminal's column: one line, no control characters, at most 28 of them; unknown is a dash.
func brief(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '·'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	if len(s) <= briefly {
		return s
	}
	if r := []rune(s); len(r) > briefly {
		return string(r[:briefly-1]) + "…"
	}
	return s
}

const briefly = 28
