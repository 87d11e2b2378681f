package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pons/audit"
	"pons/column"
	"pons/fact"
	"pons/fault"
	"pons/linkage"
	"pons/product"
	"pons/query"
	"pons/sqldb"
	"pons/sqldb/sqldbtest"
)

// TestModel holds the stored inventory against a model that keeps whole runs and says after each step what the
// inventory must be: imports of several sources in and out of the order of time, undo of any of them, people's
// words and answers, other orders of sources, other catalogues, dry runs.
func TestModel(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // thousands of small imports: this is not about the disk
	}
	own, err := catalog.With(quokka)
	if err != nil {
		t.Fatal(err)
	}
	sqldbtest.Run(t, []sqldb.Schema{audit.Schema(), Schema()}, func(t *testing.T, db *sqldb.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			clearTables(t, db)
			m := newModel(rt, db, own)
			steps := map[string]func(*rapid.T){"import": m.bring, "undo": m.undo, "state": m.state, "decide": m.decide, "split": m.split,
				"undecide": m.undecide, "precedence": m.order, "catalog": m.rename}
			names := append(slices.Sorted(maps.Keys(steps)), "import", "import", "import", "undo", "undo", "state")
			for range rapid.IntRange(1, 14).Draw(rt, "steps") {
				steps[rapid.SampledFrom(names).Draw(rt, "step")](rt)
				m.check(rt)
			}
		})
	})
}

// modelRun is an import as the model remembers it.
type modelRun struct {
	id     int64
	source string
	said   time.Time
	whole  bool
	rows   []fact.Record
}

type model struct {
	ctx       context.Context
	inv       *Inventory
	index     *Index
	runs      []modelRun                      // those that stand
	words     map[string]map[fact.Attr]string // anchor → what people said
	slept     map[string]bool                 // anchors whose word has slept and was not said again since
	decisions map[[2]string]bool
	order_    Precedence
	catalog   *product.Catalog
	own       *product.Catalog // with the hospital's own lines
	day       int
}

// quokka is a hospital's own catalogue.
const quokka = "@makers\nQuokka | | QMT\n\n@models Quokka\nQX-77 | ventilator | | QX77\n"

func newModel(rt *rapid.T, db *sqldb.DB, own *product.Catalog) *model {
	c := &clock{noon}
	m := &model{ctx: context.Background(), inv: New(db, catalog, c.now), words: map[string]map[fact.Attr]string{}, slept: map[string]bool{}, decisions: map[[2]string]bool{}, order_: Precedence{}, catalog: catalog, own: own}
	var err error
	if m.index, err = NewIndex(m.inv); err != nil {
		rt.Fatal(err)
	}
	return m
}

func (m *model) must(rt *rapid.T, err error) {
	if err != nil {
		rt.Fatalf("%v", err)
	}
}

// standing are a source's runs in the order in which they speak.
func (m *model) standing(source string) []modelRun {
	var out []modelRun
	for _, r := range m.runs {
		if r.source == source {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b modelRun) int {
		return cmp.Or(a.said.Truncate(day).Compare(b.said.Truncate(day)), cmp.Compare(a.id, b.id))
	})
	return out
}

// records are what the sources say now.
func (m *model) records() map[string]*Record {
	n := NewNormalizer(m.catalog)
	out := map[string]*Record{}
	for _, source := range []string{"cmms", "cmdb", "dhcp", "wire"} {
		missing := map[string]bool{}
		for _, run := range m.standing(source) {
			in := map[string]*Record{}
			for i := range run.rows {
				row := run.rows[i]
				row.Source, row.At = fact.Source(source), cmp.Or(row.At, run.said)
				r := recordOf(n, source, &row)
				if old := in[r.Name()]; old != nil {
					r = n.join(old, r)
				}
				in[r.Name()] = r
			}
			for name, r := range in {
				if old := out[name]; old != nil && gathers(source) {
					r = n.join(old, r)
				}
				out[name] = r
				delete(missing, name)
			}
			if run.whole && len(in) > 0 {
				for name, r := range out {
					if r.Source == source && in[name] == nil {
						missing[name] = true
					}
				}
			}
		}
		for name := range missing {
			out[name].Absent = noon // some time: whether is compared, not when
		}
	}
	return out
}

