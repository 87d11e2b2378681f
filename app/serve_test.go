package app

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is a writer that a test reads while a command writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

var servesAt = regexp.MustCompile(`serves at (https?://\S+)`)

// serve starts a server with an empty database.
func serve(t *testing.T, args ...string) (address string, out *output, stop func() int) {
	t.Helper()
	return start(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data")}, args...)...)
}

// start runs a command that serves and returns its address, what it prints, and a way to stop it that gives its exit status.
func start(t *testing.T, args ...string) (address string, out *output, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out = &output{}
	done := make(chan int, 1)
	go func() {
		done <- Run(ctx, args, IO{In: strings.NewReader(""), Out: io.Discard, Err: out})
	}()
	stop = func() int {
		cancel()
		status := <-done
		done <- status
		return status
	}
	t.Cleanup(func() { stop() })
	for range 600 {
		if m := servesAt.FindStringSubmatch(out.String()); m != nil {
			return m[1], out, stop
		}
		select {
		case status := <-done:
			done <- status
			t.Fatalf("serve ended with %d: %s", status, out)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("serve does not say where it is: %s", out)
	return "", nil, nil
}

// TestServe starts, tells the setup code, answers, and ends when it is told to.
func TestServe(t *testing.T) {
	address, out, stop := serve(t)
	if !regexp.MustCompile(`setup code [0-9A-F]{4}(-[0-9A-F]{4}){3}\n`).MatchString(out.String()) {
		t.Errorf("no setup code: %s", out)
	}
	res, err := http.Get(address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusOK || string(body) != "ok\n" {
		t.Errorf("healthz: %d %s", res.StatusCode, body)
	}
	if status := stop(); status != exitDone {
		t.Errorf("ended with %d: %s", status, out)
	}
}

// certificate writes a key pair for 127.0.0.1 whose subject is name.
func certificate(t *testing.T, dir, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestServeTLS serves by TLS, and with the new certificate once there is one; a broken one changes nothing.
func TestServeTLS(t *testing.T) {
	dir := t.TempDir()
	certificate(t, dir, "first")
	address, _, _ := serve(t, "--tls-cert", filepath.Join(dir, "cert.pem"), "--tls-key", filepath.Join(dir, "key.pem"))
	if !strings.HasPrefix(address, "https://") {
		t.Fatalf("serves at %s", address)
	}
	subject := func() string {
		c, err := tls.Dial("tcp", strings.TrimPrefix(address, "https://"), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := subject(); got != "first" {
		t.Errorf("certificate %s", got)
	}
	later := time.Now().Add(time.Minute)
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Chtimes(filepath.Join(dir, "cert.pem"), later, later)
	if got := subject(); got != "first" {
		t.Errorf("with a broken file: certificate %s", got)
	}
	certificate(t, dir, "second")
	later = later.Add(time.Minute)
	os.Chtimes(filepath.Join(dir, "cert.pem"), later, later)
	if got := subject(); got != "second" {
		t.Errorf("after a change: certificate %s", got)
	}
}

func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:80": true, "localhost:80": true, "[::1]:80": true, "0.0.0.0:80": false, ":80": false, "192.0.2.1:80": false, "hospital:80": false, "nonsense": false} {
		if got := loopback(address); got != want {
			t.Errorf("loopback(%q) = %v", address, got)
		}
	}
}
