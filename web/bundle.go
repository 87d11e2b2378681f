//go:build ignore

// Bundle turns the front-end sources and the locked npm packages into web/static/dist, which the binary embeds:
// scripts and styles through esbuild, one sprite of the icons that icon.go declares, a content hash in every
// name, and a brotli and a gzip copy of what compresses. Run it from the project's root: go run web/bundle.go

package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
)

const (
	modules = "web/node_modules"
	dist    = "web/static/dist"
	icons   = modules + "/@tabler/icons/icons/outline/"
)

func main() {
	if err := bundle(); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

func bundle() error {
	if _, err := os.Stat(modules); err != nil {
		return fmt.Errorf("%w: run `npm ci --prefix web` (or make generate) first", err)
	}
	made, err := os.MkdirTemp("web/static", ".dist") // a build that runs beside this one embeds whole files only
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	islands, err := filepath.Glob("web/islands/*.ts")
	if err != nil {
		return err
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:       append([]string{"web/front/app.ts", "web/front/app.css"}, islands...),
		Outdir:            made,
		EntryNames:        "[name].[hash]",
		ChunkNames:        "chunk.[hash]",
		AssetNames:        "[name].[hash]",
		Bundle:            true,
		Splitting:         true,
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		MinifySyntax:      true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		Loader:            map[string]api.Loader{".woff2": api.LoaderFile},
		LegalComments:     api.LegalCommentsEndOfFile,
		LogLevel:          api.LogLevelWarning,
		Write:             true,
	})
	if len(result.Errors) > 0 {
		return errors.New("esbuild found errors")
	}
	sprite, err := iconSprite()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(sprite)
	name := "icons." + strings.ToUpper(hex.EncodeToString(sum[:4])) + ".svg"
	if err := os.WriteFile(filepath.Join(made, name), sprite, 0o644); err != nil {
		return err
	}
	if err := compress(made); err != nil {
		return err
	}
	return publish(made)
}

// publish puts the files made in the place of those before: names carry a hash, so that what is the same stays. What
// is no longer made goes last.
func publish(made string) error {
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	fresh, err := os.ReadDir(made)
	if err != nil {
		return err
	}
	keep := map[string]bool{".made": true}
	for _, e := range fresh {
		keep[e.Name()] = true
		if err := os.Rename(filepath.Join(made, e.Name()), filepath.Join(dist, e.Name())); err != nil {
			return err
		}
	}
	old, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	for _, e := range old {
		if !keep[e.Name()] {
			if err := os.Remove(filepath.Join(dist, e.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

var svgShell = regexp.MustCompile(`(?s)^.*?<svg[^>]*>(.*)</svg>\s*$`)

// iconSprite joins the icons declared as constants of type Icon in web/icon.go into one file of symbols.
func iconSprite() ([]byte, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "web/icon.go", nil, 0)
	if err != nil {
		return nil, err
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if t, ok := spec.Type.(*ast.Ident); ok && t.Name == "Icon" {
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok {
					name, _ := strconv.Unquote(lit.Value)
					names = append(names, name)
				}
			}
		}
		return false
	})
	sort.Strings(names)
	var out bytes.Buffer
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">`)
	for i, name := range names {
		if i > 0 && names[i-1] == name {
			continue
		}
		svg, err := os.ReadFile(icons + name + ".svg")
		if err != nil {
			return nil, fmt.Errorf("icon.go names %q, which @tabler/icons does not have: %w", name, err)
		}
		m := svgShell.FindSubmatch(svg)
		if m == nil {
			return nil, fmt.Errorf("icon %s: not an svg file", name)
		}
		fmt.Fprintf(&out, `<symbol id="%s" viewBox="0 0 24 24">%s</symbol>`, name, bytes.Join(bytes.Fields(m[1]), []byte(" ")))
	}
	out.WriteString("</svg>\n")
	return out.Bytes(), nil
}

// compress writes a .br and a .gz copy beside each text file and removes the plain one; fonts stay as they are.
func compress(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasSuffix(path, ".woff2") {
			continue
		}
		plain, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var br, gz bytes.Buffer
		bw := brotli.NewWriterLevel(&br, brotli.BestCompression)
		gw, _ := gzip.NewWriterLevel(&gz, gzip.BestCompression)
		_, err1 := bw.Write(plain)
		_, err2 := gw.Write(plain)
		if err := errors.Join(err1, err2, bw.Close(), gw.Close()); err != nil {
			return err
		}
		if err := errors.Join(os.WriteFile(path+".br", br.Bytes(), 0o644), os.WriteFile(path+".gz", gz.Bytes(), 0o644), os.Remove(path)); err != nil {
			return err
		}
		fmt.Printf("%-24s %7d bytes, %6d as brotli\n", e.Name(), len(plain), br.Len())
	}
	return nil
}
