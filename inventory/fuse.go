package inventory

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"pons/fact"
	"pons/fingerprint"
)

// Fusion of findings (domain dossier 5.7, proposals of the house): weights of independent kinds of evidence join as
// 1-∏(1-w); a class that Pons gives by itself needs two kinds, or one that weighs trustAlone for it: an SDC provider's
// own type (.98), bytes of a maker's protocol (.95), a clinical protocol's own word (.9). A MAC prefix alone never does.
const (
	trustAlone = 0.9
	// A maker that is found by another kind of evidence, and is known to make such devices, bears a class out, though it
	// says less of it than of the maker (expert default).
	bearsOut = 0.5
	// What is likely, and why it is not said, is kept beside the observations of the wire.
	likelyClass = fact.Attr("likely.class")
)

// candidate is a value that findings speak for.
type candidate struct {
	value string
	speak []finding
	kinds map[string]float64 // the most that each kind says
	known bool
}

func (c *candidate) add(f finding) {
	c.speak = append(c.speak, f)
	c.kinds[f.kind] = max(c.kinds[f.kind], f.trust)
}

// trust joins the kinds, in whole percent, as it is stored.
func (c *candidate) trust() float64 {
	weights := make([]float64, 0, len(c.kinds))
	for _, w := range c.kinds {
		weights = append(weights, w)
	}
	slices.Sort(weights) // so that the order of a map does not matter to the last bit
	miss := 1.0
	for _, w := range weights {
		miss *= 1 - w
	}
	return math.Round(min(0.99, 1-miss)*100) / 100
}

// stands says whether Pons may give the value by itself.
func (c *candidate) stands() bool {
	if len(c.kinds) >= 2 {
		return true
	}
	for _, w := range c.kinds {
		return w >= trustAlone
	}
	return false
}

// candidates gathers the findings of one attribute by value, the most believed first. canonical brings a value to the
// spelling of the catalogue; "" leaves the finding out.
func candidates(found []finding, attr fact.Attr, canonical func(string) (string, bool)) []*candidate {
	if !slices.ContainsFunc(found, func(f finding) bool { return f.attr == attr }) {
		return nil
	}
	by := map[string]*candidate{}
	var out []*candidate
	for _, f := range found {
		if f.attr != attr || f.value == "" || fact.Placeholder(f.value) {
			continue
		}
		value, known := canonical(f.value)
		if value == "" {
			continue
		}
		c := by[strings.ToLower(value)]
		if c == nil {
			c = &candidate{value: value, kinds: map[string]float64{}, known: known}
			by[strings.ToLower(value)] = c
			out = append(out, c)
		}
		c.add(f)
	}
	sortCandidates(out)
	return out
}

func sortCandidates(list []*candidate) {
	slices.SortFunc(list, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.trust(), a.trust()), compareBool(!a.known, !b.known), cmp.Compare(a.value, b.value))
	})
}

// statements are the candidate's votes: one of each source that speaks for it, all as believed as they are together.
func (c *candidate) statements(attr fact.Attr, trust float64) []Statement {
	var out []Statement
	for _, f := range c.speak {
		i := slices.IndexFunc(out, func(s Statement) bool { return s.Source == f.from.Source })
		if i < 0 {
			out = append(out, Statement{Attr: attr, Value: c.value, Source: f.from.Source, Trust: trust, At: f.from.At, Derived: true, Because: f.because()})
		} else if why := f.because(); !strings.Contains(out[i].Because, f.why) && strings.Count(out[i].Because, "; ") < 2 {
			out[i].Because += "; " + why
		}
	}
	return out
}

