package api

import (
	"context"
	"time"

	"pons/account"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
)

// Assessment is one look at the maturity of the work.
type Assessment struct {
	ID       string   `json:"id" readOnly:"true" required:"false"`
	Version  int64    `json:"version,omitempty"`
	Date     string   `json:"date" format:"date"`
	Assessor string   `json:"assessor"`
	Note     string   `json:"note,omitempty"`
	Ratings  []Rating `json:"ratings"`
	Score    float64  `json:"score" readOnly:"true" required:"false" doc:"Mean level of the domains that were assessed"`
	Assessed int      `json:"assessed" readOnly:"true" required:"false" doc:"How many domains these are"`
}

// Rating is the level of one domain.
type Rating struct {
	Domain   string     `json:"domain"`
	Level    int        `json:"level" minimum:"0" maximum:"5" doc:"0: not assessed"`
	Evidence []Evidence `json:"evidence,omitempty" doc:"No level above 1 without"`
}

// Evidence is what shows a level.
type Evidence struct {
	Text string `json:"text,omitempty"`
	Page string `json:"page,omitempty" doc:"A page of Pons, without the host"`
}

func assessmentOf(e ledger.Entry[program.Assessment]) Assessment {
	out := Assessment{ID: e.ID, Version: e.Version, Date: string(e.Body.Date), Assessor: e.Body.Assessor, Note: e.Body.Note, Ratings: []Rating{}}
	for _, r := range e.Body.Ratings {
		x := Rating{Domain: r.Domain, Level: r.Level}
		for _, ev := range r.Evidence {
			x.Evidence = append(x.Evidence, Evidence{ev.Text, ev.Href})
		}
		out.Ratings = append(out.Ratings, x)
	}
	out.Score, out.Assessed = e.Body.Score()
	return out
}

func (a Assessment) body() (program.Assessment, int64) {
	out := program.Assessment{Date: program.Day(a.Date), Assessor: a.Assessor, Note: a.Note}
	for _, r := range a.Ratings {
		x := program.Rating{Domain: r.Domain, Level: r.Level}
		for _, ev := range r.Evidence {
			x.Evidence = append(x.Evidence, program.Evidence{Text: ev.Text, Href: ev.Page})
		}
		out.Ratings = append(out.Ratings, x)
	}
	return out, a.Version
}

// Domain is one field of work in the latest assessment, against its target.
type Domain struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Level  *int    `json:"level,omitempty" doc:"Absent: not assessed"`
	Means  string  `json:"means,omitempty" doc:"What the level looks like there"`
	Target int     `json:"target"`
	Weight float64 `json:"weight"`
	Gap    *int    `json:"gap,omitempty"`
	Urgent float64 `json:"urgent" doc:"Gap × weight"`
}

// Aim is target and weight of a domain.
type Aim struct {
	Domain string  `json:"domain"`
	Target int     `json:"target" minimum:"1" maximum:"5"`
	Weight float64 `json:"weight" minimum:"0" maximum:"10"`
}

// Score is the mean level of one assessment.
type Score struct {
	Date     string  `json:"date" format:"date"`
	Score    float64 `json:"score"`
	Assessed int     `json:"assessed"`
}

type maturityOutput struct {
	Body struct {
		Scores      []Score  `json:"scores" doc:"Of all assessments, the earliest first"`
		Domains     []Domain `json:"domains" doc:"Of the latest, the most urgent first"`
		AimsVersion int64    `json:"aims_version" doc:"0: targets and weights are the default"`
	}
}

func (s *server) getMaturity(ctx context.Context, _ *struct{}) (*maturityOutput, error) {
	if _, err := s.may(ctx, account.ProgramRead); err != nil {
		return nil, err
	}
	out := &maturityOutput{}
	out.Body.Scores, out.Body.Domains = []Score{}, []Domain{}
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		aims, err := s.program.Aims(tx)
		if err != nil {
			return err
		}
		list, err := s.program.AssessmentsIn(tx)
		if err != nil {
			return err
		}
		out.Body.AimsVersion = aims.Version
		var latest program.Assessment
		for _, e := range list {
			mean, n := e.Body.Score()
			out.Body.Scores = append(out.Body.Scores, Score{string(e.Body.Date), mean, n})
			latest = e.Body
		}
		for _, x := range program.Shortfalls(latest, aims.Body) {
			d := Domain{ID: x.Domain.ID, Name: x.Domain.Name, Target: x.Aim.Target, Weight: x.Aim.Weight, Urgent: x.Urgent}
			if x.Rating.Level > 0 {
				d.Level, d.Gap, d.Means = &x.Rating.Level, &x.Gap, x.Domain.Levels[x.Rating.Level-1]
			}
			out.Body.Domains = append(out.Body.Domains, d)
		}
		return nil
	})
	return out, s.answer(err)
}

type aimsInput struct {
	Body struct {
		Version int64  `json:"version,omitempty"`
		Aims    []Aim  `json:"aims"`
		Why     string `json:"why,omitempty"`
	}
}

