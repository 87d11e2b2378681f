package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pons/column"
	"pons/product"
)

// browsePage is what the catalog knows of one sort, for people to look up.
type browsePage struct {
	catalogPage
	Query    string
	Category string // of classes
	Of       string // maker, of models
	Class    string // of models
	Own      bool   // only the hospital's own
	Sort     string // "devices" or empty: by name
	Ready    bool   // devices are counted
	Pager    Pager
	Classes  []classLine
	Makers   []makerLine
	Models   []modelLine
}

type classLine struct {
	product.Class
	Wider string // title of the parent
	Count int
	Href  string
}

type makerLine struct {
	product.Maker
	Models int
	Count  int
	Href   string
}

type modelLine struct {
	product.Model
	ClassTitle string
	Count      int
	Href       string
}

const browseRows = 50

func (s *Server) browse(v *Visit, tab string) browsePage {
	p := browsePage{catalogPage: s.catalogPage(v, tab), Query: v.Form("q"), Category: v.Form("category"), Of: v.Form("maker"), Class: v.Form("class"),
		Own: v.Form("own") != "", Sort: v.Form("sort")}
	p.Ready, _ = s.Index.Ready()
	return p
}

// href is this page with one parameter otherwise.
func (p browsePage) href(name, value string) string {
	q := url.Values{}
	for k, x := range map[string]string{"q": p.Query, "category": p.Category, "maker": p.Of, "class": p.Class, "sort": p.Sort} {
		if x != "" {
			q.Set(k, x)
		}
	}
	if p.Own {
		q.Set("own", "yes")
	}
	if q.Del(name); value != "" {
		q.Set(name, value)
	}
	return strings.TrimSuffix(catalogHref+"/"+p.Tab+"?"+q.Encode(), "?")
}

// columns adds the orders that the list can have.
func (p browsePage) columns(list ...Column) []Column {
	for i := range list {
		switch list[i].Key {
		case "name":
			list[i].Sort = p.href("sort", "")
			if p.Sort != "devices" {
				list[i].Sorted = "ascending"
			}
		case "devices":
			list[i].Sort = p.href("sort", "devices")
			if p.Sort == "devices" {
				list[i].Sorted = "descending"
			}
		}
	}
	return list
}

// counted are the devices within the person's scope by their value of a field.
func (s *Server) counted(v *Visit, field string) (of map[string]int, ask asker, err error) {
	if ask, err = s.asker(v); err != nil {
		return nil, ask, err
	}
	page, err := ask.find("", column.Request{Limit: 1, Facets: []string{field}, FacetLimit: 100_000})
	of = map[string]int{}
	for _, c := range page.Facets[field].Values {
		of[c.Value] = c.Rows
	}
	return of, ask, err
}

// matches says whether one of the texts holds every word that was asked for.
func (p browsePage) matches(texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, "\n"))
	for _, word := range strings.Fields(strings.ToLower(p.Query)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

// pageOf cuts a page out of a list and makes its pager.
func pageOf[T any](v *Visit, p *browsePage, noun string, list []T, count func(T) int) []T {
	if p.Sort == "devices" {
		slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(count(b), count(a)) })
	}
	from, _ := strconv.Atoi(v.Form("from")) // anything else is the first page
	from = max(0, min(from, len(list)-1)) / browseRows * browseRows
	to := min(from+browseRows, len(list))
	p.Pager = Pager{From: from + 1, To: to, Total: len(list), Noun: noun}
	if from > 0 {
		p.Pager.Prev = p.href("from", strconv.Itoa(from-browseRows))
	}
	if to < len(list) {
		p.Pager.Next = p.href("from", strconv.Itoa(to))
	}
	return list[from:to]
}

func (s *Server) catalogClasses(v *Visit) error {
	p := s.browse(v, "classes")
	counts, ask, err := s.counted(v, "class")
	if err != nil {
		return err
	}
	c := s.Inventory.Catalog()
	var list []classLine
	for _, k := range c.Classes() {
		if p.Own && !k.Own || p.Category != "" && p.Category != k.Category || !p.matches(append(append([]string{k.Name, k.Title}, k.Synonyms...), k.ProductCodes...)...) {
			continue
		}
		wider, _ := c.Class(k.Parent)
		list = append(list, classLine{k, wider.Title, counts[k.Name], askHref(ask.is("class", k.Name))})
	}
	slices.SortStableFunc(list, func(a, b classLine) int { return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) })
	p.Classes = pageOf(v, &p, "classes", list, func(l classLine) int { return l.Count })
	return v.Render(Page{Title: "Device classes", About: "The kinds of device that Pons tells apart: what people call them, FDA's product codes, and whether a life may depend on one.", Crumbs: catalogCrumbs()}, p.View())
}

func (s *Server) catalogMakers(v *Visit) error {
	p := s.browse(v, "makers")
	counts, ask, err := s.counted(v, "manufacturer")
	if err != nil {
		return err
	}
	makers, models := s.Inventory.Catalog().Contents()
	of := map[string]int{}
	for _, m := range models {
		of[m.Maker]++
	}
	var list []makerLine
	for _, m := range makers {
		if p.Own && !m.Own || !p.matches(append([]string{m.Name, m.Owner}, m.Spellings...)...) {
			continue
		}
		list = append(list, makerLine{m, of[m.Name], counts[m.Name], askHref(ask.is("manufacturer", m.Name))})
	}
	p.Makers = pageOf(v, &p, "makers", list, func(l makerLine) int { return l.Count })
	return v.Render(Page{Title: "Makers", About: "Who makes devices, who owns whom, and every spelling that is read as one name.", Crumbs: catalogCrumbs()}, p.View())
}

func (s *Server) catalogModels(v *Visit) error {
	p := s.browse(v, "models")
	counts, ask, err := s.counted(v, "model")
	if err != nil {
		return err
	}
	c := s.Inventory.Catalog()
	_, models := c.Contents()
	var list []modelLine
	for _, m := range models {
		if p.Own && !m.Own || p.Of != "" && p.Of != m.Maker || p.Class != "" && p.Class != m.Class {
			continue
		}
		k, _ := c.Class(m.Class)
		if !p.matches(append(append([]string{m.Maker, m.Name, m.Class, k.Title}, m.Spellings...), m.Numbers...)...) {
			continue
		}
		list = append(list, modelLine{m, k.Title, counts[m.Name], askHref(ask.is("manufacturer", m.Maker) + " and " + ask.is("model", m.Name))})
	}
	p.Models = pageOf(v, &p, "models", list, func(l modelLine) int { return l.Count })
	// Two makers may have models of one name: those shown are counted one by one.
	for i := range p.Models {
		if p.Models[i].Count > 0 {
			l := &p.Models[i]
			if l.Count, err = ask.count(ask.is("manufacturer", l.Maker) + " and " + ask.is("model", l.Name)); err != nil {
				return err
			}
		}
	}
	return v.Render(Page{Title: "Models", About: "What makers make: the class of each model, its catalogue numbers, and every spelling that is read as it.", Crumbs: catalogCrumbs()}, p.View())
}
