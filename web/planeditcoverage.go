package web

import (
	"fmt"
	"math"

	"pons/plan"
)

func demandName(c plan.Coverage) string {
	if c.Name != "" {
		return c.Name
	}
	return c.Role + ", " + demandKind(c)
}

func demandKind(c plan.Coverage) string {
	switch {
	case c.OnCall != nil:
		return "on call"
	case c.CallsPerHour != 0 || c.ServiceLevel != nil:
		return "desk"
	}
	return "seats"
}

// demandFields are the fields of a kind of coverage: path and label.
func demandFields(c plan.Coverage) [][2]string {
	switch demandKind(c) {
	case "on call":
		return [][2]string{{"on_call.max_share", "Weeks that one is on call, at most"}, {"on_call.standby_rate", "Standby, an hour"}, {"on_call.core_hours", "Core hours a year (blank: 2,000)"}, {"on_call.call_outs", "Call-outs a year"},
			{"on_call.call_hours", "Hours of a call-out"}, {"on_call.min_call_hours", "Least hours paid"}, {"on_call.overtime", "Overtime factor"}, {"on_call.hourly", "Hourly wage"}}
	case "desk":
		return [][2]string{{"calls_per_hour", "Calls an hour"}, {"handle_minutes", "Minutes each"}, {"service_level.share", "Share answered in time"}, {"service_level.seconds", "Within seconds"},
			{"max_occupancy", "Busy at most"}, {"shrinkage", "Away from the desk (blank: 30 %)"}, {"shifts", "Shifts (blank: 1)"}}
	}
	return [][2]string{{"seats", "Seats"}, {"hours_per_week", "Hours a week"}, {"available_hours", "Hours that one FTE is there (blank: the role's)"}}
}

// coverageSaid is what a line takes, in words.
func (f *planForm) coverageSaid(i int) string {
	c := &f.P.Coverage[i]
	hours := f.P.Workload.Hours
	for k := range f.P.Roles {
		if r := &f.P.Roles[k]; sameName(r.Name, c.Role) && r.Hours != nil && !r.Hours.IsZero() {
			hours = *r.Hours
		}
	}
	fte, how, err := c.FTE(hours.Available())
	if err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("%s FTE: %s.", fteText(fte), how)
	if c.OnCall != nil {
		if standby, calls := c.OnCall.Cost(); standby+calls > 0 {
			text += fmt.Sprintf(" Standing by costs %s %s a year, call-outs %s.", shortMoney(standby), f.P.Currency, shortMoney(calls))
		}
	}
	return text
}

// erlangRow is what a desk does with a number of agents.
type erlangRow struct {
	Agents                    int
	Wait, Level, Answer, Busy string
	Chosen                    bool
}

// erlang are the desks around the least one that meets the service level; none for what is no desk.
func (f *planForm) erlang(i int) []erlangRow {
	c := &f.P.Coverage[i]
	if c.CallsPerHour <= 0 || c.ServiceLevel == nil {
		return nil
	}
	least, err := plan.AgentsFor(c.CallsPerHour, c.HandleMinutes, *c.ServiceLevel, c.MaxOccupancy)
	if err != nil {
		return nil
	}
	var out []erlangRow
	for n := max(1, least-2); n <= least+2; n++ {
		e := plan.ErlangC(c.CallsPerHour, c.HandleMinutes, n)
		r := erlangRow{Agents: n, Wait: fmt.Sprintf("%.1f %%", 100*e.Wait), Level: fmt.Sprintf("%.1f %%", 100*e.Level(c.ServiceLevel.Seconds)), Busy: Percent(math.Min(e.Occupancy, 1)), Chosen: n == least}
		if math.IsInf(e.AnswerSeconds, 1) {
			r.Answer = "grows without end"
		} else {
			r.Answer = fmt.Sprintf("%.0f s", e.AnswerSeconds)
		}
		out = append(out, r)
	}
	return out
}
