package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"pons/account"
	"pons/fault"
	"pons/inventory"
	"pons/ledger"
	"pons/program"
)

func (s *server) registerProgram(routes huma.API) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: Prefix + "/program" + path, Summary: summary, Tags: []string{"Program"},
			Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity}}
	}
	huma.Register(routes, op("list-interviews", http.MethodGet, "/interviews", "Interviews with stakeholders and what they answered"), s.listInterviews)
	huma.Register(routes, op("add-interview", http.MethodPost, "/interviews", "Add an interview; what looks like patient data is refused"), s.addInterview)
	huma.Register(routes, op("get-interview", http.MethodGet, "/interviews/{id}", "One interview"), s.getInterview)
	huma.Register(routes, op("put-interview", http.MethodPut, "/interviews/{id}", "Change an interview, from the version that was read"), s.putInterview)
	huma.Register(routes, op("remove-interview", http.MethodDelete, "/interviews/{id}", "Remove an interview; its versions stay"), s.removeInterview)
	huma.Register(routes, op("list-themes", http.MethodGet, "/themes", "What interviews come to, the heaviest theme first"), s.listThemes)
	huma.Register(routes, op("list-objectives", http.MethodGet, "/objectives", "What is to be reached"), s.listObjectives)
	huma.Register(routes, op("add-objective", http.MethodPost, "/objectives", "Add an objective"), s.addObjective)
	huma.Register(routes, op("put-objective", http.MethodPut, "/objectives/{id}", "Change an objective, from the version that was read"), s.putObjective)
	huma.Register(routes, op("remove-objective", http.MethodDelete, "/objectives/{id}", "Remove an objective; its versions stay"), s.removeObjective)
	huma.Register(routes, op("list-kpis", http.MethodGet, "/kpis", "KPIs in use with definition, target and latest reading"), s.listKPIs)
	huma.Register(routes, op("put-kpi", http.MethodPut, "/kpis/{id}", "Define a KPI: one of the catalogue in the hospital's words, or its own"), s.putKPI)
	huma.Register(routes, op("list-readings", http.MethodGet, "/kpis/{id}/readings", "What a KPI came to, the oldest first"), s.listReadings)
	huma.Register(routes, op("put-reading", http.MethodPut, "/kpis/{id}/readings/{day}", "Enter the reading of a day, with its source; the same again changes nothing"), s.putReading)
	huma.Register(routes, op("remove-reading", http.MethodDelete, "/kpis/{id}/readings/{day}", "Take back a reading that was entered"), s.removeReading)
	huma.Register(routes, op("list-baselines", http.MethodGet, "/baselines", "Signed baselines of the inventory, the newest first"), s.listBaselines)
	huma.Register(routes, op("sign-baseline", http.MethodPost, "/baselines", "Sign the inventory as it is counted now; it is locked for good"), s.signBaseline)
}

// Interview is a talk with a stakeholder.
type Interview struct {
	ID      string            `json:"id" readOnly:"true" required:"false"`
	Version int64             `json:"version,omitempty" doc:"The state that was read; a change of another state is refused"`
	Role    string            `json:"role" doc:"cio, htm, ciso, network, clinical, supply, facilities, compliance, finance, vendor"`
	Who     string            `json:"who" doc:"By function, not by name"`
	On      string            `json:"on" format:"date"`
	By      string            `json:"by,omitempty"`
	Held    bool              `json:"held,omitempty"`
	Consent string            `json:"consent,omitempty" enum:"yes,no," doc:"May they be quoted? Empty: not asked"`
	Note    string            `json:"note,omitempty"`
	Answers []InterviewAnswer `json:"answers,omitempty"`
}

