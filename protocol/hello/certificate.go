package hello

import (
	"bytes"
	encoding "encoding/asn1"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// certificate is what is read of the certificate of a host.
type certificate struct {
	subject, issuer string // RFC 4514: "CN=pump-7,O=B. Braun,C=DE"
	serial          string
	names           []string
	notAfter        time.Time // UTC, zero when it cannot be read
	person          bool      // it names somebody: an address of mail, a given name, a user principal
	spaced          bool      // its common name has words, as people's have
	selfSigned      bool
}

// maxNames bounds the alternative names that are said: certificates of hosting companies hold hundreds.
const maxNames = 8

// firstCertificate returns the first certificate of the list, which is the sender's own (RFC 5246 §7.4.2). The rest of
// the chain speaks of authorities, not of the host.
func firstCertificate(body []byte) (der []byte, ok bool) {
	s := cryptobyte.String(body)
	var list, first cryptobyte.String
	if !s.ReadUint24LengthPrefixed(&list) || !list.ReadUint24LengthPrefixed(&first) {
		return nil, false
	}
	return first, true
}

// parseCertificate walks the DER down to the fields that are said (RFC 5280 §4.1). crypto/x509 is not
// asked because it refuses a whole certificate for what devices really ship: negative serial numbers, odd
// strings, keys of the maker's own kind. What can be read of a broken one is kept.
func parseCertificate(der cryptobyte.String) (certificate, bool) {
	var out certificate
	var outer, tbs, issuer, validity, subject, key cryptobyte.String
	if !der.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1Element(&tbs, asn1.SEQUENCE) {
		return out, false
	}
	signed := []byte(tbs)
	if !tbs.ReadASN1(&tbs, asn1.SEQUENCE) {
		return out, false
	}
	var serial cryptobyte.String
	if !tbs.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) ||
		!tbs.ReadASN1(&serial, asn1.INTEGER) || !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.ReadASN1(&issuer, asn1.SEQUENCE) {
		return out, false
	}
	if len(serial) <= 32 { // RFC 5280 §4.1.2.2 allows 20 bytes
		out.serial = hex.EncodeToString(serial)
	}
	out.issuer, _ = distinguishedName(issuer)
	if !tbs.ReadASN1(&validity, asn1.SEQUENCE) {
		return out, true
	}
	out.notAfter = expiry(validity)
	if !tbs.ReadASN1(&subject, asn1.SEQUENCE) {
		return out, true
	}
	out.subject, out.person = distinguishedName(subject)
	out.spaced = spacedName(subject)
	if !tbs.ReadASN1Element(&key, asn1.SEQUENCE) {
		return out, true
	}
	var ids keyIDs
	out.extensions(tbs, &ids)
	if bytes.Equal(issuer, subject) {
		switch {
		case ids.own != nil && ids.authority != nil:
			out.selfSigned = bytes.Equal(ids.own, ids.authority)
		default:
			out.selfSigned = signs(key, signed, outer)
		}
	}
	return out, true
}

// keyIDs are the extensions by which a certificate names its key and its issuer's (RFC 5280 §4.2.1.1–2).
type keyIDs struct{ own, authority []byte }

// extensions reads what follows the key, up to and with the extensions.
func (c *certificate) extensions(tbs cryptobyte.String, ids *keyIDs) {
	var wrapped, list cryptobyte.String
	var present bool
	tbs.SkipOptionalASN1(asn1.Tag(1).ContextSpecific())
	tbs.SkipOptionalASN1(asn1.Tag(2).ContextSpecific())
	if !tbs.ReadOptionalASN1(&wrapped, &present, asn1.Tag(3).ContextSpecific().Constructed()) || !present || !wrapped.ReadASN1(&list, asn1.SEQUENCE) {
		return
	}
	for !list.Empty() {
		var extension, id, value cryptobyte.String
		if !list.ReadASN1(&extension, asn1.SEQUENCE) || !extension.ReadASN1(&id, asn1.OBJECT_IDENTIFIER) ||
			!extension.SkipOptionalASN1(asn1.BOOLEAN) || !extension.ReadASN1(&value, asn1.OCTET_STRING) {
			return
		}
		if len(id) != 3 || id[0] != 0x55 || id[1] != 0x1d { // 2.5.29
			continue
		}
		var inner cryptobyte.String
		switch id[2] {
		case 14:
			if value.ReadASN1(&inner, asn1.OCTET_STRING) {
				ids.own = inner
			}
		case 35:
			var sequence cryptobyte.String
			if value.ReadASN1(&sequence, asn1.SEQUENCE) && sequence.ReadOptionalASN1(&inner, &present, asn1.Tag(0).ContextSpecific()) && present {
				ids.authority = inner
			}
		case 17:
			if value.ReadASN1(&inner, asn1.SEQUENCE) {
				c.alternatives(inner)
			}
		}
	}
}

