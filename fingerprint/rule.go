package fingerprint

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pons/fact"
	"pons/fault"
)

// Rule says what an observation of the wire means: "a DHCP vendor class that begins with MSFT is Windows".
type Rule struct {
	ID     string // unique in its pack: windows/msft
	About  string
	When   [][]Condition // alternatives, each a list of conditions that all hold
	Says   []Saying
	Kind   string  // of evidence; empty: that of the attribute that matched (KindOf)
	Trust  float64 // how far it is believed alone; 0: the kind's weight
	Sure   Sure
	Source string // where the rule's author has it from
	First  string // of the rules that share this word, the first that fits a value speaks; empty: each speaks
	Likes  []Example
	Pack   string // the pack's name; empty: brought with Pons
	Line   int    // in the pack's text
}

// Sure is how the rule's author knows.
type Sure string

// How a rule's author knows: read in the source named, known in the field but not read, or a proposal of the house.
const (
	Verified Sure = "V"
	Expert   Sure = "E"
	Proposal Sure = "P"
)

// Name is the rule's name among all packs: "windows/msft", "local:rooms/ct".
func (r *Rule) Name() string {
	if r.Pack == "" {
		return r.ID
	}
	return r.Pack + ":" + r.ID
}

// Op is how a condition compares.
type Op string

// The comparisons. All but Matches disregard case.
const (
	Is      Op = "is"      // the whole value
	Begins  Op = "begins"  // its beginning
	Has     Op = "has"     // any part of it
	Below   Op = "below"   // an OID or UID: the value equals it or descends from it
	Matches Op = "matches" // a regular expression (RE2) fits some part of it
)

var ops = []Op{Is, Begins, Has, Below, Matches}

// Condition is one thing that must have been seen of a host.
type Condition struct {
	Attr fact.Attr
	Op   Op
	Text string
}

// Saying is one thing that a rule says of a device. Value may hold $1…$9, the groups of the first regular expression
// of the alternative that fits, and $0, all that it fits.
type Saying struct {
	Attr  fact.Attr
	Value string
}

// Example is what a rule's author holds it to: what was seen, and what the rule must say of it. Unlike: a near miss,
// of which it must say nothing.
type Example struct {
	Seen   []Observation
	Gives  []Saying
	Unlike bool
	Line   int
}

// Observation is one thing seen of a host: a wire attribute, or one that Expand adds (ssh.software), or one of those
// that inventory adds: "oui" (the name its MAC prefix is registered under), "hostname", "ae_title", "service".
type Observation struct {
	Attr  fact.Attr
	Value string
}

// Conditions yields every condition of the rule.
func (r *Rule) Conditions(yield func(Condition) bool) {
	for _, all := range r.When {
		for _, c := range all {
			if !yield(c) {
				return
			}
		}
	}
}

// maxValue bounds what of a value a rule looks at: banners and descriptions are shorter.
const maxValue = 4096

// expand puts the groups of a match into a saying's value.
func expand(template, value string, at []int) string {
	if !strings.Contains(template, "$") {
		return template
	}
	var out strings.Builder
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c != '$' || i+1 == len(template) {
			out.WriteByte(c)
			continue
		}
		i++
		switch d := template[i]; {
		case d == '$':
			out.WriteByte('$')
		case d >= '0' && d <= '9':
			if g := 2 * int(d-'0'); g+1 < len(at) && at[g] >= 0 {
				out.WriteString(value[at[g]:at[g+1]])
			}
		default:
			out.WriteByte('$')
			out.WriteByte(d)
		}
	}
	return strings.TrimSpace(out.String())
}

// groups are the numbers that a template names.
func groups(template string) (most int) {
	for i := 0; i+1 < len(template); i++ {
		if template[i] == '$' {
			if n, err := strconv.Atoi(template[i+1 : i+2]); err == nil {
				most = max(most, n)
			}
			i++
		}
	}
	return most
}

// check says what is wrong with a rule on its face; "" when nothing is.
func (r *Rule) check() string {
	switch {
	case len(r.When) == 0:
		return "has no when"
	case len(r.Says) == 0:
		return "says nothing"
	case r.Source == "":
		return "has no source"
	case r.Trust < 0 || r.Trust > 0.99:
		return "trust is between 0 and 0.99"
	}
	for _, all := range r.When {
		have := -1
		for _, c := range all {
			if c.Op != Matches {
				continue
			}
			re, err := regexp.Compile(c.Text)
			if err != nil {
				return err.Error()
			}
			if have < 0 {
				have = re.NumSubexp()
			}
		}
		for _, s := range r.Says {
			if n := groups(s.Value); n > max(have, 0) {
				return fmt.Sprintf("says $%d, but there is no such group", n)
			}
		}
	}
	if bad := slices.IndexFunc(r.Says, func(s Saying) bool { return s.Attr == "practice" && !slices.Contains(fact.Practices(), s.Value) }); bad >= 0 {
		return fmt.Sprintf("%q is no practice; there are %s", r.Says[bad].Value, strings.Join(fact.Practices(), ", "))
	}
	return ""
}

// Try holds a rule to its examples; it returns what fails, with the lines.
func (r *Rule) Try() (wrong []fault.Mistake) {
	s := Compile([]*Rule{r})
	for _, e := range r.Likes {
		hits := s.Match(ExpandAll(e.Seen))
		if e.Unlike {
			if len(hits) > 0 {
				wrong = append(wrong, fault.Mistake{Line: e.Line, Text: fmt.Sprintf("rule %s fits what it must not", r.ID)})
			}
			continue
		}
		if len(hits) == 0 {
			wrong = append(wrong, fault.Mistake{Line: e.Line, Text: fmt.Sprintf("rule %s does not fit its example %q", r.ID, e.Seen[0].Value)})
			continue
		}
		for _, g := range e.Gives {
			said := slices.ContainsFunc(hits, func(h Hit) bool {
				return slices.ContainsFunc(h.Says, func(s Saying) bool { return s == g || g.Value == "" && s.Attr == g.Attr })
			})
			if said == (g.Value == "") { // an empty value must not be said
				wrong = append(wrong, fault.Mistake{Line: e.Line, Text: fmt.Sprintf("rule %s says %v of its example, not %s = %s", r.ID, hits[0].Says, g.Attr, g.Value)})
			}
		}
	}
	return wrong
}
