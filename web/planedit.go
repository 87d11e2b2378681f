package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"mime"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"pons/fault"
	"pons/plan"
)

// A form of the plan names its fields by the plan's own paths: "roles[2].salary". Here a path is walked to its value
// and its text, a form becomes the changes that it makes, and what a change carries with it (references to a name that
// became another, the source of a figure) is carried.

// planMistakes are the mistakes of a plan in an error; false when it is another error or none.
func planMistakes(err error) (fault.Mistakes, bool) {
	var m fault.Mistakes
	ok := errors.As(err, &m)
	return m, ok
}

// attachment names a file that a browser keeps.
func attachment(name, ext string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == ' ' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, name)
	return mime.FormatMediaType("attachment", map[string]string{"filename": strings.TrimSpace(name) + "." + ext})
}

// planLeaf is a value of a plan and how files write it.
type planLeaf struct {
	v        reflect.Value
	as       string       // rate, money or empty
	optional bool         // zero is nothing said
	absent   bool         // the block that would hold it is not there
	in       reflect.Type // what holds it
	name     string       // its last word
}

var (
	rangeType = reflect.TypeFor[plan.Range]()
	hoursType = reflect.TypeFor[plan.Hours]()
)

// planAt walks a path to its value; ok is false where it leads nowhere.
func planAt(p *plan.Plan, path string) (leaf planLeaf, ok bool) {
	leaf.v = reflect.ValueOf(p).Elem()
	for step := range strings.SplitSeq(path, ".") {
		name, index, indexed := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		if leaf.v.Kind() == reflect.Pointer {
			if leaf.v.IsNil() {
				leaf.absent = true
				leaf.v = reflect.Zero(leaf.v.Type().Elem())
			} else {
				leaf.v = leaf.v.Elem()
			}
		}
		if leaf.v.Kind() != reflect.Struct || name == "" {
			return leaf, false
		}
		of := leaf.v.Type()
		i := slices.IndexFunc(reflect.VisibleFields(of), func(f reflect.StructField) bool {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return tag == name
		})
		if i < 0 {
			return leaf, false
		}
		f := of.Field(i)
		if tag := f.Tag.Get("as"); of != rangeType {
			leaf.as = tag
		}
		_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		leaf.optional, leaf.in, leaf.name, leaf.v = strings.Contains(options, "omit"), of, name, leaf.v.Field(i)
		if indexed {
			n, err := strconv.Atoi(index)
			if err != nil || leaf.v.Kind() != reflect.Slice || n < 0 || n >= leaf.v.Len() {
				return leaf, false
			}
			leaf.v = leaf.v.Index(n)
		}
	}
	return leaf, true
}

// text is the value as a form writes it, which a plan file would take.
func (l planLeaf) text() string {
	v := l.v
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	} else if l.absent || l.optional && v.IsZero() && v.Kind() != reflect.Bool {
		return ""
	}
	if v.Type() == hoursType {
		v = v.FieldByName("Stated")
		if v.IsZero() {
			return ""
		}
	}
	switch v.Kind() {
	case reflect.Float64:
		return numberText(v.Float(), l.as)
	case reflect.Int, reflect.Int64:
		if v.Int() == math.MinInt32 { // a count that nobody has given
			return ""
		}
		if strings.HasSuffix(l.name, "year") || l.name == "from" || l.name == "until" {
			return strconv.FormatInt(v.Int(), 10)
		}
		return numberText(float64(v.Int()), "")
	case reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10)
	case reflect.Bool:
		return map[bool]string{true: "yes", false: "no"}[v.Bool()]
	case reflect.String:
		return v.String()
	case reflect.Slice:
		if list, ok := v.Interface().([]string); ok {
			return strings.Join(list, "; ")
		}
		if list, ok := v.Interface().([]float64); ok {
			return percentilesText(list)
		}
	}
	return ""
}

// numberText writes a figure as people type it: 65,000 and 3.5 %.
func numberText(v float64, as string) string {
	unit := ""
	if as == "rate" {
		v, unit = v*100, " %"
	}
	s := strconv.FormatFloat(math.Round(math.Abs(v)*1e8)/1e8, 'f', -1, 64)
	whole, frac, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if frac != "" {
		whole += "." + frac
	}
	if v < 0 && s != "0" {
		whole = "-" + whole
	}
	return whole + unit
}

// numberOf reads what numberText writes, and what people write like it.
func numberOf(text string) (float64, bool) {
	text = strings.TrimSpace(strings.ReplaceAll(text, ",", ""))
	scale := 1.0
	if t, ok := strings.CutSuffix(text, "%"); ok {
		text, scale = strings.TrimSpace(t), 0.01
	}
	f, err := strconv.ParseFloat(text, 64)
	return f * scale, err == nil
}

// planText is the text of a path, empty where there is nothing.
func planText(p *plan.Plan, path string) string {
	leaf, ok := planAt(p, path)
	if !ok {
		return ""
	}
	text := leaf.text()
	if text == "" && leaf.name == "current_fte" && p.Source(planNames(p, path)) != nil {
		return "0" // somebody has said that nobody is here
	}
	return text
}

