package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/intake"
	"pons/intake/load"
	"pons/inventory"
	"pons/sqldb"
)

// The steps of the wizard: file, columns, dry run, apply, result. A capture has no columns: its second step asks for
// the source alone.

// mayImport refuses a person whose scope is bounded: a file speaks of the whole hospital, and what it creates, changes
// and finds missing lies outside of their rows too.
func mayImport(v *Visit) error {
	if !v.Actor.Scope.All() {
		return fmt.Errorf("an import and its undo change devices of the whole hospital, and your account is bounded to %s; ask an administrator: %w", scopeWords(v.Actor.Scope), fault.Denied)
	}
	return nil
}

// stepsOf are the steps as far as an upload has come.
func stepsOf(up upload, current int) []Step {
	steps := []Step{{Label: "File", Href: "/sources/import"}, {Label: "Columns", Href: up.href("columns")}, {Label: "Dry run", Href: up.href("dry-run")}, {Label: "Apply"}, {Label: "Result"}}
	if up.Capture {
		steps[1].Label = "Source"
	}
	for i := range steps {
		steps[i].Done, steps[i].Current = i < current, i == current
	}
	return steps
}

func (u upload) href(step string) string {
	return strings.TrimSuffix("/sources/import/"+u.ID+"/"+step, "/")
}

// importStart is the first step.
type importStart struct {
	Waiting []upload
	Problem string
	Busy    map[string]jobView
}

func (s *Server) importFile(v *Visit) error { return s.showImportFile(v, "", 0) }

func (s *Server) showImportFile(v *Visit, problem string, status int) error {
	if err := mayImport(v); err != nil {
		return err
	}
	s.tidy()
	p := importStart{Problem: problem, Busy: map[string]jobView{}}
	var err error
	if p.Waiting, err = s.uploads.list(v.Actor.ID); err != nil {
		return err
	}
	for _, up := range p.Waiting {
		if job, ok := s.jobs.find(up.ID); ok && !job.Done {
			p.Busy[up.ID] = job
		}
	}
	return v.Render(Page{Title: "Import a file", Status: status, Crumbs: []Link{{"Sources", "/sources"}}, Islands: []string{"import"},
		About: "A spreadsheet, an export or a packet capture. Nothing is written before you have seen what would happen."}, p.View())
}

// receiveFile takes the file in, piece by piece as it comes.
func (s *Server) receiveFile(v *Visit) error {
	if err := mayImport(v); err != nil {
		return err
	}
	up, err := s.readUpload(v)
	if err == nil {
		if up, err = s.recognise(v.Context(), up); err != nil {
			_ = s.uploads.remove(up.ID) // what cannot be read is of no use here; the sweep would find it
		}
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return s.showImportFile(v, "The file is larger than 2 GB. Import it on the server with “pons import”, or split it. Nothing of it was kept.", http.StatusRequestEntityTooLarge)
	case errors.Is(err, fault.Invalid), errors.Is(err, fault.Conflict):
		return s.showImportFile(v, named(sentence(err), up.Name), http.StatusUnprocessableEntity)
	case errors.Is(err, fault.Busy):
		return s.showImportFile(v, sentence(err), http.StatusInsufficientStorage)
	case err != nil:
		return err
	}
	return v.Redirect(up.href("columns"), nil)
}

// readUpload streams the file of the form to its place.
func (s *Server) readUpload(v *Visit) (upload, error) {
	part, err := filePart(v)
	if err != nil {
		return upload{}, err
	}
	up, err := s.uploads.receive(v.Context(), v.Actor.ID, part.FileName(), part)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled) {
		err = fmt.Errorf("the file broke off on its way here; send it again: %w: %w", err, fault.Invalid)
	}
	return up, err
}

