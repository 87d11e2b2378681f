package workbook

import (
	"encoding/json"
	"fmt"
	"strings"

	"pons/plan"
)

// The sheets.
const (
	sheetReadMe      = "Read me"
	sheetPlan        = "Plan"
	sheetBaseline    = "Baseline"
	sheetGrowth      = "Growth"
	sheetPipeline    = "Pipeline"
	sheetRoles       = "Roles"
	sheetHires       = "Hires"
	sheetRatios      = "Ratios"
	sheetWorkload    = "Workload"
	sheetCoverage    = "Coverage"
	sheetContracts   = "Contracts"
	sheetCosts       = "Costs"
	sheetProjection  = "Projection"
	sheetTotals      = "Totals"
	sheetCharts      = "Charts"
	sheetPercentiles = "Percentiles"
	sheetAssumptions = "Assumptions"
	sheetDefaults    = "Defaults"
	sheetCosr        = "COSR"
	sheetCounted     = "Counted"
	sheetDrivers     = "Drivers"
	sheetErlang      = "Erlang"
)

// kind is how a cell is written, shown and checked.
type kind string

const (
	text   kind = "text"
	names  kind = "names" // several in one cell, parted by semicolons
	number kind = "number"
	whole  kind = "whole"
	rate   kind = "rate"
	money  kind = "money"
	fte    kind = "fte"
	yes    kind = "yes" // yes or no
	month  kind = "month"
	year   kind = "year"
)

// field is a column: an input, whose key is its path in an entry of the plan file, or a formula.
type field struct {
	key, title string
	kind       kind
	unit       string
	low, high  float64  // what the spreadsheet lets people type; both 0: anything
	words      []string // what may be chosen
	width      float64
	years      bool                 // one column for each year
	calc       func(h place) string // a formula, without its =
	link       string               // the first column of that sheet, in the same row
}

// input says that people write here.
func (f field) input() bool { return f.calc == nil && f.link == "" }

// sheet is a list of the plan, a row for each entry.
type sheet struct {
	name, about string
	list        string // where the entries stand in the plan file
	within      string // the list whose entries hold the list, by the first column; then list is a key of each
	fields      []field
	spare       int
}

// entries are what the sheet shows, and for a nested list the names of what holds them.
func (s *sheet) entries(tree map[string]any) ([]map[string]any, map[int]string) {
	if s.within == "" {
		return objects(lookup(tree, s.list)), nil
	}
	var out []map[string]any
	owner := map[int]string{}
	for _, holder := range objects(lookup(tree, s.within)) {
		for _, entry := range objects(lookup(holder, s.list)) {
			name, _ := holder["name"].(string)
			owner[len(out)] = name
			out = append(out, entry)
		}
	}
	return out, owner
}

func objects(v any) []map[string]any {
	list, _ := v.([]any)
	out := make([]map[string]any, len(list))
	for i := range list {
		out[i], _ = list[i].(map[string]any)
	}
	return out
}

// lookup is the value at a path of names. A range that is certain and hours that are stated are plain numbers in the
// file; here they answer to the names mode and stated.
func lookup(v any, path string) any {
	for _, name := range strings.Split(path, ".") {
		switch t := v.(type) {
		case map[string]any:
			v = t[name]
		case json.Number:
			if name != "mode" && name != "stated" {
				return nil
			}
		default:
			return nil
		}
	}
	return v
}

// ratioKinds are the words for what one FTE looks after, and the keys that the plan file has for them.
var ratioKinds = []struct{ word, key string }{
	{"devices", "devices_per_fte"}, {"value", "value_per_fte"}, {"FTE", "fte_per_fte"}, {"beds", "beds_per_fte"},
}

// ratioOf is a value of a role's ratio by the names that the sheet has: how many, and of what.
func ratioOf(role map[string]any, key string) any {
	r, _ := role["ratio"].(map[string]any)
	for _, k := range ratioKinds {
		if n, ok := r[k.key].(json.Number); ok {
			if key == "ratio.of" {
				return k.word
			}
			return n
		}
	}
	return nil
}

