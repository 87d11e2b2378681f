package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Advice is the best use of a budget, and why. Weighted hours are hours of work times the risk of their class (1 where
// none is given). Hires work a whole year, after their ramp-up.
type Advice struct {
	Year     int             `json:"year"`
	Amount   float64         `json:"amount"`
	Spent    float64         `json:"spent"` // below 0: ended contracts freed more than was spent
	Before   Uncovered       `json:"before"`
	After    Uncovered       `json:"after"`
	Moves    []Move          `json:"moves"` // in the order in which they buy most
	Left     []Remainder     `json:"left"`  // largest first
	Rejected []Move          `json:"rejected"`
	Frontier []FrontierPoint `json:"frontier"`
	Gap      float64         `json:"gap"` // weighted hours that a better choice could cover at most; 0: proven best
	Searched int             `json:"searched"`
	Notes    []string        `json:"notes,omitempty"`
}

// Uncovered is work that nobody is there for, a year.
type Uncovered struct {
	Weighted float64 `json:"weighted_hours"`
	Hours    float64 `json:"hours"`
}

// Move is one decision. For a rejected one, what it would cost and cover next.
type Move struct {
	Kind     string  `json:"kind"` // hire, contract, in-house, course
	Name     string  `json:"name"` // of the role, class or course
	FTE      float64 `json:"fte,omitempty"`
	Cost     float64 `json:"cost"`
	Weighted float64 `json:"weighted_hours"`     // that it covers after the moves before it
	PerHour  float64 `json:"per_hour,omitempty"` // cost of one of them; 0 where nothing is bought
	Because  string  `json:"because"`
}

// Remainder is work that stays undone.
type Remainder struct {
	Role     string  `json:"role"`
	Work     string  `json:"work"`
	Risk     float64 `json:"risk"`
	Hours    float64 `json:"hours"`
	Weighted float64 `json:"weighted_hours"`
	Because  string  `json:"because"`
}

// FrontierPoint is what a budget would come to. Each is a best choice of its own, not a part of a larger one.
type FrontierPoint struct {
	Amount   float64 `json:"amount"`
	Spent    float64 `json:"spent"`
	Weighted float64 `json:"weighted_hours"` // uncovered
	Hours    float64 `json:"hours"`
	Buys     float64 `json:"buys"` // weighted hours fewer than at the point before
	Gap      float64 `json:"gap"`
}

// describe names a decision about an unknown that goes by so much.
func (o *optimiser) describe(at int, by float64) Move {
	if i := slices.Index(o.hire, at); i >= 0 {
		return Move{Kind: "hire", Name: o.p.Roles[i].Name, FTE: by * hireStep, Cost: by * o.price[i]}
	}
	if i := slices.Index(o.contract, at); i >= 0 {
		kind := "contract"
		if by < 0 {
			kind = "in-house"
		}
		return Move{Kind: kind, Name: o.p.Classes[i].Name, Cost: by * o.fee[i]}
	}
	c := o.b.Courses[slices.Index(o.course, at)]
	name := c.From + " → " + c.To
	if c.Skill != "" {
		name += " (" + c.Skill + ")"
	}
	return Move{Kind: "course", Name: name, Cost: c.Cost}
}

// tidy takes the noise of the arithmetic off a figure that people read: a ten-thousandth of an hour or of a unit of money.
func tidy(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// decisions are the whole unknowns.
func (o *optimiser) decisions() []int {
	out := slices.Clone(o.hire)
	for _, at := range append(slices.Clone(o.contract), o.course...) {
		if at >= 0 {
			out = append(out, at)
		}
	}
	return out
}

// moves puts the decisions that lead from one choice to another in order: at each turn the one that covers most for its
// money, of what the budget allows then. Long rows of hires go in eight parts. What a decision covers is reckoned anew
// only when it comes first by what was last known of it: others can only have made it cover less, as a rule.
func (o *optimiser) moves(from, to []float64) []Move {
	type open struct {
		Move
		by   float64
		turn int // when Weighted was reckoned
	}
	at, worth, purse := slices.Clone(from), o.value(from), o.b.Amount
	waiting := map[int]*open{}
	var order []int
	for _, j := range o.decisions() {
		if math.Round(to[j]) != math.Round(at[j]) {
			waiting[j], order = &open{turn: -1}, append(order, j)
		}
	}
	var out []Move
	for turn := 0; len(order) > 0; turn++ {
		reckon := func(j int) {
			w := waiting[j]
			w.by = max(-1, min(math.Round(to[j])-math.Round(at[j]), max(1, math.Ceil(math.Round(to[j])/8))))
			w.Move, w.turn = o.describe(j, w.by), turn
			at[j] += w.by
			w.Weighted = o.value(at) - worth
			at[j] -= w.by
		}
		first := func() int {
			return slices.MaxFunc(order, func(a, b int) int {
				x, y := waiting[a], waiting[b]
				return cmp.Compare(rank(x.Cost, x.Weighted, purse), rank(y.Cost, y.Weighted, purse))
			})
		}
		if turn == 0 {
			for _, j := range order {
				reckon(j)
			}
		}
		j := first()
		for waiting[j].turn != turn {
			reckon(j)
			j = first()
		}
		w := waiting[j]
		at[j] += w.by
		worth += w.Weighted
		purse -= w.Cost
		move := w.Move
		move.Weighted *= kilo
		out = append(out, move)
		if math.Round(at[j]) == math.Round(to[j]) {
			order = slices.DeleteFunc(order, func(k int) bool { return k == j })
		} else {
			w.turn = -1
			w.by = max(-1, min(math.Round(to[j])-math.Round(at[j]), w.by))
			w.Move.Cost = o.describe(j, w.by).Cost
		}
	}
	return merged(out, o.p.Currency)
}

// rank orders moves: what costs nothing and harms nothing, then by gain for money, then what frees money, then what the
// budget does not allow yet.
func rank(cost, gain, purse float64) float64 {
	switch {
	case cost <= 0 && gain >= -tiny:
		return math.Inf(1)
	case cost < 0:
		return -1 + gain/1e6
	case cost > purse+0.005:
		return -1e6
	}
	return gain / max(cost, 0.01)
}

func merged(moves []Move, currency string) []Move {
	out := make([]Move, 0, len(moves))
	for _, m := range moves {
		if n := len(out) - 1; n >= 0 && out[n].Kind == "hire" && m.Kind == "hire" && out[n].Name == m.Name {
			out[n].FTE, out[n].Cost, out[n].Weighted = out[n].FTE+m.FTE, out[n].Cost+m.Cost, out[n].Weighted+m.Weighted
			continue
		}
		out = append(out, m)
	}
	for i := range out {
		m := &out[i]
		m.Cost, m.Weighted = tidy(m.Cost), tidy(m.Weighted)
		if m.Cost > 0 && m.Weighted > 0.01 {
			m.PerHour = tidy(m.Cost / m.Weighted)
		}
		hours := number(math.Round(math.Abs(m.Weighted)))
		switch {
		case m.Kind == "in-house":
			m.Because = fmt.Sprintf("ending the contract frees %s %s a year and brings back %s weighted hours of work", currency, number(math.Round(-m.Cost)), hours)
		case m.PerHour > 0:
			m.Because = fmt.Sprintf("covers %s weighted hours at %s %s each", hours, currency, money(m.PerHour))
		case m.Weighted > 0.01:
			m.Because = fmt.Sprintf("covers %s weighted hours and costs nothing", hours)
		default:
			m.Because = "covers nothing alone: it makes a later move possible"
		}
	}
	return out
}

// rejected prices the next step of everything that was not chosen, cheapest first.
func (o *optimiser) rejected(x []float64, left float64) []Move {
	worth := o.value(x)
	try := slices.Clone(x)
	out := []Move{}
	for _, j := range o.decisions() {
		by := 1.0
		if slices.Contains(o.contract, j) && math.Round(x[j]) == 1 {
			by = -1
		}
		if slices.Contains(o.course, j) && math.Round(x[j]) == 1 {
			continue
		}
		if i := slices.Index(o.contract, j); i >= 0 && math.Round(x[j]) != o.held[i] {
			continue // decided
		}
		m := o.describe(j, by)
		if math.Round(x[j])+by > o.high[j] {
			if most, limited := o.limit(m.Name); m.Kind == "hire" && limited {
				m.Cost, m.FTE, m.Because = 0, 0, fmt.Sprintf("no more than %s FTE may be hired", number(most))
				out = append(out, m)
			}
			continue
		}
		try[j] += by
		m.Weighted = tidy((o.value(try) - worth) * kilo)
		try[j] -= by
		switch {
		case by < 0 && m.Weighted < -0.01:
			m.Because = fmt.Sprintf("it frees %s %s a year and leaves %s weighted hours more undone", o.p.Currency, number(math.Round(-m.Cost)), number(math.Round(-m.Weighted)))
		case m.Weighted < -0.01:
			m.Because = fmt.Sprintf("its hours are missed more than what it lets people do: %s weighted hours more would stay undone", number(math.Round(-m.Weighted)))
		case m.Weighted <= 0.01:
			m.Because = "covers no work that is not covered already"
		case m.Cost > left+0.005:
			m.PerHour = tidy(m.Cost / m.Weighted)
			m.Because = fmt.Sprintf("costs %s %s, and %s are left; a weighted hour comes to %s", o.p.Currency, number(math.Round(m.Cost)), number(math.Floor(left)), money(m.PerHour))
		default:
			m.Because = "the search ended before it was tried" // only with a gap
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b Move) int {
		price := func(m Move) float64 {
			if m.PerHour == 0 {
				return math.Inf(1)
			}
			return m.PerHour
		}
		return cmp.Or(cmp.Compare(price(a), price(b)), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (o *optimiser) limit(role string) (float64, bool) {
	for name, most := range o.b.Hires {
		if fold(name) == fold(role) {
			return most, true
		}
	}
	return 0, false
}

// left says what stays undone, and why.
func (o *optimiser) left(x []float64, purse float64) []Remainder {
	out := []Remainder{}
	for s, h := range o.rest(x) {
		seg := &o.segments[s]
		if h < 0.01 {
			continue
		}
		r := Remainder{Role: o.p.Roles[seg.role].Name, Work: strings.Join(seg.of[:min(len(seg.of), 6)], ", "), Risk: seg.risk, Hours: tidy(h), Weighted: tidy(h * seg.risk)}
		if n := len(seg.of) - 6; n > 0 {
			r.Work += fmt.Sprintf(" and %d more", n)
		}
		at, price := o.hire[seg.role], o.price[seg.role]
		most, limited := o.limit(r.Role)
		switch {
		case limited && math.Round(x[at]) >= o.high[at]:
			r.Because = fmt.Sprintf("no more than %s FTE of %s may be hired", number(most), r.Role)
		case price > purse+0.005:
			r.Because = fmt.Sprintf("a quarter FTE more costs %s %s, and %s are left", o.p.Currency, number(math.Round(price)), number(math.Floor(max(purse, 0))))
		default:
			r.Because = "the money covers more weighted hours elsewhere"
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b Remainder) int { return cmp.Compare(b.Weighted, a.Weighted) })
	return out
}

// frontier solves the program anew at steps of the budget, up to one step beyond it.
func (o *optimiser) frontier(today []float64, answer solution) []FrontierPoint {
	amount, step := o.b.Amount, o.b.Step
	if step == 0 {
		step = 10_000
	}
	for amount/step > frontierSteps {
		step = math.Ceil(2*step/10_000) * 10_000
	}
	fixed := o.most[o.budgetRow] - amount/hundredKilo
	defer func() { o.most[o.budgetRow] = fixed + amount/hundredKilo }()
	var amounts []float64
	for k := 0; float64(k)*step < amount-0.005; k++ {
		amounts = append(amounts, float64(k)*step)
	}
	out, start := []FrontierPoint{}, today
	for _, a := range append(amounts, amount, amount+step) {
		o.most[o.budgetRow] = fixed + a/hundredKilo
		s := answer
		if a != amount {
			s = o.solve(o.effort(pointRelaxed), start)
		}
		start = s.x
		u := o.uncovered(s.x)
		point := FrontierPoint{Amount: a, Spent: o.spent(s.x), Weighted: u.Weighted, Hours: u.Hours, Gap: s.gap * kilo}
		if n := len(out); n > 0 {
			point.Buys = tidy(out[n-1].Weighted - u.Weighted)
		}
		out = append(out, point)
	}
	return out
}
