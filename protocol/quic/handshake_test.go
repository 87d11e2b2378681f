package quic

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	cryptotls "crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
)

// TestKeys holds the examples of RFC 9001 §A.1 and RFC 9369 §A.1.
func TestKeys(t *testing.T) {
	dcid, _ := hex.DecodeString("8394c8f03e515708")
	for _, c := range []struct {
		version uint32
		side    int
		iv      string
	}{
		{1, 0, "fa044b2f42a3fd3b46fb255c"}, {1, 1, "0ac1493ca1905853b0bba03e"}, {0x6b3343cf, 0, "91f73e2351d8fa91660e909f"},
	} {
		v, ok := versionOf(c.version)
		if !ok {
			t.Fatal(c.version)
		}
		if got := hex.EncodeToString(derive(v, dcid)[c.side].iv[:]); got != c.iv {
			t.Errorf("%x, side %d: %s", c.version, c.side, got)
		}
	}
	initial, _ := hex.DecodeString("7db5df06e7a69e432496adedb00851923595221596ae2ae9fb8115c1e9ed0a44")
	if got := hex.EncodeToString(expand(expand(initial, "client in", 32), "quic hp", 16)); got != "9f50449e04a0e810283a1e9933adedd2" {
		t.Errorf("header key %s", got)
	}
}

// seal builds an Initial packet of a payload.
func seal(v version, number uint32, keys *protection, dcid, scid, token, payload []byte) []byte {
	wire := map[string]uint32{"1": 1, "2": 0x6b3343cf, "draft-29": 0xff00001d}[v.name]
	head := append([]byte{0xc3 | v.initial<<4}, binary.BigEndian.AppendUint32(nil, wire)...)
	head = append(append(head, byte(len(dcid))), dcid...)
	head = append(append(head, byte(len(scid))), scid...)
	head = append(append(head, byte(len(token))), token...)
	head = binary.BigEndian.AppendUint16(head, 0x4000|uint16(4+len(payload)+16))
	at := len(head)
	head = binary.BigEndian.AppendUint32(head, number)
	nonce := keys.iv
	for i := range 4 {
		nonce[8+i] ^= head[at+i]
	}
	out := keys.aead.Seal(slices.Clone(head), nonce[:], payload, head)
	var mask [16]byte
	keys.header.Encrypt(mask[:], out[at+4:][:16])
	out[0] ^= mask[0] & 0x0f
	for i := range 4 {
		out[at+i] ^= mask[1+i]
	}
	return out
}

func crypto(offset int, data []byte) []byte {
	return append([]byte{6, byte(0x40 | offset>>8), byte(offset), byte(0x40 | len(data)>>8), byte(len(data))}, data...)
}

