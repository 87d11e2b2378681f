package capture

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"time"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng, section 4).
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6

	byteOrderMagic = 0x1a2b3c4d
	optEnd         = 0
	optTsresol     = 9
	optTsoffset    = 14
)

// maxInterfaces bounds what a hostile file can make us remember; real ones have a handful.
const maxInterfaces = 4096

// port is one interface of a section: the link type, and the unit and origin of its times.
type port struct {
	link    LinkType
	snap    uint32
	perSec  uint64 // units per second
	seconds int64  // added to every time
}

type pcapng struct {
	*input
	order binary.ByteOrder
	ports []port
	last  time.Time // for simple blocks, which carry no time
}

// Run delivers every frame of a pcapng file. Unknown blocks are passed over.
func (s *pcapng) Run(ctx context.Context, deliver func(Frame)) (uint64, error) {
	for blocks := 0; ; blocks++ {
		if blocks&0xff == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		start := s.offset
		head, err := s.take(8)
		if err == io.EOF {
			return 0, nil
		}
		if err != nil {
			return 0, s.readError(start, "a block header", err)
		}
		if binary.LittleEndian.Uint32(head) == blockSection {
			if err := s.section(start, [4]byte(head[4:])); err != nil {
				return 0, err
			}
			continue
		}
		if err := s.block(start, s.order.Uint32(head), s.order.Uint32(head[4:]), deliver); err != nil {
			return 0, err
		}
	}
}

// section begins a section, which settles the byte order and forgets the interfaces of the one before.
func (s *pcapng) section(start int64, size [4]byte) error {
	b, err := s.take(4)
	if err != nil {
		return s.readError(start, "a section header", err)
	}
	switch {
	case binary.LittleEndian.Uint32(b) == byteOrderMagic:
		s.order = binary.LittleEndian
	case binary.BigEndian.Uint32(b) == byteOrderMagic:
		s.order = binary.BigEndian
	default:
		return s.broken(start, fmt.Sprintf("a section with byte order % x", b), "the file is damaged from here; copy the capture again")
	}
	s.ports = s.ports[:0]
	n := s.order.Uint32(size[:])
	if n < 28 || n%4 != 0 {
		return s.broken(start, fmt.Sprintf("a section header of %d bytes is not possible", n), "the file is damaged from here; copy the capture again")
	}
	if err := s.skip(int64(n) - 12); err != nil {
		return s.readError(start, "a section header", err)
	}
	return nil
}

// block reads one block behind its type and length.
func (s *pcapng) block(start int64, kind, size uint32, deliver func(Frame)) error {
	if size < 12 || size%4 != 0 {
		return s.broken(start, fmt.Sprintf("a block of %d bytes is not possible", size), "the file is damaged from here; what came before is read; copy the capture again")
	}
	body := size - 12
	switch kind {
	case blockInterface, blockPacket, blockSimple, blockEnhanced:
	default:
		if err := s.skip(int64(body) + 4); err != nil {
			return s.readError(start, "a block", err)
		}
		return nil
	}
	if body > maxFrame+64<<10 { // a frame and its comments
		return s.broken(start, fmt.Sprintf("a block of %d bytes is not possible", size), "the file is damaged from here; what came before is read; copy the capture again")
	}
	b, err := s.take(int(body) + 4)
	if err != nil {
		return s.readError(start, "a block", err)
	}
	if end := s.order.Uint32(b[body:]); end != size {
		return s.broken(start, fmt.Sprintf("a block that begins with length %d and ends with %d", size, end), "the file is damaged from here; what came before is read; copy the capture again")
	}
	b = b[:body]
	if kind == blockInterface {
		return s.addPort(start, b)
	}
	f, ok := s.frame(kind, b)
	if !ok {
		return s.broken(start, "a frame block that contradicts itself", "the file is damaged from here; what came before is read; copy the capture again")
	}
	s.frames++
	f.Number = s.frames
	deliver(f)
	return nil
}

// frame reads a frame block.
func (s *pcapng) frame(kind uint32, b []byte) (f Frame, ok bool) {
	index, head := uint32(0), 20
	var size, length uint32
	switch {
	case kind == blockSimple && len(b) >= 4 && len(s.ports) > 0:
		head = 4
		length = s.order.Uint32(b)
		size = min(length, uint32(len(b)-4))
		if snap := s.ports[0].snap; snap > 0 {
			size = min(size, snap)
		}
		f.At = s.last
	case kind != blockSimple && len(b) >= 20:
		index = s.order.Uint32(b)
		if kind == blockPacket {
			index = uint32(s.order.Uint16(b))
		}
		size, length = s.order.Uint32(b[12:]), s.order.Uint32(b[16:])
		if uint64(index) >= uint64(len(s.ports)) {
			return f, false
		}
		f.At = s.ports[index].time(uint64(s.order.Uint32(b[4:]))<<32 | uint64(s.order.Uint32(b[8:])))
		s.last = f.At
	default:
		return f, false
	}
	if uint64(size) > uint64(len(b)-head) || size > maxFrame {
		return f, false
	}
	f.Link, f.Length, f.Data = s.ports[index].link, int(length), b[head:head+int(size)]
	return f, true
}

// addPort reads an interface description.
func (s *pcapng) addPort(start int64, b []byte) error {
	if len(b) < 8 || len(s.ports) >= maxInterfaces {
		return s.broken(start, "an interface block that is not possible", "the file is damaged from here; copy the capture again")
	}
	p := port{link: LinkType(s.order.Uint16(b)), snap: s.order.Uint32(b[4:]), perSec: 1e6}
	for b = b[8:]; len(b) >= 4; {
		kind, n := s.order.Uint16(b), int(s.order.Uint16(b[2:]))
		if kind == optEnd || 4+n > len(b) {
			break
		}
		value := b[4 : 4+n]
		switch {
		case kind == optTsresol && n >= 1 && value[0]&0x80 != 0:
			p.perSec = 1 << min(value[0]&0x7f, 63)
		case kind == optTsresol && n >= 1:
			p.perSec = 1
			for range min(value[0], 19) {
				p.perSec *= 10
			}
		case kind == optTsoffset && n >= 8:
			p.seconds = int64(s.order.Uint64(value))
		}
		b = b[min(len(b), 4+(n+3)&^3):]
	}
	s.ports = append(s.ports, p)
	return nil
}

// time turns units into a time without losing bits on the way.
func (p port) time(units uint64) time.Time {
	sec, rest := units/p.perSec, units%p.perSec
	hi, lo := bits.Mul64(rest, 1e9)
	nano, _ := bits.Div64(hi, lo, p.perSec)
	return time.Unix(int64(sec)+p.seconds, int64(nano)).UTC()
}
