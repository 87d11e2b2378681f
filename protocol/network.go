package protocol

import "encoding/binary"

// IP protocol numbers (IANA).
const (
	ipHopByHop = 0
	ipInIPv4   = 4
	ipTCP      = 6
	ipUDP      = 17
	ipInIPv6   = 41
	ipRouting  = 43
	ipFragment = 44
	ipGRE      = 47
	ipAH       = 51
	ipICMPv6   = 58
	ipNone     = 59
	ipDestOpts = 60
	ipEtherIP  = 97
	ipMobility = 135
)

// maxTunnels bounds how deep a frame may wrap others; real nesting is two or three.
const maxTunnels = 6

func (w *worker) ipv4(b []byte) {
	if len(b) < 20 || b[0]>>4 != 4 {
		w.undecodable()
		return
	}
	head, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 { // segmentation offload leaves it to the card
		total = len(b)
	}
	if head < 20 || len(b) < head || total < head {
		w.undecodable()
		return
	}
	w.p.from, w.p.to = addr4(b[12:]), addr4(b[16:])
	missing := max(0, total-len(b))
	w.p.size += uint64(missing)
	payload := b[head:min(total, len(b))]
	if frag := binary.BigEndian.Uint16(b[6:]); frag&0x3fff != 0 {
		key := fragmentKey{from: w.p.from, to: w.p.to, id: uint32(binary.BigEndian.Uint16(b[4:])), proto: b[9]}
		w.fragment(key, int(frag&0x1fff)*8, frag&0x2000 != 0, payload, missing)
		return
	}
	w.transport(b[9], payload, missing)
}

func (w *worker) ipv6(b []byte) {
	if len(b) < 40 || b[0]>>4 != 6 {
		w.undecodable()
		return
	}
	w.p.from, w.p.to = addr6(b[8:]), addr6(b[24:])
	next, total := b[6], 40+int(binary.BigEndian.Uint16(b[4:]))
	if total == 40 {
		total = len(b)
	}
	missing := max(0, total-len(b))
	w.p.size += uint64(missing)
	w.headers(next, b[40:min(total, len(b))], missing)
}

// headers passes IPv6's extension headers.
func (w *worker) headers(next uint8, b []byte, missing int) {
	for range 16 { // more extension headers than that is an attack, not a packet
		size := 0
		switch next {
		case ipHopByHop, ipRouting, ipDestOpts, ipMobility:
			if len(b) >= 2 {
				size = 8 + int(b[1])*8
			}
		case ipAH:
			if len(b) >= 2 {
				size = 8 + int(b[1])*4
			}
		case ipFragment:
			if len(b) < 8 {
				w.undecodable()
				return
			}
			off := binary.BigEndian.Uint16(b[2:])
			if off&0xfff9 != 0 {
				key := fragmentKey{from: w.p.from, to: w.p.to, id: binary.BigEndian.Uint32(b[4:]), proto: b[0], v6: true}
				w.fragment(key, int(off&^7), off&1 != 0, b[8:], missing)
				return
			}
			size = 8 // an atomic fragment (RFC 6946)
		default:
			w.transport(next, b, missing)
			return
		}
		if size == 0 || size > len(b) {
			w.undecodable()
			return
		}
		next, b = b[0], b[size:]
	}
	w.undecodable()
}

// transport reads what IP carries. missing is how many bytes of it the capture cut off.
func (w *worker) transport(proto uint8, b []byte, missing int) {
	switch proto {
	case ipTCP:
		w.tcp(b, missing)
	case ipUDP:
		w.udp(b)
	case ipICMPv6:
		w.see()
		w.neighbour(b)
		w.unfollowed()
	case ipInIPv4, ipInIPv6:
		w.see()
		if w.tunnel() {
			w.bareIP(b)
		}
	case ipGRE:
		w.see()
		if w.tunnel() {
			w.gre(b)
		}
	case ipEtherIP: // RFC 3378: version 3, Ethernet
		w.see()
		if len(b) < 2 || b[0] != 0x30 {
			w.undecodable()
		} else if w.tunnel() {
			w.ethernet(b[2:])
		}
	case ipAH:
		if len(b) < 12 || len(b) < 8+int(b[1])*4 || !w.tunnel() {
			w.undecodable()
			return
		}
		w.transport(b[0], b[8+int(b[1])*4:], missing)
	default:
		w.see()
		w.unfollowed()
	}
}

// see notes that the frame's source address sent something.
func (w *worker) see() {
	if w.counts {
		w.hosts.see(pair{w.p.src, w.p.from}, w.p.nano, w.p.frame)
	}
}

// neighbour reads IPv6 neighbour discovery (RFC 4861): who says that an address is theirs.
func (w *worker) neighbour(b []byte) {
	if len(b) < 8 || !w.counts {
		return
	}
	owner, option, at := w.p.from, byte(1), 24 // source link-layer address of a solicitation
	switch b[0] {
	case 133: // router solicitation
		at = 8
	case 134: // router advertisement
		at = 16
		if w.p.src != 0 {
			w.hosts.router(w.p.src)
		}
	case 135:
	case 136: // advertisement: the target's address is the sender's
		option = 2
		if len(b) < 24 {
			return
		}
		owner = addr6(b[8:])
	default:
		return
	}
	for len(b) >= at+8 {
		kind, size := b[at], int(b[at+1])*8
		if size == 0 || len(b) < at+size {
			return
		}
		if m := macOf(b[at+2:]); kind == option && owner.host() && m != 0 && !m.group() {
			w.hosts.bind(w.hosts.see(pair{m, owner}, w.p.nano, w.p.frame))
		}
		at += size
	}
}
