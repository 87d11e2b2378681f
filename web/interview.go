package web

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"pons/account"
	"pons/fault"
	"pons/ledger"
	"pons/program"
)

// interviewsPage is all interviews and the guides for them.
type interviewsPage struct {
	List   []ledger.Entry[program.Interview]
	Guides []ledger.Entry[program.Guide]
	Asked  map[string]int // interviews held, by role
	Held   int
	Rest   int // answers
	May    bool
}

// interviewPage is one interview while it is being held, or afterwards.
type interviewPage struct {
	ledger.Entry[program.Interview]
	Guide   program.Guide
	Groups  []answerGroup
	Open    int // the question whose form is open: from 1; 0 is what came by itself; −1 none
	Edit    int // the answer whose form is open; −1 none
	Answer  program.Answer
	Themes  []string
	Wrong   map[string]string
	Problem string
	Clear   bool // it looks like patient data: ask
	May     bool
	Head    bool // the form of the head is open
}

// answerGroup is one question and what was answered to it.
type answerGroup struct {
	Question program.Question
	Place    int // from 1; 0 is what came by itself, or to a question that the guide no longer has
	Answers  []placedAnswer
}

type placedAnswer struct {
	program.Answer
	Place int // in the interview
}

const interviewsPath = "/program/interviews"

func interviewHref(id string) string { return interviewsPath + "/" + url.PathEscape(id) }
func guideHref(role string) string   { return "/program/guides/" + url.PathEscape(role) }

func (s *Server) interviews(v *Visit) error {
	list, err := s.program.Interviews().List(v.Context())
	if err != nil {
		return err
	}
	guides, err := s.program.Guides(v.Context())
	if err != nil {
		return err
	}
	p := interviewsPage{List: list, Guides: guides, Asked: map[string]int{}, May: v.May(account.ProgramWrite)}
	page := Page{Title: "Interviews", About: "What the people who use, buy, mend, guard and pay for devices say: asked by a guide, kept by function and not by name, without patient data."}
	for _, e := range list {
		if e.Body.Held {
			p.Asked[e.Body.Role]++
			p.Held++
		}
		p.Rest += len(e.Body.Answers)
		if e.At.After(page.Fresh) {
			page.Fresh = e.At
		}
	}
	slices.SortStableFunc(p.List, func(a, b ledger.Entry[program.Interview]) int { return -compareDays(a.Body.On, b.Body.On) })
	page.Actions = p.Actions()
	return v.Render(page, p.View())
}

func compareDays(a, b program.Day) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// interviewForm is the head of an interview, new or known.
type interviewForm struct {
	ID      string
	Version int64
	Body    program.Interview
	Wrong   map[string]string
	Problem string
}

func (s *Server) newInterview(v *Visit) error {
	f := interviewForm{Body: program.Interview{Role: v.Form("role"), On: program.DayOf(v.Now), By: v.Actor.Name}}
	return s.showInterviewForm(v, f, 0)
}

func (s *Server) showInterviewForm(v *Visit, f interviewForm, status int) error {
	return v.Render(Page{Title: "An interview", About: "Whom, when and by whom. The questions come from the guide of the role.", Status: status, Crumbs: []Link{{"Interviews", interviewsPath}}}, f.View())
}

// interviewHead reads the head of the form into an interview.
func interviewHead(v *Visit, i program.Interview) program.Interview {
	i.Role, i.Who, i.On, i.By = v.Form("role"), v.Form("who"), program.Day(v.Form("on")), v.Form("by")
	i.Consent, i.Note, i.Held = program.Consent(v.Form("consent")), v.Form("note"), v.Form("held") == "yes"
	return i
}

func (s *Server) addInterview(v *Visit) error {
	body := interviewHead(v, program.Interview{})
	e, err := s.program.Interviews().Put(v.Context(), "", 0, body, v.Actor.String(), "")
	if status := formStatus(err); status != 0 {
		return s.showInterviewForm(v, interviewForm{Body: body, Wrong: fault.Fields(err), Problem: sentence(err)}, status)
	}
	if err != nil {
		return err
	}
	return v.Redirect(interviewHref(e.ID)+"?q=1", nil)
}

