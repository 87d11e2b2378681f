package inventory

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pons/fault"
	"pons/sqldb"
)

// SplitPreview is what Split would make of a device: what stays, and what the records taken out say on their own.
// Nothing is written.
func (inv *Inventory) SplitPreview(tx *sqldb.Tx, device string, records []int64) (stay, out *Device, err error) {
	d, err := inv.Get(tx, device)
	if err != nil {
		return nil, nil, err
	}
	p, err := readPrecedence(tx)
	if err != nil {
		return nil, nil, err
	}
	var left, taken []*Record
	names := map[string]bool{}
	for _, r := range d.Records {
		switch {
		case r.Kind == personSource:
		case slices.Contains(records, r.ID):
			taken = append(taken, r)
			names[r.Name()] = true
		default:
			left = append(left, r)
		}
	}
	if len(taken) == 0 || len(left) == 0 {
		return nil, nil, fmt.Errorf("a split takes some records of sources and leaves some: %w", fault.Invalid)
	}
	for _, r := range d.Records { // a person's word follows the record that it is anchored to
		switch {
		case r.Kind != personSource:
		case names[r.Key]:
			taken = append(taken, r)
		default:
			left = append(left, r)
		}
	}
	resolver := NewResolver(inv.Catalog(), p).On(inv.now())
	stay, out = resolver.Resolve(left), resolver.Resolve(taken)
	stay.ID, stay.Rev, stay.Created = d.ID, d.Rev, d.Created
	return stay, out, nil
}

// DevicesOf returns the devices that records belong to now, each once, in order.
func (inv *Inventory) DevicesOf(tx *sqldb.Tx, records []int64) ([]string, error) {
	list, err := inChunks(records, func(part []any) ([]string, error) {
		return strings1(tx, "SELECT DISTINCT device FROM inventory_record WHERE id IN "+sqldb.In(len(part), 1)+" ORDER BY device", part...)
	})
	slices.Sort(list)
	return slices.Compact(list), err
}

// DuplicatesOf lists the open proposals of one device, the strongest first. A is the device itself.
func (inv *Inventory) DuplicatesOf(tx *sqldb.Tx, device string) ([]Duplicate, error) {
	rows, err := tx.Query(`SELECT x.device, y.device, p.score, p.because FROM inventory_proposal p
		JOIN inventory_record x ON x.id = p.a JOIN inventory_record y ON y.id = p.b
		WHERE x.device <> y.device AND (p.a IN (SELECT id FROM inventory_record WHERE device = $1) OR p.b IN (SELECT id FROM inventory_record WHERE device = $1))
		ORDER BY p.score DESC, p.a, p.b`, device)
	if err != nil {
		return nil, err
	}
	var out []Duplicate
	var others []string
	for rows.Next() {
		var a, b, because string
		var score float64
		if err := rows.Scan(&a, &b, &score, &because); err != nil {
			rows.Close()
			return nil, err
		}
		if b == device {
			a, b = b, a
		}
		if !slices.Contains(others, b) { // several pairs of records may propose the same pair of devices
			others, out = append(others, b), append(out, Duplicate{Score: score, Because: split(because)})
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil || len(out) == 0 {
		return nil, err
	}
	list, err := rowsByID(tx, append(slices.Clone(others), device))
	if err != nil {
		return nil, err
	}
	by := map[string]*Row{}
	for _, r := range list {
		by[r.ID] = r
	}
	for i := range out {
		out[i].A, out[i].B = by[device], by[others[i]]
	}
	return slices.DeleteFunc(out, func(d Duplicate) bool { return d.A == nil || d.B == nil }), nil
}

// Decided is one answer of a person on records of a device.
type Decided struct {
	Other string // the other device; the device itself where the answer keeps its records together
	Same  bool
	Actor string
	At    time.Time
	Why   string
}

// Answers lists what people decided about records of a device, so that a page can offer to take it back: the other
// device of each, or the device itself where the answer keeps two of its records together.
func (inv *Inventory) Answers(tx *sqldb.Tx, d *Device) ([]Decided, error) {
	names := make([]any, len(d.Records))
	for i, r := range d.Records {
		names[i] = r.Name()
	}
	if len(names) == 0 {
		return nil, nil
	}
	if len(names) > chunk/2 {
		names = names[:chunk/2]
	}
	in := sqldb.In(len(names), 1)
	rows, err := tx.Query("SELECT a, b, same, actor, at, why FROM inventory_decision WHERE a IN "+in+" OR b IN "+in+" ORDER BY at DESC, a, b LIMIT 200", names...)
	if err != nil {
		return nil, err
	}
	var out []Decided
	var far []string
	for rows.Next() {
		var a, b string
		var at int64
		var x Decided
		if err := rows.Scan(&a, &b, &x.Same, &x.Actor, &at, &x.Why); err != nil {
			rows.Close()
			return nil, err
		}
		x.At = fromMicros(at)
		if !slices.Contains(names, any(a)) {
			a, b = b, a
		}
		far = append(far, b)
		out = append(out, x)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, err
	}
	device, err := devicesNamed(tx, far)
	if err != nil {
		return nil, err
	}
	seen := map[Decided]bool{}
	kept := out[:0]
	for i, x := range out {
		if x.Other = device[far[i]]; x.Other != "" && !seen[x] {
			seen[x] = true
			kept = append(kept, x)
		}
	}
	return kept, nil
}

// devicesNamed finds the devices of records by the records' stable names; names of records that are no more are
// left out.
func devicesNamed(tx *sqldb.Tx, names []string) (map[string]string, error) {
	names = slices.Clone(names)
	slices.Sort(names)
	out := map[string]string{}
	for part := range slices.Chunk(slices.Compact(names), chunk/2) {
		var where []string
		var args []any
		for _, name := range part {
			source, key, _ := splitName(name)
			where = append(where, fmt.Sprintf("(source = $%d AND record_key = $%d)", len(args)+1, len(args)+2))
			args = append(args, source, key)
		}
		records, err := tx.Query("SELECT source, record_key, device FROM inventory_record WHERE "+strings.Join(where, " OR "), args...)
		if err != nil {
			return nil, err
		}
		for records.Next() {
			var source, key, device string
			if err := records.Scan(&source, &key, &device); err != nil {
				records.Close()
				return nil, err
			}
			out[source+"/"+key] = device
		}
		records.Close()
		if err := records.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
