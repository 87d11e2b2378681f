package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pons/audit"
	"pons/fact"
	"pons/fault"
	"pons/linkage"
	"pons/product"
	"pons/sqldb"
)

// catalogue is the catalogue in force: what Pons brings and the hospital's own lines.
type catalogue struct {
	*product.Catalog
	id      int64 // of the text it was made with; 0: none
	problem error // why that text is left out
}

// Catalog is the catalogue in force as far as this process has seen.
func (inv *Inventory) Catalog() *product.Catalog { return inv.catalogue.Load().Catalog }

// OwnCatalog returns the hospital's own lines, in the format of docs/catalog.md.
func (inv *Inventory) OwnCatalog(tx *sqldb.Tx) (text string, err error) {
	_, text, err = ownCatalog(tx)
	return text, err
}

func ownCatalog(tx *sqldb.Tx) (id int64, text string, err error) {
	err = tx.QueryRow("SELECT id, body FROM inventory_catalog ORDER BY id DESC LIMIT 1").Scan(&id, &text)
	if errors.Is(err, fault.NotFound) {
		return 0, "", nil
	}
	return id, text, err
}

// followCatalog brings the catalogue in line with the database: another process may have changed it. Own lines
// that cannot be read any more, since a newer Pons dropped what they build on, are left out until they are mended
// (CatalogProblem says so): a hospital's imports do not stop for a name.
func (inv *Inventory) followCatalog(tx *sqldb.Tx) (*product.Catalog, error) {
	var id int64
	if err := tx.QueryRow("SELECT COALESCE(MAX(id), 0) FROM inventory_catalog").Scan(&id); err != nil {
		return nil, err
	}
	have := inv.catalogue.Load()
	if have.id == id {
		return have.Catalog, nil
	}
	_, text, err := ownCatalog(tx)
	if err != nil {
		return nil, err
	}
	next := &catalogue{Catalog: inv.brought, id: id}
	if c, err := inv.brought.With(text); err != nil {
		next.problem = fmt.Errorf("the hospital's own catalogue is left out until it is mended: %w: %w", err, fault.Invalid)
	} else {
		next.Catalog = c
	}
	inv.catalogue.Store(next)
	return next.Catalog, nil
}

// CatalogProblem says why the hospital's own lines are not in force; nil when they are.
func (inv *Inventory) CatalogProblem() error { return inv.catalogue.Load().problem }

// CatalogVersion is one text of the hospital's own catalogue; the newest is in force.
type CatalogVersion struct {
	ID    int64
	Text  string
	Actor string
	At    time.Time
}

