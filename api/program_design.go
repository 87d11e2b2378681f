package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/program"
	"pons/sqldb"
)

// registerDesign adds the second and third phase of the program: maturity, gaps, support, governance, roadmap, messages.
func (s *server) registerDesign(routes huma.API) {
	p := s.program
	keepBook(s, routes, book[program.Assessment, Assessment]{"assessment", "/assessments", "assessments of maturity", p.Assessments(), assessmentOf, Assessment.body})
	keepBook(s, routes, book[program.Gap, Gap]{"gap", "/gaps", "gaps in processes, workflows, vendors and technology", p.Gaps(), gapOf, Gap.body})
	keepBook(s, routes, book[program.Committee, Committee]{"committee", "/committees", "committees and their members", p.Committees(), committeeOf, Committee.body})
	keepBook(s, routes, book[program.DecisionRight, DecisionRight]{"decision-right", "/decision-rights", "who may decide what, up to where", p.DecisionRights(), rightOf, DecisionRight.body})
	keepBook(s, routes, book[program.Decision, Decision]{"decision", "/decisions", "what committees decided", p.Decisions(), decisionOf, Decision.body})
	keepBook(s, routes, book[program.Message, Message]{"message", "/messages", "lines of the communication plan", p.Messages(), messageOf, Message.body})
	keepBook(s, routes, book[program.Benefit, Benefit]{"benefit", "/benefits", "what the roadmap has brought", p.Benefits(), benefitOf, Benefit.body})
	op := designOp
	huma.Register(routes, op("get-maturity", http.MethodGet, "/maturity", "Scores of the assessments, and the domains of the latest with target and gap, the most urgent first"), s.getMaturity)
	huma.Register(routes, op("put-maturity-aims", http.MethodPut, "/maturity/aims", "Set target and weight of each domain"), s.putAims)
	huma.Register(routes, op("get-support", http.MethodGet, "/support", "Levels and rules of support; version 0 is the default that nobody has agreed to"), s.getSupport)
	huma.Register(routes, op("put-support", http.MethodPut, "/support", "Replace levels and rules of support, from the version that was read"), s.putSupport)
	huma.Register(routes, op("support-for", http.MethodGet, "/support/level", "Which level of support a device of these attributes gets, and why; what is empty is unknown and fulfils no condition"), s.supportFor)
	huma.Register(routes, op("list-outgoing", http.MethodGet, "/messages/outgoing", "What goes out in the next days, what is overdue first"), s.listOutgoing)
	s.registerRoadmap(routes)
}

func designOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: Prefix + "/program" + path, Summary: summary, Tags: []string{"Program"},
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity}}
}

// book is a noun of the program with its address and how it reads in the API.
type book[T, D any] struct {
	noun, path, what string
	shelf            program.Shelf[T]
	of               func(ledger.Entry[T]) D
	body             func(D) (body T, version int64)
}

type itemsOutput[D any] struct {
	Body struct {
		Items []D `json:"items"`
	}
}
type itemInput[D any] struct{ Body D }
type itemChange[D any] struct {
	ID   string `path:"id"`
	Body D
}
type itemOutput[D any] struct{ Body D }
type designEntry struct {
	ID string `path:"id"`
}

