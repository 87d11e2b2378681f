package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"pons/fact"
	"pons/linkage"
	"pons/sqldb"
)

// System is a medical system: devices that do one job together and are taken out of service together, such as a pump
// with its modules, or pumps with their gateway and server. It is a name alone, or a device that others are parts of.
type System struct {
	Name  string
	Whole *Row   // the device that the parts name; nil when the system is a name alone
	Parts []*Row // the other devices, by name and id
	More  bool   // there are more parts than MaxParts
}

// MaxParts bounds the parts that are listed of one system: a column that says the same of ten thousand devices names no
// system (expert default).
const MaxParts = 1000

// NoSystem is what a person states of a device that is a part of nothing, whatever the sources say.
const NoSystem = "none"

// wholeStated is a statement of what a device is a part of; "" for those that say "none".
func wholeStated(text string) string {
	if fact.Placeholder(text) {
		return ""
	}
	return text
}

// partKeys are the keys under which the text may name a device, and the key that it shares with texts that name nothing
// but the system itself.
func partKeys(text string) []string {
	keys := linkage.Keys(nameOfWhole(text))
	if name := linkage.FoldPlace(text); name != "" {
		keys = append(keys, "name:"+name)
	}
	if len(text) == 36 {
		keys = append(keys, "id:"+strings.ToLower(text))
	}
	return keys
}

// nameOfWhole reads the text as each thing by which people name a device on a label or in a column: not by an address,
// which others may bear tomorrow.
func nameOfWhole(text string) *linkage.Profile {
	p := &linkage.Profile{Control: linkage.FoldPlace(text), Tag: linkage.FoldPlace(text), Serial: linkage.FoldSerial(text)}
	if h := linkage.FoldHost(text); h != "" {
		p.Hosts = []string{h}
	}
	return p
}

// storeParts keeps the keys of what devices are said to be parts of.
func (w *writer) storeParts(rows []*Row, before map[string]*Row) error {
	var stale []string
	var fresh []*Row
	for _, r := range rows {
		was, is := "", r.Get(fact.Parent)
		if b := before[r.ID]; b != nil {
			was = b.Get(fact.Parent)
		}
		if was == is {
			continue
		}
		if was != "" {
			stale = append(stale, r.ID)
		}
		if is != "" {
			fresh = append(fresh, r)
		}
	}
	_, err := inChunks(stale, func(part []any) ([]struct{}, error) {
		_, err := w.tx.Exec("DELETE FROM inventory_part WHERE device IN "+sqldb.In(len(part), 1), part...)
		return nil, err
	})
	if err != nil || len(fresh) == 0 {
		return err
	}
	_, err = w.tx.Merge("inventory_part", []string{"link_key", "device"}, []string{"link_key", "device"}, func(yield func([]any) bool) {
		for _, r := range fresh {
			for _, k := range partKeys(r.Get(fact.Parent)) {
				if !yield([]any{k, r.ID}) {
					return
				}
			}
		}
	})
	return err
}

// System returns the medical system that a device belongs to: the device that is the whole, and everything that is a part
// of it or of one of its parts. Names are resolved now, by the keys that records bear, so that it does not matter
// which was imported first and what was merged since. A device that belongs to none gets the zero System.
func (inv *Inventory) System(tx *sqldb.Tx, device string) (System, error) {
	id, err := inv.current(tx, device)
	if err != nil {
		return System{}, err
	}
	s := systems{inv: inv, tx: tx, rows: map[string]*Row{}, named: map[string][]holder{}}
	return s.of(id)
}

// systems resolves medical systems within one View.
type systems struct {
	inv   *Inventory
	tx    *sqldb.Tx
	rows  map[string]*Row
	named map[string][]holder // text → the devices that bear one of its keys
}

// holder is a device that bears a key.
type holder struct{ kind, device string }

// load reads rows that are not known yet.
func (s *systems) load(ids []string) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return s.rows[id] != nil })
	rows, err := rowsByID(s.tx, ids)
	for _, r := range rows {
		s.rows[r.ID] = r
	}
	return err
}

// whole is the device that the text names for another device; "" when it names none, or several.
func (s *systems) whole(text, part string) (string, error) {
	holders, ok := s.named[text]
	if !ok {
		var err error
		if holders, err = s.holders(text); err != nil {
			return "", err
		}
		s.named[text] = holders
	}
	for _, kind := range []string{"id", "control", "tag", "host", "serial"} { // from the most to the least deliberate
		found := ""
		for _, h := range holders {
			switch {
			case h.kind != kind || h.device == part:
			case found == "" || found == h.device:
				found = h.device
			default:
				return "", nil // several: which is meant, nobody knows
			}
		}
		if found != "" {
			return found, nil
		}
	}
	return "", nil
}

