package inventory

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
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

// Observation is a piece of what a live source on the wire says in one session of listening. A session is a run like an
// import's: listed with them and undone like them.
type Observation struct {
	Source  string // wire:icu-3
	Session string // names the session in the list of runs
	Run     int64  // what Observe returned for the session's last piece; zero: this is its first
	Actor   string // who listens: "sensor icu-3"
	At      time.Time
	Records []fact.Record // each is all that the session says of its subject, in place of what it said before
	Gone    []fact.Key    // subjects of which the session says nothing any more: it knows them under another key now
}

// partsKept is how many sessions of a live source each record keeps apart, so that each can be undone: a sensor begins one a
// day, and a mistake is found within a week (expert default). Earlier ones are folded into one part.
const partsKept = 8

// foldedValues bounds the values of one attribute in a folded part, the latest first: a laptop that gets another address
// every day must not grow for years (expert default).
const foldedValues = 64

// Observe brings a piece of a session in, in the caller's Update, and returns the session's run; a piece of nothing only
// begins it. The same piece again changes nothing, and however a session is cut into pieces, what stands
// after them is what one import of the last word on each subject would have brought. When somebody has undone the run, what
// follows is a new one.
func (inv *Inventory) Observe(tx *sqldb.Tx, o Observation) (run int64, err error) {
	kind, _, _ := strings.Cut(o.Source, ":")
	if kind != "wire" || strings.ContainsAny(o.Source, "/\n") {
		return 0, fmt.Errorf("live source %q: it is called wire:NAME: %w", o.Source, fault.Invalid)
	}
	w, err := inv.writer(tx, o.Actor, "import")
	if err != nil {
		return 0, err
	}
	r, err := w.session(&o)
	if err != nil {
		return 0, err
	}
	said := map[string]*stored{} // the last word of the piece on each subject; nil: gone
	for i := range o.Records {
		rec := o.Records[i]
		rec.Source = fact.Source(o.Source)
		if rec.At.IsZero() {
			rec.At = o.At
		}
		said[rec.Subject.Value] = &stored{Record: *recordOf(w.norm, kind, &rec)}
	}
	for _, k := range o.Gone {
		if said[k.Value] == nil {
			said[k.Value] = nil
		}
	}
	// Keys that belong together by an address go in one batch: their order is that of the text, where a host that was
	// known by its address alone stands first, so batches are made of the whole when it is small.
	for keys := range slices.Chunk(slices.Sorted(maps.Keys(said)), batch) {
		if err := w.observe(&o, r, keys, said); err != nil {
			return 0, err
		}
	}
	r.Finished, r.Said = w.at, later(r.Said, o.At)
	_, err = tx.Exec("UPDATE inventory_run SET said_at = $1, finished_at = $2, rows_read = $3, created = $4, updated = $5 WHERE id = $6",
		micros(r.Said), micros(r.Finished), int64(r.Rows), int64(r.Created), int64(max(0, r.Rows-r.Created)), r.ID)
	return r.ID, err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// session finds the run of a session, or begins it.
func (w *writer) session(o *Observation) (*Run, error) {
	if o.Run != 0 {
		r, err := readRun(w.tx, o.Run)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return nil, err
		}
		if err == nil && r.Source == o.Source && r.Undone.IsZero() {
			w.run = r.ID
			return &r, nil
		}
	}
	r := &Run{Source: o.Source, File: o.Session, Actor: o.Actor, Said: o.At, Started: w.at, Finished: w.at}
	if err := w.inv.enrol(w.tx, &Import{Source: o.Source, Kind: "wire"}, r); err != nil {
		return nil, err
	}
	var err error
	if r.ID, err = w.take("run", 1); err != nil {
		return nil, err
	}
	w.run = r.ID
	if err := insertRun(w.tx, r); err != nil {
		return nil, err
	}
	return r, audit.Append(w.tx, audit.Entry{At: w.at, Actor: o.Actor, Verb: "import.run", Object: "import:" + strconv.FormatInt(r.ID, 10),
		After: audit.Fields{"source": r.Source, "file": r.File}})
}

// sitting is the work on one batch of an observation.
type sitting struct {
	changed, unchanged, gone []*stored
	kept                     []statementRow
	dropped                  map[int64][]int64 // run → records whose part of it goes
}

