package flow

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"pons/fact"
	"pons/inventory"
	"pons/product"
	"pons/protocol"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// crowd is a large hospital's network: devices of some classes, and pairs of them that talk.
type crowd struct {
	hosts []fact.Key
	pairs [][3]int // client, server, service
}

func newCrowd(devices, pairs int) *crowd {
	c := &crowd{}
	d := rand.New(rand.NewPCG(1, 2))
	for i := range devices {
		c.hosts = append(c.hosts, fact.Host(fmt.Sprintf("00:09:fb:%02x:%02x:%02x", i>>16, i>>8&255, i&255), ""))
	}
	seen := map[[3]int]bool{}
	for len(c.pairs) < pairs {
		p := [3]int{d.IntN(devices), d.IntN(devices), d.IntN(6)}
		if d.IntN(2) == 0 {
			p[1] = d.IntN(50) // servers
		}
		if p[0] != p[1] && !seen[p] {
			seen[p] = true
			c.pairs = append(c.pairs, p)
		}
	}
	return c
}

var crowdServices = []Service{{"dicom", protocol.TCP, 104}, {"hl7", protocol.TCP, 2575}, {"tls", protocol.TCP, 443}, {"http", protocol.TCP, 80}, {"smb", protocol.TCP, 445}, {"", protocol.TCP, 9100}}

func (c *crowd) hour(at time.Time, pairs [][3]int) []protocol.Traffic {
	out := make([]protocol.Traffic, len(pairs))
	for i, p := range pairs {
		s := crowdServices[p[2]]
		n := uint64(p[0]*7+p[1]) % 5000
		out[i] = protocol.Traffic{Hour: at, Client: c.hosts[p[0]], Server: c.hosts[p[1]], Transport: s.Transport, Port: s.Port, Protocol: s.Protocol,
			Up: protocol.Volume{Packets: n, Bytes: 900 * n}, Down: protocol.Volume{Packets: n, Bytes: 300 * n}, Conversations: 1 + n/100, Messages: n % 7,
			Minutes: n*0x9e3779b97f4a7c15>>4 | 1, First: at.Add(time.Second), Last: at.Add(50 * time.Minute)}
	}
	return out
}

func (c *crowd) lines() (out [][6]string) {
	for i, h := range c.hosts {
		mac, _ := h.SplitHost()
		out = append(out, [6]string{mac, fmt.Sprintf("DEV-%05d", i), []string{"infusion-pump", "patient-monitor", "ct", "workstation", "printer", "ultrasound", "server", "camera"}[i%8],
			fmt.Sprintf("Model %d", i%60), []string{"East", "West"}[i%2], fmt.Sprintf("Ward %d", i%40)})
	}
	return out
}

func openFlows(t testing.TB, o sqldb.Options) *Flows {
	t.Helper()
	db, err := sqldb.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(db, inventory.New(db, product.Default(), func() time.Time { return monday }))
}

// TestLargeMap holds that a map of 5,000 devices and 200,000 pairs stays small enough to send and to draw, takes few
// statements, and answers from what is kept.
func TestLargeMap(t *testing.T) {
	f := openFlows(t, sqldbtest.SQLite(t, schemas()))
	c := newCrowd(5000, 200_000)
	f.devices(t, c.lines()...)
	f.apply(t, "port#1", c.hour(monday.Add(8*time.Hour), c.pairs)...)
	ctx, statements := sqldb.CountStatements(t.Context())
	begun := time.Now()
	g, err := f.Graph(ctx, Window{monday, monday.AddDate(0, 0, 1)}, monday)
	if err != nil {
		t.Fatal(err)
	}
	read := time.Since(begun)
	if n := statements.Count(); n > 15 {
		t.Errorf("%d statements", n)
	}
	if len(g.Nodes) != 5000 || len(g.Links) != 200_000 {
		t.Fatalf("%d nodes, %d links", len(g.Nodes), len(g.Links))
	}
	if again, _ := f.Graph(ctx, Window{monday, monday.AddDate(0, 0, 1)}, monday); again != g {
		t.Error("the graph was read again")
	}
	for _, open := range [][]string{nil, {"infusion-pump"}, {"infusion-pump", "patient-monitor", "printer"}} {
		begun = time.Now()
		m := g.Select(Ask{}).Map("class", open)
		took := time.Since(begun)
		text, err := json.Marshal(m)
		if err != nil || len(m.Spots) > maxSpots+20 || len(m.Arcs) > maxArcs || len(text) > 1<<20 {
			t.Errorf("%d spots, %d arcs, %d bytes, %v", len(m.Spots), len(m.Arcs), len(text), err)
		}
		t.Logf("%d groups open: %d spots, %d arcs, %d bytes, %s; the graph was read in %s", len(open), len(m.Spots), len(m.Arcs), len(text), took, read)
	}
}

