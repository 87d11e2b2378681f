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
	ipMobility = 135
)

// maxTunnels bounds how deep a frame may wrap others; real nesting is two or three.
const maxTunnels = 6

func (e *Engine) ipv4(b []byte) {
	if len(b) < 20 || b[0]>>4 != 4 {
		e.count.Undecodable++
		return
	}
	head, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 { // segmentation offload leaves it to the card
		total = len(b)
	}
	if head < 20 || len(b) < head || total < head {
		e.count.Undecodable++
		return
	}
	e.p.from, e.p.to = addr4(b[12:]), addr4(b[16:])
	missing := max(0, total-len(b))
	payload := b[head:min(total, len(b))]
	if frag := binary.BigEndian.Uint16(b[6:]); frag&0x3fff != 0 {
		key := fragmentKey{from: e.p.from, to: e.p.to, id: uint32(binary.BigEndian.Uint16(b[4:])), proto: b[9]}
		e.fragment(key, int(frag&0x1fff)*8, frag&0x2000 != 0, payload, missing)
		return
	}
	e.transport(b[9], payload, missing)
}

func (e *Engine) ipv6(b []byte) {
	if len(b) < 40 || b[0]>>4 != 6 {
		e.count.Undecodable++
		return
	}
	e.p.from, e.p.to = addr6(b[8:]), addr6(b[24:])
	next, total := b[6], 40+int(binary.BigEndian.Uint16(b[4:]))
	if total == 40 {
		total = len(b)
	}
	missing := max(0, total-len(b))
	b = b[40:min(total, len(b))]
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
				e.count.Undecodable++
				return
			}
			off := binary.BigEndian.Uint16(b[2:])
			if off&0xfff9 != 0 {
				key := fragmentKey{from: e.p.from, to: e.p.to, id: binary.BigEndian.Uint32(b[4:]), proto: b[0], v6: true}
				e.fragment(key, int(off&^7), off&1 != 0, b[8:], missing)
				return
			}
			size = 8 // an atomic fragment (RFC 6946)
		default:
			e.transport(next, b, missing)
			return
		}
		if size == 0 || size > len(b) {
			e.count.Undecodable++
			return
		}
		next, b = b[0], b[size:]
	}
	e.count.Undecodable++
}

// transport reads what IP carries. missing is how many bytes of it the capture cut off.
func (e *Engine) transport(proto uint8, b []byte, missing int) {
	switch proto {
	case ipTCP:
		e.tcp(b, missing)
	case ipUDP:
		e.udp(b)
	case ipICMPv6:
		e.see()
		e.neighbour(b)
		e.count.Unfollowed++
	case ipInIPv4, ipInIPv6:
		e.see()
		if e.tunnel() {
			e.bareIP(b)
		}
	case ipGRE:
		e.see()
		if e.tunnel() {
			e.gre(b)
		}
	case ipAH:
		if len(b) < 12 || len(b) < 8+int(b[1])*4 || !e.tunnel() {
			e.count.Undecodable++
			return
		}
		e.transport(b[0], b[8+int(b[1])*4:], missing)
	default:
		e.see()
		e.count.Unfollowed++
	}
}

// see notes that the frame's source address sent something.
func (e *Engine) see() {
	e.hosts.see(pair{e.p.src, e.p.from}, e.p.nano, e.p.frame)
}

// tunnel enters a packet inside a packet: the MACs of the outer frame are not the inner sender's.
func (e *Engine) tunnel() bool {
	if e.p.depth++; e.p.depth > maxTunnels {
		e.count.Undecodable++
		return false
	}
	e.p.src, e.p.dst = 0, 0
	return true
}

// gre reads RFC 2784/2890 headers, transparent Ethernet bridging and ERSPAN types I to III.
func (e *Engine) gre(b []byte) {
	if len(b) < 4 || b[1]&7 > 1 {
		e.count.Undecodable++
		return
	}
	flags, proto, size := b[0], binary.BigEndian.Uint16(b[2:]), 4
	for _, bit := range []byte{0x80, 0x20, 0x10} { // checksum, key, sequence
		if flags&bit != 0 {
			size += 4
		}
	}
	if b[1]&0x80 != 0 { // PPTP's acknowledgement (RFC 2637)
		size += 4
	}
	switch proto {
	case 0x88be: // ERSPAN I has no header of its own, and no sequence number says so
		if flags&0x10 != 0 {
			size += 8
		}
	case 0x22eb: // ERSPAN III
		size += 12
		if len(b) >= size && b[size-1]&1 == 1 {
			size += 8
		}
	}
	if len(b) < size {
		e.count.Undecodable++
		return
	}
	b = b[size:]
	switch proto {
	case 0x6558, 0x88be, 0x22eb:
		e.ethernet(b)
	case etherIPv4, etherIPv6:
		e.bareIP(b)
	case etherMPLS:
		e.mpls(b)
	default:
		e.count.Unfollowed++
	}
}

// neighbour reads IPv6 neighbour discovery (RFC 4861): who says that an address is theirs.
func (e *Engine) neighbour(b []byte) {
	if len(b) < 8 {
		return
	}
	owner, option, at := e.p.from, byte(1), 24 // source link-layer address of a solicitation
	switch b[0] {
	case 133: // router solicitation
		at = 8
	case 134: // router advertisement
		at = 16
		if e.p.src != 0 {
			e.hosts.router(e.p.src)
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
			if s := e.hosts.see(pair{m, owner}, e.p.nano, e.p.frame); s != nil {
				s.bound = true
			}
		}
		at += size
	}
}
