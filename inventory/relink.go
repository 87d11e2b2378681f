package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"pons/fact"
	"pons/linkage"
	"pons/sqldb"
)

// writer is one Update's work on the inventory: it brings records in and keeps devices, proposals and history
// true to them.
type writer struct {
	inv       *Inventory
	tx        *sqldb.Tx
	norm      *Normalizer
	resolver  *Resolver
	at        time.Time
	run       int64
	newer     newer    // than the import
	lineage   *lineage // around the run that is being undone
	actor     string
	what      string // what the history says happened: import, edit, merge, split, undo
	decisions map[string][]linkage.Decision
	persons   map[string]int64   // name of the record a person's statement is anchored to → the person's record
	doubted   map[int64]bool     // records that had a proposal, which this Update took away or replaced
	proposed  bool               // proposals may exist
	custom    map[fact.Attr]bool // custom attributes that this Update made known
}

// hood is a set of records closed under shared keys.
type hood struct {
	records  map[int64]*stored
	counts   map[string]int // holders of each key in the whole inventory, where more than one
	crowded  map[string]bool
	order    []*stored // by name
	profiles []*linkage.Profile
}

// relink regroups the changed records and everything that shares a key with them or with those that are gone, and
// writes the devices that come of it. Devices that lost a record are written anew.
func (w *writer) relink(changed []*stored, delta map[string]int, gone []*stored) (map[string]*Device, error) {
	if delta == nil {
		delta = map[string]int{}
	}
	h := &hood{records: map[int64]*stored{}, counts: map[string]int{}, crowded: map[string]bool{}}
	for _, s := range changed {
		h.records[s.ID] = s
	}
	// Everything that shares a device with a change is looked at again, so that what a record held together
	// can fall apart when the record goes.
	var touched []string
	lost := make(map[string]bool, len(gone))
	for _, s := range gone {
		lost[s.oldDevice] = true
		touched = append(touched, s.oldDevice)
	}
	for _, s := range changed {
		if s.oldDevice != "" {
			touched = append(touched, s.oldDevice)
		}
	}
	slices.Sort(touched)
	mates, err := recordsOfDevices(w.tx, slices.Compact(touched))
	if err != nil {
		return nil, err
	}
	for _, s := range mates {
		s.changed = lost[s.Device]
	}
	if err := w.close(h, append(slices.Clone(changed), mates...), gone, delta); err != nil {
		return nil, err
	}
	for _, s := range h.records {
		h.order = append(h.order, s)
	}
	slices.SortFunc(h.order, func(a, b *stored) int { return cmp.Compare(a.Name(), b.Name()) })
	h.profiles = make([]*linkage.Profile, len(h.order))
	var decisions []linkage.Decision
	for i, s := range h.order {
		h.profiles[i] = s.profile()
		decisions = append(decisions, w.decisions[s.Name()]...)
		if p, ok := w.persons[s.Name()]; ok {
			if person := h.records[p]; person != nil {
				decisions = append(decisions, linkage.Decision{A: s.Name(), B: person.Name(), Same: true})
			}
		}
	}
	return w.regroup(h, decisions)
}

// close adds to the hood every record that shares a key, a decision or a person's statement with one in it, or with
// one that is gone.
func (w *writer) close(h *hood, frontier, gone []*stored, delta map[string]int) error {
	asked := map[string]bool{}
	for ; len(frontier)+len(gone) > 0; gone = nil {
		var keys, lost []string // lost: who else holds them matters though it be one
		var want []int64
		var names []string
		ask := func(list *[]string, of []string) {
			for _, k := range of {
				if !asked[k] {
					asked[k] = true
					*list = append(*list, k)
				}
			}
		}
		for _, s := range gone {
			ask(&lost, s.oldKeys)
			for _, d := range w.decisions[s.Name()] {
				names = append(names, d.A, d.B)
			}
		}
		for _, s := range frontier {
			if old, ok := h.records[s.ID]; ok {
				s = old
			} else {
				h.records[s.ID] = s
			}
			if s.keys == nil {
				s.keys = linkage.Keys(s.profile())
				s.oldKeys = s.keys
			}
			ask(&keys, s.keys)
			ask(&lost, s.oldKeys)
			for _, d := range w.decisions[s.Name()] {
				names = append(names, d.A, d.B)
			}
			if p, ok := w.persons[s.Name()]; ok {
				want = append(want, p)
			}
			if s.Kind == "person" {
				names = append(names, s.Key)
			}
		}
		for least, list := range map[int64][]string{1: lost, 2: keys} {
			holders, err := w.holders(h, list, least, delta)
			if err != nil {
				return err
			}
			want = append(want, holders...)
		}
		more, err := w.named(h, names)
		if err != nil {
			return err
		}
		slices.Sort(want)
		want = slices.DeleteFunc(slices.Compact(want), func(id int64) bool { return h.records[id] != nil })
		loaded, err := recordsByID(w.tx, want)
		if err != nil {
			return err
		}
		if err := w.wake(loaded, delta); err != nil {
			return err
		}
		frontier = append(loaded, more...)
	}
	return nil
}

