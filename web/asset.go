package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// The bundle (static/dist) is built, not committed, so that a clean checkout compiles without it; assetTable
// says in one line how to make it.
//
//go:embed static
var static embed.FS

// assets is what static holds, by name without hash: "app.css" → where it is served and its bytes.
type assets map[string]asset

type asset struct {
	url    string // /assets/app.7OOEIHZP.css
	kind   string // media type
	br, gz []byte // compressed copies; both nil for what does not compress
	plain  []byte // nil where there are compressed copies
}

var (
	bundled     = loadAssets(static)
	hashed      = regexp.MustCompile(`^(.+)\.([A-Z0-9]{8})\.([a-z0-9]+)$`)
	errNoBundle = errors.New("web: this binary was built without its styles and scripts; build it with `make build`")
)

func loadAssets(files fs.FS) assets {
	out := assets{}
	walk := func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, p)
		if err != nil {
			return err
		}
		served, coding := path.Base(p), ""
		if ext := path.Ext(served); ext == ".br" || ext == ".gz" {
			served, coding = strings.TrimSuffix(served, ext), ext
		}
		name := served
		if m := hashed.FindStringSubmatch(served); m != nil {
			name = m[1] + "." + m[3]
			if m[1] == "chunk" {
				name = served
			}
		}
		a := out[name]
		a.url = "/assets/" + served
		if a.kind = mime.TypeByExtension(path.Ext(served)); path.Ext(served) == ".woff2" {
			a.kind = "font/woff2"
		}
		switch coding {
		case ".br":
			a.br = body
		case ".gz":
			a.gz = body
		default:
			a.plain = body
		}
		out[name] = a
		return nil
	}
	if err := fs.WalkDir(files, "static", walk); err != nil {
		panic(fmt.Sprintf("web: embedded files: %v", err)) // only a broken build could
	}
	return out
}

// complete says whether the bundle is part of this binary.
func (a assets) complete() error {
	for _, name := range []string{"app.css", "app.js", "icons.svg", "chart.js"} {
		if a[name].url == "" {
			return errNoBundle
		}
	}
	return nil
}

// url of an asset by its name without hash; "" when it is not there, which complete reports at start.
func (a assets) url(name string) string { return a[name].url }

// handler serves the assets. What carries a hash in its name never changes and may be kept for a year.
func (a assets) handler() http.Handler {
	byURL := map[string]asset{}
	for _, one := range a {
		byURL[one.url] = one
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one, ok := byURL[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", one.kind)
		h.Set("Cache-Control", "public, max-age=3600")
		if hashed.MatchString(path.Base(one.url)) {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		body := one.plain
		if one.br != nil {
			h.Set("Vary", "Accept-Encoding")
			switch accepted := r.Header.Get("Accept-Encoding"); {
			case strings.Contains(accepted, "br"):
				h.Set("Content-Encoding", "br")
				body = one.br
			case strings.Contains(accepted, "gzip"):
				h.Set("Content-Encoding", "gzip")
				body = one.gz
			default:
				body = unzip(one.gz)
			}
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(body)
		}
	})
}

func unzip(gz []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	return plain
}
