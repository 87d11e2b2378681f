package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"pons/column"
	"pons/fault"
	"pons/inventory"
	"pons/plan"
	"pons/program"
	"pons/raci"
	"pons/sqldb"
	"pons/staff"
)

// figures gathers the numbers that KPIs are computed from: what the index counts, who works here, who answers.
type figures struct {
	program.Figures
	ask       asker
	questions map[program.Figure]string // whose devices a figure counts
	plan      string                    // the plan in force that the figures of posts are from; empty where they are not known
}

// freshDays bounds the search for the age that nine of ten devices do not exceed: ten years.
const freshDays = 3650

// contractDays is how far ahead the end of a contract is soon: time enough to compare and to give notice (expert).
const contractDays = 90

// lostDays is after how many days without a sign a recorded device counts as lost (domain/09 §9.2).
const lostDays = 30

// gather reads every figure that there is. What cannot be known is left out: without a CMMS nothing is "not in the
// CMMS", without people no skill is lonely.
func (s *Server) gather(ctx context.Context, ask asker) (figures, error) {
	f := figures{Figures: program.Figures{}, ask: ask}
	var sources []inventory.SourceStatus
	groups, err := groupsOf(ask)
	if err != nil {
		return f, err
	}
	matrix, err := s.duties.Current(ctx, s.DB)
	if err != nil {
		return f, err
	}
	if len(matrix.Rules) > 0 { // once somebody has written down who answers
		u := matrix.Unanswered(raci.Maintenance, groups, ask.now)
		f.Figures[program.Unanswered], f.Figures[program.Asked] = float64(u.Devices), float64(u.Total)
	}
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		if sources, err = s.Inventory.Sources(tx); err != nil {
			return err
		}
		if err := f.posts(tx, s.plans, ask.now.Year()); err != nil {
			return err
		}
		return f.people(tx, s.staff, ask.now)
	})
	if err != nil {
		return f, err
	}
	f.questions = deviceQuestions(ask, sources)
	for name, question := range f.questions {
		n, err := ask.count(question)
		if err != nil {
			return f, fmt.Errorf("count %s: %w", name, err)
		}
		f.Figures[name] = float64(n)
	}
	return f, f.freshness()
}

// deviceQuestions are the questions of the device list behind the figures of the inventory.
func deviceQuestions(ask asker, sources []inventory.SourceStatus) map[program.Figure]string {
	const seen = "has:last_seen"
	q := map[program.Figure]string{
		program.Devices: "", program.Medical: "category:medical", program.Seen: seen, program.SeenMedical: "category:medical and " + seen,
		program.Reconciled: reconciled, program.Unclassified: "is:unclassified", program.Conflicting: "is:conflict", program.Doubled: "is:duplicate",
		program.Unrecorded: "is:unrecorded", program.Ownerless: "is:no-owner", program.Placeless: "is:no-location",
		program.PMKnown: "has:pm_next", program.PMLate: "pm_next<today",
		program.PMKnownLife: "is:life_support and has:pm_next", program.PMLateLife: "is:life_support and pm_next<today",
		program.ContractsSoon: fmt.Sprintf("contract_end:today..+%dd", contractDays),
	}
	for _, field := range program.Mandatory() {
		q[program.FieldFigure(field)] = "has:" + field
	}
	var cmms []string
	for _, one := range sources {
		if one.Kind == "cmms" {
			cmms = append(cmms, ask.is("source", one.Name))
		}
	}
	if len(cmms) > 0 {
		in := "(" + strings.Join(cmms, " or ") + ")"
		q[program.InCMMS] = in
		q[program.SeenCMMS] = seen + " and " + in
		q[program.SeenMedCMMS] = "category:medical and " + seen + " and " + in
		q[program.CMMSLost] = fmt.Sprintf("%s and (is:unseen or last_seen>%dd)", in, lostDays)
	}
	return q
}

// freshness finds the least number of days that nine of ten seen devices do not exceed.
func (f *figures) freshness() error {
	seen := f.Figures[program.Seen]
	if seen == 0 {
		return nil
	}
	var err error
	low, high := 0, freshDays
	for low < high && err == nil {
		days := (low + high) / 2
		var older int
		if older, err = f.ask.count(fmt.Sprintf("last_seen>%dd", days)); float64(older) <= seen/10 {
			high = days
		} else {
			low = days + 1
		}
	}
	f.Figures[program.SeenAgeP90] = float64(low)
	return err
}

// posts adds the figures of the plan in force, once there is one that says who is there.
func (f *figures) posts(tx *sqldb.Tx, plans *plan.Scenarios, year int) error {
	e, err := plans.InForce(tx)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || !peopleKnown(&e.Body.Plan) {
		return err
	}
	out, err := e.Body.Plan.Project()
	if err != nil {
		return err
	}
	in := slices.IndexFunc(out.Years, func(y plan.Year) bool { return y.Year == year })
	if in < 0 {
		return nil // a plan of other years says nothing of this one
	}
	open, all := 0.0, 0.0
	for _, r := range e.Body.Plan.Roles {
		open += r.OpenFTE
		all += r.OpenFTE + r.CurrentFTE
	}
	missing := 0.0
	for _, r := range out.Years[in].Roles {
		missing += max(0, r.GapFTE) // who is too many in one role does not do the work of another
	}
	f.plan = e.ID
	f.Figures[program.MissingFTE] = missing
	f.Figures[program.OpenPosts], f.Figures[program.AllPosts] = open, all
	return nil
}

