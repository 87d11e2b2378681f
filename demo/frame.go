package demo

import (
	"bufio"
	"encoding/binary"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"pons/capture"
)

// nic is one end of a conversation as its segment sees it.
type nic struct {
	mac [6]byte
	ip  netip.Addr
}

var broadcast = [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func macBytes(mac string) (b [6]byte) {
	for i, p := range strings.SplitN(mac, ":", 6) {
		n, _ := strconv.ParseUint(p, 16, 8)
		b[i] = byte(n)
	}
	return b
}

type frame struct {
	at   time.Time
	data []byte
}

// traffic collects the frames of one span port.
type traffic struct {
	hosts  []*device
	frames []frame
	vlan   uint16 // 0: untagged
	ident  uint16
}

// write gives the frames in order of time as a capture file of Ethernet.
func (t *traffic) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	file := capture.NewWriter(b, capture.LinkEthernet)
	for i, f := range sortedBy(t.frames, func(a, b frame) bool { return a.at.Before(b.at) }) {
		if err := file.Write(capture.Frame{At: f.at, Link: capture.LinkEthernet, Number: uint64(i + 1), Length: len(f.data), Data: f.data}); err != nil {
			return err
		}
	}
	if err := file.Flush(); err != nil {
		return err
	}
	return b.Flush()
}

// ethernet adds one frame; frames shorter than the least length are padded. kind below 1536 makes it an IEEE
// 802.3 frame whose length field is that of the payload.
func (t *traffic) ethernet(at time.Time, src, dst [6]byte, kind uint16, payload []byte) {
	b := append(append([]byte{}, dst[:]...), src[:]...)
	if t.vlan != 0 && kind >= 1536 {
		b = binary.BigEndian.AppendUint16(b, 0x8100)
		b = binary.BigEndian.AppendUint16(b, t.vlan)
	}
	if kind < 1536 {
		kind = uint16(len(payload))
	}
	b = append(binary.BigEndian.AppendUint16(b, kind), payload...)
	for len(b) < 60 {
		b = append(b, 0)
	}
	t.frames = append(t.frames, frame{at, b})
}

// ipv4 wraps a transport segment whose checksum field is at offset sum.
func (t *traffic) ipv4(at time.Time, from, to nic, proto byte, segment []byte, sum int) {
	t.ident++
	h := make([]byte, 20, 20+len(segment))
	h[0], h[8], h[9] = 0x45, 64, proto
	if to.ip.IsMulticast() {
		h[8] = 255
	}
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(segment)))
	binary.BigEndian.PutUint16(h[4:], t.ident)
	src, dst := from.ip.As4(), to.ip.As4()
	copy(h[12:], src[:])
	copy(h[16:], dst[:])
	binary.BigEndian.PutUint16(h[10:], checksum(h))
	pseudo := append(append(append([]byte{}, src[:]...), dst[:]...), 0, proto, byte(len(segment)>>8), byte(len(segment)))
	c := checksum(append(pseudo, segment...))
	if c == 0 && proto == 17 {
		c = 0xffff
	}
	binary.BigEndian.PutUint16(segment[sum:], c)
	t.ethernet(at, from.mac, to.mac, 0x0800, append(h, segment...))
}

func (t *traffic) udp(at time.Time, from, to nic, sport, dport uint16, payload []byte) {
	s := make([]byte, 8, 8+len(payload))
	binary.BigEndian.PutUint16(s, sport)
	binary.BigEndian.PutUint16(s[2:], dport)
	binary.BigEndian.PutUint16(s[4:], uint16(8+len(payload)))
	t.ipv4(at, from, to, 17, append(s, payload...), 6)
}

// checksum is the internet checksum (RFC 1071).
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// stream is one TCP connection; its methods add frames and move its clock.
type stream struct {
	t              *traffic
	at             time.Time
	client, server nic
	cport, sport   uint16
	cseq, sseq     uint32
}

const (
	fin, syn, psh, ack = 1, 2, 8, 16
	segmentSize        = 1460
)

// dial opens a connection with its three frames.
func (t *traffic) dial(at time.Time, client, server nic, cport, sport uint16, seq uint32) *stream {
	s := &stream{t: t, at: at, client: client, server: server, cport: cport, sport: sport, cseq: seq, sseq: seq*2654435761 + 97}
	mss := []byte{2, 4, segmentSize >> 8, segmentSize & 0xff}
	s.segment(true, syn, mss, nil)
	s.cseq++
	s.segment(false, syn|ack, mss, nil)
	s.sseq++
	s.segment(true, ack, nil, nil)
	return s
}

func (s *stream) segment(toServer bool, flags byte, options, data []byte) {
	from, to, sp, dp, seq, acked := s.client, s.server, s.cport, s.sport, s.cseq, s.sseq
	if !toServer {
		from, to, sp, dp, seq, acked = to, from, dp, sp, acked, seq
	}
	h := make([]byte, 20, 20+len(options)+len(data))
	binary.BigEndian.PutUint16(h, sp)
	binary.BigEndian.PutUint16(h[2:], dp)
	binary.BigEndian.PutUint32(h[4:], seq)
	if flags&ack != 0 {
		binary.BigEndian.PutUint32(h[8:], acked)
	}
	h[12], h[13] = byte((20+len(options))/4)<<4, flags
	binary.BigEndian.PutUint16(h[14:], 64240)
	h = append(append(h, options...), data...)
	s.t.ipv4(s.at, from, to, 6, h, 16)
	s.at = s.at.Add(400 * time.Microsecond)
}

// say sends data in segments, each acknowledged.
func (s *stream) say(toServer bool, data []byte) {
	for len(data) > 0 {
		n := min(len(data), segmentSize)
		s.segment(toServer, psh|ack, nil, data[:n])
		if toServer {
			s.cseq += uint32(n)
		} else {
			s.sseq += uint32(n)
		}
		s.segment(!toServer, ack, nil, nil)
		data = data[n:]
	}
	s.at = s.at.Add(3 * time.Millisecond)
}

// close ends the connection from the client's side.
func (s *stream) close() {
	s.segment(true, fin|ack, nil, nil)
	s.cseq++
	s.segment(false, fin|ack, nil, nil)
	s.sseq++
	s.segment(true, ack, nil, nil)
}
