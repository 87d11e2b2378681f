package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pons/account"
	"pons/column"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
)

// supportPage is which devices can count on which support, and how far the inventory is covered.
type supportPage struct {
	May     bool
	Model   ledger.Entry[program.SupportModel]
	Ready   bool // devices are counted; the index is still reading when not
	Total   int
	Levels  []levelCover
	Rules   []ruleCover
	None    cover // devices that no rule holds for
	Unsure  cover // devices that an earlier rule could hold for, if something were known
	Classes []classCover
}

// cover is a count of devices and the list of them.
type cover struct {
	Count int
	Href  string
}

type levelCover struct {
	program.SupportLevel
	cover
}

type ruleCover struct {
	program.SupportRule
	Level program.SupportLevel
	cover
	Could cover // devices that no rule so far holds for, and this one would if something were known
}

// classCover is a class of devices by level.
type classCover struct {
	Class string
	Cells []cover // one for each level
	None  cover
	Total int
}

// supportQueries are the rules as questions of the device list: what each rule decides, what none does, and where an
// unknown could change the answer. They say what program.SupportFor says of one device.
type supportQueries struct {
	rules  []string
	could  []string
	none   string // empty: nothing is left
	unsure string
	all    bool // the last rule holds for every device
}

func (a asker) supportQueries(m program.SupportModel) supportQueries {
	var q supportQueries
	before := "" // not (rule 1) and not (rule 2) …
	var unsure func(i int) string
	term := func(c program.Condition) string {
		if c.Field == "life_support" {
			return "life_support:" + c.Value
		}
		return a.is(c.Field, c.Value)
	}
	holds := func(r program.SupportRule) string {
		var terms []string
		for _, c := range r.Conditions() {
			terms = append(terms, term(c))
		}
		return strings.Join(terms, " and ")
	}
	could := func(r program.SupportRule) string {
		var terms []string
		for _, c := range r.Conditions() {
			terms = append(terms, "("+term(c)+" or missing:"+c.Field+")")
		}
		return strings.Join(terms, " and ")
	}
	for _, r := range m.Rules {
		rule := holds(r)
		switch {
		case rule == "":
			q.rules, q.could, q.all = append(q.rules, strings.TrimPrefix(before, " and ")), append(q.could, ""), true
		default:
			q.rules = append(q.rules, rule+before)
			before += " and not (" + rule + ")"
			q.could = append(q.could, could(r)+before)
		}
	}
	if !q.all {
		q.none = strings.TrimPrefix(before, " and ")
	}
	// A device is unsure at a rule that does not hold and could; otherwise at a later one, as long as none before holds.
	unsure = func(i int) string {
		if i >= len(m.Rules) || len(m.Rules[i].Conditions()) == 0 {
			return ""
		}
		text := could(m.Rules[i])
		if later := unsure(i + 1); later != "" {
			text = "(" + text + " or (" + later + "))"
		}
		return "not (" + holds(m.Rules[i]) + ") and " + text
	}
	q.unsure = unsure(0)
	return q
}

// supportClasses is how many classes the table shows.
const supportClasses = 200

func (s *Server) readSupport(v *Visit) (p supportPage, err error) {
	p.May = v.May(account.ProgramWrite)
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		p.Model, err = s.program.Support(tx)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Ready, _ = s.Index.Ready()
	for _, l := range p.Model.Body.Levels {
		p.Levels = append(p.Levels, levelCover{SupportLevel: l})
	}
	for _, r := range p.Model.Body.Rules {
		level, _ := p.Model.Body.Level(r.Level)
		p.Rules = append(p.Rules, ruleCover{SupportRule: r, Level: level})
	}
	if p.Ready && v.May(account.InventoryRead) {
		err = p.cover(s, v)
	} else {
		p.Ready = false
	}
	return p, err
}

// cover counts the devices that the person may see.
func (p *supportPage) cover(s *Server, v *Visit) error {
	ask, err := s.asker(v)
	if err != nil {
		return err
	}
	q := ask.supportQueries(p.Model.Body)
	if p.Total, err = ask.count(""); err != nil {
		return err
	}
	byClass := map[string]*classCover{}
	add := func(question string, at int) (int, error) {
		page, err := ask.find(question, column.Request{Limit: 1, Facets: []string{"class"}, FacetLimit: supportClasses})
		if err != nil {
			return 0, err
		}
		count := func(class string, n int) {
			c := byClass[class]
			if c == nil {
				c = &classCover{Class: class, Cells: make([]cover, len(p.Levels))}
				byClass[class] = c
			}
			c.Total += n
			if at < 0 {
				c.None.Count += n
			} else {
				c.Cells[at].Count += n
			}
		}
		for _, x := range page.Facets["class"].Values {
			count(x.Value, x.Rows)
		}
		if n := page.Facets["class"].Missing; n > 0 {
			count("", n)
		}
		return page.Total, nil
	}
	questions := make([][]string, len(p.Levels))
	for i := range p.Rules {
		at := slices.IndexFunc(p.Levels, func(l levelCover) bool { return l.ID == p.Rules[i].Level.ID })
		if p.Rules[i].Count, err = add(q.rules[i], at); err != nil {
			return err
		}
		p.Rules[i].Href = askHref(q.rules[i])
		if q.could[i] != "" {
			if p.Rules[i].Could.Count, err = ask.count(q.could[i]); err != nil {
				return err
			}
			p.Rules[i].Could.Href = askHref(q.could[i])
		}
		p.Levels[at].Count += p.Rules[i].Count
		questions[at] = append(questions[at], "("+q.rules[i]+")")
	}
	if !q.all {
		if p.None.Count, err = add(q.none, -1); err != nil {
			return err
		}
		p.None.Href = askHref(q.none)
	}
	if q.unsure != "" {
		if p.Unsure.Count, err = ask.count(q.unsure); err != nil {
			return err
		}
		p.Unsure.Href = askHref(q.unsure)
	}
	for i := range p.Levels {
		if questions[i] != nil {
			p.Levels[i].Href = askHref(anyOf(questions[i]))
		}
	}
	for _, c := range byClass {
		is := ask.is("class", c.Class)
		for i := range c.Cells {
			c.Cells[i].Href = askHref(is + " and " + anyOf(questions[i]))
		}
		c.None.Href = askHref(is + " and " + q.none)
		p.Classes = append(p.Classes, *c)
	}
	slices.SortFunc(p.Classes, func(a, b classCover) int {
		if a.Total != b.Total {
			return b.Total - a.Total
		}
		return strings.Compare(a.Class, b.Class)
	})
	return nil
}

