package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
	"pons/staff"
)

func (s *server) registerStaff(routes huma.API) {
	op := func(id, method, path, summary, tag string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: Prefix + path, Summary: summary, Tags: []string{tag},
			Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity}}
	}
	huma.Register(routes, op("list-people", http.MethodGet, "/people", "Who works with devices here, with skills, certificates, shifts and absences", "Staff"), s.listPeople)
	huma.Register(routes, op("add-person", http.MethodPost, "/people", "Put a person on the list", "Staff"), s.addPerson)
	huma.Register(routes, op("get-person", http.MethodGet, "/people/{id}", "One person", "Staff"), s.getPerson)
	huma.Register(routes, op("replace-person", http.MethodPut, "/people/{id}", "Replace what is said of a person; 409 when somebody wrote after the version that is named", "Staff"), s.putPerson)
	huma.Register(routes, op("remove-person", http.MethodDelete, "/people/{id}", "Take a person off the list; every state stays", "Staff"), s.removePerson)
	huma.Register(routes, op("get-roster", http.MethodGet, "/roster", "Who is present and who is on call at a time", "Staff"), s.getRoster)
	huma.Register(routes, op("list-rotations", http.MethodGet, "/rotations", "Who takes turns on call", "Staff"), s.listRotations)
	huma.Register(routes, op("add-rotation", http.MethodPost, "/rotations", "Add a rotation", "Staff"), s.addRotation)
	huma.Register(routes, op("replace-rotation", http.MethodPut, "/rotations/{id}", "Replace a rotation; 409 when somebody wrote after the version that is named", "Staff"), s.putRotation)
	huma.Register(routes, op("remove-rotation", http.MethodDelete, "/rotations/{id}", "Take a rotation off the list", "Staff"), s.removeRotation)
	s.registerDuties(routes, op)
}

// Person is who works with devices.
type Person struct {
	ID           string         `json:"id" readOnly:"true" required:"false"`
	Version      int64          `json:"version" required:"false" doc:"Counts up with every saved state; name it when you replace the person, 0 writes over whatever is there"`
	Name         string         `json:"name" maxLength:"120"`
	Team         string         `json:"team" enum:"biomed,it,security,network,clinical-informatics,vendor"`
	Role         string         `json:"role" maxLength:"120" doc:"Title, as the resource plan names it: BMET II"`
	Sites        []string       `json:"sites" required:"false" doc:"Empty: all sites"`
	FTE          float64        `json:"fte" minimum:"0" maximum:"1.5"`
	Phone        string         `json:"phone" required:"false"`
	Contact      string         `json:"contact" required:"false"`
	Start        string         `json:"start" required:"false" doc:"First day, 2026-11-20"`
	End          string         `json:"end" required:"false" doc:"Last day"`
	Account      string         `json:"account" required:"false" doc:"The login in Pons"`
	Skills       map[string]int `json:"skills" required:"false" doc:"Held level 0–4; a skill that is not named is not known"`
	Certificates []Certificate  `json:"certificates" required:"false"`
	Shifts       []Shift        `json:"shifts" required:"false"`
	Absences     []Absence      `json:"absences" required:"false"`
}

// Certificate is a certificate by name, without its number.
type Certificate struct {
	Name    string `json:"name"`
	Issued  string `json:"issued" required:"false"`
	Expires string `json:"expires" required:"false" doc:"Empty: not known, or never"`
}

// Shift is when somebody is present, week for week.
type Shift struct {
	Hours string `json:"hours" doc:"mon-fri 07:00-15:30; a window that ends before it begins crosses midnight"`
	Site  string `json:"site" required:"false" doc:"Empty: at the person's sites"`
	From  string `json:"from" required:"false" doc:"First day on which it begins"`
	Until string `json:"until" required:"false" doc:"Last day on which it begins"`
}

// Absence is a span of whole days.
type Absence struct {
	From string `json:"from"`
	To   string `json:"to"`
	Why  string `json:"why" required:"false"`
}

// Rotation is who takes turns on call.
type Rotation struct {
	ID       string   `json:"id" readOnly:"true" required:"false"`
	Version  int64    `json:"version" required:"false"`
	Name     string   `json:"name" maxLength:"120"`
	Team     string   `json:"team" required:"false" doc:"The team that it stands for; empty: each person's own"`
	Skill    string   `json:"skill" required:"false"`
	Sites    []string `json:"sites" required:"false" doc:"Empty: each person's own"`
	People   []string `json:"people" doc:"Ids of people, in order"`
	Days     int      `json:"days" minimum:"1" maximum:"92" doc:"Of one turn"`
	Anchor   string   `json:"anchor" doc:"The day on which the first turn begins"`
	Handover string   `json:"handover" required:"false" doc:"When turns change: 08:00; empty is 00:00"`
	Hours    string   `json:"hours" required:"false" doc:"When somebody is on call; empty: always"`
}

