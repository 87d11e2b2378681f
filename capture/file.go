package capture

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"pons/fault"
)

// maxFrame bounds one frame and one block body that is kept: 256 KiB is the largest snapshot length that libpcap
// accepts (MAXIMUM_SNAPLEN in pcap-int.h); larger lengths are damage. Longer pcapng blocks of kinds that are
// skipped are never held.
const maxFrame = 256 << 10

// readSize is how much is read from the file at once.
const readSize = 256 << 10

// Open recognises pcap and pcapng, plain or gzip, by their first bytes. name is for messages. An empty stream or
// one of another kind is fault.Invalid.
func Open(r io.Reader, name string) (Source, error) {
	br := bufio.NewReaderSize(r, readSize)
	if head, _ := br.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		gz, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("%s: not a readable gzip file (%v); fetch it again: %w", name, err, fault.Invalid)
		}
		br = bufio.NewReaderSize(gz, readSize)
	}
	head, err := br.Peek(4)
	if len(head) < 4 {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: cannot be read at byte 0 (%v): %w", name, err, fault.Invalid)
		}
		return nil, fmt.Errorf("%s: the file has %d bytes, too few for a capture; record it again: %w", name, len(head), fault.Invalid)
	}
	in := &input{r: br, name: name}
	switch le, be := binary.LittleEndian.Uint32(head), binary.BigEndian.Uint32(head); {
	case le == blockSection:
		return &pcapng{input: in}, nil
	case isPcapMagic(le):
		return newPcap(in, binary.LittleEndian, le)
	case isPcapMagic(be):
		return newPcap(in, binary.BigEndian, be)
	}
	return nil, fmt.Errorf("%s: byte 0: % x is neither pcap nor pcapng; save the capture as pcap or pcapng (editcap -F pcap): %w", name, head, fault.Invalid)
}

// input counts bytes and frames, so that damage can be located.
type input struct {
	r      *bufio.Reader
	name   string
	offset int64 // of the next byte, after decompression
	frames uint64
	buf    []byte
}

// take returns the next n bytes, valid until the next call. At the end of the input it returns io.EOF when nothing
// was left and io.ErrUnexpectedEOF when some of it was.
func (in *input) take(n int) ([]byte, error) {
	if n <= in.r.Size() {
		b, err := in.r.Peek(n)
		if len(b) < n {
			return b, in.short(len(b), err)
		}
		in.r.Discard(n)
		in.offset += int64(n)
		return b, nil
	}
	if cap(in.buf) < n {
		in.buf = make([]byte, n)
	}
	b := in.buf[:n]
	got, err := io.ReadFull(in.r, b)
	in.offset += int64(got)
	if err != nil {
		return b[:got], in.short(got, err)
	}
	return b, nil
}

func (in *input) short(got int, err error) error {
	if err != nil && !errors.Is(err, io.EOF) { // a gzip stream that is cut says io.ErrUnexpectedEOF between frames too
		return err
	}
	if got == 0 {
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// skip passes n bytes without holding them.
func (in *input) skip(n int64) error {
	for n > 0 {
		got, err := in.r.Discard(int(min(n, 1<<30)))
		in.offset += int64(got)
		n -= int64(got)
		if err != nil {
			return in.short(got+1, err)
		}
	}
	return nil
}

// broken is the one message for damage: where, after how many frames, what, and the mend.
func (in *input) broken(offset int64, what, mend string) error {
	return fmt.Errorf("%s: byte %d, after frame %d: %s; %s: %w", in.name, offset, in.frames, what, mend, fault.Invalid)
}

const mendCut = "what came before is read; copy the capture again or stop the recording before copying"

// readError words what take or skip returned.
func (in *input) readError(offset int64, what string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return in.broken(offset, "the file ends inside "+what, mendCut)
	}
	return in.broken(offset, fmt.Sprintf("%s cannot be read (%v)", what, err), mendCut)
}

// Magic numbers of pcap (draft-ietf-opsawg-pcap, and libpcap's sf-pcap.c for the rest).
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's: eight more bytes per frame
)

func isPcapMagic(m uint32) bool { return m == magicMicro || m == magicNano || m == magicModified }

type pcap struct {
	*input
	order binary.ByteOrder
	unit  int64 // nanoseconds per unit of the fraction
	extra int
	link  LinkType
}

func newPcap(in *input, order binary.ByteOrder, magic uint32) (Source, error) {
	head, err := in.take(24)
	if err != nil {
		return nil, in.readError(0, "the file header", err)
	}
	s := &pcap{input: in, order: order, unit: 1000, link: LinkType(order.Uint32(head[20:]) & 0x0fffffff)}
	switch magic {
	case magicNano:
		s.unit = 1
	case magicModified:
		s.extra = 8
	}
	return s, nil
}

// Run delivers every frame of a pcap file. A length that cannot be is damage: there is no telling where the next
// frame begins, so that reading ends there with an error.
func (s *pcap) Run(ctx context.Context, deliver func(Frame)) (uint64, error) {
	for {
		if s.frames&0xff == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		start := s.offset
		head, err := s.take(16 + s.extra)
		if err == io.EOF {
			return 0, nil
		}
		if err != nil {
			return 0, s.readError(start, "a frame header", err)
		}
		sec, frac := s.order.Uint32(head), s.order.Uint32(head[4:])
		size, length := s.order.Uint32(head[8:]), s.order.Uint32(head[12:])
		if size > maxFrame {
			return 0, s.broken(start, fmt.Sprintf("a frame of %d bytes is not possible", size),
				"the file is damaged from here; what came before is read; copy the capture again")
		}
		data, err := s.take(int(size))
		if err != nil && size > 0 {
			return 0, s.readError(start, fmt.Sprintf("frame %d", s.frames+1), err)
		}
		s.frames++
		deliver(Frame{At: time.Unix(int64(sec), int64(frac)*s.unit).UTC(), Link: s.link, Number: s.frames, Length: int(length), Data: data})
	}
}