// fuse makes of findings what they say together: maker and model as facts for the catalogue to name, everything else
// but the class as statements.
func (n *Normalizer) fuse(said []Statement, found []finding, maker, model **fact.Fact, stated func(*fact.Fact) bool) ([]Statement, []finding) {
	if len(found) == 0 {
		return said, nil
	}
	out := slices.Clone(said)
	makers := candidates(found, fact.Manufacturer, func(v string) (string, bool) {
		if name, known := n.catalog.Maker(v); known {
			return name, true
		}
		return v, false
	})
	out = n.nameBest(out, makers, maker, fact.Manufacturer, stated)
	models := candidates(found, fact.Model, func(v string) (string, bool) {
		if id := n.identify("", v, ""); id.ModelKnown {
			return id.Model, true
		}
		return v, false
	})
	if len(models) > 0 && (*model == nil || !stated(*model)) { // the first word for it, which tells the catalogue more than its own name
		f := models[0].speak[0]
		*model = &fact.Fact{Attr: fact.Model, Value: f.value, Source: f.from.Source, Trust: models[0].trust(), At: f.from.At, Because: f.because()}
	}
	for _, attr := range []fact.Attr{fact.Serial, fact.ModelNumber, fact.SoftwareVersion, fact.Practice, fact.UDIDI} {
		for _, f := range found {
			if f.attr == attr && f.value != "" && !fact.Placeholder(f.value) {
				out = append(out, Statement{Attr: attr, Value: f.value, Source: f.from.Source, Trust: f.trust, At: f.from.At, Derived: true, Because: f.because()})
			}
		}
	}
	return n.fuseOS(out, found), found
}

// nameBest makes the maker most believed the fact that the catalogue reads; those that lose are said too, so that a
// contradiction between strong findings is a conflict for a person. A source's own word goes before all of them.
func (n *Normalizer) nameBest(out []Statement, list []*candidate, into **fact.Fact, attr fact.Attr, stated func(*fact.Fact) bool) []Statement {
	for i, c := range list {
		trust := c.trust()
		if !c.known {
			trust = min(trust, trustUnknown)
		}
		if i == 0 && (*into == nil || !stated(*into)) {
			f := c.speak[0]
			*into = &fact.Fact{Attr: attr, Value: f.value, Source: f.from.Source, Trust: trust, At: f.from.At, Because: f.because()}
			if rest := c.statements(attr, trust); c.known && len(rest) > 1 {
				out = append(out, rest[1:]...)
			}
			continue
		}
		out = append(out, c.statements(attr, trust)...)
	}
	return out
}

// linuxes are systems of which "Linux" is the wider word.
var linuxes = []string{"Ubuntu", "Debian", "CentOS", "Red Hat Enterprise Linux", "Raspberry Pi OS", "Fedora", "SUSE Linux Enterprise", "Amazon Linux", "Oracle Linux"}

// widerOS says whether one name of a system is a wider word for another.
func widerOS(wide, narrow string) bool {
	return wide != narrow && (strings.HasPrefix(narrow, wide+" ") || wide == "Linux" && slices.Contains(linuxes, narrow))
}

// fuseOS says the operating system most believed, and its version where who names it tells it. A wider word bears a
// narrower one out.
func (n *Normalizer) fuseOS(out []Statement, found []finding) []Statement {
	var systems []finding
	versions := map[string][]finding{}
	for i, f := range found {
		switch f.attr {
		case "windows_build":
			if os, version, ok := fingerprint.Windows(f.value); ok {
				g := f
				g.attr, g.value = fact.OS, os
				systems = append(systems, g)
				g.attr, g.value = fact.OSVersion, version
				versions[os] = append(versions[os], g)
			}
		case fact.OS:
			systems = append(systems, f)
			for _, v := range found[i+1:] { // of the same rule and observation
				if v.attr == fact.OSVersion && v.from == f.from && v.why == f.why {
					versions[f.value] = append(versions[f.value], v)
					break
				}
			}
		}
	}
	list := candidates(systems, fact.OS, func(v string) (string, bool) { return v, true })
	for _, c := range list {
		for _, wide := range list {
			if widerOS(wide.value, c.value) {
				for _, f := range wide.speak {
					c.kinds[f.kind] = max(c.kinds[f.kind], f.trust)
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.trust(), a.trust()), len(b.value)-len(a.value), cmp.Compare(a.value, b.value))
	})
	if len(list) == 0 {
		return out
	}
	best := list[0]
	out = append(out, best.statements(fact.OS, best.trust())...)
	tell := candidates(versions[best.value], fact.OSVersion, func(v string) (string, bool) { return v, true })
	if len(tell) > 0 {
		out = append(out, tell[0].statements(fact.OSVersion, tell[0].trust())...)
	}
	return out
}

