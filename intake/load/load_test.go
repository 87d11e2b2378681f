package load

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pons/audit"
	"pons/fact"
	"pons/fault"
	"pons/flow"
	"pons/intake"
	"pons/inventory"
	"pons/product"
	"pons/protocol"
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

// TestUndoOfEarlierSessionsTakesTheirTraffic: a live source's earlier sessions are folded, and undone as one; their traffic
// goes with them, and that of later ones stays.
func TestUndoOfEarlierSessionsTakesTheirTraffic(t *testing.T) {
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), inventory.Schema(), flow.Schema()}, func(t *testing.T, db *sqldb.DB) {
		inv := inventory.New(db, product.Default(), func() time.Time { return noon })
		host := fact.Host("00:12:21:00:00:01", "")
		for d := range 12 {
			at := noon.AddDate(0, 0, d)
			if _, err := db.Update(t.Context(), func(tx *sqldb.Tx) error {
				run, err := inv.Observe(tx, inventory.Observation{Source: "wire:a", Session: "s", Actor: "sensor a", At: at, Records: []fact.Record{
					{Subject: host, At: at, Facts: []fact.Fact{{Attr: fact.MAC, Value: "00:12:21:00:00:01", At: at}}}}})
				if err != nil {
					return err
				}
				return flow.Apply(tx, flow.Source("wire:a", strconv.FormatInt(run, 10)), []protocol.Traffic{{Hour: at, Client: host, Server: host,
					Up: protocol.Volume{Packets: 1, Bytes: 100}, Conversations: 1, First: at, Last: at}})
			}); err != nil {
				t.Fatal(err)
			}
		}
		days := func() (n int) {
			if err := db.View(t.Context(), func(tx *sqldb.Tx) error {
				return tx.QueryRow("SELECT COUNT(*) FROM flow_sum WHERE grain = 0").Scan(&n)
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := days(); n != 12 {
			t.Fatalf("%d hours of traffic", n)
		}
		var runs []inventory.Run
		if err := db.View(t.Context(), func(tx *sqldb.Tx) (err error) { runs, err = inv.Runs(tx, 20); return err }); err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			if r.File == "earlier sessions" {
				if _, err := Undo(t.Context(), inv, r.ID, "ann"); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := days(); n != 8 {
			t.Errorf("%d hours of traffic are left, want those of 8 sessions", n)
		}
	})
}
