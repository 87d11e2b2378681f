package protocol

import "math/bits"

// Sizes of the buffers that are used again, as powers of two, and how many bytes of each size wait at most.
const (
	leastBuffer = 9  // 512: a request or two
	mostBuffer  = 16 // 64 KiB: larger ones are rare
	spareBytes  = 128 << 10
)

// buffers are kept for the next conversation that has to hold bytes. The zero value is empty.
type buffers struct {
	bySize [mostBuffer - leastBuffer + 1][][]byte
}

// take returns an empty buffer with room for so many bytes.
func (p *buffers) take(room int) []byte {
	class := max(bits.Len(uint(max(room, 1)-1)), leastBuffer)
	if class > mostBuffer {
		return make([]byte, 0, room+room/4)
	}
	list := &p.bySize[class-leastBuffer]
	if n := len(*list); n > 0 {
		b := (*list)[n-1]
		*list = (*list)[:n-1]
		return b
	}
	return make([]byte, 0, 1<<class)
}

// give takes a buffer back that nobody holds any more.
func (p *buffers) give(b []byte) {
	size := cap(b)
	if size < 1<<leastBuffer || size > 1<<mostBuffer || size&(size-1) != 0 {
		return
	}
	list := &p.bySize[bits.Len(uint(size))-1-leastBuffer]
	if len(*list) < max(spareBytes/size, 2) {
		*list = append(*list, b[:0])
	}
}
