package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/plan"
	"pons/sqldb"
)

// planLimit is the most a plan may weigh; a large one takes some 300 kB.
const planLimit = 4 << 20

func (s *server) registerPlans(routes huma.API) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: Prefix + path, Summary: summary, Tags: []string{"Plans"}, MaxBodyBytes: planLimit,
			Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity}}
	}
	// file adds the answer of a file to an operation.
	file := func(o huma.Operation, kinds ...string) huma.Operation {
		o.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{}}}
		for _, k := range kinds {
			schema := &huma.Schema{Type: huma.TypeString}
			if k == jsonType {
				schema = routes.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Scenario](), true, "Scenario")
			} else if k != yamlType {
				schema.Format = "binary"
			}
			o.Responses["200"].Content[k] = &huma.MediaType{Schema: schema}
		}
		return o
	}
	huma.Register(routes, op("list-plans", http.MethodGet, "/plans", "The scenarios of the resource plan, a page at a time, in the order in which they were made"), s.listPlans)
	huma.Register(routes, op("add-plan", http.MethodPost, "/plans", "Keep a new scenario: from a plan as JSON, from the text of a plan file, or from the template"), s.addPlan)
	huma.Register(routes, op("compare-plans", http.MethodGet, "/plans/compare", "Several scenarios side by side, year by year, with what they state otherwise than the first"), s.comparePlans)
	huma.Register(routes, file(op("get-plan", http.MethodGet, "/plans/{id}", "One scenario; as a plan file with Accept: application/yaml"), jsonType, yamlType), s.getPlan)
	huma.Register(routes, op("replace-plan", http.MethodPut, "/plans/{id}", "Replace a scenario's plan; 409 when somebody saved it after the version that is named"), s.replacePlan)
	huma.Register(routes, op("edit-plan", http.MethodPatch, "/plans/{id}", "Change single values of a plan by their paths; all of them or none"), s.editPlan)
	huma.Register(routes, op("remove-plan", http.MethodDelete, "/plans/{id}", "Take a scenario off the list; its versions stay"), s.removePlan)
	huma.Register(routes, op("copy-plan", http.MethodPost, "/plans/{id}/copy", "A scenario out of another's newest state"), s.copyPlan)
	huma.Register(routes, op("lock-plan", http.MethodPost, "/plans/{id}/lock", "Keep a scenario as it is"), s.lockPlan(true))
	huma.Register(routes, op("unlock-plan", http.MethodPost, "/plans/{id}/unlock", "Let a scenario be changed again"), s.lockPlan(false))
	huma.Register(routes, op("restore-plan", http.MethodPost, "/plans/{id}/restore", "Make an earlier version the newest again, also of a removed scenario"), s.restorePlan)
	huma.Register(routes, op("recount-plan", http.MethodPost, "/plans/{id}/recount", "Take the counts of classes from the inventory; for tokens whose scope is not limited"), s.recountPlan)
	huma.Register(routes, op("list-plan-versions", http.MethodGet, "/plans/{id}/versions", "Every saved state of a scenario, the newest first"), s.listPlanVersions)
	huma.Register(routes, file(op("get-plan-version", http.MethodGet, "/plans/{id}/versions/{version}", "A scenario as it was; as a plan file with Accept: application/yaml"), jsonType, yamlType), s.getPlanVersion)
	huma.Register(routes, op("project-plan", http.MethodGet, "/plans/{id}/projection", "What a scenario comes to; with its uncertainty when simulate is true"), s.projectPlan)
	huma.Register(routes, file(op("get-plan-workbook", http.MethodGet, "/plans/{id}/workbook.xlsx", "A scenario as a workbook with living formulas"), xlsxType), s.planWorkbook)
	huma.Register(routes, file(op("get-plan-report", http.MethodGet, "/plans/{id}/report.pdf", "A scenario as a board report"), pdfType), s.planReport)
	raw := op("project", http.MethodPost, "/projection", "Project a plan file without keeping it")
	raw.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{yamlType: {Schema: &huma.Schema{Type: huma.TypeString, Description: "A plan file"}}}}
	huma.Register(routes, raw, s.project)
}

// The kinds of file.
const (
	jsonType = "application/json"
	yamlType = "application/yaml"
	pdfType  = "application/pdf"
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// PlanFile is a plan as a plan file holds it, in JSON. It is read as a file is: what is left out takes its default,
// and what is wrong is told with its path.
type PlanFile struct{ json.RawMessage }

// Schema describes it to OpenAPI.
func (PlanFile) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "A plan file in JSON: currency, base_year, horizon_years, classes, roles, workload, coverage and the rest"}
}

