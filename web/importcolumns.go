package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/fact"
	"pons/fault"
	"pons/intake"
	"pons/intake/load"
	"pons/inventory"
)

const (
	// columnsShown is how many columns the form lets a person change: a ServiceNow table with every field has about
	// 400. The rest keep what was recognised and can be changed in the saved mapping.
	columnsShown = 400
	// previewRows is how many rows are shown as they would be read.
	previewRows = 10
	samplesEach = 3
)

// importColumns is the second step: what each column means, with rows as they would be read.
type importColumns struct {
	Upload  upload
	Mapping intake.Mapping
	Table   *intake.Table
	Columns []importColumn
	More    int // columns that the form does not show
	Sources []inventory.SourceStatus
	Read    []fact.Attr // what is read, for the head of the preview
	Preview []previewRow
	Rejects int // of the preview
	Wrong   []string
	Trouble struct{ Source, Kind, Said string }
	Trial   string // why no row could be read at all
}

// importColumn is one column of the file and what it is read as.
type importColumn struct {
	intake.Column
	N       int
	Samples []string
	Groups  []optionGroup
	Dated   bool // it is of a date, whose order can be chosen
	Error   string
}

func (c importColumn) ignored() bool { return c.Attr == intake.Ignore || c.Attr == "" }

type optionGroup struct {
	Title   string
	Options []Option
}

// previewRow is one row as it would be read: a text for each attribute, and what was said of it.
type previewRow struct {
	Row    int
	Key    string
	Cells  []previewCell
	Reject string
}

type previewCell struct{ Text, Note string }

func (s *Server) importColumns(v *Visit) error {
	up, run, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	if up.Run != 0 || up.Under != "" && !run.Done {
		return v.Redirect(up.href(""), nil)
	}
	return s.showColumns(v, up, false)
}

// showColumns draws the step; strict marks what is still wrong as errors of a form that was sent.
func (s *Server) showColumns(v *Visit, up upload, strict bool) error {
	p := importColumns{Upload: up}
	var err error
	if p.Sources, err = s.sourceList(v.Context()); err != nil {
		return err
	}
	if !up.Capture {
		f, err := load.Open(s.uploads.path(up.ID, "data"), up.Name)
		if err != nil {
			return err
		}
		defer f.Close()
		if p.Table, err = f.Table(intake.Choice{Sheet: up.Sheet, Delimiter: up.Delimiter}); err != nil {
			return err
		}
		if p.Mapping, err = readMapping(up.Mapping); err != nil {
			return err
		}
		if err := p.fill(); err != nil {
			return err
		}
	}
	p.check()
	if v.Part() {
		return v.Fragment(p.Form())
	}
	page := Page{Title: "Columns of " + up.Name, About: "What each column means. What is recognised is filled in; change what is not right.", Crumbs: importCrumbs(), Wide: true, Actions: p.Actions()}
	if up.Capture {
		page.Title, page.About, page.Wide = "Source of "+up.Name, "A packet capture needs no mapping: what the devices say of themselves on the wire is read.", false
	}
	if strict && p.wrong() {
		page.Status = http.StatusUnprocessableEntity
	}
	return v.Render(page, p.View())
}

// readMapping reads a mapping that is still worked on: it may be wrong in ways that Check tells.
func readMapping(text string) (intake.Mapping, error) {
	m, err := intake.LoadMapping(strings.NewReader(text))
	if err != nil && len(m.Columns) == 0 {
		return m, err
	}
	return m, nil
}

// fill makes the rows of the form and the preview.
func (p *importColumns) fill() error {
	faults := columnFaults(p.Mapping.Check())
	p.Wrong = faults[""]
	for i, header := range p.Table.Headers {
		if i == columnsShown {
			p.More = len(p.Table.Headers) - i
			break
		}
		c := importColumn{N: i, Samples: samples(p.Table.Sample, i)}
		if known, ok := p.Mapping.Column(header); ok {
			c.Column = *known
		} else {
			c.Column = intake.Column{Header: header, Attr: intake.Ignore, Reason: "not in the mapping"}
		}
		c.Error = strings.Join(faults[header], "; ")
		c.Groups = attributeGroups(c.Column)
		if a, ok := inventory.AttributeNamed(c.Attr); ok && !c.ignored() {
			c.Dated = a.Kind == inventory.Date || a.Kind == inventory.Time
		}
		p.Columns = append(p.Columns, c)
	}
	return p.preview()
}

