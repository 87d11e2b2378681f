package inventory_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pons/demo"
	"pons/fact"
	"pons/intake/pcap"
	"pons/inventory"
	"pons/product"
)

// table reads a file of the synthetic hospital as maps by column.
func table(t *testing.T, path string) (out []map[string]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}

// bucket is the findings that were believed about as much as each other.
type bucket struct {
	n, right int
	believed float64
}

func (b *bucket) add(trust float64, right bool) {
	b.n++
	b.believed += trust
	if right {
		b.right++
	}
}

// TestConfidenceIsCalibrated holds what is said of hosts on the wire to the truth behind three synthetic hospitals and the
// lab capture: what is believed 0.7 is right about seven times in ten, or more often. docs/fingerprints.md has the table.
func TestConfidenceIsCalibrated(t *testing.T) {
	catalog := product.Default()
	buckets := map[string][]bucket{"class": make([]bucket, 11), "manufacturer": make([]bucket, 11)}
	hosts, classed, wrong, named, wrongName := 0, 0, 0, 0, 0
	hear := func(path string, truth func(mac string) (class, maker string, ok bool)) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got, err := pcap.Read(context.Background(), f, filepath.Base(path), nil)
		if err != nil {
			t.Fatal(err)
		}
		devices, _ := inventory.Reconcile(catalog, nil, fact.Source.Kind, got.Records, nil)
		for _, d := range devices {
			for _, mac := range d.All(fact.MAC) {
				class, maker, ok := truth(mac)
				if !ok {
					continue
				}
				hosts++
				if v := d.Value(fact.Class); v != nil {
					classed++
					right := v.Value == class || within(catalog, v.Value, class) || within(catalog, class, v.Value)
					if !right {
						wrong++
						t.Logf("%s: class %s, truth %s: %s", mac, v.Value, class, v.Won[0].Because)
					}
					buckets["class"][int(v.Won[0].Trust*10+0.001)].add(v.Won[0].Trust, right)
				}
				if v := d.Value(fact.Manufacturer); v != nil {
					named++
					right := strings.EqualFold(v.Value, maker)
					if !right {
						wrongName++
						t.Logf("%s: maker %s, truth %s: %s", mac, v.Value, maker, v.Won[0].Because)
					}
					buckets["manufacturer"][int(v.Won[0].Trust*10+0.001)].add(v.Won[0].Trust, right)
				}
				break
			}
		}
	}
	for _, seed := range []uint64{1, 2, 3} {
		dir := t.TempDir()
		h, err := demo.Write(dir, demo.Options{Seed: seed, Wire: 900})
		if err != nil {
			t.Fatal(err)
		}
		device := map[string]map[string]string{}
		for _, r := range table(t, filepath.Join(dir, "devices.csv")) {
			device[r["device"]] = r
		}
		of := map[string]string{}
		for _, r := range table(t, filepath.Join(dir, "hosts.csv")) {
			of[r["mac"]] = r["device"]
		}
		for _, name := range h.Files {
			if strings.HasSuffix(name, ".pcap") {
				hear(filepath.Join(dir, name), func(mac string) (string, string, bool) {
					r, ok := device[of[mac]]
					if !ok {
						return "", "", false
					}
					maker, _ := catalog.Maker(r["manufacturer"])
					return r["class"], maker, true
				})
			}
		}
	}
	t.Logf("%d hosts; a class for %d, %d of them wrong; a maker for %d, %d of them wrong", hosts, classed, wrong, named, wrongName)
	for _, attr := range []string{"class", "manufacturer"} {
		for i, b := range buckets[attr] {
			if b.n == 0 {
				continue
			}
			believed, right := b.believed/float64(b.n), float64(b.right)/float64(b.n)
			t.Logf("%-12s %.1f–%.1f: %5d said, believed %.2f, right %.3f", attr, float64(i)/10, float64(i+1)/10, b.n, believed, right)
			if b.n >= 30 && right < believed-0.1 {
				t.Errorf("%s: what is believed %.2f is right %.2f of the time", attr, believed, right)
			}
		}
	}
	if rate := float64(wrong) / float64(max(classed, 1)); rate > 0.02 {
		t.Errorf("%.3f of the classes are wrong", rate)
	}
	_ = fmt.Sprint
}

func within(c *product.Catalog, class, wider string) bool {
	for k, ok := c.Class(class); ok; k, ok = c.Class(k.Parent) {
		if k.Name == wider {
			return true
		}
	}
	return false
}
