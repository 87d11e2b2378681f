package app

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pons/inventory"
	"pons/sqldb"
)

// TestDemo makes a small demo hospital, serves it, and signs in with the words that the terminal and the page give.
func TestDemo(t *testing.T) {
	data := filepath.Join(t.TempDir(), "demo")
	out := &output{}
	std := IO{In: strings.NewReader(""), Out: io.Discard, Err: out}
	if status := Run(t.Context(), []string{"demo", "--no-serve", "--devices", "200", "--data", data}, std); status != exitDone {
		t.Fatalf("demo ended with %d: %s", status, out)
	}
	if !strings.Contains(out.String(), "is left for you to import") {
		t.Errorf("the terminal does not say which file is left: %s", out)
	}
	demoTrend(t, data)
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

// demoTrend holds that the demo's past is what imports left: days in order, a rate that rose, runs as of their days, no
// source in the future, and network access control as the one that is old.
func demoTrend(t *testing.T, data string) {
	t.Helper()
	db, err := (&session{Settings: Settings{Data: data}, ctx: t.Context()}).open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	inv := inventory.New(db, catalogue(), time.Now)
	now := time.Now()
	err = db.View(t.Context(), func(tx *sqldb.Tx) error {
		days, err := inv.Days(tx, now.AddDate(0, 0, -90))
		if err != nil {
			return err
		}
		last := len(days) - 1
		if last != 61 || days[last].Rate() <= days[10].Rate() || days[10].Rate() == 0 || days[last].Devices <= days[0].Devices || days[0].Day > now.AddDate(0, 0, -50).Format(time.DateOnly) {
			t.Errorf("the trend is %+v", days)
		}
		sources, err := inv.Sources(tx)
		if err != nil {
			return err
		}
		for _, src := range sources {
			age := now.Sub(src.Last.Said)
			if old := age > 7*24*time.Hour; old != (src.Name == "nac") || age < 0 {
				t.Errorf("%s is of %s ago", src.Name, age)
			}
		}
		runs, err := inv.Runs(tx, 100)
		if err != nil {
			return err
		}
		for i, r := range runs {
			if i > 0 && r.Started.After(runs[i-1].Started) {
				t.Errorf("run %d of %s was begun at %s", r.ID, r.File, r.Started)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDemoBegunAnew holds that a demo that was stopped half way is made anew, and that nothing else is thrown away.
func TestDemoBegunAnew(t *testing.T) {
	data := filepath.Join(t.TempDir(), "demo")
	if err := os.MkdirAll(filepath.Join(data, "hospital"), 0o700); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(data, "hospital", "left.csv")
	if err := errors.Join(os.WriteFile(left, nil, 0o600), os.WriteFile(filepath.Join(data, demoMark), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	out := &output{}
	run := func(args ...string) int {
		return Run(t.Context(), append([]string{"demo", "--no-serve", "--devices", "100", "--data", data}, args...), IO{In: strings.NewReader(""), Out: io.Discard, Err: out})
	}
	if status := run(); status != exitDone {
		t.Fatalf("ended with %d: %s", status, out)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what the stopped one left is still there: %v", err)
	}
	if err := os.Remove(filepath.Join(data, demoMark)); err != nil {
		t.Fatal(err)
	}
	if status := run("--fresh"); status != exitFailed || !strings.Contains(out.String(), "holds no demo") {
		t.Errorf("a folder without the mark: %d: %s", status, out)
	}
}
