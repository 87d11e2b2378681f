package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
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

// personSource is the source under which people's statements are kept. Each is anchored to a record of the
// device by that record's stable name, so that it follows the record through merges, splits and imports.
const personSource = "person"

// Edit is what a person states of a device. An empty value takes an earlier statement of a person back.
type Edit struct {
	Device string
	Actor  string // who, for the history and the reason
	Values map[fact.Attr]string
	Why    string
}

// State records a person's word on a device. It wins over every other source until it is taken back.
func (inv *Inventory) State(ctx context.Context, e Edit) error {
	_, err := inv.StateAll(ctx, []string{e.Device}, e)
	return err
}

func texts(values map[fact.Attr]string) map[string]string {
	out := make(map[string]string, len(values))
	for k, v := range values {
		out[string(k)] = v
	}
	return out
}

// personRecord finds the person's record of a device, or makes one anchored to its oldest record.
func (w *writer) personRecord(records []*stored) (*stored, error) {
	var anchor *stored
	for _, s := range records {
		if s.Kind == personSource {
			return s, nil
		}
		if anchor == nil || s.ID < anchor.ID {
			anchor = s
		}
	}
	if anchor == nil {
		return nil, fmt.Errorf("device has no record: %w", fault.NotFound)
	}
	s := &stored{Record: Record{Source: personSource, Kind: personSource, Key: anchor.Name(), At: w.at}, isNew: true}
	if err := w.number([]*stored{s}); err != nil {
		return nil, err
	}
	w.persons[anchor.Name()] = s.ID
	return s, nil
}

// CleanValue checks and canonicalises a value that a person gives for an attribute; "" clears it.
func CleanValue(attr fact.Attr, value string) (string, error) {
	a, ok := AttributeNamed(attr)
	if !ok || !a.Editable {
		return "", fmt.Errorf("attribute %s cannot be edited: %w", attr, fault.Invalid)
	}
	value = strings.TrimSpace(value)
	if value == "" {
		return "", nil
	}
	if len(value) > 4000 || strings.ContainsAny(value, "\n\x00") && attr != fact.Notes {
		return "", fmt.Errorf("%s: one line of at most 4,000 characters: %w", a.Title, fault.Invalid)
	}
	bad := func(want string) (string, error) {
		return "", fmt.Errorf("%s: %q is not %s: %w", a.Title, value, want, fault.Invalid)
	}
	if len(a.Options) > 0 && !slices.Contains(a.Options, value) {
		return bad("one of " + strings.Join(a.Options, ", "))
	}
	if attr == fact.UDIDI {
		return cleanIdentifier(value)
	}
	switch a.Kind {
	case Date:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return bad("a date such as 2027-03-01")
		}
	case Number:
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return bad("a number")
		}
	case Money:
		amount, _, _ := strings.Cut(value, " ")
		if f, err := strconv.ParseFloat(amount, 64); err != nil || f < 0 {
			return bad("an amount such as 27948.00 or 27948.00 USD")
		}
	case MAC:
		if m, ok := fact.ParseMAC(value); ok {
			return m, nil
		}
		return bad("a MAC address")
	case IP:
		if _, err := netip.ParseAddr(value); err != nil {
			return bad("an IP address")
		}
	}
	return value, nil
}

// Answer is a person's word on whether two devices are one.
type Answer struct {
	A, B  string // device ids
	Same  bool
	Actor string
	Why   string
}

// Decide records the answer and acts on it: the devices become one, or are never proposed again. The answer
// outlives imports; Undecide takes it back.
func (inv *Inventory) Decide(ctx context.Context, a Answer) error {
	_, err := inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		x, y, err := inv.pairOf(tx, a.A, a.B)
		if err != nil {
			return err
		}
		what := "split"
		if a.Same {
			what = "merge"
		}
		return inv.decide(tx, what, a.Actor, a.Why, a.Same, [][2]*stored{{x, y}})
	})
	if err != nil {
		return fmt.Errorf("decision on %s and %s: %w", a.A, a.B, err)
	}
	return nil
}

