// Package column answers the questions of package query over a million rows in milliseconds: one page in the
// order asked for, how many rows there are in all, and what the facets count. It decides how rows lie in memory
// and how they are searched. What a question means is query's to decide (query.Match is the reference that this
// package is tested against), and what a row consists of is its owner's: the table keeps what can be asked, not
// what is shown, and can be built anew from the database at any time.
//
// # How it works
//
// Rows lie in chunks of 16,384, column by column. A chunk only ever grows at its end: changing a row adds its new
// version to the last chunk and marks the old one dead. What readers see is a snapshot, a list of chunk headers
// swapped in whole when a batch is done, so readers and the writer never wait for each other and every answer is
// of one moment. A chunk with more dead rows than live ones is written again at the end, one for each batch.
//
// A question is compiled once and run over the chunks on all cores; what is kept for a chunk while it is searched
// fits the nearest cache. Values that repeat are codes of a dictionary, tested once for each value; text that does
// not is folded into one run of bytes for each chunk and column and searched as a whole. Sorting keeps the best
// rows of a page while the chunks go by, comparing numbers that begin as the values do, so there is no order to
// maintain when rows change.
package column

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"pons/query"
)

const (
	chunkBits  = 14
	chunkRows  = 1 << chunkBits
	chunkWords = chunkRows / 64
)

// Table is a set of rows, each under an id. It is safe for concurrent use.
type Table struct {
	schema *query.Schema
	fields []query.Field
	stores []store
	dicts  []*dictionary // by field; nil where the store is not codes
	snap   atomic.Pointer[snapshot]

	mu    sync.Mutex // held by the one writer
	work  []*chunk   // by slot; nil where a slot is free
	dirty []bool     // by slot: differs from the snapshot
	tail  int        // slot that rows are added to; -1 before the first
	free  []int      // slots emptied by compaction
	where map[string]uint32
}

// snapshot is what readers see: chunks that never change.
type snapshot struct {
	chunks []*chunk // nil where a slot is free
	rows   int
}

// New returns an empty table. Fields of kind Keyword, Set and Bool keep a dictionary and can be counted as facets,
// as can Flags; Text fields do so when repeats names them, which suits those whose values repeat (a model, a room:
// up to some 100,000 different ones).
func New(schema *query.Schema, repeats ...string) *Table {
	t := &Table{schema: schema, stores: make([]store, schema.Len()), dicts: make([]*dictionary, schema.Len()), tail: -1, where: map[string]uint32{}}
	for i := range t.stores {
		f := schema.Field(i)
		t.fields = append(t.fields, f)
		t.stores[i] = storeOf(f, slices.Contains(repeats, f.Name))
		if t.stores[i] == codes {
			t.dicts[i] = newDictionary()
		}
	}
	t.snap.Store(&snapshot{})
	return t
}

// Schema returns the schema of the rows.
func (t *Table) Schema() *query.Schema { return t.schema }

// Len is the number of rows.
func (t *Table) Len() int { return t.snap.Load().rows }

// Upsert puts one row in the place of what the id had. Update is the way for many.
func (t *Table) Upsert(id string, row *query.Row) {
	t.Update(func(w *Writer) { w.Put(id, row) })
}

// Delete removes rows; ids that are not there do nothing.
func (t *Table) Delete(ids ...string) {
	t.Update(func(w *Writer) {
		for _, id := range ids {
			w.Delete(id)
		}
	})
}

// Update makes a batch of changes that readers see all at once, when f returns. One Update runs at a time; f must
// not call the table's own writing methods.
func (t *Table) Update(f func(w *Writer)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.publish() // also when f panics: half a batch is better than chunks that readers and writer disagree on
	f(&Writer{t})
	t.compact()
}

// Writer changes the table inside Update.
type Writer struct{ t *Table }

// Put puts the row in the place of what the id had. The row is copied.
func (w *Writer) Put(id string, row *query.Row) {
	t := w.t
	if at, ok := t.where[id]; ok {
		t.kill(at)
	} else {
		id = strings.Clone(id)
	}
	t.add(id, row)
}

// Delete removes the row of the id and reports whether there was one.
func (w *Writer) Delete(id string) bool {
	at, ok := w.t.where[id]
	if ok {
		w.t.kill(at)
		delete(w.t.where, id)
	}
	return ok
}

// Clear removes all rows, for building the table anew in one batch.
func (w *Writer) Clear() {
	t := w.t
	clear(t.where)
	t.free = t.free[:0]
	for slot := range t.work {
		t.work[slot], t.dirty[slot] = nil, true
		t.free = append(t.free, slot)
	}
	t.tail = -1
}

