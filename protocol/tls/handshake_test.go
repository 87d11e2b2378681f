package tls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	cryptotls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pons/protocol"
	"pons/protocol/protocoltest"
)

// tap records what is written to a connection, in the order of both ends.
type tap struct {
	net.Conn
	dir   protocol.Dir
	mu    *sync.Mutex
	turns *[]protocoltest.Turn
}

func (t tap) Write(b []byte) (int, error) {
	t.mu.Lock()
	*t.turns = append(*t.turns, protocoltest.Turn{Dir: t.dir, Data: string(b)})
	t.mu.Unlock()
	return t.Conn.Write(b)
}

func certificateFor(t *testing.T, name string) cryptotls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"B. Braun, Melsungen"}, Country: []string{"DE"}},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2060, 5, 6, 7, 8, 9, 0, time.UTC), // GeneralizedTime
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return cryptotls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// handshake runs crypto/tls against itself and returns what went over the wire.
func handshake(t *testing.T, client, server *cryptotls.Config) []protocoltest.Turn {
	t.Helper()
	var turns []protocoltest.Turn
	var mu sync.Mutex
	a, b := loopback(t)
	c := cryptotls.Client(tap{a, protocol.ToServer, &mu, &turns}, client)
	s := cryptotls.Server(tap{b, protocol.ToClient, &mu, &turns}, server)
	served := make(chan error, 1)
	go func() {
		err := s.Handshake()
		if err == nil {
			_, err = s.Write([]byte("hello from the server"))
		}
		served <- err
	}()
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 21)); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	return turns
}

// loopback returns both ends of a connection; net.Pipe would not do, because in TLS 1.3 both ends write at once.
func loopback(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

func attrsOf(said []string, attr string) (values []string) {
	for _, s := range said {
		if who, rest, ok := strings.Cut(s, " "+attr+" = "); ok {
			value, _, _ := strings.Cut(rest, " (")
			values = append(values, who+": "+value)
		}
	}
	return values
}

func TestHandshakes(t *testing.T) {
	const pump = `CN=pump-7,O=B. Braun\, Melsungen,C=DE`
	const bench = `CN=bench-3,O=B. Braun\, Melsungen,C=DE`
	server, client := certificateFor(t, "pump-7"), certificateFor(t, "bench-3")
	for _, c := range []struct {
		name         string
		version      uint16
		mutual       bool
		retry        bool
		want         string
		certificates []string
	}{
		{"1.0", cryptotls.VersionTLS10, false, false, "TLS 1.0", []string{"server: " + pump}},
		{"1.1", cryptotls.VersionTLS11, false, false, "TLS 1.1", []string{"server: " + pump}},
		{"1.2", cryptotls.VersionTLS12, false, false, "TLS 1.2", []string{"server: " + pump}},
		{"1.2 with a client certificate", cryptotls.VersionTLS12, true, false, "TLS 1.2", []string{"server: " + pump, "client: " + bench}},
		{"1.3 shows no certificate", cryptotls.VersionTLS13, false, false, "TLS 1.3", nil},
		{"1.3 with a retry", cryptotls.VersionTLS13, false, true, "TLS 1.3", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			cc := &cryptotls.Config{ServerName: "pump-7.icu.example", InsecureSkipVerify: true, MinVersion: c.version, MaxVersion: c.version}
			sc := &cryptotls.Config{Certificates: []cryptotls.Certificate{server}, MinVersion: c.version, MaxVersion: c.version}
			if c.mutual {
				sc.ClientAuth, cc.Certificates = cryptotls.RequireAnyClientCert, []cryptotls.Certificate{client}
			}
			if c.retry {
				cc.CurvePreferences = []cryptotls.CurveID{cryptotls.X25519, cryptotls.CurveP384}
				sc.CurvePreferences = []cryptotls.CurveID{cryptotls.CurveP384}
			}
			turns := handshake(t, cc, sc)
			said := protocoltest.Dialogue(t, Parser(), turns...)
			if got := attrsOf(said, "tls.sni"); !slices.Equal(got, []string{"client: pump-7.icu.example"}) {
				t.Errorf("sni %q", got)
			}
			if got := attrsOf(said, "tls.version"); !slices.Equal(got, []string{"server: " + c.want}) {
				t.Errorf("version %q", got)
			}
			if got := attrsOf(said, "tls.cert_subject"); !slices.Equal(got, c.certificates) {
				t.Errorf("certificates %q", got)
			}
			if got := attrsOf(said, "tls.cert_not_after"); c.certificates != nil && !slices.Contains(got, "server: 2060-05-06T07:08:09Z") {
				t.Errorf("expiry %q", got)
			}
			hellos := 1
			if c.retry && len(attrsOf(said, "tls.ja3")) > 1 {
				hellos = 2 // the second hello may look different
			}
			if ja3, ja4 := attrsOf(said, "tls.ja3"), attrsOf(said, "tls.ja4"); len(ja3) != hellos || len(ja4) != hellos {
				t.Errorf("ja3 %q, ja4 %q", ja3, ja4)
			}
			protocoltest.Splits(t, Parser(), turns...)
		})
	}
}

