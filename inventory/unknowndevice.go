package inventory

import (
	"cmp"
	"net"
	"slices"
	"strings"

	"pons/fact"
	"pons/fingerprint"
	"pons/sqldb"
)

// Trait is one thing that devices may have in common: an attribute of the wire and its value, as a rule's condition names it.
type Trait struct {
	Attr  fact.Attr
	Op    fingerprint.Op
	Value string
}

// Condition is the trait as a line of a rule.
func (t Trait) Condition() fingerprint.Condition {
	return fingerprint.Condition{Attr: t.Attr, Op: t.Op, Text: t.Value}
}

// UnknownGroup is devices without a class that have something in common.
type UnknownGroup struct {
	Traits  []Trait // what all of them have, the one they are grouped by first
	Most    []Trait // what nine in ten of them have beside
	Devices []string
	Of      int // devices
	Likely  string
	Names   []string // some of their names
	Medical int      // of which something says that they are medical
	Named   int      // devices of a class that a rule of the group's Conditions would take too
	As      []string // their classes, the commonest first
}

// ruleConditions is how many conditions a rule is begun with: the one of the group, and what says most beside it.
const ruleConditions = 2

// Conditions are the traits that a rule for the group is begun with.
func (g *UnknownGroup) Conditions() []Trait { return g.Traits[:min(len(g.Traits), ruleConditions)] }

// UnknownGroups is the devices without a class, in groups.
type UnknownGroups struct {
	Total   int // records there are
	Looked  int
	Devices int // without a class, among those looked at
	Groups  []UnknownGroup
	Alone   int // of them that share nothing with another
}

// The bounds of a grouping: traits that one device is looked at by, and examples of a group (expert defaults).
const (
	maxTraits     = 40
	groupExamples = 200
	groupShare    = 0.9
)

// groupedBy are the attributes that devices are grouped by as they are.
var groupedBy = map[fact.Attr]bool{"dhcp.vendor_class": true, "dhcp.param_list": true, "tls.ja4": true, "snmp.sys_object_id": true, "snmp.sys_descr": true,
	"http.server": true, "http.user_agent": true, "ssh.banner": true, "ssdp.server": true, "mdns.service": true, "hl7.sending_application": true, "dicom.implementation_class_uid": true,
	"wsd.types": true, "sip.user_agent": true, "bacnet.vendor_name": true, "bacnet.model": true, "modbus.vendor": true, "cip.product_name": true, "tls.cert_issuer": true,
	"ftp.banner": true, "telnet.banner": true, "dicom.manufacturer": true, "dicom.model": true, "cdp.platform": true, "lldp.system_description": true, "ntlm.os_version": true}