// InterviewAnswer is one thing that was said.
type InterviewAnswer struct {
	Question  string `json:"question,omitempty"`
	Text      string `json:"text"`
	Tag       string `json:"tag" enum:"pain,risk,opportunity,requirement,quote"`
	Severity  int    `json:"severity,omitempty" minimum:"0" maximum:"5" doc:"0: not rated"`
	Frequency string `json:"frequency,omitempty" enum:"rarely,monthly,weekly,daily,"`
	Theme     string `json:"theme,omitempty"`
	Cleared   bool   `json:"cleared,omitempty" doc:"A person looked at what seems to be patient data and says that it is none"`
}

func interviewOf(e ledger.Entry[program.Interview]) Interview {
	b := e.Body
	out := Interview{ID: e.ID, Version: e.Version, Role: b.Role, Who: b.Who, On: string(b.On), By: b.By, Held: b.Held, Consent: string(b.Consent), Note: b.Note}
	for _, a := range b.Answers {
		out.Answers = append(out.Answers, InterviewAnswer{a.Question, a.Text, string(a.Tag), a.Severity, string(a.Frequency), a.Theme, a.Cleared})
	}
	return out
}

func (i Interview) body() program.Interview {
	out := program.Interview{Role: i.Role, Who: i.Who, On: program.Day(i.On), By: i.By, Held: i.Held, Consent: program.Consent(i.Consent), Note: i.Note}
	for _, a := range i.Answers {
		out.Answers = append(out.Answers, program.Answer{Question: a.Question, Text: a.Text, Tag: program.Tag(a.Tag), Severity: a.Severity, Frequency: program.Frequency(a.Frequency), Theme: a.Theme, Cleared: a.Cleared})
	}
	return out
}

type interviewsOutput struct {
	Body struct {
		Interviews []Interview `json:"interviews"`
	}
}
type interviewInput struct{ Body Interview }
type interviewChange struct {
	ID   string `path:"id"`
	Body Interview
}
type interviewOutput struct{ Body Interview }
type entryInput struct {
	ID string `path:"id"`
}

func (s *server) listInterviews(ctx context.Context, _ *struct{}) (*interviewsOutput, error) {
	if _, err := s.may(ctx, account.ProgramRead); err != nil {
		return nil, err
	}
	list, err := s.program.Interviews().List(ctx)
	out := &interviewsOutput{}
	out.Body.Interviews = []Interview{}
	for _, e := range list {
		out.Body.Interviews = append(out.Body.Interviews, interviewOf(e))
	}
	return out, s.answer(err)
}

func (s *server) getInterview(ctx context.Context, in *entryInput) (*interviewOutput, error) {
	if _, err := s.may(ctx, account.ProgramRead); err != nil {
		return nil, err
	}
	e, err := s.program.Interviews().Get(ctx, in.ID)
	if err == nil && e.Removed {
		err = fmt.Errorf("interview %s was removed: %w", in.ID, fault.NotFound)
	}
	return &interviewOutput{interviewOf(e)}, s.answer(err)
}

func (s *server) addInterview(ctx context.Context, in *interviewInput) (*interviewOutput, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	e, err := s.program.Interviews().Put(ctx, "", 0, in.Body.body(), who.String(), "")
	return &interviewOutput{interviewOf(e)}, s.mistaken(err)
}

func (s *server) putInterview(ctx context.Context, in *interviewChange) (*interviewOutput, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	if _, err := s.program.Interviews().Get(ctx, in.ID); err != nil {
		return nil, s.answer(err)
	}
	e, err := s.program.Interviews().Put(ctx, in.ID, in.Body.Version, in.Body.body(), who.String(), "")
	return &interviewOutput{interviewOf(e)}, s.mistaken(err)
}

func (s *server) removeInterview(ctx context.Context, in *entryInput) (*struct{}, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	_, err = s.program.Interviews().Remove(ctx, in.ID, who.String(), "")
	return nil, s.answer(err)
}

// mistaken turns the mistakes of an entry into one answer that names each field.
func (s *server) mistaken(err error) error {
	wrong := fault.Fields(err)
	if len(wrong) == 0 || !errors.Is(err, fault.Invalid) {
		return s.answer(err)
	}
	var details []error
	for _, field := range slices.Sorted(maps.Keys(wrong)) {
		details = append(details, &huma.ErrorDetail{Message: wrong[field], Location: "body." + field})
	}
	return huma.Error422UnprocessableEntity("this cannot be kept as it is", details...)
}

