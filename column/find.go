package column

import (
	"cmp"
	"fmt"
	"iter"
	"math/bits"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pons/fault"
	"pons/query"
)

// Request asks for one page. The zero Request is the first page of everything.
type Request struct {
	Expr  query.Expr
	Scope query.Expr // what the asker may see; nothing outside it is returned, counted or hinted at
	Now   time.Time  // what relative times are relative to

	Sort  []Order
	After Cursor // Page.Next or Page.Prev of a page with the same Sort
	Limit int    // rows; 0 is 50, at most 10,000

	Facets     []string // fields to count
	FacetLimit int      // values for each; 0 is 20
	// Widen counts a facet as if nothing had been chosen in it (query.Expr.With), so that other values stay to be
	// chosen. Without it facets count the rows of Total.
	Widen bool
}

// Page is the answer.
type Page struct {
	IDs    []string // in order
	Total  int      // rows in all
	Offset int      // rows before the first of this page
	Next   Cursor   // empty at the end
	Prev   Cursor   // empty at the start
	Facets map[string]Facet
}

// Facet counts the values of one field. A row with several values counts for each.
type Facet struct {
	Values   []Count // most rows first, then natural order; at most FacetLimit, and what is chosen
	Distinct int     // values that some row has
	Missing  int     // rows without a value
}

// Count is a value and the rows that have it.
type Count struct {
	Value string
	Rows  int
}

const (
	defaultLimit      = 50
	maxLimit          = 10_000
	defaultFacetLimit = 20
)

// Find answers with one page, from one moment of the table. Errors are fault.Invalid.
func (t *Table) Find(r Request) (Page, error) {
	j, err := t.newJob(r)
	if err != nil {
		return Page{}, err
	}
	limit := r.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	j.limit = min(limit, maxLimit)
	return j.page(j.run()), nil
}

// Select yields the ids of all rows of the request in its order, for an export. It is from one moment of the
// table, however long the caller takes; After, Limit and Facets mean nothing here.
func (t *Table) Select(r Request) (iter.Seq[string], error) {
	r.After, r.Facets = "", nil
	j, err := t.newJob(r)
	if err != nil {
		return nil, err
	}
	return func(yield func(string) bool) {
		var items []item
		for _, w := range j.run() {
			items = append(items, w.all...)
		}
		slices.SortFunc(items, func(a, b item) int { return j.sorter.compare(&a, &b) })
		for i := range items {
			if !yield(j.sorter.id(&items[i])) {
				return
			}
		}
	}, nil
}

// Values suggests values of a field among the rows of a scope: those that start with the text first, then those
// that contain it, each with the most frequent first. Values of fields without a dictionary come folded.
func (t *Table) Values(field, text string, scope query.Expr, now time.Time, limit int) []string {
	f, ok := t.schema.Find(field)
	if !ok || t.stores[f] == nums || limit <= 0 {
		return nil
	}
	text = query.Fold(text)
	if t.stores[f] >= texts {
		return t.textValues(f, text, scope, now, limit)
	}
	p, err := t.Find(Request{Scope: scope, Now: now, Limit: 1, Facets: []string{field}, FacetLimit: 1 << 24})
	if err != nil {
		return nil
	}
	var starts, contains []string
	for _, c := range p.Facets[field].Values {
		switch i := strings.Index(query.Fold(c.Value), text); {
		case i == 0:
			starts = append(starts, c.Value)
		case i > 0:
			contains = append(contains, c.Value)
		}
	}
	all := append(starts, contains...)
	return all[:min(limit, len(all))]
}

// textValues looks for the first values that start with the text.
func (t *Table) textValues(f int, text string, scope query.Expr, now time.Time, limit int) []string {
	snap := t.snap.Load()
	n := t.compile(scope, now)
	var s scratch
	var cand, hits set
	seen := map[string]bool{}
	for _, c := range snap.chunks {
		if c == nil || len(seen) >= limit {
			continue
		}
		copy(cand[:], c.live)
		n.run(c, &cand, &hits, &s)
		if nd, ok := needleOf(query.Pred{Mode: query.Prefix, Text: text}, t.stores[f]); ok {
			cand = hits
			hits = set{}
			nd.find(&c.cols[f], &cand, &hits)
			for i := range hits {
				hits[i] &= cand[i]
			}
		} else if text != "" {
			return nil
		}
		hits.each(func(r int) {
			c.cols[f].eachText(r, func(v []byte) {
				if len(seen) < limit && strings.HasPrefix(string(v), text) {
					seen[string(v)] = true
				}
			})
		})
	}
	out := make([]string, 0, len(seen))
	for v := range seen {
		out = append(out, v)
	}
	slices.SortFunc(out, query.Natural[string])
	return out
}

