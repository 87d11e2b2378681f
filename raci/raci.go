// Package raci keeps who is responsible, accountable, consulted and informed for each activity of caring for devices,
// narrowed by class, category, site and hours of the week; and it answers from that and from the roster who is
// accountable for a device right now, or that nobody is, and why. It decides which rule counts and what is wrong with
// the rules. Who works here and when is package staff's to say, and what a device is, the inventory's: devices come in
// as values.
package raci

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
	"pons/staff"
)

// Activity is something that somebody must answer for.
type Activity struct {
	Key     string    `json:"-"` // names it in rules and addresses: "device-incident"
	Version int64     `json:"-"`
	At      time.Time `json:"-"`      // when it was last written
	Number  int       `json:"number"` // its place in the matrix
	Name    string    `json:"name"`
	Source  string    `json:"source,omitempty"` // of the template; empty: the hospital's own
}

// Letters is a party's part in an activity.
type Letters string

// The parts. A is answerable for the result, and there is one; R does the work; C is asked before; I is told after.
const (
	Responsible Letters = "R"
	Accountable Letters = "A"
	Both        Letters = "A/R"
	Consulted   Letters = "C"
	Informed    Letters = "I"
)

// AllLetters in the order of menus.
func AllLetters() []Letters {
	return []Letters{Accountable, Both, Responsible, Consulted, Informed}
}

// A says that the part is accountable; R that it is responsible.
func (l Letters) A() bool { return l == Accountable || l == Both }

// R says that the part is responsible.
func (l Letters) R() bool { return l == Responsible || l == Both }

func lettersOf(text string) (Letters, bool) {
	text = strings.ToUpper(strings.NewReplacer(" ", "", ",", "/", "+", "/").Replace(text))
	switch text {
	case "AR", "RA", "R/A":
		return Both, true
	}
	l := Letters(text)
	return l, slices.Contains(AllLetters(), l)
}

// Party is who takes part: "team:biomed", "role:BMET II" or "person:ID".
type Party string

// TeamParty is a whole team: whoever of it is on duty.
func TeamParty(t staff.Team) Party { return Party("team:" + string(t)) }

// RoleParty is everybody of a role title.
func RoleParty(title string) Party { return Party("role:" + title) }

// PersonParty is one person by id.
func PersonParty(id string) Party { return Party("person:" + id) }

// need is the party as the roster is asked for it.
func (p Party) need() (staff.Need, bool) {
	kind, name, ok := strings.Cut(string(p), ":")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		return staff.Need{}, false
	}
	switch kind {
	case "team":
		t, ok := staff.TeamOf(name)
		return staff.Need{Team: t}, ok
	case "role":
		return staff.Need{Title: name}, true
	case "person":
		return staff.Need{Person: name}, true
	}
	return staff.Need{}, false
}

// Name is the party as people read it.
func (p Party) Name(r *staff.Roster) string {
	n, ok := p.need()
	switch {
	case !ok:
		return string(p)
	case n.Team != "":
		return n.Team.Title()
	case n.Title != "":
		return n.Title
	}
	if r != nil {
		if who := r.Person(n.Person); who != nil {
			return who.Name
		}
	}
	return "somebody who is not on the list of people any more"
}

// Rule says who takes part in an activity, for all devices and hours or for some. What is empty does not narrow.
type Rule struct {
	ID       string            `json:"-"`
	Version  int64             `json:"-"`
	At       time.Time         `json:"-"` // when it was last written
	Label    string            `json:"-"` // as people call it: "8", or "8.2" for the second narrower rule of activity 8
	Activity string            `json:"activity"`
	Class    string            `json:"class,omitempty"`
	Category string            `json:"category,omitempty"` // not beside a class: a class has one
	Site     string            `json:"site,omitempty"`
	Hours    staff.Hours       `json:"hours,omitempty"`
	Parties  map[Party]Letters `json:"parties"`
	Source   string            `json:"source,omitempty"` // of the template; empty: a person's word
}

// Rank orders rules by how narrow they are; of the rules that hold for a device at an hour, the one of the highest
// rank counts, whole: none of its letters come from another rule. A rule for a class comes before one for a category,
// that before one for neither; among these, one for a site before one without; among these, one for hours before one
// without. So a class beats any site, and a site beats any hours. Two rules of one rank that hold for the same device
// at the same hour are a conflict.
func (r *Rule) Rank() int {
	rank := 0
	if r.Class != "" {
		rank += 8
	}
	if r.Category != "" {
		rank += 4
	}
	if r.Site != "" {
		rank += 2
	}
	if len(r.Hours) > 0 {
		rank++
	}
	return rank
}