// Theme is what several answers speak of.
type Theme struct {
	Key        string         `json:"key"`
	Name       string         `json:"name"`
	Weight     int            `json:"weight" doc:"Sum of severity × frequency (rarely 1, monthly 2, weekly 3, daily 4)"`
	Answers    int            `json:"answers"`
	Unrated    int            `json:"unrated" doc:"Answers without a severity, which add nothing to the weight"`
	Interviews int            `json:"interviews"`
	Worst      int            `json:"worst" doc:"Highest severity; 0: none was rated"`
	Roles      []string       `json:"roles"`
	Tags       map[string]int `json:"tags"`
	Quotes     []string       `json:"quotes" doc:"Of those who agreed to be quoted"`
	Withheld   int            `json:"withheld" doc:"Quotes of those who did not"`
}

type themesOutput struct {
	Body struct {
		Themes []Theme `json:"themes"`
		Loose  int     `json:"without_theme"`
	}
}

func (s *server) listThemes(ctx context.Context, _ *struct{}) (*themesOutput, error) {
	if _, err := s.may(ctx, account.ProgramRead); err != nil {
		return nil, err
	}
	list, err := s.program.Interviews().List(ctx)
	themes, loose := program.Themes(list)
	out := &themesOutput{}
	out.Body.Themes, out.Body.Loose = []Theme{}, len(loose)
	for _, t := range themes {
		one := Theme{Key: t.Key, Name: t.Name, Weight: t.Weight, Answers: len(t.Voices), Unrated: t.Unrated, Interviews: t.Interviews, Worst: t.Worst, Roles: append([]string{}, t.Roles...), Tags: map[string]int{}, Quotes: []string{}, Withheld: t.Withheld}
		for tag, n := range t.Tags {
			one.Tags[string(tag)] = n
		}
		for _, v := range t.Voices {
			if v.Quotable() {
				one.Quotes = append(one.Quotes, v.Text)
			}
		}
		out.Body.Themes = append(out.Body.Themes, one)
	}
	return out, s.answer(err)
}

// Objective is what is to be reached.
type Objective struct {
	ID      string   `json:"id" readOnly:"true" required:"false"`
	Version int64    `json:"version,omitempty"`
	Title   string   `json:"title"`
	Text    string   `json:"text,omitempty"`
	Owner   string   `json:"owner,omitempty"`
	Due     string   `json:"due,omitempty"`
	State   string   `json:"state,omitempty" enum:"proposed,agreed,reached,dropped,"`
	Themes  []string `json:"themes,omitempty" doc:"Keys of themes"`
	KPIs    []string `json:"kpis,omitempty" doc:"Ids of KPIs"`
}

func objectiveOf(e ledger.Entry[program.Objective]) Objective {
	b := e.Body
	return Objective{e.ID, e.Version, b.Title, b.Text, b.Owner, string(b.Due), string(b.State), b.Themes, b.KPIs}
}

func (o Objective) body() program.Objective {
	return program.Objective{Title: o.Title, Text: o.Text, Owner: o.Owner, Due: program.Day(o.Due), State: program.ObjectiveState(o.State), Themes: o.Themes, KPIs: o.KPIs}
}

type objectivesOutput struct {
	Body struct {
		Objectives []Objective `json:"objectives"`
	}
}
type objectiveInput struct{ Body Objective }
type objectiveChange struct {
	ID   string `path:"id"`
	Body Objective
}
type objectiveOutput struct{ Body Objective }

func (s *server) listObjectives(ctx context.Context, _ *struct{}) (*objectivesOutput, error) {
	if _, err := s.may(ctx, account.ProgramRead); err != nil {
		return nil, err
	}
	list, err := s.program.Objectives().List(ctx)
	out := &objectivesOutput{}
	out.Body.Objectives = []Objective{}
	for _, e := range list {
		out.Body.Objectives = append(out.Body.Objectives, objectiveOf(e))
	}
	return out, s.answer(err)
}

