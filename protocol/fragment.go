package protocol

// Bounds of IP reassembly: what is held at once, and for how long (RFC 791 suggests 15 s, RFC 8200 60 s).
const (
	maxFragmentSets  = 1024
	maxFragmentBytes = 8 << 20
	fragmentTimeout  = 30 * 1e9
	maxDatagram      = 65535
)

type fragmentKey struct {
	from, to addr
	id       uint32
	proto    uint8
	v6       bool
}

type fragmentSet struct {
	data  []byte
	have  [maxDatagram/64 + 2]uint8 // one bit for every eight bytes
	total int                       // known once the last fragment came
	got   int
	count uint64
	size  uint64 // bytes of the frames
	began int64
}

// fragmentTable holds datagrams that are not whole yet. Where fragments overlap, the first bytes stand.
type fragmentTable struct {
	sets  map[fragmentKey]*fragmentSet
	order []fragmentKey
	bytes int
	lost  uint64
}

func (t *fragmentTable) drop(k fragmentKey, lost bool) {
	s := t.sets[k]
	if s == nil {
		return
	}
	if lost {
		t.lost += s.count
	}
	t.bytes -= cap(s.data)
	delete(t.sets, k)
}

// trim drops the oldest sets while there are too many, too large or too old.
func (t *fragmentTable) trim(now int64) {
	for len(t.order) > 0 {
		k := t.order[0]
		s := t.sets[k]
		if s != nil && len(t.sets) <= maxFragmentSets && len(t.order) <= 4*maxFragmentSets && t.bytes <= maxFragmentBytes && now-s.began < fragmentTimeout {
			return
		}
		t.drop(k, true)
		t.order = t.order[1:]
	}
}

// fragment adds one fragment and reads the datagram on when it is whole.
func (w *worker) fragment(k fragmentKey, off int, more bool, b []byte, missing int) {
	if w.counts {
		w.count.Fragments++
	}
	w.see()
	t := &w.fragments
	if missing > 0 || off+len(b) > maxDatagram || len(b) == 0 || more && len(b)%8 != 0 {
		t.lost++
		return
	}
	s := t.sets[k]
	if s == nil {
		s = &fragmentSet{began: w.p.nano}
		t.sets[k] = s
		t.order = append(t.order, k)
	}
	s.count++
	s.size += w.p.size
	end := off + len(b)
	if !more {
		s.total = end
	}
	if end > len(s.data) {
		t.bytes -= cap(s.data)
		s.data = append(s.data, make([]byte, end-len(s.data))...)
		t.bytes += cap(s.data)
	}
	for i := 0; i < len(b); i += 8 {
		block := (off + i) / 8
		if bit := uint8(1) << (block & 7); s.have[block>>3]&bit == 0 {
			s.have[block>>3] |= bit
			s.got += copy(s.data[off+i:], b[i:min(i+8, len(b))])
		}
	}
	if s.total > 0 && s.got >= s.total {
		whole := s.data[:s.total]
		t.drop(k, false)
		w.p.from, w.p.to = k.from, k.to
		w.p.packets, w.p.size = uint32(s.count), s.size
		if k.v6 {
			w.headers(k.proto, whole, 0)
		} else {
			w.transport(k.proto, whole, 0)
		}
	}
	t.trim(w.p.clock)
}
