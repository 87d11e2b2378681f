package inventory

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"pons/fact"
	"pons/sqldb"
)

// Row is a device as lists show it: one text per column.
type Row struct {
	ID         string
	Rev        int64
	Created    time.Time
	FirstSeen  time.Time
	LastSeen   time.Time
	Flags      Flags
	Confidence float64
	Name       string
	Sources    string    // names, joined by separator
	Conflicts  string    // attribute names, joined by separator
	Disputed   time.Time // since when there has been an open conflict; zero: there is none
	Heard      time.Time // when a capture or a sensor saw it last; zero: none did
	Custom     map[fact.Attr]string
	text       [len(rowAttrs)]string
}

// rowAttrs are the attributes that have a column of their own in inventory_device, in its order. Attributes of
// many values are joined by separator.
var rowAttrs = [...]fact.Attr{
	fact.Category, fact.Class, fact.Manufacturer, fact.Model, fact.Serial, fact.ControlNumber, fact.AssetTag, fact.UDIDI,
	fact.SoftwareVersion, fact.OS, fact.MAC, fact.IP, fact.Hostname, fact.AETitle, fact.VLAN, fact.Site, fact.Building,
	fact.Department, fact.Room, fact.CostCenter, fact.ClinicalOwner, fact.TechnicalOwner, fact.Owner, fact.Status,
	fact.Criticality, fact.LifeSupport, fact.AcquiredOn, fact.AcquiredCost, fact.WarrantyEnd, fact.ContractEnd, fact.PMNext,
	fact.Parent, fact.OSVersion, fact.OSSupport, fact.Role, fact.Practice, fact.Switch,
}

const deviceColumns = "id, rev, created_at, first_seen, last_seen, flags, confidence, name, " +
	"category, class, manufacturer, model, serial, control_number, asset_tag, udi_di, version, os, macs, ips, hostnames, ae_titles, vlan, " +
	"site, building, department, room, cost_center, clinical_owner, technical_owner, owner, status, criticality, life_support, " +
	"acquired_on, acquired_cost, warranty_end, contract_end, pm_next, part_of, os_version, os_support, role, practice, at_switch, sources, conflicts, custom, conflict_at, heard_at"

// Get returns the text of an attribute that rows hold, "" for others.
func (r *Row) Get(attr fact.Attr) string {
	if i := slices.Index(rowAttrs[:], attr); i >= 0 {
		return r.text[i]
	}
	return r.Custom[attr]
}

// All returns the values of an attribute of many values.
func (r *Row) All(attr fact.Attr) []string { return split(r.Get(attr)) }

// separator stands between the values of one column: no value holds a line break.
const separator = "\n"

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, separator)
}

func rowOf(d *Device) *Row {
	r := &Row{ID: d.ID, Rev: d.Rev, Created: d.Created, FirstSeen: d.FirstSeen, LastSeen: d.LastSeen, Flags: d.Flags,
		Confidence: d.Confidence, Name: d.Name(), Heard: d.Heard}
	for i := range d.Values {
		v := &d.Values[i]
		if strings.HasPrefix(string(v.Attr), fact.CustomPrefix) {
			if r.Custom == nil {
				r.Custom = map[fact.Attr]string{}
			}
			r.Custom[v.Attr] = v.Value
			continue
		}
		at := slices.Index(rowAttrs[:], v.Attr)
		if at < 0 {
			continue
		}
		switch {
		case v.Attr == fact.Parent:
			r.text[at] = wholeStated(v.Value)
		case v.All != nil:
			r.text[at] = strings.Join(v.All, separator)
		default:
			r.text[at] = v.Value
		}
	}
	sources := make([]string, 0, 4)
	for _, rec := range d.Records {
		if !slices.Contains(sources, rec.Source) {
			sources = append(sources, rec.Source)
		}
	}
	slices.Sort(sources)
	r.Sources = strings.Join(sources, separator)
	conflicts := make([]string, len(d.Conflicts))
	for i, c := range d.Conflicts {
		conflicts[i] = string(c)
	}
	r.Conflicts = strings.Join(conflicts, separator)
	return r
}

func (r *Row) values() []any {
	custom := ""
	if len(r.Custom) > 0 {
		b, _ := json.Marshal(r.Custom) // a map of texts always marshals, with sorted keys
		custom = string(b)
	}
	out := make([]any, 0, 13+len(rowAttrs))
	out = append(out, r.ID, r.Rev, micros(r.Created), micros(r.FirstSeen), micros(r.LastSeen), int64(r.Flags), r.Confidence, r.Name)
	for _, t := range r.text {
		out = append(out, t)
	}
	return append(out, r.Sources, r.Conflicts, custom, micros(r.Disputed), micros(r.Heard))
}

// scanner reads device rows into reused space.
type rowScanner struct {
	created, first, last, flags, disputed, heard int64
	custom                                       string
	into                                         []any
	row                                          Row
}

