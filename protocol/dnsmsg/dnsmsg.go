// Package dnsmsg reads messages of the DNS's form (RFC 1035), which multicast DNS, LLMNR and NetBIOS names share.
// It decides where records begin and end; whose records they are is each protocol's to say. It is no parser of the
// engine and stands a floor below them, because parsers do not import each other.
package dnsmsg

import (
	"encoding/binary"
	"errors"
	"strings"
)

// Record types used on the local link.
const (
	TypeA     = 1
	TypePTR   = 12
	TypeHINFO = 13
	TypeTXT   = 16
	TypeAAAA  = 28
	TypeNB    = 32 // RFC 1002: NetBIOS name
	TypeSRV   = 33 // NBSTAT in NetBIOS messages
	TypeANY   = 255
)

// Bounds: names are at most 255 bytes (RFC 1035 §2.3.4), so that 128 labels and 64 jumps are more than any real one.
const (
	maxLabels = 128
	maxJumps  = 64
	maxName   = 255
)

var errMalformed = errors.New("dns: malformed")

// Question is what was asked.
type Question struct {
	Name  []string
	Type  uint16
	Class uint16
}

// Record is one resource record. Data is its raw part of the message; names inside are read with Message.NameAt.
type Record struct {
	Name  []string
	Type  uint16
	Class uint16
	Data  []byte
	At    int // offset of Data in the message
}

// Message is one message, as far as it could be read.
type Message struct {
	ID, Flags                      uint16
	Questions                      []Question
	Answers, Authority, Additional []Record
	raw                            []byte
}

// Response tells an answer from a question (QR).
func (m *Message) Response() bool { return m.Flags&0x8000 != 0 }

// Opcode is the kind of question.
func (m *Message) Opcode() int { return int(m.Flags >> 11 & 15) }

// Rcode is the kind of failure, 0 for none.
func (m *Message) Rcode() int { return int(m.Flags & 15) }

// Plausible looks at the header alone: whether the counts fit into the message at all.
func Plausible(b []byte) bool {
	if len(b) < 12 {
		return false
	}
	questions, records := int(binary.BigEndian.Uint16(b[4:])), 0
	for i := 6; i < 12; i += 2 {
		records += int(binary.BigEndian.Uint16(b[i:]))
	}
	return questions+records > 0 && 12+questions*5+records*11 <= len(b)
}

// Parse reads a message. Where it breaks off, what came before is returned with the error.
func Parse(b []byte) (Message, error) {
	if len(b) < 12 {
		return Message{}, errMalformed
	}
	m := Message{ID: binary.BigEndian.Uint16(b), Flags: binary.BigEndian.Uint16(b[2:]), raw: b}
	off := 12
	for range binary.BigEndian.Uint16(b[4:]) {
		name, next, err := m.NameAt(off)
		if err != nil || next+4 > len(b) {
			return m, errMalformed
		}
		m.Questions = append(m.Questions, Question{name, binary.BigEndian.Uint16(b[next:]), binary.BigEndian.Uint16(b[next+2:])})
		off = next + 4
	}
	for i, section := range []*[]Record{&m.Answers, &m.Authority, &m.Additional} {
		for range binary.BigEndian.Uint16(b[6+2*i:]) {
			name, next, err := m.NameAt(off)
			if err != nil || next+10 > len(b) {
				return m, errMalformed
			}
			size := int(binary.BigEndian.Uint16(b[next+8:]))
			off = next + 10 + size
			if off > len(b) {
				return m, errMalformed
			}
			*section = append(*section, Record{name, binary.BigEndian.Uint16(b[next:]), binary.BigEndian.Uint16(b[next+2:]), b[next+10 : off], next + 10})
		}
	}
	return m, nil
}

// NameAt reads the name at an offset and returns its labels and the offset behind it.
func (m *Message) NameAt(off int) (labels []string, next int, err error) {
	b, jumps, size := m.raw, 0, 0
	for {
		if off >= len(b) {
			return nil, 0, errMalformed
		}
		n := int(b[off])
		switch {
		case n == 0:
			if jumps == 0 {
				next = off + 1
			}
			return labels, next, nil
		case n >= 0xc0:
			if off+1 >= len(b) || jumps >= maxJumps {
				return nil, 0, errMalformed
			}
			if jumps == 0 {
				next = off + 2
			}
			jumps++
			off = n&0x3f<<8 | int(b[off+1])
		case n >= 0x40 || off+1+n > len(b) || len(labels) >= maxLabels:
			return nil, 0, errMalformed
		default:
			if size += n + 1; size > maxName {
				return nil, 0, errMalformed
			}
			labels = append(labels, string(b[off+1:off+1+n]))
			off += 1 + n
		}
	}
}

// Strings reads the character strings of TXT and HINFO data.
func (r *Record) Strings() []string {
	var out []string
	for b := r.Data; len(b) > 0 && 1+int(b[0]) <= len(b); b = b[1+int(b[0]):] {
		out = append(out, string(b[1:1+int(b[0])]))
	}
	return out
}

// Text joins labels for people: dots inside a label stay as they are.
func Text(labels []string) string { return strings.Join(labels, ".") }
