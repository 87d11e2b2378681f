package workbook

import (
	"fmt"

	"pons/plan"
)

// The columns of the sheets whose rows compute. A formula says the same as the function of package plan that is named
// beside it.

// growthFields compute Class.countAt and classYears.
func growthFields() []field {
	planned := func(h place, what, when string) string {
		return fmt.Sprintf("SUMPRODUCT(%s*(%s%s%s)*(%s))", same(h.col(sheetPipeline, "class"), h.v("name")), h.col(sheetPipeline, "year"), when, h.now("count"), what)
	}
	before := func(h place) string {
		if h.year == 0 {
			return h.of(sheetBaseline, "count")
		}
		h.year--
		return h.v("count")
	}
	return []field{
		link(sheetBaseline, "Class"),
		{key: "growth.mode", title: "Growth", kind: rate, unit: "a year, likely", low: -0.99, high: 1},
		{key: "growth.low", title: "Growth, low", kind: rate, unit: "empty: certain", low: -0.99, high: 1},
		{key: "growth.high", title: "Growth, high", kind: rate, unit: "empty: certain", low: -0.99, high: 1},
		{key: "count", title: "Devices", kind: whole, unit: "devices", years: true, calc: func(h place) string {
			return fmt.Sprintf("MAX(0,ROUND(%s*%s*(1+1E-12),0)+%s)", h.of(sheetBaseline, "count"), power(h.v("growth.mode"), h.now("count")),
				planned(h, h.col(sheetPipeline, "add")+"-"+h.col(sheetPipeline, "retire"), "<="))
		}},
		{key: "added", title: "Added", kind: whole, unit: "came, without replacements", years: true, calc: func(h place) string {
			return fmt.Sprintf("MAX(0,%s-%s+%s)", h.v("count"), before(h), planned(h, h.col(sheetPipeline, "retire"), "="))
		}},
		{key: "retired", title: "Retired", kind: whole, unit: "went, without a follower", years: true, calc: func(h place) string {
			return fmt.Sprintf("MAX(%s,%s+%s-%s)", planned(h, h.col(sheetPipeline, "retire"), "="), before(h), h.v("added"), h.v("count"))
		}},
		{key: "replaced", title: "Replaced", kind: whole, unit: "went, and a new one came", years: true, calc: func(h place) string {
			life := h.of(sheetBaseline, "expected_life")
			return fmt.Sprintf("%s+IF(%s>0,ROUND(%s/%s,0),0)", planned(h, h.col(sheetPipeline, "replace"), "="), life, before(h), life)
		}},
	}
}

// roleFields compute hoursOf, benefitsOf, coverageOf and the share of a role that turnover leaves empty.
func roleFields() []field {
	out := []field{
		{key: "name", title: "Role", kind: text, width: 26},
		{key: "team", title: "Team", kind: text, words: teams(), width: 18},
		{key: "salary", title: "Salary", kind: money, unit: "a year, without benefits", low: 1, high: 1e9},
		{key: "currency", title: "Currency", kind: text, unit: "the plan's"},
		{key: "benefits", title: "Benefits", kind: rate, unit: "empty: the plan's", low: 0, high: 2},
		{key: "current_fte", title: "Current FTE", kind: fte, low: 0, high: 100_000},
		{key: "open_fte", title: "Open FTE", kind: fte, unit: "approved, vacant", low: 0, high: 100_000},
		{key: "min_fte", title: "Least FTE", kind: fte, unit: "a floor", low: 0, high: 100_000},
		{key: "attrition", title: "Attrition", kind: rate, unit: "leave a year", low: 0, high: 1},
		{key: "months_to_fill", title: "Months to fill", kind: number, unit: "months", low: 0, high: 60},
		{key: "ramp_up_months", title: "Ramp-up months", kind: number, unit: "months", low: 0, high: 60},
		{key: "skills", title: "Skills", kind: names, unit: "a;b", width: 22},
	}
	out = append(out, hourFields("productive_hours")...)
	part := func(h place) func(string) string {
		return func(name string) string { return h.v("productive_hours." + name) }
	}
	mine := func(h place) string { return same(h.col(sheetCoverage, "role"), h.v("name")) }
	return append(out,
		field{key: "note", title: "Note", kind: text, width: 40},
		field{key: "productive", title: "Productive hours", kind: number, unit: "h a year", calc: func(h place) string { return hoursFormula(part(h), true, "productive_hours") }},
		field{key: "available", title: "Available hours", kind: number, unit: "h a year", calc: func(h place) string { return hoursFormula(part(h), false, "available_hours") }},
		field{key: "loaded", title: "Benefits taken", kind: rate, unit: "on top of salary", calc: func(h place) string {
			return fmt.Sprintf("IF(ISNUMBER(%[1]s),%[1]s,benefits)", h.v("benefits"))
		}},
		field{key: "lost", title: "Empty places", kind: rate, unit: "of the people, on average", calc: func(h place) string {
			return fmt.Sprintf("MIN(1,%s*(%s+%s/2)/12)", h.v("attrition"), h.v("months_to_fill"), h.v("ramp_up_months"))
		}},
		field{key: "coverage", title: "Coverage FTE", kind: fte, unit: "floor", calc: func(h place) string {
			return fmt.Sprintf("MAX(%[1]s,SUMPRODUCT(%[2]s*(%[3]s=0)*%[4]s),SUMPRODUCT(MAX(%[2]s*%[3]s*%[4]s)))", h.v("min_fte"), mine(h), h.col(sheetCoverage, "rotation"), h.col(sheetCoverage, "fte"))
		}})
}