// makerOf is what the catalogue knows a maker to make.
type makerOf struct {
	classes map[string]bool
	medical bool // nothing but medical devices
}

// makes looks a maker up.
func (n *Normalizer) makes(name string) *makerOf {
	if n.made == nil {
		n.made = map[string]*makerOf{}
		for maker, class := range n.catalog.Makes {
			c, ok := n.catalog.Class(class)
			if !ok {
				continue
			}
			x := n.made[maker]
			if x == nil {
				x = &makerOf{classes: map[string]bool{}, medical: true}
				n.made[maker] = x
			}
			x.medical = x.medical && c.Category == "medical"
			for ; c.Name != ""; c, _ = n.catalog.Class(c.Parent) { // who makes label printers makes printers
				x.classes[c.Name] = true
			}
		}
	}
	return n.made[name]
}

// classify says the class that findings and the catalogue's model agree on, where they suffice, and keeps what is likely
// where they do not. wordless says that the source states no class itself.
func (n *Normalizer) classify(said []Statement, found []finding, wordless bool) []Statement {
	if !wordless {
		return said
	}
	if len(found) == 0 && !slices.ContainsFunc(said, func(s Statement) bool { return s.Attr == fact.Class }) {
		return said // a MAC prefix alone never says what a device is
	}
	// The class of the model that the catalogue knows is as good as what names the model.
	var model *Statement
	for i := range said {
		if s := &said[i]; s.Attr == fact.Model && (model == nil || s.Trust > model.Trust) {
			model = s
		}
	}
	if model != nil { // what it lies in is changed below
		known := *model
		model = &known
	}
	said = slices.DeleteFunc(said, func(s Statement) bool {
		if s.Attr != fact.Class {
			return false
		}
		f := finding{attr: fact.Class, value: s.Value, kind: "catalog", trust: s.Trust, from: &Statement{Source: s.Source, At: s.At, Because: s.Because}, why: "catalog"}
		if model != nil && model.Derived {
			f.trust = min(f.trust, model.Trust)
			f.why, f.from = "catalog: "+model.Value, &Statement{Source: model.Source, At: model.At, Because: model.Because}
			f.kind = kindOfModel(found, model)
		}
		found = append(found, f)
		return true
	})
	list := candidates(found, fact.Class, func(v string) (string, bool) {
		if c, ok := n.catalog.Class(v); ok {
			return c.Name, true
		}
		if c, ok := n.catalog.ClassBySynonym(v); ok {
			return c.Name, true
		}
		return "", false
	})
	n.bear(said, found, list)
	sortCandidates(list)
	given := ""
	for _, c := range list {
		switch {
		case given != "" && (n.within(c.value, given) || n.within(given, c.value) || !c.stands() || c.trust() <= trustUnknown || n.hosts(c.value, given)):
			continue
		case c.stands():
			said = append(said, c.statements(fact.Class, c.trust())...)
			if given == "" {
				given = c.value
			}
		case given == "":
			for _, s := range c.statements(likelyClass, c.trust()) {
				s.Because = "one kind of evidence: " + s.Because
				said = append(said, s)
			}
		}
	}
	if given == "" {
		said = n.categorize(said, found, list)
	}
	return said
}

// kindOfModel is the kind of evidence that named the model.
func kindOfModel(found []finding, model *Statement) string {
	for _, f := range found {
		if f.attr == fact.Model && strings.HasPrefix(model.Because, f.why) {
			return f.kind
		}
	}
	return "catalog"
}

// within says whether a class is another or a part of it.
func (n *Normalizer) within(class, wider string) bool {
	for c, ok := n.catalog.Class(class); ok; c, ok = n.catalog.Class(c.Parent) {
		if c.Name == wider {
			return true
		}
	}
	return false
}

// hosts says whether a class is only what another is built on: a scanner's console is a computer too.
func (n *Normalizer) hosts(class, given string) bool {
	c, _ := n.catalog.Class(class)
	g, _ := n.catalog.Class(given)
	return c.Category == "it" && g.Category != "it"
}

