package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pons/plan"
)

// unverified says that nobody has read a value in its source, counted it or stood up for it.
func unverified(c plan.Confidence) bool {
	switch c {
	case plan.Verified, plan.Counted, plan.Stated:
		return false
	}
	return true
}

// confidenceName is a confidence as people say it.
func confidenceName(c plan.Confidence) string {
	switch c {
	case plan.Verified:
		return "verified"
	case plan.Counted:
		return "counted here"
	case plan.Stated:
		return "stated here"
	case plan.Secondary:
		return "second hand"
	case plan.Expert:
		return "expert's default"
	case plan.Guess:
		return "assumption"
	}
	return "no word of it"
}

// basis is what all of it rests on: devices and their date, quality of data, method, assumptions.
func (s *sheet) basis() {
	b := s.b
	weak := 0
	for _, a := range b.Plan.Assumptions {
		if unverified(a.Confidence) {
			weak++
		}
	}
	says := fmt.Sprintf("What it rests on: %s, %d of them not verified", plural(len(b.Plan.Assumptions), "stated assumption", "stated assumptions"), weak)
	if len(b.Plan.Assumptions) == 0 {
		says = "What it rests on: the plan names no source for any of its values"
	}
	with := 95.0 // what comes before the assumptions stays together, where pages allow it
	if s.PageCount() >= pagesMost-1 {
		with = 30
	}
	s.heading(says, "", with)
	s.quality()
	s.classes()
	s.method()
	s.warnings()
	s.assumptions()
}

// point sets a line with a word before it.
func (s *sheet) point(word, text string, most int) {
	const indent = 27.0
	s.need(line + 1)
	s.font(true, 8)
	s.inkOf(ink)
	y := s.y
	s.write(word, margin, y, indent-2, 1)
	s.font(false, 8)
	s.y = s.write(text, margin+indent, y, s.wide()-indent, most) + 1.2
}

// quality says how old and how complete the facts are.
func (s *sheet) quality() {
	b := s.b
	if base := b.Plan.Baseline; base != nil {
		text := fmt.Sprintf("%s of %s, of the inventory of Pons as of %s", plural(len(base.Counts), "class", "classes"), plural(base.Devices, "device", "devices"), cmp.Or(base.AsOf, "an unknown day"))
		if base.Site != "" {
			text += " (site " + base.Site + " only)"
		}
		switch {
		case !b.Drifted:
			text += ". Whether the inventory has changed since was not asked."
		case len(b.Drifts) == 0:
			text += ". It counts the same today."
		default:
			var parts []string
			for _, d := range b.Drifts[:min(len(b.Drifts), 4)] {
				parts = append(parts, fmt.Sprintf("%s %s, now %s", d.Class, figure(float64(d.Then), 0), figure(float64(d.Now), 0)))
			}
			text += fmt.Sprintf(". %s changed since: %s.", plural(len(b.Drifts), "class has", "classes have"), strings.Join(parts, "; "))
		}
		if typed := len(b.Plan.Classes) - len(base.Counts); typed > 0 {
			text += fmt.Sprintf(" %s typed in by hand.", plural(typed, "class was", "classes were"))
		}
		s.point("Inventory", text, 4)
	} else {
		s.point("Inventory", fmt.Sprintf("%s typed in by hand: the plan was not made from the inventory, so that its counts have no date.", plural(len(b.Plan.Classes), "count was", "counts were")), 3)
	}
	s.cosr()
}

// cosr prints the cost of service ratio, or why none is printed.
func (s *sheet) cosr() {
	if s.b.Plan.Cosr == nil {
		s.point("Cost of service", "The cost of service ratio (COSR) was not asked for: the plan names no service cost and acquisition value.", 2)
		return
	}
	r := s.b.Plan.Cosr.Compute()
	text := fmt.Sprintf("COSR %s: %s of service a year over %s of acquisition value. %s.", percent(r.Ratio), s.b.cash(r.Cost), s.b.cash(r.Value), upper(r.Because))
	if r.Comparable {
		text += " Compare: " + r.Benchmark + "."
	} else {
		text += " No benchmark is printed beside it."
	}
	s.point("Cost of service", text, 4)
}

