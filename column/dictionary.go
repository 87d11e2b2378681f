package column

import (
	"slices"
	"sync"

	"pons/query"
)

// dictionary numbers the different values of a field from 1. Spellings that differ in case are one value, shown
// as first seen. It only grows: the number of different values is bounded by what the field is for.
type dictionary struct {
	mu     sync.RWMutex // values and folded grow under it; what is there never changes
	codes  map[string]uint32
	values []string // as first seen; [0] is none
	folded []string

	sorting sync.Mutex
	sorted  *ranking
}

// ranking is the order of the values that a dictionary had at one time.
type ranking struct {
	order  []uint32 // codes in natural order
	keys   []uint64 // by code: twice the rank, plus two, so that a value between two others has a number too
	folded []string
}

func newDictionary() *dictionary {
	return &dictionary{codes: map[string]uint32{}, values: []string{""}, folded: []string{""}}
}

// code returns the number of the value, a new one if need be. Only the writer calls it, so that it may look into
// the map without the lock: nobody else changes it.
func (d *dictionary) code(text string) uint32 {
	if code, ok := d.codes[text]; ok {
		return code
	}
	text = string([]byte(text)) // do not keep a whole file alive for one value
	folded := query.Fold(text)
	d.mu.Lock()
	defer d.mu.Unlock()
	code, ok := d.codes[folded]
	if !ok {
		code = uint32(len(d.values))
		d.values = append(d.values, text)
		d.folded = append(d.folded, folded)
		d.codes[folded] = code
	}
	d.codes[text] = code
	return code
}

// find returns the number of a folded value, 0 if there is none.
func (d *dictionary) find(folded string) uint32 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.codes[folded]
}

// view returns the values there are now, by code.
func (d *dictionary) view() (values, folded []string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.values, d.folded
}

// ranks returns the order of at least the values there are now. New values are sorted among themselves and merged.
func (d *dictionary) ranks() *ranking {
	_, folded := d.view()
	d.sorting.Lock()
	defer d.sorting.Unlock()
	old := d.sorted
	if old == nil {
		old = &ranking{keys: make([]uint64, 1)}
	}
	if d.sorted != nil && len(old.keys) >= len(folded) {
		return old
	}
	var added []uint32
	for code := len(old.keys); code < len(folded); code++ {
		added = append(added, uint32(code))
	}
	less := func(a, b uint32) int { return query.Natural(folded[a], folded[b]) }
	slices.SortFunc(added, less)
	r := &ranking{order: make([]uint32, 0, len(folded)-1), keys: make([]uint64, len(folded)), folded: folded}
	i := 0
	for _, code := range added {
		n, _ := slices.BinarySearchFunc(old.order[i:], code, less)
		r.order = append(append(r.order, old.order[i:i+n]...), code)
		i += n
	}
	r.order = append(r.order, old.order[i:]...)
	for rank, code := range r.order {
		r.keys[code] = uint64(rank)*2 + 2
	}
	r.keys[0] = last
	d.sorted = r
	return r
}

// key is the number of a folded value in the order, whether the dictionary has it or not.
func (r *ranking) key(folded string) uint64 {
	i, found := slices.BinarySearchFunc(r.order, folded, func(code uint32, text string) int { return query.Natural(r.folded[code], text) })
	if found {
		return uint64(i)*2 + 2
	}
	return uint64(i)*2 + 1
}