func (s *set) each(f func(r int)) {
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			f(w*64 + bits.TrailingZeros64(word))
		}
	}
}

// job is one request, made ready to run over a snapshot.
type job struct {
	table      *Table
	snap       *snapshot
	filter     *node   // what every row must satisfy, facet choices that widen apart
	choices    []*node // of widened facets
	facets     []facet
	facetLimit int
	sorter     *sorter
	limit      int // 0: all rows
}

type facet struct {
	name   string
	field  int
	choice int // index into choices that this facet leaves out, or -1
	size   int // of its counts
	chosen []string
}

func (t *Table) newJob(r Request) (*job, error) {
	for _, e := range []query.Expr{r.Expr, r.Scope} {
		if s := e.Schema(); s != nil && s != t.schema {
			return nil, fmt.Errorf("the query was parsed with another schema: %w", fault.Invalid)
		}
	}
	j := &job{table: t, snap: t.snap.Load(), facetLimit: r.FacetLimit} // the snapshot first: dictionaries may only be younger
	if j.facetLimit <= 0 {
		j.facetLimit = defaultFacetLimit
	}
	var err error
	if j.sorter, err = t.newSorter(r.Sort, r.After); err != nil {
		return nil, err
	}
	rest := r.Expr
	for _, name := range r.Facets {
		f, ok := t.schema.Find(name)
		if !ok || t.stores[f] != codes && t.stores[f] != masks {
			return nil, fmt.Errorf("facet %q: no such field, or one whose values are not counted: %w", name, fault.Invalid)
		}
		fc := facet{name: name, field: f, choice: -1, size: len(t.fields[f].Values), chosen: r.Expr.Chosen(f)}
		if t.stores[f] == codes {
			values, _ := t.dicts[f].view()
			fc.size = len(values)
		}
		if i := slices.IndexFunc(j.facets, func(o facet) bool { return o.field == f }); i >= 0 {
			fc.choice = j.facets[i].choice
		}
		if without := rest.Without(f, ""); r.Widen && len(rest.Chosen(f)) > 0 {
			// Several choices of one field at the top level, such as "class:a class:b", all go together.
			n := &node{op: query.And}
			for _, e := range conjuncts(rest) {
				if len(e.Chosen(f)) > 0 {
					n.add(t.compile(e, r.Now))
				}
			}
			fc.choice = len(j.choices)
			j.choices = append(j.choices, n)
			rest = without
		}
		j.facets = append(j.facets, fc)
	}
	j.filter = t.compile(query.Both(r.Scope, rest), r.Now)
	return j, nil
}

func conjuncts(e query.Expr) []query.Expr {
	if e.Op == query.And {
		return e.Args
	}
	return []query.Expr{e}
}

// worker gathers what it finds in the chunks it gets.
type worker struct {
	job     *job
	scratch scratch
	keys    *[chunkRows]uint64
	total   int
	skipped int // rows on the other side of the cursor
	best    best
	all     []item
	counts  [][]uint32 // by facet; missing rows count at 0 for codes, apart for flags
	missing []int
}

// run searches every chunk, on all cores where there is enough to do.
func (j *job) run() []*worker {
	n := max(1, min(runtime.GOMAXPROCS(0), (len(j.snap.chunks)+1)/2))
	workers := make([]*worker, n)
	// Chunks, and the words of a chunk in rank, are visited out of order: rows that were added in the order of the
	// sort, or against it, would otherwise push each other off the page one by one.
	chunks := len(j.snap.chunks)
	step := stride(chunks)
	var next atomic.Int64
	work := func(w *worker) {
		for {
			i := int(next.Add(1)) - 1
			if i >= chunks {
				return
			}
			if c := j.snap.chunks[i*step%chunks]; c != nil && c.alive > 0 {
				w.chunk(c)
			}
		}
	}
	var wg sync.WaitGroup
	for i := range workers {
		w := &worker{job: j, keys: new([chunkRows]uint64), best: best{s: j.sorter, limit: j.limit}, missing: make([]int, len(j.facets))}
		for _, f := range j.facets {
			w.counts = append(w.counts, make([]uint32, f.size))
		}
		workers[i] = w
		if i > 0 {
			wg.Go(func() { work(w) })
		}
	}
	work(workers[0])
	wg.Wait()
	return workers
}

