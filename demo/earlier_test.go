package demo

import (
	"strings"
	"testing"
	"time"
)

// The hospital grows and its lists get better, and nothing else changes: what is missing at one time was missing before,
// and no export knows what happened after it.
func TestEarlier(t *testing.T) {
	o, err := Options{Seed: 3, Devices: 1000}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	w := build(o)
	today := []export{w.biomed(), w.configuration(), w.leases(), w.endpoints()}
	filled := func(e export) (cells int) {
		for _, r := range e.rows {
			cells += len(strings.Join(r, ""))
		}
		return cells
	}
	before := map[string]map[string]bool{}
	for _, days := range []int{60, 30, 10} {
		w.asOf = o.At.AddDate(0, 0, -days)
		fresh := w.newerThan(float64(days) / 30)
		for i, e := range []export{w.biomed(), w.configuration(), w.leases(), w.endpoints()} {
			was := w.earlier(e, fresh, float64(days)/30)
			if len(was.rows) >= len(today[i].rows) || filled(was) >= filled(today[i]) {
				t.Errorf("%s %d days ago: %d rows, today %d", e.file, days, len(was.rows), len(today[i].rows))
			}
			there := map[string]bool{}
			for _, id := range was.behind {
				there[id] = true
			}
			for id := range before[e.file] {
				if !there[id] {
					t.Errorf("%s: %s is known before %d days ago, and not then", e.file, id, days)
				}
			}
			before[e.file] = there
		}
		newest := w.asOf.Format(time.RFC3339)
		for _, r := range w.leases().rows {
			if r[3] > newest {
				t.Fatalf("%d days ago DHCP has seen something on %s", days, r[3])
			}
		}
	}
	dir := t.TempDir()
	h, err := WriteEarlier(dir, o, 30)
	if err != nil {
		t.Fatal(err)
	}
	if got := 1 - float64(h.Devices)/1000; got < .05 || got > .11 {
		t.Errorf("%.3f of the devices are newer than a month", got)
	}
	for name, sum := range digest(t, dir) {
		again := t.TempDir()
		if _, err := WriteEarlier(again, o, 30); err != nil || digest(t, again)[name] != sum {
			t.Errorf("%s is another at the second time: %v", name, err)
		}
	}
}