// traitsOf is what a record shows that others may share.
func traitsOf(s *Record) (out []Trait, likely string, medical bool) {
	var services []string
	add := func(attr fact.Attr, op fingerprint.Op, value string) {
		if t := (Trait{attr, op, value}); value != "" && len(value) <= 200 && len(out) < maxTraits && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	for i := range s.Said {
		x := &s.Said[i]
		switch {
		case x.Attr == fact.MAC && len(x.Value) == 17:
			if name, ok := fingerprint.Maker(x.Value); ok {
				add("oui", fingerprint.Is, name)
			}
		case x.Attr == fact.Hostname:
			if prefix := namePrefix(x.Value); prefix != "" {
				add(fact.Hostname, fingerprint.Begins, prefix)
			}
		case x.Attr == fact.Service && strings.HasSuffix(x.Value, "/server"):
			services = append(services, x.Value)
		case x.Attr == "tls.sni":
			if domain := lastLabels(x.Value); domain != "" {
				add("tls.sni", fingerprint.Has, domain)
			}
		case x.Attr == likelyClass:
			likely = x.Value
		case x.Attr == fact.Category:
			medical = medical || x.Value == "medical"
		case groupedBy[x.Attr]:
			add(x.Attr, fingerprint.Is, x.Value)
		}
	}
	slices.Sort(services)
	for _, service := range slices.Compact(services)[:min(len(services), 6)] {
		add(fact.Service, fingerprint.Is, service)
	}
	return out, likely, medical
}

// namePrefix is what stands before the first digit or dash of a host name, with it: the part that devices of a kind
// share. Names that begin with a digit, and very short beginnings, say nothing.
func namePrefix(name string) string {
	at := strings.IndexAny(name, "0123456789-_.")
	if at < 2 {
		return ""
	}
	if name[at] == '-' || name[at] == '_' {
		at++
	}
	return strings.ToUpper(name[:at])
}

// lastLabels are the last two labels of a name on the internet: whom a device talks to.
func lastLabels(name string) string {
	if net.ParseIP(name) != nil {
		return ""
	}
	parts := strings.Split(strings.TrimSuffix(name, "."), ".")
	if len(parts) < 2 {
		return ""
	}
	return "." + strings.Join(parts[len(parts)-2:], ".")
}

// UnknownGroups groups the devices without a class by what they have in common, the largest group first, each device in
// one: one rule for the first names the most. may says which devices the asker sees; nil is all. Where there are more
// than 20,000 records, an even sample of them is read.
func (inv *Inventory) UnknownGroups(tx *sqldb.Tx, may func(site, department string) bool, limit int) (UnknownGroups, error) {
	var out UnknownGroups
	type unknown struct {
		traits  []Trait
		likely  string
		medical bool
		name    string
	}
	devices := map[string]*unknown{}
	classed := map[string]string{}
	var err error
	out.Total, out.Looked, err = sampled(tx, may, func(s *stored) error {
		if class := statementOf(s.Said, fact.Class).Value; class != "" {
			classed[s.Device] = class
		}
		if s.Kind != "wire" {
			return nil
		}
		traits, likely, medical := traitsOf(&s.Record)
		u := devices[s.Device]
		if u == nil {
			u = &unknown{}
			devices[s.Device] = u
		}
		u.traits = append(u.traits, traits...)
		u.likely, u.medical = cmp.Or(u.likely, likely), u.medical || medical
		u.name = cmp.Or(u.name, statementOf(s.Said, fact.Hostname).Value, statementOf(s.Said, fact.IP).Value, statementOf(s.Said, fact.MAC).Value)
		return nil
	})
	if err != nil {
		return out, err
	}
	members, named := map[Trait][]string{}, map[Trait][]string{}
	for id, u := range devices {
		slices.SortFunc(u.traits, compareTraits)
		u.traits = slices.Compact(u.traits)
		if classed[id] != "" {
			delete(devices, id)
			for _, t := range u.traits {
				named[t] = append(named[t], id)
			}
			continue
		}
		for _, t := range u.traits {
			members[t] = append(members[t], id)
		}
	}
	out.Devices = len(devices)
	order := make([]Trait, 0, len(members))
	for t := range members {
		order = append(order, t)
	}
	slices.SortFunc(order, compareTraits)
	taken := map[string]bool{}
	left := func(t Trait) (n int) {
		for _, id := range members[t] {
			if !taken[id] {
				n++
			}
		}
		return n
	}
	counts := make(map[Trait]int, len(order))
	for _, t := range order {
		counts[t] = len(members[t])
	}
	for len(out.Groups) < limit {
		var best Trait
		n := 1 // a device alone is no group
		for _, t := range order {
			if counts[t] <= n {
				continue
			}
			if counts[t] = left(t); counts[t] > n {
				best, n = t, counts[t]
			}
		}
		if n == 1 {
			break
		}
		g := UnknownGroup{Traits: []Trait{best}, Of: n}
		share, likely := map[Trait]int{}, map[string]int{}
		ids := slices.Clone(members[best])
		slices.Sort(ids)
		for _, id := range ids {
			if taken[id] {
				continue
			}
			taken[id] = true
			u := devices[id]
			for _, t := range u.traits {
				share[t]++
			}
			if u.likely != "" {
				likely[u.likely]++
			}
			if u.medical {
				g.Medical++
			}
			if len(g.Devices) < groupExamples {
				g.Devices = append(g.Devices, id)
			}
			if len(g.Names) < 5 && u.name != "" {
				g.Names = append(g.Names, u.name)
			}
		}
		for t, k := range share {
			switch {
			case t == best:
			case k == n:
				g.Traits = append(g.Traits, t)
			case float64(k) >= groupShare*float64(n):
				g.Most = append(g.Most, t)
			}
		}
		slices.SortFunc(g.Traits[1:], compareTraits)
		slices.SortFunc(g.Most, compareTraits)
		g.Likely = commonest(likely)
		g.Named, g.As = alike(g.Conditions(), named, classed)
		out.Groups = append(out.Groups, g)
	}
	out.Alone = out.Devices - len(taken)
	return out, nil
}

// alike counts the devices of a class that have all of the traits, and lists their classes, the commonest first.
func alike(traits []Trait, named map[Trait][]string, classed map[string]string) (n int, classes []string) {
	have := map[string]int{}
	for _, t := range traits {
		for _, id := range named[t] {
			have[id]++
		}
	}
	of := map[string]int{}
	for id, k := range have {
		if k == len(traits) {
			n++
			of[classed[id]]++
		}
	}
	for class := range of {
		classes = append(classes, class)
	}
	slices.SortFunc(classes, func(a, b string) int { return cmp.Or(of[b]-of[a], strings.Compare(a, b)) })
	return n, classes
}

// compareTraits orders traits from those that say most of a device to those that say least, then by text.
func compareTraits(a, b Trait) int {
	rank := func(t Trait) int {
		switch {
		case strings.HasPrefix(string(t.Attr), "dicom."), strings.HasPrefix(string(t.Attr), "hl7."), t.Attr == "snmp.sys_descr", t.Attr == "http.user_agent", t.Attr == "cdp.platform":
			return 0
		case t.Attr == "dhcp.vendor_class", t.Attr == fact.Hostname, t.Attr == "oui":
			return 1
		case t.Attr == "dhcp.param_list", t.Attr == "tls.ja4", t.Attr == fact.Service:
			return 3
		}
		return 2
	}
	return cmp.Or(rank(a)-rank(b), strings.Compare(string(a.Attr), string(b.Attr)), strings.Compare(a.Value, b.Value), strings.Compare(string(a.Op), string(b.Op)))
}
