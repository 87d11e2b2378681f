package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/audit"
	"pons/fact"
	"pons/fault"
	"pons/linkage"
	"pons/sqldb"
)

// Outcome is what an import does with one row.
type Outcome string

// The outcomes. A row in conflict is stored like any other: its value loses or wins, and the device is put in
// the queue of conflicts.
const (
	Created    Outcome = "created"
	Updated    Outcome = "updated"
	Unchanged  Outcome = "unchanged"
	InConflict Outcome = "conflict"
	Rejected   Outcome = "rejected"
)

// RowResult is the line of a dry run or an import report that speaks of one row.
type RowResult struct {
	File    string
	Row     int
	Key     string
	Outcome Outcome
	Device  string // id; of a device that a dry run would make, nothing
	Name    string
	Because string // for rejected: place and mend; for conflict: the attributes; else what it was joined by
}

// Rejection is an error of one row. Readers yield errors that carry one (errors.As); the import goes on.
type Rejection interface {
	error
	Place() (file string, row int, column, reason string)
}

// Import is one file (or one capture) to bring in.
type Import struct {
	Source   string // name of the source, such as cmms; its rows replace what the same source said before
	Kind     string // cmms, cmdb, itam, fhir, nac, dhcp, switch, rtls, wire, generic
	File     string
	Actor    string    // who imports
	Mapping  string    // how the file was read, kept with the run
	At       time.Time // when the source said so: the export's date, or now
	Mixed    bool      // files of several kinds are given under this one name: a kind other than the source's is no mistake
	Whole    bool      // the file is the source's full list: what it lacks is marked absent
	Since    int64     // the list spans several files: the run of the first of them; zero: it is this file alone
	DryRun   bool      // everything is done, reported and rolled back
	Records  iter.Seq2[fact.Record, error]
	Each     func(RowResult) // called for every row, in order within a batch; may be nil
	Progress func(rows int)  // called now and then; may be nil
	// Also writes what else the file said in the same Update, so that both are kept or neither; may be nil.
	Also func(tx *sqldb.Tx, run Run) error
}

// Run is the report of an import.
type Run struct {
	ID        int64
	Source    string
	File      string
	Actor     string
	Said      time.Time
	Started   time.Time
	Finished  time.Time
	Mapping   string
	Whole     bool
	DryRun    bool
	Rows      int
	Created   int
	Updated   int
	Unchanged int
	Conflict  int
	Rejected  int
	Absent    int
	Late      bool        // the source has said something newer: that stands, and this only adds to what was before; not kept
	Rejects   []RowResult // the first few; all of them go to Each
	Undone    time.Time
	UndoneBy  string
}

// batch is how many rows are linked at a time: enough to make statements large, little enough to bound memory.
const batch = 4000

// rejectsKept is how many rejected rows the run itself remembers.
const rejectsKept = 200

// errRolledBack ends a dry run.
var errRolledBack = errors.New("dry run")

// Import brings a file in as one unit: on any error nothing of it stays. Repeating it changes nothing.
func (inv *Inventory) Import(ctx context.Context, im Import) (Run, error) {
	im.Source = strings.TrimSpace(im.Source)
	if im.Source == "" || strings.ContainsAny(im.Source, "/\n") || im.Source == personSource {
		return Run{}, fmt.Errorf("source %q: a source needs a name without / (such as cmms): %w", im.Source, fault.Invalid)
	}
	if im.Kind == "" {
		im.Kind = "generic"
	}
	if im.Actor == "" {
		im.Actor = "unknown"
	}
	run := Run{Source: im.Source, File: im.File, Actor: im.Actor, Started: inv.now().UTC(), Said: im.At, Mapping: im.Mapping, Whole: im.Whole, DryRun: im.DryRun}
	if run.Said.IsZero() {
		run.Said = run.Started
	}
	_, err := inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := inv.importIn(tx, &im, &run); err != nil {
			return err
		}
		if im.DryRun {
			return errRolledBack
		}
		return nil
	})
	if im.DryRun && errors.Is(err, errRolledBack) {
		return run, nil
	}
	if err != nil && strings.HasPrefix(err.Error(), im.File+":") {
		return Run{}, err // a reader's error names the file already
	}
	if err != nil {
		return Run{}, fmt.Errorf("import of %s: %w", im.File, err)
	}
	return run, nil
}

