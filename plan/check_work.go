package plan

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

	"pons/fault"
)

func (c *checker) hours(path string, h Hours) {
	if h.Stated != 0 {
		switch {
		case h.Stated > hoursInYear:
			c.wrong(path, "%s hours: a year has %s, and one FTE has %d to %s productive ones", number(h.Stated), whole(hoursInYear), leastProductive, whole(mostProductive))
		case h.Stated > mostProductive || h.Stated < leastProductive:
			c.wrong(path, "%s productive hours a year: one FTE has %d to %s", number(h.Stated), leastProductive, whole(mostProductive))
		case h.Stated < saneLow || h.Stated > saneHigh:
			c.doubt("%s productive hours a year are outside of the usual %s to %s", number(h.Stated), whole(saneLow), whole(saneHigh))
		}
		return
	}
	if h.IsZero() {
		return
	}
	if h.Paid > hoursInYear || h.Paid <= 0 {
		c.wrong(path+".paid", "%s hours: a year has %s", number(h.Paid), whole(hoursInYear))
		return
	}
	for name, v := range sorted(map[string]float64{"vacation": h.Vacation, "holidays": h.Holidays, "sick": h.Sick, "training": h.Training, "admin_leave": h.Admin}) {
		if v < 0 || v > h.Paid {
			c.wrong(path+"."+name, "%s hours: write 0 to the %s paid hours", number(v), number(h.Paid))
		}
	}
	if h.WrenchTime <= 0 || h.WrenchTime > 1 {
		c.wrong(path+".wrench_time", "%s: the share of hands-on work is above 0 and at most 1", number(h.WrenchTime))
		return
	}
	if v := h.Productive(); v < leastProductive || v > mostProductive {
		c.wrong(path, "these parts leave %s productive hours a year: one FTE has %d to %s", number(v), leastProductive, whole(mostProductive))
	} else if v < saneLow || v > saneHigh {
		c.doubt("%s productive hours a year are outside of the usual %s to %s", number(v), whole(saneLow), whole(saneHigh))
	}
}

func (c *checker) workload() {
	p := c.p
	c.hours("workload.productive_hours", p.Workload.Hours)
	if len(p.Workload.Items) > maxItems {
		c.wrong("workload.items", "%d lines of work; at most %s", len(p.Workload.Items), whole(maxItems))
	}
	for i := range p.Workload.Items {
		it, at := &p.Workload.Items[i], fmt.Sprintf("workload.items[%d]", i)
		if p.roleNamed(it.Role) < 0 {
			c.wrong(at+".role", "%s", c.unknown("role", it.Role, c.roleNames()))
		}
		if it.Work != "" && !slices.Contains(Works(), it.Work) {
			c.wrong(at+".work", "%q: write one of %s", it.Work, workNames())
		}
		perClass := !it.PerDeviceYear.IsZero() || it.PerAdded != 0 || it.PerRetired != 0
		switch {
		case it.Class != "" && p.classNamed(it.Class) < 0:
			c.wrong(at+".class", "%s", c.unknown("class", it.Class, c.classNames()))
		case it.Class == "" && perClass:
			c.wrong(at+".class", "%s counts devices: name the class", it.Name)
		}
		if perClass && (it.EventsPerYear != 0 || it.HoursPerYear != 0) {
			c.wrong(at+".events_per_year", "%s counts by device and by year: use one way", it.Name)
		}
		if it.HoursPerYear == 0 && it.Hours.IsZero() {
			c.doubt("%s of %s takes 0 hours", it.Name, it.Role)
		}
		c.span(at+".per_device_year", it.PerDeviceYear, 0, 10_000)
		c.span(at+".hours", it.Hours, 0, hoursInYear)
		c.least(at+".per_added_device", it.PerAdded, 0, 1000)
		c.least(at+".per_retired_device", it.PerRetired, 0, 1000)
		c.least(at+".events_per_year", it.EventsPerYear, 0, 1e8)
		c.least(at+".hours_per_year", it.HoursPerYear, 0, 1e8)
		c.rate(at+".growth", it.Growth, -0.9, maxGrowth)
		c.twice(i)
	}
}

// twice doubts the same work listed for a class and for a part of it.
func (c *checker) twice(i int) {
	items := c.p.Workload.Items
	k := c.p.classNamed(items[i].Class)
	for j := range i {
		if fold(items[j].Role) != fold(items[i].Role) || fold(items[j].Name) != fold(items[i].Name) {
			continue
		}
		if l := c.p.classNamed(items[j].Class); k >= 0 && l >= 0 && (k == l || c.p.within(k, l, 0) || c.p.within(l, k, 0)) {
			c.doubt("%s of %s is listed for %s and for %s: devices in both are counted twice", items[i].Name, items[i].Role, items[j].Class, items[i].Class)
		}
	}
}

func (c *checker) span(path string, r Range, low, high float64) {
	for _, v := range []float64{r.Low, r.Mode, r.High} {
		if math.IsNaN(v) || v < low || v > high {
			c.wrong(path, "%s: write a number from %s to %s", number(v), number(low), number(high))
			return
		}
	}
	if r.Low > r.Mode || r.Mode > r.High {
		c.wrong(path, "low %s, mode %s and high %s are not in order", number(r.Low), number(r.Mode), number(r.High))
	}
}

func workNames() string {
	var out []string
	for _, w := range Works() {
		out = append(out, string(w))
	}
	return strings.Join(out, ", ")
}

