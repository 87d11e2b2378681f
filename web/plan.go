package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/plan"
	"pons/sqldb"
)

// scenarioEntry is a scenario in one of its states.
type scenarioEntry = ledger.Entry[plan.Scenario]

// scenario is the one that the address names.
func (s *Server) scenario(v *Visit) (e scenarioEntry, err error) {
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		e, err = s.plans.Get(tx, v.R.PathValue("id"))
		return err
	})
	return e, err
}

func planHref(id, step string) string {
	if step == "" {
		return "/plan/" + id
	}
	return "/plan/" + id + "/" + step
}

// planStep is one page of a plan, in the order in which a plan is made.
type planStep struct{ Key, Title, About string }

func planSteps() []planStep {
	return []planStep{
		{"baseline", "Baseline", "Which devices there are: by class, counted in the inventory or typed in."},
		{"roles", "Roles", "Who does the work: pay, the people there now, those who will come, and the hours one of them has."},
		{"ratios", "Ratios & workload", "What one person looks after, and the list of work. Both are computed side by side; the page shows which one binds."},
		{"growth", "Growth", "How each class grows, at least, most likely and at most, and the projects that are known."},
		{"coverage", "Coverage & costs", "Who must answer at which hour, and what is paid beside wages."},
		{"results", "Results", "How many people of which role the devices need, what that costs, and where the gaps are."},
	}
}

func planStepNamed(key string) planStep {
	all := planSteps()
	return all[slices.IndexFunc(all, func(s planStep) bool { return s.Key == key })]
}

// planPage is the head of a page of one scenario.
func planPage(e scenarioEntry, about string) Page {
	return Page{Title: e.Body.Name, About: about, Crumbs: []Link{{"Scenarios", "/plan"}}, Actions: planActions(e)}
}

// projections keeps what the last plans came to: a projection and its draws are pure, so one state of a scenario is
// computed once. It is safe for many goroutines.
type projections struct {
	mu   sync.Mutex
	of   map[outcomeKey]*plan.Projection
	last []outcomeKey // the one used longest ago first
}

type outcomeKey struct {
	id      string
	version int64
}

// keptOutcomes bounds the memory: 10 years of 30 roles and 40 classes take some 200 kB.
const keptOutcomes = 32

func (o *projections) get(k outcomeKey) *plan.Projection {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.of[k]
	if out != nil {
		o.last = append(slices.DeleteFunc(o.last, func(x outcomeKey) bool { return x == k }), k)
	}
	return out
}

func (o *projections) put(k outcomeKey, out *plan.Projection) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = map[outcomeKey]*plan.Projection{}
	}
	o.of[k] = out
	o.last = append(slices.DeleteFunc(o.last, func(x outcomeKey) bool { return x == k }), k)
	for len(o.last) > keptOutcomes {
		delete(o.of, o.last[0])
		o.last = o.last[1:]
	}
}

// outcome is what a scenario comes to: the projection with its percentiles. It is shared by all who look at that state
// and must not be changed.
func (s *Server) outcome(ctx context.Context, e scenarioEntry) (*plan.Projection, error) {
	k := outcomeKey{e.ID, e.Version}
	if out := s.projections.get(k); out != nil {
		return out, nil
	}
	out, err := projected(ctx, &e.Body.Plan)
	if err == nil {
		s.projections.put(k, out)
	}
	return out, err
}

// projected computes a plan, with its uncertainty.
func projected(ctx context.Context, p *plan.Plan) (*plan.Projection, error) {
	out, err := p.Project()
	if err != nil {
		return nil, err
	}
	if out.Percentiles, err = p.Simulate(ctx); err != nil {
		return nil, err
	}
	out.Tornado, err = p.Tornado()
	return out, err
}

// copyPlan makes a scenario out of another.
func (s *Server) copyPlan(v *Visit) error {
	e, err := s.scenario(v)
	if err != nil {
		return err
	}
	for n := 1; n < 100; n++ {
		name := e.Body.Name + " (copy)"
		if n > 1 {
			name = fmt.Sprintf("%s (copy %d)", e.Body.Name, n)
		}
		next, err := s.plans.Copy(v.Context(), v.Actor.String(), e.ID, name)
		if _, taken := planMistakes(err); taken {
			continue
		}
		if err != nil {
			return err
		}
		return v.Redirect(planHref(next.ID, "baseline"), &Flash{Status: Good, Text: fmt.Sprintf("Copied %s. This is the copy: change it, the original stays.", e.Body.Name), Undo: planHref(next.ID, "remove")})
	}
	return fmt.Errorf("%s has a hundred copies; name one of them anew: %w", e.Body.Name, fault.Invalid)
}

// lockPlan keeps a scenario as it is, or lets it go.
func (s *Server) lockPlan(v *Visit) error {
	lock := v.Form("locked") == "yes"
	e, err := s.plans.Lock(v.Context(), v.Actor.String(), v.R.PathValue("id"), lock)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Locked %s: it stays as it is until somebody unlocks it.", e.Body.Name)
	if !lock {
		text = fmt.Sprintf("Unlocked %s: it can be changed again.", e.Body.Name)
	}
	return v.Redirect(v.here(), &Flash{Status: Good, Text: text})
}

func (s *Server) removePlan(v *Visit) error {
	e, err := s.plans.Remove(v.Context(), v.Actor.String(), v.R.PathValue("id"))
	if err != nil {
		return err
	}
	return v.Redirect("/plan", &Flash{Status: Good, Text: fmt.Sprintf("Removed %s. Its versions are kept.", e.Body.Name), Undo: fmt.Sprintf("%s?version=%d", planHref(e.ID, "restore"), e.Version-1)})
}

// planVersion is the state that the writer of a form looked at; 0 when the form does not say.
func planVersion(v *Visit) int64 {
	n, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// restorePlan makes an earlier version the newest again, also of a removed scenario.
func (s *Server) restorePlan(v *Visit) error {
	version := planVersion(v)
	if version == 0 {
		return fmt.Errorf("say which version is to come back: %w", fault.Invalid)
	}
	before, gone := s.scenario(v)
	e, err := s.plans.Restore(v.Context(), v.Actor.String(), v.R.PathValue("id"), version)
	if err != nil {
		return err
	}
	f := &Flash{Status: Good, Text: fmt.Sprintf("%s is again as it was in version %d.", e.Body.Name, version)}
	if gone == nil && e.Version > before.Version {
		f.Undo = fmt.Sprintf("%s?version=%d", planHref(e.ID, "restore"), before.Version)
	}
	return v.Redirect(planHref(e.ID, "results"), f)
}

// planFile gives the plan as a file, which can be read back.
func (s *Server) planFile(v *Visit) error {
	e, err := s.scenario(v)
	if err != nil {
		return err
	}
	text, err := e.Body.Plan.Text()
	if err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Disposition", attachment(e.Body.Name, "yaml"))
	h.Set("Cache-Control", "no-store")
	v.W.WriteHeader(http.StatusOK)
	_, _ = v.W.Write(text) // a browser that went away is no error of ours
	return nil
}

// peopleUnknown is what every page says of a plan in which nobody is stated, in one wording.
const peopleUnknown = "Who is here now is not stated, so what is missing is not known."

// mayPlan says whether this person changes plans.
func mayPlan(ctx context.Context) bool {
	v, ok := ctx.Value(visitKey{}).(*Visit)
	return ok && v.May(account.PlanWrite)
}