func (inv *Inventory) importIn(tx *sqldb.Tx, im *Import, run *Run) error {
	w, err := inv.writer(tx, im.Actor, "import")
	if err != nil {
		return err
	}
	if err := inv.enrol(tx, im, run); err != nil {
		return err
	}
	if w.newer, err = newerThan(tx, im.Source, run.Said); err != nil {
		return err
	}
	run.Late = len(w.newer.runs) > 0
	if run.ID, err = w.take("run", 1); err != nil {
		return err
	}
	w.run = run.ID
	var rows []*stored
	flush := func() error {
		err := w.bring(rows, im, run)
		rows = rows[:0]
		if im.Progress != nil {
			im.Progress(run.Rows)
		}
		return err
	}
	for rec, err := range im.Records {
		if err := tx.Context().Err(); err != nil {
			return err
		}
		if err != nil {
			if err := run.reject(im, err); err != nil {
				return err
			}
			continue
		}
		run.Rows++
		rec.Source = fact.Source(im.Source)
		if rec.At.IsZero() {
			rec.At = run.Said
		}
		rows = append(rows, &stored{Record: *recordOf(w.norm, im.Kind, &rec)})
		if len(rows) == batch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	run.Whole = im.Whole && run.Rows > run.Rejected // a list of nothing says nothing of what it lacks
	if run.Whole && !run.Late {
		since := run.ID
		if im.Since > 0 {
			since = im.Since
		}
		if run.Absent, err = w.markAbsent(im.Source, since); err != nil {
			return err
		}
	}
	if im.Also != nil {
		if err := im.Also(tx, *run); err != nil {
			return err
		}
	}
	run.Finished = inv.now().UTC()
	if err := insertRun(tx, run); err != nil {
		return err
	}
	return audit.Append(tx, audit.Entry{At: run.Finished, Actor: run.Actor, Verb: "import.run", Object: "import:" + strconv.FormatInt(run.ID, 10), After: audit.Fields{
		"source": run.Source, "file": run.File, "rows": strconv.Itoa(run.Rows), "created": strconv.Itoa(run.Created), "updated": strconv.Itoa(run.Updated),
		"conflict": strconv.Itoa(run.Conflict), "rejected": strconv.Itoa(run.Rejected), "absent": strconv.Itoa(run.Absent)}})
}

// enrol makes the source known, or checks that it is of the kind it was.
func (inv *Inventory) enrol(tx *sqldb.Tx, im *Import, run *Run) error {
	var kind string
	err := tx.QueryRow("SELECT kind FROM inventory_source WHERE name = $1", im.Source).Scan(&kind)
	switch {
	case errors.Is(err, fault.NotFound):
		_, err = tx.Exec("INSERT INTO inventory_source (name, kind, mapping, created_at) VALUES ($1, $2, $3, $4)", im.Source, im.Kind, im.Mapping, micros(run.Started))
		return err
	case err != nil:
		return err
	case kind != im.Kind && !im.Mixed:
		return fmt.Errorf("source %s is of kind %s, this file reads as %s: import it under another source name, or with a mapping of kind %s: %w", im.Source, kind, im.Kind, kind, fault.Conflict)
	}
	_, err = tx.Exec("UPDATE inventory_source SET mapping = $1 WHERE name = $2", im.Mapping, im.Source)
	return err
}

// reject counts a row that cannot be used; an error that is not about a row ends the import.
func (run *Run) reject(im *Import, err error) error {
	var r Rejection
	if !errors.As(err, &r) {
		return err
	}
	file, row, column, reason := r.Place()
	if column != "" {
		reason = "column " + column + ": " + reason
	}
	run.Rejected++
	run.Rows++
	result := RowResult{File: file, Row: row, Outcome: Rejected, Because: reason}
	if len(run.Rejects) < rejectsKept {
		run.Rejects = append(run.Rejects, result)
	}
	if im.Each != nil {
		im.Each(result)
	}
	return nil
}

// writer prepares one Update's work.
func (inv *Inventory) writer(tx *sqldb.Tx, actor, what string) (*writer, error) {
	p, err := readPrecedence(tx)
	if err != nil {
		return nil, err
	}
	c, err := inv.followCatalog(tx)
	if err != nil {
		return nil, err
	}
	rules, err := inv.followRules(tx)
	if err != nil {
		return nil, err
	}
	w := &writer{inv: inv, tx: tx, norm: NewNormalizerWith(c, rules), resolver: NewResolver(c, p).On(inv.now()), at: inv.now().UTC(),
		actor: actor, what: what, decisions: map[string][]linkage.Decision{}, persons: map[string]int64{}}
	if err := w.readDecisions(); err != nil {
		return nil, err
	}
	if err := w.readPersons(); err != nil {
		return nil, err
	}
	var n int64
	if err := tx.QueryRow("SELECT COUNT(*) FROM inventory_proposal").Scan(&n); err != nil {
		return nil, err
	}
	w.proposed = n > 0
	return w, nil
}

func (w *writer) readDecisions() error {
	rows, err := w.tx.Query("SELECT a, b, same FROM inventory_decision ORDER BY a, b")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var d linkage.Decision
		if err := rows.Scan(&d.A, &d.B, &d.Same); err != nil {
			return err
		}
		w.decisions[d.A] = append(w.decisions[d.A], d)
		w.decisions[d.B] = append(w.decisions[d.B], d)
	}
	return rows.Err()
}