func personOf(p *staff.Person) Person {
	out := Person{ID: p.ID, Version: p.Version, Name: p.Name, Team: string(p.Team), Role: p.Title, Sites: append([]string{}, p.Sites...), FTE: p.FTE, Phone: p.Phone, Contact: p.Contact,
		Start: string(p.Start), End: string(p.End), Account: p.Account, Skills: map[string]int{}, Certificates: []Certificate{}, Shifts: []Shift{}, Absences: []Absence{}}
	for k, n := range p.Skills {
		out.Skills[k] = n
	}
	for _, c := range p.Certificates {
		out.Certificates = append(out.Certificates, Certificate{c.Name, string(c.Issued), string(c.Expires)})
	}
	for _, x := range p.Shifts {
		out.Shifts = append(out.Shifts, Shift{x.Hours.String(), x.Site, string(x.From), string(x.Until)})
	}
	for _, a := range p.Absences {
		out.Absences = append(out.Absences, Absence{string(a.From), string(a.To), a.Why})
	}
	return out
}

func (p *Person) person() (staff.Person, error) {
	out := staff.Person{Name: p.Name, Team: staff.Team(p.Team), Title: p.Role, Sites: p.Sites, FTE: p.FTE, Phone: p.Phone, Contact: p.Contact,
		Start: staff.Date(p.Start), End: staff.Date(p.End), Account: p.Account, Skills: p.Skills}
	for _, c := range p.Certificates {
		out.Certificates = append(out.Certificates, staff.Certificate{Name: c.Name, Issued: staff.Date(c.Issued), Expires: staff.Date(c.Expires)})
	}
	for i, x := range p.Shifts {
		h, err := staff.ParseHours(x.Hours)
		if err != nil {
			return out, fmt.Errorf("shifts[%d]: %w", i, err)
		}
		out.Shifts = append(out.Shifts, staff.Shift{Hours: h, Site: x.Site, From: staff.Date(x.From), Until: staff.Date(x.Until)})
	}
	for _, a := range p.Absences {
		out.Absences = append(out.Absences, staff.Absence{From: staff.Date(a.From), To: staff.Date(a.To), Why: a.Why})
	}
	return out, nil
}

// keep writes to the books on behalf of the token's owner.
func (s *server) keep(ctx context.Context, who account.Actor, write func(tx *sqldb.Tx, by ledger.By) error) error {
	_, err := s.DB.Update(ctx, func(tx *sqldb.Tx) error { return write(tx, ledger.By{Actor: who.String(), At: s.Now()}) })
	if err == nil {
		s.Changed()
	}
	return s.answer(err)
}

type peopleOutput struct {
	Body struct {
		People []Person `json:"people"`
	}
}

func (s *server) listPeople(ctx context.Context, _ *struct{}) (*peopleOutput, error) {
	if _, err := s.may(ctx, account.StaffRead); err != nil {
		return nil, err
	}
	out := &peopleOutput{}
	out.Body.People = []Person{}
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		list, err := s.staff.People(tx)
		for i := range list {
			out.Body.People = append(out.Body.People, personOf(&list[i]))
		}
		return err
	})
	return out, s.answer(err)
}

type personOutput struct{ Body Person }

type personInput struct{ Body Person }

type personEdit struct {
	ID   string `path:"id" maxLength:"64"`
	Body Person
}

type bookInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *server) getPerson(ctx context.Context, in *bookInput) (*personOutput, error) {
	if _, err := s.may(ctx, account.StaffRead); err != nil {
		return nil, err
	}
	out := &personOutput{}
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		e, err := s.staff.Person(tx, in.ID)
		if err == nil && e.Removed {
			err = fmt.Errorf("%s is off the list: %w", e.Body.Name, fault.NotFound)
		}
		out.Body = personOf(&e.Body)
		return err
	})
	return out, s.answer(err)
}

func (s *server) addPerson(ctx context.Context, in *personInput) (*personOutput, error) {
	who, err := s.may(ctx, account.StaffWrite)
	if err != nil {
		return nil, err
	}
	out := &personOutput{}
	p, err := in.Body.person()
	if err != nil {
		return nil, s.answer(err)
	}
	return out, s.keep(ctx, who, func(tx *sqldb.Tx, by ledger.By) error {
		saved, err := s.staff.AddPerson(tx, p, by)
		out.Body = personOf(&saved)
		return err
	})
}

