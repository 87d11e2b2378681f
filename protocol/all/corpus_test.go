package all_test

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pons/bench/truth"
	"pons/fact"
	"pons/protocol"
	"pons/protocol/all"
)

// corpus holds captures by others and what tshark, an independent implementation, says of the hosts in them.
const corpus = "../../../shared/data/pcap"

func corpusFiles(t testing.TB) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.Contains(path, ".pcap") || strings.HasSuffix(path, ".cap") || strings.HasSuffix(path, ".trace")) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) < 700 {
		t.Fatalf("%s holds %d captures (%v)", corpus, len(paths), err)
	}
	return paths
}

// discover reads captured bytes with every parser; the error is the capture's.
func discover(data []byte, name string) ([]fact.Record, protocol.Counters, error) {
	return truth.Discover(data, name, all.Parsers())
}

// floor is the least recall of a family where it is not 1; a change that falls below has lost something. What is missing
// is inside OpenVPN, SOCKS, STARTTLS of few, SCTP, TURN and EAP.
var floor = map[fact.Attr]float64{"http.user_agent": 0.93, "http.server": 0.95, "tls.sni": 0.98, "tls.ja3": 0.94, "tls.ja3s": 0.97,
	"tls.cert_subject": 0.90, "ssh.banner": 0.94}

// The measures of the whole: found of what is wanted, and said of a host that the account does not name.
const (
	leastFound = 0.97
	mostWrong  = 0.005
)

// TestIdentity scores what is said of each host against the account of an independent decoder, per family; so does
// go run ./bench/identity. Where the two differ by decision, bench/truth/apart.go says why. What people are called and
// what they log in with must be stated nowhere.
func TestIdentity(t *testing.T) {
	claims := read(t, "identity_tshark.jsonl", truth.Tshark)
	claims = append(claims, read(t, "lab/facts_tshark.jsonl", truth.Lab)...)
	score, err := truth.Judge(claims, all.Parsers())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range score.Notes {
		switch n.Kind {
		case "forbidden":
			t.Errorf("%s: %s of %s is a credential or a person's (%s)", n.File, n.Family, n.Host, n.Why)
		case "missed", "wrong":
			t.Logf("%s in %s: %s %s %.150q %s", n.Kind, n.File, n.Host, n.Family, n.Value, n.Why)
		}
	}
	var table strings.Builder
	score.Write(&table)
	t.Log("\n" + table.String())
	rows, total := score.Rows()
	for _, r := range rows {
		least, ok := floor[r.Family]
		if !ok {
			least = 1
		}
		if !r.Unread && r.Recall() < least {
			t.Errorf("%s: recall %.4f fell below %.2f", r.Family, r.Recall(), least)
		}
	}
	if total.Wanted < 1500 {
		t.Errorf("only %d values are wanted", total.Wanted)
	}
	if total.Recall() < leastFound || total.WrongShare() > mostWrong {
		t.Errorf("%.4f found, %.4f wrong of all; %.2f and %.3f are asked for", total.Recall(), total.WrongShare(), leastFound, mostWrong)
	}
}

// TestSecondOpinion scores against what Arkime and Zeek expect of the captures that they test themselves with, so that
// nothing is fitted to one decoder.
func TestSecondOpinion(t *testing.T) {
	claims, err := truth.Arkime(filepath.Join(corpus, "arkime_apache2"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := truth.Zeek(filepath.Join(corpus, "zeek_bsd3"))
	if err != nil {
		t.Fatal(err)
	}
	score, err := truth.Judge(append(claims, more...), all.Parsers())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range score.Notes {
		if n.Kind == "missed" || n.Kind == "wrong" {
			t.Logf("%s in %s: %s %s %.150q %s", n.Kind, n.File, n.Host, n.Family, n.Value, n.Why)
		}
	}
	var table strings.Builder
	score.Write(&table)
	t.Log("\n" + table.String())
	if _, total := score.Rows(); total.Wanted < 200 || total.Recall() < 0.92 || total.WrongShare() > mostWrong {
		t.Errorf("%d wanted, %.4f found, %.4f wrong", total.Wanted, total.Recall(), total.WrongShare())
	}
}

// read reads an account of the corpus.
func read(t *testing.T, name string, parse func(io.Reader, string) ([]truth.Claim, error)) []truth.Claim {
	t.Helper()
	file, err := os.Open(filepath.Join(corpus, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	claims, err := parse(file, corpus)
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// TestCorpus reads every shared capture whole. Nothing may panic, and what is held stays inside the bounds.
func TestCorpus(t *testing.T) {
	for _, path := range corpusFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		records, count, _ := discover(data, path)
		sound(t, path, records, count)
	}
}

// TestDamage reads every capture cut and with bytes flipped. What is damaged is counted or named, never fatal.
func TestDamage(t *testing.T) {
	for i, path := range corpusFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 64<<10 { // the beginnings are enough here; the fuzz targets go on
			data = data[:64<<10]
		}
		for cut := len(data) / 3; cut > 0 && cut < len(data); cut += len(data)/3 + 1 {
			records, count, _ := discover(data[:cut], path)
			sound(t, path, records, count)
		}
		flipped := bytes.Clone(data)
		for at := 24 + 16 + i%37; at < len(flipped); at += 97 {
			flipped[at] ^= byte(1 << (at % 8))
		}
		records, count, _ := discover(flipped, path)
		sound(t, path+" flipped", records, count)
	}
}

// sound checks what must hold of any records.
func sound(t *testing.T, path string, records []fact.Record, count protocol.Counters) {
	t.Helper()
	for _, p := range count.Parsers {
		if p.Panics > 0 {
			t.Errorf("%s: %s panicked %d times", path, p.Name, p.Panics)
		}
	}
	for _, r := range records {
		mac, ip := r.Subject.SplitHost()
		if r.Subject.Kind != "child" && r.Subject.Kind != "host" || r.Subject.Kind == "host" && (mac == "") == (ip == "") {
			t.Errorf("%s: the subject %v is not one MAC or one IP", path, r.Subject)
		}
		for _, f := range r.Facts {
			if f.Value == "" || strings.ContainsAny(f.Value, "\n\r\t\x00\x1b") {
				t.Errorf("%s: %s = %q", path, f.Attr, f.Value)
			}
		}
	}
}
