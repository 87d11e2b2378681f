// Package report prints a resource plan for a board: a PDF of two to six pages that begins with the answer and ends
// with what it rests on. It decides what of a plan is shown, in which order, in which words and pictures; what the
// numbers are is decided by package plan, and who may read them by the faces above. A Board is plain values, and the
// same Board always gives the same bytes.
package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"pons/fault"
	"pons/ledger"
	"pons/plan"
)

// Board is what one report is printed from.
type Board struct {
	Hospital string
	Scenario string // its name
	About    string // one or two sentences of it
	Version  int64  // of the scenario; 0 is not shown
	Locked   bool
	Saved    time.Time // when that version was saved
	SavedBy  string
	At       time.Time // when the report was made, in the reader's zone
	By       string    // who made it
	Demo     bool      // the data are invented: every page says so
	Paper    Paper

	Plan        *plan.Plan
	Projection  *plan.Projection  // of Plan
	Percentiles *plan.Percentiles // nil: not simulated, and said so
	Tornado     []plan.Swing      // widest first or not
	Drifts      []plan.Drift      // what the inventory counts otherwise today
	Drifted     bool              // the inventory was asked for Drifts

	Compared   []Alternative // other scenarios
	Milestones []Milestone   // in the order of their dates
	Maturity   []Maturity
	KPIs       []KPI
	Decisions  []Decision // what the board is asked; empty: read off the numbers
}

// Paper is the size of the sheets.
type Paper string

// The papers. A4 is what an empty Paper means.
const (
	A4     Paper = "A4"
	Letter Paper = "Letter"
)

// Alternative is another scenario beside the one of the report.
type Alternative struct {
	Name       string
	Currency   string
	Projection *plan.Projection
}

// Milestone is a day of the roadmap.
type Milestone struct {
	Date   string // 2027-03-01; empty is not yet known
	Title  string
	Phase  string
	Owner  string
	Status string // in words
	Late   bool
}

// Maturity is one domain of the work: where it is and where it shall be, 1 to 5; a Level of 0 was not assessed.
type Maturity struct {
	Domain        string
	Level, Target int
}

// KPI is one measure as it reads now.
type KPI struct {
	Name, Owner, Unit string
	State             string  // how it stands against its target, in words
	Value             float64 // NaN: not known
	Target            float64 // NaN: none
	Met               bool    // the value meets the target
	Trend             []float64
}

// Decision is something that the board is asked.
type Decision struct{ What, Why string }

// Of is the report of a scenario and what it comes to; hospital, reader, day and what stands around the plan are for
// the caller to add.
func Of(e ledger.Entry[plan.Scenario], out *plan.Projection) Board {
	_, by, _ := strings.Cut(e.Actor, ":")
	return Board{Scenario: e.Body.Name, About: e.Body.About, Version: e.Version, Locked: e.Locked, Saved: e.At, SavedBy: by,
		Plan: &e.Body.Plan, Projection: out, Percentiles: out.Percentiles, Tornado: out.Tornado}
}

// Write prints the report. It wraps fault.Invalid when there is no projection to print.
func Write(w io.Writer, b Board) error {
	s, err := draw(b, true)
	if err != nil {
		return err
	}
	if err := s.Output(w); err != nil {
		return fmt.Errorf("board report: %w", err)
	}
	return nil
}

// draw lays the report out. Tests leave the pages uncompressed, to read them.
func draw(b Board, compress bool) (*sheet, error) {
	if b.Plan == nil || b.Projection == nil || len(b.Projection.Years) == 0 {
		return nil, fmt.Errorf("the board report needs a plan and its projection: %w", fault.Invalid)
	}
	s := newSheet(&b, compress)
	s.answer()
	s.people()
	s.money()
	s.drivers()
	s.scenarios()
	s.program()
	s.basis()
	s.frames()
	if err := s.Error(); err != nil {
		return nil, fmt.Errorf("board report: %w", err)
	}
	return s, nil
}

