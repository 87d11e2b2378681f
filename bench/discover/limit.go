package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// limitKey is a conversation, its lesser end first.
type limitKey struct {
	a, b         [16]byte
	aPort, bPort uint16
	proto        byte
}

type limitFlow struct {
	packets, bytes uint64
	first, last    uint64
}

// limit is the least that any tool must do: read the file, decode headers, keep a table of conversations. Nothing of
// Pons is in it.
func limit(path string) error {
	packets, flows, err := limitLoop(path)
	fmt.Println(packets, "packets,", flows, "flows")
	return err
}

func limitLoop(path string) (packets, conversations int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	if _, err := r.Discard(24); err != nil {
		return 0, 0, err
	}
	flows := map[limitKey]*limitFlow{}
	for {
		head, err := r.Peek(16)
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, 0, err
		}
		at := uint64(binary.LittleEndian.Uint32(head))*1e9 + uint64(binary.LittleEndian.Uint32(head[4:]))
		size := int(binary.LittleEndian.Uint32(head[8:]))
		b, err := r.Peek(16 + size)
		if err != nil {
			return 0, 0, err
		}
		packets++
		if k, ok := limitDecode(b[16:]); ok {
			fl := flows[k]
			if fl == nil {
				fl = &limitFlow{first: at}
				flows[k] = fl
			}
			fl.packets++
			fl.bytes += uint64(size)
			fl.last = at
		}
		if _, err := r.Discard(16 + size); err != nil {
			return 0, 0, err
		}
	}
	return packets, len(flows), nil
}

func limitDecode(b []byte) (k limitKey, ok bool) {
	if len(b) < 34 {
		return k, false
	}
	kind, at := binary.BigEndian.Uint16(b[12:]), 14
	for kind == 0x8100 && len(b) >= at+4+20 {
		kind, at = binary.BigEndian.Uint16(b[at+2:]), at+4
	}
	l4 := 0
	switch {
	case kind == 0x0800 && len(b) >= at+20:
		copy(k.a[12:], b[at+12:at+16])
		copy(k.b[12:], b[at+16:at+20])
		k.proto, l4 = b[at+9], at+int(b[at]&15)*4
		if binary.BigEndian.Uint16(b[at+6:])&0x1fff != 0 {
			return k, false
		}
	case kind == 0x86dd && len(b) >= at+40:
		copy(k.a[:], b[at+8:at+24])
		copy(k.b[:], b[at+24:at+40])
		k.proto, l4 = b[at+6], at+40
	default:
		return k, false
	}
	if k.proto != 6 && k.proto != 17 || len(b) < l4+8 {
		return k, false
	}
	k.aPort, k.bPort = binary.BigEndian.Uint16(b[l4:]), binary.BigEndian.Uint16(b[l4+2:])
	if hi, ho := binary.BigEndian.Uint64(k.a[8:]), binary.BigEndian.Uint64(k.b[8:]); hi > ho || hi == ho && k.aPort > k.bPort {
		k.a, k.b, k.aPort, k.bPort = k.b, k.a, k.bPort, k.aPort
	}
	return k, true
}
