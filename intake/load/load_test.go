package load

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pons/audit"
	"pons/fault"
	"pons/flow"
	"pons/intake"
	"pons/inventory"
	"pons/product"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTable imports a table with a recognised mapping, finds it again as the source's last, and does not force it on a
// file with other columns.
func TestTable(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), inventory.Schema(), flow.Schema()}, func(t *testing.T, db *sqldb.DB) {
		inv := inventory.New(db, product.Default(), func() time.Time { return noon })
		path := write(t, "data", []byte("Control #,Mfgr,Model,Serial #\nCE-1,B. Braun,Infusomat Space,471125\nCE-2,Philips,MX800,DE551100\n"))
		f, err := Open(path, "cmms.csv")
		if err != nil || f.Capture || f.Name != "cmms.csv" {
			t.Fatal(f, err)
		}
		defer f.Close()
		if _, ok, err := Last(t.Context(), inv, "cmms"); ok || err != nil {
			t.Fatalf("a source that is not there has a mapping: %v", err)
		}
		table, err := f.Table(intake.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		m := intake.Guess(table)
		im, err := f.ImportTable(inventory.Import{Actor: "ann", Whole: true}, table, m)
		if err != nil {
			t.Fatal(err)
		}
		run, err := inv.Import(t.Context(), im)
		if err != nil || run.Created != 2 || run.File != "cmms.csv" || run.Source != "cmms" {
			t.Fatalf("%+v %v", run, err)
		}
		if p := f.Progress(); p.Rows != 2 || p.Read == 0 || p.Read > p.Total {
			t.Errorf("progress %+v", p)
		}
		last, ok, err := Last(t.Context(), inv, "cmms")
		if err != nil || !ok || !Fits(last, table) {
			t.Fatalf("the last mapping: %t %v", ok, err)
		}
		if _, _, fits, err := f.Known(last, intake.Choice{}); !fits || err != nil {
			t.Errorf("its own mapping does not fit: %v", err)
		}
		other, err := Open(write(t, "other.csv", []byte("Asset Tag,Serial Number\nA1,S1001\n")), "")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if _, used, fits, err := other.Known(last, intake.Choice{}); fits || err != nil || len(used.Columns) != 2 {
			t.Errorf("another file: fits %t, %d columns, %v", fits, len(used.Columns), err)
		}
		m.Columns[0].Attr = "spaceship"
		if _, err := f.ImportTable(inventory.Import{}, table, m); !errors.Is(err, fault.Invalid) || !strings.HasPrefix(err.Error(), "cmms.csv: ") {
			t.Errorf("a wrong mapping: %v", err)
		}
	})
}

// TestCapture imports a capture, what is left of a cut one, and nothing of one without a frame.
func TestCapture(t *testing.T) {
	whole, err := os.ReadFile("../../protocol/arp/testdata/requests.pcap")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content         []byte
		damaged, failed bool
	}{"whole.pcap": {whole, false, false}, "cut.pcap": {whole[:len(whole)-5], true, false}, "head.pcap": {whole[:20], false, true}} {
		f, err := Open(write(t, name, c.content), "")
		if err != nil || !f.Capture {
			t.Fatal(name, err)
		}
		im, damage, err := f.ImportCapture(t.Context(), inventory.Import{Whole: true})
		if (damage != nil) != c.damaged || (err != nil) != c.failed || err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: damage %v, error %v", name, damage, err)
		}
		if err == nil && (im.Source != WireSource || im.Kind != WireSource || im.Whole || f.Progress().Read != f.Size) {
			t.Errorf("%s: %+v", name, im)
		}
		f.Close()
	}
}

func TestOpen(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "no.csv"), ""); !errors.Is(err, fault.NotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := Open(t.TempDir(), ""); !errors.Is(err, fault.Invalid) {
		t.Errorf("a folder: %v", err)
	}
}
