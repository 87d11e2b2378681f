package column_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pons/column"
	"pons/fault"
	"pons/query"
)

var now = time.Date(2026, 6, 15, 10, 30, 0, 0, time.UTC)

func smallSchema(t testing.TB) *query.Schema {
	t.Helper()
	s, err := query.NewSchema(
		query.Field{Name: "class", Kind: query.Keyword},
		query.Field{Name: "site", Kind: query.Keyword},
		query.Field{Name: "source", Kind: query.Set},
		query.Field{Name: "model", Kind: query.Text},
		query.Field{Name: "hostname", Kind: query.Text},
		query.Field{Name: "ip", Kind: query.IP},
		query.Field{Name: "mac", Kind: query.MAC},
		query.Field{Name: "last_seen", Kind: query.Time},
		query.Field{Name: "acquired_on", Kind: query.Date},
		query.Field{Name: "cost", Kind: query.Number},
		query.Field{Name: "connected", Kind: query.Bool},
		query.Field{Name: "flag", Kind: query.Flags, Values: []string{"life-support", "stores-ephi", "legacy"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// vocabulary holds few values for each field, so that random questions meet random rows.
var vocabulary = map[string][]string{
	"class":       {"infusion-pump", "Infusion-Pump", "ventilator", "ct", "ÉCHO", "pump 9", "pump 10"},
	"site":        {"north", "south", "east"},
	"source":      {"cmms", "dhcp", "CMDB", "wire"},
	"model":       {"Infusomat Space", "Evita V500", "evita v600", "MX800", "x"},
	"hostname":    {"PUMP-ICU3-07", "pump-icu3-7", "pump-icu3-10", "pump-icu3-0000000000001", "bed", "b", "É1", "aa:bb", "pump-icu3-2 (old)"},
	"ip":          {"10.20.3.9", "10.20.3.10", "10.21.0.1", "0.0.0.0", "255.255.255.255", "fe80::1", "fe80::2", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	"mac":         {"00:12:21:aa:bb:cc", "001221aabbcd", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "00:12:21:ff:fe:aa:bb:cc"},
	"last_seen":   {"2026-06-15T10:30:00Z", "2026-06-01T00:00:00Z", "2026-05-16T10:30:00Z", "2020-01-01T00:00:00Z", "1960-01-01T00:00:00Z", "2030-01-01T00:00:00Z"},
	"acquired_on": {"2015-01-01", "2019-12-31", "2020-01-01", "2026-06-15", "1969-12-31"},
	"cost":        {"0", "-5", "1000", "2500.5", "1e300"},
	"connected":   {"yes", "no"},
	"flag":        {"life-support", "stores-ephi", "legacy"},
}

// questions are the terms that random expressions are made of.
var questions = strings.Split(`class:infusion-pump|class:*pump*|class in (ct, ventilator)|class!=ct|class:pump?9*|class:nothing|site:north|site in (north, south)
source:cmms|source in (dhcp, cmdb)|has:source|missing:class|has:ip|missing:ip|missing:hostname|has:mac|has:last_seen|missing:cost|has:flag|missing:connected
model:evita|model=x|model:e*0|model:*|model in (x, "Evita V500")|hostname:icu3|hostname:b|hostname=b|hostname=PUMP-ICU3-07|hostname:pump-*|hostname:*-?|hostname:*|hostname:?|hostname:p*3*0*|hostname:"(old)"|hostname:é
hostname in (b, bed)|hostname in (a1, a2, a3, a4, a5, a6, a7, a8, a9, b, bed, c1, c2, pump*, É1)|mac in (001221aabbcc, 001221, ff:ff:ff:ff:ff:ff)|ip in (a1::1, a2::1, a3::1, a4::1, a5::1, a6::1, a7::1, a8::1, a9::1, ::, 10.20.3.9, 10.21.0.0/16, b1::1, b2::1)|ip:10.20.0.0/16|ip:10.20.3.9|ip:10.20.*|ip:*9|ip:fe80::/16|ip:::/0|ip:0.0.0.0/0|ip:10.20.3.10..10.21.0.1|ip:::..fe80::1|ip:0.0.0.0|ip=::
mac:00:12:21|mac:001221aabbcc|mac=001221aabbcd|mac:0|mac:ff:ff|last_seen<30d|last_seen>30d|last_seen<=30d|last_seen:2026|last_seen:2020..2026-06-01|last_seen<+1d|last_seen<1970
acquired_on:2015..2019|acquired_on<2020|acquired_on:today|acquired_on>1y|cost>0|cost<=1k|cost:-10..1000|cost in (0, 2500.5)|cost in (-9, 0, 1..2, 3, 3.5..4, 5, 6, 7, 2000..2500, 2400..3000, 1M, 2M)|acquired_on in (2015, 2015-06, 1969)|last_seen:3d..1d|connected:yes|is:connected|connected!=yes|is:life-support|is:legacy|flag in (legacy, stores-ephi)
pump|icu3|b|"10.20"|aa|00:12:21:aa|001221aabbcc|é|pu*|*10|evita|*u*-7|pump-?cu*|9|nothing-at-all|cmms`, "|")

func allTerms() []string {
	var out []string
	for _, q := range questions {
		out = append(out, strings.Split(q, "\n")...)
	}
	return out
}

func drawExpr(t *rapid.T, terms []string, depth int) string {
	switch k := rapid.IntRange(0, 5).Draw(t, "op"); {
	case k < 2 || depth == 0:
		return rapid.SampledFrom(terms).Draw(t, "term")
	case k == 2:
		return "not (" + drawExpr(t, terms, depth-1) + ")"
	case k == 3:
		return "(" + drawExpr(t, terms, depth-1) + " or " + drawExpr(t, terms, depth-1) + ")"
	default:
		return drawExpr(t, terms, depth-1) + " and " + drawExpr(t, terms, depth-1)
	}
}

func drawRow(t *rapid.T, s *query.Schema) *query.Row {
	row := s.NewRow()
	for f := range s.Len() {
		values := vocabulary[s.Field(f).Name]
		n := rapid.IntRange(0, 3).Draw(t, "values")
		if n == 3 && rapid.Bool().Draw(t, "one") {
			n = 1
		}
		for range n {
			if !row.Add(f, rapid.SampledFrom(values).Draw(t, "value")) {
				t.Fatalf("vocabulary of %s", s.Field(f).Name)
			}
		}
	}
	return row
}

// reference is the obvious table.
type reference struct {
	schema *query.Schema
	rows   map[string]*query.Row
}

func (r *reference) find(e query.Expr, sort []column.Order) []string {
	var ids []string
	for id, row := range r.rows {
		if query.Match(e, row, now) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		for _, o := range sort {
			f, _ := r.schema.Find(o.Field)
			va, vb := r.rows[a].Values(f), r.rows[b].Values(f)
			if len(va) == 0 || len(vb) == 0 {
				if c := cmp.Compare(len(vb), len(va)); c != 0 && len(va)*len(vb) == 0 && len(va) != len(vb) {
					return c
				}
				continue
			}
			c := compareValues(r.schema.Field(f).Kind, va[0], vb[0])
			if o.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return cmp.Compare(a, b)
	})
	return ids
}

func compareValues(k query.Kind, a, b query.Value) int {
	switch k {
	case query.Time, query.Date, query.Number:
		return cmp.Compare(a.Num, b.Num)
	case query.IP:
		return netip.MustParseAddr(a.Text).Compare(netip.MustParseAddr(b.Text))
	case query.MAC:
		return cmp.Compare(a.Text, b.Text)
	}
	return query.Natural(query.Fold(a.Text), query.Fold(b.Text))
}

// facet counts folded values of the rows.
func (r *reference) facet(ids []string, field int) (counts map[string]int, missing int) {
	counts = map[string]int{}
	for _, id := range ids {
		seen := map[string]bool{}
		for _, v := range r.rows[id].Values(field) {
			seen[query.Fold(v.Text)] = true
		}
		if len(seen) == 0 {
			missing++
		}
		for v := range seen {
			counts[v]++
		}
	}
	return counts, missing
}

func parse(t interface{ Fatalf(string, ...any) }, s *query.Schema, text string) query.Expr {
	e, err := query.Parse(s, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

// TestLikeReference is the contract: for any rows, changes, questions, orders and page sizes the table answers as
// query.Match and a plain sort do.
func TestLikeReference(t *testing.T) {
	s := smallSchema(t)
	terms := allTerms()
	sortable := []string{"class", "source", "model", "hostname", "ip", "mac", "last_seen", "acquired_on", "cost", "connected"}
	facets := []string{"class", "site", "source", "model", "connected", "flag"}
	rapid.Check(t, func(t *rapid.T) {
		table := column.New(s, "model")
		ref := &reference{s, map[string]*query.Row{}}
		for range rapid.IntRange(1, 3).Draw(t, "batches") {
			change(t, table, ref)
			var sort []column.Order
			for range rapid.IntRange(0, 3).Draw(t, "orders") {
				sort = append(sort, column.Order{Field: rapid.SampledFrom(sortable).Draw(t, "sort"), Desc: rapid.Bool().Draw(t, "desc")})
			}
			text := drawExpr(t, terms, 3)
			r := column.Request{Expr: parse(t, s, text), Now: now, Sort: sort, Limit: rapid.IntRange(1, 20).Draw(t, "limit"), Facets: facets}
			if rapid.Bool().Draw(t, "scoped") {
				r.Scope = parse(t, s, "site in (north, south)")
			}
			want := ref.find(query.Both(r.Expr, r.Scope), sort)
			walk(t, table, r, want)
			checkFacets(t, table, ref, r, text)
			seq, err := table.Select(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Collect(seq); !slices.Equal(got, want) {
				t.Fatalf("%s sorted by %v: selected %v, want %v", text, sort, got, want)
			}
		}
	})
}

func change(t *rapid.T, table *column.Table, ref *reference) {
	table.Update(func(w *column.Writer) {
		for range rapid.IntRange(0, 40).Draw(t, "changes") {
			id := fmt.Sprintf("id%02d", rapid.IntRange(0, 50).Draw(t, "id"))
			if rapid.IntRange(0, 4).Draw(t, "delete") == 0 {
				_, there := ref.rows[id]
				if w.Delete(id) != there {
					t.Fatalf("delete of %s", id)
				}
				delete(ref.rows, id)
				continue
			}
			row := drawRow(t, ref.schema)
			w.Put(id, row)
			ref.rows[id] = row
		}
	})
	if table.Len() != len(ref.rows) {
		t.Fatalf("%d rows, want %d", table.Len(), len(ref.rows))
	}
}

// walk reads all pages to the end and back.
func walk(t *rapid.T, table *column.Table, r column.Request, want []string) {
	var got []string
	var pages []column.Page
	for {
		p, err := table.Find(r)
		if err != nil {
			t.Fatal(err)
		}
		if p.Total != len(want) || p.Offset != len(got) {
			t.Fatalf("%s: total %d offset %d, want %d and %d", r.Expr, p.Total, p.Offset, len(want), len(got))
		}
		got = append(got, p.IDs...)
		pages = append(pages, p)
		if p.Next == "" {
			break
		}
		r.After = p.Next
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s sorted by %v: %v, want %v", r.Expr, r.Sort, got, want)
	}
	for i := len(pages) - 1; i > 0; i-- {
		r.After = pages[i].Prev
		p, err := table.Find(r)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.IDs, pages[i-1].IDs) || p.Offset != pages[i-1].Offset || p.Next != pages[i-1].Next {
			t.Fatalf("%s sorted by %v: back from page %d: %v at %d, want %v", r.Expr, r.Sort, i, p.IDs, p.Offset, pages[i-1].IDs)
		}
	}
	if pages[0].Prev != "" {
		t.Fatalf("the first page has one before it")
	}
}

func checkFacets(t *rapid.T, table *column.Table, ref *reference, r column.Request, text string) {
	if rapid.Bool().Draw(t, "choose") {
		f, _ := ref.schema.Find("class")
		m, _ := ref.schema.Find("model")
		r.Expr = r.Expr.With(ref.schema, f, "ventilator").With(ref.schema, m, "x")
		r.Widen = rapid.Bool().Draw(t, "widen")
	}
	p, err := table.Find(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range r.Facets {
		f, _ := ref.schema.Find(name)
		e := r.Expr
		if r.Widen {
			e = e.Without(f, "")
		}
		counts, missing := ref.facet(ref.find(query.Both(e, r.Scope), nil), f)
		got := map[string]int{}
		for i, c := range p.Facets[name].Values {
			got[query.Fold(c.Value)] = c.Rows
			if i > 0 && c.Rows > p.Facets[name].Values[i-1].Rows {
				t.Fatalf("facet %s is not in order: %v", name, p.Facets[name])
			}
		}
		if !maps.Equal(got, counts) || p.Facets[name].Missing != missing || p.Facets[name].Distinct != len(counts) {
			t.Fatalf("%s (%s): facet %s is %v, want %v missing %d", r.Expr, text, name, p.Facets[name], counts, missing)
		}
	}
}

// TestScopeHidesValues: what lies outside the scope is not counted, not suggested and not missing.
func TestScopeHidesValues(t *testing.T) {
	s := smallSchema(t)
	table := column.New(s, "model")
	put := func(id string, cells ...string) {
		row := s.NewRow()
		for _, c := range cells {
			name, value, _ := strings.Cut(c, "=")
			f, _ := s.Find(name)
			row.Add(f, value)
		}
		table.Upsert(id, row)
	}
	put("a", "site=north", "class=ct", "hostname=ct-1", "model=MX")
	put("b", "site=south", "class=secret", "hostname=secret-1", "model=Secret")
	put("c", "site=south", "hostname=secret-2")
	scope := parse(t, s, "site:north")
	f, _ := s.Find("site")
	for _, e := range []query.Expr{{}, query.Expr{}.With(s, f, "north"), query.Expr{}.With(s, f, "south"), parse(t, s, "secret or not class:ct")} {
		p, err := table.Find(column.Request{Expr: e, Scope: scope, Now: now, Widen: true, Facets: []string{"class", "site", "model"}})
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprint(p); strings.Contains(text, "ecret") || strings.Contains(text, "south") || p.Facets["class"].Missing != 0 {
			t.Errorf("%s: %s", e, text)
		}
	}
	for _, field := range []string{"class", "site", "model", "hostname"} {
		if got := table.Values(field, "s", scope, now, 10); len(got) != 0 {
			t.Errorf("values of %s: %v", field, got)
		}
	}
	if got := fmt.Sprint(table.Values("hostname", "SECRET-", query.Expr{}, now, 10), table.Values("class", "c", query.Expr{}, now, 10)); got != "[secret-1 secret-2] [ct secret]" {
		t.Errorf("values: %s", got)
	}
}

// TestPagingWhileRowsChange: a cursor keeps its place when its own row moves or goes.
func TestPagingWhileRowsChange(t *testing.T) {
	s := smallSchema(t)
	table := column.New(s)
	host, _ := s.Find("hostname")
	put := func(id, name string) {
		row := s.NewRow()
		row.Add(host, name)
		table.Upsert(id, row)
	}
	for i := range 10 {
		put(fmt.Sprint("id", i), fmt.Sprint("bed ", i))
	}
	r := column.Request{Sort: []column.Order{{Field: "hostname"}}, Limit: 4}
	p, err := table.Find(r)
	if err != nil {
		t.Fatal(err)
	}
	put("id3", "zz")    // the edge moves to the end
	table.Delete("id4") // the next one goes
	put("new", "bed 3") // one comes in its place, behind it by id
	r.After = p.Next
	q, err := table.Find(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(p.IDs, q.IDs, q.Offset); got != "[id0 id1 id2 id3] [new id5 id6 id7] 3" {
		t.Errorf("pages %s", got)
	}
	table.Delete("new", "id3", "id5", "id6", "id7", "id8", "id9")
	last, err := table.Find(r)
	if err != nil {
		t.Fatal(err)
	}
	r.After = last.Prev
	back, err := table.Find(r)
	if got := fmt.Sprint(last.IDs, back.IDs, err); got != "[] [id0 id1 id2] <nil>" {
		t.Errorf("the way back is %s", got)
	}
}

func TestRefuses(t *testing.T) {
	s, other := smallSchema(t), smallSchema(t)
	table := column.New(s)
	for name, r := range map[string]column.Request{
		"unknown sort":   {Sort: []column.Order{{Field: "colour"}}},
		"sort by flags":  {Sort: []column.Order{{Field: "flag"}}},
		"too many sorts": {Sort: make([]column.Order, 9)},
		"unknown facet":  {Facets: []string{"colour"}},
		"text facet":     {Facets: []string{"hostname"}},
		"broken cursor":  {After: "%%%"},
		"foreign cursor": {After: "eyJpIjoiYSIsInMiOlsiY29zdCJdLCJ2IjpbbnVsbF19"},
		"other schema":   {Expr: parse(t, other, "class:ct")},
	} {
		if _, err := table.Find(r); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestManyChunks drives compaction: rows are replaced until most of what was written is dead.
func TestManyChunks(t *testing.T) {
	s := smallSchema(t)
	table := column.New(s, "model")
	names := []string{"class", "source", "model", "hostname", "ip", "mac", "cost", "connected", "flag", "last_seen"}
	fields := make([]int, len(names))
	for i, n := range names {
		fields[i], _ = s.Find(n)
	}
	row := s.NewRow()
	build := func(n int) *query.Row {
		row.Reset()
		for i, f := range fields {
			v := vocabulary[names[i]]
			for k := range n % 3 {
				row.Add(f, v[(n/(i+1)+k)%len(v)])
			}
		}
		return row
	}
	const rows = 60_000
	state := make([]int, rows)
	for round := range 12 {
		table.Update(func(w *column.Writer) {
			for i := range rows {
				if round == 0 || (i*7+round)%3 == 0 {
					state[i] = i*13 + round
					w.Put(fmt.Sprintf("id%06d", i), build(state[i]))
				}
			}
		})
	}
	for range 40 {
		table.Delete("nobody") // each batch may clear away one chunk
	}
	st := table.Stats()
	if st.Rows != rows || st.Dead > rows {
		t.Errorf("dead rows stay: %+v", st)
	}
	for _, q := range []string{"class:infusion-pump", "hostname:icu3 -ip:10.20.0.0/16", "mac:00:12 or cost>0", "b is:legacy"} {
		e := parse(t, s, q)
		want := 0
		for _, n := range state {
			if query.Match(e, build(n), now) {
				want++
			}
		}
		p, err := table.Find(column.Request{Expr: e, Now: now})
		if err != nil || p.Total != want {
			t.Errorf("%s: %d, want %d, %v", q, p.Total, want, err)
		}
	}
	table.Update(func(w *column.Writer) { w.Clear(); w.Put("one", build(1)) })
	if p, err := table.Find(column.Request{}); err != nil || fmt.Sprint(p.IDs) != "[one]" || table.Stats().Chunks != 1 {
		t.Errorf("after clear: %v %v %+v", p.IDs, err, table.Stats())
	}
}

// TestReadersSeeWholeBatches: every batch moves all rows from one class to another; no reader may see two.
func TestReadersSeeWholeBatches(t *testing.T) {
	s := smallSchema(t)
	table := column.New(s)
	class, _ := s.Find("class")
	host, _ := s.Find("hostname")
	const rows = 500
	write := func(n int) {
		row := s.NewRow()
		table.Update(func(w *column.Writer) {
			for i := range rows {
				row.Reset()
				row.Add(class, fmt.Sprint("class ", n))
				row.Add(host, fmt.Sprint("host ", n, " ", i))
				w.Put(fmt.Sprint(i), row)
			}
		})
	}
	write(0)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				p, err := table.Find(column.Request{Facets: []string{"class"}, Sort: []column.Order{{Field: "hostname", Desc: true}, {Field: "class"}}})
				if err != nil || p.Total != rows || len(p.Facets["class"].Values) != 1 || p.Facets["class"].Values[0].Rows != rows {
					t.Errorf("a reader saw %d rows, %v, %v", p.Total, p.Facets, err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for n := range 200 {
		write(n + 1)
	}
	close(done)
	wg.Wait()
}
