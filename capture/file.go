package capture

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
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
	in := &input{r: r, name: name}
	head, err := in.peek(4)
	if len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b {
		gz, bad := gzip.NewReader(bufio.NewReaderSize(io.MultiReader(bytes.NewReader(in.buf[in.at:in.end]), r), readSize))
		if bad != nil {
			return nil, fmt.Errorf("%s: not a readable gzip file (%v); fetch it again: %w", name, bad, fault.Invalid)
		}
		in = &input{r: gz, name: name}
		head, err = in.peek(4)
	}
	if len(head) < 4 {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: cannot be read at byte 0 (%v): %w", name, err, fault.Invalid)
		}
		return nil, fmt.Errorf("%s: the file has %d bytes, too few for a capture; record it again: %w", name, len(head), fault.Invalid)
	}
	switch le, be := binary.LittleEndian.Uint32(head), binary.BigEndian.Uint32(head); {
	case le == blockSection:
		return &pcapng{input: in}, nil
	case isPcapMagic(le):
		return newPcap(in, false, le)
	case isPcapMagic(be):
		return newPcap(in, true, be)
	}
	return nil, fmt.Errorf("%s: byte 0: % x is neither pcap nor pcapng; save the capture as pcap or pcapng (editcap -F pcap): %w", name, head, fault.Invalid)
}

// input counts bytes and frames, so that damage can be located. It has a buffer of its own, because two looks into a
// bufio.Reader for each frame are dearer than the frame's headers.
type input struct {
	r       io.Reader
	name    string
	offset  int64 // of the next byte, after decompression
	frames  uint64
	buf     []byte
	at, end int // what has been read and not taken
}

// take returns the next n bytes, valid until the next call. At the end of the input it returns io.EOF when nothing
// was left and io.ErrUnexpectedEOF when some of it was.
func (in *input) take(n int) ([]byte, error) {
	if in.end-in.at < n {
		if err := in.fill(n); err != nil {
			return in.buf[in.at:in.end], in.short(in.end-in.at, err)
		}
	}
	b := in.buf[in.at : in.at+n : in.at+n]
	in.at += n
	in.offset += int64(n)
	return b, nil
}

// peek returns the next n bytes without taking them, or what there is of them and why.
func (in *input) peek(n int) ([]byte, error) {
	err := in.fill(n)
	return in.buf[in.at:min(in.at+n, in.end)], err
}

// fill reads until n bytes are there.
func (in *input) fill(n int) error {
	if in.at > 0 || len(in.buf) < n {
		to := in.buf
		if len(to) < n {
			to = make([]byte, max(n, readSize))
		}
		in.at, in.end = 0, copy(to, in.buf[in.at:in.end])
		in.buf = to
	}
	for idle := 0; in.end-in.at < n; {
		got, err := in.r.Read(in.buf[in.end:])
		in.end += got
		if in.end-in.at >= n {
			return nil
		}
		if err != nil {
			return err
		}
		if idle++; got > 0 {
			idle = 0
		}
		if idle > 100 { // as bufio
			return io.ErrNoProgress
		}
	}
	return nil
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
		if in.at == in.end {
			in.at, in.end = 0, 0
			if err := in.fill(1); err != nil {
				return in.short(1, err)
			}
		}
		got := int(min(n, int64(in.end-in.at)))
		in.at += got
		in.offset += int64(got)
		n -= int64(got)
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
	swap  bool  // the file is big-endian
	unit  int64 // nanoseconds per unit of the fraction
	extra int
	link  LinkType
}

// word reads four bytes in the file's order.
func (s *pcap) word(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if s.swap {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func newPcap(in *input, swap bool, magic uint32) (Source, error) {
	head, err := in.take(24)
	if err != nil {
		return nil, in.readError(0, "the file header", err)
	}
	s := &pcap{input: in, swap: swap, unit: 1000}
	s.link = LinkType(s.word(head[20:]) & 0x0fffffff)
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
		sec, frac := s.word(head), s.word(head[4:])
		size, length := s.word(head[8:]), s.word(head[12:])
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
