package program

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"pons/fault"
)

// Provenance says where a default comes from, so that nobody takes it for more than it is.
type Provenance struct {
	Source     string `json:"source,omitempty"`
	Date       string `json:"date,omitempty"` // 2006-01 or 2006-01-02
	Confidence string `json:"confidence,omitempty"`
}

// Confidences are how sure a default is, the surest first.
func Confidences() []string { return []string{"verified", "secondary", "expert", "assumption"} }

// What a default of Pons rests on where there is no source that anybody could open: the design of Pons, or what people
// of the field reckon with. Where they come from in the project's notes stands in comments.
const (
	OwnProposal   = "Pons' own proposal; nothing is published"
	ExpertDefault = "expert default of Pons"
)

// House is what this hospital wrote itself.
const House = "this hospital"

func (p *Provenance) check() error {
	p.Source, p.Date, p.Confidence = strings.TrimSpace(p.Source), strings.TrimSpace(p.Date), strings.TrimSpace(p.Confidence)
	if p.Confidence != "" && !slices.Contains(Confidences(), p.Confidence) {
		return fmt.Errorf("confidence is %q; choose one of %s: %w", p.Confidence, strings.Join(Confidences(), ", "), fault.Invalid)
	}
	return nil
}

// Lengths bound what a person writes into one field: a name, and a text of some pages.
const (
	longestName = 200
	longestText = 8000
)

// tidyName brings a name onto one line without spaces around it and says when it is missing or too long.
func tidyName(what string, s *string, needed bool) error {
	*s = strings.Join(strings.Fields(*s), " ")
	return long(what, *s, longestName, needed)
}

// tidyText does the same for a text of several lines.
func tidyText(what string, s *string, needed bool) error {
	*s = strings.TrimSpace(strings.ReplaceAll(*s, "\r\n", "\n"))
	return long(what, *s, longestText, needed)
}

func long(what, s string, most int, needed bool) error {
	switch n := utf8.RuneCountInString(s); {
	case needed && n == 0:
		return fmt.Errorf("%s is missing: %w", what, fault.Invalid)
	case n > most:
		return fmt.Errorf("%s has %d characters, at most %d: %w", what, n, most, fault.Invalid)
	}
	return nil
}

// tidyList drops empty and repeated lines and keeps the order.
func tidyList(list []string) []string {
	var out []string
	for _, s := range list {
		if s = strings.Join(strings.Fields(s), " "); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