// filePart finds the file in a form that was sent with one.
func filePart(v *Visit) (*multipart.Part, error) {
	form, err := v.R.MultipartReader()
	if err != nil {
		return nil, fmt.Errorf("no file was sent: choose one: %w", fault.Invalid)
	}
	for {
		part, err := form.NextPart()
		var tooLarge *http.MaxBytesError
		switch {
		case err == io.EOF:
			return nil, fmt.Errorf("no file was sent: choose one: %w", fault.Invalid)
		case errors.As(err, &tooLarge):
			return nil, err
		case err != nil:
			return nil, fmt.Errorf("the form broke off: %w: %w", err, fault.Invalid)
		}
		if part.FormName() == "file" && part.FileName() != "" {
			return part, nil
		}
	}
}

// recognise looks into a new file: what it is, and with which mapping it is best read.
func (s *Server) recognise(ctx context.Context, up upload) (upload, error) {
	f, err := load.Open(s.uploads.path(up.ID, "data"), up.Name)
	if err != nil {
		return up, err
	}
	defer f.Close()
	if f.Capture {
		return s.uploads.change(up.ID, func(u *upload) { u.Capture, u.Source = true, load.WireSource })
	}
	t, err := f.Table(intake.Choice{})
	if err != nil {
		return up, err
	}
	m, from := intake.Guess(t), "recognised from the columns"
	sources, err := s.sourceList(ctx)
	if err != nil {
		return up, err
	}
	if last, ok := lastFitting(sources, t, m); ok {
		m, from = last, "the one that "+string(last.Source)+" used last"
	}
	return s.keepMapping(up.ID, m, from)
}

func (s *Server) sourceList(ctx context.Context) (list []inventory.SourceStatus, err error) {
	err = s.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = s.Inventory.Sources(tx)
		return err
	})
	return list, err
}

// lastFitting finds the source that a table with these headers came from before. Of several, the one that the guess
// names goes first.
func lastFitting(sources []inventory.SourceStatus, t *intake.Table, guess intake.Mapping) (found intake.Mapping, ok bool) {
	for _, src := range sources {
		m, err := intake.LoadMapping(strings.NewReader(src.Mapping))
		if err != nil || src.Mapping == "" || !load.Fits(m, t) || len(m.Columns) != len(t.Headers) {
			continue
		}
		if !ok || m.Source == guess.Source {
			found, ok = m, true
		}
	}
	return found, ok
}

func (s *Server) keepMapping(id string, m intake.Mapping, from string) (upload, error) {
	var text bytes.Buffer
	if err := m.Save(&text); err != nil {
		return upload{}, err
	}
	return s.uploads.change(id, func(u *upload) {
		u.forget()
		u.Mapping, u.From = text.String(), from
	})
}

// uploadOf is the upload of the address, and what runs on it.
func (s *Server) uploadOf(v *Visit) (up upload, run jobView, err error) {
	if err := mayImport(v); err != nil {
		return up, run, err
	}
	if up, err = s.uploads.get(v.R.PathValue("upload"), v.Actor.ID); err != nil {
		return up, run, err
	}
	run, _ = s.jobs.find(up.ID)
	if up.Under != "" && !s.jobs.busy(up.ID) {
		up, err = s.afterRestart(v.Context(), up)
	}
	return up, run, err
}

// afterRestart says what became of a job that this server does not know: it ended with an earlier one. An import that
// was written before that is found among the runs.
func (s *Server) afterRestart(ctx context.Context, up upload) (upload, error) {
	var runs []inventory.Run
	if up.Under == importJob {
		if err := s.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
			runs, err = s.Inventory.Runs(tx, 50)
			return err
		}); err != nil {
			return up, err
		}
	}
	return s.uploads.change(up.ID, func(u *upload) {
		if u.Under == "" {
			return // it ended between two looks
		}
		for _, r := range runs {
			if r.File == u.Name && !r.Started.Before(u.Since.Truncate(time.Microsecond)) && r.Undone.IsZero() {
				u.Run, u.Under = r.ID, ""
				return
			}
		}
		u.Failed = "The server was restarted while the " + u.Under + " ran. Nothing was written, and the file is still here: start it again."
		u.Under = ""
	})
}

