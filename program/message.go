package program

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"pons/fault"
	"pons/ledger"
	"pons/sqldb"
)

// Cadence says how often something happens.
type Cadence string

// The cadences. On a milestone means once, so many days from the day of a milestone on the roadmap.
const (
	Once        Cadence = "once"
	OnMilestone Cadence = "milestone"
	EachWeek    Cadence = "weekly"
	EachTwo     Cadence = "every-2-weeks"
	EachMonth   Cadence = "monthly"
	EachQuarter Cadence = "quarterly"
	EachYear    Cadence = "yearly"
)

// Cadences lists all cadences in the order of menus.
func Cadences() []Cadence {
	return []Cadence{Once, OnMilestone, EachWeek, EachTwo, EachMonth, EachQuarter, EachYear}
}

// Title is the cadence in words.
func (c Cadence) Title() string {
	return map[Cadence]string{Once: "once", OnMilestone: "on a milestone", EachWeek: "weekly", EachTwo: "every two weeks", EachMonth: "monthly", EachQuarter: "quarterly", EachYear: "yearly"}[c]
}

func (c Cadence) check() error {
	if !slices.Contains(Cadences(), c) {
		return fmt.Errorf("the cadence is %q; choose one of %v: %w", c, Cadences(), fault.Invalid)
	}
	return nil
}

// nth is the day of the n-th time, from 0. A 31st becomes the last day of shorter months.
func (c Cadence) nth(first Day, n int) Day {
	months := func(m int) Day {
		t := first.Time()
		day := time.Date(t.Year(), t.Month()+time.Month(m), 1, 0, 0, 0, 0, time.UTC)
		last := day.AddDate(0, 1, -1).Day()
		return DayOf(day.AddDate(0, 0, min(t.Day(), last)-1))
	}
	switch c {
	case EachWeek:
		return first.Add(7 * n)
	case EachTwo:
		return first.Add(14 * n)
	case EachMonth:
		return months(n)
	case EachQuarter:
		return months(3 * n)
	case EachYear:
		return months(12 * n)
	}
	return first
}

func (c Cadence) repeats() bool { return c != Once && c != OnMilestone }

// MessageStatus says how far a message is.
type MessageStatus string

// The statuses of a message.
const (
	Draft   MessageStatus = "DRAFT"
	Planned MessageStatus = "PLANNED"
	Sent    MessageStatus = "SENT"
	Stopped MessageStatus = "STOPPED"
)

// MessageStatuses lists all statuses in the order of menus.
func MessageStatuses() []MessageStatus { return []MessageStatus{Draft, Planned, Sent, Stopped} }

// Title is the status in words.
func (s MessageStatus) Title() string {
	return map[MessageStatus]string{Draft: "draft", Planned: "planned", Sent: "sent", Stopped: "stopped"}[s]
}

// Message is one line of the communication plan: who is told what, how, when and by whom.
type Message struct {
	Audience string        `json:"audience"`
	Message  string        `json:"message"`
	Channel  string        `json:"channel"` // "e-mail", "huddle", "intranet"
	Sender   string        `json:"sender"`
	Cadence  Cadence       `json:"cadence"`
	First    Day           `json:"first,omitempty"`     // the first time it goes out
	Until    Day           `json:"until,omitempty"`     // the last day on which it may; empty has no end
	Task     string        `json:"milestone,omitempty"` // of the roadmap; its day is what OnMilestone counts from
	Offset   int           `json:"offset,omitempty"`    // days after the milestone; before it when negative
	Status   MessageStatus `json:"status"`
	// Covered is the day of the plan up to which it went out, SentOn the day on which it really last did.
	Covered Day `json:"covered,omitempty"`
	SentOn  Day `json:"sent_on,omitempty"`
}

// Due is the next day on which it shall go out; empty when there is none, or when its milestone has no day. milestone
// gives the day of a task of the roadmap, empty when there is no such task.
func (m Message) Due(milestone func(task string) Day) Day {
	days := m.dues(milestone, "", 1)
	if len(days) == 0 {
		return ""
	}
	return days[0]
}

// maxTimes bounds how far a repeating message is followed: 40 years of weeks.
const maxTimes = 2100