func (s *server) putAims(ctx context.Context, in *aimsInput) (*maturityOutput, error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	aims := program.Aims{Origin: program.Provenance{Source: program.House, Date: string(program.DayOf(s.Now()))}}
	for _, a := range in.Body.Aims {
		aims.Aims = append(aims.Aims, program.Aim(a))
	}
	if _, err := s.program.SetAims(ctx, in.Body.Version, aims, who.String(), in.Body.Why); err != nil {
		return nil, s.mistaken(err)
	}
	return s.getMaturity(ctx, nil)
}

// SupportLevel is what devices of one level can count on.
type SupportLevel struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Hours      string     `json:"hours"`
	Response   int        `json:"response_minutes,omitempty" doc:"Within the hours; 0 none promised"`
	Restore    int        `json:"restore_minutes,omitempty" doc:"0 none promised"`
	FirstLine  string     `json:"first_line,omitempty"`
	SecondLine string     `json:"second_line,omitempty"`
	Vendor     string     `json:"vendor,omitempty"`
	Note       string     `json:"note,omitempty"`
	Origin     Provenance `json:"origin,omitempty"`
}

// Provenance says where a default comes from.
type Provenance struct {
	Source     string `json:"source,omitempty"`
	Date       string `json:"date,omitempty"`
	Confidence string `json:"confidence,omitempty" enum:"verified,secondary,expert,assumption,"`
}

// SupportRule gives a level to devices; an empty field holds for every device.
type SupportRule struct {
	Class       string `json:"class,omitempty"`
	Category    string `json:"category,omitempty"`
	LifeSupport string `json:"life_support,omitempty" enum:"yes,no,"`
	Criticality string `json:"criticality,omitempty"`
	Level       string `json:"level"`
	Why         string `json:"why,omitempty"`
}

// SupportModel is levels and rules; the first rule that holds decides.
type SupportModel struct {
	Version int64          `json:"version,omitempty"`
	At      *time.Time     `json:"changed,omitempty" readOnly:"true"`
	Levels  []SupportLevel `json:"levels"`
	Rules   []SupportRule  `json:"rules"`
}

func supportOf(e ledger.Entry[program.SupportModel]) SupportModel {
	out := SupportModel{Version: e.Version, At: changedAt(e.At), Levels: []SupportLevel{}, Rules: []SupportRule{}}
	for _, l := range e.Body.Levels {
		out.Levels = append(out.Levels, SupportLevel{l.ID, l.Name, l.Hours, l.Response, l.Restore, l.FirstLine, l.SecondLine, l.Vendor, l.Note, Provenance(l.Origin)})
	}
	for _, r := range e.Body.Rules {
		out.Rules = append(out.Rules, SupportRule(r))
	}
	return out
}

func (s *server) getSupport(ctx context.Context, _ *struct{}) (*itemOutput[SupportModel], error) {
	if _, err := s.may(ctx, account.ProgramRead); err != nil {
		return nil, err
	}
	out := &itemOutput[SupportModel]{}
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		e, err := s.program.Support(tx)
		out.Body = supportOf(e)
		return err
	})
	return out, s.answer(err)
}

func (s *server) putSupport(ctx context.Context, in *itemInput[SupportModel]) (*itemOutput[SupportModel], error) {
	who, err := s.may(ctx, account.ProgramWrite)
	if err != nil {
		return nil, err
	}
	var m program.SupportModel
	for _, l := range in.Body.Levels {
		m.Levels = append(m.Levels, program.SupportLevel{ID: l.ID, Name: l.Name, Hours: l.Hours, Response: l.Response, Restore: l.Restore, FirstLine: l.FirstLine, SecondLine: l.SecondLine, Vendor: l.Vendor, Note: l.Note, Origin: program.Provenance(l.Origin)})
	}
	for _, r := range in.Body.Rules {
		m.Rules = append(m.Rules, program.SupportRule(r))
	}
	e, err := s.program.SetSupport(ctx, in.Body.Version, m, who.String(), "")
	return &itemOutput[SupportModel]{supportOf(e)}, s.mistaken(err)
}

type supportInput struct {
	Class       string `query:"class"`
	Category    string `query:"category"`
	LifeSupport string `query:"life_support" enum:"yes,no,"`
	Criticality string `query:"criticality"`
}

// SupportAnswer is the level of a device, and why.
type SupportAnswer struct {
	Level   *SupportLevel `json:"level,omitempty" doc:"Absent: no rule holds, nobody promised anything"`
	Rule    int           `json:"rule,omitempty"`
	Because string        `json:"because"`
	Unsure  int           `json:"unsure,omitempty" doc:"An earlier rule that would hold if something were known that is not"`
}

func (s *server) supportFor(ctx context.Context, in *supportInput) (*itemOutput[SupportAnswer], error) {
	if _, err := s.may(ctx, account.ProgramRead); err != nil {
		return nil, err
	}
	out := &itemOutput[SupportAnswer]{}
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		e, err := s.program.Support(tx)
		got, why := e.Body.SupportFor(in.Class, in.Category, in.LifeSupport, in.Criticality)
		out.Body = SupportAnswer{Rule: got.Rule, Because: why, Unsure: got.Unsure}
		if got.Rule > 0 {
			l := got.Level
			out.Body.Level = &SupportLevel{l.ID, l.Name, l.Hours, l.Response, l.Restore, l.FirstLine, l.SecondLine, l.Vendor, l.Note, Provenance(l.Origin)}
		}
		return err
	})
	return out, s.answer(err)
}
