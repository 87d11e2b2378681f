package all_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pons/protocol/all"
)

// TestList holds R7: every parser's folder is in the list, documented, with captures of both kinds, their origin and
// a fuzz target.
func TestList(t *testing.T) {
	var list strings.Builder
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		list.Write(text)
	}
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		name := f.Name()
		if !f.IsDir() || slices.Contains([]string{"all", "protocoltest", "synthetic", "dnsmsg", "ber", "gss", "ntlm", "fhir", "line", "hello", "ippmsg", "testdata"}, name) {
			continue
		}
		if !strings.Contains(list.String(), `"pons/protocol/`+name+`"`) || !strings.Contains(list.String(), name+".Parser()") {
			t.Errorf("protocol/%s is not in the list", name)
		}
		for _, pattern := range []string{"*.want", "neg-*.pcap*", "README.md"} {
			if found, _ := filepath.Glob(filepath.Join("..", name, "testdata", pattern)); len(found) == 0 {
				t.Errorf("protocol/%s/testdata has no %s", name, pattern)
			}
		}
		fuzz := false
		tests, _ := filepath.Glob(filepath.Join("..", name, "*_test.go"))
		for _, path := range tests {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			fuzz = fuzz || strings.Contains(string(text), "func Fuzz")
		}
		if !fuzz {
			t.Errorf("protocol/%s has no fuzz target", name)
		}
	}
	attr := regexp.MustCompile(`^[a-z0-9]+(\.[a-z0-9_]+)?$`)
	names := map[string]bool{}
	for _, p := range all.Parsers() {
		if p.Doc == "" || len(p.Attrs) == 0 || names[p.Name] {
			t.Errorf("%s: without Doc or Attrs, or named twice", p.Name)
		}
		names[p.Name] = true
		for _, a := range p.Attrs {
			if !attr.MatchString(string(a)) {
				t.Errorf("%s: the attribute %q is not name.field", p.Name, a)
			}
		}
	}
}
