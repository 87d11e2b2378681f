package hello

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// Extensions that are read, by the IANA registry of TLS ExtensionType values.
const (
	extServerName          = 0
	extSupportedGroups     = 10
	extECPointFormats      = 11
	extSignatureAlgorithms = 13
	extALPN                = 16
	extSupportedVersions   = 43
)

// maxListed bounds the lists kept of one hello; what real clients send stays below a hundred.
const maxListed = 512

// Client is what is read of a ClientHello. Its lists hold GREASE values as sent; its slices point into
// the message and are valid as long as that is.
type Client struct {
	version    uint16
	datagrams  bool // DTLS
	ciphers    []uint16
	extensions []uint16
	groups     []uint16
	formats    []byte
	signatures []uint16
	versions   []uint16
	serverName []byte
	alpn       []byte // the first protocol offered
	protocols  []byte // all of them, each behind its length

	room [256]uint16 // what the lists of most hellos fit in
	used int
}

// parseClient reads the body of a ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2), or of one of DTLS, where a
// cookie follows the session (RFC 9147 §5.3). A hello whose extensions are damaged is not read at all: half a
// fingerprint would be another client's.
func parseClient(body []byte) (*Client, bool) {
	s := cryptobyte.String(body)
	h := &Client{}
	var session, cookie, ciphers, compression cryptobyte.String
	if !s.ReadUint16(&h.version) || !s.Skip(32) || !s.ReadUint8LengthPrefixed(&session) {
		return nil, false
	}
	h.datagrams = h.version>>8 == 0xfe || h.version == oldDTLS
	if h.datagrams && !s.ReadUint8LengthPrefixed(&cookie) || !s.ReadUint16LengthPrefixed(&ciphers) || !s.ReadUint8LengthPrefixed(&compression) {
		return nil, false
	}
	if h.version>>8 != 3 && !h.datagrams || len(ciphers)%2 != 0 || len(ciphers) > 2*maxListed {
		return nil, false
	}
	h.ciphers = h.list16(ciphers)
	if s.Empty() {
		return h, true
	}
	var extensions cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&extensions) {
		return nil, false
	}
	h.extensions = make([]uint16, 0, 24)
	for !extensions.Empty() {
		var kind uint16
		var value cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&value) || len(h.extensions) == maxListed {
			return nil, false
		}
		h.extensions = append(h.extensions, kind)
		h.extension(kind, value)
	}
	return h, true
}

// extension keeps what is wanted of one extension; one whose inside is damaged counts only by its number.
func (h *Client) extension(kind uint16, value cryptobyte.String) {
	var inner cryptobyte.String
	switch kind {
	case extServerName:
		if !value.ReadUint16LengthPrefixed(&inner) {
			return
		}
		for !inner.Empty() {
			var nameType uint8
			var name cryptobyte.String
			if !inner.ReadUint8(&nameType) || !inner.ReadUint16LengthPrefixed(&name) {
				return
			}
			if nameType == 0 && h.serverName == nil {
				h.serverName = name
			}
		}
	case extSupportedGroups:
		if value.ReadUint16LengthPrefixed(&inner) {
			h.groups = h.list16(inner)
		}
	case extECPointFormats:
		if value.ReadUint8LengthPrefixed(&inner) {
			h.formats = inner
		}
	case extSignatureAlgorithms:
		if value.ReadUint16LengthPrefixed(&inner) {
			h.signatures = h.list16(inner)
		}
	case extSupportedVersions:
		if value.ReadUint8LengthPrefixed(&inner) {
			h.versions = h.list16(inner)
		}
	case extALPN:
		var first cryptobyte.String
		value0 := value[min(2, len(value)):]
		if value.ReadUint16LengthPrefixed(&inner) && inner.ReadUint8LengthPrefixed(&first) {
			h.alpn = first
			h.protocols = value0
		}
	}
}