// names are the names that a form gives for a list: one field with several parted by semicolons, or several fields.
func namesOf(values []string) []string {
	out := []string{}
	for _, v := range values {
		for part := range strings.SplitSeq(v, ";") {
			if part = strings.Join(strings.Fields(part), " "); part != "" && !slices.Contains(out, part) {
				out = append(out, part)
			}
		}
	}
	return out
}

// planDiff is what a form changes of the plan that it was drawn from: path → text. What the person did not touch is
// not among it, so that a figure with more decimals than are shown stays as it is.
func planDiff(p *plan.Plan, form url.Values) map[string]string {
	changes := map[string]string{}
	for path, values := range form {
		leaf, ok := planAt(p, path)
		if !ok || len(values) == 0 {
			continue
		}
		switch leaf.v.Kind() {
		case reflect.Slice:
			if _, ok := leaf.v.Interface().([]float64); ok {
				if text := strings.Join(namesOf(values), "; "); text != leaf.text() {
					changes[path] = ""
					if text != "" {
						changes[path] = "[" + strings.ReplaceAll(text, ";", ",") + "]"
					}
				}
				continue
			}
			list, ok := leaf.v.Interface().([]string)
			if names := namesOf(values); ok && !slices.Equal(names, list) {
				text, err := json.Marshal(names)
				if err == nil && len(names) > 0 {
					changes[path] = string(text)
				} else {
					changes[path] = ""
				}
			}
		case reflect.Bool:
			if on := slices.Contains(values, "yes"); on != leaf.v.Bool() || leaf.absent && on {
				changes[path] = strconv.FormatBool(on)
			}
		case reflect.Struct:
			if leaf.v.Type() != hoursType {
				continue
			}
			fallthrough
		default:
			if text := strings.TrimSpace(values[len(values)-1]); text != planText(p, path) {
				changes[path] = text
			}
		}
	}
	widen(p, changes)
	return changes
}

// widen lets the ends of a range follow its middle: who moves only the likeliest value of an exact figure means the
// figure, and who moves it past an end means at least that end.
func widen(p *plan.Plan, changes map[string]string) {
	for _, path := range slices.Sorted(maps.Keys(changes)) {
		of, isMode := strings.CutSuffix(path, ".mode")
		leaf, ok := planAt(p, of)
		if !isMode || !ok || leaf.v.Type() != rangeType {
			continue
		}
		_, low := changes[of+".low"]
		_, high := changes[of+".high"]
		r, text := leaf.v.Interface().(plan.Range), changes[path]
		mode, read := numberOf(text)
		switch {
		case low || high || !read:
		case r.Certain():
			changes[of] = text
			delete(changes, path)
		case mode < r.Low:
			changes[of+".low"] = text
		case mode > r.High:
			changes[of+".high"] = text
		}
	}
}

// planNames is a path by names, as sources are kept: "roles[2].salary" is "roles/BMET I/II/salary".
func planNames(p *plan.Plan, path string) string {
	var out []string
	at := ""
	for step := range strings.SplitSeq(path, ".") {
		at = strings.TrimPrefix(at+"."+step, ".")
		name, index, indexed := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		leaf, ok := planAt(p, at)
		if !ok {
			return ""
		}
		if leaf.in == rangeType {
			break // a range has one source
		}
		out = append(out, name)
		if indexed {
			label := rowLabel(leaf.v)
			if n, err := strconv.Atoi(index); label == "" && err == nil {
				label = strconv.Itoa(n + 1)
			}
			out = append(out, label)
		}
	}
	return strings.Join(out, "/")
}

// rowLabel is what an entry of a list goes by (plan.Changes names them so too).
func rowLabel(v reflect.Value) string {
	if v.Kind() != reflect.Struct {
		return ""
	}
	var parts []string
	for _, name := range []string{"role", "class", "name", "year", "start"} {
		for i := range v.NumField() {
			if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); tag == name && !v.Field(i).IsZero() {
				parts = append(parts, fmt.Sprint(v.Field(i).Interface()))
			}
		}
	}
	return strings.Join(parts, " · ")
}

// planRows are the entries of the lists that sources name, by their paths.
func planRows(p *plan.Plan) []string {
	var out []string
	for list, n := range map[string]int{"classes": len(p.Classes), "roles": len(p.Roles), "workload.items": len(p.Workload.Items), "coverage": len(p.Coverage), "costs": len(p.Costs)} {
		for i := range n {
			out = append(out, fmt.Sprintf("%s[%d]", list, i))
		}
	}
	return out
}