func upper(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// classRows bounds the list of classes.
const classRows = 8

// classes lists the largest classes of devices and how they grow.
func (s *sheet) classes() {
	b, first, last := s.b, s.b.first(), s.b.last()
	order := make([]int, len(b.Plan.Classes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(first.Classes[j].Count, first.Classes[i].Count) })
	var parts []string
	for _, i := range order[:min(len(order), classRows)] {
		text := fmt.Sprintf("%s %s", b.Plan.Classes[i].Name, figure(float64(first.Classes[i].Count), 0))
		if last.Year != first.Year {
			text += " to " + figure(float64(last.Classes[i].Count), 0)
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, "; ")
	if more := len(order) - classRows; more > 0 {
		text += fmt.Sprintf("; and %s", plural(more, "more class", "more classes"))
	}
	if last.Year != first.Year {
		text += fmt.Sprintf(" (%d to %d)", first.Year, last.Year)
	}
	s.point("Devices", text+".", 4)
}

// method says how it was computed.
func (s *sheet) method() {
	p := s.b.Plan
	text := "Counts of devices grow by their rates and projects. For each role three methods stand side by side: the ratio (devices, beds, value or FTE that one FTE looks after), the workload (events a year × hours each ÷ productive hours) and the coverage (seats, service desk by Erlang C, on-call rotation). "
	switch p.Method {
	case plan.ByRatio:
		text += "The ratio counts here"
	case plan.ByWorkload:
		text += "The workload counts here"
	default:
		text += "The greater of ratio and workload counts here"
	}
	text += "; coverage is a floor under it. "
	if step := p.Rounding.Step(); step > 0 {
		text += fmt.Sprintf("FTE are rounded up to the next %s. ", figure(step, 2))
	} else {
		text += "FTE are not rounded. "
	}
	if q := s.b.Percentiles; q != nil {
		text += fmt.Sprintf("Uncertainty: Monte Carlo, %s draws, seed %d, so that the same plan always gives the same numbers.", figure(float64(q.Draws), 0), q.Seed)
	} else {
		text += "Uncertainty was not simulated."
	}
	s.point("How computed", text, 6)
	text = fmt.Sprintf("%s productive hours of %s available ones a year for one FTE.", figure(p.Workload.Hours.Productive(), 0), figure(p.Workload.Hours.Available(), 0))
	s.point("Working year", text, 2)
}

// warnings are what the computation itself has doubts about.
func (s *sheet) warnings() {
	list := s.b.Projection.Warnings
	if len(list) == 0 {
		return
	}
	text := strings.Join(list[:min(len(list), 4)], " · ")
	if more := len(list) - 4; more > 0 {
		text += fmt.Sprintf(" · and %d more", more)
	}
	s.point("Doubts", text, 5)
}

// workPath begins the paths of single lines of work.
const workPath = "workload/items/"

// subject is a path as people read it: "roles/HTM manager/ratio/fte_per_fte" is "HTM manager: FTE per FTE".
func subject(path string) string {
	for _, list := range []string{workPath, "workload/", "roles/", "classes/", "coverage/", "costs/"} {
		if rest, ok := strings.CutPrefix(path, list); ok {
			path = rest
			break
		}
	}
	path = strings.ReplaceAll(strings.ReplaceAll(path, "/ratio/", "/"), "_", " ")
	field := func(r rune) bool { return r == ' ' || 'a' <= r && r <= 'z' }
	if i := strings.LastIndexByte(path, '/'); i >= 0 && strings.TrimLeftFunc(path[i+1:], field) == "" { // and not "BMET I/II"
		path = path[:i] + ": " + strings.ReplaceAll(path[i+1:], "fte", "FTE")
	}
	return path
}

// pagesMost is how many pages a report has at most.
const pagesMost = 6

// assumptions lists values with source and confidence, the weakest first, as many as fit the report.
func (s *sheet) assumptions() {
	list := slices.Clone(s.b.Plan.Assumptions)
	if len(list) == 0 {
		s.point("Sources", "No value of this plan names its source. Treat every number above as unconfirmed.", 2)
		return
	}
	rank := []plan.Confidence{"", plan.Guess, plan.Expert, plan.Secondary, plan.Stated, plan.Counted, plan.Verified}
	work := func(a plan.Assumption) bool { return strings.HasPrefix(a.Path, workPath) } // there are many, and each moves little
	slices.SortStableFunc(list, func(a, b plan.Assumption) int {
		return cmp.Or(cmp.Compare(slices.Index(rank, a.Confidence), slices.Index(rank, b.Confidence)), cmp.Compare(boolInt(work(a)), boolInt(work(b))))
	})
	s.y += 2
	const around = 14.0 // title, head, remark
	if s.PageCount() < pagesMost {
		s.need(around + 4*rowHeight)
	}
	s.y = s.sub("Assumptions, the least confirmed first (○ not verified, ● verified, counted or stated)", margin, s.y, s.wide()) + 0.5
	room := int((s.room() - around + 5) / rowHeight)
	if left := pagesMost - s.PageCount(); left > 0 {
		room += int((s.bottom()-top-12)/rowHeight) * min(left, 1)
	}
	shown := list[:min(len(list), max(room, 0))]
	var rows [][]string
	for _, a := range shown {
		mark := "●"
		if unverified(a.Confidence) {
			mark = "○"
		}
		rows = append(rows, []string{mark + " " + confidenceName(a.Confidence), subject(a.Path), strings.TrimSpace(a.Value + " " + a.Unit), a.Source, a.Date})
	}
	used := 27.0 + 40 + 15
	what := (s.wide() - used) * 0.6
	s.table(margin, []column{{title: "Confidence", width: 27}, {title: "What", width: what}, {title: "Value", width: 40}, {title: "Source", width: s.wide() - used - what}, {title: "Date", width: 15}}, rows, nil)
	if more := len(list) - len(shown); more > 0 {
		s.remark(fmt.Sprintf("%s in the plan and in its workbook, none of them less confirmed than these.", plural(more, "more assumption stands", "more assumptions stand")), 1)
	}
}
