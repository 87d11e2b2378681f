package web

import (
	"fmt"
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

// staffPage is one person with all that belongs to them.
type staffPage struct {
	Person    staff.Person
	Expected  staff.Expectations
	Gap       staff.Gap
	Rotations []staff.Rotation
	Turns     map[string]bool // rotations whose turn it is now
	Now       string
	Today     staff.Date
	Year      staff.Year
	Plans     []staff.Training
	Records   []staff.Record
	History   []ledger.Entry[staff.Person]
	Sites     []string
	Duties    []Link // rules that name the person or the role
	May       bool
	Part      string            // whose form was refused
	Wrong     map[string]string // its mistakes
	Entered   func(string) string
}

func (s *Server) staffPerson(v *Visit) error { return s.showStaff(v, staffPage{}, 0) }

func (s *Server) showStaff(v *Visit, p staffPage, status int) error {
	p.May, p.Sites = v.May(account.StaffWrite), s.places()["site"]
	p.Entered = func(string) string { return "" }
	if p.Wrong != nil {
		p.Entered = v.Form
	}
	var roster *staff.Roster
	var plans []staff.Training
	var records []staff.Record
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.Person, err = s.staffEntry(v, tx); err != nil {
			return err
		}
		if p.Expected, err = s.staff.Expectations(tx); err != nil {
			return err
		}
		if roster, err = s.staff.Roster(tx); err != nil {
			return err
		}
		if plans, err = s.staff.Trainings(tx); err != nil {
			return err
		}
		if records, err = s.staff.Records(tx); err != nil {
			return err
		}
		p.History, err = s.staff.History(tx, p.Person.ID)
		return err
	})
	if err != nil {
		return err
	}
	p.fill(roster, plans, records, v.Now)
	return v.Render(Page{Title: p.Person.Name, About: p.Person.Title + " · " + p.Person.Team.Title() + " · " + sitesText(p.Person.Sites), Status: status,
		Crumbs: []Link{{"People", "/people"}}, Actions: p.actions()}, p.View())
}

func (p *staffPage) fill(roster *staff.Roster, plans []staff.Training, records []staff.Record, now time.Time) {
	at := roster.At(now)
	p.Today, p.Gap, p.Rotations, p.Turns = staff.DateOf(at.At), p.Expected.GapOf(&p.Person), roster.RotationsOf(p.Person.ID), map[string]bool{}
	for i := range p.Rotations {
		p.Turns[p.Rotations[i].ID] = p.Rotations[i].Turn(at.At) == p.Person.ID
	}
	found := at.Who(staff.Need{Person: p.Person.ID, AnySite: true})
	switch {
	case len(found.Present) > 0:
		p.Now = "present"
	case len(found.OnCall) > 0:
		p.Now = "on call"
	case len(found.Away) > 0:
		p.Now = "absent"
	}
	for _, t := range plans {
		if t.For(&p.Person) && !staff.Fulfilled(t, p.Person.ID, records) {
			p.Plans = append(p.Plans, t)
		}
	}
	for _, r := range records {
		if r.Person == p.Person.ID {
			p.Records = append(p.Records, r)
		}
	}
	years := p.Expected.Year([]staff.Person{p.Person}, plans, records, string(p.Today[:4]), p.Today)
	if len(years) == 1 {
		p.Year = years[0]
	}
}

// skillLine is one skill of a person: what the role requires and what is held.
type skillLine struct {
	Name     string
	Required string // "" is not said
	Held     string // "" is not known
	Lacks    bool
}

func (p staffPage) skills() []skillLine {
	var out []skillLine
	for _, s := range p.Expected.Skills {
		l := skillLine{Name: s.Name}
		need, said := p.Expected.Needs(p.Person.Title, s.Name)
		if said {
			l.Required = strconv.Itoa(need)
		}
		if held, known := p.Person.Level(s.Name); known {
			l.Held = strconv.Itoa(held)
			l.Lacks = said && held < need
		}
		out = append(out, l)
	}
	return out
}

func levelOptions(none string) []Option {
	return []Option{{"", none}, {"0", "0 none"}, {"1", "1 with help"}, {"2", "2 alone, usual"}, {"3", "3 alone, hard"}, {"4", "4 teaches"}}
}

