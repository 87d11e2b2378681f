package sensor

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// PointKind is what is mirrored.
type PointKind string

// A switch as a whole shows every frame of what hangs at it. A VLAN at a site, mirrored where its switches come together,
// shows what crosses that place, and not what two devices at one switch say to each other.
const (
	MirrorSwitch PointKind = "switch"
	MirrorVLAN   PointKind = "vlan"
)

// Point is a place at which the network can be mirrored.
type Point struct {
	Kind PointKind
	Site string // of a VLAN; "": no source says
	Name string // of the switch, or the VLAN
}

// Compare orders points, so that equal gains are told in one order.
func (p Point) Compare(o Point) int {
	return cmp.Or(strings.Compare(string(p.Kind), string(o.Kind)), strings.Compare(p.Name, o.Name), strings.Compare(p.Site, o.Site))
}

// Weights say how many devices a device that is not heard counts for. Numbers are whole, so that no order of adding up
// changes an answer.
type Weights struct{ LifeSupport, Critical int }

// DefaultWeights are those of Pons: a device that keeps somebody alive counts for five others, one of high criticality for three (expert
// defaults: no source gives such weights; pages let people change them).
func DefaultWeights() Weights { return Weights{LifeSupport: 5, Critical: 3} }

func (w Weights) of(d *Spot) int {
	weight := 1
	if d.Critical {
		weight = max(weight, w.Critical)
	}
	if d.LifeSupport {
		weight = max(weight, w.LifeSupport)
	}
	return weight
}

// Mirror is the next point to mirror: what it adds to those before it.
type Mirror struct {
	Point
	Devices, Vital int // that nobody hears and this point shows for the first time
	Weight         int // what they count for
	Total          int // devices that this and the points before it show
}

// Advice is which points to mirror, the one that adds the most first.
type Advice struct {
	Mirrors []Mirror
	Unseen  int // devices that nobody hears
	Reach   int // of them, those that some point shows
	Points  int // candidates
}

// Nowhere are the unseen devices of which no source says where they hang: no point can be said to show them.
func (a Advice) Nowhere() int { return a.Unseen - a.Reach }

// points are the candidates that show a device.
func (d *Spot) points(kinds []PointKind) []Point {
	var out []Point
	for _, k := range kinds {
		switch {
		case k == MirrorSwitch && d.Switch != "":
			out = append(out, Point{Kind: k, Name: d.Switch})
		case k == MirrorVLAN && d.VLAN != "":
			out = append(out, Point{Kind: k, Site: d.Site, Name: d.VLAN})
		}
	}
	return out
}

// Advise picks up to most points (0: all that add something), each time the one that adds the most weight to those already
// picked. This greedy choice reaches at least 1-1/e (63 %) of the weight that the best as many points reach (Nemhauser,
// Wolsey and Fisher 1978), and nothing quicker to compute does better for certain (Feige 1998). A device without a switch or
// VLAN counts to no point.
func Advise(devices []Spot, kinds []PointKind, w Weights, since time.Time, most int) Advice {
	var a Advice
	at := map[Point]int32{}
	var points []Point
	var of [][]int32     // of a point, the devices
	var back [][]int32   // of a device, the points
	var unheard []*Spot  // the devices
	var gain, news []int // of a point: weight and devices that it would add
	for i := range devices {
		d := &devices[i]
		if d.seen(since) {
			continue
		}
		a.Unseen++
		mine := d.points(kinds)
		if len(mine) == 0 {
			continue
		}
		a.Reach++
		n := int32(len(unheard))
		unheard, back = append(unheard, d), append(back, nil)
		for _, p := range mine {
			j, ok := at[p]
			if !ok {
				j = int32(len(points))
				at[p], points, of, gain, news = j, append(points, p), append(of, nil), append(gain, 0), append(news, 0)
			}
			of[j], back[n] = append(of[j], n), append(back[n], j)
			gain[j] += w.of(d)
			news[j]++
		}
	}
	a.Points = len(points)
	shown := make([]bool, len(unheard))
	for total := 0; most == 0 || len(a.Mirrors) < most; {
		best := -1
		for j := range points {
			if news[j] > 0 && (best < 0 || gain[j] > gain[best] || gain[j] == gain[best] && points[j].Compare(points[best]) < 0) {
				best = j
			}
		}
		if best < 0 {
			break
		}
		m := Mirror{Point: points[best], Devices: news[best], Weight: gain[best]}
		for _, n := range of[best] {
			if shown[n] {
				continue
			}
			shown[n] = true
			if d := unheard[n]; d.LifeSupport || d.Critical {
				m.Vital++
			}
			for _, j := range back[n] {
				gain[j] -= w.of(unheard[n])
				news[j]--
			}
		}
		total += m.Devices
		m.Total = total
		a.Mirrors = append(a.Mirrors, m)
	}
	return a
}

// Kinds are the kinds of points by the word in an address: switches, VLANs or both.
func Kinds(word string) []PointKind {
	all := []PointKind{MirrorSwitch, MirrorVLAN}
	if i := slices.Index(all, PointKind(word)); i >= 0 {
		return all[i : i+1]
	}
	return all
}
