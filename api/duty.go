package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"pons/account"
	"pons/fact"
	"pons/fault"
	"pons/inventory"
	"pons/ledger"
	"pons/raci"
	"pons/sqldb"
	"pons/staff"
)

func (s *server) registerDuties(routes huma.API, op func(id, method, path, summary, tag string) huma.Operation) {
	huma.Register(routes, op("get-duties", http.MethodGet, "/duties", "The matrix of duties: activities, rules, and what is wrong with them", "Duties"), s.getDuties)
	huma.Register(routes, op("add-duty", http.MethodPost, "/duties", "Add a rule to an activity", "Duties"), s.addDuty)
	huma.Register(routes, op("replace-duty", http.MethodPut, "/duties/{id}", "Replace a rule; 409 when somebody wrote after the version that is named", "Duties"), s.putDuty)
	huma.Register(routes, op("remove-duty", http.MethodDelete, "/duties/{id}", "Take a rule out of the matrix", "Duties"), s.removeDuty)
	huma.Register(routes, op("answerable", http.MethodGet, "/answerable", "Who answers for a device in an activity at a time, or why nobody does", "Duties"), s.answerable)
}

// Duty is one rule of the matrix.
type Duty struct {
	ID       string            `json:"id" readOnly:"true" required:"false"`
	Version  int64             `json:"version" required:"false"`
	Label    string            `json:"label" readOnly:"true" required:"false" doc:"As people call it: 8, or 8.2 for a narrower rule"`
	Activity string            `json:"activity" doc:"Key of the activity"`
	Class    string            `json:"class" required:"false" doc:"Empty: all"`
	Category string            `json:"category" required:"false" doc:"Not beside a class"`
	Site     string            `json:"site" required:"false"`
	Hours    string            `json:"hours" required:"false" doc:"mon-fri 17:00-07:00, sat-sun; empty: always"`
	Parties  map[string]string `json:"parties" doc:"team:biomed, role:BMET II or person:ID, each with A, A/R, R, C or I"`
	Source   string            `json:"source" readOnly:"true" required:"false" doc:"Of the template; empty: written here"`
}

// Activity is something that somebody must answer for.
type Activity struct {
	Key    string `json:"key"`
	Number int    `json:"number"`
	Name   string `json:"name"`
}

// DutyFinding is something that is wrong with the matrix.
type DutyFinding struct {
	Kind  string   `json:"kind" enum:"mistake,warning,vacancy"`
	Text  string   `json:"text"`
	Rules []string `json:"rules"`
}

func dutyOf(r *raci.Rule) Duty {
	d := Duty{ID: r.ID, Version: r.Version, Label: r.Label, Activity: r.Activity, Class: r.Class, Category: r.Category, Site: r.Site, Hours: r.Hours.String(), Parties: map[string]string{}, Source: r.Source}
	for p, l := range r.Parties {
		d.Parties[string(p)] = string(l)
	}
	return d
}

type dutiesOutput struct {
	Body struct {
		Activities []Activity    `json:"activities"`
		Duties     []Duty        `json:"duties"`
		Findings   []DutyFinding `json:"findings"`
	}
}

func (s *server) getDuties(ctx context.Context, _ *struct{}) (*dutiesOutput, error) {
	if _, err := s.may(ctx, account.DutyRead); err != nil {
		return nil, err
	}
	m, err := s.duties.Current(ctx, s.DB)
	if err != nil {
		return nil, s.answer(err)
	}
	out := &dutiesOutput{}
	out.Body.Activities, out.Body.Duties, out.Body.Findings = []Activity{}, []Duty{}, []DutyFinding{}
	for _, a := range m.Activities {
		out.Body.Activities = append(out.Body.Activities, Activity{a.Key, a.Number, a.Name})
	}
	for i := range m.Rules {
		out.Body.Duties = append(out.Body.Duties, dutyOf(&m.Rules[i]))
	}
	for _, f := range m.Check(staff.DateOf(s.Now().In(m.Roster.Zone))) {
		out.Body.Findings = append(out.Body.Findings, DutyFinding{string(f.Kind), f.Text, append([]string{}, f.Rules...)})
	}
	return out, nil
}