func newRowScanner() *rowScanner {
	s := &rowScanner{}
	s.into = []any{&s.row.ID, &s.row.Rev, &s.created, &s.first, &s.last, &s.flags, &s.row.Confidence, &s.row.Name}
	for i := range s.row.text {
		s.into = append(s.into, &s.row.text[i])
	}
	s.into = append(s.into, &s.row.Sources, &s.row.Conflicts, &s.custom, &s.disputed, &s.heard)
	return s
}

// scan reads the row that rows stands on; the result is valid until the next call.
func (s *rowScanner) scan(rows *sqldb.Rows) (*Row, error) {
	if err := rows.Scan(s.into...); err != nil {
		return nil, err
	}
	s.row.Created, s.row.FirstSeen, s.row.LastSeen = fromMicros(s.created), fromMicros(s.first), fromMicros(s.last)
	s.row.Flags, s.row.Custom, s.row.Disputed = Flags(s.flags), nil, fromMicros(s.disputed)
	s.row.Heard = fromMicros(max(s.heard, 0))
	if s.custom != "" {
		if err := json.Unmarshal([]byte(s.custom), &s.row.Custom); err != nil {
			return nil, err
		}
	}
	return &s.row, nil
}

// rowsByID reads device rows, in no order.
func rowsByID(tx *sqldb.Tx, ids []string) ([]*Row, error) {
	return inChunks(ids, func(part []any) ([]*Row, error) {
		rows, err := tx.Query("SELECT "+deviceColumns+" FROM inventory_device WHERE id IN "+sqldb.In(len(part), 1), part...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		var out []*Row
		scan := newRowScanner()
		for rows.Next() {
			r, err := scan.scan(rows)
			if err != nil {
				return nil, err
			}
			row := *r
			out = append(out, &row)
		}
		return out, rows.Err()
	})
}

// writeGroups resolves the groups that changed and stores their devices, records and history.
func (w *writer) writeGroups(groups []*group) (map[string]*Device, error) {
	var ids, left []string
	var records []*stored
	alive := map[string]bool{}
	for _, g := range groups {
		alive[g.id] = true
	}
	heirs := map[string]string{}
	for _, g := range groups {
		if !g.rewrite {
			continue
		}
		if !g.created {
			ids = append(ids, g.id)
		}
		for _, s := range g.records {
			if s.changed || s.isNew || s.Device != s.oldDevice {
				records = append(records, s)
			}
			if s.oldDevice != "" && s.oldDevice != g.id && !alive[s.oldDevice] && heirs[s.oldDevice] == "" {
				heirs[s.oldDevice] = g.id
				left = append(left, s.oldDevice)
			}
		}
	}
	old, err := rowsByID(w.tx, ids)
	if err != nil {
		return nil, err
	}
	before := make(map[string]*Row, len(old))
	for _, r := range old {
		before[r.ID] = r
	}
	written := map[string]*Device{}
	rows := make([]*Row, 0, len(groups))
	var changes []change
	for _, g := range groups {
		if !g.rewrite {
			continue
		}
		d := w.resolve(g, before[g.id])
		row := rowOf(d)
		row.Disputed = w.disputed(row, before[g.id])
		rows = append(rows, row)
		written[d.ID] = d
		changes = append(changes, w.changesOf(before[g.id], row)...)
	}
	slices.Sort(left)
	for _, id := range left {
		changes = append(changes, change{device: id, what: "merged", detail: heirs[id]}, change{device: heirs[id], what: "absorbed", detail: id})
	}
	if err := w.retire(left, heirs); err != nil {
		return nil, err
	}
	if err := w.storeRows(rows); err != nil {
		return nil, err
	}
	if err := w.storeParts(rows, before); err != nil {
		return nil, err
	}
	if err := writeRecords(w.tx, records); err != nil {
		return nil, err
	}
	return written, w.writeChanges(changes)
}

func (w *writer) resolve(g *group, before *Row) *Device {
	list := make([]*Record, len(g.records))
	for i, s := range g.records {
		list[i] = &s.Record
	}
	d := w.resolver.Resolve(list)
	d.ID, d.Rev, d.Created = g.id, int64(w.tx.Rev()), w.at
	if before != nil {
		d.Created = before.Created
	}
	if g.duplicate {
		d.Flags |= FlagDuplicate
	}
	return d
}

// disputed is since when a device has had an open conflict: a row that had one before has it since then.
func (w *writer) disputed(row, before *Row) time.Time {
	switch {
	case row.Flags&FlagConflict == 0:
		return time.Time{}
	case before != nil && !before.Disputed.IsZero():
		return before.Disputed
	}
	return w.at
}

var deviceCols = strings.Split(strings.ReplaceAll(deviceColumns, " ", ""), ",")

func (w *writer) storeRows(rows []*Row) error {
	if len(rows) == 0 {
		return nil
	}
	if err := w.defineCustom(rows); err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b *Row) int { return strings.Compare(a.ID, b.ID) })
	_, err := w.tx.Merge("inventory_device", []string{"id"}, deviceCols, func(yield func([]any) bool) {
		for _, r := range rows {
			if !yield(r.values()) {
				return
			}
		}
	})
	return err
}