func link(to, title string) field {
	return field{key: "name", title: title, kind: text, link: to, width: 26}
}

// hourFields are the parts of a working year, under a key.
func hourFields(under string) []field {
	return []field{
		{key: under + ".stated", title: "Productive hours, stated", kind: number, unit: "h a year", low: 600, high: 2080},
		{key: under + ".paid", title: "Paid hours", kind: number, unit: "h a year", low: 1, high: 8760},
		{key: under + ".vacation", title: "Vacation", kind: number, unit: "h a year", low: 0, high: 8760},
		{key: under + ".holidays", title: "Holidays", kind: number, unit: "h a year", low: 0, high: 8760},
		{key: under + ".sick", title: "Sick leave", kind: number, unit: "h a year", low: 0, high: 8760},
		{key: under + ".training", title: "Training hours", kind: number, unit: "h a year", low: 0, high: 8760},
		{key: under + ".admin_leave", title: "Other leave", kind: number, unit: "h a year", low: 0, high: 8760},
		{key: under + ".wrench_time", title: "Hands-on share", kind: rate, unit: "of available hours", low: 0, high: 1},
	}
}

// hoursFormula computes available or productive hours from parts; v gives the cell of a part.
func hoursFormula(v func(string) string, productive bool, otherwise string) string {
	parts := fmt.Sprintf("(%s-%s-%s-%s-%s-%s)", v("paid"), v("vacation"), v("holidays"), v("sick"), v("training"), v("admin_leave"))
	stated := fmt.Sprint(plan.DefaultHours().Available()) // stated productive hours say nothing of the available ones
	if productive {
		parts += "*" + v("wrench_time")
		stated = v("stated")
	}
	return fmt.Sprintf("IF(%s>0,%s,IF(%s>0,%s,%s))", v("stated"), stated, v("paid"), parts, otherwise)
}

func teams() []string {
	var out []string
	for _, t := range plan.Teams() {
		out = append(out, string(t))
	}
	return out
}

func works() []string {
	var out []string
	for _, w := range plan.Works() {
		out = append(out, string(w))
	}
	return out
}