func (s *systems) holders(text string) ([]holder, error) {
	var out []holder
	if len(text) == 36 {
		if id, err := s.inv.current(s.tx, strings.ToLower(text)); err == nil {
			out = append(out, holder{"id", id})
		}
	}
	keys := linkage.Keys(nameOfWhole(text))
	if len(keys) == 0 {
		return out, nil
	}
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = k
	}
	// Beyond a few dozen holders a key names nobody: linkage leaves crowded keys aside too.
	rows, err := s.tx.Query("SELECT DISTINCT k.link_key, r.device FROM inventory_key k JOIN inventory_record r ON r.id = k.record WHERE k.link_key IN "+
		sqldb.In(len(args), 1)+" ORDER BY k.link_key, r.device LIMIT 500", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var h holder
		if err := rows.Scan(&key, &h.device); err != nil {
			return nil, err
		}
		h.kind, _, _ = strings.Cut(key, ":")
		out = append(out, h)
	}
	return out, rows.Err()
}

// above is what a device is a part of: a device, or a name alone.
func (s *systems) above(id string) (whole, name string, err error) {
	if err := s.load([]string{id}); err != nil || s.rows[id] == nil {
		return "", "", err
	}
	text := s.rows[id].Get(fact.Parent)
	if text == "" {
		return "", "", nil
	}
	whole, err = s.whole(text, id)
	return whole, text, err
}

// deepest bounds how many devices lie inside each other: server, gateway, rack, pump, module are five (expert default).
const deepest = 32

// of finds the top of the system and gathers what is below it.
func (s *systems) of(id string) (System, error) {
	path := []string{id}
	name := ""
	for len(path) < deepest {
		whole, text, err := s.above(path[len(path)-1])
		if err != nil {
			return System{}, err
		}
		if whole == "" {
			name = text
			break
		}
		if at := slices.Index(path, whole); at >= 0 { // a circle: the same device is its top whichever part is asked
			path = append(path, slices.Min(path[at:]))
			break
		}
		path = append(path, whole)
	}
	top := path[len(path)-1]
	out := System{Name: name}
	seen := map[string]bool{top: true}
	wave := []string{top}
	if name != "" { // nothing bears the name: whatever states it belongs together
		alike, err := s.stating("name:" + linkage.FoldPlace(name))
		if err == nil {
			err = s.load(alike)
		}
		if err != nil {
			return out, err
		}
		for _, x := range alike {
			if whole, _, err := s.above(x); err != nil {
				return out, err
			} else if whole == "" && !seen[x] {
				seen[x] = true
				wave = append(wave, x)
			}
		}
	}
	for len(wave) > 0 && len(seen) <= MaxParts {
		next, err := s.below(wave)
		if err != nil {
			return out, err
		}
		wave = slices.DeleteFunc(next, func(x string) bool { return seen[x] })
		for _, x := range wave {
			seen[x] = true
		}
	}
	if name == "" && len(seen) == 1 {
		return System{}, nil
	}
	return s.finish(out, top, seen)
}

