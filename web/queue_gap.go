package web

import (
	"fmt"
	"strings"

	"pons/column"
	"pons/fact"
	"pons/inventory"
)

// gap is what is missing in a queue: the attributes that fill it, and by which alike devices it is guessed.
type gap struct {
	attrs []fact.Attr
	alike [][]fact.Attr // the closest likeness first; all of a group must be known and equal
}

func gapOf(queue string) gap {
	switch queue {
	case "no-owner":
		return gap{[]fact.Attr{fact.Owner, fact.ClinicalOwner, fact.TechnicalOwner}, [][]fact.Attr{{fact.Department, fact.Category}, {fact.Class}, {fact.Site, fact.Category}}}
	case "no-location":
		return gap{[]fact.Attr{fact.Department, fact.Site, fact.Building, fact.Room}, [][]fact.Attr{{fact.VLAN, fact.Class}, {fact.VLAN}, {fact.Owner, fact.Class}}}
	default:
		return gap{[]fact.Attr{fact.Class}, [][]fact.Attr{{fact.Manufacturer, fact.Model}, {fact.Hostname}, {fact.Manufacturer}}}
	}
}

const (
	// suggestions is how many answers a row offers; enoughAlike and enoughShare are when devices alike say enough to
	// offer what they have (expert defaults: an offer that is wrong half of the time is slower than typing).
	suggestions = 3
	enoughAlike = 3
	enoughShare = 0.25
)

// gaps fills the rows of a queue in which something is missing, with what devices alike have.
func (s *Server) gaps(p *queuePage, ask asker) error {
	g := gapOf(p.Name)
	known := map[string][]queueChoice{} // one question for all rows that are alike
	for i := range p.Items {
		it := &p.Items[i]
		it.Evidence = knownOf(it.Row, it.Device)
		for _, by := range g.alike {
			key, question := likeness(ask, it.Row, by)
			if question == "" {
				continue
			}
			choices, ok := known[key]
			if !ok {
				var err error
				if choices, err = s.alikeHave(ask, question, by, g.attrs[0], it.Row); err != nil {
					return err
				}
				known[key] = choices
			}
			if len(choices) > 0 {
				it.Choices = choices
				break
			}
		}
	}
	for _, attr := range g.attrs {
		p.Set = append(p.Set, Choice{Name: string(attr), Label: attrTitle(attr)})
	}
	if p.Name == "unclassified" {
		p.Classes = s.Inventory.Classes()
		return nil
	}
	p.Values = ask.table.Values(string(g.attrs[0]), "", ask.scope, ask.now, 200)
	return nil
}

// likeness is the question for devices that are like a row; empty when the row does not say enough.
func likeness(ask asker, r *inventory.Row, by []fact.Attr) (key, question string) {
	var parts []string
	for _, attr := range by {
		switch value := likeBy(r, attr); {
		case value == "":
			return "", ""
		case attr == fact.Hostname:
			parts = append(parts, "hostname:"+value)
		default:
			parts = append(parts, ask.is(string(attr), value))
		}
	}
	question = strings.Join(parts, " and ")
	return question, question
}

// likeBy is what devices alike share of an attribute: its value, and of a hostname the stem that says what kind of
// device it is, as in GLU-LAB-871.
func likeBy(r *inventory.Row, attr fact.Attr) string {
	if attr != fact.Hostname {
		return r.Get(attr)
	}
	for _, name := range r.All(attr) {
		stem, _, ok := strings.Cut(name, "-")
		letters := strings.TrimFunc(stem, func(c rune) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' })
		if ok && len(stem) >= 2 && letters == "" {
			return stem + "-*"
		}
	}
	return ""
}

// alikeHave offers what devices alike have, where enough of them agree.
func (s *Server) alikeHave(ask asker, question string, by []fact.Attr, attr fact.Attr, r *inventory.Row) ([]queueChoice, error) {
	page, err := ask.find(question+" and has:"+string(attr), column.Request{Limit: 1, Facets: []string{string(attr)}, FacetLimit: suggestions})
	if err != nil || page.Total < enoughAlike {
		return nil, err
	}
	var like []string
	for _, a := range by {
		like = append(like, likeBy(r, a))
	}
	var out []queueChoice
	for _, c := range page.Facets[string(attr)].Values {
		if float64(c.Rows) < enoughShare*float64(page.Total) {
			continue
		}
		if _, err := inventory.CleanValue(attr, c.Value); err != nil {
			continue
		}
		out = append(out, queueChoice{Say: string(attr) + "=" + c.Value, Verb: "Set", Value: c.Value,
			Note: fmt.Sprintf("as %s of %s of %s", Count(c.Rows), Count(page.Total), strings.Join(like, ", "))})
	}
	return out, nil
}

// knownOf is what helps to recognise a device when something of it is missing.
func knownOf(r *inventory.Row, d *inventory.Device) []evidence {
	var out []evidence
	add := func(name, text string) {
		if text != "" {
			out = append(out, evidence{Name: name, Text: text})
		}
	}
	add("serial", r.Get(fact.Serial))
	add("MAC", strings.Join(r.All(fact.MAC), ", "))
	add("IP", strings.Join(r.All(fact.IP), ", "))
	add("description", d.Get(fact.Description))
	add("VLAN", r.Get(fact.VLAN))
	add("sources", strings.Join(strings.Split(r.Sources, "\n"), ", "))
	return out
}
