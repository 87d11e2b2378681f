// Package hello reads the handshake messages that TLS, DTLS and QUIC share: what a client asks for and looks like,
// what a server chose, and the certificate that either shows. It decides which of their fields are said, and which
// practices they show; where a message begins and ends in its envelope is left to the parsers of the three.
package hello

import (
	"time"

	"pons/fact"
)

// The attributes. The client is the subject of the name it asks for and of its fingerprints; a certificate belongs
// to whichever side sent it.
const (
	SNI         fact.Attr = "tls.sni"
	JA3         fact.Attr = "tls.ja3"
	JA3S        fact.Attr = "tls.ja3s"
	JA4         fact.Attr = "tls.ja4"
	ALPN        fact.Attr = "tls.alpn" // a client's, all that it offers: "h2,http/1.1"; a server's, what it chose
	Version     fact.Attr = "tls.version"
	CertSubject fact.Attr = "tls.cert_subject"
	CertIssuer  fact.Attr = "tls.cert_issuer"
	CertExpiry  fact.Attr = "tls.cert_not_after"
	CertSerial  fact.Attr = "tls.cert_serial" // hexadecimal
	CertName    fact.Attr = "tls.cert_name"   // a DNS name or address of the subject's alternative names
)

// Attrs lists them all, for the parsers that read hellos.
func Attrs() []fact.Attr {
	return []fact.Attr{SNI, JA3, JA3S, JA4, ALPN, Version, CertSubject, CertIssuer, CertExpiry, CertSerial, CertName, fact.Practice}
}

// Trust by domain/05 §5.7: a certificate's organisation weighs 0.7, a host name 0.4. The table has no row for the
// look of a TLS stack, which many products share: it is held to be worth a host name. What version was agreed is no
// guess at all.
const (
	trustCertificate = 0.7
	trustName        = 0.4
	trustVersion     = 0.95
)

// Handshake types, RFC 8446 §B.3.
const (
	ClientHello = 1
	ServerHello = 2
	Certificate = 11
)

// MaxMessage bounds what is put together for one handshake message, its header included; certificate chains beyond
// it are passed over. RFC 8446 would allow 16 MiB; Chrome and OpenSSL refuse over 100 KiB.
const MaxMessage = 64 << 10

// Wanted tells whether a handshake message of a type and of a size, its header included, is worth putting together.
func Wanted(kind byte, size int) bool {
	return size <= MaxMessage && (kind == ClientHello || kind == ServerHello || kind == Certificate)
}

// Envelope is what carries the messages, in the letters of JA4.
type Envelope byte

// The envelopes. JA4 has no letter for TLS that travels neither on TCP nor as QUIC or DTLS: there it is not said.
const (
	Inner Envelope = 0

	TLS  Envelope = 't'
	DTLS Envelope = 'd'
	QUIC Envelope = 'q'
)

// Say tells what one whole message, without its header, says of its sender. fromClient is the direction, at the time
// of the frame, by which certificates expire. A message that cannot be read says nothing.
func Say(e Envelope, at time.Time, sender fact.Key, fromClient bool, kind byte, body []byte, emit func(fact.Fact)) {
	switch {
	case kind == ClientHello && fromClient:
		sayClient(e, sender, body, emit)
	case kind == ServerHello && !fromClient:
		sayServer(sender, body, emit)
	case kind == Certificate:
		if der, ok := firstCertificate(body); ok {
			SayCertificate(at, sender, fromClient, der, emit)
		}
	}
}

func say(emit func(fact.Fact), sender fact.Key, attr fact.Attr, value string, trust float64, because string) {
	if value != "" {
		emit(fact.Fact{Subject: sender, Attr: attr, Value: value, Trust: trust, Because: because})
	}
}

func sayClient(e Envelope, sender fact.Key, body []byte, emit func(fact.Fact)) {
	h, ok := parseClient(body)
	if !ok {
		return
	}
	say(emit, sender, SNI, hostName(h.serverName), trustName, "ClientHello, server_name")
	say(emit, sender, JA3, h.ja3(), trustName, "ClientHello")
	if e != Inner {
		say(emit, sender, JA4, h.ja4(byte(e)), trustName, "ClientHello")
	}
	say(emit, sender, ALPN, h.offers(), trustName, "ClientHello, application_layer_protocol_negotiation")
	if age(h.best()) < 3 {
		say(emit, sender, fact.Practice, fact.OldTLS, trustVersion, "ClientHello offers no better")
	}
}

func sayServer(sender fact.Key, body []byte, emit func(fact.Fact)) {
	h, ok := parseServer(body)
	if !ok {
		return
	}
	say(emit, sender, Version, versionName(h.version), trustVersion, "ServerHello")
	say(emit, sender, JA3S, h.ja3s(), trustName, "ServerHello")
	say(emit, sender, ALPN, printable(h.alpn), trustVersion, "ServerHello, application_layer_protocol_negotiation")
	if age(h.version) < 3 {
		say(emit, sender, fact.Practice, fact.OldTLS, trustVersion, "ServerHello agrees to it")
	}
}

// SayCertificate tells what a certificate in DER says of its sender. A client's may be a person's: one that names
// somebody, or whose common name is of several words, is not said.
func SayCertificate(at time.Time, sender fact.Key, fromClient bool, der []byte, emit func(fact.Fact)) {
	cert, ok := parseCertificate(der)
	if !ok || fromClient && (cert.person || cert.spaced) {
		return
	}
	say(emit, sender, CertSubject, cert.subject, trustCertificate, "Certificate, subject")
	say(emit, sender, CertIssuer, cert.issuer, trustCertificate, "Certificate, issuer")
	say(emit, sender, CertSerial, cert.serial, trustCertificate, "Certificate, serialNumber")
	for _, name := range cert.names {
		say(emit, sender, CertName, name, trustCertificate, "Certificate, subjectAltName")
	}
	if !cert.notAfter.IsZero() {
		say(emit, sender, CertExpiry, cert.notAfter.Format(time.RFC3339), trustCertificate, "Certificate, notAfter")
	}
	if fromClient {
		return
	}
	if !cert.notAfter.IsZero() && cert.notAfter.Before(at) {
		say(emit, sender, fact.Practice, fact.ExpiredCertificate, trustVersion, "Certificate, notAfter before the frame")
	}
	if cert.selfSigned {
		say(emit, sender, fact.Practice, fact.SelfSignedCertificate, trustVersion, "Certificate, its own issuer")
	}
}

// offers lists the protocols that a client offers, GREASE left out.
func (h *Client) offers() string {
	var out []byte
	for rest := h.protocols; len(rest) > 0 && int(rest[0]) < len(rest) && len(out) < 256; {
		name := rest[1 : 1+int(rest[0])]
		rest = rest[1+len(name):]
		if len(name) == 2 && grease(uint16(name[0])<<8|uint16(name[1])) || printable(name) == "" {
			continue
		}
		if len(out) > 0 {
			out = append(out, ',')
		}
		out = append(out, name...)
	}
	return string(out)
}

// printable returns b as text if it is ASCII text.
func printable(b []byte) string {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return ""
		}
	}
	return string(b)
}
