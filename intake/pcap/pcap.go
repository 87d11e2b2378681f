// Package pcap reads capture files into records: one record a host on the wire. It decides that a damaged capture
// yields what could be read before the damage; what a frame or a protocol means is left to capture and protocol,
// and which device a host is to inventory.
package pcap

import (
	"bufio"
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

// Read reads a capture to its end. With an error that wraps fault.Invalid the result holds what could be read
// before the damage. progress, when not nil, is told now and then how many bytes have been read.
func Read(ctx context.Context, r io.Reader, name string, progress func(bytes int64)) (Result, error) {
	count := &counter{r: r, tell: progress}
	src, err := capture.Open(bufio.NewReaderSize(count, 1<<18), name)
	if err != nil {
		return Result{}, err
	}
	engine := protocol.NewEngine(all.Parsers(), protocol.Options{})
	_, err = src.Run(ctx, func(f capture.Frame) { engine.Frame(f.At, uint32(f.Link), f.Number, f.Data) })
	records := engine.Finish()
	for i := range records {
		records[i].File = name
	}
	return Result{Records: records, Traffic: engine.Traffic(), Count: engine.Counters(), Bytes: count.n}, err
}

// counter counts what goes by.
type counter struct {
	r    io.Reader
	n    int64
	told int64
	tell func(int64)
}

const tellEvery = 1 << 20

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.tell != nil && c.n-c.told >= tellEvery {
		c.told = c.n
		c.tell(c.n)
	}
	return n, err
}