// keepBook registers list, get, add, change and remove of a noun.
func keepBook[T, D any](s *server, routes huma.API, b book[T, D]) {
	there := func(ctx context.Context, id string) (ledger.Entry[T], error) {
		e, err := b.shelf.Get(ctx, id)
		if err == nil && e.Removed {
			err = fmt.Errorf("%s %s was removed: %w", b.noun, id, fault.NotFound)
		}
		return e, err
	}
	huma.Register(routes, designOp("list-"+b.noun+"s", http.MethodGet, b.path, "All "+b.what), func(ctx context.Context, _ *struct{}) (*itemsOutput[D], error) {
		if _, err := s.may(ctx, account.ProgramRead); err != nil {
			return nil, err
		}
		list, err := b.shelf.List(ctx)
		out := &itemsOutput[D]{}
		out.Body.Items = make([]D, 0, len(list))
		for _, e := range list {
			out.Body.Items = append(out.Body.Items, b.of(e))
		}
		return out, s.answer(err)
	})
	huma.Register(routes, designOp("get-"+b.noun, http.MethodGet, b.path+"/{id}", "One of the "+b.what), func(ctx context.Context, in *designEntry) (*itemOutput[D], error) {
		if _, err := s.may(ctx, account.ProgramRead); err != nil {
			return nil, err
		}
		e, err := there(ctx, in.ID)
		return &itemOutput[D]{b.of(e)}, s.answer(err)
	})
	huma.Register(routes, designOp("add-"+b.noun, http.MethodPost, b.path, "Add to the "+b.what), func(ctx context.Context, in *itemInput[D]) (*itemOutput[D], error) {
		who, err := s.may(ctx, account.ProgramWrite)
		if err != nil {
			return nil, err
		}
		body, _ := b.body(in.Body)
		e, err := b.shelf.Put(ctx, "", 0, body, who.String(), "")
		return &itemOutput[D]{b.of(e)}, s.mistaken(err)
	})
	huma.Register(routes, designOp("put-"+b.noun, http.MethodPut, b.path+"/{id}", "Change one of the "+b.what+", from the version that was read"), func(ctx context.Context, in *itemChange[D]) (*itemOutput[D], error) {
		who, err := s.may(ctx, account.ProgramWrite)
		if err != nil {
			return nil, err
		}
		if _, err := there(ctx, in.ID); err != nil {
			return nil, s.answer(err)
		}
		body, version := b.body(in.Body)
		e, err := b.shelf.Put(ctx, in.ID, version, body, who.String(), "")
		return &itemOutput[D]{b.of(e)}, s.mistaken(err)
	})
	huma.Register(routes, designOp("remove-"+b.noun, http.MethodDelete, b.path+"/{id}", "Remove one of the "+b.what+"; its versions stay"), func(ctx context.Context, in *designEntry) (*struct{}, error) {
		who, err := s.may(ctx, account.ProgramWrite)
		if err != nil {
			return nil, err
		}
		_, err = b.shelf.Remove(ctx, in.ID, who.String(), "")
		return nil, s.answer(err)
	})
}

// Gap is what somebody found wanting.
type Gap struct {
	ID       string `json:"id" readOnly:"true" required:"false"`
	Version  int64  `json:"version,omitempty" doc:"The state that was read; a change of another state is refused"`
	Area     string `json:"area" enum:"lifecycle,workflow,vendor,technology"`
	Topic    string `json:"topic"`
	Is       string `json:"is" doc:"How it is"`
	Should   string `json:"should,omitempty" doc:"How it should be"`
	Gap      string `json:"gap,omitempty" doc:"What is missing"`
	Severity int    `json:"severity" minimum:"0" maximum:"5" doc:"0 no gap, 5 can harm a patient"`
	Action   string `json:"action,omitempty"`
	Task     string `json:"task,omitempty" doc:"The task of the roadmap that closes it"`
	Found    string `json:"found" format:"date"`
	By       string `json:"by"`
	Closed   string `json:"closed,omitempty" format:"date"`
	Page     string `json:"page,omitempty" doc:"A page of Pons that shows it"`
}

func gapOf(e ledger.Entry[program.Gap]) Gap {
	g := e.Body
	return Gap{e.ID, e.Version, string(g.Area), g.Topic, g.Is, g.Should, g.Gap, g.Severity, g.Action, g.Task, string(g.Found), g.By, string(g.Closed), g.Href}
}

func (g Gap) body() (program.Gap, int64) {
	return program.Gap{Area: program.Area(g.Area), Topic: g.Topic, Is: g.Is, Should: g.Should, Gap: g.Gap, Severity: g.Severity, Action: g.Action, Task: g.Task, Found: program.Day(g.Found), By: g.By, Closed: program.Day(g.Closed), Href: g.Page}, g.Version
}

// Committee is a group of people that decides.
type Committee struct {
	ID      string   `json:"id" readOnly:"true" required:"false"`
	Version int64    `json:"version,omitempty"`
	Name    string   `json:"name"`
	Purpose string   `json:"purpose,omitempty"`
	Cadence string   `json:"cadence" enum:"once,milestone,weekly,every-2-weeks,monthly,quarterly,yearly"`
	Chair   string   `json:"chair" doc:"The role of a member"`
	Quorum  int      `json:"quorum"`
	Members []Member `json:"members"`
	Next    string   `json:"next,omitempty" format:"date"`
}

