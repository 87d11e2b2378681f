package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
	id int64 // of the text it was made with; 0: none
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

// follow brings the catalogue in line with the database: another process may have changed it.
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
	c, err := inv.brought.With(text)
	if err != nil {
		return nil, fmt.Errorf("the hospital's own catalogue: %w", err)
	}
	inv.catalogue.Store(&catalogue{c, id})
	return c, nil
}

// CatalogChange is what another text of the hospital's own catalogue would change.
type CatalogChange struct {
	Records  int // looked at, the first by id
	Changed  int // of them, records that would be named otherwise
	Examples []Renaming
}

// Renaming is a record that another catalogue names otherwise.
type Renaming struct{ Source, Key, Attr, Written, Before, After string }

// catalogPreviewLimit bounds a preview to about a second (expert default).
const catalogPreviewLimit = 20_000

// PreviewCatalog checks a text and says what it would change, without changing it.
func (inv *Inventory) PreviewCatalog(tx *sqldb.Tx, text string) (CatalogChange, error) {
	var out CatalogChange
	c, err := inv.brought.With(text)
	if err != nil {
		return out, fmt.Errorf("%v: %w", err, fault.Invalid)
	}
	n := NewNormalizer(c)
	last := int64(-1)
	for out.Records < catalogPreviewLimit {
		records, err := readRecords(tx, "SELECT "+recordColumns+" FROM inventory_record WHERE id > $1 ORDER BY id LIMIT $2", last, int64(chunk))
		if err != nil || len(records) == 0 {
			return out, err
		}
		last = records[len(records)-1].ID
		for _, s := range records {
			out.Records++
			said := n.Statements(s.Kind, s.written())
			if slices.Equal(said, s.Said) {
				continue
			}
			out.Changed++
			if len(out.Examples) < previewExamples {
				out.Examples = append(out.Examples, renamings(s, said)...)
			}
		}
	}
	return out, nil
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
			out = append(out, Renaming{Source: s.Source, Key: s.Key, Attr: string(attr), Written: written, Before: before.Value, After: after.Value})
		}
	}
	return out
}

// written is the record as its source gave it.
func (s *stored) written() *fact.Record {
	return &fact.Record{Source: fact.Source(s.Source), Subject: fact.Key{Kind: "row", Value: s.Key}, File: s.File, Row: s.Row, At: s.At, Facts: asWritten(s.Said)}
}

// SetCatalog replaces the hospital's own lines and names every record anew, in one Update. It returns how many
// records are named otherwise.
func (inv *Inventory) SetCatalog(ctx context.Context, text, actor string) (changed int, err error) {
	if _, err := inv.brought.With(text); err != nil {
		return 0, fmt.Errorf("%v: %w", err, fault.Invalid)
	}
	_, err = inv.db.Update(ctx, func(tx *sqldb.Tx) error {
		before, err := inv.OwnCatalog(tx)
		if err != nil {
			return err
		}
		if before == text {
			return nil
		}
		w, err := inv.writer(tx, actor, "catalog")
		if err != nil {
			return err
		}
		id, err := w.take("catalog", 1)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO inventory_catalog (id, body, actor, at) VALUES ($1, $2, $3, $4)", id, text, actor, micros(w.at)); err != nil {
			return err
		}
		c, err := inv.brought.With(text)
		if err != nil {
			return err
		}
		w.norm, w.resolver.catalog = NewNormalizer(c), c
		if changed, err = w.renameAll(); err != nil {
			return err
		}
		return audit.Append(tx, audit.Entry{At: w.at, Actor: actor, Verb: "catalog.change", Object: "catalog", Before: audit.Fields{"text": before}, After: audit.Fields{"text": text}})
	})
	if err != nil {
		return 0, fmt.Errorf("change of the catalogue: %w", err)
	}
	return changed, inv.db.View(ctx, func(tx *sqldb.Tx) error { _, err := inv.followCatalog(tx); return err })
}

// renameAll normalises every record anew and relinks those that read otherwise.
func (w *writer) renameAll() (changed int, err error) {
	last := int64(-1)
	for {
		records, err := readRecords(w.tx, "SELECT "+recordColumns+" FROM inventory_record WHERE id > $1 ORDER BY id LIMIT $2", last, int64(batch))
		if err != nil || len(records) == 0 {
			return changed, err
		}
		last = records[len(records)-1].ID
		var other []*stored
		for _, s := range records {
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
		delta, err := writeKeys(w.tx, other)
		if err != nil {
			return changed, err
		}
		if _, err := w.relink(other, delta, nil); err != nil {
			return changed, err
		}
	}
}
