package raci

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pons/sqldb"
	"pons/staff"
)

// Device is what of a device decides who answers for it. What is not known is empty.
type Device struct {
	ID, Class, Category, Site, Department string
}

// Nobody is why nobody answers; empty where somebody does.
type Nobody string

// The kinds of nobody, in the order in which they are found.
const (
	Somebody Nobody = ""
	NoRule   Nobody = "no-rule"   // no rule holds for the device at this hour
	Unclear  Nobody = "unclear"   // two rules of one rank hold, or the rule has no A, or more than one
	NoPeople Nobody = "no-people" // the accountable party has nobody who serves the site
	Absent   Nobody = "absent"    // it is somebody's time, and they are away
	OffDuty  Nobody = "off-duty"  // it is nobody's time
)

// Say is the kind as people read it.
func (n Nobody) Say() string {
	switch n {
	case NoRule:
		return "no rule"
	case Unclear:
		return "rules are not clear"
	case NoPeople:
		return "the party has no people"
	case Absent:
		return "absent"
	case OffDuty:
		return "nobody on duty"
	}
	return "answered for"
}

// Side is one party of an answer with its people.
type Side struct {
	Party Party
	Name  string
	Found staff.Found
}

// Answer is who answers for a device in an activity at an instant.
type Answer struct {
	Activity    Activity
	Rule        *Rule // nil: none, or more than one
	Accountable Side
	Responsible []Side
	Nobody      Nobody
	Why         []string // the walk, from the rule to the person
}

// Who is the one to ask: accountable, and present or on call.
func (a *Answer) Who() (staff.Duty, bool) {
	if a.Nobody != Somebody {
		return staff.Duty{}, false
	}
	return a.Accountable.Found.First()
}

// Matrix is all rules with the roster, at one moment of the books: a value that answers without a database. It is safe
// for many goroutines and must not be changed after NewMatrix.
type Matrix struct {
	Activities []Activity // by number
	Rules      []Rule     // by activity, the widest first
	Roster     *staff.Roster
	by         map[string][]*Rule // activity → rules, the narrowest first
	named      map[string]map[string]bool
	moment     atomic.Pointer[Moment]
}

// NewMatrix makes a matrix; the order of activities, rules and people does not matter.
func NewMatrix(activities []Activity, rules []Rule, roster *staff.Roster) *Matrix {
	m := &Matrix{Activities: slices.Clone(activities), Roster: roster, by: map[string][]*Rule{}, named: map[string]map[string]bool{}}
	slices.SortFunc(m.Activities, func(a, b Activity) int {
		if a.Number != b.Number {
			return a.Number - b.Number
		}
		return strings.Compare(a.Key, b.Key)
	})
	m.Rules = arrange(m.Activities, rules)
	for i := range m.Rules {
		r := &m.Rules[i]
		m.by[r.Activity] = append(m.by[r.Activity], r)
		if m.named[r.Activity] == nil {
			m.named[r.Activity] = map[string]bool{}
		}
		m.named[r.Activity][r.Class] = true
		m.named[r.Activity]["category "+r.Category] = true
	}
	for _, list := range m.by {
		slices.SortStableFunc(list, func(a, b *Rule) int { return b.Rank() - a.Rank() })
	}
	return m
}

// Activity finds an activity by key or number.
func (m *Matrix) Activity(key string) (Activity, bool) {
	i := slices.IndexFunc(m.Activities, func(a Activity) bool { return a.Key == key || fmt.Sprint(a.Number) == key })
	if i < 0 {
		return Activity{Key: key, Name: key}, false
	}
	return m.Activities[i], true
}

// Answerable says who answers for a device in an activity at an instant, or that nobody does, and why. Questions about
// one instant after another (a list, a million devices) are answered from what was found for the same class and site.
func (m *Matrix) Answerable(activity string, d Device, at time.Time) Answer {
	return *m.At(at).Answerable(activity, d)
}

// At is the matrix at one instant. The last one is kept, so that asking again for the same instant is cheap.
func (m *Matrix) At(at time.Time) *Moment {
	if last := m.moment.Load(); last != nil && last.at.Equal(at) {
		return last
	}
	next := &Moment{matrix: m, at: at, instant: m.Roster.At(at), known: map[question]*Answer{}}
	next.minute = staff.MinuteOf(next.instant.At)
	m.moment.Store(next)
	return next
}

// Moment answers for one instant. It is safe for many goroutines.
type Moment struct {
	matrix  *Matrix
	at      time.Time
	instant *staff.Instant
	minute  int // of the week
	mu      sync.RWMutex
	known   map[question]*Answer
}

type question struct{ activity, class, category, site string }

// Answerable is Matrix.Answerable at this instant. The answer is shared and must not be changed.
func (m *Moment) Answerable(activity string, d Device) *Answer {
	q := question{activity, d.Class, d.Category, d.Site}
	if named := m.matrix.named[activity]; !named[q.class] { // what no rule names makes no difference
		q.class = ""
		if !named["category "+q.category] {
			q.category = ""
		}
	}
	m.mu.RLock()
	a, ok := m.known[q]
	m.mu.RUnlock()
	if ok {
		return a
	}
	a = m.answer(q)
	m.mu.Lock()
	m.known[q] = a
	m.mu.Unlock()
	return a
}