// sheets lists the sheets that hold inputs, in an order in which none needs a later one to be read.
func sheets() []*sheet {
	return []*sheet{
		{name: sheetBaseline, list: "classes", about: "The classes of devices and how many there are in the base year.", fields: []field{
			{key: "name", title: "Class", kind: text, width: 26},
			{key: "count", title: "Devices", kind: whole, unit: "in the base year", low: 0, high: 50_000_000},
			{key: "inventory", title: "Question to the inventory", kind: text, unit: "counted by Pons", width: 30},
			{key: "connected", title: "Connected", kind: yes},
			{key: "subset_of", title: "Part of", kind: names, unit: "classes that hold all of it; a;b", width: 22},
			{key: "expected_life", title: "Expected life", kind: number, unit: "years", low: 0, high: 100},
			{key: "unit_cost", title: "Unit cost", kind: money, unit: "acquisition, each", low: 0, high: 1e9},
			{key: "risk", title: "Risk weight", kind: number, unit: "of an hour not done", low: 0, high: 1000},
			{key: "note", title: "Note", kind: text, width: 40},
		}},
		{name: sheetGrowth, list: "classes", about: "How the classes grow: a rate a year, compounding, and beside it what the sheet Pipeline lists. The likely rate counts here; low and high count in Pons's simulation.", fields: growthFields()},
		{name: sheetPipeline, list: "pipeline", within: "classes", spare: spareRows, about: "What is known beside the rates: projects that bring devices, retirements that take them away, replacements that are work and no growth.", fields: []field{
			{key: "class", title: "Class", kind: text, width: 26},
			{key: "year", title: "Year", kind: year, unit: "after the base year", low: 1990, high: 2130},
			{key: "name", title: "What", kind: text, width: 36},
			{key: "add", title: "Added", kind: whole, unit: "devices", low: 0, high: 50_000_000},
			{key: "retire", title: "Retired", kind: whole, unit: "devices", low: 0, high: 50_000_000},
			{key: "replace", title: "Replaced", kind: whole, unit: "devices", low: 0, high: 50_000_000},
		}},
		{name: sheetRoles, list: "roles", about: "The jobs: what they cost, who is there, and the hours of one FTE where they differ from the plan's.", fields: roleFields()},
		{name: sheetHires, list: "hires", within: "roles", spare: spareRows, about: "People who will come, and the FTE that they work on average in each year while they learn.", fields: hireFields()},
		{name: sheetRatios, list: "roles", about: "What one FTE looks after. Devices and value are counted over the classes that are named; FTE over the roles (span of control).", fields: ratioFields()},
		{name: sheetWorkload, list: "workload.items", spare: spareRows, about: "The work, line by line: events a year × hours each. Ranges count with their likely value here.", fields: workFields()},
		{name: sheetCoverage, list: "coverage", spare: spareRows, about: "Somebody has to be there: seats, desks that answer calls in time, on-call rotations. Each line is one of the three.", fields: coverageFields()},
		{name: sheetContracts, list: "classes", about: "What others offer to keep a class for. Fill a line with yes (it counts) or no (it is priced only by Pons) in the second column.", fields: contractFields()},
		{name: sheetCosts, list: "costs", spare: spareRows, about: "Money beside wages: tools, training, overhead, parts.", fields: costFields()},
		{name: sheetAssumptions, list: "assumptions", about: "Where the values come from, and how far they are to be believed.", fields: []field{
			{key: "path", title: "What", kind: text, width: 44},
			{key: "value", title: "Value", kind: text, unit: "when this was written", width: 14},
			{key: "unit", title: "Unit", kind: text, width: 18},
			{key: "source", title: "Source", kind: text, width: 60},
			{key: "date", title: "Date", kind: month},
			{key: "confidence", title: "Confidence", kind: text, words: []string{"verified", "secondary", "expert", "assumption", "counted", "stated"}, width: 13},
			{key: "note", title: "Note", kind: text, width: 50},
		}},
		{name: sheetCosr, list: "cosr.lines", about: "The cost of service ratio: what keeping the devices costs a year over what the same devices were bought for. Amounts a year.", fields: []field{
			{key: "name", title: "Group", kind: text, width: 26},
			{key: "labor", title: "Labor, loaded", kind: money, low: 0, high: 1e13},
			{key: "contracts", title: "Contracts", kind: money, low: 0, high: 1e13},
			{key: "parts", title: "Parts", kind: money, low: 0, high: 1e13},
			{key: "time_and_material", title: "Time and material", kind: money, low: 0, high: 1e13},
			{key: "overhead", title: "Overhead", kind: money, low: 0, high: 1e13},
			{key: "acquisition_value", title: "Acquisition value", kind: money, low: 0, high: 1e13},
			{key: "devices", title: "Devices", kind: whole, low: 0, high: 1e9},
			{key: "devices_with_cost", title: "Of these with a known cost", kind: whole, low: 0, high: 1e9},
			{key: "ratio", title: "COSR", kind: rate, calc: func(h place) string {
				return fmt.Sprintf("IF(%[6]s>0,(%[1]s+%[2]s+%[3]s+%[4]s+%[5]s)/%[6]s,\"not known\")", h.v("labor"), h.v("contracts"), h.v("parts"), h.v("time_and_material"), h.v("overhead"), h.v("acquisition_value"))
			}},
		}},
		{name: sheetCounted, list: "baseline.counts", about: "What the inventory answered when the counts of this plan were taken from it.", fields: []field{
			{key: "class", title: "Class", kind: text, width: 26},
			{key: "question", title: "Question", kind: text, width: 44},
			{key: "count", title: "Devices then", kind: whole, low: 0, high: 50_000_000},
		}},
	}
}