// openUpload leads to the step that an upload has come to.
func (s *Server) openUpload(v *Visit) error {
	up, run, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	switch {
	case up.Run != 0:
		return v.Redirect(runHref(up.Run)+"?new=1", nil)
	case up.Under == importJob && !run.Done:
		return v.Redirect(up.href("apply"), nil)
	case up.Dry != nil || up.Under != "" || up.Failed != "":
		return v.Redirect(up.href("dry-run"), nil)
	}
	return v.Redirect(up.href("columns"), nil)
}

func (s *Server) discardUpload(v *Visit) error {
	up, run, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	if up.Under != "" && !run.Done {
		return fmt.Errorf("the %s of %s still runs; cancel it first: %w", up.Under, up.Name, fault.Conflict)
	}
	if err := s.uploads.remove(up.ID); err != nil {
		return err
	}
	return v.Redirect("/sources/import", &Flash{Status: Good, Text: up.Name + " was removed from the server. The inventory is as it was."})
}

func (s *Server) cancelUpload(v *Visit) error {
	up, _, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	s.jobs.cancel(up.ID)
	return v.Redirect(up.href(""), nil)
}

func (s *Server) startDryRun(v *Visit) error {
	up, _, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	return s.startJob(v, up, true)
}

func (s *Server) startApply(v *Visit) error {
	up, _, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	if up.Run != 0 {
		return v.Redirect(runHref(up.Run)+"?new=1", nil)
	}
	if up.Dry == nil {
		return fmt.Errorf("look at the dry run of %s first: %w", up.Name, fault.Conflict)
	}
	return s.startJob(v, up, false)
}

// startJob starts the dry run or the import, and waits a little: most are done at once.
func (s *Server) startJob(v *Visit, up upload, dry bool) error {
	what, step := importJob, "apply"
	if dry {
		what, step = dryRunJob, "dry-run"
	}
	if up.Under == "" {
		s.jobs.settle(v.Context(), up.ID) // its end is written down already, a moment before it has ended
	}
	if s.jobs.busy(up.ID) {
		return v.Redirect(up.href(""), nil)
	}
	up, err := s.uploads.change(up.ID, func(u *upload) {
		if dry {
			u.Dry = nil
		}
		u.Failed, u.Under, u.Since = "", what, v.Now
	})
	if err != nil {
		return err
	}
	actor := v.Actor.String()
	j, _, err := s.jobs.start(up.ID, what, up.Name, v.Actor.Name,
		func(ctx context.Context, j *job) error { return s.bring(ctx, j, up, actor, dry) },
		func(err error) string { return s.ended(up, err) })
	if err != nil {
		return err
	}
	j.wait(v.Context())
	return v.Redirect(up.href(step), nil)
}

// ended keeps how a job ended, for whoever comes back.
func (s *Server) ended(up upload, err error) string {
	text := named(s.failText(err), up.Name)
	_, keep := s.uploads.change(up.ID, func(u *upload) { u.Under, u.Failed = "", text })
	if keep != nil && !errors.Is(keep, fault.NotFound) {
		s.Log.Error("upload state lost", "error", keep)
	}
	return text
}

// named writes a sentence that begins with a file's name with that name as it is: a sentence begins with a capital.
func named(sentence, file string) string {
	if len(sentence) >= len(file) && strings.EqualFold(sentence[:len(file)], file) {
		return file + sentence[len(file):]
	}
	return sentence
}

// failText is what a person is told of a job's error; what is our fault is logged.
func (s *Server) failText(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errCancelled), errors.Is(err, errStopped):
		return sentence(err)
	case errors.Is(diskFull(err), fault.Busy):
		return sentence(diskFull(err))
	}
	for _, kind := range []error{fault.NotFound, fault.Denied, fault.Invalid, fault.Conflict, fault.Busy} {
		if errors.Is(err, kind) {
			return sentence(err) + " Nothing was written."
		}
	}
	ref := reference()
	s.Log.Error("import failed", "ref", ref, "error", err)
	return "Something failed on the server. Nothing was written. The server's log has the details under " + ref + "; tell that to your administrator if it happens again."
}

