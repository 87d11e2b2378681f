package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"

	"pons/account"
	"pons/fault"
	"pons/plan"
	"pons/staff"
)

// adviceForm is what is asked: a budget a year, for which year, whether contracts stay as they are, and at most one
// course that lets people of one role do work of another.
type adviceForm struct {
	Budget, Year string
	Keep         bool
	From, To     string
	Cost, Hours  string
	Mistakes     map[string]string
}

// advicePage is the best use of a budget, and where skills are thin.
type advicePage struct {
	Entry   scenarioEntry
	Form    adviceForm
	Years   []Option
	Roles   []Option
	Advice  *plan.Advice
	Pending bool
	People  bool // who works here is known, and this person may see it
	Train   *plan.CrossTraining
	Course  adviceForm // Cost and Hours of one level of a skill, for the pairings
	May     bool
}

// adviceKey is a question to the optimiser: the same question to the same state has one answer.
type adviceKey struct {
	of         outcomeKey
	budget     float64
	year       int
	keep       bool
	from, to   string
	cost, hour float64
}

// advices are the answers of the optimiser that were asked last, and those that are being worked out. It is safe for
// many goroutines.
type advices struct {
	mu   sync.Mutex
	of   map[adviceKey]*adviceRun
	last []adviceKey
}

type adviceRun struct {
	done   chan struct{}
	advice plan.Advice
	err    error
}

// keptAdvices bounds the memory: an answer takes some 20 kB.
const keptAdvices = 64

// ask begins what is not begun yet.
func (a *advices) ask(k adviceKey, s *Server, do func() (plan.Advice, error)) *adviceRun {
	a.mu.Lock()
	defer a.mu.Unlock()
	if run := a.of[k]; run != nil {
		return run
	}
	if a.of == nil {
		a.of = map[adviceKey]*adviceRun{}
	}
	run := &adviceRun{done: make(chan struct{})}
	a.of[k], a.last = run, append(a.last, k)
	for len(a.last) > keptAdvices {
		delete(a.of, a.last[0])
		a.last = a.last[1:]
	}
	s.jobs.all.Go(func() {
		defer close(run.done)
		run.advice, run.err = do()
	})
	return run
}