func (s *server) addObjective(ctx context.Context, in *objectiveInput) (*objectiveOutput, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	e, err := s.program.Objectives().Put(ctx, "", 0, in.Body.body(), who.String(), "")
	return &objectiveOutput{objectiveOf(e)}, s.mistaken(err)
}

func (s *server) putObjective(ctx context.Context, in *objectiveChange) (*objectiveOutput, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	if _, err := s.program.Objectives().Get(ctx, in.ID); err != nil {
		return nil, s.answer(err)
	}
	e, err := s.program.Objectives().Put(ctx, in.ID, in.Body.Version, in.Body.body(), who.String(), "")
	return &objectiveOutput{objectiveOf(e)}, s.mistaken(err)
}

func (s *server) removeObjective(ctx context.Context, in *entryInput) (*struct{}, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	_, err = s.program.Objectives().Remove(ctx, in.ID, who.String(), "")
	return nil, s.answer(err)
}

// KPI is what is measured, how, and what it shall come to.
type KPI struct {
	ID         string   `json:"id" readOnly:"true" required:"false"`
	Version    int64    `json:"version,omitempty" doc:"0: as Pons brings it"`
	Name       string   `json:"name"`
	Group      string   `json:"group"`
	Formula    string   `json:"formula"`
	Unit       string   `json:"unit"`
	Period     string   `json:"period" enum:"day,week,month,quarter,year"`
	Measure    string   `json:"measure,omitempty" doc:"What Pons computes it by; empty: entered by hand"`
	Better     string   `json:"better" enum:"higher,lower"`
	Target     *float64 `json:"target,omitempty"`
	Due        string   `json:"due,omitempty"`
	Owner      string   `json:"owner,omitempty"`
	Note       string   `json:"note,omitempty"`
	Source     string   `json:"source,omitempty"`
	Date       string   `json:"date,omitempty"`
	Confidence string   `json:"confidence,omitempty" enum:"verified,secondary,expert,assumption,"`
	Latest     *Reading `json:"latest,omitempty" readOnly:"true" doc:"Absent: not measured"`
	State      string   `json:"state,omitempty" readOnly:"true" doc:"Against the target"`
}

// Reading is what a KPI came to on a day.
type Reading struct {
	Day        string   `json:"day,omitempty"`
	Value      *float64 `json:"value,omitempty" doc:"Absent where it is suppressed"`
	Part       *float64 `json:"numerator,omitempty"`
	Of         *float64 `json:"denominator,omitempty"`
	Suppressed bool     `json:"suppressed,omitempty" readOnly:"true" doc:"The denominator is below 10"`
	Source     string   `json:"source" doc:"Pons, or where a person has it from"`
	Note       string   `json:"note,omitempty"`
	Entered    bool     `json:"entered,omitempty" readOnly:"true" doc:"By a person"`
}

func readingOf(r program.Reading) Reading {
	return Reading{string(r.Day), r.Value, r.Part, r.Of, r.Suppressed, r.Source, r.Note, r.Hand}
}

func kpiOf(e ledger.Entry[program.KPI], readings []program.Reading) KPI {
	b := e.Body
	out := KPI{ID: e.ID, Version: e.Version, Name: b.Name, Group: b.Group, Formula: b.Formula, Unit: b.Unit, Period: b.Period, Measure: b.Measure, Better: string(b.Better), Target: b.Target,
		Due: string(b.Due), Owner: b.Owner, Note: b.Note, Source: b.Source, Date: b.Date, Confidence: b.Confidence, State: string(b.Stands(program.Latest(readings)))}
	if len(readings) > 0 {
		r := readingOf(program.Latest(readings))
		out.Latest = &r
	}
	return out
}