// anyOf joins questions; a rule that holds for everything asks nothing.
func anyOf(questions []string) string {
	if slices.Contains(questions, "()") {
		return "()"
	}
	if len(questions) == 1 {
		return questions[0]
	}
	return "(" + strings.Join(questions, " or ") + ")"
}

func (s *Server) support(v *Visit) error {
	p, err := s.readSupport(v)
	if err != nil {
		return err
	}
	page := Page{Title: "Support model", About: "Which devices can count on which support, by their risk, and for which nobody has promised anything.", Fresh: p.Model.At}
	if p.May {
		page.Actions = supportActions(p.Model.Version > 0)
	}
	return v.Render(page, p.View())
}

// supportForm is the form of levels and rules.
type supportForm struct {
	M       program.SupportModel
	Version int64
	Wrong   map[string]string
	Classes []string
}

// Rows that the form offers beyond those that are there.
const spareRows = 2

func (s *Server) supportEdit(v *Visit) error {
	old, err := s.readSupport(v)
	if err != nil {
		return err
	}
	p := supportForm{M: old.Model.Body, Version: old.Model.Version}
	for _, c := range s.Inventory.Classes() {
		p.Classes = append(p.Classes, c.Name)
	}
	if v.R.Method == "GET" {
		return p.show(v)
	}
	e := v.entered()
	p.Version = v.versioned()
	p.M = readSupportForm(v, e, old.Model.Body)
	if !e.bad() {
		kept, err := s.program.SetSupport(v.Context(), p.Version, p.M, v.Actor.String(), v.Form("why"))
		if err == nil {
			flash := &Flash{Status: Good, Text: "Saved the support model."}
			if old.Model.Version != kept.Version {
				flash.Undo = undoPath("support", kept.ID, old.Model.Version)
			}
			return v.Redirect("/program/support", flash)
		}
		if _, ok := e.mistakes(err); !ok {
			return err
		}
	}
	p.Wrong = e.wrong
	return p.show(v)
}

func (p supportForm) show(v *Visit) error {
	return v.Render(Page{Title: "Levels and rules", About: "The first rule that holds for a device decides its level.", Crumbs: []Link{{"Support model", "/program/support"}}, Wide: true, Status: mistakeStatus(p.Wrong)}, p.View())
}

// readSupportForm reads rows: one without a name or a level is taken away; rules are ordered by their number.
func readSupportForm(v *Visit, e *entered, old program.SupportModel) (m program.SupportModel) {
	used := map[string]bool{}
	for _, l := range old.Levels {
		used[l.ID] = true
	}
	for i := range 30 {
		at := func(name string) string { return fmt.Sprintf("level.%d.%s", i+1, name) }
		if v.Form(at("name")) == "" {
			continue
		}
		l := program.SupportLevel{ID: v.Form(at("id")), Name: v.Form(at("name")), Hours: v.Form(at("hours")), Response: e.number(at("response")), Restore: e.number(at("restore")),
			FirstLine: v.Form(at("first_line")), SecondLine: v.Form(at("second_line")), Vendor: v.Form(at("vendor")), Note: v.Form(at("note"))}
		for n := 1; l.ID == ""; n++ {
			if id := "level-" + strconv.Itoa(n); !used[id] {
				l.ID, used[id] = id, true
			}
		}
		l.Origin = program.Provenance{Source: program.House, Date: string(program.DayOf(v.Now))}
		if was, ok := old.Level(l.ID); ok {
			changed := l
			changed.Origin = was.Origin
			if changed == was {
				l.Origin = was.Origin // what nobody changed keeps where it comes from
			}
		}
		m.Levels = append(m.Levels, l)
	}
	type numbered struct {
		n int
		r program.SupportRule
	}
	var rules []numbered
	for i := range 30 {
		at := func(name string) string { return fmt.Sprintf("rule.%d.%s", i+1, name) }
		if v.Form(at("level")) == "" {
			continue
		}
		rules = append(rules, numbered{e.number(at("n")), program.SupportRule{Class: v.Form(at("class")), Category: v.Form(at("category")), LifeSupport: v.Form(at("life_support")), Criticality: v.Form(at("criticality")), Level: v.Form(at("level")), Why: v.Form(at("why"))}})
	}
	slices.SortStableFunc(rules, func(a, b numbered) int { return a.n - b.n })
	for _, x := range rules {
		m.Rules = append(m.Rules, x.r)
	}
	return m
}

// minutes writes a time that was promised: "15 min", "4 h", "3 d"; none is said to be none.
func minutes(n int) string {
	switch {
	case n == 0:
		return "none promised"
	case n%(24*60) == 0:
		return strconv.Itoa(n/(24*60)) + " d"
	case n%60 == 0:
		return strconv.Itoa(n/60) + " h"
	}
	return strconv.Itoa(n) + " min"
}
