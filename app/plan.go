package app

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"pons/column"
	"pons/fault"
	"pons/inventory"
	"pons/plan"
	"pons/plan/workbook"
	"pons/query"
	"pons/sqldb"
)

// PlanCommand computes a resource plan from a file, from the inventory, or from both.
type PlanCommand struct {
	File          string `arg:"" optional:"" help:"A plan (YAML, JSON, or the workbook that --format xlsx makes); - reads standard input. May be left out with --from-inventory: a template with sources is taken."`
	Format        string `enum:"table,json,xlsx" default:"table" help:"What is printed: ${enum} (${default}); xlsx is a workbook with living formulas."`
	Out           string `placeholder:"PATH" help:"Write into this file instead of standard output; it is written whole or not at all."`
	FromInventory bool   `name:"from-inventory" help:"Fill the counts of the classes that have a question to the inventory. A question that does not speak of the state leaves out devices that are retired or disposed."`
	Site          string `placeholder:"SITE" help:"With --from-inventory: count the devices of this site only."`
	Write         string `placeholder:"PATH" help:"Save the plan itself as a plan file (YAML)."`
	Draws         int    `placeholder:"N" help:"Simulate with so many draws, 1 to 1,000,000, also when the file asks for no simulation."`
	Seed          uint64 `placeholder:"N" help:"Seed of the simulation; the same seed draws the same numbers."`
	NoSimulation  bool   `name:"no-simulation" help:"No percentiles, also when the file asks for them, and no tornado."`
}

// Run reads, counts, computes and prints. Nothing is written when any of it fails.
func (c PlanCommand) Run(s *session) error {
	if err := c.check(s); err != nil {
		return err
	}
	p, notes, err := c.read(s)
	if err != nil {
		return err
	}
	if c.FromInventory {
		if p, err = c.count(s, p); err != nil {
			return err
		}
		notes = slices.DeleteFunc(notes, func(n string) bool { return strings.Contains(n, plan.NotAsked) })
	}
	asked := p // with what the flags say of the simulation, which is no part of what is saved
	if c.Draws > 0 || c.Seed > 0 {
		copied := *p
		asked = &copied
		asked.Simulation.Draws, asked.Simulation.Seed = cmp.Or(c.Draws, p.Simulation.Draws), cmp.Or(c.Seed, p.Simulation.Seed)
	}
	out, err := c.compute(s, asked)
	if err != nil {
		return c.named(err)
	}
	out.Warnings = merged(notes, out.Warnings)
	var text bytes.Buffer
	if err := c.print(&text, asked, out); err != nil {
		return c.named(err)
	}
	if c.Format == "xlsx" {
		for _, w := range out.Warnings {
			fmt.Fprintf(s.Err, "pons: %s\n", inert(w))
		}
	}
	if c.Write != "" {
		file, err := p.Text()
		if err != nil {
			return err
		}
		if err := writeWhole(c.Write, file); err != nil {
			return err
		}
	}
	if c.Out != "" {
		return writeWhole(c.Out, text.Bytes())
	}
	_, err = s.Out.Write(text.Bytes())
	return err
}

// check refuses what does not fit together.
func (c PlanCommand) check(s *session) error {
	file, terminal := s.Out.(*os.File)
	terminal = terminal && term.IsTerminal(int(file.Fd()))
	ext := strings.ToLower(filepath.Ext(c.Out))
	switch {
	case c.File == "" && !c.FromInventory:
		return usageError("name a plan file, or count one from the inventory with --from-inventory")
	case c.Site != "" && !c.FromInventory:
		return usageError("--site counts the devices of a site: it needs --from-inventory")
	case c.Draws < 0 || c.Draws > 1_000_000:
		return usageError(fmt.Sprintf("--draws %d: give 1 to 1000000; 10000 is usual", c.Draws))
	case c.NoSimulation && (c.Draws > 0 || c.Seed > 0):
		return usageError("--no-simulation leaves nothing to --draws and --seed")
	case c.Format == "xlsx" && c.Out == "" && terminal:
		return usageError("--format xlsx writes a workbook: give --out FILE.xlsx, or send standard output into a file")
	case ext == ".xlsx" && c.Format != "xlsx" || ext == ".json" && c.Format == "table":
		return usageError(fmt.Sprintf("%s would hold a %s: give --format %s", c.Out, c.Format, ext[1:]))
	case c.Out != "" && sameFile(c.Out, c.File):
		return usageError("--out " + c.Out + " is the plan itself: the result would take its place")
	}
	return nil
}

