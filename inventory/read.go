package inventory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/linkage"
	"pons/query"
	"pons/sqldb"
)

// Get returns a device with everything that is said of it, by its id or the id of a device that went into it.
// It takes four statements, and a few more for an id that is no more.
func (inv *Inventory) Get(tx *sqldb.Tx, id string) (*Device, error) {
	list, err := inv.details(tx, []string{id})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		if id, err = inv.current(tx, id); err != nil {
			return nil, err
		}
		if list, err = inv.details(tx, []string{id}); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("device %s: %w", id, fault.NotFound)
	}
	return list[0], nil
}

// details resolves devices with all their statements, in the order of their ids.
func (inv *Inventory) details(tx *sqldb.Tx, ids []string) ([]*Device, error) {
	rows, err := rowsByID(tx, ids)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	records, err := recordsOfDevices(tx, ids)
	if err != nil {
		return nil, err
	}
	p, err := readPrecedence(tx)
	if err != nil {
		return nil, err
	}
	of := map[string][]*Record{}
	for _, s := range records {
		of[s.Device] = append(of[s.Device], &s.Record)
	}
	resolver := NewResolver(inv.Catalog(), p).On(inv.now())
	out := make([]*Device, 0, len(rows))
	for _, r := range rows {
		d := resolver.Resolve(of[r.ID])
		d.ID, d.Rev, d.Created, d.Flags = r.ID, r.Rev, r.Created, r.Flags
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *Device) int { return cmp.Compare(a.ID, b.ID) })
	return out, inv.systemsOf(tx, out, records)
}

// All yields every device with everything that is said of it, in the order of ids, for exports and the command
// line. Memory stays bounded.
func (inv *Inventory) All(tx *sqldb.Tx) iter.Seq2[*Device, error] {
	return func(yield func(*Device, error) bool) {
		last := ""
		for {
			ids, err := strings1(tx, "SELECT id FROM inventory_device WHERE id > $1 ORDER BY id LIMIT $2", last, int64(chunk))
			if err != nil {
				yield(nil, err)
				return
			}
			if len(ids) == 0 {
				return
			}
			last = ids[len(ids)-1]
			list, err := inv.details(tx, ids)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, d := range list {
				if !yield(d, nil) {
					return
				}
			}
		}
	}
}