// Scope says for what the rule is: "for class infusion-pump at Eastgate 18:00-06:00", empty for everything.
func (r *Rule) Scope() string {
	var parts []string
	if r.Class != "" {
		parts = append(parts, "for class "+r.Class)
	}
	if r.Category != "" {
		parts = append(parts, "for category "+r.Category)
	}
	if r.Site != "" {
		parts = append(parts, "at "+r.Site)
	}
	if len(r.Hours) > 0 {
		parts = append(parts, r.Hours.String())
	}
	return strings.Join(parts, " ")
}

// With are the parties whose letters fulfil f, by name.
func (r *Rule) With(f func(Letters) bool) []Party {
	var out []Party
	for p, l := range r.Parties {
		if f(l) {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

func (r *Rule) holds(class, category, site string, minute int) bool {
	return (r.Class == "" || r.Class == class) && (r.Category == "" || r.Category == category) && (r.Site == "" || strings.EqualFold(r.Site, site)) &&
		(len(r.Hours) == 0 || r.Hours.At(minute))
}

// Bounds of what can be entered.
const (
	maxText    = 200
	maxParties = 60
)

func (a *Activity) check() error {
	a.Name = strings.Join(strings.Fields(a.Name), " ")
	if a.Name == "" || len([]rune(a.Name)) > maxText {
		return fault.Wrong("name", "an activity needs a name of at most %d characters", maxText)
	}
	if a.Number < 1 || a.Number > 999 {
		return fault.Wrong("number", "an activity has a number from 1 to 999")
	}
	return nil
}

func (r *Rule) check() error {
	for _, f := range []struct {
		name string
		text *string
	}{{"class", &r.Class}, {"category", &r.Category}, {"site", &r.Site}, {"source", &r.Source}} {
		*f.text = strings.Join(strings.Fields(*f.text), " ")
		if len([]rune(*f.text)) > maxText {
			return fault.Wrong(f.name, "the %s has more than %d characters", f.name, maxText)
		}
	}
	if r.Class != "" && r.Category != "" {
		return fault.Wrong("category", "a class has its category already; give one of them")
	}
	if len(r.Parties) > maxParties {
		return fault.Wrong("parties", "%d parties; at most %d", len(r.Parties), maxParties)
	}
	clean := map[Party]Letters{}
	for p, text := range r.Parties {
		if _, ok := p.need(); !ok {
			return fault.Wrong("parties", "%q is no party; write team:biomed, role:BMET II or person:ID", string(p))
		}
		l, ok := lettersOf(string(text))
		if !ok {
			return fault.Wrong("parties", "%q is no part; it is A, A/R, R, C or I", string(text))
		}
		clean[p] = l
	}
	r.Parties = clean
	return nil
}

// Duties is who answers for what at one hospital. It is safe for many goroutines.
type Duties struct {
	staff      *staff.Staff
	activities ledger.Book[Activity]
	rules      ledger.Book[Rule]
	now        newest
}

// New makes the duties of a hospital's staff.
func New(s *staff.Staff) *Duties {
	return &Duties{staff: s, activities: ledger.NewBook("raci.activity", (*Activity).check), rules: ledger.NewBook("raci.rule", (*Rule).check)}
}

// Activities lists them, by number.
func (d *Duties) Activities(tx *sqldb.Tx) ([]Activity, error) {
	entries, err := d.activities.List(tx)
	out := make([]Activity, len(entries))
	for i, e := range entries {
		out[i] = activityOf(e)
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Number != out[j].Number {
			return out[i].Number < out[j].Number
		}
		return out[i].Key < out[j].Key
	})
	return out, err
}

func activityOf(e ledger.Entry[Activity]) Activity {
	a := e.Body
	a.Key, a.Version, a.At = e.ID, e.Version, e.At
	return a
}

// AddActivity writes an activity of the hospital's own, after the others, under a key made of its name, with a rule
// for everything that names nobody yet.
func (d *Duties) AddActivity(tx *sqldb.Tx, name string, by ledger.By) (Activity, error) {
	all, err := d.Activities(tx)
	if err != nil {
		return Activity{}, err
	}
	a := Activity{Name: name, Number: 1}
	for _, x := range all {
		a.Number = max(a.Number, x.Number+1)
		if strings.EqualFold(x.Name, strings.TrimSpace(name)) {
			return a, fault.Wrong("name", "%s is number %d already", x.Name, x.Number)
		}
	}
	if err := a.check(); err != nil {
		return a, err
	}
	key := keyOf(a.Name)
	for n := 2; ; n++ {
		if _, err := d.activities.Get(tx, key); errors.Is(err, fault.NotFound) {
			break
		} else if err != nil {
			return a, err
		}
		key = keyOf(a.Name) + "-" + strconv.Itoa(n)
	}
	e, err := d.activities.Put(tx, key, 0, a, by)
	if err != nil {
		return a, err
	}
	_, err = d.rules.Add(tx, Rule{Activity: key, Parties: map[Party]Letters{}}, by)
	return activityOf(e), err
}

// keyOf makes a name fit for an address.
func keyOf(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	key := strings.Join(words, "-")
	if key == "" {
		return "activity"
	}
	return key[:min(len(key), 60)]
}

// PutActivity writes an activity's next state.
func (d *Duties) PutActivity(tx *sqldb.Tx, key string, version int64, a Activity, by ledger.By) (Activity, error) {
	if _, err := d.activities.Get(tx, key); err != nil {
		return a, err
	}
	e, err := d.activities.Put(tx, key, version, a, by)
	return activityOf(e), err
}

// RemoveActivity takes an activity with its rules out of the matrix; RestoreActivity brings it back, and the rules come
// with it.
func (d *Duties) RemoveActivity(tx *sqldb.Tx, key string, by ledger.By) (Activity, error) {
	e, err := d.activities.Remove(tx, key, by)
	return activityOf(e), err
}

// RestoreActivity makes an earlier state the newest again.
func (d *Duties) RestoreActivity(tx *sqldb.Tx, key string, version int64, by ledger.By) error {
	_, err := d.activities.Restore(tx, key, version, by)
	return err
}

// Rules lists the rules, without those of activities that were removed: by activity, rank and age, with their labels.
func (d *Duties) Rules(tx *sqldb.Tx) ([]Activity, []Rule, error) {
	activities, err := d.Activities(tx)
	if err != nil {
		return nil, nil, err
	}
	entries, err := d.rules.List(tx)
	rules := make([]Rule, 0, len(entries))
	for _, e := range entries {
		rules = append(rules, ruleOf(e))
	}
	return activities, arrange(activities, rules), err
}

func ruleOf(e ledger.Entry[Rule]) Rule {
	r := e.Body
	r.ID, r.Version, r.At = e.ID, e.Version, e.At
	return r
}

// arrange sorts rules by activity, rank and id, labels them, and leaves out those without an activity.
func arrange(activities []Activity, rules []Rule) []Rule {
	number := map[string]int{}
	for _, a := range activities {
		number[a.Key] = a.Number
	}
	out := slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return number[r.Activity] == 0 })
	sort.Slice(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		switch {
		case number[a.Activity] != number[b.Activity]:
			return number[a.Activity] < number[b.Activity]
		case a.Activity != b.Activity:
			return a.Activity < b.Activity
		case a.Rank() != b.Rank():
			return a.Rank() < b.Rank()
		}
		return a.ID < b.ID
	})
	narrow := map[string]int{}
	for i := range out {
		r := &out[i]
		r.Label = strconv.Itoa(number[r.Activity])
		if r.Rank() > 0 || i > 0 && out[i-1].Activity == r.Activity {
			narrow[r.Activity]++
			r.Label += "." + strconv.Itoa(narrow[r.Activity])
		}
	}
	return out
}