// sameFile says that two names lead to one file that is there.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// read reads the plan file, whichever form it has.
func (c PlanCommand) read(s *session) (*plan.Plan, []string, error) {
	if c.File == "" {
		return plan.Template("USD", s.now().Year()), nil, nil
	}
	from := s.In
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, nil, fileError(c.File, err)
		}
		defer f.Close()
		if st, err := f.Stat(); err == nil && st.IsDir() {
			return nil, nil, fmt.Errorf("%s is a folder; name a plan file in it: %w", c.File, fault.Invalid)
		}
		from = f
	}
	r := bufio.NewReader(from)
	var p *plan.Plan
	var notes []string
	var err error
	if begin, _ := r.Peek(4); string(begin) == "PK\x03\x04" { // a zip archive, as workbooks are
		p, notes, err = workbook.Read(r)
	} else {
		p, notes, err = plan.Read(c.name(), r)
	}
	return p, notes, c.named(err)
}

func (c PlanCommand) name() string {
	switch c.File {
	case "-":
		return "standard input"
	case "":
		return "the template"
	}
	return c.File
}

// named gives every mistake a line of its own, which begins with the file.
func (c PlanCommand) named(err error) error {
	var found fault.Mistakes
	if !errors.As(err, &found) {
		return err
	}
	lines := make([]error, len(found))
	for i, m := range found {
		switch {
		case m.File == "":
			m.File = c.name()
		case m.File != c.name(): // the cell of a workbook
			m.File = c.name() + ": " + m.File
		}
		lines[i] = fmt.Errorf("%s: %w", inert(m.Error()), fault.Invalid)
	}
	return errors.Join(lines...)
}

// inert takes out of a line what would steer a terminal.
func inert(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '·'
		}
		return r
	}, line)
}

// speaksOfState finds questions that say themselves which states they mean.
var speaksOfState = regexp.MustCompile(`(?i)\b(status|state|lifecycle)\b`)

// count asks the inventory. A question that does not speak of the state is asked, and kept in the plan, with the
// addition that leaves out what is no longer there: the plan says what was counted.
func (c PlanCommand) count(s *session, p *plan.Plan) (counted *plan.Plan, err error) {
	asking := *p
	asking.Classes = slices.Clone(p.Classes)
	var changed []string
	for i := range asking.Classes {
		if cl := &asking.Classes[i]; cl.Inventory != "" && !speaksOfState.MatchString(cl.Inventory) {
			cl.Inventory = "(" + cl.Inventory + ") and " + plan.InUse
			changed = append(changed, cl.Name)
		}
	}
	if !slices.ContainsFunc(asking.Classes, func(cl plan.Class) bool { return cl.Inventory != "" }) {
		return nil, fmt.Errorf("%s: no class has a question to the inventory: give some one, such as inventory: class:ventilator: %w", c.name(), fault.Invalid)
	}
	err = s.withInventory(func(inv *inventory.Inventory) error {
		index, err := inventory.NewIndex(inv)
		if err != nil {
			return err
		}
		if err := index.Refresh(s.ctx); err != nil {
			return err
		}
		list, table := index.View()
		now := s.now()
		var sites []string
		if c.Site != "" {
			sites = []string{c.Site}
		}
		scope, err := list.Within(sites, nil)
		if err != nil {
			return err
		}
		all, err := table.Find(column.Request{Scope: scope, Now: now, Limit: 1, Facets: []string{"site"}, FacetLimit: 12})
		if err != nil {
			return err
		}
		if all.Total == 0 {
			return c.nobody(table, now)
		}
		b := plan.Baseline{AsOf: now.Format(time.DateOnly), Taken: now.UTC().Format(time.RFC3339), Site: c.Site, Devices: all.Total}
		if err := inv.DB().View(s.ctx, func(tx *sqldb.Tx) error { b.Revision = int64(tx.Rev()); return nil }); err != nil {
			return err
		}
		counted, err = asking.Recount(b, func(question string) (int, error) {
			e, err := query.Parse(list.Schema(), question)
			if err != nil {
				return 0, err
			}
			page, err := table.Find(column.Request{Expr: e, Scope: scope, Now: now, Limit: 1})
			return page.Total, err
		})
		return c.misasked(err)
	})
	if err != nil {
		return nil, err
	}
	where := ""
	if c.Site != "" {
		where = " at " + c.Site
	}
	fmt.Fprintf(s.Err, "pons: counted %d classes over %d devices%s\n", len(counted.Baseline.Counts), counted.Baseline.Devices, inert(where))
	if len(changed) > 0 {
		fmt.Fprintf(s.Err, "pons: retired and disposed devices are left out of %s\n", inert(strings.Join(changed, ", ")))
	}
	return counted, nil
}

