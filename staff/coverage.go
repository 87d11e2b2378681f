package staff

import (
	"math"
	"slices"
	"strings"
	"time"
)

// WeekHours is how many hours a week has.
const WeekHours = 168

// single is the number of people below which a skill or an hour rests on one (domain/01 §1.5: a single point of
// failure is a count below 2; expert).
const single = 2

// Cell is one hour of the week: the fewest people at any minute of it.
type Cell struct {
	At      time.Time // its beginning, in the hospital's zone
	Present int
	OnCall  int
}

// Count is how many people can be reached.
func (c Cell) Count() int { return c.Present + c.OnCall }

// Cover is how a need is met over one week.
type Cover struct {
	Need    Need
	Week    time.Time       // Monday 00:00 in the hospital's zone
	Hours   [WeekHours]Cell // 0 is Monday 00:00–01:00
	Holders []*Person       // who could at all, on some day of the week
	Holes   int             // hours with a minute at which nobody can be reached
	Singles int             // hours with a minute at which only one can
}

// Share is the share of hours at all of whose minutes somebody can be reached, 0..1.
func (c *Cover) Share() float64 { return float64(WeekHours-c.Holes) / WeekHours }

// SinglePoint says that fewer than two people hold what is needed.
func (c *Cover) SinglePoint() bool { return len(c.Holders) < single }

// HolesIn and SinglesIn are the hours of the week as people write them.
func (c *Cover) HolesIn() Hours {
	return HoursOf(func(h int) bool { return c.Hours[h].Count() == 0 })
}

// SinglesIn are the hours that rest on one person.
func (c *Cover) SinglesIn() Hours {
	return HoursOf(func(h int) bool { return c.Hours[h].Count() == 1 })
}

// WeekOf is the Monday 00:00, on the hospital's clock, of the week in which a time lies.
func (r *Roster) WeekOf(at time.Time) time.Time {
	l := at.In(r.Zone)
	return time.Date(l.Year(), l.Month(), l.Day()-bitOf(l.Weekday()), 0, 0, 0, 0, r.Zone)
}

// Coverage looks at every hour of the week in which at lies, with the absences and turns of that week, for many needs
// at once. Where a shift begins or ends within an hour, the hour counts its thinnest minute.
func (r *Roster) Coverage(at time.Time, needs ...Need) []Cover {
	week := r.WeekOf(at)
	out := make([]Cover, len(needs))
	for i, n := range needs {
		out[i] = Cover{Need: n, Week: week}
	}
	samples := r.samples()
	for h := range WeekHours {
		for s, minute := range samples {
			begin := time.Date(week.Year(), week.Month(), week.Day()+h/24, h%24, minute, 0, 0, r.Zone)
			in := r.At(begin)
			for i := range out {
				found := in.Who(out[i].Need)
				cell := Cell{begin, len(found.Present), countCalled(&found)}
				if s == 0 || cell.Count() < out[i].Hours[h].Count() {
					first := begin
					if s > 0 {
						first = out[i].Hours[h].At
					}
					out[i].Hours[h] = cell
					out[i].Hours[h].At = first
				}
				if s == 0 && h%24 == 0 {
					out[i].hold(found.Members)
				}
			}
		}
	}
	for i := range out {
		for _, c := range out[i].Hours {
			switch c.Count() {
			case 0:
				out[i].Holes++
			case 1:
				out[i].Singles++
			}
		}
	}
	return out
}

// countCalled counts those on call who are not present as well.
func countCalled(f *Found) (n int) {
	for _, d := range f.OnCall {
		if !slices.ContainsFunc(f.Present, func(x Duty) bool { return x.Person == d.Person }) {
			n++
		}
	}
	return n
}

func (c *Cover) hold(people []*Person) {
	for _, p := range people {
		if !slices.Contains(c.Holders, p) {
			c.Holders = append(c.Holders, p)
		}
	}
}

// samples are the minutes of an hour at which something may change: a full hour, and each minute at which a shift or a
// turn begins or ends.
func (r *Roster) samples() []int {
	out := []int{0}
	add := func(h Hours) {
		for _, w := range h {
			out = append(out, w.From%60, w.To%60)
		}
	}
	for i := range r.People {
		for j := range r.People[i].Shifts {
			add(r.People[i].Shifts[j].Hours)
		}
	}
	for i := range r.Rotations {
		add(r.Rotations[i].Hours)
		out = append(out, r.Rotations[i].Handover%60)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Load is how heavy a rotation is on those who stand in it.
type Load struct {
	Rotation *Rotation
	Working  int     // different people in it who work here
	Gone     int     // turns of people who do not work here (any more)
	Share    float64 // of the time that each is on call: of all turns, the largest share of one person
	Needed   int     // people: ceil(1 / the largest share that is asked of anybody)
	Feasible bool
	Now      *Person // whose turn it is; nil: nobody's
	Away     string  // why that person does not answer; empty: they do, or would in the hours of the rotation
}

// MinRotation is how many people a rotation takes so that nobody is on call more than a share of the time
// (domain/01 §1.5: ceil(1 / max share); 1 week in 4 takes 4 people). Rounding noise is forgiven: 1/0.2 is 5.
func MinRotation(share float64) int {
	if !(share > 0) {
		return 0
	}
	return int(math.Ceil(1/share - 1e-9))
}

// Loads judges every rotation at an instant.
func (r *Roster) Loads(at time.Time, share float64) []Load {
	c := newClock(at.In(r.Zone))
	out := make([]Load, len(r.Rotations))
	for i := range r.Rotations {
		rot := &r.Rotations[i]
		l := Load{Rotation: rot, Needed: MinRotation(share)}
		turns := map[string]int{}
		most := 0
		for _, id := range rot.People {
			if p := r.byID[id]; p == nil || !p.Works(c.date) {
				l.Gone++
				continue
			}
			turns[id]++
			most = max(most, turns[id])
		}
		l.Working = len(turns)
		if n := len(rot.People); n > 0 {
			l.Share = float64(most) / float64(n)
		}
		l.Feasible = l.Working >= l.Needed && l.Share <= share+1e-9
		if l.Now = r.byID[rot.turn(c)]; l.Now != nil {
			l.Away = l.Now.away(c.date)
		}
		out[i] = l
	}
	return out
}

// SkillNeeds and TeamNeeds are the rows that a map of coverage has: every skill of the catalogue, every team that
// somebody is in.
func SkillNeeds(e Expectations, site string) []Need {
	out := make([]Need, len(e.Skills))
	for i, s := range e.Skills {
		out[i] = Need{Skill: s.Name, Site: site, AnySite: site == ""}
	}
	return out
}

// TeamNeeds are the teams that somebody is in.
func TeamNeeds(people []Person, site string) []Need {
	var out []Need
	for _, t := range Teams() {
		if slices.ContainsFunc(people, func(p Person) bool { return p.Team == t }) {
			out = append(out, Need{Team: t, Site: site, AnySite: site == ""})
		}
	}
	return out
}

// Sites are the sites that people, shifts and rotations name, by name.
func (r *Roster) Sites() []string {
	var out []string
	add := func(names ...string) {
		for _, n := range names {
			if n != "" && !slices.ContainsFunc(out, func(x string) bool { return strings.EqualFold(x, n) }) {
				out = append(out, n)
			}
		}
	}
	for i := range r.People {
		add(r.People[i].Sites...)
		for j := range r.People[i].Shifts {
			add(r.People[i].Shifts[j].Site)
		}
	}
	for i := range r.Rotations {
		add(r.Rotations[i].Sites...)
	}
	slices.Sort(out)
	return out
}
