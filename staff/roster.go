package staff

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the hospital's time zone is named, and a container need not know it

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Shift is when somebody is present, week for week.
type Shift struct {
	Hours Hours  `json:"hours"`
	Site  string `json:"site,omitempty"`  // where; empty: at the person's sites
	From  Date   `json:"from,omitempty"`  // first day on which it begins
	Until Date   `json:"until,omitempty"` // last day on which it begins
}

func (s *Shift) check() error {
	if len(s.Hours) == 0 {
		return fault.Wrong("hours", "say when the shift is, such as mon-fri 07:00-15:30")
	}
	if err := s.Hours.check(); err != nil {
		return err
	}
	if err := text("shift_site", "the site", &s.Site, maxName); err != nil {
		return err
	}
	return span("from", "until", s.From, s.Until)
}

// Rotation is who is on call in turn: each for a number of days, in order, over and over from the anchor on.
type Rotation struct {
	ID       string    `json:"-"`
	Version  int64     `json:"-"`
	At       time.Time `json:"-"` // when it was last written
	Name     string    `json:"name"`
	Team     Team      `json:"team,omitempty"`  // the team that it stands for; empty: each person's own
	Skill    string    `json:"skill,omitempty"` // what it is for, where it is for a skill
	Sites    []string  `json:"sites,omitempty"` // none: each person's own
	People   []string  `json:"people"`          // ids, in order
	Days     int       `json:"days"`            // of one turn
	Anchor   Date      `json:"anchor"`          // on this day the first turn begins
	Handover int       `json:"handover"`        // minutes after midnight at which turns change
	Hours    Hours     `json:"hours,omitempty"` // when somebody is on call; empty: always
}

// maxTurn bounds a turn: a quarter of a year.
const maxTurn = 92

func (r *Rotation) check() error {
	if err := text("name", "the name", &r.Name, maxName); err != nil {
		return err
	}
	if r.Name == "" {
		return fault.Wrong("name", "a rotation needs a name, such as Biomed on call")
	}
	if r.Team != "" {
		team, ok := TeamOf(string(r.Team))
		if !ok {
			return fault.Wrong("team", "%q is no team; it is one of %s", string(r.Team), teamNames())
		}
		r.Team = team
	}
	var err error
	if r.Sites, err = names("sites", r.Sites); err != nil {
		return err
	}
	if r.People = slices.DeleteFunc(slices.Clone(r.People), func(id string) bool { return id == "" }); len(r.People) == 0 {
		return fault.Wrong("people", "a rotation needs at least one person")
	}
	if len(r.People) > maxPerList {
		return fault.Wrong("people", "%d turns; at most %d", len(r.People), maxPerList)
	}
	if r.Days < 1 || r.Days > maxTurn {
		return fault.Wrong("days", "a turn of %d days; it takes 1 to %d", r.Days, maxTurn)
	}
	if r.Anchor == "" {
		return fault.Wrong("anchor", "say on which day the first turn begins")
	}
	if err := r.Anchor.check("anchor"); err != nil {
		return err
	}
	if r.Handover < 0 || r.Handover >= dayMinutes {
		return fault.Wrong("handover", "turns change between 00:00 and 23:59")
	}
	return r.Hours.check()
}

// Turn is whose turn it is at an instant of the hospital's clock: an id, empty before the anchor.
func (r *Rotation) Turn(local time.Time) string {
	return r.turn(newClock(local))
}

func (r *Rotation) turn(c clock) string {
	begin, ok := r.Anchor.days()
	if !ok || len(r.People) == 0 || r.Days < 1 {
		return ""
	}
	today := c.days
	if c.minute < r.Handover {
		today--
	}
	if today < begin {
		return ""
	}
	return r.People[(today-begin)/r.Days%len(r.People)]
}

func (r *Rotation) on(c clock) bool {
	return len(r.Hours) == 0 || r.Hours.At(c.day*dayMinutes+c.minute)
}

