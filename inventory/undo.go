package inventory

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"pons/audit"
	"pons/fault"
	"pons/linkage"
	"pons/sqldb"
)

// Undo takes an import back: what the source said before stands again, and what later imports said stays. The
// run is kept, marked as undone. The earlier sessions of a live source, which are folded into one run, go with it. also
// takes back, in the same Update, what Import.Also wrote elsewhere; it is called for each run that goes.
func (inv *Inventory) Undo(ctx context.Context, id int64, actor string, also ...func(tx *sqldb.Tx, run Run) error) (Run, error) {
	var run Run
	_, err := inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		var err error
		if run, err = readRun(tx, id); err != nil {
			return err
		}
		if !run.Undone.IsZero() {
			return fmt.Errorf("import %d was undone already: %w", id, fault.Conflict)
		}
		var folded int64
		if err := tx.QueryRow("SELECT folded_into FROM inventory_run WHERE id = $1", id).Scan(&folded); err != nil {
			return err
		}
		if folded != 0 {
			return fmt.Errorf("session %d has been folded into the earlier sessions of %s, which can be taken back as one (%d): %w", id, run.Source, folded, fault.Conflict)
		}
		w, err := inv.writer(tx, actor, "undo")
		if err != nil {
			return err
		}
		w.run = id
		if w.lineage, err = lineageOf(tx, run); err != nil {
			return err
		}
		with, err := w.folded(id)
		if err != nil {
			return err
		}
		for _, step := range []func() error{w.leave, w.dropStatements, w.takeBack, func() error { return w.unmarkAbsent(run) }} {
			if err := step(); err != nil {
				return err
			}
		}
		for _, r := range append(with, run) {
			for _, more := range also {
				if err := more(tx, r); err != nil {
					return err
				}
			}
		}
		run.Undone, run.UndoneBy = w.at, actor
		if _, err = tx.Exec("UPDATE inventory_run SET undone_at = $1, undone_by = $2 WHERE id = $3 OR folded_into = $3 AND undone_at = 0", micros(w.at), actor, id); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: w.at, Actor: actor, Verb: "import.undo", Object: "import:" + strconv.FormatInt(id, 10), After: audit.Fields{"source": run.Source, "file": run.File}})
	})
	if err != nil {
		return Run{}, fmt.Errorf("undo of import %d: %w", id, err)
	}
	return run, nil
}

// folded are the sessions that were folded into a run that is being undone. What they said of hosts that were heard too
// seldom to be folded is made the run's, for takeBack.
func (w *writer) folded(into int64) ([]Run, error) {
	names, err := strings1(w.tx, "SELECT CAST(id AS TEXT) FROM inventory_run WHERE folded_into = $1 AND undone_at = 0 ORDER BY id", into)
	if err != nil {
		return nil, err
	}
	ids, runs := make([]int64, len(names)), make([]Run, len(names))
	for i, name := range names {
		if ids[i], err = strconv.ParseInt(name, 10, 64); err != nil {
			return nil, err
		}
		if runs[i], err = readRun(w.tx, ids[i]); err != nil {
			return nil, err
		}
	}
	_, err = inChunks(ids, func(part []any) ([]struct{}, error) {
		in := sqldb.In(len(part), 2)
		if _, err := w.tx.Exec("UPDATE inventory_record SET run = $1 WHERE kind = 'wire' AND id IN (SELECT record FROM inventory_statement WHERE run IN "+in+")", append([]any{into}, part...)...); err != nil {
			return nil, err
		}
		_, err := w.tx.Exec("DELETE FROM inventory_statement WHERE run IN "+sqldb.In(len(part), 1), part...)
		return nil, err
	})
	return runs, err
}

// dropStatements removes the run's part from what could be gone back to.
func (w *writer) dropStatements() error {
	// What gathers is put together anew wherever the run had a part.
	if _, err := w.tx.Exec("UPDATE inventory_record SET run = $1 WHERE kind = 'wire' AND id IN (SELECT record FROM inventory_statement WHERE run = $1)", w.run); err != nil {
		return err
	}
	_, err := w.tx.Exec("DELETE FROM inventory_statement WHERE run = $1", w.run)
	return err
}

// takeBack replaces what the run said by what was said before, record by record.
func (w *writer) takeBack() error {
	last := int64(-1)
	for {
		records, err := readRecords(w.tx, "SELECT "+recordColumns+" FROM inventory_record WHERE run = $1 AND id > $2 ORDER BY id LIMIT $3", w.run, last, int64(batch))
		if err != nil || len(records) == 0 {
			return err
		}
		last = records[len(records)-1].ID
		if err := w.takeBackBatch(records); err != nil {
			return err
		}
	}
}

