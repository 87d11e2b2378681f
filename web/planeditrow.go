package web

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"pons/fault"
	"pons/plan"
)

// Rows of a plan are added by a line of empty fields named "new:list:field", and copied and removed by the buttons of a
// form (do = "remove:classes[3]").

// addRows appends a row to each list for which the form names one, and gives the changes that fill them. at leads from
// the path of a new row to the name that its fields have in the form.
func addRows(p *plan.Plan, form url.Values) (next *plan.Plan, changes, at map[string]string) {
	next, changes, at = p, map[string]string{}, map[string]string{}
	for key := range form {
		rest, ok := strings.CutPrefix(key, "new:")
		list, field, _ := strings.Cut(rest, ":")
		if !ok || field != keyField(list) || strings.TrimSpace(form.Get(key)) == "" {
			continue
		}
		if next == p {
			next = p.Copy()
		}
		rows, ok := planAt(next, list)
		if !ok || rows.v.Kind() != reflect.Slice || !rows.v.CanSet() {
			continue
		}
		row := fmt.Sprintf("%s[%d]", list, rows.v.Len())
		rows.v.Set(reflect.Append(rows.v, reflect.Zero(rows.v.Type().Elem())))
		for name, values := range form {
			field, ok := strings.CutPrefix(name, "new:"+list+":")
			if !ok {
				continue
			}
			text := strings.TrimSpace(values[len(values)-1])
			leaf, known := planAt(next, row+"."+field)
			if known && leaf.v.Kind() == reflect.Bool {
				text = strconv.FormatBool(slices.Contains(values, "yes"))
			}
			if known && text != "" {
				changes[row+"."+field] = text
			}
			at[row+"."+field] = name
		}
	}
	return next, changes, at
}

// keyField is the field without which a new row is not meant.
func keyField(list string) string {
	switch {
	case strings.HasSuffix(list, ".pipeline"):
		return "year"
	case strings.HasSuffix(list, ".hires"):
		return "start"
	}
	return "name"
}

// doRow does what a button of a row asks for.
func doRow(p *plan.Plan, do string) (next *plan.Plan, said string, err error) {
	verb, path, _ := strings.Cut(do, ":")
	leaf, ok := planAt(p, path)
	if !ok {
		return nil, "", fmt.Errorf("%s is not there any more; look at the page again: %w", path, fault.Conflict)
	}
	next = p.Copy()
	name := rowLabel(leaf.v)
	switch verb {
	case "remove":
		return removeRow(next, path, name)
	case "copy":
		return copyRow(next, path, name)
	case "contract":
		i, err := rowIndex(path, "classes", len(next.Classes))
		if err != nil {
			return nil, "", err
		}
		next.Classes[i].Contract = &plan.Contract{Covers: 1}
		return next, "An offer for " + name + " can be priced now.", nil
	case "no-contract":
		i, err := rowIndex(path, "classes", len(next.Classes))
		if err != nil {
			return nil, "", err
		}
		next.Classes[i].Contract = nil
		return next, "Removed the offer for " + name + ".", nil
	case "hours":
		i, err := rowIndex(path, "roles", len(next.Roles))
		if err != nil {
			return nil, "", err
		}
		own := next.Workload.Hours
		next.Roles[i].Hours = &own
		return next, name + " has a working year of its own now.", nil
	case "no-hours":
		i, err := rowIndex(path, "roles", len(next.Roles))
		if err != nil {
			return nil, "", err
		}
		next.Roles[i].Hours = nil
		return next, name + " has the working year of everybody again.", nil
	case "cosr":
		next.Cosr = &plan.Cosr{Threshold: plan.CosrThreshold}
		return next, "The cost of service ratio can be computed now: add a line for each group of devices.", nil
	case "no-cosr":
		next.Cosr = nil
		return next, "Removed the cost of service ratio.", nil
	}
	return nil, "", fmt.Errorf("nothing here does %q: %w", verb, fault.Invalid)
}

func rowIndex(path, list string, n int) (int, error) {
	var i int
	if _, err := fmt.Sscanf(path, list+"[%d]", &i); err != nil || i < 0 || i >= n {
		return 0, fmt.Errorf("%s is not there any more: %w", path, fault.Conflict)
	}
	return i, nil
}