// clock is an instant on the hospital's wall.
type clock struct {
	date, before Date
	days         int // since 1970
	day          int // 0 is Monday
	minute       int
}

func newClock(local time.Time) clock {
	c := clock{date: DateOf(local), day: bitOf(local.Weekday()), minute: local.Hour()*60 + local.Minute()}
	c.days, _ = c.date.days()
	c.before = c.date.Add(-1)
	return c
}

// Roster is everybody with their shifts and rotations at one moment of the books: a value that answers questions
// without a database. It must not be changed after NewRoster.
type Roster struct {
	People    []Person // by name
	Rotations []Rotation
	Zone      *time.Location
	Qualified int // the level from which a skill counts as held
	byID      map[string]*Person
}

// Newest is when somebody last said something of the people and rotations in it; zero where nobody has.
func (r *Roster) Newest() time.Time {
	var at time.Time
	for i := range r.People {
		at = later(at, r.People[i].At)
	}
	for i := range r.Rotations {
		at = later(at, r.Rotations[i].At)
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// NewRoster makes a roster; the order of people and rotations does not matter.
func NewRoster(people []Person, rotations []Rotation, zone *time.Location, qualified int) *Roster {
	if zone == nil {
		zone = time.UTC
	}
	r := &Roster{People: slices.Clone(people), Rotations: slices.Clone(rotations), Zone: zone, Qualified: qualified, byID: map[string]*Person{}}
	sortPeople(r.People)
	slices.SortFunc(r.Rotations, func(a, b Rotation) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	for i := range r.People {
		r.byID[r.People[i].ID] = &r.People[i]
	}
	return r
}

// Person finds a person by id; nil where there is none.
func (r *Roster) Person(id string) *Person { return r.byID[id] }

// Need is who is asked for: what is not given bounds nothing.
type Need struct {
	Team   Team
	Title  string
	Person string // id
	Skill  string // held at the roster's level, or better
	// Site is where; AnySite asks for no site at all. A site that is not known ("" without AnySite) is served only by
	// those who serve all sites.
	Site    string
	AnySite bool
}

// String names the need: "team biomed at Eastgate".
func (n Need) String() string {
	var out []string
	if n.Team != "" {
		out = append(out, n.Team.Title())
	}
	if n.Title != "" {
		out = append(out, n.Title)
	}
	if n.Skill != "" {
		out = append(out, n.Skill)
	}
	if len(out) == 0 {
		out = append(out, "anybody")
	}
	if n.Site != "" {
		out = append(out, "at "+n.Site)
	}
	return strings.Join(out, " ")
}

func (r *Roster) isOne(n Need, p *Person, team Team) bool {
	if n.Team != "" && team != n.Team || n.Title != "" && !strings.EqualFold(p.Title, n.Title) || n.Person != "" && p.ID != n.Person {
		return false
	}
	if n.Skill != "" {
		level, known := p.Level(n.Skill)
		return known && level >= r.Qualified
	}
	return true
}

// Duty is somebody who can be reached now.
type Duty struct {
	Person   *Person
	Shift    *Shift    // present by this shift; nil: on call
	Rotation *Rotation // on call by this rotation; nil: present
}

// OnCall says that the person is not here, but answers when called.
func (d Duty) OnCall() bool { return d.Shift == nil }

func (d Duty) team() Team {
	if d.Rotation != nil && d.Rotation.Team != "" {
		return d.Rotation.Team
	}
	return d.Person.Team
}

func (d Duty) serves(site string) bool {
	switch {
	case d.Rotation != nil && len(d.Rotation.Sites) > 0:
		return serves(d.Rotation.Sites, site)
	case d.Shift != nil && d.Shift.Site != "":
		return strings.EqualFold(d.Shift.Site, site)
	}
	return d.Person.Serves(site)
}

// Because says by what: "present: mon-fri 07:00-15:30 at Eastgate".
func (d Duty) Because() string {
	if d.Rotation != nil {
		return "on call: " + d.Rotation.Name
	}
	out := "present: " + d.Shift.Hours.String()
	if d.Shift.Site != "" {
		out += " at " + d.Shift.Site
	}
	return out
}

// Away is somebody whose shift or turn it would be.
type Away struct {
	Duty
	Why string // "absent until 2026-11-22 (vacation)", "left on 2026-10-31"
}

// Found is who meets a need at an instant.
type Found struct {
	Members []*Person // who could, if it were their time: they work here and serve the site
	Present []Duty    // those whose shift is at the site before those who serve all; by name
	OnCall  []Duty    // who is not present anyway
	Away    []Away    // whose time it would be
}

// Count is how many people can be reached.
func (f *Found) Count() int { return len(f.Present) + len(f.OnCall) }

// First is the one to ask: of those present, else of those on call.
func (f *Found) First() (Duty, bool) {
	if len(f.Present) > 0 {
		return f.Present[0], true
	}
	if len(f.OnCall) > 0 {
		return f.OnCall[0], true
	}
	return Duty{}, false
}

// Instant is the roster at one instant: whose time it is. It answers many needs cheaply.
type Instant struct {
	At     time.Time // in the hospital's zone
	roster *Roster
	clock  clock
	duties []Duty
	away   []Away
}

// At looks at the clock for everybody once.
func (r *Roster) At(at time.Time) *Instant {
	local := at.In(r.Zone)
	in := &Instant{At: local, roster: r, clock: newClock(local)}
	for i := range r.People {
		p := &r.People[i]
		for j := range p.Shifts {
			if s := &p.Shifts[j]; s.on(in.clock) {
				in.add(Duty{Person: p, Shift: s})
			}
		}
	}
	for i := range r.Rotations {
		rot := &r.Rotations[i]
		if !rot.on(in.clock) {
			continue
		}
		if id := rot.turn(in.clock); id != "" {
			if p := r.byID[id]; p != nil {
				in.add(Duty{Person: p, Rotation: rot})
			}
		}
	}
	return in
}

func (s *Shift) on(c clock) bool {
	for _, w := range s.Hours {
		on, before := w.at(c.day, c.minute)
		if !on {
			continue
		}
		day := c.date
		if before {
			day = c.before
		}
		if holds(s.From, s.Until, day) {
			return true
		}
	}
	return false
}

func (in *Instant) add(d Duty) {
	if why := d.Person.away(in.clock.date); why != "" {
		in.away = append(in.away, Away{d, why})
		return
	}
	in.duties = append(in.duties, d)
}

// away says why somebody is not there on a day; empty where they are.
func (p *Person) away(day Date) string {
	switch {
	case p.End != "" && p.End < day:
		return "left on " + string(p.End)
	case !p.Works(day):
		return "begins on " + string(p.Start)
	}
	for _, a := range p.Absences {
		if holds(a.From, a.To, day) {
			if a.Why != "" {
				return "absent until " + string(a.To) + " (" + a.Why + ")"
			}
			return "absent until " + string(a.To)
		}
	}
	return ""
}

// Who meets a need.
func (in *Instant) Who(n Need) Found {
	var f Found
	r := in.roster
	for i := range r.People {
		p := &r.People[i]
		if p.Works(in.clock.date) && r.isOne(n, p, p.Team) && (n.AnySite || p.Serves(n.Site)) {
			f.Members = append(f.Members, p)
		}
	}
	fits := func(d Duty) bool { return r.isOne(n, d.Person, d.team()) && (n.AnySite || d.serves(n.Site)) }
	for _, d := range in.duties {
		if !fits(d) {
			continue
		}
		if !slices.Contains(f.Members, d.Person) { // a rotation may lend somebody of another team or site
			f.Members = append(f.Members, d.Person)
		}
		same := func(x Duty) bool { return x.Person == d.Person }
		switch i := slices.IndexFunc(f.Present, same); {
		case i >= 0 && !d.OnCall() && d.Shift.Site != "" && f.Present[i].Shift.Site == "":
			f.Present[i] = d
		case i >= 0 || d.OnCall() && slices.ContainsFunc(f.OnCall, same):
		case d.OnCall():
			f.OnCall = append(f.OnCall, d)
		default:
			f.Present = append(f.Present, d)
		}
	}
	for _, a := range in.away {
		if fits(a.Duty) && !slices.ContainsFunc(f.Away, func(x Away) bool { return x.Person == a.Person }) {
			f.Away = append(f.Away, a)
		}
	}
	slices.SortStableFunc(f.Present, func(a, b Duty) int {
		if there, other := a.Shift.Site != "", b.Shift.Site != ""; there != other {
			if there {
				return -1
			}
			return 1
		}
		return 0 // by name already
	})
	return f
}

// RotationsOf are the rotations that a person stands in.
func (r *Roster) RotationsOf(id string) []Rotation {
	var out []Rotation
	for _, rot := range r.Rotations {
		if slices.Contains(rot.People, id) {
			out = append(out, rot)
		}
	}
	return out
}

// Roster reads everybody.
func (s *Staff) Roster(tx *sqldb.Tx) (*Roster, error) {
	people, err := s.People(tx)
	if err != nil {
		return nil, err
	}
	rotations, err := s.Rotations(tx)
	if err != nil {
		return nil, err
	}
	e, err := s.Expectations(tx)
	if err != nil {
		return nil, err
	}
	return NewRoster(people, rotations, e.Location(), e.Qualified), nil
}

// Rotations lists them, by name.
func (s *Staff) Rotations(tx *sqldb.Tx) ([]Rotation, error) {
	entries, err := s.rotations.List(tx)
	out := make([]Rotation, len(entries))
	for i, e := range entries {
		out[i] = rotationOf(e)
	}
	slices.SortStableFunc(out, func(a, b Rotation) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out, err
}

func rotationOf(e ledger.Entry[Rotation]) Rotation {
	r := e.Body
	r.ID, r.Version, r.At = e.ID, e.Version, e.At
	return r
}

// Rotation gives one. It wraps fault.NotFound.
func (s *Staff) Rotation(tx *sqldb.Tx, id string) (Rotation, error) {
	e, err := s.rotations.Get(tx, id)
	if err == nil && e.Removed {
		err = fmt.Errorf("rotation %s was removed: %w", id, fault.NotFound)
	}
	return rotationOf(e), err
}

// PutRotation writes a rotation, a new one where the id is empty. Everybody in it must be on the list of people.
func (s *Staff) PutRotation(tx *sqldb.Tx, id string, version int64, r Rotation, by ledger.By) (Rotation, error) {
	people, err := s.People(tx)
	if err != nil {
		return r, err
	}
	for _, one := range r.People {
		if one != "" && !slices.ContainsFunc(people, func(p Person) bool { return p.ID == one }) {
			return r, fault.Wrong("people", "nobody here has the id %s", one)
		}
	}
	var e ledger.Entry[Rotation]
	if id == "" {
		e, err = s.rotations.Add(tx, r, by)
	} else if _, err = s.rotations.Get(tx, id); err == nil {
		e, err = s.rotations.Put(tx, id, version, r, by)
	}
	return rotationOf(e), err
}

// RemoveRotation takes a rotation off the list; RestoreRotation brings an earlier state back.
func (s *Staff) RemoveRotation(tx *sqldb.Tx, id string, by ledger.By) (Rotation, error) {
	e, err := s.rotations.Remove(tx, id, by)
	return rotationOf(e), err
}

// RestoreRotation makes an earlier state the newest again.
func (s *Staff) RestoreRotation(tx *sqldb.Tx, id string, version int64, by ledger.By) (Rotation, error) {
	e, err := s.rotations.Restore(tx, id, version, by)
	return rotationOf(e), err
}