// Member is a seat of a committee.
type Member struct {
	Role   string `json:"role"`
	Person string `json:"person,omitempty" doc:"Empty: the seat is vacant"`
	Votes  bool   `json:"votes"`
}

func committeeOf(e ledger.Entry[program.Committee]) Committee {
	out := Committee{e.ID, e.Version, e.Body.Name, e.Body.Purpose, string(e.Body.Cadence), e.Body.Chair, e.Body.Quorum, []Member{}, string(e.Body.Next)}
	for _, m := range e.Body.Members {
		out.Members = append(out.Members, Member(m))
	}
	return out
}

func (c Committee) body() (program.Committee, int64) {
	out := program.Committee{Name: c.Name, Purpose: c.Purpose, Cadence: program.Cadence(c.Cadence), Chair: c.Chair, Quorum: c.Quorum, Next: program.Day(c.Next)}
	for _, m := range c.Members {
		out.Members = append(out.Members, program.Member(m))
	}
	return out, c.Version
}

// DecisionRight says who may decide what, up to where.
type DecisionRight struct {
	ID         string `json:"id" readOnly:"true" required:"false"`
	Version    int64  `json:"version,omitempty"`
	Decision   string `json:"decision"`
	Limit      string `json:"limit,omitempty"`
	Amount     int64  `json:"amount,omitempty" doc:"Up to this much, whole units of the currency; 0 no bound by money"`
	Currency   string `json:"currency,omitempty"`
	Decides    string `json:"decides"`
	Recommends string `json:"recommends,omitempty"`
	Vetoes     string `json:"vetoes,omitempty"`
	Informed   string `json:"informed,omitempty"`
}

func rightOf(e ledger.Entry[program.DecisionRight]) DecisionRight {
	r := e.Body
	return DecisionRight{e.ID, e.Version, r.Decision, r.Limit, r.Amount, r.Currency, r.Decides, r.Recommends, r.Vetoes, r.Informed}
}

func (r DecisionRight) body() (program.DecisionRight, int64) {
	return program.DecisionRight{Decision: r.Decision, Limit: r.Limit, Amount: r.Amount, Currency: r.Currency, Decides: r.Decides, Recommends: r.Recommends, Vetoes: r.Vetoes, Informed: r.Informed}, r.Version
}

// Decision is what a committee decided.
type Decision struct {
	ID        string `json:"id" readOnly:"true" required:"false"`
	Version   int64  `json:"version,omitempty"`
	Date      string `json:"date" format:"date"`
	Committee string `json:"committee" doc:"A committee's id"`
	Title     string `json:"title"`
	Outcome   string `json:"outcome" enum:"approved,refused,postponed"`
	For       int    `json:"for,omitempty"`
	Against   int    `json:"against,omitempty"`
	Abstained int    `json:"abstained,omitempty" doc:"With all three 0 the votes were not counted"`
	Why       string `json:"why,omitempty"`
	Task      string `json:"task,omitempty"`
	Page      string `json:"page,omitempty"`
}

func decisionOf(e ledger.Entry[program.Decision]) Decision {
	d := e.Body
	return Decision{e.ID, e.Version, string(d.Date), d.Committee, d.Title, d.Outcome, d.For, d.Against, d.Abstained, d.Why, d.Task, d.Minutes}
}

func (d Decision) body() (program.Decision, int64) {
	return program.Decision{Date: program.Day(d.Date), Committee: d.Committee, Title: d.Title, Outcome: d.Outcome, For: d.For, Against: d.Against, Abstained: d.Abstained, Why: d.Why, Task: d.Task, Minutes: d.Page}, d.Version
}

