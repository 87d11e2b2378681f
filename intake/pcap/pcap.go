// Package pcap reads capture files into records: one record a host on the wire. It decides that a damaged capture
// yields what could be read before the damage; what a frame or a protocol means is left to capture and protocol,
// and which device a host is to inventory.
package pcap

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"

	"pons/capture"
	"pons/fact"
	"pons/protocol"
	"pons/protocol/all"
)

// magics begin capture files: pcap of both byte orders in micro- and nanoseconds, and pcapng.
var magics = [][]byte{{0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0xc3, 0xd4}, {0x4d, 0x3c, 0xb2, 0xa1}, {0xa1, 0xb2, 0x3c, 0x4d}, {0x0a, 0x0d, 0x0d, 0x0a}}

// gzipMagic begins a compressed file; capture opens it.
var gzipMagic = []byte{0x1f, 0x8b}

// Sniff says from the first bytes (4 KiB are enough) whether a file is a capture, compressed or not.
func Sniff(head []byte) bool {
	if bytes.HasPrefix(head, gzipMagic) {
		unpacked := make([]byte, 4)
		z, err := gzip.NewReader(bytes.NewReader(head))
		if err == nil {
			_, err = io.ReadFull(z, unpacked)
		}
		if err != nil {
			return true // too little to tell; the reader says what is wrong
		}
		head = unpacked
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, m) {
			return true
		}
	}
	return false
}

// Result is what a capture said.
type Result struct {
	Records []fact.Record // one a host, in stable order
	Traffic []protocol.Traffic
	Count   protocol.Counters
	Bytes   int64 // read from the file
}

// Options say how a capture is read. What the records say does not depend on them.
type Options struct {
	Workers  int         // goroutines that read conversations; default 1
	Progress func(State) // told now and then, by the goroutine that reads; may be nil
	Frugal   bool        // leaves the traffic out of the result
}

// State is how far the reading of a capture is.
type State struct {
	Bytes  int64 // of the file
	Frames uint64
	Hosts  int // pairs of addresses that were seen, about as many as devices
}

// Read reads a capture to its end. With an error that wraps fault.Invalid the result holds what could be read
// before the damage. progress, when not nil, is told now and then how many bytes have been read.
func Read(ctx context.Context, r io.Reader, name string, progress func(bytes int64)) (Result, error) {
	var o Options
	if progress != nil {
		o.Progress = func(s State) { progress(s.Bytes) }
	}
	return ReadWith(ctx, r, name, o)
}

// ReadWith is Read with options. What was read before ctx ended is in the result beside its error.
func ReadWith(ctx context.Context, r io.Reader, name string, o Options) (Result, error) {
	count := &counter{r: r}
	src, err := capture.Open(count, name)
	if err != nil {
		return Result{}, err
	}
	bounds := protocol.Options{Workers: o.Workers}
	if o.Frugal {
		bounds.MaxTraffic = -1
	}
	engine := protocol.NewEngine(all.Parsers(), bounds)
	told := int64(0)
	_, err = src.Run(ctx, func(f capture.Frame) {
		engine.Frame(f.At, uint32(f.Link), f.Number, f.Data)
		if o.Progress != nil && count.n-told >= tellEvery {
			told = count.n
			o.Progress(State{Bytes: count.n, Frames: f.Number, Hosts: engine.Hosts()})
		}
	})
	got := Result{Records: engine.Finish(), Traffic: engine.Traffic(), Count: engine.Counters(), Bytes: count.n}
	for i := range got.Records {
		got.Records[i].File = name
	}
	return got, err
}

// counter counts what goes by.
type counter struct {
	r io.Reader
	n int64
}

const tellEvery = 1 << 20

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
