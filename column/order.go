package column

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"pons/fault"
	"pons/query"
)

// Order is one field to sort by. Text goes in natural order (bed 9 before bed 10), without regard to case, by a
// row's first value; rows without a value come last in both directions. Rows that are equal go by id.
type Order struct {
	Field string
	Desc  bool
}

// maxOrders bounds the fields of one sort; people use two.
const maxOrders = 4

// last is the key of no value.
const last = math.MaxUint64

// Cursor marks a place in an order: the values and the id of the row at the edge of a page, so that it stays right
// when rows come and go. It is text fit for a URL; the empty one is the start.
type Cursor string

// mark is what a Cursor holds.
type mark struct {
	Before bool     `json:"b,omitempty"` // the page ends here instead of beginning
	Sort   []string `json:"s,omitempty"` // the order it was made for
	Values []*value `json:"v,omitempty"` // one for each; nil is no value
	ID     string   `json:"i"`
}

type value struct {
	Text string `json:"t,omitempty"`
	Num  uint64 `json:"n,omitempty"` // the bits of a number, which JSON would round
}

// item is a row as it is sorted.
type item struct {
	keys  [maxOrders]uint64
	idKey uint64
	chunk *chunk // nil for the place of a cursor
	row   int32
}

// sorter knows one order over one snapshot.
type sorter struct {
	table  *Table
	orders []sortField
	place  *mark // of the cursor, or nil
	at     item
	back   bool // the page ends at the place: everything is turned round
}

type sortField struct {
	field int
	store store
	flip  uint64   // all ones to turn the order round
	ranks *ranking // codes
}

func (t *Table) newSorter(orders []Order, after Cursor) (*sorter, error) {
	if len(orders) > maxOrders {
		return nil, fmt.Errorf("sort by %d fields, at most %d: %w", len(orders), maxOrders, fault.Invalid)
	}
	s := &sorter{table: t}
	var names []string
	for _, o := range orders {
		f, ok := t.schema.Find(o.Field)
		if !ok || t.stores[f] == masks {
			return nil, fmt.Errorf("sort by %q: no such field, or one without an order: %w", o.Field, fault.Invalid)
		}
		sf := sortField{field: f, store: t.stores[f]}
		if sf.store == codes {
			sf.ranks = t.dicts[f].ranks()
		}
		name := t.fields[f].Name
		if o.Desc {
			sf.flip = math.MaxUint64
			name = "-" + name
		}
		s.orders = append(s.orders, sf)
		names = append(names, name)
	}
	if after == "" {
		return s, nil
	}
	m, err := readMark(after)
	if err != nil || len(m.Values) != len(orders) || !slices.Equal(m.Sort, names) {
		return nil, fmt.Errorf("cursor does not belong to this order; start from the first page: %w", fault.Invalid)
	}
	s.place, s.back = m, m.Before
	s.at.idKey = idKey(m.ID)
	for i, v := range m.Values {
		s.at.keys[i] = s.orders[i].keyOf(v)
	}
	return s, nil
}

func (m *mark) text() Cursor {
	raw, _ := json.Marshal(m) // strings and numbers only: it cannot fail
	return Cursor(base64.RawURLEncoding.EncodeToString(raw))
}

func readMark(c Cursor) (*mark, error) {
	raw, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil {
		return nil, err
	}
	m := &mark{}
	return m, json.Unmarshal(raw, m)
}

// keyOf is the key of a cursor's value.
func (f *sortField) keyOf(v *value) uint64 {
	if v == nil {
		return last
	}
	switch f.store {
	case codes:
		return f.ranks.key(v.Text) ^ f.flip
	case nums:
		return numKey(math.Float64frombits(v.Num)) ^ f.flip
	case addrs:
		ip, err := netip.ParseAddr(v.Text)
		if err != nil {
			return last
		}
		return textKey(addrs, nil, addrOf(ip)) ^ f.flip
	case macs:
		for _, c := range []byte(v.Text) {
			if c != ':' && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return last
			}
		}
	}
	return textKey(f.store, []byte(v.Text), addr{}) ^ f.flip
}

// numKey orders as the numbers do.
func numKey(n float64) uint64 {
	if n != n {
		return last
	}
	b := math.Float64bits(n)
	if b>>63 == 1 {
		return ^b
	}
	return b | 1<<63
}

// key is what row r is sorted by; equal keys of text still have to be compared.
func (f *sortField) key(c *chunk, r int) uint64 {
	d := &c.cols[f.field]
	var key uint64
	switch f.store {
	case codes:
		key = f.ranks.keys[d.codes[r]]
	case nums:
		key = numKey(d.nums[r])
	default:
		if key = d.keys[r]; key == 0 {
			key = last
		}
	}
	if key == last {
		return last
	}
	return key ^ f.flip
}

