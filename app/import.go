package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/intake"
	"pons/intake/load"
	"pons/inventory"
	"pons/product"
	"pons/sqldb"
)

// ImportCommand brings files into the inventory, or takes an import back.
type ImportCommand struct {
	Files ImportFiles `cmd:"" default:"withargs" help:"Bring spreadsheets, exports and captures into the inventory."`
	Undo  ImportUndo  `cmd:"" help:"Take an import back: what was said before stands again."`
	Runs  ImportRuns  `cmd:"" help:"List imports, the latest first."`
}

// ImportFiles is pons import FILE…
type ImportFiles struct {
	Paths   []string `arg:"" name:"file" help:"Spreadsheets (XLSX, CSV), exports (JSON, JSON Lines) and captures."`
	Source  string   `placeholder:"NAME" help:"Who speaks, such as cmms. The next file of the same source replaces what this one said."`
	Kind    string   `placeholder:"KIND" help:"What sort of source it is: cmms, cmdb, nac, dhcp, switch, generic. Default: recognised from the columns."`
	Mapping string   `placeholder:"FILE" help:"How the columns are read (YAML; see --save-mapping). Default: recognised, then what the source used last."`
	Save    string   `name:"save-mapping" placeholder:"FILE" help:"Write the mapping that was used."`
	Sheet   string   `placeholder:"NAME" help:"Sheet of a workbook."`
	At      string   `placeholder:"DATE" help:"When the file was exported (2026-03-01 or RFC 3339). Default: now."`
	Partial bool     `help:"The file is a part of the source's list: what it lacks is not marked absent."`
	DryRun  bool     `name:"dry-run" help:"Show what would happen and write nothing."`
	Format  string   `enum:"table,jsonl" default:"table" help:"How the report is printed: ${enum} (${default})."`

	since int64 // the import of the first of several files of one source
	more  bool  // more files of the source follow
}

// Run imports one file after the other; each is one unit. Files given together under one source are one list: what
// all of them lack is marked absent, and they may be of several kinds.
func (c ImportFiles) Run(s *session) error {
	at, err := c.at()
	if err != nil {
		return err
	}
	return s.withInventory(func(inv *inventory.Inventory) error {
		var damage error
		for i, path := range c.Paths {
			c.more = c.Source != "" && i < len(c.Paths)-1
			run, err := c.file(s, inv, path, at)
			damage = errors.Join(damage, err)
			if run.Source == "" {
				return damage
			}
			if i == 0 && c.Source != "" {
				c.since = run.ID
			}
			if err := c.report(s, run); err != nil {
				return err
			}
		}
		if c.DryRun {
			return damage
		}
		return errors.Join(damage, inv.RecordDay(s.ctx))
	})
}

func (c ImportFiles) at() (time.Time, error) {
	if c.At == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, c.At); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usageError(fmt.Sprintf("--at %q: a date such as 2026-03-01 is expected", c.At))
}

// file imports one file. Of a damaged capture it imports what could be read: then there is a run and an error, which says
// where it broke.
func (c ImportFiles) file(s *session, inv *inventory.Inventory, path string, at time.Time) (inventory.Run, error) {
	f, err := load.Open(path, "")
	if err != nil {
		return inventory.Run{}, err
	}
	defer f.Close()
	im := inventory.Import{Source: c.Source, Kind: c.Kind, Actor: by().String(), At: at, DryRun: c.DryRun, Whole: !c.Partial && !c.more,
		Mixed: c.Source != "" && c.Kind == "" && len(c.Paths) > 1, Since: c.since}
	if c.Format == "jsonl" {
		e := json.NewEncoder(s.Out)
		e.SetEscapeHTML(false)
		im.Each = func(r inventory.RowResult) { _ = e.Encode(rowLine(r)) } // a broken pipe shows at the last line
	}
	bar := s.progress("importing "+f.Name, max(f.Size, 1))
	defer bar.done()
	im.Progress = func(rows int) {
		p := f.Progress()
		if bar.p != nil {
			bar.p.ChangeMax64(max(p.Total, 1))
		}
		bar.say(fmt.Sprintf("importing %s: %d rows", f.Name, rows))
		bar.set(min(p.Read, p.Total))
	}
	var damage error
	if f.Capture {
		im, damage, err = f.ImportCapture(s.ctx, im)
	} else {
		im, err = c.table(s, inv, f, im)
	}
	if err != nil {
		return inventory.Run{}, err
	}
	run, err := inv.Import(s.ctx, im)
	if err != nil && s.ctx.Err() != nil {
		err = fmt.Errorf("import of %s: interrupted; nothing was written", f.Name)
	}
	if err != nil {
		return inventory.Run{}, err
	}
	return run, damage
}