func (w *writer) readPersons() error {
	rows, err := w.tx.Query("SELECT record_key, id FROM inventory_record WHERE source = $1", personSource)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var id int64
		if err := rows.Scan(&key, &id); err != nil {
			return err
		}
		w.persons[key] = id
	}
	return rows.Err()
}

// bring stores one batch of rows of one source and relinks what they touch.
func (w *writer) bring(rows []*stored, im *Import, run *Run) error {
	if len(rows) == 0 {
		return nil
	}
	rows, err := w.joinSameKeys(rows)
	if err != nil {
		return err
	}
	known, err := w.lookup(im.Source, rows)
	if err != nil {
		return err
	}
	var changed, unchanged, moved, older []*stored
	var kept []statementRow
	for _, s := range rows {
		if err := w.joinSameRun(s, known[s.Key]); err != nil {
			return err
		}
		switch keep, how := w.compare(s, known[s.Key]); how {
		case asBefore:
			kept, unchanged = append(kept, keep...), append(unchanged, s)
		case elsewhere:
			kept, moved = append(kept, keep...), append(moved, s)
		case outdated:
			kept, older = append(kept, keep...), append(older, s)
		default:
			kept, changed = append(kept, keep...), append(changed, s)
		}
	}
	if err := w.number(changed); err != nil {
		return err
	}
	if err := w.keepStatements(kept, changed); err != nil {
		return err
	}
	if err := w.repeat(unchanged); err != nil {
		return err
	}
	if err := writeRecords(w.tx, moved); err != nil {
		return err
	}
	unchanged = slices.Concat(unchanged, moved, older)
	for _, s := range changed {
		s.keys = linkage.Keys(s.profile())
	}
	delta, err := writeKeys(w.tx, changed)
	if err != nil {
		return err
	}
	devices, err := w.relink(changed, delta, nil)
	if err != nil {
		return err
	}
	run.count(im, changed, unchanged, devices)
	return nil
}

// joinSameKeys joins rows of one batch that bear one key: a host seen twice in a capture, or a row given twice.
func (w *writer) joinSameKeys(rows []*stored) ([]*stored, error) {
	at := make(map[string]int, len(rows))
	out := rows[:0:0]
	for _, s := range rows {
		if i, ok := at[s.Key]; ok {
			out[i].Record = *w.norm.join(&out[i].Record, &s.Record)
			continue
		}
		at[s.Key] = len(out)
		out = append(out, s)
	}
	return out, nil
}

// joinSameRun joins a row with one that bears the same key in an earlier batch of the file.
func (w *writer) joinSameRun(s, old *stored) error {
	if old == nil || old.Run != w.run && old.Seen != w.run {
		return nil
	}
	if !gathers(s.Kind) {
		if compareWords(&old.Record, &s.Record) > 0 {
			s.Said, s.File, s.Row = old.Said, old.File, old.Row
		}
		return nil
	}
	parts, err := w.statements("SELECT "+statementColumns+" FROM inventory_statement s WHERE s.record = $1 AND s.run = $2", old, w.run)
	for _, part := range parts {
		s.Record = *w.norm.join(&part.Record, &s.Record)
	}
	return err
}

// lookup loads the stored records of the rows, by key.
func (w *writer) lookup(source string, rows []*stored) (map[string]*stored, error) {
	keys := make([]string, len(rows))
	for i, s := range rows {
		keys[i] = s.Key
	}
	slices.Sort(keys)
	found, err := inChunks(keys, func(part []any) ([]*stored, error) {
		return readRecords(w.tx, "SELECT "+recordColumns+" FROM inventory_record WHERE source = $1 AND record_key IN "+sqldb.In(len(part), 2), append([]any{source}, part...)...)
	})
	if err != nil {
		return nil, err
	}
	known := make(map[string]*stored, len(found))
	for _, s := range found {
		known[s.Key] = s
	}
	return known, nil
}

// number gives new records their ids, in the order of the file.
func (w *writer) number(records []*stored) error {
	fresh := int64(0)
	for _, s := range records {
		if s.isNew {
			fresh++
		}
	}
	if fresh == 0 {
		return nil
	}
	next, err := w.take("record", fresh)
	if err != nil {
		return err
	}
	for _, s := range records {
		if s.isNew {
			s.ID = next
			next++
		}
	}
	return nil
}

// statementRow is a statement to go back to.
type statementRow struct {
	of *stored
	s  stored
}

