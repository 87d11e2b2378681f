package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
	"pons/staff"
)

// staffPeople is the list of those who work here.
type staffPeople struct {
	People   []staff.Person
	Expected staff.Expectations
	Today    staff.Date
	OnDuty   map[string]string // id → "present", "on call"
	Expiring []staff.Expiring
	May      bool
	Team     staff.Team
	Gone     bool // those who left, too
}

// expiringDays is how far ahead a certificate's end is told: time enough to book a course and an examination (expert;
// AAMI's windows for examinations open twice a year, domain/09 §9.6).
const expiringDays = 180

func staffHref(id string) string { return "/people/" + url.PathEscape(id) }

// keep writes to the books of staff and duties on behalf of the person, and wakes those who follow.
func (s *Server) keep(v *Visit, write func(tx *sqldb.Tx, by ledger.By) error) error {
	_, err := s.DB.Update(v.Context(), func(tx *sqldb.Tx) error {
		return write(tx, ledger.By{Actor: v.Actor.String(), At: v.Now, Why: v.Form("why")})
	})
	if err == nil {
		s.Changed()
	}
	return err
}

// mistaken finds the field that a refused entry is wrong in; ok is false where the error is for the frame to show.
func mistaken(err error) (wrong map[string]string, ok bool) {
	if err == nil || !errors.Is(err, fault.Invalid) {
		return nil, false
	}
	wrong = map[string]string{}
	for field, text := range fault.Fields(err) {
		wrong[field] = upperFirst(text) + "."
	}
	if len(wrong) == 0 {
		wrong[""] = upperFirst(err.Error()) + "."
	}
	return wrong, true
}

// bookUndo is where a change of an entry is taken back; version 0 takes a new entry away again.
func bookUndo(section, noun, id string, version int64) string {
	return "/" + section + "/undo/" + noun + "/" + url.PathEscape(id) + "/" + strconv.FormatInt(version, 10)
}

func (s *Server) staffPeople(v *Visit) error {
	p := staffPeople{May: v.May(account.StaffWrite), Gone: v.Form("gone") != "", OnDuty: map[string]string{}}
	p.Team, _ = staff.TeamOf(v.Form("team"))
	roster, err := s.readRoster(v, &p.Expected)
	if err != nil {
		return err
	}
	now := roster.At(v.Now)
	p.Today = staff.DateOf(now.At)
	found := now.Who(staff.Need{AnySite: true})
	for _, d := range found.OnCall {
		p.OnDuty[d.Person.ID] = "on call"
	}
	for _, d := range found.Present {
		p.OnDuty[d.Person.ID] = "present"
	}
	for _, a := range found.Away {
		p.OnDuty[a.Person.ID] = "absent"
	}
	for _, one := range roster.People {
		if (p.Team == "" || one.Team == p.Team) && (p.Gone || one.End == "" || one.End >= p.Today) {
			p.People = append(p.People, one)
		}
	}
	p.Expiring = staff.ExpiringWithin(roster.People, p.Today, expiringDays)
	return v.Render(Page{Title: "People", About: "Who works with devices here: teams, roles, skills, and when they are present or on call.", Wide: true, Fresh: roster.Newest(), Actions: p.actions()}, p.View())
}

// readRoster reads everybody, and what is expected of them.
func (s *Server) readRoster(v *Visit, e *staff.Expectations) (r *staff.Roster, err error) {
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		if e != nil {
			if *e, err = s.staff.Expectations(tx); err != nil {
				return err
			}
		}
		r, err = s.staff.Roster(tx)
		return err
	})
	return r, err
}

// teamTabs narrow the list of people.
func (p staffPeople) teamTabs(all []staff.Person) []Tab {
	tabs := []Tab{{Label: "All teams", Href: "/people", Count: -1, On: p.Team == ""}}
	for _, t := range staff.Teams() {
		tabs = append(tabs, Tab{Label: t.Title(), Href: "/people?team=" + string(t), Count: -1, On: p.Team == t})
	}
	return tabs
}

// staffForm is the form of one person: a new one, or what is said of one who is known.
type staffForm struct {
	Person staff.Person
	Wrong  map[string]string
	FTE    string // as typed
	Titles []string
	Sites  []string
}

func (f staffForm) action() string {
	if f.Person.ID == "" {
		return "/people"
	}
	return staffHref(f.Person.ID)
}

func (s *Server) newStaff(v *Visit) error {
	return s.showStaffForm(v, staffForm{Person: staff.Person{Team: staff.Biomed, FTE: 1}, FTE: "1"}, 0)
}

