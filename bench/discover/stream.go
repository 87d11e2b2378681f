package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"pons/protocol"
	"pons/protocol/all"
)

// stream gives the engine so many packets of so many conversations that all live on, and prints the peak of memory:
// it must follow the conversations and the hosts, not the packets.
func stream(packets, flows int) error {
	e := protocol.NewEngine(all.Parsers(), protocol.Options{})
	request := []byte("GET /status HTTP/1.1\r\nHost: pump.hospital\r\nUser-Agent: pump/1\r\n\r\n")
	frame := make([]byte, 14+20+20+len(request))
	copy(frame, "\x00\x09\xfb\x00\x00\x01\x00\x12\x21\x00\x00\x00\x08\x00\x45\x00")
	binary.BigEndian.PutUint16(frame[16:], uint16(len(frame)-14))
	frame[22], frame[23], frame[46] = 64, 6, 0x50
	copy(frame[54:], request)
	begin := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	start := spent()
	for i := range packets {
		flow, round := i%flows, i/flows
		host := uint32(flow % 50_000)
		binary.BigEndian.PutUint32(frame[8:], 0x21000000|host) // the maker's prefix goes on into the MAC
		binary.BigEndian.PutUint32(frame[26:], 10<<24|host+1)
		binary.BigEndian.PutUint32(frame[30:], 10<<24|200<<16|uint32(flow%97))
		binary.BigEndian.PutUint16(frame[34:], uint16(40_000+flow/50_000))
		binary.BigEndian.PutUint16(frame[36:], 80)
		binary.BigEndian.PutUint32(frame[38:], uint32(round*len(request)+1))
		frame[47] = 0x10
		e.Frame(begin.Add(time.Duration(i)*time.Microsecond), 1, uint64(i+1), frame)
	}
	took := spent() - start
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	c := e.Counters()
	fmt.Printf("%d packets, %d conversations: %.0f packets/s of processor, peak of the process %s, heap from the system %.0f MB\n",
		c.Frames, c.Conversations, float64(packets)/took.Seconds(), peak(), float64(m.HeapSys)/1e6)
	return nil
}

// peak is the largest resident size so far, as Linux counts it.
func peak() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return fmt.Sprintf("%.0f MB", float64(n)*1024/1e6)
		}
	}
	return "unknown"
}