// list16 reads big-endian pairs, at most maxListed; an odd byte at the end is left.
func (h *Client) list16(s cryptobyte.String) []uint16 {
	n := min(len(s)/2, maxListed)
	var out []uint16
	if h.used+n <= len(h.room) {
		out = h.room[h.used : h.used+n : h.used+n]
		h.used += n
	} else {
		out = make([]uint16, n)
	}
	for i := range out {
		out[i] = uint16(s[2*i])<<8 | uint16(s[2*i+1])
	}
	return out
}

// server is what is read of a ServerHello. A HelloRetryRequest is one in this respect.
type server struct {
	legacy     uint16 // the version in the field of old
	version    uint16 // the version that holds
	cipher     uint16
	extensions []uint16
	alpn       []byte
}

// parseServer reads the body of a ServerHello. The version that the server chose stands in an extension in TLS 1.3,
// where the field of old says 1.2 (RFC 8446 §4.1.3).
func parseServer(body []byte) (h server, ok bool) {
	s := cryptobyte.String(body)
	var session, extensions cryptobyte.String
	if !s.ReadUint16(&h.legacy) || !s.Skip(32) {
		return h, false
	}
	h.version = h.legacy
	switch {
	case h.legacy>>8 == 0x7f: // drafts of TLS 1.3 up to 21 have no session and say the draft here
		ok = s.ReadUint16(&h.cipher)
	case h.legacy>>8 == 3, h.legacy>>8 == 0xfe, h.legacy == oldDTLS:
		ok = s.ReadUint8LengthPrefixed(&session) && s.ReadUint16(&h.cipher) && s.Skip(1)
	}
	if !ok || !s.ReadUint16LengthPrefixed(&extensions) {
		return h, ok
	}
	for !extensions.Empty() && len(h.extensions) < maxListed {
		var kind, chosen uint16
		var value, list, name cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&value) {
			break
		}
		h.extensions = append(h.extensions, kind)
		switch {
		case kind == extSupportedVersions && value.ReadUint16(&chosen):
			h.version = chosen
		case kind == extALPN && value.ReadUint16LengthPrefixed(&list) && list.ReadUint8LengthPrefixed(&name):
			h.alpn = name
		}
	}
	return h, true
}

// oldDTLS is the version that OpenSSL sent before DTLS 1.0 was settled.
const oldDTLS = 0x0100

// age orders versions across TLS and DTLS: 0 for SSL 3.0, 3 for 1.2; DTLS 1.0 is TLS 1.1 on datagrams (RFC 4347).
// What is not assigned is taken for new.
func age(v uint16) int {
	switch {
	case v == 0xfeff, v == oldDTLS:
		return 2
	case v >= 0x0300 && v <= 0x0304:
		return int(v & 0xff)
	case v < 0x0300:
		return -1
	}
	return 4
}

// best is the highest version that a client offers, of those that are assigned.
func (h *Client) best() uint16 {
	if !slices.Contains(h.extensions, extSupportedVersions) {
		return h.version
	}
	best := uint16(0)
	for _, v := range h.versions {
		switch {
		case grease(v):
		case h.datagrams && (best == 0 || v < best): // DTLS counts down
			best = v
		case !h.datagrams:
			best = max(best, v)
		}
	}
	return best
}

// versionName words a version as people do: "TLS 1.2", "SSL 3.0", "TLS 1.3 draft 18". Numbers nobody
// assigned have no name.
func versionName(v uint16) string {
	switch {
	case v == 0x0300:
		return "SSL 3.0"
	case v >= 0x0301 && v <= 0x0304:
		return "TLS 1." + string('0'+byte(v-0x0301))
	case v == 0xfeff, v == oldDTLS:
		return "DTLS 1.0"
	case v == 0xfefd:
		return "DTLS 1.2"
	case v == 0xfefc:
		return "DTLS 1.3"
	case v>>8 == 0x7f:
		return fmt.Sprintf("TLS 1.3 draft %d", v&0xff)
	}
	return ""
}

// hostName returns a name that could be one (RFC 6066 §3 says ASCII letters of a DNS name; underscores
// occur), or "".
func hostName(b []byte) string {
	if len(b) == 0 || len(b) > 255 {
		return ""
	}
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == ':':
		default:
			return ""
		}
	}
	return strings.TrimSuffix(string(b), ".")
}
