package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"pons/fault"
)

// WeekHours is how many hours a week has.
const WeekHours = 168

// Week marks hours of the week; 0 is Monday 00:00 to 01:00.
type Week [WeekHours]bool

// WeekWhere marks the hours for which in says so.
func WeekWhere(in func(day, hour int) bool) (w Week) {
	for h := range w {
		w[h] = in(h/24, h%24)
	}
	return w
}

// WholeWeek is every hour.
func WholeWeek() Week { return WeekWhere(func(int, int) bool { return true }) }

// Trainee is somebody who may be trained, or who has a skill already.
type Trainee struct {
	Name    string         `json:"name"`
	Role    string         `json:"role,omitempty"`
	Skills  map[string]int `json:"skills,omitempty"` // held level, 0 to 4; a skill that is not named is not known and does not count
	Present Week           `json:"present"`
	OnCall  Week           `json:"on_call"`
	Idle    float64        `json:"idle_hours,omitempty"` // hours a year without work of their own; 0: none, or not known
	Hourly  float64        `json:"hourly,omitempty"`     // money of an hour away on a course; 0: only the course is paid
}

// SkillNeed is a skill that must be there.
type SkillNeed struct {
	Skill    string  `json:"skill"`
	Level    int     `json:"level,omitempty"`          // from which somebody counts; 0 is taken as 1
	Least    int     `json:"least,omitempty"`          // people at any hour; 0 is taken as 2, below which it is a single point of failure (domain note 1, §1.5)
	When     Week    `json:"when"`                     // hours in which it is needed; none marked: the whole week
	OnCall   bool    `json:"on_call,omitempty"`        // people on call count
	Overflow float64 `json:"overflow_hours,omitempty"` // hours a year of its work that nobody does; 0: none, or not known
}

// Teaching is how a skill is learnt. A skill without one cannot be.
type Teaching struct {
	Skill string   `json:"skill"`
	Cost  float64  `json:"cost"`            // of one level
	Hours float64  `json:"hours"`           // of one level, for who is trained
	Roles []string `json:"roles,omitempty"` // whose people may be; none: all
}

// ShiftHours is a part of the week by which coverage is shown.
type ShiftHours struct {
	Name  string `json:"name"`
	Hours Week   `json:"hours"`
}

// CrossTraining is where skills are thin and what mends it at the least cost.
type CrossTraining struct {
	Skills   []SkillCover `json:"skills"`
	Pairings []Pairing    `json:"pairings"` // cheapest set that removes what can be removed
	Cost     float64      `json:"cost"`     // with the hours away
	Hours    float64      `json:"hours"`    // away
	Saves    float64      `json:"saves"`    // hours a year at most: idle hours of the trained that meet work nobody does
	Gap      float64      `json:"gap"`      // by how much a cheaper set could undercut the cost; 0: proven cheapest
}

// SkillCover is how a skill is there over the week, before and after the pairings.
type SkillCover struct {
	Skill       string         `json:"skill"`
	Level       int            `json:"level"`
	Least       int            `json:"least"`
	Holders     []string       `json:"holders"` // who could at all, at some hour
	Hours       [WeekHours]int `json:"hours"`   // people; −1: not needed then
	After       [WeekHours]int `json:"after"`   // the same after the pairings
	Shifts      []ShiftCover   `json:"shifts"`
	SinglePoint bool           `json:"single_point"` // fewer than two holders in all, or a needed hour with fewer than two
	Left        int            `json:"left"`         // hours that stay below least after the pairings
	Because     string         `json:"because,omitempty"`
}

// ShiftCover is the thinnest hour of a shift, and how many of its hours are below what is needed.
type ShiftCover struct {
	Shift   string `json:"shift"`
	Needed  int    `json:"needed_hours"`
	Fewest  int    `json:"fewest"` // −1: not needed in this shift
	Nobody  int    `json:"nobody"` // hours
	One     int    `json:"one"`
	Below   int    `json:"below"`
	AfterIt int    `json:"below_after"`
}

// Pairing is one person who learns one skill.
type Pairing struct {
	Person string  `json:"person"`
	Role   string  `json:"role"`
	Skill  string  `json:"skill"`
	From   int     `json:"from_level"`
	To     int     `json:"to_level"`
	Cost   float64 `json:"cost"` // course and hours away
	Hours  float64 `json:"hours"`
	Mends  int     `json:"mends"` // hours of the week, below what is needed now, in which this person is there
	Saves  float64 `json:"saves"` // hours a year at most
}

// mostCovers bounds the search for the cheapest pairings of one skill.
const mostCovers = 20_000

