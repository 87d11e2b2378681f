package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
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
		return nil, nil, Mistakes{{File: name, Text: fmt.Sprintf("the file is larger than %d MB; a plan is not", maxFile>>20)}}
	}
	if !utf8.Valid(text) {
		return nil, nil, Mistakes{{File: name, Text: "this is no text: a plan is a file of YAML or JSON"}}
	}
	d := decoder{file: name, at: map[string]*yaml.Node{}}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, nil, d.syntax(err)
	}
	p = &Plan{Horizon: unset, BaseYear: unset, WageEscalation: math.NaN(), Benefits: math.NaN()}
	if len(doc.Content) == 0 {
		return nil, nil, Mistakes{{File: name, Text: "the file is empty; a plan has classes and roles"}}
	}
	d.decode(doc.Content[0], reflect.ValueOf(p).Elem(), "", "")
	notes = p.fill()
	warnings, err := p.Check()
	if found, ok := err.(Mistakes); ok {
		for _, m := range found {
			d.add(d.place(m.Path), m.Path, "%s", m.Text)
		}
	}
	if len(d.mistakes) > 0 {
		slices.SortStableFunc(d.mistakes, func(a, b Mistake) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
		return nil, nil, d.mistakes
	}
	return p, append(notes, warnings...), nil
}

// unset marks a whole number that a file did not give.
const unset = math.MinInt32

