package capture

import (
	"fmt"
	"sync/atomic"

	"pons/fault"
)

// LiveOptions say how interfaces are listened to. The zero value is what a mirror port wants.
type LiveOptions struct {
	// RingBytes is the kernel's buffer of each interface, in memory that is not swapped: DefaultRing when zero, rounded up
	// to whole blocks of a mebibyte, at most MaxRing. It is what bridges the moments in which the receiver is busy.
	RingBytes int
	// Own listens without promiscuous mode: only to what is sent to this computer, and to groups.
	Own bool
}

const (
	// DefaultRing holds half a second of a full gigabit (125 MB/s): longer than a harvest of ten thousand hosts takes.
	DefaultRing = 64 << 20
	// MaxRing bounds what a slip of the keyboard can ask of the kernel.
	MaxRing = 4 << 30

	ringBlock = 1 << 20
)

func (o LiveOptions) blocks() (int, error) {
	if o.RingBytes == 0 {
		o.RingBytes = DefaultRing
	}
	if o.RingBytes < 2*ringBlock || o.RingBytes > MaxRing {
		return 0, fmt.Errorf("a ring of %d bytes: between 2 MiB and 4 GiB are possible: %w", o.RingBytes, fault.Invalid)
	}
	return (o.RingBytes + ringBlock - 1) / ringBlock, nil
}

// Interface is one interface that is listened to: a Source whose Run ends with its context, or with an error when the
// interface goes away. Count may be asked at any time; Close belongs after Run.
type Interface struct {
	Name string
	Link LinkType

	live
	frames, bytes, dropped atomic.Uint64
}

// Counts are since the interface was opened. Frames that the kernel dropped for lack of room are not among Frames.
type Counts struct{ Frames, Bytes, Dropped uint64 }

// Count says what went by so far. What the kernel dropped is asked of it about once a second while Run runs.
func (i *Interface) Count() Counts {
	return Counts{Frames: i.frames.Load(), Bytes: i.bytes.Load(), Dropped: i.dropped.Load()}
}

// Live opens interfaces for listening: all of them, or none and an error. It wants the right to open raw sockets (root, or
// the capability CAP_NET_RAW); once it has returned, DropPrivileges can take that right away.
func Live(names []string, o LiveOptions) ([]*Interface, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("no interface is named: %w", fault.Invalid)
	}
	blocks, err := o.blocks()
	if err != nil {
		return nil, err
	}
	var out []*Interface
	for _, name := range names {
		i := &Interface{Name: name}
		if err = i.open(blocks, !o.Own); err != nil {
			err = fmt.Errorf("interface %s: %w", name, err)
			break
		}
		out = append(out, i)
	}
	if err != nil {
		for _, i := range out {
			i.Close()
		}
		return nil, err
	}
	return out, nil
}
