package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pons/audit"
	"pons/fact"
	"pons/fault"
	"pons/sqldb"
)

// SourceKinds lists the kinds of source that an order may name.
func SourceKinds() []string {
	return []string{personSource, "cmms", "cmdb", "itam", "fhir", "rtls", "wire", "nac", "dhcp", "switch", "generic", "oui"}
}

// Order is the order of kinds of source in force for an attribute.
func (p Precedence) Order(a Attribute) []string { return slices.Clone(p.order(&a)) }

// checkOrder refuses an order that cannot be kept. A person's word stays first: an answer to a conflict that lost
// against the sources would come back as the same conflict.
func checkOrder(attr fact.Attr, order []string) (Attribute, error) {
	a, ok := AttributeNamed(attr)
	if !ok {
		return a, fmt.Errorf("attribute %s is not known: %w", attr, fault.Invalid)
	}
	for i, kind := range order {
		switch {
		case !slices.Contains(SourceKinds(), kind):
			return a, fmt.Errorf("%s: %q is no kind of source; there are %s: %w", a.Title, kind, strings.Join(SourceKinds(), ", "), fault.Invalid)
		case slices.Contains(order[:i], kind):
			return a, fmt.Errorf("%s: %s stands twice in the order: %w", a.Title, kind, fault.Invalid)
		}
	}
	if len(order) > 0 && order[0] != personSource {
		return a, fmt.Errorf("%s: a person's word stands first: %w", a.Title, fault.Invalid)
	}
	return a, nil
}

// with is the precedence in which one attribute has another order; an empty order is the default's.
func (p Precedence) with(a Attribute, order []string) Precedence {
	next := Precedence{}
	for k, v := range p {
		if k != a.Name {
			next[k] = v
		}
	}
	if len(order) > 0 && !slices.Equal(order, a.Order) {
		next[a.Name] = order
	}
	return next
}

// Preview is what another order of sources would change.
type Preview struct {
	Devices  int // that more than one kind of source may speak of: nothing can change for others
	Looked   int // of them, the first by id; fewer than Devices where there are too many for a preview
	Changed  int // of those looked at: the value becomes another
	Examples []Example
}

// Example is a device whose value becomes another.
type Example struct{ Device, Name, Before, After string }

// previewLimit bounds a preview to about a second, previewExamples to what is read (expert defaults).
const (
	previewLimit    = 20_000
	previewExamples = 10
)

// manyVoiced selects the devices on which more than one kind of source may have a say about an attribute. On the maker
// even one record may speak twice: for itself, and for its MAC prefix.
func manyVoiced(attr fact.Attr) string {
	q := "SELECT device FROM inventory_record WHERE device > $1 GROUP BY device"
	if attr != fact.Manufacturer {
		q += " HAVING COUNT(*) > 1"
	}
	return q
}

// PreviewPrecedence says what an order of sources would change for an attribute, without changing it; an empty
// order is the default's.
func (inv *Inventory) PreviewPrecedence(tx *sqldb.Tx, attr fact.Attr, order []string) (Preview, error) {
	var out Preview
	a, err := checkOrder(attr, order)
	if err != nil {
		return out, err
	}
	now, err := readPrecedence(tx)
	if err != nil {
		return out, err
	}
	var n int64
	if err := tx.QueryRow("SELECT COUNT(*) FROM ("+manyVoiced(attr)+") AS candidate", "").Scan(&n); err != nil {
		return out, err
	}
	out.Devices = int(n)
	before, after := NewResolver(inv.Catalog(), now), NewResolver(inv.Catalog(), now.with(a, order))
	err = eachVoiced(tx, attr, previewLimit, func(ids []string) error {
		records, err := recordsOfDevices(tx, ids)
		if err != nil {
			return err
		}
		of := map[string][]*Record{}
		for _, s := range records {
			of[s.Device] = append(of[s.Device], &s.Record)
		}
		for _, id := range ids {
			out.Looked++
			x, y := before.Resolve(saying(of[id], attr)).Value(attr), after.Resolve(saying(of[id], attr)).Value(attr)
			if x == nil || y == nil || x.Value == y.Value {
				continue
			}
			out.Changed++
			if len(out.Examples) < previewExamples {
				out.Examples = append(out.Examples, Example{Device: id, Name: before.Resolve(of[id]).Name(), Before: x.Value, After: y.Value})
			}
		}
		return nil
	})
	return out, err
}

