package program

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pons/fault"
	"pons/ledger"
)

// Member is a seat on a committee: the role that holds it, and who that is now.
type Member struct {
	Role   string `json:"role"`
	Person string `json:"person,omitempty"` // empty: the seat is vacant
	Votes  bool   `json:"votes"`
}

// Committee is a group of people that decides.
type Committee struct {
	Name    string   `json:"name"`
	Purpose string   `json:"purpose,omitempty"`
	Cadence Cadence  `json:"cadence"`
	Chair   string   `json:"chair"`  // a member's role
	Quorum  int      `json:"quorum"` // voting members who must be there
	Members []Member `json:"members"`
	Next    Day      `json:"next,omitempty"` // next meeting
}

// Voting is how many seats vote; Vacant is how many seats nobody holds.
func (c Committee) Voting() (voting, vacant int) {
	for _, m := range c.Members {
		if m.Votes {
			voting++
		}
		if m.Person == "" {
			vacant++
		}
	}
	return voting, vacant
}

// DecisionRight says who may decide what, up to where.
type DecisionRight struct {
	Decision   string `json:"decision"`         // "Accept a residual risk"
	Limit      string `json:"limit,omitempty"`  // how far it reaches in words: "score of 60 and more"
	Amount     int64  `json:"amount,omitempty"` // up to this much, whole units of the currency; 0 no bound by money
	Currency   string `json:"currency,omitempty"`
	Decides    string `json:"decides"` // exactly one role or committee
	Recommends string `json:"recommends,omitempty"`
	Vetoes     string `json:"vetoes,omitempty"`
	Informed   string `json:"informed,omitempty"`
}

// Decision is what a committee decided.
type Decision struct {
	Date      Day    `json:"date"`
	Committee string `json:"committee"` // a committee's id
	Title     string `json:"title"`
	Outcome   string `json:"outcome"` // approved, refused, postponed
	For       int    `json:"for"`
	Against   int    `json:"against"`
	Abstained int    `json:"abstained"`
	Why       string `json:"why,omitempty"`
	Task      string `json:"task,omitempty"` // what follows from it, on the roadmap
	Minutes   string `json:"minutes,omitempty"`
}

// Outcomes lists what a decision can be.
func Outcomes() []string { return []string{"approved", "refused", "postponed"} }

// Quorate says whether enough members voted, as far as the votes were counted; a decision without a count is not said
// to be one or the other.
func (d Decision) Quorate(c Committee) (enough, counted bool) {
	n := d.For + d.Against + d.Abstained
	return n >= c.Quorum, n > 0
}

const maxMembers = 60

// Committees is the book of who decides together.
func (p *Program) Committees() Shelf[Committee] {
	return Shelf[Committee]{Book: ledger.NewBook("program.committee", checkCommittee), p: p}
}

// DecisionRights is the book of who decides what.
func (p *Program) DecisionRights() Shelf[DecisionRight] {
	return Shelf[DecisionRight]{Book: ledger.NewBook("program.right", checkRight), p: p}
}

// Decisions is the log of what was decided.
func (p *Program) Decisions() Shelf[Decision] {
	return Shelf[Decision]{Book: ledger.NewBook("program.decision", checkDecision), p: p}
}

func checkCommittee(c *Committee) error {
	var wrong fault.Mistakes
	wrong.Add("name", tidyName("the name", &c.Name, true))
	wrong.Add("purpose", tidyText("the purpose", &c.Purpose, false))
	wrong.Add("cadence", c.Cadence.check())
	wrong.Add("next", checkDay("the next meeting", c.Next, false))
	c.Members = slices.DeleteFunc(c.Members, func(m Member) bool {
		return strings.TrimSpace(m.Role) == "" && strings.TrimSpace(m.Person) == ""
	})
	if len(c.Members) == 0 || len(c.Members) > maxMembers {
		wrong.Add("members", fmt.Errorf("a committee has 1 to %d members, not %d: %w", maxMembers, len(c.Members), fault.Invalid))
	}
	roles := map[string]bool{}
	for i := range c.Members {
		m := &c.Members[i]
		wrong.Add(fmt.Sprintf("members.%d.role", i+1), tidyName("the role of a seat", &m.Role, true))
		wrong.Add(fmt.Sprintf("members.%d.person", i+1), tidyName("who holds the seat", &m.Person, false))
		roles[m.Role] = true
	}
	wrong.Add("chair", tidyName("the chair", &c.Chair, true))
	if c.Chair != "" && !roles[c.Chair] {
		wrong.Add("chair", fmt.Errorf("the chair %q is the role of no member: %w", c.Chair, fault.Invalid))
	}
	if voting, _ := c.Voting(); len(c.Members) > 0 {
		wrong.Add("quorum", within("the quorum", c.Quorum, 1, max(voting, 1)))
	}
	return wrong.All()
}

func checkRight(r *DecisionRight) error {
	var wrong fault.Mistakes
	wrong.Add("decision", tidyName("the decision", &r.Decision, true))
	wrong.Add("limit", tidyName("the limit", &r.Limit, false))
	wrong.Add("decides", tidyName("who decides", &r.Decides, true))
	wrong.Add("recommends", tidyName("who recommends", &r.Recommends, false))
	wrong.Add("vetoes", tidyName("who may veto", &r.Vetoes, false))
	wrong.Add("informed", tidyName("who is informed", &r.Informed, false))
	wrong.Add("amount", within("the amount", r.Amount, 0, maxCost))
	if r.Amount > 0 {
		wrong.Add("currency", checkCurrency(&r.Currency))
	} else {
		r.Currency = ""
	}
	return wrong.All()
}

func checkDecision(d *Decision) error {
	var wrong fault.Mistakes
	wrong.Add("date", checkDay("the date", d.Date, true))
	wrong.Add("committee", tidyName("the committee", &d.Committee, true))
	wrong.Add("title", tidyName("what was decided", &d.Title, true))
	wrong.Add("why", tidyText("the reason", &d.Why, false))
	wrong.Add("task", tidyName("the task", &d.Task, false))
	wrong.Add("minutes", checkPage(&d.Minutes))
	if !slices.Contains(Outcomes(), d.Outcome) {
		wrong.Add("outcome", fmt.Errorf("the outcome is %q; choose one of %s: %w", d.Outcome, strings.Join(Outcomes(), ", "), fault.Invalid))
	}
	for name, n := range map[string]int{"for": d.For, "against": d.Against, "abstained": d.Abstained} {
		wrong.Add(name, within("the votes", n, 0, maxMembers))
	}
	return wrong.All()
}

// Overlaps names decisions for which several rights stand with the same bound but different deciders: nobody would know who
// decides.
func Overlaps(rights []DecisionRight) []string {
	type bound struct {
		decision, limit string
		amount          int64
	}
	who := map[bound]string{}
	var out []string
	for _, r := range rights {
		b := bound{strings.ToLower(r.Decision), strings.ToLower(r.Limit), r.Amount}
		if first, ok := who[b]; ok && !strings.EqualFold(first, r.Decides) {
			out = append(out, fmt.Sprintf("%s: both %s and %s decide", r.Decision, first, r.Decides))
		} else if !ok {
			who[b] = r.Decides
		}
	}
	slices.SortFunc(out, cmp.Compare)
	return slices.Compact(out)
}
