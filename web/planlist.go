package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"pons/column"
	"pons/fault"
	"pons/plan"
	planbook "pons/plan/workbook"
	"pons/sqldb"
)

// planCard is one scenario on the list.
type planCard struct {
	E           scenarioEntry
	First, Last plan.Year
	Here        float64
	Missing     float64
	Short       int // roles in which somebody is missing
	HereKnown   bool
	Broken      string // a plan of an older version that no longer checks
}

// hereText says who is there and in how many roles somebody is missing: people of one role do not fill another, so more
// may be there than are needed and still some missing.
func (c planCard) hereText() string {
	if c.Missing == 0 {
		return fteText(c.Here) + " FTE, enough in every role"
	}
	return fteText(c.Here) + " FTE; " + fteText(c.Missing) + " FTE missing in " + manyOf(c.Short, "role", "roles")
}

type planList struct {
	Cards  []planCard
	Wrong  fault.Mistakes // of a file that was given
	File   string
	May    bool
	Scoped string // what the person sees of the hospital, when it is not all
	Ready  bool
	Empty  bool // no devices are there to be counted
}

// planScenarios shows all scenarios, and the ways to a first one.
func (s *Server) planScenarios(v *Visit) error { return s.drawPlans(v, planList{}, 0) }

func (s *Server) drawPlans(v *Visit, p planList, status int) error {
	var list []scenarioEntry
	err := s.DB.View(v.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = s.plans.List(tx)
		return err
	})
	if err != nil {
		return err
	}
	var fresh time.Time
	for _, e := range list {
		if e.At.After(fresh) {
			fresh = e.At
		}
		card := planCard{E: e}
		out := s.projections.get(outcomeKey{e.ID, e.Version})
		if out == nil {
			out, err = e.Body.Plan.Project()
		}
		if _, wrong := planMistakes(err); wrong {
			card.Broken = err.Error()
		} else if err != nil {
			return err
		} else {
			card.First, card.Last = out.Years[0], out.Years[len(out.Years)-1]
		}
		for i := range e.Body.Plan.Roles {
			card.Here += e.Body.Plan.Roles[i].CurrentFTE
			if i < len(card.First.Roles) {
				card.Missing += max(0, card.First.Roles[i].GapFTE)
				if card.First.Roles[i].GapFTE > 0 {
					card.Short++
				}
			}
		}
		card.HereKnown = card.Here > 0
		p.Cards = append(p.Cards, card)
	}
	p.May = mayPlan(v.componentContext())
	p.Ready, _ = s.Index.Ready()
	some, err := s.Index.Table().Find(column.Request{Limit: 1})
	if err != nil {
		return err
	}
	p.Empty = p.Ready && len(some.IDs) == 0
	if !v.Actor.Scope.All() {
		p.Scoped = v.scopeText()
	}
	return v.Render(Page{Title: "Plan", About: "How many people of which role the devices need, now and as they grow, what that costs, and where the gaps are.",
		Fresh: fresh, Status: status, Actions: planListActions(p)}, p.View())
}

// openPlan leads to the result: that is what a plan is for.
func (s *Server) openPlan(v *Visit) error {
	e, err := s.scenario(v)
	if err != nil {
		return err
	}
	return v.Redirect(planHref(e.ID, "results"), nil)
}

// addPlan makes a scenario: from the inventory, or empty.
func (s *Server) addPlan(v *Visit) error {
	year := v.Now.UTC().Year()
	p := plan.Template("USD", year)
	name, why := "As we are", "from the inventory"
	switch v.Form("from") {
	case "inventory":
		counted, err := s.recounted(v, p, "", "")
		if err != nil {
			return err
		}
		fte, err := s.staffFTE(v)
		if err != nil {
			return err
		}
		p, _ = withStaff(counted, fte, v.Now.UTC().Format(time.DateOnly))
	case "empty":
		p, name, why = emptyPlan(p), "New plan", "empty"
	default:
		return fmt.Errorf("say what the plan is to begin with: the inventory, a file or nothing: %w", fault.Invalid)
	}
	return s.keepNewPlan(v, name, why, p, nil)
}

// emptyPlan keeps the working year of the template, its first class and the role that it drives: a plan needs one role.
func emptyPlan(t *plan.Plan) *plan.Plan {
	p := t.Copy()
	p.Classes, p.Roles = p.Classes[:1], p.Roles[:1]
	p.Classes[0].SubsetOf = nil
	p.Workload.Items, p.Coverage = nil, nil
	var kept []plan.Assumption
	for _, a := range p.Assumptions {
		for _, of := range []string{"classes/" + p.Classes[0].Name + "/", "roles/" + p.Roles[0].Name + "/", "workload/productive_hours", "benefits", "wage_escalation"} {
			if strings.HasPrefix(a.Path, of) {
				kept = append(kept, a)
				break
			}
		}
	}
	p.Assumptions = kept
	return p
}