// rules that hold, of the highest rank.
func (m *Matrix) rules(activity, class, category, site string, minute int) (best []*Rule) {
	for _, r := range m.by[activity] { // the narrowest first
		if len(best) > 0 && r.Rank() < best[0].Rank() {
			break
		}
		if r.holds(class, category, site, minute) {
			best = append(best, r)
		}
	}
	return best
}

func (m *Moment) answer(q question) *Answer {
	a := &Answer{}
	var known bool
	a.Activity, known = m.matrix.Activity(q.activity)
	step := func(format string, args ...any) { a.Why = append(a.Why, fmt.Sprintf(format, args...)) }
	clock := m.instant.At.Format("Mon 15:04")
	if !known {
		a.Nobody = NoRule
		step("no activity is called %s", q.activity)
		return a
	}
	best := m.matrix.rules(q.activity, q.class, q.category, q.site, m.minute)
	switch {
	case len(best) == 0:
		a.Nobody = NoRule
		step("%s: no rule holds on %s", a.Activity.Name, clock)
		return a
	case len(best) > 1:
		a.Nobody = Unclear
		labels := make([]string, len(best))
		for i, r := range best {
			labels[i] = r.Label
		}
		step("%s: the rules %s hold alike on %s", a.Activity.Name, strings.Join(labels, " and "), clock)
		return a
	}
	a.Rule = best[0]
	scope := a.Rule.Scope()
	if scope == "" {
		scope = "for all devices and hours"
	}
	step("rule %s %s", a.Rule.Label, scope)
	for _, p := range a.Rule.With(Letters.R) {
		a.Responsible = append(a.Responsible, m.side(p, q.site))
	}
	accountable := a.Rule.With(Letters.A)
	if len(accountable) != 1 {
		a.Nobody = Unclear
		step("it names %d parties as accountable; there must be one", len(accountable))
		return a
	}
	a.Accountable = m.side(accountable[0], q.site)
	step("accountable: %s", a.Accountable.Name)
	m.find(a, q.site, clock, step)
	return a
}

func (m *Moment) side(p Party, site string) Side {
	need, _ := p.need()
	need.Site = site
	return Side{Party: p, Name: p.Name(m.matrix.Roster), Found: m.instant.Who(need)}
}

// find follows the roster from the accountable party to a person.
func (m *Moment) find(a *Answer, site, clock string, step func(string, ...any)) {
	f := &a.Accountable.Found
	where := "at " + site
	if site == "" {
		where = "of those who serve every site, for the device's site is not known"
	}
	if len(f.Members) == 0 && len(f.Away) == 0 {
		a.Nobody = NoPeople
		step("roster: %s has nobody %s", a.Accountable.Name, where)
		return
	}
	if d, ok := f.First(); ok {
		more := ""
		if n := f.Count(); n > 1 {
			more = fmt.Sprintf(" (%d can be reached)", n)
		}
		if d.OnCall() {
			step("roster %s: nobody present", clock)
		}
		step("%s, %s%s", d.Person.Name, d.Because(), more)
		return
	}
	a.Nobody = OffDuty
	step("roster %s: nobody present and nobody on call %s", clock, where)
	for _, away := range f.Away {
		a.Nobody = Absent
		step("%s would be %s: %s", away.Person.Name, strings.Replace(away.Because(), ":", " by", 1), away.Why)
	}
}

// Matrix reads the rules and the roster.
func (d *Duties) Matrix(tx *sqldb.Tx) (*Matrix, error) {
	roster, err := d.staff.Roster(tx)
	if err != nil {
		return nil, err
	}
	activities, rules, err := d.Rules(tx)
	if err != nil {
		return nil, err
	}
	return NewMatrix(activities, rules, roster), nil
}

// Newest is when somebody last changed an activity, a rule, a person or a rotation; zero where nobody has.
func (m *Matrix) Newest() time.Time {
	at := m.Roster.Newest()
	for i := range m.Activities {
		if m.Activities[i].At.After(at) {
			at = m.Activities[i].At
		}
	}
	for i := range m.Rules {
		if m.Rules[i].At.After(at) {
			at = m.Rules[i].At
		}
	}
	return at
}

// newest is the last matrix that was read, and the revision of the database that it is of.
type newest struct {
	mu     sync.Mutex
	matrix *Matrix
	rev    sqldb.Rev
}

// Current is the matrix of now: it is read again only when something in the database has changed.
func (d *Duties) Current(ctx context.Context, db *sqldb.DB) (*Matrix, error) {
	d.now.mu.Lock()
	defer d.now.mu.Unlock()
	err := db.View(ctx, func(tx *sqldb.Tx) error {
		if d.now.matrix != nil && d.now.rev == tx.Rev() {
			return nil
		}
		m, err := d.Matrix(tx)
		if err != nil {
			return err
		}
		d.now.matrix, d.now.rev = m, tx.Rev()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d.now.matrix, nil
}
