package program

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pons/fault"
	"pons/ledger"
)

// Interview is one talk with one stakeholder, planned or held.
type Interview struct {
	Role    string   `json:"role"` // of a guide
	Who     string   `json:"who"`  // by function ("director of biomed"), not by name
	On      Day      `json:"on"`
	By      string   `json:"by,omitempty"`
	Held    bool     `json:"held"`
	Consent Consent  `json:"consent,omitempty"`
	Note    string   `json:"note,omitempty"`
	Answers []Answer `json:"answers,omitempty"`
}

// Consent is what the person said to being quoted.
type Consent string

// The three answers. Without a yes their words are counted and not quoted.
const (
	NotAsked Consent = ""
	Agreed   Consent = "yes"
	Refused  Consent = "no"
)

// Answer is one thing that was said.
type Answer struct {
	Question  string    `json:"question,omitempty"` // as it was asked; empty where it came by itself
	Text      string    `json:"text"`
	Tag       Tag       `json:"tag"`
	Severity  int       `json:"severity,omitempty"` // 1 (hardly matters) to 5 (a patient or the hospital is harmed); 0 not rated
	Frequency Frequency `json:"frequency,omitempty"`
	Theme     string    `json:"theme,omitempty"`
	// Cleared says that a person looked at what seems to be patient data and says that it is none.
	Cleared bool `json:"cleared,omitempty"`
}

// Tag is what kind of thing was said (domain/09 §9.5).
type Tag string

// The tags.
const (
	Pain        Tag = "pain"
	Risk        Tag = "risk"
	Opportunity Tag = "opportunity"
	Requirement Tag = "requirement"
	Quoted      Tag = "quote"
)

// Tags lists them in the order of menus.
func Tags() []Tag { return []Tag{Pain, Risk, Opportunity, Requirement, Quoted} }

// Frequency is how often it happens.
type Frequency string

// The frequencies; the empty one is not known.
const (
	Rarely  Frequency = "rarely"
	Monthly Frequency = "monthly"
	Weekly  Frequency = "weekly"
	Daily   Frequency = "daily"
)

// Frequencies lists them from the rarest on.
func Frequencies() []Frequency { return []Frequency{Rarely, Monthly, Weekly, Daily} }

// weight makes an order of frequencies: rarely (or not known) 1, monthly 2, weekly 3, daily 4. An assumption: nobody
// measured how much worse a daily nuisance is; severity counts for more, being 1 to 5.
func (f Frequency) weight() int { return max(1, slices.Index(Frequencies(), f)+1) }

// Weight is severity × frequency; 0 where the severity was not rated.
func (a Answer) Weight() int { return a.Severity * a.Frequency.weight() }

// maxAnswers bounds an interview.
const maxAnswers = 200

// Interviews is the book of interviews.
func (p *Program) Interviews() Shelf[Interview] {
	return Shelf[Interview]{ledger.NewBook("program.interview", checkInterview), p}
}

func checkInterview(i *Interview) error {
	var wrong fault.Mistakes
	if _, ok := defaultGuide(i.Role); !ok {
		wrong.Add("role", fmt.Errorf("no stakeholder role is called %q: %w", i.Role, fault.Invalid))
	}
	wrong.Add("who", tidyName("who was asked", &i.Who, true))
	wrong.Add("on", checkDay("the day of the interview", i.On, true))
	wrong.Add("by", tidyName("who asked", &i.By, false))
	wrong.Add("note", tidyText("the note", &i.Note, false))
	if i.Consent != NotAsked && i.Consent != Agreed && i.Consent != Refused {
		wrong.Add("consent", fmt.Errorf("consent is %q; it is yes, no or empty where it was not asked: %w", i.Consent, fault.Invalid))
	}
	for _, f := range []struct{ field, text string }{{"who", i.Who}, {"note", i.Note}} {
		if found := Suspicions(f.text); len(found) > 0 {
			wrong.Add(f.field, fmt.Errorf("this looks like %s; patient data has no place in an interview: %w", strings.Join(found, ", "), fault.Invalid))
		}
	}
	if len(i.Answers) > maxAnswers {
		wrong.Add("answers", fmt.Errorf("%d answers are more than one interview holds (%d): %w", len(i.Answers), maxAnswers, fault.Invalid))
	}
	if len(i.Answers) > 0 {
		i.Held = true
	}
	for n := range i.Answers {
		i.Answers[n].check(fmt.Sprintf("answers.%d.", n+1), &wrong)
	}
	return wrong.All()
}