// table completes the import of a spreadsheet or an export.
func (c ImportFiles) table(s *session, inv *inventory.Inventory, f *load.File, im inventory.Import) (inventory.Import, error) {
	mapping, given, err := c.mapping(s, inv)
	if err != nil {
		return im, err
	}
	choice := intake.Choice{Sheet: c.Sheet}
	var t *intake.Table
	if given {
		var fits bool
		t, mapping, fits, err = f.Known(mapping, choice)
		if err == nil && !fits && c.Mapping != "" {
			err = fmt.Errorf("%s: the file has not the columns of %s; its columns are %s: %w", f.Name, c.Mapping, strings.Join(t.Headers, ", "), fault.Invalid)
		}
	} else if t, err = f.Table(choice); err == nil {
		mapping, err = c.recognise(s, inv, t)
	}
	if err != nil {
		return im, err
	}
	if c.Source != "" {
		mapping.Source = fact.Source(c.Source)
	}
	if c.Kind != "" {
		mapping.Kind = intake.Kind(c.Kind)
	}
	if im, err = f.ImportTable(im, t, mapping); err != nil {
		return im, err
	}
	if c.Save != "" {
		return im, os.WriteFile(c.Save, []byte(im.Mapping), 0o644)
	}
	return im, nil
}

// recognise guesses what the columns mean, and with that whose file it is. It does not guess that a file with other
// columns is the next list of a source that is known: its rows would take the place of what that source says.
func (c ImportFiles) recognise(s *session, inv *inventory.Inventory, t *intake.Table) (intake.Mapping, error) {
	guessed := intake.Guess(t)
	if c.Source != "" {
		return guessed, nil
	}
	last, known, err := load.Last(s.ctx, inv, string(guessed.Source))
	switch {
	case err != nil || !known:
		return guessed, err
	case !load.Fits(last, t):
		return guessed, fmt.Errorf("%s: reads as a file of the source %s, which is known from a file with other columns; give --source NAME, or --source %s if it is the same list: %w",
			t.File, guessed.Source, guessed.Source, fault.Conflict)
	}
	return last, nil
}

// mapping returns the mapping that was named, or the one that the source used last.
func (c ImportFiles) mapping(s *session, inv *inventory.Inventory) (m intake.Mapping, given bool, err error) {
	if c.Mapping == "" {
		return load.Last(s.ctx, inv, c.Source)
	}
	f, err := os.Open(c.Mapping)
	if err != nil {
		return m, false, fileError(c.Mapping, err)
	}
	defer f.Close()
	if m, err = intake.LoadMapping(f); err != nil {
		err = fmt.Errorf("%s: %w", c.Mapping, err)
	}
	return m, true, err
}

// rowLine is a row of the report as JSON.
func rowLine(r inventory.RowResult) any {
	return struct {
		File    string            `json:"file,omitempty"`
		Row     int               `json:"row,omitempty"`
		Key     string            `json:"key,omitempty"`
		Outcome inventory.Outcome `json:"outcome"`
		Device  string            `json:"device,omitempty"`
		Name    string            `json:"name,omitempty"`
		Because string            `json:"because,omitempty"`
	}{r.File, r.Row, r.Key, r.Outcome, r.Device, r.Name, r.Because}
}