func (w *writer) takeBackBatch(records []*stored) error {
	var back, gone []*stored
	for _, s := range records {
		s.oldKeys = linkage.Keys(s.profile())
		earlier, err := w.earlier(s)
		switch {
		case errors.Is(err, fault.NotFound):
			gone = append(gone, s)
			continue
		case err != nil:
			return err
		}
		s.Said, s.body, s.At, s.File, s.Row, s.Run, s.Seen = earlier.Said, earlier.body, earlier.At, earlier.File, earlier.Row, earlier.Run, earlier.Seen
		s.gaps = earlier.gaps
		if earlier.absentRun > s.Seen { // it had been missing before the run brought it back
			s.absentRun, s.absentAt = earlier.absentRun, earlier.absentAt
		}
		if s.Absent = (time.Time{}); s.absentRun > s.Seen {
			s.Absent = fromMicros(s.absentAt)
		}
		if !gathers(s.Kind) && s.Absent.IsZero() {
			w.missing(s)
		}
		s.changed = true
		s.keys = linkage.Keys(s.profile())
		back = append(back, s)
	}
	words, asleep, err := w.orphans(gone)
	if err != nil {
		return err
	}
	back = append(back, words...)
	delta, err := w.remove(gone)
	if err != nil {
		return err
	}
	more, err := writeKeys(w.tx, back)
	if err != nil {
		return err
	}
	for k, n := range more {
		delta[k] += n
	}
	if _, err := w.relink(back, delta, append(asleep, gone...)); err != nil {
		return err
	}
	return w.buryEmpty(gone, nil)
}

// orphans finds people's words for the records that go a new place: on the oldest record that is left on the device
// and bears no word yet. Where no record is left the word sleeps, on no device and without keys,
// until a source brings back the record it was said of; the device's id then comes back with it. A word that has woken
// and that nobody has said again since is not known to be meant for what else is on its device now: it sleeps again.
func (w *writer) orphans(gone []*stored) (moved, asleep []*stored, err error) {
	leaving := make(map[int64]bool, len(gone))
	var words []int64
	var devices []string
	for _, s := range gone {
		leaving[s.ID] = true
		if p, ok := w.persons[s.Name()]; ok {
			words, devices = append(words, p), append(devices, s.Device)
		}
	}
	if len(words) == 0 {
		return nil, nil, nil
	}
	slices.Sort(devices)
	records, err := recordsOfDevices(w.tx, slices.Compact(devices))
	if err != nil {
		return nil, nil, err
	}
	heirs := map[string][]*stored{}
	for _, s := range records {
		if _, spoken := w.persons[s.Name()]; s.Kind != personSource && !leaving[s.ID] && !spoken {
			heirs[s.Device] = append(heirs[s.Device], s)
		}
	}
	slices.Sort(words)
	list, err := recordsByID(w.tx, words)
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(list, func(a, b *stored) int { return cmp.Compare(a.Key, b.Key) })
	for _, s := range list {
		s.oldKeys, s.changed = linkage.Keys(s.profile()), true
		if next := heirs[s.Device]; len(next) > 0 && s.absentAt == 0 {
			delete(w.persons, s.Key)
			s.Key, heirs[s.Device] = next[0].Name(), next[1:]
			w.persons[s.Key] = s.ID
			s.keys = s.oldKeys
			moved = append(moved, s)
			continue
		}
		s.born, s.Device, s.absentAt = s.Device, "", micros(w.at)
		asleep = append(asleep, s)
	}
	if _, err := writeKeys(w.tx, asleep); err != nil {
		return nil, nil, err
	}
	for _, s := range asleep {
		if _, err := w.tx.Exec("DELETE FROM inventory_proposal WHERE a = $1 OR b = $1", s.ID); err != nil {
			return nil, nil, err
		}
	}
	return moved, asleep, writeRecords(w.tx, asleep)
}

// earlier returns what the record said before the run, as far as it is not undone: of the statements left, the one that
// was said or repeated on the latest day.
func (w *writer) earlier(s *stored) (*stored, error) {
	list, err := w.statements("SELECT "+statementColumns+`
		FROM inventory_statement s LEFT JOIN inventory_run u ON u.id = CASE WHEN s.seen_run > s.run THEN s.seen_run ELSE s.run END
		WHERE s.record = $1 ORDER BY COALESCE(u.said_at, s.said_at) / $2 DESC, s.run DESC`, s, day.Microseconds())
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, fault.NotFound
	}
	if gathers(s.Kind) {
		return w.together(list), nil
	}
	out := list[0]
	out.Said = w.norm.Statements(s.Kind, out.written()) // the catalogue may have changed since
	out.body = encodeSaid(out.Said)
	// The statement becomes the current one.
	_, err = w.tx.Exec("DELETE FROM inventory_statement WHERE record = $1 AND run = $2", s.ID, out.Run)
	return out, err
}

