package raci

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"pons/staff"
)

// Group is devices that are alike to the matrix: how many there are of a class at a site.
type Group struct {
	Class, Category, Site string
	Devices               int
}

// Open is a group that nobody answers for.
type Open struct {
	Group
	Nobody Nobody
	Why    []string
	Hours  staff.Hours // of the week, where the whole week was asked for
	Open   int         // of its 168 hours
}

// Unanswered is what nobody answers for in an activity.
type Unanswered struct {
	Open    []Open // the most devices first
	Devices int    // that nobody answers for
	Total   int
}

// Share is the share of devices that nobody answers for, 0..1; false where there are no devices.
func (u *Unanswered) Share() (float64, bool) {
	if u.Total == 0 {
		return 0, false
	}
	return float64(u.Devices) / float64(u.Total), true
}

// Unanswered finds the groups that nobody answers for at an instant. It costs by group, not by device.
func (m *Matrix) Unanswered(activity string, groups []Group, at time.Time) Unanswered {
	var u Unanswered
	moment := m.At(at)
	for _, g := range groups {
		u.Total += g.Devices
		a := moment.Answerable(activity, Device{Class: g.Class, Category: g.Category, Site: g.Site})
		if a.Nobody != Somebody {
			u.Devices += g.Devices
			u.Open = append(u.Open, Open{Group: g, Nobody: a.Nobody, Why: a.Why})
		}
	}
	u.sort()
	return u
}

// UnansweredInWeek finds the groups that nobody answers for at the beginning of some hour of the week in which at lies,
// with those hours, and the reason in the first of them.
func (m *Matrix) UnansweredInWeek(activity string, groups []Group, at time.Time) Unanswered {
	var u Unanswered
	week := m.Roster.WeekOf(at)
	var moments [staff.WeekHours]*Moment
	for h := range moments {
		moments[h] = m.At(time.Date(week.Year(), week.Month(), week.Day()+h/24, h%24, 0, 0, 0, m.Roster.Zone))
	}
	for _, g := range groups {
		u.Total += g.Devices
		d := Device{Class: g.Class, Category: g.Category, Site: g.Site}
		o := Open{Group: g}
		var holes [staff.WeekHours]bool
		for h, moment := range moments {
			if a := moment.Answerable(activity, d); a.Nobody != Somebody {
				if o.Open == 0 {
					o.Nobody, o.Why = a.Nobody, a.Why
				}
				holes[h] = true
				o.Open++
			}
		}
		if o.Open > 0 {
			o.Hours = staff.HoursOf(func(h int) bool { return holes[h] })
			u.Devices += g.Devices
			u.Open = append(u.Open, o)
		}
	}
	u.sort()
	return u
}

// Alike are open groups of one site that nobody answers for, for the same reason and at the same hours.
type Alike struct {
	Site    string
	Nobody  Nobody
	Why     []string
	Hours   staff.Hours
	Open    int // of the 168 hours of the week, where the whole week was asked for
	Devices int
	Groups  []Group // the most devices first
}

// Alike brings open groups together that are mended together, the most devices first.
func (u *Unanswered) Alike() []Alike {
	var out []Alike
	at := map[string]int{}
	for _, o := range u.Open {
		key := strings.Join(append([]string{string(o.Nobody), o.Site, o.Hours.String()}, o.Why...), "\x00")
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, Alike{Site: o.Site, Nobody: o.Nobody, Why: o.Why, Hours: o.Hours, Open: o.Open})
		}
		out[i].Devices += o.Devices
		out[i].Groups = append(out[i].Groups, o.Group)
	}
	slices.SortStableFunc(out, func(a, b Alike) int {
		return cmp.Or(cmp.Compare(b.Devices, a.Devices), cmp.Compare(a.Site, b.Site))
	})
	return out
}

func (u *Unanswered) sort() {
	slices.SortStableFunc(u.Open, func(a, b Open) int {
		return cmp.Or(cmp.Compare(b.Devices, a.Devices), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Site, b.Site))
	})
}