type dutyOutput struct{ Body Duty }

type dutyInput struct{ Body Duty }

type dutyEdit struct {
	ID   string `path:"id" maxLength:"64"`
	Body Duty
}

func (s *server) addDuty(ctx context.Context, in *dutyInput) (*dutyOutput, error) {
	return s.writeDuty(ctx, "", &in.Body)
}

func (s *server) putDuty(ctx context.Context, in *dutyEdit) (*dutyOutput, error) {
	return s.writeDuty(ctx, in.ID, &in.Body)
}

func (s *server) writeDuty(ctx context.Context, id string, body *Duty) (*dutyOutput, error) {
	who, err := s.may(ctx, account.DutyWrite)
	if err != nil {
		return nil, err
	}
	hours, err := staff.ParseHours(body.Hours)
	if err != nil {
		return nil, s.answer(fmt.Errorf("hours: %w", err))
	}
	r := raci.Rule{Activity: body.Activity, Class: body.Class, Category: body.Category, Site: body.Site, Hours: hours, Parties: map[raci.Party]raci.Letters{}}
	for p, l := range body.Parties {
		r.Parties[raci.Party(p)] = raci.Letters(l)
	}
	out := &dutyOutput{}
	return out, s.keep(ctx, who, func(tx *sqldb.Tx, by ledger.By) error {
		saved, err := s.duties.PutRule(tx, id, body.Version, r, by)
		out.Body = dutyOf(&saved)
		return err
	})
}

func (s *server) removeDuty(ctx context.Context, in *bookInput) (*struct{}, error) {
	who, err := s.may(ctx, account.DutyWrite)
	if err != nil {
		return nil, err
	}
	return nil, s.keep(ctx, who, func(tx *sqldb.Tx, by ledger.By) error { _, err := s.duties.RemoveRule(tx, in.ID, by); return err })
}

type answerableInput struct {
	Activity string    `query:"activity" required:"true" maxLength:"80" doc:"Key or number of the activity: maintenance, device-incident, patch-installation"`
	Device   string    `query:"device" maxLength:"64" doc:"Id of a device; without it class and site say which"`
	Class    string    `query:"class" maxLength:"120"`
	Site     string    `query:"site" maxLength:"120"`
	At       time.Time `query:"at" doc:"RFC 3339; now without it"`
}

// OnDuty is somebody who can be reached.
type OnDuty struct {
	Name    string `json:"name"`
	Role    string `json:"role"`
	Team    string `json:"team"`
	Phone   string `json:"phone,omitempty"`
	Contact string `json:"contact,omitempty"`
	OnCall  bool   `json:"on_call" doc:"Not present, answers when called"`
	Because string `json:"because"`
}

type answerableOutput struct {
	Body struct {
		Activity    string    `json:"activity"`
		At          time.Time `json:"at"`
		Answers     *OnDuty   `json:"answers,omitempty" doc:"Who is accountable and can be reached; absent where nobody is"`
		Nobody      string    `json:"nobody,omitempty" enum:"no-rule,unclear,no-people,absent,off-duty," doc:"Why nobody answers"`
		Accountable string    `json:"accountable,omitempty" doc:"The accountable party"`
		Responsible []OnDuty  `json:"responsible" doc:"Who is responsible and can be reached"`
		Rule        string    `json:"rule,omitempty"`
		Why         []string  `json:"why" doc:"The walk from the rule to the person"`
	}
}

func onDutyOf(d staff.Duty) OnDuty {
	return OnDuty{Name: d.Person.Name, Role: d.Person.Title, Team: string(d.Person.Team), Phone: d.Person.Phone, Contact: d.Person.Contact, OnCall: d.OnCall(), Because: d.Because()}
}

