package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"pons/audit"
	"pons/fact"
	"pons/fault"
	"pons/linkage"
	"pons/sqldb"
)

// MaxEdit is how many devices one edit may change: the writer's turn is held for all of them, and imports wait
// meanwhile. Measured on two busy cores: 0.2 to 0.4 s for a thousand, 1.6 to 2.2 s for five thousand.
const MaxEdit = 5000

// StateAll records a person's word on many devices, all or none; e.Device means nothing here. The id returned
// takes it back with UndoEdit.
func (inv *Inventory) StateAll(ctx context.Context, devices []string, e Edit) (edit string, err error) {
	clean := make(map[fact.Attr]string, len(e.Values))
	for attr, value := range e.Values {
		if clean[attr], err = CleanValue(attr, value); err != nil {
			return "", err
		}
	}
	e.Values = clean
	if len(devices) > MaxEdit {
		return "", fmt.Errorf("%d devices at once; at most %d: %w", len(devices), MaxEdit, fault.Invalid)
	}
	edit = uuid.Must(uuid.NewV7()).String()
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		ids := make([]string, len(devices))
		for i, device := range devices {
			if ids[i], err = inv.current(tx, device); err != nil {
				return err
			}
		}
		slices.Sort(ids)
		said := map[string]map[fact.Attr]string{}
		for _, id := range slices.Compact(ids) {
			said[id] = e.Values
		}
		return inv.stateEach(tx, edit, "edit", e, said)
	})
	switch {
	case err != nil && len(devices) == 1:
		return "", fmt.Errorf("edit of device %s: %w", devices[0], err)
	case err != nil:
		return "", fmt.Errorf("edit of %d devices: %w", len(devices), err)
	}
	return edit, nil
}

// UndoEdit takes an edit back: what a person had stated before stands again. What was stated anew since stays. It
// returns how many devices it changed.
func (inv *Inventory) UndoEdit(ctx context.Context, edit, actor string) (changed int, err error) {
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		back, after, err := inv.editOf(tx, edit)
		if err != nil {
			return err
		}
		persons, err := personsOf(tx, slices.Sorted(maps.Keys(back)))
		if err != nil {
			return err
		}
		for id, values := range back {
			for attr := range values {
				if wordOf(persons[id], attr) != after[id][attr] {
					delete(values, attr)
				}
			}
			if len(values) == 0 {
				delete(back, id)
			}
		}
		if len(back) == 0 {
			return fmt.Errorf("nothing of this edit stands any more: %w", fault.Conflict)
		}
		changed = len(back)
		return inv.stateEach(tx, "", "undo", Edit{Actor: actor, Why: "edit taken back"}, back)
	})
	if err != nil {
		return 0, fmt.Errorf("undo of an edit: %w", err)
	}
	return changed, nil
}

// EditedDevices lists the devices that an edit changed, so that a caller may check who may take it back.
func (inv *Inventory) EditedDevices(tx *sqldb.Tx, edit string) ([]string, error) {
	back, _, err := inv.editOf(tx, edit)
	return slices.Sorted(maps.Keys(back)), err
}

// editOf reads what an edit changed, by the devices' ids of today.
func (inv *Inventory) editOf(tx *sqldb.Tx, edit string) (before, after map[string]map[fact.Attr]string, err error) {
	rows, err := tx.Query("SELECT device, attr, before_value, after_value FROM inventory_edit WHERE id = $1 ORDER BY device, attr", edit)
	if err != nil {
		return nil, nil, err
	}
	type line struct{ device, attr, before, after string }
	var lines []line
	for rows.Next() {
		var l line
		if err := rows.Scan(&l.device, &l.attr, &l.before, &l.after); err != nil {
			rows.Close()
			return nil, nil, err
		}
		lines = append(lines, l)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, nil, err
	}
	if len(lines) == 0 {
		return nil, nil, fmt.Errorf("edit %s: %w", edit, fault.NotFound)
	}
	before, after = map[string]map[fact.Attr]string{}, map[string]map[fact.Attr]string{}
	today := map[string]string{}
	for _, l := range lines {
		id, ok := today[l.device]
		if !ok {
			if id, err = inv.current(tx, l.device); err != nil {
				return nil, nil, err
			}
			today[l.device] = id
		}
		if before[id] == nil {
			before[id], after[id] = map[fact.Attr]string{}, map[fact.Attr]string{}
		}
		before[id][fact.Attr(l.attr)], after[id][fact.Attr(l.attr)] = l.before, l.after
	}
	return before, after, nil
}

