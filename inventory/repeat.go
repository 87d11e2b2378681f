package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/fault"
	"pons/linkage"
	"pons/sqldb"
)

// A statement of a source whose rows replace each other was first said by its run, and repeated for the last time by its
// seen run. Every import of the source between the two repeated it but for its gaps. An undo takes one of them out.

// sayer is an import that stands.
type sayer struct {
	id       int64
	day      time.Time // of which it speaks
	whole    bool
	finished int64
}

// after says whether an import speaks after another.
func (a *sayer) after(b *sayer) bool {
	return cmp.Or(a.day.Compare(b.day), cmp.Compare(a.id, b.id)) > 0
}

// lineage is a source's imports around one that is being undone.
type lineage struct {
	undone sayer
	left   []sayer // the others that stand, by id
	late   []sayer // those of them that came after it and speak of earlier days: by id
}

// lineOf reads the imports of the source of a run that is being undone.
func lineageOf(tx *sqldb.Tx, run Run) (*lineage, error) {
	l := &lineage{undone: sayer{id: run.ID, day: run.Said.UTC().Truncate(day)}}
	rows, err := tx.Query("SELECT id, said_at, whole, finished_at FROM inventory_run WHERE source = $1 AND undone_at = 0 AND id <> $2 ORDER BY id", run.Source, run.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s sayer
		var said int64
		if err := rows.Scan(&s.id, &said, &s.whole, &s.finished); err != nil {
			return nil, err
		}
		s.day = fromMicros(said).Truncate(day)
		l.left = append(l.left, s)
		if s.id > run.ID && s.day.Before(l.undone.day) {
			l.late = append(l.late, s)
		}
	}
	return l, rows.Err()
}

// sayers are the imports left that say a statement, by id.
func (l *lineage) sayers(run, seen int64, gaps string) ([]int64, error) {
	type span struct{ from, to int64 }
	var spans []span
	for _, f := range strings.Fields(gaps) {
		a, b, _ := strings.Cut(f, "-")
		from, err := strconv.ParseInt(a, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("gaps %q of a stored statement: %w", gaps, fault.Invalid)
		}
		to, err := strconv.ParseInt(b, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("gaps %q of a stored statement: %w", gaps, fault.Invalid)
		}
		spans = append(spans, span{from, to})
	}
	at, _ := slices.BinarySearchFunc(l.left, run, func(s sayer, id int64) int { return cmp.Compare(s.id, id) })
	var out []int64
	for _, s := range l.left[at:] {
		if s.id != run && s.id > seen {
			break
		}
		if !slices.ContainsFunc(spans, func(g span) bool { return g.from < s.id && s.id < g.to }) {
			out = append(out, s.id)
		}
	}
	return out, nil
}

// named finds an import left.
func (l *lineage) named(id int64) *sayer {
	if i, ok := slices.BinarySearchFunc(l.left, id, func(s sayer, id int64) int { return cmp.Compare(s.id, id) }); ok {
		return &l.left[i]
	}
	return nil
}

// missed is the first late full list that lacks a statement which it ought to have; nil: none. While the undone import stood
// they were overruled by it.
func (l *lineage) missed(s *stored) *sayer {
	last := l.named(max(s.Run, s.Seen))
	if last == nil {
		return nil
	}
	var first *sayer
	for i := range l.late {
		if x := &l.late[i]; x.whole && x.after(last) && x.id > s.Seen && (first == nil || first.after(x)) {
			first = x
		}
	}
	return first
}

// repeat notes that a run said again what was said before.
func (w *writer) repeat(unchanged []*stored) error {
	if len(unchanged) == 0 {
		return nil
	}
	var before int64 // the source's import before this one
	if err := w.tx.QueryRow("SELECT COALESCE(MAX(id), 0) FROM inventory_run WHERE source = $1 AND id < $2", unchanged[0].Source, w.run).Scan(&before); err != nil {
		return err
	}
	ids := make([]int64, len(unchanged))
	for i, s := range unchanged {
		ids[i] = s.ID
	}
	slices.Sort(ids)
	_, err := inChunks(ids, func(part []any) ([]struct{}, error) {
		_, err := w.tx.Exec(`UPDATE inventory_record SET seen_run = $1, gaps = CASE WHEN kind <> 'wire' AND seen_run < $2
			THEN gaps || ' ' || CAST(CASE WHEN run > seen_run THEN run ELSE seen_run END AS TEXT) || '-' || $3 ELSE gaps END
			WHERE id IN `+sqldb.In(len(part), 4), append([]any{w.run, before, strconv.FormatInt(w.run, 10)}, part...)...)
		return nil, err
	})
	return err
}