// pairOf picks the two records that the answer is kept about: those of the open proposal between the devices,
// else the oldest of each.
func (inv *Inventory) pairOf(tx *sqldb.Tx, a, b string) (x, y *stored, err error) {
	if a, err = inv.current(tx, a); err != nil {
		return nil, nil, err
	}
	if b, err = inv.current(tx, b); err != nil {
		return nil, nil, err
	}
	if a == b {
		return nil, nil, fmt.Errorf("they are one device already: %w", fault.Conflict)
	}
	left, err := recordsOfDevices(tx, []string{a})
	if err != nil {
		return nil, nil, err
	}
	right, err := recordsOfDevices(tx, []string{b})
	if err != nil {
		return nil, nil, err
	}
	byID := map[int64]*stored{}
	for _, s := range slices.Concat(left, right) {
		byID[s.ID] = s
	}
	for _, s := range left {
		rows, err := tx.Query("SELECT a, b FROM inventory_proposal WHERE a = $1 OR b = $1 ORDER BY score DESC, a, b", s.ID)
		if err != nil {
			return nil, nil, err
		}
		for rows.Next() {
			var p, q int64
			if err := rows.Scan(&p, &q); err != nil {
				rows.Close()
				return nil, nil, err
			}
			if byID[p] != nil && byID[q] != nil && byID[p].Device != byID[q].Device {
				rows.Close()
				return anchorOf(byID[p], byID), anchorOf(byID[q], byID), nil
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return nil, nil, err
		}
	}
	return oldestOf(left), oldestOf(right), nil
}

// anchorOf is the record that a person's word hangs on; other records are their own. Answers are kept about records
// of sources: a word may come to hang on another.
func anchorOf(s *stored, byID map[int64]*stored) *stored {
	if s.Kind == personSource {
		for _, r := range byID {
			if r.Name() == s.Key {
				return r
			}
		}
	}
	return s
}

// oldestOf prefers records of files and wires to a person's, whose name hangs on another's.
func oldestOf(records []*stored) *stored {
	return slices.MinFunc(records, func(a, b *stored) int {
		return cmp.Or(compareBool(a.Kind == personSource, b.Kind == personSource), cmp.Compare(a.ID, b.ID))
	})
}

// decide stores answers about pairs of records and relinks them.
func (inv *Inventory) decide(tx *sqldb.Tx, what, actor, why string, same bool, pairs [][2]*stored) error {
	at := inv.now().UTC()
	seeds := map[int64]*stored{}
	var names []string
	for _, p := range pairs {
		a, b := p[0].Name(), p[1].Name()
		if a > b {
			a, b = b, a
		}
		names = append(names, a+" "+b)
		if _, err := tx.Exec(`INSERT INTO inventory_decision (a, b, same, actor, at, why) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (a, b) DO UPDATE SET same = excluded.same, actor = excluded.actor, at = excluded.at, why = excluded.why`,
			a, b, same, actor, micros(at), why); err != nil {
			return err
		}
		seeds[p[0].ID], seeds[p[1].ID] = p[0], p[1]
	}
	if err := inv.relinkSeeds(tx, actor, what, seeds); err != nil {
		return err
	}
	return audit.Append(tx, audit.Entry{At: at, Actor: actor, Verb: "device." + what, Object: strings.Join(names, ", "),
		After: map[string]string{"same": strconv.FormatBool(same)}, Why: why})
}

func (inv *Inventory) relinkSeeds(tx *sqldb.Tx, actor, what string, seeds map[int64]*stored) error {
	w, err := inv.writer(tx, actor, what)
	if err != nil {
		return err
	}
	var list []*stored
	for _, s := range seeds {
		s.changed = true
		s.keys = linkage.Keys(s.profile())
		s.oldKeys = s.keys
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *stored) int { return cmp.Compare(a.ID, b.ID) })
	_, err = w.relink(list, nil, nil)
	return err
}

// Split takes records out of a device into one of their own: they are told apart from each that stays.
func (inv *Inventory) Split(ctx context.Context, device string, records []int64, actor, why string) error {
	_, err := inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		id, err := inv.current(tx, device)
		if err != nil {
			return err
		}
		all, err := recordsOfDevices(tx, []string{id})
		if err != nil {
			return err
		}
		var out, stay []*stored
		for _, s := range all {
			switch {
			case s.Kind == personSource: // follows the record that it is anchored to
			case slices.Contains(records, s.ID):
				out = append(out, s)
			default:
				stay = append(stay, s)
			}
		}
		if len(out) == 0 || len(stay) == 0 {
			return fmt.Errorf("a split takes some records of sources and leaves some: %w", fault.Invalid)
		}
		var pairs [][2]*stored
		for _, a := range out {
			for _, b := range stay {
				pairs = append(pairs, [2]*stored{a, b})
			}
		}
		return inv.decide(tx, "split", actor, why, false, pairs)
	})
	if err != nil {
		return fmt.Errorf("split of device %s: %w", device, err)
	}
	return nil
}

// Undecide takes back every answer between records of the two devices (or within one device, when a is b), so
// that evidence decides again.
func (inv *Inventory) Undecide(ctx context.Context, a, b, actor string) error {
	_, err := inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		var ids []string
		for _, d := range []string{a, b} {
			id, err := inv.current(tx, d)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		slices.Sort(ids)
		records, err := recordsOfDevices(tx, slices.Compact(ids))
		if err != nil {
			return err
		}
		seeds := map[int64]*stored{}
		taken := int64(0)
		for _, x := range records {
			for _, y := range records {
				n, err := tx.Exec("DELETE FROM inventory_decision WHERE a = $1 AND b = $2", x.Name(), y.Name())
				if err != nil {
					return err
				}
				if n > 0 {
					taken += n
					seeds[x.ID], seeds[y.ID] = x, y
				}
			}
		}
		if taken == 0 {
			return fmt.Errorf("nobody has decided on these: %w", fault.NotFound)
		}
		if err := inv.relinkSeeds(tx, actor, "undecide", seeds); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: inv.now().UTC(), Actor: actor, Verb: "device.undecide", Object: a + ", " + b})
	})
	if err != nil {
		return fmt.Errorf("taking back decisions on %s and %s: %w", a, b, err)
	}
	return nil
}

// current follows a device id to the device it went into.
func (inv *Inventory) current(tx *sqldb.Tx, id string) (string, error) {
	for range 64 {
		var one string
		err := tx.QueryRow("SELECT id FROM inventory_device WHERE id = $1", id).Scan(&one)
		if err == nil {
			return id, nil
		}
		if !errors.Is(err, fault.NotFound) {
			return "", err
		}
		var heir string
		if err := tx.QueryRow("SELECT heir FROM inventory_gone WHERE id = $1", id).Scan(&heir); err != nil {
			return "", fmt.Errorf("device %s: %w", id, err)
		}
		if heir == "" {
			return "", fmt.Errorf("device %s is no more: nothing states it since an import was undone: %w", id, fault.NotFound)
		}
		id = heir
	}
	return "", fmt.Errorf("device %s: %w", id, fault.NotFound)
}
