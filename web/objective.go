package web

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/program"
)

const objectivesPath = "/program/objectives"

func objectiveHref(id string) string { return objectivesPath + "/" + url.PathEscape(id) }

// objectivesPage is what is to be reached.
type objectivesPage struct {
	List []objectiveLine
	May  bool
}

// objectiveLine is one objective with how its KPIs stand.
type objectiveLine struct {
	ledger.Entry[program.Objective]
	KPIs   []kpiLine
	Themes []themeLink
	Late   bool
}

// themeLink is a theme that an objective meets.
type themeLink struct {
	Name, Href string
	Weight     int
	Gone       bool // no answer speaks of it any more
}

// objectiveForm is one objective, new or known.
type objectiveForm struct {
	ID      string
	Version int64
	Body    program.Objective
	Themes  []Option
	KPIs    []ledger.Entry[program.KPI]
	Wrong   map[string]string
	Problem string
}

func (s *Server) objectives(v *Visit) error {
	list, err := s.program.Objectives().List(v.Context())
	if err != nil {
		return err
	}
	board, err := s.kpiBoard(v)
	if err != nil {
		return err
	}
	interviews, err := s.program.Interviews().List(v.Context())
	if err != nil {
		return err
	}
	themes, _ := program.Themes(interviews)
	p := objectivesPage{May: v.May(account.ProgramWrite)}
	page := Page{Title: "Objectives", About: "What is to be reached, which theme it meets, and the KPI by which it is seen."}
	for _, e := range list {
		if e.At.After(page.Fresh) {
			page.Fresh = e.At
		}
		o := objectiveLine{Entry: e, Late: e.Body.Due != "" && e.Body.Due < program.DayOf(v.Now) && (e.Body.State == program.ObjectiveProposed || e.Body.State == program.ObjectiveAgreed)}
		for _, id := range e.Body.KPIs {
			if k, ok := board.named(id); ok {
				o.KPIs = append(o.KPIs, k)
			}
		}
		for _, key := range e.Body.Themes {
			link := themeLink{Name: key, Href: themeHref(key), Gone: true}
			if i := slices.IndexFunc(themes, func(t program.Theme) bool { return t.Key == key }); i >= 0 {
				link = themeLink{Name: themes[i].Name, Href: themeHref(key), Weight: themes[i].Weight}
			}
			o.Themes = append(o.Themes, link)
		}
		p.List = append(p.List, o)
	}
	page.Actions = p.Actions()
	return v.Render(page, p.View())
}

func (s *Server) newObjective(v *Visit) error {
	f := objectiveForm{Body: program.Objective{State: program.ObjectiveProposed}}
	if key := program.ThemeKey(v.Form("theme")); key != "" {
		f.Body.Themes = []string{key}
	}
	if kpi := v.Form("kpi"); kpi != "" {
		f.Body.KPIs = []string{kpi}
	}
	return s.showObjective(v, f, 0)
}

func (s *Server) objectiveOf(v *Visit) (ledger.Entry[program.Objective], error) {
	e, err := s.program.Objectives().Get(v.Context(), v.R.PathValue("id"))
	if errors.Is(err, fault.NotFound) || err == nil && e.Removed {
		return e, fmt.Errorf("this objective is not there, or was removed: %w", fault.NotFound)
	}
	return e, err
}

func (s *Server) objective(v *Visit) error {
	e, err := s.objectiveOf(v)
	if err != nil {
		return err
	}
	return s.showObjective(v, objectiveForm{ID: e.ID, Version: e.Version, Body: e.Body}, 0)
}

func (s *Server) showObjective(v *Visit, f objectiveForm, status int) error {
	interviews, err := s.program.Interviews().List(v.Context())
	if err != nil {
		return err
	}
	if f.KPIs, err = s.program.KPIs(v.Context()); err != nil {
		return err
	}
	themes, _ := program.Themes(interviews)
	for _, t := range themes {
		f.Themes = append(f.Themes, Option{t.Key, t.Name + " (weight " + Count(t.Weight) + ")"})
	}
	for _, key := range f.Body.Themes {
		if !slices.ContainsFunc(f.Themes, func(o Option) bool { return o.Value == key }) {
			f.Themes = append(f.Themes, Option{key, key + " (no answer speaks of it)"})
		}
	}
	title := f.Body.Title
	if f.ID == "" {
		title = "A new objective"
	}
	if !v.May(account.ProgramWrite) {
		return v.Render(Page{Title: title, About: "What is to be reached.", Crumbs: []Link{{"Objectives", objectivesPath}}}, f.Read())
	}
	return v.Render(Page{Title: title, About: "Say what will be different, by when, and which number will show it.", Status: status, Crumbs: []Link{{"Objectives", objectivesPath}}}, f.View())
}

func (s *Server) setObjective(v *Visit) error {
	id := v.R.PathValue("id")
	var before ledger.Entry[program.Objective]
	if id != "" {
		var err error
		if before, err = s.objectiveOf(v); err != nil {
			return err
		}
	}
	o := program.Objective{Title: v.Form("title"), Text: v.Form("text"), Owner: v.Form("owner"), Due: program.Day(v.Form("due")),
		State: program.ObjectiveState(v.Form("state")), Themes: v.FormAll("theme"), KPIs: v.FormAll("kpi")}
	version, _ := strconv.ParseInt(v.Form("version"), 10, 64)
	e, err := s.program.Objectives().Put(v.Context(), id, version, o, v.Actor.String(), "")
	if status := formStatus(err); status != 0 {
		return s.showObjective(v, objectiveForm{ID: id, Version: before.Version, Body: o, Wrong: fault.Fields(err), Problem: sentence(err)}, status)
	}
	if err != nil {
		return err
	}
	f := &Flash{Status: Good, Text: "“" + e.Body.Title + "” is kept.", Undo: objectiveHref(e.ID) + "/remove"}
	if before.Version > 0 {
		f.Undo = objectiveHref(e.ID) + "/restore?version=" + strconv.FormatInt(before.Version, 10)
	}
	return v.Redirect(objectivesPath, f)
}

func (s *Server) removeObjective(v *Visit) error {
	e, err := s.objectiveOf(v)
	if err != nil {
		return err
	}
	if _, err := s.program.Objectives().Remove(v.Context(), e.ID, v.Actor.String(), ""); err != nil {
		return err
	}
	return v.Redirect(objectivesPath, &Flash{Status: Good, Text: "“" + e.Body.Title + "” is removed.", Undo: objectiveHref(e.ID) + "/restore?version=" + strconv.FormatInt(e.Version, 10)})
}

func (s *Server) restoreObjective(v *Visit) error {
	version, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil {
		return fmt.Errorf("which state to bring back is not said: %w", fault.Invalid)
	}
	if _, err := s.program.Objectives().Restore(v.Context(), v.R.PathValue("id"), version, v.Actor.String(), "undone"); err != nil {
		return err
	}
	return v.Redirect(objectivesPath, &Flash{Status: Good, Text: "It is as it was."})
}