// Scenario is a plan under a name.
type Scenario struct {
	ID       string        `json:"id"`
	Name     string        `json:"name"`
	About    string        `json:"about"`
	Version  int64         `json:"version" doc:"Counts up with every saved state; name it when you replace or change the plan"`
	Locked   bool          `json:"locked"`
	Removed  bool          `json:"removed,omitempty"`
	At       time.Time     `json:"saved_at"`
	Actor    string        `json:"saved_by"`
	Why      string        `json:"why,omitempty"`
	From     *PlanOrigin   `json:"from,omitempty" doc:"The scenario that it was copied from"`
	Currency string        `json:"currency"`
	BaseYear int           `json:"base_year"`
	Horizon  int           `json:"horizon_years"`
	Baseline *PlanBaseline `json:"baseline,omitempty" doc:"The facts of the inventory that the counts were made from; absent when they were typed in"`
	Plan     *PlanFile     `json:"plan,omitempty" doc:"Absent in lists"`
	Notes    []string      `json:"notes,omitempty" doc:"Defaults that were taken and doubts, after a write"`
}

// PlanOrigin is where a scenario was copied from.
type PlanOrigin struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
}

// PlanBaseline says when the inventory was counted.
type PlanBaseline struct {
	AsOf     string `json:"as_of"`
	Revision int64  `json:"revision"`
	Devices  int    `json:"devices"`
}

// scenarioOf converts an entry; the plan itself is left out unless it is wanted whole.
func scenarioOf(e ledger.Entry[plan.Scenario], whole bool) (Scenario, error) {
	p := &e.Body.Plan
	out := Scenario{ID: e.ID, Name: e.Body.Name, About: e.Body.About, Version: e.Version, Locked: e.Locked, Removed: e.Removed, At: e.At, Actor: e.Actor, Why: e.Why,
		Currency: p.Currency, BaseYear: p.BaseYear, Horizon: p.Horizon}
	if f := e.Body.From; f != nil {
		out.From = &PlanOrigin{f.ID, f.Version, f.Name}
	}
	if b := p.Baseline; b != nil {
		out.Baseline = &PlanBaseline{b.AsOf, b.Revision, b.Devices}
	}
	if whole {
		doc, err := json.Marshal(p)
		if err != nil {
			return out, fmt.Errorf("plan %s: %w", e.ID, err)
		}
		out.Plan = &PlanFile{doc}
	}
	return out, nil
}

// planFault is an error of a plan as an answer: every mistake at its place beneath a location.
func (s *server) planFault(err error, location string) error {
	var found fault.Mistakes
	if !errors.As(err, &found) {
		return s.answer(err)
	}
	var details []error
	for _, m := range found {
		d := &huma.ErrorDetail{Location: location, Message: m.Text}
		if m.Path != "" {
			d.Location = strings.TrimPrefix(location+"."+m.Path, ".")
		}
		if m.Line > 0 {
			d.Message = fmt.Sprintf("line %d, column %d: %s", m.Line, m.Column, m.Text)
		}
		details = append(details, d)
	}
	return huma.Error422UnprocessableEntity("the plan has mistakes; nothing was kept", details...)
}

type plansInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string `query:"cursor" maxLength:"64" doc:"next of the page before"`
}

type plansOutput struct {
	Body struct {
		Plans []Scenario `json:"plans"`
		Total int        `json:"total"`
		Next  string     `json:"next,omitempty" doc:"Cursor of the next page; absent at the end"`
	}
}

func (s *server) listPlans(ctx context.Context, in *plansInput) (*plansOutput, error) {
	if _, err := s.may(ctx, account.PlanRead); err != nil {
		return nil, err
	}
	out := &plansOutput{}
	out.Body.Plans = []Scenario{}
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		list, err := s.plans.List(tx) // ids count up with time: the last one seen is the cursor
		out.Body.Total = len(list)
		for _, e := range list {
			if e.ID <= in.Cursor {
				continue
			}
			if len(out.Body.Plans) == in.Limit {
				out.Body.Next = out.Body.Plans[in.Limit-1].ID
				break
			}
			x, err := scenarioOf(e, false)
			if err != nil {
				return err
			}
			out.Body.Plans = append(out.Body.Plans, x)
		}
		return err
	})
	return out, s.answer(err)
}

// planEntry reads a scenario as it is, or as one of its versions was.
func (s *server) planEntry(ctx context.Context, id string, version int64) (e ledger.Entry[plan.Scenario], err error) {
	err = s.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
		if version > 0 {
			e, err = s.plans.Version(tx, id, version)
		} else {
			e, err = s.plans.Get(tx, id)
		}
		return err
	})
	return e, err
}

type planInput struct {
	ID     string `path:"id" maxLength:"64"`
	Accept string `header:"Accept" maxLength:"400"`
}

type planVersionInput struct {
	ID      string `path:"id" maxLength:"64"`
	Version int64  `path:"version" minimum:"1"`
	Accept  string `header:"Accept" maxLength:"400"`
}