func (c *checker) coverage() {
	for i := range c.p.Coverage {
		k, at := &c.p.Coverage[i], fmt.Sprintf("coverage[%d]", i)
		if c.p.roleNamed(k.Role) < 0 {
			c.nobody(k, at+".role")
		}
		seat, desk, call := k.Seats != 0 || k.HoursPerWeek != 0, k.CallsPerHour != 0 || k.HandleMinutes != 0 || k.ServiceLevel != nil, k.OnCall != nil
		switch {
		case !seat && !desk && !call:
			c.wrong(at, "coverage is seats with hours_per_week, calls_per_hour with a service_level, or on_call")
		case seat && desk || seat && call || desk && call:
			c.wrong(at, "seats, a desk and on-call are lines of their own")
		case seat:
			c.least(at+".seats", k.Seats, 0.01, 10_000)
			c.least(at+".hours_per_week", k.HoursPerWeek, 0.01, 168)
			if k.AvailableHours != 0 {
				c.least(at+".available_hours", k.AvailableHours, leastProductive, hoursInYear)
			}
		case desk:
			c.desk(k, at)
		default:
			o := k.OnCall
			c.rate(at+".on_call.max_share", o.MaxShare, 0.01, 1)
			for name, v := range sorted(map[string]float64{"standby_rate": o.StandbyRate, "core_hours": o.CoreHours, "call_outs": o.CallOuts, "min_call_hours": o.MinCallHours, "call_hours": o.CallHours, "overtime": o.OvertimeRate, "hourly": o.HourlyWage}) {
				c.least(at+".on_call."+name, v, 0, map[bool]float64{true: hoursInYear, false: 1e6}[name == "core_hours"])
			}
		}
	}
}

// nobody judges coverage of a role that the plan does not list: a slip of the keyboard is a mistake, another role's
// coverage may stand in the file and is said not to count.
func (c *checker) nobody(k *Coverage, path string) {
	if k.Role == "" || nearest(k.Role, c.roleNames()) != "" {
		c.wrong(path, "%s", c.unknown("role", k.Role, c.roleNames()))
		return
	}
	c.doubt("%s: the plan has no role called %q; its coverage is not counted", strings.TrimSuffix(path, ".role"), k.Role)
}

func (c *checker) desk(k *Coverage, at string) {
	c.least(at+".calls_per_hour", k.CallsPerHour, 0.01, 100_000)
	c.least(at+".handle_minutes", k.HandleMinutes, 0.01, 600)
	c.rate(at+".max_occupancy", k.MaxOccupancy, 0, 1)
	c.least(at+".shifts", k.Shifts, 0, 100)
	if k.Shrinkage != nil {
		c.rate(at+".shrinkage", *k.Shrinkage, 0, 0.9)
	}
	if k.ServiceLevel == nil {
		c.wrong(at+".service_level", "a desk needs a service level, such as {seconds: 60, share: 0.9}")
		return
	}
	c.least(at+".service_level.seconds", k.ServiceLevel.Seconds, 0, 86_400)
	c.rate(at+".service_level.share", k.ServiceLevel.Share, 0.01, 0.9999)
	if len(c.mistakes) == 0 {
		if _, _, err := k.FTE(DefaultHours().Available()); err != nil {
			c.wrong(at+".service_level", "%s", strings.TrimSuffix(err.Error(), ": "+fault.Invalid.Error()))
		}
	}
}

func (c *checker) rest() {
	p := c.p
	for i := range p.Costs {
		k, at := &p.Costs[i], fmt.Sprintf("costs[%d]", i)
		if k.Name == "" {
			c.wrong(at+".name", "a cost needs a name")
		}
		c.least(at+".per_year", k.PerYear, 0, 1e12)
		c.least(at+".per_fte", k.PerFTE, 0, 1e9)
		c.rate(at+".escalation", k.Escalation, -0.5, 0.5)
		for j, name := range k.Roles {
			if p.roleNamed(name) < 0 {
				c.wrong(fmt.Sprintf("%s.roles[%d]", at, j), "%s", c.unknown("role", name, c.roleNames()))
			}
		}
	}
	if p.Cosr != nil {
		c.rate("cosr.threshold", p.Cosr.Threshold, 0, 1)
		for i, l := range p.Cosr.Lines {
			at := fmt.Sprintf("cosr.lines[%d]", i)
			for name, v := range sorted(map[string]float64{"labor": l.Labor, "contracts": l.Contracts, "parts": l.Parts, "time_and_material": l.TimeAndMaterial, "overhead": l.Overhead, "acquisition_value": l.Value}) {
				c.least(at+"."+name, v, 0, 1e13)
			}
			if l.WithCost < 0 || l.WithCost > l.Devices {
				c.wrong(at+".devices_with_cost", "%d of %d devices: more than there are", l.WithCost, l.Devices)
			}
		}
	}
	if s := p.Simulation; !s.IsZero() {
		if s.Draws < 0 || s.Draws > 1_000_000 {
			c.wrong("simulation.draws", "%d draws: write 1 to a million; 10,000 is usual", s.Draws)
		}
		for i, q := range s.Percentiles {
			if !(q > 0 && q < 100) {
				c.wrong(fmt.Sprintf("simulation.percentiles[%d]", i), "%s: percentiles lie between 0 and 100", number(q))
			}
		}
	}
}

// sorted gives a map's entries by name, so that mistakes come in one order.
func sorted(m map[string]float64) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