func (s *Server) showStaffForm(v *Visit, f staffForm, status int) error {
	var e staff.Expectations
	roster, err := s.readRoster(v, &e)
	if err != nil {
		return err
	}
	f.Titles, f.Sites = e.Titles(roster.People), s.places()["site"]
	title, about := "Add a person", "Who they are and which role they have; skills, shifts and certificates come on their page."
	crumbs := []Link{{"People", "/people"}}
	if f.Person.ID != "" {
		title, about = "Change "+f.Person.Name, "What is said of "+f.Person.Name+"; every earlier state stays."
		crumbs = append(crumbs, Link{f.Person.Name, staffHref(f.Person.ID)})
	}
	return v.Render(Page{Title: title, About: about, Status: status, Crumbs: crumbs}, f.View())
}

// readStaff reads the form into a person.
func readStaff(v *Visit, p staff.Person) (staff.Person, error) {
	p.Name, p.Team, p.Title = v.Form("name"), staff.Team(v.Form("team")), v.Form("title")
	p.Phone, p.Contact, p.Account = v.Form("phone"), v.Form("contact"), v.Form("account")
	p.Start, p.End = staff.Date(v.Form("start")), staff.Date(v.Form("end"))
	p.Sites = strings.FieldsFunc(v.Form("sites"), func(r rune) bool { return r == '\n' || r == '\r' })
	fte, err := strconv.ParseFloat(strings.Replace(v.Form("fte"), ",", ".", 1), 64)
	if err != nil {
		return p, fault.Wrong("fte", "%q is no number; write 0.5 or 1", v.Form("fte"))
	}
	p.FTE = fte
	return p, nil
}

func (s *Server) addStaff(v *Visit) error {
	p, err := readStaff(v, staff.Person{})
	if err == nil {
		err = s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) { p, err = s.staff.AddPerson(tx, p, by); return err })
	}
	if wrong, ok := mistaken(err); ok {
		p.ID = ""
		return s.showStaffForm(v, staffForm{Person: p, Wrong: wrong, FTE: v.Form("fte")}, 422)
	}
	if err != nil {
		return err
	}
	return v.Redirect(staffHref(p.ID), &Flash{Status: Good, Text: p.Name + " is on the list. Say when they are present, and what they can do.", Undo: bookUndo("people", "person", p.ID, 0)})
}

// staffEntry is the person of the address, who is on the list.
func (s *Server) staffEntry(v *Visit, tx *sqldb.Tx) (staff.Person, error) {
	e, err := s.staff.Person(tx, v.R.PathValue("id"))
	if err == nil && e.Removed {
		err = fmt.Errorf("%s was taken off the list of people: %w", e.Body.Name, fault.NotFound)
	}
	return e.Body, err
}

func (s *Server) editStaff(v *Visit) error {
	var p staff.Person
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) { p, err = s.staffEntry(v, tx); return err })
	if err != nil {
		return err
	}
	return s.showStaffForm(v, staffForm{Person: p, FTE: trimFloat(p.FTE)}, 0)
}

func (s *Server) changeStaff(v *Visit) error {
	var old staff.Person
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) { old, err = s.staffEntry(v, tx); return err })
	if err != nil {
		return err
	}
	p, err := readStaff(v, old)
	if err == nil {
		err = s.keep(v, func(tx *sqldb.Tx, by ledger.By) error {
			_, err := s.staff.PutPerson(tx, old.ID, version(v), p, by)
			return err
		})
	}
	if wrong, ok := mistaken(err); ok {
		p.ID, p.Version = old.ID, version(v)
		return s.showStaffForm(v, staffForm{Person: p, Wrong: wrong, FTE: v.Form("fte")}, 422)
	}
	if err != nil {
		return err
	}
	return v.Redirect(staffHref(old.ID), &Flash{Status: Good, Text: p.Name + " is changed.", Undo: bookUndo("people", "person", old.ID, old.Version)})
}

// version is the state that the writer of a form looked at; 0 when the form does not say.
func version(v *Visit) int64 {
	n, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (s *Server) removeStaff(v *Visit) error {
	var old staff.Person
	err := s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) {
		if old, err = s.staffEntry(v, tx); err != nil {
			return err
		}
		_, err = s.staff.RemovePerson(tx, old.ID, by)
		return err
	})
	if err != nil {
		return err
	}
	return v.Redirect("/people", &Flash{Status: Good, Text: old.Name + " is off the list.", Undo: bookUndo("people", "person", old.ID, old.Version)})
}

