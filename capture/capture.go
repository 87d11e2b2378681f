// Package capture yields frames from a capture file, a stream or an interface. It decides how
// bytes on disk or on a wire become frames with a time and a link type; what is inside a frame is protocol's to say.
package capture

import (
	"context"
	"time"
)

// LinkType is a pcap link-layer type number (https://www.tcpdump.org/linktypes.html).
type LinkType uint32

// The link types that protocol can peel.
const (
	LinkNull     LinkType = 0
	LinkEthernet LinkType = 1
	LinkRaw      LinkType = 101
	LinkLoop     LinkType = 108
	LinkSLL      LinkType = 113
	LinkIPv4     LinkType = 228
	LinkIPv6     LinkType = 229
	LinkSLL2     LinkType = 276
)

// Frame is one captured frame. Data is valid only during the call that delivers it.
type Frame struct {
	At     time.Time
	Link   LinkType
	Number uint64 // from 1
	Length int    // on the wire; more than len(Data) when the capture cut it
	Data   []byte
}

// Source delivers frames; the slice is valid only during the call; a source never waits for the receiver.
type Source interface {
	Run(ctx context.Context, deliver func(Frame)) (dropped uint64, err error)
}
