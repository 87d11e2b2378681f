package hello

import (
	"time"

	"pons/fact"
)

// Stream reads the records of TLS that one side sends inside another protocol's messages (EAP, OpenVPN), where the
// envelope has put them in order. What a conversation of its own needs beyond that is package tls's.
type Stream struct {
	Envelope Envelope // TLS where the other protocol travels on TCP

	buf  []byte
	over bool
}

// Over tells whether nothing readable can follow.
func (s *Stream) Over() bool { return s.over }

// Write takes the next bytes and says what whole messages tell.
func (s *Stream) Write(at time.Time, sender fact.Key, fromClient bool, b []byte, emit func(fact.Fact)) {
	const (
		recordHeader    = 5
		recordHandshake = 22
		recordAlert     = 21
	)
	if s.over {
		return
	}
	if s.buf = append(s.buf, b...); len(s.buf) > MaxMessage {
		s.end()
		return
	}
	// The messages of handshake records run on across them; what came whole is read anew with every piece, which is
	// dear only where somebody sends a byte at a time.
	var messages []byte
	whole := 0
	for rest := s.buf; len(rest) >= recordHeader; {
		size := recordHeader + int(rest[3])<<8 + int(rest[4])
		if rest[0] != recordHandshake || rest[1] != 3 {
			if rest[0] != recordAlert {
				s.over = true
			}
			break
		}
		if size > len(rest) {
			break
		}
		messages = append(messages, rest[recordHeader:size]...)
		whole += size
		rest = rest[size:]
	}
	read := 0
	for len(messages)-read >= 4 {
		kind, size := messages[read], 4+(int(messages[read+1])<<16|int(messages[read+2])<<8|int(messages[read+3]))
		if size > len(messages)-read {
			break
		}
		if Wanted(kind, size) {
			Say(s.Envelope, at, sender, fromClient, kind, messages[read+4:read+size], emit)
		}
		read += size
	}
	if s.over {
		s.end()
		return
	}
	if read == len(messages) {
		s.buf = append(s.buf[:0], s.buf[whole:]...)
	} else if read > 0 { // one record of what is left stands for the records that it came in
		left, tail := messages[read:], append([]byte(nil), s.buf[whole:]...)
		if len(left) > 1<<16-1 {
			s.end()
			return
		}
		s.buf = append(append(append(s.buf[:0], recordHandshake, 3, 3, byte(len(left)>>8), byte(len(left))), left...), tail...)
	}
}

func (s *Stream) end() { s.over, s.buf = true, nil }