// stride is a step that visits all of n places and spreads its visits evenly: near the golden ratio of n.
func stride(n int) int {
	step := max(1, n*618/1000)
	for gcd(step, n) > 1 {
		step++
	}
	return step
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

func (w *worker) chunk(c *chunk) {
	s := &w.scratch
	cand, base, hits := s.get(), s.get(), s.get()
	*cand = set{}
	copy(cand[:], c.live)
	w.job.filter.run(c, cand, base, s)
	*hits = *base
	var chosen []*set
	for _, n := range w.job.choices {
		b := s.get()
		n.run(c, base, b, s)
		for i := range hits {
			hits[i] &= b[i]
		}
		chosen = append(chosen, b)
	}
	n := hits.count()
	w.total += n
	for i := range w.job.facets {
		f := &w.job.facets[i]
		if f.choice < 0 {
			if n > 0 {
				w.count(i, c, hits)
			}
			continue
		}
		*cand = *base
		for k, b := range chosen {
			if k != f.choice {
				for i := range cand {
					cand[i] &= b[i]
				}
			}
		}
		w.count(i, c, cand)
	}
	if n > 0 {
		w.rank(c, hits)
	}
	for _, b := range append(chosen, cand, base, hits) {
		s.put(b)
	}
}

// count adds the values of the rows to facet i.
func (w *worker) count(i int, c *chunk, rows *set) {
	f := &w.job.facets[i]
	d := &c.cols[f.field]
	counts := w.counts[i]
	if w.job.table.stores[f.field] == masks {
		for word, b := range rows {
			for ; b != 0; b &= b - 1 {
				m := d.masks[word*64+bits.TrailingZeros64(b)]
				if m == 0 {
					w.missing[i]++
				}
				for ; m != 0; m &= m - 1 {
					counts[bits.TrailingZeros64(m)]++
				}
			}
		}
		return
	}
	for word, b := range rows {
		if b == ^uint64(0) {
			for _, code := range d.codes[word*64 : word*64+64] {
				counts[code]++
			}
			continue
		}
		for ; b != 0; b &= b - 1 {
			counts[d.codes[word*64+bits.TrailingZeros64(b)]]++
		}
	}
	for _, e := range d.more {
		if rows[e.row>>6]>>(e.row&63)&1 == 1 {
			counts[e.code]++
		}
	}
}

// rank keeps the rows that the page may need.
func (w *worker) rank(c *chunk, rows *set) {
	s := w.job.sorter
	if w.job.limit == 0 {
		rows.each(func(r int) { w.all = append(w.all, s.item(c, r)) })
		return
	}
	keys, at := w.keys[:c.n], s.at.idKey // without an order, rows go by the keys of their ids
	if len(s.orders) == 0 {
		copy(keys, c.idKeys)
	} else {
		s.orders[0].fill(c, w.keys)
		at = s.at.keys[0]
	}
	flip := uint64(0) // turns keys round when the page is read backwards
	if s.back {
		flip = last
	}
	at ^= flip
	atText := s.firstText(&s.at)
	worst, worstText := w.worst(flip)
	for i := range chunkWords {
		word := i * 157 % chunkWords
		for b := rows[word]; b != 0; b &= b - 1 {
			r := word*64 + bits.TrailingZeros64(b)
			key := keys[r] ^ flip
			if s.place != nil && key <= at {
				tie := -1
				if key == at {
					if tie = s.tie(c, r, atText); tie == 0 {
						it := s.item(c, r)
						tie = s.compare(&it, &s.at)
					}
				}
				if tie <= 0 {
					w.skipped++
					continue
				}
			}
			if key > worst || key == worst && s.tie(c, r, worstText) > 0 {
				continue
			}
			if w.best.push(s.item(c, r)) {
				worst, worstText = w.worst(flip)
			}
		}
	}
}

// worst is the first key, turned round as asked, and the first text of the worst row kept. Until the page is full
// no row is too bad.
func (w *worker) worst(flip uint64) (uint64, []byte) {
	if !w.best.full() {
		return last, nil
	}
	it := &w.best.items[0]
	if len(w.job.sorter.orders) == 0 {
		return it.idKey ^ flip, nil
	}
	return it.keys[0] ^ flip, w.job.sorter.firstText(it)
}

// page puts together what the workers found.
func (j *job) page(workers []*worker) Page {
	var p Page
	var items []item
	skipped := 0
	for _, w := range workers {
		p.Total += w.total
		skipped += w.skipped
		items = append(items, w.best.items...)
	}
	s := j.sorter
	slices.SortFunc(items, func(a, b item) int { return s.compare(&a, &b) })
	items = items[:min(len(items), j.limit)]
	if s.back {
		slices.Reverse(items)
	}
	for i := range items {
		p.IDs = append(p.IDs, s.id(&items[i]))
	}
	j.edges(&p, items, skipped)
	p.Facets = make(map[string]Facet, len(j.facets))
	for i := range j.facets {
		p.Facets[j.facets[i].name] = j.facet(i, workers)
	}
	return p
}

// edges fills in where the page stands. The rows skipped are those on the other side of the cursor.
func (j *job) edges(p *Page, items []item, skipped int) {
	s := j.sorter
	p.Offset = skipped
	if s.back {
		p.Offset = p.Total - skipped - len(items)
	}
	switch {
	case len(items) > 0:
		if p.Offset+len(items) < p.Total {
			p.Next = s.cursor(&items[len(items)-1], false)
		}
		if p.Offset > 0 {
			p.Prev = s.cursor(&items[0], true)
		}
	case s.place != nil && skipped > 0: // the rows of this page have gone since; the way back remains
		m := *s.place
		m.Before = !m.Before
		if s.back {
			p.Next = m.text()
		} else {
			p.Prev = m.text()
		}
	}
}

func (j *job) facet(i int, workers []*worker) Facet {
	f := &j.facets[i]
	sum := workers[0].counts[i]
	out := Facet{Missing: workers[0].missing[i]}
	for _, w := range workers[1:] {
		out.Missing += w.missing[i]
		for code, n := range w.counts[i] {
			sum[code] += n
		}
	}
	values := j.table.fields[f.field].Values
	rank := func(code int) uint64 { return uint64(code) } // flags stand in the order of their field
	find := func(value string) int { return slices.Index(values, value) }
	if d := j.table.dicts[f.field]; d != nil {
		values, _ = d.view()
		keys := d.ranks().keys
		rank = func(code int) uint64 { return keys[code] }
		find = func(value string) int { return int(d.find(query.Fold(value))) }
		out.Missing = int(sum[0])
		sum[0] = 0
	}
	t := topper{rank: rank, limit: j.facetLimit}
	for code, n := range sum {
		if n > 0 {
			out.Distinct++
			t.add(code, n)
		}
	}
	top := t.sorted()
	for _, v := range f.chosen {
		code := find(v)
		if code >= 0 && code < len(sum) && sum[code] > 0 && !slices.ContainsFunc(top, func(c tally) bool { return c.code == code }) {
			top = append(top, tally{code, sum[code]})
		}
	}
	for _, c := range top {
		out.Values = append(out.Values, Count{values[c.code], int(c.rows)})
	}
	return out
}

// tally is what one value counts.
type tally struct {
	code int
	rows uint32
}

// topper keeps the values with the most rows. It sorts twice the limit whenever so many have come together, so
// that a dictionary of 100,000 values costs little more than being read.
type topper struct {
	rank  func(code int) uint64
	limit int
	kept  []tally
	least uint32 // rows of the last value kept, once there are enough
}

func (t *topper) add(code int, rows uint32) {
	if rows < t.least {
		return
	}
	if t.kept = append(t.kept, tally{code, rows}); len(t.kept) >= 2*t.limit+1000 {
		t.kept = t.sorted()
		t.least = t.kept[len(t.kept)-1].rows
	}
}

func (t *topper) sorted() []tally {
	slices.SortFunc(t.kept, func(a, b tally) int {
		return cmp.Or(cmp.Compare(b.rows, a.rows), cmp.Compare(t.rank(a.code), t.rank(b.code)))
	})
	return t.kept[:min(len(t.kept), t.limit)]
}