// runLine is an import as JSON.
type runLine struct {
	Run       int64     `json:"run,omitempty"`
	Source    string    `json:"source"`
	File      string    `json:"file"`
	DryRun    bool      `json:"dry_run,omitempty"`
	Rows      int       `json:"rows"`
	Created   int       `json:"created"`
	Updated   int       `json:"updated"`
	Unchanged int       `json:"unchanged"`
	Conflict  int       `json:"conflict"`
	Rejected  int       `json:"rejected"`
	Absent    int       `json:"absent"`
	Late      bool      `json:"late,omitempty"`
	Finished  time.Time `json:"finished"`
	Undone    string    `json:"undone,omitempty"`
}

func lineOf(r inventory.Run) runLine {
	l := runLine{r.ID, r.Source, r.File, r.DryRun, r.Rows, r.Created, r.Updated, r.Unchanged, r.Conflict, r.Rejected, r.Absent, r.Late, r.Finished, ""}
	if r.DryRun {
		l.Run = 0
	}
	if !r.Undone.IsZero() {
		l.Undone = r.Undone.Format(time.RFC3339)
	}
	return l
}

func (c ImportFiles) report(s *session, r inventory.Run) error {
	if r.Late {
		fmt.Fprintf(s.Err, "%s of %s: %s has said something newer; that stands, and the file adds to what was before\n", r.File, r.Said.Format(time.DateOnly), r.Source)
	}
	if c.Format == "jsonl" {
		return json.NewEncoder(s.Out).Encode(lineOf(r))
	}
	what := fmt.Sprintf("import %d", r.ID)
	if r.DryRun {
		what = "dry run, nothing written"
	}
	fmt.Fprintf(s.Out, "%s as %s (%s): %d rows: %d created, %d updated, %d unchanged, %d in conflict, %d rejected, %d no longer in the source\n",
		r.File, r.Source, what, r.Rows, r.Created, r.Updated, r.Unchanged, r.Conflict, r.Rejected, r.Absent)
	for i, x := range r.Rejects {
		if i == 10 {
			fmt.Fprintf(s.Out, "  … %d more; --format jsonl lists all\n", r.Rejected-i)
			break
		}
		fmt.Fprintf(s.Out, "  rejected row %d: %s\n", x.Row, x.Because)
	}
	return nil
}

// ImportUndo is pons import undo RUN.
type ImportUndo struct {
	Number int64 `arg:"" name:"run" help:"Number of the import, as pons import runs lists it."`
}

// Run takes the import back.
func (c ImportUndo) Run(s *session) error {
	return s.withInventory(func(inv *inventory.Inventory) error {
		r, err := load.Undo(s.ctx, inv, c.Number, by().String())
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "import %d of %s as %s is undone\n", r.ID, r.File, r.Source)
		return inv.RecordDay(s.ctx)
	})
}

// ImportRuns is pons import runs.
type ImportRuns struct {
	Limit  int    `default:"50" help:"How many (${default})."`
	Format string `enum:"table,jsonl" default:"table" help:"How they are printed: ${enum} (${default})."`
}

// Run lists imports.
func (c ImportRuns) Run(s *session) error {
	return s.withInventory(func(inv *inventory.Inventory) error {
		return inv.DB().View(s.ctx, func(tx *sqldb.Tx) error {
			runs, err := inv.Runs(tx, c.Limit)
			if err != nil {
				return err
			}
			for _, r := range runs {
				if c.Format == "jsonl" {
					if err := json.NewEncoder(s.Out).Encode(lineOf(r)); err != nil {
						return err
					}
					continue
				}
				state := ""
				if !r.Undone.IsZero() {
					state = "  undone " + r.Undone.Format(time.DateTime)
				}
				fmt.Fprintf(s.Out, "%5d  %s  %-12s %-24s %6d rows%s\n", r.ID, r.Finished.Format(time.DateTime), r.Source, brief(r.File), r.Rows, state)
			}
			return nil
		})
	})
}

// withInventory runs f with the inventory of the database.
func (s *session) withInventory(f func(*inventory.Inventory) error) error {
	return s.withDB(func(db *sqldb.DB) error { return f(inventory.New(db, catalogue(), s.now)) })
}

// catalogue is what is known of makers, models and classes.
func catalogue() *product.Catalog { return product.Default() }
