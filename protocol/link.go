package protocol

import "encoding/binary"

// EtherTypes that lead further down (IEEE 802 Numbers, IANA).
const (
	etherIPv4   = 0x0800
	etherIPv6   = 0x86dd
	etherVLAN   = 0x8100
	etherQinQ   = 0x88a8
	etherQinQ1  = 0x9100 // QinQ before 802.1ad
	etherMPLS   = 0x8847
	etherPPPoE  = 0x8864
	etherMaxLen = 1500 // up to here the field is an 802.3 length
)

// link peels the link layer by its pcap link type.
func (w *worker) link(link uint32, b []byte) {
	need := func(n int) bool {
		if len(b) < n {
			w.undecodable()
		}
		return len(b) >= n
	}
	switch link {
	case 1:
		w.ethernet(b)
	case 0, 108: // null and loop: the address family, in the capturing host's or in network order
		if need(4) {
			w.bareIP(b[4:])
		}
	case 12, 14, 101, 228, 229: // raw IP; 12 and 14 are what some systems wrote for 101
		w.bareIP(b)
	case 113: // Linux cooked v1: type, ARPHRD, address length, address 8, protocol
		if need(16) {
			w.cooked(binary.BigEndian.Uint16(b[4:]), b[6:], binary.BigEndian.Uint16(b[14:]), b[16:])
		}
	case 276: // Linux cooked v2: protocol, reserved 2, interface 4, ARPHRD 2, type 1, address length 1, address 8
		if need(20) {
			w.cooked(uint16(b[11]), b[12:], binary.BigEndian.Uint16(b), b[20:])
		}
	case 9, 50: // PPP, with or without HDLC's address and control
		w.ppp(b)
	case 51:
		w.pppoe(b)
	case 104: // Cisco HDLC: address, control, EtherType
		if need(4) {
			w.tagged(binary.BigEndian.Uint16(b[2:]), b[4:])
		}
	case 107:
		w.frameRelay(b)
	case 10: // FDDI: frame control, addresses, LLC
		if need(13) {
			w.p.dst, w.p.src = macOf(b[1:]), macOf(b[7:])
			w.llc(b[13:])
		}
	case 6:
		w.tokenRing(b)
	case 105, 119, 127, 163, 192:
		w.wireless(link, b)
	case 109: // OpenBSD's enc: address family, SPI, flags
		if need(12) {
			w.bareIP(b[12:])
		}
	case 117: // OpenBSD's pflog: its length first, without the padding to four
		if need(1) && need((int(b[0])+3)&^3) {
			w.bareIP(b[(int(b[0])+3)&^3:])
		}
	case 226: // Solaris' ipnet
		if need(24) {
			w.bareIP(b[24:])
		}
	case 239:
		w.nflog(b)
	default:
		w.undecodable()
	}
}

func (w *worker) cooked(addrLen uint16, address []byte, etherType uint16, b []byte) {
	if addrLen == 6 {
		w.p.src = macOf(address)
	}
	switch etherType {
	case 1: // a whole 802.3 frame without its addresses is not defined; Novell raw is nobody's here
		w.unfollowed()
	case 4: // 802.2 LLC
		w.llc(b)
	default:
		w.tagged(etherType, b)
	}
}

// bareIP reads IP with no link header; the version is in the first nibble.
func (w *worker) bareIP(b []byte) {
	switch {
	case len(b) > 0 && b[0]>>4 == 4:
		w.ipv4(b)
	case len(b) > 0 && b[0]>>4 == 6:
		w.ipv6(b)
	default:
		w.undecodable()
	}
}

func (w *worker) ethernet(b []byte) {
	if len(b) < 14 {
		w.undecodable()
		return
	}
	w.p.dst, w.p.src = macOf(b), macOf(b[6:])
	w.tagged(binary.BigEndian.Uint16(b[12:]), b[14:])
}

// tagged peels VLAN tags, then hands on by EtherType.
func (w *worker) tagged(etherType uint16, b []byte) {
	for etherType == etherVLAN || etherType == etherQinQ || etherType == etherQinQ1 {
		if len(b) < 4 {
			w.undecodable()
			return
		}
		etherType, b = binary.BigEndian.Uint16(b[2:]), b[4:]
	}
	switch {
	case etherType == etherIPv4:
		w.ipv4(b)
	case etherType == etherIPv6:
		w.ipv6(b)
	case etherType == etherMPLS:
		w.mpls(b)
	case etherType == etherPPPoE:
		w.pppoe(b)
	case etherType <= etherMaxLen:
		w.llc(b[:min(len(b), int(etherType))])
	default:
		w.frame(etherType, etherType, b)
	}
}