// want is what the stored records must come to. What depends on when things were done is taken from them.
func (m *model) want(stored map[string]*stored) ([]*Device, []linkage.Proposal, error) {
	records := m.records()
	var decisions []linkage.Decision
	for pair, same := range m.decisions {
		decisions = append(decisions, linkage.Decision{A: pair[0], B: pair[1], Same: same})
	}
	var all []*Record
	for name, r := range records {
		s := stored[name]
		if s == nil {
			return nil, nil, fmt.Errorf("record %s is not stored", name)
		}
		if got, want := s.body, encodeSaid(r.Said); string(got) != string(want) {
			return nil, nil, fmt.Errorf("%s says\n%+v, want\n%+v", name, s.Said, r.Said)
		}
		if s.Absent.IsZero() != r.Absent.IsZero() {
			return nil, nil, fmt.Errorf("%s is absent since %v, want %v", name, s.Absent, r.Absent)
		}
		if gathers(r.Kind) && !s.At.Equal(r.At) {
			return nil, nil, fmt.Errorf("%s says so since %v, want %v", name, s.At, r.At)
		}
		r.At, r.Absent = s.At, s.Absent
		all = append(all, r)
	}
	dormant := 0
	for anchor, values := range m.words {
		s := stored[personSource+"/"+anchor]
		if s == nil {
			return nil, nil, fmt.Errorf("the word on %s is not stored", anchor)
		}
		got := map[fact.Attr]string{}
		for _, x := range s.Said {
			got[x.Attr] = x.Value
		}
		if !maps.Equal(got, values) {
			return nil, nil, fmt.Errorf("people said of %s %v, want %v", anchor, got, values)
		}
		if records[anchor] == nil {
			if dormant++; s.Device != "" {
				return nil, nil, fmt.Errorf("a word on %s, which nobody states, is on a device", anchor)
			}
			continue
		}
		decisions = append(decisions, linkage.Decision{A: anchor, B: s.Name(), Same: true})
		all = append(all, &s.Record)
	}
	if len(stored) != len(all)+dormant {
		return nil, nil, fmt.Errorf("%d records stored, want %d: %v", len(stored), len(all)+dormant, slices.Sorted(maps.Keys(stored)))
	}
	devices, proposals := groupRecords(NewResolver(m.catalog, m.order_), all, decisions)
	of := map[string]*Device{}
	for _, d := range devices {
		for _, r := range d.Records {
			of[r.Name()] = d
		}
	}
	for _, p := range proposals {
		of[p.A].Flags |= FlagDuplicate
		of[p.B].Flags |= FlagDuplicate
	}
	return devices, proposals, nil
}

func texts1(rows []string) string { slices.Sort(rows); return strings.Join(rows, "\n") }

// rowText is a stored row without what depends on when it was written.
func rowText(r *Row, records []*Record) string {
	var names []string
	for _, x := range records {
		names = append(names, x.Name())
	}
	return fmt.Sprintf("%s: %q %q %q %v %v %v %.3f flags %b %s", strings.Join(names, " "), r.text, r.Sources, r.Conflicts, r.Custom, r.FirstSeen, r.LastSeen, r.Confidence, r.Flags, r.Name)
}

