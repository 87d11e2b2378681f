package inventory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"pons/fact"
	"pons/fingerprint"
	"pons/linkage"
	"pons/product"
)

// Normalizer turns what a source said into statements in the hospital's one language: canonical makers,
// models and classes, hostnames and makers read out of wire observations. It is safe for use by one goroutine.
type Normalizer struct {
	catalog    *product.Catalog
	identities map[[3]string]product.Identity
	makers     map[assignment]registrant
	rules      *fingerprint.Set
	made       map[string]*makerOf // canonical maker → what the catalogue knows it to make

	// What one record needs is used for the next.
	facts []fact.Fact
	said  []Statement
	order []int32
	seen  []fingerprint.Observation
	from  []int
}

// assignment is a MAC prefix as far as it is named in reasons, and the name that it is registered under.
type assignment struct{ prefix, name string }

// registrant is who that is to the catalogue.
type registrant struct {
	maker     string // "" where it names nobody
	canonical bool
	why       string
}

// NewNormalizer returns a normalizer over a catalogue of makers, models and classes, with the rules that Pons brings.
func NewNormalizer(c *product.Catalog) *Normalizer {
	return NewNormalizerWith(c, fingerprint.Default())
}

// NewNormalizerWith returns a normalizer over a catalogue and rules of its own.
func NewNormalizerWith(c *product.Catalog, rules *fingerprint.Set) *Normalizer {
	return &Normalizer{catalog: c, rules: rules, identities: map[[3]string]product.Identity{}, makers: map[assignment]registrant{}}
}

// Trust of statements that the normalizer derives, after docs/catalog.md and domain dossier 5.7 (proposal).
const (
	trustKnown   = 0.9  // a name that the catalogue knows
	trustUnknown = 0.5  // a name as the source wrote it
	trustOUI     = 0.25 // the maker of a network chip is often not the maker of the device
	trustOUIMed  = 0.6  // a maker whose chips are found in its own medical devices only
	trustLinked  = 0.55 // findings below say too little to keep two records apart: names that people give
)

// cacheBound keeps the caches from growing with hostile input.
const cacheBound = 50_000

func (n *Normalizer) identify(maker, model, description string) product.Identity {
	k := [3]string{maker, model, description}
	id, ok := n.identities[k]
	if !ok {
		if len(n.identities) > cacheBound {
			clear(n.identities)
		}
		id = n.catalog.Identify(maker, model, description)
		n.identities[k] = id
	}
	return id
}

// Statements returns what a record says, normalised and in a stable order: attribute, value, source.
func (n *Normalizer) Statements(kind string, r *fact.Record) []Statement {
	said := n.said[:0]
	if kind == "wire" { // frames come in any order
		n.facts = append(n.facts[:0], r.Facts...)
		slices.SortFunc(n.facts, compareFacts)
		r = &fact.Record{Facts: n.facts}
	}
	var maker, model, description *fact.Fact
	stated := func(f *fact.Fact) bool { return f != nil && len(r.Facts) > 0 && within(r.Facts, f) }
	for i := range r.Facts {
		f := &r.Facts[i]
		switch f.Attr {
		case fact.Manufacturer:
			maker = f
		case fact.Model:
			model = f
		case fact.Description:
			description = f
			said = append(said, statement(f))
		case fact.Class, fact.Category:
			said = append(said, n.taxonomy(f))
		default:
			said = append(said, statement(f))
		}
	}
	n.said = said
	var found []finding
	if kind == "wire" {
		said, found = n.readWire(said, &maker, &model, stated)
	}
	said = readUDI(said)
	wordless := !slices.ContainsFunc(said, func(s Statement) bool { return s.Attr == fact.Class })
	said = n.nameProduct(said, maker, model, description, stated)
	if kind == "wire" {
		said = n.classify(said, found, wordless)
	}
	if maker == nil || kind == "wire" {
		said = n.makerByMAC(said)
	}
	if cap(said) > cap(n.said) {
		n.said = said
	}
	return n.inOrder(said)
}

// inOrder copies statements out, sorted and without repeats.
func (n *Normalizer) inOrder(said []Statement) []Statement {
	order := n.order[:0]
	for i := range said {
		order = append(order, int32(i))
	}
	slices.SortFunc(order, func(a, b int32) int { return said[a].compare(&said[b]) })
	n.order = order
	keep := order[:0]
	for _, i := range order {
		if len(keep) > 0 {
			if a, b := &said[keep[len(keep)-1]], &said[i]; a.Attr == b.Attr && a.Value == b.Value && a.Source == b.Source {
				continue
			}
		}
		keep = append(keep, i)
	}
	out := make([]Statement, len(keep))
	for i, at := range keep {
		out[i] = said[at]
	}
	return out
}

