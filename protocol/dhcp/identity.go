package dhcp

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"pons/fact"
)

// broadbandForum is the enterprise whose sub-options name equipment (TR-069 annex F); it had this number as the ADSL
// Forum.
const broadbandForum = 3561

// archOf names the architectures of machines that start from the network (RFC 4578 §2.1, IANA "Processor Architecture
// Types"): those that are met.
func archOf(kind uint16) string {
	switch kind {
	case 0:
		return "x86-bios"
	case 6:
		return "x86-uefi"
	case 7, 9:
		return "x64-uefi"
	case 10:
		return "arm32-uefi"
	case 11:
		return "arm64-uefi"
	case 15:
		return "x86-uefi-http"
	case 16:
		return "x64-uefi-http"
	case 19:
		return "arm64-uefi-http"
	}
	return strconv.Itoa(int(kind))
}

// behind states what a relay adds about its client: itself, and where the client is plugged in. Servers send it back.
func behind(b []byte, opts map[byte][]byte, say func(fact.Attr, string, string)) {
	if relay := netip.AddrFrom4([4]byte(b[24:28])); !relay.IsUnspecified() {
		say(Relay, relay.String(), "relay address")
	}
	for rest := opts[optRelay]; len(rest) >= 2 && 2+int(rest[1]) <= len(rest); rest = rest[2+int(rest[1]):] {
		switch v := rest[2 : 2+int(rest[1])]; rest[0] {
		case 1:
			say(CircuitID, printed(v), "option 82")
		case 2:
			say(RemoteID, printed(v), "option 82")
		}
	}
}

// identity states what else a client says of itself.
func identity(b []byte, opts map[byte][]byte, say func(fact.Attr, string, string)) {
	if v := opts[optClientID]; len(v) > 1 && !(v[0] == 1 && bytes.Equal(v[1:], b[28:28+min(int(b[2]), 16)])) {
		if v[0] == 0 && isText(v[1:]) { // RFC 2132 §9.14: no hardware address
			say(ClientID, text(v[1:]), "option 61")
		} else {
			say(ClientID, hex.EncodeToString(v), "option 61")
		}
	}
	say(UserClass, userClass(opts[optUserClass]), "option 77")
	if v := opts[optArch]; len(v) >= 2 {
		say(ClientArch, archOf(binary.BigEndian.Uint16(v)), "option 93")
	}
	if v := opts[optUUID]; len(v) == 17 && v[0] == 0 && [16]byte(v[1:]) != [16]byte{} {
		say(ClientUUID, fmt.Sprintf("%x-%x-%x-%x-%x", v[1:5], v[5:7], v[7:9], v[9:11], v[11:]), "option 97")
	}
	if v := opts[optEnterprise]; len(v) >= 4 {
		say(VendorID, strconv.FormatUint(uint64(binary.BigEndian.Uint32(v)), 10), "option 124")
	}
	for v := opts[optVendorInfo]; len(v) >= 5 && 5+int(v[4]) <= len(v); v = v[5+int(v[4]):] {
		enterprise := binary.BigEndian.Uint32(v)
		say(VendorID, strconv.FormatUint(uint64(enterprise), 10), "option 125")
		if enterprise == broadbandForum {
			equipment(v[5:5+int(v[4])], say)
		}
	}
}

// equipment reads the sub-options 1 to 3: OUI, serial, product class.
func equipment(b []byte, say func(fact.Attr, string, string)) {
	for ; len(b) >= 2 && 2+int(b[1]) <= len(b); b = b[2+int(b[1]):] {
		v := text(b[2 : 2+int(b[1])])
		switch b[0] {
		case 1:
			say(VendorOUI, v, "option 125")
		case 2:
			say(Serial, v, "option 125")
		case 3:
			say(VendorModel, v, "option 125")
		}
	}
}

// userClass reads option 77: texts, each with its length before it; many clients send one text without.
func userClass(v []byte) string {
	if len(v) > 1 && 1+int(v[0]) == len(v) {
		v = v[1:]
	}
	if !isText(v) {
		return ""
	}
	return text(v)
}

func isText(v []byte) bool {
	v = bytes.TrimRight(v, "\x00")
	return len(v) > 0 && utf8.Valid(v) && bytes.IndexFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}

// printed writes an identifier as the text that it is, else hexadecimal.
func printed(v []byte) string {
	if isText(v) {
		return text(v)
	}
	return hex.EncodeToString(v)
}