// observe brings the words on some subjects in.
func (w *writer) observe(o *Observation, run *Run, keys []string, said map[string]*stored) error {
	asked := make([]*stored, len(keys))
	for i, k := range keys {
		asked[i] = &stored{Record: Record{Key: k}}
	}
	known, err := w.lookup(o.Source, asked)
	if err != nil {
		return err
	}
	parts, err := w.parts(known)
	if err != nil {
		return err
	}
	b := &sitting{dropped: map[int64][]int64{}}
	for _, k := range keys {
		old, mine := known[k], said[k]
		var rest []*stored
		had := false
		if old != nil {
			rest = parts[old.ID]
			at := slices.IndexFunc(rest, func(p *stored) bool { return p.Run == w.run })
			if had = at >= 0; had {
				rest = slices.Delete(slices.Clone(rest), at, at+1)
			}
		}
		switch {
		case mine != nil:
			if !had {
				run.Rows++
			}
			if err := w.state(b, mine, old, rest); err != nil {
				return err
			}
		case had:
			run.Rows--
			b.dropped[w.run] = append(b.dropped[w.run], old.ID)
			w.unstate(b, old, rest)
		}
	}
	return w.settle(b, run)
}

// state makes a subject's record of what the session says now and what other sessions say.
func (w *writer) state(b *sitting, s, old *stored, rest []*stored) error {
	s.Run, s.Seen, s.changed = w.run, w.run, true
	s.body = encodeSaid(s.Said)
	if old == nil {
		s.isNew = true
		b.kept, b.changed = append(b.kept, partOf(s)), append(b.changed, s)
		return nil
	}
	s.ID, s.Device, s.oldDevice, s.born = old.ID, old.Device, old.Device, old.born
	s.absentAt, s.absentRun = old.absentAt, old.absentRun
	b.kept = append(b.kept, partOf(s))
	rest, err := w.fold(b, s, rest)
	if err != nil {
		return err
	}
	s.oldKeys = linkage.Keys(old.profile())
	w.gatherAll(s, append(rest, s))
	if bytes.Equal(s.body, old.body) && old.Absent.IsZero() {
		b.unchanged = append(b.unchanged, s)
		return nil
	}
	b.changed = append(b.changed, s)
	return nil
}

// unstate takes the session's part of a record out; a record of which no part is left goes.
func (w *writer) unstate(b *sitting, old *stored, rest []*stored) {
	old.oldKeys = linkage.Keys(old.profile())
	if len(rest) == 0 {
		b.gone = append(b.gone, old)
		return
	}
	old.Run, old.Seen = 0, 0
	for _, p := range rest {
		old.Run, old.Seen = max(old.Run, p.Run), max(old.Seen, p.Seen)
	}
	w.gatherAll(old, rest)
	old.changed = true
	b.changed = append(b.changed, old)
}

// gatherAll makes a record what its parts say together.
func (w *writer) gatherAll(s *stored, parts []*stored) {
	all := parts[0].Record
	for _, p := range parts[1:] {
		all = *merge(&all, &p.Record)
	}
	s.At, s.File, s.Row = all.At, all.File, all.Row
	s.Said = w.norm.Statements(s.Kind, all.written())
	s.body = encodeSaid(s.Said)
}

// parts reads the parts of records, in the order of their runs.
func (w *writer) parts(known map[string]*stored) (map[int64][]*stored, error) {
	byID := make(map[int64]*stored, len(known))
	for _, s := range known {
		byID[s.ID] = s
	}
	out := make(map[int64][]*stored, len(known))
	_, err := inChunks(slices.Sorted(maps.Keys(byID)), func(part []any) ([]struct{}, error) {
		rows, err := w.tx.Query("SELECT s.record, "+statementColumns+" FROM inventory_statement s WHERE s.record IN "+sqldb.In(len(part), 1)+" ORDER BY s.record, s.run", part...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			p := &stored{}
			var row, said int64
			if err := rows.Scan(&p.ID, &p.Run, &p.Seen, &p.File, &row, &said, &p.absentRun, &p.absentAt, &p.gaps, &p.body); err != nil {
				return nil, err
			}
			of := byID[p.ID]
			p.body = bytes.Clone(p.body)
			p.Source, p.Kind, p.Key, p.Row, p.At = of.Source, of.Kind, of.Key, int(row), fromMicros(said)
			if p.Said, err = decodeSaid(p.body); err != nil {
				return nil, err
			}
			out[p.ID] = append(out[p.ID], p)
		}
		return nil, rows.Err()
	})
	return out, err
}

