package web

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"pons/account"
	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/raci"
	"pons/sqldb"
)

// answersPage is the answer to "who answers for this, now?".
type answersPage struct {
	Matrix   *raci.Matrix
	Activity string
	Class    string
	Site     string
	At       time.Time
	Device   *inventory.Device // whose class and site were asked for
	Tag      string            // as typed
	Problem  string            // with the device or the time
	Answer   raci.Answer
	All      []raci.Answer
	Classes  []inventory.ClassName
	Sites    []string
	May      bool
}

// clockLayout is how browsers write a time of a place.
const clockLayout = "2006-01-02T15:04"

// answersHref is the page for an activity, a class, a site and a time; empty ones are left out.
func answersHref(activity, class, site string, at time.Time) string {
	q := url.Values{}
	for name, value := range map[string]string{"activity": activity, "class": class, "place": site} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if !at.IsZero() {
		q.Set("at", at.Format(clockLayout))
	}
	if len(q) == 0 {
		return "/answers"
	}
	return "/answers?" + q.Encode()
}

func (s *Server) whoAnswers(v *Visit) error {
	p := answersPage{Activity: v.Form("activity"), Class: v.Form("class"), Site: v.Form("place"), Tag: v.Form("device"), May: v.May(account.DutyWrite)}
	var err error
	if p.Matrix, err = s.duties.Current(v.Context(), s.DB); err != nil {
		return err
	}
	zone := p.Matrix.Roster.Zone
	p.At = v.Now.In(zone).Truncate(time.Minute)
	if text := v.Form("at"); text != "" {
		if p.At, err = time.ParseInLocation(clockLayout, text, zone); err != nil {
			p.At, p.Problem = v.Now.In(zone).Truncate(time.Minute), noTime(text)
		}
	}
	p.Classes, p.Sites = s.Inventory.Classes(), sitesOf(p.Matrix.Roster, s.places()["site"])
	if p.Site != "" && !slices.ContainsFunc(p.Sites, func(s string) bool { return strings.EqualFold(s, p.Site) }) {
		p.Problem = fmt.Sprintf("No site is called “%s”. This is the answer for a device whose site is unknown.", p.Site)
		p.Site = ""
	}
	status := 0
	d := raci.Device{Class: p.Class, Site: p.Site, Category: categoryOf(p.Classes, p.Class)}
	if p.Tag != "" {
		if err := s.deviceAsked(v, &p); err != nil {
			return err
		}
		if p.Device != nil {
			d = dutyDevice(p.Device)
			p.Class, p.Site = d.Class, d.Site
		}
	}
	if p.Problem != "" {
		status = 422
	}
	if _, ok := p.Matrix.Activity(p.Activity); !ok {
		p.Activity = raci.Maintenance
		if _, ok := p.Matrix.Activity(p.Activity); !ok && len(p.Matrix.Activities) > 0 {
			p.Activity = p.Matrix.Activities[0].Key
		}
	}
	p.Answer = p.Matrix.Answerable(p.Activity, d, p.At)
	for _, a := range p.Matrix.Activities {
		p.All = append(p.All, p.Matrix.Answerable(a.Key, d, p.At))
	}
	return v.Render(Page{Title: "Who answers", About: "For an activity, a device and a time: who is accountable and can be reached, or why nobody is.", Status: status, Fresh: p.Matrix.Newest(), Actions: p.actions()}, p.View())
}

// noTime says that a time was not understood.
func noTime(text string) string {
	return fmt.Sprintf("%q is no time; write it as 2026-11-20T03:00. This is now.", text)
}

// deviceAsked finds the device that was typed, if there is one and the person may see it.
func (s *Server) deviceAsked(v *Visit, p *answersPage) error {
	return s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		d, err := s.Inventory.Get(tx, p.Tag)
		if errors.Is(err, fault.NotFound) {
			var found []string
			if found, err = s.Inventory.Lookup(tx, p.Tag); err != nil {
				return err
			}
			if len(found) != 1 {
				p.Problem = fmt.Sprintf("“%s” names %d devices; write a tag, a serial or an address of one.", p.Tag, len(found))
				return nil
			}
			d, err = s.Inventory.Get(tx, found[0])
		}
		if err != nil {
			return err
		}
		if !v.Actor.Scope.Holds(d.Place()) {
			p.Problem = fmt.Sprintf("“%s” names 0 devices; write a tag, a serial or an address of one.", p.Tag)
			return nil
		}
		p.Device = d
		return nil
	})
}

