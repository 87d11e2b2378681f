package staff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Training is a plan: what somebody, or everybody of a title, shall learn.
type Training struct {
	ID       string    `json:"-"`
	Version  int64     `json:"-"`
	At       time.Time `json:"-"`                // when it was last written
	Person   string    `json:"person,omitempty"` // id; empty: everybody of the title
	Title    string    `json:"title,omitempty"`
	What     string    `json:"what"`
	Skill    string    `json:"skill,omitempty"` // that it raises
	Level    int       `json:"level,omitempty"` // to which
	Hours    float64   `json:"hours"`           // for each person
	Due      Date      `json:"due,omitempty"`
	Cost     int64     `json:"cost,omitempty"` // minor units, for each person
	Currency string    `json:"currency,omitempty"`
}

// Record is training that somebody has done.
type Record struct {
	ID       string    `json:"-"`
	Version  int64     `json:"-"`
	At       time.Time `json:"-"` // when it was last written
	Person   string    `json:"person"`
	Training string    `json:"training,omitempty"` // the plan that it fulfils
	What     string    `json:"what"`
	Skill    string    `json:"skill,omitempty"`
	Level    int       `json:"level,omitempty"` // reached
	On       Date      `json:"on"`
	Hours    float64   `json:"hours"`
	Evidence string    `json:"evidence,omitempty"` // a certificate, a sheet of signatures, a link
}

// maxHours bounds one training: half a year's work.
const maxHours = 1000

func lesson(what *string, skill string, level int, hours float64) error {
	if err := text("what", "the training", what, maxText); err != nil {
		return err
	}
	if *what == "" {
		return fault.Wrong("what", "say what is to be learned")
	}
	if !(hours >= 0 && hours <= maxHours) {
		return fault.Wrong("hours", "%g hours; one training takes 0 to %d", hours, maxHours)
	}
	if level < 0 || level > maxLevel {
		return fault.Wrong("level", "level %d; levels are 0 to %d", level, maxLevel)
	}
	if level > 0 && skill == "" {
		return fault.Wrong("skill", "say which skill reaches level %d", level)
	}
	return nil
}

func (t *Training) check() error {
	if err := lesson(&t.What, t.Skill, t.Level, t.Hours); err != nil {
		return err
	}
	if err := text("title", "the role", &t.Title, maxName); err != nil {
		return err
	}
	if (t.Person == "") == (t.Title == "") {
		return fault.Wrong("person", "a training is for one person, or for a role: give one of them")
	}
	if t.Cost < 0 {
		return fault.Wrong("cost", "a cost cannot be below 0")
	}
	if t.Cost > 0 && len(t.Currency) != 3 {
		return fault.Wrong("currency", "say in which currency, such as USD")
	}
	t.Currency = strings.ToUpper(t.Currency)
	return t.Due.check("due")
}

func (r *Record) check() error {
	if err := lesson(&r.What, r.Skill, r.Level, r.Hours); err != nil {
		return err
	}
	if r.Person == "" {
		return fault.Wrong("person", "say who did it")
	}
	if r.On == "" {
		return fault.Wrong("on", "say on which day it was done")
	}
	if err := text("evidence", "the evidence", &r.Evidence, maxText); err != nil {
		return err
	}
	return r.On.check("on")
}

// Trainings lists the plans, the earliest due first.
func (s *Staff) Trainings(tx *sqldb.Tx) ([]Training, error) {
	entries, err := s.trainings.List(tx)
	out := make([]Training, len(entries))
	for i, e := range entries {
		out[i] = trainingOf(e)
	}
	slices.SortStableFunc(out, func(a, b Training) int {
		if (a.Due == "") != (b.Due == "") {
			if a.Due == "" {
				return 1
			}
			return -1
		}
		return strings.Compare(string(a.Due), string(b.Due))
	})
	return out, err
}

func trainingOf(e ledger.Entry[Training]) Training {
	t := e.Body
	t.ID, t.Version, t.At = e.ID, e.Version, e.At
	return t
}

// PutTraining writes a plan, a new one where the id is empty.
func (s *Staff) PutTraining(tx *sqldb.Tx, id string, version int64, t Training, by ledger.By) (Training, error) {
	if t.Person != "" {
		if err := s.known(tx, t.Person); err != nil {
			return t, err
		}
	}
	if id == "" {
		e, err := s.trainings.Add(tx, t, by)
		return trainingOf(e), err
	}
	if _, err := s.trainings.Get(tx, id); err != nil {
		return t, err
	}
	e, err := s.trainings.Put(tx, id, version, t, by)
	return trainingOf(e), err
}

func (s *Staff) known(tx *sqldb.Tx, person string) error {
	e, err := s.people.Get(tx, person)
	if err != nil {
		return fault.Wrong("person", "nobody here has the id %s", person)
	}
	if e.Removed {
		return fmt.Errorf("%s is not on the list of people any more: %w", e.Body.Name, fault.Conflict)
	}
	return nil
}

