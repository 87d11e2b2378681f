package tls

import (
	encoding "encoding/asn1"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// certificate is what is read of the certificate of a host, all of it already text.
type certificate struct {
	subject, issuer string // RFC 4514: "CN=pump-7,O=B. Braun,C=DE"
	notAfter        string // RFC 3339, UTC
}

// parseCertificateMessage reads the first certificate of the list, which is the sender's own (RFC 5246
// §7.4.2). The rest of the chain speaks of authorities, not of the host.
func parseCertificateMessage(body []byte) (certificate, bool) {
	s := cryptobyte.String(body)
	var list, der cryptobyte.String
	if !s.ReadUint24LengthPrefixed(&list) || !list.ReadUint24LengthPrefixed(&der) {
		return certificate{}, false
	}
	return parseCertificate(der)
}

// parseCertificate walks the DER down to the three fields that are said (RFC 5280 §4.1). crypto/x509 is not
// asked because it refuses a whole certificate for what devices really ship: negative serial numbers, odd
// strings, keys of the maker's own kind. What can be read of a broken one is kept.
func parseCertificate(der cryptobyte.String) (certificate, bool) {
	var out certificate
	var outer, tbs, issuer, validity, subject cryptobyte.String
	if !der.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1(&tbs, asn1.SEQUENCE) {
		return out, false
	}
	if !tbs.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) ||
		!tbs.SkipASN1(asn1.INTEGER) || !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.ReadASN1(&issuer, asn1.SEQUENCE) {
		return out, false
	}
	out.issuer = distinguishedName(issuer)
	if !tbs.ReadASN1(&validity, asn1.SEQUENCE) {
		return out, true
	}
	out.notAfter = expiry(validity)
	if tbs.ReadASN1(&subject, asn1.SEQUENCE) {
		out.subject = distinguishedName(subject)
	}
	return out, true
}

// expiry reads the second time of a Validity; years of two digits turn at 1950 (RFC 5280 §4.1.2.5.1).
func expiry(validity cryptobyte.String) string {
	var begin, text cryptobyte.String
	var tag asn1.Tag
	if !validity.ReadAnyASN1(&begin, &tag) || !validity.ReadAnyASN1(&text, &tag) {
		return ""
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
		return t.UTC().Format(time.RFC3339)
	}
	return ""
}

// distinguishedName writes a Name as RFC 4514 does: last part first, parts of one set joined by "+".
func distinguishedName(name cryptobyte.String) string {
	var parts []string
	for !name.Empty() && len(parts) < 64 {
		var set cryptobyte.String
		if !name.ReadASN1(&set, asn1.SET) {
			break
		}
		var values []string
		for !set.Empty() {
			var pair, raw cryptobyte.String
			var kind encoding.ObjectIdentifier
			var tag asn1.Tag
			if !set.ReadASN1(&pair, asn1.SEQUENCE) || !pair.ReadASN1ObjectIdentifier(&kind) || !pair.ReadAnyASN1(&raw, &tag) {
				break
			}
			if text := directoryString(raw, tag); text != "" {
				values = append(values, attributeName(kind)+"="+escapeValue(text))
			}
		}
		if len(values) > 0 {
			parts = append(parts, strings.Join(values, "+"))
		}
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(parts[i])
	}
	return b.String()
}

// attributeName is the short name of RFC 4514 §3 and of common use, or the number.
func attributeName(kind encoding.ObjectIdentifier) string {
	switch kind.String() {
	case "2.5.4.3":
		return "CN"
	case "2.5.4.5":
		return "SERIALNUMBER"
	case "2.5.4.6":
		return "C"
	case "2.5.4.7":
		return "L"
	case "2.5.4.8":
		return "ST"
	case "2.5.4.9":
		return "STREET"
	case "2.5.4.10":
		return "O"
	case "2.5.4.11":
		return "OU"
	case "2.5.4.17":
		return "POSTALCODE"
	case "0.9.2342.19200300.100.1.1":
		return "UID"
	case "0.9.2342.19200300.100.1.25":
		return "DC"
	case "1.2.840.113549.1.9.1":
		return "EMAIL"
	}
	return kind.String()
}

// directoryString decodes the strings that names are made of; control characters and what is longer than
// any X.520 bound are left out.
func directoryString(raw []byte, tag asn1.Tag) string {
	const (
		universalString = asn1.Tag(28)
		bmpString       = asn1.Tag(30)
	)
	if len(raw) > 1024 {
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
