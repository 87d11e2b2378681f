package inventory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pons/fact"
	"pons/fault"
	"pons/product"
	"pons/sqldb"
)

// What the catalogue does not know is listed with its devices, most first, and is gone once it is told.
func TestUnknownNames(t *testing.T) {
	var rows []fact.Record
	for i := range 3 {
		n := fmt.Sprint(i)
		rows = append(rows, row("cmms", "Q"+n, i, "control_number", "Q"+n, "manufacturer", "Quokka Medizintechnik", "model", "QX-77 b", "description", "Ventilator", "site", "East"))
	}
	rows = append(rows, row("cmms", "P1", 9, "control_number", "P1", "manufacturer", "Philips", "model", "Zebulon 9000", "site", "West"), pumpCMMS)
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", rows...)
		look := func(may func(site, department string) bool, limit int) (u Unknown) {
			if err := inv.DB().View(ctx, func(tx *sqldb.Tx) (err error) {
				u, err = inv.UnknownNames(tx, may, limit)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return u
		}
		u := look(nil, 10)
		if u.Total != 5 || u.Looked != 5 || len(u.Makers) != 1 || len(u.Models) != 2 {
			t.Fatalf("%+v", u)
		}
		if m := u.Makers[0]; m.Name != "Quokka Medizintechnik" || m.Of != 3 || m.Records != 3 || len(m.Devices) != 3 || m.Class != "ventilator" || m.Told != "Ventilator" || strings.Join(m.Sources, ",") != "cmms" {
			t.Errorf("%+v", m)
		}
		if m := u.Models[0]; m.Name != "QX-77 b" || m.Maker != "Quokka Medizintechnik" || m.Known {
			t.Errorf("%+v", m)
		}
		if m := u.Models[1]; m.Name != "Zebulon 9000" || m.Maker != "Philips" || !m.Known || m.Of != 1 {
			t.Errorf("%+v", m)
		}
		if u := look(func(site, _ string) bool { return site == "West" }, 10); len(u.Makers) != 0 || len(u.Models) != 1 || u.Looked != 1 {
			t.Errorf("who sees West alone: %+v", u)
		}
		if u := look(nil, 1); len(u.Models) != 1 || u.Further != 1 {
			t.Errorf("at most one: %+v", u)
		}
		text := product.AddMaker("", "Quokka", "Quokka Medizintechnik")
		text = product.AddModel(text, "Quokka", "QX-77", "ventilator", "QX-77 b")
		text = product.AddModel(text, "Philips", "Zebulon 9000", "mri", "")
		done := 0
		if n, err := inv.SetCatalog(ctx, CatalogEdit{Text: text, Actor: "ann", Progress: func(n, total int) { done = n * 100 / total }}); err != nil || n != 4 || done != 100 {
			t.Fatalf("%d named otherwise, %d %% told of: %v", n, done, err)
		}
		if u := look(nil, 10); len(u.Makers)+len(u.Models) != 0 {
			t.Errorf("told, and still: %+v", u)
		}
	})
}

// Two people who edit at once do not lose each other's lines; a text with a mistake changes nothing and says where.
func TestCatalogVersions(t *testing.T) {
	onBoth(t, func(t *testing.T, inv *Inventory) {
		ctx := context.Background()
		bring(t, inv, "cmms", "cmms", pumpCMMS, row("cmms", "Q1", 1, "control_number", "Q1", "manufacturer", "Quokka"))
		_, err := inv.SetCatalog(ctx, CatalogEdit{Text: "@makers\nQuokka | | QMT\n> QTM", Actor: "ann"})
		var wrong product.Mistakes
		if !errors.Is(err, fault.Invalid) || !errors.As(err, &wrong) || wrong[0].Line != 3 {
			t.Fatalf("an example that does not hold: %v", err)
		}
		if _, err := inv.SetCatalog(ctx, CatalogEdit{Text: "@makers\nQuokka | | QMT\n", Actor: "ann"}); err != nil {
			t.Fatal(err)
		}
		if _, err := inv.SetCatalog(ctx, CatalogEdit{Text: "@makers\nWombat | |\n", Actor: "bob"}); !errors.Is(err, fault.Conflict) {
			t.Errorf("over the text of before: %v", err)
		}
		var versions []CatalogVersion
		var preview CatalogChange
		err = inv.DB().View(ctx, func(tx *sqldb.Tx) (err error) {
			if versions, err = inv.CatalogVersions(tx, 10); err != nil {
				return err
			}
			preview, err = inv.PreviewCatalog(tx, "@makers\nQuoll | | Quokka; QMT\n> QMT; Philips\n")
			return err
		})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("preview of an example that does not hold: %v", err)
		}
		err = inv.DB().View(ctx, func(tx *sqldb.Tx) (err error) {
			preview, err = inv.PreviewCatalog(tx, "@makers\nQuoll | | Quokka; QMT\n> QMT\n")
			return err
		})
		if err != nil || preview.Total != 2 || preview.Records != 2 || preview.Changed != 1 || len(preview.Examples) != 1 || preview.Examples[0].After != "Quoll" {
			t.Errorf("preview %+v: %v", preview, err)
		}
		if r := preview.Readings; len(r) != 1 || r[0].Text != "QMT" || r[0].Before != "Quokka" || r[0].Want != "Quoll" {
			t.Errorf("readings %+v", r)
		}
		if len(versions) != 1 || versions[0].Actor != "ann" || versions[0].Text != "@makers\nQuokka | | QMT\n" {
			t.Errorf("versions %+v", versions)
		}
		if _, err := inv.SetCatalog(ctx, CatalogEdit{Over: versions[0].ID, Actor: "bob"}); err != nil {
			t.Errorf("over the text in force: %v", err)
		}
	})
}