// listOf is the list that holds a row, and its place in it.
func listOf(p *plan.Plan, path string) (reflect.Value, int, error) {
	cut := strings.LastIndex(path, "[")
	if cut < 0 {
		return reflect.Value{}, 0, fmt.Errorf("%s is no row: %w", path, fault.Invalid)
	}
	leaf, ok := planAt(p, path[:cut])
	n, err := strconv.Atoi(strings.TrimSuffix(path[cut+1:], "]"))
	if !ok || err != nil || !leaf.v.CanSet() || leaf.v.Kind() != reflect.Slice || n < 0 || n >= leaf.v.Len() {
		return reflect.Value{}, 0, fmt.Errorf("%s is not there any more: %w", path, fault.Conflict)
	}
	return leaf.v, n, nil
}

// removeRow takes a row away, with what refers to it.
func removeRow(p *plan.Plan, path, name string) (*plan.Plan, string, error) {
	names := planNames(p, path)
	p.Assumptions = slices.DeleteFunc(p.Assumptions, func(a plan.Assumption) bool {
		rest, ok := strings.CutPrefix(a.Path, names)
		return ok && (rest == "" || rest[0] == '/')
	})
	is := func(x string) bool { return sameName(x, name) }
	also := 0
	items := func(of func(plan.Item) string) {
		before := len(p.Workload.Items)
		p.Workload.Items = slices.DeleteFunc(p.Workload.Items, func(it plan.Item) bool { return is(of(it)) })
		also += before - len(p.Workload.Items)
	}
	switch {
	case strings.HasPrefix(path, "classes[") && strings.Count(path, "[") == 1:
		for i := range p.Classes {
			p.Classes[i].SubsetOf = slices.DeleteFunc(p.Classes[i].SubsetOf, is)
		}
		for i := range p.Roles {
			if r := p.Roles[i].Ratio; r != nil {
				r.Classes = slices.DeleteFunc(r.Classes, is)
			}
		}
		items(func(it plan.Item) string { return it.Class })
	case strings.HasPrefix(path, "roles[") && strings.Count(path, "[") == 1:
		for i := range p.Roles {
			if r := p.Roles[i].Ratio; r != nil {
				r.Roles = slices.DeleteFunc(r.Roles, is)
			}
		}
		for i := range p.Costs {
			p.Costs[i].Roles = slices.DeleteFunc(p.Costs[i].Roles, is)
		}
		items(func(it plan.Item) string { return it.Role })
		before := len(p.Coverage)
		p.Coverage = slices.DeleteFunc(p.Coverage, func(c plan.Coverage) bool { return is(c.Role) })
		also += before - len(p.Coverage)
	}
	rows, i, err := listOf(p, path)
	if err != nil {
		return nil, "", err
	}
	rows.Set(reflect.AppendSlice(rows.Slice(0, i), rows.Slice(i+1, rows.Len())))
	said := "Removed " + name + "."
	if also > 0 {
		said = fmt.Sprintf("Removed %s, and %d %s of work and coverage with it.", name, also, plural(also, "line", "lines"))
	}
	return p, said, nil
}

// copyRow puts a copy below a row, under a name of its own.
func copyRow(p *plan.Plan, path, name string) (*plan.Plan, string, error) {
	rows, i, err := listOf(p, path)
	if err != nil {
		return nil, "", err
	}
	twin, _, err := listOf(p.Copy(), path) // so that the two share no list
	if err != nil {
		return nil, "", err
	}
	row := reflect.New(rows.Type().Elem()).Elem()
	row.Set(twin.Index(i))
	if f := row.FieldByName("Name"); f.IsValid() {
		free := func(n string) bool {
			for k := range rows.Len() {
				if sameName(rows.Index(k).FieldByName("Name").String(), n) {
					return false
				}
			}
			return true
		}
		base := f.String()
		for n := 1; ; n++ {
			next := base + " (copy)"
			if n > 1 {
				next = fmt.Sprintf("%s (copy %d)", base, n)
			}
			if free(next) {
				f.SetString(next)
				break
			}
		}
	}
	out := reflect.MakeSlice(rows.Type(), 0, rows.Len()+1)
	out = reflect.AppendSlice(out, rows.Slice(0, i+1))
	out = reflect.Append(out, row)
	out = reflect.AppendSlice(out, rows.Slice(i+1, rows.Len()))
	rows.Set(out)
	return p, "Copied " + name + ".", nil
}
