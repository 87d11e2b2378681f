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
	switch link {
	case 1:
		w.ethernet(b)
	case 0, 108: // null and loop: the address family, in the capturing host's or in network order
		if len(b) < 4 {
			w.undecodable()
			return
		}
		w.bareIP(b[4:])
	case 12, 14, 101, 228, 229: // raw IP; 12 and 14 are what some systems wrote for 101
		w.bareIP(b)
	case 113: // Linux cooked v1: type, ARPHRD, address length, address 8, protocol
		if len(b) < 16 {
			w.undecodable()
			return
		}
		w.cooked(binary.BigEndian.Uint16(b[4:]), b[6:], binary.BigEndian.Uint16(b[14:]), b[16:])
	case 276: // Linux cooked v2: protocol, reserved 2, interface 4, ARPHRD 2, type 1, address length 1, address 8
		if len(b) < 20 {
			w.undecodable()
			return
		}
		w.cooked(uint16(b[11]), b[12:], binary.BigEndian.Uint16(b), b[20:])
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
		if bottom {
			w.p.src = 0 // what is inside was sent elsewhere
			w.bareIP(b)
			return
		}
	}
	w.undecodable()
}

func (w *worker) pppoe(b []byte) {
	if len(b) < 8 || b[0] != 0x11 {
		w.undecodable()
		return
	}
	switch binary.BigEndian.Uint16(b[6:]) { // PPP protocol numbers
	case 0x0021:
		w.ipv4(b[8:])
	case 0x0057:
		w.ipv6(b[8:])
	default:
		w.unfollowed()
	}
}