// CrossTrain says which skills are covered when, which rest on one person or nobody, and the cheapest set of courses
// that mends it. The set is exact: a cover is a program in whole numbers (see program), one for each skill, because a
// person's course in one skill is no help in another; where the search ends early, Gap bounds what a better set could
// spare. Hours that no course can mend are left out of it and said. It wraps fault.Invalid.
func CrossTrain(people []Trainee, needs []SkillNeed, teaching []Teaching, shifts []ShiftHours) (CrossTraining, error) {
	if err := checkTraining(people, needs, teaching); err != nil {
		return CrossTraining{}, err
	}
	if len(shifts) == 0 {
		shifts = []ShiftHours{{"week", WholeWeek()}}
	}
	out := CrossTraining{Skills: []SkillCover{}, Pairings: []Pairing{}}
	var flows []flow
	for i, n := range needs {
		n.Level, n.Least = max(n.Level, 1), cmp.Or(n.Least, 2)
		if n.When == (Week{}) {
			n.When = WholeWeek()
		}
		c := cover{need: n, people: people}
		c.count()
		chosen, gap := c.mend(teaching)
		out.Gap += gap
		for _, k := range chosen {
			out.Pairings = append(out.Pairings, k.pairing)
			out.Cost, out.Hours = out.Cost+k.pairing.Cost, out.Hours+k.pairing.Hours
			flows = append(flows, flow{k.person, i, len(out.Pairings) - 1})
		}
		out.Skills = append(out.Skills, c.told(chosen, shifts))
	}
	out.save(people, needs, flows)
	return out, nil
}

func checkTraining(people []Trainee, needs []SkillNeed, teaching []Teaching) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), fault.Invalid)
	}
	seen := map[string]bool{}
	for _, p := range people {
		if fold(p.Name) == "" || seen[fold(p.Name)] {
			return wrong("people: %q stands there twice, or has no name", p.Name)
		}
		seen[fold(p.Name)] = true
		if !(p.Idle >= 0 && p.Idle <= hoursInYear) || !(p.Hourly >= 0 && p.Hourly < 1e6) {
			return wrong("%s: idle hours are 0 to %s, an hour's cost is not negative", p.Name, whole(hoursInYear))
		}
	}
	clear(seen)
	for _, n := range needs {
		if fold(n.Skill) == "" || seen[fold(n.Skill)] {
			return wrong("skills: %q is asked for twice, or has no name", n.Skill)
		}
		seen[fold(n.Skill)] = true
		if n.Level < 0 || n.Level > 4 || n.Least < 0 || n.Least > 1000 || !(n.Overflow >= 0 && n.Overflow < 1e9) {
			return wrong("%s: levels are 0 to 4; people and hours are not negative", n.Skill)
		}
	}
	clear(seen)
	for _, k := range teaching {
		if seen[fold(k.Skill)] {
			return wrong("courses: %q stands there twice", k.Skill)
		}
		seen[fold(k.Skill)] = true
		if !(k.Cost >= 0 && k.Cost < 1e9) || !(k.Hours >= 0 && k.Hours <= hoursInYear) {
			return wrong("course of %s: cost and hours are not negative", k.Skill)
		}
	}
	return nil
}

// level is what somebody holds of a skill; unknown counts as none.
func (p *Trainee) level(skill string) int {
	if l, ok := p.Skills[skill]; ok {
		return l
	}
	for name, l := range p.Skills {
		if fold(name) == fold(skill) {
			return l
		}
	}
	return 0
}

// cover is one skill over the week.
type cover struct {
	need   SkillNeed
	people []Trainee
	counts [WeekHours]int // −1: not needed
	lost   [WeekHours]bool
}

type chosen struct {
	person  int
	pairing Pairing
}

// there says whether somebody can be reached at an hour, for this skill.
func (c *cover) there(p *Trainee, h int) bool { return p.Present[h] || c.need.OnCall && p.OnCall[h] }

func (c *cover) count() {
	for h := range c.counts {
		c.counts[h] = -1
		if !c.need.When[h] {
			continue
		}
		c.counts[h] = 0
		for i := range c.people {
			if p := &c.people[i]; p.level(c.need.Skill) >= c.need.Level && c.there(p, h) {
				c.counts[h]++
			}
		}
	}
}

// candidates are who could learn the skill and be there when it is thin.
func (c *cover) candidates(teaching []Teaching) (out []chosen) {
	at := slices.IndexFunc(teaching, func(k Teaching) bool { return fold(k.Skill) == fold(c.need.Skill) })
	if at < 0 {
		return nil
	}
	k := &teaching[at]
	for i := range c.people {
		p := &c.people[i]
		held := p.level(c.need.Skill)
		if held >= c.need.Level || len(k.Roles) > 0 && !slices.ContainsFunc(k.Roles, func(r string) bool { return fold(r) == fold(p.Role) }) {
			continue
		}
		mends := 0
		for h, n := range c.counts {
			if n >= 0 && n < c.need.Least && c.there(p, h) {
				mends++
			}
		}
		if mends == 0 {
			continue
		}
		levels := float64(c.need.Level - held)
		out = append(out, chosen{i, Pairing{Person: p.Name, Role: p.Role, Skill: c.need.Skill, From: held, To: c.need.Level,
			Cost: levels * (k.Cost + k.Hours*p.Hourly), Hours: levels * k.Hours, Mends: mends}})
	}
	return out
}