func (t *Table) add(id string, row *query.Row) {
	if t.tail < 0 || t.work[t.tail].n == chunkRows {
		t.extend()
	}
	c := t.work[t.tail]
	r := c.n
	c.own()
	c.n++
	c.live[r>>6] |= 1 << (r & 63)
	c.alive++
	c.ids = append(c.ids, id)
	c.idKeys = append(c.idKeys, idKey(id))
	for _, cell := range row.Cells() {
		c.cols[cell.Field].add(t.stores[cell.Field], r, cell.Value, t.dicts[cell.Field], &t.fields[cell.Field])
	}
	t.dirty[t.tail] = true
	t.where[id] = uint32(t.tail<<chunkBits | r)
}

// extend closes the last chunk and opens another.
func (t *Table) extend() {
	room := 64
	if t.tail >= 0 {
		t.work[t.tail].seal(t.stores)
		room = chunkRows // a table of more than one chunk is worth the room for a whole one
	}
	c := newChunk(t.stores, room)
	if n := len(t.free); n > 0 {
		t.tail = t.free[n-1]
		t.free = t.free[:n-1]
		t.work[t.tail] = c
		return
	}
	t.tail = len(t.work)
	t.work = append(t.work, c)
	t.dirty = append(t.dirty, true)
}

func (t *Table) kill(at uint32) {
	slot, r := int(at>>chunkBits), int(at&(chunkRows-1))
	c := t.work[slot]
	c.own()
	c.live[r>>6] &^= 1 << (r & 63)
	c.alive--
	t.dirty[slot] = true
}

// compact rewrites the full chunk with the most dead rows, if they outnumber the live ones. One for each batch is
// enough: a batch of n rows makes n dead ones at most, and this frees 8,192 or more.
func (t *Table) compact() {
	worst := -1
	for slot, c := range t.work {
		if c != nil && slot != t.tail && c.alive < chunkRows/2 && (worst < 0 || c.alive < t.work[worst].alive) {
			worst = slot
		}
	}
	if worst < 0 {
		return
	}
	c := t.work[worst]
	row := t.schema.NewRow()
	for r := range c.n {
		if c.live[r>>6]>>(r&63)&1 == 1 {
			row.Reset()
			t.restore(c, r, row)
			t.add(c.ids[r], row)
		}
	}
	t.work[worst], t.dirty[worst] = nil, true
	t.free = append(t.free, worst)
}

// restore reads a row back from its columns; text comes back folded, which is how it is kept.
func (t *Table) restore(c *chunk, r int, row *query.Row) {
	for f := range c.cols {
		d := &c.cols[f]
		switch t.stores[f] {
		case codes:
			d.eachCode(r, func(code uint32) { row.Add(f, t.dicts[f].values[code]) })
		case nums:
			d.eachNum(r, func(n float64) { row.AddNum(f, n) })
		case masks:
			names := t.fields[f].Values
			for i := range names {
				if r < len(d.masks) && d.masks[r]>>i&1 == 1 {
					row.Add(f, names[i])
				}
			}
		case texts, addrs, macs:
			d.eachText(r, func(text []byte) { row.Add(f, string(text)) })
		}
	}
}

// publish gives readers what the writer has done.
func (t *Table) publish() {
	old := t.snap.Load()
	next := &snapshot{chunks: make([]*chunk, len(t.work)), rows: len(t.where)}
	copy(next.chunks, old.chunks)
	for slot, dirty := range t.dirty {
		if !dirty {
			continue
		}
		t.dirty[slot] = false
		if next.chunks[slot] = nil; t.work[slot] != nil {
			next.chunks[slot] = t.work[slot].freeze(t.stores)
		}
	}
	for _, d := range t.dicts {
		if d != nil {
			d.ranks() // so that no reader has to sort a dictionary
		}
	}
	t.snap.Store(next)
}

// Stats says what the table holds.
type Stats struct {
	Rows   int // live
	Dead   int // old versions not yet cleared away
	Chunks int
	Bytes  int // of the columns and ids, without the dictionaries and the index of ids
	Values int // in all dictionaries
}

// Stats counts what the table holds now.
func (t *Table) Stats() Stats {
	s := t.snap.Load()
	out := Stats{Rows: s.rows}
	for _, c := range s.chunks {
		if c != nil {
			out.Chunks++
			out.Dead += c.n - c.alive
			out.Bytes += c.bytes()
		}
	}
	for _, d := range t.dicts {
		if d != nil {
			values, _ := d.view()
			out.Values += len(values) - 1
		}
	}
	return out
}
