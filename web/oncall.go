package web

import (
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

// onCallPage is all rotations with how heavy they are.
type onCallPage struct {
	Loads    []staff.Load
	Next     map[string][]turnLine // by rotation
	Expected staff.Expectations
	People   int
	May      bool
	At       time.Time
}

// turnLine is one turn to come.
type turnLine struct {
	From   staff.Date
	Person *staff.Person
	Away   string // why they will not be there on its first day
}

// turnsShown is how many turns ahead are shown.
const turnsShown = 6

func (s *Server) onCall(v *Visit) error {
	p := onCallPage{May: v.May(account.StaffWrite), Next: map[string][]turnLine{}}
	roster, err := s.readRoster(v, &p.Expected)
	if err != nil {
		return err
	}
	p.People, p.At = len(roster.People), v.Now.In(roster.Zone)
	p.Loads = roster.Loads(v.Now, p.Expected.Share)
	for _, l := range p.Loads {
		p.Next[l.Rotation.ID] = nextTurns(roster, l.Rotation, p.At)
	}
	return v.Render(Page{Title: "On call", About: "Who answers when nobody is present, turn by turn, and whether the turns are bearable.", Fresh: roster.Newest(), Actions: p.actions()}, p.View())
}

// nextTurns walks the days until enough turns are found.
func nextTurns(roster *staff.Roster, r *staff.Rotation, at time.Time) []turnLine {
	var out []turnLine
	last := "-"
	for day := range turnsShown*r.Days + 1 {
		noon := time.Date(at.Year(), at.Month(), at.Day()+day, 0, r.Handover, 0, 0, roster.Zone)
		id := r.Turn(noon)
		begun := staff.DateOf(noon)
		if id == "" || id == last && len(r.People) > 1 {
			continue
		}
		last = id
		line := turnLine{From: begun, Person: roster.Person(id)}
		switch p := line.Person; {
		case p == nil:
			line.Away = "is not on the list any more"
		case !p.Works(begun):
			line.Away = "does not work here then"
		default:
			for _, a := range p.Absences {
				if a.From < begun.Add(r.Days) && begun <= a.To {
					line.Away = "absent " + spanWords(a.From, a.To)
				}
			}
		}
		if out = append(out, line); len(out) == turnsShown {
			break
		}
	}
	return out
}

// rotationForm is the form of one rotation.
type rotationForm struct {
	Rotation staff.Rotation
	Days     string
	Handover string
	Hours    string
	People   []staff.Person
	Skills   []staff.Skill
	Sites    []string
	Wrong    map[string]string
	May      bool
}

func (s *Server) rotation(v *Visit) error {
	id := v.R.PathValue("id")
	f := rotationForm{Days: "7", Handover: "08:00", Hours: "mon-fri 15:30-07:00, sat-sun"}
	if id != "new" {
		err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) { f.Rotation, err = s.staff.Rotation(tx, id); return err })
		if err != nil {
			return err
		}
		f.Days, f.Handover, f.Hours = strconv.Itoa(f.Rotation.Days), clockWords(f.Rotation.Handover), f.Rotation.Hours.String()
	}
	return s.showRotation(v, f, 0)
}

func clockWords(minute int) string {
	return time.Date(2000, 1, 1, 0, minute, 0, 0, time.UTC).Format("15:04")
}

func (s *Server) showRotation(v *Visit, f rotationForm, status int) error {
	var e staff.Expectations
	roster, err := s.readRoster(v, &e)
	if err != nil {
		return err
	}
	f.People, f.Skills, f.Sites, f.May = roster.People, e.Skills, s.places()["site"], v.May(account.StaffWrite)
	if f.Rotation.Anchor == "" {
		f.Rotation.Anchor = staff.DateOf(roster.WeekOf(v.Now))
	}
	title := f.Rotation.Name
	if f.Rotation.ID == "" {
		title = "Add a rotation"
	}
	return v.Render(Page{Title: title, About: "People take turns; the first turn begins on a day, and the order repeats.", Status: status, Crumbs: []Link{{"On call", "/oncall"}}}, f.View())
}

func (s *Server) saveRotation(v *Visit) error {
	id := v.R.PathValue("id")
	if id == "new" {
		id = ""
	}
	r := staff.Rotation{Name: v.Form("name"), Team: staff.Team(v.Form("team")), Skill: v.Form("skill"), Anchor: staff.Date(v.Form("anchor")),
		Sites: strings.FieldsFunc(v.Form("sites"), func(r rune) bool { return r == '\n' || r == '\r' })}
	r.People = slices.DeleteFunc(slices.Clone(v.FormAll("person")), func(s string) bool { return s == "" })
	f := rotationForm{Days: v.Form("days"), Handover: v.Form("handover"), Hours: v.Form("hours")}
	wrong := map[string]string{}
	var err error
	if r.Days, err = strconv.Atoi(f.Days); err != nil {
		wrong["days"] = "Write a number of days, such as 7."
	}
	var ok bool
	if r.Handover, ok = staff.ParseClock(f.Handover); !ok {
		wrong["handover"] = "Write a time, such as 08:00."
	}
	if r.Hours, err = staff.ParseHours(f.Hours); err != nil {
		wrong["hours"] = upperFirst(fault.MistakesOf(err).At("hours")) + "."
	}
	var saved staff.Rotation
	if len(wrong) == 0 {
		err = s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) {
			saved, err = s.staff.PutRotation(tx, id, version(v), r, by)
			return err
		})
		if found, is := mistaken(err); is {
			wrong, err = found, nil
		}
		if err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		r.ID, r.Version = id, version(v)
		f.Rotation, f.Wrong = r, wrong
		return s.showRotation(v, f, 422)
	}
	return v.Redirect("/oncall", &Flash{Status: Good, Text: saved.Name + " is saved.", Undo: bookUndo("people", "rotation", saved.ID, saved.Version-1)})
}

func (s *Server) removeRotation(v *Visit) error {
	var old staff.Rotation
	err := s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) {
		if old, err = s.staff.Rotation(tx, v.R.PathValue("id")); err != nil {
			return err
		}
		_, err = s.staff.RemoveRotation(tx, old.ID, by)
		return err
	})
	if err != nil {
		return err
	}
	return v.Redirect("/oncall", &Flash{Status: Good, Text: old.Name + " is removed.", Undo: bookUndo("people", "rotation", old.ID, old.Version)})
}

// seats are the places of a rotation: those taken, and some more.
func (f rotationForm) seats() []string {
	return append(slices.Clone(f.Rotation.People), make([]string, max(2, 4-len(f.Rotation.People)))...)
}

func (f rotationForm) personOptions() []Option {
	out := []Option{{"", "– nobody –"}}
	for _, p := range f.People {
		out = append(out, Option{p.ID, p.Name + ", " + p.Title})
	}
	return out
}

func (f rotationForm) skillOptions() []Option {
	out := []Option{{"", "everything that the team answers for"}}
	for _, s := range f.Skills {
		out = append(out, Option{s.Name, s.Name})
	}
	return out
}
