package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// version is how the packets of a version are read.
type version struct {
	name     string
	salt     string
	label    string // of the keys
	initial  byte   // the type of Initial packets
	google   bool   // the hello is Google's own
	plain    bool   // nothing is protected
	shortIDs bool   // lengths of both ids in one byte
}

// The salts of RFC 9001 §5.2, RFC 9369 §3.3.1, of the drafts, and of Google's versions.
const (
	salt1       = "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"
	salt2       = "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9"
	saltDraft29 = "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99"
	saltDraft23 = "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02"
	saltQ050    = "\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45"
	saltT050    = "\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10"
	saltT051    = "\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d"
)

// versionOf tells the versions whose first packets can be read.
func versionOf(v uint32) (version, bool) {
	switch v {
	case 1:
		return version{name: "1", salt: salt1, label: "quic "}, true
	case 0x6b3343cf:
		return version{name: "2", salt: salt2, label: "quicv2 ", initial: 1}, true
	case 'Q'<<24 | '0'<<16 | '4'<<8 | '6':
		return version{name: "Q046", google: true, plain: true, shortIDs: true}, true
	case 'Q'<<24 | '0'<<16 | '5'<<8 | '0':
		return version{name: "Q050", salt: saltQ050, label: "quic ", google: true}, true
	case 'T'<<24 | '0'<<16 | '5'<<8 | '0':
		return version{name: "T050", salt: saltT050, label: "quic "}, true
	case 'T'<<24 | '0'<<16 | '5'<<8 | '1':
		return version{name: "T051", salt: saltT051, label: "quic "}, true
	}
	if v < 0xff000017 || v > 0xff000022 {
		return version{}, false
	}
	draft := v & 0xff
	salt := saltDraft23
	switch {
	case draft >= 33:
		salt = salt1
	case draft >= 29:
		salt = saltDraft29
	}
	return version{name: draftName(draft), salt: salt, label: "quic "}, true
}

// draftName words a draft's number without formatting: it is asked for every datagram.
func draftName(draft uint32) string {
	const names = "draft-23draft-24draft-25draft-26draft-27draft-28draft-29draft-30draft-31draft-32draft-33draft-34"
	at := (draft - 23) * 8
	return names[at : at+8]
}

// packet is what is read of a long header (RFC 9000 §17.2).
type packet struct {
	initial bool
	dcid    []byte
	number  int // where the packet number begins
}

// packetOf reads a long header and returns the packet's size. A packet that cannot be told from what follows has the
// rest of the datagram.
func packetOf(b []byte, v version) (p packet, size int, ok bool) {
	if len(b) < 7 || b[0]&0x40 == 0 {
		return p, 0, false
	}
	kind := b[0] >> 4 & 3
	if v.shortIDs { // draft 17: lengths less three
		d, s := int(b[5]>>4), int(b[5]&15)
		if d > 0 {
			d += 3
		}
		if s > 0 {
			s += 3
		}
		if 6+d+s+4 > len(b) {
			return p, 0, false
		}
		p.initial, p.dcid = kind == v.initial, b[6:6+d]
		return p, 6 + d + s + 4, true
	}
	at := 5
	for i := range 2 {
		n := int(b[at])
		if n > 20 || at+1+n >= len(b) {
			return p, 0, false
		}
		if i == 0 {
			p.dcid = b[at+1 : at+1+n]
		}
		at += 1 + n
	}
	p.initial = kind == v.initial
	if retry := (v.initial + 3) & 3; kind == retry {
		return p, len(b), true
	}
	if p.initial {
		n, used := varint(b[at:])
		if used == 0 || n > uint64(len(b)-at-used) {
			return p, 0, false
		}
		at += used + int(n)
	}
	n, used := varint(b[at:])
	if used == 0 || n < 20 || n > uint64(len(b)-at-used) {
		return p, 0, false
	}
	p.number = at + used
	return p, at + used + int(n), true
}

// varint reads a number of RFC 9000 §16 and returns its size, 0 without one.
func varint(b []byte) (n uint64, used int) {
	if len(b) == 0 {
		return 0, 0
	}
	used = 1 << (b[0] >> 6)
	if len(b) < used {
		return 0, 0
	}
	n = uint64(b[0] & 0x3f)
	for _, c := range b[1:used] {
		n = n<<8 | uint64(c)
	}
	return n, used
}

// secrets are the keys of both sides, by direction.
type secrets [2]protection

type protection struct {
	aead   cipher.AEAD
	header cipher.Block
	iv     [12]byte
}

