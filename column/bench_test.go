package column_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pons/column"
	"pons/query"
)

// The benchmarks stand for a hospital group of a million devices: 34 fields, 8 of them mostly unique text, made
// from a fixed seed. Run them with
//
//	go test ./column -run '^$' -bench Million -benchtime 40x

const million = 1_000_000

var millionOnce = sync.OnceValue(func() *column.Table {
	s := millionSchema()
	t := column.New(s, "model", "room")
	fillMillion(t, million)
	return t
})

func millionSchema() *query.Schema {
	var fields []query.Field
	add := func(k query.Kind, names ...string) {
		for _, n := range names {
			f := query.Field{Name: n, Title: n, Kind: k}
			if k == query.Flags {
				f.Values = []string{"life-support", "stores-ephi", "legacy", "unpatched", "recalled"}
			}
			fields = append(fields, f)
		}
	}
	add(query.Keyword, "class", "category", "manufacturer", "status", "criticality", "site", "building", "floor", "department", "owner",
		"clinical_owner", "technical_owner", "vendor", "os", "version", "vlan", "cost_center")
	add(query.Set, "source")
	add(query.Text, "model", "room")
	add(query.Text, "control_number", "asset_tag", "serial", "hostname", "ae_title", "notes")
	add(query.IP, "ip")
	add(query.MAC, "mac")
	add(query.Time, "last_seen", "first_seen")
	add(query.Date, "acquired_on", "warranty_end")
	add(query.Number, "cost")
	add(query.Flags, "flag")
	s, err := query.NewSchema(fields...)
	if err != nil {
		panic(err)
	}
	return s
}

func pool(name string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s %03d", name, i)
	}
	return out
}

// maker writes random rows of devices.
type maker struct {
	s     *query.Schema
	r     *rand.Rand
	row   *query.Row
	pools [][]string
	word  []string
}

func newMaker(s *query.Schema, seed uint64) *maker {
	m := &maker{s: s, r: rand.New(rand.NewPCG(seed, 1)), row: s.NewRow(), word: strings.Fields("pump vent mon ct mr us xr bed lab ws prn cam")}
	for i, n := range []int{120, 6, 400, 10, 3, 12, 60, 20, 150, 300, 200, 100, 300, 80, 5000, 200, 400, 6, 8000, 12000} {
		m.pools = append(m.pools, pool(s.Field(i).Name, n))
	}
	return m
}

func (m *maker) device(i int) *query.Row {
	m.row.Reset()
	r := m.r
	for f, p := range m.pools {
		if f == 9 && r.IntN(5) < 2 { // no owner
			continue
		}
		n := 1
		if f == 17 { // sources
			n = 1 + r.IntN(3)
		}
		for range n {
			k := r.IntN(len(p))
			if r.IntN(2) == 0 {
				k = r.IntN(k + 1) // some values are more common
			}
			m.row.Add(f, p[k])
		}
	}
	const text = 20
	word := m.word[r.IntN(len(m.word))]
	m.row.Add(text, "CE-"+strconv.Itoa(100000+i))
	m.row.Add(text+1, "A"+strconv.Itoa(1000000+r.IntN(9000000)))
	m.row.Add(text+2, strconv.FormatUint(r.Uint64()>>24, 36))
	m.row.Add(text+3, strings.ToUpper(word)+"-ICU"+strconv.Itoa(r.IntN(90))+"-"+strconv.Itoa(r.IntN(10000)))
	if r.IntN(3) == 0 {
		m.row.Add(text+4, strings.ToUpper(word)+strconv.Itoa(r.IntN(100000)))
	}
	if r.IntN(2) == 0 {
		m.row.Add(text+5, "moved from bed "+strconv.Itoa(r.IntN(900))+" by ticket "+strconv.Itoa(r.IntN(1000000)))
	}
	m.row.Add(text+6, fmt.Sprintf("10.%d.%d.%d", r.IntN(64), r.IntN(256), r.IntN(256)))
	m.row.Add(text+7, macText(r.Uint64()))
	const day = 86400e6
	nowMicros := float64(now.UnixMicro())
	m.row.AddNum(text+8, nowMicros-float64(r.Int64N(400*day)))
	m.row.AddNum(text+9, nowMicros-float64(r.Int64N(3000*day)))
	m.row.AddNum(text+10, float64(14000+r.IntN(6000)))
	m.row.AddNum(text+11, float64(18000+r.IntN(6000)))
	m.row.AddNum(text+12, float64(r.IntN(100000)))
	for k := range 5 {
		if r.IntN(8) == 0 {
			m.row.Add(text+13, m.s.Field(text + 13).Values[k])
		}
	}
	return m.row
}

