package api

import (
	"bytes"
	"context"
	"strconv"

	"pons/account"
	"pons/ledger"
	"pons/plan"
	"pons/plan/report"
	"pons/plan/workbook"
	"pons/program"
	"pons/sqldb"
)

type planFileInput struct {
	ID      string `path:"id" maxLength:"64"`
	Version int64  `query:"version" minimum:"0" doc:"An earlier version; the newest when it is not given"`
}

// planWorkbook writes a scenario as a workbook.
func (s *server) planWorkbook(ctx context.Context, in *planFileInput) (*fileOutput, error) {
	if _, err := s.may(ctx, account.PlanRead); err != nil {
		return nil, err
	}
	e, err := s.planEntry(ctx, in.ID, in.Version)
	if err != nil {
		return nil, s.answer(err)
	}
	p := &e.Body.Plan
	made, err := s.projected(ctx, p, true)
	if err != nil {
		return nil, s.planFault(err, "plan")
	}
	var out bytes.Buffer
	if err := workbook.Write(&out, p, made); err != nil {
		return nil, s.answer(err)
	}
	return &fileOutput{ContentType: xlsxType, Disposition: `attachment; filename="plan.xlsx"`, ETag: strconv.Quote(strconv.FormatInt(e.Version, 10)), Body: out.Bytes()}, nil
}

type planReportInput struct {
	ID      string `path:"id" maxLength:"64"`
	Version int64  `query:"version" minimum:"0" doc:"An earlier version; the newest when it is not given"`
	Paper   string `query:"paper" enum:"A4,Letter" default:"A4"`
}

// planReport prints a scenario for a board. The program's part is printed for those who may read the program, and the
// drift of the counts for those who see the whole inventory.
func (s *server) planReport(ctx context.Context, in *planReportInput) (*fileOutput, error) {
	who, err := s.may(ctx, account.PlanRead)
	if err != nil {
		return nil, err
	}
	e, err := s.planEntry(ctx, in.ID, in.Version)
	if err != nil {
		return nil, s.answer(err)
	}
	made, err := s.projected(ctx, &e.Body.Plan, true)
	if err != nil {
		return nil, s.planFault(err, "plan")
	}
	b := report.Of(e, made)
	b.Hospital, b.Demo, b.At, b.By, b.Paper = s.Name, s.Demo, s.Now(), who.Name, report.Paper(in.Paper)
	if who.Can(account.ProgramRead) {
		now, err := s.program.Standing(ctx, program.DayOf(s.Now()))
		if err != nil {
			return nil, s.answer(err)
		}
		stand(&b, now)
	}
	if base := e.Body.Plan.Baseline; base != nil && who.Can(account.InventoryRead) && who.Scope.All() && s.ready() == nil {
		count, err := s.counter(base.Site)
		if err != nil {
			return nil, s.answer(err)
		}
		// A question that the inventory no longer understands leaves the drift unknown, and the report says so.
		if b.Drifts, err = e.Body.Plan.Drifts(count); err == nil {
			b.Drifted = true
		}
	}
	if b.Compared, err = s.otherPlans(ctx, e.ID); err != nil {
		return nil, s.answer(err)
	}
	var out bytes.Buffer
	if err := report.Write(&out, b); err != nil {
		return nil, s.answer(err)
	}
	return &fileOutput{ContentType: pdfType, Disposition: `attachment; filename="board-report.pdf"`, ETag: strconv.Quote(strconv.FormatInt(e.Version, 10)), Body: out.Bytes()}, nil
}

// stand puts where the program stands into a report.
func stand(b *report.Board, now program.Standing) {
	for _, m := range now.Milestones {
		b.Milestones = append(b.Milestones, report.Milestone(m))
	}
	for _, m := range now.Maturity {
		b.Maturity = append(b.Maturity, report.Maturity(m))
	}
	for _, k := range now.KPIs {
		b.KPIs = append(b.KPIs, report.KPI(k))
	}
}

// comparedPlans is how many other scenarios a board report compares with.
const comparedPlans = 7

// otherPlans are the scenarios that a report compares with.
func (s *server) otherPlans(ctx context.Context, id string) (others []report.Alternative, err error) {
	var list []ledger.Entry[plan.Scenario]
	err = s.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = s.plans.List(tx)
		return err
	})
	for _, e := range list {
		if e.ID == id || len(others) == comparedPlans {
			continue
		}
		if out, err := e.Body.Plan.Project(); err == nil { // one that has mistakes says so where it is asked for itself
			others = append(others, report.Alternative{Name: e.Body.Name, Currency: e.Body.Plan.Currency, Projection: out})
		}
	}
	return others, err
}
