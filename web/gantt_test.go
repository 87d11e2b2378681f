package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"pons/account"
	"pons/ledger"
	"pons/program"
)

// mouse sends one event of the mouse.
func mouse(kind input.DispatchMouseEventType, x, y float64, held int64) step {
	return call(input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, Buttons: held, ClickCount: 1})
}

// drag takes what is at a place and lets it go elsewhere, with steps between, as a hand does.
func (t *tab) drag(x, y, by float64) {
	t.t.Helper()
	steps := []step{mouse(input.DispatchMouseEventTypeMousePressed, x, y, 1)}
	for i := 1; i <= 5; i++ {
		steps = append(steps, mouse(input.DispatchMouseEventTypeMouseMoved, x+by*float64(i)/5, y, 1))
	}
	t.run(steps...)
}

// middle is where a part of a bar lies in the window.
func (t *tab) middle(selector string) (x, y float64) {
	t.t.Helper()
	at := eval[[]float64](t, `(() => { const e = document.querySelector(`+"`"+selector+"`"+`); e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`)
	return at[0], at[1]
}

func TestRoadmapIsDragged(t *testing.T) {
	s := newSite(t)
	before := s.roadmapNow()
	tab := s.open(account.Biomed, 1440, 1000)
	tab.visit("/program/roadmap", "light")
	tab.run(until(`document.body.dataset.gantt === "live"`))
	perDay := eval[float64](tab, `Number(document.querySelector("svg.gantt").dataset.perday)`)

	// a bar is dragged by ten days: those that wait for it are shown where they would lie, and lie there after
	x, y := tab.middle(`a[data-task="T-4"] .body`)
	tab.drag(x, y, 10*perDay)
	tab.run(until(`document.querySelectorAll(".gantt-ghost").length >= 2`))
	tab.shot("roadmap-dragging")
	ghosts := eval[float64](tab, `document.querySelectorAll(".gantt-ghost").length`)
	tab.run(mouse(input.DispatchMouseEventTypeMouseReleased, x+10*perDay, y, 0), until(`document.querySelector("#roadmap .note")?.textContent.includes("T-4")`))
	after := s.roadmapNow()
	if got, want := after.Schedule.Slots["T-4"].Start, before.Schedule.Slots["T-4"].End.Add(0); got != before.Schedule.Slots["T-4"].Start.Add(10) {
		t.Errorf("T-4 begins %s (ended %s before), want ten days later than %s", got, want, before.Schedule.Slots["T-4"].Start)
	}
	if moved := len(program.Moves(before.Schedule, after.Schedule)); float64(moved-1) != ghosts {
		t.Errorf("%d others moved, %.0f were shown", moved-1, ghosts)
	}
	if path := eval[string](tab, `location.pathname`); path != "/program/roadmap" {
		t.Errorf("the drag opened %s", path)
	}
	if focus := eval[string](tab, `document.activeElement.dataset.task ?? ""`); focus != "T-4" {
		t.Errorf("the keyboard is at %q", focus)
	}
	tab.accessible("roadmap after a drag")

	// the end of a bar is dragged: it becomes shorter
	x, y = tab.middle(`a[data-task="T-3"] .grip`)
	tab.drag(x, y, -6*perDay)
	tab.run(mouse(input.DispatchMouseEventTypeMouseReleased, x-6*perDay, y, 0), until(`document.querySelector("#roadmap .note")?.textContent.includes("T-3")`))
	was, _ := before.Task("T-3")
	if now, _ := s.roadmapNow().Task("T-3"); now.Body.Days != was.Body.Days-6 {
		t.Errorf("T-3 takes %d days, took %d", now.Body.Days, was.Body.Days)
	}

	// Escape lets a drag fall; what was not moved is opened by a click
	x, y = tab.middle(`a[data-task="T-5"] .body`)
	tab.drag(x, y, 8*perDay)
	tab.run(chromedp.KeyEvent("\u001b"), mouse(input.DispatchMouseEventTypeMouseReleased, x+8*perDay, y, 0))
	still := s.roadmapNow()
	if now, _ := still.Task("T-5"); now.Version != 1 {
		t.Error("a drag that was given up moved the task")
	}
	x, y = tab.middle(`a[data-task="T-5"] .body`)
	tab.run(mouse(input.DispatchMouseEventTypeMousePressed, x, y, 1), mouse(input.DispatchMouseEventTypeMouseReleased, x, y, 0), until(`location.pathname === "/program/roadmap/tasks/T-5"`))
	tab.quiet("dragging")
}