// saying keeps of records what they say of one attribute, so that the rest need not be resolved.
func saying(records []*Record, attr fact.Attr) []*Record {
	out := make([]*Record, len(records))
	for i, r := range records {
		one := *r
		one.Said = nil
		for _, s := range r.Said {
			if s.Attr == attr {
				one.Said = append(one.Said, s)
			}
		}
		out[i] = &one
	}
	return out
}

// eachVoiced hands out the devices of manyVoiced, in parts, until limit; 0 is all.
func eachVoiced(tx *sqldb.Tx, attr fact.Attr, limit int, f func(ids []string) error) error {
	last, seen := "", 0
	for limit == 0 || seen < limit {
		ids, err := strings1(tx, manyVoiced(attr)+" ORDER BY device LIMIT $2", last, int64(chunk))
		if err != nil || len(ids) == 0 {
			return err
		}
		last, seen = ids[len(ids)-1], seen+len(ids)
		if err := f(ids); err != nil {
			return err
		}
	}
	return nil
}

// SetPrecedence gives an attribute another order of sources and resolves the devices anew, all or none; an empty
// order is the default's. It returns how many devices it wrote. progress is told how many were looked at; it may
// be nil.
func (inv *Inventory) SetPrecedence(ctx context.Context, attr fact.Attr, order []string, actor string, progress func(done int)) (changed int, err error) {
	a, err := checkOrder(attr, order)
	if err != nil {
		return 0, err
	}
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		now, err := readPrecedence(tx)
		if err != nil {
			return err
		}
		next := now.with(a, order)
		if _, err := tx.Exec("DELETE FROM inventory_precedence WHERE attr = $1", string(attr)); err != nil {
			return err
		}
		if kept, ok := next[attr]; ok {
			if _, err := tx.Exec("INSERT INTO inventory_precedence (attr, sources) VALUES ($1, $2)", string(attr), strings.Join(kept, " ")); err != nil {
				return err
			}
		}
		w, err := inv.writer(tx, actor, "precedence") // with the order that was just stored
		if err != nil {
			return err
		}
		done := 0
		err = eachVoiced(tx, attr, 0, func(ids []string) error {
			n, err := w.resolveAgain(ids)
			changed += n
			done += len(ids)
			if progress != nil {
				progress(done)
			}
			return err
		})
		if err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: w.at, Actor: actor, Verb: "precedence.set", Object: "attribute:" + string(attr),
			Before: audit.Fields{"order": strings.Join(now.order(&a), " ")}, After: audit.Fields{"order": strings.Join(next.order(&a), " ")}})
	})
	if err != nil {
		return 0, fmt.Errorf("order of sources for %s: %w", a.Title, err)
	}
	return changed, nil
}

// resolveAgain resolves devices whose records have not changed and writes those that come out otherwise.
func (w *writer) resolveAgain(ids []string) (int, error) {
	old, err := rowsByID(w.tx, ids)
	if err != nil {
		return 0, err
	}
	records, err := recordsOfDevices(w.tx, ids)
	if err != nil {
		return 0, err
	}
	groups := map[string]*group{}
	for _, s := range records {
		g := groups[s.Device]
		if g == nil {
			g = &group{id: s.Device}
			groups[s.Device] = g
		}
		g.records = append(g.records, s)
	}
	var rows []*Row
	var changes []change
	for _, before := range old {
		g := groups[before.ID]
		if g == nil {
			continue
		}
		g.duplicate = before.Flags&FlagDuplicate != 0
		row := rowOf(w.resolve(g, before))
		row.Disputed = w.disputed(row, before)
		diff := w.changesOf(before, row)
		if len(diff) == 0 && row.Flags == before.Flags && row.Conflicts == before.Conflicts && row.Name == before.Name && row.Confidence == before.Confidence && row.Heard.Equal(before.Heard) {
			continue
		}
		rows = append(rows, row)
		changes = append(changes, diff...)
	}
	if err := w.storeRows(rows); err != nil {
		return 0, err
	}
	return len(rows), w.writeChanges(changes)
}
