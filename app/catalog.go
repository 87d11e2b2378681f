package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"pons/fault"
	"pons/inventory"
	"pons/product"
	"pons/sqldb"
)

// CatalogCommand is about the hospital's own makers, models, classes and aliases.
type CatalogCommand struct {
	Show CatalogShow `cmd:"" help:"Print the hospital's own lines."`
	Set  CatalogSet  `cmd:"" help:"Replace them, and name every record anew."`
}

// CatalogShow is pons catalog show.
type CatalogShow struct{}

// Run prints the lines.
func (CatalogShow) Run(s *session) error {
	return s.withInventory(func(inv *inventory.Inventory) error {
		return inv.DB().View(s.ctx, func(tx *sqldb.Tx) error {
			text, err := inv.OwnCatalog(tx)
			if err == nil {
				_, err = io.WriteString(s.Out, text)
			}
			return err
		})
	})
}

// CatalogSet is pons catalog set FILE.
type CatalogSet struct {
	File   string `arg:"" help:"Text in the format of docs/catalog.md; - reads standard input."`
	DryRun bool   `name:"dry-run" help:"Check it and show what it would change."`
}

// catalogLimit is more than the catalogue that Pons brings.
const catalogLimit = 4 << 20

// Run checks and stores the lines.
func (c CatalogSet) Run(s *session) error {
	from := s.In
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fileError(c.File, err)
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, catalogLimit))
	if err != nil {
		return err
	}
	return s.withInventory(func(inv *inventory.Inventory) error {
		if c.DryRun {
			return inv.DB().View(s.ctx, func(tx *sqldb.Tx) error {
				change, err := inv.PreviewCatalog(tx, string(text))
				if err != nil {
					return c.inFile(err)
				}
				of := fmt.Sprint(change.Records)
				if change.Records < change.Total {
					of += " looked at, of " + fmt.Sprint(change.Total)
				}
				fmt.Fprintf(s.Out, "%d of %s records would be named otherwise\n", change.Changed, of)
				for _, x := range change.Readings {
					fmt.Fprintf(s.Out, "  example %q: %s -> %s\n", x.Text, or(x.Before, "unknown"), x.Want)
				}
				for _, x := range change.Examples {
					fmt.Fprintf(s.Out, "  %s %s: %s %q: %s -> %s\n", x.Source, x.Key, x.Attr, x.Written, or(x.Before, "unknown"), or(x.After, "unknown"))
				}
				return nil
			})
		}
		n, err := inv.SetCatalog(s.ctx, inventory.CatalogEdit{Text: string(text), Over: -1, Actor: by().String()})
		if err != nil {
			return c.inFile(err)
		}
		fmt.Fprintf(s.Out, "%d records are named otherwise\n", n)
		return nil
	})
}

// inFile names the file before every line that cannot be taken.
func (c CatalogSet) inFile(err error) error {
	var wrong product.Mistakes
	if !errors.As(err, &wrong) {
		return err
	}
	said := make([]string, len(wrong))
	for i, m := range wrong {
		said[i] = c.File + ": " + m.Error()
	}
	return fmt.Errorf("%s: %w", strings.Join(said, "\npons: "), fault.Invalid)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
