package protocol

import "encoding/binary"

// wireless reads 802.11 behind what a card wrote before it.
func (w *worker) wireless(link uint32, b []byte) {
	head, padded := 0, false
	switch {
	case link == 105:
	case link == 119 && len(b) >= 8 && binary.BigEndian.Uint32(b)&0xfffff000 == 0x80211000, link == 163 && len(b) >= 8: // AVS, also under the name of Prism
		head = int(binary.BigEndian.Uint32(b[4:]))
	case link == 119 && len(b) >= 8: // Prism: code, length
		head = int(binary.LittleEndian.Uint32(b[4:]))
	case link == 127 && len(b) >= 8:
		head = int(binary.LittleEndian.Uint16(b[2:]))
		padded = radiotapPads(b[:min(head, len(b))])
	case link == 192 && len(b) >= 8 && binary.LittleEndian.Uint32(b[4:]) == 105: // PPI
		head = int(binary.LittleEndian.Uint16(b[2:]))
	default:
		w.undecodable()
		return
	}
	if head < 0 || head > len(b) {
		w.undecodable()
		return
	}
	w.dot11(b[head:], padded)
}

// radiotapPads tells whether the 802.11 header is padded to four bytes (radiotap flags, bit 0x20).
func radiotapPads(b []byte) bool {
	at := 4
	for at+4 <= len(b) && b[at+3]&0x80 != 0 { // further words of what is present
		at += 4
	}
	at += 4
	if len(b) < 8 || b[4]&2 == 0 {
		return false
	}
	if b[4]&1 != 0 { // the timer first, in its place
		at = (at+7)&^7 + 8
	}
	return at < len(b) && b[at]&0x20 != 0
}

// dot11 reads a data frame (IEEE 802.11-2020, 9.3.2): its sender, and what it carries where that is readable.
func (w *worker) dot11(b []byte, padded bool) {
	if len(b) < 2 {
		w.undecodable()
		return
	}
	if b[0]>>2&3 != 2 || b[0]&0x40 != 0 { // management, control, and data frames without data
		w.unfollowed()
		return
	}
	size := 24
	if b[1]&3 == 3 {
		size += 6
	}
	qos := size
	if b[0]&0x80 != 0 {
		if size += 2; b[1]&0x80 != 0 { // HT control
			size += 4
		}
	}
	if padded {
		size = (size + 3) &^ 3
	}
	if len(b) < size {
		w.undecodable()
		return
	}
	switch b[1] & 3 { // to and from the distribution system
	case 0:
		w.p.dst, w.p.src = macOf(b[4:]), macOf(b[10:])
	case 1:
		w.p.dst, w.p.src = macOf(b[16:]), macOf(b[10:])
	case 2:
		w.p.dst, w.p.src = macOf(b[4:]), macOf(b[16:])
	default:
		w.p.dst, w.p.src = macOf(b[16:]), macOf(b[24:])
	}
	if b[1]&0x40 != 0 {
		w.see()
		if w.counts {
			w.count.Encrypted++
		}
		w.unfollowed()
		return
	}
	if binary.LittleEndian.Uint16(b[22:])&15 != 0 { // a later fragment: of one in pieces the head alone is read
		w.see()
		w.unfollowed()
		return
	}
	if b[0]&0x80 != 0 && b[qos]&0x80 != 0 {
		w.aggregate(b[size:])
		return
	}
	w.llc(b[size:])
}

// aggregate reads an A-MSDU: addresses, length and LLC, each padded to four bytes.
func (w *worker) aggregate(b []byte) {
	depth := w.p.depth
	for len(b) >= 14 {
		size := int(binary.BigEndian.Uint16(b[12:]))
		end := min(14+size, len(b))
		w.p.dst, w.p.src, w.p.from, w.p.to, w.p.depth = macOf(b), macOf(b[6:]), addr{}, addr{}, depth
		w.p.packets, w.p.size = 1, uint64(end)
		w.llc(b[14:end])
		b = b[min(len(b), (14+size+3)&^3):]
	}
}
