package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/sqldb"
)

// wireLines is how many raw observations a page shows.
const wireLines = 200

// changeTitle is what happened, for people.
func changeTitle(c inventory.Change) string {
	switch c.What {
	case "import":
		return "Import changed it"
	case "edit":
		return "Corrected"
	case "merge":
		return "Merged"
	case "merged":
		return "Went into"
	case "absorbed":
		return "Took in"
	case "split":
		return "Split"
	case "undo":
		if c.Run > 0 {
			return "Import taken back"
		}
		return "Correction taken back"
	case "undecide":
		return "Answer taken back"
	}
	return c.What
}

// actorName is an actor of the audit log, for people: "person:ann" is ann.
func actorName(actor string) string {
	kind, name, ok := strings.Cut(actor, ":")
	switch {
	case !ok:
		return actor
	case kind == "token":
		return name + " (API)"
	case kind == "command":
		return name + " (command line)"
	}
	return name
}

func comma(more bool) string {
	if more {
		return ", "
	}
	return ""
}

// diffLines are the values that a change made others, in the order of the device page.
func diffLines(c inventory.Change) []change {
	var out []change
	add := func(name, title string) {
		if d, ok := c.Diff[name]; ok {
			lines := strings.NewReplacer("\n", ", ")
			out = append(out, change{title, lines.Replace(d[0]), lines.Replace(d[1])})
		}
	}
	known := map[string]bool{"sources": true}
	for _, a := range inventory.Attributes() {
		known[string(a.Name)] = true
		add(string(a.Name), a.Title)
	}
	var rest []string
	for name := range c.Diff {
		if !known[name] {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for _, name := range rest {
		add(name, strings.TrimPrefix(name, fact.CustomPrefix))
	}
	add("sources", "Sources")
	return out
}

// firstRecord is the source that spoke of the device first.
func firstRecord(d *inventory.Device) string {
	first := firstSaid(d)
	for _, r := range d.Records {
		if r.Kind != "person" && r.At.Equal(first) {
			return r.Source
		}
	}
	return "no source that is left"
}

func (p *devicePage) documentHref(a inventory.Attachment) string {
	return deviceHref(p.Device.ID, "") + "/documents/" + url.PathEscape(a.ID)
}

// byteCount writes a size in the unit that people read.
func byteCount(n int) string {
	switch {
	case n < 1<<10:
		return strconv.Itoa(n) + " B"
	case n < 1<<20:
		return strconv.Itoa((n+1<<9)>>10) + " KiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
}

// documentBody is the most bytes of an upload: the document and the form around it.
const documentBody = inventory.MaxAttachment + 64<<10

// attachDocument takes a file of a form. Its name and its bytes are believed as they are, its type is not.
func (s *Server) attachDocument(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	name, body, err := formFile(v.R, "file", inventory.MaxAttachment)
	var tooLarge *http.MaxBytesError
	if err == nil {
		_, err = s.Inventory.Attach(v.Context(), d.ID, v.Actor.String(), name, body)
	}
	switch {
	case errors.As(err, &tooLarge):
		return err
	case errors.Is(err, fault.Invalid):
		return s.showDevice(v, devicePage{Tab: "documents", Problem: sentence(err)}, 400)
	case err != nil:
		return err
	}
	s.Changed()
	return v.Redirect(deviceHref(d.ID, "documents"), &Flash{Status: Good, Text: "The document is kept beside " + d.Name() + "."})
}

// formFile reads one file of a multipart form into memory, at most limit bytes of it.
func formFile(r *http.Request, field string, limit int64) (name string, body []byte, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, fmt.Errorf("choose a file: %w", fault.Invalid)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return "", nil, fmt.Errorf("choose a file: %w", fault.Invalid)
		}
		if err != nil {
			return "", nil, err
		}
		if part.FormName() != field || part.FileName() == "" {
			continue
		}
		body, err := io.ReadAll(io.LimitReader(part, limit+1))
		return part.FileName(), body, err
	}
}

// document sends a document, always as a file to keep: nothing that was uploaded is ever shown by the browser as
// a page of this server.
func (s *Server) document(v *Visit) error {
	var a inventory.Attachment
	var body []byte
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		d, err := s.seen(v, tx)
		if err != nil {
			return err
		}
		a, body, err = s.Inventory.Attachment(tx, d.ID, v.R.PathValue("document"))
		return err
	})
	if err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", a.Kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if v.R.Method != http.MethodHead {
		_, _ = v.W.Write(body) // a browser that went away is no error of ours
	}
	return nil
}

// removeDocument removes a document; restoreDocument is its undo.
func (s *Server) removeDocument(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	a, err := s.Inventory.Detach(v.Context(), d.ID, v.R.PathValue("document"), v.Actor.String())
	if err != nil {
		return err
	}
	return v.Redirect(deviceHref(d.ID, "documents"), &Flash{Status: Good, Text: a.Name + " is removed.", Undo: deviceHref(d.ID, "") + "/documents/" + a.ID + "/restore"})
}

func (s *Server) restoreDocument(v *Visit) error {
	d, err := s.see(v)
	if err != nil {
		return err
	}
	a, err := s.Inventory.Reattach(v.Context(), d.ID, v.R.PathValue("document"), v.Actor.String())
	if err != nil {
		return err
	}
	return v.Redirect(deviceHref(d.ID, "documents"), &Flash{Status: Good, Text: a.Name + " is back."})
}