// Message is one line of the communication plan.
type Message struct {
	ID        string `json:"id" readOnly:"true" required:"false"`
	Version   int64  `json:"version,omitempty"`
	Audience  string `json:"audience"`
	Message   string `json:"message"`
	Channel   string `json:"channel"`
	Sender    string `json:"sender"`
	Cadence   string `json:"cadence" enum:"once,milestone,weekly,every-2-weeks,monthly,quarterly,yearly"`
	First     string `json:"first,omitempty" format:"date"`
	Until     string `json:"until,omitempty" format:"date"`
	Milestone string `json:"milestone,omitempty" doc:"A task of the roadmap"`
	Offset    int    `json:"offset,omitempty" doc:"Days after the milestone"`
	Status    string `json:"status" enum:"DRAFT,PLANNED,SENT,STOPPED"`
	Covered   string `json:"covered,omitempty" format:"date" doc:"The day of the plan up to which it went out"`
	SentOn    string `json:"sent_on,omitempty" format:"date"`
}

func messageOf(e ledger.Entry[program.Message]) Message {
	m := e.Body
	return Message{e.ID, e.Version, m.Audience, m.Message, m.Channel, m.Sender, string(m.Cadence), string(m.First), string(m.Until), m.Task, m.Offset, string(m.Status), string(m.Covered), string(m.SentOn)}
}

func (m Message) body() (program.Message, int64) {
	return program.Message{Audience: m.Audience, Message: m.Message, Channel: m.Channel, Sender: m.Sender, Cadence: program.Cadence(m.Cadence), First: program.Day(m.First), Until: program.Day(m.Until), Task: m.Milestone, Offset: m.Offset,
		Status: program.MessageStatus(m.Status), Covered: program.Day(m.Covered), SentOn: program.Day(m.SentOn)}, m.Version
}

// Benefit is what a task has brought.
type Benefit struct {
	ID        string `json:"id" readOnly:"true" required:"false"`
	Version   int64  `json:"version,omitempty"`
	Date      string `json:"date" format:"date"`
	Task      string `json:"task,omitempty"`
	KPI       string `json:"kpi,omitempty"`
	What      string `json:"what"`
	Before    string `json:"before,omitempty"`
	After     string `json:"after,omitempty"`
	Value     int64  `json:"value,omitempty" doc:"A year, whole units of the roadmap's currency; 0 not reckoned"`
	Confirmed string `json:"confirmed,omitempty"`
}

func benefitOf(e ledger.Entry[program.Benefit]) Benefit {
	b := e.Body
	return Benefit{e.ID, e.Version, string(b.Date), b.Task, b.KPI, b.What, b.Before, b.After, b.Value, b.Confirmed}
}

func (b Benefit) body() (program.Benefit, int64) {
	return program.Benefit{Date: program.Day(b.Date), Task: b.Task, KPI: b.KPI, What: b.What, Before: b.Before, After: b.After, Value: b.Value, Confirmed: b.Confirmed}, b.Version
}

// Outgoing is a message that goes out on a day.
type Outgoing struct {
	Day      string `json:"day" format:"date"`
	Overdue  bool   `json:"overdue"`
	Message  string `json:"id"`
	Audience string `json:"audience"`
	What     string `json:"message"`
	Sender   string `json:"sender"`
	Status   string `json:"status"`
}

type outgoingInput struct {
	Days int `query:"days" default:"30" minimum:"0" maximum:"730"`
}
type outgoingOutput struct {
	Body struct {
		Items []Outgoing `json:"items"`
	}
}

func (s *server) listOutgoing(ctx context.Context, in *outgoingInput) (*outgoingOutput, error) {
	if _, err := s.may(ctx, account.ProgramRead); err != nil {
		return nil, err
	}
	out := &outgoingOutput{}
	out.Body.Items = []Outgoing{}
	today := program.DayOf(s.Now())
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		r, err := s.program.Roadmap(tx)
		if err != nil {
			return err
		}
		list, err := s.program.Messages().Book.List(tx)
		for _, x := range program.Outgoing(list, r.Milestone, today.Add(in.Days)) {
			out.Body.Items = append(out.Body.Items, Outgoing{string(x.Day), x.Day < today, x.ID, x.Message.Audience, x.Message.Message, x.Message.Sender, string(x.Message.Status)})
		}
		return err
	})
	return out, s.answer(err)
}

// changedAt is when an entry was last written; absent for what nobody wrote.
func changedAt(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
