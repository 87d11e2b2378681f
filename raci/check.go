package raci

import (
	"fmt"
	"slices"
	"strings"

	"pons/staff"
)

// Kind is how grave a finding is.
type Kind string

// The kinds of findings.
const (
	Mistake Kind = "mistake" // the matrix does not say who is accountable or responsible
	Warning Kind = "warning"
	Vacancy Kind = "vacancy" // a party that no person fills
)

// Finding is one thing that is wrong with the matrix.
type Finding struct {
	Kind     Kind
	Activity string   // key; empty: about the whole matrix
	Rules    []string // ids
	Text     string
}

// sameEverywhere is how many activities it takes before "the same A on all of them" is worth a warning.
const sameEverywhere = 2

// Check says what is wrong with the matrix on a day: for every combination of class, category, site and hour that the
// rules tell apart, exactly one rule must count, with exactly one A and at least one R. Combinations that no rule
// names are alike, so that checking those named and one that is none of them checks all.
func (m *Matrix) Check(day staff.Date) []Finding {
	var out []Finding
	for _, a := range m.Activities {
		out = append(out, m.checkActivity(a)...)
	}
	out = append(out, m.checkSame()...)
	return append(out, m.vacancies(day)...)
}

// Mistakes counts what must be mended.
func Mistakes(list []Finding) (n int) {
	for _, f := range list {
		if f.Kind == Mistake {
			n++
		}
	}
	return n
}

func (m *Matrix) checkActivity(a Activity) []Finding {
	rules := m.by[a.Key]
	if len(rules) == 0 {
		return []Finding{{Mistake, a.Key, nil, fmt.Sprintf("%d %s has no rule: nobody answers for it", a.Number, a.Name)}}
	}
	var out []Finding
	for i := len(rules) - 1; i >= 0; i-- { // the widest first
		out = append(out, checkParties(a, rules[i])...)
	}
	return append(out, m.checkCells(a, rules)...)
}

func checkParties(a Activity, r *Rule) []Finding {
	var out []Finding
	add := func(format string, args ...any) {
		out = append(out, Finding{Mistake, a.Key, []string{r.ID}, fmt.Sprintf("rule %s (%s): ", r.Label, a.Name) + fmt.Sprintf(format, args...)})
	}
	switch n := len(r.With(Letters.A)); {
	case n == 0:
		add("nobody is accountable; give one party the A")
	case n > 1:
		add("%d parties are accountable; leave the A to one", n)
	}
	if len(r.With(Letters.R)) == 0 {
		add("nobody is responsible; give at least one party the R")
	}
	return out
}

// cell is one combination that the rules tell apart.
type cell struct{ class, category, site string }

func (c cell) say() string {
	var parts []string
	if c.class != "" {
		parts = append(parts, "class "+c.class)
	}
	if c.category != "" {
		parts = append(parts, "category "+c.category)
	}
	if c.site != "" {
		parts = append(parts, "site "+c.site)
	}
	if len(parts) == 0 {
		return "devices that no narrower rule names"
	}
	return strings.Join(parts, ", ")
}