// keepNewPlan keeps a scenario under a name that is free and leads to its result, or to its first step when there is
// nothing to compute from yet.
func (s *Server) keepNewPlan(v *Visit, name, why string, p *plan.Plan, notes []string) error {
	for n := 1; n < 100; n++ {
		free := name
		if n > 1 {
			free = fmt.Sprintf("%s %d", name, n)
		}
		e, err := s.plans.Add(v.Context(), v.Actor.String(), why, plan.Scenario{Name: free, Plan: *p})
		if m, ok := planMistakes(err); ok && m.At("name") != "" {
			continue
		}
		if err != nil {
			return err
		}
		text := fmt.Sprintf("Made %s. Every figure in it can be changed.", free)
		if b := p.Baseline; b != nil {
			text = fmt.Sprintf("Made %s from %s devices of the inventory. Every figure in it can be changed.", free, Count(b.Devices))
		}
		if b := p.Baseline; b != nil && slices.ContainsFunc(p.Roles, func(r plan.Role) bool { return r.CurrentFTE > 0 }) {
			text += " Who is here now comes from the staff list: look at Roles next."
		}
		if len(notes) > 0 {
			text += " " + upperFirst(notes[0]) + "."
			if len(notes) > 1 {
				text += fmt.Sprintf(" %d more doubts stand at the side.", len(notes)-1)
			}
		}
		step := "results"
		if why == "empty" {
			step = "baseline"
		}
		return v.Redirect(planHref(e.ID, step), &Flash{Status: Good, Text: text, Undo: planHref(e.ID, "remove")})
	}
	return fmt.Errorf("there are a hundred scenarios called %s; give them names: %w", name, fault.Invalid)
}

// planFileLimit is the largest file: a workbook of the largest plan is a tenth of it.
const planFileLimit = 8 << 20

// addPlanFile makes a scenario of a file. A file with mistakes keeps nothing and shows each with its place.
func (s *Server) addPlanFile(v *Visit) error {
	file, head, err := v.R.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || err != nil && v.R.MultipartForm == nil {
		return s.drawPlans(v, planList{Wrong: fault.Mistakes{{Text: "choose a file: a plan as YAML or JSON, or the workbook that Pons writes"}}, File: " "}, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, planFileLimit+1))
	if err != nil {
		return err
	}
	p, notes, err := readPlan(head.Filename, text)
	if wrong, ok := planMistakes(err); ok {
		return s.drawPlans(v, planList{Wrong: wrong, File: head.Filename}, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	name := strings.TrimSpace(p.Name)
	if name == "" {
		name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(head.Filename, ".yaml"), ".yml"), ".json"), ".xlsx")
	}
	return s.keepNewPlan(v, name, "from the file "+head.Filename, p, notes)
}

// readPlan reads a plan file, or a workbook.
func readPlan(name string, text []byte) (*plan.Plan, []string, error) {
	if len(text) > planFileLimit {
		return nil, nil, fault.Mistakes{{File: name, Text: fmt.Sprintf("the file is larger than %d MB; a plan is not", planFileLimit>>20)}}
	}
	if bytes.HasPrefix(text, []byte("PK")) { // a zip archive, which a workbook is
		p, notes, err := planbook.Read(bytes.NewReader(text))
		if _, ok := planMistakes(err); err != nil && !ok {
			return nil, nil, fault.Mistakes{{File: name, Text: err.Error()}}
		}
		return p, notes, err
	}
	return plan.Read(name, bytes.NewReader(text))
}

// planWorkbook gives the plan as a workbook whose formulas compute the projection.
func (s *Server) planWorkbook(v *Visit) error {
	e, err := s.scenario(v)
	if err != nil {
		return err
	}
	out, err := s.outcome(v.Context(), e)
	if err != nil {
		return err
	}
	p := e.Body.Plan
	p.Name = e.Body.Name
	var body bytes.Buffer // so that a mistake in the middle is an error page and not half a workbook
	if err := planbook.Write(&body, &p, out); err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	h.Set("Content-Disposition", attachment(e.Body.Name, "xlsx"))
	h.Set("Cache-Control", "no-store")
	v.W.WriteHeader(http.StatusOK)
	_, _ = body.WriteTo(v.W) // a browser that went away is no error of ours
	return nil
}