// preview reads the first rows with the mapping as it is.
func (p *importColumns) preview() error {
	for _, c := range p.Mapping.Columns {
		attrs := []fact.Attr{c.Attr}
		if c.Split != "" {
			attrs = splitAttrs(c.Split)
		}
		for _, a := range attrs {
			if a != intake.Ignore && a != "" && !slices.Contains(p.Read, a) {
				p.Read = append(p.Read, a)
			}
		}
	}
	rows, err := p.Table.Preview(p.Mapping, previewRows)
	if err != nil {
		if !errors.Is(err, fault.Invalid) {
			return err
		}
		p.Trial = sentence(err)
	}
	for _, r := range rows {
		row := previewRow{Row: r.Row, Key: r.Key, Reject: r.Reject, Cells: make([]previewCell, len(p.Read))}
		if r.Reject != "" {
			p.Rejects++
		}
		for _, f := range r.Facts {
			attr := f.Attr
			i := slices.Index(p.Read, attr)
			note := ""
			if i < 0 { // what could not be read as its attribute is kept beside it
				i = slices.Index(p.Read, fact.Attr(strings.TrimPrefix(string(attr), fact.CustomPrefix)))
				note = "kept as it is: "
			}
			if i < 0 {
				continue
			}
			cell := &row.Cells[i]
			if cell.Text != "" {
				cell.Text += ", "
			}
			cell.Text += f.Value
			if _, why, found := strings.Cut(f.Because, ": "); found {
				cell.Note = note + why
			}
		}
		p.Preview = append(p.Preview, row)
	}
	return nil
}

// splitAttrs are the attributes of "site / department".
func splitAttrs(split string) []fact.Attr {
	var out []fact.Attr
	for _, word := range strings.FieldsFunc(split, func(r rune) bool { return r != '_' && r != '.' && (r < 'a' || r > 'z') }) {
		out = append(out, fact.Attr(word))
	}
	return out
}

// columnFaults sorts what is wrong with a mapping by header; what is of no column stands under "".
func columnFaults(err error) map[string][]string {
	out := map[string][]string{}
	var list []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the join is taken apart
		list = joined.Unwrap()
	} else if err != nil {
		list = []error{err}
	}
	for _, one := range list {
		text := sentence(one)
		header := ""
		if quoted, err := strconv.QuotedPrefix(strings.TrimPrefix(text, "Column ")); err == nil && strings.HasPrefix(text, "Column ") {
			header, _ = strconv.Unquote(quoted)
			text = strings.TrimPrefix(text, "Column "+quoted+": ")
		}
		out[header] = append(out[header], text)
	}
	return out
}

// check finds what is wrong beyond the columns.
func (p *importColumns) check() {
	source, kind := string(p.Mapping.Source), string(p.Mapping.Kind)
	if p.Upload.Capture {
		source, kind = p.Upload.Source, load.WireSource
	}
	switch {
	case source == "":
		p.Trouble.Source = "A source needs a name, such as cmms."
	case source == "person", strings.ContainsAny(source, "/\n"), len(source) > 60:
		p.Trouble.Source = "That cannot be a source's name: at most 60 characters without /, and not “person”."
	}
	for _, src := range p.Sources {
		if src.Name == source && src.Kind != kind {
			p.Trouble.Kind = fmt.Sprintf("The source %s is of kind %s: choose that kind, or give this file a source of its own.", source, src.Kind)
		}
	}
	if p.Upload.Said != "" {
		if _, err := time.Parse(time.DateOnly, p.Upload.Said); err != nil {
			p.Trouble.Said = "A date is expected: 2026-03-01."
		}
	}
}

// wrong says whether something must be mended before the dry run.
func (p importColumns) wrong() bool {
	return p.Trouble.Source+p.Trouble.Kind+p.Trouble.Said != "" || len(p.Wrong) > 0 || slices.ContainsFunc(p.Columns, func(c importColumn) bool { return c.Error != "" })
}