func categoryOf(classes []inventory.ClassName, class string) string {
	i := slices.IndexFunc(classes, func(c inventory.ClassName) bool { return c.Name == class })
	if i < 0 {
		return ""
	}
	return classes[i].Category
}

// dutyDevice is a device as the duties see it.
func dutyDevice(d *inventory.Device) raci.Device {
	return raci.Device{ID: d.ID, Class: d.Get(fact.Class), Category: d.Get(fact.Category), Site: d.Get(fact.Site), Department: d.Get(fact.Department)}
}

// dutyRow is the same of a line of the device list.
func dutyRowOf(r *inventory.Row) raci.Device {
	return raci.Device{ID: r.ID, Class: r.Get(fact.Class), Category: r.Get(fact.Category), Site: r.Get(fact.Site), Department: r.Get(fact.Department)}
}

// deviceAnswers are the activities that are asked of a device when something is wrong with it.
func deviceAnswers() []Option {
	return []Option{{raci.Maintenance, "corrective maintenance"}, {raci.Incident, "incident"}, {raci.PatchInstall, "patch"}}
}

// answerLine is one of them with its answer.
type answerLine struct {
	Key, Label string
	Answer     raci.Answer
}

// answersNow says who answers for a device now; nothing where the matrix is empty or the person may not ask.
func (s *Server) answersNow(v *Visit, d *inventory.Device) ([]answerLine, error) {
	if !v.May(account.DutyRead) {
		return nil, nil
	}
	m, err := s.duties.Current(v.Context(), s.DB)
	if err != nil {
		return nil, err
	}
	var out []answerLine
	for _, o := range deviceAnswers() {
		if _, ok := m.Activity(o.Value); ok {
			out = append(out, answerLine{o.Value, o.Label, m.Answerable(o.Value, dutyDevice(d), v.Now)})
		}
	}
	return out, nil
}

// answersColumn is the column of the device list that says who answers; it is worked out for the rows that are shown
// and cannot be asked or sorted.
const answersColumn = "answers"

// rowAnswers says who answers for the rows of a page, for corrective maintenance, now.
func (s *Server) rowAnswers(v *Visit, rows []*inventory.Row) (map[string]raci.Answer, error) {
	m, err := s.duties.Current(v.Context(), s.DB)
	if err != nil {
		return nil, err
	}
	out := map[string]raci.Answer{}
	if _, ok := m.Activity(raci.Maintenance); !ok || !v.May(account.DutyRead) {
		return out, nil
	}
	for _, r := range rows {
		out[r.ID] = m.Answerable(raci.Maintenance, dutyRowOf(r), v.Now)
	}
	return out, nil
}

// answerSteps is the walk of an answer.
func answerSteps(a raci.Answer) []WalkStep {
	out := make([]WalkStep, len(a.Why))
	for i, text := range a.Why {
		out[i] = WalkStep{Text: upperFirst(text)}
		if i == 0 && a.Rule != nil {
			out[i].Href = ruleHref(a.Rule.ID)
			out[i].Source = a.Rule.Source
		}
	}
	return out
}

// partyNames are the parties of a rule with one part.
func (p answersPage) partyNames(letters raci.Letters) string {
	if p.Answer.Rule == nil {
		return ""
	}
	var out []string
	for _, party := range p.Answer.Rule.With(func(l raci.Letters) bool { return l == letters }) {
		out = append(out, party.Name(p.Matrix.Roster))
	}
	return strings.Join(out, ", ")
}

func (p answersPage) activityOptions() []Option {
	var out []Option
	for _, a := range p.Matrix.Activities {
		out = append(out, Option{a.Key, fmt.Sprintf("%d %s", a.Number, a.Name)})
	}
	return out
}

func classOptions(classes []inventory.ClassName, none string) []Option {
	out := []Option{{"", none}}
	for _, c := range classes {
		out = append(out, Option{c.Name, c.Title})
	}
	return out
}

func nobodyStatus(n raci.Nobody) Status {
	switch n {
	case raci.Somebody:
		return Good
	case raci.NoRule, raci.Unclear:
		return Warn
	}
	return Bad
}