func strings1(tx *sqldb.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// Rows returns the rows of devices in the order of the ids given; ids that are no more are left out.
func (inv *Inventory) Rows(tx *sqldb.Tx, ids []string) ([]*Row, error) {
	rows, err := rowsByID(tx, ids)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	slices.SortFunc(rows, func(a, b *Row) int { return cmp.Compare(at[a.ID], at[b.ID]) })
	return rows, nil
}

// Gone is a device that is no more.
type Gone struct {
	ID, Heir string
	Rev      sqldb.Rev
}

// Changed yields the rows of devices written after a revision, oldest first, for folds and the index. The row
// is valid until the next step.
func (inv *Inventory) Changed(tx *sqldb.Tx, after sqldb.Rev, f func(*Row) error) error {
	order := " ORDER BY rev, id"
	if after == 0 {
		order = "" // everything: the order of the table is faster
	}
	rows, err := tx.Query("SELECT "+deviceColumns+" FROM inventory_device WHERE rev > $1"+order, int64(after))
	if err != nil {
		return err
	}
	defer rows.Close()
	scan := newRowScanner()
	for rows.Next() {
		r, err := scan.scan(rows)
		if err != nil {
			return err
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// GoneSince lists the devices that ceased after a revision.
func (inv *Inventory) GoneSince(tx *sqldb.Tx, after sqldb.Rev) ([]Gone, error) {
	rows, err := tx.Query("SELECT id, heir, rev FROM inventory_gone WHERE rev > $1 ORDER BY rev, id", int64(after))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Gone
	for rows.Next() {
		var g Gone
		var rev int64
		if err := rows.Scan(&g.ID, &g.Heir, &rev); err != nil {
			return nil, err
		}
		g.Rev = sqldb.Rev(rev)
		out = append(out, g)
	}
	return out, rows.Err()
}

// Change is one line of a device's history.
type Change struct {
	At    time.Time
	Actor string
	What  string // import, edit, merge, merged, absorbed, split, undo, undecide
	Run   int64
	Other string               // merged, absorbed: the other device
	Diff  map[string][2]string // attribute → before, after
}

// History returns a device's changes, the latest first.
func (inv *Inventory) History(tx *sqldb.Tx, device string, limit int) ([]Change, error) {
	rows, err := tx.Query("SELECT at, actor, what, run, detail FROM inventory_change WHERE device = $1 ORDER BY id DESC LIMIT $2", device, int64(limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Change
	for rows.Next() {
		var c Change
		var at int64
		var detail string
		if err := rows.Scan(&at, &c.Actor, &c.What, &c.Run, &detail); err != nil {
			return nil, err
		}
		c.At = fromMicros(at)
		switch {
		case c.What == "merged" || c.What == "absorbed":
			c.Other = detail
		case detail != "":
			if err := json.Unmarshal([]byte(detail), &c.Diff); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

const runColumns = "id, source, file, actor, said_at, started_at, finished_at, mapping, whole, rows_read, created, updated, unchanged, conflict, rejected, absent, rejects, undone_at, undone_by"

func scanRun(scan func(...any) error) (Run, error) {
	var r Run
	var said, started, finished, undone, n, created, updated, unchanged, conflict, rejected, absent int64
	var rejects string
	if err := scan(&r.ID, &r.Source, &r.File, &r.Actor, &said, &started, &finished, &r.Mapping, &r.Whole, &n, &created, &updated, &unchanged, &conflict, &rejected, &absent, &rejects, &undone, &r.UndoneBy); err != nil {
		return r, err
	}
	r.Said, r.Started, r.Finished, r.Undone = fromMicros(said), fromMicros(started), fromMicros(finished), fromMicros(undone)
	r.Rows, r.Created, r.Updated, r.Unchanged, r.Conflict, r.Rejected, r.Absent = int(n), int(created), int(updated), int(unchanged), int(conflict), int(rejected), int(absent)
	if rejects != "" {
		if err := json.Unmarshal([]byte(rejects), &r.Rejects); err != nil {
			return r, err
		}
	}
	return r, nil
}

func readRun(tx *sqldb.Tx, id int64) (Run, error) {
	r, err := scanRun(tx.QueryRow("SELECT "+runColumns+" FROM inventory_run WHERE id = $1", id).Scan)
	if err != nil {
		return r, fmt.Errorf("import %d: %w", id, err)
	}
	return r, nil
}

// Run returns the report of one import.
func (inv *Inventory) Run(tx *sqldb.Tx, id int64) (Run, error) { return readRun(tx, id) }

// Runs lists imports, the latest first.
func (inv *Inventory) Runs(tx *sqldb.Tx, limit int) ([]Run, error) {
	rows, err := tx.Query("SELECT "+runColumns+" FROM inventory_run ORDER BY id DESC LIMIT $1", int64(limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Run
	for rows.Next() {
		r, err := scanRun(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// SourceStatus is a source and how fresh it is.
type SourceStatus struct {
	Name    string
	Kind    string
	Mapping string // the last one used
	Records int
	Absent  int
	Last    Run // the latest import that stands; zero when all were undone
}

// Sources lists the sources with their latest import.
func (inv *Inventory) Sources(tx *sqldb.Tx) ([]SourceStatus, error) {
	rows, err := tx.Query(`SELECT s.name, s.kind, s.mapping, (SELECT COUNT(*) FROM inventory_record r WHERE r.source = s.name),
		(SELECT COUNT(*) FROM inventory_record r WHERE r.source = s.name AND r.absent_run > r.seen_run),
		(SELECT COALESCE(MAX(u.id), 0) FROM inventory_run u WHERE u.source = s.name AND u.undone_at = 0)
		FROM inventory_source s ORDER BY s.name`)
	if err != nil {
		return nil, err
	}
	var out []SourceStatus
	var last []any
	for rows.Next() {
		var s SourceStatus
		var n, absent, run int64
		if err := rows.Scan(&s.Name, &s.Kind, &s.Mapping, &n, &absent, &run); err != nil {
			rows.Close()
			return nil, err
		}
		s.Records, s.Absent, s.Last.ID = int(n), int(absent), run
		last = append(last, run)
		out = append(out, s)
	}
	rows.Close()
	if err := rows.Err(); err != nil || len(out) == 0 {
		return out, err
	}
	runs, err := tx.Query("SELECT "+runColumns+" FROM inventory_run WHERE id IN "+sqldb.In(len(last), 1), last...)
	if err != nil {
		return nil, err
	}
	defer runs.Close()
	for runs.Next() {
		r, err := scanRun(runs.Scan)
		if err != nil {
			return nil, err
		}
		for i := range out {
			if out[i].Last.ID == r.ID {
				out[i].Last = r
			}
		}
	}
	return out, runs.Err()
}

// Duplicate is a pair of devices that may be one.
type Duplicate struct {
	A, B    *Row
	Score   float64
	Because []string
}

// Duplicates lists the open proposals, the strongest first.
func (inv *Inventory) Duplicates(tx *sqldb.Tx, limit int) ([]Duplicate, error) {
	rows, err := tx.Query(`SELECT x.device, y.device, p.score, p.because FROM inventory_proposal p
		JOIN inventory_record x ON x.id = p.a JOIN inventory_record y ON y.id = p.b
		WHERE x.device <> y.device ORDER BY p.score DESC, p.a, p.b LIMIT $1`, int64(limit))
	if err != nil {
		return nil, err
	}
	type pair struct{ a, b string }
	var pairs []pair
	var out []Duplicate
	var ids []string
	for rows.Next() {
		var p pair
		var d Duplicate
		var because string
		if err := rows.Scan(&p.a, &p.b, &d.Score, &because); err != nil {
			rows.Close()
			return nil, err
		}
		d.Because = split(because)
		pairs, out = append(pairs, p), append(out, d)
		ids = append(ids, p.a, p.b)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, err
	}
	slices.Sort(ids)
	list, err := rowsByID(tx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	by := map[string]*Row{}
	for _, r := range list {
		by[r.ID] = r
	}
	for i, p := range pairs {
		out[i].A, out[i].B = by[p.a], by[p.b]
	}
	return out, nil
}

// Precedence returns the orders of sources that an administrator changed.
func (inv *Inventory) Precedence(tx *sqldb.Tx) (Precedence, error) { return readPrecedence(tx) }

// Matching yields the devices that a question finds, with everything that is said of them, in the order of ids.
// It reads the database alone, for the command line; pages ask the Index.
func (inv *Inventory) Matching(tx *sqldb.Tx, text string, now time.Time) iter.Seq2[*Device, error] {
	if text == "" {
		return inv.All(tx)
	}
	return func(yield func(*Device, error) bool) {
		ids, err := inv.matchingIDs(tx, text, now)
		if err != nil {
			yield(nil, err)
			return
		}
		for part := range slices.Chunk(ids, chunk) {
			list, err := inv.details(tx, part)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, d := range list {
				if !yield(d, nil) {
					return
				}
			}
		}
	}
}

func (inv *Inventory) matchingIDs(tx *sqldb.Tx, text string, now time.Time) ([]string, error) {
	custom, err := readCustom(tx)
	if err != nil {
		return nil, err
	}
	l, err := NewList(custom)
	if err != nil {
		return nil, err
	}
	e, err := query.Parse(l.schema, text)
	if err != nil {
		return nil, err
	}
	var ids []string
	q := l.schema.NewRow()
	err = inv.Changed(tx, 0, func(r *Row) error {
		l.Fill(q, r)
		if query.Match(e, q, now) {
			ids = append(ids, r.ID)
		}
		return nil
	})
	slices.Sort(ids)
	return ids, err
}

// Lookup finds devices by what people have in hand: an id, a name, a number, a tag, a serial, a MAC, an IP.
func (inv *Inventory) Lookup(tx *sqldb.Tx, text string) ([]string, error) {
	if id, err := inv.current(tx, text); err == nil {
		return []string{id}, nil
	}
	p := linkage.Profile{Control: linkage.FoldPlace(text), Tag: linkage.FoldPlace(text), Serial: linkage.FoldSerial(text)}
	if h := linkage.FoldHost(text); h != "" {
		p.Hosts = []string{h}
	}
	if m, ok := fact.ParseMAC(text); ok {
		p.MACs, p.Local = []string{m}, []string{m}
	}
	if ip, ok := fact.ParseIP(text); ok {
		p.IPs = []string{ip}
	}
	p.AEs = []string{text}
	return inChunks(linkage.Keys(&p), func(part []any) ([]string, error) {
		return strings1(tx, "SELECT DISTINCT r.device FROM inventory_key k JOIN inventory_record r ON r.id = k.record WHERE k.link_key IN "+sqldb.In(len(part), 1)+" ORDER BY r.device", part...)
	})
}

// Edge is a place in the feed of changes: everything up to this device of this revision has been read.
type Edge struct {
	Rev sqldb.Rev
	ID  string
}

// ChangedAfter returns the next devices of the feed of changes, with everything that is said of them, and where
// it stopped; fewer than limit means that the feed is at its end. A device that changed twice comes once, at its
// latest place.
func (inv *Inventory) ChangedAfter(tx *sqldb.Tx, after Edge, limit int) ([]*Device, Edge, error) {
	ids, err := strings1(tx, "SELECT id FROM inventory_device WHERE (rev, id) > ($1, $2) ORDER BY rev, id LIMIT $3", int64(after.Rev), after.ID, int64(limit))
	if err != nil {
		return nil, after, err
	}
	list, err := inv.details(tx, ids)
	if err != nil || len(list) == 0 {
		return nil, after, err
	}
	slices.SortFunc(list, func(a, b *Device) int { return cmp.Or(cmp.Compare(a.Rev, b.Rev), cmp.Compare(a.ID, b.ID)) })
	last := list[len(list)-1]
	return list, Edge{Rev: sqldb.Rev(last.Rev), ID: last.ID}, nil
}

// Devices returns devices with everything that is said of them, in the order of the ids given.
func (inv *Inventory) Devices(tx *sqldb.Tx, ids []string) ([]*Device, error) {
	list, err := inv.details(tx, ids)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	slices.SortFunc(list, func(a, b *Device) int { return cmp.Compare(at[a.ID], at[b.ID]) })
	return list, nil
}
