package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"pons/program"
)

// gantt is the roadmap as a picture: drawn here, so that it also stands on paper and without script; the island
// "gantt" lets it be dragged. Lengths are in pixels of the drawing.
type gantt struct {
	From    program.Day
	Scale   float64 // pixels a day
	W, H    float64
	Months  []ganttMonth
	Phases  []ganttPhase
	Rows    []ganttRow
	Links   []ganttLink
	TodayX  float64 // below zero: today is not in the picture
	May     bool
	Today   program.Day
	Working bool
}

type ganttMonth struct {
	X, W  float64
	Label string
	Year  bool // a year begins
}

type ganttPhase struct {
	Y     float64
	Label string
}

// ganttRow is a task as a bar.
type ganttRow struct {
	Task      program.Task
	Slot      program.Slot
	Version   int64
	Y, X, W   float64
	DoneW     float64
	Label     string
	LabelX    float64
	LabelLeft bool
	Late      bool
}

// ganttLink is the way from the end of a task to the start of one that needs it.
type ganttLink struct {
	Path     string
	Critical bool
}

const (
	ganttHead  = 30
	ganttBand  = 24 // the line of a phase
	ganttRowH  = 28
	ganttBar   = 16
	ganttSlack = 10  // days of room before the first task
	ganttRoom  = 300 // pixels beside the last task, for its name
	ganttFit   = 1130
)

// ganttScales are how many pixels a day may take: 0 fits the whole roadmap to the page.
func ganttScales() []Link { return []Link{{"Whole", ""}, {"Months", "4"}, {"Weeks", "14"}} }

func newGantt(r program.Roadmap, today program.Day, scale string, may bool) gantt {
	g := gantt{May: may, Today: today, Working: r.Settings.Body.WorkingDays, TodayX: -1}
	if len(r.Tasks) == 0 {
		return g
	}
	first, last := r.Schedule.Start, r.Schedule.End
	for _, slot := range r.Schedule.Slots {
		first, last = min(first, slot.Start), max(last, slot.End)
	}
	if first == "" {
		for _, slot := range r.Schedule.Slots {
			first = slot.Start
		}
	}
	start := first.Add(-ganttSlack).Time()
	g.From = program.DayOf(start.AddDate(0, 0, 1-start.Day()))
	end := last.Add(1)
	days := float64(g.From.Until(end))
	g.Scale = math.Max(1.2, (ganttFit-ganttRoom)/days)
	if wanted, err := strconv.ParseFloat(scale, 64); err == nil && wanted >= 1 && wanted <= 40 {
		g.Scale = wanted
	}
	g.Scale = math.Round(g.Scale*100) / 100
	g.W = math.Ceil(days*g.Scale) + ganttRoom
	g.months()
	g.rows(r)
	g.links(r)
	if today >= g.From && g.x(today) < g.W {
		g.TodayX = g.x(today)
	}
	return g
}

// x is where a day begins.
func (g gantt) x(d program.Day) float64 { return math.Round(float64(g.From.Until(d))*g.Scale*10) / 10 }

func (g *gantt) months() {
	for at := g.From.Time(); ; {
		next := at.AddDate(0, 1, 0)
		m := ganttMonth{X: g.x(program.DayOf(at)), Label: at.Format("Jan"), Year: at.Month() == 1 || len(g.Months) == 0}
		if m.X > g.W {
			return
		}
		m.W = math.Min(g.x(program.DayOf(next)), g.W) - m.X
		switch {
		case m.W < 12:
			m.Label = ""
		case m.Year && m.W >= 60:
			m.Label = at.Format("Jan 2006")
		case m.Year:
			m.Label = at.Format("2006")
		case m.W < 26:
			m.Label = at.Format("Jan")[:1]
		}
		g.Months = append(g.Months, m)
		at = next
	}
}

func (g *gantt) rows(r program.Roadmap) {
	y := float64(ganttHead)
	for _, phase := range r.Settings.Body.Phases {
		g.Phases = append(g.Phases, ganttPhase{y, phase.Name})
		y += ganttBand
		for _, e := range r.Tasks {
			if e.Body.Phase == phase.ID {
				g.Rows = append(g.Rows, g.row(e.Body, r.Schedule.Slots[e.ID], e.Version, y))
				y += ganttRowH
			}
		}
	}
	g.H = y + 6
}