// BenchmarkGraph reads the graph of a day of 200,000 pairs.
func BenchmarkGraph(b *testing.B) {
	f := openFlows(b, sqldbtest.SQLite(b, schemas()))
	c := newCrowd(5000, 200_000)
	f.devices(b, c.lines()...)
	f.apply(b, "port#1", c.hour(monday.Add(8*time.Hour), c.pairs)...)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			f.cache = cache{}
			if _, err := f.Graph(b.Context(), Window{monday, monday.AddDate(0, 0, 1)}, monday); err != nil {
				b.Fatal(err)
			}
		}
	})
	g, err := f.Graph(b.Context(), Window{monday, monday.AddDate(0, 0, 1)}, monday)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("map", func(b *testing.B) {
		for b.Loop() {
			g.Select(Ask{}).Map("class", []string{"infusion-pump"})
		}
	})
	b.Run("usage", func(b *testing.B) {
		for b.Loop() {
			f.cache = cache{}
			if _, err := f.Usage(b.Context(), Window{monday, monday.AddDate(0, 0, 1)}, monday); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkApply is what a sensor's batches cost: 10,000 pairs at a time into hours that are there already.
func BenchmarkApply(b *testing.B) {
	for name, o := range map[string]sqldb.Options{"sqlite": sqldbtest.SQLite(b, schemas()), "postgres": sqldbtest.Postgres(b, schemas())} {
		b.Run(name, func(b *testing.B) {
			f := openFlows(b, o)
			c := newCrowd(5000, 200_000)
			n := 0
			for b.Loop() {
				at := n * 10_000 % len(c.pairs)
				f.apply(b, "sensor#1", c.hour(monday.Add(time.Duration(n/100)*time.Hour), c.pairs[at:at+10_000])...)
				n++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n)/10_000, "ns/row")
		})
	}
}

// BenchmarkTenMillion fills a database with ten million sums of an hour (200 hours of 50,000 pairs) and asks it.
// PONS_ROWS makes it fewer.
func BenchmarkTenMillion(b *testing.B) {
	hours := 200
	if os.Getenv("PONS_ROWS") != "" {
		fmt.Sscan(os.Getenv("PONS_ROWS"), &hours)
		hours /= 50_000
	}
	o := sqldbtest.SQLite(b, schemas())
	f := openFlows(b, o)
	c := newCrowd(5000, 200_000)
	f.devices(b, c.lines()...)
	before := size(b, o.Path)
	begun := time.Now()
	for h := range hours {
		at := h % 4 * 50_000
		f.apply(b, "sensor#1", c.hour(monday.Add(time.Duration(h)*time.Hour), c.pairs[at:at+50_000])...)
	}
	rows := float64(hours * 50_000)
	b.ReportMetric(rows/time.Since(begun).Seconds(), "rows/s")
	b.ReportMetric(float64(size(b, o.Path)-before)/rows, "B/row")
	end := monday.Add(time.Duration(hours) * time.Hour)
	for _, ask := range []struct {
		name string
		w    Window
	}{{"day", Window{end.AddDate(0, 0, -1).Truncate(24 * time.Hour), end.Truncate(24 * time.Hour)}}, {"week", Window{end.AddDate(0, 0, -7).Truncate(24 * time.Hour), end.Truncate(24 * time.Hour)}}, {"all", Window{}}} {
		begun = time.Now()
		g, err := f.Graph(b.Context(), ask.w, monday)
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("graph of %s: %d links in %s", ask.name, len(g.Links), time.Since(begun))
	}
	begun = time.Now()
	u, err := f.Usage(b.Context(), Window{monday, end}, monday)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("usage of %d devices in %d hours: %s", len(u.Uses), hours, time.Since(begun))
	begun = time.Now()
	if err := f.Tidy(b.Context(), end.AddDate(0, 0, 18)); err != nil {
		b.Fatal(err)
	}
	b.Logf("tidied in %s", time.Since(begun))
	begun = time.Now()
	f.forget(b, "sensor#1")
	b.Logf("forgotten in %s", time.Since(begun))
}

func size(b *testing.B, path string) (n int64) {
	for _, p := range []string{path, path + "-wal"} {
		if info, err := os.Stat(p); err == nil {
			n += info.Size()
		}
	}
	return n
}