// RemoveTraining takes a plan off the list; RestoreTraining brings an earlier state back.
func (s *Staff) RemoveTraining(tx *sqldb.Tx, id string, by ledger.By) (Training, error) {
	e, err := s.trainings.Remove(tx, id, by)
	return trainingOf(e), err
}

// RestoreTraining makes an earlier state the newest again.
func (s *Staff) RestoreTraining(tx *sqldb.Tx, id string, version int64, by ledger.By) error {
	_, err := s.trainings.Restore(tx, id, version, by)
	return err
}

// Records lists what was done, the latest first.
func (s *Staff) Records(tx *sqldb.Tx) ([]Record, error) {
	entries, err := s.records.List(tx)
	out := make([]Record, len(entries))
	for i, e := range entries {
		out[i] = recordOf(e)
	}
	slices.SortStableFunc(out, func(a, b Record) int { return strings.Compare(string(b.On), string(a.On)) })
	return out, err
}

func recordOf(e ledger.Entry[Record]) Record {
	r := e.Body
	r.ID, r.Version, r.At = e.ID, e.Version, e.At
	return r
}

// Done writes that somebody did a training. Where it reached a level that is above the person's, or the person's is
// not known, the person has that level from now on.
func (s *Staff) Done(tx *sqldb.Tx, r Record, by ledger.By) (Record, error) {
	if err := s.known(tx, r.Person); err != nil {
		return r, err
	}
	e, err := s.records.Add(tx, r, by)
	if err != nil || r.Skill == "" || r.Level == 0 {
		return recordOf(e), err
	}
	who, err := s.people.Get(tx, r.Person)
	if err != nil {
		return recordOf(e), err
	}
	if held, known := who.Body.Level(r.Skill); !known || held < r.Level {
		skills := map[string]int{}
		for k, v := range who.Body.Skills {
			if !strings.EqualFold(k, r.Skill) {
				skills[k] = v
			}
		}
		skills[r.Skill] = r.Level
		who.Body.Skills = skills
		_, err = s.people.Put(tx, r.Person, who.Version, who.Body, by)
	}
	return recordOf(e), err
}

// RemoveRecord takes a record off the list. A level that it raised stays: whether it is held is asked of people.
func (s *Staff) RemoveRecord(tx *sqldb.Tx, id string, by ledger.By) (Record, error) {
	e, err := s.records.Remove(tx, id, by)
	return recordOf(e), err
}

// RestoreRecord makes an earlier state the newest again.
func (s *Staff) RestoreRecord(tx *sqldb.Tx, id string, version int64, by ledger.By) error {
	_, err := s.records.Restore(tx, id, version, by)
	return err
}

// Year is one person's training in one year: hours.
type Year struct {
	Person  *Person
	Done    float64
	Planned float64 // due in the year and not done
	Budget  float64 // FTE × hours for each FTE
}

// Left is what of the budget is neither used nor planned; below zero it is overbooked.
func (y Year) Left() float64 { return y.Budget - y.Done - y.Planned }

// Year sums a year ("2026") for everybody who works here at its end or on the given day.
func (e Expectations) Year(people []Person, plans []Training, done []Record, year string, day Date) []Year {
	var out []Year
	for i := range people {
		p := &people[i]
		if !p.Works(day) {
			continue
		}
		y := Year{Person: p, Budget: p.FTE * e.Training}
		for _, r := range done {
			if r.Person == p.ID && strings.HasPrefix(string(r.On), year) {
				y.Done += r.Hours
			}
		}
		for _, t := range plans {
			if t.For(p) && strings.HasPrefix(string(t.Due), year) && !Fulfilled(t, p.ID, done) {
				y.Planned += t.Hours
			}
		}
		out = append(out, y)
	}
	return out
}

// For says whether the plan is meant for a person.
func (t Training) For(p *Person) bool {
	return t.Person == p.ID || t.Person == "" && strings.EqualFold(t.Title, p.Title)
}

// Fulfilled says whether a person has done a plan.
func Fulfilled(t Training, person string, done []Record) bool {
	return slices.ContainsFunc(done, func(r Record) bool { return r.Training == t.ID && r.Person == person })
}

// Expiring is a certificate that ends.
type Expiring struct {
	Person      *Person
	Certificate Certificate
	Days        int // until it ends; below zero: since
}

// ExpiringWithin lists the certificates of those who work here that have ended, or end within so many days.
func ExpiringWithin(people []Person, day Date, within int) []Expiring {
	var out []Expiring
	today, ok := day.days()
	if !ok {
		return nil
	}
	for i := range people {
		p := &people[i]
		for _, c := range p.Certificates {
			if end, ok := c.Expires.days(); ok && p.Works(day) && end-today <= within {
				out = append(out, Expiring{p, c, end - today})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Expiring) int { return a.Days - b.Days })
	return out
}