func (s *server) putPerson(ctx context.Context, in *personEdit) (*personOutput, error) {
	who, err := s.may(ctx, account.StaffWrite)
	if err != nil {
		return nil, err
	}
	out := &personOutput{}
	p, err := in.Body.person()
	if err != nil {
		return nil, s.answer(err)
	}
	return out, s.keep(ctx, who, func(tx *sqldb.Tx, by ledger.By) error {
		saved, err := s.staff.PutPerson(tx, in.ID, in.Body.Version, p, by)
		out.Body = personOf(&saved)
		return err
	})
}

func (s *server) removePerson(ctx context.Context, in *bookInput) (*struct{}, error) {
	who, err := s.may(ctx, account.StaffWrite)
	if err != nil {
		return nil, err
	}
	return nil, s.keep(ctx, who, func(tx *sqldb.Tx, by ledger.By) error { _, err := s.staff.RemovePerson(tx, in.ID, by); return err })
}

func rotationOf(r *staff.Rotation) Rotation {
	return Rotation{ID: r.ID, Version: r.Version, Name: r.Name, Team: string(r.Team), Skill: r.Skill, Sites: append([]string{}, r.Sites...), People: append([]string{}, r.People...),
		Days: r.Days, Anchor: string(r.Anchor), Handover: fmt.Sprintf("%02d:%02d", r.Handover/60, r.Handover%60), Hours: r.Hours.String()}
}

func (r *Rotation) rotation() (staff.Rotation, error) {
	out := staff.Rotation{Name: r.Name, Team: staff.Team(r.Team), Skill: r.Skill, Sites: r.Sites, People: r.People, Days: r.Days, Anchor: staff.Date(r.Anchor)}
	var err error
	if out.Hours, err = staff.ParseHours(r.Hours); err != nil {
		return out, fmt.Errorf("hours: %w", err)
	}
	if r.Handover != "" {
		var ok bool
		if out.Handover, ok = staff.ParseClock(r.Handover); !ok {
			return out, fmt.Errorf("handover: %q is no time of the day; write 08:00: %w", r.Handover, fault.Invalid)
		}
	}
	return out, nil
}

type rotationsOutput struct {
	Body struct {
		Rotations []Rotation `json:"rotations"`
	}
}

func (s *server) listRotations(ctx context.Context, _ *struct{}) (*rotationsOutput, error) {
	if _, err := s.may(ctx, account.StaffRead); err != nil {
		return nil, err
	}
	out := &rotationsOutput{}
	out.Body.Rotations = []Rotation{}
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		list, err := s.staff.Rotations(tx)
		for i := range list {
			out.Body.Rotations = append(out.Body.Rotations, rotationOf(&list[i]))
		}
		return err
	})
	return out, s.answer(err)
}

type rotationOutput struct{ Body Rotation }

type rotationInput struct{ Body Rotation }

type rotationEdit struct {
	ID   string `path:"id" maxLength:"64"`
	Body Rotation
}

func (s *server) addRotation(ctx context.Context, in *rotationInput) (*rotationOutput, error) {
	return s.writeRotation(ctx, "", &in.Body)
}

func (s *server) putRotation(ctx context.Context, in *rotationEdit) (*rotationOutput, error) {
	return s.writeRotation(ctx, in.ID, &in.Body)
}

func (s *server) writeRotation(ctx context.Context, id string, body *Rotation) (*rotationOutput, error) {
	who, err := s.may(ctx, account.StaffWrite)
	if err != nil {
		return nil, err
	}
	r, err := body.rotation()
	if err != nil {
		return nil, s.answer(err)
	}
	out := &rotationOutput{}
	return out, s.keep(ctx, who, func(tx *sqldb.Tx, by ledger.By) error {
		saved, err := s.staff.PutRotation(tx, id, body.Version, r, by)
		out.Body = rotationOf(&saved)
		return err
	})
}

func (s *server) removeRotation(ctx context.Context, in *bookInput) (*struct{}, error) {
	who, err := s.may(ctx, account.StaffWrite)
	if err != nil {
		return nil, err
	}
	return nil, s.keep(ctx, who, func(tx *sqldb.Tx, by ledger.By) error { _, err := s.staff.RemoveRotation(tx, in.ID, by); return err })
}
