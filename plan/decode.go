package plan

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"pons/fault"
)

// decoder walks a document beside the types of a plan, and keeps where each value stood.
type decoder struct {
	file     string
	at       map[string]*yaml.Node
	visited  int
	excused  []string // paths that Check need not speak of
	mistakes fault.Mistakes
}

// maxNodes bounds what anchors may unfold to.
const maxNodes = 200_000

// syntax says what the reader of YAML ran into in the words of those who write plans. It notices some slips only in
// the next line.
func (d *decoder) syntax(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	m := fault.Mistake{File: d.file, Text: text}
	if _, rest, ok := strings.Cut(text, "line "); ok {
		if line, what, ok := strings.Cut(rest, ":"); ok {
			if n, err := strconv.Atoi(line); err == nil {
				m.Line, m.Column, m.Text = n, 1, strings.TrimSpace(what)
			}
		}
	}
	for _, k := range []struct{ said, means string }{
		{"cannot start any token", "a tab, % or @ stands where a value begins: indent with spaces, and put such texts in quotes"},
		{"expected ',' or", "a { or [ is not closed, or a comma is missing between its entries, in this line or the one before or after"},
		{"mapping values are not allowed", "one colon too many in this line or the one before: put texts with a colon in quotes, and mind the indentation"},
		{"did not find expected '-'", "the lines of this list are not indented alike: each begins with “-” at the same column"},
		{"did not find expected key", "this line is not indented like the ones above it, or a quote is not closed"},
		{"could not find expected ':'", "a name without a colon, in this line or the one before: write name: value"},
		{"unexpected end of stream", "a quote, { or [ is not closed"},
		{"control characters", "a character that cannot be seen stands in the text: type the line anew"},
		{"unknown anchor", "a word begins with * and so refers to an anchor that is not there: put it in quotes"},
		{"max depth", "brackets are nested too deep for a plan"},
	} {
		if strings.Contains(m.Text, k.said) {
			m.Text = k.means
			break
		}
	}
	return fault.Mistakes{m}
}

// mentioned says whether a mistake was found at a path, above or below it.
func (d *decoder) mentioned(path string) bool {
	under := func(a, b string) bool {
		return a == "" || a == b || strings.HasPrefix(b, a+".") || strings.HasPrefix(b, a+"[")
	}
	return slices.Contains(d.excused, path) || slices.ContainsFunc(d.mistakes, func(m fault.Mistake) bool { return under(m.Path, path) || under(path, m.Path) })
}

func (d *decoder) add(n *yaml.Node, path, format string, args ...any) {
	m := fault.Mistake{File: d.file, Path: path, Text: fmt.Sprintf(format, args...)}
	if n != nil {
		m.Line, m.Column = n.Line, n.Column
	}
	if !slices.ContainsFunc(d.mistakes, func(x fault.Mistake) bool { return x.Path == m.Path }) {
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
			if d.number(n, reflect.ValueOf(&to.Stated).Elem(), path, as); to.Stated == 0 {
				d.add(n, path, "%s productive hours a year: one FTE has %d to %s", n.Value, leastProductive, whole(mostProductive))
			}
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
		d.word(v)
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

// word brings the words that Pons knows into its spelling: "Security" and "INFOSEC" are security.
func (d *decoder) word(v reflect.Value) {
	lower := strings.ToLower(v.String())
	switch v.Interface().(type) {
	case Team:
		lower = strings.NewReplacer("_", "-", " ", "-").Replace(lower)
		if team, ok := map[string]Team{"infosec": Security, "information-security": Security, "clin-informatics": Informatics, "informatics": Informatics, "htm": Biomed, "biomedical": Biomed}[lower]; ok {
			lower = string(team)
		}
		v.SetString(lower)
	case Method, Rounding, Work, Confidence:
		v.SetString(lower)
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
	d.merge(n, v, path)
	seen := map[string]bool{}
	defer func() { d.complete(n, v, path, seen) }()
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := key.Value
		at := strings.TrimPrefix(path+"."+name, ".")
		if key.Tag == "!!merge" {
			continue
		}
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
		case free[name] || strings.HasPrefix(name, "x-"): // x- is for what anchors are kept in
		default:
			hint := ""
			switch near := nearest(name, names); {
			case value.Tag == "!!null" && strings.Trim(name, "0123456789.") == "":
				hint = fmt.Sprintf(": between { and } a comma parts entries; write the number before it and %s without the comma, or in quotes", name)
			case strings.ContainsAny(name, "“”‘’"):
				hint = ": curly quotes are letters here; use straight ones, or none"
			case near != "":
				hint = fmt.Sprintf("; %q was probably meant", near)
				d.excused = append(d.excused, strings.TrimPrefix(path+"."+near, ".")) // it is misspelt, not missing
			}
			d.add(key, at, "nothing here has this name%s", hint)
		}
	}
}

// merge takes what "<<: *name" brings, before the entry's own values.
func (d *decoder) merge(n *yaml.Node, v reflect.Value, path string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag != "!!merge" {
			continue
		}
		from := n.Content[i+1]
		list := []*yaml.Node{from}
		if from.Kind == yaml.SequenceNode {
			list = from.Content
		}
		for _, one := range list {
			if one.Kind == yaml.AliasNode {
				one = one.Alias
			}
			if d.visited++; d.visited <= maxNodes {
				d.object(one, v, path)
			}
		}
	}
}

// complete finds what an entry cannot do without and a number does not tell: whether it was written at all.
func (d *decoder) complete(n *yaml.Node, v reflect.Value, path string, seen map[string]bool) {
	any := func(names ...string) bool { return slices.ContainsFunc(names, func(s string) bool { return seen[s] }) }
	switch to := v.Addr().Interface().(type) {
	case *Item:
		if any("note") && len(seen) == 1 || d.merged(n) {
			return
		}
		if !any("per_device_year", "per_added_device", "per_retired_device", "events_per_year", "hours_per_year") {
			d.add(n, path+".per_device_year", "%s does not say how often: write per_device_year, events_per_year or hours_per_year", cmp.Or(to.Name, "this work"))
		} else if !any("hours", "hours_per_year") {
			d.add(n, path+".hours", "%s has no hours: write what one event takes", cmp.Or(to.Name, "this work"))
		}
	case *Simulation:
		if any("draws") && to.Draws < 1 {
			d.add(d.at[path+".draws"], path+".draws", "%d draws: write 1 to a million; 10,000 is usual", to.Draws)
		}
	}
}

// merged says that an entry takes values from an anchor.
func (d *decoder) merged(n *yaml.Node) bool {
	return slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return c.Tag == "!!merge" })
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
	if k := v.Kind(); k != reflect.Float64 && dotted.MatchString(text) {
		d.add(n, path, "%s: a point parts decimals here; write %s if thousands are meant", n.Value, strings.ReplaceAll(text, ".", ""))
		return
	}
	if strings.Count(text, ",") > 0 && thousands(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		want := "write digits, such as 12 or 0.5"
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
			d.add(n, path, "%s: write a whole number", n.Value)
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

// dotted is a number with points where commas part thousands: 6.000.
var dotted = regexp.MustCompile(`^\d{1,3}(\.\d{3})+$`)

// thousands says that commas part thousands: "65,000" and not "65,5".
func thousands(text string) bool {
	whole, _, _ := strings.Cut(text, ".")
	parts := strings.Split(strings.TrimLeft(whole, "-+"), ",")
	for i, p := range parts {
		if (i > 0 && len(p) != 3) || len(p) > 3 || p == "" || (i == 0 && p[0] == '0') {
			return false
		}
	}
	return true
}