// interviewOf reads the interview of the address.
func (s *Server) interviewOf(v *Visit) (ledger.Entry[program.Interview], error) {
	e, err := s.program.Interviews().Get(v.Context(), v.R.PathValue("id"))
	if errors.Is(err, fault.NotFound) || err == nil && e.Removed {
		return e, fmt.Errorf("this interview is not there, or was removed: %w", fault.NotFound)
	}
	return e, err
}

func (s *Server) interview(v *Visit) error {
	e, err := s.interviewOf(v)
	if err != nil {
		return err
	}
	p := interviewPage{Entry: e, Open: place(v.Form("q")), Edit: place(v.Form("edit")), Head: v.Form("head") != ""}
	if p.Edit >= len(e.Body.Answers) {
		p.Edit = -1
	}
	if p.Edit >= 0 {
		p.Open, p.Answer = -1, e.Body.Answers[p.Edit]
	}
	return s.showInterview(v, p, 0)
}

// place is a place in a list out of an address; −1 is none.
func place(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

func (s *Server) showInterview(v *Visit, p interviewPage, status int) error {
	guide, err := s.program.Guide(v.Context(), p.Body.Role)
	if err != nil {
		return err
	}
	all, err := s.program.Interviews().List(v.Context())
	if err != nil {
		return err
	}
	themes, _ := program.Themes(all)
	p.Guide, p.Themes, p.May = guide.Body, program.ThemeNames(themes), v.May(account.ProgramWrite)
	p.group()
	about := "Asked " + string(p.Body.On)
	if p.Body.By != "" {
		about += " by " + p.Body.By
	}
	if !p.Body.Held {
		about = "Planned for " + string(p.Body.On) + ". It counts as held with its first answer."
	}
	return v.Render(Page{Title: p.Body.Who, About: about, Fresh: p.At, Status: status, Crumbs: []Link{{"Interviews", interviewsPath}}, Actions: p.Actions()}, p.View())
}

// group puts the answers under their questions.
func (p *interviewPage) group() {
	p.Groups = nil
	for i, q := range p.Guide.Questions {
		p.Groups = append(p.Groups, answerGroup{Question: q, Place: i + 1})
	}
	p.Groups = append(p.Groups, answerGroup{})
	last := len(p.Groups) - 1
	for i, a := range p.Body.Answers {
		at := slices.IndexFunc(p.Groups[:last], func(g answerGroup) bool { return g.Question.Text == a.Question })
		if at < 0 {
			at = last
		}
		p.Groups[at].Answers = append(p.Groups[at].Answers, placedAnswer{a, i})
	}
}

// answerOf reads the form of an answer.
func answerOf(v *Visit) program.Answer {
	severity, err := strconv.Atoi(v.Form("severity"))
	if err != nil && v.Form("severity") != "" {
		severity = -1
	}
	return program.Answer{Question: v.Form("question"), Text: v.Form("text"), Tag: program.Tag(v.Form("tag")), Severity: severity,
		Frequency: program.Frequency(v.Form("frequency")), Theme: v.Form("theme"), Cleared: v.Form("cleared") == "yes"}
}

// sayAnswer adds an answer to the interview, or changes one (at).
func (s *Server) sayAnswer(v *Visit) error {
	e, err := s.interviewOf(v)
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil {
		return fmt.Errorf("the form does not say which state of the interview it was made from; open it again: %w", fault.Invalid)
	}
	at, open, answer := place(v.Form("at")), place(v.Form("q")), answerOf(v)
	if at >= len(e.Body.Answers) {
		return fmt.Errorf("the interview has no answer %d: %w", at+1, fault.NotFound)
	}
	body := e.Body
	body.Answers = slices.Clone(body.Answers)
	field := len(body.Answers)
	if at >= 0 {
		field = at
		body.Answers[at] = answer
	} else {
		body.Answers = append(body.Answers, answer)
	}
	if at < 0 && version < e.Version {
		version = e.Version // what is added takes nothing away from what somebody else wrote meanwhile
	}
	next, err := s.program.Interviews().Put(v.Context(), e.ID, version, body, v.Actor.String(), "")
	if status := formStatus(err); status != 0 {
		var seems *program.SuspicionError
		p := interviewPage{Entry: e, Open: open, Edit: at, Answer: answer, Wrong: answerWrong(err, field), Problem: sentence(err), Clear: errors.As(err, &seems)}
		return s.showInterview(v, p, status)
	}
	if err != nil {
		return err
	}
	undo := interviewHref(e.ID) + "/restore?version=" + strconv.FormatInt(e.Version, 10)
	if at >= 0 {
		return v.Redirect(interviewHref(e.ID), &Flash{Status: Good, Text: "The answer is changed.", Undo: undo})
	}
	to := interviewHref(next.ID) // without a fragment: the form that opens takes the keyboard, and so the view
	if v.Form("then") == "more" {
		to += "?q=" + strconv.Itoa(max(0, open))
	} else if guide, err := s.program.Guide(v.Context(), body.Role); err == nil && open > 0 && open < len(guide.Body.Questions) {
		to += "?q=" + strconv.Itoa(open+1)
	} else {
		to += "?q=0"
	}
	return v.Redirect(to, &Flash{Status: Good, Text: "The answer is kept.", Undo: undo})
}

// answerWrong takes the mistakes of one answer out of those of its interview.
func answerWrong(err error, at int) map[string]string {
	out := map[string]string{}
	prefix := "answers." + strconv.Itoa(at+1) + "."
	for field, text := range fault.Fields(err) {
		if len(field) > len(prefix) && field[:len(prefix)] == prefix {
			out[field[len(prefix):]] = text
		}
	}
	return out
}

func (s *Server) changeInterview(v *Visit) error {
	e, err := s.interviewOf(v)
	if err != nil {
		return err
	}
	body := interviewHead(v, e.Body)
	version, _ := strconv.ParseInt(v.Form("version"), 10, 64)
	_, err = s.program.Interviews().Put(v.Context(), e.ID, version, body, v.Actor.String(), "")
	if status := formStatus(err); status != 0 {
		return s.showInterviewForm(v, interviewForm{ID: e.ID, Version: e.Version, Body: body, Wrong: fault.Fields(err), Problem: sentence(err)}, status)
	}
	if err != nil {
		return err
	}
	return v.Redirect(interviewHref(e.ID), &Flash{Status: Good, Text: "The interview is changed.", Undo: interviewHref(e.ID) + "/restore?version=" + strconv.FormatInt(e.Version, 10)})
}

func (s *Server) editInterview(v *Visit) error {
	e, err := s.interviewOf(v)
	if err != nil {
		return err
	}
	return s.showInterviewForm(v, interviewForm{ID: e.ID, Version: e.Version, Body: e.Body}, 0)
}

// removeAnswer takes one answer out; the undo brings the interview back as it was.
func (s *Server) removeAnswer(v *Visit) error {
	e, err := s.interviewOf(v)
	if err != nil {
		return err
	}
	at := place(v.Form("at"))
	if at < 0 || at >= len(e.Body.Answers) {
		return fmt.Errorf("the interview has no such answer: %w", fault.NotFound)
	}
	version, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil {
		return fmt.Errorf("the form does not say which state of the interview it was made from; open it again: %w", fault.Invalid)
	}
	body := e.Body
	body.Answers = slices.Delete(slices.Clone(body.Answers), at, at+1)
	if _, err := s.program.Interviews().Put(v.Context(), e.ID, version, body, v.Actor.String(), ""); err != nil {
		return err
	}
	return v.Redirect(interviewHref(e.ID), &Flash{Status: Good, Text: "The answer is taken out.", Undo: interviewHref(e.ID) + "/restore?version=" + strconv.FormatInt(e.Version, 10)})
}

func (s *Server) removeInterview(v *Visit) error {
	e, err := s.interviewOf(v)
	if err != nil {
		return err
	}
	if _, err := s.program.Interviews().Remove(v.Context(), e.ID, v.Actor.String(), ""); err != nil {
		return err
	}
	return v.Redirect(interviewsPath, &Flash{Status: Good, Text: "The interview of “" + e.Body.Who + "” is removed.", Undo: interviewHref(e.ID) + "/restore?version=" + strconv.FormatInt(e.Version, 10)})
}

// restoreInterview is the undo of all of them.
func (s *Server) restoreInterview(v *Visit) error {
	version, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil {
		return fmt.Errorf("which state to bring back is not said: %w", fault.Invalid)
	}
	e, err := s.program.Interviews().Restore(v.Context(), v.R.PathValue("id"), version, v.Actor.String(), "undone")
	if err != nil {
		return err
	}
	return v.Redirect(interviewHref(e.ID), &Flash{Status: Good, Text: "It is as it was."})
}

// guidePage is one guide to look at, print or change.
type guidePage struct {
	ledger.Entry[program.Guide]
	Edit    bool
	Wrong   map[string]string
	Problem string
	May     bool
}

func (s *Server) guide(v *Visit) error {
	e, err := s.program.Guide(v.Context(), v.R.PathValue("role"))
	if err != nil {
		return err
	}
	return s.showGuide(v, guidePage{Entry: e, Edit: v.Form("edit") != "" && v.May(account.ProgramWrite)}, 0)
}

func (s *Server) showGuide(v *Visit, p guidePage, status int) error {
	p.May = v.May(account.ProgramWrite)
	return v.Render(Page{Title: "Guide: " + p.Body.Title, About: p.Body.Aim, Status: status, Fresh: p.At, Crumbs: []Link{{"Interviews", interviewsPath}}, Actions: p.Actions()}, p.View())
}

// spareQuestions are the empty lines that a guide's form has for new questions.
const spareQuestions = 2

func (s *Server) setGuide(v *Visit) error {
	e, err := s.program.Guide(v.Context(), v.R.PathValue("role"))
	if err != nil {
		return err
	}
	g := program.Guide{Role: e.ID, Title: v.Form("title"), Aim: v.Form("aim"), Provenance: program.Provenance{Source: program.House, Date: string(program.DayOf(v.Now)), Confidence: "expert"}}
	listen := v.FormAll("listen")
	for i, text := range v.FormAll("text") {
		q := program.Question{Text: text}
		if i < len(listen) {
			q.Listen = listen[i]
		}
		g.Questions = append(g.Questions, q)
	}
	version, _ := strconv.ParseInt(v.Form("version"), 10, 64)
	_, err = s.program.SetGuide(v.Context(), version, g, v.Actor.String(), "")
	if status := formStatus(err); status != 0 {
		return s.showGuide(v, guidePage{Entry: ledger.Entry[program.Guide]{ID: e.ID, Version: e.Version, Body: g}, Edit: true, Wrong: fault.Fields(err), Problem: sentence(err)}, status)
	}
	if err != nil {
		return err
	}
	return v.Redirect(guideHref(e.ID), &Flash{Status: Good, Text: "The guide asks in your words now.", Undo: guideHref(e.ID) + "/restore?version=" + strconv.FormatInt(e.Version, 10)})
}

func (s *Server) restoreGuide(v *Visit) error {
	role := v.R.PathValue("role")
	version, err := strconv.ParseInt(v.Form("version"), 10, 64)
	if err != nil || version < 0 {
		return fmt.Errorf("which state to bring back is not said: %w", fault.Invalid)
	}
	before, err := s.program.Guide(v.Context(), role)
	if err != nil {
		return err
	}
	if _, err := s.program.RestoreGuide(v.Context(), role, version, v.Actor.String()); err != nil {
		return err
	}
	f := &Flash{Status: Good, Text: "The guide is as it was."}
	if version == 0 {
		f.Text = "The guide is as Pons brings it."
	}
	if before.Version > 0 {
		f.Undo = guideHref(role) + "/restore?version=" + strconv.FormatInt(before.Version, 10)
	}
	return v.Redirect(guideHref(role), f)
}
