package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
	"pons/staff"
)

// trainingForm is the form of a plan, or of a training that was done.
type trainingForm struct {
	ID       string
	Version  int64
	Done     bool
	People   []staff.Person
	Titles   []string
	Skills   []staff.Skill
	Plans    []staff.Training
	Values   map[string]string
	Wrong    map[string]string
	Currency string
}

func (s *Server) training(v *Visit) error {
	f := trainingForm{ID: v.R.PathValue("id"), Values: map[string]string{"hours": "8", "currency": "USD"}}
	switch f.ID {
	case "new":
		f.ID = ""
	case "done":
		f.ID, f.Done = "", true
		f.Values["person"], f.Values["training"], f.Values["on"] = v.Form("person"), v.Form("training"), v.Now.Format("2006-01-02")
	default:
		var t staff.Training
		err := s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
			list, err := s.staff.Trainings(tx)
			for _, x := range list {
				if x.ID == f.ID {
					t = x
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		if t.ID == "" {
			return fmt.Errorf("training %s: %w", f.ID, fault.NotFound)
		}
		f.Version = t.Version
		f.Values = map[string]string{"person": t.Person, "title": t.Title, "what": t.What, "skill": t.Skill, "hours": trimFloat(t.Hours), "due": string(t.Due), "currency": t.Currency}
		if t.Level > 0 {
			f.Values["level"] = strconv.Itoa(t.Level)
		}
		if t.Cost > 0 {
			f.Values["cost"] = strconv.FormatFloat(float64(t.Cost)/100, 'f', -1, 64)
		}
	}
	return s.showTraining(v, f, 0)
}

func (s *Server) showTraining(v *Visit, f trainingForm, status int) error {
	var e staff.Expectations
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		if e, err = s.staff.Expectations(tx); err != nil {
			return err
		}
		if f.People, err = s.staff.People(tx); err != nil {
			return err
		}
		f.Plans, err = s.staff.Trainings(tx)
		return err
	})
	if err != nil {
		return err
	}
	f.Titles, f.Skills = e.Titles(f.People), e.Skills
	if f.Done && f.Values["what"] == "" { // what the plan says is done
		for _, t := range f.Plans {
			if t.ID == f.Values["training"] {
				f.Values["what"], f.Values["skill"], f.Values["hours"] = t.What, t.Skill, trimFloat(t.Hours)
				if t.Level > 0 {
					f.Values["level"] = strconv.Itoa(t.Level)
				}
			}
		}
	}
	title, about := "Plan a training", "For one person, or for everybody of a role."
	switch {
	case f.Done:
		title, about = "Record training", "What somebody did, with its evidence; a level that it reached is theirs from then on."
	case f.ID != "":
		title = "Change a training"
	}
	return v.Render(Page{Title: title, About: about, Status: status, Crumbs: []Link{{"Skills", "/skills?tab=training"}}}, f.View())
}

// readLesson reads what plans and records have in common.
func readLesson(v *Visit, wrong map[string]string) (hours float64, level int) {
	var err error
	if hours, err = strconv.ParseFloat(strings.Replace(v.Form("hours"), ",", ".", 1), 64); err != nil {
		wrong["hours"] = fmt.Sprintf("%q is no number of hours.", v.Form("hours"))
	}
	if text := v.Form("level"); text != "" {
		if level, err = strconv.Atoi(text); err != nil {
			wrong["level"] = fmt.Sprintf("%q is no level.", text)
		}
	}
	return hours, level
}

func (s *Server) saveTraining(v *Visit) error {
	id := v.R.PathValue("id")
	f := trainingForm{ID: id, Version: version(v), Done: id == "done", Values: map[string]string{}, Wrong: map[string]string{}}
	if id == "new" || id == "done" {
		f.ID = ""
	}
	for _, name := range []string{"person", "title", "what", "skill", "level", "hours", "due", "cost", "currency", "training", "on", "evidence"} {
		f.Values[name] = v.Form(name)
	}
	hours, level := readLesson(v, f.Wrong)
	t := staff.Training{Person: v.Form("person"), Title: v.Form("title"), What: v.Form("what"), Skill: v.Form("skill"), Level: level, Hours: hours, Due: staff.Date(v.Form("due"))}
	if text := v.Form("cost"); text != "" && !f.Done {
		cost, err := strconv.ParseFloat(strings.NewReplacer(",", "", " ", "").Replace(text), 64)
		if err != nil || cost > 1e9 {
			f.Wrong["cost"] = fmt.Sprintf("%q is no amount.", text)
		}
		t.Cost, t.Currency = int64(math.Round(cost*100)), v.Form("currency")
	}
	var text, undo string
	var err error
	if len(f.Wrong) == 0 {
		err = s.keep(v, func(tx *sqldb.Tx, by ledger.By) error {
			if f.Done {
				r, err := s.staff.Done(tx, staff.Record{Person: t.Person, Training: v.Form("training"), What: t.What, Skill: t.Skill, Level: level, On: staff.Date(v.Form("on")), Hours: hours, Evidence: v.Form("evidence")}, by)
				text, undo = r.What+" is recorded.", bookUndo("people", "record", r.ID, 0)
				return err
			}
			saved, err := s.staff.PutTraining(tx, f.ID, f.Version, t, by)
			text, undo = saved.What+" is planned.", bookUndo("people", "training", saved.ID, saved.Version-1)
			return err
		})
		if found, ok := mistaken(err); ok {
			f.Wrong, err = found, nil
		}
		if err != nil {
			return err
		}
	}
	if len(f.Wrong) > 0 {
		return s.showTraining(v, f, 422)
	}
	return v.Redirect("/skills?tab=training", &Flash{Status: Good, Text: text, Undo: undo})
}

func (s *Server) removeTraining(v *Visit) error {
	var old staff.Training
	err := s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) {
		old, err = s.staff.RemoveTraining(tx, v.R.PathValue("id"), by)
		return err
	})
	if err != nil {
		return err
	}
	return v.Redirect("/skills?tab=training", &Flash{Status: Good, Text: old.What + " is removed.", Undo: bookUndo("people", "training", old.ID, old.Version-1)})
}

func (f trainingForm) personOptions() []Option {
	first := "– everybody of the role –"
	if f.Done {
		first = "– choose –"
	}
	out := []Option{{"", first}}
	for _, p := range f.People {
		out = append(out, Option{p.ID, p.Name + ", " + p.Title})
	}
	return out
}

func (f trainingForm) skillOptions() []Option {
	out := []Option{{"", "none of the catalogue"}}
	for _, s := range f.Skills {
		out = append(out, Option{s.Name, s.Name})
	}
	return out
}

func (f trainingForm) planOptions() []Option {
	out := []Option{{"", "none"}}
	for _, t := range f.Plans {
		out = append(out, Option{t.ID, t.What})
	}
	return out
}

func moneyWords(minor int64, currency string) string {
	if minor == 0 {
		return ""
	}
	return trimFloat(float64(minor)/100) + " " + currency
}
