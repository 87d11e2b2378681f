package product

import (
	"slices"
	"strings"
)

// Maker is a maker as the texts give it, for people to look up.
type Maker struct {
	Name, Owner string
	Spellings   []string // as written: "=" before one that is taken only so, classes in { } behind one bound to them
	Own         bool     // a line of the hospital's own speaks of it
}

// Model is a model as the texts give it.
type Model struct {
	Maker, Name, Class string
	Numbers, Spellings []string
	Own                bool
}

// Makes yields the maker and the class of every model.
func (c *Catalog) Makes(yield func(maker, class string) bool) {
	for i := range c.models {
		m := &c.models[i]
		if !yield(c.makers[m.maker].name, c.classes[m.class].Name) {
			return
		}
	}
}

// Contents reads every maker and model out of the texts, in the order of their names. It costs some milliseconds and is
// kept nowhere: people ask for it, not imports.
func (c *Catalog) Contents() ([]Maker, []Model) {
	var makers []Maker
	var models []Model
	makerAt, modelAt := map[string]int{}, map[[2]string]int{}
	for i, text := range c.texts {
		for _, e := range entries(text) {
			field := func(n int) string {
				if n < len(e.fields) {
					return e.fields[n]
				}
				return ""
			}
			switch {
			case len(e.fields) == 0:
			case e.section == "@makers":
				at, again := makerAt[e.fields[0]]
				if !again {
					at = len(makers)
					makerAt[e.fields[0]] = at
					makers = append(makers, Maker{Name: e.fields[0]})
				}
				m := &makers[at]
				m.Own = m.Own || i >= own
				m.Spellings = append(m.Spellings, list(field(2))...)
				if field(1) != "" {
					m.Owner = field(1)
				}
			case e.section == "@models":
				key := [2]string{e.maker, strings.TrimPrefix(e.fields[0], "=")}
				at, again := modelAt[key]
				if !again {
					at = len(models)
					modelAt[key] = at
					models = append(models, Model{Maker: key[0], Name: key[1]})
				}
				m := &models[at]
				m.Own, m.Class = m.Own || i >= own, field(1)
				m.Numbers = append(m.Numbers, list(field(2))...)
				m.Spellings = append(m.Spellings, list(field(3))...)
			}
		}
	}
	byName := func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }
	slices.SortFunc(makers, func(a, b Maker) int { return byName(a.Name, b.Name) })
	slices.SortFunc(models, func(a, b Model) int {
		if n := byName(a.Maker, b.Maker); n != 0 {
			return n
		}
		return byName(a.Name, b.Name)
	})
	return makers, models
}