// alternatives reads the names and addresses of hosts among the alternative names (RFC 5280 §4.2.1.6). An address
// of mail and a user principal tell that somebody is named.
func (c *certificate) alternatives(list cryptobyte.String) {
	const (
		otherName = asn1.Tag(0x80 | 0x20)
		mail      = asn1.Tag(0x81)
		dns       = asn1.Tag(0x82)
		address   = asn1.Tag(0x87)
	)
	for !list.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !list.ReadAnyASN1(&value, &tag) {
			return
		}
		name := ""
		switch tag {
		case otherName, mail:
			c.person = true
		case dns:
			if name = printable(value); len(name) > 253 || strings.Contains(name, "@") {
				name = ""
			}
		case address:
			if ip, ok := netip.AddrFromSlice(value); ok {
				name = ip.String()
			}
		}
		if name != "" && len(c.names) < maxNames {
			c.names = append(c.names, name)
		}
	}
}

// expiry reads the second time of a Validity, zero if it is none; years of two digits turn at 1950 (RFC 5280
// §4.1.2.5.1).
func expiry(validity cryptobyte.String) time.Time {
	var begin, text cryptobyte.String
	var tag asn1.Tag
	if !validity.ReadAnyASN1(&begin, &tag) || !validity.ReadAnyASN1(&text, &tag) {
		return time.Time{}
	}
	layouts := []string{"20060102150405Z0700", "200601021504Z0700"}
	if tag == asn1.UTCTime {
		layouts = []string{"060102150405Z0700", "0601021504Z0700"}
	}
	for _, layout := range layouts {
		t, err := time.Parse(layout, string(text))
		if err != nil {
			continue
		}
		// Go turns two-digit years at 1969, X.509 at 1950.
		if tag == asn1.UTCTime && t.Year() >= 2050 {
			t = t.AddDate(-100, 0, 0)
		}
		return t.UTC()
	}
	return time.Time{}
}

// distinguishedName writes a Name as RFC 4514 does: last part first, parts of one set joined by "+". What names
// somebody is left out, and told.
func distinguishedName(name cryptobyte.String) (written string, person bool) {
	const maxParts = 32
	var sets [maxParts]cryptobyte.String
	n := 0
	for !name.Empty() && n < maxParts && name.ReadASN1(&sets[n], asn1.SET) {
		n++
	}
	out := make([]byte, 0, 128)
	for i := n - 1; i >= 0; i-- {
		joint := byte(',')
		for set := sets[i]; !set.Empty(); {
			var pair, kind, raw cryptobyte.String
			var tag asn1.Tag
			if !set.ReadASN1(&pair, asn1.SEQUENCE) || !pair.ReadASN1(&kind, asn1.OBJECT_IDENTIFIER) || !pair.ReadAnyASN1(&raw, &tag) {
				break
			}
			if personal(kind) {
				person = true
				continue
			}
			begin := len(out)
			if begin > 0 {
				out = append(out, joint)
			}
			out = append(appendAttribute(out, kind), '=')
			value := len(out)
			if out = appendValue(out, raw, tag); len(out) == value {
				out = out[:begin]
				continue
			}
			joint = '+'
		}
	}
	return string(out), person
}

// spacedName tells whether the common name of a Name has more than one word.
func spacedName(name cryptobyte.String) bool {
	for !name.Empty() {
		var set, pair, kind, raw cryptobyte.String
		var tag asn1.Tag
		if !name.ReadASN1(&set, asn1.SET) || !set.ReadASN1(&pair, asn1.SEQUENCE) || !pair.ReadASN1(&kind, asn1.OBJECT_IDENTIFIER) || !pair.ReadAnyASN1(&raw, &tag) {
			return false
		}
		if string(kind) == attributesX520+"\x03" && bytes.ContainsAny(bytes.TrimSpace(raw), " ,") {
			return true
		}
	}
	return false
}