// hireFields compute availableIn's part of a hire: ramped.
func hireFields() []field {
	ramped := func(months, ramp string) string {
		return fmt.Sprintf("IF(%[1]s<=0,0,IF(AND(%[2]s>0,%[1]s<%[2]s),(%[1]s)^2/(2*%[2]s),%[1]s-%[2]s/2))", months, ramp)
	}
	return []field{
		{key: "role", title: "Role", kind: text, width: 26},
		{key: "start", title: "Start", kind: month, unit: "month, 2027-03"},
		{key: "fte", title: "FTE", kind: fte, low: 0, high: 1000},
		{key: "note", title: "Note", kind: text, width: 40},
		{key: "month", title: "Months after the base year's start", kind: number, calc: func(h place) string {
			s := h.v("start")
			end := fmt.Sprintf("IFERROR(FIND(\"-\",%[1]s,6),LEN(%[1]s)+1)", s)
			return fmt.Sprintf("IF(%[1]s=\"\",0,IF(ISNUMBER(%[1]s),(YEAR(%[1]s)-base_year)*12+MONTH(%[1]s)-1+(DAY(%[1]s)-1)/31,(VALUE(LEFT(%[1]s,4))-base_year)*12+VALUE(MID(%[1]s,6,%[2]s-6))-1+MAX(0,IFERROR(VALUE(MID(%[1]s,%[2]s+1,2)),1)-1)/31))", s, end)
		}},
		{key: "ramp", title: "Ramp-up months", kind: number, calc: func(h place) string {
			return fmt.Sprintf("SUMPRODUCT(%s*%s)", same(h.col(sheetRoles, "name"), h.v("role")), h.col(sheetRoles, "ramp_up_months"))
		}},
		{key: "works", title: "FTE", kind: fte, unit: "work, on average", years: true, calc: func(h place) string {
			from := fmt.Sprintf("((%s-base_year)*12-%s)", h.now("works"), h.v("month"))
			return fmt.Sprintf("%s*(%s-(%s))/12", h.v("fte"), ramped("("+from+"+12)", h.v("ramp")), ramped(from, h.v("ramp")))
		}},
	}
}

func ratioFields() []field {
	var words []string
	for _, k := range ratioKinds {
		words = append(words, k.word)
	}
	return []field{
		link(sheetRoles, "Role"),
		{key: "ratio.per", title: "One FTE per", kind: number, unit: "above zero", low: 1e-6, high: 1e12},
		{key: "ratio.of", title: "Of", kind: text, unit: "devices, value, FTE, beds", words: words},
		{key: "ratio.classes", title: "Driven by classes", kind: names, unit: "a;b", width: 44},
		{key: "ratio.roles", title: "Driven by roles", kind: names, unit: "a;b; read at import", width: 44},
		{key: "classes", title: "Classes, as compared", kind: text, width: 30, calc: func(h place) string { return listed(h.v("ratio.classes")) }},
		{key: "known", title: "Check", kind: text, width: 22, calc: func(h place) string {
			l := h.v("classes")
			return fmt.Sprintf("IF(%[1]s=\"\",\"\",IF(LEN(%[1]s)-LEN(SUBSTITUTE(%[1]s,\";\",\"\"))-1=SUMPRODUCT(--ISNUMBER(FIND(\";\"&LOWER(TRIM(%[2]s))&\";\",%[1]s))),\"\",\"a class is not known\"))", l, h.col(sheetBaseline, "name"))
		}},
	}
}

