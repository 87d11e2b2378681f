package web

import (
	"fmt"
	"strings"

	"pons/account"
	"pons/fact"
	"pons/fingerprint"
	"pons/inventory"
	"pons/sqldb"
)

// unknownGroupsShown are the groups of one page, the largest first: who names them meets the rest.
const unknownGroupsShown = 50

// unknownDevicesPage shows the devices without a class by what they have in common.
type unknownDevicesPage struct {
	inventory.UnknownGroups
	May    bool
	Lines  []unknownGroupLine
	All    int // devices without a class, counted by the index
	AllRef string
	Ready  bool
}

// unknownGroupLine is one group and what can be done with it.
type unknownGroupLine struct {
	inventory.UnknownGroup
	First    string // what the group is grouped by
	Also     []string
	Most     []string
	Examples []Link
	Write    string // to a rule that is begun for the group
	Likely   string // title of the class
}

func (s *Server) unknownDevices(v *Visit) error {
	p := unknownDevicesPage{May: v.May(account.RuleWrite) && v.Actor.Scope.All()}
	ask, err := s.asker(v)
	if err != nil {
		return err
	}
	var rows []*inventory.Row
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.UnknownGroups, err = s.Inventory.UnknownGroups(tx, v.Scope().Holds, unknownGroupsShown); err != nil {
			return err
		}
		var ids []string
		for _, g := range p.Groups {
			ids = append(ids, g.Devices[:min(len(g.Devices), 5)]...)
		}
		rows, err = s.Inventory.Rows(tx, ids)
		return err
	})
	if err != nil {
		return err
	}
	if p.Ready, _ = s.Index.Ready(); p.Ready {
		question := "is:unclassified"
		if p.All, err = ask.count(question); err != nil {
			return err
		}
		p.AllRef = askHref(question)
	}
	of := map[string]*inventory.Row{}
	for _, r := range rows {
		of[r.ID] = r
	}
	for _, g := range p.Groups {
		l := unknownGroupLine{UnknownGroup: g, First: traitText(g.Traits[0])}
		for _, t := range g.Traits[1:] {
			l.Also = append(l.Also, traitText(t))
		}
		for _, t := range g.Most {
			l.Most = append(l.Most, traitText(t))
		}
		for _, id := range g.Devices[:min(len(g.Devices), 5)] {
			if r := of[id]; r != nil {
				l.Examples = append(l.Examples, Link{r.Name, deviceHref(id, "")})
			}
		}
		if c, ok := s.Inventory.Catalog().Class(g.Likely); ok {
			l.Likely = c.Title
		}
		l.Write = writeRuleHref(g)
		p.Lines = append(p.Lines, l)
	}
	return v.Render(Page{Title: "Unknown devices", About: "Devices that nobody has named a class of, by what they have in common: one rule for the first group names the most."}, p.View())
}

// traitText says a trait in words.
func traitText(t inventory.Trait) string {
	name := map[fact.Attr]string{"oui": "network card registered to", "dhcp.vendor_class": "DHCP vendor class", "dhcp.param_list": "DHCP asks for options", fact.Hostname: "name begins with",
		"tls.ja4": "TLS client (JA4)", fact.Service: "offers", "tls.sni": "talks to names in", "http.user_agent": "program", "snmp.sys_descr": "SNMP description", "snmp.sys_object_id": "SNMP object id"}[t.Attr]
	if name == "" {
		name = string(t.Attr)
	}
	value := t.Value
	if r := []rune(value); len(r) > 90 {
		value = string(r[:89]) + "…"
	}
	return name + " " + value
}

// classesShown are the classes of devices alike that a group names.
const classesShown = 6

// asText lists classes, with how many more there are.
func asText(classes []string) string {
	text := strings.Join(classes[:min(len(classes), classesShown)], ", ")
	if more := len(classes) - classesShown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// writeRuleHref leads to a rule that is begun for a group.
func writeRuleHref(g inventory.UnknownGroup) string {
	pairs := []string{}
	for _, t := range g.Conditions() {
		if c := t.Condition(); c.Op != fingerprint.Is || !strings.ContainsAny(c.Text, "\r\n") {
			pairs = append(pairs, "when", fmt.Sprintf("%s %s %s", c.Attr, c.Op, c.Text))
		}
	}
	return withQuery(ownRulesHref, append(pairs, "class", g.Likely, "from", traitText(g.Traits[0]))...)
}
