package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pons/capture"
)

// maxGap is how long a capture may pause in the mix: captures of hours and of seconds are to run side by side.
const maxGap = 500 * time.Millisecond

// lean captures are left out: long series of tiny polls in a handful of conversations, of which one capture alone has
// as many packets as fifty others. What stays has about the packets and conversations of the mix that was timed first
// (825,000 packets, 48,600 flows).
const (
	leanPackets = 100 // a conversation
	leanBytes   = 95  // a packet
	harshBytes  = 75
)

// newcomers is how many captures share a round in which theirs are other hosts: one in forty, so that thirteen rounds
// have a third as many hosts again as one.
const newcomers = 40

// frame is one frame of a shared capture; at counts from the capture's beginning.
type frame struct {
	at      time.Duration
	capture int
	client  int8 // who opened its conversation: 1 the sender, 2 the receiver, 0 where it has no ports of its own
	data    []byte
}

// mix is all shared Ethernet captures, side by side. Repeated, it is a hospital's: the same hosts hold new conversations,
// and a few hosts are new. A harsh one has other hosts every time.
type mix struct {
	harsh    bool
	frames   []frame // in the order of time
	bytes    int64
	flows    int
	captures int
}

// flowOf is the two ends of a TCP or UDP packet, in order, and the sender; ok is false for all else.
func flowOf(b []byte) (key [37]byte, sender []byte, ok bool) {
	at, kind := 14, uint16(0)
	if len(b) < 34 {
		return key, nil, false
	}
	if kind = binary.BigEndian.Uint16(b[12:]); kind == 0x8100 {
		at, kind = 18, binary.BigEndian.Uint16(b[16:])
	}
	var src, dst []byte
	var proto byte
	l4 := 0
	switch {
	case kind == 0x0800 && len(b) >= at+20 && binary.BigEndian.Uint16(b[at+6:])&0x1fff == 0:
		src, dst, proto, l4 = b[at+12:at+16], b[at+16:at+20], b[at+9], at+int(b[at]&15)*4
	case kind == 0x86dd && len(b) >= at+40:
		src, dst, proto, l4 = b[at+8:at+24], b[at+24:at+40], b[at+6], at+40
	}
	if proto != 6 && proto != 17 || len(b) < l4+8 {
		return key, nil, false
	}
	from, to := append(slices.Clone(src), b[l4:l4+2]...), append(slices.Clone(dst), b[l4+2:l4+4]...)
	sender = from
	if bytes.Compare(from, to) > 0 {
		from, to = to, from
	}
	key[0] = proto
	copy(key[1:], from)
	copy(key[19:], to)
	return key, sender, true
}

// load reads the shared captures.
func load(folder string, harsh bool) (*mix, error) {
	var paths []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.HasSuffix(path, ".pcap") || strings.HasSuffix(path, ".pcapng") || strings.HasSuffix(path, ".cap")) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	m := &mix{harsh: harsh}
	for _, path := range paths {
		if err := m.add(path); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(m.frames, func(a, b frame) int { return cmp.Compare(a.at, b.at) })
	return m, nil
}

// add adds one capture; damaged ones as far as they go.
func (m *mix) add(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	src, err := capture.Open(f, path)
	if err != nil {
		return nil // not a capture that can be mixed
	}
	var frames []frame
	var at time.Duration
	var before time.Time
	size, other := 0, false
	flows := map[[37]byte][]byte{} // and the end that opened it
	_, _ = src.Run(context.Background(), func(f capture.Frame) {
		other = other || f.Link != capture.LinkEthernet || f.Length > 65535
		if gap := f.At.Sub(before); !before.IsZero() && gap > 0 {
			at += min(gap, maxGap)
		}
		before = f.At
		fr := frame{at: at, capture: m.captures, data: bytes.Clone(f.Data)}
		size += len(f.Data)
		if k, from, ok := flowOf(fr.data); ok {
			if flows[k] == nil {
				flows[k] = from
			}
			if fr.client = 2; bytes.Equal(flows[k], from) {
				fr.client = 1
			}
		}
		frames = append(frames, fr)
	})
	n, lean := len(frames), leanBytes
	if m.harsh {
		lean = harshBytes
	}
	if other || n == 0 || n > 500 && n > leanPackets*max(len(flows), 1) && size < lean*n {
		return nil
	}
	m.frames = append(m.frames, frames...)
	m.bytes += int64(size)
	m.flows += len(flows)
	m.captures++
	return nil
}

