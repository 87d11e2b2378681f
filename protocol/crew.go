package protocol

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// batchFrames and batchBytes bound what the workers are given at once: large enough that handing over costs nothing
// beside reading, small enough to stay in the processor's cache.
const (
	batchFrames = 1024
	batchBytes  = 512 << 10
	batches     = 8
)

// crew hands frames to several workers.
type crew struct {
	workers []*worker
	in      []chan job
	spare   chan *batch
	filling *batch
	done    sync.WaitGroup
	hosts   atomic.Int64 // of all workers together, at their last batches
}

// job is a batch to read, or something to do between two batches.
type job struct {
	batch *batch
	do    func(*worker)
	done  *sync.WaitGroup
}

// batch is some frames with their bytes.
type batch struct {
	frames  []batched
	data    []byte
	readers atomic.Int32
}

type batched struct {
	nano, clock int64
	number      uint64
	link        uint32
	from, to    int32 // in data
	owner       int32 // the worker, -1 for all
}

func newCrew(workers []*worker) *crew {
	c := &crew{workers: workers, spare: make(chan *batch, batches)}
	for range batches {
		c.spare <- &batch{}
	}
	for _, w := range workers {
		in := make(chan job, batches)
		c.in = append(c.in, in)
		c.done.Add(1)
		go c.work(w, in)
	}
	return c
}

// work is a worker's day.
func (c *crew) work(w *worker, in chan job) {
	defer c.done.Done()
	for j := range in {
		if j.do != nil {
			j.do(w)
			j.done.Done()
			continue
		}
		b := j.batch
		known := w.hosts.pairs.used
		for i := range b.frames {
			switch f := &b.frames[i]; f.owner {
			case int32(w.index):
				w.readOwn(f.nano, f.clock, f.link, f.number, b.data[f.from:f.to])
			case -1:
				w.read(f.nano, f.clock, f.link, f.number, b.data[f.from:f.to])
			}
		}
		c.hosts.Add(int64(w.hosts.pairs.used - known))
		if b.readers.Add(-1) == 0 {
			c.spare <- b
		}
	}
}

// readOwn reads a frame that nobody else gets.
func (w *worker) readOwn(nano, clock int64, link uint32, number uint64, data []byte) {
	w.p = packet{nano: nano, clock: clock, frame: number, packets: 1, size: uint64(len(data))}
	w.counts = true
	w.link(link, data)
}

// frame adds a frame to the batch that is being filled.
func (c *crew) frame(nano, clock int64, link uint32, number uint64, data []byte) {
	b := c.filling
	if b != nil && (len(b.frames) >= batchFrames || len(b.data)+len(data) > batchBytes) {
		c.send()
		b = nil
	}
	if b == nil {
		b = <-c.spare
		b.frames, b.data = b.frames[:0], b.data[:0]
		c.filling = b
	}
	from := len(b.data)
	b.data = append(b.data, data...)
	b.frames = append(b.frames, batched{nano, clock, number, link, int32(from), int32(len(b.data)), owner(link, data, len(c.workers))})
}

// send gives the batch to the workers.
func (c *crew) send() {
	b := c.filling
	if b == nil {
		return
	}
	c.filling = nil
	b.readers.Store(int32(len(c.workers)))
	for _, in := range c.in {
		in <- job{batch: b}
	}
}

// do has every worker do something behind all frames, and waits for it.
func (c *crew) do(f func(*worker)) {
	c.send()
	var done sync.WaitGroup
	done.Add(len(c.in))
	for _, in := range c.in {
		in <- job{do: f, done: &done}
	}
	done.Wait()
}

func (c *crew) sync() { c.do(func(*worker) {}) }

func (c *crew) stop() {
	for _, in := range c.in {
		close(in)
	}
	c.done.Wait()
}

// owner is the worker that follows a frame where a look at its headers tells: TCP and UDP of known hosts in plain
// Ethernet, which is nearly all there is. Everything else goes to all.
func owner(link uint32, b []byte, workers int) int32 {
	if link != 1 || len(b) < 14+20+8 {
		return -1
	}
	at, kind := 14, binary.BigEndian.Uint16(b[12:])
	if kind == etherVLAN {
		at, kind = 18, binary.BigEndian.Uint16(b[16:])
	}
	var from, to addr
	ports := 0
	switch ip := b[at:]; {
	case kind == etherIPv4 && ip[0] == 0x45 && len(ip) >= 28 && binary.BigEndian.Uint16(ip[6:])&0x3fff == 0:
		if ip[9] != ipTCP && ip[9] != ipUDP {
			return -1
		}
		from, to = addr4(ip[12:]), addr4(ip[16:])
		if ip[9] == ipUDP {
			ports = at + 20
		}
	case kind == etherIPv6 && len(ip) >= 48 && ip[0]>>4 == 6 && (ip[6] == ipTCP || ip[6] == ipUDP):
		from, to = addr6(ip[8:]), addr6(ip[24:])
		if ip[6] == ipUDP {
			ports = at + 40
		}
	default:
		return -1
	}
	if !from.host() || ports > 0 && tunnelPort(binary.BigEndian.Uint16(b[ports:]), binary.BigEndian.Uint16(b[ports+2:])) {
		return -1
	}
	return int32(share(from, to, workers))
}