// wake gives people's words that slept their keys back.
func (w *writer) wake(records []*stored, delta map[string]int) error {
	var woken []*stored
	for _, s := range records {
		if s.Device == "" {
			s.keys, s.changed = linkage.Keys(s.profile()), true
			woken = append(woken, s)
		}
	}
	more, err := writeKeys(w.tx, woken)
	for k, n := range more {
		delta[k] += n
	}
	return err
}

// holders returns the records that hold any of the keys, except keys that too many or fewer than least hold.
func (w *writer) holders(h *hood, keys []string, least int64, delta map[string]int) ([]int64, error) {
	slices.Sort(keys)
	type count struct {
		key string
		n   int
	}
	counts, err := inChunks(keys, func(part []any) ([]count, error) {
		rows, err := w.tx.Query("SELECT link_key, COUNT(*) FROM inventory_key WHERE link_key IN "+sqldb.In(len(part), 1)+" GROUP BY link_key HAVING COUNT(*) >= "+strconv.FormatInt(least, 10), part...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		var out []count
		for rows.Next() {
			var c count
			var n int64
			if err := rows.Scan(&c.key, &n); err != nil {
				return nil, err
			}
			c.n = int(n)
			out = append(out, c)
		}
		return out, rows.Err()
	})
	if err != nil {
		return nil, err
	}
	var shared []string
	for _, c := range counts {
		if c.n > linkage.Crowded {
			h.crowded[c.key] = true
			if c.n-delta[c.key] > linkage.Crowded {
				continue // it was crowded before: nothing hung on it
			}
		}
		shared = append(shared, c.key)
	}
	return inChunks(shared, func(part []any) ([]int64, error) {
		rows, err := w.tx.Query("SELECT DISTINCT record FROM inventory_key WHERE link_key IN "+sqldb.In(len(part), 1), part...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		var out []int64
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return nil, err
			}
			out = append(out, id)
		}
		return out, rows.Err()
	})
}