// write writes the mix again and again until the file has the size.
func (m *mix) write(path string, size int64) (rounds int, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	w := capture.NewWriter(out, capture.LinkEthernet)
	begin := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	var buf []byte
	for written := int64(24); written < size; rounds++ {
		for _, fr := range m.frames {
			buf = append(buf[:0], fr.data...)
			if m.harsh || (fr.capture+rounds)%newcomers == 0 {
				shift(buf, byte(rounds))
			} else {
				again(buf, fr.client, uint16(37*rounds+5*fr.capture)&0x1ff)
			}
			if err := w.Write(capture.Frame{At: begin.Add(fr.at), Data: buf}); err != nil {
				return 0, err
			}
			if written += 16 + int64(len(buf)); written >= size {
				break
			}
		}
		begin = begin.Add(m.frames[len(m.frames)-1].at + time.Second)
	}
	if err := out.Flush(); err != nil {
		return 0, err
	}
	return rounds, f.Close()
}

// shift gives the hosts of a frame the addresses of a round, and mends the checksums.
func shift(b []byte, round byte) {
	if round == 0 || len(b) < 14 {
		return
	}
	for _, at := range []int{0, 6} {
		if b[at]&1 == 0 {
			b[at+4] ^= round
		}
	}
	at, kind := 14, binary.BigEndian.Uint16(b[12:])
	for kind == 0x8100 && len(b) >= at+4 {
		kind, at = binary.BigEndian.Uint16(b[at+2:]), at+4
	}
	switch {
	case kind == 0x0806 && len(b) >= at+28:
		for _, a := range []int{at + 8, at + 18} {
			b[a+4] ^= round
			shift4(b[a+6:a+10], round)
		}
	case kind == 0x0800 && len(b) >= at+20:
		var sum change
		sum.shift(b[at+12:at+16], round, shift4)
		sum.shift(b[at+16:at+20], round, shift4)
		sum.mend(b, at+10)
		if head := at + int(b[at]&15)*4; binary.BigEndian.Uint16(b[at+6:])&0x1fff == 0 {
			sum.transport(b, head, b[at+9])
		}
	case kind == 0x86dd && len(b) >= at+40:
		var sum change
		sum.shift(b[at+8:at+24], round, shift6)
		sum.shift(b[at+24:at+40], round, shift6)
		sum.transport(b, at+40, b[at+6])
	}
}

// again gives the client of a conversation another port, and mends the checksum. Ports that are their service's on both
// sides stay (mDNS, NetBIOS), and those of clients that speak from a service's. other is below 512, so that a port stays
// on its side of 1024 and of 32768; captures have others of their own, for some hold the same conversation.
func again(b []byte, client int8, other uint16) {
	if client == 0 || other == 0 {
		return
	}
	at, kind := 14, binary.BigEndian.Uint16(b[12:])
	if kind == 0x8100 {
		at, kind = 18, binary.BigEndian.Uint16(b[16:])
	}
	proto, ports := b[at+9], at+int(b[at]&15)*4
	if kind == 0x86dd {
		proto, ports = b[at+6], at+40
	}
	head, mine, theirs := ports, binary.BigEndian.Uint16(b[ports:]), binary.BigEndian.Uint16(b[ports+2:])
	if client == 2 {
		mine, theirs, ports = theirs, mine, ports+2
	}
	if mine == theirs || mine < 1024 {
		return
	}
	binary.BigEndian.PutUint16(b[ports:], mine^other)
	sum := change(^mine) + change(mine^other)
	sum.transport(b, head, proto)
}

// shift4 changes an address inside its kind: private stays private, groups and nobody stay what they are.
func shift4(a []byte, round byte) {
	switch {
	case a[0] == 0 || a[0] == 127 || a[0] >= 224:
	case a[0] == 192 && a[1] == 168:
		a[2] ^= round
	case a[0] == 172 && a[1]>>4 == 1, a[0] == 169 && a[1] == 254:
		a[2] ^= round
	default:
		a[1] ^= round
	}
}

func shift6(a []byte, round byte) {
	if a[0] != 0xff && (a[0] != 0 || a[15] > 1) {
		a[13] ^= round
	}
}

// change is by how much a checksum is to change (RFC 1624).
type change uint32

func (c *change) shift(a []byte, round byte, how func([]byte, byte)) {
	for i := 0; i < len(a); i += 2 {
		*c += change(^binary.BigEndian.Uint16(a[i:]))
	}
	how(a, round)
	for i := 0; i < len(a); i += 2 {
		*c += change(binary.BigEndian.Uint16(a[i:]))
	}
}

func (c change) mend(b []byte, at int) {
	if at+2 > len(b) {
		return
	}
	sum := uint32(^binary.BigEndian.Uint16(b[at:])) + uint32(c)
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	binary.BigEndian.PutUint16(b[at:], ^uint16(sum))
}

func (c change) transport(b []byte, at int, proto byte) {
	switch proto {
	case 6:
		c.mend(b, at+16)
	case 17:
		if at+8 <= len(b) && b[at+6]|b[at+7] != 0 {
			c.mend(b, at+6)
		}
	}
}

func (m *mix) String() string {
	return fmt.Sprintf("%d captures: %d packets, %d bytes, %d flows", m.captures, len(m.frames), m.bytes, m.flows)
}