func partOf(s *stored) statementRow { return statementRow{of: s, s: *s} }

func (w *writer) keepStatements(kept []statementRow, changed []*stored) error {
	if len(kept) == 0 {
		return nil
	}
	byKey := map[string]int64{}
	for _, s := range changed {
		byKey[s.Key] = s.ID
	}
	_, err := w.tx.Merge("inventory_statement", []string{"record", "run"}, []string{"record", "run", "seen_run", "file", "row_number", "said_at", "absent_run", "absent_at", "gaps", "body"}, func(yield func([]any) bool) {
		for _, k := range kept {
			id := k.s.ID
			if id == 0 {
				id = byKey[k.s.Key]
			}
			if !yield([]any{id, k.s.Run, k.s.Seen, k.s.File, int64(k.s.Row), micros(k.s.At), k.s.absentRun, k.s.absentAt, k.s.gaps, k.s.body}) {
				return
			}
		}
	})
	return err
}

// count sorts the rows of a batch into outcomes.
func (run *Run) count(im *Import, changed, unchanged []*stored, devices map[string]*Device) {
	result := func(s *stored, o Outcome, because string) {
		if im.Each == nil {
			return
		}
		r := RowResult{File: s.File, Row: s.Row, Key: s.Key, Outcome: o, Because: because}
		if !run.DryRun || s.oldDevice != "" {
			r.Device = s.Device
		}
		if d := devices[s.Device]; d != nil {
			r.Name = d.Name()
		}
		im.Each(r)
	}
	for _, s := range unchanged {
		run.Unchanged++
		result(s, Unchanged, "")
	}
	for _, s := range changed {
		d := devices[s.Device]
		if disputed := disputedBy(d, s); len(disputed) > 0 {
			run.Conflict++
			result(s, InConflict, "sources disagree on "+strings.Join(disputed, ", "))
			continue
		}
		if s.isNew && s.born == s.Device {
			run.Created++
			result(s, Created, "")
			continue
		}
		run.Updated++
		because := ""
		if s.isNew && d != nil && len(d.Records) > 1 {
			because = "joined " + d.Name()
		}
		result(s, Updated, because)
	}
}

// disputedBy lists the conflicts of a device in which a record takes part.
func disputedBy(d *Device, s *stored) []string {
	if d == nil {
		return nil
	}
	var out []string
	for _, attr := range d.Conflicts {
		if slices.ContainsFunc(s.Said, func(x Statement) bool { return x.Attr == attr }) {
			out = append(out, string(attr))
		}
	}
	return out
}

// markAbsent marks what the source used to list and its runs from since on did not.
func (w *writer) markAbsent(source string, since int64) (int, error) {
	total := 0
	for {
		gone, err := readRecords(w.tx, "SELECT "+recordColumns+" FROM inventory_record WHERE source = $1 AND seen_run < $2 AND absent_run <= seen_run ORDER BY id LIMIT $3", source, since, int64(batch))
		if err != nil || len(gone) == 0 {
			return total, err
		}
		for _, s := range gone {
			s.absentAt, s.absentRun, s.Absent, s.changed = micros(w.at), w.run, w.at, true
			s.keys = linkage.Keys(s.profile())
			s.oldKeys = s.keys
		}
		total += len(gone)
		if _, err := w.relink(gone, nil, nil); err != nil {
			return total, err
		}
	}
}

func insertRun(tx *sqldb.Tx, run *Run) error {
	rejects := ""
	if len(run.Rejects) > 0 {
		b, err := json.Marshal(run.Rejects)
		if err != nil {
			return err
		}
		rejects = string(b)
	}
	_, err := tx.Exec(`INSERT INTO inventory_run (id, source, file, actor, said_at, started_at, finished_at, mapping, whole, rows_read,
		created, updated, unchanged, conflict, rejected, absent, rejects, undone_at, undone_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, '')`,
		run.ID, run.Source, run.File, run.Actor, micros(run.Said), micros(run.Started), micros(run.Finished), run.Mapping, run.Whole, int64(run.Rows),
		int64(run.Created), int64(run.Updated), int64(run.Unchanged), int64(run.Conflict), int64(run.Rejected), int64(run.Absent), rejects)
	return err
}

// readPrecedence loads the orders of sources that an administrator changed.
func readPrecedence(tx *sqldb.Tx) (Precedence, error) {
	rows, err := tx.Query("SELECT attr, sources FROM inventory_precedence ORDER BY attr")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	p := Precedence{}
	for rows.Next() {
		var attr, sources string
		if err := rows.Scan(&attr, &sources); err != nil {
			return nil, err
		}
		p[fact.Attr(attr)] = strings.Fields(sources)
	}
	return p, rows.Err()
}
