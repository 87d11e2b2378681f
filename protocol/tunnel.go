package protocol

import "encoding/binary"

// Ports of tunnels over UDP (IANA; 8472 is Linux' older one for VXLAN, 37008 TZSP of capturing access points).
const (
	portGTPU     = 2152
	portTeredo   = 3544
	portL2TP     = 1701
	portVXLAN    = 4789
	portVXLANGPE = 4790
	portAYIYA    = 5072
	portCAPWAP   = 5247
	portGeneve   = 6081
	portVXLANOld = 8472
	portTZSP     = 37008
)

// tunnelPort tells whether a datagram may carry another host's frames.
func tunnelPort(from, to uint16) bool { return isTunnel(to) || isTunnel(from) }

func isTunnel(port uint16) bool {
	switch port {
	case portGTPU, portTeredo, portL2TP, portVXLAN, portVXLANGPE, portAYIYA, portCAPWAP, portGeneve, portVXLANOld, portTZSP:
		return true
	}
	return false
}

// tunnel enters a packet inside a packet: the MACs of the outer frame are not the inner sender's.
func (w *worker) tunnel() bool {
	if w.p.depth++; w.p.depth > maxTunnels {
		w.undecodable()
		return false
	}
	w.p.src, w.p.dst = 0, 0
	return true
}

// udpTunnel reads a datagram that carries frames; false where it does not, for its port alone proves nothing.
func (w *worker) udpTunnel(from, to uint16, b []byte) bool {
	port := to
	if !isTunnel(to) {
		port = from
	}
	switch port {
	case portVXLAN, portVXLANOld: // RFC 7348: the flag of an identifier, and zeros
		return len(b) >= 8+14 && b[0] == 8 && b[7] == 0 && w.inside(b[8:], w.ethernet)
	case portVXLANGPE:
		if len(b) < 8+14 || b[0]&0xf4 != 4 && b[0]&0xfc != 12 {
			return false
		}
		switch b[3] {
		case 1, 2:
			return w.inside(b[8:], w.bareIP)
		case 3:
			return w.inside(b[8:], w.ethernet)
		}
		return false
	case portGeneve: // RFC 8926: version and length of options, protocol
		if len(b) < 8 || b[0]>>6 != 0 || len(b) < 8+int(b[0]&63)*4 {
			return false
		}
		rest := b[8+int(b[0]&63)*4:]
		switch binary.BigEndian.Uint16(b[2:]) {
		case 0x6558:
			return w.inside(rest, w.ethernet)
		case etherIPv4, etherIPv6:
			return w.inside(rest, w.bareIP)
		}
		return false
	case portGTPU:
		rest := gtp(b)
		return rest != nil && w.inside(rest, w.bareIP)
	case portTeredo: // RFC 4380: authentication and origin may stand before the packet
		if len(b) >= 4 && b[0] == 0 && b[1] == 1 && len(b) >= 13+int(b[2])+int(b[3]) {
			b = b[13+int(b[2])+int(b[3]):]
		}
		if len(b) >= 8 && b[0] == 0 && b[1] == 0 {
			b = b[8:]
		}
		return len(b) >= 40 && b[0]>>4 == 6 && w.inside(b, w.bareIP)
	case portAYIYA: // draft-massar-v6ops-ayiya: lengths of identity and signature, next header
		if len(b) < 8 {
			return false
		}
		head := 8 + 1<<(b[0]>>4) + int(b[1]>>4)*4
		return b[3] == ipInIPv6 && len(b) >= head+40 && b[head]>>4 == 6 && w.inside(b[head:], w.bareIP)
	case portL2TP:
		rest := l2tp(b)
		return rest != nil && w.inside(rest, w.ppp)
	case portCAPWAP:
		return w.capwap(b)
	case portTZSP:
		return w.tzsp(b)
	}
	return false
}

// inside reads what a tunnel carries; the outer sender was seen.
func (w *worker) inside(b []byte, read func([]byte)) bool {
	w.see()
	if w.tunnel() {
		read(b)
	}
	return true
}

