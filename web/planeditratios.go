package web

import (
	"fmt"
	"slices"
	"strings"

	"pons/plan"
)

// workGroup is the work of one role, as places in the list.
type workGroup struct {
	Role  string
	Items []int
	Hours float64
	Wrong bool
}

func (f *planForm) workGroups() []workGroup {
	var out []workGroup
	for i := range f.P.Workload.Items {
		it := &f.P.Workload.Items[i]
		g := slices.IndexFunc(out, func(g workGroup) bool { return sameName(g.Role, it.Role) })
		if g < 0 {
			g = len(out)
			out = append(out, workGroup{Role: it.Role})
			for _, r := range f.Out.Years[0].Roles {
				if sameName(r.Name, it.Role) {
					out[g].Hours = r.WorkloadHours
				}
			}
		}
		out[g].Items = append(out[g].Items, i)
		out[g].Wrong = out[g].Wrong || f.Wrong.At(fmt.Sprintf("workload.items[%d]", i)) != ""
	}
	return out
}

// oftenOf is the field that says how often a line of work is done.
func oftenOf(it *plan.Item) string {
	switch {
	case it.HoursPerYear != 0:
		return "hours_per_year"
	case it.EventsPerYear != 0:
		return "events_per_year"
	case it.PerAdded != 0:
		return "per_added_device"
	case it.PerRetired != 0:
		return "per_retired_device"
	case it.Class == "":
		return "events_per_year"
	}
	return "per_device_year"
}

func oftenWord(often string) string {
	switch often {
	case "hours_per_year":
		return "hours a year in all"
	case "events_per_year":
		return "times a year"
	case "per_added_device":
		return "times a device that comes"
	case "per_retired_device":
		return "times a device that goes"
	}
	return "times a device and year"
}

// quiet is a field whose source is shown once for its row.
func (f *planForm) quiet(path, label string) planField {
	d := f.field(path, label)
	d.Source, d.Default = nil, nil
	return d
}

func (f *planForm) ratioField(i int, kind string) planField {
	d := f.field(fmt.Sprintf("roles[%d].ratio.%s", i, kind), ratioWord(kind)+": "+f.P.Roles[i].Name)
	if d.Error == "" {
		d.Error = f.ratioProblem(i)
	}
	return d.ratioSlide()
}

// ratioProblem is a mistake of a ratio whose own field is not on the page: the ratio has another kind there, or none.
func (f *planForm) ratioProblem(i int) string {
	at, kind := fmt.Sprintf("roles[%d].ratio", i), ratioKind(f.P.Roles[i].Ratio)
	shown := []string{at + "." + kind}
	if kind == "fte_per_fte" || kind == "" {
		shown = append(shown, at+".roles")
	}
	if kind != "fte_per_fte" && kind != "beds_per_fte" {
		shown = append(shown, at+".classes")
	}
	for _, m := range f.Wrong {
		below := m.Path == at || strings.HasPrefix(m.Path, at+".")
		if below && !slices.ContainsFunc(shown, func(path string) bool { return m.Path == path || strings.HasPrefix(m.Path, path+"[") }) {
			return m.Text
		}
	}
	return ""
}

func (f *planForm) otherRoles(i int) []string {
	names := f.roleNames()
	return slices.Delete(names, i, i+1)
}

func ratioOptions() []Option {
	out := []Option{{"", ratioWord("")}}
	for _, k := range ratioOrder() {
		out = append(out, Option{k, ratioWord(k)})
	}
	return out
}

func workOptions() []Option {
	out := []Option{{"", "by its name"}}
	for _, w := range plan.Works() {
		out = append(out, Option{string(w), string(w)})
	}
	return out
}

// contracted are the places of the classes that have an offer.
func (f *planForm) contracted() (out []int) {
	for i := range f.P.Classes {
		if f.P.Classes[i].Contract != nil {
			out = append(out, i)
		}
	}
	return out
}
