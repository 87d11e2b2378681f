package product

import (
	"fmt"
	"strings"
)

// Example is a text as lists write it and what it should be read as: one part of a line "> text; text" beneath a
// maker, a model or a class.
type Example struct {
	Line  int // from 1
	Text  string
	Of    string // "maker", "model" or "class"
	Want  string // the name of it
	Maker string // of a model
}

// entry is one line of a catalog's text, with the line of examples beneath it.
type entry struct {
	line     int
	section  string // @classes, @makers or @models
	maker    string // of the @models section
	fields   []string
	examples string
	at       int // line of the examples
}

// entries reads a text's lines without judging them.
func entries(text string) []entry {
	var out []entry
	n, section, maker := 0, "", ""
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '@':
			section, maker, _ = strings.Cut(line, " ")
			maker = strings.TrimSpace(maker)
		case line[0] == '>':
			if last := len(out) - 1; last >= 0 && out[last].section == section && out[last].maker == maker {
				out[last].examples += line[1:] + ";"
				out[last].at = n
			} else {
				out = append(out, entry{section: section, maker: maker, examples: line[1:], at: n})
			}
		default:
			e := entry{line: n, section: section, maker: maker, fields: strings.Split(line, "|")}
			for i := range e.fields {
				e.fields[i] = strings.TrimSpace(e.fields[i])
			}
			out = append(out, e)
		}
	}
	return out
}

// Examples lists the examples of a text in the format of a catalog. One that stands beneath nothing has no Want.
func Examples(text string) []Example {
	var out []Example
	for _, e := range entries(text) {
		x := Example{Line: e.at, Of: strings.TrimSuffix(strings.TrimPrefix(e.section, "@"), "s"), Maker: e.maker}
		if e.section == "@classes" {
			x.Of = "class"
		}
		if len(e.fields) > 0 {
			x.Want = strings.TrimPrefix(e.fields[0], "=")
		}
		for _, x.Text = range list(e.examples) {
			out = append(out, x)
		}
	}
	return out
}

// Read is the name that the catalog reads an example's text as; empty, where it knows none.
func (c *Catalog) Read(e Example) string {
	switch e.Of {
	case "maker":
		if name, known := c.Maker(e.Text); known {
			return name
		}
	case "model":
		if id := c.Identify(e.Maker, e.Text, ""); id.ModelKnown {
			return id.Model
		}
	case "class":
		if k, ok := c.ClassBySynonym(e.Text); ok {
			return k.Name
		}
	}
	return ""
}

// Check is With, and refuses a text whose examples are not read as they should be: what somebody wrote to be sure of
// is made sure of before it counts.
func (c *Catalog) Check(extra string) (*Catalog, error) {
	next, err := c.With(extra)
	if err != nil {
		return nil, err
	}
	var wrong []Mistake
	for _, e := range Examples(extra) {
		m := Mistake{Text: own + 1, Line: e.Line}
		switch got := next.Read(e); {
		case e.Want == "":
			m.What = fmt.Sprintf("example %q stands beneath no maker, model or class: put it under the line it speaks of", e.Text)
		case got == "":
			m.What = fmt.Sprintf("example %q is read as nothing known, not as %s: add it as a spelling, or take it out", e.Text, e.Want)
		case got != e.Want:
			m.What = fmt.Sprintf("example %q is read as %s, not as %s: another line has this spelling; change one of the two", e.Text, got, e.Want)
		default:
			continue
		}
		wrong = append(wrong, m)
	}
	if err := mistakes(wrong); err != nil {
		return nil, err
	}
	return next, nil
}