// checkCells looks at every combination for hours without a rule, and for rules of one rank that hold at once.
func (m *Matrix) checkCells(a Activity, rules []*Rule) []Finding {
	classes, categories, sites, edges := []string{""}, []string{""}, []string{""}, []int{0}
	for _, r := range rules {
		classes, categories, sites = append(classes, r.Class), append(categories, r.Category), append(sites, r.Site)
		edges = append(edges, r.Hours.Edges()...)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var out []Finding
	told := map[string]bool{} // conflicts, by the pair of rules
	var everywhere []bool     // holes of devices that no rule names: those of others are told only where they differ
	for _, class := range unique(classes) {
		for _, category := range unique(categories) {
			for _, site := range unique(sites) {
				c := cell{class, category, site}
				holes := make([]bool, len(edges))
				any, other := false, false
				for i, minute := range edges {
					best := m.rules(a.Key, class, category, site, minute)
					if len(best) == 0 {
						holes[i], any = true, true
						other = other || everywhere == nil || !everywhere[i]
					}
					out = append(out, conflicts(a, best, told)...)
				}
				if everywhere == nil {
					everywhere = holes
				}
				if any && other {
					out = append(out, Finding{Mistake, a.Key, nil, fmt.Sprintf("%d %s: no rule for %s%s", a.Number, a.Name, c.say(), holeHours(edges, holes))})
				}
			}
		}
	}
	return out
}

func conflicts(a Activity, best []*Rule, told map[string]bool) []Finding {
	var out []Finding
	for i, x := range best {
		for _, y := range best[i+1:] {
			if key := x.ID + " " + y.ID; !told[key] {
				told[key] = true
				out = append(out, Finding{Mistake, a.Key, []string{x.ID, y.ID}, fmt.Sprintf("rules %s and %s (%s) are equally narrow and hold at once (%s; %s): change the hours or remove one", x.Label, y.Label, a.Name, orAll(x.Scope()), orAll(y.Scope()))})
			}
		}
	}
	return out
}

func orAll(scope string) string {
	if scope == "" {
		return "everything"
	}
	return scope
}

// holeHours names the hours of the holes; nothing where they are the whole week.
func holeHours(edges []int, holes []bool) string {
	if !slices.Contains(holes, false) {
		return ""
	}
	return ", " + staff.HoursWhere(func(minute int) bool {
		i, exact := slices.BinarySearch(edges, minute)
		if !exact {
			i--
		}
		return holes[i]
	}).String()
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.CompactFunc(list, strings.EqualFold)
}

// checkSame warns where one party is accountable for everything: then the matrix says little.
func (m *Matrix) checkSame() []Finding {
	if len(m.Activities) < sameEverywhere {
		return nil
	}
	var one Party
	for i := range m.Rules {
		for _, p := range m.Rules[i].With(Letters.A) {
			if one != "" && p != one {
				return nil
			}
			one = p
		}
	}
	if one == "" {
		return nil
	}
	return []Finding{{Warning, "", nil, fmt.Sprintf("%s is accountable for everything: one absence, and nobody is", one.Name(m.Roster))}}
}

// vacancies are parties whom nobody fills on a day, and sites that a party does not serve.
func (m *Matrix) vacancies(day staff.Date) []Finding {
	type vacancy struct{ rules, labels []string }
	found := map[string]*vacancy{}
	var order []string
	for i := range m.Rules {
		r := &m.Rules[i]
		for _, p := range r.With(func(Letters) bool { return true }) {
			text := m.vacancy(p, r, day)
			if text == "" {
				continue
			}
			v := found[text]
			if v == nil {
				v = &vacancy{}
				found[text] = v
				order = append(order, text)
			}
			v.rules, v.labels = append(v.rules, r.ID), append(v.labels, r.Label)
		}
	}
	slices.Sort(order)
	var out []Finding
	for _, text := range order {
		v := found[text]
		noun := "rule "
		if len(v.labels) > 1 {
			noun = "rules "
		}
		out = append(out, Finding{Vacancy, "", v.rules, text + ": " + noun + strings.Join(v.labels, ", ")})
	}
	return out
}

func (m *Matrix) vacancy(p Party, r *Rule, day staff.Date) string {
	need, ok := p.need()
	if !ok {
		return fmt.Sprintf("%s is no party", p)
	}
	there, serves := false, false
	for i := range m.Roster.People {
		w := &m.Roster.People[i]
		if !w.Works(day) || need.Team != "" && w.Team != need.Team || need.Title != "" && !strings.EqualFold(w.Title, need.Title) || need.Person != "" && w.ID != need.Person {
			continue
		}
		there = true
		serves = serves || r.Site == "" || w.Serves(r.Site)
	}
	switch {
	case !there && need.Person != "":
		return p.Name(m.Roster) + " does not work here"
	case !there:
		return "nobody is in " + p.Name(m.Roster)
	case !serves:
		return fmt.Sprintf("nobody in %s serves %s", p.Name(m.Roster), r.Site)
	}
	return ""
}
