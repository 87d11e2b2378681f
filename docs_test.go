package pons_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// listed returns the first column of the tables of docs/dependencies.md.
func listed(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		names = append(names, m[1])
	}
	return names
}

// TestDependencies holds docs/dependencies.md against what is really used.
func TestDependencies(t *testing.T) {
	raw, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	modules := map[string]bool{}
	for _, r := range mod.Require {
		modules[r.Mod.Path] = true
	}
	moduleOf := func(path string) string {
		best := ""
		for m := range modules {
			if (path == m || strings.HasPrefix(path, m+"/")) && len(m) > len(best) {
				best = m
			}
		}
		return best
	}
	used := map[string]string{}
	for _, s := range sources(t) {
		for _, im := range s.imports {
			if m := moduleOf(im); m != "" && used[m] == "" {
				used[m] = s.path
			}
		}
	}
	for _, tool := range mod.Tool {
		used[moduleOf(tool.Path)] = "a tool of go.mod"
	}

	raw, err = os.ReadFile("web/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var npm struct{ Dependencies, DevDependencies map[string]string }
	if err := json.Unmarshal(raw, &npm); err != nil {
		t.Fatal(err)
	}
	for _, deps := range []map[string]string{npm.Dependencies, npm.DevDependencies} {
		for name, version := range deps {
			used[name] = "web/package.json"
			if strings.ContainsAny(version, "^~*>x ") {
				t.Errorf("web/package.json: %s is %q, want one exact version", name, version)
			}
		}
	}

	names := listed(t)
	if len(names) < 20 {
		t.Fatalf("docs/dependencies.md: only %d rows read", len(names))
	}
	for name, by := range used {
		if !slices.Contains(names, name) {
			t.Errorf("docs/dependencies.md does not say why %s is here (used by %s)", name, by)
		}
	}
	for _, name := range names {
		if used[name] == "" {
			t.Errorf("docs/dependencies.md lists %s, which nothing uses", name)
		}
	}
}

var docLink = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)

// TestDocLinks holds that every relative link and picture of the documents is there.
func TestDocLinks(t *testing.T) {
	pages := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}
	entries, err := os.ReadDir("docs")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".md") {
			pages = append(pages, "docs/"+e.Name())
		}
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, m := range docLink.FindAllStringSubmatch(string(text), -1) {
			target := m[1]
			if strings.HasPrefix(page, "docs/") {
				target = "docs/" + target
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
}