func (m *model) check(rt *rapid.T) {
	err := m.inv.db.View(m.ctx, func(tx *sqldb.Tx) error {
		list, err := readRecords(tx, "SELECT "+recordColumns+" FROM inventory_record ORDER BY id")
		if err != nil {
			return err
		}
		by, id := map[string]*stored{}, map[int64]*stored{}
		of := map[string][]*Record{}
		var keys []string
		for _, s := range list {
			by[s.Name()], id[s.ID] = s, s
			if s.Device == "" {
				continue // a word that sleeps
			}
			of[s.Device] = append(of[s.Device], &s.Record)
			for _, k := range linkage.Keys(s.profile()) {
				keys = append(keys, fmt.Sprintf("%s %d", k, s.ID))
			}
		}
		devices, proposals, err := m.want(by)
		if err != nil {
			return err
		}
		var got, want, parts []string
		rows, err := rowsByID(tx, slices.Collect(maps.Keys(of)))
		if err != nil {
			return err
		}
		for _, r := range rows {
			slices.SortFunc(of[r.ID], func(a, b *Record) int { return cmp.Compare(a.Name(), b.Name()) })
			got = append(got, rowText(r, of[r.ID]))
			if whole := r.Get(fact.Parent); whole != "" {
				for _, k := range partKeys(whole) {
					parts = append(parts, k+" "+r.ID)
				}
			}
			if (r.Flags&FlagConflict != 0) == r.Disputed.IsZero() {
				return fmt.Errorf("%s disputed since %v with flags %b", r.Name, r.Disputed, r.Flags)
			}
		}
		for _, d := range devices {
			want = append(want, rowText(rowOf(d), d.Records))
		}
		if g, w := texts1(got), texts1(want); g != w {
			return fmt.Errorf("devices\n%s\nwant\n%s", g, w)
		}
		if err := sameLines(tx, "proposals", proposalLines(id, proposals), "SELECT x.source || '/' || x.record_key || ' ' || y.source || '/' || y.record_key FROM inventory_proposal p JOIN inventory_record x ON x.id = p.a JOIN inventory_record y ON y.id = p.b WHERE x.device <> y.device AND p.a < p.b"); err != nil {
			return err
		}
		if err := sameLines(tx, "keys", keys, "SELECT link_key || ' ' || CAST(record AS TEXT) FROM inventory_key"); err != nil {
			return err
		}
		if err := sameLines(tx, "parts", parts, "SELECT link_key || ' ' || device FROM inventory_part"); err != nil {
			return err
		}
		return m.checkOrphans(tx)
	})
	m.must(rt, err)
	m.checkIndex(rt)
}

// checkOrphans holds that no row of any table speaks of what is not there.
func (m *model) checkOrphans(tx *sqldb.Tx) error {
	for what, q := range map[string]string{
		"proposals of nobody":        "SELECT CAST(a AS TEXT) FROM inventory_proposal WHERE a NOT IN (SELECT id FROM inventory_record) OR b NOT IN (SELECT id FROM inventory_record) OR a >= b",
		"statements of nobody":       "SELECT CAST(record AS TEXT) FROM inventory_statement WHERE record NOT IN (SELECT id FROM inventory_record)",
		"statements of undone runs":  "SELECT CAST(record AS TEXT) FROM inventory_statement s JOIN inventory_run u ON u.id = s.run WHERE u.undone_at <> 0",
		"records of undone runs":     "SELECT r.record_key FROM inventory_record r JOIN inventory_run u ON u.id = r.run OR u.id = r.seen_run WHERE u.undone_at <> 0",
		"missing since undone runs":  "SELECT r.record_key FROM inventory_record r JOIN inventory_run u ON u.id = r.absent_run WHERE u.undone_at <> 0 AND r.absent_run > r.seen_run",
		"devices without a record":   "SELECT id FROM inventory_device WHERE id NOT IN (SELECT device FROM inventory_record)",
		"records without a device":   "SELECT record_key FROM inventory_record WHERE device NOT IN (SELECT id FROM inventory_device) AND kind <> 'person'",
		"devices gone and alive":     "SELECT id FROM inventory_device WHERE id IN (SELECT id FROM inventory_gone)",
		"heirs that are nowhere":     "SELECT id FROM inventory_gone WHERE heir <> '' AND heir NOT IN (SELECT id FROM inventory_device) AND heir NOT IN (SELECT id FROM inventory_gone)",
		"answers on the same record": "SELECT a FROM inventory_decision WHERE a >= b",
	} {
		if err := sameLines(tx, what, nil, q); err != nil {
			return err
		}
	}
	gone, err := strings1(tx, "SELECT id FROM inventory_gone")
	if err != nil {
		return err
	}
	for _, g := range gone {
		if _, err := m.inv.current(tx, g); err != nil && !strings.Contains(err.Error(), "is no more") {
			return fmt.Errorf("gone %s: %w", g, err)
		}
	}
	return nil
}

func proposalLines(id map[int64]*stored, proposals []linkage.Proposal) []string {
	at := map[string]int64{}
	for _, s := range id {
		at[s.Name()] = s.ID
	}
	var out []string
	for _, p := range proposals {
		a, b := p.A, p.B
		if at[a] > at[b] {
			a, b = b, a
		}
		out = append(out, a+" "+b)
	}
	return out
}

func sameLines(tx *sqldb.Tx, what string, want []string, q string) error {
	got, err := strings1(tx, q)
	if err != nil {
		return err
	}
	if g, w := texts1(got), texts1(want); g != w {
		return fmt.Errorf("%s\n%s\nwant\n%s", what, g, w)
	}
	return nil
}

