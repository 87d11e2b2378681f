package inventory

import (
	"time"

	"pons/linkage"
	"pons/sqldb"
)

// comparison is what a row is to what its source said before.
type comparison int

const (
	different comparison = iota // new, changed, or back in the source
	asBefore
	elsewhere // says the same in another row or file
	outdated  // older than what the source says now
)

// compare makes the row the record's statement, and returns the statements to go back to.
func (w *writer) compare(s, old *stored) (kept []statementRow, how comparison) {
	s.Run, s.Seen, s.changed = w.run, w.run, true
	s.body = encodeSaid(s.Said)
	if old == nil {
		s.isNew = true
		if gathers(s.Kind) {
			kept = append(kept, partOf(s))
		} else if w.newer.missedIn > 0 {
			s.Seen, s.absentRun, s.absentAt, s.Absent = 0, w.newer.missedIn, micros(w.newer.missedAt), w.newer.missedAt
		}
		return kept, different
	}
	s.ID, s.Device, s.oldDevice, s.born = old.ID, old.Device, old.Device, old.born
	s.absentAt, s.absentRun = old.absentAt, old.absentRun
	s.oldKeys = linkage.Keys(old.profile())
	if gathers(s.Kind) {
		return w.gather(s, old)
	}
	if w.newer.missedIn > 0 { // a newer list lacks it, unless that is where what stands is from
		s.Seen = min(old.Seen, w.newer.missedIn-1)
		if s.Absent = old.Absent; s.Absent.IsZero() || !w.newer.runs[s.absentRun] {
			s.absentRun, s.absentAt, s.Absent = w.newer.missedIn, micros(w.newer.missedAt), w.newer.missedAt
		}
	}
	same, moved, missing := string(s.body) == string(old.body), s.File != old.File || s.Row != old.Row, !s.Absent.IsZero()
	switch {
	case w.newer.runs[old.Seen], w.newer.runs[old.Run]:
		return append(kept, partOf(s)), outdated
	case same && !moved && !missing && old.Absent.IsZero():
		s.Run = old.Run // what it said then it says still
	case old.Run != w.run:
		kept = append(kept, partOf(old))
	}
	if same {
		s.At = old.At // since then
	}
	switch {
	case !same || old.Absent.IsZero() == missing:
		return kept, different
	case moved, missing:
		return kept, elsewhere
	}
	return kept, asBefore
}

// gather adds a part to a record whose statements add up.
func (w *writer) gather(s, old *stored) (kept []statementRow, how comparison) {
	kept = append(kept, partOf(s))
	s.Record = *w.norm.join(&old.Record, &s.Record)
	s.ID, s.Device, s.Run, s.Seen = old.ID, old.Device, w.run, w.run
	s.body = encodeSaid(s.Said)
	if string(s.body) != string(old.body) || !old.Absent.IsZero() {
		return kept, different
	}
	s.Run = old.Run
	if s.File != old.File || s.Row != old.Row {
		return kept, elsewhere
	}
	return kept, asBefore
}

// day is how exactly exports are dated: two of one day stand in the order in which they were imported.
const day = 24 * time.Hour

// newer is what a source has said of later days than the file that is being imported.
type newer struct {
	runs     map[int64]bool
	missedIn int64 // the first of them that held the whole list; what is not in it is missing since
	missedAt time.Time
}

// newerThan finds the imports of a source that speak of a later day.
func newerThan(tx *sqldb.Tx, source string, said time.Time) (newer, error) {
	n := newer{runs: map[int64]bool{}}
	tomorrow := said.UTC().Truncate(day).Add(day)
	rows, err := tx.Query("SELECT id, whole, finished_at FROM inventory_run WHERE source = $1 AND said_at >= $2 AND undone_at = 0 ORDER BY said_at, id", source, micros(tomorrow))
	if err != nil {
		return n, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, finished int64
		var whole bool
		if err := rows.Scan(&id, &whole, &finished); err != nil {
			return n, err
		}
		n.runs[id] = true
		if whole && n.missedIn == 0 {
			n.missedIn, n.missedAt = id, fromMicros(finished)
		}
	}
	return n, rows.Err()
}