// personsOf loads what people stated of devices.
func personsOf(tx *sqldb.Tx, devices []string) (map[string][]*stored, error) {
	records, err := recordsOfDevices(tx, devices)
	if err != nil {
		return nil, err
	}
	out := map[string][]*stored{}
	for _, s := range records {
		if s.Kind == personSource {
			out[s.Device] = append(out[s.Device], s)
		}
	}
	return out, nil
}

// wordOf is the latest that people stated of an attribute.
func wordOf(persons []*stored, attr fact.Attr) string {
	word := Statement{}
	for _, s := range persons {
		for _, x := range s.Said {
			if x.Attr == attr && (word.Value == "" || x.At.After(word.At)) {
				word = x
			}
		}
	}
	return word.Value
}

// stateEach puts statements of a person on devices, relinks them together, and keeps under the id edit what was
// stated before; an empty id keeps nothing.
func (inv *Inventory) stateEach(tx *sqldb.Tx, edit, what string, e Edit, said map[string]map[fact.Attr]string) error {
	w, err := inv.writer(tx, e.Actor, what)
	if err != nil {
		return err
	}
	ids := slices.Sorted(maps.Keys(said))
	records, err := recordsOfDevices(tx, ids)
	if err != nil {
		return err
	}
	of := map[string][]*stored{}
	for _, s := range records {
		of[s.Device] = append(of[s.Device], s)
	}
	var touched []*stored
	var kept [][]any
	for _, id := range ids {
		persons, err := w.personRecords(of[id])
		if err != nil {
			return fmt.Errorf("device %s: %w", id, err)
		}
		for _, p := range persons {
			p.oldKeys = nil
			if !p.isNew {
				p.oldKeys = linkage.Keys(p.profile())
			}
		}
		before := w.say(persons, e, said[id])
		for _, attr := range slices.Sorted(maps.Keys(said[id])) {
			kept = append(kept, []any{edit, id, string(attr), before[string(attr)], said[id][attr]})
		}
		touched = append(touched, persons...)
		if err := audit.Append(tx, audit.Entry{At: w.at, Actor: e.Actor, Verb: "device.edit", Object: id, Before: before, After: texts(said[id]), Why: e.Why}); err != nil {
			return err
		}
	}
	if err := w.storePersons(touched); err != nil || edit == "" {
		return err
	}
	_, err = tx.Insert("inventory_edit", []string{"id", "device", "attr", "before_value", "after_value"}, func(yield func([]any) bool) {
		for _, line := range kept {
			if !yield(line) {
				return
			}
		}
	})
	return err
}

// personRecords are the records of people's words on a device (several after a merge); one is made where there is
// none, anchored to the device's oldest record.
func (w *writer) personRecords(records []*stored) ([]*stored, error) {
	var persons []*stored
	for _, s := range records {
		if s.Kind == personSource {
			persons = append(persons, s)
		}
	}
	if len(persons) > 0 {
		return persons, nil
	}
	s, err := w.personRecord(records)
	return []*stored{s}, err
}

// say puts values into the first of a device's person records, takes what was said of them out of all, and
// returns what stood there before.
func (w *writer) say(persons []*stored, e Edit, values map[fact.Attr]string) map[string]string {
	before := map[string]string{}
	because := "stated by " + nameOf(e.Actor)
	if e.Why != "" {
		because += ": " + e.Why
	}
	for attr, value := range values {
		before[string(attr)] = wordOf(persons, attr)
		for _, s := range persons {
			s.Said = slices.DeleteFunc(s.Said, func(x Statement) bool { return x.Attr == attr })
		}
		if value != "" {
			persons[0].absentAt = 0 // said of the device as it is now
			persons[0].Said = append(persons[0].Said, Statement{Attr: attr, Value: value, Trust: kindTrust[personSource], At: w.at, Because: because})
		}
	}
	for _, s := range persons {
		slices.SortFunc(s.Said, compareStatements)
		s.At, s.changed = w.at, true
	}
	return before
}

// nameOf is an actor as a reason names them: "person:ann" is ann.
func nameOf(actor string) string {
	if _, name, ok := strings.Cut(actor, ":"); ok {
		return name
	}
	return actor
}

// storePersons writes the records of people and relinks what they touch, in parts that bound the memory.
func (w *writer) storePersons(persons []*stored) error {
	for part := range slices.Chunk(persons, chunk) {
		for _, s := range part {
			s.body = encodeSaid(s.Said)
			s.keys = linkage.Keys(s.profile())
		}
		delta, err := writeKeys(w.tx, part)
		if err != nil {
			return err
		}
		if _, err := w.relink(part, delta, nil); err != nil {
			return err
		}
	}
	return nil
}
