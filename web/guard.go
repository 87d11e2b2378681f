package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"pons/fault"
)

// policy is the Content-Security-Policy of every answer: everything from here, nothing inline, no eval, no frames.
// blob: pictures are charts on their way to a file, data: ones are drawn by the style sheet.
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
	"media-src 'self' blob:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

const (
	formLimit = 1 << 20 // bytes of a form, where a route does not say otherwise
	readTime  = 30 * time.Second
	writeTime = 60 * time.Second
)

// guard is what every request goes through, from the outside in.
func (s *Server) guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r, Route{Pattern: "cross-origin"})
		v.fail(fmt.Errorf("this was sent from another site: %w", fault.Denied))
	}))
	inner := crossOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()")
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if cause := recover(); cause != nil {
				if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
					panic(cause)
				}
				s.Log.Error("page panicked", "route", r.Pattern, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
				if rec.status == 0 {
					v := s.visit(rec, r, Route{Pattern: r.Pattern})
					v.fail(fmt.Errorf("panic: %v", cause))
				}
			}
			s.logRequest(r, rec, time.Since(start))
		}()
		inner.ServeHTTP(rec, r)
	})
}

// logRequest writes one line per page. The pattern and not the path: paths and queries can hold names and numbers
// of devices and people, which belong into the audit log and not into this one.
func (s *Server) logRequest(r *http.Request, rec *recorder, took time.Duration) {
	if r.Pattern == "GET /assets/" {
		return
	}
	s.Log.Debug("page served", "route", r.Pattern, "status", rec.status, "bytes", rec.bytes, "ms", took.Milliseconds())
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach deadlines and flushing.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// serve runs one route for one person: who are they, may they, and what comes of it.
func (s *Server) serve(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := route.Body
		if limit == 0 {
			limit = formLimit
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		control := http.NewResponseController(w)
		read, write := time.Now().Add(readTime), time.Now().Add(writeTime)
		if route.Slow {
			read, write = time.Time{}, time.Time{} // said, because the connection may carry those of the request before
		}
		_ = control.SetReadDeadline(read) // not every writer has deadlines; then the server's own count
		_ = control.SetWriteDeadline(write)
		v := s.visit(w, r, route)
		if err := s.enter(v); err != nil {
			v.fail(err)
		}
	})
}

// reference is a short random number that joins an error page and a log line.
func reference() string { return rand.Text()[:8] }