// checkIndex holds the index that has followed every step against one that is read anew.
func (m *model) checkIndex(rt *rapid.T) {
	m.must(rt, m.index.Refresh(m.ctx))
	fresh, err := NewIndex(m.inv)
	m.must(rt, err)
	m.must(rt, fresh.Refresh(m.ctx))
	for _, q := range []string{"", "has:department", "department:ICU", "is:conflict", "is:absent", "is:duplicate", "has:serial", "source:wire", "site:North"} {
		var ids [2][]string
		for i, x := range []*Index{m.index, fresh} {
			list, table := x.View()
			e, err := query.Parse(list.Schema(), q)
			m.must(rt, err)
			found, err := table.Select(column.Request{Expr: e, Now: noon})
			m.must(rt, err)
			ids[i] = slices.Sorted(found)
		}
		if !slices.Equal(ids[0], ids[1]) {
			rt.Fatalf("index finds by %q %v, the table has %v", q, ids[0], ids[1])
		}
	}
}

func drawRow(rt *rapid.T, source string) fact.Record {
	var pairs []string
	add := func(attr fact.Attr, values ...string) {
		if v := rapid.SampledFrom(append(values, "", "")).Draw(rt, string(attr)); v != "" {
			pairs = append(pairs, string(attr), v)
		}
	}
	mac := rapid.SampledFrom([]string{"00:12:21:00:00:01", "00:12:21:00:00:02", "02:12:21:00:00:03"})
	switch source {
	case "wire":
		m, at := mac.Draw(rt, "host"), noon.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "hours"))*time.Hour)
		r := fact.Record{Source: "wire", Subject: fact.Host(m, ""), File: "a.pcap", At: at, Facts: []fact.Fact{{Attr: fact.MAC, Value: m, At: at}}}
		add("dhcp.hostname", "pump-1", "pump-2")
		add(fact.IP, "10.0.0.1", "10.0.0.2")
		add("dicom.manufacturer", "PHILIPS", "QMT")
		for i := 0; i < len(pairs); i += 2 {
			r.Facts = append(r.Facts, fact.Fact{Attr: fact.Attr(pairs[i]), Value: pairs[i+1], Source: "wire:x", At: at, Because: "frame 1"})
		}
		return r
	case "dhcp":
		add(fact.MAC, mac.Draw(rt, "mac1"))
		add(fact.IP, "10.0.0.1", "10.0.0.2")
		add(fact.Hostname, "pump-1", "pump-2", "pump-3")
	default:
		add(fact.MAC, mac.Draw(rt, "mac1"))
		add(fact.Hostname, "pump-1", "pump-2")
		add(fact.Serial, "SN123456", "SN654321", "0012345678")
		add(fact.Manufacturer, "B. Braun", "Philips", "QMT")
		add(fact.Model, "Infusomat Space", "QX77")
		add(fact.Department, "ICU", "Lab")
		add(fact.Parent, "CE-1", "SN123456")
	}
	key := rapid.SampledFrom([]string{"1", "2", "3"}).Draw(rt, "key")
	return row(source, key, rapid.IntRange(1, 4).Draw(rt, "row"), pairs...)
}

func (m *model) bring(rt *rapid.T) {
	source := rapid.SampledFrom([]string{"cmms", "cmdb", "dhcp", "wire"}).Draw(rt, "source")
	var rows []fact.Record
	if before := m.standing(source); len(before) > 0 && rapid.Bool().Draw(rt, "again") {
		rows = slices.Clone(rapid.SampledFrom(before).Draw(rt, "like").rows)
		if len(rows) > 0 && rapid.Bool().Draw(rt, "cut") {
			rows = rows[:len(rows)-1]
		}
	}
	for range rapid.IntRange(0, 3).Draw(rt, "rows") {
		rows = append(rows, drawRow(rt, source))
	}
	dry := rapid.IntRange(0, 7).Draw(rt, "dry") == 7
	whole := source != "wire" && rapid.Bool().Draw(rt, "whole")
	m.day += rapid.IntRange(0, 1).Draw(rt, "days")
	said := noon.AddDate(0, 0, max(0, m.day-rapid.SampledFrom([]int{0, 0, 0, 1, 3}).Draw(rt, "late")))
	before := m.now(rt)
	run, err := m.inv.Import(m.ctx, Import{Source: source, Kind: source, File: source + ".csv", Actor: "ann", Whole: whole, At: said, DryRun: dry, Records: each(rows...)})
	m.must(rt, err)
	if run.Created+run.Updated+run.Unchanged+run.Conflict != len(keysOf(rows)) {
		rt.Fatalf("the report counts %+v", run)
	}
	if !dry && rapid.IntRange(0, 3).Draw(rt, "regret") == 3 { // undone at once it is as if it had never been, ids too
		_, err := m.inv.Undo(m.ctx, run.ID, "ann")
		m.must(rt, err)
		if was, is := places(before), places(m.now(rt)); was != is {
			rt.Fatalf("undone at once, there is\n%s\nwhere there was\n%s", is, was)
		}
		return
	}
	if !dry {
		m.runs = append(m.runs, modelRun{run.ID, source, said, whole, rows})
	}
}

