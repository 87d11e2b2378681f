package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"pons/account"
	"pons/column"
	"pons/fault"
	"pons/ledger"
	"pons/plan"
	"pons/query"
	"pons/sqldb"
)

// PlanBody is what a scenario is made of or replaced by.
type PlanBody struct {
	Name  string    `json:"name,omitempty" maxLength:"200"`
	About string    `json:"about,omitempty" maxLength:"4000"`
	Why   string    `json:"why,omitempty" maxLength:"500" doc:"Goes into the history"`
	Plan  *PlanFile `json:"plan,omitempty" doc:"The plan as JSON"`
	File  string    `json:"file,omitempty" doc:"Or the text of a plan file (YAML); mistakes are told with their line"`
}

// read gives the plan of a body, and what was filled in.
func (s *server) readPlan(b *PlanBody) (*plan.Plan, []string, error) {
	text, location := []byte(b.File), "body.file"
	switch {
	case b.Plan != nil && b.File != "":
		return nil, nil, huma.Error422UnprocessableEntity("send the plan once: as plan or as file", &huma.ErrorDetail{Location: location, Message: "plan is given already"})
	case b.Plan != nil:
		text, location = b.Plan.RawMessage, "body.plan"
	case strings.TrimSpace(b.File) == "":
		return nil, nil, huma.Error422UnprocessableEntity("a plan is wanted", &huma.ErrorDetail{Location: "body.plan", Message: "send plan (JSON) or file (YAML)"})
	}
	p, notes, err := plan.Read("", bytes.NewReader(text))
	if err != nil {
		if b.Plan != nil {
			err = unlined(err)
		}
		return nil, nil, s.planFault(err, location)
	}
	return p, notes, nil
}

// unlined takes away lines: those of a value inside of a JSON body say nothing to its sender.
func unlined(err error) error {
	var found fault.Mistakes
	if !errors.As(err, &found) {
		return err
	}
	out := append(fault.Mistakes(nil), found...)
	for i := range out {
		out[i].Line, out[i].Column = 0, 0
	}
	return out
}

// scenarioOutput is the answer of a write.
type scenarioOutput struct{ Body Scenario }

// wrote answers a write, and wakes those who follow the database.
func (s *server) wrote(e ledger.Entry[plan.Scenario], notes []string, err error) (*scenarioOutput, error) {
	if err != nil {
		return nil, s.planFault(err, "body")
	}
	s.Changed()
	doc, err := scenarioOf(e, true)
	doc.Notes = notes
	return &scenarioOutput{doc}, s.answer(err)
}

type addPlanInput struct {
	Body struct {
		PlanBody
		Template string `json:"template,omitempty" enum:"hospital," doc:"hospital: begin with the classes and roles that every hospital has; currency and year are then wanted, plan and file not"`
		Currency string `json:"currency,omitempty" pattern:"^[A-Z]{3}$"`
		Year     int    `json:"base_year,omitempty" minimum:"2000" maximum:"2100"`
	}
}

type addedOutput struct {
	Status   int
	Location string `header:"Location"`
	Body     Scenario
}

func (s *server) addPlan(ctx context.Context, in *addPlanInput) (*addedOutput, error) {
	who, err := s.may(ctx, account.PlanWrite)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	var p *plan.Plan
	var notes []string
	if b.Template != "" {
		if b.Plan != nil || b.File != "" {
			return nil, huma.Error422UnprocessableEntity("the template is a plan already", &huma.ErrorDetail{Location: "body.template", Message: "leave it out, or leave plan and file out"})
		}
		currency, year := b.Currency, b.Year
		if currency == "" {
			currency = "USD"
			notes = append(notes, "currency is not given: USD is taken")
		}
		if year == 0 {
			year = s.Now().Year()
			notes = append(notes, fmt.Sprintf("base_year is not given: %d is taken", year))
		}
		p = plan.Template(currency, year)
	} else if p, notes, err = s.readPlan(&b.PlanBody); err != nil {
		return nil, err
	}
	e, err := s.plans.Add(ctx, who.String(), b.Why, plan.Scenario{Name: b.Name, About: b.About, Plan: *p})
	out, err := s.wrote(e, notes, err)
	if err != nil {
		return nil, err
	}
	return &addedOutput{201, Prefix + "/plans/" + e.ID, out.Body}, nil
}

type replacePlanInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		PlanBody
		Version int64 `json:"version" minimum:"1" doc:"The version that you looked at"`
	}
}

func (s *server) replacePlan(ctx context.Context, in *replacePlanInput) (*scenarioOutput, error) {
	who, err := s.may(ctx, account.PlanWrite)
	if err != nil {
		return nil, err
	}
	old, err := s.planEntry(ctx, in.ID, 0)
	if err != nil {
		return nil, s.answer(err)
	}
	p, notes, err := s.readPlan(&in.Body.PlanBody)
	if err != nil {
		return nil, err
	}
	next := plan.Scenario{Name: in.Body.Name, About: in.Body.About, Plan: *p, From: old.Body.From}
	if next.Name == "" {
		next.Name = old.Body.Name
	}
	e, err := s.plans.Save(ctx, who.String(), in.Body.Why, in.ID, in.Body.Version, next)
	return s.wrote(e, notes, err)
}

type editPlanInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Version int64             `json:"version" minimum:"1" doc:"The version that you looked at"`
		Name    *string           `json:"name,omitempty" maxLength:"200"`
		About   *string           `json:"about,omitempty" maxLength:"4000"`
		Changes map[string]string `json:"changes,omitempty" maxProperties:"1000" doc:"Path and value as it would stand in a plan file: roles[2].salary and 70,000, classes[0].growth and 4%; an empty text clears what may be empty"`
		Why     string            `json:"why,omitempty" maxLength:"500"`
	}
}

