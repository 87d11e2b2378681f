package plan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"pons/fault"
)

// maxFile bounds a plan file: thirty roles and forty classes with their sources take some 60 kB.
const maxFile = 4 << 20

// Read reads a plan file (YAML, or JSON, which is YAML too), fills what it leaves out with defaults, and checks it.
// notes say what was filled in and what is doubtful. Every mistake is named with its line and path (Mistakes, wrapping
// fault.Invalid); a file with mistakes gives no plan. name stands in front of the mistakes, and may be empty.
func Read(name string, r io.Reader) (p *Plan, notes []string, err error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(text) > maxFile {
		return nil, nil, fault.Mistakes{{File: name, Text: fmt.Sprintf("the file is larger than %d MB; a plan is not", maxFile>>20)}}
	}
	if !utf8.Valid(text) {
		return nil, nil, fault.Mistakes{{File: name, Text: "this is not UTF-8: a plan is a text of YAML or JSON; save it as UTF-8"}}
	}
	d := decoder{file: name, at: map[string]*yaml.Node{}}
	var doc yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(text))
	if err := documents.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, d.syntax(err)
	}
	var more yaml.Node
	if err := documents.Decode(&more); !errors.Is(err, io.EOF) {
		d.add(&more, "", "the plan ends before this: a file holds one plan")
		d.mistakes[0].Line = max(more.Line, 1)
		return nil, nil, d.mistakes
	}
	p = &Plan{Horizon: unset, BaseYear: unset, WageEscalation: math.NaN(), Benefits: math.NaN()}
	if len(doc.Content) == 0 {
		return nil, nil, fault.Mistakes{{File: name, Text: "the file is empty; a plan has classes and roles"}}
	}
	d.decode(doc.Content[0], reflect.ValueOf(p).Elem(), "", "")
	notes = p.fill()
	warnings, err := p.Check()
	if found, ok := err.(fault.Mistakes); ok {
		for _, m := range found {
			if !d.mentioned(m.Path) { // what could not be read is not checked as well
				d.add(d.place(m.Path), m.Path, "%s", m.Text)
			}
		}
	}
	if len(d.mistakes) > 0 {
		slices.SortStableFunc(d.mistakes, func(a, b fault.Mistake) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
		return nil, nil, d.mistakes
	}
	return p, append(notes, warnings...), nil
}

// unset marks a whole number that a file did not give.
const unset = math.MinInt32

// fill takes the defaults of the domain for what is left out, and says which.
func (p *Plan) fill() (notes []string) {
	p.Currency = strings.ToUpper(p.Currency)
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if math.IsNaN(p.WageEscalation) {
		p.WageEscalation = DefaultWageEscalation
		note("wage_escalation is not given: %s a year is taken (expert default)", percent(p.WageEscalation))
	}
	if math.IsNaN(p.Benefits) {
		p.Benefits = DefaultBenefits
		note("benefits are not given: %s of the salary is taken (expert default)", percent(p.Benefits))
	}
	if p.Horizon == unset {
		p.Horizon = DefaultHorizon
		note("horizon_years is not given: %d years are taken", p.Horizon)
	}
	if p.Currency == "" {
		p.Currency = "USD"
		note("currency is not given: USD is taken")
	}
	if p.Rounding == "" {
		p.Rounding = QuarterUp
		note("rounding is not given: quarter-up is taken")
	}
	if p.Method == "" {
		p.Method = ByGreater
		note("method is not given: the greater of ratio and workload is taken")
	}
	if p.Workload.Hours.IsZero() {
		p.Workload.Hours = DefaultHours()
		if len(p.Workload.Items) > 0 {
			note("productive_hours is not given: %s hours are taken (%s available × 75 %% hands-on)", number(p.Workload.Hours.Productive()), number(p.Workload.Hours.Available()))
		}
	}
	return notes
}

// Text writes the plan as a plan file, which Read reads back to the same plan.
func (p *Plan) Text() ([]byte, error) {
	doc, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(doc, &node); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	block(&node, 0)
	return yaml.Marshal(&node)
}

// block gives the document the style of a file that people edit: lists of one-line entries.
func block(n *yaml.Node, depth int) {
	n.Style &^= yaml.FlowStyle | yaml.DoubleQuotedStyle
	if depth >= 3 && (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode) && short(n) {
		n.Style |= yaml.FlowStyle
	}
	for _, c := range n.Content {
		block(c, depth+1)
	}
}

func short(n *yaml.Node) bool {
	size := 0
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		size += len(n.Value) + 2
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(n)
	return size < 150
}