// places says where records are and since when.
func places(records map[string]*stored) string {
	var lines []string
	for name, s := range records {
		lines = append(lines, fmt.Sprintf("%s on %s at %v %s:%d since %d missing %v", name, s.Device, s.At, s.File, s.Row, s.Run, s.Absent))
	}
	return texts1(lines)
}

func keysOf(rows []fact.Record) map[string]bool {
	out := map[string]bool{}
	for _, r := range rows {
		out[r.Subject.Value] = true
	}
	return out
}

// now are the stored records by name.
func (m *model) now(rt *rapid.T) map[string]*stored {
	out := map[string]*stored{}
	m.must(rt, m.inv.db.View(m.ctx, func(tx *sqldb.Tx) error {
		list, err := readRecords(tx, "SELECT "+recordColumns+" FROM inventory_record ORDER BY id")
		for _, s := range list {
			out[s.Name()] = s
		}
		return err
	}))
	return out
}

func (m *model) undo(rt *rapid.T) {
	if len(m.runs) == 0 {
		return
	}
	at := rapid.IntRange(0, len(m.runs)-1).Draw(rt, "run")
	before := m.now(rt)
	_, err := m.inv.Undo(m.ctx, m.runs[at].ID(), "ann")
	m.must(rt, err)
	m.runs = slices.Delete(m.runs, at, at+1)
	left := m.records()
	// A word whose record is gone goes to the oldest record that is left on its device; one that had slept before, and was
	// not said of what else is on the device, sleeps again.
	for _, anchor := range slices.Sorted(maps.Keys(m.words)) {
		if left[anchor] != nil || before[anchor] == nil {
			continue
		}
		var heir *stored
		for name, s := range before {
			if left[name] != nil && m.words[name] == nil && s.Device == before[anchor].Device && (heir == nil || s.ID < heir.ID) {
				heir = s
			}
		}
		if heir == nil || m.slept[anchor] {
			m.slept[anchor] = true
		} else {
			m.words[heir.Name()] = m.words[anchor]
			delete(m.words, anchor)
		}
	}
}

func (r modelRun) ID() int64 { return r.id }

// devices are the ids of devices in the order of their first records' names.
func (m *model) devices(rt *rapid.T) (ids []string, of map[string][]*stored) {
	of = map[string][]*stored{}
	records := m.now(rt)
	for _, name := range slices.Sorted(maps.Keys(records)) {
		if s := records[name]; s.Device != "" {
			if of[s.Device] == nil {
				ids = append(ids, s.Device)
			}
			of[s.Device] = append(of[s.Device], s)
		}
	}
	return ids, of
}

func (m *model) state(rt *rapid.T) {
	ids, of := m.devices(rt)
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(rt, "device")
	values := map[fact.Attr]string{}
	switch attr := rapid.SampledFrom([]fact.Attr{fact.Department, fact.Status, fact.Serial, fact.Model, fact.Parent, "custom.zone"}).Draw(rt, "attr"); attr {
	case fact.Status:
		values[attr] = rapid.SampledFrom([]string{"", "retired"}).Draw(rt, "value")
	case fact.Serial:
		values[attr] = rapid.SampledFrom([]string{"", "SN123456"}).Draw(rt, "value")
	default:
		values[attr] = rapid.SampledFrom([]string{"", "ICU", "infusomat space"}).Draw(rt, "value")
	}
	m.must(rt, m.inv.State(m.ctx, Edit{Device: id, Actor: "ann", Values: values}))
	list := of[id]
	slices.SortFunc(list, func(a, b *stored) int { return cmp.Compare(a.ID, b.ID) })
	into := ""
	for _, s := range list {
		if s.Kind == personSource {
			if into == "" {
				into = s.Key
			}
			for attr := range values {
				delete(m.words[s.Key], attr)
			}
		}
	}
	if into == "" {
		into = list[0].Name()
		if m.words[into] == nil {
			m.words[into] = map[fact.Attr]string{}
		}
	}
	for attr, v := range values {
		if v != "" {
			m.words[into][attr] = v
			delete(m.slept, into)
		}
	}
}