// Rule gives one rule as it is now. It wraps fault.NotFound.
func (d *Duties) Rule(tx *sqldb.Tx, id string) (Rule, error) {
	e, err := d.rules.Get(tx, id)
	if err == nil && e.Removed {
		err = fmt.Errorf("rule %s was removed: %w", id, fault.NotFound)
	}
	return ruleOf(e), err
}

// PutRule writes a rule, a new one where the id is empty. What it says may still be a mistake of the matrix (Check
// tells): a draft must be saved too.
func (d *Duties) PutRule(tx *sqldb.Tx, id string, version int64, r Rule, by ledger.By) (Rule, error) {
	a, err := d.activities.Get(tx, r.Activity)
	if err != nil || a.Removed {
		if err == nil || errors.Is(err, fault.NotFound) {
			err = fault.Wrong("activity", "no activity has the key %q", r.Activity)
		}
		return r, err
	}
	var e ledger.Entry[Rule]
	if id == "" {
		e, err = d.rules.Add(tx, r, by)
	} else if _, err = d.rules.Get(tx, id); err == nil {
		e, err = d.rules.Put(tx, id, version, r, by)
	}
	return ruleOf(e), err
}

// RemoveRule takes a rule out of the matrix; RestoreRule brings an earlier state back.
func (d *Duties) RemoveRule(tx *sqldb.Tx, id string, by ledger.By) (Rule, error) {
	e, err := d.rules.Remove(tx, id, by)
	return ruleOf(e), err
}

// RestoreRule makes an earlier state the newest again.
func (d *Duties) RestoreRule(tx *sqldb.Tx, id string, version int64, by ledger.By) error {
	_, err := d.rules.Restore(tx, id, version, by)
	return err
}