// TestBehindAnotherProtocol reads a handshake that another protocol's talk precedes.
func TestBehindAnotherProtocol(t *testing.T) {
	cert := certificateFor(t, "mail")
	turns := handshake(t, &cryptotls.Config{ServerName: "mail.example", InsecureSkipVerify: true, MaxVersion: cryptotls.VersionTLS12},
		&cryptotls.Config{Certificates: []cryptotls.Certificate{cert}, MaxVersion: cryptotls.VersionTLS12})
	want := protocoltest.Dialogue(t, Parser(), turns...)
	turns = append([]protocoltest.Turn{
		{Dir: protocol.ToClient, Data: "220 mail.example ESMTP\r\n"},
		{Dir: protocol.ToServer, Data: "EHLO a\r\nSTARTTLS\r\n"},
		{Dir: protocol.ToClient, Data: "250 STARTTLS\r\n220 go on \x16\x03\x01\r\n"},
	}, turns...)
	if got := protocoltest.Dialogue(t, Parser(), turns...); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	protocoltest.Splits(t, Parser(), turns...)
	first := turns[1].Data + turns[3].Data
	if !Parser().Claims(protocol.Opening{Transport: protocol.TCP, First: []byte(first)}) {
		t.Error("not claimed")
	}
}

// TestOneSided reads either direction without the other.
func TestOneSided(t *testing.T) {
	cert := certificateFor(t, "pump-7")
	turns := handshake(t, &cryptotls.Config{ServerName: "p", InsecureSkipVerify: true, MaxVersion: cryptotls.VersionTLS12},
		&cryptotls.Config{Certificates: []cryptotls.Certificate{cert}, MaxVersion: cryptotls.VersionTLS12})
	all := protocoltest.Dialogue(t, Parser(), turns...)
	for _, d := range []protocol.Dir{protocol.ToServer, protocol.ToClient} {
		var mine []protocoltest.Turn
		for _, turn := range turns {
			if turn.Dir == d {
				mine = append(mine, turn)
			}
		}
		if !Parser().Claims(protocol.Opening{Transport: protocol.TCP, FirstDir: d, First: []byte(mine[0].Data)}) {
			t.Errorf("direction %d is not claimed", d)
		}
		got := protocoltest.Dialogue(t, Parser(), mine...)
		who := [2]string{"client ", "server "}[d]
		want := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !strings.HasPrefix(s, who) })
		if !slices.Equal(got, want) {
			t.Errorf("direction %d: %q, want %q", d, got, want)
		}
	}
}

func TestClaimsRefuses(t *testing.T) {
	for _, first := range []string{"", "\x16", "\x16\x03", "GET / HTTP/1.1\r\n", "\x16\x03\x01\x00\x05\x05aaaaaaaaa",
		"\x17\x03\x03\x00\x20aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x20"} {
		if Parser().Claims(protocol.Opening{Transport: protocol.TCP, First: []byte(first)}) {
			t.Errorf("%q claimed", first)
		}
	}
}

// TestOldHello follows an SSL 2.0 hello that offers TLS with the server's answer.
func TestOldHello(t *testing.T) {
	cert := certificateFor(t, "old")
	turns := handshake(t, &cryptotls.Config{InsecureSkipVerify: true, MaxVersion: cryptotls.VersionTLS11, MinVersion: cryptotls.VersionTLS10},
		&cryptotls.Config{Certificates: []cryptotls.Certificate{cert}, MinVersion: cryptotls.VersionTLS10})
	hello := "\x80\x2c\x01\x03\x01\x00\x03\x00\x00\x00\x20" + "\x00\x00\x0a" + strings.Repeat("c", 32)
	if !Parser().Claims(protocol.Opening{Transport: protocol.TCP, First: []byte(hello)}) {
		t.Fatal("not claimed")
	}
	old := []protocoltest.Turn{{Dir: protocol.ToServer, Data: hello}, turns[1]}
	said := protocoltest.Dialogue(t, Parser(), old...)
	if got := attrsOf(said, "tls.version"); !slices.Equal(got, []string{"server: TLS 1.1"}) || len(attrsOf(said, "tls.ja3")) > 0 {
		t.Errorf("said %q", said)
	}
	protocoltest.Splits(t, Parser(), old...)
}

func BenchmarkConversation(b *testing.B) {
	hello := clientHelloOf(b, "testdata/split-hello.pcap")
	b.SetBytes(int64(len(hello)))
	b.ReportAllocs()
	for b.Loop() {
		conv := Parser().New(protocol.Opening{Transport: protocol.TCP})
		if n, err := conv.Next(time.Time{}, protocol.ToServer, hello, ignore); n != len(hello) || err != nil {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkSealed is what a record of a conversation costs that shows nothing more.
func BenchmarkSealed(b *testing.B) {
	record := append([]byte{recordApplicationData, 3, 3, 0x05, 0xa0}, make([]byte, 0x5a0)...)
	conv := Parser().New(protocol.Opening{Transport: protocol.TCP})
	hello := clientHelloOf(b, "testdata/split-hello.pcap")
	if _, err := conv.Next(time.Time{}, protocol.ToServer, hello, ignore); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := conv.Next(time.Time{}, protocol.ToServer, record, ignore); n != len(record) || err != nil {
			b.Fatal(n, err)
		}
	}
}