func TestRoadmapIsMovedByKeyboard(t *testing.T) {
	s := newSite(t)
	before := s.roadmapNow()
	tab := s.open(account.Biomed, 1440, 1000)
	tab.visit("/program/roadmap?scale=4", "dark")
	tab.run(until(`document.body.dataset.gantt === "live"`))
	press := func(key string, shift bool) step {
		modifiers := int64(0)
		if shift {
			modifiers = 8
		}
		return call(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: key, Code: key, Modifiers: modifiers})
	}
	told := func(id, text string) step {
		return until(fmt.Sprintf("document.activeElement.dataset.task === %q && document.querySelector(\"#roadmap .note\")?.textContent.includes(%q)", id, text))
	}
	tab.run(chromedp.Focus(css(`a[data-task="T-3"]`)), press("ArrowRight", false), press("ArrowRight", false), press("ArrowRight", false), told("T-3", "moved with it"))
	start := before.Schedule.Slots["T-3"].Start
	moved := s.roadmapNow()
	if e, _ := moved.Task("T-3"); moved.Schedule.Slots["T-3"].Start != start.Add(3) || e.Version != 2 {
		t.Errorf("T-3 begins %s at version %d, want three days after %s in one step", moved.Schedule.Slots["T-3"].Start, e.Version, start)
	}
	tab.run(press("ArrowRight", true), press("ArrowRight", true), told("T-3", dayText(moved.Schedule.Slots["T-3"].End.Add(2))))
	longer, _ := s.roadmapNow().Task("T-3")
	if was, _ := before.Task("T-3"); longer.Body.Days != was.Body.Days+2 {
		t.Errorf("T-3 takes %d days, want two more than %d", longer.Body.Days, was.Body.Days)
	}
	tab.run(press("ArrowLeft", false), press("Escape", false), press("ArrowDown", false), until(`document.activeElement.dataset.task !== "T-3" && !!document.activeElement.dataset.task`))
	if now, _ := s.roadmapNow().Task("T-3"); now.Version != 3 {
		t.Errorf("Escape did not take it back: version %d", now.Version)
	}
	tab.shot("roadmap-keyboard-dark")
	tab.accessible("roadmap by keyboard")
	// Ctrl-Z takes the last change back
	tab.run(call(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: "z", Code: "KeyZ", Modifiers: 2}), until(`document.querySelector(".note")?.textContent.includes("Undone")`))
	undone := s.roadmapNow()
	if now, _ := undone.Task("T-3"); now.Body.Days != longer.Body.Days-2 || undone.Schedule.Slots["T-3"].Start != start.Add(3) {
		t.Errorf("undone: %+v", now.Body)
	}
	tab.quiet("keyboard")
}

func TestRoadmapPicture(t *testing.T) {
	today := program.Day("2026-11-20")
	tasks := []program.Task{{ID: "T-1", Title: "First", Phase: "1", Days: 30, Start: "2026-11-01", Status: program.InProgress, Percent: 50}, {ID: "T-2", Title: "Second", Phase: "1", Days: 10, Needs: []string{"T-1"}, Status: program.NotStarted}, {ID: "T-3", Title: "End", Phase: "1", Needs: []string{"T-2"}, Status: program.NotStarted}}
	r := program.Roadmap{Made: true}
	r.Settings.Body = program.RoadmapSettings{Start: "2026-11-01", Currency: "USD", Phases: []program.Phase{{ID: "1", Name: "Only"}}}
	var err error
	if r.Schedule, err = program.Compute(tasks, "2026-11-01", false); err != nil {
		t.Fatal(err)
	}
	for _, x := range tasks {
		r.Tasks = append(r.Tasks, entryOf(x))
	}
	g := newGantt(r, today, "4", false)
	if g.From != "2026-10-01" || g.Scale != 4 || len(g.Rows) != 3 || len(g.Links) != 2 || !g.Links[0].Critical {
		t.Fatalf("picture %+v", g)
	}
	first, second, end := g.Rows[0], g.Rows[1], g.Rows[2]
	if first.X != 31*4 || first.W != 30*4 || first.DoneW != 60 || second.X != first.X+first.W || end.X != second.X+second.W-4+2 || g.TodayX != 50*4 {
		t.Errorf("bars at %g+%g, %g, %g, today %g", first.X, first.W, second.X, end.X, g.TodayX)
	}
	if empty := newGantt(program.Roadmap{}, today, "", true); len(empty.Rows) != 0 {
		t.Error("a roadmap without tasks has bars")
	}
}

func entryOf(t program.Task) ledger.Entry[program.Task] {
	return ledger.Entry[program.Task]{ID: t.ID, Version: 1, Body: t}
}

// TestRoadmapIsDraggedByTouch moves a bar with a finger.
func TestRoadmapIsDraggedByTouch(t *testing.T) {
	s := newSite(t)
	before := s.roadmapNow()
	tab := s.open(account.Biomed, 1440, 1000)
	tab.visit("/program/roadmap", "light")
	tab.run(until(`document.body.dataset.gantt === "live"`))
	perDay := eval[float64](tab, `Number(document.querySelector("svg.gantt").dataset.perday)`)
	x, y := tab.middle(`a[data-task="T-4"] .body`)
	finger := func(kind input.DispatchTouchEventType, at ...float64) step {
		points := []*input.TouchPoint{}
		for _, x := range at {
			points = append(points, &input.TouchPoint{X: x, Y: y})
		}
		return call(input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
	}
	tab.run(finger(input.DispatchTouchEventTypeTouchStart, x))
	for i := 1; i <= 5; i++ {
		tab.run(finger(input.DispatchTouchEventTypeTouchMove, x+2*perDay*float64(i)))
	}
	tab.run(finger(input.DispatchTouchEventTypeTouchEnd), until(`document.querySelector("#roadmap .note")?.textContent.includes("T-4")`))
	if got, want := s.roadmapNow().Schedule.Slots["T-4"].Start, before.Schedule.Slots["T-4"].Start.Add(10); got != want {
		t.Errorf("T-4 begins %s, want %s", got, want)
	}
	tab.quiet("touch")
}