type kpisOutput struct {
	Body struct {
		KPIs []KPI `json:"kpis"`
	}
}
type kpiChange struct {
	ID   string `path:"id"`
	Body KPI
}
type kpiOutput struct{ Body KPI }
type readingsInput struct {
	ID    string `path:"id"`
	Since string `query:"since" doc:"From this day on; empty: all" maxLength:"10"`
}
type readingsOutput struct {
	Body struct {
		Readings []Reading `json:"readings"`
	}
}
type readingChange struct {
	ID   string `path:"id"`
	Day  string `path:"day" format:"date"`
	Body Reading
}
type readingKey struct {
	ID  string `path:"id"`
	Day string `path:"day" format:"date"`
}
type readingOutput struct{ Body Reading }

// visible drops what was counted of the whole hospital where the asker sees a part of it.
func visible(who account.Actor, list []program.Reading) []program.Reading {
	if who.Scope.All() {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(r program.Reading) bool { return !r.Hand })
}

func (s *server) listKPIs(ctx context.Context, _ *struct{}) (*kpisOutput, error) {
	who, err := s.may(ctx, account.ProgramRead)
	if err != nil {
		return nil, err
	}
	list, err := s.program.KPIs(ctx)
	if err != nil {
		return nil, s.answer(err)
	}
	readings, err := s.program.Readings(ctx, "")
	out := &kpisOutput{}
	for _, e := range list {
		out.Body.KPIs = append(out.Body.KPIs, kpiOf(e, visible(who, readings[e.ID])))
	}
	return out, s.answer(err)
}

func (s *server) putKPI(ctx context.Context, in *kpiChange) (*kpiOutput, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	b := in.Body
	k := program.KPI{Name: b.Name, Group: b.Group, Formula: b.Formula, Unit: b.Unit, Period: b.Period, Measure: b.Measure, Better: program.Better(b.Better), Target: b.Target,
		Due: program.Day(b.Due), Owner: b.Owner, Note: b.Note, Provenance: program.Provenance{Source: b.Source, Date: b.Date, Confidence: b.Confidence}}
	e, err := s.program.SetKPI(ctx, in.ID, b.Version, k, who.String(), "")
	return &kpiOutput{kpiOf(e, nil)}, s.mistaken(err)
}

func (s *server) listReadings(ctx context.Context, in *readingsInput) (*readingsOutput, error) {
	who, err := s.may(ctx, account.ProgramRead)
	if err != nil {
		return nil, err
	}
	if _, err := s.program.KPI(ctx, in.ID); err != nil {
		return nil, s.answer(err)
	}
	all, err := s.program.Readings(ctx, program.Day(in.Since))
	out := &readingsOutput{}
	out.Body.Readings = []Reading{}
	for _, r := range visible(who, all[in.ID]) {
		out.Body.Readings = append(out.Body.Readings, readingOf(r))
	}
	return out, s.answer(err)
}

func (s *server) putReading(ctx context.Context, in *readingChange) (*readingOutput, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	if in.Body.Day != "" && in.Body.Day != in.Day {
		return nil, huma.Error422UnprocessableEntity("the day of the address and that of the body differ")
	}
	r := program.Reading{Day: program.Day(in.Day), Value: in.Body.Value, Part: in.Body.Part, Of: in.Body.Of, Source: in.Body.Source, Note: in.Body.Note}
	kept, err := s.program.Enter(ctx, in.ID, 0, r, who.String(), "")
	return &readingOutput{readingOf(kept)}, s.mistaken(err)
}

func (s *server) removeReading(ctx context.Context, in *readingKey) (*struct{}, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	_, err = s.program.RemoveReading(ctx, in.ID, program.Day(in.Day), who.String(), "")
	return nil, s.answer(err)
}