// listed turns a cell of names into ";a;b;" for FIND.
func listed(cell string) string {
	return fmt.Sprintf("IF(%[1]s=\"\",\"\",\";\"&LOWER(SUBSTITUTE(SUBSTITUTE(TRIM(%[1]s),\"; \",\";\"),\" ;\",\";\"))&\";\")", cell)
}

// workFields compute itemHours.
func workFields() []field {
	return []field{
		{key: "role", title: "Role", kind: text, width: 24},
		{key: "class", title: "Class", kind: text, width: 24},
		{key: "name", title: "Work", kind: text, width: 28},
		{key: "work", title: "Kind", kind: text, unit: "empty: from the name", words: works(), width: 12},
		{key: "per_device_year.mode", title: "Events per device", kind: number, unit: "a year, likely", low: 0, high: 10_000},
		{key: "per_device_year.low", title: "Events, low", kind: number, unit: "empty: certain", low: 0, high: 10_000},
		{key: "per_device_year.high", title: "Events, high", kind: number, unit: "empty: certain", low: 0, high: 10_000},
		{key: "per_added_device", title: "Per added device", kind: number, unit: "replacements too", low: 0, high: 1000},
		{key: "per_retired_device", title: "Per retired device", kind: number, unit: "replacements too", low: 0, high: 1000},
		{key: "events_per_year", title: "Events a year", kind: number, unit: "whatever the count", low: 0, high: 1e8},
		{key: "hours_per_year", title: "Hours a year", kind: number, unit: "a sum", low: 0, high: 1e8},
		{key: "growth", title: "Growth", kind: rate, unit: "of events and hours a year", low: -0.9, high: 1},
		{key: "hours.mode", title: "Hours each", kind: number, unit: "h, likely", low: 0, high: 8760},
		{key: "hours.low", title: "Hours, low", kind: number, unit: "empty: certain", low: 0, high: 8760},
		{key: "hours.high", title: "Hours, high", kind: number, unit: "empty: certain", low: 0, high: 8760},
		{key: "skill", title: "Skill", kind: text},
		{key: "note", title: "Note", kind: text, width: 30},
		{key: "kind", title: "Counts as", kind: text, calc: func(h place) string {
			read := plan.Other
			if i := h.row - firstRow; i < len(h.b.p.Workload.Items) {
				it := h.b.p.Workload.Items[i]
				it.Work = ""
				read = it.Kind()
			}
			return fmt.Sprintf("IF(%s<>\"\",%s,%q)", h.v("work"), h.v("work"), string(read))
		}},
		{key: "line", title: "Row of the class", kind: whole, unit: "0: none", calc: func(h place) string {
			return fmt.Sprintf("IF(%[1]s=\"\",0,SUMPRODUCT(%[2]s*(ROW(%[3]s)-%[4]d)))", h.v("class"), same(h.col(sheetBaseline, "name"), h.v("class")), h.col(sheetBaseline, "name"), headerRow)
		}},
		{key: "total", title: "Hours", kind: number, unit: "h a year", years: true, calc: func(h place) string {
			line, grown := h.v("line"), power(h.v("growth"), h.now("total"))
			growth := func(key string) string { return fmt.Sprintf("INDEX(%s,%s)", h.col(sheetGrowth, key), line) }
			return fmt.Sprintf("IF(%[1]s>0,%[1]s*%[2]s,IF(%[3]s>0,(%[4]s*%[2]s+%[5]s*%[6]s+%[7]s*(%[8]s+%[9]s)+%[10]s*(%[11]s+%[9]s))*(1-IF(OR(%[12]s=\"pm\",%[12]s=\"cm\"),INDEX(%[13]s,%[3]s),0)),%[4]s*%[2]s)*%[14]s)",
				h.v("hours_per_year"), grown, line, h.v("events_per_year"), h.v("per_device_year.mode"), growth("count"), h.v("per_added_device"), growth("added"), growth("replaced"),
				h.v("per_retired_device"), growth("retired"), h.v("kind"), h.col(sheetContracts, "taken"), h.v("hours.mode"))
		}},
	}
}

