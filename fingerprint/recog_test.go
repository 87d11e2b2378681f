package fingerprint

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recogFolder holds Rapid7's fingerprints, read in place.
const recogFolder = "../../shared/data/fingerprints/recog_xml"

// readRecogAll reads every file of the folder.
func readRecogAll(tb testing.TB) (all []Recog) {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join(recogFolder, "*.xml"))
	if err != nil || len(paths) == 0 {
		tb.Fatalf("%s: no files, %v", recogFolder, err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			tb.Fatal(err)
		}
		got, err := ReadRecog(p, bytes.NewReader(data))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, got)
	}
	return all
}

// TestRecogExamples holds every fingerprint of recog to its own examples, as recog's own verifier does, and counts those
// that another fingerprint of its file takes first.
func TestRecogExamples(t *testing.T) {
	prints, rules, examples, outside, left, values, wrong, taken := 0, 0, 0, 0, 0, 0, 0, 0
	for _, f := range readRecogAll(t) {
		prints += f.Prints
		rules += len(f.Rules)
		examples += f.Examples
		outside += f.Outside
		left += len(f.Left)
		for _, l := range f.Left {
			t.Log("left out:", l)
		}
		set := Compile(f.Rules)
		for _, r := range f.Rules {
			for _, m := range r.Try() {
				wrong++
				if wrong <= 40 {
					t.Log(m.Text)
				}
			}
			for _, e := range r.Likes {
				values += len(e.Gives)
				if hits := set.Match(e.Seen); len(hits) == 0 || hits[0].Rule != r {
					taken++
				}
			}
		}
		back, err := Parse("recog", Format(f.Rules))
		if err != nil {
			t.Errorf("written and read: %v", err)
		} else if Format(back) != Format(f.Rules) {
			a, b := strings.Split(Format(back), "\n"), strings.Split(Format(f.Rules), "\n")
			for i := range a {
				if a[i] != b[i] {
					t.Errorf("written and read differ: %q, %q", a[i], b[i])
					break
				}
			}
		}
	}
	if prints != 4657 || left != 0 || examples != 7524 || wrong != 0 || taken != 0 {
		t.Error("recog reads otherwise than it did")
	}
	t.Logf("%d fingerprints, %d rules, %d left out; %d examples with %d values (%d more in files beside them), %d wrong, %d taken by an earlier fingerprint", prints, rules, left, examples, values, outside, wrong, taken)
}

// TestRecogRefuses holds that no file harms the reader.
func TestRecogRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"entities":  `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><fingerprints matches="ssh.banner"><fingerprint pattern="&b;"><description>x</description></fingerprint></fingerprints>`,
		"a file":    `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><fingerprints><fingerprint pattern="x"><description>&a;</description></fingerprint></fingerprints>`,
		"no prints": `<fingerprints matches="ssh.banner"></fingerprints>`,
		"no XML":    `rule x`,
		"cut":       `<fingerprints matches="ssh.banner"><fingerprint pattern="x">`,
		"deep":      strings.Repeat("<a>", 200_000),
		"large":     strings.Repeat(" ", MaxText+2),
	} {
		if _, err := ReadRecog(name+".xml", strings.NewReader(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