// Baseline is the inventory as somebody signed it.
type Baseline struct {
	ID         string          `json:"id"`
	AsOf       time.Time       `json:"as_of"`
	Revision   int64           `json:"revision"`
	Statement  string          `json:"statement"`
	SignedBy   string          `json:"signed_by"`
	SignedAs   string          `json:"signed_as"`
	Why        string          `json:"why,omitempty" doc:"Why it was signed below the goal"`
	Devices    int             `json:"devices"`
	Reconciled int             `json:"reconciled"`
	Goal       float64         `json:"goal" doc:"Share of reconciled devices that was asked for"`
	Counts     []BaselineCount `json:"counts"`
	Hash       string          `json:"hash" doc:"SHA-256 of the signed text, hexadecimal"`
	Holds      bool            `json:"holds" doc:"The content is still what was signed"`
}

// BaselineCount is how many devices had a value in a field; an empty name is for those of which it was not known.
type BaselineCount struct {
	Field   string `json:"field"`
	Name    string `json:"name"`
	Devices int    `json:"devices"`
}

func baselineOf(e ledger.Entry[program.Baseline]) Baseline {
	b := e.Body
	out := Baseline{ID: e.ID, AsOf: b.AsOf, Revision: b.Revision, Statement: b.Statement, SignedBy: b.SignedBy, SignedAs: b.SignedAs, Why: b.Why,
		Devices: b.Devices, Reconciled: b.Reconciled, Goal: b.Goal, Counts: []BaselineCount{}, Hash: b.Hash, Holds: b.Holds()}
	for _, c := range b.Counts {
		out.Counts = append(out.Counts, BaselineCount(c))
	}
	return out
}

type baselinesOutput struct {
	Body struct {
		Baselines []Baseline `json:"baselines"`
	}
}
type signInput struct {
	Body struct {
		Statement string `json:"statement"`
		SignedBy  string `json:"signed_by"`
		SignedAs  string `json:"signed_as"`
		Why       string `json:"why,omitempty"`
	}
}
type baselineOutput struct{ Body Baseline }

// wholeOnly refuses those who see a part of the hospital what counts all of it.
func wholeOnly(who account.Actor) error {
	if who.Scope.All() {
		return nil
	}
	return huma.Error403Forbidden("a baseline counts the whole hospital, and this token sees a part of it")
}

func (s *server) listBaselines(ctx context.Context, _ *struct{}) (*baselinesOutput, error) {
	who, err := s.may(ctx, account.ProgramRead)
	if err == nil {
		err = wholeOnly(who)
	}
	if err != nil {
		return nil, err
	}
	list, err := s.program.Baselines(ctx)
	out := &baselinesOutput{}
	out.Body.Baselines = []Baseline{}
	for _, e := range list {
		out.Body.Baselines = append(out.Body.Baselines, baselineOf(e))
	}
	return out, s.answer(err)
}

func (s *server) signBaseline(ctx context.Context, in *signInput) (*baselineOutput, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err == nil {
		err = wholeOnly(who)
	}
	if err == nil {
		err = s.ready()
	}
	if err != nil {
		return nil, err
	}
	scope, err := s.Index.List().Within(nil, nil)
	if err != nil {
		return nil, s.answer(err)
	}
	at, fields := s.Now(), []string{"category", "class", "site"}
	census, err := s.Index.Census(scope, at, fields...)
	if err != nil {
		return nil, s.answer(err)
	}
	b := program.Baseline{AsOf: at, Revision: int64(census.Rev), Statement: in.Body.Statement, SignedBy: in.Body.SignedBy, SignedAs: in.Body.SignedAs, Why: in.Body.Why, Devices: census.Devices, Reconciled: census.Reconciled}
	for _, field := range fields {
		for _, t := range census.By[field] {
			b.Counts = append(b.Counts, program.Tally{Field: field, Name: t.Name, Devices: t.Devices})
		}
	}
	for _, q := range inventory.QueueNames() {
		b.Open = append(b.Open, program.OpenQueue{Queue: q, Devices: census.Queues[q]})
	}
	e, err := s.program.Sign(ctx, b, who.String())
	return &baselineOutput{baselineOf(e)}, s.mistaken(err)
}
