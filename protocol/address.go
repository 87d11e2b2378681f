package protocol

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// mac is a 48-bit link address in the low bits; zero means none was seen.
type mac uint64

func macOf(b []byte) mac {
	return mac(binary.BigEndian.Uint16(b))<<32 | mac(binary.BigEndian.Uint32(b[2:]))
}

func (m mac) bytes() (b [6]byte) {
	binary.BigEndian.PutUint16(b[:], uint16(m>>32))
	binary.BigEndian.PutUint32(b[2:], uint32(m))
	return b
}

// group tells of multicast and broadcast addresses, which are never hosts (IEEE 802 I/G bit).
func (m mac) group() bool { return m>>40&1 == 1 }

// String is the canonical text of fact.MAC, "" for none.
func (m mac) String() string {
	if m == 0 {
		return ""
	}
	const hex = "0123456789abcdef"
	var b [17]byte
	for i := range 6 {
		v := byte(m >> (40 - 8*i))
		b[i*3], b[i*3+1] = hex[v>>4], hex[v&15]
		if i < 5 {
			b[i*3+2] = ':'
		}
	}
	return string(b[:])
}

// parseMAC reads the canonical text; anything else is zero.
func parseMAC(s string) mac {
	if len(s) != 17 {
		return 0
	}
	var m mac
	for i := range 17 {
		if i%3 == 2 {
			if s[i] != ':' {
				return 0
			}
			continue
		}
		d := strings.IndexByte("0123456789abcdef", s[i])
		if d < 0 {
			return 0
		}
		m = m<<4 | mac(d)
	}
	return m
}

// eui64 is the interface identifier that RFC 4291 appendix A derives from a MAC.
func (m mac) eui64() uint64 {
	return uint64(m>>24^0x020000)<<40 | 0xfffe<<24 | uint64(m&0xffffff)
}

// addr is an IP address as two words, IPv4 mapped into IPv6, so that it compares and hashes fast. Zero is none.
type addr struct{ hi, lo uint64 }

func addr4(b []byte) addr { return addr{0, 0xffff<<32 | uint64(binary.BigEndian.Uint32(b))} }

func addr6(b []byte) addr {
	return addr{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func addrOf(a netip.Addr) addr {
	if !a.IsValid() {
		return addr{}
	}
	b := a.As16()
	return addr6(b[:])
}

func (a addr) is4() bool { return a.hi == 0 && a.lo>>32 == 0xffff }

func (a addr) less(o addr) bool { return a.hi < o.hi || a.hi == o.hi && a.lo < o.lo }

func (a addr) netip() netip.Addr {
	if a == (addr{}) {
		return netip.Addr{}
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a.hi)
	binary.BigEndian.PutUint64(b[8:], a.lo)
	return netip.AddrFrom16(b).Unmap()
}

// String is the canonical text of fact.IP, "" for none.
func (a addr) String() string {
	if a == (addr{}) {
		return ""
	}
	return a.netip().String()
}

// host tells whether an address can be one host's: not unspecified, multicast or limited broadcast.
func (a addr) host() bool {
	if a.is4() {
		v4 := uint32(a.lo)
		return v4>>24 != 0 && v4>>28 < 14
	}
	return a.hi>>56 != 0xff && (a.hi != 0 || a.lo != 0)
}

// loopback addresses are the machine's own (RFC 1122, RFC 4291): a recording of it holds their frames; in the mouth of
// others they name nobody.
func (a addr) loopback() bool { return a.is4() && uint32(a.lo)>>24 == 127 || a == addr{0, 1} }

// linkLocal addresses are never forwarded (RFC 3927, RFC 4291), so the frame's MAC is the sender's own.
func (a addr) linkLocal() bool {
	if a.is4() {
		return uint32(a.lo)>>16 == 169<<8|254
	}
	return a.hi>>54 == 0xfe80>>6
}

// private covers RFC 1918, RFC 6598 (carrier NAT), RFC 4193 and link-local addresses.
func (a addr) private() bool {
	if a.linkLocal() {
		return true
	}
	if a.is4() {
		v4 := uint32(a.lo)
		return v4>>24 == 10 || v4>>20 == 172<<4|1 || v4>>16 == 192<<8|168 || v4>>22 == 100<<2|1 || v4>>24 == 127
	}
	return a.hi>>57 == 0xfc>>1
}

// public addresses are hosts' of the Internet: neither private nor set aside for tests of equipment (RFC 2544).
func (a addr) public() bool {
	if !a.host() || a.private() {
		return false
	}
	if a.is4() {
		return uint32(a.lo)>>17 != 198<<7|9
	}
	return a.hi>>61 == 1 // 2000::/3 is all that is given out (RFC 4291)
}

// MACText is the canonical text of a six-byte link address, "" for any other length.
func MACText(b []byte) string {
	if len(b) != 6 {
		return ""
	}
	return macOf(b).String()
}
