package demo

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"hash/fnv"
	"io"
	"math/big"
	"strings"
	"time"
)

// hello is one program's way of opening TLS: what JA3 and JA4 are made of.
type hello struct {
	suites     []uint16
	groups     []uint16
	schemes    []uint16
	modern     bool // offers TLS 1.3
	grease     bool
	alpn       []string
	extensions []uint16 // in order
}

var (
	// helloBrowser follows current Chromium, helloEmbedded OpenSSL 1.0.2 of older firmware.
	helloBrowser = hello{suites: []uint16{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
		groups: []uint16{29, 23, 24}, schemes: []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}, modern: true, grease: true,
		alpn: []string{"h2", "http/1.1"}, extensions: []uint16{0, 23, 0xff01, 10, 11, 35, 16, 5, 13, 18, 51, 45, 43}}
	helloEmbedded = hello{suites: []uint16{0xc030, 0xc02c, 0xc028, 0xc024, 0xc014, 0xc00a, 0x009d, 0x003d, 0x0035, 0xc02f, 0xc02b, 0xc027, 0x009c, 0x003c, 0x002f, 0x000a, 0x00ff},
		groups: []uint16{23, 25, 28, 27, 24, 26, 22, 14}, schemes: []uint16{0x0601, 0x0603, 0x0501, 0x0503, 0x0401, 0x0403, 0x0201, 0x0203},
		extensions: []uint16{0, 11, 10, 35, 13, 15}}
)

// secure opens TLS to a server, which shows its certificate in the clear, as TLS 1.2 does.
func (l *listener) secure(v, server *device, at time.Time, h hello) {
	name := strings.ToLower(server.host) + "." + l.w.domain()
	s := l.dial(at, ends(v), l.to(server), l.ephemeral(), 443, l.d.Uint32())
	s.say(true, record(0x0301, handshake(1, h.bytes(l.d, name))))
	answer := append([]byte{3, 3}, l.bytes(32)...)
	answer = append(answer, 0, 0xc0, 0x2b, 0, 0, 5, 0xff, 1, 0, 1, 0)
	cert := l.w.certificate(server, name)
	chain := append(u24(len(cert)+3), append(u24(len(cert)), cert...)...)
	s.say(false, append(record(0x0303, handshake(2, answer)), append(record(0x0303, handshake(11, chain)), record(0x0303, handshake(14, nil))...)...))
	s.say(true, append([]byte{20, 3, 3, 0, 1, 1}, recordOf(22, 0x0303, l.bytes(40))...))
	s.say(true, recordOf(23, 0x0303, l.bytes(300)))
	s.close()
}

func (l *listener) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(l.d.Uint32())
	}
	return b
}

func u24(n int) []byte { return []byte{byte(n >> 16), byte(n >> 8), byte(n)} }

func recordOf(kind byte, version uint16, body []byte) []byte {
	return append([]byte{kind, byte(version >> 8), byte(version), byte(len(body) >> 8), byte(len(body))}, body...)
}

func record(version uint16, body []byte) []byte { return recordOf(22, version, body) }

func handshake(kind byte, body []byte) []byte {
	return append(append([]byte{kind}, u24(len(body))...), body...)
}

func list16(values []uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(2*len(values)))
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// bytes is the body of a ClientHello (RFC 8446 §4.1.2).
func (h hello) bytes(d dice, name string) []byte {
	b := []byte{3, 3}
	for range 32 {
		b = append(b, byte(d.Uint32()))
	}
	suites, groups, extensions := h.suites, h.groups, h.extensions
	if h.grease {
		g := uint16(0x0a0a + 0x1010*d.IntN(16))
		suites, groups, extensions = append([]uint16{g}, suites...), append([]uint16{g}, groups...), append([]uint16{g}, extensions...)
	}
	if h.modern {
		b = append(b, 32)
		for range 32 {
			b = append(b, byte(d.Uint32()))
		}
	} else {
		b = append(b, 0)
	}
	b = append(append(b, list16(suites)...), 1, 0)
	var ext []byte
	for _, kind := range extensions {
		body := h.extension(d, kind, name, groups)
		ext = binary.BigEndian.AppendUint16(ext, kind)
		ext = append(binary.BigEndian.AppendUint16(ext, uint16(len(body))), body...)
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(len(ext))), ext...)
}

func (h hello) extension(d dice, kind uint16, name string, groups []uint16) []byte {
	switch kind {
	case 0: // server name
		n := uint16(len(name))
		b := binary.BigEndian.AppendUint16(nil, n+3)
		return append(binary.BigEndian.AppendUint16(append(b, 0), n), name...)
	case 5: // status request
		return []byte{1, 0, 0, 0, 0}
	case 10:
		return list16(groups)
	case 11: // point formats
		return []byte{1, 0}
	case 13:
		return list16(h.schemes)
	case 15: // heartbeat
		return []byte{1}
	case 16: // application protocols
		var list []byte
		for _, p := range h.alpn {
			list = append(append(list, byte(len(p))), p...)
		}
		return append(binary.BigEndian.AppendUint16(nil, uint16(len(list))), list...)
	case 43: // versions
		return []byte{4, 3, 4, 3, 3}
	case 45: // key exchange modes
		return []byte{1, 1}
	case 51: // key share
		b := []byte{0, 36, 0, 29, 0, 32}
		for range 32 {
			b = append(b, byte(d.Uint32()))
		}
		return b
	case 0xff01:
		return []byte{0}
	}
	return nil
}

// certificate is a server's self-signed certificate. Ed25519 signatures hold no chance, so that the same hospital
// has the same bytes. A third of them have run out.
func (w *world) certificate(server *device, name string) []byte {
	seed := make([]byte, ed25519.SeedSize)
	h := fnv.New64a()
	io.WriteString(h, name)
	binary.BigEndian.PutUint64(seed, w.Seed)
	binary.BigEndian.PutUint64(seed[8:], h.Sum64())
	key := ed25519.NewKeyFromSeed(seed)
	end := w.At.AddDate(0, int(h.Sum64()%30)-10, 0)
	t := &x509.Certificate{SerialNumber: new(big.Int).SetUint64(h.Sum64()>>1 | 1), NotBefore: end.AddDate(-3, 0, 0), NotAfter: end, DNSNames: []string{name},
		Subject: pkix.Name{CommonName: name, Organization: []string{w.name}, OrganizationalUnit: []string{server.article.maker}}}
	der, err := x509.CreateCertificate(nil, t, t, key.Public(), key)
	if err != nil { // the template is this package's own
		panic("demo: " + err.Error())
	}
	return der
}
