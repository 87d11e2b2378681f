package tls

import (
	"fmt"
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

// clientHello is what is read of a ClientHello. Its lists hold GREASE values as sent; its slices point into
// the message and are valid as long as that is.
type clientHello struct {
	version    uint16
	ciphers    []uint16
	extensions []uint16
	groups     []uint16
	formats    []byte
	signatures []uint16
	versions   []uint16
	serverName []byte
	alpn       []byte // the first protocol offered
}

// parseClientHello reads the body of a ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2). A hello whose
// extensions are damaged is not read at all: half a fingerprint would be another client's.
func parseClientHello(body []byte) (*clientHello, bool) {
	s := cryptobyte.String(body)
	h := &clientHello{}
	var session, ciphers, compression cryptobyte.String
	if !s.ReadUint16(&h.version) || !s.Skip(32) || !s.ReadUint8LengthPrefixed(&session) ||
		!s.ReadUint16LengthPrefixed(&ciphers) || !s.ReadUint8LengthPrefixed(&compression) {
		return nil, false
	}
	if h.version>>8 != 3 || len(ciphers)%2 != 0 || len(ciphers) > 2*maxListed {
		return nil, false
	}
	h.ciphers = list16(ciphers)
	if s.Empty() {
		return h, true
	}
	var extensions cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&extensions) {
		return nil, false
	}
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
func (h *clientHello) extension(kind uint16, value cryptobyte.String) {
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
			h.groups = list16(inner)
		}
	case extECPointFormats:
		if value.ReadUint8LengthPrefixed(&inner) {
			h.formats = inner
		}
	case extSignatureAlgorithms:
		if value.ReadUint16LengthPrefixed(&inner) {
			h.signatures = list16(inner)
		}
	case extSupportedVersions:
		if value.ReadUint8LengthPrefixed(&inner) {
			h.versions = list16(inner)
		}
	case extALPN:
		var first cryptobyte.String
		if value.ReadUint16LengthPrefixed(&inner) && inner.ReadUint8LengthPrefixed(&first) {
			h.alpn = first
		}
	}
}

// list16 reads big-endian pairs, at most maxListed; an odd byte at the end is left.
func list16(s cryptobyte.String) []uint16 {
	n := min(len(s)/2, maxListed)
	out := make([]uint16, n)
	for i := range out {
		out[i] = uint16(s[2*i])<<8 | uint16(s[2*i+1])
	}
	return out
}

// parseServerHello returns the version the server chose: in TLS 1.3 that stands in an extension and the
// field of old says 1.2 (RFC 8446 §4.1.3). A HelloRetryRequest is a ServerHello in this respect.
func parseServerHello(body []byte) (uint16, bool) {
	s := cryptobyte.String(body)
	var version uint16
	var session, extensions cryptobyte.String
	if !s.ReadUint16(&version) || version>>8 != 3 && version>>8 != 0x7f || !s.Skip(32) {
		return 0, false
	}
	if version>>8 == 0x7f { // drafts of TLS 1.3 up to 21 have no session and say the draft here
		return version, true
	}
	if !s.ReadUint8LengthPrefixed(&session) || !s.Skip(3) {
		return 0, false
	}
	if !s.ReadUint16LengthPrefixed(&extensions) {
		return version, true
	}
	for !extensions.Empty() {
		var kind uint16
		var value cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&value) {
			break
		}
		var chosen uint16
		if kind == extSupportedVersions && value.ReadUint16(&chosen) {
			return chosen, true
		}
	}
	return version, true
}

// versionName words a version as people do: "TLS 1.2", "SSL 3.0", "TLS 1.3 draft 18". Numbers nobody
// assigned have no name.
func versionName(v uint16) string {
	switch {
	case v == 0x0300:
		return "SSL 3.0"
	case v >= 0x0301 && v <= 0x0304:
		return "TLS 1." + string('0'+byte(v-0x0301))
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
