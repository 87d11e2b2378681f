package sensor

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"pons/fact"
	"pons/inventory"
	"pons/sqldb"
)

// Spot is one device that ought to be on the network, where the sources say that it hangs, and when it was heard.
type Spot struct {
	Site, Building, VLAN, Switch string // "": no source says
	Department                   string
	Subnets                      []string // of its addresses: a /24 or a /64 each
	Heard                        time.Time
	LifeSupport, Critical        bool
}

// SpotSet follows the inventory and keeps a Spot of every expected device, so that a page need not read a hundred thousand
// rows. It is safe for concurrent use.
type SpotSet struct {
	mu    sync.Mutex
	rev   sqldb.Rev
	words map[string]string // one copy of each text
	spots map[string]Spot
}

// Spots brings the set up to date, in two statements, and returns the devices that a person may see, in no order.
func (s *SpotSet) Spots(ctx context.Context, inv *inventory.Inventory, holds func(site, department string) bool) ([]Spot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spots == nil {
		s.spots, s.words = map[string]Spot{}, map[string]string{}
	}
	rev := s.rev
	err := inv.DB().View(ctx, func(tx *sqldb.Tx) (err error) {
		if tx.Rev() == s.rev {
			return nil
		}
		rev = tx.Rev()
		if s.rev > 0 {
			gone, err := inv.GoneSince(tx, s.rev)
			if err != nil {
				return err
			}
			for _, g := range gone {
				delete(s.spots, g.ID)
			}
		}
		return inv.Changed(tx, s.rev, func(r *inventory.Row) error {
			if r.Flags&inventory.FlagExpected == 0 {
				delete(s.spots, r.ID)
			} else {
				s.spots[strings.Clone(r.ID)] = s.spot(r)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err // what was read stands: the next time reads it again
	}
	s.rev = rev
	out := make([]Spot, 0, len(s.spots))
	for _, d := range s.spots {
		if holds == nil || holds(d.Site, d.Department) {
			out = append(out, d)
		}
	}
	return out, nil
}

func (s *SpotSet) spot(r *inventory.Row) Spot {
	word := func(attr fact.Attr) string { return s.word(r.Get(attr)) }
	d := Spot{Site: word(fact.Site), Building: word(fact.Building), VLAN: word(fact.VLAN), Switch: word(fact.Switch), Department: word(fact.Department), Heard: r.Heard,
		LifeSupport: r.Get(fact.LifeSupport) == "yes", Critical: r.Get(fact.Criticality) == "high"}
	for _, ip := range r.All(fact.IP) {
		if p := s.word(Subnet(ip)); p != "" && !slices.Contains(d.Subnets, p) {
			d.Subnets = append(d.Subnets, p)
		}
	}
	return d
}

func (s *SpotSet) word(text string) string {
	if w, ok := s.words[text]; ok {
		return w
	}
	text = strings.Clone(text)
	s.words[text] = text
	return text
}

// Subnet is the part of the network in which an address is counted, as sensors tell of it: a /24, or a /64; "" for what is
// no address of a host, and for addresses that say nothing of a place (link-local).
func Subnet(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || a.IsLoopback() {
		return ""
	}
	bits := 64
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// By is how devices are grouped by their place in the network.
type By string

// The groupings.
const (
	ByVLAN     By = "vlan"
	BySubnet   By = "subnet"
	BySwitch   By = "switch"
	BySite     By = "site"
	ByBuilding By = "building"
)

// Groupings lists them in the order in which pages offer them.
func Groupings() []By { return []By{BySwitch, ByVLAN, BySubnet, BySite, ByBuilding} }

// places are the groups in which a device counts: one, or several for a device with addresses in several subnets; one without
// a name where no source says.
func (d *Spot) places(by By) []string {
	switch by {
	case ByVLAN:
		return []string{d.VLAN}
	case BySwitch:
		return []string{d.Switch}
	case ByBuilding:
		return []string{d.Building}
	case BySubnet:
		if len(d.Subnets) > 0 {
			return d.Subnets
		}
		return []string{""}
	}
	return []string{d.Site}
}

// Coverage is how many devices are expected somewhere, and how many of them were heard.
type Coverage struct {
	Site, Name     string // Name "": no source says; Site is filled by CoverageBy's across
	Expected, Seen int
	Vital          int // of the unseen: life support or of high criticality
}

// Unseen is how many were not heard.
func (c Coverage) Unseen() int { return c.Expected - c.Seen }

// Share of the expected that was heard, 0..1.
func (c Coverage) Share() float64 {
	if c.Expected == 0 {
		return 0
	}
	return float64(c.Seen) / float64(c.Expected)
}

func (c *Coverage) add(d *Spot, since time.Time) {
	c.Expected++
	switch {
	case d.seen(since):
		c.Seen++
	case d.LifeSupport || d.Critical:
		c.Vital++
	}
}

// seen: a device that was never heard is not seen, however far back one looks.
func (d *Spot) seen(since time.Time) bool { return !d.Heard.IsZero() && !d.Heard.Before(since) }

// Cover sums devices up by their place, those heard since a time counting as seen. The groups with the most unseen come first,
// the one without a name last; across keeps the sites apart. whole counts each device once.
func Cover(devices []Spot, by By, across bool, since time.Time) (groups []Coverage, whole Coverage) {
	type at struct{ site, name string }
	of := map[at]*Coverage{}
	for i := range devices {
		d := &devices[i]
		whole.add(d, since)
		for _, name := range d.places(by) {
			k := at{name: name}
			if across {
				k.site = d.Site
			}
			c := of[k]
			if c == nil {
				c = &Coverage{Site: k.site, Name: name}
				of[k] = c
			}
			c.add(d, since)
		}
	}
	for _, c := range of {
		groups = append(groups, *c)
	}
	slices.SortFunc(groups, func(a, b Coverage) int {
		if (a.Name == "") != (b.Name == "") {
			if a.Name == "" {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(b.Unseen(), a.Unseen()), cmp.Compare(b.Expected, a.Expected), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Site, b.Site))
	})
	return groups, whole
}
