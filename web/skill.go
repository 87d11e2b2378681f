package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pons/account"
	"pons/ledger"
	"pons/sqldb"
	"pons/staff"
)

// skillPage is what roles require, what people hold, what is missing, and the training that closes it.
type skillPage struct {
	Tab      string
	Expected staff.Expectations
	People   []staff.Person // who work here
	Titles   []string
	Gaps     []staff.TitleGap
	Covers   []staff.Cover // by skill, over the whole hospital
	Plans    []staff.Training
	Records  []staff.Record
	Years    []staff.Year
	Expiring []staff.Expiring
	Names    map[string]string
	Today    staff.Date
	Edit     bool
	May      bool
	Wrong    map[string]string
	Form     func(string) string
}

func (s *Server) skills(v *Visit) error { return s.showSkills(v, skillPage{}, 0) }

func (s *Server) showSkills(v *Visit, p skillPage, status int) error {
	p.May, p.Tab = v.May(account.StaffWrite), v.Form("tab")
	if !slices.Contains([]string{"held", "gaps", "training"}, p.Tab) {
		p.Tab = "required"
	}
	p.Edit = p.May && (v.Form("edit") != "" || p.Wrong != nil)
	p.Form = func(string) string { return "" }
	if p.Wrong != nil {
		p.Form = v.Form
	}
	var roster *staff.Roster
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if p.Expected, err = s.staff.Expectations(tx); err != nil {
			return err
		}
		if roster, err = s.staff.Roster(tx); err != nil {
			return err
		}
		if p.Plans, err = s.staff.Trainings(tx); err != nil {
			return err
		}
		p.Records, err = s.staff.Records(tx)
		return err
	})
	if err != nil {
		return err
	}
	p.Today, p.Names = staff.DateOf(v.Now.In(roster.Zone)), map[string]string{}
	for _, one := range roster.People {
		p.Names[one.ID] = one.Name
		if one.Works(p.Today) {
			p.People = append(p.People, one)
		}
	}
	p.Titles, p.Gaps = p.Expected.Titles(p.People), p.Expected.GapsByTitle(p.People, p.Today)
	if p.Tab == "gaps" {
		p.Covers = roster.Coverage(v.Now, staff.SkillNeeds(p.Expected, "")...)
	}
	p.Years = p.Expected.Year(p.People, p.Plans, p.Records, string(p.Today[:4]), p.Today)
	p.Expiring = staff.ExpiringWithin(p.People, p.Today, expiringDays)
	fresh := roster.Newest()
	for _, at := range p.written() {
		if at.After(fresh) {
			fresh = at
		}
	}
	return v.Render(Page{Title: "Skills", Fresh: fresh, About: "What each role requires, what people hold, what rests on one person, and the training that closes the gaps.", Wide: true, Status: status, Actions: p.actions()}, p.View())
}

// written is when what is required, planned and done was last written.
func (p skillPage) written() []time.Time {
	out := []time.Time{p.Expected.At}
	for _, t := range p.Plans {
		out = append(out, t.At)
	}
	for _, r := range p.Records {
		out = append(out, r.At)
	}
	return out
}

func (p skillPage) tabs() []Tab {
	tab := func(name, label string, n int) Tab {
		return Tab{Label: label, Href: "/skills?tab=" + name, Count: n, On: p.Tab == name}
	}
	return []Tab{tab("required", "Required", -1), tab("held", "Held", -1), tab("gaps", "Gaps", -1), tab("training", "Training", len(p.open()))}
}

// level of a title, "" where nobody has said.
func (p skillPage) level(title, skill string) string {
	if n, ok := p.Expected.Needs(title, skill); ok {
		return strconv.Itoa(n)
	}
	return ""
}

// open are the plans that somebody has still to do.
func (p skillPage) open() []staff.Training {
	var out []staff.Training
	for _, t := range p.Plans {
		if done, of := p.progress(t); done < of || of == 0 {
			out = append(out, t)
		}
	}
	return out
}

// progress says how many of those who shall do a training have done it.
func (p skillPage) progress(t staff.Training) (done, of int) {
	for i := range p.People {
		if t.For(&p.People[i]) {
			of++
			if staff.Fulfilled(t, p.People[i].ID, p.Records) {
				done++
			}
		}
	}
	return done, of
}

// trainingFor names for whom a training is.
func (p skillPage) trainingFor(t staff.Training) string {
	if t.Person == "" {
		return "every " + t.Title
	}
	if name, ok := p.Names[t.Person]; ok {
		return name
	}
	return "somebody who is not on the list any more"
}

// held is the level of a person in a skill against what the role requires.
func (p skillPage) held(one *staff.Person, skill string) (text string, status Status) {
	level, known := one.Level(skill)
	need, said := p.Expected.Needs(one.Title, skill)
	switch {
	case !known:
		return "", Neutral
	case said && level < need:
		return fmt.Sprintf("%d of %d", level, need), Warn
	}
	return strconv.Itoa(level), Good
}

// saveExpectations saves the matrix and the numbers of the page.
func (s *Server) saveExpectations(v *Visit) error {
	var e staff.Expectations
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) { e, err = s.staff.Expectations(tx); return err })
	if err != nil {
		return err
	}
	before := e.Version
	wrong := readExpectations(v, &e)
	if len(wrong) == 0 {
		err = s.keep(v, func(tx *sqldb.Tx, by ledger.By) error {
			_, err := s.staff.PutExpectations(tx, version(v), e, by)
			return err
		})
		if found, ok := mistaken(err); ok {
			wrong, err = found, nil
		}
		if err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		return s.showSkills(v, skillPage{Wrong: wrong}, 422)
	}
	return v.Redirect("/skills", &Flash{Status: Good, Text: "What is required is saved.", Undo: bookUndo("people", "expectations", "hospital", before)})
}

// readExpectations reads the form: one select for each role and skill, named by their places in the lists beside them.
func readExpectations(v *Visit, e *staff.Expectations) map[string]string {
	wrong := map[string]string{}
	number := func(field string, at *float64) {
		text := strings.TrimSpace(strings.TrimSuffix(strings.Replace(v.Form(field), ",", ".", 1), "%"))
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			wrong[field] = fmt.Sprintf("%q is no number.", v.Form(field))
		}
		*at = n
	}
	titles, skills := v.FormAll("role"), v.FormAll("skill")
	required, list := map[string]map[string]int{}, []staff.Skill{}
	for j, name := range skills {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		skill := staff.Skill{Name: name, Weight: 1}
		if field := fmt.Sprintf("weight.%d", j); v.Form(field) != "" {
			number(field, &skill.Weight)
		}
		list = append(list, skill)
	}
	for i, title := range titles {
		if title = strings.TrimSpace(title); title == "" {
			continue
		}
		levels := map[string]int{}
		for j, skill := range skills {
			if n, err := strconv.Atoi(v.Form(fmt.Sprintf("level.%d.%d", i, j))); err == nil {
				levels[strings.TrimSpace(skill)] = n
			}
		}
		if len(levels) > 0 {
			required[title] = levels
		}
	}
	e.Skills, e.Required = list, required
	number("training_hours", &e.Training)
	share := 0.0
	number("oncall_share", &share)
	e.Share = share / 100
	qualified := 0.0
	number("qualified", &qualified)
	e.Qualified, e.Zone = int(qualified), v.Form("zone")
	return wrong
}

// zones are suggestions; any IANA name may be written.
func zones() []string {
	return []string{"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu", "Europe/London", "Europe/Dublin", "Europe/Berlin", "Europe/Paris", "Europe/Zurich", "Asia/Singapore", "Australia/Sydney", "UTC"}
}