// answers reads back which pairs of records an answer was kept about, and checks that what stood before stands.
func (m *model) answers(rt *rapid.T) {
	m.must(rt, m.inv.db.View(m.ctx, func(tx *sqldb.Tx) error {
		rows, err := tx.Query("SELECT a, b, same FROM inventory_decision")
		if err != nil {
			return err
		}
		defer rows.Close()
		clear(m.decisions)
		for rows.Next() {
			var a, b string
			var same bool
			if err := rows.Scan(&a, &b, &same); err != nil {
				return err
			}
			m.decisions[[2]string{a, b}] = same
		}
		return rows.Err()
	}))
}

func (m *model) decide(rt *rapid.T) {
	ids, of := m.devices(rt)
	if len(ids) < 2 {
		return
	}
	i := rapid.IntRange(0, len(ids)-2).Draw(rt, "device")
	j := rapid.IntRange(i+1, len(ids)-1).Draw(rt, "other")
	same := rapid.Bool().Draw(rt, "same")
	m.must(rt, m.inv.Decide(m.ctx, Answer{A: ids[i], B: ids[j], Same: same, Actor: "ann"}))
	before := maps.Clone(m.decisions)
	m.answers(rt)
	fresh := 0
	for pair, is := range m.decisions {
		if was, ok := before[pair]; !ok || was != is {
			fresh++
			if is != same || m.deviceOf(of, pair[0]) == m.deviceOf(of, pair[1]) {
				rt.Fatalf("an answer %v on %s and %s is kept as %v: %v", same, ids[i], ids[j], pair, is)
			}
		}
	}
	if fresh > 1 {
		rt.Fatalf("one answer, %d pairs", fresh)
	}
}

func (m *model) deviceOf(of map[string][]*stored, name string) string {
	for id, list := range of {
		for _, s := range list {
			if s.Name() == name {
				return id
			}
		}
	}
	return ""
}

func (m *model) split(rt *rapid.T) {
	ids, of := m.devices(rt)
	for _, id := range ids {
		if len(of[id]) < 2 {
			continue
		}
		at := rapid.IntRange(0, len(of[id])-1).Draw(rt, "record")
		err := m.inv.Split(m.ctx, id, []int64{of[id][at].ID}, "ann", "")
		if err != nil && !errors.Is(err, fault.Invalid) {
			rt.Fatalf("%v", err)
		}
		m.answers(rt)
		return
	}
}

func (m *model) undecide(rt *rapid.T) {
	ids, _ := m.devices(rt)
	if len(ids) == 0 {
		return
	}
	a, b := rapid.SampledFrom(ids).Draw(rt, "device"), rapid.SampledFrom(ids).Draw(rt, "other")
	if err := m.inv.Undecide(m.ctx, a, b, "ann"); err != nil && !errors.Is(err, fault.NotFound) {
		rt.Fatalf("%v", err)
	}
	m.answers(rt)
}

func (m *model) order(rt *rapid.T) {
	attr := rapid.SampledFrom([]fact.Attr{fact.Department, fact.Hostname, fact.Manufacturer}).Draw(rt, "attr")
	order := rapid.SampledFrom([][]string{nil, {"person", "cmdb", "cmms"}, {"person", "dhcp", "wire", "oui"}}).Draw(rt, "order")
	_, err := m.inv.SetPrecedence(m.ctx, attr, order, "ann", nil)
	m.must(rt, err)
	a, _ := AttributeNamed(attr)
	m.order_ = m.order_.with(a, order)
}

func (m *model) rename(rt *rapid.T) {
	m.catalog = catalog
	text := ""
	if rapid.Bool().Draw(rt, "own") {
		m.catalog, text = m.own, quokka
	}
	_, err := m.inv.SetCatalog(m.ctx, CatalogEdit{Text: text, Over: -1, Actor: "ann"})
	m.must(rt, err)
}