// gtp returns the packet of a GTP-U message (3GPP TS 29.281, 5.1), nil where there is none.
func gtp(b []byte) []byte {
	const gpdu = 255
	if len(b) < 8 || b[0]>>5 != 1 || b[0]&0x10 == 0 || b[1] != gpdu {
		return nil
	}
	at := 8
	if b[0]&7 != 0 { // sequence number, N-PDU number, next extension: all three where one is
		if len(b) < 12 {
			return nil
		}
		at = 12
		for next := b[11]; b[0]&4 != 0 && next != 0; {
			if at >= len(b) || b[at] == 0 || at+int(b[at])*4 > len(b) {
				return nil
			}
			at += int(b[at]) * 4
			next = b[at-1]
		}
	}
	if at >= len(b) || b[at]>>4 != 4 && b[at]>>4 != 6 {
		return nil
	}
	return b[at:]
}

// l2tp returns the PPP frame of an L2TPv2 data message (RFC 2661, 3.1), nil where there is none.
func l2tp(b []byte) []byte {
	if len(b) < 6 || b[0]&0x80 != 0 || b[1]&15 != 2 {
		return nil
	}
	at := 2
	if b[0]&0x40 != 0 { // length
		at += 2
	}
	at += 4             // tunnel, session
	if b[0]&0x08 != 0 { // sequence numbers
		at += 4
	}
	if b[0]&0x02 != 0 { // offset
		if len(b) < at+2 {
			return nil
		}
		at += 2 + int(binary.BigEndian.Uint16(b[at:]))
	}
	if len(b) < at+2 {
		return nil
	}
	return b[at:]
}

// capwap reads the data channel between access points and their controller (RFC 5415, 4.3) where it is not encrypted.
func (w *worker) capwap(b []byte) bool {
	if len(b) < 8 || b[0] != 0 || b[3]&0x80 != 0 { // version 0 without DTLS; no fragment
		return false
	}
	size := int(b[1]>>3) * 4
	if size < 8 || len(b) < size+14 {
		return false
	}
	switch {
	case b[2]&1 == 0:
		return w.inside(b[size:], w.ethernet)
	case b[2]>>1&31 == 1:
		return w.inside(b[size:], func(b []byte) { w.dot11(b, false) })
	}
	return false
}

// tzsp reads frames that an access point or a router sends on: version, type, what is inside, tags.
func (w *worker) tzsp(b []byte) bool {
	if len(b) < 5 || b[0] != 1 || b[1] > 1 {
		return false
	}
	kind, rest := binary.BigEndian.Uint16(b[2:]), b[4:]
	for len(rest) > 0 && rest[0] != 1 { // up to the end tag
		switch {
		case rest[0] == 0:
			rest = rest[1:]
		case len(rest) < 2 || len(rest) < 2+int(rest[1]):
			return false
		default:
			rest = rest[2+int(rest[1]):]
		}
	}
	if len(rest) < 2 {
		return false
	}
	switch kind {
	case 1:
		return w.inside(rest[1:], w.ethernet)
	case 18:
		return w.inside(rest[1:], func(b []byte) { w.dot11(b, false) })
	}
	return false
}

// gre reads RFC 1701, 2637, 2784 and 2890 headers, transparent Ethernet bridging, NVGRE and ERSPAN types I to III.
func (w *worker) gre(b []byte) {
	if len(b) < 4 || b[1]&7 > 1 {
		w.undecodable()
		return
	}
	flags, proto, size := b[0], binary.BigEndian.Uint16(b[2:]), 4
	if flags&0xc0 != 0 { // checksum and offset: both where one is
		size += 4
	}
	for _, bit := range []byte{0x20, 0x10} { // key, sequence
		if flags&bit != 0 {
			size += 4
		}
	}
	if b[1]&0x80 != 0 { // PPTP's acknowledgement (RFC 2637)
		size += 4
	}
	for flags&0x40 != 0 { // RFC 1701's routes, up to an empty one
		if len(b) < size+4 {
			w.undecodable()
			return
		}
		route := int(b[size+3])
		size += 4 + route
		if route == 0 {
			break
		}
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
		w.undecodable()
		return
	}
	b = b[size:]
	switch proto {
	case 0x6558, 0x88be, 0x22eb:
		w.ethernet(b)
	case etherIPv4, etherIPv6:
		w.bareIP(b)
	case 0x880b:
		if len(b) == 0 { // an acknowledgement alone
			w.unfollowed()
			return
		}
		w.ppp(b)
	case etherMPLS, etherVLAN, etherQinQ:
		w.tagged(proto, b)
	default:
		w.unfollowed()
	}
}