// people adds the figures of staff, once there is somebody.
func (f *figures) people(tx *sqldb.Tx, book *staff.Staff, now time.Time) error {
	people, err := book.People(tx)
	if err != nil {
		return err
	}
	expected, err := book.Expectations(tx)
	if err != nil {
		return err
	}
	records, err := book.Records(tx)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(expected.Zone)
	if err != nil {
		zone = time.UTC
	}
	today, yearAgo := staff.DateOf(now.In(zone)), staff.DateOf(now.In(zone).AddDate(-1, 0, 0))
	here := map[string]bool{}
	heads, holders := 0.0, map[string]int{}
	for i := range people {
		p := &people[i]
		if !p.Works(today) || p.Team == staff.Vendor {
			continue
		}
		here[p.ID] = true
		heads += p.FTE
		for _, skill := range expected.Skills {
			if level, known := p.Level(skill.Name); known && level >= expected.Qualified {
				holders[skill.Name]++
			}
		}
	}
	if len(here) == 0 {
		return nil
	}
	f.Figures[program.Heads] = heads
	lone := 0
	for _, skill := range expected.Skills {
		if holders[skill.Name] < 2 {
			lone++
		}
	}
	f.Figures[program.LoneSkills] = float64(lone)
	hours := 0.0
	for _, r := range records {
		if here[r.Person] && r.On > yearAgo && r.On <= today {
			hours += r.Hours
		}
	}
	f.Figures[program.TrainingHours] = hours
	expired := 0
	for _, e := range staff.ExpiringWithin(people, today, 0) {
		if e.Days < 0 && here[e.Person.ID] {
			expired++
		}
	}
	f.Figures[program.CertsExpired] = float64(expired)
	return nil
}

// groupsOf counts the devices that are alike to the duties: of one class, category and site. What is retired or disposed
// needs nobody.
func groupsOf(ask asker) ([]raci.Group, error) {
	const all = 10_000
	whole, err := ask.find(plan.InUse, column.Request{Limit: 1, Facets: []string{"site", "category"}, FacetLimit: all})
	if err != nil {
		return nil, err
	}
	values := func(f column.Facet) []string {
		var out []string
		for _, v := range f.Values {
			if v.Rows > 0 {
				out = append(out, v.Value)
			}
		}
		if f.Missing > 0 {
			out = append(out, "")
		}
		return out
	}
	var groups []raci.Group
	for _, site := range values(whole.Facets["site"]) {
		for _, category := range values(whole.Facets["category"]) {
			page, err := ask.find(ask.is("site", site)+" and "+ask.is("category", category)+" and "+plan.InUse, column.Request{Limit: 1, Facets: []string{"class"}, FacetLimit: all})
			if err != nil {
				return nil, err
			}
			f := page.Facets["class"]
			for _, v := range f.Values {
				if v.Rows > 0 {
					groups = append(groups, raci.Group{Class: v.Value, Category: category, Site: site, Devices: v.Rows})
				}
			}
			if f.Missing > 0 {
				groups = append(groups, raci.Group{Category: category, Site: site, Devices: f.Missing})
			}
		}
	}
	return groups, nil
}

// rows is the device list behind a KPI's number, and the list of those that are missing from it; empty where there
// is none.
func (f figures) rows(measure string) (counted, missing string) {
	switch measure { // what is no device, and what the device list cannot be asked for
	case "unanswered":
		return "/reconcile/nobody", ""
	case "training-hours", "single-skills":
		return "/skills", ""
	case "certs-expired":
		return "/people", ""
	case "staffing-gap", "vacancy":
		if f.plan == "" {
			return "", ""
		}
		return "/plan/" + f.plan + "/results", ""
	}
	m, ok := program.MeasureNamed(measure)
	if !ok {
		return "", ""
	}
	if q, ok := f.questions[m.Rows]; ok && m.Rows != "" {
		counted = askHref(q)
	}
	other, ok := f.questions[m.Otherwise]
	switch {
	case !ok || m.Otherwise == "":
	case m.Rest:
		missing = askHref(other)
	default:
		not := "not (" + f.questions[m.Part] + ")"
		if other != "" {
			not = other + " and " + not
		}
		missing = askHref(not)
	}
	return counted, missing
}

// wholeHospital asks without bounds, for what is kept of the hospital and shown to nobody in particular.
func (s *Server) wholeHospital(now time.Time) (asker, error) {
	a := asker{now: now}
	a.list, a.table = s.Index.View()
	var err error
	a.scope, err = a.list.Within(nil, nil)
	return a, err
}

// serverActor is who keeps the day's readings when nobody asked for it.
const serverActor = "server"

// RecordDay keeps what every KPI that Pons computes comes to today, for the whole hospital. It does nothing while the
// index is being read.
func (s *Server) RecordDay(ctx context.Context) error {
	if ready, _ := s.Index.Ready(); !ready {
		return nil
	}
	ask, err := s.wholeHospital(s.Now())
	if err != nil {
		return err
	}
	_, err = s.measure(ctx, ask, serverActor)
	return err
}

func (s *Server) measure(ctx context.Context, ask asker, actor string) (int, error) {
	f, err := s.gather(ctx, ask)
	if err != nil {
		return 0, err
	}
	return s.program.RecordDay(ctx, ask.now, f.Figures, actor)
}

// readingEvery is how often the day's readings are taken anew; firstReading how often it is tried until the index has
// been read.
const (
	readingEvery = 6 * time.Hour
	firstReading = 5 * time.Second
)

// RecordDays keeps the day's readings until the context ends.
func (s *Server) RecordDays(ctx context.Context) error {
	for {
		wait := firstReading
		if ready, _ := s.Index.Ready(); ready {
			wait = readingEvery
			if err := s.RecordDay(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("readings of the day", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// number writes a KPI's number with at most one digit behind the point.
func number(n float64) string { return trimFloat(math.Round(n*10) / 10) }