// finish puts the rows of the members in order.
func (s *systems) finish(out System, top string, seen map[string]bool) (System, error) {
	if err := s.load(slices.Sorted(maps.Keys(seen))); err != nil {
		return out, err
	}
	if out.Name == "" {
		out.Whole = s.rows[top]
		out.Name = out.Whole.Name
		delete(seen, top)
	}
	for x := range seen {
		r := s.rows[x]
		out.Parts = append(out.Parts, r)
		if text := r.Get(fact.Parent); out.Whole == nil && text < out.Name && linkage.FoldPlace(text) == linkage.FoldPlace(out.Name) {
			out.Name = text // of its spellings always the same one
		}
	}
	slices.SortFunc(out.Parts, func(a, b *Row) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	if len(out.Parts) > MaxParts {
		out.Parts, out.More = out.Parts[:MaxParts], true
	}
	return out, nil
}

// stating lists devices whose statement holds one of the keys.
func (s *systems) stating(keys ...string) ([]string, error) {
	return inChunks(keys, func(part []any) ([]string, error) {
		return strings1(s.tx, "SELECT DISTINCT device FROM inventory_part WHERE link_key IN "+sqldb.In(len(part), 1)+" ORDER BY device LIMIT 2000", part...)
	})
}

// below lists the devices that are parts of one of the devices.
func (s *systems) below(ids []string) ([]string, error) {
	records, err := recordsOfDevices(s.tx, ids)
	if err != nil {
		return nil, err
	}
	keys := wholeKeys(records)
	former, err := inChunks(ids, func(part []any) ([]string, error) {
		return strings1(s.tx, `WITH RECURSIVE former (id) AS (SELECT id FROM inventory_device WHERE id IN `+sqldb.In(len(part), 1)+
			` UNION SELECT g.id FROM inventory_gone g JOIN former f ON g.heir = f.id) SELECT id FROM former ORDER BY id`, part...)
	})
	if err != nil {
		return nil, err
	}
	for _, id := range former {
		keys = append(keys, "id:"+id)
	}
	candidates, err := s.stating(keys...)
	if err != nil {
		return nil, err
	}
	slices.Sort(candidates)
	candidates = slices.Compact(candidates)
	if err := s.load(candidates); err != nil {
		return nil, err
	}
	var out []string
	for _, x := range candidates {
		if whole, _, err := s.above(x); err != nil {
			return nil, err
		} else if slices.Contains(ids, whole) {
			out = append(out, x)
		}
	}
	return out, nil
}

// wholeKeys are the keys by which parts may name a device.
func wholeKeys(records []*stored) []string {
	var keys []string
	for _, r := range records {
		for _, k := range linkage.Keys(r.profile()) {
			if kind, _, _ := strings.Cut(k, ":"); kind == "control" || kind == "tag" || kind == "host" || kind == "serial" {
				keys = append(keys, k)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// systemsOf gives devices their systems: those that are said to be a part of something and those that something is said
// to be a part of. It costs one statement where there are none.
func (inv *Inventory) systemsOf(tx *sqldb.Tx, devices []*Device, records []*stored) error {
	var some bool
	if err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM inventory_part)").Scan(&some); err != nil || !some {
		return err
	}
	bearer := map[string][]string{} // key → devices
	for _, r := range records {
		for _, k := range wholeKeys([]*stored{r}) {
			bearer[k] = append(bearer[k], r.Device)
		}
	}
	for _, d := range devices {
		bearer["id:"+d.ID] = append(bearer["id:"+d.ID], d.ID)
	}
	named, err := inChunks(slices.Sorted(maps.Keys(bearer)), func(part []any) ([]string, error) {
		return strings1(tx, "SELECT DISTINCT link_key FROM inventory_part WHERE link_key IN "+sqldb.In(len(part), 1)+" ORDER BY link_key", part...)
	})
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, k := range named {
		for _, id := range bearer[k] {
			wanted[id] = true
		}
	}
	s := systems{inv: inv, tx: tx, rows: map[string]*Row{}, named: map[string][]holder{}}
	known := map[string]*System{}
	for _, d := range devices {
		if !wanted[d.ID] && wholeStated(d.Get(fact.Parent)) == "" {
			continue
		}
		if known[d.ID] == nil {
			system, err := s.of(d.ID)
			if err != nil {
				return err
			}
			for _, m := range system.Members() {
				known[m.ID] = &system
			}
		}
		d.System = known[d.ID]
	}
	return nil
}

// Members are the whole, where there is one, and the parts.
func (s *System) Members() []*Row {
	if s.Whole == nil {
		return s.Parts
	}
	return append([]*Row{s.Whole}, s.Parts...)
}

// Seen is the system as somebody may see it: devices for whose place may answers no are left out. A whole that is out of
// sight goes by what its parts in sight call it.
func (s *System) Seen(may func(site, department string) bool) *System {
	if s == nil {
		return nil
	}
	out := &System{Name: s.Name, More: s.More}
	for _, p := range s.Parts {
		if may(p.Place()) {
			out.Parts = append(out.Parts, p)
		}
	}
	switch {
	case s.Whole == nil:
	case may(s.Whole.Place()):
		out.Whole = s.Whole
	default:
		out.Name = ""
		for _, p := range out.Parts {
			if text := p.Get(fact.Parent); text != "" && (out.Name == "" || text < out.Name) {
				out.Name = text
			}
		}
	}
	if len(out.Members()) == 0 {
		return nil
	}
	return out
}