// named loads records by their stable names ("source/key").
func (w *writer) named(h *hood, names []string) ([]*stored, error) {
	slices.Sort(names)
	var out []*stored
	for _, name := range slices.Compact(names) {
		source, key, ok := splitName(name)
		if !ok {
			continue
		}
		got, err := readRecords(w.tx, "SELECT "+recordColumns+" FROM inventory_record WHERE source = $1 AND record_key = $2", source, key)
		if err != nil {
			return nil, err
		}
		for _, s := range got {
			if h.records[s.ID] == nil {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// group is one device to be: its records and what became of it.
type group struct {
	records   []*stored
	id        string
	duplicate bool
	rewrite   bool
	created   bool
}

// regroup links the hood and writes what changed. It returns the devices written, by id.
func (w *writer) regroup(h *hood, decisions []linkage.Decision) (map[string]*Device, error) {
	parts := componentsOf(h.profiles, decisions, h.crowded)
	byName := map[string][]linkage.Decision{}
	for _, d := range decisions {
		byName[d.A] = append(byName[d.A], d)
	}
	var groups []*group
	var proposals []proposalRow
	for _, part := range parts {
		members := make([]*linkage.Profile, len(part))
		var told []linkage.Decision
		for i, x := range part {
			members[i] = h.profiles[x]
			told = append(told, byName[members[i].ID]...)
		}
		result := linkage.Link(members, told, h.crowded)
		of := map[string]*group{}
		for _, g := range result.Groups {
			made := &group{}
			for _, x := range g {
				s := h.order[part[x]]
				made.records = append(made.records, s)
				of[s.Name()] = made
			}
			groups = append(groups, made)
		}
		for _, p := range result.Proposals {
			of[p.A].duplicate, of[p.B].duplicate = true, true
			a, b := w.recordNamed(h, p.A), w.recordNamed(h, p.B)
			proposals = append(proposals, proposalRow{a: min(a.ID, b.ID), b: max(a.ID, b.ID), score: p.Score, because: p.Because})
		}
	}
	if err := w.writeProposals(h, proposals); err != nil {
		return nil, err
	}
	for _, g := range groups { // the mark of a duplicate is the device's, and comes and goes with others' records
		g.rewrite = g.duplicate != slices.ContainsFunc(g.records, func(s *stored) bool { return w.doubted[s.ID] })
		for _, s := range g.records {
			delete(w.doubted, s.ID)
		}
	}
	if err := w.assign(groups); err != nil {
		return nil, err
	}
	if err := w.remark(groups); err != nil {
		return nil, err
	}
	return w.writeGroups(groups)
}

// remark has devices written anew of which nothing but a proposal came or went: the other half of a pair did not
// change itself.
func (w *writer) remark(groups []*group) error {
	if !w.proposed {
		return nil
	}
	still := map[string]*group{}
	for _, g := range groups {
		if !g.rewrite {
			still[g.id] = g
		}
	}
	_, err := inChunks(slices.Sorted(maps.Keys(still)), func(part []any) ([]struct{}, error) {
		rows, err := w.tx.Query("SELECT id, flags FROM inventory_device WHERE id IN "+sqldb.In(len(part), 1), part...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var flags int64
			if err := rows.Scan(&id, &flags); err != nil {
				return nil, err
			}
			g := still[id]
			g.rewrite = (Flags(flags)&FlagDuplicate != 0) != g.duplicate
		}
		return nil, rows.Err()
	})
	return err
}

func (w *writer) recordNamed(h *hood, name string) *stored {
	i, _ := slices.BinarySearchFunc(h.order, name, func(s *stored, n string) int { return cmp.Compare(s.Name(), n) })
	return h.order[i]
}

// assign gives each group a device id: one that its oldest records bring, else one that was once made for a
// member, else a new one. An id goes to the group that holds the record it was made for, else the oldest of its
// records, or to the next one when that group goes by another.
func (w *writer) assign(groups []*group) error {
	oldest := map[string]*stored{} // device id → its oldest record
	for _, g := range groups {
		for _, s := range g.records {
			o := oldest[s.oldDevice]
			if s.oldDevice != "" && (o == nil || cmp.Or(compareBool(s.born != s.oldDevice, o.born != o.oldDevice), cmp.Compare(s.ID, o.ID)) < 0) {
				oldest[s.oldDevice] = s
			}
		}
	}
	taken := map[string]bool{}
	for _, g := range groups {
		for _, s := range g.records {
			if s.oldDevice != "" && oldest[s.oldDevice] == s && (g.id == "" || s.oldDevice < g.id) {
				g.id = s.oldDevice
			}
		}
		if g.id != "" {
			taken[g.id] = true
		}
	}
	for _, g := range groups {
		if g.id == "" {
			if err := w.name(g, oldest, taken); err != nil {
				return err
			}
		}
		taken[g.id] = true
	}
	moved := map[string]bool{}
	for _, g := range groups {
		for _, s := range g.records {
			s.Device = g.id
			g.rewrite = g.rewrite || s.changed || s.oldDevice != g.id
			if s.oldDevice != g.id {
				moved[s.oldDevice] = true
			}
		}
	}
	for _, g := range groups { // a device also changes when a record leaves it
		g.rewrite = g.rewrite || moved[g.id]
	}
	return nil
}

// name finds an id for a group that holds the oldest record of no device.
func (w *writer) name(g *group, oldest map[string]*stored, taken map[string]bool) error {
	for _, s := range g.records {
		if s.oldDevice != "" && !taken[s.oldDevice] && (g.id == "" || s.oldDevice < g.id) {
			g.id = s.oldDevice
		}
	}
	if g.id != "" {
		return nil
	}
	for _, s := range g.records {
		if s.born == "" || taken[s.born] || oldest[s.born] != nil {
			continue
		}
		used, err := recordsOfDevices(w.tx, []string{s.born})
		if err != nil {
			return err
		}
		if len(used) == 0 && (g.id == "" || s.born < g.id) {
			g.id = s.born
		}
	}
	g.created = true
	if g.id != "" { // it lives again
		_, err := w.tx.Exec("DELETE FROM inventory_gone WHERE id = $1", g.id)
		return err
	}
	g.id = uuid.Must(uuid.NewV7()).String()
	first := slices.MinFunc(g.records, func(a, b *stored) int { return cmp.Compare(a.ID, b.ID) })
	first.born = g.id
	return nil
}
