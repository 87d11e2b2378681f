package app

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemo makes a small demo hospital, serves it, and signs in with the words that the terminal and the page give.
func TestDemo(t *testing.T) {
	data := filepath.Join(t.TempDir(), "demo")
	out := &output{}
	std := IO{In: strings.NewReader(""), Out: io.Discard, Err: out}
	if status := Run(t.Context(), []string{"demo", "--no-serve", "--devices", "200", "--data", data}, std); status != exitDone {
		t.Fatalf("demo ended with %d: %s", status, out)
	}
	address, out, _ := start(t, "demo", "--listen", "127.0.0.1:0", "--data", data)
	if !strings.Contains(out.String(), "Sign in as "+demoLogin) {
		t.Errorf("the terminal does not say how to get in: %s", out)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	res, err := client.Get(address + "/sign-in")
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if !strings.Contains(string(page), demoPassword) {
		t.Error("the sign-in page of the demo does not say how to get in")
	}
	res, err = client.PostForm(address+"/sign-in", url.Values{"login": {demoLogin}, "password": {demoPassword}, "next": {"/admin/health"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Request.URL.Path != "/admin/health" {
		t.Errorf("signed in: %d at %s", res.StatusCode, res.Request.URL)
	}
}
