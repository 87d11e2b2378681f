// Package staff keeps who works here: people with their team, title, sites, skills and certificates, the shifts and
// rotations by which they are present or on call, their absences, and their training. It decides who of them is on
// duty at an instant, which hours of the week rest on one person or on nobody, what is missing to what a title asks
// for, and how much of the year's training is used. What anybody answers for is raci's to say; how many people there
// should be is the plan's.
package staff

import (
	"errors"
	"slices"
	"sort"
	"strings"
	"time"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Team is one of the groups that share the care of devices.
type Team string

// The teams. Clinical informatics stands for the clinical side in templates.
const (
	Biomed      Team = "biomed"
	IT          Team = "it"
	Security    Team = "security"
	Network     Team = "network"
	Informatics Team = "clinical-informatics"
	Vendor      Team = "vendor"
)

// Teams lists them in the order of menus.
func Teams() []Team { return []Team{Biomed, IT, Security, Network, Informatics, Vendor} }

// Title is a team as people read it.
func (t Team) Title() string {
	switch t {
	case Biomed:
		return "Biomed"
	case IT:
		return "IT"
	case Security:
		return "Security"
	case Network:
		return "Network"
	case Informatics:
		return "Clinical informatics"
	case Vendor:
		return "Vendor"
	}
	return string(t)
}

// TeamOf reads a team's name or title.
func TeamOf(text string) (Team, bool) {
	for _, t := range Teams() {
		if strings.EqualFold(strings.TrimSpace(text), string(t)) || strings.EqualFold(strings.TrimSpace(text), t.Title()) {
			return t, true
		}
	}
	return "", false
}

// Date is a day of the hospital's calendar, "2026-11-20". The empty Date is not known, or open.
type Date string

// DateOf is the day of a time in its own zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

func (d Date) check(field string) error {
	if d == "" {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, string(d)); err != nil {
		return fault.Wrong(field, "%q is no day; write it as 2026-11-20", string(d))
	}
	return nil
}

// days since 1970-01-01; false where the date is empty.
func (d Date) days() (int, bool) {
	t, err := time.Parse(time.DateOnly, string(d))
	return int(t.Unix() / 86400), err == nil
}

// Add is the day n days later; an empty Date stays empty.
func (d Date) Add(n int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return DateOf(t.AddDate(0, 0, n))
}

// holds says whether the day lies in a span whose empty ends are open.
func holds(from, until, day Date) bool {
	return (from == "" || from <= day) && (until == "" || day <= until)
}

// Person is one who works here, or whom a vendor sends. No value in it is about a patient.
type Person struct {
	ID           string         `json:"-"`
	Version      int64          `json:"-"`
	At           time.Time      `json:"-"` // when it was last written
	Name         string         `json:"name"`
	Team         Team           `json:"team"`
	Title        string         `json:"title"`           // of the plan's roles: "BMET II"
	Sites        []string       `json:"sites,omitempty"` // none: all
	FTE          float64        `json:"fte"`             // full-time equivalents, 0 to 1.5
	Phone        string         `json:"phone,omitempty"`
	Contact      string         `json:"contact,omitempty"` // e-mail, pager, chat
	Start        Date           `json:"start,omitempty"`   // first day
	End          Date           `json:"end,omitempty"`     // last day
	Account      string         `json:"account,omitempty"` // the login, where there is one
	Skills       map[string]int `json:"skills,omitempty"`  // held level 0–4; a skill that is not named is not known
	Certificates []Certificate  `json:"certificates,omitempty"`
	Shifts       []Shift        `json:"shifts,omitempty"`
	Absences     []Absence      `json:"absences,omitempty"`
}

// Certificate is a certificate by name; its number is nobody's business here.
type Certificate struct {
	Name    string `json:"name"`
	Issued  Date   `json:"issued,omitempty"`
	Expires Date   `json:"expires,omitempty"` // empty: does not expire, or not known
}

// Absence is a span of whole days, both ends included.
type Absence struct {
	From Date   `json:"from"`
	To   Date   `json:"to"`
	Why  string `json:"why,omitempty"` // vacation, training; never a diagnosis
}

// Bounds of what can be entered: typing errors, not opinions.
const (
	maxFTE     = 1.5
	maxLevel   = 4 // domain/09 §9.6: levels 0–4
	maxName    = 120
	maxText    = 300
	maxPerList = 400 // shifts, absences, certificates of one person
)

// Works says whether the person works here on a day.
func (p *Person) Works(day Date) bool { return holds(p.Start, p.End, day) }

// Serves says whether the person serves a site; an empty site is one that is not known, which only those serve who
// serve all.
func (p *Person) Serves(site string) bool { return serves(p.Sites, site) }

func serves(sites []string, site string) bool {
	return len(sites) == 0 || slices.ContainsFunc(sites, func(s string) bool { return strings.EqualFold(s, site) })
}

// Level is how well the person has a skill, and whether that is known.
func (p *Person) Level(skill string) (level int, known bool) {
	level, known = p.Skills[skill]
	return level, known
}

func text(field, name string, s *string, most int) error {
	*s = strings.Join(strings.Fields(*s), " ")
	if len([]rune(*s)) > most {
		return fault.Wrong(field, "%s has %d characters; at most %d", name, len([]rune(*s)), most)
	}
	return nil
}

// check brings a person into form.
func (p *Person) check() error {
	for _, f := range []struct {
		field, name string
		text        *string
		most        int
	}{{"name", "the name", &p.Name, maxName}, {"title", "the role", &p.Title, maxName}, {"phone", "the phone", &p.Phone, maxName}, {"contact", "the contact", &p.Contact, maxText}, {"account", "the login", &p.Account, maxName}} {
		if err := text(f.field, f.name, f.text, f.most); err != nil {
			return err
		}
	}
	if p.Name == "" {
		return fault.Wrong("name", "a person needs a name")
	}
	team, ok := TeamOf(string(p.Team))
	if !ok {
		return fault.Wrong("team", "%q is no team; it is one of %s", string(p.Team), teamNames())
	}
	p.Team = team
	if p.Title == "" {
		return fault.Wrong("title", "say which role %s has, such as BMET II", p.Name)
	}
	if !(p.FTE >= 0 && p.FTE <= maxFTE) {
		return fault.Wrong("fte", "%g full-time equivalents; one person is between 0 and %g", p.FTE, maxFTE)
	}
	var err error
	if p.Sites, err = names("sites", p.Sites); err != nil {
		return err
	}
	if err := span("start", "end", p.Start, p.End); err != nil {
		return err
	}
	for name, level := range p.Skills {
		if strings.TrimSpace(name) == "" || len(name) > maxName {
			return fault.Wrong("skills", "a skill needs a name of at most %d characters", maxName)
		}
		if level < 0 || level > maxLevel {
			return fault.Wrong("skills", "%s has level %d; levels are 0 to %d", name, level, maxLevel)
		}
	}
	return p.checkLists()
}

func (p *Person) checkLists() error {
	if len(p.Shifts) > maxPerList || len(p.Absences) > maxPerList || len(p.Certificates) > maxPerList {
		return fault.Wrong("shifts", "%s has more than %d shifts, absences or certificates", p.Name, maxPerList)
	}
	for i := range p.Certificates {
		c := &p.Certificates[i]
		if err := text("certificate", "the certificate", &c.Name, maxName); err != nil {
			return err
		}
		if c.Name == "" {
			return fault.Wrong("certificate", "a certificate needs a name")
		}
		if err := span("issued", "expires", c.Issued, c.Expires); err != nil {
			return err
		}
	}
	for i := range p.Shifts {
		if err := p.Shifts[i].check(); err != nil {
			return err
		}
	}
	for i := range p.Absences {
		a := &p.Absences[i]
		if a.From == "" || a.To == "" {
			return fault.Wrong("absent_from", "an absence needs its first and its last day")
		}
		if err := errors.Join(text("absent_why", "the reason", &a.Why, maxText), span("absent_from", "absent_to", a.From, a.To)); err != nil {
			return err
		}
	}
	slices.SortStableFunc(p.Absences, func(a, b Absence) int { return strings.Compare(string(a.From), string(b.From)) })
	return nil
}

func span(from, to string, a, b Date) error {
	if err := a.check(from); err != nil {
		return err
	}
	if err := b.check(to); err != nil {
		return err
	}
	if a != "" && b != "" && b < a {
		return fault.Wrong(to, "%s is before %s", b, a)
	}
	return nil
}

// names trims a list, and leaves out what is empty or there twice.
func names(field string, in []string) ([]string, error) {
	var out []string
	for _, s := range in {
		if err := text(field, "a name", &s, maxName); err != nil {
			return nil, err
		}
		if s != "" && !slices.ContainsFunc(out, func(x string) bool { return strings.EqualFold(x, s) }) {
			out = append(out, s)
		}
	}
	return out, nil
}

func teamNames() string {
	var out []string
	for _, t := range Teams() {
		out = append(out, string(t))
	}
	return strings.Join(out, ", ")
}

// Staff is who works at one hospital. It is safe for many goroutines.
type Staff struct {
	people       ledger.Book[Person]
	rotations    ledger.Book[Rotation]
	trainings    ledger.Book[Training]
	records      ledger.Book[Record]
	expectations ledger.Book[Expectations]
}

// New makes the staff of a database whose schemas hold the audit log and the ledger.
func New() *Staff {
	return &Staff{
		people:       ledger.NewBook("staff.person", (*Person).check),
		rotations:    ledger.NewBook("staff.rotation", (*Rotation).check),
		trainings:    ledger.NewBook("staff.training", (*Training).check),
		records:      ledger.NewBook("staff.record", (*Record).check),
		expectations: ledger.NewBook("staff.expectations", (*Expectations).check),
	}
}

// People lists everybody, by name.
func (s *Staff) People(tx *sqldb.Tx) ([]Person, error) {
	entries, err := s.people.List(tx)
	out := make([]Person, len(entries))
	for i, e := range entries {
		out[i] = personOf(e)
	}
	sortPeople(out)
	return out, err
}

func personOf(e ledger.Entry[Person]) Person {
	p := e.Body
	p.ID, p.Version, p.At = e.ID, e.Version, e.At
	return p
}

func sortPeople(people []Person) {
	sort.Slice(people, func(i, j int) bool {
		if a, b := strings.ToLower(people[i].Name), strings.ToLower(people[j].Name); a != b {
			return a < b
		}
		return people[i].ID < people[j].ID
	})
}

// Person gives one person, also one who was removed. It wraps fault.NotFound.
func (s *Staff) Person(tx *sqldb.Tx, id string) (ledger.Entry[Person], error) {
	e, err := s.people.Get(tx, id)
	e.Body.ID, e.Body.Version = e.ID, e.Version
	return e, err
}

// History gives all states of a person, newest first.
func (s *Staff) History(tx *sqldb.Tx, id string) ([]ledger.Entry[Person], error) {
	return s.people.History(tx, id)
}

// AddPerson writes a new person. Two people of one name cannot be told apart in lists and files: the second is a
// conflict.
func (s *Staff) AddPerson(tx *sqldb.Tx, p Person, by ledger.By) (Person, error) {
	if err := s.alone(tx, "", p.Name); err != nil {
		return p, err
	}
	e, err := s.people.Add(tx, p, by)
	return personOf(e), err
}

// PutPerson writes a person's next state; version is the one that the writer looked at, 0 whichever is there.
func (s *Staff) PutPerson(tx *sqldb.Tx, id string, version int64, p Person, by ledger.By) (Person, error) {
	if err := s.alone(tx, id, p.Name); err != nil {
		return p, err
	}
	if _, err := s.people.Get(tx, id); err != nil {
		return p, err
	}
	e, err := s.people.Put(tx, id, version, p, by)
	return personOf(e), err
}

func (s *Staff) alone(tx *sqldb.Tx, id, name string) error {
	people, err := s.People(tx)
	if err != nil {
		return err
	}
	for _, p := range people {
		if p.ID != id && strings.EqualFold(p.Name, strings.Join(strings.Fields(name), " ")) {
			return fault.Wrong("name", "there is a %s already, %s of %s; add an initial or a second name", p.Name, p.Title, p.Team.Title())
		}
	}
	return nil
}

// RemovePerson takes a person off the list; RestorePerson brings an earlier state back.
func (s *Staff) RemovePerson(tx *sqldb.Tx, id string, by ledger.By) (Person, error) {
	e, err := s.people.Remove(tx, id, by)
	return personOf(e), err
}

// RestorePerson makes an earlier state of a person the newest again, also of a removed one.
func (s *Staff) RestorePerson(tx *sqldb.Tx, id string, version int64, by ledger.By) (Person, error) {
	then, err := s.people.Version(tx, id, version)
	if err != nil {
		return Person{}, err
	}
	if err := s.alone(tx, id, then.Body.Name); err != nil {
		return Person{}, err
	}
	e, err := s.people.Restore(tx, id, version, by)
	return personOf(e), err
}
