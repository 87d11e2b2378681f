package web

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"

	"pons/fault"
	"pons/plan"
	"pons/sqldb"
)

// drawing is the draws that run: one for each state of a scenario, however many look at it. It is safe for many
// goroutines.
type drawing struct {
	mu sync.Mutex
	of map[outcomeKey]chan struct{}
}

// start begins what is not begun yet and gives what is closed at its end.
func (d *drawing) start(k outcomeKey, s *Server, do func(context.Context)) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if done := d.of[k]; done != nil {
		return done
	}
	if d.of == nil {
		d.of = map[outcomeKey]chan struct{}{}
	}
	done := make(chan struct{})
	d.of[k] = done
	s.jobs.all.Go(func() {
		defer func() {
			d.mu.Lock()
			delete(d.of, k)
			d.mu.Unlock()
			close(done)
		}()
		do(s.jobs.ctx)
	})
	return done
}

// drawPatience is how long a page waits for the draws before it comes without them: a person sees structure within
// 300 ms (FACE.md), and most plans take less.
const drawPatience = 300 * time.Millisecond

// outcomeSoon is the outcome when it is there or comes soon; otherwise the projection without uncertainty, and the
// draws go on behind the page.
func (s *Server) outcomeSoon(ctx context.Context, e scenarioEntry) (out *plan.Projection, pending bool, err error) {
	k := outcomeKey{e.ID, e.Version}
	if out := s.projections.get(k); out != nil {
		return out, false, nil
	}
	if out, err = e.Body.Plan.Project(); err != nil {
		return nil, false, err
	}
	done := s.drawing.start(k, s, func(ctx context.Context) {
		if _, err := s.outcome(ctx, e); err != nil && ctx.Err() == nil {
			s.Log.Error("draws of a plan failed", "scenario", e.ID, "version", e.Version, "error", err)
		}
	})
	timer := time.NewTimer(drawPatience)
	defer timer.Stop()
	select {
	case <-done:
		if drawn := s.projections.get(k); drawn != nil {
			return drawn, false, nil
		}
		return out, false, nil // the log says why there are no draws
	case <-timer.C:
		return out, true, nil
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

// scenarioAt is the scenario of the address, in the state that ?version= names.
func (s *Server) scenarioAt(v *Visit) (e scenarioEntry, version int64, err error) {
	text := v.Form("version")
	if text == "" {
		e, err = s.scenario(v)
		return e, 0, err
	}
	if version, err = strconv.ParseInt(text, 10, 64); err != nil || version < 1 {
		return e, 0, fmt.Errorf("%q is no version: %w", text, fault.Invalid)
	}
	err = s.DB.View(v.Context(), func(tx *sqldb.Tx) error {
		now, err := s.plans.Get(tx, v.R.PathValue("id"))
		if err != nil {
			return err
		}
		if now.Version == version {
			e, version = now, 0
			return nil
		}
		e, err = s.plans.Version(tx, now.ID, version)
		return err
	})
	return e, version, err
}

// result is the result that the address names.
func (s *Server) result(v *Visit) (*resultView, error) {
	e, version, err := s.scenarioAt(v)
	if err != nil {
		return nil, err
	}
	r := &resultView{Entry: e, Plan: &e.Body.Plan, Version: version}
	if r.Out, r.Pending, err = s.outcomeSoon(v.Context(), e); err != nil {
		return nil, err
	}
	if text := v.Form("year"); text != "" {
		year, _ := strconv.Atoi(text)
		if r.Y = slices.IndexFunc(r.Out.Years, func(y plan.Year) bool { return y.Year == year }); r.Y < 0 {
			return nil, fmt.Errorf("the plan has no year %s; it goes from %d to %d: %w", text, r.first().Year, r.last().Year, fault.NotFound)
		}
	}
	if r.Role = v.Form("role"); r.Role != "" && !slices.ContainsFunc(r.Plan.Roles, func(x plan.Role) bool { return x.Name == r.Role }) {
		return nil, fmt.Errorf("the plan has no role %s: %w", r.Role, fault.NotFound)
	}
	return r, nil
}

// planResults is the page of what a plan comes to.
func (s *Server) planResults(v *Visit) error {
	r, err := s.result(v)
	if err != nil {
		return err
	}
	if v.Part() { // the page asks again while the draws run
		if r.Pending {
			return v.Fragment(r.waiting())
		}
		v.W.Header().Set("HX-Refresh", "true")
		return v.Fragment(templ.NopComponent)
	}
	page := planPage(r.Entry, planStepNamed("results").About)
	page.Islands, page.Fresh = []string{"chart"}, r.Entry.At
	page.Actions = r.actions()
	if r.Pending {
		page.Refresh = 2
	}
	return v.Render(page, r.View())
}

// shortText is what is missing where it is needed.
func (r *resultView) shortText(y int) string {
	short, _, _, _ := shortOf(r.Plan, &r.Out.Years[y])
	return amount(short)
}

// fewNames is how many roles are named before the rest is only counted.
const fewNames = 6

func (r *resultView) spanTitle() string {
	_, _, title := r.span()
	return title
}

func (r *resultView) drawCount() string {
	if r.Out.Percentiles == nil {
		return "many"
	}
	return Count(r.Out.Percentiles.Draws)
}

func (r *resultView) yearChosen() string {
	if r.Y == 0 {
		return ""
	}
	return strconv.Itoa(r.year().Year)
}

func (r *resultView) yearTabs() []Tab {
	var out []Tab
	for y, label := range r.years() {
		out = append(out, Tab{Label: label, Href: r.at("results", "role", r.Role, "year", label) + "#methods", Count: -1, On: y == r.Y})
	}
	return out
}

func (r *resultView) methodColumns() []Column {
	cols := []Column{{Title: "Role"}, {Title: "Driver", Numeric: true}, {Title: "Ratio", Numeric: true}, {Title: "Workload", Numeric: true}, {Title: "Coverage", Numeric: true}, {Title: "Needed FTE", Numeric: true}}
	if r.spanTitle() != "" {
		cols = append(cols, Column{Title: r.spanTitle(), Numeric: true})
	}
	if peopleKnown(r.Plan) {
		cols = append(cols, Column{Title: "There", Numeric: true}, Column{Title: "Gap", Numeric: true})
		if r.spanTitle() != "" {
			cols = append(cols, Column{Title: "Enough", Numeric: true})
		}
	}
	return append(cols, Column{Title: "Cost, " + r.Plan.Currency, Numeric: true})
}

// methodAbout says which of the first two methods counts.
func methodAbout(m plan.Method) string {
	switch m {
	case plan.ByRatio:
		return "The ratio counts; the workload is shown beside it."
	case plan.ByWorkload:
		return "The list of work counts; the ratio is shown beside it."
	}
	return "The greater of ratio and workload counts."
}

// warningText is a doubt of the plan as a page says it: that nobody is stated is said in the words of every page, and
// not by the key of the file.
func warningText(w string) string {
	if strings.Contains(w, "no role has current_fte") {
		return peopleUnknown
	}
	return w
}

// driverText writes what a ratio divides: whole where the hundredths of thousands say nothing.
func driverText(v float64) string {
	if v >= 1000 {
		v = round0(v)
	}
	return amount(v)
}