// dues are the next days on which it goes out, up to a day (empty: any) and at most so many.
func (m Message) dues(milestone func(string) Day, to Day, most int) []Day {
	if m.Status == Sent || m.Status == Stopped {
		return nil
	}
	first := m.First
	if m.Cadence == OnMilestone {
		at := milestone(m.Task)
		if at == "" {
			return nil
		}
		first = at.Add(m.Offset)
	}
	if first == "" {
		return nil
	}
	var out []Day
	for n := 0; n < maxTimes && len(out) < most; n++ {
		day := m.Cadence.nth(first, n)
		if m.Until != "" && day > m.Until || to != "" && day > to {
			break
		}
		if day > m.Covered {
			out = append(out, day)
		}
		if !m.Cadence.repeats() {
			break
		}
	}
	return out
}

// Sending is a message that goes out on a day.
type Sending struct {
	ID      string
	Message Message
	Day     Day
}

// Outgoing is what goes out up to a day, what is overdue first. Drafts are among it: they are what still has to be
// written.
func Outgoing(messages []ledger.Entry[Message], milestone func(task string) Day, to Day) []Sending {
	var out []Sending
	for _, e := range messages {
		for _, day := range e.Body.dues(milestone, to, maxTimes) {
			out = append(out, Sending{e.ID, e.Body, day})
		}
	}
	slices.SortStableFunc(out, func(a, b Sending) int { return cmp.Compare(a.Day, b.Day) })
	return out
}

// Messages is the book of the communication plan.
func (p *Program) Messages() Shelf[Message] {
	return Shelf[Message]{Book: ledger.NewBook("program.message", checkMessage), p: p}
}

// MarkSent notes that the message went out on a day for the next time it was due; one that goes out once is sent
// then. It wraps fault.Conflict when nothing is due.
func (p *Program) MarkSent(ctx context.Context, id string, on Day, actor string) (e ledger.Entry[Message], err error) {
	_, err = p.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, err := p.Roadmap(tx)
		if err != nil {
			return err
		}
		book := p.Messages().Book
		if e, err = book.Get(tx, id); err != nil {
			return err
		}
		m := e.Body
		due := m.Due(r.Milestone)
		if e.Removed || due == "" {
			return fmt.Errorf("nothing of this message is due: %w", fault.Conflict)
		}
		if m.Status == Draft {
			return fmt.Errorf("this message is a draft; plan it first: %w", fault.Conflict)
		}
		m.Covered, m.SentOn = due, on
		if !m.Cadence.repeats() || m.Due(r.Milestone) == "" {
			m.Status = Sent
		}
		e, err = book.Put(tx, id, e.Version, m, p.by(actor, "sent for "+string(due)))
		return err
	})
	return e, err
}

// Milestone is the day of a task, its last; empty when the roadmap has no such task.
func (r Roadmap) Milestone(task string) Day { return r.Schedule.Slots[task].End }

func checkMessage(m *Message) error {
	var wrong fault.Mistakes
	if m.Status == "" {
		m.Status = Draft
	}
	if !slices.Contains(MessageStatuses(), m.Status) {
		wrong.Add("status", fmt.Errorf("the status is %q; choose one of %v: %w", m.Status, MessageStatuses(), fault.Invalid))
	}
	wrong.Add("audience", tidyName("the audience", &m.Audience, true))
	wrong.Add("message", tidyText("the message", &m.Message, true))
	wrong.Add("channel", tidyName("the channel", &m.Channel, true))
	wrong.Add("sender", tidyName("the sender", &m.Sender, true))
	wrong.Add("cadence", m.Cadence.check())
	wrong.Add("first", checkDay("the first day", m.First, false))
	wrong.Add("until", checkDay("the last day", m.Until, false))
	wrong.Add("milestone", tidyName("the milestone", &m.Task, m.Cadence == OnMilestone))
	wrong.Add("offset", within("the days from the milestone", m.Offset, -365, 365))
	if m.Cadence != OnMilestone && m.First == "" && (m.Status == Planned || m.Status == Sent) {
		wrong.Add("first", fmt.Errorf("a planned message needs the day on which it goes out first: %w", fault.Invalid))
	}
	if wrong == nil && m.Until != "" && m.First != "" && m.Until < m.First {
		wrong.Add("until", fmt.Errorf("the last day, %s, lies before the first, %s: %w", m.Until, m.First, fault.Invalid))
	}
	return wrong.All()
}
