package all_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pons/demo"
	"pons/fact"
	"pons/intake"
	"pons/intake/all"
)

// TestDemoHospital reads the exports of generated hospitals, one with twice the usual damage, and expects every data
// row and nothing that could not be read.
func TestDemoHospital(t *testing.T) {
	for _, o := range []demo.Options{{Seed: 3, Devices: 400, Wire: -1}, {Seed: 7, Devices: 1200, Damage: 2, Wire: -1, CSV: true}} {
		dir := t.TempDir()
		h, err := demo.Write(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for name, want := range h.Rows {
			if !strings.HasPrefix(name, "cm") && !strings.HasPrefix(name, "dhcp") && !strings.HasPrefix(name, "nac") {
				continue
			}
			read++
			table, err := intake.OpenPath(all.Formats(), filepath.Join(dir, name), intake.Choice{})
			if err != nil {
				t.Fatal(err)
			}
			rows := 0
			for rec, err := range table.Records(intake.Guess(table), time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)) {
				if err != nil {
					t.Fatal(err)
				}
				rows++
				for _, f := range rec.Facts {
					if strings.HasPrefix(string(f.Attr), fact.CustomPrefix) && strings.Contains(f.Because, ": ") {
						t.Errorf("%s row %d: %+v", name, rec.Row, f)
					}
				}
			}
			if rows != want {
				t.Errorf("%s: %d rows, want %d", name, rows, want)
			}
			table.Close()
		}
		if read < 3 {
			t.Errorf("read %d exports of %v", read, h.Files)
		}
	}
}
