package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pons/account"
	"pons/fault"
	"pons/inventory"
	"pons/ledger"
	"pons/raci"
	"pons/sqldb"
	"pons/staff"
)

// dutiesPage is the whole matrix with what is wrong with it.
type dutiesPage struct {
	Matrix   *raci.Matrix
	Parties  []raci.Party // the columns
	Findings []raci.Finding
	Edit     bool
	May      bool
	Wrong    map[string]string
}

func ruleHref(id string) string { return "/duties/rules/" + url.PathEscape(id) }

func (s *Server) dutyMatrix(v *Visit) error { return s.showDuties(v, nil, 0) }

func (s *Server) showDuties(v *Visit, wrong map[string]string, status int) error {
	m, err := s.duties.Current(v.Context(), s.DB)
	if err != nil {
		return err
	}
	p := dutiesPage{Matrix: m, May: v.May(account.DutyWrite), Wrong: wrong}
	p.Edit = p.May && v.Form("edit") != ""
	p.Parties = partiesOf(m)
	p.Findings = m.Check(staff.DateOf(v.Now.In(m.Roster.Zone)))
	return v.Render(Page{Title: "Duties", About: "Who is accountable (A), responsible (R), consulted (C) and informed (I) for each activity, and for which devices, sites and hours.", Wide: true, Status: status, Fresh: m.Newest(), Actions: p.actions(), Islands: []string{"devices"}}, p.View())
}

// partiesOf are the columns: the teams, then the roles and people that some rule names.
func partiesOf(m *raci.Matrix) []raci.Party {
	var out, others []raci.Party
	for _, t := range staff.Teams() {
		out = append(out, raci.TeamParty(t))
	}
	for i := range m.Rules {
		for p := range m.Rules[i].Parties {
			if !slices.Contains(out, p) && !slices.Contains(others, p) {
				others = append(others, p)
			}
		}
	}
	slices.SortFunc(others, func(a, b raci.Party) int { return strings.Compare(a.Name(m.Roster), b.Name(m.Roster)) })
	return append(out, others...)
}

// of are the findings of one kind.
func (p dutiesPage) of(kind raci.Kind) []raci.Finding {
	var out []raci.Finding
	for _, f := range p.Findings {
		if f.Kind == kind {
			out = append(out, f)
		}
	}
	return out
}

// wrongRule says that a mistake is about a rule.
func (p dutiesPage) wrongRule(id string) bool {
	return slices.ContainsFunc(p.Findings, func(f raci.Finding) bool { return f.Kind == raci.Mistake && slices.Contains(f.Rules, id) })
}

func (p dutiesPage) activity(r *raci.Rule) raci.Activity {
	a, _ := p.Matrix.Activity(r.Activity)
	return a
}

func (s *Server) startDuties(v *Visit) error {
	n := 0
	err := s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) { n, err = s.duties.StartFromTemplate(tx, by); return err })
	if err != nil {
		return err
	}
	return v.Redirect("/duties", &Flash{Status: Good, Text: fmt.Sprintf("The matrix has %d activities of the template. Change what is different here.", n)})
}

// cellName names the select of a party in a rule.
func cellName(rule string, party raci.Party) string { return rule + " " + string(party) }