// CatalogVersions lists the latest texts, the one in force first; none before the first change.
func (inv *Inventory) CatalogVersions(tx *sqldb.Tx, limit int) ([]CatalogVersion, error) {
	rows, err := tx.Query("SELECT id, body, actor, at FROM inventory_catalog ORDER BY id DESC LIMIT $1", int64(limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []CatalogVersion
	for rows.Next() {
		var v CatalogVersion
		var at int64
		if err := rows.Scan(&v.ID, &v.Text, &v.Actor, &at); err != nil {
			return nil, err
		}
		v.At = fromMicros(at)
		out = append(out, v)
	}
	return out, rows.Err()
}

// CatalogVersionOf returns one text by its number.
func (inv *Inventory) CatalogVersionOf(tx *sqldb.Tx, id int64) (CatalogVersion, error) {
	v := CatalogVersion{ID: id}
	var at int64
	if err := tx.QueryRow("SELECT body, actor, at FROM inventory_catalog WHERE id = $1", id).Scan(&v.Text, &v.Actor, &at); err != nil {
		return v, fmt.Errorf("version %d of the catalog: %w", id, err)
	}
	v.At = fromMicros(at)
	return v, nil
}

// CatalogChange is what another text of the hospital's own catalogue would change.
type CatalogChange struct {
	Total    int // records there are
	Records  int // of them looked at: all, or an even sample where there are too many for a preview
	Changed  int // of those looked at, records that would be named otherwise
	Examples []Renaming
	Readings []Reading
}

// Renaming is a record that another catalogue names otherwise.
type Renaming struct{ Device, Source, Key, Attr, Written, Before, After string }

// Reading is an example of a text, as the catalogue in force reads it and as it should be read.
type Reading struct {
	product.Example
	Before string // empty: nothing known
}

// catalogSample bounds a preview and a search for unknown names to about a second (expert default).
const catalogSample = 20_000

// sampled selects at most about catalogSample records, evenly over all of them by id, in one statement. each gets
// those whose device may be seen; scope nil is all. It returns how many there are and how many were looked at.
func sampled(tx *sqldb.Tx, may func(site, department string) bool, each func(s *stored) error) (total, looked int, err error) {
	var n int64
	if err := tx.QueryRow("SELECT COUNT(*) FROM inventory_record").Scan(&n); err != nil {
		return 0, 0, err
	}
	step := max(1, (n+catalogSample-1)/catalogSample)
	rows, err := tx.Query(`SELECT r.source, r.record_key, r.device, r.kind, r.file, r.row_number, r.said_at, r.body, d.site, d.department
		FROM inventory_record r JOIN inventory_device d ON d.id = r.device
		WHERE r.id IN (SELECT id FROM inventory_record WHERE id % $1 = 0)`, step)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		s := &stored{}
		var row, said int64
		var site, department string
		if err := rows.Scan(&s.Source, &s.Key, &s.Device, &s.Kind, &s.File, &row, &said, &s.body, &site, &department); err != nil {
			return 0, 0, err
		}
		if may != nil && !may(site, department) {
			continue
		}
		looked++
		s.Row, s.At = int(row), fromMicros(said)
		if s.Said, err = decodeSaid(s.body); err != nil {
			return 0, 0, err
		}
		if err := each(s); err != nil {
			return 0, 0, err
		}
	}
	return int(n), looked, rows.Err()
}

// checkCatalog reads a text and tries its examples. The error wraps product.Mistakes and fault.Invalid.
func (inv *Inventory) checkCatalog(text string) (*product.Catalog, error) {
	c, err := inv.brought.Check(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, fault.Invalid)
	}
	return c, nil
}

// CheckCatalog says whether a text can be the hospital's own lines. The error wraps product.Mistakes and fault.Invalid.
func (inv *Inventory) CheckCatalog(text string) error {
	_, err := inv.checkCatalog(text)
	return err
}

// PreviewCatalog checks a text and says what it would change, without changing it.
func (inv *Inventory) PreviewCatalog(tx *sqldb.Tx, text string) (CatalogChange, error) {
	var out CatalogChange
	c, err := inv.checkCatalog(text)
	if err != nil {
		return out, err
	}
	now, err := inv.followCatalog(tx)
	if err != nil {
		return out, err
	}
	for _, e := range product.Examples(text) {
		out.Readings = append(out.Readings, Reading{Example: e, Before: now.Read(e)})
	}
	rules, err := inv.followRules(tx)
	if err != nil {
		return out, err
	}
	n := NewNormalizerWith(c, rules)
	out.Total, out.Records, err = sampled(tx, nil, func(s *stored) error {
		if s.Kind == personSource {
			return nil // a person's word is kept as it was given
		}
		said := n.Statements(s.Kind, s.written())
		if slices.Equal(said, s.Said) {
			return nil
		}
		out.Changed++
		if len(out.Examples) < previewExamples {
			out.Examples = append(out.Examples, renamings(s, said)...)
		}
		return nil
	})
	return out, err
}