// compareFacts is fact.Compare, which most facts of one record need no further than their attribute.
func compareFacts(a, b fact.Fact) int {
	if a.Subject == b.Subject && a.Attr != b.Attr {
		return strings.Compare(string(a.Attr), string(b.Attr))
	}
	return fact.Compare(a, b)
}

// within says whether f is an element of facts, and so a word of the source and not one that was found for it.
func within(facts []fact.Fact, f *fact.Fact) bool {
	for i := range facts {
		if &facts[i] == f {
			return true
		}
	}
	return false
}

// asWritten returns what the source itself said, out of statements that were normalised: what was derived is left
// out, what was spelt otherwise is as it was written.
func asWritten(said []Statement) []fact.Fact {
	out := make([]fact.Fact, 0, len(said))
	for _, s := range said {
		if s.Derived {
			continue
		}
		f := fact.Fact{Attr: s.Attr, Value: s.Value, Source: s.Source, Trust: s.Trust, At: s.At, Because: s.Because}
		if s.Raw != "" {
			f.Value, f.Because, f.Trust = s.Raw, strings.TrimSuffix(s.Because, ": "+s.Raw), 0
		}
		if f.Attr == fact.Manufacturer || f.Attr == fact.Model {
			f.Trust = 0 // given anew by what the catalogue knows
		}
		out = append(out, f)
	}
	return out
}

func statement(f *fact.Fact) Statement {
	return Statement{Attr: f.Attr, Value: f.Value, Source: f.Source, Trust: f.Trust, At: f.At, Because: f.Because}
}

func compareStatements(a, b Statement) int { return a.compare(&b) }

func (a *Statement) compare(b *Statement) int {
	if c := strings.Compare(string(a.Attr), string(b.Attr)); c != 0 {
		return c
	}
	if c := strings.Compare(a.Value, b.Value); c != 0 {
		return c
	}
	if c := strings.Compare(string(a.Source), string(b.Source)); c != 0 {
		return c
	}
	if c := b.At.Compare(a.At); c != 0 { // the latest first, which CompactFunc keeps
		return c
	}
	return strings.Compare(a.Because, b.Because)
}

// taxonomy reads a class or category as the source words it. Words that name no class ("Zebra-Device", a profile
// of network access control) are a description.
func (n *Normalizer) taxonomy(f *fact.Fact) Statement {
	s := statement(f)
	if f.Attr != fact.Class {
		return s
	}
	if _, ok := n.catalog.Class(f.Value); ok {
		return s
	}
	if c, ok := n.catalog.ClassBySynonym(f.Value); ok {
		s.Value, s.Raw, s.Because = c.Name, f.Value, reworded(f, c.Name)
		return s
	}
	s.Attr, s.Trust = fact.Description, trustUnknown
	return s
}

// reworded keeps the source's own words in the reason when the value was brought to another spelling.
func reworded(f *fact.Fact, value string) string {
	if f.Value == value {
		return f.Because
	}
	return f.Because + ": " + f.Value
}

// nameProduct adds maker, model, model number and class as the catalogue knows them.
// stated says whether a fact is the source's own.
func (n *Normalizer) nameProduct(said []Statement, maker, model, description *fact.Fact, stated func(*fact.Fact) bool) []Statement {
	if maker == nil && model == nil && description == nil {
		return said
	}
	value := func(f *fact.Fact) string {
		if f == nil {
			return ""
		}
		return f.Value
	}
	id := n.identify(value(maker), value(model), value(description))
	why := strings.Join(id.Because, "; ")
	add := func(attr fact.Attr, from *fact.Fact, v string, known bool) {
		own := stated(from) && from.Attr == attr
		if v == "" && own {
			v, known = from.Value, false
		}
		if v == "" {
			return
		}
		s := Statement{Attr: attr, Value: v, Trust: trustUnknown, Derived: !own}
		if from != nil {
			s.Source, s.At, s.Because = from.Source, from.At, reworded(from, v)
		} else {
			s.Because = why
		}
		if own && v != from.Value {
			s.Raw = from.Value
		}
		if known {
			s.Trust = trustKnown
		}
		if basis := cmp.Or(from, model); !own && basis != nil && basis.Trust > 0 && !stated(basis) { // as far as the findings are believed
			s.Trust = min(basis.Trust, s.Trust)
			if known {
				s.Trust = basis.Trust
			}
		}
		said = append(said, s)
	}
	add(fact.Manufacturer, maker, id.Maker, id.MakerKnown)
	add(fact.Model, model, id.Model, id.ModelKnown)
	if id.ModelNumber != "" && !slices.ContainsFunc(said, func(s Statement) bool { return s.Attr == fact.ModelNumber }) {
		add(fact.ModelNumber, model, id.ModelNumber, id.ModelKnown)
	}
	if id.Class != "" && !slices.ContainsFunc(said, func(s Statement) bool { return s.Attr == fact.Class }) {
		s := Statement{Attr: fact.Class, Value: id.Class, Trust: id.Confidence, Because: why, Derived: true}
		if model != nil {
			s.Source, s.At = model.Source, model.At
		} else if description != nil {
			s.Source, s.At = description.Source, description.At
		}
		said = append(said, s)
	}
	return said
}

