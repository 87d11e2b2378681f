package fact

import (
	"net/netip"
	"strings"
)

// ParseMAC returns the canonical spelling of one MAC address, "00:12:21:aa:bb:cc". It reads the notations people and
// switches use: aa:bb:cc:dd:ee:ff, AA-BB-…, aabb.ccdd.eeff, aabbccddeeff, "AA BB …", aa_bb_…, aabbcc-ddeeff and
// arp's short octets (0:12:21:a:b:c). Addresses that name no interface are refused: all zeros, one octet six
// times, the multicast groups, and the three that vendors print in manuals. An address outside those groups that has
// the group bit set is kept: it was typed or generated wrongly, but two files that agree on it speak of one thing.
func ParseMAC(s string) (string, bool) {
	s = strings.TrimSpace(s)
	var octets [6]byte
	if !macOctets(s, &octets) || !nameable(octets) {
		return "", false
	}
	if len(s) == 17 && s[2] == ':' && isLower(s) {
		return s, true
	}
	return hexColons(octets[:]), true
}

// macOctets reads s, which must be one address from end to end: one, two, three or six groups of like size, or six
// groups of one or two digits.
func macOctets(s string, out *[6]byte) bool {
	if len(s) < 11 || len(s) > 17 {
		return false
	}
	var value [6]uint64
	var size [6]int
	var sep byte
	g := 0
	for i := 0; i < len(s); i++ {
		if v, ok := nibble(s[i]); ok {
			value[g] = value[g]<<4 | uint64(v)
			if size[g]++; size[g] > 12 {
				return false
			}
			continue
		}
		if !isMACSeparator(s[i]) || (sep != 0 && s[i] != sep) || g == 5 {
			return false
		}
		sep = s[i]
		g++
	}
	if g == 3 || g == 4 {
		return false
	}
	want := 12 / (g + 1)
	short := g == 5 && (sep == ':' || sep == '-')
	var all uint64
	for i := 0; i <= g; i++ {
		if size[i] != want && !(short && size[i] == 1) {
			return false
		}
		all = all<<(4*want) | value[i]
	}
	for i := range out {
		out[i] = byte(all >> (40 - 8*i))
	}
	return true
}

func isMACSeparator(c byte) bool {
	return c == ':' || c == '-' || c == '.' || c == ' ' || c == '_'
}

// isGroup says whether the address is of a multicast group in use: 01-00 (IPv4 01-00-5E, Cisco 01-00-0C), 01-80 (IEEE
// 01-80-C2), 01-0C-CD (IEC 61850), 01-1B-19 (PTP), 01-15-4E (DLMAP), 33-33 (IPv6, RFC 2464), and the older 03-00, 09-00,
// AB-00 and CF-00 (IANA, IEEE 802 numbers).
func isGroup(o [6]byte) bool {
	switch o[0] {
	case 0x01:
		return o[1] == 0 || o[1] == 0x80 || o[1] == 0x0c && o[2] == 0xcd || o[1] == 0x1b && o[2] == 0x19 || o[1] == 0x15 && o[2] == 0x4e
	case 0x33:
		return o[1] == 0x33
	case 0x03, 0x09, 0xab, 0xcf:
		return o[1] == 0
	}
	return false
}

// nameable says whether the address can belong to one interface.
func nameable(o [6]byte) bool {
	if isGroup(o) {
		return false
	}
	same := true
	for _, b := range o[1:] {
		same = same && b == o[0]
	}
	if same {
		return false
	}
	switch o {
	case [6]byte{0x00, 0x11, 0x22, 0x33, 0x44, 0x55}, [6]byte{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc},
		[6]byte{0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}: // the examples of vendors' manuals
		return false
	}
	return true
}

// ParseEUI64 returns the canonical spelling of a 64-bit identifier, "00:12:21:ff:fe:aa:bb:cc", in any notation with
// groups of two, four or sixteen digits. All zeros and one octet eight times are refused.
func ParseEUI64(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 16 || len(s) > 23 {
		return "", false
	}
	var o [8]byte
	nibbles, inGroup, first := 0, 0, 0
	var sep byte
	for i := 0; i < len(s); i++ {
		if v, ok := nibble(s[i]); ok {
			if nibbles == 16 {
				return "", false
			}
			o[nibbles/2] = o[nibbles/2]<<4 | v
			nibbles++
			inGroup++
			continue
		}
		if !isMACSeparator(s[i]) || (sep != 0 && s[i] != sep) || inGroup == 0 || (first != 0 && inGroup != first) {
			return "", false
		}
		sep, first, inGroup = s[i], inGroup, 0
	}
	if nibbles != 16 || (sep != 0 && (inGroup != first || (first != 2 && first != 4))) {
		return "", false
	}
	same := true
	for _, b := range o[1:] {
		same = same && b == o[0]
	}
	if same {
		return "", false
	}
	return hexColons(o[:]), true
}

// LocallyAdministered says whether a canonical MAC was made up by software or by an administrator (IEEE 802-2014
// §8.4: second bit of the first octet), so that it cannot prove which machine it belongs to.
func LocallyAdministered(mac string) bool {
	if len(mac) < 2 {
		return false
	}
	v, ok := nibble(mac[1])
	return ok && v&2 != 0
}