// fold joins the oldest parts of a record into one when there are too many, and returns the parts that are left.
func (w *writer) fold(b *sitting, s *stored, rest []*stored) ([]*stored, error) {
	if len(rest) < partsKept+1 { // with the fold and the session's own there are room for partsKept
		return rest, nil
	}
	into, err := w.foldRun(s.Source)
	if err != nil {
		return nil, err
	}
	own := func(p *stored) bool { return p.Run != into }
	apart := slices.DeleteFunc(slices.Clone(rest), func(p *stored) bool { return !own(p) })
	excess := len(apart) - (partsKept - 1)
	if excess <= 0 {
		return rest, nil
	}
	fold := slices.DeleteFunc(slices.Clone(rest), own)
	for _, p := range apart[:excess] {
		fold = append(fold, p)
		b.dropped[p.Run] = append(b.dropped[p.Run], s.ID)
		if _, err := w.tx.Exec("UPDATE inventory_run SET folded_into = $1 WHERE id = $2 AND folded_into = 0", into, p.Run); err != nil {
			return nil, err
		}
	}
	joined := *fold[0]
	w.gatherAll(&joined, fold)
	joined.Said = latestOf(joined.Said, joined.At)
	joined.body = encodeSaid(joined.Said)
	joined.Run, joined.Seen = into, into
	b.kept = append(b.kept, partOf(&joined))
	return append([]*stored{&joined}, apart[excess:]...), nil
}

// latestOf keeps the latest values of each attribute.
func latestOf(said []Statement, at time.Time) []Statement {
	byAttr := map[fact.Attr][]time.Time{}
	when := func(s *Statement) time.Time {
		if s.At.IsZero() {
			return at
		}
		return s.At
	}
	for i := range said {
		byAttr[said[i].Attr] = append(byAttr[said[i].Attr], when(&said[i]))
	}
	return slices.DeleteFunc(said, func(s Statement) bool {
		times := byAttr[s.Attr]
		if len(times) <= foldedValues {
			return false
		}
		slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
		return when(&s).Before(times[foldedValues-1])
	})
}

// foldRun is the run that states what the earlier sessions of a source said.
func (w *writer) foldRun(source string) (int64, error) {
	var id int64
	if err := w.tx.QueryRow("SELECT fold_run FROM inventory_source WHERE name = $1", source).Scan(&id); err != nil {
		return 0, err
	}
	if id != 0 {
		r, err := readRun(w.tx, id)
		if err != nil || r.Undone.IsZero() {
			return id, err
		}
	}
	id, err := w.take("run", 1)
	if err != nil {
		return 0, err
	}
	r := &Run{ID: id, Source: source, File: "earlier sessions", Actor: w.actor, Said: w.at, Started: w.at, Finished: w.at}
	if err := insertRun(w.tx, r); err != nil {
		return 0, err
	}
	_, err = w.tx.Exec("UPDATE inventory_source SET fold_run = $1 WHERE name = $2", id, source)
	return id, err
}

// settle writes a batch.
func (w *writer) settle(b *sitting, run *Run) error {
	if err := w.number(b.changed); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(b.dropped)) {
		if _, err := inChunks(b.dropped[id], func(part []any) ([]struct{}, error) {
			_, err := w.tx.Exec("DELETE FROM inventory_statement WHERE run = $1 AND record IN "+sqldb.In(len(part), 2), append([]any{id}, part...)...)
			return nil, err
		}); err != nil {
			return err
		}
	}
	if err := w.keepStatements(b.kept, b.changed); err != nil {
		return err
	}
	if err := w.repeat(b.unchanged); err != nil {
		return err
	}
	heirs, words, err := w.inherit(b)
	if err != nil {
		return err
	}
	moved, asleep, err := w.orphans(b.gone)
	if err != nil {
		return err
	}
	delta, err := w.remove(b.gone)
	if err != nil {
		return err
	}
	for _, s := range b.changed {
		s.keys = linkage.Keys(s.profile())
	}
	changed := slices.Concat(b.changed, words, moved)
	more, err := writeKeys(w.tx, changed)
	if err != nil {
		return err
	}
	for k, n := range more {
		delta[k] += n
	}
	if _, err := w.relink(changed, delta, append(asleep, b.gone...)); err != nil {
		return err
	}
	for _, s := range b.changed {
		if s.isNew && s.born == s.Device {
			run.Created++
		}
	}
	to := map[string]string{}
	for device, h := range heirs {
		to[device] = h.Device
	}
	return w.buryEmpty(b.gone, to)
}

