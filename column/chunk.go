package column

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/netip"
	"slices"

	"pons/query"
)

// store is how the values of a field lie in memory.
type store uint8

const (
	codes store = iota // numbers of values in a dictionary
	nums               // times, dates, numbers
	masks              // flags, a bit for each
	texts              // folded text, one value after the other
	addrs              // texts, and the addresses as numbers
	macs               // texts that hold hex digits and colons only
)

func storeOf(f query.Field, repeats bool) store {
	switch f.Kind {
	case query.Time, query.Date, query.Number:
		return nums
	case query.Flags:
		return masks
	case query.IP:
		return addrs
	case query.MAC:
		return macs
	case query.Text:
		if !repeats {
			return texts
		}
	}
	return codes
}

// chunk is up to 16,384 rows. The writer's own chunks grow; frozen copies of their headers never change.
type chunk struct {
	n      int      // rows, dead ones included
	alive  int      // rows that are not dead
	live   []uint64 // bits of the rows that are not dead
	shared bool     // live belongs to a frozen copy too
	ids    []string
	idKeys []uint64
	cols   []data // by field
}

// data is the column of one field in one chunk. It has an entry for each row; while the chunk grows it may be
// shorter, and what is missing is empty.
type data struct {
	codes []uint32   // first value's code; 0 is none
	nums  []float64  // first value; NaN is none
	masks []uint64   // flags
	arena []byte     // NUL, then every value followed by NUL, row by row
	ends  []uint32   // where a row's values end in the arena
	keys  []uint64   // of the first text value: begins as the value does; 0 is none
	addrs []addr     // first address
	more  []extra    // further codes, in row order
	moreN []extraNum // further numbers
	moreA []extraAddr
}

// addr is an IP address as netip's As16 gives it, so that IPv4 lies in ::ffff:0:0/96.
type addr struct{ hi, lo uint64 }

type extra struct{ row, code uint32 }

type extraNum struct {
	row uint32
	num float64
}

type extraAddr struct {
	row  uint32
	addr addr
}

func newChunk(stores []store, room int) *chunk {
	c := &chunk{live: make([]uint64, chunkWords), ids: make([]string, 0, room), idKeys: make([]uint64, 0, room), cols: make([]data, len(stores))}
	for f, s := range stores {
		d := &c.cols[f]
		if s >= texts {
			d.arena = []byte{0}
		}
		if room == chunkRows {
			d.reserve(s)
		}
	}
	return c
}

func (d *data) reserve(s store) {
	switch s {
	case codes:
		d.codes = make([]uint32, 0, chunkRows)
	case nums:
		d.nums = make([]float64, 0, chunkRows)
	case masks:
		d.masks = make([]uint64, 0, chunkRows)
	default:
		d.ends, d.keys = make([]uint32, 0, chunkRows), make([]uint64, 0, chunkRows)
		if s == addrs {
			d.addrs = make([]addr, 0, chunkRows)
		}
	}
}

// own makes the live bits the writer's to change.
func (c *chunk) own() {
	if c.shared {
		c.live, c.shared = slices.Clone(c.live), false
	}
}

// freeze copies the headers, so that what the writer adds later is not seen. Bytes behind a header's length may
// still be written; nobody reads them through the copy.
func (c *chunk) freeze(stores []store) *chunk {
	f := *c
	f.cols = make([]data, len(c.cols))
	for i := range c.cols {
		c.cols[i].pad(stores[i], c.n)
		f.cols[i] = c.cols[i]
	}
	c.shared = true
	return &f
}

// seal gives back room that a full chunk will not need.
func (c *chunk) seal(stores []store) {
	for i := range c.cols {
		d := &c.cols[i]
		d.pad(stores[i], c.n)
		d.arena = exact(d.arena)
		d.codes, d.nums, d.masks = exact(d.codes), exact(d.nums), exact(d.masks)
		d.ends, d.keys, d.addrs, d.more = exact(d.ends), exact(d.keys), exact(d.addrs), exact(d.more)
	}
}

func exact[T any](s []T) []T {
	if cap(s)-len(s) <= len(s)/32 {
		return s
	}
	return append(make([]T, 0, len(s)), s...)
}

func fill[T any](s []T, n int, with T) []T {
	for len(s) < n {
		s = append(s, with)
	}
	return s
}

// pad writes the empty entries of rows up to n.
func (d *data) pad(s store, n int) {
	switch s {
	case codes:
		d.codes = fill(d.codes, n, 0)
	case nums:
		d.nums = fill(d.nums, n, math.NaN())
	case masks:
		d.masks = fill(d.masks, n, 0)
	default:
		d.ends = fill(d.ends, n, uint32(len(d.arena)))
		d.keys = fill(d.keys, n, 0)
		if s == addrs {
			d.addrs = fill(d.addrs, n, addr{})
		}
	}
}

// add adds a value of row r, which is the last row.
func (d *data) add(s store, r int, v query.Value, dict *dictionary, f *query.Field) {
	switch s {
	case codes:
		code := dict.code(v.Text)
		if len(d.codes) <= r {
			d.codes = append(fill(d.codes, r, 0), code)
		} else if !d.hasCode(uint32(r), code) {
			d.more = append(d.more, extra{uint32(r), code})
		}
	case nums:
		if len(d.nums) <= r {
			d.nums = append(fill(d.nums, r, math.NaN()), v.Num)
		} else {
			d.moreN = append(d.moreN, extraNum{uint32(r), v.Num})
		}
	case masks:
		d.masks = fill(d.masks, r+1, 0)
		d.masks[r] |= 1 << slices.Index(f.Values, v.Text)
	default:
		d.addText(s, r, v.Text)
	}
}