// mend finds the cheapest candidates so that enough are there at every hour that can be mended. The program counts who
// is not trained: of those who are there at an hour, at most so many may stay without the course.
func (c *cover) mend(teaching []Teaching) ([]chosen, float64) {
	all := c.candidates(teaching)
	m, dear := program{}, 1.0
	for _, k := range all {
		dear = max(dear, k.pairing.Cost)
	}
	for _, k := range all {
		m.unknown(k.pairing.Cost/dear, 1, true)
	}
	type hour struct {
		who  string
		lack int
	}
	seen := map[hour]bool{}
	for h, n := range c.counts {
		if n < 0 || n >= c.need.Least {
			continue
		}
		var terms []term
		who := make([]byte, len(all))
		for j, k := range all {
			if c.there(&c.people[k.person], h) {
				who[j] = 1
				terms = append(terms, term{j, 1})
			}
		}
		lack := c.need.Least - n
		if len(terms) < lack {
			c.lost[h] = true
			continue
		}
		if key := (hour{string(who), lack}); !seen[key] { // most hours of a week are alike
			seen[key] = true
			m.row(float64(len(terms)-lack), terms...)
		}
	}
	if len(m.rows) == 0 {
		return nil, 0
	}
	s := m.solve(mostCovers, nil)
	var out []chosen
	trained := make([]bool, len(all))
	for j := range all {
		trained[j] = s.x[j] < 0.5
	}
	for j := range all { // a course that costs nothing is not taken for nothing
		if trained[j] && c.spare(all, trained, j) {
			trained[j] = false
		}
		if trained[j] {
			out = append(out, all[j])
		}
	}
	return out, s.gap * dear
}

// spare says whether all that can be mended stays so without one of the trained.
func (c *cover) spare(all []chosen, trained []bool, without int) bool {
	for h, n := range c.counts {
		if n < 0 || n >= c.need.Least || c.lost[h] {
			continue
		}
		for j, k := range all {
			if trained[j] && j != without && c.there(&c.people[k.person], h) {
				n++
			}
		}
		if n < c.need.Least {
			return false
		}
	}
	return true
}

func (c *cover) told(trained []chosen, shifts []ShiftHours) SkillCover {
	out := SkillCover{Skill: c.need.Skill, Level: c.need.Level, Least: c.need.Least, Holders: []string{}, Hours: c.counts, After: c.counts}
	for i := range c.people {
		if p := &c.people[i]; p.level(c.need.Skill) >= c.need.Level {
			out.Holders = append(out.Holders, p.Name)
		}
	}
	out.SinglePoint = len(out.Holders) < 2
	lost := 0
	for h, n := range c.counts {
		if n < 0 {
			continue
		}
		for _, k := range trained {
			if c.there(&c.people[k.person], h) {
				out.After[h]++
			}
		}
		out.SinglePoint = out.SinglePoint || n < 2
		if out.After[h] < c.need.Least {
			out.Left++
		}
		if c.lost[h] {
			lost++
		}
	}
	if lost > 0 {
		out.Because = fmt.Sprintf("in %d hours of the week too few people who could learn it are there: it takes other shifts, on-call or a hire", lost)
	}
	for _, s := range shifts {
		line := ShiftCover{Shift: s.Name, Fewest: -1}
		for h, n := range c.counts {
			if n < 0 || !s.Hours[h] {
				continue
			}
			if line.Needed++; line.Fewest < 0 || n < line.Fewest {
				line.Fewest = n
			}
			for _, k := range []struct {
				is bool
				to *int
			}{{n == 0, &line.Nobody}, {n == 1, &line.One}, {n < c.need.Least, &line.Below}, {out.After[h] < c.need.Least, &line.AfterIt}} {
				if k.is {
					*k.to++
				}
			}
		}
		out.Shifts = append(out.Shifts, line)
	}
	return out
}

// flow is a pairing as a way from somebody's idle hours to a skill's work.
type flow struct{ person, need, pairing int }

// save says how much work the trained could do at most: idle hours are spent once, and work is done once (domain note
// 1, §1.11: at most the lesser of the donor's idle hours and the receiver's overflow).
func (out *CrossTraining) save(people []Trainee, needs []SkillNeed, flows []flow) {
	m := program{}
	for _, f := range flows {
		m.unknown(1, min(people[f.person].Idle, needs[f.need].Overflow), false)
	}
	limit := func(most float64, of func(f flow) bool) {
		var terms []term
		for j, f := range flows {
			if of(f) {
				terms = append(terms, term{j, 1})
			}
		}
		if len(terms) > 1 {
			m.row(most, terms...)
		}
	}
	for i := range people {
		limit(people[i].Idle, func(f flow) bool { return f.person == i })
	}
	for i := range needs {
		limit(needs[i].Overflow, func(f flow) bool { return f.need == i })
	}
	x, saves, _ := m.relax(m.low, m.high)
	for j, f := range flows {
		out.Pairings[f.pairing].Saves = math.Round(x[j]*1e6) / 1e6
	}
	out.Saves = saves
}
