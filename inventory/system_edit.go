package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"pons/fact"
	"pons/fault"
	"pons/linkage"
	"pons/sqldb"
)

// JoinSystem makes devices parts of a medical system by a person's word, all or none: name is the system's name, or the
// id, number, tag, hostname or serial of the device that is the whole. The id returned takes it back with UndoEdit.
func (inv *Inventory) JoinSystem(ctx context.Context, name string, devices []string, actor, why string) (edit string, err error) {
	name, err = CleanValue(fact.Parent, name)
	if err == nil && wholeStated(name) == "" {
		err = fmt.Errorf("name the system, or the device that is the whole: %w", fault.Invalid)
	}
	if err == nil {
		edit, err = inv.editParts(ctx, devices, Edit{Actor: actor, Why: why}, func(tx *sqldb.Tx, id string) (string, error) {
			return inv.wholeFor(tx, name, id)
		})
	}
	if err != nil {
		return "", fmt.Errorf("joining %s: %w", name, err)
	}
	return edit, nil
}

// LeaveSystem takes devices out of the medical system they are a part of, by a person's word: what sources say of it is
// overruled.
func (inv *Inventory) LeaveSystem(ctx context.Context, devices []string, actor, why string) (edit string, err error) {
	edit, err = inv.editParts(ctx, devices, Edit{Actor: actor, Why: why}, func(*sqldb.Tx, string) (string, error) { return NoSystem, nil })
	if err != nil {
		return "", fmt.Errorf("leaving a system: %w", err)
	}
	return edit, nil
}

// editParts states for each device what it is a part of; say may answer "" to leave a device as it is.
func (inv *Inventory) editParts(ctx context.Context, devices []string, e Edit, say func(tx *sqldb.Tx, id string) (string, error)) (edit string, err error) {
	if len(devices) == 0 || len(devices) > MaxEdit {
		return "", fmt.Errorf("%d devices at once; 1 to %d: %w", len(devices), MaxEdit, fault.Invalid)
	}
	edit = uuid.Must(uuid.NewV7()).String()
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		said := map[string]map[fact.Attr]string{}
		for _, device := range devices {
			id, err := inv.current(tx, device)
			if err != nil {
				return err
			}
			text, err := say(tx, id)
			if err != nil {
				return err
			}
			if text != "" {
				said[id] = map[fact.Attr]string{fact.Parent: text}
			}
		}
		if len(said) == 0 {
			return fmt.Errorf("a device is no part of itself: %w", fault.Invalid)
		}
		return inv.stateEach(tx, edit, "edit", e, said)
	})
	return edit, err
}

// wholeFor is what to state of a device that joins: a text that names the whole and nothing else, so that people can read
// it and a merge does not break it. It is "" when the device is the whole itself.
func (inv *Inventory) wholeFor(tx *sqldb.Tx, name, part string) (string, error) {
	s := systems{inv: inv, tx: tx, rows: map[string]*Row{}, named: map[string][]holder{}}
	self, err := s.whole(name, "")
	if err != nil || self == part {
		return "", err
	}
	whole, err := s.whole(name, part)
	switch {
	case err != nil:
		return "", err
	case whole == "" && uuid.Validate(name) == nil:
		return "", fmt.Errorf("device %s: %w", name, fault.NotFound)
	case whole == "":
		return name, nil
	}
	if err := s.load([]string{whole, part}); err != nil {
		return "", err
	}
	for up, n := whole, 0; up != "" && n < deepest; n++ {
		if up, _, err = s.above(up); err != nil {
			return "", err
		}
		if up == part {
			return "", fmt.Errorf("%s is a part of %s already; take it out first: %w", s.rows[whole].Name, s.rows[part].Name, fault.Conflict)
		}
	}
	if !strings.EqualFold(name, whole) {
		return name, nil
	}
	for _, attr := range []fact.Attr{fact.ControlNumber, fact.AssetTag, fact.Hostname, fact.Serial} {
		for _, text := range s.rows[whole].All(attr) {
			if found, err := s.whole(text, part); err != nil {
				return "", err
			} else if found == whole && wholeStated(text) != "" {
				return text, nil
			}
		}
	}
	return whole, nil
}

// SystemSuggestion is a device that seems to be a part of another, for a person to decide.
type SystemSuggestion struct {
	Part, Whole *Row
	Because     string
}

// bearsSerialOf are the classes whose devices are labelled with the serial of the device they are plugged into (seen in
// hospitals' exports: pump modules), and the classes of those.
var bearsSerialOf = map[string][]string{"infusion-pump-module": {"infusion-pump"}}

// SystemSuggestions proposes parts of a device, or what it may be a part of: modules that bear the serial of a pump of the
// same maker. What a person has stated of a device, also that it is a part of nothing, is not asked again.
func (inv *Inventory) SystemSuggestions(tx *sqldb.Tx, device string) ([]SystemSuggestion, error) {
	id, err := inv.current(tx, device)
	if err != nil {
		return nil, err
	}
	rows, err := rowsByID(tx, []string{id})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	self := rows[0]
	serial, maker, class := linkage.FoldSerial(self.Get(fact.Serial)), self.Get(fact.Manufacturer), self.Get(fact.Class)
	asked := bearsSerialOf[class] != nil
	for _, wholes := range bearsSerialOf {
		asked = asked || slices.Contains(wholes, class)
	}
	if !asked || serial == "" || maker == "" {
		return nil, nil
	}
	ids, err := strings1(tx, "SELECT DISTINCT r.device FROM inventory_key k JOIN inventory_record r ON r.id = k.record WHERE k.link_key = $1 AND r.device <> $2 ORDER BY r.device LIMIT $3",
		"serial:"+serial, id, int64(linkage.Crowded))
	if err != nil {
		return nil, err
	}
	others, err := rowsByID(tx, ids)
	if err != nil {
		return nil, err
	}
	var out []SystemSuggestion
	for _, o := range others {
		part, whole := self, o
		if bearsSerialOf[class] == nil {
			part, whole = o, self
		}
		if o.Get(fact.Manufacturer) != maker || linkage.FoldSerial(o.Get(fact.Serial)) != serial || !slices.Contains(bearsSerialOf[part.Get(fact.Class)], whole.Get(fact.Class)) || part.Get(fact.Parent) != "" {
			continue
		}
		persons, err := personsOf(tx, []string{part.ID})
		if err != nil {
			return nil, err
		}
		if wordOf(persons[part.ID], fact.Parent) == "" {
			out = append(out, SystemSuggestion{Part: part, Whole: whole, Because: "the module bears the serial " + self.Get(fact.Serial) + " of a pump by " + maker})
		}
	}
	slices.SortFunc(out, func(a, b SystemSuggestion) int {
		return cmp.Or(cmp.Compare(a.Part.Name, b.Part.Name), cmp.Compare(a.Part.ID, b.Part.ID), cmp.Compare(a.Whole.ID, b.Whole.ID))
	})
	return out, nil
}