// systemClasses are the computers that run an operating system for their users. It bears such a class out, and never
// makes one: analysers and scanners run Windows too.
var systemClasses = map[string][]string{
	"Windows": {"workstation", "laptop", "server", "thin-client", "tablet", "kiosk", "medical-cart"}, "macOS": {"workstation", "laptop"},
	"iOS": {"smartphone", "tablet"}, "iPadOS": {"tablet"}, "Android": {"smartphone", "tablet", "mobile-computer"}, "Ubuntu": {"server"},
	"Red Hat Enterprise Linux": {"server"}, "CentOS": {"server"}, "Debian": {"server"}, "VMware ESXi": {"server"},
}

// bear adds to each class what bears it out: a wider class, a maker that other evidence names and that makes such, and an
// operating system that such computers run.
func (n *Normalizer) bear(said []Statement, found []finding, list []*candidate) {
	if len(list) == 0 {
		return
	}
	type support struct {
		maker, kind string
		trust       float64
	}
	var makers []support
	for _, f := range found {
		if f.attr == fact.Manufacturer {
			if name, known := n.catalog.Maker(f.value); known {
				makers = append(makers, support{name, f.kind, f.trust})
			}
		}
	}
	for i := range said {
		if s := &said[i]; s.Attr == fact.MAC && len(s.Value) == 17 && unique(s.Value) {
			if name, canonical := n.macMaker(s.Value); canonical {
				makers = append(makers, support{name, "oui", trustOUIMed})
			}
		}
	}
	wide := make([]map[string]float64, len(list))
	for i, c := range list {
		wide[i] = map[string]float64{}
		for _, other := range list {
			if other != c && n.within(c.value, other.value) {
				for k, w := range other.kinds {
					wide[i][k] = max(wide[i][k], w)
				}
			}
		}
	}
	for i, c := range list {
		for k, w := range wide[i] {
			c.kinds[k] = max(c.kinds[k], w)
		}
		for _, m := range makers {
			if _, have := c.kinds[m.kind]; !have || m.kind == "oui" {
				if x := n.makes(m.maker); x != nil && x.classes[c.value] {
					c.kinds[m.kind] = max(c.kinds[m.kind], m.trust*bearsOut)
				}
			}
		}
		for _, f := range found {
			if f.attr != fact.OS || c.kinds[f.kind] > 0 {
				continue
			}
			system, _, _ := strings.Cut(f.value, " ")
			if slices.Contains(systemClasses[system], c.value) || slices.Contains(systemClasses[f.value], c.value) {
				c.kinds[f.kind] = f.trust * bearsOut
			}
		}
	}
}

// categorize says what sort of thing a device is where its class is not known: what findings say of it, what its likely
// classes have in common, and a maker that makes nothing but medical devices.
func (n *Normalizer) categorize(said []Statement, found []finding, classes []*candidate) []Statement {
	all := slices.Clone(found)
	for _, c := range classes {
		if class, ok := n.catalog.Class(c.value); ok {
			for _, f := range c.speak {
				f.attr, f.value = fact.Category, class.Category
				all = append(all, f)
			}
		}
	}
	for _, f := range found {
		if f.attr == fact.Manufacturer {
			if name, known := n.catalog.Maker(f.value); known {
				if x := n.makes(name); x != nil && x.medical {
					f.attr, f.value = fact.Category, "medical"
					all = append(all, f)
				}
			}
		}
	}
	for i := range said {
		s := &said[i]
		if s.Attr != fact.MAC || len(s.Value) != 17 || !unique(s.Value) {
			continue
		}
		if name, canonical := n.macMaker(s.Value); canonical {
			if x := n.makes(name); x != nil && x.medical {
				all = append(all, finding{attr: fact.Category, value: "medical", kind: "oui", trust: trustOUIMed, from: s, why: "MAC prefix " + s.Value[:8] + " is registered to " + name})
			}
		}
	}
	list := candidates(all, fact.Category, func(v string) (string, bool) { return v, true })
	if len(list) == 0 || !list[0].stands() {
		return said
	}
	return append(said, list[0].statements(fact.Category, list[0].trust())...)
}