func (g *gantt) row(t program.Task, slot program.Slot, version int64, y float64) ganttRow {
	row := ganttRow{Task: t, Slot: slot, Version: version, Y: y, X: g.x(slot.Start), Late: t.Late(slot, g.Today)}
	row.W = math.Max(g.x(slot.End.Add(1))-row.X, 3)
	if t.Milestone() {
		row.X += g.Scale / 2
		row.W = 0
	}
	row.DoneW = math.Round(row.W*float64(t.Percent)/10) / 10
	words := []string{t.Title}
	switch {
	case t.Status == program.Done || t.Status == program.Dropped || t.Status == program.Blocked:
		words = append(words, t.Status.Title())
	case t.Percent > 0:
		words = append(words, strconv.Itoa(t.Percent)+" %")
	}
	if row.Late {
		words = append(words, "late")
	}
	if slot.Critical {
		words = append(words, "critical")
	}
	row.Label = strings.Join(words, " · ")
	row.LabelX = row.X + row.W + 8
	if t.Milestone() {
		row.LabelX = row.X + 14
	}
	// A name that would not fit to the right of its bar stands to the left; 6.3 pixels are a letter of this size.
	if width := float64(len([]rune(row.Label))) * 6.3; row.LabelX+width > g.W && row.X > width+10 {
		row.LabelX, row.LabelLeft = row.X-8, true
		if t.Milestone() {
			row.LabelX -= 6
		}
	}
	return row
}

// links draw what needs what, with corners, so that lines can be followed.
func (g *gantt) links(r program.Roadmap) {
	at := map[string]ganttRow{}
	for _, row := range g.Rows {
		at[row.Task.ID] = row
	}
	onPath := map[string]string{}
	for i, id := range r.Schedule.Path[:max(len(r.Schedule.Path)-1, 0)] {
		onPath[r.Schedule.Path[i+1]] = id
	}
	for _, row := range g.Rows {
		for _, need := range row.Task.Needs {
			from, ok := at[need]
			if !ok {
				continue
			}
			x1, y1 := from.X+from.W, from.Y+ganttRowH/2
			x2, y2 := row.X, row.Y+ganttRowH/2
			if row.Task.Milestone() {
				x2 -= 8
			}
			half := float64(ganttRowH) / 2
			if y2 < y1 {
				half = -half
			}
			path := fmt.Sprintf("M%.1f %.1fH%.1fV%.1fH%.1f", x1, y1, x1+5, y2, x2)
			if x2 < x1+9 {
				path = fmt.Sprintf("M%.1f %.1fH%.1fV%.1fH%.1fV%.1fH%.1f", x1, y1, x1+5, y1+half, x2-7, y2, x2)
			}
			g.Links = append(g.Links, ganttLink{path, onPath[row.Task.ID] == need})
		}
	}
}

// px writes a length.
func px(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// shape is the outline of a bar: a rounded box; a critical one ends in a point; a milestone is a diamond.
func (r ganttRow) shape() string {
	top, mid, bottom := r.Y+(ganttRowH-ganttBar)/2, r.Y+ganttRowH/2, r.Y+(ganttRowH+ganttBar)/2
	switch {
	case r.Task.Milestone():
		return fmt.Sprintf("M%s %sl8 8l-8 8l-8 -8z", px(r.X), px(mid-8))
	case r.Slot.Critical:
		tip := math.Min(7, r.W/2)
		return fmt.Sprintf("M%s %sH%sL%s %sL%s %sH%sz", px(r.X), px(top), px(r.X+r.W-tip), px(r.X+r.W), px(mid), px(r.X+r.W-tip), px(bottom), px(r.X))
	}
	return fmt.Sprintf("M%s %sH%sV%sH%sz", px(r.X), px(top), px(r.X+r.W), px(bottom), px(r.X))
}

// inner is the small diamond within a critical milestone.
func (r ganttRow) inner() string {
	return fmt.Sprintf("M%s %sl3.5 3.5l-3.5 3.5l-3.5 -3.5z", px(r.X), px(r.Y+ganttRowH/2-3.5))
}

// said is what a screen reader says of a bar.
func (r ganttRow) said(working bool) string {
	unit := "days"
	if working {
		unit = "working days"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, ", r.Task.ID, r.Label)
	if r.Task.Milestone() {
		fmt.Fprintf(&b, "milestone on %s", dayText(r.Slot.Start))
	} else {
		fmt.Fprintf(&b, "%s to %s, %d %s", dayText(r.Slot.Start), dayText(r.Slot.End), r.Task.Days, unit)
	}
	if !r.Slot.Critical && r.Slot.Float > 0 {
		fmt.Fprintf(&b, ", may slip %d %s", r.Slot.Float, unit)
	}
	return b.String()
}

// class says how the bar is drawn.
func (r ganttRow) class() string {
	c := "gantt-bar"
	if r.Slot.Critical {
		c += " critical"
	}
	switch r.Task.Status {
	case program.Done:
		c += " done"
	case program.Dropped:
		c += " dropped"
	case program.Blocked:
		c += " blocked"
	}
	return c
}

// px2 writes a scale.
func px2(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