// fileOutput is an answer of bytes.
type fileOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	ETag        string `header:"ETag" doc:"The version, in quotes"`
	Body        []byte
}

func (s *server) getPlan(ctx context.Context, in *planInput) (*fileOutput, error) {
	return s.planAs(ctx, in.ID, 0, in.Accept)
}

func (s *server) getPlanVersion(ctx context.Context, in *planVersionInput) (*fileOutput, error) {
	return s.planAs(ctx, in.ID, in.Version, in.Accept)
}

// planAs answers with a scenario in the form that is asked for.
func (s *server) planAs(ctx context.Context, id string, version int64, accept string) (*fileOutput, error) {
	if _, err := s.may(ctx, account.PlanRead); err != nil {
		return nil, err
	}
	e, err := s.planEntry(ctx, id, version)
	if err != nil {
		return nil, s.answer(err)
	}
	out := &fileOutput{ETag: strconv.Quote(strconv.FormatInt(e.Version, 10))}
	if wantsYAML(accept) {
		out.ContentType = yamlType
		out.Body, err = e.Body.Plan.Text()
		return out, s.answer(err)
	}
	doc, err := scenarioOf(e, true)
	if err != nil {
		return nil, s.answer(err)
	}
	out.ContentType = jsonType
	out.Body, err = json.Marshal(doc)
	return out, s.answer(err)
}

// wantsYAML says that the first known kind of an Accept header is YAML.
func wantsYAML(accept string) bool {
	for _, kind := range strings.Split(strings.ToLower(accept), ",") {
		kind, _, _ = strings.Cut(strings.TrimSpace(kind), ";")
		switch kind {
		case yamlType, "application/x-yaml", "text/yaml":
			return true
		case jsonType, "*/*":
			return false
		}
	}
	return false
}

type planVersionsInput struct {
	ID string `path:"id" maxLength:"64"`
}

// PlanVersion is one saved state.
type PlanVersion struct {
	Version int64        `json:"version"`
	Name    string       `json:"name"`
	At      time.Time    `json:"saved_at"`
	Actor   string       `json:"saved_by"`
	Why     string       `json:"why,omitempty"`
	Locked  bool         `json:"locked"`
	Removed bool         `json:"removed"`
	Changes []PlanChange `json:"changes" doc:"What is stated otherwise than in the version before"`
}

// PlanChange is one value that two plans state differently; its path goes by names.
type PlanChange struct {
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

func changesOf(a, b *plan.Plan) []PlanChange {
	out := []PlanChange{}
	for _, c := range plan.Changes(a, b) {
		out = append(out, PlanChange(c))
	}
	return out
}

type planVersionsOutput struct {
	Body struct {
		Versions []PlanVersion `json:"versions"`
	}
}

func (s *server) listPlanVersions(ctx context.Context, in *planVersionsInput) (*planVersionsOutput, error) {
	if _, err := s.may(ctx, account.PlanRead); err != nil {
		return nil, err
	}
	out := &planVersionsOutput{}
	out.Body.Versions = []PlanVersion{}
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		list, err := s.plans.History(tx, in.ID)
		for i, e := range list {
			v := PlanVersion{Version: e.Version, Name: e.Body.Name, At: e.At, Actor: e.Actor, Why: e.Why, Locked: e.Locked, Removed: e.Removed, Changes: []PlanChange{}}
			if i+1 < len(list) {
				v.Changes = changesOf(&list[i+1].Body.Plan, &e.Body.Plan)
			}
			out.Body.Versions = append(out.Body.Versions, v)
		}
		return err
	})
	return out, s.answer(err)
}

// Projection is what a plan comes to: the JSON that `pons plan --format json` prints, which is a promise of its own.
type Projection struct{ *plan.Projection }

// Schema describes it to OpenAPI.
func (Projection) Schema(r huma.Registry) *huma.Schema {
	list := func(t reflect.Type, hint string) *huma.Schema {
		return &huma.Schema{Type: huma.TypeArray, Items: r.Schema(t, true, hint)}
	}
	text := &huma.Schema{Type: huma.TypeString}
	return &huma.Schema{Type: huma.TypeObject, Required: []string{"years", "warnings"}, Properties: map[string]*huma.Schema{
		"years":       list(reflect.TypeFor[plan.Year](), "Year"),
		"warnings":    {Type: huma.TypeArray, Items: text},
		"percentiles": {Type: huma.TypeObject, AdditionalProperties: true, Description: "What the draws came to, by role and year: p10, p50 and so on; absent without simulate"},
		"tornado":     list(reflect.TypeFor[plan.Swing](), "Swing"),
	}}
}

