package plan

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"pons/fault"
)

// Copy is a plan of its own.
func (p *Plan) Copy() *Plan {
	doc, err := json.Marshal(p)
	next := &Plan{}
	if err == nil {
		err = json.Unmarshal(doc, next)
	}
	if err != nil { // numbers that JSON has no word for: only in a plan that Check refuses
		*next = *p
	}
	return next
}

// With gives a changed copy: each path ("roles[2].salary", "classes[0].growth") takes the value that the text has in a
// plan file ("70,000", "4%", "{low: 2%, mode: 4%, high: 8%}"); an empty text clears what may be empty. Mistakes come at
// the paths that were changed or that the change broke, and then there is no copy.
func (p *Plan) With(changes map[string]string) (*Plan, error) {
	next := p.Copy()
	d := decoder{at: map[string]*yaml.Node{"currency": {Kind: yaml.ScalarNode, Value: cmp.Or(changes["currency"], p.Currency)}}}
	for _, path := range slices.Sorted(maps.Keys(changes)) {
		v, as, err := field(reflect.ValueOf(next).Elem(), path)
		if err != nil {
			d.add(nil, path, "%v", err)
			continue
		}
		text := strings.TrimSpace(changes[path])
		if text == "" {
			v.SetZero()
			continue
		}
		n := &yaml.Node{Kind: yaml.ScalarNode, Value: text, Tag: "!!str"}
		var doc yaml.Node
		if k := v.Kind(); (k == reflect.Slice || k == reflect.Struct || k == reflect.Pointer) && yaml.Unmarshal([]byte(text), &doc) == nil && len(doc.Content) == 1 && doc.Content[0].Kind != yaml.ScalarNode {
			n = doc.Content[0]
		}
		d.decode(n, v, path, as)
	}
	_, err := next.Check()
	if len(d.mistakes) == 0 {
		if err != nil {
			return nil, err
		}
		return next, nil
	}
	// What could not be read keeps its former value, so that the rest is checked beside it: one look finds all.
	var more fault.Mistakes
	if errors.As(err, &more) {
		for _, m := range more {
			if !d.mentioned(m.Path) {
				d.mistakes = append(d.mistakes, m)
			}
		}
	}
	return nil, d.mistakes
}

// field walks a path through the plan's types, making what is not there yet.
func field(v reflect.Value, path string) (reflect.Value, string, error) {
	as := ""
	for rest := path; rest != ""; {
		var step string
		step, rest, _ = strings.Cut(rest, ".")
		name, index, indexed := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return v, "", fmt.Errorf("%s leads nowhere", path)
		}
		i := slices.IndexFunc(reflect.VisibleFields(v.Type()), func(f reflect.StructField) bool {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return tag == name
		})
		if i < 0 {
			return v, "", fmt.Errorf("nothing here is called %q", name)
		}
		if tag := v.Type().Field(i).Tag.Get("as"); tag != "" || as == "" || v.Type() != reflect.TypeFor[Range]() {
			as = tag
		}
		v = v.Field(i)
		if indexed {
			n, err := strconv.Atoi(index)
			if err != nil || v.Kind() != reflect.Slice || n < 0 || n >= v.Len() {
				return v, "", fmt.Errorf("there is no %s[%s]", name, index)
			}
			v = v.Index(n)
		}
	}
	return v, as, nil
}

// Edit is one difference between two plans. Path goes by names, "roles/BMET I/II/salary": places in a list change.
type Edit struct {
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Changes are the differences from a to b, in the order of their paths.
func Changes(a, b *Plan) []Edit {
	was, is := flat(a), flat(b)
	var out []Edit
	for path, v := range was {
		if is[path] != v {
			out = append(out, Edit{path, v, is[path]})
		}
	}
	for path, v := range is {
		if _, both := was[path]; !both {
			out = append(out, Edit{path, "", v})
		}
	}
	slices.SortFunc(out, func(x, y Edit) int { return cmp.Compare(x.Path, y.Path) })
	return out
}

func flat(p *Plan) map[string]string {
	out := map[string]string{}
	doc, err := json.Marshal(p)
	if err != nil {
		return out
	}
	var v any
	if json.Unmarshal(doc, &v) == nil {
		flatten(out, "", v)
	}
	return out
}

func flatten(out map[string]string, at string, v any) {
	join := func(part string) string { return strings.TrimPrefix(at+"/"+part, "/") }
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			flatten(out, join(k), x)
		}
	case []any:
		seen := map[string]int{}
		for i, x := range v {
			name := label(x)
			if name == "" {
				name = strconv.Itoa(i + 1)
			}
			if seen[name]++; seen[name] > 1 {
				name += " (" + strconv.Itoa(seen[name]) + ")"
			}
			flatten(out, join(name), x)
		}
	case float64:
		out[at] = number(v)
	case nil:
	default:
		out[at] = fmt.Sprint(v)
	}
}

// label is what an entry of a list goes by.
func label(x any) string {
	m, ok := x.(map[string]any)
	if !ok {
		return ""
	}
	var parts []string
	for _, k := range []string{"role", "class", "name", "year", "start", "path"} {
		if s, ok := m[k]; ok {
			parts = append(parts, strings.TrimSpace(fmt.Sprint(s)))
		}
	}
	return strings.Join(parts, " · ")
}
