package protocol

// flowTable finds conversations by key: open addressing with linear probing, for one look into memory a packet beside
// the conversation itself. The zero value is empty.
type flowTable struct {
	slots []flowSlot // a power of two, at most half of them in use
	used  int
}

type flowSlot struct {
	hash uint64
	flow *flow
}

// hash mixes all of a key; the lower half of the address pair chooses the worker, so that the bits here are others.
func (k *flowKey) hash() uint64 {
	h := (k.a.hi ^ k.b.hi<<1) * 0x9e3779b97f4a7c15
	h ^= (k.a.lo ^ h>>29) * 0xbf58476d1ce4e5b9
	h ^= (k.b.lo ^ h>>31) * 0x94d049bb133111eb
	h ^= (uint64(k.aPort)<<24 | uint64(k.bPort)<<8 | uint64(k.transport)) * 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// is compares field by field, which is faster than the compiler's way with a whole.
func (k *flowKey) is(o *flowKey) bool {
	return k.a.lo == o.a.lo && k.b.lo == o.b.lo && k.aPort == o.aPort && k.bPort == o.bPort && k.a.hi == o.a.hi && k.b.hi == o.b.hi &&
		k.transport == o.transport
}

// find returns the conversation of a key, or nil.
func (t *flowTable) find(k *flowKey, hash uint64) *flow {
	if len(t.slots) == 0 {
		return nil
	}
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.flow == nil || s.hash == hash && s.flow.key.is(k) {
			return s.flow
		}
	}
}

// put adds a conversation that is not there yet.
func (t *flowTable) put(f *flow, hash uint64) {
	if 2*(t.used+1) > len(t.slots) {
		old := t.slots
		t.slots = make([]flowSlot, max(256, 2*len(old)))
		for _, s := range old {
			if s.flow != nil {
				t.place(s)
			}
		}
	}
	t.place(flowSlot{hash, f})
	t.used++
}

func (t *flowTable) place(s flowSlot) {
	mask := uint64(len(t.slots) - 1)
	i := s.hash & mask
	for t.slots[i].flow != nil {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

// remove takes a conversation out, and moves up what stands behind it.
func (t *flowTable) remove(f *flow, hash uint64) {
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for t.slots[i].flow != f {
		if t.slots[i].flow == nil {
			return
		}
		i = (i + 1) & mask
	}
	t.used--
	for j := i; ; {
		t.slots[i] = flowSlot{}
		for {
			j = (j + 1) & mask
			s := t.slots[j]
			if s.flow == nil {
				return
			}
			if home := s.hash & mask; (j-home)&mask >= (j-i)&mask {
				t.slots[i] = s
				i = j
				break
			}
		}
	}
}