// fill takes the defaults of the domain for what is left out, and says which.
func (p *Plan) fill() (notes []string) {
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

// decoder walks a document beside the types of a plan, and keeps where each value stood.
type decoder struct {
	file     string
	at       map[string]*yaml.Node
	visited  int
	mistakes Mistakes
}

// maxNodes bounds what anchors may unfold to.
const maxNodes = 200_000

func (d *decoder) syntax(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	m := Mistake{File: d.file, Text: text}
	if _, rest, ok := strings.Cut(text, "line "); ok {
		if line, what, ok := strings.Cut(rest, ":"); ok {
			if n, err := strconv.Atoi(line); err == nil {
				m.Line, m.Column, m.Text = n, 1, strings.TrimSpace(what)
			}
		}
	}
	return Mistakes{m}
}

func (d *decoder) add(n *yaml.Node, path, format string, args ...any) {
	m := Mistake{File: d.file, Path: path, Text: fmt.Sprintf(format, args...)}
	if n != nil {
		m.Line, m.Column = n.Line, n.Column
	}
	if !slices.ContainsFunc(d.mistakes, func(x Mistake) bool { return x.Path == m.Path }) {
		d.mistakes = append(d.mistakes, m)
	}
}

// place is the node of a path, or of what holds it.
func (d *decoder) place(path string) *yaml.Node {
	for {
		if n, ok := d.at[path]; ok || path == "" {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

func (d *decoder) decode(n *yaml.Node, v reflect.Value, path, as string) {
	if d.visited++; d.visited > maxNodes {
		if d.visited == maxNodes+1 {
			d.add(n, path, "the file unfolds to more than %d values", maxNodes)
		}
		return
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.at[path] = n
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	switch to := v.Addr().Interface().(type) {
	case *Range:
		d.span(n, to, path, as)
		return
	case *Hours:
		if n.Kind == yaml.ScalarNode {
			d.number(n, reflect.ValueOf(&to.Stated).Elem(), path, as)
			return
		}
		*to = DefaultHours()
	case *Class:
		to.Count = unset
	case *Role:
		to.Salary = math.NaN()
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path, as)
	case reflect.Struct:
		d.object(n, v, path)
	case reflect.Slice:
		d.list(n, v, path, as)
	case reflect.String:
		if n.Kind != yaml.ScalarNode {
			d.add(n, path, "a word is wanted here, not a list or a block")
			return
		}
		v.SetString(strings.TrimSpace(n.Value))
	case reflect.Bool:
		switch strings.ToLower(n.Value) {
		case "true", "yes", "on":
			v.SetBool(true)
		case "false", "no", "off":
			v.SetBool(false)
		default:
			d.add(n, path, "%q: write true or false", n.Value)
		}
	default:
		d.number(n, v, path, as)
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path, as string) {
	items := n.Content
	switch {
	case n.Kind == yaml.SequenceNode:
	case n.Kind == yaml.ScalarNode && v.Type().Elem().Kind() == reflect.String:
		items = []*yaml.Node{n} // one name where a list of names may stand
	default:
		d.add(n, path, "a list is wanted here: lines that begin with “-”")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		d.decode(item, out.Index(i), fmt.Sprintf("%s[%d]", path, i), as)
	}
	v.Set(out)
}

// object fills a struct by the names of its JSON tags. A name that it does not know is a mistake: a misspelt
// assumption that is silently not used is worse than none.
func (d *decoder) object(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.add(n, path, "%q: names and values are wanted here, such as {name: …}", n.Value)
		return
	}
	fields, names := map[string]int{}, []string{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name != "" {
			fields[name] = i
			names = append(names, name)
		}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := key.Value
		at := strings.TrimPrefix(path+"."+name, ".")
		if seen[name] {
			d.add(key, at, "stands here twice")
			continue
		}
		seen[name] = true
		f, ok := fields[name]
		if other, aliased := aliases[name]; !ok && aliased {
			f, ok = fields[other]
		}
		switch {
		case ok:
			field := v.Type().Field(f)
			d.decode(value, v.Field(f), at, field.Tag.Get("as"))
		case v.Type() == reflect.TypeFor[Workload]() && hourPart(name):
			if w := v.Addr().Interface().(*Workload); w.Hours.IsZero() {
				w.Hours = DefaultHours()
			}
			d.object(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{key, value}, Line: key.Line, Column: key.Column}, v.FieldByName("Hours"), path)
		case free[name]:
		default:
			hint := ""
			if near := nearest(name, names); near != "" {
				hint = fmt.Sprintf("; %s was probably meant", near)
			}
			d.add(key, at, "nothing here has this name%s", hint)
		}
	}
}

// aliases are other names that people give to the parts of the working year and to totals.
var aliases = map[string]string{
	"paid_hours": "paid", "hours_per_year_paid": "paid", "base_hours": "paid", "annual_hours": "paid", "contract_hours": "paid",
	"admin": "admin_leave", "wrench": "wrench_time", "horizon": "horizon_years", "sick_leave": "sick", "type": "work",
}

func hourPart(name string) bool {
	if a, ok := aliases[name]; ok {
		name = a
	}
	return slices.Contains([]string{"paid", "vacation", "holidays", "sick", "training", "admin_leave", "wrench_time"}, name)
}

// free are names that may stand anywhere and say nothing to the computation.
var free = map[string]bool{"note": true, "notes": true, "comment": true, "description": true, "source": true, "confidence": true, "date": true, "unit": true, "id": true, "title": true}

// span reads a number or {low, mode, high}.
func (d *decoder) span(n *yaml.Node, to *Range, path, as string) {
	if n.Kind == yaml.ScalarNode {
		var v float64
		d.number(n, reflect.ValueOf(&v).Elem(), path, as)
		*to = Exactly(v)
		return
	}
	if n.Kind != yaml.MappingNode {
		d.add(n, path, "write a number, or {low: …, mode: …, high: …}")
		return
	}
	given := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i].Value, n.Content[i+1]
		field := map[string]*float64{"low": &to.Low, "mode": &to.Mode, "high": &to.High}[name]
		if field == nil {
			d.add(n.Content[i], path+"."+name, "a range has low, mode and high")
			continue
		}
		given[name] = true
		d.at[path+"."+name] = value
		d.number(value, reflect.ValueOf(field).Elem(), path+"."+name, as)
	}
	for _, name := range []string{"low", "mode", "high"} {
		if !given[name] {
			d.add(n, path+"."+name, "a range needs low, mode and high; %s is missing", name)
		}
	}
}

// number reads what people write: 6000, 6,000, 3 %, USD 65,000.
func (d *decoder) number(n *yaml.Node, v reflect.Value, path, as string) {
	if n.Kind != yaml.ScalarNode {
		d.add(n, path, "a number is wanted here")
		return
	}
	text := strings.TrimSpace(n.Value)
	scale := 1.0
	switch as {
	case "rate":
		if t, ok := strings.CutSuffix(text, "%"); ok {
			text, scale = strings.TrimSpace(t), 0.01
		}
	case "money":
		var currency string
		if text, currency = amount(text); currency != "" {
			if mine := d.currency(); mine != "" && currency != mine {
				d.add(n, path, "%s is in %s, the plan in %s: a plan has one currency; convert the amount", n.Value, currency, mine)
				return
			}
		}
	}
	if strings.Count(text, ",") > 0 && thousands(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		want := "write a number, such as 6000"
		if as == "rate" {
			want = "write a rate, such as 0.03 or 3%"
		}
		d.add(n, path, "%q is no number: %s", n.Value, want)
		return
	}
	f *= scale
	switch v.Kind() {
	case reflect.Float64:
		v.SetFloat(f)
	default:
		if f != math.Trunc(f) || math.Abs(f) > 1e9 {
			d.add(n, path, "%s: write a whole number of at most a thousand million", n.Value)
			return
		}
		if v.CanInt() {
			v.SetInt(int64(f))
		} else if f < 0 {
			d.add(n, path, "%s: write a number that is not negative", n.Value)
		} else {
			v.SetUint(uint64(f))
		}
	}
}

// currency is the plan's, if it stands before the amount in the file.
func (d *decoder) currency() string {
	if n := d.at["currency"]; n != nil {
		return strings.ToUpper(strings.TrimSpace(n.Value))
	}
	return ""
}

// amount parts "USD 65,000", "65,000 EUR", "$65,000" and "€65,000" into number and currency.
func amount(text string) (string, string) {
	for sign, code := range map[string]string{"$": "", "€": "EUR", "£": "GBP", "¥": "JPY"} {
		if strings.Contains(text, sign) {
			return strings.TrimSpace(strings.ReplaceAll(text, sign, "")), code
		}
	}
	for _, part := range strings.Fields(text) {
		if len(part) == 3 && strings.ToUpper(part) == part && strings.Trim(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			return strings.TrimSpace(strings.Replace(text, part, "", 1)), part
		}
	}
	return text, ""
}

// thousands says that commas part thousands: "65,000" and not "65,5".
func thousands(text string) bool {
	whole, _, _ := strings.Cut(text, ".")
	parts := strings.Split(strings.TrimLeft(whole, "-+"), ",")
	for i, p := range parts {
		if (i > 0 && len(p) != 3) || len(p) > 3 || p == "" {
			return false
		}
	}
	return true
}