func macText(n uint64) string {
	const hex = "0123456789abcdef"
	b := make([]byte, 17)
	for i := range b {
		if b[i] = ':'; i%3 != 2 {
			b[i] = hex[n&15]
			n >>= 4
		}
	}
	return string(b)
}

func deviceID(i int) string {
	n := uint64(i)*0x9E3779B97F4A7C15 + 1
	return fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", uint32(i>>4)+0x0192f3a4, uint16(i<<12), n>>52, n>>40&0xfff, n&0xffffffffffff)
}

func fillMillion(t *column.Table, n int) {
	m := newMaker(t.Schema(), 7)
	t.Update(func(w *column.Writer) {
		for i := range n {
			w.Put(deviceID(i), m.device(i))
		}
	})
}

var tenFacets = []string{"class", "category", "manufacturer", "status", "site", "department", "owner", "model", "source", "flag"}

// BenchmarkMillionFind measures a sorted page of 50 with ten facets for every sort of question.
func BenchmarkMillionFind(b *testing.B) {
	t := millionOnce()
	host := []column.Order{{Field: "hostname"}}
	for _, c := range []struct {
		name, query string
		sort        []column.Order
		deep        bool
	}{
		{name: "no filter", sort: host},
		{name: "no filter, by id"},
		{name: "no filter, by class and last seen", sort: []column.Order{{Field: "class"}, {Field: "last_seen", Desc: true}}},
		{name: "no filter, by control number desc", sort: []column.Order{{Field: "control_number", Desc: true}}},
		{name: "no filter, by notes that begin alike", sort: []column.Order{{Field: "notes"}}},
		{name: "deep page, by notes that begin alike", sort: []column.Order{{Field: "notes"}}, deep: true},
		{name: "one keyword", query: `class:"class 003"`, sort: host},
		{name: "two keywords and not has", query: `class:"class 003" site:"site 001" not has:owner`, sort: host},
		{name: "substring of 3", query: `icu`, sort: host},
		{name: "substring of 3, rare", query: `q7z`, sort: host},
		{name: "substring of 2 digits", query: `10`, sort: host},
		{name: "substring of 10", query: `icu42-1234`, sort: host},
		{name: "substring, no hit", query: `zzzzqqqq`, sort: host},
		{name: "substring of hex, no hit", query: `00:00:00:00:00`, sort: host},
		{name: "two substrings", query: `pump 77`, sort: host},
		{name: "pattern", query: `*icu*-99`, sort: host},
		{name: "hostname pattern", query: `hostname:PUMP-*7`, sort: host},
		{name: "pattern with marks", query: `*-?cu*1*0`, sort: host},
		{name: "pasted list of serials", query: pasted("serial", 2000), sort: host},
		{name: "pasted list of costs", query: pasted("cost", 2000), sort: host},
		{name: "pattern in one field", query: `notes:*b*d*t*77*`, sort: host},
		{name: "serial equals", query: `serial=abc123`, sort: host},
		{name: "subnet", query: `ip:10.20.0.0/16`, sort: host},
		{name: "mac prefix", query: `mac:00:12`, sort: host},
		{name: "time range", query: `last_seen<30d`, sort: []column.Order{{Field: "last_seen", Desc: true}}},
		{name: "or", query: `class:"class 003" or last_seen<2d or ip:10.20.0.0/16 or pump or is:recalled`, sort: host},
		{name: "issue", query: `class:"class 003" and manufacturer:"manufacturer 007" and not has:owner and last_seen<30d`, sort: host},
		{name: "deep page", sort: host, deep: true},
		{name: "deep page, by control number", sort: []column.Order{{Field: "control_number"}}, deep: true},
	} {
		b.Run(c.name, func(b *testing.B) {
			e, err := query.Parse(t.Schema(), c.query)
			if err != nil {
				b.Fatal(err)
			}
			r := column.Request{Expr: e, Now: now, Sort: c.sort, Facets: tenFacets}
			if c.deep {
				r.After = middle(b, t, r)
			}
			times := make([]time.Duration, 0, b.N)
			total := 0
			b.ResetTimer()
			before := cpu()
			for range b.N {
				start := time.Now()
				p, err := t.Find(r)
				if err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(start))
				total = p.Total
			}
			b.ReportMetric((cpu()-before).Seconds()*1e3/float64(b.N), "cpu-ms")
			report(b, times)
			b.ReportMetric(float64(total), "rows")
		})
	}
}