// defineCustom makes attributes known that a file or a person brings for the first time.
func (w *writer) defineCustom(rows []*Row) error {
	for _, r := range rows {
		for attr := range r.Custom {
			if w.custom[attr] {
				continue
			}
			if w.custom == nil {
				w.custom = map[fact.Attr]bool{}
			}
			w.custom[attr] = true
			if _, err := w.tx.Exec("INSERT INTO inventory_custom (attr, title, kind) VALUES ($1, $2, 'text') ON CONFLICT (attr) DO NOTHING",
				string(attr), strings.TrimPrefix(string(attr), fact.CustomPrefix)); err != nil {
				return err
			}
		}
	}
	return nil
}

// retire removes devices that went into others or lost their last record, and remembers where they went.
func (w *writer) retire(ids []string, heirs map[string]string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := inChunks(ids, func(part []any) ([]struct{}, error) {
		if _, err := w.tx.Exec("DELETE FROM inventory_part WHERE device IN "+sqldb.In(len(part), 1), part...); err != nil {
			return nil, err
		}
		_, err := w.tx.Exec("DELETE FROM inventory_device WHERE id IN "+sqldb.In(len(part), 1), part...)
		return nil, err
	})
	if err != nil {
		return err
	}
	_, err = w.tx.Merge("inventory_gone", []string{"id"}, []string{"id", "heir", "rev"}, func(yield func([]any) bool) {
		for _, id := range ids {
			if !yield([]any{id, heirs[id], int64(w.tx.Rev())}) {
				return
			}
		}
	})
	return err
}

// change is one line of a device's history.
type change struct {
	device, what, detail string
}

// changesOf says what is new in a device's row. The history of a device that was just made begins with its
// records; it needs no line.
func (w *writer) changesOf(before, after *Row) []change {
	if before == nil {
		if w.what == "import" {
			return nil
		}
		return []change{{device: after.ID, what: w.what}}
	}
	diff := map[string][2]string{}
	for i, attr := range rowAttrs {
		if before.text[i] != after.text[i] {
			diff[string(attr)] = [2]string{before.text[i], after.text[i]}
		}
	}
	for attr, v := range after.Custom {
		if before.Custom[attr] != v {
			diff[string(attr)] = [2]string{before.Custom[attr], v}
		}
	}
	for attr, v := range before.Custom {
		if _, ok := after.Custom[attr]; !ok {
			diff[string(attr)] = [2]string{v, ""}
		}
	}
	if before.Sources != after.Sources {
		diff["sources"] = [2]string{before.Sources, after.Sources}
	}
	if len(diff) == 0 {
		return nil
	}
	b, _ := json.Marshal(diff) // a map of texts always marshals
	return []change{{device: after.ID, what: w.what, detail: string(b)}}
}

func (w *writer) writeChanges(changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	from, err := w.take("change", int64(len(changes)))
	if err != nil {
		return err
	}
	_, err = w.tx.Insert("inventory_change", []string{"id", "device", "at", "rev", "run", "actor", "what", "detail"}, func(yield func([]any) bool) {
		for i, c := range changes {
			if !yield([]any{from + int64(i), c.device, micros(w.at), int64(w.tx.Rev()), w.run, w.actor, c.what, c.detail}) {
				return
			}
		}
	})
	return err
}

// take hands out n numbers of a counter and returns the first.
func (w *writer) take(name string, n int64) (int64, error) {
	var next int64
	err := w.tx.QueryRow("INSERT INTO inventory_counter (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = inventory_counter.value + excluded.value RETURNING value", name, n).Scan(&next)
	return next - n + 1, err
}

type proposalRow struct {
	a, b    int64
	score   float64
	because []string
}

// writeProposals replaces the proposals among the records of the hood.
func (w *writer) writeProposals(h *hood, proposals []proposalRow) error {
	if w.proposed {
		var ids []int64
		for id, s := range h.records {
			if !s.isNew {
				ids = append(ids, id)
			}
		}
		slices.Sort(ids)
		if err := w.dropProposals(ids); err != nil {
			return err
		}
	}
	if len(proposals) == 0 {
		return nil
	}
	w.proposed = true
	_, err := w.tx.Merge("inventory_proposal", []string{"a", "b"}, []string{"a", "b", "score", "because", "rev"}, func(yield func([]any) bool) {
		for _, p := range proposals {
			if !yield([]any{p.a, p.b, p.score, strings.Join(p.because, "\n"), int64(w.tx.Rev())}) {
				return
			}
		}
	})
	return err
}

// dropProposals removes the proposals of records, and notes whose they were.
func (w *writer) dropProposals(ids []int64) error {
	for _, column := range []string{"a", "b"} {
		_, err := inChunks(ids, func(part []any) ([]struct{}, error) {
			rows, err := w.tx.Query("DELETE FROM inventory_proposal WHERE "+column+" IN "+sqldb.In(len(part), 1)+" RETURNING a, b", part...)
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			for rows.Next() {
				var a, b int64
				if err := rows.Scan(&a, &b); err != nil {
					return nil, err
				}
				if w.doubted == nil {
					w.doubted = map[int64]bool{}
				}
				w.doubted[a], w.doubted[b] = true, true
			}
			return nil, rows.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}