// renamings lists the names that differ.
func renamings(s *stored, said []Statement) []Renaming {
	var out []Renaming
	find := func(list []Statement, attr fact.Attr) Statement {
		for _, x := range list {
			if x.Attr == attr {
				return x
			}
		}
		return Statement{}
	}
	for _, attr := range []fact.Attr{fact.Manufacturer, fact.Model, fact.Class} {
		before, after := find(s.Said, attr), find(said, attr)
		if before.Value != after.Value {
			written := after.Raw
			if written == "" {
				written = before.Raw
			}
			out = append(out, Renaming{Device: s.Device, Source: s.Source, Key: s.Key, Attr: string(attr), Written: written, Before: before.Value, After: after.Value})
		}
	}
	return out
}

// CatalogEdit is a change of the hospital's own catalogue.
type CatalogEdit struct {
	Text  string // the whole text in place of the one before
	Over  int64  // the version that was edited, 0 for none: another one in force is a conflict. Negative: whichever is
	Actor string
	// Progress is told how many records were looked at and how many there are; it may be nil.
	Progress func(done, total int)
}

// SetCatalog replaces the hospital's own lines and names every record anew, in one Update. It returns how many
// records are named otherwise. The error of a text that cannot be taken wraps product.Mistakes and fault.Invalid.
func (inv *Inventory) SetCatalog(ctx context.Context, e CatalogEdit) (changed int, err error) {
	c, err := inv.checkCatalog(e.Text)
	if err != nil {
		return 0, err
	}
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		version, before, err := ownCatalog(tx)
		if err != nil {
			return err
		}
		if e.Over >= 0 && e.Over != version {
			return fmt.Errorf("somebody changed the hospital's own lines meanwhile: %w", fault.Conflict)
		}
		if before == e.Text {
			return nil
		}
		w, err := inv.writer(tx, e.Actor, "catalog")
		if err != nil {
			return err
		}
		id, err := w.take("catalog", 1)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO inventory_catalog (id, body, actor, at) VALUES ($1, $2, $3, $4)", id, e.Text, e.Actor, micros(w.at)); err != nil {
			return err
		}
		w.norm, w.resolver.catalog = NewNormalizerWith(c, w.norm.rules), c
		if changed, err = w.renameAll(e.Progress); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: w.at, Actor: e.Actor, Verb: "catalog.change", Object: "catalog", Before: audit.Fields{"text": before}, After: audit.Fields{"text": e.Text}})
	})
	if err != nil {
		return 0, fmt.Errorf("change of the catalog: %w", err)
	}
	return changed, inv.db.View(ctx, func(tx *sqldb.Tx) error { _, err := inv.followCatalog(tx); return err })
}

// renameAll normalises every record anew and relinks those that read otherwise.
func (w *writer) renameAll(progress func(done, total int)) (changed int, err error) {
	var total int64
	if err := w.tx.QueryRow("SELECT COUNT(*) FROM inventory_record").Scan(&total); err != nil {
		return 0, err
	}
	done, last := 0, int64(-1)
	for {
		records, err := readRecords(w.tx, "SELECT "+recordColumns+" FROM inventory_record WHERE id > $1 ORDER BY id LIMIT $2", last, int64(batch))
		if err != nil || len(records) == 0 {
			return changed, err
		}
		last = records[len(records)-1].ID
		var other []*stored
		for _, s := range records {
			if s.Kind == personSource {
				continue // a person's word is kept as it was given
			}
			said := w.norm.Statements(s.Kind, s.written())
			if slices.Equal(said, s.Said) {
				continue
			}
			s.oldKeys = linkage.Keys(s.profile())
			s.Said, s.body, s.changed = said, encodeSaid(said), true
			s.keys = linkage.Keys(s.profile())
			other = append(other, s)
		}
		changed += len(other)
		done += len(records)
		if progress != nil {
			progress(done, int(total))
		}
		delta, err := writeKeys(w.tx, other)
		if err != nil {
			return changed, err
		}
		if _, err := w.relink(other, delta, nil); err != nil {
			return changed, err
		}
	}
}