// pasted is a question for many different values of a field.
func pasted(field string, n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = strconv.Itoa(i * 37)
	}
	return field + " in (" + strings.Join(values, ", ") + ")"
}

// middle is a cursor far inside: ten pages of the largest size.
func middle(b *testing.B, t *column.Table, r column.Request) column.Cursor {
	r.Limit, r.Facets = 10_000, nil
	for range 10 {
		p, err := t.Find(r)
		if err != nil {
			b.Fatal(err)
		}
		r.After = p.Next
	}
	return r.After
}

// cpu is the processor time of the process: what a figure would be on one idle core, whoever else is at work.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func report(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	b.ReportMetric(times[len(times)/2].Seconds()*1e3, "p50-ms")
	b.ReportMetric(times[len(times)-1].Seconds()*1e3, "worst-ms")
}

// BenchmarkMillionUpdate measures batches of 1,000 changed rows while two readers ask without pause, and what the
// readers wait for their answers then.
func BenchmarkMillionUpdate(b *testing.B) {
	t := millionOnce()
	m := newMaker(t.Schema(), 99)
	e, err := query.Parse(t.Schema(), `class:"class 003" not has:owner`)
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	var reads []time.Duration
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			start := time.Now()
			if _, err := t.Find(column.Request{Expr: e, Now: now, Sort: []column.Order{{Field: "hostname"}}, Facets: tenFacets}); err != nil {
				b.Error(err)
			}
			mu.Lock()
			reads = append(reads, time.Since(start))
			mu.Unlock()
		}
	})
	times := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for range b.N {
		start := time.Now()
		t.Update(func(w *column.Writer) {
			for range 1000 {
				i := m.r.IntN(million)
				w.Put(deviceID(i), m.device(i))
			}
		})
		times = append(times, time.Since(start))
	}
	b.StopTimer()
	close(done)
	wg.Wait()
	report(b, times)
	slices.Sort(reads)
	if len(reads) > 0 {
		b.ReportMetric(reads[len(reads)/2].Seconds()*1e3, "read-p50-ms")
		b.ReportMetric(reads[len(reads)-1].Seconds()*1e3, "read-worst-ms")
	}
}

// BenchmarkMillionLoad measures adding the rows, without making them up, and the memory they take.
func BenchmarkMillionLoad(b *testing.B) {
	const n = 20_000 // different rows, each under many ids
	s := millionSchema()
	rows := make([]*query.Row, n)
	m := newMaker(s, 7)
	for i := range rows {
		m.row = s.NewRow()
		rows[i] = m.device(i)
	}
	ids := make([]string, million)
	for i := range ids {
		ids[i] = deviceID(i)
	}
	var t *column.Table
	for b.Loop() {
		t = column.New(s, "model", "room")
		t.Update(func(w *column.Writer) {
			for i, id := range ids {
				w.Put(id, rows[i%n])
			}
		})
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/million*1e6, "µs/row")
	ids, rows = nil, nil
	runtime.GC()
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	b.ReportMetric(float64(ms.HeapAlloc)/1e6, "heap-MB")
	b.ReportMetric(float64(rss())/1e6, "rss-MB")
	b.ReportMetric(float64(t.Stats().Bytes)/1e6, "columns-MB")
}

// rss is what the process holds of memory, as Linux counts it.
func rss() int {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize()
}
