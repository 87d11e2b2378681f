package hello

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
)

// TestJA3 holds the examples that https://github.com/salesforce/ja3 publishes.
func TestJA3(t *testing.T) {
	for want, h := range map[string]Client{
		"ada70206e40642a3e4461f35503241d5": {version: 769, ciphers: []uint16{47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4},
			extensions: []uint16{0, 10, 11}, groups: []uint16{23, 24, 25}, formats: []byte{0}},
		"de350869b8c85de67a350c8d186f11e6": {version: 769, ciphers: []uint16{4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}},
	} {
		if got := h.ja3(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestJA4 holds the worked example of https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md, and the
// rule for names of protocols that are no text.
func TestJA4(t *testing.T) {
	h := Client{
		version:  0x0303,
		versions: []uint16{0x4a4a, 0x0304, 0x0303},
		ciphers: []uint16{0x8a8a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
			0x002f, 0x0035},
		extensions: []uint16{0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01,
			0x000b, 0x000a, 0x0015},
		signatures: []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601},
		alpn:       []byte("h2"),
	}
	if got, want := h.ja4('t'), "t13d1516h2_8daaf6152771_e5627efa2ab1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for alpn, want := range map[string]string{"": "00", "h": "hh", "http/1.1": "h1", "\xab": "ab", "\xab\xcd": "ad", "0\xab": "3b", "01\xab\xcd": "3d"} {
		h.alpn = []byte(alpn)
		if got := h.ja4('q')[8:10]; got != want {
			t.Errorf("%q: %s, want %s", alpn, got, want)
		}
	}
	h.datagrams, h.versions = true, []uint16{0xfefc, 0xfefd}
	if got := h.ja4('d')[:4]; got != "dd3d" {
		t.Error(got)
	}
}

// message wraps a certificate as the handshake does.
func message(der []byte) []byte {
	length := func(n int) []byte { return []byte{byte(n >> 16), byte(n >> 8), byte(n)} }
	return slices.Concat(length(len(der)+3), length(len(der)), der)
}

func said(t *testing.T, der []byte, fromClient bool, at time.Time) (lines []string) {
	t.Helper()
	Say(TLS, at, fact.Host("", "192.0.2.1"), fromClient, Certificate, message(der), func(f fact.Fact) {
		lines = append(lines, string(f.Attr)+"="+f.Value)
	})
	return lines
}

func TestCertificates(t *testing.T) {
	end := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	before, after := end.Add(-time.Hour), end.Add(time.Hour)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	name := pkix.Name{CommonName: "gate-2", Organization: []string{"Hospital"}}
	template := func(subject pkix.Name) *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(255), Subject: subject, NotBefore: end.AddDate(-1, 0, 0), NotAfter: end,
			DNSNames: []string{"gate-2.example"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 7)}}
	}
	issue := func(leaf, parent *x509.Certificate, public, signer any) []byte {
		t.Helper()
		der, err := x509.CreateCertificate(rand.Reader, leaf, parent, public, signer)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	const selfSigned, expired = "practice=certificate-self-signed", "practice=certificate-expired"
	has := func(lines []string, want string) bool { return slices.Contains(lines, want) }

	own := issue(template(name), template(name), &key.PublicKey, key)
	lines := said(t, own, false, before)
	want := []string{"tls.cert_subject=CN=gate-2,O=Hospital", "tls.cert_issuer=CN=gate-2,O=Hospital", "tls.cert_serial=00ff",
		"tls.cert_name=gate-2.example", "tls.cert_name=192.0.2.7", "tls.cert_not_after=2030-01-01T00:00:00Z", selfSigned}
	if !slices.Equal(lines, want) {
		t.Errorf("said %q", lines)
	}
	if !has(said(t, own, false, after), expired) {
		t.Error("not expired")
	}
	if lines := said(t, own, true, after); has(lines, expired) || has(lines, selfSigned) {
		t.Error("practices of a client's certificate")
	}
	if !has(said(t, issue(template(name), template(name), &other.PublicKey, other), false, before), selfSigned) {
		t.Error("RSA: not self-signed")
	}
	// The same name, another's signature: an authority that was renewed.
	if has(said(t, issue(template(name), template(name), &key.PublicKey, other), false, before), selfSigned) {
		t.Error("another key's signature is no self-signature")
	}
	ids := template(name)
	ids.SubjectKeyId, ids.AuthorityKeyId = []byte{1, 2}, []byte{1, 3}
	if parent := template(name); true {
		parent.SubjectKeyId = []byte{1, 3}
		if has(said(t, issue(ids, parent, &key.PublicKey, other), false, before), selfSigned) {
			t.Error("another key's identifier")
		}
	}
	private := template(pkix.Name{CommonName: "Hospital CA"})
	if has(said(t, issue(template(name), private, &key.PublicKey, other), false, before), selfSigned) {
		t.Error("a private authority is no self-signature")
	}

	// Phantom patient; no such person.
	person := template(pkix.Name{CommonName: "Jane Doe 19700101"})
	person.EmailAddresses = []string{"jane.doe@example.org"}
	if lines := said(t, issue(person, private, &key.PublicKey, other), true, before); len(lines) > 0 {
		t.Errorf("of a person: %q", lines)
	}
	if lines := said(t, issue(template(pkix.Name{CommonName: "Jane Doe"}), private, &key.PublicKey, other), true, before); len(lines) > 0 {
		t.Errorf("of a person, by words alone: %q", lines)
	}
	named := template(pkix.Name{CommonName: "gate-2", ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "jane.doe@example.org"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 42}, Value: "Jane"}}})
	der := issue(named, private, &key.PublicKey, other)
	if text := strings.Join(said(t, der, false, before), " "); !strings.Contains(text, "CN=gate-2") || strings.Contains(strings.ToLower(text), "jane") {
		t.Errorf("a server's: %q", text)
	}
	for i := range der { // what is cut says less and does no harm
		said(t, der[:i], false, before)
		flipped := bytes.Clone(der)
		flipped[i] ^= 0x55
		said(t, flipped, false, before)
	}
}

func BenchmarkCertificate(b *testing.B) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(255), NotAfter: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), SubjectKeyId: []byte{1, 2, 3},
		Subject:  pkix.Name{CommonName: "gate-2.example", Organization: []string{"Hospital"}, Locality: []string{"Town"}, Country: []string{"DE"}},
		DNSNames: []string{"gate-2.example", "gate-2", "www.gate-2.example"}}
	issuer := &x509.Certificate{Subject: pkix.Name{CommonName: "Hospital CA 7", Organization: []string{"Hospital"}, Country: []string{"DE"}}, SubjectKeyId: []byte{4}}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, key)
	if err != nil {
		b.Fatal(err)
	}
	body := message(der)
	sender := fact.Host("", "192.0.2.1")
	b.ReportAllocs()
	for b.Loop() {
		Say(TLS, time.Time{}, sender, false, Certificate, body, func(fact.Fact) {})
	}
}
