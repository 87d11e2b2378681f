package inventory

import (
	"cmp"
	"slices"
	"strings"

	"pons/fact"
	"pons/sqldb"
)

// UnknownName is a maker or a model that records state and the catalogue does not know.
type UnknownName struct {
	Attr    fact.Attr // Manufacturer or Model
	Name    string
	Written string // as most records write it
	Maker   string // of a model: as most of its records name it
	Known   bool   // the catalogue knows that maker
	Class   string // of most of the devices, where something else tells it: a description
	Told    string // the description most records have beside it
	Records int
	Devices []string // some of them, at most a handful
	Of      int      // devices among those looked at
	Sources []string
}

// Unknown is what records state and the catalogue does not know.
type Unknown struct {
	Total  int // records there are
	Looked int // of them looked at: all that may be seen, or of an even sample of them
	Makers []UnknownName
	Models []UnknownName
	// Further are names beyond the limit.
	Further int
}

// unknownDevices are how many devices of a name are listed.
const unknownDevices = 3

// UnknownNames lists makers and models that records state and the catalogue does not know, those of most devices
// first, at most limit of each. may says which devices the asker sees, by site and department; nil is all. Where
// there are more than 20,000 records, an even sample of them is read.
func (inv *Inventory) UnknownNames(tx *sqldb.Tx, may func(site, department string) bool, limit int) (Unknown, error) {
	var out Unknown
	known := map[string]bool{}
	for _, name := range inv.Catalog().Makers() {
		known[name] = true
	}
	makers, models := tally{}, tally{}
	var err error
	out.Total, out.Looked, err = sampled(tx, may, func(s *stored) error {
		var maker, model *Statement
		class, told := "", ""
		for i := range s.Said {
			x := &s.Said[i]
			switch x.Attr {
			case fact.Manufacturer:
				if x.Source != "oui" && maker == nil {
					maker = x
				}
			case fact.Model:
				if model == nil {
					model = x
				}
			case fact.Class:
				class = x.Value
			case fact.Description:
				told = x.Value
			}
		}
		if maker != nil && maker.Trust <= trustUnknown && !known[maker.Value] {
			makers.add(fact.Manufacturer, "", maker, s, class, told)
		}
		if model != nil && model.Trust <= trustUnknown {
			beside := ""
			if maker != nil {
				beside = maker.Value
			}
			models.add(fact.Model, beside, model, s, class, told)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	var more int
	out.Makers, more = makers.most(limit)
	out.Models, out.Further = models.most(limit)
	out.Further += more
	for i := range out.Models {
		out.Models[i].Known = known[out.Models[i].Maker]
	}
	return out, nil
}

// tally counts names without regard to case.
type tally map[[2]string]*tallied

type tallied struct {
	UnknownName
	devices map[string]struct{}
	written map[string]int
	classes map[string]int
	told    map[string]int
}

func (t tally) add(attr fact.Attr, maker string, x *Statement, s *stored, class, told string) {
	k := [2]string{strings.ToLower(maker), strings.ToLower(x.Value)}
	n := t[k]
	if n == nil {
		n = &tallied{UnknownName: UnknownName{Attr: attr, Name: x.Value, Maker: maker}, devices: map[string]struct{}{}, written: map[string]int{}, classes: map[string]int{}, told: map[string]int{}}
		t[k] = n
	}
	n.Records++
	n.devices[s.Device] = struct{}{}
	written := x.Value
	if x.Raw != "" {
		written = x.Raw
	}
	n.written[written]++
	if class != "" {
		n.classes[class]++
	}
	if told != "" {
		n.told[told]++
	}
	if !slices.Contains(n.Sources, s.Source) {
		n.Sources = append(n.Sources, s.Source)
	}
}

// most are the names of most devices, and how many there are beyond.
func (t tally) most(limit int) (out []UnknownName, beyond int) {
	for _, n := range t {
		n.Of = len(n.devices)
		n.Written, n.Class, n.Told = commonest(n.written), commonest(n.classes), commonest(n.told)
		for id := range n.devices {
			n.Devices = append(n.Devices, id)
		}
		slices.Sort(n.Devices)
		n.Devices = n.Devices[:min(len(n.Devices), unknownDevices)]
		slices.Sort(n.Sources)
		out = append(out, n.UnknownName)
	}
	slices.SortFunc(out, func(a, b UnknownName) int {
		return cmp.Or(b.Of-a.Of, strings.Compare(a.Name, b.Name), strings.Compare(a.Maker, b.Maker))
	})
	return out[:min(len(out), limit)], max(0, len(out)-limit)
}

// commonest is the text counted most; of several the first in order.
func commonest(counts map[string]int) string {
	best := ""
	for text, n := range counts {
		if n > counts[best] || n == counts[best] && text < best {
			best = text
		}
	}
	return best
}
