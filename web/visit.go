package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"pons/account"
	"pons/fault"
)

// Page is what a page tells the frame around it.
type Page struct {
	Title   string          // heading and document title
	About   string          // one sentence: what this page is
	Fresh   time.Time       // newest time of the data shown; zero is not shown
	Crumbs  []Link          // where this page is, from the top; for pages beneath a list
	Actions templ.Component // top right, the primary one first
	Islands []string        // scripts of web/islands that this page needs: "chart"
	Wide    bool            // the content may use the whole width
	Status  int             // HTTP status; 0 is 200
	Refresh int             // seconds after which a browser without script looks again, while something runs
}

// Visit is one request by one person: what a handler and the components of its page need to know.
type Visit struct {
	W http.ResponseWriter
	R *http.Request
	// Now is the one time of this request.
	Now time.Time
	// Theme is auto, light or dark.
	Theme string

	// Actor is who this is; the zero Actor is not signed in.
	Actor account.Actor

	server           *Server
	route            Route
	flash            *Flash
	session          string // the cookie's
	site, department string // chosen at the top
}

type visitKey struct{}

// Context is the request's context; View and Update of the database are given this one.
func (v *Visit) Context() context.Context { return v.R.Context() }

// Form is a value of the form or the URL, without spaces around it.
func (v *Visit) Form(name string) string { return strings.TrimSpace(v.R.FormValue(name)) }

// FormAll is every value of the form that has this name: boxes that were ticked, rows that were chosen.
func (v *Visit) FormAll(name string) []string {
	return v.R.Form[name] // enter has parsed it
}

// Part says that only a part of the page is wanted (htmx asked), so that a Fragment is the answer.
func (v *Visit) Part() bool { return v.R.Header.Get("HX-Request") == "true" }

// Render answers with a whole page. Nothing is sent before the page is complete, so that an error in the middle
// becomes an error page and not half a page.
func (v *Visit) Render(p Page, body templ.Component) error {
	whole := frame(v, p, body)
	if !v.SignedIn() {
		whole = alone(v, p.Title, p.Wide, body)
	}
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	return v.send(status, whole)
}

// Fragment answers with a part of a page, for htmx.
func (v *Visit) Fragment(part templ.Component) error { return v.send(http.StatusOK, part) }

func (v *Visit) send(status int, c templ.Component) error {
	var body bytes.Buffer
	if err := c.Render(v.componentContext(), &body); err != nil {
		return fmt.Errorf("draw the page: %w", err)
	}
	h := v.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store") // pages hold what only this person may see
	h.Add("Vary", "Accept-Encoding, HX-Request")
	out := body.Bytes()
	if len(out) > 1400 && strings.Contains(v.R.Header.Get("Accept-Encoding"), "gzip") {
		var small bytes.Buffer
		gz, err := gzip.NewWriterLevel(&small, gzip.BestSpeed)
		if err != nil {
			return err
		}
		_, err = gz.Write(out)
		if err := errors.Join(err, gz.Close()); err != nil {
			return err
		}
		out = small.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(out)))
	v.W.WriteHeader(status)
	if v.R.Method != http.MethodHead {
		_, _ = v.W.Write(out) // a browser that went away is no error of ours
	}
	return nil
}

func (v *Visit) componentContext() context.Context {
	return context.WithValue(v.R.Context(), visitKey{}, v)
}

// Redirect ends a POST: the browser gets the page at to, and shows the flash there. to is a path of this server.
func (v *Visit) Redirect(to string, f *Flash) error {
	if f != nil {
		v.setFlash(*f)
	}
	http.Redirect(v.W, v.R, local(to), http.StatusSeeOther)
	return nil
}

// local keeps a redirect on this server: an address that leads elsewhere becomes "/".
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

// here is the address of this page, to come back to.
func (v *Visit) here() string {
	if v.R.Method == http.MethodGet {
		return v.R.URL.RequestURI()
	}
	if ref, err := url.Parse(v.R.Referer()); err == nil && ref.Host == v.R.Host {
		return local(ref.RequestURI())
	}
	return "/"
}

const (
	flashCookie = "pons_flash"
	themeCookie = "pons_theme"
	themeAge    = 365 * 24 * time.Hour
)