func (s *server) answerable(ctx context.Context, in *answerableInput) (*answerableOutput, error) {
	who, err := s.may(ctx, account.DutyRead)
	if err != nil {
		return nil, err
	}
	m, err := s.duties.Current(ctx, s.DB)
	if err != nil {
		return nil, s.answer(err)
	}
	activity, ok := m.Activity(in.Activity)
	if !ok {
		return nil, s.answer(fmt.Errorf("no activity has the key %q; GET %s/duties lists them: %w", in.Activity, Prefix, fault.NotFound))
	}
	d := raci.Device{Class: in.Class, Site: in.Site}
	if c, ok := s.Inventory.Catalog().Class(in.Class); ok {
		d.Category = c.Category
	}
	if in.Device != "" {
		err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
			found, err := s.device(ctx, tx, who, in.Device)
			if err == nil {
				d = dutyDevice(found)
			}
			return err
		})
		if err != nil {
			return nil, s.answer(err)
		}
	}
	at := in.At
	if at.IsZero() {
		at = s.Now()
	}
	a := m.Answerable(activity.Key, d, at)
	out := &answerableOutput{}
	b := &out.Body
	b.Activity, b.At, b.Nobody, b.Accountable, b.Why, b.Responsible = activity.Key, at.UTC(), string(a.Nobody), a.Accountable.Name, append([]string{}, a.Why...), []OnDuty{}
	if a.Rule != nil {
		b.Rule = a.Rule.Label
	}
	if one, ok := a.Who(); ok {
		duty := onDutyOf(one)
		b.Answers = &duty
	}
	for _, side := range a.Responsible {
		for _, one := range append(append([]staff.Duty{}, side.Found.Present...), side.Found.OnCall...) {
			b.Responsible = append(b.Responsible, onDutyOf(one))
		}
	}
	return out, nil
}

func dutyDevice(d *inventory.Device) raci.Device {
	return raci.Device{ID: d.ID, Class: d.Get(fact.Class), Category: d.Get(fact.Category), Site: d.Get(fact.Site), Department: d.Get(fact.Department)}
}

type rosterInput struct {
	At   time.Time `query:"at" doc:"RFC 3339; now without it"`
	Team string    `query:"team" enum:"biomed,it,security,network,clinical-informatics,vendor," doc:"Only this team"`
	Site string    `query:"site" maxLength:"120" doc:"Only who serves this site"`
}

type rosterOutput struct {
	Body struct {
		At     time.Time `json:"at"`
		Zone   string    `json:"zone" doc:"The hospital's clock"`
		OnDuty []OnDuty  `json:"on_duty"`
		Away   []OnDuty  `json:"away" doc:"Whose time it would be; because says why they are away"`
	}
}

func (s *server) getRoster(ctx context.Context, in *rosterInput) (*rosterOutput, error) {
	if _, err := s.may(ctx, account.StaffRead); err != nil {
		return nil, err
	}
	m, err := s.duties.Current(ctx, s.DB)
	if err != nil {
		return nil, s.answer(err)
	}
	at := in.At
	if at.IsZero() {
		at = s.Now()
	}
	found := m.Roster.At(at).Who(staff.Need{Team: staff.Team(in.Team), Site: in.Site, AnySite: in.Site == ""})
	out := &rosterOutput{}
	out.Body.At, out.Body.Zone, out.Body.OnDuty, out.Body.Away = at.UTC(), m.Roster.Zone.String(), []OnDuty{}, []OnDuty{}
	for _, d := range append(append([]staff.Duty{}, found.Present...), found.OnCall...) {
		out.Body.OnDuty = append(out.Body.OnDuty, onDutyOf(d))
	}
	for _, a := range found.Away {
		away := onDutyOf(a.Duty)
		away.Because = a.Why
		out.Body.Away = append(out.Body.Away, away)
	}
	return out, nil
}