type projectionInput struct {
	ID       string `path:"id" maxLength:"64"`
	Version  int64  `query:"version" minimum:"0" doc:"An earlier version; the newest when it is not given"`
	Simulate bool   `query:"simulate" doc:"With percentiles and tornado"`
}

type projectionOutput struct{ Body Projection }

// projected computes a plan.
func (s *server) projected(ctx context.Context, p *plan.Plan, simulate bool) (*plan.Projection, error) {
	out, err := p.Project()
	if err != nil || !simulate {
		return out, err
	}
	if out.Percentiles, err = p.Simulate(ctx); err != nil {
		return nil, err
	}
	out.Tornado, err = p.Tornado()
	return out, err
}

func (s *server) projectPlan(ctx context.Context, in *projectionInput) (*projectionOutput, error) {
	if _, err := s.may(ctx, account.PlanRead); err != nil {
		return nil, err
	}
	e, err := s.planEntry(ctx, in.ID, in.Version)
	if err != nil {
		return nil, s.answer(err)
	}
	out, err := s.projected(ctx, &e.Body.Plan, in.Simulate)
	if err != nil {
		return nil, s.planFault(err, "plan")
	}
	return &projectionOutput{Projection{out}}, nil
}

type rawInput struct {
	Simulate bool `query:"simulate" doc:"With percentiles and tornado"`
	RawBody  []byte
}

// project computes a plan file that somebody sends, YAML or JSON, and keeps nothing.
func (s *server) project(ctx context.Context, in *rawInput) (*projectionOutput, error) {
	if _, err := s.may(ctx, account.PlanRead); err != nil {
		return nil, err
	}
	p, notes, err := plan.Read("", bytes.NewReader(in.RawBody))
	if err != nil {
		return nil, s.planFault(err, "body")
	}
	out, err := s.projected(ctx, p, in.Simulate)
	if err != nil {
		return nil, s.planFault(err, "body")
	}
	for _, n := range notes { // the defaults that were taken, before the doubts that both name
		if !slices.Contains(out.Warnings, n) {
			out.Warnings = append(out.Warnings, n)
		}
	}
	return &projectionOutput{Projection{out}}, nil
}

type compareInput struct {
	IDs []string `query:"ids" required:"true" minItems:"2" maxItems:"12" doc:"Ids of scenarios, comma-separated; the first is what the others are compared with"`
}

// PlanOutcome is one scenario of a comparison.
type PlanOutcome struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Version  int64             `json:"version"`
	Currency string            `json:"currency"`
	Years    []PlanOutcomeYear `json:"years"`
	Changes  []PlanChange      `json:"changes" doc:"What it states otherwise than the first scenario"`
}

// PlanOutcomeYear is what one scenario comes to in one year.
type PlanOutcomeYear struct {
	Year    int     `json:"year"`
	Devices int     `json:"devices" doc:"Of classes that are in no other class"`
	FTE     float64 `json:"fte" doc:"Required"`
	Current float64 `json:"current_fte"`
	Missing float64 `json:"missing_fte" doc:"Summed over the roles that are short"`
	Wages   float64 `json:"wage_cost"`
	Spend   float64 `json:"total_spend"`
	Backlog float64 `json:"backlog_hours"`
}

type compareOutput struct {
	Body struct {
		Plans []PlanOutcome `json:"plans"`
	}
}

func (s *server) comparePlans(ctx context.Context, in *compareInput) (*compareOutput, error) {
	if _, err := s.may(ctx, account.PlanRead); err != nil {
		return nil, err
	}
	out := &compareOutput{}
	var first *plan.Plan
	for i, id := range in.IDs {
		e, err := s.planEntry(ctx, id, 0)
		if err != nil {
			return nil, s.answer(err)
		}
		p := &e.Body.Plan
		made, err := p.Project()
		if err != nil {
			return nil, s.planFault(err, fmt.Sprintf("plans[%d]", i))
		}
		if first == nil {
			first = p
		}
		x := PlanOutcome{ID: e.ID, Name: e.Body.Name, Version: e.Version, Currency: p.Currency, Changes: changesOf(first, p)}
		for j := range made.Years {
			x.Years = append(x.Years, outcomeOf(p, &made.Years[j]))
		}
		out.Body.Plans = append(out.Body.Plans, x)
	}
	return out, nil
}

func outcomeOf(p *plan.Plan, y *plan.Year) PlanOutcomeYear {
	out := PlanOutcomeYear{Year: y.Year, FTE: y.TotalFTE, Wages: y.TotalCost, Spend: y.Spend}
	for i, c := range y.Classes {
		if len(p.Classes[i].SubsetOf) == 0 {
			out.Devices += c.Count
		}
	}
	for _, r := range y.Roles {
		out.Current += r.CurrentFTE
		out.Missing += max(0, r.GapFTE)
		out.Backlog += r.BacklogHours
	}
	return out
}
