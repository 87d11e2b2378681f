// Package synthetic makes captures of conversations whose bytes are written down, for tests of what no recording holds, and
// plants canaries in them: an invented patient and credentials, which must come out nowhere. It decides how frames are made
// and how a canary is looked for; what a parser must say of them is its own test's.
package synthetic

import (
	"encoding/binary"
	"time"

	"pons/protocol"
)

// Turn is what one side of a conversation says before the other speaks.
type Turn struct {
	Dir  protocol.Dir
	Data string
}

// Conversation describes a conversation whose bytes are written from a specification.
type Conversation struct {
	Transport              protocol.Transport // UDP or TCP
	ClientMAC, ServerMAC   [6]byte
	ClientIP, ServerIP     [4]byte
	ClientPort, ServerPort uint16
	Turns                  []Turn // a datagram each over UDP
}

// Capture is a capture file of conversations, one after the other, a frame each millisecond: over TCP with a handshake and
// an end.
func Capture(conversations ...Conversation) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, s := range conversations {
		s.frames(func(b []byte) {
			at = at.Add(time.Millisecond)
			for _, v := range []uint32{uint32(at.Unix()), uint32(at.Nanosecond() / 1000), uint32(len(b)), uint32(len(b))} {
				out = binary.LittleEndian.AppendUint32(out, v)
			}
			out = append(out, b...)
		})
	}
	return out
}

// frames hands out the conversation's frames in order.
func (s Conversation) frames(deliver func([]byte)) {
	seq := [2]uint32{1000, 5000}
	frame := func(d protocol.Dir, flags byte, data string) {
		deliver(s.frame(d, flags, seq, data))
		seq[d] += uint32(len(data))
	}
	const fin, syn, push, ack = 1, 2, 8, 16
	if s.Transport == protocol.TCP {
		frame(protocol.ToServer, syn, "")
		seq[0]++
		frame(protocol.ToClient, syn|ack, "")
		seq[1]++
		frame(protocol.ToServer, ack, "")
	}
	for _, turn := range s.Turns {
		for data := turn.Data; len(data) > 0; {
			n := len(data)
			if s.Transport == protocol.TCP {
				n = min(n, 1400)
			}
			frame(turn.Dir, push|ack, data[:n])
			data = data[n:]
		}
	}
	if s.Transport == protocol.TCP {
		frame(protocol.ToServer, fin|ack, "")
	}
}

func (s Conversation) frame(d protocol.Dir, flags byte, seq [2]uint32, data string) []byte {
	from, to, fromIP, toIP, fromPort, toPort := s.ClientMAC, s.ServerMAC, s.ClientIP, s.ServerIP, s.ClientPort, s.ServerPort
	if d == protocol.ToClient {
		from, to, fromIP, toIP, fromPort, toPort = to, from, toIP, fromIP, toPort, fromPort
	}
	header, number := 8, byte(17)
	if s.Transport == protocol.TCP {
		header, number = 20, 6
	}
	b := append(append(append([]byte(nil), to[:]...), from[:]...), 8, 0)
	ip := len(b)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(20+header+len(data)))
	b = append(b, 0, 0, 0x40, 0, 64, number, 0, 0)
	b = append(append(b, fromIP[:]...), toIP[:]...)
	binary.BigEndian.PutUint16(b[ip+10:], ^sum(0, b[ip:ip+20]))
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, fromPort), toPort)
	if s.Transport != protocol.TCP {
		b = append(binary.BigEndian.AppendUint16(b, uint16(8+len(data))), 0, 0)
		return append(b, data...)
	}
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, seq[d]), seq[1-d])
	b = append(b, 0x50, flags, 0x20, 0, 0, 0, 0, 0)
	b = append(b, data...)
	pseudo := append(append(append([]byte(nil), fromIP[:]...), toIP[:]...), 0, number, byte((20+len(data))>>8), byte(20+len(data)))
	binary.BigEndian.PutUint16(b[ip+36:], ^sum(sum(0, pseudo), b[ip+20:]))
	return b
}

// sum is the Internet checksum before its complement (RFC 1071).
func sum(start uint16, b []byte) uint16 {
	total := uint32(start)
	for i := 0; i < len(b); i += 2 {
		v := uint32(b[i]) << 8
		if i+1 < len(b) {
			v |= uint32(b[i+1])
		}
		total += v
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}