// makerByMAC guesses the maker from the first MAC whose prefix is registered to a maker of devices.
func (n *Normalizer) makerByMAC(said []Statement) []Statement {
	for _, s := range said {
		if s.Attr != fact.MAC || len(s.Value) < 17 {
			continue
		}
		who := n.registrant(s.Value)
		if who.maker == "" {
			continue
		}
		trust := trustOUI
		if who.canonical {
			trust = trustOUIMed
		}
		return append(said, Statement{Attr: fact.Manufacturer, Value: who.maker, Source: "oui", Trust: trust, At: s.At, Derived: true, Because: who.why})
	}
	return said
}

// macMaker returns the canonical maker that a MAC's prefix is registered to, and whether the catalogue knows
// it. Makers of embedded modules name nobody.
func (n *Normalizer) macMaker(mac string) (name string, canonical bool) {
	who := n.registrant(mac)
	return who.maker, who.canonical
}

func (n *Normalizer) registrant(mac string) registrant {
	raw, ok := fingerprint.Maker(mac)
	if !ok {
		return registrant{}
	}
	k := assignment{mac[:8], raw}
	who, ok := n.makers[k]
	if ok {
		return who
	}
	if len(n.makers) > cacheBound {
		clear(n.makers)
	}
	if !fingerprint.Module(mac) {
		who.maker, who.canonical = n.catalog.Maker(raw)
		who.why = "MAC prefix " + mac[:8] + " is registered to " + who.maker
	}
	k.prefix = strings.Clone(k.prefix)
	n.makers[k] = who
	return who
}

// unique says whether a MAC can name one interface worldwide: assigned by a registered maker, and no group's.
func unique(mac string) bool {
	return !fact.LocallyAdministered(mac) && len(mac) > 1 && strings.IndexByte("13579bdf", mac[1]) < 0
}

// profile is what linkage needs of a record.
func (r *Record) profile() *linkage.Profile {
	p := &linkage.Profile{ID: r.Name(), Source: r.Source + "/" + r.Kind, Numbers: r.Kind == "cmms"} // one list of one source
	if gathers(r.Kind) {
		p.Source = p.ID // two hosts on one wire are not two entries of one list
		p.Seen = r.At
	}
	r.describe(p)
	return p
}

// describe writes what the record says of its device into a profile.
func (r *Record) describe(p *linkage.Profile) {
	for i := range r.Said {
		s := &r.Said[i]
		switch s.Attr {
		case fact.Manufacturer:
			if s.Source != "oui" && (s.Trust >= trustKnown || s.Derived && s.Trust > trustLinked) {
				p.Maker = s.Value
			}
		case fact.Model:
			if s.Trust >= trustKnown || s.Derived && s.Trust > trustLinked {
				p.Model = s.Value
			}
		case fact.Class:
			p.Class = s.Value
		case fact.Serial:
			p.Serial = linkage.FoldSerial(s.Value)
		case fact.UDIDI:
			p.UDIDI = oneOf(p.UDIDI, fact.DeviceIdentifier(s.Value))
		case fact.ControlNumber:
			p.Control = linkage.FoldPlace(s.Value)
		case fact.AssetTag:
			p.Tag = linkage.FoldPlace(s.Value)
		case fact.MAC:
			if !unique(s.Value) {
				p.Local = append(p.Local, s.Value)
			} else {
				p.MACs = append(p.MACs, s.Value)
			}
		case fact.EUI64:
			p.EUI64s = append(p.EUI64s, s.Value)
		case fact.Hostname:
			if h := linkage.FoldHost(s.Value); h != "" {
				p.Hosts = append(p.Hosts, h)
			}
		case fact.IP:
			p.IPs = append(p.IPs, s.Value)
		case fact.AETitle:
			p.AEs = append(p.AEs, s.Value)
		case fact.Site:
			p.Site = linkage.FoldPlace(s.Value)
		case fact.Department:
			p.Unit = linkage.FoldPlace(s.Value)
		case fact.LastSeen:
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
				p.Seen = t
			}
		}
	}
	if p.UDIDI == twoIdentifiers {
		p.UDIDI = ""
	}
}