// together is what the parts of a record come to, as if their runs had brought them one after the other: it is since the
// last of them that said something new.
func (w *writer) together(parts []*stored) *stored {
	slices.SortFunc(parts, func(a, b *stored) int { return cmp.Compare(a.Run, b.Run) })
	out := *parts[0]
	out.Said = w.norm.Statements(out.Kind, out.written()) // the catalogue may have changed since
	out.body = encodeSaid(out.Said)
	for _, p := range parts[1:] {
		run := out.Run
		out.Record = *w.norm.join(&out.Record, &p.Record)
		out.Run, out.Seen = run, p.Seen
		if body := encodeSaid(out.Said); !bytes.Equal(body, out.body) {
			out.Run, out.body = p.Run, body
		}
	}
	return &out
}

const statementColumns = "s.run, s.seen_run, s.file, s.row_number, s.said_at, s.absent_run, s.absent_at, s.gaps, s.body"

// statements runs a query for statementColumns of one record.
func (w *writer) statements(query string, of *stored, more any) ([]*stored, error) {
	rows, err := w.tx.Query(query, of.ID, more)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*stored
	for rows.Next() {
		p := &stored{Record: Record{ID: of.ID, Source: of.Source, Kind: of.Kind, Key: of.Key}}
		var row, said int64
		if err := rows.Scan(&p.Run, &p.Seen, &p.File, &row, &said, &p.absentRun, &p.absentAt, &p.gaps, &p.body); err != nil {
			return nil, err
		}
		p.body = bytes.Clone(p.body)
		p.Row, p.At = int(row), fromMicros(said)
		if p.Said, err = decodeSaid(p.body); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// remove deletes records that nobody states any more.
func (w *writer) remove(gone []*stored) (map[string]int, error) {
	for _, s := range gone {
		s.keys = nil
	}
	delta, err := writeKeys(w.tx, gone)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(gone))
	for i, s := range gone {
		ids[i] = s.ID
	}
	for _, q := range []string{"DELETE FROM inventory_record WHERE id IN ", "DELETE FROM inventory_statement WHERE record IN "} {
		if _, err := inChunks(ids, func(part []any) ([]struct{}, error) {
			_, err := w.tx.Exec(q+sqldb.In(len(part), 1), part...)
			return nil, err
		}); err != nil {
			return nil, err
		}
	}
	return delta, w.dropProposals(ids)
}

// buryEmpty retires devices that have no record left and went into no other. heirs, which may be nil, says which device a
// device leads on to.
func (w *writer) buryEmpty(gone []*stored, heirs map[string]string) error {
	devices := make([]string, len(gone))
	for i, s := range gone {
		devices[i] = s.oldDevice
	}
	slices.Sort(devices)
	empty, err := inChunks(slices.Compact(devices), func(part []any) ([]string, error) {
		return strings1(w.tx, "SELECT id FROM inventory_device WHERE id IN "+sqldb.In(len(part), 1)+" AND NOT EXISTS (SELECT 1 FROM inventory_record r WHERE r.device = inventory_device.id)", part...)
	})
	if err != nil {
		return err
	}
	return w.retire(empty, heirs)
}

// missing marks a record that a late list lacks.
func (w *writer) missing(s *stored) {
	if x := w.lineage.missed(s); x != nil {
		s.absentRun, s.absentAt, s.Absent = x.id, x.finished, fromMicros(x.finished)
	}
}

// unmarkAbsent brings back what the run found missing, unless a later list lacks it too.
func (w *writer) unmarkAbsent(run Run) error {
	var next, finished int64
	err := w.tx.QueryRow("SELECT id, finished_at FROM inventory_run WHERE source = $1 AND whole AND undone_at = 0 AND id > $2 AND said_at >= $3 ORDER BY id LIMIT 1",
		run.Source, run.ID, micros(run.Said.Truncate(day))).Scan(&next, &finished)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	if _, err := w.tx.Exec("UPDATE inventory_statement SET absent_run = $1, absent_at = $2 WHERE absent_run = $3", next, finished, run.ID); err != nil {
		return err
	}
	for {
		back, err := readRecords(w.tx, "SELECT "+recordColumns+" FROM inventory_record WHERE absent_run = $1 ORDER BY id LIMIT $2", run.ID, int64(batch))
		if err != nil || len(back) == 0 {
			return err
		}
		for _, s := range back {
			was := !s.Absent.IsZero()
			if s.absentRun, s.absentAt = 0, 0; was {
				s.absentRun, s.absentAt = next, finished
			}
			if s.absentRun == 0 && was {
				w.missing(s)
			}
			s.Absent, s.changed = fromMicros(s.absentAt), true
			s.keys = linkage.Keys(s.profile())
			s.oldKeys = s.keys
		}
		if _, err := w.relink(back, nil, nil); err != nil {
			return err
		}
	}
}