// samples are the first different values of a column.
func samples(rows [][]string, i int) []string {
	var out []string
	for _, row := range rows {
		if i >= len(row) || len(out) == samplesEach {
			continue
		}
		text := strings.Join(strings.Fields(row[i]), " ")
		if runes := []rune(text); len(runes) > 60 {
			text = string(runes[:59]) + "…"
		}
		if text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// attributeGroups are what a column may be read as: nothing, the vocabulary in the groups of the device page, and an
// attribute of the hospital's own.
func attributeGroups(c intake.Column) []optionGroup {
	groups := []optionGroup{{Options: []Option{{string(intake.Ignore), "— not read —"}}}}
	if c.Split != "" {
		groups[0].Options = append(groups[0].Options, Option{"split", "several: " + c.Split})
	}
	for _, attr := range intake.Attributes() {
		title, group := string(attr), "Other"
		if a, ok := inventory.AttributeNamed(attr); ok && a.Title != "" {
			title, group = a.Title, a.Group
		}
		i := slices.IndexFunc(groups, func(g optionGroup) bool { return g.Title == group })
		if i < 0 {
			i = len(groups)
			groups = append(groups, optionGroup{Title: group})
		}
		groups[i].Options = append(groups[i].Options, Option{string(attr), title})
	}
	own := optionGroup{Title: "Of your own"}
	if strings.HasPrefix(string(c.Attr), fact.CustomPrefix) {
		own.Options = append(own.Options, Option{string(c.Attr), string(c.Attr)})
	}
	if a := intake.Custom(c.Header); a != "" && a != c.Attr {
		own.Options = append(own.Options, Option{string(a), string(a)})
	}
	return append(groups, own)
}

// value is what the select box of a column shows.
func (c importColumn) value() string {
	if c.Split != "" {
		return "split"
	}
	if c.ignored() {
		return string(intake.Ignore)
	}
	return string(c.Attr)
}

func kindOptions() []Option {
	return []Option{{string(intake.CMMS), "CMMS: biomed's maintenance system"}, {string(intake.CMDB), "CMDB or asset list of IT"}, {string(intake.NAC), "NAC: network access control"},
		{string(intake.DHCP), "DHCP leases and reservations"}, {string(intake.Switch), "Switch: MAC address tables"}, {string(intake.Generic), "None of these"}}
}

func dateOrderOptions() []Option {
	return []Option{{"", "as recognised"}, {string(fact.MDY), "month/day/year"}, {string(fact.DMY), "day/month/year"}, {string(fact.YMD), "year/month/day"}}
}

func delimiterOptions() []Option {
	return []Option{{"", "recognised"}, {",", "comma ,"}, {";", "semicolon ;"}, {"\t", "tab"}, {"|", "bar |"}, {"^", "caret ^"}}
}

// changeColumns takes the form: every change of it, by htmx, and what its buttons ask for.
func (s *Server) changeColumns(v *Visit) error {
	up, run, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	if up.Run != 0 || up.Under != "" && !run.Done {
		return v.Redirect(up.href(""), nil)
	}
	do := v.Form("do")
	if up.Capture {
		up, err = s.uploads.change(up.ID, func(u *upload) {
			u.forget()
			u.Source, u.Said, u.Part = v.Form("source"), v.Form("said"), true
		})
	} else {
		up, err = s.changeMapping(v, up, do)
	}
	switch {
	case errors.Is(err, fault.Invalid) && !v.Part():
		return v.Redirect(up.href("columns"), &Flash{Status: Bad, Text: sentence(err)})
	case err != nil:
		return err
	}
	if do != "dry-run" {
		if v.Part() {
			return s.showColumns(v, up, false)
		}
		return v.Redirect(up.href("columns"), nil)
	}
	p := importColumns{Upload: up}
	if p.Sources, err = s.sourceList(v.Context()); err != nil {
		return err
	}
	if !up.Capture {
		if p.Mapping, err = readMapping(up.Mapping); err != nil {
			return err
		}
		if p.Mapping.Check() != nil {
			return s.showColumns(v, up, true)
		}
	}
	if p.check(); p.wrong() {
		return s.showColumns(v, up, true)
	}
	return s.startJob(v, up, true)
}

// changeMapping reads the form into the mapping that is kept.
func (s *Server) changeMapping(v *Visit, up upload, do string) (upload, error) {
	f, err := load.Open(s.uploads.path(up.ID, "data"), up.Name)
	if err != nil {
		return up, err
	}
	defer f.Close()
	choice := intake.Choice{Sheet: v.R.FormValue("sheet"), Delimiter: v.R.FormValue("delimiter")}
	t, err := f.Table(choice)
	if err != nil {
		return up, err
	}
	old, err := readMapping(up.Mapping)
	if err != nil {
		return up, err
	}
	from := up.From
	var m intake.Mapping
	switch {
	case do == "guess", choice.Sheet != "" && choice.Sheet != firstText(up.Sheet, old.Sheet), choice.Delimiter != up.Delimiter:
		m, from = intake.Guess(t), "recognised from the columns"
		if do != "guess" { // another sheet of the same file is of the same source
			m.Source, m.Kind = old.Source, old.Kind
		}
	case do == "last":
		last, ok, err := load.Last(v.Context(), s.Inventory, v.Form("source"))
		if err != nil {
			return up, err
		}
		if !ok || !load.Fits(last, t) {
			return up, fmt.Errorf("the source %q has no mapping that fits these columns: %w", v.Form("source"), fault.Invalid)
		}
		m, from = last, "the one that "+string(last.Source)+" used last"
	default:
		var touched bool
		if m, touched = formMapping(v, old, t.Headers); touched {
			from = "as you set it"
		}
	}
	m.Sheet, m.Delimiter = t.Sheet, choice.Delimiter
	if _, err := s.keepMapping(up.ID, m, from); err != nil {
		return up, err
	}
	return s.uploads.change(up.ID, func(u *upload) {
		u.Sheet, u.Delimiter = t.Sheet, choice.Delimiter
		u.Said, u.Part = v.Form("said"), v.Form("whole") != "yes"
	})
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// formMapping is the mapping with what the form says of it. What a person sets is certain.
func formMapping(v *Visit, m intake.Mapping, headers []string) (out intake.Mapping, touched bool) {
	out = m
	out.Columns = slices.Clone(m.Columns)
	out.Source, out.Kind, out.DateOrder = fact.Source(v.Form("source")), intake.Kind(v.Form("kind")), fact.Order(v.Form("dates"))
	for i, header := range headers {
		choice := fact.Attr(v.Form("attr-" + strconv.Itoa(i)))
		if choice == "" || i >= columnsShown {
			continue
		}
		c, ok := out.Column(header)
		if !ok {
			out.Columns = append(out.Columns, intake.Column{Header: header, Attr: intake.Ignore})
			c = &out.Columns[len(out.Columns)-1]
		}
		if order := fact.Order(v.Form("dates-" + strconv.Itoa(i))); v.R.Form.Has("dates-"+strconv.Itoa(i)) && order != c.Dates {
			c.Dates, touched = order, true
		}
		if choice == "split" || choice == c.Attr && c.Split == "" {
			continue
		}
		*c = intake.Column{Header: header, Attr: choice, Dates: c.Dates, Confidence: 1, Reason: "chosen by you"}
		touched = true
	}
	// A key that is no longer read names no row; the others go on doing so.
	out.Key = slices.DeleteFunc(slices.Clone(m.Key), func(k string) bool {
		c, ok := out.Column(k)
		return !ok || c.Attr == intake.Ignore
	})
	return out, touched || out.Source != m.Source || out.Kind != m.Kind || out.DateOrder != m.DateOrder
}

// saveMapping hands the mapping out as YAML.
func (s *Server) saveMapping(v *Visit) error {
	up, _, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	if up.Mapping == "" {
		return fmt.Errorf("a capture has no mapping: %w", fault.NotFound)
	}
	v.download("application/yaml; charset=utf-8", stem(up.Name)+"-mapping.yaml")
	_, err = v.W.Write([]byte(up.Mapping))
	return v.sent(err)
}

// loadMapping takes a mapping in that was saved.
func (s *Server) loadMapping(v *Visit) error {
	up, _, err := s.uploadOf(v)
	if err != nil {
		return err
	}
	if up.Capture || up.Run != 0 || s.jobs.busy(up.ID) {
		return fmt.Errorf("the mapping of %s cannot be changed now: %w", up.Name, fault.Conflict)
	}
	bad := func(err error) error {
		return v.Redirect(up.href("columns"), &Flash{Status: Bad, Text: sentence(err)})
	}
	part, err := filePart(v)
	if err != nil {
		return bad(err)
	}
	m, err := intake.LoadMapping(part)
	if err != nil {
		return bad(err)
	}
	f, err := load.Open(s.uploads.path(up.ID, "data"), up.Name)
	if err != nil {
		return err
	}
	defer f.Close()
	t, _, fits, err := f.Known(m, intake.Choice{})
	if err == nil && !fits {
		err = fmt.Errorf("the file has not the columns of this mapping; its columns are %s: %w", strings.Join(t.Headers[:min(len(t.Headers), 20)], ", "), fault.Invalid)
	}
	if err != nil {
		return bad(err)
	}
	if _, err := s.keepMapping(up.ID, m, "from "+fileName(part.FileName())); err != nil {
		return err
	}
	if _, err := s.uploads.change(up.ID, func(u *upload) { u.Sheet, u.Delimiter = t.Sheet, m.Delimiter }); err != nil {
		return err
	}
	return v.Redirect(up.href("columns"), &Flash{Status: Good, Text: "The mapping was taken over."})
}