func (s *server) editPlan(ctx context.Context, in *editPlanInput) (*scenarioOutput, error) {
	who, err := s.may(ctx, account.PlanWrite)
	if err != nil {
		return nil, err
	}
	old, err := s.planEntry(ctx, in.ID, 0)
	if err != nil {
		return nil, s.answer(err)
	}
	if old.Version != in.Body.Version { // places in lists may have moved since
		return nil, huma.Error409Conflict(fmt.Sprintf("the scenario is at version %d; look at it again", old.Version))
	}
	p, err := old.Body.Plan.With(in.Body.Changes)
	if err != nil {
		return nil, s.planFault(err, "body.changes")
	}
	next := old.Body
	next.Plan = *p
	if in.Body.Name != nil {
		next.Name = *in.Body.Name
	}
	if in.Body.About != nil {
		next.About = *in.Body.About
	}
	e, err := s.plans.Save(ctx, who.String(), in.Body.Why, in.ID, in.Body.Version, next)
	return s.wrote(e, nil, err)
}

func (s *server) removePlan(ctx context.Context, in *planVersionsInput) (*struct{}, error) {
	who, err := s.may(ctx, account.PlanWrite)
	if err != nil {
		return nil, err
	}
	if _, err := s.planEntry(ctx, in.ID, 0); err != nil {
		return nil, s.answer(err)
	}
	if _, err := s.plans.Remove(ctx, who.String(), in.ID); err != nil {
		return nil, s.answer(err)
	}
	s.Changed()
	return nil, nil
}

type copyPlanInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200"`
	}
}

func (s *server) copyPlan(ctx context.Context, in *copyPlanInput) (*addedOutput, error) {
	who, err := s.may(ctx, account.PlanWrite)
	if err != nil {
		return nil, err
	}
	e, err := s.plans.Copy(ctx, who.String(), in.ID, in.Body.Name)
	out, err := s.wrote(e, nil, err)
	if err != nil {
		return nil, err
	}
	return &addedOutput{201, Prefix + "/plans/" + e.ID, out.Body}, nil
}

func (s *server) lockPlan(locked bool) func(context.Context, *planVersionsInput) (*scenarioOutput, error) {
	return func(ctx context.Context, in *planVersionsInput) (*scenarioOutput, error) {
		who, err := s.may(ctx, account.PlanWrite)
		if err != nil {
			return nil, err
		}
		e, err := s.plans.Lock(ctx, who.String(), in.ID, locked)
		return s.wrote(e, nil, err)
	}
}

type restorePlanInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Version int64 `json:"version" minimum:"1"`
	}
}

func (s *server) restorePlan(ctx context.Context, in *restorePlanInput) (*scenarioOutput, error) {
	who, err := s.may(ctx, account.PlanWrite)
	if err != nil {
		return nil, err
	}
	e, err := s.plans.Restore(ctx, who.String(), in.ID, in.Body.Version)
	return s.wrote(e, nil, err)
}

type recountPlanInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Version int64  `json:"version" minimum:"1" doc:"The version that you looked at"`
		Why     string `json:"why,omitempty" maxLength:"500"`
	}
}

// recountPlan takes the counts from the inventory. They are those of the whole hospital, which who sees only a part of
// it may not learn.
func (s *server) recountPlan(ctx context.Context, in *recountPlanInput) (*scenarioOutput, error) {
	who, err := s.may(ctx, account.PlanWrite)
	if err != nil {
		return nil, err
	}
	if !who.Can(account.InventoryRead) || !who.Scope.All() {
		return nil, huma.Error403Forbidden("this token does not see the whole inventory, whose counts a plan takes")
	}
	if err := s.ready(); err != nil {
		return nil, err
	}
	old, err := s.planEntry(ctx, in.ID, 0)
	if err != nil {
		return nil, s.answer(err)
	}
	now := s.Now()
	base := plan.Baseline{AsOf: now.Format(time.DateOnly), Taken: now.UTC().Format(time.RFC3339)}
	if was := old.Body.Plan.Baseline; was != nil {
		base.Site = was.Site
	}
	if err := s.DB.View(ctx, func(tx *sqldb.Tx) error { base.Revision = int64(tx.Rev()); return nil }); err != nil {
		return nil, s.answer(err)
	}
	count, err := s.counter(base.Site)
	if err != nil {
		return nil, s.answer(err)
	}
	if base.Devices, err = count(""); err != nil {
		return nil, s.answer(err)
	}
	p, err := old.Body.Plan.Recount(base, count)
	if err != nil {
		return nil, s.answer(err)
	}
	next := old.Body
	next.Plan = *p
	e, err := s.plans.Save(ctx, who.String(), in.Body.Why, in.ID, in.Body.Version, next)
	return s.wrote(e, nil, err)
}

// counter answers the questions of a plan's classes with the inventory's number of devices: of one site, or of all.
func (s *server) counter(site string) (func(question string) (int, error), error) {
	list, table := s.Index.View()
	var sites []string
	if site != "" {
		sites = []string{site}
	}
	scope, err := list.Within(sites, nil)
	if err != nil {
		return nil, err
	}
	return func(question string) (int, error) {
		e, err := query.Parse(list.Schema(), question)
		if err != nil {
			var wrong *query.Error
			if errors.As(err, &wrong) {
				return 0, fmt.Errorf("the question %q is not understood at column %d: %s %s: %w", question, wrong.Column, wrong.Message, wrong.Hint, fault.Invalid)
			}
			return 0, err
		}
		page, err := table.Find(column.Request{Expr: e, Scope: scope, Now: s.Now(), Limit: 1})
		return page.Total, err
	}, nil
}