// bring is the dry run or the import of an upload.
func (s *Server) bring(ctx context.Context, j *job, up upload, actor string, dry bool) error {
	j.say("opening the file")
	f, err := load.Open(s.uploads.path(up.ID, "data"), up.Name)
	if err != nil {
		return err
	}
	defer f.Close()
	j.follow(f.Progress)
	im := inventory.Import{Source: up.Source, Actor: actor, DryRun: dry, Whole: !up.Part, Progress: j.count}
	if up.Said != "" {
		if im.At, err = time.Parse(time.DateOnly, up.Said); err != nil {
			return fmt.Errorf("date %q: %w", up.Said, fault.Invalid)
		}
	}
	var damage error
	if f.Capture {
		j.say("reading the capture")
		im, damage, err = f.ImportCapture(ctx, im)
	} else {
		im, err = s.tableImport(f, up, im)
	}
	if err != nil {
		return err
	}
	var rows *rowFiles
	if dry {
		dir, err := s.uploads.folder(up.ID)
		if err != nil {
			return err
		}
		if rows, err = newRowFiles(dir); err != nil {
			return err
		}
		im.Each = rows.add
	}
	j.say("waiting for the database")
	im.Records = watched(im.Records, j, rows)
	run, err := s.Inventory.Import(ctx, im)
	if rows != nil {
		err = errors.Join(err, rows.close())
	}
	if err != nil {
		return err
	}
	if !dry {
		s.written(ctx)
	}
	_, err = s.uploads.change(up.ID, func(u *upload) {
		if dry {
			u.Dry = &run
		} else {
			u.Run = run.ID
		}
		if damage != nil {
			u.Damage = sentence(damage)
		}
	})
	if !dry {
		return nil // it is written, whatever became of the note about it
	}
	return err
}

// tableImport completes an import of a table with the upload's mapping.
func (s *Server) tableImport(f *load.File, up upload, im inventory.Import) (inventory.Import, error) {
	m, err := intake.LoadMapping(strings.NewReader(up.Mapping))
	if err != nil {
		return im, err
	}
	t, err := f.Table(intake.Choice{Sheet: up.Sheet, Delimiter: up.Delimiter})
	if err != nil {
		return im, err
	}
	return f.ImportTable(im, t, m)
}

// written tells those who follow the database, and keeps the day's count.
func (s *Server) written(ctx context.Context) {
	s.Changed()
	if err := s.Inventory.RecordDay(ctx); err != nil && ctx.Err() == nil {
		s.Log.Error("day not recorded", "error", err) // the next import or the next day does
	}
}

// watched tells a job how far the reading is, and ends it when the report cannot be kept.
func watched(records func(func(fact.Record, error) bool), j *job, rows *rowFiles) func(func(fact.Record, error) bool) {
	return func(yield func(fact.Record, error) bool) {
		j.say("reading and comparing")
		for r, err := range records {
			if err == nil && rows != nil && rows.err != nil {
				err = rows.err
			}
			if !yield(r, err) {
				return
			}
		}
		j.say("finishing")
	}
}

// download says that what follows is a file of this name.
func (v *Visit) download(kind, name string) {
	h := v.W.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
}

// sent ends a download: a browser that went away is no error of ours.
func (v *Visit) sent(err error) error {
	if v.Context().Err() != nil {
		return nil
	}
	return err
}

// stem is a file's name without its extension.
func stem(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

// byteSize is a size for people, in units of 1,000 as file managers show them.
func byteSize(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1_000_000:
		return fmt.Sprintf("%.0f KB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

func upperFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