// Prefixes of object identifiers in DER: X.520's attributes, Pilot's (RFC 4524), and PKCS #9's address of mail.
const (
	attributesX520  = "\x55\x04"
	attributesPilot = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01"
	emailAddress    = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"
)

// personal tells the attributes that are of people: surname, name, given name, initials, user id, address of mail.
func personal(kind []byte) bool {
	switch string(kind) {
	case attributesX520 + "\x04", attributesX520 + "\x29", attributesX520 + "\x2a", attributesX520 + "\x2b", attributesPilot + "\x01", attributesPilot + "\x03", emailAddress:
		return true
	}
	return false
}

// appendAttribute writes the short name of RFC 4514 §3 and of common use, or the number.
func appendAttribute(out, kind []byte) []byte {
	switch string(kind) {
	case attributesX520 + "\x03":
		return append(out, "CN"...)
	case attributesX520 + "\x05":
		return append(out, "SERIALNUMBER"...)
	case attributesX520 + "\x06":
		return append(out, "C"...)
	case attributesX520 + "\x07":
		return append(out, "L"...)
	case attributesX520 + "\x08":
		return append(out, "ST"...)
	case attributesX520 + "\x09":
		return append(out, "STREET"...)
	case attributesX520 + "\x0a":
		return append(out, "O"...)
	case attributesX520 + "\x0b":
		return append(out, "OU"...)
	case attributesX520 + "\x11":
		return append(out, "POSTALCODE"...)
	case attributesPilot + "\x19":
		return append(out, "DC"...)
	}
	element := append([]byte{byte(asn1.OBJECT_IDENTIFIER), byte(len(kind))}, kind...) // a short one: longer are refused
	var number encoding.ObjectIdentifier
	if rest, err := encoding.Unmarshal(element, &number); err != nil || len(rest) > 0 {
		return append(out, '?')
	}
	return append(out, number.String()...)
}

// appendValue writes a string with a backslash where RFC 4514 §2.4 wants one. Most are plain ASCII.
func appendValue(out, raw []byte, tag asn1.Tag) []byte {
	plain := tag != bmpString && tag != universalString && len(raw) > 0 && len(raw) <= maxString && raw[0] != ' ' && raw[len(raw)-1] != ' ' && raw[0] != '#'
	for i := 0; plain && i < len(raw); i++ {
		c := raw[i]
		plain = c >= ' ' && c < 0x7f && c != ',' && c != '+' && c != '"' && c != '\\' && c != '<' && c != '>' && c != ';'
	}
	if plain {
		return append(out, raw...)
	}
	if text := directoryString(raw, tag); text != "" {
		return append(out, escapeValue(text)...)
	}
	return out
}

// Strings that are not of bytes, and more than any X.520 bound.
const (
	universalString = asn1.Tag(28)
	bmpString       = asn1.Tag(30)
	maxString       = 1024
)

// directoryString decodes the strings that names are made of; control characters and what is longer than
// any X.520 bound are left out.
func directoryString(raw []byte, tag asn1.Tag) string {
	if len(raw) > maxString {
		return ""
	}
	var text string
	switch {
	case tag == bmpString:
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
		}
		text = string(utf16.Decode(units))
	case tag == universalString:
		runes := make([]rune, len(raw)/4)
		for i := range runes {
			runes[i] = rune(raw[4*i])<<24 | rune(raw[4*i+1])<<16 | rune(raw[4*i+2])<<8 | rune(raw[4*i+3])
		}
		text = string(runes)
	case utf8.Valid(raw):
		text = string(raw)
	default: // Teletex strings hold Latin-1 in practice
		runes := make([]rune, len(raw))
		for i, c := range raw {
			runes[i] = rune(c)
		}
		text = string(runes)
	}
	text = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}

// escapeValue puts a backslash where RFC 4514 §2.4 wants one.
func escapeValue(s string) string {
	if !strings.ContainsAny(s, `,+"\<>;`) && s[0] != '#' {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if strings.ContainsRune(`,+"\<>;`, r) || i == 0 && r == '#' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