// hasCode says whether the last row r has the code already: facets count rows, not repetitions.
func (d *data) hasCode(r, code uint32) bool {
	if d.codes[r] == code {
		return true
	}
	for i := len(d.more) - 1; i >= 0 && d.more[i].row == r; i-- {
		if d.more[i].code == code {
			return true
		}
	}
	return false
}

func (d *data) addText(s store, r int, text string) {
	first := len(d.keys) <= r
	if first {
		d.pad(s, r)
	}
	start := len(d.arena)
	d.arena = appendFolded(d.arena, text)
	folded := d.arena[start:]
	d.arena = append(d.arena, 0)
	if !first {
		d.ends[r] = uint32(len(d.arena)) // r is the writer's alone until it is frozen
	} else {
		d.ends = append(d.ends, uint32(len(d.arena)))
	}
	var a addr
	if s == addrs {
		ip, _ := netip.ParseAddr(text) // query.Row has seen to it
		a = addrOf(ip)
		if first {
			d.addrs = append(d.addrs, a)
		} else {
			d.moreA = append(d.moreA, extraAddr{uint32(r), a})
		}
	}
	if first {
		d.keys = append(d.keys, textKey(s, folded, a))
	}
}

func addrOf(ip netip.Addr) addr {
	b := ip.As16()
	return addr{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (a addr) is4() bool { return a.hi == 0 && a.lo>>32 == 0xffff }

func (a addr) less(b addr) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

// textKey is a number that begins as the value does: what is less in number is less in order. It is neither 0
// nor all ones. IPv4 stands before IPv6, as in netip.
func textKey(s store, folded []byte, a addr) uint64 {
	switch s {
	case addrs:
		if a.is4() {
			return a.lo&0xffffffff + 1
		}
		return 1<<62 | a.hi>>2
	case macs:
		var key uint64
		shift := 64
		for _, c := range folded {
			if c == ':' || shift == 0 {
				continue
			}
			shift -= 4
			if c >= 'a' {
				c -= 'a' - '9' - 1
			}
			key |= uint64(c-'0') << shift
		}
		return key>>2 + 1
	}
	return query.NaturalKey(folded)
}

// appendFolded appends query.Fold(text) without making a string of it where it is ASCII.
func appendFolded(dst []byte, text string) []byte {
	start := len(dst)
	for i := range len(text) {
		c := text[i]
		if c >= 0x80 {
			return append(dst[:start], query.Fold(text)...)
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// begin is where the values of row r begin in the arena.
func (d *data) begin(r int) uint32 {
	if r == 0 {
		return 1
	}
	return d.ends[r-1]
}

// values are the folded values of row r, each followed by NUL.
func (d *data) values(r int) []byte { return d.arena[d.begin(r):d.ends[r]] }

func (d *data) eachText(r int, f func([]byte)) {
	if r >= len(d.ends) {
		return
	}
	rest := d.values(r)
	for len(rest) > 0 {
		end := bytes.IndexByte(rest, 0)
		f(rest[:end])
		rest = rest[end+1:]
	}
}

func (d *data) eachCode(r int, f func(uint32)) {
	if r >= len(d.codes) || d.codes[r] == 0 {
		return
	}
	f(d.codes[r])
	i, _ := slices.BinarySearchFunc(d.more, uint32(r), func(e extra, row uint32) int { return int(e.row) - int(row) })
	for ; i < len(d.more) && d.more[i].row == uint32(r); i++ {
		f(d.more[i].code)
	}
}

func (d *data) eachNum(r int, f func(float64)) {
	if r >= len(d.nums) || d.nums[r] != d.nums[r] {
		return
	}
	f(d.nums[r])
	for _, e := range d.moreN {
		if e.row == uint32(r) {
			f(e.num)
		}
	}
}

func (c *chunk) bytes() int {
	n := cap(c.live)*8 + cap(c.ids)*16 + cap(c.idKeys)*8
	for _, id := range c.ids {
		n += len(id)
	}
	for i := range c.cols {
		d := &c.cols[i]
		n += cap(d.codes)*4 + cap(d.nums)*8 + cap(d.masks)*8 + cap(d.arena) + cap(d.ends)*4 + cap(d.keys)*8 + cap(d.addrs)*16
		n += cap(d.more)*8 + cap(d.moreN)*16 + cap(d.moreA)*24
	}
	return n
}

// idKey orders ids with one comparison in nearly all cases; the order is (idKey, id). For a UUID it is its first
// 64 bits, so that version 7 ids come in the order they were made; for other ids it is the first eight bytes.
func idKey(id string) uint64 {
	var key uint64
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' {
		ok := true
		for i := range 18 {
			c := id[i]
			switch {
			case c >= '0' && c <= '9':
				key = key<<4 | uint64(c-'0')
			case c >= 'a' && c <= 'f':
				key = key<<4 | uint64(c-'a'+10)
			case i == 8 || i == 13:
			default:
				ok = false
			}
		}
		if ok {
			return key
		}
		key = 0
	}
	for i := range min(8, len(id)) {
		key |= uint64(id[i]) << (56 - 8*i)
	}
	return key
}