// hellos returns the messages of a client and a server that talk to each other.
func hellos(t *testing.T) (client, server []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cc := cryptotls.QUICClient(&cryptotls.QUICConfig{TLSConfig: &cryptotls.Config{ServerName: "pump-7.icu.example", NextProtos: []string{"h3"}, MinVersion: cryptotls.VersionTLS13}})
	sc := cryptotls.QUICServer(&cryptotls.QUICConfig{TLSConfig: &cryptotls.Config{NextProtos: []string{"h3"}, MinVersion: cryptotls.VersionTLS13,
		Certificates: []cryptotls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}})
	defer cc.Close()
	defer sc.Close()
	for _, c := range []*cryptotls.QUICConn{cc, sc} {
		c.SetTransportParameters([]byte{1, 1, 0})
		if err := c.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if client = firstData(cc); client == nil {
		t.Fatal("no hello")
	}
	if err := sc.HandleData(cryptotls.QUICEncryptionLevelInitial, client); err != nil {
		t.Fatal(err)
	}
	if server = firstData(sc); server == nil {
		t.Fatal("no answer")
	}
	return client, server
}

func firstData(c *cryptotls.QUICConn) []byte {
	for {
		switch e := c.NextEvent(); {
		case e.Kind == cryptotls.QUICNoEvent:
			return nil
		case e.Kind == cryptotls.QUICWriteData && e.Level == cryptotls.QUICEncryptionLevelInitial:
			return slices.Clone(e.Data)
		}
	}
}

type datagram struct {
	dir  protocol.Dir
	data []byte
}

// play hands datagrams to a conversation and returns what it said.
func play(t *testing.T, datagrams ...datagram) (said []string, err error) {
	t.Helper()
	o := protocol.Opening{Transport: protocol.UDP, Client: protocol.Endpoint{IP: netip.MustParseAddr("192.0.2.1"), Port: 50000},
		Server: protocol.Endpoint{IP: netip.MustParseAddr("192.0.2.2"), Port: 8443}, FirstDir: datagrams[0].dir, First: datagrams[0].data}
	if !Parser().Claims(o) {
		t.Fatal("not claimed")
	}
	conv := Parser().New(o)
	for _, g := range datagrams {
		before := slices.Clone(g.data)
		_, err = conv.Next(time.Time{}, g.dir, g.data, func(f fact.Fact) {
			who := map[string]string{"|192.0.2.1": "client ", "|192.0.2.2": "server "}[f.Subject.Value]
			if f.Attr != "tls.ja3" && f.Attr != "tls.ja3s" {
				said = append(said, who+string(f.Attr)+"="+f.Value)
			}
		})
		if !bytes.Equal(before, g.data) {
			t.Error("the datagram was changed")
		}
		if err != nil {
			break
		}
	}
	return said, err
}

func TestHandshakes(t *testing.T) {
	client, server := hellos(t)
	first, second := []byte("firstone"), []byte("another1")
	for _, number := range []uint32{1, 0x6b3343cf, 0xff00001d} {
		v, _ := versionOf(number)
		t.Run(v.name, func(t *testing.T) {
			keys, again := derive(v, first), derive(v, second)
			pad := make([]byte, 900)
			cut := len(client) / 3
			// The last part comes first, parts overlap, an acknowledgement and a ping stand between.
			one := seal(v, 0, &keys[0], first, []byte("c"), nil, slices.Concat([]byte{1}, crypto(2*cut, client[2*cut:]), pad))
			two := seal(v, 1, &keys[0], first, []byte("c"), nil, slices.Concat([]byte{2, 0, 0, 0, 0}, crypto(cut-5, client[cut-5:2*cut]), []byte{0, 0}, crypto(0, client[:cut]), pad))
			answer := seal(v, 0, &keys[1], []byte("c"), []byte("server"), nil, slices.Concat([]byte{3, 0, 0, 1, 0, 0, 0, 1, 1, 1}, crypto(0, server)))
			handshake := slices.Clone(one[:60])
			handshake[0] = handshake[0]&0xcf | (v.initial+2)&3<<4
			copy(handshake[5:], slices.Concat([]byte{8}, first, []byte{1, 'c'}, []byte{0x40, 60 - 18}))
			want := []string{"client quic.version=" + v.name, "client tls.sni=pump-7.icu.example", "", "client tls.alpn=h3", "server tls.version=TLS 1.3"}
			check := func(name string, said []string, err error) {
				t.Helper()
				if len(said) == len(want) && strings.HasPrefix(said[2], "client tls.ja4=q13d") {
					want[2] = said[2]
				}
				if !slices.Equal(said, want) || !errors.Is(err, protocol.Done) {
					t.Errorf("%s: said %q, %v", name, said, err)
				}
			}
			said, err := play(t, datagram{0, one}, datagram{0, two}, datagram{1, slices.Concat(answer, handshake)})
			check("in pieces", said, err)
			said, err = play(t, datagram{0, slices.Concat(two, one)}, datagram{1, answer})
			check("coalesced", said, err)
			// After a Retry the client begins anew with the id that the server chose.
			whole := seal(v, 2, &again[0], second, []byte("c"), []byte("token"), slices.Concat(crypto(0, client), pad))
			answer = seal(v, 0, &again[1], []byte("c"), second, nil, crypto(0, server))
			said, err = play(t, datagram{0, one}, datagram{0, whole}, datagram{1, answer})
			check("after a retry", said, err)
		})
	}
}

// TestBounded holds that a conversation that never says anything is let go.
func TestBounded(t *testing.T) {
	v, _ := versionOf(1)
	var err error
	junk := seal(v, 0, &derive(v, []byte("somebody"))[0], []byte("anybody1"), nil, nil, make([]byte, 1000))
	conv := Parser().New(protocol.Opening{Transport: protocol.UDP})
	n := 0
	for ; err == nil && n < 1000; n++ {
		_, err = conv.Next(time.Time{}, 0, junk, func(fact.Fact) { t.Fatal("said something") })
	}
	if n > maxPackets+1 {
		t.Errorf("%d datagrams", n)
	}
}

func BenchmarkHello(b *testing.B) {
	v, _ := versionOf(1)
	dcid := []byte("benchone")
	for _, size := range []int{300, 1100} {
		hello := make([]byte, size)
		copy(hello, fmt.Sprintf("\x01\x00%c%c\x03\x03", byte((size-4)>>8), byte(size-4)))
		data := seal(v, 0, &derive(v, dcid)[0], dcid, nil, nil, append(crypto(0, hello), make([]byte, 1150-size)...))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				conv := Parser().New(protocol.Opening{Transport: protocol.UDP})
				if _, err := conv.Next(time.Time{}, 0, data, func(fact.Fact) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
