package web

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pons/fault"
	"pons/program"
)

// The pages of the program's second and third phase share how forms are read, how mistakes are shown at their fields,
// and how what was done is undone.

// entered reads a form; what cannot be read is a mistake at its field.
type entered struct {
	v     *Visit
	wrong map[string]string
}

func (v *Visit) entered() *entered { return &entered{v: v, wrong: map[string]string{}} }

func (e *entered) number(field string) int {
	n, err := strconv.Atoi(plainNumber(e.v.Form(field)))
	if err != nil && e.v.Form(field) != "" {
		e.wrong[field] = fmt.Sprintf("“%s” is no whole number.", e.v.Form(field))
	}
	return n
}

func (e *entered) amount(field string) int64 { return int64(e.number(field)) }

func (e *entered) decimal(field string) float64 {
	n, err := strconv.ParseFloat(plainNumber(e.v.Form(field)), 64)
	if err != nil && e.v.Form(field) != "" {
		e.wrong[field] = fmt.Sprintf("“%s” is no number.", e.v.Form(field))
	}
	return n
}

func (e *entered) day(field string) program.Day { return program.Day(e.v.Form(field)) }

// plainNumber takes the groups out of "125,000".
func plainNumber(s string) string {
	return strings.NewReplacer(",", "", " ", "", "\u00a0", "", "\u202f", "", "’", "", "'", "", "−", "-").Replace(s)
}

// mistakes joins what could not be read with what the program says of the entry. It gives false where the error is no
// mistake of the form: that is for the frame to show.
func (e *entered) mistakes(err error) (map[string]string, bool) {
	for field, text := range fault.Fields(err) {
		if _, ok := e.wrong[field]; !ok {
			e.wrong[field] = strings.ToUpper(text[:1]) + text[1:] + "."
		}
	}
	if err != nil && len(fault.Fields(err)) == 0 {
		return nil, false
	}
	return e.wrong, true
}

func (e *entered) bad() bool { return len(e.wrong) > 0 }

// versioned is the state that the writer of a form looked at.
func (v *Visit) versioned() int64 {
	n, _ := strconv.ParseInt(v.Form("version"), 10, 64)
	return max(n, 0)
}

// designNoun is a kind of entry that can be brought back: its page, and how.
type designNoun struct {
	page    string
	restore func(ctx context.Context, id string, version int64, actor string) error
	remove  func(ctx context.Context, id, actor string) error
}

func onShelf[T any](page string, shelf program.Shelf[T]) designNoun {
	return designNoun{page,
		func(ctx context.Context, id string, version int64, actor string) error {
			_, err := shelf.Restore(ctx, id, version, actor, "undone")
			return err
		},
		func(ctx context.Context, id, actor string) error {
			_, err := shelf.Remove(ctx, id, actor, "")
			return err
		}}
}

func (s *Server) designNouns() map[string]designNoun {
	p := s.program
	return map[string]designNoun{
		"assessment": onShelf("/program/maturity", p.Assessments()),
		"aims":       onShelf("/program/maturity", p.AimShelf()),
		"gap":        onShelf("/program/gaps", p.Gaps()),
		"support":    onShelf("/program/support", p.SupportShelf()),
		"committee":  onShelf("/program/governance", p.Committees()),
		"right":      onShelf("/program/governance", p.DecisionRights()),
		"decision":   onShelf("/program/governance", p.Decisions()),
		"message":    onShelf("/program/messages", p.Messages()),
		"benefit":    onShelf("/program/roadmap", p.Benefits()),
		"task": {"/program/roadmap",
			func(ctx context.Context, id string, version int64, actor string) error {
				_, err := p.RestoreTask(ctx, id, version, actor, "undone")
				return err
			},
			func(ctx context.Context, id, actor string) error {
				_, err := p.RemoveTask(ctx, id, actor, "")
				return err
			}},
	}
}

// undoPath is where a change of an entry is taken back: to the version before it, or, when there was none, away.
func undoPath(noun, id string, before int64) string {
	return "/program/undo/" + noun + "/" + id + "/" + strconv.FormatInt(before, 10)
}

func (s *Server) designNoun(v *Visit) (designNoun, error) {
	n, ok := s.designNouns()[v.R.PathValue("noun")]
	if !ok {
		return n, fmt.Errorf("%s: %w", v.R.PathValue("noun"), fault.NotFound)
	}
	return n, nil
}

// undoDesign takes a change back.
func (s *Server) undoDesign(v *Visit) error {
	n, err := s.designNoun(v)
	if err != nil {
		return err
	}
	id := v.R.PathValue("id")
	version, err := strconv.ParseInt(v.R.PathValue("version"), 10, 64)
	if err != nil || version < 0 {
		return fmt.Errorf("version %s: %w", v.R.PathValue("version"), fault.NotFound)
	}
	if version == 0 {
		err = n.remove(v.Context(), id, v.Actor.String())
	} else {
		err = n.restore(v.Context(), id, version, v.Actor.String())
	}
	if err != nil {
		return err
	}
	return v.Redirect(n.page, &Flash{Status: Good, Text: "Undone."})
}

// removeDesign takes an entry away; its versions stay.
func (s *Server) removeDesign(v *Visit) error {
	n, err := s.designNoun(v)
	if err != nil {
		return err
	}
	if err := n.remove(v.Context(), v.R.PathValue("id"), v.Actor.String()); err != nil {
		return err
	}
	version := v.versioned()
	if version == 0 {
		return v.Redirect(n.page, &Flash{Status: Good, Text: "Removed."})
	}
	return v.Redirect(n.page, &Flash{Status: Good, Text: "Removed.", Undo: undoPath(v.R.PathValue("noun"), v.R.PathValue("id"), version)})
}

// firstMistake puts the mistakes of fields that have no place of their own on top of a form.
func firstMistake(wrong map[string]string, shown ...string) string {
	var rest []string
	for field, text := range wrong {
		if !slices.Contains(shown, field) {
			rest = append(rest, text)
		}
	}
	slices.Sort(rest)
	return strings.Join(rest, " ")
}

// mistakeStatus is the status of a page with a form: 422 when there is a mistake in it.
func mistakeStatus(wrong map[string]string) int {
	if len(wrong) > 0 {
		return 422
	}
	return 0
}

// dayText is a day as people read it: "20 Nov 2026".
func dayText(d program.Day) string {
	if d == "" {
		return ""
	}
	return d.Time().Format("2 Jan 2006")
}

// taskOptions are the tasks of the roadmap for a select box.
func taskOptions(r program.Roadmap, none string) []Option {
	out := []Option{{"", none}}
	for _, e := range r.Tasks {
		out = append(out, Option{e.ID, e.ID + " " + e.Body.Title})
	}
	return out
}
