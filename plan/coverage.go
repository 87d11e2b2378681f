package plan

import (
	"errors"
	"fmt"
	"math"

	"pons/fault"
)

// hoursPerYear turns hours a week into hours a year: 168 × 365 ÷ 7 = 8,760.
const weeksPerYear = 365.0 / 7

// Erlang is a desk with c agents and a queue (Erlang C). Load is in erlangs: calls an hour × handling time in hours.
type Erlang struct {
	Agents        int
	Load          float64
	Wait          float64 // probability that a call waits
	AnswerSeconds float64 // average speed of answer; +Inf when the queue grows without end
	Level         func(seconds float64) float64
	Occupancy     float64
}

// ErlangC gives the queue of a desk that gets calls per hour, each handled in minutes, with agents answering. It uses
// the Erlang B recursion, which is stable for any number of agents (domain note 1, §1.5). A desk whose load is not
// below its agents never clears its queue: every call waits.
func ErlangC(callsPerHour, handleMinutes float64, agents int) Erlang {
	a, c := callsPerHour*handleMinutes/60, float64(agents)
	e := Erlang{Agents: agents, Load: a, Wait: 1, AnswerSeconds: math.Inf(1), Occupancy: math.Inf(1), Level: func(float64) float64 { return 0 }}
	if agents > 0 {
		e.Occupancy = a / c
	}
	if agents < 1 || a >= c {
		return e
	}
	b := 1.0
	for k := 1; k <= agents; k++ {
		b = a * b / (float64(k) + a*b)
	}
	e.Wait = b / (1 - (a/c)*(1-b))
	aht := handleMinutes * 60
	e.AnswerSeconds = e.Wait * aht / (c - a)
	wait := e.Wait
	e.Level = func(seconds float64) float64 {
		if aht == 0 {
			return 1
		}
		return 1 - wait*math.Exp(-(c-a)*seconds/aht)
	}
	return e
}

// maxAgents bounds the search for a service level: a hospital's desk is not larger.
const maxAgents = 10_000

// AgentsFor gives the least agents that meet the service level, and keep occupancy under the limit where one is set
// (0: none). It wraps fault.Invalid when no number of agents up to 10,000 does.
func AgentsFor(callsPerHour, handleMinutes float64, level ServiceLevel, maxOccupancy float64) (int, error) {
	if callsPerHour == 0 || handleMinutes == 0 {
		return 0, nil
	}
	for c := int(callsPerHour*handleMinutes/60) + 1; c <= maxAgents; c++ {
		e := ErlangC(callsPerHour, handleMinutes, c)
		if e.Level(level.Seconds) >= level.Share && (maxOccupancy == 0 || e.Occupancy <= maxOccupancy) {
			return c, nil
		}
	}
	return 0, fmt.Errorf("no desk of up to %d agents answers %g %% within %g s: %w", maxAgents, 100*level.Share, level.Seconds, fault.Invalid)
}

// DefaultShrinkage is the share of paid time away from the desk (domain note 1, §1.5; expert default).
const DefaultShrinkage = 0.30

// FTE is what one demand takes. role gives the available hours of a person where the demand does not state them.
func (c *Coverage) FTE(available float64) (fte float64, how string, err error) {
	switch {
	case c.OnCall != nil:
		n := c.OnCall.Rotation()
		return float64(n), fmt.Sprintf("on call at most %s of the weeks: a rotation of %d", percent(c.OnCall.MaxShare), n), nil
	case c.CallsPerHour > 0:
		if c.ServiceLevel == nil {
			return 0, "", errors.New("a desk needs a service level")
		}
		n, err := AgentsFor(c.CallsPerHour, c.HandleMinutes, *c.ServiceLevel, c.MaxOccupancy)
		if err != nil {
			return 0, "", err
		}
		shrinkage, shifts := DefaultShrinkage, 1.0
		if c.Shrinkage != nil {
			shrinkage = *c.Shrinkage
		}
		if c.Shifts > 0 {
			shifts = c.Shifts
		}
		fte = float64(n) / (1 - shrinkage) * shifts
		how = fmt.Sprintf("%s calls an hour of %s minutes: %d agents answer %s within %s s (Erlang C); ÷ (1 − %s shrinkage)", number(c.CallsPerHour), number(c.HandleMinutes), n, percent(c.ServiceLevel.Share), number(c.ServiceLevel.Seconds), percent(shrinkage))
		if shifts != 1 {
			how += fmt.Sprintf(" × %s shifts", number(shifts))
		}
		return fte, how, nil
	default:
		if c.AvailableHours > 0 {
			available = c.AvailableHours
		}
		fte = c.Seats * c.HoursPerWeek * weeksPerYear / available
		return fte, fmt.Sprintf("%s seats × %s h a week × 365/7 ÷ %s available hours", number(c.Seats), number(c.HoursPerWeek), number(available)), nil
	}
}

// Rotation is the least number of people who share the weeks on call: ceil(1 ÷ share).
func (o *OnCall) Rotation() int {
	if o.MaxShare <= 0 {
		return 0
	}
	return int(math.Ceil(1/o.MaxShare - slack))
}

// DefaultCoreHours are 250 days of 8 hours (domain note 1, §1.5).
const DefaultCoreHours = 2000

// Cost is what standing by and being called out cost a year: rate × (8,760 − core hours) + call-outs × the longer of
// the least and the average call × overtime × the hourly wage.
func (o *OnCall) Cost() (standby, callouts float64) {
	core := o.CoreHours
	if core == 0 {
		core = DefaultCoreHours
	}
	overtime := o.OvertimeRate
	if overtime == 0 {
		overtime = 1
	}
	return o.StandbyRate * (8760 - core), o.CallOuts * max(o.MinCallHours, o.CallHours) * overtime * o.HourlyWage
}
