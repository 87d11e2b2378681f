package tls

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pons/fact"
	"pons/protocol"
	"pons/protocol/http"
	"pons/protocol/protocoltest"
)

func ignore(fact.Fact) {}

// clientHelloOf returns what a capture's client says up to and with its hello.
func clientHelloOf(t testing.TB, path string) []byte {
	t.Helper()
	var hello []byte
	done := false
	p := Parser()
	inner := p.New
	p.New = func(o protocol.Opening) protocol.Conversation {
		conv := inner(o)
		return conversationFunc(func(at time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
			before := done
			n, err := conv.Next(at, d, data, func(f fact.Fact) { done = true; emit(f) })
			if d == protocol.ToServer && !before {
				hello = append(hello, data[:n]...)
			}
			return n, err
		})
	}
	protocoltest.Read(t, path, p)
	if !done {
		t.Fatal("no hello")
	}
	return hello
}

type conversationFunc func(time.Time, protocol.Dir, []byte, func(fact.Fact)) (int, error)

func (f conversationFunc) Next(at time.Time, d protocol.Dir, data []byte, emit func(fact.Fact)) (int, error) {
	return f(at, d, data, emit)
}

// TestAgainstArkime compares JA3 and JA4 with what Arkime, another implementation, found in its own captures.
func TestAgainstArkime(t *testing.T) {
	const dir = "../../../shared/data/pcap/arkime_apache2"
	tests, err := filepath.Glob(dir + "/*.test")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no captures in %s (%v)", dir, err)
	}
	compared := 0
	for _, path := range tests {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var expected struct {
			Sessions []struct {
				Body struct {
					Protocol []string
					TLS      struct{ JA3, JA3S, JA4 []string }
				}
			} `json:"sessions3"`
		}
		if json.Unmarshal(raw, &expected) != nil || !strings.Contains(string(raw), `"ja4"`) {
			continue
		}
		records, _ := protocoltest.Read(t, strings.TrimSuffix(path, ".test")+".pcap", http.Parser(), Parser(), ParserDTLS())
		said := map[string]bool{}
		for _, r := range records {
			for _, f := range r.Facts {
				said[f.Value] = true
			}
		}
		for _, s := range expected.Sessions {
			// QUIC and OpenVPN put hellos in envelopes of their own.
			if slices.Contains(s.Body.Protocol, "quic") || slices.Contains(s.Body.Protocol, "openvpn") {
				continue
			}
			for _, v := range slices.Concat(s.Body.TLS.JA3, s.Body.TLS.JA3S, s.Body.TLS.JA4) {
				if compared++; !said[v] {
					t.Errorf("%s: %s is missing", filepath.Base(path), v)
				}
			}
		}
	}
	if compared < 60 {
		t.Errorf("only %d fingerprints compared", compared)
	}
}

// TestBehindConnect reads TLS in a tunnel that HTTP opened.
func TestBehindConnect(t *testing.T) {
	records, _ := protocoltest.Read(t, "../../../shared/data/pcap/arkime_apache2/https-connect.pcap", http.Parser(), Parser())
	if text := strings.Join(protocoltest.Lines(records, Parser()), "\n"); !strings.Contains(text, "tls.ja3 = b288289af2999820648eb3ca4d8304c5") ||
		!strings.Contains(text, `O=CrowdStrike\, Inc.`) {
		t.Errorf("said\n%s", text)
	}
}
