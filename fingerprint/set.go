package fingerprint

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"pons/fact"
)

// Set is rules made ready to be asked. It is safe for concurrent use.
type Set struct {
	rules []*Rule
	ways  []way
	by    map[fact.Attr]*attrIndex
}

// way is one alternative of a rule, found by one of its conditions.
type way struct {
	rule  *Rule
	all   []*condition
	found int // which of all the index knows
}

// condition is a Condition made ready. Its expression is compiled by the first to need it: of the thousands of a pack
// a capture needs dozens.
type condition struct {
	Condition
	lower string
	once  sync.Once
	re    *regexp.Regexp
}

func (c *condition) regexp() *regexp.Regexp {
	c.once.Do(func() {
		re, err := regexp.Compile(c.Text)
		if err != nil { // Parse took it: cannot be
			re = regexp.MustCompile(`$.^`)
		}
		c.re = re
	})
	return c.re
}

// fits says whether a value meets the condition; lower is the value with ASCII in lower case.
func (c *condition) fits(value, lower string) bool {
	switch c.Op {
	case Is:
		return lower == c.lower
	case Begins:
		return strings.HasPrefix(lower, c.lower)
	case Has:
		return strings.Contains(lower, c.lower)
	case Below:
		oid := strings.TrimPrefix(trimUID(lower), ".")
		return oid == c.lower || strings.HasPrefix(oid, c.lower) && oid[len(c.lower)] == '.'
	}
	return c.regexp().MatchString(value)
}

// attrIndex finds the ways that may fit a value of one attribute: by the whole value, or by three bytes of a text
// that must be in it. Only what has no such text is asked every time.
type attrIndex struct {
	whole map[string][]int32
	grams map[uint32][]int32
	every []int32
	all   []int32 // for values beyond ASCII, whose letters fold in ways that the grams do not know
}

// Compile makes rules ready. Rules must have come through Parse.
func Compile(rules []*Rule) *Set {
	s := &Set{rules: rules, by: map[fact.Attr]*attrIndex{}}
	for _, r := range rules {
		for _, all := range r.When {
			w := way{rule: r}
			for _, c := range all {
				w.all = append(w.all, &condition{Condition: c, lower: lowerASCII(c.Text)})
			}
			s.index(w)
		}
	}
	return s
}

// index files a way under the condition that is met most rarely.
func (s *Set) index(w way) {
	best, width := 0, -1
	var texts []string
	for i, c := range w.all {
		var need []string
		n := 0
		switch c.Op {
		case Is:
			n = 1000
		case Matches:
			if need = required(c.Text); len(need) > 0 {
				n = len(slices.MinFunc(need, func(a, b string) int { return len(a) - len(b) }))
			}
		default:
			if need = []string{c.lower}; len(c.lower) >= 3 {
				n = len(c.lower)
			} else {
				need = nil
			}
		}
		if n > width {
			best, width, texts = i, n, need
		}
	}
	w.found = best
	c := w.all[best]
	id := int32(len(s.ways))
	s.ways = append(s.ways, w)
	x := s.by[c.Attr]
	if x == nil {
		x = &attrIndex{whole: map[string][]int32{}, grams: map[uint32][]int32{}}
		s.by[c.Attr] = x
	}
	x.all = append(x.all, id)
	switch {
	case c.Op == Is:
		x.whole[c.lower] = append(x.whole[c.lower], id)
	case len(texts) == 0:
		x.every = append(x.every, id)
	default:
		for _, text := range texts {
			g := x.rarest(text)
			x.grams[g] = append(x.grams[g], id)
		}
	}
}

// rarest is the three bytes of a text under which the fewest ways are filed.
func (x *attrIndex) rarest(text string) uint32 {
	best, n := uint32(0), -1
	for i := 0; i+3 <= len(text); i++ {
		g := gram(text, i)
		if have := len(x.grams[g]); n < 0 || have < n {
			best, n = g, have
		}
	}
	return best
}

func gram(s string, i int) uint32 { return uint32(s[i])<<16 | uint32(s[i+1])<<8 | uint32(s[i+2]) }

// Hit is a rule that fits.
type Hit struct {
	Rule *Rule
	At   int // the observation that it fits
	Says []Saying
}