// misasked says which question is not understood, and where in it.
func (c PlanCommand) misasked(err error) error {
	var wrong *query.Error
	if !errors.As(err, &wrong) {
		return err
	}
	return fmt.Errorf("%s: %s: %w", c.name(), inert(err.Error()), fault.Invalid)
}

// nobody says that there is nothing to count.
func (c PlanCommand) nobody(table *column.Table, now time.Time) error {
	if c.Site == "" {
		return fmt.Errorf("the inventory is empty: bring files in with pons import first: %w", fault.Invalid)
	}
	all, err := table.Find(column.Request{Now: now, Limit: 1, Facets: []string{"site"}, FacetLimit: 12})
	if err != nil {
		return err
	}
	var sites []string
	for _, v := range all.Facets["site"].Values {
		sites = append(sites, v.Value)
	}
	return fmt.Errorf("--site %s: no device is there; there are devices at %s: %w", c.Site, cmp.Or(inert(strings.Join(sites, ", ")), "no site that is known"), fault.NotFound)
}

// compute projects, and simulates where it is asked for.
func (c PlanCommand) compute(s *session, p *plan.Plan) (*plan.Projection, error) {
	out, err := p.Project()
	if err != nil || c.NoSimulation {
		return out, err
	}
	if !p.Simulation.IsZero() {
		if out.Percentiles, err = p.Simulate(s.ctx); err != nil {
			return nil, err
		}
	}
	out.Tornado, err = p.Tornado()
	return out, err
}

// merged joins what was filled in and what is doubtful, each said once.
func merged(lists ...[]string) []string {
	out := []string{}
	for _, list := range lists {
		for _, line := range list {
			if !slices.Contains(out, line) {
				out = append(out, line)
			}
		}
	}
	return out
}

func (c PlanCommand) print(w io.Writer, p *plan.Plan, out *plan.Projection) error {
	switch c.Format {
	case "json":
		return json.NewEncoder(w).Encode(out)
	case "xlsx":
		return workbook.Write(w, p, out)
	}
	return printPlan(w, p, out)
}

// writeWhole writes a file beside its place and moves it there when it is whole. A link is followed; what is no file (a
// device, a pipe) is written to as it is.
func writeWhole(path string, content []byte) error {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	if at, err := os.Stat(path); err == nil && !at.Mode().IsRegular() && !at.IsDir() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.Write(content)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			return fmt.Errorf("%s cannot be written: %w", path, unwrapped(err))
		}
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".part*")
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, unwrapped(err))
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, errors.Join(unwrapped(err), os.Remove(f.Name())))
	}
	return nil
}

// unwrapped is what the system said, without the name of the file that nobody asked for.
func unwrapped(err error) error {
	var at *os.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &at):
		return at.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