// saveDuties saves the whole grid: each rule that is different, with the version that was looked at.
func (s *Server) saveDuties(v *Visit) error {
	changed := 0
	err := s.keep(v, func(tx *sqldb.Tx, by ledger.By) error {
		m, err := s.duties.Matrix(tx)
		if err != nil {
			return err
		}
		parties := partiesOf(m)
		for i := range m.Rules {
			r := m.Rules[i]
			looked, err := strconv.ParseInt(v.Form("version "+r.ID), 10, 64)
			if err != nil {
				continue // a rule that was added meanwhile
			}
			next := map[raci.Party]raci.Letters{}
			for _, p := range parties {
				if l := v.Form(cellName(r.ID, p)); l != "" {
					next[p] = raci.Letters(l)
				}
			}
			if sameParties(next, r.Parties) {
				continue
			}
			r.Parties, r.Source = next, ""
			if _, err := s.duties.PutRule(tx, r.ID, looked, r, by); err != nil {
				return err
			}
			changed++
		}
		return nil
	})
	if wrong, ok := mistaken(err); ok {
		return s.showDuties(v, wrong, 422)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/duties", &Flash{Status: Good, Text: fmt.Sprintf("%d %s saved.", changed, plural(changed, "rule is", "rules are"))})
}

func sameParties(a, b map[raci.Party]raci.Letters) bool {
	if len(a) != len(b) {
		return false
	}
	for p, l := range a {
		if b[p] != l {
			return false
		}
	}
	return true
}

// ruleForm is the form of one rule.
type ruleForm struct {
	Rule     raci.Rule
	Activity raci.Activity
	Hours    string
	Matrix   *raci.Matrix
	Classes  []inventory.ClassName
	Sites    []string
	Titles   []string
	Seats    []raci.Party // parties with a line of their own
	Wrong    map[string]string
	May      bool
	Only     bool // it is the activity's only rule
}

func (s *Server) rule(v *Visit) error {
	var f ruleForm
	m, err := s.duties.Current(v.Context(), s.DB)
	if err != nil {
		return err
	}
	if id := v.R.PathValue("id"); id != "new" {
		i := slices.IndexFunc(m.Rules, func(r raci.Rule) bool { return r.ID == id })
		if i < 0 {
			return fmt.Errorf("rule %s: %w", id, fault.NotFound)
		}
		f.Rule, f.Hours = m.Rules[i], m.Rules[i].Hours.String()
		return s.showRule(v, m, f, 0)
	}
	key := v.Form("activity")
	f.Rule = raci.Rule{Activity: key, Class: v.Form("class"), Site: v.Form("place"), Parties: map[raci.Party]raci.Letters{}}
	for i := range m.Rules { // a narrower rule begins as the wide one
		if m.Rules[i].Activity == key && m.Rules[i].Rank() == 0 {
			for p, l := range m.Rules[i].Parties {
				f.Rule.Parties[p] = l
			}
		}
	}
	return s.showRule(v, m, f, 0)
}

func (s *Server) showRule(v *Visit, m *raci.Matrix, f ruleForm, status int) error {
	var known bool
	if f.Activity, known = m.Activity(f.Rule.Activity); !known {
		return fmt.Errorf("activity %s: %w", f.Rule.Activity, fault.NotFound)
	}
	var e staff.Expectations
	if _, err := s.readRoster(v, &e); err != nil {
		return err
	}
	f.Matrix, f.Classes, f.May = m, s.Inventory.Classes(), v.May(account.DutyWrite)
	f.Sites, f.Titles = sitesOf(m.Roster, s.places()["site"]), e.Titles(m.Roster.People)
	f.Seats = nil
	for _, t := range staff.Teams() {
		f.Seats = append(f.Seats, raci.TeamParty(t))
	}
	var others []raci.Party
	for p := range f.Rule.Parties {
		if !slices.Contains(f.Seats, p) {
			others = append(others, p)
		}
	}
	slices.Sort(others)
	f.Seats = append(f.Seats, others...)
	n := 0
	for i := range m.Rules {
		if m.Rules[i].Activity == f.Rule.Activity {
			n++
		}
	}
	f.Only = n == 1 && f.Rule.ID != ""
	title := "Rule " + f.Rule.Label + ": " + f.Activity.Name
	if f.Rule.ID == "" {
		title = "Narrower rule: " + f.Activity.Name
	}
	return v.Render(Page{Title: title, About: "For which devices, sites and hours it holds, and who takes which part. The narrowest rule counts, whole.", Status: status,
		Crumbs: []Link{{"Duties", "/duties"}}}, f.View())
}

func (s *Server) saveRule(v *Visit) error {
	id := v.R.PathValue("id")
	if id == "new" {
		id = ""
	}
	m, err := s.duties.Current(v.Context(), s.DB)
	if err != nil {
		return err
	}
	r := raci.Rule{ID: id, Version: version(v), Activity: v.Form("activity"), Class: v.Form("class"), Category: v.Form("category"), Site: v.Form("place"), Parties: map[raci.Party]raci.Letters{}}
	parties, letters := v.FormAll("party"), v.FormAll("letters")
	for i := 0; i < len(parties) && i < len(letters); i++ {
		if parties[i] != "" && letters[i] != "" {
			r.Parties[raci.Party(parties[i])] = raci.Letters(letters[i])
		}
	}
	wrong := map[string]string{}
	if r.Hours, err = staff.ParseHours(v.Form("hours")); err != nil {
		wrong["hours"] = upperFirst(fault.MistakesOf(err).At("hours")) + "."
	}
	var saved raci.Rule
	if len(wrong) == 0 {
		err = s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) {
			saved, err = s.duties.PutRule(tx, id, r.Version, r, by)
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
		return s.showRule(v, m, ruleForm{Rule: r, Hours: v.Form("hours"), Wrong: wrong}, 422)
	}
	return v.Redirect("/duties", &Flash{Status: Good, Text: "The rule is saved.", Undo: bookUndo("duties", "rule", saved.ID, saved.Version-1)})
}

func (s *Server) removeRule(v *Visit) error {
	var old raci.Rule
	err := s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) {
		if old, err = s.duties.Rule(tx, v.R.PathValue("id")); err != nil {
			return err
		}
		_, err = s.duties.RemoveRule(tx, old.ID, by)
		return err
	})
	if err != nil {
		return err
	}
	return v.Redirect("/duties", &Flash{Status: Good, Text: "The rule is removed.", Undo: bookUndo("duties", "rule", old.ID, old.Version)})
}