// coverageFields compute Coverage.FTE and OnCall.Cost.
func coverageFields() []field {
	return []field{
		{key: "role", title: "Role", kind: text, width: 24},
		{key: "name", title: "What", kind: text, width: 24},
		{key: "seats", title: "Seats", kind: number, unit: "staffed", low: 0, high: 10_000},
		{key: "hours_per_week", title: "Hours a week", kind: number, unit: "h", low: 0, high: 168},
		{key: "available_hours", title: "Available hours of one FTE", kind: number, unit: "empty: the role's", low: 600, high: 8760},
		{key: "calls_per_hour", title: "Calls an hour", kind: number, low: 0, high: 100_000},
		{key: "handle_minutes", title: "Minutes each", kind: number, low: 0, high: 600},
		{key: "service_level.seconds", title: "Answered within", kind: number, unit: "seconds", low: 0, high: 86_400},
		{key: "service_level.share", title: "Share answered", kind: rate, low: 0.01, high: 0.9999},
		{key: "max_occupancy", title: "Occupancy at most", kind: rate, unit: "empty: no limit", low: 0, high: 1},
		{key: "shrinkage", title: "Shrinkage", kind: rate, unit: fmt.Sprintf("empty: %g %%", 100*plan.DefaultShrinkage), low: 0, high: 0.9},
		{key: "shifts", title: "Shifts", kind: number, unit: "empty: 1", low: 0, high: 100},
		{key: "on_call.max_share", title: "On call at most", kind: rate, unit: "of weeks", low: 0.01, high: 1},
		{key: "on_call.standby_rate", title: "Standby rate", kind: money, unit: "an hour", low: 0, high: 1e6},
		{key: "on_call.core_hours", title: "Core hours", kind: number, unit: fmt.Sprintf("a year; empty: %d", plan.DefaultCoreHours), low: 0, high: 8760},
		{key: "on_call.call_outs", title: "Call-outs", kind: number, unit: "a year", low: 0, high: 1e6},
		{key: "on_call.min_call_hours", title: "Hours paid at least", kind: number, unit: "a call-out", low: 0, high: 1e6},
		{key: "on_call.call_hours", title: "Hours on average", kind: number, unit: "a call-out", low: 0, high: 1e6},
		{key: "on_call.overtime", title: "Overtime factor", kind: number, unit: "empty: 1", low: 0, high: 1e6},
		{key: "on_call.hourly", title: "Hourly wage", kind: money, low: 0, high: 1e6},
		{key: "agents", title: "Agents", kind: whole, unit: "Erlang C", calc: func(h place) string {
			desk, ok := h.b.desks[h.row]
			if !ok {
				return fmt.Sprintf("IF(%s>0,NA(),0)", h.v("calls_per_hour"))
			}
			return fmt.Sprintf("IF(%s*%s=0,0,MATCH(1,%s,0))", h.v("calls_per_hour"), h.v("handle_minutes"), h.b.enough(desk))
		}},
		{key: "rotation", title: "Rotation", kind: whole, unit: "1: beside the rest", calc: func(h place) string { return fmt.Sprintf("IF(%s>0,1,0)", h.v("on_call.max_share")) }},
		{key: "fte", title: "FTE", kind: fte, calc: func(h place) string {
			available := fmt.Sprintf("IF(%[1]s>0,%[1]s,SUMPRODUCT(%[2]s*%[3]s))", h.v("available_hours"), same(h.col(sheetRoles, "name"), h.v("role")), h.col(sheetRoles, "available"))
			return fmt.Sprintf("IF(%[1]s=\"\",0,IF(%[2]s>0,CEILING(1/%[2]s-1E-9,1),IF(%[3]s>0,%[4]s/(1-IF(ISNUMBER(%[5]s),%[5]s,%[6]g))*IF(%[7]s>0,%[7]s,1),IF(%[8]s>0,%[8]s*%[9]s*365/7/%[10]s,0))))",
				h.v("role"), h.v("on_call.max_share"), h.v("calls_per_hour"), h.v("agents"), h.v("shrinkage"), plan.DefaultShrinkage, h.v("shifts"), h.v("seats"), h.v("hours_per_week"), available)
		}},
		{key: "cost", title: "On-call cost", kind: money, unit: "in the base year", calc: func(h place) string {
			o := func(key string) string { return h.v("on_call." + key) }
			return fmt.Sprintf("IF(%[1]s=1,%[2]s*(8760-IF(%[3]s>0,%[3]s,%[4]d))+%[5]s*MAX(%[6]s,%[7]s)*IF(%[8]s>0,%[8]s,1)*%[9]s,0)",
				h.v("rotation"), o("standby_rate"), o("core_hours"), plan.DefaultCoreHours, o("call_outs"), o("min_call_hours"), o("call_hours"), o("overtime"), o("hourly"))
		}},
	}
}