// changePlan gives the plan with the changes, with every reference to a class or role that got another name, and with
// who says so as the source of each figure that changed.
func changePlan(p *plan.Plan, changes map[string]string, by, day string) (*plan.Plan, error) {
	if len(changes) == 0 {
		if _, err := p.Check(); err != nil {
			return nil, err
		}
		return p, nil
	}
	next := p.Copy()
	for path, name := range changes {
		var i int
		if _, err := fmt.Sscanf(path, "classes[%d].name", &i); err == nil && path == fmt.Sprintf("classes[%d].name", i) && name != "" {
			refer(next, p.Classes[i].Name, name, true)
		}
		if _, err := fmt.Sscanf(path, "roles[%d].name", &i); err == nil && path == fmt.Sprintf("roles[%d].name", i) && name != "" {
			refer(next, p.Roles[i].Name, name, false)
		}
	}
	next, err := next.With(changes)
	if err != nil {
		return nil, err
	}
	for _, row := range planRows(p) {
		if was, is := planNames(p, row), planNames(next, row); was != is {
			for k := range next.Assumptions {
				if rest, ok := strings.CutPrefix(next.Assumptions[k].Path, was); ok && (rest == "" || rest[0] == '/') {
					next.Assumptions[k].Path = is + rest
				}
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(changes)) {
		if strings.HasSuffix(path, ".current_fte") && changes[path] == "" { // nobody says any more who is here
			at := planNames(next, path)
			next.Assumptions = slices.DeleteFunc(next.Assumptions, func(a plan.Assumption) bool { return sameName(a.Path, at) })
			continue
		}
		state(next, path, by, day)
	}
	return next, nil
}

// refer changes what refers to a class or a role by name.
func refer(p *plan.Plan, from, to string, class bool) {
	in := func(list []string) {
		for i := range list {
			if sameName(list[i], from) {
				list[i] = to
			}
		}
	}
	for i := range p.Classes {
		if class {
			in(p.Classes[i].SubsetOf)
		}
	}
	for i := range p.Roles {
		if r := p.Roles[i].Ratio; r != nil && class {
			in(r.Classes)
		} else if r != nil {
			in(r.Roles)
		}
	}
	for i := range p.Workload.Items {
		at := &p.Workload.Items[i].Role
		if class {
			at = &p.Workload.Items[i].Class
		}
		if sameName(*at, from) {
			*at = to
		}
	}
	if class {
		return
	}
	for i := range p.Coverage {
		if sameName(p.Coverage[i].Role, from) {
			p.Coverage[i].Role = to
		}
	}
	for i := range p.Costs {
		in(p.Costs[i].Roles)
	}
}

func sameName(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

// state makes the person who changed a figure its source.
func state(p *plan.Plan, path, by, day string) {
	leaf, ok := planAt(p, path)
	if !ok {
		return
	}
	kind := leaf.v.Kind()
	if kind == reflect.Pointer {
		kind = leaf.v.Type().Elem().Kind()
	}
	number := kind == reflect.Float64 || kind == reflect.Int && leaf.name == "count" || leaf.v.Type() == rangeType || leaf.v.Type() == hoursType
	if !number {
		return
	}
	at := planNames(p, path)
	text := leaf.text()
	if of := strings.TrimSuffix(path, "."+leaf.name); leaf.in == rangeType || leaf.v.Type() == rangeType {
		if leaf.v.Type() == rangeType {
			of = path
		}
		text = planText(p, of+".mode")
	}
	if leaf.name == "current_fte" {
		text = cmp.Or(text, "0")
	}
	a := plan.Assumption{Path: at, Value: text, Source: by, Date: day, Confidence: plan.Stated}
	if i := slices.IndexFunc(p.Assumptions, func(a plan.Assumption) bool { return sameName(a.Path, at) }); i >= 0 {
		a.Unit = p.Assumptions[i].Unit
		p.Assumptions[i] = a
		return
	}
	if d, ok := planDefault(at); ok {
		a.Unit = d.Unit
	}
	p.Assumptions = append(p.Assumptions, a)
}

// planDefault is the shipped figure for a path by names, where there is one.
func planDefault(path string) (plan.Default, bool) {
	key := path
	switch {
	case strings.HasPrefix(path, "workload/productive_hours/"):
		key = "hours/" + strings.TrimPrefix(path, "workload/productive_hours/")
	case strings.HasPrefix(path, "classes/") && strings.HasSuffix(path, "/growth"):
		key = "growth/" + strings.TrimSuffix(strings.TrimPrefix(path, "classes/"), "/growth")
	case strings.HasPrefix(path, "classes/") && strings.HasSuffix(path, "/expected_life"):
		key = "life/biomed"
	case strings.HasPrefix(path, "roles/") && strings.HasSuffix(path, "/salary"):
		key = "salary/" + strings.TrimSuffix(strings.TrimPrefix(path, "roles/"), "/salary")
	case strings.HasPrefix(path, "roles/") && strings.HasSuffix(path, "_per_fte"):
		role, _, _ := strings.Cut(strings.TrimPrefix(path, "roles/"), "/ratio/")
		key = "ratio/" + role
	case strings.HasSuffix(path, "/on_call/max_share"):
		key = "on-call/share"
	}
	return plan.DefaultOf(key)
}