// fill writes the keys of the rows of a chunk.
func (f *sortField) fill(c *chunk, keys *[chunkRows]uint64) {
	d := &c.cols[f.field]
	switch f.store {
	case codes:
		ranks := f.ranks.keys
		for r, code := range d.codes {
			key := ranks[code] ^ f.flip
			if code == 0 {
				key = last
			}
			keys[r] = key
		}
	case nums:
		for r := range d.nums {
			keys[r] = f.key(c, r)
		}
	default:
		for r, key := range d.keys {
			if key ^= f.flip; key == f.flip {
				key = last
			}
			keys[r] = key
		}
	}
}

func (s *sorter) item(c *chunk, r int) item {
	it := item{idKey: c.idKeys[r], chunk: c, row: int32(r)}
	for i := range s.orders {
		it.keys[i] = s.orders[i].key(c, r)
	}
	return it
}

func (s *sorter) id(it *item) string {
	if it.chunk == nil {
		return s.place.ID
	}
	return it.chunk.ids[it.row]
}

// text is the first value that the item is sorted by.
func (s *sorter) text(it *item, i int) []byte {
	if it.chunk == nil {
		return []byte(s.place.Values[i].Text)
	}
	values := it.chunk.cols[s.orders[i].field].values(int(it.row))
	return values[:bytes.IndexByte(values, 0)]
}

// compare is the order of the page: negative when a comes first.
func (s *sorter) compare(a, b *item) int {
	c := s.forward(a, b)
	if s.back {
		return -c
	}
	return c
}

func (s *sorter) forward(a, b *item) int {
	for i := range s.orders {
		if a.keys[i] != b.keys[i] {
			return cmp.Compare(a.keys[i], b.keys[i])
		}
		f := &s.orders[i]
		if f.store < texts || a.keys[i] == last {
			continue
		}
		if c := f.compareText(s.text(a, i), s.text(b, i)); c != 0 {
			if f.flip != 0 {
				return -c
			}
			return c
		}
	}
	return cmp.Or(cmp.Compare(a.idKey, b.idKey), cmp.Compare(s.id(a), s.id(b)))
}

// firstText is the text of the first order, where that goes by text and the item has one; nil otherwise.
func (s *sorter) firstText(it *item) []byte {
	if len(s.orders) == 0 || s.orders[0].store < texts || it.keys[0] == last || it.chunk == nil && s.place == nil {
		return nil
	}
	return s.text(it, 0)
}

// tie compares the row with the text of another whose first key is the same. It is 0 where text does not decide,
// and saves making an item of every row where values begin alike.
func (s *sorter) tie(c *chunk, r int, text []byte) int {
	if text == nil {
		return 0
	}
	f := &s.orders[0]
	values := c.cols[f.field].values(r)
	order := f.compareText(values[:bytes.IndexByte(values, 0)], text)
	if (f.flip != 0) != s.back {
		return -order
	}
	return order
}

// compareText orders values whose keys are equal.
func (f *sortField) compareText(a, b []byte) int {
	switch f.store {
	case macs:
		return bytes.Compare(a, b)
	case addrs:
		x, errX := netip.ParseAddr(string(a))
		y, errY := netip.ParseAddr(string(b))
		if errX == nil && errY == nil {
			return x.Compare(y)
		}
		return bytes.Compare(a, b) // a cursor that somebody wrote by hand
	}
	return query.Natural(a, b)
}

// cursor marks the place of an item.
func (s *sorter) cursor(it *item, before bool) Cursor {
	m := mark{Before: before, ID: s.id(it)}
	for i := range s.orders {
		f := &s.orders[i]
		name := s.table.fields[f.field].Name
		if f.flip != 0 {
			name = "-" + name
		}
		m.Sort = append(m.Sort, name)
		var v *value
		if it.keys[i] != last {
			switch d := &it.chunk.cols[f.field]; f.store {
			case codes:
				v = &value{Text: f.ranks.folded[d.codes[it.row]]}
			case nums:
				v = &value{Num: math.Float64bits(d.nums[it.row])}
			default:
				v = &value{Text: string(s.text(it, i))}
			}
		}
		m.Values = append(m.Values, v)
	}
	return m.text()
}

// best keeps the first rows of a page out of all that go by: a heap with the worst on top.
type best struct {
	s     *sorter
	limit int
	items []item
}

// full says whether only what comes before the top is still of use.
func (b *best) full() bool { return len(b.items) == b.limit }

// push reports whether it kept the item.
func (b *best) push(it item) bool {
	if !b.full() {
		b.items = append(b.items, it)
		for i := len(b.items) - 1; i > 0; {
			up := (i - 1) / 2
			if b.s.compare(&b.items[i], &b.items[up]) <= 0 {
				break
			}
			b.items[i], b.items[up] = b.items[up], b.items[i]
			i = up
		}
		return true
	}
	if b.s.compare(&it, &b.items[0]) >= 0 {
		return false
	}
	b.items[0] = it
	for i := 0; ; {
		down := 2*i + 1
		if down >= len(b.items) {
			break
		}
		if down+1 < len(b.items) && b.s.compare(&b.items[down+1], &b.items[down]) > 0 {
			down++
		}
		if b.s.compare(&b.items[down], &b.items[i]) <= 0 {
			break
		}
		b.items[i], b.items[down] = b.items[down], b.items[i]
		i = down
	}
	return true
}