// wait waits a little for the answer.
func (r *adviceRun) wait(ctx context.Context, patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-r.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// read puts the form into a question. Its mistakes stand at the fields.
func (f *adviceForm) read(v *Visit, p *plan.Plan) (k adviceKey, b plan.Budget, ok bool) {
	f.Budget, f.Year, f.Keep = v.Form("budget"), v.Form("year"), v.Form("keep") != ""
	f.From, f.To, f.Cost, f.Hours = v.Form("from"), v.Form("to"), v.Form("cost"), v.Form("hours")
	f.Mistakes = map[string]string{}
	if f.Budget == "" {
		return k, b, false
	}
	number := func(field, text, what string) float64 {
		n, err := parseNumber(strings.Join(strings.Fields(text), ""))
		if err != nil || n < 0 || n > 1e9 || math.IsNaN(n) {
			f.Mistakes[field] = fmt.Sprintf("%q is no %s; write a number such as 200,000.", text, what)
		}
		return n
	}
	b.Amount, b.KeepContracts = number("budget", f.Budget, "budget"), f.Keep
	if f.Year != "" {
		b.Year, _ = strconv.Atoi(f.Year)
		if b.Year < p.BaseYear || b.Year > p.BaseYear+p.Horizon {
			f.Mistakes["year"] = fmt.Sprintf("The plan goes from %d to %d.", p.BaseYear, p.BaseYear+p.Horizon)
		}
	} else {
		b.Year = p.BaseYear + min(1, p.Horizon)
	}
	if f.From != "" || f.To != "" {
		switch {
		case f.From == "" || f.To == "":
			f.Mistakes["to"] = "A course needs both: whose people learn, and whose work they can do then."
		case f.From == f.To:
			f.Mistakes["to"] = f.From + " can do this work already."
		default:
			c := plan.Course{From: f.From, To: f.To}
			if f.Cost != "" {
				c.Cost = number("cost", f.Cost, "cost")
			}
			if f.Hours != "" {
				c.Hours = number("hours", f.Hours, "number of hours")
			}
			b.Courses = []plan.Course{c}
			k.from, k.to, k.cost, k.hour = c.From, c.To, c.Cost, c.Hours
		}
	}
	k.budget, k.year, k.keep = b.Amount, b.Year, b.KeepContracts
	return k, b, len(f.Mistakes) == 0
}

// query is the form as an address.
func (f *adviceForm) query() string {
	q := url.Values{}
	for k, v := range map[string]string{"budget": f.Budget, "year": f.Year, "from": f.From, "to": f.To, "cost": f.Cost, "hours": f.Hours} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if f.Keep {
		q.Set("keep", "yes")
	}
	return q.Encode()
}

// planAdvice proposes what a budget is best spent on, and which courses mend thin skills.
func (s *Server) planAdvice(v *Visit) error {
	e, err := s.scenario(v)
	if err != nil {
		return err
	}
	body := &e.Body.Plan
	p := &advicePage{Entry: e, May: v.May(account.PlanWrite)}
	for y := range body.Horizon + 1 {
		p.Years = append(p.Years, Option{strconv.Itoa(body.BaseYear + y), strconv.Itoa(body.BaseYear + y)})
	}
	p.Roles = []Option{{"", "none"}}
	for i := range body.Roles {
		p.Roles = append(p.Roles, Option{body.Roles[i].Name, body.Roles[i].Name})
	}
	page := planPage(e, "What a budget is best spent on, and where skills rest on one person. Pons proposes; a person decides.")
	page.Islands, page.Fresh = []string{"chart"}, e.At
	k, budget, ok := p.Form.read(v, body)
	if p.Form.Year == "" {
		p.Form.Year = strconv.Itoa(body.BaseYear + min(1, body.Horizon))
	}
	if len(p.Form.Mistakes) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	if ok {
		run := s.advise(e, k, budget)
		switch {
		case !run.wait(v.Context(), patience):
			p.Pending, page.Refresh = true, 2
		case run.err != nil:
			m, is := planMistakes(run.err)
			if !is {
				return run.err
			}
			p.Form.Mistakes["budget"], page.Status = m.Error(), http.StatusUnprocessableEntity
		default:
			p.Advice = &run.advice
		}
	}
	if v.Part() {
		if p.Pending {
			return v.Fragment(p.waiting())
		}
		v.W.Header().Set("HX-Refresh", "true")
		return v.Fragment(templ.NopComponent)
	}
	if v.May(account.StaffRead) {
		if err := s.pairings(v, p); err != nil {
			return err
		}
	}
	return v.Render(page, p.View())
}

func (s *Server) advise(e scenarioEntry, k adviceKey, b plan.Budget) *adviceRun {
	k.of = outcomeKey{e.ID, e.Version}
	return s.advices.ask(k, s, func() (plan.Advice, error) { return plan.Optimise(&e.Body.Plan, b) })
}

// adoptAdvice makes a scenario in which the moves are taken. The scenario it was asked of stays as it is.
func (s *Server) adoptAdvice(v *Visit) error {
	e, err := s.scenario(v)
	if err != nil {
		return err
	}
	var f adviceForm
	k, budget, ok := f.read(v, &e.Body.Plan)
	back := planHref(e.ID, "advice") + "?" + f.query()
	if !ok {
		return v.Redirect(back, nil)
	}
	run := s.advise(e, k, budget)
	if !run.wait(v.Context(), patience) {
		return v.Redirect(back, &Flash{Status: Info, Text: "The best use is still being worked out. Make the scenario when it is there."})
	}
	if run.err != nil {
		return run.err
	}
	body := plan.Scenario{Plan: *adopt(&e.Body.Plan, run.advice, budget), About: fmt.Sprintf("%s with what Pons proposed for %s %s a year from %d.", e.Body.Name, coins(budget.Amount), e.Body.Plan.Currency, budget.Year), From: &plan.Origin{ID: e.ID, Version: e.Version, Name: e.Body.Name}}
	why := fmt.Sprintf("proposal for a budget of %s %s, accepted by hand", coins(budget.Amount), e.Body.Plan.Currency)
	for n := 1; n < 100; n++ {
		name := fmt.Sprintf("%s + %s %s", short(e.Body.Name, 70), coins(budget.Amount), e.Body.Plan.Currency)
		if n > 1 {
			name += fmt.Sprintf(" (%d)", n)
		}
		body.Name = name
		next, err := s.plans.Add(v.Context(), v.Actor.String(), why, body)
		if m, taken := planMistakes(err); taken && m.At("name") != "" {
			continue
		}
		if err != nil {
			return err
		}
		return v.Redirect(compareHref(e.ID, next.ID), &Flash{Status: Good, Text: fmt.Sprintf("Made %s. %s stays as it is.", name, e.Body.Name), Undo: planHref(next.ID, "remove")})
	}
	return fmt.Errorf("there are a hundred proposals of this budget; remove some: %w", fault.Invalid)
}

func short(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}

// adopt puts the moves into a copy of the plan: hires from the begin of the year, contracts in force or ended, courses
// as a cost. A plan file has no place for who was trained, so that the course's hours are not in its projection; the
// note says so.
func adopt(p *plan.Plan, a plan.Advice, b plan.Budget) *plan.Plan {
	next := p.Copy()
	for _, m := range a.Moves {
		switch m.Kind {
		case "hire":
			if i := slices.IndexFunc(next.Roles, func(r plan.Role) bool { return r.Name == m.Name }); i >= 0 {
				next.Roles[i].Hires = append(next.Roles[i].Hires, plan.Hire{Start: fmt.Sprintf("%d-01", a.Year), FTE: m.FTE, Note: "proposed by Pons: " + m.Because})
			}
		case "contract", "in-house":
			if i := slices.IndexFunc(next.Classes, func(c plan.Class) bool { return c.Name == m.Name }); i >= 0 && next.Classes[i].Contract != nil {
				next.Classes[i].Contract.InForce = m.Kind == "contract"
			}
		case "course":
			next.Costs = append(next.Costs, plan.Cost{Name: "course: " + m.Name, Kind: "training", PerYear: m.Cost, From: a.Year})
			next.Note = strings.TrimSpace(next.Note + "\nThe hours that the course " + m.Name + " moves between roles are not in this projection.")
		}
	}
	return next
}

// moveTitle is a move in words.
func moveTitle(m plan.Move) string {
	switch m.Kind {
	case "hire":
		return fmt.Sprintf("Hire %s FTE %s", amount(m.FTE), m.Name)
	case "contract":
		return "Contract for " + m.Name
	case "in-house":
		return "Keep " + m.Name + " in-house: end the contract"
	case "course":
		return "Train " + m.Name
	}
	return m.Kind + " " + m.Name
}

// steps is the picture of what each further step of the budget leaves uncovered.
func (p *advicePage) steps() *Chart {
	if len(p.Advice.Frontier) < 2 {
		return nil
	}
	c := &Chart{ID: "plan-steps", Title: "What the next money buys", Kind: StepChart, Unit: "weighted hours", Along: "budget, " + p.Entry.Body.Plan.Currency + " a year"}
	left := Series{Name: "weighted hours not covered"}
	for _, f := range p.Advice.Frontier {
		c.X, c.At = append(c.X, coins(f.Amount)), append(c.At, f.Amount)
		left.Values = append(left.Values, math.Round(f.Weighted))
	}
	c.Series = []Series{left}
	return c
}

// The parts of the week by which skills are shown (an assumption: hospitals' shifts differ by an hour or two).
func shiftsOfWeek() []plan.ShiftHours {
	return []plan.ShiftHours{
		{Name: "Day (Mon–Fri 07–19)", Hours: plan.WeekWhere(func(d, h int) bool { return d < 5 && h >= 7 && h < 19 })},
		{Name: "Night (Mon–Fri 19–07)", Hours: plan.WeekWhere(func(d, h int) bool { return d < 5 && (h < 7 || h >= 19) })},
		{Name: "Weekend", Hours: plan.WeekWhere(func(d, _ int) bool { return d >= 5 })},
	}
}

// What a course takes when nobody has said (assumptions: three days, and a course at a public price; both fields of the
// form).
const (
	courseCost  = 2500
	courseHours = 24
)

// pairings asks who could learn what so that no skill rests on one person in the hours of the day.
func (s *Server) pairings(v *Visit, p *advicePage) error {
	var expect staff.Expectations
	roster, err := s.readRoster(v, &expect)
	if err != nil {
		return err
	}
	p.People = len(roster.People) > 0
	p.Course = adviceForm{Cost: v.Form("course_cost"), Hours: v.Form("course_hours"), Mistakes: map[string]string{}}
	if !p.People {
		return nil
	}
	cost, hours := float64(courseCost), float64(courseHours)
	for _, field := range []struct {
		text *string
		to   *float64
		name string
	}{{&p.Course.Cost, &cost, "course_cost"}, {&p.Course.Hours, &hours, "course_hours"}} {
		if *field.text == "" {
			*field.text = amount(*field.to)
			continue
		}
		n, err := parseNumber(*field.text)
		if err != nil || n < 0 || n > 1e6 {
			p.Course.Mistakes[field.name] = fmt.Sprintf("%q: write a number of at least 0.", *field.text)
			continue
		}
		*field.to = n
	}
	var teaching []plan.Teaching
	var needs []plan.SkillNeed
	for _, skill := range expect.Skills {
		teaching = append(teaching, plan.Teaching{Skill: skill.Name, Cost: cost, Hours: hours})
		needs = append(needs, plan.SkillNeed{Skill: skill.Name, Level: expect.Qualified, When: shiftsOfWeek()[0].Hours, OnCall: true})
	}
	people := trainees(roster, &p.Entry.Body.Plan, v.Now)
	got, err := plan.CrossTrain(people, needs, teaching, shiftsOfWeek())
	if err != nil {
		return err
	}
	// What is asked for is the day; what is there is shown of the whole week.
	for i := range needs {
		needs[i].When = plan.WholeWeek()
	}
	week, err := plan.CrossTrain(people, needs, nil, shiftsOfWeek())
	if err != nil {
		return err
	}
	for i := range got.Skills {
		got.Skills[i].Shifts = week.Skills[i].Shifts
	}
	p.Train = &got
	return nil
}

// trainees are the people who work here now, with their hours of this week.
func trainees(roster *staff.Roster, p *plan.Plan, now time.Time) []plan.Trainee {
	today := staff.DateOf(now.In(roster.Zone))
	out := make([]plan.Trainee, 0, len(roster.People))
	at := map[string]int{}
	for i := range roster.People {
		who := &roster.People[i]
		if !who.Works(today) {
			continue
		}
		t := plan.Trainee{Name: who.Name, Role: who.Title, Skills: who.Skills}
		for j := range p.Roles {
			if r := &p.Roles[j]; strings.EqualFold(r.Name, who.Title) {
				t.Hourly = loadedHour(p, r)
			}
		}
		at[who.ID] = len(out)
		out = append(out, t)
	}
	everyone := staff.Need{AnySite: true}
	week := roster.WeekOf(now)
	for h := range plan.WeekHours {
		found := roster.At(time.Date(week.Year(), week.Month(), week.Day()+h/24, h%24, 0, 0, 0, roster.Zone)).Who(everyone)
		for _, d := range found.Present {
			if i, ok := at[d.Person.ID]; ok {
				out[i].Present[h] = true
			}
		}
		for _, d := range found.OnCall {
			if i, ok := at[d.Person.ID]; ok {
				out[i].OnCall[h] = true
			}
		}
	}
	return out
}

func round0(v float64) float64 { return math.Round(v) }

// summary says what the moves come to.
func (p *advicePage) summary() string {
	a := p.Advice
	return fmt.Sprintf("Spends %s %s. Of %s weighted hours (%s h) that nobody is there for, %s (%s h) stay.", coins(a.Spent), p.Entry.Body.Plan.Currency, amount(round0(a.Before.Weighted)), amount(round0(a.Before.Hours)), amount(round0(a.After.Weighted)), amount(round0(a.After.Hours)))
}

func (p *advicePage) skillColumns() []Column {
	cols := []Column{{Title: "Skill"}}
	for _, s := range shiftsOfWeek() {
		cols = append(cols, Column{Title: s.Name})
	}
	return append(cols, Column{Title: "Single point of failure"}, Column{Title: "What no course mends"})
}

// restsOn names whom a skill rests on.
func restsOn(k plan.SkillCover) string {
	switch len(k.Holders) {
	case 0:
		return "nobody"
	case 1:
		return k.Holders[0]
	}
	return "one in some hours"
}

// loadedHour is what an available hour of a role costs, wages and benefits.
func loadedHour(p *plan.Plan, r *plan.Role) float64 {
	benefits, hours := p.Benefits, p.Workload.Hours
	if r.Benefits != nil {
		benefits = *r.Benefits
	}
	if r.Hours != nil && !r.Hours.IsZero() {
		hours = *r.Hours
	}
	return r.Salary * (1 + benefits) / hours.Available()
}