// MACs returns the addresses in a cell, in the order written and without repeats, whatever stands between them.
func MACs(cell string) []string {
	if mac, ok := ParseMAC(cell); ok {
		return []string{mac}
	}
	if id := strings.TrimSpace(cell); len(id) == 20 && id[:2] == "01" { // a DHCP client identifier of Ethernet, RFC 2132 §9.14
		if mac, ok := ParseMAC(id[3:]); ok {
			return []string{mac}
		}
	}
	var out []string
	for i := 0; i < len(cell); {
		if _, ok := nibble(cell[i]); !ok || (i > 0 && isAlnum(cell[i-1])) {
			i++
			continue
		}
		n, whole := macAt(cell[i:])
		if n == 0 {
			i++
			continue
		}
		if whole {
			if mac, ok := ParseMAC(cell[i : i+n]); ok {
				out = appendNew(out, mac)
			}
		}
		i += n
	}
	return out
}

// macAt returns the length of the address at the start of s, or of a longer identifier that only looks like one
// (whole is then false), or zero.
func macAt(s string) (n int, whole bool) {
	for _, size := range [...]int{2, 4, 6} {
		if n := hexGroups(s, size, 12/size); n > 0 {
			sep := s[size]
			if sep != ' ' && n+1 < len(s) && s[n] == sep && isHex(s[n+1]) { // an EUI-64 or an InfiniBand GUID
				for n < len(s) && (isHex(s[n]) || s[n] == sep) {
					n++
				}
				return n, false
			}
			return n, true
		}
	}
	run := 0
	for run < len(s) && isHex(s[run]) {
		run++
	}
	if run == 12 && (run == len(s) || !isAlnum(s[run])) {
		return run, true
	}
	return 0, false
}

// hexGroups returns the length of count groups of size hex digits with one separator between them, or zero.
func hexGroups(s string, size, count int) int {
	n := size*count + count - 1
	if len(s) < n || !isMACSeparator(s[size]) {
		return 0
	}
	for i := 0; i < n; i++ {
		if i%(size+1) == size {
			if s[i] != s[size] {
				return 0
			}
		} else if !isHex(s[i]) {
			return 0
		}
	}
	if n < len(s) && isAlnum(s[n]) {
		return 0
	}
	return n
}

// ParseIP returns the canonical text of one address, without zone, port or prefix length. Addresses that name no host
// (unspecified, loopback, multicast, broadcast) are refused. Octets padded to three digits ("010.020.003.004")
// are decimal, as exports mean them.
func ParseIP(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(s, '/'); i >= 0 {
		if tail := s[i+1:]; len(tail) > 3 && !strings.HasPrefix(tail, "255.") { // neither a prefix length nor a mask
			return "", false
		}
		s = s[:i]
	}
	if len(s) < 2 || len(s) > 64 {
		return "", false
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		if ap, e := netip.ParseAddrPort(s); e == nil {
			a = ap.Addr()
		} else if a, err = netip.ParseAddr(unpad(s)); err != nil {
			return "", false
		}
		s = ""
	}
	a = a.Unmap().WithZone("")
	if a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) ||
		(a.Is4() && a.As4()[0] == 0) {
		return "", false
	}
	if s != "" && a.Is4() && strings.IndexByte(s, ':') < 0 {
		return s, true // netip takes only the canonical spelling of an IPv4 address
	}
	return a.String(), true
}

// unpad drops the zeros before the octets of an IPv4 address, when each octet is written with three digits.
func unpad(s string) string {
	if len(s) != 15 || s[3] != '.' || s[7] != '.' || s[11] != '.' {
		return s
	}
	parts := strings.Split(s, ".")
	for i, p := range parts {
		if p = strings.TrimLeft(p, "0"); p == "" {
			p = "0"
		}
		parts[i] = p
	}
	return strings.Join(parts, ".")
}

// IPs returns the addresses in a cell, in the order written and without repeats, whatever stands between them.
func IPs(cell string) []string {
	if ip, ok := ParseIP(cell); ok {
		return []string{ip}
	}
	var out []string
	for i := 0; i < len(cell); {
		if !isIPByte(cell[i]) {
			i++
			continue
		}
		j := i
		for j < len(cell) && (isIPByte(cell[j]) || cell[j] == '/' && j+1 < len(cell) && isDigit(cell[j+1]) || cell[j] == '%') {
			j++
		}
		if i == 0 || !isAlnum(cell[i-1]) {
			text := strings.Trim(cell[i:j], ".")
			if ip, ok := ParseIP(text); ok {
				out = appendNew(out, ip)
			} else if strings.IndexByte(text, '/') > 0 { // "10.1.1.1/10.1.1.2"
				for p := range strings.SplitSeq(text, "/") {
					if ip, ok := ParseIP(p); ok {
						out = appendNew(out, ip)
					}
				}
			}
		}
		i = j
	}
	return out
}

func isIPByte(c byte) bool { return isHex(c) || c == '.' || c == ':' }

// Fold returns the lower-case letters and digits of s and nothing else: the spelling under which headers, words of
// a vocabulary and model names are compared. Letters outside ASCII are kept as they are.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteByte(byte(r) + 'a' - 'A')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteByte(byte(r))
		case r >= 0x80:
			b.WriteString(strings.ToLower(string(r)))
		}
	}
	return b.String()
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}

func hexColons(octets []byte) string {
	const digits = "0123456789abcdef"
	var buf [23]byte
	n := 0
	for i, o := range octets {
		if i > 0 {
			buf[n] = ':'
			n++
		}
		buf[n], buf[n+1] = digits[o>>4], digits[o&15]
		n += 2
	}
	return string(buf[:n])
}

func nibble(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func isHex(c byte) bool   { _, ok := nibble(c); return ok }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isLower(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return false
		}
	}
	return true
}
