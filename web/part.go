package web

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Status is how good or bad something is. Its colour never stands alone: a badge has an icon and a word.
type Status string

// The five statuses. Neutral is for what is neither good nor bad; what is not known is Unknown, not Neutral.
const (
	Neutral Status = "neutral"
	Good    Status = "good"
	Info    Status = "info"
	Warn    Status = "warn"
	Bad     Status = "bad"
)

func (s Status) icon() Icon {
	switch s {
	case Good:
		return IconGood
	case Info:
		return IconInfo
	case Warn:
		return IconWarning
	case Bad:
		return IconBad
	}
	return IconNeutral
}

// Link is a text that leads somewhere.
type Link struct{ Text, Href string }

// Column is one column of a list. Key names it in the URL; Sort is the link that sorts by it, empty where the
// column cannot be sorted, and Sorted is "ascending", "descending" or empty.
type Column struct {
	Key, Title   string
	Numeric      bool
	HideNarrow   bool
	Sort, Sorted string
}

// Facet is one way to narrow a list: a field and its values with counts.
type Facet struct {
	Title  string
	Values []FacetValue
}

// FacetValue is one value of a facet; Href adds it to the query, or takes it away when On.
type FacetValue struct {
	Label string
	Count int
	Href  string
	On    bool
}

// Tab is one tab of a page; Count below zero is not shown.
type Tab struct {
	Label, Href string
	Count       int
	On          bool
}

// Step is one step of a wizard: those before the current one are done and may be gone back to when Href is set.
type Step struct {
	Label, Href   string
	Done, Current bool
}

// Pager leads through a keyset-paged list. From and To count rows from 1. Total below zero is not known; Prev
// and Next are empty at the ends.
type Pager struct {
	From, To, Total int
	Noun            string // plural: "devices"
	Prev, Next      string
}

// Stat is a number that people look at first, with the rows behind it.
type Stat struct {
	Name, Value, Unit, Href string
	Trend                   string // "↗"-free words: "4 more than 90 days ago"
	TrendIcon               Icon
	Parts                   []Part
}

// Part is a share of a Stat. Share is 0..1.
type Part struct {
	Label, Href string
	Count       int
	Share       float64
	Status      Status
}

// Progress of long work. Total 0 means that it is not known yet.
type Progress struct {
	Label, Unit string
	Done, Total int
	Note        string // what happens now: "reconciling", "2 min left"
}

// State fills the place of a list or a page when there is nothing, or nothing but an error, to show: what it
// is, what to do next.
type State struct {
	Icon        Icon
	Status      Status
	Title, Text string
}

// Field is one input of a form. Kind is an input type ("text", "password", "date", "number", "file", …).
type Field struct {
	Name, Label, Kind, Value, Hint, Error string
	Placeholder, Autocomplete, Pattern    string
	Required, Focus, Mono                 bool
	MinLength                             int
}

func (f Field) id() string           { return "f-" + f.Name }
func (f Field) describedBy() string  { return describedBy(f.id(), f.Hint, f.Error) }
func (c Choice) describedBy() string { return describedBy("f-"+c.Name, c.Hint, c.Error) }

// describedBy names the elements that explain a field, for aria-describedby.
func describedBy(id, hint, problem string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, id+"-hint")
	}
	if problem != "" {
		ids = append(ids, id+"-error")
	}
	return strings.Join(ids, " ")
}

// Choice is a select box.
type Choice struct {
	Name, Label, Value, Hint, Error string
	Options                         []Option
}

// Option is one value of a Choice.
type Option struct{ Value, Label string }

// Count writes a whole number with thin groups: 3041 → "3,041".
func Count(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Percent writes a share of 0..1 as "86 %". It never rounds up to 100 or down to 0 what is not.
func Percent(share float64) string {
	p := math.Round(share * 100)
	if p == 100 && share < 1 {
		p = 99
	}
	if p == 0 && share > 0 {
		return "< 1 %"
	}
	return fmt.Sprintf("%.0f %%", p)
}

func shareWidth(share float64) string {
	return strconv.FormatFloat(math.Min(1, math.Max(0, share))*100, 'f', 1, 64) + "%"
}

// relative says how long ago (or ahead) t is from now, in the coarsest unit that is honest.
func relative(t, now time.Time) string {
	d := now.Sub(t)
	form := "%s ago"
	if d < 0 {
		d, form = -d, "in %s"
	}
	var text string
	switch {
	case d < 45*time.Second:
		return "just now"
	case d < 90*time.Minute:
		text = fmt.Sprintf("%d min", int(math.Max(1, math.Round(d.Minutes()))))
	case d < 36*time.Hour:
		text = fmt.Sprintf("%d h", int(math.Round(d.Hours())))
	case d < 90*24*time.Hour:
		text = fmt.Sprintf("%d d", int(math.Round(d.Hours()/24)))
	case d < 730*24*time.Hour:
		text = fmt.Sprintf("%d months", int(math.Round(d.Hours()/24/30.44)))
	default:
		text = fmt.Sprintf("%.0f years", math.Round(d.Hours()/24/365.25))
	}
	return fmt.Sprintf(form, text)
}

func initials(name string) string {
	var out []rune
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		out = append(out, unicode.ToUpper([]rune(word)[0]))
	}
	switch {
	case len(out) == 0:
		return "?"
	case len(out) > 2:
		out = []rune{out[0], out[len(out)-1]}
	}
	return string(out)
}

// moment is the time of the request that a component is drawn for, so that one page has one now.
func moment(ctx context.Context) time.Time {
	if v, ok := ctx.Value(visitKey{}).(*Visit); ok {
		return v.Now
	}
	return time.Now()
}

// WalkStep is one step of the way back from a value to its source.
type WalkStep struct{ Text, Source, Href string }

// Flash is the message about what was just done, shown once on the next page. Undo is the address that takes it
// back by POST.
type Flash struct {
	Status     Status
	Text, Undo string
}

func noteRole(s Status) string {
	if s == Bad {
		return "alert"
	}
	return "status"
}

func inputKind(kind string) string {
	if kind == "" {
		return "text"
	}
	return kind
}