// leave takes the undone run out of the statements that it was the first to say or the last to repeat and that others
// say too. What nobody else says is left to takeBack.
func (w *writer) leave() error {
	// The common case needs no look at each: it is in everything that its source's imports around it are in.
	next, last := int64(0), int64(0)
	for _, s := range w.lineage.left {
		if s.id < w.run {
			last = s.id
		} else if next == 0 {
			next = s.id
		}
	}
	for _, table := range []string{"inventory_statement", "inventory_record"} {
		only := ""
		if table == "inventory_record" {
			only = " AND kind NOT IN ('wire', 'person')"
		}
		if next != 0 {
			if _, err := w.tx.Exec("UPDATE "+table+" SET run = $1 WHERE run = $2 AND seen_run >= $1 AND gaps = ''"+only, next, w.run); err != nil {
				return err
			}
		}
	}
	// What came back from being missing by the run, or may be overruled without it, is looked at one by one.
	if _, err := w.tx.Exec("UPDATE inventory_statement SET seen_run = CASE WHEN run > $1 THEN run ELSE $1 END WHERE seen_run = $2 AND run < $2 AND gaps = ''", last, w.run); err != nil {
		return err
	}
	if len(w.lineage.late) == 0 {
		if _, err := w.tx.Exec(`UPDATE inventory_record SET seen_run = CASE WHEN run > $1 THEN run ELSE $1 END WHERE seen_run = $2 AND run < $2 AND gaps = ''
			AND kind NOT IN ('wire', 'person') AND absent_run <= CASE WHEN run > $1 THEN run ELSE $1 END`, last, w.run); err != nil {
			return err
		}
	}
	if err := w.leaveStatements(); err != nil {
		return err
	}
	return w.leaveRecords()
}

// leaveStatements does it to statements with gaps that are no longer the current ones.
func (w *writer) leaveStatements() error {
	type row struct {
		record, run, seen int64
		gaps              string
	}
	var list []row
	rows, err := w.tx.Query(`SELECT record, run, seen_run, gaps FROM inventory_statement WHERE gaps <> '' AND (run = $1 OR seen_run = $1) ORDER BY record, run`, w.run)
	if err != nil {
		return err
	}
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.record, &r.run, &r.seen, &r.gaps); err != nil {
			rows.Close()
			return err
		}
		list = append(list, r)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}
	for _, r := range list {
		say, err := w.lineage.sayers(r.run, r.seen, r.gaps)
		if err != nil {
			return err
		}
		if len(say) == 0 {
			continue
		}
		if _, err := w.tx.Exec("UPDATE inventory_statement SET run = $1, seen_run = $2 WHERE record = $3 AND run = $4", say[0], say[len(say)-1], r.record, r.run); err != nil {
			return err
		}
	}
	return nil
}

// leaveRecords does it to what stands, where the update of all was not enough.
func (w *writer) leaveRecords() error {
	last := int64(-1)
	for {
		list, err := readRecords(w.tx, "SELECT "+recordColumns+` FROM inventory_record WHERE kind NOT IN ('wire', 'person') AND id > $2
			AND (seen_run = $1 AND run < $1 OR run = $1 AND seen_run > $1) ORDER BY id LIMIT $3`, w.run, last, int64(batch))
		if err != nil || len(list) == 0 {
			return err
		}
		last = list[len(list)-1].ID
		var back []*stored
		var again []statementRow
		for _, s := range list {
			say, err := w.lineage.sayers(s.Run, s.Seen, s.gaps)
			if err != nil {
				return err
			}
			if len(say) == 0 { // nobody is left to have said it
				continue
			}
			s.Run, s.Seen = say[0], say[len(say)-1]
			if s.Absent = (time.Time{}); s.absentRun > s.Seen { // it had been missing before the run brought it back
				s.Absent = fromMicros(s.absentAt)
			}
			s.keys, s.changed = linkage.Keys(s.profile()), true
			s.oldKeys = s.keys
			if len(w.lineage.late) > 0 && s.Seen < w.run { // another statement may come before this one now
				again = append(again, partOf(s))
				s.Run = w.run
			}
			back = append(back, s)
		}
		if err := w.keepStatements(again, nil); err != nil {
			return err
		}
		if err := writeRecords(w.tx, back); err != nil {
			return err
		}
		if _, err := w.relink(back, nil, nil); err != nil {
			return err
		}
	}
}