// first and last are the years that the report speaks of.
func (b *Board) first() *plan.Year { return &b.Projection.Years[0] }
func (b *Board) last() *plan.Year  { return &b.Projection.Years[len(b.Projection.Years)-1] }

func (b *Board) years() []int {
	out := make([]int, len(b.Projection.Years))
	for i := range out {
		out[i] = b.Projection.Years[i].Year
	}
	return out
}

// each reads one number a year.
func (b *Board) each(f func(y *plan.Year) float64) []float64 {
	out := make([]float64, len(b.Projection.Years))
	for i := range out {
		out[i] = f(&b.Projection.Years[i])
	}
	return out
}

// current is the people who are there now: the same in every year.
func current(y *plan.Year) (fte float64) {
	for i := range y.Roles {
		fte += y.Roles[i].CurrentFTE
	}
	return fte
}

// counted says that there is a device in the plan. A plan without one is a template that nobody has filled in.
func (b *Board) counted() bool {
	for _, c := range b.first().Classes {
		if c.Count > 0 {
			return true
		}
	}
	return false
}

// staffed says that somebody stated who is there. A plan in which nobody is there anywhere is one that nobody has
// told: who is there is then unknown, and not zero.
func (b *Board) staffed() bool { return current(b.first()) > 0 }

// short is the FTE that are missing, role by role: people too many in one role do not do the work of another.
func short(y *plan.Year) (fte float64) {
	for i := range y.Roles {
		fte += max(0, y.Roles[i].GapFTE)
	}
	return fte
}

// surplus is the FTE of roles that have more people than they need.
func surplus(y *plan.Year) (fte float64) {
	for i := range y.Roles {
		fte += max(0, -y.Roles[i].GapFTE)
	}
	return fte
}

// backlog is the hours not done up to a year; known is false when the plan lists no work,
// or does not say who is there to do it.
func (b *Board) backlog(y *plan.Year) (hours float64, known bool) {
	for i := range y.Roles {
		hours += y.Roles[i].BacklogHours
	}
	return hours, len(b.Plan.Workload.Items) > 0 && b.staffed()
}

// enough is the probability that every role has enough people in a year; NaN when it was not simulated.
func (b *Board) enough(year int) float64 {
	if b.Percentiles != nil && b.staffed() {
		for _, y := range b.Percentiles.TotalFTE {
			if y.Year == year && y.Enough != nil {
				return *y.Enough
			}
		}
	}
	return math.NaN()
}

// band is the lowest and the highest percentile of a row of years; nil when it was not simulated.
func (b *Board) band(rows []plan.YearPercentiles) (low, high []float64) {
	if len(rows) != len(b.Projection.Years) {
		return nil, nil
	}
	i, j := b.bandOf()
	for _, r := range rows {
		if len(r.Values) <= max(i, j) {
			return nil, nil
		}
		low, high = append(low, r.Values[i]), append(high, r.Values[j])
	}
	return low, high
}

// bandOf says where the lowest and the highest percentile stand.
func (b *Board) bandOf() (low, high int) {
	for i, p := range b.Percentiles.Percentiles {
		if p < b.Percentiles.Percentiles[low] {
			low = i
		}
		if p > b.Percentiles.Percentiles[high] {
			high = i
		}
	}
	return low, high
}

// bandName is "P10–P90".
func (b *Board) bandName() string {
	if b.Percentiles == nil || len(b.Percentiles.Percentiles) < 2 {
		return ""
	}
	i, j := b.bandOf()
	return fmt.Sprintf("P%s–P%s", figure(b.Percentiles.Percentiles[i], 1), figure(b.Percentiles.Percentiles[j], 1))
}

func (b *Board) totalBand() (low, high []float64) {
	if b.bandName() == "" {
		return nil, nil
	}
	return b.band(b.Percentiles.TotalFTE)
}

func (b *Board) roleBand(name string) (low, high []float64) {
	if b.bandName() == "" {
		return nil, nil
	}
	for _, r := range b.Percentiles.Roles {
		if r.Name == name {
			return b.band(r.Years)
		}
	}
	return nil, nil
}
