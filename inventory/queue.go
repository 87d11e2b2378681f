package inventory

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"pons/fact"
	"pons/fault"
	"pons/sqldb"
)

// StateEach records a person's words on many devices, each its own, all or none; e.Device and e.Values mean
// nothing here. The id returned takes them back with UndoEdit.
func (inv *Inventory) StateEach(ctx context.Context, said map[string]map[fact.Attr]string, e Edit) (edit string, err error) {
	if len(said) == 0 || len(said) > MaxEdit {
		return "", fmt.Errorf("%d devices at once; from 1 to %d: %w", len(said), MaxEdit, fault.Invalid)
	}
	edit = uuid.Must(uuid.NewV7()).String()
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		today := make(map[string]map[fact.Attr]string, len(said))
		for id, values := range said {
			if id, err = inv.current(tx, id); err != nil {
				return err
			}
			if today[id] == nil {
				today[id] = map[fact.Attr]string{}
			}
			for attr, value := range values {
				if today[id][attr], err = CleanValue(attr, value); err != nil {
					return err
				}
			}
		}
		return inv.stateEach(tx, edit, "edit", e, today)
	})
	if err != nil {
		return "", fmt.Errorf("edit of %d devices: %w", len(said), err)
	}
	return edit, nil
}

// Classes lists the device classes of the catalogue in force, by name.
func (inv *Inventory) Classes() []ClassName {
	all := inv.Catalog().Classes()
	out := make([]ClassName, len(all))
	for i, c := range all {
		out[i] = ClassName{Name: c.Name, Title: c.Title, Category: c.Category}
	}
	return out
}

// ClassName is a device class to choose.
type ClassName struct{ Name, Title, Category string }

// ClassOf finds the class that a text means: its name, its title or a synonym.
func (inv *Inventory) ClassOf(text string) (name string, ok bool) {
	if c, ok := inv.Catalog().Class(text); ok {
		return c.Name, true
	}
	if c, ok := inv.Catalog().ClassBySynonym(text); ok {
		return c.Name, true
	}
	for _, c := range inv.Catalog().Classes() {
		if strings.EqualFold(c.Title, text) {
			return c.Name, true
		}
	}
	return "", false
}

// PairQuery asks for open proposals of one device. Empty Sites and Departments bound nothing; both devices of a
// pair must be inside.
type PairQuery struct {
	Sites, Departments []string
	Skip, Limit        int
}

// Pairs returns a page of the open proposals of a scope, the strongest first, and how many there are.
func (inv *Inventory) Pairs(tx *sqldb.Tx, q PairQuery) (pairs []Duplicate, total int, err error) {
	from := ` FROM inventory_proposal p JOIN inventory_record x ON x.id = p.a JOIN inventory_record y ON y.id = p.b
		JOIN inventory_device l ON l.id = x.device JOIN inventory_device r ON r.id = y.device WHERE x.device <> y.device`
	var args []any
	for _, bound := range []struct {
		column string
		names  []string
	}{{"site", q.Sites}, {"department", q.Departments}} {
		for _, side := range []string{"l.", "r."} {
			if len(bound.names) == 0 {
				continue
			}
			from += " AND lower(" + side + bound.column + ") IN " + sqldb.In(len(bound.names), len(args)+1)
			for _, name := range bound.names {
				args = append(args, strings.ToLower(strings.TrimSpace(name)))
			}
		}
	}
	// Several records of the same two devices may be alike: people answer once for the devices.
	ranked := `SELECT x.device AS a, y.device AS b, p.score AS score, p.because AS because,
		ROW_NUMBER() OVER (PARTITION BY CASE WHEN x.device < y.device THEN x.device ELSE y.device END,
			CASE WHEN x.device < y.device THEN y.device ELSE x.device END ORDER BY p.score DESC, p.a, p.b) AS place` + from
	var n int64
	if err := tx.QueryRow("SELECT COUNT(*) FROM ("+ranked+") AS ranked WHERE place = 1", args...).Scan(&n); err != nil {
		return nil, 0, err
	}
	rows, err := tx.Query("SELECT a, b, score, because FROM ("+ranked+") AS ranked WHERE place = 1 ORDER BY score DESC, a, b LIMIT "+
		fmt.Sprintf("$%d OFFSET $%d", len(args)+1, len(args)+2), append(args, int64(q.Limit), int64(q.Skip))...)
	if err != nil {
		return nil, 0, err
	}
	var ids [][2]string
	var all []string
	for rows.Next() {
		var d Duplicate
		var pair [2]string
		var because string
		if err := rows.Scan(&pair[0], &pair[1], &d.Score, &because); err != nil {
			rows.Close()
			return nil, 0, err
		}
		d.Because = split(because)
		pairs, ids, all = append(pairs, d), append(ids, pair), append(all, pair[0], pair[1])
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	list, err := inv.Rows(tx, all)
	if err != nil {
		return nil, 0, err
	}
	by := map[string]*Row{}
	for _, r := range list {
		by[r.ID] = r
	}
	for i, pair := range ids {
		pairs[i].A, pairs[i].B = by[pair[0]], by[pair[1]]
	}
	return pairs, int(n), nil
}

// Fold is the text by which two values of the attribute are said to agree.
func (a *Attribute) Fold(value string) string { return a.fold(value) }
