// Package pons_test holds the house rules of docs/design.md as tests: floors, package comments, and who may
// touch drivers, sockets and HTTP.
package pons_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// floors is the law: a package may import only packages of lower floors. "family/*" stands for the plug-ins of
// a family and is overruled by an exact name.
var floors = map[string]int{
	"fact": 0, "product": 0, "fault": 0, "query": 0,
	"sqldb": 1, "bus": 1, "linkage": 1, "column": 1,
	"stage": 2, "audit": 2, "capture": 2, "protocol": 2, "fingerprint": 2, "sqldb/sqldbtest": 2,
	"ledger": 3, "account": 3, "action": 3, "protocol/*": 3, "fingerprint/*": 3, "protocol/synthetic": 3, "protocol/protocoltest": 4, "protocol/dnsmsg": 2, "protocol/ber": 1, "protocol/gss": 2, "protocol/ntlm": 2, "protocol/fhir": 2, "protocol/line": 2, "protocol/hello": 2, "protocol/ippmsg": 2,
	"inventory": 4, "advisory": 4, "disclosure": 4, "staff": 4, "action/*": 4, "protocol/all": 4,
	"flow": 5, "contract": 5, "raci": 5, "intake": 5, "advisory/*": 5, "action/all": 5,
	"exposure": 6, "sensor": 6, "intake/*": 6, "advisory/all": 6,
	"risk": 7, "intake/all": 7,
	"remediation": 8, "netpolicy": 8, "lifecycle": 8, "intake/load": 8,
	"work": 9, "netpolicy/*": 9,
	"plan": 10, "work/*": 10, "netpolicy/all": 10,
	"program": 11, "plan/*": 11, "work/all": 11,
	"web": 12, "api": 12, "demo": 12,
	"app": 13, "bench/truth": 13,
	"cmd/pons": 14, "bench/*": 14,
}

// allowed says which packages may import what a rule contains (R2).
var contained = map[string][]string{
	"database/sql":                 {"sqldb", "bench/*"},
	"modernc.org/sqlite":           {"sqldb", "bench/*"},
	"github.com/jackc/pgx":         {"sqldb", "sqldb/sqldbtest"},
	"github.com/nats-io":           {"bus"},
	"github.com/gopacket/gopacket": {"capture", "protocol", "protocol/*", "demo"},
	"net/http":                     {"web", "api", "action/*", "advisory/*", "intake/*", "netpolicy/*", "work/*", "app"},
}

var banned = []string{"internal", "pkg", "model", "models", "types", "util", "utils", "common", "helpers", "service", "services", "manager"}

func floorOf(pkg string) (int, bool) {
	if f, ok := floors[pkg]; ok {
		return f, true
	}
	if dir := filepath.Dir(pkg); dir != "." {
		f, ok := floors[dir+"/*"]
		return f, ok
	}
	return 0, false
}

type source struct {
	pkg     string
	file    *ast.File
	isTest  bool
	path    string
	imports []string
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			if path != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{pkg: filepath.ToSlash(filepath.Dir(path)), file: f, path: path, isTest: strings.HasSuffix(path, "_test.go")}
		for _, im := range f.Imports {
			p, _ := strconv.Unquote(im.Path.Value)
			s.imports = append(s.imports, p)
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFloors holds R1: imports go to lower floors only. Tests may look sideways at test kits.
func TestFloors(t *testing.T) {
	for _, s := range sources(t) {
		if s.pkg == "." {
			continue
		}
		mine, ok := floorOf(s.pkg)
		if !ok {
			t.Errorf("%s: package has no floor; add it to the table and to docs/design.md", s.pkg)
			continue
		}
		if s.isTest {
			continue
		}
		for _, im := range s.imports {
			dep, ok := strings.CutPrefix(im, "pons/")
			if !ok {
				continue
			}
			if theirs, ok := floorOf(dep); !ok || theirs >= mine {
				t.Errorf("%s imports %s: floor %d may not use floor %d", s.path, dep, mine, theirs)
			}
		}
	}
}

// TestContainment holds R2: drivers, HTTP and raw sockets stay behind their one door.
func TestContainment(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest || s.pkg == "." {
			continue
		}
		for _, im := range s.imports {
			for prefix, pkgs := range contained {
				if im != prefix && !strings.HasPrefix(im, prefix+"/") {
					continue
				}
				ok := false
				for _, p := range pkgs {
					ok = ok || p == s.pkg || p == filepath.ToSlash(filepath.Dir(s.pkg))+"/*"
				}
				if !ok {
					t.Errorf("%s imports %s, which only %s may", s.path, im, strings.Join(pkgs, ", "))
				}
			}
		}
	}
}

// TestPackageComments holds R6: one package comment, in one file.
func TestPackageComments(t *testing.T) {
	seen := map[string][]string{}
	all := map[string]bool{}
	for _, s := range sources(t) {
		if s.isTest {
			continue
		}
		all[s.pkg] = true
		if s.file.Doc != nil && !ast.IsGenerated(s.file) {
			seen[s.pkg] = append(seen[s.pkg], s.path)
		}
	}
	for pkg := range all {
		if n := len(seen[pkg]); n != 1 {
			sort.Strings(seen[pkg])
			t.Errorf("%s: %d package comments %v, want one", pkg, n, seen[pkg])
		}
	}
}

// TestNoInit holds sentence 3: no init functions and no rooms without a noun.
func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, part := range strings.Split(s.pkg, "/") {
			for _, b := range banned {
				if part == b {
					t.Errorf("%s: folder %q says nothing of the domain", s.path, part)
				}
			}
		}
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init function", s.path)
			}
		}
	}
}
