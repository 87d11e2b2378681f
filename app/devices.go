package app

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/query"
	"pons/sqldb"
)

// DevicesCommand prints the inventory.
type DevicesCommand struct {
	Where  string `placeholder:"QUERY" help:"Which devices, such as class:infusion-pump and not has:owner and last_seen<30d."`
	Format string `enum:"table,jsonl,csv,xlsx" default:"table" help:"How devices are printed: ${enum} (${default})."`
}

// Run prints the devices that the query finds.
func (c DevicesCommand) Run(s *session) error {
	return s.withInventory(func(inv *inventory.Inventory) error {
		err := inv.DB().View(s.ctx, func(tx *sqldb.Tx) error {
			return printDevices(s.Out, c.Format, inv.Matching(tx, c.Where, s.now()))
		})
		return pointAt(c.Where, err)
	})
}

// pointAt turns an error in a query into wrong usage that points at the column.
func pointAt(text string, err error) error {
	var wrong *query.Error
	if !errors.As(err, &wrong) {
		return err
	}
	return usageError(fmt.Sprintf("--where: %v\n  %s\n  %s%s", wrong, text, strings.Repeat(" ", max(wrong.Column-1, 0)), strings.Repeat("^", max(wrong.Length, 1))))
}

// printXLSX writes a workbook with one sheet; cells are texts, so that nothing becomes a formula.
func printXLSX(w io.Writer, devices func(func(*inventory.Device, error) bool)) error {
	book := excelize.NewFile()
	defer book.Close()
	sheet := "Devices"
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	out, err := book.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	head := make([]any, len(deviceColumns))
	for i, c := range deviceColumns {
		head[i] = excelize.Cell{StyleID: bold, Value: c.title}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if err := out.SetRow("A1", head); err != nil {
		return err
	}
	n := 1
	for d, err := range devices {
		if err != nil {
			return err
		}
		n++
		doc := d.Document()
		row := make([]any, len(deviceColumns))
		for i, c := range deviceColumns {
			row[i] = c.text(doc)
		}
		if err := out.SetRow(fmt.Sprintf("A%d", n), row); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}

// ExplainCommand prints why each thing is said of a device.
type ExplainCommand struct {
	Device string `arg:"" help:"A device: its id, name, control number, asset tag, serial number, MAC or IP address."`
}

// Run prints the walk from each value back to the source that states it.
func (c ExplainCommand) Run(s *session) error {
	return s.withInventory(func(inv *inventory.Inventory) error {
		return inv.DB().View(s.ctx, func(tx *sqldb.Tx) error {
			ids, err := inv.Lookup(tx, c.Device)
			if err != nil {
				return err
			}
			slices.Sort(ids)
			ids = slices.Compact(ids)
			switch {
			case len(ids) == 0:
				return fmt.Errorf("%s: no device goes by that: %w", c.Device, fault.NotFound)
			case len(ids) > 1:
				fmt.Fprintf(s.Err, "pons: %s: %d devices go by that\n", c.Device, len(ids))
			}
			for _, id := range ids {
				d, err := inv.Get(tx, id)
				if err != nil {
					return err
				}
				if err := explain(s.Out, d); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// explain prints one device as a walk.
func explain(w io.Writer, d *inventory.Device) error {
	fmt.Fprintf(w, "%s  (%s)\n", brief(d.Name()), d.ID)
	if names := d.Flags.Names(); len(names) > 0 {
		fmt.Fprintf(w, "in the queues: %s\n", strings.Join(names, ", "))
	}
	explainSystem(w, d)
	fmt.Fprintf(w, "\nmade of %d records\n", len(d.Records))
	for _, r := range d.Records {
		fmt.Fprintf(w, "  %-8s %s", r.Source, r.Key)
		if r.File != "" {
			fmt.Fprintf(w, "  %s", r.File)
			if r.Row > 0 {
				fmt.Fprintf(w, " row %d", r.Row)
			}
		}
		if !r.Absent.IsZero() {
			fmt.Fprintf(w, "  not in source since %s", r.Absent.Format(time.DateOnly))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	for i := range d.Values {
		v := &d.Values[i]
		a, _ := inventory.AttributeNamed(v.Attr)
		mark := ""
		if v.Conflict {
			mark = "   CONFLICT"
		}
		if v.All == nil {
			fmt.Fprintf(w, "%s: %s%s\n", a.Title, v.Value, mark)
		} else {
			fmt.Fprintf(w, "%s: %s%s\n", a.Title, strings.Join(v.All, ", "), mark)
		}
		for j := range v.Won {
			explainVote(w, "<-", &v.Won[j])
		}
		for j := range v.Lost {
			explainVote(w, "also said:", &v.Lost[j])
		}
	}
	if len(d.Wire) > 0 {
		fmt.Fprintln(w, "\nseen on the wire")
		for i := range d.Wire {
			fmt.Fprintf(w, "  %s = %s  (%s)\n", d.Wire[i].Attr, d.Wire[i].Value, d.Wire[i].Because)
		}
	}
	_, err := fmt.Fprintln(w)
	return err
}

// explainSystem prints the medical system that the device belongs to.
func explainSystem(w io.Writer, d *inventory.Device) {
	if d.System == nil {
		return
	}
	fmt.Fprintf(w, "\nmedical system %s\n", brief(d.System.Name))
	for _, m := range d.System.Members() {
		mark := "  "
		if m == d.System.Whole {
			mark = "* " // the whole
		}
		fmt.Fprintf(w, "  %s%s  %s  (%s)\n", mark, brief(m.Name), m.Get(fact.Class), m.ID)
	}
	if d.System.More {
		fmt.Fprintf(w, "    and more than %d others\n", inventory.MaxParts)
	}
}

func explainVote(w io.Writer, mark string, v *inventory.Vote) {
	source := string(v.Source)
	if source == "" {
		source = v.Record.Source
	}
	where := v.Because
	if v.Record.File != "" && v.Record.Row > 0 {
		where = fmt.Sprintf("%s row %d, %s", v.Record.File, v.Record.Row, where)
	}
	if v.Attr == fact.Service {
		where = v.Because
	}
	fmt.Fprintf(w, "    %s %s  [%s, %s, trust %.2f] %s\n", mark, v.Value, source, v.When().Format(time.DateOnly), v.Belief(), where)
}