// contractFields compute Class.taken, Contract.price and the parts.
func contractFields() []field {
	rise := func(h place, key string) string { return power(h.v("contract.escalation"), h.now(key)) }
	return []field{
		link(sheetBaseline, "Class"),
		{key: "contract.in_force", title: "In force", kind: yes, unit: "empty: no offer"},
		{key: "contract.vendor", title: "Vendor", kind: text, width: 22},
		{key: "contract.price_per_device", title: "Price per device", kind: money, unit: "a year", low: 0, high: 1e9},
		{key: "contract.share_of_cost", title: "Share of unit cost", kind: rate, unit: "a year", low: 0, high: 1},
		{key: "contract.covers", title: "Covers", kind: rate, unit: "of PM and CM hours", low: 0, high: 1},
		{key: "contract.parts", title: "Parts in the price", kind: yes},
		{key: "contract.parts_per_device", title: "Parts per device", kind: money, unit: "a year, in-house", low: 0, high: 1e9},
		{key: "contract.escalation", title: "Escalation", kind: rate, unit: "a year", low: -0.5, high: 0.5},
		{key: "taken", title: "Work taken over", kind: rate, calc: func(h place) string {
			return fmt.Sprintf("IF(%s=\"yes\",%s,0)", h.v("contract.in_force"), h.v("contract.covers"))
		}},
		{key: "price", title: "Contract", kind: money, unit: "a year", years: true, calc: func(h place) string {
			return fmt.Sprintf("IF(%s=\"yes\",%s*(%s+%s*%s)*%s,0)", h.v("contract.in_force"), h.of(sheetGrowth, "count"), h.v("contract.price_per_device"), h.v("contract.share_of_cost"), h.of(sheetBaseline, "unit_cost"), rise(h, "price"))
		}},
		{key: "parts", title: "Parts", kind: money, unit: "a year", years: true, calc: func(h place) string {
			return fmt.Sprintf("IF(OR(%[1]s=\"no\",AND(%[1]s=\"yes\",%[2]s<>\"yes\")),%[3]s*%[4]s*%[5]s,0)", h.v("contract.in_force"), h.v("contract.parts"), h.v("contract.parts_per_device"), h.of(sheetGrowth, "count"), rise(h, "parts"))
		}},
	}
}

// costFields compute money's part of a cost.
func costFields() []field {
	return []field{
		{key: "name", title: "Cost", kind: text, width: 28},
		{key: "kind", title: "Kind", kind: text, width: 18},
		{key: "per_year", title: "A year", kind: money, low: 0, high: 1e12},
		{key: "per_fte", title: "Per FTE", kind: money, unit: "required", low: 0, high: 1e9},
		{key: "roles", title: "Of roles", kind: names, unit: "empty: all; a;b", width: 30},
		{key: "from", title: "From", kind: year, unit: "year", low: 1990, high: 2130},
		{key: "until", title: "Until", kind: year, unit: "year", low: 1990, high: 2130},
		{key: "escalation", title: "Escalation", kind: rate, unit: "a year", low: -0.5, high: 0.5},
		{key: "roles_listed", title: "Roles, as compared", kind: text, width: 24, calc: func(h place) string { return listed(h.v("roles")) }},
		{key: "amount", title: "Amount", kind: money, years: true, calc: func(h place) string {
			fte := fmt.Sprintf("IF(%[1]s=\"\",SUM(%[2]s),SUMPRODUCT(ISNUMBER(FIND(\";\"&LOWER(TRIM(%[3]s))&\";\",%[1]s))*%[2]s))", h.v("roles_listed"), h.b.block("required_fte", h.year), h.b.block("role", h.year))
			return fmt.Sprintf("IF(OR(AND(%[1]s>0,%[2]s<%[1]s),AND(%[3]s>0,%[2]s>%[3]s)),0,(%[4]s+%[5]s*%[6]s)*%[7]s)", h.v("from"), h.now("amount"), h.v("until"), h.v("per_year"), h.v("per_fte"), fte, power(h.v("escalation"), h.now("amount")))
		}},
	}
}
