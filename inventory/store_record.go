package inventory

import (
	"bytes"
	"slices"
	"time"

	"pons/sqldb"
)

// stored is a record as the tables hold it, with what undo and relinking need beside what it says.
type stored struct {
	Record
	born      string // the device id that was made for this record, given back when it stands alone again
	absentAt  int64  // of a person's word: when it fell asleep, until it is said again
	absentRun int64
	gaps      string // the imports between Run and Seen that did not repeat it (repeat.go)
	body      []byte
	isNew     bool
	changed   bool // what it says, or whether it is absent, changed in this batch
	oldDevice string
	oldKeys   []string
	keys      []string
}

const recordColumns = "id, source, record_key, device, born, kind, file, row_number, said_at, run, seen_run, absent_at, absent_run, gaps, body"

var recordCols = []string{"id", "source", "record_key", "device", "born", "kind", "file", "row_number", "said_at", "run", "seen_run", "absent_at", "absent_run", "gaps", "body"}

// chunk is how many values one statement's IN list takes: far below every limit, large enough that the round
// trip does not count.
const chunk = 1000

func (s *stored) values() []any {
	return []any{s.ID, s.Source, s.Key, s.Device, s.born, s.Kind, s.File, int64(s.Row), micros(s.At), s.Run, s.Seen, s.absentAt, s.absentRun, s.gaps, s.body}
}

// micros is a time as stored; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// readRecords runs a query for recordColumns.
func readRecords(tx *sqldb.Tx, query string, args ...any) ([]*stored, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*stored
	for rows.Next() {
		s := &stored{}
		var row, said int64
		if err := rows.Scan(&s.ID, &s.Source, &s.Key, &s.Device, &s.born, &s.Kind, &s.File, &row, &said, &s.Run, &s.Seen, &s.absentAt, &s.absentRun, &s.gaps, &s.body); err != nil {
			return nil, err
		}
		s.body = bytes.Clone(s.body)
		s.Row, s.At, s.oldDevice = int(row), fromMicros(said), s.Device
		if s.absentRun > s.Seen {
			s.Absent = fromMicros(s.absentAt)
		}
		if s.Said, err = decodeSaid(s.body); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// recordsByID loads records in chunks.
func recordsByID(tx *sqldb.Tx, ids []int64) ([]*stored, error) {
	return inChunks(ids, func(part []any) ([]*stored, error) {
		return readRecords(tx, "SELECT "+recordColumns+" FROM inventory_record WHERE id IN "+sqldb.In(len(part), 1), part...)
	})
}

// recordsOfDevices loads every record of the devices.
func recordsOfDevices(tx *sqldb.Tx, devices []string) ([]*stored, error) {
	return inChunks(devices, func(part []any) ([]*stored, error) {
		return readRecords(tx, "SELECT "+recordColumns+" FROM inventory_record WHERE device IN "+sqldb.In(len(part), 1)+" ORDER BY id", part...)
	})
}

// inChunks runs f over values in parts that fit one statement and joins what it returns.
func inChunks[V, R any](values []V, f func(part []any) ([]R, error)) ([]R, error) {
	var out []R
	for part := range slices.Chunk(values, chunk) {
		args := make([]any, len(part))
		for i, v := range part {
			args[i] = v
		}
		got, err := f(args)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// writeRecords stores records as they are now.
func writeRecords(tx *sqldb.Tx, records []*stored) error {
	var fresh, known []*stored
	for _, s := range records {
		if s.isNew {
			fresh = append(fresh, s)
		} else {
			known = append(known, s)
		}
	}
	slices.SortFunc(fresh, func(a, b *stored) int { return int(a.ID - b.ID) })
	rows := func(list []*stored) func(func([]any) bool) {
		return func(yield func([]any) bool) {
			for _, s := range list {
				if !yield(s.values()) {
					return
				}
			}
		}
	}
	if len(fresh) > 0 {
		if _, err := tx.Insert("inventory_record", recordCols, rows(fresh)); err != nil {
			return err
		}
	}
	if len(known) > 0 {
		if _, err := tx.Merge("inventory_record", []string{"id"}, recordCols, rows(known)); err != nil {
			return err
		}
	}
	return nil
}

// writeKeys brings the key table in line with the records, and says by how much the holders of each key changed.
func writeKeys(tx *sqldb.Tx, records []*stored) (delta map[string]int, err error) {
	delta = map[string]int{}
	type held struct {
		key    string
		record int64
	}
	var added []held
	for _, s := range records {
		for _, k := range s.keys {
			if !slices.Contains(s.oldKeys, k) {
				added = append(added, held{k, s.ID})
				delta[k]++
			}
		}
		for _, k := range s.oldKeys {
			if !slices.Contains(s.keys, k) {
				delta[k]--
				if _, err := tx.Exec("DELETE FROM inventory_key WHERE link_key = $1 AND record = $2", k, s.ID); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(added) == 0 {
		return delta, nil
	}
	slices.SortFunc(added, func(a, b held) int {
		if c := bytes.Compare([]byte(a.key), []byte(b.key)); c != 0 {
			return c
		}
		return int(a.record - b.record)
	})
	_, err = tx.Insert("inventory_key", []string{"link_key", "record"}, func(yield func([]any) bool) {
		for _, h := range added {
			if !yield([]any{h.key, h.record}) {
				return
			}
		}
	})
	return delta, err
}