// derive makes the keys of Initial packets of the id that the client chose (RFC 9001 §5.2). The lengths are constant,
// so that nothing can fail.
func derive(v version, dcid []byte) *secrets {
	initial, err := hkdf.Extract(sha256.New, dcid, []byte(v.salt))
	if err != nil {
		return &secrets{}
	}
	out := &secrets{}
	for i, side := range [2]string{"client in", "server in"} {
		secret := expand(initial, side, 32)
		block, err := aes.NewCipher(expand(secret, v.label+"key", 16))
		if err != nil {
			return &secrets{}
		}
		header, err := aes.NewCipher(expand(secret, v.label+"hp", 16))
		if err != nil {
			return &secrets{}
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return &secrets{}
		}
		out[i] = protection{aead: aead, header: header}
		copy(out[i].iv[:], expand(secret, v.label+"iv", 12))
	}
	return out
}

// expand is HKDF-Expand-Label of RFC 8446 §7.1 without a context.
func expand(secret []byte, label string, n int) []byte {
	out, err := hkdf.Expand(sha256.New, secret, fmt.Sprintf("\x00%c%ctls13 %s\x00", n, 6+len(label), label), n)
	if err != nil {
		return make([]byte, n)
	}
	return out
}

// open removes the protection of a packet, nil where it is not this key's (RFC 9001 §5.3–5.4). The packet
// number is taken as it is written: of the first packets nothing of it is left out.
func (k *protection) open(p packet, b []byte) []byte {
	const sample, maxHeader = 16, 1 << 10
	if k.aead == nil || len(b) < p.number+4+sample || p.number > maxHeader {
		return nil
	}
	var mask [sample]byte
	k.header.Encrypt(mask[:], b[p.number+4:][:sample])
	first := b[0] ^ mask[0]&0x0f
	n := int(first&3) + 1
	head := append(make([]byte, 0, len(b)), b[:p.number+n]...)
	head[0] = first
	nonce := k.iv
	for i := range n {
		head[p.number+i] ^= mask[1+i]
		nonce[len(nonce)-n+i] ^= head[p.number+i]
	}
	payload, err := k.aead.Open(head[len(head):], nonce[:], b[p.number+n:], head)
	if err != nil {
		return nil
	}
	return payload
}

// eachCrypto calls back for every CRYPTO frame of a payload and passes over the others that Initial packets may hold
// (RFC 9000 §12.4): padding, ping, acknowledgements. What else begins is the end.
func eachCrypto(b []byte, do func(offset int, data []byte)) {
	for len(b) > 0 {
		kind := b[0]
		b = b[1:]
		switch kind {
		case 0, 1:
		case 2, 3:
			n := 4 // largest, delay, ranges, first range
			var ranges uint64
			for i := 0; i < n; i++ {
				v, used := varint(b)
				if used == 0 {
					return
				}
				if i == 2 {
					if ranges = v; ranges > uint64(len(b)) {
						return
					}
					n += 2 * int(ranges)
					if kind == 3 {
						n += 3
					}
				}
				b = b[used:]
			}
		case 6:
			offset, used := varint(b)
			if used == 0 {
				return
			}
			b = b[used:]
			n, used := varint(b)
			if used == 0 || n > uint64(len(b)-used) || offset > 1<<20 {
				return
			}
			do(int(offset), b[used:used+int(n)])
			b = b[used+int(n):]
		default:
			return
		}
	}
}

// googleVersion returns the version of a client's packet of Google's QUIC up to Q043: public flags with a version and
// an id of eight bytes, as every client sends first.
func googleVersion(b []byte) []byte {
	if len(b) < 32 || b[0]&0xc9 != 0x09 || b[9] != 'Q' || b[10] != '0' || !digit(b[11]) || !digit(b[12]) {
		return nil
	}
	return b[9:13]
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// field returns the value of a tag in one of Google's messages: a tag, the number of entries, two bytes of nothing,
// then tags with the ends of their values, then the values.
func field(message []byte, tag string) []byte {
	if len(message) < 8 {
		return nil
	}
	n := int(binary.LittleEndian.Uint16(message[4:]))
	values := 8 + 8*n
	if n > 128 || len(message) < values {
		return nil
	}
	begin := 0
	for i := range n {
		entry := message[8+8*i:]
		end := int(binary.LittleEndian.Uint32(entry[4:]))
		if end < begin || end > len(message)-values {
			return nil
		}
		if string(entry[:4]) == tag {
			return message[values+begin : values+end]
		}
		begin = end
	}
	return nil
}
