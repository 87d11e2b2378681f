package hello

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// grease tells the values of RFC 8701, which clients throw in at random and fingerprints leave out.
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// ja3 is the MD5, in hexadecimal, of the hello's version, ciphers, extensions, groups and point formats
// (https://github.com/salesforce/ja3, BSD-3).
func (h *Client) ja3() string {
	sum := md5.Sum(h.ja3Text(make([]byte, 0, 512)))
	return hex.EncodeToString(sum[:])
}

func (h *Client) ja3Text(b []byte) []byte {
	b = strconv.AppendUint(b, uint64(h.version), 10)
	for _, list := range [][]uint16{h.ciphers, h.extensions, h.groups} {
		b = append(b, ',')
		first := true
		for _, v := range list {
			if grease(v) {
				continue
			}
			if !first {
				b = append(b, '-')
			}
			first = false
			b = strconv.AppendUint(b, uint64(v), 10)
		}
	}
	b = append(b, ',')
	for i, f := range h.formats {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(f), 10)
	}
	return b
}

// ja3s is the sister of ja3 for servers: version, cipher, extensions (the same source).
func (h *server) ja3s() string {
	b := make([]byte, 0, 128)
	b = strconv.AppendUint(b, uint64(h.legacy), 10)
	b = append(b, ',')
	b = strconv.AppendUint(b, uint64(h.cipher), 10)
	b = append(b, ',')
	for i, v := range h.extensions {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(v), 10)
	}
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// ja4 is the client fingerprint of https://github.com/FoxIO-LLC/ja4 (JA4 alone is BSD-3; its sisters are
// not open). transport is 't' for TCP, 'q' for QUIC, 'd' for DTLS.
func (h *Client) ja4(transport byte) string {
	var room [4][64]uint16
	ciphers := ungreased(room[0][:0], h.ciphers)
	all := ungreased(room[1][:0], h.extensions)
	extensions := room[2][:0]
	name := byte('i')
	for _, e := range all {
		switch e {
		case extServerName:
			name = 'd'
		case extALPN:
		default:
			extensions = append(extensions, e)
		}
	}
	slices.Sort(ciphers)
	slices.Sort(extensions)

	b := make([]byte, 0, 36)
	b = append(b, transport)
	b = append(b, h.ja4Version()...)
	b = append(b, name)
	b = appendCount(b, len(ciphers))
	b = appendCount(b, len(all))
	b = h.appendALPN(b)
	b = append(b, '_')
	text := appendHex(make([]byte, 0, 512), ciphers)
	b = appendDigest(b, text)
	b = append(b, '_')
	text = appendHex(text[:0], extensions)
	if signatures := ungreased(room[3][:0], h.signatures); len(text) > 0 && len(signatures) > 0 {
		text = append(text, '_')
		text = appendHex(text, signatures)
	}
	return string(appendDigest(b, text))
}

// ungreased appends what is no GREASE.
func ungreased(out, list []uint16) []uint16 {
	for _, v := range list {
		if !grease(v) {
			out = append(out, v)
		}
	}
	return out
}

// ja4Version names the highest version offered, "00" where JA4 has no name for it.
func (h *Client) ja4Version() string {
	switch h.best() {
	case 0x0304:
		return "13"
	case 0x0303:
		return "12"
	case 0x0302:
		return "11"
	case 0x0301:
		return "10"
	case 0x0300:
		return "s3"
	case 0x0002:
		return "s2"
	case 0xfeff:
		return "d1"
	case 0xfefd:
		return "d2"
	case 0xfefc:
		return "d3"
	}
	return "00"
}

// appendALPN writes the first and last character of the first protocol offered, those of its hexadecimal
// form when either is not a letter or digit, and "00" when none is offered.
func (h *Client) appendALPN(b []byte) []byte {
	if len(h.alpn) == 0 {
		return append(b, '0', '0')
	}
	first, last := h.alpn[0], h.alpn[len(h.alpn)-1]
	if alphanumeric(first) && alphanumeric(last) {
		return append(b, first, last)
	}
	const digits = "0123456789abcdef"
	return append(b, digits[first>>4], digits[last&15])
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func appendCount(b []byte, n int) []byte {
	n = min(n, 99)
	return append(b, '0'+byte(n/10), '0'+byte(n%10))
}

func appendHex(b []byte, list []uint16) []byte {
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		const digits = "0123456789abcdef"
		b = append(b, digits[v>>12], digits[v>>8&15], digits[v>>4&15], digits[v&15])
	}
	return b
}

// appendDigest writes the first twelve digits of the SHA-256, or zeros for nothing.
func appendDigest(b, text []byte) []byte {
	if len(text) == 0 {
		return append(b, "000000000000"...)
	}
	sum := sha256.Sum256(text)
	return hex.AppendEncode(b, sum[:6])
}