func (v *Visit) cookie(name, value string, age time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.server.Secure, MaxAge: int(age.Seconds())}
	if age <= 0 {
		c.MaxAge = -1
	}
	http.SetCookie(v.W, c)
}

// setFlash keeps the message in a cookie of the person's own browser: it is shown once, and only to them.
func (v *Visit) setFlash(f Flash) {
	text, err := json.Marshal(f)
	if err != nil || len(text) > 2000 {
		return // a message too long for a cookie is not worth failing what was done
	}
	v.cookie(flashCookie, base64.RawURLEncoding.EncodeToString(text), time.Minute)
}

func (v *Visit) takeFlash() {
	c, err := v.R.Cookie(flashCookie)
	if err != nil || v.Part() || v.R.Method != http.MethodGet {
		return
	}
	v.cookie(flashCookie, "", 0)
	text, err := base64.RawURLEncoding.DecodeString(c.Value)
	var f Flash
	if err != nil || json.Unmarshal(text, &f) != nil || f.Text == "" {
		return
	}
	if f.Undo != "" && local(f.Undo) != f.Undo {
		f.Undo = ""
	}
	v.flash = &f
}

func (v *Visit) colorScheme() string {
	if v.Theme == "auto" {
		return "light dark"
	}
	return v.Theme
}

func (v *Visit) version() string { return v.server.Version }

func isDenied(err error) bool { return errors.Is(err, fault.Denied) }

func boolText(b bool) string { return strconv.FormatBool(b) }

// fail answers with the page for an error. What went wrong is told where it helps a person to mend it; what is
// our fault is logged with a number that the page shows, and told no further.
func (v *Visit) fail(err error) {
	p := Page{Crumbs: nil}
	s := State{Icon: IconWarning, Status: Warn, Text: sentence(err)}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		p.Status, p.Title = http.StatusRequestEntityTooLarge, "Too large"
		s.Title, s.Text = "That is larger than this page takes", fmt.Sprintf("At most %s bytes can be sent here. Nothing was kept.", Count(int(tooLarge.Limit)))
	case errors.Is(err, fault.NotFound):
		p.Status, p.Title = http.StatusNotFound, "Not found"
		s.Icon, s.Status, s.Title = IconSearch, Neutral, "There is nothing here"
	case errors.Is(err, fault.Denied):
		p.Status, p.Title = http.StatusForbidden, "Not allowed"
		s.Icon, s.Title = IconLock, "Your role does not allow this"
	case errors.Is(err, fault.Invalid):
		p.Status, p.Title = http.StatusBadRequest, "Not understood"
		s.Title = "That could not be understood"
	case errors.Is(err, fault.Conflict):
		p.Status, p.Title = http.StatusConflict, "Changed meanwhile"
		s.Title = "Somebody else changed this meanwhile"
	case errors.Is(err, fault.Busy):
		p.Status, p.Title = http.StatusServiceUnavailable, "Busy"
		s.Icon, s.Title = IconClock, "The server is busy with something else"
		v.W.Header().Set("Retry-After", "5")
	default:
		ref := reference()
		v.server.Log.Error("page failed", "route", v.route.Pattern, "ref", ref, "error", err)
		p.Status, p.Title = http.StatusInternalServerError, "Something failed"
		s.Icon, s.Status, s.Title = IconBad, Bad, "Something failed on the server"
		s.Text = "Nothing of what you entered was kept. The server's log has the details under " + ref + "; tell that to your administrator if it happens again."
	}
	if v.Part() {
		if err := v.send(p.Status, Note(s.Status, s.Title+". "+s.Text)); err == nil {
			return
		}
	} else if err := v.Render(p, errorBody(s)); err == nil {
		return
	}
	http.Error(v.W, p.Title, p.Status) // the error page itself could not be drawn
}

// sentence makes a page's sentence of an error. The kind of fault is the page's title already:
// "device 7: not found" → "Device 7."
func sentence(err error) string {
	text := strings.TrimSpace(err.Error())
	if found := fault.MistakesOf(err); len(found) > 0 { // the form shows each at its field
		texts := make([]string, len(found))
		for i, m := range found {
			texts[i] = m.Text
		}
		text = strings.Join(texts, "; ")
	}
	for _, kind := range []error{fault.NotFound, fault.Invalid, fault.Conflict, fault.Denied, fault.Busy} {
		text = strings.TrimSuffix(text, ": "+kind.Error())
	}
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