// llc reads 802.2: SNAP with OUI 0 is an EtherType in disguise, the rest goes to parsers as it is.
func (w *worker) llc(b []byte) {
	if len(b) < 3 {
		w.undecodable()
		return
	}
	kind := uint16(b[0])<<8 | uint16(b[1])
	if len(b) >= 8 && b[0] == 0xaa && b[1] == 0xaa && b[2] == 3 {
		pid := binary.BigEndian.Uint16(b[6:])
		if b[3] == 0 && b[4] == 0 && b[5] == 0 {
			if pid > etherMaxLen {
				w.tagged(pid, b[8:])
				return
			}
		}
		kind = pid
	}
	w.frame(0, kind, b)
}

func (w *worker) mpls(b []byte) {
	for len(b) >= 4 {
		bottom := b[2]&1 == 1
		b = b[4:]
		if !bottom {
			continue
		}
		w.p.src, w.p.dst = 0, 0 // what is inside was sent elsewhere
		switch {
		case len(b) > 0 && (b[0]>>4 == 4 || b[0]>>4 == 6):
			w.bareIP(b)
		case len(b) > 4 && b[0]>>4 == 0: // a pseudowire's control word (RFC 4385), then Ethernet
			if w.tunnel() {
				w.ethernet(b[4:])
			}
		default:
			w.undecodable()
		}
		return
	}
	w.undecodable()
}

func (w *worker) pppoe(b []byte) {
	if len(b) < 8 || b[0] != 0x11 {
		w.undecodable()
		return
	}
	w.ppp(b[6:])
}

// ppp reads a PPP frame (RFC 1661): HDLC's address and control may be there, and the protocol may be one byte.
func (w *worker) ppp(b []byte) {
	if len(b) >= 2 && b[0] == 0xff && b[1] == 3 {
		b = b[2:]
	}
	if len(b) < 2 {
		w.undecodable()
		return
	}
	kind, size := binary.BigEndian.Uint16(b), 2
	if b[0]&1 == 1 {
		kind, size = uint16(b[0]), 1
	}
	switch kind { // PPP protocol numbers (IANA)
	case 0x0021:
		w.ipv4(b[size:])
	case 0x0057:
		w.ipv6(b[size:])
	case 0x0281:
		w.mpls(b[size:])
	default:
		w.unfollowed()
	}
}

// frameRelay reads RFC 2427 and what Cisco does instead.
func (w *worker) frameRelay(b []byte) {
	at := 1
	for at < len(b) && at < 4 && b[at-1]&1 == 0 {
		at++
	}
	if len(b) < at+2 {
		w.undecodable()
		return
	}
	if b = b[at:]; b[0] != 3 {
		w.tagged(binary.BigEndian.Uint16(b), b[2:])
		return
	}
	switch b = b[1:]; b[0] { // network layer protocol ids
	case 0xcc:
		w.ipv4(b[1:])
	case 0x8e:
		w.ipv6(b[1:])
	default:
		w.unfollowed()
	}
}

// tokenRing reads 802.5: access and frame control, addresses, a route where the source says so, LLC.
func (w *worker) tokenRing(b []byte) {
	if len(b) < 16 || b[1]>>6 != 1 {
		w.undecodable()
		return
	}
	route := b[8]&0x80 != 0
	w.p.dst, w.p.src = macOf(b[2:]), macOf(b[8:])&^(0x80<<40)
	if b = b[14:]; route {
		size := int(b[0] & 31)
		if size > len(b) {
			w.undecodable()
			return
		}
		b = b[size:]
	}
	w.llc(b)
}

// nflog reads Linux' NFLOG: fields of length and type in the capturing host's order, of which one is the packet.
func (w *worker) nflog(b []byte) {
	const payload = 9
	for b = b[min(4, len(b)):]; len(b) >= 4; {
		size, kind := int(binary.LittleEndian.Uint16(b)), binary.LittleEndian.Uint16(b[2:])
		if size < 4 || size > len(b) {
			break
		}
		if kind == payload {
			w.bareIP(b[4:size])
			return
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	w.undecodable()
}