// Match returns the rules that fit what was seen of one host, by observation and in the order of the rules.
func (s *Set) Match(seen []Observation) []Hit {
	var hits []Hit
	var buffer [64]int32
	for at := range seen {
		o := &seen[at]
		x := s.by[o.Attr]
		if x == nil {
			continue
		}
		value := o.Value[:min(len(o.Value), maxValue)]
		lower := lowerASCII(value)
		first := ""
		for _, id := range x.candidates(lower, buffer[:0]) {
			w := &s.ways[id]
			if w.rule.First != "" && w.rule.First == first || !w.all[w.found].fits(value, lower) || !w.others(seen) {
				continue
			}
			if n := len(hits); n > 0 && hits[n-1].At == at && hits[n-1].Rule == w.rule {
				continue // another alternative of the same
			}
			first = w.rule.First
			hits = append(hits, Hit{Rule: w.rule, At: at, Says: w.says(at, seen)})
		}
	}
	return hits
}

// candidates are the ways that may fit a value, in the order of the rules.
func (x *attrIndex) candidates(lower string, into []int32) []int32 {
	into = append(append(into, x.every...), x.whole[lower]...)
	if len(x.grams) > 0 {
		for i := 0; i+3 <= len(lower); i++ {
			if lower[i] >= 0x80 {
				return x.all
			}
			if ids := x.grams[gram(lower, i)]; ids != nil {
				into = append(into, ids...)
			}
		}
	}
	if len(into) > 1 {
		slices.Sort(into)
		into = slices.Compact(into)
	}
	return into
}

// others says whether the conditions that the index does not know are met by anything seen.
func (w *way) others(seen []Observation) bool {
	for i, c := range w.all {
		if i == w.found {
			continue
		}
		if !slices.ContainsFunc(seen, func(o Observation) bool {
			if o.Attr != c.Attr {
				return false
			}
			v := o.Value[:min(len(o.Value), maxValue)]
			return c.fits(v, lowerASCII(v))
		}) {
			return false
		}
	}
	return true
}

// says fills the groups of the first expression into what the rule says.
func (w *way) says(at int, seen []Observation) []Saying {
	if !slices.ContainsFunc(w.rule.Says, func(s Saying) bool { return strings.Contains(s.Value, "$") }) {
		return w.rule.Says
	}
	value := seen[at].Value
	var groups []int
	for i, c := range w.all {
		if c.Op != Matches {
			continue
		}
		if i == w.found {
			value = value[:min(len(value), maxValue)]
			groups = c.regexp().FindStringSubmatchIndex(value)
			break
		}
		for _, o := range seen {
			if o.Attr == c.Attr && groups == nil {
				value = o.Value[:min(len(o.Value), maxValue)]
				groups = c.regexp().FindStringSubmatchIndex(value)
			}
		}
		break
	}
	out := make([]Saying, 0, len(w.rule.Says))
	for _, s := range w.rule.Says {
		if v := expand(s.Value, value, groups); v != "" {
			out = append(out, Saying{s.Attr, v})
		}
	}
	return out
}

// Rules returns the rules in their order.
func (s *Set) Rules() []*Rule { return s.rules }

// Rule finds a rule by its name among all packs.
func (s *Set) Rule(name string) *Rule {
	for _, r := range s.rules {
		if r.Name() == name {
			return r
		}
	}
	return nil
}

func lowerASCII(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if c := b[i]; c >= 'A' && c <= 'Z' {
					b[i] = c + 32
				}
			}
			return string(b)
		}
	}
	return s
}

// required returns texts of at least three bytes in lower case of which one must be in whatever the expression fits;
// nil where there are none.
func required(expression string) []string {
	re, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil
	}
	return literals(re.Simplify())
}

// maxBranches bounds the texts that one expression is filed under.
const maxBranches = 32

func literals(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		best, run := "", []byte{}
		for _, r := range append(slices.Clone(re.Rune), 0x100) {
			if r < 0x80 {
				run = append(run, byte(r))
				continue
			}
			if len(run) > len(best) {
				best = string(run)
			}
			run = run[:0]
		}
		if len(best) >= 3 {
			return []string{lowerASCII(best)}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return literals(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return literals(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		shortest := 0
		for _, sub := range re.Sub {
			if got := literals(sub); len(got) > 0 {
				if n := len(slices.MinFunc(got, func(a, b string) int { return len(a) - len(b) })); n > shortest {
					best, shortest = got, n
				}
			}
		}
		return best
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			got := literals(sub)
			if len(got) == 0 || len(out)+len(got) > maxBranches {
				return nil
			}
			out = append(out, got...)
		}
		return out
	}
	return nil
}