// changeStaffPart changes one list of a person: skills, certificates, shifts or absences.
func (s *Server) changeStaffPart(v *Visit) error {
	part := v.R.PathValue("part")
	if !slices.Contains([]string{"skills", "certificates", "shifts", "absences"}, part) {
		return fmt.Errorf("%s of a person: %w", part, fault.NotFound)
	}
	var old staff.Person
	said := ""
	err := s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) {
		if old, err = s.staffEntry(v, tx); err != nil {
			return err
		}
		p := old
		if said, err = changePart(v, &p, part); err != nil {
			return err
		}
		_, err = s.staff.PutPerson(tx, old.ID, version(v), p, by)
		return err
	})
	if wrong, ok := mistaken(err); ok {
		return s.showStaff(v, staffPage{Part: part, Wrong: wrong}, 422)
	}
	if err != nil {
		return err
	}
	return v.Redirect(staffHref(old.ID)+"#"+part, &Flash{Status: Good, Text: said, Undo: bookUndo("people", "person", old.ID, old.Version)})
}

// changePart does to a person what the form of a part asks, and says what it did.
func changePart(v *Visit, p *staff.Person, part string) (string, error) {
	if at := v.Form("remove"); at != "" {
		i, err := strconv.Atoi(at)
		if err != nil {
			return "", fmt.Errorf("line %s: %w", at, fault.Invalid)
		}
		return removePart(p, part, i)
	}
	switch part {
	case "skills":
		p.Skills = map[string]int{}
		names, levels := v.FormAll("skill"), v.FormAll("level")
		for i := 0; i < len(names) && i < len(levels); i++ {
			if levels[i] == "" {
				continue
			}
			n, err := strconv.Atoi(levels[i])
			if err != nil {
				return "", fault.Wrong("skills", "%q is no level", levels[i])
			}
			p.Skills[names[i]] = n
		}
		return "The skills of " + p.Name + " are saved.", nil
	case "certificates":
		p.Certificates = append(slices.Clone(p.Certificates), staff.Certificate{Name: v.Form("certificate"), Issued: staff.Date(v.Form("issued")), Expires: staff.Date(v.Form("expires"))})
		return v.Form("certificate") + " is added.", nil
	case "shifts":
		hours, err := staff.ParseHours(v.Form("hours"))
		if err != nil {
			return "", err
		}
		p.Shifts = append(slices.Clone(p.Shifts), staff.Shift{Hours: hours, Site: v.Form("shift_site"), From: staff.Date(v.Form("from")), Until: staff.Date(v.Form("until"))})
		return p.Name + " is present " + hours.String() + ".", nil
	default:
		p.Absences = append(slices.Clone(p.Absences), staff.Absence{From: staff.Date(v.Form("absent_from")), To: staff.Date(v.Form("absent_to")), Why: v.Form("absent_why")})
		return p.Name + " is absent from " + v.Form("absent_from") + " to " + v.Form("absent_to") + ".", nil
	}
}

func removePart(p *staff.Person, part string, i int) (string, error) {
	gone := func(n int) error {
		if i < 0 || i >= n {
			return fmt.Errorf("line %d is not there any more: %w", i+1, fault.Conflict)
		}
		return nil
	}
	switch part {
	case "certificates":
		if err := gone(len(p.Certificates)); err != nil {
			return "", err
		}
		name := p.Certificates[i].Name
		p.Certificates = slices.Delete(slices.Clone(p.Certificates), i, i+1)
		return name + " is removed.", nil
	case "shifts":
		if err := gone(len(p.Shifts)); err != nil {
			return "", err
		}
		p.Shifts = slices.Delete(slices.Clone(p.Shifts), i, i+1)
		return "The shift is removed.", nil
	case "absences":
		if err := gone(len(p.Absences)); err != nil {
			return "", err
		}
		p.Absences = slices.Delete(slices.Clone(p.Absences), i, i+1)
		return "The absence is removed.", nil
	}
	return "", fmt.Errorf("%s: %w", part, fault.Invalid)
}

// spanWords writes a span of days whose ends may be open.
func spanWords(from, until staff.Date) string {
	switch {
	case from == "" && until == "":
		return ""
	case until == "":
		return "from " + dayWords(from)
	case from == "":
		return "until " + dayWords(until)
	}
	return dayWords(from) + " – " + dayWords(until)
}

// endStatus says how a certificate stands.
func endStatus(c staff.Certificate, today staff.Date) (Status, string) {
	switch {
	case c.Expires == "":
		return Neutral, "end not known"
	case c.Expires < today:
		return Bad, "expired " + dayWords(c.Expires)
	case c.Expires < today.Add(expiringDays):
		return Warn, "ends " + dayWords(c.Expires)
	}
	return Good, "until " + dayWords(c.Expires)
}

func rotationWords(r staff.Rotation) string {
	parts := []string{fmt.Sprintf("turns of %d %s", r.Days, plural(r.Days, "day", "days")), fmt.Sprintf("1 in %d", len(r.People))}
	if len(r.Hours) > 0 {
		parts = append(parts, r.Hours.String())
	} else {
		parts = append(parts, "always")
	}
	return strings.Join(parts, " · ")
}
