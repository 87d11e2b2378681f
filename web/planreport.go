package web

import (
	"bytes"
	"net/http"
	"strconv"

	"pons/account"
	"pons/plan/report"
	"pons/program"
	"pons/sqldb"
)

// comparedPlans is how many other scenarios a board report compares with.
const comparedPlans = 7

// planReport prints a scenario for a board: GET /plan/{id}/report.pdf, with ?version= and ?paper=Letter. What stands
// around the plan is printed for those who may see it.
func (s *Server) planReport(v *Visit) error {
	e, _, err := s.scenarioAt(v)
	if err != nil {
		return err
	}
	out, err := s.outcome(v.Context(), e)
	if err != nil {
		return err
	}
	b := report.Of(e, out)
	b.Hospital, b.Demo, b.At, b.By = s.Name, s.Demo != "", v.Now, v.Actor.Name
	if v.Form("paper") == string(report.Letter) {
		b.Paper = report.Letter
	}
	if e.Body.Plan.Baseline != nil && v.May(account.InventoryRead) {
		list, unknown, err := s.drifts(v, &e.Body.Plan)
		if err != nil {
			return err
		}
		b.Drifts, b.Drifted = list, unknown == ""
	}
	if v.May(account.ProgramRead) {
		now, err := s.program.Standing(v.Context(), program.DayOf(v.Now))
		if err != nil {
			return err
		}
		standInReport(&b, now)
	}
	if b.Compared, err = s.otherScenarios(v, e.ID); err != nil {
		return err
	}
	var file bytes.Buffer // whole before anything is sent: half a report must not look like one
	if err := report.Write(&file, b); err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Length", strconv.Itoa(file.Len()))
	h.Set("Content-Disposition", attachment(e.Body.Name+" "+v.Now.UTC().Format("2006-01-02"), "pdf"))
	h.Set("Cache-Control", "no-store")
	v.W.WriteHeader(http.StatusOK)
	if v.R.Method != http.MethodHead {
		_, _ = file.WriteTo(v.W) // a browser that went away is no error of ours
	}
	return nil
}

// otherScenarios are those that a report compares with, the newest last; without draws, which the comparison does not
// show.
func (s *Server) otherScenarios(v *Visit, id string) (others []report.Alternative, err error) {
	var list []scenarioEntry
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = s.plans.List(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if e.ID == id || len(others) == comparedPlans {
			continue
		}
		out, err := e.Body.Plan.Project()
		if err != nil {
			continue // it says on its own page what is wrong with it
		}
		others = append(others, report.Alternative{Name: e.Body.Name, Currency: e.Body.Plan.Currency, Projection: out})
	}
	return others, nil
}

// standInReport puts where the program stands into a report.
func standInReport(b *report.Board, now program.Standing) {
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