// undoBook takes a change of an entry of staff back, to the version of the address; 0 takes it away.
func (s *Server) undoStaff(v *Visit) error {
	noun, id := v.R.PathValue("noun"), v.R.PathValue("id")
	n, err := strconv.ParseInt(v.R.PathValue("version"), 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("version %s: %w", v.R.PathValue("version"), fault.NotFound)
	}
	page := "/people"
	err = s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) {
		switch {
		case noun == "person" && n == 0:
			_, err = s.staff.RemovePerson(tx, id, by)
		case noun == "person":
			page = staffHref(id)
			_, err = s.staff.RestorePerson(tx, id, n, by)
		case noun == "rotation" && n == 0:
			page = "/oncall"
			_, err = s.staff.RemoveRotation(tx, id, by)
		case noun == "rotation":
			page = "/oncall"
			_, err = s.staff.RestoreRotation(tx, id, n, by)
		case noun == "training" && n == 0:
			page = "/skills?tab=training"
			_, err = s.staff.RemoveTraining(tx, id, by)
		case noun == "training":
			page = "/skills?tab=training"
			err = s.staff.RestoreTraining(tx, id, n, by)
		case noun == "record" && n == 0:
			page = "/skills?tab=training"
			_, err = s.staff.RemoveRecord(tx, id, by)
		case noun == "record":
			page = "/skills?tab=training"
			err = s.staff.RestoreRecord(tx, id, n, by)
		case noun == "expectations":
			page = "/skills"
			err = s.staff.RestoreExpectations(tx, n, by)
		default:
			err = fmt.Errorf("%s: %w", noun, fault.NotFound)
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.Redirect(page, &Flash{Status: Good, Text: "Undone."})
}

// staffPaste is the page on which a list of people is pasted.
type staffPaste struct {
	Text     string
	Mistakes fault.Mistakes
	Expected staff.Expectations
}

func (s *Server) staffImport(v *Visit) error { return s.showStaffImport(v, staffPaste{}, 0) }

func (s *Server) showStaffImport(v *Visit, p staffPaste, status int) error {
	if _, err := s.readRoster(v, &p.Expected); err != nil {
		return err
	}
	return v.Render(Page{Title: "Bring people in", About: "Copy the rows out of a spreadsheet and paste them; the first line names the columns.", Status: status,
		Crumbs: []Link{{"People", "/people"}}}, p.View())
}

func (s *Server) importStaff(v *Visit) error {
	p := staffPaste{Text: v.R.FormValue("people")} // with its tabs
	n := 0
	err := s.keep(v, func(tx *sqldb.Tx, by ledger.By) error {
		e, err := s.staff.Expectations(tx)
		if err != nil {
			return err
		}
		people, err := staff.ReadPeople(p.Text, e)
		if err != nil {
			return err
		}
		n, err = s.staff.AddPeople(tx, people, by)
		return err
	})
	if errors.As(err, &p.Mistakes) {
		return s.showStaffImport(v, p, 422)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/people", &Flash{Status: Good, Text: fmt.Sprintf("%d %s came in.", n, plural(n, "person", "people"))})
}

// findStaff finds people by name, title or team, for those who may see them.
func (s *Server) findStaff(v *Visit, q string, limit int) ([]Hit, error) {
	if !v.May(account.StaffRead) {
		return nil, nil
	}
	var hits []Hit
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		people, err := s.staff.People(tx)
		for _, p := range people {
			if len(hits) < limit && strings.Contains(strings.ToLower(p.Name+" "+p.Title+" "+p.Team.Title()), strings.ToLower(q)) {
				hits = append(hits, Hit{Icon: IconUser, Text: p.Name, Detail: p.Title, Href: staffHref(p.ID), Exact: strings.EqualFold(p.Name, q)})
			}
		}
		return err
	})
	return hits, err
}

func teamOptions(none string) []Option {
	var out []Option
	if none != "" {
		out = append(out, Option{"", none})
	}
	for _, t := range staff.Teams() {
		out = append(out, Option{string(t), t.Title()})
	}
	return out
}

func sitesText(sites []string) string {
	if len(sites) == 0 {
		return "all sites"
	}
	return strings.Join(sites, ", ")
}

// heldWords are the skills of a person above 0, the best first.
func heldWords(p staff.Person, most int) string {
	type held struct {
		name  string
		level int
	}
	var list []held
	for name, level := range p.Skills {
		if level > 0 {
			list = append(list, held{name, level})
		}
	}
	slices.SortFunc(list, func(a, b held) int { return cmp.Or(b.level-a.level, strings.Compare(a.name, b.name)) })
	var out []string
	for i, h := range list {
		if i == most {
			out = append(out, fmt.Sprintf("+%d", len(list)-most))
			break
		}
		out = append(out, fmt.Sprintf("%s %d", h.name, h.level))
	}
	return strings.Join(out, ", ")
}

// dayWords is a day as people read it, "20 Nov 2026"; empty stays empty.
func dayWords(d staff.Date) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return t.Format("2 Jan 2006")
}
