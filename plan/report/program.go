package report

import (
	"cmp"
	"fmt"
	"math"
)

// Bounds of the page of the program, so that a report stays one of six pages.
const (
	milestoneRows = 12
	kpiRows       = 10
	maturityRows  = 12
)

// program shows the way there: milestones, maturity, measures; what was not given is left out.
func (s *sheet) program() {
	s.milestones()
	s.maturity()
	s.kpis()
}

func (s *sheet) milestones() {
	list := s.b.Milestones
	if len(list) == 0 {
		return
	}
	late := 0
	for _, m := range list {
		if m.Late {
			late++
		}
	}
	says := fmt.Sprintf("Roadmap: %s", plural(len(list), "milestone", "milestones"))
	if late > 0 {
		says += fmt.Sprintf(", %d of them late", late)
	}
	shown := list[:min(len(list), milestoneRows)]
	s.heading(says, "", rowHeight*float64(min(len(shown), 6)+1))
	var rows [][]string
	for _, m := range shown {
		state := m.Status
		if m.Late {
			state += ", late"
		}
		rows = append(rows, []string{cmp.Or(m.Date, "no date yet"), m.Title, m.Phase, cmp.Or(m.Owner, "nobody yet"), state})
	}
	s.table(margin, []column{{title: "Date", width: 22}, {title: "Milestone", width: s.wide() - 22 - 36 - 34 - 28, strong: true}, {title: "Phase", width: 36}, {title: "Owner", width: 34}, {title: "State", width: 28}}, rows, nil)
	if more := len(list) - len(shown); more > 0 {
		s.remark(fmt.Sprintf("%s on the roadmap.", plural(more, "more milestone is", "more milestones are")), 1)
	}
}

func (s *sheet) maturity() {
	list := s.b.Maturity
	if len(list) == 0 {
		return
	}
	list = list[:min(len(list), maturityRows)]
	sum, n, below := 0, 0, 0
	for _, m := range list {
		if m.Level > 0 {
			sum += m.Level
			n++
			if m.Level < m.Target {
				below++
			}
		}
	}
	says := "Maturity: not assessed yet"
	if n > 0 {
		says = fmt.Sprintf("Maturity: %s of 5 on average; %s below target", figure(float64(sum)/float64(n), 1), plural(below, "domain", "domains"))
	}
	const pitch = 4.9
	s.heading(says, "Filled: where it is. Ring: where it shall be. A domain without a dot was not assessed.", pitch*float64(len(list))+8)
	levels := []string{"1 Initial", "2 Repeatable", "3 Defined", "4 Managed", "5 Optimising"}
	const names = 40.0
	at := func(level int) float64 { return margin + names + (s.wide()-names-20)*(float64(level)-0.5)/5 }
	s.font(false, small)
	s.inkOf(soft)
	for i, l := range levels {
		s.say(l, at(i+1), s.y+2.5, 0, centred)
	}
	s.y += 4
	for _, m := range list {
		mid := s.y + pitch/2
		s.font(true, 8)
		s.inkOf(ink)
		s.say(m.Domain, margin+0.5, mid+1, names-2, fromLeft)
		s.stroke(faint, 0.2, at(1), mid, at(5), mid)
		if m.Level > 0 && m.Target > m.Level {
			s.stroke(blue, 0.5, at(m.Level), mid, at(m.Target), mid)
		}
		if m.Target > 0 {
			s.SetDrawColor(ink[0], ink[1], ink[2])
			s.SetLineWidth(0.4)
			s.fillOf(paper)
			s.Circle(at(m.Target), mid, 1.7, "FD")
		}
		text := "not assessed"
		if m.Level > 0 {
			s.dot(at(m.Level), mid, 1.15, blue)
			text = "at target"
			if d := m.Target - m.Level; d > 0 {
				text = fmt.Sprintf("%d to go", d)
			}
		}
		s.font(false, small)
		s.inkOf(soft)
		s.say(text, s.width-margin, mid+0.9, 0, toRight)
		s.y += pitch
	}
	s.inkOf(ink)
}

func (s *sheet) kpis() {
	list := s.b.KPIs
	if len(list) == 0 {
		return
	}
	met, read := 0, 0
	for _, k := range list {
		if known(k.Value) {
			read++
			if k.Met {
				met++
			}
		}
	}
	shown := list[:min(len(list), kpiRows)]
	s.heading(fmt.Sprintf("Measures: %d of %d meet their target, %d not known", met, len(list), len(list)-read), "", rowHeight*float64(min(len(shown), 6)+1))
	var rows [][]string
	for _, k := range shown {
		state := "below target"
		switch {
		case !known(k.Value):
			state = "not known"
		case !known(k.Target):
			state = "no target"
		case k.Met:
			state = "met"
		}
		rows = append(rows, []string{k.Name, withUnit(k.Value, k.Unit), target(k), cmp.Or(k.Owner, "nobody yet"), cmp.Or(k.State, state)})
	}
	used := 22.0 + 24 + 30 + 22 + 22
	s.table(margin, []column{{title: "Measure", width: s.wide() - used, strong: true}, {title: "Now", width: 22, to: toRight}, {title: "Target", width: 24, to: toRight}, {title: "Owner", width: 30, inset: 1.5}, {title: "State", width: 22},
		{title: "Trend", width: 22, draws: func(i int, r rect) { s.trend(shown[i].Trend, r) }}}, rows, nil)
	if more := len(list) - len(shown); more > 0 {
		s.remark(fmt.Sprintf("%s in Pons.", plural(more, "more measure is", "more measures are")), 1)
	}
}

func withUnit(v float64, unit string) string {
	if !known(v) {
		return unknown
	}
	if unit == "" {
		return figure(v, 2)
	}
	return figure(v, 2) + " " + unit
}

func target(k KPI) string {
	if !known(k.Target) {
		return "none"
	}
	return withUnit(k.Target, k.Unit)
}

// trend draws readings from zero; two at least.
func (s *sheet) trend(values []float64, r rect) {
	r.y, r.h = r.y+0.9, r.h-1.8
	n := 0
	for _, v := range values {
		if !math.IsNaN(v) {
			n++
		}
	}
	if n < 2 {
		s.font(false, small)
		s.inkOf(soft)
		s.say("too few readings", r.x+r.w/2, r.y+r.h-0.6, r.w, centred)
		s.inkOf(ink)
		return
	}
	s.path(values, axisFor(values), r, blue, 0.4)
}