// inherit gives the device of a subject that is known under another key now, and what people said of it, to that key's
// record: a host that showed its MAC after its address is the device it was. heirs are by the device that goes.
func (w *writer) inherit(b *sitting) (heirs map[string]*stored, words []*stored, err error) {
	if len(b.gone) == 0 {
		return nil, nil, nil
	}
	byAddress := map[string]*stored{}
	claim(byAddress, b.changed)
	if err := w.claimed(byAddress, b.gone); err != nil {
		return nil, nil, err
	}
	heirs = map[string]*stored{}
	taken := map[*stored]bool{}
	var moved []int64
	for _, g := range b.gone {
		mac, ip := fact.Key{Kind: "host", Value: g.Key}.SplitHost()
		h := cmp.Or(byAddress[mac], byAddress[ip])
		if h == nil || g.Device == "" || heirs[g.Device] != nil {
			continue
		}
		heirs[g.Device] = h
		if h.isNew && !taken[h] {
			h.Device, h.oldDevice, h.born = g.Device, g.Device, g.born
			taken[h] = true
		}
		if id, ok := w.persons[g.Name()]; ok {
			if _, spoken := w.persons[h.Name()]; !spoken {
				delete(w.persons, g.Name())
				w.persons[h.Name()] = id
				moved = append(moved, id)
			}
		}
	}
	words, err = recordsByID(w.tx, moved)
	for _, s := range words {
		for name, id := range w.persons {
			if id == s.ID {
				s.Key = name
			}
		}
		s.keys = linkage.Keys(s.profile())
		s.oldKeys, s.changed = s.keys, true
	}
	return heirs, words, err
}

// claim notes who holds which address: who stated it last, when an address has changed hands.
func claim(by map[string]*stored, list []*stored) {
	since := map[string]time.Time{}
	for _, s := range list {
		for i := range s.Said {
			x := &s.Said[i]
			if x.Attr != fact.IP && x.Attr != fact.MAC {
				continue
			}
			at := x.At
			if at.IsZero() {
				at = s.At
			}
			if by[x.Value] == nil || at.After(since[x.Value]) {
				by[x.Value], since[x.Value] = s, at
			}
		}
	}
}

// claimed adds the holders of addresses of subjects that go, where they are not in the batch: a long piece is cut.
func (w *writer) claimed(by map[string]*stored, gone []*stored) error {
	var keys []string
	leaving := map[int64]bool{}
	for _, g := range gone {
		leaving[g.ID] = true
		if mac, ip := (fact.Key{Kind: "host", Value: g.Key}).SplitHost(); by[mac] == nil && by[ip] == nil {
			keys = append(keys, linkage.Keys(g.profile())...)
		}
	}
	slices.Sort(keys)
	list, err := inChunks(slices.Compact(keys), func(part []any) ([]*stored, error) {
		return readRecords(w.tx, "SELECT "+recordColumns+" FROM inventory_record WHERE source = $1 AND id IN (SELECT record FROM inventory_key WHERE link_key IN "+sqldb.In(len(part), 2)+") ORDER BY record_key",
			append([]any{gone[0].Source}, part...)...)
	})
	if err != nil {
		return err
	}
	stated := map[string]*stored{}
	claim(stated, slices.DeleteFunc(list, func(s *stored) bool { return leaving[s.ID] }))
	for address, s := range stated {
		if by[address] == nil {
			by[address] = s
		}
	}
	return nil
}