func (a *Answer) check(field string, wrong *fault.Mistakes) {
	wrong.Add(field+"text", tidyText("the answer", &a.Text, true))
	wrong.Add(field+"question", tidyText("the question", &a.Question, false))
	wrong.Add(field+"theme", tidyName("the theme", &a.Theme, false))
	if !slices.Contains(Tags(), a.Tag) {
		wrong.Add(field+"tag", fmt.Errorf("the tag is %q; choose pain, risk, opportunity, requirement or quote: %w", a.Tag, fault.Invalid))
	}
	if a.Severity < 0 || a.Severity > 5 {
		wrong.Add(field+"severity", fmt.Errorf("the severity is %d; it is 1 to 5, or 0 where it was not rated: %w", a.Severity, fault.Invalid))
	}
	if a.Frequency != "" && !slices.Contains(Frequencies(), a.Frequency) {
		wrong.Add(field+"frequency", fmt.Errorf("the frequency is %q; choose rarely, monthly, weekly or daily: %w", a.Frequency, fault.Invalid))
	}
	if found := Suspicions(a.Theme); len(found) > 0 {
		wrong.Add(field+"theme", fmt.Errorf("a theme that looks like %s is none: %w", found[0], fault.Invalid))
	}
	found := Suspicions(a.Text)
	if len(found) == 0 {
		a.Cleared = false
	} else if !a.Cleared {
		wrong.Add(field+"text", &SuspicionError{Found: found})
	}
}

// SuspicionError says that an answer looks as if it held patient data. It wraps fault.Invalid; a person who has
// looked sets Answer.Cleared.
type SuspicionError struct{ Found []string }

func (e *SuspicionError) Error() string {
	return "this looks like " + strings.Join(e.Found, " and ") + "; take it out, or say that it is no patient data: " + fault.Invalid.Error()
}

func (e *SuspicionError) Unwrap() error { return fault.Invalid }

// suspect is a pattern that patient data shows. The patterns are those that a person would stop at (expert): each may
// be harmless, so they warn and a person decides.
type suspect struct {
	what    string
	pattern *regexp.Regexp
}

const datePattern = `(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2})`

var suspects = []suspect{
	{"a medical record number", regexp.MustCompile(`(?i)\b(?:mrn|medical record(?: number| no\.?)?|patient (?:id|no\.?|number)|case (?:no\.?|number)|account (?:no\.?|number))\b\W{0,4}[a-z]{0,3}\d{3,}`)},
	{"a date of birth", regexp.MustCompile(`(?i)(?:\bdob\b|\bborn\b|date of birth|birth ?day)\D{0,20}` + datePattern)},
	{"a day in the last century, as dates of birth are", regexp.MustCompile(`\b(?:\d{1,2}[./-]\d{1,2}[./-]19\d{2}|19\d{2}-\d{2}-\d{2})\b`)},
	{"a social security number", regexp.MustCompile(`\b\d{3}-\d{2}-\d{4}\b`)},
	{"a number of 7 to 10 digits, as record numbers are", regexp.MustCompile(`(?:^|[^\d.,:-])\d{7,10}(?:$|[^\d.,:-]|[.,](?:\s|$))`)},
	{"a patient's name", regexp.MustCompile(`\b[Pp]atient,?\s+(?:(?:[Mm]r|[Mm]rs|[Mm]s)\.?\s+)?[A-Z][a-z]+ [A-Z][a-z]+\b|\b(?:Mr|Mrs|Ms)\.? [A-Z][a-z]+\b`)},
}

// Suspicions says what in a text looks as if it were patient data, in words that do not repeat it.
func Suspicions(text string) []string {
	var out []string
	for _, s := range suspects {
		if s.pattern.MatchString(text) {
			out = append(out, s.what)
		}
	}
	return out
}