func (s *Server) addActivity(v *Visit) error {
	var a raci.Activity
	err := s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) {
		a, err = s.duties.AddActivity(tx, v.Form("name"), by)
		return err
	})
	if wrong, ok := mistaken(err); ok {
		return s.showDuties(v, wrong, 422)
	}
	if err != nil {
		return err
	}
	return v.Redirect("/duties?edit=1#"+a.Key, &Flash{Status: Good, Text: fmt.Sprintf("%s is activity %d. Say who takes which part.", a.Name, a.Number), Undo: bookUndo("duties", "activity", a.Key, 0)})
}

// changeActivity renames an activity, or takes it out of the matrix.
func (s *Server) changeActivity(v *Visit) error {
	key := v.R.PathValue("key")
	remove := v.Form("do") == "remove"
	var old raci.Activity
	err := s.keep(v, func(tx *sqldb.Tx, by ledger.By) error {
		list, err := s.duties.Activities(tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(a raci.Activity) bool { return a.Key == key })
		if i < 0 {
			return fmt.Errorf("activity %s: %w", key, fault.NotFound)
		}
		old = list[i]
		if remove {
			_, err = s.duties.RemoveActivity(tx, key, by)
			return err
		}
		next := old
		next.Name = v.Form("name")
		_, err = s.duties.PutActivity(tx, key, 0, next, by)
		return err
	})
	if wrong, ok := mistaken(err); ok {
		return s.showDuties(v, wrong, 422)
	}
	if err != nil {
		return err
	}
	text := old.Name + " is renamed."
	if remove {
		text = old.Name + " is out of the matrix, with its rules."
	}
	return v.Redirect("/duties", &Flash{Status: Good, Text: text, Undo: bookUndo("duties", "activity", key, old.Version)})
}

// undoDuty takes a change of a rule or an activity back; version 0 takes it away.
func (s *Server) undoDuty(v *Visit) error {
	noun, id := v.R.PathValue("noun"), v.R.PathValue("id")
	n, err := strconv.ParseInt(v.R.PathValue("version"), 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("version %s: %w", v.R.PathValue("version"), fault.NotFound)
	}
	err = s.keep(v, func(tx *sqldb.Tx, by ledger.By) (err error) {
		switch {
		case noun == "rule" && n == 0:
			_, err = s.duties.RemoveRule(tx, id, by)
		case noun == "rule":
			err = s.duties.RestoreRule(tx, id, n, by)
		case noun == "activity" && n == 0:
			_, err = s.duties.RemoveActivity(tx, id, by)
		case noun == "activity":
			err = s.duties.RestoreActivity(tx, id, n, by)
		default:
			err = fmt.Errorf("%s: %w", noun, fault.NotFound)
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.Redirect("/duties", &Flash{Status: Good, Text: "Undone."})
}

func letterOptions() []Option {
	return []Option{{"", "–"}, {"A/R", "A/R"}, {"A", "A"}, {"R", "R"}, {"C", "C"}, {"I", "I"}}
}

// partyOptions are the parties that are no team: roles, then people.
func (f ruleForm) partyOptions() []Option {
	out := []Option{{"", "– another role or person –"}}
	for _, t := range f.Titles {
		out = append(out, Option{string(raci.RoleParty(t)), "role: " + t})
	}
	for _, p := range f.Matrix.Roster.People {
		out = append(out, Option{string(raci.PersonParty(p.ID)), "person: " + p.Name})
	}
	return out
}

func categoryOptions() []Option {
	out := []Option{{"", "all"}}
	for _, c := range []string{"medical", "iot", "it", "ot", "network"} {
		out = append(out, Option{c, c})
	}
	return out
}
